"""The Cookie header, read whole and one by one, against Werkzeug's parser."""

from __future__ import annotations

from werkzeug.sansio.http import parse_cookie

from flask import Request
from flask._cookies import find
from fuzz.alike import listed
from fuzz.words import one_line, texts
from tests.robustness.gateway import Sent, environ_of

NAMES = ("session", "a", "b", "", "a b", "\xe9", "__proto__", "session_")
PIECES = (
    *("session", "session=", "a", "a=b", "b=c", "=", ";", "; ", " ", ",", '"', '\\"', "\\", "\\073", "\\777", "\t"),
    *("==",),
    *("%3b", "$Version=1", "e30.aaaaaa.x", "\xc3\xa9", "\xff", "\x0b", "\x85", "\xa0", "\x1c", "x" * 100),
)

inputs = texts(PIECES, 16).map(one_line)
words = tuple(piece.encode("latin-1") for piece in PIECES)


def raw(data: bytes) -> str:
    return one_line(data.decode("latin-1"))


def law(header: str) -> None:
    """Every cookie has the values that Werkzeug reads, and one asked for alone has the first of them."""
    expected = parse_cookie(header)
    request = Request(environ_of(Sent(headers=(("Cookie", header),))))
    assert listed(request.cookies) == listed(expected)
    for name in {*NAMES, *expected}:
        found = find(header, name)
        assert found is None or found == expected.get(name, ""), name
