"""The body of a request as its code reads it, `wsgi.input`: whole, or in pieces that a server's event loop receives.

What takes a body apart, and what is too much of it, is not decided here.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
import typing as t

from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestTimeout

from .fibers import wait_for

R = t.TypeVar("R")

PIECE = 64 * 1024
_IN_MEMORY = 500_000  # bytes of a received body, beyond which it goes to a temporary file
_SLOW = "The body of the request did not come in time."
_GONE = "The client has gone in the middle of the body of the request."

Receive = t.Callable[[], t.Coroutine[t.Any, t.Any, tuple[bytes, bool]]]


class Incoming(io.RawIOBase):
    """A body that comes in pieces: `wsgi.input`."""

    def __init__(self, receive: Receive, timeout: float | None, piece: bytes) -> None:
        super().__init__()
        self._receive = receive
        self._timeout = timeout  # seconds for a piece, or for all of it
        self._piece = memoryview(piece)
        self._kept: t.IO[bytes] | None = None
        self._error: tuple[type[HTTPException], str | None] | None = None  # the error itself would hold its frames
        self.is_complete = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        """Read what is there, or wait for more; 0 at the end."""
        view = memoryview(buffer)
        while True:
            if self._piece:
                count = min(len(view), len(self._piece))
                view[:count] = self._piece[:count]
                self._piece = self._piece[count:]
                return count
            if self._kept is not None:
                data = self._kept.read(len(view))
                if data:
                    view[: len(data)] = data
                    return len(data)
            if self.is_complete:
                self._check()
                return 0
            self._piece = memoryview(wait_for(self.next()))

    async def next(self) -> bytes:
        """The next piece; empty at the end. Raises `ClientDisconnected`, `RequestTimeout`."""
        piece = await self._within_time(self._receive_next())
        self._check()
        return piece or b""

    def _check(self) -> None:
        if self._error is not None:
            kind, words = self._error
            raise kind(words)

    async def _receive_next(self) -> bytes:
        piece, more = await self._receive()
        self.is_complete = not more
        return piece

    async def _within_time(self, steps: t.Coroutine[t.Any, t.Any, R]) -> R | None:
        """Await what receives; where it broke off or took too long, the body ends there, with that error."""
        try:
            async with asyncio.timeout(self._timeout):
                return await steps
        except TimeoutError:
            self._error = RequestTimeout, _SLOW
        except ClientDisconnected:
            self._error = ClientDisconnected, _GONE
        self.is_complete = True
        return None

    async def take(self) -> bytes:
        """What is there, or else the next piece; empty at the end."""
        piece = bytes(self._piece)
        self._piece = memoryview(b"")
        if not piece and self._kept is not None:
            piece = self._kept.read(PIECE)
        while not piece and not self.is_complete:
            piece = await self.next()
        if not piece:
            self._check()
        return piece

    async def receive_all(self, limit: int | None) -> None:
        """Receive the rest, or a byte more than `limit`, which whoever reads it finds; large ones go to a file.

        That it broke off is told to whoever reads so far.
        """
        kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)
        kept.write(self._piece)
        count = len(self._piece)
        self._piece = memoryview(b"")

        async def receive() -> None:
            nonlocal count
            while not self.is_complete and (limit is None or count <= limit):
                piece = await self._receive_next()
                count += len(piece)
                kept.write(piece)

        await self._within_time(receive())
        kept.seek(0)
        self._kept = t.cast("t.IO[bytes]", kept)

    def discard(self) -> None:
        """Let go of what was received and nobody will read."""
        self._piece = memoryview(b"")
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def close(self) -> None:
        self.discard()
        super().close()


class Body(io.BufferedReader):
    """The same with a buffer, and as pieces that are awaited."""

    raw: Incoming

    async def receive(self) -> bytes:
        """The next piece; empty at the end."""
        return await self.raw.take()

    def discard(self) -> None:
        """Let go of what was received and nobody will read."""
        self.raw.discard()

    async def __aiter__(self) -> t.AsyncIterator[bytes]:
        while piece := await self.receive():
            yield piece


class Whole(io.BytesIO):
    """A body that came at once."""

    async def receive(self) -> bytes:
        """The rest."""
        return self.read()

    async def __aiter__(self) -> t.AsyncIterator[bytes]:
        if piece := self.read():
            yield piece
