"""A WSGI server reduced to one call: what an app answers, as the protocol shows it, with nothing of a client around."""

from __future__ import annotations

import typing as t

from werkzeug.test import create_environ


class Answer(t.NamedTuple):
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def names(self) -> set[str]:
        """The names of all headers."""
        return {key for key, _ in self.headers}


def call(app: t.Any, path: str = "/", method: str = "GET", **options: t.Any) -> Answer:
    """Call a WSGI application as a server does: iterate what it returns, then close it."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: t.Any = None) -> None:
        started.append((status, headers))

    body = app(create_environ(path, method=method, **options), start_response)
    try:
        received = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    (answered,) = started
    return Answer(*answered, received)
