"""Errors and reports for the developer in debug mode. They explain what went wrong, and never change what goes on.

None of this is asked for unless debug mode, or `EXPLAIN_TEMPLATE_LOADING`, is on. The modules below this one make the
texts, and are imported only when something has failed: each door here keeps its own failure from being the user's.
"""

from __future__ import annotations

import typing as t

from ..globals import _now

if t.TYPE_CHECKING:
    from jinja2 import BaseLoader, TemplateNotFound
    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import RequestRedirect

    from ..ctx import RequestContext
    from ..sansio.app import App
    from ..sansio.scaffold import Scaffold
    from ..wrappers import Request

# What a Jinja loader gives for a template: source, file name, and whether it is still up to date.
_Source: t.TypeAlias = tuple[str, str | None, t.Callable[[], bool] | None]


class UnexpectedUnicodeError(AssertionError, UnicodeError):
    """Text was found where bytes were expected, or the other way round."""


class DebugFilesKeyError(KeyError, AssertionError):
    """A file was asked for in `request.files`, but the form was sent without the encoding that transmits files."""

    def __init__(self, request: Request, key: str) -> None:
        super().__init__(request, key)
        self.msg = (
            f"You tried to access the file {key!r} in the request.files dictionary but it does not exist."
            f" The mimetype for the request is {request.mimetype!r} instead of 'multipart/form-data' which means that"
            ' no file contents were transmitted. To fix this error you should provide enctype="multipart/form-data" in'
            " your form."
        )
        if names := request.form.getlist(key):
            submitted = ", ".join(map(repr, names))
            self.msg += f"\n\nThe browser instead transmitted some file names. This was submitted: {submitted}"

    def __str__(self) -> str:
        return self.msg


class FormDataRoutingRedirect(AssertionError):
    """Routing answered a request that has a body with a redirect that would lose the body."""

    def __init__(self, request: Request) -> None:
        exc = t.cast("RequestRedirect", request.routing_exception)
        assert exc is not None
        canonical, _, _ = exc.new_url.partition("?")
        reason = ""
        if canonical == f"{request.base_url}/":
            reason = (
                " The URL was defined with a trailing slash. Flask will redirect to the URL with a trailing slash if it"
                " was accessed without one."
            )
        super().__init__(
            f"A request was sent to '{request.url}', but routing issued a redirect to the canonical URL"
            f" '{exc.new_url}'.{reason} Send requests to the canonical URL, or use 307 or 308 for routing redirects."
            " Otherwise, browsers will drop form data.\n\nThis exception is only raised in debug mode."
        )


def attach_enctype_error_multidict(request: Request) -> None:
    """Have `request.files` raise `DebugFilesKeyError` for a file that was sent as a form field of the same name."""
    files_class: type[t.Any] = type(request.files)

    class Explaining(files_class):  # type: ignore[misc]
        def __getitem__(self, key: str) -> t.Any:
            try:
                return super().__getitem__(key)
            except KeyError:
                if key not in request.form:
                    raise
                raise DebugFilesKeyError(request, key) from None

    Explaining.__name__ = files_class.__name__
    Explaining.__module__ = files_class.__module__
    request.files.__class__ = Explaining


def _dump_loader_info(loader: BaseLoader) -> t.Iterator[str]:
    yield f"class: {type(loader).__module__}.{type(loader).__name__}"
    for name, value in sorted(vars(loader).items()):
        if name.startswith("_"):
            continue
        if isinstance(value, (tuple, list)):
            if all(isinstance(item, str) for item in value):
                yield f"{name}:"
                yield from (f"  - {item}" for item in value)
        elif isinstance(value, (str, int, float, bool)):
            yield f"{name}: {value!r}"


def _owner(source: object) -> str:
    """Whose loader it is, in words. An app and a blueprint are told apart by what they keep: neither is known here."""
    import_name = getattr(source, "import_name", None)
    if import_name is None:
        return repr(source)
    if hasattr(source, "blueprints"):
        return f"application {import_name!r}"
    return f"blueprint {getattr(source, 'name', None)!r} ({import_name})"


def explain_template_loading_attempts(
    app: App, template: str, attempts: list[tuple[BaseLoader, Scaffold, _Source | None]]
) -> None:
    """Log where a template was looked for and found, and why the wrong one, or none, may have been."""
    lines = [f"Locating template {template!r}:"]
    for number, (loader, source, found) in enumerate(attempts, 1):
        lines.append(f"{number:5}: trying loader of {_owner(source)}")
        lines.extend(f"       {info}" for info in _dump_loader_info(loader))
        lines.append("       -> no match" if found is None else f"       -> found ({found[1] or '<string>'!r})")
    matches = sum(found is not None for _, _, found in attempts)
    if matches == 0:
        lines.append("Error: the template could not be found.")
    elif matches > 1:
        lines.append("Warning: multiple loaders returned a match for the template.")

    context = _now()._top_request_ctx
    blueprint = None if context is None else context.request.blueprint
    if blueprint is not None and matches != 1:
        lines += [
            f"  The template was looked up from an endpoint that belongs to the blueprint {blueprint!r}.",
            "  Maybe you did not place a template in the right folder?",
            "  See https://flask.palletsprojects.com/blueprints/#templates",
        ]
    app.logger.info("\n".join(lines))


# ---- explanations of what failed, as notes on the exception (PEP 678): tracebacks and Werkzeug's debugger show them


def _text(lines: t.Callable[..., t.Iterable[str]], *args: t.Any) -> str:
    try:
        return "\n".join(lines(*args))
    except Exception as failure:  # noqa: BLE001 - what is explained may hold anything; it must stay the error that is seen
        return f"(This error could not be explained: {type(failure).__name__}.)"


def _note(error: BaseException, lines: t.Callable[..., t.Iterable[str]], *args: t.Any) -> None:
    """Put the lines below an exception's own message, once."""
    text = _text(lines, *args)
    if text and text not in getattr(error, "__notes__", ()):
        error.add_note(text)


def _explain_unbuilt_url(app: App, error: Exception, endpoint: str, values: dict[str, t.Any]) -> None:
    """Note which endpoints are close, or which values the endpoint's rules lack."""
    from ._urls import lines

    _note(error, lines, app, endpoint, values, _now()._top_request_ctx)


def _explain_missing_template(error: TemplateNotFound, places: list[tuple[object, BaseLoader | None]]) -> None:
    """Note where a template was looked for, and which names are close. `places`: each owner with its loader.

    It is found out when the notes are read: many a template may be missing, and nobody looks at that error.
    """
    from ._notes import WrittenWhenRead
    from ._templates import lines

    before = getattr(error, "__notes__", [])
    if isinstance(before, WrittenWhenRead):
        return  # explained where it was raised
    told = [(_owner(owner), getattr(owner, "root_path", None), loader) for owner, loader in places]
    notes = WrittenWhenRead(lambda: _text(lines, error, told))
    list.extend(notes, before)
    error.__notes__ = notes


def _explain_result(app: App, error: TypeError, result: t.Any) -> None:
    """Note whose result it was that could not become a response."""
    from ._results import lines

    _note(error, lines, app, result, _now()._top_request_ctx)


def _explain_unrouted(app: App, context: RequestContext, error: HTTPException) -> None:
    """Have a 404 or 405 that nobody handles answered by a page that names the rules concerned."""
    from ._page import answer

    try:
        answer(app, context, error)
    except Exception:
        # The plain page is always right.
        app.logger.debug("The page that explains a %s could not be made.", error.code, exc_info=True)


def _explain_trapped(app: App, context: RequestContext, error: HTTPException) -> None:
    """Note the same on a 404 or 405 that is raised instead of answered (`TRAP_HTTP_EXCEPTIONS`)."""
    from ._page import lines

    _note(error, lines, app, context, error)
