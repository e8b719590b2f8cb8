"""Config: every key with its default, and what each way of loading settings takes, refuses and returns."""

import datetime
import json
import os
import types

import flask
from flask.config import Config, ConfigAttribute

# The settings that upstream does not have.
ADDED = {
    "BACKGROUND_TASK_SHUTDOWN_TIMEOUT",
    "BODY_TIMEOUT",
    "MAX_CHUNKED_LENGTH",
    "MAX_FORM_PART_HEADERS",
    "MAX_FORM_PART_HEADER_SIZE",
    "RSGI_ROOT_PATH",
    "WEBSOCKET_ALLOWED_ORIGINS",
    "WEBSOCKET_MAX_MESSAGE_SIZE",
    "WORKER_THREADS",
}


def defaults_of_every_key(out):
    app = flask.Flask("case_app")
    out("config", {key: repr(value) for key, value in sorted(app.config.items()) if key not in ADDED})
    defaults = flask.Flask.default_config
    out("class default", {key: repr(value) for key, value in sorted(defaults.items()) if key not in ADDED})
    out("type", [type(app.config), type(flask.Flask.default_config)])


def defaults_are_not_shared(out):
    one, two = flask.Flask("case_app"), flask.Flask("case_app")
    one.config["X"] = 1
    one.config["TRUSTED_HOSTS"] = ["a"]
    out("two", [two.config.get("X"), two.config["TRUSTED_HOSTS"]])
    out.attempt("default is read-only", lambda: flask.Flask.default_config.__setitem__("X", 1))


def config_is_a_dict(out):
    config = Config(str(out.folder), {"A": 1, "b": 2})
    out("repr", repr(config))
    out("dict", [config == {"A": 1, "b": 2}, isinstance(config, dict), list(config), config.root_path])
    out("defaults omitted", Config("/r"))
    config.update(C=3)
    config |= {"D": 4}
    out("type after or", type(config))
    out("copied", [type(config.copy()), config.copy()])
    out.attempt("missing", lambda: config["NONE"])
    out.attempt("attribute", lambda: config.A)
    out.attempt("no root", Config)


def repr_of_the_config_of_an_application(out):
    app = out.app()
    app.config.clear()
    app.config["SECRET_KEY"] = "visible"
    out("repr", repr(app.config))


def from_object_of_many_kinds(out):
    class Base:
        UPPER = 1
        lower = 2
        Mixed = 3
        _PRIVATE = 4
        WITH_1 = 5
        ÜMLAUT = 6

    class Child(Base):
        CHILD = [1]

        @property
        def PROPERTY(self):
            return "computed"

        @staticmethod
        def METHOD():
            return 1

    module = types.ModuleType("settings_module")
    module.FROM_MODULE = 1
    module.os = os
    for label, thing in {
        "class": Child,
        "instance": Child(),
        "module": module,
        "dict": {"A": 1},
        "none": None,
        "number": 3,
        "namespace": types.SimpleNamespace(A=1, b=2),
    }.items():
        config = Config("/r")
        out.attempt(label, config.from_object, thing)
        out(
            "config",
            {
                key: value if not callable(value) else "callable"
                for key, value in config.items()
                if key != "PROPERTY" or isinstance(value, str)
            },
        )


def from_object_by_name(out):
    import sys

    out.file("conf_pkg/__init__.py", "A = 'package'\n")
    out.file(
        "conf_pkg/prod.py",
        "A = 'module'\nclass Settings:\n    A = 'class'\n    class Inner:\n        A = 'inner'\nB: int = 2\n",
    )
    out.file("conf_pkg/broken.py", "import no_such_module_at_all\n")
    out.file("conf_pkg/failing.py", "raise RuntimeError('at import')\n")
    sys.path.insert(0, str(out.folder))
    for name in (
        "conf_pkg",
        "conf_pkg.prod",
        "conf_pkg.prod.Settings",
        "conf_pkg.prod.Settings.Inner",
        "conf_pkg.prod:Settings",
        "conf_pkg.none",
        "conf_pkg.prod.None_",
        "no_such_pkg",
        "conf_pkg.broken",
        "conf_pkg.failing",
        "",
        "a b",
    ):
        config = Config("/r")
        out.attempt(name, config.from_object, name)
        out("config", config)


def from_mapping_forms(out):
    for label, args, options in [
        ("nothing", (), {}),
        ("mapping", ({"A": 1, "b": 2},), {}),
        ("keywords", (), {"A": 1, "b": 2}),
        ("both", ({"A": 1},), {"A": 2, "C": 3}),
        ("pairs", ([("A", 1), ("b", 2)],), {}),
        ("two", ({"A": 1}, {"B": 2}), {}),
        ("none", (None,), {}),
        ("number", (3,), {}),
        ("odd keys", ({"": 1, "A_B": 2, "Ab": 3, "1": 4},), {}),
        ("keys that are no text", ({1: 2},), {}),
        ("config", (Config("/r", {"A": 1}),), {}),
    ]:
        config = Config("/r")
        out.attempt(label, config.from_mapping, *args, **options)
        out("config", config)


def from_pyfile_forms(out):
    out.file("good.cfg", "A = 1\nb = 2\nC = [A, __file__, __name__]\nimport os\nD = D if 'D' in globals() else 'd'\n")
    out.file("syntax.cfg", "A = \n")
    out.file("raises.cfg", "A = 1\n1/0\n")
    out.file("latin.cfg", "# coding: latin-1\nA = '\xe4'\n".encode("latin-1"))
    out.file("utf.cfg", "A = 'ü'\n")
    out.file("bytes.cfg", b"A = '\xff'\n")
    (out.folder / "folder.cfg").mkdir()
    for name in (
        "good.cfg",
        "syntax.cfg",
        "raises.cfg",
        "latin.cfg",
        "utf.cfg",
        "bytes.cfg",
        "none.cfg",
        "folder.cfg",
        "",
        out.folder / "good.cfg",
        "sub/../good.cfg",
        "/none/at/all.cfg",
    ):
        for silent in (False, True):
            config = Config(str(out.folder))
            out.attempt(f"{out.text(str(name))} {silent}", config.from_pyfile, name, silent=silent)
            out("config", config)
    config = Config(out.folder)
    out.attempt("positional silent", config.from_pyfile, "none.cfg", True)


def from_envvar_forms(out):
    out.file("good.cfg", "A = 1\n")
    for value in ("good.cfg", str(out.folder / "good.cfg"), "none.cfg", "", None):
        for silent in (False, True):
            os.environ.pop("CASE_SETTINGS", None)
            if value is not None:
                os.environ["CASE_SETTINGS"] = value
            config = Config(str(out.folder))
            out.attempt(f"{out.text(str(value))} {silent}", config.from_envvar, "CASE_SETTINGS", silent=silent)
            out("config", config)


def from_file_forms(out):
    import tomllib

    out.file("a.json", '{"A": 1, "b": 2, "N": {"x": 1}}')
    out.file("broken.json", "{")
    out.file("list.json", "[1, 2]")
    out.file("a.toml", 'A = 1\nb = 2\n[N]\nx = "ü"\n')
    for name, load, options in [
        ("a.json", json.load, {}),
        ("a.json", json.load, {"text": False}),
        ("a.toml", tomllib.load, {"text": False}),
        ("a.toml", tomllib.load, {}),
        ("broken.json", json.load, {}),
        ("broken.json", json.load, {"silent": True}),
        ("list.json", json.load, {}),
        ("none.json", json.load, {}),
        ("none.json", json.load, {"silent": True}),
        ("a.json", lambda stream: {"MODE": stream.mode, "NAME": os.path.basename(stream.name)}, {}),
        ("a.json", lambda stream: None, {}),
        ("a.json", lambda stream: {"MODE": stream.mode}, {"text": False}),
    ]:
        config = Config(str(out.folder))
        out.attempt(f"{name} {options}", lambda c=config, n=name, f=load, o=options: c.from_file(n, load=f, **o))
        out("config", config)
    out.attempt("absolute", lambda: Config("/r").from_file(out.folder / "a.json", json.load))
    out.attempt("no load", lambda: Config("/r").from_file("a.json"))


def prefixed_environment_values(out):
    values = {
        "INT": "1",
        "NEGATIVE": "-1",
        "FLOAT": "1.5",
        "TEXT": "some text",
        "QUOTED": '"quoted"',
        "TRUE": "true",
        "PYTHON_TRUE": "True",
        "NULL": "null",
        "NONE": "None",
        "LIST": "[1, 2]",
        "DICT": '{"a": {"b": 1}}',
        "BROKEN": "[1, 2",
        "EMPTY": "",
        "SPACE": " 1 ",
        "LEADING_ZERO": "007",
        "UMLAUT": "ü",
        "NAN": "NaN",
        "EXP": "1e3",
        "lower": "x",
        "Mixed": "y",
    }
    for key, value in values.items():
        os.environ[f"FLASK_{key}"] = value
    os.environ["FLASK"] = "no"
    os.environ["XFLASK_A"] = "no"
    os.environ["FLASK_"] = "empty key"
    os.environ["flask_small"] = "no"
    config = Config("/r")
    out.attempt("returned", config.from_prefixed_env)
    out("config", {key: repr(value) for key, value in config.items()})


def prefixed_environment_nesting(out):
    os.environ.update(
        {
            "FLASK_A__B": "1",
            "FLASK_A__C__D": "2",
            "FLASK_EXISTING__X": "3",
            "FLASK_EXISTING__NEW__Y": "4",
            "FLASK_Z__": "5",
            "FLASK___Y": "6",
            "FLASK_T____U": "7",
        }
    )
    config = Config("/r", {"EXISTING": {"X": 0, "KEPT": 1}})
    out.attempt("loaded", config.from_prefixed_env)
    out("config", config)
    os.environ["FLASK_SCALAR__X"] = "1"
    config = Config("/r", {"SCALAR": 5})
    out.attempt("into a scalar", config.from_prefixed_env)
    config = Config("/r", {"SCALAR": [5]})
    out.attempt("into a list", config.from_prefixed_env)
    config = Config("/r", {"SCALAR": None})
    out.attempt("into None", config.from_prefixed_env)
    out("config", config)


def prefixed_environment_order(out):
    for order in (("FLASK_A", "FLASK_A__B"), ("FLASK_A__B", "FLASK_A")):
        for key in ("FLASK_A", "FLASK_A__B"):
            os.environ.pop(key, None)
        for key in order:
            os.environ[key] = '{"x": 1}'
        config = Config("/r")
        out.attempt(str(order), config.from_prefixed_env)
        out("config", config)


def prefixed_environment_prefix_and_loads(out):
    os.environ.update({"SHOP_A": "1", "SHOP_B": "x,y", "SHOPB": "no", "_A": "under", "SHOP__C": "c"})
    for label, args, options in [
        ("prefix", ("SHOP",), {}),
        ("prefix with underscore", ("SHOP_",), {}),
        ("lower prefix", ("shop",), {}),
        ("loads", ("SHOP",), {"loads": lambda text: text.split(",")}),
        ("failing loads", ("SHOP",), {"loads": int}),
        ("loads raising another error", ("SHOP",), {"loads": lambda text: {}[text]}),
        ("empty prefix", ("",), {}),
    ]:
        config = Config("/r")
        out.attempt(label, config.from_prefixed_env, *args, **options)
        out("config", {key: repr(value) for key, value in config.items() if "A" == key or "B" in key or "C" in key})


def get_namespace_forms(out):
    config = Config("/r", {"IMG_A": 1, "IMG_B_C": 2, "img_d": 3, "IMG": 4, "OTHER": 5, "IMG_": 6, "IMG_Ä": 7})
    for label, args, options in [
        ("default", ("IMG_",), {}),
        ("case kept", ("IMG_",), {"lowercase": False}),
        ("not trimmed", ("IMG_",), {"trim_namespace": False}),
        ("neither", ("IMG_",), {"lowercase": False, "trim_namespace": False}),
        ("empty", ("",), {}),
        ("none match", ("X",), {}),
        ("positional", ("IMG_", False, False), {}),
        ("lower", ("img_",), {}),
    ]:
        out.attempt(label, config.get_namespace, *args, **options)


def config_attribute(out):
    class Shop(flask.Flask):
        number = ConfigAttribute("NUMBER", get_converter=int)
        plain = ConfigAttribute("PLAIN")

    app = Shop("case_app")
    app.config.update(NUMBER="12", PLAIN=None)
    out("read", [app.number, app.plain])
    app.number = "13"
    out("written", [app.config["NUMBER"], app.number])
    out("class access", type(Shop.number))
    del app.config["PLAIN"]
    out.attempt("missing", lambda: app.plain)
    out.attempt("deleted", lambda: delattr(app, "plain"))
    out("docs", [Shop.number.get_converter is int, getattr(Shop.number, "__name__", None)])


def attributes_that_follow_the_config(out):
    app = out.app()
    for name in ("testing", "secret_key", "permanent_session_lifetime"):
        attribute = vars(flask.sansio.app.App).get(name) or vars(flask.Flask).get(name)
        out(name, [type(attribute), attribute.__name__])
    app.config["PERMANENT_SESSION_LIFETIME"] = "text"
    out.attempt("bad lifetime", lambda: app.permanent_session_lifetime)
    app.config["PERMANENT_SESSION_LIFETIME"] = 1.5
    out.attempt("float", lambda: app.permanent_session_lifetime)
    del app.config["SECRET_KEY"]
    out.attempt("deleted", lambda: app.secret_key)


def debug_key(out):
    app = out.app()
    out("start", [app.debug, app.config["DEBUG"]])
    app.config["DEBUG"] = True
    out("by key", [app.debug, app.jinja_env.auto_reload, app.logger.getEffectiveLevel()])
    app.debug = 0
    out("by attribute", [app.debug, app.config["DEBUG"]])


def settings_read_at_each_request(out):
    app = out.app(config={"SECRET_KEY": "k"})
    app.add_url_rule("/", "index", lambda: flask.request.args["x"])
    app.add_url_rule("/max", "max", lambda: str(len(flask.request.get_data())), methods=["POST"])
    client = app.test_client()
    out.request(client, "/")
    app.config["TRAP_BAD_REQUEST_ERRORS"] = True
    out.request(client, "/", label="trapped")
    app.config["TESTING"] = True
    out.request(client, "/", label="testing")
    app.config.update(TRAP_BAD_REQUEST_ERRORS=None, TESTING=False)
    out.request(client, "/max", "POST", data="12345")
    app.config["MAX_CONTENT_LENGTH"] = 3
    out.request(client, "/max", "POST", data="12345", label="limited")
    app.config["MAX_CONTENT_LENGTH"] = None
    app.config["TRUSTED_HOSTS"] = ["other.example"]
    out.request(client, "/max", "POST", data="1", label="trusted")
    app.config["TRUSTED_HOSTS"] = None
    app.config["SERVER_NAME"] = "late.example"
    with app.app_context():
        out("url", flask.url_for("index"))
    app.config["PREFERRED_URL_SCHEME"] = "https"
    with app.app_context():
        out("scheme", flask.url_for("index"))


def keys_removed_from_the_config(out):
    for key in (
        "SECRET_KEY",
        "MAX_CONTENT_LENGTH",
        "TRUSTED_HOSTS",
        "SERVER_NAME",
        "TESTING",
        "DEBUG",
        "PROPAGATE_EXCEPTIONS",
        "SESSION_COOKIE_NAME",
        "SECRET_KEY_FALLBACKS",
        "PROVIDE_AUTOMATIC_OPTIONS",
        "TRAP_HTTP_EXCEPTIONS",
        "MAX_COOKIE_SIZE",
        "SEND_FILE_MAX_AGE_DEFAULT",
        "MAX_FORM_PARTS",
    ):
        app = out.app(config={"SECRET_KEY": "k"})
        app.add_url_rule(
            "/", "index", lambda: flask.session.update(a=1) or flask.request.form.get("x", "none"), methods=["POST"]
        )
        del app.config[key]
        out.request(app, "/", "POST", data={"x": "1"}, label=key)


def max_cookie_size(out):
    for size in (None, 0, 50, 4093):
        app = out.app(config={} if size is None else {"MAX_COOKIE_SIZE": size})

        @app.get("/")
        def index():
            response = flask.make_response("x")
            response.set_cookie("long", "v" * 60)
            out("limit", response.max_cookie_size)
            return response

        out.request(app, label=str(size))
    out("outside", flask.Response().max_cookie_size)


def lifetimes_of_the_config(out):
    for value in (60, datetime.timedelta(minutes=2)):
        app = out.app(config={"PERMANENT_SESSION_LIFETIME": value, "SEND_FILE_MAX_AGE_DEFAULT": value})
        with app.app_context():
            out(
                str(value),
                [
                    app.permanent_session_lifetime,
                    app.get_send_file_max_age("x"),
                    app.config["PERMANENT_SESSION_LIFETIME"],
                ],
            )
    out.attempt("outside", app.get_send_file_max_age, "x")


def config_in_templates_and_proxies(out):
    app = out.app(config={"GREETING": "<hi>"})
    with app.app_context():
        out(
            "template",
            flask.render_template_string(
                "{{ config.GREETING }} {{ config['GREETING'] }} {{ config.get('NONE', 'no') }} {{ config.items is defined }}"  # noqa: E501 - one text, as it is sent or stored
            ),
        )
        out("proxy", flask.current_app.config["GREETING"])


def make_config_overridden(out):
    class Shop(flask.Flask):
        def make_config(self, instance_relative=False):
            config = super().make_config(instance_relative)
            config["MADE"] = [instance_relative, config.root_path.endswith("instance")]
            return config

    out("absolute", Shop("case_app").config["MADE"])
    out("relative", Shop("case_app", instance_relative_config=True).config["MADE"])


def config_given_by_chained_loaders(out):
    out.file("settings.py", "A = 'file'\nB = 'file'\n")
    os.environ["FLASK_B"] = '"env"'
    app = out.app()
    app.config.from_mapping(A="mapping", B="mapping", C="mapping")
    app.config.from_pyfile("settings.py")
    app.config.from_prefixed_env()
    out("merged", [app.config[key] for key in "ABC"])


def debug_and_environment_keys_of_old(out):
    app = out.app()
    out(
        "gone",
        {
            key: key in app.config
            for key in (
                "ENV",
                "JSON_AS_ASCII",
                "JSON_SORT_KEYS",
                "JSONIFY_MIMETYPE",
                "JSONIFY_PRETTYPRINT_REGULAR",
                "PRESERVE_CONTEXT_ON_EXCEPTION",
                "SESSION_COOKIE_PARTITIONED",
                "TRUSTED_HOSTS",
            )
        },
    )
    out.attempt("env", lambda: app.env)
    app.config["JSON_SORT_KEYS"] = False
    out("ignored", app.json.dumps({"b": 1, "a": 2}))


def session_and_cookie_settings_of_wrong_types(out):
    for config in (
        {"SESSION_COOKIE_NAME": ""},
        {"SESSION_COOKIE_NAME": "a b"},
        {"SESSION_COOKIE_NAME": "ü"},
        {"SESSION_COOKIE_PATH": 5},
        {"SESSION_COOKIE_DOMAIN": True},
        {"SESSION_COOKIE_SAMESITE": True},
        {"SESSION_COOKIE_SECURE": "no"},
        {"SESSION_COOKIE_HTTPONLY": 0},
        {"SESSION_REFRESH_EACH_REQUEST": "x"},
        {"PERMANENT_SESSION_LIFETIME": "x"},
        {"MAX_COOKIE_SIZE": "x"},
        {"MAX_CONTENT_LENGTH": "3"},
        {"SEND_FILE_MAX_AGE_DEFAULT": "60"},
        {"TRUSTED_HOSTS": "localhost"},
        {"APPLICATION_ROOT": "no-slash"},
        {"APPLICATION_ROOT": ""},
        {"PREFERRED_URL_SCHEME": ""},
        {"SERVER_NAME": ""},
        {"SERVER_NAME": "with space"},
        {"SERVER_NAME": "h:p"},
    ):
        app = out.app(config={"SECRET_KEY": "k", **config})
        app.add_url_rule(
            "/",
            "index",
            lambda: (
                flask.session.update(a=1)
                or setattr(flask.session, "permanent", True)
                or flask.url_for("index", _external=True)
            ),
            methods=["GET", "POST"],
        )
        out.request(app, "/", label=f"{config}")
        out.request(app, "/", "POST", data="12345", label=f"{config} POST")


def config_object_that_answers_anew_each_time(out):
    answers = {"SECRET_KEY": "k", "TESTING": False, "SESSION_COOKIE_NAME": "one", "MAX_CONTENT_LENGTH": None}

    class Live(Config):
        def __getitem__(self, key):
            return answers[key] if key in answers else super().__getitem__(key)

        def get(self, key, default=None):
            return answers[key] if key in answers else super().get(key, default)

    class Shop(flask.Flask):
        config_class = Live

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: flask.session.update(a=1) or flask.request.get_data(), methods=["POST"])
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    for change in (
        {},
        {"SECRET_KEY": "other"},
        {"SESSION_COOKIE_NAME": "two"},
        {"MAX_CONTENT_LENGTH": 2},
        {"TESTING": True},
    ):
        answers.update(change)
        out.request(app, "/", "POST", data="body", label=f"{change}")
        out.request(app, "/fail", label=f"{change} fail")


def testing_and_debug_switched_between_requests(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: 1 / 0)
    client = app.test_client()
    for name, value in [
        ("TESTING", True),
        ("TESTING", False),
        ("DEBUG", True),
        ("DEBUG", False),
        ("PROPAGATE_EXCEPTIONS", True),
        ("PROPAGATE_EXCEPTIONS", False),
        ("PROPAGATE_EXCEPTIONS", None),
    ]:
        app.config[name] = value
        out.request(client, "/", label=f"{name}={value}")
