"""What requests' headers are parsed into, against Werkzeug's Request of the same environment."""

from __future__ import annotations

from hypothesis import strategies as st
from werkzeug.http import parse_options_header
from werkzeug.wrappers import Request as Plain

from flask import Request
from flask._incoming.texts import content_type
from fuzz.alike import failed, outcome
from fuzz.words import one_line, texts
from tests.robustness.gateway import Sent, environ_of
from tests.robustness.probe import PARSED_HEADERS

NAMES = (
    *("Content-Type", "Authorization", "Range", "If-Range", "If-None-Match", "If-Match", "If-Modified-Since", "Accept"),
    *("Accept-Language", "Accept-Charset", "Accept-Encoding", "Cache-Control", "Pragma", "Date", "Host"),
    *("Max-Forwards",),
    *("Content-Length", "User-Agent", "X-Forwarded-For", "Access-Control-Request-Headers", "Content-MD5", "Referer"),
)
PIECES = (
    *("multipart/form-data", "; boundary=", "edge", "application/json", "; charset=utf-8", "text/html", "*/*"),
    *("*;q=0.5",),
    *(";q=", "1e400", "nan", "Basic ", "dTpw", "Digest ", "Bearer ", 'realm="', "username=", "bytes=", "0-0", "-1"),
    *("5-",),
    *("99999999999999999999", 'W/"', '"', "\\", "''", "utf-8''%ff", "*=", "*0=", "*1*=", "=", ",", ", ", ";", "; "),
    *(" ",),
    *("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "max-age=", "no-cache", "de-DE", "_", "\xe9"),
    *("localhost", ":80", "[::1]", "a.example", "\xff", "%41", "/", "@", "\x1f", "\u0661".encode().decode("latin-1")),
)
# These ask the body too; what is a form's is another target's.
PARSED = tuple(name for name in PARSED_HEADERS if name != "want_form_data_parsed")

value = texts(PIECES, 14).map(one_line)
inputs = st.lists(st.tuples(st.sampled_from(NAMES), value), min_size=1, max_size=3).map(tuple)
words = tuple(piece.encode("latin-1") for piece in PIECES)


def raw(data: bytes) -> tuple[tuple[str, str], ...]:
    return ((NAMES[data[0] % len(NAMES)] if data else "Accept", one_line(data[1:].decode("latin-1"))),)


def law(pairs: tuple[tuple[str, str], ...]) -> None:
    """What a header is read as is what Werkzeug reads; where Werkzeug fails, ours may answer, but never fail alone."""
    environ = environ_of(Sent(headers=pairs))
    ours, theirs = Request(environ.copy()), Plain(environ.copy())
    for name in (*PARSED, "host", "host_url", "url", "url_root", "is_multithread"):
        expected, found = outcome(_shown, theirs, name), outcome(_shown, ours, name)
        assert not failed(found), (name, found)
        assert failed(expected) or found == expected, (name, found, expected)
    for name, value in pairs:
        if name == "Content-Type":
            assert content_type(value) == parse_options_header(value)
        assert ours.headers.get(name) == theirs.headers.get(name)
        assert ours.headers.getlist(name) == theirs.headers.getlist(name)
    assert list(ours.headers) == list(theirs.headers)


def _shown(request: Plain, name: str) -> str:
    return repr(getattr(request, name))
