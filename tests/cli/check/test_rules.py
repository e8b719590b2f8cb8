"""Rules that no request reaches, and ordinary maps in which each is reached."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Map, Rule

from flask import Blueprint, Flask
from flask.cli.check import rules
from flask.cli.check.shapes import examples, skeleton

from ..conftest import Write
from .checking import findings, ids, sound_app

Given = tuple[str, set[str] | None]


def mapped(*given: Given | str, **settings: t.Any) -> Flask:
    """An app with these rules, each with an endpoint of its own."""
    app = sound_app(**settings)
    for number, each in enumerate(given):
        rule, methods = (each, None) if isinstance(each, str) else each
        app.add_url_rule(rule, f"e{number}", lambda **values: "", methods=methods)
    return app


@pytest.mark.parametrize(
    "given",
    [
        ["/a", "/a"],
        ["/<x>", "/<y>"],
        ["/<x>/", "/<y>/"],
        ["/<path:x>", "/<path:y>"],
        ["/<x>", "/<uuid:id>"],
        ["/<x>", "/<any(help, about):page>"],
        ["/<x>", "/<string(length=2):language>"],
        ["/<string(minlength=2):x>", "/<string(minlength=3, maxlength=9):y>"],
        ["/<any(a, b, c):x>", "/<any(a, c):y>"],
        ["/<int:x>", "/<int(min=5):y>"],
        ["/<int(min=5):x>", "/<int:y>"],
        ["/<int(signed=True):x>", "/<int:y>"],
        ["/<float:x>", "/<float(max=1):y>"],
        ["/x/<a>/y/<b>", "/x/<c>/y/<uuid:d>"],
        ["/<a>-<b>", "/<c>-<uuid:d>"],
        ["/<path:a>/<b>", "/<path:c>/<uuid:d>"],
        [("/a", {"GET"}), ("/a", {"HEAD"})],
        [("/a", {"GET", "POST"}), ("/a", {"POST"})],
    ],
)
def test_a_rule_that_is_hidden(given: list[t.Any]) -> None:
    """The second of two rules is found where the first takes all that it takes."""
    [finding] = findings("rules", mapped(*given))
    assert finding.id == "flask.R001"
    assert "'e1'" in finding.message.partition(" can never ")[0]


@pytest.mark.parametrize(
    "given",
    [
        ["/a", "/b", "/a/", "/a/b"],
        ["/<x>", "/a"],
        ["/<x>", "/<int:y>"],
        ["/<x>", "/<float:y>"],
        ["/<int:x>", "/<x>"],
        ["/<path:x>", "/<y>", "/<int:z>", "/a"],
        ["/<path:x>", "/<path:x>/edit", "/<path:x>/<int:y>"],
        ["/<uuid:x>", "/<y>"],
        ["/<any(help, about):page>", "/<x>"],
        ["/<string(length=2):language>", "/<x>"],
        ["/<string(maxlength=5):x>", "/<string(maxlength=9):y>"],
        ["/<any(a, b):x>", "/<any(b, c):y>"],
        ["/<int:x>", "/<int(signed=True):y>"],
        ["/<x>", "/<y>/"],
        [("/a", {"GET"}), ("/a", {"POST"}), ("/a", {"DELETE", "PUT"})],
        [("/a", {"POST", "OPTIONS"}), ("/a", {"GET", "OPTIONS"})],
    ],
)
def test_ordinary_maps(given: list[t.Any]) -> None:
    """Nothing is said of rules that each have URLs, or methods, of their own."""
    assert findings("rules", mapped(*given)) == []


def test_methods_that_are_hidden() -> None:
    """Where only some methods are taken by another rule they are named."""
    [finding] = findings("rules", mapped(("/<x>", {"GET"}), ("/<y>", {"GET", "PUT"})))
    assert finding.id == "flask.R002"
    assert finding.message == "'/<y>' (GET, PUT, 'e1') can never match GET: '/<x>' (GET, 'e0') always matches first"


def test_two_rules_for_each_other() -> None:
    """A rule may be hidden by several others together."""
    app = mapped(("/a", {"GET"}), ("/a", {"POST"}), ("/a", {"GET", "POST"}))
    [finding] = findings("rules", app)
    assert "'/a' (GET, 'e0') and '/a' (POST, 'e1')" in finding.message


def test_rules_that_say_the_same() -> None:
    """The same rule for the same endpoint, added twice, is no mistake that anybody could notice."""
    app = sound_app()
    app.add_url_rule("/a", "a", lambda: "")
    app.add_url_rule("/a", "a")
    assert findings("rules", app) == []
    app.add_url_rule("/<name>", "named", lambda **name: "")
    app.add_url_rule("/<slug>", "named")
    assert ids("rules", app) == ["R001"], "its view is never called with a slug"


def test_defaults_aliases_redirects_and_rules_for_building() -> None:
    """Rules at which no request ends by design are left alone."""
    app = sound_app()
    app.add_url_rule("/pages/", "pages", lambda page: "", defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages")
    app.add_url_rule("/old/<int:page>", "old", lambda page: "", redirect_to="pages/<page>")
    app.add_url_rule("/old/<int:number>", "built", build_only=True)
    app.add_url_rule("/alias/<int:page>", "pages", alias=True)
    assert findings("rules", app) == []


def test_static_files_of_a_blueprint_without_prefix() -> None:
    """The static folder of a blueprint without a prefix is hidden by the app's own."""
    app = Flask("shop", static_folder="/tmp/static")
    app.register_blueprint(Blueprint("cart", "shop", static_folder="/tmp/static"))
    app.register_blueprint(Blueprint("wall", "shop", static_folder="/tmp/static", url_prefix="/wall"))
    [finding] = findings("rules", app)
    assert finding.message.startswith("'/static/<path:filename>' (GET, 'cart.static') can never match")


def test_rules_of_extensions(write: Write) -> None:
    """A rule whose view an extension wrote is left alone where it is hidden; one that an extension hides is not."""
    installed = write("site-packages/flask_docs.py", "def docs():\n    return ''\n\n\ndef root():\n    return ''\n")
    names: dict[str, t.Any] = {}
    exec(compile(installed.read_text(encoding="utf-8"), str(installed), "exec"), names)
    app = sound_app()
    app.add_url_rule("/", "docs", names["docs"])
    app.add_url_rule("/", "root", names["root"])
    assert ids("rules", app) == []
    app.add_url_rule("/", "index", lambda: "")
    assert ids("rules", app) == ["R001"]


def test_websockets_are_apart() -> None:
    """A rule for WebSockets and one for requests do not hide each other; two for WebSockets do."""
    app = sound_app()
    app.add_url_rule("/talk", "page", lambda: "")
    app.add_websocket("/talk", "talk", lambda: None)
    assert findings("rules", app) == []
    app.add_websocket("/talk", "again", lambda: None)
    assert ids("rules", app) == ["R001"]


def test_converters_of_the_apps() -> None:
    """A converter of the app's weighs what `<string>` does; what it makes of a text is not asked where it is hidden."""

    class Slug(BaseConverter):
        regex = "[a-z-]+"

        def to_python(self, value: str) -> t.Any:
            raise AssertionError("it asks a database")

    class Light(Slug):
        weight = 60

    class Unknown(BaseConverter):
        regex = "§{3}"

    for converter, found in ((Slug, ["R001"]), (Light, [])):
        app = sound_app()
        app.url_map.converters["own"] = converter
        app.add_url_rule("/<name>", "name", lambda name: "")
        app.add_url_rule("/<own:slug>", "slug", lambda slug: "")
        assert ids("rules", app) == found
    app = sound_app()
    app.url_map.converters["own"] = Unknown
    app.add_url_rule("/<name>", "name", lambda name: "")
    app.add_url_rule("/<own:slug>", "slug", lambda slug: "")
    assert ids("rules", app) == [], "no text is known that the converter takes"


def test_subdomains() -> None:
    """A rule with a subdomain is found where subdomains are not looked at; where they are, each has its own rules."""
    app = sound_app(SERVER_NAME="shop.example")
    app.add_url_rule("/", "index", lambda: "")
    app.add_url_rule("/", "api", lambda: "", subdomain="api")
    assert ids("rules", app) == ["R003"]

    def matching(**settings: t.Any) -> Flask:
        app = Flask("shop", subdomain_matching=True, static_folder=None)
        app.config.update(settings)
        app.add_url_rule("/", "index", lambda: "")
        app.add_url_rule("/", "api", lambda: "", subdomain="api")
        app.add_url_rule("/", "user", lambda user: "", subdomain="<user>")
        return app

    assert ids("rules", matching(SERVER_NAME="shop.example")) == []
    assert ids("rules", matching()) == ["R003", "R003"]
    app = sound_app()
    app.url_map.default_subdomain = "www"
    app.add_url_rule("/", "index", lambda: "")
    assert ids("rules", app) == [], "it is the subdomain of every request"


def test_hosts() -> None:
    """Where hosts are matched, rules for different hosts do not hide each other."""
    app = Flask("shop", host_matching=True, static_host="a.example")
    app.add_url_rule("/", "a", lambda: "", host="a.example")
    app.add_url_rule("/", "b", lambda: "", host="b.example")
    assert findings("rules", app) == []
    app.add_url_rule("/", "c", lambda: "", host="b.example")
    assert ids("rules", app) == ["R001"]


def test_endpoints_without_a_view() -> None:
    """A rule whose endpoint has no view is found; one for building alone is not."""
    app = sound_app()
    app.add_url_rule("/a", "a")
    app.add_url_rule("/b", "b", build_only=True)
    [finding] = findings("rules", app)
    assert (finding.id, str(finding.where)) == ("flask.R004", "a")
    app.view_functions["a"] = lambda: ""
    assert findings("rules", app) == []


# --- any map ------------------------------------------------------------

CONVERTERS = {
    "": st.text("ab1", min_size=1, max_size=3),
    "string(length=2):": st.text("ab1", min_size=2, max_size=2),
    "string(minlength=2):": st.text("ab1", min_size=2, max_size=4),
    "int:": st.integers(0, 20).map(str),
    "int(min=5):": st.integers(5, 20).map(str),
    "any(a, b):": st.sampled_from("ab"),
    "any(a, b, aa):": st.sampled_from(["a", "b", "aa"]),
    "uuid:": st.uuids().map(str),
    "path:": st.lists(st.text("ab1", min_size=1, max_size=2), min_size=1, max_size=3).map("/".join),
}
PIECES = st.sampled_from(["a", "b", "aa", *CONVERTERS])
METHODS = st.sampled_from([{"GET"}, {"POST"}, {"GET", "POST"}])


@st.composite
def maps(draw: st.DrawFn) -> tuple[Map, list[tuple[Rule, list[str]]]]:
    """A map of like rules, and each rule with the pieces that it is made of."""
    made = []
    for number in range(draw(st.integers(2, 6))):
        pieces = draw(st.lists(PIECES, min_size=1, max_size=2))
        text = "".join(f"/<{each}v{place}>" if each in CONVERTERS else f"/{each}" for place, each in enumerate(pieces))
        slash = draw(st.sampled_from(["", "/"])) if not pieces[-1].startswith("path") else ""
        made.append((Rule(text + slash, endpoint=number, methods=draw(METHODS)), [*pieces, slash]))
    return Map([rule for rule, _ in made]), made


@settings(max_examples=80, deadline=None)
@given(drawn=maps(), data=st.data())
def test_what_is_found_is_never_reached(drawn: tuple[Map, list[tuple[Rule, list[str]]]], data: st.DataObject) -> None:
    """No URL that is made for a rule that was found ends at it, in any map."""
    url_map, made = drawn
    for rule, (*pieces, slash) in made:
        peers = [other for other, _ in made if skeleton(other) == skeleton(rule)]
        for method in rules.own_methods(rule):
            if rules.hiding(url_map, rule, method, peers) is None:
                continue
            for _ in range(5):
                texts = [data.draw(CONVERTERS[each]) if each in CONVERTERS else each for each in pieces]
                path = "/" + "/".join(texts) + slash
                assert answer(url_map, path, method) is not rule, (rule, path)


@settings(max_examples=50, deadline=None)
@given(drawn=maps())
def test_what_is_left_alone_is_reached(drawn: tuple[Map, list[tuple[Rule, list[str]]]]) -> None:
    """Of two rules that read the same the second is found where the first answers in its stead."""
    url_map, made = drawn
    for rule, _ in made:
        peers = [other for other, _ in made if skeleton(other) == skeleton(rule)]
        for method in rules.own_methods(rule):
            winners = [answer(url_map, path, method) for path in examples(rule)]
            hiding = rules.hiding(url_map, rule, method, peers)
            same = [
                other for other in peers if other is not rule and other.rule == rule.rule and method in other.methods
            ]
            if same and hiding is None:
                others_win = any(winner is other for winner in winners for other in same)
                assert any(winner is rule for winner in winners) or not others_win


def answer(url_map: Map, path: str, method: str) -> t.Any:
    try:
        return url_map.bind("localhost").match(path, method, return_rule=True)[0]
    except HTTPException as error:
        return type(error)
