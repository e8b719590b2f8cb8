"""What to say when no app is found: what was looked for and where, what is there instead, and what to type.

Imported only once something has failed, so it may be slow; it looks at the user's modules and never calls into them.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import typing as t
from traceback import format_exception
from types import ModuleType, TracebackType

import click

from ..debughelpers._words import listed
from . import surroundings
from .candidates import APP_NAMES, FACTORY_NAMES, is_app, is_plain_callable
from .circles import explain_circle
from .origins import origin_of

NOTHING_GIVEN = (
    "Could not locate a Flask application. Use the 'flask --app' option, 'FLASK_APP' environment variable, or a"
    " 'wsgi.py' or 'app.py' file in the current directory."
)


def nothing_given() -> str:
    """No app was named, and none of the files that need no naming is there."""
    here = os.getcwd()
    likely = surroundings.app_files(here) or surroundings.app_files_below(here)
    return _lines(
        NOTHING_GIVEN,
        f"Neither file is in '{here}'.",
        _likely(here, likely),
        _named_like_the_library(here) or ("" if likely else _nothing_likely(here)),
    )


def no_such_module(name: str) -> str:
    """The module named does not exist, or some package on the way to it."""
    parts = name.split(".")
    known = 0  # how many parts could be imported, before one could not
    while known < len(parts) - 1 and ".".join(parts[: known + 1]) in sys.modules:
        known += 1
    parent, last = ".".join(parts[:known]), parts[known]
    missing = f"Could not import {name!r}."
    root = sys.path[0] or os.getcwd()
    if os.path.isfile(file := os.path.join(root, name)):
        return _lines(missing, f"The file '{file}' is no module: the name of one ends with '.py'.")
    if parent and not hasattr(sys.modules[parent], "__path__"):
        hint = f"{parent!r} is a module, not a package."
        if hasattr(sys.modules[parent], last):
            hint += f" For the name {last!r} in it, write '--app {parent}:{last}'."
        return _lines(missing, hint)

    folder = os.path.join(root, *parts[:known])
    if gone := surroundings.missing_folder(folder):
        return _lines(missing, f"There is no folder '{gone}'.", _likely_anywhere(os.path.dirname(gone)))
    close = surroundings.close_to(last, surroundings.modules_in(folder))
    prefix = f"{parent}." if parent else ""
    return _lines(
        missing,
        f"There is no module or package {last!r} in '{folder}'" + (", and none is installed." if not parent else "."),
        f"Did you mean {listed([prefix + each for each in close], 'or')}?" if close else _likely_anywhere(folder),
    )


def import_failed(name: str, error: ImportError, inside: TracebackType) -> str:
    """The module is there, but an import within it failed: the user's traceback, then what it probably means."""
    text = "".join(format_exception(type(error), error, inside))
    headline = f"While importing {name!r}, an ImportError was raised:\n\n{text}"
    return _lines(headline, explain_circle(error) or _removed(error) or _not_installed(error))


def several_apps(module: ModuleType, names: list[str]) -> str:
    """More than one application, none of them with a name that settles it."""
    return _lines(
        f"Detected multiple Flask applications in module {module.__name__!r}."
        f" Use '{module.__name__}:name' to specify the correct one.",
        f"In {_place(module)} they are {listed(names)}: try '--app {module.__name__}:{names[0]}'.",
    )


def no_app_in_module(module: ModuleType, returned: dict[str, object]) -> str:
    """No application and no factory under any name that is looked for."""
    name = module.__name__
    headline = f"Failed to find Flask application or factory in module {name!r}. Use '{name}:name' to specify one."
    if hidden := _hidden(module):
        return _lines(headline, hidden)
    seen = [f"'{factory}()' returned {_kind(value)}." for factory, value in returned.items()]
    seen += [
        f"{attribute!r} is {_kind(getattr(module, attribute))}."
        for attribute in (*APP_NAMES, *FACTORY_NAMES)
        if attribute not in returned and hasattr(module, attribute)
    ]
    candidates = _factories_by_another_name(module)
    return _lines(
        headline,
        f"Looked in {_place(module)} for a Flask application, and for a function"
        f" {listed(FACTORY_NAMES, 'or')} that returns one.",
        *(seen or [_contents(module)]),
        f"There is {listed(candidates)}: try '--app {name}:{candidates[0]}'." if candidates else "",
        "" if candidates else _out_of_sight(module),
        "" if candidates else _within(module),
    )


def factory_wants_arguments(module: ModuleType, name: str, factory: t.Callable[..., object]) -> str:
    """A factory found by its name cannot be called with nothing."""
    return _lines(
        f"Detected factory {name!r} in module {module.__name__!r}, but could not call it without arguments."
        f" Use '{module.__name__}:{name}(args)' to specify arguments.",
        _signature(module, name, factory),
    )


def factory_refused_arguments(module: ModuleType, text: str, factory: t.Callable[..., object]) -> str:
    """A factory that was named does not take what was given."""
    name = text.partition("(")[0].strip()
    return _lines(
        f"The factory {text!r} in module {module.__name__!r} could not be called with the specified arguments.",
        _signature(module, name, factory),
    )


def no_such_attribute(module: ModuleType, name: str) -> str:
    """The module has no such name."""
    there = _alternatives(module)
    close = surroundings.close_to(name, there or vars(module))
    return _lines(
        f"Failed to find attribute {name!r} in {module.__name__!r}.",
        _hidden(module) or f"Looked in {_place(module)}.",
        f"There is {listed(there)}: try '--app {module.__name__}:{(close or there)[0]}'." if there else "",
        f"Did you mean {close[0]!r}?" if close and not there else "",
        "" if close or there else _within(module),
    )


def not_an_app(module: ModuleType, text: str, target: object, result: object) -> str:
    """What was named exists, but is something else than an application."""
    what = f"calling {text.partition('(')[0].strip()!r} returned" if target is not result else "it is"
    there = _alternatives(module)
    return _lines(
        f"A valid Flask application was not obtained from '{module.__name__}:{text}': {what} {_kind(result)}.",
        _hidden(module) or f"Looked in {_place(module)}.",
        f"There is {listed(there)}: try '--app {module.__name__}:{there[0]}'." if there else "",
    )


def who_named_it() -> str:
    """Where the name of the app came from, unless it was typed; to whoever forgot a variable it is the whole riddle."""
    context = click.get_current_context(silent=True)
    if context is None:
        return ""
    root = context.find_root()
    origin = next((origin_of(root, param) for param in root.command.params if param.name == "app"), "")
    return origin and f"The name comes from {origin}."


# What each of the above is made of.


def _lines(*lines: str | None) -> str:
    return "\n".join(line for line in lines if line)


def _kind(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, ModuleType):
        return f"the module {value.__name__!r}"
    if isinstance(value, type):
        return f"the class {value.__qualname__!r}"
    if inspect.iscoroutine(value):
        value.close()  # never to be awaited; closing it spares the user a second, unrelated warning
        return "a coroutine; a factory must be a plain function"
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"a value of type {name!r}, not a Flask application"


def _place(module: ModuleType) -> str:
    file = getattr(module, "__file__", None)
    if file:
        return f"'{file}'"
    folder = next(iter(getattr(module, "__path__", ())), None)
    return f"'{folder}' (a folder without '__init__.py')" if folder else f"{module.__name__!r}"


def _signature(module: ModuleType, name: str, factory: t.Callable[..., object]) -> str:
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):  # a signature that cannot be told
        return ""
    return (
        f"In {_place(module)} it is defined as '{name}{signature}': write what it needs as in"
        f" '--app \"{module.__name__}:{name}(...)\"', in quotes."
    )


def _alternatives(module: ModuleType) -> list[str]:
    """The names in a module that are an app, or are or seem to be a function that makes one."""
    apps = [name for name, value in vars(module).items() if is_app(value)]
    factories = [name for name in FACTORY_NAMES if is_plain_callable(getattr(module, name, None))]
    return apps + factories + _factories_by_another_name(module)


def _factories_by_another_name(module: ModuleType) -> list[str]:
    """Functions of the module that look as if they made an app, going by their name or annotation."""
    found = []
    for name, value in vars(module).items():
        if name in FACTORY_NAMES or not is_plain_callable(value) or value.__module__ != module.__name__:
            continue
        annotation = getattr(value, "__annotations__", {}).get("return")
        if "app" in name.lower().split("_") or str(getattr(annotation, "__name__", annotation)).endswith("Flask"):
            found.append(name)
    return found


def _contents(module: ModuleType) -> str:
    names = [name for name in vars(module) if not name.startswith("_")]
    return f"In it there is {listed(names)}." if names else "There is nothing in it."


def _likely(folder: str, found: list[str]) -> str:
    if not found:
        return ""
    return f"In '{folder}', {listed(found)} look{'s' * (len(found) == 1)} like one: try '--app {found[0]}'."


def _likely_anywhere(folder: str) -> str:
    """What may have been meant by a name that resembles nothing: in its folder, else in the working directory."""
    here = os.getcwd()
    found = _likely(folder, surroundings.app_files(folder)) or _likely(here, surroundings.app_files(here))
    return found or _nothing_likely(here)


def _nothing_likely(folder: str) -> str:
    return (
        f"Nothing in '{folder}' looks like an application: go to the folder that has yours, or name its file, as in"
        " '--app path/to/hello.py'."
    )


def _within(module: ModuleType) -> str:
    """Modules of a package, or of a mere folder, that seem to make an app."""
    for folder in getattr(module, "__path__", ()):
        if found := surroundings.app_files(folder) or surroundings.app_files_below(folder):
            return _likely(folder, found)
    return ""


def _out_of_sight(module: ModuleType) -> str:
    made = surroundings.made_out_of_sight(getattr(module, "__file__", None) or "")
    if made is None:
        return ""
    if made.function is None:
        return (
            f"Line {made.line} makes one, but only where that file itself is run; an import passes it over. Make it at"
            " the top level."
        )
    return (
        f"Line {made.line} makes one in the function {made.function!r}: let that return it, and try '--app"
        f" {module.__name__}:{made.function}'."
    )


def _named_like_the_library(folder: str) -> str:
    library = __name__.partition(".")[0]
    path = surroundings.in_the_way(folder, library, sys.modules[library].__file__)
    if path is None:
        return ""
    kind = "file 'flask.py'" if os.path.dirname(path) == folder else "package 'flask'"
    return (
        f"The {kind} in '{folder}' has the name of the library itself, and one of the two hides the other. Rename it,"
        " for instance to 'app'."
    )


def _hidden(module: ModuleType) -> str:
    """Why it is another module than the one that somebody sees in their folder."""
    name, folder = module.__name__, sys.path[0] or os.getcwd()
    if name == __name__.partition(".")[0]:
        return _named_like_the_library(folder) or "That is the library itself; name your own module."
    path = surroundings.in_the_way(folder, name, getattr(module, "__file__", None))
    if path is None:
        return ""
    return f"That is not '{path}': another module {name!r} was imported before, and hides it. Rename that file."


def _removed(error: ImportError) -> str:
    """What to do about a name that Flask had once: its import fails with Python's own sentence, which says nothing."""
    from .._removed import about

    named = re.match(r"cannot import name '(\w+)' from '([\w.]+)'", str(error))
    word = about(named[2], named[1]) if named else ""
    return f"{word[2:]}." if word else ""


def _not_installed(error: ImportError) -> str:
    if not isinstance(error, ModuleNotFoundError) or not error.name or "." in error.name:
        return ""
    here = sys.path[0] or os.getcwd()
    return f"No module {error.name!r} is installed for '{sys.executable}', and none is in '{here}'."
