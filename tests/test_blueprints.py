from __future__ import annotations

from datetime import timedelta

import pytest

import flask
from flask.blueprints import Blueprint, BlueprintSetupState
from flask.sansio import blueprints as registration


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("static")
    (tmp_path / "secret.txt").write_bytes("café".encode())
    return tmp_path


@pytest.fixture
def app():
    return flask.Flask("json", static_folder=None)


@pytest.fixture
def blueprint(folder):
    return Blueprint("b", "json", root_path=str(folder), static_folder="files", url_prefix="/p")


def test_one_home():
    """The blueprint that users import is the one that registers, and the state is the very same class."""
    assert issubclass(Blueprint, registration.Blueprint)
    assert BlueprintSetupState is registration.BlueprintSetupState


def test_static_files_are_served(app, blueprint):
    """Files of the static folder are served within the prefix, and nothing outside of the folder is."""
    app.register_blueprint(blueprint)
    client = app.test_client()
    with client.get("/p/files/a.txt") as response:
        assert response.data == b"static"
    assert client.get("/p/files/none.txt").status_code == 404
    assert client.get("/p/files/../secret.txt").status_code == 404
    with app.test_request_context():
        assert flask.url_for("b.static", filename="a.txt") == "/p/files/a.txt"


def test_no_static_folder():
    """Serving a static file without a static folder fails and says what is missing."""
    with pytest.raises(RuntimeError, match=r"'static_folder' must be set to serve static_files\."):
        Blueprint("b", "json").send_static_file("a.txt")


@pytest.mark.parametrize(
    ("setting", "seconds"), [(None, None), (60, 60), (timedelta(hours=1), 3600), (timedelta(seconds=1.9), 1)]
)
def test_max_age(app, blueprint, setting, seconds):
    """Files are kept for as long as the app's setting says, in seconds or as a timedelta."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = setting
    app.register_blueprint(blueprint)
    with app.app_context():
        assert blueprint.get_send_file_max_age("a.txt") == seconds
    with app.test_client().get("/p/files/a.txt") as response:
        expected = "no-cache" if seconds is None else f"public, max-age={seconds}"
        assert response.headers["Cache-Control"] == expected


def test_max_age_of_a_subclass(app, folder):
    """A subclass decides for itself how long its files are kept."""

    class Own(Blueprint):
        def get_send_file_max_age(self, filename):
            return 7

    app.register_blueprint(Own("b", "json", root_path=str(folder), static_folder="files"))
    with app.test_client().get("/files/a.txt") as response:
        assert response.headers["Cache-Control"] == "public, max-age=7"


def test_max_age_needs_an_app(blueprint):
    """Outside of a context there is no app to ask."""
    with pytest.raises(RuntimeError, match="Working outside of application context"):
        blueprint.get_send_file_max_age("a.txt")


@pytest.mark.parametrize(
    ("arguments", "content"),
    [
        ((), "café".encode()),
        (("rb", "latin-1"), "café".encode()),
        (("r",), "café"),
        (("rt",), "café"),
        (("r", "latin-1"), "cafÃ©"),
    ],
)
def test_open_resource(blueprint, arguments, content):
    """A resource counts from the root path; text is UTF-8 unless said otherwise, and bytes have no encoding."""
    with blueprint.open_resource("secret.txt", *arguments) as file:
        assert file.read() == content


@pytest.mark.parametrize("mode", ["w", "a", "r+", "wb", "x", "br", "tr", ""])
def test_open_resource_only_reads(blueprint, mode):
    """A resource is opened for nothing but reading."""
    with pytest.raises(ValueError, match=r"Resources can only be opened for reading\."):
        blueprint.open_resource("secret.txt", mode)


def test_commands_of_a_blueprint(app):
    """A command of a blueprint runs as the app's, in a group of the blueprint's name."""
    blueprint = Blueprint("b", "json")

    @blueprint.cli.command()
    def hello():
        print(flask.current_app.name)

    app.register_blueprint(blueprint)
    result = app.test_cli_runner().invoke(args=["b", "hello"])
    assert (result.exit_code, result.output) == (0, "json\n")
