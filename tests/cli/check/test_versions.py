"""Versions that advisories concern, and how versions are compared."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

from flask.cli.check.versions import ADVISORIES, is_older

from .checking import findings, ids, sound_app

PAGE = Path(__file__).parents[3] / "docs" / "security-advisories.md"


def installed(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str]) -> None:
    known = {name.lower(): version for name, version in versions.items()}

    def version(name: str) -> str:
        if name.lower() not in known:
            raise metadata.PackageNotFoundError(name)
        return known[name.lower()]

    monkeypatch.setattr(metadata, "version", version)


def test_what_is_installed_here() -> None:
    """The environment of these tests, with the versions that this project asks for, has no finding."""
    assert ids("versions", sound_app()) == []


@pytest.mark.parametrize("advisory", ADVISORIES, ids=lambda advisory: f"{advisory.distribution}-{advisory.first}")
def test_each_advisory(advisory: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version before the answer is found, with what it is open to; the answer is not open to that."""
    distribution, first, advisories = advisory  # type: ignore[misc]
    installed(monkeypatch, {distribution: f"{first}.dev0"})
    [finding] = findings("versions", sound_app())
    assert finding.id == "flask.V001"
    assert all(id in finding.message for id in advisories)
    installed(monkeypatch, {distribution: first})
    assert not any(id in finding.message for finding in findings("versions", sound_app()) for id in advisories)


@pytest.mark.parametrize("id", sorted({id for advisory in ADVISORIES for id in advisory.ids}))
def test_each_stands_on_the_page(id: str) -> None:
    """Every advisory is one that the page on advisories explains."""
    assert f"[{id}]" in PAGE.read_text(encoding="utf-8")


def test_versions_that_the_page_names() -> None:
    """Each version by which the page says that Werkzeug or Jinja answers an advisory is the one that is checked."""
    rows = re.findall(
        r"\[((?:CVE|GHSA)-[\w-]+)\].*\b(Werkzeug|Jinja|Granian) (\d+\.\d+\.\d+)", PAGE.read_text(encoding="utf-8")
    )
    assert rows
    names = {"Werkzeug": "Werkzeug", "Jinja": "Jinja2", "Granian": "granian"}
    for id, name, first in rows:
        matching = [each for each in ADVISORIES if each.distribution == names[name] and id in each.ids]
        assert [each.first for each in matching] in ([first], []), id


@pytest.mark.parametrize(
    ("version", "first", "older"),
    [
        ("3.1.8", "3.1.9", True),
        ("3.1.9", "3.1.9", False),
        ("3.1.10", "3.1.9", False),
        ("3.2", "3.1.9", False),
        ("3", "3.0.0", False),
        ("3.0", "3", False),
        ("2.99.99", "3", True),
        ("3.1.9rc1", "3.1.9", True),
        ("3.1.9.dev2", "3.1.9", True),
        ("3.1.9b1", "3.1.8", False),
        ("3.1.9.post1", "3.1.9", False),
        ("3.1.9+local.2", "3.1.9", False),
        ("3.1.8+security9", "3.1.9", True),
        ("v3.1.8", "3.1.9", True),
        ("1!1.0", "3.1.9", False),
        ("unknown", "3.1.9", False),
        ("", "3.1.9", False),
    ],
)
def test_comparison(version: str, first: str, older: bool) -> None:
    """Versions are compared as PEP 440 orders them; what is no version is not older than anything."""
    assert is_older(version, first) is older
