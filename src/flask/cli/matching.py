"""`flask routes --match`: which rule answers a request, with which values, or why none does.

Asked of the app's own URL adapter, the one that a request is matched by; no hook and no view runs.
"""

from __future__ import annotations

import typing as t
import warnings
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, SecurityError
from werkzeug.routing import MapAdapter, RequestRedirect, WebsocketMismatch

from .._routing.nearest import nearest
from .questions import Question

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..app import Flask

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
        try:
            # Werkzeug warns of a host that does not belong to the server's name; `_not_found` says the same.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                adapter = _adapter(app, question)
            rule, values = adapter.match(return_rule=True)
        except RequestRedirect as redirect:
            lines.append(f"{question} is redirected ({redirect.code}) to {redirect.new_url}")
            followed = Question(question.method, redirect.new_url)
            if urlsplit(followed.url).netloc != _host_of(app, question):
                return Answer(lines, found=True)
            question = followed
        except HTTPException as error:
            return Answer([*lines, *_refusal(app, question, error)], found=False)
        else:
            return Answer([*lines, *_answer(app, question, rule, values)], found=True)
    return Answer([*lines, f"No more than {REDIRECTS_AT_MOST} redirects are followed."], found=False)


def _adapter(app: Flask, question: Question) -> MapAdapter:
    scheme = urlsplit(question.url).scheme
    headers = _UPGRADE if scheme in {"ws", "wss"} else None
    request = app.test_request_context(question.url, method=question.method, headers=headers).request
    adapter = app.create_url_adapter(request)
    if adapter is None:  # a public method: an app may have replaced it
        raise NotFound
    return adapter


def _host_of(app: Flask, question: Question) -> str:
    return app.test_request_context(question.url).request.host


def _answer(app: Flask, question: Question, rule: Rule, values: t.Mapping[str, t.Any]) -> list[str]:
    shown = ", ".join(f"{name} = {value!r}" for name, value in values.items())
    automatic = question.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False)
    by_host = app.url_map.host_matching
    facts = {
        "Rule": rule.rule,
        "Host" if by_host else "Subdomain": _domain(app, rule),
        "Methods": _methods(rule),
        "Values": shown or "none",
        "View": "none: OPTIONS is answered automatically" if automatic else _view(app, rule),
    }
    told = {name: fact for name, fact in facts.items() if fact}
    width = max(map(len, told))
    lines = [f"{question} is answered by the endpoint {rule.endpoint!r}."]
    return lines + [f"  {name:<{width}}  {fact}" for name, fact in told.items()]


def _domain(app: Flask, rule: Rule) -> str:
    return (rule.host if app.url_map.host_matching else rule.subdomain) or ""


def _methods(rule: Rule) -> str:
    return ", ".join(sorted(rule.methods)) if rule.methods else "any"


def _view(app: Flask, rule: Rule) -> str:
    import inspect

    view = app.view_functions.get(rule.endpoint)
    if view is None:
        return f"none: no function is registered for {rule.endpoint!r}"
    # A class-based view stands behind a function that was made for it.
    function: t.Any = inspect.unwrap(getattr(view, "view_class", view))
    name = f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', repr(function))}"
    try:
        file = inspect.getsourcefile(function)
        line = inspect.getsourcelines(function)[1]
    except (TypeError, OSError):  # built in, or made where no source is
        return name
    return f"{name} ({file}:{line})"


def _refusal(app: Flask, question: Question, error: HTTPException) -> list[str]:
    if isinstance(error, MethodNotAllowed):
        return _wrong_method(app, question, sorted(error.valid_methods or ()))
    if isinstance(error, WebsocketMismatch):
        kind = "not for WebSockets" if urlsplit(question.url).scheme in {"ws", "wss"} else "for WebSockets alone"
        return [f"{question} is refused (400): the rules that match the path are {kind}."]
    if isinstance(error, SecurityError):
        return [f"{question} is refused (400): TRUSTED_HOSTS does not list the host {urlsplit(question.url).netloc!r}."]
    if isinstance(error, NotFound):
        return _not_found(app, question)
    return [f"{question} is refused: {error}"]


def _wrong_method(app: Flask, question: Question, allowed: list[str]) -> list[str]:
    lines = [f"{question} is refused (405): the path is there, but not for {question.method}."]
    by_rule: dict[int, tuple[Rule, list[str]]] = {}  # by identity: a rule has no hash
    for method in allowed:
        try:
            rule, _ = _adapter(app, question).match(method=method, return_rule=True)
        except HTTPException:  # a redirect, or a rule that only a subclass of the adapter knows
            continue
        by_rule.setdefault(id(rule), (rule, []))[1].append(method)
    lines.append(f"Allowed: {', '.join(allowed)}")
    lines += [f"  {rule.rule}  {', '.join(methods)}  ({rule.endpoint})" for rule, methods in by_rule.values()]
    return lines


def _not_found(app: Flask, question: Question) -> list[str]:
    url = urlsplit(question.url)
    path = url.path or "/"
    lines = [f"{question} is answered by no rule (404)."]
    root = app.config["APPLICATION_ROOT"].rstrip("/")
    if root and f"{path}/".startswith(f"{root}/"):
        lines.append(f"Leave {root!r} out: paths are counted from APPLICATION_ROOT.")

    rules = list(app.url_map.iter_rules())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            adapter = _adapter(app, question)
    except HTTPException:
        return lines
    word = "host" if app.url_map.host_matching else "subdomain"
    here = adapter.server_name if app.url_map.host_matching else adapter.subdomain
    elsewhere = _on_other_domains(app, adapter, {_domain(app, rule) for rule in rules} - {here}, question.method)
    if word == "subdomain" and adapter.subdomain == "<invalid>":
        own = app.config["SERVER_NAME"]
        lines.append(f"The host {url.netloc!r} is neither SERVER_NAME, {own!r}, nor a subdomain of it.")
    if elsewhere:
        lines.append(f"It would be answered on another {word}:")
        lines += [f"  {domain or 'none'}  {rule.rule}  ({rule.endpoint})" for domain, rule in elsewhere.items()]
        if word == "subdomain" and not app.subdomain_matching:
            lines.append("No request reaches that one: the app was made without 'subdomain_matching=True'.")

    reachable = [rule for rule in rules if _domain(app, rule) == here or "<" in _domain(app, rule)]
    near = nearest(app.url_map, reachable, adapter.path_info)
    if near:
        lines.append("Nearest:")
        lines += [f"  {rule.rule}  {_methods(rule)}  ({rule.endpoint}){why and ': ' + why}" for rule, _, why in near]
    elif not elsewhere:
        lines.append("No rule is near to it; 'flask routes' lists all.")
    return lines


def _on_other_domains(app: Flask, adapter: MapAdapter, domains: set[str], method: str) -> dict[str, Rule]:
    """The rules that would answer if only the host or subdomain were another."""
    by_host = app.url_map.host_matching
    found = {}
    for domain in sorted(domain for domain in domains if "<" not in domain):
        there = app.url_map.bind(
            domain if by_host else adapter.server_name,
            script_name=adapter.script_name,
            subdomain=None if by_host else domain,
            url_scheme=adapter.url_scheme,
            path_info=adapter.path_info,
        )
        try:
            found[domain] = there.match(method=method, return_rule=True)[0]
        except HTTPException:
            continue
    return found
