"""A Python file as text and tree, whatever its encoding; or the reason why it could not be read.

Nothing is imported, and no file is read beyond a bound.
"""

from __future__ import annotations

import ast
import io
import os
import sys
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path

READ_AT_MOST = 2_000_000


class UnreadError(Exception):
    """Why a source could not be read, and the line where that shows."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class PythonFile:
    """A file of the application, read."""

    path: str
    text: str
    tree: ast.Module


def read_python(path: str | os.PathLike[str]) -> PythonFile:
    """The file with its tree, decoded as Python itself decodes it (PEP 263); or `UnreadError`."""
    text = _text(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes and the like: not what is asked here
            tree = ast.parse(text)
    except SyntaxError as error:
        raise UnreadError(f"it is no Python {_version()}: {error.msg}", error.lineno or 1) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnreadError(f"it cannot be parsed: {type(error).__name__}") from None
    return PythonFile(os.fspath(path), text, tree)


def _text(path: str | os.PathLike[str]) -> str:
    try:
        if not Path(path).is_file():  # a pipe or a device would be waited for
            raise UnreadError("it is no file")
        with open(path, "rb") as file:
            raw = file.read(READ_AT_MOST + 1)
    except (OSError, ValueError) as error:
        raise UnreadError(getattr(error, "strerror", None) or str(error)) from None
    if len(raw) > READ_AT_MOST:
        raise UnreadError(f"it is longer than {READ_AT_MOST:,} bytes")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return io.TextIOWrapper(io.BytesIO(raw), encoding, line_buffering=True).read()
    except (SyntaxError, LookupError, UnicodeError) as error:
        raise UnreadError(f"it cannot be decoded: {error}") from None


def _version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
