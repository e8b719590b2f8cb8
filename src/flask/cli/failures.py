"""The error that says that no app could be found.

What it says in detail is made in `explanations`; nothing here looks at the user's code.
"""

from __future__ import annotations

import click


class NoAppException(click.UsageError):
    """Raised where an application cannot be found, or not be loaded."""

    __module__ = __name__.rpartition(".")[0]  # a traceback names the place that it is imported from
