"""Runs ``python -m flask --app … run`` as a person would."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from tests.servers import Server, serving


def serve(app: str, output: Path, **settings: str) -> AbstractContextManager[Server]:
    """Serve an app, named as for ``flask --app``, until the block ends; settings are added to the environment."""
    return serving(["flask", "--app", app, "run", "--port", "{port}"], output, output.parent, **settings)
