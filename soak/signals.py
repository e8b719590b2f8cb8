"""What is done to a service under load: its workers killed, a reload, an orderly end. Each request is counted."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import time

from soak.load import Visitors
from soak.model import Record, Scenario, Size, eventually
from soak.service import WORKERS, Service, is_alive

SLEEP = 700  # milliseconds that a slow request takes
ENDING = 30.0


def killed(service: Service, size: Size, record: Record) -> None:
    """Kill one worker after another: only what it was at is lost, and another one takes its place."""
    replaced: list[float] = []
    with Visitors(service, size.visitors) as visitors:
        time.sleep(size.seconds / 4)
        for _ in range(size.deaths):
            victim = min(service.workers())
            os.kill(victim, signal.SIGKILL)
            began = time.monotonic()
            full = eventually(functools.partial(_is_full_without, service, victim))
            record.expect(full, "a worker that was killed was not replaced")
            replaced.append(time.monotonic() - began)
        time.sleep(size.seconds / 4)
    record.tell(f"{size.deaths} workers killed under load: {visitors}")
    record.tell(f"replaced after {max(replaced):.1f} s at most")
    at_most = size.deaths * size.visitors
    record.expect(not visitors.counted["refused"], f"connections were refused: {visitors}")
    record.expect(not visitors.counted["wrong"] and not visitors.counted["late"], f"{visitors}")
    record.expect(
        visitors.lost + visitors.counted["stale"] <= at_most,
        f"more was lost than the workers were at, {at_most}: {visitors}",
    )
    record.expect(service.process.poll() is None, "the service has ended")


def reloaded(service: Service, size: Size, record: Record) -> None:
    """HUP replaces each worker, and no request is lost, refused or answered wrongly."""
    old = service.workers()
    rounds = max(1, size.deaths // 2)
    with Visitors(service, size.visitors) as visitors, Visitors(service, 2, f"/sleep/{SLEEP}", _slept()) as slow:
        time.sleep(size.seconds / 4)
        for _ in range(rounds):
            before = service.workers()
            service.tell(signal.SIGHUP)
            renewed = eventually(functools.partial(_have_gone, before), ENDING)
            record.expect(renewed, "HUP has not replaced all workers")
            record.expect(len(service.told()) == WORKERS, "there are fewer workers after HUP")
        time.sleep(size.seconds / 4)
    record.tell(f"{rounds} reloads under load: {visitors}; slow requests: {slow}")
    record.expect(not old & service.workers(), "a worker is the old one")
    _judge(visitors, record, refusals=0)
    _judge(slow, record, refusals=0)


def ended(service: Service, size: Size, record: Record) -> None:
    """TERM: what was accepted is answered, then the service ends, with exit code 0."""
    with (
        Visitors(service, size.visitors) as visitors,
        Visitors(service, 4, f"/sleep/{SLEEP}", _slept()) as slow,
    ):
        for some in (visitors, slow):
            some.stay_after_refusal = False
        time.sleep(max(1.0, size.seconds / 4))
        began = time.monotonic()
        service.tell(signal.SIGTERM)
        code = service.wait()
        took = time.monotonic() - began
        left = eventually(lambda: not visitors.are_here and not slow.are_here)
    record.tell(f"TERM under load: {visitors}; slow requests: {slow}; ended after {took:.1f} s with code {code}")
    record.expect(code == 0, f"it ended with code {code}")
    record.expect(left, "somebody is still answered after the end")
    _judge(visitors, record, refusals=size.visitors)
    _judge(slow, record, refusals=4)
    record.expect(slow.counted["answered"], "no slow request was answered at all")


def _is_full_without(service: Service, dead: int) -> bool:
    return len(service.workers() - {dead}) == WORKERS


def _have_gone(processes: set[int]) -> bool:
    return not any(is_alive(process) for process in processes)


def _slept() -> bytes:
    return f"slept {SLEEP}".encode()


def _judge(visitors: Visitors, record: Record, refusals: int) -> None:
    """Nothing is lost; nor does a kept connection end while a request is on its way, to be repeated."""
    record.expect(not visitors.lost, f"requests were lost: {visitors}")
    record.expect(not visitors.counted["stale"], f"kept connections were ended unannounced: {visitors}")
    record.expect(visitors.counted["refused"] <= refusals, f"connections were refused: {visitors}")


def under_wrk(service: Service, size: Size, record: Record) -> None:
    """HUP and TERM while wrk asks: no socket fails and no answer is an error, but for refusals after the end."""
    if shutil.which("wrk") is None:
        record.tell("not done: wrk is not here")
        return
    seconds = int(max(6, size.seconds * 2))
    before = service.workers()
    asking = _wrk(service, seconds)
    time.sleep(1)
    service.tell(signal.SIGHUP)
    renewed = eventually(functools.partial(_have_gone, before), ENDING)
    said = asking.communicate()[0]
    record.expect(renewed, "HUP has not replaced all workers")
    record.tell(f"HUP: {_summary(said)}")
    record.expect("Socket errors" not in said and "Non-2xx" not in said, f"HUP under wrk: {_summary(said)}")
    asking = _wrk(service, 4)
    time.sleep(2)
    service.tell(signal.SIGTERM)
    code = service.wait()
    said = asking.communicate()[0]
    record.tell(f"TERM: {_summary(said)}, code {code}")
    # What wrk calls errors of writing are its attempts to connect once the service has ended, which it never gives up.
    errors = re.search(r"Socket errors: connect \d+, read (\d+), write \d+, timeout (\d+)", said)
    lost = sum(map(int, errors.groups())) if errors else 0
    record.expect(not lost and "Non-2xx" not in said and not code, f"TERM under wrk: {_summary(said)}")


def _wrk(service: Service, seconds: int) -> subprocess.Popen[str]:
    words = ["wrk", "--threads", "1", "--connections", "16", "--duration", f"{seconds}s", f"{service.url}/hello/x"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _summary(said: str) -> str:
    kept = [line.strip() for line in said.splitlines() if re.search(r"requests in|Socket errors|Non-2xx", line)]
    return "; ".join(kept)


SCENARIOS = (
    Scenario("kill -9 of workers", "Only what a killed worker was at is lost.", killed, is_alone=True),
    Scenario("HUP under load", "All workers are replaced and no request is lost.", reloaded, is_alone=True),
    Scenario("TERM under load", "What was accepted is answered, then it ends.", ended, is_alone=True),
    Scenario("HUP and TERM under wrk", "No request fails.", under_wrk, is_alone=True),
)
