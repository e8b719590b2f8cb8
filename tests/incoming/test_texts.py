from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.http import parse_options_header
from werkzeug.sansio.http import parse_cookie

from flask._incoming.structures import multi
from flask._incoming.texts import content_type, cookies, urlencoded


def grouped(pairs: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    return list(MultiDict(pairs).lists())


pieces = st.sampled_from(
    ["&", "=", "%", "+", "%2", "%zz", "%C3%A9", "%ff", "%26", "%3D", "%0A", "\n", "\r", "a", "é", "\udcff", "=41", ";"]
)
texts = st.lists(pieces | st.text(max_size=3) | st.integers(0, 255).map("%{:02x}".format), max_size=12).map("".join)


@settings(deadline=None)
@given(texts)
@example("a=b=41%20")
@example("a=%%41")
@example("a=%\nb%41")
@example("a=b%41%")
def test_pairs_are_those_of_the_standard_library(text: str) -> None:
    """URL-encoded text has the pairs that parse_qsl finds, invalid bytes encoded as Werkzeug leaves them."""
    try:
        expected = grouped(parse_qsl(text, keep_blank_values=True, errors="werkzeug.url_quote"))
    except UnicodeEncodeError:
        expected = None
    if expected is not None:
        assert list(urlencoded(text).items()) == expected


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "=", ";", " ", "\t", '"', "\\", "é", "\x0b", "\n", ","]), max_size=14))
def test_plain_cookies_are_those_of_werkzeug(letters: list[str]) -> None:
    """What the short way finds in a Cookie header is what Werkzeug finds; where it finds nothing it says so."""
    text = "".join(letters)
    table = cookies(text)
    if table is not None:
        assert multi(table) == parse_cookie(text)
        assert list(table) == list(parse_cookie(text))


@pytest.mark.parametrize("text", ['a="b"', "a=é", "a=b c", "a = b", "a\t=b", "a=b\n"])
def test_odd_cookies_are_not_its_affair(text: str) -> None:
    """A header with anything unusual in it is left to Werkzeug, whole."""
    assert cookies(f"x=y; {text}") is None


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "multipart/form-data",
                "application/json",
                "; ",
                ";",
                "boundary=",
                "charset=",
                '"',
                "a.b-c_d'e",
                "*",
                "=",
                " ",
            ]
        ),
        max_size=6,
    ).map("".join)
)
@example("multipart/form-data; boundary=" + "x" * 70)
@example("multipart/form-data; boundary=" + "x" * 71)
@example("text/plain; " + "a=b; " * 50)
def test_a_content_type_is_read_as_by_werkzeug(header: str) -> None:
    """Type and parameters are those that Werkzeug reads, however often they are read."""
    for _ in range(2):
        assert content_type(header) == parse_options_header(header)


def test_parameters_are_the_callers_own() -> None:
    """What one request does to its parameters is not seen by the next."""
    content_type("text/plain; a=b")[1]["a"] = "changed"
    assert content_type("text/plain; a=b") == ("text/plain", {"a": "b"})
