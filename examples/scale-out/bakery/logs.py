"""What is logged, and under which name: one line of JSON for each record, with the id of the request behind it.

nginx names a request, `flask serve` takes the name over for what the app logs, and the message to Celery carries it on,
so that one word finds everything that became of a click. Nothing that somebody typed is logged but names.
"""

from __future__ import annotations

import logging
import logging.config

from celery import current_task
from celery.signals import setup_logging

from flask import Flask
from flask.logging import JSONFormatter


def init_app(app: Flask) -> None:
    """Let the app say what it does. Where the lines go, and their form, is the server's to say."""
    app.logger.setLevel(app.config["LOG_LEVEL"])


class RequestOfJob(logging.Filter):
    """Gives each record the id of the request that sent the job which it was made in."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_task.request.get("request_id") or "-" if current_task else "-"
        return True


@setup_logging.connect
def in_workers(**_: object) -> None:
    """What `flask serve` does in nodes; Celery leaves logging alone where this is connected."""
    handler = {"class": "logging.StreamHandler", "formatter": "json", "filters": ["job"]}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"job": {"()": RequestOfJob}},
            "formatters": {"json": {"()": JSONFormatter}},
            "handlers": {"lines": handler},
            "root": {"handlers": ["lines"], "level": "INFO"},
        }
    )
