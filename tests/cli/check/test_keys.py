"""Keys that are found, and keys that are left alone."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .checking import KEY, findings, ids, sound_app


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (None, ["K001"]),
        ("", ["K001"]),
        (b"", ["K001"]),
        ("192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf", ["K002"]),
        (b'_5#y2L"F4Q8z\n\xec]/', ["K002"]),
        ("thisISaSECRET_1234", ["K002"]),
        ("dev", ["K003"]),
        ("change-me", ["K003"]),
        ("my super secret key 123", ["K003"]),
        ("django-insecure-x8%2)", ["K003"]),
        ("k3Jx9", ["K004"]),
        (b"\x01\x7f\x33", ["K004"]),
        ("a" * 40, ["K005"]),
        ("0123456789abcdef" * 2, ["K005"]),
        ("q7#Kp!" * 6, ["K005"]),
        ("1001101010001011" * 3 + "0110", ["K005"]),
        (KEY, []),
        (KEY[:32], []),
        (bytes(range(0, 250, 7))[::-1] + b"\x03\x91\x45\x22", []),
    ],
)
def test_each_key(key: t.Any, found: list[str]) -> None:
    """A key that could be guessed is found by what is wrong with it; a random one is left alone."""
    assert ids("keys", sound_app(SECRET_KEY=key)) == found


@pytest.mark.parametrize(
    "make", [secrets.token_hex, secrets.token_urlsafe, secrets.token_bytes, lambda: secrets.token_hex(16)]
)
def test_random_keys(make: t.Callable[[], t.Any]) -> None:
    """No key of `secrets` is ever found."""
    assert [found for _ in range(200) for found in ids("keys", sound_app(SECRET_KEY=make()))] == []


@given(key=st.text(min_size=1) | st.binary(min_size=1), old=st.lists(st.text() | st.binary(), max_size=3))
def test_no_key_is_shown(key: t.Any, old: list[t.Any]) -> None:
    """Whatever the key is, no finding shows it, and none fails."""
    marked = key * 7 + (b"@@" if isinstance(key, bytes) else "@@")
    text = marked.decode("latin-1") if isinstance(marked, bytes) else marked
    for finding in findings("keys", sound_app(SECRET_KEY=marked, SECRET_KEY_FALLBACKS=old)):
        assert text not in str(finding.as_dict())


@pytest.mark.parametrize(
    ("fallbacks", "found"),
    [
        ([], []),
        (None, []),
        ([secrets.token_hex(), secrets.token_bytes()], []),
        (("old",), ["K004"]),
        (["change-me"], ["K003"]),
        (KEY[::-1], ["K006"]),
        (KEY.encode(), ["K006"]),
        ([KEY], ["K007"]),
        ([KEY.encode()], ["K007"]),
        ([KEY[::-1], KEY[::-1]], ["K007"]),
    ],
)
def test_fallbacks(fallbacks: t.Any, found: list[str]) -> None:
    """Fallback keys are judged as keys are; one text instead of a list, and a key that stands twice, are found too."""
    assert ids("keys", sound_app(SECRET_KEY_FALLBACKS=fallbacks)) == found


def test_which_key_it_is() -> None:
    """The finding names the place of a fallback key, and of the one that it repeats."""
    fresh = secrets.token_hex()
    told = [str(each.where) for each in findings("keys", sound_app(SECRET_KEY_FALLBACKS=[fresh, "dev", KEY, fresh]))]
    assert told == ["SECRET_KEY_FALLBACKS[1]", "SECRET_KEY_FALLBACKS[2]", "SECRET_KEY_FALLBACKS[3]"]


def test_keys_of_extensions() -> None:
    """Keys by which extensions sign are judged where they are set; one that is the app's own is not told twice."""
    assert ids("keys", sound_app(WTF_CSRF_SECRET_KEY="dev", JWT_SECRET_KEY=secrets.token_hex())) == ["K003"]
    assert ids("keys", sound_app(SECRET_KEY="dev", WTF_CSRF_SECRET_KEY="dev")) == ["K003"]
