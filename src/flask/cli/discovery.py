"""Which object of a module is the application: by its name, by being the only one, or as what a factory returns.

Modules come in ready imported; no file, path or environment variable is read here.
"""

from __future__ import annotations

import ast
import typing as t
from types import ModuleType

from .candidates import APP_NAMES, FACTORY_NAMES, is_app, is_plain_callable
from .failures import NoAppException

if t.TYPE_CHECKING:
    from ..app import Flask


def find_best_app(module: ModuleType) -> Flask:
    """The one application of a module that nobody named.

    First `app` and `application`, then the only application there is, then what `create_app` or `make_app` returns when
    called without arguments. Raises `NoAppException` if there is none or no telling which.
    """
    for name in APP_NAMES:
        app = getattr(module, name, None)
        if is_app(app):
            return app

    found = {name: value for name, value in vars(module).items() if is_app(value)}
    if len({id(app) for app in found.values()}) == 1:
        return next(iter(found.values()))
    if found:
        from .explanations import several_apps

        raise NoAppException(several_apps(module, list(found)))

    returned: dict[str, object] = {}
    for name in FACTORY_NAMES:
        factory = getattr(module, name, None)
        if is_plain_callable(factory):
            app = returned[name] = _call_factory(module, name, factory)
            if is_app(app):
                return app

    from .explanations import no_app_in_module

    raise NoAppException(no_app_in_module(module, returned))


def _call_factory(module: ModuleType, name: str, factory: t.Callable[[], object]) -> object:
    try:
        return factory()
    except TypeError as error:
        if was_entered(factory, error):
            raise
        from .explanations import factory_wants_arguments

        raise NoAppException(factory_wants_arguments(module, name, factory)) from error


def find_app_by_string(module: ModuleType, app_name: str) -> Flask:
    """The application that an expression names: `name`, or `name(args)` for a factory, with literal arguments.

    Raises `NoAppException` if the expression is anything else, or what it leads to is no application.
    """
    name, args, kwargs = parse_name_or_call(app_name)
    try:
        target = getattr(module, name)
    except AttributeError as error:
        from .explanations import no_such_attribute

        raise NoAppException(no_such_attribute(module, name)) from error

    app = target
    if is_plain_callable(target):
        try:
            app = target(*args, **kwargs)
        except TypeError as error:
            if was_entered(target, error):
                raise
            from .explanations import factory_refused_arguments

            raise NoAppException(factory_refused_arguments(module, app_name, target)) from error

    if is_app(app):
        return app
    from .explanations import not_an_app

    raise NoAppException(not_an_app(module, app_name, target, app))


def parse_name_or_call(text: str) -> tuple[str, tuple[t.Any, ...], dict[str, t.Any]]:
    """Split `name` or `name(args)` into the name and the arguments, which must be Python literals."""
    try:
        expression = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte, before Python 3.12
        raise NoAppException(_unreadable(text)) from error

    match expression:
        case ast.Name(id=name):
            return name, (), {}
        case ast.Call(func=ast.Name(id=name), args=positional, keywords=keywords):
            try:
                return name, *_literal_arguments(positional, keywords)
            except (ValueError, TypeError) as error:
                raise NoAppException(
                    f"Failed to parse arguments as literal values: {text!r}."
                    " Only strings, numbers, tuples, lists, dicts, sets, booleans and None can be given there."
                ) from error
        case ast.Call():
            raise NoAppException(f"Function reference must be a simple name: {text!r}.")
    raise NoAppException(_unreadable(text))


def _unreadable(text: str) -> str:
    return (
        f"Failed to parse {text!r} as an attribute name or function call."
        " After the colon stands a name, as in 'hello:app', or a call, as in 'hello:create_app(\"test\")'."
    )


def _literal_arguments(
    positional: list[ast.expr], keywords: list[ast.keyword]
) -> tuple[tuple[t.Any, ...], dict[str, t.Any]]:
    args = tuple(ast.literal_eval(node) for node in positional)
    kwargs: dict[str, t.Any] = {}
    for keyword in keywords:
        value = ast.literal_eval(keyword.value)
        kwargs |= value if keyword.arg is None else {keyword.arg: value}
    return args, kwargs


def was_entered(function: t.Callable[..., object], error: BaseException) -> bool:
    """Whether an error comes from within a function, so that the call itself, its arguments, had been accepted."""
    code = getattr(function, "__code__", None)
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code is code:
            return True
        traceback = traceback.tb_next
    return False
