"""Reading what was sent: query arguments, forms, JSON, uploaded files small and large."""

from __future__ import annotations

import json
import os
import tempfile
import typing as t
from urllib.parse import parse_qs

from bench.model import Environ, Request, Scenario, Wsgi, bare, flask_app

QUERY = (
    "q=alpine+huts&page=3&size=25&sort=height&order=desc&region=Graub%C3%BCnden&open=yes&from=2026-01-10&to=2026-01-17"
    "&tag=view%20of%20the%20lake"
)
NAMES = ("q", "page", "size", "sort", "order", "region", "open", "from", "to", "tag")
FOUND = "alpine huts|3|25|height|desc|Graubünden|yes|2026-01-10|2026-01-17|view of the lake".encode()

FORM = b"name=Alice+Liddell&email=alice%40example.com&comment=" + b"Curiouser+and+curiouser%21+" * 4
ORDER = {
    "name": "Alice Liddell",
    "email": "alice@example.com",
    "items": [12, 7],
    "note": "Bitte klingeln, grüezi",
    "paid": True,
}
JSON = json.dumps(ORDER).encode()

BOUNDARY = "----bench5d1b7e0c9a"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def multipart(size: int) -> bytes:
    """A form with two fields and one file of that many bytes."""
    fields = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("title", "A view of the lake"), ("album", "winter"))
    )
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture"; filename="lake.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    # Bytes of every value, as a picture has them: line ends and dashes among them.
    pattern = bytes(number * 7 % 256 for number in range(256)) + b"\r\n--not the boundary\r\n"
    content = (pattern * (size // len(pattern) + 1))[:size]
    return fields.encode() + head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def query_arguments() -> Wsgi:
    from flask import request

    app = flask_app()

    @app.get("/")
    def search() -> str:
        return "|".join([request.args[name] for name in NAMES])

    return t.cast(Wsgi, app)


def _bare_query(environ: Environ) -> bytes:
    found = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
    return "|".join([found[name][0] for name in NAMES]).encode()


def form_post() -> Wsgi:
    from flask import request

    app = flask_app()

    @app.post("/")
    def submit() -> str:
        form = request.form
        return f"{form['name']} {form['email']} {len(form['comment'])}"

    return t.cast(Wsgi, app)


def _bare_form(environ: Environ) -> bytes:
    form = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode(), keep_blank_values=True)
    return f"{form['name'][0]} {form['email'][0]} {len(form['comment'][0])}".encode()


def json_post() -> Wsgi:
    from flask import request

    app = flask_app()

    @app.post("/")
    def echo() -> t.Any:
        return request.get_json()

    return t.cast(Wsgi, app)


def _bare_json(environ: Environ) -> bytes:
    data = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    return json.dumps(data, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def upload() -> Wsgi:
    from flask import request

    app = flask_app()

    @app.post("/")
    def receive() -> str:
        picture = request.files["picture"]
        size = picture.stream.seek(0, os.SEEK_END)
        return f"{request.form['title']} in {request.form['album']}: {picture.filename}, {size} bytes"

    return t.cast(Wsgi, app)


def _bare_upload(environ: Environ) -> bytes:
    mark = b"--" + environ["CONTENT_TYPE"].partition("boundary=")[2].encode()
    data = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    fields: dict[bytes, bytes] = {}
    size, filename = 0, b""
    begin = data.find(mark) + len(mark) + 2
    while (end := data.find(b"\r\n" + mark, begin)) > 0:
        content = data.index(b"\r\n\r\n", begin) + 4
        head = data[begin:content]
        if b'filename="' in head:
            filename = head.partition(b'filename="')[2].partition(b'"')[0]
            with tempfile.SpooledTemporaryFile(max_size=500 * 1024) as file:
                size = file.write(memoryview(data)[content:end])
        else:
            fields[head.partition(b'name="')[2].partition(b'"')[0]] = data[content:end]
        begin = end + len(mark) + 4
    return b"%s in %s: %s, %d bytes" % (fields[b"title"], fields[b"album"], filename, size)


def _upload(size: int, bar: float) -> Scenario:
    answer = f"A view of the lake in winter: lake.jpg, {size} bytes".encode()
    request = Request(method="POST", kind=MULTIPART, sent=multipart(size), body=answer)
    return Scenario(upload, bare(_bare_upload), (request,), bar=bar)


SCENARIOS: dict[str, Scenario] = {
    "query arguments": Scenario(query_arguments, bare(_bare_query), (Request(query=QUERY, body=FOUND),), bar=8),
    "form post": Scenario(
        form_post,
        bare(_bare_form),
        (
            Request(
                method="POST",
                kind="application/x-www-form-urlencoded",
                sent=FORM,
                body=b"Alice Liddell alice@example.com 100",
            ),
        ),
        bar=7,
    ),
    "json post": Scenario(
        json_post,
        bare(_bare_json, "application/json"),
        (
            Request(
                method="POST",
                kind="application/json",
                sent=JSON,
                body=json.dumps(ORDER, separators=(",", ":"), sort_keys=True).encode() + b"\n",
                page="json",
                headers={"Content-Type": "application/json"},
            ),
        ),
        bar=8,
    ),
    "multipart 1 kB": _upload(1_000, bar=3),
    "multipart 10 MB": _upload(10_000_000, bar=1.3),
}
