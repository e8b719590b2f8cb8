"""Which functions of the sources answer requests, and what the URL gives them: read from the app's own map.

No view is called.
"""

from __future__ import annotations

import inspect
import os
import typing as t
from dataclasses import dataclass, field

from werkzeug.routing import BaseConverter, PathConverter, UnicodeConverter

from ....views import MethodView, View
from .values import Input, Source

Place: t.TypeAlias = tuple[str, int]  # the file, and the line on which the function or its first decorator stands


@dataclass(slots=True)
class Answering:
    """A function that answers requests: the arguments that the client chooses, and whether its result is the answer."""

    arguments: dict[str, Input] = field(default_factory=dict)
    is_answer: bool = False
    endpoints: list[str] = field(default_factory=list)


def answering_functions(app: t.Any) -> dict[Place, Answering]:
    """The views of an app and the methods of its class-based views, by their places in the sources."""
    found: dict[Place, Answering] = {}
    for endpoint, view in list(app.view_functions.items()):
        try:
            rules = list(app.url_map.iter_rules(endpoint))
        except KeyError:
            rules = []
        for function, is_answer in _functions(view):
            place = _place(function)
            if place is None:
                continue
            answering = found.setdefault(place, Answering(is_answer=is_answer))
            answering.endpoints.append(endpoint)
            for rule in rules:
                for name, converter in rule._converters.items():
                    _add(answering.arguments, name, converter)
    return found


def _functions(view: t.Any) -> t.Iterator[tuple[t.Any, bool]]:
    """What a view consists of: itself without its decorators, or the methods of its class."""
    kind = getattr(view, "view_class", None)
    if not isinstance(kind, type):
        yield _innermost(view), True
        return
    # Extensions derive views whose methods return data, as Flask-RESTful does: those answer no HTML.
    dispatch = getattr(kind, "dispatch_request", None)
    is_answer = dispatch is MethodView.dispatch_request or (not issubclass(kind, MethodView) and issubclass(kind, View))
    for name in ("dispatch_request", "get", "post", "put", "delete", "patch", "head", "options"):
        method = getattr(kind, name, None)
        if inspect.isfunction(method):
            yield _innermost(method), is_answer


def _innermost(function: t.Any) -> t.Any:
    try:
        return inspect.unwrap(function)
    except ValueError:  # wrapped in a circle
        return function


def _place(function: t.Any) -> Place | None:
    code = getattr(function, "__code__", None)
    return None if code is None else (os.path.realpath(code.co_filename), code.co_firstlineno)


def _add(arguments: dict[str, Input], name: str, converter: BaseConverter) -> None:
    """An argument of the URL, unless its converter lets nothing harmful through, or may clean it."""
    if type(converter) is PathConverter:
        part = "path segments"
    elif type(converter) is UnicodeConverter:
        part = "segment"
    else:
        return
    arguments[name] = Input(frozenset({Source(f"the URL's '{name}'", part)}))
