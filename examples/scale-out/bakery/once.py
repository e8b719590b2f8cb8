"""Requests that must be done once however often they come, told apart by a key that their sender has chosen.

Whoever got no answer, because a node died or a connection broke, sends the same request with the same key again; so may
the proxy. It is done at most once, and each sender is told the same.
"""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from flask import abort, request

from .extensions import db

Row = TypeVar("Row")


def key() -> UUID:
    """The key of this request: its header `Idempotency-Key`, or the hidden field of the form."""
    try:
        return UUID(request.headers.get("Idempotency-Key") or request.form.get("key", ""))
    except ValueError:
        abort(400, "This request needs a key (a UUID, in Idempotency-Key or the field key), so that it is done once.")


def insert(model: type[Row], **values: Any) -> tuple[Row, bool]:
    """The row of the signed-in account with this request's key, and whether it is new; committed either way.

    Two requests with one key at the same time: the database lets the second wait for the first one's end. The same key
    with other values is answered 409.
    """
    mine = {"account_id": current_user.id, "key": key()}
    row = model(**mine, **values)
    db.session.add(row)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        row = db.session.scalars(db.select(model).filter_by(**mine)).one()
        if any(getattr(row, name) != value for name, value in values.items()):
            abort(409, "This key was used for something else. Load the page again, and send the form once more.")
        return row, False
    return row, True
