"""Requests of HTTP/2, through the servers that speak it without encryption."""

from __future__ import annotations

from tests.contract import http2
from tests.contract.fleet import Served
from tests.contract.test_uploads import digest, some


def test_request(served: Served) -> None:
    """A request of HTTP/2 has its version, its host, its path and its query."""
    answer = http2.ask(served.port, served.patience, "/seen?q=%C3%BC", headers=[("x-text", "a"), ("x-text", "b")]).json
    assert (answer["protocol"], answer["host"], answer["path"]) == ("HTTP/2", "site.test", "/seen")
    assert (answer["method"], answer["query"]) == ("GET", "q=%C3%BC")
    assert ",".join(value for name, value in answer["headers"] if name == "X-Text").replace(" ", "") == "a,b"


def test_cookies(served: Served) -> None:
    """Cookies that a browser sends as separate fields are separate cookies."""
    answer = http2.ask(served.port, served.patience, "/seen", headers=[("cookie", "a=1"), ("cookie", "b=2")]).json
    assert answer["cookies"] == [["a", "1"], ["b", "2"]]


def test_body_without_a_length(served: Served) -> None:
    """A body that was not announced arrives whole."""
    for size in (4, 2**20):
        answer = http2.ask(served.port, served.patience, "/upload/", "POST", body=some(size))
        assert answer.json == digest(some(size))


def test_stream(served: Served) -> None:
    """A stream arrives whole, and repeated headers in order."""
    answer = http2.ask(served.port, served.patience, "/stream/unsized")
    assert answer.body.decode() == "".join(f"{number}\n" for number in range(100))
    headers = http2.ask(served.port, served.patience, "/headers").headers
    assert [value.split(";")[0] for name, value in headers if name == "set-cookie"] == [
        "one=ONE",
        "two=TWO",
        "three=THREE",
    ]
