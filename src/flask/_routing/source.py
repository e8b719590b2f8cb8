"""Writes Python text and turns it into functions that a debugger can step through; it never knows what they do.

No outside word may get into the text but through `literal`, `text` or `hold`: paths, names and arguments of rules are
whatever an application or its data made of them.
"""

from __future__ import annotations

import linecache
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType
from typing import Any

# Texts that tracebacks can still show. An app has a handful; a suite that makes thousands must not grow for ever.
_KEPT = 1024
_shown: deque[str] = deque()


class Writer:
    """Lines of one module, the depth of the next line, and the objects its names stand for."""

    __slots__ = ("_depth", "_held", "_lines", "namespace")

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._held: dict[tuple[str, int], str] = {}
        self.namespace: dict[str, Any] = {}

    def line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Lines written inside stand one step deeper; a block that stays empty gets its `pass`."""
        self.line(header)
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.line("pass")
        self._depth -= 1

    def hold(self, letter: str, value: object) -> str:
        """The name under which the text finds this very object: the letter and a number."""
        key = letter, id(value)
        if key not in self._held:
            # The namespace keeps the object alive, so its id stays its own.
            self._held[key] = name = f"{letter}{len(self._held)}"
            self.namespace[name] = value
        return self._held[key]

    def source(self) -> str:
        return "\n".join(self._lines) + "\n"

    def function(self, name: str, title: str) -> tuple[Callable[..., Any], str, str]:
        """Run the text and give the function of that name, the file name that tracebacks show, and the text."""
        text = self.source()
        file = f"<flask routing: {title[:80]} {zlib.crc32(text.encode()):08x}>"
        exec(_code(text, file), self.namespace)
        made: Callable[..., Any] = self.namespace[name]
        return made, file, text


def literal(text: str) -> str:
    """Any string as a Python expression on one line."""
    return repr(text)


def text(fixed: str) -> str:
    """Any string as a piece of an f-string: pieces written side by side make one."""
    return "f" + repr(fixed.replace("{", "{{").replace("}", "}}"))


@lru_cache(maxsize=_KEPT)
def _code(text: str, file: str) -> CodeType:
    """The text compiled, and shown to `linecache`: apps with like rules share it, since rules come in by name."""
    code = compile(text, file, "exec", dont_inherit=True)
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    _shown.append(file)
    while len(_shown) > _KEPT:
        linecache.cache.pop(_shown.popleft(), None)
    return code
