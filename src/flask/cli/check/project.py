"""What lies beside an application: the folder of its project, its own source files, and the files that deploy it.

It reads names of files that are known by name, and never the whole of a disk.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import typing as t
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from .findings import Where, shown

#: Folders below a project in which files of deployment are looked for.
_FOLDERS = ("", "deploy", "deployment", "docker", "conf", "config", "etc", "nginx", "ops", "requirements", "envs")
_NOT_OURS = frozenset({"site-packages", "dist-packages", "node_modules", "__pycache__", "build", "dist"})
#: Python's own modules and this package: they may lie in a project that brings its interpreter, or in this repository.
_FRAMEWORK = (Path(os.path.realpath(sysconfig.get_path("stdlib"))), Path(os.path.realpath(__file__)).parents[2])
_OF_DEVELOPMENT = re.compile(
    r"(^|[._-])(dev|devel|development|local|tests?|testing|ci|override|debug|examples?|samples?)([._-]|$)",
    re.IGNORECASE,
)
_LARGEST = 4_000_000


class Project:
    """A folder that an application stands in."""

    def __init__(self, root: Path | str = ".") -> None:
        self.root = Path(os.path.realpath(root))
        self._matching: dict[tuple[str, bool], list[Path]] = {}

    def files(self, pattern: str, *, of_development: bool = False) -> list[Path]:
        """The files whose name, with the folder or without, is of a form, whatever its case.

        `Procfile.dev`, `compose.override.yaml` and the like deploy nothing: they are left out unless asked for.
        """
        wanted = pattern, of_development
        if wanted not in self._matching:
            expression = re.compile(pattern, re.IGNORECASE)
            self._matching[wanted] = [
                path
                for path in self._files
                if (expression.fullmatch(path.name) or expression.fullmatch(f"{path.parent.name}/{path.name}"))
                and (of_development or not _OF_DEVELOPMENT.search(path.name))
            ]
        return self._matching[wanted]

    def lines(self, pattern: str) -> Iterator[tuple[str, Where]]:
        """Each line of such files, without its end, with its place."""
        for path in self.files(pattern):
            for number, line in enumerate(read(path).splitlines(), 1):
                yield line, self.where(path, number)

    def where(self, path: Path | str, line: int | None = None, name: str | None = None) -> Where:
        """A place in a file, shown from the project's folder on."""
        return Where(shown(path, self.root), line, name)

    @cached_property
    def _files(self) -> list[Path]:
        found: list[Path] = []
        for folder in _FOLDERS:
            try:
                entries = sorted(os.scandir(self.root / folder), key=lambda entry: entry.name)
            except OSError:
                continue
            found += [Path(entry.path) for entry in entries if _is_small_file(entry)]
        return found


def read(path: Path) -> str:
    """A file's text; nothing where it cannot be read, and U+FFFD for what is no UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def sources_of(app: t.Any, project: Project) -> list[Path]:
    """The application's own Python files: its package, installed or not, and what it imported of the project."""
    package = _package_of(app)
    roots = set() if package is None else {package}
    found: set[Path] = set()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = Path(os.path.realpath(file))
        if module.__name__ == app.import_name or _is_within(path, project.root):
            found.add(path)
            if path.name == "__init__.py":
                roots.add(path.parent)
    for root in roots:
        found.update(path for path in python_files(root) if _is_within(path, root))
    return sorted(found)


def is_of_others(app: t.Any, file: str) -> bool:
    """Whether a file is one of a distribution that the application uses, and not its own."""
    path = Path(os.path.realpath(file))
    package = _package_of(app)
    own = package is not None and path.is_relative_to(package)
    return not own and not _NOT_OURS.isdisjoint(path.parts)


def _package_of(app: t.Any) -> Path | None:
    """The folder of the package that heads the app's import name; None if that is a module."""
    module = sys.modules.get(app.import_name.partition(".")[0])
    file = getattr(module, "__file__", None)
    if not hasattr(module, "__path__") or not isinstance(file, str):
        return None
    return Path(os.path.realpath(file)).parent


def python_files(folder: Path) -> Iterator[Path]:
    """The Python files in a folder and below, without what others wrote or what was built."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NOT_OURS and not name.startswith(".")]
        yield from (Path(parent, name) for name in files if name.endswith(".py"))


def _is_within(path: Path, root: Path) -> bool:
    """Whether somebody of the project has written a file: not one of Python, of ours, or of an environment in there."""
    if not path.is_relative_to(root):
        return False
    folders = path.relative_to(root).parts[:-1]
    if not _NOT_OURS.isdisjoint(folders) or any(folder.startswith(".") for folder in folders):
        return False
    return not any(path.is_relative_to(other) for other in _FRAMEWORK)


def _is_small_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file() and entry.stat().st_size <= _LARGEST
    except OSError:
        return False
