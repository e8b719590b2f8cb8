"""Forms in multipart/form-data (RFC 7578), read by Werkzeug's decoder, whose slow stretches are gone through here.

What is accepted, what comes out and what is refused is Werkzeug's. A small body of the plain form that browsers send is
split at once; of a large one, whatever holds no delimiter goes to its field or file without passing the decoder.
Beyond Werkzeug: a delimiter that the end of a read cuts in two leaves nothing of it in the file (before it left a CR),
and when a form is given up, the files begun are closed.
"""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache
from io import BytesIO
from tempfile import SpooledTemporaryFile

from werkzeug.datastructures import FileStorage, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser as _FormDataParser
from werkzeug.formparser import MultiPartParser as _MultiPartParser
from werkzeug.formparser import default_stream_factory
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData, State

from .structures import around, multi

Parsed: t.TypeAlias = tuple[MultiDict[str, str], MultiDict[str, FileStorage]]


class FormDataParser(_FormDataParser):
    """Werkzeug's parser of forms, quicker with multipart ones."""

    def parse(
        self, stream: t.IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> tuple[t.IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """The stream, read to its end, the form's fields and its files; see Werkzeug's documentation."""
        if mimetype != "multipart/form-data":
            return super().parse(stream, mimetype, content_length, options)
        try:
            boundary = (options or {}).get("boundary", "").encode("ascii")
            if not boundary:
                raise ValueError("Missing boundary")
            return stream, *self._parts_parser().parse(stream, boundary, content_length)
        except ValueError:
            if not self.silent:
                raise
            return stream, self.cls(), self.cls()

    def parse_whole(self, body: bytes, options: dict[str, str]) -> Parsed:
        """The fields and files of a multipart body that is there already, small enough for the limit on memory."""
        boundary = options.get("boundary", "")
        if self.cls is ImmutableMultiDict and boundary and boundary.isascii():
            factory = None if self.stream_factory is default_stream_factory else self.stream_factory
            try:
                found = read_plain(body, boundary.encode(), self.max_form_parts, factory)
            except ValueError:  # from whoever makes streams for files
                if not self.silent:
                    raise
                return self.cls(), self.cls()
            if found is not None:
                return found
        return self.parse(BytesIO(body), "multipart/form-data", len(body), options)[1:]

    def _parts_parser(self) -> MultiPartParser:
        return MultiPartParser(
            self.stream_factory, self.max_form_memory_size, self.cls, max_form_parts=self.max_form_parts
        )


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

    def __init__(self, pairs: list[tuple[str, str]], known: dict[str, str], name: t.Any, filename: str | None) -> None:
        self.pairs = pairs
        self.name = name
        self.filename = filename
        self.kind = known.get("content-type")
        self.charset = None if self.kind is None else MultiPartParser().get_part_charset(around(pairs))
        self.states_length = "content-length" in known


Part: t.TypeAlias = tuple[Head, bytes]


def read_plain(
    body: bytes, boundary: bytes, most: int | None, factory: t.Callable[..., t.IO[bytes]] | None
) -> Parsed | None:
    """The fields and files of a whole body of the plain form; None where it is of another, or of more parts.

    `factory` makes streams for files; None is Werkzeug's.
    """
    parts = split(body, boundary)
    if parts is None or (most is not None and len(parts) > most):
        return None
    if factory is None and len(body) >= _IN_MEMORY:
        factory = default_stream_factory
    fields: dict[t.Any, list[str]] = {}
    files: dict[t.Any, list[FileStorage]] = {}
    for head, content in parts:
        name, filename = head.name, head.filename
        if filename is None:
            text = content.decode(head.charset or "utf-8", "replace")
            if name in fields:
                fields[name].append(text)
            else:
                fields[name] = [text]
            continue
        try:
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
        name, filename = t.cast(str, options.get("name")), options.get("filename")
    return Head(pairs, known, name, filename)


# PERF: the fields of a form have the same heads each time; 0.2 µs against 3.
_known_head = lru_cache(256)(_head)


# ---- streams


class MultiPartParser(_MultiPartParser):
    """Werkzeug's parser of multipart forms, quicker with files."""

    def parse(self, stream: t.IO[bytes], boundary: bytes, content_length: int | None) -> Parsed:
        """The form's fields and its files. Raises `ValueError` for what is no form."""
        most = self.max_form_memory_size
        if most is not None and most < 4 * self.buffer_size:  # Werkzeug counts what it has read: it must read its way
            return super().parse(stream, boundary, content_length)
        collected = _Collected(self, content_length)
        try:
            self._decode(stream, boundary, collected)
        except BaseException:
            collected.discard()
            raise
        return self.cls(collected.fields), self.cls(collected.files)

    def _decode(self, stream: t.IO[bytes], boundary: bytes, collected: _Collected) -> None:
        decoder = MultipartDecoder(boundary, self.max_form_memory_size, max_parts=self.max_form_parts)
        delimiter = b"--" + boundary
        cut_short = re.compile(re.escape(delimiter) + rb"-?-?[^\S\r\n]*\Z")
        size = self.buffer_size
        while data := stream.read(size):
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
                data = stream.read(2 * size)
                if not data:
                    break
            enough = len(data) + 1024  # no endless padding
            while len(data) < enough and cut_short.search(data, max(data.rfind(delimiter), 0)):
                more = stream.read(size)
                if not more:
                    break
                data += more
            decoder.receive_data(data)
            _collect(decoder, collected)
        decoder.receive_data(None)
        _collect(decoder, collected)


def _end_without(data: bytes, longest: int) -> int:
    """Up to where data without a whole delimiter has no part of one either: the first line break of its last bytes."""
    last = max(len(data) - longest + 1, 0)
    return min((found for found in (data.find(b"\r", last), data.find(b"\n", last)) if found >= 0), default=len(data))


def _collect(decoder: MultipartDecoder, collected: _Collected) -> None:
    """Everything that the decoder can tell from what it has received."""
    while True:
        event = decoder.next_event()
        if isinstance(event, (Epilogue, NeedData)):
            return
        if isinstance(event, File):
            collected.begin(event, event.filename)
        elif isinstance(event, Field):
            collected.begin(event, None)
        elif isinstance(event, Data):
            collected.write(event.data)
            if not event.more_data:
                collected.end()


class _Collected:
    """The fields and files of a form, one after the other: each begins, is written to, and ends."""

    def __init__(self, parser: MultiPartParser, content_length: int | None) -> None:
        self.parser = parser
        self.content_length = content_length
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, FileStorage]] = []
        self.container: t.IO[bytes] | None = None
        self.write: t.Callable[[bytes], t.Any] = self._write_field

    def begin(self, part: Field | File, filename: str | None) -> None:
        self.part = part
        self.filename = filename
        if isinstance(part, File):
            self.container = self.parser.start_file_streaming(part, self.content_length)
            self.write = self.container.write
        else:
            self.container = None
            self.written: list[bytes] = []
            self.size = 0
            self.write = self._write_field

    def _write_field(self, data: bytes) -> None:
        most = self.parser.max_form_memory_size
        self.size += len(data)
        if most is not None and self.size > most:
            raise RequestEntityTooLarge()
        self.written.append(data)

    def end(self) -> None:
        part, container = self.part, self.container
        if container is None:
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
