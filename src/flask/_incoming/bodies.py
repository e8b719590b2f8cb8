"""Reading a request's body from a WSGI environment (PEP 3333): the short way for small bodies of a stated length.

No body is read here that may be endless, and none past its length. What is not plain is left to Werkzeug's
`get_input_stream`, which knows servers that end bodies themselves, chunks and limits.

The private name of Werkzeug that is used here: `LimitedStream._pos`.
"""

from __future__ import annotations

import typing as t

from werkzeug.wsgi import LimitedStream

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# As much as Werkzeug reads at once: to ask a server's buffer for more may reserve that much before anything has come.
AT_ONCE = 64 * 1024


def small_length(environ: WSGIEnvironment, limit: int | None) -> int | None:
    """The length of a body that may be read at once; None where there is none, or more is to be known about it."""
    stated = environ.get("CONTENT_LENGTH")
    if (
        not stated
        or len(stated) > 5
        or not (stated.isascii() and stated.isdigit())
        or "HTTP_TRANSFER_ENCODING" in environ
        or "wsgi.input_terminated" in environ
    ):
        return None
    length = int(stated)
    if length > AT_ONCE or (limit is not None and length > limit):
        return None
    return length


def resumed(source: t.IO[bytes], length: int, position: int) -> LimitedStream:
    """The stream of a body of that length, of which so much was read already."""
    stream = LimitedStream(source, length)
    stream._pos = position
    return stream
