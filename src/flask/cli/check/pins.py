"""What a project's files have an installer fetch for the name `flask`: each format is read here, and none is judged.

Files are read as they are; one that cannot be read as what its name says holds nothing.
"""

from __future__ import annotations

import json
import re
import tomllib
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

from .findings import Where
from .project import Project, read

#: What marks a version of ours.
LABEL = "+dewar"


class Pin(t.NamedTuple):
    """One mention of a distribution: whether the file is a lock, and where the installer takes it from.

    `version` is what the file says of it (`==3.1.3`, `3.1.3`, nothing); `direct`: by a URL, a repository, a path.
    """

    name: str
    version: str
    direct: bool
    locked: bool
    hashed: bool
    where: Where

    @property
    def is_ours(self) -> bool:
        """Whether it names a build by its label, or by where it lies."""
        return self.direct or LABEL in self.version

    @property
    def is_exact(self) -> bool:
        """Whether one version, and no other, is asked for."""
        return self.locked or re.fullmatch(r"\s*===?\s*[^*,]+", self.version) is not None


def pins(project: Project) -> list[Pin]:
    """Every mention of Flask, or of an extension that brings it along, in the project's files."""
    return [
        pin
        for pattern, reader in _READERS.items()
        for path in project.files(pattern, of_development=True)
        for pin in reader(path, project)
        if pin.name == "flask" or pin.name.startswith("flask-")
    ]


_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)")
_FILE = re.compile(
    r"(?:^|[/#=&])(?:egg=)?(?P<name>flask)(?:-(?P<version>[0-9][^-/#]*))?(?:[-.&]|\.git|$)", re.IGNORECASE
)


def _requirement(line: str, where: Where) -> Pin | None:
    """A line of pip's, by PEP 508 or as a path or URL."""
    text = re.sub(r"(^|\s)#.*", "", line).strip()
    editable = re.match(r"(?:-e|--editable)[\s=]+(.*)", text)
    if editable is None and text.startswith("-"):
        return None
    text, _, hashes = (editable[1] if editable else text).partition(" --hash")
    if re.match(r"[A-Za-z+]+://|[A-Za-z+]+@|\.{0,2}/|file:", text) or re.search(r"\.(whl|tar\.gz|zip)$", text):
        match = _FILE.search(text)
        return Pin("flask", match["version"] or "", True, False, bool(hashes), where) if match else None
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        return None
    rest = match["rest"].partition(";")[0].strip()
    version = rest.strip("() ")
    return Pin(_normal(match["name"]), version, rest.startswith("@"), False, bool(hashes), where)


def _requirements(path: Path, project: Project) -> Iterator[Pin]:
    number, waiting = 0, ""
    for line_number, line in enumerate(read(path).splitlines(), 1):
        number = number if waiting else line_number
        waiting += line
        if waiting.endswith("\\"):
            waiting = waiting[:-1] + " "
            continue
        pin = _requirement(waiting, project.where(path, number))
        waiting = ""
        if pin is not None:
            yield pin


def _toml_lock(path: Path, project: Project) -> Iterator[Pin]:
    """poetry.lock, uv.lock, pdm.lock, and pylock.toml (PEP 751): tables of packages."""
    data = _toml(path)
    packages = data.get("package") or data.get("packages") or []
    for package in packages if isinstance(packages, list) else []:
        if not isinstance(package, dict) or not isinstance(package.get("name"), str):
            continue
        source = package.get("source")
        kinds = set(source) if isinstance(source, dict) else set()
        of_poetry = isinstance(source, dict) and source.get("type") in ("git", "url", "file", "directory")
        direct = (
            of_poetry
            or bool({"git", "url", "path", "directory", "editable", "virtual"} & kinds and "type" not in kinds)
            or bool({"git", "url", "path", "vcs", "directory", "archive"} & set(package))
        )
        name = _normal(package["name"])
        line = _line(path, rf'^name\s*=\s*"{re.escape(package["name"])}"')
        yield Pin(name, str(package.get("version", "")), direct, True, True, project.where(path, line))


def _pipfile_lock(path: Path, project: Project) -> Iterator[Pin]:
    try:
        data = json.loads(read(path))
    except ValueError:
        return
    for section in data.values() if isinstance(data, dict) else ():
        for name, entry in section.items() if isinstance(section, dict) else ():
            if isinstance(entry, dict) and (
                "version" in entry or "hashes" in entry or "git" in entry or "file" in entry
            ):
                direct = bool({"git", "file", "path", "editable"} & set(entry))
                where = project.where(path, _line(path, rf'^\s*"{re.escape(name)}"\s*:'))
                yield Pin(_normal(name), str(entry.get("version", "")), direct, True, "hashes" in entry, where)


def _pipfile(path: Path, project: Project) -> Iterator[Pin]:
    data = _toml(path)
    for section in ("packages", "dev-packages"):
        yield from _table(data.get(section), path, project)


def _pyproject(path: Path, project: Project) -> Iterator[Pin]:
    data = _toml(path)
    head, tool = _dict(data.get("project")), _dict(data.get("tool"))
    uv, poetry, pdm = _dict(tool.get("uv")), _dict(tool.get("poetry")), _dict(tool.get("pdm"))
    lists = [head.get("dependencies"), *_dict(head.get("optional-dependencies")).values()]
    lists += [
        uv.get("override-dependencies"),
        uv.get("constraint-dependencies"),
        *_dict(data.get("dependency-groups")).values(),
    ]
    lists += [*_dict(pdm.get("dev-dependencies")).values()]
    for each in lists:
        for text in each if isinstance(each, list) else ():
            if isinstance(text, str):
                where = project.where(path, _line(path, rf"^.*[\"']{re.escape(text)}"))
                pin = _requirement(text, where)
                if pin is not None:
                    yield pin
    yield from _table(uv.get("sources"), path, project)
    yield from _table(poetry.get("dependencies"), path, project)
    for group in _dict(poetry.get("group")).values():
        yield from _table(_dict(group).get("dependencies"), path, project)


def _table(table: t.Any, path: Path, project: Project) -> Iterator[Pin]:
    """A table of names, each with a version or with a table of its own, as Poetry, uv and Pipenv write it."""
    for name, entry in _dict(table).items():
        entries = entry if isinstance(entry, list) else [entry]
        direct = any(
            isinstance(each, dict) and {"git", "url", "path", "file", "workspace"} & set(each) for each in entries
        )
        version = str(entry if isinstance(entry, str) else _dict(entry).get("version", ""))
        where = project.where(path, _line(path, rf"^\s*[\"']?{re.escape(name)}[\"']?\s*="))
        yield Pin(_normal(name), version, direct, False, False, where)


def _conda(path: Path, project: Project) -> Iterator[Pin]:
    """A conda environment: its own packages, of which `flask` is upstream's, and those that it leaves to pip."""
    depth: int | None = None
    for number, line in enumerate(read(path).splitlines(), 1):
        match = re.match(r"(\s*)-\s+[\"']?([^\"'#]+)", line)
        if match is None:
            continue
        indent, text = len(match[1]), match[2].strip()
        if re.fullmatch(r"pip\s*:", text):
            depth = indent
            continue
        where = project.where(path, number)
        if depth is not None and indent > depth:
            pin = _requirement(text, where)
            if pin is not None:
                yield pin
            continue
        depth = None
        own = re.match(r"(?:[\w.-]+::)?([A-Za-z0-9._-]+)\s*(.*)", text)
        if own and _normal(own[1]) == "flask":
            yield Pin("flask", own[2], False, True, False, where)


_READERS: dict[str, Callable[[Path, Project], Iterator[Pin]]] = {
    r"([^/]*(requirements|constraints)[^/]*|requirements/[^/]+)\.(txt|in)": _requirements,
    r"(poetry|uv|pdm)\.lock|pylock(\..+)?\.toml": _toml_lock,
    r"Pipfile\.lock": _pipfile_lock,
    r"Pipfile": _pipfile,
    r"pyproject\.toml": _pyproject,
    r"(environment|conda|env).*\.ya?ml": _conda,
}


def _toml(path: Path) -> dict[str, t.Any]:
    try:
        return tomllib.loads(read(path))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _dict(value: t.Any) -> dict[str, t.Any]:
    return value if isinstance(value, dict) else {}


def _line(path: Path, pattern: str) -> int | None:
    """The first line that a pattern matches."""
    match = re.search(pattern, read(path), re.MULTILINE | re.IGNORECASE)
    return read(path)[: match.start()].count("\n") + 1 if match else None


def _normal(name: str) -> str:
    """A distribution's name as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
