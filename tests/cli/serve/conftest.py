"""What the tests of `flask serve` share: logging as it was before, and what went to its loggers."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from flask.cli.serve.logs import ACCESS, SERVER
from flask.logging import default_handler


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Undo what a process of the server, or an app in it, sets up for itself alone."""
    loggers = [logging.getLogger(name) for name in (ACCESS, *SERVER)]
    before = [(logger.handlers[:], logger.level, logger.propagate, logger.disabled) for logger in loggers]
    general = [default_handler, logging.lastResort]
    looks = [(handler.formatter, handler.filters[:]) for handler in general if handler is not None]
    yield
    for logger, (handlers, level, propagate, disabled) in zip(loggers, before, strict=True):
        logger.handlers[:], logger.level, logger.propagate, logger.disabled = handlers, level, propagate, disabled
        logger.manager._clear_cache()
    for handler, (formatter, filters) in zip(filter(None, general), looks, strict=True):
        handler.formatter, handler.filters = formatter, filters


class Kept(logging.Handler):
    """Keeps the records that come."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def visits(logging_as_before: None) -> list[logging.LogRecord]:
    """The records of requests, as they come."""
    handler = Kept()
    logger = logging.getLogger(ACCESS)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return handler.records
