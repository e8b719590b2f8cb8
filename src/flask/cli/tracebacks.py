"""The user's part of a traceback: without the frames of the command and of click that led there.

Used only once something has failed; an exception whose frames are all ours keeps them.
"""

from __future__ import annotations

from types import TracebackType

_PACKAGE = __name__.rpartition(".")[0]


def without_our_frames(error: BaseException) -> TracebackType | None:
    """The traceback of an exception from its first frame on that belongs neither to this package nor to click.

    All of it if there is none; nothing for a syntax error, which says by itself where it is.
    """
    rest = _users_frames(error)
    return rest if rest is not None or isinstance(error, SyntaxError) else error.__traceback__


def has_users_frames(error: BaseException) -> bool:
    """Whether any line that an exception passed through belongs neither to this package nor to click."""
    return _users_frames(error) is not None


def users_traceback(error: BaseException) -> str:
    """The text that Python would print for an exception, from the user's first frame on."""
    from traceback import format_exception

    return "".join(format_exception(type(error), error, without_our_frames(error))).rstrip("\n")


def _users_frames(error: BaseException) -> TracebackType | None:
    rest = error.__traceback__
    while rest is not None and _is_ours(rest.tb_frame.f_globals.get("__name__")):
        rest = rest.tb_next
    return rest


def _is_ours(module: object) -> bool:
    return isinstance(module, str) and f"{module}.".startswith((f"{_PACKAGE}.", "click."))
