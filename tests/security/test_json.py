"""JSON: what clients send is read by the letter of RFC 8259, and no text of ours fails on its way out.

Unless it says otherwise, a law was measured on upstream 3.1.3 to be broken there.
"""

from __future__ import annotations

import asyncio
import io
import json as standard
import logging
import os
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.test import create_environ

import flask
from flask import Flask, Response, abort, flash, get_flashed_messages, jsonify, redirect, request, session, url_for
from flask._unicode import encoded, escaped, well_formed
from flask.events import EventStream
from flask.json.provider import DefaultJSONProvider, JSONProvider
from tests.security.doors import DOORS, by_wsgi
from tests.websockets.driven import WebSocketDrive, scope_of

KEY = "8c2fd0a1b7e94c35a6f01d7eb4392c58"
HALF = "a\ud800b"
SHOWN = "a\N{REPLACEMENT CHARACTER}b"
JSON = {"content-type": "application/json"}

DEEP = {
    "an array": b"[" * 100_000 + b"]" * 100_000,
    "an array without end": b"[" * 100_000,
    "an object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "an object without end": b'{"a":' * 100_000,
}
NO_NUMBERS = [b"NaN", b"[Infinity]", b'{"a": -Infinity}', b" NaN ", b'{"NaN": [1, [NaN]]}', "NaN".encode("utf-16")]
OUT_OF_RANGE = [b"1e400", b"[-1e400]", b"9" * 400 + b".5", b'{"a": 1E+309}']
NO_UNICODE = {
    "a byte that begins nothing": b'"\xff"',
    "an overlong slash": b'"\xc0\xaf"',
    "Latin-1": '"é"'.encode("latin-1"),
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "a surrogate in UTF-8 as a key": b'{"\xed\xbf\xbf": 1}',
    "a pair of surrogates in UTF-8 (CESU-8)": b'"\xed\xa0\xbd\xed\xb8\x80"',
    "a surrogate in UTF-16": '"\ud800"'.encode("utf-16", "surrogatepass"),
    "half a character of UTF-16": '"a"'.encode("utf-16") + b"x",
    "beyond Unicode": b'"\xf5\x80\x80\x80"',
}


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = KEY

    @app.post("/read")
    def read() -> str:
        return repr(request.get_json())[:60]

    @app.post("/late")
    async def late() -> str:
        return repr(request.get_json())[:60]

    @app.post("/forced")
    def forced() -> str:
        return repr(request.get_json(force=True))[:60]

    @app.post("/silent")
    def silent() -> str:
        return repr(request.get_json(silent=True))[:60]

    @app.post("/attribute")
    def attribute() -> str:
        return repr(request.json)[:60]

    @app.post("/echo")
    def echo() -> Response:
        return jsonify(request.get_json())

    return app


def sent(app: Flask, body: bytes, path: str = "/read") -> int:
    """The status of the answer to this body."""
    return int(by_wsgi(app, path, "POST", body, JSON).status[:3])


class TestBodies:
    @pytest.mark.parametrize("path", ["/read", "/late", "/forced", "/attribute", "/echo"])
    @pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
    @pytest.mark.parametrize("door", DOORS)
    def test_json_nested_100_000_deep_is_400(self, app: Flask, door: t.Any, body: bytes, path: str) -> None:
        """JSON that is nested deeper than the interpreter's stack is a bad request (RFC 8259, section 9).

        Upstream lets the RecursionError through: 500.
        """
        assert door(app, path, "POST", body, JSON).status.startswith("400")

    def test_json_nested_deep_is_400_in_threads_with_their_own_stacks(self, app: Flask) -> None:
        """The stack of C ends sooner in a thread, and is not run over there."""
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda body: sent(app, body), [*DEEP.values()] * 4))
        assert answers == [400] * len(answers)
        size = threading.stack_size(512 * 1024 if os.name == "posix" else 0)
        try:
            found: list[int] = []
            thread = threading.Thread(target=lambda: found.append(sent(app, b"[" * 500 + b"]" * 500)))
            thread.start()
            thread.join()
        finally:
            threading.stack_size(size)
        assert found == [200]

    def test_json_nested_deep_by_another_provider_is_400(self, app: Flask) -> None:
        """A provider of the app's own may raise RecursionError; to the client that is a bad request all the same."""

        class Own(JSONProvider):
            def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
                return standard.dumps(obj, **kwargs)

            def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
                return standard.loads(s, **kwargs)

        app.json = Own(app)
        assert [sent(app, body) for body in DEEP.values()] == [400] * len(DEEP)
        assert sent(app, DEEP["an array"], "/silent") == 200

    @pytest.mark.parametrize("path", ["/read", "/late", "/forced", "/attribute"])
    @pytest.mark.parametrize("body", NO_NUMBERS)
    @pytest.mark.parametrize("door", DOORS)
    def test_nan_and_infinity_are_400(self, app: Flask, door: t.Any, body: bytes, path: str) -> None:
        """What Python's parser takes for numbers, and RFC 8259 (section 6) does not permit, is a bad request."""
        assert door(app, path, "POST", body, JSON).status.startswith("400")

    @pytest.mark.parametrize("body", OUT_OF_RANGE)
    def test_numbers_that_become_infinite_are_400(self, app: Flask, body: bytes) -> None:
        """A number beyond a double's range is refused, as section 6 lets a reader do; it would become infinity."""
        assert sent(app, body) == 400

    @pytest.mark.parametrize("body", NO_UNICODE.values(), ids=NO_UNICODE)
    @pytest.mark.parametrize("door", DOORS)
    def test_invalid_utf_8_and_utf_8_encoded_surrogates_are_400(self, app: Flask, door: t.Any, body: bytes) -> None:
        """A body that is not text in Unicode is a bad request (RFC 8259, section 8.1; RFC 3629, section 3)."""
        assert door(app, "/read", "POST", body, JSON).status.startswith("400")

    @pytest.mark.parametrize("number", [b"1" * 5_000, b"-" + b"1" * 5_000, b'{"a": ' + b"9" * 100_000 + b"}"])
    def test_numbers_of_too_many_digits_are_400(self, app: Flask, number: bytes) -> None:
        """A number of more digits than Python converts (CVE-2020-10735) is a bad request; so it is upstream."""
        assert sent(app, number) == 400

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_other_encodings_that_json_had_are_read(self, app: Flask, encoding: str) -> None:
        """UTF-16, UTF-32 and a mark of the byte order are read as upstream reads them (RFC 4627, section 3)."""
        answer = by_wsgi(app, "/read", "POST", '{"é": "😀"}'.encode(encoding), JSON)
        assert answer.body.decode() == "{'é': '😀'}"

    def test_names_that_come_twice_are_read_as_upstream(self, app: Flask) -> None:
        """The last one of a name counts, as RFC 8259 (section 4) describes most readers, and as upstream does."""
        assert by_wsgi(app, "/read", "POST", b'{"a": 1, "a": 2}', JSON).body == b"{'a': 2}"

    @pytest.mark.parametrize("body", [b'"NaN, Infinity"', b'{"-Infinity": "1e400"}', b"1e-400", b"1.5e3", b'"\\ud800"'])
    def test_what_only_looks_like_it_is_read(self, app: Flask, body: bytes) -> None:
        """Words within strings, numbers too near to zero, and escaped halves of characters are JSON."""
        assert by_wsgi(app, "/read", "POST", body, JSON).body == repr(standard.loads(body)).encode()

    def test_json_strict_restores_leniency(self, app: Flask) -> None:
        """With JSON_STRICT off a body is read as by Python's json, like upstream; but not without end."""
        app.config["JSON_STRICT"] = False
        answers = [sent(app, body) for body in (*NO_NUMBERS, *OUT_OF_RANGE, NO_UNICODE["a surrogate in UTF-8"])]
        assert answers == [200] * len(answers)
        assert sent(app, NO_UNICODE["a byte that begins nothing"]) == 400
        assert sent(app, DEEP["an array"]) == 400

    def test_what_cannot_be_read_is_none_silently(self, app: Flask) -> None:
        """Whoever asks silently gets None for all of it."""
        bodies = [*NO_NUMBERS, *OUT_OF_RANGE, *NO_UNICODE.values(), *DEEP.values()]
        assert {by_wsgi(app, "/silent", "POST", body, JSON).body for body in bodies} == {b"None"}

    def test_the_reason_is_told_in_debug_mode_alone(self, app: Flask) -> None:
        """What is wrong with a body is told to a developer, and to nobody else."""
        assert b"NaN" not in by_wsgi(app, "/read", "POST", b"NaN", JSON).body
        app.debug = True
        assert b"NaN is no number in JSON" in by_wsgi(app, "/read", "POST", b"NaN", JSON).body
        assert b"nested too deeply" in by_wsgi(app, "/read", "POST", DEEP["an array"], JSON).body

    def test_a_provider_with_its_own_way_of_reading_decides(self, app: Flask) -> None:
        """A provider that reads by itself, in its class or on the very object, is called as upstream calls it."""
        seen: list[t.Any] = []

        class Own(DefaultJSONProvider):
            def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
                seen.append((s, kwargs))
                return super().loads(s, **kwargs)

        app.json = Own(app)
        assert sent(app, b"NaN") == 200
        app.json = DefaultJSONProvider(app)
        app.json.loads = lambda s, **kwargs: seen.append((s, kwargs))  # type: ignore[method-assign]
        assert sent(app, b"Infinity") == 200
        assert seen == [(b"NaN", {}), (b"Infinity", {})]

    def test_json_of_the_app_itself_is_read_as_upstream(self, app: Flask) -> None:
        """What an app reads by `flask.json`, a response too, may have what Python writes."""
        with app.app_context():
            assert flask.json.loads("[Infinity, 1e400]") == [float("inf")] * 2
            assert flask.json.load(io.StringIO("-Infinity")) == float("-inf")
            assert flask.json.loads(b'"\xed\xa0\x80"') == "\ud800"
        assert Response("Infinity", mimetype="application/json").get_json() == float("inf")

    def test_a_request_outside_of_an_app_is_read_strictly_too(self) -> None:
        """Middleware that makes requests reads their bodies the same way."""
        environ = {"wsgi.input": io.BytesIO(b"NaN"), "CONTENT_LENGTH": "3", "CONTENT_TYPE": "application/json"}
        with pytest.raises(BadRequest):
            flask.Request(environ | {"REQUEST_METHOD": "POST"}).get_json()

    @settings(deadline=None)
    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists))
    def test_other_json_is_read_as_by_python(self, data: t.Any) -> None:
        """Whatever Python writes without NaN and infinity is read to the same values."""
        app = Flask(__name__)
        try:
            body = standard.dumps(data, allow_nan=False).encode()
        except ValueError:
            return
        with app.test_request_context(data=body, method="POST", content_type="application/json"):
            assert request.get_json() == standard.loads(body)

    def test_messages_of_websockets_are_read_strictly(self, app: Flask) -> None:
        """`receive_json` raises ValueError for what a body may not be either."""
        raised: list[str] = []

        @app.websocket("/ws")
        async def listen() -> None:
            for _ in range(3):
                try:
                    await flask.websocket.receive_json()
                except ValueError as error:
                    raised.append(str(error))
            await flask.websocket.send("done")

        async def talk() -> None:
            drive = WebSocketDrive(app.asgi_app, scope_of(create_environ("/ws")))
            assert await drive.connect()
            for message in ("NaN", "1e400", "[" * 100_000):
                await drive.send(message)
            assert await drive.receive() == "done"
            await drive.end()

        asyncio.run(talk())
        assert ["NaN" in raised[0], "range" in raised[1], "deeply" in raised[2]] == [True] * 3


class TestDumping:
    @pytest.mark.parametrize("door", DOORS)
    def test_data_nested_too_deeply_to_be_written_is_an_error_of_the_app(self, app: Flask, door: t.Any) -> None:
        """The RecursionError of the writer passes through the app's error handling, as any of a view's does."""

        def deep() -> Response:
            data: list[t.Any] = []
            for _ in range(100_000):
                data = [data]
            return jsonify(data)

        app.add_url_rule("/deep", "deep", deep)
        app.error_handler_spec[None][None][RecursionError] = lambda error: ("too deep", 413)
        assert door(app, "/deep").body == b"too deep"
        del app.error_handler_spec[None][None][RecursionError]
        assert door(app, "/deep").status.startswith("500")
        assert door(app, "/read", "POST", b"[1]", JSON).body == b"[1]"


def views(app: Flask) -> dict[str, t.Callable[[], t.Any]]:
    """Views that send a lone surrogate, each by another way."""

    def stream() -> t.Iterator[str]:
        yield HALF
        yield "c"

    async def later() -> t.AsyncIterator[str]:
        yield HALF
        yield "c"

    def assigned() -> Response:
        response = Response()
        response.data = HALF
        return response

    def written() -> Response:
        response = Response()
        response.stream.write(HALF)
        return response

    return {
        "str": lambda: HALF,
        "tuple": lambda: (HALF, 201, {"X-A": "b"}),
        "markup": lambda: flask.render_template_string("{{ half|e }}", half=HALF),
        "template": lambda: flask.render_template_string("{{ half }}", half=HALF),
        "streamed template": lambda: flask.stream_template_string("{{ half }}", half=HALF),
        "make_response": lambda: flask.make_response(HALF),
        "generator": stream,
        "asynchronous generator": later,
        "with context": lambda: Response(flask.stream_with_context(stream())),
        "list": lambda: Response([HALF, "c"]),
        "str subclass": lambda: Response([type("Own", (str,), {})(HALF)]),
        "data": assigned,
        "stream": written,
        "events": lambda: EventStream([HALF]),
        "abort": lambda: abort(400, HALF),
        "abort with a response": lambda: abort(Response(HALF, 400)),
        "returned error": lambda: BadRequest(HALF),
        "raised error": lambda: (_ for _ in ()).throw(BadRequest(HALF)),
    }


class TestLoneSurrogates:
    """Half of a character comes in by escaped JSON (RFC 8259, section 8.2), and must not make a 500 on its way out.

    Where text goes out, U+FFFD stands for it, as WHATWG's Encoding Standard and USVString have it.
    """

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize("ascii_only", [True, False])
    @pytest.mark.parametrize("name", sorted(views(Flask(__name__))))
    @pytest.mark.parametrize("door", DOORS)
    def test_a_lone_surrogate_in_our_own_output_never_makes_a_500(
        self, app: Flask, door: t.Any, name: str, ascii_only: bool, method: str
    ) -> None:
        """Every way of sending text replaces it, by every door."""
        app.json.ensure_ascii = ascii_only  # type: ignore[attr-defined]
        app.add_url_rule("/", "view", views(app)[name])
        answer = door(app, "/", method)
        assert answer.status[:3] in {"200", "201", "400"}
        assert method == "HEAD" or SHOWN in answer.body.decode()

    @pytest.mark.parametrize("ascii_only", [True, False])
    @pytest.mark.parametrize("door", DOORS)
    def test_json_with_a_lone_surrogate_is_sent(self, app: Flask, door: t.Any, ascii_only: bool) -> None:
        """JSON has it escaped, as upstream, or replaced where an app wants no escapes (there a 500 upstream)."""
        app.json.ensure_ascii = ascii_only  # type: ignore[attr-defined]
        paths = []
        for number, made in enumerate([{"a": HALF}, [HALF], {HALF: 1}]):
            paths += [f"/{number}", f"/j{number}"]
            app.add_url_rule(paths[-2], paths[-2], lambda made=made: made)
            app.add_url_rule(paths[-1], paths[-1], lambda made=made: jsonify(made))
        for path in paths:
            assert ("\\ud800" if ascii_only else SHOWN) in door(app, path).body.decode()
        assert door(app, "/echo", "POST", b'"\\ud800"', JSON).status.startswith("200")

    @pytest.mark.parametrize("ascii_only", [True, False])
    def test_sessions_and_flashed_messages_keep_it(self, app: Flask, ascii_only: bool) -> None:
        """A session's JSON has it escaped, whatever the app's has, so that it comes back as it was."""
        app.json.ensure_ascii = ascii_only  # type: ignore[attr-defined]

        @app.get("/write")
        def write() -> str:
            session[HALF] = ("é", HALF)
            flash(HALF, HALF)
            return "x"

        @app.get("/again")
        def again() -> str:
            assert session[HALF] == ("é", HALF)
            assert get_flashed_messages(with_categories=True) == [(HALF, HALF)]
            return "the same"

        client = app.test_client()
        assert client.get("/write").status_code == 200
        assert client.get("/again").text == "the same"

    def test_redirects_and_urls_have_it_replaced(self, app: Flask) -> None:
        """A location and every part of a URL that is built is UTF-8, percent-encoded (RFC 3987, section 3.1)."""
        app.add_url_rule("/to/<name>", "to", lambda name: name)
        app.add_url_rule("/go", "go", lambda: redirect(f"/to/{HALF}?{HALF}"))
        answer = by_wsgi(app, "/go")
        assert (answer.status[:3], answer.header("Location")) == ("302", "/to/a%EF%BF%BDb?a%EF%BF%BDb")
        replaced = "a%EF%BF%BDb"
        with app.test_request_context():
            for more in ({}, {"_external": True}, {"_scheme": "https"}):
                url = url_for("to", name=HALF, one=HALF, more=[HALF, "x"], _anchor=HALF, **more)  # type: ignore[arg-type]
                assert url.endswith(f"/to/{replaced}?one={replaced}&more={replaced}&more=x#{replaced}")

    def test_cookies_have_it_replaced(self, app: Flask) -> None:
        """A cookie's value is UTF-8, escaped in octal as Werkzeug does it."""

        @app.get("/")
        def set_one() -> Response:
            response = Response("x")
            response.set_cookie("a", HALF)
            return response

        client = app.test_client()
        assert client.get("/").status_code == 200
        cookie = client.get_cookie("a")
        assert cookie is not None
        assert cookie.decoded_value == SHOWN

    def test_handlers_may_make_a_response_of_the_error(self, app: Flask) -> None:
        """`e.get_response()`, which Flask's documentation has in its handler of all HTTP errors, can be made."""

        @app.errorhandler(HTTPException)
        def as_json(error: HTTPException) -> t.Any:
            response = error.get_response()
            response.data = standard.dumps({"description": error.description})
            return response

        app.add_url_rule("/", "view", lambda: abort(400, HALF))
        assert by_wsgi(app, "/").body == b'{"description": "a\\ufffdb"}'

    def test_download_names_have_it_replaced(self, app: Flask, tmp_path: Path) -> None:
        """The name of a file may be any bytes on POSIX, which Python shows as surrogates (PEP 383)."""
        app.add_url_rule(
            "/named",
            "named",
            lambda: flask.send_file(io.BytesIO(b"x"), download_name=f"{HALF}.txt", as_attachment=True),
        )
        name = os.fsdecode(b"a\xff.txt")
        app.add_url_rule("/file", "file", lambda: flask.send_file(tmp_path / name, as_attachment=True))
        app.add_url_rule("/within", "within", lambda: flask.send_from_directory(tmp_path, name))
        assert by_wsgi(app, "/named").header("Content-Disposition") == (
            "attachment; filename=ab.txt; filename*=UTF-8''a%EF%BF%BDb.txt"
        )
        try:
            (tmp_path / name).write_text("content")
        except OSError:  # a file system of Unicode names alone
            return
        assert [by_wsgi(app, path).body for path in ("/file", "/within")] == [b"content"] * 2

    def test_it_can_be_quoted_in_templates(self, app: Flask) -> None:
        """Jinja's filter for URLs takes it, alone and within what a query is made of."""
        with app.app_context():
            text = flask.render_template_string("{{ a|urlencode }} {{ {'k': a}|urlencode }}", a=HALF)
        assert text == "a%EF%BF%BDb k=a%EF%BF%BDb"

    def test_log_lines_with_it_are_no_error(self, app: Flask) -> None:
        """What a view logs reaches the log, or is lost there; the request goes on."""
        stream = io.TextIOWrapper(io.BytesIO(), "utf-8")  # which takes no surrogates
        app.logger.addHandler(logging.StreamHandler(stream))
        app.add_url_rule("/", "view", lambda: app.logger.error("%s", HALF) or "well")
        assert by_wsgi(app, "/").body == b"well"

    @settings(deadline=None)
    @given(st.text(st.characters()))
    def test_other_text_stays_as_it_is(self, text: str) -> None:
        """Only lone surrogates are replaced, one by one; halves that stand side by side are one character."""
        expected = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        assert encoded(text) == expected.encode()
        assert well_formed(text) == expected
        assert standard.loads(escaped(standard.dumps(text, ensure_ascii=False))) == standard.loads(standard.dumps(text))
