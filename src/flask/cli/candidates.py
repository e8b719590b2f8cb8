"""What may be an application, and what may make one: by which names, and of which kinds.

Nothing here calls what it looks at.
"""

from __future__ import annotations

import typing as t
from types import FunctionType, MethodType

from .._contracts import Application

if t.TYPE_CHECKING:
    from ..app import Flask

# Tried in this order where nobody gave a name.
APP_NAMES = ("app", "application")
FACTORY_NAMES = ("create_app", "make_app")


def is_app(value: object) -> t.TypeGuard[Flask]:
    """Whether a value is an application, of whatever subclass."""
    return isinstance(value, Application)


def is_plain_callable(value: object) -> t.TypeGuard[t.Callable[..., object]]:
    """Whether a value is a function or a method; an app, a class or another callable object is never called."""
    return isinstance(value, (FunctionType, MethodType))
