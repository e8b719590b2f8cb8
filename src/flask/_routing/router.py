"""Answers "which rule serves this path" and "what is the URL of this endpoint" where the answer is certain.

It may say yes, or surely no, or that Werkzeug must be asked; it may never say what Werkzeug's `MapAdapter` would not.
"""

from __future__ import annotations

import re
from typing import Any

from werkzeug.routing import Map, Rule

from .arguments import WHOLE, Names
from .binding import Rule as OwnRule
from .builder import Build, builder, decline
from .compiler import ABSENT, ODD, Absent, Finder, Search, survey
from .rules import Mark, State, endpoints_of, guard_foreign, mark_of, place_mark, sorts_plainly, tree_of

__all__ = ["ABSENT", "ROUTER", "Absent", "Found", "Router", "arguments_of"]

Found = tuple[Rule, Any, Names | None]
_PLAIN = (OwnRule, Rule)


class Compiled(Mark):
    """A map's rules in the form that answers; `rules` tells what throws it out.

    It is put into the map before the rules are read, so no change can fall between; until it is filled it declines.
    """

    __slots__ = ("builders", "domain", "endpoints", "exact", "find", "sources", "sure")

    def __init__(self, url_map: Map) -> None:
        self.domain = url_map.default_subdomain
        self.exact: dict[str, list[Rule]] = {}
        self.find: Search = _ask
        #: Whether a path that `find` does not know is known to nobody.
        self.sure = False
        self.endpoints = endpoints_of(url_map)
        self.builders: dict[Any, Build] = {}
        self.sources: dict[str, str] = {}

    def fill(self, url_map: Map) -> None:
        tree = tree_of(url_map, self.domain or "")
        if tree is None:
            return
        start = tree.start or State()
        static = survey(start)
        finder = Finder(start, static, self.sources)

        def first(path: str, method: str) -> Any:
            self.find = find = finder.whole()
            return find(path, method)

        self.exact, self.find, self.sure = static.exact, first, tree.sure

    def builder(self, endpoint: Any) -> Build:
        rules = self.endpoints.get(endpoint)
        if not rules:
            # Not kept: an endpoint that nobody has comes from outside.
            return decline
        # Werkzeug looks the endpoint up by equality, and so does this table.
        self.builders[endpoint] = made = builder(endpoint, rules, self.domain or "", self.sources)
        return made


def _is_provided_for(rule: Rule, peers: list[Rule]) -> bool:
    """Whether one of the endpoint's rules that are tried before this one may say the same without its variables."""
    for peer in peers:
        if peer is rule:
            break
        if (peer.defaults or type(peer) not in _PLAIN) and peer.provides_defaults_for(rule):
            return True
    return False


def arguments_of(found: Found) -> dict[str, Any]:
    """The view arguments of what was found, in a dictionary of its own."""
    _, values, names = found
    return {} if names is None else names.arguments(values)


def _next(rules: list[Rule], method: str) -> Rule | None:
    """The first of the rules that serves a method."""
    for rule in rules:
        if rule.methods is None or method in rule.methods:
            return rule
    return None


def _ask(path: str, method: str) -> Any:
    return None


class Router:
    """The fast way through any Werkzeug `Map`, for requests to its default subdomain.

    The compiled form lives in the map, so that it goes when rules come, and one router serves maps that are swapped.
    """

    __slots__ = ()

    def match(self, url_map: Map, method: str, path: str) -> Found | Absent | None:
        """The rule, the values for its view and their names, which make arguments of them; None twice for no values.

        ABSENT where Werkzeug raises NotFound for every method; None to ask it.

        `method` in upper case; `path` decoded, with or without its leading slash.
        """
        form: Any = url_map._remap  # PERF: `mark_of` without its call, at every request
        if type(form) is not Compiled or url_map.default_subdomain is not form.domain or url_map.host_matching:
            form = _compile(url_map)
            if form is None:
                return None
        found: Any
        exact = form.exact
        if path in exact:
            rules = exact[path]
            rule = rules[0]
            methods = rule.methods
            if methods is not None and method not in methods:
                rule = _next(rules, method)
                if rule is None:
                    return None
            if rule.websocket:
                return None
            found = rule, None, None
        else:
            try:
                found = form.find(path, method)
            except ValueError:
                # Digits that are not ASCII, or more of them than a number may have.
                return None
            if type(found) is not tuple:
                return self._none(form, url_map, method, path, found)
            rule = found[0]
        # What may still redirect or add to the arguments: all of it is read live.
        if rule.alias or rule.redirect_to is not None:
            return None
        if rule.defaults:
            arguments = arguments_of(found)
            arguments.update(rule.defaults)
            found = rule, arguments, WHOLE
        if url_map.redirect_defaults:
            try:
                peers = form.endpoints[rule.endpoint]
            except KeyError:
                return None
            if peers[0] is not rule and _is_provided_for(rule, peers):
                return None
        return found  # type: ignore[no-any-return]  # PERF: a cast is a call

    def guard(self, url_map: Map) -> None:
        """To be called before Werkzeug is asked what `match` was not: no path may make that slow."""
        guard_foreign(url_map)

    def _none(self, form: Compiled, url_map: Map, method: str, path: str, found: object) -> Found | Absent | None:
        if found is ODD:
            return self.match(url_map, method, "/" + path.lstrip("/")) if path else None
        if found is not ABSENT or not form.sure:
            return None
        if "//" in path and url_map.merge_slashes:
            # Werkzeug looks again with single slashes, to redirect there.
            return None if self.match(url_map, method, re.sub("/{2,}", "/", path)) is not ABSENT else ABSENT
        return ABSENT

    def build(self, url_map: Map, endpoint: str, values: dict[str, Any], method: str | None = None) -> str | None:
        """The URL from the slash behind the script name on, query included; None to ask Werkzeug.

        Like `MapAdapter.build` of a map that is bound to its default subdomain, without `force_external`. The values
        are an exact dict.
        """
        # PERF: what has no such attribute, or no such endpoint, is not a form that has built this before; no question
        # comes before the common answer.
        try:
            form: Any = url_map._remap
            if url_map.default_subdomain == form.domain and not url_map.host_matching:
                url: str | None = form.builders[endpoint](values, method, url_map)
                return url
        except Exception:  # noqa: BLE001 - perhaps a value of the application's; Werkzeug is to raise it
            pass
        return self._build_first(url_map, endpoint, values, method)

    def _build_first(self, url_map: Map, endpoint: str, values: dict[str, Any], method: str | None) -> str | None:
        """The same where the endpoint's builder may still have to be made; one that failed is not tried again."""
        form: Any = mark_of(url_map)
        if type(form) is not Compiled or url_map.default_subdomain != form.domain or url_map.host_matching:
            form = _compile(url_map)
        try:
            if form is None or endpoint in form.builders:
                return None
            return form.builder(endpoint)(values, method, url_map)  # type: ignore[no-any-return]
        except Exception:  # noqa: BLE001 - a value or endpoint of the application's; Werkzeug is to raise it
            return None

    def sources(self, url_map: Map) -> dict[str, str]:
        """The texts generated for this map so far, by the file name that tracebacks show; the search is begun."""
        form = mark_of(url_map)
        if type(form) is not Compiled:
            form = _compile(url_map)
            if form is None:
                return {}
        form.find("/", "GET")
        return dict(form.sources)


def _compile(url_map: Map) -> Compiled | None:
    """Put a new form into the map, unless its own still holds.

    None when the map is not one that can be understood, or is changing right now.
    """
    guard_foreign(url_map)
    if url_map.host_matching:
        return None
    form = mark_of(url_map)
    if type(form) is Compiled and form.domain == url_map.default_subdomain:
        return form  # the same name, in another string
    if not sorts_plainly(url_map):
        return None
    form = Compiled(url_map)
    try:
        if not place_mark(url_map, form):
            return None
        form.fill(url_map)
    except RecursionError:
        # A rule of a thousand segments. Werkzeug walks them by recursion too, and is to say so.
        return None
    return form


#: The one that serves every app of the process.
ROUTER = Router()
