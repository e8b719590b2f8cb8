"""`flask serve`: the app in production, on Granian. Its options, and what is refused before anything is started.

Neither the app nor Granian is imported in this process.
"""

from __future__ import annotations

import os
import typing as t

import click
from click.core import ParameterSource

from ...helpers import get_debug_flag
from ..options import ENV_FILE
from ..script_info import ScriptInfo, pass_script_info
from ..yielding import LateYieldingCommand
from .forwarded import HEADERS, Trusted

if t.TYPE_CHECKING:
    from .listening import Listener
    from .settings import Settings

# What follows concerns whoever reads the help: an option is a variable, too.
EPILOG = "Every option is a variable as well, as FLASK_SERVE_PORT is for '--port'."

_FILE = click.Path(exists=True, dir_okay=False, readable=True, resolve_path=True)


class Listed(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Words separated by commas, as a tuple; `check` raises `ValueError` for those that are wrong."""

    def __init__(self, name: str, check: t.Callable[[tuple[str, ...]], object], example: str) -> None:
        self.name = name
        self._check = check
        self._example = example

    def convert(self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Each word as it was given."""
        if isinstance(value, tuple):
            return value
        words = tuple(word.strip() for word in value.split(",") if word.strip())
        try:
            self._check(words)
        except ValueError as error:
            self.fail(f"{error}. Separate them by commas, as in {self._example!r}.", param, ctx)
        return words


def _check_headers(words: tuple[str, ...]) -> None:
    odd = next((word for word in words if word not in HEADERS), None)
    if odd is not None:
        raise ValueError(f"{odd!r} is none of {', '.join(HEADERS)}")


class Mode(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """The permissions of a file, in octal."""

    name = "mode"

    def convert(self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        if isinstance(value, int):
            return value
        try:
            found = int(value, 8)
        except ValueError:
            found = -1
        if not 0 <= found <= 0o777:
            self.fail(f"{value!r} is no mode of a file. Give it in octal, as in '660'.", param, ctx)
        return found


def _path_of_url(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value and not value.startswith("/"):
        raise click.BadParameter(f"It is the path of a URL and begins with a slash: '/{value}'.", ctx, param)
    return value or None


@click.command("serve", cls=LateYieldingCommand, short_help="Run a production server.", epilog=EPILOG)
@click.option("--host", "-h", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", "-p", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port.")
@click.option(
    "--uds", type=click.Path(), help="A Unix domain socket to listen on, in place of host and port.", metavar="PATH"
)
@click.option("--uds-mode", type=Mode(), default="660", show_default=True, help="The permissions of that socket.")
@click.option(
    "--workers",
    "-w",
    type=click.IntRange(1),
    help="How many processes serve; by default one for each processor that may be used, and two at least.",
)
@click.option(
    "--threads", type=click.IntRange(1), help="How many threads of a worker run the app, on WSGI; 64 by default."
)
@click.option(
    "--interface",
    type=click.Choice(["auto", "wsgi", "asgi", "rsgi"]),
    default="auto",
    show_default=True,
    help="What is spoken with the app. By itself: WSGI where all is synchronous, else ASGI.",
)
@click.option("--certfile", type=_FILE, help="Serve HTTPS, with this certificate (PEM).")
@click.option("--keyfile", type=_FILE, help="The key of the certificate (PEM, PKCS #8).")
@click.option(
    "--http",
    type=click.Choice(["1", "2", "auto"]),
    default="1",
    show_default=True,
    help="The version of HTTP. A proxy in front speaks 1 with this server.",
)
@click.option("--access-log", type=click.Choice(["common", "json"]), help="Write a line for each request.")
@click.option(
    "--reload/--no-reload", default=False, help="Replace the workers when a file changes, as SIGHUP does. For staging."
)
@click.option(
    "--graceful-timeout",
    type=click.FloatRange(0),
    default=30,
    show_default=True,
    help="Seconds that requests have to end before their worker is killed.",
)
@click.option(
    "--shutdown-delay",
    type=click.FloatRange(0),
    default=0,
    show_default=True,
    help="Seconds after SIGTERM in which requests are still taken, while the health check already says no.",
)
@click.option(
    "--max-requests",
    type=click.IntRange(1),
    help="Replace a worker after so many requests, up to a tenth fewer, at random.",
)
@click.option(
    "--forwarded-allow-ips",
    type=Listed("addresses", Trusted, "127.0.0.1,10.0.0.0/8"),
    default="",
    help="Proxies whose X-Forwarded headers are taken: addresses and networks, 'unix' for a Unix socket, '*' for all.",
)
@click.option(
    "--forwarded-headers",
    type=Listed("names", _check_headers, "for,proto"),
    default="for,proto",
    show_default=True,
    help=f"Which of those headers the proxies set, or remove: of {', '.join(HEADERS)}.",
)
@click.option("--static/--no-static", default=False, help="Serve static folders before the app is asked.")
@click.option(
    "--health-path", callback=_path_of_url, help="Answer load balancers at this path: 200, or 503 when about to end."
)
@pass_script_info
@click.pass_context
def serve_command(
    ctx: click.Context, info: ScriptInfo, /, interface: str, workers: int | None, **options: t.Any
) -> None:
    """Serve the app to others, on Granian.

    Several worker processes share one address. SIGTERM and SIGINT (Ctrl+C) end the server once every request that was
    accepted is answered; the same again ends it at once. SIGHUP replaces the workers, one by one, by new ones that load
    the app anew. A worker that crashes is replaced.
    """
    from . import engine, supervisor
    from .plan import workers_of
    from .settings import Settings

    try:
        engine.require()
    except engine.Unavailable as error:
        raise click.UsageError(str(error), ctx) from None
    _refuse(ctx, interface, options)
    info.look_for_app()
    count, why = workers_of(workers)
    settings = Settings(
        app=info.app_import_path,
        create_app=info.create_app,
        set_debug_flag=info.set_debug_flag,
        env_file=ctx.meta.get(ENV_FILE),
        load_dotenv=info.load_dotenv_defaults,
        interface=None if interface == "auto" else t.cast("t.Any", interface),
        workers=count,
        **options,
    )
    _require_sendable(ctx, settings)
    status = _serve(settings, why)
    if status == supervisor.YIELDS:
        t.cast("LateYieldingCommand", ctx.command).give_way(ctx)
    else:
        ctx.exit(status)


def _refuse(ctx: click.Context, interface: str, options: dict[str, t.Any]) -> None:
    """Raise `UsageError` for what does not go together."""
    if get_debug_flag():
        reloads = " and with '--reload'" if options["reload"] else ""
        raise click.UsageError(
            f"Debug mode is on{reloads}, and this server is for others: whoever sees an error page of debug mode may"
            f" run code on this machine. {_who_debugs()} For development there is 'flask run --debug'.",
            ctx,
        )
    if bool(options["certfile"]) != bool(options["keyfile"]):
        raise click.UsageError("'--certfile' and '--keyfile' go together: give both.", ctx)
    if options["certfile"]:
        _check_certificate(ctx, options["certfile"], options["keyfile"])
    if options["uds"] and any(_was_given(ctx, name) for name in ("host", "port")):
        raise click.UsageError("'--uds' takes the place of '--host' and '--port': give one or the other.", ctx)
    if options["threads"] is not None and interface in ("asgi", "rsgi"):
        raise click.UsageError(f"'--threads' is for WSGI: on {interface.upper()} the app runs on an event loop.", ctx)


def _check_certificate(ctx: click.Context, certfile: str, keyfile: str) -> None:
    import ssl

    def refuse() -> str:
        raise ValueError("the key is encrypted: store it without a passphrase, readable by the server's account alone")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile, keyfile, password=refuse)
    except (OSError, ValueError) as error:  # of `ssl`, too
        raise click.UsageError(f"'{certfile}' and '{keyfile}' are no certificate with its key: {error}.", ctx) from None


def _was_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _require_sendable(ctx: click.Context, settings: Settings) -> None:
    """Each worker makes the app itself: a factory that it cannot import, such as a lambda, is of no use to it."""
    import pickle

    try:
        pickle.dumps(settings)
    except (pickle.PicklingError, AttributeError, TypeError):
        raise click.UsageError(
            f"The group of this command makes the app by {settings.create_app!r}, which no other process can import."
            " Give it a function of a module.",
            ctx,
        ) from None


def _who_debugs() -> str:
    from ..environment import file_that_sets

    file = file_that_sets("FLASK_DEBUG")
    if file is not None:
        return f"Take FLASK_DEBUG out of '{file}', or give '--no-debug'."
    return "Leave '--debug' out, and FLASK_DEBUG unset."


def _serve(settings: Settings, why: str) -> int:
    """Listen and serve; gives the exit status."""
    from ..environment import handed_over
    from . import logs
    from .supervisor import Supervisor

    listener = _listen(settings)
    if listener is None:
        return 1

    def meanwhile() -> None:
        logs.set_up(settings.access_log)
        _announce(settings, listener, why)

    supervisor = Supervisor(settings, listener, _of_the_command_line())
    with handed_over():
        return supervisor.run(meanwhile)


def _of_the_command_line() -> dict[str, str]:
    """Whether debug mode is off because somebody said so there; a file that says otherwise later on does not count."""
    from ..environment import file_that_sets

    given = os.environ.get("FLASK_DEBUG")
    return {"FLASK_DEBUG": given} if given is not None and file_that_sets("FLASK_DEBUG") is None else {}


def _listen(settings: Settings) -> Listener | None:
    """The listening socket; None once it was said why there is none."""
    from .listening import CannotListen, listen

    try:
        return listen(settings)
    except CannotListen as error:
        click.echo(f"Error: {error}", err=True)
    except OSError as error:
        click.echo(
            f"Error: cannot listen on {settings.uds or _authority(settings.host, settings.port)}: {error}", err=True
        )
        if settings.uds is None:
            from ..ports import explain

            for line in explain(settings.host, settings.port, "flask serve --port {port}"):
                click.echo(line, err=True)
    return None


def _announce(settings: Settings, listener: Listener, why: str) -> None:
    import logging

    if settings.uds is None:
        host, port = listener.address[:2]
        scheme = "https" if settings.certfile else "http"
        address = f"{scheme}://{_authority(host, port)}"
    else:
        address = f"unix:{os.path.abspath(settings.uds)}"
    number = "1 worker" if settings.workers == 1 else f"{settings.workers} workers"
    logging.getLogger("flask.serve").info("Listening at %s (process %d), %s: %s", address, os.getpid(), number, why)


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
