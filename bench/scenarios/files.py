"""A small file of the static folder: sent in full, and to a browser that already has it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import typing as t
from email.utils import formatdate
from pathlib import Path

from bench.model import Environ, Request, Scenario, StartResponse, Wsgi, flask_app

NAME = "style.css"
CONTENT = b"".join(b".row-%d { margin: 0 auto; padding: %dpx; }\n" % (number, number) for number in range(30))


def folder() -> Path:
    """A new folder with the one file, there until the process ends."""
    found = Path(tempfile.mkdtemp(prefix="bench-static-"))
    atexit.register(shutil.rmtree, found, ignore_errors=True)
    (found / NAME).write_bytes(CONTENT)
    os.utime(found / NAME, (1_760_000_000, 1_760_000_000))
    return found


def static() -> Wsgi:
    return t.cast(Wsgi, flask_app(static_folder=str(folder()), static_url_path="/static"))


def bare_static() -> Wsgi:
    root = str(folder())

    def application(environ: Environ, start_response: StartResponse) -> t.Iterable[bytes]:
        path = os.path.normpath(os.path.join(root, environ["PATH_INFO"].removeprefix("/static/")))
        if not path.startswith(root):
            start_response("404 Not Found", [("Content-Length", "0")])
            return []
        with open(path, "rb") as file:
            about = os.stat(file.fileno())
            etag = f'"{about.st_mtime}-{about.st_size}"'
            headers = [
                ("Content-Disposition", "inline; filename=" + os.path.basename(path)),
                ("Cache-Control", "no-cache"),
                ("Last-Modified", formatdate(about.st_mtime, usegmt=True)),
                ("ETag", etag),
            ]
            if environ.get("HTTP_IF_NONE_MATCH") == etag:
                start_response("304 Not Modified", headers)
                return []
            headers += [("Content-Type", "text/css; charset=utf-8"), ("Content-Length", str(about.st_size))]
            start_response("200 OK", headers)
            return [file.read()]

    return application


_FULL = Request(
    f"/static/{NAME}",
    body=CONTENT,
    headers={"Content-Length": str(len(CONTENT)), "Last-Modified": " GMT"},
)

SCENARIOS: dict[str, Scenario] = {
    "static file": Scenario(static, bare_static, (_FULL,), bar=6),
    "static file, 304": Scenario(
        static, bare_static, (Request(f"/static/{NAME}", status=304, body=b""),), bar=7, prime=_FULL
    ),
}
