"""Threads that do what may block, as many as are needed at a time up to a number; they end with the process.

What an errand is for is not known here, nor what it waits for.
"""

from __future__ import annotations

import threading
import typing as t
from asyncio import AbstractEventLoop, get_running_loop
from collections import deque

# The stages of what threads do: what begins, what has begun and may hold what others wait for, what only lets go of it.
BEGINS, HAS_BEGUN, LETS_GO = range(3)
_RESERVED = 4
_SECONDS_TO_LOOK = 0.001


class Errand(t.Protocol):
    """What a thread is to do."""

    def run(self) -> None:
        """All of it, but for telling its end."""

    def run_here(self) -> None:
        """The same in the caller's own thread, for want of another."""

    def tell(self) -> None:
        """Tell its end."""


class Threads:
    """Those of an app, or of one purpose.

    What has begun goes before what has not, and finds some threads more: all others may wait for what it holds, as for
    a connection of a pool.

    PERF: threads that compute contend for the interpreter, and forty take twice the time of one. So an errand waits
    behind others as long as a thread is done with its own within a millisecond. A thread that is not is slow, and most
    likely waits for something: where all are slow, as many more are put to work.
    """

    def __init__(self, most: int) -> None:
        #: Where to put errands of each stage.
        self.stages = tuple(Stage(self, number, most) for number in (BEGINS, HAS_BEGUN, LETS_GO))
        self._lock = threading.Lock()  # of all that follows
        self._count = 0
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._swift = 0  # of these, not found to be slow
        self._looking: AbstractEventLoop | None = None  # that will look after errands that wait

    def put(self, errand: Errand) -> None:
        """Have an errand done of what begins."""
        self.stages[BEGINS].put(errand)

    def give_up(self, errand: Errand) -> bool:
        """As `Stage.give_up`."""
        return self.stages[BEGINS].give_up(errand)

    def _put(self, errand: Errand, stage: Stage) -> None:
        """From an event loop: have it done at once, or wait."""
        with self._lock:
            if self._swift or len(self._busy) >= stage.most:
                stage.waiting.append(errand)
                loop = get_running_loop()
                if self._looking is not loop:  # another may have ended
                    for worker in self._busy:
                        worker.seen = worker.number
                    self._look_later(loop)
                return
            free = self._worker()
        _do(free, errand)

    def _give_up(self, errand: Errand, stage: Stage) -> bool:
        with self._lock:
            try:
                stage.waiting.remove(errand)
            except ValueError:
                return False
            return True

    def _worker(self) -> _Worker | None:
        """The thread that was idle last, or a new one; None where none can be started."""
        if self._idle:
            worker = self._idle.pop()
        else:
            try:
                worker = _Worker(self, f"flask-{self._count + 1}")
            except RuntimeError:  # CPython 3.12 starts none while the process ends
                return None
            self._count += 1
        self._busy.add(worker)
        self._swift += 1
        return worker

    def _waiting(self, busy: int) -> Errand | None:
        """What is to be done next if so many are busy with others: of the last stage first, the longest there."""
        for stage in reversed(self.stages):
            if stage.waiting and busy < stage.most:
                return stage.waiting.popleft()
        return None

    def following(self, worker: _Worker) -> Errand | None:
        """What a thread that is done does next; None where it is idle from now on."""
        with self._lock:
            errand = self._waiting(len(self._busy) - 1)
            worker.number += 1
            if worker.is_slow:
                worker.is_slow = False
                self._swift += 1
            if errand is None:
                self._busy.discard(worker)
                self._swift -= 1
                self._idle.append(worker)
            return errand

    def _look_later(self, loop: AbstractEventLoop) -> None:
        self._looking = loop
        loop.call_later(_SECONDS_TO_LOOK, self._look, loop)

    def _look(self, loop: AbstractEventLoop) -> None:
        """Find who is slow; where all are, have as many more do what waits."""
        begun: list[tuple[_Worker | None, Errand]] = []
        with self._lock:
            for worker in self._busy:
                if worker.number != worker.seen:
                    worker.seen = worker.number
                elif not worker.is_slow:
                    worker.is_slow = True
                    self._swift -= 1
            if not self._swift:
                for _ in range(len(self._busy)):
                    errand = self._waiting(len(self._busy))
                    if errand is None:
                        break
                    begun.append((self._worker(), errand))
            if any(stage.waiting for stage in self.stages):
                self._look_later(loop)
            elif self._looking is loop:
                self._looking = None
        for free, errand in begun:
            _do(free, errand)


def _do(worker: _Worker | None, errand: Errand) -> None:
    if worker is None:
        errand.run_here()
    else:
        worker.errand = errand
        worker.may_work.release()


class Stage:
    """Errands of one kind, and how many of all may be under way for one of these to start."""

    def __init__(self, threads: Threads, number: int, most: int) -> None:
        self.number = number
        self.most = most + number * _RESERVED
        self.waiting: deque[Errand] = deque()
        self._threads = threads

    def put(self, errand: Errand) -> None:
        """Have it done."""
        self._threads._put(errand, self)

    def give_up(self, errand: Errand) -> bool:
        """Do not have it done, if it still waits and nobody waits for what it holds; whether it is so."""
        return self.number != LETS_GO and self._threads._give_up(errand, self)


class _Worker:
    """One thread."""

    def __init__(self, threads: Threads, name: str) -> None:
        self.errand: Errand | None = None
        self.number = 0  # of errands that it has done
        self.seen = -1  # at which it was when somebody looked
        self.is_slow = False
        self.may_work = threading.Lock()
        self.may_work.acquire()
        threading.Thread(target=self._work, args=(threads,), name=name, daemon=True).start()

    def _work(self, threads: Threads) -> None:
        while True:
            self.may_work.acquire()
            errand, self.errand = self.errand, None
            while errand is not None:
                errand.run()
                # First, so that whoever hears of the end and has more to do finds the thread idle.
                following = threads.following(self)
                errand.tell()
                errand = following
