"""Writes one function per endpoint that builds its URLs; what it cannot build for certain it leaves to Werkzeug.

A built URL must never differ by a character from Werkzeug's: converters, quoting and queries are those of Werkzeug.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

from werkzeug.datastructures import iter_multi_items
from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.routing.converters import (
    AnyConverter,
    FloatConverter,
    IntegerConverter,
    NumberConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
)

from .._unicode import REPLACED
from .rules import TRACE, Recipe, builds_plainly, built_by, converters_of, recipe_of
from .source import Writer, literal, text

#: `build(values, method, url_map)`: values as an exact dict. The URL from its slash on, or None to ask Werkzeug; raises
#: whatever a value raises when it is turned into text.
Build = Callable[[dict[str, Any], "str | None", Map], "str | None"]

# An endpoint with more rules than this is left to Werkzeug.
_TOO_MANY = 50

# Characters that stay as they are in a path segment and in a query, beside letters, digits and "_.-~".
# https://url.spec.whatwg.org/#url-path-segment-string, https://url.spec.whatwg.org/#percent-encoded-bytes
_SEGMENT_SAFE = "!$&'()*+,/:;=@"
_QUERY_SAFE = "!$'()*,/:;?@"
# PERF: most values need no quoting; a full match costs a fifth of what quote() takes to find that out.
_plain_segment = re.compile(rf"[\w.~{re.escape(_SEGMENT_SAFE)}-]*", re.ASCII).fullmatch
_plain_query = re.compile(rf"[\w.~ {re.escape(_QUERY_SAFE)}-]*", re.ASCII).fullmatch


def decline(values: dict[str, Any], method: str | None, url_map: Map) -> str | None:
    """The builder of endpoints that only Werkzeug can build."""
    return None


def builder(endpoint: object, rules: list[Rule], domain: str, sources: dict[str, str]) -> Build:
    """The function for an endpoint, from its rules in the order in which Werkzeug tries them."""
    if len(rules) > _TOO_MANY:
        return decline
    writer = Writer()
    if not _small_numbers:
        _small_numbers[:] = map(str, range(_SMALL))
    writer.namespace.update(plain=_plain_segment, segment=segment, query=query, small=_small_numbers)
    with writer.block("def build(values, method, url_map):"):
        recipes = [_known(rule, domain) for rule in rules]
        if len(rules) > 1:
            _any_method(writer, rules, recipes)
        for rule, recipe in zip(rules, recipes, strict=True):
            if recipe is None:
                break
            _rule(writer, rule, recipe, len(rules) == 1)
        writer.line("return None")
    title = ascii(endpoint) if isinstance(endpoint, str) else type(endpoint).__name__
    function, file, source = writer.function("build", f"build {title}")
    sources[file] = source
    return function


def _any_method(writer: Writer, rules: list[Rule], recipes: list[Recipe | None]) -> None:
    """Without a method Werkzeug prefers the request's own, which is not known here: it must make no difference."""
    with writer.block("if method is None:"):
        # Several decorators for one function often say the same URL with other methods.
        shapes = [_shape(rule, recipe) for rule, recipe in zip(rules, recipes, strict=True) if recipe is not None]
        alike = len(shapes) == len(rules) and all(shape == shapes[0] for shape in shapes)
        for rule, recipe in zip(rules, recipes, strict=True):
            if alike and recipe is not None:
                _unless_changed(writer, rule, writer.hold("R", rule), recipe)
            elif rule is not rules[0]:
                with writer.block(f"if {writer.hold('R', rules[0])}.methods != {writer.hold('R', rule)}.methods:"):
                    writer.line("return None")


def _shape(rule: Rule, recipe: Recipe) -> tuple[object, ...]:
    """What two rules must share to build the same from the same values: of converters, all they keep but the map."""
    traits = [
        (type(converter), {key: value for key, value in vars(converter).items() if key != "map"})
        for converter in converters_of(rule).values()
    ]
    return recipe.pieces, rule.defaults, traits


def _known(rule: Rule, domain: str) -> Recipe | None:
    recipe = recipe_of(rule) if builds_plainly(rule) else None
    return recipe if recipe is not None and _is_known(rule, recipe, domain) else None


def _is_known(rule: Rule, recipe: Recipe, domain: str) -> bool:
    """Whether all converters are known, and Werkzeug goes by this recipe and stays in the domain.

    A function that it wrote is tried once.
    """
    converters = converters_of(rule)
    sample: dict[str, Any] = {}
    path = ""
    for dynamic, word in recipe.pieces:
        if not dynamic:
            path += quote(word, safe=_SEGMENT_SAFE)
            continue
        converter = converters[word]
        if type(converter) not in _CONVERTED or (isinstance(converter, AnyConverter) and not converter.items):
            return False
        sample[word] = min(converter.items) if isinstance(converter, AnyConverter) else 7
        path += converter.to_url(sample[word])
    if not recipe.written:
        return quote(recipe.domain, safe=_SEGMENT_SAFE) == domain
    return built_by(rule, sample) == (domain, path)


def _rule(writer: Writer, rule: Rule, recipe: Recipe, alone: bool) -> None:
    name = writer.hold("R", rule)
    _unless_changed(writer, rule, name, recipe)
    with writer.block(f"if method is None or {name}.methods is None or method in {name}.methods:"):
        variables = [word for dynamic, word in recipe.pieces if dynamic]
        defaults = writer.hold("D", rule.defaults) if rule.defaults else ""
        for number, variable in enumerate(variables):
            key = literal(variable)
            # PERF: where no other rule would be tried, a value that is missing may as well raise, for Werkzeug to ask.
            writer.line(f"v{number} = values[{key}]" if alone else f"v{number} = values.get({key})")
        tests = [f"v{number} is not None" for number in range(len(variables))]
        for key in rule.defaults or ():
            # A value may be left out, or must equal the default.
            given = f"values.get({literal(key)})"
            tests.append(f"({given} is None or not ({defaults}[{literal(key)}] != {given}))")
        with writer.block(f"if {' and '.join(tests) or 'True'}:"):
            _url(writer, rule, recipe, variables)


def _unless_changed(writer: Writer, rule: Rule, name: str, recipe: Recipe) -> None:
    """Leave the rule to Werkzeug if it was changed after it was bound."""
    arguments = writer.hold("A", rule.arguments)
    tests = [
        f"{name}.websocket",
        f"{name}.{TRACE} is not {writer.hold('T', recipe.trace)}",
        f"{name}.arguments is not {arguments}",
        f"len({arguments}) != {len(rule.arguments)}",
    ]
    if rule.defaults:
        defaults = writer.hold("D", rule.defaults)
        tests += [f"{name}.defaults is not {defaults}", f"len({defaults}) != {len(rule.defaults)}"]
    else:
        tests.append(f"{name}.defaults")
    with writer.block(f"if {' or '.join(tests)}:"):
        writer.line("return None")


def _url(writer: Writer, rule: Rule, recipe: Recipe, variables: list[str]) -> None:
    converters = converters_of(rule)
    pieces = _joined(recipe)
    path = []
    for dynamic, word in pieces:
        path.append(f"f'{{{_converted(writer, converters[word], variables.index(word))}}}'" if dynamic else text(word))
    whole = " ".join([literal("/"), *path])
    if pieces and pieces[0][0]:
        # A value that begins with slashes loses them.
        whole = f"'/' + ({' '.join(path)}).lstrip('/')"
    with writer.block(f"if len(values) == {len(variables)}:"):
        # No more values than variables, and each variable has one.
        writer.line(f"return {whole}")
    known = writer.hold("N", frozenset([*variables, *(rule.defaults or ())]))
    writer.line(f"return {whole} + query(values, {known}, url_map)")


def _joined(recipe: Recipe) -> list[tuple[bool, str]]:
    """The recipe with fixed text quoted and joined, without the slashes it begins with."""
    joined: list[tuple[bool, str]] = []
    for dynamic, word in recipe.pieces:
        if dynamic:
            joined.append((True, word))
            continue
        fixed = quote(word, safe=_SEGMENT_SAFE)
        before = joined.pop()[1] if joined and not joined[-1][0] else ""
        # Werkzeug takes all leading slashes of the URL off and puts one before.
        if whole := (before + fixed) if joined else (before + fixed).lstrip("/"):
            joined.append((False, whole))
    return joined


def _converted(writer: Writer, converter: BaseConverter, number: int) -> str:
    """Write what makes the text of a value, and give the expression for it."""
    value = f"v{number}"
    if isinstance(converter, AnyConverter):
        with writer.block(f"if {value} not in {writer.hold('W', converter.items)}:"):
            writer.line("return None")
    made = _CONVERTED[type(converter)].format(value)
    if isinstance(converter, NumberConverter) and converter.fixed_digits:
        made = f"str({made}).zfill({writer.hold('K', converter.fixed_digits)})"
    writer.line(f"{value} = {made}")
    return value


# PERF: the text of a small number is found in a tenth of the instructions that making it takes.
_SMALL = 1000
_small_numbers: list[str] = []

# What `to_url` of the built-in converters does, by exact class; floats become text in the f-string.
_TEXT = "{0} if type({0}) is str and ({0}.isalnum() and {0}.isascii() or plain({0})) else segment({0})"
_CONVERTED: dict[type[BaseConverter], str] = {
    UnicodeConverter: _TEXT,
    PathConverter: _TEXT,
    AnyConverter: "str({0})",
    IntegerConverter: f"small[{{0}}] if type({{0}}) is int and -1 < {{0}} < {_SMALL} else str(int({{0}}))",
    FloatConverter: "{0} if type({0}) is float else float({0})",
    UUIDConverter: "str({0})",
}


def segment(value: object) -> str:
    """A value as text for a path."""
    return quote(str(value), safe=_SEGMENT_SAFE, errors=REPLACED)


def query(values: dict[str, Any], known: frozenset[str], url_map: Map) -> str:
    """The values that no variable takes, as a query with its question mark, or nothing.

    A list, tuple or set gives its key several times; None gives nothing.
    """
    items: list[tuple[str, Any]] = []
    for key, value in values.items():
        if key in known or value is None:
            continue
        # Werkzeug passes values on as keyword arguments, beside a parameter of that name.
        if type(key) is not str or key == ".self":
            raise TypeError(f"{key!r} cannot be passed on by keyword")
        if type(value) is str or type(value) is int:
            items.append((key, value))
        else:
            items.extend(iter_multi_items({key: value}))
    if url_map.sort_parameters:
        items.sort(key=url_map.sort_key)
    # PERF: most names and values show by their methods that they need no quoting, without a call of our own.
    pairs = [
        f"{key if key.isidentifier() and key.isascii() else _quoted(key)}="
        f"{value if type(value) is str and value.isalnum() and value.isascii() else _quoted(value)}"
        for key, value in items
        if value is not None
    ]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _quoted(value: object) -> str:
    if type(value) is int:
        return str(value)
    if isinstance(value, bytes):
        return quote_plus(value, safe=_QUERY_SAFE)
    word = str(value)
    if _plain_query(word):
        return word.replace(" ", "+")
    return quote_plus(word, safe=_QUERY_SAFE, errors=REPLACED)
