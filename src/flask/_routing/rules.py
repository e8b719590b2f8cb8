"""What Werkzeug keeps in private about maps and rules is read here, and in `binding`; no match is decided here.

Written against Werkzeug 3.1.0 to 3.1.9; `tests/routing/test_rules.py` checks every name and shape that this file uses.

What makes a compiled form stale (the one list of it)
-----------------------------------------------------
- Rules added: `Map.add` ends by setting the map's flag "must be sorted". A compiled form stands in that flag's place
  (it is false, so Werkzeug takes the map for sorted): adding throws it out, and no later `Map.update` brings it back.
- Another map: the form stands in the map itself, so it goes and comes with it. `copy.copy` of a map shares its tree.
- `Map.default_subdomain` and `Map.host_matching` are compared at every question.
- Read live, as Werkzeug does: of the map `merge_slashes`, `redirect_defaults`, `sort_parameters`, `sort_key`; of rules
  `methods`, `websocket`, `alias`, `defaults`, `redirect_to`, `endpoint`, `strict_slashes`; the rules of an endpoint.
- `Rule.refresh()` renews a rule's converters and trace, and a replaced or resized `arguments` or `defaults` changes
  what can be built: answers for such a rule are then left to Werkzeug.
- Read by Werkzeug itself only when a rule is bound, so it cannot go stale: `Map.strict_slashes`, `Map.converters`, the
  rule's string, `subdomain`, `host`, `build_only`, `merge_slashes`.
Taken as fixed: the attributes of a built-in converter that sits in a bound rule (no public name leads to it).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.routing.matcher import State, StateMachineMatcher
from werkzeug.routing.rules import RulePart

from .binding import Rule as OwnRule
from .binding import is_written
from .parts import guard

__all__ = [
    "CONVERTERS",
    "TRACE",
    "Mark",
    "Recipe",
    "State",
    "Tree",
    "builds_plainly",
    "built_by",
    "converters_of",
    "endpoints_of",
    "guard_foreign",
    "mark_of",
    "may_match",
    "place_mark",
    "recipe_of",
    "sorts_plainly",
    "tree_of",
]

#: Attributes that generated code compares by identity: `Rule.refresh()` renews both.
CONVERTERS = "_converters"
TRACE = "_trace"


# --- the map ------------------------------------------------------------


class Mark:
    """What may stand in the place of a map's flag "must be sorted": anything false."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


def mark_of(url_map: Map) -> object:
    """What stands in the place of the flag. The router reads `_remap` itself where it does so at every request."""
    return url_map._remap


def place_mark(url_map: Map, mark: Mark) -> bool:
    """Bring the map into order and leave the mark in it; false when rules are being added at this moment.

    Whatever is read from the map after this call is read again if the map changes: the mark is gone then.
    """
    url_map.update()
    # Two neighbouring instructions, no call between: a thread that adds a rule comes before (its flag is seen here) or
    # after (it throws the mark out). Werkzeug's own update() resets the flag without looking.
    if url_map._remap is False or isinstance(url_map._remap, Mark):
        url_map._remap = mark  # type: ignore[assignment]  # Werkzeug only asks for its truth
        return True
    return False


_MAP_METHODS = ("add", "update", "bind", "bind_to_environ", "merge_slashes", "__getattribute__", "__setattr__")
_MAP_STATE = ("_remap", "_matcher", "_rules_by_endpoint")


def sorts_plainly(url_map: Map) -> bool:
    """Whether adding, sorting and matching in this map are Werkzeug's own, in its class and on the object."""
    shadowed = any(name in vars(url_map) for name in _MAP_METHODS)
    kind = type(url_map)
    inherits = all(getattr(kind, name) is getattr(Map, name) for name in _MAP_METHODS)
    plain = inherits and not shadowed and not any(hasattr(kind, name) for name in _MAP_STATE)
    return plain and type(url_map._matcher) is StateMachineMatcher


def endpoints_of(url_map: Map) -> dict[Any, list[Rule]]:
    """The map's own table of rules by endpoint, in the order in which URLs are built from them."""
    return url_map._rules_by_endpoint


class Tree(NamedTuple):
    """The states for one domain, entered after a path's leading slash.

    `start` is None when no rule has the domain. `sure` is false when rules with variable domains may match too.
    """

    start: State | None
    sure: bool


def tree_of(url_map: Map, domain: str) -> Tree | None:
    """The part of the map's tree that serves a domain, or None when the tree is not of the shape that rules give it."""
    root = url_map._matcher._root
    sure = not any(part.final or may_match(part, domain) for part, _ in root.dynamic)
    top = root.static.get(domain)
    if top is None:
        return Tree(None, sure)
    start = top.static.get("")
    # Every path begins with a slash, so a rule's first part is empty; a rule "//x" that keeps its slashes is refused,
    # or the root path would have to be redirected to two slashes.
    if start is None or top.dynamic or top.rules or start.rules:
        return None
    if "" in start.static and "" in start.static[""].static:
        return None
    return Tree(start, sure)


def may_match(part: RulePart, segment: str) -> bool:
    """Whether a dynamic part takes this text, by its own expression."""
    try:
        return re.match(part.content, segment) is not None
    except Exception:  # noqa: BLE001 - a converter's broken pattern: Werkzeug is to meet it
        return True


def guard_foreign(url_map: Map) -> None:
    """Guard the parts of rules that are not of our own class, which guards its own; once for as many rules."""
    rules = url_map._rules
    if vars(url_map).get(_GUARDED) != len(rules):
        for rule in rules:
            if not isinstance(rule, OwnRule):
                for part in rule._parts:
                    if not part.static:
                        guard(part)
        vars(url_map)[_GUARDED] = len(rules)


_GUARDED = "_flask_guarded"


# --- rules ------------------------------------------------------------


def converters_of(rule: Rule) -> dict[str, BaseConverter]:
    """The rule's own table of converters, in the order of its variables, a name once."""
    return rule._converters


class Recipe(NamedTuple):
    """What a rule's URL is put together from: fixed text (False) and names of variables (True).

    `written` is false where Werkzeug's function for the rule is still to be written, from this very trace.
    """

    domain: str
    pieces: list[tuple[bool, str]]
    trace: list[tuple[bool, str]]
    written: bool


_RULE_METHODS = {
    name: getattr(Rule, name)
    for name in ("build", "suitable_for", "build_compare_key", "_compile_builder", "_encode_query_vars")
} | {"__getattribute__": object.__getattribute__}


def builds_plainly(rule: Rule) -> bool:
    """Whether building from this rule is Werkzeug's own, in its class and on the object."""
    kind = type(rule)
    inherits = all(getattr(kind, name) is method for name, method in _RULE_METHODS.items())
    return inherits and not any(name in vars(rule) for name in _RULE_METHODS)


def recipe_of(rule: Rule) -> Recipe | None:
    """How the rule's URL is put together, or None when this cannot be told for certain."""
    trace = rule._trace
    if (False, "|") not in trace:
        return None
    at = trace.index((False, "|"))
    domain, pieces = trace[:at], trace[at + 1 :]
    if any(dynamic for dynamic, _ in domain):
        return None
    defaults: Mapping[Any, Any] = rule.defaults or {}
    names = [name for dynamic, name in pieces if dynamic]
    if any(type(key) is not str or key in names for key in defaults):
        return None
    written = is_written(rule)
    if written:
        # Werkzeug wrote its own function when the rule was bound; if its parameters differ, the rule was changed since.
        function = rule._build_unknown.__func__  # type: ignore[attr-defined]
        code = function.__code__
        required = code.co_argcount - len(function.__defaults__ or ())
        parameters = code.co_varnames
        if list(parameters[1:required]) != names or list(parameters[required : code.co_argcount]) != list(defaults):
            return None
    elif defaults:
        return None
    if rule.arguments != {*names, *defaults}:
        return None
    return Recipe("".join(text for _, text in domain), pieces, trace, written)


def built_by(rule: Rule, values: dict[str, Any]) -> tuple[str, str]:
    """Domain and path as Werkzeug's own function for the rule makes them."""
    made: tuple[str, str] = rule._build_unknown(**values)
    return made
