"""How the project is served, as far as its own files tell: by which server, and whether that suits the application.

Where nothing is found in the files nothing is said.
"""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Iterator

from ..._upgrade import answers_websocket
from .commands import Command, commands, gunicorn_settings, variables
from .findings import Finding, Where, declare
from .project import Project
from .settings import DEBUG

ASYNC_ON_WSGI = declare(
    "flask.D001",
    "warning",
    "There are async views, and the app is served by WSGI",
    reason="By WSGI a view that waits holds a thread of the server all that time, so async gains nothing there.",
    remedy="Serve it by ASGI or RSGI: flask serve, granian --interface rsgi, or uvicorn app:app.asgi_app.",
)
SOCKETS_ON_WSGI = declare(
    "flask.D002",
    "error",
    "There are WebSockets, and the app is served by WSGI",
    reason="WSGI knows no WebSockets: each is refused.",
    remedy="Serve it by ASGI or RSGI: flask serve, granian --interface rsgi, or uvicorn app:app.asgi_app.",
)
DEVELOPMENT = declare(
    "flask.D003",
    "error",
    "The development server is what the project deploys",
    reason="It is not made for an attacker, for many clients, nor to run for long.",
    remedy="Use a server for production: flask serve, gunicorn, uvicorn, Granian.",
)

_TRUE = ("1", "true", "yes", "on", "t", "y")


def find(app: t.Any, project: Project) -> Iterator[Finding]:
    """What is wrong with how the app is served."""
    served = commands(project)
    for command in served:
        if command.server == "flask" and "run" in command.words:
            yield DEVELOPMENT.found("'flask run' serves in production", command.where)
        if command.server == "flask" and command.has("--debug"):
            yield DEBUG.found("Debug mode is on: the command has --debug", command.where)
    for name, value, where in variables(project):
        if name == "FLASK_DEBUG" and value.lower() in _TRUE and where.file:
            yield DEBUG.found(f"Debug mode is on: FLASK_DEBUG is {value!r}", where)
    place = _by_wsgi(project, served)
    if place is None:
        return
    sockets = [rule.endpoint for rule in app.url_map.iter_rules() if answers_websocket(rule)]
    if sockets:
        yield SOCKETS_ON_WSGI.found(f"{_counted(sockets, 'WebSocket')}, and the app is served by WSGI", place)
    views = [endpoint for endpoint, view in app.view_functions.items() if is_async(view) and endpoint not in sockets]
    if views:
        yield ASYNC_ON_WSGI.found(f"{_counted(views, 'async view')}, and the app is served by WSGI", place)


def is_async(view: t.Any) -> bool:
    """Whether a view, or a method of a class-based one, is asynchronous."""
    methods = [getattr(kind, name, None) for kind in (getattr(view, "view_class", None),) if kind for name in _METHODS]
    return any(_is_async(each) for each in (view, *methods) if each is not None)


_METHODS = ("dispatch_request", "get", "post", "put", "patch", "delete", "head", "options")


def _is_async(function: t.Any) -> bool:
    function = inspect.unwrap(function)
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _counted(endpoints: list[str], what: str) -> str:
    first = sorted(endpoints)[0]
    return (
        f"'{first}' is a {what}"
        if what[0] not in "aeiou" and len(endpoints) == 1
        else (f"'{first}' is an {what}" if len(endpoints) == 1 else f"There are {len(endpoints)} {what}s, as '{first}'")
    )


def _by_wsgi(project: Project, served: list[Command]) -> Where | None:
    """Where it is said that the app is served by WSGI, and nowhere that it is served otherwise."""
    kinds = [(_interface(command, project), command.where) for command in served]
    if any(kind == "other" for kind, _ in kinds):
        return None
    places = [where for kind, where in kinds if kind == "wsgi"]
    places += [
        where for name, value, where in variables(project) if name == "FLASK_SERVE_INTERFACE" and value == "wsgi"
    ]
    places += [project.where(path) for path in project.files(r"uwsgi\.(ini|ya?ml|xml|json)")]
    return places[0] if places else None


def _interface(command: Command, project: Project) -> str | None:
    server = command.server
    if server in ("waitress-serve", "uwsgi", "mod_wsgi-express"):
        return "wsgi"
    if server in ("uvicorn", "hypercorn", "daphne"):
        return "wsgi" if command.value("--interface") == "wsgi" else "other"
    if server == "granian":
        return "wsgi" if command.value("--interface") == "wsgi" else "other"
    if server == "gunicorn":
        by_file = gunicorn_settings(project).get("worker_class", ("sync", None))[0]
        worker = str(command.value("-k", "--worker-class") or by_file)
        return "other" if any(name in worker.lower() for name in ("uvicorn", "asgi", "hypercorn")) else "wsgi"
    if server == "flask" and "serve" in command.words:
        chosen = command.value("--interface")
        return chosen and ("wsgi" if chosen == "wsgi" else "other")
    return None
