"""The wall as JSON. Says nothing that the pages do not say."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, request, url_for

from .accounts import current_person
from .forgery import form_token
from .models import Card, db, newest_cards
from .posting import give_stars
from .wall import find_card

MOST_CARDS = 100

blueprint = Blueprint("api", __name__, url_prefix="/api")


@blueprint.get("/")
def index() -> dict[str, Any]:
    return {name: url_for(f".{name}", _external=True) for name in ("me", "cards")}


@blueprint.get("/me")
def me() -> dict[str, Any]:
    person = current_person()
    return {"name": person.name if person else None, "form_token": form_token()}


@blueprint.get("/cards")
def cards() -> list[dict[str, Any]]:
    limit = min(max(request.args.get("limit", 20, type=int), 1), MOST_CARDS)
    return [as_dict(card) for card in db.session.scalars(newest_cards().limit(limit))]


@blueprint.get("/cards/<uuid:card_id>")
def card(card_id: UUID) -> dict[str, Any]:
    return as_dict(find_card(card_id))


@blueprint.put("/cards/<uuid:card_id>/stars")
def stars(card_id: UUID) -> dict[str, Any]:
    """Take ``{"stars": 4}``; the token of ``/api/me`` comes in the header ``X-Form-Token``."""
    if current_person() is None:
        abort(401, "Please sign in first.")
    sent = request.get_json()
    give_stars(card_id, sent.get("stars") if isinstance(sent, dict) else None)
    return as_dict(find_card(card_id))


def as_dict(card: Card) -> dict[str, Any]:
    return {
        "id": card.id,
        "from": card.sender.name,
        "place": card.place,
        "caption": card.caption,
        "sent_at": f"{card.sent_at.isoformat(timespec='seconds')}Z",
        "stars": card.average,
        "url": url_for("wall.card", card_id=card.id, _external=True),
        "picture": url_for("wall.picture", card_id=card.id, name=card.picture, _external=True),
    }
