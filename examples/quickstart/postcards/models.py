"""What is remembered: people, their cards, and the stars that cards were given. Knows nothing of requests."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, Select, String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship


class Base(DeclarativeBase):
    """The root of all tables."""


db = SQLAlchemy(model_class=Base)


def utc_now() -> datetime:
    """The time in UTC, without its zone, since SQLite would forget the zone anyway."""
    return datetime.now(UTC).replace(tzinfo=None)


class Person(db.Model):  # type: ignore[name-defined,misc]
    """Somebody with a name and a password; without a password, somebody who cannot sign in."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30, collation="NOCASE"), unique=True)
    password_hash: Mapped[str | None]
    cards: Mapped[list["Card"]] = relationship(back_populates="sender")


class Star(db.Model):  # type: ignore[name-defined,misc]
    """What one person thinks of one card: one to five stars."""

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("card.id"), primary_key=True)
    stars: Mapped[int]


class Card(db.Model):  # type: ignore[name-defined,misc]
    """A picture with a few words, sent from a place such as ``Italy/Rome``."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    sender_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    picture: Mapped[str]
    caption: Mapped[str] = mapped_column(String(280))
    place: Mapped[str] = mapped_column(String(80), index=True)
    sent_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)

    sender: Mapped[Person] = relationship(back_populates="cards", lazy="joined")
    given_stars: Mapped[list[Star]] = relationship(cascade="all, delete-orphan")
    average: Mapped[float | None] = column_property(
        select(func.avg(Star.stars)).where(Star.card_id == id).correlate_except(Star).scalar_subquery()
    )


def newest_cards() -> Select[Any]:
    """All cards, the newest first."""
    return select(Card).order_by(Card.sent_at.desc(), Card.id)


def cards_from(place: str) -> Select[Any]:
    """The cards from a place and from everywhere within it: ``Italy`` has those of ``Italy/Rome``."""
    return newest_cards().where((Card.place + "/").istartswith(place + "/", autoescape=True))


def cards_about(words: str) -> Select[Any]:
    """The cards whose caption or place has these words in it."""
    return newest_cards().where(
        Card.caption.icontains(words, autoescape=True) | Card.place.icontains(words, autoescape=True)
    )


def cards_of_year(year: int) -> Select[Any]:
    """The cards sent in one year, from 1 to 9998."""
    return newest_cards().where(Card.sent_at >= datetime(year, 1, 1), Card.sent_at < datetime(year + 1, 1, 1))


def cards_with(stars: float) -> Select[Any]:
    """The cards that were given this many stars or more on average, the best first."""
    return select(Card).where(Card.average >= stars).order_by(Card.average.desc(), Card.sent_at.desc())
