from __future__ import annotations

import copy
import gc
import io
import pickle
import typing as t
import weakref

import pytest
import werkzeug.wrappers
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.test import create_environ

import flask
from flask import Flask, Request, Response
from tests.gateways.raw import Answer, call


def answer(response: t.Any, method: str = "GET") -> Answer:
    """What a response alone answers as a WSGI application."""
    return call(response, method=method)


def serving(view: t.Callable[[], t.Any], **classes: t.Any) -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", "index", view, methods=["GET", "POST"])
    for name, value in classes.items():
        setattr(app, name, value)
    return app


class TestRequest:
    def test_it_has_what_werkzeugs_has(self) -> None:
        """Every value that Werkzeug's constructor computes is there, and the same, when it is asked for."""
        options: dict[str, t.Any] = {
            "path": "/é/b",
            "query_string": "a=1&b=ü",
            "base_url": "https://example.org:8443/mount",
            "environ_base": {"REMOTE_ADDR": "192.0.2.1"},
            "headers": {"X-One": "1", "Cookie": "a=b"},
        }
        theirs = werkzeug.wrappers.Request(create_environ(**options))
        ours = Request(create_environ(**options))
        for name in (
            *("scheme", "server", "root_path", "path", "query_string", "remote_addr", "method", "shallow", "url"),
            *("full_path", "base_url", "root_url", "host", "script_root", "args", "cookies", "is_secure", "host_url"),
        ):
            assert getattr(ours, name) == getattr(theirs, name), name
        assert list(ours.headers) == list(theirs.headers)

    @pytest.mark.parametrize("missing", ["SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"])
    def test_an_environment_may_lack_a_name(self, missing: str) -> None:
        """What a server left out of the environment reads as in Werkzeug."""
        environ = create_environ("/path", query_string="q=1")
        del environ[missing]
        theirs, ours = werkzeug.wrappers.Request(dict(environ)), Request(dict(environ))
        for name in ("server", "root_path", "path", "query_string"):
            assert getattr(ours, name) == getattr(theirs, name)

    def test_a_derived_value_can_be_assigned_and_stays(self) -> None:
        """What is assigned wins over what would be derived; what was derived once is the same object after."""
        request = Request(create_environ("/derived"))
        assert request.headers is request.headers
        request.path = "/assigned"
        assert request.path == "/assigned"

    def test_a_subclass_may_override_what_is_derived(self) -> None:
        """A property of a subclass is given the value that Werkzeug's constructor would assign to it."""

        class Prefixed(Request):
            @property
            def path(self) -> str:  # type: ignore[override]
                return "/prefix" + self.own_path

            @path.setter
            def path(self, value: str) -> None:
                self.own_path = value

        class Deeper(Prefixed):
            scheme = "gopher"

        app = serving(lambda: f"{flask.request.path} {flask.request.scheme}", request_class=Deeper)
        assert call(app).body == b"/prefix/ gopher"

    def test_a_class_with_a_werkzeug_request_first(self) -> None:
        """A request class whose first base is a Werkzeug Request of its own kind works."""

        class Foreign(werkzeug.wrappers.Request):
            max_form_memory_size = 7

        class Both(Foreign, Request):
            pass

        app = serving(lambda: [flask.request.endpoint, flask.request.max_form_memory_size], request_class=Both)
        assert call(app).body == b'["index",7]\n'

    def test_the_environment_knows_its_request_unless_shallow(self) -> None:
        """`environ["werkzeug.request"]` is the request, and is untouched by a shallow one."""
        environ = create_environ()
        assert Request(environ) is environ["werkzeug.request"]
        for options in ({"shallow": True}, {"populate_request": False}):
            environ = create_environ()
            Request(environ, **options)
            assert "werkzeug.request" not in environ

    def test_parsed_files_are_closed_at_the_end(self) -> None:
        """Uploaded files that a view looked at are closed when the request ends."""
        kept: list[FileStorage] = []

        def view() -> str:
            kept.append(flask.request.files["f"])
            return str(kept[0].closed)

        answered = call(serving(view), method="POST", data={"f": (io.BytesIO(b"data"), "f.txt")})
        assert answered.body == b"False"
        assert kept[0].closed

    @pytest.mark.parametrize("way", ["assigned", "parsed by a subclass"])
    def test_other_files_are_closed_too(self, way: str) -> None:
        """Files that came to a request in another way than by Werkzeug's parser are closed as well."""
        file = FileStorage(io.BytesIO(b"data"))
        files = MultiDict([("f", file)])

        class OwnParser(Request):
            def _load_form_data(self) -> None:
                self.__dict__.update(form=MultiDict(), files=files, stream=io.BytesIO())

        def view() -> str:
            if way == "assigned":
                flask.request.files = files  # type: ignore[misc, assignment]
            return str(len(flask.request.files))

        app = serving(view, request_class=Request if way == "assigned" else OwnParser)
        assert call(app, method="POST").body == b"1"
        assert file.closed

    def test_a_close_of_ones_own_is_called(self) -> None:
        """A request class's `close` runs once, after the teardown functions."""
        told: list[str] = []

        class Closing(Request):
            def close(self) -> None:
                told.append("closed")
                super().close()

        app = serving(lambda: "", request_class=Closing)
        app.teardown_request(lambda error: told.append("torn down"))
        call(app)
        assert told == ["torn down", "closed"]

    @pytest.mark.parametrize(
        ("name", "setting"),
        [
            ("max_content_length", "MAX_CONTENT_LENGTH"),
            ("max_form_memory_size", "MAX_FORM_MEMORY_SIZE"),
            ("max_form_parts", "MAX_FORM_PARTS"),
        ],
    )
    def test_limits_are_the_apps_until_assigned(self, name: str, setting: str) -> None:
        """A limit is the app's setting, read live, until one is assigned for this request; else Werkzeug's."""
        assert getattr(Request(create_environ()), name) == getattr(werkzeug.wrappers.Request(create_environ()), name)
        app = Flask(__name__)
        with app.test_request_context():
            app.config[setting] = 11
            assert getattr(flask.request, name) == 11
            setattr(flask.request, name, 12)
            assert getattr(flask.request, name) == 12

    def test_nothing_matched_reads_as_nothing(self) -> None:
        """Before matching, and where nothing matched, there is no endpoint, blueprint, rule or view argument."""
        request = Request(create_environ())
        assert (request.endpoint, request.blueprint, request.blueprints) == (None, None, [])
        assert (request.url_rule, request.view_args, request.routing_exception) == (None, None, None)


class TestResponse:
    @pytest.mark.parametrize(
        "arguments",
        [
            {},
            {"response": "text"},
            {"response": "é"},
            {"response": b"bytes"},
            {"response": bytearray(b"bytes")},
            {"response": ["a", "b"]},
            {"response": "x", "status": 201},
            {"response": "x", "status": "201 Made"},
            {"response": "x", "status": 204},
            {"response": "x", "status": 304},
            {"response": "x", "status": 299},
            {"response": "x", "status": 999},
            {"response": "x", "mimetype": "application/json"},
            {"response": "x", "mimetype": "image/png"},
            {"response": "x", "mimetype": ""},
            {"response": "x", "content_type": "a/b"},
            {"response": "x", "headers": {"X-A": "1"}},
            {"response": "x", "headers": {"Content-Type": "a/b"}},
            {"response": "x", "direct_passthrough": True},
            {"response": "x" * 5000},
        ],
        ids=lambda arguments: " ".join(f"{name}={str(value)[:12]}" for name, value in arguments.items()),
    )
    def test_it_answers_as_werkzeugs(self, arguments: dict[str, t.Any]) -> None:
        """Whichever way it was made, a response answers as Werkzeug's from the same arguments."""

        class Theirs(werkzeug.wrappers.Response):
            default_mimetype = "text/html"
            autocorrect_location_header = False

        theirs, ours = Theirs(**arguments), Response(**arguments)
        for method in ("GET", "HEAD"):
            assert answer(ours, method) == answer(theirs, method)
        assert (ours.status, ours.status_code) == (theirs.status, theirs.status_code)
        assert list(ours.headers) == list(theirs.headers)
        assert vars(ours.headers).keys() >= vars(theirs.headers).keys()

    def test_its_headers_are_werkzeugs_very_class(self) -> None:
        """Headers compare, print and are copied as Werkzeug's; a copy is one."""
        response = Response("x")
        copied = response.headers.copy()
        assert copied == response.headers == Headers(list(response.headers))
        assert repr(response.headers).startswith("Headers([")
        copied["X-Copy"] = "1"
        joined = response.headers | {"X-Joined": "1"}
        assert "X-Copy" not in response.headers
        assert "X-Joined" not in response.headers
        assert "X-Joined" in joined

    @pytest.mark.parametrize("way", [copy.deepcopy, lambda response: pickle.loads(pickle.dumps(response))])
    def test_a_deep_copy_stands_alone(self, way: t.Callable[[Response], Response]) -> None:
        """A response that was copied or pickled answers the same, and changes alone."""
        response = Response("x", 201)
        response.headers["X-Before"] = "1"
        twin = way(response)
        assert answer(twin) == answer(response)
        twin.headers["X-After"] = "1"
        assert answer(twin).header("X-After") == "1"
        assert answer(response).header("X-After") is None

    def test_it_can_be_sent_twice(self) -> None:
        """What a server does with the list of headers changes nothing for the next who is sent the same response."""
        response = Response("x")
        response(create_environ(), lambda status, headers: headers.clear())  # type: ignore[arg-type, func-returns-value, return-value]
        assert answer(response).header("Content-Length") == "1"

    @pytest.mark.parametrize(
        ("change", "status", "headers", "body"),
        [
            (lambda r: r.set_data("longer"), "200 OK", {"Content-Length": "6"}, b"longer"),
            (lambda r: r.headers.pop("Content-Length"), "200 OK", {"Content-Length": "1"}, b"x"),
            (lambda r: setattr(r, "status", 204), "204 NO CONTENT", {"Content-Length": None}, b""),
            (lambda r: setattr(r, "status_code", 404), "404 NOT FOUND", {}, b"x"),
            (lambda r: setattr(r, "headers", Headers({"X-New": "1"})), "200 OK", {"X-New": "1"}, b"x"),
            (lambda r: setattr(r, "response", iter([b"a", b"b"])), "200 OK", {}, b"ab"),
            (lambda r: r.response.append(b"y"), "200 OK", {}, b"xy"),
            (lambda r: r.headers.update({"location": "/é"}), "200 OK", {"location": "/%C3%A9"}, b"x"),
            (lambda r: r.set_cookie("a", "b"), "200 OK", {"Set-Cookie": "a=b; Path=/"}, b"x"),
            (
                lambda r: setattr(r, "mimetype", "text/plain"),
                "200 OK",
                {"Content-Type": "text/plain; charset=utf-8"},
                b"x",
            ),
        ],
    )
    def test_what_is_changed_before_it_is_sent_is_sent(
        self, change: t.Callable[[t.Any], None], status: str, headers: dict[str, str | None], body: bytes
    ) -> None:
        """A response made the lean way can be changed in every way, and answers what was changed."""
        response = Response("x")
        change(response)
        answered = answer(response)
        assert (answered.status, answered.body) == (status, body)
        for name, value in headers.items():
            assert answered.header(name) == value

    @pytest.mark.parametrize("step", ["get_wsgi_response", "get_wsgi_headers", "get_app_iter", "iter_encoded", "close"])
    @pytest.mark.parametrize("where", ["subclass", "object", "class, later"])
    def test_an_overridden_step_is_called(self, step: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each of Werkzeug's steps to bytes is called where a subclass, the object or a patch replaced it."""
        called: list[str] = []
        kind: type[Response] = Response

        def replaced(self: Response, *args: t.Any) -> t.Any:
            called.append(step)
            return getattr(werkzeug.wrappers.Response, step)(self, *args)

        if where == "subclass":
            kind = type("Overriding", (Response,), {step: replaced})
        app = serving(lambda: "x", response_class=kind)
        if where == "object":

            @app.after_request
            def put_on(response: Response) -> Response:
                setattr(response, step, lambda *args: replaced(response, *args))
                return response

        call(app)
        if where == "class, later":
            monkeypatch.setattr(Response, step, replaced)
        called.clear()
        assert call(app).body == b"x"
        assert called == [step]

    @pytest.mark.parametrize("name", ["status", "status_code", "headers"])
    def test_an_overridden_property_is_gone_through(self, name: str) -> None:
        """A subclass that overrides status or headers sees them being set and read."""
        told: list[t.Any] = []

        def setter(self: Response, value: t.Any) -> None:
            told.append(value)
            getattr(Response, name).fset(self, value)

        def getter(self: Response) -> t.Any:
            told.append(name)
            return getattr(Response, name).fget(self)

        kind = type("Watching", (Response,), {name: property(getter, setter)})
        assert answer(kind("x", 202)).status == "202 ACCEPTED"
        assert told

    @pytest.mark.parametrize("where", ["class", "object"])
    def test_defaults_of_ones_own_count(self, where: str) -> None:
        """Default status and mimetype are those of the class, or those that a constructor set before calling ours."""
        if where == "class":

            class Own(Response):
                default_status = 201
                default_mimetype = "text/plain"

        else:

            class Own(Response):  # type: ignore[no-redef]
                def __init__(self, *args: t.Any) -> None:
                    self.default_status = 201
                    self.default_mimetype = "text/plain"
                    super().__init__(*args)

        answered = call(serving(lambda: "x", response_class=Own))
        assert answered.status == "201 CREATED"
        assert answered.header("Content-Type") == "text/plain; charset=utf-8"

    def test_a_class_may_do_without_a_length(self) -> None:
        """Where a class does not want a Content-Length, none is sent."""

        class Unmeasured(Response):
            automatically_set_content_length = False

        assert answer(Unmeasured("x")).header("Content-Length") is None

    def test_an_overridden_set_data_gets_the_text(self) -> None:
        """A class with a `set_data` of its own is given the body as the view gave it."""

        class Shouting(Response):
            def set_data(self, value: str | bytes) -> None:
                super().set_data(value.upper())

        assert call(serving(lambda: "x", response_class=Shouting)).body == b"X"

    def test_an_overridden_call_is_the_answer(self) -> None:
        """A class that overrides `__call__` answers itself."""

        class Wrapped(Response):
            def __call__(self, environ: t.Any, start_response: t.Any) -> t.Any:
                self.headers["X-Wrapped"] = "1"
                return super().__call__(environ, start_response)

        assert call(serving(lambda: "x", response_class=Wrapped)).header("X-Wrapped") == "1"

    @pytest.mark.parametrize("moment", ["view", "after_request", "teardown_request", "teardown_appcontext"])
    def test_call_on_close_is_called_whenever_it_was_asked_for(self, moment: str) -> None:
        """What asked to be called on close, up to the last teardown function, is called once."""
        told: list[str] = []
        kept: list[Response] = []

        def ask(*_: t.Any) -> None:
            kept[0].call_on_close(lambda: told.append("closed"))

        def view() -> Response:
            kept.append(Response("x"))
            if moment == "view":
                ask()
            return kept[0]

        app = serving(view)
        if moment == "after_request":
            app.after_request(lambda response: (ask(), response)[1])
        elif moment != "view":
            getattr(app, moment)(ask)
        assert call(app).body == b"x"
        assert told == ["closed"]

    def test_a_foreign_response_becomes_one_of_ours(self) -> None:
        """`force_type` turns Werkzeug's response into ours with status, headers and body."""
        theirs = werkzeug.wrappers.Response("x", 203, {"X-A": "1"})
        ours = Response.force_type(theirs)
        assert type(ours) is Response
        ours.headers["X-B"] = "2"
        answered = answer(ours)
        assert (answered.status, answered.body) == ("203 NON AUTHORITATIVE INFORMATION", b"x")
        assert answered.header("X-A") == "1"
        assert answered.header("X-B") == "2"

    def test_the_cookie_limit_is_the_apps(self) -> None:
        """`max_cookie_size` is the app's setting where one is current, else Werkzeug's."""
        app = Flask(__name__)
        app.config["MAX_COOKIE_SIZE"] = 10
        with app.app_context():
            assert Response().max_cookie_size == 10
        assert Response().max_cookie_size == werkzeug.wrappers.Response().max_cookie_size

    def test_a_response_keeps_nothing_alive(self) -> None:
        """A response that was sent and dropped dies at once."""
        gc.collect()
        gc.disable()
        try:
            response = Response("x")
            response.headers["X-A"] = "1"
            answer(response)
            reference = weakref.ref(response)
            del response
            assert reference() is None
        finally:
            gc.enable()
