"""Reading a request's body from a WSGI environment (PEP 3333): small ones at once, others without copies on the way.

No body is read here past its length or past its limit, and none is given out in part as if it were whole: what is too
long, too short or unreadable is refused by an HTTP error, and so is every further look at it.

The private names of Werkzeug that are used here: `LimitedStream._pos`, `_limit_is_max` and `_stream`.
"""

from __future__ import annotations

import io
import sys
import typing as t

from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    LengthRequired,
    RequestEntityTooLarge,
    RequestTimeout,
)
from werkzeug.wsgi import LimitedStream as _LimitedStream
from werkzeug.wsgi import get_content_length

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    class BodyStream(t.IO[bytes]):
        """A body to read from, also by `async for` in asynchronous views."""

        def __aiter__(self) -> t.AsyncIterator[bytes]: ...


# As much as Werkzeug reads at once: to ask a server's buffer for more may reserve that much before anything has come.
AT_ONCE = 64 * 1024

_ENDED_EARLY = "The body of the request ended after {} of {} bytes."
_UNREADABLE = "The body of the request could not be read."
_UNDELIMITED = (
    "The body of the request has no Content-Length, and this server does not say where such a body ends."
    " Send it with a length."
)
_TOO_LONG = (
    "The body of the request has no Content-Length, and more than the {} bytes that such a body may have"
    " (MAX_CHUNKED_LENGTH). Send it with a length."
)


def refusal(kind: type[HTTPException], words: str | None = None) -> HTTPException:
    """The error by which a body is refused; wherever it comes up, in a view or after it, it is the client's."""
    error: t.Any = kind(words)
    error._refuses_body = True
    return error  # type: ignore[no-any-return]


def too_large(words: str) -> HTTPException:
    """The 413 that says what was too large, and the setting that says how large it may be."""
    return refusal(RequestEntityTooLarge, words)


def small_length(environ: WSGIEnvironment, limit: int | None) -> int:
    """The length of a body that may be read at once; 0 where there is none, or more is to be known about it."""
    stated = environ["CONTENT_LENGTH"] if "CONTENT_LENGTH" in environ else None
    if not stated or len(stated) > 5 or "HTTP_TRANSFER_ENCODING" in environ or "HTTP_CONTENT_ENCODING" in environ:
        return 0
    length = _lengths.get(stated)
    if length is None:
        length = _length(stated)
    return 0 if limit is not None and length > limit else length


# PERF: most bodies are of a few lengths, and to look one up takes a fifth of asking what is a number.
_lengths: dict[str, int] = {}


def _length(stated: str) -> int:
    """A length of at most five digits, or 0 for one that is too large or none; it is kept, and few of them are."""
    length = int(stated) if stated.isascii() and stated.isdigit() else 0
    if length > AT_ONCE:
        length = 0
    if len(_lengths) >= 4096:
        _lengths.clear()
    _lengths[stated] = length
    return length


def stream_of(environ: WSGIEnvironment, limit: int | None, position: int = 0) -> t.IO[bytes]:
    """A body of which so much was read already, as a stream that ends where the body does.

    Raises 413 where it is said to be longer than the limit, and 411 where nobody knows its end.
    """
    is_ended = environ.get("wsgi.input_terminated")
    length = get_content_length(environ)
    if is_ended and length is not None and _is_uncertain(environ):
        length = None
    if length is None and is_ended:
        stream = LimitedStream(environ["wsgi.input"], sys.maxsize if limit is None else limit, True)
    elif length is not None:
        if limit is not None and length > limit:
            raise refusal(RequestEntityTooLarge)
        stream = LimitedStream(environ["wsgi.input"], length)
    elif "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        raise refusal(LengthRequired, _UNDELIMITED)
    else:
        return io.BytesIO()
    stream._pos = position
    return t.cast("t.IO[bytes]", stream)


def _is_uncertain(environ: WSGIEnvironment) -> bool:
    """Whether a server that ends bodies itself knows better than the length in the environment."""
    stated = environ["CONTENT_LENGTH"]
    if not stated or (stated.strip("0 ") and get_content_length(environ) == 0):
        return True  # no number states no length; uWSGI has an empty one where there is none
    # Apache decodes a body as it is read, after the environment was made (mod_deflate).
    return "mod_wsgi.version" in environ and "HTTP_CONTENT_ENCODING" in environ


class LimitedStream(_LimitedStream):
    """Werkzeug's, reading straight from its source: a body of 10 MB takes 1.5 ms instead of 6.

    What is refused stays so: once an error was raised, each further attempt to read raises it again.
    """

    _refused: tuple[type[HTTPException], str | None] | None = None
    _is_ended = False  # whether the source has said so, of a body without a length
    _too_long: str | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return self.readall()
        return self._take(self._stream.read, size)

    def readall(self) -> bytes:
        pieces = []
        while piece := self.read(AT_ONCE):
            pieces.append(piece)
        return b"".join(pieces)

    def readinto(self, buffer: t.Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readline(self, size: int | None = -1, /) -> bytes:
        source = self._stream
        if not (isinstance(source, io.BufferedIOBase) or type(source).__module__ == "gunicorn.http.body"):
            # PEP 3333 lets servers do without the size, and Granian takes line breaks away: byte by byte, as Werkzeug.
            return super().readline(-1 if size is None else size)
        most = sys.maxsize if size is None or size < 0 else size
        line = self._take(source.readline, most)
        if line and len(line) < most and self._pos < self.limit and not (self._limit_is_max or line.endswith(b"\n")):
            self.on_disconnect()  # the source has ended: half a line is none
        return line

    def _take(self, read: t.Callable[[int], bytes], size: int) -> bytes:
        """So much from the source, or less; never more than there may be."""
        remaining = self._remaining()
        if remaining <= 0:
            self.on_exhausted()
            return b""
        if not size:
            return b""
        try:
            data = read(min(size, remaining))
        except Exception as error:  # noqa: BLE001 - each server has errors of its own
            self.fail(error)
        if not data:
            self.on_disconnect()
        self._pos += len(data)
        return data

    def _remaining(self) -> int:
        """How much there may be before the end, or before the limit; raises what was raised before."""
        if self._refused is not None:
            raise refusal(*self._refused)
        return 0 if self._is_ended else self.limit - self._pos

    def on_exhausted(self) -> None:
        """Raise 413 where the limit is the largest length allowed, and there is more; exactly as much is well."""
        if self._is_ended or not self._limit_is_max:
            return
        try:
            more = self._stream.read(1)
        except Exception as error:  # noqa: BLE001 - as above
            self.fail(error)
        if more:
            self._refuse(RequestEntityTooLarge, self._too_long)
        self._is_ended = True

    def on_disconnect(self, error: Exception | None = None) -> None:
        """Raise 400: the source has ended before the length, or failed. One without a length has just ended."""
        if error is None and self._limit_is_max:
            self._is_ended = True
            return
        self._refuse(
            ClientDisconnected, _ENDED_EARLY.format(self._pos, self.limit) if error is None else _UNREADABLE, error
        )

    @property
    def has_no_end(self) -> bool:
        """Whether it may go on and on: neither a length was stated, nor is there a limit."""
        return self._limit_is_max and self.limit == sys.maxsize

    def bound(self, most: int) -> None:
        """Have what is left end in 413 after so much."""
        self.limit = self._pos + most
        self._too_long = _TOO_LONG.format(most)

    def fail(self, error: Exception) -> t.NoReturn:
        """Refuse the body for what its source raised: 400, or what an event loop's server knows it to be."""
        if isinstance(error, (ClientDisconnected, RequestTimeout)):
            self._refuse(type(error), error.description, error)
        if not isinstance(error, (HTTPException, MemoryError)):
            self.on_disconnect(error)
        raise error

    def _refuse(self, kind: type[HTTPException], words: str | None, cause: Exception | None = None) -> t.NoReturn:
        self._refused = kind, words  # not the error, which would hold the frames that hold this
        discard = getattr(self._stream, "discard", None)
        if discard is not None:
            discard()
        raise refusal(kind, words) from cause

    async def __aiter__(self) -> t.AsyncIterator[bytes]:
        """The pieces as they come, for asynchronous views: waited for on an event loop's server, else in a thread."""
        receive = getattr(self._stream, "receive", None)
        if receive is None:
            from asyncio import to_thread

            while piece := await to_thread(self.read, AT_ONCE):
                yield piece
            return
        while piece := await self._receive(receive):
            yield piece

    async def _receive(self, receive: t.Callable[[], t.Awaitable[bytes]]) -> bytes:
        """The next piece; empty at the end."""
        remaining = self._remaining()
        if self._is_ended or (remaining <= 0 and not self._limit_is_max):
            return b""
        try:
            piece = await receive()
        except Exception as error:  # noqa: BLE001 - as above
            self.fail(error)
        if not piece:
            self.on_disconnect()
        elif len(piece) > remaining and self._limit_is_max:
            self._refuse(RequestEntityTooLarge, self._too_long)
        piece = piece[:remaining]
        self._pos += len(piece)
        return piece


LimitedStream.__module__ = _LimitedStream.__module__  # to users it is Werkzeug's


def refused(error: HTTPException) -> t.IO[bytes]:
    """A stream of which every reading ends in an error like this."""
    stream = LimitedStream(io.BytesIO(), 0)
    stream._refused = type(error), error.description
    return t.cast("t.IO[bytes]", stream)
