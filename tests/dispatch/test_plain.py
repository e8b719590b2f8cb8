"""A response that nobody comes to see is not made; whoever could see it does, and no answer differs."""

from __future__ import annotations

import copy
import pickle
import typing as t
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import create_environ
from werkzeug.wrappers import Response as WerkzeugResponse

from flask import Flask, Response, after_this_request, request_finished, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.wrappers import _plain
from tests.gateways.raw import Answer, call

ORDINARY = Answer("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "4")], b"view")


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "k"
    app.add_url_rule("/", "index", lambda: "view")
    return app


def makes_none(app: Flask, method: str = "GET") -> bool:
    """Whether the app answers without making a response."""
    environ = create_environ("/", method=method)
    with app.request_context(environ) as context:
        response, sent = app._respond(context, environ)
    assert (response is None) is not (sent is None)
    return response is None


def mark(response: Response) -> Response:
    """What a function that sees a response may do with it."""
    response.headers["X-Seen"] = "yes"
    return response


def test_an_ordinary_answer_needs_no_response(app: Flask) -> None:
    """A text that no function, signal or session comes to see goes to the server as a response would send it."""
    assert makes_none(app)
    assert call(app) == ORDINARY
    app.view_functions["index"] = lambda: b"view"
    assert makes_none(app)
    assert call(app) == ORDINARY


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.binary() | st.just("x" * 5000))
def test_what_is_sent_is_what_responses_send(body: str | bytes) -> None:
    """Status, headers and body are those of our own response, and of Werkzeug's with the same type of content."""
    sent = _plain(body, 200, None)
    assert sent is not None
    status, headers, pieces = sent
    ours = call(Response(body))
    assert (status, headers, b"".join(pieces)) == ours
    assert ours == call(WerkzeugResponse(body, mimetype="text/html"))


@pytest.mark.parametrize(
    ("status", "needs_response"),
    [
        *[(200, False), (404, False), (201, False), (500, False), (418, False)],
        *[(204, True), (304, True), (100, True), (799, True), (0, True)],
        *[("404 NOT FOUND", True), (HTTPStatus.NOT_FOUND, True), (True, True), ({"X": "y"}, True), (None, True)],
    ],
)
def test_a_status_may_be_said(status: t.Any, needs_response: bool, app: Flask) -> None:
    """A known status with a body is sent as it is; every other second member of a tuple is a response's to take."""
    app.view_functions["index"] = lambda: ("view", status)
    assert makes_none(app) is not needs_response
    quick = call(app)
    app.after_request_funcs[None] = [lambda response: response]
    assert not makes_none(app)
    assert quick == call(app)


@pytest.mark.parametrize("result", [("a", 200, {}, 1), (None, 200), (1, 200), ()])
def test_what_is_no_result_is_an_error_of_the_app(result: t.Any, app: Flask) -> None:
    """A tuple of another form fails as ever, though its second member is a status."""
    app.view_functions["index"] = lambda: result
    app.testing = True
    with pytest.raises(TypeError, match="did not return a valid response"):
        call(app)


def test_the_headers_that_are_sent_are_the_servers_own() -> None:
    """A server may change the list that it is given; the next answer does not know of it."""
    for _ in range(2):
        sent = _plain("a", 200, None)
        assert sent is not None
        assert len(sent[1]) == 2
        sent[1].append(("X", "y"))


def test_head_is_answered_by_a_response(app: Flask) -> None:
    """The answer to HEAD has the length of the body and no body."""
    assert not makes_none(app, "HEAD")
    assert call(app, method="HEAD") == ORDINARY._replace(body=b"")


def test_a_text_that_cannot_be_encoded_is_sent_as_in_a_response(app: Flask) -> None:
    """A lone surrogate is replaced, whether or not a response is made for it."""
    app.view_functions["index"] = lambda: "\ud800"
    assert makes_none(app)
    answer = call(app)
    assert (answer.status, answer.body) == ("200 OK", "\ufffd".encode())
    assert ("Content-Length", "3") in answer.headers


@pytest.mark.parametrize("name", ["full_dispatch_request", "finalize_request", "make_response", "process_response"])
@pytest.mark.parametrize("where", ["class", "subclass", "instance", "while the view runs"])
def test_an_override_sees_the_response(name: str, where: str, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method of the app that is replaced, wherever and whenever, is called and may change the response."""
    stock = getattr(Flask, name)

    def override(self: Flask, *arguments: t.Any) -> Response:
        return mark(stock(self, *arguments))

    if where == "class":
        monkeypatch.setattr(Flask, name, override)
    elif where == "subclass":
        app = type("Own", (Flask,), {name: override})("own")
        app.add_url_rule("/", "index", lambda: "view")
    elif where == "instance":
        setattr(app, name, lambda *arguments: override(app, *arguments))
    elif name == "full_dispatch_request":
        return  # it runs already
    else:

        def view() -> str:
            setattr(app, name, lambda *arguments: override(app, *arguments))
            return "view"

        app.view_functions["index"] = view
    answer = call(app)
    assert (answer.body, answer.header("X-Seen")) == (b"view", "yes")


def test_functions_for_the_response_see_it(app: Flask) -> None:
    """Functions of `after_request` and `after_this_request` get it, though they came while the view ran."""

    def view() -> str:
        after_this_request(mark)
        return "view"

    app.view_functions["index"] = view
    assert call(app).header("X-Seen") == "yes"

    def other() -> str:
        app.after_request_funcs.setdefault(None, []).append(mark)
        return "view"

    app.view_functions["index"] = other
    assert call(app).header("X-Seen") == "yes"


def test_who_listens_to_request_finished_sees_it(app: Flask) -> None:
    """The signal comes with a response, and what is done to that is sent."""

    def listen(sender: Flask, response: Response) -> None:
        mark(response)

    with request_finished.connected_to(listen, app):
        assert call(app).header("X-Seen") == "yes"
    assert makes_none(app)


def test_a_session_is_saved_to_a_response(app: Flask) -> None:
    """A session that was opened, or that a cookie may have to be refreshed for, gets a response to be saved to."""

    def view() -> str:
        session["a"] = 1
        session.permanent = True
        return "view"

    app.view_functions["index"] = view
    cookie = call(app).header("Set-Cookie")
    assert cookie is not None
    app.view_functions["index"] = lambda: "view"
    value = cookie.partition(";")[0]
    refreshed = call(app, headers={"Cookie": value})
    assert str(refreshed.header("Set-Cookie")).startswith(value[:20])
    assert refreshed.header("Vary") == "Cookie"
    assert call(app, headers={"Cookie": "session=forged"}) == ORDINARY


def test_an_interface_of_ones_own_gets_a_response(app: Flask) -> None:
    """Whoever saves sessions his own way is called with the response."""

    class Interface(SecureCookieSessionInterface):
        def save_session(self, app: Flask, session: t.Any, response: Response) -> None:
            mark(response)

    app.session_interface = Interface()
    assert call(app).header("X-Seen") == "yes"


def test_a_session_class_that_is_always_modified_is_saved(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The class of sessions is looked up at each request, on the default interface too."""

    class Marked(SecureCookieSession):
        accessed = True

    assert makes_none(app)
    monkeypatch.setattr(app.session_interface, "session_class", Marked)
    assert call(app).header("Vary") == "Cookie"


def test_a_class_of_responses_of_ones_own_is_made(app: Flask) -> None:
    """`response_class` is called, whatever it does."""

    class Own(Response):
        default_mimetype = "text/plain"

    app.response_class = Own
    assert call(app).header("Content-Type") == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("default_mimetype", "text/plain"),
        ("default_mimetype", "x/unknown"),
        ("default_mimetype", None),
        ("default_status", 201),
        ("automatically_set_content_length", False),
        ("direct_passthrough", True),
    ],
)
def test_what_is_set_on_the_class_of_responses_holds(
    name: str, value: object, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attributes that a constructor reads are read at each request."""
    assert call(app) == ORDINARY
    monkeypatch.setattr(Response, name, value)
    werkzeugs = type("Twin", (WerkzeugResponse,), {"default_mimetype": "text/html", name: value})
    assert call(app) == call(werkzeugs("view"))


@pytest.mark.parametrize(
    "name",
    [
        *("__init__", "__call__", "__setattr__", "set_data", "get_wsgi_response", "get_wsgi_headers"),
        *("get_app_iter", "iter_encoded", "close"),
    ],
)
def test_a_step_that_is_replaced_in_the_class_is_gone_through(
    name: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tracers replace methods of `Response` while an app runs; each is called then, and not when it is put back."""
    stock, told = getattr(Response, name), []

    def step(self: Response, *arguments: t.Any, **named: t.Any) -> t.Any:
        told.append(name)
        return stock(self, *arguments, **named)

    assert makes_none(app)
    with monkeypatch.context() as patch:
        patch.setattr(Response, name, step)
        assert call(app) == ORDINARY
        assert told
    assert makes_none(app)


@pytest.mark.parametrize("keep", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_response_that_a_cache_keeps_is_no_patch(keep: t.Callable[[Response], object], app: Flask) -> None:
    """Python writes to the class of what is copied or pickled; ordinary answers need no response after it either."""
    keep(Response("kept"))
    assert makes_none(app)
    assert call(app) == ORDINARY


def test_a_context_that_the_view_left_behind_is_the_one_to_ask(app: Flask) -> None:
    """Functions for the response are those of the context on top, also when it is not the request's own."""
    left, seen = app.test_request_context("/"), []

    def view() -> str:
        left.push()
        after_this_request(lambda response: (seen.append(response), response)[1])
        return "view"

    app.view_functions["index"] = view
    with pytest.raises(AssertionError, match="wrong request context"):
        call(app)
    assert seen


def test_a_context_of_ones_own_is_served(app: Flask) -> None:
    """`request_context` may give a context of another class."""
    kind = type(app.request_context(create_environ("/")))
    own = type("Own", (kind,), {})
    app.request_context = lambda environ: own(app, environ)  # type: ignore[method-assign]
    assert call(app) == ORDINARY


def test_what_a_dispatch_of_ones_own_returns_is_called(app: Flask) -> None:
    """A tuple from an override is no response, and is not mistaken for what would be sent."""
    app.full_dispatch_request = lambda: ("200 OK", [], (b"",))  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(TypeError, match="'tuple' object is not callable"):
        call(app)


# ---- data


class Telling:
    """Does something while it is written as JSON."""

    def __init__(self, act: t.Callable[[], object]) -> None:
        self.act = act

    def __html__(self) -> str:
        self.act()
        return "told"


@pytest.mark.parametrize("data", [{"b": [1], "a": "é"}, [], {}, ["x" * 5000]])
def test_data_needs_no_response_either(data: t.Any, app: Flask) -> None:
    """A dict or list that nobody comes to see goes to the server as the provider's response would send it."""
    app.view_functions["index"] = lambda: data
    assert makes_none(app)
    with app.test_request_context():
        expected = call(app.json.response(data))
    assert call(app) == expected
    app.json.mimetype = "application/vnd.api+json"
    assert not makes_none(app)
    assert call(app) == expected._replace(
        headers=[("Content-Type", "application/vnd.api+json"), ("Content-Length", str(len(expected.body)))]
    )


@pytest.mark.parametrize("seen", ["after", "session", "signal", "context"])
def test_what_data_does_while_it_is_written_counts(seen: str, app: Flask) -> None:
    """Values may register a function or open the session as they are written, once, and the response is made then."""
    told: list[str] = []
    left = app.test_request_context("/")
    acts: dict[str, t.Callable[[], object]] = {
        "after": lambda: after_this_request(mark),
        "session": lambda: session.update(a=1),
        "signal": lambda: request_finished.connect(listen, app),
        "context": left.push,
    }

    def listen(sender: Flask, response: Response) -> None:
        mark(response)

    def act() -> None:
        told.append(seen)
        acts[seen]()

    app.view_functions["index"] = lambda: {"a": Telling(act)}
    app.testing = True
    if seen == "context":
        with pytest.raises(AssertionError, match="wrong request context"):
            call(app)
    else:
        answer = call(app)
        assert answer.body == b'{"a":"told"}\n'
        assert answer.header("Content-Type") == "application/json"
        assert answer.header("Set-Cookie" if seen == "session" else "X-Seen")
    assert told == [seen]


def test_a_function_for_the_response_sees_that_of_data(app: Flask) -> None:
    """The functions get the response that the provider would have made."""
    app.view_functions["index"] = lambda: {"a": 1}
    app.after_request(mark)
    answer = call(app)
    assert (answer.body, answer.header("Content-Type"), answer.header("X-Seen")) == (
        b'{"a":1}\n',
        "application/json",
        "yes",
    )


def test_data_that_cannot_be_written_is_an_error_of_the_app(app: Flask) -> None:
    """What JSON has no form for fails inside of the app, which answers 500; in debug mode it is explained."""
    app.view_functions["index"] = lambda: {"a": object()}
    assert call(app).status == "500 INTERNAL SERVER ERROR"
    app.testing = True
    for app.debug in (False, True):
        with pytest.raises(TypeError, match="not JSON serializable"):
            call(app)


def test_a_constructor_of_ones_own_is_given_the_text(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replaced constructor of the class of responses is called as the provider calls it."""
    stock = Response.__init__

    def init(self: Response, response: t.Any, **named: t.Any) -> None:
        stock(self, response, status=201, **named)

    app.view_functions["index"] = lambda: {"a": 1}
    monkeypatch.setattr(Response, "__init__", init)
    answer = call(app)
    assert (answer.status, answer.body) == ("201 CREATED", b'{"a":1}\n')
