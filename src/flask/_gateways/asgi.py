"""ASGI 3: a scope and two awaitable callables in, events out. The lifecycle is not told here, and no policy lives here.

See the ASGI specification, "HTTP & WebSocket ASGI Message Format" 2.5.
"""

from __future__ import annotations

import asyncio
import traceback
import typing as t
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import ClientDisconnected

from ..typing import Receive, Scope, Send
from .exchange import Exchange, Pairs, errors
from .serving import serving_of
from .sockets import Message, Socket

# PERF: names of headers are few, and known ones are looked up.
_MANY = 512
_keys: dict[bytes, str] = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
_names: dict[str, bytes] = {}


def _key_of(name: bytes) -> str:
    """The environment's key for a header; empty where another header would have the same (RFC 3875 §4.1.18)."""
    key = _keys.get(name.lower()) or (
        "" if b"_" in name else "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
    )
    if len(_keys) < _MANY:
        _keys[name] = key
    return key


def _name_of(name: str) -> bytes:
    lowered = name.lower().encode("latin-1")
    if len(_names) < _MANY:
        _names[name] = lowered
    return lowered


def _latin(text: str) -> str:
    """Text as WSGI has it: its bytes in UTF-8, each a character (PEP 3333, "Unicode Issues")."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def environ_of(scope: Scope) -> dict[str, t.Any]:
    """The WSGI environment (PEP 3333) of an HTTP or WebSocket scope, without its input."""
    path, raw = scope["path"], scope.get("raw_path")
    query = scope.get("query_string", b"").decode("latin-1")
    root = _latin(scope.get("root_path", "").rstrip("/"))
    # A path that is not UTF-8 has lost bytes in decoding.
    info = unquote_to_bytes(raw).decode("latin-1") if raw and "\ufffd" in path else _latin(path)
    if root and (info == root or info.startswith(f"{root}/")):
        info = info[len(root) :]
    server = scope.get("server") or ("localhost", 80)
    version = scope.get("http_version", "1.1")  # "1.0" by the specification; Granian says "1"
    environ = {
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": root,
        "PATH_INFO": info,
        "QUERY_STRING": query,
        "SERVER_NAME": server[0] or "localhost",
        "SERVER_PORT": str(server[1] or 0),
        "SERVER_PROTOCOL": "HTTP/1.0" if version == "1" else f"HTTP/{version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": errors,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "asgi.scope": scope,
    }
    if raw:
        target = raw.decode("latin-1")
        environ["REQUEST_URI"] = environ["RAW_URI"] = f"{target}?{query}" if query and "?" not in target else target
    client = scope.get("client")
    if client:
        environ["REMOTE_ADDR"] = client[0]
        environ["REMOTE_PORT"] = str(client[1])
    for name, value in scope["headers"]:
        key = _keys[name] if name in _keys else _key_of(name)
        if key not in environ:
            if key:
                environ[key] = value.decode("latin-1")
        elif key != "CONTENT_TYPE" and key != "CONTENT_LENGTH":
            environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value.decode("latin-1")
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
        return message.get("body", b""), message.get("more_body", False)

    async def gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def send_whole(self, status: int, headers: Pairs, body: bytes) -> None:
        await self.send_head(status, headers)
        await self._send_message({"type": "http.response.body", "body": body})

    async def send_head(self, status: int, headers: Pairs) -> None:
        names = _names
        await self._send_message(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (names[name] if name in names else _name_of(name), value.encode("latin-1"))
                    for name, value in headers
                ],
            }
        )

    async def send_piece(self, piece: bytes) -> None:
        await self._send_message({"type": "http.response.body", "body": piece, "more_body": True})

    async def send_end(self) -> None:
        await self._send_message({"type": "http.response.body", "body": b""})


class AsgiSocket(Socket):
    """A WebSocket of ASGI."""

    def __init__(self, app: t.Any, scope: Scope, receive: Receive, send: Send) -> None:
        environ = environ_of(scope)
        # The handshake as HTTP/1.1 has it (RFC 6455 §4.1), whatever carried it.
        environ["wsgi.url_scheme"] = "https" if scope.get("scheme") in {"wss", "https"} else "http"
        environ["HTTP_CONNECTION"], environ["HTTP_UPGRADE"] = "Upgrade", "websocket"
        if scope.get("subprotocols"):  # by uvicorn with wsproto there is no such header
            environ["HTTP_SEC_WEBSOCKET_PROTOCOL"] = ", ".join(scope["subprotocols"])
        super().__init__(app, environ)
        self._receive = receive
        self._send_message = send
        self._refuses_by_response = "websocket.http.response" in (scope.get("extensions") or ())

    async def begin(self) -> bool:
        message = await self._receive()
        return bool(message["type"] == "websocket.connect")

    async def send_accept(self, headers: Pairs, subprotocol: str | None) -> None:
        if headers and _is_granians(self._send_message):
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

    async def take(self) -> Message | None:
        message = await self._receive()
        if message["type"] == "websocket.receive":
            text: str | None = message.get("text")
            return message["bytes"] if text is None else text
        self.close_code = message.get("code")
        return None

    async def put(self, data: Message) -> None:
        kind = "text" if isinstance(data, str) else "bytes"
        await self._send_message({"type": "websocket.send", kind: data})

    async def send_close(self, code: int, reason: str) -> None:
        await self._send_message({"type": "websocket.close", "code": code, "reason": reason})


def _encoded(headers: Pairs) -> list[tuple[bytes, bytes]]:
    return [(_name_of(name), value.encode("latin-1")) for name, value in headers]


def _is_granians(function: t.Any) -> bool:
    return str(type(getattr(function, "__self__", None)).__module__).startswith("granian.")


async def serve(app: t.Any, scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application itself."""
    kind = scope["type"]
    if kind == "http":
        await AsgiExchange(app, scope, receive, send).answer()
    elif kind == "websocket":
        await AsgiSocket(app, scope, receive, send).answer()
    elif kind == "lifespan":
        await _lifespan(app, scope, receive, send)
    else:
        raise ValueError(f"This application does not speak {kind!r}.")


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
