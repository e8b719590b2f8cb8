"""WebSockets: any events of ASGI in any order, and messages of any kind and size that have to come back."""

from __future__ import annotations

import asyncio
import typing as t
from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

from flask import Flask, websocket
from fuzz.loop import run
from tests.websockets.driven import WebSocketClosed, drive

MOST = 100  # bytes that a message may have

Message = str | bytes


@dataclass(frozen=True)
class Talk:
    """A client's part: what it sends, how many answers it waits for, and how it goes."""

    messages: tuple[Message, ...] = ()
    waits: int = 10
    code: int = 1000
    colour: str = "async"
    #: Events that it throws in before all else, as no server should.
    odd: tuple[dict[str, t.Any], ...] = ()


texts = st.text(st.characters(), max_size=40) | st.just("x" * MOST) | st.just("\xe9" * MOST) | st.just("y" * (MOST + 1))
inputs = st.builds(
    Talk,
    st.lists(texts | st.binary(max_size=MOST + 2), max_size=6).map(tuple),
    st.integers(0, 6),
    st.sampled_from([1000, 1001, 1005, 1006, 1011, 3000, 4999, 0, 65535]),
    st.sampled_from(["async", "sync", "echo nothing"]),
    st.lists(
        st.sampled_from(
            [
                {"type": "websocket.receive", "text": None, "bytes": b"1"},
                {"type": "websocket.receive", "text": "", "bytes": None},
                {"type": "websocket.receive", "text": "a"},
                {"type": "websocket.receive", "bytes": b""},
            ]
        ),
        max_size=2,
    ).map(tuple),
)

app = Flask("fuzz_sockets")
app.config["WEBSOCKET_MAX_MESSAGE_SIZE"] = MOST


@app.websocket("/async")
async def echo() -> None:
    """Send back what comes."""
    async for message in websocket:
        await websocket.send(message)


@app.websocket("/sync")
def echo_in_a_thread() -> None:
    """The same by a plain function."""
    for message in websocket.blocking:
        websocket.blocking.send(message)


@app.websocket("/echo nothing")
async def swallow() -> None:
    """Take messages until the client goes."""
    async for _ in websocket:
        await asyncio.sleep(0)


def _said(event: dict[str, t.Any]) -> Message:
    """The message in an event: its text if there is one, be it empty."""
    text: str | None = event.get("text")
    return t.cast(bytes, event["bytes"]) if text is None else text


def _size(message: Message) -> int:
    return len(message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message)


def law(talk: Talk) -> None:
    """Messages come back as they went and in order, one that is too large closes with 1009, and no error escapes."""
    run(_talk(talk))


async def _talk(talk: Talk) -> None:
    socket = drive(app, f"/{talk.colour}")
    assert await socket.connect()
    for event in talk.odd:
        socket._to_application.put_nowait(event)
    for message in talk.messages:
        await socket.send(message)
    everything: list[Message] = [*map(_said, talk.odd), *talk.messages]
    fitting = next((place for place, message in enumerate(everything) if _size(message) > MOST), len(everything))
    if talk.colour != "echo nothing":
        for message in everything[:fitting][: talk.waits]:
            back = await socket.receive()
            assert (type(back), back) == (type(message), message)
        if fitting < len(everything) and talk.waits >= fitting:
            with pytest.raises(WebSocketClosed) as closed:
                await socket.receive()
            assert closed.value.code == 1009
    await socket.close(talk.code)
