"""A real server on 127.0.0.1 from its first right answer until a block ends, and what asking it costs it.

Nothing here knows an application, a row or a side; no server outlives the block that started it.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

from bench import machine
from bench.model import Request

Figures = dict[str, float]
START = 30  # seconds within which a server has to answer


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
    return found


@contextlib.contextmanager
def running(
    command: t.Sequence[str | Path],
    variables: t.Mapping[str, str],
    wrong: t.Callable[[], str],
    name: str,
    ending: float = 10,
) -> t.Iterator[int]:
    """A server's process id, from when nothing is `wrong` with its answer until the block ends."""
    environment = {**machine.environment_of_a_child(), **variables, "PYTHONPATH": str(machine.ROOT)}
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command,
            cwd=machine.ROOT,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            found = "no answer"
            end = time.monotonic() + START
            while found and process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
                found = wrong()
            if found:
                said.seek(0)
                raise SystemExit(f"{name}: {found}\n{said.read()}")
            yield process.pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(ending)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wrong_answer(port: int, request: Request, *, peer: bool) -> str:
    """What is wrong with a server's answer to a request; empty if nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(request.method, request.path)
        answer = connection.getresponse()
        return request.wrong(f"{answer.status} {answer.reason}", answer.getheaders(), answer.read(), peer=peer)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()


def processor_time(root: int) -> float:
    """The seconds of processor time that a process and all that descend from it have taken until now."""
    tree: dict[int, tuple[int, int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended in the meantime
            continue
        tree[int(path.parent.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    mine, ticks = {root}, tree[root][1]
    while found := {pid for pid, (parent, _) in tree.items() if parent in mine} - mine:
        mine |= found
        ticks += sum(tree[pid][1] for pid in found)
    return ticks / os.sysconf("SC_CLK_TCK")


def cost(pid: int, ask: t.Callable[[], tuple[int, float]]) -> Figures:
    """Requests per second, and microseconds of the server's processor time for each, of what `ask` counts and times."""
    before = processor_time(pid)
    count, took = ask()
    return {"requests/s": count / took, "µs": (processor_time(pid) - before) / count * 1e6}


def wrk(port: int, path: str, connections: int, seconds: int) -> tuple[int, float]:
    """Requests answered, and the seconds it took; any answer that failed ends the measurement."""
    url = f"http://127.0.0.1:{port}{path}"
    asked = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", url]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    counted = re.search(r"(\d+) requests in ([\d.]+)(m?s|m)", said)
    if counted is None or "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"wrk at {url}:\n{said}")
    return int(counted[1]), float(counted[2]) * {"ms": 0.001, "s": 1, "m": 60}[counted[3]]


def taking_turns(sides: t.Mapping[str, t.Callable[[], Figures]], turns: int) -> dict[str, list[Figures]]:
    """The figures of each side, turn by turn; the order changes, and those that are not asked do nothing."""
    found: dict[str, list[Figures]] = {side: [] for side in sides}
    for turn in range(turns):
        for side in list(sides) if turn % 2 else list(sides)[::-1]:
            found[side].append(sides[side]())
    return found


def insist_on_linux_with_wrk() -> None:
    """End the measurement, saying why, where a server's processor time cannot be read or nothing can ask it."""
    if not Path("/proc/self/stat").exists():
        raise SystemExit("a server's processor time is read from /proc, which this system does not have")
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not on PATH; it is in the package wrk (apt install wrk, dnf install wrk)")
