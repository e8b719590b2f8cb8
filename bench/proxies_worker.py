"""One process of the proxies' measurement: what an access costs inside a view; prints nanoseconds as JSON.

Run by `python -m bench proxies` as `python -m bench.proxies_worker`.
"""

from __future__ import annotations

import io
import json
import time
import typing as t

from bench.model import Request, flask_app
from bench.worker import ask, cookies_in

ACCESSES = (
    "request.method",
    "request.args",
    'session["x"]',
    "g.x",
    "current_app.config",
)
REPEATED = 50  # in one turn of the loop, so that the loop itself is next to nothing
SECONDS = 0.1


def nanoseconds(access: str, names: dict[str, t.Any]) -> float:
    """The fastest of many short spells of one access."""
    source = "def spell(turns):\n    for _ in turns:\n" + f"        {access}\n" * REPEATED
    exec(compile(source, f"<{access}>", "exec"), names)
    spell, turns = names["spell"], range(40)
    best = float("inf")
    end = time.process_time() + SECONDS
    while time.process_time() < end:
        begin = time.process_time()
        spell(turns)
        best = min(best, time.process_time() - begin)
    return best / len(turns) / REPEATED * 1e9


def main() -> None:
    from flask import current_app, g, request, session

    app = flask_app()
    found: dict[str, float] = {}

    @app.get("/login")
    def login() -> str:
        session["x"] = "value"
        return "ok"

    @app.get("/")
    def index() -> str:
        g.x = "value"
        names = {"request": request, "session": session, "g": g, "current_app": current_app}
        for access in ACCESSES:
            eval(access, dict(names))  # what is built on first use is there
            found[access] = nanoseconds(access, names)
        return f"{request.method} {request.args['q']} {session['x']} {g.x} {current_app.config['DEBUG']}"

    cookies = cookies_in(ask(app, {**Request("/login").environ({}), "wsgi.input": io.BytesIO()})[1])
    environ = {**Request(query="q=1").environ({"HTTP_COOKIE": cookies}), "wsgi.input": io.BytesIO()}
    status, _, data = ask(app, environ)
    if (status, data) != ("200 OK", b"GET 1 value value False"):
        raise SystemExit(f"wrong answer: {status} {data[:200]!r}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
