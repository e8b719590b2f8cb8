"""The app that is served: a view for each feature. What some are given they note in the file that SOAK_NOTES names.

It knows nothing of what it is asked for, and is the same on every interface.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
import time
import typing as t

import flask
from flask import EventStream, Flask, Response, ServerSentEvent, redirect, request, session, url_for, websocket

PIECE = b"0123456789abcdef" * 4096
FAILURE = "a failure that was asked for"

app = Flask(__name__)
app.secret_key = "d7d3b8f0a2c94e5f8b1e6a4c3f2d1e0b"
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024
_notes = os.open(os.environ.get("SOAK_NOTES", os.devnull), os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)


def note(what: str, **more: t.Any) -> None:
    """Write a line, whole, whatever other processes write at the time."""
    os.write(_notes, json.dumps({"what": what, **more}).encode() + b"\n")


@app.get("/who")
def who() -> dict[str, t.Any]:
    return {
        "process": os.getpid(),
        "files": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0,
        "left": sorted(os.listdir(tempfile.gettempdir())),
    }


@app.get("/hello/<name>")
def hello(name: str) -> str:
    return f"Hello, {name}!"


@app.get("/page/<int:number>")
def page(number: int) -> str:
    return flask.render_template("page.html", title=f"<{number}>", items=[number, "x"])


@app.get("/session/<int:number>")
def keep(number: int) -> dict[str, t.Any]:
    before = session.get("number")
    session["number"] = number
    return {"before": before}


@app.post("/form")
def form() -> dict[str, t.Any]:
    return request.form.to_dict()


@app.post("/json")
def take_json() -> t.Any:
    return flask.jsonify(request.get_json())


@app.post("/upload/<token>")
def upload(token: str) -> dict[str, t.Any]:
    """Take a form with a file; large ones are kept in a temporary file meanwhile."""
    data = request.files["file"].read()
    note("upload", token=token, size=len(data))
    return {"size": len(data), "digest": hashlib.sha256(data).hexdigest()}


@app.post("/body/<token>")
def body(token: str) -> dict[str, t.Any]:
    data = request.get_data()
    note("body", token=token, size=len(data))
    return {"size": len(data)}


@app.get("/download/<token>/<int:pieces>")
def download(token: str, pieces: int) -> Response:
    def made() -> t.Iterator[bytes]:
        note("begun", token=token)
        try:
            for _ in range(pieces):
                yield PIECE
        finally:
            note("ended", token=token)

    return Response(made(), mimetype="application/octet-stream")


@app.get("/stream/<int:number>")
def stream(number: int) -> Response:
    return Response(flask.stream_with_context(f"{number} {request.path}\n" for _ in range(3)), mimetype="text/plain")


@app.get("/breaks")
def breaks() -> Response:
    def made() -> t.Iterator[str]:
        yield "so far so good\n"
        time.sleep(0.05)
        raise RuntimeError(FAILURE)

    return Response(made(), mimetype="text/plain")


@app.get("/events/<int:number>")
def events(number: int) -> Response:
    return EventStream(ServerSentEvent({"tick": step}, event="tick", id=str(number + step)) for step in range(3))


@app.get("/async/<int:number>")
async def wait(number: int) -> str:
    await asyncio.sleep(0.001)
    return f"waited {number}"


@app.get("/sleep/<int:milliseconds>")
def sleep(milliseconds: int) -> str:
    time.sleep(milliseconds / 1000)
    return f"slept {milliseconds}"


@app.get("/descriptors/<int:milliseconds>")
def descriptors(milliseconds: int) -> dict[str, t.Any]:
    """Hold every file that this process may still open."""
    held: list[int] = []
    try:
        while True:
            held.append(os.dup(_notes))
    except OSError:
        time.sleep(milliseconds / 1000)
    finally:
        for one in held:
            os.close(one)
    return {"held": len(held)}


@app.get("/fail/<name>")
def fail(name: str) -> t.NoReturn:
    raise RuntimeError(FAILURE)


@app.get("/leave/<name>")
def leave(name: str) -> t.Any:
    return redirect(url_for("hello", name=name))


@app.get("/file/<int:number>")
def file(number: int) -> Response:
    return flask.send_from_directory(app.static_folder or "", "soak.txt", max_age=number % 100)


@app.websocket("/echo/<name>")
async def echo(name: str) -> None:
    await websocket.accept()
    async for message in websocket:
        await websocket.send(f"{name} {message!s}")


@app.route("/seen/<token>/<part>", methods=["GET", "POST", "PUT", "OPTIONS"])
def seen(token: str, part: str) -> dict[str, t.Any]:
    """Note all of a request that its framing, or a header in another's clothes, could have changed."""
    data = request.get_data()
    note(
        "seen",
        token=token,
        part=part,
        size=len(data),
        host=request.host,
        user=request.headers.get("X-Auth-User"),
        trailer=request.headers.get("X-Trailer"),
    )
    return {"part": part, "size": len(data)}


if os.environ.get("SOAK_QUIET"):
    app.logger.disabled = True  # errors that were asked for, thousands of times
