from __future__ import annotations

import functools
import io
import logging
import pickle
import subprocess
import sys
import traceback

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequestKeyError, HTTPException
from werkzeug.routing import BaseConverter, Map, RequestRedirect, Rule

from flask import Blueprint, Flask, request
from flask.debughelpers import (
    DebugFilesKeyError,
    FormDataRoutingRedirect,
    UnexpectedUnicodeError,
    attach_enctype_error_multidict,
    explain_template_loading_attempts,
)
from flask.debughelpers._nearest import NEAR, Asked, compare, nearest, taken_by
from flask.debughelpers._notes import WrittenWhenRead
from flask.debughelpers._words import listed, methods_of, place_of, quoted, shortened


@pytest.fixture
def app():
    app = Flask("json", static_folder=None)
    app.testing = app.debug = True
    return app


# ---- files sent without their encoding


def test_a_file_sent_as_a_field_explains_itself(app):
    """Asking `files` for a name that came as a field tells what the form lacks, and which names were sent."""
    app.add_url_rule("/", "upload", lambda: request.files["photo"].filename, methods=["POST"])
    client = app.test_client()
    with pytest.raises(DebugFilesKeyError) as caught:
        client.post("/", data={"photo": ["a.png", "it's"]})
    assert "the file 'photo' in the request.files dictionary but it does not exist" in str(caught.value)
    assert "'application/x-www-form-urlencoded' instead of 'multipart/form-data'" in str(caught.value)
    assert """This was submitted: 'a.png', "it's\"""" in str(caught.value)
    assert isinstance(caught.value, (KeyError, AssertionError))


def test_any_other_missing_file_is_a_bad_request(app):
    """A name that was not sent at all is a missing key like any other, and a file that was sent is there."""
    app.add_url_rule("/", "upload", lambda: request.files["photo"].filename, methods=["POST"])
    client = app.test_client()
    with pytest.raises(BadRequestKeyError):
        client.post("/", data={"other": "a.png"})
    assert client.post("/", data={"photo": (io.BytesIO(b"1"), "b.png")}).text == "b.png"


def test_without_debug_mode_nothing_is_explained(app):
    """The explanation is for the developer alone."""
    app.debug = False
    app.add_url_rule("/", "upload", lambda: request.files["photo"].filename, methods=["POST"])
    assert app.test_client().post("/", data={"photo": "a.png"}).status_code == 400


def test_the_explaining_dict_is_the_one_it_was(app):
    """Only the look-up of one key is changed: the dict looks and behaves the same else, also when attached twice."""
    with app.test_request_context(method="POST", data={"photo": "a.png"}) as context:
        files = context.request.files
        before = type(files).__name__
        for _ in range(2):
            attach_enctype_error_multidict(context.request)
            assert context.request.files is files
            assert type(files).__name__ == before
            assert (len(files), files.get("photo"), files.getlist("photo")) == (0, None, [])
            with pytest.raises(DebugFilesKeyError):
                files["photo"]


def test_a_field_without_names_has_no_list_of_them(app):
    """Where the form has nothing under the name, the error says only what is wrong with the encoding."""
    with app.test_request_context(method="POST", data=b"x", content_type="text/plain") as context:
        message = str(DebugFilesKeyError(context.request, "photo"))
    assert message.endswith('enctype="multipart/form-data" in your form.')


# ---- redirects that lose a form


@pytest.mark.parametrize(
    ("path", "new_url", "slash"),
    [
        ("/s", "http://localhost/s/", True),
        ("/s?a=1", "http://localhost/s/?a=1", True),
        ("/s", "http://localhost/other", False),
        ("/s", "http://sub.localhost/s/", False),
    ],
)
def test_a_redirect_of_a_form_explains_itself(app, path, new_url, slash):
    """The error shows both URLs, and names the trailing slash where that is all that differs."""
    with app.test_request_context(path, method="POST") as context:
        context.request.routing_exception = RequestRedirect(new_url)
        message = str(FormDataRoutingRedirect(context.request))
    assert f"'http://localhost{path}'" in message
    assert f"canonical URL '{new_url}'" in message
    assert ("trailing slash" in message) is slash


def test_only_a_redirect_that_loses_data_is_an_error(app):
    """In debug mode a POST to a slash-less URL fails where the redirect would drop its data, and only there."""
    app.add_url_rule("/s/", "s", lambda: "s", methods=["GET", "POST"])
    client = app.test_client()
    assert client.post("/s").status_code == 308

    class Losing(RequestRedirect):
        code = 301

    for method, error in (("POST", True), ("GET", False)):
        with app.test_request_context("/s", method=method) as context:
            context.request.routing_exception = Losing("http://localhost/s/")
            with pytest.raises(FormDataRoutingRedirect if error else Losing):
                app.raise_routing_exception(context.request)


# ---- why a template is not found


@pytest.fixture
def explained(app, tmp_path, caplog):
    """The lines logged for one search: an app and a blueprint, with templates and loaders of two kinds."""
    for folder, names in (("templates", ("a", "both")), ("below", ("b", "both"))):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.html").write_text(name)
    app.root_path = str(tmp_path)
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    below = Blueprint("below", "below_module", template_folder="below", root_path=str(tmp_path))
    below.add_url_rule("/below", "view", lambda: "")
    app.register_blueprint(below)
    other = Blueprint("other", "other_module", root_path=str(tmp_path))
    other.jinja_loader = jinja2.DictLoader({"d.html": "d"})
    app.register_blueprint(other)
    caplog.set_level(logging.INFO, app.logger.name)

    def explain(name, path="/below"):
        caplog.clear()
        with app.test_request_context(path):
            try:
                app.jinja_env.get_template(name)
            except jinja2.TemplateNotFound:
                pass
        (record,) = caplog.records
        return record.getMessage().splitlines()

    return explain


def test_each_loader_that_was_tried_is_told(explained, tmp_path):
    """The loaders stand in the order of the search, each with its owner, its kind, its settings and its result."""
    assert explained("b.html") == [
        "Locating template 'b.html':",
        "    1: trying loader of application 'json'",
        "       class: jinja2.loaders.FileSystemLoader",
        "       encoding: 'utf-8'",
        "       followlinks: False",
        "       searchpath:",
        f"         - {tmp_path / 'templates'}",
        "       -> no match",
        "    2: trying loader of blueprint 'below' (below_module)",
        "       class: jinja2.loaders.FileSystemLoader",
        "       encoding: 'utf-8'",
        "       followlinks: False",
        "       searchpath:",
        f"         - {tmp_path / 'below'}",
        f"       -> found ({str(tmp_path / 'below' / 'b.html')!r})",
        "    3: trying loader of blueprint 'other' (other_module)",
        "       class: jinja2.loaders.DictLoader",
        "       -> no match",
    ]


def test_a_template_that_is_found_twice_is_a_warning(explained):
    """Where two loaders have it, the wrong one may have won: so it says, and whose endpoint asked."""
    lines = explained("both.html")
    assert "Warning: multiple loaders returned a match for the template." in lines
    assert "belongs to the blueprint 'below'." in lines[-3]


def test_a_template_that_is_not_found_is_an_error(explained):
    """Where no loader has it, the advice about folders is given, if a blueprint's endpoint asked."""
    assert "Error: the template could not be found." in explained("none.html")[-4]
    assert explained("none.html", path="/")[-1] == "Error: the template could not be found."


def test_a_template_without_a_file_is_told_so(explained):
    """A source that is no file is shown as a string's."""
    assert explained("d.html")[-1] == "       -> found ('<string>')"


def test_settings_of_a_loader_are_the_simple_ones(app, caplog):
    """Private attributes and values that are neither text nor numbers, nor lists of text, stay out of the report."""

    class Loader(jinja2.BaseLoader):
        def __init__(self):
            self._private = self.nothing = None
            self.names, self.mixed = ["a", "b"], ["a", 1]
            self.number, self.pairs = 1.5, {}

    caplog.set_level(logging.INFO, app.logger.name)
    explain_template_loading_attempts(app, "a", [(Loader(), "somebody", None)])
    assert caplog.records[0].getMessage().splitlines()[1:-1] == [
        "    1: trying loader of 'somebody'",
        f"       class: {__name__}.Loader",
        "       names:",
        "         - a",
        "         - b",
        "       number: 1.5",
        "       -> no match",
    ]


def test_unexpected_text_is_both_errors():
    """The error can be caught as what it is about and as what it is."""
    assert issubclass(UnexpectedUnicodeError, AssertionError)
    assert issubclass(UnexpectedUnicodeError, UnicodeError)


# ---- how near a rule comes to a path


class Broken(BaseConverter):
    regex = "("


RULES = (
    "/",
    "/user",
    "/user/",
    "/user/<int:n>",
    "/user/<int(signed=True, max=5):n>/edit",
    "/f/<path:p>",
    "/f/<path:p>/raw",
    "/<name>",
    "/a-<name>.<any(txt, html):kind>",
    "/x//y",
    "/money/<float:f>",
)
segments = st.sampled_from(
    ["", "user", "User", "usr", "7", "-3", "1.5", "f", "edit", "raw", "a-b.txt", "x", "y", "ä", "."]
)
paths = st.lists(segments, max_size=6).map(lambda parts: "/" + "/".join(parts))


def bound(rule, **options):
    return next(Map([Rule(rule, endpoint="e", **options)]).iter_rules())


@given(st.sampled_from(RULES), paths, st.sampled_from(["GET", "POST"]))
def test_a_rule_is_at_one_where_it_matches_and_nowhere_else(rule, path, method):
    """The comparison agrees with Werkzeug: what is told of a rule that does not match is never that it would."""
    url_map = Map([Rule(rule, endpoint="e", methods=["GET"])], redirect_defaults=False, merge_slashes=False)
    (made,) = url_map.iter_rules()
    try:
        matches = url_map.bind("localhost").match(path, "GET") is not None
    except RequestRedirect:
        return
    except HTTPException:
        matches = False
    near = compare(made, Asked("/" + path.lstrip("/"), method))
    assert (near.nearness == 1) is matches
    assert near.reason
    assert ("not POST" in near.reason) is (method == "POST" and near.nearness >= NEAR)


@given(st.text(max_size=600), st.text(max_size=5), st.text(max_size=5))
def test_whatever_is_asked_is_compared(path, method, domain):
    """No path, method or domain makes the comparison fail, and its reasons are short."""
    url_map = Map([Rule(rule, endpoint="e", methods=["GET"]) for rule in RULES])
    for near in nearest(url_map.iter_rules(), Asked(path, method, domain), 5):
        assert len(near.reason) < 600
        assert near.nearness >= NEAR


def test_the_nearest_stand_first():
    """No more than asked for, those that come nearest before the others."""
    url_map = Map([Rule(rule, endpoint="e") for rule in ("/users/<int:n>", "/user/<int:n>", "/usage/<int:n>", "/far")])
    found = nearest(url_map.iter_rules(), Asked("/user/x", "GET"), 2)
    assert [near.rule.rule for near in found] == ["/user/<int:n>", "/users/<int:n>"]


def test_a_rule_that_only_makes_urls_says_so():
    """`build_only` is why a rule does not answer a path that it has."""
    near = compare(bound("/old", build_only=True), Asked("/old", "GET"))
    assert near.reason == "it is build_only: URLs are made from it, but it answers none"


def test_a_rule_behind_another_has_a_reason_too():
    """Where nothing is wrong with a rule itself, something else must keep it from being reached."""
    assert "keeps it from being reached" in compare(bound("/same"), Asked("/same", "GET")).reason


def test_a_rule_whose_expression_is_broken_is_not_near():
    """Such a rule never matched anything; it is no reason to fail."""
    rule = bound("/<name>")
    rule._converters["name"] = Broken(rule.map)
    assert compare(rule, Asked("/x", "GET")).nearness < 1


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("int:n", "a whole number without a sign"),
        ("int(signed=True):n", "a whole number"),
        ("int(fixed_digits=3):n", "a whole number of 3 digits without a sign"),
        ("int(min=1, max=9):n", "a whole number from 1 up to 9 without a sign"),
        ("float:n", "a number with a point without a sign"),
        ("uuid:n", "a UUID"),
        ("any(b, a):n", "'a' or 'b'"),
        ("path:n", "text that does not begin with a slash"),
        ("n", "text without a slash"),
        ("string(length=2):n", "text of 2 characters"),
        ("string(minlength=2):n", "text of at least 2 characters"),
        ("string(minlength=2, maxlength=3):n", "text of 2 to 3 characters"),
    ],
)
def test_what_a_converter_takes_is_said_in_words(variable, words):
    """Each of Werkzeug's converters, with its settings."""
    assert taken_by(bound(f"/<{variable}>")._converters["n"]) == words


# ---- words


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "nothing"),
        (["a"], "'a'"),
        (["a", "b"], "'a' or 'b'"),
        (list("abcde"), "'a', 'b', 'c', 'd' or 'e'"),
        (list("abcdefg"), "'a', 'b', 'c', 'd', 'e' or 2 more"),
    ],
)
def test_a_list_is_as_long_as_one_reads(values, text):
    """Beyond five there is only how many more."""
    assert listed(values, "or") == text


@given(st.text() | st.binary() | st.integers() | st.lists(st.text()) | st.just(10**5000))
def test_what_is_quoted_is_one_short_line(value):
    """Whatever it is, it has no line breaks and no more than some 200 characters."""
    for text in (quoted(value), shortened(value) if isinstance(value, str) else ""):
        assert len(text.splitlines()) <= 1
        assert text.isprintable()
        assert len(text) <= 1_300


def test_methods_are_those_that_were_written():
    """HEAD and OPTIONS come by themselves, and are shown only where there is nothing else."""
    assert methods_of({"GET", "HEAD", "OPTIONS"}) == "GET"
    assert methods_of({"HEAD", "OPTIONS"}) == "HEAD, OPTIONS"
    assert methods_of(None) == "any"


def test_a_function_is_found_beneath_what_is_around_it():
    """Partial functions, methods, callable objects and decorators; what has no source has no place."""

    class Callable:
        def __call__(self):
            pass

        def method(self):
            pass

    def plain():
        pass

    @functools.wraps(plain)
    def around():
        pass

    line = plain.__code__.co_firstlineno
    for function in (plain, functools.partial(plain), around, functools.partial(around)):
        assert place_of(function).line == line
    assert place_of(Callable()).name.endswith("Callable.__call__")
    assert place_of(Callable().method).name.endswith("Callable.method")
    assert str(place_of(plain)) == f"{__name__}.{plain.__qualname__} at {__file__}:{line}"
    for nowhere in (len, None, 3, int):
        assert place_of(nowhere) is None


def test_a_circle_of_decorators_ends():
    """A function that is said to wrap itself is not followed for ever."""

    def plain():
        pass

    plain.__wrapped__ = plain
    assert place_of(plain).name.endswith("plain")


# ---- notes that are written when read


def test_notes_are_written_once_and_only_when_read():
    """Whoever looks in whatever way sees one list of text; what others added stands below what was written."""
    for look in (
        list,
        len,
        bool,
        repr,
        lambda notes: notes[0],
        lambda notes: "text" in notes,
        lambda notes: notes == [],
    ):
        written = []
        notes = WrittenWhenRead(lambda written=written: written.append(1) or "text")
        notes.append("later")
        assert written == []
        look(notes)
        assert notes == ["text", "later"]
        assert repr(notes) == "['text', 'later']"
        assert (len(notes), notes[0], notes[-1], "text" in notes) == (2, "text", "later", True)
        assert written == [1]
    assert list(WrittenWhenRead(str)) == []


def test_notes_go_with_an_error(tmp_path):
    """Python's own traceback shows them, `add_note` adds to them, and a copy is a plain list."""
    error = ValueError("wrong")
    error.__notes__ = WrittenWhenRead(lambda: "first\nsecond")
    error.add_note("third")
    shown = "".join(traceback.format_exception(error))
    assert shown == "ValueError: wrong\nfirst\nsecond\nthird\n"
    again = pickle.loads(pickle.dumps(error))
    assert again.__notes__ == ["first\nsecond", "third"]
    assert type(again.__notes__) is list


def test_what_python_itself_prints():
    """An error that nobody catches is printed with its notes."""
    code = (
        "from flask.debughelpers._notes import WrittenWhenRead as W\n"
        "error = ValueError('wrong')\nerror.__notes__ = W(lambda: 'first\\nsecond')\nraise error"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.endswith("ValueError: wrong\nfirst\nsecond\n")
