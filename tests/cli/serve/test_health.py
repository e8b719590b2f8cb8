from __future__ import annotations

import logging

import pytest

from flask import Flask
from tests.cli.serve.composed import INTERFACES, Worker

PATH = "/-/health"


@pytest.fixture
def app():
    app = Flask("checked", static_folder=None)

    @app.before_request
    def seen():
        raise AssertionError("code of the app ran")

    return app


@pytest.mark.parametrize("interface", INTERFACES)
def test_it_says_that_requests_are_welcome_and_when_they_are_no_more(app, interface):
    """200 as long as the worker takes requests, 503 as soon as it is about to end; nobody may keep the answer."""
    worker = Worker(app, interface, health_path=PATH)
    ready = worker.ask(PATH)
    assert (ready.status, ready.body) == ("200", b"ready\n")
    assert ready.header("Cache-Control") == "no-store"
    worker.state.ready = False
    draining = worker.ask(PATH)
    assert (draining.status, draining.body) == ("503", b"draining\n")
    assert draining.header("Cache-Control") == "no-store"


@pytest.mark.parametrize("interface", INTERFACES)
def test_head_has_the_same_head_and_no_body(app, interface):
    """Load balancers ask by HEAD as well (RFC 9110 §9.3.2)."""
    worker = Worker(app, interface, health_path=PATH)
    get, head = worker.ask(PATH), worker.ask(PATH, "HEAD")
    assert (head.status, head.body) == ("200", b"")
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize("interface", INTERFACES)
def test_what_is_neither_get_nor_head_is_refused(app, interface):
    """A check changes nothing: 405, with the methods there are."""
    answer = Worker(app, interface, health_path=PATH).ask(PATH, "POST")
    assert (answer.status, answer.header("Allow")) == ("405", "GET, HEAD")


@pytest.mark.parametrize("interface", INTERFACES)
def test_it_is_in_no_log(app, interface, visits):
    """It is asked every second, by each balancer."""
    Worker(app, interface, health_path=PATH, access_log="common").ask(PATH)
    assert visits == []


@pytest.mark.parametrize("interface", INTERFACES)
def test_all_other_paths_are_the_apps(interface):
    """Nothing below it, beside it, or with a slash at its end is taken from the app."""
    app = Flask("whole", static_folder=None)

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def whatever(path):
        return f"app:{path}"

    worker = Worker(app, interface, health_path=PATH)
    for path in "-/health/", "-/health/x", "-/healthy", "":
        assert worker.ask(f"/{path}").body.decode() == f"app:{path}"


def test_a_rule_that_takes_whatever_comes_does_not_take_it():
    """A route with a variable is not about this path: else an app with one page for all could have no check."""
    app = Flask("spa", static_folder=None)
    app.add_url_rule("/<path:path>", view_func=lambda path: "page", endpoint="page")
    assert Worker(app, health_path=PATH).ask(PATH).body == b"ready\n"


@pytest.mark.parametrize("interface", INTERFACES)
def test_a_route_of_the_apps_own_is_not_taken_from_it(interface, caplog):
    """The app answers at a path that it has itself, and the log says that no other check is served."""
    app = Flask("own", static_folder=None)
    app.add_url_rule(PATH, view_func=lambda: "mine", endpoint="health_of_mine")
    logging.getLogger("flask.serve").propagate = True
    worker = Worker(app, interface, health_path=PATH)
    assert worker.ask(PATH).body == b"mine"
    (record,) = [record for record in caplog.records if record.name == "flask.serve"]
    assert "health_of_mine" in record.getMessage()
    assert "--health-path" in record.getMessage()


@pytest.mark.parametrize("interface", INTERFACES)
def test_switched_off_it_is_not_there(interface):
    """Without a path, what the server calls is the app itself."""
    app = Flask("plain", static_folder=None)
    worker = Worker(app, interface)
    assert worker.entry is (app.asgi_app if interface == "asgi" else app)
    assert worker.ask(PATH).status == "404"
