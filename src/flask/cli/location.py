"""From what `--app` says to an imported module: a dotted name, a file, a package, with `sys.path` made to fit.

Which object of the module is the app is decided in `discovery`.
"""

from __future__ import annotations

import os
import sys
import typing as t
from importlib.util import find_spec
from types import ModuleType

from .discovery import find_app_by_string, find_best_app
from .failures import NoAppException

if t.TYPE_CHECKING:
    from ..app import Flask


def prepare_import(path: str) -> str:
    """The dotted name under which a file, a package or a module is imported; its root becomes the head of `sys.path`.

    The root is the first folder on the way up that is not itself a package.
    """
    path = os.path.realpath(path)
    stem, extension = os.path.splitext(path)
    if extension == ".py":
        path = stem
    if os.path.basename(path) == "__init__":
        path = os.path.dirname(path)

    folder, name = os.path.split(path)
    names = [name]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, name = os.path.split(folder)
        names.append(name)

    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    return ".".join(reversed(names))


def may_exist(name: str) -> bool:
    """Whether there may be a module of that name, as far as can be told without importing anything."""
    try:
        return find_spec(name.partition(".")[0]) is not None
    except ValueError:  # no name at all, or a module that was loaded without a specification
        return True


def require_module(name: str) -> None:
    """Raise the error of `locate_app` for a module that cannot exist."""
    if not may_exist(name):
        from .explanations import no_such_module

        raise NoAppException(no_such_module(name))


@t.overload
def locate_app(module_name: str, app_name: str | None, raise_if_not_found: t.Literal[True] = True) -> Flask: ...
@t.overload
def locate_app(module_name: str, app_name: str | None, raise_if_not_found: t.Literal[False] = ...) -> Flask | None: ...


def locate_app(module_name: str, app_name: str | None, raise_if_not_found: bool = True) -> Flask | None:
    """Import a module and find the application in it.

    `raise_if_not_found` is about the module: without it, None stands for a module that does not exist. A module that
    exists but cannot be imported, or holds no application, raises `NoAppException` in any case.
    """
    module = _import(module_name, raise_if_not_found)
    if module is None:
        return None
    try:
        return find_best_app(module) if app_name is None else find_app_by_string(module, app_name)
    except Exception as error:  # a factory may import, too
        _note_circle(error)
        raise


def _import(name: str, raise_if_not_found: bool) -> ModuleType | None:
    try:
        __import__(name)
    except ImportError as error:
        inside = error.__traceback__ and error.__traceback__.tb_next
        if inside:  # some line of the module itself ran, or of a package on the way to it
            from .explanations import import_failed

            raise NoAppException(import_failed(name, error, inside)) from error
        if raise_if_not_found:
            from .explanations import no_such_module

            raise NoAppException(no_such_module(name)) from error
        return None
    except Exception as error:
        _note_circle(error)
        raise
    return sys.modules[name]


def _note_circle(error: Exception) -> None:
    from .circles import note_circle

    note_circle(error)
