"""WebSockets (RFC 6455): what `flask.websocket` stands for, and the context in which it is answered.

How messages come and go is the gateway's, what happens in which order the lifecycle's. Nothing here blocks an event
loop, and nothing here may run for an HTTP request.
"""

from __future__ import annotations

import typing as t
from asyncio import _get_running_loop

from werkzeug.datastructures import Headers
from werkzeug.exceptions import Forbidden

from ._contracts import stock
from ._incoming.request import json_reader
from ._sendable import check_headers
from ._upgrade import UpgradeRequired as UpgradeRequired
from .ctx import RequestContext
from .sessions import _untouched_session_is_silent
from .wrappers import Request

if t.TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask
    from .typing import HeadersValue
    from .wrappers import Response

__all__ = ["BlockingWebSocket", "Handshake", "UpgradeRequired", "WebSocket", "WebSocketContext"]

Message: t.TypeAlias = str | bytes

_PORTS = {"http": ":80", "https": ":443"}
_SERVER_SENDS = "sec-websocket-"


class Connection(t.Protocol):
    """A connection as its gateway has it."""

    is_pending: bool
    close_code: int | None
    sends_headers: bool

    @property
    def is_closed(self) -> bool: ...

    async def accept(self, headers: list[tuple[str, str]], subprotocol: str | None) -> None: ...

    async def receive(self) -> Message: ...

    async def send(self, data: Message) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...

    async def aside(self, func: t.Callable[..., t.Any], *args: t.Any) -> t.Any: ...

    def wait(self, coroutine: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any: ...


class Handshake(Request):
    """The request that asks for a WebSocket: path, arguments, headers, cookies, rule and the rest of a `Request`."""

    #: The subprotocol that was chosen when the WebSocket was accepted.
    subprotocol: str | None = None

    _connection: Connection

    def __init__(self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False) -> None:
        super().__init__(environ, populate_request, shallow)
        self._connection = environ["flask.exchange"]

    @property
    def scheme(self) -> str:  # type: ignore[override]
        """`ws`, or `wss` over TLS."""
        return "wss" if self.environ.get("wsgi.url_scheme") in {"https", "wss"} else "ws"

    @property
    def subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, the one it likes best first."""
        offered = self.headers.get("Sec-WebSocket-Protocol", "").split(",")
        return [name.strip() for name in offered if name.strip()]

    @property
    def is_pending(self) -> bool:
        """Whether the WebSocket was neither accepted nor refused so far."""
        return self._connection.is_pending

    @property
    def close_code(self) -> int | None:
        """The code with which the client has closed the WebSocket; None as long as it has not, or none is told."""
        return self._connection.close_code

    def check_origin(self, allowed: t.Any) -> None:
        """Raise `Forbidden` unless the page that asks is of this very host, or `allowed` has its origin, or "*".

        What is no browser has no `Origin` header, and may (RFC 6455 §10.2).
        """
        origin = self.headers.get("Origin")
        if origin is None or origin_is_of(origin, self.host):
            return
        names = (allowed,) if isinstance(allowed, str) else allowed or ()
        if "*" not in names and origin.lower() not in {name.lower().rstrip("/") for name in names}:
            raise Forbidden("A page of this origin may not open this WebSocket: see WEBSOCKET_ALLOWED_ORIGINS.")


def origin_is_of(origin: str, host: str) -> bool:
    """Whether an `Origin` header (RFC 6454 §7) names a host, whatever the scheme: a proxy may have undone the TLS."""
    scheme, separator, place = origin.lower().partition("://")
    port = _PORTS.get(scheme)
    return bool(separator and port) and place.removesuffix(port or "") == host.lower().removesuffix(port or "")


class WebSocket(Handshake):
    """The current WebSocket, for code on the event loop; `blocking` is the same for other code.

    Assign a subclass to `Flask.websocket_class` to extend it. Where the client has gone, the function that answers the
    WebSocket is cancelled: whatever it awaits here raises `asyncio.CancelledError`. For others, as when one WebSocket's
    function sends to another's client, it raises `ConnectionResetError`, however that WebSocket has ended.
    """

    @property
    def blocking(self) -> BlockingWebSocket:
        """This WebSocket for synchronous code, to which `flask.websocket` gives it anyway; for type checkers."""
        face = BlockingWebSocket.__new__(BlockingWebSocket)
        face.__dict__ = self.__dict__
        face._websocket = self
        return face

    def _get_current_object(self) -> WebSocket:
        """This object; of the proxy, the one that it stands for. Type checkers take the proxy for the object."""
        return self

    async def accept(self, headers: HeadersValue | None = None, subprotocol: str | None = None) -> None:
        """Accept the WebSocket, as the first `receive` or `send` does where nobody has.

        :param headers: further headers of the response; a cookie of the session is among them anyway.
        :param subprotocol: one of `subprotocols`.

        Raises `ValueError` for a subprotocol that was not offered and for a header that is the server's to send,
        `RuntimeError` where the WebSocket was accepted or closed, or the server cannot carry what is to be sent.
        """
        connection = self._connection
        if not connection.is_pending:
            raise RuntimeError("This WebSocket was accepted or closed before: it can be accepted once.")
        if subprotocol is not None and subprotocol not in self.subprotocols:
            offered = ", ".join(map(repr, self.subprotocols[:10])) or "none"
            raise ValueError(f"The client did not offer the subprotocol {subprotocol!r}, and would hang up: {offered}.")
        pairs = [] if headers is None else _checked(Headers(headers))
        context = _context_of(self)
        if context is not None:
            pairs += await context.session_cookies(connection)
        check_headers(pairs)
        self.subprotocol = subprotocol
        await connection.accept(pairs, subprotocol)

    async def receive(self) -> Message:
        """The next message: text, or bytes. One above `WEBSOCKET_MAX_MESSAGE_SIZE` closes the WebSocket with 1009.

        Raises `RuntimeError` where this side has closed.
        """
        connection = self._connection
        if connection.is_pending:
            await self.accept()
        return await connection.receive()

    async def receive_json(self) -> t.Any:
        """The next message, read as JSON as a request's body is. Raises `ValueError` for what is none."""
        return json_reader(self.json_module)(await self.receive())

    async def send(self, data: Message) -> None:
        """Send a message: a str as text, bytes as they are. Raises `RuntimeError` where this side has closed."""
        kind = type(data)
        if kind is not str and kind is not bytes:
            data = _message(data)
        connection = self._connection
        if connection.is_pending:
            await self.accept()
        await connection.send(data)

    async def send_json(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Send data as JSON text, given as to `flask.jsonify`: one value, several for a list, or names for an object.

        Raises `TypeError` for both kinds of arguments at once.
        """
        if args and kwargs:
            raise TypeError("send_json() takes either args or kwargs, not both")
        await self.send(self.json_module.dumps(kwargs if kwargs else args[0] if len(args) == 1 else list(args) or None))

    async def close(self, code: int = 1000, reason: str = "") -> None:  # type: ignore[override]
        """Close the WebSocket, which the end of its function does anyway; before it was accepted: refuse it by 403.

        Nothing happens where it is closed already. Raises `ValueError` for a code that an endpoint may not send
        (RFC 6455 §7.4) and a reason of more than 123 bytes, `RuntimeError` where the server cannot carry them.
        """
        if not (code in _CODES or 3000 <= code <= 4999):
            raise ValueError(f"{code!r} is no code to close a WebSocket with: 1000, or one from 3000 to 4999, is.")
        if len(reason.encode()) > 123:
            raise ValueError("The reason for closing a WebSocket has at most 123 bytes.")
        await self._connection.close(code, reason)

    def __aiter__(self) -> AsyncIterator[Message]:
        """The messages as they come, until this side closes."""
        return self

    async def __anext__(self) -> Message:
        if self._connection.is_closed:
            raise StopAsyncIteration
        try:
            return await self.receive()
        except RuntimeError:
            if not self._connection.is_closed:
                raise
            raise StopAsyncIteration from None  # somebody closed it while this waited


class BlockingWebSocket(Handshake):
    """The current WebSocket, for synchronous code: `WebSocket`, with methods that wait for what they are to give."""

    # Not in the dict, which is the WebSocket's own.
    __slots__ = ("_websocket",)

    _websocket: WebSocket

    def _wait(self, coroutine: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any:
        return self._connection.wait(coroutine)

    @property
    def blocking(self) -> BlockingWebSocket:
        """This very object."""
        return self

    def accept(self, headers: HeadersValue | None = None, subprotocol: str | None = None) -> None:
        """As `WebSocket.accept`."""
        self._wait(self._websocket.accept(headers, subprotocol))

    def receive(self) -> Message:
        """As `WebSocket.receive`."""
        message: Message = self._wait(self._websocket.receive())
        return message

    def receive_json(self) -> t.Any:
        """As `WebSocket.receive_json`."""
        return self._wait(self._websocket.receive_json())

    def send(self, data: Message) -> None:
        """As `WebSocket.send`."""
        self._wait(self._websocket.send(data))

    def send_json(self, *args: t.Any, **kwargs: t.Any) -> None:
        """As `WebSocket.send_json`."""
        self._wait(self._websocket.send_json(*args, **kwargs))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """As `WebSocket.close`."""
        self._wait(self._websocket.close(code, reason))

    def __iter__(self) -> Iterator[Message]:
        """The messages as they come, until this side closes."""
        return self

    def __next__(self) -> Message:
        if self._connection.is_closed:
            raise StopIteration
        try:
            return self.receive()
        except RuntimeError:
            if not self._connection.is_closed:
                raise
            raise StopIteration from None  # likewise


# Those that RFC 6455 §7.4.1 and IANA's registry have endpoints send; 1004 to 1006 and 1015 are never sent.
_CODES = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


def _message(data: object) -> Message:
    if isinstance(data, str):
        return data
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise TypeError(f"A message is str or bytes, and not {type(data).__name__!r}: 'send_json' sends other data.")


def _checked(headers: Headers) -> list[tuple[str, str]]:
    pairs = list(headers)
    for name, _ in pairs:
        if name.lower().startswith(_SERVER_SENDS) or name.lower() in {"connection", "upgrade"}:
            raise ValueError(f"The header {name!r} is the server's to send; a subprotocol has an argument of its own.")
    return pairs


def _context_of(websocket: WebSocket) -> WebSocketContext | None:
    context: WebSocketContext | None = websocket.__dict__.get("_context")
    return context


class WebSocketContext(RequestContext):
    """What is current while one WebSocket is answered: `websocket`, `session`, and an app context below them.

    `request` is there too: the handshake, which is the WebSocket itself.
    """

    request: t.Any
    _is_websocket = True

    def __init__(
        self,
        app: Flask,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: t.Any = None,
    ) -> None:
        if request is None:
            request = app.websocket_class(environ)
            request.json_module = app.json
            request.__dict__["_context"] = self
        super().__init__(app, environ, request, session)

    @property
    def _websocket(self) -> WebSocket | BlockingWebSocket:
        """Who asks from a thread without an event loop can await nothing."""
        websocket = t.cast("WebSocket", self._top_request)  # which is made beforehand
        return websocket.blocking if _get_running_loop() is None else websocket

    def _close_request(self) -> None:
        """Nothing is to be closed, but circles are to be undone."""
        own = self.request.__dict__
        own.pop("_context", None)
        self.request.environ["werkzeug.request"] = None

    # ---- the session, of which a cookie can be sent as long as the WebSocket was not accepted

    def _saves_by_cookie(self) -> bool:
        interface = self.app.session_interface
        return type(interface).save_session is stock.save_session and "save_session" not in interface.__dict__

    async def session_cookies(self, connection: Connection) -> list[tuple[str, str]]:
        """Save the session; the headers with its cookies, for the response that accepts the WebSocket."""
        if self._opened is None and _untouched_session_is_silent(self.app, self):
            return []
        response = self.app.response_class()
        if self._saves_by_cookie():
            if not (connection.sends_headers or self._session.modified):
                return []  # nobody has changed it: its cookie would only be given more time, and the next response does
            self.save_session(response)
            self._session.modified = False
        else:
            await connection.aside(self.save_session, response)
        return [("Set-Cookie", value) for value in response.headers.getlist("Set-Cookie")]

    def save_session(self, response: Response | None) -> None:
        """Save the session with a response; None: the WebSocket was accepted, and it is too late for a cookie."""
        app = self.app
        if self._opened is None and (response is None or _untouched_session_is_silent(app, self)):
            return
        session = self._session
        if app.session_interface.is_null_session(session):
            return
        if response is not None:
            app.session_interface.save_session(app, session, response)
        elif not self._saves_by_cookie():
            app.session_interface.save_session(app, session, app.response_class())
        elif session.modified:
            app.logger.warning(
                "The session was changed after the WebSocket (%r) had been accepted. No cookie can be sent any more, so"
                " the change is lost. Change it before 'accept', or use sessions that are kept on the server.",
                self.request.endpoint,
            )
