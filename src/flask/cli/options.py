"""The options that every `FlaskGroup` has: which app, which variables, debug mode, and the versions.

Each takes effect through the environment or the `ScriptInfo`, never through a command's parameters.
"""

from __future__ import annotations

import typing as t

import click
from click.core import ParameterSource

from flask_command import versions

from .environment import load_dotenv, set_variable
from .script_info import ScriptInfo

if t.TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# Where a context keeps the file that was named, for a command whose processes read it again.
ENV_FILE = "flask.cli.env_file"


def _set_app(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


def _complete_app(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The modules of the working directory, those that seem to make an app before the others; else files."""
    import os

    from click.shell_completion import CompletionItem

    from .surroundings import app_files, modules_in

    here = os.getcwd()
    names = dict.fromkeys([*app_files(here), *modules_in(here)])
    found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def _load_env_file(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    ctx.meta[ENV_FILE] = value
    if value is not None:
        try:
            import dotenv  # noqa: F401
        except ImportError:
            raise click.BadParameter("python-dotenv must be installed to load an env file.", ctx, param) from None
    defaults = ctx.ensure_object(ScriptInfo).load_dotenv_defaults
    if value is not None or defaults:
        try:
            load_dotenv(value, load_defaults=defaults)
        except UnicodeDecodeError as error:
            raise click.UsageError("\n".join([f"{error}.", *error.__notes__]), ctx) from error
    return value


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool) -> bool | None:
    # A default says nothing: the variable may be set, and the app reads it itself.
    if ctx.get_parameter_source(param.name or "") in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP):
        return None
    # Through the environment, so that it holds from the first line of a factory on, and in the reloader's process.
    set_variable("FLASK_DEBUG", "1" if value else "0")
    return value


def get_version(ctx: click.Context, param: click.Parameter, value: t.Any) -> None:
    """Print the versions of Python, Flask and Werkzeug, and leave; for an eager flag's `callback`."""
    if not value or ctx.resilient_parsing:
        return
    click.echo(versions(), color=ctx.color)
    ctx.exit()


version_option: click.Option = click.Option(
    ["--version"],
    help="Show the versions of Flask, Werkzeug and Python.",
    expose_value=False,
    callback=get_version,
    is_flag=True,
    is_eager=True,
)

# Eager, as commands of the app are only known once the app is; shared by all groups, since an option has no state.
app_option = click.Option(
    ["-A", "--app"],
    metavar="IMPORT",
    help=(
        "Where the application is: 'module', 'module:name' or 'module:factory(args)'. The module is a dotted name or"
        " the path of a file or package. No name is needed for 'app', 'application', 'create_app' and 'make_app'."
    ),
    is_eager=True,
    expose_value=False,
    callback=_set_app,
    shell_complete=_complete_app,
)

env_file_option = click.Option(
    ["-e", "--env-file"],
    type=click.Path(exists=True, dir_okay=False),
    help=(
        "A file with environment variables. It goes before '.env', which goes before '.flaskenv'; what the environment"
        " has already goes before all of them. Needs python-dotenv."
    ),
    is_eager=True,
    expose_value=False,
    callback=_load_env_file,
)

# Not eager: '.env' may set FLASK_DEBUG, and is read by an eager option. No default is shown for the same reason.
debug_option = click.Option(
    ["--debug/--no-debug"],
    help="Turn debug mode on or off.",
    expose_value=False,
    callback=_set_debug,
)
