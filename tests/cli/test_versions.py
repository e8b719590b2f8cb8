"""The version of a distribution is that which its installer says, read from a folder's name or else from within it."""

from __future__ import annotations

import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from flask.cli.versions import version_of


def installed(site: Path, folder: str, version: str) -> None:
    (site / folder).mkdir(parents=True)
    (site / folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {folder.partition('-')[0]}\nVersion: {version}\n"
    )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is searched before all others."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["flask", "werkzeug", "click", "jinja2", "pytest"])
def test_it_is_what_the_metadata_says(name: str) -> None:
    """The version of what is installed here is that of its metadata."""
    assert version_of(name) == metadata.version(name)


def test_nothing_else_is_imported_for_it(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain folder is enough: the metadata are not asked."""
    installed(site, "Thing-1.2.3+local.4.dist-info", "1.2.3+local.4")
    installed(site, "thing_more-9.9.dist-info", "9.9")
    installed(site, "thing-else-9.9.dist-info", "9.9")
    monkeypatch.setattr(metadata, "version", lambda name: pytest.fail("asked"))
    assert version_of("thing") == "1.2.3+local.4"


@pytest.mark.parametrize(
    "folders",
    [
        ["thing-1.0.dist-info", "thing-2.0.dist-info"],  # one left over
        ["thing-1.0_post.dist-info"],
        ["thing-1.0-py3.11.egg-info"],
        ["thing-1.0.egg-info"],
        [],
    ],
)
def test_what_is_not_plain_is_left_to_the_metadata(
    site: Path, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where names do not tell for certain, the answer is that of `importlib.metadata`."""
    for folder in folders:
        installed(site, folder, "1.0")
    monkeypatch.setattr(metadata, "version", lambda name: f"{name}, as asked")
    assert version_of("thing") == "thing, as asked"


def test_archives_are_left_to_the_metadata(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution in a zip archive that stands first on the path is the one that is imported."""
    archive = tmp_path / "things.zip"
    with zipfile.ZipFile(archive, "w") as things:
        things.writestr("thing-3.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 3.0\n")
    installed(site, "thing-1.0.dist-info", "1.0")
    monkeypatch.syspath_prepend(str(archive))
    assert version_of("thing") == "3.0"


def test_entries_that_lead_nowhere_are_passed_over(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that does not exist stops nobody."""
    installed(site, "thing-1.0.dist-info", "1.0")
    monkeypatch.syspath_prepend(str(site / "nowhere"))
    assert version_of("thing") == "1.0"
    with pytest.raises(metadata.PackageNotFoundError):
        version_of("no-such-thing-anywhere")


def test_the_command_prints_pythons_own_version() -> None:
    """What `platform.python_version` says is the first word of `sys.version`."""
    import platform

    assert sys.version.partition(" ")[0] == platform.python_version()
