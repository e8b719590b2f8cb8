"""Advisories on WebSockets; docs/security-advisories.md says what each was about."""

from __future__ import annotations

import pytest

from flask import Flask, session, websocket
from tests.security.attacks import make_app
from tests.websockets.driven import WebSocketClosed, drive, opened, refused, run


@pytest.fixture
def app() -> Flask:
    app = make_app(WEBSOCKET_MAX_MESSAGE_SIZE=1000)

    @app.websocket("/ws")
    async def echo() -> None:
        await websocket.send(session.get("user", "nobody"))
        async for message in websocket:
            await websocket.send(str(len(message)))

    return app


@pytest.mark.parametrize(
    "origin", ["http://evil.test", "null", "http://localhost.evil.test", "https://localhost@evil.test", ""]
)
def test_cve_2019_13611(app: Flask, origin: str) -> None:
    """A page of another site opens no WebSocket in its visitor's name: its origin is asked for before a view runs."""
    socket = run(refused(app, headers={"Origin": origin}))
    assert socket.status == 403

    async def own() -> object:
        async with opened(app, headers={"Origin": "http://localhost"}) as socket:
            return await socket.receive()

    assert run(own()) == "nobody"


def test_cve_2018_1000518(app: Flask) -> None:
    """A message above WEBSOCKET_MAX_MESSAGE_SIZE, as a small compressed one may become, ends it with 1009."""

    async def main() -> None:
        async with opened(app) as socket:
            await socket.receive()
            await socket.send("x" * 1000)
            assert await socket.receive() == "1000"
            await socket.send("x" * 1001)
            with pytest.raises(WebSocketClosed) as closed:
                await socket.receive()
            assert closed.value.code == 1009

    run(main())


@pytest.mark.parametrize("offered", [["caf\xe9"], ["a" * 10_000], [""], ["a,b", "c"], ["\x00"]])
def test_cve_2020_7662(app: Flask, offered: list[str]) -> None:
    """Whatever a handshake offers as subprotocols or extensions, it is answered, and none is taken unasked."""

    async def main() -> None:
        header = 'a;b="' + '\\"' * 20_000
        socket = drive(
            app, subprotocols=offered, headers={"Origin": "http://localhost", "Sec-WebSocket-Extensions": header}
        )
        if await socket.connect():
            assert socket.subprotocol is None
            await socket.close()

    run(main())
