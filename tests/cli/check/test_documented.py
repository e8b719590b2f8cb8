"""Every id is documented, with the words that the command uses, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flask.cli.check.findings import AREAS, KINDS, PAGE, declare
from flask.cli.check.running import declare_all

declare_all()
ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (flask\.\w+)\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("test_*.py"))


def plain(text: str) -> str:
    return " ".join(text.split())


def test_the_page_has_every_id_and_no_other() -> None:
    """The headings of the page are the ids, sorted by area."""
    letters = list(AREAS)
    assert list(SECTIONS) == sorted(KINDS, key=lambda id: (letters.index(id.partition(".")[2][0]), id))


@pytest.mark.parametrize("id", sorted(KINDS))
def test_each_id(id: str) -> None:
    """Level, reason and remedy stand on the page as the command tells them, below the anchor that the link names."""
    kind = KINDS[id]
    section = plain(SECTIONS[id])
    assert f"**{plain(kind.title)}** ({kind.level})." in section
    assert plain(kind.reason) in section
    assert plain(kind.remedy) in section
    assert kind.link == f"{PAGE}#{anchor(id)}"


@pytest.mark.parametrize("id", sorted(KINDS))
def test_each_id_is_tested(id: str) -> None:
    """Some test names the id, or there are fixtures of it."""
    number = id.removeprefix("flask.")
    assert number in TESTS or (Path(__file__).parent / "fixtures" / number).is_dir()


def test_links_of_the_page() -> None:
    """Links within the documentation lead to pages and headings that exist; the page is in the table of contents."""
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        page, _, heading = target.partition("#")
        if page.startswith("http"):
            continue
        text = (ROOT / "docs" / page).read_text(encoding="utf-8") if page else TEXT
        headings = [anchor(line.lstrip("# ")) for line in text.splitlines() if line.startswith("#")]
        assert not heading or heading in headings, target
    assert PAGE.endswith("/docs/check.md")
    assert "\ncheck\n" in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    """The anchor that a heading gets on the page."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_ids_are_declared_once() -> None:
    """An id that is taken, or that is not ours, is refused."""
    for id in ("flask.C001", "shop.C001", "flask.Z001"):
        with pytest.raises(ValueError, match="is taken, or not one of ours"):
            declare(id, "info", "", reason="", remedy="")
