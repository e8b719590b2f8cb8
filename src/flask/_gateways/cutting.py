"""Breaks off the connection of a client whose answer cannot be ended, so that it does not take a part for the whole.

For a server in this very process that has no call for that. Only what is certainly the client's socket is touched.
"""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from ipaddress import ip_address

_FOLDERS = "/proc/self/fd", "/dev/fd"  # of Linux, of macOS


def cut(client: tuple[str, str], port: str) -> bool:
    """Shut down this process's connection of TCP with a client, host and port, at a port of ours; whether there is one.

    A Unix socket has no address by which it could be found, and Windows no list to look into.
    """
    wanted = _address(*client)
    if wanted is None:
        return False
    for number in _open_files():
        with suppress(OSError):  # closed meanwhile, or not connected
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as connection:  # a number could be another file's a moment later
                # Of the server's own address only the port is known: it may listen at all of them.
                if _address_of(connection.getpeername()) == wanted and str(connection.getsockname()[1]) == port:
                    connection.shutdown(socket.SHUT_RDWR)
                    return True
    return False


def _open_files() -> list[int]:
    for folder in _FOLDERS:
        with suppress(OSError):
            return sorted(int(name) for name in os.listdir(folder) if name.isdecimal())
    return []


def _address(host: str, port: str) -> tuple[str, int] | None:
    if not port.isdecimal():
        return None
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address), int(port)


def _address_of(name: object) -> tuple[str, int] | None:
    """The same of what a socket says: of TCP a host and a port, and with IPv6 more."""
    return _address(str(name[0]), str(name[1])) if isinstance(name, tuple) else None
