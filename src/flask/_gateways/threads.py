"""Threads that do what may block, as many as are needed at a time up to a number; they end with the process.

What an errand is for is not known here, nor what it waits for.
"""

from __future__ import annotations

import threading
import typing as t
from collections import deque

# The stages of what threads do: what begins, what has begun and may hold what others wait for, what only lets go of it.
BEGINS, HAS_BEGUN, LETS_GO = range(3)
_RESERVED = 4


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
    """

    def __init__(self, most: int) -> None:
        self.most = most
        #: Where to put errands of each stage.
        self.stages = tuple(Stage(self, most + stage * _RESERVED) for stage in (BEGINS, HAS_BEGUN, LETS_GO))
        self._lock = threading.Lock()
        self._count = 0
        self._busy = 0
        self._idle: list[_Worker] = []

    def put(self, errand: Errand) -> None:
        """Have an errand done of what begins."""
        self.stages[BEGINS].put(errand)

    def _start(self, errand: Errand, stage: Stage) -> None:
        """Have it done by the thread that was idle last, or a new one, or the first that will be."""
        with self._lock:
            if self._busy >= stage.most:
                stage.waiting.append(errand)
                return
            self._busy += 1
            if self._idle:
                worker: _Worker | None = self._idle.pop()
            else:
                try:
                    worker = _Worker(self, f"flask-{self._count + 1}")
                except RuntimeError:  # CPython 3.12 starts none while the process ends
                    self._busy -= 1
                    worker = None
                else:
                    self._count += 1
        if worker is None:
            errand.run_here()
            return
        worker.errand = errand
        worker.may_work.release()

    def next_for(self, worker: _Worker) -> Errand | None:
        """What waits, of the last stage first and the longest; None where the worker is idle from now on."""
        with self._lock:
            for stage in reversed(self.stages):
                if stage.waiting and self._busy <= stage.most:
                    return stage.waiting.popleft()
            self._busy -= 1
            self._idle.append(worker)
            return None


class Stage:
    """Errands of one kind, and how many of all may be under way for one of these to start."""

    def __init__(self, threads: Threads, most: int) -> None:
        self.most = most
        self.waiting: deque[Errand] = deque()
        self._threads = threads

    def put(self, errand: Errand) -> None:
        """Have it done."""
        self._threads._start(errand, self)


class _Worker:
    """One thread."""

    def __init__(self, threads: Threads, name: str) -> None:
        self.errand: Errand | None = None
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
                following = threads.next_for(self)
                errand.tell()
                errand = following
