"""Keys that sign: one that is missing, or that somebody could guess who has never seen it.

No key is ever shown, nor any part of one.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from ..._keys import MADE_OF_WORDS, REMEDY, REPEATS, SHORTEST, STANDS_IN_PUBLIC, TOO_SHORT, weakness
from .findings import Finding, Where, declare
from .project import Project

_GUESSED = "Whoever guesses the key can sign any session: be anybody, with any rights."

MISSING = declare(
    "flask.K001",
    "warning",
    "SECRET_KEY is not set",
    reason="The first view that writes the session, flashes a message or shows a form with a CSRF token fails.",
    remedy=f"{REMEDY}. An app that has no sessions ignores this id.",
)
PUBLIC = declare("flask.K002", "error", "A key stands in public documentation or code", reason=_GUESSED, remedy=REMEDY)
WORDS = declare("flask.K003", "error", "A key is made of words that anybody would try", reason=_GUESSED, remedy=REMEDY)
SHORT = declare("flask.K004", "error", f"A key is shorter than {SHORTEST} bytes", reason=_GUESSED, remedy=REMEDY)
LOW = declare(
    "flask.K005",
    "error",
    "A key is low in entropy",
    reason=f"It repeats itself, counts, or has fewer than six different characters. {_GUESSED}",
    remedy=REMEDY,
)
ONE_TEXT = declare(
    "flask.K006",
    "error",
    "SECRET_KEY_FALLBACKS is one text",
    reason="Each character of it is a key by itself: sessions that are signed with a single letter are accepted.",
    remedy="Make it a list: SECRET_KEY_FALLBACKS = [old_key].",
)
SAME = declare(
    "flask.K007",
    "warning",
    "A key stands twice among SECRET_KEY and SECRET_KEY_FALLBACKS",
    reason="It verifies nothing more, and tells that a rotation has stopped halfway: the key in use is the old one.",
    remedy="Set SECRET_KEY to the new key, and leave each older one in the list once.",
)

_KINDS = {STANDS_IN_PUBLIC: PUBLIC, MADE_OF_WORDS: WORDS, TOO_SHORT: SHORT, REPEATS: LOW}

#: Settings of extensions that sign with a key of their own.
_OF_EXTENSIONS = ("WTF_CSRF_SECRET_KEY", "JWT_SECRET_KEY", "SECURITY_PASSWORD_SALT")


def find(app: t.Any, project: Project) -> Iterator[Finding]:
    """What is wrong with the keys."""
    key = app.secret_key
    if key:
        yield from _judged("SECRET_KEY", key)
    else:
        yield MISSING.found(where=Where(name="SECRET_KEY"))
    yield from _fallbacks(key, app.config.get("SECRET_KEY_FALLBACKS") or ())
    for name in _OF_EXTENSIONS:
        own = app.config.get(name)
        if isinstance(own, (str, bytes)) and own and own != key:
            yield from _judged(name, own)


def _fallbacks(key: object, fallbacks: t.Any) -> Iterator[Finding]:
    name = "SECRET_KEY_FALLBACKS"
    if isinstance(fallbacks, (str, bytes)):
        yield ONE_TEXT.found(where=Where(name=name))
        return
    names = {_bytes(key): "SECRET_KEY"} if key else {}
    for place, fallback in enumerate(fallbacks):
        own = f"{name}[{place}]"
        yield from _judged(own, fallback)
        first = names.setdefault(_bytes(fallback), own)
        if first != own:
            yield SAME.found(f"{own} is the same key as {first}", Where(name=own))


def _judged(name: str, key: t.Any) -> Iterator[Finding]:
    reason = weakness(key) or (REPEATS if _is_low(_bytes(key)) else None)
    if reason is not None:
        kind = _KINDS[reason]
        told = "is low in entropy" if kind is LOW else reason
        yield kind.found(f"{name} {told}", Where(name=name))


def _is_low(key: bytes) -> bool:
    """Whether a key has few different characters, or is a shorter one written several times."""
    if len(set(key)) < 6:
        return True
    period = (key + key).find(key, 1)  # where a key is found again in two of it, it is made of that much
    return period < min(len(key), SHORTEST)


def _bytes(key: t.Any) -> bytes:
    return bytes(key) if isinstance(key, (bytes, bytearray)) else str(key).encode("utf-8", "surrogatepass")
