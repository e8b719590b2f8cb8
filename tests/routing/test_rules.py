"""The private parts of Werkzeug that the router reads are there, and are what it takes them for."""

from __future__ import annotations

from werkzeug.routing import Map, Rule
from werkzeug.routing.matcher import State, StateMachineMatcher
from werkzeug.routing.rules import RulePart, Weighting

from flask._routing.rules import (
    CONVERTERS,
    TRACE,
    Mark,
    Tree,
    built_by,
    converters_of,
    mark_of,
    place_mark,
    recipe_of,
    sorts_plainly,
    tree_of,
)


def test_a_map_notes_with_one_flag_that_it_must_be_sorted() -> None:
    """`add` sets the flag, `update` asks for its truth and resets it: all that freshness stands on."""
    url_map = Map([Rule("/", endpoint="index")])
    assert mark_of(url_map) is True
    url_map.update()
    assert mark_of(url_map) is False
    mark = Mark()
    assert place_mark(url_map, mark)
    url_map.update()
    list(url_map.iter_rules())
    url_map.bind("example.com").match("/")
    assert mark_of(url_map) is mark
    url_map.add(Rule("/x", endpoint="x"))
    assert mark_of(url_map) is True


def test_a_map_that_is_being_changed_takes_no_mark() -> None:
    """A rule that another thread adds while the map is being sorted is not forgotten."""

    class Busy(Map):
        def update(self) -> None:
            super().update()
            super().add(Rule("/late", endpoint="late"))

    url_map = Busy()
    assert not place_mark(url_map, Mark())
    assert mark_of(url_map) is True


def test_a_map_keeps_its_tree_and_its_endpoints_under_known_names() -> None:
    """The tree's states hold static children, dynamic ones with their parts, and the rules that end there."""
    rule = Rule("/a/<int:x>", endpoint="e")
    url_map = Map([rule])
    url_map.update()
    assert type(url_map._matcher) is StateMachineMatcher
    assert url_map._rules_by_endpoint == {"e": [rule]}
    state = url_map._matcher._root
    assert set(vars(State())) == {"dynamic", "rules", "static"}
    for segment in ("", "", "a"):
        assert not state.dynamic
        assert not state.rules
        state = state.static[segment]
    [(part, end)] = state.dynamic
    assert end.rules == [rule]
    assert part == RulePart(r"(?P<__werkzeug_0>\d+)\Z", False, False, False, Weighting(0, [], -1, [50]))


def test_a_rule_keeps_converters_trace_and_builder_under_known_names() -> None:
    """Binding gives a rule all three, and `refresh` new ones."""
    rule = Rule("/a/<x>/b", endpoint="e", defaults={"lang": "en"}, subdomain="s")
    Map([rule])
    assert list(getattr(rule, CONVERTERS)) == ["x"]
    slash = (False, "/")
    trace = [(False, "s"), (False, "|"), slash, (False, "a"), slash, (True, "x"), slash, (False, "b")]
    assert getattr(rule, TRACE) == trace
    function = rule._build_unknown.__func__  # type: ignore[attr-defined]
    assert function.__code__.co_varnames[:3] == (".self", "x", "lang")
    assert (function.__code__.co_argcount, function.__defaults__) == (3, ("",))
    assert built_by(rule, {"x": "1"}) == ("s", "/a/1/b")
    before = getattr(rule, CONVERTERS), getattr(rule, TRACE)
    rule.refresh()
    assert getattr(rule, CONVERTERS) is not before[0]
    assert getattr(rule, TRACE) is not before[1]


def test_a_tree_of_another_shape_is_refused() -> None:
    """A rule of two kept slashes would redirect the root; a map without the domain has no tree for it."""
    assert tree_of(Map([Rule("//", endpoint="e", merge_slashes=False)]), "") is None
    assert tree_of(Map([Rule("/", endpoint="e", subdomain="x")]), "") == Tree(None, True)
    variable = Map([Rule("/", endpoint="e", subdomain="<x>")])
    assert tree_of(variable, "") == Tree(None, True)
    assert tree_of(variable, "www") == Tree(None, False)


def test_maps_with_methods_of_their_own_are_not_plain() -> None:
    """A subclass or an object that adds, sorts or binds in its own way is Werkzeug's; one that sets values is not."""

    class Settings(Map):
        default_converters = Map.default_converters

    class Sorting(Map):
        def update(self) -> None:
            super().update()

    shadowed = Map()
    shadowed.update = lambda: None  # type: ignore[method-assign]
    foreign = Map()
    foreign._matcher = type("Matcher", (StateMachineMatcher,), {})(True)
    assert sorts_plainly(Map())
    assert sorts_plainly(Settings())
    assert not any(map(sorts_plainly, [Sorting(), shadowed, foreign]))


def test_a_recipe_is_only_given_for_what_was_bound() -> None:
    """A rule that was changed after it was bound builds what it was bound to, which cannot be told any more."""
    rule = Rule("/<x>", endpoint="e", defaults={"lang": "en"})
    Map([rule])
    recipe = recipe_of(rule)
    assert recipe is not None
    assert recipe.pieces == [(False, "/"), (True, "x")]
    assert list(converters_of(rule)) == ["x"]
    rule.defaults = None
    assert recipe_of(rule) is None
    rule.arguments = {"x"}
    assert recipe_of(rule) is None
    rule.defaults = {"lang": "en", "tz": 1}
    rule.arguments = {"x", "lang", "tz"}
    assert recipe_of(rule) is None
