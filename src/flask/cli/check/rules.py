"""Rules that no request can reach, since another one answers first, and endpoints that nothing answers for.

The app's own map is asked which rule wins, by URLs made for the rule in question. No view runs; converters do.
"""

from __future__ import annotations

import typing as t
from collections import defaultdict
from collections.abc import Iterator

from ..._upgrade import answers_websocket
from .findings import Finding, Where, declare
from .project import Project
from .shapes import covers, examples, skeleton
from .views import is_foreign, placed

if t.TYPE_CHECKING:
    from werkzeug.routing import Map, Rule

HIDDEN = declare(
    "flask.R001",
    "error",
    "A rule can never match",
    reason="Another rule matches every URL of it, and comes first: rules that weigh the same are tried as they were"
    " added.",
    remedy="Remove one of them, change one's URL or methods, or add the narrower one first.",
)
PARTLY = declare(
    "flask.R002",
    "warning",
    "A rule can never match for some of its methods",
    reason="Another rule matches every URL of it, comes first, and takes these methods.",
    remedy="Take the methods from one of them.",
)
NO_SUBDOMAIN = declare(
    "flask.R003",
    "error",
    "A rule with a subdomain can never match",
    reason="Subdomains are only looked at in an app with subdomain_matching=True and SERVER_NAME set.",
    remedy="Make it Flask(__name__, subdomain_matching=True), and set SERVER_NAME to the name above all subdomains.",
)
NO_VIEW = declare(
    "flask.R004",
    "error",
    "A rule leads to an endpoint without a view",
    reason="Each request for it is a 500: a rule was added with an endpoint that is misspelt, or whose view came"
    " never.",
    remedy="Register a view for the endpoint, or give add_url_rule its view_func.",
)


def find(app: t.Any, project: Project) -> Iterator[Finding]:
    """What is wrong with the rules."""
    url_map = app.url_map
    rules = [rule for rule in url_map.iter_rules() if _answers(rule)]
    for rule in rules:
        if app.view_functions.get(rule.endpoint) is None and not _is_automatic(rule):
            yield NO_VIEW.found(f"{_named(rule)} has no view", Where(name=str(rule.endpoint)))
        if _is_beyond(app, rule):
            yield NO_SUBDOMAIN.found(
                f"{_named(rule)} is for the subdomain {rule.subdomain!r}, and is never matched",
                placed(app, rule.endpoint, project),
            )
    alike: dict[t.Any, list[Rule]] = defaultdict(list)
    for rule in rules:
        alike[skeleton(rule)].append(rule)
    for peers in alike.values():
        if len(peers) > 1:
            for rule in peers:
                if not is_foreign(app, rule.endpoint):  # nobody but its extension could change it
                    yield from _hidden(app, rule, peers, project)


def _answers(rule: Rule) -> bool:
    """Whether a request can end at a rule: it is not for building alone, and leads to no other one."""
    return not rule.build_only and not rule.alias and rule.redirect_to is None


def _is_automatic(rule: Rule) -> bool:
    return bool(getattr(rule, "provide_automatic_options", False)) and rule.methods == {"OPTIONS"}


def _is_beyond(app: t.Any, rule: Rule) -> bool:
    """Whether a rule has a subdomain that no request is ever found to be for."""
    if not rule.subdomain or app.url_map.host_matching or rule.subdomain == app.url_map.default_subdomain:
        return False
    return not app.subdomain_matching or not app.config.get("SERVER_NAME")


def _hidden(app: t.Any, rule: Rule, peers: list[Rule], project: Project) -> Iterator[Finding]:
    own = own_methods(rule)
    taken = {method: other for method in sorted(own) if (other := hiding(app.url_map, rule, method, peers)) is not None}
    if not taken:
        return
    others = list({id(other): other for other in taken.values()}.values())  # equal rules may have other methods
    if all(_says_the_same(rule, other) for other in others):
        return
    told = " and ".join(_named(other) for other in others)
    where = placed(app, rule.endpoint, project)
    if len(taken) == len(own):
        yield HIDDEN.found(f"{_named(rule)} can never match: {told} always matches first", where)
    else:
        yield PARTLY.found(f"{_named(rule)} can never match {', '.join(taken)}: {told} always matches first", where)


def hiding(url_map: Map, rule: Rule, method: str, peers: t.Iterable[Rule]) -> Rule | None:
    """The rule that answers each request for a rule and a method in its stead; None if there is none, or no knowing."""
    broader = [
        other
        for other in peers
        if other is not rule and (other.methods is None or method in other.methods) and covers(other, rule)
    ]
    if not broader:
        return None
    # One URL that both take tells which of the two comes first, and that is the same for all of them.
    winners = {id(_winner(url_map, rule, path, method)) for path in examples(rule)}
    if id(rule) in winners:
        return None
    return next((other for other in broader if id(other) in winners), None)


def own_methods(rule: Rule) -> set[str]:
    """The methods that somebody wrote: HEAD beside GET and OPTIONS come by themselves."""
    if answers_websocket(rule) or rule.methods is None:
        return {"GET"}
    methods = set(rule.methods)
    return methods - {"OPTIONS"} - ({"HEAD"} if "GET" in methods else set()) or methods


def _says_the_same(rule: Rule, other: Rule) -> bool:
    """Whether the view cannot tell which of the two it was called by."""
    same = rule.endpoint == other.endpoint and rule.arguments == other.arguments
    return same and (rule.defaults or {}) == (other.defaults or {})


def _winner(url_map: Map, rule: Rule, path: str, method: str) -> Rule | None:
    """The rule that a request ends at; the rule in question where there is no telling: then nothing is said of it."""
    from werkzeug.exceptions import HTTPException, NotFound
    from werkzeug.routing import RequestRedirect

    host = rule.host if url_map.host_matching and rule.host else "localhost"
    try:
        subdomain = None if url_map.host_matching else rule.subdomain or ""
        adapter = url_map.bind(host, subdomain=subdomain)
        return adapter.match(path, method, return_rule=True, websocket=answers_websocket(rule))[0]
    except (NotFound, RequestRedirect):
        return None
    except HTTPException:
        return rule
    except Exception:  # noqa: BLE001 - a converter of the application's, perhaps one that asks a database
        return rule


def _named(rule: Rule) -> str:
    methods = "WebSocket" if answers_websocket(rule) else ", ".join(sorted(own_methods(rule)))
    return f"{rule.rule!r} ({methods}, {rule.endpoint!r})"
