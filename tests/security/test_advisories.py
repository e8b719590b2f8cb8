"""The page of advisories: each of its rows has a test of its name, and each such test a row."""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "security-advisories.md"
ID = re.compile(r"CVE-\d{4}-\d{4,}|GHSA(-[23456789cfghjmpqrvwx]{4}){3}")
SECTION = re.compile(r"^## .*$", re.MULTILINE)
FILE = re.compile(r"^Tests: `tests/security/(test_advisories_\w+\.py)`$", re.MULTILINE)
LINK = re.compile(r"\[([\w-]+)\]\((\S+)\)")
TABLE = re.compile(r"(?:^\|.*\|\n)+", re.MULTILINE)
HEAD = "| Advisory | Of | What triggers it | What holds it |\n|---|---|---|---|\n"


class Row(t.NamedTuple):
    advisory: str
    link: str
    cells: list[str]


def rows_of(section: str) -> list[Row]:
    """The rows of a section's table. A bar ends a cell wherever it stands, also in code (GFM §4.10)."""
    rows = []
    for line in section.splitlines():
        cells = line.removeprefix("|").removesuffix("|").split("|")
        link = LINK.fullmatch(cells[0].strip())
        if link:
            rows.append(Row(link[1], link[2], cells))
    return rows


def sections() -> dict[str, list[Row]]:
    """The rows of the page by the files that they name."""
    _, *texts = SECTION.split(PAGE.read_text(encoding="utf-8"))
    return {match[1]: rows_of(text) for text in texts for match in [FILE.search(text)] if match}


def names_in(file: str) -> set[str]:
    """The tests of a file that are named after an advisory."""
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {name for name in names if name.startswith(("test_cve_", "test_ghsa_"))}


def test_each_table_names_its_tests() -> None:
    """Each section of the page is one table with a head, and names a file of tests; every such file is named once."""
    texts = SECTION.split(PAGE.read_text(encoding="utf-8"))[1:]
    assert [len(FILE.findall(text)) for text in texts] == [1] * len(texts)
    assert [[table[: len(HEAD)] for table in TABLE.findall(text)] for text in texts] == [[HEAD]] * len(texts)
    assert sorted(sections()) == sorted(file.name for file in HERE.glob("test_advisories_*.py"))


@pytest.mark.parametrize("file", sorted(file.name for file in HERE.glob("test_advisories_*.py")))
def test_each_row_has_a_test_and_each_test_a_row(file: str) -> None:
    """`CVE-2023-30861` is `test_cve_2023_30861`, and neither is without the other, or there twice."""
    named = ["test_" + row.advisory.lower().replace("-", "_") for row in sections()[file]]
    assert sorted(named) == sorted(names_in(file))


def test_each_row_is_whole() -> None:
    """Each row has an identifier that is one, a link that ends in it, and nothing left out."""
    rows = [row for rows in sections().values() for row in rows]
    assert len(rows) > 100
    for row in rows:
        assert ID.fullmatch(row.advisory), row
        assert row.link.startswith("https://")
        assert row.link.endswith(f"/{row.advisory}")
        assert len(row.cells) == 4
        assert all(cell.strip() for cell in row.cells), row


def test_every_line_of_a_table_is_a_row() -> None:
    """Below its head each line of a table is a row: none is broken, none is lost when the page is made."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert len(lines) == sum(len(rows) + 2 for rows in sections().values())


@pytest.mark.parametrize(
    ("advisory", "file"),
    [
        ("CVE-2014-1402", "templates"),
        ("CVE-2018-1000656", "bodies"),
        ("CVE-2023-30861", "sessions"),
        ("CVE-2023-46136", "bodies"),
        ("CVE-2024-34069", "development"),
        ("GHSA-4grg-w6v8-c28g", "sessions"),
        ("CVE-2026-27205", "sessions"),
    ],
)
def test_what_flask_was_hit_by_is_there(advisory: str, file: str) -> None:
    """The advisories of Flask and of what it stands on are in the table, whatever else is."""
    assert advisory in {row.advisory for row in sections()[f"test_advisories_{file}.py"]}
