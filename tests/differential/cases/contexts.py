"""Contexts: what is current where, for how long, and in which order it is taken down."""

import threading

from werkzeug.local import LocalProxy

import flask
from flask.globals import _cv_app, _cv_request, app_ctx, request_ctx


def _serving(out, view, path="/", **config):
    app = out.app(config=config)
    app.add_url_rule(path, "index", view)
    return app


def proxies_outside_of_any_context(out):
    for label, proxy in {
        "current_app": flask.current_app,
        "g": flask.g,
        "request": flask.request,
        "session": flask.session,
        "app_ctx": app_ctx,
        "request_ctx": request_ctx,
    }.items():
        out.attempt(f"{label} get", lambda p=proxy: p.name)
        out.attempt(f"{label} set", lambda p=proxy: setattr(p, "x", 1))
        out.attempt(f"{label} del", lambda p=proxy: delattr(p, "x"))
        out.attempt(f"{label} bool", lambda p=proxy: bool(p))
        out.attempt(f"{label} repr", lambda p=proxy: repr(p))
        out.attempt(f"{label} object", lambda p=proxy: p._get_current_object())
        out.attempt(f"{label} iter", lambda p=proxy: iter(p))
        out.attempt(f"{label} in", lambda p=proxy: "x" in p)
        out.attempt(f"{label} len", lambda p=proxy: len(p))
        out.attempt(f"{label} item", lambda p=proxy: p["x"])
        out.attempt(f"{label} call", lambda p=proxy: p())


def proxies_in_an_app_context_only(out):
    with out.app().app_context():
        out.attempt("app", lambda: flask.current_app.name)
        out.attempt("request", lambda: flask.request.path)
        out.attempt("session", lambda: flask.session["x"])
        out.attempt("request_ctx", lambda: request_ctx.request)
        out.attempt("g", lambda: flask.g.missing)
        out("has", [flask.has_app_context(), flask.has_request_context()])


def has_context_functions(out):
    app = out.app()
    out("outside", [flask.has_app_context(), flask.has_request_context()])
    with app.test_request_context():
        out("request", [flask.has_app_context(), flask.has_request_context()])
    out("after", [flask.has_app_context(), flask.has_request_context(), _cv_app.get(None), _cv_request.get(None)])


def methods_of_g(out):
    app = out.app()
    with app.app_context():
        g = flask.g
        g.a = 1
        out("get", [g.get("a"), g.get("none"), g.get("none", 5)])
        out("in", ["a" in g, "none" in g])
        out("setdefault", [g.setdefault("a", 2), g.setdefault("b", 3), g.setdefault("c")])
        out("iter", [list(g), sorted(vars(g._get_current_object()))])
        out("pop", [g.pop("a"), g.pop("a", "gone")])
        out.attempt("pop missing", g.pop, "a")
        out.attempt("missing", lambda: g.a)
        out.attempt("del", lambda: delattr(g, "b"))
        out.attempt("del missing", lambda: delattr(g, "b"))
        out.attempt("item", lambda: g["c"])
        out.attempt("len", lambda: len(g))
        out("repr", repr(g))
        out("bool", bool(g))
        out("dir", [name for name in dir(g) if name[0] != "_"])
        g.get = "shadowed"
        out.attempt("shadowed", lambda: g.get)
    out("standing alone", repr(flask.ctx._AppCtxGlobals()))


def g_belongs_to_the_app_context(out):
    app = out.app()
    with app.app_context():
        flask.g.x = "outer"
        with app.app_context():
            out.attempt("pushed again", lambda: flask.g.x)
        with app.test_request_context():
            out.attempt("request inside", lambda: flask.g.x)
            flask.g.x = "changed"
        out("after", flask.g.x)
        out.request(app, "/none")
        out("after a request", flask.g.x)


def g_of_a_client_request_inside_a_context(out):
    def view():
        found = flask.g.get("x")
        flask.g.x = "view"
        return str(found)

    app = _serving(out, view)
    with app.app_context():
        flask.g.x = "outer"
        out.request(app)
        out("after", flask.g.x)
    out.request(app)


def request_in_a_foreign_app_context(out):
    one, two = out.app("case_app_one"), out.app("case_app_two")
    two.add_url_rule("/", "index", lambda: flask.current_app.name + str(flask.g.get("x")))
    two.teardown_appcontext(lambda error: out.tell("two down", flask.current_app.name))
    one.teardown_appcontext(lambda error: out.tell("one down", flask.current_app.name))
    with one.app_context():
        flask.g.x = "one's"
        out.request(two)
        out("current", flask.current_app.name)
        with two.test_request_context():
            out("two", [flask.current_app.name, flask.g.get("x")])
            with one.app_context():
                out("one in two", [flask.current_app.name, flask.request.path, flask.g.get("x")])
        out("current again", flask.current_app.name)


def app_context_pushed_by_hand(out):
    app = out.app()
    app.teardown_appcontext(lambda error: out.tell("down", error))
    context = app.app_context()
    context.push()
    out("current", flask.current_app.name)
    context.push()
    context.pop()
    out("still", flask.has_app_context())
    context.pop()
    out("gone", flask.has_app_context())
    out.attempt("once too often", context.pop)
    out.attempt("with an error", lambda: (context.push(), context.pop(ValueError("x"))))
    out.attempt("with None", lambda: (context.push(), context.pop(None)))


def request_context_pushed_by_hand(out):
    app = out.app()
    app.teardown_request(lambda error: out.tell("request down", error))
    app.teardown_appcontext(lambda error: out.tell("app down", error))
    context = app.test_request_context("/x")
    out("before", [flask.has_request_context(), context.request.path])
    out.attempt("session before", lambda: context.session)
    context.push()
    out("pushed", [flask.request.path, dict(flask.session)])
    context.push()
    context.pop()
    out("after one pop", flask.has_request_context())
    out.attempt("pop", context.pop)
    out("after two", flask.has_request_context())
    out.attempt("once too often", context.pop)
    out.attempt("again", lambda: [context.push(), flask.request.path, context.pop(KeyError("k"))])


def contexts_popped_in_the_wrong_order(out):
    app = out.app()
    first, second = app.app_context(), app.app_context()
    first.push()
    second.push()
    out.attempt("app", first.pop)
    out.attempt("second", second.pop)
    one, two = app.test_request_context("/1"), app.test_request_context("/2")
    one.push()
    two.push()
    out.attempt("request", one.pop)
    out.attempt("two", two.pop)


def with_statement_and_exceptions(out):
    app = out.app()
    app.teardown_request(lambda error: out.tell("request", error))
    app.teardown_appcontext(lambda error: out.tell("app", error))
    for kind in (ValueError, KeyboardInterrupt, SystemExit, GeneratorExit):
        try:
            with app.app_context():
                raise kind("in app")
        except BaseException as error:  # noqa: BLE001 - an observation, whatever it is
            out("raised", error)
        try:
            with app.test_request_context():
                raise kind("in request")
        except BaseException as error:  # noqa: BLE001 - an observation, whatever it is
            out("raised", error)


def objects_of_a_context(out):
    app = out.app()
    context = app.test_request_context("/?a=1")
    names = [name for name in dir(context) if name[0] != "_"]
    wanted = "app copy flashes match_request pop push request session url_adapter".split()
    out("request", [name for name in wanted if name in names])
    out(
        "values",
        [
            context.app.name,
            type(context.request),
            context.flashes,
            context.request.args["a"],
            type(context.url_adapter),
        ],
    )
    context = app.app_context()
    names = [name for name in dir(context) if name[0] != "_"]
    out("app", [name for name in "app g pop push url_adapter".split() if name in names])
    out("app values", [context.app.name, repr(context.g), context.url_adapter])
    with context as entered:
        out("same", [entered is context, app_ctx._get_current_object() is context, _cv_app.get() is context])


def identity_of_the_app_context(out):
    seen = []

    def view():
        seen.append(app_ctx._get_current_object())
        flask.g.x = 1
        seen.append(app_ctx._get_current_object())
        return flask.render_template_string("{{ g.x }}")

    app = _serving(out, view)
    app.before_request(lambda: seen.append(app_ctx._get_current_object()))
    app.teardown_request(lambda error: seen.append(app_ctx._get_current_object()))
    app.teardown_appcontext(lambda error: seen.append(app_ctx._get_current_object()))
    out.request(app)
    out("one object", [len(seen), len({id(item) for item in seen})])
    out.request(app)
    out("another for the next", len({id(item) for item in seen}))
    with app.app_context():
        outer = app_ctx._get_current_object()
        seen.clear()
        out.request(app)
        out("borrowed", [item is outer for item in seen])


def weak_reference_to_a_context(out):
    import gc
    import weakref

    kept = {}

    def view():
        kept["request"] = weakref.ref(request_ctx._get_current_object())
        kept["app"] = weakref.ref(app_ctx._get_current_object())
        return "x"

    app = _serving(out, view)
    app.teardown_request(
        lambda error: out(
            "same",
            [kept["request"]() is request_ctx._get_current_object(), kept["app"]() is app_ctx._get_current_object()],
        )
    )
    out.wsgi(app)
    gc.collect()
    out("gone", [kept["request"]() is None, kept["app"]() is None])


def teardown_order(out):
    app = out.app()
    blueprint = flask.Blueprint("bp", "case_app")
    for n in (1, 2):
        app.teardown_request(lambda error, n=n: out.tell("app request", n, error, flask.has_request_context()))
        app.teardown_appcontext(
            lambda error, n=n: out.tell("app context", n, error, flask.has_app_context(), flask.has_request_context())
        )
        blueprint.teardown_request(lambda error, n=n: out.tell("blueprint request", n, error))
    blueprint.add_url_rule("/", "index", lambda: "x")
    blueprint.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.register_blueprint(blueprint)
    out.listen("request_tearing_down", "appcontext_tearing_down", "appcontext_popped")
    out.request(app, "/")
    out.tell("--")
    out.request(app, "/fail")
    out.tell("--")
    app.testing = True
    out.request(app, "/fail", label="testing")


def teardown_that_raises(out):
    app = _serving(out, lambda: "x")

    def raising(name):
        def teardown(error):
            out.tell(name, error)
            raise RuntimeError(name)

        return teardown

    for n in (1, 2):
        app.teardown_request(raising(f"request {n}"))
        app.teardown_appcontext(raising(f"app {n}"))
    out.listen("request_tearing_down", "appcontext_tearing_down", "appcontext_popped")
    out.attempt("request", app.test_client().get, "/")
    out("left over", [flask.has_app_context(), flask.has_request_context()])


def one_teardown_raises_and_others_run(out):
    app = _serving(out, lambda: "x")
    app.teardown_request(lambda error: out.tell("request, registered first"))
    app.teardown_request(lambda error: 1 / 0)
    app.teardown_appcontext(lambda error: out.tell("app"))
    out.attempt("request", app.test_client().get, "/")
    out("left over", [flask.has_app_context(), flask.has_request_context()])
    other = _serving(out, lambda: "x")
    other.teardown_appcontext(lambda error: out.tell("app, registered first"))
    other.teardown_appcontext(lambda error: 1 / 0)
    out.attempt("app context", other.test_client().get, "/")
    out("still nothing", [flask.has_app_context(), flask.has_request_context()])


def teardown_and_handled_errors(out):
    app = out.app()
    app.teardown_request(lambda error: out.tell("request", error))
    app.teardown_appcontext(lambda error: out.tell("app", error))
    app.add_url_rule("/handled", "handled", lambda: 1 / 0)
    app.add_url_rule("/abort", "abort", lambda: flask.abort(404))
    app.add_url_rule("/unhandled", "unhandled", lambda: {}["x"])
    app.errorhandler(ZeroDivisionError)(lambda error: "handled")
    for path in ("/handled", "/abort", "/unhandled", "/none"):
        out.request(app, path)
        out.tell("--")
    app.errorhandler_500 = None
    app._got_first_request = False
    app.errorhandler(500)(lambda error: ("five hundred", 500))
    out.request(app, "/unhandled", label="with a 500 handler")


def return_values_of_teardown_are_ignored(out):
    app = _serving(out, lambda: "x")
    app.teardown_request(lambda error: "ignored")
    app.teardown_appcontext(lambda error: flask.Response("ignored"))
    out.request(app)


def context_during_the_body(out):
    def view():
        def body():
            yield f"{flask.has_app_context()} {flask.has_request_context()}"
            out.tell("iterated")

        return body()

    app = _serving(out, view)
    app.teardown_request(lambda error: out.tell("request down"))
    app.teardown_appcontext(lambda error: out.tell("app down"))
    out.listen("request_finished", "appcontext_popped", "request_tearing_down")
    out.wsgi(app)


def stream_with_context_order(out):
    def view():
        def body():
            out.tell("starts", flask.request.path, flask.g.x)
            flask.session.get("x")
            yield "one "
            yield flask.g.x
            out.tell("ends")

        flask.g.x = "two"
        return flask.Response(flask.stream_with_context(body()))

    app = _serving(out, view, SECRET_KEY="k")
    app.teardown_request(lambda error: out.tell("request down", flask.g.x))
    app.teardown_appcontext(lambda error: out.tell("app down", flask.g.x))
    app.after_request(lambda response: out.tell("after") or response)
    out.listen("request_finished", "appcontext_pushed", "appcontext_popped", "request_tearing_down")
    out.wsgi(app)
    out.tell("-- client")
    out.request(app)
    out("left", [flask.has_app_context(), flask.has_request_context()])


def stream_with_context_stopped_early(out):
    def view():
        def body():
            try:
                yield "one"
                yield "two"
            finally:
                out.tell("closed", flask.has_request_context())

        return flask.Response(flask.stream_with_context(body()))

    app = _serving(out, view)
    app.teardown_request(lambda error: out.tell("down", error))
    from werkzeug.test import create_environ

    body = app(create_environ("/"), lambda status, headers, exc_info=None: out.tell(status))
    iterator = iter(body)
    out("first", next(iterator))
    body.close()
    out("left", [flask.has_app_context(), flask.has_request_context()])


def stream_with_context_that_raises(out):
    def view():
        def body():
            yield "one"
            raise RuntimeError("in the body")

        return flask.Response(flask.stream_with_context(body()))

    app = _serving(out, view)
    app.teardown_request(lambda error: out.tell("down", error))
    out.wsgi(app)
    out("left", [flask.has_app_context(), flask.has_request_context()])


def stream_with_context_misused(out):
    out.attempt("outside", flask.stream_with_context, iter("ab"))
    app = out.app()
    with app.app_context():
        out.attempt("in an app context", lambda: list(flask.stream_with_context(iter("ab"))))
    with app.test_request_context():
        out.attempt("an iterator", lambda: list(flask.stream_with_context(iter("ab"))))
        out.attempt("a list", lambda: list(flask.stream_with_context(["a"])))
        out.attempt(
            "a function", lambda: list(flask.stream_with_context(lambda x: iter([x, flask.request.path]))("arg"))
        )
        out.attempt("a number", lambda: flask.stream_with_context(3))
        wrapped = flask.stream_with_context(iter("xyz"))
        out("started", next(wrapped))
    out.attempt("continued outside", lambda: list(wrapped))


def decorated_generator_called_outside(out):
    @flask.stream_with_context
    def body():
        yield flask.request.path

    out("name", body.__name__)
    out.attempt("called", body)


def copy_current_request_context(out):
    results = []

    def view():
        flask.session["x"] = "from the view"
        flask.g.x = "g of the view"

        @flask.copy_current_request_context
        def work(n, *, k):
            results.append([n, k, flask.request.path, flask.session.get("x"), flask.g.get("x"), flask.current_app.name])
            flask.session["y"] = "from the thread"
            return "returned"

        out("name", work.__name__)
        thread = threading.Thread(target=work, args=(1,), kwargs={"k": 2})
        thread.start()
        thread.join()
        results.append(flask.session.get("y"))
        results.append(work(3, k=4))
        return "x"

    app = _serving(out, view, SECRET_KEY="k")
    app.teardown_request(lambda error: out.tell("request down", error))
    app.teardown_appcontext(lambda error: out.tell("app down", error))
    out.request(app)
    out("results", results)
    out.attempt("outside", flask.copy_current_request_context, len)
    with app.app_context():
        out.attempt("in an app context", flask.copy_current_request_context, len)


def copied_context_after_the_request(out):
    kept = []

    def view():
        kept.append(flask.copy_current_request_context(lambda: [flask.request.args["q"], flask.url_for("index")]))
        return "x"

    app = _serving(out, view)
    app.teardown_appcontext(lambda error: out.tell("down"))
    out.request(app, "/?q=1")
    out.attempt("later", kept[0])
    out.attempt("again", kept[0])


def copied_context_that_raises(out):
    def view():
        @flask.copy_current_request_context
        def work():
            raise LookupError("in the copy")

        out.attempt("work", work)
        return "x"

    app = _serving(out, view)
    app.teardown_request(lambda error: out.tell("down", error))
    out.request(app)


def threads_have_no_context_of_their_own(out):
    seen = []

    def view():
        thread = threading.Thread(target=lambda: seen.append([flask.has_app_context(), flask.has_request_context()]))
        thread.start()
        thread.join()
        return "x"

    out.request(_serving(out, view))
    out("thread", seen)


def requests_in_threads_do_not_mix(out):
    barrier = threading.Barrier(4, timeout=10)

    def view(n):
        flask.g.n = n
        barrier.wait()
        first = [flask.g.n, flask.request.args["n"], flask.request.view_args["n"]]
        barrier.wait()
        flask.session["n"] = n
        return first

    app = _serving(out, view, "/<int:n>", SECRET_KEY="k")
    found = {}

    def ask(n):
        response = app.test_client().get(f"/{n}?n={n}")
        found[n] = [response.text, response.headers["Set-Cookie"]]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out("found", sorted(found.items()))


def greenlets_do_not_mix(out):
    import greenlet

    seen = []

    def view(n):
        flask.g.n = n
        greenlet.getcurrent().parent.switch()
        seen.append([n, flask.g.n, flask.request.view_args["n"]])
        return str(n)

    app = _serving(out, view, "/<int:n>")
    workers = [greenlet.greenlet(lambda n=n: seen.append(app.test_client().get(f"/{n}").text)) for n in (1, 2)]
    for _ in range(2):
        for worker in workers:
            worker.switch()
            out.tell(flask.has_request_context())
    out("seen", seen)


def test_request_context_arguments(out):
    app = out.app(
        config={"SERVER_NAME": "shop.example:81", "APPLICATION_ROOT": "/app", "PREFERRED_URL_SCHEME": "https"}
    )
    app.add_url_rule("/x", "x", lambda: "")
    for label, args, options in [
        ("nothing", (), {}),
        ("path", ("/x?a=1",), {}),
        ("absolute", ("http://other.example/x?a=1",), {}),
        ("base", ("/x",), {"base_url": "http://b.example/m/"}),
        ("subdomain", ("/x",), {"subdomain": "s"}),
        ("scheme", ("/x",), {"url_scheme": "http"}),
        ("both", ("/x",), {"base_url": "http://b", "subdomain": "s"}),
        ("json", ("/x",), {"json": {"b": 1, "a": 2}, "method": "PUT"}),
        ("json and data", ("/x",), {"json": {}, "data": "x"}),
        ("data", ("/x",), {"data": {"a": "1"}, "method": "POST"}),
        ("query", ("/x",), {"query_string": {"a": ["1", "2"]}}),
        ("headers", ("/x",), {"headers": {"X-A": "1"}}),
        (
            "environ",
            ("/x",),
            {"environ_base": {"REMOTE_ADDR": "9.9.9.9"}, "environ_overrides": {"wsgi.url_scheme": "ftp"}},
        ),
        ("unknown", ("/x",), {"colour": "red"}),
    ]:

        def look(args=args, options=options):
            with app.test_request_context(*args, **options):
                request = flask.request
                return [
                    request.method,
                    request.url,
                    request.endpoint,
                    request.get_data(as_text=True),
                    request.content_type,
                    request.remote_addr,
                    sorted(request.headers.keys()),
                ]

        out.attempt(label, look)


def request_context_from_an_environ(out):
    from werkzeug.test import create_environ

    app = _serving(out, lambda: "x")
    with app.request_context(create_environ("/?a=1", base_url="http://e.example")) as context:
        out("seen", [flask.request.url, flask.request.endpoint, context.request.args["a"], dict(flask.session)])
    context = app.request_context(create_environ("/none"))
    with context:
        out("not found", flask.request.routing_exception)


def request_context_given_a_request(out):
    from werkzeug.test import create_environ

    app = out.app()
    app.add_url_rule("/x", "x", lambda: "")
    request = flask.Request(create_environ("/x"))
    context = flask.ctx.RequestContext(app, request.environ, request=request)
    with context:
        out("same", [flask.request._get_current_object() is request, flask.request.endpoint])
    context = flask.ctx.RequestContext(app, request.environ, request, {"given": 1})
    with context:
        out.attempt("session", lambda: flask.session._get_current_object())
    given = flask.sessions.SecureCookieSession({"given": 2})
    with flask.ctx.RequestContext(app, request.environ, request, given) as context:
        out("before", [given.accessed, given.modified])
        out("session", [flask.session["given"], context.session is given, given.accessed])


def full_dispatch_in_a_test_request_context(out):
    app = _serving(out, lambda: "dispatched", "/x")
    app.before_request(lambda: out.tell("before"))
    app.after_request(lambda response: out.tell("after") or response)
    app.teardown_request(lambda error: out.tell("down"))
    out.listen("request_started", "request_finished")
    with app.test_request_context("/x"):
        out("preprocess", app.preprocess_request())
        out("dispatch", app.dispatch_request())
        out("full", app.full_dispatch_request())
        out("process", app.process_response(flask.Response("p")))
        out("finalize", app.finalize_request("final"))
        out("teardown", app.do_teardown_request())
        out("teardown with", app.do_teardown_request(ValueError("x")))
        out("app teardown", app.do_teardown_appcontext())


def session_opened_on_push(out):
    class Interface(flask.sessions.SecureCookieSessionInterface):
        def open_session(self, app, request):
            out.tell("open", flask.has_request_context(), flask.has_app_context(), request.endpoint)
            return super().open_session(app, request)

        def save_session(self, app, session, response):
            out.tell("save", type(session).__name__, response.status)
            return super().save_session(app, session, response)

    app = _serving(out, lambda: "x", SECRET_KEY="k")
    app.session_interface = Interface()
    app.before_request(lambda: out.tell("before", flask.request.endpoint))
    out.request(app)
    with app.test_request_context():
        out.tell("pushed")
    context = app.test_request_context()
    context.push()
    context.pop()


def test_client_preserves_the_context(out):
    def view():
        flask.g.x = "kept"
        flask.session["s"] = 1
        return "x"

    app = _serving(out, view, "/<path:p>", SECRET_KEY="k")
    app.view_functions["index"] = lambda p: view()
    app.teardown_request(lambda error: out.tell("request down", flask.request.path))
    app.teardown_appcontext(lambda error: out.tell("app down"))
    with app.test_client() as client:
        client.get("/a")
        out.tell("after the first", flask.request.path, flask.g.x, flask.session["s"])
        client.get("/b")
        out.tell("after the second", flask.request.path)
        client.get("/c", environ_overrides={"flask._preserve_context": False})
        out.tell("unpreserved", flask.has_request_context())
    out.tell("outside", flask.has_request_context())
    out.attempt("nested", lambda: client.__enter__() and client.__enter__())
    client.__exit__(None, None, None)
    client.get("/d")
    out.tell("not preserved", flask.has_request_context())


def preserved_context_and_an_exception(out):
    app = _serving(out, lambda: 1 / 0, TESTING=True)
    app.teardown_request(lambda error: out.tell("down", error))
    with app.test_client() as client:
        out.attempt("get", client.get, "/")
        out("current", [flask.has_request_context(), flask.has_app_context()])
    out("outside", flask.has_request_context())


def debugger_hooks_of_the_context(out):
    from werkzeug.test import create_environ

    app = _serving(out, lambda: 1 / 0, DEBUG=True)
    app.teardown_request(lambda error: out.tell("down", error))
    kept = []
    environ = create_environ("/")
    environ["werkzeug.debug.preserve_context"] = kept.append
    out.attempt("call", lambda: app(environ, lambda *args: None))
    out("kept", [type(item) for item in kept])
    for context in kept:
        with context:
            out.attempt("in it", lambda: [flask.has_app_context(), flask.has_request_context()])


def nested_requests_of_one_application(out):
    app = out.app(config={"SECRET_KEY": "k"})

    @app.get("/outer")
    def outer():
        flask.g.x = "outer"
        flask.session["s"] = "outer"
        inner = app.test_client().get("/inner").text
        return f"{inner} | {flask.request.path} {flask.g.x} {dict(flask.session)}"

    @app.get("/inner")
    def inner():
        was = flask.g.get("x")
        flask.g.x = "inner"
        return f"{flask.request.path} {was} {dict(flask.session)}"

    app.teardown_appcontext(lambda error: out.tell("app down", flask.g.get("x")))
    app.teardown_request(lambda error: out.tell("request down", flask.request.path))
    out.request(app, "/outer")


def app_context_overridden(out):
    class Context(flask.ctx.AppContext):
        def push(self):
            out.tell("push")
            super().push()

        def pop(self, *args):
            out.tell("pop", len(args))
            super().pop(*args)

    class Shop(flask.Flask):
        def app_context(self):
            out.tell("asked")
            return Context(self)

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: type(app_ctx._get_current_object()).__name__)
    out.request(app)
    with app.app_context():
        out("inside", type(app_ctx._get_current_object()))


def request_context_overridden(out):
    class Context(flask.ctx.RequestContext):
        def match_request(self):
            out.tell("match")
            super().match_request()

        def push(self):
            out.tell("push")
            super().push()

    class Shop(flask.Flask):
        def request_context(self, environ):
            out.tell("asked", environ["PATH_INFO"])
            return Context(self, environ)

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: type(request_ctx._get_current_object()).__name__)
    out.request(app)
    with app.test_request_context():
        out("inside", type(request_ctx._get_current_object()))


def signals_of_contexts(out):
    app = _serving(out, lambda: out.tell("view") or "x")
    app.teardown_appcontext(lambda error: out.tell("teardown"))
    out.listen(
        "appcontext_pushed", "appcontext_popped", "appcontext_tearing_down", "request_started", "request_tearing_down"
    )
    with app.app_context():
        out.tell("inside")
    out.tell("--")
    out.request(app)
    out.tell("--")
    with app.test_request_context():
        out.tell("inside")


def current_app_is_a_proxy(out):
    app = out.app()
    with app.app_context():
        out(
            "checks",
            [
                flask.current_app == app,
                flask.current_app._get_current_object() is app,
                isinstance(flask.current_app, flask.Flask),
                hash(flask.current_app) == hash(app),
            ],
        )
        flask.current_app.mine = 1
        out("set", app.mine)
        out("repr", repr(flask.current_app))
        out("class", [issubclass(type(flask.current_app), LocalProxy), flask.current_app.__class__])
        out.attempt("missing", lambda: flask.current_app.no_such)


def contextvars_copied_into_threads(out):
    import contextvars

    seen = []

    def view():
        flask.g.x = 1
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=lambda: context.run(lambda: seen.append([flask.request.path, flask.g.x, flask.current_app.name]))
        )
        thread.start()
        thread.join()
        return "x"

    out.request(_serving(out, view))
    out("seen", seen)


def after_a_failed_push_nothing_is_current(out):
    class Interface(flask.sessions.SecureCookieSessionInterface):
        def open_session(self, app, request):
            raise RuntimeError("no session today")

    app = _serving(out, lambda: "x")
    app.session_interface = Interface()
    app.teardown_request(lambda error: out.tell("request down", error))
    app.teardown_appcontext(lambda error: out.tell("app down", error))
    out.request(app)
    out("left", [flask.has_app_context(), flask.has_request_context()])
    app.testing = True
    out.request(app, label="testing")
    out("left", [flask.has_app_context(), flask.has_request_context()])


def context_variables_used_directly(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "x")
    out("empty", [_cv_app.get(None), _cv_request.get(None), _cv_app.get("default")])
    out.attempt("without a default", _cv_app.get)
    out.attempt("request without a default", _cv_request.get)
    with app.test_request_context("/") as context:
        out(
            "request",
            [
                _cv_request.get() is context,
                _cv_request.get() is request_ctx._get_current_object(),
                _cv_app.get() is app_ctx._get_current_object(),
            ],
        )
        out("kinds", [type(_cv_request.get()), type(_cv_app.get())])
        other = out.app("case_app_other").app_context()
        token = _cv_app.set(other)
        out("set", [_cv_app.get() is other, flask.current_app.name, flask.request.path])
        _cv_app.reset(token)
        out("reset", [_cv_app.get() is app_ctx._get_current_object(), flask.current_app.name])
    with app.app_context() as context:
        out("app", [_cv_app.get() is context, _cv_request.get(None)])
    out("names", [_cv_app.name, _cv_request.name])


def context_variable_set_to_another_context(out):
    one, two = out.app("case_app_one"), out.app("case_app_two")
    with one.app_context():
        token = _cv_app.set(two.app_context())
        out("other", flask.current_app.name)
        flask.g.x = 1
        _cv_app.reset(token)
        out("back", [flask.current_app.name, flask.g.get("x")])


def app_contexts_inside_a_request(out):
    one, two = out.app("case_app_one"), out.app("case_app_two", config={"SERVER_NAME": "two.example"})
    two.add_url_rule("/two", "two", lambda: "")

    @one.get("/")
    def index():
        flask.g.x = "request"
        seen = []
        with one.app_context():
            seen.append(
                [
                    flask.g.get("x"),
                    flask.current_app.name,
                    flask.request.path,
                    flask.has_request_context(),
                    flask.url_for("index"),
                ]
            )
            flask.g.x = "inner"
        seen.append(flask.g.x)
        with two.app_context():
            seen.append([flask.g.get("x"), flask.current_app.name, flask.request.path])
            try:
                seen.append(flask.url_for("two"))
            except Exception as error:  # noqa: BLE001 - an observation, whatever it is
                seen.append(f"{type(error).__name__} {error}")
        seen.append([flask.g.x, flask.current_app.name])
        return seen

    one.teardown_appcontext(lambda error: out.tell("one down", flask.g.get("x")))
    two.teardown_appcontext(lambda error: out.tell("two down", flask.g.get("x")))
    out.request(one)


def g_in_every_hook(out):
    app = out.app()

    def note(name):
        flask.g.setdefault("seen", []).append(name)

    app.url_value_preprocessor(lambda endpoint, values: note("values"))
    app.before_request(lambda: note("before"))
    app.after_request(lambda response: note("after") or response)
    app.teardown_request(lambda error: note("teardown request"))
    app.teardown_appcontext(lambda error: out.tell(list(flask.g.seen)))
    app.context_processor(lambda: note("processor") or {})
    app.add_url_rule("/", "index", lambda: note("view") or flask.render_template_string("{{ g.seen }}"))
    out.request(app)
    out.request(app)


def g_set_before_the_request_through_a_context(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: str(flask.g.get("user")))
    with app.app_context():
        flask.g.user = "ada"
        for _ in range(2):
            out.request(app)
        with app.test_client() as client:
            out("client", client.get("/").text)
            flask.g.other = 1
        out("kept", [flask.g.user, flask.g.get("other")])

    def receiver(sender, **given):
        flask.g.user = "from the signal"

    out.connect(flask.appcontext_pushed, receiver, app)
    out.request(app)


def app_context_object_used_again(out):
    app = out.app()
    context = app.app_context()
    for n in range(2):
        with context:
            flask.g.n = flask.g.get("n", 0) + 1
            out(f"round {n}", [flask.g.n, flask.current_app.name])
    out("g outside", context.g.n)
    request = app.test_request_context("/x")
    for n in range(2):
        with request:
            out(f"request round {n}", [flask.request.path, flask.g.get("m")])
            flask.g.m = n


def same_context_entered_twice(out):
    app = out.app()
    app.teardown_appcontext(lambda error: out.tell("app down"))
    app.teardown_request(lambda error: out.tell("request down"))
    with app.app_context() as context:
        with context:
            out.tell("inner", flask.current_app.name)
        out.tell("outer", flask.has_app_context())
    request = app.test_request_context("/x")
    with request:
        with request:
            out.tell("inner", flask.request.path)
        out.tell("outer", flask.has_request_context(), flask.has_app_context())
    out.tell("left", flask.has_request_context(), flask.has_app_context())


def copies_of_contexts(out):
    app = out.app(config={"SECRET_KEY": "k"})
    app.add_url_rule("/x", "x", lambda: "")
    with app.test_request_context("/x?a=1") as context:
        flask.session["s"] = 1
        flask.g.x = "original"
        copied = context.copy()
        out(
            "copy",
            [
                copied is context,
                copied.app is app,
                copied.request is context.request,
                copied.session is context.session,
                type(copied),
            ],
        )
        with copied:
            out("inside", [flask.g.get("x"), flask.request.args["a"], flask.session["s"]])
    with copied:
        out("later", [flask.g.get("x"), flask.request.args["a"], flask.session["s"]])


def flashes_and_after_request_functions_of_a_context(out):
    app = out.app(config={"SECRET_KEY": "k"})
    with app.test_request_context() as context:
        flask.flash("m", "c")
        out("flashes", context.flashes)
        out("got", flask.get_flashed_messages(with_categories=True))
        out("flashes kept", context.flashes)
        flask.after_this_request(lambda response: response.headers.add("X", "1") or response)
        out("response", app.process_response(flask.Response("r")))


def url_adapter_of_a_context_replaced(out):
    app = out.app()
    app.add_url_rule("/x/<n>", "x", lambda n: flask.url_for("x", n=1))

    @app.before_request
    def replace():
        request_ctx.url_adapter = app.url_map.bind("other.example", script_name="/root", url_scheme="https")

    out.request(app, "/x/2")
    with app.test_request_context("/"):
        request_ctx.url_adapter = app.url_map.bind("third.example", "/m")
        out("url", [flask.url_for("x", n=3), flask.url_for("x", n=3, _external=True)])
        app_ctx.url_adapter = app.url_map.bind("app.example")
        out("app's", flask.url_for("x", n=4))


def request_replaced_on_the_context(out):
    from werkzeug.test import create_environ

    app = out.app()
    app.add_url_rule("/", "index", lambda: flask.request.args.get("a", "none"))

    @app.before_request
    def replace():
        if "swap" in flask.request.args:
            request_ctx.request = app.request_class(create_environ("/?a=replaced"))

    out.request(app, "/?a=original")
    app.testing = True
    out.request(app, "/?swap=1")


def generators_and_contexts_interleaved(out):
    app = out.app()

    def body():
        for _ in range(2):
            yield f"{flask.request.args['q']} "

    app.add_url_rule("/", "index", lambda: flask.Response(flask.stream_with_context(body())))
    first = app.test_client().get("/?q=one", buffered=False)
    second = app.test_client().get("/?q=two", buffered=False)
    one, two = first.iter_encoded(), second.iter_encoded()
    out("interleaved", [next(one), next(two), next(one), next(two)])
    out.attempt("the first's end", lambda: list(one))
    out.attempt("the second's end", lambda: list(two))
    out.attempt("closed", first.close)
    out.attempt("closed too", second.close)
    out("context", [flask.has_request_context(), flask.has_app_context()])


def threads_started_by_views_with_their_own_contexts(out):
    app = out.app("case_app", config={"SERVER_NAME": "t.example"})
    seen = []

    def work():
        with app.app_context():
            flask.g.thread = True
            seen.append([flask.current_app.name, flask.url_for("index"), flask.has_request_context()])

    @app.get("/")
    def index():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return str(flask.g.get("thread"))

    app.teardown_appcontext(lambda error: seen.append("down"))
    out.request(app)
    out("seen", seen)
