"""Sessions in a signed cookie: read, written, and messages flashed in one request and shown in the next."""

from __future__ import annotations

import base64
import hmac
import json
import typing as t

from bench.model import HTML, Environ, Request, Scenario, StartResponse, Wsgi, flask_app

KEY = b"a key that only this measurement uses"


def session_read() -> Wsgi:
    from flask import session

    app = flask_app()

    @app.get("/login")
    def login() -> str:
        session["user"] = "alice"
        session["visits"] = 7
        return "ok"

    @app.get("/")
    def index() -> str:
        return f"{session['user']} {session['visits']}"

    return t.cast(Wsgi, app)


def session_write() -> Wsgi:
    from flask import session

    app = flask_app()

    @app.get("/login")
    def login() -> str:
        session["user"] = "alice"
        session["visits"] = 7
        return "ok"

    @app.get("/")
    def index() -> str:
        session["visits"] += 1
        return f"{session['user']} {session['visits']}"

    return t.cast(Wsgi, app)


def flash_and_get() -> Wsgi:
    from flask import flash, get_flashed_messages

    app = flask_app()

    @app.post("/save")
    def save() -> str:
        flash("Your picture was saved.")
        return "saved"

    @app.get("/")
    def index() -> str:
        return " ".join([str(message) for message in get_flashed_messages()])

    return t.cast(Wsgi, app)


def signed(data: dict[str, t.Any]) -> str:
    """A cookie that holds some data and cannot be forged."""
    payload = base64.urlsafe_b64encode(json.dumps(data, separators=(",", ":")).encode())
    return f"{payload.decode()}.{hmac.digest(KEY, payload, 'sha1').hex()}"


def verified(environ: Environ) -> dict[str, t.Any]:
    """The data of a request's cookie; empty where it has none or was forged."""
    for piece in environ.get("HTTP_COOKIE", "").split("; "):
        name, _, value = piece.partition("=")
        if name == "session":
            payload, _, mac = value.partition(".")
            if hmac.compare_digest(mac, hmac.digest(KEY, payload.encode(), "sha1").hex()):
                data: dict[str, t.Any] = json.loads(base64.urlsafe_b64decode(payload))
                return data
    return {}


def _bare(view: t.Callable[[str, dict[str, t.Any]], tuple[str, dict[str, t.Any] | None]]) -> t.Callable[[], Wsgi]:
    def application(environ: Environ, start_response: StartResponse) -> t.Iterable[bytes]:
        text, changed = view(environ["PATH_INFO"], verified(environ))
        body = text.encode()
        headers = [("Content-Type", HTML), ("Content-Length", str(len(body))), ("Vary", "Cookie")]
        if changed is not None:
            headers.append(("Set-Cookie", f"session={signed(changed)}; HttpOnly; Path=/"))
        start_response("200 OK", headers)
        return [body]

    return lambda: application


def _bare_read(path: str, session: dict[str, t.Any]) -> tuple[str, dict[str, t.Any] | None]:
    if path == "/login":
        return "ok", {"user": "alice", "visits": 7}
    return f"{session['user']} {session['visits']}", None


def _bare_write(path: str, session: dict[str, t.Any]) -> tuple[str, dict[str, t.Any] | None]:
    if path == "/login":
        return "ok", {"user": "alice", "visits": 7}
    session["visits"] += 1
    return f"{session['user']} {session['visits']}", session


def _bare_flash(path: str, session: dict[str, t.Any]) -> tuple[str, dict[str, t.Any] | None]:
    if path == "/save":
        session.setdefault("flashes", []).append("Your picture was saved.")
        return "saved", session
    return " ".join(session.pop("flashes", [])), session


SCENARIOS: dict[str, Scenario] = {
    "session read": Scenario(
        session_read,
        _bare(_bare_read),
        (Request(body=b"alice 7", own_headers={"Vary": "Cookie"}),),
        bar=8,
        prime=Request("/login", headers={"Set-Cookie": ""}),
    ),
    "session write": Scenario(
        session_write,
        _bare(_bare_write),
        (Request(body=b"alice 8", headers={"Set-Cookie": ""}, own_headers={"Vary": "Cookie"}),),
        bar=5,
        prime=Request("/login", headers={"Set-Cookie": ""}),
    ),
    "flash and get": Scenario(
        flash_and_get,
        _bare(_bare_flash),
        (
            Request("/save", method="POST", body=b"saved", headers={"Set-Cookie": ""}),
            Request(body=b"Your picture was saved.", headers={"Set-Cookie": ""}),
        ),
        bar=5,
    ),
}
