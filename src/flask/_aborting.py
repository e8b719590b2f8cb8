"""HTTP errors as calling their class makes them, by fewer steps; what is not plain is left to the class.

No error made here may be told from one that its constructor made.
"""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import HTTPException

_init = HTTPException.__init__
_new = HTTPException.__new__
# A Werkzeug whose constructor does more, or less, is left to do it.
_sets_two = vars(HTTPException("a")) == {"description": "a", "response": None} and HTTPException("a").args == ()


# PERF: nobody may hold the error in a local variable where it is raised: its traceback would hold that frame, and only
# the garbage collector would end the circle.
def http_error(kind: type[HTTPException], args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> HTTPException:
    """What `kind(*args, **kwargs)` gives, which most classes inherit from HTTPException."""
    if (
        not args
        and (not kwargs or (len(kwargs) == 1 and "description" in kwargs))
        and kind.__init__ is _init
        and kind.__new__ is _new
        and _sets_two
    ):
        error = _new(kind)
        if kwargs and kwargs["description"] is not None:
            error.description = kwargs["description"]
        error.response = None
        return error
    return kind(*args, **kwargs)
