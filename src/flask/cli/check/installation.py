"""What would put upstream's Flask in the place of this one: locks and requirements, and what stands installed already.

Nothing is installed or removed, and no index is asked.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
import typing as t
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from .commands import variables
from .findings import Finding, Where, declare
from .pins import LABEL, Pin, pins
from .project import Project

PINNED = declare(
    "flask.I001",
    "error",
    "A file pins upstream's Flask",
    reason="An installation from this file fetches upstream: slower, and without what is hardened here.",
    remedy="Lock it anew with the git repository or the wheel as its source; the README has the lines for each tool.",
)
FETCHED = declare(
    "flask.I002",
    "warning",
    "Nothing says that Flask is this one",
    reason="Into an empty environment an installer fetches upstream from the public index, which has no other.",
    remedy="Add 'flask @ git+https://…' to a constraints file, a source for uv, or a git dependency for Poetry; the"
    " README has the lines for each tool.",
)
OTHER_METADATA = declare(
    "flask.I003",
    "error",
    "What is installed as Flask is not what is imported",
    reason="The metadata speak of another build. Installers and extensions go by them: the next upgrade replaces this"
    " one.",
    remedy="Uninstall flask until none is left, then install this one.",
)
TWO_OWNERS = declare(
    "flask.I004",
    "error",
    "Two distributions have files in flask/",
    reason="The files are of whichever was installed last, and removing one of the two breaks the other.",
    remedy="Uninstall both, then install this one.",
)
OVERWRITTEN = declare(
    "flask.I005",
    "error",
    "Files in flask/ are not those that were installed",
    reason="Another installation wrote over them, or somebody edited them: what runs is a mixture.",
    remedy="Install it anew, with --force-reinstall and the constraints file.",
)


def find(app: t.Any, project: Project) -> Iterator[Finding]:
    """What would put upstream in our place, and what has done so."""
    yield from of_files(project)
    yield from of_environment()


def of_files(project: Project) -> Iterator[Finding]:
    """What the project's files would have an installer fetch."""
    found = pins(project)
    locks = [pin for pin in found if pin.locked and pin.name == "flask"]
    settled = any(pin.is_ours for pin in found if pin.name == "flask") or _is_said_elsewhere(project)
    for pin in locks:
        if not pin.is_ours:
            yield PINNED.found(f"Flask is locked{_at(pin)} from the index: that is upstream's", pin.where)
    told: set[str | None] = {pin.where.file for pin in locks}
    for pin in sorted(found, key=lambda pin: pin.name != "flask"):  # the word flask itself first
        if pin.locked or pin.is_ours or pin.where.file in told:
            continue
        told.add(pin.where.file)
        if pin.name == "flask" and pin.hashed:
            yield PINNED.found("Flask is pinned with hashes of upstream's files", pin.where)
        elif settled:
            continue
        elif pin.name == "flask" and pin.is_exact:
            yield PINNED.found(f"Flask is pinned{_at(pin)}: into an empty environment that is upstream's", pin.where)
        elif pin.name == "flask":
            yield FETCHED.found("Flask is required, and nothing says that it is this one", pin.where)
        else:
            yield FETCHED.found(f"Flask comes in by {pin.name}, and nothing says that it is this one", pin.where)


def _at(pin: Pin) -> str:
    return f" ({pin.version})" if pin.version else ""


def _is_said_elsewhere(project: Project) -> bool:
    """Whether constraints or a script bring this one in."""
    if any(
        name in ("PIP_CONSTRAINT", "UV_CONSTRAINT", "UV_OVERRIDE") and value for name, value, _ in variables(project)
    ):
        return True
    scripts = r"(.+\.)?Dockerfile(\..+)?|Containerfile|Makefile|.+\.sh"
    said = re.compile(r"\b(pip|uv)\b.*\b(install|sync)\b.*(\+dewar|dewar\.git|flask\s*@)", re.IGNORECASE)
    return any(said.search(line) for line, _ in project.lines(scripts))


def of_environment() -> Iterator[Finding]:
    """What is installed in our place, beside it or over it."""
    here = _location()
    named = list({_place(each): each for each in metadata.distributions(name="flask")}.values())
    folders = [folder for folder, _ in map(_place, named)]
    for folder in {folder for folder in folders if folders.count(folder) > 1}:
        versions = " and ".join(version for place, version in map(_place, named) if place == folder)
        yield TWO_OWNERS.found(f"Flask is installed as {versions} in one folder", Where(file=folder))
    # The first on the import path is the one that installers and extensions see.
    if named and LABEL not in named[0].version:
        yield OTHER_METADATA.found(
            f"Flask {named[0].version} is installed, and another one is imported", Where(str(here))
        )
    for other in metadata.distributions():
        if _has_files_in(other, here) and (name := other.metadata["Name"]).lower() != "flask":
            yield TWO_OWNERS.found(f"{name} {other.version} has files in flask/ too", Where(str(here), name=name))
    for distribution in named:
        changed = [path for path in _changed(distribution) if LABEL in distribution.version]
        if changed:
            yield OVERWRITTEN.found(
                f"{len(changed)} files in flask/ are not those that were installed, as {changed[0].name}",
                Where(str(changed[0])),
            )


def _location() -> Path:
    """The folder of the package that runs."""
    return Path(os.path.realpath(__file__)).parents[2]


def _place(distribution: metadata.Distribution) -> tuple[str, str]:
    """The folder and the version: a folder may stand on the import path by several names."""
    return os.path.realpath(str(distribution.locate_file(""))), distribution.version


def _has_files_in(distribution: metadata.Distribution, folder: Path) -> bool:
    record = distribution.read_text("RECORD") or ""
    mentions = re.search(r"^flask/[^/,]+\.py,", record, re.MULTILINE)
    return mentions is not None and Path(os.path.realpath(str(distribution.locate_file("flask")))) == folder


def _changed(distribution: metadata.Distribution) -> Iterator[Path]:
    """The installed modules whose hash is not the one that was noted at the installation (PEP 376)."""
    for name, noted, *_ in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
        kind, _, value = noted.partition("=")
        if not name.startswith("flask/") or not name.endswith(".py") or kind != "sha256":
            continue
        path = Path(str(distribution.locate_file(name)))
        try:
            digest = hashlib.sha256(path.read_bytes()).digest()
        except OSError:
            yield path
            continue
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != value:
            yield path
