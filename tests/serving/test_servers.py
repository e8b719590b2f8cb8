"""The time of serving and background tasks on real servers: what each process does, and when."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.servers import is_installed
from tests.serving.servers import ALL, ON_LOOPS, ON_WSGI, Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="processes have no groups here"),
]

APP = """
import asyncio
import os
import threading
import time

import flask

app = flask.Flask(__name__)
made = {}


def note(event):
    with open("events", "a") as file:
        file.write(f"{os.getpid()} {event}\\n")


@app.before_serving
async def before():
    made["lock"], made["loop"] = asyncio.Lock(), asyncio.get_running_loop()
    await asyncio.sleep(0.01)
    note("before")
    if os.environ.get("FAILS"):
        raise ValueError("this startup fails")


@app.before_serving
def before_too():
    note("before too")


@app.while_serving
async def held():
    async with asyncio.TaskGroup():
        note("while")
        yield
    note("while's end")


@app.after_serving
async def after():
    await asyncio.sleep(0.001)
    note("after" if asyncio.get_running_loop() is made["loop"] else "after, elsewhere")


@app.after_serving
def after_too():
    note("after too")


@app.route("/")
async def index():
    async with made["lock"]:
        await asyncio.sleep(0)
    return str(asyncio.get_running_loop() is made["loop"])


async def task(name):
    await asyncio.sleep(0.01)
    note(f"{name} on the loop: {asyncio.get_running_loop() is made['loop']}")


def thread(name):
    time.sleep(0.01)
    note(f"{name} in a thread: {threading.current_thread() is not made['thread']}")


@app.route("/tasks")
async def tasks():
    made["thread"] = threading.current_thread()
    app.add_background_task(task, "async task")
    app.add_background_task(thread, "sync task")
    note("view")
    return "begun"


@app.route("/tasks/sync")
def tasks_of_sync():
    app.add_background_task(task, "async task of a sync view")

    def body():
        yield "be"
        time.sleep(0.05)
        note("body")
        yield "gun"

    return body()


@app.route("/slow")
def slow():
    app.add_background_task(time.sleep, 600)
    app.add_background_task(asyncio.sleep, 600)
    return "begun"


app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = float(os.environ.get("GRACE", 5))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "served.py").write_text(APP)
    (tmp_path / "events").write_text("")
    return tmp_path


def events(folder: Path) -> list[str]:
    """What happened, each in the same process."""
    told = [line.split(" ", 1) for line in (folder / "events").read_text().splitlines()]
    assert len({process for process, _ in told}) == 1
    return [event for _, event in told]


def needed(names: object) -> list[object]:
    return [
        pytest.param(name, marks=pytest.mark.skipif(not is_installed(name), reason=f"{name} is not there"))
        for name in names  # type: ignore[attr-defined]
    ]


@pytest.mark.parametrize("name", needed(ALL))
def test_each_once_in_its_order(name: str, folder: Path) -> None:
    """Startup, requests, tasks, end: on each server once in the process that serves, on the loop of its requests."""
    with Server(name, folder) as server:
        assert server.ask() == (200, "True")
        assert server.ask("/tasks") == (200, "begun")
        assert server.ask("/tasks/sync") == (200, "begun")
        assert server.ask() == (200, "True")
        server.end()
        told = events(folder)
        assert told[:3] == ["before", "before too", "while"]
        assert told[-3:] == ["after", "after too", "while's end"]
        between = told[3:-3]
        assert sorted(between) == [
            "async task of a sync view on the loop: True",
            "async task on the loop: True",
            "body",
            "sync task in a thread: True",
            "view",
        ]
        assert between[0] == "view"
        assert between.index("body") < between.index("async task of a sync view on the loop: True")
        assert "Traceback" not in server.log()


@pytest.mark.parametrize("name", needed(name for name in ON_LOOPS if name != "daphne"))
def test_a_failing_startup_ends_the_server(name: str, folder: Path) -> None:
    """No request is served, the process ends by itself, and its log has the traceback."""
    with Server(name, folder, FAILS="1") as server:
        code = server.wait()
        assert code != 0 or name == "hypercorn"  # which ends its workers so, and says nothing of it by its code
        assert "in before" in server.log()
        assert "this startup fails" in server.log()
    assert events(folder) == ["before"]


@pytest.mark.parametrize("name", needed([*ON_WSGI, "daphne"]))
def test_a_failing_startup_under_wsgi_fails_the_request(name: str, folder: Path) -> None:
    """The request that it ran for is answered with 500, the server logs the traceback, and the next one tries again.

    So too on a server of ASGI that does not speak of lifespan.
    """
    with Server(name, folder, FAILS="1") as server:
        assert [server.ask()[0] for _ in range(2)] == [500, 500]
        server.end()
        assert "in before" in server.log()
    assert events(folder) == ["before", "before"]


@pytest.mark.parametrize("name", needed(["gunicorn-threads"]))
def test_a_hook_of_gunicorns_begins_before_requests(name: str, folder: Path) -> None:
    """Called in a new worker, `startup` ends gunicorn with the traceback where it fails."""
    (folder / "gunicorn.conf.py").write_text("def post_worker_init(worker):\n    worker.wsgi.startup()\n")
    with Server(name, folder, FAILS="1") as server:
        assert server.wait() != 0
        assert "in before" in server.log()
    with Server(name, folder) as server:
        assert server.ask() == (200, "True")
        server.end()


@pytest.mark.parametrize("name", needed(["uvicorn", "granian-rsgi", "gunicorn-threads"]))
def test_tasks_that_take_too_long_do_not_keep_a_server_from_its_end(name: str, folder: Path) -> None:
    """After the grace period a task is cancelled, also one whose thread cannot be interrupted."""
    with Server(name, folder, GRACE="0.1") as server:
        assert server.ask("/slow") == (200, "begun")
        server.end()
        assert "sleep was cancelled" in server.log()
    assert events(folder)[-3:] == ["after", "after too", "while's end"]


@pytest.mark.parametrize("name", needed(["uvicorn"]))
def test_a_server_that_is_told_not_to_speak_of_it(name: str, folder: Path) -> None:
    """Without the lifespan protocol the first request begins, and the end of the loop ends.

    Asked by SIGTERM this server dies of it when it is done, before it ends its loop.
    """
    with Server(name, folder, "--lifespan", "off") as server:
        assert server.ask() == (200, "True")
        server.process.send_signal(signal.SIGINT)
        server.wait()
    told = events(folder)
    assert told[:3] == ["before", "before too", "while"]
    assert sorted(told[3:]) == ["after", "after too", "while's end"]
