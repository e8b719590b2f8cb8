"""Asking for a report, and reading it. The row is the promise; the message to Celery only says that it is there."""

from __future__ import annotations

from flask_login import current_user, login_required

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from . import jobs, once
from .extensions import db, limiter
from .models import Report

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


@blueprint.post("")
@limiter.limit("30 per minute", key_func=lambda: f"account {current_user.get_id()}")
@login_required
def want() -> ResponseReturnValue:
    report, new = once.insert(Report)
    current_app.logger.info("report %s %s", report.id, "wanted" if new else "wanted again")
    jobs.send(report.id)  # also when the request came again: the node that had it first may have died before this line
    return redirect(url_for("reports.page", number=report.id), 303)


@blueprint.get("/<int:number>")
@login_required
def page(number: int) -> ResponseReturnValue:
    report = db.first_or_404(db.select(Report).filter_by(id=number, account_id=current_user.id))
    return render_template("report.html", report=report)
