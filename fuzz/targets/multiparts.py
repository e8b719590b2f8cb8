"""Multipart forms (RFC 7578), cut at every place where a read may end, against Werkzeug's parser of the whole body."""

from __future__ import annotations

import io
import typing as t

from hypothesis import strategies as st
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.formparser import FormDataParser as Plain

from flask._incoming.multipart import FormDataParser, MultiPartParser
from fuzz.alike import failed, outcome
from fuzz.words import latin

BOUNDARY = b"edge"
AT_ONCE = 64 * 1024
PIECES = (
    *("--edge\r\n", "\r\n--edge\r\n", "\r\n--edge--\r\n", "\r\n--edge--", "--edge--", "--edge", "\n--edge\n"),
    *("\r--edge\r",),
    *("\r\n--edge \t\r\n", "\r\n--edg", "\r\n\r\n", "\r\n", "\n", "\r", "-", "--", " ", "\t", "x", "\0", "\xff"),
    *("\xc3\xa9",),
    'Content-Disposition: form-data; name="a"\r\n\r\n',
    'Content-Disposition: form-data; name="f"; filename="x.txt"\r\n',
    'content-disposition:form-data; name="\xc3\xa9"; filename=""\r\n\r\n',
    'Content-Disposition: form-data; name="a%22\\"b"\r\n\r\n',
    "Content-Disposition: form-data; filename*=utf-8''%e9\r\n\r\n",
    "Content-Disposition: form-data\r\n\r\n",
    *("Content-Type: text/plain; charset=iso-8859-1\r\n", "Content-Type: text/plain; charset=none\r\n"),
    *("Content-Length: 5\r\n", "X: folded\r\n line\r\n", "no colon\r\n", "Content-Transfer-Encoding: base64\r\n"),
)
HEADS = tuple(piece.rstrip() for piece in PIECES if piece.lower().startswith("content-"))


def _part(lines: list[str], content: bytes) -> bytes:
    return b"--edge\r\n" + "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content + b"\r\n"


parts = st.builds(_part, st.lists(st.sampled_from(HEADS), min_size=1, max_size=3), latin(PIECES, 3))
plain = st.builds(
    lambda found, end: b"".join(found) + end,
    st.lists(parts, max_size=3),
    st.sampled_from([b"--edge--\r\n", b"--edge--", b"--edge--\r\nafter", b"", b"--ed"]),
)
inputs = latin(PIECES, 14) | plain
words = tuple(piece.encode("latin-1") for piece in PIECES)


def raw(data: bytes) -> bytes:
    return data


class Cut(io.BytesIO):
    """A body of which no read crosses one place."""

    def __init__(self, body: bytes, place: int) -> None:
        super().__init__(body)
        self._place = place

    def read(self, size: int | None = -1, /) -> bytes:
        here = self.tell()
        ahead = self._place - here if here < self._place else -1
        whole = size is None or size < 0
        return super().read(ahead if whole else size if ahead < 0 else min(t.cast(int, size), ahead))


def law(body: bytes) -> None:
    """Named fields, files and errors are Werkzeug's, whole or in pieces of any size, wherever a read ends."""
    expected = outcome(_whole, Plain, body)
    found = outcome(_whole, FormDataParser, body)
    assert found == expected or failed(expected), (found, expected)
    assert not failed(found) or found == "raises ValueError", found
    for size in range(1, len(body)):
        assert outcome(_streamed, io.BytesIO(body), size) == found, f"read by {size}"
    for place in range(1, len(body), 7):
        assert outcome(_streamed, Cut(body, place), AT_ONCE) == found, f"cut at {place}"


def _in_memory(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> t.IO[bytes]:
    return io.BytesIO()


def _whole(kind: type[Plain], body: bytes) -> t.Any:
    parser = kind(_in_memory, cls=ImmutableMultiDict, silent=False)
    if isinstance(parser, FormDataParser):
        return _told(*parser.parse_whole(body, {"boundary": BOUNDARY.decode()}))
    return _told(*parser.parse(io.BytesIO(body), "multipart/form-data", len(body), {"boundary": BOUNDARY.decode()})[1:])


def _streamed(stream: t.IO[bytes], size: int) -> t.Any:
    parser = MultiPartParser(_in_memory, buffer_size=size, cls=ImmutableMultiDict, max_form_parts=1000)
    return _told(*parser.parse(stream, BOUNDARY, None))


def _told(form: t.Any, files: t.Any) -> t.Any:
    """What a form holds, in order; a part without a name is none of it (RFC 7578 §4.2)."""
    return (
        [(name, value) for name, value in form.items(multi=True) if name is not None],
        [
            (name, file.name, file.filename, list(file.headers), file.read())
            for name, file in files.items(multi=True)
            if name is not None
        ],
    )
