from __future__ import annotations

import functools
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound

from flask.sansio.blueprints import BlueprintSetupState
from flask.templating import _default_template_ctx_processor

from .plain import PlainBlueprint, other_view, plain_app, plain_blueprint, rules, view

HOOKS = {
    "before_request": "before_request_funcs",
    "after_request": "after_request_funcs",
    "teardown_request": "teardown_request_funcs",
    "context_processor": "template_context_processors",
    "url_value_preprocessor": "url_value_preprocessors",
    "url_defaults": "url_default_functions",
}
APP_HOOKS = {
    "before_app_request": "before_request_funcs",
    "after_app_request": "after_request_funcs",
    "teardown_app_request": "teardown_request_funcs",
    "app_context_processor": "template_context_processors",
    "app_url_value_preprocessor": "url_value_preprocessors",
    "app_url_defaults": "url_default_functions",
}


def registered(blueprint, **options):
    app = plain_app()
    app.register_blueprint(blueprint, **options)
    return app


def only_rule(app):
    (rule,) = app.url_map.iter_rules()
    return rule


# Making one


@pytest.mark.parametrize(("name", "message"), [("", "empty"), (None, "empty"), ("a.b", "dot"), (".", "dot")])
def test_names(name, message):
    """A blueprint's name is neither empty nor dotted."""
    with pytest.raises(ValueError, match=f"'name' may not .* {message}|'name' may not be {message}"):
        plain_blueprint(name)


def test_url_defaults_are_kept_as_given():
    """The URL defaults that a blueprint was made with stay the caller's own dict."""
    defaults = {"a": 1}
    assert plain_blueprint(url_defaults=defaults).url_values_defaults is defaults
    assert plain_blueprint().url_values_defaults == {}


def test_repr():
    """A blueprint shows its class and name."""
    assert repr(plain_blueprint("x")) == "<PlainBlueprint 'x'>"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"endpoint": "a.b"}, "'endpoint' may not contain a dot '.' character."),
        ({"endpoint": "a", "view_func": "dotted"}, "'view_func' name may not contain a dot '.' character."),
        ({"view_func": "dotted"}, "'view_func' name may not contain a dot '.' character."),
    ],
)
def test_no_dots_in_rules(options, message):
    """Neither endpoint nor view may bring a dot, which would read as a further blueprint."""

    def dotted():
        return ""

    dotted.__name__ = "a.b"
    if "view_func" in options:
        options = {**options, "view_func": dotted}
    with pytest.raises(ValueError) as raised:
        plain_blueprint().add_url_rule("/", **options)
    assert str(raised.value) == message


def test_views_without_a_name():
    """A view without a name of its own needs an endpoint, which is missed only when the blueprint is registered."""
    blueprint = plain_blueprint()
    blueprint.add_url_rule("/", "e", functools.partial(view))
    assert rules(registered(blueprint)) == {"/": "b.e"}
    nameless = plain_blueprint()
    nameless.add_url_rule("/", view_func=functools.partial(view))
    with pytest.raises(AttributeError, match="__name__"):
        registered(nameless)


# Rules


@pytest.mark.parametrize(
    ("prefix", "rule", "full"),
    [
        (None, "/x", "/x"),
        ("/p", "/x", "/p/x"),
        ("/p/", "/x", "/p/x"),
        ("/p", "x", "/p/x"),
        ("/p", "", "/p"),
        ("/p/", "", "/p/"),
        ("/p", "/", "/p/"),
        ("/p", "//x", "/p/x"),
        ("//p//", "/x/", "//p/x/"),
        ("/", "/x", "/x"),
        ("", "x", "/x"),
    ],
)
def test_prefixes(prefix, rule, full):
    """A prefix and a rule join with one slash; an empty rule is the prefix itself."""
    blueprint = plain_blueprint(url_prefix=prefix)
    blueprint.add_url_rule(rule, "e")
    assert rules(registered(blueprint)) == {full: "b.e"}


@pytest.mark.parametrize(("prefix", "rule"), [("p", "/x"), ("", ""), (None, ""), (None, "x")])
def test_rules_start_with_a_slash(prefix, rule):
    """What prefix and rule make together must start with a slash."""
    blueprint = plain_blueprint(url_prefix=prefix)
    blueprint.add_url_rule(rule, "e")
    with pytest.raises(ValueError, match=r"URL rule '.*' must start with a slash\."):
        registered(blueprint)


@pytest.mark.parametrize(
    ("own", "given", "expected"),
    [
        ({"url_prefix": "/own"}, {}, "/own/x"),
        ({"url_prefix": "/own"}, {"url_prefix": "/given"}, "/given/x"),
        ({"url_prefix": "/own"}, {"url_prefix": None}, "/own/x"),
        ({"url_prefix": "/own"}, {"url_prefix": ""}, "/x"),
    ],
)
def test_prefix_of_a_registration(own, given, expected):
    """A registration's prefix replaces the blueprint's own, unless it is None."""
    blueprint = plain_blueprint(**own)
    blueprint.add_url_rule("/x", "e")
    assert rules(registered(blueprint, **given)) == {expected: "b.e"}


@pytest.mark.parametrize(
    ("own", "given", "of_rule", "expected"),
    [
        ({}, {}, {}, ""),
        ({"subdomain": "own"}, {}, {}, "own"),
        ({"subdomain": "own"}, {"subdomain": "given"}, {}, "given"),
        ({"subdomain": "own"}, {"subdomain": None}, {}, "own"),
        ({"subdomain": "own"}, {"subdomain": "given"}, {"subdomain": "rule"}, "rule"),
        ({"subdomain": "own"}, {}, {"subdomain": ""}, ""),
    ],
)
def test_subdomains(own, given, of_rule, expected):
    """A rule's subdomain is its own, else the registration's, else the blueprint's."""
    blueprint = plain_blueprint(**own)
    blueprint.add_url_rule("/x", "e", **of_rule)
    assert only_rule(registered(blueprint, **given)).subdomain == expected


@pytest.mark.parametrize(
    ("own", "given", "of_rule", "expected"),
    [
        ({}, {}, {}, {}),
        ({"url_defaults": {"a": 1, "b": 1, "c": 1}}, {"url_defaults": {"b": 2, "c": 2}}, {"defaults": {"c": 3}}, "123"),
        ({"url_defaults": {"a": 1}}, {"url_defaults": [("b", 2)]}, {"defaults": {"c": 3}}, "123"),
    ],
)
def test_url_defaults_of_rules(own, given, of_rule, expected):
    """Defaults add up, the rule's over the registration's over the blueprint's."""
    blueprint = plain_blueprint(**own)
    blueprint.add_url_rule("/x", "e", **of_rule)
    expected = dict(zip("abc", map(int, expected), strict=False)) if expected else {}
    assert only_rule(registered(blueprint, **given)).defaults == expected


def test_static_files():
    """A blueprint with a static folder gets a route for it within its prefix and subdomain, set late or early."""
    blueprint = plain_blueprint(url_prefix="/p", subdomain="s")
    blueprint.static_folder = "files"
    app = registered(blueprint)
    assert rules(app) == {"/p/files/<path:filename>": "b.static"}
    assert only_rule(app).subdomain == "s"
    assert app.view_functions["b.static"] == blueprint.send_static_file
    assert rules(registered(plain_blueprint(static_url_path="/x"))) == {}
    elsewhere = plain_blueprint(static_folder="files", static_url_path="x", url_prefix="/p")
    assert rules(registered(elsewhere)) == {"/p/x/<path:filename>": "b.static"}


# Names


def test_registered_under_another_name():
    """A registration's name replaces the blueprint's in every endpoint and table, dots included; "" is none."""
    for name, endpoint in (("new", "new.e"), ("with.dot", "with.dot.e"), ("", "e")):
        blueprint = plain_blueprint()
        blueprint.add_url_rule("/", "e")
        app = registered(blueprint, name=name)
        assert rules(app) == {"/": endpoint}
        assert app.blueprints == {name: blueprint}


def test_registered_twice():
    """A blueprint registered again needs another name, and is then there in full under both."""
    blueprint = plain_blueprint()
    blueprint.add_url_rule("/x", "e", view)
    blueprint.before_request(view)
    app = plain_app()
    app.register_blueprint(blueprint, url_prefix="/1")
    app.register_blueprint(blueprint, url_prefix="/2", name="c")
    assert rules(app) == {"/1/x": "b.e", "/2/x": "c.e"}
    assert app.before_request_funcs == {"b": [view], "c": [view]}
    assert list(app.iter_blueprints()) == [blueprint, blueprint]
    with pytest.raises(ValueError) as raised:
        app.register_blueprint(blueprint)
    assert str(raised.value) == (
        "The name 'b' is already registered for this blueprint. Use 'name=' to provide a unique name."
    )


def test_name_of_another():
    """A name that another blueprint holds is refused, and the table stays as it was."""
    first, second = plain_blueprint(), plain_blueprint()
    app = registered(first)
    with pytest.raises(ValueError) as raised:
        app.register_blueprint(second)
    assert str(raised.value) == (
        "The name 'b' is already registered for a different blueprint. Use 'name=' to provide a unique name."
    )
    assert app.blueprints == {"b": first}


@pytest.mark.parametrize(("same", "holder"), [(True, "this blueprint"), (False, "a different blueprint")])
def test_clash_of_nested_names(same, holder):
    """A clash of nested blueprints is told with the full name."""
    parent, child = plain_blueprint("p"), plain_blueprint("c")
    parent.register_blueprint(child)
    parent.register_blueprint(child if same else plain_blueprint("c"))
    with pytest.raises(ValueError) as raised:
        registered(parent)
    assert str(raised.value) == (
        f"The name 'c' is already registered for {holder} 'p.c'. Use 'name=' to provide a unique name."
    )


# Nesting


def test_nested_in_itself():
    """A blueprint cannot be nested in itself."""
    blueprint = plain_blueprint()
    with pytest.raises(ValueError, match="Cannot register a blueprint on itself"):
        blueprint.register_blueprint(blueprint)


def test_nested_names():
    """Nested blueprints are qualified by all the names above them, under every name of the outermost."""
    outer, middle, inner = plain_blueprint("o"), plain_blueprint("m"), plain_blueprint("i")
    inner.add_url_rule("/x", "e", view)
    inner.before_request(view)
    middle.register_blueprint(inner)
    middle.register_blueprint(inner, name="other", url_prefix="/other")
    outer.register_blueprint(middle)
    app = registered(outer, url_prefix="/1")
    app.register_blueprint(outer, name="again", url_prefix="/2")
    assert rules(app) == {
        "/1/x": "o.m.i.e",
        "/1/other/x": "o.m.other.e",
        "/2/x": "again.m.i.e",
        "/2/other/x": "again.m.other.e",
    }
    assert list(app.before_request_funcs) == ["o.m.i", "o.m.other", "again.m.i", "again.m.other"]
    assert list(app.blueprints) == ["o", "o.m", "o.m.i", "o.m.other", "again", "again.m", "again.m.i", "again.m.other"]


@pytest.mark.parametrize(
    ("outer", "inner", "nesting", "expected"),
    [
        (None, None, {}, "/x"),
        ("/o", None, {}, "/o/x"),
        (None, "/i", {}, "/i/x"),
        ("/o", "/i", {}, "/o/i/x"),
        ("/o/", "i/", {}, "/o/i/x"),
        ("/o", "/i", {"url_prefix": "/n"}, "/o/n/x"),
        ("/o", "/i", {"url_prefix": None}, "/o/i/x"),
        ("/o", "/i", {"url_prefix": ""}, "/o/x"),
        ("", "/i", {}, "/i/x"),
    ],
)
def test_nested_prefixes(outer, inner, nesting, expected):
    """The prefixes of nested blueprints join as paths, the outer one first."""
    parent, child = plain_blueprint("p", url_prefix=outer), plain_blueprint("c", url_prefix=inner)
    child.add_url_rule("/x", "e")
    parent.register_blueprint(child, **nesting)
    assert rules(registered(parent)) == {expected: "p.c.e"}


@pytest.mark.parametrize(
    ("outer", "inner", "registration", "nesting", "expected"),
    [
        (None, None, {}, {}, ""),
        ("o", None, {}, {}, "o"),
        (None, "i", {}, {}, "i"),
        ("o", "i", {}, {}, "i.o"),
        ("o", "i", {"subdomain": "r"}, {}, "i.r"),
        ("o", "i", {}, {"subdomain": "n"}, "n.o"),
        ("o", "i", {"subdomain": "r"}, {"subdomain": "n"}, "n.r"),
        ("o", None, {"subdomain": None}, {"subdomain": None}, "o"),
        ("o", "", {}, {}, ".o"),
    ],
)
def test_nested_subdomains(outer, inner, registration, nesting, expected):
    """The subdomains of nested blueprints join with a dot, the outer one last."""
    parent, child = plain_blueprint("p", subdomain=outer), plain_blueprint("c", subdomain=inner)
    child.add_url_rule("/x", "e")
    parent.register_blueprint(child, **nesting)
    assert only_rule(registered(parent, **registration)).subdomain == expected


def test_nested_url_defaults():
    """URL defaults of an outer blueprint are not those of the blueprints in it."""
    parent, child = plain_blueprint("p", url_defaults={"p": 1}), plain_blueprint("c", url_defaults={"c": 1})
    child.add_url_rule("/x", "e")
    parent.register_blueprint(child, url_defaults={"n": 1})
    assert only_rule(registered(parent, url_defaults={"r": 1})).defaults == {"c": 1, "n": 1}


def test_nesting_options_are_left_alone():
    """Registering a blueprint does not change what its nested ones were registered with."""
    parent, child = plain_blueprint("p", url_prefix="/p"), plain_blueprint("c")
    parent.register_blueprint(child, url_prefix="/n")
    registered(parent)
    registered(parent, name="other")
    assert parent._blueprints == [(child, {"url_prefix": "/n"})]


@given(st.lists(st.sampled_from([None, "/a", "/b/", "c", ""]), min_size=1, max_size=4))
def test_depth_does_not_matter(prefixes):
    """However deep, a nested blueprint's prefix is what one blueprint has whose prefix was joined beforehand."""
    prefixes = ["/root", *prefixes]
    blueprints = [plain_blueprint(f"b{depth}", url_prefix=prefix) for depth, prefix in enumerate(prefixes)]
    blueprints[-1].add_url_rule("/x", "e")
    for parent, child in pairwise(blueprints):
        parent.register_blueprint(child)
    parts = [prefix.strip("/") for prefix in prefixes if prefix]
    app = registered(blueprints[0])
    assert rules(app) == {f"/{'/'.join(parts)}/x": ".".join(blueprint.name for blueprint in blueprints) + ".e"}


# Recording


def test_recorded_functions_see_the_registration():
    """A recorded function gets each registration's state: options, names, and whether it is the app's first."""
    states, once = [], []
    blueprint = plain_blueprint(url_prefix="/b", subdomain="s", url_defaults={"a": 1})
    blueprint.record(states.append)
    blueprint.record_once(once.append)
    app = registered(blueprint, extra=5)
    app.register_blueprint(blueprint, name="c", url_prefix="/c", url_defaults={"b": 2})
    first, second = states
    assert once == [first]
    assert (first.app, first.blueprint, first.options, first.first_registration) == (app, blueprint, {"extra": 5}, True)
    assert (first.name, first.name_prefix, first.url_prefix, first.subdomain) == ("b", "", "/b", "s")
    assert (second.name, second.url_prefix, second.first_registration) == ("c", "/c", False)
    assert second.url_defaults == {"a": 1, "b": 2}
    assert blueprint.url_values_defaults == {"a": 1}


def test_first_registration_is_one_for_each_app():
    """What is recorded once runs once on every app that registers the blueprint."""
    apps = []
    blueprint = plain_blueprint()
    blueprint.record_once(lambda state: apps.append(state.app))
    first, second = registered(blueprint), registered(blueprint)
    first.register_blueprint(blueprint, name="again")
    assert apps == [first, second]


def test_order_of_registration():
    """The blueprint is in the app's tables when its recorded functions run; nested ones come after all of them."""
    seen = []
    parent, child = plain_blueprint("p"), plain_blueprint("c")
    parent.register_blueprint(child)
    child.record(lambda state: seen.append(list(state.app.blueprints)))
    parent.record(lambda state: seen.append((list(state.app.blueprints), list(state.app.before_request_funcs))))
    parent.before_request(view)
    registered(parent)
    assert seen == [(["p"], ["p"]), ["p", "p.c"]]


def test_state_adds_rules_as_it_is_now():
    """A state's rules follow its attributes, which recorded functions may change."""
    app = plain_app()
    state = plain_blueprint(url_prefix="/p").make_setup_state(app, {"name": "n", "name_prefix": "outer"})
    state.add_url_rule("/1", view_func=view)
    state.url_prefix = None
    state.add_url_rule("/2", "e")
    state.name = state.name_prefix = ""
    state.add_url_rule("/3", "e")
    assert rules(app) == {"/p/1": "outer.n.view", "/2": "outer.n.e", "/3": "e"}
    with pytest.raises(AssertionError, match="expected view func"):
        state.add_url_rule("/4")


def test_own_setup_state():
    """A subclass may register with a state of its own, through which every rule goes."""
    heard = []

    class State(BlueprintSetupState):
        def add_url_rule(self, rule, endpoint=None, view_func=None, **options):
            heard.append((rule, endpoint, options))
            super().add_url_rule(rule, endpoint, view_func, **options)

    class Own(PlainBlueprint):
        def make_setup_state(self, app, options, first_registration=False):
            return State(self, app, options, first_registration)

    blueprint = Own("b", "json", static_folder="s")
    blueprint.add_url_rule("/x", "e", None, True, methods=["GET"])
    registered(blueprint)
    assert heard == [
        ("/s/<path:filename>", "static", {}),
        ("/x", "e", {"provide_automatic_options": True, "methods": ["GET"]}),
    ]


def test_overridden_methods_are_called():
    """Registering goes through the methods that subclasses override, of nested blueprints too."""
    log = []

    class Own(PlainBlueprint):
        def register(self, app, options):
            log.append((self.name, "register", options))
            super().register(app, options)

        def _merge_blueprint_funcs(self, app, name):
            log.append((self.name, "merge", name))
            super()._merge_blueprint_funcs(app, name)

    parent, child = Own("p", "json", url_prefix="/p"), Own("c", "json")
    parent.register_blueprint(child)
    registered(parent, extra=1)
    assert log == [
        ("p", "register", {"extra": 1}),
        ("p", "merge", "p"),
        ("c", "register", {"url_prefix": "/p", "name_prefix": "p"}),
        ("c", "merge", "p.c"),
    ]


# Hooks


@pytest.mark.parametrize(("method", "table"), HOOKS.items())
def test_hooks_are_merged(method, table):
    """A blueprint's hooks join the app's table under the name of each registration, after what is there."""
    blueprint = plain_blueprint()
    getattr(blueprint, method)(view)
    getattr(blueprint, table)["sub"].append(other_view)
    app = plain_app()
    getattr(app, table)["b"].append(other_view)
    app.register_blueprint(blueprint)
    own = [_default_template_ctx_processor] if method == "context_processor" else []
    assert getattr(app, table)["b"] == [other_view, *own, view]
    assert getattr(app, table)["b.sub"] == [other_view]
    assert view not in getattr(app, table).get(None, [])


def test_merged_tables_are_the_apps_own():
    """Later changes of a blueprint's tables do not reach the app, nor the app's the blueprint."""
    blueprint = plain_blueprint()
    blueprint.before_request(view)
    blueprint.errorhandler(404)(view)
    app = registered(blueprint)
    blueprint.before_request_funcs[None].append(other_view)
    blueprint.error_handler_spec[None][404][KeyError] = other_view
    assert app.before_request_funcs == {"b": [view]}
    assert app.error_handler_spec == {"b": {404: {NotFound: view}}}
    app.error_handler_spec["b"][500][KeyError] = view
    assert 500 not in blueprint.error_handler_spec[None]


def test_handlers_and_endpoints_are_merged():
    """A blueprint's error handlers become those of its name, replacing what was there; its bare endpoints the app's."""
    blueprint = plain_blueprint()
    blueprint.register_error_handler(404, view)
    blueprint.endpoint("e")(view)
    app = plain_app()
    app.error_handler_spec["b"][403][KeyError] = other_view
    app.view_functions["e"] = other_view
    app.register_blueprint(blueprint)
    assert app.error_handler_spec == {"b": {404: {NotFound: view}}}
    assert app.view_functions == {"e": view}


def test_empty_blueprint_leaves_no_trace():
    """A blueprint without hooks adds no entry to the tables of hooks, so that they stay empty and cheap."""
    app = registered(plain_blueprint())
    for table in HOOKS.values():
        if table != "template_context_processors":
            assert getattr(app, table) == {}
    assert app.error_handler_spec == {}


# For the whole app


@pytest.mark.parametrize(("method", "table"), APP_HOOKS.items())
def test_app_hooks(method, table):
    """An app-wide hook joins the app's own under None, once however often the blueprint is registered."""
    blueprint = plain_blueprint()
    assert getattr(blueprint, method)(view) is view
    app = registered(blueprint)
    app.register_blueprint(blueprint, name="again")
    assert getattr(app, table)[None].count(view) == 1
    replaced = plain_app()
    setattr(replaced, table, {})
    replaced.register_blueprint(blueprint)
    assert getattr(replaced, table)[None] == [view]


def test_app_error_handlers():
    """An app-wide error handler is the app's own; what it is for is checked when the blueprint is registered."""
    blueprint = plain_blueprint()
    assert blueprint.app_errorhandler(404)(view) is view
    assert blueprint.app_errorhandler(KeyError)(view) is view
    assert registered(blueprint).error_handler_spec == {None: {404: {NotFound: view}, None: {KeyError: view}}}
    wrong = plain_blueprint()
    wrong.app_errorhandler(999)(view)
    with pytest.raises(ValueError, match="'999' is not a recognized HTTP error code"):
        registered(wrong)


@pytest.mark.parametrize(("kind", "table"), [("filter", "filters"), ("test", "tests"), ("global", "globals")])
def test_app_template_names(kind, table):
    """An app-wide filter, test or global is the app's, by the function's name or the one given, and given back."""
    blueprint = plain_blueprint()
    decorate = getattr(blueprint, f"app_template_{kind}")
    assert decorate()(view) is view
    assert decorate("named")(view) is view
    getattr(blueprint, f"add_app_template_{kind}")(other_view)
    getattr(blueprint, f"add_app_template_{kind}")(other_view, name="other")
    known = getattr(registered(blueprint).jinja_env, table)
    assert [known[name] for name in ("view", "named", "other_view", "other")] == [view, view, other_view, other_view]


# Commands


@pytest.mark.parametrize(
    ("own", "given", "commands"),
    [
        ({}, {}, {"b": ["run-it"]}),
        ({}, {"name": "new"}, {"new": ["run-it"]}),
        ({"cli_group": "own"}, {}, {"own": ["run-it"]}),
        ({"cli_group": "own"}, {"cli_group": "given"}, {"given": ["run-it"]}),
        ({"cli_group": None}, {"cli_group": "given"}, {"given": ["run-it"]}),
        ({"cli_group": None}, {}, {"run-it": None}),
        ({"cli_group": "own"}, {"cli_group": None}, {"run-it": None}),
    ],
)
def test_commands(own, given, commands):
    """A blueprint's commands form a group of its name or of `cli_group`; None puts them beside the app's."""
    blueprint = plain_blueprint(**own)
    assert blueprint.cli.name == "b"
    blueprint.cli.command("run-it")(view)
    app = registered(blueprint, **given)
    assert {
        name: sorted(found.commands) if hasattr(found, "commands") else None for name, found in app.cli.commands.items()
    } == commands


def test_no_commands_no_group():
    """A blueprint without commands adds no group; nested ones are named in full."""
    parent, child = plain_blueprint("p"), plain_blueprint("c")
    child.cli.command("run-it")(view)
    parent.register_blueprint(child)
    assert list(registered(parent).cli.commands) == ["p.c"]


# Set-up is over once registered

LATE = {
    "route": ("/",),
    "get": ("/",),
    "add_url_rule": ("/",),
    "endpoint": ("e",),
    **dict.fromkeys((*HOOKS, *APP_HOOKS), (view,)),
    "errorhandler": (404,),
    "register_error_handler": (404, view),
    "register_blueprint": (plain_blueprint("c"),),
    "record": (view,),
    "record_once": (view,),
    "app_errorhandler": (404,),
    "app_template_filter": (),
    "add_app_template_filter": (view,),
    "app_template_test": (),
    "add_app_template_test": (view,),
    "app_template_global": (),
    "add_app_template_global": (view,),
}


@pytest.mark.parametrize("method", LATE)
def test_too_late(method):
    """Once registered anywhere, every set-up method of a blueprint refuses, naming itself, it and what to do."""
    blueprint = plain_blueprint()
    registered(blueprint)
    with pytest.raises(AssertionError) as raised:
        getattr(blueprint, method)(*LATE[method])
    assert str(raised.value) == (
        f"The setup method '{method}' can no longer be called on the blueprint 'b'. It has already been registered at"
        " least once, any changes will not be applied consistently.\nMake sure all imports, decorators, functions, etc."
        " needed to set up the blueprint are done before registering it."
    )


def test_too_late_while_registering():
    """A recorded function cannot record more."""
    blueprint = plain_blueprint()
    blueprint.record(lambda state: blueprint.record(view))
    with pytest.raises(AssertionError, match="'record' can no longer be called on the blueprint 'b'"):
        registered(blueprint)
