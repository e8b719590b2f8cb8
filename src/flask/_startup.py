"""Puts off the body of Werkzeug's package, which imports its server and its test client, until somebody asks for them.

Imported before everything else. No module of Werkzeug's may behave differently for it, only later; where anything about
the package is unusual it is left to Python.

PERF: a quarter of what `import flask` takes. `import werkzeug.anything` runs the package's body first, and that imports
`http.server`, `ssl`, `socketserver` and `html` for the two names that a web server never needs.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from threading import RLock
from types import ModuleType
from typing import Any


class _PutOff(ModuleType):
    """A package whose body has not run: it does at the first look at a name that is neither there nor a module's."""

    def __getattr__(self, name: str) -> Any:
        submodule = f"{self.__name__}.{name}"
        if importlib.util.find_spec(submodule) is not None:
            # The package's modules ask for each other in the midst of being imported: no time for the body.
            return importlib.import_module(submodule)
        _run_body(self, name)
        return getattr(self, name)

    def __dir__(self) -> list[str]:
        _run_body(self, "__dir__")
        return dir(self)


_running = RLock()
_bodies: set[str] = set()


def _run_body(package: _PutOff, name: str) -> None:
    """Make an ordinary package of it, for whoever asked for this name. Other threads wait until it is one."""
    with _running:
        if type(package) is not _PutOff:
            return  # another thread has done it
        if package.__name__ in _bodies:
            raise AttributeError(f"module {package.__name__!r} has no attribute {name!r}")  # its body asks, too early
        _bodies.add(package.__name__)
        try:
            package.__spec__.loader.exec_module(package)  # type: ignore[union-attr]
        finally:
            _bodies.discard(package.__name__)  # if it failed, the next who asks meets the same error
        package.__class__ = ModuleType  # type: ignore[assignment]


def put_off(name: str) -> None:
    """Have a package's submodules importable without its body; nothing happens to one that is imported already."""
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    # An import hook (a tracer's, a freezer's) has loaders of its own: it is to see the import as it expects it.
    if spec is None or type(spec.loader) is not SourceFileLoader or spec.submodule_search_locations is None:
        return
    package = importlib.util.module_from_spec(spec)
    package.__class__ = _PutOff
    sys.modules[name] = package


put_off("werkzeug")
