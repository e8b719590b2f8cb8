"""What a log record tells of the request that it was made in: the request's id, and all of the record as JSON.

Nothing is computed before somebody logs, and what a client sends never becomes a line, or an id, as it came.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
import typing as t
from functools import lru_cache

from .globals import _now

#: Where the environment of a request keeps its id, once somebody has asked.
REQUEST_ID = "flask.request_id"
#: True in the environment of a request that a proxy sent whose word is taken (`flask serve --forwarded-allow-ips`).
BY_PROXY = "flask.by_trusted_proxy"

_NONE = "-"
# What stands in a log or a shell for nothing but itself.
_is_harmless = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}").fullmatch


def id_of(environ: dict[str, t.Any], trust_header: bool = False) -> str:
    """The id of a request: `X-Request-ID` where that is trusted and harmless, else 128 random bits; always the same."""
    if REQUEST_ID in environ:
        known: str = environ[REQUEST_ID]
        return known
    given = environ.get("HTTP_X_REQUEST_ID") if trust_header or BY_PROXY in environ else None
    made: str = given if given and _is_harmless(given) else os.urandom(16).hex()
    found: str = environ.setdefault(REQUEST_ID, made)  # of several threads the first has named it
    return found


def request_id(trust_header: bool = False) -> str | None:
    """The id of the current request or WebSocket; None outside of any.

    `trust_header` takes it from the header `X-Request-ID` if that is there and has no odd characters: only for an
    application whose every request comes by a proxy that sets the header. Under `flask serve` it is not needed.
    """
    context: t.Any = _now()._top_request_ctx
    if context is None:
        return None
    try:
        environ = context._environ_of_request
    except AttributeError:  # a context of another family
        environ = context.request.environ
    return id_of(environ, trust_header)


class RequestIdFilter(logging.Filter):
    """Gives each record a `request_id` for the format, `-` outside of a request. It lets every record through.

    For a handler, not a logger: records of other loggers come by a handler too. `trust_header` as of `request_id`.
    """

    def __init__(self, trust_header: bool = False) -> None:
        super().__init__()
        self._trust_header = trust_header

    def filter(self, record: logging.LogRecord) -> bool:
        """Set it, unless it is set."""
        if "request_id" not in record.__dict__:
            record.request_id = request_id(self._trust_header) or _NONE
        return True


# What every record has: the rest is what somebody gave with `extra`. `taskName` is since Python 3.12.
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "request_id", "taskName"}


class JSONFormatter(logging.Formatter):
    """Writes a record as one line of JSON, in ASCII.

    `time` (UTC, ISO 8601), `level`, `logger`, `message` and `process`; `request_id` where `RequestIdFilter` has set it;
    then whatever was given with `extra`; `exception` and `stack` hold the text of tracebacks.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        values = record.__dict__
        about: dict[str, t.Any] = {
            "time": f"{_second(int(record.created))}.{int(record.created % 1 * 1000):03d}+00:00",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if values.get("request_id", _NONE) != _NONE:
            about["request_id"] = values["request_id"]
        for name, value in values.items():
            if name not in _STANDARD and name not in about:
                about[name] = value
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            about["exception"] = record.exc_text
        if record.stack_info:
            about["stack"] = self.formatStack(record.stack_info)
        return _line(about)


@lru_cache(4)
def _second(moment: int) -> str:
    """PERF: many records are of one second, and to write a date takes longer than the rest of a record."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))


def _line(about: dict[str, t.Any]) -> str:
    try:
        return _encode(about)
    except (TypeError, ValueError, RecursionError):  # a key that is no text, a NaN, a circle
        plain = {name: value if isinstance(value, (str, int)) else _text(value) for name, value in about.items()}
        return json.dumps(plain)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a record is not lost for a value that cannot be shown
        return f"<{type(value).__name__}>"


_encode = json.JSONEncoder(default=_text, allow_nan=False).encode
