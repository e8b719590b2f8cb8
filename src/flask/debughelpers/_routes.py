"""What a 404 or 405 of the routing has to tell in debug mode: the rules that come nearest, or the methods allowed.

It asks the URL map again and matches nothing for the application: the error and what it was stay as they are.
"""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RoutingException

from ._nearest import Asked, nearest
from ._words import is_ours, methods_of, place_of, quoted, shortened

if t.TYPE_CHECKING:
    from werkzeug.routing import MapAdapter, Rule

    from ..sansio.app import App
    from ..wrappers import Request

ROWS_AT_MOST = 6
METHODS_AT_MOST = 20


class Row(t.NamedTuple):
    """What is shown of one rule."""

    methods: str
    rule: str
    endpoint: str
    view: str
    reason: str


class Report(t.NamedTuple):
    """What is told below the standard sentences of an error page."""

    asked: str
    facts: list[str]
    heading: str
    rows: list[Row]
    rules: int


def report(app: App, request: Request, adapter: MapAdapter | None, error: HTTPException) -> Report:
    """Put together what is known of a request that no rule answers."""
    asked = f"{shortened(request.method, 20)} {shortened(request.path)}"
    if isinstance(error, MethodNotAllowed):
        return _not_allowed(app, request, adapter, error, asked)
    return _not_found(app, request, adapter, asked)


# --- 404 ------------------------------------------------------------------------------------------------------------


def _not_found(app: App, request: Request, adapter: MapAdapter | None, asked: str) -> Report:
    rules = list(app.url_map.iter_rules())
    by_host = app.url_map.host_matching
    domain = "" if adapter is None else (adapter.server_name if by_host else adapter.subdomain) or ""
    facts = []
    if not by_host and domain == "<invalid>":
        domain = ""
        facts.append(
            f"The request came to the host {quoted(request.host)}, which is not below SERVER_NAME,"
            f" {quoted(app.config['SERVER_NAME'])}: with subdomain matching no rule answers there."
        )
    if all(rule.endpoint == "static" for rule in rules):
        there = "No rule but that of static files is registered." if rules else "No rule is registered."
        facts.append(f"{there} Were the modules with the views imported?")
    found = nearest(rules, Asked(request.path, request.method, domain, by_host), ROWS_AT_MOST)
    if found:
        rows = [_row(app, near.rule, near.reason, request.method) for near in found]
        return Report(asked, facts, "The rules that come nearest", rows, len(rules))
    rules.sort(key=lambda rule: rule.endpoint == "static")  # the one that nobody wrote comes last
    rows = [_row(app, rule, "", request.method) for rule in rules[:ROWS_AT_MOST]]
    heading = "No rule comes near" + (f". The first of {len(rules)}" if len(rules) > len(rows) else "")
    return Report(asked, facts, heading, rows, len(rules))


# --- 405 ------------------------------------------------------------------------------------------------------------


def _not_allowed(app: App, request: Request, adapter: MapAdapter | None, error: MethodNotAllowed, asked: str) -> Report:
    methods = sorted(error.valid_methods or ())
    shown = methods_of(methods) if methods else "none"
    facts = [f"A rule answers to the path, but not to {shortened(request.method, 20)}. Allowed: {shown}."]
    rules = _rules_for(adapter, methods[:METHODS_AT_MOST])
    if rules:
        facts.append(_remedy(app, rules[0], request.method))
    rows = [_row(app, rule, "", request.method) for rule in rules[:ROWS_AT_MOST]]
    return Report(asked, facts, "The rules that answer there", rows, sum(1 for _ in app.url_map.iter_rules()))


def _rules_for(adapter: MapAdapter | None, methods: list[str]) -> list[Rule]:
    """The rules that the path has for these methods, each once."""
    found: list[Rule] = []
    if adapter is None:
        return found
    for method in methods:
        try:
            rule, _ = adapter.match(method=method, return_rule=True)
        except (HTTPException, RoutingException):
            continue
        if not any(rule is each for each in found):
            found.append(rule)
    return found


def _remedy(app: App, rule: Rule, method: str) -> str:
    method = shortened(method, 20)
    wanted = "GET" if method == "HEAD" else method  # GET brings HEAD along
    kind = getattr(app.view_functions.get(rule.endpoint), "view_class", None)
    if isinstance(kind, type) and is_ours(getattr(kind, "dispatch_request", None)):  # a MethodView
        name = shortened(kind.__qualname__)
        return f"For {method} to be answered, the class {name!r} needs a method {wanted.lower()!r}."
    methods = sorted({*(rule.methods or ())} - {"HEAD", "OPTIONS"} | {wanted})
    return f"For {method} to be answered, register the rule with methods={methods!r}."


# --- a rule ---------------------------------------------------------------------------------------------------------


def _row(app: App, rule: Rule, reason: str, method: str) -> Row:
    place = place_of(app.view_functions.get(rule.endpoint), method)
    domain = rule.host if app.url_map.host_matching else rule.subdomain
    shown = f"{domain} {rule.rule}" if domain else rule.rule
    return Row(methods_of(rule.methods), shortened(shown), shortened(rule.endpoint), str(place or ""), reason)
