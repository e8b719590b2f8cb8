"""What a case of the differential suite may use to write down what it sees.

Runs on both interpreters, so it uses only what both have: the public Flask API, Werkzeug and the standard library.
It never judges, and it normalises nothing but what must differ between two machines: addresses, paths, our version.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import logging
import os
import re
import sys
import sysconfig
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from werkzeug.datastructures import Headers, MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

import flask
import flask.signals

SIGNALS = (
    "template_rendered before_render_template request_started request_finished request_tearing_down"
    " got_request_exception appcontext_tearing_down appcontext_pushed appcontext_popped message_flashed"
).split()
TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t]+.*\n|\n(?=[ \t]+File))+")
CHAINED = re.compile(
    r"(?:Traceback …\n(?:(?!Traceback …).*\n)*?\n(?:During handling of the above exception, another exception occurred"
    r"|The above exception was the direct cause of the following exception):\n\n)+(?=Traceback …)"
)


class Recorder:
    """The notebook of one case: observations in order, and what happened around them."""

    def __init__(self, folder: Path, clock: Any, case_file: str) -> None:
        self.folder = folder
        self.clock = clock
        self.case_file = case_file
        self.observations: list[list[Any]] = []
        self.events: list[Any] = []
        self.logs: list[Any] = []
        self._disconnects: list[Callable[[], None]] = []
        self._replacements = [
            (str(folder.resolve()), "<folder>"),
            (str(folder), "<folder>"),
            (str(Path(flask.__file__).parent), "<flask>"),
            (sysconfig.get_path("purelib"), "<site>"),
            (os.path.realpath(sys.executable), "<python>"),
            (sys.executable, "<python>"),
            (sys.prefix, "<prefix>"),
            (str(Path(__file__).parent), "<suite>"),
        ]

    # -- what a case writes --------------------------------------------------------------------------------------

    def __call__(self, label: str, value: Any) -> None:
        """Write down one value."""
        self.observations.append([self.text(label), self.plain(value)])

    def tell(self, *event: Any) -> None:
        """Add to the one list of events that hooks and signals share, so that their order is compared."""
        self.events.append(self.plain(list(event)))

    def attempt(self, label: str, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call, and write down the result or the exception."""
        try:
            result = function(*args, **options)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self(label, error)
            return None
        self(label, result)
        return result

    # -- what a case builds --------------------------------------------------------------------------------------

    def app(self, import_name: str = "case_app", *, config: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """An application whose root is the case's own folder, with the given settings."""
        app = flask.Flask(import_name, **options)
        app.config.update(config or {})
        return app

    def file(self, name: str, content: str | bytes = "") -> Path:
        """Write a file below the case's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        return path

    # -- what a case does ----------------------------------------------------------------------------------------

    def request(self, target: Any, path: str = "/", method: str = "GET", *, label: str = "", **options: Any) -> Any:
        """Ask through the test client (of an app, or the one given) and write down the response or the exception."""
        label = label or f"{method} {path}"
        client = target.test_client() if isinstance(target, flask.Flask) else target
        try:
            response = client.open(path, method=method, **options)
        except Exception as error:  # noqa: BLE001 - an observation, whatever it is
            self(label, error)
            return None
        self(label, response)
        if response.history:
            self(f"{label} history", list(response.history))
        return response

    def wsgi(
        self,
        app: Any,
        path: str = "/",
        method: str = "GET",
        *,
        label: str = "",
        environ: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Call the application as a server would: status line, header list, chunks, and what was closed."""
        errors = io.StringIO()
        builder = EnvironBuilder(path, method=method, errors_stream=errors, **options)
        surroundings = {**builder.get_environ(), **(environ or {})}
        started: list[Any] = []
        seen: dict[str, Any] = {"started": started, "chunks": []}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., None]:
            started.append([status, [list(pair) for pair in headers], exc_info and exc_info[1]])
            return seen["chunks"].append

        try:
            iterable = app(surroundings, start_response)
            try:
                seen["chunks"].extend(iterable)
            finally:
                if hasattr(iterable, "close"):
                    iterable.close()
        except Exception as error:  # noqa: BLE001 - an observation, whatever it is
            seen["raised"] = error
        finally:
            builder.close()
        seen["errors"] = errors.getvalue()
        self(label or f"wsgi {method} {path}", seen)
        return seen

    def connect(self, signal: Any, receiver: Callable[..., Any], *sender: Any) -> None:
        """Connect to a signal until the case ends."""
        signal.connect(receiver, *sender)
        self._disconnects.append(lambda: signal.disconnect(receiver, *sender))

    def listen(self, *names: str) -> None:
        """Add every sending of the named signals (of all ten, if none is named) to the events."""
        for name in names or SIGNALS:

            def receiver(sender: Any, _name: str = name, **given: Any) -> None:
                self.tell("signal", _name, sender, sorted(given), {k: v for k, v in given.items() if k in SHOWN})

            self.connect(getattr(flask.signals, name), receiver)

    # -- how it is written down ----------------------------------------------------------------------------------

    def text(self, value: str) -> str:
        """The text without what two machines cannot share; a traceback keeps its last line alone."""
        for found, shown in self._replacements:
            value = value.replace(found, shown)
        value = value.replace("3.1.3+dewar.1", "3.1.3")
        value = re.sub(r"\b0x[0-9a-fA-F]{6,}", "0x…", value)
        value = re.sub(r"(\d{10}\.\d+-\d+)-\d{5,10}", r"\1-…", value)  # an ETag ends with a checksum of the file's path
        return CHAINED.sub("", TRACEBACK.sub("Traceback …\n", value))

    def plain(self, value: Any) -> Any:
        """The value as JSON can carry it, with its type kept wherever the type could differ."""
        if value is None or (isinstance(value, (bool, int, float)) and type(value) in (bool, int, float)):
            return value
        if type(value) is str:
            return self.text(value)
        if type(value) is list:
            return [self.plain(item) for item in value]
        for kind, write in self._writers():
            if isinstance(value, kind):
                return write(value)
        return {"object": type_name(type(value)), "repr": self.text(repr(value))}

    def _writers(self) -> Iterable[tuple[Any, Callable[[Any], Any]]]:
        plain = self.plain
        yield bytes, lambda v: {"bytes": self.text(v.decode("utf-8", "backslashreplace"))}
        yield BaseException, self._exception
        yield Response, self._response
        yield type, lambda v: {"class": type_name(v)}
        yield (
            (types.FunctionType, types.MethodType),
            lambda v: {"function": v.__qualname__ if v.__module__.startswith("cases") else "…"},
        )
        yield Path, lambda v: {"path": self.text(str(v))}
        yield (Headers, MultiDict), lambda v: [type_name(type(v)), plain([list(p) for p in _pairs(v)])]
        yield tuple, lambda v: {type_name(type(v)): [plain(item) for item in v]}
        yield list, lambda v: {type_name(type(v)): [plain(item) for item in v]}
        yield (set, frozenset), lambda v: {type_name(type(v)): sorted((plain(item) for item in v), key=repr)}
        yield flask.Flask, lambda v: {"app": v.name}
        yield dict, lambda v: {type_name(type(v)): [[plain(k), plain(item)] for k, item in v.items()]}
        yield str, lambda v: {type_name(type(v)): self.text(str(v))}
        yield types.GeneratorType, lambda v: {"generator": v.__qualname__}

    def _exception(self, error: BaseException) -> dict[str, Any]:
        try:
            message = str(error)
        except Exception as failure:  # noqa: BLE001 - an exception that cannot be printed is one to look at
            message = f"({failure})"
        shown: dict[str, Any] = {"raised": type_name(type(error)), "message": self.text(message)}
        if isinstance(error, HTTPException):
            shown["code"] = error.code
            if error.response is not None:
                shown["response"] = self._response(error.response)
        if isinstance(error, SystemExit):
            shown["code"] = self.plain(error.code)
        if notes := getattr(error, "__notes__", None):
            shown["notes"] = self.plain(notes)
        return shown

    def _response(self, response: Any) -> dict[str, Any]:
        shown = {
            "class": type_name(type(response)),
            "status": response.status,
            "headers": self.plain([list(pair) for pair in response.headers]),
        }
        try:
            shown["body"] = self.plain(response.get_data())
        except Exception as error:  # noqa: BLE001 - an observation, whatever it is
            shown["body"] = self._exception(error)
        return shown

    def finished(self, stdout: str, stderr: str, heard: Iterable[warnings.WarningMessage]) -> list[list[Any]]:
        """Everything observed; what happened around the case is added where there was any."""
        around = {
            "events": self.events,
            "logs": self.logs,
            "warnings": [
                [type_name(w.category), self.text(str(w.message)), "here" if w.filename == self.case_file else "away"]
                for w in heard
                if not issubclass(w.category, ResourceWarning)  # sent by the garbage collector, at its own time
            ],
            "stdout": self.text(stdout),
            "stderr": self.text(stderr),
        }
        return self.observations + [[label, seen] for label, seen in around.items() if seen]

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Note every log record, whoever handles it, and undo what the case did to process-wide state."""
        factory = logging.getLogRecordFactory()
        loggers = dict(logging.root.manager.loggerDict)
        root = (logging.root.level, list(logging.root.handlers))
        environment, place, path = dict(os.environ), os.getcwd(), list(sys.path)
        modules, argv, stdin = set(sys.modules), list(sys.argv), sys.stdin

        def noting(*args: Any, **options: Any) -> logging.LogRecord:
            record = factory(*args, **options)
            if record.module == "_keys":
                # Ours warns of weak keys. The cases have short ones, and tests/security/test_keys.py has the warning.
                record.levelno = -1  # which no handler takes
                return record
            raised = record.exc_info[1] if record.exc_info else None
            where = [record.module, record.funcName] if record.name.startswith("case_app") else []
            self.logs.append(self.plain([record.name, record.levelname, record.getMessage(), raised, *where]))
            return record

        logging.setLogRecordFactory(noting)
        os.chdir(self.folder)
        try:
            yield
        finally:
            for disconnect in self._disconnects:
                disconnect()
            logging.setLogRecordFactory(factory)
            logging.root.level, logging.root.handlers[:] = root[0], root[1]
            for name in set(logging.root.manager.loggerDict) - set(loggers):
                del logging.root.manager.loggerDict[name]
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(place)
            sys.path[:], sys.argv[:], sys.stdin = path, argv, stdin
            for name in set(sys.modules) - modules:
                if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(self.folder)):
                    del sys.modules[name]


SHOWN = ("message", "category", "exception", "exc", "response")


def type_name(kind: type) -> str:
    """Where a class lives and how it is called, built-ins by their name alone."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    return value.items(multi=True) if isinstance(value, MultiDict) else value


@dataclasses.dataclass
class Point:
    """A dataclass that both sides can turn into JSON."""

    x: int
    y: str = "north"
