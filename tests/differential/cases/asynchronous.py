"""Async views: coroutines as views, hooks and handlers under WSGI, told as if they were synchronous."""

import asyncio
import contextvars
import inspect
import threading

import flask
from flask.views import MethodView, View


def _app(out, view, **config):
    app = out.app(config=config)
    app.add_url_rule("/", "index", view)
    return app


def coroutine_results(out):
    async def text():
        return "text"

    async def status():
        return "status", 202, {"X-A": "1"}

    async def json():
        return {"a": [1]}

    async def response():
        return flask.Response("response", 203)

    async def waited():
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return flask.render_template_string("{{ request.path }}")

    async def none():
        return None

    async def number():
        return 3

    app = out.app()
    for view in (text, status, json, response, waited, none, number):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    for name in ("text", "status", "json", "response", "waited", "none", "number"):
        out.wsgi(app, f"/{name}")
        out.wsgi(app, f"/{name}", "HEAD")


def methods_and_options(out):
    app = out.app()

    @app.post("/")
    @app.put("/")
    async def write():
        return flask.request.get_data(as_text=True)

    for method in ("POST", "PUT", "GET", "OPTIONS"):
        out.request(app, "/", method, data="body" if method in ("POST", "PUT") else None)


def url_values(out):
    app = out.app()

    @app.route("/<int:n>/<name>")
    async def view(n, name):
        return flask.url_for("view", n=n + 1, name=name)

    out.request(app, "/3/x")
    out.request(app, "/x/3")


def contexts_inside_a_coroutine(out):
    async def inner():
        flask.g.inner = 1
        flask.session["s"] = "set inside"
        return [flask.request.args["q"], flask.current_app.name, flask.has_request_context()]

    async def view():
        await asyncio.sleep(0)
        first = await inner()
        gathered = await asyncio.gather(inner(), asyncio.create_task(inner()))
        return [first, gathered, flask.g.inner]

    app = _app(out, view, SECRET_KEY="k")
    app.teardown_request(lambda error: out.tell("down", flask.g.get("inner")))
    out.request(app, "/?q=1")


def context_variables_set_inside(out):
    variable = contextvars.ContextVar("case_variable", default="unset")

    async def view():
        seen = variable.get()
        variable.set("by the view")
        await asyncio.sleep(0)
        return f"{seen} {variable.get()}"

    app = _app(out, view)
    app.before_request(lambda: variable.set("by a hook") and None)
    app.after_request(lambda response: out.tell("after", variable.get()) or response)
    out.request(app)
    out("outside", variable.get())


def exceptions_of_a_coroutine(out):
    async def fail():
        await asyncio.sleep(0)
        raise ValueError("in a coroutine")

    async def abort():
        flask.abort(409, "described")

    async def cancelled():
        raise asyncio.CancelledError

    async def timeout():
        async with asyncio.timeout(0.001):
            await asyncio.sleep(5)

    app = out.app()
    for view in (fail, abort, timeout):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    app.teardown_request(lambda error: out.tell("down", error))
    for name in ("fail", "abort", "timeout"):
        out.wsgi(app, f"/{name}")
    app.testing = True
    out.request(app, "/fail")


def async_error_handlers(out):
    app = out.app()
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.add_url_rule("/key", "key", lambda: {}["k"])

    @app.errorhandler(404)
    async def missing(error):
        await asyncio.sleep(0)
        return f"missing {error.code}", 404

    @app.errorhandler(ZeroDivisionError)
    async def zero(error):
        return {"zero": str(error)}

    @app.errorhandler(500)
    async def internal(error):
        return f"internal {error.original_exception!r}", 500

    for path in ("/none", "/fail", "/key"):
        out.wsgi(app, path)


def async_error_handler_that_raises(out):
    app = out.app()

    @app.errorhandler(404)
    async def missing(error):
        raise LookupError("in the handler")

    out.wsgi(app, "/none")


def async_hooks_in_order(out):
    app = out.app()

    def register(scaffold, name):
        @scaffold.before_request
        async def before():
            await asyncio.sleep(0)
            out.tell("before", name)

        @scaffold.after_request
        async def after(response):
            await asyncio.sleep(0)
            out.tell("after", name)
            response.headers.add("X-After", name)
            return response

        @scaffold.teardown_request
        async def teardown(error):
            await asyncio.sleep(0)
            out.tell("teardown", name, error)

    blueprint = flask.Blueprint("bp", "case_app")
    register(app, "app")
    register(blueprint, "blueprint")

    @app.teardown_appcontext
    async def down(error):
        out.tell("app context", error)

    @app.url_value_preprocessor
    def pull(endpoint, values):
        out.tell("values", endpoint)

    blueprint.add_url_rule("/sync", "sync", lambda: "sync")

    async def asynchronous():
        flask.after_this_request(after_this)
        return "async"

    async def after_this(response):
        out.tell("after this")
        return response

    blueprint.add_url_rule("/async", "async", asynchronous)
    app.register_blueprint(blueprint)
    for path in ("/sync", "/async", "/none"):
        out.wsgi(app, path)
        out.tell("--")


def async_before_request_answers(out):
    app = _app(out, lambda: "never")

    @app.before_request
    async def stop():
        return {"stopped": flask.request.path}, 403

    out.wsgi(app)


def async_before_request_raises(out):
    app = _app(out, lambda: "never")

    @app.before_request
    async def stop():
        flask.abort(418)

    out.wsgi(app)


def async_teardown_that_raises(out):
    app = _app(out, lambda: "x")

    @app.teardown_request
    async def failing(error):
        raise OSError("in teardown")

    out.attempt("request", app.test_client().get, "/")
    out("left", [flask.has_app_context(), flask.has_request_context()])


def async_context_processor_and_template_functions(out):
    app = _app(out, lambda: flask.render_template_string("{{ x }}"))

    async def processor():
        return {"x": 1}

    app.context_processor(app.ensure_sync(processor))
    out.request(app)


def async_view_class(out):
    class Page(View):
        methods = ["GET", "POST"]

        async def dispatch_request(self):
            await asyncio.sleep(0)
            return f"page {flask.request.method}"

    app = out.app()
    app.add_url_rule("/", view_func=Page.as_view("page"))
    for method in ("GET", "POST", "HEAD", "PUT"):
        out.request(app, "/", method)


def async_method_view(out):
    class Item(MethodView):
        init_every_request = False

        def __init__(self):
            self.count = 0

        async def get(self, n):
            await asyncio.sleep(0)
            self.count += 1
            return f"async get {n} {self.count}"

        def post(self, n):
            return "sync post"

        async def delete(self, n):
            raise KeyError(n)

    app = out.app()
    app.add_url_rule("/<int:n>", view_func=Item.as_view("item"))
    for method in ("GET", "POST", "GET", "HEAD", "DELETE", "OPTIONS"):
        out.request(app, "/3", method)


def async_method_view_with_decorators(out):
    def decorate(function):
        async def inner(*args, **options):
            return (
                f"[{await flask.current_app.ensure_sync(function)(*args, **options)}]"
                if inspect.iscoroutinefunction(function)
                else f"({function(*args, **options)})"
            )

        return inner

    class Item(View):
        decorators = [decorate]

        def dispatch_request(self):
            return "item"

    app = out.app()
    app.add_url_rule("/", view_func=Item.as_view("item"))
    out.request(app)


def ensure_sync(out):
    app = out.app()

    async def asynchronous(a, b=2):
        await asyncio.sleep(0)
        return [a, b]

    def synchronous():
        return "sync"

    class Callable:
        async def __call__(self):
            return "callable"

    class Holder:
        async def method(self, n):
            return n

    import functools

    out("sync unchanged", app.ensure_sync(synchronous) is synchronous)
    out.attempt("async", lambda: app.ensure_sync(asynchronous)(1, b=3))
    out.attempt("method", lambda: app.ensure_sync(Holder().method)(5))
    out.attempt("partial", lambda: app.ensure_sync(functools.partial(asynchronous, 7))())

    def returns_coroutine():
        return asynchronous(1)

    result = app.ensure_sync(returns_coroutine)()
    out("not a coroutine function", asyncio.iscoroutine(result))
    result.close()


def async_to_sync_overridden(out):
    class Shop(flask.Flask):
        def async_to_sync(self, func):
            out.tell("async_to_sync", func.__name__)

            def run(*args, **options):
                return asyncio.run(func(*args, **options))

            return run

    app = Shop("case_app")

    @app.route("/")
    async def index():
        return "ran by the override"

    out.request(app)


def ensure_sync_overridden(out):
    class Shop(flask.Flask):
        def ensure_sync(self, func):
            out.tell("ensure_sync", func.__name__)
            return super().ensure_sync(func)

    app = Shop("case_app")

    @app.before_request
    def before():
        return None

    @app.after_request
    async def after(response):
        return response

    @app.route("/")
    async def index():
        return "x"

    @app.errorhandler(404)
    def missing(error):
        return "missing", 404

    @app.teardown_request
    def down(error):
        return None

    out.request(app)
    out.request(app, "/none")


def inside_a_running_loop(out):
    async def view():
        await asyncio.sleep(0)
        return "from a loop"

    app = _app(out, view)

    async def main():
        return app.test_client().get("/").text

    out.attempt("asked inside a loop", lambda: asyncio.run(main()))


def tasks_created_and_awaited(out):
    async def work(n):
        await asyncio.sleep(0.001 * (3 - n))
        return f"{n}{flask.request.path}"

    async def view():
        return await asyncio.gather(*(work(n) for n in range(3)))

    async def group():
        async with asyncio.TaskGroup() as tasks:
            found = [tasks.create_task(work(n)) for n in range(3)]
        return [task.result() for task in found]

    async def group_fails():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.sleep(0))
            tasks.create_task(_failing())

    async def _failing():
        raise KeyError("in a task")

    app = _app(out, view)
    app.add_url_rule("/group", view_func=group)
    app.add_url_rule("/fails", view_func=group_fails)
    for path in ("/", "/group", "/fails"):
        out.wsgi(app, path)


def running_loop_and_blocking_work(out):
    async def view():
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(None, lambda: "executor")
        threaded = await asyncio.to_thread(lambda: flask.request.path)
        return [result, threaded, loop.is_running()]

    out.request(_app(out, view))


def synchronisation_primitives(out):
    async def view():
        lock, event, queue = asyncio.Lock(), asyncio.Event(), asyncio.Queue()

        async def producer():
            async with lock:
                await queue.put("item")
            event.set()

        task = asyncio.create_task(producer())
        await event.wait()
        await task
        return await queue.get()

    app = _app(out, view)
    for _ in range(2):
        out.request(app)


def async_generator_as_a_result(out):
    async def view():
        yield "a"

    async def returns():
        async def inner():
            yield "a"

        return inner()

    app = _app(out, view)
    app.add_url_rule("/returns", view_func=returns)
    out.wsgi(app)
    out.wsgi(app, "/returns")


def sync_generator_from_a_coroutine(out):
    async def view():
        @flask.stream_with_context
        def body():
            yield "one "
            yield flask.request.path

        return flask.Response(body())

    out.wsgi(_app(out, view))


def requests_in_threads(out):
    barrier = threading.Barrier(3, timeout=10)

    async def view():
        n = flask.request.args["n"]
        flask.g.n = n
        await asyncio.sleep(0.005)
        await asyncio.to_thread(lambda: None)
        return f"{n}{flask.g.n}{flask.request.args['n']}"

    app = _app(out, view)
    found = []

    def ask(n):
        barrier.wait()
        found.append(app.test_client().get(f"/?n={n}").text)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out("found", sorted(found))


def session_and_flash_in_coroutines(out):
    async def view():
        flask.flash("async message")
        flask.session["n"] = flask.session.get("n", 0) + 1
        await asyncio.sleep(0)
        return [flask.session["n"], flask.get_flashed_messages()]

    client = _app(out, view, SECRET_KEY="k").test_client()
    out.request(client)
    out.request(client)


def signals_around_a_coroutine(out):
    async def view():
        out.tell("view")
        return flask.render_template_string("{{ 1 }}")

    app = _app(out, view)
    out.listen()
    out.wsgi(app)


def copy_current_request_context_of_a_coroutine(out):
    async def view():
        @flask.copy_current_request_context
        async def work(n):
            await asyncio.sleep(0)
            return [n, flask.request.path, flask.has_request_context()]

        out.attempt("kind", lambda: inspect.iscoroutinefunction(work))
        task = asyncio.create_task(work(1))
        return await task

    out.request(_app(out, view))


def client_context_preserved_after_a_coroutine(out):
    async def view():
        flask.g.x = "kept"
        return "x"

    app = _app(out, view)
    with app.test_client() as client:
        client.get("/?q=1")
        out("kept", [flask.g.x, flask.request.args["q"]])


def view_decorated_by_a_sync_wrapper(out):
    import functools

    def wrap(function):
        @functools.wraps(function)
        def inner(*args, **options):
            return flask.current_app.ensure_sync(function)(*args, **options) + "!"

        return inner

    @wrap
    async def view():
        await asyncio.sleep(0)
        return "wrapped"

    out.request(_app(out, view))


def view_decorated_without_ensure_sync(out):
    import functools

    def wrap(function):
        @functools.wraps(function)
        def inner(*args, **options):
            return function(*args, **options)

        return inner

    @wrap
    async def view():
        return "never awaited"

    app = _app(out, view)
    out.wsgi(app)


def contextvars_between_hooks_and_views(out):
    variable = contextvars.ContextVar("case_between", default="unset")
    app = out.app()

    @app.before_request
    async def before():
        variable.set("async before")

    @app.route("/")
    async def view():
        seen = variable.get()
        variable.set("async view")
        return seen

    @app.after_request
    async def after(response):
        out.tell("after", variable.get())
        return response

    out.request(app)


def base_exceptions_of_a_coroutine(out):
    async def view():
        raise SystemExit(4)

    app = _app(out, view)
    app.teardown_request(lambda error: out.tell("down", error))

    def ask():
        try:
            return app.test_client().get("/").text
        except BaseException as error:  # noqa: BLE001 - an observation, whatever it is
            return [type(error).__name__, str(error)]

    out.attempt("exit", ask)


def async_context_manager_around_work(out):
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def resource():
        out.tell("open")
        try:
            yield flask.request.path
        finally:
            await asyncio.sleep(0)
            out.tell("close")

    async def view():
        async with resource() as path:
            flask.abort(400, path)

    out.request(_app(out, view))


def async_command_is_not_awaited_by_click(out):
    app = out.app()

    @app.cli.command("run-async")
    def command():
        async def work():
            await asyncio.sleep(0)
            return flask.current_app.name

        print(flask.current_app.ensure_sync(work)())

    result = app.test_cli_runner().invoke(args=["run-async"])
    out("output", [result.exit_code, result.output])


def nested_requests_of_coroutines(out):
    app = out.app()

    @app.get("/inner")
    async def inner():
        await asyncio.sleep(0)
        return f"inner {flask.request.path}"

    @app.get("/outer")
    async def outer():
        found = await asyncio.to_thread(lambda: app.test_client().get("/inner").text)
        return f"{found} {flask.request.path}"

    out.request(app, "/outer")


def async_callables_of_many_kinds(out):
    import functools

    class Callable:
        async def __call__(self, **values):
            return f"instance {values}"

    class Holder:
        async def bound(self, **values):
            await asyncio.sleep(0)
            return f"bound {values}"

        @classmethod
        async def of_class(cls, **values):
            return f"class {values}"

        @staticmethod
        async def of_static(**values):
            return f"static {values}"

    async def plain(greeting, **values):
        return f"{greeting} {values}"

    app = out.app()
    views = {
        "instance": Callable(),
        "bound": Holder().bound,
        "class": Holder.of_class,
        "of_static": Holder.of_static,
        "partial": functools.partial(plain, "hi"),
        "wrapped": functools.wraps(plain)(functools.partial(plain, "wrapped")),
    }
    for name, view in views.items():
        app.add_url_rule(f"/{name}/<int:n>", name, view)
    for name in views:
        out.wsgi(app, f"/{name}/3")


def view_function_replaced_by_a_coroutine_later(out):
    app = _app(out, lambda: "sync")
    out.request(app)

    async def view():
        return "async"

    app.view_functions["index"] = view
    out.request(app)
    app.view_functions["index"] = lambda: "sync again"
    out.request(app)


def coroutine_results_with_proxies(out):
    async def session():
        flask.session["a"] = 1
        return dict(flask.session)

    async def args():
        return flask.request.args

    async def redirect():
        return flask.redirect(flask.url_for("session"))

    async def file():
        return flask.send_file(__import__("io").BytesIO(b"file"), "text/plain")

    app = out.app(config={"SECRET_KEY": "k"})
    for view in (session, args, redirect, file):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    for name in ("session", "args", "redirect", "file"):
        out.wsgi(app, f"/{name}", query_string="q=1")


def uploads_read_by_a_coroutine(out):
    import io

    async def view():
        await asyncio.sleep(0)
        return [dict(flask.request.form), flask.request.files["f"].read().decode(), flask.request.get_json(silent=True)]

    app = out.app(config={"MAX_CONTENT_LENGTH": 1000})
    app.add_url_rule("/", "index", view, methods=["POST"])
    out.request(app, "/", "POST", data={"a": "1", "f": (io.BytesIO(b"file"), "f.txt")})
    out.request(app, "/", "POST", data={"a": "1" * 2000}, label="too large")
    out.request(app, "/", "POST", json={"a": 1}, label="json")


def after_this_request_in_coroutines(out):
    async def view():
        @flask.after_this_request
        async def late(response):
            await asyncio.sleep(0)
            response.headers["X-Late"] = flask.request.path
            return response

        return "x"

    out.wsgi(_app(out, view))


def many_requests_on_one_application(out):
    seen = []

    async def view():
        seen.append(id(asyncio.get_running_loop()))
        await asyncio.sleep(0)
        return flask.request.args["n"]

    app = _app(out, view)
    client = app.test_client()
    out("texts", [client.get(f"/?n={n}").text for n in range(20)])


def cancelled_inside(out):
    async def view():
        task = asyncio.create_task(asyncio.sleep(10))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return "cancelled"

    async def raises():
        raise asyncio.CancelledError("by the view")

    app = _app(out, view)
    app.add_url_rule("/raises", view_func=raises)
    out.request(app)

    def ask():
        try:
            return app.test_client().get("/raises").status
        except BaseException as error:  # noqa: BLE001 - an observation, whatever it is
            return [type(error).__name__, str(error)]

    out.attempt("raises", ask)


def hooks_of_both_kinds_interleaved(out):
    app = _app(out, lambda: out.tell("view") or "x")

    def add(n):
        if n % 2:

            @app.before_request
            async def before():
                out.tell("async before", n)

            @app.after_request
            async def after(response):
                out.tell("async after", n)
                return response

            @app.teardown_request
            async def down(error):
                out.tell("async down", n)
        else:
            app.before_request(lambda: out.tell("before", n))
            app.after_request(lambda response: out.tell("after", n) or response)
            app.teardown_request(lambda error: out.tell("down", n))

    for n in range(4):
        add(n)
    out.request(app)
