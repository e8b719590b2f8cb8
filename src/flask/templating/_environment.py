"""What is made of Jinja's classes: the environment, the loader, and how a template's text is made. No request is known.

It stands apart so that an app that renders nothing never imports Jinja; users find the classes one floor up.
"""

from __future__ import annotations

import sys
import typing as t
from collections import ChainMap
from types import FunctionType, MethodType

import jinja2.debug
import jinja2.environment
from jinja2 import BaseLoader, Template, TemplateNotFound, TemplatesNotFound
from jinja2 import Environment as BaseEnvironment
from jinja2.filters import do_urlencode
from jinja2.runtime import Context
from jinja2.utils import LRUCache, internalcode

from .._contracts import stock
from .._unicode import well_formed_within
from ..debughelpers import _explain_missing_template, explain_template_loading_attempts
from ..globals import _now, _SessionProxy
from ._kept import KeptTemplates
from ._output import QuickTemplate

if t.TYPE_CHECKING:
    from types import TracebackType

    from ..debughelpers import _Source
    from ..sansio.app import App
    from ..sansio.scaffold import Scaffold


class _Context(Context):
    """Jinja's context, which calls what is plainly a function without asking what else it could be."""

    def __init__(
        self,
        environment: BaseEnvironment,
        parent: dict[str, t.Any],
        name: str | None,
        blocks: dict[str, t.Callable[[Context], t.Iterator[str]]],
        globals: t.MutableMapping[str, t.Any] | None = None,
    ) -> None:
        # PERF: to go through the keys of a ChainMap takes longer than all the rest.
        if type(globals) is ChainMap:
            super().__init__(environment, parent, name, blocks)
            self.globals_keys = set().union(*globals.maps)
        else:
            super().__init__(environment, parent, name, blocks, globals)

    # The two named arguments are what Jinja passes for the sake of functions that take the context.
    @internalcode
    def call(
        self, obj: t.Any, /, *args: t.Any, _block_vars: t.Any = None, _loop_vars: t.Any = None, **kwargs: t.Any
    ) -> t.Any:
        function = obj.__func__ if type(obj) is MethodType else obj
        if type(function) is not FunctionType or "jinja_pass_arg" in function.__dict__:
            return super().call(obj, *args, _block_vars=_block_vars, _loop_vars=_loop_vars, **kwargs)
        try:
            if function is stock.url_for and len(args) == 1 and _url_options.isdisjoint(kwargs):
                # PERF: what it goes on with, without collecting the arguments again: a third of the time of a link.
                return stock._url_within(obj.__self__, _now(), args[0], kwargs, None, None, None, None)
            return obj(*args, **kwargs)
        except StopIteration:
            return super().call(_exhausted)


_url_options = frozenset(["_anchor", "_method", "_scheme", "_external", "endpoint"])


def _exhausted() -> t.NoReturn:
    raise StopIteration


_jinja_getattr = BaseEnvironment.getattr
_of_dicts = dict.fromkeys(dir(dict))  # PERF: a dict is asked in half the time of a set
_of_proxies = frozenset(dir(_SessionProxy))
_missing: t.Any = object()


def _urlencode(value: t.Any) -> str:
    """Jinja's filter `urlencode`, which does not fail at half of a character."""
    try:
        return do_urlencode(value)
    except UnicodeEncodeError:
        return do_urlencode(well_formed_within(value))


class Environment(BaseEnvironment):
    """A Jinja environment that knows its app, and loads from the folders of the app and of its blueprints."""

    context_class: type[Context] = _Context
    template_class: type[Template] = QuickTemplate

    # Jinja leaves these without types.
    filters: dict[str, t.Callable[..., t.Any]]
    globals: dict[str, t.Any]

    def getattr(self, obj: t.Any, attribute: str) -> t.Any:
        """What a template means by `obj.attribute`: the attribute, else the item, else an undefined value."""
        if BaseEnvironment.getattr is not _jinja_getattr or not self._looks_up_plainly:
            return super().getattr(obj, attribute)
        # PERF: an error that is raised for want of an attribute takes as long as ten look-ups, and dicts have theirs
        # from their class; most other objects are asked without one.
        if type(obj) is not dict or attribute in _of_dicts:
            asked = obj
            if type(obj) is _SessionProxy and attribute not in _of_proxies:
                asked = _now()._top_session  # a proxy cannot but raise the error
            found = getattr(asked, attribute, _missing)
            if found is not _missing:
                return found
        try:
            return obj[attribute]
        except (TypeError, LookupError, AttributeError):
            return self.undefined(obj=obj, name=attribute)

    def handle_exception(self, source: str | None = None) -> t.NoReturn:
        """Raise the current error again, with the template's lines in its traceback, as Jinja does."""
        try:
            super().handle_exception(source)
        finally:
            _part(sys.exc_info()[2])

    def __init__(self, app: App, **options: t.Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        # Another base class may look attributes up in a way of its own, as a sandbox does.
        self._looks_up_plainly = t.cast(t.Any, super().getattr).__func__ is _jinja_getattr
        cache: t.Any = self.cache
        if type(cache) is LRUCache:
            self.cache = t.cast("t.Any", KeptTemplates(cache.capacity))
        self.filters["urlencode"] = _urlencode
        self.app = app

    def select_template(self, names: t.Any, parent: str | None = None, globals: t.Any = None) -> Template:
        """As `jinja2.Environment.select_template`; in debug mode the error says where each was looked for."""
        try:
            return super().select_template(names, parent, globals)
        except TemplatesNotFound as error:
            if self.app.debug and isinstance(self.loader, DispatchingJinjaLoader):
                _explain_missing_template(error, list(self.loader._iter_loaders("")))
            raise


# Endings that say by what a template is rendered, behind the one that says what comes of it.
_OF_TEMPLATES = frozenset({"j2", "jinja", "jinja2"})


class DispatchingJinjaLoader(BaseLoader):
    """Asks the loader of the app, then those of the blueprints in the order in which they were registered."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._warned: set[str] = set()

    def get_source(self, environment: BaseEnvironment, template: str) -> _Source:
        """The source from the first loader that has the template, or `jinja2.TemplateNotFound`."""
        explain = self.app.config["EXPLAIN_TEMPLATE_LOADING"]
        source = (self._get_source_explained if explain else self._get_source_fast)(environment, template)
        if self.app.debug:
            self._warn_unescaped(environment, template)
        return source

    def _get_source_fast(self, environment: BaseEnvironment, template: str) -> _Source:
        for _, loader in self._iter_loaders(template):
            try:
                return loader.get_source(environment, template)
            except TemplateNotFound:
                continue
        raise self._missing(template)

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
        raise self._missing(template)

    def _warn_unescaped(self, environment: BaseEnvironment, template: str) -> None:
        """Tell, once, of a template that says HTML by its name and yet is not escaped."""
        page, _, ending = template.lower().rpartition(".")
        if ending not in _OF_TEMPLATES or not self.app.select_jinja_autoescape(page) or template in self._warned:
            return
        escapes = environment.autoescape
        if not (escapes(template) if callable(escapes) else escapes):
            self._warned.add(template)
            self.app.logger.warning(
                "The template %r is not escaped: Flask goes by the end of the name. Name it %r, or say '{%% autoescape"
                " true %%}' in it, or override 'select_jinja_autoescape' of the application.",
                template,
                template[: len(page)],
            )

    def _missing(self, template: str) -> TemplateNotFound:
        error = TemplateNotFound(template)
        if self.app.debug:
            _explain_missing_template(error, list(self._iter_loaders(template)))
        return error

    def _iter_loaders(self, template: str) -> t.Iterator[tuple[Scaffold, BaseLoader]]:
        owners: tuple[Scaffold, ...] = (self.app, *self.app.iter_blueprints())
        for owner in owners:
            if (loader := owner.jinja_loader) is not None:
                yield owner, loader

    def list_templates(self) -> list[str]:
        """The names that any of the loaders has, each once, in order."""
        return sorted({name for _, loader in self._iter_loaders("") for name in loader.list_templates()})


def _part(tb: TracebackType | None) -> None:
    """Part a traceback that Jinja rewrote from its error, lest they, and with them the request, keep each other alive.

    The frame that stands for a template's line has the error among its globals; those that made it, which have ended
    but are known to it, among their locals.
    """
    while tb is not None:
        if tb.tb_frame.f_globals.pop("__jinja_exception__", None) is not None:
            frame = tb.tb_frame.f_back
            while frame is not None and frame.f_globals is vars(jinja2.debug):
                frame.clear()
                frame = frame.f_back
        tb = tb.tb_next


def _own(function: t.Any) -> t.Any:
    """Jinja's own function, or none if something replaced it before we were imported."""
    return function if type(function) is FunctionType and function.__globals__ is vars(jinja2.environment) else None


_jinja_render = _own(Template.render)
_jinja_new_context = _own(Template.new_context)


def render_now(template: Template, context: dict[str, t.Any]) -> str:
    """What ``template.render(context)`` gives.

    PERF: Jinja copies a template's globals for each rendering out of a `ChainMap`, key by key, and then their names
    again; two dicts put together take a tenth. Only where this is Jinja's own way and not asynchronous.
    """
    environment, kind = template.environment, type(template)
    if (
        environment.is_async
        or kind.render is not _jinja_render
        or kind.new_context is not _jinja_new_context
        or "render" in template.__dict__
    ):
        return template.render(context)
    layers: t.Any = getattr(template.globals, "maps", (template.globals,))
    names: dict[str, t.Any] = layers[-1]
    if len(layers) > 2 or layers[0]:  # mostly a template has no globals of its own
        names = {}
        for layer in reversed(layers):
            names.update(layer)
    kind_of_context = environment.context_class  # PERF: a call of a class by its attribute is not specialised
    seen = kind_of_context(environment, {**names, **context}, template.name, template.blocks, globals=names)
    try:
        return environment.concat(template.root_render_func(seen))
    except Exception:  # noqa: BLE001 - Jinja raises it again, with the template's lines in the traceback
        environment.handle_exception()


Environment.__module__ = DispatchingJinjaLoader.__module__ = "flask.templating"  # where they are imported from
