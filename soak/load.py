"""Visitors who ask without a pause, and count what becomes of each request: nothing is forgiven, nothing asked twice.

A request that was sent on a connection that had served before, and whose connection ended without a byte of an answer,
is counted apart as `stale`: either side may end a kept connection at any time, so HTTP has the client ask again
(RFC 9112 §9.3.1), and these visitors do. All others that got no whole answer are lost.
"""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t
from collections import Counter
from statistics import median

from tests.contract.wire import Broken, Connection, request_head

if t.TYPE_CHECKING:
    from soak.service import Service

#: What becomes of a request: `refused` is a connection that was not made, `reset` one that ended before any answer to
#: its first request, `cut` an answer that was not whole, `wrong` not the right one, `late` none in time.
LOST = ("reset", "cut", "wrong", "late")


class Visitors:
    """Some threads that ask for one page over and over on kept connections, until they are told to leave."""

    def __init__(
        self, service: Service, count: int, target: str = "/hello/x", right: bytes = b"Hello, x!", patience: float = 20
    ) -> None:
        self._service, self._target, self._right, self._patience = service, target, right, patience
        self._leaving = threading.Event()
        self._lock = threading.Lock()
        self.counted: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.first: dict[str, str] = {}
        self.stay_after_refusal = True
        self._threads = [threading.Thread(target=self._visit) for _ in range(count)]

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Have everybody finish the request that is under way, and go."""
        self._leaving.set()
        for thread in self._threads:
            thread.join()

    @property
    def are_here(self) -> bool:
        """Whether anybody still asks."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def lost(self) -> int:
        """Requests that a server had, and did not answer whole and rightly."""
        return sum(self.counted[kind] for kind in LOST)

    def latency(self) -> str:
        """How long answers took."""
        if not self.seconds:
            return "no answer"
        ordered = sorted(self.seconds)
        return (
            f"median {median(ordered) * 1e3:.1f} ms, 99 % {ordered[int(len(ordered) * 0.99)] * 1e3:.0f} ms, "
            f"longest {ordered[-1] * 1e3:.0f} ms"
        )

    def __str__(self) -> str:
        told = ", ".join(f"{self.counted[kind]:,} {kind}" for kind in ("answered", "stale", "refused", *LOST))
        return told + "".join(f"; first {kind}: {words}" for kind, words in self.first.items())

    def _count(self, kind: str, words: str = "", seconds: float | None = None) -> None:
        with self._lock:
            self.counted[kind] += 1
            if words and kind not in self.first:
                self.first[kind] = words
            if seconds is not None:
                self.seconds.append(seconds)

    def _visit(self) -> None:
        head = request_head(self._target)
        connection: Connection | None = None
        while not self._leaving.is_set():
            is_kept = connection is not None
            began = time.perf_counter()
            try:
                connection = connection or self._service.connect(self._patience)
            except OSError:
                self._count("refused")
                if not self.stay_after_refusal:
                    return
                time.sleep(0.01)
                continue
            kind, words, keeps = self._ask(connection, head, is_kept)
            self._count(kind, words, time.perf_counter() - began if kind == "answered" else None)
            if not keeps:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _ask(self, connection: Connection, head: bytes, is_kept: bool) -> tuple[str, str, bool]:
        """What becomes of a request, in words too, and whether its connection can serve another."""
        try:
            connection.send(head)
            if not connection.has_begun():
                return "stale" if is_kept else "reset", "" if is_kept else "ended before the answer", False
        except TimeoutError:
            return "late", "", False
        except OSError as error:
            return "stale" if is_kept else "reset", "" if is_kept else repr(error), False
        try:
            answer = connection.answer()
        except TimeoutError:
            return "late", "", False
        except (OSError, Broken) as error:
            return "cut", str(error), False
        keeps = (answer.one("Connection") or "").lower() != "close"
        if answer.status != 200 or answer.body != self._right:
            return "wrong", f"{answer.status} {answer.body[:80]!r}", keeps
        return "answered", "", keeps


@contextlib.contextmanager
def others(service: Service, count: int = 2) -> t.Iterator[Visitors]:
    """Ordinary visitors, while somebody else is not."""
    with Visitors(service, count) as visitors:
        yield visitors
