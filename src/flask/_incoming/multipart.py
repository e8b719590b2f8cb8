"""Forms: multipart/form-data (RFC 7578), read by Werkzeug's decoder, and URL-encoded ones.

What is accepted and what comes out is Werkzeug's. A small body of the plain form that browsers send is split at once;
of a large one, whatever holds no delimiter goes to its field or file without passing the decoder.
Beyond Werkzeug: a part without a name, which is none of a form (§4.2), is passed over; how a body comes in pieces
makes no difference; limits count all fields together, whichever way they are encoded, and no file; a part's head has
limits of its own; and when a form is given up, the files begun are closed.
Nothing is kept of a body beyond these limits, wherever in the form it stands.
"""

from __future__ import annotations

import re
import sys
import typing as t
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from tempfile import SpooledTemporaryFile

from werkzeug.datastructures import FileStorage, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.formparser import FormDataParser as _FormDataParser
from werkzeug.formparser import MultiPartParser as _MultiPartParser
from werkzeug.formparser import default_stream_factory
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import (
    BLANK_LINE_RE,
    Data,
    Epilogue,
    Field,
    File,
    MultipartDecoder,
    NeedData,
    Preamble,
    State,
)

from .bodies import AT_ONCE, refusal, too_large
from .structures import around, multi
from .texts import pairs, urlencoded

# RFC 2046, section 5.1.1, permits 70 characters. To look for one of 64 kB takes a second per megabyte.
LONGEST_BOUNDARY = 256
_LONG_BOUNDARY = f"The boundary of a multipart form is longer than {LONGEST_BOUNDARY} characters."
Parsed: t.TypeAlias = tuple[MultiDict[str, str], MultiDict[str, FileStorage]]


class FormDataParser(_FormDataParser):
    """Werkzeug's parser of forms, quicker with multipart ones, and with limits for what else may have no end."""

    #: Headers that a part of a multipart form may have, and bytes of all of them; None is no limit.
    max_part_headers: int | None = 32
    max_part_header_size: int | None = 8192

    def parse(
        self, stream: t.IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> tuple[t.IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """The stream, read to its end, the form's fields and its files; see Werkzeug's documentation."""
        try:
            if mimetype == "multipart/form-data":
                boundary = (options or {}).get("boundary", "").encode("ascii")
                if not boundary:
                    raise ValueError("Missing boundary")
                if len(boundary) > LONGEST_BOUNDARY:
                    raise refusal(BadRequest, _LONG_BOUNDARY)
                return stream, *self._parts_parser().parse(stream, boundary, content_length)
            if mimetype == "application/x-www-form-urlencoded":
                return stream, self._fields(stream, content_length), self.cls()
        except ValueError:
            if not self.silent:
                raise
        return stream, self.cls(), self.cls()

    def parse_whole(self, body: bytes, options: dict[str, str]) -> Parsed:
        """The fields and files of a multipart body that is there already, small enough for the limit on memory."""
        boundary = options.get("boundary", "")
        if self.cls is ImmutableMultiDict and 0 < len(boundary) <= LONGEST_BOUNDARY and boundary.isascii():
            factory = None if self.stream_factory is default_stream_factory else self.stream_factory
            limits = self.max_form_parts, self.max_part_headers, self.max_part_header_size
            try:
                found = read_plain(body, boundary.encode(), limits, factory)
            except ValueError:  # from whoever makes streams for files
                if not self.silent:
                    raise
                return self.cls(), self.cls()
            if found is not None:
                return found
        return self.parse(BytesIO(body), "multipart/form-data", len(body), options)[1:]

    def _parts_parser(self) -> MultiPartParser:
        parser = MultiPartParser(
            self.stream_factory, self.max_form_memory_size, self.cls, max_form_parts=self.max_form_parts
        )
        parser.max_headers, parser.max_header_size = self.max_part_headers, self.max_part_header_size
        return parser

    def _fields(self, stream: t.IO[bytes], content_length: int | None) -> MultiDict[str, str]:
        """The fields of a URL-encoded form."""
        most = self.max_form_memory_size
        if most is not None and content_length is not None and content_length > most:
            raise too_much_memory(most)
        pieces, size = [], 0
        while piece := stream.read(AT_ONCE):
            size += len(piece)
            if most is not None and size > most:
                raise too_much_memory(most)
            pieces.append(piece)
        text = b"".join(pieces).decode()
        check_pairs(text, self.max_form_parts)
        if self.cls is ImmutableMultiDict:
            return multi(urlencoded(text))
        return self.cls(pairs(text))


def check_pairs(text: str, most: int | None) -> None:
    """Raise 413 where a URL-encoded form has more fields than allowed; as many as there are separators, and one."""
    if most is not None and text and text.count("&") >= most:
        raise too_many_parts(most)


def too_much_memory(most: int) -> HTTPException:
    return too_large(f"The fields of the form have more than {most} bytes together (MAX_FORM_MEMORY_SIZE).")


def too_many_parts(most: int) -> HTTPException:
    return too_large(f"The form has more than {most} fields and files (MAX_FORM_PARTS).")


def too_many_headers(most: int) -> HTTPException:
    return too_large(f"A part of the form has more than {most} headers (MAX_FORM_PART_HEADERS).")


def too_long_head(most: int) -> HTTPException:
    return too_large(f"The headers of a part of the form have more than {most} bytes (MAX_FORM_PART_HEADER_SIZE).")


# As much as Werkzeug has in memory before a file becomes one on disk.
_IN_MEMORY = 500 * 1024


def _spooled(content: bytes) -> t.Any:
    """What Werkzeug's `default_stream_factory` makes, with so little content that it stays in memory."""
    # PERF: half of the time: there `typing` is asked for a type, and writing has two layers.
    file: t.Any = SpooledTemporaryFile(_IN_MEMORY, "rb+")
    if type(getattr(file, "_file", None)) is BytesIO:
        file._file = BytesIO(content)  # PERF: it shares the bytes
    else:
        file.write(content)
        file.seek(0)
    return file


def _close(files: t.Iterable[FileStorage]) -> None:
    for file in files:
        file.close()


# ---- small bodies, split at once


class Head:
    """What stands before the content of a part: its headers, and what they say. Nobody changes it."""

    # PERF: no tuple with names; they would be looked up by way of descriptors, in six times the time.

    def __init__(
        self, size: int, pairs: list[tuple[str, str]], known: dict[str, str], name: t.Any, filename: str | None
    ) -> None:
        self.size = size
        self.count = len(pairs)
        self.pairs = pairs
        self.name = name
        self.filename = filename
        self.kind = known.get("content-type")
        self.charset = None if self.kind is None else MultiPartParser().get_part_charset(around(pairs))
        self.states_length = "content-length" in known


Part: t.TypeAlias = tuple[Head, bytes]


def read_plain(
    body: bytes,
    boundary: bytes,
    limits: tuple[int | None, int | None, int | None],
    factory: t.Callable[..., t.IO[bytes]] | None,
) -> Parsed | None:
    """The fields and files of a whole body of the plain form; None where it is of another, or has too many parts.

    The limits are of parts, of headers in one, and of bytes of them. `factory` makes streams for files; None is
    Werkzeug's.
    """
    parts = split(body, boundary)
    most, most_headers, most_bytes = limits
    if parts is None or (most is not None and len(parts) > most):
        return None
    if most_headers is None:
        most_headers = sys.maxsize
    if most_bytes is None:
        most_bytes = sys.maxsize
    if factory is None and len(body) >= _IN_MEMORY:
        factory = default_stream_factory
    fields: dict[t.Any, list[str]] = {}
    files: dict[t.Any, list[FileStorage]] = {}
    try:
        for head, content in parts:
            if head.count > most_headers:
                raise too_many_headers(most_headers)
            if head.size > most_bytes:
                raise too_long_head(most_bytes)
            name, filename = head.name, head.filename
            if name is None:
                continue
            if filename is None:
                text = content.decode(head.charset or "utf-8", "replace")
                if name in fields:
                    fields[name].append(text)
                else:
                    fields[name] = [text]
                continue
            container = _spooled(content) if factory is None else _begun(factory, head, len(body))
            # PERF: with all arguments in their places, two thirds of the time.
            file = FileStorage(container, filename, name, None, None, around(head.pairs.copy()))
            if name in files:
                files[name].append(file)
            else:
                files[name] = [file]
            if factory is not None:
                container.write(content)
                container.seek(0)
    except BaseException:
        for begun in files.values():
            _close(begun)
        raise
    return multi(fields), multi(files)


def _begun(factory: t.Callable[..., t.IO[bytes]], head: Head, content_length: int) -> t.IO[bytes]:
    """The stream that Werkzeug asks for to hold a file."""
    if head.states_length:
        event = File(name=head.name, filename=t.cast(str, head.filename), headers=around(head.pairs.copy()))
        return MultiPartParser(factory).start_file_streaming(event, content_length)
    return factory(
        total_content_length=content_length, filename=head.filename, content_type=head.kind, content_length=0
    )


def split(body: bytes, boundary: bytes) -> list[Part] | None:
    """The parts of a whole body, each as head and content; None where the body is not of the plain form.

    That is: the delimiter stands nowhere but between lines that end in CRLF, unpadded, and neither before the first nor
    behind the last is anything; each head is plain too.
    """
    before, *pieces = body.split(b"--" + boundary)
    if (before and before != b"\r\n") or not pieces or pieces.pop() not in (b"--", b"--\r\n"):
        return None
    parts: list[Part] = []
    for piece in pieces:
        gap = piece.find(b"\r\n\r\n")
        if gap < 0 or gap + 6 > len(piece) or not piece.endswith(b"\r\n"):
            return None
        head = _known_head(piece[:gap]) if gap <= 300 else _head(piece[:gap])
        if head is None:
            return None
        parts.append((head, piece[gap + 4 : -2]))
    return parts


_plain_disposition = re.compile(r'form-data; name="([^"\\%]*)"(?:; filename="([^"\\%]*)")?')


_plain_parameter = re.compile(r';[ \t]*(name|filename)="([^"\\%]*)"')


def _plain_ones(disposition: str) -> dict[str, str]:
    """Name and filename as they stand beside extended parameters, which RFC 7578 §4.2 forbids: these count."""
    return dict(_plain_parameter.findall(disposition)) if "*" in disposition else {}


def _head(text: bytes) -> Head | None:
    """The head of a part, from the line break before it; None where it is folded, broken or no form's."""
    before, *lines = text.split(b"\r\n")
    if before:
        return None
    pairs = []
    known: dict[str, str] = {}
    for line in lines:
        if not line or line[0] in b" \t" or b"\r" in line or b"\n" in line:
            return None
        try:
            name, _, value = line.decode().partition(":")
        except UnicodeDecodeError:
            return None
        name, value = name.strip(" \t"), value.strip(" \t")
        pairs.append((name, value))
        known.setdefault(name.lower(), value)
    disposition = known.get("content-disposition")
    if disposition is None:
        return None
    if (plain := _plain_disposition.fullmatch(disposition)) is not None:  # PERF: 0.5 µs against 5
        name, filename = plain.groups()
    else:
        _, options = parse_options_header(disposition)
        options |= _plain_ones(disposition)
        name, filename = t.cast(str, options.get("name")), options.get("filename")
    return Head(len(text) - 2, pairs, known, name, filename)


# PERF: the fields of a form have the same heads each time; 0.2 µs against 3.
_known_head = lru_cache(256)(_head)


# ---- streams


class MultiPartParser(_MultiPartParser):
    """Werkzeug's parser of multipart forms, quicker with files, and with limits for heads of parts."""

    max_headers: int | None = FormDataParser.max_part_headers
    max_header_size: int | None = FormDataParser.max_part_header_size

    def parse(self, stream: t.IO[bytes], boundary: bytes, content_length: int | None) -> Parsed:
        """The form's fields and its files. Raises `ValueError` for what is no form."""
        collected = _Collected(self, content_length)
        try:
            self._decode(stream, boundary, collected)
        except BaseException:
            collected.discard()
            raise
        return self.cls(collected.fields), self.cls(collected.files)

    def _decode(self, stream: t.IO[bytes], boundary: bytes, collected: _Collected) -> None:
        decoder = MultipartDecoder(boundary)
        delimiter = b"--" + boundary
        cut_short = re.compile(re.escape(delimiter) + rb"-?-?[^\S\r\n]*\Z")
        size = self.buffer_size
        while data := _filled(stream, size):
            if decoder.state is State.DATA_START:
                data = bytes(decoder.buffer) + data
                decoder.buffer.clear()
            while decoder.state is State.DATA:
                # PERF: the decoder copies each piece five times; and the larger the pieces the fewer the steps.
                data = bytes(decoder.buffer) + data
                decoder.buffer.clear()
                found = data.find(delimiter)
                if found >= 0:  # PERF: and looks for it with a regular expression, 2 ns a byte
                    end = max(found - 2, 0)  # a line break belongs to it
                    collected.write(data[:end])
                    data = data[end:]
                    break
                end = _end_without(data, len(delimiter) + 2)
                collected.write(data[:end])
                decoder.buffer += data[end:]
                data = _filled(stream, 2 * size)
                if not data:
                    break
            enough = len(data) + 1024  # no endless padding
            while len(data) < enough and (
                data.endswith(b"\r") or cut_short.search(data, max(data.rfind(delimiter), 0))
            ):
                more = _filled(stream, size)
                if not more:
                    break
                data += more
            decoder.receive_data(data)
            _collect(decoder, collected, len(delimiter) + 4)
            if decoder.state is State.EPILOGUE:
                decoder.buffer.clear()  # it is nobody's
            elif decoder.state is State.PREAMBLE:
                collected.check_preamble(len(decoder.buffer) - len(delimiter) - 4)
        decoder.receive_data(None)
        _collect(decoder, collected, 0)


def _filled(stream: t.IO[bytes], size: int) -> bytes:
    """So many bytes, or what is left: whatever pieces they come in, the decoder sees the same ones."""
    data = stream.read(size)
    if not data or len(data) == size:
        return data
    pieces, count = [data], len(data)
    while count < size and (data := stream.read(size - count)):
        pieces.append(data)
        count += len(data)
    return b"".join(pieces)


def _end_without(data: bytes, longest: int) -> int:
    """Up to where data without a whole delimiter has no part of one either: the first line break of its last bytes."""
    last = max(len(data) - longest + 1, 0)
    return min((found for found in (data.find(b"\r", last), data.find(b"\n", last)) if found >= 0), default=len(data))


def _collect(decoder: MultipartDecoder, collected: _Collected, least: int) -> None:
    """Everything that the decoder can tell from what it has received.

    Where content begins, it is asked once there are so many bytes: a delimiter that is not all there would be content,
    for the line break before it belongs to the head.
    """
    while True:
        if decoder.state is State.PART:
            collected.check_head(decoder.buffer)
        elif decoder.state is State.DATA_START and len(decoder.buffer) < least:
            return
        event = decoder.next_event()
        if isinstance(event, (Epilogue, NeedData)):
            return
        if isinstance(event, (File, Field)):
            plain: t.Any = _plain_ones(event.headers.get("content-disposition", ""))
            if plain:
                event = replace(
                    event, **(plain if isinstance(event, File) else {"name": plain.get("name", event.name)})
                )
        if isinstance(event, File):
            collected.begin(event, event.filename)
        elif isinstance(event, Field):
            collected.begin(event, None)
        elif isinstance(event, Data):
            collected.write(event.data)
            if not event.more_data:
                collected.end()
        elif isinstance(event, Preamble):
            collected.check_preamble(len(event.data))


class _Collected:
    """The fields and files of a form, one after the other: each begins, is written to, and ends."""

    def __init__(self, parser: MultiPartParser, content_length: int | None) -> None:
        self.parser = parser
        self.content_length = content_length
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, FileStorage]] = []
        self.parts = 0
        self.memory = 0  # bytes of all fields
        self.container: t.IO[bytes] | None = None

    def check_head(self, data: bytearray) -> None:
        """Refuse a head that is too long, before anything is made of it; it ends where a blank line does."""
        most = self.parser.max_header_size
        if most is not None and len(data) >= most + 4 and BLANK_LINE_RE.search(data, 0, most + 4) is None:
            raise too_long_head(most)

    def check_preamble(self, size: int) -> None:
        """Refuse what stands before the first part, where it is longer than the fields may be."""
        most = self.parser.max_form_memory_size
        if most is not None and size > most:
            raise too_large(f"Before the first part of the form are more than {most} bytes (MAX_FORM_MEMORY_SIZE).")

    def begin(self, part: Field | File, filename: str | None) -> None:
        parser = self.parser
        self.parts += 1
        if parser.max_form_parts is not None and self.parts > parser.max_form_parts:
            raise too_many_parts(parser.max_form_parts)
        if parser.max_headers is not None and len(part.headers) > parser.max_headers:
            raise too_many_headers(parser.max_headers)
        self.part = part
        self.filename = filename
        if isinstance(part, File):
            self.container = parser.start_file_streaming(part, self.content_length)
        else:
            self.container = None
            self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        if self.container is not None:
            self.container.write(data)
            return
        most = self.parser.max_form_memory_size
        self.memory += len(data)
        if most is not None and self.memory > most:
            raise too_much_memory(most)
        self.written.append(data)

    def end(self) -> None:
        part, container = self.part, self.container
        name: t.Any = part.name
        if name is None:
            if container is not None:
                container.close()
        elif container is None:
            charset = self.parser.get_part_charset(part.headers)
            self.fields.append((part.name, b"".join(self.written).decode(charset, "replace")))
        else:
            container.seek(0)
            self.files.append((part.name, FileStorage(container, self.filename, part.name, headers=part.headers)))
        self.container = None

    def discard(self) -> None:
        """Close what was begun; nobody will ask for it."""
        if self.container is not None:
            self.container.close()
        _close(file for _, file in self.files)
