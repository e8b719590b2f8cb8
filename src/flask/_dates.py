"""The dates that clients send (RFC 9110, section 5.6.7), read by Werkzeug. None of them is ever an error.

Werkzeug passes on the `OverflowError` of a date whose numbers are too large for a calendar; here that is no date.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from werkzeug.http import parse_date

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_DATES = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE")


def date_of(header: str | None) -> datetime | None:
    """The date of a header; None where there is none, or none that there can be."""
    try:
        return parse_date(header)
    except OverflowError:
        return None


def with_possible_dates(environ: WSGIEnvironment) -> WSGIEnvironment:
    """The environment for whoever compares dates, where an impossible one is replaced by what is none."""
    possible = environ.copy()
    for name in _DATES:
        if name in possible:
            try:
                parse_date(possible[name])
            except OverflowError:
                possible[name] = "no date"
    return possible
