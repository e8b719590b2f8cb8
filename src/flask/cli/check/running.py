"""Runs every check on an application, those of its extensions and its own too; none of them may end the others.

No view is run, and nothing of the application is changed.
"""

from __future__ import annotations

import traceback
import typing as t
from collections.abc import Callable, Iterable
from importlib import import_module

from .findings import Finding, Where, declare, order
from .project import Project, sources_of

#: Where an application or an extension lists checks of its own: functions of the app that give findings.
EXTENSION = "flask.checks"

#: The modules of this package that check, each by its `find(app, project)`.
AREAS: tuple[str, ...] = (
    "settings",
    "keys",
    "cookies",
    "proxies",
    "rules",
    "views",
    "deployment",
    "versions",
    "installation",
)
#: The module that reads source files: it has `find(app, paths)`.
SOURCES = "sources"
#: The module that asks a deployed app: it has `find(app, url)`.
LIVE = "live"

FAILED = declare(
    "flask.X001",
    "error",
    "A check of the application or an extension failed itself",
    reason="What it looks for was not looked for.",
    remedy="Mend the check, or take it out of app.extensions['flask.checks'].",
)


def run(app: t.Any, project: Project, url: str | None = None) -> list[Finding]:
    """All findings, in the order in which they are shown; with a URL, of the app that is deployed there too."""
    found: list[Finding] = []
    for area in AREAS:
        found += import_module(f"{__package__}.{area}").find(app, project)
    found += import_module(f"{__package__}.{SOURCES}").find(app, sources_of(app, project), project.root)
    if url is not None:
        found += import_module(f"{__package__}.{LIVE}").find(app, url)
    for check in app.extensions.get(EXTENSION, ()):
        found += _run_own(check, app)
    return sorted(set(found), key=order)


def declare_all() -> None:
    """Have every kind of ours declared."""
    for area in (*AREAS, SOURCES, LIVE):
        import_module(f"{__package__}.{area}")


def _run_own(check: Callable[[t.Any], Iterable[Finding] | None], app: t.Any) -> list[Finding]:
    try:
        found: list[t.Any] = list(check(app) or ())
        strange = next((each for each in found if not isinstance(each, Finding)), None)
        if strange is not None:
            raise TypeError(f"It gave {strange!r}, which is no Finding.")
    except Exception as error:  # noqa: BLE001 - somebody else's code, and the other checks are to be heard
        frame = traceback.extract_tb(error.__traceback__)[-1]
        name = getattr(check, "__qualname__", repr(check))
        where = Where(frame.filename, frame.lineno, name)
        return [FAILED.found(f"The check {name!r} failed: {type(error).__name__}: {error}", where)]
    return found
