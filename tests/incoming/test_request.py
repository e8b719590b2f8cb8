from __future__ import annotations

import inspect
import io
import sys
import tempfile
import typing as t

import pytest
import werkzeug.wrappers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage, Headers, ImmutableDict, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser
from werkzeug.test import create_environ
from werkzeug.wsgi import get_content_length

import flask
from flask import Flask, Request
from tests.gateways.raw import call

FORM = "application/x-www-form-urlencoded"
UPLOAD = (
    b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\ncontent\r\n--edge--\r\n'
)


class Theirs(werkzeug.wrappers.Request):
    """What is asked to know the right answer: Werkzeug's own class."""


class Trickle(io.RawIOBase):
    """A body that comes in small pieces, and may break off in the middle."""

    def __init__(self, body: bytes, piece: int, error: type[Exception] | None) -> None:
        self.body, self.piece, self.error = body, piece, error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        size = min(self.piece, len(buffer), len(self.body))
        if not size and self.error is not None:
            raise self.error("broken")
        buffer[:size], self.body = self.body[:size], self.body[size:]
        return size


def shown(value: t.Any) -> t.Any:
    """What can be compared of a value."""
    if isinstance(value, MultiDict):
        return "dict", [(key, shown(one)) for key, one in value.items(multi=True)]
    if isinstance(value, FileStorage):
        return "file", value.name, value.filename, list(value.headers), value.read()
    return value


def step(request: t.Any, name: str, arguments: tuple[t.Any, ...]) -> t.Any:
    """What one thing done to a request gives, be it an error."""
    try:
        found = request
        for part in name.split("."):
            found = getattr(found, part)
        return shown(found(*arguments) if callable(found) else found)
    except Exception as error:  # noqa: BLE001 - it is compared
        code = error.code if isinstance(error, HTTPException) else None
        return type(error).__name__, code


flags = st.tuples(st.booleans(), st.booleans(), st.booleans())
steps = st.lists(
    st.sampled_from(
        (
            "form files values data json args cookies mimetype is_json content_length stream mimetype_params"
            " content_type headers.get stream.is_exhausted stream.tell stream.limit"
        ).split()
    ).map(lambda name: (name, ("Content-Type",) if name == "headers.get" else ()))
    | st.tuples(st.just("get_data"), flags)
    | st.tuples(st.just("get_json"), flags)
    | st.tuples(st.just("stream.read"), st.tuples(st.sampled_from([1, 5, 100_000])) | st.just(())),
    min_size=1,
    max_size=5,
)
kinds = st.sampled_from(
    [
        *(FORM, f"{FORM}; charset=x", FORM.upper(), "application/json", "application/json; x=y", "application/x+json"),
        *("multipart/form-data; boundary=edge", 'Multipart/Form-Data; boundary="edge"', "multipart/form-data"),
        *("text/plain", "", None, "application/json,", "\xff"),
    ]
)
bodies = st.sampled_from(
    [
        *(b"", b"a=1&b=%C3%A9&a=2", b"\xff=1", b"\xef\xbb\xbf{}", b'{"a": [1, 2.5]}', b" [1] \n", b"{", b"1 x"),
        *(UPLOAD, UPLOAD[:-20], b"a=" + b"x" * 70_000, b"a=" + b"x" * 600, "é".encode("utf-16")),
    ]
)
lengths = st.sampled_from(
    ["right"] * 6 + ["short", "long", "absent", "x", "-1", " 3", "3 ", "+3", "\u0663", "1" * 30, "0"]
)


@st.composite
def environs(draw: st.DrawFn) -> t.Callable[[], dict[str, t.Any]]:
    """Equal environments of requests with a body, as many as wanted."""
    body, kind, stated = draw(bodies), draw(kinds), draw(lengths)
    method = draw(st.sampled_from(["POST", "GET"]))
    piece = draw(st.sampled_from([0, 0, 1, 7]))
    error = draw(st.sampled_from([None, OSError, ValueError]))
    more = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "HTTP_TRANSFER_ENCODING": st.sampled_from(["chunked", "gzip"]),
                "wsgi.input_terminated": st.just(True),
                "QUERY_STRING": st.sampled_from(["a=%ff", "q=1&q=2"]),
                "HTTP_COOKIE": st.sampled_from(["a=b; c=d", 'a="\\"', "a=b; a = c", ""]),
            },
        )
    )
    number = {"right": len(body), "short": max(len(body) - 3, 0), "long": len(body) + 3}.get(stated, stated)

    def make() -> dict[str, t.Any]:
        environ = create_environ("/", method=method)
        environ.pop("CONTENT_LENGTH", None)
        environ["wsgi.input"] = Trickle(body, piece, error) if piece else io.BytesIO(body)
        if kind is not None:
            environ["CONTENT_TYPE"] = kind
        if stated != "absent":
            environ["CONTENT_LENGTH"] = str(number)
        environ.update(more)
        return environ

    return make


limits = st.fixed_dictionaries(
    {},
    optional={
        "max_content_length": st.sampled_from([0, 5, 16, 100_000]),
        "max_form_memory_size": st.sampled_from([1, 500, 65_536, 100_000]),
        "max_form_parts": st.sampled_from([0, 1, 2]),
        "shallow": st.just(True),
    },
)


@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:Unclosed file.*SpooledTemporaryFile:ResourceWarning")
@settings(deadline=None)
@given(environs(), steps, limits)
@example(lambda: create_environ(method="POST", data=b"a=1", content_type=FORM), [("form", ()), ("get_data", ())], {})
def test_a_request_tells_what_werkzeugs_would(
    make: t.Callable[[], dict[str, t.Any]], todo: list[tuple[str, tuple[t.Any, ...]]], settings: dict[str, t.Any]
) -> None:
    """In whichever order its parts are asked for, within any limits, each answer and each error is Werkzeug's.

    But where a length was stated it counts, also where the server ends bodies itself; without one, what is too long is
    refused and not cut, and what has no end that anybody knows is refused, too; a source that fails is a client that
    went away; the limits of a form count all of it, and no file; what was refused stays so.
    """
    environ = make()
    if "wsgi.input_terminated" in environ:
        stated = "x" if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "") else environ.get("CONTENT_LENGTH", "x")
        if get_content_length(environ) or not stated.strip("0 "):
            del environ["wsgi.input_terminated"]  # ask Werkzeug for what it does where the length counts
        else:
            settings["max_content_length"] = sys.maxsize
    theirs, ours = Theirs(environ), Request(make())
    has_no_end = "chunked" in ours.headers.get("Transfer-Encoding", "") and "wsgi.input_terminated" not in ours.environ
    for request in (theirs, ours):
        for name, value in settings.items():
            setattr(request, name, value)
    for name, arguments in todo:
        expected, found = step(theirs, name, arguments), step(ours, name, arguments)
        if found == ("LengthRequired", 411):
            assert has_no_end
            break
        if found == ("ClientDisconnected", 400) and expected != found:
            # Werkzeug may take what came for no form, or refuse it, before it reads on, or let the error out.
            assert expected in [("dict", []), ("RequestEntityTooLarge", 413), ("ValueError", None), ("OSError", None)]
            break
        if ("RequestEntityTooLarge", 413) in (expected, found) and expected != found:
            assert settings.keys() & {"max_form_memory_size", "max_form_parts"} or len(str(ours.content_length)) == 30
            break
        if name.startswith("stream.") and expected == ("AttributeError", None):
            break  # the stream is a LimitedStream on every server
        if name == "stream" and not isinstance(expected, tuple):
            expected, found = str(type(expected)), str(type(found))
        assert found == expected, (name, arguments)
        if type(found) is tuple and found[0] in {"RequestEntityTooLarge", "ClientDisconnected"}:
            assert name == "stream.read" or step(ours, name, arguments) == found
            break
    theirs.close()
    ours.close()


def posted(body: bytes, kind: str, **more: t.Any) -> dict[str, t.Any]:
    return {**create_environ("/", method="POST", data=body, content_type=kind), **more}


# ---- overrides


def overridden(told: list[str], name: str, *, is_property: bool) -> t.Any:
    replaced: t.Any = inspect.getattr_static(Request, name)

    if is_property:

        def read(self: t.Any) -> t.Any:
            told.append(name)
            return replaced.__get__(self)

        return property(read)

    def method(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        told.append(name)
        return replaced(self, *args, **kwargs)

    return method


STEPS = {
    "form": ["want_form_data_parsed", "make_form_data_parser", "mimetype", "_get_stream_for_parsing", "stream"],
    "get_data": ["stream"],
    "get_json": ["is_json", "mimetype", "get_data", "stream"],
}
PROPERTIES = {"want_form_data_parsed", "mimetype", "stream", "is_json"}


@pytest.mark.parametrize("where", ["subclass", "class, later"])
@pytest.mark.parametrize(("asked", "name"), [(asked, name) for asked, names in STEPS.items() for name in names])
def test_an_overridden_step_is_gone_through(asked: str, name: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a subclass or a patch puts in place of a step is called on the way to what needs it."""
    told: list[str] = []
    override = overridden(told, name, is_property=name in PROPERTIES)
    kind: t.Any = Request
    if where == "subclass":
        kind = type("Overriding", (Request,), {name: override})
    body, content_type = (b"[1]", "application/json") if asked == "get_json" else (b"a=1", FORM)
    request = kind(posted(body, content_type, QUERY_STRING="a=1"))
    if where != "subclass":
        monkeypatch.setattr(Request, name, override)
    found = getattr(request, asked)
    found = found() if callable(found) else found
    assert name in told
    assert found == {"get_json": [1], "get_data": b"a=1"}.get(asked, {"a": ["1"]})


def test_what_was_put_on_a_request_counts() -> None:
    """A maker of parsers, headers, a stream or a query that was assigned to the request itself is used."""
    request: t.Any = Request(posted(b"a=1", FORM))
    request.make_form_data_parser = lambda: FormDataParser(cls=ImmutableDict)  # type: ignore[arg-type]
    assert type(request.form) is ImmutableDict

    request = Request(posted(b"a=1", "text/plain"))
    request.headers = Headers({"Content-Type": FORM, "Cookie": "x=y"})
    assert (request.form["a"], request.cookies["x"], request.mimetype) == ("1", "y", FORM)

    request = Request(posted(b"[1]", "application/json"))
    request.headers = Headers({"Content-Type": "text/plain"})
    assert not request.is_json
    assert request.get_json(silent=True) is None

    request = Request(posted(b"[1]", "text/plain"))
    assert request.mimetype == "text/plain"
    request.environ["CONTENT_TYPE"] = "application/json"
    assert request.get_json(silent=True) is None

    request = Request(posted(b"a=1", FORM))
    request.stream = io.BytesIO(b"a=2")
    assert request.form["a"] == "2"

    request = Request(create_environ(query_string="a=1"))
    request.query_string = b"a=2"
    assert request.args["a"] == "2"


@pytest.mark.parametrize(
    ("asked", "name", "value", "answers"),
    [
        ("args", "query_string", b"a=2", ({"a": ["1"]}, {"a": ["2"]})),
        ("cookies", "headers", Headers({"Cookie": "a=2"}), ({}, {"a": ["2"]})),
        ("mimetype", "headers", Headers({"Content-Type": "text/css"}), (FORM, "text/css")),
        ("form", "headers", Headers({"Content-Type": "text/css"}), ({"a": ["3"]}, {})),
        ("form", "stream", io.BytesIO(b"a=2"), ({"a": ["3"]}, {"a": ["2"]})),
    ],
)
def test_what_is_put_into_the_class_counts_while_it_is_there(
    asked: str, name: str, value: t.Any, answers: tuple[t.Any, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A patch of the class is seen by the next request, and gone with the patch."""

    def answer() -> t.Any:
        return getattr(Request(posted(b"a=3", FORM, QUERY_STRING="a=1")), asked)

    assert answer() == answers[0]
    with monkeypatch.context() as patch:
        patch.setattr(Request, name, property(lambda self: value))
        assert answer() == answers[1]
    assert answer() == answers[0]


@pytest.mark.parametrize("first", ["form", "files", "values"])
def test_a_form_without_files_has_none_of_them(first: str) -> None:
    """Whichever is asked for first, `files` is one empty dict of the kind that forms are."""
    request = Request(posted(b"a=1", FORM))
    getattr(request, first)
    assert (request.form, request.files) == ({"a": ["1"]}, {})
    assert type(request.files) is type(request.form)
    assert request.files is request.files
    request.close()


@pytest.mark.parametrize("way", ["class", "object"])
@pytest.mark.parametrize("kind", [MultiDict, ImmutableDict, dict])
def test_parameters_are_stored_in_the_class_that_was_asked_for(way: str, kind: t.Any) -> None:
    """`parameter_storage_class` and `dict_storage_class` are made from the pairs, whichever they are."""
    classes = {"parameter_storage_class": kind, "dict_storage_class": kind}
    request_class: t.Any = type("Own", (Request,), classes if way == "class" else {})
    for body, content_type in ((b"a=1", FORM), (UPLOAD, "multipart/form-data; boundary=edge")):
        request = request_class(posted(body, content_type, QUERY_STRING="b=2", HTTP_COOKIE="c=3"))
        if way == "object":
            vars(request).update(classes)
        found = (request.args, request.form, request.files, request.cookies)
        assert {type(one) for one in found} == {kind}
        assert (found[0]["b"], found[1]["a"], found[3]["c"]) == ("2", "1", "3")
        for file in request.files.values():
            file.close()


def test_a_parser_of_ones_own_parses() -> None:
    """A form parser set in a class is the one that reads the form."""
    told: list[str] = []

    class Parser(FormDataParser):
        def parse(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            told.append("parsed")
            return super().parse(*args, **kwargs)

    class Own(Request):
        form_data_parser_class = Parser

    assert Own(posted(b"a=1", FORM)).form["a"] == "1"
    assert told == ["parsed"]


def test_files_go_where_the_class_says() -> None:
    """`_get_file_stream` of a class makes the streams of its files, of small and of large bodies."""

    class Kept(io.BytesIO):
        pass

    class Own(Request):
        def _get_file_stream(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            assert kwargs["filename"] == "x"
            return Kept()

    for body in (UPLOAD, UPLOAD.replace(b"content", b"content" * 20_000)):
        request: t.Any = Own(posted(body, "multipart/form-data; boundary=edge"))
        assert type(request.files["f"].stream) is Kept
        assert request.files["f"].read() in body
        request = Request(posted(body, "multipart/form-data; boundary=edge"))
        request._get_file_stream = Own._get_file_stream.__get__(request)
        assert type(request.files["f"].stream) is Kept


def test_files_are_closed_with_their_request() -> None:
    """Whoever made the files, parsed small or large, or assigned, they are closed when the request is."""
    for body in (UPLOAD, UPLOAD.replace(b"content", b"content" * 20_000)):
        request = Request(posted(body, "multipart/form-data; boundary=edge"))
        file = request.files["f"]
        assert (type(file.stream), file.read()[:7]) == (tempfile.SpooledTemporaryFile, b"content")
        request.close()
        assert file.closed
    for kind in (MultiDict, ImmutableMultiDict, dict):
        request = Request(create_environ())
        file = FileStorage(io.BytesIO())
        request.files = kind({"f": file})  # type: ignore[assignment]
        request.close()
        assert file.closed


def test_a_property_of_a_subclass_may_ask_for_ours() -> None:
    """`super().args` and the like give the value, the same one each time."""

    class Own(Request):
        @property
        def args(self) -> t.Any:
            return super().args

        @property
        def form(self) -> t.Any:
            return super().form

    request = Own(posted(b"a=1", FORM, QUERY_STRING="b=2"))
    assert request.args is request.args
    assert (request.args["b"], request.form["a"]) == ("2", "1")


def test_values_can_be_assigned_and_deleted() -> None:
    """What is assigned stays; what is deleted is made anew."""
    request: t.Any = Request(create_environ(query_string="a=1"))
    request.args = {"a": "2"}
    assert request.args == {"a": "2"}
    del request.args
    assert request.args == ImmutableMultiDict({"a": "1"})


def test_on_json_loading_failed_decides() -> None:
    """What it returns is the value, and is kept apart from that of silent asking."""

    class Own(Request):
        def on_json_loading_failed(self, e: ValueError | None) -> t.Any:
            return "wrong type" if e is None else "no JSON"

    assert Own(posted(b"[1]", "text/plain")).get_json() == "wrong type"
    request = Own(posted(b"{", "application/json"))
    assert [request.get_json(), request.get_json(silent=True), request.json] == ["no JSON", None, "no JSON"]


def test_the_json_module_reads() -> None:
    """`json_module` of the request reads the body, and is asked once."""
    asked: list[bytes] = []

    class Module:
        @staticmethod
        def loads(data: bytes) -> t.Any:
            asked.append(data)
            return "read"

    request: t.Any = Request(posted(b"[1]", "application/json"))
    request.json_module = Module
    assert [request.json, request.get_json(), request.get_json(cache=False)] == ["read"] * 3
    assert asked == [b"[1]"] * 2


def test_a_client_that_goes_away_is_told_each_time() -> None:
    """A body that breaks off is an error whenever it is asked for, in whichever way."""
    request = Request(posted(b"a=1", FORM, CONTENT_LENGTH="30"))
    for ask in (request.get_data, lambda: request.form, request.get_json, lambda: request.stream.read()):
        with pytest.raises(HTTPException) as caught:
            ask()
        assert caught.value.code in {400, 415}
    assert caught.value.code == 400


def test_no_more_is_asked_for_than_was_stated() -> None:
    """A source is never asked for more than the length of the body, nor for all that it has."""
    asked: list[int] = []

    class Source(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(-1 if size is None else size)
            return super().read(size)

    environ = posted(b"", FORM, CONTENT_LENGTH="3")
    environ["wsgi.input"] = Source(b"a=1 and the next request")
    request = Request(environ)
    assert request.form["a"] == "1"
    assert (request.get_data(), request.stream.read(), asked) == (b"", b"", [3])


@pytest.mark.parametrize("debug", [False, True])
def test_a_form_in_an_app(debug: bool) -> None:
    """Within an app the settings are the limits, and debug mode explains a form that was sent without its enctype."""
    app = Flask(__name__)
    app.debug = debug
    app.config["MAX_CONTENT_LENGTH"] = 10

    @app.post("/")
    def read() -> t.Any:
        assert list(flask.request.form) == ["f"]
        try:
            return flask.request.files["f"].name or ""
        except KeyError as error:
            return type(error).__name__

    found = call(app, method="POST", data=b"f=x", content_type=FORM)
    assert found.body == (b"DebugFilesKeyError" if debug else b"BadRequestKeyError")
    assert call(app, method="POST", data=b"f=x&f=yyyyyy", content_type=FORM).status[:3] == "413"
