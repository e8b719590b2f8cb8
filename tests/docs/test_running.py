"""The tests of the pages notice what they are there to notice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .commands import Differs
from .pages import DOCS, PageError, examples, pages
from .running import run

PAGE = DOCS / "made-up.md"
APP = """
# A page

```python
from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "hello"
```
"""


def run_page(text: str, folder: Path) -> None:
    """Run each example of a page that exists here alone."""
    for number, example in enumerate(examples(PAGE, text)):
        (folder / str(number)).mkdir()
        run(example, folder / str(number))


@pytest.mark.parametrize(
    "added",
    [
        "<!-- test\n>>> client.get(\"/\").text\n'hello'\n-->",
        "```pycon\n>>> client.get(\"/\").text\n'hello'\n```",
        "<!-- file: hello.py\nx = 1\n-->\n<!-- test\n>>> from hello import x\n>>> x\n1\n-->",
        (
            "```{code-block} html\n:caption: templates/a.html\n\n{{ 1 + 1 }}\n```\n<!-- test\n"
            ">>> import flask\n>>> with app.app_context(): print(flask.render_template('a.html'))\n2\n-->"
        ),
        '```console\n$ python -c "print(1)"\n1\n$ flask --app hello run --debug\n```',
    ],
)
def test_right_pages_pass(added: str, tmp_path: Path) -> None:
    """What is so passes, shown or hidden, in the page's own names, files and commands."""
    run_page(f"{APP}\n{added}\n", tmp_path)


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("<!-- test\n>>> client.get(\"/\").text\n'bye'\n-->", "made-up.md"),
        ("```pycon\n>>> client.get(\"/\").text\n'bye'\n```", "Expected"),
        ('```pycon\n>>> client.get("/")["text"]\n\'bye\'\n```', "TypeError"),
        ('```console\n$ python -c "print(1)"\n2\n```', "the page says\n2"),
        ("```console\n$ flask run --hots localhost\n```", "--hots"),
        ("```console\n$ make no-such-target\n```", "no-such-target"),
    ],
)
def test_wrong_pages_fail(added: str, expected: str, tmp_path: Path) -> None:
    """What is not so fails and says where."""
    with pytest.raises(Differs, match=expected):
        run_page(f"{APP}\n{added}\n", tmp_path)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (APP, "add a test"),
        (f"{APP}\n<!-- tset\n>>> 1\n1\n-->", "tset"),
        (f"{APP}\n<!-- test\nclient.get('/')\n-->", "without '>>>'"),
        (f"{APP}\n<!-- not run: why -->\n", "nothing follows"),
        (f"{APP}\n<!-- not run: -->\n```python\n```\n", "says why"),
        ("```console\n$ curl localhost\nhello\n```", "'curl' prints"),
        ("```python\n", "without end"),
    ],
)
def test_pages_that_would_not_be_tested_are_refused(page: str, expected: str, tmp_path: Path) -> None:
    """Code that nothing is said of, and a comment that is misspelt, are errors."""
    with pytest.raises(PageError, match=expected):
        run_page(page, tmp_path)


def test_errors_name_the_line_of_the_page(tmp_path: Path) -> None:
    """What the code of a page raises has the page and its line in the traceback."""
    with pytest.raises(ZeroDivisionError) as caught:
        run_page("# A page\n\n```python\n1 / 0\n```\n<!-- test\n>>> 1\n1\n-->", tmp_path)
    last = caught.traceback[-1]
    assert (Path(str(last.path)).name, last.lineno + 1) == (PAGE.name, 4)


def test_what_is_not_run_is_not_run(tmp_path: Path) -> None:
    """A block below 'not run' is shown only; the next one is run again."""
    text = "<!-- not run: it divides -->\n```python\n1 / 0\n```\n```python\nx = 1\n```\n<!-- test\n>>> x\n1\n-->"
    run_page(text, tmp_path)


def test_what_is_not_run_is_python_all_the_same(tmp_path: Path) -> None:
    """A block that is only shown may be of a function, and must be Python; so may the rest of a page."""
    run_page("<!-- not run: why -->\n```python\nreturn await nothing\n```\n", tmp_path)
    below = "<!-- not run below: why -->\n```python\n1 / 0\n```\n## B\n```console\n$ flask nothing\nno\n```\n"
    (tmp_path / "below").mkdir()
    run_page(below, tmp_path / "below")
    with pytest.raises(SyntaxError) as caught:
        run_page(f"{below}## C\n```python\nreturn return\n```\n", tmp_path / "below" / "0")
    assert caught.value.lineno == 12


def test_headings_begin_examples() -> None:
    """Each heading of the first two levels begins an example, and 'continued' lets the one before go on."""
    block = "```python\nx = 1\n```\n"
    text = f"# A\n{block}## B\n{block}### C\n{block}## D\n<!-- continued -->\n{block}<!-- new example -->\n{block}"
    found = [(example.title, len(example.blocks)) for example in examples(PAGE, text)]
    assert found == [("A", 1), ("B", 3), ("B at line 18", 1)]


def test_setups_hold_until_the_next(tmp_path: Path) -> None:
    """What is set up runs before this example and those that follow on the page."""
    uses = "```python\ny = x + 1\n```\n<!-- test\n>>> y\n{}\n-->\n"
    run_page(
        f"<!-- setup\nx = 1\n-->\n{uses.format(2)}## B\n{uses.format(2)}## C\n<!-- setup\nx = 2\n-->\n{uses.format(3)}",
        tmp_path,
    )


def test_examples_leave_nothing_behind(tmp_path: Path) -> None:
    """The environment, the working directory and the modules are afterwards as they were."""
    before = dict(os.environ), Path.cwd()
    file = "```{code-block} python\n:caption: left.py\nx = 1\n```\n"
    text = f"{file}<!-- test\n>>> import left, os\n>>> os.environ['A'] = '1'\n-->"
    run_page(text, tmp_path)
    assert (dict(os.environ), Path.cwd()) == before
    with pytest.raises(ModuleNotFoundError):
        __import__("left")


def test_all_pages_are_looked_at() -> None:
    """Pages in folders and those at the top of the repository are among them, and what tools include is not."""
    found = {page.name for page in pages()}
    assert {"README.md", "quickstart.md", "0001-distribution-name.md"} <= found
    assert not {"table.md", "memory.md"} & found
