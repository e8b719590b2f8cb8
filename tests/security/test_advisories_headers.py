"""Advisories on a request's headers, cookies and host; docs/security-advisories.md says what each was about."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import typing as t

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.serving import make_server
from werkzeug.test import create_environ

from flask import Flask, request, url_for
from flask._gateways import asgi, rsgi
from tests.gateways import loops, raw, rsgi_drive
from tests.gateways.raw import Answer
from tests.security.attacks import Pairs, bounded, by_asgi, by_rsgi, make_app

Headers = list[tuple[str, str]]


@pytest.fixture
def app() -> Flask:
    app = make_app()

    @app.get("/seen")
    def seen() -> t.Any:
        return {
            "headers": [list(pair) for pair in request.headers],
            "environ": {key: value for key, value in request.environ.items() if key.isupper() and type(value) is str},
            "cookies": list(request.cookies.items(multi=True)),
            "url": request.url,
            "path": request.path,
            "host": request.host,
            "scheme": request.scheme,
            "client": request.remote_addr,
            "link": url_for("seen", _external=True),
        }

    @app.get("/negotiated")
    def negotiated() -> t.Any:
        return {
            "type": request.accept_mimetypes.best_match(["text/html", "application/json"]),
            "language": request.accept_languages.best_match(["en", "de"]),
            "encoding": request.accept_encodings.best_match(["gzip", "br"]),
            "charset": request.accept_charsets.best,
            "ranges": repr(request.range)[:9],
            "tags": repr(request.if_none_match)[:9],
            "cached": repr(request.cache_control)[:9],
            "user": repr(request.authorization)[:9],
        }

    return app


def through_loops(app: Flask, headers: Headers, path: str = "/seen") -> t.Iterator[t.Any]:
    """What the app has seen of a request with these headers, by ASGI and by RSGI."""
    coded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    for answer in (by_asgi(app, path=path, headers=coded), by_rsgi(app, path=path, headers=headers)):
        yield read(answer)


def read(answer: Answer) -> t.Any:
    assert answer.status.startswith("200")
    return json.loads(answer.body)


# ---- one header for another


def test_cve_2026_3902(app: Flask) -> None:
    """By ASGI and RSGI a header with an underscore never stands for the one with a hyphen, whichever comes first."""
    trusted, forged = ("x-forwarded-user", "ada"), ("x_forwarded_user", "mallory")
    for headers in ([trusted, forged], [forged, trusted], [forged], [("X_Forwarded-User", "mallory")]):
        for seen in through_loops(app, headers):
            assert seen["environ"].get("HTTP_X_FORWARDED_USER", "ada") == "ada"


@pytest.mark.parametrize("name", ["content_length", "content_type", "transfer_encoding", "host_", "x_", "_"])
def test_no_framing_by_underscores(app: Flask, name: str) -> None:
    """Nor does it for a header that frames the body (the same advisory)."""
    for seen in through_loops(app, [(name, "5")]):
        assert not {"CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_TRANSFER_ENCODING"} & set(seen["environ"])


def test_cve_2015_0219(app: Flask) -> None:
    """Nor does it on the development server."""
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    try:
        with socket.create_connection(("127.0.0.1", server.server_port), 10) as connection:
            connection.sendall(b"GET /seen HTTP/1.1\r\nHost: a\r\nX_Auth_User: mallory\r\nX-Other: 1\r\n\r\n")
            answer = connection.makefile("rb").read()
    finally:
        thread.join(10)
        server.server_close()
    assert b'"HTTP_X_OTHER":"1"' in answer
    assert b"mallory" not in answer


def test_cve_2016_1000111(app: Flask) -> None:
    """A header named `Proxy` is a header: it never becomes the variable of the process that HTTP clients read."""
    for seen in through_loops(app, [("proxy", "http://evil.test")]):
        assert seen["environ"]["HTTP_PROXY"] == "http://evil.test"
    assert raw.call(app, "/seen", headers={"Proxy": "http://evil.test"}).status == "200 OK"
    assert os.environ.get("HTTP_PROXY") != "http://evil.test"


def test_cve_2025_14550() -> None:
    """A header that comes a hundred thousand times by ASGI is joined in one step, not copied once for each."""
    for name, separator in ((b"x-many", ","), (b"cookie", "; ")):
        with bounded():
            headers = asgi.environ_of({**loops.scope(), "headers": [(name, b"a=1")] * 1_000_000})
        (joined,) = (value for key, value in headers.items() if key in {"HTTP_X_MANY", "HTTP_COOKIE"})
        assert joined == separator.join(["a=1"] * 1_000_000)


def test_cve_2025_67725() -> None:
    """So it is by RSGI, and what comes once is left as it is."""
    scope = rsgi_drive.scope()
    scope.headers = Pairs([("X-Many", "1")] * 1_000_000 + [("X-Once", "1")])
    with bounded():
        environ = rsgi.environ_of(scope, "")
    assert environ["HTTP_X_MANY"] == ",".join(["1"] * 1_000_000)
    assert environ["HTTP_X_ONCE"] == "1"


# ---- cookies


def test_cve_2023_23934(app: Flask) -> None:
    """A cookie without a name is none, whatever stands before or behind further equals signs."""
    answer = read(raw.call(app, "/seen", headers={"Cookie": "=session=forged; ==__Host-id=forged; good=1"}))
    assert answer["cookies"] == [["good", "1"]]


def test_cve_2016_7401(app: Flask) -> None:
    """Nothing but a semicolon separates cookies: not brackets, commas, quotes or blanks that another site may set."""
    header = 'ga=1]session=forged; gb=2,session=forged; gc="3 session=forged"; gd=4\tsession=forged'
    names = [name for name, _ in read(raw.call(app, "/seen", headers={"Cookie": header}))["cookies"]]
    assert "session" not in names
    assert names[:3] == ["ga", "gb", "gc"]


@pytest.mark.parametrize(
    "value", ["\\" * 200_000, '\\"' * 100_000, "\\1" * 100_000, "\\" * 199_999 + '"', '"' * 200_000]
)
def test_cve_2024_7592(app: Flask, value: str) -> None:
    """A quoted cookie of backslashes is read once through."""
    with bounded():
        assert raw.call(app, "/seen", headers={"Cookie": f'a="{value}'}).status == "200 OK"
        assert raw.call(app, "/seen", headers={"Cookie": f'a="{value}"'}).status == "200 OK"


@pytest.mark.parametrize(
    "header", [";" * 200_000, "a=1;" * 50_000, "=" * 200_000, "; ;" * 60_000, " " * 200_000, "a" * 200_000]
)
def test_cve_2024_52804(app: Flask, header: str) -> None:
    """Nor does any other header of cookies take time that grows faster than it does."""
    with bounded():
        assert raw.call(app, "/seen", headers={"Cookie": header}).status == "200 OK"


def test_cve_2025_69230(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """A thousand invalid cookies are not a thousand lines of a log."""
    caplog.set_level(logging.DEBUG)
    raw.call(app, "/seen", headers={"Cookie": "; ".join(f"a{n}\x01=\x7f{n}" for n in range(1000))})
    assert len(caplog.records) < 5


# ---- hosts

MALFORMED = [
    "evil.test/?",
    "evil.test/path",
    "evil.test?x",
    "evil.test#x",
    "user@evil.test",
    "user:word@evil.test:80",
    "good.test,evil.test",
    "evil test",
    "evil\\test",
    "<b>evil</b>",
    "evil.test:port",
    "evil.test:99999",
    "[::1",
    "a\x00b",
    "evil.test\t",
]


@pytest.mark.parametrize("host", MALFORMED)
def test_cve_2026_48710(app: Flask, host: str) -> None:
    """What is no host in a Host header never becomes a part of `request.url`: its path is the path that was routed."""
    answer = raw.call(app, "/seen", headers={"Host": host})
    if answer.status != "400 BAD REQUEST":
        seen = read(answer)
        assert seen["path"] == "/seen"
        assert seen["url"].endswith("/seen")
        assert "evil" not in seen["url"] + seen["host"] + seen["link"]


@pytest.mark.parametrize(
    "path", ["@evil.test", "@evil.test/seen", ":80/seen", "evil.test/seen", ".evil.test", "http://evil.test/"]
)
def test_cve_2026_54282(app: Flask, path: str) -> None:
    """A path that does not begin with a slash never becomes a part of the host."""
    app.add_url_rule(
        "/<path:rest>", "rest", lambda rest: {"url": request.url, "host": request.host, "root": request.url_root}
    )
    environ = create_environ("/", "http://good.test")
    environ["PATH_INFO"] = path
    started: list[str] = []
    body = b"".join(app(environ, lambda status, headers, *rest: started.append(status) or t.cast("t.Any", None)))
    answers = [body] if started[0].startswith("200") else []
    for answer in (by_asgi(app, path=path, raw_path=path.encode()), by_rsgi(app, path=path)):
        answers += [answer.body] if answer.status == "200" else []
    for answered in answers:
        assert b'"url":"http://good.test/' in answered or b'"url":"http://localhost/' in answered


@pytest.mark.parametrize(
    "host", ["evil.test", "good.test.evil.test", "evil.test:80", "xgood.test", "good.test:80@evil.test"]
)
def test_cve_2012_4520(app: Flask, host: str) -> None:
    """With TRUSTED_HOSTS no other host gets as far as a view, and so into no link of a mail."""
    app.config["TRUSTED_HOSTS"] = ["good.test", ".sub.test"]
    assert raw.call(app, "/seen", headers={"Host": host}).status == "400 BAD REQUEST"
    assert read(raw.call(app, "/seen", headers={"Host": "good.test"}))["link"] == "http://good.test/seen"


def test_cve_2022_39348(app: Flask) -> None:
    """No error page says the host, so none says one that is HTML."""
    app.config["TRUSTED_HOSTS"] = ["good.test"]
    for path in ("/seen", "/nowhere"):
        answer = raw.call(app, path, headers={"Host": "<script>alert(1)</script>"})
        assert answer.status[:3] in {"400", "404"}
        assert b"<script" not in answer.body


def test_cve_2026_34525(app: Flask) -> None:
    """Of two Host headers neither is the one that counts."""
    answers = [
        by_asgi(app, path="/seen", headers=[(b"host", b"evil.test")]),  # behind the one that every request has
        by_rsgi(app, path="/seen", headers=[("host", "evil.test")]),
        raw.call(app, "/seen", headers={"Host": "localhost,evil.test"}),
    ]
    for answer in answers:
        assert answer.status[:3] in {"200", "400"}
        seen = json.loads(answer.body) if answer.status[:3] == "200" else {"url": "", "host": ""}
        assert "evil.test" not in seen["url"] + seen["host"]
        assert "localhost" not in seen["url"] + seen["host"]


# ---- what only a proxy may say


@pytest.mark.parametrize(
    "headers",
    [
        {"Forwarded": 'for=6.6.6.6;host="evil.test";proto=https'},
        {"Forwarded": 'for="6.6.6.6;host=evil.test"'},
        {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"},
        {"X-Forwarded-Prefix": "/evil.test", "X-Original-URL": "/admin", "X-Rewrite-URL": "/admin"},
        {"X-Real-IP": "6.6.6.6", "X-Forwarded-Scheme": "https", "X-Url-Scheme": "https", "X-Forwarded-Ssl": "on"},
    ],
)
def test_cve_2026_32762(app: Flask, headers: dict[str, str]) -> None:
    """No header of a client says another host, scheme, path or address, as long as the app has not asked for that."""
    seen = read(raw.call(app, "/seen", headers=headers))
    assert (seen["host"], seen["scheme"], seen["path"]) == ("localhost", "http", "/seen")
    assert seen["link"] == "http://localhost/seen"
    assert "6.6.6.6" != seen["client"]


def test_cve_2018_16471(app: Flask) -> None:
    """With ProxyFix only the proxy's own entry counts, the last; what the client put before it does not."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    headers = {
        "X-Forwarded-For": "6.6.6.6, 1.2.3.4",
        "X-Forwarded-Proto": "javascript:alert(1)//, https",
        "X-Forwarded-Host": "evil.test, good.test",
    }
    seen = read(raw.call(app, "/seen", headers=headers))
    assert (seen["host"], seen["scheme"], seen["client"]) == ("good.test", "https", "1.2.3.4")


# ---- headers that are lists


@pytest.mark.parametrize("value", ["en-" + "a" * 100_000, ",".join(["aa-BB"] * 30_000), "-" * 100_000, "a" * 100_000])
def test_cve_2023_23969(app: Flask, value: str) -> None:
    """Languages that were never heard of are not kept, and not slow."""
    with bounded():
        for _ in range(3):
            assert raw.call(app, "/negotiated", headers={"Accept-Language": value}).status == "200 OK"


def test_cve_2026_34230(app: Flask) -> None:
    """Encodings are ordered as a sorted list is, not each against each."""
    for name in ("Accept-Encoding", "Accept", "Accept-Charset"):
        for one in ("*;q=0.{}", "a{}/b;q=0.5", "gzip;q=0.{}"):
            value = ",".join(one.format(number) for number in range(20_000))
            with bounded():
                assert raw.call(app, "/negotiated", headers={name: value}).status == "200 OK"


@pytest.mark.parametrize(
    "value", [" " * 100_000 + "x", ";" * 100_000, ",;" * 50_000, 'a="' * 30_000, "a/b;" + "\t" * 100_000]
)
@pytest.mark.parametrize(
    "name", ["Accept", "Forwarded", "Cache-Control", "Authorization", "If-None-Match", "Content-Disposition"]
)
def test_cve_2024_26146(app: Flask, name: str, value: str) -> None:
    """No header takes time that grows faster than its length."""
    with bounded():
        assert raw.call(app, "/negotiated", headers={name: value}).status[0] in "24"


@pytest.mark.parametrize(
    "value", ["bytes=" + "0-," * 50_000, "bytes=" + "9" * 100_000, "bytes=-" + "9" * 5000, "=" * 100_000]
)
def test_cve_2022_44570(app: Flask, value: str) -> None:
    """A Range header is read in time that grows as it does, and what is none is ignored."""
    with bounded():
        assert raw.call(app, "/negotiated", headers={"Range": value}).status == "200 OK"
