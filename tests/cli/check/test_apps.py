"""Whole projects: of those that are set up for production nothing is said, and what is taken from them is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from flask.cli import cli

from ..conftest import Command, Write

EXAMPLES = Path(__file__).parents[3] / "examples"

KEY = "c1b7f2a85c0e4d39a6f1708e5d2b94ac3f60"

# A module behind nginx, by gunicorn, with pip.
CLASSIC = {
    "shop.py": """
        import functools
        import os

        from flask import Blueprint, Flask, g, redirect, render_template_string, request, session, url_for
        from markupsafe import Markup, escape
        from werkzeug.middleware.proxy_fix import ProxyFix

        app = Flask(__name__)
        app.config.from_prefixed_env("SHOP")
        app.config.update(
            SESSION_COOKIE_SECURE=True,
            SESSION_COOKIE_SAMESITE="Lax",
            TRUSTED_HOSTS=["shop.example", "www.shop.example"],
            MAX_CONTENT_LENGTH=8 * 1024 * 1024,
            PREFERRED_URL_SCHEME="https",
        )
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)


        def signed_in(view):
            @functools.wraps(view)
            def wrapper(*args, **kwargs):
                if "user" not in session:
                    return redirect(url_for("sign_in"))
                return view(*args, **kwargs)

            return wrapper


        @app.get("/")
        def index():
            return render_template_string("<h1>{{ name }}</h1>", name=request.args.get("name", ""))


        @app.get("/sign-in")
        def sign_in():
            return Markup("<p>{}</p>").format(escape(request.args.get("next", "")))


        @app.post("/sign-in")
        def sign_in_post():
            session["user"] = request.form["user"]
            return redirect(url_for("cart"))


        @app.route("/cart", methods=["GET", "POST"])
        @signed_in
        def cart():
            return {"cart": []}


        @app.delete("/cart")
        @signed_in
        def empty_cart():
            return "", 204


        things = Blueprint("things", __name__, url_prefix="/things")


        @things.get("/")
        @things.get("/<int:page>")
        def listing(page=1):
            return {"page": page}


        @things.get("/<name>")
        @things.get("/<any(new, old):kind>")
        @things.get("/<uuid:id>")
        def show(**which):
            return {}


        app.register_blueprint(things)

        if __name__ == "__main__":
            app.run(debug=True)
    """,
    "requirements.txt": """
        flask @ git+https://example.com/dewar.git@main
        gunicorn==23.0.0
    """,
    "Procfile.dev": "web: flask --app shop run --debug\n",
    "gunicorn.conf.py": """
        import multiprocessing

        bind = "unix:/run/shop.sock"
        workers = multiprocessing.cpu_count()
        worker_class = "gthread"
    """,
    "deploy/shop.service": """
        [Service]
        Environment=SHOP_SECRET_KEY_FILE=/etc/shop/key
        ExecStart=/srv/shop/.venv/bin/gunicorn shop:app
    """,
    "deploy/nginx.conf": """
        server {
            listen 443 ssl;
            server_name shop.example;
            location / {
                proxy_pass http://unix:/run/shop.sock;
                proxy_set_header Host $host;
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                proxy_set_header X-Forwarded-Proto $scheme;
            }
        }
    """,
}

# A package with a factory, in containers, by `flask serve`, with uv.
FACTORY = {
    "wall/__init__.py": """
        from datetime import timedelta

        from flask import Flask


        def create_app(config=None):
            app = Flask(__name__, instance_relative_config=True)
            app.config.from_mapping(
                SESSION_COOKIE_SECURE=True,
                SESSION_COOKIE_SAMESITE="Strict",
                SESSION_COOKIE_NAME="__Host-wall",
                PERMANENT_SESSION_LIFETIME=timedelta(days=14),
                MAX_CONTENT_LENGTH=1_000_000,
            )
            app.config.from_prefixed_env("SHOP")
            app.config["TRUSTED_HOSTS"] = [".wall.example"]
            app.config.update(config or {})

            from . import admin, posts

            app.register_blueprint(posts.bp)
            app.register_blueprint(admin.bp, url_prefix="/admin")

            @app.get("/health")
            def health():
                return "ok"

            return app
    """,
    "wall/posts.py": """
        from flask import Blueprint, render_template, request, send_from_directory
        from flask.views import MethodView

        bp = Blueprint("posts", __name__)


        @bp.get("/")
        def index():
            return render_template("index.html", words=request.args.get("q", ""))


        class Post(MethodView):
            def get(self, id):
                return {"id": id}

            def put(self, id):
                return {"id": id}


        bp.add_url_rule("/posts/<int:id>", view_func=Post.as_view("post"))


        @bp.get("/files/<path:name>")
        def files(name):
            return send_from_directory("files", name)
    """,
    "wall/admin.py": """
        from flask import Blueprint

        bp = Blueprint("admin", __name__, static_folder="static")


        @bp.get("/")
        def index():
            return "admin"
    """,
    "wall/templates/index.html": "<p>{{ words }}</p>\n<script>const words = {{ words|tojson }};</script>\n",
    "pyproject.toml": """
        [project]
        name = "wall"
        dependencies = ["flask[serve]", "flask-login"]

        [tool.uv.sources]
        flask = { git = "https://example.com/dewar.git", branch = "main" }
    """,
    "uv.lock": """
        version = 1

        [[package]]
        name = "flask"
        version = "3.1.3+dewar.1"
        source = { git = "https://example.com/dewar.git?branch=main#0123456789" }

        [[package]]
        name = "flask-login"
        version = "0.6.3"
        source = { registry = "https://pypi.org/simple" }
    """,
    "Dockerfile": """
        FROM python:3.13-slim
        COPY --from=ghcr.io/astral-sh/uv /uv /bin/
        RUN uv sync --locked
        ENV FLASK_APP=wall FLASK_SERVE_WORKERS=4
        CMD ["uv", "run", "flask", "serve", "--host", "0.0.0.0"]
    """,
    "compose.yaml": """
        services:
          wall:
            build: .
            environment:
              FLASK_SERVE_FORWARDED_ALLOW_IPS: 172.20.0.2
          front:
            image: traefik:v3
            ports: ["443:443"]
    """,
}

# An API without sessions, with async views and WebSockets, by uvicorn with a certificate of its own, with Poetry.
ASYNCHRONOUS = {
    "api/app.py": """
        import asyncio

        from flask import Flask, websocket

        app = Flask(__name__, static_folder=None)
        app.config.update(
            CHECK_IGNORE=["flask.K001"],
            TRUSTED_HOSTS=["api.example"],
            MAX_CONTENT_LENGTH=100_000,
            PREFERRED_URL_SCHEME="https",
        )


        @app.get("/slow")
        async def slow():
            await asyncio.sleep(0.1)
            return {"slow": True}


        @app.websocket("/slow")
        async def talk():
            while True:
                await websocket.send(await websocket.receive())


        @app.errorhandler(404)
        async def lost(error):
            return {"error": "not found"}, 404
    """,
    "api/__init__.py": "",
    "pyproject.toml": """
        [tool.poetry.dependencies]
        python = "^3.13"
        flask = { git = "https://example.com/dewar.git", branch = "main" }
    """,
    "poetry.lock": """
        [[package]]
        name = "flask"
        version = "3.1.3+dewar.1"

        [package.source]
        type = "git"
        url = "https://example.com/dewar.git"
        reference = "main"
        resolved_reference = "0123456789"
    """,
    "start.sh": """
        #!/bin/sh
        set -eu
        python -m api.migrate
        exec uvicorn api.app:app.asgi_app --ssl-certfile cert.pem --ssl-keyfile key.pem
    """,
}
PROJECTS = {"shop": CLASSIC, "wall": FACTORY, "api.app": ASYNCHRONOUS}


@pytest.fixture(params=list(PROJECTS))
def project(request: pytest.FixtureRequest, write: Write, monkeypatch: pytest.MonkeyPatch) -> str:
    """One of the projects in the working directory, with its key in the environment; its app's name."""
    for file, text in PROJECTS[request.param].items():
        write(file, text)
    monkeypatch.setenv("SHOP_SECRET_KEY", KEY)
    name: str = request.param
    return name


def found(name: str) -> list[str]:
    result = CliRunner().invoke(cli, ["--app", name, "check", "--json"], catch_exceptions=False)
    return [finding["id"].removeprefix("flask.") for finding in json.loads(result.stdout)["findings"]]


def test_projects_for_production(project: str) -> None:
    """Nothing is said of a project that is set up for production, of none of the three."""
    assert found(project) == []


@pytest.mark.parametrize("project", ["shop"], indirect=True)
def test_the_same_with_mistakes(project: str, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing that is taken from such a project is found, and nothing else is."""
    source = CLASSIC["shop.py"]
    for good, bad in (
        (
            "app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)",
            "app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)",
        ),
        ('TRUSTED_HOSTS=["shop.example", "www.shop.example"],', ""),
        ("@functools.wraps(view)", ""),
        ("        @signed_in\n        def empty_cart", "        def empty_cart"),
        (
            '"/<name>")\n        @things.get("/<any(new, old):kind>")',
            '"/<any(new, old):kind>")\n        @things.get("/<name>")',
        ),
    ):
        source = source.replace(good, bad)
    write("shop.py", source)
    write("requirements.txt", "flask==3.1.3\n")
    monkeypatch.setenv("SHOP_SECRET_KEY", "change-me")
    assert found(project) == ["C006", "K003", "P005", "R001", "R006", "I001"]


def test_the_quickstart(command: Command, folder: Path) -> None:
    """The example project of the documentation, with the settings of production that it leaves to the environment."""
    shutil.copytree(EXAMPLES / "quickstart", folder, dirs_exist_ok=True)
    result = command(
        "check", FLASK_SESSION_COOKIE_SECURE="true", FLASK_TRUSTED_HOSTS='["postcards.example"]', FLASK_CHECK_JSON="1"
    )
    assert json.loads(result.stdout)["findings"] == []
    assert result.returncode == 0
