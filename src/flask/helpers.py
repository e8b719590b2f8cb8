"""What views call: URLs, redirects, flashed messages, files, streams. Each asks the current context; none keeps state.

Nothing here decides how a request is handled: where the app has a method for something, that method is called.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
import typing as t
from contextvars import copy_context
from functools import cache, update_wrapper
from itertools import repeat

import werkzeug.utils
from werkzeug.exceptions import Aborter
from werkzeug.exceptions import abort as _werkzeug_abort
from werkzeug.utils import redirect as _werkzeug_redirect

from . import _files
from ._aborting import http_error
from ._contracts import stock
from ._former import renamed, warn_of_environment
from ._sending import AsyncChunks, NonBlocking, is_asynchronous
from ._unicode import well_formed
from .globals import _app_if_any, _cv_request, _environ_now, _now, _request_below, _set, current_app, request
from .globals import request_ctx as request_ctx  # these two are found here, too
from .globals import session as session
from .signals import message_flashed

if t.TYPE_CHECKING:
    from datetime import datetime

    from werkzeug.wrappers import Response as BaseResponse

    from .wrappers import Response

_absent: t.Any = object()
_RENAMED = frozenset({"add_etags", "attachment_filename", "cache_timeout"})
_Chunk = t.TypeVar("_Chunk", str, bytes)
_P = t.ParamSpec("_P")
F = t.TypeVar("F", bound=t.Callable[..., t.Any])


def get_debug_flag() -> bool:
    """Whether `FLASK_DEBUG` asks for debug mode: set, and not to 0, false or no."""
    value = os.environ.get("FLASK_DEBUG")
    if not value and os.environ.get("FLASK_ENV") not in {None, "", "production"}:
        warn_of_environment()
    return bool(value and value.lower() not in {"0", "false", "no"})


def get_load_dotenv(default: bool = True) -> bool:
    """Whether `.env` files are to be loaded: `default`, unless `FLASK_SKIP_DOTENV` says otherwise."""
    value = os.environ.get("FLASK_SKIP_DOTENV")
    if not value:
        return default
    return value.lower() in {"0", "false", "no"}


def _in_context(context: t.Any, iterator: t.Iterator[_Chunk]) -> t.Generator[_Chunk]:
    """The steps of an iterator in a request context, which lasts until they end; the first gives nothing.

    They run in a copy of the context variables as they are now: the thread that takes the chunks carries none of it.
    """
    run = copy_context().run
    run(_set, context)
    error: BaseException | None = None
    try:
        yield t.cast("t.Any", None)
        yield from map(run, repeat(iterator.__next__))  # PERF: no function of ours is called for a chunk
    except GeneratorExit:
        raise
    except BaseException as e:
        error = e
        raise
    finally:
        try:
            close = getattr(iterator, "close", None)
            if close is not None:
                run(close)
        finally:
            context._release(error)
            del error  # no cycle of the exception, its traceback and this frame


@t.overload
def stream_with_context(
    generator_or_function: t.Iterator[t.AnyStr] | t.AsyncIterable[t.AnyStr],
) -> t.Iterator[t.AnyStr]: ...


@t.overload
def stream_with_context(
    generator_or_function: t.Callable[_P, t.Iterator[t.AnyStr]] | t.Callable[_P, t.AsyncIterable[t.AnyStr]],
) -> t.Callable[_P, t.Iterator[t.AnyStr]]: ...


def stream_with_context(generator_or_function: t.Any) -> t.Any:
    """Keep the request context for a generator that is sent as a streamed response; also a decorator of its function.

    An asynchronous one runs on the event loop of whoever serves. The teardown waits for the last chunk or the close.
    Raises `RuntimeError` outside of a request.
    """
    is_async = is_asynchronous(generator_or_function)
    stream: t.Any
    try:
        stream = generator_or_function if is_async else iter(generator_or_function)
    except TypeError:
        function = generator_or_function

        def decorator(*args: t.Any, **kwargs: t.Any) -> t.Any:
            return stream_with_context(function(*args, **kwargs))

        return update_wrapper(decorator, function)

    context = _cv_request.get(None)
    if context is None:
        raise RuntimeError(
            "'stream_with_context' can only be used when a request context is active, such as in a view function."
        )
    context._hold()
    steps = _in_context(context, AsyncChunks(stream, context.app.ensure_sync) if is_async else stream)
    next(steps)  # from now on to close it, or to forget it, ends the context's life
    return NonBlocking(steps) if is_async else steps


def non_blocking(function: F) -> F:
    """Mark a synchronous function that never waits: on an event loop's server it need not go to a thread.

    For views, hooks, error handlers, teardown functions and context processors. What does wait there, for a database or
    a file, makes all other requests wait.
    """
    function._non_blocking = True  # type: ignore[attr-defined]
    return function


def stream_request(view: F) -> F:
    """Mark an asynchronous view that takes its request's body as it comes: `async for chunk in request.stream`.

    Without it all of the body has come when the view starts, on an event loop's server.
    """
    view._streams_request = True  # type: ignore[attr-defined]
    return view


def make_response(*args: t.Any) -> Response:
    """The response that a view returning these values would give; with no value, an empty one.

    Takes what a view may return, one value or its parts: `make_response("text", 404)`. For setting headers or cookies.
    """
    if not args:
        return current_app.response_class()
    return current_app.make_response(args[0] if len(args) == 1 else args)


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: t.Any,
) -> str:
    """Build the URL of an endpoint with the given values: `Flask.url_for` of the current app.

    Raises `RuntimeError` without a context, `werkzeug.routing.BuildError` where no rule takes these values.
    """
    top = _now()
    app = top.app
    url: str
    try:
        as_ours = type(app).url_for is stock.url_for and "url_for" not in top._app_vars
    except AttributeError:
        as_ours = False  # not within a request; or no app, but an object that does as one
    if as_ours:
        # PERF: what Flask.url_for goes on with, without collecting the arguments again (0.4 µs).
        url = stock._url_within(app, top, endpoint, values, _anchor, _method, _scheme, _external)
    else:
        url = app.url_for(endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values)
    return url


def redirect(location: str, code: int = 302, Response: type[BaseResponse] | None = None) -> BaseResponse:
    """A response that sends the client to another location: `Flask.redirect` where an app is current."""
    app = _app_if_any()
    if app is not None:
        return app.redirect(location, code=code)
    return _werkzeug_redirect(location, code=code, Response=Response)


_call_aborter = Aborter.__call__


def abort(code: int | BaseResponse, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
    """Raise the HTTP exception for a status code, or one that carries the given response.

    Further arguments go to the exception: `abort(404, description="…")`. A current app's `aborter` is asked.
    """
    app = _app_if_any()
    if app is not None:
        aborter = app.aborter
        if type(code) is int and type(aborter) is Aborter and Aborter.__call__ is _call_aborter:
            kind = aborter.mapping.get(code)
            if kind is not None:
                # PERF: Werkzeug's aborter runs an import statement before it says the same.
                raise http_error(kind, args, kwargs)
        aborter(code, *args, **kwargs)
    _werkzeug_abort(code, *args, **kwargs)


def get_template_attribute(template_name: str, attribute: str) -> t.Any:
    """A macro or variable that a template exports, for use in Python."""
    return getattr(current_app.jinja_env.get_template(template_name).module, attribute)


def flash(message: str, category: str = "message") -> None:
    """Put a message into the session for the next request, or this one, to show.

    `category` is any text; by custom `message`, `error`, `info` or `warning`.
    """
    context = _now()
    current = context._top_session
    # Assigned, not appended in place: a session notices only what happens at its top level.
    flashes = current.get("_flashes", [])
    flashes.append((category, message))
    current["_flashes"] = flashes
    if message_flashed.receivers:
        app = context.app
        message_flashed.send(app, _async_wrapper=app.ensure_sync, message=message, category=category)


def get_flashed_messages(
    with_categories: bool = False, category_filter: t.Iterable[str] = ()
) -> list[str] | list[tuple[str, str]]:
    """Take the flashed messages out of the session; the same ones again for the rest of the request.

    `with_categories` gives pairs of category and message; `category_filter` keeps only some categories.
    """
    context = _request_below(_now()._top_request_ctx)
    flashes = context.flashes
    if flashes is None:
        current = context.session
        flashes = context.flashes = current.pop("_flashes") if "_flashes" in current else []
    if category_filter:
        flashes = [pair for pair in flashes if pair[0] in category_filter]
    if not with_categories:
        return [flash[1] for flash in flashes]  # an extension may keep more with a message
    return flashes


def _in_this_app(max_age: object) -> dict[str, t.Any]:
    """What Werkzeug's file functions want to know and no caller says: the request's and the app's part."""
    app = current_app
    return {
        "environ": request.environ,
        "max_age": app.get_send_file_max_age if max_age is None else max_age,
        "response_class": app.response_class,
        "use_x_sendfile": app.config["USE_X_SENDFILE"],
        "_root_path": app.root_path,
    }


def _name_in_unicode(file: t.Any, options: dict[str, t.Any]) -> None:
    """Have a file named such that Werkzeug can encode it, whatever bytes its name in the file system consists of."""
    path = os.fspath(file) if isinstance(file, (str, os.PathLike)) else ""
    if isinstance(path, str) and well_formed(path) != path:
        if options.get("download_name") is None:
            options["download_name"] = os.path.basename(path)
        if options.get("etag", True) is True:
            options["etag"] = False  # which would be made of the path
    if isinstance(options.get("download_name"), str):
        options["download_name"] = well_formed(options["download_name"])


def send_file(
    path_or_file: os.PathLike[t.AnyStr] | str | t.IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: int | t.Callable[[str | None], int | None] | None = None,
    **removed: t.Never,  # names that arguments once had
) -> Response:
    """Send the contents of a file. Never pass a path that a user gave: that is what `send_from_directory` is for.

    A relative path counts from the app's `root_path`; a file object must be open for bytes, at its start. The
    parameters are those of `werkzeug.utils.send_file`; `max_age` is in seconds, by default what the app's
    `get_send_file_max_age` says.
    """
    file: t.Any = path_or_file
    options: dict[str, t.Any] = {
        "mimetype": mimetype,
        "as_attachment": as_attachment,
        "download_name": download_name,
        "conditional": conditional,
        "etag": etag,
        "last_modified": last_modified,
    }
    if removed or file is _absent:
        given: dict[str, t.Any] = dict(removed) if file is _absent else {"path_or_file": file, **removed}
        understood = renamed("send_file", given, "path_or_file")
        file, max_age = understood.pop("path_or_file"), understood.pop("max_age", max_age)
        if unknown := understood.keys() - options.keys():
            raise TypeError(f"send_file() got an unexpected keyword argument {min(unknown)!r}")
        options.update(understood)
    top = _now()
    environ = _environ_now()
    response: Response | None = _files.send_file(top.app, environ, file, {**options, "max_age": max_age})
    if response is not None:
        return response
    _name_in_unicode(file, options)
    return t.cast("Response", werkzeug.utils.send_file(file, **options, **_in_this_app(max_age)))


def send_from_directory(
    directory: os.PathLike[str] | str,
    path: os.PathLike[str] | str,
    **kwargs: t.Any,
) -> Response:
    """Send a file from within a directory; a path that leads out of it, or to nothing, is 404.

    `directory` counts from the app's `root_path` and must not come from a user; `path` may. Further arguments go to
    `send_file`.
    """
    if path is _absent:
        kwargs = renamed("send_from_directory", kwargs, "path")
        path = kwargs.pop("path")
    top = _now()
    environ = _environ_now()
    response: Response | None = _files.send_from_directory(top.app, environ, directory, path, kwargs)
    if response is not None:
        return response
    if not _RENAMED.isdisjoint(kwargs):
        return send_from_directory(directory, **renamed("send_from_directory", {"path": path, **kwargs}, "path"))
    options = kwargs | _in_this_app(kwargs.get("max_age"))
    _name_in_unicode(path, options)
    return t.cast("Response", werkzeug.utils.send_from_directory(directory, path, **options))


def _take_old_names(function: t.Any) -> None:
    """Let the last argument without a default be missing: it may come by the name that it once had.

    Whoever looks at the signature sees that of Flask 3.1.
    """
    signature = inspect.signature(function)
    shown = [each for each in signature.parameters.values() if each.name != "removed"]
    function.__signature__ = signature.replace(parameters=shown)
    function.__defaults__ = (_absent, *(function.__defaults__ or ()))


_take_old_names(send_file)
_take_old_names(send_from_directory)


def _send_static(owner: t.Any, directory: str, path: str, max_age: int | None) -> Response:
    """`send_from_directory(directory, path, max_age=max_age)` for the app or blueprint that has said the age."""
    top = _now()
    context = top._top_request_ctx
    if context is None:
        return _send_from_directory(directory, path, max_age=max_age)
    app = top.app
    # PERF: an age of None has the app asked once more, where there is no need to ask the same function again.
    is_said = (
        owner is app
        and context is top
        and type(app).get_send_file_max_age is stock.get_send_file_max_age
        and "get_send_file_max_age" not in context._app_vars
    )
    response: Response | None = _files.send_static(
        app, context._environ_of_request, directory, path, max_age, is_said, None, False, None
    )
    return _send_from_directory(directory, path, max_age=max_age) if response is None else response


_send_from_directory = send_from_directory


def get_root_path(import_name: str) -> str:
    """The folder of a module or package, by its import name; the working directory where it has no file.

    Raises `RuntimeError` for a namespace package, which has no single folder.
    """
    module = sys.modules.get(import_name)
    file: str | None = getattr(module, "__file__", None)
    if file is not None:
        return os.path.dirname(os.path.abspath(file))

    try:
        spec = importlib.util.find_spec(import_name)
        if spec is None:
            raise ValueError
    except (ImportError, ValueError):
        return os.getcwd()  # __main__ without a file: an interactive session

    loader: t.Any = spec.loader
    if loader is None:
        return os.getcwd()
    if hasattr(loader, "get_filename"):
        file = loader.get_filename(import_name)
    else:
        __import__(import_name)
        file = getattr(sys.modules[import_name], "__file__", None)
        if file is None:
            raise RuntimeError(
                f"No root path can be found for the provided module {import_name!r}. This can happen because the module"
                " came from an import hook that does not provide file name information or because it's a namespace"
                " package. In this case the root path needs to be explicitly provided."
            )
    return os.path.dirname(os.path.abspath(t.cast(str, file)))


@cache
def _split_blueprint_path(name: str) -> list[str]:
    """A blueprint's registered name and those of the blueprints around it, innermost first: a.b → [a.b, a]."""
    names = [name]
    while "." in name:
        name = name.rpartition(".")[0]
        names.append(name)
    return names
