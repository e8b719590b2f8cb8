"""PostgreSQL's files, made before its first start: a cluster, the bakery's role and its password, its database."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .files import CONFIG, folder
from .machine import as_user, program


def make(place: Path, owner: str | None, password: str) -> None:
    """Make it unless it is there. Only the bakery's role can come in (../config/pg_hba.conf)."""
    if place.exists():
        return
    new = folder(place.with_name("postgres.new"), owner, 0o700)
    kind = ["--auth=reject", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"]
    _run([*as_user(owner), program("initdb"), *kind, "-D", str(new)], new)
    for file, copy in (("postgresql.conf", "bakery.conf"), ("pg_hba.conf", "pg_hba.conf")):
        (new / copy).write_text((CONFIG / file).read_text(encoding="utf-8"), encoding="utf-8")
        (new / copy).chmod(0o644)
    with (new / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("include 'bakery.conf'\n")
    said = f"CREATE ROLE bakery LOGIN PASSWORD '{password}'\nCREATE DATABASE bakery OWNER bakery\n"
    _run([*as_user(owner), program("postgres"), "--single", "-D", str(new), "postgres"], new, said)
    new.rename(place)


def command(place: Path, port: int) -> list[str]:
    """What starts it, on this port and without a socket in the system's folder."""
    return [program("postgres"), "-D", str(place), "-p", str(port), "-c", "unix_socket_directories="]


def _run(command: list[str], place: Path, said: str = "") -> None:
    done = subprocess.run(command, input=said, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode or "ERROR:" in done.stderr:
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
