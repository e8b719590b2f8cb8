"""One cookie read and written, against Werkzeug's parser of all and its writer."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.http import dump_cookie
from werkzeug.sansio.http import parse_cookie

from flask import _cookies
from flask._cookies import deleted, find, written

names = st.sampled_from(
    ["session", "s", "my-session", "session_id", "se.ssion", "a=b", "a b", "", "é", "session;", '"s"', "\t"]
)
pieces = st.sampled_from(
    [
        "session",
        "s",
        "my-",
        "_id",
        "sessionid",
        "=",
        ";",
        "; ",
        " ",
        "  ",
        "\t",
        '"',
        "\\",
        "a",
        "é",
        "\n",
        "=abc.d-_e",
        ",",
    ]
)
headers = st.lists(pieces, max_size=12).map("".join)
usual = st.lists(
    st.tuples(
        st.sampled_from(["session", "sessionid", "mysession", "session ", " session", "theme", "", "x session"]),
        st.sampled_from(["=", "", " =", "= ", "=="]),
        st.sampled_from(["", "abc.def-_g", "session", "a b", 'a"b', '"a;session=b"', "session=x", "é", "a,b"]),
    ).map("".join),
    max_size=4,
).flatmap(lambda pairs: st.sampled_from(["; ", ";", " ;", ";  ", ";\t"]).map(lambda separator: separator.join(pairs)))


@given(header=headers | usual | st.text(max_size=30), name=names)
@example(header='a="x; session=1"; session=2', name="session")
@example(header="session; session=2", name="session")
@example(header="session =1; session=2", name="session")
@example(header=" session=1", name="session")
@example(header="x session=1", name="session")
@example(header="session=1 2; session=3", name="session")
@example(header="session;=1", name="session;")
@example(header="a b=1", name="a b")
@example(header="x; a=b=c", name="a=b")
@example(header="x; a b=c", name="a b")
@example(header="a=1; =2", name="")
def test_a_cookie_is_that_which_werkzeug_finds(header: str, name: str) -> None:
    """The value is the first of that name that Werkzeug's parser finds, or nothing is said."""
    found = find(header, name)
    if found is not None:
        assert found == parse_cookie(header).get(name, "")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("session=abc.def-_g", "abc.def-_g"),
        ("session=abc; theme=dark", "abc"),
        ("theme=dark; session=abc", "abc"),
        ("sessionid=1; my_session=2; session=abc; x=session", "abc"),
        ("session=first; session=second", "first"),
        ("theme=dark", ""),
        ("sessionid=1", ""),
        ("session=", ""),
        ("session=a=b", "a=b"),
    ],
)
def test_what_browsers_send_is_understood(header: str, value: str) -> None:
    """One cookie among others, whose names may hold its name, is found without Werkzeug."""
    assert find(header, "session") == value


@pytest.mark.parametrize(
    "header", ['a="b"; session=c', "session=a b", "session =a", "x; session", "x=é; session=a", "a=\tb; session=c"]
)
def test_what_is_not_plain_is_left(header: str) -> None:
    """Quotes, white space within a pair, a name without a value and other characters are Werkzeug's to judge."""
    assert find(header, "session") is None


def in_order(attributes: dict[str, t.Any]) -> _cookies.Attributes:
    """The attributes as they are given to the functions."""
    return t.cast(_cookies.Attributes, tuple(attributes[name] for name in _cookies.ATTRIBUTES))


texts = st.sampled_from(
    ["/", "/a b", "/é", "example.org", ".example.org:80", "a; Expires=?", "Lax", "none", "strict", ""]
)
attribute_sets = st.fixed_dictionaries(
    {
        "domain": st.none() | st.sampled_from(["example.org", ".example.org:80", "bücher.example", "a; Expires=?", ""]),
        "path": st.none() | texts,
        "secure": st.booleans() | st.sampled_from([1, None]),
        "httponly": st.booleans() | st.sampled_from([0, 1]),
        "samesite": st.sampled_from([None, "Lax", "strict", "None"]),
        "partitioned": st.booleans(),
    }
)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))


@given(
    name=st.sampled_from(["session", "s", "é", "a=b"]),
    value=st.text(alphabet="abcXYZ012-_.", max_size=30),
    expires=st.none() | moments | moments.map(lambda moment: moment.astimezone(timezone(timedelta(hours=1)))),
    attributes=attribute_sets,
)
def test_a_cookie_is_written_as_by_werkzeug(
    name: str, value: str, expires: datetime | None, attributes: dict[str, t.Any]
) -> None:
    """The header is what `dump_cookie` makes of the same, or nothing is said; so is that of a deletion."""
    for _ in range(2):
        made = written(name, value, expires, in_order(attributes))
        assert made is None or made == dump_cookie(name, value, expires=expires, max_size=0, **attributes)
        forgotten = deleted(name, in_order(attributes))
        assert forgotten is None or forgotten == dump_cookie(name, expires=0, max_age=0, max_size=0, **attributes)


PLAIN: dict[str, t.Any] = {
    "domain": None,
    "path": "/",
    "secure": False,
    "httponly": True,
    "samesite": "Lax",
    "partitioned": False,
}


def test_what_settings_usually_say_is_understood() -> None:
    """Strings, None and booleans need no Werkzeug."""
    assert written("session", "a.b", None, in_order(PLAIN)) == "session=a.b; HttpOnly; Path=/; SameSite=Lax"
    made = written("session", "a", datetime(2026, 1, 2, 3, 4, 5, 678, UTC), in_order(PLAIN | {"domain": "example.org"}))
    assert made == (
        "session=a; Domain=example.org; Expires=Fri, 02 Jan 2026 03:04:05 GMT; HttpOnly; Path=/; SameSite=Lax"
    )
    assert deleted("session", in_order(PLAIN)) is not None


@pytest.mark.parametrize("odd", [{"secure": 1}, {"httponly": 0}, {"domain": 0}, {"path": b"/"}, {"samesite": ["Lax"]}])
def test_values_of_other_types_are_left(odd: dict[str, t.Any]) -> None:
    """A 1 is not True: Werkzeug writes it."""
    assert written("session", "a", None, in_order(PLAIN)) is not None
    assert written("session", "a", None, in_order(PLAIN | odd)) is None
    assert deleted("session", in_order(PLAIN | odd)) is None


def test_dates_of_other_kinds_are_left() -> None:
    """A naive date, one of another zone and a number are Werkzeug's."""
    for odd in (datetime(2026, 1, 2), datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=1))), 5, "tomorrow"):
        assert written("session", "a", t.cast(t.Any, odd), in_order(PLAIN)) is None


def test_what_is_wrong_is_still_an_error() -> None:
    """A value of SameSite that does not exist is refused as by Werkzeug."""
    with pytest.raises(ValueError, match="SameSite"):
        written("session", "a", None, in_order(PLAIN | {"samesite": "perhaps"}))


def test_the_memories_are_bounded() -> None:
    """Paths and dates that change all the time do not pile up."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(300):
        made = written(f"s{number}", "a", start + timedelta(seconds=number), in_order(PLAIN | {"path": f"/{number}"}))
        assert made is not None
        assert f"Path=/{number};" in made
        date = made.partition("Expires=")[2].partition(";")[0]
        assert parsedate_to_datetime(date) == start + timedelta(seconds=number)
    assert len(_cookies._templates) <= 64
    assert len(_cookies._dates) <= 16
