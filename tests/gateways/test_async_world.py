"""What asynchronous views use of asyncio and of libraries, each on WSGI, ASGI (also on uvloop) and RSGI."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import functools
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest

from flask import (
    Blueprint,
    Flask,
    Response,
    after_this_request,
    copy_current_request_context,
    current_app,
    g,
    has_request_context,
    render_template_string,
    request,
    session,
    stream_with_context,
)
from flask._gateways.fibers import current_fiber
from flask.views import MethodView
from tests.gateways import loops, rsgi_drive

Ask = t.Callable[..., list[bytes]]
Main = t.Callable[[], t.Coroutine[t.Any, t.Any, t.Any]]


def _on_asyncio(main: Main) -> t.Any:
    return asyncio.run(main())


def _on_uvloop(main: Main) -> t.Any:
    if sys.platform == "win32":
        pytest.skip("uvloop is not for Windows")
    return pytest.importorskip("uvloop").run(main())


class Gateway(t.NamedTuple):
    """One protocol, and the loop that serves it; WSGI has none."""

    name: str
    ask_one: t.Any
    run: t.Callable[[Main], t.Any]

    @property
    def is_wsgi(self) -> bool:
        return self.ask_one is None

    def ask(self, app: Flask, *paths: str) -> list[bytes]:
        """The bodies of the answers to requests that come at once, through WSGI in threads; each must be a 200."""
        if self.is_wsgi:
            with concurrent.futures.ThreadPoolExecutor(8) as threads:
                answers = list(threads.map(lambda path: app.test_client().get(path), paths))
            assert {answer.status_code for answer in answers} == {200}
            return [answer.data for answer in answers]

        async def main() -> list[t.Any]:
            return await asyncio.gather(*[self.ask_one(app, path) for path in paths])

        found = self.run(main)
        assert {answer.status for answer in found} == {"200"}
        return [answer.body for answer in found]


GATEWAYS = [
    Gateway("wsgi", None, _on_asyncio),
    Gateway("asgi", loops.ask, _on_asyncio),
    Gateway("asgi-uvloop", loops.ask, _on_uvloop),
    Gateway("rsgi", rsgi_drive.ask, _on_asyncio),
]
everywhere = pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.name)
on_loops = pytest.mark.parametrize("gateway", GATEWAYS[1:], ids=lambda gateway: gateway.name)


@pytest.fixture
def app() -> Flask:
    made = Flask(__name__)
    made.secret_key = "key"
    made.testing = True
    return made


async def later(value: t.Any, seconds: float = 0.0) -> t.Any:
    await asyncio.sleep(seconds)
    return value


# ---- asyncio


@everywhere
def test_gather_and_tasks(app: Flask, gateway: Gateway) -> None:
    """What a view starts at once comes back together, also a task that was started long before it is awaited."""

    @app.get("/<int:number>")
    async def view(number: int) -> list[t.Any]:
        early = asyncio.create_task(later(request.path))
        together = await asyncio.gather(*[later(number + step) for step in range(3)])
        assert early.done()
        return [*together, await early]

    bodies = gateway.ask(app, *[f"/{number}" for number in range(20)])
    assert [app.json.loads(body) for body in bodies] == [[n, n + 1, n + 2, f"/{n}"] for n in range(20)]


@everywhere
def test_a_task_may_outlive_its_request(app: Flask, gateway: Gateway) -> None:
    """What a view has left running ends on the same loop, and disturbs no other request."""
    ended = threading.Event()
    seen: list[str] = []
    tasks: set[t.Any] = set()

    async def linger(name: str) -> None:
        await asyncio.sleep(0.01)
        seen.append(name)
        if len(seen) == 3:
            ended.set()

    @app.get("/<name>")
    async def view(name: str) -> str:
        tasks.add(asyncio.create_task(linger(name)))
        return name

    if gateway.is_wsgi:
        assert gateway.ask(app, "/a", "/b", "/c") == [b"a", b"b", b"c"]
        assert ended.wait(5)
    else:

        async def main() -> list[bytes]:
            answers = [await gateway.ask_one(app, path) for path in ("/a", "/b", "/c")]
            assert not ended.is_set()
            await asyncio.gather(*tasks)
            return [answer.body for answer in answers]

        assert gateway.run(main) == [b"a", b"b", b"c"]
    assert sorted(seen) == ["a", "b", "c"]


@everywhere
def test_timeouts(app: Flask, gateway: Gateway) -> None:
    """A time limit cancels what it is around and nothing else; one within another holds, one not reached too."""

    @app.get("/")
    async def view() -> list[str]:
        seen = []
        try:
            async with asyncio.timeout(0.005):
                await asyncio.sleep(1000)
        except TimeoutError:
            seen.append("timeout")
        try:
            await asyncio.wait_for(asyncio.sleep(1000), 0.005)
        except TimeoutError:
            seen.append("wait_for")
        async with asyncio.timeout(1000) as outer:
            try:
                async with asyncio.timeout(0.005):
                    await asyncio.sleep(1000)
            except TimeoutError:
                seen.append("inner")
        assert not outer.expired()
        task: t.Any = asyncio.current_task()
        return [*seen, str(task.cancelling())]

    assert [app.json.loads(body) for body in gateway.ask(app, "/", "/")] == [["timeout", "wait_for", "inner", "0"]] * 2


@everywhere
def test_task_groups(app: Flask, gateway: Gateway) -> None:
    """A group waits for its children; one that fails cancels the others, and an error handler takes the group."""
    seen: list[str] = []

    async def child(name: str) -> str:
        try:
            await asyncio.sleep(0.001 if name == "quick" else 1000)
        except asyncio.CancelledError:
            seen.append(f"{name} cancelled in {request.path}")
            raise
        raise LookupError(name)

    @app.get("/fine")
    async def fine() -> list[str]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(later(f"{number} {g.number}")) for number in range(2)]
        return [task.result() for task in tasks]

    @app.get("/fails")
    async def fails() -> str:
        async with asyncio.TaskGroup() as group:
            group.create_task(child("quick"))
            group.create_task(child("slow"))
        return "never"

    @app.errorhandler(ExceptionGroup)
    async def handler(error: ExceptionGroup[Exception]) -> str:
        return await later(repr(error.exceptions))

    @app.before_request
    def before() -> None:
        g.number = 7

    assert gateway.ask(app, "/fine", "/fails") == [b'["0 7","1 7"]\n', b"(LookupError('quick'),)"]
    assert seen == ["slow cancelled in /fails"]


@everywhere
def test_cancellation_of_a_part(app: Flask, gateway: Gateway) -> None:
    """A view may cancel what it has started, shield what must not be, and go on."""

    @app.get("/")
    async def view() -> list[t.Any]:
        task = asyncio.create_task(asyncio.sleep(1000))
        await asyncio.sleep(0)
        task.cancel()
        result = await asyncio.gather(task, return_exceptions=True)
        kept = asyncio.create_task(later("kept", 0.01))
        try:
            await asyncio.wait_for(asyncio.shield(kept), 0.001)
        except TimeoutError:
            pass
        return [type(result[0]).__name__, await kept]

    assert gateway.ask(app, "/") == [b'["CancelledError","kept"]\n']


@on_loops
def test_a_view_that_cancels_its_own_task_is_cancelled(app: Flask, gateway: Gateway) -> None:
    """That is the server's task for the request; the teardown still runs, and the next request is served."""
    seen: list[t.Any] = []

    @app.get("/")
    async def view() -> str:
        task: t.Any = asyncio.current_task()
        task.cancel()
        await asyncio.sleep(0)
        return "never"

    @app.get("/next")
    async def following() -> str:
        return "served"

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        seen.append(type(error))

    async def main() -> bytes:
        task = asyncio.create_task(gateway.ask_one(app, "/"))
        with pytest.raises(asyncio.CancelledError):
            await task
        return t.cast(bytes, (await gateway.ask_one(app, "/next")).body)

    assert gateway.run(main) == b"served"
    assert seen == [asyncio.CancelledError, type(None)]


@on_loops
def test_a_request_that_is_cancelled_in_a_hook(app: Flask, gateway: Gateway) -> None:
    """The hook goes on in its thread to its end; the view does not begin, and the teardown is told why."""
    began, may_end = threading.Event(), threading.Event()
    seen: list[t.Any] = []

    @app.before_request
    def before() -> None:
        began.set()
        assert may_end.wait(5)
        seen.append("hook")

    @app.get("/")
    async def view() -> str:
        seen.append("view")
        return ""

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        seen.append(type(error).__name__)

    async def main() -> None:
        task = asyncio.create_task(gateway.ask_one(app, "/"))
        while not began.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.sleep(0.005)
        assert not task.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    gateway.run(main)
    assert seen == ["hook", "CancelledError"]


@on_loops
def test_a_locked_resource_of_the_program_serves_all_requests(app: Flask, gateway: Gateway) -> None:
    """A lock, a queue that is a pool, and an event made at the start are one for all, on the loop of the server."""
    lock, pool, ready = asyncio.Lock(), asyncio.Queue[int](), asyncio.Event()
    for number in range(2):
        pool.put_nowait(number)
    running = most = 0

    @app.get("/")
    async def view() -> str:
        nonlocal running, most
        await ready.wait()
        connection = await pool.get()
        running += 1
        most = max(most, running)
        async with lock:
            g.loop = asyncio.get_running_loop()
            await asyncio.sleep(0)
        running -= 1
        pool.put_nowait(connection)
        return str(id(g.loop))

    @app.get("/ready")
    def set_ready() -> str:
        async def tell() -> int:
            ready.set()
            return id(asyncio.get_running_loop())

        return str(current_app.ensure_sync(tell)())

    found = gateway.ask(app, *["/"] * 20, "/ready")
    assert (len(found), len(set(found)), most) == (21, 1, 2)


def test_the_same_under_wsgi(app: Flask) -> None:
    """One loop for the process: what one request has made the next can use, also when they come at once."""
    made: dict[str, t.Any] = {}

    @app.get("/")
    async def view() -> str:
        pool = made.setdefault("pool", asyncio.Queue())
        if "lock" not in made:
            made["lock"] = asyncio.Lock()
            pool.put_nowait("connection")
        connection = await pool.get()
        async with made["lock"]:
            await asyncio.sleep(0.001)
        pool.put_nowait(connection)
        return str(id(asyncio.get_running_loop()))

    found = GATEWAYS[0].ask(app, *["/"] * 20)
    assert (len(found), len(set(found))) == (20, 1)


# ---- contexts


@everywhere
def test_proxies_in_tasks(app: Flask, gateway: Gateway) -> None:
    """`current_app`, `request`, `session` and `g` are the view's own in tasks, their threads and callbacks."""

    def look() -> list[str]:
        return [current_app.name, request.args["token"], session["token"], g.token]

    async def child() -> list[str]:
        await asyncio.sleep(0)
        return look()

    @app.before_request
    def before() -> None:
        session["token"] = g.token = request.args["token"]

    @app.get("/")
    async def view() -> list[t.Any]:
        loop = asyncio.get_running_loop()
        called = loop.create_future()
        loop.call_soon(lambda: called.set_result(look()))
        tasks = [asyncio.create_task(child()), asyncio.create_task(asyncio.to_thread(look))]
        return [await called, *await asyncio.gather(*tasks), look()]

    found = gateway.ask(app, *[f"/?token={number}" for number in range(20)])
    assert [app.json.loads(body) for body in found] == [[[app.name, *[str(n)] * 3]] * 4 for n in range(20)]


@everywhere
def test_context_variables(app: Flask, gateway: Gateway) -> None:
    """What a hook sets the view sees, what the view sets later hooks see; what a task sets stays its own."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    seen: list[str] = []

    @app.before_request
    def before() -> None:
        seen.append(variable.get())
        variable.set("hook")

    @app.before_request
    async def before_too() -> None:
        variable.set(variable.get() + " async")

    async def child() -> None:
        variable.set("child")
        await asyncio.sleep(0)

    @app.get("/")
    async def view() -> str:
        await asyncio.create_task(child())
        variable.set(variable.get() + " view")
        return variable.get()

    @app.after_request
    def after(response: Response) -> Response:
        variable.set(variable.get() + " after")
        return response

    @app.teardown_request
    async def teardown(error: BaseException | None) -> None:
        seen.append(variable.get())

    assert gateway.ask(app, "/") == [b"hook async view"]
    assert gateway.ask(app, "/") == [b"hook async view"]
    assert seen == ["unset", "hook async view after"] * 2
    assert variable.get() == "unset"


# ---- synchronous code between asynchronous


def add_crossings(app: Flask) -> None:
    """Views that cross from one kind of function to the other in each way."""

    async def loop() -> int:
        await asyncio.sleep(0)
        return id(asyncio.get_running_loop())

    def from_sync() -> int:
        found: int = current_app.ensure_sync(loop)()
        return found

    async def wait_in_sync() -> int:
        await asyncio.sleep(0)
        return from_sync()

    @app.get("/async")
    async def view() -> str:
        return str(await loop())

    @app.get("/sync")
    def sync() -> str:
        return str(from_sync())

    @app.get("/sync/async/sync")
    def thrice() -> str:
        return str(current_app.ensure_sync(wait_in_sync)())

    @app.get("/async/sync")
    async def twice() -> str:
        await asyncio.sleep(0)
        return str(from_sync())

    @app.get("/template")
    async def template() -> str:
        await asyncio.sleep(0)
        return render_template_string("{{ loop() }}", loop=from_sync)

    @app.get("/thread")
    async def thread() -> str:
        return str(await asyncio.to_thread(from_sync))

    @app.get("/executor")
    def executor() -> str:
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            return str(threads.submit(contextvars.copy_context().run, from_sync).result())

    @app.get("/copied")
    def copied() -> str:
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            return str(threads.submit(copy_current_request_context(from_sync)).result())

    @app.get("/copied/async")
    async def copied_async() -> str:
        running = asyncio.get_running_loop()
        return str(await running.run_in_executor(None, copy_current_request_context(loop)))


@on_loops
def test_coroutines_of_synchronous_code_run_on_the_servers_loop(app: Flask, gateway: Gateway) -> None:
    """`ensure_sync` of a coroutine function does so from views, from what they call, and from threads of theirs."""
    add_crossings(app)
    paths = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    found = gateway.ask(app, *paths, *paths)
    assert (len(found), len(set(found))) == (18, 1)


def test_under_wsgi_code_within_a_coroutine_may_wait(app: Flask) -> None:
    """Greenlet is imported here, so that also there plain code may wait for what a coroutine on the loop calls."""
    add_crossings(app)
    client = app.test_client()
    paths = ["/async", "/sync", "/thread", "/executor", "/copied", "/copied/async", "/async/sync", "/sync/async/sync"]
    assert len({client.get(path).data for path in paths}) == 1
    assert client.get("/template").status_code == 200


@on_loops
def test_a_task_cannot_wait_by_synchronous_code(app: Flask, gateway: Gateway) -> None:
    """A task that the view starts is the loop's own, and no request's: there the error says so."""

    async def child() -> None:
        assert current_fiber() is None
        current_app.ensure_sync(later)(1)

    @app.get("/")
    async def view() -> str:
        with pytest.raises(RuntimeError, match="would block"):
            await asyncio.create_task(child())
        return "told"

    assert gateway.ask(app, "/") == [b"told"]


@on_loops
def test_copies_of_the_request_context_in_tasks(app: Flask, gateway: Gateway) -> None:
    """Plain functions run in them; a coroutine function is waited for where the view could, and not in a task."""

    def look() -> str:
        return f"{request.path} {has_request_context()}"

    async def look_later() -> str:
        await asyncio.sleep(0)
        return look()

    async def call(function: t.Callable[[], t.Any]) -> t.Any:
        await asyncio.sleep(0)
        return function()

    @app.get("/<name>")
    async def view(name: str) -> list[str]:
        copied, copied_later = copy_current_request_context(look), copy_current_request_context(look_later)
        bare = contextvars.Context()
        seen = [await asyncio.get_running_loop().create_task(call(copied), context=bare)]
        waited: t.Any = copied_later()
        with pytest.raises(RuntimeError, match="would block"):
            await asyncio.create_task(call(copied_later))
        return [*seen, waited, look()]

    found = gateway.ask(app, "/a", "/b")
    assert [app.json.loads(body) for body in found] == [[f"/{name} True"] * 3 for name in "ab"]


# ---- ways to write a view


@everywhere
def test_functions_of_all_kinds_may_be_asynchronous(app: Flask, gateway: Gateway) -> None:
    """Methods of views, hooks of an app and of a blueprint, error handlers and teardown: each in its place."""
    order: list[str] = []
    part = Blueprint("part", __name__, url_prefix="/part")

    @app.url_value_preprocessor
    def values(endpoint: str | None, values: dict[str, t.Any] | None) -> None:
        order.append(f"values {values}")

    @app.before_request
    async def before() -> None:
        order.append(await later("before"))

    @part.before_request
    async def before_part() -> None:
        order.append(await later("before of the part"))

    class View(MethodView):
        init_every_request = False

        async def get(self, name: str) -> str:
            order.append(await later(f"get {name}"))
            raise KeyError(name)

        def post(self, name: str) -> str:
            return name

    @part.errorhandler(KeyError)
    async def handler(error: KeyError) -> str:
        @after_this_request
        async def after_this(response: Response) -> Response:
            order.append(await later("after this"))
            return response

        order.append(await later(f"handler {error}"))
        return "handled"

    @app.after_request
    async def after(response: Response) -> Response:
        order.append(await later(f"after {response.status_code}"))
        return response

    @part.after_request
    def after_part(response: Response) -> Response:
        order.append("after of the part")
        return response

    @part.teardown_request
    async def teardown_part(error: BaseException | None) -> None:
        order.append(await later(f"teardown of the part {error}"))

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        order.append(f"teardown {error}")

    @app.teardown_appcontext
    async def teardown_app(error: BaseException | None) -> None:
        order.append(await later(f"teardown of the app {error}"))

    part.add_url_rule("/<name>", view_func=View.as_view("view"))
    app.register_blueprint(part)
    assert gateway.ask(app, "/part/x") == [b"handled"]
    assert order == [
        "values {'name': 'x'}",
        "before",
        "before of the part",
        "get x",
        "handler 'x'",
        "after this",
        "after of the part",
        "after 200",
        "teardown of the part None",
        "teardown None",
        "teardown of the app None",
    ]


@everywhere
def test_failing_teardown(app: Flask, gateway: Gateway) -> None:
    """Each teardown function runs though others fail, the first error is the server's, and no context stays."""
    seen: list[str] = []

    @app.get("/")
    async def view() -> str:
        return "fine"

    @app.get("/next")
    async def following() -> str:
        return str(seen)

    for number, blocks in enumerate([True, False, True]):

        def fail(error: BaseException | None, number: int = number) -> None:
            seen.append(f"{number} {current_app.name == app.name}")
            if request.path == "/":
                raise LookupError(number)

        async def fail_later(error: BaseException | None, fail: t.Any = fail) -> None:
            await asyncio.sleep(0)
            fail(error)

        app.teardown_request(fail if blocks else fail_later)

    with pytest.raises(LookupError, match="2"):
        gateway.ask(app, "/")
    once = ["2 True", "1 True", "0 True"]
    assert seen == once
    assert not has_request_context()
    assert gateway.ask(app, "/next") == [str(once).encode()]
    assert seen == once * 2


@everywhere
def test_streams_may_use_time_limits_and_groups(app: Flask, gateway: Gateway) -> None:
    """An asynchronous generator keeps one task for all its steps, as what is entered in it and left later needs."""

    @app.get("/")
    async def view() -> t.Any:
        async def pieces() -> t.AsyncIterator[str]:
            queue: asyncio.Queue[str] = asyncio.Queue()

            async def put(piece: str) -> None:
                await queue.put(f"{request.args['name']}{piece}")

            async with asyncio.timeout(1000), asyncio.TaskGroup() as group:
                for number in range(3):
                    group.create_task(put(str(number)))
                for _ in range(3):
                    yield await queue.get()
            yield "/"
            try:
                async with asyncio.timeout(0.001):
                    await asyncio.sleep(1000)
            except TimeoutError:
                yield "end"

        return stream_with_context(pieces())

    assert gateway.ask(app, "/?name=a", "/?name=b") == [b"a0a1a2/end", b"b0b1b2/end"]


def test_a_time_limit_over_the_steps_of_a_stream_under_wsgi(app: Flask) -> None:
    """It is the generator's to hear of though it passes while the server sends; so is a child's failure in a group."""

    @app.get("/limit")
    async def limit() -> t.Any:
        async def pieces() -> t.AsyncIterator[str]:
            try:
                async with asyncio.timeout(0.005):
                    yield "first "
                    yield "never"
            except TimeoutError:
                yield "told "
            yield "last"

        return pieces()

    @app.get("/group")
    async def group() -> t.Any:
        async def fail() -> None:
            raise LookupError("child")

        async def pieces() -> t.AsyncIterator[str]:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                yield "first "
                yield "never"

        return pieces()

    def slowly(path: str) -> t.Iterator[bytes]:
        answer = app.test_client().get(path)
        for piece in answer.iter_encoded():
            yield piece
            time.sleep(0.03)
        answer.close()

    assert list(slowly("/limit")) == [b"first ", b"told ", b"last"]
    steps = slowly("/group")
    assert next(steps) == b"first "
    with pytest.raises(ExceptionGroup) as caught:
        next(steps)
    assert caught.group_contains(LookupError, match="child")


def test_a_stream_that_is_closed_early_under_wsgi(app: Flask) -> None:
    """What it has open is left in the task that entered it: children are cancelled; nothing of it stays on the loop."""
    seen: list[str] = []

    async def child() -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            seen.append("child cancelled")
            raise

    @app.get("/")
    async def view() -> t.Any:
        async def pieces() -> t.AsyncIterator[str]:
            try:
                async with asyncio.timeout(1000), asyncio.TaskGroup() as group:
                    group.create_task(child())
                    await asyncio.sleep(0)
                    yield request.path
                    yield "never"
            finally:
                seen.append("closed")

        return stream_with_context(pieces())

    @app.get("/tasks")
    async def tasks() -> str:
        await asyncio.sleep(0)
        return str([task for task in asyncio.all_tasks() if "_work" in repr(task) or "child" in repr(task)])

    answer = app.test_client().get("/")
    assert next(answer.iter_encoded()) == b"/"
    answer.close()
    assert seen == ["child cancelled", "closed"]
    assert app.test_client().get("/tasks").text == "[]"


@on_loops
def test_a_stream_whose_client_goes_leaves_its_group(app: Flask, gateway: Gateway) -> None:
    """The children are cancelled and the generator is closed, without an error."""
    seen: list[str] = []

    @app.get("/")
    async def view() -> t.Any:
        async def tick(queue: asyncio.Queue[str]) -> None:
            try:
                while True:
                    await asyncio.sleep(0.001)
                    queue.put_nowait("tick ")
            finally:
                seen.append("child ended")

        async def pieces() -> t.AsyncIterator[str]:
            queue: asyncio.Queue[str] = asyncio.Queue()
            try:
                async with asyncio.timeout(1000), asyncio.TaskGroup() as group:
                    group.create_task(tick(queue))
                    while True:
                        yield await queue.get()
            finally:
                seen.append("closed")

        return stream_with_context(pieces())

    async def main() -> None:
        if gateway.name == "rsgi":
            await app.__rsgi__(rsgi_drive.scope("/"), rsgi_drive.Protocol(goes_after=0))
        else:
            client = loops.Client(goes_after=0)
            await app.asgi_app(loops.scope("/"), client.receive, client.send)

    gateway.run(main)
    assert seen == ["child ended", "closed"]


@everywhere
def test_an_iterator_of_ones_own_is_streamed(app: Flask, gateway: Gateway) -> None:
    """An object with no more than the two methods will do."""

    class Count:
        def __init__(self) -> None:
            self.number = 0

        def __aiter__(self) -> Count:
            return self

        async def __anext__(self) -> str:
            await asyncio.sleep(0)
            if self.number == 3:
                raise StopAsyncIteration
            self.number += 1
            return str(self.number)

    @app.get("/")
    async def view() -> t.Any:
        return Response(Count())

    assert gateway.ask(app, "/", "/") == [b"123"] * 2


@on_loops
def test_a_task_that_runs_at_once(app: Flask, gateway: Gateway) -> None:
    """With eager tasks (Python 3.12) the first step of a child runs within its parent's, and waits as any other."""
    if sys.version_info < (3, 12):
        pytest.skip("eager tasks are of Python 3.12")

    async def child(name: str) -> str:
        first = request.path
        await asyncio.sleep(0)
        return f"{first} {name} {request.path}"

    async def impossible() -> None:
        current_app.ensure_sync(later)(1)

    @app.get("/<name>")
    async def view(name: str) -> list[str]:
        start: t.Any = functools.partial(asyncio.Task, loop=asyncio.get_running_loop(), eager_start=True)
        with pytest.raises(RuntimeError, match="would block"):
            await start(impossible())
        return [await later("x"), *await asyncio.gather(*[start(child(name)) for _ in range(2)])]

    found = gateway.ask(app, *[f"/{number}" for number in range(5)])
    assert [app.json.loads(body) for body in found] == [["x", *[f"/{n} {n} /{n}"] * 2] for n in range(5)]


# ---- libraries


@everywhere
def test_anyio(app: Flask, gateway: Gateway) -> None:
    """Its task groups, cancel scopes, limits, events and threads, and the way back from these, work in views."""
    anyio = pytest.importorskip("anyio")
    limiter = anyio.CapacityLimiter(2)

    def in_thread() -> str:
        seen = anyio.from_thread.run(later, request.args["name"])
        return f"{seen} {g.name}"

    @app.before_request
    def before() -> None:
        g.name = request.args["name"]

    @app.get("/")
    async def view() -> list[t.Any]:
        seen: list[t.Any] = []
        send, receive = anyio.create_memory_object_stream(0)

        async def produce(*, task_status: t.Any = anyio.TASK_STATUS_IGNORED) -> None:
            task_status.started(request.args["name"])
            async with send:
                for number in range(3):
                    await send.send(f"{g.name} {number}")

        async with anyio.create_task_group() as group:
            seen.append(await group.start(produce))
            async with receive:
                seen.extend([item async for item in receive])
        with anyio.move_on_after(0.001) as scope:
            await anyio.sleep(1000)
        seen.append(scope.cancelled_caught)
        try:
            with anyio.fail_after(0.001):
                async with anyio.create_task_group() as group:
                    group.start_soon(anyio.sleep, 1000)
        except TimeoutError:
            seen.append("timeout")
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 1000)
            group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            seen.append(await anyio.to_thread.run_sync(in_thread, limiter=limiter))
        return seen

    found = [app.json.loads(body) for body in gateway.ask(app, *[f"/?name={n}" for n in range(6)])]
    assert found == [[f"{n}", f"{n} 0", f"{n} 1", f"{n} 2", True, "timeout", f"{n} {n}"] for n in range(6)]


@everywhere
def test_an_app_may_ask_another_in_process(app: Flask, gateway: Gateway) -> None:
    """By httpx's transport for ASGI, within the task of the one that asks; each has its own contexts."""
    httpx = pytest.importorskip("httpx")
    other = Flask("other")

    @other.post("/<int:number>")
    async def answer(number: int) -> dict[str, t.Any]:
        await asyncio.sleep(0)
        return {"app": current_app.name, "path": request.path, "json": request.get_json()}

    @other.get("/sync")
    def synchronous() -> str:
        return f"{current_app.name} {request.path}"

    @other.get("/fails")
    async def fails() -> str:
        raise LookupError

    @app.get("/<int:number>")
    async def view(number: int) -> dict[str, t.Any]:
        g.number = number
        transport = httpx.ASGITransport(app=other.asgi_app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://other") as client:
            answers = await asyncio.gather(*[client.post(f"/{number + step}", json=step) for step in range(2)])
            found = (await client.post(f"/{number}", json=9)).json()
            texts = [(await client.get(path)).text[:11] for path in ("/sync", "/fails")]
        assert (current_app.name, g.number, request.path) == (app.name, number, f"/{number}")
        return {"all": [found, *[answer.json() for answer in answers]], "texts": texts}

    assert [app.json.loads(body) for body in gateway.ask(app, *[f"/{n}" for n in range(5)])] == [
        {
            "all": [{"app": "other", "path": f"/{p}", "json": j} for p, j in ((n, 9), (n, 0), (n + 1, 1))],
            "texts": ["other /sync", "<!doctype h"],
        }
        for n in range(5)
    ]


@everywhere
def test_sqlalchemys_asyncio_extension(app: Flask, gateway: Gateway, tmp_path: Path) -> None:
    """One engine for all requests; its own greenlets run within those of a request, and may wait by either's means."""
    pytest.importorskip("aiosqlite")
    sqlalchemy = pytest.importorskip("sqlalchemy")
    extension = pytest.importorskip("sqlalchemy.ext.asyncio")
    engine = extension.create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'words.sqlite'}", pool_size=2)
    sessions = extension.async_sessionmaker(engine)

    async def ask(text: str, **values: t.Any) -> t.Any:
        return (await g.database.execute(sqlalchemy.text(text), values)).scalar()

    def synchronously(database: t.Any) -> list[t.Any]:
        """In a greenlet of SQLAlchemy's: ask by its session, and await a coroutine by the app's means."""
        first = database.execute(sqlalchemy.text("SELECT :x"), {"x": request.args["x"]}).scalar()
        second = None if gateway.is_wsgi else current_app.ensure_sync(later)(request.args["x"])
        return [first, second, database.execute(sqlalchemy.text("SELECT 2")).scalar()]

    @app.before_request
    async def begin() -> None:
        g.database = sessions()

    @app.get("/")
    async def view() -> list[t.Any]:
        task = asyncio.create_task(later(g.database is not None))
        return [await ask("SELECT :x", x=request.args["x"]), *await g.database.run_sync(synchronously), await task]

    @app.get("/sync")
    def synchronous() -> list[t.Any]:
        return [current_app.ensure_sync(ask)("SELECT :x", x=request.args["x"])]

    @app.get("/end")
    async def end() -> str:
        await engine.dispose()
        return "ended"

    @app.teardown_request
    async def teardown(error: BaseException | None) -> None:
        await g.database.close()

    async def main() -> list[bytes]:
        paths = [f"/?x={n}" for n in range(8)] + [f"/sync?x={n}" for n in range(8)]
        answers = await asyncio.gather(*[gateway.ask_one(app, path) for path in paths])
        await engine.dispose()
        return [answer.body for answer in answers]

    if gateway.is_wsgi:
        bodies = gateway.ask(app, *[f"/?x={n}" for n in range(8)], *[f"/sync?x={n}" for n in range(8)])
        gateway.ask(app, "/end")
    else:
        bodies = gateway.run(main)
    seconds = [None if gateway.is_wsgi else str(n) for n in range(8)]
    expected = [[str(n), str(n), seconds[n], 2, True] for n in range(8)] + [[str(n)] for n in range(8)]
    assert [app.json.loads(body) for body in bodies] == expected
    assert engine.pool.checkedout() == 0


class TestWaitingForAThread:
    """A request that no thread has begun is given up when its client goes."""

    @staticmethod
    def _given_up(app: Flask, path: str) -> None:
        gate = threading.Event()
        began = threading.Event()

        @app.get("/hold")
        def hold() -> str:
            began.set()
            gate.wait(5)
            return "held"

        async def main() -> None:
            async with app.async_test_client() as client:
                holding = asyncio.create_task(client.get("/hold"))
                while not began.is_set():
                    await asyncio.sleep(0.001)
                asked = asyncio.create_task(client.get(path))
                await asyncio.sleep(0.02)
                asked.cancel()
                await asyncio.wait((asked,), timeout=2)
                assert asked.cancelled()
                gate.set()
                assert (await holding).data == b"held"

        app.config["WORKER_THREADS"] = 1
        asyncio.run(main())

    def test_of_an_application_that_is_synchronous(self, app: Flask) -> None:
        """Nothing of it is run."""
        ran: list[str] = []

        @app.get("/")
        def view() -> str:
            ran.append("view")
            return ""

        self._given_up(app, "/")
        assert ran == []

    @pytest.mark.parametrize("has_hook", [True, False])
    def test_of_one_that_is_not(self, app: Flask, has_hook: bool) -> None:
        """What was pushed on the loop is torn down, and no view is run."""
        ran: list[str] = []

        @app.get("/")
        def view() -> str:
            ran.append("view")
            return ""

        @app.get("/async")
        async def other() -> str:
            ran.append("async view")
            return ""

        if has_hook:

            @app.before_request
            def before() -> None:
                if request.path != "/hold":
                    ran.append("before")

        @app.teardown_request
        def tear_down(error: BaseException | None) -> None:
            if request.path != "/hold":
                ran.append(type(error).__name__)

        self._given_up(app, "/async" if has_hook else "/")
        assert ran == ["CancelledError"]
