"""Advisories on bodies, JSON, forms and uploads; docs/security-advisories.md says what each was about."""

from __future__ import annotations

import contextlib
import gzip
import io
import logging
import subprocess
import sys
import threading
import tracemalloc
import typing as t
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from flask import Flask, request
from tests.gateways.raw import Answer
from tests.security.attacks import FIELD, FILE, MULTIPART, URLENCODED, bounded, by_asgi, by_rsgi, make_app, parts

MEGABYTE = 1_000_000


@pytest.fixture
def app() -> Flask:
    app = make_app()

    @app.post("/json")
    def read_json() -> t.Any:
        return {"json": request.get_json()}

    @app.post("/form")
    def read_form() -> t.Any:
        return {
            "fields": list(request.form.items(multi=True)),
            "files": [[name, file.filename, len(file.read())] for name, file in request.files.items(multi=True)],
        }

    @app.post("/data")
    def read_data() -> t.Any:
        return {"length": len(request.get_data())}

    return app


def post(app: Flask, body: bytes, kind: str = MULTIPART, path: str = "/form", **headers: str) -> TestResponse:
    """The answer, unless it costs more processor time than any linear reading of the body."""
    with bounded():
        return app.test_client().post(path, data=body, content_type=kind, headers=headers)


def read(app: Flask, body: bytes, kind: str = MULTIPART) -> t.Any:
    answer = post(app, body, kind)
    assert answer.status_code == 200, answer.text
    return answer.json


def memory_of(app: Flask, body: bytes, kind: str = MULTIPART, path: str = "/form") -> int:
    """The bytes that reading a body needed at once, without the body."""
    source = io.BytesIO(body)
    tracemalloc.start()
    try:
        app.test_client().post(path, input_stream=source, content_type=kind, content_length=len(body))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# ---- JSON


@pytest.mark.parametrize(
    ("encoding", "status"), [("utf-8", 200), ("utf-16", 200), ("utf-32", 200), ("cp037", 400), ("latin-1", 400)]
)
def test_cve_2018_1000656(app: Flask, encoding: str, status: int) -> None:
    """JSON is read in the encodings that RFC 4627 §3 recognizes by their first bytes; in any other it is a 400."""
    body = '{"key": "é"}'.encode(encoding)
    answer = post(app, body, f"application/json; charset={encoding}", "/json")
    assert answer.status_code == status
    assert status == 400 or answer.json == {"json": {"key": "é"}}


def test_cve_2019_1010083(app: Flask) -> None:
    """Megabytes in an encoding that they are not in need no more than a few times their own size."""
    body = b"\xff\xfe\x00\x00" + b'["\x80\x00' * (MEGABYTE // 3)
    assert post(app, body, "application/json", "/json").status_code == 400
    assert memory_of(app, body, "application/json", "/json") < 8 * len(body)


def test_cve_2021_32677(app: Flask) -> None:
    """JSON in a content type that any page may send without being asked is not read as JSON."""
    for kind in ("text/plain", "text/plain; application/json", URLENCODED, ""):
        assert post(app, b'{"amount": 1}', kind, "/json").status_code == 415


def test_cve_2020_10735(app: Flask) -> None:
    """A number of a million digits in JSON is a 400, without being computed."""
    assert post(app, b"9" * MEGABYTE, "application/json", "/json").status_code == 400


# ---- how many, and how large


def test_cve_2023_25577(app: Flask) -> None:
    """More parts than MAX_FORM_PARTS are 413, whatever they are."""
    for part in (FIELD + b"1", FILE + b"1"):
        assert post(app, parts(*[part] * 1001)).status_code == 413
        assert post(app, parts(*[part] * 1000)).status_code == 200


def test_cve_2023_24580(app: Flask) -> None:
    """Thousands of empty files are 413 before the disk or the process runs out of open files."""
    assert post(app, parts(*[FILE] * 20_000)).status_code == 413


def test_cve_2023_30798(app: Flask) -> None:
    """Thousands of fields cost no memory but that of those allowed."""
    body = parts(*[FIELD + b"1"] * 50_000)
    assert memory_of(app, body) < MEGABYTE


def test_cve_2024_47874(app: Flask) -> None:
    """A field without a file name is kept in memory, and so is 413 above MAX_FORM_MEMORY_SIZE."""
    body = parts(FIELD + b"x" * 600_000)
    assert post(app, body).status_code == 413
    app.config["MAX_FORM_MEMORY_SIZE"] = MEGABYTE
    assert post(app, body).status_code == 200


def test_cve_2025_61771(app: Flask) -> None:
    """The memory of all fields is counted together, so that many of them are 413 as one of their size is."""
    body = parts(*[FIELD + b"x" * 100_000] * 6)
    assert post(app, body).status_code == 413


def test_cve_2024_49767(app: Flask) -> None:
    """A field above the limit costs no more memory than the limit, not many times its size."""
    assert memory_of(app, parts(FIELD + b"x" * 8 * MEGABYTE)) < 3 * MEGABYTE


def test_cve_2026_34517(app: Flask) -> None:
    """A field that is too large is refused while it comes, not when all of it is there."""
    source = io.BytesIO(parts(FIELD + b"x" * 8 * MEGABYTE))
    with app.test_client() as client:
        answer = client.post(
            "/form", input_stream=source, content_type=MULTIPART, headers={"Content-Length": "9000000"}
        )
        assert answer.status_code == 413
        assert source.tell() < 2 * MEGABYTE


def test_cve_2026_54283(app: Flask) -> None:
    """A urlencoded form has the limits of a multipart one: its bytes, and how many fields it has."""
    assert post(app, b"field=" + b"x" * 600_000, URLENCODED).status_code == 413
    assert post(app, b"&".join([b"a=1"] * 1001), URLENCODED).status_code == 413
    assert post(app, b"&".join([b"a=1"] * 1000), URLENCODED).status_code == 200


def test_cve_2025_61919(app: Flask) -> None:
    """A urlencoded form without a length is not read without end."""
    pieces = [b"field=" + b"x" * 100_000] + [b"x" * 100_000] * 30
    for answer in sent(app, "/form", URLENCODED, CHUNKED, *pieces):
        assert answer.status == "413"


CHUNKED, UNDERSTATED, HTTP_2 = "in chunks", "with a length that is too small", "by HTTP/2"


def sent(app: Flask, path: str, kind: str, how: str, *pieces: bytes) -> t.Iterator[Answer]:
    """The answers to a body, by the gateways that do not leave its length to the server."""
    headers = [("content-type", kind)] + [("content-length", "5")] * (how == UNDERSTATED)
    more = {"method": "POST", "path": path, "http_version": "2" if how == HTTP_2 else "1.1"}
    chunked = how == CHUNKED
    coded = [(name.encode(), value.encode()) for name, value in headers]
    yield by_asgi(app, *pieces, headers=coded, chunked=chunked, **more)
    yield by_rsgi(app, *pieces, headers=headers, chunked=chunked, **more)


@pytest.mark.parametrize("how", [CHUNKED, UNDERSTATED, HTTP_2])
@pytest.mark.parametrize(
    ("path", "kind"), [("/echo", "text/plain"), ("/json", "application/json"), ("/form", MULTIPART)]
)
def test_cve_2026_33034(app: Flask, path: str, kind: str, how: str) -> None:
    """MAX_CONTENT_LENGTH is about what comes, not what was said: no view is given more, and the answer is 413."""
    app.config["MAX_CONTENT_LENGTH"] = 1000

    @app.post("/echo")
    def echo() -> bytes:
        return request.get_data()

    body = parts(FILE + b"1" * 5000) if kind == MULTIPART else b"1" * 5000
    for answer in sent(app, path, kind, how, *[body[at : at + 100] for at in range(0, len(body), 100)]):
        if how == UNDERSTATED:  # no server hands over more than was said; whoever does gets no more than the limit read
            assert answer.status in {"400", "413"} or len(answer.body) < 1050
        else:
            assert answer.status == "413"


def test_cve_2026_5766(app: Flask) -> None:
    """A file that comes without a length is not kept in memory."""
    pieces = [b"--limit\r\n" + FILE, *[b"x" * 65536] * 128, b"\r\n--limit--\r\n"]
    tracemalloc.start()
    try:
        answer = next(sent(app, "/form", MULTIPART, CHUNKED, *pieces))
        needed = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status == "200"
    assert b'["file","a.txt",8388608]' in answer.body
    assert needed < 24 * MEGABYTE  # which includes the view's own reading of it: 8 MB, and 16 while that grows


def test_cve_2026_34829(app: Flask) -> None:
    """Files that come without a length end at MAX_CONTENT_LENGTH as well, and are 413."""
    app.config["MAX_CONTENT_LENGTH"] = 200_000
    pieces = [b"--limit\r\n" + FILE, *[b"x" * 65536] * 16, b"\r\n--limit--\r\n"]
    for answer in sent(app, "/form", MULTIPART, CHUNKED, *pieces):
        assert answer.status == "413"


@pytest.mark.parametrize("length", ["-1", "-9999999", "+5", "5_0", "٥", "0x10", "5, 5"])
def test_cve_2026_53540(app: Flask, length: str) -> None:
    """A length that is none, or is negative, never means "read all that comes"."""
    app.config["MAX_CONTENT_LENGTH"] = 1000
    environ = {"CONTENT_LENGTH": length.encode().decode("latin-1"), "wsgi.input": io.BytesIO(b"x" * 5000)}
    answer = app.test_client().post("/data", environ_overrides=environ, content_type="text/plain")
    assert answer.status_code in {400, 413} or (answer.json or {})["length"] == 0
    headers = [("content-length", length), ("content-type", "text/plain")]
    other = by_rsgi(app, b"x" * 5000, headers=headers, method="POST", path="/data")
    assert other.status in {"400", "413"} or other.body == b'{"length":0}\n'


# ---- compressed bodies


def test_cve_2025_69223(app: Flask) -> None:
    """A compressed body is handed over as it came: nothing expands it before its size is known."""
    bomb = gzip.compress(b"0" * 20 * MEGABYTE)
    answer = post(app, bomb, "text/plain", "/data", **{"Content-Encoding": "gzip"})
    assert answer.json == {"length": len(bomb)}


def test_cve_2026_54278(app: Flask) -> None:
    """A compressed body that no view reads is not expanded either when the request ends."""

    @app.post("/unread")
    def unread() -> str:
        return "unread"

    bomb = gzip.compress(b"0" * 50 * MEGABYTE)
    tracemalloc.start()
    try:
        answer = post(app, bomb, "text/plain", "/unread", **{"Content-Encoding": "gzip"})
        assert answer.text == "unread"
        assert tracemalloc.get_traced_memory()[1] < 4 * MEGABYTE
    finally:
        tracemalloc.stop()


# ---- parts that are hard to find the end of


def test_cve_2023_46136(app: Flask) -> None:
    """A file that begins with a line break and has no other is read once, not again for each piece that comes."""
    content = b"\r\n" + b"x" * 16 * MEGABYTE
    assert read(app, parts(FILE + content))["files"] == [["file", "a.txt", len(content)]]


def test_cve_2022_30122(app: Flask) -> None:
    """A file made of beginnings of the boundary is read once as well."""
    for piece in (b"\r", b"\r\n", b"\r\n--limi", b"\r\n-", b"\n\r"):
        content = piece * (2 * MEGABYTE // len(piece))
        assert read(app, parts(FILE + content))["files"] == [["file", "a.txt", len(content)]]


def test_cve_2024_53981(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """Line breaks before the first boundary and anything after the last are skipped at once, and not logged."""
    caplog.set_level(logging.DEBUG)
    for body in (parts(FIELD + b"1", before=b"\r\n" * MEGABYTE), parts(FIELD + b"1", after=b"\n" * MEGABYTE)):
        answer = post(app, body)
        assert answer.status_code == 413 or (answer.json or {})["fields"] == [["field", "1"]]
    assert len(caplog.records) < 5


def test_cve_2026_40347(app: Flask) -> None:
    """A preamble or an epilogue of megabytes is skipped or refused, and neither kept nor searched again."""
    for body in (parts(FIELD + b"1", before=b"x" * 8 * MEGABYTE), parts(FIELD + b"1", after=b"--limi" * MEGABYTE)):
        answer = post(app, body)
        assert answer.status_code == 413 or (answer.json or {})["fields"] == [["field", "1"]]


def test_cve_2025_61770(app: Flask) -> None:
    """What comes before the first boundary is not gathered without bound."""
    assert memory_of(app, b"x" * 8 * MEGABYTE) < 3 * MEGABYTE


def test_cve_2025_61772(app: Flask) -> None:
    """The headers of a part that never end are 413."""
    body = b"--limit\r\n" + b"X-A: 1\r\n" * MEGABYTE
    assert post(app, body).status_code == 413
    assert memory_of(app, body) < 3 * MEGABYTE


def test_cve_2026_42561(app: Flask) -> None:
    """A part of a hundred thousand headers is 413, whether their block ends or not."""
    head = b"".join(b"X-%d: 1\r\n" % number for number in range(100_000))
    assert post(app, parts(head + FIELD + b"1")).status_code == 413


def test_cve_2026_34516(app: Flask) -> None:
    """One header of a part that has megabytes is 413 as well."""
    assert post(app, parts(b"X-A: " + b"x" * 2 * MEGABYTE + b"\r\n" + FIELD + b"1")).status_code == 413


def test_cve_2026_33033(app: Flask) -> None:
    """A part's own transfer encoding is not undone (RFC 7578 §4.7), so no blanks in its base64 are gone through."""
    content = b"YQ==" + b" \n" * MEGABYTE
    body = parts(b"Content-Transfer-Encoding: base64\r\n" + FILE + content)
    assert read(app, body)["files"] == [["file", "a.txt", len(content)]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--",
        b"--limit",
        b"--limit\r\n",
        b"--limit--",
        b"--limit\r\n\r\n",
        b"--limit\r\n" + FIELD[:-2],
        b"--limit\r\n" + FIELD + b"1",
        b"--limit\r\n" + FIELD + b"1\r\n--limit",
        b"--limit\r\n" + FIELD + b"1\r\n--limitX\r\n\r\n",
        b"--limit\n" + FIELD.replace(b"\r", b""),
        b"\r\n--limit\r\n\r\n\r\n--limit--limit--",
    ],
)
@pytest.mark.parametrize("advisory", ["django", "aiohttp"])
def test_cve_2022_23833(app: Flask, body: bytes, advisory: str) -> None:
    """A multipart body that breaks off anywhere, or breaks the rules, is answered, and without an error of ours."""
    answer = post(app, body, MULTIPART if advisory == "django" else MULTIPART.replace("limit", '"limit"'))
    assert answer.status_code in {200, 400, 413}


@pytest.mark.parametrize("piece", [b"--limit\r\n" + FILE, b"--limit\r\n" + FIELD + b"1", b"--limit\r\nContent-Dis"])
def test_cve_2024_30251(app: Flask, piece: bytes) -> None:
    """A multipart body whose client goes away in the middle of a part is given up, not waited for in a loop."""
    headers = [(b"content-type", MULTIPART.encode()), (b"content-length", b"5000")]
    seen: list[int | None] = []
    app.after_request(lambda response: seen.append(response.status_code) or response)
    with bounded(), contextlib.suppress(ValueError):  # nobody may be left to be answered
        by_asgi(app, piece, method="POST", path="/form", headers=headers, goes_after=0.01)
    assert seen == [400]


def test_cve_2025_69227(app: Flask) -> None:
    """A malformed multipart body ends with an answer also where Python leaves its assertions out."""
    program = (
        "from tests.security.test_advisories_bodies import *\n"
        "from tests.security.attacks import make_app\n"
        "app = make_app()\n"
        "app.post('/form')(lambda: str(len(request.form) + len(request.files)))\n"
        "for end in range(len(parts(FILE, FIELD))):\n"
        "    print(post(app, parts(FILE, FIELD)[:end]).status_code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert set(done.stdout.split()) <= {"200", "400", "413"}


def test_cve_2025_69228(app: Flask) -> None:
    """Many small files are spooled: together they need no more memory than their rows, up to what may be in memory."""
    body = parts(*[FILE + b"x" * 10_000] * 900)
    assert memory_of(app, body) < 24 * MEGABYTE


def test_cve_2025_47287(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """Parts that are malformed, a thousand of them, are not a thousand lines of a log."""
    caplog.set_level(logging.DEBUG)
    post(app, parts(*[b"Content-Disposition: form-data; name=\r\n\r\n1"] * 900))
    post(app, parts(*[b"No-Disposition: 1\r\n\r\n1"] * 900))
    assert len(caplog.records) < 5


def test_ghsa_qjxf_f2mg_c6mc(app: Flask) -> None:
    """The smallest of parts, a hundred thousand of them, are 413, or were none."""
    for part in (FIELD, b"\r\n", b""):
        answer = post(app, parts(*[part] * 100_000))
        assert answer.status_code in {400, 413} or answer.json == {"fields": [], "files": []}


def test_cve_2025_54121() -> None:
    """A large upload is not written to disk by the event loop's own thread, where a synchronous view reads it."""
    app = make_app()
    threads: list[threading.Thread] = []

    @app.post("/form")
    def read_form() -> str:
        threads.append(threading.current_thread())
        return str(len(request.files))

    pieces = [b"--limit\r\n" + FILE, *[b"x" * 65536] * 32, b"\r\n--limit--\r\n"]
    assert next(sent(app, "/form", MULTIPART, CHUNKED, *pieces)).body == b"1"
    assert threads[0] is not threading.main_thread()


# ---- headers with parameters


@pytest.mark.parametrize(
    "options",
    [
        '!="' + "\\" * 60_000,
        "a=" + '"\\' * 60_000,
        "a;" * 30_000,
        ";" * 60_000,
        " " * 60_000 + "x",
        'a="' * 20_000,
        "a*0=" + "x" * 60_000,
    ],
)
def test_cve_2024_24762(app: Flask, options: str) -> None:
    """No options of a content type take time that grows faster than they do."""
    for kind in (URLENCODED, "multipart/form-data", "application/json"):
        assert post(app, b"a=1", f"{kind}; {options}").status_code in {200, 400, 413, 415}


def test_cve_2026_28356(app: Flask) -> None:
    """The same holds of quoted values with many backslashes and no end, with a boundary behind them."""
    assert post(app, parts(FIELD), 'multipart/form-data; a="' + '\\"' * 30_000 + "; boundary=limit").status_code < 500


@pytest.mark.parametrize(
    "options", [b'name="' + b"\\" * 60_000, b'name="' + b'\\"' * 30_000 + b'"', b'name="\\' * 20_000]
)
def test_cve_2026_34827(app: Flask, options: bytes) -> None:
    """The same holds of a part's own headers, whose values may be full of backslashes."""
    body = parts(b"Content-Disposition: form-data; " + options + b"\r\n\r\n1")
    assert post(app, body).status_code in {200, 400, 413}


@pytest.mark.parametrize("options", [b"name=a" + b"; a" * 20_000, b'a="' * 20_000, b" " * 60_000, b";" * 60_000])
def test_cve_2025_49007(app: Flask, options: bytes) -> None:
    """It holds where they are many, or empty, or blanks."""
    body = parts(b"Content-Disposition: form-data; " + options + b"\r\n\r\n1")
    assert post(app, body).status_code in {200, 400, 413}


def test_cve_2025_67726(app: Flask) -> None:
    """The same holds of parameters with a quote that is never closed."""
    body = parts(b"Content-Disposition: form-data; " + b'a="b;' * 10_000 + b'name="field"\r\n\r\n1')
    assert post(app, body).status_code in {200, 400, 413}


def test_cve_2022_44572(app: Flask) -> None:
    """A boundary of a hundred thousand letters, which takes a second per megabyte to look for, is refused."""
    kind = "multipart/form-data; boundary=" + "b" * 100_000
    assert post(app, b"x" * 4 * MEGABYTE, kind).status_code == 400


def test_cve_2026_53537(app: Flask) -> None:
    """Extended parameters, which RFC 7578 §4.2 forbids in a form, never stand in for plain ones beside them."""
    smuggled = b'; name*=utf-8\'\'admin; name*0="adm"; name*1="in"'
    fields = read(app, parts(b'Content-Disposition: form-data; name="field"' + smuggled + b"\r\n\r\n1"))["fields"]
    assert fields == [["field", "1"]]
    named = b'; filename="a.txt"; filename*=utf-8\'\'evil.php; filename*0="evil"'
    files = read(app, parts(b'Content-Disposition: form-data; name="file"' + named + b"\r\n\r\n1"))["files"]
    assert files == [["file", "a.txt", 1]]


# ---- urlencoded


def test_cve_2026_53538(app: Flask) -> None:
    """A semicolon separates nothing in a urlencoded body, as WHATWG has it."""
    assert read(app, b"a=1;admin=1&b=2", URLENCODED)["fields"] == [["a", "1;admin=1"], ["b", "2"]]


def test_cve_2021_23336(app: Flask) -> None:
    """Nor does it in a query."""

    @app.get("/query")
    def query() -> t.Any:
        return list(request.args.items(multi=True))

    assert app.test_client().get("/query?a=1;admin=1&b=2").json == [["a", "1;admin=1"], ["b", "2"]]


def test_cve_2020_28473(app: Flask) -> None:
    """A parameter behind a semicolon, which a cache leaves out of its key, is not seen by the app either."""

    @app.get("/query")
    def query() -> t.Any:
        return request.args.to_dict()

    link = quote("</script>", safe="")
    assert "callback" not in (app.test_client().get(f"/query?utm=1;callback={link}").json or {})


def test_cve_2026_53539(app: Flask) -> None:
    """Separators without end, and no field between them, take time as their number does."""
    app.config["MAX_FORM_MEMORY_SIZE"] = None
    for separator in (b";", b"&", b"&;", b"=", b"%", b"+"):
        assert post(app, separator * (MEGABYTE // len(separator)), URLENCODED).status_code in {200, 400, 413}
