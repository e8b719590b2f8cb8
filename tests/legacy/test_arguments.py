"""Arguments that Flask renamed or removed are understood where the function lives, and warn."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import flask
from flask import json as flask_json
from tests.oracle import require


@pytest.fixture
def app(tmp_path: Path) -> flask.Flask:
    (tmp_path / "a.txt").write_text("hello")
    return flask.Flask(__name__, root_path=str(tmp_path))


def headers(response: flask.Response) -> dict[str, str]:
    response.close()
    return {name: value for name, value in response.headers if name != "Date"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"attachment_filename": "b.txt", "as_attachment": True}, {"download_name": "b.txt", "as_attachment": True}),
        ({"add_etags": False}, {"etag": False}),
        ({"cache_timeout": 7}, {"max_age": 7}),
        ({"cache_timeout": None}, {"max_age": None}),
    ],
)
def test_files_are_sent_by_old_arguments(app: flask.Flask, old: dict[str, object], new: dict[str, object]) -> None:
    """`send_file` and `send_from_directory` do by an argument's old name what they do by the new one."""
    with app.test_request_context():
        with pytest.warns(DeprecationWarning, match=f"The argument '{next(iter(old))}' of 'flask.send_file'"):
            by_old = flask.send_file("a.txt", **old)
        by_new = flask.send_file("a.txt", **new)
        assert {**headers(by_old), "Expires": ""} == {**headers(by_new), "Expires": ""}
        with pytest.warns(DeprecationWarning, match="of 'flask.send_from_directory'"):
            by_old = flask.send_from_directory(".", "a.txt", **old)
        by_new = flask.send_from_directory(".", "a.txt", **new)
        assert {**headers(by_old), "Expires": ""} == {**headers(by_new), "Expires": ""}


def test_the_file_itself_has_an_old_name_too(app: flask.Flask) -> None:
    """The first argument is understood as `filename_or_fp`, and the path in a directory as `filename`."""
    with app.test_request_context():
        with pytest.warns(DeprecationWarning, match="'filename_or_fp'.*use 'path_or_file'"):
            response = flask.send_file(filename_or_fp=io.BytesIO(b"hello"), mimetype="a/b")
        response.direct_passthrough = False
        assert (response.data, response.mimetype) == (b"hello", "a/b")
        with pytest.warns(DeprecationWarning, match="'filename'.*use 'path'"):
            response = flask.send_from_directory(".", filename="a.txt")
        response.direct_passthrough = False
        assert response.data == b"hello"
        response.close()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flask.send_file("a.txt", no_such=1), "unexpected keyword argument 'no_such'"),
        (lambda: flask.send_file(), "missing 1 required positional argument: 'path_or_file'"),
        (lambda: flask.send_from_directory("."), "missing 1 required positional argument: 'path'"),
        (lambda: flask.send_from_directory(".", "a.txt", no_such=1), "unexpected keyword argument 'no_such'"),
    ],
)
def test_other_mistakes_are_python_errors(app: flask.Flask, call: object, message: str) -> None:
    """An argument that there never was, or one that is missing, is Python's own error."""
    with app.test_request_context(), pytest.raises(TypeError, match=message):
        call()


def test_signatures_are_those_of_flask_3() -> None:
    """Who looks at a signature finds the arguments of Flask 3.1, and which of them are required."""
    code = """if True:
        import inspect, flask
        for function in (flask.send_file, flask.send_from_directory):
            for each in inspect.signature(function).parameters.values():
                print(each.name, each.kind, each.default)
    """
    upstream, ours = (
        subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
        for python in (require(), sys.executable)
    )
    assert ours == upstream


def test_json_of_a_given_app() -> None:
    """The functions of `flask.json` take the app whose JSON they write and read."""
    app = flask.Flask(__name__)
    app.json.sort_keys = False
    with pytest.warns(DeprecationWarning, match=r"The argument 'app' of 'flask\.json\.dumps'"):
        assert flask_json.dumps({"b": 1, "a": 2}, app=app) == '{"b": 1, "a": 2}'
    with pytest.warns(DeprecationWarning, match=r"'flask\.json\.loads'"):
        assert flask_json.loads("[1]", app=app) == [1]


def _written_to(file: io.BytesIO) -> object:
    flask_json.dump([1], file, encoding="ascii")
    file.seek(0)
    return flask_json.load(file, encoding="ascii")


@pytest.mark.parametrize("within", [True, False])
@pytest.mark.parametrize(
    ("call", "result"),
    [
        (lambda: json.loads(flask_json.dumps(["ä"], encoding="utf-16").decode("utf-16")), ["ä"]),
        (lambda: flask_json.loads('["ä"]'.encode("latin-1"), encoding="latin-1"), ["ä"]),
        (lambda: _written_to(io.BytesIO()), [1]),
    ],
)
def test_json_in_an_encoding(within: bool, call: object, result: object) -> None:
    """An encoding makes bytes of what is written, and reads bytes, with an app and without."""
    with contextlib.ExitStack() as stack:
        if within:
            stack.enter_context(flask.Flask(__name__).app_context())
        with pytest.warns(DeprecationWarning, match="The argument 'encoding'"):
            assert call() == result


def test_arguments_of_a_provider_are_its_own() -> None:
    """A provider that has an argument of a removed name gets it, and nobody is warned."""

    class Provider(flask.json.provider.DefaultJSONProvider):
        def dumps(self, obj: object, *, encoding: str = "", **kwargs: object) -> str:
            return f"{encoding}:{super().dumps(obj, **kwargs)}"

    app = flask.Flask(__name__)
    app.json = Provider(app)
    with app.app_context():
        assert flask_json.dumps(1, encoding="mine") == "mine:1"


@pytest.mark.parametrize("call", [lambda: flask_json.dumps({1}), lambda: flask_json.loads(None)])
def test_an_error_of_json_stays_what_it_is(call: object) -> None:
    """A value that cannot be written, or read, is a `TypeError` as ever."""
    with pytest.raises(TypeError):
        call()


def test_client_answers_as_a_tuple() -> None:
    """The test client's `as_tuple` gives the environment and the response."""
    app = flask.Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello")
    with pytest.warns(DeprecationWarning, match="'as_tuple'"):
        environ, response = app.test_client().get("/?a=1", as_tuple=True)
    assert (environ["QUERY_STRING"], response.text) == ("a=1", "hello")
