"""What is remembered: accounts, what they ordered, and the reports they asked for. Knows nothing of requests.

Two rules of the database itself carry the promises of this example: an account uses a key once for each table, so a
request that comes twice is done once; and a report is unfinished for as long as its row says so, whatever became of
the messages about it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from flask_login import UserMixin
from sqlalchemy import DateTime, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .extensions import db

MENU = ("bread", "rolls", "cake", "pretzels")


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class Account(UserMixin, db.Model):  # type: ignore[name-defined,misc]
    """Somebody with a name and a password, of which only a hash is kept."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), unique=True)
    password_hash: Mapped[str]


class Order(db.Model):  # type: ignore[name-defined,misc]
    """So many pieces of something on the menu."""

    __tablename__ = "orders"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id), index=True)
    key: Mapped[UUID]
    what: Mapped[str] = mapped_column(String(30))
    pieces: Mapped[int]
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Report(db.Model):  # type: ignore[name-defined,misc]
    """What an account has ordered, added up by a job; wanted from the moment that the row is there."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id), index=True)
    key: Mapped[UUID]
    sent_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    begun: Mapped[int] = mapped_column(default=0)
    begun_by: Mapped[str | None]
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), index=True)
    text: Mapped[str | None]
