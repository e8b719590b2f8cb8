"""What to say when no app is found: what was looked for and where, what is there instead, and what to type.

Imported only once something has failed, so it may be slow; it looks at the user's modules and never calls into them.
"""

from __future__ import annotations

import difflib
import inspect
import os
import re
import sys
import typing as t
from traceback import format_exception
from types import ModuleType, TracebackType

from .candidates import APP_NAMES, FACTORY_NAMES, is_app, is_plain_callable

NOTHING_GIVEN = (
    "Could not locate a Flask application. Use the 'flask --app' option, 'FLASK_APP' environment variable, or a"
    " 'wsgi.py' or 'app.py' file in the current directory."
)
LISTED_AT_MOST = 8


def nothing_given() -> str:
    """No app was named, and none of the files that need no naming is there."""
    here = os.getcwd()
    return _lines(NOTHING_GIVEN, _named_like_the_library(here), _app_files(here))


def no_such_module(name: str) -> str:
    """The module named does not exist, or some package on the way to it."""
    parts = name.split(".")
    known = 0  # how many parts could be imported, before one could not
    while known < len(parts) - 1 and ".".join(parts[: known + 1]) in sys.modules:
        known += 1
    parent, last = ".".join(parts[:known]), parts[known]
    missing = f"Could not import {name!r}."
    if parent and not hasattr(sys.modules[parent], "__path__"):
        hint = f"{parent!r} is a module, not a package."
        if hasattr(sys.modules[parent], last):
            hint += f" For the name {last!r} in it, write '--app {parent}:{last}'."
        return _lines(missing, hint)

    folder = os.path.join(sys.path[0] or os.getcwd(), *parts[:known])
    close = difflib.get_close_matches(last, _modules_in(folder), n=3)
    prefix = f"{parent}." if parent else ""
    return _lines(
        missing,
        f"There is no module or package {last!r} in '{folder}'" + (", and none is installed." if not parent else "."),
        close and f"Did you mean {_listed([prefix + each for each in close], 'or')}?",
    )


def import_failed(name: str, error: ImportError, inside: TracebackType) -> str:
    """The module is there, but an import within it failed: the user's traceback, then what it probably means."""
    text = "".join(format_exception(type(error), error, inside))
    headline = f"While importing {name!r}, an ImportError was raised:\n\n{text}"
    return _lines(headline, _circle(error) or _not_installed(error))


def several_apps(module: ModuleType, names: list[str]) -> str:
    """More than one application, none of them with a name that settles it."""
    return _lines(
        f"Detected multiple Flask applications in module {module.__name__!r}."
        f" Use '{module.__name__}:name' to specify the correct one.",
        f"They are {_listed(names, 'and')}: try '--app {module.__name__}:{names[0]}'.",
    )


def no_app_in_module(module: ModuleType, returned: dict[str, object]) -> str:
    """No application and no factory under any name that is looked for."""
    name = module.__name__
    seen = [f"'{factory}()' returned {_kind(value)}." for factory, value in returned.items()]
    seen += [
        f"{attribute!r} is {_kind(getattr(module, attribute))}."
        for attribute in (*APP_NAMES, *FACTORY_NAMES)
        if attribute not in returned and hasattr(module, attribute)
    ]
    candidates = _factories_by_another_name(module)
    return _lines(
        f"Failed to find Flask application or factory in module {name!r}. Use '{name}:name' to specify one.",
        _hidden_by_the_library(module),
        f"Looked in {_place(module)} for a Flask application, and for a function"
        f" {_listed(FACTORY_NAMES, 'or')} that returns one.",
        *seen,
        candidates and f"There is {_listed(candidates, 'and')}: try '--app {name}:{candidates[0]}'.",
    )


def factory_wants_arguments(module: ModuleType, name: str, factory: t.Callable[..., object]) -> str:
    """A factory found by its name cannot be called with nothing."""
    return _lines(
        f"Detected factory {name!r} in module {module.__name__!r}, but could not call it without arguments."
        f" Use '{module.__name__}:{name}(args)' to specify arguments.",
        _signature(name, factory),
    )


def factory_refused_arguments(module: ModuleType, text: str, factory: t.Callable[..., object]) -> str:
    """A factory that was named does not take what was given."""
    name = text.partition("(")[0].strip()
    return _lines(
        f"The factory {text!r} in module {module.__name__!r} could not be called with the specified arguments.",
        _signature(name, factory),
    )


def no_such_attribute(module: ModuleType, name: str) -> str:
    """The module has no such name."""
    apps = [each for each, value in vars(module).items() if is_app(value)]
    factories = [each for each in FACTORY_NAMES if is_plain_callable(getattr(module, each, None))]
    there = apps + factories + _factories_by_another_name(module)
    close = difflib.get_close_matches(name, there or list(vars(module)), n=1)
    return _lines(
        f"Failed to find attribute {name!r} in {module.__name__!r}.",
        f"Looked in {_place(module)}.",
        there and f"There is {_listed(there, 'and')}: try '--app {module.__name__}:{(close or there)[0]}'.",
        not there and close and f"Did you mean {close[0]!r}?",
    )


def not_an_app(module: ModuleType, text: str, target: object, result: object) -> str:
    """What was named exists, but is something else than an application."""
    what = f"calling {text.partition('(')[0].strip()!r} returned" if target is not result else "it is"
    return f"A valid Flask application was not obtained from '{module.__name__}:{text}': {what} {_kind(result)}."


# What each of the above is made of.


def _lines(*lines: str | bool | list[str] | None) -> str:
    return "\n".join(line for line in lines if line and isinstance(line, str))


def _listed(names: t.Iterable[str], word: str) -> str:
    """'a', 'b' and 'c', never more than a person wants to read."""
    quoted = [repr(name) for name in names]
    if len(quoted) > LISTED_AT_MOST:
        quoted = [*quoted[:LISTED_AT_MOST], f"{len(quoted) - LISTED_AT_MOST} more"]
    if len(quoted) == 1:
        return quoted[0]
    return f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"


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
    path = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    return f"'{path}'" if path else f"{module.__name__!r}"


def _signature(name: str, factory: t.Callable[..., object]) -> str:
    try:
        return f"It is defined as '{name}{inspect.signature(factory)}'."
    except (TypeError, ValueError):  # a signature that cannot be told
        return ""


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


def _modules_in(folder: str) -> list[str]:
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return []
    names = [entry[:-3] for entry in entries if entry.endswith(".py") and entry != "__init__.py"]
    return names + [entry for entry in entries if os.path.isfile(os.path.join(folder, entry, "__init__.py"))]


APP_IS_MADE = re.compile(rb"(?m)^[^#\n]*\bFlask\(|^def (create_app|make_app)\(")
READ_AT_MOST = 200_000


def _app_files(folder: str) -> str:
    """Modules of a folder whose text seems to make an app."""
    found = []
    for name in _modules_in(folder):
        path = os.path.join(folder, f"{name}.py")
        path = path if os.path.isfile(path) else os.path.join(folder, name, "__init__.py")
        try:
            with open(path, "rb") as file:
                text = file.read(READ_AT_MOST)
        except OSError:
            continue
        if name != "flask" and APP_IS_MADE.search(text):
            found.append(name)
    if not found:
        return ""
    return f"In '{folder}', {_listed(found, 'and')} look{'s' * (len(found) == 1)} like one: try '--app {found[0]}'."


def _named_like_the_library(folder: str) -> str:
    if not os.path.isfile(os.path.join(folder, "flask.py")):
        return ""
    return (
        f"The file 'flask.py' in '{folder}' has the name of the library itself, and one of the two hides the other."
        " Rename it, for instance to 'app.py'."
    )


def _hidden_by_the_library(module: ModuleType) -> str:
    if module.__name__ != __name__.partition(".")[0]:
        return ""
    return _named_like_the_library(sys.path[0] or os.getcwd()) or "That is the library itself; name your own module."


PARTIALLY_INITIALIZED = re.compile(r"partially initialized module '([^']+)'")


def note_circular_import(error: BaseException) -> None:
    """Let an error that comes of a circular import say so, below its traceback."""
    explanation = _circle(error)
    if explanation:
        error.add_note(explanation)


def _circle(error: BaseException) -> str:
    """The modules that import each other, if that is what an error comes from."""
    found = PARTIALLY_INITIALIZED.search(str(error))
    if found is None:
        return ""
    first = found[1]
    chain = _importing_modules(error.__traceback__)
    if first not in chain or chain[-1] == first:
        return ""
    chain = chain[chain.index(first) :]
    return (
        f"This is a circular import: {chain[-1]!r} imports {first!r} while {first!r} is still being imported"
        f" ({' -> '.join([*chain, first])}). Import it in {chain[-1]!r} inside the function that needs it, or move what"
        " both need to a third module."
    )


def _importing_modules(traceback: TracebackType | None) -> list[str]:
    """The modules whose own top level was running, outermost first."""
    names = []
    while traceback is not None:
        frame = traceback.tb_frame
        name = frame.f_globals.get("__name__")
        if frame.f_code.co_name == "<module>" and isinstance(name, str) and name not in names:
            names.append(name)
        traceback = traceback.tb_next
    return names


def _not_installed(error: ImportError) -> str:
    if not isinstance(error, ModuleNotFoundError) or not error.name or "." in error.name:
        return ""
    here = sys.path[0] or os.getcwd()
    return f"No module {error.name!r} is installed for '{sys.executable}', and none is in '{here}'."
