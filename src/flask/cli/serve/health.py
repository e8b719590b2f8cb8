"""What a load balancer asks: whether requests are welcome. No code of the app runs for that, and no log tells of it.

It stands before everything else. A route that the app has at this very path is never taken from it.
"""

from __future__ import annotations

import logging
import typing as t

from .state import State

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...app import Flask

_log = logging.getLogger("flask.serve")

_READY, _NOT_READY = b"ready\n", b"draining\n"
_METHODS = frozenset({"GET", "HEAD"})
_LINES = {200: "200 OK", 503: "503 SERVICE UNAVAILABLE", 405: "405 METHOD NOT ALLOWED"}


def is_free(app: Flask, path: str) -> bool:
    """Whether no rule of the app is just this path; one with variables, that takes whatever comes, does not count."""
    rule = next((rule for rule in app.url_map.iter_rules() if rule.rule == path and not rule.arguments), None)
    if rule is None:
        return True
    _log.warning(
        "No health check is served: the application has a route %r of its own (endpoint %r)."
        " With --health-path it can be served at another path, or be switched off.",
        path,
        rule.endpoint,
    )
    return False


def _answer(state: State, method: str) -> tuple[int, list[tuple[str, str]], bytes]:
    if method not in _METHODS:
        return 405, [("allow", "GET, HEAD"), ("content-length", "0")], b""
    status, body = (200, _READY) if state.ready else (503, _NOT_READY)
    headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
    ]
    return status, headers, b"" if method == "HEAD" else body


def around_wsgi(app: WSGIApplication, path: str, state: State) -> WSGIApplication:
    """A WSGI application that answers at the path, and else is the app."""

    def checked(environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        if environ["PATH_INFO"] != path:
            return app(environ, start_response)
        status, headers, body = _answer(state, environ["REQUEST_METHOD"])
        start_response(_LINES[status], headers)
        return [body]

    return checked


def around_asgi(app: t.Any, path: str, state: State) -> t.Any:
    """The same for ASGI."""

    def checked(scope: t.Any, receive: t.Any, send: t.Any) -> t.Awaitable[None]:
        if scope["type"] != "http" or scope["path"] != path:
            return app(scope, receive, send)  # type: ignore[no-any-return]
        return _send_answer(scope, send, state)

    return checked


async def _send_answer(scope: t.Any, send: t.Any, state: State) -> None:
    status, headers, body = _answer(state, scope["method"])
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


class around_rsgi:
    """The same for RSGI, with the app's own begin and end."""

    def __init__(self, app: t.Any, path: str, state: State) -> None:
        self._app = app.__rsgi__
        self._path = path
        self._state = state
        self.__rsgi_init__ = app.__rsgi_init__
        self.__rsgi_del__ = app.__rsgi_del__

    def __rsgi__(self, scope: t.Any, protocol: t.Any) -> t.Awaitable[None]:
        """What the server calls."""
        if scope.path != self._path or scope.proto != "http":
            return self._app(scope, protocol)  # type: ignore[no-any-return]
        return self._answer(scope, protocol)

    async def _answer(self, scope: t.Any, protocol: t.Any) -> None:
        protocol.response_bytes(*_answer(self._state, scope.method))


AROUND: dict[str, t.Callable[[t.Any, str, State], t.Any]] = {
    "wsgi": around_wsgi,
    "asgi": around_asgi,
    "rsgi": around_rsgi,
}
