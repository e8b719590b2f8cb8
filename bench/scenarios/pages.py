"""Pages from templates, and the links in them: inheritance and a loop, ten URLs, a whole page of an application."""

from __future__ import annotations

import typing as t
from html import escape

from bench.model import HTML, Environ, Request, Scenario, Wsgi, bare, flask_app

if t.TYPE_CHECKING:
    from flask import Flask

BASE = """<!doctype html>
<html><head><title>{% block title %}{% endblock %}</title></head>
<body><nav><a href="/">Home</a></nav>{% block body %}{% endblock %}</body></html>"""
LIST = """{% extends "base.html" %}
{% block title %}{{ title }}{% endblock %}
{% block body %}<h1>{{ title }}</h1><ul>
{% for item in items %}<li><a href="/items/{{ item.id }}">{{ item.name }}</a></li>
{% endfor %}</ul>{% endblock %}"""
ITEMS = [{"id": number, "name": f"Item <{number}>"} for number in range(10)]
TITLE = "All items"
LISTED = f"""<!doctype html>
<html><head><title>{TITLE}</title></head>
<body><nav><a href="/">Home</a></nav><h1>{TITLE}</h1><ul>
{"".join(f'<li><a href="/items/{item["id"]}">{escape(str(item["name"]))}</a></li>' + chr(10) for item in ITEMS)}</ul>\
</body></html>""".encode()

LAYOUT = """<!doctype html>
<html><head><title>{% block title %}{% endblock %} - Shop</title></head>
<body><nav><a href="{{ url_for('index') }}">Home</a> <a href="{{ url_for('search') }}">Search</a>
{{ session.user }}</nav>
{% for message in get_flashed_messages() %}<p class="note">{{ message }}</p>{% endfor %}
{% block body %}{% endblock %}</body></html>"""
SHOP = """{% extends "layout.html" %}
{% block title %}{{ title }}{% endblock %}
{% block body %}<h1>{{ title }}</h1><ul>
{% for item in items %}<li><a href="{{ url_for('show', number=item.id) }}">{{ item.name }}</a></li>
{% endfor %}</ul>{% endblock %}"""
WELCOME = "Welcome back, Alice & all!"
SHOWN = f"""<!doctype html>
<html><head><title>{TITLE} - Shop</title></head>
<body><nav><a href="/">Home</a> <a href="/search">Search</a>
alice</nav>
<p class="note">{escape(WELCOME)}</p>
<h1>{TITLE}</h1><ul>
{"".join(f'<li><a href="/items/{item["id"]}">{escape(str(item["name"]))}</a></li>' + chr(10) for item in ITEMS)}</ul>\
</body></html>""".encode()

LINKS = (
    b"/ /search /items/1 /items/2 /items/3 /items/4 /users/alice/posts/5 /users/alice/posts/6 /users/bob/posts/7 "
    b"/users/bob/posts/8"
)


def template() -> Wsgi:
    from jinja2 import DictLoader

    from flask import render_template

    app = flask_app()
    app.jinja_loader = DictLoader({"base.html": BASE, "page.html": LIST})  # pyright: ignore[reportAttributeAccessIssue]

    @app.get("/")
    def page() -> str:
        return render_template("page.html", title=TITLE, items=ITEMS)

    return t.cast(Wsgi, app)


def bare_template() -> Wsgi:
    from jinja2 import DictLoader, Environment

    page = Environment(
        loader=DictLoader({"base.html": BASE, "page.html": LIST}), autoescape=True, auto_reload=False
    ).get_template("page.html")
    return bare(lambda environ: page.render(title=TITLE, items=ITEMS).encode())()


def _shop(app: Flask) -> None:
    """The views whose URLs are built."""

    @app.get("/search")
    def search() -> str:
        return "search"

    @app.get("/items/<int:number>")
    def show(number: int) -> str:
        return f"item {number}"

    @app.get("/users/<name>/posts/<int:number>")
    def post(name: str, number: int) -> str:
        return f"post {number} of {name}"


def ten_links() -> Wsgi:
    from flask import url_for

    app = flask_app()

    @app.get("/")
    def index() -> str:
        found = [url_for("index"), url_for("search")]
        found += [url_for("show", number=number) for number in (1, 2, 3, 4)]
        found += [url_for("post", name="alice", number=number) for number in (5, 6)]
        found += [url_for("post", name="bob", number=number) for number in (7, 8)]
        return " ".join(found)

    _shop(app)
    return t.cast(Wsgi, app)


def _bare_links(environ: Environ) -> bytes:
    found = ["/", "/search"]
    found += [f"/items/{number}" for number in (1, 2, 3, 4)]
    found += [f"/users/alice/posts/{number}" for number in (5, 6)]
    found += [f"/users/bob/posts/{number}" for number in (7, 8)]
    return " ".join(found).encode()


def whole_page() -> Wsgi:
    from jinja2 import DictLoader

    from flask import flash, render_template, session

    app = flask_app()
    app.jinja_loader = DictLoader({"layout.html": LAYOUT, "page.html": SHOP})  # pyright: ignore[reportAttributeAccessIssue]

    @app.get("/login")
    def login() -> str:
        session["user"] = "alice"
        flash(WELCOME)
        return "ok"

    @app.get("/")
    def index() -> str:
        return render_template("page.html", title=TITLE, items=ITEMS)

    _shop(app)
    return t.cast(Wsgi, app)


SCENARIOS: dict[str, Scenario] = {
    "template": Scenario(template, bare_template, (Request(body=LISTED, headers={"Content-Type": HTML}),), bar=3),
    "url_for ten times": Scenario(ten_links, bare(_bare_links), (Request(body=LINKS),), bar=7),
    "whole page": Scenario(
        whole_page,
        None,
        (Request(body=SHOWN, headers={"Content-Type": HTML, "Set-Cookie": ""}, own_headers={"Vary": "Cookie"}),),
        bar=4,
        prime=Request("/login", headers={"Set-Cookie": ""}),
    ),
}
