"""Granian: whatever is known here of its inside stands in this file, and nowhere else.

Written against Granian 2.7.4 to 2.8.7. It is used for what runs within one worker; its own supervision of processes is
not, and no other module imports it.
"""

from __future__ import annotations

import signal
import socket
import sys
import typing as t
from importlib import import_module
from importlib.util import find_spec

from .settings import Interface, Settings

OLDEST = (2, 7, 4)
BEFORE = (3,)

# How long the head of a request may take, and thereby how long a kept connection may rest: a slow client costs little.
HEAD_SECONDS = 5
BACKLOG = 2048
# Descriptors that are left to the app where the number of connections has to keep within the system's limit.
DESCRIPTORS_FOR_THE_APP = 256
CONNECTIONS_AT_MOST = 16_384

INSTALL = "pip install 'flask[serve]'"


class Unavailable(Exception):
    """Granian is not installed, or not in a version that is known here; says what to do."""


class Controls(t.Protocol):
    """What a worker tells and is told while Granian runs it."""

    def serving(self) -> None:
        """Called once, as it begins to accept connections."""

    def asked_to_end(self) -> None:
        """Called when somebody sent the process a signal to end."""

    def take_stop(self, stop: t.Callable[[], None]) -> None:
        """Take what ends the serving gracefully: no new connection, each request that is there answered."""


def require() -> None:
    """Raise `Unavailable` unless Granian is there; costs no import of it."""
    if find_spec("granian") is None:
        raise Unavailable(f"'flask serve' needs Granian, which is not installed. Try {INSTALL!r}.")


def require_known() -> None:
    """Raise `Unavailable` unless Granian is of a known version, and has inside what is used here."""
    require()
    from importlib.metadata import version

    found = version("granian")
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdecimal())
    if not OLDEST <= numbers < BEFORE:
        raise Unavailable(
            f"'flask serve' works with Granian from {_dotted(OLDEST)} up to, but not including, {_dotted(BEFORE)};"
            f" installed is {found}. Try {INSTALL!r}."
        )
    missing = _missing()
    if missing:
        raise Unavailable(
            f"'flask serve' does not know this Granian ({found}): it has no {', '.join(missing)}."
            f" Install one from {_dotted(OLDEST)} on that does, and report this."
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _missing() -> list[str]:
    """The names, of those that are used here, that Granian does not have."""
    used = [
        (_inside("net"), ("SocketHolder",)),
        (_inside("_signals"), ("set_sync_signals", "set_loop_signals")),
        (_inside("server.mp"), ("MPServer", "_new_cbscheduler")),
        (getattr(_inside("server.mp"), "MPServer", None), ("_spawn_worker", *_SPAWNERS.values())),
    ]
    return [name for place, names in used for name in names if not hasattr(place, name)]


def _inside(module: str) -> t.Any:
    """A module of Granian's whose names it does not promise, or None."""
    try:
        return import_module(f"granian.{module}")
    except ImportError:
        return None


_SPAWNERS: dict[Interface, str] = {
    "wsgi": "_spawn_wsgi_worker",
    "asgi": "_spawn_asgi_lifespan_worker",
    "rsgi": "_spawn_rsgi_worker",
}


def run(settings: Settings, threads: int, listening: socket.socket, entry: t.Any, controls: Controls) -> None:
    """Serve `entry`, in this process and on a socket that listens already, until stopped.

    `settings.interface` is what `entry` speaks.
    """
    interface = t.cast("Interface", settings.interface)
    _listen_to(controls)
    server = _server(settings, interface, threads)
    _hand_over(server, listening)
    worker = server._spawn_worker(0, getattr(type(server), _SPAWNERS[interface]), lambda: entry)
    # The process that Granian would start: what it would do there is done here.
    worker.inner.run()


def _server(settings: Settings, interface: Interface, threads: int) -> t.Any:
    from pathlib import Path

    from granian.constants import HTTPModes, Interfaces, RuntimeModes, SSLProtocols
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server.mp import MPServer

    http = {"1": HTTPModes.http1, "2": HTTPModes.http2, "auto": HTTPModes.auto}[settings.http]
    return MPServer(
        "",
        interface=Interfaces(interface),
        blocking_threads=threads,
        # As Granian itself chooses where it is left to it; what it would have settled in its own start.
        runtime_mode=RuntimeModes.st if interface == "rsgi" and settings.http != "2" else RuntimeModes.mt,
        websockets=interface != "wsgi",
        http=http,
        backlog=BACKLOG,
        backpressure=connections_at_most(),
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000),
        ssl_cert=Path(settings.certfile) if settings.certfile else None,
        ssl_key=Path(settings.keyfile) if settings.keyfile else None,
        ssl_protocol_min=SSLProtocols.tls12,  # as recommended (RFC 9325); left to itself, Granian refuses TLS 1.2
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
    )


# Granian would set up logging anew, and thereby close every handler that the app has; so it only sets its own level.
_LOGGING: dict[str, t.Any] = {"incremental": True, "handlers": {}, "loggers": {}}


def connections_at_most() -> int:
    """How many connections a worker takes at a time: with one descriptor each, within what the system allows."""
    try:
        import resource
    except ImportError:  # Windows
        return CONNECTIONS_AT_MOST
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return CONNECTIONS_AT_MOST
    return max(64, min(CONNECTIONS_AT_MOST, allowed - DESCRIPTORS_FOR_THE_APP))


def _hand_over(server: t.Any, listening: socket.socket) -> None:
    """Let Granian accept from a socket that it did not make: one for all workers, so that none loses what is queued."""
    server._ssp = None
    server._ipc = {0: (None, None, None)}
    server._sso = listening
    is_uds = listening.family == getattr(socket, "AF_UNIX", None)
    server._shd = None if sys.platform == "win32" else _inside("net").SocketHolder(listening.fileno(), is_uds, BACKLOG)


def _listen_to(controls: Controls) -> None:
    """Learn when Granian begins to serve, and what ends it; a signal from outside does not end it at once."""
    signals, mp = _inside("_signals"), _inside("server.mp")
    before_serving = mp._new_cbscheduler

    def announce(*args: t.Any, **kwargs: t.Any) -> t.Any:
        scheduler = before_serving(*args, **kwargs)
        controls.serving()
        return scheduler

    def in_place_of(set_signals: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        def set_ours(*loop: t.Any) -> t.Any:
            event = set_signals(*loop)
            _set_handlers(controls, *loop)
            controls.take_stop(event.set)
            return event

        return set_ours

    mp._new_cbscheduler = announce
    signals.set_sync_signals = in_place_of(signals.set_sync_signals)
    signals.set_loop_signals = in_place_of(signals.set_loop_signals)


def _set_handlers(controls: Controls, loop: t.Any = None) -> None:
    """SIGTERM asks; SIGINT, which a terminal sends to all processes of a command, is the supervisor's alone."""
    if loop is not None and sys.platform != "win32":
        loop.add_signal_handler(signal.SIGTERM, controls.asked_to_end)
        loop.add_signal_handler(signal.SIGINT, _nothing)
        return
    signal.signal(signal.SIGTERM, lambda *_: controls.asked_to_end())
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _nothing() -> None:
    pass
