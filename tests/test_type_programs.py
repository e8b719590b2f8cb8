"""The programs of tests/type_programs run, and do what they say; that their types hold, `make types` shows."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path

import pytest

from flask import Flask, signals

FOLDER = Path(__file__).parent / "type_programs"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py"))


def program(name):
    """A program, as Python imports it."""
    return importlib.import_module(f"tests.type_programs.{name}")


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_left():
    """Apps end, and receivers of signals hear no other test's requests."""
    yield
    for name in PROGRAMS:
        app = getattr(program(name), "app", None)
        if app is not None:
            app.shutdown()
    decorators, larger = program("decorators"), program("larger")
    signals.request_started.disconnect(decorators.started)
    signals.request_started.disconnect(larger.started)
    signals.request_finished.disconnect(decorators.finished)
    signals.template_rendered.disconnect(larger.heard)


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_has_a_test_here(name):
    """A program that nobody runs is not one."""
    assert f"test_{name}" in globals()


def test_application():
    """Its own test holds, and so do its results."""
    application = program("application")
    client = application.app.test_client()
    assert client.get("/object").json == {"id": 1, "tags": ["a"]}
    assert client.post("/pair").status_code == 201
    assert client.get("/stream").text == "/stream"
    assert client.get("/async").text == "1"
    application.test_typed()


def test_asynchronous():
    """Views, streams and an upload of both colours answer."""
    client = program("asynchronous").app.test_client()
    assert [client.get(path).text for path in ("/", "/lines", "/bytes", "/decorated")] == [
        "text",
        "/lines",
        "piece",
        "/decorated",
    ]
    assert client.post("/upload", data=b"12345").json == {"size": 5}


def test_classes():
    """The classes of one's own are what the proxies stand for."""
    classes = program("classes")
    assert classes.visits(classes.app.test_client()) == ["Ada: 1.00 USD 1 [1]", "2.50 EUR"]
    with classes.app.test_request_context("/price/1"):
        assert type(classes.g._get_current_object()) is classes.ShopGlobals
        assert "user" not in classes.g
        assert classes.g.queries == 0
        with pytest.raises(AttributeError, match="user"):
            _ = classes.g.user
    app = Flask("plain")
    app.config.update(TESTING=True, SECRET_KEY="dev")
    with app.test_request_context():
        classes.plain()


def test_decorators():
    """What the decorators registered is asked for, on the app and on the blueprint."""
    decorators = program("decorators")
    client = decorators.app.test_client()
    for prefix in ("", "/pages"):
        assert client.get(f"{prefix}/route/1").text == "1x"
        assert client.post(f"{prefix}/post").json == {"page": 1}
        assert client.get(f"{prefix}/async/Ada").json == ["Ada"]
        assert client.get(f"{prefix}/lambda").text == "hello"
    assert client.get("/within").text == "2 /within"
    assert client.get("/missing").text == "Not Found"
    assert decorators.heard[-2:] == ["started", "404 NOT FOUND"]
    assert decorators.app.test_cli_runner().invoke(args=["count", "2"]).output == "3\n"


def test_events():
    """An answer of each kind of event."""
    answer = program("events").app.test_client().get("/mixed")
    assert answer.text.startswith("data: text\n\ndata: {")
    assert answer.headers["X-Own"] == "1"


def test_extending():
    """What extensions do is done."""
    extending = program("extending")
    app = extending.create_app()
    assert app.test_client().get("/greet").text == "<b>Hallo Bob</b>"
    assert app.test_client().get("/pages/later/so-far").json == ["so far"]
    assert extending.tested(app) == {"made": "yes"}
    assert "/pages/page/<name>" in extending.read(app)[1]
    with app.test_request_context():
        sent = extending.sent(app)
        assert [response.status_code for response in sent] == [200] * 10
        for response in sent:
            response.close()
    extending.contexts(app)


def test_larger():
    """A factory with everything assigned, a view of one's own and a command."""
    larger = program("larger")
    app = larger.create_app("tests.type_programs.settings")
    client = app.test_client()
    assert client.get("/admin/pages/Ada?page=1", base_url="http://www.localhost").status_code == 404
    assert isinstance(client, larger.Client)
    assert app.json.dumps({"a"}) == "{'a'}"


def test_returned():
    """Whatever a view may return is answered."""
    app = program("returned").app
    client = app.test_client()
    paths = [
        rule.rule.replace("<int:number>", "1") for rule in app.url_map.iter_rules() if not rule.arguments - {"number"}
    ]
    answers = {path: client.get(path) for path in paths}
    assert [path for path, answer in answers.items() if answer.status_code >= 500] == []
    assert answers["/typed-dict"].json == {"title": "Ada", "stars": 5}
    assert answers["/books"].json == [{"title": "Frankenstein"}]
    assert answers["/generator"].text == answers["/async-iterator"].text == "ab"
    assert answers["/machine"].text == "machine"
    assert answers["/enum"].status_code == 201
    assert answers["/many-headers"].headers.getlist("X-A") == ["b", "c"]
    with app.test_request_context():
        assert [made().status_code for made in program("returned").made] == [200, 200, 200, 404, 404, 200]


def test_serving():
    """Its tests, of both colours."""
    serving = program("serving")
    serving.test_synchronously()
    asyncio.run(serving.test_asynchronously())


def test_settings():
    """Settings are what they are typed as, copies are dicts, and one's own have their converters."""
    client = program("settings").app.test_client()
    assert client.get("/settings").json == {
        "size": 3,
        "copies": 5,
        "named": ["SHOP_CURRENCY", "SHOP_LOCALE", "SHOP_OWNER", "SHOP_ROUNDING", "SHOP_SIZE"],
    }
    assert client.get("/own").json == [True, "EUR", 2]


def test_sockets():
    """An echo of both colours."""
    client = program("sockets").app.test_client()
    client.set_cookie("seen", "1")
    with client.websocket("/echo") as socket:
        socket.send("text")
        assert socket.receive(timeout=5) == "text"
