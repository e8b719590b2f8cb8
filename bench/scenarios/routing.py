"""Finding the view: among a thousand rules, and below blueprints within blueprints."""

from __future__ import annotations

import typing as t

from bench.model import Environ, Request, Scenario, Wsgi, bare, flask_app


def thousand_routes() -> Wsgi:
    app = flask_app()

    def view(name: str = "") -> str:
        return f"found {name}"

    for number in range(500):
        app.add_url_rule(f"/section{number}/page", f"static{number}", view)
        app.add_url_rule(f"/section{number}/<name>/detail", f"dynamic{number}", view)
    return t.cast(Wsgi, app)


def nested_blueprint() -> Wsgi:
    from flask import Blueprint

    app = flask_app()
    site = Blueprint("site", __name__, url_prefix="/site")
    shop = Blueprint("shop", __name__, url_prefix="/shop")

    @shop.get("/items/<int:number>")
    def show(number: int) -> str:
        return f"item {number}"

    site.register_blueprint(shop)
    app.register_blueprint(site)
    return t.cast(Wsgi, app)


def _bare_name(environ: Environ) -> bytes:
    return f"found {environ['PATH_INFO'].split('/')[2]}".encode()


def _bare_item(environ: Environ) -> bytes:
    return f"item {int(environ['PATH_INFO'].rpartition('/')[2])}".encode()


SCENARIOS: dict[str, Scenario] = {
    "1000 routes, static": Scenario(
        thousand_routes,
        bare(lambda environ: b"found "),
        (Request("/section499/page", body=b"found "),),
        bar=17,
    ),
    "1000 routes, dynamic": Scenario(
        thousand_routes,
        bare(_bare_name),
        (Request("/section499/alice/detail", body=b"found alice"),),
        bar=14,
    ),
    "nested blueprint": Scenario(
        nested_blueprint,
        bare(_bare_item),
        (Request("/site/shop/items/42", body=b"item 42"),),
        bar=15,
    ),
}
