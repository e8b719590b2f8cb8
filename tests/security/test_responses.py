"""Responses: nothing that a client sends ends a line of the head early, or leads elsewhere; what is lost is told.

What is said of upstream was measured on Flask 3.1.3 with Werkzeug 3.1.9.
"""

from __future__ import annotations

import io
import logging
import typing as t
import warnings
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import BaseConverter
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response as WerkzeugResponse

import flask
from flask import Flask, Response, abort, make_response, redirect, request, session, websocket
from flask._hosts import is_trusted
from flask._sendable import Unsendable, check_headers, check_line
from flask.sessions import SessionInterface
from tests.gateways import rsgi_drive
from tests.gateways.loops import call as visit
from tests.gateways.raw import Answer, call
from tests.websockets.driven import first_message, refused, run

KEY = "5b8e0f2c7d91a3468e5fb7c2d0149a6e5b8e0f2c7d91a3468e5fb7c2d0149a6e"
PLAIN_500 = b"<h1>Internal Server Error</h1>"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask(__name__, root_path=str(tmp_path), static_folder=None)
    app.secret_key = KEY
    return app


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the app has logged of errors."""
    return [str(record.exc_info[1]) for record in caplog.records if record.exc_info]


def ask_rsgi(app: Flask, path: str = "/") -> Answer:
    return t.cast(Answer, run(rsgi_drive.ask(app, path)))


GATEWAYS: dict[str, t.Callable[..., Answer]] = {
    "wsgi": call,
    "asgi": lambda app, path="/": visit(app, path),
    "rsgi": ask_rsgi,
}


def code_of(answer: Answer) -> int:
    return int(str(answer.status)[:3])


# ---- what cannot be sent


def with_header(name: str, value: str) -> t.Callable[[], t.Any]:
    def view() -> Response:
        response = make_response("body")
        response.headers[name] = value
        return response

    return view


def with_raw_header(name: str, value: str) -> t.Callable[[], t.Any]:
    def view() -> Response:
        response = make_response("body")
        response.headers._list.append((name, value))  # past all that looks at it
        return response

    return view


def streamed(name: str, value: str) -> t.Callable[[], t.Any]:
    return lambda: Response(iter(["a", "b"]), headers=[(name, value)])


def aborted(name: str, value: str) -> t.Callable[[], t.Any]:
    class Error(HTTPException):
        code = 418

        def get_headers(self, environ: t.Any = None, scope: t.Any = None) -> list[tuple[str, str]]:
            return [("Content-Type", "text/plain"), (name, value)]

    def view() -> t.NoReturn:
        raise Error("no")

    return view


WAYS = {
    "set": with_header,
    "raw": with_raw_header,
    "tuple": lambda name, value: lambda: ("body", 200, {name: value}),
    "streamed": streamed,
    "another class": lambda name, value: lambda: WerkzeugResponse("body", headers=[(name, value)]),
    "error": aborted,
    "not modified": lambda name, value: lambda: ("", 304, [(name, value)]),
    "redirect": lambda name, value: lambda: (redirect("/é"), 302, [(name, value)]),
}
NAMES = ["X-A\r\nSet-Cookie: a=b", "X-A\n", "X-A\0", "X A", "X-A:", "", "\tX", "X-Ä", "X(A)"]
VALUES = ["a\r\nSet-Cookie: a=b", "a\nb", "a\rb", "a\0b", "\n", "\u20ac", "\ud800", "a\r"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("name", "value"), [*((name, "a") for name in NAMES), *(("X-A", value) for value in VALUES)])
def test_cr_lf_and_nul_are_refused_in_header_names_and_values(
    app: Flask, caplog: pytest.LogCaptureFixture, way: str, name: str, value: str
) -> None:
    """A header that would end its line, or that cannot be encoded, is an error that the 500 handler and the log see.

    RFC 9110 §5.1 and §5.5. Werkzeug refuses CR and LF in values (pallets/werkzeug#25), and lets names, NUL and what is
    beyond Latin-1 pass (pallets/flask#4238, pallets/werkzeug#3229): what becomes of them is the server's affair.
    """
    seen: list[BaseException] = []
    app.add_url_rule("/", "view", WAYS[way](name, value))
    app.register_error_handler(500, lambda error: (seen.append(error.original_exception), ("handled", 500))[1])
    for ask in GATEWAYS.values():
        seen.clear()
        caplog.clear()
        answer = ask(app, "/")
        assert (code_of(answer), answer.body) == (500, b"handled")
        assert answer.header("Set-Cookie") is None
        (error,) = seen
        assert isinstance(error, ValueError)
        assert logged(caplog) == [str(error)]


@pytest.mark.parametrize("mimetype", ["text/html\r\nX: y", "te\0xt", "\u20ac"])
def test_cr_lf_and_nul_are_refused_in_content_types(app: Flask, mimetype: str, tmp_path: Path) -> None:
    """So it is of a content type, also that of a file."""
    (tmp_path / "a.txt").write_text("a")
    app.add_url_rule("/", "view", lambda: Response("a", mimetype=mimetype))
    app.add_url_rule("/file", "file", lambda: flask.send_file("a.txt", mimetype=mimetype))
    assert [call(app, path).status[:3] for path in ("/", "/file")] == ["500", "500"]


BAD_LINES = ["200 ok\r\nX-A: b", "abc\r\nX: y", "200 a\0b", "200 \u20ac", "abc", "200OK", "99 x", "1000 x", "0200 x"]
BAD_LINES += ["\uff12\uff10\uff10 ok", "-200 x", "2 x"]


@pytest.mark.parametrize("status", [*BAD_LINES, 42, 0, -1, 99, 100, 103, 199, 1000, 10**6, True])
@pytest.mark.parametrize("way", ["tuple", "response", "after", "streamed", "abort"])
def test_status_lines_and_codes_out_of_range_are_refused(
    app: Flask, caplog: pytest.LogCaptureFixture, status: t.Any, way: str
) -> None:
    """A status line that breaks the message, or whose code nobody could answer with, is an error of the app's.

    RFC 9110 §15 and RFC 9112 §4. Upstream hands them to the server (Pylons/waitress#122 shows what that does); an
    interim code (1xx) leaves the client waiting for an answer.
    """
    views: dict[str, t.Callable[[], t.Any]] = {
        "tuple": lambda: ("x", status),
        "response": lambda: Response("x", status=status),
        "after": lambda: "x",
        "streamed": lambda: Response(iter("x"), status=status),
        "abort": lambda: abort(Response("x", status=status)),
    }
    app.add_url_rule("/", "view", views[way])
    if way == "after":

        @app.after_request
        def change(response: Response) -> Response:
            if response.status_code == 200:
                response.status = status
            return response

    for ask in GATEWAYS.values():
        caplog.clear()
        answer = ask(app, "/")
        assert code_of(answer) == 500
        assert PLAIN_500 in answer.body
        assert [line for line in logged(caplog) if "cannot be sent" in line]


@pytest.mark.parametrize(
    "status", [200, 101, 204, 304, 404, 599, 600, 999, "299 Fine", "200", "404 Nöt found", "200 a\tb"]
)
def test_status_lines_that_can_be_sent_are(app: Flask, status: t.Any) -> None:
    """Any code of three digits that answers a request may be sent, with any words that Latin-1 has."""
    app.add_url_rule("/", "view", lambda: ("x", status))
    for _ in range(2):
        assert call(app).status.startswith(str(status))


def test_abort_with_a_code_that_no_error_has_stays_in_the_app(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """`abort(999)` is a mistake in the view as any: the log names the code, and the client gets the 500 page."""
    app.add_url_rule("/", "view", lambda: abort(999))
    assert PLAIN_500 in call(app).body
    assert logged(caplog) == ["no exception for 999"]


@pytest.mark.parametrize("name", ["a\r\nb", "a\n", "a\0b", "a;b", "a=b", "", "a\tb", "a\x7f"])
@pytest.mark.parametrize("method", ["set_cookie", "delete_cookie"])
def test_cr_lf_and_nul_are_refused_in_cookie_names(app: Flask, name: str, method: str) -> None:
    """A cookie's name that would end within is an error, in the view; `;` would add attributes to it.

    RFC 6265 §4.1.1. Werkzeug trusts the name (its documentation of `dump_cookie`), and sends what follows.
    """

    def view() -> Response:
        response = make_response("x")
        with pytest.raises(ValueError, match="name"):
            getattr(response, method)(name)
        return response

    app.add_url_rule("/", "view", view)
    answer = call(app)
    assert (answer.status, answer.header("Set-Cookie")) == ("200 OK", None)


@pytest.mark.parametrize(
    "attribute",
    [
        *({"domain": domain} for domain in ["x\r\ny", "x\0y", "x;y", "x\ny"]),
        *({"expires": expires} for expires in ["x\r\ny", "x; Domain=evil.example", "x\0"]),
        {"max_age": "3; Domain=evil.example", "expires": "x"},
    ],
)
def test_cr_lf_and_nul_are_refused_in_cookie_domains(attribute: dict[str, t.Any]) -> None:
    """Text in an attribute cannot end it, and so cannot add another."""
    with pytest.raises(ValueError, match="would be more"):
        Response().set_cookie("a", "b", **attribute)


@pytest.mark.parametrize("path", ["/\r\nX: y", "/\0", "/;Domain=evil.example"])
def test_cr_lf_and_nul_are_encoded_in_cookie_paths(path: str) -> None:
    """What a cookie's path cannot hold is percent-encoded in it, as by Werkzeug."""
    response = Response()
    response.set_cookie("a", "b", path=path)
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("a=b; Path=/%")
    assert not set("\r\n\0").intersection(cookie)
    assert cookie.count(";") == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("SESSION_COOKIE_NAME", name) for name in ["a\r\nX: y", "a\0", "a;b", ""]),
        *(("SESSION_COOKIE_DOMAIN", domain) for domain in ["a\r\nX: y", "a\0", "a;b"]),
    ],
)
def test_cr_lf_and_nul_are_refused_in_the_sessions_cookie(app: Flask, key: str, value: str) -> None:
    """The cookie of the session is no way around: its name and domain may come of a setting that comes from a file."""
    app.config[key] = value
    app.add_url_rule("/", "view", lambda: str(session.setdefault("a", 1)))
    for _ in range(2):  # the second is written by what was learnt of the first
        answer = call(app)
        assert (answer.status[:3], answer.header("Set-Cookie")) == ("500", None)


@pytest.mark.parametrize("name", ["a\r\nX: y.txt", "a\0b.txt", "\n.txt"])
def test_cr_lf_and_nul_are_refused_in_download_names(
    app: Flask, caplog: pytest.LogCaptureFixture, name: str, tmp_path: Path
) -> None:
    """The name by which a file is to be saved cannot add to its header."""
    (tmp_path / "a.txt").write_text("a")
    views: list[t.Callable[[], Response]] = [
        lambda: flask.send_file(io.BytesIO(b"a"), as_attachment=True, download_name=name),
        lambda: flask.send_file("a.txt", as_attachment=True, download_name=name, mimetype="text/plain"),
        lambda: flask.send_from_directory(".", "a.txt", as_attachment=True, download_name=name),
        lambda: flask.send_from_directory(".", "a.txt", download_name=name),
    ]
    for number, view in enumerate(views):
        app.add_url_rule(f"/{number}", str(number), view)
    for number in range(len(views)):
        for ask in GATEWAYS.values():
            caplog.clear()
            answer = ask(app, f"/{number}")
            assert (code_of(answer), answer.header("Content-Disposition")) == (500, None)
            assert len(logged(caplog)) == 1


@pytest.mark.parametrize("name", ["naïve.txt", "€.txt", 'a"b.txt', "a;b.txt", "a\\b.txt"])
def test_download_names_of_any_characters_are_sent(app: Flask, name: str, tmp_path: Path) -> None:
    """A name with quotes, or with characters beyond Latin-1, goes out encoded (RFC 6266, RFC 8187)."""
    (tmp_path / "a.txt").write_text("a")
    app.add_url_rule("/", "view", lambda: flask.send_file("a.txt", as_attachment=True, download_name=name))
    assert call(app).status == "200 OK"


LOCATIONS = ["//host:abc", "http://[", "http://host:99999999/", "http://a..b/", "http://h:é/", "//[::1"]


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("corrects", [False, True])
@pytest.mark.parametrize("way", ["redirect", "Location", "Content-Location"])
def test_redirects_to_what_is_no_url_are_refused(
    app: Flask, caplog: pytest.LogCaptureFixture, location: str, corrects: bool, way: str
) -> None:
    """A location that cannot be encoded as a URL is an error of the app's; upstream throws it at the server."""
    refuses_a_location(app, caplog, location, corrects, way)


@pytest.mark.parametrize("way", ["Location", "Content-Location"])
def test_a_header_with_a_lone_surrogate_is_refused(app: Flask, caplog: pytest.LogCaptureFixture, way: str) -> None:
    """So it is with what a URL cannot hold where the app wrote the header itself; `redirect` replaces it."""
    refuses_a_location(app, caplog, "/\ud800", False, way)


def refuses_a_location(app: Flask, caplog: pytest.LogCaptureFixture, location: str, corrects: bool, way: str) -> None:
    """The plain page answers at every gateway, and one error was logged."""

    class Own(Response):
        autocorrect_location_header = corrects

    app.response_class = Own
    if way == "redirect":
        app.add_url_rule("/", "view", lambda: redirect(location))
    else:
        app.add_url_rule("/", "view", with_raw_header(way, location))
    for ask in GATEWAYS.values():
        caplog.clear()
        answer = ask(app, "/")
        assert (code_of(answer), answer.header(way)) == (500, None)
        assert PLAIN_500 in answer.body
        assert len(logged(caplog)) == 1


@pytest.mark.parametrize("location", ["/x\r\nSet-Cookie: a=b", "/x\nSet-Cookie: a=b", "/x\rSet-Cookie: a=b", "\r\n/"])
def test_redirect_never_makes_a_header_of_its_location(app: Flask, location: str) -> None:
    """`redirect("/x\\r\\nSet-Cookie: a=b")` gives an encoded location or an error, and never a header."""
    app.add_url_rule("/", "view", lambda: redirect(location))
    app.add_url_rule("/raw", "raw", with_raw_header("Location", location))
    for path in ("/", "/raw"):
        answer = call(app, path)
        assert answer.header("Set-Cookie") is None
        assert not any(set("\r\n").intersection(name + value) for name, value in answer.headers)


def test_redirects_encode_what_can_be_encoded(app: Flask) -> None:
    """A location with spaces, null characters or letters of any kind is encoded, as upstream does."""
    app.add_url_rule("/", "view", lambda: redirect(request.args["to"]))
    for location, sent in (("/a b", "/a%20b"), ("/€", "/%E2%82%AC"), ("/\0", "/%00"), ("//cdn.example/é", None)):
        found = call(app, query_string={"to": location}).header("Location")
        assert found == (sent or "//cdn.example/%C3%A9")  # the app's own word may be without a scheme


# ---- wherever it is sent from


def test_response_that_is_called_by_itself_refuses_too() -> None:
    """A response that middleware, or another app, calls as a WSGI application starts nothing that cannot be sent."""
    started: list[t.Any] = []
    for kind in (Response, type("Own", (Response,), {"get_wsgi_headers": lambda self, environ: self.headers})):
        for change in (
            lambda response: response.headers.set("X-A", "\0"),
            lambda response: response.headers.set("X\n", "a"),
            lambda response: setattr(response, "status", "200 a\r\nb"),
            lambda response: setattr(response, "status_code", 42),
            lambda response: response.headers._list.append(("Location", "/\n")),
        ):
            for body in ("x", iter("x")):
                response = kind(body)
                change(response)
                with pytest.raises(Unsendable):
                    response(create_environ(), lambda *args: started.append(args) or started.append)
    assert started == []


def test_app_mounted_elsewhere_refuses_too(app: Flask) -> None:
    """Below a dispatcher the answer is the app's own 500."""
    app.add_url_rule("/", "view", with_header("X-A", "\0"))
    assert call(DispatcherMiddleware(Response("root"), {"/app": app}), "/app/").status[:3] == "500"


def test_response_classes_with_steps_of_their_own_are_looked_at(app: Flask) -> None:
    """What a class of responses makes of headers or status on their way out is looked at as well, before it is sent."""

    class Headers(Response):
        def get_wsgi_headers(self, environ: t.Any) -> t.Any:
            headers = super().get_wsgi_headers(environ)
            if self.status_code == 200:
                headers._list.append(("X\r\nY", "z"))
            return headers

    class Called(Response):
        def __call__(self, environ: t.Any, start_response: t.Any) -> t.Any:
            if self.status_code == 200:
                start_response("200 OK\r\nX: y", [("Content-Type", "text/plain")])
                return [b"x"]
            return super().__call__(environ, start_response)

    class Foreign(WerkzeugResponse):
        def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().__init__(*args, **kwargs)
            if self.status_code == 200:
                self.headers["X-A"] = "\0"

    app.add_url_rule("/", "view", lambda: "x")
    for kind in (Headers, Called, Foreign):
        app.response_class = t.cast(t.Any, kind)
        for ask in GATEWAYS.values():
            answer = ask(app, "/")
            assert code_of(answer) == 500
            assert PLAIN_500 in answer.body


def test_500_handler_whose_response_cannot_be_sent_gives_the_plain_500(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """If neither the response nor that of the 500 handler can be sent, both are logged, and the plain page is sent."""

    @app.after_request
    def spoil(response: Response) -> Response:
        response.headers["X-A"] = "\0"
        return response

    def fail() -> t.NoReturn:
        raise LookupError("the view's")

    app.add_url_rule("/", "view", lambda: "x")
    app.add_url_rule("/fails", "fails", fail)
    told: list[t.Any] = []
    app.teardown_request(told.append)
    for ask in GATEWAYS.values():
        for path in ("/", "/fails"):
            caplog.clear()
            told.clear()
            answer = ask(app, path)
            assert code_of(answer) == 500
            assert PLAIN_500 in answer.body
            assert answer.header("X-A") is None
            assert len(logged(caplog)) == 2
            assert [type(error) for error in told] == [Unsendable]


def test_response_that_cannot_be_sent_is_closed(app: Flask) -> None:
    """Its generator and what `call_on_close` registered end; the context that a stream holds is torn down, once."""
    told: list[str] = []

    def view() -> Response:
        def chunks() -> t.Iterator[str]:
            try:
                yield "a"
            finally:
                told.append("generator")

        response = Response(flask.stream_with_context(chunks()), headers={"X-A": "\0"})
        response.call_on_close(lambda: told.append("on close"))
        return response

    app.add_url_rule("/", "view", view)
    app.teardown_request(lambda error: told.append("teardown"))
    for ask in GATEWAYS.values():
        told.clear()
        assert code_of(ask(app, "/")) == 500
        assert told == ["on close", "teardown"]  # a generator that was not begun has nothing to end


def test_tests_and_debug_mode_see_the_error(app: Flask) -> None:
    """While testing, the error comes up as one of a view does, and names header and character, not the value."""
    app.testing = True
    app.add_url_rule("/", "view", with_header("Set-Cookie", "secret=a\0b"))
    with pytest.raises(ValueError, match=r"'Set-Cookie'.* character 9 .*'\\x00'") as raised:
        app.test_client().get("/")
    assert "secret" not in str(raised.value)


def test_websockets_are_not_accepted_or_refused_by_what_cannot_be_sent(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """Headers that accept a WebSocket raise in its function; a response that refuses one is an error as any."""

    @app.websocket("/accepts")
    async def accepts() -> None:
        for headers in ({"X-A": "\0"}, {"X A": "a"}, {"X-A": "€"}):
            with pytest.raises(ValueError, match="cannot be sent"):
                await websocket.accept(headers=headers)
        await websocket.send("accepted")

    @app.websocket("/refuses")
    async def refuses() -> t.Any:
        return "no", 403, {"X-A": "\0"}

    assert run(first_message(app, "/accepts")) == "accepted"
    socket = run(refused(app, "/refuses"))
    assert socket.status == 500
    assert PLAIN_500 in socket.body
    assert "cannot be sent" in logged(caplog)[0]


printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


@given(st.lists(st.tuples(st.sampled_from(["X-A", "x_b", "Set-Cookie"]), printable | st.text(max_size=8)), max_size=5))
def test_what_is_sent_is_what_latin_1_and_one_line_can_hold(pairs: list[tuple[str, str]]) -> None:
    """Exactly the values without CR, LF, NUL and characters beyond Latin-1 pass, however often they are looked at."""
    good = all(not set("\r\n\0").intersection(value) and all(ord(c) < 256 for c in value) for _, value in pairs)
    for _ in range(2):
        try:
            check_headers(pairs)
        except Unsendable:
            assert not good
        else:
            assert good


@given(st.integers(-10, 1100), st.text(max_size=8))
def test_status_lines_are_of_three_digits_and_one_line(code: int, reason: str) -> None:
    """Exactly the codes from 200 to 999, and 101, with a reason of one line, pass."""
    plain = all(c == "\t" or " " <= c <= "~" or "\x80" <= c <= "\xff" for c in reason)
    good = (200 <= code <= 999 or code == 101) and plain
    for _ in range(2):
        try:
            check_line(f"{code} {reason}")
        except Unsendable:
            assert not good
        else:
            assert good


# ---- redirects that nobody wrote


class Anything(BaseConverter):
    regex = ".*?"
    part_isolating = False

    def to_url(self, value: str) -> str:
        return value


EVIL = ["//evil.com/x", "/%2F/evil.com/x", "/\\evil.com/x", "/\t/evil.com/x", "///evil.com/x", "\\\\evil.com/x"]
EVIL += ["/evil.com/x", "/evil.com/b", "//evil.com//b", "/d//evil.com", "/all/1", "/new//evil.com", "/slash"]
TARGETS = ["/to/evil.com/a", "/to//evil.com", "/bare/http://evil.com", "/bare/https:/evil.com", "/bare/https:evil.com"]
TARGETS += ["/bare/javascript:alert(1)", "/any//evil.com", "/any/\\evil.com", "/bare///evil.com"]


def redirecting(merges: bool, corrects: bool, by_host: bool) -> Flask:
    app = Flask("redirecting", static_folder=None, host_matching=by_host)
    app.url_map.merge_slashes = merges
    app.url_map.converters["any"] = Anything
    app.response_class = type("Own", (Response,), {"autocorrect_location_header": corrects})

    def rule(path: str, endpoint: str, **options: t.Any) -> None:
        for host in ("app.example", "my_app:5000") if by_host else (None,):
            app.add_url_rule(path, endpoint, host=host, **options)

    for endpoint in ("path", "two", "deep", "all", "new", "slash", "to", "bare", "any_"):
        app.view_functions[endpoint] = lambda **values: "x"
    rule("/<path:p>/x/", "path")
    rule("/<a>/<b>/", "two")
    rule("/d/<path:p>/", "deep")
    rule("/all/", "all", defaults={"page": 1})
    rule("/all/<int:page>", "all")
    rule("/old/<path:p>", "new")
    rule("/new/<path:p>", "new", alias=True)
    rule("/slash/", "slash")
    rule("/to/<path:p>", "to", redirect_to="/<p>")
    rule("/bare/<path:p>", "bare", redirect_to="<p>")
    rule("/any/<any:p>", "any_", redirect_to="/<p>")
    return app


def goes_to(location: str) -> str:
    """The host that a browser on http://app.example takes a location for (WHATWG URL, special schemes)."""
    url = "".join(c for c in location if c not in "\t\r\n").strip().replace("\\", "/")
    scheme, colon, rest = url.partition(":")
    if colon and scheme.lower() in {"http", "https"} and not (scheme.lower() == "http" and not rest.startswith("/")):
        return rest.lstrip("/").partition("/")[0]
    if colon and scheme.isalpha():
        return scheme
    return url.lstrip("/").partition("/")[0] if url.startswith("//") else "app.example"


@pytest.mark.parametrize("by_host", [False, True])
@pytest.mark.parametrize("corrects", [False, True])
@pytest.mark.parametrize("merges", [False, True])
@pytest.mark.parametrize("host", ["app.example", "my_app:5000", "", None])
def test_no_redirect_of_the_frameworks_is_ever_scheme_relative(
    host: str | None, merges: bool, corrects: bool, by_host: bool
) -> None:
    """What slashes, defaults, aliases and `redirect_to` make of a path leads to this host, whatever the path says.

    pallets/werkzeug#822, CVE-2020-28724. Upstream: `Host: my_app:5000` (Werkzeug takes no underscore, Docker does) and
    `/evil.com/x` give `Location: http:///evil.com/x/`, which browsers take to evil.com (WHATWG URL, "special authority
    ignore slashes state"); so does HTTP/1.0 over a UNIX socket. A variable of `redirect_to` may hold a URL.
    """
    app = redirecting(merges, corrects, by_host)
    seen = 0
    for path in EVIL + TARGETS:
        environ = create_environ("/")
        environ["PATH_INFO"] = path
        environ.pop("HTTP_HOST")
        if host is None:
            environ["SERVER_NAME"], environ["SERVER_PORT"] = "/run/app.sock", ""
        else:
            environ["HTTP_HOST"] = host
        _, _, headers = run_wsgi_app(app, environ)
        location = headers.get("Location")
        if location is not None:
            seen += 1
            assert goes_to(location) == "app.example", (path, location)
            assert not location.startswith(("//", "/\\", "/\t"))
    assert (seen > 10) == (not by_host or host == "app.example")  # a rule's host is none that Werkzeug does not take


def test_redirects_to_other_places_by_the_apps_own_word_stay() -> None:
    """`redirect_to` may name another host, below the server's too, or say so by a function."""
    app = Flask("own_word", static_folder=None)
    for path, target in (
        ("/a/<p>", "https://cdn.example/<p>"),
        ("/b/<p>", "//cdn.example/<p>"),
        ("/c", "mailto:a@b.example"),
        ("/d/<p>", "/elsewhere/<p>"),
    ):
        app.add_url_rule(path, path, lambda **values: "x", redirect_to=target)
    found = [call(app, path).header("Location") for path in ("/a/x", "/b/x", "/c", "/d/x", "/a/https:evil.com")]
    assert found[:3] == ["https://cdn.example/x", "http://cdn.example/x", "mailto:a@b.example"]
    assert found[3:] == ["http://localhost/elsewhere/x", "https://cdn.example/https:evil.com"]
    app = Flask("own_function", static_folder=None)
    app.add_url_rule("/e/<p>", "e", lambda p: "x", redirect_to=lambda adapter, p: f"//{p}.example/")
    assert call(app, "/e/x").header("Location") == "http://x.example/"


def test_redirects_of_subdomains_and_hosts_stay() -> None:
    """What leads from one of the server's names to another is as upstream has it."""
    app = Flask("subdomains", static_folder=None, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    app.add_url_rule("/a/", "a", lambda: "x", subdomain="shop")
    assert call(app, "/a", base_url="http://shop.example.org").header("Location") == "http://shop.example.org/a/"


@given(st.text("/\\.:@%\t\r\n evilcom", max_size=14))
def test_urls_that_are_built_are_never_scheme_relative(value: str) -> None:
    """What `url_for` makes of any value is a path on this host."""
    app = Flask("building", static_folder=None)
    app.add_url_rule("/<path:p>", "path", lambda p: "x")
    app.add_url_rule("/a/<p>", "one", lambda p: "x")
    with app.test_request_context("/"):
        for endpoint in ("path", "one"):
            url = flask.url_for(endpoint, p=value)
            assert goes_to(url) == "app.example"
            assert urlsplit(url).netloc == ""


# ---- cookies that browsers drop


def warned(app: Flask, times: int = 3, path: str = "/") -> list[str]:
    """The warnings of so many requests."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(times):
            assert call(app, path).status == "200 OK"
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("attributes", "warns"),
    [
        ({"samesite": "None"}, True),
        ({"samesite": "none", "httponly": True}, True),
        ({"samesite": "None", "secure": True}, False),
        ({"samesite": "None", "partitioned": True}, False),
        ({"samesite": "Lax"}, False),
        ({}, False),
    ],
)
def test_samesite_none_without_secure_warns(app: Flask, attributes: dict[str, t.Any], warns: bool) -> None:
    """A cookie for other sites that is not `Secure` is dropped by browsers: it warns, once for each place.

    RFC 6265bis §5.7: a user agent ignores a cookie whose same-site-flag is "None" and whose secure-only-flag is false.
    """

    def view() -> Response:
        response = make_response("x")
        response.set_cookie("a", "b", **attributes)
        return response

    app.add_url_rule("/", "view", view)
    messages = warned(app)
    assert len(messages) == warns
    if warns:
        assert "'a'" in messages[0]
        assert "secure=True" in messages[0]


def test_samesite_none_without_secure_warns_of_the_session(app: Flask) -> None:
    """So does the session's, which is also written by templates, and also when it is deleted."""
    app.config["SESSION_COOKIE_SAMESITE"] = "None"
    app.add_url_rule("/", "view", lambda: str(session.update(a=1)))
    (message,) = warned(app)
    assert "SESSION_COOKIE_SECURE" in message
    app.config["SESSION_COOKIE_SECURE"] = True
    assert warned(app) == []


def test_cookie_that_browsers_would_drop_warns_with_its_size(app: Flask) -> None:
    """A cookie over the limit, attributes included, warns with its size, at the line that sets it, once.

    Werkzeug warns of each anew, at a line of its own.
    """

    def view() -> Response:
        response = make_response("x")
        response.set_cookie("a", "b" * int(request.args["size"]), path="/", max_age=timedelta(days=1))
        return response

    app.add_url_rule("/", "view", view)
    app.add_url_rule("/other", "other", lambda: view())

    def sent(size: int) -> tuple[int, list[t.Any]]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            cookie = call(app, query_string={"size": str(size)}).header("Set-Cookie")
        return len(cookie or ""), caught

    least, _ = sent(0)
    assert sent(4093 - least) == (4093, [])
    size, (warning,) = sent(4094 - least)
    assert size == 4094
    assert "'a' cookie is too large: 4094 bytes" in str(warning.message)
    assert warning.filename == __file__
    assert sent(5000)[1] == []
    app.config["MAX_COOKIE_SIZE"] = 0
    assert warned(app, path="/other?size=6000") == []


def test_session_that_browsers_would_drop_warns_with_its_biggest_keys(app: Flask) -> None:
    """A session over the limit warns with its size and what makes it large; once, however it changes."""
    import random

    numbers = random.Random(1)

    def view() -> str:
        session["cart"] = [numbers.random() for _ in range(400)]
        session["name"] = "a"
        session["visits"] = [numbers.random() for _ in range(9)]
        return "x"

    app.add_url_rule("/", "view", view)
    (message,) = warned(app)
    assert "'session' cookie is too large: " in message
    assert message.index("'cart'") < message.index("'visits'") < message.index("'name'")
    assert "of a limit of 4093" in message
    assert call(app).header("Set-Cookie") is not None  # it is sent all the same, as by upstream


# ---- hosts


@pytest.mark.parametrize(
    ("host", "is_ok"),
    [
        *((host, True) for host in ["shop.example", "SHOP.Example", "shop.example:8080", "Shop.Example."]),
        ("shop.example.:80", True),
        *((host, True) for host in ["a.below.example", "A.B.BELOW.example", "below.example", "[::1]", "[::1]:5000"]),
        *((host, False) for host in ["evil.example", "shop.example.evil.example", "xshop.example", "xbelow.example"]),
        *(
            (host, False)
            for host in ["", "shop.example..", ".", "shop.example:80:80", "[::2]", "shop.example,evil.com"]
        ),
    ],
)
def test_trusted_hosts_compares_without_case(app: Flask, host: str, is_ok: bool) -> None:
    """Names of hosts are compared without case, port and the dot of the root.

    RFC 4343, RFC 9110 §4.2.3, RFC 1034 §3.1. Upstream compares the case, in `TRUSTED_HOSTS` too: `EXAMPLE.com`, which
    a proxy may send on, is refused.
    """
    app.config["TRUSTED_HOSTS"] = ["Shop.EXAMPLE:443", ".Below.Example", "[::1]", "bücher.example"]
    app.add_url_rule("/", "view", lambda: request.host)
    answer = call(app, environ_overrides={"HTTP_HOST": host})
    assert answer.status[:3] == ("200" if is_ok else "400")
    if is_ok:
        assert answer.body.decode() == host.removesuffix(":80")  # as it was said


@given(st.sampled_from(["a.example", "A.example.", "b.a.example:1", "aa.example", "c.example", ".", ""]))
def test_hosts_are_trusted_by_whole_names(host: str) -> None:
    """A name below another is one after a dot; no part of a name counts."""
    bare = host.lower().partition(":")[0].removesuffix(".")
    assert is_trusted(host, ["a.example"]) == (bare == "a.example")
    assert is_trusted(host, ".a.example") == (bare in {"a.example", "b.a.example"})


BAD_HOSTS = ["a.example,b.example", "a/b", "a.example/", "user@a.example", "a b", " a", "a?b", "a#b", "a\\b", "[::1"]
BAD_HOSTS += ["a:b", "a:80:80", "::1", '"a"', "<a>", "a\tb", "a\x00", "{}", "a|b", "[a", "a]", "http://a/"]
BAD_HOSTS += ["[:1]", "[]", "[a]:80", "[1.2.3.4]", "[v1]", "[::1%]"]


@pytest.mark.parametrize("host", BAD_HOSTS)
@pytest.mark.parametrize("kind", ["plain", "subdomains", "hosts", "trusted"])
@pytest.mark.parametrize("handles", [False, True])
def test_host_with_a_comma_or_a_path_is_400(tmp_path: Path, host: str, kind: str, handles: bool) -> None:
    """A `Host` that is none is answered by 400, whose page may have links; no view runs.

    RFC 9112 §3.2: a server MUST answer 400 to an invalid Host. Upstream hands the view an empty host, from which
    `http:///path` is built; and a page for 400 that builds a URL is a 500.
    """
    app = Flask(
        "hosts", root_path=str(tmp_path), host_matching=kind == "hosts", static_folder=None,
        subdomain_matching=kind == "subdomains",
    )  # fmt: skip
    if kind == "trusted":
        app.config["TRUSTED_HOSTS"] = ["a.example", "a", "b.example"]
    app.add_url_rule("/<path:p>", "view", lambda p: "view", host="<h>" if kind == "hosts" else None)
    app.add_url_rule("/static/a", "asset", lambda: "x", host="a.example" if kind == "hosts" else None)
    if not handles:
        for path in ("/a", "/static/a", "/none/"):
            assert call(app, path, environ_overrides={"HTTP_HOST": host}).status == "400 BAD REQUEST"
        return
    app.register_error_handler(400, lambda error: (flask.url_for("asset", _external=True), 400))
    answer = call(app, "/a", base_url="http://a.example/root", environ_overrides={"HTTP_HOST": host})
    assert answer.status == "400 BAD REQUEST"
    assert answer.body == (b"http://a.example/root/static/a" if kind == "hosts" else b"/root/static/a")


def test_host_that_is_none_is_400_on_every_gateway(app: Flask) -> None:
    """The answer to a `Host` with a comma is the same, whatever serves; a WebSocket is refused by it."""
    app.add_url_rule("/", "view", lambda: "view")

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.send("view")

    headers = [(b"host", b"a.example,b.example")]
    assert code_of(visit(app, headers=headers)) == 400
    assert run(refused(app, headers={"Host": "a,b"})).status == 400


@pytest.mark.parametrize(
    "host",
    [
        *("my_app:5000", "a.example", "A.EXAMPLE:1", "xn--bcher-kva.example", "", "a.", "ü"),
        *("[::1]:80", "[fe80::1%eth0]", "[::ffff:1.2.3.4]", "[v1.a]"),
    ],
)
def test_hosts_that_are_some_are_served(app: Flask, host: str) -> None:
    """Whatever may be a host is served: names with underscores as in container networks, addresses, none at all."""
    app.add_url_rule("/", "view", lambda: f"view {flask.request.url}"[:4])
    assert call(app, environ_overrides={"HTTP_HOST": host}).body == b"view"


# ---- the session of a stream


class Kept(SessionInterface):
    """Sessions that are opened eagerly, as those on a server are."""

    def open_session(self, app: Flask, request: t.Any) -> t.Any:
        return flask.sessions.SecureCookieSession({"a": 1})

    def save_session(self, app: Flask, session: t.Any, response: Response) -> None:
        if session.accessed:
            response.vary.add("Cookie")


@pytest.mark.parametrize("interface", ["cookie", "kept"])
@pytest.mark.parametrize("reads", ["before", "while", "never"])
def test_vary_cookie_also_when_the_session_is_first_read_while_streaming(
    app: Flask, interface: str, reads: str
) -> None:
    """A stream that may read the session varies by cookie: a cache must not give one client's to another.

    CVE-2026-27205 (GHSA-68rp-wp8r-4726), CVE-2023-30861 (GHSA-m2qf-hxjv-5gpq). Upstream decides before the stream
    begins.
    """
    if interface == "kept":
        app.session_interface = Kept()

    def view() -> t.Any:
        if reads == "before":
            session.get("a")

        def chunks() -> t.Iterator[str]:
            yield "a"
            if reads == "while":
                yield str(session.get("a"))

        return flask.stream_with_context(chunks())

    app.add_url_rule("/", "view", view)
    app.add_url_rule("/template", "template", lambda: flask.stream_template_string("{{ session.a }}"))
    for ask in GATEWAYS.values():
        for path in ("/", "/template"):
            answer = ask(app, path)
            assert [value for name, value in answer.headers if name.lower() == "vary"] == ["Cookie"]


def test_stream_without_a_session_does_not_vary(app: Flask) -> None:
    """Where there is no session, by want of a key or of the context, nothing is said of cookies."""
    app.add_url_rule("/bare", "bare", lambda: iter("ab"))
    app.add_url_rule("/held", "held", lambda: flask.stream_with_context(iter("ab")))
    assert call(app, "/bare").header("Vary") is None
    app.secret_key = None
    assert call(app, "/held").header("Vary") is None


# ---- templates


@pytest.mark.parametrize("name", ["PAGE.HTML", "Page.Htm", "feed.XML", "a.SVG", "b.xHtml", "page.html"])
def test_page_html_is_escaped(app: Flask, tmp_path: Path, name: str) -> None:
    """A template is escaped whatever the case of its name's end: some systems make no difference between them.

    Upstream escapes `page.html` and not `PAGE.HTML`.
    """
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / name).write_text("{{ x }}")
    app.add_url_rule("/", "view", lambda: flask.render_template(name, x="<script>"))
    assert call(app).body == b"&lt;script&gt;"
    assert app.select_jinja_autoescape(name)
    assert not app.select_jinja_autoescape("page.TXT")


@pytest.mark.parametrize(
    ("name", "warns"),
    [
        *((name, True) for name in ["a.html.j2", "A.HTML.J2", "b/a.svg.jinja", "a.xml.jinja2"]),
        *((name, False) for name in ["a.txt.j2", "a.j2", "a.html", "a.sql.jinja"]),
    ],
)
def test_template_named_html_j2_warns_once_in_debug(
    app: Flask, caplog: pytest.LogCaptureFixture, tmp_path: Path, name: str, warns: bool
) -> None:
    """A template that says HTML by its name and is not escaped is told of in debug mode, once, with what to do.

    Flask goes by the last ending (pallets/flask#2989), so such pages are open to scripts.
    """
    file = tmp_path / "templates" / name
    file.parent.mkdir(parents=True)
    file.write_text("{{ x }}")
    app.add_url_rule("/", "view", lambda: flask.render_template(name, x="<"))
    for debug, expected in ((False, False), (True, warns), (True, False)):
        app.debug = debug
        caplog.clear()
        app.jinja_env.cache.clear()  # type: ignore[union-attr]
        for _ in range(2):
            assert call(app).status == "200 OK"
        messages = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert len(messages) == expected
        if expected:
            assert repr(name) in messages[0]
            assert "select_jinja_autoescape" in messages[0]


def test_template_that_is_escaped_by_the_apps_own_rule_does_not_warn(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Whoever has such names escaped, by the method or by an option, is told nothing."""

    class Own(Flask):
        def select_jinja_autoescape(self, filename: str | None) -> bool:
            return super().select_jinja_autoescape(filename) or str(filename).endswith(".j2")

    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.html.j2").write_text("{{ x }}")
    (tmp_path / "templates" / "none.html.j2").write_text("")
    for app in (Own("own", root_path=str(tmp_path)), Flask("options", root_path=str(tmp_path))):
        if type(app) is Flask:
            app.jinja_options = {"autoescape": True}
        app.debug = True
        with app.app_context():
            assert flask.render_template("a.html.j2", x="<") == "&lt;"
    assert caplog.records == []
