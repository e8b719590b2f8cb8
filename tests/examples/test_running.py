"""The app as it is run: started again, behind a proxy, with settings from outside, out of its own folder."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from tests.examples.conftest import PACKAGE, postcards_in
from tests.examples.server import serve
from tests.examples.visitor import Visitor, png

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "cards.example", "X-Forwarded-Prefix": "/wall"}


def test_what_was_sent_outlives_the_server(tmp_path: Path) -> None:
    """Cards, pictures, people and even sessions are there again when the server has been stopped and started."""
    app = postcards_in(tmp_path / "instance")
    with serve(app, tmp_path / "first.log") as server:
        ann = Visitor(server.port)
        ann.join("ann")
        card = ann.send_card("still here tomorrow")
        wall = ann.get("/wall.txt").text
    with serve(app, tmp_path / "second.log") as server:
        ann.port = server.port
        assert ann.get("/api/me").json["name"] == "ann"
        assert "still here tomorrow" in ann.get(f"/cards/{card}").text
        assert ann.get(f"/pictures/{card}/holiday.png").body == png()
        assert len(ann.get("/wall.txt").text.splitlines()) == len(wall.splitlines())
        assert Visitor(server.port).sign_in("ann").status == 303


def test_each_wall_makes_a_secret_of_its_own(tmp_path: Path) -> None:
    """The key is made on the first run, different for each wall, and only its owner may read it."""
    keys = []
    for name in ("one", "two"):
        with serve(postcards_in(tmp_path / name), tmp_path / f"{name}.log"):
            file = tmp_path / name / "secret_key"
            keys.append(file.read_text())
            assert sys.platform == "win32" or stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(set(keys)) == 2
    assert min(map(len, keys)) >= 64


def test_a_proxy_is_believed_only_when_it_is_there(tmp_path: Path) -> None:
    """X-Forwarded headers change nothing until the settings say that a proxy sets them; then they rule each URL."""
    with serve(postcards_in(tmp_path / "bare"), tmp_path / "bare.log") as server:
        visitor = Visitor(server.port)
        answer = visitor.ask("GET", "/api/", headers=FORWARDED)
        assert answer.json["me"] == f"http://127.0.0.1:{server.port}/api/me"
    with serve(postcards_in(tmp_path / "proxied"), tmp_path / "proxied.log", FLASK_PROXIES="1") as server:
        visitor = Visitor(server.port)
        assert visitor.ask("GET", "/api/", headers=FORWARDED).json["me"] == "https://cards.example/wall/api/me"
        moved = visitor.ask("GET", "/cards/new", headers=FORWARDED)
        assert moved.location == "/wall/sign-in"
        assert visitor.ask("GET", "/people", headers=FORWARDED).location == "/wall/people/"


def test_limits_come_from_the_environment(tmp_path: Path) -> None:
    """A setting given as FLASK_… in the environment takes the place of the app's own."""
    with serve(postcards_in(tmp_path / "i"), tmp_path / "log", FLASK_MAX_CONTENT_LENGTH="3000") as server:
        ann = Visitor(server.port)
        ann.join("ann")
        assert ann.upload(png() + bytes(4000), "sky.png", caption="words", place="Here").status == 413
        assert ann.upload(png(), "sky.png", caption="words", place="Here").status == 303


def test_urls_are_built_without_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a test request context the app builds its URLs, and knows the request that was made up."""
    from flask import request, url_for

    monkeypatch.syspath_prepend(str(PACKAGE.parent))
    from postcards import create_app  # type: ignore[import-not-found]
    from postcards.models import db  # type: ignore[import-not-found]

    app = create_app(str(tmp_path))
    with app.test_request_context("/people/ann?page=2", method="POST"):
        assert (request.path, request.method, request.endpoint) == ("/people/ann", "POST", None)
        assert url_for("wall.place", place="Alps/High Hut", page=2) == "/places/Alps/High%20Hut?page=2"
        assert url_for("wall.rated", stars=4) == "/rated/4.0"
        assert url_for("static", filename="style.css") == "/static/style.css"
        assert url_for("wall.index", _anchor="card-1", _external=True) == "http://localhost/#card-1"
    with app.app_context():
        db.engine.dispose()
