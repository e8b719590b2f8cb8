"""JSON by the current app's provider, or by the standard library where no app is current. No format is decided here."""

from __future__ import annotations

import json as _json
import typing as t

from .._contracts import stock
from ..globals import _nothing, _now, _SplitContext, current_app
from . import _strict
from .provider import JSONProvider, _default

if t.TYPE_CHECKING:
    from ..wrappers import Response


_ONCE = frozenset({"app", "encoding"})  # arguments that the functions had


def _provider() -> JSONProvider | None:
    """The current app's provider. It does not ask for the app context, which would have to be built to answer."""
    context = _now()
    if context is _nothing or (type(context) is _SplitContext and context._top_app_ctx is None):
        return None
    provider: JSONProvider = context.app.json
    return provider


def dumps(obj: t.Any, **kwargs: t.Any) -> str:
    """Data as JSON text, by ``current_app.json.dumps``.

    Without an app it is ``json.dumps``, able to serialise the same types, with the keys in their own order.
    """
    try:
        if (provider := _provider()) is not None:
            return provider.dumps(obj, **kwargs)
        return _json.dumps(obj, **{"default": _default, **kwargs})
    except TypeError:
        return t.cast(str, _as_once("json_dumps", kwargs)(obj, **kwargs))


def dump(obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
    """Write data as JSON to a text file, by ``current_app.json.dump``, or else as `dumps` does without an app."""
    try:
        if (provider := _provider()) is not None:
            provider.dump(obj, fp, **kwargs)
        else:
            _json.dump(obj, fp, **{"default": _default, **kwargs})
    except TypeError:
        _as_once("json_dump", kwargs)(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: t.Any) -> t.Any:
    """Data from JSON text, by ``current_app.json.loads``, or by ``json.loads`` without an app."""
    provider = _provider()
    try:
        return _json.loads(s, **kwargs) if provider is None else provider.loads(s, **kwargs)
    except (TypeError, UnicodeDecodeError):
        return _as_once("json_loads", kwargs)(s, **kwargs)


def _as_once(function: str, kwargs: dict[str, t.Any]) -> t.Any:
    """What a function was when it had arguments that were removed; if none of these is it, the error goes on.

    Nobody who does not give them pays for their being understood.
    """
    if _ONCE.isdisjoint(kwargs):
        raise
    return stock.former_name(function)


def _loads_request(data: str | bytes) -> t.Any:
    """Data from what a client sent, by the current app's provider."""
    provider = _provider()
    return _strict.loads(data) if provider is None else provider._loads_request(data)


def load(fp: t.IO[t.AnyStr], **kwargs: t.Any) -> t.Any:
    """Data from a JSON file, by ``current_app.json.load``, or by ``json.load`` without an app."""
    provider = _provider()
    if not _ONCE.isdisjoint(kwargs) and (provider is None or type(provider).load is JSONProvider.load):
        return loads(fp.read(), **kwargs)
    return _json.load(fp, **kwargs) if provider is None else provider.load(fp, **kwargs)


def jsonify(*args: t.Any, **kwargs: t.Any) -> Response:
    """A JSON response of one argument, of several as a list, or of keyword arguments as an object; of none it is null.

    It is ``current_app.json.response``; a view that returns a dict or a list needs neither.
    """
    return current_app.json.response(*args, **kwargs)  # type: ignore[return-value]  # a provider may have a wider one
