"""What is installed as Flask: this one alone, or something in its place."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from flask.cli.check import installation

from .checking import findings, ids, sound_app

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Write metadata as an installer does, in a folder that stands for site-packages, with files of `flask/`."""
    site = tmp_path / "site-packages"
    package = site / "flask"
    package.mkdir(parents=True)
    (package / "app.py").write_text("ours\n", encoding="utf-8")
    monkeypatch.setattr(installation, "_location", lambda: package.resolve())
    path = [str(site), str(tmp_path / "system")]
    distributions = metadata.distributions
    monkeypatch.setattr(metadata, "distributions", lambda **search: distributions(path=path, **search))

    def install(name: str, version: str, *, owns: bool = True, folder: str = "site-packages") -> Path:
        info = tmp_path / folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
        digest = base64.urlsafe_b64encode(hashlib.sha256(b"ours\n").digest()).rstrip(b"=").decode()
        record = f"flask/app.py,sha256={digest},5\n" if owns else f"{name}/other.py,,\n"
        (info / "RECORD").write_text(f"{info.name}/METADATA,,\n{record}", encoding="utf-8")
        return package

    return install


def test_this_one_alone(install: Install) -> None:
    """Ours, beside distributions with other files, has no finding."""
    install("Flask", "3.1.3+dewar.1")
    install("Flask-Login", "0.6.3", owns=False)
    install("quart", "0.20", owns=False)
    assert ids("installation", sound_app()) == []


def test_an_upstream_that_another_environment_has(install: Install) -> None:
    """Upstream in another folder behind ours on the import path, as of the system's Python, is nobody's business."""
    install("Flask", "3.1.3+dewar.1")
    install("Flask", "3.1.3", folder="system")
    assert ids("installation", sound_app()) == []


def test_metadata_of_upstream(install: Install) -> None:
    """Ours imported, and upstream noted as installed, is found."""
    install("Flask", "3.1.3")
    [finding] = findings("installation", sound_app())
    assert (finding.id, finding.message) == ("flask.I003", "Flask 3.1.3 is installed, and another one is imported")


def test_nothing_noted(install: Install) -> None:
    """Ours from a folder on the import path, and nothing installed, is left alone."""
    assert ids("installation", sound_app()) == []


def test_two_of_one_name(install: Install) -> None:
    """Two versions of Flask in one folder are found."""
    install("Flask", "3.1.3+dewar.1")
    install("flask", "3.1.2")
    assert "I004" in ids("installation", sound_app())


def test_files_of_two(install: Install) -> None:
    """Another distribution with files in flask/ is found by its name."""
    install("Flask", "3.1.3+dewar.1")
    install("flask-fork", "1.0")
    [finding] = findings("installation", sound_app())
    assert (finding.id, finding.message) == ("flask.I004", "flask-fork 1.0 has files in flask/ too")


def test_files_that_were_overwritten(install: Install) -> None:
    """A file whose content is not what was installed, or that is gone, is found."""
    package = install("Flask", "3.1.3+dewar.1")
    (package / "app.py").write_text("theirs\n", encoding="utf-8")
    [finding] = findings("installation", sound_app())
    assert finding.id == "flask.I005"
    (package / "app.py").unlink()
    assert ids("installation", sound_app()) == ["I005"]


def test_the_installation_that_runs_these_tests() -> None:
    """What this project is installed as, editable or not, has no finding of its own."""
    probe = (
        "from flask import Flask; from flask.cli.check import installation, project;"
        "print([f.message for f in installation.find(Flask('x'), project.Project('/nonexistent'))])"
    )
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True, text=True).stdout == "[]\n"
