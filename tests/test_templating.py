from __future__ import annotations

import collections
import functools
import os
import types
import typing as t

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import pass_context, pass_environment, pass_eval_context
from jinja2.sandbox import SandboxedEnvironment, SecurityError

import flask
from flask import (
    Blueprint,
    Flask,
    before_render_template,
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
    template_rendered,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.templating import DispatchingJinjaLoader, Environment, _default_template_ctx_processor

FILES = {
    "base.html": "<{% block title %}base{% endblock %}>{% block body %}{% endblock %}{{ site }}",
    "page.html": (
        '{% extends "base.html" %}{% import "macros.html" as plain %}{% from "macros.html" import say with context %}'
        "{% block title %}{{ super() }}+{{ title }}{% endblock %}"
        "{% block body %}{{ plain.say(1) }}{{ say(2) }}{% for i in items %}{{ loop.index }}{{ i }}{% endfor %}"
        '{% set local = 5 %}{% include "part.html" %}{% include "part.html" without context %}{{ self.title() }}'
        "{{ nothing }}{% endblock %}"
    ),
    "macros.html": "{% macro say(x) %}say {{ x }} {{ title }} {{ site }}.{% endmacro %}{% set number = 5 %}",
    "part.html": "[{{ title }}|{{ site }}]",
    "wrong.html": "first line\n{{ 1 / 0 }}",
    "text.txt": "{{ title }}",
}


@pytest.fixture
def app(tmp_path):
    (tmp_path / "templates").mkdir()
    for name, source in FILES.items():
        (tmp_path / "templates" / name).write_text(source)
    app = Flask("json", root_path=str(tmp_path), static_folder=None)
    app.jinja_env.globals["site"] = "S"
    return app


@pytest.fixture
def sent():
    """The signals about templates: which, with what."""
    records = []

    def listener(name):
        def listen(sender, template, context, **extra):
            records.append((name, sender, template, dict(context)))

        return listen

    before, after = listener("before"), listener("after")
    with before_render_template.connected_to(before), template_rendered.connected_to(after):
        yield records


# ---- rendering


def test_a_template_is_rendered_with_its_context(app):
    """Inheritance, imports, includes, macros and globals give what they give in Jinja."""
    with app.app_context():
        assert render_template("page.html", title="T", items="ab") == (
            "<base+T>say 1  S.say 2 T S.1a2b[T|S][|S]base+TS"
        )


def test_a_template_needs_an_app():
    """Without a context each function says how to get one."""
    for function in (render_template, render_template_string, stream_template, stream_template_string):
        with pytest.raises(RuntimeError, match="outside of application context"):
            function("a")


def test_the_first_template_that_exists_is_taken(app):
    """A list gives alternatives, by name or as templates; where none exists the error has all names."""
    with app.app_context():
        assert render_template(["none.html", "part.html"], title=1) == "[1|S]"
        assert render_template(app.jinja_env.from_string("own {{ x }}"), x=1) == "own 1"
        assert render_template([app.jinja_env.from_string("own")]) == "own"
        with pytest.raises(jinja2.TemplateNotFound, match=r"none\.html"):
            render_template("none.html")
        with pytest.raises(jinja2.TemplatesNotFound, match="a, b"):
            render_template(["a", "b"])
        with pytest.raises(jinja2.TemplatesNotFound, match="empty list"):
            render_template([])


def test_html_is_escaped(app):
    """In files that say so by their name, and in text."""
    with app.app_context():
        assert render_template("part.html", title="<") == "[&lt;|S]"
        assert render_template("text.txt", title="<") == "<"
        assert render_template_string("{{ title }}", title="<") == "&lt;"


def test_an_error_points_into_the_template(app):
    """The traceback of an error has the template's file and line, and nothing is changed about the error."""
    with app.app_context(), pytest.raises(ZeroDivisionError) as caught:
        render_template("wrong.html")
    last = caught.traceback[-1]
    assert (os.path.basename(last.path), last.lineno + 1) == ("wrong.html", 2)


class Odd(dict):
    """A session with a property that fails for want of an attribute, and one for any name."""

    accessed = modified = False
    permanent = property(lambda self: self.nowhere)

    def __getattr__(self, name):
        if name == "own":
            return "found"
        raise AttributeError(name)


@pytest.mark.parametrize("key", ["a key", None])
@pytest.mark.parametrize("session_class", [SecureCookieSession, Odd])
def test_the_session_is_asked_as_jinja_asks(app, key, session_class):
    """Attributes of the session and of its proxy, items and what is missing: each as Jinja finds it, and an access."""
    app.secret_key = key
    app.session_interface = SecureCookieSessionInterface()
    app.session_interface.session_class = session_class
    asked = ("user", "items", "permanent", "missing", "own", "__class__", "_get_current_object", "__wrapped__", "name")
    with app.test_request_context():
        if key:
            flask.session.update(user="alice", items="i", __class__="c")
        actual = flask.session._get_current_object()
        for name in asked:
            seen = []
            for environment in (Environment, jinja2.Environment):
                actual.accessed = False
                found = environment.getattr(app.jinja_env, flask.session, name)
                says = found._undefined_message if isinstance(found, jinja2.Undefined) else repr(found)
                seen.append((type(found), says, actual.accessed))
            assert seen[0] == seen[1]
    with pytest.raises(RuntimeError, match="outside of request context"):
        app.jinja_env.getattr(flask.session, "user")


def test_globals_of_one_template_are_its_own(app):
    """Globals that a template was loaded with win over the environment's, and its context over both."""
    with app.app_context():
        template = app.jinja_env.from_string("{{ site }}{{ z }}", globals={"z": 1, "site": "own"})
        assert render_template(template) == "own1"
        assert render_template(template, site=2, z=3) == "23"
        assert render_template_string("{{ site }}") == "S"


names = st.sampled_from(["site", "title", "items", "loop", "self", "range", "x"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(context=st.dictionaries(names, st.text(max_size=3)), own=st.dictionaries(names, st.text(max_size=3), max_size=3))
def test_rendering_is_jinjas(app, context, own):
    """Whatever the names, the text is what the template's own `render` gives for the same context."""
    template = app.jinja_env.from_string(
        "{{ site }}{{ title }}{% for i in items or [] %}{{ i }}{{ loop.index }}{% endfor %}{{ x }}{{ loop }}{{ self }}"
        '{{ range is callable }}{% include "part.html" %}',
        globals=own,
    )
    with app.app_context():
        assert render_template(template, **context) == template.render({"g": flask.g, **context})


def test_a_replaced_render_is_called(app, monkeypatch):
    """Who wraps Jinja's `Template.render`, or brings a template class of their own, is called for each rendering."""
    original = jinja2.Template.render
    with app.app_context(), monkeypatch.context() as patching:
        patching.setattr(jinja2.Template, "render", lambda self, *a, **k: f"({original(self, *a, **k)})")
        assert render_template("part.html") == "([|S])"

    class Loud(jinja2.Template):
        def render(self, *args, **kwargs):
            return super().render(*args, **kwargs).upper()

    with app.app_context():
        app.jinja_env.template_class = Loud
        assert render_template_string("abc") == "ABC"


def test_an_asynchronous_environment_renders_too(tmp_path):
    """With enable_async a template may call coroutine functions, rendered at once or in pieces."""

    class Asynchronous(Flask):
        jinja_options = {"enable_async": True}

    async def wait():
        return "waited"

    app = Asynchronous("json", root_path=str(tmp_path), static_folder=None)
    with app.app_context():
        assert render_template_string("{{ wait() }}!", wait=wait) == "waited!"
        assert "".join(stream_template_string("{{ wait() }}!", wait=wait)) == "waited!"


# ---- the context


def test_every_template_sees_the_contexts(app):
    """`g` is there with an app, `request` with a request, and neither as a proxy; `session` is a global."""
    assert _default_template_ctx_processor() == {}
    with app.app_context():
        assert _default_template_ctx_processor() == {"g": flask.g._get_current_object()}
        assert render_template_string("{{ config.DEBUG }}{{ g is defined }}{{ request is defined }}") == "FalseTrueTrue"
    with app.test_request_context("/here") as context:
        found = _default_template_ctx_processor()
        assert found == {"g": flask.g._get_current_object(), "request": context.request}
        assert found["request"] is context.request
        assert render_template_string("{{ request.path }}") == "/here"


def test_what_is_given_wins_over_context_processors(app):
    """Processors add names, and the caller's own stay."""
    app.context_processor(lambda: {"a": "processor", "b": "processor"})
    with app.app_context():
        assert render_template_string("{{ a }} {{ b }}", a="given") == "given processor"


def test_the_app_is_asked_for_the_context(app):
    """`update_template_context` is called by name, with the caller's names, before the signal."""
    app.update_template_context = lambda context: context.update(added=sorted(context))
    with app.app_context():
        assert render_template_string("{{ added }}", x=1) == "[&#39;x&#39;]"


# ---- signals


def test_signals_surround_a_rendering(app, sent):
    """The first is sent with the context to be used, the second when the text is there; the sender is the app."""
    with app.app_context():
        text = render_template("part.html", title=1)
        names = {"title": 1, "g": flask.g._get_current_object()}
    template = sent[0][2]
    assert text == "[1|S]"
    assert template.name == "part.html"
    assert sent == [("before", app, template, names), ("after", app, template, names)]


def test_a_failed_rendering_is_not_told_as_rendered(app, sent):
    """Only what was rendered sends the second signal."""
    with app.app_context(), pytest.raises(ZeroDivisionError):
        render_template_string("{{ 1 / 0 }}")
    assert [name for name, *_ in sent] == ["before"]


def test_a_listener_may_change_the_context(app):
    """What the first signal's listener puts into the context is seen by the template."""

    def add(sender, template, context, **extra):
        context["x"] = "added"

    with app.app_context(), before_render_template.connected_to(add):
        assert render_template_string("{{ x }}") == "added"
        assert "".join(stream_template_string("{{ x }}")) == "added"


def test_a_stream_is_rendered_when_it_has_been_read(app, sent):
    """The template is found and the first signal sent at once; the second comes after the last piece."""
    with app.app_context():
        with pytest.raises(jinja2.TemplateNotFound):
            stream_template("none.html")
        stream = stream_template("part.html", title=1)
        assert [name for name, *_ in sent] == ["before"]
        first = next(stream)
        assert [name for name, *_ in sent] == ["before"]
        assert first + "".join(stream) == "[1|S]"
        assert [name for name, *_ in sent] == ["before", "after"]


def test_a_stream_keeps_its_request(app):
    """A view may return the stream: while it is sent, the request is still there."""
    app.add_url_rule("/<x>", "view", lambda x: stream_template_string("{{ request.path }} {{ x }}", x=x))
    assert app.test_client().get("/a").text == "/a a"


# ---- loading


@pytest.fixture
def blueprints(app, tmp_path):
    made = []
    for name, files in (("one", {"one.html": "1", "both.html": "1"}), ("two", {"both.html": "2", "part.html": "2"})):
        blueprint = Blueprint(name, "json", root_path=str(tmp_path))
        blueprint.jinja_loader = jinja2.DictLoader(files)
        app.register_blueprint(blueprint)
        made.append(blueprint)
    app.register_blueprint(Blueprint("none", "json", root_path=str(tmp_path)))
    return made


@pytest.mark.parametrize("explain", [False, True])
def test_the_app_comes_first_then_blueprints_in_their_order(app, blueprints, explain):
    """A template of the app hides one of a blueprint, and an earlier blueprint a later one's."""
    app.config["EXPLAIN_TEMPLATE_LOADING"] = explain
    with app.app_context():
        assert render_template("part.html") == "[|S]"
        assert render_template("both.html") == "1"
        assert render_template("one.html") == "1"
        with pytest.raises(jinja2.TemplateNotFound, match=r"none\.html"):
            render_template("none.html")


def test_all_templates_can_be_listed(app, blueprints):
    """Each name that a loader has is listed once."""
    assert app.jinja_env.list_templates() == sorted({*FILES, "one.html", "both.html"})


def test_the_loader_asks_the_app_for_its_parts(app, blueprints):
    """Loaders are read when a template is looked for: one that is set later counts."""
    loader = DispatchingJinjaLoader(app)
    app.jinja_loader = jinja2.DictLoader({"late.html": "late"})
    source, filename, fresh = loader.get_source(app.jinja_env, "late.html")
    assert (source, filename, fresh()) == ("late", None, True)
    assert [owner for owner, _ in loader._iter_loaders("late.html")] == [app, *blueprints]


def test_an_environment_takes_its_loader_from_the_app(app):
    """Unless it is given one, even none at all."""
    loader = jinja2.DictLoader({})
    assert isinstance(Environment(app).loader, DispatchingJinjaLoader)
    assert Environment(app, loader=loader).loader is loader
    assert Environment(app, loader=None).loader is None
    assert Environment(app).app is app


def test_a_stream_is_an_iterator(app):
    """Outside of a request it is a plain generator."""
    with app.app_context():
        assert isinstance(stream_template_string("a"), types.GeneratorType)


class Odd:
    """A key that is equal to a string, and a callable that Jinja gives its context."""

    def __eq__(self, other: object) -> bool:
        return other == "name"

    def __hash__(self) -> int:
        return hash("name")

    @pass_context
    def __call__(self, context: object, *args: object) -> str:
        return f"{type(context).__name__} {args}"


class Attributed(dict):
    name = "of the class"


ODD_VALUES = {
    "a dict": {"name": "item", "items": "hidden by the method", "0": "zero"},
    "an empty dict": {},
    "a dict with an odd key": {Odd(): "odd"},
    "a dict's subclass": Attributed(name="item"),
    "a default dict": collections.defaultdict(lambda: "made"),
    "a list": ["a"],
    "a string": "text",
    "none": None,
    "an object": types.SimpleNamespace(name="attribute"),
}
LOOKS = "{{ x.name }}|{{ x.items is defined }}|{{ x['name'] }}|{{ x.no.thing is defined }}|{{ x.__len__ is defined }}"


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
@pytest.mark.parametrize("undefined", [jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined])
def test_attributes_are_looked_up_as_jinja_does(value: object, undefined: type[jinja2.Undefined]) -> None:
    """`x.name` gives what it gives in an environment of Jinja's own, also where it is undefined."""
    app = Flask(__name__)
    app.jinja_options = {"undefined": undefined}
    for template in LOOKS.split("|"):
        seen = []
        for environment in (app.jinja_env, jinja2.Environment(undefined=undefined, autoescape=True)):
            try:
                seen.append(environment.from_string(template, {"x": value}).render())
            except Exception as error:  # noqa: BLE001 - what is raised is compared
                seen.append((type(error), str(error)))
        assert seen[0] == seen[1]


def ends() -> t.NoReturn:
    raise StopIteration


@pass_environment
def asks_environment(environment: jinja2.Environment, *args: object) -> str:
    return f"{isinstance(environment, jinja2.Environment)} {args}"


@pass_eval_context
def asks_options(options: object, *args: object, **kwargs: object) -> str:
    return f"{type(options).__name__} {args} {kwargs}"


CALLABLES = {
    "a function": lambda *args, **kwargs: f"{args} {kwargs}",
    "a method": "text".upper,
    "a bound method": types.SimpleNamespace(f=Attributed({"a": "b"}).get).f,
    "a class": dict,
    "takes the context": pass_context(lambda context, *args, **kwargs: f"{context['x']} {args} {kwargs}"),
    "takes the environment": asks_environment,
    "takes the options": asks_options,
    "an object that takes the context": Odd(),
    "a partial": functools.partial(lambda *args: args, 1),
    "raises StopIteration": ends,
    "not callable": 3,
}


@pytest.mark.parametrize("function", CALLABLES.values(), ids=CALLABLES)
def test_calls_are_made_as_jinja_makes_them(function: t.Any) -> None:
    """A call within a template, a loop and a block gives what it gives in an environment of Jinja's own."""
    app = Flask(__name__)
    for arguments in ("", "1", "a=2", "1, *[2], **{'b': 3}"):
        call = f"{{{{ f({arguments}) }}}}"
        text = f"{{% set x = 1 %}}{call}{{% for x in [5] %}}{call}{{% endfor %}}{{% block b %}}{call}{{% endblock %}}"
        seen = []
        for environment in (app.jinja_env, jinja2.Environment(autoescape=True)):
            try:
                seen.append(
                    environment.from_string(text, {"f": function, "x": 0}).render().replace("_Context", "Context")
                )
            except Exception as error:  # noqa: BLE001 - what is raised is compared
                seen.append((type(error), str(error)))
        assert seen[0] == seen[1]


def test_another_way_to_look_attributes_up_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base class with a `getattr` of its own, as a sandbox, is asked for each attribute, and so is a patched one."""

    class Sandboxed(Environment, SandboxedEnvironment):
        pass

    app = Flask(__name__)
    app.jinja_environment = Sandboxed
    for template in ("{{ x.__class__ }}", "{{ x.format.__globals__ }}"):
        seen = []
        for environment in (app.jinja_env, SandboxedEnvironment(autoescape=True)):
            with pytest.raises(SecurityError) as caught:
                environment.from_string(template + "{{ (x.__class__).__mro__ }}").render(x="")
            seen.append(str(caught.value))
        assert seen[0] == seen[1]
    assert app.jinja_env.from_string("{{ x.a }}").render(x={"a": 1}) == "1"
    monkeypatch.setattr(jinja2.Environment, "getattr", lambda self, obj, attribute: f"{attribute} of {obj}")
    plain = Flask(__name__).jinja_env
    assert plain.from_string("{{ x.a }}{{ y.b }}").render(x={"a": 1}, y=2) == "a of {&#39;a&#39;: 1}b of 2"


LINKS = [
    "'index'",
    "'index', q=1",
    "'index', q='<&'",
    "'show', number=3",
    "'show', number=3, _anchor='a'",
    "'show', number=3, _external=true",
    "'show', number=3, _method='POST', _scheme='ftp'",
    "endpoint='index'",
    "'index', endpoint='show'",
    "'index', 1",
    "'index', self=1",
    "'.index'",
    "'show'",
    "'nobody'",
    "*['show'], **{'number': 4}",
    "",
]


@pytest.mark.parametrize("arguments", LINKS)
def test_links_are_what_the_app_says(arguments: str) -> None:
    """`url_for` in a template gives what it gives in an environment of Jinja's own, or fails likewise."""
    app = Flask(__name__)
    app.add_url_rule("/", "index", str)
    app.add_url_rule("/<int:number>", "show", str)
    call = f"{{{{ url_for({arguments}) }}}}"
    text = f"{call}{{% for x in [5] %}}{call}{{% endfor %}}{{% block b %}}{call}{{% endblock %}}"
    seen: list[object] = []
    with app.test_request_context():
        for environment in (app.jinja_env, jinja2.Environment(autoescape=True)):
            try:
                seen.append(environment.from_string(text).render(url_for=app.url_for))
            except Exception as error:  # noqa: BLE001 - what is raised is compared
                seen.append((type(error), str(error)))
    assert seen[0] == seen[1]


def test_a_link_whose_making_stops_an_iteration_is_undefined() -> None:
    """As any call in a template."""
    app = Flask(__name__)
    app.add_url_rule("/", "index", str)
    app.url_defaults(lambda endpoint, values: ends())
    with app.test_request_context():
        assert render_template_string("[{{ url_for('index') }}{{ url_for('index') is defined }}]") == "[False]"


def test_a_link_by_another_app_is_that_apps() -> None:
    """A method of another app in a template's context is called as it is."""
    app, other = Flask(__name__), Flask("other")
    for made, path in ((app, "/"), (other, "/other")):
        made.add_url_rule(path, "index", str)
        made.config["SERVER_NAME"] = "h"
    with app.test_request_context():
        assert render_template_string("{{ u('index') }}", u=other.url_for) == other.url_for("index") == "/"
    with other.app_context():
        assert render_template_string("{{ u('index') }}", u=app.url_for) == app.url_for("index")


def test_context_processors_are_asked_in_their_order(app: Flask) -> None:
    """The app's, then the blueprints' from without; a later one wins over an earlier, the caller over all."""
    outer, inner = Blueprint("outer", "json"), Blueprint("inner", "json")
    kept = {"a": "outer", "b": "outer"}
    outer.context_processor(lambda: kept)
    inner.context_processor(lambda: {"b": "inner", "c": "inner"})
    app.context_processor(lambda: [("a", "app"), ("d", "app"), ("c", "app")])  # type: ignore[arg-type, return-value]
    inner.add_url_rule("/", "view", lambda: render_template_string("{{ a }} {{ b }} {{ c }} {{ d }}", d="given"))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    assert app.test_client().get("/").text == "outer inner inner given"
    assert kept == {"a": "outer", "b": "outer"}
    with app.test_request_context("/"):
        context: dict[str, t.Any] = {"d": "given"}
        app.update_template_context(context)
        assert list(context) == ["d", "g", "request", "a", "c", "b"]
    with app.app_context():
        assert render_template_string("{{ a }} {{ b }} {{ c }} {{ d }}") == "app  app app"


def test_a_context_class_of_an_application_is_made_as_jinja_makes_it(app: Flask) -> None:
    """It gets the names of the globals, by which imports tell what they must be given."""
    seen: list[tuple[object, ...]] = []

    class Own(jinja2.runtime.Context):
        def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().__init__(*args, **kwargs)
            seen.append((self.name, "site" in self.globals_keys, "title" in self.globals_keys, self.parent["site"]))

        def resolve_or_missing(self, key: str) -> t.Any:
            return "resolved" if key == "title" else super().resolve_or_missing(key)

    app.jinja_env.context_class = Own
    with app.app_context():
        assert render_template("part.html", title=1) == "[resolved|S]"
    assert seen == [("part.html", True, False, "S")]


def test_a_replaced_new_context_is_called(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who makes a template's contexts in a way of their own is asked for each."""
    original = jinja2.Template.new_context
    monkeypatch.setattr(
        jinja2.Template, "new_context", lambda self, names, *a, **k: original(self, {**names, "title": "n"}, *a, **k)
    )
    with app.app_context():
        assert render_template("part.html", title=1) == "[n|S]"
