"""The query string, against Werkzeug's Request of the same environment."""

from __future__ import annotations

from werkzeug.wrappers import Request as Plain

from flask import Request
from fuzz.alike import failed, listed, outcome
from fuzz.words import one_line, texts
from tests.robustness.gateway import Sent, environ_of

PIECES = (
    *("a", "b", "=", "&", "a=1", "&a=", ";", "+", "%", "%%", "%2", "%zz", "%00", "%0a", "%0D%0A", "%20", "%25", "%26"),
    *("%3d", "%2B", "%c3%a9", "%C3", "%ff", "%ed%a0%80", "%f0%9f%98%80", "\xc3\xa9", "\xff", "#", "?", "[]", "=41"),
    *("\\",),
)

inputs = texts(PIECES, 24).map(one_line)
words = tuple(piece.encode("latin-1") for piece in PIECES)


def raw(data: bytes) -> str:
    return one_line(data.decode("latin-1"))


def law(query: str) -> None:
    """The arguments are those that Werkzeug reads, in their order; where it fails on raw bytes, ours does not."""
    environ = environ_of(Sent(f"/a?{query}"))
    environ["QUERY_STRING"] = query
    ours, theirs = Request(environ.copy()), Plain(environ.copy())
    expected = outcome(lambda: listed(theirs.args))
    found = outcome(lambda: listed(ours.args))
    assert not failed(found), found
    assert failed(expected) or found == expected
    for name in ("query_string", "url", "full_path", "base_url"):
        expected, found = outcome(getattr, theirs, name), outcome(getattr, ours, name)
        assert failed(expected) or found == expected, name
