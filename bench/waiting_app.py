"""An application whose requests wait, each with a token that it has to find again afterwards; on ours or on Quart.

Every request of `/wait` and `/members/wait` puts its token where requests keep theirs: the session, `g`, a context
variable. Then it waits, and answers with what it finds there. `/members/` is behind Flask-Login (ours alone).
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import os
import typing as t

from bench import held

if t.TYPE_CHECKING:
    from flask import Flask

TOKEN: contextvars.ContextVar[str] = contextvars.ContextVar("token")


class Gate:
    """Where requests wait: for a time, or until as many as are wanted have come, and then for a time."""

    def __init__(self) -> None:
        self.waiting = self.most = 0
        self.held: dict[str, int] = {}
        self._wanted = 0
        self._open = asyncio.Event()

    def close(self, wanted: int) -> None:
        """Keep those who come until so many are there; 0 keeps nobody."""
        self.waiting = self.most = 0
        self.held, self._wanted, self._open = {}, wanted, asyncio.Event()

    async def passed(self, seconds: float) -> None:
        """Wait; what the process holds is noted when the last of those that are wanted has come."""
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            if self.waiting == self._wanted:
                self.held = held.now()
                self._open.set()
            if self._wanted:
                await self._open.wait()
            await asyncio.sleep(seconds)
        finally:
            self.waiting -= 1


def application(side: str) -> Flask:
    """The application, its sessions in a signed cookie."""
    framework = importlib.import_module("quart" if side == "quart" else "flask")
    g, request, session = framework.g, framework.request, framework.session
    app: Flask = (framework.Quart if side == "quart" else framework.Flask)("waiting")
    app.secret_key = "a key that only this measurement uses"
    gate = Gate()

    @app.before_request
    def remember() -> None:
        """A synchronous hook: what it sets is there in the view, wherever it runs."""
        g.token = session.get("token")

    @app.get("/")
    async def index() -> str:
        return "Hello, World!"

    @app.get("/enter/<token>")
    async def enter(token: str) -> str:
        session["token"] = token
        return "entered"

    async def waited() -> dict[str, t.Any]:
        TOKEN.set(request.args["token"])
        await gate.passed(float(request.args["seconds"]))
        session["waited"] = request.args["token"]
        return {"session": session["token"], "g": g.token, "context": TOKEN.get(), "argument": request.args["token"]}

    @app.get("/wait")
    async def wait() -> dict[str, t.Any]:
        return await waited()

    @app.get("/leave")
    async def leave() -> dict[str, t.Any]:
        return {"waited": session["waited"]}

    @app.get("/gate/<int:wanted>")
    async def close(wanted: int) -> dict[str, int]:
        gate.close(wanted)
        return held.altogether()

    @app.get("/gate")
    async def seen() -> dict[str, t.Any]:
        return {"most": gate.most, **gate.held}

    if side != "quart":
        _add_members(app, waited)
    return app


def _add_members(app: Flask, waited: t.Callable[[], t.Awaitable[dict[str, t.Any]]]) -> None:
    """The part that is behind a login, by the extension as it is published."""
    flask_login: t.Any = importlib.import_module("flask_login")
    logins = flask_login.LoginManager(app)

    class User(flask_login.UserMixin):  # type: ignore[misc]
        def __init__(self, token: str) -> None:
            self.id = token

    logins.user_loader(User)

    @app.get("/members/enter/<token>")
    async def join(token: str) -> str:
        from flask import session

        session["token"] = token
        flask_login.login_user(User(token))
        return "entered"

    async def wait_as_a_member() -> dict[str, t.Any]:
        return {**await waited(), "user": flask_login.current_user.id}

    app.get("/members/wait")(flask_login.login_required(wait_as_a_member))


side = os.environ.get("BENCH_SIDE", "ours")
app = application(side)
asgi: t.Any = app if side == "quart" else app.asgi_app
