"""Files of a folder, asked for by any name, against Werkzeug's way to send them; nothing from outside is ever sent."""

from __future__ import annotations

import functools
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

import werkzeug.utils
from hypothesis import strategies as st

import flask
from flask import Flask, Response
from fuzz.words import one_line, texts
from tests.robustness.gateway import Sent, call

PIECES = (
    *("a.txt", "sub", "/", "..", ".", "//", "\\", "secret.txt", "%2e%2e", "%2f", "\0", "\xe9", "C:", "~", "b c.html"),
    *("\n",),
    *("/../", "../", "..\\", "./", "folder", "a.txt.", "A.TXT", "empty"),
)
HEADERS = ("Range", "If-Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since")
VALUES = (
    *("bytes=", "0-0", "0-", "-1", "-0", "1-2", ",", "99-", "5-1", " ", "x", '"', 'W/"', "*", "lines=", "9" * 30),
    *("=", "-"),
    *("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", "<etag>"),
)
SECRET = b"nobody outside of the folder reads this"


@dataclass(frozen=True)
class Asked:
    """A name, and headers of the request."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "GET"


inputs = st.builds(
    Asked,
    texts(PIECES, 6),
    st.lists(st.tuples(st.sampled_from(HEADERS), texts(VALUES, 5).map(one_line)), max_size=2).map(tuple),
    st.sampled_from(["GET", "GET", "HEAD"]),
)


@functools.cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    """The folders, which go with the process."""
    kept = tempfile.TemporaryDirectory()
    folder = Path(kept.name, "folder")
    (folder / "sub").mkdir(parents=True)
    Path(kept.name, "secret.txt").write_bytes(SECRET)
    for name in ("a.txt", "b c.html", "sub/a.txt", "\xe9"):
        (folder / name).write_bytes(b"0123456789 of " + name.encode())
    (folder / "empty").write_bytes(b"")
    return kept


asked: list[Asked] = []
app = Flask("fuzz_files")


def _etag(folder: str) -> str:
    with app.test_request_context():
        response = werkzeug.utils.send_from_directory(folder, "a.txt", flask.request.environ, response_class=Response)
        response.close()
    return str(response.headers["ETag"])


@app.get("/ours")
def ours() -> t.Any:
    """A file by the framework."""
    return flask.send_from_directory(Path(_kept().name, "folder"), asked[-1].path)


@app.get("/theirs")
def theirs() -> t.Any:
    """The same file by Werkzeug."""
    return werkzeug.utils.send_from_directory(
        Path(_kept().name, "folder"), asked[-1].path, flask.request.environ, response_class=Response, max_age=None
    )


def law(wanted: Asked) -> None:
    """A file is sent as Werkzeug sends it, header by header; whatever the name, what lies outside is not found."""
    asked[:] = [wanted]
    tag = _etag(str(Path(_kept().name, "folder")))
    headers = tuple((name, value.replace("<etag>", tag)) for name, value in wanted.headers)
    found, expected = (call(app, Sent(target, wanted.method, headers)) for target in ("/ours", "/theirs"))
    assert found.faults == [], found
    assert found.status < 500, found
    assert (found.status, found.headers, found.body) == (expected.status, expected.headers, expected.body)
    assert SECRET.decode() not in found.body
