"""What debug mode tells of an error, where it tells it, and that nobody hears of it anywhere else."""

from __future__ import annotations

import io
import sys
import traceback

import jinja2
import pytest
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import BuildError
from werkzeug.test import Client

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    get_template_attribute,
    jsonify,
    render_template,
    render_template_string,
    request,
    stream_template,
    url_for,
)
from flask.views import MethodView, View

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
CURL = {"Accept": "*/*"}
WORDS = ("Only debug mode", "come nearest", "No rule comes near", "answer there")
HOSTILE = "<script>alert('x')</script>&\"\u202e"


class Page(MethodView):
    def get(self):
        return "page"

    def put(self):
        return None


class Old(View):
    methods = ["GET"]

    def dispatch_request(self):
        return "old"


def user(number):
    return f"user {number}"


def silent():
    pass


def no_answer(error):
    pass


def answers_true():
    return True


@pytest.fixture
def app(tmp_path):
    (tmp_path / "templates" / "parts").mkdir(parents=True)
    for name in ("index.html", "parts/row.html"):
        (tmp_path / "templates" / name).write_text(name)
    (tmp_path / "templates" / "child.html").write_text("{% extends 'layuot.html' %}")
    (tmp_path / "templates" / "links.html").write_text("{{ url_for('usr', number=1) }}")
    (tmp_path / "templates" / "lenient.html").write_text("{% include 'none.html' ignore missing %}fine")
    (tmp_path / "stray.html").write_text("stray")
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "style.css").write_text("")
    app = Flask("pages", root_path=str(tmp_path))
    app.debug = True
    app.add_url_rule("/user/<int:number>", "user", user)
    app.add_url_rule("/list/", "listing", lambda: "list", methods=["GET", "POST"])
    app.add_url_rule("/silent", "silent", silent)
    app.add_url_rule("/page", view_func=Page.as_view("page"))
    app.add_url_rule("/old", view_func=Old.as_view("old"))
    shop = Blueprint("shop", __name__, url_prefix="/shop", template_folder="no_such_folder", root_path=str(tmp_path))
    shop.add_url_rule("/cart", "cart", lambda: "cart")
    shop.add_url_rule("/missing", "missing", lambda: render_template("indx.html"))
    app.register_blueprint(shop)
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def notes(caught):
    return "\n".join(getattr(caught.value, "__notes__", []))


def told(app, endpoint, path="/list/", /, **values):
    """What is noted when the URL is asked for within a request to the path."""
    with app.test_request_context(path), pytest.raises((BuildError, ValueError, TypeError)) as caught:
        url_for(endpoint, **values)
    return notes(caught)


# ---- url_for


def test_a_failed_url_keeps_its_type_and_message(app):
    """What is told stands below the message that the error always had, and the error is the one it was."""
    with app.test_request_context(), pytest.raises(BuildError) as caught:
        url_for("usr", number=1)
    assert type(caught.value) is BuildError
    message = "Could not build url for endpoint 'usr' with values ['number']. Did you mean 'user' instead?"
    assert str(caught.value) == message
    printed = "".join(traceback.format_exception_only(caught.value))
    assert printed.startswith(f"werkzeug.routing.exceptions.BuildError: {message}\nThere is no endpoint 'usr'.\n")


def test_endpoints_that_are_close_are_named(app):
    """A similar name, and the same name in another blueprint, are suggested; without any the endpoints are listed."""
    assert "Close to it: 'user'." in told(app, "usr")
    assert "Close to it: 'shop.cart'" in told(app, "cart")
    assert "The endpoints are 'static', 'user', 'listing'" in told(app, "zzzzz")
    empty = Flask("empty", static_folder=None)
    empty.debug = True
    assert told(empty, "zzzzz", "/").endswith("The app has no endpoint at all.")


def test_the_relative_form_is_suggested_where_it_would_work(app):
    """Within a blueprint a name of its own is asked for with a dot, and one of the application's without."""
    inside = told(app, "cart", "/shop/cart")
    assert "in the blueprint 'shop': write url_for('.cart'), with a leading dot, or url_for('shop.cart')" in inside
    assert "leading dot" not in told(app, "cart", "/list/")
    assert "'listing' is an endpoint outside of the blueprint 'shop'" in told(app, ".listing", "/shop/cart")


def test_missing_values_are_named(app):
    """Each rule of the endpoint says which value it lacks; None is missing, and what is too much is said as well."""
    assert "/user/<int:number>: 'number' is missing" in told(app, "user")
    assert "'number' is None, which counts as missing" in told(app, "user", number=None)
    assert "'id' would only go into the query" in told(app, "user", id=3)


def test_values_of_the_wrong_type_are_named(app):
    """What a converter cannot write is told with what it takes, on whatever error the converter raised."""
    text = told(app, "user", number="seven")
    assert "'number' takes a whole number without a sign, not 'seven', a str" in text
    assert "takes a whole number without a sign, not [1], a list" in told(app, "user", number=[1])
    app.add_url_rule("/tab/<any(a, b):tab>", "tab", lambda tab: tab)
    assert "'tab' takes 'a' or 'b', not 'c', a str" in told(app, "tab", tab="c")


def test_a_method_or_a_default_that_excludes_a_rule_is_named(app):
    """A rule may fail for its methods, or for a default that the value contradicts."""
    assert "it takes GET, POST, not 'PATCH'" in told(app, "listing", _method="PATCH")
    app.add_url_rule("/first", "pager", lambda number: "", defaults={"number": 1})
    assert "'number' is always 1 there, not 2" in told(app, "pager", number=2)


def test_other_mistakes_about_endpoints_are_recognised(app):
    """A path, a static file, a function's name, a view without a rule, a blueprint that is not registered."""
    app.add_url_rule("/else", "elsewhere", answers_true)
    app.view_functions["ruleless"] = answers_true
    assert "The rule '/user/<int:number>' has the endpoint 'user'" in told(app, "/user/3")
    assert "write url_for('static', filename='style.css')" in told(app, "static/style.css")
    assert "write url_for('static', filename='style.css')" in told(app, "style.css")
    assert "The view function of that name has the endpoint 'elsewhere'" in told(app, "answers_true")
    assert "no rule leads there" in told(app, "ruleless")
    assert "No blueprint is registered as 'shp'; those that are: 'shop'" in told(app, "shp.cart")


def test_a_handler_that_answers_is_asked_before_anything_is_explained(app):
    """A `url_build_error_handler` that finds a URL makes it no failure."""
    seen = []
    app.url_build_error_handlers.append(lambda error, endpoint, values: seen.append(error) or "/found")
    with app.test_request_context():
        assert url_for("nowhere") == "/found"
    assert not hasattr(seen[0], "__notes__")


def test_an_error_that_is_raised_again_is_explained_once(app):
    """The same words do not pile up on one error."""
    with app.test_request_context():
        with pytest.raises(BuildError) as first:
            url_for("usr")
        with pytest.raises(BuildError) as caught:
            app.handle_url_build_error(first.value, "usr", {})
    assert caught.value is first.value
    assert len(caught.value.__notes__) == 1


def test_outside_of_a_request_a_url_is_explained_too(app):
    """No request is needed for the rules to be compared."""
    app.config["SERVER_NAME"] = "example.org"
    with app.app_context(), pytest.raises(BuildError) as caught:
        url_for("usr")
    assert "Close to it: 'user'" in notes(caught)


def test_names_and_values_are_shown_cut(app):
    """Nothing that is quoted makes the explanation long, and nothing that fails when shown makes it fail."""

    class Broken:
        def __repr__(self):
            raise RuntimeError("no")

        __str__ = __repr__

    assert len(told(app, "x" * 100_000)) < 1_500
    assert len(told(app, "user", number="9" * 100_000 + "x")) < 1_500
    assert "Broken" in told(app, "user", number=Broken())
    assert "\u202e" not in told(app, HOSTILE)


# ---- templates


@pytest.mark.parametrize(
    "render",
    [
        lambda name: render_template(name),
        lambda name: render_template([name]),
        lambda name: render_template_string("{% include name %}", name=name),
        lambda name: "".join(stream_template(name)),
        lambda name: get_template_attribute(name, "x"),
        lambda name: current_app.jinja_env.get_template(name),
        lambda name: current_app.jinja_env.select_template([name]),
        lambda name: current_app.jinja_env.get_or_select_template([name, name, name]),
        lambda name: current_app.jinja_env.from_string("{% import name as x %}").render(name=name),
    ],
)
def test_a_missing_template_tells_where_it_was_looked_for(app, tmp_path, render):
    """The loaders stand in the order of the search, with their folders; the error is the one it was."""
    with app.test_request_context(), pytest.raises(jinja2.TemplateNotFound) as caught:
        render("indx.html")
    lines = notes(caught).splitlines()
    assert lines == [
        "No template is called 'indx.html'. It was looked for, in this order, in:",
        f"  1. application 'pages': {tmp_path / 'templates'}",
        f"  2. blueprint 'shop' ({__name__}): {tmp_path / 'no_such_folder'} (there is no such folder)",
        "Templates with close names: 'index.html'.",
    ]


def test_a_template_that_another_one_asks_for_is_explained(app):
    """The name that is missing is that in `extends`, not that of the template that was asked for."""
    with app.test_request_context(), pytest.raises(jinja2.TemplateNotFound) as caught:
        render_template("child.html")
    assert "No template is called 'layuot.html'" in notes(caught)
    with app.test_request_context(), pytest.raises(jinja2.TemplateNotFound) as caught:
        "".join(stream_template("child.html"))
    assert "No template is called 'layuot.html'" in notes(caught)


def test_a_url_in_a_template_is_explained(app):
    """Through Jinja's own traceback the words stay with the error."""
    with app.test_request_context(), pytest.raises(BuildError) as caught:
        render_template("links.html")
    assert "Close to it: 'user'" in notes(caught)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("row.html", "Templates with close names: 'parts/row.html'."),
        ("Index.HTML", "Templates with close names: 'index.html'."),
        ("templates/index.html", "Templates with close names: 'index.html'."),
        ("parts\\row.html", "are separated by '/'"),
        ("../stray.html", "may not lead out of its folder"),
        ("stray.html", "stray.html', but it is not in a folder that is searched."),
        ("zzz", "No template has a close name; there are 'child.html', 'index.html'"),
    ],
)
def test_what_may_have_been_meant_is_said(app, name, words):
    """Other folders, capitals, separators, and a file that lies beside the folders are told."""
    with app.test_request_context(), pytest.raises(jinja2.TemplateNotFound) as caught:
        render_template(name)
    assert words in notes(caught)


def test_loaders_of_every_kind_are_told(app):
    """Loaders that hold others are taken apart; one that cannot list its templates is named all the same."""
    inner = jinja2.DictLoader({"indexx.html": ""})
    app.jinja_loader = jinja2.ChoiceLoader(
        [
            jinja2.PrefixLoader({"mail": inner}),
            jinja2.FunctionLoader(lambda name: None),
            inner,
        ]
    )
    with app.test_request_context(), pytest.raises(jinja2.TemplateNotFound) as caught:
        render_template("index.html")
    text = notes(caught)
    assert "1. application 'pages': a jinja2.loaders.DictLoader, for names that begin with 'mail/'" in text
    assert "2. application 'pages': a jinja2.loaders.FunctionLoader" in text
    assert "'indexx.html'" in text


def test_a_loader_of_the_applications_own_is_told(app):
    """An environment whose loader is not Flask's is described by it."""
    app.jinja_env.loader = jinja2.DictLoader({})
    with app.test_request_context(), pytest.raises(jinja2.TemplateNotFound) as caught:
        render_template("index.html")
    assert "1. application 'pages': a jinja2.loaders.DictLoader" in notes(caught)
    assert "No template was found in any of these places." in notes(caught)


def test_a_template_that_may_be_missing_costs_nothing(app, monkeypatch):
    """`ignore missing`, and the first of several, are no failure, so nothing is looked up for them."""
    monkeypatch.setattr("flask.debughelpers._templates.lines", lambda *args: pytest.fail("explained"))
    with app.test_request_context():
        assert render_template("lenient.html") == "fine"
        assert render_template(["nope.html", "lenient.html"]) == "fine"
    with pytest.raises(jinja2.TemplateNotFound):
        app.jinja_env.get_template("nope.html")


def test_a_template_is_explained_once(app):
    """However many hands an error of a missing template passes through, the words stand there once."""
    with app.test_request_context(), pytest.raises(jinja2.TemplateNotFound) as caught:
        render_template("nope.html")
    assert type(caught.value) is jinja2.TemplateNotFound
    assert len(caught.value.__notes__) == 1


def test_folders_of_any_size_are_listed_to_a_bound(app, tmp_path, monkeypatch):
    """No more names are read than are needed to suggest some."""
    monkeypatch.setattr("flask.debughelpers._templates.NAMES_AT_MOST", 10)
    for number in range(50):
        (tmp_path / "templates" / f"t{number}.html").write_text("")
    from flask.debughelpers._templates import _templates_of

    assert len(list(_templates_of(app.jinja_loader))) == 10


# ---- results


def test_a_view_that_returned_nothing_is_named(app, client):
    """The error says which function it was, for which endpoint, in which file and line."""
    with pytest.raises(TypeError) as caught:
        client.get("/silent")
    assert str(caught.value).startswith("The view function for 'silent' did not return a valid response.")
    line = silent.__code__.co_firstlineno
    assert f"{__name__}.silent at {__file__}:{line}, endpoint 'silent', rule '/silent'." in notes(caught)


def test_the_method_of_a_class_is_named(client):
    """Of a view made of a class, it is the method that answered."""
    with pytest.raises(TypeError) as caught:
        client.put("/page")
    assert f".Page.put at {__file__}:{Page.put.__code__.co_firstlineno}" in notes(caught)


def test_a_decorated_view_is_named_by_its_own_function(app, client):
    """Decorators that keep `__wrapped__` do not hide where the view was written."""
    import functools

    @functools.wraps(silent)
    def around():
        return silent()

    app.add_url_rule("/around", "around", around)
    with pytest.raises(TypeError) as caught:
        client.get("/around")
    assert f"{__name__}.silent at " in notes(caught)


def test_whoever_answered_in_place_of_the_view_is_named(app, client):
    """An error handler that returned nothing is the one at fault, and a `before_request` function may be."""
    app.register_error_handler(404, no_answer)
    app.before_request_funcs[None].append(lambda: True if request.path == "/old" else None)
    with pytest.raises(TypeError) as caught:
        client.get("/nowhere")
    assert f"returned by the error handler {__name__}.no_answer at " in notes(caught)
    assert "view function is" not in notes(caught)
    with pytest.raises(TypeError) as caught:
        client.get("/old")
    assert "Or it came from a 'before_request' function, whose result is the answer: " in notes(caught)
    assert f"<lambda> at {__file__}:" in notes(caught)


def test_data_that_is_no_json_names_the_view(app, client):
    """Where the result is encoded the view is no longer in the traceback, so it is told."""
    app.add_url_rule("/data", "data", lambda: {"a": {1}})
    with pytest.raises(TypeError, match="JSON") as caught:
        client.get("/data")
    assert "endpoint 'data', rule '/data'" in notes(caught)


def test_a_coroutine_that_nobody_awaited_is_explained(app, client):
    """A decorator that calls an async view as if it were none gets a coroutine; the remedy is said."""

    async def slow():
        return "slow"

    made = []
    app.add_url_rule("/slow", "slow", lambda: made.append(slow()) or made[0])
    with pytest.raises(TypeError) as caught:
        client.get("/slow")
    made[0].close()
    assert "current_app.ensure_sync(f)" in notes(caught)


# ---- 404


@pytest.mark.parametrize(
    ("path", "rule", "reason"),
    [
        ("/user/seven", "/user/<int:number>", "<int:number> takes a whole number without a sign, not 'seven'"),
        ("/user/7/", "/user/<int:number>", "the path ends with a slash, the rule does not"),
        ("/usr/7", "/user/<int:number>", "it has 'user' where the path has 'usr'"),
        ("/User/7", "/user/<int:number>", "capital and small letters differ"),
        ("/user", "/user/<int:number>", "it goes on with '/<int:number>'"),
        ("/user/7/edit", "/user/<int:number>", "the path goes on with '/edit'"),
        ("/cart", "/shop/cart", "it has '/shop' in front"),
        ("/api/user/7", "/user/<int:number>", "the path has '/api' in front"),
    ],
)
def test_the_nearest_rule_and_why_it_does_not_match(client, path, rule, reason):
    """A 404 names the rule that comes nearest, its methods, endpoint and view, and what keeps it from matching."""
    lines = client.get(path, headers=CURL).text.splitlines()
    at = lines.index("The rules that come nearest:")
    assert lines[at + 1].startswith(f"  GET {rule}  ->  ")
    assert lines[at + 2] == f"    {reason}"
    assert lines[at + 3].startswith(f"    {__name__}.") is True
    assert __file__ in lines[at + 3]


def test_a_rule_that_lacks_the_method_too_says_so(client):
    """Mending the path alone would lead to a 405."""
    text = client.delete("/user/seven", headers=CURL).text
    assert "not 'seven'; it takes GET, not DELETE" in text


def test_a_rule_of_another_subdomain_or_host_says_so(app):
    """Where only the domain differs, the reason is the domain."""
    split = Flask("split", subdomain_matching=True, static_folder=None)
    split.debug = True
    split.config["SERVER_NAME"] = "example.localhost"
    split.add_url_rule("/there", "there", lambda: "", subdomain="api")
    split.add_url_rule("/here", "here", lambda: "")
    client = split.test_client()
    assert "it answers on the subdomain 'api', the request came without one" in client.get("/there", headers=CURL).text
    text = client.get("/here", headers=CURL, base_url="http://api.example.localhost").text
    assert "it answers without a subdomain, the request came on 'api'" in text

    hosts = Flask("hosts", host_matching=True, static_folder=None)
    hosts.debug = True
    hosts.add_url_rule("/there", "there", lambda: "", host="a.example.localhost")
    text = hosts.test_client().get("/there", headers=CURL, base_url="http://b.example.localhost").text
    assert "it answers on the host 'a.example.localhost', not on 'b.example.localhost'" in text


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "a.localhost", "127.0.0.1:80", "[::1]", "[::1]:5000"])
def test_the_machines_own_names_are_told(client, host):
    """Under each of the names by which a machine calls itself, the rules are shown."""
    assert "/user/<" in client.get("/nowhere", base_url=f"http://{host}", headers=CURL).text


@pytest.mark.parametrize("path", ["/nowhere", "/user/7"])
@pytest.mark.parametrize(
    "host",
    ["example.org", "localhost.example.org", "192.0.2.1:5000", "localhost@example.org", "[::2]"],
)
def test_a_foreign_host_is_told_nothing(client, host, path):
    """Debug mode that is reached under another name than the machine's own shows no rule, only the plain error."""
    asked = {"headers": CURL, "method": "DELETE" if path.startswith("/user") else "GET"}
    assert "/user/<" in client.open(path, **asked).text
    answer = client.open(path, base_url=f"http://{host}", **asked)
    assert "/user/<" not in answer.text
    assert answer.status_code >= 400


@pytest.mark.filterwarnings("ignore:Current server name")
def test_a_host_outside_of_the_server_name_is_told():
    """With subdomain matching nothing answers a foreign host, whatever the path: that is said first."""
    app = Flask("split", subdomain_matching=True)
    app.debug = True
    app.config["SERVER_NAME"] = "example.org"
    app.add_url_rule("/here", "here", lambda: "")
    text = app.test_client().get("/here", headers=CURL, base_url="http://127.0.0.1:5000").text
    assert "'127.0.0.1:5000', which is not below SERVER_NAME, 'example.org'" in text


def test_without_a_near_rule_the_first_are_listed(client):
    """Nothing is called near that is not; what there is is shown without a reason, static files last."""
    text = client.get("/zzzzzzzz", headers=CURL).text
    assert "No rule comes near. The first of 8:" in text
    assert "come nearest" not in text
    assert "/user/<int:number>" in text
    assert "/static/" not in text


def test_an_app_without_rules_is_told_so():
    """The views were probably never imported."""
    app = Flask("empty")
    app.debug = True
    text = app.test_client().get("/", headers=CURL).text
    assert "No rule but that of static files is registered. Were the modules with the views imported?" in text
    bare = Flask("bare", static_folder=None)
    bare.debug = True
    assert "No rule is registered. Were" in bare.test_client().get("/", headers=CURL).text


# ---- 405


def test_a_405_names_the_methods_and_the_rule_that_has_them(client):
    """Status and Allow are as ever; the rule, its view and what to add are told."""
    response = client.delete("/list/", headers=CURL)
    assert response.status_code == 405
    assert set(response.allow) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert "not to DELETE. Allowed: GET, POST." in response.text
    assert "register the rule with methods=['DELETE', 'GET', 'POST']" in response.text
    assert "  GET, POST /list/  ->  listing" in response.text


def test_a_405_of_a_class_asks_for_a_method_of_that_name(client):
    """A class that answers by method needs one more; a class that answers all itself needs its rule changed."""
    assert "the class 'Page' needs a method 'delete'" in client.delete("/page", headers=CURL).text
    assert "register the rule with methods=['DELETE', 'GET']" in client.delete("/old", headers=CURL).text


# ---- who is told


def test_a_browser_gets_a_page_and_a_terminal_a_text(client):
    """HTML goes to those that name it, text to those that take anything; the standard sentence is in both."""
    page = client.get("/usr/7", headers=BROWSER)
    assert (page.status_code, page.content_type) == (404, "text/html; charset=utf-8")
    assert page.text.startswith("<!doctype html>\n<html lang=en>\n")
    assert "<title>404 Not Found</title>" in page.text
    assert f"<h1>Not Found</h1>\n<p>{NotFound.description}</p>" in page.text
    assert "<code>/user/&lt;int:number&gt;</code>" in page.text
    text = client.get("/usr/7", headers=CURL)
    assert (text.status_code, text.content_type) == (404, "text/plain; charset=utf-8")
    assert text.text.startswith(f"404 Not Found: GET /usr/7\n{NotFound.description}\n")
    assert int(page.headers["Content-Length"]) == len(page.data)
    assert int(text.headers["Content-Length"]) == len(text.data)


@pytest.mark.parametrize(
    "accept",
    [None, "", "application/json", "image/png", "text/html;q=0", "text/html;q=0, text/plain;q=0, application/json"],
)
def test_whoever_reads_neither_gets_the_error_as_ever(app, client, accept):
    """A client that names neither HTML nor text, and one that names nothing, sees no difference."""
    headers = {} if accept is None else {"Accept": accept}
    told = client.get("/usr/7", headers=headers)
    app.debug = False
    plain = client.get("/usr/7", headers=headers)
    assert (told.data, list(told.headers)) == (plain.data, list(plain.headers))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html", "text/html"),
        ("application/xhtml+xml", "text/html"),
        ("text/html;q=0.5, */*;q=0.1", "text/html"),
        ("text/plain, text/html;q=0.5", "text/plain"),
        ("application/json, text/plain, */*", "text/plain"),
        ("text/*", "text/plain"),
    ],
)
def test_the_form_is_the_one_preferred(client, accept, kind):
    """Qualities are heeded."""
    assert client.get("/usr/7", headers={"Accept": accept}).mimetype == kind


def test_head_has_the_headers_of_get(client):
    """The length is that of the page, of which nothing is sent."""
    get, head = client.get("/usr/7", headers=BROWSER), client.head("/usr/7", headers=BROWSER)
    assert head.data == b""
    assert head.content_type == get.content_type


def test_handlers_win(app, client):
    """Whoever wrote a handler, for the code or for a class, is heard, also when it returns the error as it is."""
    app.register_error_handler(404, lambda error: error)
    app.register_error_handler(405, lambda error: (jsonify(said=error.description), 405))
    page = client.get("/usr/7", headers=BROWSER)
    assert not any(word in page.text for word in WORDS)
    assert client.delete("/list/", headers=BROWSER).json == {"said": MethodNotAllowed.description}


def test_a_handler_for_all_http_errors_wins(app, client):
    """The pattern of Flask's documentation for JSON errors reads the standard description."""

    @app.errorhandler(HTTPException)
    def as_json(error):
        response = error.get_response()
        response.data = app.json.dumps({"name": error.name, "description": error.description})
        response.content_type = "application/json"
        return response

    answer = client.get("/usr/7", headers=BROWSER)
    assert answer.json == {"name": "Not Found", "description": NotFound.description}


def test_the_error_itself_stays_as_it_was(app):
    """Whoever wraps the handling, as extensions do, gets the error, with its own description and body."""
    seen = []
    original = app.handle_http_exception

    def wrapped(error):
        result = original(error)
        seen.append((result is error, type(result), result.description, error.get_body()))
        return result

    app.handle_http_exception = wrapped
    app.test_client().get("/usr/7", headers=BROWSER)
    assert seen == [(True, NotFound, NotFound.description, NotFound().get_body())]


def test_an_error_that_a_view_raised_is_not_the_routings(app, client):
    """`abort(404)` says nothing of rules: a rule did match."""
    app.add_url_rule("/gone", "gone", lambda: abort(404))
    app.add_url_rule("/taken", "taken", lambda: abort(405))
    app.add_url_rule("/own", "own", lambda: abort(Response("own", 404)))
    for path in ("/gone", "/taken", "/own"):
        text = client.get(path, headers=BROWSER).text
        assert not any(word in text for word in WORDS)


def test_a_response_class_of_the_apps_own_is_used(app):
    """The page is a response of the class that the app has for all."""

    class Own(Response):
        pass

    app.response_class = Own
    seen = []
    app.after_request(lambda response: seen.append(type(response)) or response)
    assert "come nearest" in app.test_client().get("/usr/7", headers=BROWSER).text
    assert seen == [Own]


def test_a_404_that_is_trapped_carries_the_same_words(app):
    """With `TRAP_HTTP_EXCEPTIONS` the debugger shows the error, and the nearest rules with it."""
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    with pytest.raises(NotFound) as caught:
        app.test_client().get("/usr/7")
    assert "it has 'user' where the path has 'usr'" in notes(caught)


def test_werkzeugs_debugger_shows_what_is_noted(app):
    """The page of the debugger has the words below the message, escaped."""
    app.add_url_rule("/link", "link", lambda: url_for("<b>usr"))
    debugged = Client(DebuggedApplication(app, evalex=False))
    text = debugged.get("/link", errors_stream=io.StringIO()).text
    message = text[text.index('<p class="errormsg">') : text.index("</p>", text.index('<p class="errormsg">'))]
    assert "BuildError: Could not build url for endpoint &#39;&lt;b&gt;usr&#39;" in message
    assert "There is no endpoint &#39;&lt;b&gt;usr&#39;." in message


# ---- what is quoted


def test_what_comes_from_outside_is_escaped(app, client):
    """Neither a path nor a rule nor an endpoint can put markup, or characters that turn the text around, in a page."""
    app.add_url_rule("/x<int:n>'\"&;", "<i>'&", lambda n: "")
    page = client.get("/xx'\"&;?" + HOSTILE, headers=BROWSER).text
    assert "<code>/x&lt;int:n&gt;&#39;&#34;&amp;;</code>" in page
    assert "<code>&lt;i&gt;&#39;&amp;</code>" in page
    page = client.get("/" + HOSTILE, headers=BROWSER).text
    for markup in ("<script", "<i>", "\u202e"):
        assert markup not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&#34;" in page
    assert "\x1b" not in client.get("/\x1b[31mred", headers=CURL).text


def test_what_comes_from_outside_is_bounded(app, client):
    """A path of any length, rules of any number, and names of any length leave a short page."""
    for number in range(200):
        app.add_url_rule(f"/section/{number}/" + "y" * 5_000, f"{number}" + "e" * 5_000, lambda: "")
    usual = len(client.get("/zzzzzzzzz", headers=BROWSER).data)
    assert len(client.get("/" + "z" * 60_000, headers=BROWSER).data) < usual + 2_000
    assert len(client.get("/z" * 30_000, headers=BROWSER).data) < usual + 2_000
    assert len(client.open("/zzz", method="M" * 60_000, headers=BROWSER).data) < usual + 2_000
    page = client.get("/section/7/" + "y" * 4_999, headers=BROWSER)
    assert page.text.count("<tr>") == 1 + 6
    assert len(page.data) < 12_000
    assert len(client.get("/section/7/y", headers=CURL).data) < 12_000


def test_no_more_rules_are_compared_than_are_worth_it(app, client, monkeypatch):
    """Among thousands of rules those without a likeness are sifted out; the right one stays."""
    from flask.debughelpers import _nearest

    compared = []
    compare = _nearest.compare
    monkeypatch.setattr(_nearest, "compare", lambda rule, asked: compared.append(rule) or compare(rule, asked))
    for number in range(500):
        app.add_url_rule(f"/part{number}/<int:n>/x", f"part{number}", lambda n: "")
    assert "/part333/&lt;int:n&gt;/x" in client.get("/prt333/7/x", headers=BROWSER).text
    assert len(compared) == _nearest.COMPARED_AT_MOST


def test_a_converter_that_fails_is_no_failure_of_the_page(app, client):
    """Whatever a rule's own converter does when it is asked again, a 404 is answered as a 404."""
    from werkzeug.routing import BaseConverter

    class Picky(BaseConverter):
        def to_python(self, value):
            abort(404)

    app.url_map.converters["picky"] = Picky
    app.add_url_rule("/picky/<picky:it>", "picky", lambda it: "")
    text = client.get("/picky/x", headers=CURL).text
    assert "<picky:it> takes what matches '[^/]+' (Picky), not 'x'" in text


def test_an_explanation_that_fails_leaves_the_error_as_it_was(app, client, monkeypatch):
    """If the words cannot be found the plain page is sent, and an exception keeps its message."""

    def fail(*args):
        raise ZeroDivisionError

    monkeypatch.setattr("flask.debughelpers._page.report", fail)
    monkeypatch.setattr("flask.debughelpers._urls._unknown", fail)
    page = client.get("/usr/7", headers=BROWSER)
    assert (page.status_code, page.data) == (404, NotFound().get_body().encode())
    assert told(app, "usr") == "(This error could not be explained: ZeroDivisionError.)"


# ---- production


@pytest.fixture
def quiet(app):
    """The app as in production, where nothing that explains may even be imported."""
    app.debug = False
    app.config["PROPAGATE_EXCEPTIONS"] = True
    explaining = [name for name in sys.modules if name.startswith("flask.debughelpers._")]
    kept = {name: sys.modules.pop(name) for name in explaining}
    yield app
    assert not [name for name in sys.modules if name.startswith("flask.debughelpers._")]
    sys.modules.update(kept)


def test_without_debug_mode_no_error_is_explained(quiet):
    """Not a word of it, on any error, and nothing that could make one is imported."""
    quiet.add_url_rule("/usr-link", "usr_link", lambda: url_for("usr"))
    quiet.add_url_rule("/type-link", "type_link", lambda: url_for("user", number="x"))
    quiet.register_error_handler(418, no_answer)
    quiet.add_url_rule("/handled", "handled", lambda: abort(418))
    client = quiet.test_client()
    for path in ("/usr-link", "/type-link", "/shop/missing", "/silent", "/handled"):
        with pytest.raises((BuildError, ValueError, jinja2.TemplateNotFound, TypeError)) as caught:
            client.get(path)
        assert notes(caught) == ""
    for look in (quiet.jinja_env.get_template, lambda name: quiet.jinja_env.select_template([name])):
        with pytest.raises(jinja2.TemplateNotFound) as caught:
            look("indx.html")
        assert not hasattr(caught.value, "__notes__")
    for headers in (BROWSER, CURL, {}):
        assert client.get("/usr/7", headers=headers).data == NotFound().get_body().encode()
        refused = client.delete("/list/", headers=headers)
        assert refused.data == MethodNotAllowed(["GET"]).get_body().encode()
        assert refused.content_type == "text/html; charset=utf-8"
    quiet.config["TRAP_HTTP_EXCEPTIONS"] = True
    with pytest.raises(NotFound) as caught:
        client.get("/usr/7")
    assert notes(caught) == ""


def test_testing_alone_does_not_explain(quiet):
    """`TESTING` is not debug mode."""
    quiet.testing = True
    assert quiet.test_client().get("/usr/7", headers=BROWSER).data == NotFound().get_body().encode()


def test_what_succeeds_in_debug_mode_imports_nothing(quiet):
    """Debug mode alone costs nothing: only a failure has what explains it imported."""
    quiet.debug = True
    client = quiet.test_client()
    assert client.get("/user/7", headers=BROWSER).text == "user 7"
    assert client.get("/shop/cart", headers=BROWSER).text == "cart"
    with quiet.test_request_context():
        assert url_for("user", number=1) == "/user/1"
        assert render_template("index.html") == "index.html"
