"""The `flask` command: this door offers what applications and extensions import as `flask.cli`.

Imported with every app, for `app.cli`; so nothing below it may import at its top what only one command needs.
"""

from __future__ import annotations

import click as click

from .certificates import CertParamType as CertParamType
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
from .routes import routes_command as routes_command
from .run import SeparatedPathType as SeparatedPathType
from .run import run_command as run_command
from .run import show_server_banner as show_server_banner
from .script_info import ScriptInfo as ScriptInfo
from .script_info import pass_script_info as pass_script_info
from .script_info import with_appcontext as with_appcontext
from .shell import shell_command as shell_command
