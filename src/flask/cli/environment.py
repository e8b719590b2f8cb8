"""Variables from `.env`, `.flaskenv` and a file that was named: read into `os.environ`, and forgotten before a reload.

What stands in the environment already is never changed.
"""

from __future__ import annotations

import os
import typing as t

import click

# In the order in which they are read: what comes later counts more.
DEFAULT_FILES = (".flaskenv", ".env")

_loaded: dict[str, str] = {}
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
        values |= dotenv_values(file, encoding="utf-8")
    _files_read.extend(os.path.abspath(file) for file in files if os.path.isfile(file))
    for name, value in values.items():
        if value is not None and name not in os.environ:
            os.environ[name] = _loaded[name] = value
    return bool(values)


def forget_loaded() -> None:
    """Take what `load_dotenv` set out of the environment, so that a process started next reads the files afresh."""
    for name, value in _loaded.items():
        if os.environ.get(name) == value:
            del os.environ[name]
    _loaded.clear()


def files_read() -> t.Sequence[str]:
    """The files that variables were read from in this process, for the reloader to watch."""
    return tuple(_files_read)


def _search_upwards(name: str) -> str | None:
    folder = os.getcwd()
    while True:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _listed(files: list[str]) -> str:
    names = ", ".join(f"'{os.path.basename(file)}'" for file in files)
    return f"{names} {'is' if len(files) == 1 else 'are'}"
