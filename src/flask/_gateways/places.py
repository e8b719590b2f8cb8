"""Where a request's code runs on an event loop's server: on the loop, or in a thread. Nothing is run here.

A function blocks unless it is a coroutine function or marked by `flask.non_blocking`. What is asked here decides only
what waits for what: a function in the wrong place gives the same answer, later.
"""

from __future__ import annotations

import typing as t
from inspect import CO_COROUTINE, iscoroutinefunction, unwrap
from types import FunctionType, MethodType
from weakref import WeakKeyDictionary

from werkzeug.routing import Map

from .._contracts import stock

if t.TYPE_CHECKING:
    from collections.abc import Iterable

# Weak: what a request makes, a function for `after_this_request` with all that it holds, is not to outlive it.
_stay: WeakKeyDictionary[t.Any, bool] = WeakKeyDictionary()
_METHODS = frozenset({"get", "post", "head", "options", "delete", "put", "trace", "patch"})


def stays(func: t.Any) -> bool:
    """Whether a function may be called on an event loop: it, or what it wraps, is async, or it is said not to block."""
    if type(func) is MethodType:
        func = func.__func__
    if type(func) is FunctionType and not func.__dict__:  # PERF: neither marked nor wrapping; most are so
        return bool(func.__code__.co_flags & CO_COROUTINE)
    try:
        return _stay[func]
    except KeyError:
        found = _stay[func] = _look_at(func)
        return found
    except TypeError:  # not hashable, or nothing to refer to weakly
        return _look_at(func)


def _look_at(func: t.Any) -> bool:
    return getattr(func, "_non_blocking", False) or is_async(func)


def is_async(func: t.Any) -> bool:
    """Whether a function is async, or a decorator's around one that is."""
    return iscoroutinefunction(func) or iscoroutinefunction(_within(func))


def _within(func: t.Any) -> t.Any:
    try:
        return unwrap(func)
    except ValueError:  # it wraps itself
        return func


def view_stays(view: t.Any, context: t.Any) -> bool:
    """The same of a request's view. A class-based one is asked for the function that it will call."""
    kind = getattr(view, "view_class", None)
    if kind is None:
        return stays(view)
    if stays(kind.dispatch_request):
        return True
    method = context._method
    handler = getattr(kind, method.lower(), None) or (getattr(kind, "get", None) if method == "HEAD" else None)
    return handler is not None and stays(handler)


def answers_on_loop(app: t.Any, context: t.Any) -> bool:
    """The same of a WebSocket: whether its function is async. One that waits for messages blocks, whatever it says."""
    rule = context._rule
    view = None if rule is None else app.view_functions.get(rule.endpoint)
    func = getattr(getattr(view, "view_class", None), "dispatch_request", view)
    return func is not None and is_async(func)


def wants_stream(view: t.Any) -> bool:
    """Whether a view takes the body of its request as it comes."""
    return getattr(view, "_streams_request", False) or getattr(_within(view), "_streams_request", False)


def any_blocks(functions: Iterable[t.Any]) -> bool:
    """Whether a synchronous function is among these that may block."""
    return not all(map(stays, functions))


def begins_on_loop(app: t.Any) -> bool:
    """Whether any function of the app's has something to do on the loop: else a request is whole in a thread.

    Noted at the first request, after which an app registers nothing.
    """
    found: bool | None = app.__dict__.get("_has_asynchronous")
    if found is None:
        found = app._has_asynchronous = any(map(_stays_at_all, app._registered()))
    return found


def _stays_at_all(func: t.Any) -> bool:
    kind = getattr(func, "view_class", None)
    if kind is None:
        return stays(func)
    return stays(kind.dispatch_request) or any(stays(getattr(kind, name)) for name in _METHODS if hasattr(kind, name))


def routing_blocks(app: t.Any) -> bool:
    """Whether what runs until the rule is known is not only Flask's own: sessions from elsewhere, converters."""
    interface = app.session_interface
    return (
        getattr(type(interface), "open_session", None) is not stock.open_session
        or "open_session" in interface.__dict__
        or app.url_map.converters != Map.default_converters
    )


def stays_on_loop(app: t.Any, context: t.Any) -> bool:
    """Whether a request, pushed and routed, goes on here."""
    rule = context._rule
    view = None if rule is None else app.view_functions.get(rule.endpoint)
    return view is not None and view_stays(view, context)
