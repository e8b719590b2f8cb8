"""Whole requests as a WSGI server hands them over (PEP 3333), in every part of which anything may stand."""

from __future__ import annotations

import io

from hypothesis import strategies as st

from fuzz.served import answered
from fuzz.words import latin, one_line, texts
from tests.robustness.gateway import Sent
from tests.robustness.probe import APPS
from tests.robustness.random_requests import HEADERS, METHODS, PIECES, TARGETS, TYPES

MORE_HEADERS = (
    *("Host", "X-Forwarded-Host", "Content-Length", "Transfer-Encoding", "If-Match", "If-Unmodified-Since", "Date"),
    *("Upgrade", "Connection", "Expect", "Origin", "X-HTTP-Method-Override", "Max-Forwards", "User-Agent"),
)
MORE_TARGETS = (
    *("/static/", "/headers/", "/uuid/", "/int/", "/signed/", "/small/", "/short/", "/redirect/typed", "//", "*", ""),
)


class Broken(io.BytesIO):
    """A body whose connection breaks."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise ConnectionResetError

    def __repr__(self) -> str:
        return "Broken()"


LEFT_OUT = ("QUERY_STRING", "PATH_INFO", "SCRIPT_NAME", "HTTP_HOST", "REMOTE_ADDR", "SERVER_PROTOCOL")
# What servers leave out or make odd, and none may fail for.
ODD = (
    *((name, None) for name in LEFT_OUT),
    *(("SCRIPT_NAME", root) for root in ("/root", "/r\xc3\xa9", "\xff")),
    *(("CONTENT_LENGTH", length) for length in (None, "0", "5", "99", "x", "-1", "", "\xb2", "1" * 30)),
    *((("wsgi.url_scheme", "https"), ("SERVER_PORT", "8080"), ("SERVER_PROTOCOL", "HTTP/1.0"), ("SERVER_NAME", "::1"))),
    *((("wsgi.input_terminated", True), ("HTTP_TRANSFER_ENCODING", "chunked"), ("wsgi.input", Broken()))),
)

line = texts(PIECES, 12).map(one_line)
targets = st.builds(
    lambda first, more, query: first + more.replace("?", "") + query,
    st.sampled_from([*TARGETS, *MORE_TARGETS]),
    st.just("") | line,
    st.just("") | line.map("?".__add__),
)
bodies = st.just(b"") | latin([*PIECES, "\r\n--edge\r\n", "--edge\r\n", "\r\n\r\n", "\r\n--edge--\r\n", '{"a":'], 30)
kinds = st.builds(str.__add__, st.sampled_from(TYPES), st.just("") | line)
others = st.tuples(st.sampled_from([*HEADERS, *MORE_HEADERS]), line)
inputs = st.builds(
    Sent,
    targets,
    st.sampled_from(METHODS) | line,
    st.builds(lambda kind, more: (("Content-Type", kind), *more), kinds, st.lists(others, max_size=2)),
    bodies,
    st.sampled_from([*APPS, "plain", "plain"]),
    st.lists(st.sampled_from(ODD), max_size=2).map(tuple),
)


def law(sent: Sent) -> None:
    """Every request is answered as HTTP and PEP 3333 have it, never with 5xx, and nothing is left for the next one."""
    seen = answered(sent)
    assert 200 <= seen.status < 500, seen
    assert seen.faults == [], seen
