"""The router against Werkzeug's `MapAdapter`, over random maps that change between questions."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map

from flask._routing import ABSENT, Router, arguments_of

from .strategies import METHODS, Spec, Twins, calls, map_options, paths, specs

exhaustive = settings(
    derandomize=True,
    max_examples=300,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def adapter(url_map: Map, method: str = "GET") -> Any:
    subdomain = None if url_map.host_matching else url_map.default_subdomain or ""
    return url_map.bind("example.com", "/", subdomain=subdomain, default_method=method)


def check_match(router: Router, twins: Twins, method: str, path: str) -> object:
    """Whatever the router is sure of, Werkzeug says too."""
    found = router.match(twins.ours, method, path)
    if found is None:
        return found
    asked = adapter(twins.theirs)
    if found is ABSENT:
        for each in METHODS:
            with pytest.raises(NotFound):
                asked.match(path, each)
        return found
    rule, arguments = found[0], arguments_of(found)
    expected, theirs = asked.match(path, method, return_rule=True)
    assert twins.number(rule) == twins.number(expected)
    assert arguments == theirs
    assert list(map(type, arguments.values())) == list(map(type, theirs.values()))
    assert list(arguments) == list(theirs)
    return found


def check_build(router: Router, twins: Twins, endpoint: str, values: dict[Any, Any], method: str | None) -> object:
    """A URL that the router builds is Werkzeug's, whatever the request's own method is."""
    built = router.build(twins.ours, endpoint, dict(values), method)
    if built is not None:
        for default in METHODS:
            try:
                expected = adapter(twins.theirs, default).build(endpoint, values, method)
            except UnicodeEncodeError:
                assert "%EF%BF%BD" in built  # half a character, which Werkzeug has no URL for (RFC 3629, section 3)
                return built
            assert built == expected
    return built


def check(router: Router, twins: Twins) -> None:
    """Ask all that follows from the rules."""
    chance = random.Random("".join(twins.strings))
    for path in paths(twins.strings, chance):
        for method in chance.sample(METHODS, 2):
            check_match(router, twins, method, path)
    for call in calls(twins, chance):
        check_build(router, twins, *call)


@pytest.mark.slow
@exhaustive
@given(map_options(), st.lists(specs(wild=False), min_size=2, max_size=9))
def test_ordinary_maps(options: dict[str, Any], rules: list[Spec]) -> None:
    """In maps without rare options every certain answer is Werkzeug's."""
    twins = Twins(options | {"host_matching": False})
    for spec in rules:
        twins.add(spec)
    check(Router(), twins)


@pytest.mark.slow
@exhaustive
@given(map_options(), st.lists(specs(), min_size=2, max_size=9))
def test_wild_maps(options: dict[str, Any], rules: list[Spec]) -> None:
    """In maps with every option that rules have, every certain answer is Werkzeug's."""
    twins = Twins(options)
    for spec in rules:
        twins.add(spec)
    check(Router(), twins)


def rename(rule: Any) -> None:
    rule.rule = "/a/<int:x>"
    rule.refresh()


def drop_argument(rule: Any) -> None:
    rule.arguments.discard("x")


def add_default(rule: Any) -> None:
    if isinstance(rule.defaults, dict):
        rule.defaults["y"] = 5


MAP_CHANGES = [
    lambda url_map: setattr(url_map, "strict_slashes", not url_map.strict_slashes),
    lambda url_map: setattr(url_map, "merge_slashes", not url_map.merge_slashes),
    lambda url_map: setattr(url_map, "redirect_defaults", not url_map.redirect_defaults),
    lambda url_map: setattr(url_map, "sort_parameters", not url_map.sort_parameters),
    lambda url_map: setattr(url_map, "sort_key", lambda item: item[0][::-1]),
    lambda url_map: setattr(url_map, "default_subdomain", "www"),
    lambda url_map: setattr(url_map, "default_subdomain", ""),
    lambda url_map: setattr(url_map, "host_matching", not url_map.host_matching),
    lambda url_map: url_map.converters.update(int=url_map.converters["even"]),
    lambda url_map: url_map.update(),
    lambda url_map: list(url_map.iter_rules()),
]
RULE_CHANGES = [
    lambda rule: setattr(rule, "methods", None),
    lambda rule: setattr(rule, "methods", {"PUT"}),
    lambda rule: rule.methods and rule.methods.add("BREW"),
    lambda rule: setattr(rule, "strict_slashes", not rule.strict_slashes),
    lambda rule: setattr(rule, "merge_slashes", not rule.merge_slashes),
    lambda rule: setattr(rule, "websocket", not rule.websocket),
    lambda rule: setattr(rule, "alias", not rule.alias),
    lambda rule: setattr(rule, "redirect_to", "elsewhere"),
    lambda rule: setattr(rule, "defaults", {"x": 1}),
    lambda rule: setattr(rule, "defaults", None),
    lambda rule: setattr(rule, "endpoint", "e1"),
    lambda rule: setattr(rule, "build_only", not rule.build_only),
    lambda rule: setattr(rule, "arguments", {"lang"}),
    lambda rule: setattr(rule, "subdomain", "api"),
    lambda rule: rule.refresh(),
    add_default,
    drop_argument,
    rename,
]


Step = Spec | int | tuple[int, int]
STEPS: st.SearchStrategy[Step] = st.one_of(
    specs(),
    st.integers(0, len(MAP_CHANGES) - 1),
    st.tuples(st.integers(0, 5), st.integers(0, len(RULE_CHANGES) - 1)),
)


@pytest.mark.slow
@exhaustive
@given(map_options(), st.lists(specs(), min_size=1, max_size=6), st.lists(STEPS, min_size=1, max_size=6))
def test_maps_that_change(options: dict[str, Any], rules: list[Spec], steps: list[Step]) -> None:
    """Rules and maps that are changed between two questions answer as Werkzeug's do after the same change."""
    twins, router = Twins(options), Router()
    for spec in rules:
        twins.add(spec)
    for step in steps:
        check(router, twins)
        if isinstance(step, Spec):
            twins.add(step)
        elif isinstance(step, int):
            twins.change(MAP_CHANGES[step])
        elif twins.pairs:
            twins.change_rule(step[0], RULE_CHANGES[step[1]])
    check(router, twins)
