"""Who answers: this node's name and the code's version, for pages, headers and whoever rolls a version out."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, current_app

_RELEASED = Path(__file__).with_name("VERSION")  # written by whoever releases: a number, a commit
VERSION = _RELEASED.read_text(encoding="utf-8").strip() if _RELEASED.exists() else "unreleased"


def init_app(app: Flask) -> None:
    app.context_processor(lambda: {"version": VERSION, "node": app.config["NODE"]})
    app.after_request(sign)
    app.add_url_rule("/version", view_func=version)


def sign(response: Response) -> Response:
    response.headers["X-Node"] = current_app.config["NODE"]
    response.headers["X-Version"] = VERSION
    return response


def version() -> tuple[str, dict[str, str]]:
    return VERSION + "\n", {"Content-Type": "text/plain"}
