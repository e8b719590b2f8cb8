"""Advisories on servers, on every one: where a request ends is its part; docs/security-advisories.md has them.

What is held here is held by the server alone. The test says that the ones we are tested with do, and with our app.
"""

from __future__ import annotations

import json
import socket
import sys
import typing as t
from itertools import count

import pytest

from tests.servers import command_of, is_installed, serving

pytestmark = pytest.mark.slow

NAMES = (
    *("werkzeug", "gunicorn-threads", "gunicorn-gevent", "waitress", "granian-wsgi"),
    *("uvicorn", "uvicorn-wsproto", "hypercorn", "daphne", "granian-asgi", "granian-rsgi"),
)
SILENCE = 0.3  # seconds after which a server that has not answered waits for more
tokens = count(1)


class Talk(t.NamedTuple):
    """A server, as raw bytes see it."""

    name: str
    port: int
    log: t.Callable[[], str]

    def say(self, *pieces: bytes) -> bytes:
        """All that comes back on one connection, until the server ends it or waits."""
        heard = b""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                connection.settimeout(10)
                while more := connection.recv(65536):
                    heard += more
                    connection.settimeout(SILENCE)
            except OSError:
                pass
        return heard

    def told(self) -> t.Any:
        """What its app says of the requests that it has had."""
        answer = self.say(b"GET /asked HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return json.loads(answer[answer.index(b"{") : answer.rindex(b"}") + 1])

    def is_smuggled_by(self, head: bytes, between: bytes = b"", line: bytes = b"POST /first HTTP/1.1") -> bool:
        """Whether what follows a body whose end is in doubt is taken for a request of its own."""
        token = b"/smuggled-%d" % next(tokens)
        inner = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % token
        head = head.replace(b"LENGTH", b"%d" % len(between + inner))
        self.say(line + b"\r\nHost: a\r\n" + head + b"\r\n\r\n" + between + inner)
        return token.decode() in self.told()["paths"]


@pytest.fixture(scope="module", params=NAMES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Talk]:
    name: str = request.param
    if not is_installed(name) or sys.platform == "win32":
        pytest.skip(f"{name} is not installed here, or is not stopped by a signal")
    with serving(command_of(name, "tests.security.served"), tmp_path_factory.mktemp("served") / "log") as running:
        yield Talk(name, running.ready().port, running.log)


def test_smuggling_would_be_seen(server: Talk) -> None:
    """Two requests of which nobody doubts where the first ends are two, except where each ends its connection."""
    assert server.is_smuggled_by(b"Content-Length: 0") or server.name == "werkzeug"


def test_cve_2024_1135(server: Talk) -> None:
    """Transfer codings that contradict one another, of which `chunked` is not the last, end no body early."""
    for coding in (
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Transfer-Encoding: chunked, identity",
    ):
        assert not server.is_smuggled_by(coding + b"\r\nContent-Length: LENGTH", b"0\r\n\r\n")
    assert not server.is_smuggled_by(b"Transfer-Encoding: chunked, gzip", b"0\r\n\r\n")


def test_cve_2024_6827(server: Talk) -> None:
    """What only looks like `chunked` neither frames the body nor leaves that to its length."""
    for coding in (b"xchunked", b"chunked-false", b'"chunked"', b"chunked\x00", b"ch\xc5\xbfunked"):
        assert not server.is_smuggled_by(b"Transfer-Encoding: " + coding + b"\r\nContent-Length: 5", b"0\r\n\r\n")


def test_cve_2019_16786(server: Talk) -> None:
    """A transfer coding that nobody knows is no body of no length, behind which the next request would begin."""
    for coding in (b"foo", b"foo, bar", b"chunkedfoo"):
        assert not server.is_smuggled_by(b"Transfer-Encoding: " + coding)


def test_cve_2019_16789(server: Talk) -> None:
    """A blank that is none in HTTP, or one before the colon, makes no header that frames behind a proxy's back."""
    assert not server.is_smuggled_by(b"Transfer-Encoding: \x0bchunked\r\nContent-Length: 5", b"0\r\n\r\n")
    assert not server.is_smuggled_by(b"Transfer-Encoding : chunked\r\nContent-Length: 5", b"0\r\n\r\n")
    assert not server.is_smuggled_by(b"Content-Length : 0\r\nContent-Length: LENGTH")


def test_cve_2019_16792(server: Talk) -> None:
    """Two lengths are none."""
    assert not server.is_smuggled_by(b"Content-Length: 0\r\nContent-Length: LENGTH")
    assert not server.is_smuggled_by(b"Content-Length: 0, LENGTH")


def test_cve_2022_24761(server: Talk) -> None:
    """A length that is not of ASCII digits alone is none, whatever Python would make of it."""
    for length in (b"+0", b"-0", b"-1", b"0_0", b"0x0", b"\xef\xbc\x90", b"0.0", b" \x0b0"):
        assert not server.is_smuggled_by(b"Content-Length: " + length), length


def test_cve_2022_24801(server: Talk) -> None:
    """Nor is that of a chunk."""
    for size in (b"0x0", b"+0", b"-0", b"0_0", b"\xef\xbc\x90"):
        assert not server.is_smuggled_by(b"Transfer-Encoding: chunked", size + b"\r\n\r\n"), size


def test_cve_2025_43859(server: Talk) -> None:
    """A chunk ends with a line break, not with any two bytes."""
    assert not server.is_smuggled_by(b"Transfer-Encoding: chunked", b"1\r\nAXX0\r\n\r\n")


def test_cve_2024_52304(server: Talk) -> None:
    """A chunk's extension does not end at a line feed that others read over."""
    inner = b"GET /smuggled-%d HTTP/1.1\r\nHost: a\r\n\r\n" % next(tokens)
    server.say(b"POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n", inner)
    assert inner.split()[1].decode() not in server.told()["paths"]


def test_cve_2023_47641(server: Talk) -> None:
    """What begins as `chunked` does is not chunked, and HTTP/1.0, which knows no chunks, has none."""
    assert not server.is_smuggled_by(b"Transfer-Encoding: chunked123\r\nContent-Length: 5", b"0\r\n\r\n")
    head = b"Connection: keep-alive\r\nTransfer-Encoding: chunked"
    assert not server.is_smuggled_by(head, b"0\r\n\r\n", b"POST /first HTTP/1.0")


def test_cve_2025_58068(server: Talk) -> None:
    """What stands behind the last chunk is no header of the request, and not the next request."""
    head = b"POST /first HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = server.say(head + b"1\r\nA\r\n0\r\nX-Trailer: forged\r\nContent-Length: 3\r\n\r\n")
    assert b'"trailer":"forged"' not in answer
    assert b'"length":3' not in answer


def test_cve_2023_41419(server: Talk) -> None:
    """Nor is a trailer that looks like a request."""
    assert not server.is_smuggled_by(b"Transfer-Encoding: chunked", b"1\r\nA\r\n0\r\n")


def test_cve_2022_29361(server: Talk) -> None:
    """A body that no view has read is not the next request, whichever method it came with."""
    for line in (b"POST /unread/1 HTTP/1.1", b"GET /unread/2 HTTP/1.1", b"DELETE /asked HTTP/1.1"):
        assert not server.is_smuggled_by(b"Content-Length: LENGTH", line=line)


def test_cve_2024_41671(server: Talk) -> None:
    """Requests in one packet are answered in their order, each to its own."""
    one = b"GET /one-%d HTTP/1.1\r\nHost: a\r\n\r\n" % next(tokens)
    chunked = b"POST /two HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n"
    answers = server.say(one + chunked + b"GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    paths = [part.partition(b'"')[0] for part in answers.split(b'"path":"')[1:]]
    assert paths == [one.split()[1], b"/two", b"/three"][: len(paths)]
    assert paths


def test_cve_2020_7694(server: Talk) -> None:
    """No path of a request writes what a terminal obeys, or a second line, into what a server writes."""
    server.say(b"GET /%1b]0;forged%07%0d%0aFORGED%20LINE HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    server.say(
        b"GET /\x1b]0;forged\x07 HTTP/1.1\r\nHost: a\r\nUser-Agent: \x1b]0;forged\x07\r\nConnection: close\r\n\r\n"
    )
    assert server.told()
    assert "\x1b]0;" not in server.log()
    assert not any(line.startswith("FORGED") for line in server.log().splitlines())


def test_cve_2026_42544(server: Talk) -> None:
    """A handshake of a WebSocket with a subprotocol that is not ASCII does not end the process that gets it."""
    before = server.told()["process"]
    server.say(
        b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: caf\xc3\xa9\xff\r\n\r\n"
    )
    assert server.told()["process"] == before
