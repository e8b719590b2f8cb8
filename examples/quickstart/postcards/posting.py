"""What people who have signed in can change: send a card, give it stars, take it down if it is theirs."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from markupsafe import Markup
from werkzeug.datastructures import FileStorage

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from . import pictures
from .accounts import current_person, for_person
from .models import Card, Star, db

LONGEST_CAPTION = 280
LONGEST_PLACE = 80
MOST_STARS = 5

blueprint = Blueprint("posting", __name__)


@dataclass
class Draft:
    """The words of a card that is being written, as they were typed."""

    caption: str = ""
    place: str = ""

    def complaints(self) -> list[str]:
        """What is wrong with it, in words for its writer; empty when it can be sent."""
        found = []
        if not 1 <= len(self.caption) <= LONGEST_CAPTION:
            found.append(f"Write something on it: 1 to {LONGEST_CAPTION} characters.")
        if not 1 <= len(self.place) <= LONGEST_PLACE:
            found.append(f"Say where it comes from, in at most {LONGEST_PLACE} characters: a place, or Country/City.")
        if any(step in {".", ".."} for step in self.place.split("/")):
            found.append("No place is called by dots alone.")
        return found


def tidy_place(typed: str) -> str:
    """``" Italy / Rome "`` becomes ``"Italy/Rome"``."""
    steps = (" ".join(step.split()) for step in typed.split("/"))
    return "/".join(step for step in steps if step)


@blueprint.get("/cards/new")
@for_person
def new() -> ResponseReturnValue:
    return render_template("new.html", draft=Draft())


@blueprint.post("/cards/new")
@for_person
def send() -> ResponseReturnValue:
    draft = Draft(request.form["caption"].strip(), tidy_place(request.form["place"]))
    picture = request.files.get("picture") or FileStorage()
    complaints = draft.complaints()
    if not picture:
        complaints.append("Choose a picture for its front.")
    if complaints:
        return try_again(draft, complaints, 422)

    suffix = pictures.suffix_of(picture.stream)
    if suffix is None:
        current_app.logger.warning("%.80r is no picture; refused", picture.filename)
        return try_again(draft, ["That file is not a PNG, JPEG, GIF or WebP picture."], 415)

    card_id = uuid4()
    name = pictures.keep(picture.stream, card_id, picture.filename or "", suffix)
    card = Card(id=card_id, sender=current_person(), picture=name, caption=draft.caption, place=draft.place)
    db.session.add(card)
    db.session.commit()
    current_app.logger.info("%s sent card %s", card.sender.name, card.id)
    flash(Markup('Sent! See it <a href="{}">on the wall</a>.').format(url_for("wall.index", _anchor=f"card-{card.id}")))
    return redirect(url_for("wall.card", card_id=card.id), 303)


@blueprint.post("/cards/<uuid:card_id>/stars")
@for_person
def rate(card_id: UUID) -> ResponseReturnValue:
    give_stars(card_id, request.form.get("stars", type=int))
    flash("Thank you: counted.")
    return redirect(url_for("wall.card", card_id=card_id), 303)


@blueprint.post("/cards/<uuid:card_id>/take-down")
@for_person
def take_down(card_id: UUID) -> ResponseReturnValue:
    card = db.get_or_404(Card, card_id)
    if card.sender is not current_person():
        abort(403, "Only the person who sent a card can take it down.")
    db.session.delete(card)
    db.session.commit()
    pictures.throw_away(card_id)
    flash("The card is off the wall.")
    return redirect(url_for("wall.index"), 303)


def give_stars(card_id: UUID, stars: object) -> None:
    """Write down what the current person thinks of a card, in place of what they thought before."""
    card, person = db.get_or_404(Card, card_id), current_person()
    assert person is not None, "only views for people who have signed in give stars"
    if type(stars) is not int or not 1 <= stars <= MOST_STARS:
        abort(400, f"A card gets 1 to {MOST_STARS} stars.")
    db.session.merge(Star(person_id=person.id, card_id=card.id, stars=stars))
    db.session.commit()


def try_again(draft: Draft, complaints: list[str], status: int) -> ResponseReturnValue:
    for complaint in complaints:
        flash(complaint, "error")
    return render_template("new.html", draft=draft), status
