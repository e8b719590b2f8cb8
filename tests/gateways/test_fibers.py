from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import typing as t
import weakref

import greenlet
import pytest

from flask._gateways import fibers
from flask._gateways import threads as pool
from flask._gateways.fibers import _Errand, current_fiber, in_thread, run_in_thread, run_on_loop, wait_for
from flask._gateways.threads import Threads

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


async def give(value: t.Any) -> t.Any:
    await asyncio.sleep(0)
    return value


async def fail() -> None:
    await asyncio.sleep(0)
    raise ValueError("told")


@pytest.fixture
def threads() -> Threads:
    return Threads(4)


def everywhere(code: t.Callable[[], t.Any]) -> list[t.Any]:
    """What the code gives in a fiber on the loop, and what in one in a thread."""

    async def main() -> list[t.Any]:
        return [await run_on_loop(code), await run_in_thread(Threads(2), code)]

    return asyncio.run(main())


def test_synchronous_code_waits_for_what_is_awaited_on_the_loop() -> None:
    """A result comes back as a value and a failure as an exception, however many of them one after the other."""

    def code() -> list[t.Any]:
        with pytest.raises(ValueError, match="told"):
            wait_for(fail())
        return [wait_for(give(1)), wait_for(give(2))]

    assert everywhere(code) == [[1, 2]] * 2


def test_a_future_is_waited_for_as_well_as_a_coroutine() -> None:
    """Whatever can be awaited can be waited for."""

    async def main() -> t.Any:
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.001, future.set_result, "done")
        return await run_on_loop(wait_for, future)

    assert asyncio.run(main()) == "done"


def test_code_has_the_tasks_own_context_variables() -> None:
    """What is set on either side of any wait is seen on the other, on the loop and in a thread: there is no copy."""

    async def look() -> str:
        seen = variable.get()
        variable.set(seen + "+coroutine")
        return seen

    async def main(threads: Threads) -> list[str]:
        variable.set("task")

        def code() -> list[str]:
            seen = [variable.get()]
            variable.set("code")
            seen.append(wait_for(look()))
            seen.append(variable.get())

            def blocking() -> None:
                seen.append(variable.get())
                variable.set("thread")

            in_thread(threads, blocking)
            return [*seen, variable.get()]

        seen = await run_on_loop(code)
        return [*seen, variable.get()]

    assert asyncio.run(main(Threads(1))) == ["task", "code", "code+coroutine", "code+coroutine", "thread", "thread"]
    assert variable.get() == "unset"


def test_many_at_once_do_not_mix(threads: Threads) -> None:
    """A thousand tasks, each in and out of threads and coroutines, keep their variables."""

    def code(name: str) -> list[str]:
        variable.set(name)
        seen = [wait_for(give(name)), variable.get()]
        return [*seen, *in_thread(threads, lambda: [wait_for(give(name)), variable.get()])]

    async def main() -> list[list[str]]:
        return await asyncio.gather(*[_task(code, str(number)) for number in range(1000)])

    assert asyncio.run(main()) == [[str(number)] * 4 for number in range(1000)]


async def _task(code: t.Callable[..., t.Any], *args: t.Any) -> t.Any:
    return await run_on_loop(code, *args)


def test_a_coroutine_may_call_code_that_waits() -> None:
    """Between code and coroutines there may be any number of changes: each waits for the next."""

    async def outer() -> t.Any:
        await asyncio.sleep(0)
        return wait_for(give("inner"))

    assert everywhere(lambda: wait_for(outer())) == ["inner"] * 2


def test_code_in_a_greenlet_of_its_own_waits_too() -> None:
    """What runs in a greenlet below a fiber, as SQLAlchemy's does, is served by the same task."""
    assert everywhere(lambda: greenlet.greenlet(lambda: wait_for(give("below"))).switch()) == ["below"] * 2


def test_without_a_task_that_serves_there_is_nothing_to_wait_for() -> None:
    """Elsewhere the error says so."""
    coroutine = give(1)
    with pytest.raises(RuntimeError, match="no such task serves"):
        wait_for(coroutine)
    coroutine.close()
    assert current_fiber() is None


def test_a_cancellation_is_raised_where_the_code_waits() -> None:
    """The code may still wait for something in its `finally`; then the task is cancelled."""
    seen: list[str] = []

    def code() -> None:
        try:
            wait_for(asyncio.sleep(1000))
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            seen.append(wait_for(give("waited")))

    async def main() -> None:
        for start in (lambda: run_on_loop(code), lambda: run_in_thread(Threads(1), code)):
            task = asyncio.ensure_future(_await(start()))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert seen == ["cancelled", "waited"] * 2


async def _await(awaitable: t.Any) -> t.Any:
    return await awaitable


def test_a_thread_that_does_not_wait_ends_before_its_cancellation_is_told() -> None:
    """Nothing is given up in the midst of its work."""
    going, done = threading.Event(), threading.Event()

    def code() -> None:
        going.wait(5)
        done.set()

    async def main() -> bool:
        task = asyncio.ensure_future(run_in_thread(Threads(1), code))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        going.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        return done.is_set()

    assert asyncio.run(main())


def test_there_are_no_more_threads_than_allowed_and_none_idle_without_need() -> None:
    """What does not find a thread waits for one; what comes one after the other is done by the same."""
    threads = Threads(3)
    running, most = 0, 0
    lock = threading.Lock()
    gate = threading.Barrier(3)
    names: set[str] = set()

    def code() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            names.add(threading.current_thread().name)
        gate.wait(5)
        with lock:
            running -= 1

    async def main() -> None:
        for _ in range(20):
            await run_in_thread(threads, lambda: names.add(threading.current_thread().name))
        assert len(names) == 1
        await asyncio.gather(*[asyncio.ensure_future(run_in_thread(threads, code)) for _ in range(9)])

    asyncio.run(main())
    assert (most, len(names)) == (3, 3)


def test_what_has_begun_finds_a_thread_before_what_has_not() -> None:
    """A later stage has threads of its own where all others are taken, some and not more, and goes first."""
    threads = Threads(1)
    gate = threading.Event()
    order: list[int] = []
    names: set[str] = set()

    blocking: list[None] = []

    def block() -> None:
        blocking.append(None)
        gate.wait(5)

    def note(stage: int) -> None:
        order.append(stage)
        names.add(threading.current_thread().name)

    async def until_blocked(count: int) -> None:
        while len(blocking) < count:
            await asyncio.sleep(0.001)

    async def main() -> None:
        begin, begun, end = threads.stages
        blocked = [asyncio.ensure_future(run_in_thread(begin, block))]
        waiting = [asyncio.ensure_future(run_in_thread(begin, note, 0))]
        await until_blocked(1)
        for stage, number in ((begun, 1), (end, 2), (begun, 1), (end, 2)):
            await run_in_thread(stage, note, number)
        assert (order, len(names)) == ([1, 2, 1, 2], 1)
        blocked += [asyncio.ensure_future(run_in_thread(begun, block)) for _ in range(pool._RESERVED)]
        waiting += [asyncio.ensure_future(run_in_thread(begun, note, 1))]
        await until_blocked(1 + pool._RESERVED)
        await run_in_thread(end, note, 2)
        assert order == [1, 2, 1, 2, 2]
        gate.set()
        await asyncio.gather(*blocked, *waiting)
        assert order == [1, 2, 1, 2, 2, 1, 0]

    asyncio.run(main())
    assert threads._count == 1 + pool._RESERVED + 1


def test_a_thread_that_is_soon_done_does_what_waits() -> None:
    """Errands wait for a thread that is done with one after the other; where that one is slow, others do them."""
    threads = Threads(40)
    names: set[str] = set()
    gate = threading.Event()
    blocking: list[None] = []

    def note() -> None:
        names.add(threading.current_thread().name)

    def block() -> None:
        blocking.append(None)
        gate.wait(5)

    async def main() -> None:
        await asyncio.gather(*[asyncio.ensure_future(run_in_thread(threads, note)) for _ in range(200)])
        quick = len(names)
        blocked = [asyncio.ensure_future(run_in_thread(threads, block)) for _ in range(30)]
        while len(blocking) < 30:
            await asyncio.sleep(0.001)
        await run_in_thread(threads, note)
        gate.set()
        await asyncio.gather(*blocked)
        assert quick < 10

    asyncio.run(main())
    assert threads._count > 30
    assert not threads._busy
    assert (threads._swift, len(threads._idle)) == (0, threads._count)


def test_another_loop_looks_after_what_waits() -> None:
    """An event loop that ends while something waits for a thread leaves nobody waiting on the next."""
    threads = Threads(3)
    gate = threading.Event()

    async def leave() -> None:
        for _ in range(2):
            asyncio.ensure_future(run_in_thread(threads, gate.wait, 5))  # noqa: RUF006 - it is left
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave())
    loop.close()
    assert asyncio.run(asyncio.wait_for(run_in_thread(threads, lambda: "here"), 5)) == "here"
    gate.set()


def test_what_is_idle_holds_nothing() -> None:
    """A fiber that has done its work keeps neither arguments nor result nor error nor context variables alive."""

    class Kept:
        pass

    async def main() -> list[t.Any]:
        held: list[t.Any] = []

        def code(kept: Kept) -> Kept:
            variable.set("kept")
            held.append(weakref.ref(kept))
            return kept

        def broken(kept: Kept) -> None:
            code(kept)
            raise ValueError("broken")

        for run in (run_on_loop, lambda *args: run_in_thread(threads, *args)):
            await run(code, Kept())
            with pytest.raises(ValueError, match="broken"):
                await run(broken, Kept())
        await asyncio.sleep(0.01)
        return held

    threads = Threads(1)
    held = asyncio.run(main())
    gc.collect()
    assert [ref() for ref in held] == [None] * 4
    assert all(fiber.gr_context is None for fiber in fibers._here.idle)


def test_a_loop_that_is_closed_under_a_thread_ends_what_waits_there() -> None:
    """The thread is told that it is cancelled; it does not wait for ever."""
    ended = threading.Event()
    going = threading.Event()

    def code() -> None:
        going.wait(5)
        try:
            wait_for(give(1))
        except asyncio.CancelledError:
            ended.set()
            raise

    loop = asyncio.new_event_loop()
    task = loop.create_task(run_in_thread(Threads(1), code))
    loop.run_until_complete(asyncio.sleep(0.01))
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
    going.set()
    assert ended.wait(5)


def test_a_thread_is_heard_once() -> None:
    """What a thread said while its task was being cancelled is heard once, though the loop is told of it afterwards."""

    async def main() -> None:
        errand = _Errand(asyncio.get_running_loop(), print, ())
        first = asyncio.create_task(errand.heard())
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        errand._awaitable = "said"
        errand.tell()
        assert await errand.heard() == "said"
        second = asyncio.create_task(errand.heard())
        for _ in range(3):
            await asyncio.sleep(0)
        assert not second.done()
        errand.ended = True
        errand.tell()
        assert await second is None

    asyncio.run(main())


def test_fibers_that_are_not_kept_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many that waited at once only a few are kept; no collector finds one that is parked, so the others end."""
    monkeypatch.setattr(fibers, "_MOST_IDLE", 2)
    monkeypatch.setattr(fibers._here, "idle", [])
    before = {id(thing) for thing in gc.get_objects() if isinstance(thing, fibers.Fiber)}

    async def main() -> list[t.Any]:
        return await asyncio.gather(*(run_on_loop(wait_for, give(number)) for number in range(10)))

    assert asyncio.run(main()) == list(range(10))
    gc.collect()
    left = [thing for thing in gc.get_objects() if isinstance(thing, fibers.Fiber) and id(thing) not in before]
    assert len(left) == 2
