"""What is installed for an interpreter, this one or another: its distributions, and the Python files of each.

Another interpreter is run once, isolated, to say where it looks; nothing that is installed is imported.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..check.project import python_files
from .requirements import Requirement, normal, requirement

# The variables of markers (PEP 508), in terms of Python's own modules.
_SAY = """
import json, os, platform, sys
version = "{}.{}.{}".format(*sys.implementation.version[:3])
if sys.implementation.version.releaselevel != "final":
    version += sys.implementation.version.releaselevel[0] + str(sys.implementation.version.serial)
json.dump({"paths": sys.path, "executable": sys.executable, "markers": {
    "implementation_name": sys.implementation.name, "implementation_version": version, "os_name": os.name,
    "platform_machine": platform.machine(), "platform_release": platform.release(),
    "platform_system": platform.system(), "platform_version": platform.version(),
    "python_full_version": platform.python_version(),
    "platform_python_implementation": platform.python_implementation(),
    "python_version": "{}.{}".format(*sys.version_info), "sys_platform": sys.platform,
}}, sys.stdout)
"""
_PATIENCE = 60  # seconds


class Unanswered(Exception):
    """An interpreter did not say what it has."""


@dataclass(frozen=True)
class Installed:
    """One distribution."""

    metadata: metadata.Distribution

    @property
    def name(self) -> str:
        """As it calls itself."""
        return str(self.metadata.metadata["Name"])

    @property
    def version(self) -> str:
        """As it is installed."""
        return self.metadata.version

    @property
    def extras(self) -> list[str]:
        """The extras that it offers."""
        return [str(extra) for extra in self.metadata.metadata.get_all("Provides-Extra") or ()]

    @cached_property
    def requirements(self) -> list[Requirement]:
        """What it asks for; what cannot be read is left out."""
        return [found for text in self.metadata.requires or () if (found := requirement(text)) is not None]

    @cached_property
    def folder(self) -> Path | None:
        """Where its sources lie if it was installed in place (PEP 610)."""
        try:
            told = json.loads(self.metadata.read_text("direct_url.json") or "{}")
            url = urlsplit(told["url"] if told["dir_info"]["editable"] else "")
        except (ValueError, KeyError, TypeError):
            return None
        return Path(url2pathname(url.path)) if url.scheme == "file" else None

    def files(self) -> Iterator[Path]:
        """Its Python files, tests left out."""
        if self.folder is not None:
            yield from (path for path in python_files(self.folder) if not _is_test(path.relative_to(self.folder)))
            return
        for file in self.metadata.files or ():
            if file.suffix == ".py" and not _is_test(file) and ".." not in file.parts:
                yield Path(str(self.metadata.locate_file(file)))

    def owns_in(self, package: str) -> bool:
        """Whether it has files of its own in a package that heads the import path."""
        return any(
            file.parts[0] == package and file.suffix == ".py" for file in self.metadata.files or () if file.parts
        )


@dataclass(frozen=True)
class Environment:
    """What an interpreter finds."""

    executable: str
    markers: t.Mapping[str, str]
    paths: t.Sequence[str]

    @cached_property
    def installed(self) -> dict[str, Installed]:
        """The distributions by name; the first on the path is the one that is imported."""
        found: dict[str, Installed] = {}
        for each in metadata.distributions(path=list(self.paths)):
            if "Name" in each.metadata:
                found.setdefault(normal(each.metadata["Name"]), Installed(each))
        return found

    @property
    def is_this(self) -> bool:
        """Whether it is the one that this runs in."""
        return self.executable == sys.executable

    def says(self, program: str, *arguments: str) -> t.Any:
        """What a short program prints there as JSON; `Unanswered` if it fails."""
        command = [self.executable, "-I", "-c", program, *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL)
            if done.returncode:
                raise Unanswered(done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}")
            return json.loads(done.stdout)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise Unanswered(str(error)) from None


def environment_of(python: str | None = None) -> Environment:
    """The environment of an interpreter, or of this one; a folder stands for the interpreter in it."""
    named = python or sys.executable
    if os.path.isdir(named):
        inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
        named = os.path.join(named, inside)
    told = Environment(named, {}, ()).says(_SAY)
    paths = sys.path if python is None else told["paths"]
    return Environment(sys.executable if python is None else told["executable"], told["markers"], [*paths])


def _is_test(path: Path | metadata.PackagePath) -> bool:
    *folders, name = path.parts
    return (
        bool({"test", "tests"} & {*folders}) or re.fullmatch(r"test_.*\.py|.*_test\.py|conftest\.py", name) is not None
    )
