from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import os
import signal
import socket
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Iterator

import greenlet
import pytest

import flask
from flask._gateways import bridge
from flask._gateways.bridge import run_on_loop
from tests.gateways import scripts
from tests.gateways.raw import call


@pytest.fixture(autouse=True)
def no_greenlets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs without greenlets are what is told here, though other tests have imported them."""
    monkeypatch.setattr(bridge, "_OF_ONE_THREAD", "no module")


@pytest.fixture(params=["run by callers", "in a thread"])
def shared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bridge._SharedLoop]:
    """A new loop in place of the process's, once as it begins and once with its own thread."""
    made = bridge._SharedLoop()
    if request.param == "in a thread":
        made.keep_running()
    monkeypatch.setattr(bridge, "_running", made)
    yield made
    made.stop()
    assert made.loop.is_closed()


both = pytest.mark.usefixtures("shared")
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


@both
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


@both
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


@both
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
            assert not loop.is_closed()
            assert references[0]() is None
        finally:
            gc.enable()


def eventually(happened: threading.Event) -> bool:
    return happened.wait(30)


class TestWhoRunsTheLoop:
    @pytest.fixture
    def fresh(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[bridge._SharedLoop]:
        """A new loop in place of the process's, which nobody runs."""
        made = bridge._SharedLoop()
        monkeypatch.setattr(bridge, "_running", made)
        yield made
        made.stop()

    def test_a_coroutine_that_leaves_nothing_behind_needs_no_thread(self, fresh: bridge._SharedLoop) -> None:
        """The caller's own thread runs the loop, however often the coroutine waits and whatever it closes."""

        async def work() -> list[object]:
            await asyncio.sleep(0.001)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    await asyncio.Event().wait()
            async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
                tasks.create_task(asyncio.sleep(0))
            await asyncio.to_thread(time.sleep, 0.001)
            server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            assert await reader.read() == b""
            writer.close()
            server.close()
            return [threading.current_thread(), asyncio.get_running_loop()]

        for _ in range(3):
            assert run_on_loop(work)() == [threading.current_thread(), fresh.loop]
        assert fresh.thread is None

    def test_in_turn_the_threads_of_callers_run_it(self, fresh: bridge._SharedLoop) -> None:
        """A loop that one thread ran serves the next, with what the first left waiting on it."""
        kept: list[asyncio.Future[threading.Thread]] = []

        async def leave() -> None:
            kept.append(asyncio.get_running_loop().create_future())

        async def answer() -> None:
            kept[0].set_result(threading.current_thread())

        async def read() -> threading.Thread:
            return await kept[0]

        run_on_loop(leave)()
        thread = threading.Thread(target=run_on_loop(answer))
        thread.start()
        thread.join()
        assert run_on_loop(read)() is thread
        assert fresh.thread is None

    def test_a_timer_that_is_left_behind_goes_off_without_another_call(self, fresh: bridge._SharedLoop) -> None:
        """A task that sleeps when its request has ended goes on by itself, in a thread that the loop gets then."""
        happened = threading.Event()
        kept: list[object] = []

        async def later() -> None:
            await asyncio.sleep(0.001)
            happened.set()

        async def leave() -> None:
            kept.append(asyncio.create_task(later()))
            await asyncio.sleep(0)

        run_on_loop(leave)()
        assert eventually(happened)
        assert fresh.thread is not None

    def test_what_is_ready_is_done_without_another_call(self, fresh: bridge._SharedLoop) -> None:
        """Callbacks that call for further callbacks go on, though the coroutine that began them has ended."""
        happened = threading.Event()

        async def leave() -> None:
            loop = asyncio.get_running_loop()

            def again(times: int) -> None:
                loop.call_soon(again, times - 1) if times else happened.set()

            again(50)

        run_on_loop(leave)()
        assert eventually(happened)

    def test_a_connection_that_is_left_open_is_listened_to(self, fresh: bridge._SharedLoop) -> None:
        """What comes in on a socket between two requests is received."""
        ours, theirs = socket.socketpair()
        happened = threading.Event()
        ours.setblocking(False)

        async def leave() -> None:
            asyncio.get_running_loop().add_reader(ours, happened.set)

        async def end() -> None:
            asyncio.get_running_loop().remove_reader(ours)

        run_on_loop(leave)()
        theirs.send(b"x")
        assert eventually(happened)
        run_on_loop(end)()
        ours.close()
        theirs.close()

    @needs_signals
    def test_a_signal_that_is_waited_for_is_heard(self) -> None:
        """A handler that a coroutine added for a signal is called between two requests."""
        result = scripts.run(
            """
            import asyncio, os, signal, threading
            from flask._gateways.bridge import run_on_loop

            heard = threading.Event()

            async def listen():
                asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, heard.set)

            run_on_loop(listen)()
            os.kill(os.getpid(), signal.SIGUSR1)
            print(heard.wait(30))
            """
        )
        assert (result.stdout, result.stderr) == ("True\n", "")

    def test_a_thread_may_use_the_loop_at_any_time(self, fresh: bridge._SharedLoop) -> None:
        """`run_coroutine_threadsafe` on the loop, which nobody runs at the moment, works."""
        loop = run_on_loop(running_loop)()
        assert fresh.thread is None
        assert asyncio.run_coroutine_threadsafe(running_loop(), loop).result(30) is loop
        assert fresh.thread is not None
        assert run_on_loop(running_loop)() is loop

    def test_an_executor_that_is_not_awaited_calls_back(self, fresh: bridge._SharedLoop) -> None:
        """The callback of what was begun in another thread is called though no request comes."""
        happened, go = threading.Event(), threading.Event()

        async def leave() -> None:
            future = asyncio.get_running_loop().run_in_executor(None, go.wait)
            future.add_done_callback(lambda future: happened.set())

        run_on_loop(leave)()
        assert fresh.thread is None
        go.set()
        assert eventually(happened)

    def test_an_asynchronous_generator_that_is_dropped_ends(self, fresh: bridge._SharedLoop) -> None:
        """The `finally` of an asynchronous generator that was dropped between two requests runs."""
        happened = threading.Event()
        kept: list[object] = []

        async def numbers():  # type: ignore[no-untyped-def]
            try:
                yield 1
            finally:
                await asyncio.sleep(0)
                happened.set()

        async def leave() -> None:
            generator = numbers()
            kept.append(generator)
            await anext(generator)

        run_on_loop(leave)()
        kept.clear()
        gc.collect()
        assert eventually(happened)

    def test_a_callers_coroutine_goes_on_when_the_one_who_ran_the_loop_is_done(self, fresh: bridge._SharedLoop) -> None:
        """A caller who handed its coroutine to another's thread gets its result, also after that thread has gone."""
        met, leave = asyncio.Event(), threading.Event()
        threads: list[threading.Thread] = []

        async def first() -> None:
            await met.wait()

        async def second() -> str:
            threads.append(threading.current_thread())
            met.set()
            await asyncio.to_thread(leave.wait)
            threads.append(threading.current_thread())
            return "done"

        leader = threading.Thread(target=run_on_loop(first))
        leader.start()
        while fresh.runner != leader.ident:
            time.sleep(0.001)
        outcomes: list[str] = []
        other = threading.Thread(target=lambda: outcomes.append(run_on_loop(second)()))
        other.start()
        leader.join(30)
        leave.set()
        other.join(30)
        assert outcomes == ["done"]
        assert threads == [leader, fresh.thread]

    def test_a_program_may_stop_the_loop(self, shared: bridge._SharedLoop) -> None:
        """`loop.stop()`, which belongs to whoever runs a loop, ends neither the coroutine nor the loop."""

        async def stop() -> str:
            asyncio.get_running_loop().stop()
            await asyncio.sleep(0.001)
            return "after"

        assert run_on_loop(stop)() == "after"
        assert run_on_loop(stop)() == "after"

    def test_an_exit_in_a_task_of_the_threads_loop_leaves_it_running(self, fresh: bridge._SharedLoop) -> None:
        """`SystemExit` in a task that nobody awaits ends neither the loop nor the coroutines of others."""
        fresh.keep_running()

        async def leave() -> None:
            raise SystemExit

        async def work() -> str:
            task = asyncio.create_task(leave())
            await asyncio.sleep(0.001)
            assert isinstance(task.exception(), SystemExit)
            return "done"

        assert run_on_loop(work)() == "done"

    def test_an_exit_in_a_task_ends_the_caller_that_runs_the_loop(self, fresh: bridge._SharedLoop) -> None:
        """`SystemExit` in a task goes to the caller in whose thread it came up, and cancels the caller's coroutine."""
        cancelled = threading.Event()
        tasks: list[asyncio.Task[None]] = []

        async def leave() -> None:
            raise SystemExit(3)

        async def work() -> None:
            tasks.append(asyncio.create_task(leave()))
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise

        with pytest.raises(SystemExit):
            run_on_loop(work)()
        assert eventually(cancelled)
        assert isinstance(tasks[0].exception(), SystemExit)

    @pytest.mark.parametrize("kind", ["a subclass", "without what is read of it"])
    def test_a_loop_of_another_kind_gets_its_thread_at_once(self, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the program's policy makes loops of its own kind, or asyncio's has changed, nobody borrows it."""

        class Own(asyncio.SelectorEventLoop):
            pass

        if kind == "a subclass":
            monkeypatch.setattr(asyncio, "new_event_loop", Own)
        else:
            monkeypatch.setattr(bridge._LentLoop, "_timer_cancelled_count", property(), raising=False)
        made = bridge._SharedLoop()
        monkeypatch.setattr(bridge, "_running", made)
        assert run_on_loop(running_loop)() is made.loop
        assert type(made.loop) is (Own if kind == "a subclass" else asyncio.SelectorEventLoop)
        assert made.thread is not None
        made.stop()
        assert made.loop.is_closed()

    def test_many_threads_and_left_overs_at_random(self, fresh: bridge._SharedLoop) -> None:
        """Whoever runs the loop at whatever moment: each caller gets its own result, and all that was left is done."""
        done: set[tuple[int, int]] = set()
        lock = threading.Lock()

        def note(key: tuple[int, int]) -> None:
            with lock:
                done.add(key)

        async def work(number: int, turn: int) -> tuple[int, int]:
            loop = asyncio.get_running_loop()
            key = number, turn
            kind = (number * 7 + turn) % 4
            if kind == 0:
                loop.call_soon(note, key)
            elif kind == 1:
                loop.run_in_executor(None, note, key)
            elif kind == 2:
                await asyncio.to_thread(note, key)
            else:
                await asyncio.sleep(0)
                note(key)
            return key

        numbers = iter(range(6))

        def caller() -> None:
            number = next(numbers)
            for turn in range(40):
                assert run_on_loop(work)(number, turn) == (number, turn)

        assert in_threads(6, caller) == [None] * 6
        end = time.monotonic() + 30
        while len(done) < 240 and time.monotonic() < end:
            time.sleep(0.001)
        assert done == {(number, turn) for number in range(6) for turn in range(40)}


class TestWaiting:
    def test_inside_a_running_loop_the_error_teaches(self) -> None:
        """Waiting on a thread whose own loop runs would block it: an error names the function and the way out."""

        async def caller() -> None:
            run_on_loop(running_loop)()

        with pytest.raises(RuntimeError, match=r"'running_loop' is async .* Await it there, or run .* in a thread"):
            asyncio.run(caller())

    def test_nested_in_a_coroutine_of_the_loop_it_is_an_error_and_no_deadlock(self) -> None:
        """An async view that calls synchronous code that calls async code is told so instead of waiting for itself.

        So it is where nobody has imported greenlet.
        """
        result = scripts.run(
            """
            import sys
            import flask

            app = flask.Flask("asyncio")
            app.testing = True

            async def inner():
                return "never"

            @app.route("/")
            async def index():
                return app.ensure_sync(inner)()

            try:
                app.test_client().get("/")
            except RuntimeError as error:
                print(error, "greenlet" in sys.modules)
            """
        )
        assert result.returncode == 0, result.stderr
        assert "inner' is async and was called from synchronous code" in result.stdout
        assert result.stdout.endswith("False\n")

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
            import asyncio, signal, threading, time
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
                time.sleep(0.3)  # by then the loop sleeps in the system, which a signal ends for certain
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
            import asyncio, signal, threading, time
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
                time.sleep(0.3)  # by then the loop sleeps in the system, which a signal ends for certain
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


class TestGreenlets:
    def test_a_greenlet_of_a_coroutine_stays_in_its_thread(self) -> None:
        """Many callers at once, whose coroutines park greenlets: each goes on where it began, in the loop's thread."""
        result = scripts.run(
            """
            import asyncio, sys, threading
            from concurrent.futures import ThreadPoolExecutor
            from flask._gateways.bridge import run_on_loop

            async def alone():
                return threading.current_thread()

            assert run_on_loop(alone)() is threading.main_thread()
            import greenlet

            async def parks(number):
                def code():
                    for _ in range(3):
                        greenlet.getcurrent().parent.switch()
                    return threading.current_thread().name
                child = greenlet.greenlet(code)
                child.switch()
                while not child.dead:
                    await asyncio.sleep(number % 3 / 1000)
                    result = child.switch()
                return result

            with ThreadPoolExecutor(8) as threads:
                print(set(threads.map(run_on_loop(parks), range(100))))
            """
        )
        assert (result.stdout, result.stderr) == ("{'flask-loop'}\n", "")


@both
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


@both
class TestFirstSteps:
    """A coroutine that waits for nothing but its turn is done before the loop looks for files and timers."""

    def test_they_are_steps_of_a_task_on_the_running_loop(self) -> None:
        """Task, loop and generators are there at every step, and nothing of them is left behind."""
        hooks = sys.get_asyncgen_hooks()

        async def look() -> tuple[bool, bool, bool]:
            task = asyncio.current_task()
            await asyncio.sleep(0)
            loop = asyncio.get_running_loop()
            return task is asyncio.current_task(), task in asyncio.all_tasks(), loop.is_running()

        assert run_on_loop(look)() == (True, True, True)
        assert sys.get_asyncgen_hooks() == hooks
        assert asyncio._get_running_loop() is None

    def test_one_that_never_rests_keeps_no_timer_waiting(self) -> None:
        """Timers and threads have their turn while a coroutine only ever gives way."""

        async def spin() -> int:
            rung = asyncio.Event()
            asyncio.get_running_loop().call_later(0.01, rung.set)
            turns = 0
            while not rung.is_set():
                turns += 1
                await asyncio.sleep(0)
            return turns

        assert run_on_loop(spin)() > 8

    def test_what_was_called_earlier_runs_earlier(self) -> None:
        """Callbacks run in the order in which they came, and one that was cancelled does not."""

        async def order() -> list[int]:
            told: list[int] = []
            loop = asyncio.get_running_loop()
            handles = [loop.call_soon(told.append, number) for number in range(5)]
            handles[3].cancel()
            await asyncio.sleep(0)
            loop.call_soon(told.append, 5)
            await asyncio.sleep(0)
            return told

        assert run_on_loop(order)() == [0, 1, 2, 4, 5]

    def test_a_task_factory_and_debug_mode_are_heeded(self, shared: bridge._SharedLoop) -> None:
        """Whoever has the loop make its tasks in another way, or asks for its warnings, gets that."""
        made: list[object] = []

        def factory(loop, coroutine, **options):  # type: ignore[no-untyped-def]
            made.append(coroutine)
            return asyncio.Task(coroutine, loop=loop, **options)

        async def work() -> str:
            await asyncio.sleep(0)
            return "done"

        shared.loop.set_task_factory(factory)
        assert run_on_loop(work)() == "done"
        assert len(made) == 1
        shared.loop.set_task_factory(None)
        shared.loop.set_debug(True)
        assert run_on_loop(work)() == "done"
        assert len(made) == 1
