"""Modules that import each other, recognised from the error that it led to, and told with their names.

Only the error and its traceback are read; nothing is imported to find out.
"""

from __future__ import annotations

import re
import typing as t
from types import TracebackType

_PARTIALLY_INITIALIZED = re.compile(r"partially initialized module '([^']+)'")


def note_circle(error: BaseException) -> None:
    """Let an error that comes of a circular import say so, below its traceback."""
    explanation = explain_circle(error)
    if explanation:
        error.add_note(explanation)


def explain_circle(error: BaseException) -> str:
    """Which modules import each other, and the ways out, if that is what an error comes from; else nothing."""
    found = _PARTIALLY_INITIALIZED.search(str(error))
    if found is None:
        return ""
    first = found[1]
    running = _running_modules(error.__traceback__)
    if first not in running:
        return ""
    names = list(running)
    chain = names[names.index(first) :]
    last = chain[-1]
    if last == first:
        return (
            f"The module {first!r} imports itself: '{running[first]}'. If another module of that name is meant, rename"
            " this file."
        )
    return (
        f"This is a circular import: {last!r} imports {first!r} while {first!r} is still being imported"
        f" ({' -> '.join([*chain, first])}). Import it in {last!r} inside the function that needs it, or move what"
        " both need to a third module."
    )


def _running_modules(traceback: TracebackType | None) -> dict[str, t.Any]:
    """The modules whose own top level was running, outermost first, each with its file."""
    running: dict[str, t.Any] = {}
    while traceback is not None:
        frame = traceback.tb_frame
        name = frame.f_globals.get("__name__")
        if frame.f_code.co_name == "<module>" and isinstance(name, str):
            running.setdefault(name, frame.f_code.co_filename)
        traceback = traceback.tb_next
    return running
