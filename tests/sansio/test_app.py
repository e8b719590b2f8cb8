from __future__ import annotations

import functools
import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import (
    Aborter,
    BadRequest,
    BadRequestKeyError,
    Forbidden,
    HTTPException,
    InternalServerError,
    NotFound,
)
from werkzeug.routing import BuildError, Map, Rule

from flask.config import Config
from flask.json.provider import DefaultJSONProvider
from flask.sansio.app import App

from .plain import SETTINGS, PlainApp, other_view, plain_app, plain_blueprint, rules, view

# What it is made of


def test_instance_path_must_be_absolute():
    """A relative instance path is refused, the empty one included."""
    for path in ("relative", ""):
        with pytest.raises(ValueError, match="If an instance path is provided it must be absolute"):
            plain_app(instance_path=path)


def test_instance_path_is_found(tmp_path, monkeypatch):
    """Without an instance path it is `instance` beside the code, or the prefix's `var/<name>-instance` if installed."""
    (tmp_path / "dewar_t_app.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert PlainApp("dewar_t_app", root_path="/r").instance_path == str(tmp_path / "instance")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    expected = tmp_path / "var" / "dewar_t_app-instance"
    assert PlainApp("dewar_t_app", root_path="/r").instance_path == str(expected)


def test_config_is_relative_to_instance(tmp_path):
    """Configuration files count from the root path, or from the instance path when that is asked for."""
    assert str(plain_app(instance_path=str(tmp_path)).config.root_path) == plain_app().root_path
    app = plain_app(instance_path=str(tmp_path), instance_relative_config=True)
    assert app.config.root_path == str(tmp_path)


def test_overridden_parts():
    """Each class that an app names is the one used, made by the method that a subclass may override."""

    class OwnConfig(Config):
        pass

    class OwnAborter(Aborter):
        pass

    class OwnMap(Map):
        pass

    class OwnRule(Rule):
        pass

    class OwnJSON(DefaultJSONProvider):
        pass

    class Own(PlainApp):
        config_class = OwnConfig
        aborter_class = OwnAborter
        url_map_class = OwnMap
        url_rule_class = OwnRule
        json_provider_class = OwnJSON

        def auto_find_instance_path(self):
            return "/found"

    app = Own("json", host_matching=True)
    app.add_url_rule("/", "e")
    assert type(app.config) is OwnConfig
    assert type(app.aborter) is OwnAborter
    assert type(app.json) is OwnJSON
    assert type(app.url_map) is OwnMap
    assert app.url_map.host_matching
    assert type(next(app.url_map.iter_rules())) is OwnRule
    assert app.instance_path == "/found"


def test_rule_class_may_be_a_function():
    """Anything that makes a rule can stand for the rule class, assigned on the app too."""
    app = plain_app()
    app.url_rule_class = functools.partial(Rule, strict_slashes=False)
    app.add_url_rule("/x/", "e")
    assert next(app.url_map.iter_rules()).strict_slashes is False


def test_settings_as_attributes():
    """`testing`, `secret_key` and `permanent_session_lifetime` are settings; seconds become a timedelta."""
    app = plain_app()
    assert (app.testing, app.secret_key, app.permanent_session_lifetime) == (False, None, timedelta(seconds=60))
    app.testing, app.secret_key, app.permanent_session_lifetime = True, "s", timedelta(days=1)
    assert (app.config["TESTING"], app.config["SECRET_KEY"]) == (True, "s")
    assert app.permanent_session_lifetime == app.config["PERMANENT_SESSION_LIFETIME"] == timedelta(days=1)


def test_defaults_are_not_shared():
    """Changing one app's settings or tables leaves the class, and every other app, as they were."""
    app = plain_app()
    app.config["TESTING"] = True
    app.extensions["x"] = 1
    app.teardown_appcontext(view)
    assert SETTINGS["TESTING"] is False
    assert plain_app().extensions == {}
    assert plain_app().teardown_appcontext_funcs == []


def test_name():
    """An app is named after its module."""
    assert plain_app().name == "json"


@pytest.mark.parametrize(("script", "name"), [("/x/y/program.py", "program"), (None, "__main__")])
def test_name_of_a_script(monkeypatch, tmp_path, script, name):
    """An app made in a script is named after the script's file; without a file it stays `__main__`."""
    monkeypatch.setattr(sys.modules["__main__"], "__file__", script, raising=False)
    app = PlainApp("__main__", root_path=str(tmp_path), instance_path=str(tmp_path))
    assert app.name == name
    assert app.logger.name == name


@pytest.mark.parametrize(("flag", "debug"), [("1", True), ("true", True), ("0", False), ("no", False), ("", False)])
def test_debug_from_the_environment(monkeypatch, flag, debug):
    """Debug mode starts as FLASK_DEBUG says, whatever the defaults of the class are."""
    monkeypatch.setenv("FLASK_DEBUG", flag)

    class Insisting(PlainApp):
        default_config = {**SETTINGS, "DEBUG": not debug}

    assert Insisting("json").debug is debug


def test_debug_reloads_templates():
    """Setting debug has templates reloaded, unless the setting for that says otherwise."""
    app = plain_app()
    app.debug = True
    assert app.config["DEBUG"] is True
    assert app.jinja_env.auto_reload is True
    app.debug = False
    assert app.jinja_env.auto_reload is False
    app.config["TEMPLATES_AUTO_RELOAD"] = False
    app.debug = True
    assert app.jinja_env.auto_reload is False


def test_environment_is_for_the_protocol_to_make():
    """An app of no protocol has no template environment, and says who must make it."""

    class Bare(App):
        default_config = SETTINGS

    with pytest.raises(NotImplementedError, match="Bare must make its own template environment"):
        Bare("json").jinja_env


@pytest.mark.parametrize(
    ("filename", "escaped"),
    [
        (None, True),
        ("a.html", True),
        ("a.htm", True),
        ("a.xml", True),
        ("a.xhtml", True),
        ("a.svg", True),
        ("a.txt", False),
        ("a.HTML", True),
        ("a.html.j2", False),
        ("", False),
    ],
)
def test_autoescape(filename, escaped):
    """Markup is escaped by its suffix, and whatever has no file name."""
    assert plain_app().select_jinja_autoescape(filename) is escaped


# Rules


def added(*args, **options):
    """The one rule that `add_url_rule` makes of its arguments: its methods, and what answers OPTIONS."""
    app = plain_app()
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = options.pop("setting", True)
    app.add_url_rule("/", *args, **options)
    rule = next(app.url_map.iter_rules())
    return sorted(rule.methods), rule.provide_automatic_options


def marked(**marks):
    def marked_view():
        return ""

    vars(marked_view).update(marks)
    return marked_view


@pytest.mark.parametrize(
    ("marks", "options", "methods", "automatic"),
    [
        ({}, {}, ["GET", "HEAD", "OPTIONS"], True),
        ({}, {"methods": ["post"]}, ["OPTIONS", "POST"], True),
        ({}, {"methods": ()}, ["OPTIONS"], True),
        ({}, {"methods": ["OPTIONS", "PUT"]}, ["OPTIONS", "PUT"], False),
        ({"methods": ["put"]}, {}, ["OPTIONS", "PUT"], True),
        ({"methods": ["put"]}, {"methods": ["GET"]}, ["GET", "HEAD", "OPTIONS"], True),
        ({"methods": None}, {}, ["GET", "HEAD", "OPTIONS"], True),
        ({"methods": ["GET", "OPTIONS"]}, {}, ["GET", "HEAD", "OPTIONS"], False),
        ({"required_methods": ["PATCH"]}, {"methods": ["POST"]}, ["OPTIONS", "PATCH", "POST"], True),
        ({"required_methods": ["OPTIONS"]}, {}, ["GET", "HEAD", "OPTIONS"], True),
        ({"provide_automatic_options": False}, {}, ["GET", "HEAD"], False),
        ({"provide_automatic_options": False}, {"provide_automatic_options": True}, ["GET", "HEAD"], True),
        ({"provide_automatic_options": True}, {"provide_automatic_options": False}, ["GET", "HEAD"], False),
        ({"provide_automatic_options": None}, {}, ["GET", "HEAD", "OPTIONS"], True),
        ({}, {"setting": False}, ["GET", "HEAD"], False),
        ({}, {"setting": False, "provide_automatic_options": True}, ["GET", "HEAD"], True),
        ({}, {"setting": False, "methods": ["OPTIONS"]}, ["OPTIONS"], False),
    ],
)
def test_methods(marks, options, methods, automatic):
    """Methods come from the argument, else the view, else GET; OPTIONS is automatic unless one of them forbids it."""
    assert added("e", marked(**marks), **options) == (methods, automatic)


@pytest.mark.parametrize("methods", ["GET", "POST", "get"])
def test_methods_as_a_string(methods):
    """A string is refused where a list of methods belongs, since its letters would be taken for methods."""
    with pytest.raises(TypeError, match="Allowed methods must be a list of strings, for example"):
        added("e", view, methods=methods)
    with pytest.raises(TypeError, match="Allowed methods must be a list of strings, for example"):
        added("e", marked(methods=methods))


def test_rule_options_reach_the_rule():
    """What an app does not know of a rule it hands to the rule class; unknown options are refused there."""
    app = plain_app()
    app.add_url_rule("/<int:a>", "e", defaults={"b": 1}, strict_slashes=False, subdomain="s", build_only=True)
    rule = next(app.url_map.iter_rules())
    assert (rule.defaults, rule.strict_slashes, rule.subdomain, rule.build_only) == ({"b": 1}, False, "s", True)
    with pytest.raises(TypeError, match="nonsense"):
        app.add_url_rule("/x", "x", nonsense=1)


def test_endpoint_of_a_rule():
    """An endpoint is the view's name unless named; a rule with neither is refused."""
    app = plain_app()
    app.add_url_rule("/a", view_func=view)
    app.add_url_rule("/b", "b", view)
    app.add_url_rule("/c", "c")
    assert rules(app) == {"/a": "view", "/b": "b", "/c": "c"}
    assert app.view_functions == {"view": view, "b": view}
    with pytest.raises(AssertionError, match="expected view func"):
        app.add_url_rule("/d")


def test_one_view_for_an_endpoint():
    """An endpoint keeps its view: the same one may come again, methods compared as equal; another is refused."""
    app = plain_app()

    class Holder:
        def method(self):
            return ""

    holder = Holder()
    app.add_url_rule("/1", "e", holder.method)
    app.add_url_rule("/2", "e", holder.method)
    with pytest.raises(AssertionError, match="View function mapping is overwriting an existing endpoint function: e"):
        app.add_url_rule("/3", "e", view)
    assert app.view_functions == {"e": holder.method}


def test_url_map_is_live():
    """Rules go to whatever map and views the app holds now."""
    app = plain_app()
    app.url_map, app.view_functions = Map(), {}
    app.add_url_rule("/x", "x", view)
    assert rules(app) == {"/x": "x"}
    assert app.view_functions == {"x": view}


def test_given_options_are_left_alone():
    """The lists and dicts that a rule was made with are not changed."""
    methods, defaults = ["get"], {"a": 1}
    plain_app().add_url_rule("/", "e", methods=methods, defaults=defaults)
    assert (methods, defaults) == (["get"], {"a": 1})


# Set-up is over after the first request

LATE = {
    "route": ("/",),
    "get": ("/",),
    "add_url_rule": ("/",),
    "endpoint": ("e",),
    "before_request": (view,),
    "after_request": (view,),
    "teardown_request": (view,),
    "context_processor": (view,),
    "url_value_preprocessor": (view,),
    "url_defaults": (view,),
    "errorhandler": (404,),
    "register_error_handler": (404, view),
    "register_blueprint": (plain_blueprint(),),
    "template_filter": (),
    "add_template_filter": (view,),
    "template_test": (),
    "add_template_test": (view,),
    "template_global": (),
    "add_template_global": (view,),
    "teardown_appcontext": (view,),
    "shell_context_processor": (view,),
}


@pytest.mark.parametrize("method", LATE)
def test_too_late(method):
    """After the first request every set-up method refuses, naming itself and what to do."""
    app = plain_app()
    app._got_first_request = True
    with pytest.raises(AssertionError) as raised:
        getattr(app, method)(*LATE[method])
    assert str(raised.value) == (
        f"The setup method '{method}' can no longer be called on the application. It has already handled its first"
        " request, any changes will not be applied consistently.\nMake sure all imports, decorators, functions, etc."
        " needed to set up the application are done before running it."
    )


def test_set_up_again():
    """An app whose mark of the first request is taken away can be set up again."""
    app = plain_app()
    app._got_first_request = True
    app._got_first_request = False
    app.add_url_rule("/", "e")
    assert rules(app) == {"/": "e"}


# Templates, contexts, the shell


@pytest.mark.parametrize(("kind", "table"), [("filter", "filters"), ("test", "tests"), ("global", "globals")])
def test_template_names(kind, table):
    """A filter, test or global is known to templates by its function's name or the one given, and given back."""
    app = plain_app()
    decorate = getattr(app, f"template_{kind}")
    assert decorate()(view) is view
    assert decorate("named")(view) is view
    assert decorate(name="keyword")(other_view) is other_view
    getattr(app, f"add_template_{kind}")(other_view)
    known = getattr(app.jinja_env, table)
    assert [known[name] for name in ("view", "named", "keyword", "other_view")] == [view, view, other_view, other_view]


def test_lists_of_functions():
    """Teardown functions of the app context and shell context processors are kept in order, and given back."""
    app = plain_app()
    assert app.teardown_appcontext(view) is view
    assert app.shell_context_processor(other_view) is other_view
    assert app.teardown_appcontext_funcs == [view]
    assert app.shell_context_processors == [other_view]


# Errors


def named(name):
    def handler(e):
        return name

    return handler


class Base(Exception):
    pass


class Derived(Base):
    pass


class OwnNotFound(NotFound):
    pass


KINDS = [Base, Derived, KeyError, NotFound, OwnNotFound, Forbidden, InternalServerError, HTTPException]
REGISTERED = [Exception, Base, LookupError, HTTPException, NotFound, OwnNotFound, InternalServerError]


def expected_handler(handlers, error, blueprints):
    """Sort all that could answer by how specific they are, and take the first."""
    code = error.code if isinstance(error, HTTPException) else None
    order = [*blueprints, None]
    mro = type(error).__mro__
    fitting = [
        (of_code is None, order.index(name), mro.index(kind), name, kind)
        for name, kind, of_code in handlers
        if name in order and kind in mro and of_code in (code, None)
    ]
    return min(fitting, key=lambda found: found[:3])[3:] if fitting else None


@given(
    st.lists(st.tuples(st.sampled_from([None, "a", "b", "a.c"]), st.sampled_from(REGISTERED)), unique=True),
    st.sampled_from(KINDS),
    st.sampled_from([[], ["a"], ["a.c", "a"], ["b"], ["unknown"]]),
)
def test_error_handler(registered, kind, blueprints):
    """Of all handlers that fit, a code's comes first, then the innermost blueprint's, then the nearest class's."""
    app = plain_app()
    handlers = []
    for name, handled in registered:
        _, code = app._get_exc_class_and_code(handled)
        app.error_handler_spec[name][code][handled] = named((name, handled))
        handlers.append((name, handled, code))
    error = kind()
    found = app._find_error_handler(error, blueprints)
    assert (found and found(error)) == expected_handler(handlers, error, blueprints)


def test_error_handler_is_found_in_live_tables():
    """Asking for a handler leaves the tables as they were; a handler taken out, or set to None, is not found."""
    app = plain_app()
    assert app._find_error_handler(NotFound(), ["b"]) is None
    assert app.error_handler_spec == {}
    app.register_error_handler(404, view)
    assert app._find_error_handler(NotFound(), ["b"]) is view
    app.error_handler_spec[None][404][NotFound] = None
    assert app._find_error_handler(NotFound(), ["b"]) is None
    app.error_handler_spec = {"b": {None: {Exception: other_view}}}
    assert app._find_error_handler(NotFound(), ["b"]) is other_view


def test_code_of_the_class_counts():
    """An exception is looked up by the status code of its class, not by one that was put on the instance."""
    app = plain_app()
    app.register_error_handler(403, view)
    error = NotFound()
    error.code = 403
    assert app._find_error_handler(error, []) is None


@pytest.mark.parametrize(
    ("settings", "trapped"),
    [
        ({}, []),
        ({"TRAP_HTTP_EXCEPTIONS": True}, [NotFound, BadRequest, BadRequestKeyError]),
        ({"TRAP_BAD_REQUEST_ERRORS": True}, [BadRequest, BadRequestKeyError]),
        ({"TRAP_BAD_REQUEST_ERRORS": False, "DEBUG": True}, []),
        ({"DEBUG": True}, [BadRequestKeyError]),
    ],
)
def test_trapped_errors(settings, trapped):
    """HTTP errors are trapped as the settings say; in debug mode a missing key is by default."""
    app = plain_app()
    app.config.update(settings)
    kinds = (NotFound, BadRequest, BadRequestKeyError)
    assert [kind for kind in kinds if app.trap_http_exception(kind())] == trapped


def test_no_error_is_ignored():
    """Teardown functions are told every exception, unless an app says otherwise."""
    assert plain_app().should_ignore_error(ValueError()) is False


# URLs


def test_redirect_uses_the_response_class():
    """A redirect is made with the app's response class, with 302 unless a code is given."""
    app = plain_app()

    class Own(app.response_class):
        pass

    app.response_class = Own
    response = app.redirect("/there", 303)
    assert isinstance(response, Own)
    assert (response.status_code, response.headers["Location"]) == (303, "/there")
    assert app.redirect("/there").status_code == 302


def test_url_defaults_of_an_endpoint():
    """URL defaults run for the app, then for each blueprint that the endpoint is in, from the outermost in."""
    app = plain_app()
    ran = []
    for name in ("a", None, "a.b", "other"):
        app.url_default_functions[name].append(lambda endpoint, values, name=name: ran.append((name, endpoint)))
    app.inject_url_defaults("a.b.view", {})
    assert ran == [(None, "a.b.view"), ("a", "a.b.view"), ("a.b", "a.b.view")]
    ran.clear()
    app.inject_url_defaults("view", {})
    assert ran == [(None, "view")]
    assert "unknown" not in app.url_default_functions


def test_url_defaults_change_the_values():
    """A URL default adds to the values in place, and a table replaced by a plain dict is read as it is."""
    app = plain_app()
    app.url_default_functions = {None: [lambda endpoint, values: values.setdefault("a", 1)]}
    values = {"b": 2}
    app.inject_url_defaults("x.view", values)
    assert values == {"a": 1, "b": 2}


def unbuildable(endpoint="e"):
    return BuildError(endpoint, {}, None, None)


def test_build_error_without_handlers():
    """A URL that cannot be built, and that nobody answers for, raises the very error."""
    error = unbuildable()
    app = plain_app()
    app.url_build_error_handlers.append(lambda error, endpoint, values: None)
    with pytest.raises(BuildError) as raised:
        app.handle_url_build_error(error, "e", {})
    assert raised.value is error


def test_build_error_handlers():
    """The first handler that does not give None answers; a BuildError that one raises is what the rest get."""
    app = plain_app()
    other = unbuildable("other")

    def raising(error, endpoint, values):
        raise other

    app.url_build_error_handlers += [raising, lambda error, endpoint, values: f"/{endpoint}/{error.endpoint}", raising]
    assert app.handle_url_build_error(unbuildable(), "e", {}) == "/e/other"
    app.url_build_error_handlers[1:] = []
    with pytest.raises(BuildError) as raised:
        app.handle_url_build_error(unbuildable(), "e", {})
    assert raised.value is other
    assert raised.value.__context__ is None


def test_build_error_handlers_may_answer_anything():
    """An empty string is an answer; any other exception of a handler goes through."""
    app = plain_app()
    app.url_build_error_handlers.append(lambda error, endpoint, values: "")
    assert app.handle_url_build_error(unbuildable(), "e", {}) == ""

    def failing(error, endpoint, values):
        raise ValueError("mine")

    app.url_build_error_handlers[:] = [failing]
    with pytest.raises(ValueError, match="mine"):
        app.handle_url_build_error(unbuildable(), "e", {})
