"""The version of a package is that which its installer says, read from a folder's name or else from within it."""

from __future__ import annotations

import platform
import sys
import types
from importlib import metadata
from pathlib import Path

import pytest

from flask.cli.versions import version_of


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package `thing`, which was imported from there."""
    thing = types.ModuleType("thing")
    thing.__path__ = [str(tmp_path / "thing")]
    monkeypatch.setitem(sys.modules, "thing", thing)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["flask", "werkzeug", "click", "jinja2", "pytest"])
def test_it_is_what_the_metadata_says(name: str) -> None:
    """The version of what is installed here is that of its metadata."""
    __import__(name)
    assert version_of(name) == metadata.version(name)


def test_a_plain_folder_is_enough(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata are not asked where one folder beside the package has a version in its name."""
    for folder in ("Thing-1.2.3+local.4.dist-info", "thing_more-9.9.dist-info", "thing-else-9.9.dist-info"):
        (site / folder).mkdir()
    monkeypatch.setattr(metadata, "version", lambda name: pytest.fail("asked"))
    assert version_of("thing") == "1.2.3+local.4"


@pytest.mark.parametrize(
    "folders",
    [
        ["thing-1.0.dist-info", "thing-2.0.dist-info"],  # one left over
        ["thing-1.0_post.dist-info"],
        ["thing-1.0-py3.11.egg-info"],
        [],
    ],
)
def test_what_is_not_plain_is_left_to_the_metadata(
    site: Path, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where names do not tell for certain, the answer is that of `importlib.metadata`."""
    for folder in folders:
        (site / folder).mkdir()
    monkeypatch.setattr(metadata, "version", lambda name: f"{name}, as asked")
    assert version_of("thing") == "thing, as asked"


def test_a_package_in_an_archive_is_left_to_the_metadata(site: Path) -> None:
    """Where the package lies in no folder, its metadata may still be found; else the error says whose are missing."""
    sys.modules["thing"].__path__ = [str(site / "things.zip" / "thing")]
    with pytest.raises(metadata.PackageNotFoundError, match="thing"):
        version_of("thing")


def test_the_command_prints_pythons_own_version() -> None:
    """What `platform.python_version` says is the first word of `sys.version`."""
    assert sys.version.partition(" ")[0] == platform.python_version()
