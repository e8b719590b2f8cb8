"""What is done once for each deployment, not by each node: ``flask --app bakery prepare``."""

from __future__ import annotations

import click

from flask import Flask

from .extensions import db


def init_app(app: Flask) -> None:
    app.cli.add_command(prepare)


@click.command()
def prepare() -> None:
    """Make the tables that are not there yet."""
    db.create_all()
    click.echo("The tables are there.")
