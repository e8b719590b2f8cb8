"""The application of the extensions, served by the servers that people deploy."""

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

from tests.servers import command_of, serving

NAMES = (
    *("werkzeug", "gunicorn-threads", "waitress", "granian-wsgi"),
    *("uvicorn", "hypercorn", "granian-asgi", "granian-rsgi"),
)
EXPECTED = "Exception on /notes/lost [POST]\nTraceback"


@contextlib.contextmanager
def serve(name: str, folder: Path, **environment: str) -> t.Iterator[str]:
    """Serve the application until the block ends; the base URL. What goes wrong in the server fails the test."""
    command = command_of(name, "tests.extensions.members")
    with serving(command, folder / f"{name}.log", **environment) as server:
        yield server.url
    said = server.log()
    assert "Traceback" not in said.replace(EXPECTED, ""), said
