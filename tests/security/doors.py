"""One request through each door of an app: WSGI, ASGI and RSGI, with the headers and the body as they are."""

from __future__ import annotations

import asyncio
import io
import typing as t
from types import MappingProxyType

from tests.gateways import loops, raw, rsgi_drive
from tests.gateways.raw import Answer

Headers = t.Mapping[str, str]
NONE: Headers = MappingProxyType({})


def by_wsgi(app: t.Any, path: str, method: str = "GET", body: bytes = b"", headers: Headers = NONE) -> Answer:
    """The answer to a request by WSGI."""
    environ = {
        key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}": value
        for key, value in ((name.upper().replace("-", "_"), value) for name, value in headers.items())
    }
    more = {"CONTENT_LENGTH": str(len(body))} if body else {}
    return raw.call(app, path, method, input_stream=io.BytesIO(body), environ_overrides=more | environ)


def by_asgi(app: t.Any, path: str, method: str = "GET", body: bytes = b"", headers: Headers = NONE) -> Answer:
    """The answer to a request by ASGI."""
    sent = dict(headers) | ({"content-length": str(len(body))} if body else {})
    scope = loops.scope(path, method)
    scope["headers"] += [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()]

    async def ask() -> Answer:
        client = loops.Client(body)
        await app.asgi_app(scope, client.receive, client.send)
        return client.answer()

    return asyncio.run(ask())


def by_rsgi(app: t.Any, path: str, method: str = "GET", body: bytes = b"", headers: Headers = NONE) -> Answer:
    """The answer to a request by RSGI."""
    scope = rsgi_drive.scope(path, method)
    scope.headers |= {name.lower(): value for name, value in headers.items()}
    if body:
        scope.headers["content-length"] = str(len(body))

    async def ask() -> Answer:
        protocol = rsgi_drive.Protocol(body)
        await app.__rsgi__(scope, protocol)
        return protocol.answer()

    return asyncio.run(ask())


DOORS = [by_wsgi, by_asgi, by_rsgi]
