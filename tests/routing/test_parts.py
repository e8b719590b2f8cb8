"""The expressions of parts are read by their text, and what could be slow is matched in another way, to one end."""

from __future__ import annotations

import re

import pytest
from werkzeug.routing import Map, Rule
from werkzeug.routing import converters as built_in
from werkzeug.routing.rules import RulePart, Weighting

from flask._routing.parts import Group, Pattern, read_part
from flask._routing.rules import tree_of

from .strategies import OWN


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("<x>", Group("length", 1)),
        ("<string(length=3):x>", Group("length", 3, 3)),
        ("<string(minlength=0, maxlength=3):x>", Group("length", 0, 3)),
        ("<int:x>", Group("digits", 0)),
        ("<int(signed=True):x>", Group("digits", 1)),
        ("<float:x>", Group("decimal", 0)),
        ("<float(signed=True):x>", Group("decimal", 1)),
        ("<any(a, 'b|c\\\\d'):x>", Group("any", words=("a", "b|c\\\\d"))),
        ("<any(a, 'b.c'):x>", Group("any", words=("a", "b.c"))),
        ("<uuid:x>", Group("uuid")),
        ("<path:x>", Group("rest")),
        ("a.b-<int:x>$", Group("digits", 0, prefix="a.b-", suffix="$")),
        ("<list:x>", Group("length", 1)),
    ],
)
def test_parts_with_one_variable_are_read(rule: str, expected: Group) -> None:
    """Each built-in converter writes the pattern that the router knows by its text."""
    url_map = Map([Rule("/" + rule, endpoint="e")], converters=OWN)
    tree = tree_of(url_map, "")
    assert tree is not None
    assert tree.start is not None
    [(part, _)] = tree.start.dynamic
    read = read_part(part)
    assert read == expected
    if isinstance(read, Group):
        # What was read accounts for every character of the pattern.
        assert re.compile(part.content).groupindex == {"__werkzeug_0": 1}


@pytest.mark.parametrize("rule", ["/<x>-<y>", "/<path:x>/", "/<path:x>/y", "/<hex:x>", "/<pair:x>"])
def test_other_parts_are_matched_by_their_own_pattern(rule: str) -> None:
    """Several variables in a segment, slashes in a variable and foreign patterns are Werkzeug's own expression."""
    tree = tree_of(Map([Rule(rule, endpoint="e")], converters=OWN), "")
    assert tree is not None
    assert tree.start is not None
    [(part, _)] = tree.start.dynamic
    read = read_part(part)
    assert isinstance(read, Pattern)
    assert read.match.__self__.pattern == part.content  # type: ignore[attr-defined]
    assert (read.final, read.suffixed) == (part.final, part.suffixed)


@pytest.mark.parametrize(
    "content",
    [
        r"(?P<__werkzeug_0>[^/]{3,2})\Z",
        r"(?P<__werkzeug_0>(?P<__werkzeug_x>a))\Z",
        "".join(f"(?P<__werkzeug_{number}>a)" for number in range(11)) + r"\Z",
        r"(?P<__werkzeug_0>()\Z",
        r"a\Z",
    ],
)
def test_parts_that_nobody_can_be_sure_of_are_not_read(content: str) -> None:
    """A broken pattern raises in Werkzeug; more than ten groups are ordered differently by its releases."""
    assert read_part(RulePart(content, False, False, False, Weighting(0, [], 0, []))) is None


def test_the_patterns_of_built_in_converters_are_the_known_ones() -> None:
    """If Werkzeug changed a pattern, it would be read as a foreign one: right, but slow."""
    url_map = Map()
    regexes = {name: kind(url_map).regex for name, kind in url_map.converters.items()}
    assert regexes == {
        "default": "[^/]{1,}",
        "string": "[^/]{1,}",
        "any": "(?:)",
        "path": "[^/].*?",
        "int": r"\d+",
        "float": r"\d+\.\d+",
        "uuid": built_in.UUIDConverter.regex,
    }
    assert built_in.BaseConverter.regex == "[^/]+"
