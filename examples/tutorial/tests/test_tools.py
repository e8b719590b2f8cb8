"""Looking, taking, bringing back."""

import pytest

from shed.models import Loan, Tool, db

LADDER = "/tools/1"


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("", ["Ladder", "Long saw", "Short saw"]),
        ("SAW", ["Long saw", "Short saw"]),
        ("%", []),
    ],
)
def test_tools_are_found_by_a_word(visitor, word, names):
    """A part of the name will do, in any case, and % is a percent sign."""
    answer = visitor.get("/api/tools", query_string={"word": word})
    assert [tool["name"] for tool in answer.json] == names


def test_a_tool_goes_out_and_comes_back(visitor, member):
    """Whoever takes a tool is told to everybody, until it is back."""
    ada = member("Ada")
    assert "yours for now" in ada.post(f"{LADDER}/borrow", follow_redirects=True).text
    assert "Ada has it" in visitor.get(LADDER).text
    assert visitor.get("/api/tools").json[0]["with"] == "Ada"
    assert "Thank you" in ada.post(f"{LADDER}/return", follow_redirects=True).text
    assert "is in the shed" in visitor.get(LADDER).text
    assert ada.post(f"{LADDER}/borrow", follow_redirects=True).text.count("Ada, ") == 2


def test_a_tool_goes_out_once(app, member):
    """Who comes second is told so, and has nothing."""
    ada, grace = member("Ada"), member("Grace")
    ada.post(f"{LADDER}/borrow")
    assert "was faster" in grace.post(f"{LADDER}/borrow", follow_redirects=True).text
    assert grace.post(f"{LADDER}/return").status_code == 403
    with app.app_context():
        assert db.session.scalars(db.select(Loan)).one().person.name == "Ada"


def test_visitors_are_sent_to_sign_in(app, visitor):
    """Nobody takes or adds a thing without a name."""
    for path in (f"{LADDER}/borrow", f"{LADDER}/return", "/tools"):
        assert visitor.post(path, data={"name": "Drill"}).location == "/people/sign-in"
    with app.app_context():
        assert db.session.query(Tool).count() == 3


def test_what_is_added_is_escaped(visitor, member):
    """A tool's name is text, whatever it looks like."""
    member("Ada").post("/tools", data={"name": "<b>Hammer</b>"})
    assert "&lt;b&gt;Hammer&lt;/b&gt;" in visitor.get("/").text


def test_the_list_has_pages(app, visitor):
    """Twenty tools are shown at a time."""
    with app.app_context():
        db.session.add_all([Tool(name=f"Peg {number:02}") for number in range(30)])
        db.session.commit()
    assert "page=2" in visitor.get("/").text
    assert "Short saw" in visitor.get("/?page=2").text


@pytest.mark.parametrize(("path", "code"), [("/tools/99", 404), ("/nowhere", 404)])
def test_what_is_not_there_has_a_page(visitor, path, code):
    """Errors look like the rest of the site."""
    answer = visitor.get(path)
    assert (answer.status_code, "The shed" in answer.text) == (code, True)
