"""Requests and commands without a server. A test's request takes the way that a server's takes; nothing is short-cut.

The private names of Werkzeug's client that are used here: `_cookies`, `_add_cookies_to_wsgi`,
`_update_cookies_from_response`, `_request_from_builder_args`.
"""

from __future__ import annotations

import importlib.metadata
import typing as t
from contextlib import ExitStack, contextmanager
from copy import copy
from functools import cache
from urllib.parse import urlsplit

import werkzeug.test
from click.testing import CliRunner
from werkzeug.test import Client
from werkzeug.wrappers import Request as BaseRequest
from werkzeug.wsgi import get_current_url

from ._contracts import stock
from ._former import look_back
from .cli import ScriptInfo

if t.TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment
    from click.testing import Result
    from werkzeug.test import TestResponse

    from ._asgi_visits import BlockingSocket, Socket
    from .app import Flask
    from .sessions import SessionMixin


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """Werkzeug's builder of a WSGI environment, with the app's settings for what is not given.

    :param app: ``SERVER_NAME``, ``APPLICATION_ROOT`` and ``PREFERRED_URL_SCHEME`` say where it would be served.
    :param path: a path with or without a query, or a whole URL, whose scheme and host then are the request's.
    :param base_url: what the path is below of, instead of the settings.
    :param subdomain: goes before ``SERVER_NAME``; not together with ``base_url``.
    :param url_scheme: instead of ``PREFERRED_URL_SCHEME``; not together with ``base_url``.

    Further arguments are Werkzeug's.
    """

    def __init__(
        self,
        app: Flask,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: t.Any,
        **kwargs: t.Any,
    ) -> None:
        if base_url is None:
            base_url, path = _served_at(app, path, subdomain, url_scheme)
        elif subdomain or url_scheme:
            raise AssertionError('Cannot pass "subdomain" or "url_scheme" with "base_url".')
        self.app = app
        super().__init__(path, base_url, *args, **kwargs)

    def get_environ(self) -> WSGIEnvironment:
        """The environment. A body that is sent in chunks ends where what was given for it does, as servers have it."""
        environ = super().get_environ()
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            environ.setdefault("wsgi.input_terminated", True)
        return environ

    def json_dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """The body of a request made with ``json=``, by ``app.json``."""
        return self.app.json.dumps(obj, **kwargs)


def _served_at(app: Flask, path: str, subdomain: str | None, url_scheme: str | None) -> tuple[str, str]:
    """The base URL that a path, or a whole URL, has by the app's settings, and the path with its query."""
    url = urlsplit(path)
    host = app.config.get("SERVER_NAME") or "localhost"
    if subdomain:
        host = f"{subdomain}.{host}"
    if url_scheme is None:
        url_scheme = app.config["PREFERRED_URL_SCHEME"]
    root = app.config["APPLICATION_ROOT"].lstrip("/")
    path = f"{url.path}?{url.query}" if url.query else url.path
    return f"{url.scheme or url_scheme}://{url.netloc or host}/{root}", path


@cache
def _get_werkzeug_version() -> str:
    return importlib.metadata.version("werkzeug")


class FlaskClient(Client):
    """Werkzeug's test client, for an app: `app.test_client` makes one.

    In a ``with`` block the contexts of the last request stay until the next one or the end of the block, so that
    ``request``, ``session`` and ``g`` can be looked at. `environ_base` holds what the environment of each request
    starts from.
    """

    application: Flask

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.preserve_context: bool = False
        self._new_contexts: list[t.ContextManager[t.Any]] = []
        self._followed: list[t.Any] = []  # responses after which there may be background tasks to begin
        self._context_stack = ExitStack()
        self.environ_base: dict[str, t.Any] = {
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": f"Werkzeug/{_get_werkzeug_version()}",
        }

    @contextmanager
    def session_transaction(self, *args: t.Any, **kwargs: t.Any) -> t.Iterator[SessionMixin]:
        """Open the session that the client's next request would find; at the end of the block it is saved for it.

        The arguments are those of ``app.test_request_context``, for a session that depends on the URL. Nothing is saved
        if the block raises.

        :raises TypeError: where the client has no cookies.
        :raises RuntimeError: where the session interface opens no session, such as without a secret key.
        """
        if self._cookies is None:
            raise TypeError("Cookies are disabled. Create a client with 'use_cookies=True'.")
        app = self.application
        context = app.test_request_context(*args, **kwargs)
        self._add_cookies_to_wsgi(context.request.environ)
        with context:
            session = app.session_interface.open_session(app, context.request)
        if session is None:
            raise RuntimeError("Session backend did not open a session.")

        yield session

        response = app.response_class()
        if app.session_interface.is_null_session(session):
            return
        with context:
            app.session_interface.save_session(app, session, response)
        host, _, _ = context.request.host.partition(":")
        self._update_cookies_from_response(host, context.request.path, response.headers.getlist("Set-Cookie"))

    def _copy_environ(self, other: t.Mapping[str, t.Any]) -> WSGIEnvironment:
        environ = {**self.environ_base, **other}
        # The gateway hands each body to this function after which it is to begin background tasks.
        environ["flask.test.followed"] = self._followed.append
        if self.preserve_context:
            # The gateway hands each context of the request to this function before it pops it.
            environ["werkzeug.debug.preserve_context"] = self._new_contexts.append
        return environ

    def _request_from_builder_args(self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> BaseRequest:
        kwargs["environ_base"] = self._copy_environ(kwargs.get("environ_base", {}))
        builder = EnvironBuilder(self.application, *args, **kwargs)
        try:
            return builder.get_request()
        finally:
            builder.close()

    def _request_from(self, source: werkzeug.test.EnvironBuilder | WSGIEnvironment | BaseRequest) -> BaseRequest:
        """A request made of a builder, an environment or another request, which itself is not changed."""
        if isinstance(source, werkzeug.test.EnvironBuilder):
            builder = copy(source)
            builder.environ_base = self._copy_environ(builder.environ_base or {})
            return builder.get_request()
        if isinstance(source, BaseRequest):
            request = copy(source)
            request.environ = self._copy_environ(request.environ)
            return request
        made = EnvironBuilder.from_environ(source, app=self.application, environ_base=self._copy_environ({}))
        try:
            return made.get_request()
        finally:
            made.close()

    def open(
        self, *args: t.Any, buffered: bool = False, follow_redirects: bool = False, **kwargs: t.Any
    ) -> TestResponse:
        """Make a request of the arguments of `EnvironBuilder`, or of a builder, an environment or a request.

        :param buffered: read the whole body, and close the response, at once.
        :param follow_redirects: go on until a response is not a redirect; the earlier ones are in its ``history``.
        """
        if "as_tuple" in kwargs:
            answered: t.Any = stock.former_name("client_open")(self, args, kwargs, buffered, follow_redirects)
            return answered  # type: ignore[no-any-return]
        if args and isinstance(args[0], (werkzeug.test.EnvironBuilder, dict, BaseRequest)):
            request = self._request_from(args[0])
        else:
            request = self._request_from_builder_args(args, kwargs)

        self._context_stack.close()
        response = super().open(request, buffered=buffered, follow_redirects=follow_redirects)
        response.json_module = self.application.json  # type: ignore[assignment]
        self._enter_kept_contexts()
        self._begin_background_tasks(streams=False)
        return response

    @contextmanager
    def websocket(
        self, *args: t.Any, subprotocols: t.Sequence[str] = (), **kwargs: t.Any
    ) -> t.Iterator[BlockingSocket]:
        """Open a WebSocket, on the process's event loop: `with client.websocket("/ws") as socket`.

        :param subprotocols: what the client speaks.

        Further arguments are those of a request. Raises `ConnectionRefusedError` where the app does not accept, with
        `status_code`, `headers` and `body` of what it answered. At the end of the block the WebSocket is closed with
        the code 1000, unless it is closed already.
        """
        from ._asgi_visits import BlockingSocket

        app = self.application
        run = app.async_to_sync
        app._settle_loop()
        socket, keep_cookies = self._socket(args, kwargs, subprotocols)
        try:
            run(socket.open)(app)
            keep_cookies(socket.headers)
            yield BlockingSocket(socket, run)
        finally:
            run(socket.leave)()
        run(socket.result)()

    def _socket(
        self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any], subprotocols: t.Sequence[str]
    ) -> tuple[Socket, t.Callable[[list[tuple[str, str]]], None]]:
        """A WebSocket that is still to be opened, and what keeps the cookies that the app sends along."""
        from ._asgi_visits import Socket, scope_of

        environ = self._request_from_builder_args(args, kwargs).environ
        self._add_cookies_to_wsgi(environ)
        url = urlsplit(get_current_url(environ))

        def keep_cookies(headers: list[tuple[str, str]]) -> None:
            cookies = [value for name, value in headers if name.lower() == "set-cookie"]
            self._update_cookies_from_response(url.hostname or "localhost", url.path, cookies)

        return Socket(scope_of(environ), subprotocols), keep_cookies

    def _begin_background_tasks(self, streams: bool) -> None:
        """Begin those of the responses that have come as a whole; with `streams` of all."""
        for followed in [*self._followed]:
            if streams or followed.is_whole:
                self._followed.remove(followed)
                followed.begin()

    def finish_background_tasks(self, timeout: float | None = None) -> None:
        """Wait until the background tasks of the app are done, those of responses that were not read to their end too.

        A task begins when its response has come, or a streamed one is closed. Raises `TimeoutError` after so many
        seconds.
        """
        self._begin_background_tasks(streams=True)
        self.application.finish_background_tasks(timeout)

    def _enter_kept_contexts(self) -> None:
        """Make current what the gateway handed over for this request, and for one before it that ended in an error."""
        for context in self._new_contexts:
            self._context_stack.enter_context(context)
        self._new_contexts.clear()

    def __enter__(self) -> t.Self:
        if self.preserve_context:
            raise RuntimeError("Cannot nest client invocations")
        self.preserve_context = True
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.preserve_context = False
        self._context_stack.close()


class FlaskCliRunner(CliRunner):
    """Click's runner of commands, for those of an app: `app.test_cli_runner` makes one. Arguments are Click's."""

    def __init__(self, app: Flask, **kwargs: t.Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(  # type: ignore[override]
        self, cli: t.Any = None, args: t.Any = None, **kwargs: t.Any
    ) -> Result:
        """Run a command, by default ``app.cli``, as Click's runner does; it finds this app unless ``obj`` is given."""
        if cli is None:
            cli = self.app.cli
        if "obj" not in kwargs:
            kwargs["obj"] = ScriptInfo(create_app=lambda: self.app)
        return super().invoke(cli, args, **kwargs)


if not t.TYPE_CHECKING:

    def __getattr__(name: str) -> t.Any:
        return look_back(__name__, name)
