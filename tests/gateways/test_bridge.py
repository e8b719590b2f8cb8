from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import os
import signal
import threading
import traceback
import weakref

import greenlet
import pytest

import flask
from flask._gateways import bridge
from flask._gateways.bridge import run_on_loop
from tests.gateways import scripts
from tests.gateways.raw import call

needs_signals = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="threads get no signals here")


async def running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def in_threads(count: int, function: object) -> list[object]:
    """What a function returned, or raised, in each of some threads that start together."""
    outcomes: list[object] = []
    barrier = threading.Barrier(count)

    def work() -> None:
        barrier.wait(30)
        try:
            outcomes.append(function())  # type: ignore[operator]
        except BaseException as e:  # noqa: BLE001 - handed to the test
            outcomes.append(e)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


class TestOneLoop:
    def test_every_request_of_every_thread_is_on_one_loop(self) -> None:
        """All coroutines of a process run on one loop, whichever request or thread they serve."""
        app = flask.Flask(__name__)

        @app.route("/")
        async def index() -> str:
            return str(id(asyncio.get_running_loop()))

        here = call(app).body
        assert {call(app).body for _ in range(3)} == {here}
        assert set(in_threads(8, lambda: call(app).body)) == {here}

    def test_threads_that_ask_first_at_once_get_one_loop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first coroutines of a process, started by many threads at once, make one loop and no more."""
        monkeypatch.setattr(bridge, "_running", None)
        loops = in_threads(12, run_on_loop(running_loop))
        assert len(set(map(id, loops))) == 1
        made = bridge._running
        assert made is not None
        made.stop()
        assert made.loop.is_closed()

    def test_what_one_request_leaves_on_the_loop_serves_the_next(self) -> None:
        """A task that a request started goes on after its end, and the next request can await it."""
        app = flask.Flask(__name__)
        kept: list[asyncio.Future[str]] = []

        @app.route("/start")
        async def start() -> str:
            kept.append(asyncio.get_running_loop().create_future())
            return "started"

        @app.route("/end")
        async def end() -> str:
            kept[0].set_result("from another request")
            return await kept[0]

        call(app, "/start")
        assert call(app, "/end").body == b"from another request"

    def test_coroutines_of_many_threads_run_side_by_side(self) -> None:
        """A coroutine that waits holds up nobody: threads meet at a barrier on the loop."""
        meeting = run_on_loop(asyncio.Barrier(4).wait)
        places = in_threads(4, meeting)
        assert sorted(places) == [0, 1, 2, 3]  # type: ignore[type-var]

    def test_greenlets_share_the_loop(self) -> None:
        """A coroutine can be called from any greenlet of a thread."""
        loop = run_on_loop(running_loop)
        assert greenlet.greenlet(loop).switch() is loop()


class TestContextVariables:
    def test_they_go_in_and_come_back(self) -> None:
        """A coroutine sees its caller's context variables, and the caller those that it set, also after waiting."""
        variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")

        async def change() -> str:
            seen = variable.get()
            await asyncio.sleep(0)
            variable.set("set by the coroutine")
            return seen

        def caller() -> tuple[str, str]:
            variable.set("set by the caller")
            return run_on_loop(change)(), variable.get()

        assert contextvars.Context().run(caller) == ("set by the caller", "set by the coroutine")

    def test_they_come_back_with_an_exception(self) -> None:
        """What a coroutine set before it raised is seen by the caller."""
        variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)

        async def fail() -> None:
            variable.set(1)
            raise LookupError

        def caller() -> int:
            with pytest.raises(LookupError):
                run_on_loop(fail)()
            return variable.get()

        assert contextvars.Context().run(caller) == 1

    def test_one_caller_does_not_see_anothers(self) -> None:
        """Coroutines that run side by side on the loop each have the variables of their own caller."""
        variable: contextvars.ContextVar[object] = contextvars.ContextVar("variable")
        barrier = asyncio.Barrier(6)

        async def seen() -> object:
            await barrier.wait()
            return variable.get()

        def caller() -> bool:
            mine = object()
            variable.set(mine)
            return run_on_loop(seen)() is mine

        assert in_threads(6, caller) == [True] * 6


class TestExceptions:
    def test_the_very_exception_with_its_traceback(self) -> None:
        """An exception reaches the caller as the object that was raised, its traceback leading into the coroutine."""
        error = ValueError("raised in a coroutine")

        async def deep() -> None:
            raise error

        async def outer() -> None:
            await deep()

        with pytest.raises(ValueError) as caught:
            run_on_loop(outer)()
        assert caught.value is error
        names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert names[-2:] == ["outer", "deep"]

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])
    def test_an_exit_leaves_the_loop_alive(self, kind: type[BaseException]) -> None:
        """What ends a program is the caller's to see; the loop goes on for everybody else."""

        async def leave() -> None:
            raise kind

        before = run_on_loop(running_loop)()
        with pytest.raises(kind):
            run_on_loop(leave)()
        assert run_on_loop(running_loop)() is before

    def test_arguments_that_do_not_fit(self) -> None:
        """A call with wrong arguments raises TypeError at the caller."""
        with pytest.raises(TypeError, match="running_loop"):
            run_on_loop(running_loop)(1)  # type: ignore[call-arg]

    def test_an_exit_in_a_view_ends_the_request_and_tears_down(self) -> None:
        """SystemExit in an async view goes through the gateway, after the teardown was told."""
        app = flask.Flask(__name__)
        told: list[BaseException | None] = []
        app.teardown_request(told.append)

        @app.route("/")
        async def index() -> str:
            raise SystemExit(3)

        with pytest.raises(SystemExit) as caught:
            call(app)
        assert told == [caught.value]

    def test_a_handled_exception_keeps_no_request_alive(self) -> None:
        """After an async view raised and a handler answered, the request dies without the garbage collector."""
        app = flask.Flask(__name__)
        references: list[weakref.ref[object]] = []
        app.before_request(lambda: references.append(weakref.ref(flask.request._get_current_object())))  # type: ignore[attr-defined]
        app.register_error_handler(LookupError, lambda error: "handled")
        loop = run_on_loop(running_loop)()

        @app.route("/")
        async def index() -> str:
            raise LookupError

        gc.collect()
        gc.disable()
        try:
            assert call(app).body == b"handled"
            run_on_loop(lambda: asyncio.sleep(0))()  # type: ignore[arg-type, return-value]  # the task's last step is through
            assert loop.is_running()
            assert references[0]() is None
        finally:
            gc.enable()


class TestWaiting:
    def test_inside_a_running_loop_the_error_teaches(self) -> None:
        """Waiting on a thread whose own loop runs would block it: an error names the function and the way out."""

        async def caller() -> None:
            run_on_loop(running_loop)()

        with pytest.raises(RuntimeError, match=r"'running_loop' is async .* Await it there, or run .* in a thread"):
            asyncio.run(caller())

    def test_nested_in_a_coroutine_of_the_loop_it_is_an_error_and_no_deadlock(self) -> None:
        """An async view that calls synchronous code that calls async code is told so instead of waiting for itself."""
        app = flask.Flask(__name__)
        app.testing = True

        async def inner() -> str:
            return "never"

        @app.route("/")
        async def index() -> str:
            return app.ensure_sync(inner)()  # type: ignore[no-any-return]

        with pytest.raises(RuntimeError, match="inner' is async and was called from synchronous code"):
            call(app)

    def test_nested_through_a_thread_it_works(self) -> None:
        """The way out that the error names: synchronous code in a thread may call async code again."""
        app = flask.Flask(__name__)

        async def inner() -> str:
            return flask.request.path

        @app.route("/nested")
        async def index() -> str:
            return await asyncio.to_thread(app.ensure_sync(inner))

        assert call(app, "/nested").body == b"/nested"

    @needs_signals
    def test_a_caller_that_is_interrupted_cancels_its_coroutine(self) -> None:
        """Control-C while waiting for a coroutine is raised at once, and the coroutine is cancelled."""
        result = scripts.run(
            """
            import asyncio, signal, threading
            from flask._gateways.bridge import run_on_loop

            began, cancelled = threading.Event(), threading.Event()

            async def endless():
                began.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cancelled.set()
                    raise

            def interrupt():
                began.wait()
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

            threading.Thread(target=interrupt).start()
            try:
                run_on_loop(endless)()
            except KeyboardInterrupt:
                print("interrupted", cancelled.wait(30))
            """
        )
        assert (result.stdout, result.stderr) == ("interrupted True\n", "")

    @needs_signals
    def test_a_result_that_nobody_awaits_is_dropped_in_silence(self) -> None:
        """A coroutine that ends well although its caller was interrupted disturbs neither loop nor log."""
        result = scripts.run(
            """
            import asyncio, signal, threading
            from flask._gateways.bridge import run_on_loop

            began, ended = threading.Event(), threading.Event()

            async def stubborn():
                began.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    ended.set()
                    return "all the same"

            def interrupt():
                began.wait()
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

            threading.Thread(target=interrupt).start()
            try:
                run_on_loop(stubborn)()
            except KeyboardInterrupt:
                print("interrupted", ended.wait(30))
            async def again():
                return "alive"
            print(run_on_loop(again)())
            """
        )
        assert (result.stdout, result.stderr) == ("interrupted True\nalive\n", "")


class TestProcesses:
    def test_an_exit_with_pending_tasks_ends_them(self) -> None:
        """A process that exits while tasks wait cancels them, lets their finally blocks run, and does not hang."""
        result = scripts.run(
            """
            import asyncio
            from flask._gateways.bridge import run_on_loop

            async def endless():
                try:
                    await asyncio.Event().wait()
                finally:
                    print("the task ended")

            async def numbers():
                try:
                    yield 1
                    yield 2
                finally:
                    print("the generator ended")

            async def leave_behind():
                global task, generator
                task = asyncio.create_task(endless())
                generator = numbers()
                await anext(generator)
                await asyncio.sleep(0)

            run_on_loop(leave_behind)()
            print("the program ended")
            """
        )
        assert result.stdout.splitlines() == ["the program ended", "the task ended", "the generator ended"]
        assert (result.returncode, result.stderr) == (0, "")

    @pytest.mark.slow
    def test_an_exit_waits_for_no_task_that_refuses(self) -> None:
        """A task that swallows its cancellation delays the exit by seconds, not for ever."""
        result = scripts.run(
            """
            import asyncio
            from flask._gateways.bridge import run_on_loop

            async def stubborn():
                while True:
                    try:
                        await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        pass

            async def leave_behind():
                global task
                task = asyncio.create_task(stubborn())
                await asyncio.sleep(0)

            run_on_loop(leave_behind)()
            print("the program ended", flush=True)
            """
        )
        assert (result.returncode, result.stdout) == (0, "the program ended\n")

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
    def test_a_forked_child_makes_a_loop_of_its_own(self) -> None:
        """After a fork the child, which has no thread but one, serves on a new loop, the parent on the old one."""
        result = scripts.run(
            """
            import asyncio, os, sys, warnings
            warnings.simplefilter("ignore", DeprecationWarning)  # the process has threads, as it must here
            import flask

            app = flask.Flask(__name__)
            pending = []

            @app.route("/")
            async def index():
                await asyncio.sleep(0.001)
                return f"{os.getpid()}"

            @app.route("/leave")
            async def leave():
                pending.append(asyncio.create_task(asyncio.Event().wait()))
                return "left"

            client = app.test_client()
            client.get("/leave")
            assert client.get("/").text == str(os.getpid())
            child = os.fork()
            for _ in range(3):
                assert client.get("/").text == str(os.getpid())
            if child == 0:
                grandchild = os.fork()
                assert client.get("/").text == str(os.getpid())
                if grandchild == 0:
                    sys.exit(7)
                _, status = os.waitpid(grandchild, 0)
                sys.exit(os.waitstatus_to_exitcode(status))
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status))
            """
        )
        assert (result.stdout, result.stderr) == ("7\n", "")

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
    def test_a_fork_while_other_threads_make_the_loop(self) -> None:
        """A child that is forked while a thread holds the lock of the loop's making is not locked out."""
        result = scripts.run(
            """
            import os, sys, warnings
            warnings.simplefilter("ignore", DeprecationWarning)
            from flask._gateways import bridge

            async def one():
                return 1

            bridge._lock.acquire()
            child = os.fork()
            if child == 0:
                sys.exit(bridge.run_on_loop(one)())
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status))
            """
        )
        assert (result.stdout, result.stderr) == ("1\n", "")


class TestEnsureSync:
    def test_an_app_may_bring_a_loop_of_its_own(self) -> None:
        """`async_to_sync` is called by name for each async function, so an override is the whole mechanism."""
        wrapped: list[str] = []

        class OwnLoop(flask.Flask):
            def async_to_sync(self, func):  # type: ignore[no-untyped-def]
                wrapped.append(func.__name__)
                return lambda *args, **kwargs: asyncio.run(func(*args, **kwargs))

        app = OwnLoop(__name__)

        @app.route("/")
        async def index() -> str:
            return "on another loop"

        assert call(app).body == b"on another loop"
        app.async_to_sync = lambda func: lambda: "on the instance"  # type: ignore[method-assign]
        assert call(app).body == b"on the instance"
        assert wrapped == ["index"]

    def test_streams_of_async_views_are_closed(self) -> None:
        """An async view may return a generator; it runs after the coroutine ended, in the server's thread."""
        app = flask.Flask(__name__)
        threads: list[threading.Thread] = []

        @app.route("/")
        async def index() -> flask.Response:
            def parts():  # type: ignore[no-untyped-def]
                threads.append(threading.current_thread())
                yield flask.request.path

            return flask.Response(flask.stream_with_context(parts()))

        assert call(app).body == b"/"
        assert threads == [threading.current_thread()]

    def test_a_wait_that_times_out_is_an_exception_like_others(self) -> None:
        """`asyncio.timeout` works in a view, and leaves nothing behind on the loop."""
        app = flask.Flask(__name__)

        @app.route("/")
        async def index() -> str:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0):
                    await asyncio.Event().wait()
            return "in time"

        assert call(app).body == b"in time"
