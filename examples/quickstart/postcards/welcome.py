"""Three cards for a wall that is still empty, so that the first visitor sees what it is for. Runs once."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from flask import current_app

from . import pictures
from .models import Card, Person, db, utc_now

SENDER = "postmaster"
CARDS = [
    ("sea.svg", "Islands/Skerry", "The ferry only comes on Tuesdays, so I stay. Look at that light! #sea"),
    ("alps.svg", "Alps/High Hut", "Up at four, on top by nine. Wish you were here! #mountains"),
    ("town.svg", "Harbour Town", "Found a room above the bakery. Everything I own smells of bread now. #town #night"),
]


def hang_first_cards() -> None:
    if db.session.scalar(db.select(Person.id).limit(1)) is not None:
        return
    sender = Person(name=SENDER, password_hash=None)
    db.session.add(sender)
    drawings = Path(current_app.root_path, "welcome")
    for days_ago, (drawing, place, caption) in enumerate(CARDS):
        card_id = uuid4()
        with (drawings / drawing).open("rb") as file:
            name = pictures.keep(file, card_id, drawing, ".svg")
        sent_at = utc_now() - timedelta(days=days_ago)
        db.session.add(Card(id=card_id, sender=sender, picture=name, place=place, caption=caption, sent_at=sent_at))
    db.session.commit()
