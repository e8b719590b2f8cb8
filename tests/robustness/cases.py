"""Bad input, each piece with the status that is right for it. What has no single right status stands in `strange`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.robustness.gateway import Sent

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=edge"

Case = tuple[str, int, Sent]


def all_cases() -> dict[str, tuple[int, Sent]]:
    """Every case by its name."""
    found: dict[str, tuple[int, Sent]] = {}
    for group in GROUPS:
        for name, status, sent in group():
            key = f"{group.__name__}: {name}"
            assert key not in found, key
            found[key] = (status, sent)
    return found


def posted(target: str, body: bytes, kind: str | None, **more: Any) -> Sent:
    return Sent(target, "POST", (("Content-Type", kind),) if kind is not None else (), body, **more)


def with_header(target: str, name: str, value: str, **more: Any) -> Sent:
    return Sent(target, headers=((name, value),), **more)


def cookies() -> Iterator[Case]:
    """A cookie header that makes no sense is read as far as it does; it is nobody's error."""
    for value in (
        "", ";", ";;;;", "=", "=x", "a", "a=", " = ", "a=b;;c=d", "a=b; a=c", "a b=c d", 'a="unclosed', 'a="\\"',
        'a="\\777"', 'a="\\12"', "a=\xff\xfe", "\xff=a", "a=\x00", "a=\x01\x1f", "a=%zz", "a=b,c=d", "a=\tb", "a=b\\",
        "__proto__=x", "a=" + "x" * 100_000, "; ".join(f"k{n}=v" for n in range(3_000)), "a=" + '"' * 5_000,
        "session", "a=\u00e9=\u00e9", "$Version=1; a=b; $Path=/", "a==b==c", '"a"="b"', "a=b;\r\n c=d",
    ):  # fmt: skip
        yield f"{value[:30]!r} of {len(value)}", 200, with_header("/cookies", "Cookie", value)
        yield f"{value[:30]!r} of {len(value)} where a session is", 200, with_header("/session", "Cookie", value)


def sessions() -> Iterator[Case]:
    """A session cookie that does not verify is an empty session."""
    for value in (
        "", ".", "..", "...", "x", "x.y.z", ".x.y.z", "eyJhIjoxfQ", "eyJhIjoxfQ.aaaaaa.AAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "\xff\xfe.\xff.\xff", "a" * 50_000, "." * 5_000, "=.=.=", "eyJhIjoxfQ.", ".eJwDAAAAAAE.aaaaaa.x", "a.b.c.d.e.f",
        '"eyJhIjoxfQ.aaaaaa.x"', "%00", "null", "e30.aaaaaa.", "\u00e9.\u00e9.\u00e9", "x.-_-_-_.x", "x.!!!!!!.x",
    ):  # fmt: skip
        yield f"{value[:30]!r} of {len(value)}", 200, with_header("/session", "Cookie", f"session={value}")
        name = f"{value[:30]!r} of {len(value)}, written to"
        yield name, 200, Sent("/session", "POST", (("Cookie", f"session={value}"),))


def percents() -> Iterator[Case]:
    """What is no percent-encoding is text; what is no UTF-8 is shown by replacement characters."""
    for raw in (
        "%", "%%", "%2", "%zz", "%ff", "%c3%28", "%00", "%0d%0aSet-Cookie:x", "%e2%82", "%ed%a0%80", "%f8%88%80%80%80",
        "a%2fb", "%25", "%2525", "+", "%20", "%3f", "%23", "\xc3\xa9", "\xff", "%u0041", "%c0%af", "%7f", "%5c",
    ):  # fmt: skip
        yield f"{raw!r} in a string", 404 if raw == "a%2fb" else 200, Sent(f"/string/{raw}")
        # A line break is in no path: the rule's pattern ends at one, and so does a header that would be made of it.
        yield f"{raw!r} in a path", 404 if raw.startswith("%0d%0a") else 200, Sent(f"/path/{raw}")
        yield f"{raw!r} in a query", 200, Sent(f"/args?a={raw}&{raw}=b&{raw}")
        yield f"{raw!r} in an unknown path", 404, Sent(f"/x{raw}/x")
        yield f"{raw!r} in a redirect", 404 if raw == "a%2fb" else 308, Sent(f"/folder/{raw}")
        yield f"{raw!r} in a form", 200, posted("/form", f"a={raw}&{raw}=b".encode("latin-1"), FORM)


def queries() -> Iterator[Case]:
    """A query string is never refused; what a view asks of it and does not find is a bad request."""
    for raw in (
        "", "&", "&&&&", "=", "a", "a=1&a=2&a=", "a;b", "=&=&=", "a[]=1&a[0]=2", "a=1#b", "?a=1", "a=1?b=2",
        "a=\xff&\xfe=b", "\xc3\xa9", "\x00=\x00",
        "a=" + "x" * 100_000, "&".join(f"k{n}=v" for n in range(5_000)), "a" * 50_000, "&" * 50_000, "%" * 10_000,
    ):  # fmt: skip
        yield f"{raw[:30]!r} of {len(raw)}", 200, Sent(f"/args?{raw}")
        yield f"{raw[:30]!r} of {len(raw)} without what is needed", 400, Sent(f"/args/needed?{raw}")
        yield f"{raw[:30]!r} of {len(raw)} without what is needed, debug", 400, Sent(f"/args/needed?{raw}", app="debug")
    for raw in ("x", "", "1.5", "9" * 4_000, "1e999", "nan", "0x10", "1_0", " 1", "\u0665".encode().decode("latin-1")):
        yield f"n={raw[:30]!r} as a number", 200, Sent(f"/args/int?n={raw}")


def paths() -> Iterator[Case]:
    """A path that no rule matches is not found, however it is made; doubled slashes lead to single ones."""
    for rule, wrong in (
        ("int", ("x", "-1", "1.0", "", "1x", "+1", "0x1", "1e1", " 1", "1/2")),
        ("small", ("0", "100", "-1", "x")),
        ("fixed", ("1", "12", "1234", "-12", "x")),
        ("signed", ("--1", "x", "1-")),
        ("float", ("1", "x", "1.", ".1", "-1.0", "nan", "inf", "1.0.0", "1e5")),
        ("uuid", ("x", "0" * 32, "00000000-0000-0000-0000-00000000000", "g0000000-0000-0000-0000-000000000000")),
        ("short", ("four", "", "a/b")),
        ("string", ("", "a/b")),
        ("any", ("cow", "", "catdog", "CAT", "cat/")),
        ("path", ("",)),
    ):
        for value in wrong:
            yield f"/{rule}/{value}", 404, Sent(f"/{rule}/{value}")
    for path in (
        "/nothing", "/nothing/", "/State", "/state/", "/state/more", "/.", "/..", "/../state", "/./state", "/state%20",
        "/state%00", "/state;a=b", "/%2e%2e/state", "/" + "x" * 50_000, "/x" * 5_000, "/" + "%2f" * 500 + "x",
        "*", "/string/x/", "/static/../probe.py", "/static/%2e%2e/probe.py", "/static/none", "/static/",
    ):  # fmt: skip
        yield f"{path[:40]} of {len(path)}", 404, Sent(path)
    for path in ("/string//x", "/folder//x/", "/folder", "/folder/x", "/string////x", "/folder//x"):
        yield path, 308, Sent(path)
        yield f"{path} with a query", 308, Sent(f"{path}?a=%2F%2F&b")
    for path, status in (
        ("state", 200),
        ("//state", 200),
        ("///int/1", 200),
        ("//evil.example", 404),
        ("//evil.example/", 404),
    ):
        yield f"{path}, slashes before it apart", status, Sent(path)
    yield "an empty path", 404, Sent("")
    yield "no path at all", 404, Sent(environ=(("PATH_INFO", None),))


# What Python's json reads, and RFC 8259 does not permit.
NO_STRICT_JSON = (b"NaN", b"[Infinity]", b"-Infinity", b"1e400", b'"\xed\xa0\x80"')


def json() -> Iterator[Case]:
    """What is no JSON is a bad request; what is not called JSON is an unsupported type."""
    for body in (
        b"", b" ", b"{", b"}", b"[", b"[1,", b'{"a"}', b'{"a":}', b"{'a': 1}", b"nul", b"tru", b"1 2", b'"', b'"\\x"',
        b'"\\ud8"', b"\xff", b'"\xff"', b"\x00", b"[1,]", b"{,}", b"01", b"1.", b".5", b"+1", b"0x1", b"//", b"<a/>",
        b"a=1", b'{"a": 1', b'"\n"', b"[" * 500, b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000,
        b"9" * 5_000, b"NULL", b"undefined", b"\xc3\x28", *NO_STRICT_JSON,
    ):  # fmt: skip
        name = f"{body[:30]!r} of {len(body)}"
        yield name, 400, posted("/json", body, JSON)
        yield f"{name} in debug", 400, posted("/json", body, JSON, app="debug")
        yield f"{name} forced", 400, posted("/json/forced", body, "text/plain")
        yield f"{name} silently", 200, posted("/json/silent", body, JSON)
        yield f"{name} after data", 200, posted("/json/after/data", body, JSON)
    for kind in (
        None, "", "text/plain", FORM, MULTIPART, "application/jsonx", "json", "application/xjson", ";", "application",
        "application/", "/json", "*/*", "application\\json", "text/json", "\xff\xfe", "a" * 10_000,
        "application/+json/x",
    ):  # fmt: skip
        yield f"called {str(kind)[:30]!r}", 415, posted("/json", b'{"a": 1}', kind)
        yield f"called {str(kind)[:30]!r}, forced", 200, posted("/json/forced", b'{"a": 1}', kind)
        yield f"called {str(kind)[:30]!r}, silently", 200, posted("/json/silent", b'{"a": 1}', kind)
    for kind in (
        "Application/JSON",
        "application/json; charset=utf-16",
        "application/vnd.x+json",
        "application/json;;;=;",
    ):
        yield f"called {kind}", 200, posted("/json", b'{"a": 1}', kind)


def forms() -> Iterator[Case]:
    """A form that makes no sense is read as far as it does; what a view needs and does not find is a bad request."""
    for body in (
        b"", b"&", b"=", b"a", b"a=%", b"a=%zz&b", b"\xff=\xff", b"\x00", b"a=1&a=2", b"a;b=1", b"&" * 20_000,
        b"a=" + b"x" * 100_000, b"&".join(b"k%d=v" % n for n in range(2_000)), b"+=+", b"a\r\nb=c",
    ):  # fmt: skip
        name = f"{body[:30]!r} of {len(body)}"
        many = body.count(b"&") >= 1_000  # more than MAX_FORM_PARTS
        yield name, 413 if many else 200, posted("/form", body, FORM)
        needed = 413 if many else 400
        yield f"{name} without what is needed", needed, posted("/form/needed", body, FORM)
        yield f"{name} without what is needed, debug", needed, posted("/form/needed", body, FORM, app="debug")
        yield f"{name} without the file", needed, posted("/files/needed", body, FORM)
        yield f"{name} as values", 413 if many else 200, posted("/values?a=%ff", body, FORM)
    for kind in ("", "text/plain", "x", "application/x-www-form-urlencoded; charset=nonsense", "\xff", ";;;", None):
        yield f"called {kind!r}", 200, posted("/form", b"a=1", kind)
    for length in ("", "x", "-1", "1.5", "0", "1", "1_0", "+3", " 3", "\u0663", "\xb3", "0x3"):
        sent = Sent("/form", "POST", (("Content-Type", FORM), ("Content-Length", length)), b"a=1")
        yield f"of length {length[:10]!r}", 200, sent
    yield (
        "of a length, but no body",
        200,
        Sent("/form", "POST", (("Content-Type", FORM), ("Content-Length", "0")), b"a=1"),
    )
    yield "a chunked body that a server does not end", 411, posted("/form", b"a=1", FORM, environ=(
        ("CONTENT_LENGTH", None), ("HTTP_TRANSFER_ENCODING", "chunked"),
    ))  # fmt: skip
    yield "a chunked body that a server ends", 200, posted("/form", b"a=1", FORM, environ=(
        ("CONTENT_LENGTH", None), ("HTTP_TRANSFER_ENCODING", "chunked"), ("wsgi.input_terminated", True),
    ))  # fmt: skip


def part(head: bytes, content: bytes = b"content") -> bytes:
    return b"--edge\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def multipart() -> Iterator[Case]:
    """A multipart body that cannot be read gives an empty form and never more than that."""
    end = b"--edge--\r\n"
    named = b'Content-Disposition: form-data; name="needed"'
    bodies = {
        "empty": b"", "no boundary": b"nothing at all", "only the end": end, "not ended": part(named),
        "cut in a head": b"--edge\r\nContent-Dis",
        "cut in a name": b'--edge\r\nContent-Disposition: form-data; name="a',
        "cut in a boundary": part(named)[:-2] + b"\r\n--ed", "another boundary": part(named).replace(b"edge",
        b"other") + end,
        "no head": b"--edge\r\n\r\ncontent\r\n" + end, "no disposition": part(b"X: y") + end,
        "a part without a name": part(b"Content-Disposition: form-data") + end,
        "a file without a field": part(b"Content-Disposition: form-data; filename=x") + end,
        "attachment": part(b'Content-Disposition: attachment; name="a"') + end,
        "bare LF": part(named).replace(b"\r\n", b"\n") + end, "bare CR": part(named).replace(b"\r\n", b"\r") + end,
        "twice the same": part(named) * 2 + end, "nothing in it": part(named, b"") + end,
        "text after the end": part(named) + end + b"after", "text before": b"before\r\n" + part(named) + end,
        "head without colon": part(b"nonsense\r\n" + named) + end,
        "a part within": part(named, part(named) + end) + end, "NUL": part(named, b"\x00" * 100) + end,
        "long head": part(named + b"\r\nX: " + b"x" * 100_000) + end,
        "many heads": part(b"X: y\r\n" * 3_000 + named) + end,
        "many parts": part(named) * 900 + end, "only dashes": b"-" * 10_000, "only line ends": b"\r\n" * 10_000,
        "broken UTF-8": part(named.replace(b"needed", b"\xff\xfe"), b"\xff\xfe") + end,
        "charset": part(named + b"\r\nContent-Type: text/plain; charset=nonsense", b"\xe9") + end,
        "encoding": part(named + b"\r\nContent-Transfer-Encoding: base64", b"!!!") + end,
        "file without name": part(named + b'; filename=""') + end, "file": part(named + b'; filename="a.txt"') + end,
        "file with path": part(named + b'; filename="../../etc/passwd"') + end,
        "file with RFC 2231": part(named + b"; filename*=utf-8''%ff%2e%2e") + end,
        "file, broken RFC 2231": part(named + b"; filename*=x") + end,
        "length that lies": part(named + b'; filename="a"\r\nContent-Length: 5') + end,
        "quotes": part(b'Content-Disposition: form-data; name="a\\"b"; filename="\\\\"') + end,
    }  # fmt: skip
    for name, body in bodies.items():
        status = 413 if name in {"long head", "many heads"} else 200
        yield name, status, posted("/form", body, MULTIPART)
        yield f"{name}, values", status, posted("/values", body, MULTIPART)
    unreadable = {
        "empty",
        "no boundary",
        "only the end",
        "not ended",
        "another boundary",
        "no disposition",
        "only dashes",
    }
    for name in sorted(unreadable):
        yield f"{name}, without what is needed", 400, posted("/form/needed", bodies[name], MULTIPART)
        yield f"{name}, without the file", 400, posted("/files/needed", bodies[name], MULTIPART)
        yield f"{name}, without the file, debug", 400, posted("/files/needed", bodies[name], MULTIPART, app="debug")
    for kind in (
        "multipart/form-data", "multipart/form-data;", "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""', "multipart/form-data; boundary=a b", "multipart/form-data; boundary=\xff",
        "multipart/form-data; boundary=" + "x" * 256, "multipart/form-data; boundary=edge; boundary=other",
        "multipart/form-data; boundary*=utf-8''edge", "multipart/mixed; boundary=edge", "multipart/",
        "Multipart/Form-Data",
        'multipart/form-data; boundary="edge', "multipart/form-data; boundary=.*", "multipart/form-data, boundary=edge",
    ):  # fmt: skip
        yield f"called {kind[:60]!r}", 200, posted("/form", part(named) + end, kind)
    endless = "multipart/form-data; boundary=" + "x" * 257
    yield "a boundary without end", 400, posted("/form", part(named) + end, endless)


def limits() -> Iterator[Case]:
    """A body above a limit is too large, whoever asks for it first; at the limit it is not."""
    end = b"--edge--\r\n"
    named = b'Content-Disposition: form-data; name="a"'
    for target, kind in (
        ("/form", FORM),
        ("/json", JSON),
        ("/data", "text/plain"),
        ("/form", MULTIPART),
        ("/values", FORM),
    ):
        yield f"1001 bytes to {target} as {kind}", 413, posted(target, b"x" * 1001, kind, app="limited")
    yield "1000 bytes", 200, posted("/data", b"x" * 1000, "text/plain", app="limited")
    yield "a field of 501 bytes", 413, posted("/form", part(named, b"x" * 501) + end, MULTIPART, app="limited")
    yield "a field of 400 bytes", 200, posted("/form", part(named, b"x" * 400) + end, MULTIPART, app="limited")
    yield "six parts", 413, posted("/form", part(named) * 6 + end, MULTIPART, app="limited")
    yield "five parts", 200, posted("/form", part(named) * 5 + end, MULTIPART, app="limited")
    yield "a thousand and one parts", 413, posted("/form", part(named, b"") * 1001 + end, MULTIPART)
    yield (
        "a length above the limit, but no body",
        413,
        Sent("/data", "POST", (("Content-Length", "5000"), ("Content-Type", "text/plain")), b"", app="limited"),
    )
    yield "a view that does not read", 200, posted("/args", b"x" * 1001, FORM, app="limited")


def headers() -> Iterator[Case]:
    """A header that cannot be read is as none at all."""
    for name, values in {
        "Authorization": ("", "x", "Basic", "Basic ", "Basic x", "Basic !!!", "Basic " + "A" * 5_000, "Basic OmE=",
        "Basic YQ==",
                          "Bearer", "Bearer ", "Digest", "Digest x", 'Digest username="', "Digest a=b, =, c",
                          "\u00e9 x", ",",
                          "Basic \x00", "Basic \xff", "Basic \xe9\xe9", "Digest \xff=\xff",
                          "Digest " + ",".join("a=b" for _ in range(1_000))),
        "Range": ("", "x", "bytes", "bytes=", "bytes=-", "bytes=x-y", "bytes=5-1", "bytes=--1", "bytes=0-0,-1,x",
        "lines=1-2",
                  "bytes=1-2-3", "bytes= 0 - 1 ", "bytes=\u0661-\u0662", "bytes=0-" + "9" * 4_000,
                  "bytes=" + "0-0," * 1_000),
        "If-Modified-Since": ("", "x", "Thu, 01 Jan 1970", "Thu, 99 Xxx 9999 99:99:99 GMT", "0", "-1", "\xff",
        "1" * 4_000,
                              "Mon, 01 Jan 0000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359",
                              "Thu, 1 Jan 70 0:0:0 +9999"),
        "If-None-Match": ("", "x", '"', '""', "W/", 'W/"', '"a', 'a"', "*", "*, *", ",", '"\xff"', '"a" "b"',
        "W/" * 1_000),
        "If-Range": ("", "x", '"', "W/", "*", "0", "Thu, 01 Jan 1970"),
        "Accept": ("", ",", ";", "*", "/", "*/*;q=x", "*/*;q=", "*/*;q=-1", "*/*;q=9", "a/b;q=1;q=0",
        "text/html;level", "\xff",
                   "a/b;c=\"", "a" * 10_000, ",".join(f"a/b{n};q=0.{n}" for n in range(1_000)), "*/*;q=nan",
                   "*/*;q=1e400"),
        "Accept-Language": ("", "x;q=", "-", "de_DE", "*;q=0", "\xff-\xff"),
        "Accept-Encoding": ("", "gzip;q=2", ";;", "identity;q=0, *;q=0"),
        "Cache-Control": ("", "max-age", "max-age=x", "max-age=-1", "=", ",", "no-cache=\"", "max-age=" + "9" * 4_000,
        "\xff"),
        "Content-Type": ("", "x", "/", ";", "a/b; c", 'a/b; c="', "a/b; =c", "\xff/\xff", "a/b;" * 1_000,
        "a/b; charset=\xff"),
        "Content-Length": ("", "x", "-1", "1e3", "1.0", "\u0661", "++1", "0" * 4_000),
        "Date": ("", "x", "Thu, 99 Jan 1970 00:00:00 GMT"),
        "Max-Forwards": ("", "x", "-1", "1.5", "9" * 4_000),
        "User-Agent": ("", "\xff" * 100, "x" * 50_000),
        "X-Forwarded-For": ("", ",", ",,,", "\xff", "1.2.3.4, " * 1_000),
        "X-Forwarded-Host": ("evil.example", "", ","),
        "X-Http-Method-Override": ("DELETE",),
        "Referer": ("", "javascript:alert(1)", "\xff"),
        "Origin": ("", "null", "\xff"),
        "Pragma": ("", ",", "=", '"'),
        "Access-Control-Request-Headers": ("", ",", "\xff", "a,,b"),
        "Transfer-Encoding": ("", "chunked", "x", "chunked, chunked"),
        "Upgrade": ("websocket", "x", ""),
        "Expect": ("", "100-continue", "x"),
        "X-Odd": ("", "\x01", "\x7f", "\xff", "a" * 60_000),
    }.items():  # fmt: skip
        for value in values:
            short = f"{name}: {value[:25]!r} of {len(value)}"
            right = 400 if value == "chunked, chunked" else 200  # RFC 9112, section 6.1: not more than once
            yield short, right, with_header("/headers", name, value)
            yield f"{short}, looked up", right, with_header(f"/headers/{name}", name, value)
            if name in {"If-Modified-Since", "If-None-Match", "If-Range"}:
                fresh = (value == "*" and name == "If-None-Match") or value.startswith("Fri, 31 Dec 9999")
                yield f"{short}, for a file", 304 if fresh else 200, with_header("/file", name, value)
    for name in ("x\x00y", "\xff", "a b", "a:b", "", "x" * 10_000):
        yield (
            f"a name looked up that is none: {name[:10]!r} of {len(name)}",
            404 if not name else 200,
            Sent(f"/headers/{name}"),
        )
    for value, status in (
        ("bytes=0-0", 206), ("bytes=-1", 206), ("bytes=0-", 206), ("bytes=99999999-", 416), ("bytes=x-y", 416), ("x",
        416),
        ("bytes=5-1", 416), ("bytes=0-0,1-1", 416), ("bytes=-99999999", 416), ("bytes=-0", 416), ("lines=1-2", 416),
    ):  # fmt: skip
        yield f"a file's {value}", status, with_header("/file", "Range", value)


def methods() -> Iterator[Case]:
    """A method that a route does not have is not allowed, whatever it is called."""
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "X", "G E T", "", "\xff",
                   "GET/", "GET\x00", "X" * 10_000, "GETGET", "HEADS", "<b>", "QUERY", "PRI"):  # fmt: skip
        yield f"{method[:20]!r}", 405, Sent("/state", method)
        yield f"{method[:20]!r} to nowhere", 404, Sent("/nowhere", method)
        yield f"{method[:20]!r} to a static file", 405, Sent("/static/x", method)
        yield f"{method[:20]!r} with a body", 405, Sent("/state", method, (("Content-Type", FORM),), b"a=1")
    for method in ("GET", "HEAD"):
        yield f"{method} of a route for POST alone", 405, Sent("/form", method)
    yield "HEAD", 200, Sent("/state", "HEAD")
    yield "OPTIONS", 200, Sent("/state", "OPTIONS")
    yield "OPTIONS of nowhere", 404, Sent("/nowhere", "OPTIONS")
    yield "OPTIONS *", 404, Sent("*", "OPTIONS")
    yield "get", 200, Sent("/state", "get")
    yield "POST to a folder without its slash", 404, Sent("/folder", "POST")
    yield "GET with a body", 200, Sent("/data", "GET", (("Content-Type", FORM),), b"a=1")
    yield "HEAD of an error", 404, Sent("/nowhere", "HEAD")
    yield "a redirect's HEAD", 308, Sent("/folder", "HEAD")
    for code in (400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423,
    424, 428,
                 429, 431, 451):  # fmt: skip
        yield f"abort({code})", code, Sent(f"/abort/{code}")
        yield f"abort({code}), HEAD", code, Sent(f"/abort/{code}", "HEAD")


# What is no host at all, and what one might be but that nobody has.
NO_HOSTS = frozenset((
    "a b", "a/b", "a\\b", "a@b", "a?b", "a#b", "[::1", "::1]", "a:b", "a:80:80", "\x00", "a\tb", "<script>", "a,b", '"',
    "[]", "[::g]", "a:-1",
))  # fmt: skip
BAD_HOSTS = (
    "a b", "a/b", "a\\b", "a@b", "a?b", "a#b", "[::1", "::1]", "a:b", "a:80:80", "\xff", "\x00", "a\tb", "<script>",
    "a,b",
    '"', "'", "[]", ":", ":80", "a:", "%41", "x" * 10_000, "a:99999", "a:-1", "a..b", ".", "-", "a_b", "[::g]", "*", "",
)  # fmt: skip


def gateways() -> Iterator[Case]:
    """What a server leaves out or makes odd is no reason to fail."""
    yield "no query string", 200, Sent("/args", environ=(("QUERY_STRING", None),))
    yield "a port that is none", 200, Sent("/host", environ=(("HTTP_HOST", None), ("SERVER_PORT", "x")))
    yield "no name and no host", 200, Sent("/host", environ=(("HTTP_HOST", None), ("SERVER_NAME", None)))
    yield "a root of odd bytes", 200, Sent("/host", environ=(("SCRIPT_NAME", "\xff/x"),))
    yield "a root with a slash", 200, Sent("/host", environ=(("SCRIPT_NAME", "/x/"),))
    yield "numbers without end", 404, Sent("/int/" + "9" * 5_000)
    yield "a float without end", 404, Sent("/float/" + "9" * 5_000 + ".5")
    yield "an argument without end", 200, Sent("/args/int?n=" + "9" * 5_000)
    yield "a port without end", 200, with_header("/host", "Host", "a:" + "9" * 5_000)
    for name in ("Content-Length", "Max-Forwards", "X-Forwarded-For"):
        yield f"{name} without end", 200, with_header("/headers", name, "9" * 5_000)


def hosts() -> Iterator[Case]:
    """A host that is none or not trusted never reaches a URL, and a list of trusted hosts lets no other in."""
    for host in BAD_HOSTS:
        name = f"{host[:20]!r} of {len(host)}"
        # These can be no domain: a label is empty or too long for IDNA, which the route's binding needs.
        impossible = host in {".", "a..b", "x" * 10_000} or host in NO_HOSTS
        yield f"{name} where nobody asks", 400 if impossible else 200, with_header("/string/x", "Host", host)
        yield f"{name}, untrusted", 400, with_header("/state", "Host", host, app="trusting")
        yield f"{name}, untrusted, to nowhere", 400, with_header("/nowhere", "Host", host, app="trusting")
    for host in ("other.example", "trusted.example.evil.example", "eviltrusted.example", "xsub.example", "localhost"):
        yield f"{host}, untrusted", 400, with_header("/host", "Host", host, app="trusting")
    for host in (
        "trusted.example",
        "sub.example",
        "a.sub.example",
        "a.b.sub.example",
        "trusted.example:81",
        "127.0.0.1:9090",
    ):
        yield f"{host}, trusted", 200, with_header("/host", "Host", host, app="trusting")
    for host in ("named.example:8080", "named.example", "a.named.example:8080", "other.example", "a b", "", "\xff"):
        status = 200 if host == "named.example:8080" else 400 if host in NO_HOSTS else 404
        yield f"{host!r} where a name is set and matched", status, with_header("/state", "Host", host, app="named")
    yield "no Host at all", 200, Sent("/host", environ=(("HTTP_HOST", None),))
    yield "no Host, odd port", 200, Sent("/host", environ=(("HTTP_HOST", None), ("SERVER_PORT", "8080")))
    yield "a scheme of its own", 200, Sent("/host", environ=(("wsgi.url_scheme", "https"),))
    yield "an absolute target", 404, Sent("http://evil.example/state")


def strange() -> dict[str, Sent]:
    """What has no single right status: only the same one as upstream's, and never 500."""
    found = {
        f"Host {host[:20]!r} of {len(host)} at {target}": with_header(target, "Host", host)
        for host in BAD_HOSTS
        for target in ("/state", "/host", "/folder", "/nowhere")
    }
    found |= {
        f"redirect to {to!r}": Sent(f"/redirect?to={to}")
        for to in ("//evil", "x", "", "http:", "%c3%a9", "%ff", "javascript:1", "?a=b", "%20", "%2f%2fx", "a%20b")
    }
    found |= {
        f"redirect built with {rest!r}": Sent(f"/redirect/typed?rest={rest}")
        for rest in ("%0d%0a", "%c3%a9", "//x", "..")
    }
    return found


GROUPS = (
    cookies, sessions, percents, queries, paths, json, forms, multipart, limits, headers, methods, gateways, hosts,
)  # fmt: skip
