"""A thousand WebSockets that echo for a minute, and are all spoken to every second: nothing lost, nothing left behind.

Each socket sends numbered messages of many lengths, the next one when the last has come back, and checks every one;
each also has to hear every broadcast once, in order. Before, as many sockets come, echo for a moment and go: every
second one closes as the protocol asks, the others break off. After both, the server says what it holds: open files,
tasks, contexts and memory have to be what they were. A real server (uvicorn) and a client of our own, both ends on
127.0.0.1.

    python -m bench sockets [--sockets 1000] [--seconds 60] [--sides quart …] [--json FILE] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import statistics
import time
import typing as t
from pathlib import Path

from bench import asynchronous, environments, held, machine, servers, websocket_client
from bench.visitors import some_at_once
from bench.waiting import SIDES, SPARE

TARGET = "bench.sockets_app:asgi"
WARM_UP = 3  # seconds that the first sockets stay
EVERY = 1  # seconds between broadcasts
CONNECTING = 50  # at a time
SETTLING = 10  # seconds that a server may take to see that everybody has gone
BLOCKS_BAR, ANY_BLOCKS = 1, 1_000  # of Python's allocations: for each socket that came and went, or in all
GROWTH_BAR, CHANCE = 10, 8_192  # percent or kilobytes of memory that the allocator may keep or give back, by chance
TEXT = "".join(chr(33 + number % 90) for number in range(2_000))
Told = dict[str, t.Any]


class Echoing:
    """One socket's account: what it has sent, what came back, what it heard that was said to all."""

    def __init__(self, name: int) -> None:
        self._name, self.count, self.on_its_way = name, 0, ""
        self.heard: list[int] = []
        self.waits: list[float] = []
        self.lasting = True
        self._sent = 0.0
        self.idle = asyncio.Event()  # set with the last answer

    def message(self) -> str:
        """The next message: whose it is, its number, and more text or less, beyond the limits of a short frame."""
        return f"{self._name}:{self.count}:{TEXT[: (self.count * 37) % len(TEXT) if self.count % 8 == 0 else 16]}"

    def speak(self, socket: websocket_client.Socket) -> None:
        self.on_its_way, self._sent = self.message(), time.perf_counter()
        socket.send(self.on_its_way)

    def hear(self, socket: websocket_client.Socket, text: str) -> None:
        """Count a message; the measurement ends at one that is not what was sent."""
        if text.startswith("broadcast "):
            self.heard.append(int(text.removeprefix("broadcast ")))
            return
        if text != self.on_its_way:
            raise ValueError(f"{self.on_its_way[:80]!r} came back as {text[:80]!r}")
        self.waits.append(time.perf_counter() - self._sent)
        self.count += 1
        self.on_its_way = ""
        if self.lasting:
            self.speak(socket)
        else:
            self.idle.set()


def _asked(port: int, path: str) -> Told:
    """What the application answers, which has to be JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: status {answer.status}: {data[:400]!r}")
        told: Told = json.loads(data)
        return told
    finally:
        connection.close()


async def all_for(port: int, sockets: int, seconds: float, every: float) -> Told:
    """What became of the messages of so many sockets that came, echoed, heard the broadcasts, and went."""
    accounts = [Echoing(number) for number in range(sockets)]
    made: dict[int, websocket_client.Socket] = {}

    async def come(number: int) -> None:
        made[number] = await websocket_client.connected(port, "/ws", accounts[number].hear)

    await some_at_once((come(number) for number in range(sockets)), CONNECTING)
    begin = time.perf_counter()
    for number, socket in made.items():
        accounts[number].speak(socket)
    told: list[int] = []
    while (left := begin + seconds - time.perf_counter()) > 0:
        await asyncio.sleep(min(every, left))
        told.append((await asyncio.to_thread(_asked, port, f"/broadcast/{len(told)}"))["told"])
    for account in accounts:
        account.lasting = False
    waiting = (asyncio.wait_for(account.idle.wait(), websocket_client.WAIT) for account in accounts)
    unanswered = sum(
        isinstance(found, TimeoutError) for found in await asyncio.gather(*waiting, return_exceptions=True)
    )
    took = time.perf_counter() - begin
    early = [socket.ended for socket in made.values() if socket.ended.done()]
    closed = [socket.close() for number, socket in made.items() if number % 2 == 0 and not socket.ended.done()]
    for number, socket in made.items():
        if number % 2:
            socket.abort()
    codes = await asyncio.gather(*closed, return_exceptions=True)
    waits = sorted(wait for account in accounts for wait in account.waits)
    return {
        "seconds": took,
        "messages": sum(account.count for account in accounts),
        "fewest": min(account.count for account in accounts),
        "unanswered": unanswered,
        "closed early": len(early),
        "errors": [str(ended.exception()) for ended in early if ended.exception()],
        "closed wrongly": sum(code != 1000 for code in codes),
        "broadcasts": len(told),
        "told": told,
        "heard wrongly": sum(account.heard != list(range(len(told))) for account in accounts),
        "ms": {"median": statistics.median(waits) * 1e3, "99 %": waits[int(len(waits) * 0.99)] * 1e3},
    }


def settled(port: int) -> Told:
    """What the server holds once nobody is there any more, or what it still holds after a while."""
    end = time.monotonic() + SETTLING
    while _asked(port, "/held")["there"] and time.monotonic() < end:
        time.sleep(0.2)
    time.sleep(1)  # the connections themselves end a little later than what is told of them
    return _asked(port, "/held")


def measure(interpreter: Path, side: str, sockets: int, seconds: float) -> Told:
    """The figures of a server whose sockets come and go twice, the second time for long."""
    port = servers.free_port()

    def wrong() -> str:
        try:
            _asked(port, "/held")
        except (OSError, http.client.HTTPException) as error:
            return str(error) or type(error).__name__
        return ""

    command = asynchronous.command("uvicorn", interpreter, port, TARGET)
    with servers.running(command, {"BENCH_SIDE": side}, wrong, f"uvicorn, {side}") as pid:
        asyncio.run(all_for(port, sockets, WARM_UP, EVERY))
        before, taken = settled(port), servers.processor_time(pid)
        found = asyncio.run(all_for(port, sockets, seconds, EVERY))
        found["µs"] = (servers.processor_time(pid) - taken) / (found["messages"] + sum(found["told"])) * 1e6
        return {**found, "sockets": sockets, "before": before, "after": settled(port)}


def lost(told: Told) -> dict[str, int]:
    """How much was lost, by kind; all have to be nought."""
    kinds = {name: told[name] for name in ("unanswered", "closed early", "closed wrongly", "heard wrongly")}
    return {**kinds, "broadcasts to fewer than all": sum(many != told["sockets"] for many in told["told"])}


def leaked(told: Told) -> dict[str, int]:
    """What there is more of after than before, by kind; memory only beyond what chance explains."""
    before, after = told["before"], told["after"]
    more = {
        name: after[name] - before[name]
        for name in ("there", "open files", "tasks", *held.OF_A_REQUEST)
        if after[name] > before[name]
    }
    if (blocks := after["blocks"] - before["blocks"]) > max(told["sockets"] * BLOCKS_BAR, ANY_BLOCKS):
        more["blocks"] = blocks
    if (grown := after["kB"] - before["kB"]) > max(before["kB"] * GROWTH_BAR / 100, CHANCE):
        more["kB"] = grown
    return more


def text(found: t.Mapping[str, Told]) -> str:
    """The figures of each side, and whether what has to hold does."""
    lines = []
    for side, told in found.items():
        missing, more = {kind: many for kind, many in lost(told).items() if many}, leaked(told)
        rate, ms = told["messages"] / told["seconds"], told["ms"]
        lines.append(f"{side}: {told['sockets']:,} WebSockets for {told['seconds']:.0f} s")
        figures = {
            "messages that came back as they went": f"{told['messages']:,}, {rate:,.0f}/s, on each socket at least "
            f"{told['fewest']:,}",
            "until one is back": f"median {ms['median']:.0f} ms, 99 % {ms['99 %']:.0f} ms",
            "broadcasts to all": f"{told['broadcasts']}",
            "processor time for each message out": f"{told['µs']:.1f} µs",
            "lost": f"{missing or 'nothing'} ({'UNMET' if missing else 'met'})",
            "left behind": f"{more or 'nothing'} ({'UNMET' if more else 'met'})",
            "held before": _holding(told["before"]),
            "held after": _holding(told["after"]),
        }
        lines += [f"  {what}: {figure}" for what, figure in figures.items()]
        lines += [f"    {error}" for error in told["errors"][:3]]
    return "\n".join(lines)


def _holding(told: Told) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in told.items() if count)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench sockets", description=str(__doc__).splitlines()[0])
    parser.add_argument("--sockets", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--sides", nargs="*", default=["ours"], choices=SIDES, metavar="SIDE")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument(
        "--figures", type=Path, metavar="FOLDER", help="also write sockets.md there, for the documentation"
    )
    options = parser.parse_args(arguments)
    if not machine.let_open(options.sockets + SPARE):
        raise SystemExit(f"this system does not allow {options.sockets + SPARE:,} open files; fewer --sockets may do")

    sides = {side: environments.make(SIDES[side]) for side in options.sides}
    about = machine.setting(sides)
    found = {side: measure(interpreter, side, options.sockets, options.seconds) for side, interpreter in sides.items()}
    print(f"{machine.heading(about)}\nuvicorn, one process; the client is one process too\n\n{text(found)}")
    machine.write_json(options.json, about, found)
    machine.publish(options.figures, "sockets", about, text(found))
