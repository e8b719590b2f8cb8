"""The options of the group, and the environment behind them."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version

import click
import pytest
from click.testing import CliRunner

from flask import Flask, current_app
from flask.cli import FlaskGroup, cli

from .conftest import Command, Write

SHOW = """
import os
from flask import Flask
app = Flask(__name__)
early = os.environ.get("FLASK_DEBUG")
@app.cli.command()
def show():
    print(app.debug, early, *(os.environ.get(f"T_{name}", "-") for name in "ABC"))
"""


@pytest.mark.parametrize(
    ("args", "env", "shown"),
    [
        ([], {}, "False None env flaskenv -"),
        (["--debug"], {}, "True 1 env flaskenv -"),
        (["--no-debug"], {"FLASK_DEBUG": "1"}, "False 0 env flaskenv -"),
        ([], {"FLASK_DEBUG": "yes"}, "True 1 env flaskenv -"),
        ([], {"FLASK_DEBUG": ""}, "False  env flaskenv -"),
        (["-e", "named"], {}, "False None named flaskenv named"),
        (["-e", "named"], {"T_A": "real"}, "False None real flaskenv named"),
        ([], {"FLASK_ENV_FILE": "named"}, "False None named flaskenv named"),
        ([], {"FLASK_SKIP_DOTENV": "1"}, "False None - - -"),
        (["-e", "named"], {"FLASK_SKIP_DOTENV": "1"}, "False None named - named"),
    ],
)
def test_variables(write: Write, command: Command, args: list[str], env: dict[str, str], shown: str) -> None:
    """Debug mode and variables are settled before the first line of the app runs."""
    write("app.py", SHOW)
    write(".flaskenv", "T_A=flaskenv\nT_B=flaskenv\n")
    write(".env", "T_A=env\n")
    write("named", "T_A=named\nT_C=named\n")
    done = command(*args, "show", **env)
    assert (done.stdout, done.stderr) == (f"{shown}\n", "")


def test_options_from_a_file(write: Write, command: Command) -> None:
    """Every option can stand in .env, also the app and debug mode; the command line goes first."""
    write("web.py", SHOW)
    write(".env", "FLASK_APP=web\nFLASK_DEBUG=1\nFLASK_ROUTES_SORT=nonsense\n")
    assert command("show").stdout.startswith("True 1")
    assert command("--no-debug", "show").stdout.startswith("False 0")
    done = command("routes")
    assert done.returncode == 2
    assert "'nonsense' is not one of" in done.stderr


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        (["-e", "nope", "routes"], {}, "File 'nope' does not exist."),
        (["-e", ".", "routes"], {}, "File '.' is a directory."),
        (["routes"], {"FLASK_DEBUG": "maybe"}, "'maybe' is not a valid boolean"),
        (["--app"], {}, "Option '--app' requires an argument."),
    ],
)
def test_what_is_refused(folder: object, runner: CliRunner, args: list[str], env: dict[str, str], said: str) -> None:
    """A bad value ends the command with status 2 before any app is loaded."""
    result = runner.invoke(cli, args, env=env)
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        (["routes"], {"FLASK_DEBUG": "maybe"}, "'maybe' is not a valid boolean"),
        (["run"], {"FLASK_RUN_PORT": "abc"}, "'abc' is not a valid integer."),
        (["run"], {"FLASK_RUN_CERT": "nope"}, "File 'nope' does not exist."),
        (["routes"], {"FLASK_ENV_FILE": "nope"}, "File 'nope' does not exist."),
        (["buy"], {"FLASK_BUY_COUNT": "many"}, "'many' is not a valid integer."),
        (["buy"], {"PRICE": "much"}, "'much' is not a valid float."),
    ],
)
def test_a_bad_value_that_nobody_typed(
    write: Write, runner: CliRunner, args: list[str], env: dict[str, str], said: str
) -> None:
    """A variable that an option cannot take is named, once, in the environment or in the file that sets it."""
    write(
        "app.py",
        """
        import click
        from flask import Flask
        app = Flask(__name__)
        @app.cli.command()
        @click.option("--count", type=int)
        @click.option("--price", type=float, envvar=["COST", "PRICE"])
        def buy(count, price): pass
        """,
    )
    (variable,) = env
    for group in (cli, FlaskGroup("outer", commands=[cli])):
        result = runner.invoke(group, [*(["flask"] if group is not cli else []), *args], env=env)
        assert result.exit_code == 2
        assert said in result.stderr
        if group is cli:
            assert result.stderr.endswith(f". It is the value of the variable {variable}.\n")
    if variable != "FLASK_ENV_FILE":
        path = write(".env", f"{variable}={env[variable]}\n")
        result = runner.invoke(cli, args)
        assert result.stderr.endswith(f"variable {variable}, which '{path}' sets.\n")


def test_a_bad_value_that_somebody_typed(runner: CliRunner) -> None:
    """What was typed needs no explanation, also where a variable says something else."""
    result = runner.invoke(cli, ["run", "--port", "abc"], env={"FLASK_RUN_PORT": "xyz"})
    assert result.exit_code == 2
    assert result.stderr.endswith("'abc' is not a valid integer.\n")
    assert "Missing argument" in runner.invoke(_wants_an_argument(), ["take"]).stderr


def _wants_an_argument() -> FlaskGroup:
    group = FlaskGroup(create_app=lambda: Flask("a"))
    group.command("take")(click.argument("what")(lambda what: None))
    return group


def test_env_file_without_python_dotenv(write: Write, runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was asked for and cannot be read is an error, not a hint."""
    write("named", "T_A=1\n")
    monkeypatch.setitem(sys.modules, "dotenv", None)
    result = runner.invoke(cli, ["-e", "named", "routes"])
    assert result.exit_code == 2
    assert "python-dotenv must be installed" in result.output


def test_version(runner: CliRunner) -> None:
    """--version names the three versions, whatever else is wrong."""
    result = runner.invoke(cli, ["--app", "nope", "--version"])
    assert result.exit_code == 0
    assert result.output == (
        f"Python {platform.python_version()}\nFlask {version('flask')}\nWerkzeug {version('werkzeug')}\n"
    )


def test_group_without_default_files(write: Write, runner: CliRunner) -> None:
    """`load_dotenv=False` leaves the default files alone, not one that is named."""
    write(".env", "T_A=env\n")
    write("named", "T_B=named\n")
    group = FlaskGroup(load_dotenv=False, create_app=lambda: Flask("a"))
    group.command("show")(lambda: click.echo(f"{os.environ.get('T_A')} {os.environ.get('T_B')}"))
    assert runner.invoke(group, ["show"]).output == "None None\n"
    assert runner.invoke(group, ["-e", "named", "show"]).output == "None named\n"


def test_group_without_debug_flag(runner: CliRunner) -> None:
    """`set_debug_flag=False` leaves debug mode to the app."""
    app = Flask("a")
    app.debug = True
    group = FlaskGroup(set_debug_flag=False, create_app=lambda: app)
    group.command("show")(lambda: click.echo(current_app.debug))
    assert runner.invoke(group, ["show"]).output == "True\n"
    assert os.environ.get("FLASK_DEBUG") is None
