"""Where a value came from that nobody typed: which variable, and which file set it.

Asked only once something is wrong with the value; nothing is read for those that are right.
"""

from __future__ import annotations

import os

import click
from click.core import ParameterSource

from .environment import file_that_sets


def origin_of(ctx: click.Context, param: click.Parameter) -> str:
    """In words, the variable that an option has its value from; nothing if it was typed, or is the default."""
    if ctx.get_parameter_source(param.name or "") is not ParameterSource.ENVIRONMENT:
        return ""
    given = [param.envvar] if isinstance(param.envvar, str) else list(param.envvar or ())
    given.append(f"{ctx.auto_envvar_prefix}_{(param.name or '').upper()}")
    variable = next((name for name in given if os.environ.get(name)), None)
    if variable is None:
        return ""
    file = file_that_sets(variable)
    return f"the variable {variable}" + (f", which '{file}' sets" if file else "")


class BadVariable(click.BadParameter):
    """A bad value that is told together with its variable."""


def told_with_variable(error: click.BadParameter) -> click.BadParameter:
    """The error itself, or for a value that nobody typed one that names the variable as well."""
    if type(error) is not click.BadParameter or error.ctx is None or error.param is None:
        return error
    origin = origin_of(error.ctx, error.param)
    if not origin:
        return error
    return BadVariable(f"{error.message.rstrip('.')}. It is the value of {origin}.", error.ctx, error.param)
