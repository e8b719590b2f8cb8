"""Request and Response: Werkzeug's, with lean constructors; derived values are made on first use under their own names.

Nothing here knows routing or sessions. Where a constructor or a call meets a case that it does not fully understand, it
hands over to Werkzeug's way, whole.

The private names of Werkzeug that are read here: `_status`, `_status_code`, `_on_close` and `Headers._list`.
"""

from __future__ import annotations

import typing as t
from datetime import datetime
from functools import cache, wraps
from http import HTTPStatus
from operator import attrgetter
from types import GeneratorType, NoneType

from werkzeug.datastructures import Authorization, CharsetAccept, Headers, IfRange
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.http import HTTP_STATUS_CODES, dump_cookie, parse_accept_header
from werkzeug.utils import cached_property, get_content_type, header_property
from werkzeug.wrappers import Request as RequestBase
from werkzeug.wrappers import Response as ResponseBase
from werkzeug.wsgi import get_host

from . import _contracts, _cookies, _files, json
from ._dates import date_of, with_possible_dates
from ._headers import Headers as OurHeaders
from ._headers import around, lowered
from ._incoming import EnvironHeaders, IncomingRequest
from ._incoming.request import stock
from ._redirects import is_plain
from ._sendable import (
    check_cookie,
    check_headers,
    check_line,
    check_locations,
    checked,
    cookie_names,
    fit,
    rewritten,
)
from ._sending import AsyncChunks, Closing, encoded_chunks, is_asynchronous, send
from ._unicode import encoded, mend, well_formed
from .debughelpers import attach_enctype_error_multidict
from .globals import _app_if_any, _now
from .globals import current_app as current_app  # it is found here, too
from .helpers import _split_blueprint_path

if t.TYPE_CHECKING:
    from datetime import datetime, timedelta

    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.routing import Rule


class _Derived:
    """An attribute that is computed from the object on first use and then simply is there (a non-data descriptor)."""

    __slots__ = ("make", "name")

    def __init__(self, name: str, make: t.Callable[[t.Any], t.Any]) -> None:
        self.name = name
        self.make = make

    def __get__(self, instance: t.Any, owner: type | None = None) -> t.Any:
        if instance is None:
            return self
        value = self.make(instance)
        setattr(instance, self.name, value)
        return value


def _limit(name: str, key: str, summary: str) -> property:
    """A limit on what a request may be: the one assigned for it, else the app's setting; None is no limit.

    Where no app is current it is the default of the class below; so it is where a config without our defaults does not
    know a setting that is ours.
    """
    default = getattr(IncomingRequest, name)
    is_ours = not hasattr(RequestBase, name)

    def get(request: t.Any) -> t.Any:
        if request._has_limits:
            own = request.__dict__.get(name)
            if own is not None:
                return own
        try:
            return _now().app.config[key]
        except RuntimeError:  # no app is current
            return default
        except KeyError:
            if is_ours:
                return default
            raise

    def assign(request: t.Any, value: int | None) -> None:
        request.__dict__[name] = value
        request._has_limits = True

    return property(get, assign, doc=f"{summary} `{key}` unless assigned for this request; None is no limit.")


def _date(name: str) -> header_property[datetime]:
    doc = f"The {name} header as a date in UTC; None where there is none, or none that a calendar has."
    return header_property(name, None, t.cast(t.Any, date_of), read_only=True, doc=doc)


def _url(name: str) -> t.Any:
    """Werkzeug's property, which fails at a host such as `[:1]` or, before CPython 3.13, `xn--`; here shown as sent."""
    known: t.Any = getattr(RequestBase, name)

    def get(request: t.Any) -> str:
        try:
            return known.fget(request)  # type: ignore[no-any-return]
        except ValueError:
            host, request.host = request.host, "host"
            try:
                shown: str = known.fget(request)
            finally:
                request.host = host
            return shown.replace("//host", f"//{host}", 1)

    return cached_property(get, name, known.__doc__)


def _decoded(wsgi_string: str) -> str:
    """Undo PEP 3333's dance: bytes shown as Latin-1 become the text that they were meant as."""
    if wsgi_string.isascii():
        return wsgi_string
    return wsgi_string.encode("latin-1").decode(errors="replace")


class Request(IncomingRequest):
    """The current request: Werkzeug's, with the matched rule and the limits of the config.

    Assign a subclass to `Flask.request_class` to extend it. Attributes and their meaning: Werkzeug's documentation of
    `werkzeug.wrappers.Request`, and `flask.Request` in Flask's.
    """

    json_module: t.Any = json

    # The matched rule: `methods`, `endpoint`, `rule`. None before matching, and where nothing matched.
    url_rule: Rule | None = None

    # The values of the URL's variable parts, by name.
    view_args: dict[str, t.Any] | None = None

    # What matching raised; it is raised again in place of a view.
    routing_exception: HTTPException | None = None

    # Derived values for which a subclass has a property with a setter: it is given them, as by Werkzeug's constructor.
    _given: tuple[str, ...] = ()
    _has_limits = False  # whether some were assigned
    # Whether the cookies are made from the header, and whether there may be files to close: decided as a class is made.
    _reads_cookie_header = True
    _has_files = False

    def __init__(self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False) -> None:
        # PERF: only what each request needs; Werkzeug's constructor computes eight values more (4 µs).
        self.environ = environ
        self.shallow = shallow
        self.method: str = environ.get("REQUEST_METHOD", "GET").upper()
        if populate_request and not shallow:
            environ["werkzeug.request"] = self
        if self._given:
            for name in self._given:
                setattr(self, name, _request_parts[name](self))

    def __init_subclass__(cls, **kwargs: t.Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._given = tuple(name for name in _request_parts if getattr(getattr(cls, name), "fset", None) is not None)
        cls._reads_cookie_header = cls.cookies is Request.cookies
        cls._has_files = cls.files is not Request.files or cls._load_form_data is not Request._load_form_data

    if t.TYPE_CHECKING:
        max_form_parts: int | None  # type: ignore[assignment]
    else:
        max_content_length = _limit(
            "max_content_length", "MAX_CONTENT_LENGTH", "Bytes that a body may have before reading it raises 413."
        )
        max_chunked_length = _limit(
            "max_chunked_length",
            "MAX_CHUNKED_LENGTH",
            "Bytes that a body without a length may have, where `max_content_length` is None and all of it is read at"
            " once (`get_data`, JSON, forms), before that raises 413.",
        )
        max_form_memory_size = _limit(
            "max_form_memory_size",
            "MAX_FORM_MEMORY_SIZE",
            "Bytes that all fields of a form may have together, files apart, before parsing it raises 413.",
        )
        max_form_parts = _limit(
            "max_form_parts",
            "MAX_FORM_PARTS",
            "Fields and files that a form may have before parsing it raises 413.",
        )
        max_form_part_headers = _limit(
            "max_form_part_headers",
            "MAX_FORM_PART_HEADERS",
            "Headers that a part of a multipart form may have before parsing it raises 413.",
        )
        max_form_part_header_size = _limit(
            "max_form_part_header_size",
            "MAX_FORM_PART_HEADER_SIZE",
            "Bytes that all headers of a part of a multipart form may have before parsing it raises 413.",
        )

    @property
    def endpoint(self) -> str | None:
        """The endpoint of the matched rule; None where nothing matched."""
        rule = self.url_rule
        return rule.endpoint if rule is not None else None

    @property
    def blueprint(self) -> str | None:
        """The registered name of the blueprint that the endpoint belongs to; None for the app itself."""
        endpoint = self.endpoint
        if endpoint is not None and "." in endpoint:
            return endpoint.rpartition(".")[0]
        return None

    @property
    def blueprints(self) -> list[str]:
        """The registered names of the blueprint and of those that it is nested in, innermost first."""
        kind = type(self)
        if kind.blueprint is _blueprint and kind.endpoint is _endpoint:  # PERF: what the two say, without asking them
            rule = self.url_rule
            return [] if rule is None else _blueprints_of(rule.endpoint)
        name = self.blueprint
        return _split_blueprint_path(name) if name is not None else []

    @cached_property
    def full_path(self) -> str:
        """The path and the query string, with a ``?`` between them even where there is no query."""
        return f"{self.path}?{self._query_text}"

    @cached_property
    def authorization(self) -> Authorization | None:
        """The credentials of the request; None where there are none, or none that can be read."""
        try:
            return super().authorization
        except ValueError:  # Basic credentials that are not even ASCII
            return None

    if not t.TYPE_CHECKING:
        url, base_url, root_url, host_url = map(_url, ("url", "base_url", "root_url", "host_url"))
        date = _date("Date")
        if_modified_since = _date("If-Modified-Since")
        if_unmodified_since = _date("If-Unmodified-Since")

    @property
    def if_range(self) -> IfRange:
        """The If-Range header; empty where it is none that could be sent again."""
        try:
            found = super().if_range
            found.to_header()
        except (ValueError, OverflowError):  # a quote within an ETag, a date that no calendar has
            return IfRange()
        return found

    @property
    def accept_charsets(self) -> CharsetAccept:
        """The Accept-Charset header."""
        # What Python looks charsets up by takes no such name; servers mostly refuse it.
        return parse_accept_header(self.headers.get("Accept-Charset", "").replace("\0", ""), CharsetAccept)

    @property
    def last_event_id(self) -> str | None:
        """The id of the last server-sent event that a reconnecting client has seen; None where there is none."""
        value = self.headers.get("Last-Event-ID")
        return None if value is None else _decoded(value)  # in UTF-8, unlike other headers: WHATWG HTML §9.2.4

    def _load_form_data(self) -> None:
        own = self.__dict__
        if "form" in own:
            return
        try:
            if not self._load_small_form():
                self._has_files = True
                super()._load_form_data()
            elif own.get("files"):
                return
        except HTTPException as error:
            self._refuse_body(error)
            raise
        # A form that was sent without its enctype has names of files in `form` and nothing in `files`.
        app = _app_if_any()
        if app is not None and app.debug and self.mimetype != "multipart/form-data" and not self.files:
            attach_enctype_error_multidict(self)

    def on_json_loading_failed(self, e: ValueError | None) -> t.Any:
        """Answer 400 for a body that is not JSON (415 where its type does not say JSON); the details only in debug."""
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as explained:
            app = _app_if_any()
            if app is not None and app.debug:
                raise
            raise BadRequest() from explained

    def close(self) -> None:
        """Close the uploaded files, if any were parsed or assigned."""
        # PERF: most requests have none; asking so costs a tenth of Werkzeug's generator.
        if self._has_files:
            super().close()


_blueprint, _endpoint = Request.blueprint, Request.endpoint
_names_of_blueprints = Request.blueprints
_contracts.stock.request_class = Request
_contracts.stock.request_init = Request.__init__
_contracts.stock.request_close = Request.close


def _are_named_by_rule() -> bool:
    """Whether the blueprints of a request of Flask's own follow from its rule alone."""
    return (
        Request.blueprints is _names_of_blueprints and Request.blueprint is _blueprint and Request.endpoint is _endpoint
    )


@cache
def _blueprints_of(endpoint: t.Any) -> list[str]:
    return _split_blueprint_path(endpoint.rpartition(".")[0]) if endpoint is not None and "." in endpoint else []


class _Files(cached_property):  # type: ignore[type-arg]
    """Werkzeug's `files`, noticing that some were assigned."""

    def __get__(self, obj: t.Any, type: t.Any = None) -> t.Any:
        if obj is None:
            return self
        own = obj.__dict__
        if "files" not in own:
            obj._load_form_data()
            if "files" not in own:  # a class with a way of its own
                return super().__get__(obj, type)
        return own["files"]

    def __set__(self, obj: t.Any, value: t.Any) -> None:
        obj._has_files = True
        super().__set__(obj, value)


setattr(Request, "files", _Files(RequestBase.__dict__["files"].fget, "files"))  # noqa: B010 - typed as in the base


def _server_of(environ: WSGIEnvironment) -> tuple[str, int | None] | None:
    name = environ.get("SERVER_NAME")
    if name is None:
        return None
    try:
        port: int | None = int(environ.get("SERVER_PORT", None))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        port = None  # a UNIX socket
    return name, port


_request_parts: dict[str, t.Callable[[Request], t.Any]] = {
    "scheme": lambda request: request.environ.get("wsgi.url_scheme", "http"),
    "server": lambda request: _server_of(request.environ),
    "root_path": lambda request: _decoded(request.environ.get("SCRIPT_NAME") or "").rstrip("/"),
    "path": lambda request: "/" + _decoded(request.environ.get("PATH_INFO") or "").lstrip("/"),
    "query_string": lambda request: request.environ.get("QUERY_STRING", "").encode("latin-1"),
    "headers": lambda request: EnvironHeaders(request.environ),
    "remote_addr": lambda request: request.environ.get("REMOTE_ADDR"),
}
for _name, _make in _request_parts.items():
    setattr(Request, _name, _Derived(_name, _make))
setattr(Request, "stream", IncomingRequest.__dict__["stream"])  # noqa: B010 - typed as in the base
stock.kind, stock.steps = Request, t.cast("t.Mapping[str, t.Any]", Request.__dict__)
stock.headers = t.cast(t.Any, Request).headers
stock.query_string = t.cast(t.Any, Request).query_string
stock.json_module = json


# What is known of a response beforehand. Codes whose response has no body or sheds headers on its way out (1xx, 204,
# 304) are missing on purpose: they are Werkzeug's.
_status_lines: dict[int, str] = {
    status.value: f"{status.value} {HTTP_STATUS_CODES[status.value].upper()}"
    for status in HTTPStatus
    if status >= 200 and status not in (204, 304) and status.value in HTTP_STATUS_CODES
}
_OK = _status_lines[200]
# The lines of such codes; those that applications say in words of their own come to them.
_whole_lines = dict.fromkeys(_status_lines.values())  # PERF: asked in half the time of a set
_content_types = {
    mimetype: ("Content-Type", get_content_type(mimetype, "utf-8"))
    for mimetype in ("text/html", "text/plain", "text/css", "text/csv", "application/json", "application/xml")
}
_lengths: list[tuple[str, str] | None] = [None] * 4096
_KNOWN_HEADERS = frozenset({Headers, OurHeaders})
_all_fit = fit.issuperset
# Headers that are sent as they are, and can be. PERF: all of them are looked for at once.
_final: dict[tuple[tuple[str, str], ...], None] = {}


class Response(ResponseBase):
    """The response that views return or are turned into; `text/html` by default.

    Assign a subclass to `Flask.response_class` to extend it. Attributes and their meaning: Werkzeug's documentation of
    `werkzeug.wrappers.Response`, and `flask.Response` in Flask's.
    """

    default_mimetype: str | None = "text/html"
    json_module = json
    autocorrect_location_header = False

    def set_data(self, value: bytes | str) -> None:
        """Send this body; where text holds half of a character (a lone surrogate), U+FFFD stands in its place."""
        super().set_data(encoded(value) if isinstance(value, str) else value)

    data = property(ResponseBase.get_data, set_data, doc=ResponseBase.data.__doc__)

    def iter_encoded(self) -> t.Iterator[bytes]:
        """The pieces of the body as bytes; of text as `set_data` sends it."""
        if isinstance(self.response, str):
            return super().iter_encoded()  # which warns of it
        return encoded_chunks(self.response)

    if t.TYPE_CHECKING:

        def __init__(
            self,
            response: t.Iterable[bytes]
            | t.Iterable[str]
            | t.AsyncIterable[bytes]
            | t.AsyncIterable[str]
            | bytes
            | str
            | None = None,
            status: int | str | HTTPStatus | None = None,
            headers: t.Mapping[str, str | t.Iterable[str]] | t.Iterable[tuple[str, str]] | None = None,
            mimetype: str | None = None,
            content_type: str | None = None,
            direct_passthrough: bool = False,
        ) -> None: ...

    else:
        direct_passthrough = False
        _closes = False  # whether `_on_close` was asked for
        _is_stock = True  # whether status and headers are not a subclass's own affair

        def __init_subclass__(cls, **kwargs):
            super().__init_subclass__(**kwargs)
            names = ("headers", "status", "status_code")
            cls._is_stock = all(getattr(cls, name) is getattr(Response, name) for name in names)

        def __init__(
            self, response=None, status=None, headers=None, mimetype=None, content_type=None, direct_passthrough=False
        ):
            # PERF: with at most a known status and type, the headers are known beforehand.
            own = type(self)
            if (
                headers is None
                and content_type is None
                and own._is_stock
                and self.default_status == 200
                and (status is None or (type(status) is int and status in _status_lines))  # known, and with a body
            ):
                if status is None:
                    status = 200
                header = _content_types.get(self.default_mimetype if mimetype is None else mimetype)
                kind = type(response)
                if header is None:
                    pass
                elif kind is str or kind is bytes:
                    if own.set_data is _set_data and self.automatically_set_content_length and not direct_passthrough:
                        try:
                            data = response.encode() if kind is str else response
                        except UnicodeEncodeError:
                            data = encoded(response)
                        size = len(data)
                        self._status = _status_lines[status]
                        self._status_code = status
                        # The list behind the headers, while it is ours: `__call__` may then send it as it is.
                        self._pairs = [header, (size < 4096 and _lengths[size]) or _length(size)]
                        self._headers = None
                        self.response = [data]
                        return
                elif kind is GeneratorType or not isinstance(response, (NoneType, str, bytes, bytearray)):
                    if kind is not GeneratorType and is_asynchronous(response):
                        response = _chunks_of(response)
                    self._become(response, status, _status_lines[status], [header], direct_passthrough)
                    return
            if is_asynchronous(response):
                response = _chunks_of(response)
            super().__init__(response, status, headers, mimetype, content_type, direct_passthrough)
            _watch_closing(self)

        @classmethod
        def force_type(cls, response, environ=None):
            if environ is not None and isinstance(response, HTTPException) and cls._is_stock:
                page = cls.__new__(cls)
                if page._show(response, environ):
                    return page
            if isinstance(response, HTTPException):
                mend(response)
            forced = super().force_type(response, environ)
            _watch_closing(forced)
            return forced

        @wraps(ResponseBase.make_conditional)
        def make_conditional(self, request_or_environ, *args, **kwargs):
            try:
                return super().make_conditional(request_or_environ, *args, **kwargs)
            except OverflowError:  # of a date, which is compared before anything is decided
                environ = getattr(request_or_environ, "environ", request_or_environ)
                return super().make_conditional(with_possible_dates(environ), *args, **kwargs)

        def _show(self, error, environ):
            """Become the response that Werkzeug would make of an error by calling it; or return False, unchanged."""
            kind = type(error)
            own = error.__dict__
            # PERF: what the error itself does not say is its class's, which is asked in half the time.
            plain = len(own) == 1 and "response" in own
            code = kind.code if plain else error.code
            if (
                (own["response"] if plain else error.response) is not None
                or kind.get_response is not _get_error_response
                or kind.__call__ is not _call_error
                or "get_response" in own
                or type(code) is not int
                or code not in _status_lines
                or environ.get("REQUEST_METHOD") == "HEAD"
            ):
                return False
            if plain and kind.get_headers is _get_error_headers:
                pairs = [_HTML]
            else:
                pairs = error.get_headers(environ, None)
                if type(pairs) is not list:
                    return False
                if pairs != [_HTML]:
                    names = {name.lower() for name, _ in pairs}
                    if "content-type" not in names or "content-length" in names or not rewritten.isdisjoint(names):
                        return False
                    pairs = Headers(pairs)._list
                    if not _all_fit(pairs):
                        check_headers(pairs)
            data = _error_page(error, environ, code, plain)
            size = len(data)
            pairs.append((size < 4096 and _lengths[size]) or _length(size))
            self._become(_Once(data), code, _status_lines[code], pairs, False)
            return True

        def _become(self, body, status_code, status, pairs, direct_passthrough):
            """Be a response with these very headers, made of what is known to be right; nothing was set before."""
            self._status = status
            self._status_code = status_code
            self._pairs = pairs
            self._headers = None
            self.response = body
            if direct_passthrough:
                self.direct_passthrough = direct_passthrough

        @property
        def headers(self):
            try:
                headers = self._headers
                if headers is None:
                    headers = self._headers = around(self._pairs)
            except AttributeError:
                # Made by Werkzeug, then given this class by `force_type`.
                self.headers = headers = self.__dict__["headers"]
            return headers

        @headers.setter
        def headers(self, value):
            self._headers = value
            self._pairs = value._list if type(value) in _KNOWN_HEADERS and self._is_stock else None

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
            # PERF: where what would be sent is just what is here, no step of Werkzeug's has anything to do: one piece
            # of bytes, a status with a body, headers that nobody rewrites, and each step is still its own.
            try:
                pairs = self._pairs
            except AttributeError:
                pairs = None  # see `headers`
            kind = type(self)
            if (
                pairs is not None
                and kind.get_wsgi_response is _get_wsgi_response
                and kind.get_wsgi_headers is _get_wsgi_headers
                and kind.get_app_iter is _get_app_iter
                and kind.iter_encoded is _iter_encoded
                and kind.close is _close
                # Five are the constructor's own. Among more may be one of the steps, put on this very object.
                and (
                    len(own := self.__dict__) == 5
                    or (len(own) == 6 and "direct_passthrough" in own)
                    or _steps.isdisjoint(own)
                )
            ):
                body = self.response
                if type(body) is list:
                    data = body[0] if len(body) == 1 else None
                else:
                    data = body.data if type(body) is _Once else None
                if (
                    type(data) is bytes
                    and (self._status in _whole_lines or _is_whole(self))
                    and not self._closes
                    and not self.direct_passthrough
                    and environ["REQUEST_METHOD"] != "HEAD"
                    and (self._headers is None or tuple(pairs) in _final or _are_final(self, pairs))
                ):
                    start_response(self._status, pairs.copy())
                    return [data]  # PERF: servers take a list whole, other iterables chunk by chunk (11 µs on Granian)
                if kind._is_stock:
                    sent = send(self, pairs, environ, start_response)
                    if sent is not None:
                        return sent
            check_locations(self.headers)
            if self.autocorrect_location_header and not get_host(environ):
                # Without a host 'http:///path' would come of it, of which browsers take the path for a host.
                self.autocorrect_location_header = False
            return super().__call__(environ, checked(start_response))

        def get_app_iter(self, environ):
            """The body to send; see Werkzeug's documentation. One that is passed on as it is closes the response."""
            body = super().get_app_iter(environ)
            return Closing(self, iter(body), False) if body is self.response and self._closes else body

        def close(self):
            """Close the body, then call what `call_on_close` registered: all of it, also where one of them raises.

            Raises what was raised; an `ExceptionGroup` where that was several.
            """
            errors = []
            try:
                for function in (getattr(self.response, "close", bool), *self._on_close):
                    try:
                        function()
                    except Exception as error:  # noqa: BLE001 - the others have something to release too
                        errors.append(error)
                if len(errors) > 1:
                    raise ExceptionGroup("Several errors while a response was closed", errors)
                if errors:
                    raise errors[0]
            finally:
                del errors  # no cycle of an exception, its traceback and this frame

    def set_cookie(
        self, key: str, value: str = "", max_age: timedelta | int | None = None,
        expires: str | datetime | int | float | None = None, path: str | None = "/", domain: str | None = None,
        secure: bool = False, httponly: bool = False, samesite: str | None = None, partitioned: bool = False,
    ) -> None:  # fmt: skip
        """Set a cookie; the arguments are those of `werkzeug.Response.set_cookie`.

        Warns, once for each place, of a cookie that browsers would drop: larger than `max_cookie_size`, or
        SameSite=None without Secure. Raises `ValueError` for a name or an attribute that would end early.
        """
        if key not in cookie_names or domain or max_age is not None or isinstance(expires, str):
            check_cookie(key, domain, expires, max_age)
        attributes = max_age, expires, path, domain, secure, httponly, True, 0, samesite, partitioned
        try:
            cookie = dump_cookie(key, value, *attributes)
        except UnicodeEncodeError:
            cookie = dump_cookie(well_formed(key), well_formed(value), *attributes)
        limit = self.max_cookie_size
        if limit and len(cookie) > limit:
            _cookies.warn_large(_app_if_any(), key, len(cookie), limit)
        if samesite is not None and _cookies.is_dropped(samesite, secure, partitioned):
            _cookies.warn_dropped(_app_if_any(), key)
        self.headers.add("Set-Cookie", cookie)

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        """Bytes from which on `set_cookie` warns, since browsers may ignore such a cookie: `MAX_COOKIE_SIZE`."""
        app = _app_if_any()
        if app is None:
            return super().max_cookie_size
        size: int = app.config["MAX_COOKIE_SIZE"]
        return size


def _chunks_of(source: t.AsyncIterable[t.Any]) -> t.Any:
    """What can be sent of an asynchronous iterable, with the help of the current app."""
    app = _app_if_any()
    if app is None:
        raise RuntimeError("A response with an asynchronous body can only be made within an app context.")
    return AsyncChunks(source, app.ensure_sync)


def _plain(
    body: str | bytes, status: int | None, mimetype: str | None
) -> tuple[str, list[tuple[str, str]], list[bytes]] | None:
    """What a `Response` of this would send: status line, headers and body; None where only a response itself can tell.

    The body is an exact str or bytes, the status an exact int; without one, or a type, it is the class's.
    """
    kind: t.Any = Response
    if (
        len(_own) != _own_size
        or _own["__init__"] is not _init
        or _own["__call__"] is not _call
        or kind.set_data is not _set_data
        or kind.get_wsgi_response is not _get_wsgi_response
        or kind.get_wsgi_headers is not _get_wsgi_headers
        or kind.get_app_iter is not _get_app_iter
        or kind.iter_encoded is not _iter_encoded
        or kind.close is not _close
        or kind.default_status != 200
        or kind.direct_passthrough
        or not kind.automatically_set_content_length
    ):
        return None
    if mimetype is None:
        mimetype = kind.default_mimetype
    if mimetype not in _content_types or (status is not None and status not in _status_lines):
        return None
    data: t.Any
    try:
        data = body.encode() if type(body) is str else body
    except UnicodeEncodeError:
        data = encoded(t.cast(str, body))
    size = len(data)
    length = _lengths[size] if size < 4096 else None
    line = _OK if status is None else _status_lines[status]
    return line, [_content_types[mimetype], _length(size) if length is None else length], [data]


def _length(size: int) -> tuple[str, str]:
    """The header for a body of so many bytes, kept where it is small."""
    pair = ("Content-Length", str(size))
    if size < len(_lengths):
        _lengths[size] = pair
    return pair


class _Once:
    """A body in one piece that counts as streamed, as does what Werkzeug makes of an error."""

    # PERF: no slots, as RequestContext.

    def __init__(self, data: bytes) -> None:
        self.data: bytes | None = data

    def __iter__(self) -> t.Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        data, self.data = self.data, None
        if data is None:
            raise StopIteration
        return data


_HTML = ("Content-Type", "text/html; charset=utf-8")
_get_error_response = HTTPException.get_response
_get_error_headers = HTTPException.get_headers
_get_error_body = HTTPException.get_body
_get_error_description = HTTPException.get_description
_call_error = HTTPException.__call__
_error_name = HTTPException.name
_words_of_a_page = frozenset({"code", "description", "get_body", "get_description", "name"})
_pages: dict[tuple[t.Any, ...], bytes] = {}


def _error_page(error: HTTPException, environ: WSGIEnvironment, code: int, plain: bool) -> bytes:
    """The body of an error's own response. That of a class that says nothing special is the same each time.

    `plain` says that the error itself says nothing special.
    """
    kind: t.Any = type(error)
    if (
        kind.get_body is not _get_error_body
        or kind.get_description is not _get_error_description
        or kind.name is not _error_name
        or not (kind.description is None or type(kind.description) is str)
        or not (plain or _words_of_a_page.isdisjoint(error.__dict__))
    ):
        body: t.Any = error.get_body(environ, None)
        return encoded(body) if isinstance(body, str) else bytes(body)
    key = (code, kind.description, HTTP_STATUS_CODES.get(code))
    page = _pages.get(key)
    if page is None:
        if len(_pages) >= 256:  # classes may be made at run time
            _pages.clear()
        page = _pages[key] = error.get_body(environ, None).encode()
    return page


def _is_whole(response: Response) -> bool:
    """Whether a status that an application said in its own words is of a code with a body. Raises `Unsendable`."""
    line = response._status
    check_line(line)
    if response._status_code not in _status_lines:
        return False
    if len(_whole_lines) >= 256:
        _whole_lines.clear()
    _whole_lines[line] = None
    return True


def _are_final(response: Response, pairs: list[tuple[str, str]]) -> bool:
    """Whether Werkzeug would send these headers as they are: a length, and at most a plain location to rewrite.

    Raises `Unsendable` where they are, and cannot be sent.
    """
    known: t.Any = response._headers  # type: ignore[attr-defined]
    ours: t.Any = OurHeaders
    names = known._names if type(known) is ours and known._seen == pairs else lowered(pairs)
    if "content-length" not in names:
        return False
    if rewritten.isdisjoint(names):
        if _all_fit(pairs):  # a second time at least: most responses have the headers of an earlier one
            if len(_final) >= 1024:
                _final.clear()
            _final[tuple(pairs)] = None
        else:
            check_headers(pairs)
        return True
    found = [(name, value) for name, value in pairs if name.lower() in rewritten]
    name, value = found[0]
    if len(found) > 1 or name != "Location" or not is_plain(value) or response.autocorrect_location_header:
        return False
    check_headers(pairs)
    return True


def _start_closing(response: t.Any) -> list[t.Callable[[], t.Any]]:
    response._closes = True
    return []


def _watch_closing(response: t.Any) -> None:
    """Note whether anything is to be called on close of a response that Werkzeug made."""
    functions = response.__dict__.get("_on_close")
    if functions:
        response._closes = True
    elif functions is not None:
        del response._on_close  # it comes when it is asked for


setattr(Response, "_on_close", _Derived("_on_close", _start_closing))  # noqa: B010 - typed as a plain list in the base

# What a response of a file is made with. PERF: what is no method takes five times as long to ask for, so of that only
# subclasses are asked.
_init = Response.__init__
_contracts.stock.response_class = Response
_contracts.stock.response_init = _init
_contracts.stock.response_call = Response.__call__
_contracts.stock.set_cookie = Response.set_cookie
_set_etag = Response.set_etag
_make_conditional = Response.make_conditional
_process_range_request = Response._process_range_request
_is_range_request_processable = Response._is_range_request_processable
_clean_status = Response._clean_status
_made_by = attrgetter(
    *("__new__", "__setattr__", "default_status", "headers", "status", "status_code", "direct_passthrough"),
    *("content_length", "last_modified", "cache_control", "expires", "accept_ranges"),
)
_plainly_made = _made_by(Response)


def _is_plainly_made(kind: t.Any) -> bool:
    """Whether whoever makes a response of this class step by step gets what `_become` makes."""
    return (
        kind.__init__ is _init
        and kind.set_etag is _set_etag
        and kind.make_conditional is _make_conditional
        and kind._process_range_request is _process_range_request
        and kind._is_range_request_processable is _is_range_request_processable
        and kind._clean_status is _clean_status
        and (kind is Response or _made_by(kind) == _plainly_made)
    )


_files.responses.are_plainly_made = _is_plainly_made

# Werkzeug's own steps from a response to bytes: where one of them was overridden, it is called.
_set_data = Response.set_data
_steps = frozenset(
    {"get_wsgi_response", "get_wsgi_headers", "get_app_iter", "iter_encoded", "close", "autocorrect_location_header"}
)
_get_wsgi_response = Response.get_wsgi_response
_get_wsgi_headers = Response.get_wsgi_headers
_get_app_iter = Response.get_app_iter
_iter_encoded = Response.iter_encoded
_close = Response.close
_call = Response.__call__
# The class's own attributes, as they are at any time. PERF: `Response.__init__` takes longer, since `type` has one.
_own = Response.__dict__
# The first response that is copied or pickled, as caches do, has Python keep `__slotnames__` in the class: have it now,
# lest it count as a patch.
Response.__new__(Response).__reduce_ex__(4)
_own_size = len(_own)
