"""The application of the measurement of `flask serve`, in plain functions, which upstream has too, and in async ones.

`plain` or `asynchronous` is what a server imports; both answer the same requests alike.
"""

from __future__ import annotations

import asyncio
import time
import typing as t

from jinja2 import DictLoader

import flask
from bench.model import flask_app
from bench.scenarios import answers

if t.TYPE_CHECKING:
    from flask import Flask

SECONDS = 0.01
PAGE = (
    "<h1>{{ title }}</h1>\n<ul>\n{% for item in items %}  <li>{{ item.name }}: {{ item.id }}</li>\n{% endfor %}</ul>\n"
)
ITEMS = [answers.item(number) for number in range(10)]


def _new() -> Flask:
    app = flask_app()
    app.jinja_loader = DictLoader({"page.html": PAGE})  # type: ignore[assignment, misc, unused-ignore]
    return app


def _plain() -> Flask:
    app = _new()

    @app.get("/")
    def index() -> str:
        return "Hello, World!"

    @app.get("/items/<int:number>")
    def show(number: int) -> dict[str, t.Any]:
        return answers.item(number)

    @app.get("/page")
    def page() -> str:
        return flask.render_template("page.html", title="Items & more", items=ITEMS)

    @app.get("/sleep")
    def sleep() -> str:
        time.sleep(SECONDS)
        return "slept"

    return app


def _asynchronous() -> Flask:
    app = _new()

    @app.get("/")
    async def index() -> str:
        return "Hello, World!"

    @app.get("/items/<int:number>")
    async def show(number: int) -> dict[str, t.Any]:
        return answers.item(number)

    @app.get("/page")
    async def page() -> str:
        return flask.render_template("page.html", title="Items & more", items=ITEMS)

    @app.get("/sleep")
    async def sleep() -> str:
        await asyncio.sleep(SECONDS)
        return "slept"

    return app


plain, asynchronous = _plain(), _asynchronous()
