"""Thousands of requests at once in one process, each with a token: wherever a request keeps things, it is its own.

    python -m tests.security.isolation [--requests 50000] [--at-once 500] [threads asgi rsgi fibers greenlets]

A request brings its token in the query and, signed, in the session's cookie. Its hook puts it into `g` and a context
variable. When as many as are let in at once have come so far, each goes on: it looks for its token in all these places,
writes it to the log and into the session, and looks again before each piece of its body, in the error handler and in
the teardown. Whatever finds another token, or none, is told as a mismatch.
"""

from __future__ import annotations

import argparse
import asyncio
import contextvars
import json
import logging
import subprocess
import sys
import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path

from flask import Flask, Response, abort, g, has_app_context, non_blocking, request, session, stream_with_context
from tests.gateways import rsgi_drive

ROOT = Path(__file__).resolve().parents[2]
TOKEN: contextvars.ContextVar[str] = contextvars.ContextVar("token")
PIECES = 3  # of a body that is streamed
SHAPES = ("plain", "plain", "stream", "error")


class Site:
    """The application, and what it noted."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.wrong: list[str] = []
        self.logged: dict[str, int] = {}
        self.torn_down: dict[str, int] = {}
        self.most = 0
        self._inside = 0
        self.app = Flask("isolation")
        self.app.secret_key = "a key of the test of isolation, which guards nothing"
        self.app.config["PROPAGATE_EXCEPTIONS"] = False
        self._signer: t.Any = t.cast(t.Any, self.app.session_interface).get_signing_serializer(self.app)
        self.app.logger.addFilter(self.note)
        self.app.logger.setLevel(logging.WARNING)

    # ---- what a request keeps, and where it looks

    def enter(self) -> None:
        """Before the view."""
        token = request.args["token"]
        if "token" in g or session["token"] != token:
            self.wrong.append(f"{token} began with {dict(g.__dict__)} and {dict(session)}")
        g.token = token
        TOKEN.set(token)

    def found(self) -> set[str]:
        """What stands in all places; one token, if all is well."""
        return {request.args["token"], session["token"], g.token, TOKEN.get(), request.path.rpartition("/")[2]}

    def look(self, where: str) -> str:
        """The token. Everything else is noted."""
        found = self.found()
        if len(found) != 1:
            self.wrong.append(f"{where}: {sorted(found)}")
        return min(found)

    def leave(self, error: BaseException | None) -> None:
        """In the teardown."""
        token = self.look("teardown")
        self.torn_down[token] = self.torn_down.get(token, 0) + 1

    def answer(self) -> t.Any:
        """What a view does when it has waited."""
        token = self.look("view")
        session["back"] = token
        self.app.logger.warning("seen")
        shape = request.args["shape"]
        if shape == "error":
            abort(409)
        if shape == "stream":
            return Response(stream_with_context(self._stream()))
        return token

    def _stream(self) -> t.Iterator[str]:
        for _ in range(PIECES):
            yield self.look("stream") + "\n"
            time.sleep(0)

    def failed(self, error: Exception) -> tuple[str, int]:
        """In the error handler."""
        return self.look("error handler"), 409

    def note(self, record: logging.LogRecord) -> bool:
        """A filter, as those that add to each record whose it is."""
        token = self.look("log record")
        self.logged[token] = self.logged.get(token, 0) + 1
        return False

    # ---- the views, each of which waits as its kind does

    def add(self, view: t.Callable[[str], t.Any], mark: t.Callable[[t.Any], t.Any] = lambda function: function) -> None:
        """The view, and the hooks, which may be marked."""

        def enter() -> None:
            self.enter()

        def leave(error: BaseException | None) -> None:
            self.leave(error)

        def failed(error: Exception) -> tuple[str, int]:
            return self.failed(error)

        self.app.before_request(mark(enter))
        self.app.teardown_request(mark(leave))
        self.app.register_error_handler(409, mark(failed))
        self.app.add_url_rule("/<token>", endpoint="wait", view_func=view)

    def inside(self) -> None:
        """Count who waits."""
        self._inside += 1
        self.most = max(self.most, self._inside)

    def outside(self) -> None:
        """Count who has waited."""
        self._inside -= 1

    # ---- the clients' side

    def cookie(self, token: str) -> str:
        """What a client was given before."""
        return f"session={self._signer.dumps({'token': token})}"

    def check(self, token: str, shape: str, status: int, headers: t.Iterable[tuple[str, str]], body: bytes) -> None:
        """Whether an answer is this client's own, session and all."""
        right = (409, token) if shape == "error" else (200, f"{token}\n" * PIECES if shape == "stream" else token)
        if (status, body.decode()) != right:
            self.wrong.append(f"{token} was answered {status} {body[:200]!r}")
        cookies = [SimpleCookie(value)["session"].value for name, value in headers if name.lower() == "set-cookie"]
        if len(cookies) != 1 or self._signer.loads(cookies[0], max_age=3600) != {"token": token, "back": token}:
            self.wrong.append(f"{token} was given the cookies {cookies}")

    def summary(self, requests: int) -> dict[str, t.Any]:
        """The figures; whoever was not logged or torn down exactly once is a mismatch too."""
        self.app.logger.removeFilter(self.note)  # loggers are for good
        for name, noted in (("logged", self.logged), ("torn down", self.torn_down)):
            missing = [token for token in map(str, range(requests)) if noted.get(token) != 1]
            if missing or len(noted) != requests:
                self.wrong.append(f"{len(missing)} not {name} once, as {missing[:3]}")
        return {"requests": requests, "at once": self.most, "mismatches": len(self.wrong), "first": self.wrong[:5]}


def shape_of(number: int) -> str:
    return SHAPES[number % len(SHAPES)]


# ---- threads, by WSGI


def threads(requests: int, at_once: int) -> dict[str, t.Any]:
    """A thread for each request that is there at once, as servers with threads have it."""
    site, gate = Site(at_once), threading.Barrier(at_once)
    counting = threading.Lock()

    def wait(token: str) -> t.Any:
        with counting:
            site.inside()
        gate.wait(60)
        with counting:
            site.outside()
        time.sleep(0)
        return site.answer()

    site.add(wait)

    def ask(number: int) -> None:
        _ask_by_wsgi(site, number)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)  # threads take turns fifty times as often
    try:
        with ThreadPoolExecutor(at_once) as pool:
            for done in pool.map(ask, range(requests)):
                assert done is None
    finally:
        sys.setswitchinterval(before)
    return site.summary(requests)


def _ask_by_wsgi(site: Site, number: int) -> None:
    token, shape = str(number), shape_of(number)
    started: list[t.Any] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/{token}",
        "QUERY_STRING": f"token={token}&shape={shape}",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_COOKIE": site.cookie(token),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }
    body = site.app(environ, lambda status, headers, exc_info=None: started.append((status, headers)) or print)
    try:
        content = b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    site.check(token, shape, int(started[0][0][:3]), started[0][1], content)
    if has_app_context():
        site.wrong.append(f"{token} left a context behind")


# ---- tasks, by ASGI and RSGI


def asgi(requests: int, at_once: int) -> dict[str, t.Any]:
    """Asynchronous views on a loop, with hooks that run in threads."""
    return asyncio.run(_tasks(requests, at_once, _ask_by_asgi, _add_async))


def rsgi(requests: int, at_once: int) -> dict[str, t.Any]:
    """The same by RSGI, with hooks that stay on the loop."""
    return asyncio.run(_tasks(requests, at_once, _ask_by_rsgi, lambda site, wait: _add_async(site, wait, non_blocking)))


def fibers(requests: int, at_once: int) -> dict[str, t.Any]:
    """Plain functions on a loop, parked in the midst of their own code until what they wait for is there."""
    return asyncio.run(_tasks(requests, at_once, _ask_by_asgi, _add_parked))


Wait = t.Callable[[], t.Awaitable[None]]


def _add_async(site: Site, wait: Wait, mark: t.Callable[[t.Any], t.Any] = lambda function: function) -> None:
    async def view(token: str) -> t.Any:
        await wait()
        return site.answer()

    site.add(view, mark)


def _add_parked(site: Site, wait: Wait) -> None:
    @non_blocking
    def view(token: str) -> t.Any:
        site.app.ensure_sync(wait)()
        return site.answer()

    site.add(view, non_blocking)


async def _tasks(
    requests: int,
    at_once: int,
    ask: t.Callable[[Site, int], t.Coroutine[t.Any, t.Any, None]],
    add: t.Callable[[Site, Wait], None],
) -> dict[str, t.Any]:
    site, gate = Site(at_once), asyncio.Barrier(at_once)

    async def wait() -> None:
        site.inside()
        await gate.wait()
        site.outside()
        await asyncio.sleep(0)

    add(site, wait)
    for first in range(0, requests, at_once):
        async with asyncio.TaskGroup() as group:
            for number in range(first, first + at_once):
                group.create_task(ask(site, number))
    return site.summary(requests)


async def _ask_by_asgi(site: Site, number: int) -> None:
    token, shape = str(number), shape_of(number)
    sent: list[dict[str, t.Any]] = []
    messages: list[dict[str, t.Any]] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, t.Any]:
        if messages:
            return messages.pop()
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def send(message: dict[str, t.Any]) -> None:
        sent.append(message)
        await asyncio.sleep(0)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/{token}",
        "raw_path": f"/{token}".encode(),
        "query_string": f"token={token}&shape={shape}".encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"cookie", site.cookie(token).encode())],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }
    await site.app.asgi_app(scope, receive, t.cast(t.Any, send))
    headers = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
    site.check(token, shape, sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


async def _ask_by_rsgi(site: Site, number: int) -> None:
    token, shape = str(number), shape_of(number)
    asked, protocol = rsgi_drive.scope(f"/{token}?token={token}&shape={shape}"), rsgi_drive.Protocol()
    asked.headers["cookie"] = site.cookie(token)
    await site.app.__rsgi__(asked, protocol)
    answer = protocol.answer()
    site.check(token, shape, int(answer.status), answer.headers, answer.body)


# ---- greenlets, on gevent's own server, in a process that is patched before anything is imported


def greenlets(requests: int, at_once: int) -> dict[str, t.Any]:
    """A greenlet for each connection of gevent's server, where threads and locks are gevent's."""
    program = (
        "import gevent.monkey; gevent.monkey.patch_all(); import json, sys; sys.path[:0] = sys.argv[3:];"
        "from tests.security.isolation import greenlets_here;"
        "print(json.dumps(greenlets_here(int(sys.argv[1]), int(sys.argv[2]))))"
    )
    command = [sys.executable, "-c", program, str(requests), str(at_once), str(ROOT), str(ROOT / "src")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return t.cast("dict[str, t.Any]", json.loads(done.stdout))


def greenlets_here(requests: int, at_once: int) -> dict[str, t.Any]:
    """The same in this process, which is patched."""
    from gevent.pool import Pool
    from gevent.pywsgi import WSGIServer

    site, gate = Site(at_once), threading.Barrier(at_once)

    def wait(token: str) -> t.Any:
        site.inside()
        gate.wait(60)
        site.outside()
        time.sleep(0)
        return site.answer()

    site.add(wait)
    server = WSGIServer(("127.0.0.1", 0), site.app, log=None, error_log=None, backlog=at_once)
    server.start()
    connections = Pool(at_once)
    try:
        for first in range(at_once):
            connections.spawn(_ask_by_connection, site, server.server_port, range(first, requests, at_once))
        connections.join(raise_error=True)
    finally:
        server.stop()
    return site.summary(requests)


def _ask_by_connection(site: Site, port: int, numbers: t.Iterable[int]) -> None:
    """One client after the other's answer on a kept connection."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for number in numbers:
        token, shape = str(number), shape_of(number)
        connection.request("GET", f"/{token}?token={token}&shape={shape}", headers={"Cookie": site.cookie(token)})
        answer = connection.getresponse()
        site.check(token, shape, answer.status, answer.getheaders(), answer.read())
    connection.close()


KINDS: dict[str, t.Callable[[int, int], dict[str, t.Any]]] = {
    "threads": threads,
    "asgi": asgi,
    "rsgi": rsgi,
    "fibers": fibers,
    **({} if sys.platform == "win32" else {"greenlets": greenlets}),
}


def main(arguments: list[str]) -> int:
    """Try the kinds that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.security.isolation")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"{', '.join(KINDS)} (all)")
    parser.add_argument("--requests", type=int, default=50_000, help="by each kind; a multiple of the next")
    parser.add_argument("--at-once", type=int, default=500)
    asked = parser.parse_args(arguments)
    mismatches = 0
    for kind in asked.kinds or KINDS:
        begin = time.perf_counter()
        figures = KINDS[kind](asked.requests, asked.at_once)
        mismatches += figures["mismatches"]
        print(f"{kind:<10} {figures} in {time.perf_counter() - begin:.1f} s", flush=True)
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
