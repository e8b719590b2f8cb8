"""The page of orders, and placing one. An order is accepted when it is in the database, and answered after that."""

from __future__ import annotations

from uuid import uuid4

from flask_login import current_user, login_required

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from . import once
from .extensions import db
from .models import MENU, Order, Report

SHOWN = 20
MOST_PIECES = 100

blueprint = Blueprint("orders", __name__)


@blueprint.get("/")
@login_required
def page() -> ResponseReturnValue:
    mine = {"account_id": current_user.id}
    return render_template(
        "orders.html",
        orders=db.session.scalars(db.select(Order).filter_by(**mine).order_by(Order.id.desc()).limit(SHOWN)),
        count=db.session.scalar(db.select(db.func.count()).select_from(Order).filter_by(**mine)),
        reports=db.session.scalars(db.select(Report).filter_by(**mine).order_by(Report.id.desc()).limit(SHOWN)),
        menu=MENU,
        most=MOST_PIECES,
        new_key=uuid4,
    )


@blueprint.post("/orders")
@login_required
def place() -> ResponseReturnValue:
    what, pieces = request.form["what"], request.form.get("pieces", 0, type=int)
    if what not in MENU or not 1 <= pieces <= MOST_PIECES:
        abort(422, f"We bake {', '.join(MENU)}, from 1 to {MOST_PIECES} pieces.")
    order, new = once.insert(Order, what=what, pieces=pieces)
    current_app.logger.info("order %s %s", order.id, "placed" if new else "came again")
    return redirect(url_for("orders.page", _anchor=f"order-{order.id}"), 303)
