"""Blueprints: what is recorded, when it is replayed, under which name, and for whom it then speaks."""

import flask
import flask.cli
import flask.views
from flask import Blueprint


def _blueprint(name="bp", **options):
    return Blueprint(name, "case_app", **options)


def _where():
    request = flask.request
    return {"endpoint": request.endpoint, "blueprint": request.blueprint, "blueprints": request.blueprints}


def _rules(app):
    return [
        [rule.rule, rule.endpoint, rule.subdomain, rule.defaults]
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    ]


def names_refused(out):
    for name in ("", "a.b", "ä", "with space", None, 3):
        out.attempt(repr(name), _blueprint, name)


def attributes_of_a_blueprint(out):
    blueprint = _blueprint(
        url_prefix="/p",
        subdomain="s",
        url_defaults={"a": 1},
        static_folder="st",
        template_folder="t",
        root_path="/r",
        cli_group="c",
    )
    for name in "name import_name url_prefix subdomain url_values_defaults static_folder static_url_path template_folder root_path cli_group has_static_folder".split():  # noqa: E501 - one text, as it is sent or stored
        out(name, getattr(blueprint, name))
    out("cli", [blueprint.cli.name, type(blueprint.cli) is flask.cli.AppGroup])
    out(
        "defaults",
        [
            getattr(_blueprint(), name)
            for name in ("url_prefix", "subdomain", "url_values_defaults", "static_folder", "static_url_path")
        ],
    )
    out.attempt("loader", lambda: type(blueprint.jinja_loader))
    out.attempt("no loader", lambda: _blueprint().jinja_loader)


def registered_with_prefixes(out):
    for own in (None, "/own", "/own/", "own", ""):
        for given in (
            {},
            {"url_prefix": "/given"},
            {"url_prefix": "/given/"},
            {"url_prefix": ""},
            {"url_prefix": None},
        ):
            app = out.app(static_folder=None)
            blueprint = _blueprint(url_prefix=own)
            blueprint.add_url_rule("/x", "x", _where)
            blueprint.add_url_rule("/", "root", _where)
            blueprint.add_url_rule("", "empty", _where)
            out.attempt(f"{own} {given}", lambda app=app, b=blueprint, given=given: app.register_blueprint(b, **given))
            out("rules", _rules(app))


def rules_without_a_slash_below_a_prefix(out):
    for prefix in ("/p", "/p/", None):
        app = out.app(static_folder=None)
        blueprint = _blueprint()
        blueprint.add_url_rule("x", "x", _where)
        out.attempt(
            f"{prefix}", lambda app=app, b=blueprint, prefix=prefix: app.register_blueprint(b, url_prefix=prefix)
        )
        out("rules", _rules(app))
        out.request(app, "/p/x")


def endpoint_names_inside(out):
    blueprint = _blueprint()

    def view():
        return flask.url_for(".view") + flask.url_for("bp.view") + flask.url_for("view")

    blueprint.add_url_rule("/a", view_func=view)
    out.attempt("dotted endpoint", blueprint.add_url_rule, "/b", "a.b", view)
    named = lambda: ""  # noqa: E731
    named.__name__ = "with.dot"
    out.attempt("dotted name", blueprint.add_url_rule, "/c", None, named)
    out.attempt("endpoint decorator", blueprint.endpoint("later"), view)
    app = out.app()
    app.register_blueprint(blueprint, url_prefix="/p")
    app.add_url_rule("/view", "view", lambda: flask.url_for("view") + flask.url_for(".view") + flask.url_for("bp.view"))
    out.request(app, "/p/a")
    out.request(app, "/view")
    out("functions", sorted(app.view_functions))


def dotted_view_name_without_endpoint(out):
    blueprint = _blueprint()

    @blueprint.route("/")
    def _():
        return _where()

    app = out.app()
    app.register_blueprint(blueprint)
    out.request(app, "/")


def registered_twice(out):
    blueprint = _blueprint()
    blueprint.add_url_rule("/", "index", _where)
    app = out.app()
    app.register_blueprint(blueprint, url_prefix="/one")
    out.attempt("same name", lambda: app.register_blueprint(blueprint, url_prefix="/two"))
    out.attempt("other name", lambda: app.register_blueprint(blueprint, url_prefix="/two", name="second"))
    out.attempt("dotted name", lambda: app.register_blueprint(blueprint, url_prefix="/three", name="a.b"))
    out.attempt("empty name", lambda: app.register_blueprint(blueprint, url_prefix="/four", name=""))
    for path in ("/one/", "/two/", "/three/"):
        out.request(app, path)
    out("blueprints", {name: b.name for name, b in app.blueprints.items()})
    out("iterated", [b.name for b in app.iter_blueprints()])


def another_blueprint_of_the_same_name(out):
    app = out.app()
    app.register_blueprint(_blueprint())
    out.attempt("clash", app.register_blueprint, _blueprint())
    out.attempt("clash by option", lambda: app.register_blueprint(_blueprint("other"), name="bp"))
    parent = _blueprint("parent")
    parent.register_blueprint(_blueprint("child"))
    parent.register_blueprint(_blueprint("child"))
    out.attempt("clash below a parent", app.register_blueprint, parent)


def changed_after_registration(out):
    blueprint = _blueprint()
    app = out.app()
    app.register_blueprint(blueprint)
    for label, change in {
        "route": lambda: blueprint.route("/x")(lambda: ""),
        "add_url_rule": lambda: blueprint.add_url_rule("/x", "x", lambda: ""),
        "before_request": lambda: blueprint.before_request(lambda: None),
        "app_errorhandler": lambda: blueprint.app_errorhandler(404)(lambda e: ""),
        "errorhandler": lambda: blueprint.errorhandler(404)(lambda e: ""),
        "record": lambda: blueprint.record(lambda s: None),
        "record_once": lambda: blueprint.record_once(lambda s: None),
        "register_blueprint": lambda: blueprint.register_blueprint(_blueprint("late")),
        "app_template_filter": lambda: blueprint.app_template_filter("f")(str),
        "endpoint": lambda: blueprint.endpoint("e")(str),
        "context_processor": lambda: blueprint.context_processor(dict),
    }.items():
        out.attempt(label, change)


def registered_into_itself(out):
    blueprint = _blueprint()
    out.attempt("itself", blueprint.register_blueprint, blueprint)


def record_and_record_once(out):
    blueprint = _blueprint(url_prefix="/p", url_defaults={"a": 1})
    blueprint.record(lambda state: out.tell("record", _state(state)))
    blueprint.record_once(lambda state: out.tell("once", _state(state)))
    app = out.app()
    app.register_blueprint(blueprint, extra="option", url_defaults={"b": 2})
    app.register_blueprint(blueprint, name="again", url_prefix="/q", subdomain="sub")
    out.app().register_blueprint(blueprint)
    parent = _blueprint("parent", url_prefix="/parent")
    parent.register_blueprint(blueprint, url_prefix="/child")
    out.app().register_blueprint(parent, name="renamed")


def _state(state):
    names = "first_registration name name_prefix url_prefix subdomain url_defaults options"
    return {
        **{name: getattr(state, name) for name in names.split()},
        "app": state.app.name,
        "blueprint": state.blueprint.name,
    }


def setup_state_of_ones_own(out):
    class State(flask.blueprints.BlueprintSetupState):
        def add_url_rule(self, rule, endpoint=None, view_func=None, **options):
            out.tell("rule", rule, endpoint, options)
            super().add_url_rule("/extra" + rule, endpoint, view_func, **options)

    class Module(Blueprint):
        def make_setup_state(self, app, options, first_registration=False):
            out.tell("state", options, first_registration)
            return State(self, app, options, first_registration)

    blueprint = Module("bp", "case_app", url_prefix="/p")
    blueprint.add_url_rule("/x", "x", _where, methods=["PUT"])
    app = out.app()
    app.register_blueprint(blueprint)
    out("rules", _rules(app))


def add_url_rule_of_the_state_replaced(out):
    blueprint = _blueprint(url_prefix="/p")

    def patch(state):
        original = state.add_url_rule
        out("name", original.__name__)
        state.add_url_rule = lambda rule, endpoint=None, view_func=None, **options: original(
            "/v1" + rule, endpoint, view_func, **options
        )

    blueprint.record(patch)
    blueprint.add_url_rule("/x", "x", _where)
    app = out.app()
    app.register_blueprint(blueprint)
    out("rules", _rules(app))


def register_overridden(out):
    class Module(Blueprint):
        def register(self, app, options):
            out.tell("register", options)
            options["url_prefix"] = "/forced"
            super().register(app, options)

    blueprint = Module("bp", "case_app")
    blueprint.add_url_rule("/x", "x", _where)
    app = out.app()
    app.register_blueprint(blueprint, url_prefix="/asked")
    out("rules", _rules(app))


def nested_names_and_prefixes(out):
    grandchild, child, parent = _blueprint("gc"), _blueprint("child"), _blueprint("parent", url_prefix="/parent")
    for blueprint in (grandchild, child, parent):
        blueprint.add_url_rule("/", "index", _where)
    child.register_blueprint(grandchild, url_prefix="/gc")
    parent.register_blueprint(child, url_prefix="/child")
    parent.register_blueprint(child, url_prefix="/twin", name="twin")
    app = out.app()
    app.register_blueprint(parent)
    app.register_blueprint(parent, url_prefix="/other", name="other")
    out("rules", _rules(app))
    for path in ("/parent/", "/parent/child/", "/parent/child/gc/", "/parent/twin/gc/", "/other/twin/gc/"):
        out.request(app, path)
    out("blueprints", sorted(app.blueprints))


def nested_prefix_combinations(out):
    for parent_prefix in (None, "/p", "/p/"):
        for child_prefix, given in [(None, None), ("/c", None), ("/c", "/g"), (None, "/g/"), ("c", None), ("", None)]:
            app = out.app(static_folder=None)
            parent, child = _blueprint("parent", url_prefix=parent_prefix), _blueprint("child", url_prefix=child_prefix)
            child.add_url_rule("/x", "x", _where)
            parent.register_blueprint(child, **({} if given is None else {"url_prefix": given}))
            out.attempt(f"{parent_prefix} {child_prefix} {given}", app.register_blueprint, parent)
            out("rules", _rules(app))


def nested_url_for(out):
    parent, child = _blueprint("parent", url_prefix="/parent"), _blueprint("child", url_prefix="/child")

    def urls():
        found = {}
        for endpoint in (".index", "index", "parent.index", "parent.child.index", ".child.index", "child.index"):
            try:
                found[endpoint] = flask.url_for(endpoint)
            except Exception as error:  # noqa: BLE001 - an observation, whatever it is
                found[endpoint] = str(error)
        return found

    for blueprint in (parent, child):
        blueprint.add_url_rule("/", "index", urls)
    parent.register_blueprint(child)
    app = out.app()
    app.register_blueprint(parent)
    out.request(app, "/parent/")
    out.request(app, "/parent/child/")


def nested_hooks_in_order(out):
    parent, child = _blueprint("parent", url_prefix="/parent"), _blueprint("child", url_prefix="/child")
    app = out.app()
    for scaffold, name in ((app, "app"), (parent, "parent"), (child, "child")):
        for n in (1, 2):
            scaffold.before_request(lambda name=name, n=n: out.tell("before", name, n))
            scaffold.after_request(lambda response, name=name, n=n: out.tell("after", name, n) or response)
            scaffold.teardown_request(lambda error, name=name, n=n: out.tell("teardown", name, n, error))
            scaffold.url_value_preprocessor(lambda e, v, name=name, n=n: out.tell("values", name, n, e, v))
            scaffold.context_processor(lambda name=name, n=n: out.tell("context", name, n) or {"who": f"{name}{n}"})
            scaffold.url_defaults(lambda e, v, name=name, n=n: out.tell("defaults", name, n, e))
    child.add_url_rule("/", "index", lambda: flask.url_for(".index") + flask.render_template_string("{{ who }}"))
    parent.add_url_rule(
        "/", "index", lambda: flask.url_for("parent.child.index") + flask.render_template_string("{{ who }}")
    )
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    out.request(app, "/parent/child/")
    out.tell("--")
    out.request(app, "/parent/")
    out.tell("--")
    out.request(app, "/none")


def app_wide_variants(out):
    blueprint = _blueprint(url_prefix="/p")
    blueprint.before_app_request(lambda: out.tell("before", flask.request.blueprint))
    blueprint.after_app_request(lambda response: out.tell("after") or response)
    blueprint.teardown_app_request(lambda error: out.tell("teardown", error))
    blueprint.app_context_processor(lambda: {"shared": "yes"})
    blueprint.app_url_value_preprocessor(lambda e, v: out.tell("values", e))
    blueprint.app_url_defaults(lambda e, v: out.tell("defaults", e))
    blueprint.app_errorhandler(404)(lambda error: ("app-wide", 404))
    blueprint.app_template_filter("twice")(lambda s: s * 2)
    blueprint.app_template_test("even")(lambda n: n % 2 == 0)
    blueprint.app_template_global("answer")(lambda: 42)
    app = out.app()
    app.register_blueprint(blueprint)
    source = "{{ shared }} {{ 'a'|twice }} {{ 2 is even }} {{ answer() }} {{ url_for('index') }}"
    app.add_url_rule("/", "index", lambda: flask.render_template_string(source))
    out.request(app, "/")
    out.request(app, "/none")


def app_template_names(out):
    blueprint = _blueprint()

    @blueprint.app_template_filter()
    def shout(value):
        return value.upper()

    @blueprint.app_template_test()
    def loud(value):
        return value.isupper()

    @blueprint.app_template_global()
    def voice():
        return "hey"

    blueprint.add_app_template_filter(lambda s: s[::-1], "back")
    blueprint.add_app_template_test(lambda s: s == s[::-1], name="palindrome")
    blueprint.add_app_template_global(lambda: "glob", "g_fun")
    out.attempt("without parentheses", lambda: blueprint.app_template_filter(shout))
    app = out.app()
    out.attempt("registered", app.register_blueprint, blueprint)
    with app.app_context():
        out(
            "page",
            flask.render_template_string(
                "{{ voice()|shout }}{{ 'A' is loud }}{{ 'abc'|back }}{{ 'aba' is palindrome }}{{ g_fun() }}"
            ),
        )


def error_handlers_along_the_chain(out):
    parent, child, app = _blueprint("parent", url_prefix="/parent"), _blueprint("child", url_prefix="/child"), out.app()

    class Base(Exception):
        pass

    class Special(Base):
        pass

    def boom(kind):
        raise kind("x") if kind is not int else flask.abort(409)

    for n, kind in enumerate((Base, Special, ValueError, int)):
        for blueprint in (parent, child):
            blueprint.add_url_rule(f"/{n}", f"v{n}", lambda kind=kind: boom(kind))
    app.errorhandler(Special)(lambda e: "app Special")
    app.errorhandler(409)(lambda e: "app 409")
    app.errorhandler(Exception)(lambda e: "app Exception")
    parent.errorhandler(Base)(lambda e: "parent Base")
    parent.errorhandler(ValueError)(lambda e: "parent ValueError")
    child.errorhandler(Special)(lambda e: "child Special")
    child.errorhandler(Exception)(lambda e: "child Exception")
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    for path in (
        "/parent/0",
        "/parent/1",
        "/parent/2",
        "/parent/3",
        "/parent/child/0",
        "/parent/child/1",
        "/parent/child/2",
        "/parent/child/3",
    ):
        out.request(app, path)


def error_handler_for_404_of_a_blueprint(out):
    blueprint = _blueprint(url_prefix="/p")
    blueprint.errorhandler(404)(lambda e: ("blueprint's", 404))
    blueprint.errorhandler(405)(lambda e: ("blueprint's 405", 405))
    blueprint.add_url_rule("/x", "x", lambda: flask.abort(404))
    app = out.app()
    app.register_blueprint(blueprint)
    out.request(app, "/p/x")
    out.request(app, "/p/none")
    out.request(app, "/p/x", "POST")


def static_files_of_a_blueprint(out):
    out.file("admin/static/a.txt", "admin")
    out.file("static/a.txt", "app")
    for label, options, given in [
        ("own prefix", {"url_prefix": "/admin"}, {}),
        ("no prefix", {}, {}),
        ("given prefix", {}, {"url_prefix": "/given"}),
        ("own url", {"static_url_path": "/files", "url_prefix": "/admin"}, {}),
        ("bare url", {"static_url_path": "files"}, {"url_prefix": "/admin"}),
        ("empty url", {"static_url_path": ""}, {"url_prefix": "/admin"}),
    ]:
        blueprint = _blueprint("admin", root_path=str(out.folder / "admin"), static_folder="static", **options)
        app = out.app()
        out.attempt(label, lambda app=app, b=blueprint, given=given: app.register_blueprint(b, **given))
        out("rules", [rule.rule for rule in app.url_map.iter_rules()])
        for path in (
            "/admin/static/a.txt",
            "/static/a.txt",
            "/given/static/a.txt",
            "/admin/files/a.txt",
            "/admin/a.txt",
        ):
            out.request(app, path)
        with app.test_request_context():
            out.attempt("url", flask.url_for, "admin.static", filename="a.txt")


def static_max_age_of_a_blueprint(out):
    class Timed(Blueprint):
        def get_send_file_max_age(self, filename):
            return 77 if filename.endswith(".js") else super().get_send_file_max_age(filename)

    out.file("admin/static/a.js", "js")
    out.file("admin/static/a.css", "css")
    app = out.app(config={"SEND_FILE_MAX_AGE_DEFAULT": 11})
    app.register_blueprint(
        Timed("admin", "case_app", root_path=str(out.folder / "admin"), static_folder="static", url_prefix="/a")
    )
    out.request(app, "/a/static/a.js")
    out.request(app, "/a/static/a.css")


def templates_of_app_and_blueprints(out):
    out.file("templates/shared.html", "app's {{ self is defined }}")
    for name in ("one", "two"):
        out.file(f"{name}/pages/shared.html", name)
        out.file(f"{name}/pages/both.html", f"{name}'s both")
        out.file(f"{name}/pages/only_{name}.html", f"only {name}")
    app = out.app()
    for name in ("two", "one"):
        blueprint = _blueprint(name, root_path=str(out.folder / name), template_folder="pages", url_prefix=f"/{name}")
        blueprint.add_url_rule("/<page>", "page", lambda page: flask.render_template(f"{page}.html"))
        app.register_blueprint(blueprint)
    for path in ("/one/shared", "/one/both", "/two/both", "/one/only_two", "/two/only_one", "/one/none"):
        out.request(app, path)
    out("templates", sorted(app.jinja_env.list_templates()))


def open_resource_and_root_of_a_blueprint(out):
    out.file(
        "pkg_bp/__init__.py",
        "import flask\nbp = flask.Blueprint('bp', __name__, static_folder='s', template_folder='t')\n",
    )
    import sys

    sys.path.insert(0, str(out.folder))
    from pkg_bp import bp

    out("paths", [bp.root_path, bp.static_folder, bp.static_url_path, bp.import_name])
    out.attempt("loader", lambda: bp.jinja_loader.searchpath)


def send_static_file_without_a_folder(out):
    app = out.app()
    blueprint = _blueprint()
    app.register_blueprint(blueprint)
    with app.test_request_context():
        out.attempt("send", blueprint.send_static_file, "a.txt")


def subdomain_of_a_blueprint(out):
    for label, own, given in [
        ("own", "api", {}),
        ("given", None, {"subdomain": "api"}),
        ("both", "own", {"subdomain": "api"}),
    ]:
        app = out.app(subdomain_matching=True, config={"SERVER_NAME": "shop.example"}, static_folder=None)
        blueprint = _blueprint(subdomain=own)
        blueprint.add_url_rule("/", "index", _where)
        blueprint.add_url_rule("/other", "other", _where, subdomain="special")
        app.register_blueprint(blueprint, **given)
        out(label, _rules(app))
        for base in ("http://api.shop.example", "http://own.shop.example", "http://shop.example"):
            out.request(app, "/", base_url=base, label=f"{label} {base}")


def subdomains_nested(out):
    for parent_sub, child_sub, given in [
        ("parent", "child", {}),
        ("parent", None, {}),
        (None, "child", {}),
        (None, None, {"subdomain": "given"}),
        ("parent", None, {"subdomain": "given"}),
        ("parent", "child", {"subdomain": "given"}),
    ]:
        app = out.app(subdomain_matching=True, config={"SERVER_NAME": "shop.example"}, static_folder=None)
        parent, child = _blueprint("parent", subdomain=parent_sub), _blueprint("child", subdomain=child_sub)
        child.add_url_rule("/c", "c", _where)
        parent.add_url_rule("/p", "p", _where)
        parent.register_blueprint(child, **given)
        app.register_blueprint(parent)
        out(f"{parent_sub} {child_sub} {given}", _rules(app))


def url_defaults_of_a_registration(out):
    blueprint = _blueprint(url_defaults={"page": 1, "size": 10})
    blueprint.add_url_rule("/x", "x", lambda **values: values, defaults={"size": 20})
    app = out.app()
    app.register_blueprint(blueprint, url_prefix="/a")
    app.register_blueprint(blueprint, url_prefix="/b", name="b", url_defaults={"page": 2})
    for path in ("/a/x", "/b/x"):
        out.request(app, path)
    out("rules", _rules(app))


def cli_group_of_a_blueprint(out):
    import click

    for label, options, given in [
        ("default", {}, {}),
        ("named", {"cli_group": "tools"}, {}),
        ("merged", {"cli_group": None}, {}),
        ("given", {"cli_group": "tools"}, {"cli_group": "late"}),
        ("given none", {"cli_group": "tools"}, {"cli_group": None}),
        ("renamed", {}, {"name": "other"}),
    ]:
        blueprint = _blueprint("admin", **options)

        @blueprint.cli.command("hello")
        @click.argument("name")
        def hello(name):
            click.echo(f"{name} {flask.current_app.name}")

        app = out.app()
        app.register_blueprint(blueprint, **given)
        out(label, sorted(app.cli.commands))
        for args in (["hello", "x"], ["admin", "hello", "x"], ["tools", "hello", "x"], ["late", "hello", "x"]):
            result = app.test_cli_runner().invoke(args=args)
            out(" ".join(args), [result.exit_code, result.output])


def cli_groups_nested(out):
    app = out.app()
    parent, child = _blueprint("parent"), _blueprint("child")
    child.cli.command("run-child")(lambda: print("child", flask.current_app.name))
    parent.cli.command("run-parent")(lambda: print("parent"))
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    out("commands", {name: sorted(getattr(command, "commands", {})) for name, command in app.cli.commands.items()})
    out("names", [command.name for command in app.cli.commands.values()])


def hooks_of_a_blueprint_registered_twice(out):
    blueprint = _blueprint()
    blueprint.before_request(lambda: out.tell("before", flask.request.blueprint))
    blueprint.before_app_request(lambda: out.tell("app-wide", flask.request.blueprint))
    blueprint.add_url_rule("/", "index", lambda: "x")
    app = out.app()
    app.register_blueprint(blueprint, url_prefix="/a")
    app.register_blueprint(blueprint, url_prefix="/b", name="b")
    out.request(app, "/a/")
    out.request(app, "/b/")
    out("tables", {str(key): len(functions) for key, functions in app.before_request_funcs.items()})


def tables_after_registration(out):
    blueprint = _blueprint()
    for register in (
        blueprint.before_request,
        blueprint.after_request,
        blueprint.teardown_request,
        blueprint.context_processor,
    ):
        register(lambda *args: None)
    blueprint.url_defaults(lambda *args: None)
    blueprint.url_value_preprocessor(lambda *args: None)
    blueprint.errorhandler(404)(lambda e: "")
    blueprint.errorhandler(KeyError)(lambda e: "")
    names = (
        "before_request_funcs after_request_funcs teardown_request_funcs template_context_processors"
        " url_value_preprocessors url_default_functions"
    ).split()
    out("own", {name: {str(key): len(value) for key, value in getattr(blueprint, name).items()} for name in names})
    app = out.app()
    app.register_blueprint(blueprint, name="renamed")
    out("app", {name: {str(key): len(value) for key, value in getattr(app, name).items()} for name in names})
    spec = {
        str(key): {str(code): [kind.__name__ for kind in found] for code, found in value.items()}
        for key, value in app.error_handler_spec.items()
    }
    out("errors", spec)


def view_function_table_of_a_blueprint(out):
    blueprint = _blueprint()
    blueprint.add_url_rule("/x", "x", lambda: "x")
    blueprint.endpoint("y")(lambda: "y")
    blueprint.add_url_rule("/y", "y")
    out("own", sorted(blueprint.view_functions))
    app = out.app()
    app.register_blueprint(blueprint)
    out("app", sorted(app.view_functions))
    out.request(app, "/y")


def views_and_methods_in_a_blueprint(out):
    class Item(flask.views.MethodView):
        def get(self, n):
            return flask.url_for(".item", n=n + 1)

        def delete(self, n):
            return "", 204

    blueprint = _blueprint(url_prefix="/<lang>")
    blueprint.url_value_preprocessor(lambda endpoint, values: out.tell("pulled", values.pop("lang")))
    blueprint.url_defaults(lambda endpoint, values: values.setdefault("lang", "xx"))
    blueprint.add_url_rule("/item/<int:n>", view_func=Item.as_view("item"))
    app = out.app()
    app.register_blueprint(blueprint)
    for method in ("GET", "DELETE", "POST", "OPTIONS"):
        out.request(app, "/de/item/3", method)


def before_request_of_a_blueprint_answers(out):
    blueprint = _blueprint(url_prefix="/p")
    blueprint.before_request(lambda: ("stopped", 403))
    blueprint.after_request(lambda response: response.headers.add("X-After", "blueprint") or response)
    blueprint.add_url_rule("/", "index", lambda: out.tell("never") or "")
    app = out.app()
    app.register_blueprint(blueprint)
    app.after_request(lambda response: response.headers.add("X-After", "app") or response)
    out.request(app, "/p/")


def blueprint_and_app_share_an_endpoint_name(out):
    blueprint = _blueprint("index")
    blueprint.add_url_rule("/b", "index", _where)
    app = out.app()
    app.add_url_rule("/", "index", _where)
    app.register_blueprint(blueprint)
    out.request(app, "/")
    out.request(app, "/b")


def class_level_patching_of_hooks(out):
    original = Blueprint.before_request

    def patched(self, function):
        out.tell("patched", self.name)
        return original(self, function)

    Blueprint.before_request = patched
    try:
        blueprint = _blueprint()
        out("returned", blueprint.before_request(len))
    finally:
        del Blueprint.before_request
        if Blueprint.before_request is not original:
            Blueprint.before_request = original


def registering_returns_and_arguments(out):
    app = out.app()
    out.attempt("returned", app.register_blueprint, _blueprint("a"))
    out.attempt("unknown options", lambda: app.register_blueprint(_blueprint("b"), colour="red"))
    out.attempt("not a blueprint", app.register_blueprint, object())
    out.attempt("missing import name", Blueprint, "x")


def deferred_functions_and_states_by_hand(out):
    blueprint = _blueprint(url_prefix="/p")
    blueprint.add_url_rule("/x", "x", _where)
    app = out.app(static_folder=None)
    state = blueprint.make_setup_state(app, {"url_prefix": "/made"}, True)
    state.add_url_rule("/by-hand", "hand", _where, defaults={"n": 1})
    out("rules", _rules(app))
    out("deferred", len(blueprint.deferred_functions))
    out("merge", [state.url_prefix, state.name, state.first_registration])


def blueprint_tables_written_to_directly(out):
    blueprint = _blueprint()
    blueprint.add_url_rule("/", "index", lambda: "x")
    blueprint.before_request_funcs.setdefault(None, []).append(lambda: out.tell("written before registration"))
    app = out.app()
    app.register_blueprint(blueprint)
    blueprint.before_request_funcs[None].append(lambda: out.tell("written after registration"))
    app.before_request_funcs.setdefault("bp", []).append(lambda: out.tell("written on the app"))
    out.request(app)


def subclass_with_own_methods(out):
    class Api(Blueprint):
        def route(self, rule, **options):
            out.tell("route", rule, options)
            return super().route("/api" + rule, **options)

        def add_url_rule(self, rule, endpoint=None, view_func=None, provide_automatic_options=None, **options):
            out.tell("add", rule, endpoint)
            super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)

    blueprint = Api("bp", "case_app")
    blueprint.route("/a")(lambda: "a").__name__
    blueprint.get("/b", endpoint="b")(lambda: "b")
    app = out.app(static_folder=None)
    app.register_blueprint(blueprint)
    out("rules", _rules(app))


def blueprints_registered_while_others_are(out):
    inner, outer = _blueprint("inner"), _blueprint("outer")
    inner.add_url_rule("/i", "i", _where)
    outer.record(lambda state: state.app.register_blueprint(inner, url_prefix="/recorded"))
    app = out.app(static_folder=None)
    app.register_blueprint(outer)
    out("rules", _rules(app))
    out.request(app, "/recorded/i")


def blueprint_of_two_applications(out):
    blueprint = _blueprint(url_prefix="/p")
    blueprint.add_url_rule("/", "index", lambda: f"{flask.current_app.name} {flask.url_for('.index')}")
    blueprint.before_request(lambda: out.tell("before", flask.current_app.name))
    one, two = out.app("case_app_one"), out.app("case_app_two")
    one.register_blueprint(blueprint)
    out.request(one, "/p/")
    two.register_blueprint(blueprint, url_prefix="/q")
    out.request(two, "/q/")
    out.attempt("changed", blueprint.add_url_rule, "/late", "late", _where)


def app_wide_hooks_of_nested_blueprints(out):
    parent, child, app = _blueprint("parent", url_prefix="/parent"), _blueprint("child", url_prefix="/child"), out.app()
    for blueprint in (child, parent):
        blueprint.before_app_request(lambda name=blueprint.name: out.tell("before", name))
        blueprint.after_app_request(lambda response, name=blueprint.name: out.tell("after", name) or response)
        blueprint.app_errorhandler(404)(lambda error, name=blueprint.name: (f"404 of {name}", 404))
        blueprint.app_context_processor(lambda name=blueprint.name: {"who": name})
    app.before_request(lambda: out.tell("before", "app"))
    app.add_url_rule("/", "index", lambda: flask.render_template_string("{{ who }}"))
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    out.request(app)
    out.request(app, "/none")
