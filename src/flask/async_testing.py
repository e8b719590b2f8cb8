"""A client for asynchronous tests: requests and the time of serving as a server of ASGI tells the app of them.

No socket is opened and nothing is short-cut: `app.asgi_app` is called, with whatever is wrapped around it. How requests
are made of arguments, cookies kept and redirects followed is the synchronous client's to say.
"""

from __future__ import annotations

import asyncio
import typing as t
from collections import deque
from contextlib import asynccontextmanager
from copy import copy
from urllib.parse import quote, urlsplit

from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wsgi import get_current_url

from ._gateways.background import finish_on_loop
from ._gateways.fibers import run_on_loop, wait_for
from .testing import FlaskClient

if t.TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.test import Cookie, TestResponse

    from .app import Flask
    from .sessions import SessionMixin
    from .typing import Message, Scope

R = t.TypeVar("R")

_PIECE = 64 * 1024  # bytes of a request's body that come at once
_CARRIED = frozenset(
    "REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING REQUEST_URI RAW_URI SERVER_NAME SERVER_PORT SERVER_PROTOCOL"
    " REMOTE_ADDR REMOTE_PORT CONTENT_TYPE CONTENT_LENGTH".split()
)


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
        self._lifespan: _Lifespan | None = None

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
        connections: list[_Connection] = []
        client.keep = connections.append
        response = None
        try:
            response = await run_on_loop(lambda: client.open(*args, **kwargs))
            yield StreamedResponse(response, connections[0])
        finally:
            for connection in connections:
                await connection.leave()

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
        self._lifespan = _Lifespan(self.application)
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

    def __init__(self, response: TestResponse, connection: _Connection) -> None:
        self.request = response.request
        self.status = response.status
        self.status_code = response.status_code
        self.headers = response.headers
        self.mimetype = response.mimetype
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

    keep: t.Callable[[_Connection], object] | None = None

    def run_wsgi_app(self, environ: WSGIEnvironment, buffered: bool = False) -> tuple[t.Iterable[bytes], str, Headers]:
        """Ask the ASGI application, as if it were the other one."""
        self._add_cookies_to_wsgi(environ)
        connection = _Connection(_scope_of(environ), environ["wsgi.input"].read())
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


def _scope_of(environ: WSGIEnvironment) -> Scope:
    """What a server of ASGI would say of a request. Raises `ValueError` for what it could not."""
    for key in environ:
        if key not in _CARRIED and key.isupper() and not key.startswith("HTTP_"):
            raise ValueError(f"A server of ASGI has no way to tell {key!r}, which the request's environment has.")
    root, path = _text(environ["SCRIPT_NAME"]), _text(environ["PATH_INFO"])
    raw = environ.get("REQUEST_URI", quote(path)).partition("?")[0]
    headers = [
        (key[5:].replace("_", "-").lower().encode(), str(value).encode("latin-1"))
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    headers += [
        (name, str(environ[key]).encode("latin-1"))
        for key, name in (("CONTENT_TYPE", b"content-type"), ("CONTENT_LENGTH", b"content-length"))
        if environ.get(key)
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": environ["SERVER_PROTOCOL"].partition("/")[2],
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": root + path,
        "raw_path": (quote(root) + raw).encode("latin-1"),
        "query_string": environ["QUERY_STRING"].encode("latin-1"),
        "root_path": root,
        "headers": headers,
        "client": (environ.get("REMOTE_ADDR", "127.0.0.1"), int(environ.get("REMOTE_PORT", 0))),
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
        "extensions": {},
    }


def _text(latin: str) -> str:
    return latin.encode("latin-1").decode(errors="replace")


class _Connection:
    """One request under way: what the app receives and sends, and when the client goes."""

    def __init__(self, scope: Scope, body: bytes) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self._scope = scope
        self._rest: bytes | None = body
        self._pieces: deque[bytes] = deque()
        self._is_complete = False  # whether all of the response was sent
        self._is_gone = False
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def whole(self, app: Flask) -> bytes:
        """Begin, and the body once all of it has come and the app is done."""
        try:
            await self.begin(app)
            body = b""
            while piece := await self.piece():
                body += piece
            return body
        finally:
            await self.leave()

    async def begin(self, app: Flask) -> None:
        """Have the app begin, and wait for the head of the response."""
        self._task = asyncio.create_task(self._run(app))
        async with self._changed:
            await self._changed.wait_for(lambda: self.status or self._is_complete)
        if not self.status:
            await self._task  # the error why there is none
            raise RuntimeError("The app did not answer.")

    async def piece(self) -> bytes:
        """The next piece of the body; empty at the end. Raises what the app raised meanwhile."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._pieces or self._is_complete)
            if self._pieces:
                piece = self._pieces.popleft()
                self._changed.notify_all()
                return piece
        if self._task is not None:
            await self._task
        return b""

    async def leave(self) -> None:
        """Go, and wait until the app is done."""
        async with self._changed:
            self._is_gone = True
            self._changed.notify_all()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self, app: Flask) -> None:
        try:
            await app.asgi_app(self._scope, self._receive, self._send)
        finally:
            async with self._changed:
                self._is_complete = True
                self._changed.notify_all()

    async def _receive(self) -> Message:
        if self._rest is not None and not self._is_gone:
            piece, rest = self._rest[:_PIECE], self._rest[_PIECE:]
            self._rest = rest or None
            return {"type": "http.request", "body": piece, "more_body": bool(rest)}
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_gone)
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        async with self._changed:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
            elif message["type"] == "http.response.body":
                # As much is under way as one piece: an app that sends without end is slowed down.
                await self._changed.wait_for(lambda: self._is_gone or not self._pieces)
                if message.get("body") and not self._is_gone:
                    self._pieces.append(message["body"])
                if not message.get("more_body", False):
                    self._is_complete = True
            self._changed.notify_all()


class _Lifespan:
    """The time of serving, as the lifespan protocol tells of it."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._ending = asyncio.Event()
        self._is_told = False
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Raises what the app's own functions raised."""
        scope: Scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": {},
            "flask.test": True,  # errors are to be raised rather than written
        }
        self._task = asyncio.create_task(t.cast("t.Any", self._app.asgi_app(scope, self._receive, self._answers.put)))
        answer = await self._answer()
        if answer["type"] != "lifespan.startup.complete":
            raise RuntimeError(answer.get("message") or "The startup failed.")

    async def end(self) -> str:
        """What the app says of failures; else nothing."""
        self._ending.set()
        answer = await self._answer()
        assert self._task is not None
        await self._task
        if answer["type"] == "lifespan.shutdown.failed":
            return t.cast(str, answer.get("message") or "The shutdown failed.")
        return ""

    async def _answer(self) -> Message:
        assert self._task is not None
        waiting = asyncio.create_task(self._answers.get())
        try:
            await asyncio.wait([waiting, self._task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not waiting.done():
                waiting.cancel()
        if not waiting.done() or waiting.cancelled():
            await self._task  # the error why there is none
            raise RuntimeError("The app does not speak of the time of serving.")
        return waiting.result()

    async def _receive(self) -> Message:
        if not self._is_told:
            self._is_told = True
            return {"type": "lifespan.startup"}
        await self._ending.wait()
        return {"type": "lifespan.shutdown"}
