"""An RSGI server reduced to one call, as `loops` is one of ASGI: one request in, what the app has called out.

See Granian's "RSGI Specification" 1.5.
"""

from __future__ import annotations

import asyncio
import typing as t
from types import SimpleNamespace

from tests.gateways.raw import Answer


class Transport:
    """What `response_stream` gives."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def send_bytes(self, data: bytes) -> None:
        await asyncio.sleep(0)
        self._pieces.append(data)

    async def send_str(self, data: str) -> None:
        await self.send_bytes(data.encode())


class Protocol:
    """One client: what it sends, whether it goes away, and what it was answered."""

    def __init__(self, *pieces: bytes, goes_after: float | None = None) -> None:
        self._pieces = list(pieces)
        self._goes_after = goes_after
        self.started: tuple[int, list[tuple[str, str]]] | None = None
        self.received: list[bytes] = []

    async def __call__(self) -> bytes:
        await asyncio.sleep(0)
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)

    async def __aiter__(self) -> t.AsyncIterator[bytes]:
        while self._pieces:
            await asyncio.sleep(0)
            yield self._pieces.pop(0)

    async def client_disconnect(self) -> None:
        await asyncio.sleep(1000 if self._goes_after is None else self._goes_after)

    def _start(self, status: int, headers: list[tuple[str, str]], *pieces: bytes) -> None:
        assert self.started is None
        self.started = status, headers
        self.received.extend(pieces)

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self._start(status, headers)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self._start(status, headers, body)

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Transport:
        self._start(status, headers)
        return Transport(self.received)

    def answer(self) -> Answer:
        """What came of it."""
        assert self.started is not None
        return Answer(str(self.started[0]), self.started[1], b"".join(self.received))


def scope(path: str = "/", method: str = "GET", **more: t.Any) -> t.Any:
    """The scope of an HTTP request."""
    path, _, query = path.partition("?")
    return SimpleNamespace(
        proto="http",
        rsgi_version="1.5",
        http_version="1.1",
        server="127.0.0.1:80",
        client="127.0.0.1:50000",
        scheme="http",
        method=method,
        path=path,
        query_string=query,
        authority=None,
        headers={"host": "localhost"},
        **more,
    )


async def ask(app: t.Any, path: str = "/", method: str = "GET", protocol: Protocol | None = None) -> Answer:
    """The answer of an app to one request."""
    asked = scope(path, method)
    if protocol is not None:
        asked.headers["transfer-encoding"] = "chunked"
    protocol = protocol or Protocol()
    await app.__rsgi__(asked, protocol)
    return protocol.answer()
