"""How an app writes and reads JSON: `app.json` is one of these. A setting is read when it is used, never remembered."""

from __future__ import annotations

import dataclasses
import json
import json.encoder
import typing as t
import uuid
import weakref
from datetime import date

from werkzeug.http import http_date

from .._contracts import stock
from ..globals import _nothing, _now
from . import _strict

if t.TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from ..sansio.app import App

_make_encoder: t.Any = json.encoder.c_make_encoder  # type: ignore[attr-defined]
_COMPACT: dict[str, t.Any] = {"separators": (",", ":")}


class JSONProvider:
    """What an app needs of a JSON library: subclass it, override `dumps` and `loads`, and set ``app.json`` to it.

    See "JSON Support" in Flask's documentation. The app is held weakly.
    """

    def __init__(self, app: App) -> None:
        self._app: App = weakref.proxy(app)

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """Data as JSON text; what the keyword arguments mean is the library's affair."""
        raise NotImplementedError

    def dump(self, obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
        """Write what `dumps` makes to a text file."""
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """Data from JSON text; bytes are UTF-8."""
        raise NotImplementedError

    def _loads_request(self, data: str | bytes) -> t.Any:
        """Data from what a client sent. How strict that is, is the library's affair."""
        return self.loads(data)

    def load(self, fp: t.IO[t.AnyStr], **kwargs: t.Any) -> t.Any:
        """Read a file, and from it data by `loads`."""
        return self.loads(fp.read(), **kwargs)

    def _prepare_response_obj(self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> t.Any:
        if args and kwargs:
            raise TypeError("app.json.response() takes either args or kwargs, not both")
        if len(args) == 1:
            return args[0]
        return args or kwargs or None

    def response(self, *args: t.Any, **kwargs: t.Any) -> Response:
        """A JSON response of one argument, of several as a list, or of keyword arguments as an object; of none null.

        `flask.jsonify` and views that return a dict or a list come here.
        """
        obj = self._prepare_response_obj(args, kwargs)
        return self._app.response_class(self.dumps(obj), mimetype="application/json")

    def _text_for(self, app: App, obj: t.Any) -> str | None:
        """The body that `response` gives to one object; None, and nothing is done, where only `response` can tell.

        The app is the one that asks, be it the provider's own or not.
        """
        return None


def _default(o: t.Any) -> t.Any:
    """What the json library can serialise in place of a value that it cannot: the values of `DefaultJSONProvider`."""
    if isinstance(o, date):
        return http_date(o)
    from decimal import Decimal  # PERF: who has one has imported it; `import flask` need not

    if isinstance(o, (Decimal, uuid.UUID)):
        return str(o)
    if dataclasses.is_dataclass(o):
        return dataclasses.asdict(o)  # type: ignore[arg-type]  # a class raises TypeError here, as it should
    if hasattr(o, "__html__"):
        return str(o.__html__())
    raise TypeError(f"Object of type {type(o).__name__} is not JSON serializable")


# Encoders for the settings of most apps, while nobody uses them.
_idle: list[t.Any] = []
_escape: t.Any = json.encoder.encode_basestring_ascii


_scan = t.cast(t.Any, json.JSONDecoder()).scan_once


def _loads(s: t.Any) -> t.Any:
    """What ``json.loads`` gives."""
    # PERF: it guesses an encoding and matches white space, half of the time for little data. Guessing is not needed:
    # what is not UTF-8 cannot be decoded or has zeros, and JSON has none, so that the end is never reached.
    try:
        text = s.decode() if type(s) is bytes else s
        if type(text) is str:
            value, end = _scan(text, 0)
            if end == len(text) or not text[end:].strip(" \t\r\n"):
                return value
    except (ValueError, StopIteration):  # no JSON, or white space before it, or a mark of the encoding
        pass
    return json.loads(s)


class DefaultJSONProvider(JSONProvider):
    """JSON by the standard library, with some more types.

    ``datetime`` and ``date`` become the HTTP date of RFC 9110, ``Decimal`` and ``UUID`` strings, a dataclass an object,
    and whatever has ``__html__`` (such as Markup) the string that it gives.

    Each attribute may be set on the instance or in a subclass, at any time.
    """

    #: Given a value that the json library cannot serialise, the one to serialise in its place, or `TypeError`.
    default: t.Callable[[t.Any], t.Any] = staticmethod(_default)

    #: Escape what is not ASCII: read by anybody, and longer.
    ensure_ascii = True

    #: Order the keys of an object, so that equal data is equal text. Keys of mixed types cannot be ordered.
    sort_keys = True

    #: Without spaces (true), indented (false), or indented in debug mode only (``None``): for `response`.
    compact: bool | None = None

    #: For `response`.
    mimetype = "application/json"

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """Data as JSON text.

        :param kwargs: for ``json.dumps``; ``default``, ``ensure_ascii`` and ``sort_keys`` are this object's where they
            are not given.
        """
        if _make_encoder is not None:
            if not kwargs:
                return self._encode(obj, ", ", ": ")
            if kwargs == _COMPACT:
                return self._encode_compactly(obj)
        kwargs.setdefault("default", self.default)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        return json.dumps(obj, **kwargs)

    def _encode(self, obj: t.Any, item_separator: str, key_separator: str) -> str:
        """What ``json.dumps`` gives for our settings, straight from the encoder in C that it uses itself.

        PERF: half the time of ``json.dumps`` with options, which goes through two layers of Python.
        """
        escape = json.encoder.encode_basestring_ascii if self.ensure_ascii else json.encoder.encode_basestring
        encode = _make_encoder(
            {}, self.default, escape, None, key_separator, item_separator, self.sort_keys, False, True
        )
        return "".join(encode(obj, 0))

    def _encode_compactly(self, obj: t.Any) -> str:
        """The same without spaces.

        PERF: to make an encoder is a sixth of a small answer. It marks the containers that it is in to find a circle:
        whoever takes one from the idle has it alone, and puts it back only where no error has left marks.
        """
        if (
            self.default is not _default
            or self.ensure_ascii is not True
            or self.sort_keys is not True
            or json.encoder.encode_basestring_ascii is not _escape
        ):
            return self._encode(obj, ",", ":")
        try:
            encode = _idle.pop()
        except IndexError:
            encode = _make_encoder({}, _default, _escape, None, ":", ",", True, False, True)
        pieces = encode(obj, 0)
        _idle.append(encode)
        return pieces[0] if len(pieces) == 1 else "".join(pieces)  # before 3.12 there are many

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """Data from JSON text or bytes.

        :param kwargs: for ``json.loads``.
        :raises ValueError: for what is no JSON, and for what is nested deeper than Python's stack.
        """
        try:
            return json.loads(s, **kwargs) if kwargs else _loads(s)
        except RecursionError:
            # A reader of a request's body answers a ValueError with 400; anything else would be a 500.
            raise ValueError("JSON is nested too deeply") from None

    def _loads_request(self, data: str | bytes) -> t.Any:
        if type(self).loads is not _own_loads or "loads" in self.__dict__:
            return self.loads(data)
        try:  # PERF: as `_loads`. What is strictly JSON reads the same either way, and mostly no setting is asked for.
            text = data.decode() if type(data) is bytes else data
            value, end = _strict.scan(text, 0)
            if end == len(text):
                return value
        except (ValueError, StopIteration, RecursionError):
            pass
        top = _now()
        app = self._app if top is _nothing else top.app  # PERF: the weak proxy takes twenty times as long to ask
        return _strict.loads(data) if app.config.get("JSON_STRICT", True) else self.loads(data)

    def response(self, *args: t.Any, **kwargs: t.Any) -> Response:
        """A response of this `mimetype`, as `JSONProvider.response`; laid out as `compact` says, with a line's end."""
        kind = type(self)
        if len(args) == 1 and not kwargs and kind._prepare_response_obj is _own_prepare:
            obj = args[0]
        else:
            obj = self._prepare_response_obj(args, kwargs)
        compact = self.compact
        if compact is None:
            compact = not self._app.debug
        if not compact:
            text = self.dumps(obj, indent=2)
        elif _make_encoder is not None and kind.dumps is _own_dumps and "dumps" not in self.__dict__:
            text = self._encode_compactly(obj)  # PERF: what `dumps` would do, without looking at its arguments
        else:
            text = self.dumps(obj, separators=(",", ":"))
        response_class: t.Any = self._app.response_class
        if response_class is stock.response_class and response_class.__init__ is stock.response_init:
            # PERF: with all arguments in their places Python enters a constructor directly (2 thousand instructions).
            return response_class(f"{text}\n", None, None, self.mimetype, None, False)  # type: ignore[no-any-return]
        return response_class(f"{text}\n", mimetype=self.mimetype)  # type: ignore[no-any-return]

    def _text_for(self, app: App, obj: t.Any) -> str | None:
        # PERF: a look at `debug` through the weak proxy enters the loop of Python anew; and no arguments are gathered.
        kind, own, compact = type(self), self.__dict__, self.compact
        if (
            kind.response is not _own_response
            or kind.dumps is not _own_dumps
            or kind._prepare_response_obj is not _own_prepare
            or "response" in own
            or "dumps" in own
            or (compact is not None and not compact)
            or app.debug
            or weakref.proxy(app) is not self._app
            or _make_encoder is None
        ):
            return None
        return f"{self._encode_compactly(obj)}\n"


_own_loads = DefaultJSONProvider.loads
_own_dumps = DefaultJSONProvider.dumps
_own_prepare = JSONProvider._prepare_response_obj
_own_response = DefaultJSONProvider.response
