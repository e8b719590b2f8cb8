"""Bodies of requests, through every server: with a length, in chunks, too long, never read, broken off."""

from __future__ import annotations

import functools
import hashlib
import random
import typing as t

from tests.contract.fleet import Served
from tests.contract.wire import chunk, request_head

CHUNKED = ("Transfer-Encoding", "chunked")


def digest(data: bytes) -> dict[str, t.Any]:
    """What tells a body from any other."""
    return {"length": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@functools.cache
def some(count: int) -> bytes:
    """Bytes without a pattern, the same each time."""
    return random.Random(count).randbytes(count)


def send_both_ways(served: Served, size: int) -> None:
    """Send a body to a view that reads it at once, and to one that reads it in pieces."""
    for target in ("/upload/", "/upload/pieces"):
        assert served.ask(target, "POST", body=some(size)).json == digest(some(size))


def test_small_body(served: Served) -> None:
    """A small body arrives whole, read at once or in pieces."""
    send_both_ways(served, 4)


def test_body_of_1_mb(served: Served) -> None:
    """A body of one megabyte arrives whole, read at once or in pieces."""
    send_both_ways(served, 2**20)


def test_body_of_5_mb(served: Served) -> None:
    """A body of five megabytes arrives whole, read at once or in pieces."""
    send_both_ways(served, 5 * 2**20)


def test_small_body_in_chunks(served: Served) -> None:
    """A small body in chunks arrives whole, read at once or in pieces, and the connection can be used again."""
    for target in ("/upload/", "/upload/pieces"):
        send_in_chunks(served, target, 4)


def test_body_of_1_mb_in_chunks(served: Served) -> None:
    """A megabyte in chunks arrives whole, read at once or in pieces, and the connection can be used again."""
    for target in ("/upload/", "/upload/pieces"):
        send_in_chunks(served, target, 2**20)


def send_in_chunks(served: Served, target: str, size: int) -> None:
    """Send a body in chunks of 50 kB, and one more request."""
    data = some(size)
    with served.connect() as connection:
        connection.send(request_head(target, "POST", [CHUNKED]))
        for start in range(0, size, 50_000):
            connection.send(chunk(data[start : start + 50_000]))
        connection.send(chunk(b"") + b"\r\n")
        answer = connection.answer()
        assert answer.json == digest(data)
        assert connection.goes_on_after(answer)


def test_empty_body(served: Served) -> None:
    """A POST with a length of zero, and one in no chunks, have an empty body."""
    for headers, body in ([("Content-Length", "0")], b""), ([CHUNKED], b"0\r\n\r\n"):
        with served.connect() as connection:
            connection.send(request_head("/upload/", "POST", headers) + body)
            assert connection.answer().json == digest(b"")


def test_trailers(served: Served) -> None:
    """Headers after a chunked body are not taken for headers of the request."""
    with served.connect() as connection:
        head = request_head("/seen", "POST", [CHUNKED, ("Trailer", "X-User")])
        connection.send(head + chunk(b"abc") + chunk(b"") + b"X-User: evil\r\n\r\n")
        answer = connection.answer().json
    assert answer["body"] == "abc"
    assert "X-User" not in dict(answer["headers"])


def test_length_above_the_limit(served: Served) -> None:
    """A body whose length is above the limit gets 413 without being waited for."""
    with served.connect() as connection:
        connection.send(request_head("/upload/limited", "POST", [("Content-Length", "1001")]) + b"x")
        assert connection.answer().status == 413


def test_whole_body_above_the_limit(served: Served) -> None:
    """A body that was sent whole and is above the limit gets 413 as well."""
    assert served.ask("/upload/limited", "POST", body=b"x" * 1001).status == 413
    assert served.ask("/upload/limited", "POST", body=b"x" * 1000).json == digest(b"x" * 1000)


def test_chunks_above_the_limit(served: Served) -> None:
    """A chunked body above the limit gets 413."""
    with served.connect() as connection:
        connection.send(request_head("/upload/limited", "POST", [CHUNKED]) + chunk(b"x" * 1001) + b"0\r\n\r\n")
        assert connection.answer().status == 413
    with served.connect() as connection:
        connection.send(request_head("/upload/limited", "POST", [CHUNKED]) + chunk(b"x" * 1000) + b"0\r\n\r\n")
        assert connection.answer().json == digest(b"x" * 1000)


def test_chunks_above_the_limit_as_they_arrive(served: Served) -> None:
    """A chunked body is counted as it arrives: 413 is sent while the body goes on."""
    with served.connect() as connection:
        connection.send(request_head("/upload/limited", "POST", [CHUNKED]) + chunk(b"x" * 3000))
        assert connection.answer().status == 413


READERS: dict[str, tuple[str, t.Callable[[bytes], bytes]]] = {
    "data": ("text/plain", lambda content: content),
    "json": ("application/json", lambda content: b'"' + content + b'"'),
    "form": ("application/x-www-form-urlencoded", lambda content: b"a=" + content),
    "files": ("multipart/form-data; boundary=border", lambda content: multipart(('f"; filename="f"', content))),
    "stream": ("text/plain", lambda content: content),
    "lines": ("text/plain", lambda content: b"a line\n" + content),
}
"""How a body is read, with the type of it, and what makes one of some content."""


def body_for(reader: str, size: int) -> tuple[tuple[str, str], bytes]:
    """The header and the body of so many bytes that a reader is for."""
    kind, make = READERS[reader]
    return ("Content-Type", kind), make(b"x" * (size - len(make(b""))))


def test_whatever_reads_it_a_body_has_its_limit(served: Served) -> None:
    """A body above the limit gets 413 from whatever reads it, and once more, chunked or not; at the limit, 200."""
    for reader in READERS:
        for size, status in ((1000, 200), (1001, 413), (3000, 413)):
            header, body = body_for(reader, size)
            assert served.ask(f"/upload/limited/{reader}", "POST", [header], body).status == status
            with served.connect() as connection:
                head = request_head(f"/upload/limited/{reader}", "POST", [CHUNKED, header])
                connection.send(head + chunk(body[:500]) + chunk(body[500:]) + b"0\r\n\r\n")
                assert connection.answer().status == status


def test_expect_continue(served: Served) -> None:
    """A client that waits for 100 before it sends its body is told to go on."""
    with served.connect() as connection:
        connection.send(request_head("/upload/", "POST", [("Content-Length", "3"), ("Expect", "100-continue")]))
        assert connection.head().status == 100
        connection.send(b"abc")
        assert connection.answer().json == digest(b"abc")


def test_view_starts_before_the_body_is_there(served: Served, token: str) -> None:
    """A view is called when the headers are there, and reads the body as it comes."""
    with served.connect() as connection:
        connection.send(request_head(f"/upload/watched/{token}", "POST", [("Content-Length", "6")]) + b"abc")
        assert served.events(token, "started") == ["started"]
        connection.send(b"def")
        assert connection.answer().json == digest(b"abcdef")


def test_client_gone_from_an_upload(served: Served, token: str) -> None:
    """Half an upload is never taken for a whole one: the view's read fails, and the request is torn down."""
    with served.connect() as connection:
        connection.send(request_head(f"/upload/watched/{token}", "POST", [("Content-Length", "1000")]) + b"abc")
        assert served.events(token, "started") == ["started"]
        connection.close()
    assert served.events(token, "teardown") == ["started", "teardown"]
    assert served.ask("/text").status == 200


def test_half_a_body_is_never_a_whole_one(served: Served, token: str) -> None:
    """A connection that ends in the middle of a body never gives a view the half of it."""
    with served.connect() as connection:
        connection.send(request_head(f"/upload/watched/{token}", "POST", [("Content-Length", "1000")]) + b"abc")
    assert served.ask("/text").status == 200
    assert "whole" not in served.ask(f"/events/{token}?until=whole&patience=0.2").json


def test_whatever_reads_it_half_a_body_is_refused(served: Served) -> None:
    """A connection that ends sending in the middle of a body gets 400, or no answer, from whatever reads the body."""
    for reader in READERS:
        header, body = body_for(reader, 900)
        with served.connect() as connection:
            head = request_head(f"/upload/limited/{reader}", "POST", [("Content-Length", "900"), header])
            connection.send(head + body[:600])
            assert connection.end_sending()[:12] in {b"HTTP/1.1 400", b""}
    assert served.ask("/text").status == 200


def test_half_of_the_chunks_are_never_all(served: Served, token: str) -> None:
    """A connection that ends between or within the chunks of a body never gives a view what had come."""
    for body in chunk(b"abc"), b"10\r\nabc":
        with served.connect() as connection:
            connection.send(request_head(f"/upload/watched/{token}", "POST", [CHUNKED]) + body)
    assert served.ask("/text").status == 200
    assert "whole" not in served.ask(f"/events/{token}?until=whole&patience=0.2").json


HIDDEN = b"GET /fail HTTP/1.1\r\nHost: site.test\r\n\r\n"


def test_body_that_nobody_reads(served: Served) -> None:
    """What a view leaves unread is never taken for the next request: it is skipped, or the connection ends."""
    for times in (1, 5000):
        with served.connect() as connection:
            answer = connection.ask("/upload/ignored", "POST", body=HIDDEN * times)
            assert (answer.status, answer.text) == (200, "not read")
            assert connection.goes_on_after(answer)


def test_chunks_that_nobody_reads(served: Served) -> None:
    """Chunks that a view leaves unread are never taken for the next request either."""
    with served.connect() as connection:
        connection.send(request_head("/upload/ignored", "POST", [CHUNKED]) + chunk(HIDDEN) * 9 + b"0\r\n\r\n")
        answer = connection.answer()
        assert answer.text == "not read"
        assert connection.goes_on_after(answer)


def test_json(served: Served) -> None:
    """JSON in UTF-8 arrives and is answered."""
    answer = served.ask("/upload/json", "POST", [("Content-Type", "application/json")], '{"ü": [1, null]}'.encode())
    assert answer.json == {"json": {"ü": [1, None]}}


def test_broken_json(served: Served) -> None:
    """What is no JSON gets 400, another type 415."""
    assert served.ask("/upload/json", "POST", [("Content-Type", "application/json")], b"{").status == 400
    assert served.ask("/upload/json", "POST", [("Content-Type", "text/plain")], b"{}").status == 415


def test_form(served: Served) -> None:
    """A form's fields arrive in order."""
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    answer = served.ask("/upload/form", "POST", headers, b"a=1&b=%C3%BC+x&a=2").json
    assert answer == {"fields": [["a", "1"], ["a", "2"], ["b", "ü x"]], "files": {}}


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """A body of parts, each with the rest of its disposition."""
    written = [
        b'--border\r\nContent-Disposition: form-data; name="%s\r\n\r\n%s\r\n' % (rest.encode(), data)
        for rest, data in parts
    ]
    return b"".join([*written, b"--border--\r\n"])


def test_files(served: Served) -> None:
    """Files arrive byte for byte beside fields: a small one, an empty one, and one of a megabyte."""
    big = some(2**20)
    files = {"small": b"\r\n--bord\r\n", "empty": b"", "big": big}
    parts = [('a"', b"1"), *((f'{name}"; filename="{name} ü.bin"\r\nContent-Type: x/y', files[name]) for name in files)]
    headers = [("Content-Type", "multipart/form-data; boundary=border")]
    answer = served.ask("/upload/form", "POST", headers, multipart(*parts)).json
    assert answer["fields"] == [["a", "1"]]
    assert answer["files"] == {name: [f"{name} ü.bin", "x/y", digest(data)] for name, data in files.items()}


def test_lines(served: Served) -> None:
    """A body that is read line by line keeps its line breaks, and the last line need not have one."""
    body = b"one\ntwo\r\n\nand the last"
    assert served.ask("/upload/lines", "POST", body=body).json == {"lines": 4, **digest(body)}


def test_files_in_chunks(served: Served) -> None:
    """A form with a file in a chunked body is the same form."""
    body = multipart(('a"', b"1"), ('f"; filename="f"\r\nContent-Type: x/y', some(100_000)))
    head = request_head("/upload/form", "POST", [CHUNKED, ("Content-Type", "multipart/form-data; boundary=border")])
    with served.connect() as connection:
        connection.send(head)
        for start in range(0, len(body), 7777):
            connection.send(chunk(body[start : start + 7777]))
        connection.send(b"0\r\n\r\n")
        answer = connection.answer().json
    assert answer == {"fields": [["a", "1"]], "files": {"f": ["f", "x/y", digest(some(100_000))]}}
