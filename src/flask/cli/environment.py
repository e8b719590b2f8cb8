"""Variables from `.env`, `.flaskenv` and a file that was named: read into `os.environ`, and put back before a reload.

A file never changes what stands in the environment already.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

import click

# In the order in which they are read: what comes later counts more.
DEFAULT_FILES = (".flaskenv", ".env")

# Of each variable that the command set: what it was before, and what it was set to.
_set_here: dict[str, tuple[str | None, str]] = {}
_files_read: list[str] = []


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Set the variables that the file at `path`, `.env` and `.flaskenv` name, in that order of precedence.

    The two defaults are looked for in the working directory and above it. True if any file named any variable. Without
    python-dotenv nothing is read, and a file that would have been read leads to a line that says so.
    """
    files = [found for name in DEFAULT_FILES if (found := _search_upwards(name))] if load_defaults else []
    if path is not None:
        files.append(os.fspath(path))
    if not files:
        return False
    try:
        from dotenv import dotenv_values
    except ImportError:
        click.secho(
            f" * Tip: {_listed(files)} not read, as python-dotenv is not installed. Try 'pip install python-dotenv'.",
            fg="yellow",
            err=True,
        )
        return False

    values: dict[str, str | None] = {}
    for file in files:
        try:
            values |= dotenv_values(file, encoding="utf-8")
        except UnicodeDecodeError as error:
            error.add_note(f"The file '{os.path.abspath(file)}' is not written in UTF-8: save it in that encoding.")
            raise
    found_files = (os.path.abspath(file) for file in files if os.path.isfile(file))
    _files_read.extend(file for file in found_files if file not in _files_read)
    for name, value in values.items():
        if value is not None and name not in os.environ:
            set_variable(name, value)
    return bool(values)


def files_read() -> list[str]:
    """The files that variables were read from, as absolute paths."""
    return list(_files_read)


def set_variable(name: str, value: str) -> None:
    """Set a variable for this process, in such a way that it can be taken back."""
    before = os.environ.get(name)
    if name in _set_here and before == _set_here[name][1]:
        before = _set_here[name][0]
    os.environ[name] = value
    _set_here[name] = before, value


def file_that_sets(name: str) -> str | None:
    """Which of the files that were read a variable has its value from; None if it is the environment's own."""
    if name not in _set_here or os.environ.get(name) != _set_here[name][1]:
        return None
    from dotenv import dotenv_values

    return next((file for file in reversed(_files_read) if dotenv_values(file).get(name) is not None), None)


@contextmanager
def handed_over() -> Iterator[list[str]]:
    """While a reloader runs: leave the variables to the process that it starts. Gives the files that it should watch.

    That process sets the variables itself, from what the files say by then. What it inherited would win over them, so
    each is put back for that time, unless somebody else changed it meanwhile.
    """
    ours = {name: value for name, (_, value) in _set_here.items() if os.environ.get(name) == value}
    if ours and _is_reloaders():
        ours = {}
    for name in ours:
        before = _set_here[name][0]
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
    try:
        yield list(_files_read)
    finally:
        os.environ.update(ours)


def _is_reloaders() -> bool:
    from werkzeug.serving import is_running_from_reloader

    return is_running_from_reloader()


def _search_upwards(name: str) -> str | None:
    folder = os.getcwd()
    while True:
        path = os.path.join(folder, name)
        if _is_readable(path):
            return path
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _is_readable(path: str) -> bool:
    """Whether it is a file, or a pipe, as some keepers of secrets leave in its place."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISFIFO(mode)


def _listed(files: list[str]) -> str:
    names = ", ".join(f"'{os.path.basename(file)}'" for file in files)
    return f"{names} {'is' if len(files) == 1 else 'are'}"
