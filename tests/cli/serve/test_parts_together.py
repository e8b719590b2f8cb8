"""All parts of a worker at once, in `flask serve` itself: what only a real connection shows."""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path

import pytest

from tests.cli.server import until

from .service import Service, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and several workers are POSIX"),
]

APP = """
from flask import Flask, Response, request, websocket
app = Flask(__name__)

@app.get("/who")
def who():
    app.logger.warning("asked")
    return {"addr": request.remote_addr, "scheme": request.scheme, "names": [name for name, _ in request.headers]}

@app.get("/breaks")
def breaks():
    def pieces():
        yield "a" * 1000
        raise LookupError("in the midst")
    return Response(pieces())

@app.get("/fails")
def fails():
    raise LookupError("at once")
"""
OPTIONS = "--workers 1 --access-log json --forwarded-allow-ips 127.0.0.1 --static --health-path /-/health".split()


def ask(service: Service, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    """An answer, and its body."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    connection.request("GET", path, headers={name.replace("__", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    try:
        return response, response.read()
    finally:
        connection.close()


def lines(service: Service) -> list[dict[str, object]]:
    """The log, each line of which is JSON."""
    return [json.loads(line) for line in service.log().splitlines()]


@pytest.mark.parametrize("interface", ["wsgi", "asgi", "rsgi"])
def test_all_parts_work_together(folder: Path, interface: str) -> None:
    """On each interface, of one server: health, forwarded headers, files, one log with one id, and broken answers."""
    (folder / "static").mkdir()
    (folder / "static" / "a.bin").write_bytes(b"x" * 300_000)
    with running(folder, *OPTIONS, "--interface", interface, app=APP) as service:
        service.wait_for_workers(1)
        assert ask(service, "/-/health")[1] == b"ready\n"

        proxied = {"X__Forwarded__For": "6.6.6.6, 203.0.113.9", "X__Forwarded__Proto": "https", "X__Request__ID": "abc"}
        seen = json.loads(ask(service, "/who", **proxied)[1])
        assert (seen["addr"], seen["scheme"]) == ("203.0.113.9", "https")

        response, body = ask(service, "/static/a.bin")
        assert body == b"x" * 300_000
        assert response.headers["ETag"]
        assert ask(service, "/static/a.bin", If__None__Match=response.headers["ETag"])[0].status == 304
        assert ask(service, "/static/a.bin", Range="bytes=1-2")[1] == b"xx"

        if interface == "wsgi":  # which has no way to tell that an answer breaks off
            ask(service, "/breaks")
        else:
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):  # it may break off before the head
                ask(service, "/breaks")
        assert ask(service, "/fails")[0].status == 500
        until(lambda: service.log(), '"path": "/fails"')
        records = lines(service)
        visits = {str(record["path"]): record for record in records if record["logger"] == "flask.serve.access"}
        assert set(visits) == {"/who", "/static/a.bin", "/breaks", "/fails"}
        assert visits["/who"]["request_id"] == "abc"
        assert visits["/who"]["remote_addr"] == "203.0.113.9"
        assert [record["request_id"] for record in records if record["message"] == "asked"] == ["abc"]
        assert visits["/breaks"]["aborted"] is True
        assert visits["/breaks"]["error"] == "LookupError"
        (error,) = [record for record in records if "at once" in str(record.get("exception"))]
        assert error["request_id"] == visits["/fails"]["request_id"]


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_a_name_with_an_underscore_is_nobodys(folder: Path, interface: str) -> None:
    """`X_Auth_User` beside `X-Auth-User` is not let in, and alone it is not either."""
    with running(folder, "--workers", "1", "--interface", interface, app=APP) as service:
        service.wait_for_workers(1)
        seen = json.loads(ask(service, "/who", X__Auth__User="good", X_Auth_User="evil")[1])
        assert [name for name in seen["names"] if "auth" in name.lower()] == ["X-Auth-User"]
        seen = json.loads(ask(service, "/who", X_Auth_User="evil")[1])
        assert [name for name in seen["names"] if "auth" in name.lower()] == []
