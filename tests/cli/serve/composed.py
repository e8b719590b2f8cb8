"""What Granian would call in a worker, composed around an app, and asked in this process by any of the three ways."""

from __future__ import annotations

import asyncio
import typing as t

from flask._gateways.background import finish_on_loop
from flask.cli.serve.settings import Settings
from flask.cli.serve.state import State
from flask.cli.serve.worker import target
from tests.gateways import loops, raw, rsgi_drive
from tests.gateways.raw import Answer

INTERFACES = ["wsgi", "asgi", "rsgi"]


class Worker:
    """An app as a worker serves it."""

    def __init__(self, app: t.Any, interface: str = "wsgi", **settings: t.Any) -> None:
        self.interface = interface
        self.state = State(app)
        self.entry = target(Settings(interface=t.cast("t.Any", interface), **settings), self.state)

    def ask(
        self, path: str = "/", method: str = "GET", headers: dict[str, str] | None = None, peer: str = "127.0.0.1"
    ) -> Answer:
        """The answer to one request from a peer; its status is that of the number alone."""
        headers = headers or {}
        answer = getattr(self, f"_{self.interface}")(path, method, headers, peer)
        return t.cast("Answer", answer._replace(status=answer.status[:3]))

    def _wsgi(self, path: str, method: str, headers: dict[str, str], peer: str) -> Answer:
        return raw.call(self.entry, path, method, headers=headers, environ_overrides={"REMOTE_ADDR": peer})

    def _asgi(self, path: str, method: str, headers: dict[str, str], peer: str) -> Answer:
        pairs = [(b"host", b"localhost")]
        pairs += [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        client = loops.Client()
        scope = loops.scope(path, method, headers=pairs, client=(peer, 50000))
        self._run(self.entry, scope, client.receive, client.send)
        return client.answer()

    def _rsgi(self, path: str, method: str, headers: dict[str, str], peer: str) -> Answer:
        scope = rsgi_drive.scope(path, method)
        scope.headers = {"host": "localhost", **{name.lower(): value for name, value in headers.items()}}
        scope.client = f"[{peer}]:50000" if ":" in peer else f"{peer}:50000" if peer else ""
        protocol = rsgi_drive.Protocol()
        self._run(self.entry.__rsgi__, scope, protocol)
        return protocol.answer()

    def _run(self, entry: t.Callable[..., t.Awaitable[None]], *arguments: t.Any) -> None:
        async def serve() -> None:
            await entry(*arguments)
            await finish_on_loop(self.state.app, 5)

        asyncio.run(serve())
