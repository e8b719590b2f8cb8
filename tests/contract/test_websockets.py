"""WebSockets, through the servers whose protocol carries them."""

from __future__ import annotations

import json
import socket
import typing as t
from concurrent.futures import ThreadPoolExecutor

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.contract.fleet import Served


def open_socket(served: Served, path: str, **options: t.Any) -> ClientConnection:
    """A WebSocket to a server, for a host that the app trusts."""
    wire = socket.create_connection(("127.0.0.1", served.port), served.patience)
    address = f"ws://site.test:{served.port}{path}"
    return t.cast(
        "ClientConnection",
        connect(address, sock=wire, open_timeout=served.patience, close_timeout=served.patience, **options),
    )


def check_echo(served: Served, path: str) -> None:
    """Send messages of both kinds, and get them back in order."""
    messages: list[str | bytes] = ["text", "ü \U0001f600", b"bytes \xff\x00", "x" * 100_000, b"y" * 500_000]
    with open_socket(served, path) as opened:
        for message in messages:
            opened.send(message)
            assert opened.recv(served.patience) == message
        for number in range(200):
            opened.send(str(number))
        assert [opened.recv(served.patience) for _ in range(200)] == [str(number) for number in range(200)]


def test_echo(websockets: Served, token: str) -> None:
    """Messages of text and of bytes, small and large, come and go as they are, in order."""
    check_echo(websockets, f"/ws/echo/{token}")


def test_synchronous_echo(websockets: Served, token: str) -> None:
    """A synchronous function answers a WebSocket as an async one does."""
    check_echo(websockets, f"/ws/sync/{token}")


def test_empty_messages(websockets: Served, token: str) -> None:
    """An empty message is a message."""
    with open_socket(websockets, f"/ws/echo/{token}") as opened:
        for message in ("", b""):
            opened.send(message)
            assert opened.recv(websockets.patience) == message


def test_fragments(websockets: Served, token: str) -> None:
    """A message in fragments is one message."""
    with open_socket(websockets, f"/ws/echo/{token}") as opened:
        opened.send(iter(["a", "b", "c"]))
        assert opened.recv(websockets.patience) == "abc"


def test_many_at_once(websockets: Served, token: str) -> None:
    """Of many WebSockets at once each gets its own messages."""

    def client(number: int) -> bool:
        with open_socket(websockets, f"/ws/echo/{token}-{number}") as opened:
            for part in range(5):
                opened.send(f"{number} {part}")
                if opened.recv(websockets.patience) != f"{number} {part}":
                    return False
        return True

    with ThreadPoolExecutor(12) as clients:
        assert all(clients.map(client, range(24)))


def test_handshake(websockets: Served) -> None:
    """The handshake has path, converted arguments, query, cookies, session, host, scheme, client and headers."""
    cookie = websockets.ask("/ws/session/kept").one("Set-Cookie")
    assert cookie is not None
    headers = {"Cookie": f"a=1; {cookie.split(';')[0]}", "X-Text": "a text"}
    with open_socket(websockets, "/ws/seen/7?q=%C3%BC&q=2", additional_headers=headers) as opened:
        seen = json.loads(opened.recv(websockets.patience))
    assert seen.pop("cookies")[0] == ["a", "1"]
    assert seen == {
        "number": 7,
        "path": "/ws/seen/7",
        "args": [["q", "ü"], ["q", "2"]],
        "session": {"value": "kept"},
        "host": f"site.test:{websockets.port}",
        "scheme": "ws",
        "client": "127.0.0.1",
        "text": "a text",
        "link": "/seen",
    }


def refusal(served: Served, path: str, **options: t.Any) -> InvalidHandshake | None:
    """Why a WebSocket was not opened."""
    try:
        with open_socket(served, path, **options):
            return None
    except InvalidHandshake as error:
        return error


def test_refusal(websockets: Served) -> None:
    """A WebSocket that is not accepted is refused with the status that the app has chosen."""
    error = refusal(websockets, "/ws/refused")
    assert isinstance(error, InvalidStatus)
    assert error.response.status_code == 401


def test_body_of_a_refusal(websockets: Served) -> None:
    """A refusal is a whole response, with a body."""
    error = refusal(websockets, "/ws/refused")
    assert isinstance(error, InvalidStatus)
    assert b"who are you?" in (error.response.body or b"")


def test_no_such_websocket(websockets: Served) -> None:
    """A path without a WebSocket is refused with 404, and is never opened."""
    error = refusal(websockets, "/ws/none")
    assert isinstance(error, InvalidStatus)
    assert error.response.status_code == 404


def test_foreign_origin(websockets: Served, token: str) -> None:
    """A page of another host may not open a WebSocket, one of this host may."""
    assert refusal(websockets, f"/ws/echo/{token}", origin="http://evil.test") is not None
    assert refusal(websockets, f"/ws/echo/{token}", origin=f"http://site.test:{websockets.port}") is None


def test_subprotocol(websockets: Served) -> None:
    """The subprotocol that the app chooses is told to the client."""
    offered = [Subprotocol("one"), Subprotocol("two")]
    with open_socket(websockets, "/ws/chosen", subprotocols=offered) as opened:
        assert opened.recv(websockets.patience) == "accepted"
        assert opened.subprotocol == "two"


def test_headers_of_acceptance(websockets: Served) -> None:
    """Headers that the app accepts with reach the client."""
    with open_socket(websockets, "/ws/headed") as opened:
        assert opened.recv(websockets.patience) == "accepted"
        assert opened.response is not None
        assert opened.response.headers.get("X-Headed") == "yes"


def closing(opened: ClientConnection, patience: float) -> tuple[int | None, str | None]:
    """The code and the reason with which the other side has closed; 1005 where it said none."""
    try:
        while True:
            opened.recv(patience)
    except ConnectionClosed:
        return opened.close_code, opened.close_reason


def test_closing_code(websockets: Served) -> None:
    """The code and the reason with which the app closes reach the client."""
    with open_socket(websockets, "/ws/closed/4321") as opened:
        assert closing(opened, websockets.patience) == (4321, "a reason")


def test_end(websockets: Served) -> None:
    """When its function ends a WebSocket is closed in order, after its last message."""
    with open_socket(websockets, "/ws/ended") as opened:
        assert opened.recv(websockets.patience) == "bye"
        assert closing(opened, websockets.patience)[0] == 1000


def test_failure(websockets: Served, token: str) -> None:
    """A function that raises is torn down and its WebSocket closed, and the server lives."""
    with open_socket(websockets, f"/ws/fail/{token}") as opened:
        opened.send("go")
        closing(opened, websockets.patience)
    assert websockets.events(token, "teardown: RuntimeError") == ["teardown: RuntimeError"]
    assert websockets.ask("/text").status == 200


def test_code_of_a_failure(websockets: Served, token: str) -> None:
    """A function that raises closes its WebSocket with 1011."""
    with open_socket(websockets, f"/ws/fail/{token}") as opened:
        opened.send("go")
        assert closing(opened, websockets.patience)[0] == 1011


def test_client_closes(websockets: Served, token: str) -> None:
    """When the client closes the function ends and is torn down, whether it is async or not."""
    for kind in ("echo", "sync"):
        with open_socket(websockets, f"/ws/{kind}/{kind}-{token}") as opened:
            opened.send("x")
            assert opened.recv(websockets.patience) == "x"
        told = websockets.ask(f"/events/{kind}-{token}?until=teardown: CancelledError&patience=5".replace(" ", "%20"))
        assert [event.partition(":")[0] for event in told.json] == ["teardown"]


def test_client_gone(websockets: Served, token: str) -> None:
    """When the client goes without a word the function ends and is torn down."""
    with open_socket(websockets, f"/ws/echo/{token}") as opened:
        opened.send("x")
        assert opened.recv(websockets.patience) == "x"
        opened.socket.shutdown(socket.SHUT_RDWR)
    told = websockets.ask(f"/events/{token}?until=teardown:%20CancelledError&patience=5").json
    assert [event.partition(":")[0] for event in told] == ["teardown"]


def test_request_for_a_websocket(mixed: Served, token: str) -> None:
    """An ordinary request for a WebSocket's path gets 426, and is told what is served there."""
    answer = mixed.ask(f"/ws/echo/{token}")
    assert answer.status == 426
    assert "WebSocket" in answer.text
