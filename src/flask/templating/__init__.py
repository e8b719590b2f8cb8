"""Templates for an app: how one is found, given its context, and rendered. What it may see is the app's to say.

Importing this does not import Jinja; the first template, or the first look at a class of Jinja's, does.
"""

from __future__ import annotations

import typing as t
from functools import cache
from types import ModuleType

from .._former import look_back
from ..debughelpers import _explain_missing_template
from ..globals import _app_if_any, _find_g, _now
from ..helpers import stream_with_context
from ..signals import before_render_template, template_rendered

if t.TYPE_CHECKING:
    from jinja2 import BaseLoader, Template

    from ..app import Flask
    from ._environment import DispatchingJinjaLoader as DispatchingJinjaLoader
    from ._environment import Environment as Environment

_OF_JINJA = {"BaseEnvironment", "BaseLoader", "DispatchingJinjaLoader", "Environment", "Template", "TemplateNotFound"}
_TemplateName: t.TypeAlias = "str | Template | list[str | Template]"


def _default_template_ctx_processor() -> dict[str, t.Any]:
    """What every template sees: ``g``, and with a request ``request``; the rest are globals of the environment."""
    context = _now()
    names: dict[str, t.Any] = {}
    if _app_if_any() is not None:
        names["g"] = _find_g()
    if context._top_request_ctx is not None:
        names["request"] = context._top_request_ctx.request
    return names


def _prepare(app: Flask, template: Template, context: dict[str, t.Any]) -> None:
    """Give a context what the app adds to it, then to whoever listens."""
    app.update_template_context(context)
    if before_render_template.receivers:
        before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _rendered(app: Flask, template: Template, context: dict[str, t.Any]) -> None:
    if template_rendered.receivers:
        template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _explain(app: Flask, error: Exception) -> None:
    """In debug mode, tell with a `TemplateNotFound` where was looked; what asks for it may be another template."""
    if not app.debug:
        return
    from jinja2 import TemplateNotFound

    from ._environment import DispatchingJinjaLoader

    if isinstance(error, TemplateNotFound):
        loader = app.jinja_env.loader
        places: list[tuple[object, BaseLoader | None]] = [(app, loader)]
        if isinstance(loader, DispatchingJinjaLoader):
            places = list(loader._iter_loaders(str(error.name)))
        _explain_missing_template(error, places)


def _render(app: Flask, template: Template, context: dict[str, t.Any]) -> str:
    _prepare(app, template, context)
    text: str = _of_jinja().render_now(template, context)
    _rendered(app, template, context)
    return text


def _stream(app: Flask, template: Template, context: dict[str, t.Any]) -> t.Iterator[str]:
    _prepare(app, template, context)

    def generate() -> t.Iterator[str]:
        try:
            yield from template.generate(context)
        except Exception as error:
            _explain(app, error)
            raise
        _rendered(app, template, context)

    stream = generate()
    return stream if _now()._top_request_ctx is None else stream_with_context(stream)


@cache
def _of_jinja() -> ModuleType:
    """The module that imports Jinja. PERF: an `import` in a function takes longer each time than to ask this."""
    from . import _environment

    return _environment


def _current() -> Flask:
    app: Flask = _now().app
    return app


def render_template(template_name_or_list: _TemplateName, **context: t.Any) -> str:
    """The text of a template.

    :param template_name_or_list: a name, a template, or a list of them, of which the first that exists is taken.
    :param context: the names that the template sees beside those of context processors, over which they win.
    :raises jinja2.TemplateNotFound: where there is no such template.
    """
    app = _current()
    try:
        return _render(app, app.jinja_env.get_or_select_template(template_name_or_list), context)
    except Exception as error:
        _explain(app, error)
        raise


def render_template_string(source: str, **context: t.Any) -> str:
    """The text of a template given as text. It is escaped, unlike a template in a file whose name does not say HTML."""
    app = _current()
    try:
        return _render(app, app.jinja_env.from_string(source), context)
    except Exception as error:
        _explain(app, error)
        raise


def stream_template(template_name_or_list: _TemplateName, **context: t.Any) -> t.Iterator[str]:
    """The text of a template in pieces, as a view may return them; the arguments are those of `render_template`.

    The template is found and given its context at once, rendered piece by piece, within the request's context.
    """
    app = _current()
    try:
        return _stream(app, app.jinja_env.get_or_select_template(template_name_or_list), context)
    except Exception as error:
        _explain(app, error)
        raise


def stream_template_string(source: str, **context: t.Any) -> t.Iterator[str]:
    """The text of a template given as text, in pieces."""
    app = _current()
    try:
        return _stream(app, app.jinja_env.from_string(source), context)
    except Exception as error:
        _explain(app, error)
        raise


if not t.TYPE_CHECKING:

    def __getattr__(name: str) -> t.Any:
        if name not in _OF_JINJA:
            return look_back(__name__, name)
        from . import _environment

        globals()[name] = found = getattr(_environment, name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *_OF_JINJA})
