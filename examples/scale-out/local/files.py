"""What is written below the folder: secrets, configuration for this machine's ports, releases of the app.

The plain files of ../config are taken as they are; only ports, folders and passwords are written beside them.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[1] / "config"
SECRETS = ("secret_key", "database_password", "redis_password")


def private(path: Path, text: str, owner: str | None) -> Path:
    """Write a file that its owner alone may read."""
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)
    if owner:
        shutil.chown(path, owner, owner)
    return path


def folder(path: Path, owner: str | None, mode: int = 0o755) -> Path:
    """A folder that belongs to a service's user."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    if owner:
        shutil.chown(path, owner, owner)
    return path


def write_secrets(place: Path, owner: str | None) -> dict[str, str]:
    """The secrets by their names; made once, then kept."""
    folder(place, owner, 0o700)
    found = {}
    for name in SECRETS:
        path = place / name
        found[name] = path.read_text(encoding="utf-8") if path.exists() else secrets.token_hex(32)
        private(path, found[name], owner)
    return found


def write_redis(place: Path, owner: str | None, port: int, password: str) -> Path:
    """Redis's own file, and one around it with what is this machine's."""
    folder(place, owner, 0o700)
    shutil.copy(CONFIG / "redis.conf", place)
    (place / "redis.conf").chmod(0o644)
    around = f'include "{place}/redis.conf"\nport {port}\ndir "{place}"\nrequirepass {password}\n'
    return private(place / "local.conf", around, owner)


def write_nginx(place: Path, owner: str | None, port: int) -> None:
    """Nginx's own file, and where it listens here. The nodes are written by `write_nodes`."""
    folder(place, owner)
    shutil.copy(CONFIG / "nginx" / "nginx.conf", place)
    (place / "listen.conf").write_text(f"listen 127.0.0.1:{port};\n", encoding="utf-8")


def write_nodes(place: Path, ports: Mapping[str, int], out: Iterable[str] = ()) -> None:
    """The nodes as nginx is to see them; those that are out get no new request."""
    lines = [
        f"server 127.0.0.1:{port} max_fails=1 fail_timeout=2s{' down' if name in out else ''};  # {name}\n"
        for name, port in ports.items()
    ]
    (place / "nodes.conf").write_text("".join(lines), encoding="utf-8")


def release(source: Path, place: Path) -> None:
    """Copy the app to a folder of its own with a version of its own, and let `current` point there."""
    releases = folder(place / "releases", None)
    number = max((int(path.name) for path in releases.iterdir()), default=0) + 1
    shutil.copytree(source, releases / str(number) / "bakery", ignore=shutil.ignore_patterns("__pycache__"))
    (releases / str(number) / "bakery" / "VERSION").write_text(f"{number}\n", encoding="utf-8")
    point(place, releases / str(number))


def point(place: Path, at: Path) -> None:
    """Let `current` be a release, from one moment to the next."""
    following = place / "following"
    following.symlink_to(at)
    following.replace(place / "current")
