"""How words and dates are shown. Whatever came from a visitor is escaped before a tag of ours goes around it."""

import re
from datetime import datetime

from markupsafe import Markup, escape

from flask import Flask, url_for

HASHTAG = re.compile(r"#\w+")


def init_app(app: Flask) -> None:
    app.add_template_filter(with_links)
    app.add_template_filter(postmark)
    app.add_template_filter(place_steps)


def with_links(caption: str) -> Markup:
    """The caption as HTML, each #hashtag a link to its search."""
    parts, end = [], 0
    for tag in HASHTAG.finditer(caption):
        parts.append(escape(caption[end : tag.start()]))
        parts.append(Markup('<a href="{}">{}</a>').format(url_for("wall.index", q=tag[0]), tag[0]))
        end = tag.end()
    return Markup("").join([*parts, escape(caption[end:])])


def postmark(moment: datetime) -> str:
    """A date as post offices stamp it: ``22 NOV 2026``."""
    return f"{moment:%d %b %Y}".upper()


def place_steps(place: str) -> list[tuple[str, str]]:
    """Each step of a place with the way to it: ``Italy/Rome`` gives ``(Italy, Italy)`` and ``(Rome, Italy/Rome)``."""
    names = place.split("/")
    return [(name, "/".join(names[: depth + 1])) for depth, name in enumerate(names)]
