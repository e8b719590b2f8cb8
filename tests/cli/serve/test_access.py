from __future__ import annotations

import json
import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.proxy_fix import ProxyFix

from flask import Flask, Response, request
from flask.cli.serve import access, logs
from tests.cli.serve.composed import INTERFACES, Worker
from tests.gateways import loops

LINE = re.compile(
    r'(?P<addr>\S+) - - \[(?P<when>[^]]+)\] "(?P<line>(?:[^"\\]|\\.)*)" (?P<status>\S+) (?P<bytes>\S+)'
    r' "(?P<referrer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)" (?P<seconds>\d+\.\d{6}) (?P<id>\S+) (?P<state>[X-])'
)


@pytest.fixture
def app():
    app = Flask("logged", static_folder=None)

    @app.get("/")
    @app.get("/<path:path>")
    def hello(path=""):
        return "hello"

    @app.get("/stream")
    def stream():
        return Response(iter([b"ab", b"cde"]))

    @app.get("/breaks")
    def breaks():
        def pieces():
            yield b"ab"
            raise LookupError("in the midst")

        return Response(pieces())

    @app.get("/none", endpoint="none")
    def none():
        return "", 204

    return app


def values(record):
    return {name: getattr(record, name) for name in ("method", "path", "status", "bytes", "aborted")}


@pytest.mark.parametrize("interface", INTERFACES)
def test_a_request_has_one_record_with_what_came_of_it(app, interface, visits):
    """Who asked for what, the status and the size of the answer, how long it took, and whose the request was."""
    headers = {"User-Agent": "agent/1", "Referer": "http://there/"}
    Worker(app, interface, access_log="common").ask("/a?b=c", headers=headers)
    (record,) = visits
    assert values(record) == {"method": "GET", "path": "/a?b=c", "status": 200, "bytes": 5, "aborted": False}
    assert (record.remote_addr, record.user_agent, record.referrer) == ("127.0.0.1", "agent/1", "http://there/")
    assert 0 <= record.duration_ms < 60_000
    assert re.fullmatch("[0-9a-f]{32}", record.request_id)


def test_the_line_is_the_combined_log_format_and_three_fields_more(app, visits):
    """What reads Apache's logs reads these: duration, id and state stand behind what it knows."""
    Worker(app, access_log="common").ask("/a?b=c", headers={"User-Agent": "agent/1"})
    found = LINE.fullmatch(visits[0].getMessage())
    assert found is not None
    assert found["line"] == "GET /a?b=c HTTP/1.1"
    assert (found["status"], found["bytes"], found["agent"], found["referrer"]) == ("200", "5", "agent/1", "-")
    assert (found["id"], found["state"]) == (visits[0].request_id, "-")


@pytest.mark.parametrize("interface", INTERFACES)
def test_a_stream_is_logged_at_its_end(app, interface, visits):
    """With all of its bytes, and not before they are gone."""
    Worker(app, interface, access_log="json").ask("/stream")
    assert [values(record)["bytes"] for record in visits] == [5]


def test_a_stream_has_no_record_before_its_end(app, visits):
    """The record comes when the server closes the body."""
    worker = Worker(app, access_log="json")
    body = worker.entry({**Flask("x").test_request_context("/stream").request.environ}, lambda *_: None)
    assert next(iter(body)) == b"ab"
    assert visits == []
    body.close()
    assert [values(record) for record in visits] == [
        {"method": "GET", "path": "/stream", "status": 200, "bytes": 2, "aborted": True}
    ]


@pytest.mark.parametrize("interface", INTERFACES)
def test_an_answer_that_breaks_off_is_told(app, interface, visits):
    """With the kind of the error, and `X` in the line."""
    worker = Worker(app, interface, access_log="common")
    with pytest.raises(LookupError):
        worker.ask("/breaks")
    (record,) = visits
    assert values(record) == {"method": "GET", "path": "/breaks", "status": 200, "bytes": 2, "aborted": True}
    assert record.error == "LookupError"
    assert LINE.fullmatch(record.getMessage())["state"] == "X"


def test_a_client_that_goes_while_its_view_waits_is_told(visits):
    """There was no answer, and so no status."""
    import asyncio

    app = Flask("left", static_folder=None)

    @app.get("/")
    async def slow():
        await asyncio.sleep(100)

    worker = Worker(app, "asgi", access_log="common")
    client = loops.Client(goes_after=0)
    asyncio.run(worker.entry(loops.scope("/"), client.receive, client.send))
    (record,) = visits
    assert values(record) == {"method": "GET", "path": "/", "status": None, "bytes": 0, "aborted": True}
    assert LINE.fullmatch(record.getMessage())["status"] == "-"


def test_an_error_that_nobody_handled_is_the_servers_500(visits):
    """The app raised in place of an answer; the server's own says 500."""
    app = Flask("raises", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.add_url_rule("/", view_func=lambda: 1 / 0, endpoint="fails")
    with pytest.raises(ZeroDivisionError):
        Worker(app, access_log="json").ask("/")
    assert (visits[0].status, visits[0].error, visits[0].aborted) == (500, "ZeroDivisionError", False)


@pytest.mark.parametrize("interface", INTERFACES)
def test_an_answer_without_a_body_is_whole(app, interface, visits):
    """204, and HEAD, which states a length that it does not send."""
    worker = Worker(app, interface, access_log="json")
    worker.ask("/none")
    worker.ask("/", "HEAD")
    worker.ask("/stream", "HEAD")
    assert [(record.bytes, record.aborted) for record in visits] == [(0, False)] * 3


@pytest.mark.parametrize("interface", INTERFACES)
def test_the_address_is_the_clients_behind_a_proxy(app, interface, visits):
    """As forwarded headers say where they are believed, and else the connection's."""
    worker = Worker(app, interface, access_log="common", forwarded_allow_ips=("10.0.0.1",))
    headers = {"X-Forwarded-For": "203.0.113.9"}
    worker.ask("/", headers=headers, peer="10.0.0.1")
    worker.ask("/", headers=headers, peer="10.0.0.2")
    assert [record.remote_addr for record in visits] == ["203.0.113.9", "10.0.0.2"]


def test_the_address_is_what_a_proxy_fix_of_the_apps_own_says(app, visits):
    """It corrects the very environment that is logged from; an address that is none is escaped as all else."""
    app.wsgi_app = ProxyFix(app.wsgi_app)
    worker = Worker(app, access_log="common")
    worker.ask("/", headers={"X-Forwarded-For": "203.0.113.9"})
    worker.ask("/", headers={"X-Forwarded-For": "a\tb"})
    assert visits[0].remote_addr == "203.0.113.9"
    assert visits[1].getMessage().startswith("a\\x09b - -")


@pytest.mark.parametrize("loop_serves", [True, False])
def test_a_websocket_is_logged_at_its_end(loop_serves, visits):
    """With 101; that its client leaves is how it ends, and nothing broken off."""
    app = Flask("sockets", static_folder=None)

    if loop_serves:

        @app.websocket("/ws")
        async def echo():
            from flask import websocket

            while True:
                await websocket.send(await websocket.receive())
    else:

        @app.websocket("/ws")
        def echo():
            from flask import websocket

            while True:
                websocket.send(websocket.receive())

    Worker(app, "asgi", access_log="common")
    with app.test_client().websocket("/ws") as socket:
        socket.send("hello")
        assert socket.receive(timeout=5) == "hello"
        assert visits == []
    (record,) = visits
    assert (record.path, record.status, record.aborted) == ("/ws", 101, False)


# ---- what a client sends


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/a%0d%0aforged", "/a%0D%0Aforged"),
        ("/a%20b", "/a%20b"),
        ("/%22", "/%22"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/%1b[2J", "/%1B%5B2J"),
    ],
)
def test_a_path_is_logged_quoted(app, path, shown, visits):
    """No line break, blank, quote or escape of a path's gets into a line (CWE-117)."""
    Worker(app, access_log="common").ask(path)
    assert visits[0].path == shown
    assert LINE.fullmatch(visits[0].getMessage())["line"] == f"GET {shown} HTTP/1.1"


@given(st.text(st.characters(max_codepoint=255), max_size=60), st.sampled_from(["common", "json"]))
def test_no_client_writes_a_line_of_its_own(text, form):
    """Whatever stands in path, query, method and headers: it is one line, whose quotes are the log's own."""
    lines = []

    class Lines(logging.Handler):
        def emit(self, record):
            lines.append(formatter.format(record))

    formatter = logs.JSONFormatter() if form == "json" else logging.Formatter("%(message)s")
    logger = logging.getLogger(logs.ACCESS)
    handler, level, propagate = Lines(), logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        environ = {
            "REQUEST_METHOD": text or "GET",
            "PATH_INFO": text,
            "QUERY_STRING": text,
            "HTTP_USER_AGENT": text,
            "HTTP_REFERER": text,
            "REMOTE_ADDR": text,
            "SERVER_PROTOCOL": "HTTP/1.1",
        }
        access.logged(lambda environ, start: start("200 OK", []) or [b""], form)(environ, lambda *_: None)
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = level, propagate
        logger.manager._clear_cache()
    (line,) = lines
    assert line.isascii()
    assert line.isprintable()
    if form == "json":
        found = json.loads(line)
        assert found["user_agent"] == text
    else:
        assert re.search(r'" 200 0 "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)" \d', line)


# ---- where it goes


def test_lines_go_to_standard_output_and_errors_elsewhere(app, capsys):
    """One stream for requests, one for all that somebody should look at."""
    logs.set_up("common")
    worker = Worker(app, access_log="common")
    worker.ask("/")
    out, err = capsys.readouterr()
    assert LINE.fullmatch(out.strip())
    assert err == ""


def test_the_id_in_the_line_is_the_one_of_the_apps_own_records(capsys):
    """By it one finds what a request had to say."""
    logs.set_up("json")
    app = Flask("ids_of_visits.app", static_folder=None)
    logging.getLogger("ids_of_visits").propagate = False  # pytest has handlers on the root logger

    @app.get("/")
    def view():
        app.logger.warning("from the view")
        return request.headers.get("X-Request-ID", "none")

    Worker(app, access_log="json").ask("/")
    out, err = capsys.readouterr()
    assert json.loads(out)["request_id"] == json.loads(err)["request_id"]
    assert json.loads(err)["message"] == "from the view"


def test_off_by_a_level_it_makes_no_record(app, visits):
    """Whoever sets the logger's level above INFO has none."""
    logging.getLogger(logs.ACCESS).setLevel(logging.WARNING)
    Worker(app, access_log="common").ask("/")
    assert visits == []
