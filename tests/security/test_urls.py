"""URLs: no path makes matching slow, a number in one is a number, and nothing in one makes an error of ours."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import textwrap
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter, BuildError, IntegerConverter, Map, RequestRedirect
from werkzeug.routing import Rule as WerkzeugRule

from flask import Flask
from flask._routing import ABSENT, Router, Rule
from flask._routing.parts import FLOAT_DIGITS, INT_DIGITS, Guarded
from flask.debughelpers import _nearest

from ..gateways import raw
from ..routing.strategies import MEANT

seeded = settings(derandomize=True, max_examples=400, database=None, deadline=None)

RULES = [
    "/",
    "/a/<x>",
    "/a/<x>-<y>",
    "/a/<x>.<y>.json",
    "/<int:n>",
    "/<int(signed=True):n>/s",
    "/<int(fixed_digits=3):n>/f",
    "/<int(min=2, max=40):n>/m",
    "/f/<float:x>",
    "/f/<float(signed=True):x>/s",
    "/n/<int:n>-<int:m>",
    "/n/<int:n>.<float:x>",
    "/w/<any(b, 'b c', é):x>/",
    "/u/<uuid:x>",
    "/p/<path:x>/<path:y>",
    "/p/<path:x>/edit/<path:y>/",
    "/l/<string(minlength=2, maxlength=4):x>-<y>",
    "/lax/",
]


def app_with(rules: list[str], **options: Any) -> Flask:
    app = Flask(__name__, static_folder=None)
    for rule in rules:
        app.add_url_rule(rule, rule, lambda **values: "", methods=["GET"], **options)
    return app


APP = app_with(RULES)
# Werkzeug's own router with the converters that ours are meant to be, and with its own.
MEANT_MAP, PLAIN_MAP = (
    Map([WerkzeugRule(rule, endpoint=rule, methods=["GET", "OPTIONS"]) for rule in RULES], converters=converters)
    for converters in (MEANT, None)
)


def status_of(url_map: Map, path: str, method: str) -> int:
    try:
        url_map.bind("localhost").match(path, method)
    except HTTPException as error:
        return error.code or 0
    return 200


def ask(path: bytes, method: str = "GET") -> int:
    answer = raw.call(APP, "/", method, environ_overrides={"PATH_INFO": path.decode("latin-1")})
    return int(answer.status[:3])


# --- no path makes matching slow -------------------------------------------------------------


def test_two_path_converters_are_linear_in_the_path() -> None:
    """However long a path is, to match it with any map of built-in converters takes no more than its length, also 404s.

    Measured on upstream 3.1.3: two `<path:>` in one rule take 2.4 to 3.4 s for a path of 16 kB, and `/<a>-<b>-<c>.x`
    17 s for 2 kB: `re` tries every way to share the path out. Here it is done within the time limit of a test, which
    upstream passes by hours; `tests/routing/test_splitting.py` counts: Python's steps do not depend on the length at
    all, and an expression is only asked where it tries no more than twice as much for twice the text.
    """
    program = """
        from werkzeug.exceptions import HTTPException
        from werkzeug.routing import Rule
        from flask import Flask

        app = Flask(__name__, static_folder=None)
        rules = ["/<path:a>/<path:b>", "/q/<path:a>/x/<path:b>/y", "/d/<a>-<b>-<c>.x", "/c/<a><int:b><c>!",
                 "/s/<path:a>/<path:b>/<path:c>/", "/l/<string(maxlength=9999):a>.<string(maxlength=9999):b>.x",
                 "/f/<a><float:b>-<float:c>-<d>/end"]
        for rule in rules:
            app.add_url_rule(rule, rule, lambda **values: "", methods=["GET"])
        app.url_map.add(Rule("/w/<a>-<b>-<c>.x", endpoint="of Werkzeug's own class"))
        client = app.test_client()
        adapter = app.url_map.bind("localhost")
        n = 16_000
        for tail in ("-" * n, "a/" * n + "\\n", "x/" * n, "1" * n, "1.1-" * n, "/x" * n, ".x" * n, "a" + "//" * n):
            for path in ("/d/", "/q/", "/c/", "/s/", "/l/", "/f/", "/w/", "/"):
                environ = {"PATH_INFO": path + tail}
                for method in ("GET", "PUT", "OPTIONS"):
                    assert client.open(method=method, environ_overrides=environ).status_code < 500
                client.get(environ_overrides=environ, headers={"Connection": "upgrade", "Upgrade": "websocket"})
                adapter.allowed_methods(path + tail)
        print("done")
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.stdout, ended.stderr) == ("done\n", "")


@pytest.mark.parametrize(
    "path",
    [
        "/a/b\nc/d\n",
        "/p/b\n/c\nd",
        "/x//y//z",
        "/p//",
        "/n/1-٢",
        "/w/x/" * 100,
        "/f/1.5.5",
        "/u/0",
        "/l/a-b",
        "/l/-",
    ],
)
def test_the_compiled_matcher_says_no_itself(path: str) -> None:
    """Where nothing matches, also with slashes merged or with a newline in it, Werkzeug is not asked to say so."""
    assert Router().match(APP.url_map, "GET", path) is ABSENT
    for method in ("GET", "PUT"):
        with pytest.raises(NotFound):
            MEANT_MAP.bind("localhost").match(path, method)


@pytest.mark.parametrize("matching", [{}, {"subdomain_matching": True}, {"host_matching": True, "static_host": "h"}])
@pytest.mark.parametrize("environ", [{}, {"HTTP_CONNECTION": "upgrade", "HTTP_UPGRADE": "websocket"}])
def test_rules_of_werkzeugs_own_class_are_guarded_by_the_first_request(
    matching: dict[str, Any], environ: dict[str, str]
) -> None:
    """Whatever the first request asks for, and however the app matches, Werkzeug's rules are not slow any more."""
    app = Flask(__name__, **matching)
    app.config["SERVER_NAME"] = "localhost"
    for number in range(2):
        rule = WerkzeugRule("/<a>-<b>-<c>.x", endpoint="e", host="localhost", methods=[f"M{number}"])
        app.url_map.add(rule)
        raw.call(app, "/", environ_overrides={"PATH_INFO": "/a-b", **environ})
        for each in app.url_map.iter_rules("e"):
            assert [type(part.content) for part in each._parts if not part.static] == [Guarded]


def test_a_converter_of_the_applications_own_slows_only_its_own_rule() -> None:
    """An expression of the application's stays what it is; the rules beside it are guarded all the same."""

    class Slow(BaseConverter):
        regex = r"(?:\w+x?)+"

    made = Map([Rule("/<slow:a>", endpoint="own")], converters={"slow": Slow})
    made.add(Rule("/<a>-<b>-<c>.x", endpoint="e"))
    parts = [part for rule in made.iter_rules() for part in rule._parts if not part.static]
    assert [type(part.content) is str for part in parts] == [True, False]


def test_the_debug_page_asks_no_expression_for_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """In debug mode a path is compared with the rules; an expression of several variables sees short texts only."""
    asked: list[tuple[int, int]] = []
    fullmatch = re.fullmatch

    def counted(expression: str, text: str) -> object:
        asked.append((expression.count("(?P<"), len(text)))
        return fullmatch(expression, text)

    made = Map([Rule("/<path:a>/<path:b>/<path:c>/x", endpoint="e"), Rule("/n/<int:n>", endpoint="n")])
    monkeypatch.setattr(_nearest.re, "fullmatch", counted)
    for path in ("/" + "a/" * 200 + "!", "/a/b/c/y"):
        _nearest.nearest(made.iter_rules(), _nearest.Asked(path, "GET"), 5)
    assert asked
    assert all(variables < 2 or length <= 100 for variables, length in asked)
    [near] = _nearest.nearest(made.iter_rules("n"), _nearest.Asked("/n/٣", "GET"), 5)
    assert "takes a whole number without a sign, not '٣'" in near.reason


# --- numbers -------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/12", 200),
        ("/0012", 200),
        ("/١٢", 404),
        ("/1٢", 404),
        ("/١٢٣٤٥٦٧", 404),
        ("/-12", 404),
        ("/²", 404),
        ("/" + "9" * INT_DIGITS, 200),
        ("/" + "9" * (INT_DIGITS + 1), 404),
        ("/" + "9" * 100_000, 404),
        ("/-12/s", 200),
        ("/-١/s", 404),
        ("/-" + "9" * INT_DIGITS + "/s", 200),
        ("/-" + "9" * (INT_DIGITS + 1) + "/s", 404),
        ("/012/f", 200),
        ("/12/f", 404),
        ("/٠١٢/f", 404),
        ("/40/m", 200),
        ("/41/m", 404),
        ("/٤/m", 404),
        ("/f/1.5", 200),
        ("/f/١.٥", 404),
        ("/f/1.٥", 404),
        ("/f/" + "9" * FLOAT_DIGITS[0] + ".5", 200),
        ("/f/" + "9" * (FLOAT_DIGITS[0] + 1) + ".5", 404),
        ("/f/1." + "5" * FLOAT_DIGITS[1], 200),
        ("/f/1." + "5" * (FLOAT_DIGITS[1] + 1), 404),
        ("/f/inf", 404),
        ("/f/nan", 404),
        ("/f/-1.5/s", 200),
        ("/n/1-2", 200),
        ("/n/١-2", 404),
        ("/n/1-" + "9" * (INT_DIGITS + 1), 404),
    ],
)
def test_int_takes_ascii_digits_only_bounded_in_length(path: str, status: int) -> None:
    """`<int:>` and `<float:>` take ASCII digits, and no more of them than every Python turns into a finite number.

    Measured on upstream 3.1.3: `/١٢` is the number 12, so that one page has many addresses and filters before the app
    see other text than it; a number of 310 digits is an infinite float. More than 640 digits may raise ValueError in
    `int` (https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation).
    """
    assert ask(path.encode()) == status
    assert status_of(APP.url_map, path, "GET") == status
    with APP.test_request_context(path):
        from flask import request

        assert (request.url_rule is not None) is (status == 200)


def test_what_is_no_number_is_for_other_rules() -> None:
    """Digits that `<int:>` does not take are text for the rule that takes text, whoever asks."""
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/<int:x>", "number", lambda x: f"number {x}")
    app.add_url_rule("/<x>", "text", lambda x: f"text {x}")
    client = app.test_client()
    for path, kind in (("12", "number"), ("١٢", "text"), ("9" * 641, "text")):
        assert client.get(f"/{path}").text == f"{kind} {path}"
        assert app.url_map.bind("localhost").match(f"/{path}")[0] == kind


def test_digits_of_an_applications_own_converter_are_its_own() -> None:
    """A converter that is not derived from Werkzeug's numbers takes what its expression says."""

    class Digits(BaseConverter):
        regex = r"\d+"

    class Half(IntegerConverter):
        def to_python(self, value: str) -> Any:
            return super().to_python(value) / 2

    app = Flask(__name__, static_folder=None)
    app.url_map.converters.update(digits=Digits, half=Half)
    app.add_url_rule("/d/<digits:x>", "d", lambda x: x)
    app.add_url_rule("/d/<digits:x>-<digits:y>", "dd", lambda x, y: x + y)
    app.add_url_rule("/h/<half:x>", "h", lambda x: str(x))
    client = app.test_client()
    assert client.get("/d/١٢").text == "١٢"
    assert client.get("/d/١-٢").text == "١٢"
    assert client.get("/h/3").text == "1.5"
    assert client.get("/h/٣").status_code == 404


def test_converters_are_werkzeugs() -> None:
    """What an app finds in its map, and what it derives from, are Werkzeug's own classes and expressions."""
    app = app_with(["/<int:x>", "/<int:a>-<path:b>"])
    assert app.url_map.converters["int"] is IntegerConverter
    for rule in app.url_map.iter_rules():
        theirs = WerkzeugRule(rule.rule, endpoint="e")
        Map([theirs])
        assert [(repr(part), part) for part in rule._parts] == [(repr(part), part) for part in theirs._parts]
        assert {type(converter) for converter in rule._converters.values()} <= set(app.url_map.converters.values())


# --- fuzzing -------------------------------------------------------------


PIECES = st.one_of(
    st.sampled_from([rule.split("<")[0].encode() for rule in RULES]),
    st.sampled_from([b"/", b"//", b"-", b".", b"edit", b"1", b"12", b"1.5", b"-1", b"b c", b"\n", b"\xc3\xa9", b"x"]),
    st.sampled_from(["٣".encode(), b"\xff", b"\xed\xa0\x80", b"\0", b"%2f", b".json", b"9" * 700]),
    st.binary(max_size=4),
)


@seeded
@given(st.lists(PIECES, max_size=8).map(b"".join), st.sampled_from(["GET", "HEAD", "PUT", "OPTIONS", "BREW"]))
@example(b"/n/1-\xd9\xa3", "GET")
@example(b"/" + b"9" * 5000, "GET")
def test_whatever_bytes_come_as_a_path(path: bytes, method: str) -> None:
    """Any path is answered as Werkzeug's router has it, but for the digits that are no numbers; never by a 500."""
    text = path.decode(errors="replace")
    status = ask(path, method)
    expected = status_of(MEANT_MAP, text, method)
    assert status == expected
    assert status_of(APP.url_map, text, method) == expected
    if text.isascii() and "9" * 309 not in text:
        assert status_of(PLAIN_MAP, text, method) == expected


VALUES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["a/b", "b", "b c", "/", "//x", "a\n", "é", "٣", "\ud800", "..", ".", "?#%", "x" * 10_000]),
    st.integers(),
    st.sampled_from([10**639, 10**5000, -1, True]),
    st.floats(),
    st.uuids(),
    st.binary(max_size=5),
    st.none(),
    st.lists(st.text(max_size=3), max_size=2),
)
ONE_VARIABLE = ["/v/<x>", "/i/<int:x>", "/i/<int(signed=True):x>/s", "/f/<float(signed=True):x>"]
ONE_VARIABLE += ["/p/<path:x>", "/u/<uuid:x>", "/w/<any(b, 'b c', é):x>", "/l/<string(length=2):x>"]
BUILT = app_with(ONE_VARIABLE)


def comes_back(rule: str, value: Any) -> bool:
    """Whether the rule's variable is to take the text of the value as a whole."""
    text = str(value)
    if any("\ud800" <= character <= "\udfff" for character in text):
        return False  # U+FFFD stands for half of a character
    match rule[1]:
        case "v":
            return text != "" and "/" not in text
        case "l":
            return len(text) == 2 and "/" not in text
        case "i":
            return (int(value) >= 0 or rule.endswith("s")) and len(str(abs(int(value)))) <= INT_DIGITS
        case "f":
            return math.isfinite(float(value)) and "e" not in str(float(value))
        case "p":
            return text[:1] not in {"", "/"} and "\n" not in text[1:]
        case "u":
            return isinstance(value, UUID)
        case _:
            return True


@seeded
@given(st.sampled_from(ONE_VARIABLE), VALUES)
@example("/v/<x>", "\ud800")
@example("/p/<path:x>", "a/\udfff")
def test_whatever_values_go_into_a_url(rule: str, value: Any) -> None:
    """A value that the rule's variable takes comes back from the URL as it went in; others make an error, or a path.

    A path of this app all the same. Upstream builds such URLs too, and templates give them to scripts that put the
    value in, so they stay. What `<uuid:>` and `<any():>` are given stands in the URL as it is.
    """
    with BUILT.test_request_context():
        try:
            url = BUILT.url_for(rule, x=value)
        except (BuildError, ValueError, TypeError, OverflowError):
            return
        if rule[1] in "uw":
            assert url.startswith(f"/{rule[1]}/{value}")
        else:
            assert url.isascii()
            assert url.startswith(f"/{rule[1]}/") or (rule[1] == "p" and str(value).strip("/") == "")
            assert not any(character in url for character in "\r\n\0 ")
    if not comes_back(rule, value):
        return
    path = unquote_to_bytes(urlsplit(url).path).decode()
    endpoint, values = BUILT.url_map.bind("localhost").match(path)
    assert endpoint == rule
    found = Router().match(BUILT.url_map, "GET", path)
    assert isinstance(found, tuple)
    assert found[0].endpoint == rule
    kind = type(values["x"])
    assert values["x"] == kind(value) if kind is not UUID else values["x"] == value


@seeded
@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_no_405_or_redirect_differs_between_the_two_matchers(path: bytes) -> None:
    """What a request is told, a map is told that is asked by hand: the same methods, the same address."""
    text = path.decode(errors="replace")
    outcomes = []
    for url_map in (APP.url_map, MEANT_MAP):
        try:
            url_map.bind("localhost").match(text, "BREW")
        except MethodNotAllowed as error:
            outcomes.append(set(error.valid_methods or ()))
        except RequestRedirect as error:
            outcomes.append({error.new_url})
        except NotFound:
            outcomes.append(set())
    assert len(outcomes) == 2
    assert outcomes[0] == outcomes[1]
