"""A response on its way out: the headers and the body that Werkzeug's `get_wsgi_response` gives, in fewer steps.

Nothing is sent here that Werkzeug would not send: what is not understood is declined, by None. That none of a
response's steps was overridden is asked by the caller.
"""

from __future__ import annotations

import typing as t
from itertools import chain, groupby
from types import GeneratorType

from werkzeug.http import remove_entity_headers

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_Pairs = list[tuple[str, str]]
# Werkzeug rewrites these on their way out.
rewritten = frozenset({"location", "content-location"})


class Closing(chain):  # type: ignore[type-arg]
    """A body that closes its response. Its chunks come from C: no function of this class is called for one."""

    __slots__ = ("_chunks", "_close", "_response")

    _chunks: t.Generator[t.Any] | None
    _close: t.Callable[[t.Any], object]
    _response: t.Any

    def close(self) -> None:
        """Close what encodes, then the response: its iterable, then what was registered to be called."""
        if self._chunks is not None:
            self._chunks.close()
        response = self._response
        if response._closes:
            self._close(response)
        elif hasattr(response.response, "close"):  # PERF: all that closing does then, without three calls to find out
            response.response.close()


def send(
    response: t.Any,
    pairs: _Pairs,
    close: t.Callable[[t.Any], object],
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> t.Iterable[bytes] | None:
    """Start the response and give its body; None, with nothing started, where that is Werkzeug's to do.

    `pairs` is the list behind the headers, `close` the function that closes a response.
    """
    status = response._status_code
    if 100 <= status < 200:
        return None
    body = response.response
    if response._headers is not None or isinstance(body, (list, tuple)):
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
    else:
        pairs = pairs.copy()
        if environ["REQUEST_METHOD"] == "HEAD":
            sent = Closing()
        elif response.direct_passthrough:
            start_response(response._status, pairs)
            return body  # type: ignore[no-any-return]
        elif type(body) is GeneratorType:
            # PERF: without a call of Python's for each chunk. Only generators: closing the response ends them. Any
            # other iterator is let go when what encodes it is closed, which `chain` cannot be asked to do.
            chunks = _runs(body)
            sent = Closing.from_iterable(chunks)
        else:
            chunks = _encoded(body)
            sent = Closing(chunks)
    sent._chunks = chunks
    sent._response = response
    sent._close = close
    start_response(response._status, pairs)
    return sent  # type: ignore[no-any-return]


def _encoded(body: t.Iterable[t.Any]) -> t.Generator[t.Any]:
    """The chunks of a body as bytes. Only the first step asks the body for its iterator, as Werkzeug's does."""
    for chunk in body:
        yield chunk.encode() if isinstance(chunk, str) else chunk


def _runs(body: t.Iterator[t.Any]) -> t.Generator[t.Iterable[t.Any]]:
    """The same, as iterators over chunks of one type that follow one another; nothing is taken before its turn.

    Where text cannot be encoded this could be asked on after the error, unlike Werkzeug's, which has ended then.
    """
    for kind, run in groupby(body, type):
        if kind is str:
            yield map(str.encode, run)
        elif kind is bytes:
            yield run
        else:
            yield _encoded(run)


# Whether Werkzeug sends a header of this name with 304. PERF: an application's names are few; 0.02 µs against 1.
_stays: dict[str, bool] = {}


def _stays_unmodified(name: str) -> bool:
    headers = [(name, "")]
    remove_entity_headers(headers)
    if len(_stays) >= 256:
        _stays.clear()
    _stays[name] = bool(headers)
    return bool(headers)
