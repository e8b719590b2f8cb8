"""Follows request data through the functions of a file, from where it comes in to where it does harm.

One function at a time, statement by statement, by its source alone: what another function does with a value is not
known, and what is not known is not reported.
"""

from __future__ import annotations

import ast
import re
import typing as t

from . import meanings
from .calls import reference
from .expressions import Expressions, element_of
from .harms import Point, last_name
from .kinds import HTML_BY_HAND
from .python_file import PythonFile
from .spots import Report
from .values import Derived, Mapping, Reference, Value, either, sources_of
from .view_arguments import Answering, Place

Function: t.TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_IS_CHECK = re.compile(r"check|valid|verif|ensure|assert|require|allow|safe|saniti|clean|abort", re.IGNORECASE)
# Decorators that leave a view's result as it is; others may turn it into JSON, or a text without HTML.
_LEAVES_RESULT = re.compile(
    r"route|get|post|put|delete|patch|login|auth|requir|permission|role|admin|cache|limit|csrf|exempt|wraps"
)


class Flow(Expressions):
    """The flow of request data through one file."""

    def __init__(
        self, file: PythonFile, functions: t.Mapping[Place, Answering], html_is_default: bool, report: Report
    ) -> None:
        super().__init__(file, report)
        self.functions = functions
        self.html_is_default = html_is_default
        self._later: list[Function] | None = []  # functions of the module, until all of it was read

    def run(self) -> None:
        """Read the module, then each of its functions."""
        self._body(self.file.tree.body)
        module = self.now.names
        later, self._later = self._later or [], None
        for function in later:
            self.now = Point(dict(module))
            self._function(function)

    # Functions

    def _define(self, node: Function) -> None:
        for decorator in node.decorator_list:
            self.value(decorator)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            self.value(default)
        self.now.names[node.name] = None
        if self._later is not None:
            self._later.append(node)
            return
        outer = self.now
        self.now = Point(dict(outer.names), set(outer.checked))
        self._function(node)
        self.now = outer

    def _function(self, node: Function) -> None:
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        answering = self.functions.get((self.file.path, first))
        given = answering.arguments if answering else {}
        if answering and not given:  # its rules leave no choice of the path
            self.now.checked |= {"request.path", "request.base_url"}
        parameters = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        for parameter in (*parameters, node.args.vararg, node.args.kwarg):
            if parameter is not None:
                self.now.names[parameter.arg] = given.get(parameter.arg)
        if node.args.kwarg is not None and node.args.kwarg.arg not in given:
            named = {parameter.arg for parameter in parameters}
            rest = tuple((name, value) for name, value in given.items() if name not in named)
            self.now.names[node.args.kwarg.arg] = Mapping(rest)
        self.now.is_answering = bool(answering and answering.is_answer and self._leaves_result(node))
        self._body(node.body)

    def _leaves_result(self, node: Function) -> bool:
        if not self.html_is_default:
            return False
        return all(_LEAVES_RESULT.search(last_name(decorator).lower()) for decorator in node.decorator_list)

    # Statements

    def _body(self, statements: t.Sequence[ast.stmt]) -> bool:
        """Read statements; whether what follows them is reached."""
        for statement in statements:
            if not self._statement(statement):
                return False
        return True

    def _statement(self, node: ast.stmt) -> bool:
        self.last_line = _header_end(node)
        match node:
            case ast.Expr():
                self._expression_statement(node.value)
            case ast.Assign():
                value = self.value(node.value)
                for target in node.targets:
                    self.assign(target, value, node.value)
            case ast.AnnAssign():
                if node.value is not None:
                    self.assign(node.target, self.value(node.value), node.value)
            case ast.AugAssign():
                value = self.operation(node.op, self.value(node.target), self.value(node.value), node.value)
                self.assign(node.target, value)
            case ast.Return():
                self._return(node)
                return False
            case ast.Raise():
                self.values(node.exc, node.cause)
                return False
            case ast.Continue() | ast.Break():
                return False
            case ast.If():
                return self._if(node)
            case ast.For() | ast.AsyncFor():
                iterated = self.value(node.iter)
                self._loop(node, lambda: self.assign(node.target, element_of(iterated)))
            case ast.While():
                self.condition(node.test)
                self._loop(node, lambda: None)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    value = self.value(item.context_expr)
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, value)
                return self._body(node.body)
            case ast.Try() | ast.TryStar():
                return self._try(node)
            case ast.Match():
                self._match(node)
            case ast.Assert():
                self.condition(node.test)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node)
            case ast.ClassDef():
                self._class(node)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case _:
                pass
        return True

    def _class(self, node: ast.ClassDef) -> None:
        self.values(*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords))
        outer = dict(self.now.names)
        self._body(node.body)
        self.now.names = {**outer, node.name: None}

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        names = self.now.names
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                names[alias.asname or name] = Reference(name)
            return
        for alias in node.names:
            if alias.name == "*":
                if node.module == "flask" and not node.level:
                    names.update({name: reference(f"flask.{name}") for name in meanings.OF_FLASK})
            else:
                own = node.level or not node.module
                names[alias.asname or alias.name] = None if own else reference(f"{node.module}.{alias.name}")

    def _expression_statement(self, node: ast.expr) -> None:
        value = self.value(node)
        call = node.value if isinstance(node, ast.Await) else node
        if isinstance(call, ast.Call) and _IS_CHECK.search(last_name(call.func)):
            self.now.checked |= {source.name for source in sources_of(value, *map(self.quietly, call.args))}
        elif isinstance(call, ast.Call) and isinstance(value, Derived) and self._converts(call):
            self.now.checked |= {source.name for source in value.sources}

    def _converts(self, call: ast.Call) -> bool:
        """Whether a call whose result nobody takes is a check: `int(x)` raises what `x` is not."""
        function = self.quietly(call.func)
        return isinstance(function, Reference) and function.name in ("builtins.int", "builtins.float", "uuid.UUID")

    def _if(self, node: ast.If) -> bool:
        in_body, in_orelse = self.condition(node.test)
        before = dict(self.now.names)
        goes_on = self._branch(node.body, in_body)
        after_body, self.now.names = self.now.names, before
        goes_on_else = self._branch(node.orelse, in_orelse)
        if goes_on and goes_on_else:
            self.now.names = _merged(after_body, self.now.names)
        elif goes_on:
            self.now.names = after_body
            self.now.checked |= in_body
        else:
            self.now.checked |= in_orelse
        return goes_on or goes_on_else

    def _branch(self, body: list[ast.stmt], checked: set[str]) -> bool:
        only_here = checked - self.now.checked
        self.now.checked |= only_here
        goes_on = self._body(body)
        self.now.checked -= only_here
        return goes_on

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, begin: t.Callable[[], None]) -> None:
        """Twice where a first round left other names than it found: what the end of it sets, its start may read."""
        for _ in range(2):
            before = dict(self.now.names)
            begin()
            self._body(node.body)
            self.now.names = _merged(before, self.now.names)
            if self.now.names == before:
                break
        self._body(node.orelse)

    def _try(self, node: ast.Try | ast.TryStar) -> bool:
        before = dict(self.now.names)
        goes_on = self._body(node.body) and self._body(node.orelse)
        after, within = self.now.names, _merged(before, self.now.names)
        ends = [after] if goes_on else []
        for handler in node.handlers:
            self.now.names = dict(within)
            if handler.name:
                self.now.names[handler.name] = None
            if self._body(handler.body):
                ends.append(self.now.names)
        self.now.names = ends[0] if ends else dict(within)
        for other in ends[1:]:
            self.now.names = _merged(self.now.names, other)
        return self._body(node.finalbody) and bool(ends)

    def _match(self, node: ast.Match) -> None:
        sources = {source.name for source in sources_of(self.value(node.subject))}
        before, ends = self.now.names, [self.now.names]
        for case in node.cases:
            self.now.names = dict(before)
            for part in ast.walk(case.pattern):
                if isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
                    self.now.names[part.name] = self.quietly(node.subject)
            if case.guard is not None:
                self.condition(case.guard)
            is_literal = isinstance(case.pattern, (ast.MatchValue, ast.MatchOr, ast.MatchSingleton))
            if self._branch(case.body, sources if is_literal else set()):
                ends.append(self.now.names)
        self.now.names = dict(ends[0])
        for other in ends[1:]:
            self.now.names = _merged(self.now.names, other)

    def _return(self, node: ast.Return) -> None:
        value = self.value(node.value)
        if not self.now.is_answering or node.value is None:
            return
        body = self._page(node.value)
        if body is not None:
            self.harm(HTML_BY_HAND, node, value if body is node.value else self.quietly(body), "the answer")

    def _page(self, node: ast.expr) -> ast.expr | None:
        """What of a view's result is the body of an HTML page; nothing where a content type may be given."""
        if isinstance(node, ast.Tuple):
            has_only_status = len(node.elts) == 2 and isinstance(node.elts[1], ast.Constant)
            return node.elts[0] if has_only_status else None
        if isinstance(node, ast.Call):
            function = self.quietly(node.func)
            if isinstance(function, Reference) and function.name in ("flask.make_response", "flask.Response"):
                has_only_body = len(node.args) == 1 and all(keyword.arg == "status" for keyword in node.keywords)
                return node.args[0] if has_only_body else None
        return node


def _merged(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    return {name: either(one.get(name), other.get(name)) for name in one.keys() | other.keys()}


def _header_end(node: ast.stmt) -> int:
    """The last line of a statement, without the statements in it."""
    body: list[ast.stmt] | None = getattr(node, "body", None)
    if body:
        return max(node.lineno, body[0].lineno - 1)
    if isinstance(node, ast.Match):
        return node.lineno
    return node.end_lineno or node.lineno
