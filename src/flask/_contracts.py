"""What the lower floors may know of the upper ones: a base for apps, a mark for our own methods, Protocols.

Nothing here runs a request, and nothing here imports another module of the package.
"""

from __future__ import annotations

import typing as t

F = t.TypeVar("F", bound=t.Callable[..., t.Any])
R = t.TypeVar("R")
Ts = t.TypeVarTuple("Ts")


class Application:
    """The base by which every floor recognises a `flask.Flask` without importing it."""

    __slots__ = ()


class _Stock:
    """The marked functions by their names, and the classes and functions that a module above adds."""

    if t.TYPE_CHECKING:

        def __getattr__(self, name: str) -> t.Any: ...

        def __setattr__(self, name: str, value: t.Any) -> None: ...


# PERF: a short cut asks `type(x).method is stock.method` and looks into `x.__dict__`: look-up stays Python's own, so an
# override in a subclass, an assignment on the instance and a patched class all count at once, and no bound method is
# made (a fifth of the time of asking `x.method.__func__`).
stock = _Stock()
# Whether each call of an asynchronous function is a task of its own, as on the process's loop. That tells so itself.
stock.calls_are_tasks = bool


def original(function: F) -> F:
    """Mark a public method as Flask's own, so that a short cut around it may ask whether it still stands."""
    setattr(stock, function.__name__, function)
    return function


class Poppable(t.Protocol):
    """A context as the lifecycle sees it: pushed once, popped once with what went wrong."""

    def push(self) -> None: ...

    def pop(self, exc: BaseException | None = ...) -> None: ...


class Exchange(t.Protocol):
    """What serves a request on an event loop's server, as the steps of the request see it."""

    _jobs: list[t.Any] | None
    _is_followed: bool
    _is_answered: bool

    def must_leave(self, functions: t.Collection[t.Any]) -> bool: ...

    def in_thread(self, func: t.Callable[[*Ts], R], *args: *Ts) -> R: ...

    def let_go_in_thread(self, func: t.Callable[[*Ts], R], *args: *Ts) -> R: ...

    def receive_body(self, context: t.Any, view: t.Any) -> None: ...


class Serving(t.Protocol):
    """The part of an app that the lifecycle calls; the public steps by their names."""

    def _respond(self, context: t.Any, environ: t.Any) -> tuple[t.Any, t.Any]: ...

    def handle_exception(self, e: Exception) -> t.Any: ...

    def log_exception(self, exc_info: t.Any) -> None: ...

    def should_ignore_error(self, error: BaseException | None) -> bool: ...
