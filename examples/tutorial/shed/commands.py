"""What the keeper does at a terminal: `flask shed`."""

from datetime import UTC, datetime, timedelta

import click
from flask import current_app
from flask.cli import AppGroup

from .models import Loan, db

shed = AppGroup("shed", help="Look after the shed.")


@shed.command()
def create():
    """Make the tables that are not there yet."""
    db.create_all()
    click.echo(f"The shed is at {db.engine.url.render_as_string()}.")


@shed.command()
def overdue():
    """List who has had a tool for longer than LOAN_DAYS."""
    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(
        days=current_app.config["LOAN_DAYS"]
    )
    late = (
        db.select(Loan)
        .where(Loan.returned.is_(None), Loan.taken < since)
        .order_by(Loan.taken)
    )
    for loan in db.session.scalars(late):
        click.echo(f"{loan.person.name}: {loan.tool.name}, since {loan.taken:%Y-%m-%d}")
