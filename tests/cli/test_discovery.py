"""Which object of a module is taken for the application."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType, ModuleType

import pytest

from flask import Flask
from flask.cli import NoAppException, find_app_by_string, find_best_app


def module(**names: object) -> ModuleType:
    made = ModuleType("mod")
    for name, value in names.items():
        if isinstance(value, FunctionType):
            value.__module__ = "mod"  # as if it were defined there
        setattr(made, name, value)
    return made


A, B = Flask("a"), Flask("b")


def wants_one(x: str) -> Flask:
    return Flask(x)


def breaks() -> Flask:
    raise TypeError("from within")


class Callable_:
    def __call__(self) -> Flask:
        return A


@pytest.mark.parametrize(
    "names",
    [
        {"app": A},
        {"application": A},
        {"app": A, "application": B},
        {"app": A, "other": B},
        {"app": "not one", "application": A},
        {"anything": A},
        {"one": A, "same": A},
        {"create_app": lambda: A},
        {"make_app": lambda: A},
        {"create_app": lambda: None, "make_app": lambda: A},
        {"create_app": lambda x="default", *, y=1: A},
        {"thing": A, "create_app": lambda: B},
        {"app": None, "create_app": lambda: A},
    ],
)
def test_best_app(names: dict[str, object]) -> None:
    """An app goes by its usual name, then by being alone, then comes from a factory."""
    assert find_best_app(module(**names)) is A


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({}, "Failed to find Flask application or factory in module 'mod'"),
        ({"one": A, "two": B}, "'one' and 'two': try '--app mod:one'"),
        ({"create_app": wants_one}, "create_app(x: "),
        ({"create_app": lambda: None}, "'create_app()' returned None"),
        ({"create_app": lambda: 5}, "'create_app()' returned a value of type 'int', not a Flask application"),
        ({"create_app": Callable_()}, "'create_app' is a value of type"),
        ({"app": object}, "'app' is the class 'object'"),
        ({"app": functools}, "'app' is the module 'functools'"),
        ({"build_app": lambda: A}, "try '--app mod:build_app'"),
        ({"make": wants_one}, "try '--app mod:make'"),
    ],
)
def test_no_best_app(names: dict[str, object], said: str) -> None:
    """Where no app is found the message says what is there instead, and what to type."""
    with pytest.raises(NoAppException) as caught:
        find_best_app(module(**names))
    assert said in caught.value.message


def test_a_coroutine_is_no_app() -> None:
    """An async factory is named as such, and leaves no coroutine that was never awaited."""

    async def create_app() -> Flask:
        return A

    with pytest.raises(NoAppException, match="returned a coroutine"):
        find_best_app(module(create_app=create_app))


@pytest.mark.parametrize("find", [find_best_app, lambda mod: find_app_by_string(mod, "create_app()")])
def test_errors_within_a_factory_are_its_own(find: Callable[[ModuleType], Flask]) -> None:
    """A TypeError that a factory raises itself is not taken for wrong arguments."""
    with pytest.raises(TypeError, match="from within"):
        find(module(create_app=breaks))


def echo(*args: object, **kwargs: object) -> Flask:
    return Flask(repr((args, kwargs)))


class Tools:
    def make(self) -> Flask:
        return A


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("app", "a"),
        (" app ", "a"),
        ("app\n", "a"),
        ("app()", "a"),
        ("method", "a"),
        ("echo", "((), {})"),
        ("echo()", "((), {})"),
        ("echo(1, 'two')", "((1, 'two'), {})"),
        ("echo(-1, x=[1, {'y': (None, True)}])", "((-1,), {'x': [1, {'y': (None, True)}]})"),
        ("echo(1, **{'x': 2})", "((1,), {'x': 2})"),
        ("echo(b'x',)", "((b'x',), {})"),
    ],
)
def test_app_by_string(text: str, name: str) -> None:
    """A name, or a call with literal arguments, leads to the app."""
    assert find_app_by_string(module(app=A, echo=echo, method=Tools().make), text).name == name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Failed to parse '' as an attribute name or function call"),
        ("app.name", "Failed to parse 'app.name'"),
        ("echo(1", "Failed to parse 'echo(1'"),
        ("'app'", "Failed to parse"),
        ("lambda: 1", "Failed to parse"),
        ("app\0", "Failed to parse"),
        ("echo(1)(2)", "Function reference must be a simple name: 'echo(1)(2)'"),
        ("tools.make()", "Function reference must be a simple name"),
        ("echo(app)", "Failed to parse arguments as literal values: 'echo(app)'"),
        ("echo(1 + 1)", "Failed to parse arguments as literal values"),
        ("echo(*[1])", "Failed to parse arguments as literal values"),
        ("echo(**5)", "Failed to parse arguments as literal values"),
        ("echo({[]: 1})", "Failed to parse arguments as literal values"),
        ("ap", "Failed to find attribute 'ap' in 'mod'"),
        ("ap", "There is 'app'"),
        ("nope()", "Failed to find attribute 'nope' in 'mod'"),
        ("number", "A valid Flask application was not obtained from 'mod:number': it is a value of type 'int'"),
        ("nothing()", "not obtained from 'mod:nothing()': calling 'nothing' returned None"),
        ("wants", "The factory 'wants' in module 'mod' could not be called with the specified arguments"),
        ("wants(1, 2)", "it is defined as 'wants(x: "),
        ("wants(y=1)", "could not be called"),
    ],
)
def test_no_app_by_string(text: str, said: str) -> None:
    """An expression that leads nowhere is quoted, with what is wrong about it."""
    names = module(app=A, echo=echo, number=5, nothing=lambda: None, wants=wants_one, tools=Tools())
    with pytest.raises(NoAppException) as caught:
        find_app_by_string(names, text)
    assert said in caught.value.message


def test_arguments_that_are_not_literals_are_not_run() -> None:
    """Nothing in an expression is evaluated but literals."""
    ran: list[str] = []
    names = module(echo=echo, boom=lambda: ran.append("boom"))
    with pytest.raises(NoAppException):
        find_app_by_string(names, "echo(boom())")
    assert not ran
