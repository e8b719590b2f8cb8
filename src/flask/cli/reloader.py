"""The reloader: it looks at the files themselves once a second, and where watchfiles is installed as a save happens.

An event only ever makes it look sooner: what has changed is told by the files alone, so a lost event costs a second.
What Werkzeug keeps private about reloaders is read here and nowhere else in the command. Written against Werkzeug 3.1.0
to 3.1.9.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import click
from werkzeug._reloader import ReloaderLoop, StatReloaderLoop, _find_stat_paths, reloader_loops

from .environment import DEFAULT_FILES

# Of each file: when it was changed, and its size; enough to see every save that somebody made.
_State = dict[str, tuple[int, int]]

# Milliseconds without a further event after which whatever an editor does to save a file is over; and at most in all.
QUIET = 30
BUSY_AT_MOST = 300
# Exit statuses: Python's for an error that nobody caught, and the reloader's own.
PYTHONS_ERROR = 1
CHANGED = 3
# How far the clock of a file system may be behind the one that is read here.
CLOCK_SLACK = 100_000_000  # ns


class LookingReloaderLoop(StatReloaderLoop):
    """Restarts the process when a file that Werkzeug's reloader would look at has changed, come or gone.

    Werkzeug's own passes over what comes and goes, over a save that bears no later date, and with watchdog over what
    happens while the process starts; and it ends where the process could not even begin.
    """

    def __init__(
        self,
        extra_files: Iterable[str] | None = None,
        exclude_patterns: Iterable[str] | None = None,
        interval: int | float = 1,
    ) -> None:
        # The files of variables are looked at even before there are any.
        super().__init__([*(extra_files or ()), *DEFAULT_FILES], exclude_patterns, interval)
        self._looked_at = 0
        self._before: _State = {}

    def __enter__(self) -> ReloaderLoop:
        """Note how the files are before the app serves."""
        self._look()
        return self

    def restart_with_reloader(self) -> int:
        """Serve in one process after the other, until one ends by itself; gives its exit status.

        `python app.py` cannot even begin while a syntax error is in that file. So one that ends with an error, after
        something was changed, is started again by the next change.
        """
        first = self._look()
        while (status := super().restart_with_reloader()) == PYTHONS_ERROR and self._look() != first:
            click.echo(" * The process ended with an error; waiting for the next change", err=True)
            try:
                self.run()
            except SystemExit as left:
                if left.code != CHANGED:
                    raise
        return status

    def run_step(self) -> None:
        """Look once, and leave the process, to be started anew, if anything differs."""
        before, since = self._before, self._looked_at - CLOCK_SLACK
        now = self._look()
        for path, state in now.items():
            # A file that was not there before may be an old one that was only imported meanwhile.
            if state != before.get(path) and (path in before or _appeared_after(path, since)):
                self.trigger_reload(path)
        for path in before.keys() - now.keys():
            if not os.path.lexists(path):
                self.trigger_reload(path)

    def _look(self) -> _State:
        self._looked_at = time.time_ns()
        self._before = {}
        for path in _find_stat_paths(self.extra_files, self.exclude_patterns):
            try:
                found = os.stat(path)
            except OSError:  # just gone, or a link that leads nowhere, as some editors leave beside what they edit
                continue
            if stat.S_ISREG(found.st_mode):  # a pipe changes by being read
                self._before[path] = found.st_mtime_ns, found.st_size
        return self._before


class WatchfilesReloaderLoop(LookingReloaderLoop):
    """Looks as soon as watchfiles tells of something in the folders of those files."""

    name = "watchfiles"

    def run(self) -> None:
        """Look whenever something happened there, and at least once each interval."""
        while True:
            try:
                self._run_on_events()
            except (ImportError, OSError, RuntimeError) as error:  # no room for more watches, a folder that is gone …
                click.echo(f" * watchfiles: {error}; looking for changes once a second", err=True)
                return super().run()

    def _folders(self) -> set[str]:
        folders = {os.path.dirname(path) for path in (*self._before, *self.extra_files)}
        return {folder for folder in folders if os.path.isdir(folder)}

    def _run_on_events(self) -> None:
        """Until there is another folder to watch."""
        from watchfiles import watch

        folders = self._folders()
        events = watch(
            *folders,
            watch_filter=None,  # not to be filtered there: in a folder full of other changes the time would never be up
            debounce=BUSY_AT_MOST,
            step=QUIET,
            rust_timeout=int(self.interval * 1000),
            yield_on_timeout=True,
            recursive=False,  # a project's folder may hold an environment, or a hundred thousand pictures
            ignore_permission_denied=True,
        )
        self.run_step()  # whatever happened before the watch began
        for happened in events:
            waited = time.time_ns() - self._looked_at
            if waited >= self.interval * 1e9 or any(self._concerns(path) for _, path in happened):
                self.run_step()
                if not self._folders() <= folders:
                    return

    def _concerns(self, path: str) -> bool:
        # What has no extension may be a new package.
        return path.endswith((".py", ".pyc")) or path in self.extra_files or not os.path.splitext(path)[1]


def _appeared_after(path: str, moment: int) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return max(found.st_mtime_ns, found.st_ctime_ns) > moment


@contextmanager
def preferred_reloader() -> Iterator[None]:
    """Let Werkzeug's automatic choice of a reloader be one of these: watchfiles' where that is installed."""
    before = reloader_loops["auto"]
    reloader_loops["auto"] = LookingReloaderLoop if find_spec("watchfiles") is None else WatchfilesReloaderLoop
    try:
        yield
    finally:
        reloader_loops["auto"] = before
