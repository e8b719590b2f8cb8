"""Views, hooks and streams that are `async def`, through every server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.contract.fleet import Served
from tests.contract.mixed import MEETING
from tests.contract.test_uploads import CHUNKED, digest, multipart, some
from tests.contract.wire import Broken, chunk, request_head


def test_request(mixed: Served) -> None:
    """An async view sees the request that a synchronous one sees."""
    headers = [("X-List", "1"), ("X-List", "2"), ("Cookie", "a=1; b=2")]
    sync, asynchronous = (
        mixed.ask(f"{path}?q=%C3%BC", "POST", headers, b"a body").json for path in ("/seen", "/async/seen")
    )
    for answer in (sync, asynchronous):
        for name in ("path", "raw", "url", "client port", "rest"):
            del answer[name]
    assert asynchronous == sync
    assert asynchronous["body"] == "a body"


def test_one_loop(mixed: Served) -> None:
    """Every async view of a process runs on one loop."""
    found = [mixed.ask("/async/loop").json[0] for _ in range(4)]
    assert len(set(found)) == 1


def test_views_wait_side_by_side(mixed: Served, token: str) -> None:
    """Async views that wait for one another meet."""
    with ThreadPoolExecutor(MEETING) as clients:
        answers = clients.map(lambda _: mixed.ask(f"/async/meet/{token}").text, range(MEETING))
        assert list(answers) == [token] * MEETING


def test_contexts(mixed: Served) -> None:
    """A task that a view starts has its request, session and context variables, also with many clients at once."""

    def client(number: int) -> bool:
        path = f"/async/context/{number}"
        return bool(mixed.ask(path).json == [f"{number}", f"{number}", path, "set before", "before", "async before"])

    with ThreadPoolExecutor(12) as clients:
        assert all(clients.map(client, range(36)))


def test_session(mixed: Served) -> None:
    """What an async view puts into the session comes back."""
    cookie = mixed.ask("/async/context/kept").one("Set-Cookie")
    assert cookie is not None
    assert mixed.ask("/session", headers=[("Cookie", cookie.split(";")[0])]).json == {"value": "kept"}


def test_synchronous_guard(mixed: Served) -> None:
    """A synchronous decorator around an async view lets in and keeps out."""
    assert mixed.ask("/async/guarded?guest").text == "let in"
    assert mixed.ask("/async/guarded").status == 401


def test_order(mixed: Served, token: str) -> None:
    """Hooks of both kinds run in the order in which they would if none was async."""
    answer = mixed.ask(f"/async/order/{token}")
    assert (answer.text, answer.one("X-Order")) == ("in order", "before async before async view async after")
    assert mixed.events(token, "teardown") == ["view", "async teardown: NoneType", "teardown"]


def test_failure(mixed: Served, token: str) -> None:
    """An async view that raises is answered with 500, its hooks run, and the server lives."""
    answer = mixed.ask(f"/async/fail/{token}")
    assert (answer.status, answer.one("X-Order")) == (500, "before async before async after")
    assert mixed.events(token, "teardown") == ["async teardown: LookupError", "teardown"]
    assert mixed.ask("/text").status == 200


def test_async_error_handler(mixed: Served) -> None:
    """An async handler answers for an async view's error."""
    answer = mixed.ask("/async/handled")
    assert (answer.status, answer.text) == (409, "handled 'a key'")


def test_client_gone_from_a_waiting_view(mixed: Served, token: str) -> None:
    """An async view whose client has gone is cancelled where it waits, and its request torn down."""
    with mixed.connect() as connection:
        connection.send(request_head(f"/async/long/{token}"))
        assert mixed.events(token, "started") == ["started"]
    assert mixed.events(token, "teardown") == ["started", "cancelled", "async teardown: CancelledError", "teardown"]


def test_body(mixed: Served) -> None:
    """An async view reads small and large bodies without awaiting, with a length and in chunks."""
    for size in (4, 2**20, 5 * 2**20):
        assert mixed.ask("/async/upload", "POST", body=some(size)).json == digest(some(size))
    with mixed.connect() as connection:
        connection.send(request_head("/async/upload", "POST", [CHUNKED]))
        for start in range(0, 2**20, 50_000):
            connection.send(chunk(some(2**20)[start : start + 50_000]))
        connection.send(b"0\r\n\r\n")
        assert connection.answer().json == digest(some(2**20))


def test_body_in_pieces(mixed: Served) -> None:
    """An async view that asks for the stream iterates over the body as it comes."""
    for size in (4, 2**20):
        assert mixed.ask("/async/pieces", "POST", body=some(size)).json == digest(some(size))
    with mixed.connect() as connection:
        connection.send(request_head("/async/pieces", "POST", [CHUNKED]) + chunk(b"abc") + chunk(b"def") + b"0\r\n\r\n")
        assert connection.answer().json == digest(b"abcdef")


def test_stream_starts_before_the_body_is_there(mixed: Served, token: str) -> None:
    """An async view that asks for the stream is called before the body has come."""
    with mixed.connect() as connection:
        connection.send(request_head(f"/async/watched/{token}", "POST", [("Content-Length", "6")]) + b"abc")
        assert mixed.events(token, "started") == ["started"]
        connection.send(b"def")
        assert connection.answer().json == digest(b"abcdef")


def test_body_above_the_limit(mixed: Served) -> None:
    """A body above the limit of an async view gets 413, with a length and in chunks."""
    assert mixed.ask("/async/limited", "POST", body=b"x" * 1001).status == 413
    assert mixed.ask("/async/limited", "POST", body=b"x" * 1000).json == digest(b"x" * 1000)
    with mixed.connect() as connection:
        connection.send(request_head("/async/limited", "POST", [CHUNKED]) + chunk(b"x" * 1001) + b"0\r\n\r\n")
        assert connection.answer().status == 413


def test_form(mixed: Served) -> None:
    """Fields and files are there for an async view without awaiting."""
    headers = [("Content-Type", "multipart/form-data; boundary=border")]
    body = multipart(('a"', b"1"), ('f"; filename="f"\r\nContent-Type: x/y', some(2**20)))
    answer = mixed.ask("/async/form", "POST", headers, body).json
    assert answer == {"fields": [["a", "1"]], "files": {"f": digest(some(2**20))}}


def test_pieces_arrive_before_the_end(mixed: Served, token: str) -> None:
    """A piece of an async generator reaches the client while it waits for what comes next."""
    with mixed.connect() as connection:
        connection.send(request_head(f"/async/held/{token}"))
        pieces = connection.pieces(connection.head())
        assert next(pieces) == b"first\n"
        mixed.ask(f"/events/{token}/released")
        assert b"".join(pieces) == b"second\n"
    assert mixed.events(token, "closed")[-3:] == ["released", "exhausted", "closed"]


def test_client_gone_from_a_stream(mixed: Served, token: str) -> None:
    """An async generator whose client has gone is closed."""
    with mixed.connect() as connection:
        connection.send(request_head(f"/async/endless/{token}"))
        assert next(connection.pieces(connection.head()))
        connection.close()
    told = mixed.events(token, "closed")
    assert "closed" in told
    assert "exhausted" not in told


def test_slow_reader(mixed: Served, token: str) -> None:
    """A client that does not read holds up an async generator, and nobody else."""
    with mixed.connect() as connection:
        connection.send(request_head(f"/async/big/{token}"))
        assert connection.head().status == 200
        assert "exhausted" not in mixed.ask(f"/events/{token}?until=exhausted&patience=0.3").json
        assert mixed.ask("/async/seen").status == 200
        connection.reset()
    assert "closed" in mixed.events(token, "closed")


def test_broken_stream(mixed: Served, token: str) -> None:
    """An async generator that fails in the middle never looks complete, is closed, and the server lives."""
    with mixed.connect() as connection:
        connection.send(request_head(f"/async/broken/{token}"))
        pieces = connection.pieces(connection.head())
        assert next(pieces) == b"first\n"
        mixed.ask(f"/events/{token}/released")
        try:
            rest: bytes | None = b"".join(pieces)
        except Broken:
            rest = None
    assert rest is None, "it looks complete"
    assert "exhausted" not in mixed.events(token, "closed")
    assert mixed.ask("/text").status == 200
