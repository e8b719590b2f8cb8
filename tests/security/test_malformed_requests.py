"""Requests that make no sense: what cannot be read is as if it were not there, or is answered with 4xx, never with 500.

`tests/robustness/cases.py` has some thousand more of them, with the status that is right for each.
"""

from __future__ import annotations

import io
import typing as t
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Accept, ETags, Range, RequestCacheControl
from werkzeug.exceptions import HTTPException
from werkzeug.test import create_environ

from flask import Flask, Request, Response, request, send_file, session, url_for
from tests.security.doors import DOORS, by_wsgi

KEY = "8c2fd0a1b7e94c35a6f01d7eb4392c58"
FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=edge"}
LARGE = 200_000  # more than is read at once


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = KEY

    @app.post("/form")
    def form() -> dict[str, t.Any]:
        files = {name: [file.filename for file in request.files.getlist(name)] for name in sorted(request.files)}
        fields = {name: request.form.getlist(name) for name in sorted(request.form) if name != "padding"}
        return {"fields": fields, "files": files, "values": len(request.values)}

    @app.get("/args")
    def args() -> dict[str, t.Any]:
        return {"args": request.args.to_dict(flat=False), "full": request.full_path, "url": request.url}

    @app.get("/who")
    def who() -> str:
        sent = request.authorization
        return "nobody" if sent is None else repr((sent.type, sent.username, sent.token, str(sent)))

    @app.get("/file")
    def file() -> Response:
        return send_file(io.BytesIO(b"content"), mimetype="text/plain", etag="tag", last_modified=1_600_000_000)

    return app


def part(head: bytes, content: bytes = b"c") -> bytes:
    return b"--edge\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


END = b"--edge--\r\n"
NAMED = b'Content-Disposition: form-data; name="n"'
PADDING = part(b'Content-Disposition: form-data; name="padding"', b"x" * LARGE)
NO_NAME = {
    "no parameters": b"Content-Disposition: form-data",
    "a file": b'Content-Disposition: form-data; filename="f"',
    "an empty disposition": b"Content-Disposition:",
    "another disposition": b"Content-Disposition: attachment; filename=x",
    "a number": b"Content-Disposition: 5",
}


class TestForms:
    @pytest.mark.parametrize("memory", [500_000, 1_000_000, None])
    @pytest.mark.parametrize("padding", [b"", PADDING], ids=["small", "large"])
    @pytest.mark.parametrize("head", NO_NAME.values(), ids=NO_NAME)
    @pytest.mark.parametrize("door", DOORS)
    def test_a_multipart_part_without_a_name_is_passed_over(
        self, app: Flask, door: t.Any, head: bytes, padding: bytes, memory: int | None
    ) -> None:
        """Each part has a name (RFC 7578, section 4.2); upstream calls one that has none None."""
        app.config["MAX_FORM_MEMORY_SIZE"] = memory
        file = part(NAMED + b'; filename="named"')
        answer = door(app, "/form", "POST", padding + part(head) + part(NAMED) + part(head) + file + END, MULTIPART)
        assert answer.status.startswith("200")
        values = 2 if padding else 1
        expected = f'{{"fields":{{"n":["c"]}},"files":{{"n":["named"]}},"values":{values}}}\n'
        assert answer.body.decode() == expected

    @pytest.mark.parametrize("padding", [b"", PADDING], ids=["small", "large"])
    @pytest.mark.parametrize(
        ("head", "content", "expected"),
        [
            (b"\r\nContent-Type: text/plain; charset=nonsense", b"\xe9", "\ufffd"),
            (b"\r\nContent-Type: text/plain; charset=utf-16", b"\xff", "\ufffd"),
            (b"\r\nContent-Type: text/plain; charset=idna", b"xn--", "xn--"),
            (b"\r\nContent-Type: text/plain; charset=\0", b"a", "a"),
            (b"\r\nContent-Type: ;;;=", b"a", "a"),
            (b"\r\nContent-Transfer-Encoding: base64", b"!!", "!!"),
            (b"\r\nContent-Length: -5", b"a", "a"),
        ],
    )
    def test_a_field_of_an_unknown_charset_is_read(
        self, app: Flask, padding: bytes, head: bytes, content: bytes, expected: str
    ) -> None:
        """A charset that there is not, or that forms do not have, is UTF-8, with U+FFFD for what is none."""
        answer = by_wsgi(app, "/form", "POST", padding + part(NAMED + head, content) + END, MULTIPART)
        assert Response(answer.body, mimetype="application/json").get_json()["fields"] == {"n": [expected]}

    @pytest.mark.parametrize("padding", [b"", PADDING], ids=["small", "large"])
    @pytest.mark.parametrize(
        ("filename", "expected"),
        [
            (b'filename="a\0b"', "a\0b"),
            (b"filename*=utf-8''%00", "\0"),
            (b"filename*=utf-8''%ed%a0%80", "\ufffd" * 3),
            (b"filename*=nonsense''%ff", "%ff"),
            (b"filename*=utf-16''%ff%fe", "%ff%fe"),
            (b"filename*=x", "x"),
            (b'filename*0="a"; filename*99999999="b"', "ab"),
        ],
    )
    def test_a_file_of_any_name_is_taken(self, app: Flask, padding: bytes, filename: bytes, expected: str) -> None:
        """A name has no surrogates in it, whatever it was decoded from (RFC 2231), and no lengths or types fail."""
        body = padding + part(NAMED + b"; " + filename + b"\r\nContent-Length: \xd9\xa3\r\nContent-Type: ;=\xff") + END
        with app.test_request_context(data=body.replace(b"\xff", b""), method="POST", headers=MULTIPART):
            file = request.files["n"]
            assert file.filename == expected
            assert (file.content_length, file.read()) == (0, b"c")
            assert (file.content_type, file.mimetype, file.mimetype_params) is not None
            file.close()

    @pytest.mark.parametrize(
        "body", [b"a=1&b=\xff", "a=é".encode("latin-1"), "a=1".encode("utf-16"), b"a=\xed\xa0\x80"]
    )
    @pytest.mark.parametrize("padding", [b"", b"padding=" + b"x" * LARGE + b"&"], ids=["small", "large"])
    @pytest.mark.parametrize("door", DOORS)
    def test_a_urlencoded_body_that_is_not_utf_8_is_no_500(
        self, app: Flask, door: t.Any, body: bytes, padding: bytes
    ) -> None:
        """It is an empty form, as upstream."""
        answer = door(app, "/form", "POST", padding + body, FORM)
        assert answer.status.startswith("200")
        assert answer.body == b'{"fields":{},"files":{},"values":0}\n'

    @pytest.mark.parametrize("body", [b"a=%ff&b=1", b"%ed%a0%80=x", b"a=%", b"=&=", b"%c3%28=%zz", b"&" * 500])
    @pytest.mark.parametrize("door", DOORS)
    def test_percent_encoding_that_is_none_is_no_500(self, app: Flask, door: t.Any, body: bytes) -> None:
        """What is not UTF-8 behind percent signs stays encoded, and comes back as it was sent."""
        assert door(app, "/form", "POST", body, FORM).status.startswith("200")


class TestCredentials:
    @pytest.mark.parametrize(
        "header",
        [
            "Basic \xff", "Basic \xe9\xe9", "Basic \u00ff\u00ff\u00ff\u00ff", "Basic !", "Basic YQ", "Basic /w==",
            "Basic",
            "Basic \0", "Basic " + "A" * 9_999, "Basic " + b64encode(b"\xff:\xff").decode(), "Basic Og==",
            "Basic " + b64encode(b"a:\xed\xa0\x80").decode(), "\xff", "\xff \xff", "Digest \xff", "Digest a=b, =, c",
            'Digest username="', "Digest username*=utf-8''%ff", "Digest a*0=b, a*99999999=c", "Digest a*=nonsense''%ff",
            "Digest qop=\xff, nc=9999999999", "Bearer \xff", "Bearer a=b=c", "Negotiate =", "=", ",", " ",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("door", DOORS)
    def test_authorization_that_is_not_ascii_or_broken_is_no_500(self, app: Flask, door: t.Any, header: str) -> None:
        """Credentials that cannot be read are none (RFC 7617, section 2); upstream answers Basic \\xff with 500."""
        answer = door(app, "/who", headers={"authorization": header})
        assert answer.status.startswith("200")

    def test_good_credentials_are_read(self, app: Flask) -> None:
        """Those in UTF-8 are what they were."""
        header = "Basic " + b64encode("é:ü:".encode()).decode()
        assert "'é'" in by_wsgi(app, "/who", headers={"authorization": header}).body.decode()


class TestQueries:
    @pytest.mark.parametrize(
        "raw", ["\xff", "a=\xff&\xfe=b", "\xed\xa0\x80=x", "a=%ff\xff", "\xc3\xa9=\xc3", "\x80&" * 500]
    )
    def test_raw_bytes_over_0x7f_in_the_query_are_no_500(self, app: Flask, raw: str) -> None:
        """Bytes that are no UTF-8 are shown percent-encoded, raw ones too; upstream raises UnicodeDecodeError."""
        environ = create_environ("/args") | {"QUERY_STRING": raw}
        started: list[str] = []
        body = b"".join(app(environ, lambda status, headers, exc_info=None: started.append(status)))  # type: ignore[arg-type,return-value]
        assert started == ["200 OK"]
        assert b"\\ud8" not in body

    def test_they_are_kept(self, app: Flask) -> None:
        """A name and a value come out as if they had been percent-encoded."""
        with app.request_context(create_environ("/args") | {"QUERY_STRING": "a=\xff&\xfe=\xc3\xa9"}):
            assert request.args.to_dict() == {"a": "%FF", "%FE": "é"}


# ---- everything that a request tells

TEXTS = [
    "", "x", "\xff", "\xff\xfe", "\x01\x7f", "\0", "=", ",", ";", ";;;", '"', '"x', "\\", "*", "%", "%ff", "-", "-1",
    "0",
    "nan", "inf", "1e400", "9" * 5_000, "\xb2", "\xd9\xa1\xd9\xa2", "a=b", "a=", "=b", 'a; b="c', "a*=utf-8''%ff",
    "a; b*=utf-8''%ed%a0%80", "a; b*=nonsense''%ff", "a*0=b; a*99999999=c", ",,,;;;===", "a," * 3_000, "a" * 30_000,
]  # fmt: skip
DATES = [
    "Mon, 01 Jan 0000 00:00:00 GMT", "Mon, 01 Jan 99999 00:00:00 GMT", "Mon, 32 Jan 2020 00:00:00 GMT",
    "Mon, 01 Jan 2020 25:61:61 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "Sat, 01 Jan 0001 00:00:00 +2359",
    "Mon, 01 Jan 2020 00:00:00 +99999999999999", "Mon, 01 Jan 2020 " + "9" * 30 + ":00:00 GMT",
    "Mon, 01 Jan " + "9" * 30 + " 00:00:00 GMT", "Mon, " + "9" * 5_000 + " Jan 2020 00:00:00 GMT", "1 2 3 4 5 6",
    "Mon, 01 Jan 2020 00:00:00 +24000000", "Mon, 01 Jan 2020 00:00:00 +\xb2", "0 0 0", "\xb2 Jan 2020 00:00:00 GMT",
]  # fmt: skip
VALUES = {
    "Accept": ["*/*;q=nan", "*/*;q=inf", "*/*;q=1e400", "*/*;q=-1", "*/*;q=\xb2", "a;q=1_0", "/", "//", "a/b/c",
        ";q=1"],
    "Accept-Charset": ["*;q=nan", "\0", "utf-8;q=", "idna, punycode, unicode_escape", "a\0b;q=1"],
    "Accept-Encoding": ["gzip;q=nan", "*;q=1e400", ";;"],
    "Accept-Language": ["de-\xff;q=x", "-;q=1", "*;q=nan", "a-b-c-d-e_f"],
    "Access-Control-Request-Headers": ["a,,b", "\xff"],
    "Access-Control-Request-Method": ["\xff", "GET "],
    "Authorization": ["Basic \xff", "Digest =", "Bearer \xff", "Basic " + "\xff" * 10],
    "Cache-Control": ["max-age", "max-age=x", "max-age=\xb2", "max-age=" + "9" * 5_000, 'private="\xff', "a=b, a=c"],
    "Content-Encoding": ["gzip, \xff"],
    "Content-Length": ["-5", "1e3", "1_0", "+7", " 7", "7 7", "7, 7", "0x7"],
    "Content-MD5": ["\xff", "===="],
    "Content-Type": [
        "a/b; charset=\xff", "multipart/form-data; boundary=\xff", "multipart/form-data; boundary=",
        "multipart/form-data",
        "multipart/form-data; boundary*=utf-8''%ed%a0%80", "application/json; charset=\xff", "application/json",
        "application/x-www-form-urlencoded; charset=nonsense", "application/vnd.x+json;\xff=1", "/", "*/*",
    ],
    "Cookie": ["a=\xff", 'a="\\777"', 'a="\\', "=x", "a=b;;c", "; " * 999, "".join(map(chr, range(256))),
        "session=\xff"],
    "Date": DATES,
    "Forwarded": ['for=\xff;by="'],
    "Host": [
        "a b", "a@b", "[", "[::1", "a:b", "a:99999", "a:-1", "a:" + "9" * 5_000, "a..b", ".", "x" * 300, "xn--\xff",
        "xn--", "xn--3ba.example",
        "xn--999999999", "\xdf.example", "a,b", "a/b", ":", ":80", "a:\xb2", "a%2fb", "\xad", "a.\xad.b",
        "[:1]", "[a]:80", "[v1.a]", "[1.2.3.4]",
    ],
    "If-Match": ['W/"', '"', '"a","b', '"\xff"'],
    "If-Modified-Since": DATES,
    "If-None-Match": ["W/", 'W/"', 'W/"a', '"a","b', '"\xff"', "*,*", '"a" *'],
    "If-Range": ["W/", 'W/"a', '"a","b', '"x', *DATES],
    "If-Unmodified-Since": DATES,
    "Last-Event-ID": ["\xff\xfe", "\xed\xa0\x80"],
    "Max-Forwards": ["-1", "1.5", "9" * 5_000],
    "Origin": ["null", "\xff"],
    "Pragma": ["=", '"'],
    "Range": [
        "bytes", "bytes=", "bytes=-", "bytes=--", "bytes=9-1", "bytes=0-" + "9" * 5_000, "bytes=" + "9" * 5_000 + "-",
        "bytes=-" + "9" * 5_000, "bytes=\xb2-", "bytes=0-\xb3", "bytes=1_0-2_0", "bytes=+1-+2", "\xff=0-1",
        "bytes=0-0,-1,x",
        "bytes=" + "0-0," * 1_000,
    ],
    "Referer": ["javascript:1", "http://[", "//\xff"],
    "Transfer-Encoding": ["chunked", "gzip, chunked", "chunked, chunked", "\xff"],
    "Upgrade": ["websocket", "\xff"],
    "User-Agent": ["\xff" * 100],
    "X-Forwarded-For": [",", "1.2.3.4, \xff", "1, 2, 3"],
    "X-Forwarded-Host": ["\xff", ","],
    "X-Requested-With": ["\xff"],
}  # fmt: skip
ATTRIBUTES = sorted(
    name
    for name in dir(Request)
    if not name.startswith("_") and hasattr(Request, name) and not callable(getattr(Request, name))
)


def used(found: t.Any) -> None:
    """Use a value as programs do: shown, told whether it is there, looked into, compared and written again."""
    repr(found), str(found), bool(found)
    for name in ("to_header", "values", "keys", "to_dict", "best", "etag", "date", "username", "token", "parameters"):
        attribute = getattr(found, name, None)
        if callable(attribute):
            attribute()
    if isinstance(found, Accept):
        found.best_match(["text/html", "text/plain"])
        found.quality("text/html")
    if isinstance(found, RequestCacheControl):
        repr((found.max_age, found.no_cache, found.max_stale, found.min_fresh, found.only_if_cached))
    if isinstance(found, ETags):
        repr((found.contains("a"), found.contains_weak("a"), found.is_strong("a")))
    if isinstance(found, Range):
        repr((found.range_for_length(10), found.make_content_range(10), found.to_content_range_header(10)))


def failing(app: Flask, environ: t.Any) -> list[tuple[str, str]]:
    """Attributes that raise something that is no error of the client's, and what."""
    found = []
    with app.request_context(environ):
        for name in ATTRIBUTES:
            try:
                used(getattr(request, name))
            except HTTPException as error:
                if error.code is None or not 400 <= error.code < 500:
                    found.append((name, repr(error)))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is looked for
                found.append((name, repr(error)))
    return found


def key_of(header: str) -> str:
    """Where the environment has a header."""
    key = header.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


class TestEveryAttribute:
    @pytest.mark.parametrize("header", VALUES)
    def test_no_attribute_of_a_request_fails_for_a_broken_header(self, app: Flask, header: str) -> None:
        """Reading and using any public attribute raises nothing but an error of the client's, whatever is sent.

        On upstream dates beyond any calendar raise OverflowError, and an ETag with a quote in it ValueError.
        """
        for value in (*TEXTS, *VALUES[header]):
            environ = create_environ("/args?a=1", method="POST", data=b'{"a": 1}', content_type="application/json")
            environ[key_of(header)] = value
            assert failing(app, environ) == [], value
            with app.request_context(environ):
                url_for("args", _external=True)
                session.get("a")

    @settings(deadline=None, max_examples=60)
    @given(st.text(st.characters(max_codepoint=255)), st.sampled_from(sorted(VALUES)))
    def test_nor_for_any_other(self, value: str, header: str) -> None:
        """The same holds for whatever characters a header may consist of."""
        app = Flask(__name__)
        app.add_url_rule("/", "index", lambda: "")
        environ = create_environ("/", data=b"a=1", method="POST")
        assert failing(app, environ | {key_of(header): value}) == []


class TestConditions:
    @pytest.mark.parametrize("date", DATES)
    @pytest.mark.parametrize("header", ["if-modified-since", "if-unmodified-since", "if-range"])
    @pytest.mark.parametrize("path", ["/file", "/static/style.css"])
    def test_a_date_that_no_calendar_has_is_no_condition(
        self, tmp_path: t.Any, path: str, header: str, date: str
    ) -> None:
        """A file, static or sent, is answered as if the date were none (RFC 9110, section 13.1.3); upstream fails."""
        (tmp_path / "style.css").write_bytes(b"content")
        app = Flask(__name__, static_folder=tmp_path, static_url_path="/static")
        app.add_url_rule("/file", "file", lambda: send_file(tmp_path / "style.css"))
        answer = by_wsgi(app, path, headers={header: date})
        # The last day of the year 9999 is a date; since then nothing has changed.
        assert answer.status[:3] == ("304" if "9999 23:59:59" in date and header == "if-modified-since" else "200")
        ranged = by_wsgi(app, path, headers={header: date, "range": "bytes=0-1"})
        assert ranged.status[:3] in {"200", "206", "304"}
        if header == "if-range" and "9999 23:59:59" not in date:
            # What cannot be compared is not the same: the whole is sent, no part of another (section 13.1.5).
            assert ranged.status[:3] == "200"

    @pytest.mark.parametrize("header", ["if-none-match", "if-range", "range", "if-match"])
    def test_other_conditions_that_make_no_sense_are_no_500(self, app: Flask, header: str) -> None:
        """Ranges and ETags that are none are passed over, or answered with 4xx."""
        values = [value for name in ("Range", "If-None-Match", "If-Range") for value in VALUES[name]]
        for value in (*TEXTS, *values):
            assert by_wsgi(app, "/file", headers={header: value}).status[:3] in {"200", "206", "304", "412", "416"}


class TestHosts:
    @pytest.mark.parametrize("host", ["a..b", ".", "x" * 300, "evil.example"])
    @pytest.mark.parametrize("door", DOORS)
    def test_an_error_page_may_build_urls_though_the_host_was_refused(self, door: t.Any, host: str) -> None:
        """The page of the 400 has its links, as paths, since no host is known; upstream's is a 500 instead.

        There the URL adapter is None, and so an AttributeError comes of `url_for`, which most base templates call.
        """
        app = Flask(__name__)
        app.config["TRUSTED_HOSTS"] = ["good.example"]
        app.add_url_rule("/page/<name>", "page", lambda name: name)

        @app.errorhandler(400)
        def page(error: HTTPException) -> t.Any:
            return f"{url_for('page', name='é')} {url_for('page', name='a', _external=True)}", 400

        answer = door(app, "/page/a", headers={"host": host})
        assert answer.status.startswith("400")
        assert answer.body == b"/page/%C3%A9 /page/a"

    def test_it_has_the_prefix_that_the_server_names(self) -> None:
        """An app below a prefix builds by that."""
        app = Flask(__name__)
        app.config["TRUSTED_HOSTS"] = ["good.example"]
        app.add_url_rule("/page", "page", lambda: "")
        environ = create_environ("/page", base_url="http://evil.example/prefix")
        with app.request_context(environ):
            assert url_for("page") == "/prefix/page"
