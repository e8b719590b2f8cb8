"""The waiting requests in one process with the application, by ASGI calls alone, where no such many files can be open.

Run by `python -m bench waiting --in-process` as `python -m bench.waiting_worker REQUESTS SECONDS`; prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import typing as t

from bench.visitors import Answer, Ask, visit
from bench.waiting_app import asgi, side


def asking(number: int) -> Ask:
    """A client of its own address that calls the application as a server does."""

    async def ask(path: str, cookie: str) -> Answer:
        route, _, query = path.partition("?")
        headers = [(b"host", b"127.0.0.1"), *([(b"cookie", cookie.encode())] if cookie else [])]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": route,
            "raw_path": route.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 10_000 + number),
            "server": ("127.0.0.1", 80),
        }
        sent: list[dict[str, t.Any]] = []
        over = asyncio.Event()
        asked = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, t.Any]:
            if asked:
                return asked.pop()
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, t.Any]) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                over.set()

        await asgi(scope, receive, send)
        start, *rest = sent
        told = [(name.decode().lower(), value.decode()) for name, value in start["headers"]]
        return start["status"], told, b"".join(message.get("body", b"") for message in rest)

    return ask


async def measure(requests: int, seconds: float) -> dict[str, t.Any]:
    """The figures of all visitors."""
    return await visit([asking(number) for number in range(requests)], seconds, side != "quart")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]), float(sys.argv[2])))))
