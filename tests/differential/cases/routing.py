"""Routing: which view answers, which redirect, refusal or URL comes out instead."""

import werkzeug.routing
from werkzeug.routing import BaseConverter, Map, Rule

import flask


def _echo(**values):
    return {"endpoint": flask.request.endpoint, "values": {k: repr(v) for k, v in values.items()}}


def route_forms(out):
    app = out.app()

    @app.route("/one")
    @app.route("/two", endpoint="second", methods=["POST", "get"])
    def view():
        return f"{flask.request.method} {flask.request.endpoint}"

    for method in ("GET", "HEAD", "POST", "OPTIONS", "PUT"):
        out.request(app, "/one", method)
        out.request(app, "/two", method)
    out("returned", view)


def short_cuts_per_method(out):
    app = out.app()
    for name in ("get", "post", "put", "delete", "patch"):
        getattr(app, name)(f"/{name}", endpoint=name)(lambda: flask.request.method)
    for name in ("get", "post", "put", "delete", "patch"):
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PATCH"):
            out.request(app, f"/{name}", method)


def short_cuts_refuse_methods(out):
    app = out.app()
    for name in ("get", "post", "put", "delete", "patch"):
        out.attempt(name, lambda name=name: getattr(app, name)("/x", methods=["GET"]))
    out.attempt("head", lambda: app.head("/x"))


def methods_given_wrongly(out):
    app = out.app()
    out.attempt("a string", lambda: app.route("/a", methods="GET")(lambda: ""))
    out.attempt("empty", lambda: app.route("/b", methods=[])(lambda: ""))
    out.attempt("a number", lambda: app.add_url_rule("/c", "c", lambda: "", methods=3))
    out.attempt("a generator", lambda: app.add_url_rule("/d", "d", lambda: "", methods=(m for m in ("GET", "Put"))))
    out("rules", {rule.rule: rule.methods for rule in app.url_map.iter_rules()})
    for method in ("GET", "OPTIONS", "PUT"):
        out.request(app, "/b", method)
        out.request(app, "/d", method)


def methods_of_one_url_spread_over_views(out):
    app = out.app()
    app.get("/x")(lambda: "got").__name__
    app.post("/x", endpoint="poster")(lambda: "posted")
    app.add_url_rule("/x", "deleter", lambda: "deleted", methods=["DELETE"], provide_automatic_options=False)
    for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "TRACE", "BREW", "get"):
        out.request(app, "/x", method)


def view_attributes_choose_methods(out):
    def view():
        return flask.request.method

    view.methods = ["POST", "PROPFIND"]
    view.required_methods = ["REPORT"]
    view.provide_automatic_options = False
    app = out.app()
    app.add_url_rule("/x", view_func=view)
    out(
        "rule",
        [[sorted(r.methods), r.provide_automatic_options] for r in app.url_map.iter_rules() if r.endpoint == "view"],
    )
    for method in ("GET", "POST", "PROPFIND", "REPORT", "OPTIONS"):
        out.request(app, "/x", method)
    app = out.app()
    app.add_url_rule("/x", view_func=view, methods=["GET"], provide_automatic_options=True)
    for method in ("GET", "POST", "REPORT", "OPTIONS"):
        out.request(app, "/x", method, label=f"overridden {method}")


def options_by_hand(out):
    app = out.app()
    app.add_url_rule("/own", "own", lambda: "own options", methods=["GET", "OPTIONS"])
    app.add_url_rule("/none", "none", lambda: "", provide_automatic_options=False)
    for path in ("/own", "/none"):
        out.request(app, path, "OPTIONS")
    out("rules", {rule.rule: [rule.methods, rule.provide_automatic_options] for rule in app.url_map.iter_rules()})


def options_switched_off_by_config(out):
    app = out.app(config={"PROVIDE_AUTOMATIC_OPTIONS": False})
    app.add_url_rule("/a", "a", lambda: "a")
    app.add_url_rule("/b", "b", lambda: "b", provide_automatic_options=True)
    app.add_url_rule("/c", "c", lambda: "c", methods=["GET", "OPTIONS"])
    app.add_url_rule("/static-like", "d", lambda: "d", methods=["POST"])
    for path in ("/a", "/b", "/c", "/static-like"):
        out.request(app, path, "OPTIONS")
    out("rules", {rule.rule: [rule.methods, rule.provide_automatic_options] for rule in app.url_map.iter_rules()})


def options_of_a_url_with_converter_and_hooks(out):
    app = out.app()
    app.before_request(lambda: out.tell("before", flask.request.endpoint, flask.request.view_args))
    app.after_request(lambda response: out.tell("after", response.headers.get("Allow")) or response)
    app.add_url_rule("/item/<int:number>", "item", _echo, methods=["GET", "PUT"])
    out.request(app, "/item/3", "OPTIONS")
    out.request(app, "/item/x", "OPTIONS")
    out.wsgi(app, "/item/3", "OPTIONS")


def make_default_options_response(out):
    app = out.app()

    @app.route("/x", methods=["GET", "OPTIONS", "PUT"])
    def view():
        response = app.make_default_options_response()
        response.headers["X-Extra"] = "yes"
        return response

    out.request(app, "/x", "OPTIONS")
    out.request(app, "/x", "PUT")


def converters_of_every_kind(out):
    app = out.app()
    for rule in ("/s/<x>", "/i/<int:x>", "/f/<float:x>", "/p/<path:x>", "/u/<uuid:x>", "/a/<any(one, two):x>"):
        app.add_url_rule(rule, rule[1], _echo)
    for path in (
        "/s/abc",
        "/s/a%2Fb",
        "/s/%C3%BC",
        "/s/%FF",
        "/s/a b",
        "/s/",
        "/i/0",
        "/i/007",
        "/i/-1",
        "/i/1.5",
        "/i/99999999999999999999",
        "/f/1.5",
        "/f/1",
        "/f/-1.5",
        "/f/1e5",
        "/f/.5",
        "/p/a/b/c",
        "/p/a//b",
        "/p//a",
        "/p/",
        "/u/12345678-1234-5678-1234-567812345678",
        "/u/12345678-1234-5678-1234-56781234567",
        "/u/12345678-1234-5678-1234-56781234567A",
        "/a/one",
        "/a/three",
    ):
        out.request(app, path)


def converter_arguments(out):
    app = out.app()
    for name, rule in {
        "length": "/l/<string(length=2):x>",
        "range": "/r/<string(minlength=2, maxlength=4):x>",
        "signed": "/n/<int(signed=True):x>",
        "digits": "/d/<int(fixed_digits=3):x>",
        "bounds": "/b/<int(min=2, max=5):x>",
        "signed float": "/f/<float(signed=True, max=2.5):x>",
    }.items():
        app.add_url_rule(rule, name, _echo)
    for path in "/l/ab /l/abc /r/a /r/abcd /n/-3 /n/3 /n/+3 /d/007 /d/7 /b/1 /b/2 /b/6 /f/-1.5 /f/3.5".split():
        out.request(app, path)
    with app.test_request_context():
        for name, value in [
            ("digits", 7),
            ("bounds", 9),
            ("signed", -4),
            ("length", "abcdef"),
            ("digits", 12345),
            ("signed", "x"),
        ]:
            out.attempt(f"{name} {value}", flask.url_for, name, x=value)


def converter_of_ones_own(out):
    class Names(BaseConverter):
        regex = r"[a-z]+(?:,[a-z]+)*"

        def __init__(self, map, separator=","):
            super().__init__(map)
            self.separator = separator

        def to_python(self, value):
            if "bad" in value:
                raise werkzeug.routing.ValidationError
            return value.split(self.separator)

        def to_url(self, value):
            return super().to_url(self.separator.join(value))

    app = out.app()
    app.url_map.converters["names"] = Names
    app.add_url_rule("/who/<names:x>", "who", _echo)
    out.request(app, "/who/ada,bob")
    out.request(app, "/who/ada,bad")
    out.request(app, "/who/Ada")
    with app.test_request_context():
        out("built", flask.url_for("who", x=["ada", "bob"]))
        out.attempt("built wrongly", flask.url_for, "who", x=3)
    out.attempt("unknown", app.add_url_rule, "/x/<nothing:x>", "x")


def converter_that_raises(out):
    class Broken(BaseConverter):
        def to_python(self, value):
            raise KeyError(value)

    class Refusing(BaseConverter):
        def to_python(self, value):
            flask.abort(410)

    class Failing(BaseConverter):
        def to_python(self, value):
            raise RuntimeError("converter", flask.has_request_context(), flask.has_app_context())

    for kind in (Broken, Refusing, Failing):
        app = out.app()
        app.url_map.converters["x"] = kind
        app.add_url_rule("/<x:x>", "x", _echo)
        app.teardown_request(lambda error: out.tell("teardown", error))
        out.request(app, "/a", label=kind.__name__)
        app.testing = True
        out.request(app, "/a", label=f"{kind.__name__} testing")


def converter_that_uses_the_context(out):
    class Site(BaseConverter):
        def to_python(self, value):
            return [
                value,
                flask.current_app.name,
                flask.has_app_context(),
                flask.has_request_context(),
                flask.g.get("x"),
            ]

        def to_url(self, value):
            return f"{value}-{flask.current_app.name}"

    app = out.app()
    app.url_map.converters["site"] = Site
    app.add_url_rule("/<site:x>", "x", _echo)
    out.request(app, "/a")
    with app.test_request_context():
        out("built", flask.url_for("x", x="v"))
    app.config["SERVER_NAME"] = "shop.example"
    with app.app_context():
        out("built outside", flask.url_for("x", x="v", _external=False))


def converters_replaced_in_the_map(out):
    class Odd(werkzeug.routing.IntegerConverter):
        def to_python(self, value):
            number = super().to_python(value)
            if number % 2 == 0:
                raise werkzeug.routing.ValidationError
            return number

    app = out.app()
    app.add_url_rule("/before/<int:x>", "before", _echo)
    app.url_map.converters["int"] = Odd
    app.add_url_rule("/after/<int:x>", "after", _echo)
    for path in ("/before/2", "/after/2", "/after/3"):
        out.request(app, path)


def defaults_and_canonical_redirect(out):
    app = out.app()
    app.add_url_rule("/all/", "all", _echo, defaults={"page": 1})
    app.add_url_rule("/all/page/<int:page>", "all", _echo)
    for path in ("/all/", "/all", "/all/page/1", "/all/page/1?q=a%20b", "/all/page/2"):
        out.request(app, path)
    out.request(app, "/all/page/1", "POST")
    app.url_map.redirect_defaults = False
    app.url_map.update()
    out.request(app, "/all/page/1", label="without redirects")
    with app.test_request_context():
        out("urls", [flask.url_for("all"), flask.url_for("all", page=1), flask.url_for("all", page=2)])


def strict_slashes(out):
    app = out.app()
    app.add_url_rule("/branch/", "branch", lambda: "branch")
    app.add_url_rule("/leaf", "leaf", lambda: "leaf")
    app.add_url_rule("/lax", "lax", lambda: "lax", strict_slashes=False)
    app.add_url_rule("/lax-branch/", "lax_branch", lambda: "lax branch", strict_slashes=False)
    for path in (
        "/branch",
        "/branch/",
        "/branch?a=1&b=%C3%BC",
        "/leaf/",
        "/leaf",
        "/lax/",
        "/lax",
        "/lax-branch",
        "/lax-branch/",
    ):
        out.request(app, path)
    out.wsgi(app, "/branch", query_string="a=b c&d=%ff")
    app = out.app()
    app.url_map.strict_slashes = False
    app.add_url_rule("/branch/", "branch", lambda: "branch")
    app.add_url_rule("/leaf", "leaf", lambda: "leaf")
    for path in ("/branch", "/leaf/"):
        out.request(app, path, label=f"map {path}")


def slash_redirect_of_every_method(out):
    app = out.app()
    app.add_url_rule("/x/", "x", lambda: flask.request.get_data(), methods=["GET", "POST", "PUT", "OPTIONS"])
    for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"):
        out.request(app, "/x", method, data=b"body" if method == "POST" else None)
    out.request(app, "/x", "POST", data=b"body", follow_redirects=True, label="followed")


def slash_redirect_in_debug_explains_lost_form_data(out):
    app = out.app()
    app.debug = True
    app.add_url_rule("/x/", "x", lambda: "ok", methods=["GET", "POST", "PUT"])
    for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS"):
        out.request(app, "/x?a=1", method)


def slash_redirect_of_a_post_by_status(out):
    class Old(flask.Request):
        pass

    app = out.app()
    app.debug = True

    @app.before_request
    def look():
        error = flask.request.routing_exception
        out("exception", error)
        if isinstance(error, werkzeug.routing.RequestRedirect):
            error.code = 301

    app.add_url_rule("/x/", "x", lambda: "ok", methods=["GET", "POST"])
    out.request(app, "/x", "POST", data={"a": "1"})


def merge_slashes(out):
    app = out.app()
    app.add_url_rule("/a/b", "ab", _echo)
    app.add_url_rule("/exact//x", "exact", _echo, merge_slashes=False)
    app.add_url_rule("/p/<path:x>", "p", _echo)
    for path in ("/a//b", "/a//b?q=1", "///a/b", "/exact//x", "/exact/x", "/p/a//b", "/p//a"):
        out.wsgi(app, environ={"PATH_INFO": path.partition("?")[0], "QUERY_STRING": path.partition("?")[2]}, label=path)
    app = out.app()
    app.url_map.merge_slashes = False
    app.add_url_rule("/a/b", "ab", _echo)
    out.wsgi(app, environ={"PATH_INFO": "/a//b"}, label="map")


def redirect_to(out):
    app = out.app()
    app.add_url_rule("/new/<x>", "new", _echo)
    app.add_url_rule("/old/<x>", "old", redirect_to="/new/<x>")
    app.add_url_rule("/older/<x>", "older", redirect_to="new/<x>")
    app.add_url_rule("/call/<x>", "call", redirect_to=lambda adapter, x: f"/new/{x.upper()}")
    app.add_url_rule("/far/<x>", "far", redirect_to="https://other.example/<x>")
    for path in ("/old/a?q=1", "/older/a", "/call/a", "/far/a?q=1", "/old/%C3%BC"):
        out.request(app, path)
    out.request(app, "/old/a", "POST")


def alias(out):
    app = out.app()
    app.add_url_rule("/users/", "users", _echo, defaults={"page": 1})
    app.add_url_rule("/users/page/<int:page>", "users", _echo)
    app.add_url_rule("/index.html", "home", _echo, alias=True)
    app.add_url_rule("/", "home", _echo)
    app.add_url_rule("/u", "users", _echo, defaults={"page": 1}, alias=True)
    for path in ("/index.html", "/index.html?q=1", "/", "/u"):
        out.request(app, path)
    with app.test_request_context():
        out("built", [flask.url_for("home"), flask.url_for("users", page=1)])


def build_only(out):
    app = out.app()
    app.add_url_rule("/img/<name>", "img", build_only=True)
    app.add_url_rule("/twice", "twice", lambda: "x", build_only=True)
    out.request(app, "/img/a")
    out.request(app, "/twice")
    with app.test_request_context():
        out("built", [flask.url_for("img", name="a b"), flask.url_for("twice")])


def rule_without_a_view(out):
    app = out.app()
    app.add_url_rule("/promised", "promised")
    out.attempt("no endpoint and no view", app.add_url_rule, "/neither")
    out.request(app, "/promised")
    app.testing = True
    out.request(app, "/promised", label="testing")


def endpoint_decorator(out):
    app = out.app()
    app.add_url_rule("/later", "later", methods=["GET", "POST"])

    @app.endpoint("later")
    def anything():
        return flask.request.endpoint

    out.request(app, "/later")
    out.request(app, "/later", "POST")
    out("functions", sorted(app.view_functions))


def endpoint_clash(out):
    app = out.app()

    def view():
        return "one"

    app.add_url_rule("/one", view_func=view)
    app.add_url_rule("/again", view_func=view)
    out.attempt("other function", app.add_url_rule, "/two", "view", lambda: "two")
    app.add_url_rule("/none-yet", "view")
    app.endpoint("view")(lambda: "replaced")
    for path in ("/one", "/two", "/again", "/none-yet"):
        out.request(app, path)
    out("rules", [repr(rule) for rule in app.url_map.iter_rules()])


def endpoint_with_a_dot_and_odd_names(out):
    app = out.app()
    out.attempt("dotted", app.add_url_rule, "/dotted", "a.b", lambda: flask.request.endpoint)
    out.attempt("empty", app.add_url_rule, "/empty", "", lambda: flask.request.endpoint)
    out.request(app, "/dotted")
    out.request(app, "/empty")
    with app.test_request_context("/dotted"):
        out("blueprint", [flask.request.blueprint, flask.request.blueprints])


def rules_that_cannot_be(out):
    app = out.app()
    for rule in ("no-slash", "", "/<int:x", "/<x>/<x>", "/<1x>", "/<int(:x>", "/a<string(length=2, minlength=3):x>b"):
        out.attempt(rule, app.add_url_rule, rule, rule or "empty", _echo)
    out.attempt("unknown option", lambda: app.add_url_rule("/opt", "opt", _echo, colour="red"))
    out.attempt("positional view", lambda: app.add_url_rule("/pos", "pos", _echo, True, methods=["GET"]))


def rule_objects_in_the_map(out):
    app = out.app()
    app.url_map.add(Rule("/made", endpoint="made", methods=["PUT"]))
    app.url_map.add(werkzeug.routing.Submount("/sub", [Rule("/a", endpoint="made"), Rule("/b/", endpoint="made")]))
    app.view_functions["made"] = _echo
    for method in ("PUT", "GET", "OPTIONS"):
        out.request(app, "/made", method)
    for path in ("/sub/a", "/sub/b", "/sub/b/"):
        out.request(app, path)
    out.request(app, "/sub/a", "OPTIONS")


def map_changed_between_requests(out):
    app = out.app()
    app.add_url_rule("/a", "a", lambda: "a")
    client = app.test_client()
    out.request(client, "/a")
    out.request(client, "/b")
    app.url_map.add(Rule("/b", endpoint="b"))
    app.view_functions["b"] = lambda: "b"
    out.request(client, "/b")
    app.view_functions["a"] = lambda: "changed"
    out.request(client, "/a")
    app.url_map = Map([Rule("/c", endpoint="c")])
    app.view_functions = {"c": lambda: "c"}
    for path in ("/a", "/c"):
        out.request(client, path, label=f"new map {path}")
    with app.test_request_context():
        out.attempt("url_for", flask.url_for, "c")
        out.attempt("url_for the old", flask.url_for, "a")


def map_options_of_a_subclass(out):
    class Lower(Rule):
        def get_converter(self, variable_name, converter_name, args, kwargs):
            return super().get_converter(
                variable_name, "int" if converter_name == "n" else converter_name, args, kwargs
            )

    class Shop(flask.Flask):
        url_rule_class = Lower
        url_map_class = type("ShopMap", (Map,), {"lock_class": Map.lock_class})

    app = Shop("case_app")
    app.add_url_rule("/<n:x>", "x", _echo)
    out("classes", [type(rule).__name__ for rule in app.url_map.iter_rules()] + [type(app.url_map).__name__])
    out.request(app, "/3")
    out.request(app, "/a")


def precedence_of_rules(out):
    app = out.app()
    for rule in (
        "/<path:x>",
        "/<x>",
        "/<int:x>",
        "/fixed",
        "/<x>/edit",
        "/<int:x>/<y>",
        "/fixed/<path:y>",
        "/<float:x>",
        "/f<x>",
    ):
        app.add_url_rule(rule, rule, _echo)
    for path in (
        "/fixed",
        "/7",
        "/7.5",
        "/word",
        "/word/edit",
        "/7/edit",
        "/fixed/edit",
        "/fixed/a/b",
        "/a/b/c",
        "/fish",
        "/7/x/y",
    ):
        out.request(app, path)


def not_found_and_method_not_allowed(out):
    app = out.app()
    app.add_url_rule("/x", "x", lambda: "x", methods=["GET", "PATCH"])
    app.add_url_rule("/<int:n>", "n", _echo, methods=["DELETE"])
    for method in ("POST", "HEAD", "OPTIONS", "CONNECT"):
        out.request(app, "/x", method)
        out.request(app, "/5", method)
        out.request(app, "/none", method)


def odd_paths(out):
    app = out.app()
    app.add_url_rule("/", "root", _echo)
    app.add_url_rule("/ü/<x>", "umlaut", _echo)
    app.add_url_rule("/sp ace", "space", _echo)
    app.add_url_rule("/per%20cent", "percent", _echo)
    app.add_url_rule("/re.gex+(x)", "regex", _echo)
    for path in (
        "",
        "/",
        "/\xc3\xbc/a",
        "/\xfc/a",
        "/sp ace",
        "/per%20cent",
        "/per cent",
        "/re.gex+(x)",
        "/reXgex+(x)",
        "ü",
        "*",
        "//",
        "/./",
        "/a/../",
    ):
        out.wsgi(app, environ={"PATH_INFO": path}, label=repr(path))
    out.wsgi(app, environ={"PATH_INFO": "/", "SCRIPT_NAME": "/mounted"}, label="mounted")


def script_name_in_redirects_and_urls(out):
    app = out.app()
    app.add_url_rule("/x/", "x", lambda: flask.url_for("x") + " " + flask.url_for("x", _external=True))
    for environ in ({"SCRIPT_NAME": "/mount"}, {"SCRIPT_NAME": "/mount/"}, {"SCRIPT_NAME": "/m%20t"}):
        out.wsgi(app, environ={"PATH_INFO": "/x", **environ}, label=f"redirect {environ}")
        out.wsgi(app, environ={"PATH_INFO": "/x/", **environ}, label=f"url {environ}")


def application_root_outside_of_requests(out):
    app = out.app(config={"SERVER_NAME": "shop.example", "APPLICATION_ROOT": "/root", "PREFERRED_URL_SCHEME": "https"})
    app.add_url_rule("/x", "x", lambda: flask.url_for("x"))
    with app.app_context():
        out("urls", [flask.url_for("x"), flask.url_for("x", _external=False), flask.url_for("x", _scheme="ftp")])
    out.request(app, "/root/x")
    out.request(app, "/x")
    with app.test_request_context():
        out("request", [flask.request.url, flask.url_for("x"), flask.url_for("x", _external=True)])


def subdomains(out):
    app = out.app(subdomain_matching=True, config={"SERVER_NAME": "shop.example:3000"})
    app.add_url_rule("/", "home", lambda: "home")
    app.add_url_rule("/", "admin", lambda: "admin", subdomain="admin")
    app.add_url_rule("/x", "user", _echo, subdomain="<user>")
    for base, path in [
        ("http://shop.example:3000", "/"),
        ("http://admin.shop.example:3000", "/"),
        ("http://ada.shop.example:3000", "/x"),
        ("http://ada.shop.example:3000", "/"),
        ("http://a.b.shop.example:3000", "/x"),
        ("http://shop.example", "/"),
        ("http://other.example", "/"),
        ("http://ADMIN.shop.example:3000", "/"),
    ]:
        out.request(app, path, base_url=base, label=base + path)
    with app.test_request_context("/", base_url="http://ada.shop.example:3000"):
        out(
            "urls",
            [
                flask.url_for("home"),
                flask.url_for("admin"),
                flask.url_for("user", user="bob"),
                flask.url_for("user", user="ada"),
            ],
        )
    with app.app_context():
        out("outside", [flask.url_for("home"), flask.url_for("user", user="bob")])


def subdomain_matching_without_a_server_name(out):
    app = out.app(subdomain_matching=True)
    app.add_url_rule("/", "home", lambda: "home")
    app.add_url_rule("/", "admin", lambda: "admin", subdomain="admin")
    for base in ("http://localhost", "http://admin.localhost", "http://x.example"):
        out.request(app, "/", base_url=base, label=base)


def subdomain_rules_without_matching(out):
    app = out.app(config={"SERVER_NAME": "shop.example"})
    app.add_url_rule("/", "home", lambda: "home")
    app.add_url_rule("/a", "admin", lambda: "admin", subdomain="admin")
    for base in ("http://shop.example", "http://admin.shop.example", "http://elsewhere.example"):
        for path in ("/", "/a"):
            out.request(app, path, base_url=base, label=base + path)
    with app.test_request_context("/"):
        out("urls", [flask.request.host, flask.url_for("home"), flask.url_for("admin")])


def default_subdomain_of_the_map(out):
    app = out.app(subdomain_matching=True, config={"SERVER_NAME": "shop.example"})
    app.url_map.default_subdomain = "www"
    app.add_url_rule("/", "home", lambda: "home")
    for base in ("http://shop.example", "http://www.shop.example"):
        out.request(app, "/", base_url=base, label=base)
    with app.app_context():
        out("url", flask.url_for("home"))


def host_matching(out):
    app = out.app(host_matching=True, static_folder=None)
    app.add_url_rule("/", "one", lambda: "one", host="one.example")
    app.add_url_rule("/", "port", lambda: "port", host="one.example:8080")
    app.add_url_rule("/", "any", _echo, host="<name>.wild.example")
    app.add_url_rule("/free", "free", lambda: "free")
    for base in (
        "http://one.example",
        "http://one.example:8080",
        "http://x.wild.example",
        "http://two.example",
        "https://one.example:443",
    ):
        out.request(app, "/", base_url=base, label=base)
        out.request(app, "/free", base_url=base, label=f"{base} free")
    with app.test_request_context("/", base_url="http://one.example"):
        out(
            "urls",
            [
                flask.url_for("one"),
                flask.url_for("port"),
                flask.url_for("any", name="a"),
                flask.url_for("any", name="a", _external=False),
            ],
        )


def server_name_does_not_restrict_requests(out):
    app = out.app(config={"SERVER_NAME": "shop.example"})
    app.add_url_rule("/x/", "x", lambda: flask.url_for("x", _external=True))
    for base in ("http://shop.example", "http://other.example:81", "https://shop.example"):
        out.request(app, "/x/", base_url=base, label=base)
        out.request(app, "/x", base_url=base, label=f"{base} redirect")


def url_for_in_a_request(out):
    app = out.app()
    app.add_url_rule("/", "root", _echo)
    app.add_url_rule("/user/<name>", "user", _echo)
    app.add_url_rule("/user/<name>/<int:page>", "user", _echo)
    with app.test_request_context("/here?x=1", base_url="https://site.example:8443/mount"):
        for endpoint, values in [
            ("root", {}),
            ("root", {"a": 1, "b": None, "c": "x y", "d": ["1", "2"], "e": True, "ü": "ö"}),
            ("user", {"name": "a/b?c#d"}),
            ("user", {"name": "ada", "page": 3, "sort": "up"}),
            ("user", {"name": ""}),
            ("root", {"_anchor": "top of/it ü"}),
            ("root", {"_anchor": ""}),
            ("root", {"_external": True}),
            ("root", {"_scheme": "http"}),
            ("root", {"_scheme": "", "_external": True}),
            ("root", {"_scheme": "ftp", "_external": False}),
            ("root", {"_method": "GET"}),
            (".root", {}),
            ("/root", {}),
        ]:
            out.attempt(f"{endpoint} {values}", flask.url_for, endpoint, **values)


def url_for_chooses_a_rule_by_method(out):
    app = out.app()

    def both():
        return flask.url_for("x")

    app.add_url_rule("/read", "x", both, methods=["GET"])
    app.add_url_rule("/write", "x", both, methods=["POST"])
    app.add_url_rule(
        "/other",
        "other",
        lambda: flask.url_for("x") + flask.url_for("x", _method="PUT"),
        methods=["GET", "POST", "PUT"],
    )
    with app.test_request_context():
        for method in ("GET", "POST", "PUT", "post", None):
            out.attempt(str(method), flask.url_for, "x", _method=method)
    for method in ("GET", "POST", "PUT"):
        out.request(app, "/other", method)
    out.request(app, "/write", "POST")


def url_for_errors(out):
    app = out.app()
    app.add_url_rule("/user/<name>", "user_page", _echo)
    app.add_url_rule("/n/<int:n>", "number", _echo, methods=["POST"])
    with app.test_request_context():
        out.attempt("near miss", flask.url_for, "user_pge")
        out.attempt("missing value", flask.url_for, "user_page")
        out.attempt("wrong name", flask.url_for, "user_page", nam="x")
        out.attempt("None value", flask.url_for, "user_page", name=None)
        out.attempt("wrong type", flask.url_for, "number", n="x")
        out.attempt("method", flask.url_for, "number", n=1, _method="GET")
        out.attempt("nothing near", flask.url_for, "zzz")
        out.attempt("dot alone", flask.url_for, ".")
        out.attempt("None", flask.url_for, None)


def url_for_without_a_context(out):
    app = out.app()
    app.add_url_rule("/x", "x", _echo)
    out.attempt("no context", flask.url_for, "x")
    out.attempt("method of the app", app.url_for, "x")
    with app.app_context():
        out.attempt("app context", flask.url_for, "x")
        out.attempt("app context, relative", flask.url_for, "x", _external=False)
        out.attempt("scheme without external", flask.url_for, "x", _scheme="https", _external=False)
    app.config["SERVER_NAME"] = "late.example"
    out.attempt("method with a server name", app.url_for, "x")
    with app.app_context():
        out.attempt("server name", flask.url_for, "x")
        out.attempt("relative endpoint", flask.url_for, ".x")


def url_for_overridden_on_the_application(out):
    class Shop(flask.Flask):
        def url_for(self, endpoint, **values):
            out.tell(endpoint, values)
            return super().url_for(endpoint, **values)

    app = Shop("case_app")
    app.add_url_rule(
        "/x", "x", lambda: flask.url_for("x", a=1) + flask.render_template_string("{{ url_for('x', b=2) }}")
    )
    out.request(app, "/x")


def url_build_error_handlers(out):
    app = out.app()
    app.url_build_error_handlers.append(lambda error, endpoint, values: out.tell("first", error, endpoint, values))

    def second(error, endpoint, values):
        out.tell("second", endpoint, values)
        if endpoint == "gone":
            raise error
        if endpoint == "other":
            raise werkzeug.routing.BuildError(endpoint, {"mine": 1}, "PUT")
        if endpoint == "worse":
            raise KeyError(endpoint)
        return None if endpoint == "none" else f"/cms/{endpoint}"

    app.url_build_error_handlers.append(second)
    with app.test_request_context():
        for endpoint in ("page", "gone", "other", "worse", "none"):
            out.attempt(endpoint, flask.url_for, endpoint, x=1, _anchor="a", _method="POST", _external=True)
    out.attempt(
        "handle_url_build_error", app.handle_url_build_error, werkzeug.routing.BuildError("e", {}, None), "none", {}
    )


def url_defaults_and_value_preprocessors(out):
    app = out.app()
    app.add_url_rule(
        "/<lang>/x", "x", lambda **values: {"lang": flask.g.get("lang"), "url": flask.url_for("x"), **values}
    )
    app.add_url_rule("/plain", "plain", lambda: flask.url_for("x", lang="fr"))

    @app.url_value_preprocessor
    def pull(endpoint, values):
        out.tell("pull", endpoint, values)
        if values:
            flask.g.lang = values.pop("lang", None)

    @app.url_defaults
    def push(endpoint, values):
        out.tell("push", endpoint, dict(values))
        if app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values.setdefault("lang", flask.g.get("lang", "en"))

    app.before_request(lambda: out.tell("before", flask.request.view_args))
    out.request(app, "/de/x")
    out.request(app, "/plain")
    out.request(app, "/nowhere")
    out.request(app, "/de/x", "POST")


def url_default_functions_written_to_directly(out):
    app = out.app()
    app.add_url_rule("/x", "x", _echo)
    app.url_default_functions.setdefault(None, []).insert(0, lambda endpoint, values: values.update(v=1))
    app.url_defaults(lambda endpoint, values: values.update(w=2))
    with app.test_request_context():
        out("url", flask.url_for("x"))
        values = {"a": 0}
        app.inject_url_defaults("x", values)
        out("injected", values)


def raise_routing_exception(out):
    app = out.app()
    app.add_url_rule("/x/", "x", _echo)

    for debug in (False, True):
        app.debug = debug
        for path, method in [("/none", "GET"), ("/x", "POST"), ("/x", "GET"), ("/x/", "POST")]:
            with app.test_request_context(path, method=method):
                out(f"{debug} {method} {path}", flask.request.routing_exception)
                if flask.request.routing_exception:
                    out.attempt("raised", app.raise_routing_exception, flask.request)


def create_url_adapter(out):
    app = out.app(config={"SERVER_NAME": "shop.example", "PREFERRED_URL_SCHEME": "https"})
    app.add_url_rule("/x", "x", _echo)
    adapter = app.create_url_adapter(None)
    out(
        "without a request",
        [
            adapter.server_name,
            adapter.script_name,
            adapter.url_scheme,
            adapter.subdomain,
            adapter.build("x", force_external=True),
        ],
    )
    with app.test_request_context("/x", base_url="http://other.example/m"):
        adapter = app.create_url_adapter(flask.request)
        out(
            "with a request",
            [adapter.server_name, adapter.script_name, adapter.url_scheme, adapter.subdomain, adapter.path_info],
        )
        out("match", [str(part) for part in adapter.match()])
    app.config["SERVER_NAME"] = None
    out("no name", app.create_url_adapter(None))


def create_url_adapter_overridden(out):
    class Shop(flask.Flask):
        def create_url_adapter(self, request):
            adapter = super().create_url_adapter(request)
            if request is not None and request.headers.get("X-Path"):
                adapter.path_info = request.headers["X-Path"]
            out.tell("adapter", request is not None)
            return adapter

    app = Shop("case_app")
    app.add_url_rule("/real", "real", lambda: flask.url_for("real"))
    out.request(app, "/anything", headers={"X-Path": "/real"})
    out.request(app, "/real")


def trailing_dot_and_case_in_hosts(out):
    app = out.app(host_matching=True, static_folder=None)
    app.add_url_rule("/", "one", lambda: flask.request.host, host="one.example")
    for host in (
        "one.example",
        "ONE.example",
        "one.example.",
        "one.example:80",
        "one.example:",
        " one.example",
        "one.example:0",
        "[::1]",
        "x@y",
    ):
        out.wsgi(app, environ={"HTTP_HOST": host}, label=host)


def redirect_from_a_rule_goes_through_hooks(out):
    app = out.app()
    app.add_url_rule("/x/", "x", _echo)
    app.before_request(
        lambda: out.tell("before", flask.request.url_rule, flask.request.endpoint, flask.request.view_args)
    )
    app.after_request(lambda response: out.tell("after", response.status) or response)
    app.teardown_request(lambda error: out.tell("teardown", error))
    out.attempt("handler by code", app.register_error_handler, 308, lambda error: "handled")
    app.errorhandler(werkzeug.exceptions.HTTPException)(
        lambda error: out.tell("http handler", error) or ("handled", 200)
    )
    out.request(app, "/x")


def websocket_rules(out):
    app = out.app()
    app.add_url_rule("/chat", "chat", lambda: "chat", websocket=True)
    app.add_url_rule("/chat", "page", lambda: "page")
    out.request(app, "/chat")
    out.request(app, "/chat", headers={"Connection": "Upgrade", "Upgrade": "websocket"}, label="upgrade")
    out.request(app, "/page-only", headers={"Connection": "Upgrade", "Upgrade": "websocket"}, label="upgrade elsewhere")


def rules_mutated_after_requests(out):
    app = out.app()
    app.add_url_rule("/x", "x", lambda: f"x {flask.request.method}")
    app.add_url_rule("/n/<int:n>", "n", _echo)
    client = app.test_client()
    for path in ("/x", "/n/1"):
        out.request(client, path)
        out.request(client, path, "OPTIONS")
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    for rule in (rules["x"], rules["n"]):
        rule.methods.add("POST")
    for path in ("/x", "/n/1"):
        out.request(client, path, "POST", label=f"added {path}")
        out.request(client, path, "OPTIONS", label=f"added {path} options")
    rules["x"].provide_automatic_options = False
    out.request(client, "/x", "OPTIONS", label="no automatic options")
    rules["x"].methods.discard("GET")
    out.request(client, "/x", label="without GET")
    rules["n"].methods = {"PUT"}
    out.request(client, "/n/1", "PUT", label="replaced")
    rules["n"].endpoint = "moved"
    app.view_functions["moved"] = _echo
    out.request(client, "/n/1", "PUT", label="moved")


def map_settings_changed_after_requests(out):
    app = out.app()
    app.add_url_rule("/a/", "a", lambda: "a")
    app.add_url_rule("/b/c", "b", lambda: "b")
    client = app.test_client()
    for path in ("/a", "/b//c"):
        out.request(client, path)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for path in ("/a", "/b//c"):
        out.request(client, path, label=f"changed {path}")
    for rule in app.url_map.iter_rules():
        rule.strict_slashes = False
    out.request(client, "/a", label="of each rule")
    app.url_map.update()
    for path in ("/a", "/b//c"):
        out.request(client, path, label=f"updated {path}")


def urls_built_after_the_map_changed(out):
    app = out.app()
    app.add_url_rule("/one", "x", _echo)
    with app.test_request_context():
        out("before", [flask.url_for("x"), flask.url_for("x", a=1)])
        app.url_map.add(Rule("/two/<a>", endpoint="x"))
        out("added", [flask.url_for("x"), flask.url_for("x", a=1)])
        app.url_map.add(Rule("/new", endpoint="y"))
        out.attempt("new", flask.url_for, "y")
        app.url_map.sort_parameters = True
        out("sorted", flask.url_for("x", z=1, b=2))
        app.url_map.sort_key = lambda item: -ord(item[0][0])
        out("sorted by a key", flask.url_for("x", z=1, b=2))


def values_of_many_kinds_in_urls(out):
    import decimal
    import enum
    import uuid

    from markupsafe import Markup
    from werkzeug.datastructures import MultiDict

    class Colour(enum.Enum):
        RED = "red"

    class Number(enum.IntEnum):
        ONE = 1

    class Text(str):
        __slots__ = ()

        def __str__(self):
            return "str of " + super().__str__()

    app = out.app()
    for kind in ("string", "int", "float", "path", "uuid", "any(a, b)"):
        app.add_url_rule(f"/{kind[:3]}/<{kind}:x>", kind[:3], _echo)
    app.add_url_rule("/q", "q", _echo)
    values = [
        0,
        -1,
        7.0,
        1.5,
        True,
        None,
        "",
        "a b",
        "ü/é",
        "a/b//c",
        "..",
        ".",
        "%",
        "a%20b",
        b"bytes",
        Markup("<m>"),
        Text("t"),
        Colour.RED,
        Number.ONE,
    ]
    values += [
        decimal.Decimal("1.50"),
        uuid.UUID(int=9),
        ["l", "m"],
        ("t", 1),
        {"k": "v"},
        {"s"},
        "a",
        "\n",
        "~-_.!*'();:@&=+$,",
        float("nan"),
        10**25,
        object,
    ]
    with app.test_request_context():
        for value in values:
            for endpoint in ("str", "int", "flo", "pat", "uui", "any"):
                out.attempt(f"{endpoint} {value!r}", flask.url_for, endpoint, x=value)
            out.attempt(f"query {value!r}", flask.url_for, "q", x=value)
        out.attempt("a multi dict", lambda: flask.url_for("q", **MultiDict([("a", "1"), ("a", "2")])))
        out.attempt("odd keys", lambda: flask.url_for("q", **{"a b": 1, "ü": 2, "": 3, "a&b": 4}))


def rules_with_odd_static_parts(out):
    app = out.app()
    for n, rule in enumerate(
        (
            "/a b",
            "/ü",
            "/a%20c",
            "/d;e",
            "/f,g",
            "/h.i",
            "/~j",
            "/k+l",
            "/m&n=o",
            "/p:q@r",
            "/s'(t)",
            '/"u"',
            "/{v}",
            "/w|x",
            "/y\\z",
            "/1/<int:n>.html",
            "/2/<a>-<b>",
            "/3/<a>.<int:b>",
            "/4/x<path:p>y",
            "/5/<a><int:b>",
        )
    ):
        out.attempt(rule, app.add_url_rule, rule, f"e{n}", _echo)
    for path in (
        "/a b",
        "/a%20b",
        "/ü",
        "/a%20c",
        "/a c",
        "/d;e",
        "/f,g",
        "/h.i",
        "/hXi",
        "/~j",
        "/k+l",
        "/m&n=o",
        "/p:q@r",
        "/s'(t)",
        '/"u"',
        "/{v}",
        "/w|x",
        "/y\\z",
        "/1/5.html",
        "/1/5xhtml",
        "/2/a-b",
        "/2/a-b-c",
        "/2/-b",
        "/3/a.5",
        "/3/a.b.5",
        "/3/a.x",
        "/4/xay",
        "/4/xa/by",
        "/4/xy",
        "/5/a1",
        "/5/11",
        "/5/a",
    ):
        out.wsgi(app, environ={"PATH_INFO": path.encode().decode("latin-1") if "%" not in path else path}, label=path)
    with app.test_request_context():
        for n in range(15):
            out.attempt(f"built e{n}", flask.url_for, f"e{n}")
        out.attempt("e15", flask.url_for, "e15", n=3)
        out.attempt("e16", flask.url_for, "e16", a="x-y", b="z/w")
        out.attempt("e18", flask.url_for, "e18", p="a/b c")


def many_rules_with_common_prefixes(out):
    app = out.app()
    for n in range(60):
        app.add_url_rule(f"/api/v{n % 3}/resource{n}/<int:a>/part/<b>", f"r{n}", _echo)
        app.add_url_rule(f"/api/v{n % 3}/resource{n}/", f"l{n}", _echo, methods=["GET", "POST"])
    app.add_url_rule("/api/<path:rest>", "rest", _echo)
    app.add_url_rule("/api/v1/<name>/", "named", _echo)
    for path in (
        "/api/v1/resource1/",
        "/api/v1/resource1",
        "/api/v1/resource2/",
        "/api/v2/resource2/5/part/x",
        "/api/v2/resource2/x/part/x",
        "/api/v2/resource2/5/part/",
        "/api/v9/x",
        "/api/",
        "/api",
    ):
        for method in ("GET", "POST"):
            out.request(app, path, method)


def methods_on_the_same_path_with_other_converters(out):
    app = out.app()
    app.add_url_rule("/<int:n>", "int", _echo, methods=["GET"])
    app.add_url_rule("/<name>", "str", _echo, methods=["POST"])
    app.add_url_rule("/<path:p>", "path", _echo, methods=["PUT"])
    app.add_url_rule("/5", "five", _echo, methods=["DELETE"])
    for path in ("/5", "/6", "/x", "/x/y"):
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
            out.request(app, path, method)


def slashes_and_methods_together(out):
    app = out.app()
    app.add_url_rule("/a", "leaf", _echo, methods=["POST"])
    app.add_url_rule("/a/", "branch", _echo, methods=["GET"])
    app.add_url_rule("/b/", "only", _echo, methods=["POST"])
    app.add_url_rule("/b/<x>", "below", _echo)
    app.add_url_rule("/<any(c):c>/", "any", _echo)
    for path in ("/a", "/a/", "/b", "/b/", "/b/x", "/b/x/", "/c", "/c/"):
        for method in ("GET", "POST", "PUT"):
            out.request(app, path, method)


def float_and_int_edges(out):
    app = out.app()
    app.add_url_rule("/i/<int:x>", "i", _echo)
    app.add_url_rule("/f/<float:x>", "f", _echo)
    app.add_url_rule("/s/<int(signed=True):x>/e", "s", _echo)
    for path in (
        "/i/00",
        "/i/0x1",
        "/i/1_000",
        "/i/+1",
        "/i/ 1",
        "/i/1e3",
        "/f/00.10",
        "/f/1.",
        "/f/1.0.0",
        "/f/1_0.5",
        "/f/inf",
        "/f/nan",
        "/s/-0/e",
        "/s/--1/e",
        "/i/" + "9" * 300,
    ):
        out.request(app, path, label=path[:30])


def strict_slashes_per_blueprint_and_static_conflicts(out):
    app = out.app(static_url_path="")
    out.file("static/robots.txt", "robots")
    app.add_url_rule("/robots.txt", "robots", lambda: "view")
    app.add_url_rule("/<name>.txt", "text", _echo)
    app.add_url_rule("/page", "page", lambda: "page")
    for path in ("/robots.txt", "/other.txt", "/page", "/none", "/sub/none"):
        out.request(app, path)


def before_request_replaces_the_rule(out):
    app = out.app()
    app.add_url_rule("/a", "a", lambda: "a")
    app.add_url_rule("/b/<int:n>", "b", _echo)

    @app.before_request
    def swap():
        if "swap" in flask.request.args:
            rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == "b")
            flask.request.url_rule, flask.request.view_args = rule, {"n": 42}
        if "forgive" in flask.request.args:
            flask.request.routing_exception = None
            flask.request.url_rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == "a")
            flask.request.view_args = {}
        if "break" in flask.request.args:
            flask.request.routing_exception = werkzeug.exceptions.Gone()

    for path in ("/a?swap", "/none?forgive", "/a?break", "/a"):
        out.request(app, path)


def match_request_called_again(out):
    from flask.globals import request_ctx

    app = out.app()
    app.add_url_rule("/a", "a", lambda: f"{flask.request.endpoint} {flask.request.view_args}")
    app.add_url_rule("/b/<n>", "b", _echo)

    @app.before_request
    def again():
        if flask.request.path == "/rewrite":
            request_ctx.url_adapter.path_info = "/b/5"
            flask.request.routing_exception = None
            request_ctx.match_request()

    out.request(app, "/rewrite")
    out.request(app, "/a")
