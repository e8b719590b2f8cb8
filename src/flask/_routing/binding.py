"""The class of an app's rules: bound as Werkzeug's own are, but no function is written before somebody needs it.

A rule bound here must never be told from one of Werkzeug's: the same parts and converters, and the same errors at the
same moment. Like `rules` this reads what Werkzeug keeps in private; `tests/routing/test_binding.py` compares it all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from werkzeug.routing import BaseConverter
from werkzeug.routing import Rule as WerkzeugRule
from werkzeug.routing.converters import (
    AnyConverter,
    FloatConverter,
    IntegerConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
)
from werkzeug.routing.rules import RulePart, Weighting, parse_converter_args

from .parts import guard

__all__ = ["Rule", "is_written"]

Step = tuple[bool, str]


# --- reading a rule's string ------------------------------------------------------------


class _Segment(NamedTuple):
    """What stands between two slashes: fixed text, or one variable. `step` is its entry in a rule's trace.

    Fixed text comes with its part; a variable with the name of its converter and the arguments for it.
    """

    step: Step | None
    part: RulePart | None
    converter: str = ""
    positional: tuple[Any, ...] = ()
    named: dict[str, Any] = {}


_SLASH: Step = False, "/"
_BAR: Step = False, "|"


# PERF: names repeat among the rules of an app; and what is equal is kept once.
@lru_cache(maxsize=1024)
def _segment(text: str) -> _Segment | None:
    """A segment, or None when only Werkzeug can read it, or refuse it."""
    if "<" not in text:
        fixed = RulePart(text, final=False, static=True, suffixed=False, weight=_fixed_weight(len(text)))
        return _Segment((False, text) if text else None, fixed)
    if text[0] != "<" or text[-1] != ">":
        return None
    before, colon, name = text[1:-1].rpartition(":")
    converter, parenthesis, arguments = before.partition("(")
    if not (text.isascii() and name.isidentifier() and (converter.isidentifier() or not colon)):
        return None
    if parenthesis and (arguments[-1:] != ")" or not _DELIMITERS.isdisjoint(arguments[:-1])):
        return None
    try:
        positional, named = parse_converter_args(arguments[:-1])
    except ValueError:
        return None
    return _Segment((True, name), None, converter or "default", positional, named)


# Arguments with these are for Werkzeug's own expression to find the end of.
_DELIMITERS = frozenset("()<>\"'\n")


@lru_cache(maxsize=256)
def _fixed_weight(length: int) -> Weighting:
    fixed = [(0, -length)] if length else []
    return Weighting(-len(fixed), fixed, 0, [])


_NO_DOMAIN = RulePart("", final=False, static=True, suffixed=False, weight=_fixed_weight(0))


@lru_cache(maxsize=1024)
def _variable_part(regex: str, weight: int, final: bool) -> RulePart:
    content = rf"(?P<__werkzeug_0>{regex})\Z"
    return RulePart(content, final=final, static=False, suffixed=False, weight=Weighting(0, [], -1, [weight]))


# --- binding a rule ------------------------------------------------------------


class _Later:
    """One of the two functions by which Werkzeug builds a rule's URLs, written when it is first asked for."""

    __slots__ = ("_append_unknown", "_name")

    def __init__(self, name: str, append_unknown: bool) -> None:
        self._name = name
        self._append_unknown = append_unknown

    def __get__(self, rule: Any, kind: type[WerkzeugRule]) -> Any:
        if rule is None:
            return self
        if not rule._trace:  # not bound
            raise AttributeError(f"{kind.__name__!r} object has no attribute {self._name!r}", name=self._name, obj=rule)
        # It was bound without defaults, whatever it has been given since.
        as_bound = WerkzeugRule("/")
        as_bound.rule, as_bound._trace, as_bound._converters = rule.rule, rule._trace, rule._converters
        function: Any = as_bound._compile_builder(self._append_unknown)
        method = function.__get__(rule, None)
        setattr(rule, self._name, method)
        return method


class Rule(WerkzeugRule):
    """A rule as `werkzeug.routing.Rule`, which it is.

    PERF: writing the functions that build its URLs is nine tenths of what binding a rule costs (two syntax trees and
    their code, 600 µs), and the router's own functions build nearly all URLs.
    """

    if not TYPE_CHECKING:
        _build = _Later("_build", False)
        _build_unknown = _Later("_build_unknown", True)

    def __eq__(self, other: object) -> bool:
        # An ordinary rule equals an ordinary one of Werkzeug's class, from either side.
        kind = type(self)
        return isinstance(other, WerkzeugRule if kind is Rule else kind) and self._trace == other._trace

    __hash__ = None  # as Werkzeug's

    def compile(self) -> None:
        """Read the rule's string; no path can make matching its parts slow."""
        self._bind()
        for part in self._parts:
            if not part.static:
                guard(part)

    def _bind(self) -> None:
        """Read the string; what is rare is left to Werkzeug altogether."""
        if self._trace:  # bound before
            for name in ("_build", "_build_unknown"):
                self.__dict__.pop(name, None)
        string = self.rule
        if self.defaults or (self.merge_slashes and "//" in string) or not _binds_plainly(type(self)):
            super().compile()
            return
        domain = (self.host if self.map.host_matching else self.subdomain) or ""
        self._trace = trace = []
        self._converters = {}
        self._parts = parts = list(self._read(domain)) if domain else [_NO_DOMAIN]
        trace.append(_BAR)
        parts.extend(self._read(string))
        if not _can_be_built(domain + string, trace):
            super().compile()  # to refuse it

    def _read(self, string: str) -> Iterable[RulePart]:
        """The parts of a string; trace, converters and arguments are filled as by Werkzeug's own reading."""
        segments = _known([_segment(text) for text in string.split("/")], self.map.converters)
        if segments is None:
            return self._parse_rule(string)
        trace = self._trace
        parts: list[RulePart] = []
        for segment in segments:
            if parts:
                trace.append(_SLASH)
            if segment.step is not None:
                trace.append(segment.step)
            parts.append(segment.part or self._variable(segment))
        return parts

    def _variable(self, segment: _Segment) -> RulePart:
        _, name = cast(Step, segment.step)
        converter = self.get_converter(name, segment.converter, segment.positional, segment.named)
        self._converters[name] = converter
        self.arguments.add(name)
        return _variable_part(converter.regex, converter.weight, not converter.part_isolating)


_END_WITH_THEIR_SEGMENT = (UnicodeConverter, IntegerConverter, FloatConverter, UUIDConverter, AnyConverter)


def _known(segments: list[_Segment | None], converters: Mapping[str, type[BaseConverter]]) -> list[_Segment] | None:
    """The segments, if all variables are of Werkzeug's own converters, and none of them takes slashes of others."""
    for number, segment in enumerate(segments, 1):
        if segment is None:
            return None
        if segment.part is None:
            kind = converters.get(segment.converter)
            if kind not in _END_WITH_THEIR_SEGMENT and (kind is not PathConverter or number < len(segments)):
                return None
    return cast("list[_Segment]", segments)


# PERF: compared one by one; a loop over their names took a tenth of binding.
_compile_builder = WerkzeugRule._compile_builder
_get_func_code = WerkzeugRule._get_func_code
_get_converter = WerkzeugRule.get_converter
_parse_rule = WerkzeugRule._parse_rule


def _binds_plainly(kind: type[WerkzeugRule]) -> bool:
    """Whether the class has not replaced what is passed by here."""
    return (
        kind._parse_rule is _parse_rule
        and kind.get_converter is _get_converter
        and kind._compile_builder is _compile_builder
        and kind._get_func_code is _get_func_code
    )


def _can_be_built(text: str, trace: list[Step]) -> bool:
    """Whether a function can have the variables as its parameters, and the text can be quoted."""
    names = [name for dynamic, name in trace if dynamic]
    if len({*names}) != len(names) or not _NOT_NAMES.isdisjoint(names):
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_NOT_NAMES = frozenset(["None", "True", "False", "__debug__"])


def is_written(rule: WerkzeugRule) -> bool:
    """Whether the rule has its building functions; if not, they will be written from its trace, without defaults."""
    return not isinstance(rule, Rule) or "_build_unknown" in vars(rule)
