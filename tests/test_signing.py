"""The kept serialiser against ItsDangerous' own: one text for the same data, one outcome for any text."""

from __future__ import annotations

import hashlib
import json
import time
import types
import typing as t
import zlib
from base64 import urlsafe_b64encode
from unittest import mock

import pytest
from freezegun import freeze_time
from hypothesis import example, given
from hypothesis import strategies as st
from itsdangerous import BadSignature, NoneAlgorithm, Signer, TimestampSigner, URLSafeTimedSerializer

from flask import _signing
from flask._signing import KeptSerializer, seeming_text
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface

STOCK: dict[str, t.Any] = {
    "salt": "cookie-session",
    "serializer": TaggedJSONSerializer(),
    "signer_kwargs": {"key_derivation": "hmac", "digest_method": SecureCookieSessionInterface.digest_method},
}


def pair(keys: t.Any = "key", **settings: t.Any) -> tuple[KeptSerializer, URLSafeTimedSerializer]:
    """The kept serialiser and ItsDangerous', made of the same."""
    return KeptSerializer(keys, **STOCK | settings), URLSafeTimedSerializer(keys, **STOCK | settings)


def outcome(function: t.Callable[..., t.Any], *args: t.Any, **kwargs: t.Any) -> t.Any:
    """What a call gives: its value, or class, text and attributes of its error."""
    try:
        return function(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is to be the same
        return type(error), str(error), getattr(error, "payload", None), getattr(error, "date_signed", None)


keys = st.lists(st.text(min_size=1, max_size=70) | st.binary(min_size=1, max_size=70), min_size=1, max_size=3)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.binary()
    | st.uuids()
    | st.sampled_from(["x" * 300, "ab"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from([" t", " b", " di"]), inner, max_size=4)
    ),
    max_leaves=15,
)
sessions = st.dictionaries(st.text(max_size=8), values, max_size=5)
NOW = 1_800_000_000
times = st.sampled_from([0, 1, 255, 2**24 - 1, 2**24, NOW, 2**31, 2**32 - 1, 2**32]) | st.integers(0, 2**33)


@given(keys=keys, value=sessions, seconds=times)
def test_the_same_data_is_the_same_text(keys: list[t.Any], value: dict[str, t.Any], seconds: int) -> None:
    """With the same keys in the same second both sign data to the same text, and each reads it."""
    ours, theirs = pair(keys)
    with mock.patch.object(time, "time", return_value=seconds + 0.5):
        text = theirs.dumps(value)
        assert ours.dumps(value) == text
        for age in (0, 100):
            with mock.patch.object(time, "time", return_value=seconds + age):
                for max_age in (0, 99, 100, 10**12, None):
                    assert repr(outcome(ours.loads, text, max_age=max_age)) == repr(
                        outcome(theirs.loads, text, max_age=max_age)
                    )


def _flip(text: str, at: int, character: str) -> str:
    at %= len(text) + 1
    return text[:at] + character + text[at + 1 :]


@given(
    signing=keys,
    reading=keys,
    rotated=st.booleans(),
    value=sessions,
    seconds=times,
    later=st.integers(-3, 3) | st.integers(-(2**31), 2**31),
    max_age=st.integers(-2, 3) | st.sampled_from([31 * 86400, None, True]),
    damage=st.lists(
        st.tuples(
            st.integers(0, 400), st.sampled_from(["", ".", "A", "-", "_", "=", "+", "/", "!", " ", "é", "\ud800"])
        ),
        max_size=2,
    ),
    cut=st.integers(0, 60) | st.none(),
)
def test_each_text_has_the_same_outcome(
    signing: list[t.Any],
    reading: list[t.Any],
    rotated: bool,
    value: dict[str, t.Any],
    seconds: int,
    later: int,
    max_age: int | None,
    damage: list[tuple[int, str]],
    cut: int | None,
) -> None:
    """Right, damaged, cut off, expired, from the future, of another key: both give the same value or the same error."""
    if rotated:
        reading = [signing[-1], *reading]
    with mock.patch.object(time, "time", return_value=seconds):
        text = URLSafeTimedSerializer(signing, **STOCK).dumps(value)
    for at, character in damage:
        text = _flip(text, at, character)
    text = text[:cut]
    ours, theirs = pair(reading)
    with mock.patch.object(time, "time", return_value=seconds + later):
        assert repr(outcome(ours.loads, text, max_age=max_age)) == repr(outcome(theirs.loads, text, max_age=max_age))


@given(text=st.text(alphabet="abcXYZ019-_.=+/ é", max_size=60) | st.text(max_size=20), max_age=st.integers(0, 2**40))
@example(text="..", max_age=1)
@example(text="a.b.c", max_age=1)
@example(text="e30.aSHw7g.", max_age=1)
def test_any_text_is_refused_alike(text: str, max_age: int) -> None:
    """What nobody signed is refused with the same error."""
    ours, theirs = pair()
    assert outcome(ours.loads, text, max_age=max_age) == outcome(theirs.loads, text, max_age=max_age)


@given(
    payload=st.binary(max_size=40) | st.sampled_from([b".", b".!", b"", b"e30", b"e3 0", b".eJyrrgUAAXUA-Q", b"bnVsbA"])
)
def test_whatever_was_signed_is_read_alike(payload: bytes) -> None:
    """A payload that the serialiser would not write, but that bears a right signature, has the same outcome."""
    ours, theirs = pair()
    text = theirs.make_signer().sign(payload).decode("latin-1")
    assert repr(outcome(ours.loads, text, max_age=60)) == repr(outcome(theirs.loads, text, max_age=60))


@pytest.mark.parametrize("stamp", [b"", b"A", b"AAAA", b"aSHw7", b"aSHw7gAA", b"zzzzzzzzzzzz", b"!!!!!!", b"aSHw!g"])
def test_a_signed_time_of_any_form(stamp: bytes) -> None:
    """A time that ItsDangerous does not write, but that bears a right signature, has the same outcome."""
    ours, theirs = pair()
    signer = t.cast(TimestampSigner, theirs.make_signer())
    text = Signer.sign(signer, b"e30." + stamp).decode()
    for max_age in (0, 60, 2**70):
        assert outcome(ours.loads, text, max_age=max_age) == outcome(theirs.loads, text, max_age=max_age)


@given(data=st.binary(max_size=300) | st.text(alphabet='ab":,{}', max_size=260).map(str.encode))
def test_short_data_is_compressed_to_the_same_bytes(data: bytes) -> None:
    """The small window gives the very stream that `zlib.compress` gives, and is kept in the same cases."""
    compressed = zlib.compress(data)
    short = len(compressed) < len(data) - 1
    text = urlsafe_b64encode(compressed if short else data).rstrip(b"=").decode()
    assert _signing._payload_of(data) == ("." + text if short else text)


@pytest.mark.parametrize("size", [249, 250, 251, 252])
@pytest.mark.parametrize("unit", [b"a", b"ab", bytes(range(125)), bytes(range(250))])
def test_the_longest_of_the_short_data(unit: bytes, size: int) -> None:
    """A repetition from the far end of the window is found as by `zlib.compress`."""
    data = (unit * 300)[:size]
    ours, theirs = pair(serializer=mock.Mock(dumps=lambda obj: data.decode("latin-1") if obj else "{}"))
    with freeze_time("2026-01-02"):
        assert ours.dumps(1) == theirs.dumps(1)


# ---- where it must step aside


@pytest.mark.parametrize(
    "settings",
    [
        {"key_derivation": "concat"},
        {"key_derivation": "django-concat"},
        {"key_derivation": "none"},
        {"digest_method": hashlib.sha256},
        {"digest_method": hashlib.sha512},
        {"digest_method": hashlib.sha3_256},
        {"digest_method": lambda data=b"": hashlib.blake2b(data, digest_size=10)},
        {"digest_method": lambda data=b"": hashlib.sha1(b"pepper" + data)},
        {"algorithm": NoneAlgorithm()},
        {"sep": ":"},
        {},
    ],
)
@pytest.mark.parametrize("keys", ["key", b"k" * 200, ["old", "new"], [b"\xff", "é"]])
def test_other_ways_of_signing(settings: dict[str, t.Any], keys: t.Any) -> None:
    """Whatever the derivation, the hash, the algorithm or the separator, the texts are those of ItsDangerous."""
    ours, theirs = pair(keys, signer_kwargs=settings)
    value = {"a": [1, (2,)], "long": "x" * 500}
    with freeze_time("2026-01-02 03:04:05"):
        text = theirs.dumps(value)
        assert ours.dumps(value) == text
        assert ours.loads(text, max_age=1) == value
        insertions = (text[:at] + character + text[at:] for at in (0, -5, -29, len(text)) for character in "A!=.")
        for damaged in (*insertions, text[:-1], text[:-1] + "!", text.replace(".", ":"), text.replace("e", "f", 1)):
            assert outcome(ours.loads, damaged, max_age=1) == outcome(theirs.loads, damaged, max_age=1)


@pytest.mark.parametrize(
    "settings",
    [
        {"key_derivation": "unknown"},
        {"digest_method": lambda data=b"": (_ for _ in ()).throw(ValueError("no SHA-1 here"))},
        {"digest_method": lambda data=b"": 1},
        {"sep": "a"},
    ],
)
def test_what_cannot_sign_fails_when_it_is_used(settings: dict[str, t.Any]) -> None:
    """A derivation or a hash that is not there is an error when something is signed, and the same error."""
    ours, theirs = pair(signer_kwargs=settings)
    assert outcome(ours.dumps, {}) == outcome(theirs.dumps, {})
    text = pair()[1].dumps({})
    assert outcome(ours.loads, text, max_age=1) == outcome(theirs.loads, text, max_age=1)


class Own(TimestampSigner):
    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        return super().derive_key(secret_key)[::-1]


class Late(TimestampSigner):
    def get_timestamp(self) -> int:
        return super().get_timestamp() - 1000


@pytest.mark.parametrize(
    "settings",
    [
        {"signer": Own},
        {"signer": Late},
        {"fallback_signers": [{"key_derivation": "hmac", "salt": "b"}]},
        {"salt": b"bytes"},
    ],
)
def test_other_signers(settings: dict[str, t.Any]) -> None:
    """A signer class of one's own, and signers to fall back on, are used."""
    ours, theirs = pair(**settings)
    with freeze_time("2026-01-02"):
        text = theirs.dumps({"a": 1})
        assert ours.dumps({"a": 1}) == text
        assert ours.loads(text, max_age=1) == {"a": 1}
        for other in (pair()[1].dumps({}), pair(salt="b")[1].dumps({})):
            assert outcome(ours.loads, other, max_age=1) == outcome(theirs.loads, other, max_age=1)


def test_a_serialiser_of_bytes_is_left_to_itsdangerous() -> None:
    """With a serialiser whose text is bytes, what is signed is bytes too."""

    class Bytes:
        @staticmethod
        def dumps(obj: t.Any) -> bytes:
            return json.dumps(obj).encode()

        loads = staticmethod(json.loads)

    ours, theirs = pair(serializer=Bytes())
    with freeze_time("2026-01-02"):
        assert ours.dumps({"a": 1}) == theirs.dumps({"a": 1})
        assert ours.loads(theirs.dumps({"a": 1}), max_age=1) == {"a": 1}


def test_unusual_arguments() -> None:
    """Bytes, a salt for once, a timestamp in return, no age: all as ItsDangerous has them."""
    ours, theirs = pair()
    with freeze_time("2026-01-02"):
        text = theirs.dumps({"a": 1})
        assert ours.loads(text) == {"a": 1}
        assert ours.loads(text.encode(), max_age=1) == {"a": 1}
        assert ours.loads(text, max_age=1, return_timestamp=True) == theirs.loads(text, 1, True)
        salted = theirs.dumps({"a": 1}, "other")
        assert ours.dumps({"a": 1}, salt="other") == salted
        assert ours.loads(salted, max_age=1, salt="other") == {"a": 1}
        assert outcome(ours.loads, salted, max_age=1) == outcome(theirs.loads, salted, max_age=1)
        assert outcome(ours.loads, text, max_age=1, salt="other") == outcome(theirs.loads, text, 1, False, "other")
        assert ours.loads(text, max_age=1.5) == {"a": 1}  # type: ignore[arg-type]
        for odd in (None, 5, ""):
            assert outcome(ours.loads, odd, max_age=1) == outcome(theirs.loads, odd, max_age=1)
        assert ours.loads_unsafe(text + "A", max_age=1) == theirs.loads_unsafe(text + "A", max_age=1)


@pytest.mark.parametrize("error", [KeyError("no"), BadSignature("no"), RecursionError("deep")])
def test_an_error_of_the_serialiser(error: Exception) -> None:
    """What its serialiser raises is a bad payload when reading, and goes through when writing."""

    class Failing:
        def dumps(self, obj: t.Any) -> str:
            if obj:
                raise error
            return "{}"

        def loads(self, text: str) -> t.Any:
            raise error

    ours, theirs = pair(serializer=Failing())
    text = theirs.dumps({})
    assert outcome(ours.loads, text, max_age=1) == outcome(theirs.loads, text, max_age=1)
    assert outcome(ours.dumps, {"a": 1}) == outcome(theirs.dumps, {"a": 1})


@pytest.mark.parametrize("clock", ["time.time", "itsdangerous.timed.time.time", "module", "method", "freezegun"])
def test_the_clock_is_asked_each_time(clock: str) -> None:
    """Whoever stops the clock, in whichever place, stops it here."""
    ours, theirs = pair()
    replaced: t.Any = {
        "module": lambda: mock.patch("itsdangerous.timed.time", types.SimpleNamespace(time=lambda: 10**9)),
        "method": lambda: mock.patch.object(TimestampSigner, "get_timestamp", return_value=10**9),
        "freezegun": lambda: freeze_time("2001-09-09 01:46:40"),
    }.get(clock, lambda: mock.patch(clock, return_value=10**9))
    ours.dumps({})  # what is known of the present second does not outlive it
    with replaced():
        text = ours.dumps({"a": 1})
        assert text == theirs.dumps({"a": 1})
        assert ours.loads(text, max_age=0) == {"a": 1}
    with pytest.raises(BadSignature, match="Signature age"):
        ours.loads(text, max_age=1000)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (URLSafeTimedSerializer, "loads"),
        (URLSafeTimedSerializer, "dumps"),
        (TimestampSigner, "sign"),
        (TimestampSigner, "unsign"),
    ],
)
def test_a_patched_method_is_called(kind: type, name: str) -> None:
    """A method of ItsDangerous' that somebody replaced, as tests do, is called."""
    ours, _ = pair()
    text = ours.dumps({"a": 1})
    called = []
    method = getattr(kind, name)

    def noting(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        called.append(name)
        return method(self, *args, **kwargs)

    with mock.patch.object(kind, name, noting):
        ours.loads(ours.dumps({"a": 1}), max_age=60)
    assert set(called) == {name}
    called.clear()
    ours.loads(text, max_age=60)
    assert called == []


def test_signatures_are_compared_in_constant_time() -> None:
    """What was sent is compared with what it should be by `hmac.compare_digest`, for each key."""
    ours, _ = pair(["a", "b", "c"])
    text = URLSafeTimedSerializer("a", **STOCK).dumps({})
    with mock.patch.object(_signing, "compare_digest", wraps=_signing.compare_digest) as compared:
        ours.loads(text, max_age=60)
    assert compared.call_count == 3


# ---- what a text seems to say


@given(value=sessions)
def test_what_a_right_text_seems_to_say_is_what_it_says(value: dict[str, t.Any]) -> None:
    """Without a look at the signature, the text in a right cookie is seen as it is."""
    ours, _ = pair()
    text = STOCK["serializer"].dumps(value)
    assert seeming_text(ours.dumps(value)) == text
    assert seeming_text(ours.dumps(value)[:-3]) == text


@pytest.mark.parametrize("text", [".a.b", ".!!!!.b.c", "é.b.c", "_w.b.c", "a.b.c", ".eJw.b.c", "\ud800.a.b"])
def test_what_cannot_be_told_is_nothing(text: str) -> None:
    """Text that is no base64, no stream of zlib's or no UTF-8 seems to say nothing."""
    assert not seeming_text(text)


def test_a_little_that_unpacks_to_very_much_is_not_unpacked() -> None:
    """Of what nobody signed only some 16 KiB are unpacked."""
    for size, told in ((16 * 1024, True), (16 * 1024 + 1, False), (50_000_000, False)):
        payload = urlsafe_b64encode(zlib.compress(b"x" * size)).decode().rstrip("=")
        assert (seeming_text(f".{payload}.aSHw7g.sig") is not None) is told
