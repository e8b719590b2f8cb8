from __future__ import annotations

import io
import json
import logging
import logging.config
import re
import threading
import uuid

import pytest

from flask import Flask
from flask.cli.serve import logs
from flask.logging import JSONFormatter, RequestIdFilter, default_handler, request_id
from tests.cli.serve.composed import INTERFACES, Worker

RANDOM = re.compile("[0-9a-f]{32}")
PROXY = "10.0.0.1"


@pytest.fixture
def app():
    app = Flask("numbered", static_folder=None)

    @app.get("/")
    def view():
        return f"{request_id()} {request_id()}"

    @app.get("/async")
    async def async_view():
        return f"{request_id()} {request_id()}"

    return app


def ids(app, interface="wsgi", path="/", peer=PROXY, **headers):
    answer = Worker(app, interface, forwarded_allow_ips=(PROXY,)).ask(path, headers=headers, peer=peer)
    return answer.body.decode().split()


# ---- which


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("path", ["/", "/async"])
def test_a_request_has_one_id_and_another_has_another(app, interface, path):
    """The same as often as it is asked for; 128 random bits."""
    first, second = ids(app, interface, path), ids(app, interface, path)
    assert first[0] == first[1]
    assert RANDOM.fullmatch(first[0])
    assert first[0] != second[0]


@pytest.mark.parametrize("interface", INTERFACES)
def test_a_proxy_that_is_believed_gives_the_id(app, interface):
    """So one id goes through all services."""
    assert ids(app, interface, **{"X-Request-ID": "Root=1-5f84c7a9-0a"})[0] == "Root=1-5f84c7a9-0a"


@pytest.mark.parametrize("interface", INTERFACES)
def test_nobody_else_does(app, interface):
    """A client could give two requests one id, or take another's."""
    assert RANDOM.fullmatch(ids(app, interface, peer="10.0.0.2", **{"X-Request-ID": "mine"})[0])


@pytest.mark.parametrize(
    "value", ["", " ", "a b", "a\tb", 'a"b', "a\\b", "é", "-x", "x" * 129, "a,b", "\x1b[2J", "<b>"]
)
def test_an_odd_id_is_not_taken(app, value):
    """Only what stands in a log, a shell and a page for nothing but itself (RFC 3986's unreserved, and a few more)."""
    assert RANDOM.fullmatch(ids(app, **{"X-Request-ID": value})[0])


def test_a_client_cannot_name_the_place_where_it_is_kept(app):
    """Headers come under names of their own, whatever they are called."""
    assert RANDOM.fullmatch(ids(app, **{"flask.request_id": "mine", "Flask-Request-Id": "mine"})[0])


def test_outside_of_a_request_there_is_none(app):
    """Nor in an app context alone."""
    assert request_id() is None
    with app.app_context():
        assert request_id() is None


def test_a_header_is_believed_where_the_application_says_so(app):
    """On another server it is the application that knows whether each request comes by its proxy."""
    with app.test_request_context(headers={"X-Request-ID": "abc"}):
        assert request_id(trust_header=True) == "abc"
        assert request_id() == "abc"
    with app.test_request_context(headers={"X-Request-ID": "abc"}):
        assert request_id() != "abc"


def test_a_websocket_has_one():
    """For as long as it is open."""
    from flask import websocket

    app = Flask("sockets", static_folder=None)

    @app.websocket("/ws")
    async def tell():
        await websocket.send(f"{request_id()}")
        await websocket.send(f"{request_id()}")

    with app.test_client().websocket("/ws") as socket:
        first = socket.receive(timeout=5)
        assert first == socket.receive(timeout=5)
        assert RANDOM.fullmatch(first)


def test_nothing_is_computed_before_somebody_asks(app):
    """A request that logs nothing has no id."""
    with app.test_request_context() as context:
        assert not [key for key in context.request.environ if key.startswith("flask.request_id")]
        request_id()
        assert [key for key in context.request.environ if key.startswith("flask.request_id")]


# ---- in records


def record_of(**values):
    return logging.makeLogRecord({"name": "a.b", "levelname": "INFO", "msg": "said", **values})


def test_the_filter_gives_each_record_an_id(app):
    """`-` where there is no request; one that is set already stays."""
    mark = RequestIdFilter()
    outside, given = record_of(), record_of(request_id="given")
    assert mark.filter(outside) is mark.filter(given) is True
    assert (outside.request_id, given.request_id) == ("-", "given")
    with app.test_request_context():
        inside = record_of()
        mark.filter(inside)
        assert inside.request_id == request_id()
    with app.test_request_context(headers={"X-Request-ID": "abc"}):
        inside = record_of()
        RequestIdFilter(trust_header=True).filter(inside)
        assert inside.request_id == "abc"


def test_the_set_up_for_other_servers(app):
    """Logging's own configuration, with two classes of ours by their names."""
    stream = io.StringIO()
    logger = logging.getLogger("of_other_servers")
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request_id": {"()": "flask.logging.RequestIdFilter", "trust_header": True}},
            "formatters": {"json": {"()": "flask.logging.JSONFormatter"}},
            "handlers": {
                "all": {
                    "class": "logging.StreamHandler",
                    "stream": stream,
                    "formatter": "json",
                    "filters": ["request_id"],
                }
            },
            "loggers": {"of_other_servers": {"handlers": ["all"], "level": "INFO", "propagate": False}},
        }
    )
    with app.test_request_context(headers={"X-Request-ID": "abc"}):
        logger.info("in a %s", "request", extra={"user": 7})
    logger.info("outside")
    inside, outside = map(json.loads, stream.getvalue().splitlines())
    assert (inside["message"], inside["request_id"], inside["user"], inside["level"]) == (
        "in a request",
        "abc",
        7,
        "INFO",
    )
    assert "request_id" not in outside


# ---- as JSON


def formatted(**values):
    line = JSONFormatter().format(record_of(**values))
    assert "\n" not in line
    assert line.isascii()
    return json.loads(line)


def test_a_record_is_one_line_of_json():
    """With the time in UTC, and nothing of logging's own inside."""
    found = formatted(created=0.25, msg="a\nb %s", args=("é\u2028",), process=7)
    assert found == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "level": "INFO",
        "logger": "a.b",
        "message": "a\nb é\u2028",
        "process": 7,
    }


def test_an_error_keeps_its_traceback_as_a_field():
    """In one line with the rest, however many it has."""
    try:
        raise LookupError("lost")
    except LookupError as error:
        found = formatted(exc_info=(type(error), error, error.__traceback__), stack_info="Stack:\n  here")
    assert found["exception"].startswith("Traceback")
    assert found["exception"].endswith("LookupError: lost")
    assert found["stack"] == "Stack:\n  here"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (float("nan"), "nan"),
        ({1: {2}}, {"1": "{2}"}),
        ({(1, 2): 3}, "{(1, 2): 3}"),
        (b"x", "b'x'"),
        ("\ud800", "\ud800"),
    ],
)
def test_a_value_that_is_no_json_is_text(value, shown):
    """A record is not lost for what somebody has given with it."""
    assert formatted(given=value)["given"] == shown


def test_a_value_that_cannot_be_shown_does_not_lose_the_record():
    """Nor for one that fails, or contains itself."""

    class Odd:
        def __str__(self):
            raise ValueError

    circle: list[object] = []
    circle.append(circle)
    assert formatted(given=Odd())["given"] == "<Odd>"
    assert formatted(given=circle)["given"] == "[[...]]"


def test_what_is_given_does_not_replace_what_the_record_says():
    """The name of a field of ours stays ours."""
    assert formatted(level="forged", time="never")["level"] == "INFO"


# ---- how `flask serve` logs, and what wins


def lone():
    """The name of an app that nobody has used, whose records the root logger, where pytest has handlers, does not get.

    To be called within the test, since before that pytest adds handlers to each logger that does not propagate.
    """
    top = f"top{uuid.uuid4().hex}"
    logging.getLogger(top).propagate = False
    return f"{top}.app"


@pytest.mark.parametrize("form", ["common", None])
def test_the_apps_records_have_the_servers_form(form, capsys):
    """Where the application configures nothing: process, id, level, logger."""
    logs.set_up(form)
    Flask(lone(), static_folder=None).logger.error("wrong")
    err = capsys.readouterr().err
    assert re.fullmatch(r"\[[-0-9:, ]+\] \[\d+\] \[-\] ERROR in top\w+\.app: wrong\n", err)


def test_with_json_all_records_are(capsys):
    """The server's, the app's, and those that nobody else takes."""
    logs.set_up("json")
    Flask(lone(), static_folder=None).logger.error("the app's")
    logging.getLogger("flask.serve").warning("the server's")
    logging.getLogger(lone()).warning("a library's")
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["the app's", "the server's", "a library's"]


def test_a_handler_of_the_applications_own_is_the_one(capsys):
    """Where it has configured its logger, none of ours is added."""
    logs.set_up("json")
    stream = io.StringIO()
    name = lone()
    logging.getLogger(name).addHandler(logging.StreamHandler(stream))
    Flask(name, static_folder=None).logger.error("mine")
    assert stream.getvalue() == "mine\n"
    assert capsys.readouterr().err == ""


def test_basic_config_still_works(monkeypatch):
    """No handler is on the root logger, or `logging.basicConfig` would do nothing."""
    root = logging.getLogger()
    before = root.handlers[:]
    logs.set_up("json")
    assert root.handlers == before


def test_a_formatter_that_the_application_gave_stays(capsys):
    """Flask's documentation has applications change `default_handler`: they are loaded after the set-up."""
    logs.set_up("common")
    default_handler.setFormatter(logging.Formatter("mine: %(message)s"))
    Worker(Flask(lone(), static_folder=None), access_log="common")
    Flask(lone(), static_folder=None).logger.error("x")
    assert capsys.readouterr().err == "mine: x\n"


def test_a_configuration_that_does_not_name_the_server_does_not_silence_it(capsys):
    """`disable_existing_loggers`, on by default, is about the loggers that the application knows of."""
    logs.set_up("common")
    known = [
        (logger, logger.disabled)
        for logger in logging.Logger.manager.loggerDict.values()
        if hasattr(logger, "disabled")
    ]
    try:
        logging.config.dictConfig({"version": 1})
        assert logging.getLogger("flask.serve").disabled
        Worker(Flask("configured", static_folder=None), access_log="common").ask("/")
        logging.getLogger("flask.serve").warning("heard")
    finally:
        for logger, disabled in known:
            logger.disabled = disabled
    out, err = capsys.readouterr()
    assert '"GET / HTTP/1.1" 404' in out
    assert "heard" in err


def test_a_configuration_that_names_the_log_of_requests_wins(app, capsys):
    """It may go to a file, or elsewhere, as the application likes."""
    logs.set_up("common")
    stream = io.StringIO()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"own": {"format": "%(status)d %(request_id)s"}},
            "handlers": {"own": {"class": "logging.StreamHandler", "stream": stream, "formatter": "own"}},
            "loggers": {"flask.serve.access": {"handlers": ["own"], "propagate": False}},
        }
    )
    answer = Worker(app, access_log="common").ask("/")
    assert stream.getvalue() == f"200 {answer.body.decode().split()[0]}\n"
    assert capsys.readouterr().out == ""


def test_threads_at_once_agree_on_an_id(app):
    """Whoever is first names it for all."""
    import contextvars

    found = []
    with app.test_request_context():
        contexts = [contextvars.copy_context() for _ in range(8)]
        ask = [threading.Thread(target=context.run, args=(lambda: found.append(request_id()),)) for context in contexts]
        for thread in ask:
            thread.start()
        for thread in ask:
            thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
