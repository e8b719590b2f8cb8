"""Turns a map's tree of rules into a table of static paths and generated functions; it never sees a request's map.

The generated search visits the states of the tree in Werkzeug's own order: at each state the rules that end there, then
the static next segment, then the dynamic ones by weight, at last the rules that do not mind a trailing slash. It must
never do better than Werkzeug, not even where Werkzeug's order surprises.

Every generated function returns (rule, values, names) as `arguments` has them, or None when Werkzeug must be asked, or
ABSENT when nothing below its state can match with any method, or DOUBT when nothing matches but some rule was met on
the way.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple, NoReturn
from uuid import UUID

from werkzeug.routing import BaseConverter, Rule
from werkzeug.routing.converters import (
    AnyConverter,
    FloatConverter,
    IntegerConverter,
    NumberConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
)

from .arguments import names_of
from .parts import FLOAT_DIGITS, INT_DIGITS, Group, Pattern, read_part
from .rules import CONVERTERS, State, converters_of, may_match
from .source import Writer, literal


class Absent(enum.Enum):
    """The type of ABSENT, so that type checkers can tell it by identity."""

    ABSENT = "no rule matches this path, whatever the method"


ABSENT: Final = Absent.ABSENT
DOUBT: Final = object()
#: The path does not begin with exactly one slash.
ODD: Final = object()

Search = Callable[..., Any]

# One function holds this many states; what lies beyond is a function of its own, written when it is first needed. So a
# first request costs the same in a map of ten thousand rules, and no path is too deep for Python's parser.
_STATES_PER_FUNCTION = 40
_LEVELS_PER_FUNCTION = 8
# Up to so many static segments are compared one after the other, more are looked up.
_COMPARED = 3
# A state with more dynamic parts or rules than this is left to Werkzeug: the text for it would be too long.
_TOO_WIDE = 100


# --- static paths ------------------------------------------------------------


class Survey(NamedTuple):
    """What is reached by static segments.

    `exact`: paths with the rules that end there. `slashed`: paths without rules, with the rules that end one slash
    further. `forks`: paths with rules, where dynamic segments may follow. `bushy`: ids of the states that lead to any.
    """

    exact: dict[str, list[Rule]]
    slashed: dict[str, list[Rule]]
    forks: dict[str, State]
    bushy: set[int]


def survey(start: State) -> Survey:
    """Walk all static segments, once."""
    found = Survey({}, {}, {}, set())
    _survey(start, "", found)
    return found


def _survey(state: State, path: str, found: Survey) -> bool:
    bushy = bool(state.dynamic)
    if state.rules:
        found.exact[path] = state.rules
        if bushy:
            found.forks[path] = state
    if path == "/":
        # What follows needs a path with two leading slashes, and Werkzeug makes them one before it looks.
        return False
    for segment, child in list(state.static.items()):
        if segment == "" and child.rules and path and not state.rules:
            found.slashed[path] = child.rules
        if child.static or child.dynamic:
            bushy = _survey(child, f"{path}/{segment}", found) or bushy
        else:
            found.exact[f"{path}/{segment}"] = child.rules
    if bushy:
        found.bushy.add(id(state))
    return bushy


def _slash_too_few(found: Survey, path: str, method: str) -> Any:
    for rule in found.slashed[path]:
        methods = rule.methods
        if (methods is None or method in methods) and not rule.websocket:
            # Strictness means a redirect.
            return None if rule.strict_slashes else (rule, None, None)
    return None


def _slash_too_much(found: Survey, path: str, method: str) -> Any:
    """Rules that do not mind the slash come after the dynamic ones of their state, and before everything else."""
    shorter = path[:-1]
    rules = found.exact.get(shorter)
    if rules is None or all(rule.strict_slashes for rule in rules):
        return ABSENT
    if shorter in found.forks and any(may_match(part, "") for part, _ in found.forks[shorter].dynamic):
        return None
    for rule in rules:
        methods = rule.methods
        if not rule.strict_slashes and (methods is None or method in methods) and not rule.websocket:
            return rule, None, None
    return None


# --- dynamic paths ------------------------------------------------------------


class Finder:
    """Makes the search through one tree, piece by piece; `sources` gathers the texts by file name."""

    __slots__ = ("_sources", "_start", "_static")

    def __init__(self, start: State, static: Survey, sources: dict[str, str]) -> None:
        self._start = start
        self._static = static
        self._sources = sources

    def whole(self) -> Search:
        """The function `find(path, method)` for paths that are not in `exact`.

        The path begins with one slash, else the answer is ODD.
        """
        function = _Function(self, "find", "find")
        writer = function.writer
        slashed = writer.hold("S", self._static.slashed)
        writer.namespace["slash_too_few"] = partial(_slash_too_few, self._static)
        writer.namespace["slash_too_much"] = partial(_slash_too_much, self._static)
        with writer.block("def find(path, method):"):
            writer.line("s = path.split('/')")
            writer.line("n = len(s)")
            with writer.block("if n == 1 or s[0] or not s[1] and n > 2:"):
                writer.line("return ODD")
            if self._static.slashed:
                with writer.block(f"if path in {slashed}:"):
                    writer.line("return slash_too_few(path, method)")
            with writer.block("if not s[n - 1]:"):
                writer.line("found = slash_too_much(path, method)")
                with writer.block("if found is not ABSENT:"):
                    writer.line("return found")
            writer.line("doubt = False")
            if self.is_bushy(self._start):
                function.state(self._start, 1, [], True)
            writer.line("return None if doubt else ABSENT")
        return function.made(self._sources)

    def part(self, state: State, depth: int, values: int, static: bool, title: str) -> Search:
        """The function for one state: `part(s, n, path, method, *values)`, with the values found so far as text."""
        names = [f"v{number}" for number in range(values)]
        function = _Function(self, "part", title)
        with function.writer.block(f"def part({', '.join(['s', 'n', 'path', 'method', *names])}):"):
            function.writer.line("doubt = False")
            function.state(state, depth, names, static)
            function.writer.line("return DOUBT if doubt else ABSENT")
        return function.made(self._sources)

    # Two threads may both make a part when it is first called: the two are alike, and either may stay.

    def later(self, home: dict[str, Any], name: str, *of: Any) -> Search:
        """A stand-in that makes the part and puts it in its own place at home."""

        def first(*arguments: Any) -> Any:
            home[name] = made = self.part(*of)
            return made(*arguments)

        return first

    def table(self, children: dict[str, State], depth: int, values: int, static: bool, title: str) -> dict[str, Search]:
        """Parts by segment, each made when it is first called. One stand-in does for all: the segment is `s[depth]`."""

        def first(s: list[str], *arguments: Any) -> Any:
            segment = s[depth]
            made = self.part(children[segment], depth + 1, values, static, f"{title} /{literal(segment)}")
            parts[segment] = made
            return made(s, *arguments)

        parts: dict[str, Search] = dict.fromkeys(children, first)
        return parts

    def is_bushy(self, state: State) -> bool:
        return id(state) in self._static.bushy


class _Function:
    """One function being written."""

    __slots__ = ("_budget", "_finder", "_level", "_name", "_title", "writer")

    def __init__(self, finder: Finder, name: str, title: str) -> None:
        self.writer = Writer()
        self.writer.namespace.update(ABSENT=ABSENT, DOUBT=DOUBT, ODD=ODD)
        self.writer.namespace.update(UUID=UUID, small=_small.get, whole=_whole, odd=_odd)
        self._finder = finder
        self._name = name
        self._title = title
        self._budget = _STATES_PER_FUNCTION
        self._level = 0

    def made(self, sources: dict[str, str]) -> Search:
        function, file, text = self.writer.function(self._name, self._title)
        sources[file] = text
        return function

    # A state: `depth` segments are behind it, `values` names the raw values they gave. A static state is one that was
    # reached without any value: its own rules are in the survey's tables and have been tried before.

    def state(self, state: State, depth: int, values: list[str], static: bool) -> None:
        if len(state.dynamic) > _TOO_WIDE or len(state.rules) > _TOO_WIDE:
            self.writer.line("return None")
            return
        rules = [] if static else state.rules
        slashed = [] if static or "" not in state.static else state.static[""].rules
        children = {key: child for key, child in state.static.items() if not static or self._finder.is_bushy(child)}
        if not children and not state.dynamic:
            self._leaf(rules, depth, values)
            return
        if rules or slashed:
            with self.writer.block(f"if n == {depth}:"):
                self._rules(rules, values)
                self._rules(slashed, values, slash=True)
        with self.writer.block(f"if n > {depth}:"):
            self.writer.line(f"a{depth} = s[{depth}]")
            self._static(children, depth, values, static)
            self._dynamic(state, depth, values)
            if rules:
                with self.writer.block(f"if n == {depth + 1} and not a{depth}:"):
                    self._rules(rules, values, bare="")

    def _leaf(self, rules: list[Rule], depth: int, values: list[str]) -> None:
        """A state that nothing follows: its rules serve the path to its end, or with a slash that they do not mind."""
        here, slash = f"n == {depth}", f"n == {depth + 1} and not s[{depth}]"
        if len(rules) == 1:
            lax = f"not {self.writer.hold('R', rules[0])}.strict_slashes"
            with self.writer.block(f"if {here} or {slash} and {lax}:"):
                self._rules(rules, values)
        elif rules:
            with self.writer.block(f"if {here} or {slash}:"):
                self._rules(rules, values, bare=f"{here} or ")

    def _child(self, state: State, depth: int, values: list[str], static: bool, title: str) -> None:
        if self._budget <= 0 or self._level >= _LEVELS_PER_FUNCTION:
            name = f"part{len(self.writer.namespace)}"
            later = self._finder.later(self.writer.namespace, name, state, depth, len(values), static, title)
            self.writer.namespace[name] = later
            self._call(name, values)
            return
        self._budget -= 1
        self._level += 1
        self.state(state, depth, values, static)
        self._level -= 1

    def _call(self, name: str, values: list[str]) -> None:
        self.writer.line(f"found = {name}({', '.join(['s', 'n', 'path', 'method', *values])})")
        with self.writer.block("if found is DOUBT:"):
            self.writer.line("doubt = True")
        with self.writer.block("elif found is not ABSENT:"):
            self.writer.line("return found")

    # Static segments.

    def _static(self, children: dict[str, State], depth: int, values: list[str], static: bool) -> None:
        if len(children) > _COMPARED:
            self._look_up(children, depth, values, static)
            return
        word = "if"
        for segment, child in children.items():
            with self.writer.block(f"{word} a{depth} == {literal(segment)}:"):
                self._child(child, depth + 1, values, static, f"{self._title} /{literal(segment)}")
            word = "elif"

    def _look_up(self, children: dict[str, State], depth: int, values: list[str], static: bool) -> None:
        table = self._finder.table(children, depth, len(values), static, self._title)
        held = self.writer.hold("T", table)
        self.writer.line(f"part = {held}.get(a{depth})")
        with self.writer.block("if part is not None:"):
            self._call("part", values)

    # Dynamic segments.

    def _dynamic(self, state: State, depth: int, values: list[str]) -> None:
        for part, child in state.dynamic:
            read = read_part(part)
            if read is None:
                self.writer.line("return None")
                return
            if isinstance(read, Pattern):
                self._pattern(read, child, depth, values)
            else:
                self._group(read, child, depth, values)

    def _group(self, group: Group, child: State, depth: int, values: list[str]) -> None:
        value = f"a{depth}"
        if group.kind == "rest":
            with self.writer.block(f"if {value}:"):
                self.writer.line(f"rest = {value} if n == {depth + 1} else path.split('/', {depth})[{depth}]")
                with self.writer.block(r"if '\n' not in rest or rest.rfind('\n') == 0:"):
                    self._end(child, [*values, "rest"])
            return
        if group.prefix or group.suffix:
            value = f"b{depth}"
            self._cut(group, depth)
        with self.writer.block(f"if {_test(group, value, self.writer)}:"):
            self._child(child, depth + 1, [*values, value], False, f"{self._title} /<{group.kind}>")

    def _cut(self, group: Group, depth: int) -> None:
        """Take prefix and suffix off; None where they do not stand."""
        whole, tests = f"a{depth}", [f"len(a{depth}) >= {len(group.prefix) + len(group.suffix)}"]
        if group.prefix:
            tests.append(f"{whole}.startswith({literal(group.prefix)})")
        if group.suffix:
            tests.append(f"{whole}.endswith({literal(group.suffix)})")
        end = f"len({whole}) - {len(group.suffix)}" if group.suffix else ""
        self.writer.line(f"b{depth} = {whole}[{len(group.prefix)}:{end}] if {' and '.join(tests)} else None")

    def _pattern(self, pattern: Pattern, child: State, depth: int, values: list[str]) -> None:
        target = f"path.split('/', {depth})[{depth}]" if pattern.final else f"a{depth}"
        match = self.writer.hold("E", pattern.match)
        if pattern.split is None:
            self.writer.line(f"found = {match}({target})")
        else:
            split = self.writer.hold("L", pattern.split)
            self.writer.line(f"found = {match}(t) if len(t := {target}) <= {pattern.limit} else {split}(t)")
        with self.writer.block("if found is not None:"):
            names = [f"w{len(values) + number}" for number in range(len(pattern.names))]
            groups = ", ".join(map(literal, pattern.names))
            self.writer.line(f"{', '.join(names)} = found.group({groups})")
            everything = [*values, *names]
            if pattern.suffixed:
                self._suffixed(child, everything)
            elif pattern.final:
                self._end(child, everything)
            else:
                self._child(child, depth + 1, everything, False, f"{self._title} /<...>")

    def _suffixed(self, child: State, values: list[str]) -> None:
        """Behind a part that takes slashes too there may be one more slash, which leads to the rules."""
        if set(child.static) != {""} or child.dynamic or child.rules:
            self.writer.line("return None")
            return
        with self.writer.block("if found.groups()[-1] == '/':"):
            self._end(child.static[""], values)
        with self.writer.block("else:"):
            self._rules(child.static[""].rules, values, slash=True)

    def _end(self, state: State, values: list[str]) -> None:
        """A state with nothing of the path left."""
        if state.static or state.dynamic:
            self.writer.line("return None")
        else:
            self._rules(state.rules, values)

    # Rules at the end of a path. `slash`: the rules want one slash more. `bare`: the path has one slash more than the
    # rules unless this condition holds, which ends in "or" if there is one.

    def _rules(self, rules: list[Rule], values: list[str], slash: bool = False, bare: str | None = None) -> None:
        if len(rules) > _TOO_WIDE:
            self.writer.line("return None")
            return
        for rule in rules:
            name = self.writer.hold("R", rule)
            if bare is None:
                self._rule(rule, name, values, slash)
            else:
                with self.writer.block(f"if {bare}not {name}.strict_slashes:"):
                    self._rule(rule, name, values, slash)

    def _rule(self, rule: Rule, name: str, values: list[str], slash: bool) -> None:
        self.writer.line(f"m = {name}.methods")
        with self.writer.block(f"if (m is None or method in m) and not {name}.websocket:"):
            if slash:
                with self.writer.block(f"if {name}.strict_slashes:"):
                    self.writer.line("return None")
            self._answer(rule, name, values)
        self.writer.line("doubt = True")

    def _answer(self, rule: Rule, name: str, values: list[str]) -> None:
        converters = converters_of(rule)
        if len(converters) != len(values) or not all(map(_is_known, converters.values())):
            self.writer.line("return None")
            return
        held = self.writer.hold("C", converters)
        with self.writer.block(f"if {name}.{CONVERTERS} is not {held}:"):
            self.writer.line("return None")
        converted = [self._converted(*each) for each in zip(converters.values(), values, strict=True)]
        if converted:
            names = self.writer.hold("N", names_of(tuple(map(str, converters))))
            self.writer.line(f"return {name}, ({', '.join(converted)},), {names}")
        else:
            self.writer.line(f"return {name}, None, None")

    def _converted(self, converter: BaseConverter, value: str) -> str:
        """The expression for a variable's value; checks that may refuse it are written before."""
        expression = _CONVERTED[type(converter)].format(value)
        if not isinstance(converter, NumberConverter):
            return expression
        if converter.fixed_digits:
            with self.writer.block(f"if len({value}) != {converter.fixed_digits}:"):
                self.writer.line("return None")
        bounds = [("<", converter.min), (">", converter.max)]
        hold = self.writer.hold
        tests = [f"x{value} {sign} " + hold("K", bound) for sign, bound in bounds if bound is not None]
        if not tests:
            return expression
        self.writer.line(f"x{value} = {expression}")
        with self.writer.block(f"if {' or '.join(tests)}:"):
            self.writer.line("return None")
        return f"x{value}"


# What `to_python` of the built-in converters does, by exact class: anything else is Werkzeug's to call.
_CONVERTED: dict[type[BaseConverter], str] = {
    UnicodeConverter: "{}",
    PathConverter: "{}",
    AnyConverter: "{}",
    IntegerConverter: "(small({0}) or whole({0}))",
    FloatConverter: f"(float({{0}}) if len({{0}}) <= {FLOAT_DIGITS[0]} and {{0}}.isascii() else odd({{0}}))",
    UUIDConverter: "UUID({})",
}


# PERF: many numbers in paths are of few digits, and to look one up takes a third of `int`. Clients cannot fill it up.
_small: dict[str, int] = {}


def _whole(text: str) -> int:
    """The number; a small one is kept. ValueError for Werkzeug to be asked."""
    if len(text) > INT_DIGITS or not text.isascii():
        _odd(text)
    number = int(text)
    if len(text) < 5:
        if len(_small) >= 4096:
            _small.clear()
        _small[text] = number
    return number


def _odd(text: str) -> NoReturn:
    raise ValueError(f"perhaps not a number: {text[:20]!r}")


def _is_known(converter: BaseConverter) -> bool:
    if type(converter) not in _CONVERTED:
        return False
    if not isinstance(converter, NumberConverter):
        return True
    bounds = {type(converter.min), type(converter.max)}
    return bounds <= {int, float, type(None)} and type(converter.fixed_digits) is int


def _test(group: Group, value: str, writer: Writer) -> str:
    """The expression that holds exactly when the group's regular expression matches the whole value (a str or None)."""
    test = _TESTS[group.kind](group, value, writer)
    return f"{value} is not None and {test}" if group.prefix or group.suffix else test


def _length(group: Group, value: str, writer: Writer) -> str:
    if group.high is None:
        return value if group.low == 1 else f"len({value}) >= {group.low}"
    return f"{group.low} <= len({value}) <= {group.high}"


def _digits(group: Group, value: str, writer: Writer) -> str:
    # A regular expression's \d and str.isdecimal both mean Unicode's category Nd. PERF: that `<int:>` and `<float:>`
    # take less is seen where the digits become a number, which is a look into a table for most.
    return f"{value}.removeprefix('-').isdecimal()" if group.low else f"{value}.isdecimal()"


def _decimal(group: Group, value: str, writer: Writer) -> str:
    number = f"{value}.removeprefix('-')" if group.low else value
    return f"len(p := {number}.split('.')) == 2 and p[0].isdecimal() and p[1].isdecimal()"


def _any(group: Group, value: str, writer: Writer) -> str:
    words = writer.hold("W", frozenset(group.words))
    return f"{value} in {words}"


def _uuid(group: Group, value: str, writer: Writer) -> str:
    matches = writer.hold("U", re.compile(UUIDConverter.regex).fullmatch)
    return f"len({value}) == 36 and {matches}({value})"


_TESTS: dict[str, Callable[[Group, str, Writer], str]] = {
    "length": _length,
    "digits": _digits,
    "decimal": _decimal,
    "any": _any,
    "uuid": _uuid,
}
