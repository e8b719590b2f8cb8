"""Server-sent events: what happens, as it happens, to an `EventSource` in a browser (WHATWG HTML §9.2).

Nothing here knows how a response is sent, and no text that an application gives can end a field or an event early.
"""

from __future__ import annotations

import typing as t
from collections.abc import AsyncIterable, Iterable
from contextvars import Context, copy_context
from dataclasses import KW_ONLY, dataclass

from . import json
from ._unicode import encoded
from .globals import _cv_request
from .helpers import stream_with_context
from .wrappers import Response

if t.TYPE_CHECKING:
    from http import HTTPStatus

    from .typing import HeadersValue

Data: t.TypeAlias = str | dict[t.Any, t.Any] | list[t.Any]

_KEEP_ALIVE = b":\n\n"


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of an `EventStream`, with what a plain text cannot say.

    `data` is text, or a dict or list that is sent as JSON. Without data no client dispatches anything, but takes note
    of `id` and `retry`; an event with a name and without data is therefore sent with empty data. `id` comes back as
    `Request.last_event_id` when the client reconnects; an empty one makes it forget the last. `retry` is how many
    milliseconds it waits before that; `comment` is for whoever reads the stream, and no client shows it.

    Raises `ValueError` for a name or an id with a line break, an id with a null character, and a negative `retry`.
    """

    data: Data | None = None
    _: KW_ONLY
    event: str | None = None
    id: str | int | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        for name, value, kinds in (
            ("data", self.data, (str, dict, list)),
            ("event", self.event, (str,)),
            ("id", self.id, (str, int)),
            ("retry", self.retry, (int,)),
            ("comment", self.comment, (str,)),
        ):
            if value is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
                names = " or ".join(kind.__name__ for kind in kinds)
                raise TypeError(f"ServerSentEvent.{name} must be {names}, not {type(value).__name__}.")
        _refuse("event", self.event, "\r\n")
        _refuse("id", self.id, "\r\n\0")
        if self.retry is not None and self.retry < 0:
            raise ValueError(f"ServerSentEvent.retry is a number of milliseconds, not {self.retry}.")


Event: t.TypeAlias = Data | ServerSentEvent


def _refuse(name: str, value: object, characters: str) -> None:
    if isinstance(value, str) and not set(characters).isdisjoint(value):
        raise ValueError(f"ServerSentEvent.{name} cannot contain any of {characters!r}: {value[:80]!r}.")


def _field(name: str, value: Data | int) -> str:
    """A field for each line of a value. A client takes CRLF, LF and CR for the end of a line."""
    text = json.dumps(value) if isinstance(value, dict | list) else value
    # What a text consists of, whatever a subclass (Markup, an enumeration) makes of it.
    lines = str.replace(text, "\r\n", "\n") if isinstance(text, str) else str(text)
    return f"{name}: " + lines.replace("\r", "\n").replace("\n", f"\n{name}: ") + "\n"


def _encoded(event: object) -> bytes:
    if isinstance(event, str | dict | list):
        return encoded(f"{_field('data', event)}\n")
    if not isinstance(event, ServerSentEvent):
        raise TypeError(f"An event is a str, dict, list or ServerSentEvent, not {type(event).__name__}.")
    data = "" if event.data is None and event.event is not None else event.data
    fields = (("", event.comment), ("event", event.event), ("id", event.id), ("retry", event.retry), ("data", data))
    return encoded("".join([_field(name, value) for name, value in fields if value is not None]) + "\n")


class EventStream(Response):
    """A response of server-sent events: each a text, a dict or list for JSON, or a `ServerSentEvent`.

    They come from an iterable or asynchronous iterable, a generator as a rule, which is taken only as far as it is sent
    and always closed. The request's context is there while it runs and is torn down when it is closed, as by
    `stream_with_context`. An asynchronous one runs from beginning to end in one task.

    With `keep_alive` a comment is sent whenever no event came for so many seconds, so that nobody on the way takes the
    connection for dead. That takes an asynchronous source: one that is synchronous blocks its thread while it waits,
    and has to give a comment itself. Raises `TypeError` for that, and for what is no iterable of events.
    """

    # Whoever asks for all of the body (`get_data`) is told that it is a stream, and does not wait for its end.
    implicit_sequence_conversion = False

    def __init__(
        self,
        events: Iterable[Event] | AsyncIterable[Event],
        status: int | str | HTTPStatus | None = None,
        headers: HeadersValue | None = None,
        *,
        keep_alive: float | None = None,
    ) -> None:
        if keep_alive is not None and keep_alive <= 0:
            raise ValueError(f"'keep_alive' is a number of seconds, not {keep_alive}.")
        body: t.Any
        if isinstance(events, AsyncIterable):
            body = _async_pieces(events, keep_alive, copy_context())
        elif isinstance(events, str | bytes | dict) or not isinstance(events, Iterable):
            raise TypeError(f"An EventStream is made of an iterable of events, not of a {type(events).__name__}.")
        elif keep_alive is not None:
            raise TypeError(
                "'keep_alive' needs an asynchronous iterable: while a synchronous one waits, nothing else can be sent."
                ' Let it wait with a timeout, and then give ServerSentEvent(comment="").'
            )
        else:
            body = _Pieces(events)
        if _cv_request.get(None) is not None:
            body = stream_with_context(body)
        # No charset: a stream is UTF-8 always (§9.2.5).
        super().__init__(body, status, t.cast("t.Any", headers), content_type="text/event-stream")
        self.headers.setdefault("Cache-Control", "no-store")  # as a client fetches it (§9.2.3)
        self.headers.setdefault("X-Accel-Buffering", "no")  # else nginx collects some kilobytes first


class _Pieces:
    """The events of an iterable as bytes. To close them closes where they come from."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._sources = (iter(events), events)
        self._pieces = map(_encoded, self._sources[0])

    def __iter__(self) -> t.Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        for source in self._sources:
            close = getattr(source, "close", None)
            if close is not None:
                close()


async def _async_pieces(
    events: AsyncIterable[Event], keep_alive: float | None, variables: Context
) -> t.AsyncGenerator[bytes]:
    """The events of an asynchronous iterable as bytes, and comments in between. To close them closes it.

    It runs with these context variables, whoever takes the pieces.
    """
    import asyncio  # not for whoever has no use for it

    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    is_wanted = True

    async def run() -> None:
        # One task from the first step to the close, whoever takes the pieces: a timeout or a task group of the
        # source's may then last from one event to another.
        source = aiter(events)
        try:
            async for event in source:
                if not is_wanted:
                    break  # it was cancelled, and gives events nevertheless
                queue.put_nowait(_encoded(event))
                await queue.join()  # until the next is asked for
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()

    task = asyncio.get_running_loop().create_task(run(), context=variables)
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while True:
            try:
                async with asyncio.timeout(keep_alive):
                    piece = await queue.get()
            except TimeoutError:
                yield _KEEP_ALIVE
                continue
            if piece is None:
                break
            yield piece
            queue.task_done()
    finally:
        is_wanted = False
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()  # or what it raised
