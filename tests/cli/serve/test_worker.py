from __future__ import annotations

import asyncio

import pytest

from flask import Flask
from tests.cli.serve.composed import INTERFACES, Worker

ALL = {
    "access_log": "common",
    "forwarded_allow_ips": ("127.0.0.1",),
    "static": True,
    "health_path": "/-/health",
}


@pytest.fixture
def app(tmp_path):
    app = Flask("served", root_path=str(tmp_path), static_folder="static")
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="hello")
    return app


def test_what_is_off_is_not_there(app):
    """With nothing switched on, no call stands between the server and the app."""
    assert Worker(app).entry is app
    assert "wsgi_app" not in vars(app)


@pytest.mark.parametrize("option", ["access_log", "forwarded_allow_ips", "static"])
def test_each_part_is_around_the_app_alone(app, option):
    """One part brings no other: around the app stands one function."""
    Worker(app, **{option: ALL[option]})
    assert vars(app)["wsgi_app"].__module__.startswith("flask.cli.serve.")
    inner = [cell.cell_contents for cell in vars(app)["wsgi_app"].__closure__]
    assert Flask.wsgi_app in [getattr(content, "__func__", None) for content in inner]


def test_static_files_bring_nothing_where_there_are_none():
    """An app without a static route of Flask's own is left as it is."""
    app = Flask("bare", static_folder=None)
    Worker(app, static=True)
    assert "wsgi_app" not in vars(app)


@pytest.mark.parametrize("interface", INTERFACES)
def test_middleware_of_the_application_stays_inside(app, interface, visits):
    """What the application has put around itself goes on acting, and sees what the server made of the request."""
    inner, seen = app.wsgi_app, []

    def middleware(environ, start_response):
        seen.append(environ["REMOTE_ADDR"])
        return inner(environ, start_response)

    app.wsgi_app = middleware
    worker = Worker(app, interface, **ALL)
    assert worker.ask(headers={"X-Forwarded-For": "203.0.113.9"}).body == b"hello"
    assert seen == ["203.0.113.9"]
    assert [visit.remote_addr for visit in visits] == ["203.0.113.9"]


def test_the_app_begins_and_ends_as_the_server_says_on_asgi(app):
    """The lifespan goes through to the app."""
    order = []
    app.before_serving(lambda: order.append("begin"))
    app.after_serving(lambda: order.append("end"))
    worker = Worker(app, "asgi", **ALL)

    async def serve():
        asked, told = asyncio.Queue(), asyncio.Queue()
        task = asyncio.create_task(worker.entry({"type": "lifespan"}, asked.get, told.put))
        await asked.put({"type": "lifespan.startup"})
        assert (await told.get())["type"] == "lifespan.startup.complete"
        order.append("serving")
        await asked.put({"type": "lifespan.shutdown"})
        assert (await told.get())["type"] == "lifespan.shutdown.complete"
        await task

    asyncio.run(serve())
    assert order == ["begin", "serving", "end"]


def test_the_app_begins_and_ends_as_the_server_says_on_rsgi(app):
    """So do RSGI's two calls."""
    order = []
    app.before_serving(lambda: order.append("begin"))
    app.after_serving(lambda: order.append("end"))
    worker = Worker(app, "rsgi", **ALL)
    loop = asyncio.new_event_loop()
    try:
        worker.entry.__rsgi_init__(loop)
        order.append("serving")
        worker.entry.__rsgi_del__(loop)
    finally:
        loop.close()
    assert order == ["begin", "serving", "end"]


@pytest.mark.parametrize("interface", INTERFACES)
def test_background_tasks_begin_behind_all_parts(app, interface):
    """A task that a view asks for runs when the response has gone."""
    done = []

    @app.get("/task")
    def task():
        app.add_background_task(done.append, "done")
        return "later"

    worker = Worker(app, interface, **ALL)
    assert worker.ask("/task").body == b"later"
    app.finish_background_tasks(timeout=5)  # as the driver of a loop does itself
    assert done == ["done"]
    app.shutdown()
