"""The app's logger, the stream of the server's errors, and what brings the ids of requests into records, or makes JSON.

Nothing here decides what is logged, removes a handler, or changes a configuration of logging.
"""

from __future__ import annotations

import logging
import sys
import typing as t

from werkzeug.local import LocalProxy

from ._logged import JSONFormatter as JSONFormatter
from ._logged import RequestIdFilter as RequestIdFilter
from ._logged import request_id as request_id
from .globals import _now


class _Named(t.Protocol):
    @property
    def name(self) -> str: ...

    @property
    def debug(self) -> bool: ...


def _find_errors_stream() -> t.TextIO:
    context = _now()._top_request_ctx
    return sys.stderr if context is None else t.cast(t.TextIO, context.request.environ["wsgi.errors"])


#: The stream that the server gave with the request for errors; without a request it is ``sys.stderr`` of that moment.
wsgi_errors_stream: t.TextIO = t.cast(t.TextIO, LocalProxy(_find_errors_stream))

#: Added to an app's logger where nothing else would show its records: write to the server's error stream.
default_handler: logging.StreamHandler[t.TextIO] = logging.StreamHandler(wsgi_errors_stream)
default_handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s"))


def has_level_handler(logger: logging.Logger) -> bool:
    """Whether a handler of the logger, or of those it passes records on to, takes what the logger lets through."""
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: _Named) -> logging.Logger:
    """The logger named like the app: at DEBUG in debug mode unless it has a level, with a handler unless it has one."""
    logger = logging.getLogger(app.name)
    if logger.level == logging.NOTSET and app.debug:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
