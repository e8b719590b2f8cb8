from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.proxy_fix import ProxyFix

from flask import Flask, request
from flask.cli.serve.forwarded import HEADERS, Trusted, forwarded
from tests.cli.serve.composed import INTERFACES, Worker

PROXY, OTHER = "10.0.0.1", "198.51.100.7"
CLIENT = "203.0.113.9"
FORGED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": "6.6.6.6",
    "Forwarded": "for=6.6.6.6;proto=https",
}


@pytest.fixture
def app():
    app = Flask("behind", static_folder=None)

    @app.get("/")
    def seen():
        return {
            "addr": request.remote_addr,
            "scheme": request.scheme,
            "host": request.host,
            "root": request.script_root,
            "route": [*request.access_route],
            "names": sorted(name.lower() for name, _ in request.headers if "forward" in name.lower()),
        }

    return app


def ask(app, interface="wsgi", peer=PROXY, headers=None, allow=(PROXY,), taken=HEADERS):
    """What the app sees of a request from a peer."""
    worker = Worker(app, interface, forwarded_allow_ips=allow, forwarded_headers=taken)
    return json.loads(worker.ask("/", headers=headers or {}, peer=peer).body)


# ---- who is trusted


@pytest.mark.parametrize("interface", INTERFACES)
def test_a_known_proxy_is_believed(app, interface):
    """What it says of the client is what the app sees, on each interface alike."""
    headers = {
        "X-Forwarded-For": CLIENT,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "shop.example",
        "X-Forwarded-Prefix": "/shop",
    }
    seen = ask(app, interface, headers=headers)
    assert seen["addr"] == CLIENT
    assert seen["scheme"] == "https"
    assert seen["host"] == "shop.example"
    assert seen["root"] == "/shop"


@pytest.mark.parametrize("interface", INTERFACES)
def test_nobody_else_is_believed_and_what_they_say_is_removed(app, interface):
    """A client that comes past the proxy tells the app nothing of itself, and no middleware could take it."""
    seen = ask(app, interface, peer=OTHER, headers=FORGED)
    assert (seen["addr"], seen["scheme"], seen["host"], seen["root"]) == (OTHER, "http", "localhost", "")
    assert seen["names"] == []
    assert seen["route"] == [OTHER]


@pytest.mark.parametrize("interface", INTERFACES)
def test_a_proxy_fix_of_the_apps_own_cannot_be_fooled(app, interface):
    """ProxyFix trusts whoever connects; behind this it has nothing forged to trust."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_port=1, x_prefix=1)
    seen = ask(app, interface, peer=OTHER, headers=FORGED)
    assert (seen["addr"], seen["scheme"], seen["host"], seen["root"]) == (OTHER, "http", "localhost", "")


@pytest.mark.parametrize("hops", [1, 2])
def test_a_proxy_fix_of_the_apps_own_comes_to_the_same(app, hops):
    """Both at once are no mistake: what was taken is left in the header, and nothing besides."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops)
    headers = {
        "X-Forwarded-For": f"6.6.6.6, {CLIENT}, 10.0.0.2",
        "X-Forwarded-Proto": "http, https",
        "X-Forwarded-Host": "evil.example, shop.example",
        "X-Forwarded-Prefix": "/shop",
    }
    seen = ask(app, headers=headers, allow=("10.0.0.0/24",))
    assert (seen["addr"], seen["scheme"], seen["host"], seen["root"]) == (CLIENT, "https", "shop.example", "/shop")


def test_without_the_option_nothing_is_touched(app):
    """An app with a ProxyFix of its own goes on as on any other server."""
    app.wsgi_app = ProxyFix(app.wsgi_app)
    assert ask(app, headers={"X-Forwarded-For": CLIENT}, allow=())["addr"] == CLIENT


@pytest.mark.parametrize(
    ("entries", "peer", "is_one"),
    [
        (["10.0.0.1"], "10.0.0.1", True),
        (["10.0.0.1"], "10.0.0.2", False),
        (["10.0.0.0/8"], "10.255.0.2", True),
        (["10.0.0.7/8"], "10.255.0.2", True),
        (["10.0.0.0/8"], "11.0.0.1", False),
        (["::1"], "::1", True),
        (["::1"], "0:0:0:0:0:0:0:1", True),
        (["2001:db8::/32"], "2001:db8:1::5", True),
        (["2001:db8::/32"], "2001:db9::1", False),
        (["127.0.0.1"], "::ffff:127.0.0.1", True),  # a socket of IPv6 that accepts IPv4
        (["0.0.0.0/0"], "::1", False),
        (["*"], "192.0.2.1", True),
        (["*"], "", True),
        (["unix"], "", True),
        (["unix"], "127.0.0.1", False),
        (["127.0.0.1"], "", False),
        (["127.0.0.1"], "localhost", False),
        ([" 10.0.0.1 ", ""], "10.0.0.1", True),
        ([], "127.0.0.1", False),
    ],
)
def test_addresses_networks_sockets_and_everybody(entries, peer, is_one):
    """A peer is looked up by its address; `unix` is who has none, `*` anybody."""
    assert Trusted(entries).is_peer(peer) is is_one


@pytest.mark.parametrize("entry", ["proxy.example", "10.0.0.1:80", "10.0.0.0/33", "**"])
def test_what_is_no_address_is_refused(entry):
    """A name that would have to be looked up is nobody to trust."""
    with pytest.raises(ValueError, match=r"does not appear to be|has host bits|Netmask|netmask"):
        Trusted([entry])


# ---- whose address


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (CLIENT, CLIENT),
        (f"6.6.6.6, {CLIENT}", CLIENT),
        (f"6.6.6.6, {CLIENT}, 10.0.0.2", CLIENT),
        (f"6.6.6.6,{CLIENT},10.0.0.2,10.0.0.3", CLIENT),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (f"{CLIENT}:4711", f"{CLIENT} 4711"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7 4711"),
        ('"[2001:db8::7]:4711"', "2001:db8::7 4711"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("", None),
        (",", None),
        ("unknown", None),
        ("_hidden", None),
        ("nobody, 10.0.0.2", "10.0.0.2"),
        (f"{CLIENT}, nobody", None),
        (f"{CLIENT}:port", None),
        ("[2001:db8::7", None),
        ("[2001:db8::7]x", None),
        ("fe80::1%eth0", None),
        ("203.0.113.09", None),
        ("203.0.113", None),
        ("1\r\n2", None),
        ("١٢.0.0.1", None),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy(chain, client):
    """Each address is the word of the hop behind it, so nothing is believed beyond the first unknown or odd one."""
    assert Trusted(["10.0.0.0/8"]).client(chain) == client


def test_who_trusts_everybody_believes_one_hop():
    """With `*` nobody knows where the proxies end; what stands left of the last address may be the client's own."""
    assert Trusted(["*"]).client(f"6.6.6.6, {CLIENT}") == CLIENT


def test_a_long_list_is_not_read_to_its_end():
    """A head has room for thousands of addresses; a chain of proxies has a few."""
    assert Trusted(["10.0.0.0/8"]).client(CLIENT + ", 10.0.0.2" * 10_000) == "10.0.0.2"


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_the_port_is_the_clients_or_unknown(interface):
    """The port of the proxy's connection is not left beside another's address."""
    app = Flask("port", static_folder=None)
    app.add_url_rule("/", view_func=lambda: str(request.environ.get("REMOTE_PORT")), endpoint="port")
    worker = Worker(app, interface, forwarded_allow_ips=(PROXY,))
    assert worker.ask(headers={"X-Forwarded-For": CLIENT}, peer=PROXY).body == b"None"
    assert worker.ask(headers={"X-Forwarded-For": f"{CLIENT}:4711"}, peer=PROXY).body == b"4711"


def test_a_header_that_came_twice_is_one_list():
    """Servers join them by a comma (RFC 9110 §5.3), so what a client sent stands left of the proxy's own word."""
    app = Flask("twice", static_folder=None)
    app.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.scheme}", endpoint="who")
    headers = {"X-Forwarded-For": f"6.6.6.6,{CLIENT}", "X-Forwarded-Proto": "https,http"}
    worker = Worker(app, forwarded_allow_ips=(PROXY,))
    assert worker.ask(headers=headers, peer=PROXY).body.decode() == f"{CLIENT} http"


# ---- what is taken


def test_by_default_only_what_every_proxy_sets_is_taken(app):
    """A proxy that does not know X-Forwarded-Host hands on what the client has sent of it."""
    seen = ask(app, headers=FORGED, taken=("for", "proto"))
    assert (seen["addr"], seen["scheme"]) == ("6.6.6.6", "https")
    assert (seen["host"], seen["root"]) == ("localhost", "")


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("Proto", "HTTPS", {"scheme": "https"}),
        ("Proto", "wss", {"scheme": "https"}),
        ("Host", "shop.example:8443", {"host": "shop.example:8443"}),
        ("Host", "[2001:db8::7]:8443", {"host": "[2001:db8::7]:8443"}),
        ("Host", "[2001:db8::7]", {"host": "[2001:db8::7]"}),
        ("Port", "8443", {"host": "localhost:8443"}),
        ("Prefix", "/a/b/", {"root": "/a/b"}),
        ("Prefix", "/", {"root": ""}),
    ],
)
def test_forms_that_are_understood(app, header, value, expected):
    """Each header in the forms that proxies give it."""
    seen = ask(app, headers={f"X-Forwarded-{header}": value})
    assert {name: seen[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("For", "x" * 10_000),
        ("For", "256.1.1.1"),
        ("Proto", "javascript"),
        ("Proto", ""),
        ("Proto", "httpsx"),
        ("Host", "a b"),
        ("Host", "a/b"),
        ("Host", ":80"),
        ("Host", "a@b"),
        ("Host", "shop.example:x"),
        ("Host", "shop.example:999999"),
        ("Host", ""),
        ("Port", "0"),
        ("Port", "65536"),
        ("Port", "-1"),
        ("Port", "８０"),
        ("Prefix", "//evil.example"),
        ("Prefix", "evil"),
        ("Prefix", "/a//b"),
        ("Prefix", "/a?b"),
        ("Prefix", "/a b"),
        ("Prefix", "/%2e%2e"),
        ("Prefix", "http://evil.example/"),
        ("Prefix", "/\u00e9"),
    ],
)
def test_what_is_malformed_is_as_if_it_were_not_there(app, header, value):
    """Not an error of the request's, since proxies made it; and nothing of it is left for anybody else to take."""
    name = f"X-Forwarded-{header}"
    seen = ask(app, headers={name: value.encode().decode("latin-1")})
    assert (seen["addr"], seen["scheme"], seen["host"], seen["root"]) == (PROXY, "http", "localhost", "")
    assert name.lower() not in seen["names"]


@given(
    st.dictionaries(
        st.sampled_from([f"HTTP_X_FORWARDED_{name.upper()}" for name in HEADERS]),
        st.text(st.characters(max_codepoint=255), max_size=40)
        | st.lists(st.sampled_from(["10.0.0.2", "1.2.3.4:5", "[::1]:9", "http", "/x", "a.b:1", "é", ""])).map(
            ", ".join
        ),
    ),
    st.sampled_from([PROXY, OTHER, "", "nonsense", "::1"]),
)
def test_no_header_makes_a_request_fail(headers, peer):
    """Whatever stands in them: the app is called, with an address, a scheme and a host."""
    called = []

    def inner(environ, start_response):
        called.append(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "localhost", **headers}
    forwarded(inner, Trusted(["10.0.0.0/8"]), HEADERS)(environ, None)
    (seen,) = called
    assert seen["wsgi.url_scheme"] in {"http", "https"}
    assert seen["HTTP_HOST"]
    if peer != PROXY:
        assert not any(key.startswith("HTTP_X_FORWARDED") for key in seen)


# ---- names that look alike


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_an_underscore_in_a_name_makes_no_header_of_the_proxys(app, interface):
    """`X_Forwarded_For` would have the same key in a WSGI environment (RFC 3875 §4.1.18): it is not let in."""
    seen = ask(app, interface, headers={"X-Forwarded-For": CLIENT, "X_Forwarded_For": "6.6.6.6"})
    assert seen["addr"] == CLIENT
    assert ask(app, interface, headers={"X_Forwarded_For": "6.6.6.6"})["addr"] == PROXY
