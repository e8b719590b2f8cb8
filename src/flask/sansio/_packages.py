"""Where the package of an import name lies on disk, and which prefix it was installed under.

Nothing here imports the module that is asked for, nor keeps an answer: `sys.path` and `sys.prefix` are read when asked.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import typing as t

if t.TYPE_CHECKING:
    from importlib.machinery import ModuleSpec


def find_package(import_name: str) -> tuple[str | None, str]:
    """Say where a package was installed to, and from which directory it is imported.

    The first value is the prefix (the directory that holds `lib`, `bin`, `var`), or None for code that is not installed
    but imported from where it is developed. The second is the entry of `sys.path` that holds the package, or the
    current directory if nothing importable has that name.
    """
    path = _find_package_path(import_name)
    return _installation_prefix(path), path


def _installation_prefix(path: str) -> str | None:
    from pathlib import PurePath  # not before an app asks

    folder = PurePath(path)
    prefix = os.path.abspath(sys.prefix)
    if folder.is_relative_to(prefix):
        return prefix
    if folder.name.lower() != "site-packages":
        return None
    above = folder.parent
    if above.name.lower() == "lib":  # Windows: prefix\Lib\site-packages
        return str(above.parent)
    if above.parent.name.lower() == "lib":  # elsewhere: prefix/lib/python3.x/site-packages
        return str(above.parent.parent)
    return str(above)


def _find_package_path(import_name: str) -> str:
    root = _spec(import_name.partition(".")[0])
    if root is None:
        return os.getcwd()
    locations = list(root.submodule_search_locations or ())
    if root.origin is None or root.origin == "namespace":
        return _namespace_path(import_name, locations) if locations else os.getcwd()
    home = os.path.dirname(root.origin)
    return os.path.dirname(home) if locations else home


def _namespace_path(import_name: str, locations: list[str]) -> str:
    """Of the directories that share a namespace, the one with the package; the first one for a plain module."""
    package = _spec(import_name)
    if package is not None and package.submodule_search_locations:
        from pathlib import PurePath

        shared = PurePath(os.path.commonpath(list(package.submodule_search_locations)))
        for location in locations:
            if shared.is_relative_to(location):
                return os.path.dirname(location)
    return os.path.dirname(locations[0])


def _spec(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (
        ImportError,
        ValueError,
    ):  # nothing above it has that name; no name; a module without a spec (__main__)
        return None
