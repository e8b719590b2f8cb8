"""An ASGI server reduced to one call, as `raw` is one of WSGI: one request's messages in, those of its answer out."""

from __future__ import annotations

import asyncio
import typing as t

from tests.gateways.raw import Answer

Message = dict[str, t.Any]


class Client:
    """One client: what it sends, whether it goes away, and what it has received."""

    def __init__(self, *pieces: bytes, ends: bool = True, goes_after: float | None = None) -> None:
        self.messages: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        if not self.messages:
            self.messages.append({"type": "http.request"})
        self.messages[-1]["more_body"] = not ends
        self.goes_after = goes_after
        self.asked = 0
        self.received: list[Message] = []

    async def receive(self) -> Message:
        """What a server hands over next."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.messages:
            return self.messages.pop(0)
        await asyncio.sleep(1000 if self.goes_after is None else self.goes_after)
        return {"type": "http.disconnect"}

    async def send(self, message: t.MutableMapping[str, t.Any]) -> None:
        """What a server is told."""
        await asyncio.sleep(0)
        self.received.append(dict(message))

    def answer(self) -> Answer:
        """What came of it."""
        start, *pieces = self.received
        assert start["type"] == "http.response.start"
        assert [piece.get("more_body", False) for piece in pieces] == [True] * (len(pieces) - 1) + [False]
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        return Answer(str(start["status"]), headers, b"".join(piece.get("body", b"") for piece in pieces))


def scope(path: str = "/", method: str = "GET", **more: t.Any) -> dict[str, t.Any]:
    """The scope of an HTTP request."""
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        **more,
    }


async def ask(app: t.Any, path: str = "/", method: str = "GET", client: Client | None = None, **more: t.Any) -> Answer:
    """The answer of an app to one request."""
    body = client is not None
    client = client or Client()
    asked = scope(path, method, **more)
    if body:
        asked["headers"] = [*asked["headers"], (b"transfer-encoding", b"chunked")]
    await app.asgi_app(asked, client.receive, client.send)
    return client.answer()


def call(app: t.Any, path: str = "/", method: str = "GET", client: Client | None = None, **more: t.Any) -> Answer:
    """The same on a loop of its own."""
    return asyncio.run(ask(app, path, method, client, **more))
