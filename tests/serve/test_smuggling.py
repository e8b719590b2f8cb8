"""Requests whose end is in doubt, sent to `flask serve`: what stands behind one never becomes a request."""

from __future__ import annotations

import asyncio
import io
import typing as t

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from flask import Flask, request
from soak.framing import CASES, ONE, REFUSED, TWO, Case, Heard, heard_of, is_limit, wrong_with
from soak.model import INTERFACES
from soak.service import HAS_PROC, Service, serving
from tests.gateways import rsgi_drive
from tests.servers import have

served_here = pytest.mark.skipif(
    not HAS_PROC or not have("granian"), reason="its processes are looked at in /proc, and Granian serves"
)


class Answers(t.NamedTuple):
    """What one service made of every case."""

    service: Service
    heard: dict[str, Heard]


@pytest.fixture(scope="module", params=INTERFACES)
def answers(request: pytest.FixtureRequest) -> t.Iterator[Answers]:
    with serving(request.param) as service:
        yield Answers(service, heard_of(service, CASES))


@served_here
@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_smuggled(answers: Answers, case: Case) -> None:
    """A request in doubt is refused or is one, and what reaches the app is what RFC 9110 and RFC 9112 make of it.

    Where that is for the server alone to decide, and it does not, the documentation says so, and this that it is so.
    """
    token = f"t{CASES.index(case)}"
    wrong = wrong_with(case, answers.heard[case.name], token)
    assert bool(wrong) == is_limit(answers.service.interface, case), (wrong, answers.heard[case.name])


@served_here
@pytest.mark.slow
def test_service_lives_through_it(answers: Answers) -> None:
    """No worker ends by any of that."""
    assert len(answers.service.told()) == 2
    assert "panicked at" not in answers.service.log()


def test_smuggling_would_be_seen() -> None:
    """The judgement knows a request that was smuggled, a body that is too short, and an error of ours."""
    case = next(case for case in CASES if case.name == "CL.TE")
    outer, inner = ({"part": part, "size": 0, "user": None, "trailer": None} for part in ("outer", "inner"))
    assert not wrong_with(case, Heard([outer], [200], True))
    assert not wrong_with(case, Heard([], [400], True))
    assert wrong_with(case, Heard([outer, inner], [200, 200], True))
    assert wrong_with(case, Heard([inner], [200], True))
    assert wrong_with(case, Heard([outer | {"size": 3}], [200], True))
    assert wrong_with(case, Heard([], [500], True))
    assert {ONE, TWO, REFUSED} >= {outcome for case in CASES for outcome in case.may} - {"inner"}


# ---- what of that is ours to refuse


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)

    @app.post("/")
    def index() -> str:
        return f"{len(request.get_data())}"

    return app


DOUBTFUL = ("identity, chunked", "chunked, chunked", "chunked,chunked", ",chunked", "gzip, chunked", "xchunked")


@pytest.mark.parametrize("coding", DOUBTFUL)
@pytest.mark.parametrize("server", ["Granian", "gunicorn"])
def test_codings_beside_chunked(app: Flask, coding: str, server: str) -> None:
    """Several transfer codings, or `chunked` twice, are answered by 400 (RFC 9112 §6.1), and no further request is.

    Granian takes what ends in `chunked` for chunks, which a proxy need not do.
    """
    environ = create_environ(method="POST", input_stream=io.BytesIO(b"abc"))
    environ |= {"HTTP_TRANSFER_ENCODING": coding, "wsgi.input_terminated": True, "SERVER_SOFTWARE": server}
    body, status, headers = run_wsgi_app(app, environ)
    assert status == "400 BAD REQUEST"
    assert b"transfer coding" in b"".join(body)
    assert headers.get("Connection") == ("close" if server == "Granian" else None)


@pytest.mark.parametrize("coding", ["chunked", "Chunked", " chunked "])
def test_chunked_alone(app: Flask, coding: str) -> None:
    """`chunked` alone, in any case, is what it always was."""
    environ = create_environ(method="POST", input_stream=io.BytesIO(b"abc"))
    environ |= {"HTTP_TRANSFER_ENCODING": coding, "wsgi.input_terminated": True}
    body, status, _ = run_wsgi_app(app, environ)
    assert (status, b"".join(body)) == ("200 OK", b"3")


def _ask_by_asgi(app: Flask, coding: str, *messages: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    coming, sent = list(messages), []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/",
        "headers": [(b"host", b"localhost"), (b"transfer-encoding", coding.encode())],
    }

    async def receive() -> dict[str, t.Any]:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: dict[str, t.Any]) -> None:
        sent.append(message)

    asyncio.run(app.asgi_app(scope, receive, send))
    return sent


@pytest.mark.parametrize("coding", DOUBTFUL)
def test_codings_beside_chunked_by_asgi(app: Flask, coding: str) -> None:
    """By ASGI as by WSGI, and the connection ends."""
    sent = _ask_by_asgi(app, coding, {"type": "http.request", "body": b"abc"})
    assert sent[0]["status"] == 400
    assert (b"connection", b"close") in sent[0]["headers"]


def test_body_that_breaks_off_at_once(app: Flask) -> None:
    """A body whose first chunk is none is answered by 400 (measured: Granian calls that a client that has gone)."""
    sent = _ask_by_asgi(app, "chunked")
    assert sent[0]["status"] == 400
    assert (b"connection", b"close") in sent[0]["headers"]


@pytest.mark.parametrize(
    ("pieces", "trailer", "right"),
    [
        ((b"abc", b""), "", (200, b"3")),
        ((b"",), "", (200, b"0")),
        ((b"abc", b"de", b""), "", (200, b"5")),
        ((b"abc", b"", b""), "", (400, None)),
        ((b"", b""), "", (400, None)),
        ((b"abc", b"", b""), "X-Sum", (200, b"3")),
    ],
)
def test_chunks_that_break_off_by_rsgi(
    app: Flask, pieces: tuple[bytes, ...], trailer: str, right: tuple[int, bytes | None]
) -> None:
    """Chunks that break off are no whole body: Granian gives a second empty piece then (measured on 2.8.7)."""
    headers = {"host": "localhost", "transfer-encoding": "chunked"} | ({"trailer": trailer} if trailer else {})
    protocol = rsgi_drive.Protocol(*pieces)
    scope = rsgi_drive.scope(method="POST")
    scope.headers = headers
    asyncio.run(app.__rsgi__(scope, protocol))
    assert protocol.started is not None
    assert protocol.started[0] == right[0]
    assert right[1] is None or b"".join(protocol.received) == right[1]
