"""What a view may return, and the Response that it becomes (step 7). The plain types first; the rest in turn.

Nothing here runs a view or a hook. The errors name what was returned and by which view.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from .._contracts import stock
from .._sending import is_asynchronous
from ..globals import _environ_now

_FORMS = (
    "The view function did not return a valid response."
    " The return type must be a string, dict, list, tuple with headers or status, Response instance, or WSGI callable"
)


class Responding(t.Protocol):
    """The part of an app that results are made with."""

    response_class: t.Any
    json: t.Any


class Asking(t.Protocol):
    """The part of a request that results are made for."""

    @property
    def endpoint(self) -> t.Any: ...


def to_response(app: Responding, result: t.Any, request: Asking) -> t.Any:
    """Turn what a view returned into an instance of `app.response_class`.

    Raises `TypeError` for anything that is not one of the documented forms.
    """
    kind = type(result)
    if kind is str or kind is bytes:
        response_class = app.response_class  # PERF: calling it by the attribute is slower
        if response_class is stock.response_class and response_class.__init__ is stock.response_init:
            return response_class(result, None, None, None, None, False)  # PERF: with every argument it is specialised
        return response_class(result)
    if kind is dict or kind is list:
        response_class = app.response_class
        if response_class is stock.response_class and response_class.__init__ is stock.response_init:
            provider = app.json
            text = json_text(app, provider, result)
            if text is not None:
                return response_class(text, None, None, provider.mimetype, None, False)
        return app.json.response(result)
    if kind is tuple and len(result) == 2:
        body, status = result
        response_class = app.response_class
        if (
            type(status) is int
            and (type(body) is str or type(body) is bytes)
            and response_class is stock.response_class
            and response_class.__init__ is stock.response_init
        ):
            return response_class(body, status, None, None, None, False)

    status = headers = None
    if isinstance(result, tuple):
        result, status, headers = _taken_apart(result)
        kind = type(result)
    if result is None:
        raise TypeError(
            f"The view function for {request.endpoint!r} did not return a valid response. The function either returned"
            " None or ended without a return statement."
        )
    response = result
    if not isinstance(response, app.response_class):
        # PERF: most of what is left is an error; the look into its class spares it the ABC's question (0.6 µs).
        if (hasattr(kind, "__next__") and isinstance(result, Iterator)) or is_asynchronous(result):
            # The class itself gets status and headers, and may do with them as it pleases.
            return app.response_class(result, status=status, headers=headers)
        if isinstance(result, HTTPException):
            response = _forced(app, result)
        elif isinstance(result, (str, bytes, bytearray)):
            return app.response_class(result, status=status, headers=headers)
        else:
            response = _converted(app, result)
    if status is not None:
        if isinstance(status, (str, bytes, bytearray)):
            response.status = status
        else:
            response.status_code = status
    if headers:
        response.headers.update(headers)
    return response


def json_text(app: Responding, provider: t.Any, data: t.Any) -> str | None:
    """The body of what `provider.response` makes of data; None where only that can tell, and nothing is done."""
    try:
        text_for = type(provider)._text_for
    except AttributeError:  # any object with a `response` will do
        return None
    text: str | None = text_for(provider, app, data)
    return text


def _taken_apart(result: tuple[t.Any, ...]) -> tuple[t.Any, t.Any, t.Any]:
    """(body, status, headers) of a tuple, None for what it does not say."""
    if len(result) == 3:
        return result
    if len(result) == 2:
        body, second = result
        if isinstance(second, (Headers, dict, tuple, list)):
            return body, None, second
        return body, second, None
    raise TypeError(
        "The view function did not return a valid response tuple. The tuple must have the form (body, status, headers),"
        " (body, status), or (body, headers)."
    )


def _converted(app: Responding, result: t.Any) -> t.Any:
    """A response from data for JSON, from another class of response, or from a WSGI callable."""
    if isinstance(result, (dict, list)):
        return app.json.response(result)
    if isinstance(result, BaseResponse) or callable(result):
        return _forced(app, result)
    raise TypeError(f"{_FORMS}, but it was a {type(result).__name__}.")


def _forced(app: Responding, result: t.Any) -> t.Any:
    """A response of the app's class from something that can be called as one."""
    try:
        return app.response_class.force_type(result, _environ_now())
    except TypeError as e:
        told = f"{e}\n{_FORMS}, but it was a {type(result).__name__}."
        raise TypeError(told).with_traceback(e.__traceback__) from None
