"""HTTP/1.1 as it stands on the wire: what a test sends goes out byte for byte, and an answer keeps every byte it had.

It never repairs, retries or follows anything, and it never waits longer than its patience.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import typing as t

HOST = "site.test"
PATIENCE = 20.0
"""Seconds that any one answer may take, on a machine that does much else."""

Headers = t.Sequence[tuple[str, str]]


class Broken(AssertionError):
    """The answer ended before it was whole, or is not HTTP."""


class Answer(t.NamedTuple):
    """One response: its status line, its header lines in order, and its body without the framing."""

    version: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """The values of each header line with a name, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str | None:
        """The value of a header that is there once or not at all."""
        values = self.all(name)
        assert len(values) < 2, f"{name} twice: {values}"
        return values[0] if values else None

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> t.Any:
        assert self.status == 200, self
        return json.loads(self.body)


def request_head(
    target: str = "/", method: str = "GET", headers: Headers = (), host: str | None = HOST, version: str = "1.1"
) -> bytes:
    """A request line and header lines, each character a byte, with the empty line that ends them."""
    lines = [f"{method} {target} HTTP/{version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One piece of a body in the chunked coding; the empty one is the last, without the line that ends the trailers."""
    return b"%x\r\n%s%s" % (len(data), data, b"\r\n" if data else b"")


class Connection:
    """One connection to a server."""

    def __init__(self, port: int, patience: float = PATIENCE) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), patience)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port of this end."""
        found: int = self._socket.getsockname()[1]
        return found

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def close(self) -> None:
        """End the connection as a browser does when its tab is closed."""
        self._file.close()
        self._socket.close()

    def reset(self) -> None:
        """End the connection as a machine does that has gone: the other side's next write fails."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def has_begun(self) -> bool:
        """Whether anything comes before the end of the connection; waits for one or the other."""
        return bool(self._file.peek(1))

    def some(self) -> bytes:
        """What there is by now, or comes next; empty at the end of the connection."""
        return self._file.read1(65536)

    def end_of_sending(self) -> None:
        """Tell the server that this end will send nothing more, and still wants to hear."""
        self._socket.shutdown(socket.SHUT_WR)

    def ended(self) -> bool:
        """Whether the server ends the connection without another byte; waits for one or the other."""
        with contextlib.suppress(ConnectionError):
            return self._file.read(1) == b""
        return True

    def everything(self) -> bytes:
        """All that comes until the server ends the connection."""
        received = []
        with contextlib.suppress(ConnectionError):
            while data := self._file.read1(65536):
                received.append(data)
        return b"".join(received)

    def end_sending(self) -> bytes:
        """All that still comes after telling the server that this end will send nothing more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        return self.everything()

    def finished(self) -> bool:
        """The same, after telling the server that this end will send nothing more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        return self.ended()

    def goes_on_after(self, answer: Answer) -> bool:
        """Whether this connection serves another request, or ends without another byte, as a server may choose."""
        if (answer.one("Connection") or "").lower() == "close":
            return self.finished()
        with contextlib.suppress(ConnectionError):
            self.send(request_head("/text"))
            if self._file.peek(1):
                return self.answer().body == b"a text\n"
        return True

    def _line(self) -> str:
        try:
            line = self._file.readline()
        except ConnectionError as error:
            raise Broken(f"the connection broke: {error}") from error
        if not line.endswith(b"\r\n"):
            raise Broken(f"the connection ended after {line!r}")
        return line[:-2].decode("latin-1")

    def _exactly(self, count: int) -> bytes:
        try:
            data = self._file.read(count)
        except ConnectionError as error:
            raise Broken(f"the connection broke: {error}") from error
        if len(data) != count:
            raise Broken(f"the connection ended after {len(data)} of {count} bytes")
        return data

    def head(self) -> Answer:
        """The next response's status line and headers, be it an interim one; its body is not read."""
        version, _, rest = self._line().partition(" ")
        status = rest.partition(" ")[0]
        if not version.startswith("HTTP/") or not status.isdecimal():
            raise Broken(f"not a status line: {version!r} {rest!r}")
        headers: list[tuple[str, str]] = []
        while line := self._line():
            name, colon, value = line.partition(":")
            assert colon, f"not a header line: {line!r}"
            headers.append((name, value.strip(" \t")))
        return Answer(version, int(status), headers, b"")

    def pieces(self, head: Answer) -> t.Iterator[bytes]:
        """The body's pieces as they come, for any framing; raises `Broken` where its end is missing."""
        if (head.one("Transfer-Encoding") or "").lower() == "chunked":
            while size := int(self._line().partition(";")[0], 16):
                yield self._exactly(size)
                assert self._line() == "", "a chunk is longer than it says"
            while self._line():
                pass
        elif (length := head.one("Content-Length")) is not None:
            left = int(length)
            while left:
                data = self._file.read1(left)
                if not data:
                    raise Broken(f"the connection ended {left} bytes too early")
                left -= len(data)
                yield data
        else:
            while data := self._file.read1(65536):
                yield data

    def answer(self, method: str = "GET") -> Answer:
        """The next final response, whole; interim ones are passed over."""
        head = self.head()
        while head.status < 200:
            head = self.head()
        if method == "HEAD" or head.status in {204, 304}:
            return head
        return head._replace(body=b"".join(self.pieces(head)))

    def ask(self, target: str = "/", method: str = "GET", headers: Headers = (), body: bytes = b"") -> Answer:
        """Send a request that keeps the connection, and read its answer."""
        if body:
            headers = [*headers, ("Content-Length", str(len(body)))]
        self.send(request_head(target, method, headers) + body)
        return self.answer(method)
