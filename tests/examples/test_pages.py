"""Routes, methods, static files, templates, arguments: what everybody can read on the wall of postcards."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import uuid4
from xml.etree import ElementTree

import pytest

from tests.examples.visitor import Visitor

FIRST_CARDS = 3


def test_the_first_visitor_finds_cards_on_the_wall(visitor: Visitor) -> None:
    """A wall that nobody has written on yet greets with the postmaster's three cards, pictures and all."""
    page = visitor.get("/people/postmaster")
    assert page.status == 200
    pictures = re.findall(r'<img src="(/pictures/[^"]+)"', page.text)
    assert len(pictures) == FIRST_CARDS
    for path in pictures:
        assert visitor.get(path).headers["Content-Type"] == "image/svg+xml; charset=utf-8"


def test_string_converter(visitor: Visitor) -> None:
    """/people/<name> shows one person's cards, and takes no slash for a part of the name."""
    assert "From postmaster" in visitor.get("/people/postmaster").text
    assert visitor.get("/people/nobody-at-all").status == 404
    assert visitor.get("/people/postmaster/more").status == 404


def test_int_converter(visitor: Visitor, member: Visitor) -> None:
    """/years/<int:year>/ shows one year's cards; what is no number, or no year, is not found."""
    member.send_card("this very year")
    year = datetime.now(UTC).year
    assert "this very year" in visitor.get(f"/years/{year}/").text
    assert "this very year" not in visitor.get("/years/1984/").text
    for wrong in ("mmxxvi", "-1", "0", "9999", "12.5"):
        assert visitor.get(f"/years/{wrong}/").status == 404, wrong


def test_float_converter(visitor: Visitor, member: Visitor) -> None:
    """/rated/<float:stars> shows the cards that got so many stars or more; whole numbers lead there."""
    card = member.send_card("rated four")
    assert member.post(f"/cards/{card}/stars", stars="4").status == 303
    assert "rated four" in visitor.get("/rated/3.5").text
    assert "rated four" not in visitor.get("/rated/4.5").text
    whole = visitor.get("/rated/4")
    assert (whole.status, whole.location) == (301, "/rated/4.0")
    for wrong in ("-1.0", "5.5", "good", "nan", "1e1"):
        assert visitor.get(f"/rated/{wrong}").status == 404, wrong


def test_path_converter(visitor: Visitor, member: Visitor) -> None:
    """/places/<path:place> shows the cards of a place and of the places within it."""
    member.send_card("from the old bridge", "Bosnia / Mostar / Old Bridge")
    for place in ("Bosnia", "Bosnia/Mostar", "Bosnia/Mostar/Old%20Bridge"):
        assert "from the old bridge" in visitor.get(f"/places/{place}").text, place
    for elsewhere in ("Bos", "Bosnia/Most", "Mostar", "%25", "Bosnia/_ostar"):
        assert "from the old bridge" not in visitor.get(f"/places/{elsewhere}").text, elsewhere


def test_uuid_converter(visitor: Visitor, member: Visitor) -> None:
    """/cards/<uuid:card_id> shows one card; another number's card, and what is no UUID, are not found."""
    card = member.send_card("just this one")
    assert "just this one" in visitor.get(f"/cards/{card}").text
    assert visitor.get(f"/cards/{uuid4()}").status == 404
    assert visitor.get(f"/cards/{card[:-1]}").status == 404
    assert visitor.get("/cards/1").status == 404


def test_trailing_slashes(visitor: Visitor) -> None:
    """A folder asked for without its slash leads to the one with it; a file asked for with a slash is not found."""
    folder = visitor.get("/people?a=1&b=%2F")
    assert (folder.status, folder.location) == (308, "/people/?a=1&b=%2F")
    assert visitor.get("/about").status == 200
    assert visitor.get("/about/").status == 404


def test_doubled_slashes_are_merged(visitor: Visitor) -> None:
    """A path with doubled slashes leads to the same path with single ones."""
    answer = visitor.get("/people//postmaster?page=1")
    assert (answer.status, answer.location) == (308, "/people/postmaster?page=1")


def test_built_urls_lead_back(visitor: Visitor, member: Visitor) -> None:
    """Each link on the wall was built for what it names, whatever characters are in it, and leads there."""
    member.send_card("odd characters #ünï", "50% off/A&B?/«here»")
    page = visitor.get("/?q=odd+characters").text
    links = set(re.findall(r'href="(/(?:places|people|cards|\?q)[^"]+)"', page))
    assert {"/places/50%25%20off/A&amp;B%3F/%C2%ABhere%C2%BB", "/?q=%23%C3%BCn%C3%AF"} <= links
    for link in links - {"/cards/new"}:
        answer = visitor.get(link.replace("&amp;", "&"))
        assert answer.status == 200, link
        assert "odd characters" in answer.text or link in {"/people/", "/places/"}, link


@pytest.mark.parametrize("path", ["/", "/about", "/people/", "/feed.xml", "/api/cards", "/static/style.css"])
def test_head_is_get_without_the_body(visitor: Visitor, path: str) -> None:
    """HEAD gives the status and headers of GET, and no body."""
    visitor.get("/")  # so that neither answer has to make a session
    with_body, without = visitor.get(path), visitor.ask("HEAD", path)
    assert (without.status, without.body) == (200, b"")
    assert len(with_body.body) == int(without.headers["Content-Length"])
    assert without.headers["Content-Type"] == with_body.headers["Content-Type"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET HEAD OPTIONS"),
        ("/sign-in", "GET HEAD OPTIONS POST"),
        ("/join", "OPTIONS POST"),
        ("/cards/new", "GET HEAD OPTIONS POST"),
        (f"/api/cards/{uuid4()}/stars", "OPTIONS PUT"),
    ],
)
def test_options_and_405_say_what_is_allowed(visitor: Visitor, path: str, allowed: str) -> None:
    """OPTIONS is answered for each route, from its rules; any other method gets 405 with the same list."""
    options, refused = visitor.ask("OPTIONS", path), visitor.ask("DELETE", path)
    assert (options.status, refused.status) == (200, 405)
    assert options.body == b""
    for answer in (options, refused):
        assert set(answer.headers["Allow"].split(", ")) == set(allowed.split())


def test_static_files(visitor: Visitor) -> None:
    """A static file comes with its type and an ETag, is not sent twice, and nothing outside of the folder is sent."""
    sheet = visitor.get("/static/style.css")
    assert (sheet.status, sheet.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    again = visitor.get("/static/style.css", If_None_Match=sheet.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    part = visitor.get("/static/style.css", Range="bytes=0-9")
    assert (part.status, part.body) == (206, sheet.body[:10])
    for path in ("../models.py", "%2e%2e/models.py", "..%2fmodels.py", "no-such.css", "/etc/passwd"):
        assert visitor.get(f"/static/{path}").status in {404, 308}, path


def test_pages_share_their_frame(visitor: Visitor) -> None:
    """Each page is a whole document of its own title, in the frame that all share."""
    titles = set()
    for path in ("/", "/about", "/people/", "/places/", "/sign-in", "/no/such/page"):
        page = visitor.get(path).text
        assert page.startswith("<!doctype html>")
        assert page.rstrip().endswith("</html>")
        assert '<nav aria-label="Main">' in page
        titles.update(re.findall(r"<title>(.*?) · Postcards</title>", page))
    assert len(titles) == 6


def test_what_visitors_write_is_escaped(visitor: Visitor, member: Visitor) -> None:
    """HTML in a caption, a place or an argument comes out as text, also where a #tag becomes a link."""
    bad = "<script>alert(1)</script> #tag<b> \"'&"
    card = member.send_card(bad, "<i>Here</i>")
    for path in ("/", f"/cards/{card}", "/places/", "/feed.xml", "/?q=<script>alert(1)", "/<script>alert(1)"):
        page = visitor.get(path.replace("<", "%3C").replace(">", "%3E")).text
        assert "<script>alert" not in page, path
        assert "<i>Here" not in page, path
    shown = visitor.get(f"/cards/{card}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert '<a href="/?q=%23tag">#tag</a>&lt;b&gt;' in shown


def test_query_arguments(visitor: Visitor, member: Visitor) -> None:
    """?q= finds words in captions and places, and no character in it has a meaning of its own."""
    member.send_card("a needle at 100%", "Haystack")
    for words in ("needle", "NEEDLE", "haystack", "100%25", "at+100"):
        assert "a needle at" in visitor.get(f"/?q={words}").text, words
    for words in ("nee_le", "n%25e", "needle%00", "%FF", "'%20OR%201=1", "x" * 2000):
        page = visitor.get(f"/?q={words}")
        assert page.status == 200, words
        assert "a needle at" not in page.text, words


def test_paging(visitor: Visitor, member: Visitor) -> None:
    """The wall goes on to a second page, keeping its search; a page number without sense is the first page."""
    for card in range(13):
        member.send_card(f"paging {card:02}")
    first = visitor.get("/?q=paging").text
    assert "paging 12" in first
    assert "paging 00" not in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = visitor.get(following[1].replace("&amp;", "&")).text
    assert "paging 00" in second
    assert "paging 12" not in second
    for number in ("0", "-1", "two", "1.5", "9" * 30, "9" * 5000, "", "1&endpoint=x&_external=1&_scheme=javascript"):
        answer = visitor.get(f"/?q=paging&page={number}")
        assert answer.status == 200, number
        assert "paging 12" in answer.text, number


def test_feed(visitor: Visitor, member: Visitor) -> None:
    """The feed is well-formed XML with absolute links, and its words are escaped as XML wants it."""
    card = member.send_card("to & fro <here>")
    answer = visitor.get("/feed.xml")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.text)
    name = {"a": "http://www.w3.org/2005/Atom"}
    assert "to & fro <here>" in [entry.text for entry in feed.findall("a:entry/a:summary", name)]
    links = [link.get("href") for link in feed.findall("a:entry/a:link", name)]
    assert f"http://127.0.0.1:{visitor.port}/cards/{card}" in links


def test_streamed_text(visitor: Visitor, member: Visitor) -> None:
    """The wall as text is a stream of lines without a length, one for each card, the request's context at hand."""
    card = member.send_card("two\nlines")
    answer = visitor.get("/wall.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Content-Length" not in answer.headers
    assert f"two lines  http://127.0.0.1:{visitor.port}/cards/{card}\n" in answer.text
    assert len(answer.text.splitlines()) >= FIRST_CARDS + 1


def test_theme_cookie(visitor: Visitor) -> None:
    """The theme is kept in a cookie of the visitor; what is no theme is refused, and ignored in a cookie."""
    assert 'data-theme="auto"' in visitor.get("/").text
    chosen = visitor.post("/theme", theme="dark")
    assert (chosen.status, chosen.location) == (303, "/")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(chosen.headers["Set-Cookie"].split("; "))
    assert 'data-theme="dark"' in visitor.get("/about").text
    assert visitor.post("/theme", theme="plaid").status == 400
    visitor.cookies["theme"] = '"><script>'
    assert 'data-theme="auto"' in visitor.get("/about").text


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/no/such/street", 404, "Return to sender"),
        ("GET", f"/cards/{uuid4()}", 404, "Return to sender"),
        ("DELETE", "/", 405, "Not by this kind of mail"),
        ("POST", "/join", 400, "The address is smudged"),
    ],
)
def test_errors_have_a_page_of_our_own(visitor: Visitor, method: str, path: str, status: int, title: str) -> None:
    """Whatever goes wrong is told on a page in our own words, with the right status."""
    answer = visitor.ask(method, path)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<h1>{title}</h1>" in answer.text
    assert "Back to the wall" in answer.text


@pytest.mark.parametrize("path", ["/", "/static/style.css", "/api/cards", "/no/such/page"])
def test_safety_headers(visitor: Visitor, path: str) -> None:
    """Each answer forbids what our pages do not need: foreign scripts, frames, guesses about types."""
    headers = visitor.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert headers["X-Content-Type-Options"] == "nosniff"
