"""The two contexts, application and request: what is current, from push to pop, each part built when first asked for.

A context never decides what a request does; it is found by the proxies, matched by the router, ended by the lifecycle.

Flask 3.1's rules are kept: a request context that is pushed while an app context of the same app is active borrows
that one and its `g`, else it has an app context of its own; contexts are never reused. See
"The Application Context" and "The Request Context" in Flask's documentation.
"""

from __future__ import annotations

import sys
import typing as t
from contextvars import Token
from functools import update_wrapper

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import MapAdapter, RequestRedirect, Rule, WebsocketMismatch

from . import typing as ft
from ._aborting import http_error
from ._contracts import Exchange, stock
from ._hosts import is_plain, plain_hosts
from ._redirects import staying
from ._routing import ABSENT, ROUTER, Found, arguments_of
from ._upgrade import UpgradeRequired, answers_websocket
from .globals import (
    _cv_app,
    _cv_request,
    _NoContext,
    _nothing,
    _now,
    _request_below,
    _reset,
    _set,
    _SplitContext,
    _unmade,
)
from .signals import appcontext_popped, appcontext_pushed, appcontext_tearing_down

if t.TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask
    from .sessions import SessionMixin
    from .wrappers import Request

F = t.TypeVar("F", bound=t.Callable[..., t.Any])
_T_after_request = t.TypeVar("_T_after_request", bound=ft.AfterRequestCallable[t.Any])
_T_after_websocket = t.TypeVar("_T_after_websocket", bound=ft.AfterWebsocketCallable)

_adapter_match = MapAdapter.match
_match = ROUTER.match  # PERF: called as a method of an imported name, it would be bound anew each time
_sentinel: t.Any = object()
_unbuilt: t.Any = object()
_NOTHING: dict[str, t.Any] = {}


class AppGlobals:
    """A plain namespace for the time of one app context, reached as `flask.g`.

    Set and read attributes freely; `in` and iteration go over the names that were set. A subclass, for
    `app_ctx_globals_class`, declares which attributes there are, and type checkers hold whoever reads them to it.
    """

    def get(self, name: str, default: t.Any | None = None) -> t.Any:
        """The value of `name`, or `default`, as `dict.get`."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: t.Any = _sentinel) -> t.Any:
        """Remove and return the value of `name`; without a `default` a missing name raises `KeyError`."""
        if default is _sentinel:
            return self.__dict__.pop(name)
        return self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: t.Any = None) -> t.Any:
        """The value of `name`, which becomes `default` where it was not set."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, item: str) -> bool:
        return item in self.__dict__

    def __iter__(self) -> t.Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        try:
            return f"<flask.g of {_now().app.name!r}>"
        except RuntimeError:
            return object.__repr__(self)


class _AppCtxGlobals(AppGlobals):
    """The namespace of an app that has no class of its own for it: any attribute may be there."""

    def __getattr__(self, name: str) -> t.Any:
        # Subclasses for `app_ctx_globals_class` call it; the error names the attribute alone, as it always has.
        raise AttributeError(name) from None

    if t.TYPE_CHECKING:  # any attribute may be set; at run time Python's own way is all it takes

        def __setattr__(self, name: str, value: t.Any) -> None: ...

        def __delattr__(self, name: str) -> None: ...


def after_this_request(f: _T_after_request) -> _T_after_request:
    """Run a function on the response of the current request only; it returns the response, or another.

    Raises `RuntimeError` outside of a request.
    """
    _request_context_for("after_this_request")._after_request_functions.append(f)
    return f


def after_this_websocket(f: _T_after_websocket) -> _T_after_websocket:
    """Run a function at the end of the current WebSocket only, as those of `after_websocket`.

    Raises `RuntimeError` outside of a WebSocket.
    """
    context = _now()._top_request_ctx
    if context is None or not context._is_websocket:
        raise RuntimeError("'after_this_websocket' can only be used while a WebSocket is answered.")
    context._after_request_functions.append(f)
    return f


def copy_current_request_context(f: F) -> F:
    """Wrap a function so that it runs in a copy of the current request context, in a greenlet or thread of its own.

    The copy shares the request and the session with the original: read them, do not change them from two sides.
    Raises `RuntimeError` outside of a request.
    """
    context = _request_context_for("copy_current_request_context").copy()

    def wrapper(*args: t.Any, **kwargs: t.Any) -> t.Any:
        with context as entered:
            return entered.app.ensure_sync(f)(*args, **kwargs)

    return update_wrapper(wrapper, f)  # type: ignore[return-value]


def has_request_context() -> bool:
    """Whether `request` and `session` may be used here."""
    return _now()._top_request_ctx is not None


def has_websocket_context() -> bool:
    """Whether `websocket` may be used here."""
    context = _now()._top_request_ctx
    return context is not None and context._is_websocket


def has_app_context() -> bool:
    """Whether `current_app` and `g` may be used here."""
    return _now()._top_app_ctx is not None


def _request_context_for(name: str) -> RequestContext:
    """The current request context, or the error for the public function `name` that needs one."""
    context = _now()._top_request_ctx
    if context is None:
        raise RuntimeError(f"'{name}' can only be used when a request context is active, such as in a view function.")
    return t.cast(RequestContext, context)


class AppContext:
    """What is current for an app outside of, or underneath, a request: `current_app` and `g`.

    Made by `Flask.app_context`. Pushing it makes it current; the last pop runs the `teardown_appcontext` functions.
    """

    # The dict is for what extensions hang on a context, the weak reference for tracers.
    __slots__ = ("__dict__", "__weakref__", "_pushes", "_url_adapter", "app", "g")

    _url_prefix: None = None

    def __init__(self, app: Flask) -> None:
        self._begin(app, app.app_ctx_globals_class())

    def _begin(self, app: Flask, g: t.Any) -> None:
        self.app: Flask = app
        self.g: _AppCtxGlobals = g
        self._url_adapter: MapAdapter | None = _unbuilt
        if type(app).create_url_adapter is not stock.create_url_adapter or "create_url_adapter" in app.__dict__:
            self._url_adapter = app.create_url_adapter(None)
        # A push remembers how to undo itself: the token, and what was on top before.
        self._pushes: list[tuple[Token[t.Any], t.Any]] = []

    @property
    def url_adapter(self) -> MapAdapter | None:
        """The adapter for building URLs outside of a request, or None without a `SERVER_NAME`."""
        if self._url_adapter is _unbuilt:
            self._url_adapter = self.app.create_url_adapter(None)
        return self._url_adapter

    @url_adapter.setter
    def url_adapter(self, value: MapAdapter | None) -> None:
        self._url_adapter = value

    def push(self) -> None:
        """Make this the current app context. Where a receiver of `appcontext_pushed` raises, it is popped again."""
        outer = _now()
        self._pushes.append((_set(self), outer))
        if appcontext_pushed.receivers:
            try:
                appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)
            except BaseException as error:
                self.pop(error)
                raise

    def pop(self, exc: BaseException | None = _sentinel) -> None:
        """Leave this context; with the last push undone, tear it down.

        `exc` is what the teardown functions are told; by default the exception being handled, if any.
        """
        try:
            if len(self._pushes) == 1:
                if exc is _sentinel:
                    exc = sys.exc_info()[1]
                self.app.do_teardown_appcontext(exc)
        finally:
            self._leave()
        if appcontext_popped.receivers:
            appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)

    def _leave(self) -> None:
        """Take this context from the top, also from under a request context that was pushed after it."""
        found = _now()
        if found is self:
            token, _ = self._pushes.pop()
            _reset(token)
            return
        current = found._top_app_ctx
        if current is None:
            raise LookupError(_cv_app)
        token, outer = self._pushes.pop()
        if current is self:
            _settle(outer._top_app_ctx, found._top_request_ctx)
            return
        _reset(token)
        raise AssertionError(f"Popped wrong app context. ({current!r} instead of {self!r})")

    @property
    def _top_app_ctx(self) -> AppContext:
        return self

    @property
    def _top_request_ctx(self) -> RequestContext | None:
        below: RequestContext | None = self._pushes[-1][1]._top_request_ctx if self._pushes else None
        return below

    @property
    def _top_request(self) -> Request:
        return _request_below(self._top_request_ctx).request

    @property
    def _top_session(self) -> SessionMixin:
        return _request_below(self._top_request_ctx).session

    def __enter__(self) -> AppContext:
        self.push()
        return self

    def __exit__(
        self,
        exc_type: type | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.pop(exc_value)


if not t.TYPE_CHECKING:
    # The same slot under the proxy's name (PERF: a property would cost every access a call).
    AppContext._top_g = AppContext.__dict__["g"]


_init_app_context = AppContext.__init__
_push_app_context = AppContext.push
_pop_app_context = AppContext.pop


def _settle(app_ctx: AppContext | None, request_ctx: RequestContext | None) -> None:
    """Make current what is left after contexts were popped out of order."""
    nothing_left = app_ctx is None and request_ctx is None
    _set(_NoContext() if nothing_left else _SplitContext(app_ctx, request_ctx))


# How a push of a request context came by its app context. An AppContext stands for: made and pushed by that push.
_BORROWED: t.Any = None
_IMPLIED: t.Any = object()  # its own, but neither made nor on top by itself until somebody asks


class RequestContext:
    """What is current while one request is handled: `request`, `session`, and an app context below them.

    Made by `Flask.request_context` from a WSGI environment (PEP 3333). Pushing it matches the URL; the last pop runs
    the `teardown_request` functions, closes the request and ends the app context, if that is its own.
    """

    # PERF: no slots. An object with nothing but inline values is made in two thirds of the time. What few requests set
    # stands in the class.
    _top_request: Request
    _refused: HTTPException | None = None
    _after: list[ft.AfterRequestCallable[t.Any]] | None = None
    flashes: list[tuple[str, str]] | None = None
    _holds = 0
    _exchange: Exchange | None = None  # what serves the request on an event loop's server
    _is_websocket = False
    _websocket: t.Any = None  # in a WebSocket's context: what `flask.websocket` stands for
    _jobs: list[t.Any] | None = None  # background tasks, which wait until the response has gone
    _is_followed = False  # whether there are such, or may be when the response is on its way
    _is_answered = False  # whether it has

    def __init__(
        self,
        app: Flask,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self.app = app
        self._environ = environ
        # The rule and values, or what matching raised: for a request that is still to be made, which `_late` says.
        self._found: Found | None = None
        self._made_late: list[tuple[str, t.Any]] = []
        self._opened = session
        # The app context, where it was borrowed or somebody asked for it; its `g`, where only that was asked for.
        self._app_ctx: AppContext | None = None
        self._top_g: _AppCtxGlobals | None = None
        # Innermost first: (token, what was on top before, how it came by its app context, the pushes before).
        # None: never pushed. (): popped.
        self._pushes: tuple[t.Any, ...] | None = None
        self._url_adapter: MapAdapter | None = _unbuilt
        self._url_prefix: str | None = None  # known when a URL was built, and as long as there is no adapter
        # What stands on the app itself may hide a method of its class.
        self._app_vars = own = app.__dict__
        self._json = app.json
        kind = app.request_class
        if request is not None:
            self.request = request
            kind = type(request)
        elif kind is stock.request_class and kind.__init__ is stock.request_init and kind.close is stock.request_close:
            self._late = True  # nobody can tell before he looks at it
            self._top_request = _unmade
        else:
            self.request = kind(environ)
            self.request.json_module = self._json
        if type(app).create_url_adapter is not stock.create_url_adapter or "create_url_adapter" in own:
            self._build_url_adapter()
        elif app.config["TRUSTED_HOSTS"] is not None or kind.trusted_hosts is not None:
            try:
                app._check_host(self.request)
            except HTTPException as e:
                self._url_adapter = None
                self.request.routing_exception = e.with_traceback(None)

    def _first(self, name: str, made: t.Any) -> t.Any:
        """What was made late under this name first: threads that run in one context may make it at the same time.

        PERF: no thread sees a list half appended to; a lock would cost 0.9 µs.
        """
        made_late = self._made_late
        pair = (name, made)
        made_late.append(pair)
        if made_late[0] is pair:
            return made
        for known, first in made_late:
            if known == name:
                return first
        return made

    def _make_request(self) -> Request:
        """The request that nobody had looked at, told what is known of it by now."""
        kind = stock.request_class
        request: Request = kind(self._environ, False, False)  # PERF: with every argument the call is specialised
        request.json_module = self._json
        if self._found is not None:
            request.url_rule = self._found[0]
            request.view_args = arguments_of(self._found)
        if self._refused is not None:
            request.routing_exception = self._refused
        request = self._first("request", request)
        if self._late:
            self._environ["werkzeug.request"] = self._top_request = request
            self._late = False
        return self._top_request

    @property
    def request(self) -> Request:
        """The request of this context."""
        return self._make_request() if self._late else self._top_request

    @request.setter
    def request(self, value: Request) -> None:
        self._top_request = value
        self._late = False

    @property
    def _environ_of_request(self) -> WSGIEnvironment:
        """The request's environment, for which it need not be made."""
        return self._environ if self._late else self._top_request.environ

    @property
    def _rule(self) -> Rule | None:
        """The rule that was found, for which the request need not be made."""
        if self._late:
            return None if self._found is None else self._found[0]
        return self.request.url_rule

    @property
    def _method(self) -> str:
        """The request's method, for which it need not be made."""
        if self._late:
            method: str = self._environ.get("REQUEST_METHOD", "GET")
            return method.upper()
        return self.request.method

    # ---- what follows from the request's URL

    @property
    def url_adapter(self) -> MapAdapter | None:
        """Werkzeug's adapter for this request, or None where the host was refused."""
        if self._url_adapter is _unbuilt:
            self._build_url_adapter()
        return self._url_adapter

    @url_adapter.setter
    def url_adapter(self, value: MapAdapter | None) -> None:
        self._url_adapter = value
        self._url_prefix = None

    def _build_url_adapter(self) -> None:
        self.url_adapter = None
        try:
            self._url_adapter = self.app.create_url_adapter(self.request)
        except HTTPException as e:
            self.request.routing_exception = e.with_traceback(None)

    def match_request(self) -> None:
        """Find the rule for the request's URL, or the exception to raise in place of a view."""
        if self._url_adapter is _unbuilt:
            # None wherever only Werkzeug's adapter knows for certain.
            found = None
            app = self.app
            environ = self._environ if self._late else self._top_request.environ
            try:
                path, host = environ["PATH_INFO"], environ["HTTP_HOST"]
            except KeyError:
                path, host = environ.get("PATH_INFO"), None
            if (
                path
                and not app.subdomain_matching
                and "HTTP_UPGRADE" not in environ
                and MapAdapter.match is _adapter_match
                and (host in plain_hosts or is_plain(host or environ.get("SERVER_NAME")))
            ):
                if not path.isascii():
                    path = path.encode("latin-1").decode(errors="replace")
                found = _match(app.url_map, environ["REQUEST_METHOD"], path)
            if found is ABSENT:
                self._refused = http_error(NotFound, (), _NOTHING)
                if not self._late:
                    self._top_request.routing_exception = self._refused
                return
            if found is not None:
                self._found = found
                if not self._late:
                    self._top_request.url_rule = found[0]
                    self._top_request.view_args = arguments_of(found)
                return
        adapter = self.url_adapter
        if adapter is None:
            return
        request = self.request
        ROUTER.guard(self.app.url_map)
        try:
            rule, values = adapter.match(return_rule=True)
        except HTTPException as e:
            if isinstance(e, RequestRedirect):
                e.new_url = staying(e.new_url, adapter)
            refused = self._mismatch(adapter) or e if isinstance(e, WebsocketMismatch) else e
            # Traceback and context hold this frame, and so the request, which is to be freed when it has been answered.
            refused.__traceback__ = refused.__context__ = None
            request.routing_exception = refused
            return
        if rule.websocket and not self._is_websocket and answers_websocket(rule):  # a handshake over WSGI
            request.routing_exception = UpgradeRequired()
            return
        request.url_rule, request.view_args = rule, values  # type: ignore[assignment]

    def _mismatch(self, adapter: MapAdapter) -> HTTPException | None:
        """What is to be raised where only rules of the other kind match, HTTP's or those for WebSockets."""
        try:
            rule, _ = adapter.match(websocket=True, return_rule=True)
        except HTTPException:
            return None
        return UpgradeRequired() if answers_websocket(rule) else None

    # ---- the session

    @property
    def session(self) -> SessionMixin:
        """The session, opened when first asked for; asking counts as access and sets `Vary: Cookie` on the response."""
        session = self._opened
        if session is None:
            session = self._open_session()
        session.accessed = True
        return session

    @property
    def _session(self) -> SessionMixin:
        """The session without the mark of access. Extensions assign it to replace the session."""
        return self._opened if self._opened is not None else self._open_session()

    @_session.setter
    def _session(self, value: SessionMixin) -> None:
        self._opened = value

    def _open_session(self) -> SessionMixin:
        if self._pushes is None:
            raise AssertionError("The session has not yet been opened.")
        app = self.app
        interface: t.Any = app.session_interface
        kind = type(interface)
        session: SessionMixin | None = None
        try:
            if (
                self._late
                and kind is stock.session_interface
                and kind.open_session is stock.open_session
                and "open_session" not in interface.__dict__
            ):
                session = interface._open_in(app, self)  # PERF: the request need not be made for that
            else:
                session = interface.open_session(app, self.request)
        finally:
            # Where it could not be opened there is nothing to save, and no use in trying again.
            opened: SessionMixin = interface.make_null_session(app) if session is None else session
            opened = self._first("session", opened)
            if self._opened is None:
                self._opened = opened
        return self._opened

    # ---- push and pop

    def push(self) -> None:
        """Make this the current request context: open an eager session, match the URL."""
        app = self.app
        outer = _now()
        if outer is not _nothing and (borrowed := outer._top_app_ctx) is not None and borrowed.app is app:
            whence = _BORROWED
            self._forget_app_context()
            self._app_ctx = borrowed
        else:
            whence = _IMPLIED
            if self._made_late or self._app_ctx is not None:
                self._forget_app_context()
            kind, own = type(app), self._app_vars
            if (
                appcontext_pushed.receivers
                or kind.app_context is not stock.app_context
                or "app_context" in own
                or AppContext.push is not _push_app_context
                or AppContext.pop is not _pop_app_context
                or (
                    self._url_adapter is not _unbuilt
                    and (kind.create_url_adapter is not stock.create_url_adapter or "create_url_adapter" in own)
                )
            ):
                # Somebody watches app contexts or has made them his own: make and push it by itself, as Flask does.
                whence = self._app_ctx = app.app_context()
                try:
                    whence.push()
                except BaseException:
                    # It has ended already; whoever handles the error finds the request.
                    self._pushes = (_set(self), outer, _BORROWED, self._pushes)
                    raise
                outer = _now()
        self._pushes = (_set(self), outer, whence, self._pushes)

        if self._opened is None:
            interface = app.session_interface
            try:
                late = type(interface).open_session is stock.open_session and "open_session" not in interface.__dict__
            except AttributeError:
                late = False  # no SessionInterface, but an object that does as one
            if not late:
                self._open_session()
        if self._url_adapter is not None:
            self.match_request()

    def pop(self, exc: BaseException | None = _sentinel) -> None:
        """Leave this context; with the last push undone, tear it down.

        `exc` is what the teardown functions are told; by default the exception being handled, if any.
        """
        if not self._pushes:
            raise LookupError(_cv_request)
        token, outer, whence, earlier = self._pushes
        if earlier:
            self._leave()
            return
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        if self._holds:
            self._hold_back(exc)
            return
        app = self.app
        if (
            self._exchange is not None
            and (app.teardown_appcontext_funcs or app.teardown_request_funcs or self._is_websocket)
            and self._exchange.must_leave(app._teardown_functions(self))
        ):
            self._exchange.let_go_in_thread(_pop_request_context, self, exc)  # not an override, which has begun already
            return
        on_top = True
        try:
            if self._is_websocket:
                app.do_teardown_websocket(exc)
            else:
                app.do_teardown_request(exc)
        finally:
            try:
                if not self._late:
                    self._close_request()
                elif "werkzeug.request" in self._environ:
                    self._environ["werkzeug.request"] = None
            finally:
                try:
                    if _now() is self:  # PERF: as `_leave`, in a tenth of the time
                        self._pushes = ()
                        _reset(token)
                    else:
                        on_top = self._leave()
                finally:
                    if whence is _IMPLIED:
                        # The implied app context steps forward only if somebody wants to see it end.
                        if not on_top:
                            self._end_implied(outer, exc, token)
                        elif (
                            app.teardown_appcontext_funcs
                            or appcontext_tearing_down.receivers
                            or appcontext_popped.receivers
                            or type(app).do_teardown_appcontext is not stock.do_teardown_appcontext
                            or "do_teardown_appcontext" in self._app_vars
                        ):
                            self._end_implied(outer, exc)
                    elif whence is not _BORROWED:
                        whence.pop(exc)

    def _close_request(self) -> None:
        request = self._top_request
        try:
            request.close()
        except AttributeError:
            if hasattr(request, "close"):
                raise  # else a request class of the app's own, which has none
        finally:
            # The environment must not keep the request alive, which keeps the environment; nor may the frames that
            # raised what matching had found, unless it is still on its way.
            request.environ["werkzeug.request"] = None
            if self._found is None:  # else nothing was raised
                refused = getattr(request, "routing_exception", None)
                if refused is not None and refused is not sys.exc_info()[1]:
                    refused.__traceback__ = None

    def _leave(self) -> bool:
        """Take this context from the top, or from under an app context pushed after it; whether it was on top."""
        found = _now()
        token, outer, _, earlier = self._pushes  # type: ignore[misc]
        self._pushes = earlier or ()
        if found is self:
            _reset(token)
            return True
        current = found._top_request_ctx
        if current is None:
            raise LookupError(_cv_request)
        if current is self:
            _settle(found._top_app_ctx, outer._top_request_ctx)
            return False
        _reset(token)
        raise AssertionError(f"Popped wrong request context. ({current!r} instead of {self!r})")

    def _end_implied(self, outer: t.Any, exc: BaseException | None, token: Token[t.Any] | None = None) -> None:
        """End the app context that this request had by implication, as one that was pushed.

        With the request's own token it ends where it is: below another app context, which is an error that it finds.
        """
        context = self._top_app_ctx
        context._pushes[-1] = (token or _set(context), outer)
        context.pop(exc)

    # ---- a response that is still being produced after the lifecycle has ended (stream_with_context)

    def _hold(self) -> None:
        """Put off the teardown until `_release`."""
        self._holds += 1
        self._is_followed = True
        # What is read late is read as it is now: middleware may restore the environment before the response has ended.
        if self._late:
            self._environ = self._environ.copy()
        else:
            request = self.request
            _ = request.path, request.root_path, request.scheme, request.query_string, _url_prefix_of(self)

    def _release(self, error: BaseException | None) -> None:
        """Undo `_hold`; if the context was popped meanwhile, this is the moment of its teardown.

        `error` is what went wrong since; an error from before the pop is told rather than it.
        """
        self._holds -= 1
        if self._holds or self._pushes or not hasattr(self, "_held"):
            return
        whence, exc = self._held
        del self._held
        outer = _now()
        self._pushes = (_set(self), outer, whence, ())
        self.pop(error if exc is None else exc)

    def _hold_back(self, exc: BaseException | None) -> None:
        """Leave without teardown, and remember how to end."""
        token, outer, whence, _ = t.cast("tuple[t.Any, ...]", self._pushes)
        self._held = (whence if whence is _BORROWED else _IMPLIED, exc)
        on_top = self._leave()
        if whence is _IMPLIED:
            if not on_top:
                context = self._top_app_ctx
                context._pushes.append((token, outer))
                context._leave()
        elif whence is not _BORROWED:
            below = whence._pushes[-1][1]
            try:
                whence._leave()
            finally:
                whence._pushes.append((None, below))

    # ---- the questions of the proxies

    @property
    def _top_app_ctx(self) -> AppContext:
        context = self._app_ctx
        return self._make_app_ctx() if context is None else context

    def _make_app_ctx(self) -> AppContext:
        """The app context that this request has by implication, around the `g` that it may have already."""
        g = self._find_g()
        if AppContext.__init__ is _init_app_context:
            made = AppContext.__new__(AppContext)
            made._begin(self.app, g)
        else:
            made = AppContext(self.app)
            made.g = g
        # As if it had been pushed just before this context; `_end_implied` completes the entry.
        no_token: t.Any = None
        made._pushes.append((no_token, self._pushes[1] if self._pushes else _nothing))
        self._app_ctx = context = self._first("app_ctx", made)
        self._top_g = None  # from now on it is the app context's
        return context  # type: ignore[no-any-return]

    def _find_g(self) -> _AppCtxGlobals:
        """The `g` of the app context, for which that need not be made."""
        context = self._app_ctx
        if context is not None:
            return context.g
        g: t.Any = self._top_g  # PERF: a cast is a call
        if g is None:
            kind = self.app.app_ctx_globals_class
            self._top_g = g = self._first("g", kind())
        return g  # type: ignore[no-any-return]

    def _forget_app_context(self) -> None:
        """Each push has an app context of its own."""
        self._app_ctx = self._top_g = None
        self._made_late = [pair for pair in self._made_late if pair[0] not in {"app_ctx", "g"}]

    @property
    def _after_request_functions(self) -> list[ft.AfterRequestCallable[t.Any]]:
        functions: t.Any = self._after
        if functions is None:
            self._after = functions = self._first("after", [])
        return functions  # type: ignore[no-any-return]

    @_after_request_functions.setter
    def _after_request_functions(self, functions: list[ft.AfterRequestCallable[t.Any]]) -> None:
        self._after = functions

    @property
    def _top_request_ctx(self) -> RequestContext:
        return self

    def copy(self) -> RequestContext:
        """A context of its own with the same request and session, for another greenlet or thread."""
        copied = self.__class__(
            self.app,
            environ=self.request.environ,
            request=self.request,
            session=self._session if self._pushes is not None else self._opened,
        )
        copied._is_answered = True  # nobody says when
        return copied

    def __enter__(self) -> RequestContext:
        try:
            self.push()
        except BaseException as error:
            if self._pushes:  # nobody else would
                self.pop(error)
            raise
        return self

    def __exit__(
        self,
        exc_type: type | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            self.pop(exc_value)
        finally:
            if self._jobs:
                self.app._begin_jobs(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.request.url!r} [{self.request.method}] of {self.app.name}>"


def _url_prefix_of(context: t.Any) -> str | None:
    """What the URLs within a request begin with, as its adapter would have it; None where only the adapter is sure."""
    if (
        not isinstance(context, RequestContext)
        or context._url_adapter is not _unbuilt
        or context.app.subdomain_matching
    ):
        return None
    environ = context._environ_of_request
    if "HTTP_UPGRADE" in environ:
        return None
    prefix: str = environ.get("SCRIPT_NAME", "")
    if not prefix.isascii():
        prefix = prefix.encode("latin-1").decode(errors="replace")
    context._url_prefix = prefix = prefix.rstrip("/")
    return prefix


if not t.TYPE_CHECKING:
    RequestContext._top_session = RequestContext.__dict__["session"]  # PERF: as AppContext._top_g

_pop_request_context = RequestContext.pop
