"""Why a server cannot listen, and who holds its port, as far as the system tells without special rights.

Asked only once a server could not start; every failure to find out means no more than that nothing is said.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import subprocess
import sys

PORTS_END = 65535
USUAL_PORT = 5000
TRIED_AT_MOST = 50
EXPLAINED = {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES}
LEAVE_IT_OUT = "Leave it out to be reached from this machine alone."
_LISTENING = "0A"


def explain(host: str, port: int, spelt: str) -> list[str]:
    """What to say of a server that could not listen there; `spelt` is how to ask for another port, with `{port}`."""
    if host.startswith("unix://"):
        return []  # of a file, the system's own words say all
    if not 0 <= port <= PORTS_END:
        return [f"There is no port {port}: take one from 0, which is any that is free, to {PORTS_END}."]
    error = _refusal(host, port)
    if isinstance(error, socket.gaierror):
        said = f"No address is known for the host {host!r}. It is a name or an address of this machine, without a port"
        return [f"{said} and without 'http://'. {LEAVE_IT_OUT}"]
    if error is None or error.errno not in EXPLAINED:
        return []
    other = spelt.format(port=_free_after(host, port))
    if error.errno == errno.EADDRINUSE:
        holder = find_holder(port)
        held = [f"Port {port} is held by {holder}."] if holder else []
        return [*held, f"Stop {'it' if holder else 'that program'}, or choose another port: '{other}'."]
    if error.errno == errno.EADDRNOTAVAIL:
        return [f"This machine has no address {host!r}. {LEAVE_IT_OUT}"]
    return [f"This account may not listen on port {port}. Choose another port: '{other}'."]


def _refusal(host: str, port: int) -> OSError | None:
    """Why a TCP port cannot be bound."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # as the server does; on Windows this would allow two servers on one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def _free_after(host: str, port: int) -> int:
    """A port that nobody holds: the next one, or one of those after it."""
    start = port + 1 if 1024 <= port < PORTS_END - TRIED_AT_MOST else USUAL_PORT
    return next((other for other in range(start, start + TRIED_AT_MOST) if _refusal(host, other) is None), start)


def find_holder(port: int) -> str:
    """The process that listens on a port, as `process 123 (name)`, or nothing."""
    try:
        return SOURCES.get(sys.platform, _from_lsof)(port)
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""


def _from_proc(port: int) -> str:
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with os.scandir(f"/proc/{pid}/fd") as entries:
                if not any(os.readlink(entry.path) in sockets for entry in entries):
                    continue
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                return f"process {pid} ({file.read().strip()})"
        except OSError:  # another user's process, or one that ended meanwhile
            continue
    return ""


def _listening_inodes(port: int) -> list[str]:
    inodes = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = [line.split() for line in file][1:]
        except OSError:
            continue
        # The columns of proc(5): number, local address, remote address, state, …, the inode as the tenth.
        inodes += [row[9] for row in rows if row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port]
    return inodes


def _from_lsof(port: int) -> str:
    output = _output("lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc")
    fields = {line[0]: line[1:] for line in reversed(output.splitlines()) if line}
    return f"process {fields['p']} ({fields.get('c', '?')})" if "p" in fields else ""


def _from_netstat(port: int) -> str:
    found = re.search(rf"(?m)^\s*TCP\s+\S+:{port}\s+\S+:0\s+\S+\s+(\d+)", _output("netstat", "-ano", "-p", "TCP"))
    return f"process {found[1]}" if found else ""


def _output(program: str, *args: str) -> str:
    path = shutil.which(program)
    if path is None:
        return ""
    command = [path, *args]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=5, check=False).stdout


SOURCES = {"linux": _from_proc, "win32": _from_netstat}
