"""The reloader: what it takes for a change, with watchfiles and without."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import types
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
import watchfiles
from werkzeug import _reloader as werkzeug_reloader

from flask.cli import reloader
from flask.cli.reloader import LookingReloaderLoop, WatchfilesReloaderLoop, preferred_reloader

from .conftest import Write


class Detected(Exception):
    """Stands for the end of the process."""


class Loop(WatchfilesReloaderLoop):
    def trigger_reload(self, filename: str) -> t.NoReturn:
        raise Detected(filename)


BOTH = pytest.mark.parametrize("kind", [LookingReloaderLoop, WatchfilesReloaderLoop])


@pytest.fixture
def loop(write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    """A loop that has seen a project of two modules, a file of data, and a file named besides."""
    monkeypatch.setattr(sys, "path", [str(folder)])
    write("app.py", "x = 1\n")
    write("package/__init__.py", "")
    write("data.txt", "old")
    write("named.txt", "old")
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))
    with Loop([str(folder / "named.txt")], ["*/ignored*"], 0.05) as loop:
        yield t.cast("Loop", loop)


def detected(loop: Loop) -> str | None:
    try:
        loop.run_step()
    except Detected as found:
        return str(found)
    return None


def test_what_is_read_of_werkzeug() -> None:
    """The private names of Werkzeug that the reloader is built on are of the shape that it expects."""
    assert issubclass(werkzeug_reloader.reloader_loops["auto"], werkzeug_reloader.ReloaderLoop)
    assert not issubclass(werkzeug_reloader.reloader_loops["auto"], LookingReloaderLoop)
    assert werkzeug_reloader.StatReloaderLoop.run is werkzeug_reloader.ReloaderLoop.run
    assert LookingReloaderLoop.name == "stat"
    paths = set(werkzeug_reloader._find_stat_paths({__file__}, set()))
    assert __file__ in paths
    assert not set(werkzeug_reloader._find_stat_paths({__file__}, {"*"}))
    loop = werkzeug_reloader.ReloaderLoop(["x"], ["y"], 3)
    assert (loop.extra_files, loop.exclude_patterns, loop.interval) == ({os.path.abspath("x")}, {"y"}, 3)
    with pytest.raises(SystemExit) as left:
        loop.trigger_reload("x")
    assert left.value.code == 3


@pytest.mark.parametrize("name", ["app.py", "named.txt", "package/__init__.py"])
def test_a_change_is_seen(loop: Loop, folder: Path, name: str) -> None:
    """A module and a file that was named are seen to change, also to an older state of the same size."""
    assert detected(loop) is None
    path = folder / name
    text = path.read_text()
    path.write_text(text.swapcase())
    os.utime(path, (0, 0))
    assert detected(loop) == str(path)


def test_what_is_no_change(loop: Loop, folder: Path, write: Write) -> None:
    """Data, what is excluded, caches and links that lead nowhere are passed over."""
    write("data.txt", "new")
    write("ignored.py", "")
    write("__pycache__/app.cpython.pyc", "")
    os.symlink("nowhere", folder / ".#app.py")
    assert detected(loop) is None


@pytest.mark.parametrize("name", ["missing.py", "package/views.py", "new/__init__.py", ".env", ".flaskenv"])
def test_what_comes_is_seen(loop: Loop, write: Write, name: str) -> None:
    """A module that was missing restarts the app, and so does a first file of variables."""
    path = write(name, "")
    assert detected(loop) == str(path)


@pytest.mark.parametrize("name", ["app.py", "named.txt"])
def test_what_goes_is_seen(loop: Loop, folder: Path, name: str) -> None:
    """A file that is gone restarts the app."""
    (folder / name).unlink()
    assert detected(loop) == str(folder / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_does_not_change(loop: Loop, folder: Path) -> None:
    """A pipe that stands for a file of variables gets a new date by being read, which is no change."""
    os.mkfifo(folder / ".env")
    assert detected(loop) is None
    os.utime(folder / ".env", (5, 5))
    assert detected(loop) is None


def test_a_late_import_is_no_change(
    loop: Loop, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that is imported while the app runs has not changed by that, and is watched from then on."""
    path = tmp_path_factory.mktemp("elsewhere") / "late.py"
    path.write_text("")
    monkeypatch.setattr(reloader, "_appeared_after", lambda path, moment: False)
    module = types.ModuleType("late_module")
    module.__file__ = str(path)
    monkeypatch.setitem(sys.modules, "late_module", module)
    assert detected(loop) is None
    path.write_text("x = 1\n")
    assert detected(loop) == str(path)


def test_when_a_file_appeared(folder: Path, write: Write) -> None:
    """A file counts as new by when it came to be where it is, whatever date it brought along."""
    path = write("old.py", "")
    os.utime(path, (1, 1))
    moment = path.stat().st_ctime_ns
    assert reloader._appeared_after(str(path), moment - 1)
    assert not reloader._appeared_after(str(path), moment)
    assert not reloader._appeared_after(str(folder / "nope.py"), 0)


@pytest.mark.parametrize("name", ["app.py", "fresh/__init__.py"])
def test_a_save_wakes_the_loop(loop: Loop, write: Write, name: str) -> None:
    """Files are looked at because something happened, long before the time is up."""
    loop.interval = 3600
    saved = threading.Timer(0.3, write, (name, "x = 2\n"))
    saved.start()
    try:
        with pytest.raises(Detected, match=os.path.basename(name)):
            loop.run()
    finally:
        saved.join()


def end_with(monkeypatch: pytest.MonkeyPatch, *endings: t.Callable[[], int]) -> None:
    """Let the processes that are started end in these ways, one after the other."""
    left = iter(endings)
    monkeypatch.setattr(werkzeug_reloader.ReloaderLoop, "restart_with_reloader", lambda self: next(left)())


@BOTH
def test_an_error_at_the_start_ends_it(
    write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch, kind: type[LookingReloaderLoop]
) -> None:
    """A process that fails before anything was changed ends the command with its status, as does any other ending."""
    monkeypatch.setattr(sys, "path", [str(folder)])
    write("app.py", "")
    for status in (0, 1, 2):
        end_with(monkeypatch, lambda status=status: status)
        assert kind().restart_with_reloader() == status


@BOTH
def test_a_mistake_does_not_end_it(
    write: Write,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: type[LookingReloaderLoop],
) -> None:
    """A process that fails after a change is started again by the next one, however often, until it ends otherwise."""
    monkeypatch.setattr(sys, "path", [str(folder)])
    write("app.py", "")
    timers: list[threading.Timer] = []

    def fails(text: str) -> int:
        write("app.py", "def (\n" + text)
        timers.append(threading.Timer(0.2, write, ("app.py", text)))
        timers[-1].start()
        return 1

    end_with(monkeypatch, lambda: fails("1"), lambda: fails("22"), lambda: 0)
    assert kind(interval=0.05).restart_with_reloader() == 0
    assert capsys.readouterr().err.count("waiting for the next change") == 2
    for timer in timers:
        timer.join()


@BOTH
def test_being_told_to_leave_while_waiting(
    write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch, kind: type[LookingReloaderLoop]
) -> None:
    """A process that waits for a change leaves when it is told to."""
    monkeypatch.setattr(sys, "path", [str(folder)])
    write("app.py", "")
    end_with(monkeypatch, lambda: (write("app.py", "x"), 1)[1])
    monkeypatch.setattr(kind, "run", lambda self: sys.exit(0))
    with pytest.raises(SystemExit) as left:
        kind().restart_with_reloader()
    assert left.value.code == 0


def watch_with(
    monkeypatch: pytest.MonkeyPatch, *happenings: t.Collection[tuple[int, str]] | Exception
) -> list[dict[str, t.Any]]:
    """Let watchfiles report what is given, one after the other."""
    calls: list[dict[str, t.Any]] = []

    def watch(*folders: str, **options: t.Any) -> Iterator[t.Collection[tuple[int, str]]]:
        calls.append({"folders": set(folders), **options})
        for happening in happenings:
            if isinstance(happening, Exception):
                raise happening
            yield happening

    monkeypatch.setattr(watchfiles, "watch", watch)
    return calls


def count_looks(monkeypatch: pytest.MonkeyPatch, loop: Loop) -> t.Callable[[], int]:
    looks = itertools.count()
    look = loop._look
    monkeypatch.setattr(loop, "_look", lambda: (next(looks), look())[1])
    return lambda: next(looks)


def test_what_happens_elsewhere_is_passed_over(loop: Loop, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy file of data does not have all files looked at; when the time is up, they are."""
    loop.interval = 3600
    watch_with(
        monkeypatch,
        {(1, str(folder / "data.db"))},
        {(1, str(folder / "app.py"))},
        {(1, str(folder / "new"))},
        Detected(),
    )
    looks = count_looks(monkeypatch, loop)
    with pytest.raises(Detected):
        loop.run()
    assert looks() == 3  # one before watching
    loop.interval = 0
    watch_with(monkeypatch, (), (), Detected())
    looks = count_looks(monkeypatch, loop)
    with pytest.raises(Detected):
        loop.run()
    assert looks() == 3


def test_folders_are_watched_one_by_one(
    loop: Loop, folder: Path, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    """Only folders that hold something of interest are watched, and another one as soon as it does."""
    monkeypatch.setattr(reloader, "_appeared_after", lambda path, moment: False)
    loop.interval = 0
    write("pictures/one.png", "")
    calls = watch_with(monkeypatch, (), Detected())
    with pytest.raises(Detected):
        loop.run()
    assert calls[0]["folders"] >= {str(folder), str(folder / "package")}
    assert str(folder / "pictures") not in calls[0]["folders"]
    assert calls[0]["recursive"] is False
    write("more/__init__.py", "")
    calls = watch_with(monkeypatch, (), Detected())
    assert detected(loop) is None
    with pytest.raises(Detected):
        loop.run()
    assert str(folder / "more") in calls[-1]["folders"]


def test_a_new_folder_begins_a_new_watch(
    loop: Loop, folder: Path, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    """When modules stand in a folder that is not watched yet, watching begins anew."""
    monkeypatch.setattr(reloader, "_appeared_after", lambda path, moment: False)
    calls: list[set[str]] = []

    def watch(*folders: str, **options: t.Any) -> Iterator[set[tuple[int, str]]]:
        calls.append(set(folders))
        if len(calls) > 1:
            raise Detected
        write("more/__init__.py", "")
        yield {(1, str(folder / "more"))}

    monkeypatch.setattr(watchfiles, "watch", watch)
    with pytest.raises(Detected):
        loop.run()
    assert calls[1] - calls[0] == {str(folder / "more")}


@pytest.mark.parametrize("error", [OSError("no room for more watches"), RuntimeError("broken")])
def test_without_events_it_looks_all_the_same(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], write: Write, error: Exception
) -> None:
    """Where the system refuses to watch, that is said once, and files are looked at each interval."""
    watch_with(monkeypatch, error)
    saved = threading.Timer(0.2, write, ("app.py", "x = 2\n"))
    saved.start()
    with pytest.raises(Detected):
        loop.run()
    saved.join()
    assert capsys.readouterr().err == f" * watchfiles: {error}; looking for changes once a second\n"


def test_the_choice_of_a_reloader(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a server runs Werkzeug's automatic choice is watchfiles' where that is installed, else one that looks."""
    loops = werkzeug_reloader.reloader_loops
    before = dict(loops)
    with preferred_reloader():
        assert loops == {**before, "auto": WatchfilesReloaderLoop}
    assert loops == before
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with preferred_reloader():
        assert loops == {**before, "auto": LookingReloaderLoop}
    assert loops == before
