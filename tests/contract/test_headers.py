"""Header lines in both directions, through every server: repeated, in other alphabets, with names that mislead."""

from __future__ import annotations

from tests.contract.fleet import Served
from tests.contract.wire import Headers


def values(served: Served, name: str, headers: Headers) -> list[str]:
    """What the app sees of a header, after sending some."""
    return [value for key, value in served.ask("/seen", headers=headers).json["headers"] if key.lower() == name.lower()]


def test_request_header(served: Served) -> None:
    """A header arrives with its value, without the space before it, and a name has no case."""
    assert values(served, "X-Some-Name", [("x-some-NAME", ' a  b, c="d"')]) == ['a  b, c="d"']


def test_empty_request_header(served: Served) -> None:
    """A header without a value is there, and empty."""
    assert values(served, "X-Empty", [("X-Empty", "")]) == [""]


def test_repeated_request_header(served: Served) -> None:
    """Lines of one name are one list, in order."""
    joined = ",".join(values(served, "X-List", [("X-List", "1"), ("X-Other", "x"), ("X-List", "2"), ("x-list", "3")]))
    assert joined.replace(" ", "") == "1,2,3"


def test_repeated_accept(served: Served) -> None:
    """Accept over two lines is one Accept."""
    answer = served.ask("/seen", headers=[("Accept", "text/html;q=0.5"), ("Accept", "application/json")])
    assert answer.json["accept"] == ["application/json", "text/html"]


def test_cookies(served: Served) -> None:
    """Cookies arrive with their values, also two of one name."""
    answer = served.ask("/seen", headers=[("Cookie", "a=1; b=2; a=3")])
    assert answer.json["cookies"] == [["a", "1"], ["a", "3"], ["b", "2"]]


def test_repeated_cookie(served: Served) -> None:
    """Cookie lines that a proxy took apart, as HTTP/2 lets it, are still separate cookies."""
    answer = served.ask("/seen", headers=[("Cookie", "a=1"), ("Cookie", "b=2")])
    assert answer.json["cookies"] == [["a", "1"], ["b", "2"]]


def test_underscore_in_request_header(served: Served) -> None:
    """A name with an underscore never passes for the one with a hyphen that a proxy vouches for."""
    assert values(served, "X-Real-User", [("X_Real_User", "evil")]) == []


def test_underscore_beside_hyphen(served: Served) -> None:
    """A name with an underscore adds nothing to the one with a hyphen."""
    for headers in ([("X_User", "evil"), ("X-User", "good")], [("X-User", "good"), ("X_User", "evil")]):
        assert values(served, "X-User", headers) == ["good"]


def test_no_header_names_the_environment(served: Served) -> None:
    """No header sets what is not a header in the environment."""
    answer = served.ask("/seen", headers=[("Remote-Addr", "6.6.6.6"), ("Script-Name", "/x"), ("Path-Info", "/y")]).json
    assert (answer["client"], answer["root"], answer["path"]) == ("127.0.0.1", "", "/seen")


def test_proxy_header_is_no_variable(served: Served) -> None:
    """X-Forwarded headers alone change nothing: whom to believe is for the app's owner to say."""
    headers = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Host", "evil.test"), ("X-Forwarded-Prefix", "/x")]
    answer = served.ask("/seen", headers=headers).json
    assert (answer["client"], answer["host"], answer["root"]) == ("127.0.0.1", "site.test", "")


def test_latin_1_in_request_header(served: Served) -> None:
    """Each byte of a header's value above ASCII arrives as the character of that number."""
    assert values(served, "X-Text", [("X-Text", "caf\xe9 \xff")]) == ["caf\xe9 \xff"]


def test_utf_8_in_request_header(served: Served) -> None:
    """UTF-8 in a header's value arrives byte for byte, for the app to decode."""
    value = "čaj".encode().decode("latin-1")
    assert values(served, "X-Text", [("X-Text", value)]) == [value]


def test_long_request_header(served: Served) -> None:
    """A header of 7,000 bytes arrives whole."""
    assert values(served, "X-Long", [("X-Long", "y" * 7000)]) == ["y" * 7000]


def test_content_headers(served: Served) -> None:
    """The type and the length of a body are seen under their own names, and once."""
    answer = served.ask("/seen", "POST", [("Content-Type", "text/plain; charset=utf-8")], b"abc").json
    assert (answer["type"], answer["length"], answer["body"]) == ("text/plain; charset=utf-8", 3, "abc")
    names = [name for name, _ in answer["headers"]]
    assert sorted(name for name in names if name.startswith("Content-")) == ["Content-Length", "Content-Type"]


def test_repeated_response_header(served: Served) -> None:
    """Headers that the app repeats go out one line each, in order."""
    answer = served.ask("/headers")
    assert answer.all("X-Twice") == ["1", "2"]
    assert [value.split(";")[0] for value in answer.all("Set-Cookie")] == ["one=ONE", "two=TWO", "three=THREE"]


def test_latin_1_in_response_header(served: Served) -> None:
    """A header's value above ASCII goes out as Latin-1."""
    assert served.ask("/headers").one("X-Text") == "caf\xe9"


def test_session_cookie(served: Served) -> None:
    """A session comes back with the cookie that it was given."""
    cookie = served.ask("/session/of%20mine").one("Set-Cookie")
    assert cookie is not None
    assert served.ask("/session", headers=[("Cookie", cookie.split(";")[0])]).json == {"value": "of mine"}
    assert served.ask("/session").json == {}
