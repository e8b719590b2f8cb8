"""Who holds a port, as far as the system tells without special rights.

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

_LISTENING = "0A"


def is_taken(host: str, port: int) -> bool:
    """Whether a TCP port cannot be bound because another socket has it."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # as the server does; on Windows this would allow two servers on one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno == errno.EADDRINUSE
    except OverflowError:  # a port above 65535
        return False
    return False


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
