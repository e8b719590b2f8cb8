from __future__ import annotations

import io
import logging
import sys
import uuid

import pytest

from flask import Flask
from flask.logging import create_logger, default_handler, has_level_handler, wsgi_errors_stream


@pytest.fixture
def name():
    """A logger's name that nobody has used."""
    return f"top{uuid.uuid4().hex}.app"


@pytest.fixture
def app(name):
    app = Flask("json", static_folder=None)
    app.name = name
    return app


def lone_parent(name):
    """The logger above the one of this name, with nothing above it and no handler: pytest has put its own on the root.

    To be called within the test, since before that pytest adds handlers to each logger that does not propagate.
    """
    logger = logging.getLogger(name.partition(".")[0])
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    return logger


# ---- create_logger


def test_the_logger_is_named_like_the_app(app, name):
    """It is the logger that logging.getLogger gives for the app's name, with a handler where nobody else has one."""
    lone_parent(name)
    assert create_logger(app) is logging.getLogger(name)
    assert logging.getLogger(name).handlers == [default_handler]
    assert logging.getLogger(name).level == logging.NOTSET


def test_asking_again_adds_nothing(app, name):
    """A second logger for the same app has the handler once."""
    lone_parent(name)
    create_logger(app)
    assert create_logger(app).handlers == [default_handler]


@pytest.mark.parametrize(("set_before", "then"), [(logging.NOTSET, logging.DEBUG), (logging.ERROR, logging.ERROR)])
def test_debug_mode_lowers_a_level_that_nobody_set(app, name, set_before, then):
    """In debug mode everything is logged, unless a level was chosen."""
    logging.getLogger(name).setLevel(set_before)
    app.debug = True
    assert create_logger(app).level == then


def test_a_configured_parent_is_left_alone(app, name):
    """Where records would be shown already, no handler is added."""
    lone_parent(name).addHandler(logging.NullHandler())
    assert create_logger(app).handlers == []


def test_a_handler_that_shows_too_little_does_not_count(app, name):
    """A handler above the logger's level would swallow records: it is as if there were none."""
    handler = logging.NullHandler()
    handler.setLevel(logging.CRITICAL)
    lone_parent(name).addHandler(handler)
    assert create_logger(app).handlers == [default_handler]


# ---- has_level_handler


def test_handlers_count_as_far_as_records_go(name):
    """A parent's handler counts for its children, up to a logger that does not propagate."""
    lone_parent(name)
    parent, child = logging.getLogger(name), logging.getLogger(f"{name}.child")
    assert not has_level_handler(child)
    parent.addHandler(logging.NullHandler())
    assert has_level_handler(parent)
    assert has_level_handler(child)
    child.propagate = False
    assert not has_level_handler(child)


# ---- the error stream


def test_records_go_to_the_server_during_a_request(app, name):
    """Within a request they are written to the stream that the server gave, else to sys.stderr of that moment."""
    lone_parent(name)
    stream = io.StringIO()
    with app.test_request_context(errors_stream=stream):
        assert wsgi_errors_stream._get_current_object() is stream
        app.logger.error("in a request")
    assert stream.getvalue().endswith("] ERROR in test_logging: in a request\n")


def test_records_go_to_stderr_outside_of_a_request(app, name, monkeypatch):
    """A stderr that was replaced after the logger was made is the one that is written to."""
    lone_parent(name)
    with app.app_context():
        logger = app.logger
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        logger.error("outside")
        assert sys.stderr.getvalue().endswith("] ERROR in test_logging: outside\n")
