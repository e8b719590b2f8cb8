"""What files have an installer fetch for Flask, in every format, and what of it is upstream's."""

from __future__ import annotations

from pathlib import Path

import pytest

from flask.cli.check.installation import of_files
from flask.cli.check.pins import pins
from flask.cli.check.project import Project

from ..conftest import Write


def found_in(root: Path) -> list[str]:
    return [finding.id.removeprefix("flask.") for finding in of_files(Project(root))]


HASH = "sha256:bf656c15c80190ed628ad08cdfd3aaa35beb087855e2f494910aa3774cc4fd87"

# File, text, and what is found in it.
UPSTREAM = [
    ("requirements.txt", "flask==3.1.3\ngunicorn\n", "I001"),
    ("requirements.txt", "Flask[async] == 3.1.3 ; python_version > '3'  # pinned\n", "I001"),
    ("requirements.txt", f"flask==3.1.3 \\\n    --hash={HASH} \\\n    --hash={HASH}\n", "I001"),
    ("requirements/prod.txt", "-r base.txt\nflask===3.1.3\n", "I001"),
    ("requirements.txt", "gunicorn\nflask>=3\n", "I002"),
    ("requirements.in", "flask\n", "I002"),
    ("dev-requirements.txt", "flask ~= 3.1\n", "I002"),
    ("requirements.txt", "Flask-Login==0.6.3\n", "I002"),
    ("constraints.txt", "flask==3.*\n", "I002"),
    ("Pipfile", '[packages]\nflask = "*"\n', "I002"),
    ("Pipfile", '[packages]\nFlask = "==3.1.3"\n', "I001"),
    ("Pipfile.lock", f'{{"default": {{\n"flask": {{"hashes": ["{HASH}"], "version": "==3.1.3"}}\n}}}}', "I001"),
    (
        "poetry.lock",
        f'[[package]]\nname = "flask"\nversion = "3.1.3"\nfiles = [{{file = "flask-3.1.3.whl", hash = "{HASH}"}}]\n',
        "I001",
    ),
    (
        "poetry.lock",
        '[[package]]\nname = "Flask"\nversion = "3.1.3"\n\n[package.source]\ntype = "legacy"\nurl = "https://mirror/"\n',
        "I001",
    ),
    (
        "uv.lock",
        '[[package]]\nname = "flask"\nversion = "3.1.3"\nsource = { registry = "https://pypi.org/simple" }\n',
        "I001",
    ),
    ("pdm.lock", '[[package]]\nname = "flask"\nversion = "3.1.3"\nfiles = []\n', "I001"),
    (
        "pylock.toml",
        'lock-version = "1.0"\n\n[[packages]]\nname = "flask"\nversion = "3.1.3"\nindex = "https://pypi.org/simple"\n',
        "I001",
    ),
    ("pyproject.toml", '[project]\ndependencies = ["flask>=3", "gunicorn"]\n', "I002"),
    ("pyproject.toml", '[project]\ndependencies = ["flask==3.1.3"]\n', "I001"),
    ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\nflask = "^3.1"\n', "I002"),
    (
        "pyproject.toml",
        '[tool.poetry.group.main.dependencies]\nflask = {version = "3.1.3", extras = ["async"]}\n',
        "I002",
    ),
    ("environment.yml", "dependencies:\n  - python=3.13\n  - flask=3.1\n", "I001"),
    ("environment.yml", "dependencies:\n  - conda-forge::flask\n", "I001"),
    ("environment.yaml", "dependencies:\n  - pip\n  - pip:\n    - flask==3.1.3\n  - numpy\n", "I001"),
]


@pytest.mark.parametrize(("file", "text", "found"), UPSTREAM)
def test_upstream(write: Write, file: str, text: str, found: str) -> None:
    """A pin or lock of upstream's, and a requirement that nothing turns to this one, are found with their line."""
    path = write(file, text)
    root = path.parents[file.count("/")]
    [finding] = list(of_files(Project(root)))
    assert (finding.id, finding.where.file) == (f"flask.{found}", file)
    line = path.read_text(encoding="utf-8").splitlines()[(finding.where.line or 0) - 1]
    assert "flask" in line.lower()


OURS = [
    ("requirements.txt", "flask==3.1.3+dewar.1\n"),
    ("requirements.txt", "flask @ git+https://example.com/dewar.git@main\n"),
    ("requirements.txt", "git+https://example.com/flask.git\n"),
    ("requirements.txt", "-e ../flask\n"),
    ("requirements.txt", "./wheels/flask-3.1.3+dewar.1-py3-none-any.whl\nflask-login\n"),
    ("requirements.txt", "--index-url https://pypi.org/simple\n-r other.txt\n# flask==3.1.3\ngunicorn\nflaskr\n"),
    ("constraints.txt", "flask @ git+https://example.com/dewar.git@main\n"),
    ("Pipfile", '[packages]\nflask = {git = "https://example.com/dewar.git"}\n'),
    ("Pipfile.lock", '{"default": {"flask": {"git": "https://example.com/dewar.git", "ref": "0a1b"}}}'),
    (
        "poetry.lock",
        '[[package]]\nname = "flask"\nversion = "3.1.3+dewar.1"\n\n[package.source]\ntype = "git"\nurl = "https://x/"\n',
    ),
    (
        "uv.lock",
        '[[package]]\nname = "flask"\nversion = "3.1.3+dewar.1"\nsource = { git = "https://x/d.git#0a1b" }\n',
    ),
    ("uv.lock", '[[package]]\nname = "flask"\nversion = "3.1.3"\nsource = { path = "wheels/flask.whl" }\n'),
    ("pdm.lock", '[[package]]\nname = "flask"\nversion = "3.1.3"\ngit = "https://example.com/dewar.git"\n'),
    (
        "pylock.toml",
        '[[packages]]\nname = "flask"\nvcs = { type = "git", url = "https://example.com/dewar.git" }\n',
    ),
    (
        "pyproject.toml",
        '[project]\ndependencies = ["flask", "flask-login"]\n\n[tool.uv.sources]\nflask = { git = "https://d/" }\n',
    ),
    (
        "pyproject.toml",
        '[project]\ndependencies = ["flask-login"]\n\n[tool.uv]\noverride-dependencies = ["flask @ git+https://x/dewar.git"]\n',
    ),
    ("pyproject.toml", '[tool.poetry.dependencies]\nflask = {git = "https://example.com/dewar.git"}\n'),
    ("pyproject.toml", '[project]\nname = "shop"\n'),
    ("environment.yml", "dependencies:\n  - python\n  - pip:\n      - flask @ git+https://example.com/dewar.git\n"),
    ("environment.yml", "dependencies:\n  - python\n  - requests\n"),
    # What cannot be read holds nothing.
    ("poetry.lock", "[[package]\nname = flask"),
    ("Pipfile.lock", "{"),
    ("Pipfile.lock", "[1, 2]"),
    ("uv.lock", 'package = "flask"'),
    ("pyproject.toml", '[project]\ndependencies = "flask"\n[tool]\nuv = 1\n'),
    ("requirements.txt", "flask" * 3 + " \\\n"),
    ("notes.txt", "flask==3.1.3\n"),
]


@pytest.mark.parametrize(("file", "text"), OURS)
def test_ours(write: Write, file: str, text: str) -> None:
    """What comes from a repository, a path or a wheel, or has our label, is left alone, and so is what says nothing."""
    assert found_in(write(file, text).parent) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("constraints.txt", "flask @ git+https://example.com/dewar.git@main\n"),
        ("Dockerfile", "RUN pip install 'flask @ git+https://example.com/dewar.git' -r requirements.txt\n"),
        ("Dockerfile", "RUN uv pip install wheels/flask-3.1.3+dewar.1-py3-none-any.whl\n"),
        ("Dockerfile", "ENV PIP_CONSTRAINT=/constraints.txt\n"),
    ],
)
def test_one_file_settles_it_for_all(write: Write, file: str, text: str) -> None:
    """Where constraints or a script bring this one in, a requirement, even an exact one, is met by it."""
    write("requirements.txt", "flask==3.1.3\nflask-login\n")
    root = write("pyproject.toml", '[project]\ndependencies = ["flask>=3"]\n').parent
    assert found_in(root) == ["I001", "I002"]
    write(file, text)
    assert found_in(root) == []
    write("requirements.txt", f"flask==3.1.3 --hash={HASH}\n")
    assert found_in(root) == ["I001"], "its hashes are of upstream's files"
    write(
        "uv.lock", '[[package]]\nname = "flask"\nversion = "3.1.3"\nsource = { registry = "https://pypi.org/simple" }\n'
    )
    assert found_in(root) == ["I001", "I001"], "and a lock says where it takes it from"


def test_several_of_one_file(write: Write) -> None:
    """A file is told once; of several words for it the first is of Flask itself."""
    root = write("requirements.txt", "flask-login\nflask-wtf\nflask>=3\n").parent
    [finding] = list(of_files(Project(root)))
    assert finding.where.line == 3
    assert [pin.name for pin in pins(Project(root))] == ["flask-login", "flask-wtf", "flask"]
