"""What the tests of the check share: apps that are well configured but for one thing, and ids of what is found."""

from __future__ import annotations

import typing as t
from importlib import import_module
from pathlib import Path

from flask import Flask
from flask.cli.check import Finding
from flask.cli.check.project import Project

KEY = "8f0c1d3e5a7b9c2d4e6f8a0b1c3d5e7f9a2b4c6d8e0f1a3b"


def sound_app(name: str = "sound", **settings: t.Any) -> Flask:
    """An app of which nothing is to be said, but for the settings given."""
    app = Flask(name, static_folder=None)
    app.config.update(
        SECRET_KEY=KEY,
        TRUSTED_HOSTS=["shop.example"],
        MAX_CONTENT_LENGTH=1_000_000,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.config.update(settings)
    return app


def findings(area: str, app: Flask, root: Path | str = "/nonexistent") -> list[Finding]:
    """What one area finds."""
    return list(import_module(f"flask.cli.check.{area}").find(app, Project(root)))


def ids(area: str, app: Flask, root: Path | str = "/nonexistent") -> list[str]:
    """The ids of what one area finds, without their owner."""
    return [finding.id.removeprefix("flask.") for finding in findings(area, app, root)]
