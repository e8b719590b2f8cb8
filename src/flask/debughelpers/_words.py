"""How names, values and places are written in an explanation: quoted, and never longer than a person wants to read.

Nothing here knows what is being explained, and no value of the application's can make it fail or grow.
"""

from __future__ import annotations

import functools
import os
import reprlib
import typing as t
from types import CodeType, MethodType

TEXT_AT_MOST = 120
LISTED_AT_MOST = 5
_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
_LAYERS = 50  # of decorators around a view, before they are taken for a circle

_reprs = reprlib.Repr()
_reprs.maxstring = _reprs.maxother = 80
_reprs.maxlevel = 3


def quoted(value: object) -> str:
    """The `repr` of a value, its middle left out where it is long."""
    try:
        return shortened(_reprs.repr(value), 200)
    except Exception:  # noqa: BLE001 - an object's own, or a number of more digits than Python prints
        return f"<{shortened(type(value).__name__)}>"


def shortened(text: object, at_most: int = TEXT_AT_MOST) -> str:
    """Text on one line without control characters, its end left out where it is long."""
    whole = str(text)
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in whole[:at_most])
    return f"{shown}…" if len(whole) > at_most else shown


def listed(values: t.Iterable[object], word: str = "and", at_most: int = LISTED_AT_MOST) -> str:
    """'a', 'b' and 'c'; beyond the most that is shown, only how many there are."""
    items = list(values)
    shown = [quoted(value) for value in items[:at_most]]
    if len(items) > at_most:
        shown.append(f"{len(items) - at_most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {word} {shown[-1]}" if shown else "nothing"


def methods_of(methods: t.Iterable[str] | None) -> str:
    """The methods of a rule, without those that come by themselves unless there are no others."""
    if methods is None:
        return "any"
    own = sorted(set(methods) - {"HEAD", "OPTIONS"}) or sorted(methods)
    return shortened(", ".join(own))


class Place(t.NamedTuple):
    """Where a function was written."""

    name: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.name} at {self.file}:{self.line}"


def place_of(function: t.Any, method: str = "GET") -> Place | None:
    """Where a view or hook was written, beneath its decorators; None where that is not known, or where it is Flask's.

    Of a view made of a class it is the method that answers `method`, else the first that answers anything.
    """
    kind = getattr(function, "view_class", None)
    if isinstance(kind, type):
        names = (method, "GET", *sorted(getattr(kind, "methods", None) or ()), "dispatch_request")
        function = next((found for name in names if (found := getattr(kind, name.lower(), None)) is not None), None)
    innermost = _beneath(function)
    code = getattr(innermost, "__code__", None)
    if not isinstance(code, CodeType) or is_ours(innermost):
        return None
    module = getattr(innermost, "__module__", None)
    name = f"{module}.{code.co_qualname}" if isinstance(module, str) else code.co_qualname
    return Place(shortened(name), shortened(code.co_filename, 400), code.co_firstlineno)


def is_ours(function: t.Any) -> bool:
    """Whether a function was written in this package, and so is none of the application's."""
    code = getattr(function, "__code__", None)
    return isinstance(code, CodeType) and code.co_filename.startswith(_OURS)


def _beneath(function: t.Any) -> t.Any:
    for _ in range(_LAYERS):
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, MethodType):
            function = function.__func__
        elif callable(inner := getattr(function, "__wrapped__", None)):
            function = inner
        else:
            break
    if not hasattr(function, "__code__") and callable(function) and not isinstance(function, type):
        return type(function).__call__  # an object that is called
    return function
