"""Bytes that are no HTTP, or not all of it, sent to a running server: it answers or hangs up, and goes on serving."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.server import serve
from tests.servers import Server

PROBE = Path(__file__).with_name("probe.py")
PATIENCE = 30
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
HOST = b"Host: localhost\r\n"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    output = tmp_path_factory.mktemp("served") / "server.log"
    with serve(f"{PROBE.as_posix()}:make_app(MAX_CONTENT_LENGTH=1000)", output) as running:
        yield running


def exchange(server: Server, sent: bytes, *, hang_up: bool = False) -> bytes:
    """All that the server has to say to these bytes until it closes; nothing after them if we hang up at once.

    :raises TimeoutError: where the server keeps the line open and silent.
    """
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as line:
        answer = b""
        try:
            line.sendall(sent)
            if hang_up:
                return answer
            line.shutdown(socket.SHUT_WR)
            while piece := line.recv(65536):
                answer += piece
        except ConnectionError:  # it hung up before it had read everything, which is an answer
            pass
        return answer


def status_of(answer: bytes) -> int | None:
    """The status of an answer; None where the server hung up without a word.

    To what it takes for HTTP 0.9, which knew no status line, the standard library's server tells it in the page.
    """
    found = re.match(rb"HTTP/1\.[01] (\d\d\d) ", answer) or re.search(rb"<p>Error code: (\d\d\d)</p>", answer)
    return int(found[1]) if found else None


def assert_unharmed(server: Server) -> None:
    """The next good request is answered, and finds nothing of the ones before."""
    answer = exchange(server, b"GET /state?next=1 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert status_of(answer) == 200
    found = json.loads(answer.split(b"\r\n\r\n", 1)[1])
    assert (found["g"], found["session"], found["cookies"]) == ({"marks": ["GET"]}, {}, {})
    assert (found["args"], found["form"], found["body"]) == ({"next": "1"}, {}, 0)
    assert "Exception on" not in server.log()  # what an app writes when it answers 500


@pytest.mark.parametrize(
    ("name", "sent", "statuses"),
    [
        ("nothing", b"", {None}),
        ("line ends", b"\r\n\r\n\r\n", {None, 400}),
        ("one word", b"nonsense\r\n\r\n", {400}),
        ("bytes", bytes(range(256)) + b"\r\n\r\n", {None, 400}),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), {None, 400}),
        ("no version", b"GET /state x y\r\n\r\n", {400}),
        ("a version that is none", b"GET /state HTTP/x\r\n\r\n", {400}),
        ("a version to come", b"GET /state HTTP/9.9\r\n\r\n", {400, 505}),
        ("an endless line", b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", {414}),
        ("an endless header", b"GET /state HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", {400, 431}),
        ("too many headers", b"GET /state HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", {400, 431}),
        ("a NUL in the path", b"GET /st\x00ate HTTP/1.1\r\n" + HOST + b"\r\n", {400, 404}),
        ("high bytes in the path", b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n", {404}),
        ("high bytes in the query", b"GET /args?a=\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n", {200}),
        ("an absolute target", b"GET http://evil.example/state HTTP/1.1\r\n" + HOST + b"\r\n", {200, 404}),
        ("a target that is no URL", b"GET http://[ HTTP/1.1\r\n" + HOST + b"\r\n", {None, 400, 404}),
        ("an asterisk", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", {404}),
        ("CONNECT", b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", {400, 404, 405}),
        ("a method that is none", b"G\xffT /state HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405, 501}),
        ("no host", b"GET /state HTTP/1.1\r\n\r\n", {200, 400}),
        ("two hosts", b"GET /state HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {200, 400}),
        ("a cookie of bytes", b"GET /cookies HTTP/1.1\r\n" + HOST + b"Cookie: \xff\x01=\xfe; =;\r\n\r\n", {200}),
        ("credentials of bytes", b"GET /headers HTTP/1.1\r\n" + HOST + b"Authorization: Basic \xff\r\n\r\n", {200}),
        (
            "a length below zero",
            b"POST /form HTTP/1.1\r\n" + HOST + FORM + b"Content-Length: -5\r\n\r\na=1",
            {200, 400},
        ),
        ("a length of letters", b"POST /form HTTP/1.1\r\n" + HOST + FORM + b"Content-Length: x\r\n\r\na=1", {200, 400}),
        ("a length too long", b"POST /form HTTP/1.1\r\n" + HOST + FORM + b"Content-Length: 9999\r\n\r\na=1", {413}),
        ("a body cut short", b"POST /form HTTP/1.1\r\n" + HOST + FORM + b"Content-Length: 99\r\n\r\na=1", {200, 400}),
        ("a body too big", b"POST /data HTTP/1.1\r\n" + HOST + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000, {413}),
        (
            "chunks that are none",
            b"POST /form HTTP/1.1\r\n" + HOST + FORM + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nbroken",
            {200, 400},
        ),
        (
            "a chunk cut short",
            b"POST /form HTTP/1.1\r\n" + HOST + FORM + b"Transfer-Encoding: chunked\r\n\r\nff\r\na=1",
            {200, 400},
        ),
        (
            "a multipart body cut short",
            b"POST /form HTTP/1.1\r\n"
            + HOST
            + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 500\r\n"
            b'\r\n--b\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\nxxx',
            {200, 400},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_broken_requests(server: Server, name: str, sent: bytes, statuses: set[int | None]) -> None:
    """A broken request is answered with what fits or not at all, in the end, and the next one is answered as ever."""
    assert status_of(exchange(server, sent)) in statuses, name
    assert_unharmed(server)


@pytest.mark.parametrize("kept", [0, 10, 60, 150, 170])
def test_clients_that_vanish(server: Server, kept: int) -> None:
    """A client that hangs up, wherever it was in its request, harms nobody."""
    body = b"a=1&b=2&c=3"
    whole = (
        b"POST /form HTTP/1.1\r\n" + HOST + FORM + b"X-Long: " + b"x" * 40 + b"\r\nContent-Length: 11\r\n\r\n" + body
    )
    exchange(server, whole[:kept], hang_up=True)
    assert_unharmed(server)


def test_two_requests_on_one_line(server: Server) -> None:
    """What follows a refused body on the same line is not taken for part of it, nor the body for a request."""
    smuggled = b"GET /session HTTP/1.1\r\n" + HOST + b"\r\n"
    refused = b"POST /data HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % (2000 + len(smuggled))
    answer = exchange(server, refused + b"x" * 2000 + smuggled)
    assert status_of(answer) == 413
    assert answer.count(b"HTTP/1.") == 1
    assert_unharmed(server)
