"""`flask shell`: an interactive Python with the app's context around it and the app's names in it.

IPython or ptpython serve where installed and a person sits at the terminal; a script on stdin always gets plain Python.
"""

from __future__ import annotations

import os
import sys
import typing as t
from importlib import import_module

import click

from ..globals import current_app
from .script_info import with_appcontext

Namespace = dict[str, t.Any]


@click.command("shell", short_help="Run a shell in the app context.")
@with_appcontext
def shell_command() -> None:
    """Run an interactive Python in the application's context.

    The names 'app' and 'g' are there, and whatever the app's shell context processors add.
    """
    banner = (
        f"Python {sys.version} on {sys.platform}\nApp: {current_app.import_name}\nInstance: {current_app.instance_path}"
    )
    names: Namespace = {}
    _run_startup_file(names)
    names.update(current_app.make_shell_context())
    for interact in (_ipython, _ptpython) if _person_at_terminal() else ():
        try:
            return interact(banner, names)
        except ModuleNotFoundError as error:
            if error.name not in {"IPython", "ptpython"}:
                raise
    return _plain_python(banner, names)


def _person_at_terminal() -> bool:
    return sys.stdin.isatty()


def _run_startup_file(names: Namespace) -> None:
    """What a plain interactive Python does at its start: run the file that `PYTHONSTARTUP` names."""
    path = os.environ.get("PYTHONSTARTUP")
    if path and os.path.isfile(path):
        with open(path, "rb") as file:
            exec(compile(file.read(), path, "exec"), names)


def _plain_python(banner: str, names: Namespace) -> None:
    import code

    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None:
        # The hook of `site` binds the tab key and opens the history; completing goes by our names, not by __main__'s.
        try:
            import readline
            from rlcompleter import Completer
        except ImportError:  # Python without readline, as on Windows
            pass
        else:
            readline.set_completer(Completer(names).complete)
        hook()
    code.interact(banner=banner, local=names)


def _ipython(banner: str, names: Namespace) -> None:
    start: t.Callable[..., object] = import_module("IPython").start_ipython
    click.echo(banner)
    start(argv=[], user_ns=names, display_banner=False)


def _ptpython(banner: str, names: Namespace) -> None:
    embed: t.Callable[..., object] = import_module("ptpython.repl").embed
    click.echo(banner)
    embed(globals=names, locals=names, history_filename=os.path.expanduser("~/.python_history_ptpython"))
