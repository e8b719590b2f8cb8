"""What a check says: kinds of findings, each with an id that never changes, and the findings themselves.

Nothing here looks at an application; a kind is declared once, in the module of the area that finds it.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from .levels import LEVELS, Level

#: The letter of an id of ours, and what it is about.
AREAS = {
    "C": "Configuration",
    "K": "Keys",
    "S": "Session cookie",
    "P": "Proxies",
    "R": "Rules and endpoints",
    "D": "Deployment",
    "T": "Templates",
    "F": "Files and input",
    "V": "Versions",
    "I": "Installation",
    "M": "Moving",
    "X": "The checks themselves",
}

PAGE = "https://example.com/dewar/blob/main/docs/check.md"
_ID = re.compile(r"(?P<owner>[a-z][a-z0-9_-]*)\.(?P<letter>[A-Z])[0-9]{3}")


@dataclass(frozen=True, slots=True)
class Where:
    """Where something is: a file and its line, and the name of what is meant there (a setting, an endpoint, …)."""

    file: str | None = None
    line: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        place = self.file or ""
        if place and self.line is not None:
            place += f":{self.line}"
        return f"{self.name} ({place})" if self.name and place else self.name or place


NOWHERE = Where()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding: its id (an owner, a letter, three digits: `shop.M001`), and the texts that belong to it.

    `reason` says what may happen, `remedy` what to do, `link` where to read on.
    """

    id: str
    level: Level
    title: str
    reason: str
    remedy: str
    link: str = ""

    def __post_init__(self) -> None:
        if _ID.fullmatch(self.id) is None:
            raise ValueError(
                f"{self.id!r} is no id of a check: that is an owner, a letter and three digits, 'shop.M001'."
            )
        if self.level not in LEVELS:
            raise ValueError(f"{self.level!r} is no level: use one of {', '.join(LEVELS)}.")

    @property
    def owner(self) -> str:
        """Who looks for it: `flask`, or the name of an extension or an application."""
        return self.id.partition(".")[0]

    @property
    def area(self) -> str:
        """The heading that it is shown under."""
        owner, _, number = self.id.partition(".")
        return AREAS[number[0]] if owner == "flask" else owner

    def found(self, message: str = "", where: Where = NOWHERE, *, remedy: str = "") -> Finding:
        """A finding of this kind. `message` says what was found, `remedy` what to do in this very case."""
        return Finding(self, message or self.title, where, remedy or self.remedy)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found in one place."""

    kind: Kind
    message: str
    where: Where = field(default=NOWHERE)
    remedy: str = ""

    @property
    def id(self) -> str:
        """The id of its kind."""
        return self.kind.id

    @property
    def level(self) -> Level:
        """The level of its kind."""
        return self.kind.level

    def as_dict(self) -> dict[str, t.Any]:
        """The finding in the shape that `--json` writes."""
        return {
            "id": self.id,
            "level": self.level,
            "area": self.kind.area,
            "title": self.kind.title,
            "message": self.message,
            "reason": self.kind.reason,
            "remedy": self.remedy,
            "link": self.kind.link,
            "where": {"file": self.where.file, "line": self.where.line, "name": self.where.name},
        }


#: Every kind of ours, by its id.
KINDS: dict[str, Kind] = {}


def declare(id: str, level: Level, title: str, *, reason: str, remedy: str) -> Kind:
    """Make a kind of ours, with its place in the documentation: once in this package, at the top of a module."""
    number = id.partition(".")[2]
    if id in KINDS or not id.startswith("flask.") or number[:1] not in AREAS:
        raise ValueError(f"{id!r} is taken, or not one of ours.")
    KINDS[id] = kind = Kind(id, level, title, reason, remedy, f"{PAGE}#{id.replace('.', '').lower()}")
    return kind


def shown(path: Path | str, root: Path) -> str:
    """A path as it is shown: from the project's folder on, with slashes, or in full where it lies outside."""
    path = Path(path)
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)


def order(finding: Finding) -> tuple[t.Any, ...]:
    """Sorts findings by area, then id, then place."""
    letters = list(AREAS)
    ours = finding.kind.owner == "flask"
    letter = finding.id.partition(".")[2][0]
    where = finding.where
    return (
        letters.index(letter) if ours else len(letters),
        finding.id,
        where.file or "",
        where.line or 0,
        where.name or "",
        finding.message,
    )
