"""Groups of commands, and what the group behind `flask` adds."""

from __future__ import annotations

import importlib.metadata
import os
import typing as t

import click
import pytest
from click.testing import CliRunner

import flask
from flask import Blueprint, Flask, current_app
from flask.cli import AppGroup, FlaskGroup, ScriptInfo, cli

from .conftest import Write


def say_context() -> None:
    click.echo(current_app.name if current_app else "no context")


def test_commands_run_in_the_apps_context(runner: CliRunner) -> None:
    """A command of a group has the app's context unless it declines; so has one of a group in it."""
    group = AppGroup("group")
    group.command("with")(say_context)
    group.command("without", with_appcontext=False)(say_context)
    group.group("sub")(lambda: None).command("deep")(say_context)
    info = ScriptInfo(create_app=lambda: Flask("a"))
    assert runner.invoke(group, ["with"], obj=info).output == "a\n"
    assert runner.invoke(group, ["without"], obj=info).output == "no context\n"
    assert runner.invoke(group, ["sub", "deep"], obj=info).output == "a\n"


def test_group_takes_what_click_takes() -> None:
    """Classes, names and help are click's; groups within are of the same kind unless another is asked for."""

    class Special(click.Command):
        pass

    group = AppGroup()
    assert isinstance(group.group("a")(lambda: None), AppGroup)
    assert not isinstance(group.group("b", cls=click.Group)(lambda: None), AppGroup)
    made = group.command("c", cls=Special, help="words")(lambda: None)
    assert isinstance(made, Special)
    assert made.help == "words"
    assert set(group.commands) == {"a", "b", "c"}


def test_command_without_parentheses() -> None:
    """`@group.command` works bare, as click's does."""
    group = AppGroup()

    @group.command
    def hello() -> None:
        """Greet."""

    assert group.commands["hello"] is hello  # type: ignore[comparison-overlap]


def test_the_usual_options_and_commands() -> None:
    """A FlaskGroup has four options and three commands, each of which can be left out."""
    group = FlaskGroup()
    assert [param.name for param in group.params] == ["env_file", "app", "debug", "version"]
    assert set(group.commands) == {"run", "serve", "shell", "routes", "check", "migrate-check"}
    bare = FlaskGroup(add_default_commands=False, add_version_option=False, params=[click.Option(["--x"])])
    assert [param.name for param in bare.params] == ["x", "env_file", "app", "debug"]
    assert not bare.commands
    assert group.context_settings == {"auto_envvar_prefix": "FLASK"}
    assert FlaskGroup(context_settings={"auto_envvar_prefix": "X"}).context_settings["auto_envvar_prefix"] == "X"


@pytest.fixture
def app() -> Flask:
    app = Flask("a")
    app.cli.command("own")(say_context)
    app.cli.command("declines", with_appcontext=False)(say_context)
    app.cli.command("run")(lambda: click.echo("the app's run"))
    beside = Blueprint("beside", __name__, cli_group=None)
    beside.cli.command("flat")(say_context)
    grouped = Blueprint("grouped", __name__)
    grouped.cli.command("deep")(say_context)
    renamed = Blueprint("renamed", __name__, cli_group="another")
    renamed.cli.command("deep")(say_context)
    for blueprint in (beside, grouped, renamed):
        app.register_blueprint(blueprint)
    return app


def test_the_apps_commands(app: Flask, runner: CliRunner) -> None:
    """The app's and its blueprints' commands stand among the group's own, which keep their names."""
    group = FlaskGroup(create_app=lambda: app)
    for args in (["own"], ["declines"], ["flat"], ["grouped", "deep"], ["another", "deep"]):
        assert runner.invoke(group, args).output == "a\n", args
    listed = group.list_commands(group.make_context("x", ["own"]))
    ours = ["check", "migrate-check", "routes", "run", "serve", "shell"]
    assert listed == sorted(["another", "declines", "flat", "grouped", "own", *ours])
    assert "development" in runner.invoke(group, ["run", "--help"]).output


def test_groups_of_nested_blueprints(runner: CliRunner) -> None:
    """A blueprint within another stands beside it, by its whole name unless it has another group or none."""
    app = Flask("a")

    def blueprint(name: str, **options: t.Any) -> Blueprint:
        made = Blueprint(name, __name__, **options)
        made.cli.command(f"of-{name}")(lambda: click.echo(name))
        return made

    parent = blueprint("parent")
    parent.register_blueprint(blueprint("child"))
    parent.register_blueprint(blueprint("named", cli_group="tools"))
    parent.register_blueprint(blueprint("flat", cli_group=None))
    app.register_blueprint(parent)
    app.register_blueprint(blueprint("late", cli_group="early"), cli_group="in-time")
    twice = blueprint("twice")
    app.register_blueprint(twice, name="one")
    app.register_blueprint(twice, name="two", cli_group="deux")

    group = FlaskGroup(create_app=lambda: app, add_default_commands=False)
    listed = group.list_commands(group.make_context("x", ["of-flat"]))
    assert listed == ["deux", "in-time", "of-flat", "one", "parent", "parent.child", "tools"]
    for args in ("parent of-parent", "parent.child of-child", "tools of-named", "of-flat", "in-time of-late"):
        assert runner.invoke(group, args.split()).output == f"{args.rpartition('of-')[2]}\n"
    for args in ("one of-twice", "deux of-twice"):
        assert runner.invoke(group, args.split()).output == "twice\n"


@pytest.mark.skipif(not hasattr(click.exceptions, "NoSuchCommand"), reason="click suggests commands since 8.4")
@pytest.mark.parametrize(("name", "close"), [("onw", "own"), ("groupd", "grouped"), ("routs", "routes"), ("zzz", None)])
def test_a_misspelt_command(app: Flask, runner: CliRunner, name: str, close: str | None) -> None:
    """A command that does not exist is answered with those that are close, the app's among them."""
    result = runner.invoke(FlaskGroup(create_app=lambda: app), [name])
    assert result.exit_code == 2
    end = f"No such command {name!r}." + (f" Did you mean {close!r}?" if close else "")
    assert result.stderr.endswith(f"Error: {end}\n")


def test_a_misspelt_option_is_no_command(app: Flask, runner: CliRunner) -> None:
    """Other mistakes are told in click's own words."""
    result = runner.invoke(FlaskGroup(create_app=lambda: app), ["own", "--nope"])
    assert result.exit_code == 2
    assert "No such option" in result.stderr


def test_types_of_options_have_the_context(app: Flask, runner: CliRunner) -> None:
    """The app is there while the options of an app's command are converted, in place of another app's context."""

    class Prefixed(click.ParamType):  # type: ignore[type-arg,unused-ignore]
        name = "prefixed"

        def convert(self, value: str, param: object, ctx: object) -> str:
            return current_app.name + value

    @app.cli.command("typed")
    @click.argument("value", type=Prefixed())
    def typed(value: str) -> None:
        click.echo(value)

    group = FlaskGroup(create_app=lambda: app)
    assert runner.invoke(group, ["typed", "!"]).output == "a!\n"
    with app.app_context(), Flask("outer").app_context():
        assert runner.invoke(group, ["typed", "!"]).output == "a!\n"


def test_no_second_context_for_the_same_app(app: Flask, runner: CliRunner) -> None:
    """If the app's context is active, its commands run in that one."""
    seen: list[int] = []
    app.cli.command("see")(lambda: seen.append(id(flask.globals.app_ctx._get_current_object())))  # type: ignore[attr-defined]
    with app.app_context() as context:
        runner.invoke(FlaskGroup(create_app=lambda: app), ["see"])
        assert seen == [id(context)]


def test_groups_nest(runner: CliRunner) -> None:
    """A FlaskGroup within another has its own app, and one below a plain group works like the outermost."""
    outer = FlaskGroup(create_app=lambda: Flask("outer"))
    inner = FlaskGroup(name="inner", create_app=lambda: Flask("inner"))
    inner.command("who")(say_context)
    outer.command("who")(say_context)
    outer.add_command(inner)
    top = click.Group("top")
    top.add_command(outer, "below")
    assert runner.invoke(outer, ["who"]).output == "outer\n"
    assert runner.invoke(outer, ["inner", "who"]).output == "inner\n"
    assert runner.invoke(top, ["below", "who"]).output == "outer\n"


def test_the_app_can_tell_that_it_is_loaded_by_the_command(runner: CliRunner) -> None:
    """FLASK_RUN_FROM_CLI is set before the app is made."""
    seen: list[str | None] = []

    def create_app() -> Flask:
        seen.append(os.environ.get("FLASK_RUN_FROM_CLI"))
        return Flask("a")

    runner.invoke(FlaskGroup(create_app=create_app), ["routes"])
    assert seen == ["true"]


def test_an_object_of_ones_own(runner: CliRunner) -> None:
    """`obj` given to the group, in either way, is not replaced."""
    mine = ScriptInfo(create_app=lambda: Flask("mine"))
    group = FlaskGroup(create_app=lambda: Flask("other"), context_settings={"obj": mine})
    group.command("who")(say_context)
    assert runner.invoke(group, ["who"]).output == "mine\n"
    plain = FlaskGroup(create_app=lambda: Flask("other"))
    plain.command("who")(say_context)
    assert runner.invoke(plain, ["who"], obj=mine).output == "mine\n"


def fails() -> Flask:
    raise ZeroDivisionError("in the factory")


def test_help_survives_a_broken_app(runner: CliRunner) -> None:
    """Help lists what works without the app, and on stderr stands the reason from the user's first line on."""
    result = runner.invoke(FlaskGroup(create_app=fails), ["--help"])
    assert result.exit_code == 0
    assert "routes" in result.stdout
    assert "ZeroDivisionError: in the factory" in result.stderr
    assert os.path.join("flask", "cli") not in result.stderr
    result = runner.invoke(FlaskGroup(create_app=fails), ["run", "--help"])
    assert (result.exit_code, result.stderr) == (0, "")


def test_an_unknown_command_of_an_app_that_cannot_be_found(runner: CliRunner, folder: object) -> None:
    """An unknown command says both: why there is no app, and that there is no such command."""
    result = runner.invoke(cli, ["--app", "nope_x", "thing"])
    assert result.exit_code == 2
    assert "Error: Could not import 'nope_x'." in result.output
    assert "No such command 'thing'." in result.output


def test_an_unknown_command_of_a_broken_app(runner: CliRunner) -> None:
    """An error in the app itself is not hidden behind an unknown command."""
    assert isinstance(runner.invoke(FlaskGroup(create_app=fails), ["thing"]).exception, ZeroDivisionError)


class FakeEntryPoint:
    def __init__(self, name: str, load: t.Callable[[], object]) -> None:
        self.name, self.value, self.load = name, f"package:{name}", load


def offer(monkeypatch: pytest.MonkeyPatch, **commands: t.Callable[[], object]) -> list[str]:
    asked: list[str] = []

    def entry_points(*, group: str) -> list[FakeEntryPoint]:
        asked.append(group)
        return [FakeEntryPoint(*item) for item in commands.items()]

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    return asked


def test_plug_ins(monkeypatch: pytest.MonkeyPatch, runner: CliRunner) -> None:
    """Commands of installed packages need no app, go by their entry point's name, and before the group's own."""
    command = click.Command("another name", callback=say_context)
    asked = offer(monkeypatch, plug=lambda: command, run=lambda: command)
    group = FlaskGroup(create_app=fails)
    assert runner.invoke(group, ["plug"]).output == "no context\n"
    assert runner.invoke(group, ["run"]).output == "no context\n"
    assert runner.invoke(group, ["shell", "--help"]).exit_code == 0
    assert asked == ["flask.commands"]


def test_a_broken_plug_in(monkeypatch: pytest.MonkeyPatch, runner: CliRunner) -> None:
    """A plug-in that cannot be loaded is named, and takes no other command with it; `flask run` does not even try."""

    def load() -> object:
        raise ImportError("gone")

    offer(monkeypatch, broken=load)
    app = Flask("a")
    app.cli.command("own")(lambda: print("mine"))
    result = runner.invoke(FlaskGroup(create_app=lambda: app), ["own"])
    assert result.exit_code == 0
    assert result.stdout == "mine\n"
    assert "'broken' (package:broken)" in result.stderr
    assert "ImportError: gone" in result.stderr
    for own in ("check", "migrate-check", "run", "routes", "serve", "shell"):
        assert runner.invoke(FlaskGroup(create_app=lambda: app), [own, "--help"]).stderr == ""


def test_help_knows_the_app_from_the_environment(write: Write, runner: CliRunner) -> None:
    """Help lists the app's commands wherever the app is named: in a variable, or in .env."""
    write("hello.py", "from flask import Flask\napp = Flask(__name__)\napp.cli.command('mine')(lambda: None)\n")
    assert "mine" in runner.invoke(cli, ["--app", "hello", "--help"]).stdout
    assert "mine" in runner.invoke(cli, ["--help"], env={"FLASK_APP": "hello"}).stdout
    write(".env", "FLASK_APP=hello\n")
    assert "mine" in runner.invoke(cli, []).output
