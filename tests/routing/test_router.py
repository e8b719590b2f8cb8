"""What the router is sure of, what it leaves to Werkzeug, and what it does to a map."""

from __future__ import annotations

import copy
import linecache
import threading
import traceback
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter, EndpointPrefix, Map, MapAdapter, Rule, Submount

from flask._routing import ABSENT, Absent, Router, arguments_of
from flask._routing.compiler import _small, _whole
from flask._routing.rules import mark_of

from .strategies import IDENTIFIER, OWN


def url_map(*rules: str | Rule, **options: Any) -> Map:
    made = [rule if isinstance(rule, Rule) else Rule(rule, endpoint=rule) for rule in rules]
    return Map(made, converters=OWN, **options)


def found(url_map: Map, path: str, method: str = "GET") -> tuple[str, dict[str, Any]] | Absent | None:
    answer = Router().match(url_map, method, path)
    return (answer[0].rule, arguments_of(answer)) if isinstance(answer, tuple) else answer


# A map as applications have it, and what each path of it answers.
ORDINARY = [
    Rule("/", endpoint="index"),
    Rule("/about", endpoint="about", methods=["GET"]),
    Rule("/login", endpoint="login", methods=["GET"]),
    Rule("/login", endpoint="login", methods=["POST"]),
    Rule("/users/", endpoint="users", methods=["GET"]),
    Rule("/users/", endpoint="users.new", methods=["POST"]),
    Rule("/users/me", endpoint="me"),
    Rule("/users/<int:id>", endpoint="user", methods=["GET"]),
    Rule("/users/<int:id>", endpoint="user.put", methods=["PUT"]),
    Rule("/users/<int:id>/posts/<slug>", endpoint="post"),
    Rule("/users/<name>", endpoint="user.name"),
    Rule("/posts/", endpoint="posts", defaults={"page": 1}),
    Rule("/posts/page/<int(min=1):page>", endpoint="posts"),
    Rule("/old", endpoint="renamed"),
    Rule("/new", endpoint="renamed"),
    Rule("/wiki/<path:page>", endpoint="wiki"),
    Rule("/wiki/<path:page>/edit", endpoint="wiki.edit"),
    Rule("/static/<path:filename>", endpoint="static"),
    Rule("/price/<float(signed=True):value>", endpoint="price"),
    Rule("/by/<any(name, 'date.desc'):order>", endpoint="by"),
    Rule("/item/<uuid:id>.json", endpoint="item"),
    Rule("/range/<int:start>-<int:end>", endpoint="range"),
    Rule("/lax", endpoint="lax", strict_slashes=False),
    Rule("/lax/<x>", endpoint="lax.x", strict_slashes=False),
    Rule("/lax/<x>/y/", endpoint="lax.y", strict_slashes=False),
]
ANSWERS = [
    ("GET", "/", "index", {}),
    ("GET", "/about", "about", {}),
    ("HEAD", "/about", "about", {}),
    ("GET", "about", "about", {}),
    ("GET", "//about", "about", {}),
    ("POST", "/login", "login", {}),
    ("GET", "/users/", "users", {}),
    ("POST", "/users/", "users.new", {}),
    ("GET", "/users/me", "me", {}),
    ("GET", "/users/7", "user", {"id": 7}),
    ("PUT", "/users/7", "user.put", {"id": 7}),
    ("DELETE", "/users/7", "user.name", {"name": "7"}),
    ("GET", "/users/7/posts/a-b", "post", {"id": 7, "slug": "a-b"}),
    ("GET", "/users/joe", "user.name", {"name": "joe"}),
    ("GET", "/posts/", "posts", {"page": 1}),
    ("GET", "/new", "renamed", {}),
    ("GET", "/wiki/a/b//c", "wiki", {"page": "a/b//c"}),
    ("GET", "/wiki/a/b/edit", "wiki.edit", {"page": "a/b"}),
    ("GET", "/static/css/site.css", "static", {"filename": "css/site.css"}),
    ("GET", "/price/-1.50", "price", {"value": -1.5}),
    ("GET", "/by/date.desc", "by", {"order": "date.desc"}),
    ("GET", f"/item/{IDENTIFIER}.json", "item", {"id": UUID(IDENTIFIER)}),
    ("GET", "/range/1-20", "range", {"start": 1, "end": 20}),
    ("GET", "/lax/", "lax", {}),
    ("GET", "/lax/a", "lax.x", {"x": "a"}),
    ("GET", "/lax/a/", "lax.x", {"x": "a"}),
    ("GET", "/lax/a/y", "lax.y", {"x": "a"}),
]
MISSES = [
    "/x",
    "/about/",
    "/users/1/x",
    "/users/1/posts/a/b",
    "/static",
    "/static/",
    "/by/size",
    "/price/1",
    "/lax/a/z",
]


def ordinary() -> Map:
    return Map([rule.empty() for rule in ORDINARY])


@pytest.mark.parametrize(("method", "path", "endpoint", "arguments"), ANSWERS)
def test_an_ordinary_map_is_answered(method: str, path: str, endpoint: str, arguments: dict[str, Any]) -> None:
    """No request that an ordinary app serves needs Werkzeug."""
    made = ordinary()
    answer = Router().match(made, method, path)
    assert isinstance(answer, tuple)
    assert (answer[0].endpoint, arguments_of(answer)) == (endpoint, arguments)
    assert (answer[0], arguments_of(answer)) == made.bind("example.com").match(path, method, return_rule=True)


@pytest.mark.parametrize("path", MISSES)
def test_a_sure_miss_is_told(path: str) -> None:
    """A path that no rule of an ordinary map can match with any method is absent."""
    made = ordinary()
    assert Router().match(made, "GET", path) is ABSENT
    for method in ("GET", "POST", "BREW"):
        with pytest.raises(NotFound):
            made.bind("example.com").match(path, method)


@pytest.mark.parametrize(
    ("endpoint", "values", "url"),
    [
        ("index", {}, "/"),
        ("login", {}, "/login"),
        ("users", {"q": None}, "/users/"),
        ("user", {"id": 7}, "/users/7"),
        ("user", {"id": "7", "tab": "a b", "n": [1, None, "&"]}, "/users/7?tab=a+b&n=1&n=%26"),
        ("post", {"id": 7, "slug": "ä/b"}, "/users/7/posts/%C3%A4/b"),
        ("posts", {}, "/posts/"),
        ("posts", {"page": 1}, "/posts/"),
        ("posts", {"page": 2}, "/posts/page/2"),
        ("wiki", {"page": "/a"}, "/wiki//a"),
        ("price", {"value": 2}, "/price/2.0"),
        ("by", {"order": "name"}, "/by/name"),
        ("item", {"id": UUID(IDENTIFIER)}, f"/item/{IDENTIFIER}.json"),
        ("range", {"start": 1, "end": 2}, "/range/1-2"),
    ],
)
def test_an_ordinary_url_is_built(endpoint: str, values: dict[str, Any], url: str) -> None:
    """No URL that an ordinary app asks for needs Werkzeug."""
    made = ordinary()
    assert Router().build(made, endpoint, values) == url
    for default in ("GET", "POST", "PUT"):
        assert made.bind("example.com", default_method=default).build(endpoint, values) == url


@pytest.mark.parametrize(
    ("rule", "path", "method"),
    [
        (Rule("/a", endpoint="e", methods=["POST"]), "/a", "GET"),
        (Rule("/<x>", endpoint="e", methods=["POST"]), "/a", "GET"),
        (Rule("/a/", endpoint="e"), "/a", "GET"),
        (Rule("/<x>/", endpoint="e"), "/a", "GET"),
        (Rule("/<path:x>/", endpoint="e"), "/a/b", "GET"),
        (Rule("/a/", endpoint="e", methods=["POST"]), "/a", "GET"),
        (Rule("/a/b", endpoint="e"), "/a//b", "GET"),
        (Rule("/a", endpoint="e", redirect_to="b"), "/a", "GET"),
        (Rule("/a", endpoint="e", alias=True), "/a", "GET"),
        (Rule("/a", endpoint="e", websocket=True), "/a", "GET"),
        (Rule("/<x>", endpoint="e", websocket=True), "/a", "GET"),
        (Rule("/<list:x>", endpoint="e"), "/a", "GET"),
        (Rule("/<hex:x>", endpoint="e"), "/b", "GET"),
        (Rule("/<pair:x>", endpoint="e"), "/a/b", "GET"),
        (Rule("/<even:x>", endpoint="e"), "/2", "GET"),
        (Rule("/<int(max=3):x>", endpoint="e"), "/4", "GET"),
        (Rule("/<int(fixed_digits=3):x>", endpoint="e"), "/4", "GET"),
        (Rule("/<int:x>", endpoint="e"), "/" + "9" * 5000, "GET"),
        (Rule("/<int(min='a'):x>", endpoint="e"), "/4", "GET"),
        (Rule("/<string(minlength=3, maxlength=2):x>", endpoint="e"), "/abc", "GET"),
        (Rule("/<int:x>", endpoint="e"), "/٣", "GET"),
        (Rule("/<float:x>", endpoint="e"), "/" + "9" * 400 + ".0", "GET"),
        (Rule("/", endpoint="e"), "", "GET"),
        (Rule("/a", endpoint="e", strict_slashes=False, methods=["POST"]), "/a/", "GET"),
        (Rule("//", endpoint="e", merge_slashes=False), "/", "GET"),
    ],
)
def test_what_is_not_certain_is_left_to_werkzeug(rule: Rule, path: str, method: str) -> None:
    """Redirects, 405, refused values, websockets, foreign converters and odd paths are Werkzeug's."""
    assert found(url_map(rule), path, method) is None


def test_a_foreign_converter_does_not_hide_what_its_pattern_excludes() -> None:
    """Next to a converter of the application's own, other paths are answered; its own pattern tells which."""
    made = url_map("/x/<hex:n>", "/x/<pair:p>/z", "/y/<int:n>", "/x/static")
    assert found(made, "/y/1") == ("/y/<int:n>", {"n": 1})
    assert found(made, "/x/static") == ("/x/static", {})
    assert found(made, "/x/ZZ") is ABSENT
    assert found(made, "/x/ff") is None


def test_a_variable_that_takes_nothing_comes_before_a_slash_that_is_not_minded() -> None:
    """Where a rule does not mind a trailing slash, an empty variable behind it is still Werkzeug's first choice."""
    made = url_map(Rule("/a", endpoint="e", strict_slashes=False), "/a/<string(minlength=0):x>")
    rule, arguments = made.bind("example.com").match("/a/", return_rule=True)
    assert (rule.rule, arguments) == ("/a/<string(minlength=0):x>", {"x": ""})
    assert found(made, "/a/") is None
    assert found(made, "/a") == ("/a", {})


def test_the_text_around_a_variable_does_not_overlap() -> None:
    """A segment shorter than prefix and suffix together is no match, even if it begins and ends alike."""
    made = url_map("/aba<string(minlength=0):x>aba")
    assert found(made, "/ababa") is ABSENT
    assert found(made, "/abaaba") == ("/aba<string(minlength=0):x>aba", {"x": ""})


def test_other_subdomains_never_match_and_variable_ones_make_misses_unsure() -> None:
    """The router answers for the default subdomain, and lets a rule whose domain is variable be found by Werkzeug."""
    fixed = url_map(Rule("/x", endpoint="e", subdomain="api"), "/y")
    assert found(fixed, "/x") is ABSENT
    assert found(fixed, "/y") == ("/y", {})
    variable = url_map(Rule("/x", endpoint="e", subdomain="<name>"), "/y", default_subdomain="www")
    assert found(variable, "/x") is None
    assert found(variable, "/y") == ("/y", {})
    assert found(url_map(Rule("/x", endpoint="e", host="h"), host_matching=True), "/x") is None


def test_a_redirect_to_the_default_is_left_to_werkzeug() -> None:
    """Where another rule of the endpoint has the values as its defaults, Werkzeug may redirect to it."""
    made = ordinary()
    assert found(made, "/posts/page/1") is None
    made.redirect_defaults = False
    assert found(made, "/posts/page/1") == ("/posts/page/<int(min=1):page>", {"page": 1})


@pytest.mark.parametrize(
    ("rules", "endpoint", "values", "method"),
    [
        (["/a"], "nobody", {}, None),
        (["/<x>"], "/<x>", {}, None),
        (["/<x>"], "/<x>", {"x": None}, None),
        (["/<list:x>"], "/<list:x>", {"x": ["a"]}, None),
        (["/<any(a):x>"], "/<any(a):x>", {"x": "b"}, None),
        (["/<int:x>"], "/<int:x>", {"x": "b"}, None),
        (["/a"], "/a", {7: 1}, None),
        (["/a"], "/a", {".self": 1}, None),
        ([Rule("/a", endpoint="e", methods=["PUT"])], "e", {}, "GET"),
        ([Rule("/a", endpoint="e", methods=["PUT"]), Rule("/b", endpoint="e", methods=["GET"])], "e", {}, None),
        ([Rule("/a", endpoint="e", subdomain="api")], "e", {}, None),
        ([Rule("/a", endpoint="e", websocket=True)], "e", {}, None),
        ([Rule("/<x>", endpoint="e", defaults={"x": "a"})], "e", {}, None),
        ([Rule("/a", endpoint="e", defaults={"x": "a"})], "e", {"x": "b"}, None),
    ],
)
def test_urls_that_are_not_certain_are_left_to_werkzeug(
    rules: list[str | Rule], endpoint: str, values: dict[Any, Any], method: str | None
) -> None:
    """Errors, other domains, foreign converters and what depends on the request's method are Werkzeug's."""
    assert Router().build(url_map(*rules), endpoint, values, method) is None


class Number(int):
    def __str__(self) -> str:
        return "of a class"


@pytest.mark.parametrize("rule", ["/<int:x>", "/<int(signed=True):x>", "/<int(fixed_digits=4):x>/y"])
@pytest.mark.parametrize("value", [-1, 0, 1, 999, 1000, 10**20, True, Number(5), 7.9, "8", "012"])
def test_numbers_are_written_as_by_werkzeug(rule: str, value: object) -> None:
    """Small numbers, whose texts are kept, large ones, and what becomes a number."""
    made = url_map(rule)
    assert Router().build(made, rule, {"x": value}) == made.bind("example.com").build(rule, {"x": value})


def test_values_that_raise_are_left_to_werkzeug() -> None:
    """An error of the application's own text is raised where it always was."""

    class Broken:
        def __str__(self) -> str:
            raise LookupError("no text")

    made = url_map("/<x>")
    assert Router().build(made, "/<x>", {"x": Broken()}) is None
    assert Router().build(made, ["unhashable"], {}) is None  # type: ignore[arg-type]


def test_view_arguments_are_fresh() -> None:
    """A view may change its arguments without the next request seeing it."""
    made, router = url_map("/a", "/<x>", Rule("/d", endpoint="d", defaults={"y": 1})), Router()
    for path, arguments in [("/a", {}), ("/b", {"x": "b"}), ("/d", {"y": 1})]:
        for _ in range(2):
            answer = router.match(made, "GET", path)
            assert isinstance(answer, tuple)
            given = arguments_of(answer)
            assert given == arguments
            given["spoilt"] = True


@pytest.mark.parametrize("text", ["0", "7", "007", "42", "0042", "12345", "123456789012345678901", "9" * 639])
def test_numbers_are_those_of_int(text: str) -> None:
    """A number is what int() reads, however it is written, when it is asked for again too."""
    made = url_map("/<int:n>", "/<int(signed=True):m>")
    for written in (text, "-" + text):
        for _ in range(3):
            answer = found(made, "/" + written)
            assert isinstance(answer, tuple)
            assert list(answer[1].values()) == [int(written)]


def test_what_is_kept_of_numbers_is_bounded() -> None:
    """Only short numbers are kept, and not more of them than there are numbers of few digits."""
    for number in range(6000):
        for text in (f"{number}", f"{number:04}", f"-{number}"):
            assert abs(_whole(text)) == number
    assert len(_small) <= 4096
    assert all(len(text) < 5 for text in _small)


def test_rules_added_between_requests_are_seen() -> None:
    """However a rule comes, and whoever brings the map into order first, the next question knows it."""
    made, router = url_map("/a"), Router()
    additions = [
        Rule("/b", endpoint="b"),
        Submount("/sub", [Rule("/<int:x>", endpoint="s")]),
        EndpointPrefix("p/", [Rule("/<x>/y", endpoint="y")]),
    ]
    for path, factory in zip(["/b", "/sub/1", "/z/y"], additions, strict=True):
        assert router.match(made, "GET", path) is ABSENT
        made.add(factory)
        made.update()
        list(made.iter_rules())
        assert isinstance(router.match(made, "GET", path), tuple)
    assert router.build(made, "p/y", {"x": 1}) == "/1/y"
    made.add(Rule("/first", endpoint="p/y", defaults={"x": 1}))
    made.bind("example.com").build("p/y", {"x": 1})
    assert router.build(made, "p/y", {"x": 1}) == "/first"


def test_a_rule_added_to_a_visited_state_takes_its_place_by_weight() -> None:
    """A rule that comes later but weighs less is found first, as after Werkzeug's own sorting."""
    made = url_map("/<path:x>")
    assert found(made, "/1") == ("/<path:x>", {"x": "1"})
    made.add(Rule("/<y>", endpoint="y"))
    assert found(made, "/1") == ("/<y>", {"y": "1"})
    made.add(Rule("/<int:z>", endpoint="z"))
    assert found(made, "/1") == ("/<int:z>", {"z": 1})


def test_maps_may_be_swapped_and_shared() -> None:
    """One router serves several maps, several routers one map, and each map keeps its compiled form."""
    one, two, routers = url_map("/a"), url_map("/<x>"), [Router(), Router()]
    for _ in range(2):
        for router in routers:
            assert router.match(one, "GET", "/b") is ABSENT
            assert isinstance(router.match(two, "GET", "/b"), tuple)
    assert routers[0].sources(two) == routers[1].sources(two)
    shallow = copy.copy(one)
    shallow.default_subdomain = "www"
    assert isinstance(routers[0].match(one, "GET", "/a"), tuple)
    assert routers[0].match(shallow, "GET", "/a") is ABSENT
    assert isinstance(routers[0].match(one, "GET", "/a"), tuple)


def test_settings_of_the_map_are_read_live() -> None:
    """What Werkzeug reads of a map at each request may be changed at any time."""
    made, router = url_map("/a/b"), Router()
    assert router.match(made, "GET", "/a//b") is None
    made.merge_slashes = False
    assert router.match(made, "GET", "/a//b") is ABSENT
    assert router.build(made, "/a/b", {"b": 1, "a": 2}) == "/a/b?b=1&a=2"
    made.sort_parameters = True
    assert router.build(made, "/a/b", {"b": 1, "a": 2}) == "/a/b?a=2&b=1"
    made.sort_key = lambda item: -item[1]
    assert router.build(made, "/a/b", {"b": 1, "a": 2}) == "/a/b?a=2&b=1"
    made.default_subdomain = "www"
    assert router.match(made, "GET", "/a/b") is ABSENT
    made.host_matching = True
    assert router.match(made, "GET", "/a/b") is None
    assert router.build(made, "/a/b", {}) is None


def test_attributes_of_rules_are_read_live() -> None:
    """What Werkzeug reads of a rule at each request may be changed at any time."""
    made, router = url_map("/a", "/<int:x>"), Router()
    for path, endpoint in [("/a", "/a"), ("/1", "/<int:x>")]:
        [rule] = made.iter_rules(endpoint)
        assert isinstance(router.match(made, "GET", path), tuple)
        rule.methods = {"POST"}
        assert router.match(made, "GET", path) is None
        rule.methods.add("GET")
        assert isinstance(router.match(made, "GET", path), tuple)
        for name, value in [("websocket", True), ("alias", True), ("redirect_to", "x"), ("endpoint", "nobody")]:
            before = getattr(rule, name)
            setattr(rule, name, value)
            assert router.match(made, "GET", path) is None
            setattr(rule, name, before)
        assert router.match(made, "GET", path + "/") is ABSENT
        rule.strict_slashes = False
        assert isinstance(router.match(made, "GET", path + "/"), tuple)


def test_a_rule_refreshed_in_place_is_left_to_werkzeug() -> None:
    """The map's tree keeps what the rule was; what answers now is for Werkzeug to say."""
    made, router = url_map("/x/<int:x>"), Router()
    [rule] = made.iter_rules()
    assert isinstance(router.match(made, "GET", "/x/1"), tuple)
    assert router.build(made, "/x/<int:x>", {"x": 1}) == "/x/1"
    rule.rule = "/y/<x>"
    rule.refresh()
    assert router.match(made, "GET", "/x/1") is None
    assert router.build(made, "/x/<int:x>", {"x": 1}) is None


def test_rule_classes_of_an_application_keep_their_say() -> None:
    """Where a subclass decides what may be built or redirected, Werkzeug asks it."""

    class Own(Rule):
        def build(self, values: Mapping[str, Any], append_unknown: bool = True) -> tuple[str, str]:
            return "", "/own"

        def provides_defaults_for(self, rule: Rule) -> bool:
            return rule is not self

    made = url_map(Own("/a/<x>", endpoint="e", defaults={"y": 1}), Rule("/b", endpoint="e"))
    assert Router().build(made, "e", {"x": 1}) is None
    assert found(made, "/b") is None
    assert found(made, "/a/1") == ("/a/<x>", {"x": "1", "y": 1})


def test_a_map_class_of_an_application_keeps_its_say() -> None:
    """A map that binds, sorts or adds in its own way is left to Werkzeug, untouched."""

    class Own(Map):
        def bind(self, *args: Any, **kwargs: Any) -> MapAdapter:
            return super().bind(*args, **kwargs)

    made = Own([Rule("/", endpoint="e")])
    assert Router().match(made, "GET", "/") is None
    assert Router().build(made, "e", {}) is None
    assert Router().sources(made) == {}
    assert mark_of(made) is True


HOSTILE = ["'", '"', "\\", "{x}", "{0}", "\n", "\r", "\u2028", "%s", "#", "'''", "\x00", "'+exit()+'", "é"]


@pytest.mark.parametrize("part", HOSTILE)
def test_text_of_rules_never_becomes_code(part: str) -> None:
    """Whatever stands in paths, endpoints, names and arguments, it is compared and quoted, never run."""
    # These two cannot stand in an argument.
    word = part.replace('"', "").replace("\n", "")
    made = Map(
        [
            Rule(f"/{part}/<int:x>", endpoint=part),
            Rule(f"/{part}<x>{part}/{part}", endpoint=part + "2", defaults={part: part}),
            Rule(f'/any/<any(a, "{word}"):x>', endpoint="any"),
        ]
    )
    router, adapter = Router(), made.bind("example.com")
    for path in (f"/{part}/1", f"/{part}a{part}/{part}", f"/any/{word}"):
        if path != "/any/":
            answer = router.match(made, "GET", path)
            assert isinstance(answer, tuple)
            assert (answer[0], arguments_of(answer)) == adapter.match(path, return_rule=True)
    assert router.build(made, part, {"x": 1, part: part}) == adapter.build(part, {"x": 1, part: part})
    assert router.build(made, part + "2", {"x": part}) == adapter.build(part + "2", {"x": part})


def test_generated_code_can_be_read_in_tracebacks_and_printed() -> None:
    """The text behind each function is known to `linecache` under a name that says what it is."""

    class Unready:
        def __str__(self) -> str:
            return "".join(traceback.format_stack())

    made, router = url_map("/a/<int:id>", "/b/<x>"), Router()
    stack = router.build(made, "/b/<x>", {"x": Unready()})
    assert stack is not None
    assert "flask%20routing:%20build%20'/b/" in stack
    sources = router.sources(made)
    assert [name.split()[2] for name in sources] == ["build", "find"]
    for name, text in sources.items():
        assert "".join(linecache.getlines(name)) == text
        compile(text, name, "exec")


def test_a_big_map_is_compiled_where_it_is_used() -> None:
    """In a map of many rules the first request writes the code on its way, not that of all rules."""
    rules = [Rule(f"/api/v{number % 7}/r{number}/<int:x>/<y>", endpoint=f"e{number}") for number in range(700)]
    made, router = Map(rules), Router()
    assert isinstance(router.match(made, "GET", "/api/v3/r3/1/a"), tuple)
    assert sum(map(len, router.sources(made).values())) < 8000
    for number in range(700):
        answer = router.match(made, "GET", f"/api/v{number % 7}/r{number}/{number}/a")
        assert isinstance(answer, tuple)
        assert (answer[0].endpoint, arguments_of(answer)) == (f"e{number}", {"x": number, "y": "a"})


def test_deep_and_wide_rules_stay_within_pythons_limits() -> None:
    """Two hundred segments, a hundred variables and states of very many branches compile, or are left to Werkzeug."""
    deep = "/x" * 100 + "".join(f"/<v{number}>" for number in range(100))
    wide = [Rule(f"/w/<int:x>-{number}", endpoint=f"w{number}") for number in range(150)]
    same = [Rule("/same/<x>", endpoint=f"s{number}", methods=["PUT"]) for number in range(150)]
    some = [Rule(f"/some/<int:x>-{number}/<y>", endpoint=f"o{number}") for number in range(90)]
    made = url_map(deep, *wide, *same, *some)
    answer = found(made, "/x" * 100 + "/y" * 100)
    assert answer == (deep, {f"v{number}": "y" for number in range(100)})
    assert found(made, "/x" * 100 + "/y" * 99) is ABSENT
    assert found(made, "/w/1-3") is None
    assert found(made, "/same/a", "PUT") is None
    for number in range(90):
        assert found(made, f"/some/5-{number}/a") == (f"/some/<int:x>-{number}/<y>", {"x": 5, "y": "a"})


def test_a_rule_too_deep_for_werkzeug_is_left_to_werkzeug() -> None:
    """Werkzeug sorts by recursion: where that ends in an error, the error is its own."""
    made = url_map("/x" * 3000)
    assert Router().match(made, "GET", "/x") is None
    with pytest.raises(RecursionError):
        made.bind("example.com").match("/x")


def test_threads_that_ask_while_rules_are_added_get_no_wrong_answer() -> None:
    """A rule is found from the moment that its `add` returns, and never with another's arguments."""
    made, router, wrong = url_map("/<int:x>/0"), Router(), []
    ready, done = [0], threading.Event()

    def ask() -> None:
        while not done.is_set():
            last = ready[0]
            for number in (0, last):
                answer = router.match(made, "GET", f"/7/{number}")
                expected = f"/<int:x>/{number}", {"x": 7}
                if answer is ABSENT or (answer is not None and (answer[0].rule, arguments_of(answer)) != expected):
                    wrong.append((number, answer))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 60):
        made.add(Rule(f"/<int:x>/{number}", endpoint=str(number)))
        ready[0] = number
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_converter_that_replaces_a_built_in_one_is_foreign() -> None:
    """`url_map.converters["int"] = …` counts for the rules that come after, and those are Werkzeug's."""

    class Roman(BaseConverter):
        regex = "[IVX]+"

    made = url_map("/a/<int:x>")
    made.converters["int"] = Roman
    made.add(Rule("/b/<int:x>", endpoint="b"))
    assert found(made, "/a/1") == ("/a/<int:x>", {"x": 1})
    assert found(made, "/b/1") is ABSENT
    assert found(made, "/b/IV") is None


def test_a_default_subdomain_that_is_equal_keeps_the_form() -> None:
    """Another string of the same name is no reason to compile a map again; another name is."""
    made, router = Map([Rule("/a", endpoint="a", subdomain="www")], default_subdomain="www"), Router()
    assert isinstance(router.match(made, "GET", "/a"), tuple)
    form = mark_of(made)
    made.default_subdomain = "-www"[1:]
    assert isinstance(router.match(made, "GET", "/a"), tuple)
    assert mark_of(made) is form
    made.default_subdomain = "other"
    assert router.match(made, "GET", "/a") is ABSENT
    assert mark_of(made) is not form
