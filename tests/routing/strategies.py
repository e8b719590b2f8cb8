"""Random maps, and paths and values around them, such that rules collide, overlap and disagree.

Hypothesis draws the rules, so that a failure shrinks to few of them; what is asked follows from the rules, so that each
map is asked much.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from werkzeug.routing import BaseConverter, FloatConverter, IntegerConverter, Map, Rule, ValidationError

from flask._routing import Rule as OwnRule

METHODS = ["GET", "HEAD", "POST", "PUT", "OPTIONS", "BREW"]
IDENTIFIER = "0f7a1a3e-19cd-4f8d-8d4c-3a5e0b6f2c11"


class Listed(BaseConverter):
    """A converter of an application's own that takes over the usual pattern."""

    def to_python(self, value: str) -> Any:
        return value.split("+")

    def to_url(self, value: Any) -> str:
        return "+".join(value)


class Hexadecimal(BaseConverter):
    """One with a pattern of its own, and with a group in it, that refuses some of what it matches."""

    regex = "(?P<digits>[0-9a-f])+"

    def to_python(self, value: str) -> Any:
        if value == "a":
            raise ValidationError
        return int(value, 16)

    def to_url(self, value: Any) -> str:
        if value == 0:
            raise ValidationError
        return f"{value:x}"


class Pair(BaseConverter):
    """One that takes a slash."""

    regex = "[a-z]/[a-z]"


class Even(IntegerConverter):
    """One derived from a built-in one, with the same pattern."""

    def to_python(self, value: str) -> int:
        return 2 * int(super().to_python(value))


OWN: dict[str, type[BaseConverter]] = {"list": Listed, "hex": Hexadecimal, "pair": Pair, "even": Even}


class Whole(IntegerConverter):
    """What `<int:>` is to be, said to Werkzeug: ASCII digits, and no more than every Python turns into a number."""

    regex = "[0-9]{1,640}"


class Decimal(FloatConverter):
    """What `<float:>` is to be: likewise, and never infinite."""

    regex = r"[0-9]{1,308}\.[0-9]{1,1074}"


class EvenWhole(Even, Whole):
    """A derived one with the pattern that it inherits."""


#: The converters by which Werkzeug's own matching is what ours is to be.
MEANT: dict[str, type[BaseConverter]] = OWN | {"int": Whole, "float": Decimal, "even": EvenWhole}

STATIC = [
    "a",
    "b",
    "ab",
    "a.b",
    "x-y",
    "ü",
    "q'\"",
    "{a}",
    "%41",
    "a b",
    "n\nl",
    "$&",
    "(",
    "[z]",
    "12",
    "*",
    "|",
    "\\d",
]
CONVERTERS = [
    "",
    "string:",
    "string(length=2):",
    "string(minlength=0):",
    "string(minlength=2):",
    "string(maxlength=2):",
    "string(minlength=2, maxlength=3):",
    "int:",
    "int(fixed_digits=2):",
    "int(min=1, max=12):",
    "int(signed=True):",
    "int(signed=True, min=-3):",
    "float:",
    "float(signed=True):",
    "float(min=1.5, max=3):",
    "path:",
    "any(a, b, ab):",
    "any('a b', \"c/d\", 'a.b', 'e|f'):",
    "uuid:",
]
FOREIGN = ["list:", "hex:", "pair:", "even:"]
NAMES = ["x", "y", "z", "id"]
ENDPOINTS = ["e0", "e1", "e2", "quo'te\n{e3}"]
SEGMENTS = [
    *STATIC,
    "",
    "c",
    "1",
    "05",
    "-3",
    "1.5",
    "-1.5",
    "2.25",
    "٣",
    "1٣.٣",
    "²",
    "e|f",
    "a\nb",
    "a\n",
    "abc",
    "a1",
    "1a",
    "a-b",
    "n",
    "l",
    "A",
    "a+b",
    "//",
    IDENTIFIER,
    IDENTIFIER.upper(),
    "9" * 5000,
    "8" * 641,
    "7" * 640,
    "7" * 309 + ".5",
    "1." + "5" * 1075,
]


@st.composite
def segments(draw: st.DrawFn, kinds: list[str]) -> list[str]:
    """One segment as pieces: static text, or the head of a variable that still wants its name."""
    fixed, variable = st.sampled_from(["a", "a", "b", *STATIC]), st.sampled_from(kinds).map(lambda kind: "<" + kind)
    shape = draw(st.sampled_from(["s", "s", "s", "v", "v", "v", "sv", "vs", "svs", "vsv"]))
    return [draw(fixed if piece == "s" else variable) for piece in shape]


@dataclass
class Spec:
    """What a rule is made from, so that two equal ones can be made."""

    string: str
    options: dict[str, Any] = field(default_factory=dict)

    def make(self, kind: type[Rule] = Rule) -> Rule:
        options = dict(self.options)
        for key in ("defaults", "methods"):
            if options.get(key) is not None:
                options[key] = type(options[key])(options[key])
        return kind(self.string, **options)


@st.composite
def rule_strings(draw: st.DrawFn, kinds: list[str], slashes: bool = True) -> str:
    names = iter(NAMES)
    string = ""
    for pieces in draw(st.lists(segments(kinds), max_size=3)):
        string += "//" if slashes and draw(st.integers(0, 15)) == 0 else "/"
        for piece in pieces:
            name = next(names, None)
            string += piece if not piece.startswith("<") else f"{piece}{name}>" if name else "end"
    return string + draw(st.sampled_from(["", "/"])) or "/"


DEFAULTS = [None, None, None, {}, {"x": 1}, {"x": "a"}, {"y": 2}, {"id": None}, {"lang": "en"}, {"x": 1, "lang": "en"}]


@st.composite
def specs(draw: st.DrawFn, wild: bool = True) -> Spec:
    """A rule; a wild one may have every option that rules have."""
    kinds = CONVERTERS + FOREIGN if wild and draw(st.integers(0, 3)) == 0 else CONVERTERS
    string = draw(rule_strings(kinds, slashes=wild))
    options: dict[str, Any] = {
        "endpoint": draw(st.sampled_from(ENDPOINTS)),
        "methods": draw(st.sampled_from([None, None, ["GET"], ["POST"], ["GET", "POST"], ["PUT"], []])),
        "strict_slashes": draw(st.sampled_from([None, None, True, False])),
    }
    if wild:
        options |= {
            "defaults": draw(st.sampled_from(DEFAULTS)),
            "merge_slashes": draw(st.sampled_from([None, None, True, False])),
        }
        rare = st.integers(0, 9).map(lambda number: number == 0)
        if draw(rare):
            options["subdomain"] = draw(
                st.sampled_from(["", "www", "api", "<sub>", "<path:sub>", "<string(minlength=0):s>"])
            )
        if draw(rare):
            options["redirect_to"] = draw(st.sampled_from(["a", "/b/<x>", "b"]))
        for flag in ("alias", "build_only"):
            options[flag] = draw(rare)
        if options["methods"] in (None, ["GET"]):
            options["websocket"] = draw(rare)
    return Spec(string, options)


@st.composite
def map_options(draw: st.DrawFn) -> dict[str, Any]:
    flag = st.sampled_from([True, True, True, False])
    return {
        "default_subdomain": draw(st.sampled_from(["", "", "", "www", None])),
        "strict_slashes": draw(flag),
        "merge_slashes": draw(flag),
        "redirect_defaults": draw(flag),
        "sort_parameters": not draw(flag),
        "host_matching": draw(st.integers(0, 19)) == 0,
    }


# What a variable of each kind takes, some of it only just.
WORDY = ["a", "ab", "abc", "12", "x-y", "ü", "a b", "n\nl", IDENTIFIER]
NUMBERS = ["1", "12", "3", "05", "-3", "٣", "0", "007"]
FITTING = {
    "int": NUMBERS,
    "even": NUMBERS,
    "float": ["1.5", "-1.5", "2.25", "1٣.٣", "0.0"],
    "path": ["a", "a/b", "12/x-y", "a//b", "a/b/", "a\nb/c", "ab/12/a.b"],
    "any": ["a", "b", "ab", "a b", "c/d", "a.b", "e|f"],
    "uuid": [IDENTIFIER, IDENTIFIER.upper()],
    "hex": ["f", "a", "b", "12", "0ff"],
    "pair": ["a/b", "x/y"],
}
VARIABLE = re.compile(r"<(?:([a-z]+)(?:\([^<>]*\))?:)?[a-z]+>")


def paths(strings: list[str], chance: random.Random) -> Iterator[str]:
    """Paths around rules: some that they take, some that they nearly take, some that several take."""

    def filled(match: re.Match[str]) -> str:
        kind = match[1] or "string"
        return chance.choice(FITTING.get(kind, WORDY) if chance.random() < 0.8 else SEGMENTS)

    for string in strings:
        for _ in range(5):
            path = VARIABLE.sub(filled, string)
            if chance.random() < 0.3:
                pieces = path.split("/")
                pieces[chance.randrange(1, len(pieces))] = chance.choice(SEGMENTS + STATIC)
                path = "/".join(pieces)
            yield path
        yield path + "/"
        yield path.rstrip("/")
        yield chance.choice(
            [path.replace("/", "//", 2), path + "//", path.lstrip("/"), "/" + path, "", "/", path + "/a"]
        )


class Text(str):
    """A subclass of str, as markup and lazy strings are."""


WORDS = ["a", "ab", "a b", "ü/ö", "/a", "//", "", "x?y#z&w=%", "12", "a-b_c.d~e", "e|f", "c/d", "\ud800", Text("t&")]
OTHERS = [0, 1, 5, 12, -3, 10**30, True, 1.5, -2.0, float("nan"), None, UUID(IDENTIFIER), b"b c", object]
SEVERAL = [["p", "q r", None, 3], ("t",), {"s"}, [], {"k": 1}]
VALUES = [*WORDS, *OTHERS, *SEVERAL]


@dataclass
class Twins:
    """Two equal maps with numbered rules: the router is asked about `ours`, and never sees `theirs`.

    Every other rule of `ours` is of the class that apps use.
    """

    options: dict[str, Any]
    ours: Map = field(init=False)
    theirs: Map = field(init=False)
    strings: list[str] = field(default_factory=list)
    pairs: list[tuple[Rule, Rule]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ours, self.theirs = (Map(converters=converters, **self.options) for converters in (OWN, MEANT))

    def add(self, spec: Spec) -> None:
        """Add the rule to both, or to none if Werkzeug refuses it."""
        try:
            theirs = spec.make()
            self.theirs.add(theirs)
        except Exception:  # noqa: BLE001 - a rule that no map takes says nothing about the router
            return
        ours = spec.make(OwnRule if len(self.pairs) % 2 else Rule)
        self.ours.add(ours)
        self.strings.append(spec.string)
        self.pairs.append((ours, theirs))

    def number(self, rule: Rule) -> int:
        return next(number for number, pair in enumerate(self.pairs) if rule is pair[0] or rule is pair[1])

    def change(self, change: Callable[[Map], object]) -> None:
        """Change both maps; where Werkzeug refuses, it refuses twice."""
        _both(change, self.ours, self.theirs)

    def change_rule(self, number: int, change: Callable[[Rule], object]) -> None:
        _both(change, *self.pairs[number % len(self.pairs)])


def _both(change: Callable[[Any], object], ours: object, theirs: object) -> None:
    outcomes: list[str | None] = []
    for each in (ours, theirs):
        try:
            change(each)
            outcomes.append(None)
        except Exception as error:  # noqa: BLE001 - compared below
            outcomes.append(repr(error))
    assert outcomes[0] == outcomes[1]


EASY = ["a", "ab", "12", 1, 5, 12, 1.5, IDENTIFIER]
FURTHER = ["lang", "q", "a b", "ü&", ".self", "self", "method", "x", 7]
Call = tuple[Any, dict[Any, Any], str | None]


def calls(twins: Twins, chance: random.Random) -> Iterator[Call]:
    """Endpoint, values and method for URLs, most often such that a rule can be built from them."""
    for rule, _ in twins.pairs:
        for _ in range(4):
            given: dict[Any, Any] = {}
            for name in sorted(rule.arguments):
                kind = chance.choice(["easy", "easy", "easy", "any", "default", "none"])
                if kind == "default" and rule.defaults:
                    given[name] = rule.defaults.get(name)
                elif kind != "none":
                    given[name] = chance.choice(VALUES if kind == "any" else EASY)
            for _ in range(chance.choice([0, 0, 1, 2])):
                given[chance.choice(FURTHER)] = chance.choice(VALUES)
            yield rule.endpoint, given, chance.choice([None, None, "GET", "POST"])
