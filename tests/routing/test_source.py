"""The writer of generated code: depth, names, text that stays text, and what `linecache` is told."""

from __future__ import annotations

import linecache

import pytest

from flask._routing import source
from flask._routing.source import Writer, literal, text


@pytest.mark.parametrize("word", ["", "'\"\\", "{x}{{", "a\nb\r\u2028\x00", "\ud800", "{__import__('os')}", "é"])
def test_words_survive_as_literals_and_as_pieces_of_f_strings(word: str) -> None:
    """A word comes out of the generated text as it went in, on one line, next to a piece that is computed."""
    writer = Writer()
    with writer.block("def say(name):"):
        writer.line(f"return {literal(word)}, {text(word)} f'{{name}}' {text(word)}")
    assert writer.source().count("\n") == 2
    say, _, _ = writer.function("say", "say")
    assert say("ö") == (word, f"{word}ö{word}")


def test_objects_are_held_by_identity() -> None:
    """Equal objects keep their own names, the same object keeps one."""
    writer, one, other = Writer(), [1], [1]
    assert writer.hold("A", one) == writer.hold("A", one)
    assert writer.hold("A", one) != writer.hold("A", other)
    assert writer.namespace[writer.hold("A", other)] is other


def test_empty_blocks_are_valid() -> None:
    """A block that nobody writes into does nothing, and what follows stands at the old depth."""
    writer = Writer()
    with writer.block("def nothing():"), writer.block("if True:"):
        pass
    nothing, file, written = writer.function("nothing", "nothing")
    assert nothing() is None
    assert written == "def nothing():\n    if True:\n        pass\n"
    assert "".join(linecache.getlines(file)) == written
    linecache.checkcache()
    assert "".join(linecache.getlines(file)) == written


def test_texts_kept_for_tracebacks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many functions are made, `linecache` keeps the latest ones only."""
    source._code.cache_clear()
    monkeypatch.setattr(source, "_KEPT", 5)
    files = []
    for number in range(8):
        writer = Writer()
        with writer.block("def number():"):
            writer.line(f"return {number}")
        number_of, file, _ = writer.function("number", "bounded")
        assert number_of() == number
        files.append(file)
    assert [file in linecache.cache for file in files] == [False] * 3 + [True] * 5
