"""Files sent from a path: Werkzeug's `send_file`, header by header; and where ours steps aside for it."""

from __future__ import annotations

import io
import mimetypes
import os
import sys
import time
import traceback
import typing as t
import warnings
from functools import partial
from pathlib import Path

import pytest
import werkzeug.utils
import werkzeug.wrappers
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.http import http_date
from werkzeug.security import safe_join
from werkzeug.test import create_environ
from werkzeug.wsgi import FileWrapper

import flask
from flask import Flask, Response, _files
from tests.gateways.raw import call

NAMES = [
    *[
        "style.css",
        "a.js",
        "a.min.js",
        "A.CSS",
        "page.html",
        "data.json",
        "i.svg",
        "i.png",
        "t.tar.gz",
        "t.tgz",
        "t.gz",
    ],
    *["t.css.gz", "README", ".hidden", "..css", "a.unknown", "a b.txt", 'q"uote.txt', "sem;i.txt", "data:text,x.css"],
    *["ü.css", "日本.txt", "a.ü", "http:x.css", "x.", "a..b.css", "-a.css", "a.xhtml", "line\nfeed.txt"],
]
ETAG = "the current tag"  # stands for it in the headers below
DATE = "the current date"
REQUESTS: list[dict[str, str]] = [
    {},
    *[
        {"If-None-Match": value}
        for value in (ETAG, f"W/{ETAG}", "*", '"other"', f'"a", {ETAG}', f'{ETAG}, "b"', "", "x")
    ],
    *[{"If-Modified-Since": value} for value in (DATE, "Sun, 06 Nov 1994 08:49:37 GMT", "", "junk", http_date(2**32))],
    {"If-None-Match": ETAG, "If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"},
    {"If-None-Match": '"other"', "If-Modified-Since": DATE},
    {"If-None-Match": "", "If-Modified-Since": DATE},
    *[{"If-Match": value} for value in (ETAG, '"other"', "*", "")],
    *[{"Range": value} for value in ("bytes=0-1", "bytes=-2", "bytes=90-", "bytes=0-0,2-3", "junk", "", "lines=1-2")],
    *[{"Range": "bytes=0-1", "If-Range": value} for value in (ETAG, DATE, '"other"', "junk")],
    {"If-Range": ETAG},
    {"Range": "bytes=0-1", "If-None-Match": ETAG},
]
OPTIONS: list[dict[str, t.Any]] = [
    {},
    *[{"mimetype": value} for value in ("text/plain", "a/b", "application/xml", "", "text/x\n")],
    *[{"as_attachment": True, "download_name": value} for value in (None, "n.txt", "n.tar.gz", "ü.txt", "", "a b")],
    {"download_name": "other.css"},
    {"as_attachment": 1},
    *[{"max_age": value} for value in (0, 1, 31536000, -5, True, 1.5, lambda name: 9, lambda name: None)],
    *[{"etag": value} for value in (False, "mine", 'in"valid', "", 1, 0)],
    *[{"last_modified": value} for value in (0, 1_600_000_000.5, -1)],
    *[{"conditional": value} for value in (False, 0, 1)],
]


class Seen(t.NamedTuple):
    status: t.Any = None
    headers: t.Any = None
    chunks: t.Any = None
    kind: t.Any = None
    error: t.Any = None


def seen(make: t.Callable[[], werkzeug.wrappers.Response], environ: dict[str, t.Any], exactly: bool) -> Seen:
    """All that a client sees of a file's response, or the error that it is; the file is closed at the end."""
    try:
        response = make()
    except Exception as e:  # noqa: BLE001 - whatever it is, it must be the same
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # Werkzeug leaves the file to the garbage collector
            traceback.clear_frames(e.__traceback__)
        return Seen(error=(type(e), str(e)))
    started: list[t.Any] = []
    body: t.Any = response.response
    assert response.direct_passthrough
    sending = werkzeug.wrappers.Response.__call__ if exactly else type(response).__call__
    answer: t.Any = sending(response, environ, lambda *args: started.extend(args))  # type: ignore[arg-type]
    chunks = list(answer)
    if hasattr(answer, "close"):
        answer.close()
    file = getattr(body, "file", None)
    assert file is None or file.closed
    return Seen(*started, chunks, (type(response), type(body), response.status_code, list(response.headers)))


def same_second(one: t.Callable[[], t.Any], other: t.Callable[[], t.Any]) -> tuple[t.Any, t.Any]:
    """What both give within one half of a second, for what is said of the time."""
    while True:
        begin = int(time.time() * 2)  # ages may be halves
        both = one(), other()
        if int(time.time() * 2) == begin:
            return both


def compare(app: Flask, path: t.Any, headers: dict[str, str], method: str = "GET", **options: t.Any) -> Seen:
    """Ours is Werkzeug's, for a path below the app's root; what it was."""
    full = os.path.join(app.root_path, path)
    about = os.stat(full)
    current = werkzeug.utils.send_file(full, create_environ()) if "\n" not in str(path) else None
    stand_ins = {
        ETAG: (current and current.headers["ETag"]) or '"x"',
        DATE: http_date(about.st_mtime),
    }
    if current is not None:
        current.close()
    filled = []
    for name, value in headers.items():
        for stands, real in stand_ins.items():
            value = value.replace(stands, real)
        filled.append((name, value))
    environ = create_environ("/", headers=filled, method=method)
    with app.request_context(environ):
        exactly = {"max_age": app.get_send_file_max_age, "response_class": app.response_class, **options}
        if exactly["max_age"] is None:
            exactly["max_age"] = app.get_send_file_max_age
        expected, found = same_second(
            lambda: seen(
                lambda: werkzeug.utils.send_file(
                    path, environ, use_x_sendfile=app.config["USE_X_SENDFILE"], _root_path=app.root_path, **exactly
                ),
                environ,
                True,
            ),
            lambda: seen(lambda: flask.send_file(path, **options), environ, False),
        )
    assert found == expected
    return t.cast(Seen, found)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    root = tmp_path_factory.mktemp("root")
    (root / "files").mkdir()
    for number, name in enumerate(NAMES):
        if sys.platform == "win32" and set(name) & set('":\n'):
            continue
        path = root / "files" / name
        path.write_bytes(b"0123456789" * number)
        os.utime(path, (1_600_000_000 + number / 7,) * 2)
    (root / "large.bin").write_bytes(bytes(range(256)) * 1000)
    return Flask("files", root_path=str(root), static_folder="files", static_url_path="/static")


def there(app: Flask) -> list[str]:
    return [name for name in NAMES if os.path.exists(os.path.join(app.root_path, "files", name))]


def test_a_file_of_any_name_is_werkzeugs(app: Flask) -> None:
    """Type, encoding, disposition and lengths follow from the name as they do in Werkzeug, for GET, HEAD and POST."""
    for name in there(app):
        for method in ("GET", "HEAD", "POST"):
            compare(app, f"files/{name}", {}, method)
            compare(app, f"files/{name}", {}, method, as_attachment=True)
            compare(app, Path(app.root_path, "files", name), {"If-None-Match": ETAG}, method)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_any_request_with_any_option_is_werkzeugs(app: Flask, options: dict[str, t.Any]) -> None:
    """Whatever is asked for and sent along, status, headers in their order, body and errors are Werkzeug's."""
    for headers in REQUESTS:
        for name in ("style.css", "t.tar.gz"):
            for method in ("GET", "HEAD"):
                compare(app, f"files/{name}", headers, method, **options)


tags = st.sampled_from([ETAG, f"W/{ETAG}", f"w/{ETAG}", '"x"', "*", "x", "", " ", ETAG.upper(), '"', "W/", f"x{ETAG}"])
dates = st.one_of(st.just(DATE), st.sampled_from(["", "x"]), st.integers(0, 2**33).map(http_date))


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "If-None-Match": st.lists(tags, max_size=3).map(", ".join),
            "If-Modified-Since": dates,
            "If-Match": tags,
            "Range": st.sampled_from(["bytes=0-3", "bytes=5-", "x"]),
            "If-Range": st.one_of(tags, dates),
        },
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "max_age": st.none() | st.integers(-10, 10**6),
            "as_attachment": st.booleans(),
            "mimetype": st.none() | st.sampled_from(["text/css", "a/b"]),
        },
    ),
    st.sampled_from(["style.css", "data.json", "i.png"]),
    st.sampled_from(["GET", "HEAD"]),
)
def test_any_precondition_is_decided_as_werkzeug_decides(
    app: Flask, headers: dict[str, str], options: dict[str, t.Any], name: str, method: str
) -> None:
    """Tags and dates in any form and combination lead to the same answer."""
    compare(app, f"files/{name}", headers, method, **options)


@pytest.mark.parametrize(
    "path",
    [
        *["style.css", "./style.css", "a/../style.css", "../large.bin", "..", "", ".", "/etc/passwd", "//x", "nowhere"],
        *["style.css/", "style.css/x", "a\\b", "x\0y", "sub/../../large.bin", "..\\x", "C:x", "a//b", "NUL", ".hidden"],
    ],
)
def test_a_path_from_outside_is_judged_as_by_werkzeug(app: Flask, path: str) -> None:
    """Within the directory, out of it, a folder, nothing: the same file or the same 404."""
    for directory in ("files", Path("files"), os.path.join(app.root_path, "files"), "files/", "", "nowhere", "."):
        environ = create_environ("/")
        theirs: t.Any = partial(werkzeug.utils.send_from_directory, directory, path, environ)
        theirs = partial(theirs, _root_path=app.root_path, response_class=Response)
        ours: t.Any = partial(flask.send_from_directory, directory, path)
        with app.request_context(environ):
            expected, found = same_second(partial(seen, theirs, environ, True), partial(seen, ours, environ, False))
        assert found == expected


@settings(max_examples=500, deadline=None)
@given(st.text("ab./\\\0:ü ~-", max_size=12), st.sampled_from(["/r", "r", "", "/", "r/", "./r"]))
def test_what_is_within_is_werkzeugs_judgement(path: str, directory: str) -> None:
    """A remembered judgement is `safe_join`'s, the first time and later."""
    for _ in range(2):
        assert _files.within(directory, path) == safe_join(directory, path)


def test_a_relative_root_is_left_to_werkzeug(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the app's root is relative, Werkzeug joins it twice, and so it stays."""
    monkeypatch.chdir(os.path.dirname(app.root_path))
    relative = Flask("relative", root_path=os.path.basename(app.root_path))
    with relative.test_request_context(), pytest.raises(FileNotFoundError):
        flask.send_from_directory("files", "style.css")
    monkeypatch.chdir(app.root_path)
    relative = Flask("relative", root_path="")
    with relative.test_request_context():
        flask.send_from_directory("files", "style.css").response.close()  # type: ignore[attr-defined]


def declines(app: Flask, environ: dict[str, t.Any] | None = None, **options: t.Any) -> bool:
    """Whether ours steps aside."""
    environ = {**create_environ("/"), **(environ or {})}
    path = os.path.join(app.root_path, "files", "style.css")
    with app.request_context(environ):
        response = _files.send_file(app, environ, path, options)
        from_directory = _files.send_from_directory(app, environ, "files", "style.css", options)
    for one in (response, from_directory):
        if one is not None:
            one.response.close()
    assert (response is None) == (from_directory is None)
    return response is None


@pytest.fixture
def own(app: Flask) -> Flask:
    """An app that may be changed."""
    return Flask("files", root_path=app.root_path, static_folder="files", static_url_path="/static")


@pytest.mark.parametrize(
    "options",
    [
        *[{"etag": value} for value in (False, "x", 1)],
        *[{"max_age": value} for value in (lambda name: 1, True, 1.0)],
        *[{"conditional": False}, {"last_modified": 1}, {"as_attachment": 1}, {"mimetype": Markup("a/b")}],
        *[{"download_name": "ü"}, {"download_name": 3}],
    ],
    ids=str,
)
def test_odd_arguments_are_werkzeugs(app: Flask, options: dict[str, t.Any]) -> None:
    """What is not plainly understood of the arguments is declined."""
    assert not declines(app)
    assert declines(app, **options)


@pytest.mark.parametrize(
    "environ", [{"HTTP_RANGE": "bytes=0-1"}, {"HTTP_IF_MATCH": "*"}, {"REQUEST_METHOD": "POST"}, {"HTTP_RANGE": ""}]
)
def test_odd_requests_are_werkzeugs(app: Flask, environ: dict[str, str]) -> None:
    """Ranges, preconditions other than a browser's, and methods other than GET and HEAD are declined."""
    assert declines(app, environ)


def test_what_the_server_sends_itself_is_werkzeugs(own: Flask) -> None:
    """With `USE_X_SENDFILE` the server is told the path, and nothing is opened."""
    assert not declines(own)
    own.config["USE_X_SENDFILE"] = True
    assert declines(own)
    assert compare(own, "files/style.css", {}).chunks == []


@pytest.mark.parametrize(
    "name",
    [
        *["__init__", "make_conditional", "set_etag", "cache_control", "last_modified", "content_length", "expires"],
        *["headers", "status", "status_code", "accept_ranges", "__setattr__", "_process_range_request", "__new__"],
    ],
)
def test_a_response_class_with_its_own_way_is_made_that_way(own: Flask, name: str) -> None:
    """A subclass that overrides a step of the making is asked at that step; one that does not is ours."""
    own.response_class = type("Plain", (Response,), {"default_mimetype": "a/b"})
    assert not declines(own)
    original = getattr(Response, name)
    replacement = property(original.fget, original.fset) if isinstance(original, property) else lambda *a, **kw: None
    own.response_class = type("Own", (Response,), {name: replacement})
    assert declines(own)
    own.response_class = werkzeug.wrappers.Response  # type: ignore[assignment]
    assert declines(own)


@pytest.mark.parametrize(
    "name", ["__init__", "make_conditional", "set_etag", "_process_range_request", "_clean_status"]
)
def test_a_patched_response_is_made_as_patched(app: Flask, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of the making that is replaced on the class, ours or Werkzeug's, is called at once."""
    told: list[str] = []
    for kind in (Response, *Response.__mro__[1:3]):
        if (name == "__init__" and kind is not Response) or not hasattr(kind, name):
            continue
        original = getattr(kind, name)
        with monkeypatch.context() as patch:
            patch.setattr(kind, name, lambda *a, original=original, **kw: (told.append(name), original(*a, **kw))[1])
            if kind is Response or getattr(Response, name) is getattr(kind, name):
                assert declines(app)
                told.clear()
                assert call(app, "/static/style.css").status == "200 OK"
                assert told
        assert not declines(app)


@pytest.mark.parametrize("name", ["send_file", "send_from_directory"])
def test_a_patched_werkzeug_is_called(app: Flask, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever replaces Werkzeug's function is asked."""
    monkeypatch.setattr(werkzeug.utils, name, lambda *args, **kwargs: Response("replaced"))
    assert call(app, "/static/style.css").body == b"replaced"


def test_the_age_is_the_apps_to_say(own: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """`get_send_file_max_age` is asked on instance, subclass and class, with the path, and once."""
    asked: list[t.Any] = []
    for answer, expected in (
        (7, "public, max-age=7"),
        (None, "no-cache"),
        (0, "no-cache, max-age=0"),
        (True, "public, max-age"),
        (2.5, "public, max-age=2"),
    ):
        asked.clear()
        own.get_send_file_max_age = lambda name, answer=answer: (asked.append(name), answer)[1]  # type: ignore[method-assign]
        with own.test_request_context():
            response = flask.send_file("files/style.css")
            assert response.headers["Cache-Control"] == expected
            response.close()
        assert asked == [os.path.join(own.root_path, "files/style.css")]
    del own.get_send_file_max_age
    monkeypatch.setattr(Flask, "get_send_file_max_age", lambda self, name: 8)
    with own.test_request_context():
        response = flask.send_from_directory("files", "style.css")
        assert response.headers["Cache-Control"] == "public, max-age=8"
        response.close()


def test_a_changed_file_is_described_anew(own: Flask, tmp_path: Path) -> None:
    """What is remembered of a file is remembered of that state of it: size and time of the last change."""
    path = tmp_path / "a.txt"
    for text, moment in (("one", 1_600_000_000), ("three", 1_600_000_000), ("three", 1_600_000_000.25), ("one", 0)):
        path.write_text(text)
        os.utime(path, (moment, moment))
        found = compare(own, str(path), {})
        assert b"".join(found.chunks) == text.encode()
        assert dict(found.headers)["Last-Modified"] == http_date(moment)


def test_the_tables_of_types_are_read_live(own: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A type that is added, changed or removed, in whichever table, is seen by the next request."""
    path = tmp_path / "file.dewar"
    path.write_text("x")

    def kind() -> tuple[str | None, str | None]:
        headers = dict(compare(own, str(path), {}).headers)
        return headers["Content-Type"], headers.get("Content-Encoding")

    assert kind() == ("application/octet-stream", None)
    strict = mimetypes._db.types_map[True]  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        patch.setitem(strict, ".dewar", "text/one")
        assert kind() == ("text/one; charset=utf-8", None)
        mimetypes.add_type("a/two", ".dewar")
        assert kind() == ("a/two", None)
        patch.setitem(mimetypes.encodings_map, ".dewar", "cold")
        assert kind() == ("application/octet-stream", "cold")
        patch.setitem(mimetypes.suffix_map, ".dewar", ".css.gz")
        assert kind() == ("text/css; charset=utf-8", "gzip")
    assert kind() == ("application/octet-stream", None)
    with monkeypatch.context() as patch:
        patch.setattr(mimetypes, "guess_type", lambda name, strict=True: ("a/patched", None))
        assert kind() == ("a/patched", None)
    with monkeypatch.context() as patch:
        patch.setattr(mimetypes.MimeTypes, "guess_type", lambda self, name, strict=True: ("a/method", None))
        assert kind() == ("a/method", None)
    with monkeypatch.context() as patch:
        tables = mimetypes.MimeTypes()
        tables.add_type("a/exchanged", ".dewar")
        patch.setattr(mimetypes, "_db", tables)
        assert kind() == ("a/exchanged", None)


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        st.text("aZ0_-.:/ ü,;=", max_size=10),
        st.builds(
            "{}{}".format,
            st.sampled_from(["a", "a.b", ".", "..", "data:x", "-", "http:", "A", "a b"]),
            st.sampled_from(
                sorted({*mimetypes.types_map, *mimetypes.suffix_map, *mimetypes.encodings_map, ".CSS", ".x"})
            ),
        ),
    )
)
def test_any_name_has_the_type_that_the_standard_library_guesses(name: str) -> None:
    """The short way into the tables ends at the same type and encoding."""
    known, ending = _files._named(name, False)
    assert known == name
    assert _files._guessed(name, ending) == mimetypes.guess_type(name)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.floats(0, 4e9),
            st.integers(0, 10**9).map(lambda second: second + 0.9999997),
            st.integers(1, 10**9).map(lambda second: second - 1e-9),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_the_date_is_written_as_werkzeug_writes_it(moments: list[float]) -> None:
    """Also in the last microsecond of a second, which is rounded up; and when the clock goes back."""
    with pytest.MonkeyPatch.context() as patch:
        for moment in [later for begin in moments for later in (begin, begin + 0.4, begin)]:
            patch.setattr(time, "time", lambda moment=moment: moment)
            assert _files._now() == ("Date", http_date(moment))


def test_a_servers_wrapper_gets_the_file_that_werkzeug_gives_it(app: Flask) -> None:
    """`wsgi.file_wrapper` is called with a buffered file and the size of a block; what it makes is what is sent."""
    given: list[t.Any] = []

    def wrapper(file: t.Any, size: int) -> t.Any:
        given.append((type(file), file.name, size))
        return FileWrapper(file, size)

    answer = call(app, "/static/style.css", environ_overrides={"wsgi.file_wrapper": wrapper})
    assert answer.body == (Path(app.root_path) / "files" / "style.css").read_bytes()
    assert given == [(io.BufferedReader, os.path.join(app.root_path, "files", "style.css"), 8192)]


def test_a_large_file_comes_in_blocks(app: Flask) -> None:
    """Block by block, as Werkzeug's wrapper reads it, whatever the size."""
    for name, size in (("large.bin", 256_000), ("files/style.css", 0)):
        found = compare(app, name, {})
        assert sum(map(len, found.chunks)) == size
        assert all(len(block) == 8192 for block in found.chunks[:-1])


def test_a_file_that_may_not_be_read_is_an_error_whatever_is_asked(
    own: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that knows the file gets no 304 for what could not be sent."""
    path = tmp_path / "a.txt"
    path.write_text("x")
    sent = werkzeug.utils.send_file(str(path), create_environ())
    tag = sent.headers["ETag"]
    sent.close()

    # As for an ordinary user; root, as whom tests may run, may read anything.
    for place, opened in (("builtins.open", open), ("flask._files.FileIO", io.FileIO)):

        def refuse(name: object, *args: t.Any, opened: t.Any = opened, **options: t.Any) -> t.Any:
            if name == str(path):
                raise PermissionError
            return opened(name, *args, **options)

        monkeypatch.setattr(place, refuse)
    for headers in ({}, {"If-None-Match": tag}):
        with own.request_context(create_environ("/", headers=headers)), pytest.raises(PermissionError):
            flask.send_file(str(path))


def test_hooks_see_and_change_a_files_response(own: Flask) -> None:
    """An `after_request` function may read it, set headers, read the file, replace the body or the status."""

    @own.after_request
    def after(response: Response) -> Response:
        assert response.direct_passthrough
        assert response.content_length == 10
        assert response.last_modified is not None
        assert response.get_etag()[0] is not None
        assert response.cache_control.no_cache
        change = flask.request.args.get("change")
        if change == "header":
            response.headers["X-A"] = "1"
        elif change == "read":
            response.direct_passthrough = False
            assert response.get_data() == b"0123456789"
        elif change == "body":
            response.direct_passthrough = False
            response.close()
            response.set_data("other")
        elif change == "status":
            response.status_code = 203
        elif change == "uncached":
            response.cache_control.no_store = True
            del response.headers["ETag"]
        return response

    assert call(own, "/static/a.js", query_string="change=header").header("X-A") == "1"
    assert call(own, "/static/a.js", query_string="change=read").body == b"0123456789"
    assert call(own, "/static/a.js", query_string="change=body").body == b"other"
    assert call(own, "/static/a.js", query_string="change=status").status.startswith("203 ")
    assert call(own, "/static/a.js", query_string="change=uncached").header("Cache-Control") == "no-cache, no-store"


def test_outside_of_a_request_a_file_is_an_error_that_explains(app: Flask) -> None:
    """Without a request, or without any context, both functions say what is missing."""
    for send in (lambda: flask.send_file("a"), lambda: flask.send_from_directory("files", "style.css")):
        with pytest.raises(RuntimeError, match="outside of request context"):
            send()
        with app.app_context(), pytest.raises(RuntimeError, match="outside of request context"):
            send()


# ---- what is done before the server asks


def sent_by(app: Flask, path: str = "/static/a.js", **options: t.Any) -> tuple[t.Any, Response]:
    """What a server is given to send, and the response that it comes from."""
    kept: list[Response] = []
    app.after_request_funcs[None] = [lambda response: (kept.append(response), response)[1]]
    return app(create_environ(path, **options), lambda *args: None), kept[0]  # type: ignore[arg-type, return-value]


def test_a_small_file_is_read_and_closed_as_it_is_sent(own: Flask) -> None:
    """The server gets the bytes of a small file, and nothing stays open; a known or unasked body is closed unread."""
    body, response = sent_by(own)
    assert (body, response.response.file.closed) == ([b"0123456789"], True)  # type: ignore[attr-defined]
    tag = {"If-None-Match": response.headers["ETag"]}
    for options in ({"headers": tag}, {"method": "HEAD"}):
        body, response = sent_by(own, **options)
        assert (body, response.response.file.closed) == ([], True)  # type: ignore[attr-defined]
    assert sent_by(own, "/static/style.css")[0] == []


@pytest.mark.parametrize("change", ["grows", "is read", "is replaced", "is closed", "cannot be read"])
def test_a_file_that_is_not_as_it_was_opened_is_sent_as_by_werkzeug(own: Flask, tmp_path: Path, change: str) -> None:
    """Whatever happens to a small file before it is sent, the server sees what it saw of Werkzeug's wrapper."""
    path = tmp_path / "a.bin"

    def change_it(response: Response) -> Response:
        wrapper: t.Any = response.response
        if change == "grows":
            path.write_bytes(b"x" * 20_000)
        elif change == "is read":
            assert wrapper.file.read(3) == b"012"
        elif change == "is replaced":
            wrapper.file.close()
            wrapper.file = io.BytesIO(b"another")
        elif change == "is closed":
            wrapper.close()
        else:
            other = os.open(path, os.O_WRONLY)
            os.dup2(other, wrapper.file.fileno())
            os.close(other)
        return response

    outcomes = []
    for exactly in (True, False):
        path.write_bytes(b"0123456789")
        environ = create_environ()
        with own.request_context(environ):
            response = change_it(flask.send_file(path))
        sending = werkzeug.wrappers.Response.__call__ if exactly else Response.__call__
        body: t.Any = sending(response, environ, lambda *args: None)  # type: ignore[arg-type]
        try:
            outcomes.append(list(body))
        except (OSError, ValueError) as e:
            outcomes.append([type(e)])
        if hasattr(body, "close"):
            body.close()
        assert response.response.file.closed  # type: ignore[attr-defined]
    assert outcomes[0] == outcomes[1]


def test_a_patched_wrapper_reads_and_closes(own: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method of Werkzeug's wrapper that somebody replaces is called for a small file too."""
    told: list[str] = []
    for name in ("__next__", "close"):
        original = getattr(FileWrapper, name)
        with monkeypatch.context() as patch:
            patch.setattr(
                FileWrapper, name, lambda self, name=name, original=original: (told.append(name), original(self))[1]
            )
            assert call(own, "/static/a.js").body == b"0123456789"
    assert told == ["__next__", "__next__", "close"]


def test_whoever_waits_for_the_close_of_a_known_file_is_told(own: Flask) -> None:
    """`call_on_close` is heeded, also for a body that is passed through, where Werkzeug does not."""
    for headers in ({}, {"If-None-Match": "*"}):
        told: list[str] = []
        own.after_request_funcs[None] = [
            lambda response, told=told: (response.call_on_close(lambda: told.append("closed")), response)[1]
        ]
        call(own, "/static/a.js", headers=headers)
        assert told == ["closed"]


def test_ages_that_change_are_said_as_they_are(own: Flask) -> None:
    """What is known of a file's state holds for one age; another is written anew."""
    for age in (None, 5, None, 7, 0, 7):
        compare(own, "files/a.js", {}, max_age=age)
    for age, said in ((3600, "public, max-age=3600"), (None, "no-cache"), (60, "public, max-age=60")):
        own.config["SEND_FILE_MAX_AGE_DEFAULT"] = age
        assert call(own, "/static/a.js").header("Cache-Control") == said


def test_a_file_that_is_gone_is_gone_at_once(own: Flask, tmp_path: Path) -> None:
    """A place where a file was found is looked at again each time."""
    own.static_folder = str(tmp_path)
    path = tmp_path / "a.txt"
    path.write_text("x")
    assert [call(own, "/static/a.txt").status for _ in range(2)] == ["200 OK"] * 2
    path.unlink()
    assert call(own, "/static/a.txt").status == "404 NOT FOUND"
    path.mkdir()
    assert call(own, "/static/a.txt").status == "404 NOT FOUND"
    (path / "b.txt").write_text("y")
    assert call(own, "/static/a.txt/b.txt").body == b"y"


@pytest.mark.parametrize("where", ["subclass", "instance", "class", "module"])
def test_a_replaced_step_of_the_static_route_is_called(app: Flask, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`send_static_file`, `get_send_file_max_age` and `send_from_directory` may each be somebody else's."""
    told: list[t.Any] = []

    def send_static_file(self: Flask, filename: str) -> Response:
        told.append(("send", filename))
        return Flask.__dict__["original"](self, filename)  # type: ignore[no-any-return]

    def get_send_file_max_age(self: Flask, filename: str | None) -> None:
        told.append(("age", filename))

    replaced: dict[str, t.Any] = {
        "send_static_file": send_static_file,
        "get_send_file_max_age": get_send_file_max_age,
    }
    monkeypatch.setattr(Flask, "original", Flask.send_static_file, raising=False)
    kind = type("Own", (Flask,), replaced) if where == "subclass" else Flask
    own = kind("files", root_path=app.root_path, static_folder="files", static_url_path="/static")
    for name, function in replaced.items():
        if where == "instance":
            setattr(own, name, partial(function, own))
        elif where == "class":
            monkeypatch.setattr(Flask, name, function)
    if where == "module":
        monkeypatch.setattr(
            "flask.app.send_from_directory",
            lambda directory, path, **options: (told.append((directory, path, options)), Response("own"))[1],
        )
        assert call(own, "/static/a.js").body == b"own"
        assert told == [(own.static_folder, "a.js", {"max_age": None})]
        return
    assert call(own, "/static/a.js").body == b"0123456789"
    # An age of None has the app asked once more, for the path.
    assert told == [("send", "a.js"), ("age", "a.js"), ("age", os.path.join(app.root_path, "files", "a.js"))]


def test_a_rule_of_ones_own_may_lead_to_the_static_view(app: Flask) -> None:
    """The endpoint `static` passes on whatever a rule gives it, by name."""

    class Own(Flask):
        def send_static_file(self, filename: str = "none", **more: t.Any) -> Response:
            return Response(f"{filename} {more}")

    own = Own("files", root_path=app.root_path, static_folder="files", static_url_path="/static")
    own.add_url_rule("/<language>/<path:filename>", endpoint="static")
    own.add_url_rule("/<language>", endpoint="static")
    assert call(own, "/de/a.js").body == b"a.js {'language': 'de'}"
    assert call(own, "/de").body == b"none {'language': 'de'}"
    with pytest.raises(TypeError):
        own.view_functions["static"]("a.js")


def test_a_blueprint_says_the_age_of_its_files_first(app: Flask) -> None:
    """A blueprint's own `get_send_file_max_age` is asked, and the app's where it says nothing."""
    asked: list[str] = []

    class Own(flask.Blueprint):
        def get_send_file_max_age(self, filename: str | None) -> int | None:
            asked.append("blueprint")
            return 5 if filename == "a.js" else None

    class OwnApp(Flask):
        def get_send_file_max_age(self, filename: str | None) -> int | None:
            asked.append("app")
            return 9

    own = OwnApp("files", root_path=app.root_path, static_folder=None)
    own.register_blueprint(Own("b", "files", root_path=app.root_path, static_folder="files", url_prefix="/b"))
    assert call(own, "/b/files/a.js").header("Cache-Control") == "public, max-age=5"
    assert call(own, "/b/files/style.css").header("Cache-Control") == "public, max-age=9"
    assert asked == ["blueprint", "blueprint", "app"]
