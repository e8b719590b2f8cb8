"""Jinja for an app: where templates come from and how one is rendered. What a template may see is the app's to say."""

from __future__ import annotations

import typing as t
from types import FunctionType

import jinja2.environment
from jinja2 import BaseLoader, Template, TemplateNotFound
from jinja2 import Environment as BaseEnvironment

from .debughelpers import _explain_missing_template, explain_template_loading_attempts
from .globals import _now, current_app
from .helpers import stream_with_context
from .signals import before_render_template, template_rendered

if t.TYPE_CHECKING:
    from .app import Flask
    from .debughelpers import _Source
    from .sansio.app import App
    from .sansio.scaffold import Scaffold

_TemplateName: t.TypeAlias = str | Template | list[str | Template]


def _default_template_ctx_processor() -> dict[str, t.Any]:
    """What every template sees: ``g``, and with a request ``request``; the rest are globals of the environment."""
    context = _now()
    names: dict[str, t.Any] = {}
    if context._top_app_ctx is not None:
        names["g"] = context._top_g
    if context._top_request_ctx is not None:
        names["request"] = context._top_request
    return names


class Environment(BaseEnvironment):
    """A Jinja environment that knows its app, and loads from the folders of the app and of its blueprints."""

    def __init__(self, app: App, **options: t.Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app


class DispatchingJinjaLoader(BaseLoader):
    """Asks the loader of the app, then those of the blueprints in the order in which they were registered."""

    def __init__(self, app: App) -> None:
        self.app = app

    def get_source(self, environment: BaseEnvironment, template: str) -> _Source:
        """The source from the first loader that has the template, or `jinja2.TemplateNotFound`."""
        if self.app.config["EXPLAIN_TEMPLATE_LOADING"]:
            return self._get_source_explained(environment, template)
        return self._get_source_fast(environment, template)

    def _get_source_fast(self, environment: BaseEnvironment, template: str) -> _Source:
        for _, loader in self._iter_loaders(template):
            try:
                return loader.get_source(environment, template)
            except TemplateNotFound:
                continue
        raise TemplateNotFound(template)

    def _get_source_explained(self, environment: BaseEnvironment, template: str) -> _Source:
        attempts: list[tuple[BaseLoader, Scaffold, _Source | None]] = []
        for owner, loader in self._iter_loaders(template):
            try:
                attempts.append((loader, owner, loader.get_source(environment, template)))
            except TemplateNotFound:
                attempts.append((loader, owner, None))
        explain_template_loading_attempts(self.app, template, attempts)
        for _, _, found in attempts:
            if found is not None:
                return found
        raise TemplateNotFound(template)

    def _iter_loaders(self, template: str) -> t.Iterator[tuple[Scaffold, BaseLoader]]:
        owners: tuple[Scaffold, ...] = (self.app, *self.app.iter_blueprints())
        for owner in owners:
            if (loader := owner.jinja_loader) is not None:
                yield owner, loader

    def list_templates(self) -> list[str]:
        """The names that any of the loaders has, each once, in order."""
        return sorted({name for _, loader in self._iter_loaders("") for name in loader.list_templates()})


def _own(function: t.Any) -> t.Any:
    """Jinja's own function, or none if something replaced it before we were imported."""
    return function if type(function) is FunctionType and function.__globals__ is vars(jinja2.environment) else None


_jinja_render = _own(Template.render)


def _render_now(template: Template, context: dict[str, t.Any]) -> str:
    """What ``template.render(context)`` gives.

    PERF: Jinja copies a template's globals for each rendering out of a `ChainMap`, key by key (some 25 µs of a page);
    two dicts put together take 1. Only where `render` is Jinja's own and not asynchronous.
    """
    environment = template.environment
    if environment.is_async or _jinja_render is None or getattr(template.render, "__func__", None) is not _jinja_render:
        return template.render(context)
    names: dict[str, t.Any] = {}
    for layer in reversed(getattr(template.globals, "maps", (template.globals,))):
        names.update(layer)
    seen = template.new_context(dict(names, **context), shared=True)
    try:
        return environment.concat(template.root_render_func(seen))
    except Exception:  # noqa: BLE001 - Jinja raises it again, with the template's lines in the traceback
        environment.handle_exception()


def _prepare(app: Flask, template: Template, context: dict[str, t.Any]) -> None:
    """Give a context what the app adds to it, then to whoever listens."""
    app.update_template_context(context)
    if before_render_template.receivers:
        before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _rendered(app: Flask, template: Template, context: dict[str, t.Any]) -> None:
    if template_rendered.receivers:
        template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _explain(app: Flask, error: TemplateNotFound) -> None:
    """In debug mode, tell with the error where templates are looked for; what asks for it may be another template."""
    if app.debug:
        loader = app.jinja_env.loader
        places: list[tuple[object, BaseLoader | None]] = [(app, loader)]
        if isinstance(loader, DispatchingJinjaLoader):
            places = list(loader._iter_loaders(str(error.name)))
        _explain_missing_template(error, places)


def _render(app: Flask, template: Template, context: dict[str, t.Any]) -> str:
    _prepare(app, template, context)
    text = _render_now(template, context)
    _rendered(app, template, context)
    return text


def _stream(app: Flask, template: Template, context: dict[str, t.Any]) -> t.Iterator[str]:
    _prepare(app, template, context)

    def generate() -> t.Iterator[str]:
        try:
            yield from template.generate(context)
        except TemplateNotFound as error:
            _explain(app, error)
            raise
        _rendered(app, template, context)

    stream = generate()
    return stream if _now()._top_request_ctx is None else stream_with_context(stream)


def _current() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def render_template(template_name_or_list: _TemplateName, **context: t.Any) -> str:
    """The text of a template.

    :param template_name_or_list: a name, a template, or a list of them, of which the first that exists is taken.
    :param context: the names that the template sees beside those of context processors, over which they win.
    :raises jinja2.TemplateNotFound: where there is no such template.
    """
    app = _current()
    try:
        return _render(app, app.jinja_env.get_or_select_template(template_name_or_list), context)
    except TemplateNotFound as error:
        _explain(app, error)
        raise


def render_template_string(source: str, **context: t.Any) -> str:
    """The text of a template given as text. It is escaped, unlike a template in a file whose name does not say HTML."""
    app = _current()
    try:
        return _render(app, app.jinja_env.from_string(source), context)
    except TemplateNotFound as error:
        _explain(app, error)
        raise


def stream_template(template_name_or_list: _TemplateName, **context: t.Any) -> t.Iterator[str]:
    """The text of a template in pieces, as a view may return them; the arguments are those of `render_template`.

    The template is found and given its context at once, rendered piece by piece, within the request's context.
    """
    app = _current()
    try:
        return _stream(app, app.jinja_env.get_or_select_template(template_name_or_list), context)
    except TemplateNotFound as error:
        _explain(app, error)
        raise


def stream_template_string(source: str, **context: t.Any) -> t.Iterator[str]:
    """The text of a template given as text, in pieces."""
    app = _current()
    try:
        return _stream(app, app.jinja_env.from_string(source), context)
    except TemplateNotFound as error:
        _explain(app, error)
        raise
