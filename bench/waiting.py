"""Ten thousand requests that wait at once in one process: whether each finds its own again, and what each costs.

Everybody enters with a token, which the session keeps in its cookie. Then all ask at once; the application lets nobody
go before all are there, and then each waits for a second: so that many do wait at the same moment. Then they ask again,
each for itself. The token has to come back through the session, `g`, a context variable and the arguments; every tenth
visitor is behind Flask-Login's login_required. It is a real server (uvicorn) with a connection for each request, both
ends on 127.0.0.1; where the system does not allow so many open files, or by choice, the application is called in one
process.

    python -m bench waiting [--requests 10000] [--wait 1] [--sides quart …] [--in-process] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import typing as t
from pathlib import Path

from bench import asynchronous, environments, held, machine, servers
from bench.model import Request
from bench.visitors import Answer, some_at_once, visit

TARGET = "bench.waiting_app:asgi"
SIDES = {"ours": "ours-async", "quart": "quart"}
MOST_THREADS = 100  # far less than one for each request
SPARE = 200  # open files beside the connections
CONNECTING = 100  # at a time
KEEP_ALIVE = 600  # seconds, as a connection rests while others are made


class Connection(asyncio.Protocol):
    """A kept HTTP connection that one request at a time is asked on; the answer has to state its length."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._data = b""
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = t.cast(asyncio.Transport, transport)

    async def ask(self, path: str, cookie: str) -> Answer:
        """The answer to a request."""
        sent = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n" + (f"Cookie: {cookie}\r\n" if cookie else "") + "\r\n"
        self._data, self._answer = b"", asyncio.get_running_loop().create_future()
        self._transport.write(sent.encode())
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        if not found or self._answer is None:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = [(name.lower(), value.strip()) for name, _, value in pairs]
        if len(body) >= int(dict(headers)["content-length"]) and not self._answer.done():
            self._answer.set_result((int(first.split()[1]), headers, body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError(f"closed after {self._data[:200]!r}"))

    def close(self) -> None:
        """Be gone."""
        self._transport.close()


async def over_connections(port: int, requests: int, seconds: float, members: bool) -> dict[str, t.Any]:
    """The figures of all visitors, each on a connection of its own, and of the server before they came."""
    made: list[Connection] = []

    async def connect() -> None:
        loop = asyncio.get_running_loop()
        made.append((await loop.create_connection(Connection, "127.0.0.1", port))[1])

    await connect()
    before = json.loads((await made[0].ask("/gate/0", ""))[2])
    await some_at_once((connect() for _ in range(requests - 1)), CONNECTING)
    try:
        return {"before": before, **await visit([connection.ask for connection in made], seconds, members)}
    finally:
        for connection in made:
            connection.close()


def on_a_server(interpreter: Path, side: str, requests: int, seconds: float) -> dict[str, t.Any]:
    """The figures of all visitors of a server."""
    port = servers.free_port()
    command = asynchronous.command("uvicorn", interpreter, port, TARGET)
    command += ["--timeout-keep-alive", str(KEEP_ALIVE)]
    hello = Request(body=b"Hello, World!")
    with servers.running(
        command, {"BENCH_SIDE": side}, lambda: servers.wrong_answer(port, hello, peer=True), f"uvicorn, {side}"
    ):
        return asyncio.run(over_connections(port, requests, seconds, side != "quart"))


def in_process(interpreter: Path, side: str, requests: int, seconds: float) -> dict[str, t.Any]:
    """The figures of all visitors who call the application themselves, in its own process."""
    return machine.inside(interpreter, "bench.waiting_worker", requests, seconds, BENCH_SIDE=side)


def _verdict(right: bool) -> str:
    return "met" if right else "UNMET"


def text(found: t.Mapping[str, dict[str, t.Any]]) -> str:
    """The figures of each side, and whether what has to hold does."""
    lines = []
    for side, told in found.items():
        many, idle, waiting, apart = told["visitors"], told["idle"], told["waiting"], told["seconds"]["apart"]
        memory = f"{(waiting['kB'] - idle['kB']) / many:.1f} kB"
        if "before" in told:
            memory += f", for its resting connection {(idle['kB'] - told['before']['kB']) / many:.1f} kB more"
        few = _verdict(waiting["threads"] <= MOST_THREADS)
        lines.append(f"{side}: {many:,} requests, {told['members']:,} of them behind login_required")
        figures = {
            "waiting at the same moment": f"{waiting['most']:,} ({_verdict(waiting['most'] == many)})",
            "each for itself": f"{told['most']['apart']:,} at most at once, all answered in {apart:.2f} s, "
            f"each having awaited {told['wait']:g} s",
            "tokens that came back": f"{told['found']:,}",
            "requests with a wrong token": f"{len(told['wrong'])} ({_verdict(not told['wrong'])})",
            "memory for each waiting request": memory,
            "threads while all wait": f"{waiting['threads']} ({few}: not one for each request)",
            "tasks while all wait": f"{waiting['tasks']:,}",
            "objects of requests left over": _left_over(told["between"], told["after"]),
        }
        lines += [f"  {what}: {figure}" for what, figure in figures.items()]
        lines += [f"    {wrong}" for wrong in told["wrong"][:3]]
    return "\n".join(lines)


def _left_over(before: t.Mapping[str, int], after: t.Mapping[str, int]) -> str:
    """Of what a process holds for requests, what it holds more of than after a first time."""
    more = {name: after[name] - before[name] for name in held.OF_A_REQUEST if after[name] > before[name]}
    return ", ".join(f"{count} {name}" for name, count in more.items()) or "none"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench waiting", description=str(__doc__).splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--wait", type=float, default=1, help="seconds that each request awaits")
    parser.add_argument("--sides", nargs="*", default=["ours"], choices=SIDES, metavar="SIDE")
    parser.add_argument("--in-process", action="store_true", help="call the application, without a server and sockets")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument(
        "--figures", type=Path, metavar="FOLDER", help="also write waiting.md there, for the documentation"
    )
    options = parser.parse_args(arguments)

    alone = options.in_process
    if not alone and not machine.let_open(options.requests + SPARE):
        machine.progress(f"this system does not allow {options.requests + SPARE:,} open files: without sockets")
        alone = True
    sides = {side: environments.make(SIDES[side]) for side in options.sides}
    about = machine.setting(sides)
    found = {}
    for side, interpreter in sides.items():
        measure = in_process if alone else on_a_server
        found[side] = {**measure(interpreter, side, options.requests, options.wait), "wait": options.wait}
    way = "called in one process, without a server" if alone else "uvicorn, one process, a connection for each request"
    said = f"{way}\n\n{text(found)}"
    print(f"{machine.heading(about)}\n{said}")
    machine.write_json(options.json, about, found)
    machine.publish(options.figures, "waiting", about, said)
