"""A response on its way out: the headers and the body that Werkzeug's `get_wsgi_response` gives, in fewer steps.

Nothing is sent here that Werkzeug would not send: what is not understood is declined, by None. That none of a
response's steps was overridden is asked by the caller.
"""

from __future__ import annotations

import typing as t
from itertools import chain
from types import GeneratorType

from werkzeug.http import remove_entity_headers
from werkzeug.wrappers import Response
from werkzeug.wsgi import FileWrapper

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

close = Response.close
_Pairs = list[tuple[str, str]]
# Werkzeug rewrites these on their way out.
rewritten = frozenset({"location", "content-location"})


class Closing(chain):  # type: ignore[type-arg]
    """A body that closes its response. Its chunks come from C: no function of this class is called for one."""

    __slots__ = ("_chunks", "_response")

    _chunks: t.Generator[t.Any] | None
    _response: t.Any

    def close(self) -> None:
        """Close what encodes, then the response: its iterable, then what was registered to be called."""
        if self._chunks is not None:
            self._chunks.close()
        response = self._response
        if response._closes:
            close(response)
            return
        body = response.response  # PERF: all that closing does then, without three calls to find out
        if type(body) is GeneratorType or hasattr(body, "close"):
            body.close()


def send(
    response: t.Any, pairs: _Pairs, environ: WSGIEnvironment, start_response: StartResponse
) -> t.Iterable[bytes] | None:
    """Start the response and give its body; None, with nothing started, where that is Werkzeug's to do.

    `pairs` is the list behind the headers.
    """
    status = response._status_code
    body = response.response
    is_stream = type(body) is GeneratorType
    if response._headers is not None or not (is_stream or type(body) is FileWrapper):
        # Somebody may have changed the headers, or there may be a length to find out.
        names = {name.lower() for name, _ in pairs}
        if not rewritten.isdisjoint(names):
            return None
        if "content-length" not in names and isinstance(body, (list, tuple)) and status not in {204, 304}:
            return None

    chunks = None
    sent: t.Any  # PERF: a cast is a call
    if status == 304:
        try:
            pairs = [pair for pair in pairs if _stays[pair[0]]]
        except KeyError:
            pairs = [pair for pair in pairs if _stays_unmodified(pair[0])]
        sent = Closing()
    elif status == 204:
        pairs = [pair for pair in pairs if pair[0].lower() != "content-length"]
        sent = Closing()
    elif 100 <= status < 200:
        return None
    else:
        pairs = pairs.copy()
        if environ["REQUEST_METHOD"] == "HEAD":
            sent = Closing()
        elif response.direct_passthrough:
            start_response(response._status, pairs)
            return body  # type: ignore[no-any-return]
        elif is_stream:
            # PERF: nothing to end here: closing the response ends the generator.
            sent = Closing(_encoded(body))
        else:
            # Any other iterator is let go when what encodes it is closed.
            chunks = _encoded(body)
            sent = Closing(chunks)
    sent._chunks = chunks
    sent._response = response
    start_response(response._status, pairs)
    return sent  # type: ignore[no-any-return]


def _encoded(body, text=str, type=type, encode=str.encode):
    for chunk in body:
        if type(chunk) is text:
            yield encode(chunk)
        else:
            yield chunk.encode() if isinstance(chunk, str) else chunk

# Whether Werkzeug sends a header of this name with 304. PERF: an application's names are few; 0.02 µs against 1.
_stays: dict[str, bool] = {}


def _stays_unmodified(name: str) -> bool:
    headers = [(name, "")]
    remove_entity_headers(headers)
    if len(_stays) >= 256:
        _stays.clear()
    _stays[name] = bool(headers)
    return bool(headers)
