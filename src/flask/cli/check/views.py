"""Views that have a name by accident: of a decorator's inner function, or one that another view has too.

Functions are looked at, and none is called.
"""

from __future__ import annotations

import inspect
import sys
import typing as t
from collections import defaultdict
from collections.abc import Iterator
from types import CodeType, FunctionType

from ...debughelpers._words import is_ours, place_of
from .findings import Finding, Where, declare
from .project import Project, is_of_others

TWICE = declare(
    "flask.R005",
    "warning",
    "Two views have the same name in the same module",
    reason="The second took the name from the first: what else uses it, in the module or in tests, gets the second."
    " Often one of them was copied and should have been renamed.",
    remedy="Give each view a name of its own.",
)
UNWRAPPED = declare(
    "flask.R006",
    "warning",
    "An endpoint has the name of a decorator's inner function",
    reason="The decorator does not take over the name of what it decorates: url_for has to be asked for the inner name,"
    " and the second view that is decorated so cannot be registered.",
    remedy="Write @functools.wraps(function) above the decorator's inner function.",
)


def find(app: t.Any, project: Project) -> Iterator[Finding]:
    """What is wrong with the names of views."""
    named: dict[tuple[str, str], dict[CodeType, str]] = defaultdict(dict)
    for endpoint, view in app.view_functions.items():
        function = _function(view)
        if function is None or is_ours(function) or is_foreign(app, endpoint):
            continue
        if _is_unwrapped(function, endpoint):
            yield UNWRAPPED.found(
                f"The endpoint {endpoint!r} has the name of a decorator's inner function, {function.__qualname__}",
                placed(app, endpoint, project),
            )
        elif "<" not in function.__qualname__:
            named[function.__module__, function.__qualname__].setdefault(function.__code__, endpoint)
    for (module, name), views in named.items():
        if len(views) > 1:
            endpoints = sorted(views.values(), key=lambda endpoint: _line(app, endpoint))
            yield TWICE.found(
                f"{len(views)} views are called {name!r} in {module!r}: of {', '.join(map(repr, endpoints))}",
                placed(app, endpoints[-1], project),
            )


def placed(app: t.Any, endpoint: str, project: Project) -> Where:
    """Where an endpoint's view was written, and its name."""
    place = place_of(app.view_functions.get(endpoint))
    return project.where(place.file, place.line, endpoint) if place else Where(name=str(endpoint))


def is_foreign(app: t.Any, endpoint: str) -> bool:
    """Whether an endpoint's view was written by an extension."""
    place = place_of(app.view_functions.get(endpoint))
    return place is not None and is_of_others(app, place.file)


def _line(app: t.Any, endpoint: str) -> int:
    place = place_of(app.view_functions.get(endpoint))
    return place.line if place else 0


def _function(view: t.Any) -> FunctionType | None:
    try:
        found = inspect.unwrap(view)
    except ValueError:  # a circle
        return None
    return found if isinstance(found, FunctionType) else None


def _is_unwrapped(function: FunctionType, endpoint: str) -> bool:
    """Whether a view is what a decorator returned: a closure over the function that was handed to the decorator."""
    if endpoint.rpartition(".")[2] != function.__name__ or not function.__code__.co_flags & inspect.CO_VARKEYWORDS:
        return False
    enclosing = _enclosing(function)
    if enclosing is None:
        return False
    count = enclosing.co_argcount + enclosing.co_kwonlyargcount
    given = enclosing.co_varnames[:count]
    held = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    return any(name in given and _holds_function(held[name], function) for name in held)


def _holds_function(cell: t.Any, function: FunctionType) -> bool:
    try:
        held = cell.cell_contents
    except ValueError:
        return False
    return isinstance(held, FunctionType) and held.__name__ != function.__name__


def _enclosing(function: FunctionType) -> CodeType | None:
    """The code of the function that a function was written in, found by its qualified name."""
    *outer, _ = function.__qualname__.split(".<locals>.")
    if not outer:
        return None
    found: t.Any = sys.modules.get(function.__module__)
    for name in outer[0].split("."):
        found = getattr(found, name, None)
    code = getattr(inspect.unwrap(found) if callable(found) else None, "__code__", None)
    for name in outer[1:]:
        inner = [each for each in getattr(code, "co_consts", ()) if isinstance(each, CodeType) and each.co_name == name]
        code = inner[0] if inner else None
    return code if isinstance(code, CodeType) else None
