"""What a response may say in its status line and headers: nothing that ends a line early, or that nobody can send.

Nothing is sent, mended or left out here: what cannot be sent is an error that says why. See RFC 9110 §5 and §15,
RFC 9112 §4 and PEP 3333.
"""

from __future__ import annotations

import re
import typing as t

from werkzeug.datastructures import Headers
from werkzeug.urls import iri_to_uri

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

_Pairs = t.Iterable[tuple[str, str]]

_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_find_unfit = re.compile(r"[\0\r\n\u0100-\U0010ffff]").search
# An interim status (1xx) answers nothing: whoever gets one waits on. 101 ends HTTP on the connection.
_is_line = re.compile(r"(?:101|[2-9][0-9]{2})(?: [\t -~\x80-\xff]*)?").fullmatch
# What ends a name, a value or an attribute of a cookie (RFC 6265 §4.1.1), and is quoted in none of these.
_ends_cookie_name = re.compile(r"[\0-\x1f\x7f;=]").search
_ends_attribute = re.compile(r"[\0-\x1f\x7f;]").search
# Werkzeug rewrites these on their way out.
rewritten = frozenset({"location", "content-location"})
_MOST_SHOWN = 80

_MOST_KEPT = 200

# The lines that were looked at, and the names, each with an empty text; headers that can be sent. Programs use few.
lines: dict[str, None] = {}
_names: dict[str, str] = {}
cookie_names: dict[str, None] = {}
fit: set[tuple[str, str]] = set()


class Unsendable(ValueError):
    """A response that cannot be sent, of which nothing was sent."""


def check_line(line: str) -> None:
    """Refuse a status line, code and reason, that cannot be sent."""
    if line in lines:
        return
    if not _is_line(line):
        raise Unsendable(
            f"The status {_shown(line)} cannot be sent: it begins with a code from 200 to 999, or 101, and goes on"
            " without line breaks, other controls and characters beyond Latin-1."
        )
    if len(lines) >= 256:  # reasons may be made up at run time
        lines.clear()
    lines[line] = None


def are_plain(pairs: _Pairs) -> bool:
    """Whether headers can surely be sent: names that are known, values of nothing but printable ASCII.

    PERF: one look at all the values together, and none at what an earlier response had; most are always the same.
    """
    rest = [pair for pair in pairs if pair not in fit]
    try:
        text = "".join([_names[name] + value for name, value in rest])
    except (KeyError, TypeError):
        return False
    if not (text.isascii() and text.isprintable()):
        return False
    if len(text) <= _MOST_KEPT:
        if len(fit) >= 1024:
            fit.clear()
        fit.update(rest)
    return True


def check_headers(pairs: _Pairs) -> None:
    """Refuse headers of which a name or a value cannot be sent."""
    if are_plain(pairs):
        return
    for name, value in pairs:
        check_name(name)
        unfit = _find_unfit(str(value))
        if unfit:
            # Not the value, which may be nobody's business: a cookie, or credentials.
            raise Unsendable(
                f"The header {name!r} cannot be sent: the character {unfit.start() + 1} of its value is {unfit[0]!r};"
                " line breaks, null characters and what is beyond Latin-1 cannot stand there. Text of any kind has to"
                " be encoded, such as by 'urllib.parse.quote'."
            )


def check_name(name: str) -> None:
    """Refuse the name of a header that is no token."""
    if name in _names:
        return
    if not _is_token(str(name)):
        raise Unsendable(
            f"A header by the name {_shown(name)} cannot be sent: a name consists of ASCII letters, digits and any of"
            " !#$%&'*+-.^_`|~"
        )
    if len(_names) >= 1024:
        _names.clear()
    _names[name] = ""


def check_locations(headers: t.Any) -> None:
    """Refuse headers that Werkzeug does not take, and a URL in them that it cannot encode, as it does on their way out.

    They are what it makes its own headers of.
    """
    try:
        pairs = Headers(headers)
    except ValueError as error:
        raise Unsendable(f"The headers cannot be sent: {error}") from error
    for name, value in pairs:
        if name.lower() in rewritten:
            try:
                iri_to_uri(value)
            except ValueError as error:
                told = f"The header {name!r} cannot be sent: {_shown(value)} is no URL ({error})."
                raise Unsendable(told) from error


def check_cookie(name: str, domain: object, expires: object = None, max_age: object = None) -> None:
    """Refuse a cookie whose name or attributes would be taken for more than they are. Raises `ValueError`."""
    if name not in cookie_names:
        if not name or _ends_cookie_name(name):
            raise ValueError(f"A cookie cannot have the name {_shown(name)}: it would end in it, or there is none.")
        if len(cookie_names) >= 256:
            cookie_names.clear()
        cookie_names[name] = None
    for attribute, value in ("domain", domain), ("expires", expires), ("max_age", max_age):
        if isinstance(value, str) and _ends_attribute(value):
            raise ValueError(
                f"The cookie {name!r} cannot have {attribute}={_shown(value)}: it would be more than that."
            )


def checked(start_response: StartResponse) -> StartResponse:
    """What starts a response, for one whose class may say anything: refused before it is started."""

    def start(status: str, headers: list[tuple[str, str]], exc_info: t.Any = None) -> t.Any:
        check_line(status)
        check_headers(headers)
        # Not every server or middleware takes the third.
        return start_response(status, headers) if exc_info is None else start_response(status, headers, exc_info)

    return start


def _shown(text: object) -> str:
    shown = str(text)
    return repr(shown) if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]!r}…"
