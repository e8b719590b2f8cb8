"""Follows request data through templates, to where it is written without being escaped.

It comes from `request`, or from a call of `render_template` that hands it over. What a filter, a macro or a function
that is not known makes of a value is not reported.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from jinja2 import nodes

from . import meanings
from .harms import Rendering
from .kinds import UNESCAPED_IN_TEMPLATE
from .spots import Report, Spot
from .template_files import TemplateFile, Templates

#: Request data, in words; None for everything else.
Origin: t.TypeAlias = str | None
Names: t.TypeAlias = dict[str, Origin]

_KEEPING_FILTERS = frozenset(
    "upper lower title capitalize trim replace truncate wordwrap indent center string join first last list sort"
    " reverse unique random default d batch slice".split()
)
_DEEPEST = 20
# In the place of the request: a template has its own if somebody passes one.
_REQUEST = "request"


@dataclass(slots=True)
class _Macro:
    node: nodes.Macro
    template: TemplateFile


@dataclass(slots=True)
class _Point:
    """What is known at a point of a template."""

    template: TemplateFile
    names: Names
    macros: dict[str, _Macro] = field(default_factory=dict)
    is_off: bool = False  # within {% autoescape false %}

    def inner(self) -> _Point:
        return _Point(self.template, dict(self.names), self.macros, self.is_off)


class TemplateFlow:
    """The flow of request data through the templates of an app."""

    def __init__(self, templates: Templates, show: t.Callable[[str], str], report: Report) -> None:
        self.templates = templates
        self.show = show
        self.report = report
        self._seen: set[t.Any] = set()
        self._depth = 0

    def read(self, template: TemplateFile) -> None:
        """Follow what comes from `request` in a template."""
        self._enter(template, {})

    def render(self, rendering: Rendering) -> None:
        """Follow what a call of `render_template` hands over."""
        by = f"{self.show(rendering.file)}:{rendering.line}"
        context: Names = {}
        for name, sources in rendering.context:
            described = ", ".join(sorted(source.name for source in sources))
            context[name] = f"{name!r}, which is {described} in {by},"
        for name in rendering.names:
            template = self.templates.get(name)
            if template is not None:
                self._enter(template, context)
        if rendering.source is not None:
            self._render_text(rendering, context)

    def _render_text(self, rendering: Rendering, context: Names) -> None:
        """A template that stands in the Python source: its findings stand where it is rendered."""
        source = rendering.source or ""
        try:
            tree = self.templates.environment.parse(source)
        except Exception:  # noqa: BLE001 - the view will say so; extensions of Jinja take part in parsing
            return
        name = f"<{rendering.file}:{rendering.line}>"
        report = self.report

        def at_call(spot: Spot) -> None:
            own = spot.file == name
            report(Spot(spot.kind, rendering.file, rendering.line, rendering.last, spot.message) if own else spot)

        self.report = at_call
        try:
            self._enter(TemplateFile(name, name, source, tree, True), context)
        finally:
            self.report = report

    # Statements

    def _enter(self, template: TemplateFile, names: Names, is_off: bool = False) -> dict[str, _Macro]:
        """Read a template with what it is given; the macros that it defines."""
        macros = {node.name: _Macro(node, template) for node in template.tree.body if isinstance(node, nodes.Macro)}
        key = (template.name, is_off, frozenset((name, origin) for name, origin in names.items() if origin))
        if key in self._seen or self._depth >= _DEEPEST:
            return macros
        self._seen.add(key)
        self._depth += 1
        try:
            self._body(template.tree.body, _Point(template, dict(names), dict(macros), is_off))
        finally:
            self._depth -= 1
        return macros

    def _body(self, body: t.Iterable[nodes.Node], point: _Point) -> None:
        for node in body:
            self._statement(node, point)

    def _statement(self, node: nodes.Node, point: _Point) -> None:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    origin = self._value(part, point)
                    if origin is not None and point.is_off:
                        self._tell(part, point, origin, "is written within {% autoescape false %}")
            case nodes.Assign():
                self._assign(node.target, self._value(node.node, point), node.node, point)
            case nodes.AssignBlock():
                self._body(node.body, point.inner())
                self._assign(node.target, None, None, point)
            case nodes.For():
                iterated = self._value(node.iter, point)
                inner = point.inner()
                self._assign(node.target, iterated, None, inner)
                if node.test is not None:
                    self._value(node.test, inner)
                self._body(node.body, inner)
                self._body(node.else_, point.inner())
            case nodes.If():
                self._if(node, point)
            case nodes.With():
                inner = point.inner()
                for target, value in zip(node.targets, node.values, strict=True):
                    self._assign(target, self._value(value, point), value, inner)
                self._body(node.body, inner)
            case nodes.Macro():
                point.macros[node.name] = _Macro(node, point.template)
                inner = point.inner()
                inner.names.update(dict.fromkeys((argument.name for argument in node.args), None))
                self._body(node.body, inner)
            case nodes.CallBlock():
                self._value(node.call, point)
                self._body(node.body, point.inner())
            case nodes.Block() | nodes.Scope() | nodes.FilterBlock():
                self._body(node.body, point.inner())
            case nodes.ScopedEvalContextModifier():
                self._body(node.body, self._modified(node, point))
            case nodes.Extends():
                self._follow(node.template, point, dict(point.names), is_off=False)
            case nodes.Include():
                names = dict(point.names) if node.with_context else {}
                self._follow(node.template, point, names, is_off=False)
            case nodes.Import() | nodes.FromImport():
                self._import(node, point)
            case nodes.ExprStmt():
                self._value(node.node, point)
            case _:
                for child in node.iter_child_nodes():
                    (self._value if isinstance(child, nodes.Expr) else self._statement)(child, point)

    def _if(self, node: nodes.If, point: _Point) -> None:
        ends = []
        for branch in (node, *node.elif_):
            self._value(branch.test, point)
            inner = point.inner()
            for name in _looked_at(branch.test):
                inner.names[name] = None
            self._body(branch.body, inner)
            ends.append(inner.names)
        inner = point.inner()
        self._body(node.else_, inner)
        ends.append(inner.names)
        for name in set().union(*ends):  # what any of them has set
            before = point.names.get(name)
            point.names[name] = next((end[name] for end in ends if end.get(name)), before)

    def _modified(self, node: nodes.ScopedEvalContextModifier, point: _Point) -> _Point:
        inner = point.inner()
        for option in node.options:
            if option.key == "autoescape":
                inner.is_off = isinstance(option.value, nodes.Const) and not option.value.value
        return inner

    def _follow(self, node: nodes.Expr, point: _Point, names: Names, is_off: bool) -> None:
        """Go on in the templates that an expression names."""
        self._value(node, point)
        for name in _names_in(node):
            template = self.templates.get(name)
            if template is not None:
                self._enter(template, names, is_off)

    def _import(self, node: nodes.Import | nodes.FromImport, point: _Point) -> None:
        for name in _names_in(node.template):
            template = self.templates.get(name)
            if template is None:
                continue
            macros = self._enter(template, dict(point.names) if node.with_context else {})
            if isinstance(node, nodes.Import):
                point.macros.update({f"{node.target}.{macro}": found for macro, found in macros.items()})
                continue
            for imported in node.names:
                macro, alias = imported if isinstance(imported, tuple) else (imported, imported)
                if macro in macros:
                    point.macros[alias] = macros[macro]

    def _assign(self, target: nodes.Node, origin: Origin, value: nodes.Node | None, point: _Point) -> None:
        match target:
            case nodes.Name():
                point.names[target.name] = origin
            case nodes.Tuple():
                values = value.items if isinstance(value, nodes.Tuple) else []
                paired = len(values) == len(target.items)
                for index, item in enumerate(target.items):
                    self._assign(item, self._value(values[index], point) if paired else origin, None, point)
            case nodes.NSRef():
                point.names[f"{target.name}.{target.attr}"] = origin
            case _:
                pass

    # Expressions

    def _value(self, node: nodes.Node, point: _Point) -> Origin:
        match node:
            case nodes.Name():
                return point.names.get(node.name)
            case nodes.Getattr() | nodes.Getitem():
                return self._part(node, point)
            case nodes.Filter():
                return self._filter(node, point)
            case nodes.Call():
                return self._call(node, point)
            case nodes.Concat():
                return _first(self._value(part, point) for part in node.nodes)
            case nodes.Add() | nodes.Mod() | nodes.Or() | nodes.And():
                left = self._value(node.left, point)
                right = self._value(node.right, point)
                # Markup escapes what is added to it.
                return None if _is_markup(node.left) or _is_markup(node.right) else left or right
            case nodes.CondExpr():
                return self._conditional(node, point)
            case _:
                for child in node.iter_child_nodes():
                    self._value(child, point)
                return None

    def _conditional(self, node: nodes.CondExpr, point: _Point) -> Origin:
        self._value(node.test, point)
        inner = point.inner()
        inner.names.update(dict.fromkeys(_looked_at(node.test), None))
        one = self._value(node.expr1, inner)
        other = self._value(node.expr2, point) if node.expr2 is not None else None
        return one or other

    def _part(self, node: nodes.Getattr | nodes.Getitem, point: _Point) -> Origin:
        key: object = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        if isinstance(node, nodes.Getitem):
            self._value(node.arg, point)
        if isinstance(node.node, nodes.Name):
            name = node.node.name
            if name == _REQUEST and _REQUEST not in point.names:
                return f"request.{key}" if key in meanings.PARTS else None
            if (dotted := f"{name}.{key}") in point.names:
                return point.names[dotted]
        origin = self._value(node.node, point)
        if origin is not None and origin.removeprefix("request.") in meanings.PARTS:
            return f"{origin}[{key!r}]"
        return origin

    def _filter(self, node: nodes.Filter, point: _Point) -> Origin:
        given = [self._value(argument, point) for argument in node.args]
        for keyword in node.kwargs:
            self._value(keyword, point)
        if node.node is None:  # of a filter block: what it filters is escaped already
            return None
        origin = self._value(node.node, point)
        if node.name == "safe":
            if origin is not None:
                self._tell(node, point, origin, "is declared to be safe")
            return None
        if node.name == "format":
            return None if _is_markup(node.node) else origin or _first(given)
        if node.name in ("default", "d"):
            return origin or _first(given)
        return origin if node.name in _KEEPING_FILTERS else None

    def _call(self, node: nodes.Call, point: _Point) -> Origin:
        given = [self._value(argument, point) for argument in node.args]
        keywords = {keyword.key: self._value(keyword.value, point) for keyword in node.kwargs}
        macro = point.macros.get(_dotted(node.node))
        if macro is not None:
            self._call_macro(macro, given, keywords)
            return None
        if isinstance(node.node, nodes.Getattr):
            method = node.node.attr
            if _is_of_request(node.node, point) and method in meanings.PART_METHODS:
                return f"request.{method}()"
            receiver = self._value(node.node.node, point)
            if receiver is None or any(keyword.key == "type" for keyword in node.kwargs):
                return None
            if method in ("get", "getlist") and receiver.removeprefix("request.") in meanings.PARTS and node.args:
                return f"{receiver}[{getattr(node.args[0], 'value', '…')!r}]"
            return receiver if method in meanings.KEEPING else None
        self._value(node.node, point)
        return None

    def _call_macro(self, macro: _Macro, given: list[Origin], keywords: Names) -> None:
        """Read a macro with what it is called with, if that is request data."""
        names = [argument.name for argument in macro.node.args]
        arguments: Names = dict.fromkeys(names, None)
        arguments.update(zip(names, given, strict=False))
        arguments.update({name: origin for name, origin in keywords.items() if name in arguments})
        key = (macro.template.name, macro.node.lineno, frozenset(arguments.items()))
        if not any(arguments.values()) or key in self._seen or self._depth >= _DEEPEST:
            return
        self._seen.add(key)
        self._depth += 1
        own = {
            node.name: _Macro(node, macro.template)
            for node in macro.template.tree.body
            if isinstance(node, nodes.Macro)
        }
        try:
            self._body(macro.node.body, _Point(macro.template, arguments, own))
        finally:
            self._depth -= 1

    def _tell(self, node: nodes.Node, point: _Point, origin: str, how: str) -> None:
        if point.template.is_own:
            path = point.template.path
            self.report(Spot(UNESCAPED_IN_TEMPLATE, path, node.lineno, node.lineno, f"{origin} {how}."))


def _first(origins: t.Iterable[Origin]) -> Origin:
    found = [origin for origin in origins if origin is not None]
    return found[0] if found else None


def _is_markup(node: nodes.Node) -> bool:
    """Whether an expression gives markup, which escapes what is put into it."""
    return isinstance(node, nodes.Filter) and node.name in ("safe", "e", "escape", "forceescape", "tojson")


def _is_of_request(node: nodes.Getattr, point: _Point) -> bool:
    of = node.node
    return isinstance(of, nodes.Name) and of.name == _REQUEST and _REQUEST not in point.names


def _dotted(node: nodes.Node) -> str:
    match node:
        case nodes.Name():
            return str(node.name)
        case nodes.Getattr(node=nodes.Name(name=name)):
            return f"{name}.{node.attr}"
        case _:
            return ""


def _names_in(node: nodes.Node) -> t.Iterator[str]:
    """The names of templates that an expression shows."""
    match node:
        case nodes.Const(value=str(name)):
            yield name
        case nodes.Const(value=tuple() | list()):
            yield from (name for name in node.value if isinstance(name, str))
        case nodes.Tuple() | nodes.List():
            for item in node.items:
                yield from _names_in(item)
        case nodes.CondExpr():
            yield from _names_in(node.expr1)
            if node.expr2 is not None:
                yield from _names_in(node.expr2)
        case _:
            pass


def _looked_at(test: nodes.Node) -> set[str]:
    """The names of which a condition knows, where it holds, what is in them."""
    match test:
        case nodes.And():
            return _looked_at(test.left) | _looked_at(test.right)
        case nodes.Compare(expr=nodes.Name(name=name)) if test.ops[0].op in ("eq", "in"):
            return {name}
        case nodes.Test(node=nodes.Name(name=name)) if test.name in ("number", "integer", "float", "in", "eq", "=="):
            return {name}
        case _:
            return set()
