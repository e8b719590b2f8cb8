"""`current_app`, `g`, `request` and `session` as what they are in one's own application."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, assert_type

import flask
from flask import Flask, Request, Response
from flask.ctx import AppGlobals
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.testing import FlaskClient, FlaskCliRunner


@dataclass
class User:
    name: str
    groups: list[str] = field(default_factory=list[str])


class ShopRequest(Request):
    """A request that knows how the client wants its prices."""

    @property
    def currency(self) -> str:
        return self.args.get("currency", "EUR")


class ShopResponse(Response):
    default_mimetype = "text/plain"


class ShopSession(SecureCookieSession):
    """A session with a typed way to what stands in it."""

    @property
    def basket(self) -> list[int]:
        basket: list[int] = self.setdefault("basket", [])
        return basket


class ShopSessions(SecureCookieSessionInterface):
    session_class = ShopSession


class ShopGlobals(AppGlobals):
    """What `g` holds, and nothing else."""

    user: User
    queries: int = 0

    @cached_property
    def prices(self) -> dict[int, int]:
        return {1: 100, 2: 250}


class ShopClient(FlaskClient):
    def log_in(self, name: str) -> None:
        with self.session_transaction() as session:
            session["name"] = name


class Shop(Flask):
    request_class = ShopRequest
    response_class = ShopResponse
    app_ctx_globals_class = ShopGlobals
    session_interface = ShopSessions()
    test_client_class = ShopClient
    test_cli_runner_class = FlaskCliRunner

    def price(self, number: int, currency: str) -> str:
        g.queries += 1
        return f"{g.prices[number] / 100:.2f} {currency}"


# The module of an application that the others import these from. At run time each is the very object of `flask`.
current_app = t.cast(Shop, flask.current_app)
g = t.cast(ShopGlobals, flask.g)
request = t.cast(ShopRequest, flask.request)
session = t.cast(ShopSession, flask.session)

app = Shop(__name__)
app.testing = True
app.secret_key = "dev"


@app.before_request
def load_user() -> None:
    g.user = User(session.get("name", "nobody"))


@app.get("/price/<int:number>")
def price(number: int) -> str:
    assert_type(current_app, Shop)
    assert_type(g.user, User)
    assert_type(g.queries, int)
    assert_type(g.prices, dict[int, int])
    assert_type(request.currency, str)
    assert_type(request.args.get("n", 1, type=int), int)
    assert_type(session.basket, list[int])
    assert_type("user" in g, bool)
    assert_type(g.get("user"), Any)
    session.basket.append(number)
    session.modified = True
    return f"{g.user.name}: {current_app.price(number, request.currency)} {g.queries} {session.basket}"


@app.after_request
def stamp(response: ShopResponse) -> ShopResponse:
    response.headers["X-Shop"] = current_app.name
    return response


@app.get("/narrowed")
def narrowed() -> str:
    """Without a module of one's own: a proxy is an instance of what it stands for."""
    assert isinstance(flask.current_app, Shop)
    assert isinstance(flask.request, ShopRequest)
    assert_type(flask.current_app, Shop)
    return flask.current_app.price(2, flask.request.currency)


def visits(client: ShopClient) -> list[str]:
    client.log_in("Ada")
    return [client.get("/price/1?currency=USD").text, client.get("/narrowed").text]


def plain() -> None:
    """As Flask has them, for whoever says nothing of classes; in a context of any app."""
    assert_type(flask.current_app, Flask)
    assert_type(flask.request, Request)
    flask.g.anything = flask.session["anything"] = 1
    assert_type(flask.g.get("anything"), Any)
    assert_type(flask.session.get("anything"), Any | None)
    del flask.g.anything


def refused() -> None:
    """What the checkers say no to."""
    g.usr  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    g.user = "Ada"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    g.other = 1  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    current_app.price("1", "EUR")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    flask.current_app.price(1, "EUR")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    request.curency  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


class Other(Flask):
    request_class = dict  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    app_ctx_globals_class = dict  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
