"""A response on its way out: the headers and the body that Werkzeug's `get_wsgi_response` gives, in fewer steps.

Nothing is sent here that Werkzeug would not send: what is not understood is declined, by None. That none of a
response's steps was overridden is asked by the caller.
"""

from __future__ import annotations

import os
import typing as t
from io import FileIO
from types import GeneratorType

from werkzeug.http import remove_entity_headers
from werkzeug.wsgi import FileWrapper

from ._contracts import stock
from ._sendable import check_headers, check_line, lines, rewritten
from ._unicode import encoded

if t.TYPE_CHECKING:
    import asyncio

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_Pairs = list[tuple[str, str]]


class Closing:
    """A body that closes its response.

    PERF: whoever iterates it gets what encodes its chunks, and so no function of this class is called for one.
    """

    __slots__ = ("_chunks", "_ends", "_response")

    def __init__(self, response: t.Any, chunks: t.Iterator[t.Any], ends: bool) -> None:
        self._response = response
        self._chunks = chunks
        self._ends = ends  # whether the response's own iterator is let go by closing what encodes it

    def __iter__(self) -> t.Iterator[t.Any]:
        return self._chunks

    def __next__(self) -> t.Any:
        return next(self._chunks)

    @property
    def non_blocking(self) -> bool:
        """Whether the chunks may be made on a server's event loop."""
        return getattr(self._response.response, "non_blocking", False)

    def close(self) -> None:
        """Close what encodes, then the response: its iterable, then what was registered to be called."""
        if self._ends:
            self._chunks.close()  # type: ignore[attr-defined]
        response = self._response
        if response._closes:
            response.close()
            return
        body = response.response  # PERF: all that closing does then, without three calls to find out
        if type(body) is GeneratorType or hasattr(body, "close"):
            body.close()


def is_asynchronous(body: t.Any) -> bool:
    """Whether a body can be iterated only by `async for`. A proxy has the methods for both ways, and decides later."""
    kind = type(body)
    return hasattr(kind, "__aiter__") and not hasattr(kind, "__iter__")


class AsyncChunks:
    """What an asynchronous iterable gives, as an iterator: each step runs on the event loop of whoever serves.

    `ensure_sync` is the app's.
    """

    non_blocking = True

    def __init__(self, source: t.AsyncIterable[t.Any], ensure_sync: t.Callable[..., t.Any]) -> None:
        self._source = aiter(source)
        self._run = ensure_sync(self._take)
        self._steps: _Steps | None = None

    async def _take(self, method: t.Callable[[], t.Awaitable[t.Any]]) -> t.Any:
        if self._steps is None and stock.calls_are_tasks():
            self._steps = _Steps(self._source)
        if self._steps is not None:
            return await self._steps.take(method)
        try:
            return await method()
        except StopAsyncIteration:
            return _END

    def __iter__(self) -> AsyncChunks:
        return self

    def __next__(self) -> t.Any:
        chunk = self._run(self._source.__anext__)
        if chunk is _END:
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Close an asynchronous generator, which may wait for something then."""
        aclose = getattr(self._source, "aclose", None)
        if aclose is None:
            return
        try:
            self._run(aclose)
        except BaseExceptionGroup as error:
            # A task group around the step says so that the generator was closed there.
            rest = error.split(GeneratorExit)[1]
            if rest is not None:
                raise rest from error.__cause__


class _Steps:
    """An asynchronous iterator's steps, all taken by one task, where each is asked for by another.

    A time limit or a task group that the iterator enters in one step and leaves in a later one is bound to the task.
    """

    def __init__(self, source: t.Any) -> None:
        import asyncio  # PERF: most programs send nothing asynchronous

        self._throw = getattr(source, "athrow", None)
        self._asked: asyncio.Queue[t.Any] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._cancelled = asyncio.CancelledError
        self._early: tuple[t.Any, BaseException | None] | None = None

    async def take(self, method: t.Callable[[], t.Awaitable[t.Any]]) -> t.Any:
        """What a step gives, or the mark of the end."""
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._work())
        answer = self._loop.create_future()
        self._asked.put_nowait((method, answer))
        try:
            result, error = await answer
        except self._cancelled:
            self._task.cancel()
            raise
        if error is not None:
            raise error
        return result

    async def _work(self) -> None:
        """Take steps, up to the end, an error, or the close."""
        while True:
            try:
                method, answer = await self._asked.get()
            except self._cancelled as error:
                if self._throw is None:
                    raise
                # What the iterator has entered cancels it, between two steps: it goes on to the next by that.
                self._early = await _outcome(self._throw, error)
                if isinstance(self._early[1], self._cancelled):
                    raise
                continue
            outcome, self._early = self._early, None
            if outcome is None or method.__name__ != "__anext__":
                outcome = await _outcome(method)
            if not answer.done():
                answer.set_result(outcome)
            if outcome[0] is _END or outcome[1] is not None or method.__name__ != "__anext__":
                return


async def _outcome(method: t.Callable[..., t.Awaitable[t.Any]], *args: t.Any) -> tuple[t.Any, BaseException | None]:
    try:
        return await method(*args), None
    except StopAsyncIteration:
        return _END, None
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is of whoever asked
        return None, error


class NonBlocking:
    """An iterator whose steps may run on a server's event loop."""

    non_blocking = True

    def __init__(self, steps: t.Generator[t.Any]) -> None:
        self._steps = steps

    def __iter__(self) -> t.Iterator[t.Any]:
        return self._steps

    def __next__(self) -> t.Any:
        return next(self._steps)

    def close(self) -> None:
        """Close it."""
        self._steps.close()


_END = object()


def send(
    response: t.Any, pairs: _Pairs, environ: WSGIEnvironment, start_response: StartResponse
) -> t.Iterable[bytes] | None:
    """Start the response and give its body; None, with nothing started, where that is Werkzeug's to do.

    `pairs` is the list behind the headers.
    """
    status = response._status_code
    body = response.response
    is_stream = type(body) is GeneratorType
    touched = response._headers is not None
    if touched or not (is_stream or type(body) is FileWrapper):
        # Somebody may have changed the headers, or there may be a length to find out.
        names = {name.lower() for name, _ in pairs}
        if not rewritten.isdisjoint(names):
            return None
        if "content-length" not in names and isinstance(body, (list, tuple)) and status not in {204, 304}:
            return None

    if status < 200:
        return None
    if response._status not in lines:
        check_line(response._status)
    if touched:
        check_headers(pairs)
    sent: t.Any  # PERF: a cast is a call
    if status == 304 or status == 204:
        pairs = _unmodified(pairs) if status == 304 else [pair for pair in pairs if pair[0].lower() != "content-length"]
        sent = _closed(response, body)
    else:
        pairs = pairs.copy()
        if environ["REQUEST_METHOD"] == "HEAD":
            sent = _closed(response, body)
        elif response.direct_passthrough:
            sent = _read(body) if type(body) is FileWrapper else body
            if response._closes:
                sent = Closing(response, iter(sent), False)
        else:
            # Closing the response ends a generator.
            sent = Closing(response, encoded_chunks(body), not is_stream)
    start_response(response._status, pairs)
    return sent  # type: ignore[no-any-return]


def _closed(response: t.Any, body: t.Any) -> t.Iterable[bytes]:
    """No body, but the response to be closed; or closed, if it is only a small file and nobody else waits for it."""
    if type(body) is FileWrapper and not response._closes and _small(body) is not None:
        _close_file(body.file)
        return []
    return Closing(response, iter(()), False)


def _small(body: t.Any) -> int | None:
    """The size of a `FileIO` that whoever opened it knows to be small, whose reading and closing is nobody else's."""
    try:
        file, size, block = body.small
    except AttributeError:
        return None
    if (
        file is body.file
        and body.buffer_size == block
        and len(body.__dict__) == 3  # nobody has put a method of his own there
        and FileWrapper.__next__ is _next_block
        and FileWrapper.close is _close_wrapper
    ):
        return size  # type: ignore[no-any-return]
    return None


_next_block, _close_wrapper = FileWrapper.__next__, FileWrapper.close
_read_file: t.Any = FileIO.read  # PERF: asked of the file itself, the two take twice the time
_close_file: t.Any = FileIO.close


def _read(body: t.Any) -> t.Any:
    """A small file, read and closed; the body itself where it is to be read as it is sent, block by block."""
    size = _small(body)
    if size is None:
        return body
    file = body.file
    try:
        data = _read_file(file, size + 1)
        if len(data) > size:  # it has grown
            file.seek(-len(data), os.SEEK_CUR)
            return body
        _close_file(file)
    except (OSError, ValueError):  # which comes again in its place
        return body
    return [data] if data else []


def encoded_chunks(body: t.Iterable[t.Any], encode: t.Any = str.encode) -> t.Generator[bytes]:
    """The chunks of a body as bytes: text in UTF-8, whatever else as it is."""
    chunks = iter(body)
    chunk: t.Any = ""
    try:
        for chunk in chunks:  # PERF: as long as all is text, no look at a chunk, which is half of its time
            yield encode(chunk)
        return
    except (TypeError, UnicodeEncodeError) as error:
        if t.cast(t.Any, error.__traceback__).tb_next is not None or _is_plain_text(chunk):
            raise  # of the body itself
    yield encoded(chunk) if isinstance(chunk, str) else chunk
    for chunk in chunks:
        yield encoded(chunk) if isinstance(chunk, str) else chunk


def _is_plain_text(chunk: t.Any) -> bool:
    try:
        str.encode(chunk)
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def _unmodified(pairs: _Pairs) -> _Pairs:
    """Those headers that Werkzeug sends with 304."""
    try:
        return [pair for pair in pairs if _stays[pair[0]]]
    except KeyError:
        return [pair for pair in pairs if _stays_unmodified(pair[0])]


# Whether a header of this name is among them. PERF: an application's names are few; 0.02 µs against 1.
_stays: dict[str, bool] = {}


def _stays_unmodified(name: str) -> bool:
    headers = [(name, "")]
    remove_entity_headers(headers)
    if len(_stays) >= 256:
        _stays.clear()
    _stays[name] = bool(headers)
    return bool(headers)
