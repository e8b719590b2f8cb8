"""Settings: the built-in ones have their types by name, one's own are what their author says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, assert_type

from flask import Config, Flask, current_app
from flask.config import ConfigAttribute


class ShopConfig(Config):
    """Settings with something more to ask of them."""

    @property
    def is_german(self) -> bool:
        return str(self.get("SHOP_LOCALE", "de")).startswith("de")


class Shop(Flask):
    """Settings of one's own, as typed attributes of the app."""

    config_class = ShopConfig
    config: ShopConfig

    currency = ConfigAttribute[str]("SHOP_CURRENCY")
    rounding = ConfigAttribute[int]("SHOP_ROUNDING", get_converter=int)


def create_app(test_config: dict[str, Any] | None = None) -> Shop:
    app = Shop(__name__)
    app.config.from_mapping(SECRET_KEY="dev", MAX_CONTENT_LENGTH=2**20, SHOP_CURRENCY="EUR", SHOP_ROUNDING="2")
    app.config.from_mapping({"SHOP_LOCALE": "de_DE"}, TESTING=True)
    app.config.from_mapping(test_config)
    app.config.update(SECRET_KEY_FALLBACKS=["old"], SESSION_COOKIE_SAMESITE="Lax", PERMANENT_SESSION_LIFETIME=3600)
    app.config.update({"SHOP_SIZE": 3}, BODY_TIMEOUT=2.5)
    app.config["TRUSTED_HOSTS"] = ["localhost"]
    app.config["SHOP_OWNER"] = object()
    app.config["SERVER_NAME"] = os.environ.get("SHOP_HOST")
    return app


app = create_app()


@app.get("/settings")
def settings() -> dict[str, Any]:
    config = current_app.config
    assert_type(config["TESTING"], bool)
    assert_type(config["DEBUG"], bool)
    assert_type(config["SECRET_KEY"], str | bytes | None)
    assert_type(config["SECRET_KEY_FALLBACKS"], Sequence[str | bytes] | None)
    assert_type(config["MAX_CONTENT_LENGTH"], int | None)
    assert_type(config["PERMANENT_SESSION_LIFETIME"], timedelta | int)
    assert_type(config["SESSION_COOKIE_NAME"], str)
    assert_type(config["TRUSTED_HOSTS"], list[str] | None)
    assert_type(config["WORKER_THREADS"], int)
    assert_type(config["BODY_TIMEOUT"], float | None)

    assert_type(config.get("MAX_COOKIE_SIZE"), int | None)  # a Config by itself may lack it
    assert_type(config.get("MAX_COOKIE_SIZE", 4093), int)
    assert_type(config.get("SERVER_NAME", "localhost"), str | None)  # it is there, and None
    assert_type(config.get("SERVER_NAME") or "localhost", str)
    assert_type(config.get("SECRET_KEY_FALLBACKS", []), Sequence[str | bytes] | None)
    assert_type(config.get("MAX_COOKIE_SIZE", "none"), int | str)

    assert_type(config["SHOP_SIZE"], Any)
    assert_type(config.get("SHOP_SIZE"), Any | None)
    assert_type(config.get("SHOP_SIZE", 1), Any)
    name = request_name()
    assert_type(config[name], Any)

    copies: list[dict[str, Any]] = [dict(config), {**config}, config | {"A": 1}, {"A": 1} | config, config.copy()]
    assert_type(config.get_namespace("SHOP_"), dict[str, Any])
    named = {key: value for key, value in config.items() if key.startswith("SHOP_")}
    assert_type(named, dict[str, Any])
    return {"size": config["SHOP_SIZE"], "copies": len(copies), "named": sorted(named)}


def request_name() -> str:
    return "SHOP_CURRENCY"


@app.get("/own")
def own() -> list[Any]:
    assert_type(app.config, ShopConfig)
    assert_type(app.config.is_german, bool)
    assert_type(app.config["TESTING"], bool)
    assert_type(app.currency, str)
    assert_type(app.rounding, int)
    return [app.config.is_german, app.currency, app.rounding]


def refused() -> None:
    """What the checkers say no to."""
    app.config.from_mapping(MAX_CONTENT_LENGTH="1024")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.config.update(TESTING="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.config.update(TRUSTED_HOSTS="localhost")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.config["SERVER_NAME"].upper()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    app.config["SESSION_COOKIE_NAME"] + 1  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    app.currency.nothing  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
