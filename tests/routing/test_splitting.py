"""Segments with several variables: the values are those of a backtracking expression, whatever the text."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import Map

from flask._routing import Rule, splitting
from flask._routing.parts import Guarded
from flask._routing.splitting import DIGIT, NO_NEWLINE, NO_SLASH, Kind, Run, Step, Text, Words, longest_to_try

from .strategies import IDENTIFIER
from .test_against_werkzeug import exhaustive

CONVERTERS = [
    "",
    "string(length=2):",
    "string(minlength=0):",
    "string(minlength=2):",
    "string(maxlength=3):",
    "string(minlength=2, maxlength=12):",
    "int:",
    "int(signed=True):",
    "float:",
    "float(signed=True):",
    "path:",
    "any(a, ab, b):",
    "any('a-', '-', '|'):",
    "uuid:",
]
FIXED = ["", "", "-", ".", "a", "ab", "-a", "1", "/", "--", "\n", "/x/", "|", "?", "é", "漢", "\U0001f300"]
ALPHABETS = ["a-", "a-/", "a1-.", "1.-", "ab/", "a\n/", "ab|-1\n", "?é漢\U0001f300-\u0101\udc80"]


def guarded(rule: str, merge_slashes: bool = True) -> Iterator[tuple[Guarded, bool]]:
    """The texts of a rule's parts that are matched in another way, and whether they see slashes."""
    made = Rule(rule, endpoint="e", merge_slashes=merge_slashes)
    Map([made])
    for part in made._parts:
        if isinstance(part.content, Guarded):
            yield part.content, part.final


def outcome(match: Any) -> object:
    return match and (match.groupdict(), match.groups(), match.group(*match.groupdict()))


@exhaustive
@given(
    st.lists(st.tuples(st.sampled_from(CONVERTERS), st.sampled_from(FIXED)), min_size=2, max_size=4),
    st.sampled_from(["", "", "a", "-"]),
    st.sampled_from(ALPHABETS),
    st.booleans(),
)
def test_what_is_split_is_what_an_expression_finds(
    variables: list[tuple[str, str]], start: str, alphabet: str, merge_slashes: bool
) -> None:
    """Each variable gets the very text that Werkzeug's expression gives it, or there is no match either way."""
    rule = "/" + start + "".join(f"<{kind}v{number}>{fixed}" for number, (kind, fixed) in enumerate(variables))
    chance = random.Random(ascii(rule + alphabet))
    for content, final in guarded(rule, merge_slashes):
        plain = re.compile(str.replace(content, r"\d", "[0-9]"))
        for _ in range(30):
            text = "".join(chance.choices([*alphabet, *"a-", IDENTIFIER], k=chance.randrange(14)))
            text = text if final else text.replace("/", "")
            expected = outcome(plain.match(text))
            assert outcome(re.compile(content.expression).match(text)) == expected
            assert outcome(content.splitter.match(text)) == expected
            assert outcome(content.match(text)) == expected


@pytest.mark.parametrize("low", [0, 1, 2, 3, 7, 8, 9])
@pytest.mark.parametrize("more", [None, 0, 1, 2, 3, 5, 8, 13])
def test_runs_of_any_bounds_reach_what_they_may(low: int, more: int | None) -> None:
    """From a place every good one is reached that lies within the bounds and within the run, and no other."""
    high = None if more is None else low + more
    chance = random.Random(f"{low} {high}")
    for _ in range(20):
        string = "".join(chance.choices("11111a", k=30))
        good = chance.getrandbits(31) & chance.getrandbits(31)
        expected = 0
        for at in range(31):
            run = re.compile("[0-9]*").match(string, at)
            assert run is not None
            last = run.end() if high is None else min(run.end(), at + high)
            if any(good >> (30 - to) & 1 for to in range(at + low, last + 1)):
                expected |= 1 << 30 - at
        assert Run(DIGIT, low, high).before(Text(string), good) == expected


def test_characters_are_told_from_all_others() -> None:
    """Neither a character's lowest byte nor its place outside of Unicode's first plane makes it another."""
    string = "a\u0161\u6100\U00010061/\u2f2f\U0002002f\udc61\n"
    text = Text(string)
    for number, character in enumerate(string):
        assert text.where_is(character) == 1 << len(string) - 1 - number
    assert text.where(NO_SLASH) == ((1 << len(string)) - 1) & ~text.where_is("/")
    assert text.where(Kind("[a]", "a")) == text.where_is("a")
    assert Text("").where(NO_SLASH) == Text("").where_is("a") == 0


# --- what an expression may be asked -------------------------------------------------------------


class Backtracking:
    """A match as expressions do it, which counts what it tries."""

    def __init__(self, steps: tuple[Step, ...], text: str) -> None:
        self.steps = steps
        self.text = text
        self.tries = 0

    def match(self, number: int = 0, at: int = 0) -> bool:
        self.tries += 1
        if number == len(self.steps):
            return at == len(self.text)
        step = self.steps[number]
        if isinstance(step, Words):
            return any(self.text.startswith(word, at) and self.match(number + 1, at + len(word)) for word in step.words)
        end = at
        while end < len(self.text) and end - at != step.high and step.kind.takes(self.text[end]):
            end += 1
            self.tries += not step.lazy
        ends = range(at + step.low, end + 1)
        return any(self.match(number + 1, each) for each in (ends if step.lazy else reversed(ends)))


RUNS: list[list[Step]] = [
    [Run(NO_SLASH, 1)],
    [Run(NO_SLASH, 0)],
    [Run(NO_SLASH, 2)],
    [Run(NO_SLASH, 1, 5)],
    [Run(NO_SLASH, 1, 1000)],
    [Run(DIGIT, 1, 640)],
    [Words(("-", "")), Run(DIGIT, 1, 640)],
    [Run(DIGIT, 1, 308), Words((".",)), Run(DIGIT, 1, 1074)],
    [Words(("a", "a-", "1"))],
    [Run(NO_SLASH, 1, 1), Run(NO_NEWLINE, 0, lazy=True)],
]
TEXTS = ["-", "a", "1", "a-", "1-", "1.", "-.", "1.-", "aa-", "11-1", "--a"]
SLASHED = ["/", "a/", "1/", "-/", "a/1/", "//a", "1-/"]


def shapes(number: int) -> Iterator[tuple[tuple[Step, ...], bool]]:
    """Two and three variables with texts between and behind them."""
    chance = random.Random("shapes")
    for _ in range(number):
        final = chance.random() < 0.4
        steps: list[Step] = []
        for _ in range(chance.choice([2, 2, 3])):
            steps += chance.choice(RUNS if final else RUNS[:-1])
            fixed = chance.choice(["", "-", "-", ".", "a", "-a"] + ["/", "/", "/a/"] * final)
            steps += [Words((fixed,))] if fixed else []
        yield tuple(steps), final


def test_an_expression_is_only_asked_where_it_tries_little() -> None:
    """Whatever text of any length an expression is given, twice the text makes it try no more than about twice."""
    linear = 0
    for steps, final in shapes(600):
        longest = longest_to_try(steps, final, False)
        if longest is not None:
            assert 0 < longest < 10_000
            continue
        linear += 1
        for pattern in TEXTS + SLASHED * final:
            for behind in ("", "!", "\n", "\n!"):
                short, long = (Backtracking(steps, (pattern * length)[:length] + behind) for length in (40, 160))
                short.match()
                long.match()
                assert long.tries <= 8 * short.tries + 400, (steps, pattern, behind)
    assert linear > 50


def test_an_expression_of_other_segments_is_given_short_texts_only() -> None:
    """Where it may try much, the text is so short that it tries no more than some ten thousand times."""
    worst = 0
    for steps, final in shapes(150):
        longest = longest_to_try(steps, final, False)
        if longest is None:
            continue
        for pattern in TEXTS + SLASHED * final:
            asked = Backtracking(steps, (pattern * longest)[: longest - 1] + "\n")
            asked.match()
            worst = max(worst, asked.tries)
    assert 1_000 < worst < 100_000


def lines_of(split: Callable[[str], object], text: str) -> int:
    """How many lines of the splitter a text takes."""
    lines = 0

    def count(frame: Any, event: str, _: object) -> Any:
        nonlocal lines
        lines += event == "line" and frame.f_code.co_filename == splitting.__file__
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        split(text)
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize(
    "rule", ["/<path:a>/<path:b>", "/<path:a>/x/<path:b>/", "/<a>-<b>-<c>.x", "/<int:a><float:b><any(a, b):c>"]
)
def test_splitting_takes_as_many_steps_for_a_long_text_as_for_a_short_one(rule: str) -> None:
    """What Python does one after the other follows from the rule alone; the text is taken as a whole."""
    [(content, _)] = guarded(rule)
    split = content.splitter.match
    for pattern in ("a/", "/x", "-", "1", "1.", "a-"):
        short, long = (lines_of(split, (pattern * length)[:length] + "\n") for length in (1_000, 64_000))
        assert short == long
        assert 10 < short < 2_000
