"""`flask run`: the development server, with its reloader and debugger.

User code is loaded once per process, and listens on this machine alone unless told otherwise.
"""

from __future__ import annotations

import os
import typing as t

import click

from ..helpers import get_debug_flag
from .certificates import CertParamType, take_key
from .failures import NoAppException
from .options import debug_option
from .record import is_reloaded
from .script_info import ScriptInfo, pass_script_info
from .server import serve

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class SeparatedPathType(click.Path):  # type: ignore[type-arg,unused-ignore]
    """Several paths in one value, separated as those in `PATH` are on this system."""

    def convert(self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None) -> t.Any:
        """A list with each part converted by `click.Path`."""
        convert_one = super().convert
        return [convert_one(part, param, ctx) for part in self.split_envvar_value(value)]


def show_server_banner(debug: bool, app_import_path: str | None) -> None:
    """Say which app is served and whether in debug mode; the reloader's later processes do not repeat it."""
    from werkzeug.serving import is_running_from_reloader

    if is_running_from_reloader():
        return
    if app_import_path is not None:
        click.echo(f" * Serving Flask app {app_import_path!r}")
    if debug is not None:
        click.echo(f" * Debug mode: {'on' if debug else 'off'}")


@click.command("run", short_help="Run a development server.")
@click.option(
    "--host", "-h", default="127.0.0.1", help="The interface to listen on; 127.0.0.1, this machine alone, by default."
)
@click.option("--port", "-p", default=5000, help="The port to listen on; 5000 by default.")
@click.option(
    "--cert",
    type=CertParamType(),
    is_eager=True,
    help="Serve HTTPS: a certificate file, 'adhoc', or the import name of an SSLContext.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=take_key,
    expose_value=False,
    help="The key file of the certificate file.",
)
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Restart when a file changes, or do not. Follows debug mode if neither is given.",
)
@click.option(
    "--debugger/--no-debugger",
    default=None,
    help="Show the interactive debugger for errors, or do not. Follows debug mode if neither is given.",
)
@click.option("--with-threads/--without-threads", default=True, help="Handle each request in a thread, or one by one.")
@click.option(
    "--extra-files",
    default=None,
    type=SeparatedPathType(),
    help=f"More files that are watched for changes. Several are separated by {os.pathsep!r}.",
)
@click.option(
    "--exclude-patterns",
    default=None,
    type=SeparatedPathType(),
    help=f"Files that match these fnmatch patterns are not watched. Several are separated by {os.pathsep!r}.",
)
@pass_script_info
def run_command(
    info: ScriptInfo,
    host: str,
    port: int,
    reload: bool | None,
    debugger: bool | None,
    with_threads: bool,
    cert: t.Any,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
) -> None:
    """Run a server for development on this machine.

    It is not made for production: not for its speed, nor its stability, nor an attacker. Debug mode ('--debug') turns
    the reloader and the debugger on.
    """
    from werkzeug.serving import is_running_from_reloader

    restarted = is_running_from_reloader()
    watches = not restarted and (get_debug_flag() if reload is None else reload)
    app = _left_to_who_serves(info) if watches else _load_or_report(info, restarted, is_reloaded())
    debug = get_debug_flag()
    if reload is None:
        # A restarted process goes on watching, even if debug mode went from '.env' with the very change it saw.
        reload = debug or restarted
    if debugger is None:
        debugger = debug

    show_server_banner(debug, info.app_import_path)
    serve(
        host,
        port,
        app,
        use_debugger=debugger,
        use_reloader=reload,
        extra_files=extra_files,
        exclude_patterns=exclude_patterns,
        threaded=with_threads,
        ssl_context=cert,
    )


# '--debug' after 'run' as well as before it, first among the options in the help.
run_command.params.insert(0, debug_option)


def _left_to_who_serves(info: ScriptInfo) -> WSGIApplication:
    """The app for the process that only watches and never serves: it is loaded by whoever asks for it all the same."""
    info.look_for_app()

    def app_when_asked(environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        return info.load_app()(environ, start_response)

    return app_when_asked


def _load_or_report(info: ScriptInfo, restarted: bool, reloaded: bool) -> WSGIApplication:
    """The app; where a reloader waits for the next save, in place of one that fails an app that shows the failure."""
    try:
        return info.load_app()
    except Exception as error:
        users = _error_of_the_users_code(error)
        # What was typed wrong ends the command at the start; later on, a save may have led to it.
        if not restarted or (users is None and not reloaded):
            raise
        _report(error)
        return _broken_app(users or error)


def _error_of_the_users_code(error: Exception) -> Exception | None:
    """The error that some line of the app's is to blame for, without our words about it; None where none is."""
    from .tracebacks import has_users_frames

    if not isinstance(error, NoAppException):
        return error
    cause = error.__cause__
    return cause if isinstance(cause, ImportError) and has_users_frames(cause) else None


def _report(error: Exception) -> None:
    from .tracebacks import users_traceback

    said = f"Error: {error.format_message()}" if isinstance(error, NoAppException) else users_traceback(error)
    click.echo(said, err=True)


def _broken_app(error: Exception) -> WSGIApplication:
    from .tracebacks import without_our_frames

    origin = without_our_frames(error)

    def broken_app(environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        __traceback_hide__ = True  # Werkzeug's debugger then shows the user's frames alone
        # The same object each time: without this its traceback would grow with every request.
        raise error.with_traceback(origin)

    return broken_app
