"""An application as its author types it: routes, hooks, errors, templates, configuration."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, assert_type

import click
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import BaseConverter, Map
from werkzeug.wrappers import Response as WerkzeugResponse

import flask
from flask import (
    Flask,
    Request,
    Response,
    abort,
    current_app,
    flash,
    g,
    get_flashed_messages,
    jsonify,
    make_response,
    redirect,
    render_template,
    render_template_string,
    request,
    send_file,
    send_from_directory,
    session,
    stream_template,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

app = Flask(__name__, static_folder="assets", template_folder=Path("pages"), instance_relative_config=True)
app.secret_key = b"key"
app.config["TESTING"] = True
app.config.from_mapping(DEBUG=True, MAX_CONTENT_LENGTH=1024)
app.config.from_prefixed_env("SHOP")
app.permanent_session_lifetime = timedelta(days=1)
app.testing = False
assert_type(app.name, str)
assert_type(app.debug, bool)
assert_type(app.logger, logging.Logger)
assert_type(app.url_map, Map)
assert_type(app.static_url_path, str | None)
assert_type(app.extensions, dict[str, Any])


class Slug(BaseConverter):
    """A converter of the application's own."""

    regex = r"[a-z-]+"


app.url_map.converters["slug"] = Slug


@app.route("/")
def text() -> str:
    return "<p>Hello</p>"


@app.get("/bytes")
def some_bytes() -> bytes:
    return b"bytes"


@app.get("/object")
def an_object() -> dict[str, Any]:
    return {"id": 1, "tags": ["a"]}


@app.get("/list")
def a_list() -> list[dict[str, int]]:
    return [{"id": 1}]


@app.post("/pair")
def with_status() -> tuple[str, int]:
    return "made", 201


@app.put("/headers")
def with_headers() -> tuple[dict[str, str], dict[str, str]]:
    return {"a": "b"}, {"X-Kind": "pair"}


@app.patch("/triple")
def with_both() -> tuple[str, int, list[tuple[str, str]]]:
    return "patched", 200, [("X-Kind", "triple")]


@app.delete("/nothing/<int:number>")
def with_nothing(number: int) -> tuple[str, int]:
    return "", 204


@app.get("/stream")
def streamed() -> Iterator[str]:
    def pieces() -> Iterator[str]:
        yield request.path

    return stream_with_context(pieces())


@app.get("/away")
def away() -> WerkzeugResponse:
    return redirect(url_for("text", _external=True), code=303)


@app.get("/made")
def made() -> Response:
    response = make_response(render_template("page.html", name="x"), 200)
    response.set_cookie("seen", "1")
    return response


@app.get("/json")
def as_json() -> Response:
    return jsonify(a=1)


@app.get("/page")
def page() -> Iterator[str]:
    return stream_template("page.html")


@app.get("/file/<path:name>")
def a_file(name: str) -> Response:
    if name == "one":
        return send_file(Path("one.txt"), as_attachment=True, download_name="one.txt")
    return send_from_directory("files", name)


@app.route("/any", methods=["GET", "POST"])
def anything() -> ResponseReturnValue:
    if "user" not in session:
        flash("sign in first", "error")
        return redirect("/")
    if request.method == "POST":
        value = request.form["value"]
        assert_type(value, str)
        return {"value": value, "page": request.args.get("page", 1, type=int)}
    if request.is_json:
        return [request.get_json(silent=True), request.get_data().decode(), request.get_data(as_text=True).upper()]
    assert_type(get_flashed_messages(), list[str] | list[tuple[str, str]])
    abort(404)


@app.get("/async")
async def asynchronous() -> str:
    return render_template_string("{{ 1 }}")


class Machine:
    """A WSGI application inside of a view's result."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b""]


app.add_url_rule("/rule", endpoint="rule", view_func=text, methods=["GET"], strict_slashes=False, defaults={"page": 1})


@app.before_request
def before() -> None:
    g.started = True
    assert_type(request.endpoint, str | None)
    assert_type(request.blueprints, list[str])


@app.before_request
async def before_async() -> ResponseReturnValue | None:
    return None


@app.after_request
def after(response: Response) -> Response:
    response.headers["X-After"] = "1"
    return response


@app.teardown_request
def teardown(error: BaseException | None) -> None:
    g.pop("started", None)


@app.teardown_appcontext
def teardown_application(error: BaseException | None) -> None:
    current_app.logger.debug("down")


@app.errorhandler(404)
def not_found(error: NotFound) -> tuple[str, int]:
    return render_template("404.html"), 404


@app.errorhandler(HTTPException)
def any_error(error: HTTPException) -> ResponseReturnValue:
    return error.name, error.code or 500


@app.errorhandler(ValueError)
def value_error(error: ValueError) -> str:
    return str(error)


app.register_error_handler(KeyError, lambda error: "missing")


@app.template_filter()
def shout(value: str) -> str:
    return value.upper()


@app.template_filter("whisper")
def quiet(value: str) -> str:
    return value.lower()


@app.template_test("odd_one")
def is_odd(value: int) -> bool:
    return value % 2 == 1


@app.template_global()
def now() -> str:
    return "now"


@app.context_processor
def context() -> dict[str, Any]:
    return {"title": "typed"}


@app.shell_context_processor
def shell() -> dict[str, Any]:
    return {"app": app}


@app.url_value_preprocessor
def pull(endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values is not None:
        g.language = values.pop("language", None)


@app.url_defaults
def push(endpoint: str, values: dict[str, Any]) -> None:
    values.setdefault("language", "en")


@app.cli.command("count")
@click.argument("number", type=int)
def count(number: int) -> None:
    click.echo(number)


class Own(Flask):
    """An application class of one's own, with what is most often set on it."""

    request_class = Request
    response_class = Response

    def make_default_options_response(self) -> Response:
        return super().make_default_options_response()


def test_typed() -> None:
    """The client and the contexts, as a test uses them."""
    with app.app_context() as context, app.test_client() as client:
        assert_type(context, flask.ctx.AppContext)
        answer = client.post("/any", json={"a": 1}, headers={"X-A": "b"}, follow_redirects=True)
        assert_type(answer.status_code, int)
        assert_type(answer.text, str)
        with client.session_transaction() as opened:
            opened["user"] = "x"
            assert_type(opened.permanent, bool)
    with app.test_request_context("/any", method="POST", data={"value": "1"}) as pushed:
        assert_type(pushed.request, Request)
    result = app.test_cli_runner().invoke(args=["count", "1"])
    assert_type(result.exit_code, int)
