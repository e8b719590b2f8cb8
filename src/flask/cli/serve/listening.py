"""The sockets that a service listens on: made once, shared with all workers, kept over every reload and crash.

It never takes an address away from a server that still answers there.
"""

from __future__ import annotations

import os
import select
import socket
import stat
import struct
import sys
import typing as t
from contextlib import suppress

from .settings import Settings

BACKLOG = 2048


class CannotListen(Exception):
    """The address cannot be had; says why."""


class Listener:
    """What listens for a service: a socket for each place that a worker may have in it, or one for all.

    Where one socket is shared, whoever wakes first takes all connections that come together, and keeps them; with a
    socket for each, the system spreads them, and a worker that is to leave gets no more of them. They are the
    supervisor's: what is queued for a worker that has crashed waits for the next one in its place. `open_to` are the
    places that newcomers are steered to.
    """

    def __init__(self, sockets: list[socket.socket], path: str | None = None) -> None:
        self._sockets = sockets
        self._path = path
        self._file = None if path is None else _file(path)
        self.open_to = [0]

    @property
    def places(self) -> int | None:
        """How many there are; None where all workers share one socket."""
        return len(self._sockets) if len(self._sockets) > 1 else None

    @property
    def address(self) -> t.Any:
        """Where it listens."""
        return self._sockets[0].getsockname()

    def of(self, place: int) -> socket.socket:
        """The socket that the worker of a place accepts from."""
        return self._sockets[place % len(self._sockets)]

    def steer_to(self, places: list[int]) -> None:
        """Let newcomers be queued for these workers alone."""
        if len(self._sockets) > 1 and places and places != self.open_to:
            _attach(self._sockets[0], _SO_ATTACH_REUSEPORT_CBPF, _any_of(places))
            self.open_to = places

    def close_to_newcomers(self) -> None:
        """Let nobody else connect, and lose nobody who has: who is queued can still be accepted.

        Closing a socket would reset those. On Linux a filter drops what asks for a connection; the path of a Unix
        domain socket is removed; elsewhere newcomers are queued until the end.
        """
        if self._path is not None:
            self._remove()
        elif sys.platform == "linux":
            for listening in self._sockets:
                with suppress(OSError):  # a kernel without it: as elsewhere
                    _attach(listening, _SO_ATTACH_FILTER, [(_RET, 0, 0, 0)])

    def has_queue(self, place: int) -> bool:
        """Whether somebody waits to be accepted by the worker of a place."""
        readable, _, _ = select.select([self.of(place)], [], [], 0)
        return bool(readable)

    def close(self) -> None:
        """Listen no more; whoever is still queued is reset."""
        self._remove()
        for listening in self._sockets:
            listening.close()

    def _remove(self) -> None:
        # Another server may have taken the path meanwhile.
        if self._path is not None and _file(self._path) == self._file:
            _unlink(self._path)


def listen(settings: Settings) -> Listener:
    """Listen where the settings say; `CannotListen`, or the system's own `OSError`, as for an address in use."""
    if settings.uds:
        return _on_path(settings.uds, settings.uds_mode)
    # For each worker, and its successor while both are there.
    return _on_port(settings.host, settings.port, 2 * settings.workers)


def _on_port(host: str, port: int, places: int) -> Listener:
    family, _, _, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
        0
    ]
    # By itself first: sockets that share an address would let a second server in unnoticed.
    alone = _bound(family, address)
    if sys.platform == "linux":
        address = alone.getsockname()
        alone.close()
        shared = _sharing(family, address, places)
        if shared is not None:
            return Listener(shared)
        alone = _bound(family, address)
    return Listener([_listening(alone)])


def _bound(family: int, address: t.Any, shares: bool = False) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # on Windows this would let two servers have one port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shares and sys.platform != "win32":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
    except BaseException:
        made.close()
        raise
    return made


def _sharing(family: int, address: t.Any, places: int) -> list[socket.socket] | None:
    """A socket for each place; None where the system cannot steer newcomers to some of them."""
    made: list[socket.socket] = []
    try:
        for _ in range(places):
            made.append(_bound(family, address, shares=True))
            _listening(made[-1])
        _attach(made[0], _SO_ATTACH_REUSEPORT_CBPF, _any_of([0]))
    except OSError:
        for listening in made:
            listening.close()
        return None
    return made


def _listening(made: socket.socket) -> socket.socket:
    made.listen(BACKLOG)
    made.setblocking(False)
    return made


def _on_path(path: str, mode: int) -> Listener:
    if sys.platform == "win32":
        raise CannotListen("This system has no Unix domain sockets for servers: use '--host' and '--port'.")
    path = os.path.abspath(path)
    _clear(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Bound under another name, and renamed once it has its mode and listens: nobody comes too soon, or by another mode.
    before = f"{path}.{os.getpid()}"
    try:
        made.bind(before)
        os.chmod(before, mode)
        _listening(made)
        os.rename(before, path)
    except OSError as error:
        made.close()
        _unlink(before)
        if error.errno is None:  # from Python itself
            raise CannotListen(f"The path of the socket, {path!r}, is too long for this system.") from error
        raise
    return Listener([made], path)


def _clear(path: str) -> None:
    """Remove the socket that a server left behind; `CannotListen` if one answers there, or if it is something else."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise CannotListen(f"{path!r} exists and is no socket: name another path, or remove it yourself.")
    if _is_answered(path):
        raise CannotListen(f"Another server answers at {path!r}: stop it first, or name another path.")
    _unlink(path)


def _is_answered(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:  # its queue is full, or it is not ours to ask
            return True
    return True


def _file(path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


# See "man 7 socket" and <linux/filter.h>: programs of the classic Berkeley packet filter, which need no privilege. The
# numbers are those of <asm-generic/socket.h>, which Python does not name, and <linux/bpf_common.h>.
_Program = list[tuple[int, int, int, int]]  # code, how many to skip if true, if false, operand
_SO_ATTACH_FILTER, _SO_ATTACH_REUSEPORT_CBPF = 26, 51
_LOAD, _MODULO, _IF_EQUAL, _RET = 0x20, 0x94, 0x15, 0x06
_RANDOM = 0xFFFFF000 + 56


def _any_of(places: list[int]) -> _Program:
    """The program that gives one of these numbers, each as often."""
    program: _Program = [(_LOAD, 0, 0, _RANDOM), (_MODULO, 0, 0, len(places))]
    for number, place in enumerate(places[:-1]):
        program += [(_IF_EQUAL, 0, 1, number), (_RET, 0, 0, place)]
    return [*program, (_RET, 0, 0, places[-1])]


def _attach(listening: socket.socket, option: int, program: _Program) -> None:
    import ctypes

    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    held = ctypes.create_string_buffer(code)
    listening.setsockopt(socket.SOL_SOCKET, option, struct.pack("HP", len(program), ctypes.addressof(held)))
