"""One request by WSGI, ASGI and RSGI, its body in any pieces; and clients that go in the midst of it."""

from __future__ import annotations

import asyncio
import typing as t
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from hypothesis import strategies as st

from fuzz.loop import run
from fuzz.served import app_named
from fuzz.words import ASCII, latin, one_line, texts
from tests.gateways import loops, rsgi_drive
from tests.gateways.raw import Answer
from tests.robustness.gateway import Sent, call, settled
from tests.robustness.random_requests import PIECES, TARGETS, TYPES

NAMES = ("Cookie", "Accept", "Authorization", "If-None-Match", "Range", "X-Odd", "Host", "Referer", "Transfer-Encoding")
ASKED = tuple(target for target in TARGETS if target not in {"/host", "/file"})  # a server's name, a file's pieces


@dataclass(frozen=True)
class Wire:
    """A request as it goes over a connection."""

    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    pieces: tuple[bytes, ...] = ()
    chunked: bool = False
    app: str = "plain"
    #: Whether the client goes before the last piece of its body.
    goes: bool = False


line = texts([piece for piece in PIECES if piece.isascii()], 10, ASCII).map(one_line)
inputs = st.builds(
    Wire,
    st.builds(
        lambda path, more, query: path + more + query,
        st.sampled_from(ASKED),
        st.sampled_from(["", "", "", "/", "/x", "//x", "%20", "%2f", "%c3%a9", "%e2%82%ac", "%ff", "%00", "%0a"]),
        st.just("") | line.map(lambda text: "?" + text.replace("#", "")),
    ),
    st.sampled_from(["GET", "POST", "POST", "HEAD", "PUT", "OPTIONS", "BREW"]),
    st.builds(
        lambda kind, more: (("Content-Type", kind), *dict(more).items()),
        st.sampled_from(TYPES),
        st.lists(st.tuples(st.sampled_from(NAMES), line), max_size=2),
    ),
    st.lists(latin([*PIECES, "--edge\r\n", "\r\n--edge--\r\n", "\r\n\r\n"], 12), max_size=4).map(tuple),
    st.booleans(),
    st.sampled_from(["plain", "async", "limited", "trusting"]),
    st.integers(0, 7).map(lambda number: number == 0),
)


def law(wire: Wire) -> None:
    """The answer is the same by every protocol, whatever the pieces; a client that goes leaves no error and no wait."""
    app = app_named(wire.app)
    if wire.goes:
        run(_gone(app, wire))
        return
    expected = _by_wsgi(app, wire)
    assert _told(run(_by_asgi(app, wire))) == expected
    path = unquote_to_bytes(wire.target.partition("?")[0])
    try:
        path.decode()
    except UnicodeDecodeError:  # which RSGI cannot carry
        return
    assert _told(run(_by_rsgi(app, wire))) == expected


def _headers(wire: Wire) -> list[tuple[str, str]]:
    body = b"".join(wire.pieces)
    framing = ("Transfer-Encoding", "chunked") if wire.chunked else ("Content-Length", str(len(body)))
    return list({"Host": "localhost", **dict(wire.headers), **(dict([framing]) if wire.pieces else {})}.items())


def _by_wsgi(app: t.Any, wire: Wire) -> t.Any:
    headers = tuple(_headers(wire))
    told: tuple[tuple[str, t.Any], ...] = (("wsgi.input_terminated", True),)
    if wire.chunked or not wire.pieces:
        told += (("CONTENT_LENGTH", None),)
    seen = call(app, Sent(wire.target, wire.method, headers, b"".join(wire.pieces), wire.app, told))
    assert seen.faults == [], seen
    return seen.status, _settled(seen.headers), seen.body


def _told(answer: Answer) -> t.Any:
    return int(answer.status), _settled(answer.headers), answer.body.decode("utf-8", "backslashreplace")


def _settled(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers in an order of their own, their names as most write them: ASGI has small ones."""
    return sorted(settled(name.title(), value) for name, value in headers)


def _scope(wire: Wire) -> dict[str, t.Any]:
    path, _, query = wire.target.partition("?")
    return loops.scope(
        "/",
        wire.method,
        headers=[(name.lower().encode(), value.encode("latin-1")) for name, value in _headers(wire)],
    ) | {
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode(),
        "query_string": query.encode("latin-1"),
    }


async def _by_asgi(app: t.Any, wire: Wire) -> Answer:
    client = loops.Client(*wire.pieces)
    await app.asgi_app(_scope(wire), client.receive, client.send)
    return client.answer()


def _rsgi_scope(wire: Wire) -> t.Any:
    path, _, query = wire.target.partition("?")
    scope = rsgi_drive.scope("/", wire.method)
    scope.path, scope.query_string = unquote_to_bytes(path).decode(), query
    scope.headers = {name.lower(): value for name, value in _headers(wire)}
    return scope


async def _by_rsgi(app: t.Any, wire: Wire) -> Answer:
    # Of a client that goes on sending a server gives no empty piece: two of them are how Granian tells of a broken end.
    protocol = rsgi_drive.Protocol(*filter(None, wire.pieces))
    await app.__rsgi__(_rsgi_scope(wire), protocol)
    return protocol.answer()


async def _gone(app: t.Any, wire: Wire) -> None:
    """A client that sends all but the end of its body, and goes."""
    client = loops.Client(*wire.pieces[:-1], ends=False, goes_after=0)
    scope = _scope(wire)
    if not wire.pieces:
        scope["headers"].append((b"content-length", b"10"))
    await app.asgi_app(scope, client.receive, client.send)
    kinds = [message["type"] for message in client.received]
    assert kinds == sorted(kinds, reverse=True), kinds  # a start, then pieces of a body, or nothing
    assert kinds.count("http.response.start") <= 1, kinds
    await asyncio.sleep(0)
