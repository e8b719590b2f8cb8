"""A page of the documentation as examples: what a reader types, and what the page says comes of it.

Nothing is run here, and no block of code of a page is passed over: one that has no place in an example is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

# What a fence is for, by its language. What is missing here is shown and nothing else, unless it has a caption.
RUN = {"python": "python", "py": "python", "pycon": "test", "console": "console", "sh": "console", "bash": "console"}
# The first words of a comment that says something to the tests.
SPOKEN = ("test", "setup", "file:", "not run below:", "not run:", "new example", "continued")

_HEADING = re.compile(r"#{1,2} +(?P<title>.+)")
_FENCE = re.compile(r"(?P<indent> *)(?P<ticks>`{3,}|~{3,})(?P<info>[^`]*)")
_DIRECTIVE = re.compile(r"\{(?P<name>[\w-]+)\}\s*(?P<argument>.*)")
_OPTION = re.compile(r":(?P<name>[\w-]+):\s*(?P<value>.*)")


class PageError(Exception):
    """A page says something to the tests that they do not understand."""


@dataclass(frozen=True)
class Block:
    """Some lines of a page: `python`, `shown` Python, `test`, `console`, `setup`, or a `file` called `name`.

    `line` counts from 1.
    """

    kind: str
    text: str
    line: int
    name: str = ""


@dataclass
class Example:
    """What stands below one heading, or between two comments that begin a new one."""

    page: Path
    title: str
    setup: Block | None = None
    blocks: list[Block] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What a test of it is called."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.title}"

    def has(self, *kinds: str) -> bool:
        """Whether there is a block of one of these kinds."""
        return any(block.kind in kinds for block in self.blocks)


def pages() -> list[Path]:
    """Every page that somebody wrote: not those that tools write, and not what others are made of."""
    found = [page for page in DOCS.rglob("*.md") if not {"_build", "figures"} & set(page.relative_to(DOCS).parts)]
    return sorted([*found, *ROOT.glob("*.md")])


def examples(page: Path, text: str | None = None) -> list[Example]:
    """The examples of a page, in their order; those without any block are left out."""
    found = [Example(page, "beginning")]
    setup: Block | None = None
    skipped_at: int | None = None
    only_shown = False
    for what in _pieces(page.read_text(encoding="utf-8") if text is None else text):
        kind, block = what if isinstance(what, tuple) else (what.kind, what)
        if kind == "heading":
            found.append(Example(page, block.text, setup))
        elif kind == "continued":
            _join(found)
        elif kind == "new example":
            found.append(Example(page, f"{found[-1].title.partition(' at line ')[0]} at line {block.line}", setup))
        elif kind in ("not run", "not run below"):
            if not block.text:
                raise PageError(f"{page}:{block.line}: {kind!r} says why")
            skipped_at = block.line
            only_shown = kind == "not run below"
        elif (skipped_at is not None or only_shown) and kind in RUN.values():
            skipped_at = None
            if kind == "python":
                found[-1].blocks.append(Block("shown", block.text, block.line))
        elif kind == "setup":
            setup = found[-1].setup = block
        else:
            found[-1].blocks.append(block)
    if skipped_at is not None:
        raise PageError(f"{page}:{skipped_at}: nothing follows that would be run")
    return [example for example in found if example.blocks]


def _join(found: list[Example]) -> None:
    """Let what comes be of the example before this heading; headings without examples in between do not count."""
    while len(found) > 1 and not found[-1].blocks:
        del found[-1]


def _pieces(text: str) -> Iterator[Block | tuple[str, Block]]:
    """Headings, comments that speak to the tests, and fences, as they come."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if (fence := _FENCE.match(line)) is not None:
            end = _end_of_fence(lines, at, fence)
            yield from _fenced(fence, lines[at + 1 : end], at + 2)
            at = end
        elif line.startswith("<!--"):
            end = next((number for number in range(at, len(lines)) if "-->" in lines[number]), len(lines) - 1)
            yield from _comment(lines[at : end + 1], at + 1)
            at = end
        elif (heading := _HEADING.match(line)) is not None:
            yield "heading", Block("heading", heading["title"].strip(), at + 1)
        at += 1


def _end_of_fence(lines: list[str], at: int, fence: re.Match[str]) -> int:
    closing = re.compile(rf" *{re.escape(fence['ticks'][0])}{{{len(fence['ticks'])},}}\s*")
    end = next((number for number in range(at + 1, len(lines)) if closing.fullmatch(lines[number])), None)
    if end is None:
        raise PageError(f"line {at + 1}: a fence without end")
    return end


def _fenced(fence: re.Match[str], lines: list[str], line: int) -> Iterator[Block]:
    """The block of a fence, or none: a directive other than of code, or a language that is only shown."""
    language, caption = fence["info"].strip(), ""
    if (directive := _DIRECTIVE.match(language)) is not None:
        if directive["name"] not in ("code-block", "code", "sourcecode"):
            return
        language = directive["argument"].strip()
        while lines and (option := _OPTION.match(lines[0].strip())) is not None:
            caption = option["value"] if option["name"] == "caption" else caption
            del lines[0]
            line += 1
        while lines and not lines[0].strip():
            del lines[0]
            line += 1
    indent = len(fence["indent"])
    text = "".join(f"{row[indent:]}\n" for row in lines)
    if caption and language != "console":
        yield Block("file", text, line, caption.strip("` "))
    elif language in RUN:
        yield Block(RUN[language], text, line)


def _comment(lines: list[str], line: int) -> Iterator[Block | tuple[str, Block]]:
    inside = "\n".join(lines)[4:].partition("-->")[0]
    head, _, rest = inside.partition("\n")
    head = head.strip()
    word = next((word for word in SPOKEN if head == word or (word.endswith(":") and head.startswith(word))), None)
    if word is None:
        if ">>>" in inside:
            raise PageError(f"line {line}: {head!r} is none of {', '.join(SPOKEN)}")
        return
    argument = head[len(word) :].strip()
    if word == "test" or word == "setup":
        yield Block(word, f"{rest}\n", line + 1)
    elif word == "file:":
        yield Block("file", f"{rest.rstrip()}\n", line + 1, argument)
    else:
        yield word.rstrip(":"), Block(word, f"{argument} {rest}".strip(), line)
