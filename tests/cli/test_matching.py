"""`flask routes --match`: what becomes of one request."""

from __future__ import annotations

import warnings

import pytest
from click.testing import CliRunner, Result
from werkzeug.routing import BaseConverter, Rule, ValidationError

from flask import Flask
from flask.cli import FlaskGroup
from flask.views import MethodView


def ask(app: Flask, question: str) -> Result:
    return CliRunner().invoke(FlaskGroup(create_app=lambda: app), ["routes", "--match", question])


def answered(app: Flask, question: str) -> list[str]:
    result = ask(app, question)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def refused(app: Flask, question: str) -> list[str]:
    result = ask(app, question)
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output.splitlines()


class Even(BaseConverter):
    regex = r"\d+"

    def to_python(self, value: str) -> int:
        if int(value) % 2:
            raise ValidationError
        return int(value)


class Board(MethodView):
    def get(self) -> str:
        return ""


def show_user(id: int) -> str:
    raise AssertionError("no view may run")


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.url_map.converters["even"] = Even
    app.before_request(lambda: pytest.fail("no hook may run"))
    app.add_url_rule("/user/<int:id>", "user", show_user)
    app.add_url_rule("/user/<int:id>", "save", show_user, methods=["POST"])
    app.add_url_rule("/things/", "things", lambda: "")
    app.add_url_rule("/leaf", "leaf", lambda: "")
    app.add_url_rule("/pair/<even:a>/<any(x):b>", "pair", lambda a, b: "")
    app.add_url_rule("/files/<path:name>/raw", "raw", lambda name: "")
    app.add_url_rule("/board", view_func=Board.as_view("board"))
    app.add_url_rule("/bare", "bare")
    app.add_url_rule("/old", redirect_to="/user/3", endpoint="old")
    app.add_url_rule("/away", redirect_to="https://elsewhere.example/", endpoint="away")
    app.add_url_rule("/loop", redirect_to="/loop", endpoint="loop")
    app.url_map.add(Rule("/live", endpoint="live", websocket=True))
    return app


def test_which_rule_answers(app: Flask) -> None:
    """The rule, its methods, the values as the view gets them, and the view with its place; nothing of the app runs."""
    lines = answered(app, "GET /user/7?page=2")
    assert lines[:4] == [
        "GET /user/7?page=2 is answered by the endpoint 'user'.",
        "  Rule     /user/<int:id>",
        "  Methods  GET, HEAD, OPTIONS",
        "  Values   id = 7",
    ]
    assert lines[4].startswith(f"  View     {__name__}.show_user at {__file__}:")
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("question", "endpoint"),
    [
        ("/user/7", "user"),
        ("post /user/7", "save"),
        ("HEAD /leaf", "leaf"),
        ("GET  /leaf", "leaf"),
        ("GET https://a.example:8000/leaf", "leaf"),
        ("/files/a/b%20c/raw", "raw"),
        ("wss://localhost/live", "live"),
        ("/files/a b c/raw", "raw"),
        ("GET /files/a b/raw", "raw"),
    ],
)
def test_how_a_request_is_written(app: Flask, question: str, endpoint: str) -> None:
    """The method may be missing, and in place of the path a whole URL may stand, also one of a WebSocket."""
    assert answered(app, question)[0].endswith(f"is answered by the endpoint {endpoint!r}.")


@pytest.mark.parametrize(
    "question", ["", "leaf", "GET leaf", "G=T /leaf", "ftp://x/leaf", "http://x:99999999/", "http://[x/"]
)
def test_what_is_no_request(app: Flask, question: str) -> None:
    """What is neither a path nor a URL is refused with an example of what is understood."""
    result = ask(app, question)
    assert result.exit_code == 2
    assert "is neither 'METHOD /path' nor 'METHOD https://host/path'" in result.output


def test_views_of_each_kind(app: Flask) -> None:
    """A class-based view is named by its class, automatic OPTIONS as such, and a missing function is missed."""
    assert f"{__name__}.Board.get at " in answered(app, "/board")[4]
    assert answered(app, "/static/x")[4] == "  View     Flask's own"
    assert answered(app, "OPTIONS /leaf")[4] == "  View     none: OPTIONS is answered automatically"
    assert answered(app, "/bare")[4] == "  View     none: no function is registered for 'bare'"
    app.view_functions["leaf"] = print  # type: ignore[assignment]
    assert answered(app, "/leaf")[4] == "  View     <built-in function print>"


def test_redirects_are_followed(app: Flask) -> None:
    """A redirect is told with its target, and what answers there, as far as it stays on the host."""
    lines = answered(app, "GET /things")
    assert lines[0] == "GET /things is redirected (308) to http://localhost/things/"
    assert lines[1] == "GET http://localhost/things/ is answered by the endpoint 'things'."
    assert "  Values   id = 3" in answered(app, "/old")
    assert len(answered(app, "/away")) == 1
    assert refused(app, "/loop")[-1] == "No more than 5 redirects are followed."


def test_a_wrong_method(app: Flask) -> None:
    """A method that no rule of the path has is told with those that are allowed, and the rules that have them."""
    assert refused(app, "DELETE /user/7") == [
        "DELETE /user/7 is refused (405).",
        "A rule answers to the path, but not to DELETE. Allowed: GET, POST.",
        "For DELETE to be answered, register the rule with methods=['DELETE', 'GET'].",
        "The rules that answer there:",
        "  /user/<int:id>  GET  (user)",
        "  /user/<int:id>  POST  (save)",
    ]


def test_the_remedy_for_a_method_that_comes_by_itself(app: Flask) -> None:
    """HEAD comes with GET; OPTIONS, where it does not come by itself, is written like any other."""
    app.add_url_rule("/post", "post", lambda: "", methods=["POST"], provide_automatic_options=False)
    assert refused(app, "HEAD /post")[2] == ("For HEAD to be answered, register the rule with methods=['GET', 'POST'].")
    assert refused(app, "OPTIONS /post")[2].endswith("with methods=['OPTIONS', 'POST'].")
    assert refused(app, "PUT /board")[2].endswith("the class 'Board' needs a method 'put'.")


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("/user/abc", "  /user/<int:id>  GET  (user): <int:id> takes a whole number without a sign, not 'abc'"),
        ("/pair/3/x", "  /pair/<even:a>/<any(x):b>  GET  (pair): <even:a> takes what matches"),
        ("/leaf/", "  /leaf  GET  (leaf): the path ends with a slash, the rule does not"),
        ("/leef", "  /leaf  GET  (leaf): it has 'leaf' where the path has 'leef'"),
        ("/user", "  /user/<int:id>  GET  (user): it goes on with '/<int:id>'"),
    ],
)
def test_the_nearest_rules(app: Flask, question: str, line: str) -> None:
    """Without an answer the nearest rules are named, with what keeps each from matching."""
    lines = refused(app, question)
    assert lines[:2] == [f"GET {question} is refused (404).", "The rules that come nearest:"]
    assert lines[2].startswith(line)
    assert len(lines) <= 8


@pytest.mark.parametrize("question", ["/q/w/e/r/t/y", f"/{'x' * 5000}"])
def test_nothing_near(app: Flask, question: str) -> None:
    """Where nothing resembles the path that is said, and some of the rules there are are shown."""
    assert refused(app, question)[1].startswith("No rule comes near. The first of ")
    assert refused(Flask(__name__, static_folder=None), question)[1].startswith("No rule is registered.")


def test_websockets(app: Flask) -> None:
    """A rule for WebSockets does not answer other requests, nor the other way round."""
    assert "for WebSockets alone" in refused(app, "/live")[0]
    assert "not for WebSockets" in refused(app, "ws://localhost/leaf")[0]
    assert refused(app, "ws://localhost/user/7") == [
        "GET ws://localhost/user/7 is refused (405): the rules that match the path are not for WebSockets."
    ]


def test_below_the_application_root(app: Flask) -> None:
    """Paths are counted from APPLICATION_ROOT, and whoever writes it is told."""
    app.config["APPLICATION_ROOT"] = "/shop"
    answered(app, "/leaf")
    assert refused(app, "/shop/leaf")[1] == "Leave '/shop' out: paths are counted from APPLICATION_ROOT."


def test_subdomains() -> None:
    """The URL's host chooses the subdomain; a rule of another one is named with it."""
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.com"
    app.add_url_rule("/x", "api", lambda: "", subdomain="api")
    app.add_url_rule("/x", "any", lambda who: "", subdomain="<who>.users")
    assert "  Subdomain  api" in answered(app, "https://api.example.com/x")
    assert "  Values     who = 'me'" in answered(app, "http://me.users.example.com/x")
    assert "  api /x  GET  (api): it answers on the subdomain 'api', the request came without one" in refused(app, "/x")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lines = refused(app, "http://other.example/x")
    assert lines[1].startswith("The request came to the host 'other.example', which is not below SERVER_NAME")


def test_a_subdomain_that_no_request_reaches() -> None:
    """A rule with a subdomain in an app that does not match subdomains is recognised."""
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/x", "api", lambda: "", subdomain="api")
    assert "subdomain_matching=True" in refused(app, "/x")[1]


def test_hosts() -> None:
    """With host matching the URL's host chooses; a rule of another host is named with it."""
    app = Flask(__name__, host_matching=True, static_folder=None)
    app.add_url_rule("/x", "x", lambda: "", host="a.example")
    assert "  Host     a.example" in answered(app, "GET https://a.example/x")
    assert "  a.example /x  GET  (x): it answers on the host 'a.example', not on 'localhost'" in refused(app, "/x")
    app.config["TRUSTED_HOSTS"] = ["a.example"]
    assert "TRUSTED_HOSTS does not list the host 'b.example'" in refused(app, "http://b.example/x")[0]


def test_a_url_adapter_of_ones_own(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that makes its own adapter is asked through it, also when it makes none."""
    monkeypatch.setattr(
        app, "create_url_adapter", lambda request: app.url_map.bind("b.example", "/root", path_info="/things")
    )
    assert answered(app, "/things")[0].endswith("to http://b.example/root/things/")
    monkeypatch.setattr(app, "create_url_adapter", lambda request: None)
    assert refused(app, "/leaf")[0] == "GET /leaf is refused (404)."
