"""Where request data does harm: what functions, methods and answers must not get, and in which shape.

Nothing here follows a value; it is told what an expression stands for.
"""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from ..findings import Kind
from . import meanings
from .kinds import (
    CODE_OF_INPUT,
    HTML_BY_HAND,
    PATH_OF_INPUT,
    REDIRECT_TO_INPUT,
    SQL_OF_INPUT,
    TEMPLATE_OF_INPUT,
    UNPICKLED_INPUT,
)
from .python_file import PythonFile
from .spots import Report, Spot
from .values import CLIENT, UNKNOWN, Input, Source, Value

_TAG = re.compile(r"<[a-zA-Z!/]")
_SQL = re.compile(
    rf"[\s({UNKNOWN}]*(?:select|insert|update|delete|replace|create|drop|alter|with|truncate)\s", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Rendering:
    """A template that is rendered, with those of its variables that hold request data."""

    names: tuple[str, ...]
    source: str | None  # the template itself, where it stands in the call
    context: tuple[tuple[str, frozenset[Source]], ...]
    file: str
    line: int
    last: int


@dataclass(slots=True)
class Point:
    """What is known at a point of a function: what its names stand for, and which request data was checked."""

    names: dict[str, Value]
    checked: set[str] = field(default_factory=set)
    is_answering: bool = False  # whether what the function returns is a page


class Harms(ABC):
    """Reports the harm that request data does in a file."""

    def __init__(self, file: PythonFile, report: Report) -> None:
        self.file = file
        self.report = report
        self.renderings: list[Rendering] = []
        self.now = Point({})
        self.last_line = 0  # of the statement that is being read

    @abstractmethod
    def value(self, node: ast.expr | None) -> Value:
        """What an expression stands for; harm that is done in it is reported."""

    def values(self, *nodes: ast.expr | None) -> list[Value]:
        """The same of several, in order."""
        return [self.value(node) for node in nodes]

    def quietly(self, node: ast.expr) -> Value:
        """A value once more, whose reading has reported already what is to be reported."""
        report, self.report = self.report, lambda spot: None
        renderings, self.renderings = self.renderings, []
        try:
            return self.value(node)
        finally:
            self.report, self.renderings = report, renderings

    def unchecked(self, value: Value) -> Value:
        """A value without what was checked of it."""
        if isinstance(value, Input):
            left = frozenset(source for source in value.sources if source.name not in self.now.checked)
            if not left:
                return None
            return value if left == value.sources else Input(left, value.kind, value.shape)
        return value

    def dangers(self, node: ast.Call, called: str, given: list[Value], keywords: dict[str | None, Value]) -> None:
        """Report what a function that is known by its name must not be given."""
        danger = meanings.DANGERS.get(called)
        if danger is not None:
            values = given[danger.position :] if danger.every else given[danger.position : danger.position + 1]
            if danger.keyword in keywords:
                values.append(keywords[danger.keyword])
            for value in values:
                self.harm(danger.kind, node, value, f"{_last_part(called)}()")
        elif called in meanings.SHELLS and _is_true(node, "shell"):
            for value in given[:1] or [keywords.get("args")]:
                self.harm(CODE_OF_INPUT, node, value, f"{_last_part(called)}(shell=True)")
        elif called == "yaml.load" and _loader(node) in meanings.UNSAFE_LOADERS:
            self.harm(UNPICKLED_INPUT, node, given[0] if given else None, "yaml.load()")
        elif called in meanings.SQL_FUNCTIONS and given:
            self.harm(SQL_OF_INPUT, node, given[0], "text()")

    def method_dangers(self, node: ast.Call, name: str, receiver: Value, given: list[Value]) -> None:
        """Report what a method must not be given, whatever the object."""
        first = given[0] if given else None
        if name in meanings.SQL_METHODS:
            self.harm(SQL_OF_INPUT, node, first, f"{name}()")
        elif name == "save" and isinstance(receiver, Input) and receiver.kind == "file":
            self.harm(PATH_OF_INPUT, node, first, "save()")
        elif name in meanings.PATH_METHODS and isinstance(receiver, Input) and receiver.kind == "path":
            self.harm(PATH_OF_INPUT, node, receiver, f"{name}()")
        elif (
            name == "from_string" and isinstance(node.func, ast.Attribute) and last_name(node.func.value) == "jinja_env"
        ):
            self.harm(TEMPLATE_OF_INPUT, node, first, "from_string()")

    def harm(self, kind: Kind, node: ast.expr | ast.stmt, value: Value, where: str) -> None:
        """Report a value that reaches a place, if it does harm there."""
        if not isinstance(value, Input) or (value.kind in ("file", "files") and kind is not UNPICKLED_INPUT):
            return
        if not _does_harm(kind, value):
            return
        names = ", ".join(sorted(source.name for source in value.sources))
        last = max(node.end_lineno or node.lineno, self.last_line)
        self.report(Spot(kind, self.file.path, node.lineno, last, f"{names} reaches {where}."))


def _does_harm(kind: Kind, value: Input) -> bool:
    """Whether request data in this shape does what the kind of finding warns of."""
    parts = {source.part for source in value.sources}
    if kind is PATH_OF_INPUT:
        return parts != {"segment"} and not value.shape.startswith(("http:", "https:"))
    if kind is REDIRECT_TO_INPUT:
        return value.shape.startswith(CLIENT) and bool(parts & meanings.IN_LINKS)
    if kind is SQL_OF_INPUT:
        return _SQL.match(value.shape) is not None
    if kind is HTML_BY_HAND:
        if value.kind != "text" or value.shape.lstrip().startswith(("{", "[")):
            return False
        return bool(parts & meanings.SENT_BY_LINKS) or _TAG.search(value.shape) is not None
    return True


def _is_true(node: ast.Call, name: str) -> bool:
    return any(
        keyword.arg == name and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in node.keywords
    )


def _loader(node: ast.Call) -> str:
    """The name of the loader that yaml.load is given; without one it is an error."""
    loaders = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "Loader")]
    return last_name(loaders[0]) if loaders else ""


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name, also of one that is called."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _last_part(name: str) -> str:
    return name.rpartition(".")[2]
