"""The router against Werkzeug's `MapAdapter`, over random maps that change between questions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map

from flask._routing import ABSENT, Router

from .strategies import METHODS, Even, Twins, calls, map_options, paths, specs

exhaustive = settings(
    derandomize=True,
    max_examples=120,
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
    rule, arguments = found
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
            assert built == adapter(twins.theirs, default).build(endpoint, values, method)
    return built


@st.composite
def questions(draw: st.DrawFn, twins: Twins) -> tuple[str, str]:
    return draw(st.sampled_from(METHODS)), draw(paths(twins.strings))


@exhaustive
@given(st.data(), map_options(), st.lists(specs(wild=False), min_size=1, max_size=9))
def test_ordinary_maps(data: st.DataObject, options: dict[str, Any], rules: list[Any]) -> None:
    """In maps without rare options every certain answer is Werkzeug's."""
    twins, router = Twins(options | {"host_matching": False}), Router()
    for spec in rules:
        twins.add(spec)
    for method, path in data.draw(st.lists(questions(twins), min_size=6, max_size=12)):
        check_match(router, twins, method, path)


@exhaustive
@given(st.data(), map_options(), st.lists(specs(), min_size=1, max_size=9))
def test_wild_maps(data: st.DataObject, options: dict[str, Any], rules: list[Any]) -> None:
    """In maps with every option that rules have, every certain answer is Werkzeug's."""
    twins, router = Twins(options), Router()
    for spec in rules:
        twins.add(spec)
    for method, path in data.draw(st.lists(questions(twins), min_size=6, max_size=12)):
        check_match(router, twins, method, path)


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
    lambda url_map: url_map.converters.update(int=Even),
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


@exhaustive
@given(st.data(), map_options(), st.lists(specs(), min_size=1, max_size=6))
def test_maps_that_change(data: st.DataObject, options: dict[str, Any], rules: list[Any]) -> None:
    """Rules and maps that are changed between two questions answer as Werkzeug's do after the same change."""
    twins, router = Twins(options), Router()
    for spec in rules:
        twins.add(spec)
    if not twins.pairs:
        return
    for _ in range(data.draw(st.integers(2, 8))):
        for method, path in data.draw(st.lists(questions(twins), min_size=1, max_size=3)):
            check_match(router, twins, method, path)
        check_build(router, twins, *data.draw(calls(twins)))
        step = data.draw(st.sampled_from(["add", "add", "map", "rule", "rule"]))
        if step == "add":
            twins.add(data.draw(specs()))
        elif step == "map":
            twins.change(data.draw(st.sampled_from(MAP_CHANGES)))
        else:
            change = data.draw(st.sampled_from(RULE_CHANGES))
            twins.change_rule(data.draw(st.integers(0, 20)), change)


@exhaustive
@given(st.data(), map_options(), st.booleans())
def test_built_urls(data: st.DataObject, options: dict[str, Any], wild: bool) -> None:
    """A URL is built as Werkzeug builds it, from any values."""
    twins, router = Twins(options), Router()
    for spec in data.draw(st.lists(specs(wild=wild), min_size=1, max_size=5)):
        twins.add(spec)
    if twins.pairs:
        for call in data.draw(st.lists(calls(twins), min_size=6, max_size=12)):
            check_build(router, twins, *call)
    assert router.build(twins.ours, "nobody", {}) is None
