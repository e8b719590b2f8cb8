"""Templates: which file is found, what it may use, what is escaped, and what is said when it is not found."""

import jinja2

import flask


def _page(app, name="page.html", **values):
    with app.test_request_context("/here?q=1"):
        return flask.render_template(name, **values)


def _text(app, source, **values):
    with app.test_request_context("/here?q=1"):
        return flask.render_template_string(source, **values)


def autoescape_by_name(out):
    app = out.app()
    for name in (
        "a.html",
        "a.htm",
        "a.xml",
        "a.xhtml",
        "a.svg",
        "a.txt",
        "a.js",
        "a.HTML",
        "a.html.j2",
        "noext",
        "a.Svg",
        "a.xhtm",
    ):
        out.file(f"templates/{name}", "{{ x }}")
        out.attempt(name, _page, app, name, x="<b>&'\"")
    out("asked", [app.select_jinja_autoescape(name) for name in (None, "a.html", "a.txt", "", ".html")])
    out.attempt("string", _text, app, "{{ x }}", x="<b>")


def autoescape_overridden(out):
    class Shop(flask.Flask):
        def select_jinja_autoescape(self, filename):
            return filename is not None and filename.endswith(".txt")

    app = Shop("case_app")
    for name in ("a.html", "a.txt"):
        out.file(f"templates/{name}", "{{ '<' }}{% autoescape true %}{{ '<' }}{% endautoescape %}")
        out.attempt(name, _page, app, name)
    out.attempt("string", _text, app, "{{ '<' }}")


def autoescape_and_inheritance(out):
    out.file("templates/base.html", "<{% block body %}{% endblock %}> {{ x }}")
    out.file("templates/part.txt", "{{ x }}")
    out.file(
        "templates/page.html",
        "{% extends 'base.html' %}{% block body %}{% include 'part.txt' %}{{ x }}{{ super() }}{% endblock %}",
    )
    out.attempt("page", _page, out.app(), x="<&>")


def standard_globals(out):
    app = out.app(config={"SECRET_KEY": "k", "X": "setting"})
    app.add_url_rule("/x/<int:n>", "x", lambda n: "")
    source = "{{ config.X }} {{ request.path }} {{ session.get('a') }} {{ g.get('z') }} {{ url_for('x', n=1) }} {{ get_flashed_messages() }}"  # noqa: E501 - one text, as it is sent or stored
    out.attempt("request", _text, app, source)
    with app.app_context():
        out.attempt(
            "app context",
            flask.render_template_string,
            "{{ request is defined }} {{ session is defined }} {{ g is defined }} {{ config.X }}",
        )
    out("globals", sorted(app.jinja_env.globals))
    out("filters", sorted(set(app.jinja_env.filters) - set(jinja2.Environment().filters)))
    out("tests", sorted(set(app.jinja_env.tests) - set(jinja2.Environment().tests)))


def values_of_the_globals(out):
    app = out.app()
    names = ("config", "g", "request", "session", "url_for", "get_flashed_messages")
    with app.test_request_context():
        out("types", {name: type(app.jinja_env.globals[name]).__name__ for name in names})
        out("identity", [app.jinja_env.globals["config"] is app.config, app.jinja_env.globals["g"] is flask.g])
        out(
            "processor",
            {name: type(value).__name__ for name, value in flask.templating._default_template_ctx_processor().items()},
        )
    with app.app_context():
        out("processor without a request", sorted(flask.templating._default_template_ctx_processor()))
    out("processor without anything", sorted(flask.templating._default_template_ctx_processor()))


def who_wins_a_name(out):
    app = out.app()
    app.jinja_env.globals["name"] = "global"
    out.attempt("global", _text, app, "{{ name }} {{ g }}")
    app.context_processor(lambda: {"name": "processor", "g": "processor's g", "request": "processor's request"})
    out.attempt("processor", _text, app, "{{ name }} {{ g }} {{ request }}")
    out.attempt(
        "argument", _text, app, "{{ name }} {{ g }} {{ session }}", name="argument", g="argument's g", session="s"
    )
    app.context_processor(lambda: {"name": "later processor"})
    out.attempt("later", _text, app, "{{ name }}")


def context_processors_in_order(out):
    out.file("templates/part.html", "{{ a }}{{ n }}")
    app, blueprint = out.app(), flask.Blueprint("bp", "case_app", url_prefix="/bp")
    app.context_processor(lambda: out.tell("app 1") or {"a": "app", "n": 1})
    app.context_processor(lambda: out.tell("app 2") or {"n": 2})
    blueprint.context_processor(lambda: out.tell("bp") or {"a": "bp"})
    blueprint.app_context_processor(lambda: out.tell("bp for all") or {"n": 3})
    source = "{{ a }}{{ n }}{% include 'part.html' %}{% include 'part.html' without context %}"
    for scaffold in (app, blueprint):
        scaffold.add_url_rule("/page", "page", lambda: flask.render_template_string(source))
    app.register_blueprint(blueprint)
    out.request(app, "/page")
    out.request(app, "/bp/page")
    with app.app_context():
        out.attempt("without a request", flask.render_template_string, source)


def context_processor_results(out):
    for label, result in {"none": None, "pairs": [("x", 1)], "number": 5, "empty": {}}.items():
        app = out.app()
        app.context_processor(lambda result=result: result)
        out.attempt(label, _text, app, "{{ x }}")


def context_processors_and_imports(out):
    out.file("templates/macros.html", "{% macro m() %}[{{ who }} {{ request.path }} {{ config.X }}]{% endmacro %}")
    app = out.app(config={"X": "set"})
    app.context_processor(lambda: {"who": "processor"})
    out.attempt("import", _text, app, "{% import 'macros.html' as m %}{{ m.m() }}")
    out.attempt("with context", _text, app, "{% import 'macros.html' as m with context %}{{ m.m() }}")


def update_template_context(out):
    app = out.app()
    app.context_processor(lambda: {"a": "processor", "b": "processor"})
    context = {"a": "given"}
    with app.test_request_context():
        app.update_template_context(context)
        out(
            "context",
            {key: value if isinstance(value, str) else type(value).__name__ for key, value in context.items()},
        )


def update_template_context_overridden(out):
    class Shop(flask.Flask):
        def update_template_context(self, context):
            super().update_template_context(context)
            context["added"] = sorted(context)

    app = Shop("case_app")
    out.attempt("rendered", _text, app, "{{ added }}", mine=1)


def filters_tests_globals(out):
    app = out.app()

    @app.template_filter()
    def shout(value):
        return value.upper()

    @app.template_filter("named")
    def other(value, n=1):
        return value * n

    @app.template_test()
    def loud(value):
        return value.isupper()

    @app.template_test("quiet")
    def other_test(value):
        return value.islower()

    @app.template_global()
    def voice():
        return "hey"

    @app.template_global("sound")
    def other_global(n):
        return "la" * n

    app.add_template_filter(len, "count")
    app.add_template_test(lambda v: v > 1, name="many")
    app.add_template_global(lambda: "g", name="gg")
    app.add_template_filter(shout)
    out.attempt(
        "page",
        _text,
        app,
        "{{ 'a'|shout }}{{ 'b'|named(3) }}{{ 'A' is loud }}{{ 'a' is quiet }}{{ voice() }}{{ sound(2) }}{{ 'abc'|count }}{{ 3 is many }}{{ gg() }}",  # noqa: E501 - one text, as it is sent or stored
    )
    out("returned", [shout, other, loud, voice])


def decorators_without_parentheses(out):
    app = out.app()
    blueprint = flask.Blueprint("bp", "case_app")

    def function(value="v"):
        return f"f({value})"

    for name in ("template_filter", "template_test", "template_global"):
        out.attempt(name, lambda name=name: getattr(app, name)(function))
        out.attempt(f"app_{name}", lambda name=name: getattr(blueprint, f"app_{name}")(function))
    out(
        "known",
        ["function" in app.jinja_env.filters, "function" in app.jinja_env.tests, "function" in app.jinja_env.globals],
    )


def filters_see_the_request(out):
    app = out.app()
    app.template_filter("where")(lambda value: f"{value}@{flask.request.path}@{flask.current_app.name}")
    app.jinja_env.filters["ctx"] = jinja2.pass_context(
        lambda context, value: f"{value}{context['request'].args['q']}{context.name}"
    )
    out.attempt("page", _text, app, "{{ 'x'|where }} {{ 'y'|ctx }}")


def tojson_filter(out):
    import datetime

    from recording import Point

    app = out.app()
    for label, value in {
        "script": "</script>'\"&<>",
        "dict": {"b": 1, "a": "ü"},
        "date": datetime.date(2024, 1, 1),
        "point": Point(1),
        "object": object(),
    }.items():
        out.attempt(label, _text, app, "{{ v|tojson }} {{ v|tojson(2) }} {{ v|tojson|safe }}", v=value)
    app.json.sort_keys = False
    out.attempt("unsorted", _text, app, "{{ {'b': 1, 'a': 2}|tojson }}")
    out.attempt("in an attribute", _text, app, "<a x='{{ v|tojson }}' y=\"{{ v|tojson|forceescape }}\">", v="it's")
    out(
        "policies",
        [type(app.jinja_env.policies["json.dumps_function"]).__name__, app.jinja_env.policies["json.dumps_kwargs"]],
    )


def lists_of_template_names(out):
    out.file("templates/b.html", "b")
    app = out.app()
    out.attempt("first found", _page, app, ["a.html", "b.html"])
    out.attempt("none found", _page, app, ["a.html", "c.html"])
    out.attempt("empty", _page, app, [])
    out.attempt("a template", _page, app, app.jinja_env.from_string("from {{ 'string' }}"))
    out.attempt("mixed", _page, app, ["x.html", app.jinja_env.from_string("object")])
    out.attempt("None", _page, app, None)


def template_not_found(out):
    app = out.app()
    out.attempt("plain", _page, app, "none.html")
    out.attempt("nested", lambda: (out.file("templates/p.html", "{% include 'gone.html' %}"), _page(app, "p.html"))[1])
    out.attempt("ignored", _text, app, "{% include 'gone.html' ignore missing %}ok")
    out.attempt("upwards", _page, app, "../secret.html")
    out.attempt("absolute", _page, app, "/etc/passwd")
    app.add_url_rule("/", "index", lambda: flask.render_template("none.html"))
    out.wsgi(app)


def template_errors(out):
    app = out.app()
    for label, source in {
        "syntax": "{% if %}",
        "unknown filter": "{{ 1|nofilter }}",
        "undefined": "[{{ none }}]",
        "undefined attribute": "{{ none.x }}",
        "division": "{{ 1/0 }}",
        "call": "{{ none() }}",
        "loop": "{% for x in 3 %}{% endfor %}",
    }.items():
        out.attempt(label, _text, app, source)


def undefined_of_ones_own(out):
    app = out.app()
    app.jinja_env.undefined = jinja2.StrictUndefined
    out.attempt("strict", _text, app, "{{ none }}")
    other = out.app()
    other.jinja_options = {
        "undefined": jinja2.StrictUndefined,
        "trim_blocks": True,
        "variable_start_string": "[[",
        "variable_end_string": "]]",
    }
    out.attempt("options", _text, other, "{% if true %}\nx[[ 1 ]]{% endif %}\n")


def rendering_without_a_context(out):
    out.file("templates/page.html", "x")
    out.attempt("template", flask.render_template, "page.html")
    out.attempt("string", flask.render_template_string, "x")
    out.attempt("stream", flask.stream_template, "page.html")
    app = out.app()
    with app.app_context():
        out.attempt("in an app context", flask.render_template, "page.html")


def template_signals(out):
    out.file("templates/page.html", "{% include 'part.html' %}")
    out.file("templates/part.html", "part")
    app = out.app()

    def receiver(name):
        def heard(sender, template, context, **more):
            out.tell(name, sender, template.name, sorted(context), more)

        return heard

    before, after = receiver("before"), receiver("rendered")
    out.connect(flask.before_render_template, before, app)
    out.connect(flask.template_rendered, after, app)
    out.attempt("page", _page, app, x=1)
    out.attempt("string", _text, app, "{{ y }}", y=2)
    out.attempt("failing", _text, app, "{{ 1/0 }}")
    with app.test_request_context():
        out("streamed", list(flask.stream_template("page.html", z=3)))
        out("streamed string", list(flask.stream_template_string("{{ z }}", z=3)))


def before_render_changes_the_context(out):
    app = out.app()
    out.connect(
        flask.before_render_template, lambda sender, template, context, **more: context.update(x="from the signal")
    )
    out.attempt("page", _text, app, "{{ x }}", x="given")


def stream_template(out):
    out.file("templates/rows.html", "{% for row in rows %}{{ row }} {{ request.path }};{% endfor %}")
    app = out.app()
    app.context_processor(lambda: out.tell("processor") or {"rows": ["a", "<b>"]})

    @app.get("/file")
    def file():
        return flask.stream_template("rows.html")

    @app.get("/string")
    def string():
        return app.response_class(
            flask.stream_template_string("{% for n in range(3) %}{{ n }}{{ g.x }}{% endfor %}"), mimetype="text/plain"
        )

    @app.get("/failing")
    def failing():
        return flask.stream_template_string("before {{ 1/0 }}")

    app.teardown_request(lambda error: out.tell("down", error))
    app.before_request(lambda: setattr(flask.g, "x", "g"))
    out.listen("template_rendered", "before_render_template")
    for path in ("/file", "/string", "/failing"):
        out.wsgi(app, path)
        out.tell("--")
    with app.app_context():
        out.attempt("app context", lambda: list(flask.stream_template_string("{{ 1 }}")))


def stream_template_is_lazy(out):
    app = out.app()
    app.jinja_env.globals["mark"] = lambda n: out.tell("mark", n) or n
    with app.test_request_context():
        stream = flask.stream_template_string("{{ mark(1) }}{{ mark(2) }}")
        out.tell("made", iter(stream) is stream)
        out("chunks", list(stream))


def get_template_attribute(out):
    out.file(
        "templates/macros.html",
        "{% macro hello(name) %}Hello {{ name }} {{ config is defined }}{% endmacro %}{% set value = '<' ~ 3 %}",
    )
    app = out.app()
    with app.app_context():
        hello = flask.get_template_attribute("macros.html", "hello")
        out("macro", hello("<World>"))
        out("value", flask.get_template_attribute("macros.html", "value"))
        out.attempt("missing", flask.get_template_attribute, "macros.html", "none")
        out.attempt("missing file", flask.get_template_attribute, "none.html", "x")
    out.attempt("outside", flask.get_template_attribute, "macros.html", "hello")


def templates_auto_reload(out):
    for config in (
        {},
        {"TEMPLATES_AUTO_RELOAD": True},
        {"TEMPLATES_AUTO_RELOAD": False, "DEBUG": True},
        {"DEBUG": True},
    ):
        out.file("templates/page.html", "first")
        app = out.app(config=config)
        out(f"{config} before", _page(app))
        import os

        out.file("templates/page.html", "second")
        os.utime(out.folder / "templates/page.html", (1_800_000_000, 1_800_000_000))
        out(f"{config} after", [_page(app), app.jinja_env.auto_reload, app.config["TEMPLATES_AUTO_RELOAD"]])


def explain_template_loading(out):
    out.file("templates/app.html", "app")
    out.file("bp/pages/both.html", "bp")
    out.file("other/pages/both.html", "other")
    app = out.app(config={"EXPLAIN_TEMPLATE_LOADING": True})
    for name in ("bp", "other"):
        blueprint = flask.Blueprint(
            name, "case_app", root_path=str(out.folder / name), template_folder="pages", url_prefix=f"/{name}"
        )
        blueprint.add_url_rule("/<page>", "page", lambda page: flask.render_template(f"{page}.html"))
        app.register_blueprint(blueprint)
    app.register_blueprint(flask.Blueprint("bare", "case_app"))
    app.add_url_rule("/<page>", "page", lambda page: flask.render_template(f"{page}.html"))
    for path in ("/app", "/both", "/bp/both", "/bp/none", "/none"):
        out.request(app, path)


def explain_with_other_loaders(out):
    app = out.app(config={"EXPLAIN_TEMPLATE_LOADING": True}, template_folder=None)
    blueprint = flask.Blueprint("bp", "case_app")
    blueprint.jinja_loader = jinja2.DictLoader({"d.html": "dict"})
    app.register_blueprint(blueprint)
    app.jinja_loader = jinja2.ChoiceLoader(
        [jinja2.DictLoader({"c.html": "choice"}), jinja2.FunctionLoader(lambda name: None)]
    )
    for name in ("c.html", "d.html", "none.html"):
        out.attempt(name, _page, app, name)


def loader_of_the_application(out):
    app = out.app(template_folder="pages")
    out("loader", [type(app.jinja_loader).__name__, list(map(str, app.jinja_loader.searchpath))])
    out("global loader", [type(app.jinja_env.loader).__name__, type(app.create_global_jinja_loader()).__name__])
    app.jinja_loader = jinja2.DictLoader({"x.html": "replaced"})
    out.attempt("replaced", _page, app, "x.html")
    app.template_folder = "elsewhere"
    out("folder set", app.template_folder)


def template_folder_changed_before_use(out):
    out.file("late/page.html", "late")
    app = out.app()
    app.template_folder = "late"
    out.attempt("page", _page, app)


def global_loader_overridden(out):
    class Shop(flask.Flask):
        def create_global_jinja_loader(self):
            return jinja2.DictLoader({"x.html": "{{ 1 }} from the shop"})

        def create_jinja_environment(self):
            environment = super().create_jinja_environment()
            environment.globals["made"] = "here"
            return environment

    app = Shop("case_app")
    out.attempt("page", _page, app, "x.html")
    out.attempt("global", _text, app, "{{ made }}")


def jinja_environment_of_ones_own(out):
    class Environment(flask.templating.Environment):
        def __init__(self, app, **options):
            out.tell("options", sorted(options))
            super().__init__(app, **options)

    class Shop(flask.Flask):
        jinja_environment = Environment
        jinja_options = {"extensions": ["jinja2.ext.loopcontrols"], "autoescape": True}

    app = Shop("case_app")
    out.attempt(
        "page", _text, app, "{% for x in range(3) %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{{ '<' }}{% endfor %}"
    )
    out("env", [type(app.jinja_env).__name__, app.jinja_env.app is app, sorted(app.jinja_env.extensions)])


def environment_made_once_and_late(out):
    app = out.app()
    out("made yet", "jinja_env" in vars(app))
    environment = app.jinja_env
    out("same", [environment is app.jinja_env, "jinja_env" in vars(app)])
    overlay = environment.overlay(trim_blocks=True)
    out("overlay", [type(overlay).__name__, overlay.app is app])
    environment.add_extension("jinja2.ext.do")
    out.attempt("extension", _text, app, "{% set l = [] %}{% do l.append(1) %}{{ l }}")


def environment_directly(out):
    out.file("templates/page.html", "{{ x }}{{ request.path }}{{ config is defined }}")
    app = out.app()
    with app.test_request_context("/p"):
        out.attempt("get_template", lambda: app.jinja_env.get_template("page.html").render(x=1))
        out.attempt("from_string", lambda: app.jinja_env.from_string("{{ url_for is defined }}").render())
    out.attempt("outside", lambda: app.jinja_env.get_template("page.html").render(x=1))


def templates_listed(out):
    out.file("templates/a.html", "")
    out.file("templates/sub/b.txt", "")
    out.file("bp/t/c.html", "")
    app = out.app()
    app.register_blueprint(flask.Blueprint("bp", "case_app", root_path=str(out.folder / "bp"), template_folder="t"))
    out("listed", sorted(app.jinja_env.list_templates()))
    loader = app.jinja_env.loader
    out.attempt("source", lambda: loader.get_source(app.jinja_env, "c.html")[0])
    out.attempt("missing", loader.get_source, app.jinja_env, "none.html")


def blueprint_found_after_the_application(out):
    out.file("templates/shared.html", "app")
    for name in ("one", "two"):
        out.file(f"{name}/t/shared.html", name)
        out.file(f"{name}/t/mine.html", name)
    app = out.app()
    for name in ("two", "one"):
        app.register_blueprint(flask.Blueprint(name, "case_app", root_path=str(out.folder / name), template_folder="t"))
    out.attempt("shared", _page, app, "shared.html")
    out.attempt("mine", _page, app, "mine.html")


def url_for_in_templates(out):
    app = out.app()
    blueprint = flask.Blueprint("bp", "case_app", url_prefix="/bp")
    source = (
        "{{ url_for('.page') }} {{ url_for('root', a='x&y', _anchor='z') }} {{ url_for('bp.page', _external=True) }}"
    )
    blueprint.add_url_rule("/", "page", lambda: flask.render_template_string(source))
    app.add_url_rule("/", "root", lambda: flask.render_template_string("{{ url_for('.root') }}{{ url_for('none') }}"))
    app.register_blueprint(blueprint)
    out.request(app, "/bp/")
    app.testing = True
    out.request(app, "/")


def session_and_g_in_templates(out):
    app = out.app(config={"SECRET_KEY": "k"})
    app.add_url_rule(
        "/read", "read", lambda: flask.render_template_string("{{ session.x }}{{ g.x }}{{ request.args.q }}")
    )
    app.add_url_rule("/none", "none", lambda: flask.render_template_string("nothing"))
    app.add_url_rule("/only", "only", lambda: flask.render_template_string("{{ session is defined }}"))
    for path in ("/read", "/none", "/only"):
        out.wsgi(app, path)


def trailing_newlines_and_encodings(out):
    out.file("templates/n.txt", "line\n")
    out.file("templates/nn.txt", "line\n\n")
    out.file("templates/u.txt", "ü你😀")
    out.file("templates/crlf.txt", "a\r\nb\r\n")
    out.file("templates/bad.txt", b"\xff\xfe")
    out.file("templates/empty.txt", "")
    app = out.app()
    for name in ("n", "nn", "u", "crlf", "bad", "empty"):
        out.attempt(name, _page, app, f"{name}.txt")


def render_replaced_in_the_module(out):
    original = flask.templating._render

    def replaced(app, template, context):
        out.tell("render", app.name, template.name, sorted(context))
        return original(app, template, context)

    flask.templating._render = replaced
    try:
        out.attempt("page", _text, out.app(), "x{{ a }}", a=1)
    finally:
        flask.templating._render = original


def async_templates_are_not_the_default(out):
    app = out.app()
    out("async", app.jinja_env.is_async)
    app.jinja_env.is_async = True

    async def value():
        return "awaited"

    app.jinja_env.globals["value"] = value
    out.attempt("awaited", _text, app, "{{ value() }}")


def attributes_and_items(out):
    class Thing:
        name = "attribute"

        def __getitem__(self, key):
            return f"item {key}"

    class Both(dict):
        name = "attribute"

    app = out.app()
    values = {
        "d": {"items": "item", "keys": 1, "name": "n", "get": "g", 1: "one", "_x": "u"},
        "thing": Thing(),
        "both": Both(name="item", other="o"),
        "l": [1, 2],
        "t": "text",
        "none": None,
    }
    for source in (
        "d.items",
        "d['items']",
        "d.keys",
        "d.name",
        "d.get",
        "d[1]",
        "d.1",
        "d._x",
        "d.missing",
        "d['missing']",
        "thing.name",
        "thing['name']",
        "thing.other",
        "both.name",
        "both['name']",
        "both.other",
        "l.0",
        "l[0]",
        "l[-1]",
        "l[5]",
        "l.append",
        "t.upper()",
        "t[0]",
        "t.length",
        "none.x",
        "d.pop",
        "d.__class__",
        "d.values()|list|length",
        "d|attr('items')",
    ):
        out.attempt(source, _text, app, "{{ " + source + " }}", **values)


def escaping_of_many_values(out):
    from markupsafe import Markup

    class Html:
        def __html__(self):
            return "<i>html</i>"

    class Text(str):
        __slots__ = ()

    class Odd(str):
        __slots__ = ()

        def __html__(self):
            return "own html"

    app = out.app()
    for label, value in {
        "text": "<&>\"'",
        "clean": "clean",
        "markup": Markup("<b>"),
        "html": Html(),
        "subclass": Text("<s>"),
        "odd": Odd("<o>"),
        "number": 3,
        "none": None,
        "list": ["<l>"],
        "dict": {"<k>": "<v>"},
        "bytes": b"<b>",
        "float": 1.0,
        "true": True,
        "undefined": None,
    }.items():
        out.attempt(
            label,
            _text,
            app,
            "{{ v }}|{{ v|e }}|{{ v|safe }}|{{ v|string }}|{{ v ~ '<' }}|{{ '<' ~ v }}|<a x={{ v|urlencode if v is string else '' }}>",  # noqa: E501 - one text, as it is sent or stored
            v=value,
        )


def scoping_in_templates(out):
    out.file("templates/inc.html", "[{{ x }}{{ y }}{{ loop is defined }}]")
    out.file(
        "templates/base.html",
        "{% set b = 'base' %}{% block one %}{{ x }}{{ b }}{% endblock %}{% block two scoped %}{% endblock %}",
    )
    out.file(
        "templates/child.html",
        "{% extends 'base.html' %}{% set x = 'child' %}{% block one %}{{ super() }}|{{ x }}{% endblock %}{% block two %}{{ self.one() }}{% endblock %}",  # noqa: E501 - one text, as it is sent or stored
    )
    app = out.app()
    app.context_processor(lambda: {"y": "processor", "x": "processor"})
    out.attempt("loop", _text, app, "{% for x in range(2) %}{% include 'inc.html' %}{% endfor %}{{ x }}")
    out.attempt(
        "set", _text, app, "{% set x = 1 %}{% include 'inc.html' %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}"
    )
    out.attempt("child", _page, app, "child.html")
    out.attempt("with", _text, app, "{% with x = 5 %}{% include 'inc.html' %}{% endwith %}{{ x }}")
    out.attempt(
        "macro", _text, app, "{% macro m() %}{{ x }}{{ y }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, a=2) }}"
    )
    out.attempt("call", _text, app, "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}{{ x }}{% endcall %}")
    out.attempt("filter block", _text, app, "{% filter upper %}{{ x }}<{% endfilter %}")
    out.attempt(
        "namespace",
        _text,
        app,
        "{% set n = namespace(v=0) %}{% for i in range(3) %}{% set n.v = n.v + i %}{% endfor %}{{ n.v }}",
    )
    out.attempt(
        "recursive",
        _text,
        app,
        "{% for i in [[1],[2,[3]]] recursive %}{% if i is iterable %}({{ loop(i) }}){% else %}{{ i }}{% endif %}{% endfor %}",  # noqa: E501 - one text, as it is sent or stored
    )
    out.attempt("context", _text, app, "{{ self }}" if False else "{% set z = 1 %}{{ z }}{{ w|default('d') }}")


def globals_of_a_template(out):
    out.file("templates/g.html", "{{ extra }}{{ config is defined }}{{ request.path }}{{ late }}")
    app = out.app()
    template = app.jinja_env.get_template("g.html", globals={"extra": "of the template"})
    with app.test_request_context("/p"):
        out("template", flask.render_template(template))
        out("by name", flask.render_template("g.html"))
        app.jinja_env.globals["late"] = "late global"
        out("after a global was added", [flask.render_template("g.html"), flask.render_template_string("{{ late }}")])
        template.globals["extra"] = "changed"
        out("after a change", flask.render_template(template))
        out("module", str(template.module)[:40] if hasattr(template, "module") else None)


def pass_context_functions(out):
    import jinja2 as j

    app = out.app()
    app.jinja_env.globals["names"] = j.pass_context(lambda context: sorted(context.get_all()))
    app.jinja_env.globals["exported"] = j.pass_context(lambda context: sorted(context.exported_vars))
    app.jinja_env.globals["resolve"] = j.pass_context(
        lambda context, name: [repr(context.get(name)), name in context, str(context.resolve(name))]
    )
    app.jinja_env.globals["environment_of"] = j.pass_environment(lambda environment: type(environment).__name__)
    app.jinja_env.globals["parent"] = j.pass_context(
        lambda context: sorted(set(context.parent) - set(app.jinja_env.globals))
    )
    app.context_processor(lambda: {"processed": 1})
    out.attempt("names", _text, app, "{% set own = 1 %}{{ names() }} {{ exported() }}", given=2)
    out.attempt(
        "resolve",
        _text,
        app,
        "{{ resolve('given') }} {{ resolve('processed') }} {{ resolve('none') }} {{ resolve('range') }}",
        given=2,
    )
    out.attempt("environment", _text, app, "{{ environment_of() }}")
    out.attempt("parent", _text, app, "{{ parent() }}", given=2)


def context_processor_that_overrides_globals_each_time(out):
    app = out.app()
    calls = []

    @app.context_processor
    def count():
        calls.append(1)
        return {"n": len(calls), "range": "overridden", "config": "mine"}

    app.add_url_rule("/", "index", lambda: flask.render_template_string("{{ n }}{{ range }}{{ config }}"))
    for _ in range(3):
        out.request(app)


def template_cache_and_changes(out):
    out.file("templates/a.html", "{% include 'b.html' %}")
    out.file("templates/b.html", "first")
    app = out.app()
    out("first", _page(app, "a.html"))
    out.file("templates/b.html", "second")
    out("cached", _page(app, "a.html"))
    app.jinja_env.cache.clear()
    out("cleared", _page(app, "a.html"))
    app.jinja_env.filters["upper"] = lambda value: "replaced filter"
    out("filter", _text(app, "{{ 'x'|upper }}"))
    app.jinja_env.autoescape = False
    out("autoescape off", _text(app, "{{ '<' }}"))


def finalize_and_options_of_the_environment(out):
    app = out.app()
    app.jinja_options = {
        "finalize": lambda value: "-" if value is None else value,
        "lstrip_blocks": True,
        "trim_blocks": True,
        "keep_trailing_newline": True,
    }
    out.attempt("page", _text, app, "  {% if true %}\n{{ none_value }}|{{ 0 }}\n  {% endif %}\n", none_value=None)


def sandbox_and_native_environments(out):
    from jinja2.sandbox import SandboxedEnvironment

    class Environment(SandboxedEnvironment, flask.templating.Environment):
        def __init__(self, app, **options):
            flask.templating.Environment.__init__(self, app, **options)

    class Shop(flask.Flask):
        jinja_environment = Environment

    app = Shop("case_app")
    out.attempt("harmless", _text, app, "{{ [1]|length }} {{ request.path }}")
    out.attempt("refused", _text, app, "{{ ''.__class__.__mro__ }}")
