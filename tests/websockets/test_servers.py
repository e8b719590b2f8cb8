"""WebSockets on real servers, with a client that is not ours; what a protocol or a server cannot do is stated here."""

from __future__ import annotations

import asyncio
import json
import sys
import typing as t
import urllib.error
import urllib.request

import pytest

from tests.servers import command_of, is_installed, serving

pytest.importorskip("websockets")
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

pytestmark = pytest.mark.slow

NAMES = ("uvicorn", "uvicorn-wsproto", "hypercorn", "granian-asgi", "granian-rsgi")
# What Granian does not do, seen in 2.8; docs/websockets.md has the table.
RSGI = "granian-rsgi"
NO_HEADERS = {"granian-asgi", RSGI}


@pytest.fixture(scope="module", params=NAMES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[tuple[str, str]]:
    """The name of a server, and where it serves."""
    name: str = request.param
    if not is_installed(name):
        pytest.skip(f"{name} is not installed here")
    if sys.platform == "win32":
        pytest.skip("the servers are stopped by a signal")
    command = command_of(name, "tests.websockets.served")
    with serving(command, tmp_path_factory.mktemp("served") / "log") as running:
        yield name, f"127.0.0.1:{running.port}"


def _run(main: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any:
    return asyncio.run(asyncio.wait_for(main, 20))


def _open(address: str, path: str, **options: t.Any) -> t.Any:
    return connect(f"ws://{address}{path}", open_timeout=10, close_timeout=5, **options)


def _refused(address: str, path: str, **options: t.Any) -> t.Any:
    async def main() -> t.Any:
        with pytest.raises(InvalidStatus) as refused:
            async with _open(address, path, **options):
                pass
        return refused.value.response

    return _run(main())


async def _closed(socket: ClientConnection) -> tuple[int | None, str]:
    with pytest.raises(ConnectionClosed) as closed:
        await socket.recv()
    frame = closed.value.rcvd
    return (frame.code, frame.reason) if frame else (None, "")


def _ending(address: str, path: str) -> tuple[int | None, str]:
    async def main() -> tuple[int | None, str]:
        async with _open(address, path) as socket:
            return await _closed(socket)

    return _run(main())  # type: ignore[no-any-return]


@pytest.mark.parametrize("path", ["/echo", "/echo-sync"])
def test_echo(server: tuple[str, str], path: str) -> None:
    """Messages of both kinds come back as they went, empty and large ones among them."""
    messages = ["", "text", b"", b"\x00\xff", "é" * 400, b"x" * 1000, *(str(number) for number in range(50))]

    async def main() -> list[str | bytes]:
        async with _open(server[1], path) as socket:
            got = []
            for message in messages:
                await socket.send(message)
                got.append(await socket.recv())
            return got

    assert _run(main()) == messages


def test_many_at_a_time(server: tuple[str, str]) -> None:
    """A hundred WebSockets at a time each get back what is theirs."""

    async def one(number: int) -> None:
        async with _open(server[1], "/echo") as socket:
            for turn in range(10):
                await socket.send(f"{number}:{turn}")
                assert await socket.recv() == f"{number}:{turn}"

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(100):
                group.create_task(one(number))

    _run(main())


def test_handshake_is_known(server: tuple[str, str]) -> None:
    """The function knows what the client asked for: path, arguments, cookies, address, what it offers."""

    async def main() -> t.Any:
        options = {"subprotocols": ["one", "two"], "additional_headers": {"Cookie": "c=d"}}
        async with _open(server[1], "/about/7?q=%C3%BC", **options) as socket:
            return json.loads(await socket.recv())

    assert _run(main()) == {
        "number": 7,
        "q": "ü",
        "path": "/about/7",
        "url": "ws://host/about/7?q=ü",
        "back": "ws://host/about/1",
        "page": "/ended/x",
        "address": "127.0.0.1",
        "cookie": "d",
        "offered": ["one", "two"],
    }


def test_headers_of_accepting(server: tuple[str, str]) -> None:
    """Headers and the session's cookie go out with what accepts; Granian sends none, so that there it is an error."""
    name, address = server
    if name in NO_HEADERS:
        assert _refused(address, "/accept").status_code == 500
        return

    async def main() -> t.Any:
        async with _open(address, "/accept") as socket:
            return socket.response.headers

    headers = _run(main())
    assert headers["X-Added"] == "yes"
    assert headers["Set-Cookie"].startswith("session=")


def test_subprotocol(server: tuple[str, str]) -> None:
    """The subprotocol is the one that was chosen; RSGI carries none, so that there it is an error."""
    name, address = server
    offers = {"subprotocols": ["one", "two"]}
    if name == RSGI:
        assert _refused(address, "/subprotocol", **offers).status_code == 500
        return

    async def main() -> t.Any:
        async with _open(address, "/subprotocol", **offers) as socket:
            return socket.subprotocol

    assert _run(main()) == "two"


def test_closing(server: tuple[str, str]) -> None:
    """Code and reason of closing arrive; RSGI carries neither: an error for who gives them, else 1005."""
    name, address = server
    assert _ending(address, "/close") == ((1005, "") if name == RSGI else (4001, "bye"))
    assert _ending(address, "/end") == ((1005, "") if name == RSGI else (1000, ""))
    assert _ending(address, "/fail?late") == ((1005, "") if name == RSGI else (1011, ""))


def test_limit_of_messages(server: tuple[str, str]) -> None:
    """A message over the limit closes with 1009, as far as the protocol carries it."""
    name, address = server

    async def main() -> tuple[int | None, str]:
        async with _open(address, "/echo") as socket:
            await socket.send("x" * 1001)
            return await _closed(socket)

    assert _run(main())[0] == (1005 if name == RSGI else 1009)


def test_refusing(server: tuple[str, str]) -> None:
    """A refusal is an HTTP response; of RSGI's only the status arrives."""
    name, address = server
    response = _refused(address, "/refuse")
    assert response.status_code == 402
    if name != RSGI:
        assert response.headers["X-Added"] == "yes"
        assert json.loads(bytes(response.body)) == {"why": "because"}
    assert _refused(address, "/fail").status_code == 500
    assert _refused(address, "/nothing").status_code == 404
    assert _refused(address, "/echo", origin="http://evil.test").status_code == 403


def test_origin_of_the_page(server: tuple[str, str]) -> None:
    """A page of the very host may open a WebSocket."""

    async def main() -> None:
        async with _open(server[1], "/echo", origin=f"http://{server[1]}"):
            pass

    _run(main())


@pytest.mark.parametrize("path", ["/push", "/push-sync", "/echo", "/echo-sync"])
@pytest.mark.parametrize("manner", ["politely", "at once"])
def test_client_that_goes(server: tuple[str, str], path: str, manner: str) -> None:
    """When the client goes, saying so or not, the function is cancelled, also where it never receives."""
    address = server[1]
    mark = f"{path[1:]}-{manner[:2]}"

    async def main() -> str:
        async with _open(address, f"{path}?name={mark}") as socket:
            if "echo" in path:
                await socket.send("x")
            await socket.recv()
            if manner == "at once":
                socket.transport.abort()
        for _ in range(100):
            became = await asyncio.to_thread(_get, f"http://{address}/ended/{mark}")
            if became:
                return became
            await asyncio.sleep(0.1)
        return "nothing"

    assert _run(main()) == "CancelledError"


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.read().decode()  # type: ignore[no-any-return]


def test_plain_http(server: tuple[str, str]) -> None:
    """An HTTP request to a WebSocket's URL is answered by 426."""
    with pytest.raises(urllib.error.HTTPError) as error:
        _get(f"http://{server[1]}/echo")
    assert error.value.code == 426
    assert error.value.headers["Upgrade"] == "websocket"
    error.value.close()
