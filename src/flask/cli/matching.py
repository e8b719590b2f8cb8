"""`flask routes --match`: which rule answers a request, with which values, or why none does.

Asked of the app's own URL adapter, the one that a request is matched by; no hook and no view runs.
"""

from __future__ import annotations

import typing as t
import warnings
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, SecurityError
from werkzeug.routing import MapAdapter, RequestRedirect, WebsocketMismatch

from ..debughelpers._routes import Report, report
from ..debughelpers._words import is_ours, place_of, quoted
from .questions import Question

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..app import Flask
    from ..wrappers import Request

REDIRECTS_AT_MOST = 5
_UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket"}


class Answer(t.NamedTuple):
    """What is said, line by line, and whether the app has an answer to the request."""

    lines: list[str]
    found: bool


def explain(app: Flask, question: Question) -> Answer:
    """Say what becomes of a request, redirects followed."""
    lines: list[str] = []
    for _ in range(REDIRECTS_AT_MOST):
        request = _request(app, question)
        adapter: MapAdapter | None = None
        try:
            adapter = _adapter(app, request)
            rule, values = adapter.match(return_rule=True)
        except RequestRedirect as redirect:
            lines.append(f"{question} is redirected ({redirect.code}) to {redirect.new_url}")
            question = Question(question.method, redirect.new_url)
            if urlsplit(redirect.new_url).netloc != request.host:
                return Answer(lines, found=True)
        except HTTPException as error:
            return Answer([*lines, *_refusal(app, question, request, adapter, error)], found=False)
        else:
            return Answer([*lines, *_answer(app, question, rule, values)], found=True)
    return Answer([*lines, f"No more than {REDIRECTS_AT_MOST} redirects are followed."], found=False)


def _request(app: Flask, question: Question) -> Request:
    headers = _UPGRADE if question.for_websocket else None
    return app.test_request_context(question.url, method=question.method, headers=headers).request


def _adapter(app: Flask, request: Request) -> MapAdapter:
    with warnings.catch_warnings():
        # Werkzeug warns of a host that does not belong to the server's name; the explanation says the same.
        warnings.simplefilter("ignore", UserWarning)
        adapter = app.create_url_adapter(request)
    if adapter is None:  # a public method: an app may have replaced it
        raise NotFound
    return adapter


def _answer(app: Flask, question: Question, rule: Rule, values: t.Mapping[str, t.Any]) -> list[str]:
    by_host = app.url_map.host_matching
    facts = {
        "Rule": rule.rule,
        "Host" if by_host else "Subdomain": rule.host if by_host else rule.subdomain,
        "Methods": ", ".join(sorted(rule.methods)) if rule.methods else "any",
        "Values": ", ".join(f"{name} = {value!r}" for name, value in values.items()) or "none",
        "View": _view(app, question, rule),
    }
    told = {name: fact for name, fact in facts.items() if fact}
    width = max(map(len, told))
    lines = [f"{question} is answered by the endpoint {rule.endpoint!r}."]
    return lines + [f"  {name:<{width}}  {fact}" for name, fact in told.items()]


def _view(app: Flask, question: Question, rule: Rule) -> str:
    if question.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
        return "none: OPTIONS is answered automatically"
    view = app.view_functions.get(rule.endpoint)
    if view is None:
        return f"none: no function is registered for {rule.endpoint!r}"
    return str(place_of(view, question.method) or ("Flask's own" if is_ours(view) else quoted(view)))


def _refusal(
    app: Flask, question: Question, request: Request, adapter: MapAdapter | None, error: HTTPException
) -> list[str]:
    if isinstance(error, WebsocketMismatch) or (question.for_websocket and isinstance(error, MethodNotAllowed)):
        kind = "not for WebSockets" if question.for_websocket else "for WebSockets alone"
        return [f"{question} is refused ({error.code}): the rules that match the path are {kind}."]
    if isinstance(error, (NotFound, MethodNotAllowed)):
        return [
            f"{question} is refused ({error.code}).",
            *_hints(app, question, adapter),
            *_told(report(app, request, adapter, error)),
        ]
    if isinstance(error, SecurityError):
        return [f"{question} is refused (400): TRUSTED_HOSTS does not list the host {urlsplit(question.url).netloc!r}."]
    return [f"{question} is refused: {error}"]


def _hints(app: Flask, question: Question, adapter: MapAdapter | None) -> t.Iterator[str]:
    """What a person at a terminal may have missed, and a page of the app's could not know."""
    path = urlsplit(question.url).path
    root = app.config["APPLICATION_ROOT"].rstrip("/")
    if root and f"{path}/".startswith(f"{root}/"):
        yield f"Leave {root!r} out: paths are counted from APPLICATION_ROOT."
    if adapter is None or app.subdomain_matching or app.url_map.host_matching:
        return
    if any(rule.subdomain and rule.rule == adapter.path_info for rule in app.url_map.iter_rules()):
        yield "Rules with a subdomain are only reached in an app that was made with 'subdomain_matching=True'."


def _told(explained: Report) -> t.Iterator[str]:
    """The explanation that a page in debug mode gives, as lines."""
    yield from explained.facts
    if explained.rows:
        yield f"{explained.heading}:"
    for row in explained.rows:
        yield f"  {row.rule}  {row.methods}  ({row.endpoint}){': ' if row.reason else ''}{row.reason}"
