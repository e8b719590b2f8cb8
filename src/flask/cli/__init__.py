"""The `flask` command: this door offers what applications and extensions import as `flask.cli`.

Imported with every app that has a command, for `app.cli`; so nothing below it may import at its top what only one
command needs, and the commands themselves are imported at the first look at one of them.
"""

from __future__ import annotations

import typing as t

import click as click

from .._former import look_back
from .discovery import find_app_by_string as find_app_by_string
from .discovery import find_best_app as find_best_app
from .entry import cli as cli
from .entry import main as main
from .environment import load_dotenv as load_dotenv
from .failures import NoAppException as NoAppException
from .groups import AppGroup as AppGroup
from .groups import FlaskGroup as FlaskGroup
from .location import locate_app as locate_app
from .location import prepare_import as prepare_import
from .options import get_version as get_version
from .options import version_option as version_option
from .script_info import ScriptInfo as ScriptInfo
from .script_info import pass_script_info as pass_script_info
from .script_info import with_appcontext as with_appcontext

if t.TYPE_CHECKING:
    from .certificates import CertParamType as CertParamType
    from .routes import routes_command as routes_command
    from .run import SeparatedPathType as SeparatedPathType
    from .run import run_command as run_command
    from .run import show_server_banner as show_server_banner
    from .shell import shell_command as shell_command
else:
    _OF_COMMANDS = {
        "CertParamType": "certificates",
        "SeparatedPathType": "run",
        "routes_command": "routes",
        "run_command": "run",
        "shell_command": "shell",
        "show_server_banner": "run",
    }

    def __getattr__(name: str) -> t.Any:
        if name not in _OF_COMMANDS:
            return look_back(__name__, name)
        from importlib import import_module

        globals()[name] = found = getattr(import_module(f"{__name__}.{_OF_COMMANDS[name]}"), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *_OF_COMMANDS})
