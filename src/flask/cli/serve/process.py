"""A worker's process from its first line to its last: it loads the app, serves, and does what the supervisor says.

It never decides by itself to end, unless the supervisor is gone.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import typing as t
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

from . import logs
from .engine import Unavailable, require_known
from .settings import Settings
from .state import State

if t.TYPE_CHECKING:
    import socket
    from multiprocessing.connection import Connection

    from ...app import Flask
    from .watching import Watch

# What the supervisor says; what a worker says are the names of the tuples that it sends.
UNREADY, CLOSING, STOP = "unready", "closing", "stop"
SERVING, FAILED, ASKS, CHANGED, YIELDS = "serving", "failed", "asks", "changed", "yields"

# How long responses say that their connections close, before those that rest are closed.
CLOSING_SECONDS = 0.5


class Refused(Exception):
    """The app cannot be served as it is; says why, and the remedy."""


class Link:
    """A worker's end of its line to the supervisor."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()

    def tell(self, *message: t.Any) -> None:
        """Send a message; if nobody is there any more, whoever reads will learn of it."""
        with self._sending:
            try:
                self._connection.send(message)
            except OSError:
                pass

    def hear(self) -> str | None:
        """The next message; None once the supervisor is gone."""
        try:
            return t.cast("str", self._connection.recv())
        except (EOFError, OSError):
            return None


def main(settings: Settings, variables: dict[str, str], listening: socket.socket, connection: Connection) -> None:
    """The target of the process. `variables` are those that the command line has set."""
    for name in ("SIGINT", "SIGHUP"):  # a terminal sends them to all processes; they are the supervisor's
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    link = Link(connection)
    try:
        logs.set_up(settings.access_log)
        require_known()
        watch = _watch(settings)
        app = load(settings, variables)
        if app.cli.commands.get("serve") is not None:
            link.tell(YIELDS)
            _leave(0)
        settings, threads, why = _planned(settings, app)
        worker = _Worker(settings, threads, why, app, link)
    except BaseException as error:  # noqa: BLE001 - an app may also end Python as it is imported
        link.tell(FAILED, _said(error))
        # Threads that the app left behind must not keep a process that will never serve.
        _leave(1)
    if watch is not None:
        watch.begin(app, partial(link.tell, CHANGED))
    worker.serve(listening)


def _watch(settings: Settings) -> Watch | None:
    if not settings.reload:
        return None
    from .watching import Watch

    return Watch()


def load(settings: Settings, variables: dict[str, str]) -> Flask:
    """The app, with the variables of files as they are now; `Refused` if it is in debug mode."""
    from ..environment import load_dotenv
    from ..script_info import ScriptInfo

    # Without python-dotenv the command has said once that a file is not read.
    if (settings.env_file is not None or settings.load_dotenv) and find_spec("dotenv") is not None:
        load_dotenv(settings.env_file, load_defaults=settings.load_dotenv)
    os.environ.update(variables)  # those of the command line go before those of files
    info = ScriptInfo(settings.app, settings.create_app, settings.set_debug_flag, settings.load_dotenv)
    app = info.load_app()
    _refuse_debug(app)
    return app


def _refuse_debug(app: Flask) -> None:
    from .plan import why_debugging

    if why := why_debugging(app):
        raise Refused(why)


def _planned(settings: Settings, app: Flask) -> tuple[Settings, int, str]:
    from . import plan

    interface, why = (settings.interface, "asked for") if settings.interface else plan.interface_of(app)
    if settings.threads is not None and interface != "wsgi":
        why += "; '--threads' is for WSGI, and not used"
    return replace(settings, interface=interface), plan.threads_of(interface, settings.threads), why


def _said(error: BaseException) -> str:
    """What the log says about it: for the user's own error the traceback."""
    from ..failures import NoAppException
    from ..tracebacks import users_traceback

    if isinstance(error, NoAppException):
        return f"Error: {error.format_message()}"
    if isinstance(error, (Refused, Unavailable)):
        return f"Error: {error}"
    return users_traceback(error)


def _leave(status: int) -> t.NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


class _Worker:
    """What Granian and the supervisor tell each other through this process."""

    def __init__(self, settings: Settings, threads: int, why: str, app: Flask, link: Link) -> None:
        self._settings = settings
        self._threads = threads
        self._why = why
        self._link = link
        self._app = app
        self._state = State(app, self.asked_to_end)
        self._entry = self._made()
        self._stop: t.Callable[[], None] = lambda: _leave(0)

    def serve(self, listening: socket.socket) -> None:
        """Serve until told to stop."""
        from .engine import run

        threading.Thread(target=self._listen, name="flask-serve-orders", daemon=True).start()
        run(self._settings, self._threads, listening, self._entry, self)
        if self._settings.interface == "wsgi":
            self._app.shutdown()  # now, and not at the exit of Python, where no thread can be started any more

    def _made(self) -> t.Any:
        """What Granian calls; on WSGI the app begins here, so that a failing start is one, and not an answer 500."""
        from .leaving import around
        from .worker import target

        interface = self._settings.interface
        assert interface is not None
        entry = around(target(self._settings, self._state), interface, self._state, self._settings.max_requests)
        if interface == "wsgi":
            self._app.startup()
        return entry

    def serving(self) -> None:
        """See `engine.Controls`."""
        self._link.tell(SERVING, self._settings.interface, self._threads, self._why)

    def asked_to_end(self) -> None:
        """See `engine.Controls`; only a thread may wait for the line to the supervisor."""
        threading.Thread(target=self._link.tell, args=(ASKS,), daemon=True).start()

    def take_stop(self, stop: t.Callable[[], None]) -> None:
        """See `engine.Controls`."""
        self._stop = stop

    def _listen(self) -> None:
        while (order := self._link.hear()) is not None:
            self._obey(order)
        # The supervisor was killed. Whoever starts it anew needs the address: end, as it would have said.
        self._obey(UNREADY)
        self._obey(CLOSING)
        time.sleep(CLOSING_SECONDS)
        self._obey(STOP)
        time.sleep(self._settings.graceful_timeout)
        _leave(1)

    def _obey(self, order: str) -> None:
        if order == UNREADY:
            self._state.ready = False
        elif order == CLOSING:
            self._state.closing = True
        else:
            self._stop()
