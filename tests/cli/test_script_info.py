"""The object that finds and keeps the app."""

from __future__ import annotations

import os

import click
import pytest
from click.testing import CliRunner

import flask
from flask import Flask, current_app
from flask.cli import NoAppException, ScriptInfo, pass_script_info, with_appcontext

from .conftest import Write


def write_app(write: Write, path: str, name: str) -> None:
    write(path, f"from flask import Flask\napp = Flask({name!r})\nother = Flask('other')\n")


def test_made_once() -> None:
    """The app is loaded on the first call, and is the same from then on."""
    made: list[Flask] = []

    def create_app() -> Flask:
        made.append(Flask("a"))
        return made[-1]

    info = ScriptInfo(create_app=create_app)
    assert info._loaded_app is None
    assert info.load_app() is info.load_app() is info._loaded_app
    assert len(made) == 1


def test_create_app_goes_first() -> None:
    """A function that makes the app goes before an import path."""
    assert ScriptInfo("nope", create_app=lambda: Flask("a")).load_app().name == "a"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("hello", "hello"),
        ("hello.py", "hello"),
        ("hello:other", "other"),
        ("./hello.py:other", "other"),
        ("hello: other ", "other"),
        ("{folder}/hello.py:other", "other"),
        (None, "wsgi"),
        ("", "wsgi"),
    ],
)
def test_import_path(write: Write, folder: object, given: str | None, name: str) -> None:
    """A path, with or without the name of the app; wsgi.py goes before app.py where nothing is given."""
    for module in ("hello", "wsgi", "app"):
        write_app(write, f"{module}.py", module)
    assert ScriptInfo(given and given.format(folder=folder)).load_app().name == name


def test_a_drive_letter_is_no_module(folder: object) -> None:
    """The colon of a Windows path does not start the app's name."""
    with pytest.raises(NoAppException, match=r"Could not import 'C:"):
        ScriptInfo("C:\\work\\hello.py:app").load_app()


def test_app_py(write: Write) -> None:
    """app.py is found without being named."""
    write("app.py", "from flask import Flask\ndef create_app(): return Flask('made')\n")
    assert ScriptInfo().load_app().name == "made"


@pytest.mark.usefixtures("folder")
def test_nothing_found() -> None:
    """Without any app the message names each way to give one."""
    with pytest.raises(NoAppException) as caught:
        ScriptInfo().load_app()
    for word in ("--app", "FLASK_APP", "wsgi.py", "app.py"):
        assert word in caught.value.message
    with pytest.raises(NoAppException, match="returned None"):
        ScriptInfo(create_app=lambda: None).load_app()  # type: ignore[arg-type,return-value]


def test_what_might_have_been_meant(write: Write) -> None:
    """Files that look like an app are offered, those that only speak of one are not."""
    write_app(write, "hello.py", "hello")
    write("pkg/__init__.py", "def create_app(): ...\n")
    write("tools.py", "# app = Flask(__name__)\n")
    with pytest.raises(NoAppException) as caught:
        ScriptInfo().load_app()
    assert "'hello' and 'pkg' look like one: try '--app hello'" in caught.value.message


@pytest.mark.parametrize(("variable", "debug"), [("1", True), ("0", False), (None, False)])
def test_debug_follows_the_variable(variable: str | None, debug: bool) -> None:
    """Loading sets debug mode by FLASK_DEBUG, unless it was asked not to."""
    if variable is not None:
        os.environ["FLASK_DEBUG"] = variable
    app = Flask("a")
    app.debug = not debug
    assert ScriptInfo(create_app=lambda: app, set_debug_flag=False).load_app().debug is not debug
    assert ScriptInfo(create_app=lambda: app).load_app().debug is debug


@pytest.mark.parametrize(("variable", "loads"), [("1", False), ("true", False), ("0", True), (None, True)])
def test_skip_dotenv(variable: str | None, loads: bool) -> None:
    """FLASK_SKIP_DOTENV turns the default files off."""
    if variable is not None:
        os.environ["FLASK_SKIP_DOTENV"] = variable
    assert ScriptInfo().load_dotenv_defaults is loads


def test_data_is_ones_own(runner: CliRunner) -> None:
    """`data` starts empty; commands get the same object."""
    seen: list[ScriptInfo] = []

    @click.command()
    @pass_script_info
    def command(info: ScriptInfo) -> None:
        seen.append(info)

    info = ScriptInfo()
    assert info.data == {}
    assert runner.invoke(command, obj=info).exit_code == 0
    assert runner.invoke(command).exit_code == 0
    assert seen[0] is info
    assert isinstance(seen[1], ScriptInfo)


def test_with_appcontext(runner: CliRunner) -> None:
    """The function runs in one context of the app, which ends with the command, also after an error."""
    app = Flask("a")
    events: list[object] = []
    app.teardown_appcontext(lambda error: events.append(error))

    @with_appcontext
    def inner() -> None:
        events.append(flask.globals.app_ctx._get_current_object())  # type: ignore[attr-defined]

    @click.command()
    @click.option("--fail", is_flag=True)
    @with_appcontext
    def command(fail: bool) -> None:
        """Words."""
        events.append(flask.globals.app_ctx._get_current_object())  # type: ignore[attr-defined]
        inner()
        if fail:
            raise ValueError(current_app.name)

    info = ScriptInfo(create_app=lambda: app)
    assert command.help == "Words."
    assert runner.invoke(command, obj=info).exception is None
    assert events[0] is events[1]
    assert events[2:] == [None]
    del events[:]
    error = runner.invoke(command, ["--fail"], obj=info).exception
    assert events[2:] == [error]
    assert str(error) == "a"


def test_with_appcontext_keeps_an_active_context(runner: CliRunner) -> None:
    """Where a context is active already, whichever app's, it is used, and none is loaded."""

    @click.command()
    @with_appcontext
    def command() -> None:
        click.echo(current_app.name)

    with Flask("outer").app_context():
        assert runner.invoke(command, obj=ScriptInfo("nope")).output == "outer\n"
