"""What calls return: parts of a request, texts that are put together, markup, paths; and templates that they render.

What a function that is not known returns is not known either, only what it was made of.
"""

from __future__ import annotations

import ast
import typing as t

from . import meanings
from .harms import Harms, Rendering, last_name
from .values import (
    UNKNOWN,
    Derived,
    Input,
    Mapping,
    Reference,
    Safe,
    Source,
    Text,
    Value,
    derived,
    either,
    filled,
    joined,
)

# The app's own environment stands for each that is made without a sandbox.
_ENVIRONMENT = "flask.current_app.jinja_env"


class Calls(Harms):
    """Reads calls."""

    def call(self, node: ast.Call) -> Value:
        """What a call returns; harm that is done by what it is given is reported."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        receiver = self._receiver(node.func.value, name) if isinstance(node.func, ast.Attribute) else None
        function = self.attribute(receiver, name) if name else self.value(node.func)
        if isinstance(receiver, Reference) and not isinstance(function, Reference):
            function = None  # a part of a request is not called
        given = self.values(*node.args)
        keywords = [(keyword.arg, self.value(keyword.value)) for keyword in node.keywords]
        called = function.name if isinstance(function, Reference) else ""
        if name:
            self.method_dangers(node, name, receiver, given)
        if called:
            self.dangers(node, called, given, dict(keywords))
            known, value = self._known_call(node, called, given, keywords)
            if known:
                return value
        elif name:
            known, value = self._known_method(node, name, receiver, given)
            if known:
                return value
        if called in meanings.NO_CHECKS or name in meanings.NO_CHECK_METHODS:
            return None
        own = receiver if name else self.quietly(node.func)
        return derived(own, *given, *(value for _, value in keywords))

    def _receiver(self, node: ast.expr, name: str) -> Value:
        """What a method is called on; markup that is only made to be taken apart does no harm."""
        value = self.quietly(node) if name in meanings.OF_MARKUP else None
        return Derived(frozenset()) if isinstance(value, Safe) else self.value(node)

    def _known_call(
        self, node: ast.Call, called: str, given: list[Value], keywords: list[tuple[str | None, Value]]
    ) -> tuple[bool, Value]:
        """What a function that is known by its name returns; and whether it is known."""
        first = given[0] if given else None
        if called.startswith("flask.request.") and (method := called.rpartition(".")[2]) in meanings.PART_METHODS:
            source = Source(f"request.{method}()", "json" if method == "get_json" else "data")
            return True, self.unchecked(Input(frozenset({source}), meanings.PART_METHODS[method]))
        if called in ("markupsafe.Markup", "markupsafe.escape"):
            return True, Safe()
        if called in meanings.PATH_FUNCTIONS:
            path = joined([part for value in given for part in (Text("/"), value)][1:])
            return True, Input(path.sources, "path", path.shape) if isinstance(path, Input) else None
        if called == "os.path.join":
            return True, joined([part for value in given for part in (Text("/"), value)][1:])
        if called == "builtins.dict" and not given:
            items: dict[str, Value] = {}
            for name, value in keywords:
                if name is not None:
                    items[name] = value
                elif isinstance(value, Mapping):
                    items.update(value.items)
            return True, Mapping(tuple(items.items()))
        if called in meanings.READING_FUNCTIONS:
            return True, Input(first.sources, "container") if isinstance(first, Input) else derived(*given)
        if called in meanings.ENVIRONMENTS:
            return True, Reference(_ENVIRONMENT)
        if called in meanings.KEEPING_FUNCTIONS:
            return True, first if isinstance(first, (Input, Text, Mapping)) else derived(*given)
        if called in ("flask.render_template", "flask.render_template_string"):
            self._render(node, called, keywords)
        return False, None

    def _known_method(self, node: ast.Call, name: str, receiver: Value, given: list[Value]) -> tuple[bool, Value]:
        """What a method of a value that is known returns; and whether it is known."""
        if name == "format" and isinstance(receiver, (Text, Input, Safe)):
            named = [self.quietly(keyword.value) for keyword in node.keywords]
            return True, filled(receiver, [*given, *named], "{}")
        if name == "join" and isinstance(receiver, (Text, Input, Safe)):
            return True, receiver if isinstance(receiver, Safe) else self._joined(receiver, node.args)
        if isinstance(receiver, Mapping) and name == "get":
            match node.args:
                case [ast.Constant(value=str(key)), *_]:
                    return True, receiver.get(key)
                case _:
                    return True, derived(receiver)
        if isinstance(receiver, Input):
            return self._method_of_input(node, name, receiver, given)
        if isinstance(receiver, (Text, Safe)) and name in meanings.KEEPING:
            return True, receiver
        return False, None

    def _method_of_input(self, node: ast.Call, name: str, receiver: Input, given: list[Value]) -> tuple[bool, Value]:
        if name == "replace":
            pattern = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            cleans = not isinstance(pattern, str) or any(character in pattern for character in "<&\"'/\\.;")
            return True, derived(receiver) if cleans else receiver
        if name not in meanings.KEEPING:
            return True, derived(receiver, *given)
        if receiver.kind in ("container", "files") and name in ("get", "getlist", "pop"):
            types = [*node.args[2:3], *(keyword.value for keyword in node.keywords if keyword.arg == "type")]
            if any(last_name(kind) != "str" for kind in types):
                return True, None
            key = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            value = self._item(receiver, key)
            if len(given) > 1:
                value = either(value, given[1])
            return True, value
        if receiver.kind == "file":
            return True, Input(receiver.sources) if name.startswith("read") else derived(receiver)
        return True, receiver

    def _joined(self, separator: Value, arguments: list[ast.expr]) -> Value:
        if len(arguments) != 1:
            return derived(separator)
        elements = arguments[0]
        if isinstance(elements, (ast.List, ast.Tuple)):
            values = [self.quietly(element) for element in elements.elts]
            return joined([part for value in values for part in (separator, value)][1:])
        value = self.quietly(elements)
        return joined([value, separator, Text(UNKNOWN)]) if isinstance(value, Input) else derived(value)

    def attribute(self, value: Value, name: str) -> Value:
        """What a value has under a name."""
        match value:
            case Reference(name="flask.request") if name in meanings.PARTS:
                return self.unchecked(Input(frozenset({Source(f"request.{name}", name)}), meanings.PARTS[name]))
            case Reference():
                return reference(f"{value.name}.{name}")
            case Input(kind="file"):
                kinds: dict[str, t.Literal["text", "file"]] = {"filename": "text", "stream": "file"}
                if name in kinds:
                    own = frozenset(Source(f"{source.name}.{name}", source.part) for source in value.sources)
                    return self.unchecked(Input(own if name == "filename" else value.sources, kinds[name]))
                return derived(value)
            case Input(kind="files"):
                return derived(value)
            case Input() if name not in meanings.HARMLESS_ATTRIBUTES:
                return value
            case _:
                return derived(value)

    def subscript(self, node: ast.Subscript) -> Value:
        """What a value holds under a key."""
        value, key = self.value(node.value), self.value(node.slice)
        constant = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(value, Mapping):
            return value.get(constant) if isinstance(constant, str) else derived(value, key)
        if isinstance(value, Input):
            return self._item(value, constant)
        return derived(value, key)

    def _item(self, value: Input, key: object) -> Value:
        """What a part of a request holds under a key: a value of its own, with a name of its own."""
        if value.kind not in ("container", "files"):
            return value
        named = f"[{key!r}]" if isinstance(key, (str, int)) else "[…]"
        sources = frozenset(Source(f"{source.name}{named}", source.part) for source in value.sources)
        return self.unchecked(Input(sources, "file" if value.kind == "files" else "text"))

    def _render(self, node: ast.Call, called: str, keywords: list[tuple[str | None, Value]]) -> None:
        context: dict[str, frozenset[Source]] = {}
        for name, value in keywords:
            items = [(name, value)] if name is not None else value.items if isinstance(value, Mapping) else ()
            for key, item in items:
                if isinstance(item, Input) and key:
                    context[key] = item.sources
        argument = node.args[0] if node.args else None
        text = self.quietly(argument) if argument is not None else None
        is_source = called.endswith("_string")
        source = text.shape if is_source and isinstance(text, Text) and UNKNOWN not in text.shape else None
        names = () if is_source else tuple(_constants(argument))
        if names or source:
            last = max(node.end_lineno or node.lineno, self.last_line)
            items_ = tuple(context.items())
            self.renderings.append(Rendering(names, source, items_, self.file.path, node.lineno, last))


def _constants(node: ast.expr | None) -> t.Iterator[str]:
    """The texts that an expression may be: itself, those of a list, either of a condition."""
    match node:
        case ast.Constant(value=str(value)):
            yield value
        case ast.List() | ast.Tuple():
            for element in node.elts:
                yield from _constants(element)
        case ast.IfExp():
            yield from _constants(node.body)
            yield from _constants(node.orelse)
        case _:
            pass


def reference(name: str) -> Reference:
    """Something imported, under the one name that it is known by here."""
    return Reference(meanings.SAME.get(name, name))
