"""Functions without a framework that answer as the contract's app does, where a law meets a limit of somebody else's.

They take from the protocol what it gives and add nothing to it: no test passes here because of anything of ours.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import typing as t
from abc import ABC, abstractmethod
from urllib.parse import parse_qs

from tests.contract import events

Pairs = list[tuple[str, str]]
LARGE = b"x" * 65536
PIECE = 1001
"""Bytes to read at once: what shows that a thousand are exceeded. Some servers wait until as many are there."""


class Asked(ABC):
    """A request as its protocol tells it."""

    method: str
    path: str
    """Below the root path."""
    root: str
    query: str
    raw: str | None
    scheme: str
    client: tuple[str, str]
    server: tuple[str, str]
    version: str
    headers: Pairs
    ends_itself = False
    """Whether the server says that the body ends where its input does."""

    def header(self, name: str) -> str | None:
        """The values of a header, joined."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return "; ".join(values) if values else None

    @abstractmethod
    async def read(self) -> bytes:
        """The next piece of the body; empty at the end. Raises `EOFError` where the protocol says that it broke off."""

    @abstractmethod
    async def send(self, status: int, headers: Pairs, pieces: t.AsyncIterator[bytes]) -> None:
        """Answer."""

    async def gone(self) -> bool:
        """Wait until the client has gone; false where nobody tells."""
        return False

    async def heard(self, token: str, until: str, patience: float) -> list[str]:
        """Wait for an event."""
        return await asyncio.to_thread(events.heard, token, until, patience)


async def one(data: bytes) -> t.AsyncIterator[bytes]:
    yield data


async def answer(asked: Asked) -> None:
    """Answer one request."""
    first, *rest = asked.path.strip("/").split("/")
    view = VIEWS.get("/".join([first, *rest[:1]])) or VIEWS.get(first)
    if asked.method == "HEAD" and view is not STREAMS["unsized"]:
        return await asked.send(404, [("content-length", "4")], one(b""))
    if view is None:
        return await asked.send(404, [("content-length", "4")], one(b"none"))
    return await view(asked, rest)


async def send_json(asked: Asked, data: t.Any, headers: t.Iterable[tuple[str, str]] = ()) -> None:
    """Answer with data."""
    text = json.dumps(data).encode()
    await asked.send(200, [("content-length", str(len(text))), *headers], one(text))


async def whole(asked: Asked) -> bytes:
    """All of the body; a length that was promised is compared, unless the server says that it has done so."""
    data = b""
    while piece := await asked.read():
        data += piece
    if not asked.ends_itself and len(data) != int(asked.header("content-length") or len(data)):
        raise EOFError
    return data


async def seen(asked: Asked, rest: list[str]) -> None:
    """As in the site, as far as a protocol tells it without help."""
    host = asked.header("host")
    if host is None:
        host = ":".join(asked.server)
    cookies = [pair.strip().partition("=") for pair in (asked.header("cookie") or "").split(";") if pair]
    if not host:
        return await asked.send(400, [("content-length", "0")], one(b""))
    query = f"?{asked.query}" if asked.query else ""
    return await send_json(
        asked,
        {
            "method": asked.method,
            "path": asked.path,
            "rest": "/".join(rest),
            "root": asked.root,
            "raw": asked.raw,
            "query": asked.query,
            "host": host,
            "url": f"{asked.scheme}://{host}{asked.root}{asked.path}{query}",
            "link": f"{asked.scheme}://{host}{asked.root}/seen",
            "client port": asked.client[1],
            "server": asked.server,
            "protocol": f"HTTP/{asked.version}",
            "headers": asked.headers,
            "cookies": [[name, value] for name, _, value in cookies],
            "body": (await whole(asked)).decode("latin-1"),
        },
    )


async def told(asked: Asked, rest: list[str]) -> None:
    """As in the site."""
    options = parse_qs(asked.query)
    if len(rest) == 2:
        events.tell(*rest)
        return await send_json(asked, "told")
    if "until" in options:
        patience = float(options.get("patience", [str(events.PATIENCE)])[0])
        return await send_json(asked, await asked.heard(rest[0], options["until"][0], patience))
    return await send_json(asked, events.heard(rest[0]))


async def text(asked: Asked, rest: list[str]) -> None:
    await asked.send(200, [("content-length", "7")], one(b"a text\n"))


async def headers(asked: Asked, rest: list[str]) -> None:
    cookies = [("set-cookie", f"{name}={name.upper()}") for name in ("one", "two", "three")]
    await asked.send(200, [("content-length", "0"), ("x-text", "café"), *cookies], one(b""))


async def upload(asked: Asked, rest: list[str]) -> None:
    """A redirect to the path with a slash, as the site has it; below that path, the digest of the body."""
    if asked.path.endswith("/"):
        return await send_json(asked, digest(await whole(asked)))
    location = f"{asked.scheme}://{asked.header('host')}{asked.root}/upload/"
    return await asked.send(308, [("content-length", "0"), ("location", location)], one(b""))


async def limited(asked: Asked, rest: list[str]) -> None:
    """Count as the body arrives."""
    count = int(asked.header("content-length") or 0)
    while count <= 1000 and (piece := await asked.read()):
        count += len(piece)
    await asked.send(413 if count > 1000 else 200, [("content-length", "0"), ("connection", "close")], one(b""))


async def watched(asked: Asked, rest: list[str]) -> None:
    """As in the site."""
    events.tell(rest[1], "started")
    try:
        data = await whole(asked)
    except (EOFError, OSError, ValueError):
        return
    else:
        events.tell(rest[1], "whole")
        await send_json(asked, digest(data))
    finally:
        events.tell(rest[1], "teardown")


async def unsized(asked: Asked, rest: list[str]) -> None:
    async def numbers() -> t.AsyncIterator[bytes]:
        if asked.method != "HEAD":
            for number in range(100):
                yield f"{number}\n".encode()

    await asked.send(200, [("content-type", "text/plain")], numbers())


async def broken(asked: Asked, rest: list[str]) -> None:
    async def first() -> t.AsyncIterator[bytes]:
        try:
            yield b"first\n"
            raise RuntimeError("this stream always fails")
        finally:
            events.tell(rest[1], "closed")

    await asked.send(200, [("content-type", "text/plain")], first())


async def long(asked: Asked, rest: list[str]) -> None:
    """Many pieces, each sent when the protocol says that the one before was."""

    async def pieces() -> t.AsyncIterator[bytes]:
        try:
            for _ in range(1024):
                yield LARGE
            events.tell(rest[1], "exhausted")
        finally:
            events.tell(rest[1], "closed")

    await asked.send(200, [("content-type", "text/plain")], pieces())


async def waiting(asked: Asked, rest: list[str]) -> None:
    """Wait for the client to go, where the protocol tells of that."""
    events.tell(rest[1], "started")
    if await asked.gone():
        for event in ("cancelled", "async teardown: CancelledError", "teardown"):
            events.tell(rest[1], event)
    await send_json(asked, "never cancelled")


async def session(asked: Asked, rest: list[str]) -> None:
    """A cookie instead of a session."""
    if rest:
        return await send_json(asked, "kept", [("set-cookie", f"value={rest[0]}; Path={asked.root}/")])
    name, _, value = (asked.header("cookie") or "").partition("=")
    return await send_json(asked, {name: value} if name else {})


async def written(asked: Asked, rest: list[str]) -> None:
    """Only WSGI has a callable to write with; everybody else sends two pieces."""

    async def two() -> t.AsyncIterator[bytes]:
        yield b"written "
        yield b"and returned"

    await asked.send(200, [("x-write", "1")], two())


def digest(data: bytes) -> dict[str, t.Any]:
    """As in the site."""
    return {"length": len(data), "sha256": hashlib.sha256(data).hexdigest()}


View = t.Callable[[Asked, list[str]], t.Awaitable[None]]
STREAMS: dict[str, View] = {"unsized": unsized, "broken": broken, "long": long}
VIEWS: dict[str, View] = {
    "seen": seen,
    "events": told,
    "text": text,
    "headers": headers,
    "upload": upload,
    "upload/limited": limited,
    "upload/watched": watched,
    "session": session,
    "written": written,
    "async/seen": seen,
    "async/long": waiting,
    "async/big": long,
    "async/broken": broken,
    "async/watched": watched,
    **{f"stream/{name}": view for name, view in STREAMS.items()},
}


# WebSockets: as in tests/contract/sockets.py.


class Socket(ABC):
    """A WebSocket as its protocol tells it."""

    path: str
    subprotocols: list[str]

    @abstractmethod
    async def accept(self, subprotocol: str | None = None, headers: Pairs | None = None) -> None:
        """Accept, with what the protocol can carry of it."""

    @abstractmethod
    async def refuse(self, status: int, body: bytes) -> None:
        """Refuse, with what the protocol can carry of it."""

    @abstractmethod
    async def receive(self) -> str | bytes | None:
        """The next message; None where there will be none."""

    @abstractmethod
    async def send(self, data: str | bytes) -> None:
        """Send a message."""

    @abstractmethod
    async def close(self, code: int, reason: str) -> None:
        """Close, with what the protocol can carry of it."""


async def answer_socket(socket: Socket) -> None:
    """Answer one WebSocket."""
    name, *rest = socket.path.removeprefix("/ws/").split("/")
    if name == "refused":
        return await socket.refuse(401, b"who are you?")
    if name == "none":
        return await socket.refuse(404, b"none")
    if name == "chosen":
        await socket.accept(socket.subprotocols[-1])
    elif name == "headed":
        await socket.accept(headers=[("x-headed", "yes")])
    else:
        await socket.accept()
    code, reason = 1000, ""
    if name == "echo":
        while (message := await socket.receive()) is not None:
            await socket.send(message)
        return None
    if name == "fail":
        await socket.receive()
        code = 1011
    else:
        await socket.send("bye" if name == "ended" else "accepted")
    if name == "closed":
        code, reason = int(rest[0]), "a reason"
    return await socket.close(code, reason)


# The three protocols.


class WsgiAsked(Asked):
    """PEP 3333."""

    def __init__(self, environ: dict[str, t.Any], start_response: t.Callable[..., t.Any]) -> None:
        self.environ = environ
        self.start_response = start_response
        self.method = environ["REQUEST_METHOD"]
        self.path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        self.root = environ.get("SCRIPT_NAME", "")
        self.query = environ.get("QUERY_STRING", "")
        self.raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
        self.scheme = environ["wsgi.url_scheme"]
        self.client = environ.get("REMOTE_ADDR", ""), str(environ.get("REMOTE_PORT"))
        self.server = environ["SERVER_NAME"], str(environ["SERVER_PORT"])
        self.version = environ["SERVER_PROTOCOL"].removeprefix("HTTP/")
        names = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}
        names |= {key: key[5:].replace("_", "-").title() for key in environ if key.startswith("HTTP_")}
        self.headers = [(name, environ[key]) for key, name in names.items() if key in environ]
        self.pieces: t.Iterable[bytes] = ()
        self.ends_itself = "wsgi.input_terminated" in environ
        self._left = None if self.ends_itself else int(environ.get("CONTENT_LENGTH") or 0)

    async def read(self) -> bytes:
        size = PIECE if self._left is None else min(self._left, PIECE)
        if size == 0:
            return b""
        data: bytes = self.environ["wsgi.input"].read(size)
        if self._left is not None:
            self._left -= len(data)
        return data

    async def send(self, status: int, headers: Pairs, pieces: t.AsyncIterator[bytes]) -> None:
        self.pieces = in_place(pieces)
        write = self.start_response(f"{status} Status", [pair for pair in headers if pair[0] != "x-write"])
        if ("x-write", "1") in headers:
            write(next(iter(self.pieces)))

    async def gone(self) -> bool:
        """Wait until the client has gone; false where nobody tells."""
        return False

    async def heard(self, token: str, until: str, patience: float) -> list[str]:
        return events.heard(token, until, patience)


def in_place(pieces: t.AsyncIterator[bytes]) -> t.Iterator[bytes]:
    """The pieces of an iterator that never waits."""
    while True:
        try:
            anext(pieces).__await__().__next__()
        except StopIteration as found:
            yield found.value
        except StopAsyncIteration:
            return


def wsgi(environ: dict[str, t.Any], start_response: t.Callable[..., t.Any]) -> t.Iterable[bytes]:
    """A WSGI application."""
    asked = WsgiAsked(environ, start_response)
    try:
        answer(asked).send(None)
    except StopIteration:
        pass
    return asked.pieces


class AsgiAsked(Asked):
    """The HTTP protocol of ASGI 3."""

    def __init__(self, scope: t.Any, receive: t.Any, send: t.Any) -> None:
        self._receive, self._send, self._more = receive, send, True
        self.method = scope["method"]
        self.root = scope.get("root_path", "")
        self.path = scope["path"].removeprefix(self.root)
        self.query = scope["query_string"].decode("latin-1")
        raw = scope.get("raw_path")
        self.raw = raw.decode("latin-1") + (f"?{self.query}" if self.query else "") if raw else None
        self.scheme = scope["scheme"]
        self.client = scope["client"][0], str(scope["client"][1])
        self.server = scope["server"][0], str(scope["server"][1])
        self.version = scope["http_version"]
        self.headers = [(name.decode("latin-1").title(), value.decode("latin-1")) for name, value in scope["headers"]]

    async def read(self) -> bytes:
        while self._more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise EOFError
            self._more = message.get("more_body", False)
            if message.get("body"):
                return bytes(message["body"])
        return b""

    async def gone(self) -> bool:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        return True

    async def send(self, status: int, headers: Pairs, pieces: t.AsyncIterator[bytes]) -> None:
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})
        async for piece in pieces:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})


class AsgiSocket(Socket):
    """The WebSocket protocol of ASGI 3."""

    def __init__(self, scope: t.Any, receive: t.Any, send: t.Any) -> None:
        self._receive, self._send = receive, send
        self.path = scope["path"]
        self.subprotocols = list(scope["subprotocols"])
        self._can_respond = "websocket.http.response" in (scope.get("extensions") or {})

    async def accept(self, subprotocol: str | None = None, headers: Pairs | None = None) -> None:
        encoded = [(name.encode(), value.encode()) for name, value in headers or []]
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": encoded})

    async def refuse(self, status: int, body: bytes) -> None:
        if self._can_respond:
            await self._send({"type": "websocket.http.response.start", "status": status, "headers": []})
            await self._send({"type": "websocket.http.response.body", "body": body})
        else:
            await self._send({"type": "websocket.close"})

    async def receive(self) -> str | bytes | None:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            return None
        data: str | bytes = message["bytes"] if message.get("text") is None else message["text"]
        return data

    async def send(self, data: str | bytes) -> None:
        await self._send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})

    async def close(self, code: int, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})


async def asgi(scope: t.Any, receive: t.Any, send: t.Any) -> None:
    """An ASGI application."""
    if scope["type"] == "http":
        await answer(AsgiAsked(scope, receive, send))
    elif scope["type"] == "websocket":
        await receive()
        await answer_socket(AsgiSocket(scope, receive, send))
    while scope["type"] == "lifespan":
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


class RsgiAsked(Asked):
    """The HTTP protocol of RSGI."""

    def __init__(self, scope: t.Any, protocol: t.Any) -> None:
        self._protocol: t.Any = protocol
        self._pieces: t.Any = None
        self.method, self.path, self.root = scope.method, scope.path, os.environ.get("FLASK_RSGI_ROOT_PATH", "")
        self.path = self.path.removeprefix(self.root)
        self.query, self.raw, self.scheme = scope.query_string, None, scope.scheme
        host, _, port = scope.client.rpartition(":")
        self.client = host, port
        host, _, port = scope.server.rpartition(":")
        self.server = host, port
        self.version = scope.http_version
        self.headers = [(name.title(), value) for name, value in scope.headers.items()]
        if self.header("host") is None and scope.authority:
            self.headers.append(("Host", scope.authority))

    async def read(self) -> bytes:
        if self._pieces is None:
            self._pieces = aiter(self._protocol)
        return bytes(await anext(self._pieces, b""))

    async def gone(self) -> bool:
        await self._protocol.client_disconnect()
        return True

    async def send(self, status: int, headers: Pairs, pieces: t.AsyncIterator[bytes]) -> None:
        transport = self._protocol.response_stream(status, headers)
        async for piece in pieces:
            await transport.send_bytes(piece)


class RsgiSocket(Socket):
    """The WebSocket protocol of RSGI."""

    def __init__(self, scope: t.Any, protocol: t.Any) -> None:
        self._protocol = protocol
        self._transport: t.Any = None
        self.path = scope.path
        self.subprotocols = (scope.headers.get("sec-websocket-protocol") or "").split(", ")

    async def accept(self, subprotocol: str | None = None, headers: Pairs | None = None) -> None:
        self._transport = await self._protocol.accept()

    async def refuse(self, status: int, body: bytes) -> None:
        self._protocol.close(status)

    async def receive(self) -> str | bytes | None:
        message = await self._transport.receive()
        return None if message.kind == 0 else message.data

    async def send(self, data: str | bytes) -> None:
        await (self._transport.send_str(data) if isinstance(data, str) else self._transport.send_bytes(data))

    async def close(self, code: int, reason: str) -> None:
        self._protocol.close(None)


class Rsgi:
    """An RSGI application."""

    async def __rsgi__(self, scope: t.Any, protocol: t.Any) -> None:
        if scope.proto == "http":
            await answer(RsgiAsked(scope, protocol))
        else:
            await answer_socket(RsgiSocket(scope, protocol))
