"""Text made of pieces that mean something to a parser, with any bytes in between: one draw each, which is quick."""

from __future__ import annotations

import typing as t

from hypothesis import strategies as st

# Where no text of the outside comes from: Unicode's private use.
_FIRST = 0xE000
LATIN = "".join(map(chr, range(256)))
ASCII = LATIN[:128]


def texts(pieces: t.Iterable[str], most: int = 12, others: str = LATIN) -> st.SearchStrategy[str]:
    """Some pieces in a row, about every fourth of them any other character."""
    chosen = list(dict.fromkeys(pieces))
    # Each piece stands for several characters, so that it is drawn as often as it should be.
    times = max(1, 3 * len(others) // len(chosen)) if others else 1
    meant = {_FIRST + number: piece for number, piece in enumerate(piece for piece in chosen for _ in range(times))}
    alphabet = "".join(map(chr, meant)) + others
    return st.text(alphabet, max_size=most).map(lambda drawn: drawn.translate(meant))


def latin(pieces: t.Iterable[str], most: int = 12) -> st.SearchStrategy[bytes]:
    """The same as bytes, each a character."""
    return texts(pieces, most).map(lambda text: text.encode("latin-1"))


def one_line(text: str) -> str:
    """What a server lets through as the value of a header: no line breaks, no NUL, no space around."""
    return text.translate(_NO_BREAKS).strip(" \t")


_NO_BREAKS = dict.fromkeys(map(ord, "\r\n\0"))
