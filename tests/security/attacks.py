"""What the tests of advisories share: an app to be attacked, requests as they arrive, an end to what costs too much.

Nothing here knows an advisory.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import typing as t
from collections.abc import Iterator

from flask import Flask
from tests.gateways import loops, raw, rsgi_drive
from tests.gateways.raw import Answer

SECONDS = 20
"""Of processor time. What is linear takes hundredths of one here, what is quadratic minutes."""

MULTIPART = "multipart/form-data; boundary=limit"
URLENCODED = "application/x-www-form-urlencoded"
FIELD = b'Content-Disposition: form-data; name="field"\r\n\r\n'
FILE = b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'


class TooDear(BaseException):
    """It was given up: no input of this size may cost so much."""


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Give up what takes more processor time than SECONDS, where the platform can tell; elsewhere it takes its time."""
    alarm = getattr(signal, "SIGPROF", None)
    if alarm is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(*args: object) -> None:
        raise TooDear

    before = signal.signal(alarm, give_up)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(alarm, before)


def make_app(**config: t.Any) -> Flask:
    """An app with a good key, that lets nothing out of a view unseen."""
    app = Flask("attacked", root_path=".")
    app.config.update({"SECRET_KEY": "f1a3c2b4d5e6978812345678deadbeef" * 2, "PROPAGATE_EXCEPTIONS": False}, **config)
    return app


def parts(*bodies: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """A multipart body of MULTIPART's boundary, each part with its own headers."""
    return before + b"".join(b"--limit\r\n" + body + b"\r\n" for body in bodies) + b"--limit--\r\n" + after


def by_asgi(
    app: Flask,
    *pieces: bytes,
    headers: t.Iterable[tuple[bytes, bytes]] = (),
    chunked: bool = False,
    goes_after: float | None = None,
    **more: t.Any,
) -> Answer:
    """The answer to a request of ASGI, with these entries of its scope, whose client may go before its body ends."""

    async def ask() -> Answer:
        client = loops.Client(*pieces, ends=goes_after is None, goes_after=goes_after)
        scope = loops.scope(**more)
        scope["headers"] = [(b"host", b"localhost"), *headers] + [(b"transfer-encoding", b"chunked")] * chunked
        await app.asgi_app(scope, client.receive, client.send)
        return client.answer()

    return asyncio.run(ask())


class Pairs(dict[str, str]):
    """Headers as Granian has them: an object whose items may have one name twice."""

    def __init__(self, pairs: t.Iterable[tuple[str, str]]) -> None:
        self._pairs = list(pairs)
        super().__init__(self._pairs)

    def items(self) -> t.Any:
        return self._pairs


def by_rsgi(
    app: Flask, *pieces: bytes, headers: t.Iterable[tuple[str, str]] = (), chunked: bool = False, **more: t.Any
) -> Answer:
    """The answer to a request of RSGI, with these attributes of its scope."""

    async def ask() -> Answer:
        scope = rsgi_drive.scope()
        scope.headers = Pairs([("host", "localhost"), *headers] + [("transfer-encoding", "chunked")] * chunked)
        for name, value in more.items():
            setattr(scope, name, value)
        protocol = rsgi_drive.Protocol(*pieces)
        await t.cast("t.Any", app).__rsgi__(scope, protocol)
        return protocol.answer()

    return asyncio.run(ask())


def everywhere(app: Flask, path: str) -> Iterator[Answer]:
    """The answers to one request through each gateway."""
    yield raw.call(app, path)
    yield by_asgi(app, path=path, raw_path=path.encode())
    yield by_rsgi(app, path=path)
