"""The last requests of a worker: their responses say that the connection closes, so that no client sends into a gap.

A server that just closes a kept connection may do so while a request is on its way there. Here also stands the count
that makes a worker's requests its last. Nothing is changed in any response before that.
"""

from __future__ import annotations

import itertools
import random
import typing as t

from .settings import Interface
from .state import State

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A worker is replaced within this share below the count, each at another moment.
JITTER = 0.1


def around(entry: t.Any, interface: Interface, state: State, max_requests: int | None) -> t.Any:
    """What Granian calls in place of `entry`."""
    if max_requests is not None:
        entry = _COUNTING[interface](entry, _counter(state, max_requests))
    return _CLOSING[interface](entry, state)


def _counter(state: State, max_requests: int) -> t.Callable[[], None]:
    """Called with each request. Asks for a successor after the count, and should none come, again each time after."""
    limit = max_requests - random.randrange(int(max_requests * JITTER) + 1)
    step = itertools.count(1).__next__

    def count() -> None:
        if step() % limit == 0:
            state.ask_for_successor()

    return count


def _count_wsgi(app: WSGIApplication, count: t.Callable[[], None]) -> WSGIApplication:
    def counted(environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        count()
        return app(environ, start_response)

    return counted


def _count_asgi(app: t.Any, count: t.Callable[[], None]) -> t.Any:
    def counted(scope: t.Any, receive: t.Any, send: t.Any) -> t.Any:
        if scope["type"] != "lifespan":
            count()
        return app(scope, receive, send)

    return counted


class _Rsgi:
    """An RSGI application around another, with its start and end."""

    __slots__ = ("__rsgi__", "__rsgi_del__", "__rsgi_init__")

    def __init__(self, app: t.Any, call: t.Callable[[t.Any, t.Any], t.Any]) -> None:
        self.__rsgi__ = call
        self.__rsgi_init__ = getattr(app, "__rsgi_init__", _nothing)
        self.__rsgi_del__ = getattr(app, "__rsgi_del__", _nothing)


def _nothing(loop: t.Any) -> None:
    pass


def _count_rsgi(app: t.Any, count: t.Callable[[], None]) -> t.Any:
    inner = app.__rsgi__

    def counted(scope: t.Any, protocol: t.Any) -> t.Any:
        count()
        return inner(scope, protocol)

    return _Rsgi(app, counted)


_COUNTING: dict[Interface, t.Callable[..., t.Any]] = {"wsgi": _count_wsgi, "asgi": _count_asgi, "rsgi": _count_rsgi}


def _close_wsgi(app: WSGIApplication, state: State) -> WSGIApplication:
    def closing(environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        if state.closing and environ["SERVER_PROTOCOL"] != "HTTP/2":
            return app(environ, _saying_so(start_response))
        return app(environ, start_response)

    return closing


def _saying_so(start_response: StartResponse) -> StartResponse:
    def start_last(status: str, headers: list[tuple[str, str]], *exc_info: t.Any) -> t.Any:
        return start_response(status, [*headers, ("Connection", "close")], *exc_info)

    return t.cast("StartResponse", start_last)


def _close_asgi(app: t.Any, state: State) -> t.Any:
    def closing(scope: t.Any, receive: t.Any, send: t.Any) -> t.Any:
        if state.closing and scope["type"] == "http" and not scope["http_version"].startswith("2"):
            return app(scope, receive, _sending_so(send))
        return app(scope, receive, send)

    return closing


def _sending_so(send: t.Any) -> t.Any:
    def send_last(message: t.Any) -> t.Any:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        return send(message)

    return send_last


def _close_rsgi(app: t.Any, state: State) -> t.Any:
    inner = app.__rsgi__

    def closing(scope: t.Any, protocol: t.Any) -> t.Any:
        if state.closing and scope.proto == "http" and not scope.http_version.startswith("2"):
            return inner(scope, _LastProtocol(protocol))
        return inner(scope, protocol)

    return _Rsgi(app, closing)


class _LastProtocol:
    """A request's protocol object that adds the header to whatever kind of response there is."""

    def __init__(self, protocol: t.Any) -> None:
        self._protocol = protocol

    def __getattr__(self, name: str) -> t.Any:
        found = getattr(self._protocol, name)
        if not name.startswith("response_"):
            return found

        def respond(status: int, headers: list[tuple[str, str]], *rest: t.Any) -> t.Any:
            return found(status, [*headers, ("connection", "close")], *rest)

        return respond

    def __call__(self) -> t.Any:
        return self._protocol()

    def __aiter__(self) -> t.Any:
        return self._protocol.__aiter__()


_CLOSING: dict[Interface, t.Callable[..., t.Any]] = {"wsgi": _close_wsgi, "asgi": _close_asgi, "rsgi": _close_rsgi}
