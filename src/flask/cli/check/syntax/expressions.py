"""What expressions stand for, and what a condition says of the values that it looks at.

A value that a condition has looked at counts as checked from there on: whether the check is a good one is not judged.
"""

from __future__ import annotations

import ast
import builtins

from .calls import Calls
from .values import (
    UNKNOWN,
    Derived,
    Input,
    Mapping,
    Reference,
    Safe,
    Text,
    Value,
    derived,
    either,
    filled,
    joined,
    sources_of,
)

_EMPTY = (None, "", b"", 0)


class Expressions(Calls):
    """Reads expressions and conditions."""

    def assign(self, target: ast.expr, value: Value, node: ast.expr | None = None) -> None:
        """Give a target a value."""
        match target:
            case ast.Name():
                self.now.names[target.id] = value
            case ast.Starred():
                self.assign(target.value, value)
            case ast.Tuple() | ast.List():
                parts: list[ast.expr] = node.elts if isinstance(node, (ast.Tuple, ast.List)) else []
                each = len(parts) == len(target.elts) and not any(isinstance(part, ast.Starred) for part in parts)
                values = [self.quietly(part) for part in parts] if each else [element_of(value)] * len(target.elts)
                for element, one in zip(target.elts, values, strict=True):
                    self.assign(element, one)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
                held = self.now.names.get(name)
                if isinstance(held, Mapping):
                    self.now.names[name] = Mapping(tuple({**dict(held.items), key: value}.items()))
            case ast.Subscript() | ast.Attribute():
                self.value(target.value)
            case _:
                pass

    # Conditions

    def condition(self, test: ast.expr) -> tuple[set[str], set[str]]:
        """Read a condition; what it has looked at is checked. Also what is known where it holds, and where it fails."""
        match test:
            case ast.BoolOp():
                both = [self.condition(value) for value in test.values]
                if isinstance(test.op, ast.And):
                    return set().union(*(holds for holds, _ in both)), set()
                return set(), set().union(*(fails for _, fails in both))
            case ast.UnaryOp(op=ast.Not()):
                holds, fails = self.condition(test.operand)
                return fails, holds
            case ast.Compare():
                return self._comparison(test)
            case ast.NamedExpr():
                value = self.value(test)
            case _:
                value = self.value(test)
        if isinstance(value, Derived):
            self._check(value)
        return set(), set()

    def _comparison(self, test: ast.Compare) -> tuple[set[str], set[str]]:
        operands = [test.left, *test.comparators]
        values = [self.value(operand) for operand in operands]
        constants = [operand.value for operand in operands if isinstance(operand, ast.Constant)]
        if any(constant in _EMPTY for constant in constants):
            derived_only = [value for value in values if isinstance(value, Derived)]
            self._check(*derived_only)
            return set(), set()
        operator = test.ops[0]
        names = {source.name for source in sources_of(*values)}
        if constants and isinstance(operator, ast.Eq):
            return names, set()
        if constants and isinstance(operator, ast.NotEq):
            return set(), names
        if isinstance(operator, (ast.In, ast.NotIn)) and _is_container(values[-1]):
            values.pop()  # whether a form has a field says nothing of the field
        self._check(*values)
        return set(), set()

    def _check(self, *values: Value) -> None:
        self.now.checked |= {source.name for source in sources_of(*values)}

    # Expressions

    def value(self, node: ast.expr | None) -> Value:
        match node:
            case None:
                return None
            case ast.Constant():
                constant = node.value
                if isinstance(constant, bytes):
                    constant = constant.decode("latin-1")
                return Text(constant) if isinstance(constant, str) else None
            case ast.Name():
                return self._name(node.id)
            case ast.Attribute():
                return self.attribute(self.value(node.value), node.attr)
            case ast.Subscript():
                return self.subscript(node)
            case ast.Call():
                return self.call(node)
            case ast.JoinedStr():
                return _as_plain(joined(self.values(*node.values)))
            case ast.FormattedValue():
                value = self.value(node.value)
                return value if isinstance(value, (Input, Text)) else Text(UNKNOWN)
            case ast.BinOp():
                return self.operation(node.op, self.value(node.left), self.value(node.right), node.right)
            case ast.BoolOp():
                return self._bool_op(node)
            case ast.IfExp():
                return self._if_expression(node)
            case ast.NamedExpr():
                value = self.value(node.value)
                self.assign(node.target, value, node.value)
                return value
            case ast.Await() | ast.Starred():
                return self.value(node.value)
            case ast.Dict():
                return self._dict(node)
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
                return self._comprehension(node)
            case ast.Lambda():
                return self._lambda(node)
            case ast.Yield() | ast.YieldFrom():
                return derived(self.value(node.value))
            case _:
                parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
                return derived(*self.values(*parts))

    def _name(self, name: str) -> Value:
        if name in self.now.names:
            return self.unchecked(self.now.names[name])
        return Reference(f"builtins.{name}") if hasattr(builtins, name) else None

    def _bool_op(self, node: ast.BoolOp) -> Value:
        value: Value = None
        for index, part in enumerate(node.values):
            if isinstance(node.op, ast.And) and index < len(node.values) - 1:
                self.condition(part)
            else:
                value = either(value, self.value(part)) if index else self.value(part)
        return value

    def _if_expression(self, node: ast.IfExp) -> Value:
        holds, fails = self.condition(node.test)
        before = set(self.now.checked)
        self.now.checked = before | holds
        body = self.value(node.body)
        self.now.checked = before | fails
        orelse = self.value(node.orelse)
        self.now.checked = before
        return either(body, orelse)

    def _dict(self, node: ast.Dict) -> Value:
        items: dict[str, Value] = {}
        for key, value_node in zip(node.keys, node.values, strict=True):
            value = self.value(value_node)
            if key is None and isinstance(value, Mapping):
                items.update(value.items)
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                items[key.value] = value
            else:
                self.value(key)
        return Mapping(tuple(items.items()))

    def _comprehension(self, node: ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp) -> Value:
        outer, checked = dict(self.now.names), set(self.now.checked)
        for generator in node.generators:
            self.assign(generator.target, element_of(self.value(generator.iter)))
            for test in generator.ifs:
                holds, _ = self.condition(test)
                self.now.checked |= holds
        if isinstance(node, ast.DictComp):
            value = derived(self.value(node.key), self.value(node.value))
        else:
            value = self.value(node.elt)
        self.now.names, self.now.checked = outer, checked
        return value

    def _lambda(self, node: ast.Lambda) -> Value:
        outer = dict(self.now.names)
        for parameter in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            self.now.names[parameter.arg] = None
        self.value(node.body)
        self.now.names = outer
        return None

    def operation(self, operator: ast.operator, left: Value, right: Value, node: ast.expr) -> Value:
        """What two operands give."""
        if isinstance(operator, ast.Add):
            if isinstance(left, (Input, Text, Safe)) or isinstance(right, (Input, Text, Safe)):
                return joined([left, right])
        elif isinstance(operator, ast.Mod):
            if isinstance(left, (Text, Input, Safe)):
                values = [right]
                if isinstance(node, ast.Tuple):
                    values = [self.quietly(element) for element in node.elts]
                elif isinstance(right, Mapping):
                    values = [value for _, value in right.items]
                return filled(left, values, "%")
        elif isinstance(operator, ast.Div):
            if isinstance(left, Input) and left.kind != "path":
                return derived(left, right)  # a number, then
            path = joined([left, Text("/"), right])
            return Input(path.sources, "path", path.shape) if isinstance(path, Input) else None
        elif isinstance(operator, ast.Mult) and isinstance(left, Input):
            return left
        return derived(left, right)


def element_of(value: Value) -> Value:
    """What a loop over a value gives."""
    if isinstance(value, Input) and value.kind == "files":
        return Input(value.sources, "file")
    if isinstance(value, Input) and value.kind != "file":
        return Input(value.sources, "text", value.shape)
    return value if isinstance(value, Input) else derived(value)


def _is_container(value: Value) -> bool:
    return isinstance(value, Input) and value.kind in ("container", "files")


def _as_plain(value: Value) -> Value:
    return Text(UNKNOWN) if isinstance(value, Safe) else value
