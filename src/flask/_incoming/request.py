"""Werkzeug's Request, with shorter ways to what nearly every request carries. Each says yes, or Werkzeug does it all.

A public step that a short way passes by (a parser's maker, a property, `stream`) is first looked at: where it was
overridden, in a class at any time or on the request itself, it is gone through. So are values that were assigned.

The private names of Werkzeug's Request that are used here: `_cached_data`, `_cached_json`, `_parsed_content_type`,
`_parse_content_type`, `_load_form_data`, `_get_stream_for_parsing` and `_get_file_stream`.
"""

from __future__ import annotations

import sys
import typing as t

from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import ClientDisconnected, HTTPException, LengthRequired, RequestEntityTooLarge, RequestTimeout
from werkzeug.sansio.http import parse_cookie
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as RequestBase

from .bodies import AT_ONCE, LimitedStream, refused, small_length, stream_of
from .multipart import LONGEST_BOUNDARY, FormDataParser, check_pairs, read_plain
from .structures import EnvironHeaders, multi
from .structures import ImmutableMultiDict as OurMultiDict
from .texts import content_type, cookies, pairs, urlencoded

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.formparser import FormDataParser as BaseFormDataParser

    from .bodies import BodyStream

    kept = cached_property
else:

    class kept:
        """As Werkzeug's `cached_property`, but once there, the value is read without a call (0.3 µs each time)."""

        def __init__(self, make):
            self.make = make
            self.name = make.__name__
            self.__doc__ = make.__doc__

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            own = instance.__dict__
            if self.name in own:  # a property of a subclass asks for ours
                return own[self.name]
            value = own[self.name] = self.make(instance)
            return value


_lists_of = dict.values


class IncomingRequest(RequestBase):
    """Werkzeug's Request; what its attributes and methods mean stands in Werkzeug's documentation."""

    form_data_parser_class: type[BaseFormDataParser] = FormDataParser

    #: Bytes that a body without a length may have where it is read whole; None is no limit.
    max_chunked_length: int | None = 100_000_000
    #: Headers that a part of a multipart form may have, and bytes of all of them; None is no limit.
    max_form_part_headers: int | None = FormDataParser.max_part_headers
    max_form_part_header_size: int | None = FormDataParser.max_part_header_size

    # Whether there may be files to close.
    _has_files = False

    # ---- query, headers, cookies

    @kept
    def args(self) -> MultiDict[str, str]:
        """The values of the query string. Bytes that are not UTF-8 stay percent-encoded, also those that came raw."""
        kind = self.parameter_storage_class
        if kind is ImmutableMultiDict:
            return multi(urlencoded(self._query_text))
        return kind(pairs(self._query_text))

    @property
    def _query_text(self) -> str:
        kind: t.Any = type(self)
        if (
            "query_string" not in self.__dict__
            and (stock.steps["query_string"] if kind is stock.kind else kind.query_string) is stock.query_string
        ):
            text: str = self.environ.get("QUERY_STRING", "")
            if text.isascii():
                return text  # PERF: not by way of bytes
        # Raw bytes over 0x7f are no URL, but some clients send them: no reason for an error of ours.
        return self.query_string.decode(errors="werkzeug.url_quote")

    @kept
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies that the client sent, by name; a name may have several values."""
        environ = self._environ_of_headers()
        if environ is not None:
            text = environ.get("HTTP_COOKIE", "")  # PERF: `getlist` looks at every header
        else:
            text = ";".join(self.headers.getlist("Cookie"))
        kind = self.dict_storage_class
        if kind is ImmutableMultiDict and (table := cookies(text)) is not None:
            return multi(table)
        return parse_cookie(text, cls=kind)  # type: ignore[return-value]

    def _environ_of_headers(self) -> WSGIEnvironment | None:
        """The environment that the headers come from, be it by way of Werkzeug's object or not; else None."""
        kind: t.Any = type(self)
        if (stock.steps["headers"] if kind is stock.kind else kind.headers) is not stock.headers:
            return None
        own = self.__dict__
        if "headers" not in own:
            return self.environ  # PERF: an object that nobody else needs takes 1 µs
        headers = own["headers"]
        return headers.environ if headers.__class__ is EnvironHeaders else None

    def _type_sent(self) -> str:
        """The Content-Type header."""
        environ = self._environ_of_headers()
        if environ is None:
            return self.headers.get("Content-Type", "")
        header: str = environ.get("CONTENT_TYPE", "")
        return header

    def _mimetype_sent(self) -> str:
        """The `mimetype`, without taking the header apart where there is nothing to it."""
        kind, own = type(self), self.__dict__
        if (
            "_parsed_content_type" not in own
            and kind.mimetype is stock.mimetype
            and kind._parse_content_type is stock._parse_content_type
        ):
            environ: WSGIEnvironment | None
            if kind is stock.kind and stock.steps["headers"] is stock.headers and "headers" not in own:
                environ = self.environ  # PERF: what nearly every answer is
            else:
                environ = self._environ_of_headers()
            if environ is not None:
                sent: str = environ["CONTENT_TYPE"] if "CONTENT_TYPE" in environ else ""
                if sent in _bare_types:
                    return sent
                parsed = own["_parsed_content_type"] = content_type(sent)
                return parsed[0].lower()
        return self.mimetype

    @kept
    def _parsed_content_type(self) -> tuple[str, dict[str, str]]:
        # Werkzeug looks whether it is there before it parses the header itself.
        return content_type(self._type_sent())

    # ---- the body

    @t.overload  # type: ignore[override]  # the two of Werkzeug overlap where nothing is given
    def get_data(
        self, cache: bool = True, as_text: t.Literal[False] = False, parse_form_data: bool = False
    ) -> bytes: ...

    @t.overload
    def get_data(self, cache: bool, as_text: t.Literal[True], parse_form_data: bool = False) -> str: ...

    @t.overload
    def get_data(self, cache: bool = True, *, as_text: t.Literal[True], parse_form_data: bool = False) -> str: ...

    def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> bytes | str:
        """The body as bytes, or as text; kept for the next call unless `cache` is false.

        What `form` has read is gone, and with `parse_form_data` a form is read as such.
        """
        if getattr(self, "_cached_data", None) is None:
            if parse_form_data:
                self._load_form_data()
            data = self._read_at_once()
            if data is not None:
                if cache:
                    self._cached_data = data
                return data.decode(errors="replace") if as_text else data
            self._bound(self.stream)
        found: bytes | str = super().get_data(cache, as_text, parse_form_data)  # type: ignore[call-overload]
        return found

    def _read_at_once(self) -> bytes | None:
        """A small body that nobody has begun to read; or None, and nothing is done, where the stream must decide."""
        kind, own = type(self), self.__dict__
        if (
            "stream" in own
            or "_read_at" in own
            or self.shallow
            or (stock.steps["stream"] if kind is stock.kind else kind.stream) is not stock.stream
        ):
            return None
        environ = self.environ
        limit = self.max_content_length
        length = small_length(environ, limit)
        if not length:
            return None
        # PERF: straight from the source; through a stream around it takes 3 µs more.
        try:
            data: bytes = environ["wsgi.input"].read(length)
        except Exception as error:  # noqa: BLE001 - each server has errors of its own
            own["stream"] = broken = t.cast(LimitedStream, stream_of(environ, limit))
            broken.fail(error)
        if len(data) == length:
            own["_read_at"] = length, limit
            return data
        # The rest is still on its way; or it never comes, and the stream knows what that means.
        stream = own["stream"] = stream_of(environ, limit, len(data))
        return data + stream.read()

    @kept
    def stream(self) -> BodyStream:
        """The body to read from, once; in asynchronous views also by `async for`. It ends where the body does."""
        if self.shallow:
            return super().stream  # type: ignore[return-value]  # which raises an error that says why
        if "_read_at" in self.__dict__:  # PERF: rarely asked for after that; to end a stream takes 1 µs
            length, limit = self.__dict__["_read_at"]
            stream: t.Any = stream_of(self.environ, limit, length)
        else:
            stream = stream_of(self.environ, self.max_content_length)
        if not hasattr(stream, "__aiter__") and _is_in_coroutine():
            stream = LimitedStream(stream, 0)
        return stream  # type: ignore[no-any-return]

    def _bound(self, stream: t.Any) -> None:
        """Have a body that is about to be read whole end somewhere, though nobody has said where."""
        if type(stream) is LimitedStream and stream.has_no_end and self.max_chunked_length is not None:
            stream.bound(self.max_chunked_length)

    def _refuse_body(self, error: HTTPException) -> None:
        """Have every further look at a body that was begun end in the error that its form has ended in."""
        own: t.Any = self.__dict__
        if type(error) in _REFUSALS:
            if ("stream" in own or "_read_at" in own) and "_cached_data" not in own:
                own["stream"] = refused(error)

    # ---- forms

    @kept
    def form(self) -> ImmutableMultiDict[str, str]:
        """The values of a form that was sent, URL-encoded or multipart, without its files."""
        self._load_form_data()
        return self.form

    def _load_small_form(self) -> bool:
        """Load a form that can be read at once; or return False, and nothing is done, where Werkzeug must decide."""
        kind, own = type(self), self.__dict__
        if (
            self.form_data_parser_class is not FormDataParser
            or kind.make_form_data_parser is not stock.make_form_data_parser
            or kind.want_form_data_parsed is not stock.want_form_data_parsed
            or kind._get_stream_for_parsing is not stock._get_stream_for_parsing
            or "make_form_data_parser" in own
            or "_cached_data" in own
        ):
            return False
        most = self.max_form_memory_size
        if most is not None and most < AT_ONCE:
            return False
        mimetype = self._mimetype_sent()
        storage = self.parameter_storage_class
        try:
            if mimetype == "application/x-www-form-urlencoded":
                body = self._read_at_once()
                if body is None:
                    return False
                text = body.decode()
                fields: int | None = self.max_form_parts
                if fields is not None and len(text) >= fields:  # PERF: in fewer characters there cannot be as many
                    check_pairs(text, fields)
                if storage is ImmutableMultiDict:
                    own["form"], own["files"] = multi(urlencoded(text)), multi()
                else:
                    own["form"], own["files"] = storage(pairs(text)), storage()
            elif mimetype == "multipart/form-data":
                return self._load_small_multipart(most, storage)
            elif (
                not self.shallow and kind.stream is stock.stream and small_length(self.environ, self.max_content_length)
            ):
                own["form"], own["files"] = storage(), storage()
            else:
                return False
        except ValueError:  # not UTF-8, or from a source that was closed
            own["form"], own["files"] = storage(), storage()
        return True

    def _load_small_multipart(self, memory: int | None, storage: t.Any) -> bool:
        """As `_load_small_form`, of a multipart form whose fields may have so much memory."""
        parts = self.max_form_parts
        parameters = self.mimetype_params
        boundary = parameters.get("boundary", "")
        if parts == 0 or not (0 < len(boundary) <= LONGEST_BOUNDARY and boundary.isascii() and boundary.isprintable()):
            return False  # such a body stays unread
        body = self._read_at_once()
        if body is None:
            return False
        self._has_files = True
        own = self.__dict__
        is_own = self.__class__._get_file_stream is not stock._get_file_stream or "_get_file_stream" in own
        if storage is ImmutableMultiDict and not is_own:
            # PERF: what the parser begins with
            limits = parts, self.max_form_part_headers, self.max_form_part_header_size
            found = read_plain(body, boundary.encode(), limits, None)
            if found is not None:
                own["form"], own["files"] = found
                return True
        # PERF: `make_form_data_parser`, asking for no limit again; None is Werkzeug's way.
        parser = FormDataParser(
            self._get_file_stream if is_own else None, memory, None, storage, True, max_form_parts=parts
        )
        self._limit_heads(parser)
        own["form"], own["files"] = parser.parse_whole(body, parameters)
        return True

    def make_form_data_parser(self) -> t.Any:
        """A parser of forms, of `form_data_parser_class`, with the limits of this request."""
        parser = super().make_form_data_parser()
        self._limit_heads(parser)
        return parser

    def _limit_heads(self, parser: t.Any) -> None:
        if isinstance(parser, FormDataParser):
            parser.max_part_headers = self.max_form_part_headers
            parser.max_part_header_size = self.max_form_part_header_size

    def _get_stream_for_parsing(self) -> t.IO[bytes]:
        stream = super()._get_stream_for_parsing()
        if self.mimetype in _FORMS:  # of what is no form nothing is read
            self._bound(stream)
        return stream

    def close(self) -> None:
        """Close the uploaded files, if any were parsed or assigned."""
        files = self.__dict__.get("files")
        if type(files) is OurMultiDict:  # PERF: a fifth of Werkzeug's generators
            for values in _lists_of(files):
                for file in values:
                    file.close()
        else:
            super().close()

    # ---- JSON

    @t.overload
    def get_json(self, force: bool = ..., silent: t.Literal[False] = ..., cache: bool = ...) -> t.Any: ...

    @t.overload
    def get_json(self, force: bool = ..., silent: bool = ..., cache: bool = ...) -> t.Any | None: ...

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> t.Any:
        """The body read as JSON, kept for the next call unless `cache` is false.

        What is not called JSON (unless `force` is true) or is none goes to `on_json_loading_failed`, or is None where
        `silent` is true.
        """
        # PERF: looked up and stored in the dict: of what the class has too no attribute is ever specialised.
        kind, own = type(self), self.__dict__
        if cache and "_cached_json" in own:
            known = own["_cached_json"][silent]
            if known is not ...:
                return known
        if not (
            force
            or (kind.is_json is stock.is_json and self._mimetype_sent() == "application/json")  # PERF: nearly always
            or self.is_json
        ):
            return None if silent else self.on_json_loading_failed(None)
        data: t.Any = None
        if kind.get_data is stock.get_data and "get_data" not in own and "_cached_data" not in own:
            data = self._read_at_once()  # PERF: what `get_data` begins with
            if cache and data is not None:
                own["_cached_data"] = data
        if data is None:
            data = self.get_data(cache=cache)
        module: t.Any = self.json_module
        try:
            try:  # PERF: what `json_reader` says, without its call
                read = type(module)._loads_request
            except AttributeError:
                value = json_reader(module)(data)
            else:
                value = read(module, data)
        except (ValueError, RecursionError) as error:
            if not isinstance(error, ValueError):
                error = ValueError("JSON is nested too deeply")
            value = None if silent else self.on_json_loading_failed(error)
            if cache:
                loud, quiet = self._cached_json
                self._cached_json = (loud, None) if silent else (value, quiet)
        else:
            if cache:
                own["_cached_json"] = value, value
        return value


def json_reader(module: t.Any) -> t.Callable[[str | bytes], t.Any]:
    """By what such a module or provider reads what a client sent; others than Flask's own have but one way to read."""
    is_ours = module is stock.json_module or hasattr(type(module), "_loads_request")
    return module._loads_request if is_ours else module.loads  # type: ignore[no-any-return]


_bare_types = {"application/json", "application/x-www-form-urlencoded"}
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_REFUSALS = frozenset({ClientDisconnected, LengthRequired, RequestEntityTooLarge, RequestTimeout})


def _is_in_coroutine() -> bool:
    """Whether an event loop runs in this thread."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


class _Stock:
    """The steps that short ways pass by, as they are before anybody overrides one."""

    def __init__(self, kind: type[IncomingRequest]) -> None:
        self.stream = kind.stream
        self.get_data = kind.get_data
        self.make_form_data_parser = kind.make_form_data_parser
        self.want_form_data_parsed = kind.want_form_data_parsed
        self._get_stream_for_parsing = kind._get_stream_for_parsing
        self._get_file_stream = kind._get_file_stream
        self.is_json = kind.is_json
        self.mimetype = kind.mimetype
        self._parse_content_type = kind._parse_content_type
        # The class of an app's requests says by what it has these.
        self.headers: t.Any = None
        self.query_string: t.Any = None
        self.json_module: t.Any = None
        # That class, and what stands in it at any time. PERF: to ask a class for a descriptor of Python's takes a call.
        self.kind: type[IncomingRequest] = kind
        self.steps: t.Mapping[str, t.Any] = kind.__dict__


stock = _Stock(IncomingRequest)
