"""What the processes of one run have in common: the debugger's PIN and key, and what happened to it so far.

It stands in a file without a name, which the reloader hands on as an open descriptor: no variable holds a secret, and
nothing is left behind. It is only ever appended to, one byte for each event, so threads and processes need no lock.
"""

from __future__ import annotations

import functools
import os
import re
import secrets
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "_FLASK_RUN_RECORD"
SERVED, SHOWN, TRIED, KNOWN = b"s", b"p", b"t", b"k"

READ_AT_MOST = 1_000_000  # bytes
_FORM = re.compile(rb"(\d{3}-\d{3}-\d{3}) ([0-9a-f]{64})\n([sptk]*)")


class Record:
    """The record of one run; `ValueError` or `OSError` if the descriptor is that of anything else.

    `pin` is random. `key` is for what a browser keeps. `is_first` says that no other process of the run served before.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._reading = threading.Lock()
        found = _FORM.fullmatch(self._read())
        if found is None:
            raise ValueError("not the record of a run")
        weakref.finalize(self, os.close, descriptor)
        self.pin = found[1].decode()
        self.key = bytes.fromhex(found[2].decode())
        self.is_first = SERVED not in found[3]

    @classmethod
    def begin(cls) -> Record:
        """The record of a run that begins."""
        descriptor = _nameless_file()
        digits = f"{secrets.randbelow(10**9):09d}"
        os.write(descriptor, f"{digits[:3]}-{digits[3:6]}-{digits[6:]} {secrets.token_hex(32)}\n".encode())
        return cls(descriptor)

    def note(self, event: bytes) -> None:
        """Add an event, for all processes of the run."""
        os.write(self._descriptor, event)

    def has(self, event: bytes) -> bool:
        """Whether something happened in any process of the run."""
        return event in self._events()

    def count_tries(self) -> int:
        """How often a PIN was tried since somebody last knew it."""
        return self._events().rpartition(KNOWN)[2].count(TRIED)

    @contextmanager
    def handed_on(self) -> Iterator[None]:
        """Let the processes that are started meanwhile inherit it."""
        os.set_inheritable(self._descriptor, True)
        os.environ[VARIABLE] = str(_as_inherited(self._descriptor))
        try:
            yield
        finally:
            os.environ.pop(VARIABLE, None)
            os.set_inheritable(self._descriptor, False)

    def _events(self) -> bytes:
        return self._read().partition(b"\n")[2]

    def _read(self) -> bytes:
        if sys.platform == "win32":
            with self._reading:
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                return os.read(self._descriptor, READ_AT_MOST)
        return os.pread(self._descriptor, READ_AT_MOST, 0)  # forked processes share one position in the file


@functools.cache
def inherited() -> Record | None:
    """The record of the run that this process was started in; None if it was started by itself, or by others."""
    named = os.environ.pop(VARIABLE, None)
    if named is None:
        return None
    try:
        descriptor = _from_inherited(int(named))
        record = Record(descriptor)
    except (OSError, ValueError, OverflowError):
        return None
    os.set_inheritable(descriptor, False)
    record.note(SERVED)
    return record


def is_reloaded() -> bool:
    """Whether another process of this run served before: what is said once has then been said."""
    from werkzeug.serving import is_running_from_reloader

    record = inherited()
    return is_running_from_reloader() and not (record and record.is_first)


def _nameless_file() -> int:
    """A new file that goes with its last descriptor; readable by this account alone while it has a name."""
    path = os.path.join(tempfile.gettempdir(), f"flask-run-{secrets.token_hex(16)}")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND
    if sys.platform == "win32":
        return os.open(path, flags | os.O_BINARY | os.O_TEMPORARY, 0o600)
    descriptor = os.open(path, flags, 0o600)
    os.unlink(path)
    return descriptor


# On Windows a descriptor is a process's own; what is inherited there is the handle below it.


def _as_inherited(descriptor: int) -> int:
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.get_osfhandle(descriptor)
    return descriptor


def _from_inherited(number: int) -> int:
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.open_osfhandle(number, os.O_RDWR | os.O_APPEND)
    return number
