"""Hooks, errors, signals: who is called when, what becomes of an exception, and what is said about it."""

import logging

import werkzeug.exceptions
from werkzeug.exceptions import BadRequest, HTTPException, InternalServerError, NotFound

import flask


def _failing(out, error, **config):
    app = out.app(config=config)

    def view():
        raise error

    app.add_url_rule("/", "index", view)
    return app


def every_step_in_order(out):
    app = out.app(config={"SECRET_KEY": "k"})
    for n in (1, 2):
        app.url_value_preprocessor(lambda e, v, n=n: out.tell("value preprocessor", n, e, v))
        app.before_request(lambda n=n: out.tell("before", n))
        app.after_request(lambda response, n=n: out.tell("after", n) or response)
        app.teardown_request(lambda error, n=n: out.tell("teardown request", n, error))
        app.teardown_appcontext(lambda error, n=n: out.tell("teardown app", n, error))
        app.context_processor(lambda n=n: out.tell("context processor", n) or {})

    @app.route("/<int:x>")
    def view(x):
        flask.after_this_request(lambda response: out.tell("after this") or response)
        flask.session["x"] = x
        flask.flash("hi", "cat")
        return flask.render_template_string("{{ get_flashed_messages() }}")

    out.listen()
    out.wsgi(app, "/3")
    out.tell("-- not found")
    out.wsgi(app, "/none")
    out.tell("-- options")
    out.wsgi(app, "/3", "OPTIONS")


def every_step_when_the_view_fails(out):
    app = _failing(out, ValueError("view"), SECRET_KEY="k")
    app.before_request(lambda: out.tell("before"))
    app.after_request(lambda response: out.tell("after", response.status) or response)
    app.teardown_request(lambda error: out.tell("teardown", error))
    out.listen()
    out.wsgi(app)
    for config in (
        {"TESTING": True},
        {"DEBUG": True},
        {"PROPAGATE_EXCEPTIONS": True},
        {"DEBUG": True, "PROPAGATE_EXCEPTIONS": False},
    ):
        out.tell(f"-- {config}")
        app.config.update(TESTING=False, DEBUG=False, PROPAGATE_EXCEPTIONS=None)
        app.config.update(config)
        out.wsgi(app, label=str(config))


def before_request_results(out):
    for label, result in {
        "none": None,
        "text": "answered",
        "empty": "",
        "tuple": ("answered", 202),
        "dict": {},
        "zero": 0,
        "false": False,
        "response": flask.Response("r", 203),
    }.items():
        app = out.app()
        app.add_url_rule("/", "index", lambda: "view")
        app.before_request(lambda result=result: result)
        app.before_request(lambda: out.tell("second"))
        out.request(app, label=label)


def before_request_raises(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "view")
    app.before_request(lambda: flask.abort(403))
    app.before_request(lambda: out.tell("never"))
    app.after_request(lambda response: out.tell("after", response.status) or response)
    app.errorhandler(403)(lambda error: ("handled 403", 403))
    out.request(app)
    out.request(app, "/none")


def after_request_results(out):
    for label, function in {
        "other": lambda response: flask.Response("other", 202),
        "none": lambda response: None,
        "text": lambda response: "text",
        "plain": lambda response: werkzeug.Response("plain"),
    }.items():
        app = out.app()
        app.add_url_rule("/", "index", lambda: "view")
        app.after_request(lambda response: out.tell("runs last", type(response).__name__) or response)
        app.after_request(function)
        out.request(app, label=label)


def after_request_raises(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "view")
    app.after_request(lambda response: out.tell("other", response.status) or response)

    @app.after_request
    def raising(response):
        out.tell("raising", response.status)
        raise LookupError("after")

    app.teardown_request(lambda error: out.tell("teardown", error))
    out.listen("got_request_exception", "request_finished")
    out.wsgi(app)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    out.wsgi(app, label="propagated")


def after_request_aborts(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "view")
    app.after_request(lambda response: flask.abort(418) if response.status_code == 200 else response)
    app.errorhandler(418)(lambda error: ("teapot", 418))
    out.wsgi(app)


def after_request_appended_within_a_view(out):
    app = out.app()

    @app.route("/")
    def view():
        app.after_request_funcs.setdefault(None, []).append(
            lambda response: response.headers.add("X-Appended", "1") or response
        )
        return "x"

    out.wsgi(app)
    out.wsgi(app)
    app.after_request_funcs[None].clear()
    out.wsgi(app, "/none")


def tables_written_to_directly(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "x")

    def before():
        out.tell("before")

    app.before_request(before)
    app.before_request_funcs[None].insert(0, lambda: out.tell("inserted"))
    app.teardown_request_funcs.setdefault(None, []).append(lambda error: out.tell("teardown"))
    out.request(app)
    app.before_request_funcs[None].remove(before)
    app.teardown_request_funcs[None].clear()
    out.request(app)
    app.before_request_funcs.clear()
    app.after_request_funcs["no such blueprint"].append(lambda response: None)
    out.request(app)
    out("tables", [sorted(map(str, app.before_request_funcs)), sorted(map(str, app.after_request_funcs))])


def handlers_by_code_and_class(out):
    kinds = {
        "code": lambda app: app.register_error_handler(404, lambda e: ("by code", 404)),
        "class": lambda app: app.register_error_handler(NotFound, lambda e: ("by class", 404)),
        "http": lambda app: app.register_error_handler(HTTPException, lambda e: ("by HTTPException", e.code)),
        "exception": lambda app: app.register_error_handler(
            Exception, lambda e: (f"by Exception {type(e).__name__}", 500)
        ),
    }
    import itertools

    for count in (1, 2, 3):
        for chosen in itertools.combinations(kinds, count):
            app = out.app()
            app.add_url_rule("/fail", "fail", lambda: 1 / 0)
            app.add_url_rule("/bad", "bad", lambda: flask.abort(400))
            for kind in chosen:
                kinds[kind](app)
            for path in ("/none", "/bad", "/fail"):
                out.request(app, path, label=f"{chosen} {path}")


def handlers_refused(out):
    app = out.app()
    for key in (
        999,
        200,
        302,
        "404",
        None,
        object,
        int,
        ValueError("instance"),
        NotFound(),
        [404],
        404.0,
        type("X", (HTTPException,), {}),
    ):
        out.attempt(
            repr(key) if not isinstance(key, type) else key.__name__, app.register_error_handler, key, lambda e: ""
        )
    out.attempt("decorator", lambda: app.errorhandler("404"))
    out.attempt("decorator applied", lambda: app.errorhandler("404")(lambda e: ""))
    out.attempt("returns", app.errorhandler(404), len)


def handlers_through_the_mro(out):
    class A(Exception):
        pass

    class B(A):
        pass

    class Mixin:
        pass

    class C(Mixin, B):
        pass

    for handled in ([A], [A, B], [Mixin], [Exception, A]):
        for raised in (A, B, C):
            app = _failing(out, raised("x"))
            for kind in handled:
                out.attempt(
                    "register",
                    app.register_error_handler,
                    kind,
                    lambda e, kind=kind: f"{kind.__name__} got {type(e).__name__}",
                )
            out.request(app, label=f"{[k.__name__ for k in handled]} {raised.__name__}")


def http_exceptions_of_ones_own(out):
    class Teapot(HTTPException):
        code = 418
        description = "mine"

    class Codeless(HTTPException):
        pass

    class Strange(HTTPException):
        code = 599

    class Data(BadRequest):
        def get_body(self, environ=None, scope=None):
            return '{"mine": true}'

        def get_headers(self, environ=None, scope=None):
            return [("Content-Type", "application/json"), ("X-Mine", "1")]

    for kind in (Teapot, Codeless, Strange, Data):
        app = _failing(out, kind())
        app.after_request(lambda response: out.tell("after", response.status) or response)
        out.wsgi(app, label=kind.__name__)
        out.wsgi(app, "/", "HEAD", label=f"{kind.__name__} HEAD")
    for key in (418, Teapot, werkzeug.exceptions.ImATeapot):
        app = _failing(out, Teapot())
        app.register_error_handler(key, lambda e: ("handled", 200))
        out.request(app, label=str(key))


def handler_results(out):
    for label, result in {
        "text": "t",
        "tuple": ("t", 400),
        "dict": {"a": 1},
        "none": None,
        "response": flask.Response("r", 201),
    }.items():
        app = _failing(out, NotFound())
        app.errorhandler(404)(lambda e, result=result: result)
        out.request(app, label=label)
    app = _failing(out, NotFound("described"))
    app.errorhandler(404)(lambda e: e)
    out.request(app, label="the exception itself")
    app = _failing(out, NotFound())
    app.errorhandler(404)(lambda e: werkzeug.exceptions.Gone())
    out.request(app, label="another exception returned")


def handler_raises(out):
    app = _failing(out, NotFound())
    app.errorhandler(404)(lambda e: 1 / 0)
    app.errorhandler(ZeroDivisionError)(lambda e: out.tell("not asked") or "x")
    out.request(app)
    app = _failing(out, NotFound())
    app.errorhandler(404)(lambda e: flask.abort(410))
    app.errorhandler(410)(lambda e: ("gone", 410))
    out.request(app, label="aborts")
    app = _failing(out, KeyError("k"))
    app.errorhandler(500)(lambda e: 1 / 0)
    out.request(app, label="the 500 handler fails")
    app = _failing(out, KeyError("k"))

    def again(error):
        raise error

    app.errorhandler(KeyError)(again)
    app.errorhandler(500)(lambda e: (f"500 {e.original_exception!r}", 500))
    out.request(app, label="raises it again")


def internal_server_error_and_its_original(out):
    for key in (500, InternalServerError, HTTPException):
        app = _failing(out, KeyError("k"))
        app.add_url_rule("/abort", "abort", lambda: flask.abort(500))
        app.register_error_handler(key, lambda e: (f"{type(e).__name__} {e.original_exception!r} {e.code}", 500))
        out.request(app, label=f"{key} raised")
        out.request(app, "/abort", label=f"{key} aborted")
    app = _failing(out, KeyError("k"))
    app.errorhandler(Exception)(lambda e: (f"{type(e).__name__} {getattr(e, 'original_exception', 'none')}", 500))
    out.request(app, label="Exception")


def log_line_of_an_unhandled_exception(out):
    app = _failing(out, RuntimeError("line\nbroken ü"))
    app.add_url_rule("/p/<x>", "p", lambda x: 1 / 0, methods=["POST", "GET"])
    out.wsgi(app)
    out.wsgi(app, "/p/a%20b%0Ac?q=1", "POST")
    out.wsgi(app, environ={"SCRIPT_NAME": "/mount"})
    out.wsgi(app, "/none")
    app = _failing(out, RuntimeError("x"))
    app.errorhandler(RuntimeError)(lambda e: "handled, not logged")
    out.wsgi(app, label="handled")


def log_line_written_with_handlers_of_ones_own(out):
    records = []

    class Keep(logging.Handler):
        def emit(self, record):
            records.append([record.name, record.levelname, record.getMessage(), record.exc_info[0].__name__])

    app = _failing(out, RuntimeError("x"))
    app.logger.addHandler(Keep())
    app.logger.propagate = False
    out.wsgi(app)
    out("records", records)


def log_exception_overridden(out):
    class Shop(flask.Flask):
        def log_exception(self, exc_info):
            out.tell("logged", exc_info[0].__name__, str(exc_info[1]), exc_info[2] is not None)

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: 1 / 0)
    out.wsgi(app)
    out.attempt("by hand", lambda: flask.Flask("case_app").log_exception((None, None, None)))


def log_exception_by_hand(out):
    app = out.app()
    with app.test_request_context("/x?y=1", method="PUT"):
        try:
            raise ValueError("by hand")
        except ValueError as error:
            app.log_exception((ValueError, error, error.__traceback__))


def propagate_exceptions(out):
    for config in (
        {},
        {"PROPAGATE_EXCEPTIONS": True},
        {"PROPAGATE_EXCEPTIONS": False, "TESTING": True},
        {"PROPAGATE_EXCEPTIONS": False, "DEBUG": True},
        {"TESTING": True},
        {"DEBUG": True},
        {"PROPAGATE_EXCEPTIONS": 0},
    ):
        app = _failing(out, KeyError("k"), **config)
        out.request(app, label=f"plain {config}")
        app = _failing(out, KeyError("k"), **config)
        app.errorhandler(500)(lambda e: ("500 handled", 500))
        out.request(app, label=f"with a 500 handler {config}")
        app = _failing(out, KeyError("k"), **config)
        app.errorhandler(Exception)(lambda e: ("Exception handled", 500))
        out.request(app, label=f"with an Exception handler {config}")


def trap_http_exceptions(out):
    for config in ({"TRAP_HTTP_EXCEPTIONS": True}, {"TRAP_HTTP_EXCEPTIONS": True, "TESTING": True}):
        for error in (NotFound("n"), BadRequest("b"), InternalServerError("i")):
            app = _failing(out, error, **config)
            out.request(app, label=f"{config} {error}")
            app = _failing(out, error, **config)
            app.errorhandler(HTTPException)(lambda e: "handled")
            out.request(app, label=f"{config} {error} handled")
        out.request(app, "/none", label=f"{config} no rule")


def trap_bad_request_errors(out):
    for config in (
        {"TRAP_BAD_REQUEST_ERRORS": True},
        {"TRAP_BAD_REQUEST_ERRORS": True, "TESTING": True},
        {"DEBUG": True},
        {"DEBUG": True, "TRAP_BAD_REQUEST_ERRORS": False},
        {"TRAP_BAD_REQUEST_ERRORS": None},
    ):
        app = out.app(config=config)
        app.add_url_rule("/key", "key", lambda: flask.request.args["missing"])
        app.add_url_rule("/bad", "bad", lambda: flask.abort(400))
        app.add_url_rule("/none", "none", lambda: flask.abort(404))
        for path in ("/key", "/bad", "/none"):
            out.request(app, path, label=f"{config} {path}")
        with app.test_request_context():
            out(
                "trap",
                [
                    app.trap_http_exception(e)
                    for e in (BadRequest(), NotFound(), werkzeug.exceptions.BadRequestKeyError("k"))
                ],
            )


def handle_exception_replaced_on_the_application(out):
    from functools import partial

    app = _failing(out, ValueError("x"))
    original = app.handle_exception
    app.handle_exception = partial(lambda original, error: out.tell("replaced", error) or original(error), original)
    user = app.handle_user_exception
    app.handle_user_exception = partial(lambda user, error: out.tell("user", error) or user(error), user)
    out.wsgi(app)
    out.wsgi(app, "/none")
    app.handle_user_exception = lambda error: ("swallowed", 299)
    out.wsgi(app, label="swallowed")


def methods_replaced_on_the_application(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "view")
    for name in (
        "dispatch_request",
        "preprocess_request",
        "process_response",
        "finalize_request",
        "full_dispatch_request",
        "do_teardown_request",
        "do_teardown_appcontext",
        "make_response",
        "handle_http_exception",
        "raise_routing_exception",
        "ensure_sync",
        "request_context",
        "app_context",
        "create_url_adapter",
        "make_default_options_response",
        "should_ignore_error",
    ):
        if not hasattr(app, name):
            out.tell("absent", name)
            continue

        original = getattr(app, name)

        def wrapped(*args, _original=original, _name=name, **options):
            out.tell(_name, len(args), sorted(options))
            return _original(*args, **options)

        setattr(app, name, wrapped)
    out.wsgi(app)
    out.tell("-- none")
    out.wsgi(app, "/none")
    out.tell("-- options")
    out.wsgi(app, "/", "OPTIONS")


def methods_patched_on_the_class(out):
    class Shop(flask.Flask):
        pass

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: "view")
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    out.wsgi(app, label="before")
    for name in (
        "dispatch_request",
        "preprocess_request",
        "process_response",
        "finalize_request",
        "do_teardown_request",
        "do_teardown_appcontext",
        "handle_exception",
        "handle_user_exception",
        "handle_http_exception",
        "log_exception",
        "wsgi_app",
        "__call__",
    ):
        original = getattr(Shop, name)

        def wrapped(self, *args, _original=original, _name=name, **options):
            out.tell(_name)
            return _original(self, *args, **options)

        setattr(Shop, name, wrapped)
    for path in ("/", "/none", "/fail"):
        out.wsgi(app, path)
        out.tell("--")


def methods_overridden_in_a_subclass(out):
    class Shop(flask.Flask):
        def dispatch_request(self):
            out.tell("dispatch", flask.request.endpoint)
            return super().dispatch_request()

        def preprocess_request(self):
            out.tell("preprocess")
            return super().preprocess_request() or ("stopped" if "stop" in flask.request.args else None)

        def process_response(self, response):
            response.headers["X-Processed"] = "1"
            return super().process_response(response)

        def handle_user_exception(self, e):
            out.tell("user exception", e)
            return super().handle_user_exception(e)

        def handle_http_exception(self, e):
            out.tell("http exception", e)
            return super().handle_http_exception(e)

        def handle_exception(self, e):
            out.tell("exception", e)
            return super().handle_exception(e)

        def finalize_request(self, rv, from_error_handler=False):
            out.tell("finalize", type(rv).__name__, from_error_handler)
            return super().finalize_request(rv, from_error_handler)

        def do_teardown_request(self, *args, **options):
            out.tell("teardown", len(args))
            super().do_teardown_request(*args, **options)

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: "view")
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    for path in ("/", "/?stop", "/none", "/fail"):
        out.wsgi(app, path)
        out.tell("--")


def wsgi_app_wrapped(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: flask.request.url)

    class Middleware:
        def __init__(self, inner):
            self.inner = inner

        def __call__(self, environ, start_response):
            out.tell("middleware", environ["PATH_INFO"])

            def starting(status, headers, exc_info=None):
                return start_response(status, [*headers, ("X-Middleware", "1")], exc_info)

            return self.inner({**environ, "SCRIPT_NAME": "/wrapped"}, starting)

    out.request(app)
    app.wsgi_app = Middleware(app.wsgi_app)
    out.request(app)
    out.wsgi(app)
    from werkzeug.middleware.proxy_fix import ProxyFix

    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
    out.request(
        app, headers={"X-Forwarded-Host": "front.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/p"}
    )


def call_goes_through_wsgi_app(out):
    class Shop(flask.Flask):
        def wsgi_app(self, environ, start_response):
            out.tell("wsgi_app")
            return super().wsgi_app(environ, start_response)

        def __call__(self, environ, start_response):
            out.tell("call")
            return super().__call__(environ, start_response)

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: "x")
    out.wsgi(app)
    out.wsgi(app.wsgi_app, label="wsgi_app itself")
    out.request(app)


def signals_with_their_arguments(out):
    app = out.app(config={"SECRET_KEY": "k"})
    app.add_url_rule("/", "index", lambda: flask.flash("m", "c") or flask.render_template_string("{{ x }}", x=1))
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    for name in (
        "template_rendered",
        "before_render_template",
        "request_started",
        "request_finished",
        "request_tearing_down",
        "got_request_exception",
        "appcontext_tearing_down",
        "appcontext_pushed",
        "appcontext_popped",
        "message_flashed",
    ):

        def receiver(sender, name=name, **given):
            shown = {
                key: type(value).__name__ if key in ("template", "context", "response") else value
                for key, value in given.items()
            }
            out.tell(name, type(sender).__name__, sender is app, shown)

        out.connect(getattr(flask, name), receiver)
    out.request(app)
    out.request(app, "/fail")


def signals_of_one_sender_only(out):
    one, two = out.app("case_app_one"), out.app("case_app_two")
    for app in (one, two):
        app.add_url_rule("/", "index", lambda: "x")
    for name in ("request_started", "request_finished", "appcontext_pushed", "request_tearing_down"):
        out.connect(getattr(flask, name), lambda sender, name=name, **given: out.tell(name, sender), one)
    out.request(one)
    out.request(two)


def signal_receiver_that_raises(out):
    def raising(sender, **given):
        raise OSError("receiver")

    for name in (
        "request_started",
        "request_finished",
        "request_tearing_down",
        "appcontext_pushed",
        "appcontext_popped",
        "got_request_exception",
    ):
        app = out.app()
        app.add_url_rule("/", "index", lambda: "x")
        app.add_url_rule("/fail", "fail", lambda: 1 / 0)
        app.teardown_request(lambda error: out.tell("teardown", error))
        signal = getattr(flask, name)
        with signal.connected_to(raising, app):
            out.request(app, label=name)
            out.request(app, "/fail", label=f"{name} fail")
        out("left", [flask.has_app_context(), flask.has_request_context()])


def signal_namespace_of_ones_own(out):
    space = flask.signals.Namespace()
    signal = space.signal("mine", doc="my signal")
    out.connect(signal, lambda sender, **given: out.tell("mine", sender, given))
    out("result", [result for _, result in signal.send("someone", x=1)])
    out("names", [flask.request_started.name, signal.name, space.signal("mine") is signal])
    out("docs", [bool(getattr(flask, name).name) for name in ("template_rendered", "message_flashed")])


def got_request_exception_moments(out):
    out.listen("got_request_exception")
    app = _failing(out, KeyError("k"))
    out.request(app, label="unhandled")
    app = _failing(out, KeyError("k"))
    app.errorhandler(KeyError)(lambda e: "handled")
    out.request(app, label="handled")
    app = _failing(out, NotFound())
    out.request(app, label="http")
    app = _failing(out, InternalServerError())
    out.request(app, label="internal")
    app = _failing(out, KeyError("k"), TESTING=True)
    out.request(app, label="testing")


def request_started_sees_the_session_and_the_rule(out):
    app = out.app(config={"SECRET_KEY": "k"})
    app.add_url_rule("/<int:n>", "x", lambda n: "x")
    out.connect(
        flask.request_started,
        lambda sender, **given: out.tell("started", flask.request.view_args, dict(flask.session), flask.g.get("x")),
    )
    out.connect(
        flask.appcontext_pushed,
        lambda sender, **given: (
            setattr(flask.g, "x", "from the signal") or out.tell("pushed", flask.has_request_context())
        ),
    )
    app.before_request(lambda: out.tell("before"))
    out.request(app, "/3")


def request_finished_changes_the_response(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "x")
    out.connect(flask.request_finished, lambda sender, response, **given: response.headers.add("X-Signal", "1"))
    out.wsgi(app)


def base_exceptions_pass_through(out):
    for error in (KeyboardInterrupt("k"), SystemExit(3), GeneratorExit("g")):
        app = _failing(out, error)
        app.errorhandler(Exception)(lambda e: "never")
        app.teardown_request(lambda e: out.tell("teardown", e))
        app.after_request(lambda r: out.tell("never after") or r)

        def ask(app=app):
            try:
                return app.test_client().get("/").text
            except BaseException as raised:  # noqa: BLE001 - an observation, whatever it is
                return [type(raised).__name__, str(raised)]

        out.attempt(type(error).__name__, ask)
        out("left", [flask.has_app_context(), flask.has_request_context()])


def exceptions_with_causes_and_groups(out):
    def chained():
        try:
            {}["x"]
        except KeyError as error:
            raise ValueError("outer") from error

    def grouped():
        raise ExceptionGroup("several", [ValueError("a"), KeyError("b")])

    def noted():
        error = ValueError("noted")
        error.add_note("a note")
        raise error

    app = out.app()
    for view in (chained, grouped, noted):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
        out.wsgi(app, f"/{view.__name__}") if not app._got_first_request else None
        app._got_first_request = False
    app.errorhandler(ExceptionGroup)(lambda e: f"group of {len(e.exceptions)}")
    for name in ("chained", "grouped", "noted"):
        out.wsgi(app, f"/{name}")


def error_handler_in_debug_sees_the_context(out):
    app = _failing(out, NotFound(), DEBUG=True)
    app.errorhandler(404)(lambda e: [flask.request.path, flask.g.get("x"), flask.request.endpoint])
    out.request(app)
    out.request(app, "/none")


def find_error_handler_tables(out):
    app = out.app()
    app.errorhandler(404)(lambda e: "")
    app.errorhandler(KeyError)(lambda e: "")
    app.error_handler_spec[None][None][ValueError] = lambda e: ("written directly", 500)
    app.add_url_rule("/", "index", lambda: int("x"))
    out.request(app)
    out(
        "spec",
        {
            str(scope): {str(code): [kind.__name__ for kind in kinds] for code, kinds in codes.items()}
            for scope, codes in app.error_handler_spec.items()
        },
    )


def http_exception_with_a_response(out):
    error = HTTPException(response=flask.Response("made", 202))
    app = _failing(out, error)
    app.errorhandler(HTTPException)(lambda e: out.tell("asked") or "never")
    out.wsgi(app)
    app = _failing(out, NotFound(response=flask.Response("own", 404)))
    app.errorhandler(404)(lambda e: ("handled", 404))
    out.wsgi(app, label="with a code")


def routing_errors_reach_before_request_first(out):
    app = out.app()
    app.before_request(lambda: f"answered for {flask.request.routing_exception}")
    out.request(app, "/none")


def error_in_value_preprocessor(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "x")
    app.url_value_preprocessor(lambda e, v: flask.abort(409))
    app.before_request(lambda: out.tell("never"))
    app.errorhandler(409)(lambda e: ("conflict", 409))
    out.request(app)


def ignored_errors(out):
    class Shop(flask.Flask):
        def should_ignore_error(self, error):
            out.tell("asked", error)
            return isinstance(error, KeyError)

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: {}["k"])
    app.add_url_rule("/v", "v", lambda: int("x"))
    app.teardown_request(lambda error: out.tell("teardown", error))
    app.testing = True
    out.request(app)
    out.request(app, "/v")


def exception_in_the_session_interface(out):
    class Interface(flask.sessions.SessionInterface):
        def open_session(self, app, request):
            return flask.sessions.SecureCookieSession()

        def save_session(self, app, session, response):
            raise OSError("cannot save")

    app = out.app()
    app.session_interface = Interface()
    app.add_url_rule("/", "index", lambda: "x")
    app.after_request(lambda response: out.tell("after", response.status) or response)
    app.teardown_request(lambda error: out.tell("teardown", error))
    out.wsgi(app)


def nothing_is_left_after_an_error(out):
    def view():
        flask.g.x = 1
        flask.after_this_request(lambda response: out.tell("of the failed request") or response)
        raise ValueError("x")

    app = out.app()
    app.add_url_rule("/fail", "fail", view)
    app.add_url_rule("/", "index", lambda: str(flask.g.get("x")))
    client = app.test_client()
    out.request(client, "/fail")
    out.request(client, "/")
    out("left", [flask.has_app_context(), flask.has_request_context()])


def methods_replaced_after_requests(out):
    app = out.app(config={"SECRET_KEY": "k"})
    app.add_url_rule("/", "index", lambda: flask.session.get("x", "view"))
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    for path in ("/", "/fail", "/none"):
        out.wsgi(app, path)
    names = (
        "wsgi_app full_dispatch_request dispatch_request preprocess_request process_response finalize_request make_response"  # noqa: E501 - one text, as it is sent or stored
        " handle_exception handle_user_exception handle_http_exception log_exception do_teardown_request do_teardown_appcontext"  # noqa: E501 - one text, as it is sent or stored
        " request_context app_context create_url_adapter raise_routing_exception ensure_sync update_template_context"
    ).split()
    originals = {name: getattr(app, name) for name in names}
    for name in names:

        def wrapped(*args, _original=originals[name], _name=name, **options):
            out.tell(_name, len(args), sorted(options))
            return _original(*args, **options)

        setattr(app, name, wrapped)
    for path in ("/", "/fail", "/none"):
        out.tell("--", path)
        out.wsgi(app, path, label=f"wrapped {path}")
    for name in names:
        delattr(app, name)
    for path in ("/", "/fail", "/none"):
        out.wsgi(app, path, label=f"unwrapped {path}")


def class_patched_after_requests(out):
    class Shop(flask.Flask):
        pass

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: "view")
    out.wsgi(app)
    names = (
        "__call__ wsgi_app dispatch_request make_response process_response create_url_adapter request_context".split()
    )
    originals = {name: getattr(Shop, name) for name in names}
    for name in names:

        def wrapped(self, *args, _original=originals[name], _name=name, **options):
            out.tell(_name)
            return _original(self, *args, **options)

        setattr(Shop, name, wrapped)
    out.wsgi(app, label="patched")
    for name in names:
        delattr(Shop, name)
    out.wsgi(app, label="unpatched")


def flask_class_itself_patched(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "view")
    out.wsgi(app)
    kept = {
        name: flask.Flask.__dict__[name]
        for name in (
            "__call__",
            "wsgi_app",
            "dispatch_request",
            "preprocess_request",
            "finalize_request",
            "do_teardown_appcontext",
        )
    }
    try:
        for name, original in kept.items():

            def wrapped(self, *args, _original=original, _name=name, **options):
                out.tell(_name)
                return _original(self, *args, **options)

            setattr(flask.Flask, name, wrapped)
        out.wsgi(app, label="patched")
        out.wsgi(app, "/none", label="patched none")
    finally:
        for name, original in kept.items():
            setattr(flask.Flask, name, original)
    out.wsgi(app, label="restored")


def request_class_patched(out):
    app = out.app(config={"SECRET_KEY": "k"})
    app.add_url_rule(
        "/",
        "index",
        lambda: [
            flask.request.args.get("a"),
            flask.request.headers.get("X-A"),
            flask.request.method,
            flask.request.path,
        ],
        methods=["GET", "POST"],
    )
    out.request(app, "/?a=1", headers={"X-A": "h"})
    kept = flask.Request.__dict__.get("max_content_length")

    class Request(flask.Request):
        @property
        def args(self):
            return {"a": "overridden"}

        @property
        def method(self):
            return "POST"

        @method.setter
        def method(self, value):
            pass

        @property
        def path(self):
            return "/overridden"

        @path.setter
        def path(self, value):
            pass

    app.request_class = Request
    out.request(app, "/?a=1", headers={"X-A": "h"}, label="overridden")
    out("descriptor", kept is not None)


def tables_replaced_after_requests(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "view")
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    out.request(app)
    app.before_request_funcs = {None: [lambda: out.tell("before")]}
    app.after_request_funcs = {None: [lambda response: out.tell("after") or response]}
    app.teardown_request_funcs = {None: [lambda error: out.tell("teardown request")]}
    app.teardown_appcontext_funcs = [lambda error: out.tell("teardown app")]
    app.url_value_preprocessors = {None: [lambda endpoint, values: out.tell("values")]}
    app.error_handler_spec = {
        None: {None: {ZeroDivisionError: lambda error: "handled"}, 404: {NotFound: lambda error: ("missing", 404)}}
    }
    app.template_context_processors = {None: [lambda: {"x": 1}]}
    for path in ("/", "/fail", "/none"):
        out.request(app, path)

    class Views(dict):
        def __missing__(self, key):
            return lambda **values: f"made for {key}"

        def __getitem__(self, key):
            out.tell("looked up", key)
            return super().__getitem__(key)

    app.view_functions = Views()
    out.request(app, "/")


def hooks_of_many_kinds(out):
    import functools

    class Callable:
        def __init__(self, name):
            self.name = name

        def __call__(self, *args):
            out.tell(self.name, len(args))
            return args[0] if args and self.name.startswith("after") else None

    class Holder:
        def before(self):
            out.tell("method before")

        def after(self, response):
            out.tell("method after")
            return response

    app = out.app()
    holder = Holder()
    app.before_request(Callable("before instance"))
    app.before_request(holder.before)
    app.before_request(functools.partial(out.tell, "partial before"))
    app.after_request(Callable("after instance"))
    app.after_request(holder.after)
    app.teardown_request(Callable("teardown instance"))
    app.errorhandler(404)(functools.partial(lambda text, error: (text, 404), "partial handler"))
    app.add_url_rule("/", "index", lambda: "x")
    out.request(app)
    out.request(app, "/none")


def before_request_that_is_a_generator_function(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "view")

    @app.before_request
    def before():
        yield "streamed by a hook"

    out.wsgi(app)


def exceptions_of_unusual_kinds(out):
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError("no text")

        __repr__ = __str__

    class Equal(Exception):
        def __eq__(self, other):
            raise RuntimeError("compared")

        __hash__ = None

    def recurse():
        return recurse()

    def stop():
        raise StopIteration("value")

    def string():
        raise "text"  # noqa: B016 - what Python makes of it reaches the handlers

    def unprintable():
        raise Unprintable

    def equal():
        raise Equal("e")

    def warning():
        raise UserWarning("raised")

    app = out.app()
    for view in (recurse, stop, string, unprintable, equal, warning):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    seen = []
    app.teardown_request(lambda error: seen.append(type(error).__name__))
    for name in ("recurse", "stop", "string", "equal", "warning"):
        response = app.test_client().get(f"/{name}")
        out(name, [response.status, response.text])
    out("unprintable", app.test_client().get("/unprintable").status)
    out("torn down", seen)


def http_exceptions_with_methods_overridden(out):
    class Own(werkzeug.exceptions.HTTPException):
        code = 418

        def get_response(self, environ=None, scope=None):
            out.tell("get_response", environ is not None)
            return flask.Response("own response", 418)

    class Described(werkzeug.exceptions.NotFound):
        def get_description(self, environ=None, scope=None):
            return f"<p>described for {environ['PATH_INFO'] if environ else None}</p>"

    for kind in (Own, Described):
        app = _failing(out, kind())
        out.wsgi(app, label=kind.__name__)
        app = _failing(out, kind())
        app.errorhandler(kind)(lambda error: error.get_response())
        out.wsgi(app, label=f"{kind.__name__} handled")


def errors_in_blueprints_without_handlers(out):
    blueprint = flask.Blueprint("bp", "case_app", url_prefix="/bp")
    blueprint.add_url_rule("/fail", "fail", lambda: 1 / 0)
    blueprint.add_url_rule("/abort", "abort", lambda: flask.abort(400, "because"))
    app = out.app()
    app.register_blueprint(blueprint)
    app.errorhandler(500)(lambda error: (f"app's 500 for {flask.request.blueprint}", 500))
    for path in ("/bp/fail", "/bp/abort", "/bp/none"):
        out.wsgi(app, path)


def handlers_added_while_running_through_the_tables(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: flask.abort(404))
    out.request(app)
    app.error_handler_spec[None][404][NotFound] = lambda error: ("added", 404)
    out.request(app)
    app.error_handler_spec[None][404].clear()
    out.request(app)


def hooks_added_by_hooks(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "x")

    def grow():
        out.tell("grow")
        if len(app.before_request_funcs[None]) < 3:
            app.before_request_funcs[None].append(lambda: out.tell("grown"))
            app.teardown_request_funcs.setdefault(None, []).append(lambda error: out.tell("teardown grown"))

    app.before_request(grow)
    out.request(app)
    out.request(app)


def attributes_of_the_application_replaced(out):
    app = out.app(config={"SECRET_KEY": "k"})
    app.add_url_rule(
        "/",
        "index",
        lambda: [
            type(flask.g._get_current_object()).__name__,
            type(flask.request._get_current_object()).__name__,
            flask.current_app.config.get("X"),
        ],
    )
    app.add_url_rule("/abort", "abort", lambda: flask.abort(404))
    out.request(app)

    class Globals(flask.ctx._AppCtxGlobals):
        pass

    class Request(flask.Request):
        pass

    app.app_ctx_globals_class = Globals
    app.request_class = Request
    app.config = flask.Config(app.root_path, {**app.config, "X": "replaced"})
    out.request(app)
    app.aborter = werkzeug.exceptions.Aborter(extra={404: werkzeug.exceptions.Gone})
    out.request(app, "/abort")
    app.name = "renamed"
    out("name", [app.name, repr(app), app.logger.name])


def signals_patched_and_muted(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "x")
    signal = flask.request_started
    out.connect(signal, lambda sender, **given: out.tell("heard", sender is app, sorted(given)))
    original = signal.receivers_for

    def receivers_for(sender):
        for receiver in original(sender):
            out.tell("receiver for", sender is app)
            yield receiver

    signal.receivers_for = receivers_for
    try:
        out.request(app)
    finally:
        del signal.receivers_for
    with signal.muted():
        out.request(app)
    out("still connected", bool(signal.receivers))


def signal_connected_during_a_request(out):
    app = out.app()

    @app.route("/")
    def index():
        out.connect(flask.request_finished, finished)
        out.connect(flask.request_tearing_down, down)
        return "x"

    def finished(sender, response):
        out.tell("finished", response.status)

    def down(sender, exc):
        out.tell("down", exc)

    out.request(app)


def signal_receivers_that_are_weak(out):
    import gc

    app = out.app()
    app.add_url_rule("/", "index", lambda: "x")

    def connect():
        def local(sender, **given):
            out.tell("never heard, collected")

        flask.request_started.connect(local, app)

    connect()
    gc.collect()
    out.request(app)
    flask.request_started.connect(_strong := (lambda sender, **given: out.tell("strong")), app, weak=False)
    out.request(app)
    flask.request_started.disconnect(_strong, app)
