"""How a process of `flask serve` logs: the server's records, the app's and those of requests, all in one form.

Whatever the application configures itself wins: no handler is put on the root logger, and nothing is set up again
after the application was loaded.
"""

from __future__ import annotations

import logging
import logging.config
import typing as t

from ...logging import JSONFormatter, RequestIdFilter, default_handler

#: The logger of requests. Its records go to standard output, all others to standard error.
ACCESS = "flask.serve.access"
#: The server's own loggers, the last one Granian's.
SERVER = "flask.serve", "_granian"

FORMAT = "[%(asctime)s] [%(process)d] [%(request_id)s] %(levelname)s in %(name)s: %(message)s"


def set_up(access_log: t.Literal["common", "json"] | None) -> None:
    """Set logging up; to be called before the application is loaded.

    The app's own records go through `flask.logging.default_handler`, which its logger has unless the application has
    configured another; what no handler takes, through Python's handler of last resort. Both get the server's format.
    """
    as_json = access_log == "json"
    logging.config.dictConfig(config(as_json))
    formatter: logging.Formatter = JSONFormatter() if as_json else logging.Formatter(FORMAT)
    for handler in default_handler, logging.lastResort:
        if handler is not None:
            handler.setFormatter(formatter)
            if not any(isinstance(known, RequestIdFilter) for known in handler.filters):
                handler.addFilter(RequestIdFilter())


def config(as_json: bool) -> dict[str, t.Any]:
    """The server's own loggers, for `logging.config.dictConfig`."""
    json_lines = {"()": JSONFormatter}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": RequestIdFilter}},
        "formatters": {
            "lines": json_lines if as_json else {"format": FORMAT},
            "requests": json_lines if as_json else {"format": "%(message)s"},
        },
        "handlers": {
            "errors": _handler("lines", "stderr"),
            "requests": _handler("requests", "stdout"),
        },
        "loggers": {
            ACCESS: {"handlers": ["requests"], "level": "INFO", "propagate": False},
            **{name: {"handlers": ["errors"], "level": "INFO", "propagate": False} for name in SERVER},
        },
    }


def _handler(formatter: str, stream: str) -> dict[str, t.Any]:
    return {
        "class": "logging.StreamHandler",
        "formatter": formatter,
        "stream": f"ext://sys.{stream}",
        "filters": ["request_id"],
    }


def keep() -> None:
    """Once the application is loaded: have its configuration not silence the server, only because it did not name it.

    That is what `disable_existing_loggers`, which is on by default, does to whatever logger there was before.
    """
    for name in (ACCESS, *SERVER):
        logging.getLogger(name).disabled = False
