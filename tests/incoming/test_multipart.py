from __future__ import annotations

import io
import sys
import tempfile
import typing as t

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser as TheirParser
from werkzeug.formparser import MultiPartParser as TheirMultiPartParser
from werkzeug.formparser import default_stream_factory

from flask._incoming import multipart
from flask._incoming.multipart import FormDataParser, MultiPartParser, split


def in_memory(**options: t.Any) -> t.IO[bytes]:
    """A place for a file that needs no closing, since Werkzeug does not close it where it gives a form up."""
    return io.BytesIO()


def told(form: t.Any, files: t.Any) -> t.Any:
    """What a parsed form holds, in order."""
    return (
        type(form).__name__,
        list(form.items(multi=True)),
        [
            (name, file.name, file.filename, list(file.headers), file.read(), type(file.stream).__name__)
            for name, file in files.items(multi=True)
        ],
    )


def outcome(function: t.Callable[[], t.Any]) -> t.Any:
    try:
        return told(*function())
    except (ValueError, RequestEntityTooLarge) as error:
        return type(error).__name__


def named(found: t.Any) -> t.Any:
    """What is left of Werkzeug's outcome without the parts that have no name, which ours passes over."""
    if isinstance(found, str):
        return found
    kind, fields, files = found
    return kind, [pair for pair in fields if pair[0] is not None], [file for file in files if file[0] is not None]


delimiters = [
    "\r\n--edge\r\n",
    "--edge\r\n",
    "\r\n--edge--\r\n",
    "\n--edge\n",
    "\r\n--edge \t\r\n",
    "--edge",
    "\r--edge\r",
]
heads = [
    'Content-Disposition: form-data; name="a"',
    'Content-Disposition: form-data; name="f"; filename="x.txt"',
    'content-disposition:form-data; name="é"; filename=""',
    'Content-Disposition: form-data; name="a%22\\"b"',
    "Content-Disposition: form-data; name=plain",
    "Content-Disposition: attachment; filename=x",
    "Content-Disposition: form-data; filename*=utf-8''%e9",
    "Content-Type: text/plain; charset=iso-8859-1",
    "Content-Type: application/octet-stream",
    "Content-Length: 5",
    "X: folded\r\n line",
    " ",
    "no colon",
]
letters = ["\r\n", "\n", "\r", "\r\n\r\n", "-", "--", "--edg", "x", "é", " ", "\t", "\x00"]
bodies = (
    st.lists(st.sampled_from(delimiters + heads + letters), max_size=14).map("".join).map(lambda text: text.encode())
)


@st.composite
def plain_bodies(draw: st.DrawFn) -> bytes:
    """Bodies as browsers send them, sometimes cut."""
    body = b""
    for _ in range(draw(st.integers(0, 4))):
        lines = draw(st.lists(st.sampled_from(heads[:10]), min_size=1, max_size=3))
        content = draw(st.binary(max_size=40) | st.sampled_from(letters).map(str.encode))
        body += b"--edge\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"
    body += b"--edge--" + draw(st.sampled_from([b"\r\n", b"", b"\r\nafter"]))
    if draw(st.booleans()):
        body = b"\r\n" + body
    return body[: draw(st.integers(0, len(body)))] if draw(st.integers(0, 5)) == 0 else body


def whole(kind: type[TheirParser], body: bytes, **options: t.Any) -> t.Any:
    parser = kind(in_memory, cls=ImmutableMultiDict, **options)
    if isinstance(parser, FormDataParser):
        return parser.parse_whole(body, {"boundary": "edge"})
    return parser.parse(io.BytesIO(body), "multipart/form-data", len(body), {"boundary": "edge"})[1:]


@settings(deadline=None)
@given(bodies | plain_bodies(), st.booleans(), st.sampled_from([None, 0, 1, 2]))
@example(b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--edge\r\n\r\n\r\n--edge--', False, None)
def test_a_whole_body_is_read_as_by_werkzeug(body: bytes, silent: bool, most: int | None) -> None:
    """Named fields, files and errors of a body that is there already are Werkzeug's, whatever it looks like."""
    options: dict[str, t.Any] = {"silent": silent, "max_form_parts": most}
    ours, theirs = (outcome(lambda kind=kind: whole(kind, body, **options)) for kind in (FormDataParser, TheirParser))
    assert ours == named(theirs)


class Pieces(io.RawIOBase):
    """A body that comes in pieces of at most so many bytes, or in pieces of these very sizes."""

    def __init__(self, body: bytes, *sizes: int) -> None:
        self.body = body
        self.sizes = sizes
        self.reads = 0

    def read(self, size: int = -1, /) -> bytes:
        assert size > 0
        size = min(size, self.sizes[self.reads % len(self.sizes)])
        self.reads += 1
        data, self.body = self.body[:size], self.body[size:]
        return data


def streamed(body: bytes, *sizes: int) -> t.Any:
    stream = t.cast("t.IO[bytes]", Pieces(body, *sizes) if sizes else io.BytesIO(body))
    return outcome(lambda: MultiPartParser(in_memory).parse(stream, b"edge", len(body)))


@settings(deadline=None)
@given(bodies | plain_bodies(), st.lists(st.integers(1, 50), min_size=1, max_size=5))
@example(b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n--edge--\r\n', [47])
@example(b'--edge\r\nContent-Disposition: form-data; name="a"\r\r\nx\r\n--edge--\r\n', [49])
def test_how_a_body_comes_does_not_matter(body: bytes, sizes: list[int]) -> None:
    """In whatever pieces a body comes, it has the fields and files that Werkzeug finds in it in one piece."""
    whole = streamed(body)
    assert streamed(body, *sizes) == whole
    assert whole == named(outcome(lambda: TheirMultiPartParser(in_memory).parse(io.BytesIO(body), b"edge", len(body))))


@settings(deadline=None, max_examples=20)
@given(bodies | plain_bodies())
def test_wherever_a_body_is_cut_it_is_the_same(body: bytes) -> None:
    """Cut in two at every place there is, a body has the fields and files that it has in one piece."""
    whole = streamed(body)
    for place in range(1, len(body)):
        assert streamed(body, place, len(body)) == whole


@settings(deadline=None)
@given(plain_bodies(), st.integers(1, 50), st.integers(0, 9))
def test_the_size_of_the_buffer_does_not_matter(body: bytes, size: int, short: int) -> None:
    """However little is looked at at a time, a form as browsers send it is the same."""
    stream = t.cast("t.IO[bytes]", Pieces(body, max(1, size - short)))
    found = outcome(lambda: MultiPartParser(in_memory, buffer_size=size).parse(stream, b"edge", len(body)))
    assert found == streamed(body)


def upload(content: bytes, padding: bytes = b"") -> bytes:
    return (
        b'--edge\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'
        + content
        + b"\r\n--edge--"
        + padding
        + b"\r\n"
    )


def test_a_delimiter_cut_by_a_read_leaves_nothing_in_the_file() -> None:
    """A file is the same wherever the delimiter behind it meets the end of a read; Werkzeug once leaves it a CR."""
    size = 1024
    for length in range(size - 100, size):
        content = b"x" * length
        _, files = MultiPartParser(in_memory, buffer_size=size).parse(io.BytesIO(upload(content)), b"edge", None)
        assert files["f"].read() == content


@settings(deadline=None)
@given(
    st.sampled_from(
        [b"x", b"\r", b"\n", b"\r\n", b"-", b"\r\n--", b"\r\n--edg", b"x--edge", b"\r\n--edgy\r\n", b"\x00"]
    ),
    st.integers(1, 40_000),
    st.sampled_from([64, 1000, 64 * 1024]),
)
def test_large_files_come_through_unchanged(pattern: bytes, times: int, size: int) -> None:
    """What looks like the beginning of a delimiter, or like one that is not on its own line, is content."""
    content = (pattern * times)[:200_000]
    _, files = MultiPartParser(in_memory, buffer_size=size).parse(io.BytesIO(upload(content)), b"edge", None)
    assert files["f"].read() == content


@pytest.mark.parametrize("padding", [b"", b" ", b" \t" * 40, b"-" * 5, b"x"])
def test_what_follows_the_last_delimiter_is_read_once(padding: bytes) -> None:
    """Padding behind a delimiter is read as Werkzeug reads it, and no read goes past the end."""
    body = upload(b"content", padding)
    ours = outcome(lambda: MultiPartParser(in_memory, buffer_size=16).parse(io.BytesIO(body), b"edge", None))
    assert ours == outcome(lambda: TheirMultiPartParser(in_memory).parse(io.BytesIO(body), b"edge", None))


def field(content: bytes) -> bytes:
    return b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + content + b"\r\n"


@pytest.mark.parametrize("most", [0, 1, 500, 100_000, 300_000, None])
@pytest.mark.parametrize("sizes", [[], [0], [1], [500], [250, 250], [250, 251], [120_000, 180_000], [1] * 300])
@pytest.mark.parametrize("file", [0, 1_000_000])
def test_the_limit_on_memory_is_for_all_fields_and_no_file(most: int | None, sizes: list[int], file: int) -> None:
    """The fields of a form may have so much together, and are refused with 413 beyond; a file is never refused."""
    body = b"".join(field(b"x" * size) for size in sizes) + upload(b"y" * file)
    parser = FormDataParser(in_memory, max_form_memory_size=most)

    def read() -> t.Any:
        return parser.parse(io.BytesIO(body), "multipart/form-data", len(body), {"boundary": "edge"})[1:]

    if most is not None and sum(sizes) > most:
        with pytest.raises(RequestEntityTooLarge, match="MAX_FORM_MEMORY_SIZE"):
            read()
    else:
        form, files = read()
        assert [len(value) for value in form.getlist("a")] == sizes
        assert len(files["f"].read()) == file


@pytest.mark.parametrize("most", [0, 1, 2, 3, None])
@pytest.mark.parametrize("memory", [0, 7, 8, None])
@pytest.mark.parametrize("kind", [MultiDict, ImmutableMultiDict])
@pytest.mark.parametrize("stated", [True, False])
def test_a_urlencoded_form_has_the_same_limits(most: int | None, memory: int | None, kind: t.Any, stated: bool) -> None:
    """As many fields and bytes as allowed are well, one more is refused; with a length, before anything is read."""
    body = b"a=1&b=%2"
    parser = FormDataParser(cls=kind, max_form_parts=most, max_form_memory_size=memory)
    source = io.BytesIO(body)

    def read() -> t.Any:
        length = len(body) if stated else None
        return parser.parse(source, "application/x-www-form-urlencoded", length)[1:]

    if (memory is not None and memory < 8) or (most is not None and most < 2):
        with pytest.raises(RequestEntityTooLarge):
            read()
        assert source.tell() == (0 if stated and memory is not None and memory < 8 else len(body))
    else:
        assert read() == (kind([("a", "1"), ("b", "%2")]), kind())


def headed(lines: list[bytes]) -> bytes:
    return (
        b"--edge\r\n"
        + b"\r\n".join([b'Content-Disposition: form-data; name="a"', *lines])
        + b"\r\n\r\nx\r\n--edge--\r\n"
    )


@pytest.mark.parametrize("way", ["whole", "streamed", "in bytes"])
@pytest.mark.parametrize("most", [1, 2, 32, None])
@pytest.mark.parametrize("count", [0, 1, 2, 31, 32])
def test_a_part_has_so_many_headers(way: str, most: int | None, count: int) -> None:
    """As many headers as allowed are well in a part, one more is refused."""
    parser = FormDataParser(cls=ImmutableMultiDict)
    parser.max_part_headers = most
    check_head(parser, way, headed([b"X: y"] * count), most is not None and count + 1 > most)


@pytest.mark.parametrize("way", ["whole", "streamed", "in bytes"])
@pytest.mark.parametrize("most", [40, 43, 8192, None])
@pytest.mark.parametrize("count", [40, 43, 44, 8192, 8193, 60_000])
def test_a_part_has_so_many_bytes_of_headers(way: str, most: int | None, count: int) -> None:
    """As many bytes of headers as allowed are well in a part, one more is refused, however they come."""
    parser = FormDataParser(cls=ImmutableMultiDict)
    parser.max_part_header_size = most
    padding = count - len(b'Content-Disposition: form-data; name="a"\r\n')
    lines = [b"x" * padding] if padding > 0 else []
    count = 40 if padding <= 0 else count
    check_head(parser, way, headed(lines), most is not None and count > most)


def check_head(parser: FormDataParser, way: str, body: bytes, is_refused: bool) -> None:
    def read() -> t.Any:
        if way == "whole":
            return parser.parse_whole(body, {"boundary": "edge"})
        source = Pieces(body, 1) if way == "in bytes" else io.BytesIO(body)
        return parser.parse(source, "multipart/form-data", len(body), {"boundary": "edge"})[1:]

    if is_refused:
        with pytest.raises(RequestEntityTooLarge, match="MAX_FORM_PART_HEADER"):
            read()
    else:
        assert read() == ({"a": ["x"]}, {})


@pytest.mark.parametrize("piece", [1, 1000, 64 * 1024])
@pytest.mark.parametrize(
    "endless",
    [b"x", b"--edg", b"\r\n", b"--edge.", b'--edge\r\nContent-Disposition: form-data; name="a"\r\n', b"--edge\r\n"],
)
def test_what_is_no_part_is_not_collected(endless: bytes, piece: int) -> None:
    """Endless text before the first part, or an endless head, ends in 413 before much of it was read."""

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            size = min(size, piece)
            data = (endless * (size // len(endless) + 2))[self.given % len(endless) :][:size]
            self.given += size
            return data

    source = Endless()
    with pytest.raises((RequestEntityTooLarge, ValueError)):
        FormDataParser(silent=False, max_form_parts=10, max_form_memory_size=100_000).parse(
            t.cast("t.IO[bytes]", source), "multipart/form-data", None, {"boundary": "edge"}
        )
    assert source.given <= 4 * 64 * 1024


def test_what_follows_the_form_is_not_kept() -> None:
    """However much follows the last delimiter, it is read to its end and forgotten."""
    import tracemalloc

    class Long(io.RawIOBase):
        left = 300
        body = upload(b"content")

        def read(self, size: int = -1, /) -> bytes:
            if self.body:
                data, self.body = self.body[:size], self.body[size:]
                return data
            self.left -= 1
            return b"x" * size if self.left >= 0 else b""

    tracemalloc.start()
    try:
        _, files = MultiPartParser(in_memory).parse(t.cast("t.IO[bytes]", Long()), b"edge", None)
        assert files["f"].read() == b"content"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize("fault", ["cut", "parts", "stream"])
def test_a_form_given_up_leaves_no_file_open(way: str, fault: str) -> None:
    """Whatever ends the reading of a form, the files begun are closed."""
    made: list[t.IO[bytes]] = []

    def factory(**options: t.Any) -> t.IO[bytes]:
        if fault == "stream" and made:
            raise OSError("full")
        made.append(default_stream_factory(**options))
        return made[-1]

    begun = upload(b"first").replace(b"--edge--\r\n", b"") + upload(b"second")
    body = begun[:-20] if fault == "cut" else begun
    options: dict[str, t.Any] = {"max_form_parts": 1 if fault == "parts" else None, "silent": False}
    parser = FormDataParser(stream_factory=factory, **options)

    def read() -> t.Any:
        if way == "whole":
            return parser.parse_whole(body, {"boundary": "edge"})
        return parser.parse(io.BytesIO(body), "multipart/form-data", len(body), {"boundary": "edge"})

    with pytest.raises((ValueError, OSError, RequestEntityTooLarge)):
        read()
    assert made
    assert all(file.closed for file in made)


@pytest.mark.parametrize("inner", [True, False])
def test_a_small_file_is_stored_as_by_werkzeug(inner: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody else makes streams, a file is in the same kind of one, which goes to disk at the same size."""
    if not inner:  # what is inside of the stream is the standard library's own affair

        class Opaque(tempfile.SpooledTemporaryFile[bytes]):
            def __getattribute__(self, name: str) -> t.Any:
                if name == "_file" and sys._getframe(1).f_code.co_filename == multipart.__file__:
                    raise AttributeError(name)
                return super().__getattribute__(name)

        monkeypatch.setattr(multipart, "SpooledTemporaryFile", Opaque)
    _, files = FormDataParser(cls=ImmutableMultiDict).parse_whole(upload(b"content"), {"boundary": "edge"})
    stream: t.Any = files["f"].stream
    with stream, default_stream_factory(None, None, None) as theirs:
        assert isinstance(stream, type(theirs))
        assert (stream.tell(), stream.read()) == (0, b"content")
        for kept in (stream, t.cast(t.Any, theirs)):
            kept.truncate(0)
            kept.seek(0)
            kept.write(b"x" * 500 * 1024)
            assert not kept._rolled
            kept.write(b"x")
            assert kept._rolled


@pytest.mark.parametrize("options", [{}, {"boundary": ""}, {"boundary": "é"}, None])
def test_without_a_boundary_there_is_no_form(options: t.Any) -> None:
    """A boundary that is missing or not ASCII is an error, silently an empty form."""
    empty = ("MultiDict", [], [])
    assert told(*FormDataParser().parse(io.BytesIO(b"x"), "multipart/form-data", 1, options)[1:]) == empty
    assert told(*FormDataParser().parse_whole(b"x", options or {})) == empty
    with pytest.raises(ValueError):
        FormDataParser(silent=False).parse_whole(b"x", options or {})


def test_other_forms_are_werkzeugs() -> None:
    """A URL-encoded form, or what is none, is read by Werkzeug's own parser, into the class that was asked for."""

    class Own(MultiDict[str, t.Any]):
        pass

    parser = FormDataParser(in_memory, cls=Own)
    _, form, files = parser.parse(io.BytesIO(b"a=1"), "application/x-www-form-urlencoded", 3)
    assert (type(form), dict(form), type(files)) == (Own, {"a": "1"}, Own)
    stream = io.BytesIO(b"a=1")
    assert parser.parse(stream, "text/plain", 3)[0].read() == b"a=1"
    form, files = parser.parse_whole(upload(b"x"), {"boundary": "edge"})
    assert (type(form), type(files), files["f"].read()) == (Own, Own, b"x")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"before\r\n--edge--",
        b"--edge--after",
        b"--edge \r\nA: b\r\n\r\nx\r\n--edge--",
        b"--edge\nContent-Disposition: form-data; name=a\n\nx\n--edge--",
        upload(b"--edge"),
        upload(b"x").replace(b": ", b":\r\n "),
        upload(b"x").replace(b"filename", b"\xff"),
        b"--edge\r\nX: y\r\n\r\nx\r\n--edge--",
        b"--edge\r\n\r\nx\r\n--edge--",
    ],
)
def test_what_is_not_plain_is_declined(body: bytes) -> None:
    """A body that browsers would not send is not split at once."""
    assert split(body, b"edge") is None
