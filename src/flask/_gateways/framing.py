"""A body whose framing servers read in different ways, and so refused: what follows it may be a request, or may not.

Where a body ends is a server's to say, and nothing of it is read here. See RFC 9112 §6.1 and §11.2.
"""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import BadRequest

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_WORDS = "A request's body may have the transfer coding 'chunked', once and alone, and no other."


def is_doubtful(environ: WSGIEnvironment) -> bool:
    """Whether a request with a transfer coding has further ones beside `chunked`, or that one more than once.

    Servers go by the last one, which proxies may not.
    """
    codings = environ["HTTP_TRANSFER_ENCODING"].strip().lower()
    return codings != "chunked" and "chunked" in codings


def refuse(environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
    """Answer by 400, and have the connection end: nothing that comes behind is taken for a request.

    To say so is for servers alone in WSGI (PEP 3333, "Other HTTP Features"); the one that goes on otherwise lets us.
    """
    response = BadRequest(_WORDS).get_response(environ)
    if "flask.exchange" in environ or environ.get("SERVER_SOFTWARE") == "Granian":
        response.headers["Connection"] = "close"
    return response(environ, start_response)
