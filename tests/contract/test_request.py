"""What a request says of itself, through every server: its method, path, query, addresses and version."""

from __future__ import annotations

from tests.contract.fleet import Served
from tests.contract.wire import request_head


def test_methods(served: Served) -> None:
    """The method arrives as it was sent, also one that no list knows."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "PURGE"):
        assert served.ask("/seen", method).json["method"] == method


def test_path_is_decoded(served: Served) -> None:
    """A path is decoded from percent signs and UTF-8 once, and a plus sign stays what it is."""
    path = served.ask("/seen/caf%C3%A9%20%3F%23+%25").json["path"]
    assert path == "/seen/café ?#+%"


def test_path_is_decoded_once(served: Served) -> None:
    """What looks encoded after decoding is left alone."""
    assert served.ask("/seen/%2541%252F%25C3%25A9").json["path"] == "/seen/%41%2F%C3%A9"


def test_encoded_slash(served: Served) -> None:
    """An encoded slash reaches routing as a slash."""
    answer = served.ask("/seen/a%2Fb").json
    assert (answer["path"], answer["rest"]) == ("/seen/a/b", "a/b")


def test_path_that_is_no_utf8(served: Served) -> None:
    """Bytes of a path that are no UTF-8 are replaced, never guessed, and the request is answered."""
    assert served.ask("/seen/%FFx%C3").json["path"] == "/seen/\ufffdx\ufffd"


def test_dots_and_semicolons_in_path(served: Served) -> None:
    """Dots, semicolons, colons and at signs in a path are not touched."""
    assert served.ask("/seen/a;b=c/./x/../y:1@z").json["path"] == "/seen/a;b=c/./x/../y:1@z"


def test_doubled_slashes(served: Served) -> None:
    """Slashes in a row stay in the path, so that the app can redirect to the path without them."""
    answer = served.ask("/seen//a")
    assert (answer.status, answer.one("Location")) == (308, "http://site.test/seen/a")


def test_path_that_begins_with_two_slashes(served: Served) -> None:
    """A path that begins with two slashes is a path, not another host's."""
    answer = served.ask("//evil.test/seen")
    assert answer.status in {308, 404}
    assert (answer.one("Location") or "http://site.test/").startswith("http://site.test/")


def test_absolute_target(served: Served) -> None:
    """A target that is a whole URL, as sent to proxies, means its path."""
    answer = served.ask("http://site.test/seen?a=b").json
    assert (answer["path"], answer["query"], answer["host"]) == ("/seen", "a=b", "site.test")


def test_raw_target(served: Served) -> None:
    """The target as it was sent is in the environment for whoever must tell an encoded slash from a slash."""
    assert served.ask("/seen/a%2Fb%41?c=%2F").json["raw"] == "/seen/a%2Fb%41?c=%2F"


def test_query(served: Served) -> None:
    """The query string is not decoded on its way, and what it means is decoded once."""
    query = "a=%20b+c&a=2&empty=&none&path=/x?y&percent=%2541&utf=%C3%BC&broken=%FF&semi=1;2"
    answer = served.ask(f"/seen?{query}").json
    assert answer["query"] == query
    assert answer["args"] == [
        ["a", " b c"],
        ["a", "2"],
        ["empty", ""],
        ["none", ""],
        ["path", "/x?y"],
        ["percent", "%41"],
        ["utf", "ü"],
        ["broken", "%FF"],
        ["semi", "1;2"],
    ]


def test_no_query(served: Served) -> None:
    """Without a query the query string is empty, and so it is with a question mark alone."""
    assert [served.ask(target).json["query"] for target in ("/seen", "/seen?")] == ["", ""]


def test_long_query(served: Served) -> None:
    """A query of 6,000 bytes arrives whole."""
    query = "q=" + "x" * 6000
    assert served.ask(f"/seen?{query}").json["query"] == query


def test_client_address(served: Served) -> None:
    """The client's address is that of the connection."""
    assert served.ask("/seen").json["client"] == "127.0.0.1"


def test_client_port(served: Served) -> None:
    """The client's port is that of the connection."""
    with served.connect() as connection:
        assert connection.ask("/seen").json["client port"] == str(connection.port)


def test_scheme(served: Served) -> None:
    """The scheme is that of the connection."""
    assert served.ask("/seen").json["scheme"] == "http"


def test_host(served: Served) -> None:
    """The host is what the client asked for, with its port, and URLs are made from it."""
    with served.connect() as connection:
        connection.send(request_head("/seen?q", host="other.site.test:8443"))
        answer = connection.answer().json
    assert answer["host"] == "other.site.test:8443"
    assert answer["url"] == "http://other.site.test:8443/seen?q"
    assert answer["link"] == "http://other.site.test:8443/seen"


def test_untrusted_host(served: Served) -> None:
    """A host that the app does not trust gets 400, and the next request is answered."""
    with served.connect() as connection:
        connection.send(request_head("/seen", host="evil.test"))
        assert connection.answer().status == 400
    assert served.ask("/seen").status == 200


def test_malformed_host(served: Served) -> None:
    """A host that cannot be one gets 400 from the app or the server, never 500."""
    for host in ("a b", "site.test/evil", "site.test:port", "[::1"):
        with served.connect() as connection:
            connection.send(request_head("/seen", host=host))
            assert connection.answer().status == 400, host


def test_server_address_without_host(served: Served) -> None:
    """A request without a Host is for the address that the server is bound to."""
    with served.connect() as connection:
        connection.send(request_head("/seen", host=None, version="1.0"))
        answer = connection.answer().json
    assert answer["server"] == ["127.0.0.1", str(served.port)]
    assert answer["host"] == f"127.0.0.1:{served.port}"


def test_version(served: Served) -> None:
    """The version of HTTP is that of the request."""
    with served.connect() as connection:
        assert connection.ask("/seen").json["protocol"] == "HTTP/1.1"
    with served.connect() as connection:
        connection.send(request_head("/seen", version="1.0"))
        assert connection.answer().json["protocol"] == "HTTP/1.0"


def test_unknown_method_is_refused(served: Served) -> None:
    """A method that a rule does not have gets 405 with the list of those that it has."""
    answer = served.ask("/text", "POST")
    assert (answer.status, sorted((answer.one("Allow") or "").split(", "))) == (405, ["GET", "HEAD", "OPTIONS"])


def test_options(served: Served) -> None:
    """OPTIONS is answered by the app with the methods of the rule."""
    answer = served.ask("/text", "OPTIONS")
    assert (answer.status, sorted((answer.one("Allow") or "").split(", "))) == (200, ["GET", "HEAD", "OPTIONS"])
