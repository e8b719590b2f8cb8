"""The one context variable and the proxies that read it: where `request`, `session`, `g` and `current_app` come from.

Nothing is created here: a proxy finds what a context holds, or says how to get a context.
"""

from __future__ import annotations

import typing as t
from contextvars import ContextVar, Token

from werkzeug.local import LocalProxy

if t.TYPE_CHECKING:  # what users see in their editors; nothing of it is imported at run time
    from .app import Flask
    from .ctx import AppContext, RequestContext, _AppCtxGlobals
    from .sessions import SessionMixin
    from .websockets import WebSocket
    from .wrappers import Request

_no_app_message = """\
Working outside of application context.

This typically means that you attempted to use functionality that needed
the current application. To solve this, set up an application context
with app.app_context(). See the documentation for more information."""

_no_request_message = """\
Working outside of request context.

This typically means that you attempted to use functionality that needed
an active HTTP request. Consult the documentation on testing for
information about how to avoid this problem."""

_no_websocket_message = """\
Working outside of a WebSocket's context.

This typically means that you attempted to use functionality that needed
an open WebSocket: 'websocket' is for functions that '@app.websocket' or
its hooks registered. In an HTTP request there is 'request'."""


# Whatever is on top of the contexts answers seven questions: app, _top_app_ctx, _top_g, _top_request_ctx, _top_request,
# _top_session, _url_prefix. The names start with an underscore since an app context must not seem to have a `request`
# or `session`.


class _NoContext:
    """What the context variable holds when nothing is pushed: it answers every question with the error that teaches."""

    __slots__ = ()

    _top_app_ctx: None = None
    _top_request_ctx: None = None
    _url_prefix: None = None

    @property
    def app(self) -> t.NoReturn:
        raise RuntimeError(_no_app_message)

    _top_g = app

    @property
    def _top_request(self) -> t.NoReturn:
        raise RuntimeError(_no_request_message)

    _top_session = _top_request


class _SplitContext:
    """Two contexts that do not belong together: left after a pop out of order, or set by hand.

    Flask keeps the two in separate variables, so this order of things is allowed there; here it is one more value.
    """

    __slots__ = ("_top_app_ctx", "_top_request_ctx")

    _url_prefix: None = None

    def __init__(self, app_ctx: AppContext | None, request_ctx: RequestContext | None) -> None:
        self._top_app_ctx = app_ctx
        self._top_request_ctx = request_ctx

    @property
    def app(self) -> Flask:
        if self._top_app_ctx is None:
            raise RuntimeError(_no_app_message)
        return self._top_app_ctx.app

    @property
    def _top_g(self) -> _AppCtxGlobals:
        if self._top_app_ctx is None:
            raise RuntimeError(_no_app_message)
        return self._top_app_ctx.g

    @property
    def _top_request(self) -> Request:
        return _request_below(self._top_request_ctx).request

    @property
    def _top_session(self) -> SessionMixin:
        return _request_below(self._top_request_ctx).session


def _request_below(context: RequestContext | None) -> RequestContext:
    """The request context given, or the error that says that there is none."""
    if context is None:
        raise RuntimeError(_no_request_message)
    return context


class _Unmade:
    """Stands in the current request context for a request that nobody has looked at; a look at it makes it.

    Only for `_now()._top_request.some_name`: whoever wants the request itself asks its context.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> t.Any:
        return getattr(_find_request_ctx().request, name)


_unmade: t.Any = _Unmade()


def _app_if_any() -> Flask | None:
    """The current app, or None. Unlike the app context, which may have to be built to be shown, it is there already."""
    context = _now()
    if context is _nothing or (type(context) is _SplitContext and context._top_app_ctx is None):
        return None
    app: Flask = context.app
    return app


_nothing = _NoContext()
_current: ContextVar[t.Any] = ContextVar("flask.context", default=_nothing)
_now, _set, _reset = _current.get, _current.set, _current.reset


def _find_app_ctx() -> AppContext:
    context = _now()._top_app_ctx
    if context is None:
        raise RuntimeError(_no_app_message)
    return t.cast("AppContext", context)


def _find_g() -> _AppCtxGlobals:
    context = _now()
    found: _AppCtxGlobals | None = context._top_g
    return t.cast("_AppCtxGlobals", context._find_g()) if found is None else found


def _find_request_ctx() -> RequestContext:
    return _request_below(_now()._top_request_ctx)


def _environ_now() -> t.Any:
    """The environment of the current request, for which the request need not be made."""
    return _request_below(_now()._top_request_ctx)._environ_of_request


def _find_websocket() -> WebSocket:
    context = _now()._top_request_ctx
    found: WebSocket | None = None if context is None else context._websocket
    if found is None:
        raise RuntimeError(_no_websocket_message)
    return found


_T = t.TypeVar("_T")
_MISSING: t.Any = object()


class _HalfVariable(t.Generic[_T]):
    """One face of the context variable with the methods of a `contextvars.ContextVar`.

    Flask has two variables, and applications import them by their private names.
    """

    __slots__ = ("_face", "name")

    def __init__(self, name: str, face: str) -> None:
        self.name = name
        self._face = face

    def get(self, default: t.Any = _MISSING) -> _T:
        """The context on top, or the default, or `LookupError`."""
        context = getattr(_now(), self._face)
        if context is not None:
            return t.cast(_T, context)
        if default is _MISSING:
            raise LookupError(self)
        return t.cast(_T, default)

    def set(self, value: _T) -> Token[t.Any]:
        """Make a context the current one without pushing it; the other face keeps what it shows."""
        top = _now()
        shown: dict[str, t.Any] = {face: getattr(top, face) for face in ("_top_app_ctx", "_top_request_ctx")}
        shown[self._face] = value
        return _current.set(_SplitContext(*shown.values()))

    def reset(self, token: Token[t.Any]) -> None:
        """Undo `set`."""
        _current.reset(token)

    def __repr__(self) -> str:
        return f"<ContextVar name={self.name!r} at {id(self):#x}>"


_cv_app: _HalfVariable[AppContext] = _HalfVariable("flask.app_ctx", "_top_app_ctx")
_cv_request: _HalfVariable[RequestContext] = _HalfVariable("flask.request_ctx", "_top_request_ctx")


# Each proxy has a plain __getattr__ (PERF: 0.2 µs an access; Werkzeug's chain of descriptors and closures 0.5 µs).
# The four are written out: a shared closure would cost what is saved.


class _AppProxy(LocalProxy[t.Any]):
    __slots__ = ()

    def __getattr__(self, name: str) -> t.Any:
        return getattr(_now().app, name)


class _RequestProxy(LocalProxy[t.Any]):
    __slots__ = ()

    def __getattr__(self, name: str) -> t.Any:
        context = _now()
        request = context._top_request
        if request is _unmade:
            request = context.request  # PERF: what a look at it leads to, by four calls less
        return getattr(request, name)


class _SessionProxy(LocalProxy[t.Any]):
    __slots__ = ()

    def __getattr__(self, name: str) -> t.Any:
        return getattr(_now()._top_session, name)

    def __getitem__(self, key: str) -> t.Any:
        return _now()._top_session[key]

    def __setitem__(self, key: str, value: t.Any) -> None:
        _now()._top_session[key] = value

    def __contains__(self, key: object) -> bool:
        return key in _now()._top_session

    def __iter__(self) -> t.Iterator[str]:
        # Without it, Python would take an unbound proxy for a sequence, because of __getitem__.
        if _now()._top_request_ctx is None:
            raise TypeError("'LocalProxy' object is not iterable")
        return iter(_now()._top_session)


class _WebSocketProxy(LocalProxy[t.Any]):
    __slots__ = ()

    def __getattr__(self, name: str) -> t.Any:
        return getattr(_find_websocket(), name)


class _GlobalsProxy(LocalProxy[t.Any]):
    __slots__ = ()

    def __getattr__(self, name: str) -> t.Any:
        context = _now()
        g = context._top_g
        return getattr(context._find_g() if g is None else g, name)

    def __setattr__(self, name: str, value: t.Any) -> None:
        context = _now()
        g = context._top_g
        setattr(context._find_g() if g is None else g, name, value)


# For users, and in the `repr` of a proxy that is not bound, there is one kind; its docstring is that of what is bound.
for _proxy in (_AppProxy, _RequestProxy, _SessionProxy, _WebSocketProxy, _GlobalsProxy):
    _proxy.__name__ = _proxy.__qualname__ = LocalProxy.__name__
    _proxy.__module__ = LocalProxy.__module__
    _proxy.__doc__ = LocalProxy.__dict__["__doc__"]

app_ctx: AppContext = t.cast("AppContext", LocalProxy(_find_app_ctx))
request_ctx: RequestContext = t.cast("RequestContext", LocalProxy(_find_request_ctx))
current_app: Flask = t.cast("Flask", _AppProxy(lambda: _now().app))
g: _AppCtxGlobals = t.cast("_AppCtxGlobals", _GlobalsProxy(_find_g))
request: Request = t.cast("Request", _RequestProxy(lambda: _find_request_ctx().request))
session: SessionMixin = t.cast("SessionMixin", _SessionProxy(lambda: _now()._top_session))
websocket: WebSocket = t.cast("WebSocket", _WebSocketProxy(_find_websocket))
