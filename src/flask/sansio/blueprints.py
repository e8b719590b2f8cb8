"""Blueprints: what would be registered on an app is recorded, then replayed whenever one registers the blueprint.

A blueprint never touches an app before it is registered, and never changes once it was.
"""

from __future__ import annotations

import os
import typing as t
from collections import defaultdict
from functools import wraps

from .. import typing as ft
from .app import T_serving, T_template_filter, T_template_global, T_template_test, T_while_serving
from .scaffold import (
    F,
    Scaffold,
    T_after_request,
    T_after_websocket,
    T_before_request,
    T_before_websocket,
    T_error_handler,
    T_teardown,
    T_template_context_processor,
    T_url_defaults,
    T_url_value_preprocessor,
    _decorator,
    _endpoint_from_view_func,
    _sentinel,
    setupmethod,
)

if t.TYPE_CHECKING:
    from .app import App

DeferredSetupFunction = t.Callable[["BlueprintSetupState"], None]

_TOO_LATE = (
    "The setup method {!r} can no longer be called on the blueprint {!r}. It has already been registered at least once,"
    " any changes will not be applied consistently.\n"
    "Make sure all imports, decorators, functions, etc. needed to set up the blueprint are done before registering it."
)
#: The tables that a blueprint adds to the app's, each under the blueprint's name.
_MERGED_HOOKS = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "before_websocket_funcs",
    "after_websocket_funcs",
    "teardown_websocket_funcs",
    "template_context_processors",
    "url_value_preprocessors",
    "url_default_functions",
)


def _join_prefixes(outer: str, inner: str) -> str:
    return f"{outer.rstrip('/')}/{inner.lstrip('/')}"


def _chosen(options: dict[str, t.Any], option: str, otherwise: t.Any) -> t.Any:
    """An option of a registration, unless it was left out or None."""
    value = options.get(option)
    return otherwise if value is None else value


class BlueprintSetupState:
    """One registration of a blueprint on an app, as the recorded functions see it.

    `options` are the keyword arguments of `register_blueprint`. `url_prefix`, `subdomain`, `url_defaults` and `name`
    are those in force here, `name_prefix` is the dotted name of the blueprint that this one is nested in.
    `first_registration` is false when this app has the blueprint already, under another name.
    """

    def __init__(self, blueprint: Blueprint, app: App, options: t.Any, first_registration: bool) -> None:
        self.app = app
        self.blueprint = blueprint
        self.options = options
        self.first_registration = first_registration
        self.subdomain: str | None = _chosen(options, "subdomain", blueprint.subdomain)
        self.url_prefix: str | None = _chosen(options, "url_prefix", blueprint.url_prefix)
        self.name: str = options.get("name", blueprint.name)
        self.name_prefix: str = options.get("name_prefix", "")
        self.url_defaults: dict[str, t.Any] = dict(blueprint.url_values_defaults)
        self.url_defaults.update(options.get("url_defaults", ()))

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        **options: t.Any,
    ) -> None:
        """Register a rule on the app, with the prefix, subdomain, defaults and qualified name of this registration."""
        if self.url_prefix is not None:
            rule = _join_prefixes(self.url_prefix, rule) if rule else self.url_prefix
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)
        options.setdefault("subdomain", self.subdomain)
        defaults = self.url_defaults
        if "defaults" in options:
            defaults = {**defaults, **options.pop("defaults")}
        self.app.add_url_rule(
            rule, f"{self.name_prefix}.{self.name}.{endpoint}".lstrip("."), view_func, defaults=defaults, **options
        )


class Blueprint(Scaffold):
    """A part of an application that is written apart from it and registered on it, once or under several names.

    `name` qualifies every endpoint (`name.endpoint`) and has no dot. `url_prefix`, `subdomain` and `url_defaults` hold
    for all its rules. `cli_group` names the group that its commands go to; None puts them beside the app's own.
    """

    _got_registered_once = False

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, t.Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = _sentinel,  # type: ignore[assignment]  # left out is not None
    ):
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        if not name:
            raise ValueError("'name' may not be empty.")
        if "." in name:
            raise ValueError("'name' may not contain a dot '.' character.")
        self.name = name
        self.cli_group = cli_group
        self.subdomain = subdomain
        self.url_prefix = url_prefix
        self.url_values_defaults: dict[str, t.Any] = {} if url_defaults is None else url_defaults
        self.deferred_functions: list[DeferredSetupFunction] = []
        self._blueprints: list[tuple[Blueprint, dict[str, t.Any]]] = []

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_registered_once:
            raise AssertionError(_TOO_LATE.format(f_name, self.name))

    # Recording

    @setupmethod
    def record(self, func: DeferredSetupFunction) -> None:
        """Have a function called with the `BlueprintSetupState` of each registration."""
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: DeferredSetupFunction) -> None:
        """Have a function called like `record` does, but only the first time that an app registers the blueprint."""

        @wraps(func)
        def first_only(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(first_only)

    def _record_hook(self, table: str, f: F) -> F:
        """Record that a function joins the app's own in one of its tables, and give the function back."""
        self.record_once(lambda state: getattr(state.app, table).setdefault(None, []).append(f))
        return f

    def _record_template_name(self, kind: str, f: t.Callable[..., t.Any], name: str | None) -> None:
        """Record that a function becomes one of the environment's `filters`, `tests` or `globals`."""
        self.record_once(lambda state: getattr(state.app.jinja_env, kind).__setitem__(name or f.__name__, f))

    def _record_error_handler(self, code: type[Exception] | int, f: ft.ErrorHandlerCallable) -> None:
        """Record that a function answers an error for the whole app."""

        def register(state: BlueprintSetupState) -> None:
            state.app.errorhandler(code)(f)

        self.record_once(register)

    # Replaying

    def make_setup_state(
        self, app: App, options: dict[str, t.Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """Make what the recorded functions are called with; override it to use a subclass of `BlueprintSetupState`."""
        return BlueprintSetupState(self, app, options, first_registration)

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: t.Any) -> None:
        """Nest a blueprint: it is registered whenever this one is, its name, prefix and subdomain within this one's."""
        if blueprint is self:
            raise ValueError("Cannot register a blueprint on itself")
        self._blueprints.append((blueprint, options))

    def register(self, app: App, options: dict[str, t.Any]) -> None:
        """Register everything recorded here on an app: what `register_blueprint` calls; override it to do more.

        Raises ValueError if the app has a blueprint of that (full) name already.
        """
        name = self._claim_name(app, options)
        # PERF: a blueprint new to every app is new to this one; only otherwise is the app's table searched.
        first = not self._got_registered_once or all(known is not self for known in app.blueprints.values())
        app.blueprints[name] = self
        self._got_registered_once = True
        state = self.make_setup_state(app, options, first)

        if self.has_static_folder:
            state.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                view_func=self.send_static_file,  # type: ignore[attr-defined]  # of whoever can serve files
                endpoint="static",
            )
        self._merge_blueprint_funcs(app, name)
        for deferred in self.deferred_functions:
            deferred(state)
        self._register_commands(app, name, options.get("cli_group", self.cli_group))
        for blueprint, own in self._blueprints:
            blueprint.register(app, self._nested_options(state, name, blueprint, own))

    def _claim_name(self, app: App, options: dict[str, t.Any]) -> str:
        """The full dotted name of a registration; ValueError if the app has it already."""
        own = options.get("name", self.name)
        name = f"{options.get('name_prefix', '')}.{own}".lstrip(".")
        if name in app.blueprints:
            holder = "this blueprint" if app.blueprints[name] is self else "a different blueprint"
            where = "" if own == name else f" '{name}'"
            raise ValueError(
                f"The name '{own}' is already registered for {holder}{where}. Use 'name=' to provide a unique name."
            )
        return name

    @staticmethod
    def _nested_options(
        state: BlueprintSetupState, name: str, blueprint: Blueprint, options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """The options of a nested registration: prefixes join as paths, subdomains with a dot, the outer one last."""
        subdomain = _chosen(options, "subdomain", blueprint.subdomain)
        url_prefix = _chosen(options, "url_prefix", blueprint.url_prefix)
        if state.subdomain is not None:
            subdomain = state.subdomain if subdomain is None else f"{subdomain}.{state.subdomain}"
        if state.url_prefix is not None:
            url_prefix = state.url_prefix if url_prefix is None else _join_prefixes(state.url_prefix, url_prefix)
        within = {"subdomain": subdomain, "url_prefix": url_prefix}
        told = {option: value for option, value in within.items() if value is not None}
        return {**options, **told, "name_prefix": name}

    def _register_commands(self, app: App, name: str, group: str | None) -> None:
        """Hand the blueprint's commands to the app: loose, or as a group of that name, which is the blueprint's own."""
        if "cli" not in self.__dict__ or not self.cli.commands:
            return
        if group is None:
            app.cli.commands.update(self.cli.commands)
        else:
            self.cli.name = name if group is _sentinel else group
            app.cli.add_command(self.cli)

    def _merge_blueprint_funcs(self, app: App, name: str) -> None:
        """Add the blueprint's hooks, handlers and endpoints to the app's tables, keyed by the registration's name."""

        def key(own: str | None) -> str:
            return name if own is None else f"{name}.{own}"

        for table in _MERGED_HOOKS:
            of_this = self.__dict__.get(table)
            if not of_this:  # many are never made
                continue
            of_app = getattr(app, table)
            for own, functions in of_this.items():
                of_app.setdefault(key(own), []).extend(functions)
        for own, by_code in self.error_handler_spec.items():
            app.error_handler_spec[key(own)] = defaultdict(
                dict, {code: dict(handlers) for code, handlers in by_code.items()}
            )
        app.view_functions.update(self.view_functions)

    # Rules, kept for later

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        if endpoint and "." in endpoint:
            raise ValueError("'endpoint' may not contain a dot '.' character.")
        if view_func and "." in getattr(view_func, "__name__", ""):
            raise ValueError("'view_func' name may not contain a dot '.' character.")
        self.record(
            lambda state: state.add_url_rule(
                rule, endpoint, view_func, provide_automatic_options=provide_automatic_options, **options
            )
        )

    # For the whole app

    @setupmethod
    def app_template_filter(self, name: str | None = None) -> t.Callable[[T_template_filter], T_template_filter]:
        """Decorate a template filter for the whole app: `Flask.template_filter`."""
        return _decorator(lambda f: self.add_app_template_filter(f, name=name))

    @setupmethod
    def add_app_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """Register a template filter for the whole app: `Flask.add_template_filter`."""
        self._record_template_name("filters", f, name)

    @setupmethod
    def app_template_test(self, name: str | None = None) -> t.Callable[[T_template_test], T_template_test]:
        """Decorate a template test for the whole app: `Flask.template_test`."""
        return _decorator(lambda f: self.add_app_template_test(f, name=name))

    @setupmethod
    def add_app_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Register a template test for the whole app: `Flask.add_template_test`."""
        self._record_template_name("tests", f, name)

    @setupmethod
    def app_template_global(self, name: str | None = None) -> t.Callable[[T_template_global], T_template_global]:
        """Decorate a function for every template of the app to call: `Flask.template_global`."""
        return _decorator(lambda f: self.add_app_template_global(f, name=name))

    @setupmethod
    def add_app_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """Register a function for every template of the app to call: `Flask.add_template_global`."""
        self._record_template_name("globals", f, name)

    @setupmethod
    def before_app_request(self, f: T_before_request) -> T_before_request:
        """Run a function before every request of the app: `Flask.before_request`."""
        return self._record_hook("before_request_funcs", f)

    @setupmethod
    def after_app_request(self, f: T_after_request) -> T_after_request:
        """Run a function on every response of the app: `Flask.after_request`."""
        return self._record_hook("after_request_funcs", f)

    @setupmethod
    def teardown_app_request(self, f: T_teardown) -> T_teardown:
        """Run a function when any request of the app ends: `Flask.teardown_request`."""
        return self._record_hook("teardown_request_funcs", f)

    @setupmethod
    def before_app_websocket(self, f: T_before_websocket) -> T_before_websocket:
        """Run a function before every WebSocket of the app: `Flask.before_websocket`."""
        return self._record_hook("before_websocket_funcs", f)

    @setupmethod
    def after_app_websocket(self, f: T_after_websocket) -> T_after_websocket:
        """Run a function after every WebSocket of the app: `Flask.after_websocket`."""
        return self._record_hook("after_websocket_funcs", f)

    @setupmethod
    def teardown_app_websocket(self, f: T_teardown) -> T_teardown:
        """Run a function when any WebSocket of the app ends: `Flask.teardown_websocket`."""
        return self._record_hook("teardown_websocket_funcs", f)

    @setupmethod
    def before_app_serving(self, f: T_serving) -> T_serving:
        """Run a function before a process serves the app: `Flask.before_serving`."""
        self.record_once(lambda state: state.app.before_serving_funcs.append(f))
        return f

    @setupmethod
    def while_app_serving(self, f: T_while_serving) -> T_while_serving:
        """Run a generator function while a process serves the app: `Flask.while_serving`."""
        self.record_once(lambda state: state.app.while_serving_gens.append(f))
        return f

    @setupmethod
    def after_app_serving(self, f: T_serving) -> T_serving:
        """Run a function after a process has served the app: `Flask.after_serving`."""
        self.record_once(lambda state: state.app.after_serving_funcs.append(f))
        return f

    @setupmethod
    def app_context_processor(self, f: T_template_context_processor) -> T_template_context_processor:
        """Add to the variables of every template of the app: `Flask.context_processor`."""
        return self._record_hook("template_context_processors", f)

    @setupmethod
    def app_url_value_preprocessor(self, f: T_url_value_preprocessor) -> T_url_value_preprocessor:
        """Run a function on the URL values of every request of the app: `Flask.url_value_preprocessor`."""
        return self._record_hook("url_value_preprocessors", f)

    @setupmethod
    def app_url_defaults(self, f: T_url_defaults) -> T_url_defaults:
        """Run a function before any URL of the app is built: `Flask.url_defaults`."""
        return self._record_hook("url_default_functions", f)

    @setupmethod
    def app_errorhandler(self, code: type[Exception] | int) -> t.Callable[[T_error_handler], T_error_handler]:
        """Decorate the function that answers an error anywhere in the app: `Flask.errorhandler`.

        A wrong code or class is reported when the blueprint is registered.
        """
        return _decorator(lambda f: self._record_error_handler(code, f))
