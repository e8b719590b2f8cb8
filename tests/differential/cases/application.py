"""Application: what a Flask object is made from, what it finds, and what it refuses once it serves."""

import datetime
import logging
import os
import sys
import types

import werkzeug.exceptions

import flask


def defaults_of_a_new_application(out):
    app = flask.Flask("case_app")
    for name in (
        "import_name name root_path instance_path static_folder static_url_path has_static_folder template_folder"
        " extensions debug testing secret_key permanent_session_lifetime blueprints"
        " session_cookie_name use_x_sendfile subdomain_matching jinja_options"
    ).split():
        out.attempt(name, lambda name=name: getattr(app, name))
    out("rules", [repr(rule) for rule in app.url_map.iter_rules()])


def classes_that_an_application_uses(out):
    app = flask.Flask("case_app")
    names = (
        "request_class response_class jinja_environment app_ctx_globals_class config_class json_provider_class"
        " url_rule_class url_map_class test_client_class test_cli_runner_class aborter_class session_interface"
    ).split()
    out(
        "classes",
        [getattr(app, name) if name != "session_interface" else type(app.session_interface) for name in names],
    )


def repr_and_str(out):
    app = flask.Flask("case_app")
    out("repr", repr(app))
    out("blueprint", repr(flask.Blueprint("bp", "case_app")))
    with app.test_request_context("/a?b=c"):
        from flask.globals import request_ctx

        out("request context", repr(request_ctx._get_current_object()))
        out("g", repr(flask.g))
        out("request", repr(flask.request))


def import_name_is_required(out):
    out.attempt("no argument", flask.Flask)


def name_of_main(out):
    main = types.ModuleType("__main__")
    main.__file__ = str(out.file("serve/wsgi_site.py"))
    kept = sys.modules["__main__"]
    sys.modules["__main__"] = main
    try:
        app = flask.Flask("__main__")
        out("name", app.name)
        out("root", app.root_path)
        out("instance", app.instance_path)
        del main.__file__
        app = flask.Flask("__main__")
        out("name without a file", app.name)
        out("root without a file", app.root_path)
    finally:
        sys.modules["__main__"] = kept


def root_of_a_package_and_a_module(out):
    out.file("shop_pkg/__init__.py", "import flask\napp = flask.Flask(__name__)\n")
    out.file("shop_pkg/admin.py", "import flask\napp = flask.Flask(__name__)\n")
    out.file("shop_mod.py", "import flask\napp = flask.Flask(__name__)\n")
    sys.path.insert(0, str(out.folder))
    for name in ("shop_pkg", "shop_pkg.admin", "shop_mod"):
        app = __import__(name, fromlist=["app"]).app
        out(name, [app.name, app.root_path, app.instance_path, app.static_folder])


def root_of_a_name_not_yet_imported(out):
    out.file("later_pkg/__init__.py", "raise RuntimeError('must not be imported')\n")
    out.file("later_mod.py", "raise RuntimeError('must not be imported')\n")
    sys.path.insert(0, str(out.folder))
    for name in ("later_pkg", "later_mod"):
        app = flask.Flask(name)
        out(name, [app.root_path, app.instance_path, name in sys.modules])


def namespace_package_needs_a_root_path(out):
    (out.folder / "space_ns").mkdir()
    sys.path.insert(0, str(out.folder))
    out.attempt("not imported", lambda: flask.Flask("space_ns").root_path)
    import space_ns  # noqa: F401

    out.attempt("imported", flask.Flask, "space_ns")
    app = flask.Flask("space_ns", root_path=str(out.folder / "elsewhere"))
    out("with a root", [app.root_path, app.instance_path])


def module_inside_a_namespace_package(out):
    out.file("wide_ns/part.py", "import flask\napp = flask.Flask(__name__)\n")
    sys.path.insert(0, str(out.folder))
    from wide_ns import part

    out("paths", [part.app.root_path, part.app.instance_path, part.app.name])


def instance_path_of_an_installed_package(out):
    prefix = out.folder / "prefix"
    site = prefix / "lib" / "python3.x" / "site-packages"
    out.file(
        "prefix/lib/python3.x/site-packages/installed_app/__init__.py", "import flask\napp = flask.Flask(__name__)"
    )
    sys.path.insert(0, str(site))
    kept, sys.prefix = sys.prefix, str(prefix)
    try:
        import installed_app

        out("instance", installed_app.app.instance_path)
        windows = out.folder / "Prefix2" / "Lib" / "site-packages"
        out.file("Prefix2/Lib/site-packages/other_installed.py", "import flask\napp = flask.Flask(__name__)")
        sys.path.insert(0, str(windows))
        sys.prefix = str(out.folder / "Prefix2")
        import other_installed

        out("Windows' layout", other_installed.app.instance_path)
    finally:
        sys.prefix = kept


def instance_path_must_be_absolute(out):
    out.attempt("relative", flask.Flask, "case_app", instance_path="var")
    out("absolute", out.app(instance_path=str(out.folder / "var")).instance_path)


def instance_relative_config_moves_the_root_of_the_config(out):
    out.file("instance/settings.py", "WHERE = 'instance'\n")
    out.file("settings.py", "WHERE = 'root'\n")
    for relative in (False, True):
        app = flask.Flask("case_app", instance_relative_config=relative)
        app.config.from_pyfile("settings.py")
        out(f"{relative}", app.config["WHERE"])


def open_resource_modes(out):
    out.file("data/schema.sql", "créer\r\n")
    app = out.app()
    for mode in ("r", "rb", "rt", "w", "a", "r+", "wb", "x", ""):
        out.attempt(mode, lambda mode=mode: _read(app.open_resource("data/schema.sql", mode)))
    out.attempt("default", lambda: _read(app.open_resource("data/schema.sql")))
    out.attempt("encoding", lambda: _read(app.open_resource("data/schema.sql", "r", encoding="latin-1")))
    out.attempt("encoding None", lambda: _read(app.open_resource("data/schema.sql", "rb", encoding=None)))
    out.attempt("missing", app.open_resource, "absent.txt")


def _read(stream):
    with stream:
        return [type(stream).__name__, stream.read()]


def open_resource_of_a_blueprint(out):
    out.file("admin/notes.txt", "hä")
    blueprint = flask.Blueprint("admin", "case_app", root_path=str(out.folder / "admin"))
    out.attempt("r", lambda: _read(blueprint.open_resource("notes.txt", "r")))
    out.attempt("rb", lambda: _read(blueprint.open_resource("notes.txt")))
    out.attempt("w", blueprint.open_resource, "notes.txt", "w")


def open_instance_resource_modes(out):
    (out.folder / "instance").mkdir()
    app = out.app()

    def write(mode, text, **options):
        with app.open_instance_resource("note.txt", mode, **options) as stream:
            return stream.write(text)

    out.attempt("w", write, "w", "über")
    out.attempt("default", lambda: _read(app.open_instance_resource("note.txt")))
    out.attempt("r", lambda: _read(app.open_instance_resource("note.txt", "r")))
    out.attempt("latin", lambda: _read(app.open_instance_resource("note.txt", "r", encoding="latin-1")))
    out.attempt("wb", write, "wb", b"\xff\x00")
    out.attempt("rb with an encoding", lambda: _read(app.open_instance_resource("note.txt", "rb", encoding="utf-8")))
    out.attempt("missing", app.open_instance_resource, "absent")


def name_can_be_set_by_a_subclass(out):
    class Shop(flask.Flask):
        name = "shop"

    app = Shop("case_app")
    out("name", app.name)
    out("repr", repr(app))
    out("logger", app.logger.name)


def extensions_are_one_dict_per_application(out):
    first, second = flask.Flask("case_app"), flask.Flask("case_app")
    first.extensions["db"] = object
    out("first", first.extensions)
    out("second", second.extensions)


def aborter_of_an_application(out):
    app = out.app()
    out("class", type(app.aborter))
    out.attempt("418", app.aborter, 418)
    out.attempt("no such code", app.aborter, 299)
    out.attempt("a response", app.aborter, flask.Response("gone", 410))
    out.attempt("with a description", app.aborter, 404, "nothing here")
    out.attempt("keywords", app.aborter, 405, valid_methods=["GET", "PUT"])


def aborter_of_ones_own(out):
    class Teapot(werkzeug.exceptions.HTTPException):
        code = 477
        description = "Short and stout."

    class Shop(flask.Flask):
        def make_aborter(self):
            aborter = super().make_aborter()
            aborter.mapping[477] = Teapot
            return aborter

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: flask.abort(477))
    out.request(app, "/")
    out.attempt("outside of any context", flask.abort, 477)
    with app.app_context():
        out.attempt("in a context", flask.abort, 477)


def aborter_class_is_used(out):
    class Polite(werkzeug.exceptions.Aborter):
        def __call__(self, code, *args, **options):
            raise werkzeug.exceptions.NotFound(f"sorry, no {code}")

    class Shop(flask.Flask):
        aborter_class = Polite

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: flask.abort(500))
    out.request(app, "/")


def testing_and_secret_key_mirror_the_config(out):
    app = out.app()
    app.testing = True
    app.secret_key = "k"
    app.permanent_session_lifetime = 90
    out("config", [app.config[k] for k in ("TESTING", "SECRET_KEY", "PERMANENT_SESSION_LIFETIME")])
    app.config.update(TESTING=0, SECRET_KEY=b"b", PERMANENT_SESSION_LIFETIME=datetime.timedelta(days=2))
    out("attributes", [app.testing, app.secret_key, app.permanent_session_lifetime.total_seconds()])
    app.config["PERMANENT_SESSION_LIFETIME"] = 61
    out("seconds", app.permanent_session_lifetime.total_seconds())
    out("class attribute", [type(flask.Flask.testing), type(flask.Flask.secret_key)])


def debug_follows_the_environment(out):
    for value in ("1", "0", "true", "False", "no", "off", "2", "", "nein"):
        os.environ["FLASK_DEBUG"] = value
        out(f"FLASK_DEBUG={value!r}", [flask.Flask("case_app").debug, flask.helpers.get_debug_flag()])


def debug_set_late_reloads_templates(out):
    app = out.app()
    out("before", [app.config["TEMPLATES_AUTO_RELOAD"], app.jinja_env.auto_reload])
    app.debug = True
    out("after", [app.config["DEBUG"], app.config["TEMPLATES_AUTO_RELOAD"], app.jinja_env.auto_reload])
    app.debug = False
    out("and back", [app.config["DEBUG"], app.jinja_env.auto_reload])
    told = out.app(config={"TEMPLATES_AUTO_RELOAD": False})
    told.jinja_env
    told.debug = True
    out("told", told.jinja_env.auto_reload)


SETUP = {
    "route": lambda app: app.route("/late")(lambda: ""),
    "get": lambda app: app.get("/late")(lambda: ""),
    "add_url_rule": lambda app: app.add_url_rule("/late", "late", lambda: ""),
    "endpoint": lambda app: app.endpoint("late")(lambda: ""),
    "before_request": lambda app: app.before_request(lambda: None),
    "after_request": lambda app: app.after_request(lambda r: r),
    "teardown_request": lambda app: app.teardown_request(lambda e: None),
    "teardown_appcontext": lambda app: app.teardown_appcontext(lambda e: None),
    "context_processor": lambda app: app.context_processor(dict),
    "url_value_preprocessor": lambda app: app.url_value_preprocessor(lambda e, v: None),
    "url_defaults": lambda app: app.url_defaults(lambda e, v: None),
    "errorhandler": lambda app: app.errorhandler(404)(lambda e: ""),
    "register_error_handler": lambda app: app.register_error_handler(404, lambda e: ""),
    "template_filter": lambda app: app.template_filter("late")(str),
    "add_template_filter": lambda app: app.add_template_filter(str, "late"),
    "template_test": lambda app: app.template_test("late")(bool),
    "add_template_test": lambda app: app.add_template_test(bool, "late"),
    "template_global": lambda app: app.template_global("late")(str),
    "add_template_global": lambda app: app.add_template_global(str, "late"),
    "shell_context_processor": lambda app: app.shell_context_processor(dict),
    "register_blueprint": lambda app: app.register_blueprint(flask.Blueprint("late", "case_app")),
}


def setup_after_the_first_request_is_refused(out):
    app = out.app()
    app.test_client().get("/")
    for name, set_up in SETUP.items():
        out.attempt(name, lambda set_up=set_up: set_up(app))


def setup_during_a_request_is_refused(out):
    app = out.app()

    @app.get("/")
    def index():
        app.add_url_rule("/late", "late", lambda: "")
        return "no"

    out.request(app, "/")
    app.testing = True
    out.request(app, "/", label="testing")


def setup_while_only_an_app_context_was_used_is_allowed(out):
    app = out.app()
    with app.app_context():
        app.add_url_rule("/late", "late", lambda: "late")
    with app.test_request_context("/"):
        app.add_url_rule("/later", "later", lambda: "later")
    out("flag", app._got_first_request)
    out.request(app, "/late")
    out.request(app, "/later")
    out("flag after", app._got_first_request)
    app._got_first_request = False
    app.add_url_rule("/reset", "reset", lambda: "reset")
    out.request(app, "/reset")


def setup_methods_return_what_they_were_given(out):
    app = out.app()
    for name, set_up in SETUP.items():
        out.attempt(name, lambda set_up=set_up: set_up(app))


def static_folder_served(out):
    out.file("static/a.txt", "static")
    app = out.app()
    out.request(app, "/static/a.txt")
    out.request(app, "/static/a.txt", "HEAD")
    out.request(app, "/static/missing.txt")
    out.request(app, "/static/")
    out.request(app, "/static")
    out.request(app, "/static/../settings.py")
    out.request(app, "/static/a.txt", "POST")
    out.request(app, "/static/a.txt", "OPTIONS")


def static_folder_variants(out):
    out.file("assets/css/a.css", "a{}")
    for label, options in {
        "folder": {"static_folder": "assets"},
        "folder with a slash": {"static_folder": "assets/"},
        "nested": {"static_folder": "assets/css"},
        "nested with a slash": {"static_folder": "assets/css/"},
        "absolute": {"static_folder": str(out.folder / "assets")},
        "a path object": {"static_folder": out.folder / "assets"},
        "url": {"static_folder": "assets", "static_url_path": "/files"},
        "url with a slash": {"static_folder": "assets", "static_url_path": "/files/"},
        "url only a slash": {"static_folder": "assets", "static_url_path": "/"},
        "url empty": {"static_folder": "assets", "static_url_path": ""},
        "url without a slash": {"static_folder": "assets", "static_url_path": "files"},
        "folder empty": {"static_folder": ""},
        "none": {"static_folder": None},
        "none with url": {"static_folder": None, "static_url_path": "/files"},
    }.items():
        app = out.attempt(label, lambda options=options: flask.Flask("case_app", **options))
        if app is not None:
            out(
                f"{label}: app",
                [app.static_folder, app.static_url_path, app.has_static_folder, "static" in app.view_functions],
            )
            out(f"{label}: rules", [rule.rule for rule in app.url_map.iter_rules()])


def static_folder_set_to_nothing_later(out):
    app = out.app()
    app.static_folder = None
    out("url path", [app.static_folder, app.static_url_path, app.has_static_folder])
    out.request(app, "/static/a.txt")
    app.testing = True
    out.request(app, "/static/a.txt", label="testing")
    app.static_folder = "elsewhere"
    app.static_url_path = "/x/"
    out("set again", [app.static_folder, app.static_url_path, app.has_static_folder])


def static_host_needs_host_matching(out):
    out.attempt("host alone", flask.Flask, "case_app", static_host="cdn.example")
    out.attempt("matching alone", flask.Flask, "case_app", host_matching=True)
    out.attempt("matching without a folder", flask.Flask, "case_app", host_matching=True, static_folder=None)
    out.attempt("both", flask.Flask, "case_app", host_matching=True, static_host="cdn.example")
    out.attempt("bare", flask.Flask, "case_app", host_matching=True, static_host="")


def static_host_serves_from_its_host_alone(out):
    out.file("static/a.txt", "static")
    app = out.app(host_matching=True, static_host="cdn.example")
    app.add_url_rule("/", "index", lambda: flask.url_for("static", filename="a.txt"), host="www.example")
    out.request(app, "/static/a.txt", base_url="http://cdn.example")
    out.request(app, "/static/a.txt", base_url="http://www.example", label="other host")
    out.request(app, "/", base_url="http://www.example", label="built")
    with app.test_request_context("/", base_url="http://cdn.example"):
        out("built on its host", flask.url_for("static", filename="a.txt"))


def static_url_for(out):
    app = out.app(static_url_path="/s")
    with app.test_request_context():
        out("plain", flask.url_for("static", filename="a b/ü.css"))
        out("query", flask.url_for("static", filename="a.css", v="1"))
        out.attempt("no name", flask.url_for, "static")


def template_folder_variants(out):
    out.file("views/a.html", "views")
    out.file("templates/a.html", "templates")
    for label, options in {
        "default": {},
        "named": {"template_folder": "views"},
        "path": {"template_folder": out.folder / "views"},
    }.items():
        app = flask.Flask("case_app", **options)
        with app.app_context():
            out.attempt(label, flask.render_template, "a.html")
    app = flask.Flask("case_app", template_folder=None)
    out("loader", app.jinja_loader)
    with app.app_context():
        out.attempt("none", flask.render_template, "a.html")


def root_path_given(out):
    out.file("elsewhere/static/a.txt", "there")
    app = flask.Flask("case_app", root_path=str(out.folder / "elsewhere"))
    out("paths", [app.root_path, app.instance_path, app.static_folder])
    out.request(app, "/static/a.txt")


def factory_makes_independent_applications(out):
    def create(greeting):
        app = flask.Flask("case_app")
        app.config["GREETING"] = greeting

        @app.get("/")
        def index():
            return flask.current_app.config["GREETING"]

        return app

    one, two = create("one"), create("two")
    out.request(one)
    out.request(two)

    one._got_first_request = False

    @one.get("/both")
    def both():
        inner = two.test_client().get("/").text
        return inner + flask.current_app.config["GREETING"]

    out.request(one, "/both")


def run_is_ignored_under_the_command(out):
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    out.attempt("run", out.app().run)


def run_hands_over_to_the_server(out):
    import werkzeug.serving

    kept = werkzeug.serving.run_simple
    werkzeug.serving.run_simple = lambda *args, **options: out("called", [list(args), sorted(options.items())])
    try:
        for server_name, given in [
            (None, {}),
            ("shop.example:4000", {}),
            ("shop.example:4000", {"host": "0.0.0.0", "port": 0}),
            ("shop.example", {"port": "8080"}),
            (None, {"debug": True, "threaded": False}),
            (None, {"host": "", "use_reloader": True, "ssl_context": "adhoc"}),
        ]:
            app = out.app(config={"SERVER_NAME": server_name})
            out.attempt(f"{server_name} {given}", lambda app=app, given=given: app.run(**given, load_dotenv=False))
            out("state", [app.debug, app._got_first_request])
    finally:
        werkzeug.serving.run_simple = kept


def subclass_defaults(out):
    class Shop(flask.Flask):
        default_config = {**flask.Flask.default_config, "ANSWER": 42, "DEBUG": True}
        secret_key = "fixed"

    app = Shop("case_app")
    out("config", [app.config["ANSWER"], app.debug, app.secret_key, app.config["SECRET_KEY"]])


def class_is_generic_over_unknown_arguments(out):
    out.attempt("unknown", lambda: flask.Flask("case_app", colour="red"))
    out.attempt("positional", lambda: flask.Flask("case_app", "/s", "st").static_folder)


def config_class_and_globals_class(out):
    class Loud(flask.Config):
        def __getitem__(self, key):
            value = super().__getitem__(key)
            return value.upper() if isinstance(value, str) else value

    class Box:
        def __init__(self):
            self.made = "by the app"

    class Shop(flask.Flask):
        config_class = Loud
        app_ctx_globals_class = Box

    app = Shop("case_app")
    app.config["X"] = "quiet"
    out("config", [app.config["X"], app.config.root_path, type(app.config)])
    with app.app_context():
        out("g", [flask.g.made, type(flask.g._get_current_object())])
        out.attempt("missing", lambda: flask.g.absent)


def version_is_deprecated(out):
    out.attempt("version", lambda: flask.__version__)
    out.attempt("unknown", lambda: flask.no_such_name)
    out.attempt("old escape", lambda: flask.escape)
    out.attempt("old Markup", lambda: flask.Markup)
    out.attempt("old stack", lambda: flask._request_ctx_stack)
    out.attempt("old app stack", lambda: flask._app_ctx_stack)
    out.attempt("old globals", lambda: flask.globals._request_ctx_stack)


# The names that upstream does not have.
ADDED = {
    "after_this_websocket",
    "has_websocket_context",
    "websocket",
    "websocket_finished",
    "websocket_started",
    "websocket_tearing_down",
    "non_blocking",
    "stream_request",
}


def names_of_the_package(out):
    from flask import (
        app,
        blueprints,
        cli,
        config,
        ctx,
        globals,
        helpers,
        json,
        logging,
        sessions,
        signals,
        templating,
        testing,
        typing,
        views,
        wrappers,
    )

    public = [
        name for name in dir(flask) if name[0] not in "_a" and not isinstance(getattr(flask, name), types.ModuleType)
    ]
    out("flask", [name for name in public if name not in ADDED])
    for module in (blueprints, ctx, globals, json, sessions, signals, templating, testing, views, wrappers):
        names = [
            name
            for name in dir(module)
            if name[0] != "_" and getattr(getattr(module, name), "__module__", "") == module.__name__
        ]
        out(module.__name__, [name for name in names if len(name) > 1 and name not in ADDED])
    out("others", [len({module.__name__ for module in (app, cli, config, helpers, logging, typing)})])


def shell_context_of_an_application(out):
    app = out.app()
    app.shell_context_processor(lambda: {"one": 1, "g": "mine"})
    context = app.make_shell_context()
    out("names", {name: value if name != "app" else "app" for name, value in context.items() if name != "g"})
    out("own g", context["g"])


def open_resource_outside_the_root(out):
    out.file("secret.txt", "parent")
    (out.folder / "inner").mkdir()
    app = flask.Flask("case_app", root_path=str(out.folder / "inner"))
    out.attempt("upwards", lambda: _read(app.open_resource("../secret.txt")))
    out.attempt("absolute", lambda: _read(app.open_resource(str(out.folder / "secret.txt"))))


def auto_find_instance_path(out):
    app = out.app()
    out("found", app.auto_find_instance_path())
    out("logger level", logging.getLevelName(app.logger.level))


def response_and_request_classes_of_the_application(out):
    class Request(flask.Request):
        @property
        def shout(self):
            return self.args["q"].upper()

    class Response(flask.Response):
        default_mimetype = "text/x-shop"

    class Shop(flask.Flask):
        request_class = Request
        response_class = Response

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: flask.request.shout)
    app.add_url_rule("/json", "json", lambda: {"q": flask.request.shout})
    out.request(app, "/?q=abc")
    out.request(app, "/json?q=abc")
    out.request(app, "/none")


def flask_replaced_in_the_module_by_a_subclass(out):
    original = flask.Flask

    class Instrumented(original):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            inner = self.wsgi_app
            self.wsgi_app = lambda environ, start: out.tell("instrumented") or inner(environ, start)

    flask.Flask = Instrumented
    try:
        app = flask.Flask("case_app")
        app.add_url_rule("/", "index", lambda: type(flask.current_app._get_current_object()).__name__)
        out.request(app.test_client())
        out("isinstance", [isinstance(app, original), isinstance(app, flask.app.Flask)])
    finally:
        flask.Flask = original


def initialiser_wrapped_on_the_class(out):
    original = flask.Flask.__init__

    def wrapped(self, *args, **options):
        original(self, *args, **options)
        self.extensions["wrapped"] = True

    flask.Flask.__init__ = wrapped
    try:
        out("extensions", flask.Flask("case_app").extensions)
    finally:
        flask.Flask.__init__ = original


def attributes_before_the_initialiser(out):
    class Shop(flask.Flask):
        def __init__(self):
            self.early = "set before"
            super().__init__("case_app", static_folder=None)
            self.add_url_rule("/", view_func=self.index)

        def index(self):
            return self.early

    out.request(Shop())


def initialiser_called_twice(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "x")
    app.config["X"] = 1
    app.__init__("case_app")
    out(
        "again",
        [
            app.config.get("X"),
            [rule.rule for rule in app.url_map.iter_rules()],
            app.view_functions.keys() == {"static"},
        ],
    )


def deleted_and_shadowed_attributes(out):
    app = out.app()
    out.attempt("missing", lambda: app.no_such)
    app.mine = 1
    out("set", [app.mine, "mine" in vars(app)])
    out.attempt("cached property", lambda: [app.name, app.jinja_env is app.jinja_env, app.logger is app.logger])
    app.jinja_env = "replaced"
    out("replaced", app.jinja_env)
    out.attempt("equal", lambda: [app == app, app != out.app(), hash(app) == hash(app), bool(app)])


def static_rules_of_subclasses(out):
    class Shop(flask.Flask):
        def send_static_file(self, filename):
            return f"own {filename}"

    class Quiet(flask.Flask):
        has_static_folder = False

    app = Shop("case_app")
    out.request(app, "/static/a/b.txt")
    other = flask.Flask("case_app")
    other.send_static_file = lambda filename: f"patched {filename}"
    out.request(other, "/static/x.txt")
    out("rules", [rule.rule for rule in Quiet("case_app").url_map.iter_rules()])


def weak_references_and_garbage(out):
    import gc
    import weakref

    app = flask.Flask("case_app")
    app.add_url_rule("/", "index", lambda: "x")
    app.test_client().get("/")
    reference = weakref.ref(app)
    del app
    gc.collect()
    out("collected", reference() is None)
