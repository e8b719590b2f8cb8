"""Examples run as a reader would run them: in a folder of their own, from the top, each answer compared.

Nothing is kept from one example to the next: not a module, a variable of the environment, nor a logger's set-up.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import linecache
import logging
import os
import sys
import textwrap
import types
import typing as t
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from .commands import Differs, commands, run_command
from .pages import Block, Example, PageError

MODULE = "example"


class Forwarding(io.TextIOBase):
    """Standard output for code that keeps it, as a logging handler does: whichever there is when it writes."""

    def __init__(self, first: t.TextIO) -> None:
        self.first = first

    def write(self, text: str) -> int:
        """Write to whatever is standard output by now."""
        return (self.first if sys.stdout is self else sys.stdout).write(text)


def run(example: Example, folder: Path) -> None:
    """Run an example; raise `Differs`, or whatever its own code raises, where it is not as its page says."""
    if example.has("python", "file") and not example.has("test", "console"):
        raise PageError(f"{_at(example, example.blocks[0])}: nothing says what comes of this; add a test")
    with _alone(folder):
        _run_in(example, folder)


def _run_in(example: Example, folder: Path) -> None:
    code: list[Block] = []
    namespace: dict[str, object] | None = None
    for block in example.blocks:
        if block.kind == "file":
            target = folder / block.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            code.append(block)
        elif block.kind == "shown":
            _parse(example, block)
        elif block.kind == "console":
            for command in commands(block):
                run_command(example, command, folder)
        if block.kind in ("file", "python"):
            _close(namespace)
            namespace = None  # an app that has answered takes no further route: all is made anew
        elif block.kind == "test":
            if namespace is None:
                namespace = _built(example, code, folder)
            _compare(example, block, namespace)
    if namespace is None and code:
        namespace = _built(example, code, folder)
    _close(namespace)


def _parse(example: Example, block: Block) -> None:
    """Raise `SyntaxError` for what is no Python, be it of a module or of a function."""
    before = "\n" * (block.line - 2) + "async def shown():\n"
    ast.parse(before + textwrap.indent(block.text, "    "), str(example.page))


def _built(example: Example, code: list[Block], folder: Path) -> dict[str, object]:
    """The names that the code of an example has made, and `client` for its app."""
    _forget_modules(folder)
    module = types.ModuleType(MODULE)
    module.__file__ = str(folder / f"{MODULE}.py")
    sys.modules[MODULE] = module
    names = module.__dict__
    with contextlib.redirect_stdout(Forwarding(sys.stdout)):
        for block in [*([example.setup] if example.setup else []), *code]:
            source = "\n" * (block.line - 1) + block.text
            exec(compile(source, str(example.page), "exec"), names)
    if isinstance(app := names.get("app"), Flask):
        names.setdefault("client", app.test_client())
    return names


def _compare(example: Example, block: Block, namespace: dict[str, object]) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, {}, example.title, str(example.page), block.line - 1)
    if not test.examples:
        raise PageError(f"{_at(example, block)}: a test without '>>>'")
    test.globs = namespace
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    runner.run(test, out=said.append, clear_globs=False)
    linecache.checkcache()
    if runner.failures:
        raise Differs("".join(said))


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Make a folder the working directory and the head of the import path, and put back whatever is changed within."""
    environment, path, before = dict(os.environ), [*sys.path], Path.cwd()
    root, loggers = logging.getLogger(), dict(logging.Logger.manager.loggerDict)
    handlers, level = [*root.handlers], root.level
    for name in [name for name in os.environ if name.startswith("FLASK_")]:
        del os.environ[name]
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
        os.environ.clear()
        os.environ.update(environment)
        _forget_modules(folder)
        root.handlers[:] = handlers
        root.setLevel(level)
        for name in set(logging.Logger.manager.loggerDict) - set(loggers):
            del logging.Logger.manager.loggerDict[name]
        for kept in loggers.values():
            if isinstance(kept, logging.Logger):
                kept.disabled = False


def _close(namespace: dict[str, object] | None) -> None:
    """End what the apps of an example have begun, their databases' connections included."""
    for app in (value for value in (namespace or {}).values() if isinstance(value, Flask)):
        app.shutdown()
        if (database := app.extensions.get("sqlalchemy")) is not None:
            with app.app_context():
                for engine in database.engines.values():
                    engine.dispose()


def _forget_modules(folder: Path) -> None:
    sys.modules.pop(MODULE, None)
    for name, module in [*sys.modules.items()]:
        if (getattr(module, "__file__", None) or "").startswith(f"{folder}{os.sep}"):
            del sys.modules[name]


def _at(example: Example, block: Block) -> str:
    return f"{example.page}:{block.line}"
