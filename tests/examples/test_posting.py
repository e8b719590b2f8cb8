"""Uploads, stars, taking down, the JSON API: what people who have signed in change on the wall."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.examples.visitor import Visitor, png

GIF = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")
LIMIT = 5 * 1024 * 1024


def picture_of(visitor: Visitor, card: str) -> str:
    found = re.search(rf'/pictures/{card}/[^"]+', visitor.get(f"/cards/{card}").text)
    assert found is not None
    return found[0]


def test_a_card_is_sent_and_seen(member: Visitor, visitor: Visitor) -> None:
    """An uploaded picture hangs on the wall for everybody, byte by byte what was sent."""
    answer = member.upload(png(), "Evening sky.PNG", caption="Look at this #sky", place="Italy / Rome")
    assert answer.status == 303
    card = answer.location.rsplit("/", 1)[1]
    assert "Sent! See it" in member.get(answer.location).text
    assert "Look at this" in visitor.get("/").text
    path = picture_of(visitor, card)
    assert path.endswith("/Evening_sky.png")
    picture = visitor.get(path)
    assert (picture.body, picture.headers["Content-Type"]) == (png(), "image/png")
    assert visitor.get(path, If_None_Match=picture.headers["ETag"]).status == 304


@pytest.mark.parametrize(
    ("called", "kept"),
    [
        ("../../../etc/passwd", "etc_passwd.png"),
        ("..\\\\..\\\\boot.ini", "boot.png"),
        ("/absolute/path.png", "absolute_path.png"),
        ("日本.png", "png.png"),
        ("...", "picture.png"),
        ("page.html", "page.png"),
        ("x" * 300 + ".png", "x" * 60 + ".png"),
    ],
)
def test_a_picture_is_kept_under_a_safe_name(member: Visitor, instance: Path, called: str, kept: str) -> None:
    """Whatever a file was called, it is kept in its card's own folder under a name made safe."""
    answer = member.upload(png(), called, caption="safe", place="Here")
    card = answer.location.rsplit("/", 1)[1]
    assert [file.name for file in (instance / "pictures" / card).iterdir()] == [kept]
    assert member.get(picture_of(member, card)).body == png()


def test_the_first_bytes_say_what_a_picture_is(member: Visitor) -> None:
    """A GIF that is called .png is kept and sent as the GIF that it is."""
    answer = member.upload(GIF, "still.png", caption="gif", place="Here")
    picture = member.get(picture_of(member, answer.location.rsplit("/", 1)[1]))
    assert (picture.body, picture.headers["Content-Type"]) == (GIF, "image/gif")


@pytest.mark.parametrize("content", [b"just text", b"<script>", b"<svg xmlns='x'/>", b"\x89PN", b"", b"RIFF....WAVE"])
def test_what_is_no_picture_is_refused(member: Visitor, content: bytes) -> None:
    """A file that is no picture gets 415 on a page that says so and still has the words that were typed."""
    answer = member.upload(content, "picture.png", caption="my words", place="Here")
    assert answer.status == 415
    assert "not a PNG, JPEG, GIF or WebP" in answer.text
    assert "my words" in answer.text


def test_what_is_too_big_is_refused(member: Visitor) -> None:
    """A picture above the limit gets 413 on a page of our own; the next request is answered as ever."""
    answer = member.upload(png() + bytes(LIMIT), "huge.png", caption="huge", place="Here")
    assert answer.status == 413
    assert "Too heavy for the post" in answer.text
    assert member.upload(png() + bytes(LIMIT - 10_000), "big.png", caption="big", place="Here").status == 303


@pytest.mark.parametrize(
    ("caption", "place", "complaint"),
    [
        ("", "Here", "Write something"),
        ("   ", "Here", "Write something"),
        ("x" * 281, "Here", "Write something"),
        ("words", "", "Say where it comes from"),
        ("words", " / / ", "Say where it comes from"),
        ("words", "x" * 81, "Say where it comes from"),
        ("words", "../..", "dots alone"),
    ],
)
def test_words_that_do_not_fit(member: Visitor, caption: str, place: str, complaint: str) -> None:
    """A card without words or place, or with too many, gets 422, the complaint, and the words for another try."""
    answer = member.upload(png(), "sky.png", caption=caption, place=place)
    assert answer.status == 422
    assert complaint in answer.text


def test_a_card_needs_a_picture(member: Visitor) -> None:
    """A card without a file is refused with 422, whether the file's field is empty, without a name or not there."""
    assert member.upload(png(), "", caption="words", place="Here").status == 422
    assert member.post("/cards/new", caption="words", place="Here").status == 422


def test_only_people_who_signed_in_change_anything(visitor: Visitor, member: Visitor) -> None:
    """Whoever has not signed in is sent to do so, and nothing changes."""
    card = member.send_card("stays as it is")
    attempts = [
        visitor.upload(png(), "sky.png", caption="anonymous", place="Here"),
        visitor.post(f"/cards/{card}/stars", stars="1"),
        visitor.post(f"/cards/{card}/take-down"),
    ]
    assert [(answer.status, answer.location) for answer in attempts] == [(303, "/sign-in")] * 3
    assert visitor.put_json(f"/api/cards/{card}/stars", {"stars": 1}).status == 401
    assert visitor.get(f"/api/cards/{card}").json["stars"] is None
    assert "anonymous" not in visitor.get("/wall.txt").text


def test_taking_down(visitor: Visitor, member: Visitor, instance: Path) -> None:
    """A card is taken down by its sender, with its picture; by anybody else it is not: 403."""
    other = Visitor(visitor.port)
    other.join("other-" + uuid4().hex[:8])
    card = member.send_card("not for long")
    path = picture_of(visitor, card)
    refused = other.post(f"/cards/{card}/take-down")
    assert refused.status == 403
    assert "Addressed to somebody else" in refused.text
    assert "Take it down" not in other.get(f"/cards/{card}").text
    assert "Take it down" in member.get(f"/cards/{card}").text
    assert other.post(f"/cards/{card}/stars", stars="2").status == 303
    assert member.post(f"/cards/{card}/take-down").status == 303
    assert [visitor.get(where).status for where in (f"/cards/{card}", path, f"/api/cards/{card}")] == [404] * 3
    assert not (instance / "pictures" / card).exists()


def test_stars_are_averaged(visitor: Visitor, member: Visitor) -> None:
    """The average of all stars is shown, one vote for each person, who may change their mind."""
    other = Visitor(visitor.port)
    other.join("other-" + uuid4().hex[:8])
    card = member.send_card("what do you think?")
    for person, stars in ((member, "1"), (member, "5"), (other, "2")):
        assert person.post(f"/cards/{card}/stars", stars=stars).status == 303
    assert visitor.get(f"/api/cards/{card}").json["stars"] == 3.5
    assert "★ 3.5" in visitor.get(f"/cards/{card}").text
    for wrong in ("0", "6", "-1", "3.5", "many", ""):
        assert member.post(f"/cards/{card}/stars", stars=wrong).status == 400, wrong
    assert member.post(f"/cards/{uuid4()}/stars", stars="3").status == 404


def test_api_gives_dicts_and_lists(visitor: Visitor, member: Visitor) -> None:
    """A dict and a list that a view returns arrive as JSON, with UUIDs as text and absolute URLs that lead on."""
    card = member.send_card("as JSON", "Bits/Bytes")
    one, many = visitor.get(f"/api/cards/{card}").json, visitor.get("/api/cards?limit=2").json
    assert one["id"] == card
    assert (one["caption"], one["place"], one["stars"]) == ("as JSON", "Bits/Bytes", None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["sent_at"])
    assert len(many) == 2
    assert one in many
    for url in (one["url"], one["picture"], *visitor.get("/api/").json.values()):
        assert visitor.get(url.removeprefix(f"http://127.0.0.1:{visitor.port}")).status == 200
    for limit, count in (("0", 1), ("-5", 1), ("1", 1), ("two", None)):
        found = visitor.get(f"/api/cards?limit={limit}").json
        assert count is None or len(found) == count, limit


def test_api_takes_json(member: Visitor) -> None:
    """Stars can be given as JSON; what is no JSON, or not of this shape, gets the 4xx that fits, as JSON."""
    card = member.send_card("rate me")
    where = f"/api/cards/{card}/stars"
    answer = member.put_json(where, {"stars": 5})
    assert (answer.status, answer.json["stars"]) == (200, 5.0)
    misshapen: list[Any] = [{}, [], 5, None, {"stars": "5"}, {"stars": 6}, {"stars": True}, {"stars": 10**400}]
    for wrong in misshapen:
        refused = member.put_json(where, wrong)
        assert (refused.status, refused.json["status"]) == (400, 400), wrong
    token = {"X-Form-Token": member.token()}
    assert member.ask("PUT", where, b"{", {"Content-Type": "application/json", **token}).status == 400
    assert member.ask("PUT", where, b"stars=5", {"Content-Type": "text/plain", **token}).status == 415
    assert member.ask("PUT", where, b'{"stars": 1}', {"Content-Type": "application/json"}).status == 400
    assert member.get(f"/api/cards/{card}").json["stars"] == 5.0


def test_api_errors_are_json(visitor: Visitor) -> None:
    """Below /api/ an error is JSON too, with its status and its headers."""
    missing = visitor.get(f"/api/cards/{uuid4()}")
    assert (missing.status, missing.json["status"]) == (404, 404)
    assert visitor.get("/api/no/such/thing").json["status"] == 404
    refused = visitor.ask("DELETE", "/api/cards")
    assert refused.json["status"] == 405
    assert "GET" in refused.headers["Allow"]
