"""The command `flask` itself: the group, and the function that the console script calls.

Nothing else in the package may call `main`.
"""

from __future__ import annotations

from .groups import FlaskGroup

cli: FlaskGroup = FlaskGroup(
    name="flask",
    help=(
        "The command for Flask applications.\n\n"
        "Most of its commands work on an application. Name it with '--app' or the environment variable FLASK_APP, or"
        " keep it in a file 'wsgi.py' or 'app.py' in the current directory."
    ),
)


def main() -> None:
    """Run the `flask` command on `sys.argv`, and end the process."""
    try:
        cli.main()
    except Exception as error:
        # Still uncaught, for hooks and debuggers to see, but from the user's first line on.
        from .tracebacks import without_our_frames

        error.__traceback__ = without_our_frames(error)
        raise
