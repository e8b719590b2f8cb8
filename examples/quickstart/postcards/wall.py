"""The pages that everybody can read. Nothing here changes what is remembered, but for the visitor's own theme."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Select, extract, func, select

from flask import (
    Blueprint,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

from . import pictures
from .models import Card, Person, cards_about, cards_from, cards_of_year, cards_with, db, newest_cards

PER_PAGE = 12
LAST_PAGE = 100_000
YEAR_IN_SECONDS = 365 * 24 * 60 * 60
THEMES = {"auto": "As my device", "light": "Light", "dark": "Dark"}

blueprint = Blueprint("wall", __name__)


@blueprint.get("/")
def index() -> ResponseReturnValue:
    words = request.args.get("q", "").strip()
    if words:
        return show(cards_about(words), f"Cards about “{words}”")
    return show(newest_cards(), "The wall")


@blueprint.get("/people/<name>")
def person(name: str) -> ResponseReturnValue:
    sender = db.first_or_404(select(Person).where(Person.name == name), description="Nobody here has that name.")
    return show(newest_cards().where(Card.sender == sender), f"From {sender.name}")


@blueprint.get("/places/<path:place>")
def place(place: str) -> ResponseReturnValue:
    return show(cards_from(place), f"From {place.replace('/', ', ')}")


@blueprint.get("/years/<int(min=1, max=9998):year>/")
def year(year: int) -> ResponseReturnValue:
    return show(cards_of_year(year), f"Sent in {year}")


@blueprint.get("/rated/<float(max=5.0):stars>")
def rated(stars: float) -> ResponseReturnValue:
    return show(cards_with(stars), f"Rated {stars:g} stars or more")


@blueprint.get("/rated/<int(max=5):stars>")
def rated_whole(stars: int) -> ResponseReturnValue:
    return redirect(url_for(".rated", stars=float(stars)), 301)


@blueprint.get("/cards/<uuid:card_id>")
def card(card_id: UUID) -> ResponseReturnValue:
    return render_template("card.html", card=find_card(card_id))


@blueprint.get("/pictures/<uuid:card_id>/<name>")
def picture(card_id: UUID, name: str) -> ResponseReturnValue:
    # A card's picture never changes, so browsers may keep it; send_from_directory lets no name out of the folder.
    return send_from_directory(pictures.folder_of(card_id), name, max_age=YEAR_IN_SECONDS)


@blueprint.get("/people/")
def people() -> ResponseReturnValue:
    counted = select(Person, func.count(Card.id)).outerjoin(Card).group_by(Person.id).order_by(Person.name)
    return render_template("people.html", people=db.session.execute(counted).all())


@blueprint.get("/places/")
def places() -> ResponseReturnValue:
    sent_in = extract("year", Card.sent_at)
    return render_template(
        "places.html",
        places=db.session.execute(select(Card.place, func.count()).group_by(Card.place).order_by(Card.place)).all(),
        years=db.session.execute(select(sent_in, func.count()).group_by(sent_in).order_by(sent_in.desc())).all(),
    )


@blueprint.get("/about")
def about() -> ResponseReturnValue:
    return render_template("about.html")


@blueprint.get("/wall.txt")
def as_text() -> ResponseReturnValue:
    """The whole wall for a terminal, sent line by line while it is read from the database."""

    def lines() -> Iterator[str]:
        for card in db.session.scalars(newest_cards().execution_options(yield_per=100)):
            link = url_for(".card", card_id=card.id, _external=True)
            words = " ".join(card.caption.split())
            yield f"{card.sent_at:%Y-%m-%d}  {card.sender.name} in {card.place}: {words}  {link}\n"

    return stream_with_context(lines()), {"Content-Type": "text/plain; charset=utf-8"}


@blueprint.get("/feed.xml")
def feed() -> ResponseReturnValue:
    cards = db.session.scalars(newest_cards().limit(PER_PAGE)).all()
    return render_template("feed.xml", cards=cards), 200, {"Content-Type": "application/atom+xml; charset=utf-8"}


@blueprint.post("/theme")
def theme() -> ResponseReturnValue:
    chosen = request.form["theme"]
    if chosen not in THEMES:
        abort(400, "There is no such theme.")
    response = make_response(redirect(url_for(".index"), 303))
    response.set_cookie("theme", chosen, max_age=YEAR_IN_SECONDS, httponly=True, samesite="Lax")
    return response


@blueprint.app_context_processor
def themes() -> dict[str, object]:
    chosen = request.cookies.get("theme", "auto")
    return {"themes": THEMES, "theme": chosen if chosen in THEMES else "auto"}


def show(cards: Select[Any], title: str) -> ResponseReturnValue:
    """One page of these cards; which one, the query argument ``page`` says."""
    number = request.args.get("page", 1, type=page_number)
    page = db.paginate(cards, page=number, per_page=PER_PAGE, error_out=False)
    return render_template("wall.html", page=page, title=title)


def page_number(text: str) -> int:
    """The number of a page; ValueError, which stands for the first page, where it makes no sense."""
    number = int(text)
    if not 1 <= number <= LAST_PAGE:
        raise ValueError("no such page")
    return number


def find_card(card_id: UUID) -> Card:
    return db.get_or_404(Card, card_id, description="No card with this number hangs on the wall. It may be gone.")
