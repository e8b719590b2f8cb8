"""What this machine has: programs, users, free ports. Changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = os.geteuid() == 0
SERVICE_USERS = {"postgres": "postgres", "redis": "redis", "nginx": "www-data", "app": "www-data"}
_FURTHER = [Path("/usr/sbin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


def program(name: str) -> str:
    """The path of a program, also where Debian keeps it off PATH."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, _FURTHER)))
    if found is None:
        raise SystemExit(f"{name} is not on this machine; examples/scale-out/start installs it when root starts it")
    return found


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_user(user: str | None) -> list[str]:
    """What stands before a command so that it runs as a user; nothing, where it is to run as whoever started this."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []


def user_for(service: str, *needed: Path) -> str | None:
    """Whom a service runs as: whoever started this, or, where that is root, the service's own user.

    PostgreSQL refuses root, and the rest need it for nothing. The files that a service must read have to be open for
    its user; only the app may run as root where they are not, since a checkout below /root is nobody else's to read.
    """
    if not ROOT:
        return None
    user = SERVICE_USERS[service]
    closed = [path for path in needed if subprocess.run([*as_user(user), "test", "-r", path], check=False).returncode]
    if not closed:
        return user
    if service != "app":
        raise SystemExit(f"{closed[0]} cannot be read by {user}, who runs {service}: choose another --folder")
    print(f"The app runs as root, since {user} cannot read {closed[0]}. Never do so in production.", file=sys.stderr)
    return None
