"""What the measurements of asynchronous requests and WebSockets conclude is so, and they see what is wrong."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import shutil
import sys
import typing as t
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import asynchronous, held, machine, servers, sockets, visitors, waiting, websocket_client

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="servers are measured by what /proc tells")


def runs(us: float) -> list[servers.Figures]:
    """A side's figures in one run."""
    return [{"requests/s": 1000.0, "µs": us}]


def text_of(server: str, row: str, **us: float) -> str:
    """What is said of a row."""
    return asynchronous.text({server: {row: {side: runs(figure) for side, figure in us.items()}}})


def test_bars_are_those_of_the_same_server_and_row() -> None:
    """Three times less than Quart, less than FastAPI, 1.5 times Starlette's above bare: each is met, or not."""
    met = text_of("uvicorn", "hello", ours=100, quart=310, fastapi=140, starlette=90, bare=60)
    assert "quart takes 3.10 times ours with the server, 6.25 times above bare (bar at least 3: met)" in met
    assert "fastapi takes 1.40 times ours with the server, 2.00 times above bare (bar more than 1: met)" in met
    assert "ours takes 1.33 times starlette's above bare (bar at most 1.5: met), 1.11 times with the server" in met
    unmet = text_of("uvicorn", "hello", ours=110, quart=310, fastapi=105, starlette=90, bare=60)
    assert unmet.count("UNMET") == 3


def test_a_bar_that_the_server_alone_would_miss_is_asked_above_bare() -> None:
    """Where even a bare function takes too much for a bar, what the framework adds to it is compared."""
    said = text_of("hypercorn", "hello", ours=520, quart=860, bare=480)
    assert (
        "9.50 times above bare (bar at least 3 above bare, as the bare function has but 1.79 with the server: met)"
        in said
    )
    assert "starlette" not in said


def test_what_is_hardly_above_bare_is_not_judged() -> None:
    """Where two sides take what the bare function takes, or even less, chance is not taken for a result."""
    said = text_of("uvicorn", "websocket echo", ours=98, quart=103, bare=100)
    assert (
        "quart takes 1.05 times ours with the server, both within 5 % of the bare function: too little to tell" in said
    )
    assert "(bar" not in said
    assert "4.00 times above bare" in text_of("uvicorn", "websocket echo", ours=98, quart=120, bare=100)


def test_sides_alone_are_not_judged() -> None:
    """Without ours there is nothing to judge, and without the bare function nothing above it."""
    assert "(bar" not in text_of("granian", "hello", quart=310, starlette=90)
    assert "quart takes 3.10 times ours with the server (bar at least 3: met)" in text_of(
        "granian", "hello", ours=100, quart=310
    )


def test_what_all_sides_have_alike_is_said_once() -> None:
    """The heading gives shared versions once, and each side's own with it."""
    about = {
        "date": "2026-11-23",
        "python": "CPython 3.13.0",
        "system": "Linux x86_64",
        "processor": "a processor",
        "cores": 2,
        "load at the start": "0.00",
        "versions": {"ours": {"flask": "1", "uvicorn": "2"}, "quart": {"flask": "3", "uvicorn": "2"}},
    }
    assert machine.heading(about).endswith("\nall: uvicorn 2; ours: flask 1; quart: flask 3")


def unmasked(data: bytes) -> bytes:
    """A client's frame as a server sends the same: without a mask."""
    length = data[1] & 0x7F
    size = {126: 2, 127: 8}.get(length, 0)
    mask, body = data[2 + size : 6 + size], data[6 + size :]
    plain = bytes(byte ^ mask[number % 4] for number, byte in enumerate(body))
    return bytes((data[0], length)) + data[2 : 2 + size] + plain


@given(st.lists(st.binary(max_size=300), max_size=6), st.randoms(use_true_random=False))
def test_frames_come_out_wherever_they_are_cut(messages: list[bytes], random: t.Any) -> None:
    """Whatever pieces a server's bytes come in, the messages are those that were sent."""
    messages = [message * random.choice((1, 1, 300)) for message in messages]
    stream = b"".join(unmasked(websocket_client.frame(websocket_client.BINARY, message)) for message in messages)
    cuts = sorted(random.randrange(len(stream) + 1) for _ in range(5))
    frames, found = websocket_client.Frames(), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += [said for _, said in frames.fed(stream[begin:end])]
    assert found == messages


def test_a_frame_in_parts_ends_the_measurement() -> None:
    """What is not a whole message is not taken for one."""
    with pytest.raises(ValueError, match="not a whole message"):
        list(websocket_client.Frames().fed(b"\x01\x02ab"))


async def echo_server(answer: t.Callable[[bytes], bytes]) -> asyncio.Server:
    """A server of WebSockets that hands each frame of a client, unmasked, to `answer`, for short messages."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(line.partition(b": ")[2] for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
        accept = base64.b64encode(hashlib.sha1(key + websocket_client.ACCEPT).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        try:
            while True:
                start = await reader.readexactly(2)
                sent = unmasked(start + await reader.readexactly(4 + (start[1] & 0x7F)))
                writer.write(sent if sent[0] & 0x0F == websocket_client.CLOSE else answer(sent))
        except asyncio.IncompleteReadError:
            writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def echoed(answer: t.Callable[[bytes], bytes]) -> dict[str, float]:
    """The figures of the client for echoes."""
    server = await echo_server(answer)
    async with server:
        return await websocket_client.echoes(server.sockets[0].getsockname()[1], "/", 3, 0.05)


def test_echoes_are_counted() -> None:
    """The client counts what came back, on every connection at least one."""
    assert asyncio.run(echoed(lambda sent: sent))["count"] >= 3


def test_a_wrong_echo_ends_the_measurement() -> None:
    """A message that does not come back as it went is not counted but told."""
    with pytest.raises(ValueError, match="came back as"):
        asyncio.run(echoed(lambda sent: sent[:-1] + b"?"))


def test_a_closed_socket_ends_the_measurement() -> None:
    """A socket that the server closes while it should echo is told with its code."""
    with pytest.raises(ConnectionError, match="closed with 1011"):
        asyncio.run(echoed(lambda sent: b"\x88\x02" + (1011).to_bytes(2, "big")))


class Sessions:
    """What a right application answers to visitors; `forgetful` gives a visitor another's token."""

    def __init__(self, forgetful: bool = False) -> None:
        self.forgetful = forgetful

    async def ask(self, path: str, cookie: str) -> visitors.Answer:
        await asyncio.sleep(0)
        own, token = path.rpartition("/")[2], cookie.partition("=")[2]
        if "/enter/" in path:
            return 200, [("set-cookie", f"session={own}; Path=/")], b"entered"
        if path.startswith("/gate"):
            return 200, [], json.dumps({"most": 3, "kB": 1, "threads": 1, "tasks": 1}).encode()
        if "/wait" in path:
            names = ("session", "g", "context", "argument", *(["user"] if "members" in path else []))
            said = dict.fromkeys(names, token)
            if self.forgetful and token == "token-1":
                said["g"] = "token-2"
            return 200, [("set-cookie", f"session={token}")], json.dumps(said).encode()
        return 200, [], json.dumps({"waited": token}).encode()


def test_every_visitor_finds_its_own_token() -> None:
    """All that a visitor gets back is counted where it is its own."""
    found = asyncio.run(visitors.visit([Sessions().ask] * 11, 0, True))
    assert (found["members"], found["wrong"]) == (2, [])
    assert found["found"] == 11 * (4 + 4 + 1) + 2 * 2


def test_a_token_of_somebody_else_is_told() -> None:
    """A visitor who gets another's token is named, once for each answer."""
    found = asyncio.run(visitors.visit([Sessions(forgetful=True).ask] * 3, 0, False))
    assert len(found["wrong"]) == 2
    assert all("token-1 got" in wrong for wrong in found["wrong"])


def held_now(**more: int) -> dict[str, int]:
    """What a server holds."""
    return (
        {"there": 0, "kB": 50_000, "blocks": 1_000, "tasks": 5, "open files": 9}
        | dict.fromkeys(held.OF_A_REQUEST, 0)
        | more
    )


def of_sockets(**more: t.Any) -> dict[str, t.Any]:
    """A good run's figures, but for some."""
    return {
        "seconds": 60.0,
        "messages": 1000,
        "fewest": 90,
        "unanswered": 0,
        "closed early": 0,
        "closed wrongly": 0,
        "errors": [],
        "broadcasts": 2,
        "told": [10, 10],
        "heard wrongly": 0,
        "ms": {"median": 1.0, "99 %": 2.0},
        "µs": 50.0,
        "sockets": 10,
        "before": held_now(),
        "after": held_now(),
        **more,
    }


def test_a_run_without_a_loss_is_good() -> None:
    """Nothing lost and nothing left behind is met."""
    said = sockets.text({"ours": of_sockets()})
    assert "lost: nothing (met)" in said
    assert "left behind: nothing (met)" in said


@pytest.mark.parametrize("kind", ["unanswered", "closed early", "closed wrongly", "heard wrongly"])
def test_each_loss_counts(kind: str) -> None:
    """One message lost, one socket closed, one broadcast not heard: unmet."""
    assert f"lost: {{'{kind}': 1}} (UNMET)" in sockets.text({"ours": of_sockets(**{kind: 1})})
    assert "fewer than all" in sockets.text({"ours": of_sockets(told=[10, 9])})


@pytest.mark.parametrize("kind", ["there", "tasks", "open files", "Context", "greenlet"])
def test_each_thing_left_behind_counts(kind: str) -> None:
    """A task, a file, a context too many is a leak; less than before is none."""
    assert sockets.leaked(of_sockets(after=held_now(**{kind: held_now()[kind] + 1}))) == {kind: 1}
    assert sockets.leaked(of_sockets(before=held_now(**{kind: 100}))) == {}


def test_memory_counts_beyond_chance() -> None:
    """Python's allocations may not grow by one for each socket, nor the memory by more than the allocator's whim."""
    many = held_now()["blocks"] + sockets.ANY_BLOCKS
    assert sockets.leaked(of_sockets(after=held_now(blocks=many))) == {}
    assert sockets.leaked(of_sockets(after=held_now(blocks=many + 1))) == {"blocks": sockets.ANY_BLOCKS + 1}
    assert sockets.leaked(of_sockets(sockets=2_000, after=held_now(blocks=many + 1))) == {}
    assert sockets.leaked(of_sockets(after=held_now(kB=50_000 + sockets.CHANCE + 1))) == {"kB": sockets.CHANCE + 1}


def test_what_a_process_holds_is_counted_by_its_kind() -> None:
    """Objects of a class that is derived from one that belongs to requests are counted as that."""

    class Response:
        pass

    class Own(Response):
        pass

    async def look() -> dict[str, int]:
        return held.altogether()

    before = asyncio.run(look())
    kept = [Own() for _ in range(3)]
    assert asyncio.run(look())["Response"] - before["Response"] == len(kept)
    assert before["threads"] >= 1


def test_open_files_that_the_system_forbids_are_told() -> None:
    """Far more files than any limit are not promised, a few are."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert machine.let_open(16)
    hard = before[1]
    if hard != resource.RLIM_INFINITY:
        assert not machine.let_open(hard + 1)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


needs_uvicorn = pytest.mark.skipif(
    not Path("/proc/self/stat").exists() or shutil.which("uvicorn", path=str(Path(sys.executable).parent)) is None,
    reason="read from /proc, of uvicorn",
)


@pytest.mark.slow
@needs_uvicorn
@pytest.mark.parametrize("side", ["ours", "bare"])
def test_a_server_answers_all_rows(side: str) -> None:
    """Every row that is measured is answered rightly by a real server, the echo too."""
    with asynchronous.serving("uvicorn", Path(sys.executable), side) as (pid, port):
        count, took = asynchronous.echoes(port, "/ws", 2, 0.05)
        assert count >= 2
        assert took > 0
        assert servers.processor_time(pid) > 0


@pytest.mark.slow
def test_requests_wait_in_one_process() -> None:
    """A few requests that wait at once, some behind a login, each find their own tokens."""
    pytest.importorskip("flask_login")
    found = {"ours": {**waiting.in_process(Path(sys.executable), "ours", 20, 0.05), "wait": 0.05}}
    assert found["ours"]["members"] == 2
    assert "UNMET" not in waiting.text(found)


@pytest.mark.slow
@needs_uvicorn
def test_requests_wait_on_a_server() -> None:
    """The same with a connection for each, on a real server."""
    pytest.importorskip("flask_login")
    found = {"ours": {**waiting.on_a_server(Path(sys.executable), "ours", 20, 0.05), "wait": 0.05}}
    assert "UNMET" not in waiting.text(found)


@pytest.mark.slow
@needs_uvicorn
def test_sockets_echo_on_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few sockets echo and hear what is said to all, and nothing is lost."""
    monkeypatch.setattr(sockets, "WARM_UP", 0.2)
    monkeypatch.setattr(sockets, "EVERY", 0.1)
    told = sockets.measure(Path(sys.executable), "ours", 10, 0.5)
    assert not any(sockets.lost(told).values())
    assert told["messages"] > 10
