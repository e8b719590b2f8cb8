"""How answers are framed, through every server: lengths, bodies that may not be, files, errors."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.contract import site
from tests.contract.fleet import Served
from tests.contract.wire import request_head

UNSTABLE = {"date", "connection", "keep-alive"}


def test_text(served: Served) -> None:
    """A text goes out with its type and its length, in one piece."""
    answer = served.ask("/text")
    assert (answer.status, answer.body) == (200, b"a text\n")
    assert (answer.one("Content-Type"), answer.one("Content-Length")) == ("text/html; charset=utf-8", "7")
    assert answer.one("Transfer-Encoding") is None


def test_empty_body(served: Served) -> None:
    """An empty answer says that it is empty."""
    answer = served.ask("/empty")
    assert (answer.status, answer.one("Content-Length"), answer.body) == (200, "0", b"")


def test_big_body(served: Served) -> None:
    """Five megabytes go out whole."""
    answer = served.ask("/big")
    assert answer.one("Content-Length") == str(5 * 2**20)
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(site.PIECE * 80).digest()


def test_head(served: Served) -> None:
    """HEAD is answered with the headers of GET and without a body, and the connection can be used again."""
    for target in ("/text", "/empty", "/file", "/fail", "/none", "/stream/sized"):
        get = served.ask(target)
        with served.connect() as connection:
            head = connection.ask(target, "HEAD")
            stable = [sorted(pair for pair in a.headers if pair[0].lower() not in UNSTABLE) for a in (get, head)]
            assert (head.status, stable[1]) == (get.status, stable[0])
            assert connection.goes_on_after(head)


def test_head_of_a_stream(served: Served) -> None:
    """HEAD of a stream without a length sends no byte of it."""
    with served.connect() as connection:
        connection.send(request_head("/stream/unsized", "HEAD", [("Connection", "close")]))
        assert connection.answer("HEAD").status == 200
        assert connection.ended()


def test_statuses_without_a_body(served: Served) -> None:
    """204 and 304 have no body, whatever the view says, and no bytes of one come before the next answer."""
    for code in (204, 304):
        with served.connect() as connection:
            answer = connection.ask(f"/status/{code}")
            assert answer.status == code
            assert answer.one("Transfer-Encoding") is None
            assert connection.goes_on_after(answer)


def test_interim_status(served: Served) -> None:
    """Of a view that answers with a status below 200 no body goes out, and the server lives."""
    with served.connect() as connection:
        connection.send(request_head("/status/103", headers=[("Connection", "close")]))
        assert b"a body" not in connection.everything()
    assert served.ask("/text").status == 200


def test_no_length_with_204(served: Served) -> None:
    """204 says no length."""
    assert served.ask("/status/204").one("Content-Length") is None


def test_unusual_status(served: Served) -> None:
    """Any status from 200 to 599 goes out, be it known or not."""
    for code in (299, 418, 451, 499, 599):
        answer = served.ask(f"/status/{code}")
        assert (answer.status, answer.body) == (code, b"a body\n")


def test_date_and_server_once(served: Served) -> None:
    """What servers add is there at most once."""
    answer = served.ask("/text")
    assert len(answer.all("Date")) <= 1
    assert len(answer.all("Server")) <= 1
    assert len(answer.all("Content-Length")) == 1


def test_file(served: Served) -> None:
    """A file goes out whole with its length and its tag."""
    answer = served.ask("/file")
    content = Path(site.FILE).read_bytes()
    assert (answer.status, answer.body) == (200, content)
    assert answer.one("Content-Length") == str(len(content))
    assert answer.one("ETag")


def test_part_of_a_file(served: Served) -> None:
    """A range of a file is answered with that range alone."""
    answer = served.ask("/file", headers=[("Range", "bytes=10-19")])
    content = Path(site.FILE).read_bytes()
    assert (answer.status, answer.body) == (206, content[10:20])
    assert answer.one("Content-Range") == f"bytes 10-19/{len(content)}"


def test_file_that_the_client_has(served: Served) -> None:
    """A file that the client has is not sent again."""
    tag = served.ask("/file").one("ETag")
    assert tag is not None
    answer = served.ask("/file", headers=[("If-None-Match", tag)])
    assert (answer.status, answer.body) == (304, b"")


def test_failing_view(served: Served) -> None:
    """A view that raises is answered with 500, without its reasons, and the server lives."""
    for _ in range(3):
        answer = served.ask("/fail")
        assert answer.status == 500
        assert "always fails" not in answer.text
    assert served.ask("/text").status == 200


def test_abort(served: Served) -> None:
    """A view that aborts is answered with that status."""
    assert served.ask("/abort").status == 418


def test_no_such_path(served: Served) -> None:
    """A path without a rule gets 404."""
    assert served.ask("/none").status == 404
