"""Joining, signing in and out, forged forms, flashed messages, the log: what belongs to one visitor alone."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable

import pytest
from itsdangerous import base64_decode

from tests.examples.visitor import PASSWORD, Visitor
from tests.servers import Server


def test_joining_signs_in(visitor: Visitor, new_name: Callable[[], str]) -> None:
    """Whoever joins is signed in at once; the session's cookie is kept from scripts and from other sites' forms."""
    name = new_name()
    answer = visitor.join(name)
    assert (answer.status, answer.location) == (303, "/")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert visitor.get("/api/me").json["name"] == name


def test_signing_in_and_out(visitor: Visitor, new_name: Callable[[], str]) -> None:
    """After signing out one is nobody; with name and password one is oneself again, letters' case apart."""
    name = new_name()
    visitor.join(name)
    assert visitor.post("/sign-out").status == 303
    assert visitor.get("/api/me").json["name"] is None
    assert visitor.sign_in(name.upper()).status == 303
    assert visitor.get("/api/me").json["name"] == name


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.upper(), "x" * 5000])
def test_wrong_passwords(visitor: Visitor, new_name: Callable[[], str], password: str) -> None:
    """A wrong password is refused with 401, in the same words as a name that nobody has."""
    name = new_name()
    Visitor(visitor.port).join(name)
    wrong, unknown = visitor.sign_in(name, password), visitor.sign_in(new_name(), password)
    for answer in (wrong, unknown):
        assert answer.status == 401
        assert "do not go together" in answer.text
    assert visitor.get("/api/me").json["name"] is None


def test_nobody_signs_in_as_postmaster(visitor: Visitor) -> None:
    """The sender of the first cards has no password, so none fits, not even an empty one."""
    for password in ("", "None", PASSWORD):
        assert visitor.sign_in("postmaster", password).status == 401
    assert visitor.join("Postmaster").status == 422


@pytest.mark.parametrize("name", ["", "a", "x" * 31, "-dash", "two words", "a/b", "<b>", "né\u0000", "_x"])
def test_names_that_are_none(visitor: Visitor, name: str) -> None:
    """A name that would not do in a URL, or is too long or short, is refused with 422, and why is said."""
    answer = visitor.join(name)
    assert answer.status == 422
    assert "A name has 2 to 30" in answer.text


def test_passwords_that_are_none(visitor: Visitor, new_name: Callable[[], str]) -> None:
    """A password that is too short or too long is refused with 422."""
    for password in ("1234567", "x" * 201):
        assert visitor.post("/join", name=new_name(), password=password).status == 422


def test_names_of_all_languages(visitor: Visitor) -> None:
    """A name may have the letters of any language, and its page is found by it."""
    assert visitor.join("Zoë.王").status == 303
    assert visitor.get("/people/Zo%C3%AB.%E7%8E%8B").status == 200


def test_a_missing_field_is_a_bad_request(visitor: Visitor) -> None:
    """A form without one of its fields gets 400, and not 500."""
    assert visitor.post("/join", name="half").status == 400
    assert visitor.post("/sign-in").status == 400
    assert visitor.post("/theme").status == 400


def test_forged_forms(visitor: Visitor, member: Visitor) -> None:
    """A change without the token of the visitor's own session is refused with 400, wherever the token came from."""
    before = member.get("/api/me").json
    for token in ("", "x", "ü", "\u0000", visitor.token(), before["form_token"][:-1]):
        assert member.post("/sign-out", token).status == 400, token
    assert member.ask("POST", "/sign-out").status == 400
    assert member.get("/api/me").json == before
    assert member.post("/sign-out", before["form_token"]).status == 303


def test_the_token_changes_with_who_one_is(visitor: Visitor, new_name: Callable[[], str]) -> None:
    """Signing in ends the anonymous session: what was known of it before is worth nothing after."""
    anonymous = visitor.token()
    visitor.join(new_name())
    assert visitor.token() != anonymous
    assert visitor.post("/sign-out", anonymous).status == 400


def test_tampered_sessions(visitor: Visitor, member: Visitor) -> None:
    """A session cookie that was changed, cut or made up is as none at all."""
    real = member.cookies["session"]
    payload, moment, signature = real.rsplit(".", 2)
    made_up = (
        f"{payload[:-1]}.{moment}.{signature}",
        f"{payload}.{moment}.{signature[::-1]}",
        f"{payload}.AAAAAA.{signature}",
    )
    for cookie in (*made_up, real[:-1], real + "x", real[::-1], payload, f"{payload}.{moment}", "x", "..", "."):
        visitor.cookies["session"] = cookie
        answer = visitor.get("/api/me")
        assert answer.status == 200, cookie
        assert answer.json["name"] is None, cookie


def test_who_is_sent_to_sign_in_comes_back(visitor: Visitor, new_name: Callable[[], str]) -> None:
    """A page that needs a person leads to the sign-in, and the sign-in leads back, and nowhere else."""
    away = visitor.get("/cards/new?next=https://elsewhere.example/")
    assert (away.status, away.location) == (303, "/sign-in")
    back = visitor.join(new_name())
    assert (back.status, back.location) == (303, "/cards/new")
    assert visitor.get(back.location).status == 200


def test_flashed_messages_are_shown_once(visitor: Visitor, new_name: Callable[[], str]) -> None:
    """A flashed message stands on the next page, in its category, and on no page after that."""
    visitor.get("/cards/new")
    assert '<p class="flash hint" role="status">Please sign in first.</p>' in visitor.get("/sign-in").text
    assert "Please sign in first." not in visitor.get("/sign-in").text
    name = new_name()
    visitor.join(name)
    assert f"Welcome, {name}!" in visitor.get("/").text
    assert f"Welcome, {name}!" not in visitor.get("/").text


def test_the_log_tells_what_was_refused(visitor: Visitor, postcards: Server) -> None:
    """app.logger writes refused sign-ins to the server's log, quoted, so that no visitor can write lines of it."""
    visitor.sign_in("mallory\nINFO: all is well", "no password")
    for _ in range(100):  # the line is written before the answer, but perhaps not yet to the file
        if "mallory" in postcards.log():
            break
        time.sleep(0.05)
    assert "WARNING in accounts: Sign-in as 'mallory\\nINFO: all is well' refused, from 127.0.0.1" in postcards.log()


def test_the_session_is_readable_but_holds_no_secret(member: Visitor) -> None:
    """Anybody can read their own session cookie, so nothing but a number, a token and messages is in it."""
    member.get("/about")
    payload = member.cookies["session"].rsplit(".", 2)[0]
    data = base64_decode(payload.removeprefix("."))
    assert set(json.loads(zlib.decompress(data) if payload.startswith(".") else data)) == {
        "_permanent",
        "form_token",
        "person",
    }
