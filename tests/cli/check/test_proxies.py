"""Proxies that nothing tells the app of, and those that are told; headers that are believed, and from whom."""

from __future__ import annotations

import typing as t

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask import Flask
from flask.cli.check.proxies import middleware

from ..conftest import Write
from .checking import findings, ids, sound_app

NGINX = """\
server {
    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
"""


def fixed(app: Flask, **numbers: int) -> Flask:
    app.wsgi_app = ProxyFix(app.wsgi_app, **numbers)  # type: ignore[method-assign]
    return app


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("nginx.conf", NGINX),
        ("deploy/site.conf", NGINX),
        ("nginx/default.conf.template", NGINX),
        ("Caddyfile", "shop.example {\n    reverse_proxy localhost:8000\n}\n"),
        ("apache.conf", "ProxyPass / http://127.0.0.1:8000/\n"),
        ("compose.yaml", "services:\n  front:\n    image: nginx:1.27\n"),
        ("docker-compose.prod.yml", 'services:\n  front:\n    image: "docker.io/library/traefik:v3"\n'),
        ("Procfile", "web: gunicorn shop:app\n"),
        ("fly.toml", 'app = "shop"\n'),
        ("render.yaml", "services: []\n"),
        ("gunicorn.conf.py", 'forwarded_allow_ips = "10.0.0.1"\n'),
        ("Dockerfile", "ENV FORWARDED_ALLOW_IPS=10.0.0.1\nCMD gunicorn shop:app\n"),
        ("start.sh", "exec gunicorn --forwarded-allow-ips=10.0.0.1 shop:app\n"),
    ],
)
def test_a_proxy_that_is_not_believed(write: Write, file: str, text: str) -> None:
    """A file that puts a proxy in front is found, with its line, unless ProxyFix is around the app."""
    path = write(file, text)
    root = path.parents[file.count("/")]
    [finding] = findings("proxies", sound_app(), root)
    assert (finding.id, finding.where.file) == ("flask.P001", file)
    assert "P001" not in ids("proxies", fixed(sound_app(), x_for=1, x_proto=1), root)


def test_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run on a platform that always has a proxy in front, the check knows it."""
    assert ids("proxies", sound_app()) == []
    monkeypatch.setenv("DYNO", "web.1")
    assert ids("proxies", sound_app()) == ["P001"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("nginx.conf", "server {\n    root /srv/files;\n    # proxy_pass http://127.0.0.1:8000;\n}\n"),
        ("compose.yaml", "services:\n  app:\n    image: python:3.13\n  data:\n    image: postgres:17\n"),
        ("Dockerfile", 'FROM python:3.13\nRUN pip install gunicorn\nCMD ["gunicorn", "shop:app"]\n'),
        ("logging.conf", "[loggers]\nkeys=root\n"),
        ("notes.md", NGINX),
    ],
)
def test_files_without_a_proxy(write: Write, file: str, text: str) -> None:
    """Files that put nothing in front, and files of another kind, are left alone."""
    assert ids("proxies", sound_app(), write(file, text).parent) == []


@pytest.mark.parametrize(
    "files",
    [
        {"start.sh": "exec flask --app shop serve --forwarded-allow-ips 10.0.0.0/8\n"},
        {"Dockerfile": "ENV FLASK_SERVE_FORWARDED_ALLOW_IPS=10.0.0.1\nCMD flask --app shop serve\n"},
        {"compose.yaml": "services:\n  app:\n    environment:\n      - FLASK_SERVE_FORWARDED_ALLOW_IPS=10.0.0.1\n"},
        {"start.sh": "uvicorn shop:app.asgi_app --forwarded-allow-ips=10.0.0.1\n"},
    ],
)
def test_a_server_that_reads_the_headers(write: Write, files: dict[str, str]) -> None:
    """Where the server itself takes client and scheme from the proxy nothing is missing."""
    for name, text in files.items():
        write(name, text)
    root = write("nginx.conf", NGINX).parent
    assert ids("proxies", sound_app(), root) == []


def test_proxy_fix_is_found_beneath_other_middleware() -> None:
    """Whatever is wrapped around the app is looked through: attributes, closures, methods."""
    app = fixed(sound_app(PREFERRED_URL_SCHEME="https"), x_for=1)
    inner: t.Any = app.wsgi_app

    def closure(environ: t.Any, start_response: t.Any) -> t.Any:
        return inner(environ, start_response)

    class Own:
        def __init__(self, application: t.Any) -> None:
            self.application = application

        def run(self, environ: t.Any, start_response: t.Any) -> t.Any:
            return self.application(environ, start_response)

    app.wsgi_app = Own(DispatcherMiddleware(closure, {"/metrics": closure})).run  # type: ignore[method-assign]
    assert any(isinstance(layer, ProxyFix) for layer in middleware(app))
    assert ids("proxies", app) == []


def test_middleware_of_another_name(write: Write) -> None:
    """Middleware of the app's own that reads the headers, as its name says, counts; one without numbers does not."""

    class ReverseProxied:
        def __init__(self, app: t.Any) -> None:
            self.app = app

        def __call__(self, environ: t.Any, start_response: t.Any) -> t.Any:
            return self.app(environ, start_response)

    root = write("nginx.conf", NGINX).parent
    app = sound_app()
    app.wsgi_app = ReverseProxied(app.wsgi_app)  # type: ignore[method-assign]
    assert ids("proxies", app, root) == []


def test_proxy_fix_with_nothing_to_believe(write: Write) -> None:
    """A ProxyFix whose numbers are all 0 believes nobody: behind a proxy that is found, and told as what it is."""
    nothing = {"x_for": 0, "x_proto": 0}
    assert ids("proxies", fixed(sound_app(), **nothing)) == []
    root = write("nginx.conf", NGINX).parent
    assert ids("proxies", fixed(sound_app(), **nothing), root) == ["P001"]


def test_hints_of_settings() -> None:
    """Settings that only make sense behind a proxy are told as a hint, where nothing else is known."""
    assert ids("proxies", sound_app(PREFERRED_URL_SCHEME="https")) == ["P002"]
    assert ids("proxies", sound_app(APPLICATION_ROOT="/shop")) == ["P002"]
    assert ids("proxies", sound_app(SERVER_NAME="shop.example")) == []
    assert ids("proxies", fixed(sound_app(PREFERRED_URL_SCHEME="https"), x_proto=1)) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("start.sh", "gunicorn --certfile cert.pem --keyfile key.pem shop:app\n"),
        ("gunicorn.conf.py", 'certfile = "cert.pem"\n'),
        ("Dockerfile", "ENV FLASK_SERVE_CERTFILE=cert.pem\n"),
    ],
)
def test_a_server_with_a_certificate(write: Write, file: str, text: str) -> None:
    """Where the server ends TLS itself https is no hint of a proxy."""
    assert ids("proxies", sound_app(PREFERRED_URL_SCHEME="https"), write(file, text).parent) == []


def test_too_many_hops() -> None:
    """More than two proxies, and ProxyFix twice, are found; two are not."""
    assert ids("proxies", fixed(sound_app(), x_for=2, x_proto=2)) == []
    [finding] = findings("proxies", fixed(sound_app(), x_for=5, x_host=3))
    assert (finding.id, finding.message) == ("flask.P003", "ProxyFix has x_for=5, x_host=3")
    assert ids("proxies", fixed(fixed(sound_app(), x_for=1), x_for=1)) == ["P003"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("start.sh", "flask --app shop serve --forwarded-allow-ips '*'\n"),
        ("gunicorn.conf.py", 'forwarded_allow_ips = "*"\n'),
        ("Dockerfile", 'ENV FORWARDED_ALLOW_IPS="*"\n'),
        ("compose.yaml", 'services:\n  app:\n    environment:\n      FLASK_SERVE_FORWARDED_ALLOW_IPS: "*"\n'),
        ("shop.service", "[Service]\nEnvironment=FORWARDED_ALLOW_IPS=10.0.0.1,*\n"),
        ("shop.env", 'export FORWARDED_ALLOW_IPS="*"\n'),
        (".env.production", "FORWARDED_ALLOW_IPS=*\n"),
    ],
)
def test_anybody_is_believed(write: Write, file: str, text: str) -> None:
    """An asterisk for the addresses of proxies is found wherever it stands."""
    root = write(file, text).parent
    assert "P004" in ids("proxies", fixed(sound_app(), x_for=1), root)
    write(file, text.replace("*", "10.0.0.1"))
    assert "P004" not in ids("proxies", fixed(sound_app(), x_for=1), root)


def test_headers_that_nginx_hands_on(write: Write) -> None:
    """A header that ProxyFix believes and nginx does not set is found; one that it sets is not."""
    root = write("nginx.conf", NGINX).parent
    assert ids("proxies", fixed(sound_app(), x_for=1, x_proto=1), root) == []
    [finding] = findings("proxies", fixed(sound_app(), x_for=1, x_proto=1, x_host=1), root)
    assert finding.id == "flask.P005"
    assert str(finding.where) == "X-Forwarded-Host (nginx.conf:3)"
    write("nginx.conf", NGINX.replace("proxy_set_header Host", "include proxy_params; proxy_set_header Host"))
    write("nginx.conf", "include /etc/nginx/proxy_params;\n" + NGINX)
    assert ids("proxies", fixed(sound_app(), x_for=1, x_proto=1, x_host=1), root) == []
