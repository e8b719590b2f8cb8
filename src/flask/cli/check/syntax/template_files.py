"""The application's own templates, by the names that its loader knows, read and parsed.

Nothing is rendered or compiled. Templates of installed packages are theirs.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound, TemplateSyntaxError, nodes

from .python_file import UnreadError

READ_AT_MOST = 2_000_000
_INSTALLED = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A template: the name that it is rendered by, where it stands, and what is in it."""

    name: str
    path: str  # that of the file; the name, for one that is in none
    source: str
    tree: nodes.Template
    is_own: bool


class Templates:
    """Reads each template once."""

    def __init__(self, environment: Environment, unread: t.Callable[[str, UnreadError], None]) -> None:
        self.environment = environment
        self._unread = unread
        self._read: dict[str, TemplateFile | None] = {}

    def names(self) -> list[str]:
        """All names that the loader can list."""
        loader = self.environment.loader
        return [] if loader is None else _listed(loader)

    def get(self, name: str, is_wanted: bool = True) -> TemplateFile | None:
        """The template, if it can be read; if not, that is reported where it is known to be one."""
        if name not in self._read:
            self._read[name] = None
            try:
                self._read[name] = self._load(name)
            except UnreadError as error:
                if is_wanted:
                    self._unread(str(error.args[1]), error)
        return self._read[name]

    def _load(self, name: str) -> TemplateFile | None:
        loader = self.environment.loader
        if loader is None:
            return None
        try:
            source, file, _ = loader.get_source(self.environment, name)
        except TemplateNotFound:
            return None
        except Exception as error:  # noqa: BLE001 - bytes that are no text, and whatever a loader raises
            raise _unread(f"it cannot be loaded: {type(error).__name__}", _file_of(loader, name)) from None
        path = name if file is None else os.path.realpath(file)
        if len(source) > READ_AT_MOST:
            raise _unread(f"it is longer than {READ_AT_MOST:,} characters", path)
        return TemplateFile(name, path, source, self._parse(source, name, path), not _is_installed(file))

    def _parse(self, source: str, name: str, path: str) -> nodes.Template:
        try:
            return self.environment.parse(source, name, path)
        except TemplateSyntaxError as error:
            raise _unread(f"it is no template: {error.message}", path, error.lineno) from None
        except Exception as error:  # noqa: BLE001 - extensions of Jinja take part in parsing
            raise _unread(f"it cannot be parsed: {type(error).__name__}", path) from None


def _unread(reason: str, path: str, line: int = 1) -> UnreadError:
    error = UnreadError(reason, line)
    error.args = (reason, path)
    return error


def _is_installed(file: str | None) -> bool:
    return file is not None and not _INSTALLED.isdisjoint(Path(os.path.realpath(file)).parts)


def _listed(loader: BaseLoader) -> list[str]:
    """The names that a loader lists; where it cannot, those that the loaders in it list."""
    try:
        return list(loader.list_templates())
    except Exception:  # noqa: BLE001 - loaders are anybody's; FunctionLoader and the like cannot list
        return sorted({name for part in _parts(loader) for name in _listed(part)})


def _file_of(loader: BaseLoader, name: str) -> str:
    """The file that a loader would read for a name; the name, where that is not known."""
    folders = getattr(loader, "searchpath", ())
    files = (os.path.realpath(os.path.join(folder, *name.split("/"))) for folder in folders)
    found = next(filter(os.path.isfile, files), name)
    parts = (_file_of(part, name) for part in _parts(loader))
    return found if found != name else next((file for file in parts if file != name), name)


def _parts(loader: BaseLoader) -> Iterable[BaseLoader]:
    """The loaders that a loader asks."""
    own = getattr(loader, "_iter_loaders", None)
    if own is not None:
        return [part for _, part in own("")]
    loaders = getattr(loader, "loaders", ())
    return loaders if isinstance(loaders, (list, tuple)) else ()
