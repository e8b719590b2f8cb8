from __future__ import annotations

import concurrent.futures
import contextlib
import os
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.servers import command_of, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn needs a platform that forks"),
]

APP = """
import asyncio
import os
import threading

import flask

app = flask.Flask(__name__)
app.secret_key = "served"


@app.route("/loop")
async def loop():
    await asyncio.sleep(0)
    return {"process": os.getpid(), "loop": id(asyncio.get_running_loop())}


@app.route("/token/<token>")
async def token(token):
    flask.g.token = flask.session["token"] = token
    await asyncio.sleep(0.05)
    return f"{flask.g.token} {flask.session['token']} {flask.request.path} {threading.get_ident()}"


@app.route("/fail")
async def fail():
    await asyncio.sleep(0)
    flask.abort(409, "from a coroutine")


if os.environ.get("USE_THE_LOOP_BEFORE_THE_FORK"):
    assert app.test_client().get("/loop").status_code == 200
"""


@contextlib.contextmanager
def gunicorn(name: str, folder: Path, *options: str, **environment: str) -> t.Iterator[str]:
    """Serve the app above on 127.0.0.1 with gunicorn; the base URL."""
    (folder / "served.py").write_text(APP)
    with serving(command_of(name, "served", *options), folder / "log", folder, **environment) as server:
        yield server.url
    assert server.process.returncode == 0, server.log()
    assert "Traceback" not in server.log()


def get(url: str) -> tuple[int, str]:
    """Status and text of one GET over a connection of its own."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.read().decode()


def together(urls: list[str]) -> list[tuple[int, str]]:
    """What many clients get who ask at the same time."""
    with concurrent.futures.ThreadPoolExecutor(len(urls)) as clients:
        return list(clients.map(get, urls))


def check(base: str, workers: int) -> None:
    """Each worker serves on one loop of its own; nobody gets another's token; errors are answered."""
    loops: set[str] = set()
    until = time.monotonic() + 20
    for _ in range(3):
        loops.update(text for _, text in together([f"{base}/loop"] * 8))
    while len(loops) < workers and time.monotonic() < until:  # the kernel chooses who accepts
        loops.update(text for _, text in together([f"{base}/loop"] * 8))
    assert len(loops) == workers
    tokens = [f"token-{number}" for number in range(12)]
    answers = together([f"{base}/token/{token}" for token in tokens])
    for token, (status, text) in zip(tokens, answers, strict=True):
        assert status == 200
        assert text.split()[:3] == [token, token, f"/token/{token}"]
    status, text = get(f"{base}/fail")
    assert (status, "from a coroutine" in text) == (409, True)


def test_preloaded_workers_each_make_a_loop(tmp_path: Path) -> None:
    """Under gunicorn's --preload two workers, forked from a process that had used its loop, each serve on their own."""
    options = "--preload", "--workers", "2"
    with gunicorn("gunicorn-threads", tmp_path, *options, USE_THE_LOOP_BEFORE_THE_FORK="1") as base:
        check(base, 2)


def test_gevent_workers_serve_coroutines(tmp_path: Path) -> None:
    """Under gevent, where threads are greenlets of one thread, async views run on one loop, side by side."""
    with gunicorn("gunicorn-gevent", tmp_path) as base:
        check(base, 1)
