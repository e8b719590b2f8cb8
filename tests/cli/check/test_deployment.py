"""Commands that files of deployment hold, and whether they suit the app."""

from __future__ import annotations

import typing as t

import pytest

from flask import Flask
from flask.cli.check.commands import commands
from flask.cli.check.deployment import is_async
from flask.cli.check.project import Project
from flask.views import MethodView

from ..conftest import Write
from .checking import findings, ids, sound_app


def asynchronous(app: Flask) -> Flask:
    @app.get("/")
    async def index() -> str:
        return ""

    return app


def with_socket(app: Flask) -> Flask:
    @app.websocket("/ws")
    async def talk() -> None:
        pass

    return app


def plain(app: Flask) -> Flask:
    app.add_url_rule("/", "index", lambda: "")
    return app


WSGI = [
    ("Procfile", "web: gunicorn shop:app --workers 4\n"),
    ("Procfile", "release: flask db upgrade\nweb: waitress-serve --call shop:create_app\n"),
    ("Dockerfile", 'FROM python\nRUN pip install uvicorn gunicorn\nCMD ["gunicorn", "-w", "4", "shop:app"]\n'),
    ("Dockerfile", "CMD exec gunicorn \\\n    --bind :8000 \\\n    shop:app\n"),
    ("prod.Dockerfile", 'ENTRYPOINT ["python", "-m", "gunicorn", "shop:app"]\n'),
    ("docker-compose.yml", "services:\n  web:\n    command: gunicorn shop:app\n"),
    ("compose.yaml", "services:\n  web:\n    command:\n      - gunicorn\n      - shop:app\n    ports: []\n"),
    ("compose.yaml", 'services:\n  web:\n    command: ["gunicorn", "shop:app"]\n'),
    ("deploy/shop.service", "[Service]\nExecStart=/srv/shop/bin/gunicorn shop:app\n"),
    ("supervisord.conf", "[program:shop]\ncommand=/srv/shop/bin/uwsgi --ini shop.ini\n"),
    ("entrypoint.sh", "#!/bin/sh\nset -e\nexec gunicorn shop:app\n"),
    ("render.yaml", "services:\n  - type: web\n    startCommand: gunicorn shop:app\n"),
    ("app.yaml", "runtime: python313\nentrypoint: gunicorn -b :$PORT shop:app\n"),
    ("railway.json", '{"deploy": {\n  "startCommand": "gunicorn shop:app"\n}}\n'),
    ("start.sh", "granian --interface wsgi shop:app\n"),
    ("start.sh", "flask --app shop serve --interface=wsgi\n"),
    ("Dockerfile", "ENV FLASK_SERVE_INTERFACE=wsgi\n"),
    ("uwsgi.ini", "[uwsgi]\nmodule = shop:app\n"),
]


@pytest.mark.parametrize(("file", "text"), WSGI)
def test_asynchronous_apps_by_wsgi(write: Write, file: str, text: str) -> None:
    """Async views and WebSockets are found where a file serves the app by WSGI; synchronous views are left alone."""
    root = write(file, text).parents[file.count("/")]
    [finding] = findings("deployment", asynchronous(sound_app()), root)
    assert (finding.id, finding.where.file) == ("flask.D001", file)
    assert ids("deployment", with_socket(sound_app()), root) == ["D002"]
    assert ids("deployment", plain(sound_app()), root) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("Procfile", "web: gunicorn -k uvicorn.workers.UvicornWorker shop:app.asgi_app\n"),
        ("Procfile", "worker: celery -A shop worker\n"),
        ("start.sh", "uvicorn shop:app.asgi_app\n"),
        ("start.sh", "granian --interface rsgi shop:app\n"),
        ("start.sh", "flask --app shop serve\n"),
        ("start.sh", "# gunicorn shop:app\npip install gunicorn\n"),
        ("compose.yaml", "services:\n  web:\n    command: hypercorn shop:app.asgi_app\n"),
        ("README.md", "web: gunicorn shop:app\n"),
        ("Dockerfile", "FROM python\nRUN pip install gunicorn\n"),
    ],
)
def test_what_suits(write: Write, file: str, text: str) -> None:
    """Servers of ASGI and RSGI, and files that serve nothing, are left alone."""
    root = write(file, text).parent
    assert ids("deployment", with_socket(asynchronous(sound_app())), root) == []


def test_gunicorns_own_file(write: Write) -> None:
    """The kind of worker may stand in gunicorn's file of settings, which is read and not run."""
    root = write("Procfile", "web: gunicorn shop:app.asgi_app\n").parent
    write("gunicorn.conf.py", 'raise SystemExit("run")\nworker_class = "uvicorn.workers.UvicornWorker"\n')
    assert ids("deployment", asynchronous(sound_app()), root) == []
    write("gunicorn.conf.py", 'worker_class = "gthread"\n')
    assert ids("deployment", asynchronous(sound_app()), root) == ["D001"]
    write("gunicorn.conf.py", "worker_class = (\n")
    assert ids("deployment", asynchronous(sound_app()), root) == ["D001"]


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("Procfile", "web: flask run --host 0.0.0.0 --port $PORT\n", ["D003"]),
        ("Dockerfile", 'CMD ["flask", "--app", "shop", "run", "--host=0.0.0.0"]\n', ["D003"]),
        ("Dockerfile", 'CMD ["python", "-m", "flask", "run", "--debug"]\n', ["D003", "C001"]),
        ("Dockerfile", "ENV FLASK_DEBUG=1\n", ["C001"]),
        ("Dockerfile", "ENV FLASK_DEBUG 1\n", ["C001"]),
        ("Dockerfile", "ENV FLASK_DEBUG=0\n", []),
        ("compose.yaml", "services:\n  web:\n    environment:\n      FLASK_DEBUG: 'true'\n", ["C001"]),
        ("compose.yaml", "services:\n  web:\n    environment:\n      - FLASK_DEBUG=${FLASK_DEBUG:-0}\n", []),
        ("shop.service", "[Service]\nEnvironment=FLASK_DEBUG=1\n", ["C001"]),
        ("shop.env", "FLASK_DEBUG=1\n", ["C001"]),
        ("dev.env", "FLASK_DEBUG=1\n", []),
        ("start.sh", "flask --app shop db upgrade\nexec gunicorn shop:app\n", []),
    ],
)
def test_development_in_production(write: Write, file: str, text: str, found: list[str]) -> None:
    """The development server, and debug mode in files of deployment, are found."""
    assert ids("deployment", plain(sound_app()), write(file, text).parent) == found


def test_what_is_asynchronous() -> None:
    """Functions, generators, methods of classes and decorated functions are told apart."""

    class Both(MethodView):
        async def get(self) -> str:
            return ""

    class Neither(MethodView):
        def get(self) -> str:
            return ""

    async def stream() -> t.AsyncIterator[str]:
        yield ""

    assert is_async(Both.as_view("both"))
    assert is_async(stream)
    assert not is_async(Neither.as_view("neither"))
    assert not is_async(lambda: "")


def test_a_command_in_parts(write: Write) -> None:
    """A command is read as words, with its options by any of their names, wherever the line breaks."""
    root = write(
        "Dockerfile", 'CMD [ \\\n  "gunicorn", \\\n  "--worker-class=gthread", "-w", "4", \\\n  "shop:app"]\n'
    ).parent
    [command] = commands(Project(root))
    assert command.server == "gunicorn"
    assert (command.value("-k", "--worker-class"), command.value("-w"), command.value("-b")) == ("gthread", "4", None)
    assert command.has("-w")
    assert not command.has("--reload")
