"""Everything that a view may return, in both colours, and what it may not."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as WerkzeugResponse

from flask import (
    EventStream,
    Flask,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template_string,
    send_file,
    stream_with_context,
)
from flask.typing import ResponseReturnValue

app = Flask(__name__)


class Card(TypedDict):
    title: str
    stars: int


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Book:
    title: str


class PlainText(Response):
    default_mimetype = "text/plain"


@app.get("/str")
def a_str() -> str:
    return "text"


@app.get("/literal")
def a_literal() -> Literal["yes", "no"]:
    return "yes"


@app.get("/bytes")
def some_bytes() -> bytes:
    return b"bytes"


@app.get("/dict")
def a_dict() -> dict[str, int]:
    return {"a": 1}


@app.get("/nested")
def nested() -> dict[str, list[dict[str, str | None]]]:
    return {"a": [{"b": None}]}


@app.get("/mapping")
def a_mapping() -> Mapping[str, object]:
    return {"a": object.__name__}


@app.get("/typed-dict")
def a_typed_dict() -> Card:
    return {"title": "Ada", "stars": 5}


@app.get("/list")
def a_list() -> list[int]:
    return [1, 2]


@app.get("/typed-dicts")
def typed_dicts() -> list[Card]:
    return [{"title": "Ada", "stars": 5}]


@app.get("/books")
def books() -> list[Book]:
    return [Book("Frankenstein")]


@app.get("/book")
def a_book() -> Response:
    return jsonify(Book("Frankenstein"))


@app.get("/generator")
def a_generator() -> Generator[str, None, None]:
    yield "a"
    yield "b"


@app.get("/iterator")
def an_iterator() -> Iterator[bytes]:
    yield b"a"


@app.get("/async-iterator")
async def an_async_iterator() -> AsyncIterator[str]:
    async def pieces() -> AsyncGenerator[str, None]:
        yield "a"
        yield "b"

    return pieces()


@app.get("/async-generator")
async def an_async_generator() -> AsyncGenerator[bytes, None]:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"a"

    return pieces()


@app.get("/kept")
def kept() -> Iterator[str]:
    @stream_with_context
    def pieces(first: str) -> Iterator[str]:
        yield first

    return stream_with_context(letter for letter in "ab")


@app.get("/response")
def a_response() -> Response:
    return Response("text", status=HTTPStatus.ACCEPTED, headers={"X-A": "b"})


@app.get("/subclass")
def a_subclass() -> PlainText:
    return PlainText("text")


@app.get("/werkzeug")
def of_werkzeug() -> WerkzeugResponse:
    return WerkzeugResponse("text")


@app.get("/redirect")
def away() -> WerkzeugResponse:
    return redirect("/str")


@app.get("/file")
def a_file() -> Response:
    return send_file(io.BytesIO(b"file"), mimetype="text/plain")


@app.get("/events")
def events() -> EventStream:
    return EventStream(iter(["tick"]))


@app.get("/machine")
def machine() -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"machine"]

    return run


@app.get("/other-app")
def other_app() -> Flask:
    return Flask("other")


@app.get("/status")
def with_status() -> tuple[str, int]:
    return "text", 201


@app.get("/enum")
def with_enum() -> tuple[str, HTTPStatus]:
    return "text", HTTPStatus.CREATED


@app.get("/literal-status")
def with_literal() -> tuple[dict[str, str], Literal[404]]:
    return {"error": "none"}, 404


@app.get("/headers")
def with_headers() -> tuple[str, dict[str, str]]:
    return "text", {"X-A": "b"}


@app.get("/many-headers")
def with_many_headers() -> tuple[str, dict[str, list[str]]]:
    return "text", {"X-A": ["b", "c"]}


@app.get("/both")
def with_both() -> tuple[bytes, int, list[tuple[str, str]]]:
    return b"bytes", 202, [("X-A", "b")]


@app.get("/headers-object")
def with_headers_object() -> tuple[Card, int, Headers]:
    return {"title": "Ada", "stars": 5}, 200, Headers({"X-A": "b"})


@app.get("/response-in-tuple")
def with_response() -> tuple[Response, int]:
    return jsonify(a=1), 418


@app.get("/stream-in-tuple")
def with_stream() -> tuple[Iterator[str], int, dict[str, str]]:
    return iter(["a"]), 200, {"X-A": "b"}


@app.get("/either/<int:number>")
def either(number: int) -> str | tuple[str, int] | WerkzeugResponse:
    if number > 2:
        return redirect("/str")
    return "two" if number == 2 else ("one", 201)


@app.get("/anything")
def anything() -> ResponseReturnValue:
    return make_response("text", 203, {"X-A": "b"})


@app.get("/unsaid")
def unsaid() -> Any:
    return ["text"]


@app.get("/later")
async def later() -> str:
    return render_template_string("{{ 1 + 1 }}")


@app.get("/later-tuple")
async def later_tuple() -> tuple[Card, int]:
    return {"title": "Ada", "stars": 5}, 201


made = [
    make_response,
    lambda: make_response(),
    lambda: make_response("text"),
    lambda: make_response("text", 404),
    lambda: make_response(("text", 404)),
    lambda: make_response({"a": 1}, 200, {"X-A": "b"}),
]


if TYPE_CHECKING:  # what the checkers say no to

    @app.get("/number")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
    def number() -> int:
        return 1

    @app.get("/none")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
    def none() -> None: ...

    @app.get("/optional")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
    def optional() -> str | None: ...

    @app.get("/set")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
    def a_set() -> set[str]:
        return {"a"}

    @app.get("/data")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
    def a_dataclass() -> Book:
        return Book("a dataclass is JSON within a list or by jsonify, not by itself")

    @app.get("/swapped")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
    def swapped() -> tuple[int, str]:
        return 404, "text"

    @app.get("/text-status")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
    async def text_status() -> tuple[str, None]:
        return "text", None

    @app.get("/numbers")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
    def numbers() -> Iterator[int]:
        yield 1
