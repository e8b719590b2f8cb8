"""What `--match` may say: a method, and a path or a URL.

It is only read here; what becomes of such a request is found out in `matching`.
"""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

import click


class Question(t.NamedTuple):
    """A request as far as routing goes: a method, and a path or a whole URL."""

    method: str
    url: str

    @property
    def for_websocket(self) -> bool:
        """Whether it would open a WebSocket."""
        return urlsplit(self.url).scheme in {"ws", "wss"}

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


class QuestionType(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """The value of `--match`: `GET /path`, `/path`, or with a URL in place of the path."""

    name = "request"

    def convert(self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None) -> Question:
        """The method, GET unless given, and the path or URL; anything else is refused."""
        if isinstance(value, Question):
            return value
        text = str(value).strip()
        method, _, url = ("GET", "", text) if "/" in text.partition(" ")[0] else text.partition(" ")
        url = url.strip()
        parts = _split(url)
        if not method.isalpha() or parts is None:
            self.fail(f"{value!r} is neither 'METHOD /path' nor 'METHOD https://host/path'.", param, ctx)
        return Question(method.upper(), url)


def _split(url: str) -> t.Any:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError for a port that is none
    except ValueError:
        return None
    if parts.netloc:
        return parts if parts.scheme in {"http", "https", "ws", "wss"} else None
    return parts if url.startswith("/") else None
