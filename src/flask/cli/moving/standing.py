"""Whether this Flask has a name, looked up in the running one; and names that upstream's 3.1 has not either.

Modules of this package are imported for it, and no others.
"""

from __future__ import annotations

import enum
import typing as t
import warnings
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from werkzeug.local import LocalProxy

from ... import _former
from ..._removed import ATTRIBUTES, WITH_LEGACY
from .names import PACKAGE


class Standing(enum.Enum):
    """What becomes of code that touches a name."""

    HERE = "here"
    GONE = "gone"  # upstream's 3.1 has not got it either
    MISSING = "missing"


_MODULES = {
    "flask._compat": "Python 3 itself",
    "flask.Module": "flask.Blueprint",
    "flask.ext": "the extension's own package",
    "flask.exthook": "the extension's own package",
    "flask.json.itsdangerous": "itsdangerous",
    "flask.module": "flask.Blueprint",
    "flask.scaffold": "flask.sansio.scaffold",
    "flask.session_interface": "flask.sessions",
}
_OWNERS = {
    "Flask": ("flask.Flask", "flask.current_app"),
    "Blueprint": ("flask.Blueprint",),
    "Config": ("flask.Config",),
    "Request": ("flask.Request",),
    "RequestContext": ("flask.ctx.RequestContext",),
}
#: What Flask itself took out before 3.1, and what stands for it now. Whatever is below one of these is gone with it.
#: What is there nevertheless, with a warning, is not among them.
REMOVED: dict[str, str] = {
    **_MODULES,
    **{f"{module}.{name}": said for module, names in WITH_LEGACY.items() for name, (_, said) in names.items()},
    **{
        f"{owner}.{name}": ATTRIBUTES[name][1]
        for kind, names in _former.ATTRIBUTES.items()
        for name in names.split()
        for owner in _OWNERS[kind]
    },
}
#: The proxy whose attributes are Flask's. What is put on `g`, the request or the session is whoever's put it there.
_APP = "flask.current_app"


class Found(t.NamedTuple):
    """As much of a dotted name as is Flask's own, and where that stands."""

    name: str
    standing: Standing

    @property
    def is_private(self) -> bool:
        """Whether a part of it begins with an underscore."""
        return any(part.startswith("_") and not part.endswith("__") for part in self.name.split("."))

    @property
    def instead(self) -> str:
        """What to use where it is gone."""
        return next((REMOVED[name] for name in _prefixes(self.name) if name in REMOVED), "")


@cache
def standing(dotted: str) -> Found:
    """How far a name leads. Beyond the first name of a module only attributes with an underscore are looked at.

    What is public on an object may be anybody's, as the attributes of `flask.g` are.
    """
    head, *parts = dotted.split(".")
    place: t.Any = import_module(head)
    reached = head
    for depth, part in enumerate(parts):
        in_module = isinstance(place, ModuleType)
        if in_module and place.__name__.partition(".")[0] != PACKAGE:
            break  # a module of somebody else's, as flask.json.provider.decimal
        if isinstance(place, LocalProxy) and (reached != _APP or hasattr(LocalProxy, part)):
            break
        gone = f"{reached}.{part}" in REMOVED
        if not in_module and not gone and not (part.startswith("_") and not part.endswith("__")):
            break
        reached = f"{reached}.{part}"
        missing, place = _below(place, part)
        if missing:
            gone = any(name in REMOVED for name in _prefixes(reached))
            return Found(reached, Standing.GONE if gone else Standing.MISSING)
        if not in_module and depth:
            break
    return Found(reached, Standing.HERE)


def _below(place: t.Any, part: str) -> tuple[bool, t.Any]:
    """Whether a name is missing in a module or an object, and what it names."""
    if isinstance(place, LocalProxy):
        place = _named("flask.Flask")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is deprecated is there
        try:
            return False, getattr(place, part)
        except AttributeError:
            pass
    if isinstance(place, ModuleType):
        inside = f"{place.__name__}.{part}"
        if part != "__main__" and hasattr(place, "__path__") and find_spec(inside) is not None:
            return False, import_module(inside)
        return True, None
    return part not in _attributes_of(place), None


def _named(dotted: str) -> t.Any:
    module, _, name = dotted.rpartition(".")
    return getattr(import_module(module), name)


def _attributes_of(place: t.Any) -> frozenset[str]:
    """What objects of a class get when they are made, where that is an app or a blueprint."""
    flask, blueprint = _named("flask.Flask"), _named("flask.Blueprint")
    if isinstance(place, type) and issubclass(flask, place):
        return frozenset(vars(flask(PACKAGE)))
    if isinstance(place, type) and issubclass(blueprint, place):
        return frozenset(vars(blueprint("a", PACKAGE)))
    return frozenset()


def _prefixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(1, len(parts))]
