"""What lies on the disk around a name that led to no app: modules, files that seem to make an app, names in the way.

Files are read, to a bound; nothing is imported here.
"""

from __future__ import annotations

import ast
import difflib
import itertools
import os
import re
import typing as t

_APP_IS_MADE = re.compile(rb"(?m)^[^#\n]*\bFlask\(|^def (create_app|make_app)\(")
READ_AT_MOST = 200_000
FILES_AT_MOST = 500
FOLDERS_AT_MOST = 50
# Folders in which no developer keeps an app of their own.
_PASSED_OVER = frozenset({"node_modules", "site-packages", "venv", "env", "tests", "build", "dist"})


def close_to(name: str, others: t.Iterable[str]) -> list[str]:
    """Up to three names that are spelt almost like the one that was asked for."""
    return difflib.get_close_matches(name, list(others), n=3)


def modules_in(folder: str) -> list[str]:
    """The names of the modules and packages of a folder."""
    entries = _entries(folder)
    names = [entry[:-3] for entry in entries if entry.endswith(".py") and entry != "__init__.py"]
    return names + [entry for entry in entries if os.path.isfile(os.path.join(folder, entry, "__init__.py"))]


def app_files(folder: str) -> list[str]:
    """What to write after `--app` for each module of a folder that seems to make an app.

    In the working directory that is its name, else the path of its file.
    """
    found = []
    for name in modules_in(folder)[:FILES_AT_MOST]:
        path = os.path.join(folder, f"{name}.py")
        if not os.path.isfile(path):
            path = os.path.join(folder, name, "__init__.py")
        if name != "flask" and _APP_IS_MADE.search(_text(path)):
            found.append(name if os.path.samefile(folder, os.getcwd()) else _shortest(path))
    return found


def app_files_below(folder: str) -> list[str]:
    """The same for the folders in it, one level deep."""
    names = (name for name in _entries(folder) if name[0] not in "._" and name not in _PASSED_OVER)
    folders = (path for name in names if os.path.isdir(path := os.path.join(folder, name)))
    return [found for below in itertools.islice(folders, FOLDERS_AT_MOST) for found in app_files(below)]


def missing_folder(path: str) -> str | None:
    """The first folder on the way to a path that does not exist."""
    if os.path.isdir(path):
        return None
    above = os.path.dirname(path)
    return path if above == path else missing_folder(above) or path


def in_the_way(folder: str, name: str, file: str | None) -> str | None:
    """The file below a folder that has the name of a module which was imported from another file."""
    root = os.path.join(folder, *name.split("."))
    for path in (f"{root}.py", os.path.join(root, "__init__.py")):
        if os.path.isfile(path) and not (file and os.path.exists(file) and os.path.samefile(path, file)):
            return path
    return None


class Made(t.NamedTuple):
    """A place in a module's text where an app is made, and no import of the module gets to see it."""

    line: int
    function: str | None  # None below `if __name__ == "__main__":`


def made_out_of_sight(path: str) -> Made | None:
    """The first `Flask(…)` of a file that stands within a function, or is left to whoever runs the file."""
    try:
        tree = ast.parse(_text(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for statement in tree.body:
        function = statement.name if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) else None
        if function is None and not (isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test)):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and _last_name(node.func) == "Flask":
                return Made(node.lineno, function)
    return None


def _last_name(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def _shortest(path: str) -> str:
    """A path as a person would type it: from the working directory on, unless that is longer, or on another drive."""
    try:
        return min(os.path.relpath(path), path, key=len)
    except ValueError:
        return path


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _text(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(READ_AT_MOST)
    except OSError:
        return b""
