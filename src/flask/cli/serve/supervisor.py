"""The process that starts workers, replaces them, and ends them all; it never imports the app.

So a reload brings new code, and code that is broken leaves the workers that serve where they are. No request that was
accepted is lost: a worker ends only after its connections were told, and the listening socket outlives all workers.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import sys
import time
import typing as t
from collections import deque
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection, wait

from . import process
from .listening import Listener
from .settings import Settings

if t.TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from types import FrameType

_log = logging.getLogger("flask.serve")

# Exit statuses of the command, beside 1 for an address that cannot be had and 2 for options that cannot be.
DRAINED = 0
NEVER_STARTED = 3
LOST_ALL = 4
CUT_OFF = 5
YIELDS = 6  # never the command's: the app has a command of this name itself
SIGNALLED = 128  # and the number of the signal, as a shell tells it

# A worker that ends sooner than this after it began is not replaced at once but after a pause.
SHORT_LIFE = 1.0
PAUSE, PAUSE_AT_MOST = 0.5, 10.0
# Once no worker serves any more, so many starts may fail.
FAILED_STARTS = 5
# How often to look where the system cannot wake.
LOOK = 0.5
QUEUE_LOOK = 0.01
# A connection that Granian has accepted, and not yet looked at, is dropped where it is to stop at that very moment.
SETTLED = 0.1
# After which a worker that does not serve yet is worth a line in the log.
LONG_START = 15.0


class Worker:
    """A worker as its supervisor sees it: a process, the line to it, and how far it is in its life."""

    def __init__(
        self, number: int, place: int, settings: Settings, variables: dict[str, str], listening: socket.socket
    ) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.number = number
        self.place = place
        self.line: Connection = ours
        self.process: BaseProcess = context.Process(
            name=f"flask-serve-{number}", target=process.main, args=(settings, variables, listening, theirs)
        )
        self.process.start()
        theirs.close()
        self.pid = self.process.pid
        self.long_at: float | None = time.monotonic() + LONG_START
        self.serves_since: float | None = None
        self.instead_of: Worker | None = None
        self.failure: str | None = None
        self.leaves = False
        self.stop_at: float | None = None
        self.kill_at: float | None = None
        self.was_killed = False

    @property
    def is_starting(self) -> bool:
        """Whether it does not serve yet."""
        return self.serves_since is None and not self.leaves

    @property
    def is_serving(self) -> bool:
        """Whether it serves, and is to go on."""
        return self.serves_since is not None and not self.leaves

    def tell(self, order: str) -> None:
        """Send an order; a process that is gone will be noticed anyway."""
        with suppress(OSError):
            self.line.send(order)

    def heard(self) -> list[tuple[t.Any, ...]]:
        """What it has said since."""
        found = []
        with suppress(EOFError, OSError):
            while self.line.poll():
                found.append(self.line.recv())
        return found

    def end(self, now: float, graceful: float) -> None:
        """Begin its end: its responses say that connections close; then it stops; at last it is killed."""
        if self.leaves:
            return
        self.leaves = True
        if self.serves_since is None:
            self.kill()
            return
        self.tell(process.CLOSING)
        self.stop_at = now + min(process.CLOSING_SECONDS, graceful)
        self.kill_at = now + graceful

    def kill(self) -> None:
        """End it at once."""
        self.leaves = True
        self.process.kill()

    def how_it_ended(self) -> str:
        """In words."""
        code = self.process.exitcode or 0
        if code >= 0:
            return f"ended with exit status {code}"
        try:
            return f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"


class Supervisor:
    """Keeps a number of workers serving until it is told to end; `run` gives the exit status of the command."""

    def __init__(self, settings: Settings, listener: Listener, variables: dict[str, str] | None = None) -> None:
        self._settings = settings
        self._listener = listener
        self._variables = variables or {}
        self._workers: list[Worker] = []
        self._numbers = 0
        self._to_replace: deque[Worker] = deque()
        self._signals: deque[int] = deque()
        self._pause_until = 0.0
        self._failed_starts = 0
        self._has_served = False
        self._status: int | None = None
        self._drain_at: float | None = None
        self._drains_since: float | None = None
        self._last_shape: object = None
        self._cut_off = False

    def run(self, meanwhile: t.Callable[[], None] = lambda: None) -> int:
        """Serve until a signal ends it. `meanwhile` is called as soon as a first process is on its way."""
        with ExitStack() as stack:
            stack.callback(self._kill_all)
            wakes = stack.enter_context(_Signals(self._signals.append))
            self._start()
            meanwhile()
            while self._status is None:
                self._wait(wakes)
                self._take_signals()
                self._hear()
                self._bury()
                if self._status is None:
                    self._go_on(time.monotonic())
        return self._status

    # ---- what happens

    def _wait(self, wakes: socket.socket) -> None:
        things: list[t.Any] = [wakes]
        for worker in self._workers:
            things += [worker.line, worker.process.sentinel]
        for ready in wait(things, self._time_left()):
            if ready is wakes:
                with suppress(BlockingIOError):
                    wakes.recv(4096)

    def _time_left(self) -> float:
        if any(worker.stop_at is not None for worker in self._workers):
            return QUEUE_LOOK
        now = time.monotonic()
        moments = [self._pause_until, self._drain_at or 0, *(worker.kill_at or 0 for worker in self._workers)]
        return min((max(moment - now, 0.001) for moment in moments if moment > now), default=LOOK)

    def _take_signals(self) -> None:
        while self._signals:
            number = self._signals.popleft()
            if number == getattr(signal, "SIGHUP", None):
                self._reload(f"{signal.Signals(number).name} received")
            else:
                self._end(number)

    def _hear(self) -> None:
        for worker in list(self._workers):
            self._hear_from(worker)

    def _hear_from(self, worker: Worker) -> None:
        for kind, *said in worker.heard():
            if kind == process.SERVING:
                self._serves(worker, *said)
            elif kind == process.FAILED:
                worker.failure = said[0]
            elif kind == process.YIELDS:
                self._status = YIELDS
            elif kind == process.ASKS and self._may_replace(worker):
                self._to_replace.append(worker)
            elif kind == process.CHANGED and self._may_replace(worker):
                self._reload(f"{said[0]!r} has changed")

    def _may_replace(self, worker: Worker) -> bool:
        return worker.is_serving and worker not in self._to_replace and self._drain_at is None

    def _serves(self, worker: Worker, interface: str, threads: int, why: str) -> None:
        if worker.leaves:
            return
        worker.serves_since = time.monotonic()
        self._has_served = True
        self._failed_starts = 0
        if self._drain_at is not None:
            worker.tell(process.UNREADY)
        shape = interface, threads, why
        if shape != self._last_shape:
            self._last_shape = shape
            with_threads = f" with {threads} threads each" if threads > 1 else ""
            _log.info("The app is served by %s%s: %s", interface.upper(), with_threads, why)
        _log.info("Worker %d serves (process %s)", worker.number, worker.pid)
        before = worker.instead_of
        if before is not None and before in self._workers:
            self._retire(before)

    def _bury(self) -> None:
        for worker in [w for w in self._workers if w.process.exitcode is not None]:
            self._hear_from(worker)
            self._workers.remove(worker)
            worker.line.close()
            worker.process.join()
            with suppress(ValueError):
                self._to_replace.remove(worker)
            if worker.was_killed:
                self._cut_off = self._drain_at is not None
                _log.error("Worker %d was killed: it had not ended within the graceful timeout", worker.number)
            elif worker.leaves:
                _log.info("Worker %d has ended", worker.number)
            elif worker.serves_since is None:
                if self._status is None:
                    self._failed_to_start(worker)
            else:
                self._crashed(worker, worker.serves_since)

    def _failed_to_start(self, worker: Worker) -> None:
        if worker.failure is not None:
            _log.error("Worker %d could not be started.\n%s", worker.number, worker.failure)
        else:
            _log.error("Worker %d (process %s) %s before it served", worker.number, worker.pid, worker.how_it_ended())
        self._failed_starts += 1
        self._pause_until = time.monotonic() + min(PAUSE * 2 ** (self._failed_starts - 1), PAUSE_AT_MOST)
        serving = sum(w.is_serving for w in self._workers)
        if not self._has_served:
            _log.error("The app could not be started; nothing is served")
            self._status = NEVER_STARTED
        elif worker.instead_of in self._workers:
            self._to_replace.clear()
            _log.error("Nothing is replaced: the %d that serve go on as they are", serving)
        elif not serving and self._failed_starts >= FAILED_STARTS:
            _log.critical("No worker is left, and %d could not be started", FAILED_STARTS)
            self._status = LOST_ALL

    def _crashed(self, worker: Worker, since: float) -> None:
        replaced = "; it is replaced" if self._drains_since is None else ""
        _log.error("Worker %d (process %s) %s%s", worker.number, worker.pid, worker.how_it_ended(), replaced)
        now = time.monotonic()
        if now - since < SHORT_LIFE:
            self._pause_until = now + PAUSE

    # ---- what is done

    def _go_on(self, now: float) -> None:
        """Whatever is due: nothing of it waits."""
        if self._drain_at is not None and now >= self._drain_at:
            self._drain(now)
        else:
            self._start_what_is_missing(now)
            self._replace(now)
            # What a worker that leaves has in its queue it still accepts; nobody else comes to it.
            self._listener.steer_to(sorted({worker.place for worker in self._workers if worker.is_serving}))
        for worker in self._workers:
            if worker.is_starting and worker.long_at is not None and now >= worker.long_at:
                worker.long_at = None
                _log.warning(
                    "Worker %d (process %s) still loads the app, after %d s", worker.number, worker.pid, LONG_START
                )
            if worker.kill_at is not None and now >= worker.kill_at:
                worker.was_killed = True
                worker.kill_at = None
                worker.kill()
            elif worker.stop_at is not None:
                self._stop(worker, worker.stop_at, now)

    def _stop(self, worker: Worker, stop_at: float, now: float) -> None:
        """Let a worker stop accepting when it is time, and some time after the last one in its queue was accepted."""
        if self._is_queued_for(worker):
            worker.stop_at = max(stop_at, now + SETTLED)
        elif now >= stop_at:
            worker.stop_at = None
            worker.tell(process.STOP)

    def _start_what_is_missing(self, now: float) -> None:
        coming = [worker for worker in self._workers if worker.is_starting and worker.instead_of not in self._workers]
        missing = self._settings.workers - len(coming) - sum(worker.is_serving for worker in self._workers)
        if now < self._pause_until:
            return
        if not self._has_served or self._failed_starts:  # one shows whether the app can be served at all
            missing = min(missing, 1 - sum(worker.is_starting for worker in self._workers))
        for _ in range(missing):
            self._start()

    def _replace(self, now: float) -> None:
        """One at a time, and none before its successor serves."""
        if not self._to_replace or now < self._pause_until or any(w.is_starting for w in self._workers):
            return
        if self._free_place() is None:
            return  # until one of those that leave has left
        before = self._to_replace.popleft()
        if before.is_serving:
            self._start(before)

    def _free_place(self) -> int | None:
        """A place without a worker, None if there is none; first one where somebody is queued, or is about to be."""
        if self._listener.places is None:
            return 0
        taken = {worker.place for worker in self._workers}
        free = [place for place in range(self._listener.places) if place not in taken]
        waited_at = [place for place in free if self._listener.has_queue(place)]
        newcomers_at = [place for place in free if place in self._listener.open_to]
        return next(iter((*waited_at, *newcomers_at, *free)), None)

    def _start(self, instead_of: Worker | None = None) -> None:
        place = self._free_place()
        if place is None:
            return
        self._numbers += 1
        worker = Worker(self._numbers, place, self._settings, self._variables, self._listener.of(place))
        worker.instead_of = instead_of
        self._workers.append(worker)

    def _retire(self, worker: Worker) -> None:
        with suppress(ValueError):
            self._to_replace.remove(worker)
        worker.end(time.monotonic(), self._settings.graceful_timeout)

    def _reload(self, why: str) -> None:
        if self._drain_at is not None:
            return
        _log.info("%s: the workers are replaced, one by one", why)
        # Those that start at this moment may have read what was there before.
        self._to_replace = deque(w for w in self._workers if not w.leaves)

    def _end(self, number: int) -> None:
        name = signal.Signals(number).name
        if self._drain_at is not None:
            _log.warning("%s received again: ending at once", name)
            self._status = SIGNALLED + number
            return
        delay = self._settings.shutdown_delay
        still = f", after {delay:g} s in which requests are still taken" if delay else ""
        _log.info("%s received: ending%s", name, still)
        self._to_replace.clear()
        self._drain_at = time.monotonic() + delay
        for worker in self._workers:
            worker.tell(process.UNREADY)

    def _is_awaited(self, worker: Worker) -> bool:
        """Whether somebody is queued whom only this worker will serve."""
        others = any(other.place == worker.place and other.is_serving for other in self._workers)
        return not others and self._has_served and self._listener.has_queue(worker.place)

    def _drain(self, now: float) -> None:
        """End every worker; one that has yet to serve only if nobody waits for it."""
        if self._drains_since is None:
            self._drains_since = now
            self._listener.close_to_newcomers()
        graceful = self._settings.graceful_timeout
        for worker in self._workers:
            if worker.is_serving or now >= self._drains_since + graceful or not self._is_awaited(worker):
                worker.end(now, graceful)
        if not self._workers:
            self._status = CUT_OFF if self._cut_off else DRAINED

    def _is_queued_for(self, worker: Worker) -> bool:
        """Whether somebody is queued whom nobody else will accept."""
        shared = self._drains_since is None and self._listener.places is None
        return not shared and self._listener.has_queue(worker.place)

    def _kill_all(self) -> None:
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.process.join()
        self._listener.close()


class _Signals:
    """While entered, signals are noted, and wake whoever waits for the socket that it gives."""

    def __init__(self, note: t.Callable[[int], None]) -> None:
        self._note = note
        self._before: dict[int, t.Any] = {}

    def __enter__(self) -> socket.socket:
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._fd_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        names = ["SIGINT", "SIGTERM", "SIGBREAK" if sys.platform == "win32" else "SIGHUP"]
        for number in (getattr(signal, name) for name in names):
            self._before[number] = signal.signal(number, self._take)
        return self._reader

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._note(number)

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        self._reader.close()
        self._writer.close()
