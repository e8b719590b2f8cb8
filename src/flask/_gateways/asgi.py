"""ASGI 3: a scope and two awaitable callables in, events out. The lifecycle is not told here, and no policy lives here.

See the ASGI specification, "HTTP & WebSocket ASGI Message Format" 2.5.
"""

from __future__ import annotations

import asyncio
import traceback
import typing as t
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import ClientDisconnected

from ..typing import AsgiApplication, Receive, Scope, Send
from . import environs
from .environs import Pairs, key_of_header
from .exchange import Exchange
from .serving import serving_of
from .sockets import Message, Socket


@lru_cache(environs.MANY)
def _name_of(name: str) -> bytes:
    """A header's name as the protocol has it."""
    return name.lower().encode("latin-1")


def environ_of(scope: Scope) -> dict[str, t.Any]:
    """The WSGI environment (PEP 3333) of an HTTP or WebSocket scope, without its input."""
    environ = environs.new()
    path, raw, query = scope["path"], scope.get("raw_path"), scope.get("query_string")
    if not path.isascii():
        # A path that is not UTF-8 has lost bytes in decoding.
        path = unquote_to_bytes(raw).decode("latin-1") if raw and "\ufffd" in path else environs.latin(path)
    environ["PATH_INFO"] = path
    if scope.get("root_path"):
        environs.set_root(environ, environs.latin(scope["root_path"].rstrip("/")))
    environ["REQUEST_METHOD"] = scope.get("method", "GET")
    server, client = scope.get("server"), scope.get("client")
    if server:
        environ["SERVER_NAME"] = server[0] or "localhost"
        environ["SERVER_PORT"] = str(server[1] or 0)
    environ["SERVER_PROTOCOL"] = environs.protocol_of(scope.get("http_version", "1.1"))
    environ["wsgi.url_scheme"] = scope.get("scheme", "http")
    environ["asgi.scope"] = scope
    if query:
        environ["QUERY_STRING"] = query.decode("latin-1")
    if raw:
        target = raw.decode("latin-1")
        if query and "?" not in target:
            target = f"{target}?{environ['QUERY_STRING']}"
        environ["REQUEST_URI"] = environ["RAW_URI"] = target
    if client:
        environ["REMOTE_ADDR"] = client[0]
        environ["REMOTE_PORT"] = str(client[1])
    repeated: dict[str, list[str]] | None = None
    for name, value in scope["headers"]:
        key = key_of_header(name)
        if key in environ:
            if repeated is None:
                repeated = {}
            repeated.setdefault(key, []).append(value.decode("latin-1"))
        elif key:
            environ[key] = value.decode("latin-1")
    if repeated is not None:
        environs.join(environ, repeated)
    return environ


class AsgiExchange(Exchange):
    """A request of the HTTP protocol of ASGI."""

    def __init__(self, app: t.Any, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(app, environ_of(scope))
        self._receive = receive
        self._send_message = send

    async def receive(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        return self.counted(message.get("body", b""), message.get("more_body", False))

    async def gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def send_whole(self, status: int, headers: Pairs, body: bytes) -> None:
        await self._send_message(_head(status, headers))
        await self._send_message({"type": "http.response.body", "body": body})

    async def send_head(self, status: int, headers: Pairs) -> None:
        await self._send_message(_head(status, headers))

    async def send_piece(self, piece: bytes) -> None:
        await self._send_message({"type": "http.response.body", "body": piece, "more_body": True})

    async def send_end(self) -> None:
        await self._send_message({"type": "http.response.body", "body": b""})


class AsgiSocket(Socket):
    """A WebSocket of ASGI."""

    def __init__(self, app: t.Any, scope: Scope, receive: Receive, send: Send) -> None:
        environ = environ_of(scope)
        environs.set_handshake(environ, scope.get("scheme", "ws"))
        if scope.get("subprotocols"):  # by uvicorn with wsproto there is no such header
            environ["HTTP_SEC_WEBSOCKET_PROTOCOL"] = ", ".join(scope["subprotocols"])
        super().__init__(app, environ)
        self._receive = receive
        self._send_message = send
        self.sends_headers = not _is_granians(send)
        self._refuses_by_response = "websocket.http.response" in (scope.get("extensions") or ())

    async def begin(self) -> bool:
        message = await self._receive()
        return bool(message["type"] == "websocket.connect")

    async def send_accept(self, headers: Pairs, subprotocol: str | None) -> None:
        if headers and not self.sends_headers:
            raise RuntimeError(
                "Granian's ASGI does not send the headers that are given when a WebSocket is accepted, nor a cookie of"
                " the session: serve the application by another ASGI server, or set them in an HTTP response before."
            )
        await self._send_message(
            {"type": "websocket.accept", "subprotocol": subprotocol, "headers": _encoded(headers)},
        )

    async def send_refusal(self, status: int, headers: Pairs, body: bytes) -> None:
        if self._refuses_by_response:
            await self._send_message(
                {"type": "websocket.http.response.start", "status": status, "headers": _encoded(headers)}
            )
            await self._send_message({"type": "websocket.http.response.body", "body": body})
        else:
            await self._send_message({"type": "websocket.close"})  # which is answered by 403

    def hear(self) -> t.Awaitable[t.Any]:
        return self._receive()

    def message_of(self, event: t.Any) -> Message | None:
        if event["type"] == "websocket.receive":
            text: str | None = event.get("text")
            return event["bytes"] if text is None else text
        self.close_code = event.get("code")
        return None

    def put(self, data: Message) -> t.Awaitable[None]:
        return self._send_message({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})

    async def send_close(self, code: int, reason: str) -> None:
        await self._send_message({"type": "websocket.close", "code": code, "reason": reason})


def _head(status: int, headers: Pairs) -> dict[str, t.Any]:
    return {"type": "http.response.start", "status": status, "headers": _encoded(headers)}


def _encoded(headers: Pairs) -> list[tuple[bytes, bytes]]:
    return [(_name_of(name), value.encode("latin-1")) for name, value in headers]


def _is_granians(function: t.Any) -> bool:
    return str(type(getattr(function, "__self__", None)).__module__).startswith("granian.")


def application_of(app: t.Any) -> AsgiApplication:
    """The ASGI application itself. A function, not a method: uvicorn takes those for applications of ASGI 2."""

    async def asgi_app(scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await AsgiExchange(app, scope, receive, send).answer()
        elif kind == "websocket":
            await AsgiSocket(app, scope, receive, send).answer()
        elif kind == "lifespan":
            await _lifespan(app, scope, receive, send)
        else:
            raise ValueError(f"This application does not speak {kind!r}.")

    return asgi_app


async def _lifespan(app: t.Any, scope: Scope, receive: Receive, send: Send) -> None:
    """See the specification's "Lifespan Protocol" 2.0."""
    await receive()  # lifespan.startup
    serving = serving_of(app, asyncio.get_running_loop())
    was_begun = serving.is_begun  # by another server on this very loop, which ends it
    try:
        await serving.begin_on_loop()
    except Exception as error:
        if "flask.test" in scope:
            raise
        await send({"type": "lifespan.startup.failed", "message": "".join(traceback.format_exception(error))})
        return
    await send({"type": "lifespan.startup.complete"})
    failures = 0
    try:
        await receive()  # lifespan.shutdown
    finally:
        if not was_begun:
            failures = await serving.end_on_loop()
    if failures:
        message = f"At the end of serving, {failures} of the functions failed; the log has the errors."
        await send({"type": "lifespan.shutdown.failed", "message": message})
    else:
        await send({"type": "lifespan.shutdown.complete"})
