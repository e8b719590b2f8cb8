"""Checks of single statements: decorators above a route, a server started by an import, a key in the source.

Each compares the source with the application as it came out, and so does not have to guess.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
import typing as t
from types import ModuleType

from ...._contracts import Application
from .kinds import ABOVE_THE_ROUTE, KEY_IN_SOURCE, RUN_ON_IMPORT
from .python_file import PythonFile
from .spots import Report, Spot
from .view_arguments import Answering, Place

_ROUTES = frozenset("route get post put patch delete websocket".split())
# They note the function, or its name, somewhere, and so have their effect above a route as well as below.
_NOTE_IT = frozenset("limit shared_limit exempt swag_from on event task command".split())
_GUARDS = re.compile(r"(?:^|_)(?:login|auth|jwt|token|roles?|permissions?|admin|fresh)_requ?ired?$|^requires?_\w+$")
_SECRET = re.compile(r"secret|key", re.IGNORECASE)
# A text as long as this is in a source only as the key, whatever it is called there.
_UNMISTAKABLE = 16


def modules_by_file() -> dict[str, ModuleType]:
    """What is imported, by the real path of its file."""
    found: dict[str, ModuleType] = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            found[os.path.realpath(file)] = module
    return found


def find_shadowed_decorators(
    file: PythonFile,
    module: ModuleType | None,
    app: t.Any,
    functions: t.Mapping[Place, Answering],
    report: Report,
) -> None:
    """Report decorators that stand above the route of their function."""
    for node in ast.walk(file.tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or len(node.decorator_list) < 2:
            continue
        decorators = node.decorator_list
        answering = functions.get((file.path, decorators[0].lineno))
        routes = [index for index, decorator in enumerate(decorators) if _is_route(decorator)]
        if answering is None or not routes:
            continue
        above = [
            decorator
            for decorator in decorators[: routes[-1]]
            if not _is_route(decorator) and _name(decorator) not in _NOTE_IT
        ]
        registered = [app.view_functions.get(endpoint) for endpoint in answering.endpoints]
        for decorator in above:
            if _has_no_effect(decorator, node, file, module, registered):
                message = f"'@{_name(decorator)}' stands above the route of {node.name}(), which is served without it."
                report(Spot(ABOVE_THE_ROUTE, file.path, decorator.lineno, decorator.end_lineno or 0, message))


def _has_no_effect(
    decorator: ast.expr,
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    file: PythonFile,
    module: ModuleType | None,
    registered: list[t.Any],
) -> bool:
    """Whether the decorator made something else of the function, and that is not what each route registered."""
    if module is not None and node in file.tree.body and hasattr(module, node.name):
        outcome = getattr(module, node.name)
        return inspect.isfunction(outcome) and not all(outcome is view for view in registered)
    # Within a function nothing is left to compare with: guards are known by their names.
    return _GUARDS.search(_name(decorator)) is not None


def _is_route(node: ast.expr) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ROUTES):
        return False
    rule = node.args[0] if node.args else next((each.value for each in node.keywords if each.arg == "rule"), None)
    return not isinstance(rule, ast.Constant) or (isinstance(rule.value, str) and rule.value[:1] in ("", "/"))


def find_run_on_import(file: PythonFile, module: ModuleType | None, report: Report) -> None:
    """Report `app.run()` among the statements that an import of the module runs."""
    if module is None or module.__name__ == "__main__":
        return
    for statement in file.tree.body:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="run")) as call):
                if not isinstance(getattr(module, name, None), Application):
                    continue
                debug = any(
                    each.arg == "debug" and isinstance(each.value, ast.Constant) and each.value.value is True
                    for each in call.keywords
                )
                message = f"'{name}.run()' runs on import" + (", with debug on." if debug else ".")
                report(Spot(RUN_ON_IMPORT, file.path, call.lineno, call.end_lineno or call.lineno, message))
            case _:
                pass


def keys_in_force(app: t.Any) -> frozenset[bytes]:
    """The app's secret key, and those that it still accepts."""
    fallbacks = app.config.get("SECRET_KEY_FALLBACKS") or ()
    keys = [app.config.get("SECRET_KEY"), *(fallbacks if isinstance(fallbacks, (list, tuple)) else ())]
    return frozenset(_as_bytes(key) for key in keys if key and isinstance(key, (str, bytes)))


def find_keys(file: PythonFile, keys: frozenset[bytes], report: Report) -> None:
    """Report a key in force that stands in the source as it is. The message does not repeat it."""
    if not keys:
        return
    named: set[int] = set()
    for node in ast.walk(file.tree):
        for name, value in _named(node):
            if _SECRET.search(name):
                named.update(id(part) for part in ast.walk(value))
    for node in ast.walk(file.tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))):
            continue
        text = _as_bytes(node.value)
        if text in keys and (len(text) >= _UNMISTAKABLE or id(node) in named):
            last = node.end_lineno or node.lineno
            report(Spot(KEY_IN_SOURCE, file.path, node.lineno, last, "A key that signs sessions stands here."))


def _named(node: ast.AST) -> t.Iterator[tuple[str, ast.expr]]:
    """The values that a node gives a name, each with that name."""
    match node:
        case ast.Assign():
            for target in node.targets:
                yield _target(target), node.value
        case ast.AnnAssign(value=ast.expr() as value):
            yield _target(node.target), value
        case ast.keyword(arg=str(name)):
            yield name, node.value
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        case _:
            pass


def _target(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return _name(node)


def _name(node: ast.expr) -> str:
    """The last part of a dotted name, also of one that is called."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _as_bytes(key: str | bytes) -> bytes:
    return key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key
