from __future__ import annotations

import importlib.metadata
import io

import click
import pytest
import werkzeug.test
from werkzeug.wrappers import Request as WerkzeugRequest

import flask
from flask import Flask, current_app, g, has_app_context, has_request_context, request, session
from flask.cli import ScriptInfo
from flask.sessions import SecureCookieSessionInterface
from flask.testing import EnvironBuilder, FlaskClient, FlaskCliRunner


@pytest.fixture
def app():
    app = Flask("json", static_folder=None)
    app.secret_key = "test"
    app.testing = True

    @app.route("/", methods=["GET", "POST"])
    @app.route("/<path:below>", methods=["GET", "POST"])
    def seen(below=""):
        g.seen = request.path
        return {
            "url": request.url,
            "method": request.method,
            "agent": request.headers.get("User-Agent"),
            "address": request.remote_addr,
            "own": request.environ.get("own.key"),
            "session": dict(session),
            "body": request.get_data(as_text=True),
        }

    @app.route("/count")
    def count():
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    @app.route("/away")
    def away():
        return flask.redirect("/arrived")

    @app.route("/wrong")
    def wrong():
        raise ValueError("wrong")

    return app


@pytest.fixture
def client(app):
    return app.test_client()


# ---- EnvironBuilder


@pytest.mark.parametrize(
    ("arguments", "options", "url"),
    [
        ((), {}, "http://localhost/"),
        (("/a?b=c",), {}, "http://localhost/a?b=c"),
        (("/a",), {"subdomain": "sub"}, "http://sub.localhost/a"),
        (("/a",), {"url_scheme": "https"}, "https://localhost/a"),
        (("/a", "https://other:81/root"), {}, "https://other:81/root/a"),
        (("/a", None, "sub", "https"), {}, "https://sub.localhost/a"),
        (("https://other/a?b=c",), {}, "https://other/a?b=c"),
        (("//other/a",), {}, "http://other/a"),
        (("/a#part",), {}, "http://localhost/a"),
        (("/a?",), {}, "http://localhost/a"),
        (("/a",), {"query_string": {"b": "c d"}}, "http://localhost/a?b=c+d"),
    ],
)
def test_where_a_request_goes(app, arguments, options, url):
    """A path is below the app's place, a whole URL says its own, and further arguments are Werkzeug's."""
    assert EnvironBuilder(app, *arguments, **options).get_request().url == url


@pytest.mark.parametrize(
    ("path", "options", "url"),
    [
        ("/a", {}, "https://example.com:81/root/a"),
        ("/a", {"subdomain": "sub"}, "https://sub.example.com:81/root/a"),
        ("/a", {"url_scheme": "http"}, "http://example.com:81/root/a"),
        ("http://other/a", {}, "http://other/root/a"),
        ("/a", {"base_url": "http://other/b"}, "http://other/b/a"),
    ],
)
def test_settings_say_where_the_app_is(app, path, options, url):
    """Server name, root and scheme of the config hold where the arguments say nothing."""
    app.config.update(SERVER_NAME="example.com:81", APPLICATION_ROOT="/root", PREFERRED_URL_SCHEME="https")
    assert EnvironBuilder(app, path, **options).get_request().url == url


@pytest.mark.parametrize("options", [{"subdomain": "a"}, {"url_scheme": "https"}])
def test_a_base_url_says_everything(app, options):
    """With a base URL there is no place for a subdomain or a scheme."""
    with pytest.raises(AssertionError, match='"subdomain" or "url_scheme" with "base_url"'):
        EnvironBuilder(app, "/", "http://localhost", **options)


def test_a_json_body_is_made_by_the_app(app):
    """`json=` is serialised by `app.json`, so with its settings and types."""
    app.json.sort_keys = False
    app.json.default = lambda value: "known"
    builder = EnvironBuilder(app, json={"b": object(), "a": 1})
    assert builder.input_stream.read() == b'{"b": "known", "a": 1}'
    assert builder.content_type == "application/json"
    assert builder.json_dumps({"b": 1, "a": 2}) == '{"b": 1, "a": 2}'


@pytest.mark.parametrize("path", [b"/a", None])
def test_a_path_is_text(app, path):
    """Anything else is refused."""
    with pytest.raises(TypeError):
        EnvironBuilder(app, path)


# ---- FlaskClient: requests


def test_each_request_starts_from_the_clients_environ(client):
    """The client says that it is Werkzeug, on this machine; `environ_base` changes it for all, arguments for one."""
    agent = f"Werkzeug/{importlib.metadata.version('werkzeug')}"
    assert client.environ_base == {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": agent}
    client.environ_base["REMOTE_ADDR"] = "9.9.9.9"
    seen = client.get("/").json
    assert (seen["agent"], seen["address"]) == (agent, "9.9.9.9")
    seen = client.get("/", environ_base={"REMOTE_ADDR": "1.1.1.1"}, headers={"User-Agent": "mine"}).json
    assert (seen["agent"], seen["address"]) == ("mine", "1.1.1.1")
    assert client.environ_base["REMOTE_ADDR"] == "9.9.9.9"


def test_a_builder_may_be_opened_again(client):
    """A builder is opened with what it says, over the client's environ, and stays as it was."""
    builder = werkzeug.test.EnvironBuilder("/b?c=d", environ_base={"own.key": 1})
    for _ in range(2):
        seen = client.open(builder).json
        assert (seen["url"], seen["own"], seen["address"]) == ("http://localhost/b?c=d", 1, "127.0.0.1")
    assert builder.environ_base == {"own.key": 1}


def test_an_environ_may_be_opened(client):
    """Of an environment what makes the request is taken: URL, method, headers, body; the rest is the client's."""
    environ = werkzeug.test.create_environ(
        "/b",
        method="POST",
        data="body",
        headers={"User-Agent": "mine"},
        environ_base={"own.key": 1, "REMOTE_ADDR": "1"},
    )
    before = set(environ)
    seen = client.open(environ).json
    assert seen == {
        "url": "http://localhost/b",
        "method": "POST",
        "agent": "mine",
        "address": "127.0.0.1",
        "own": None,
        "session": {},
        "body": "body",
    }
    assert set(environ) == before


def test_a_request_may_be_opened(client):
    """A request is sent with its whole environment, and stays as it was."""
    made = WerkzeugRequest(werkzeug.test.create_environ("/b", environ_base={"own.key": 1, "REMOTE_ADDR": "1"}))
    environ = made.environ
    seen = client.open(made).json
    assert (seen["own"], seen["address"]) == (1, "1")
    assert made.environ is environ
    assert "werkzeug.debug.preserve_context" not in environ


def test_a_response_reads_json_by_the_app(app, client):
    """`response.json` goes through the provider of the app."""
    app.json.loads = lambda text, **options: "read by the app"
    assert client.get("/").json == "read by the app"


def test_redirects_are_followed_on_request(client):
    """The last response is given, with those on the way in its history."""
    assert client.get("/away").status_code == 302
    response = client.get("/away", follow_redirects=True)
    assert response.json["url"] == "http://localhost/arrived"
    assert [passed.status_code for passed in response.history] == [302]


def test_arguments_reach_the_builder(app):
    """A subclass's `open` sees the arguments of each call, and may change them."""

    class Client(FlaskClient):
        def __init__(self, *args, token, **kwargs):
            super().__init__(*args, **kwargs)
            self.token = token

        def open(self, *args, **kwargs):
            kwargs.setdefault("headers", {"User-Agent": self.token})
            return super().open(*args, **kwargs)

    app.test_client_class = Client
    assert app.test_client(token="t").post("/", data={"a": "b"}).json["agent"] == "t"
    with pytest.raises(TypeError, match="unknown"):
        app.test_client(token="t").get("/", unknown=1)


# ---- FlaskClient: contexts that stay


def test_contexts_stay_for_the_block(client):
    """Within `with` the last request's contexts are current, until the next request; after it there are none."""
    with client:
        client.get("/a")
        assert (request.path, g.seen, current_app._get_current_object()) == ("/a", "/a", client.application)
        first = request._get_current_object()
        client.get("/b")
        assert (request.path, g.seen) == ("/b", "/b")
        assert request._get_current_object() is not first
    assert not has_request_context()
    assert not has_app_context()


def test_without_a_block_nothing_stays(client):
    """A request outside of `with` leaves no context."""
    client.get("/a")
    assert not has_request_context()
    assert client._new_contexts == []


def test_blocks_do_not_nest(client):
    """A client in its block cannot enter another; after the block it can."""
    with client, pytest.raises(RuntimeError, match="Cannot nest client invocations"):
        client.__enter__()
    with client:
        assert client.preserve_context
    assert not client.preserve_context


def test_clients_blocks_nest_in_each_other(app):
    """Two clients may be in their blocks at once: the inner one's request is current, then the outer one's."""
    with app.test_client() as outer:
        outer.get("/outer")
        with app.test_client() as inner:
            inner.get("/inner")
            assert request.path == "/inner"
        assert request.path == "/outer"


def test_teardown_waits_for_the_block(app, client):
    """Functions for the end of the request run when its contexts really end."""
    torn = []
    app.teardown_request(lambda error: torn.append(("request", request.path)))
    app.teardown_appcontext(lambda error: torn.append("app"))
    with client:
        client.get("/a")
        during = list(torn)
        client.get("/b")
    assert torn.count("app") >= 2
    assert ("request", "/b") in torn
    assert ("request", "/b") not in during


def test_an_error_goes_through_the_block(client):
    """An error of the view comes out in the test, and leaves no context behind."""
    with client, pytest.raises(ValueError, match="wrong"):
        client.get("/wrong")
    assert not has_request_context()


def test_redirects_within_a_block_end_at_the_last(client):
    """After following redirects the last request is current."""
    with client:
        client.get("/away", follow_redirects=True)
        assert request.path == "/arrived"
    assert not has_request_context()


def test_whatever_the_app_hands_over_is_entered_in_order(app):
    """The app is given a function for contexts: they are entered in the order of the calls, and left in the other."""
    told = []

    class Context:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            told.append(f"enter {self.name}")

        def __exit__(self, *error):
            told.append(f"exit {self.name}")

    def serve(environ, start_response):
        for name in "ab":
            environ["werkzeug.debug.preserve_context"](Context(name))
        start_response("200 OK", [])
        return []

    app.wsgi_app = serve
    client = FlaskClient(app)
    with client:
        client.get("/")
        told.append("next")
        client.get("/")
    assert told == ["enter a", "enter b", "next", "exit b", "exit a", "enter a", "enter b", "exit b", "exit a"]


# ---- session_transaction


def test_a_session_can_be_prepared(client):
    """What is put into the session in the block is there in the next request, and the other way round."""
    with client.session_transaction() as prepared:
        assert not has_request_context()
        prepared["count"] = 5
    assert client.get("/count").text == "6"
    with client.session_transaction() as after:
        assert after == {"count": 6}


def test_a_session_belongs_to_a_url(client):
    """The arguments are a request's: another host has another session."""
    with client.session_transaction("/", base_url="http://other") as prepared:
        prepared["count"] = 5
    assert client.get("/count").text == "1"
    assert client.get("/count", base_url="http://other").text == "6"


def test_an_error_in_the_block_saves_nothing(client):
    """The session stays as it was."""

    def prepare():
        with client.session_transaction() as prepared:
            prepared["count"] = 5
            raise KeyError

    with pytest.raises(KeyError):
        prepare()
    assert client.get("/count").text == "1"


def test_a_transaction_leaves_the_preserved_request_alone(client):
    """Within a client's block the last request stays current before, in and after the transaction."""
    with client:
        client.get("/a")
        with client.session_transaction() as prepared:
            prepared["x"] = 1
            assert request.path == "/a"
        assert request.path == "/a"
        assert session == {}
        client.get("/b")
        assert session == {"x": 1}


def test_a_client_without_cookies_has_no_session(app):
    """It says how to make one that has."""
    with (
        pytest.raises(TypeError, match="use_cookies=True"),
        app.test_client(use_cookies=False).session_transaction(),
    ):
        pass


def test_a_backend_may_open_no_session(app, client):
    """Without a secret key there is no session to prepare."""
    app.secret_key = None
    with pytest.raises(RuntimeError, match="did not open a session"), client.session_transaction():
        pass


def test_a_null_session_is_not_saved(app, client):
    """What the interface calls a null session can be looked at, and is left alone."""

    class Interface(SecureCookieSessionInterface):
        def open_session(self, app, request):
            return self.make_null_session(app)

        def save_session(self, app, session, response):
            raise AssertionError("saved")

    app.session_interface = Interface()
    with client.session_transaction() as nothing:
        assert dict(nothing) == {}


# ---- FlaskCliRunner


@pytest.fixture
def commanded(app):
    @app.cli.command("hello")
    @click.option("--name", default="nobody")
    def hello(name):
        click.echo(f"hello {name} of {current_app.name}")

    return app


def test_commands_of_the_app_are_run(commanded):
    """By default the arguments name a command of `app.cli`, which finds the app."""
    runner = commanded.test_cli_runner()
    assert runner.invoke(args=["hello"]).output == "hello nobody of json\n"
    assert runner.invoke(args=["hello", "--name", "you"]).output == "hello you of json\n"
    unknown = runner.invoke(args=["unknown"])
    assert unknown.exit_code == 2
    assert "No such command" in unknown.output


def test_a_single_command_is_run(commanded):
    """A command object may be given, with its own arguments."""
    runner = commanded.test_cli_runner()
    hello = commanded.cli.commands["hello"]
    assert runner.invoke(hello, ["--name", "me"]).output == "hello me of json\n"


def test_the_command_gets_a_script_info_unless_told_otherwise(app):
    """The object of Click's context loads this very app; `obj=` gives another."""

    @click.command()
    @click.pass_obj
    def show(obj):
        click.echo(str(isinstance(obj, ScriptInfo) and obj.load_app() is app))

    assert app.test_cli_runner().invoke(show).output == "True\n"
    assert app.test_cli_runner().invoke(show, obj=5).output == "False\n"


def test_a_runner_takes_clicks_options(app):
    """Options for the runner go to Click, and the class of the app's runner can be chosen."""

    class Runner(FlaskCliRunner):
        pass

    app.test_cli_runner_class = Runner
    runner = app.test_cli_runner(env={"A": "b"}, echo_stdin=True)
    assert isinstance(runner, Runner)
    assert (runner.app, runner.env, runner.echo_stdin) == (app, {"A": "b"}, True)


def test_files_are_sent(app, client):
    """A file in `data` makes a multipart form."""
    app.view_functions["seen"] = lambda below="": request.files["f"].read()
    assert client.post("/", data={"f": (io.BytesIO(b"content"), "name.txt")}).data == b"content"
