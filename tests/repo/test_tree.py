"""What the repository says of itself holds: commands exist, links lead somewhere, nothing is left unfinished."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
PROSE = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MEANT_TO_EXIST = (
    "run test lint types contracts docs conformance differential bench bench-quick independence clean venv oracle"
)

# Folders that exist on somebody's machine and nowhere else have no place in code or prose.
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.}/-])/(?:home|work|Users)/\w|(?<![\w.}/-])/root/\.|(?<![\w.}/-])/opt/dewar\b")
LEFT_UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
THIS = Path(__file__)


def tracked_text() -> list[Path]:
    """Each file of the repository that holds text."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    binary = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".woff2"}
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file() and path.suffix not in binary and path != THIS]


@pytest.mark.parametrize("target", MEANT_TO_EXIST.split())
def test_make_knows_its_targets(target: str) -> None:
    """Each command that the project promises is a target of the Makefile, and listed by its help."""
    assert target in TARGETS
    assert re.search(rf"^{target}:.*## \w", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_the_prose_exist(path: Path) -> None:
    """A "make something" in a page is a target of the Makefile, and a "python tools/…" is a file."""
    text = path.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"`([^`\n]+)`", text) + re.findall(r"```\w*\n(.*?)```", text, re.DOTALL))
    named = set(re.findall(r"(?:^|\s)make ([a-z][a-z-]*)", code, re.MULTILINE))
    assert named <= TARGETS
    for script in re.findall(r"python ((?:tools|tests|bench|examples)/[\w./]+\.py)", code):
        assert (ROOT / script).exists(), script


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_in_the_prose_lead_somewhere(path: Path) -> None:
    """Each relative link of a page names a file of the repository."""
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_nothing_names_somebodys_folder() -> None:
    """No file holds a path of the machine that it was written on."""
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked_text()
        for match in SOMEBODYS_FOLDER.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_nothing_is_left_for_later() -> None:
    """No file of the source, the tools or the tests marks something as not done."""
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked_text()
        if path.suffix in {".py", ".md", ".toml", ".html"}
        for match in LEFT_UNFINISHED.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_version_is_upstreams_with_a_label_of_ours() -> None:
    """The distribution is named Flask and its version is the API's own with a local label, as extensions need it."""
    from tests import oracle

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "Flask"
    assert re.fullmatch(rf"{re.escape(oracle.UPSTREAM)}\+dewar\.\d+", project["version"])


def test_the_flask_under_test_is_ours() -> None:
    """Importing flask brings the package of this tree, and no upstream stands on the path of this interpreter."""
    import flask

    assert Path(flask.__file__).resolve().parent == ROOT / "src" / "flask"
    elsewhere = [folder for folder in sys.path if folder and (Path(folder) / "flask" / "__init__.py").exists()]
    assert {Path(folder).resolve() for folder in elsewhere} <= {ROOT / "src"}
