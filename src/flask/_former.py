"""Where one looks for a name that Flask removed: the doors to `_removed`, which says what becomes of the look.

Imported with Flask, so it holds no more than must be there before anybody looks. No look at what is there is slower.
"""

from __future__ import annotations

import sys
import typing as t
from functools import partial, partialmethod

from ._contracts import stock

#: The attributes that are gone, by the class that had them. An extension may ask for any of them by `hasattr`.
ATTRIBUTES = {
    "Flask": (
        "before_first_request before_first_request_funcs env error_handlers got_first_request json_decoder json_encoder"
        " make_null_session open_session preserve_context_on_exception propagate_exceptions request_globals_class"
        " save_session send_file_max_age_default session_cookie_name static_path templates_auto_reload"
        " try_trigger_before_first_request_functions use_x_sendfile"
    ),
    "Blueprint": "before_app_first_request json_decoder json_encoder warn_on_modifications",
    "Config": "from_json",
    "Request": "module",
    "RequestContext": "auto_pop g preserved",
}
#: The modules from which something is gone that nobody is known to look for. Module attributes are found more slowly
#: where there is a `__getattr__` (15 to 45 ns), so others have none: `flask.json` is asked for `dumps` in many a view.
MODULES = "debughelpers globals helpers typing wrappers"

has_legacy = False  # whether somebody has imported `flask.legacy`


def look_back(module: str, name: str) -> t.Any:
    """What a removed name of a module stands for; `AttributeError` where the module never had it, or has it no more."""
    if name.startswith("__"):  # each import from a module asks for its __path__
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    from ._removed import admit  # not "from . import", which looks for a name

    admit(module, name, has_legacy)
    return stock.former_name(name)


def renamed(function: str, arguments: dict[str, t.Any], required: str) -> dict[str, t.Any]:
    """Arguments by the names that they have now; `TypeError` where the required one is not among them."""
    from ._removed import renamed

    understood = renamed(function, arguments)
    if required not in understood:
        raise TypeError(f"{function}() missing 1 required positional argument: {required!r}")
    return understood


def warn_of_environment() -> None:
    """Say that `FLASK_ENV` is ignored."""
    from ._removed import warn_of_environment

    warn_of_environment()


class Absent:
    """Stands in a class for an attribute that is gone: it is not there for whoever looks, and the error says why.

    An attribute of this name that an object is given is the object's own, as in Flask 3.1.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, obj: object, owner: type) -> t.NoReturn:
        from ._removed import absent_attribute

        raise absent_attribute(obj, owner, self._name)


def _listed(self: object, names: t.Collection[str]) -> list[str]:
    """What `dir` lists of an object: not what is gone, which Python would otherwise propose for a name close to it."""
    return [name for name in object.__dir__(self) if name not in names or hasattr(self, name)]


def open_modules(names: str) -> None:
    """Have a look at a name that is not in one of these modules come here."""
    for name in names.split():
        module = sys.modules[f"flask.{name}"]
        module.__getattr__ = partial(look_back, module.__name__)  # type: ignore[method-assign]


def open_doors(classes: t.Iterable[type]) -> None:
    """Have every look at a removed name come here, of the modules that are imported by now and of these classes."""
    open_modules(MODULES)
    for kind in classes:
        names = ATTRIBUTES[kind.__name__].split()
        for attribute in names:
            if attribute not in kind.__dict__:  # else this is a reload, and it may be there by now
                setattr(kind, attribute, Absent(attribute))
        kind.__dir__ = partialmethod(_listed, names)  # type: ignore[assignment]
