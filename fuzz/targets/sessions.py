"""The session's cookie: true ones, damaged ones, and such as were signed though no session writes them."""

from __future__ import annotations

import base64
import typing as t
import zlib
from dataclasses import dataclass

from hypothesis import strategies as st
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from fuzz.served import answered, app_named
from fuzz.targets.tagged_json import PIECES, values
from fuzz.words import latin, one_line
from tests.robustness.gateway import Sent
from tests.robustness.probe import KEY

SALT = "cookie-session"
AGE = 31 * 24 * 3600


@dataclass(frozen=True)
class Cookie:
    """What a cookie carries, be it a session's or not, and what was done to it afterwards."""

    payload: bytes
    packed: bool = False
    #: Places and what was written there.
    damage: tuple[tuple[int, str], ...] = ()

    def text(self) -> str:
        """The cookie's value."""
        data = base64.urlsafe_b64encode(zlib.compress(self.payload) if self.packed else self.payload).rstrip(b"=")
        signed = _signer().sign((b"." if self.packed else b"") + data).decode()
        for place, put in self.damage:
            place %= len(signed)
            signed = one_line(signed[:place] + put + signed[place + 1 :]) or "x"
        return signed


def _plain() -> URLSafeTimedSerializer:
    """ItsDangerous' own, as the session's interface describes it."""
    interface: t.Any = app_named("plain").session_interface
    return URLSafeTimedSerializer(
        KEY,
        salt=SALT,
        serializer=interface.serializer,
        signer_kwargs={"key_derivation": interface.key_derivation, "digest_method": interface.digest_method},
    )


def _signer() -> TimestampSigner:
    signer = _plain().make_signer(SALT)
    assert isinstance(signer, TimestampSigner)
    return signer


def _payload(value: dict[str, t.Any]) -> bytes:
    text: str = app_named("plain").session_interface.serializer.dumps(value)  # type: ignore[attr-defined]
    return text.encode()


sessions = st.dictionaries(st.text(max_size=4) | st.just("_permanent"), values, max_size=3).map(_payload)
marks = st.sampled_from([".", "..", "", "-", "_", "=", "+", "/", "A", "\xe9", '"', " ", "%", ";", "\\"])
inputs = st.builds(
    Cookie,
    sessions | latin(PIECES, 10),
    st.booleans(),
    st.just(()) | st.lists(st.tuples(st.integers(0, 200), marks), max_size=3).map(tuple),
)


def law(cookie: Cookie) -> None:
    """A cookie is opened as ItsDangerous opens it; one that is no session's is an empty session, and nobody's error."""
    text = cookie.text()
    serializer = app_named("plain").session_interface.get_signing_serializer(app_named("plain"))  # type: ignore[attr-defined]
    expected, found = _opened(_plain(), text), _opened(serializer, text)
    assert repr(found) == repr(expected)
    for method in ("GET", "POST"):
        seen = answered(Sent("/session", method, (("Cookie", f"session={text}"),)))
        assert seen.status == 200, seen
        assert seen.faults == [], seen
    assert expected is not BadSignature or _is_empty(text)


def _is_empty(text: str) -> bool:
    seen = answered(Sent("/session", headers=(("Cookie", f"session={text}"),)))
    return seen.body == '{"session":{}}\n'


def _opened(serializer: URLSafeTimedSerializer, text: str) -> t.Any:
    try:
        return serializer.loads(text, max_age=AGE)
    except BadSignature:
        return BadSignature
    except Exception as error:  # noqa: BLE001 - a payload that was signed and is none; which one does not matter
        return type(error)
