"""What stands against running an environment's code on this Flask: requirements, names that are touched, files, pins.

It reads and judges; nothing that is installed there is imported or changed.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from ..check.findings import Finding, Kind, Where, order
from ..check.installation import of_environment, of_files
from ..check.levels import Level
from ..check.pins import LABEL
from ..check.project import Project, python_files
from ..check.syntax.python_file import UnreadError, read_python
from .environments import Environment, Installed, Unanswered
from .names import PACKAGE, touches, version_reads
from .requirements import Requirement, admits, requirement
from .standing import Found, Standing, standing

NAME = "flask"
_PAGE = "https://example.com/dewar/blob/main/docs/moving.md#before-you-move"


def _kind(number: int, level: Level, title: str, reason: str, remedy: str) -> Kind:
    return Kind(f"flask.M{number:03}", level, title, reason, remedy, _PAGE)


REFUSED = _kind(
    1,
    "error",
    "A distribution does not accept this version of Flask",
    "An installer refuses to put the two together, or fetches another Flask.",
    "Take a release of it that accepts Flask 3.1.",
)
REFUSED_BY_EXTRA = _kind(
    2,
    "warning",
    "With one of its extras a distribution does not accept this version of Flask",
    "It matters if that extra is asked for, which an environment does not tell.",
    "Take a release of it that accepts Flask 3.1, if you use the extra.",
)
LACKED = _kind(
    3,
    "error",
    "Code touches a name that this Flask has not got",
    "It fails where it comes by; upstream may have the name, as a private one.",
    "Report it, with the name and who uses it: names that others use belong here.",
)
GONE = _kind(
    4,
    "info",
    "Code touches a name that Flask itself has taken out",
    "It fails where it comes by, on upstream's 3.1 as well: to move changes nothing about it.",
    "Take a later release, or use what stands for it now.",
)
OLD_PYTHON = _kind(
    5,
    "error",
    "This Python is too old",
    "The build requires a later one, so that installers refuse it.",
    "Move the environment to a later Python first.",
)
CONFLICT = _kind(
    6,
    "error",
    "A distribution does not accept what this Flask stands on",
    "An installer has no set of versions that suits both.",
    "Take a release of it that accepts the later version.",
)
UPGRADED = _kind(
    7,
    "info",
    "A library that Flask stands on comes in a later version",
    "This Flask requires it, and so it changes with the move.",
    "Read that library's changes as well.",
)
OTHER_OWNER = _kind(
    8,
    "error",
    "Another distribution has files in flask/",
    "The files are of whichever is installed last, and removing one of the two breaks the other.",
    "Uninstall it.",
)
UNREAD = _kind(
    9,
    "info",
    "A file was not read",
    "What it touches is not known.",
    "Look at it yourself, should it run at all.",
)

VERSION = _kind(
    10,
    "info",
    "Code reads the version of Flask",
    "The version has a label. Code that compares versions by packaging is right; code that makes numbers of all parts"
    " fails.",
    "Look at the line.",
)

# Which of these names another flask has: asked of an environment that holds upstream.
_HAS = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
def has(name):
    head, *parts = name.split(".")
    place = importlib.import_module(head)
    for part in parts:
        try:
            place = getattr(place, part)
        except AttributeError:
            try:
                place = importlib.import_module(place.__name__ + "." + part)
            except (ImportError, AttributeError):
                return False
        except RuntimeError:
            return True
    return True
print(json.dumps([name for name in sys.argv[1:] if has(name)]))
"""


@dataclass(frozen=True)
class Row:
    """One distribution, or the project's own code, by what it asks of Flask and which names it touches."""

    name: str
    version: str = ""
    specifier: str = ""
    fits: bool = True
    names: frozenset[Found] = frozenset()

    @property
    def private(self) -> list[str]:
        """The private names that it touches."""
        return sorted(found.name for found in self.names if found.is_private)

    def lacking(self, kind: Standing) -> list[str]:
        """The names that are missing, or gone from Flask."""
        return sorted(found.name for found in self.names if found.standing is kind)


@dataclass
class Judgement:
    """All that was found."""

    environment: Environment
    version: str
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def installed(self) -> str:
        """The version of Flask in the environment, if any."""
        found = self.environment.installed.get(NAME)
        return found.version if found else ""

    @property
    def failed(self) -> bool:
        """Whether anything stands against it."""
        return any(finding.level == "error" for finding in self.findings)


def judge(environment: Environment, project: Project, folders: t.Iterable[Path]) -> Judgement:
    """Judge an environment, the files of a project, and the Python files in folders of its own."""
    return _Judge(environment, project, [*folders]).judgement()


class _Judge:
    def __init__(self, environment: Environment, project: Project, folders: list[Path]) -> None:
        self.environment, self.project, self.folders = environment, project, folders
        self.ours = metadata.distribution(NAME)
        self.findings: list[Finding] = []
        self._lacked: list[tuple[Found, Where, str]] = []

    def judgement(self) -> Judgement:
        self._python()
        self._libraries()
        rows = [self._row(each) for each in self._askers]
        own = [path for folder in self.folders for path in python_files(folder)]
        if own:
            rows.append(Row("this project", names=frozenset(self._touched(dict.fromkeys(own), "this project"))))
        self._other_owners()
        self._tell_of_lacked()
        self.findings += of_files(self.project)
        return Judgement(self.environment, self.ours.version, rows, sorted(set(self.findings), key=order))

    @property
    def _askers(self) -> list[Installed]:
        """The distributions that ask for Flask, if only with an extra."""
        found = (
            each
            for name, each in self.environment.installed.items()
            if name != NAME and any(asked.name == NAME for asked in each.requirements)
        )
        return sorted(found, key=lambda each: each.name.lower())

    def _applying(self, each: Installed, name: str, extra: str = "") -> list[Requirement]:
        """What a distribution asks of another one here; a marker that cannot be read is taken to hold."""
        found = []
        for asked in each.requirements:
            try:
                applies = asked.applies(self.environment.markers, extra)
            except ValueError:
                applies = True
            if asked.name == name and applies:
                found.append(asked)
        return found

    def _row(self, each: Installed) -> Row:
        always = self._applying(each, NAME)
        refused = [asked for asked in always if not _admitted(asked, self.ours.version)]
        for asked in refused:
            self._find(REFUSED, f"{each.name} {each.version} asks for Flask {asked.specifier or asked.url}", each.name)
        for extra in each.extras:
            for asked in self._applying(each, NAME, extra):
                if asked not in always and not _admitted(asked, self.ours.version):
                    text = f"{each.name}[{extra}] {each.version} asks for Flask {asked.specifier or asked.url}"
                    self._find(REFUSED_BY_EXTRA, text, each.name)
        specifier = ",".join(asked.specifier or asked.url for asked in always) if always else "with an extra"
        names = self._touched(each.files(), f"{each.name} {each.version}")
        return Row(each.name, each.version, specifier, not refused, frozenset(names))

    def _touched(self, files: t.Iterable[Path], who: str) -> Iterator[Found]:
        for path in files:
            if not path.is_file():
                continue
            where = self.project.where(os.path.realpath(path))
            try:
                file = read_python(path)
                found = touches(file.tree) if PACKAGE in file.text else []
                lines = version_reads(file.tree) if PACKAGE in file.text.lower() else []
            except (UnreadError, RecursionError) as error:
                self._find(UNREAD, f"A file of {who} was not read: {error}", "", where)
                continue
            for line in lines:
                self._find(VERSION, f"{who} reads the version of Flask", "", Where(where.file, line))
            for touch in found:
                known = standing(touch.name)
                yield known
                if known.standing is not Standing.HERE and not touch.guarded:
                    self._lacked.append((known, Where(where.file, touch.line, known.name), who))

    def _tell_of_lacked(self) -> None:
        """Tell of each name once for whoever touches it. Upstream, if it is there, knows what it never had."""
        missing = sorted({known.name for known, _, _ in self._lacked if known.standing is Standing.MISSING})
        elsewhere = self._never_upstream(missing)
        told: set[tuple[str, str]] = set()
        for known, where, who in self._lacked:
            if (known.name, who) in told:
                continue
            told.add((known.name, who))
            if known.standing is Standing.GONE or known.name in elsewhere:
                instead = f" Instead: {known.instead}." if known.instead else ""
                self._find(GONE, f"{who} touches {known.name}.{instead}", "", where)
            else:
                self._find(LACKED, f"{who} touches {known.name}", "", where)

    def _never_upstream(self, names: list[str]) -> set[str]:
        """Those of the names that upstream's Flask has not either, where the environment holds that."""
        there = self.environment.installed.get(NAME)
        if not names or there is None or LABEL in there.version:
            return set()
        try:
            return set(names) - set(self.environment.says(_HAS, *names))
        except Unanswered:
            return set()

    def _python(self) -> None:
        required, found = self.ours.metadata["Requires-Python"], self.environment.markers["python_full_version"]
        if required and not admits(required, found):
            self._find(OLD_PYTHON, f"The environment has Python {found}; Flask {self.ours.version} requires {required}")

    def _libraries(self) -> None:
        """What this Flask requires, beside what is installed and what others say of it."""
        for text in self.ours.requires or ():
            asked = requirement(text)
            there = self.environment.installed.get(asked.name) if asked else None
            if asked is None or there is None or asked.marker or _admitted(asked, there.version):
                continue
            self._find(UPGRADED, f"{there.name} {there.version} becomes {asked.specifier}", there.name)
            floor = next((part.strip()[2:] for part in asked.specifier.split(",") if part.strip().startswith(">=")), "")
            for other in self.environment.installed.values():
                for limit in self._applying(other, asked.name) if floor and other.name.lower() != NAME else ():
                    if not _admitted(limit, floor):
                        words = (
                            f"{other.name} {other.version} asks for {there.name} {limit.specifier}, and this Flask for"
                        )
                        self._find(CONFLICT, f"{words} {asked.specifier}", other.name)

    def _other_owners(self) -> None:
        if self.environment.is_this:
            self.findings += of_environment()
            return
        for name, each in self.environment.installed.items():
            if name != NAME and each.folder is None and each.owns_in(PACKAGE):
                self._find(OTHER_OWNER, f"{each.name} {each.version} has files in flask/", each.name)

    def _find(self, kind: Kind, message: str, name: str = "", where: Where | None = None) -> None:
        self.findings.append(kind.found(message, where or Where(name=name or None)))


def _admitted(asked: Requirement, version: str) -> bool:
    """Whether a requirement is met by a version; never where it names a place to take another build from."""
    try:
        return not asked.url and admits(asked.specifier, version)
    except ValueError:
        return True  # what no installer understands refuses nothing
