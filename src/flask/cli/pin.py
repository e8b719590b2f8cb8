"""The debugger's PIN: which it is, whether what was typed is it, and the cookie that remembers who typed it.

Nothing here follows from what is known of the machine, and nothing takes a time that tells how close a guess was.
"""

from __future__ import annotations

import hmac
import os
import time

from .record import TRIED, Record

VARIABLE = "WERKZEUG_DEBUG_PIN"
OFF = "off"
TRIES = 10
REMEMBERED = 60 * 60 * 24 * 7  # seconds
# Seconds that a wrong PIN is answered after, by how many came before it.
PAUSES = (0.5,) * 5 + (5.0,) * (TRIES - 5)


def pin_of(record: Record) -> str | None:
    """The user's own PIN, else the one of the run; None where the user turned it off."""
    given = os.environ.get(VARIABLE, "")
    if given == OFF:
        return None
    return given if given.replace("-", "").isdecimal() else record.pin


def cookie_name_of(record: Record) -> str:
    """A name of the run's own, as a browser keeps one jar for all ports of a host."""
    return f"__wzd{_digest(record, 'name')[:20]}"


def new_cookie(record: Record, pin: str) -> str:
    """The value for whoever typed the PIN."""
    now = str(int(time.time()))
    return f"{now}|{_digest(record, now, pin)}"


def is_cookie(record: Record, pin: str, value: str) -> bool:
    """Whether a value was made by this run, for this PIN, not too long ago."""
    made, _, digest = value.partition("|")
    return same_text(digest, _digest(record, made, pin)) and int(made) > time.time() - REMEMBERED


def may_try(record: Record) -> bool:
    """Take one of the tries; false if there was none left.

    It is taken before anybody looks at what was typed: so however many come at once, no more than those are looked at.
    """
    if record.count_tries() >= TRIES:
        return False
    record.note(TRIED)
    return record.count_tries() <= TRIES


def is_right(pin: str, entered: str) -> bool:
    """Whether what was typed is the PIN, with dashes and blanks or without."""
    return same_text(_digits(entered), _digits(pin))


def same_text(one: str, other: str) -> bool:
    """Whether two texts are the same, found out in a time that does not tell how far they agree."""
    return hmac.compare_digest(*(text.encode("utf-8", "surrogatepass") for text in (one, other)))


def _digits(text: str) -> str:
    return text.replace("-", "").strip()


def _digest(record: Record, *parts: str) -> str:
    return hmac.digest(record.key, "|".join(parts).encode("utf-8", "surrogatepass"), "sha256").hex()
