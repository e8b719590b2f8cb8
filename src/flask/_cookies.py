"""One cookie read or written without the others. No grammar is decided here: what is not plain is Werkzeug's.

PERF: Werkzeug parses every cookie of a request to read one, and looks at name, path and domain anew to write one.
"""

from __future__ import annotations

import re
import sys
import typing as t
import warnings
from datetime import UTC, datetime
from functools import lru_cache
from weakref import WeakKeyDictionary

from werkzeug.http import dump_cookie, http_date

from ._sendable import check_cookie

# A name that is one token, so that nothing of the header's grammar is in it.
_is_token = lru_cache(64)(re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII).fullmatch)


def find(header: str, name: str) -> str | None:
    """The first cookie of this name in a `Cookie` header, as Werkzeug reads it; None where only Werkzeug knows.

    The empty string stands for an empty cookie and for none.
    """
    if '"' in header or "\t" in header or not header.isascii():
        return None  # a quoted value may hold anything; other characters have to be decoded
    first, _, value = header.partition("=")
    if first == name and first.isidentifier():  # PERF: where most are, alone or before the others
        if ";" in value:
            value = value.partition(";")[0]
        return None if " " in value else value
    if not _is_token(name):
        return None
    at = header.find(name)
    while at >= 0:
        end = at + len(name)
        before = header[at - 1] if at else ";"
        if before == ";" or (before == " " and header[at - 2] == ";"):
            following = header[end : end + 1]
            if following == "=":
                value = header[end + 1 :].partition(";")[0]
                return None if " " in value else value
            if following in ("", ";", " "):
                return None
        elif before == " ":
            return None
        at = header.find(name, end)
    return ""


_Template = tuple[str, str, str]
_templates: dict[tuple[t.Any, ...], _Template | None] = {}
_dates: dict[datetime, str] = {}

# Two values of these types that are equal are the same, as True and 1 are not.
_plain_types = frozenset((str, bool, type(None)))


# The attributes of a cookie, in the order in which they are given: the arguments of `dump_cookie` by these names.
ATTRIBUTES = ("domain", "path", "secure", "httponly", "samesite", "partitioned")
Attributes = tuple[t.Any, t.Any, t.Any, t.Any, t.Any, t.Any]


def written(name: str, value: str, expires: datetime | None, attributes: Attributes) -> str | None:
    """What `werkzeug.http.dump_cookie` gives for a value that needs no quotes; None where it must be asked."""
    template = _template(name, attributes)
    if template is None:
        return None
    start, middle, end = template
    if expires is None:
        return f"{start}{value}{middle}{end}"
    if expires.__class__ is not datetime or expires.tzinfo is not UTC:
        return None
    second = expires.replace(microsecond=0)
    date = _dates.get(second)
    if date is None:
        if len(_dates) >= 16:
            _dates.clear()
        date = _dates[second] = http_date(second)
    return f"{start}{value}{middle}; Expires={date}{end}"


def deleted(name: str, attributes: Attributes) -> str | None:
    """What `dump_cookie` gives for a cookie that the browser is to forget; None where it must be asked."""
    template = _template(name, attributes)
    if template is None:
        return None
    start, middle, end = template
    return f"{start}{middle}; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0{end}"


_last: tuple[t.Any, ...] = (None,) * 8


def _template(name: str, attributes: Attributes) -> _Template | None:
    """What stands before the value, between it and the date, and after that; None where it cannot be told."""
    global _last
    known: _Template | None
    domain, path, secure, httponly, samesite, partitioned = attributes
    last_name, last_domain, last_path, last_secure, last_httponly, last_samesite, last_partitioned, known = _last
    # PERF: mostly it is the config's own objects, each time; to look at their types and hashes takes ten times as much.
    if (
        name is last_name
        and domain is last_domain
        and path is last_path
        and secure is last_secure
        and httponly is last_httponly
        and samesite is last_samesite
        and partitioned is last_partitioned
    ):
        return known
    recipe = (name, *attributes)
    if not _plain_types.issuperset(map(type, recipe)):
        return None
    template: t.Any = _templates.get(recipe, ())
    if template == ():
        start = f"{name}="
        text = dump_cookie(name, expires="?", max_size=0, **dict(zip(ATTRIBUTES, attributes, strict=True)))
        mark = "; Expires=?"
        middle, _, end = text.removeprefix(start).partition(mark)
        if len(_templates) >= 64:  # an interface may give each visitor a path of his own
            _templates.clear()
        plain = text.startswith(start) and text.count(mark) == 1 and _is_harmless(name, attributes)
        template = (start, middle, end) if plain else None
        _templates[recipe] = template
    _last = (*recipe, template)
    known = template
    return known


def _is_harmless(name: str, attributes: Attributes) -> bool:
    """Whether there is nothing to refuse in a cookie, and nothing to warn of but its size."""
    named: dict[str, t.Any] = dict(zip(ATTRIBUTES, attributes, strict=True))
    try:
        check_cookie(name, named["domain"])
    except ValueError:
        return False
    return not is_dropped(named["samesite"], named["secure"], named["partitioned"])


# ---- what a browser would do to a cookie, of which nobody hears without these


def is_dropped(samesite: str | None, secure: t.Any, partitioned: t.Any) -> bool:
    """Whether browsers drop a cookie for its attributes: for other sites, and without the encryption they ask for."""
    return isinstance(samesite, str) and samesite.title() == "None" and not (secure or partitioned)


def warn_dropped(app: t.Any, name: str) -> None:
    """Warn of a cookie that is for other sites and not `Secure`."""
    _warn(
        app,
        "dropped",
        name,
        lambda: (
            f"The '{name}' cookie is SameSite=None without Secure: browsers drop it. Set it with secure=True (the"
            " session's: SESSION_COOKIE_SECURE), or let SameSite be 'Lax'."
        ),
    )


def warn_large(app: t.Any, name: str, size: int, limit: int, more: t.Callable[[], str] | None = None) -> None:
    """Warn of a cookie that is larger than browsers take; `more` says what makes it large."""
    _warn(
        app,
        "large",
        name,
        lambda: (
            f"The '{name}' cookie is too large: {size} bytes with its attributes, of a limit of {limit}"
            f" (MAX_COOKIE_SIZE). Browsers may silently ignore it.{'' if more is None else more()}"
        ),
    )


class _NoApp:
    """Stands for the app where there is none."""


_no_app = _NoApp()
# What each app was warned of: the cookie, and the place in its code.
_warned: WeakKeyDictionary[t.Any, dict[tuple[str, str, str, int], None]] = WeakKeyDictionary()


def _warn(app: t.Any, kind: str, name: str, text: t.Callable[[], str]) -> None:
    """Warn once for each place, whatever the size: a warning for each request would bury all others."""
    file, line = _place()
    told = _warned.setdefault(_no_app if app is None else app, {})
    key = (kind, name, file, line)
    if key not in told and len(told) < 256:  # a cookie may have a name of its own for each visitor
        told[key] = None
        warnings.warn_explicit(text(), UserWarning, file, line)


def _place() -> tuple[str, int]:
    """File and line of the code that is neither ours nor Werkzeug's."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in {"flask", "werkzeug"}:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
