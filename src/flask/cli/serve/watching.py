"""`flask serve --reload`: a worker looks at its own files, as the development server's reloader does, and tells of it.

It never ends the process: whether and when the worker is replaced is the supervisor's part.
"""

from __future__ import annotations

import threading
import typing as t
from importlib.util import find_spec

from ..environment import files_read
from ..reloader import LookingReloaderLoop, WatchfilesReloaderLoop
from ..server import template_files

if t.TYPE_CHECKING:
    from ...app import Flask

Tell = t.Callable[[str], None]


class _Telling(LookingReloaderLoop):
    """Once a second; what it would restart a process for it tells."""

    tell: Tell

    def trigger_reload(self, filename: str) -> None:
        """Tell of a file that has changed."""
        self.tell(filename)


class _TellingAtOnce(_Telling, WatchfilesReloaderLoop):
    """As soon as watchfiles tells of it."""


class Watch:
    """Made before the app is loaded, so that what changes meanwhile is seen."""

    def __init__(self) -> None:
        self._loop = _Telling() if find_spec("watchfiles") is None else _TellingAtOnce()
        self._loop.__enter__()

    def begin(self, app: Flask, tell: Tell) -> None:
        """Look from now on, in a thread, at the modules, the templates of `app` and the files of variables."""
        self._loop.tell = tell
        self._loop.extra_files.update((*template_files(app), *files_read()))
        threading.Thread(target=self._loop.run, name="flask-serve-reload", daemon=True).start()
