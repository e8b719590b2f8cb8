"""Sessions: whatever a cookie holds, and whoever has signed it, a session is opened; if need be an empty one."""

from __future__ import annotations

import hashlib
import json
import typing as t
import zlib

import pytest
from itsdangerous import Signer, TimestampSigner
from itsdangerous.encoding import base64_encode

from flask import Flask, flash, get_flashed_messages, session
from flask.json.tag import JSONTag, TaggedJSONSerializer
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from tests.security.doors import DOORS, by_wsgi

KEY = "8c2fd0a1b7e94c35a6f01d7eb4392c58"

NO_OBJECTS = ["5", "-1.5", "true", "null", '"text"', "[]", "[1]", '[["a", 1]]', "NaN", "Infinity", '{" t": [["a", 1]]}']
BROKEN = ['{"a": 1', "", " ", "\0", "\ufeff{}", "{}{}", "nul", '{"a": 1}x', '{"a": ' + "9" * 5_000 + "}"]
# Each tag with something that its type cannot be made of; by itself, and within a session.
TAGS = [
    '{" t": 5}', '{" t": null}', '{" u": "zz"}', '{" u": 5}', '{" u": null}', '{" b": "\\u00ff"}', '{" b": "a"}',
    '{" b": 5}', '{" d": 5}', '{" d": [1]}', '{" d": "Mon, 01 Jan 2020 00:00:00 +99999999999999"}', '{" di": 5}',
    '{" di": {}}', '{" di": []}', '{" di": null}',
]  # fmt: skip
DEEP = [
    '{"a": ' * 100_000 + "1" + "}" * 100_000,
    '{"a": ' * 5_000 + "1" + "}" * 5_000,
    '{"a": ' + "[" * 3_000 + "]" * 3_000 + "}",
]
NO_TEXT = [b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}', '{"a": 1}'.encode("utf-16"), '{"a": "é"}'.encode("latin-1")]
PAYLOADS = [
    *(text.encode() for text in (*NO_OBJECTS, *BROKEN, *TAGS, *(f'{{"x": {tag}, "y": 1}}' for tag in TAGS), *DEEP)),
    *NO_TEXT,
]


def signed(payload: bytes, at: int | None = None, compressed: bool = False) -> str:
    """A cookie with this payload, signed as the app's own."""
    signer = TimestampSigner([KEY], salt="cookie-session", key_derivation="hmac", digest_method=hashlib.sha1)
    if at is not None:
        signer.get_timestamp = lambda: at  # type: ignore[method-assign]
    data = b"." + base64_encode(zlib.compress(payload)) if compressed else base64_encode(payload)
    return signer.sign(data).decode()


def carrying(cookie: str) -> dict[str, str]:
    """The headers of a client that has it."""
    return {"cookie": f"session={cookie}"}


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = KEY

    @app.get("/read")
    def read() -> str:
        return repr(dict(session))

    @app.get("/write")
    def write() -> str:
        session["w"] = 1
        flash("message")
        return repr(get_flashed_messages())

    @app.get("/permanent")
    def permanent() -> str:
        session.permanent = True
        return "x"

    @app.get("/none")
    def none() -> str:
        return "x"

    return app


def assert_empty(app: Flask, cookie: str, door: t.Any = by_wsgi) -> None:
    """The session is empty, can be written to, and an answer that does not write leaves the client's cookie alone."""
    headers = carrying(cookie)
    read = door(app, "/read", headers=headers)
    assert (read.status[:3], read.body, read.header("Set-Cookie")) == ("200", b"{}", None)
    for path in ("/write", "/permanent"):
        written = door(app, path, headers=headers)
        assert written.status.startswith("200")
        assert (written.header("Set-Cookie") or "").startswith("session=")
    assert door(app, "/none", headers=headers).header("Set-Cookie") is None


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: repr(payload[:30]) + str(len(payload)))
def test_a_validly_signed_session_that_is_not_an_object_or_carries_a_broken_tag_is_empty(
    app: Flask, payload: bytes, compressed: bool
) -> None:
    """What was signed with the key by another program, or another version of the app, is no 500 at each request.

    On upstream 3.1.3 it is one until the cookie expires: ItsDangerous' BadPayload is no BadSignature, and what is no
    object is handed to the session's constructor.
    """
    assert_empty(app, signed(payload, compressed=compressed))


@pytest.mark.parametrize("payload", [b"5", b'{" u": "zz"}', DEEP[0].encode()])
@pytest.mark.parametrize("door", DOORS)
def test_it_is_empty_by_every_door(app: Flask, door: t.Any, payload: bytes) -> None:
    """WSGI, ASGI and RSGI open sessions alike."""
    assert_empty(app, signed(payload), door)


@pytest.mark.parametrize("at", [0, 1, 2**32, 2**40, 2**62, 2**63, 2**64 - 1, 10**10])
def test_a_session_signed_at_an_absurd_time_is_empty(app: Flask, at: int) -> None:
    """A moment long past, to come, or that no calendar has (there ItsDangerous raises ValueError) is an expired one."""
    assert_empty(app, signed(b'{"a": 1}', at))


@pytest.mark.parametrize(
    "cookie",
    [
        signed(b"")[1:],
        Signer([KEY], salt="cookie-session", key_derivation="hmac").sign(base64_encode(b'{"a": 1}')).decode(),
        TimestampSigner([KEY], "cookie-session", key_derivation="hmac").sign(b".eJwD").decode(),
        TimestampSigner([KEY], "cookie-session", key_derivation="hmac").sign(b".").decode(),
        TimestampSigner([KEY], "cookie-session", key_derivation="hmac").sign(b"!!!").decode(),
    ],
)
def test_what_was_signed_otherwise_is_empty(app: Flask, cookie: str) -> None:
    """No stamp, no compressed data where some were promised, no Base64: each is an empty session."""
    assert_empty(app, cookie)


def test_a_session_that_cannot_be_read_is_logged_without_its_content(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """Where upstream shows a traceback, the log names the kind of error; of a forged one it says nothing."""
    cookie = signed(b'{"a": {" u": "hidden"}}')
    by_wsgi(app, "/read", headers=carrying(cookie))
    (record,) = caplog.records
    assert record.getMessage() == "A session was signed with the SECRET_KEY but cannot be read: ValueError"
    payload, stamp, signature = cookie.split(".")
    by_wsgi(app, "/read", headers=carrying(f"{payload}.{stamp}.{signature.swapcase()}"))
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"a": NaN}', "{'a': nan}"),
        (b'{"a": 1e400}', "{'a': inf}"),
        (b'{"a": {" d": "never"}}', "{'a': None}"),
        (b'{"a": {" m": 3}}', "{'a': Markup('3')}"),
        (b'{"a": {" di": {"b": 1}}}', "{'a': {'': 1}}"),
        (b'{"\\ud800": "\\ud800"}', repr({"\ud800": "\ud800"})),
        (json.dumps({"rows": [{}] * 1_000}).encode(), repr({"rows": [{}] * 1_000})),
        (json.dumps({"a": "x" * 100_000}).encode(), repr({"a": "x" * 100_000})),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_upstream_reads_is_read(app: Flask, payload: bytes, expected: str) -> None:
    """Sessions are the app's own JSON: what Python writes is read, also much of it that was compressed to a little.

    A signed payload may be as large as the header lets it become (1032 times as long at most, RFC 1951): who has the
    key needs no such bombs, and who has not is refused before anything is unpacked.
    """
    for compressed in (False, True):
        answer = by_wsgi(app, "/read", headers=carrying(signed(payload, compressed=compressed)))
        assert answer.body.decode("utf-8", "replace") == expected.encode("utf-8", "replace").decode() or (
            answer.body.decode() == expected.replace("\\ud800", "\\ud800")
        )


def test_nothing_is_unpacked_before_it_was_verified(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb in a cookie that nobody signed costs no time and no memory."""
    bomb = "." + base64_encode(zlib.compress(b" " * 50_000_000)).decode() + signed(b"5")[-34:]

    def unpack(*args: t.Any) -> t.NoReturn:
        raise AssertionError("unpacked")

    monkeypatch.setattr(zlib, "decompress", unpack)
    assert by_wsgi(app, "/read", headers=carrying(bomb)).body == b"{}"
    assert by_wsgi(app, "/none", headers=carrying(bomb)).body == b"x"


@pytest.mark.parametrize("fallbacks", [["old"], ("old",), [b"old", "older"], []])
def test_fallbacks_open_and_the_newest_key_signs(app: Flask, fallbacks: t.Any) -> None:
    """A cookie of an old key is opened while that stands in SECRET_KEY_FALLBACKS, and written with the new one."""
    app.secret_key = "old"
    cookie = app.session_interface.get_signing_serializer(app).dumps({"a": 1})  # type: ignore[attr-defined]
    app.config.update(SECRET_KEY=KEY, SECRET_KEY_FALLBACKS=fallbacks)
    headers = carrying(cookie)
    assert by_wsgi(app, "/read", headers=headers).body == (b"{'a': 1}" if fallbacks else b"{}")
    written = by_wsgi(app, "/write", headers=headers).header("Set-Cookie") or ""
    app.config["SECRET_KEY_FALLBACKS"] = None
    again = by_wsgi(app, "/read", headers={"cookie": written.partition(";")[0]})
    assert again.body == (b"{'a': 1, 'w': 1}" if fallbacks else b"{'w': 1}")


class TestInterfacesOfTheAppsOwn:
    def test_a_tag_of_the_apps_own_that_fails_gives_an_empty_session(self, app: Flask) -> None:
        """A tag that an extension has registered is no other case than a built-in one."""

        class Failing(JSONTag):
            key = " f"

            def check(self, value: t.Any) -> bool:
                return False

            def to_json(self, value: t.Any) -> t.Any:
                return value

            def to_python(self, value: t.Any) -> t.Any:
                raise LookupError(value)

        interface = SecureCookieSessionInterface()
        interface.serializer = TaggedJSONSerializer()
        interface.serializer.register(Failing)
        app.session_interface = interface
        assert_empty(app, signed(b'{"a": {" f": 1}}'))

    def test_a_session_class_is_given_what_the_cookie_holds(self, app: Flask) -> None:
        """A class of the app's own gets an object's content, and nothing where it is no object."""
        given: list[t.Any] = []

        class Own(SecureCookieSession):
            def __init__(self, initial: t.Any = None) -> None:
                given.append(initial)
                super().__init__(initial)

        class Interface(SecureCookieSessionInterface):
            session_class = Own

        app.session_interface = Interface()
        assert by_wsgi(app, "/read", headers=carrying(signed(b'{"a": 1}'))).body == b"{'a': 1}"
        assert_empty(app, signed(b"[1]"))
        assert given[0] == {"a": 1}
        assert set(map(repr, given[1:])) == {"None"}

    def test_errors_of_a_session_class_are_the_apps(self, app: Flask) -> None:
        """An error that the app's own class raises for an object is not hidden."""

        class Own(SecureCookieSession):
            def __init__(self, initial: t.Any = None) -> None:
                if initial:
                    raise LookupError(initial)
                super().__init__(initial)

        interface = SecureCookieSessionInterface()
        interface.session_class = Own
        app.session_interface = interface
        answer = by_wsgi(app, "/read", headers=carrying(signed(b'{"a": 1}')))
        assert answer.status.startswith("500")


def test_flashed_messages_may_have_more_to_them(app: Flask) -> None:
    """A message that an extension keeps as more than a pair is shown by its second part, as upstream."""
    cookie = signed(b'{"_flashes": [["info", "text", "more"]]}')
    app.add_url_rule("/flashed", "flashed", lambda: repr(get_flashed_messages()))
    assert by_wsgi(app, "/flashed", headers=carrying(cookie)).body == b"['text']"
