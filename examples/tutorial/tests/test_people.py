"""Joining and signing in."""

import pytest


def test_who_joins_can_sign_in(visitor, app):
    """The password that was given at the beginning is asked for later."""
    account = {"name": "Ada", "password": "correct horse"}
    assert (
        "Welcome, Ada"
        in visitor.post("/people/join", data=account, follow_redirects=True).text
    )
    visitor.post("/people/sign-out")
    assert "Ada" not in visitor.get("/").text
    elsewhere = app.test_client()
    assert (
        "Welcome, Ada"
        in elsewhere.post("/people/sign-in", data=account, follow_redirects=True).text
    )


@pytest.mark.parametrize(
    ("name", "password"),
    [("Ada", "wrong horse"), ("Grace", "correct horse"), ("", ""), ("Ada", "")],
)
def test_others_cannot(visitor, app, name, password):
    """A wrong password and an unknown name have the same answer."""
    visitor.post("/people/join", data={"name": "Ada", "password": "correct horse"})
    answer = app.test_client().post(
        "/people/sign-in", data={"name": name, "password": password}
    )
    assert answer.status_code == 400
    assert "do not fit" in answer.text


@pytest.mark.parametrize(
    ("name", "password"), [("Ada", "short"), (" ", "correct horse")]
)
def test_accounts_need_a_name_and_a_password(visitor, name, password):
    """A form that is not filled in is shown again."""
    assert (
        visitor.post(
            "/people/join", data={"name": name, "password": password}
        ).status_code
        == 400
    )


def test_a_name_is_taken_once(visitor, member):
    """Nobody gets the name of somebody else."""
    member("Ada")
    answer = visitor.post(
        "/people/join", data={"name": "Ada", "password": "correct horse"}
    )
    assert (answer.status_code, "has that name already" in answer.text) == (400, True)


def test_forms_of_other_sites_are_refused(app, visitor):
    """Without the token of our own page nothing is changed."""
    app.config["WTF_CSRF_ENABLED"] = True
    assert visitor.post("/people/sign-out").status_code == 400
