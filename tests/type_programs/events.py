"""Server-sent events from every kind of source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

from flask import EventStream, Flask, Response, ServerSentEvent, request

app = Flask(__name__)


@app.get("/ticks")
def ticks() -> EventStream:
    def feed() -> Iterator[str]:
        yield "tick"

    return EventStream(feed())


@app.get("/prices")
async def prices() -> Response:
    seen = assert_type(request.last_event_id, str | None)

    async def feed() -> AsyncIterator[ServerSentEvent]:
        number = int(seen or 0)
        while True:
            number += 1
            yield ServerSentEvent({"price": number}, event="price", id=number, retry=3000)
            await asyncio.sleep(1)

    return EventStream(feed(), keep_alive=15)


@app.get("/mixed")
def mixed() -> tuple[EventStream, int, dict[str, str]]:
    def feed() -> Iterator[str | dict[str, int] | list[str] | ServerSentEvent]:
        yield "text"
        yield {"number": 1}
        yield ["a"]
        yield ServerSentEvent(comment="for whoever looks")

    return EventStream(feed(), headers={"X-Own": "1"}), 200, {}


event = ServerSentEvent("data", id="1")
assert_type(event.id, str | int | None)
assert_type(event.data, str | dict[Any, Any] | list[Any] | None)


def refused() -> None:
    """What the checkers say no to."""
    event.data = "other"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    ServerSentEvent("data", "positional")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ServerSentEvent(retry="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    EventStream([1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    EventStream(ticks)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
