"""The command lines by which a project is served, as they stand in the files that deploy it.

Files are read as text, line by line; nothing in them is run, and a line that is not understood is left out.
"""

from __future__ import annotations

import ast
import os
import re
import typing as t
from collections.abc import Iterator
from pathlib import Path

from .findings import Where
from .project import Project, read

SERVERS = (
    "flask",
    "gunicorn",
    "uvicorn",
    "hypercorn",
    "daphne",
    "granian",
    "waitress-serve",
    "uwsgi",
    "mod_wsgi-express",
    "python",
)
_SERVER = re.compile(
    rf"(?:^|[\s/])(?P<server>{'|'.join(SERVERS[:-1])}|python[0-9.]*\s+-m\s+(?:{'|'.join(SERVERS[:-1])})"
    r"|python[0-9.]*(?=\s+\S+\.py\b))(?=\s|$)(?P<rest>.*)"
)

#: By the name of a file: what comes before a command in a line of it.
_FILES = {
    r"Procfile(\..+)?": r"web\s*:\s*",
    r"(.+\.)?Dockerfile(\..+)?|Containerfile": r"(?:CMD|ENTRYPOINT)\s+",
    r"(docker-)?compose(\..+)?\.ya?ml": r"(?:command|entrypoint)\s*:\s*",
    r".+\.service": r"ExecStart\s*=\s*[-@:+!]*",
    r"supervisord?\.(conf|ini)|.+\.supervisor\.conf": r"command\s*=\s*",
    r"(entrypoint|docker-entrypoint|start|run|serve|web)\.sh": r"(?:exec\s+)?(?=[\w/.-])",
    r"fly\.toml": r"(?:app|web)\s*=\s*",
    r"render\.ya?ml": r"startCommand\s*:\s*",
    r"app\.ya?ml": r"entrypoint\s*:\s*",
    r"railway\.(toml|json)": r"\"?startCommand\"?\s*[=:]\s*",
}
# What stands before the name of a server that is not started by the line.
_NOT_RUN = re.compile(r"\b(install|add|echo|which|command|kill|pkill|stop|test)\b")
_IN_LIST = re.compile(r"\s*-\s+(.*)")


class Command(t.NamedTuple):
    """A command that serves: the program, the words behind it, and where it stands."""

    server: str
    words: list[str]
    where: Where

    def has(self, *options: str) -> bool:
        """Whether one of these words is there, alone or with a value behind an equals sign."""
        return any(word == option or word.startswith(f"{option}=") for word in self.words for option in options)

    def value(self, *options: str) -> str | None:
        """The value of an option, by any of its names."""
        for place, word in enumerate(self.words):
            name, equals, value = word.partition("=")
            if name in options:
                return value if equals else next(iter(self.words[place + 1 :]), None)
        return None


def commands(project: Project) -> list[Command]:
    """Every command of the project's files that serves an application."""
    return [command for line, where in _lines(project) if (command := _parsed(line, where)) is not None]


def variables(project: Project) -> Iterator[tuple[str, str, Where]]:
    """What the files set in the environment of the server, and what this process has in its own: name, value, place."""
    for line, where in project.lines(r"(.+\.)?Dockerfile(\..+)?|Containerfile"):
        match = re.match(r"\s*ENV\s+(.*)", line)
        if match:
            for pair in re.finditer(r"([A-Z_][A-Z0-9_]*)[= ]\s*(\"[^\"]*\"|'[^']*'|\S+)", match[1]):
                yield pair[1], pair[2].strip("\"'"), where
    for line, where in project.lines(r"(docker-)?compose(\..+)?\.ya?ml"):
        match = re.match(r"\s*(?:-\s*)?[\"']?([A-Z_][A-Z0-9_]+)[\"']?\s*[:=]\s*(.*?)[\"']?\s*(?:#.*)?$", line)
        if match:
            yield match[1], match[2].strip("\"' "), where
    for line, where in project.lines(r".+\.service"):
        match = re.match(r"\s*Environment\s*=\s*\"?([A-Z_][A-Z0-9_]+)=(.*?)\"?\s*$", line)
        if match:
            yield match[1], match[2], where
    for line, where in project.lines(r".+\.env|\.env\.prod(uction)?"):  # which a service, or compose, reads
        match = re.match(r"\s*(?:export\s+)?([A-Z_][A-Z0-9_]+)=(.*)", line)
        if match:
            yield match[1], match[2].strip("\"' "), where
    for name, value in os.environ.items():
        yield name, value, Where(name=name)


def gunicorn_settings(project: Project) -> dict[str, tuple[t.Any, Where]]:
    """What gunicorn's file of settings says in plain values; the file is not run."""
    found: dict[str, tuple[t.Any, Where]] = {}
    for path in project.files(r"gunicorn(\.conf|_conf|_config|-conf)?\.py"):
        for node in _assignments(path):
            target = node.targets[0]
            if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant):
                found[target.id] = node.value.value, project.where(path, node.lineno, target.id)
    return found


def _assignments(path: Path) -> Iterator[ast.Assign]:
    try:
        tree = ast.parse(read(path))
    except (SyntaxError, ValueError):
        return
    yield from (node for node in tree.body if isinstance(node, ast.Assign))


def _lines(project: Project) -> Iterator[tuple[str, Where]]:
    for pattern, before in _FILES.items():
        starts = re.compile(r"\s*" + before)
        for path in project.files(pattern):
            lines = read(path).splitlines()
            for number, line in enumerate(lines):
                match = starts.match(line)
                if match and not line.lstrip().startswith("#"):
                    yield _whole(line[match.end() :], lines[number + 1 :]), project.where(path, number + 1)


def _whole(first: str, following: list[str]) -> str:
    """A command with the lines that it goes on in: after a backslash, within brackets, or as a list of YAML."""
    parts = [first]
    for line in following:
        so_far = parts[-1].rstrip()
        if so_far.endswith("\\"):
            parts[-1] = so_far[:-1]
            parts.append(line)
        elif "[" in parts[0] and "]" not in "".join(parts):
            parts.append(line)
        elif parts[0].strip() in ("", ">", "|", ">-", "|-"):
            item = _IN_LIST.match(line)
            if item is None and (len(parts) > 1 or parts[0].strip() == ""):
                break
            parts.append(item[1] if item else line)
        else:
            break
    return " ".join(part.strip() for part in parts)


def _parsed(line: str, where: Where) -> Command | None:
    plain = (
        re.sub(r"[\[\]\"',]", " ", line) if line.lstrip().startswith("[") else line.replace('"', " ").replace("'", " ")
    )
    match = next((found for piece in re.split(r"&&|;|\|", plain) if (found := _SERVER.search(piece)) is not None), None)
    if match is None or _NOT_RUN.search(match.string[: match.start("server")]):
        return None
    words = match["rest"].split()
    program = match["server"].split()
    if len(program) == 3:  # python -m gunicorn
        program = program[2:]
    return Command("python" if program[0].startswith("python") else program[0], words, where)
