"""What becomes of an exception (step 6): the handler that the app or a blueprint has for it, or the plain answer.

Handlers are found by the app's `_find_error_handler`; here is only what is done with them. Nothing here makes bytes.
"""

from __future__ import annotations

import sys
import typing as t

from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RoutingException

from .._unicode import mend
from ..globals import _now
from ..signals import got_request_exception

# Gives the names of the blueprints of the current request that a table may have something for, innermost first.
Blueprints = t.Callable[[t.Mapping[str | None, t.Any]], list[str]]


class Handling(t.Protocol):
    """The part of an app that errors are handled with."""

    debug: bool
    testing: t.Any
    config: t.Any

    @property
    def error_handler_spec(self) -> t.Mapping[str | None, t.Any]: ...

    def _find_error_handler(self, e: Exception, blueprints: list[str]) -> t.Callable[..., t.Any] | None: ...

    def ensure_sync(self, func: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]: ...

    def trap_http_exception(self, e: Exception) -> bool: ...

    def handle_http_exception(self, e: HTTPException) -> t.Any: ...

    def log_exception(self, exc_info: t.Any) -> None: ...

    def finalize_request(self, rv: t.Any, from_error_handler: bool = False) -> t.Any: ...

    def finalize_websocket(self, rv: t.Any, from_error_handler: bool = False) -> t.Any: ...


def handle_http_exception(app: Handling, error: HTTPException, blueprints: Blueprints) -> t.Any:
    """The result for an HTTP exception: its handler's, else itself, which is a response.

    An exception without a code carries its response with it; a routing exception is a redirect, not an error.
    """
    if error.code is None or isinstance(error, RoutingException):
        return error
    handler = app._find_error_handler(error, blueprints(app.error_handler_spec))
    if handler is None:
        return error
    mend(error)  # most handlers make a response of it
    return _answer(app, handler, error)


def handle_user_exception(app: Handling, error: Exception, blueprints: Blueprints) -> t.Any:
    """The result for whatever a view or hook raised; raises it again where no handler takes it."""
    if isinstance(error, HTTPException):
        if isinstance(error, BadRequestKeyError) and (app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"]):
            error.show_exception = True  # the name of the missing key is for developers
        if not app.trap_http_exception(error):
            return app.handle_http_exception(error)
    try:
        handler = app._find_error_handler(error, blueprints(app.error_handler_spec))
        if handler is None:
            raise
        return _answer(app, handler, error)
    finally:
        del error  # no cycle of the exception, its traceback and this frame


def handle_exception(app: Handling, error: Exception, blueprints: Blueprints) -> t.Any:
    """The response for what no handler took: logged, then the 500 page; raised again while testing or debugging.

    That the client's body was refused, told again to a handler or an `after_request` function, is no error of the app.
    """
    try:
        if getattr(error, "_refuses_body", False) and not app.trap_http_exception(error):
            return app.finalize_request(error, from_error_handler=True)
        _report(app, error)
        return _internal_server_error(app, error, blueprints, app.finalize_request)
    finally:
        del error


def handle_websocket_exception(app: Handling, error: Exception, blueprints: Blueprints) -> t.Any:
    """The same of a WebSocket: the response that refuses it, or None where it was accepted before."""
    try:
        _report(app, error)
        context = _now()._top_request_ctx
        if not context.request.is_pending:
            context._exchange.fail()
            return None
        return _internal_server_error(app, error, blueprints, app.finalize_websocket)
    finally:
        del error


def _report(app: Handling, error: Exception) -> None:
    """Tell who listens of an error, and log it; or raise it again, as `PROPAGATE_EXCEPTIONS` says."""
    exc_info = sys.exc_info()
    propagate = app.config["PROPAGATE_EXCEPTIONS"]
    if propagate is None:
        propagate = app.testing or app.debug
    try:
        try:
            got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
        except Exception:
            if propagate:
                raise
            app.log_exception(sys.exc_info())  # whoever listened must not keep the error from the log
        if propagate:
            if exc_info[1] is error:
                raise
            raise error
        app.log_exception(exc_info)
    finally:
        del error, exc_info


def _internal_server_error(
    app: Handling, error: Exception, blueprints: Blueprints, finalize: t.Callable[..., t.Any]
) -> t.Any:
    """The response of the 500 page, or of its handler; where that fails it is logged, and the plain page is sent."""
    try:
        result: t.Any = InternalServerError(original_exception=error)
        handler = app._find_error_handler(result, blueprints(app.error_handler_spec))
        if handler is not None:
            result = _answer(app, handler, result)
        return finalize(result, from_error_handler=True)
    except Exception:  # noqa: BLE001 - the server would only close the connection, or show it
        app.log_exception(sys.exc_info())
    try:
        return finalize(InternalServerError(original_exception=error), from_error_handler=True)
    except Exception:  # noqa: BLE001 - not even a response can be made in the app's way
        app.log_exception(sys.exc_info())
        return InternalServerError().get_response()


def _answer(app: Handling, handler: t.Callable[..., t.Any], error: Exception) -> t.Any:
    """What a handler returns. In debug mode it is remembered whose result it is, should that be no response."""
    context = _now()._top_request_ctx
    if app.debug:
        context._answered_by = handler
    call = app.ensure_sync(handler)
    if context._exchange is not None and context._exchange.must_leave((handler,)):
        return context._exchange.in_thread(call, error)
    return call(error)
