"""The values that a path gave, on their way to the view: in a tuple, by the names that a rule has for them.

A dictionary is made when somebody asks for one. No value is looked at here, and none is kept.

PERF: `view(**arguments)` copies a dictionary into another and takes it apart; to name the values in a call that was
written for these very names takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from keyword import iskeyword
from typing import Any

from .source import Writer

Call = Callable[[Callable[..., Any], Any], Any]


class Names:
    """The names of a rule's variables, in the order of their values."""

    __slots__ = ("_names", "call")

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        #: `call(view, values)` calls the view with each value under its name.
        self.call: Call = _written(names) if all(map(_is_plain, names)) else self._call

    def arguments(self, values: Any) -> dict[str, Any]:
        """The values by their names, in a new dictionary."""
        return dict(zip(self._names, values, strict=True))

    def _call(self, view: Callable[..., Any], values: Any) -> Any:
        return view(**self.arguments(values))


class _Whole(Names):
    """For values that are a dictionary of the request's own already."""

    __slots__ = ()

    def __init__(self) -> None:
        self._names = ()
        self.call = _call_with

    def arguments(self, values: Any) -> dict[str, Any]:
        given: dict[str, Any] = values
        return given


def _call_with(view: Callable[..., Any], values: Any) -> Any:
    return view(**values)


WHOLE = _Whole()


def _is_plain(name: str) -> bool:
    """Whether Python's grammar takes the name for an argument's, and leaves it as it is."""
    return name.isascii() and name.isidentifier() and not iskeyword(name) and name != "__debug__"


def _written(names: tuple[str, ...]) -> Call:
    writer = Writer()
    with writer.block("def call(view, values):"):
        writer.line(f"return view({', '.join(f'{name}=values[{at}]' for at, name in enumerate(names))})")
    return writer.function("call", f"call {', '.join(names)}")[0]


@lru_cache(maxsize=1024)
def names_of(names: tuple[str, ...]) -> Names:
    """The names, which many rules may have in common."""
    return Names(names)
