"""The `Flask` class: every step of a request as a thin public method, and the entrances of the gateways.

What an app registers stands in `sansio`; how a request goes from step to step, in `_dispatch.lifecycle`. Nothing is
decided twice here: a method does its one step by reading the live tables, or calls the module that knows.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import os
import sys
import typing as t
import weakref
from datetime import timedelta
from functools import cached_property
from inspect import iscoroutinefunction
from itertools import chain
from types import FunctionType, MethodType, TracebackType
from urllib.parse import quote as _url_quote

from werkzeug.datastructures import ImmutableDict
from werkzeug.exceptions import Forbidden, HTTPException, SecurityError
from werkzeug.routing import BuildError, MapAdapter, RequestRedirect
from werkzeug.routing import Rule as Rule  # applications import it from here
from werkzeug.wsgi import get_host

from . import typing as ft
from ._contracts import Application, original, stock
from ._dispatch import errors
from ._dispatch.results import json_text, to_response
from ._gateways import wsgi
from ._gateways.places import begins_on_loop, is_async
from ._hosts import NO_HOST, is_host, is_trusted
from ._routing import ROUTER, WHOLE
from ._unicode import REPLACED, well_formed_within
from .ctx import AppContext, RequestContext, _url_prefix_of
from .debughelpers import (
    FormDataRoutingRedirect,
    _explain_result,
    _explain_trapped,
    _explain_unbuilt_url,
    _explain_unrouted,
)
from .globals import _find_request_ctx, _now, g, request, request_ctx, session
from .globals import current_app as current_app
from .helpers import (
    _send_from_directory,
    _send_static,
    get_debug_flag,
    get_flashed_messages,
    get_load_dotenv,
    send_from_directory,
)
from .sansio.app import App
from .sessions import SecureCookieSessionInterface, SessionInterface, _untouched_session_is_silent
from .signals import (
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
    websocket_finished,
    websocket_started,
    websocket_tearing_down,
)
from .wrappers import Request, Response, _are_named_by_rule, _blueprints_of, _plain

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from blinker import NamedSignal

    from ._signing import KeptSerializer
    from .async_testing import AsyncFlaskClient
    from .templating import Environment
    from .testing import FlaskClient, FlaskCliRunner
    from .websockets import WebSocket, WebSocketContext

_P = t.ParamSpec("_P")

_adapter_build = MapAdapter.build
_build = ROUTER.build
_has_static_folder = App.has_static_folder
_sentinel: t.Any = object()
_COROUTINE = inspect.CO_COROUTINE
_TEXTS = {str: None, bytes: None}  # PERF: asked in half the time of a set
_GREENLET = "greenlet"  # SQLAlchemy's asynchronous sessions bring it along
_SCHEME_WITHIN = "When specifying '_scheme', '_external' must be True."
_ANCHOR_SAFE = "%!#$&'()*+,/:;=?@"
_RUN_IGNORED = """\
 * Ignoring a call to 'app.run()' that would block the current 'flask' CLI command.
   Only call 'app.run()' in an 'if __name__ == "__main__"' guard."""

_FOR_ASGI = """\
The application was called as one of ASGI, which is its attribute 'asgi_app': name that for the server, as in
'uvicorn module:app.asgi_app'. The application itself is for WSGI, and for RSGI under Granian."""


class Flask(App, Application):
    """A web application: a WSGI application (PEP 3333) and the registry of everything that makes it up.

    Usually made in the main module or a factory, `app = Flask(__name__)`.

    :param import_name: the name of the application's package or module: resources are found next to it.
    :param static_url_path: where static files are served; by default the name of `static_folder`.
    :param static_folder: the folder of static files, counted from `root_path`; None for none.
    :param static_host: the host of the static route; needed with `host_matching` and a static folder.
    :param host_matching: match rules by their `host`.
    :param subdomain_matching: match rules by their `subdomain`, relative to `SERVER_NAME`.
    :param template_folder: the folder of templates, counted from `root_path`.
    :param instance_path: the instance folder, an absolute path; by default `instance` next to the package or module.
    :param instance_relative_config: count relative names of config files from the instance folder.
    :param root_path: the folder of the application, where it cannot be found by `import_name`.

    Raises `ValueError` for a relative `instance_path`, `AssertionError` if `static_host` and `host_matching` disagree.
    """

    default_config: ImmutableDict[str, t.Any] = ImmutableDict(
        DEBUG=None,
        TESTING=False,
        PROPAGATE_EXCEPTIONS=None,
        SECRET_KEY=None,
        SECRET_KEY_FALLBACKS=None,
        PERMANENT_SESSION_LIFETIME=timedelta(days=31),
        USE_X_SENDFILE=False,
        TRUSTED_HOSTS=None,
        SERVER_NAME=None,
        APPLICATION_ROOT="/",
        SESSION_COOKIE_NAME="session",
        SESSION_COOKIE_DOMAIN=None,
        SESSION_COOKIE_PATH=None,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=False,
        SESSION_COOKIE_PARTITIONED=False,
        SESSION_COOKIE_SAMESITE=None,
        SESSION_REFRESH_EACH_REQUEST=True,
        MAX_CONTENT_LENGTH=None,
        MAX_FORM_MEMORY_SIZE=500_000,
        MAX_FORM_PARTS=1_000,
        SEND_FILE_MAX_AGE_DEFAULT=None,
        TRAP_BAD_REQUEST_ERRORS=None,
        TRAP_HTTP_EXCEPTIONS=False,
        EXPLAIN_TEMPLATE_LOADING=False,
        PREFERRED_URL_SCHEME="http",
        TEMPLATES_AUTO_RELOAD=None,
        MAX_COOKIE_SIZE=4093,
        PROVIDE_AUTOMATIC_OPTIONS=True,
        MAX_CHUNKED_LENGTH=100_000_000,
        MAX_FORM_PART_HEADERS=32,
        MAX_FORM_PART_HEADER_SIZE=8192,
        BODY_TIMEOUT=60,
        WORKER_THREADS=40,
        RSGI_ROOT_PATH="",
        WEBSOCKET_ALLOWED_ORIGINS=None,
        WEBSOCKET_MAX_MESSAGE_SIZE=16 * 1024 * 1024,
        BACKGROUND_TASK_SHUTDOWN_TIMEOUT=5,
    )

    # The classes of requests and responses. Replace them by subclasses to extend them.
    request_class: type[Request] = Request
    response_class: type[Response] = Response

    # What opens and saves sessions.
    session_interface: SessionInterface = SecureCookieSessionInterface()

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ) -> None:
        super().__init__(
            import_name=import_name,
            root_path=root_path,
            instance_path=instance_path,
            instance_relative_config=instance_relative_config,
            template_folder=template_folder,
            static_folder=static_folder,
            static_url_path=static_url_path,
            static_host=static_host,
            host_matching=host_matching,
            subdomain_matching=subdomain_matching,
        )
        # Functions that are known not to be asynchronous. One with a closure may hold a request: only those of them are
        # here that the app holds anyway.
        self._synchronous: dict[FunctionType, None] = {}  # PERF: asked in half the time of a set
        self._is_served = False  # under WSGI; what is to run before the first request was run
        # What the signer of sessions was made of, and the signer.
        self._session_signer: tuple[tuple[t.Any, ...], KeptSerializer | None] = (), None

        if self.has_static_folder:
            if bool(static_host) != host_matching:
                raise AssertionError("Invalid static_host/host_matching combination")
            self.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                endpoint="static",
                host=static_host,
                view_func=_static_view(weakref.ref(self)),
            )

    # ---- files

    @original
    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Seconds that a file may be cached: `SEND_FILE_MAX_AGE_DEFAULT`; None has clients revalidate each time."""
        value = _now().app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        if value is not None and isinstance(value, timedelta):
            return int(value.total_seconds())
        seconds: int | None = value
        return seconds

    @original
    def send_static_file(self, filename: str) -> Response:
        """The view of the static route: a file from within `static_folder`, else 404."""
        folder = self.static_folder
        if folder is None or (type(self).has_static_folder is not _has_static_folder and not self.has_static_folder):
            raise RuntimeError("'static_folder' must be set to serve static_files.")
        max_age = self.get_send_file_max_age(filename)
        if send_from_directory is _send_from_directory:
            return _send_static(self, folder, filename, max_age)  # PERF: the same, without collecting its options
        return send_from_directory(folder, filename, max_age=max_age)

    @t.overload
    def open_resource(self, resource: str, mode: t.Literal["rb"] = "rb", encoding: str | None = ...) -> t.IO[bytes]: ...

    @t.overload
    def open_resource(self, resource: str, mode: t.Literal["r", "rt"], encoding: str | None = ...) -> t.IO[str]: ...

    @t.overload
    def open_resource(self, resource: str, mode: str, encoding: str | None = ...) -> t.IO[t.Any]: ...

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = None) -> t.IO[t.Any]:
        """Open a file by its name relative to `root_path`, for reading.

        Raises `ValueError` for any mode but `r`, `rt` and `rb`.
        """
        if mode not in {"r", "rt", "rb"}:
            raise ValueError("Resources can only be opened for reading.")
        path = os.path.join(self.root_path, resource)
        return open(path, mode, encoding=None if mode == "rb" else encoding)

    @t.overload
    def open_instance_resource(
        self, resource: str, mode: t.Literal["rb", "wb", "ab"] = "rb", encoding: str | None = ...
    ) -> t.IO[bytes]: ...

    @t.overload
    def open_instance_resource(
        self, resource: str, mode: t.Literal["r", "rt", "w", "wt", "a", "at"], encoding: str | None = ...
    ) -> t.IO[str]: ...

    @t.overload
    def open_instance_resource(self, resource: str, mode: str, encoding: str | None = ...) -> t.IO[t.Any]: ...

    def open_instance_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> t.IO[t.Any]:
        """Open a file by its name relative to the instance folder, for reading or writing."""
        path = os.path.join(self.instance_path, resource)
        return open(path, mode, encoding=None if "b" in mode else encoding)

    # ---- templates

    def create_jinja_environment(self) -> Environment:
        """Make what `jinja_env` is: autoescape by file name, Flask's globals, `tojson` by `app.json`."""
        options = dict(self.jinja_options)
        options.setdefault("autoescape", self.select_jinja_autoescape)
        if "auto_reload" not in options:
            reload = self.config["TEMPLATES_AUTO_RELOAD"]
            options["auto_reload"] = self.debug if reload is None else reload

        environment = self.jinja_environment(self, **options)
        environment.globals |= {"url_for": self.url_for, "get_flashed_messages": get_flashed_messages}
        # The proxies too, for templates that are imported and so get no context.
        environment.globals |= {"config": self.config, "request": request, "session": session, "g": g}
        environment.policies["json.dumps_function"] = self.json.dumps
        return environment

    def update_template_context(self, context: dict[str, t.Any]) -> None:
        """Add what the context processors of app and blueprints give; what is there already wins."""
        table: cabc.Mapping[str | None, list[t.Any]] = self.template_context_processors
        request_context = _now()._top_request_ctx
        if request_context is None:
            table = {None: table.get(None, [])}  # without a request there are no blueprints
        elif request_context._exchange is not None and request_context._exchange.must_leave([*_app_first(table)]):
            request_context._exchange.in_thread(_update_template_context, self, context)
            return
        added: dict[str, t.Any] = {}
        for processor in _app_first(table):
            added.update(self.ensure_sync(processor)())
        for key, value in added.items():
            if key not in context:
                context[key] = value

    # ---- URLs

    @original
    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Werkzeug's adapter of the URL map for a request, or for building URLs outside of one.

        Without a request: None unless `SERVER_NAME` is set. Raises 400 for a host that `TRUSTED_HOSTS` does not list.
        """
        server_name = self.config["SERVER_NAME"]
        if request is None:
            if server_name is None:
                return None
            return self.url_map.bind(
                server_name,
                script_name=self.config["APPLICATION_ROOT"],
                url_scheme=self.config["PREFERRED_URL_SCHEME"],
            )

        self._check_host(request)
        if self.url_map.host_matching:
            # With a server name the adapter would take that for the host.
            return self.url_map.bind_to_environ(request.environ)
        if self.subdomain_matching:
            return self.url_map.bind_to_environ(request.environ, server_name=server_name)
        # Any host will do: every request is on the default subdomain.
        return self.url_map.bind_to_environ(
            request.environ, server_name=server_name, subdomain=self.url_map.default_subdomain or ""
        )

    def _check_host(self, request: Request) -> None:
        """Refuse what is no host, or none that `TRUSTED_HOSTS`, or else the class of requests, lists; keep the host."""
        environ = request.environ
        trusted_hosts = self.config["TRUSTED_HOSTS"]
        if trusted_hosts is not None:
            request.trusted_hosts = trusted_hosts
        if trusted_hosts is not None or request.__class__.trusted_hosts is not None:  # not `type`: it may be the proxy
            try:
                host = get_host(environ, request.trusted_hosts)
            except SecurityError:
                host = get_host(environ)
                if not is_trusted(host, request.trusted_hosts or ()):
                    raise
            request.host = host  # pyright: ignore[reportAttributeAccessIssue]
        if not is_host(environ.get("HTTP_HOST")):
            raise SecurityError(NO_HOST)

    @original
    def raise_routing_exception(self, request: Request) -> t.NoReturn:
        """Raise what matching the URL raised.

        In debug mode, a redirect that would lose the data of a form is an error that explains itself.
        """
        error: HTTPException = request.routing_exception  # type: ignore[assignment]  # there is one, or nobody asks
        if not self.debug:
            raise error
        if (
            isinstance(error, RequestRedirect)
            and error.code not in {307, 308}  # these keep method and body
            and request.method not in {"GET", "HEAD", "OPTIONS"}
        ):
            raise FormDataRoutingRedirect(request)
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            _explain_trapped(self, _now()._top_request_ctx, error)
        raise error

    @original
    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: t.Any,
    ) -> str:
        """Build the URL of an endpoint.

        :param endpoint: its name; with a leading dot, relative to the current request's blueprint.
        :param _anchor: appended as `#anchor`.
        :param _method: choose among the endpoint's rules the one for this method.
        :param _scheme: the scheme of an external URL.
        :param _external: whether to have scheme and host in it; by default only outside of a request, or with a scheme.
        :param values: the variable parts of the rule; others are appended as the query.

        A failure goes to `handle_url_build_error`. Raises `RuntimeError` outside of a request without `SERVER_NAME`,
        `ValueError` for a scheme in a URL that is not external.
        """
        return self._url_within(_now(), endpoint, values, _anchor, _method, _scheme, _external)

    @original
    def _url_within(
        self,
        top: t.Any,
        endpoint: str,
        values: dict[str, t.Any],
        anchor: str | None,
        method: str | None,
        scheme: str | None,
        external: bool | None,
    ) -> str:
        """What `url_for` says, with what is on top of the contexts.

        PERF: here is what most calls have in common, by as few questions as can be; the rest is `_url_in_full`'s.
        """
        prefix = top._url_prefix
        if (
            (prefix is not None or (prefix := _url_prefix_of(top)) is not None)
            and top.app is self  # else that app's adapter answers, with that app's rules
            and scheme is None
            and not external
            and endpoint
            and endpoint[0] != "."
            and not self.url_default_functions
            and type(self).inject_url_defaults is stock.inject_url_defaults
            and "inject_url_defaults" not in top._app_vars
            and MapAdapter.build is _adapter_build
        ):
            # Everything but what is sure to be the adapter's answer is left to the adapter.
            url = _build(self.url_map, endpoint, values, method)
            if url is not None:
                if prefix:
                    url = prefix + url
                return url if anchor is None else _with_anchor(url, anchor)
        return self._url_in_full(top, endpoint, values, anchor, method, scheme, external)

    def _url_in_full(
        self,
        top: t.Any,
        endpoint: str,
        values: dict[str, t.Any],
        anchor: str | None,
        method: str | None,
        scheme: str | None,
        external: bool | None,
    ) -> str:
        """What `url_for` says, whatever is on top and whatever is asked."""
        context = top._top_request_ctx
        if context is None:
            return self._url_outside(top, endpoint, values, anchor, method, scheme, external)
        if endpoint[:1] == ".":
            blueprint = context.request.blueprint
            endpoint = endpoint[1:] if blueprint is None else f"{blueprint}{endpoint}"
        if external is None:
            external = scheme is not None
        elif scheme is not None and not external:
            raise ValueError(_SCHEME_WITHIN)
        self.inject_url_defaults(endpoint, values)
        prefix = _url_prefix_of(context)
        if not external and prefix is not None and context.app is self and MapAdapter.build is _adapter_build:
            url = _build(self.url_map, endpoint, values, method)
            if url is not None:
                return prefix + url if anchor is None else _with_anchor(prefix + url, anchor)
        adapter = context.url_adapter
        if adapter is None:  # the host was refused, and the page that says so may have links
            adapter, external = self.url_map.bind("", context.request.root_path), False
        return self._url_by_adapter(adapter, endpoint, values, anchor, method, scheme, external)

    def _url_outside(
        self,
        top: t.Any,
        endpoint: str,
        values: dict[str, t.Any],
        anchor: str | None,
        method: str | None,
        scheme: str | None,
        external: bool | None,
    ) -> str:
        """What `url_for` says where there is no request."""
        own = top._top_app_ctx
        adapter = own.url_adapter if own is not None else self.create_url_adapter(None)
        if adapter is None:
            raise RuntimeError(
                "Unable to build URLs outside an active request without 'SERVER_NAME' configured. Also configure"
                " 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as needed."
            )
        if external is None:
            external = True
        elif scheme is not None and not external:
            raise ValueError(_SCHEME_WITHIN)
        self.inject_url_defaults(endpoint, values)
        return self._url_by_adapter(adapter, endpoint, values, anchor, method, scheme, external)

    def _url_by_adapter(
        self,
        adapter: MapAdapter,
        endpoint: str,
        values: dict[str, t.Any],
        anchor: str | None,
        method: str | None,
        scheme: str | None,
        external: bool,
    ) -> str:
        try:
            try:
                url = adapter.build(endpoint, values, method=method, url_scheme=scheme, force_external=external)
            except UnicodeEncodeError:
                values = well_formed_within(values)
                url = adapter.build(endpoint, values, method=method, url_scheme=scheme, force_external=external)
        except BuildError as error:
            values.update(_anchor=anchor, _method=method, _scheme=scheme, _external=external)
            return self.handle_url_build_error(error, endpoint, values)
        except Exception as error:  # a converter that was given what it does not take
            if self.debug:
                _explain_unbuilt_url(self, error, endpoint, values)
            raise
        return url if anchor is None else _with_anchor(url, anchor)

    # ---- contexts

    @original
    def app_context(self) -> AppContext:
        """An app context: `with app.app_context():` makes `current_app` and `g` available."""
        return AppContext(self)

    def request_context(self, environ: WSGIEnvironment) -> RequestContext:
        """A request context for a WSGI environment: `with` it, `request` and `session` are available too."""
        return RequestContext(self, environ, None, None)  # PERF: with every argument the call is specialised

    def test_request_context(self, *args: t.Any, **kwargs: t.Any) -> RequestContext:
        """A request context for a made-up request; the arguments are those of `flask.testing.EnvironBuilder`."""
        from .testing import EnvironBuilder

        builder = EnvironBuilder(self, *args, **kwargs)
        try:
            context = self.request_context(builder.get_environ())
        finally:
            builder.close()
        context._is_answered = True  # nobody will
        return context

    # ---- the steps of a request, numbered as in _dispatch.lifecycle

    def _respond(self, context: t.Any, environ: WSGIEnvironment) -> tuple[t.Any, t.Any]:
        """Steps 3 to 10 for a gateway: the response and None, or None and what it would send (see `wrappers._plain`).

        PERF: a response that nobody comes to see, neither a function of the app's nor an override, is not made.
        """
        kind = type(self)
        if type(context) is not RequestContext or kind.full_dispatch_request is not _full_dispatch_request:
            return self.full_dispatch_request(), None
        own = context._app_vars
        if "full_dispatch_request" in own or context.app is not self:
            return self.full_dispatch_request(), None
        result = self._result(context)
        try:
            if (
                self.response_class is not Response
                or kind.finalize_request is not _finalize_request
                or kind.make_response is not _make_response
                or kind.process_response is not _process_response
                or "finalize_request" in own
                or "make_response" in own
                or "process_response" in own
            ):
                return self.finalize_request(result), None
            form = type(result)
            if form is Response:
                response = result
            else:
                status = mimetype = None
                if form is str or form is bytes:
                    body = result
                elif form is tuple and len(result) == 2 and type(result[1]) is int and type(result[0]) in _TEXTS:
                    body, status = result
                elif (form is dict or form is list) and (text := json_text(self, self.json, result)) is not None:
                    provider: t.Any = self.json
                    body, mimetype = text, provider.mimetype
                else:
                    return self.finalize_request(result), None
                # Only now: what was written as JSON may have done anything.
                if (
                    not self.after_request_funcs
                    and context._after is None
                    and context._opened is None
                    and not request_finished.receivers
                    and environ["REQUEST_METHOD"] != "HEAD"
                    and _now() is context
                ):
                    if _untouched_session_is_silent(self, context):
                        sent = _plain(body, status, mimetype)
                        if sent is not None:
                            return None, sent
                    else:
                        context._session  # noqa: B018 - it is opened anyway, without asking again
                if Response.__init__ is stock.response_init:
                    response = Response(body, status, None, mimetype, None, False)
                elif mimetype is None:
                    return self.finalize_request(result), None
                else:
                    response = Response(body, mimetype=mimetype)
            response = self.process_response(response)
            if request_finished.receivers:
                request_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
            return response, None
        finally:
            del result  # no cycle: the traceback of an error that is, or is in, the result holds this frame

    def full_dispatch_request(self) -> Response:
        """Steps 3 to 10: from the signal `request_started` to the finished response."""
        return self.finalize_request(self._result())

    def _result(self, context: RequestContext | None = None) -> t.Any:
        """Steps 3 to 6: from the signal `request_started` to what is to become the response.

        PERF: to raise and catch the error for a URL that no rule has is a third of such a request. With a context it is
        handed over where each step is still our own and nothing takes the error: nobody can tell whether it was raised.
        """
        if not self._got_first_request:
            self._know_registered()
            self._got_first_request = True  # after it: requests that come together all wait for it
        try:
            if request_started.receivers:
                request_started.send(self, _async_wrapper=self.ensure_sync)
            result = self.preprocess_request()
            if result is None:
                if (
                    context is not None
                    and context._refused is not None
                    and context._late  # who looked at the request has seen the error
                    and self._takes_no(context._refused)
                ):
                    return context._refused
                result = self.dispatch_request()
        except Exception as e:  # noqa: BLE001 - the handlers decide
            return self.handle_user_exception(e)
        return result

    def _takes_no(self, error: t.Any) -> bool:
        """Whether the steps from the routing error to the result would hand over a 404 as it is."""
        kind, own = type(self), self.__dict__
        return (
            kind.dispatch_request is _dispatch_request
            and "dispatch_request" not in own
            and kind.raise_routing_exception is stock.raise_routing_exception
            and "raise_routing_exception" not in own
            and kind.handle_user_exception is _handle_user_exception
            and "handle_user_exception" not in own
            and kind.trap_http_exception is _trap_http_exception
            and "trap_http_exception" not in own
            and not self.config["TRAP_HTTP_EXCEPTIONS"]
            and kind.handle_http_exception is _handle_http_exception
            and "handle_http_exception" not in own
            and not self.debug
            and self._find_error_handler(error, _blueprints_in(self.error_handler_spec)) is None
        )

    def preprocess_request(self) -> ft.ResponseReturnValue | None:
        """Step 4: `url_value_preprocessor` functions, then `before_request` ones, the app's, then the blueprints'.

        The first result of a `before_request` function that is not None becomes the request's, in place of the view's.
        """
        context = _now()
        if type(context) is not RequestContext:
            context = _find_request_ctx()  # or the error that there is none
        processors, before = self.url_value_preprocessors, self.before_request_funcs
        if not processors and not before:
            return None
        if context._exchange is not None and context._exchange.must_leave(_functions_of(processors, before)):
            return context._exchange.in_thread(_preprocess_request, self)
        if processors:
            request = context.request
            for processor in _app_first(processors):
                processor(request.endpoint, request.view_args)
        if before:
            for function in _app_first(before):
                result = self.ensure_sync(function)()
                if result is not None:
                    return result  # type: ignore[no-any-return]
        return None

    def dispatch_request(self) -> ft.ResponseReturnValue:
        """Step 5: call the view that the URL matched, answer OPTIONS, or raise what matching raised."""
        context = _now()
        if type(context) is not RequestContext:
            context = _find_request_ctx()  # or the error that there is none
        rule: t.Any
        names = None
        if context._late and context._found is not None:
            rule, values, names = context._found  # PERF: nobody has looked at the request, so it need not be made
            method = context._environ["REQUEST_METHOD"]
            if rule.methods is None:
                method = method.upper()
        else:
            if (
                context._late
                and context._refused is not None
                and type(self).raise_routing_exception is stock.raise_routing_exception
                and "raise_routing_exception" not in context._app_vars
                and not self.debug
            ):
                raise context._refused  # PERF: likewise
            request = context.request
            if request.routing_exception is not None:
                self.raise_routing_exception(request)
            rule, method = request.url_rule, request.method
            values, names = request.view_args, WHOLE
        if method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
            return self.make_default_options_response()
        view = self.view_functions[rule.endpoint]
        call = self.ensure_sync(view)
        if context._exchange is not None:
            context._exchange.receive_body(context, view)
        result: ft.ResponseReturnValue
        if names is None:
            result = call()
        else:
            result = names.call(call, values)
        return result

    def make_default_options_response(self) -> Response:
        """The automatic answer to OPTIONS: the methods that the URL allows."""
        methods = request_ctx.url_adapter.allowed_methods()  # type: ignore[union-attr]
        response = self.response_class()
        response.allow.update(methods)
        return response

    def handle_http_exception(self, e: HTTPException) -> HTTPException | ft.ResponseReturnValue:
        """Step 6 for an HTTP exception: its handler's result, else the exception itself, as a response."""
        result: HTTPException | ft.ResponseReturnValue
        result = errors.handle_http_exception(self, e, _blueprints_in)
        if result is e and self.debug:
            _explain_unrouted(self, _now()._top_request_ctx, e)
        return result

    def handle_user_exception(self, e: Exception) -> HTTPException | ft.ResponseReturnValue:
        """Step 6 for whatever a view or hook raised; raised again where no handler is registered for it."""
        result: HTTPException | ft.ResponseReturnValue
        try:
            result = errors.handle_user_exception(self, e, _blueprints_in)
        finally:
            del e  # no cycle of the exception, its traceback and this frame
        return result

    def handle_exception(self, e: Exception) -> Response:
        """Step 6 for what nothing handled: logged and answered by the 500 page.

        Its handler gets an `InternalServerError` with the `original_exception`. Raised again as
        `PROPAGATE_EXCEPTIONS` says, by default in debug mode and when testing.
        """
        try:
            response: Response = errors.handle_exception(self, e, _blueprints_in)
        finally:
            del e  # no cycle of the exception, its traceback and this frame
        return response

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Log an unhandled exception with the path and method of the request, in one line whatever they hold."""
        request = _now()._top_request
        where = f"{request.path} [{request.method}]"
        if not where.isprintable():  # APPSEC: a line break would forge a record, an escape commands the terminal
            where = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in where)
        self.logger.error(f"Exception on {where}", exc_info=exc_info)  # noqa: G004 - as Flask

    def finalize_request(
        self,
        rv: ft.ResponseReturnValue | HTTPException,
        from_error_handler: bool = False,
    ) -> Response:
        """Steps 7 to 10: a response from the result, through the after-functions, and the signal `request_finished`.

        With `from_error_handler` a failure among these is logged and the response goes out as it is.
        """
        try:
            response = self.make_response(rv)
        except TypeError as error:
            if self.debug:
                _explain_result(self, error, rv)
            raise
        try:
            response = self.process_response(response)
            if request_finished.receivers:
                request_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception("Request finalizing failed with an error while handling an error")
        return response

    def make_response(self, rv: ft.ResponseReturnValue) -> Response:
        """Step 7: turn what a view returned into a `response_class`.

        A str or bytes is the body, a dict or list becomes JSON, an iterator is streamed, a tuple adds status and
        headers, another response class or a WSGI callable is converted. Raises `TypeError` for anything else.
        """
        # The proxy: most results need no request, and responses are also made where there is none.
        response: Response = to_response(self, rv, request)
        return response

    def process_response(self, response: Response) -> Response:
        """Steps 8 and 9: `after_this_request` functions, then `after_request` ones; then the session is saved.

        The blueprints' `after_request` functions come before the app's, the last registered first.
        """
        context = _now()
        if type(context) is not RequestContext:
            context = _find_request_ctx()
        if context._exchange is not None and context._exchange.must_leave(self._functions_after(context)):
            return context._exchange.in_thread(_process_response, self, response)
        # Both are read late: a function may register another for this very response.
        if context._after is not None:
            for function in context._after:
                response = self.ensure_sync(function)(response)
        after = self.after_request_funcs
        if after:
            for function in _app_last(after):
                response = self.ensure_sync(function)(response)
        if context._opened is not None or not _untouched_session_is_silent(self, context):
            opened, interface = context._session, self.session_interface
            if not interface.is_null_session(opened):
                interface.save_session(self, opened, response)
        if context._holds and self._may_read_session(context):
            response.vary.add("Cookie")  # who reads it while the body is sent can say so in no header any more
        return response

    def _may_read_session(self, context: RequestContext) -> bool:
        """Whether there is a session that nobody has read so far."""
        opened = context._opened
        if opened is None:
            return bool(self.secret_key)
        return not (getattr(opened, "accessed", False) or self.session_interface.is_null_session(opened))

    def do_teardown_request(self, exc: BaseException | None = _sentinel) -> None:
        """Step 12, while the request is current: `teardown_request` functions and the signal `request_tearing_down`.

        The blueprints' come before the app's, the last registered first. All run; the first error is raised then.
        """
        if type(_now()) is not RequestContext:
            _find_request_ctx()
        teardown = self.teardown_request_funcs
        if not teardown and not request_tearing_down.receivers:
            return
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        self._tear_down(_app_last(teardown) if teardown else (), request_tearing_down, exc)

    @original
    def do_teardown_appcontext(self, exc: BaseException | None = _sentinel) -> None:
        """Step 12, with only the app context left: `teardown_appcontext` functions, signal `appcontext_tearing_down`.

        The last registered comes first. All run; the first error is raised then.
        """
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        self._tear_down(reversed(self.teardown_appcontext_funcs), appcontext_tearing_down, exc)

    def _tear_down(
        self, functions: t.Iterable[ft.TeardownCallable], signal: NamedSignal, exc: BaseException | None
    ) -> None:
        """Run every function, then tell the signal; the first error is raised at the end, the others are logged."""
        first: Exception | None = None
        for function in functions:
            try:
                self.ensure_sync(function)(exc)
            except Exception as error:  # noqa: BLE001 - the others have something to release too
                first = self._noted(error, first)
        if signal.receivers:
            try:
                signal.send(self, _async_wrapper=self.ensure_sync, exc=exc)
            except Exception as error:  # noqa: BLE001
                first = self._noted(error, first)
        if first is not None:
            try:
                raise first
            finally:
                del first  # no cycle of the exception, its traceback and this frame

    # ---- the steps of a WebSocket, numbered likewise

    def websocket_context(self, environ: WSGIEnvironment) -> WebSocketContext:
        """A context for the handshake of a WebSocket, as a server makes it."""
        from .websockets import WebSocketContext  # PERF: few apps have any

        return WebSocketContext(self, environ)

    def full_dispatch_websocket(self) -> Response | None:
        """Steps 3 to 10: from the signal `websocket_started` to the response that refuses it, if it is refused."""
        if not self._got_first_request:
            self._know_registered()
            self._got_first_request = True  # after it: requests that come together all wait for it
        websocket = _websocket_now()
        try:
            if websocket.routing_exception is None:
                websocket.check_origin(self.config["WEBSOCKET_ALLOWED_ORIGINS"])
            if websocket_started.receivers:
                websocket_started.send(self, _async_wrapper=self.ensure_sync)
            result = self.preprocess_websocket()
            if result is None:
                result = self.dispatch_websocket()
        except Exception as e:
            if not websocket.is_pending:
                raise
            result = self.handle_user_exception(e)
        return self.finalize_websocket(result)

    def preprocess_websocket(self) -> ft.ResponseReturnValue | None:
        """Step 4: `url_value_preprocessor` functions, then `before_websocket` ones, the app's, then the blueprints'.

        The first result of a `before_websocket` function that is not None refuses the WebSocket.
        """
        context = _find_request_ctx()
        processors, before = self.url_value_preprocessors, self.before_websocket_funcs
        if context._exchange is not None and context._exchange.must_leave(_functions_of(processors, before)):
            return context._exchange.in_thread(_preprocess_websocket, self)
        if processors:
            for processor in _app_first(processors):
                processor(context.request.endpoint, context.request.view_args)
        if before:
            for function in _app_first(before):
                result = self.ensure_sync(function)()
                if result is not None:
                    return result  # type: ignore[no-any-return]
        return None

    def dispatch_websocket(self) -> ft.ResponseReturnValue | None:
        """Step 5: call the function that the URL matched, or raise what matching raised."""
        request: t.Any = _find_request_ctx().request
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        view = self.ensure_sync(self.view_functions[request.url_rule.endpoint])
        result: ft.ResponseReturnValue | None = view(**request.view_args)
        return result

    def finalize_websocket(
        self, rv: ft.ResponseReturnValue | HTTPException | None, from_error_handler: bool = False
    ) -> Response | None:
        """Steps 7 to 10: the response that refuses a WebSocket, from the result, or None for one that was accepted.

        A function that ends without having accepted, and without a result, refuses by 403. With `from_error_handler` a
        failure is logged and the response goes out as it is. Raises `TypeError` for a result after it was accepted.
        """
        websocket = _websocket_now()
        response = None
        if websocket.is_pending:
            response = self.make_response(Forbidden() if rv is None else rv)
        elif rv is not None:
            raise TypeError(
                f"The function for the WebSocket {websocket.endpoint!r} returned {type(rv).__name__!r} after the"
                " WebSocket was accepted (sending and receiving accept it): a response can only refuse it before that."
            )
        try:
            response = self.postprocess_websocket(response)
            if websocket_finished.receivers:
                websocket_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception("WebSocket finalizing failed with an error while handling an error")
        return response

    def postprocess_websocket(self, response: Response | None) -> Response | None:
        """Steps 8 and 9: `after_this_websocket`, `after_websocket`; then the session is saved with what refuses.

        The blueprints' functions come before the app's, the last registered first.
        """
        context: t.Any = _find_request_ctx()
        after = self.after_websocket_funcs
        functions = [*(context._after or ()), *(_app_last(after) if after else ())]
        if context._exchange is not None and context._exchange.must_leave(functions):
            return context._exchange.in_thread(_postprocess_websocket, self, response)  # type: ignore[no-any-return]
        for function in functions:
            returned = self.ensure_sync(function)(response)
            if response is not None and returned is None:
                raise TypeError(f"{function!r} is an 'after_websocket' function: it must return the response it got.")
            response = returned if response is not None else None
        context.save_session(response)
        return response

    def handle_websocket_exception(self, e: Exception) -> Response | None:
        """Step 6 for what nothing handled: logged; the 500 page refuses it, one that was accepted closes with 1011.

        Raised again as `PROPAGATE_EXCEPTIONS` says, by default in debug mode and when testing.
        """
        response: Response | None = errors.handle_websocket_exception(self, e, _blueprints_in)
        return response

    def do_teardown_websocket(self, exc: BaseException | None = _sentinel) -> None:
        """Step 12: `teardown_websocket` functions and the signal `websocket_tearing_down`; as `do_teardown_request`."""
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        self._tear_down(_app_last(self.teardown_websocket_funcs), websocket_tearing_down, exc)

    # ---- what may block an event loop's server

    def _functions_after(self, context: RequestContext) -> list[t.Any]:
        """The functions of steps 8 and 9. Flask's own session is saved without waiting for anything."""
        functions: list[t.Any] = [] if context._after is None else [*context._after]
        if self.after_request_funcs:
            functions += _app_last(self.after_request_funcs)
        interface = self.session_interface
        if type(interface).save_session is not stock.save_session or "save_session" in interface.__dict__:
            functions.append(interface.save_session)
        return functions

    def _teardown_functions(self, context: RequestContext) -> list[t.Any]:
        """The functions of step 12."""
        table = self.teardown_websocket_funcs if context._is_websocket else self.teardown_request_funcs
        functions: list[t.Any] = [*self.teardown_appcontext_funcs]
        if table:
            functions += _app_last(table)
        return functions

    def _noted(self, error: Exception, first: Exception | None) -> Exception:
        if first is None:
            return error
        self.logger.error("Another teardown function failed after the first", exc_info=error)
        return first

    # ---- synchronous and asynchronous functions

    @original
    def ensure_sync(self, func: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        """The function as it can be called from synchronous code: an `async def` one wrapped by `async_to_sync`."""
        given: t.Any = func
        if type(given) is FunctionType and given in self._synchronous:
            return func
        plain = given.__func__ if type(given) is MethodType else given
        if type(plain) is not FunctionType:
            return self.async_to_sync(func) if iscoroutinefunction(func) else func
        if plain in self._synchronous:
            return func  # a method
        # PERF: the flags of a function say it in 0.1 µs, unless it bears inspect's mark; inspect takes 1 µs.
        own = plain.__dict__
        if plain.__code__.co_flags & _COROUTINE or ("_is_coroutine_marker" in own and iscoroutinefunction(func)):
            return self.async_to_sync(func)
        if "__wrapped__" in own and is_async(plain):
            return self._finishing(func)
        # What a request makes, for `after_this_request` as a rule, is not kept: what was registered is known already.
        if plain.__closure__ is None and (plain is not given or "<locals>" not in plain.__qualname__):
            if len(self._synchronous) >= 4096:
                self._synchronous.clear()
            self._synchronous[plain] = None
        return func

    def _registered(self) -> list[t.Any]:
        """The functions that a request may call."""
        # Lists, since other threads may be registering still.
        functions: list[t.Any] = [*self.view_functions.values(), *self.teardown_appcontext_funcs]
        for table in (
            self.before_request_funcs,
            self.after_request_funcs,
            self.teardown_request_funcs,
            self.template_context_processors,
            *(self.__dict__.get(f"{phase}_websocket_funcs", {}) for phase in ("before", "after", "teardown")),
        ):
            for registered in [*table.values()]:
                functions += registered
        for by_code in [*self.error_handler_spec.values()]:
            for by_class in [*by_code.values()]:
                functions += by_class.values()
        return functions

    def _know_registered(self) -> None:
        """Note which of the functions that a request may call are not asynchronous."""
        for function in self._registered():
            if type(function) is FunctionType and not is_async(function):
                self._synchronous[function] = None
        # Plain code that a coroutine calls waits for another under WSGI too, where that is sure to be wanted (templates
        # of async views, with such context processors) or costs nothing more: the process's loop needs a thread for
        # it, which it has anyway once anybody has imported greenlet.
        processors = chain.from_iterable([*self.template_context_processors.values()])
        if (_GREENLET in sys.modules and begins_on_loop(self)) or any(map(is_async, processors)):
            from ._gateways import served as served

    def _finishing(self, func: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        """A synchronous function around an async one, such as a decorator makes: what it returns may be a coroutine."""

        def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
            result = func(*args, **kwargs)
            return self.async_to_sync(_awaited)(result) if inspect.iscoroutine(result) else result

        return call

    def async_to_sync(self, func: t.Callable[..., t.Coroutine[t.Any, t.Any, t.Any]]) -> t.Callable[..., t.Any]:
        """A plain function that runs an async one on the process's event loop and waits for it.

        Override it to use another loop.
        """
        # PERF: asyncio is a tenth of `import flask`, and most apps never need it; an import statement takes 1 µs.
        global _run_on_loop
        if _run_on_loop is None:
            from ._gateways.bridge import run_on_loop

            _run_on_loop = run_on_loop
        return _run_on_loop(func)  # type: ignore[no-any-return]

    # ---- the time of serving, and work beside the requests

    def startup(self) -> None:
        """Run `before_serving` and `while_serving` functions now rather than at the first request of a WSGI server.

        For a WSGI server's own hook, so that a failure stops the server. Servers of event loops need no call of this.
        """
        self._begin_serving()

    def shutdown(self) -> None:
        """Wait for the background tasks and run `after_serving` functions now, rather than when the process exits.

        For WSGI, as in tests; the next request begins anew.
        """
        from ._gateways.serving import serving_of

        serving_of(self, None).end()

    def _begin_serving(self) -> None:
        if self._has_serving_functions():
            # PERF: whoever has no such functions need not import asyncio.
            from ._gateways.serving import begin

            begin(self)
        else:
            self._is_served = True

    async def _begin_serving_on_loop(self) -> None:
        from ._gateways.serving import begin_at_request

        await begin_at_request(self)

    def add_background_task(self, func: t.Callable[_P, t.Any], *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Call a function, of either colour, after the current request's response has gone; without a request, now.

        It runs in an app context of its own and with a copy of the context variables, but outside of the request: an
        async one on the event loop, another in a thread. Errors go to `handle_background_exception`. When serving ends,
        what is not done within `BACKGROUND_TASK_SHUTDOWN_TIMEOUT` seconds is cancelled.
        """
        from ._gateways.background import add

        add(self, func, args, kwargs)

    def _settle_loop(self) -> None:
        """Have the process's event loop run by one thread: a test serves WebSockets there, whose fibers stay in one."""
        from ._gateways.bridge import settle

        settle()

    def _begin_jobs(self, holder: t.Any, loop: t.Any = None) -> None:
        """Begin the background tasks of a request whose response has gone; on the process's loop, if not a server's."""
        holder._is_answered = True
        if holder._jobs:
            from ._gateways.background import begin_all

            begin_all(holder._jobs, loop)

    def finish_background_tasks(self, timeout: float | None = None) -> None:
        """Wait until the background tasks that have begun are done. Raises `TimeoutError` after so many seconds."""
        from ._gateways.background import finish

        finish(self, timeout)

    def handle_background_exception(self, e: Exception) -> None:
        """Log what a background task raised; the signal `got_request_exception` is told first."""
        got_request_exception.send(self, _async_wrapper=self.ensure_sync, exception=e)
        self.logger.error("Exception in a background task", exc_info=e)

    # ---- entrances

    wsgi_app = wsgi.wsgi_app

    @cached_property
    def asgi_app(self) -> ft.AsgiApplication:
        """The ASGI application, for servers and for middleware to wrap: `uvicorn module:app.asgi_app`."""
        # PERF: whoever does not serve so need not import asyncio and greenlet.
        from ._gateways.asgi import application_of

        return application_of(self)

    def __rsgi__(self, scope: t.Any, protocol: t.Any) -> cabc.Coroutine[t.Any, t.Any, None]:
        """What an RSGI server calls: `granian --interface rsgi module:app`."""
        from ._gateways.rsgi import serve

        return serve(self, scope, protocol)

    def __rsgi_init__(self, loop: t.Any) -> None:
        """What an RSGI server calls in each worker process before it serves, with its loop, which does not run yet."""
        from ._gateways.serving import serving_of

        loop.run_until_complete(serving_of(self, loop).begin_on_loop())

    def __rsgi_del__(self, loop: t.Any) -> None:
        """What an RSGI server calls when a worker process has served, with its loop, which runs no more."""
        from ._gateways.serving import serving_of

        loop.run_until_complete(serving_of(self, loop).end_on_loop())

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse | None = None, send: object = None
    ) -> cabc.Iterable[bytes]:
        """What a WSGI server calls: `wsgi_app`, with whatever is wrapped around it.

        Raises `TypeError` where a server of ASGI calls it, with one argument or three.
        """
        if start_response is None or send is not None:
            raise TypeError(_FOR_ASGI)
        return self.wsgi_app(environ, start_response)

    # ---- development and tests

    def make_shell_context(self) -> dict[str, t.Any]:
        """The names that `flask shell` begins with: `app`, `g`, and what the shell context processors give."""
        names: dict[str, t.Any] = {"app": self, "g": g}
        for processor in self.shell_context_processors:
            names.update(processor())
        return names

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: t.Any,
    ) -> None:
        """Serve on Werkzeug's development server; not for production, where the `flask` command is no better.

        :param host: the address to listen on; by default `SERVER_NAME`'s, else 127.0.0.1.
        :param port: by default `SERVER_NAME`'s, else 5000.
        :param debug: overrides `debug`; with it come reloader and debugger.
        :param load_dotenv: read `.env` and `.flaskenv` first.
        :param options: go to `werkzeug.serving.run_simple`.
        """
        if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
            # The command imports this module to find the app; serving from here would never let it.
            from .cli.record import is_reloaded

            if not is_reloaded():
                import click

                click.secho(_RUN_IGNORED, fg="red")
            return

        from . import cli

        if get_load_dotenv(load_dotenv):
            cli.load_dotenv()
            if debug is None and "FLASK_DEBUG" in os.environ:
                debug = get_debug_flag()
        if debug is not None:
            self.debug = bool(debug)

        server_host = server_port = None
        server_name = self.config["SERVER_NAME"]
        if server_name:
            server_host, _, server_port = server_name.partition(":")
        host = host or server_host or "127.0.0.1"
        if port is None:
            port = int(server_port or 5000)

        restarted = os.environ.get("WERKZEUG_RUN_MAIN") == "true"
        # A restarted process goes on watching, even if debug mode went from '.env' with the very change it saw.
        options = {"use_reloader": self.debug or restarted, "use_debugger": self.debug, "threaded": True, **options}
        cli.show_server_banner(self.debug, self.name)

        from .cli.server import serve

        try:
            serve(host, int(port), self, **options)
        finally:
            # An interactive session that served goes on setting up; the reloader's process has ended by now.
            self._got_first_request = False

    def test_client(self, use_cookies: bool = True, **kwargs: t.Any) -> FlaskClient:
        """A client that calls the app without a server: an instance of `test_client_class`, else `FlaskClient`.

        For errors to come up in the test instead of as a 500 page, set `testing`.
        """
        kind = self.test_client_class
        if kind is None:
            from .testing import FlaskClient

            kind = FlaskClient
        return kind(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def async_test_client(self, use_cookies: bool = True, **kwargs: t.Any) -> AsyncFlaskClient:
        """A client for asynchronous tests, which serves the app within: `async with app.async_test_client() as client`.

        For errors to come up in the test instead of as a 500 page, set `testing`.
        """
        from .async_testing import AsyncFlaskClient

        return AsyncFlaskClient(self, use_cookies, **kwargs)

    def test_cli_runner(self, **kwargs: t.Any) -> FlaskCliRunner:
        """A runner of the app's commands: an instance of `test_cli_runner_class`, else `FlaskCliRunner`."""
        kind = self.test_cli_runner_class
        if kind is None:
            from .testing import FlaskCliRunner

            kind = FlaskCliRunner
        return kind(self, **kwargs)


async def _awaited(coroutine: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any:
    return await coroutine


# What `_respond` may pass by.
_full_dispatch_request = Flask.full_dispatch_request
_dispatch_request = Flask.dispatch_request
_finalize_request = Flask.finalize_request
_make_response = Flask.make_response
_process_response = Flask.process_response
_handle_user_exception = Flask.handle_user_exception
_handle_http_exception = Flask.handle_http_exception
_trap_http_exception = Flask.trap_http_exception

# What goes on in a thread. By its name on the app an override, which has called it, would be called again.
_preprocess_request = Flask.preprocess_request
_preprocess_websocket = Flask.preprocess_websocket
_postprocess_websocket = Flask.postprocess_websocket
_update_template_context = Flask.update_template_context

_run_on_loop: t.Any = None


def _static_view(own: weakref.ref[Flask]) -> ft.RouteCallable:
    """The view of the static route. It holds the app weakly, or that would stand in a cycle with its own view."""

    def static(*, filename: t.Any = _sentinel, **others: t.Any) -> Response:
        app: t.Any = own()
        if filename is _sentinel or others:  # a rule of the application's own leads here
            more = {} if filename is _sentinel else {"filename": filename}
            return app.send_static_file(**more, **others)  # type: ignore[no-any-return]
        return app.send_static_file(filename=filename)  # type: ignore[no-any-return]

    stock.static_views.add(static)
    return static


stock.static_views = weakref.WeakSet()


def _websocket_now() -> WebSocket:
    """The WebSocket of the current context, be the caller asynchronous or not."""
    found: t.Any = _find_request_ctx().request
    return found  # type: ignore[no-any-return]


def _blueprints_in(table: cabc.Mapping[str | None, object]) -> list[str]:
    """The blueprints of the current request. PERF: not asked for where a table has only the app's own."""
    if not table or (len(table) == 1 and None in table):
        if type(_now()) is not RequestContext:
            _find_request_ctx()
        return []
    return _blueprints_now()


def _blueprints_now() -> list[str]:
    """The blueprints of the current request, which need not be made for it."""
    context = _now()
    if type(context) is not RequestContext:
        context = _find_request_ctx()
    if context._late and _are_named_by_rule():
        return [] if context._found is None else _blueprints_of(context._found[0].endpoint)
    return context.request.blueprints


_T = t.TypeVar("_T")
_Hooks = cabc.Mapping[str | None, cabc.Sequence[_T]]


# PERF: where an app has only hooks of its own, nobody need ask for the request's blueprints. The generators are by
# themselves so that the table need not stand in a cell.
def _app_first(table: _Hooks[_T]) -> cabc.Iterable[_T]:
    """What a table of hooks has for the current request in the order of step 4: the app's, then its blueprints'."""
    own = table.get(None)
    return _each_app_first(table) if own is None or len(table) != 1 else own


def _functions_of(*tables: cabc.Mapping[str | None, cabc.Sequence[t.Any]]) -> list[t.Any]:
    """All that these tables have for the current request."""
    return [function for table in tables if table for function in _app_first(table)]


def _each_app_first(table: _Hooks[_T]) -> cabc.Iterator[_T]:
    for name in (None, *reversed(_blueprints_now())):
        if name in table:
            yield from table[name]


def _app_last(table: _Hooks[_T]) -> cabc.Iterable[_T]:
    """The same in the order of step 8: the innermost blueprint's, then the app's, the last registered first."""
    own = table.get(None)
    if own is None or len(table) != 1:
        return _each_app_last(table)
    return (own[0],) if len(own) == 1 else reversed(own)  # PERF: `reversed` is as dear as two calls


def _each_app_last(table: _Hooks[_T]) -> cabc.Iterator[_T]:
    for name in (*_blueprints_now(), None):
        if name in table:
            yield from reversed(table[name])


def _with_anchor(url: str, anchor: str) -> str:
    return f"{url}#{_url_quote(anchor, safe=_ANCHOR_SAFE, errors=REPLACED)}"
