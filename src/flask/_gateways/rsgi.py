"""RSGI 1: a scope and a protocol object in, one call of that object out. The lifecycle is not told here.

See Granian's "RSGI Specification" 1.5. It carries no root path and no raw path: `RSGI_ROOT_PATH` says the former, and a
slash that was quoted in a path arrives as a slash. What it carries of a WebSocket: the handshake, messages both ways,
and the status that refuses it.
"""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import ClientDisconnected

from . import environs
from .environs import Pairs, key_of_header
from .exchange import Exchange
from .sockets import Message, Socket


def _split(address: str, port: str) -> tuple[str, str]:
    """Host and port of an address as RSGI has it: `127.0.0.1:5000`, `[::1]:5000`, or a path of a socket."""
    host, colon, number = address.rpartition(":")
    return (host.strip("[]"), number) if colon and number.isdigit() else (address, port)


def environ_of(scope: t.Any, root: str) -> dict[str, t.Any]:
    """The WSGI environment (PEP 3333) of a scope, without its input."""
    environ = environs.new()
    environ["PATH_INFO"] = environs.latin(scope.path)
    if root:
        environs.set_root(environ, root)
    environ["REQUEST_METHOD"] = scope.method
    environ["QUERY_STRING"] = scope.query_string
    environ["SERVER_NAME"], environ["SERVER_PORT"] = _split(scope.server, "80")
    environ["SERVER_PROTOCOL"] = environs.protocol_of(scope.http_version)
    environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = _split(scope.client, "")
    environ["wsgi.url_scheme"] = scope.scheme
    environ["rsgi.scope"] = scope
    repeated: dict[str, list[str]] | None = None
    for name, value in scope.headers.items():
        key = key_of_header(name)
        if key in environ:
            if repeated is None:
                repeated = {}
            repeated.setdefault(key, []).append(value)
        elif key:
            environ[key] = value
    if repeated is not None:
        environs.join(environ, repeated)
    if "HTTP_HOST" not in environ and scope.authority:
        environ["HTTP_HOST"] = scope.authority
    return environ


class RsgiExchange(Exchange):
    """A request of RSGI's HTTP protocol."""

    def __init__(self, app: t.Any, scope: t.Any, protocol: t.Any) -> None:
        super().__init__(app, environ_of(scope, app.config["RSGI_ROOT_PATH"].rstrip("/")))
        self._protocol = protocol
        self._pieces: t.Any = None
        self.transport: t.Any = None

    async def receive(self) -> tuple[bytes, bool]:
        if self._pieces is None:
            self._pieces = aiter(self._protocol)
        try:
            piece = bytes(await anext(self._pieces))
            if not piece and self._says_how_it_ends():
                await anext(self._pieces)
                raise ClientDisconnected
        except StopAsyncIteration:
            ended = self.counted(b"", False)
            if t.cast(int, self._left) > 0:
                raise ClientDisconnected from None
            return ended
        return self.counted(piece, True)

    def _says_how_it_ends(self) -> bool:
        """Whether Granian gives one empty piece after chunks that end, and two after such as break off.

        Trailers look as the latter do; who sends some is to announce them (RFC 9110 §6.6.2).
        """
        return "HTTP_TRANSFER_ENCODING" in self.environ and "HTTP_TRAILER" not in self.environ

    async def gone(self) -> None:
        await self._protocol.client_disconnect()

    async def send_whole(self, status: int, headers: Pairs, body: bytes) -> None:
        if body:
            self._protocol.response_bytes(status, headers, body)
        else:
            self._protocol.response_empty(status, headers)

    async def send_head(self, status: int, headers: Pairs) -> None:
        self.transport = self._protocol.response_stream(status, headers)

    async def send_piece(self, piece: bytes) -> None:
        await self.transport.send_bytes(piece)

    async def send_end(self) -> None:
        """Let go of the stream, which ends when nobody has it: there is no call for that."""
        self.transport = None


class RsgiSocket(Socket):
    """A WebSocket of RSGI."""

    sends_headers = False

    def __init__(self, app: t.Any, scope: t.Any, protocol: t.Any) -> None:
        environ = environ_of(scope, app.config["RSGI_ROOT_PATH"].rstrip("/"))
        environs.set_handshake(environ, scope.scheme)
        super().__init__(app, environ)
        self._protocol = protocol
        self._transport: t.Any = None

    async def begin(self) -> bool:
        return True

    async def send_accept(self, headers: Pairs, subprotocol: str | None) -> None:
        if subprotocol is not None:
            raise RuntimeError(_CANNOT.format("accept a WebSocket with a subprotocol"))
        if headers:
            raise RuntimeError(_CANNOT.format("accept a WebSocket with headers, such as a cookie of the session"))
        self._transport = await self._protocol.accept()

    async def send_refusal(self, status: int, headers: Pairs, body: bytes) -> None:
        self._protocol.close(status)

    async def hear(self) -> t.Any:
        try:
            return await self._transport.receive()
        except Exception as error:
            if not _is_closed(error):
                raise
            return None

    def message_of(self, event: t.Any) -> Message | None:
        if event is None or event.kind == _CLOSED:
            self._transport = None  # Granian ends the connection when nobody holds it any more
            return None
        return event.data  # type: ignore[no-any-return]

    async def put(self, data: Message) -> None:
        transport = self._transport
        if transport is None:
            raise BrokenPipeError
        try:
            if isinstance(data, str):
                await transport.send_str(data)
            else:
                await transport.send_bytes(data)
        except Exception as error:
            if not _is_closed(error):
                raise
            raise BrokenPipeError from error

    def check_close(self, code: int, reason: str) -> None:
        if code != 1000 or reason:
            raise RuntimeError(_CANNOT.format("close a WebSocket with a code or a reason"))

    async def send_close(self, code: int, reason: str) -> None:
        self._protocol.close(None)
        self._transport = None  # as above


_CLOSED = 0
_CANNOT = "RSGI cannot {}: serve the application by ASGI, as with 'granian --interface asgi module:app.asgi_app'."


def _is_closed(error: Exception) -> bool:
    """Whether it is Granian's way to say that the client has gone. PERF: not imported, for who does not serve so."""
    return type(error).__name__ == "RSGIProtocolClosed"


async def serve(app: t.Any, scope: t.Any, protocol: t.Any) -> None:
    """The RSGI application itself."""
    if scope.proto == "http":
        exchange = RsgiExchange(app, scope, protocol)
        try:
            await exchange.answer()
        except BaseException:
            if exchange.transport is not None:
                _cut(scope)
            raise
        finally:
            exchange.transport = None  # also where it broke off: kept in a circle, it would keep the client waiting
    elif scope.proto in {"ws", "websocket"}:
        await RsgiSocket(app, scope, protocol).answer()
    else:
        raise ValueError(f"This application does not speak {scope.proto!r}.")


def _cut(scope: t.Any) -> None:
    """Break the connection off in the midst of an answer, which Granian would end as if it were complete.

    Not of HTTP/2, on which there are other requests too.
    """
    if not scope.http_version.startswith("2"):
        from .cutting import cut

        cut(_split(scope.client, ""), _split(scope.server, "")[1])
