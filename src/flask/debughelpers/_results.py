"""Whose result could not be made a response: the view, or what answered in its place, with file and line.

Nothing is called again to find out: what may have answered is read from the tables.
"""

from __future__ import annotations

import inspect
import typing as t

from ._words import place_of, quoted, shortened

if t.TYPE_CHECKING:
    from ..ctx import RequestContext
    from ..sansio.app import App
    from ..wrappers import Request

OTHERS_AT_MOST = 3


def lines(app: App, result: t.Any, context: RequestContext) -> t.Iterator[str]:
    """What to tell of a result that is no response, in the context of the request that it was for."""
    request = context.request
    handler = getattr(context, "_answered_by", None)  # where an error handler returned it
    if handler is not None:
        yield f"It was returned by the error handler {place_of(handler) or quoted(handler)}."
    elif (endpoint := request.endpoint) is not None and endpoint in app.view_functions:
        view = app.view_functions[endpoint]
        place = place_of(view, request.method) or quoted(view)
        yield f"The view function is {place}, endpoint {quoted(endpoint)}, rule {quoted(str(request.url_rule))}."
        if result is not None:
            yield from _others(app, request)
    if inspect.iscoroutine(result):
        name = shortened(result.__qualname__)
        yield (
            f"The coroutine is that of {name!r}: a decorator called the 'async def' function without awaiting it. Let"
            " the decorator call 'current_app.ensure_sync(f)' instead of 'f'."
        )
    elif handler is None and result is None:
        yield "Each way through it has to end in a 'return' with a response, also the last one."


def _others(app: App, request: Request) -> t.Iterator[str]:
    """A `before_request` function answers in place of the view when it returns anything but None."""
    before = [
        function
        for name in (None, *reversed(request.blueprints))
        if name in app.before_request_funcs
        for function in app.before_request_funcs[name]
    ]
    if before:
        places = [str(place_of(function) or quoted(function)) for function in before[:OTHERS_AT_MOST]]
        more = f" and {len(before) - OTHERS_AT_MOST} more" if len(before) > OTHERS_AT_MOST else ""
        yield f"Or it came from a 'before_request' function, whose result is the answer: {'; '.join(places)}{more}."
