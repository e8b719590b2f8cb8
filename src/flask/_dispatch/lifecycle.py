"""One request, or one WebSocket, from push to pop, told once for every gateway.

No protocol, no routing and no rendering happens here.

The steps, numbered as in the documentation's "The life of a request". Each that Flask has as a public method is that
method, called by its name on the app, so an override of any kind takes effect at once.

     1 push        RequestContext.push
     2 route       RequestContext.match_request
     3 started     the signal request_started                          Flask.full_dispatch_request
     4 before      url_value_preprocessors, before_request             Flask.preprocess_request
     5 dispatch    the view, automatic OPTIONS, the routing error      Flask.dispatch_request
     6 on error    an error handler, else the plain 500                Flask.handle_user_exception, handle_exception
     7 respond     the view's result becomes a Response                Flask.make_response
     8 after       after_this_request, after_request                   Flask.process_response
     9 session     saved if it has something to say                    Flask.process_response
    10 finished    the signal request_finished                         Flask.finalize_request
    11 start       status and headers go to the gateway
    12 pop         teardown_request, teardown_appcontext               RequestContext.pop

Of a WebSocket, numbered alike, with its own steps for the app's:

     1 push        WebSocketContext.push
     2 route       WebSocketContext.match_request
     3 started     the origin is one that may; websocket_started       Flask.full_dispatch_websocket
     4 before      url_value_preprocessors, before_websocket           Flask.preprocess_websocket
     5 dispatch    its function, which accepts; the routing error      Flask.dispatch_websocket
     6 on error    before it has accepted: as above; after it: logged  Flask.handle_user_exception,
                   and closed with 1011                                handle_websocket_exception
     7 respond     a result before it has accepted becomes a Response  Flask.make_response
     8 after       after_websocket                                     Flask.postprocess_websocket
     9 session     saved with what accepts or refuses                  WebSocket.accept, Flask.postprocess_websocket
    10 finished    the signal websocket_finished                       Flask.finalize_websocket
    11 end         a Response refuses it; else it is closed
    12 pop         teardown_websocket, teardown_appcontext             WebSocketContext.pop
"""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import InternalServerError

from .._contracts import stock
from .._sendable import Unsendable, checked

if t.TYPE_CHECKING:
    from .._contracts import Poppable, Serving


def run(
    app: Serving,
    context: Poppable,
    environ: t.Any,
    start_response: t.Any,
    before_pop: t.Callable[[], object] | None = None,
    push: t.Callable[[], object] | t.Literal[False] | None = None,
) -> tuple[t.Any, t.Any]:
    """Handle the request of a context that was not pushed yet; the response, and the body that it gave when started.

    A response is started by calling it, with what its gateway gives for the two arguments that Werkzeug's responses
    take; the context is still up then. One that cannot be sent is an error like one of a view. `before_pop` is called
    when all is done but the teardown; `push` in place of the context's own, or False where that is done. What
    `handle_exception` raises goes to the gateway, after the teardown.
    """
    error: BaseException | None = None
    try:
        try:
            if push is None:
                context.push()  # 1, 2
            elif push:
                push()
            response, plain = app._respond(context, environ)  # 3 to 10
        except Exception as e:  # noqa: BLE001 - whatever it is, the app decides what becomes of it
            error = e
            response, plain = app.handle_exception(e), None  # 6 for what no handler took, then 7 to 10
        except BaseException as e:
            error = e
            raise
        if plain is not None:
            status, headers, body = plain
            start_response(status, headers)  # 11
            return None, body
        if type(response) is not stock.response_class and type(response).__call__ is not stock.response_call:
            start_response = checked(start_response)  # our own look at what they send before they start
        try:
            return response, response(environ, start_response)  # 11
        except Unsendable as e:
            was_answer, error = error is not None, e
            return _answer_unsendable(app, response, e, was_answer, environ, start_response)
    finally:
        if before_pop is not None:
            before_pop()
        if error is not None and app.should_ignore_error(error):
            error = None
        context.pop(error)  # 12
        del error  # no cycle of the exception, its traceback and this frame


def _answer_unsendable(
    app: Serving, refused: t.Any, error: Unsendable, was_answer: bool, environ: t.Any, start_response: t.Any
) -> tuple[t.Any, t.Any]:
    """Steps 6 to 11 for a response that cannot be sent, of which nothing was: an error as any other.

    `was_answer` says that it was the answer to an error itself. Where that cannot be sent either, the plain 500 is.
    """
    try:
        if not was_answer:
            response = app.handle_exception(error)
            try:
                return response, response(environ, checked(start_response))
            except Unsendable as another:
                _close(response)
                error = another
        app.log_exception((type(error), error, error.__traceback__))
        response = t.cast("t.Any", InternalServerError().get_response(environ))
        return response, response(environ, start_response)
    finally:
        del error  # no cycle, as above
        _close(refused)


def _close(response: t.Any) -> None:
    """Let go of what a response holds that is not sent: its file or generator, and what waits for its end."""
    close = getattr(response, "close", None)
    if close is not None:
        close()
