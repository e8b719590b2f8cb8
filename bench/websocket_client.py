"""A small WebSocket client (RFC 6455) that costs little beside the server that it asks; it takes no answer for granted.

It offers no extension, so that nothing is compressed. As a program it is to echoes what wrk is to answers:

    python -m bench.websocket_client PORT PATH CONNECTIONS SECONDS      how many came back, and in what time, as JSON
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import sys
import time
import typing as t

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
FINAL, MASKED = 0x80, 0x80
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
MESSAGE = "a message that comes back as it went"
WAIT = 30  # seconds for a handshake or a last answer


def frame(opcode: int, data: bytes) -> bytes:
    """A whole message, masked as a client has to; the mask is one for all, as nothing here has to be hidden."""
    length = len(data)
    if length < 126:
        head = bytes((FINAL | opcode, MASKED | length))
    elif length < 65_536:
        head = bytes((FINAL | opcode, MASKED | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((FINAL | opcode, MASKED | 127)) + length.to_bytes(8, "big")
    mask = b"\x01\x02\x03\x04"
    masked = int.from_bytes(data, "big") ^ int.from_bytes((mask * (length // 4 + 1))[:length], "big")
    return head + mask + masked.to_bytes(length, "big")


class Frames:
    """Takes the bytes that a server sends apart, wherever they were cut."""

    def __init__(self) -> None:
        self._left = b""

    def fed(self, data: bytes) -> t.Iterator[tuple[int, bytes]]:
        """Opcode and data of each frame that is whole now; ends the measurement at what is not a whole message."""
        data, begin = self._left + data, 0
        while len(data) - begin >= 2:
            first, length = data[begin], data[begin + 1]
            start = begin + 2
            if length > 125:
                start += 2 if length == 126 else 8
                if len(data) < start:
                    break
                length = int.from_bytes(data[begin + 2 : start], "big")
            if len(data) < start + length:
                break
            if first & 0xF0 != FINAL:
                raise ValueError(f"a frame that is not a whole message, or of an extension: {first:#x}")
            yield first & 0x0F, data[start : start + length]
            begin = start + length
        self._left = data[begin:]


class Socket(asyncio.Protocol):
    """One WebSocket. `hear` is called with the text of each message; `ended` gives the close code, None without one."""

    def __init__(self, path: str, hear: t.Callable[[Socket, str], None]) -> None:
        self._path, self._hear = path, hear
        self._key = base64.b64encode(os.urandom(16))
        self._head: bytes | None = b""
        self._frames = Frames()
        self._transport: asyncio.Transport
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[int | None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = t.cast(asyncio.Transport, transport)
        self._transport.write(
            b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n" % (self._path.encode(), self._key)
        )

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head, found, data = (self._head + data).partition(b"\r\n\r\n")
            if not found:
                return
            self._insist_on_the_handshake(self._head)
            self._head = None
        for opcode, said in self._frames.fed(data):
            if opcode == TEXT:
                self._hear(self, said.decode())
            elif opcode == PING:
                self._transport.write(frame(PONG, said))
            elif opcode == CLOSE:
                self._end(int.from_bytes(said[:2], "big") if said else None)
                self._transport.write(frame(CLOSE, said[:2]))
                self._transport.close()
            elif opcode != PONG:
                raise ValueError(f"an unexpected frame: opcode {opcode}, {said[:100]!r}")

    def _insist_on_the_handshake(self, head: bytes) -> None:
        right = base64.b64encode(hashlib.sha1(self._key + ACCEPT).digest())
        if head.startswith(b"HTTP/1.1 101 ") and right in head:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(ValueError(f"no WebSocket: {head[:400]!r}"))
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError("closed during the handshake"))
        if error is None:
            self._end(None)
        elif not self.ended.done():
            self.ended.set_exception(error)

    def _end(self, code: int | None) -> None:
        if not self.ended.done():
            self.ended.set_result(code)

    def send(self, text: str) -> None:
        """Send a message."""
        self._transport.write(frame(TEXT, text.encode()))

    async def close(self, code: int = 1000) -> int | None:
        """Close as the protocol asks; the code that the server answers with."""
        if not self.ended.done():
            self._transport.write(frame(CLOSE, code.to_bytes(2, "big")))
        return await asyncio.wait_for(self.ended, WAIT)

    def abort(self) -> None:
        """Be gone, as a client is whose connection breaks."""
        self._transport.abort()


async def connected(port: int, path: str, hear: t.Callable[[Socket, str], None]) -> Socket:
    """A WebSocket whose handshake was right."""
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(lambda: Socket(path, hear), "127.0.0.1", port)
    await asyncio.wait_for(socket.opened, WAIT)
    return socket


async def echoes(port: int, path: str, connections: int, seconds: float) -> dict[str, float]:
    """How many messages came back while each connection had one on its way, and the seconds it took.

    Raises ValueError at a message that is not what was sent, ConnectionError or TimeoutError if one does not come back.
    """
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    count, under_way, end = 0, connections, float("inf")

    def hear(socket: Socket, text: str) -> None:
        nonlocal count, under_way
        if text != MESSAGE:
            raise ValueError(f"{MESSAGE!r} came back as {text!r}")
        count += 1
        if time.perf_counter() < end:
            socket.send(MESSAGE)
            return
        under_way -= 1
        if not under_way:
            over.set_result(None)

    sockets = await asyncio.gather(*(connected(port, path, hear) for _ in range(connections)))
    begin = time.perf_counter()
    end = begin + seconds
    for socket in sockets:
        socket.send(MESSAGE)
    ended = [socket.ended for socket in sockets]
    either: set[asyncio.Future[t.Any]] = {over, *ended}
    await asyncio.wait(either, timeout=seconds + WAIT, return_when=asyncio.FIRST_COMPLETED)
    took = time.perf_counter() - begin
    for early in ended:
        if early.done():
            raise ConnectionError(f"closed with {early.result()} while it was echoing")
    if not over.done():
        raise TimeoutError(f"{under_way} of {connections} messages did not come back")
    await asyncio.gather(*(socket.close() for socket in sockets))
    return {"count": count, "seconds": took}


if __name__ == "__main__":
    on_port, at_path, many, lasting = sys.argv[1:]
    print(json.dumps(asyncio.run(echoes(int(on_port), at_path, int(many), float(lasting)))))
