"""A client for asynchronous tests: requests and the time of serving as a server of ASGI tells the app of them.

No socket is opened and nothing is short-cut: `app.asgi_app` is called, with whatever is wrapped around it. How requests
are made of arguments, cookies kept and redirects followed is the synchronous client's to say.
"""

from __future__ import annotations

import typing as t
from contextlib import asynccontextmanager
from copy import copy
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wsgi import get_current_url

from ._asgi_visits import Connection, Lifespan, Socket, scope_of
from ._gateways.background import finish_on_loop
from ._gateways.fibers import run_on_loop, wait_for
from .testing import FlaskClient

if t.TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.test import Cookie, TestResponse
    from werkzeug.wrappers import Request

    from .app import Flask
    from .sessions import SessionMixin


class AsyncFlaskClient:
    """A test client to be awaited: `app.async_test_client` makes one.

    In an `async with` block the app is served: what is to run before the first request has run when the block begins,
    and what is to run after the last when it ends. Errors of it are raised there. Without the block the app is served
    as by a server that does not speak of such: from the first request to the end of the event loop.

    Requests take the arguments of `flask.testing.EnvironBuilder`, and several may be under way at a time. An app that
    propagates exceptions, as one with `testing` set, raises them here. Where the task that awaits a response is
    cancelled, the client has gone for the app.
    """

    def __init__(self, application: Flask, use_cookies: bool = True, **kwargs: t.Any) -> None:
        self.application = application
        self._client = _Client(application, application.response_class, use_cookies=use_cookies, **kwargs)
        self._lifespan: Lifespan | None = None

    @property
    def environ_base(self) -> dict[str, t.Any]:
        """What the WSGI environment of each request starts from. Only what ASGI carries may be in it."""
        return self._client.environ_base

    async def open(self, *args: t.Any, follow_redirects: bool = False, **kwargs: t.Any) -> TestResponse:
        """Make a request, and wait for all of its response.

        :param follow_redirects: go on until a response is not a redirect; the earlier ones are in its ``history``.
        """

        def ask() -> TestResponse:
            return self._client.open(*args, follow_redirects=follow_redirects, **kwargs)

        return await run_on_loop(ask)

    async def get(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """`open` with the method GET."""
        return await self.open(*args, **{**kwargs, "method": "GET"})

    async def post(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """`open` with the method POST."""
        return await self.open(*args, **{**kwargs, "method": "POST"})

    async def put(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """`open` with the method PUT."""
        return await self.open(*args, **{**kwargs, "method": "PUT"})

    async def patch(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """`open` with the method PATCH."""
        return await self.open(*args, **{**kwargs, "method": "PATCH"})

    async def delete(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """`open` with the method DELETE."""
        return await self.open(*args, **{**kwargs, "method": "DELETE"})

    async def head(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """`open` with the method HEAD."""
        return await self.open(*args, **{**kwargs, "method": "HEAD"})

    async def options(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """`open` with the method OPTIONS."""
        return await self.open(*args, **{**kwargs, "method": "OPTIONS"})

    async def trace(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """`open` with the method TRACE."""
        return await self.open(*args, **{**kwargs, "method": "TRACE"})

    @asynccontextmanager
    async def stream(self, *args: t.Any, **kwargs: t.Any) -> t.AsyncGenerator[StreamedResponse]:
        """Make a request, and read its response piece by piece: `async with client.stream("/") as response`.

        At the end of the block the client goes, whether or not the response has come to its end.
        """
        client = copy(self._client)  # with the same cookies
        connections: list[Connection] = []
        client.keep = connections.append
        response = None
        try:
            response = await run_on_loop(lambda: client.open(*args, **kwargs))
            yield StreamedResponse(response, connections[0])
        finally:
            for connection in connections:
                await connection.leave()

    @asynccontextmanager
    async def websocket(
        self, *args: t.Any, subprotocols: t.Sequence[str] = (), **kwargs: t.Any
    ) -> t.AsyncGenerator[Socket]:
        """Open a WebSocket: `async with client.websocket("/ws") as socket`; else as `FlaskClient.websocket`."""
        socket, keep_cookies = self._client._socket(args, kwargs, subprotocols)
        try:
            await socket.open(self.application)
            keep_cookies(socket.headers)
            yield socket
        finally:
            await socket.leave()
        await socket.result()

    @asynccontextmanager
    async def session_transaction(self, *args: t.Any, **kwargs: t.Any) -> t.AsyncGenerator[SessionMixin]:
        """Open the session that the client's next request would find; at the end of the block it is saved for it.

        As `FlaskClient.session_transaction`, with the same arguments and errors.
        """
        transaction = self._client.session_transaction(*args, **kwargs)
        session = await run_on_loop(transaction.__enter__)
        try:
            yield session
        except BaseException as error:
            if not await run_on_loop(transaction.__exit__, type(error), error, error.__traceback__):
                raise
        else:
            await run_on_loop(transaction.__exit__, None, None, None)

    def get_cookie(self, key: str, domain: str = "localhost", path: str = "/") -> Cookie | None:
        """A cookie that the client has, or None."""
        return self._client.get_cookie(key, domain, path)

    def set_cookie(self, key: str, value: str = "", *, domain: str = "localhost", **kwargs: t.Any) -> None:
        """Give the client a cookie; the arguments are those of Werkzeug's client."""
        self._client.set_cookie(key, value, domain=domain, **kwargs)

    def delete_cookie(self, key: str, *, domain: str = "localhost", path: str = "/") -> None:
        """Take a cookie from the client."""
        self._client.delete_cookie(key, domain=domain, path=path)

    async def finish_background_tasks(self, timeout: float | None = None) -> None:
        """Wait until the background tasks of the app are done. Raises `TimeoutError` after so many seconds."""
        await finish_on_loop(self.application, timeout)

    async def __aenter__(self) -> t.Self:
        if self._lifespan is not None:
            raise RuntimeError("This client serves the app already: its blocks cannot be nested.")
        self._lifespan = Lifespan(self.application)
        try:
            await self._lifespan.begin()
        except BaseException:
            self._lifespan = None
            raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._lifespan is not None
        lifespan, self._lifespan = self._lifespan, None
        message = await lifespan.end()
        if message and exc_value is None:
            raise RuntimeError(message)


class StreamedResponse:
    """A response whose head has come, and whose body is read as it comes: `async for piece in response`."""

    def __init__(self, response: TestResponse, connection: Connection) -> None:
        self.request: Request = response.request
        self.status: str = response.status
        self.status_code: int = response.status_code
        self.headers: Headers = response.headers
        self.mimetype: str | None = response.mimetype
        self._connection = connection

    async def __aiter__(self) -> t.AsyncGenerator[bytes]:
        while piece := await self._connection.piece():
            yield piece

    async def read(self) -> bytes:
        """The next piece of the body, as the app sent it; empty at the end."""
        return await self._connection.piece()

    async def disconnect(self) -> None:
        """Go, and wait until the app has done with the request."""
        await self._connection.leave()


class _Client(FlaskClient):
    """The synchronous client in a fiber, which parks while the app is at work."""

    keep: t.Callable[[Connection], object] | None = None

    def run_wsgi_app(self, environ: WSGIEnvironment, buffered: bool = False) -> tuple[t.Iterable[bytes], str, Headers]:
        """Ask the ASGI application, as if it were the other one."""
        self._add_cookies_to_wsgi(environ)
        connection = Connection(scope_of(environ), environ["wsgi.input"].read())
        if self.keep is not None:
            self.keep(connection)
            wait_for(connection.begin(self.application))
            body = b""
        else:
            body = wait_for(connection.whole(self.application))
        headers = Headers(connection.headers)
        url = urlsplit(get_current_url(environ))
        self._update_cookies_from_response(url.hostname or "localhost", url.path, headers.getlist("Set-Cookie"))
        status = f"{connection.status} {HTTP_STATUS_CODES.get(connection.status, 'UNKNOWN').upper()}"
        return [body], status, headers
