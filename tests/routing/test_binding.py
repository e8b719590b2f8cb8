"""The rules that apps use against Werkzeug's own: read alike, refused alike and built alike, whenever it is asked."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import (
    BaseConverter,
    BuildError,
    EndpointPrefix,
    Map,
    RuleTemplate,
    Subdomain,
    Submount,
)
from werkzeug.routing import Rule as WerkzeugRule

from flask import Flask
from flask._routing import Router, Rule, binding
from flask._routing.binding import is_written

from .strategies import OWN, VALUES, Spec, map_options, specs
from .test_against_werkzeug import exhaustive

KINDS: list[type[WerkzeugRule]] = [Rule, WerkzeugRule]
WRITTEN = {"_build", "_build_unknown"}


def bound(kind: type[WerkzeugRule], spec: Spec, options: dict[str, Any]) -> tuple[WerkzeugRule | None, object]:
    """The rule in a map, and what happened if it was refused."""
    try:
        rule = spec.make(kind)
    except Exception as error:  # noqa: BLE001 - compared by the caller
        return None, repr(error)
    try:
        Map([rule], converters=OWN, **options)
    except Exception as error:  # noqa: BLE001 - compared by the caller
        return rule, repr(error)
    return rule, None


def shape(rule: WerkzeugRule) -> dict[str, object]:
    """All that a rule is but the map and the functions it wrote."""
    state = {key: value for key, value in vars(rule).items() if key not in {"map", *WRITTEN}}
    state["_converters"] = [
        (name, type(converter), {key: value for key, value in vars(converter).items() if key != "map"})
        for name, converter in rule._converters.items()
    ]
    return state | {"text": repr(rule), "key": rule.build_compare_key()}


def built(rule: WerkzeugRule, values: dict[str, Any], append_unknown: bool) -> object:
    try:
        return rule.build(values, append_unknown)
    except Exception as error:  # noqa: BLE001 - compared by the caller
        return type(error), str(error)


# Beside what may stand in a rule: what may not, and what only just may.
PIECES = [
    *[
        "a",
        "b.c",
        "|",
        ">",
        "ü",
        " ",
        "\n",
        "\ud800",
        "{x}",
        "%2F",
        "<",
        "<x",
        "<x y>",
        "<1>",
        "<>",
        "<x>",
        "<y>",
        "<y_1>",
    ],
    *["<None>", "<True>", "<__debug__>", "<class>", "<self>", "<kwargs>", "<ü>", "<nope:x>", "<int:x>", "<string:y>"],
    *["<int(:x>", "<int():x>", "<int(3):x>", "<int(signed=True):y>", "<int(min=1, max=2):x>", "<int(nope=1):x>"],
    *["<int(3 4):x>", "<string(length=2):x>", "<string(minlength=2,maxlength=3):y>", "<any(a,b):x>", "<any('a/b'):x>"],
    *[
        "<any(a(b)):x>",
        "<path:x>",
        "<path(1):x>",
        "<float:x>",
        "<uuid:y>",
        "<hex:x>",
        "<pair:y>",
        "<list:x>",
        "<x>.<y>",
    ],
]
WILD_STRINGS = st.lists(st.lists(st.sampled_from(PIECES), max_size=2).map("".join), max_size=4).map("/".join)


@exhaustive
@given(map_options(), st.one_of(specs(), st.builds(Spec, WILD_STRINGS.map("/{}".format))), st.booleans())
def test_a_rule_is_bound_as_werkzeugs_own(options: dict[str, Any], spec: Spec, again: bool) -> None:
    """Parts, trace, converters, arguments and text are equal, or the error is; also when the rule is bound again."""
    (ours, refused), (theirs, refused_by_werkzeug) = (bound(kind, spec, options) for kind in KINDS)
    assert refused == refused_by_werkzeug
    if ours is None or theirs is None or refused is not None:
        return
    if again:
        for rule in (ours, theirs):
            rule.refresh()
    assert shape(ours) == shape(theirs)
    assert ours == theirs
    assert theirs == ours
    for value in VALUES:
        for append_unknown in (True, False):
            values = dict.fromkeys([*sorted(theirs.arguments), "more"], value)
            assert built(ours, values, append_unknown) == built(theirs, values, append_unknown)
    assert shape(ours) == shape(theirs)


@exhaustive
@given(st.lists(st.sampled_from(["x", "y", "None", "True", "__debug__", "class", "_"]), max_size=3))
def test_names_that_no_function_can_have_are_refused_at_once(names: list[str]) -> None:
    """A variable twice, or one that is a constant of Python, is an error when the rule is added, as Werkzeug's."""
    spec = Spec("".join(f"/<{name}>" for name in names) or "/", {"endpoint": "e"})
    (ours, refused), (_, refused_by_werkzeug) = (bound(kind, spec, {}) for kind in KINDS)
    assert refused == refused_by_werkzeug
    if refused is None:
        assert ours is not None
        assert built(ours, dict.fromkeys(names, "v"), True) == ("", "/v" * len(names) or "/")


def test_a_function_is_written_when_it_is_asked_for() -> None:
    """Binding writes none, a question writes the one it needs, and it stays."""
    rule = Rule("/<int:x>", endpoint="e")
    Map([rule])
    assert not is_written(rule)
    assert WRITTEN.isdisjoint(vars(rule))
    assert rule.build({"x": 1, "y": 2}) == ("", "/1?y=2")
    assert is_written(rule)
    assert "_build" not in vars(rule)
    assert rule.build({"x": 1, "y": 2}, append_unknown=False) == ("", "/1")
    assert rule._build is rule._build
    assert rule._build.__self__ is rule  # type: ignore[attr-defined]
    assert is_written(WerkzeugRule("/"))


def test_the_router_builds_without_werkzeugs_functions() -> None:
    """An ordinary URL needs none of them, and no rule is written for it."""
    rule = Rule("/<int:x>/y", endpoint="e")
    made = Map([rule])
    assert Router().build(made, "e", {"x": 1}) == "/1/y"
    assert not is_written(rule)


def test_an_unbound_rule_has_no_functions() -> None:
    """Before it is in a map, a rule cannot build; asking is the same error as of any missing attribute."""
    rule = Rule("/<x>")
    assert repr(rule) == repr(WerkzeugRule("/<x>")) == "<Rule (unbound)>"
    for name in WRITTEN:
        assert not hasattr(rule, name)
        with pytest.raises(AttributeError, match=f"'Rule' object has no attribute '{name}'"):
            getattr(rule, name)
    assert type(Rule._build).__name__ == "_Later"


def test_a_rule_builds_what_it_was_bound_to() -> None:
    """What is assigned to a rule after it was bound changes nothing before `refresh`, as with Werkzeug's."""
    for kind in KINDS:
        rule = kind("/<x>", endpoint="e")
        Map([rule])
        rule.rule, rule.defaults = "/a/<x>", {"x": "1"}
        assert rule.build({"x": "1"}) == ("", "/1")
        rule.refresh()
        assert rule.build({"x": "1"}) == ("", "/a/1")
        rule.defaults = None
        rule.rule = "/b/<x>"
        rule.refresh()
        assert rule.build({"x": "1"}) == ("", "/b/1")


@pytest.mark.parametrize("kind", KINDS)
def test_rules_are_copied_and_pickled(kind: type[WerkzeugRule]) -> None:
    """An unbound rule can be pickled, a bound one copied, and emptied for another map."""
    fresh = pickle.loads(pickle.dumps(kind("/<x>", endpoint="e", methods=["GET"])))
    assert type(fresh) is kind
    first = Map([fresh])
    copied = copy.copy(fresh)
    assert copied.build({"x": "a"}) == fresh.build({"x": "a"}) == ("", "/a")
    assert copied == fresh
    empty = fresh.empty()
    assert type(empty) is kind
    assert repr(empty) == "<Rule (unbound)>"
    with pytest.raises(RuntimeError, match="already bound to map"):
        first.add(fresh)
    assert Map([empty]).bind("example.com").build("e", {"x": "a"}) == "/a"


@pytest.mark.parametrize("kind", KINDS)
def test_factories_make_rules_of_the_same_class(kind: type[WerkzeugRule]) -> None:
    """Werkzeug's factories take the rules as their own."""
    made = Map([EndpointPrefix("p.", [Subdomain("www", [Submount("/sub", [kind("/<int:x>", endpoint="e")])])])])
    made.add(RuleTemplate([kind("/$name/<x>", endpoint="$name")])(name="t"))
    assert type(next(made.iter_rules("p.e"))) is kind
    adapter = made.bind("example.com", subdomain="www")
    assert adapter.match("/sub/5") == ("p.e", {"x": 5})
    assert adapter.build("p.e", {"x": 5}) == "/sub/5"
    assert adapter.build("t", {"x": 5}) == "http://example.com/t/5"


def test_rules_are_equal_by_what_they_read() -> None:
    """Class for class as Werkzeug's: a derived rule equals a plain one only when asked from the plain one's side."""

    class Derived(Rule):
        pass

    ours, theirs, derived, other = Rule("/<x>"), WerkzeugRule("/<x>"), Derived("/<x>"), Rule("/<y>")
    for rule in (ours, theirs, derived, other):
        Map([rule])
    assert ours == theirs
    assert theirs == ours
    assert ours != other
    assert theirs != other
    assert ours.__eq__(derived)
    assert not derived.__eq__(ours)
    assert not derived.__eq__(theirs)
    assert ours != "/<x>"
    with pytest.raises(TypeError, match="unhashable"):
        hash(ours)


class TestAClassOfAnApplicationsOwn:
    """What a subclass replaces is called when Werkzeug would call it."""

    def test_its_builders_are_made_when_it_is_bound(self) -> None:
        """One that compiles builders itself does so at once, and for both."""
        made = []

        class Own(Rule):
            def _compile_builder(self, append_unknown: bool = True) -> Any:
                made.append(append_unknown)
                return super()._compile_builder(append_unknown)

        rule = Own("/<x>")
        Map([rule])
        assert made == [False, True]
        assert rule.build({"x": 1}) == ("", "/1")

    def test_its_code_is_made_when_it_is_bound(self) -> None:
        """One that turns code into functions itself is asked at once."""
        names = []

        class Own(Rule):
            @staticmethod
            def _get_func_code(code: Any, name: str) -> Any:
                names.append(name)
                return WerkzeugRule._get_func_code(code, name)

        Map([Own("/<x>")])
        assert len(names) == 2

    def test_its_reading_and_its_converters_are_asked(self) -> None:
        """One that reads strings or looks up converters itself is asked for every rule."""
        asked: list[object] = []

        class Reading(Rule):
            def _parse_rule(self, rule: str) -> Any:
                asked.append(rule)
                return super()._parse_rule(rule)

        class Converting(Rule):
            def get_converter(self, variable_name: str, *further: Any) -> BaseConverter:
                asked.append(variable_name)
                return super().get_converter(variable_name, *further)

        Map([Reading("/a/<x>"), Converting("/a/<y>")])
        assert asked == ["/a/<x>", "y"]

    def test_it_may_wrap_what_was_bound(self) -> None:
        """One that goes on after `compile` finds both functions there, and may replace them."""

        class Own(Rule):
            def compile(self) -> None:
                super().compile()
                inner = self._build_unknown
                self._build_unknown = lambda **values: (inner(**values)[0], "/wrapped")

        made = Map([Own("/<x>", endpoint="e")])
        assert made.bind("example.com").build("e", {"x": 1}) == "/wrapped"
        assert Router().build(made, "e", {"x": 1}) is None


def test_an_apps_rules_are_werkzeugs() -> None:
    """Flask's class of rules is a subclass of Werkzeug's with its name, and may be replaced by Werkzeug's own."""
    assert issubclass(Flask.url_rule_class, WerkzeugRule)
    assert Flask.url_rule_class.__name__ == "Rule"

    class Plain(Flask):
        url_rule_class = WerkzeugRule

    for kind in (Flask, Plain):
        app = kind(__name__, static_folder=None)
        app.add_url_rule("/<int:x>", "e", str, defaults={"y": 1})
        app.add_url_rule("/ws/<x>", "w", str, websocket=True)
        rule, _ = app.url_map.iter_rules()
        assert type(rule) is kind.url_rule_class
        assert str(rule) == "/<int:x>"
        with app.test_request_context():
            assert app.url_for("e", x=1, y=1) == "/1"
            assert app.url_for("w", x=1) == "ws://localhost/ws/1"
            with pytest.raises(BuildError):
                app.url_for("e")


@pytest.mark.parametrize("rule", ["/<nope:x>", "/<int(nope=1):x>", "/<x", "/<x>/<x>", "/<None>", "/\ud800"])
def test_an_app_refuses_a_bad_rule_when_it_is_added(rule: str) -> None:
    """The traceback of a mistake ends where the rule was written, not at the first URL."""
    with pytest.raises((LookupError, TypeError, ValueError, SyntaxError)):
        Flask(__name__).add_url_rule(rule, "e", str)


def test_what_is_shared_between_rules_is_bounded() -> None:
    """However many rules there are, the memory of read segments is not more than a thousand of them."""
    Map([Rule(f"/s{number}/<v{number}>") for number in range(1500)])
    assert binding._segment.cache_info().currsize == binding._segment.cache_info().maxsize == 1024
