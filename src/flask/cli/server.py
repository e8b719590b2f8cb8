"""The development server, as `flask run` and `app.run()` start it: Werkzeug's, with what both of them owe a developer.

Nothing here decides whether reloader and debugger are on; it only sees to it that they keep to the rules.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator
from contextlib import ExitStack

import click

from .candidates import is_app
from .environment import handed_over
from .record import Record, inherited

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# More than a person writes; whoever has a generated folder of templates does not need a restart for each.
TEMPLATES_AT_MOST = 5000


def serve(host: str, port: int, app: WSGIApplication, **options: t.Any) -> None:
    """Serve until interrupted; `options` are those of `werkzeug.serving.run_simple`, which is what runs.

    With the reloader, variables from files are left to the process that it starts, and those files and the templates
    are watched too. With the debugger, only trusted hosts are shown it, under one PIN for all processes. A port in use
    is explained.
    """
    from werkzeug.serving import is_running_from_reloader, run_simple

    with ExitStack() as stack:
        if options.get("use_reloader") or options.get("use_debugger"):
            _prepare(stack, host, app, options)
        try:
            run_simple(host, port, app, **options)
        except KeyboardInterrupt:
            pass  # Ctrl+C just before or after Werkzeug listens for it ends the server as quietly
        except SystemExit as left:
            if left.code and not is_running_from_reloader():
                _explain(host, port)
            raise
        except OverflowError:  # a port below 0; what is above the last one Werkzeug takes for another
            _explain(host, port)
            raise SystemExit(1) from None


def _prepare(stack: ExitStack, host: str, app: WSGIApplication, options: dict[str, t.Any]) -> None:
    """What reloader and debugger need while the server runs."""
    from werkzeug.serving import is_running_from_reloader

    restarted = is_running_from_reloader()
    record = inherited() or Record.begin()
    if options.get("use_reloader"):
        from .reloader import preferred_reloader

        stack.enter_context(preferred_reloader())
        if not restarted:
            stack.enter_context(record.handed_on())
        more = [*stack.enter_context(handed_over()), *template_files(app)]
        if more:
            options["extra_files"] = [*(options.get("extra_files") or ()), *more]
    if options.get("use_debugger"):
        from .debugger import guarded, warn_if_exposed

        if not restarted:
            warn_if_exposed(host)
        stack.enter_context(guarded(record))


def template_files(app: object) -> list[str]:
    """The files below the template folders of the app and its blueprints."""
    if not is_app(app):
        return []
    found: dict[str, None] = {}
    for scaffold in (app, *app.iter_blueprints()):
        for folder in getattr(scaffold.jinja_loader, "searchpath", ()):
            for path in _files_below(folder):
                if len(found) >= TEMPLATES_AT_MOST:
                    return list(found)
                found[path] = None
    return list(found)


def _files_below(folder: str | os.PathLike[str]) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(root, name) for name in sorted(files) if not name.startswith("."))


def _explain(host: str, port: int) -> None:
    from .ports import explain

    by_command = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
    for line in explain(host, port, "flask run --port {port}" if by_command else "app.run(port={port})"):
        click.echo(line, err=True)
