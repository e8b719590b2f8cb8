"""Why `url_for` could not build a URL: no such endpoint and which ones are close, or which values its rules lack.

It reads the URL map and asks converters; no URL is built here, and no handler called.
"""

from __future__ import annotations

import difflib
import os
import typing as t

from .._routing.rules import converters_of
from ._nearest import Asked, compare, taken_by
from ._words import listed, methods_of, quoted, shortened

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..ctx import RequestContext
    from ..sansio.app import App

RULES_AT_MOST = 5
ENDPOINTS_AT_MOST = 3_000
_OPTIONS = ("_anchor", "_method", "_scheme", "_external")  # of `url_for`, put among the values when it fails


def lines(app: App, endpoint: t.Any, values: dict[str, t.Any], context: RequestContext | None) -> t.Iterator[str]:
    """What to tell of a URL that could not be built; `context` is that of the current request."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    if rules:
        given = {name: value for name, value in values.items() if name not in _OPTIONS}
        yield from _unsuited(endpoint, rules, given, values.get("_method"))
    else:
        yield from _unknown(app, endpoint, None if context is None else context.request.blueprint)


# --- the endpoint exists -------------------------------------------------------------------------------------------


def _unsuited(endpoint: t.Any, rules: list[Rule], given: dict[str, t.Any], method: str | None) -> t.Iterator[str]:
    yield f"The endpoint {quoted(endpoint)} has the rule{'s' * (len(rules) > 1)}:"
    for rule in rules[:RULES_AT_MOST]:
        problems = "; ".join(_problems(rule, given, method)) or "nothing is wrong that could be found"
        yield f"  {shortened(rule.rule)}: {problems}"
    if len(rules) > RULES_AT_MOST:
        yield f"  and {len(rules) - RULES_AT_MOST} more"


def _problems(rule: Rule, given: dict[str, t.Any], method: str | None) -> t.Iterator[str]:
    if method is not None and rule.methods is not None and method not in rule.methods:
        yield f"it takes {methods_of(rule.methods)}, not {quoted(method)}"
    fixed = dict(rule.defaults or {})
    missing = sorted(name for name in rule.arguments if name not in fixed and given.get(name) is None)
    for name in missing:
        yield f"{quoted(name)} is None, which counts as missing" if name in given else f"{quoted(name)} is missing"
    for name, value in fixed.items():
        # As Werkzeug compares them; what a default is compared with may be anything.
        if given.get(name) is not None and value != given[name]:
            yield f"{quoted(name)} is always {quoted(value)} there, not {quoted(given[name])}"
    for name, converter in converters_of(rule).items():
        if given.get(name) is not None and name not in fixed:
            try:
                converter.to_url(given[name])
            except Exception as error:  # noqa: BLE001 - a converter of the application's may raise anything
                kind = type(given[name]).__name__
                yield f"{quoted(name)} takes {taken_by(converter)}, not {quoted(given[name])}, a {shortened(kind, 40)}"
                if type(error).__str__ is Exception.__str__ and str(error):
                    yield f"its converter says: {shortened(error)}"
    others = sorted(name for name in given if name not in rule.arguments)
    if missing and others:
        yield f"{listed(others)} would only go into the query"


# --- it does not ---------------------------------------------------------------------------------------------------


def _unknown(app: App, endpoint: t.Any, blueprint: str | None) -> t.Iterator[str]:
    names: dict[str, None] = {}  # in the order of the rules, each once
    for rule in app.url_map.iter_rules():
        if isinstance(rule.endpoint, str) and len(names) < ENDPOINTS_AT_MOST:
            names[rule.endpoint] = None
    text = str(endpoint)[:500]
    found = [line for part in (_relative, _half_registered, _path) for line in part(app, text, names, blueprint)]
    yield f"There is no endpoint {quoted(endpoint)}."
    found = found or list(_no_blueprint(app, text))
    yield from found
    close = _close(text, names)
    if close:
        yield f"Close to it: {listed(close, 'and')}."
    elif not found:
        yield f"The endpoints are {listed(names, 'and', at_most=10)}." if names else "The app has no endpoint at all."


def _close(text: str, names: t.Iterable[str]) -> list[str]:
    """Endpoints of that name in other blueprints, then those with a similar name."""
    last = text.rpartition(".")[2]
    same = [name for name in names if name.rpartition(".")[2] == last]
    similar = difflib.get_close_matches(text, names, n=3)
    return list(dict.fromkeys([*same[:3], *similar]))


Names: t.TypeAlias = t.Mapping[str, None]


def _relative(app: App, text: str, names: Names, blueprint: str | None) -> t.Iterator[str]:
    """A name without the blueprint that it is in, or within a blueprint one that is the application's."""
    if not blueprint:
        return
    inside = f"{blueprint}.{text}"
    if inside in names:
        yield (
            f"This request is in the blueprint {quoted(blueprint)}: write url_for({quoted('.' + text)}), with a leading"
            f" dot, or url_for({quoted(inside)})."
        )
    outside = text.removeprefix(f"{blueprint}.")
    if outside != text and outside in names:
        yield f"{quoted(outside)} is an endpoint outside of the blueprint {quoted(blueprint)}: write no dot in front."


def _half_registered(app: App, text: str, names: Names, blueprint: str | None) -> t.Iterator[str]:
    """A view without a rule, or the name of a function whose endpoint is called otherwise."""
    if text in app.view_functions:
        yield "A view function is registered for it, but no rule leads there: was 'add_url_rule' forgotten?"
        return
    for endpoint, view in app.view_functions.items():
        if getattr(view, "__name__", None) == text and endpoint in names and endpoint.rpartition(".")[2] != text:
            yield f"The view function of that name has the endpoint {quoted(endpoint)}."
            return


def _path(app: App, text: str, names: Names, blueprint: str | None) -> t.Iterator[str]:
    """A path in place of an endpoint, or the name of a static file."""
    folder = getattr(app, "static_folder", None)
    if folder is not None and "static" in names:
        file = text.removeprefix("/").removeprefix(f"{(app.static_url_path or '').strip('/')}/")
        if "." in file and ".." not in file and "\0" not in file and os.path.isfile(os.path.join(folder, file)):
            yield f"It is a static file: write url_for('static', filename={quoted(file)})."
            return
    if not text.startswith("/"):
        return
    yield "It is a path; 'url_for' takes the name of an endpoint and makes the path from it."
    for rule in app.url_map.iter_rules():
        if compare(rule, Asked(text, "GET")).nearness == 1:
            yield f"The rule {quoted(rule.rule)} has the endpoint {quoted(rule.endpoint)}."
            return


def _no_blueprint(app: App, text: str) -> t.Iterator[str]:
    """What stands before the last dot names a blueprint, and there is none of that name."""
    prefix = text.rpartition(".")[0]
    if prefix and prefix not in app.blueprints:
        known = f"; those that are: {listed(app.blueprints)}" if app.blueprints else ""
        yield f"No blueprint is registered as {quoted(prefix)}{known}."
