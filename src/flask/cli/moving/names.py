"""Which names of Flask a Python file touches, by its syntax alone: imports, and what is looked up on what was imported.

Nothing is run. What a file reaches by other ways (a string, an object that somebody hands over) is not seen.
"""

from __future__ import annotations

import ast
import typing as t

PACKAGE = "flask"
_MISSED = frozenset({"ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"})


class Touch(t.NamedTuple):
    """One name with all that is looked up on it, dotted; and whether the file is ready for its absence."""

    name: str
    line: int
    guarded: bool


def touches(tree: ast.Module) -> list[Touch]:
    """Every touch of a file, by line. A name whose absence is provided for anywhere in it is guarded everywhere."""
    reader = _Reader()
    reader.visit(tree)
    reader.attributes()
    guarded = {touch.name for touch in reader.found if touch.guarded}
    return sorted(
        {
            touch._replace(guarded=any(touch.name == name or touch.name.startswith(f"{name}.") for name in guarded))
            for touch in reader.found
        },
        key=lambda touch: (touch.line, touch.name),
    )


def version_reads(tree: ast.Module) -> list[int]:
    """The lines that read the version of the distribution: a function of such a name, called with Flask's."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in ("version", "get_distribution", "distribution")
        and any(isinstance(given, ast.Constant) and str(given.value).lower() == PACKAGE for given in node.args)
    ]


class _Reader(ast.NodeVisitor):
    """One walk through a file; attributes are judged after it, when it is known what each name stands for."""

    def __init__(self) -> None:
        self.found: list[Touch] = []
        self._bound: dict[str, str] = {}
        self._others: set[str] = set()  # names that stand for something else somewhere in the file
        self._chains: list[tuple[str, list[str], int, bool]] = []
        self._assigned: set[str] = set()
        self._guards = 0

    def attributes(self) -> None:
        """Make touches of the attributes of what was imported."""
        for root, names, line, guarded in self._chains:
            assigned = ".".join([root, *names]) in self._assigned
            if root in self._bound and root not in self._others and not assigned:
                self._touch(".".join([self._bound[root], *names]), line, guarded)

    def _touch(self, name: str, line: int, guarded: bool = False) -> None:
        self.found.append(Touch(name, line, guarded or bool(self._guards)))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            head = alias.name.partition(".")[0]
            if head != PACKAGE:
                self._others.add(alias.asname or head)
                continue
            self._bound[alias.asname or head] = alias.name if alias.asname else head
            if alias.name != PACKAGE:
                self._touch(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        ours = not node.level and (node.module or "").partition(".")[0] == PACKAGE
        for alias in node.names:
            if not ours:
                self._others.add(alias.asname or alias.name)
            elif alias.name == "*":
                self._touch(str(node.module), node.lineno)
            else:
                self._bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                self._touch(f"{node.module}.{alias.name}", node.lineno)

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        guards = any(_MISSED & _caught(handler.type) for handler in node.handlers)
        self._guarded(node.body, guards)
        for rest in (*node.handlers, *node.orelse, *node.finalbody):
            self.visit(rest)

    visit_TryStar = visit_Try

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        for_types = isinstance(node.test, (ast.Name, ast.Attribute)) and ast.unparse(node.test).endswith(
            "TYPE_CHECKING"
        )
        self._guarded(node.body, for_types)
        for rest in node.orelse:
            self.visit(rest)

    def _guarded(self, body: t.Iterable[ast.stmt], guards: bool) -> None:
        self._guards += guards
        for statement in body:
            self.visit(statement)
        self._guards -= guards

    def visit_With(self, node: ast.With) -> None:
        called = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
        guards = any(
            ast.unparse(call.func).endswith("suppress") and _MISSED & {ast.unparse(name) for name in call.args}
            for call in called
        )
        for item in node.items:
            self.visit(item)
        self._guarded(node.body, guards)

    def visit_Call(self, node: ast.Call) -> None:
        """What is looked up by `getattr` or `hasattr` with a name that stands there."""
        function, given = node.func, node.args
        if isinstance(function, ast.Name) and function.id in ("getattr", "hasattr") and len(given) > 1:
            looked_up = given[1]
            if isinstance(looked_up, ast.Constant) and isinstance(looked_up.value, str):
                guarded = function.id == "hasattr" or len(given) > 2
                self._chain(given[0], [looked_up.value], guarded)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            if not self._chain(node, []):
                self.visit(node.value)
        else:  # what is assigned or deleted need not be there; what it is assigned to must
            self._assigned.add(ast.unparse(node))
            self.visit(node.value)

    def _chain(self, node: ast.expr, names: list[str], guarded: bool = False) -> bool:
        """Note an attribute's path if it begins with a plain name."""
        path = [*names]
        while isinstance(node, ast.Attribute):
            path.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return False
        self._chains.append((node.id, path, node.lineno, guarded or bool(self._guards)))
        return True

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._others.add(node.id)

    def visit_arg(self, node: ast.arg) -> None:
        self._others.add(node.arg)
        self.generic_visit(node)


def _caught(kind: ast.expr | None) -> set[str]:
    """The names of the errors that a handler catches."""
    if kind is None:
        return {"BaseException"}
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return {ast.unparse(each).rpartition(".")[2] for each in kinds}
