"""Sessions: what the cookie holds, when it is sent, who may read it, and what a message flashed becomes."""

import datetime
import uuid

from markupsafe import Markup

import flask
import flask.json.tag
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface, SessionInterface

# Written by upstream Flask 3.1.3 at the moment at which the suite's clock stands, unless the name says otherwise.
PLAIN = "eyJhIjoxfQ.aYFz8g.lFWt02sGgz9LhPkAAHKp6Rv9v5c"
TAGGED = (
    ".eJyrVipRsqpWUgCS0YY6UIaRjnFsbWytjlISWA5IKjkGWNgqAUVywSJAUskmyQ4kUAoWAJJKBviBKUh1Clg1kFQKKU3VUTAwUvBKzFMwMjAyUTAw"
    "tjIwsTIwVXD3DQEpzYG6qELJKq80J6c2VkcpD6I7E-Li-HglK8NaoMpioHExpQYGaclKtQDC7zQM.aYFz8g.8ezDToXNCXZ2HmHo6soSoZTjbsI"
)
COMPRESSED = ".eJyrVsrJz0tXslKqGAVEA6VaACeKkAs.aYFz8g.O3GLqJAjn3Bq-MhGwvtI3Ku8BsE"
PERMANENT = "eyJfcGVybWFuZW50Ijp0cnVlLCJhIjoxfQ.aYFz8g.Q-wa-WQb-hqp5oE2P0PHcBsTwbQ"
A_LIST = "WzEsMl0.aYFz8g.C_go2Hgyvl2NFUPpIY9bz7bjyJw"
OTHER_KEY = "eyJhIjoxfQ.aYFz8g.feJkSWOBZ1ZUwDYSWHpyz_JKal8"
A_YEAR_OLD = "eyJhIjoxfQ.Z3SFgA.wZ5XcX1pzkvZv4Dyc_osSbNiJU0"
OF_THE_FUTURE = "eyJhIjoxfQ.azbsgA.VwD4xorPtWEowV0YUaCBdfCF16g"
SHA256 = "eyJhIjoxfQ.aYFz8g.CJKZ_beDtPSx26IY11tgc3SFx2mlZYXZVvtA_P7GnmM"
OTHER_SALT = "eyJhIjoxfQ.aYFz8g.-xw_UDICUcl1emkw5gwvcw8Tn2Y"
BAD_TAG = "eyIgYiI6IiEhISJ9.aYFz8g.nqxNBxofqgGmqv70dJMHyfcdFJU"


def _app(out, view=None, path="/", **config):
    app = out.app(config={"SECRET_KEY": "k", **config})
    app.add_url_rule(path, "index", view or (lambda: dict(flask.session)))
    return app


def _with_cookie(value):
    return {"HTTP_COOKIE": f"session={value}"}


def cookies_of_upstream_are_read(out):
    app = _app(out, lambda: {key: repr(value) for key, value in flask.session.items()})
    for label, cookie in {
        "plain": PLAIN,
        "tagged": TAGGED,
        "compressed": COMPRESSED,
        "permanent": PERMANENT,
        "old": A_YEAR_OLD,
        "future": OF_THE_FUTURE,
    }.items():
        out.wsgi(app, environ=_with_cookie(cookie), label=label)


def cookies_written_are_the_same_to_the_byte(out):
    values = {
        "empty list": [],
        "text": "ü 你 😀 <&>",
        "long": "x" * 300,
        "random": "".join(chr(33 + n * 7919 % 90) for n in range(500)),
        "tuple": (1, (2, 3)),
        "bytes": b"\x00\xff",
        "markup": Markup("<b>"),
        "uuid": uuid.UUID(int=5),
        "datetime": datetime.datetime(2024, 1, 2, 3, 4, 5, 678901),
        "aware": datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=5))),
        "nested": [{"a": (1, {"b": b"x"})}, None, True, 1.5],
        "like a tag": {" t": [1]},
        "like a tag with more": {" t": 1, "x": 2},
        "twice like a tag": {" di": {" b": 1}},
        "int keys": {1: "a", "b": 2},
        "date": datetime.date(2024, 1, 2),
        "object": object(),
        "set": {1},
        "big": 2**80,
    }
    for label, value in values.items():

        def view(value=value):
            flask.session["v"] = value
            flask.session["a"] = "first by name"
            return "ok"

        client = _app(out, view).test_client()
        out.request(client, label=label)
        out.attempt(f"{label} read", lambda client=client: _read_back(client))


def _read_back(client):
    with client.session_transaction() as session:
        return list(session.items())


def cookies_that_cannot_be_trusted(out):
    app = _app(
        out, lambda: {"session": dict(flask.session), "new": flask.session.new, "modified": flask.session.modified}
    )
    body, stamp, mac = PLAIN.split(".")
    for label, cookie in {
        "other key": OTHER_KEY,
        "sha256": SHA256,
        "other salt": OTHER_SALT,
        "a list inside": A_LIST,
        "bad tag": BAD_TAG,
        "cut": PLAIN[:-1],
        "longer": PLAIN + "A",
        "last bits": PLAIN[:-1] + "d",
        "no mac": f"{body}.{stamp}",
        "only a body": body,
        "empty": "",
        "dots": "...",
        "changed body": f"eyJhIjoyfQ.{stamp}.{mac}",
        "changed stamp": f"{body}.aYFz8A.{mac}",
        "empty stamp": f"{body}..{mac}",
        "padding": f"{body}=.{stamp}.{mac}=",
        "non-ascii": "\xc3\xbc.\xff.x",
        "quoted": f'"{PLAIN}"',
        "spaces": f" {PLAIN} ",
        "huge": "a" * 10_000,
        "null": "a\x00b.c.d",
        "compressed broken": ".AAAA.aYFz8g.AAAA",
    }.items():
        out.wsgi(app, environ=_with_cookie(cookie), label=label)
    out.wsgi(
        app, environ={"HTTP_COOKIE": f"session={OTHER_KEY}; session={PLAIN}"}, label="two cookies, the second good"
    )
    out.wsgi(app, environ={"HTTP_COOKIE": f"session={PLAIN}; session={OTHER_KEY}"}, label="two cookies, the first good")


def age_of_the_cookie(out):
    for lifetime in (60, datetime.timedelta(days=2), datetime.timedelta(0)):
        app = _app(out, PERMANENT_SESSION_LIFETIME=lifetime)
        for moment in (
            "2026-02-03 04:05:06",
            "2026-02-03 04:06:06",
            "2026-02-03 04:06:07",
            "2026-02-05 04:05:06",
            "2026-02-05 04:05:08",
            "2026-02-03 04:05:05",
        ):
            out.clock.move_to(moment)
            out.wsgi(app, environ=_with_cookie(PLAIN), label=f"{lifetime} {moment}")
            out.wsgi(app, environ=_with_cookie(PERMANENT), label=f"{lifetime} {moment} permanent")


def when_the_cookie_is_sent(out):
    views = {
        "untouched": lambda s: None,
        "read": lambda s: s.get("a"),
        "read missing": lambda s: s.get("none"),
        "contains": lambda s: "a" in s,
        "iterated": lambda s: list(s),
        "length": lambda s: len(s),
        "bool": lambda s: bool(s),
        "written": lambda s: s.update(b=2),
        "written the same": lambda s: s.__setitem__("a", 1),
        "popped": lambda s: s.pop("a", None),
        "popped missing": lambda s: s.pop("none", None),
        "setdefault": lambda s: s.setdefault("a", 9),
        "setdefault new": lambda s: s.setdefault("n", 9),
        "cleared": lambda s: s.clear(),
        "modified by hand": lambda s: setattr(s, "modified", True),
        "unmodified by hand": lambda s: (s.update(z=1), setattr(s, "modified", False)),
        "accessed by hand": lambda s: setattr(s, "accessed", False),
        "permanent": lambda s: setattr(s, "permanent", True),
        "not permanent": lambda s: setattr(s, "permanent", False),
        "asked permanent": lambda s: s.permanent,
        "nested": lambda s: s.get("list", []).append(1),
        "popitem": lambda s: s and s.popitem(),
        "deleted": lambda s: s.__delitem__("a") if "a" in s else None,
        "or": lambda s: s.__ior__({"o": 1}),
        "attributes only": lambda s: [s.modified, s.new, s.accessed],
        "repr": lambda s: repr(s),
        "object": lambda s: s._get_current_object() and None,
    }
    for label, change in views.items():
        app = _app(out, lambda change=change: str(change(flask.session)) and "ok")
        out.wsgi(app, label=f"{label}: no cookie")
        out.wsgi(app, environ=_with_cookie(PLAIN), label=f"{label}: cookie")
        out.wsgi(app, environ=_with_cookie(PERMANENT), label=f"{label}: permanent")


def flags_of_a_session_object(out):
    def view():
        real = flask.session._get_current_object()
        seen = [type(real).__name__, real.new, real.modified, real.accessed, real.permanent]
        real.get("a")
        seen += [real.accessed, real.modified]
        real["x"] = 1
        seen += [real.modified, real.accessed, repr(dict(real))]
        return seen

    app = _app(out, view)
    out.wsgi(app)
    out.wsgi(app, environ=_with_cookie(PLAIN), label="cookie")


def session_class_alone(out):
    session = SecureCookieSession({"a": 1})
    out("fresh", [session.new, session.modified, session.accessed, session.permanent])
    out("read", [session["a"], session.accessed, session.modified])
    session.permanent = True
    out("permanent", [dict(session), session.modified])
    out.attempt("missing", lambda: session["none"])
    out("repr", repr(session))
    out("equal", [session == {"a": 1, "_permanent": True}, SecureCookieSession() == {}])
    out.attempt("keys", lambda: SecureCookieSession([("a", 1)]))
    out("mro", [kind.__name__ for kind in SecureCookieSession.__mro__ if kind.__module__ == "flask.sessions"])
    out("null", [kind.__name__ for kind in NullSession.__mro__ if kind.__module__ == "flask.sessions"])


def vary_cookie(out):
    app = _app(out, lambda: flask.Response("x", headers={"Vary": "Accept"}))
    app.add_url_rule(
        "/read",
        "read",
        lambda: flask.Response(str(flask.session.get("a")), headers={"Vary": "Accept-Encoding, cookie"}),
    )
    app.add_url_rule("/star", "star", lambda: flask.Response(str(flask.session.get("a")), headers={"Vary": "*"}))
    app.add_url_rule("/write", "write", lambda: flask.session.update(w=1) or "x")
    for path in ("/", "/read", "/star", "/write", "/none"):
        out.wsgi(app, path)
        out.wsgi(app, path, environ=_with_cookie(PLAIN), label=f"{path} cookie")


def cookie_settings(out):
    for config in (
        {"SESSION_COOKIE_NAME": "sid"},
        {"SESSION_COOKIE_NAME": "__Host-s"},
        {"SESSION_COOKIE_DOMAIN": "shop.example"},
        {"SESSION_COOKIE_DOMAIN": ".shop.example"},
        {"SESSION_COOKIE_DOMAIN": False},
        {"SESSION_COOKIE_DOMAIN": ""},
        {"SESSION_COOKIE_PATH": "/app"},
        {"SESSION_COOKIE_PATH": None, "APPLICATION_ROOT": "/root"},
        {"SESSION_COOKIE_PATH": "", "APPLICATION_ROOT": "/root"},
        {"SESSION_COOKIE_HTTPONLY": False},
        {"SESSION_COOKIE_SECURE": True},
        {"SESSION_COOKIE_PARTITIONED": True},
        {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": True},
        {"SESSION_COOKIE_SAMESITE": "Lax"},
        {"SESSION_COOKIE_SAMESITE": "strict"},
        {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": True},
        {"SESSION_COOKIE_SAMESITE": "odd"},
        {"SESSION_COOKIE_SAMESITE": ""},
        {"SERVER_NAME": "shop.example:5000"},
        {"SERVER_NAME": "localhost"},
    ):
        app = _app(out, lambda: flask.session.update(a=1) or "x", **config)
        app.add_url_rule(
            "/permanent",
            "permanent",
            lambda: flask.session.update(a=1) or setattr(flask.session, "permanent", True) or "x",
        )
        app.add_url_rule("/clear", "clear", lambda: flask.session.clear() or "x")
        for path in ("/", "/permanent"):
            out.wsgi(app, path, label=f"{config} {path}")
        name = config.get("SESSION_COOKIE_NAME", "session")
        out.wsgi(app, "/clear", environ={"HTTP_COOKIE": f"{name}={PLAIN}"}, label=f"{config} cleared")


def settings_changed_between_requests(out):
    app = _app(out, lambda: flask.session.update(a=1) or "x")
    out.wsgi(app)
    app.config["SESSION_COOKIE_NAME"] = "renamed"
    out.wsgi(app)
    app.config["SECRET_KEY"] = "another"
    out.wsgi(app)
    app.config["SESSION_COOKIE_SECURE"] = True
    out.wsgi(app)
    app.secret_key = b"bytes"
    out.wsgi(app)
    app.config["SECRET_KEY_FALLBACKS"] = ["old"]
    out.wsgi(app)
    app.config["SECRET_KEY_FALLBACKS"].append("k")
    out.wsgi(app, environ={"HTTP_COOKIE": f"renamed={PLAIN}"})


def permanent_sessions_and_refresh(out):
    for refresh in (True, False):
        app = _app(out, lambda: "untouched", SESSION_REFRESH_EACH_REQUEST=refresh)
        app.add_url_rule("/read", "read", lambda: str(flask.session.get("a")))
        app.add_url_rule("/start", "start", lambda: setattr(flask.session, "permanent", True) or "x")
        app.add_url_rule("/end", "end", lambda: setattr(flask.session, "permanent", False) or "x")
        for path in ("/", "/read", "/start", "/end"):
            out.wsgi(app, path, environ=_with_cookie(PERMANENT), label=f"{refresh} {path}")
            out.wsgi(app, path, environ=_with_cookie(PLAIN), label=f"{refresh} {path} plain")
            out.wsgi(app, path, label=f"{refresh} {path} none")


def lifetime_of_the_application(out):
    for lifetime in (90, datetime.timedelta(seconds=1.5), datetime.timedelta(days=400)):
        app = _app(out, lambda: setattr(flask.session, "permanent", True) or "x", PERMANENT_SESSION_LIFETIME=lifetime)
        out.wsgi(app, label=str(lifetime))


def secret_key_fallbacks(out):
    for config in (
        {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["k"]},
        {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["older", "k", "other"]},
        {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": [b"k"]},
        {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ("k",)},
        {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": []},
        {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": "k"},
        {"SECRET_KEY": "", "SECRET_KEY_FALLBACKS": ["k"]},
        {"SECRET_KEY": None, "SECRET_KEY_FALLBACKS": ["k"]},
    ):
        app = _app(out, lambda: dict(flask.session), **config)
        app.add_url_rule("/write", "write", lambda: flask.session.update(w=1) or "x")
        for path in ("/", "/write"):
            for name, cookie in (("k", PLAIN), ("other", OTHER_KEY)):
                out.wsgi(app, path, environ=_with_cookie(cookie), label=f"{config} {path} signed with {name}")


def secret_keys_of_many_kinds(out):
    for key in ("", b"", "ü", b"\xff\x00", "x" * 200, 0, 123, None, False):
        app = _app(out, lambda: flask.session.update(a=1) or "x", SECRET_KEY=key)
        out.wsgi(app, label=repr(key)[:30])


def null_session(out):
    app = _app(out, lambda: "untouched", SECRET_KEY=None, TESTING=True)
    changes = {
        "read": lambda s: repr(s.get("a")),
        "in": lambda s: str("a" in s),
        "set": lambda s: s.__setitem__("a", 1),
        "del": lambda s: s.__delitem__("a"),
        "pop": lambda s: s.pop("a"),
        "pop default": lambda s: s.pop("a", None),
        "popitem": lambda s: s.popitem(),
        "clear": lambda s: s.clear(),
        "update": lambda s: s.update(a=1),
        "setdefault": lambda s: s.setdefault("a", 1),
        "permanent": lambda s: setattr(s, "permanent", True),
        "ask permanent": lambda s: str(s.permanent),
        "modified": lambda s: str(s.modified),
        "or": lambda s: str(s.__ior__({"a": 1}) is not None),
        "length": lambda s: str(len(s)),
        "class": lambda s: type(s._get_current_object()).__name__,
    }
    for name, change in changes.items():
        app.add_url_rule(f"/{name}", name, lambda change=change: change(flask.session) or "none")
    out.wsgi(app)
    for name in changes:
        out.request(app, f"/{name}")
        out.wsgi(app, f"/{name}", environ=_with_cookie(PLAIN), label=f"{name} with a cookie")
    app.add_url_rule("/late", "late", lambda: "x") if not app._got_first_request else None


def flashing_without_a_key(out):
    app = _app(out, lambda: flask.flash("x") or "x", SECRET_KEY=None)
    app.add_url_rule("/read", "read", lambda: str(flask.get_flashed_messages()))
    out.wsgi(app)
    out.wsgi(app, "/read")


def flash_with_categories(out):
    app = _app(out)

    @app.post("/flash")
    def write():
        flask.flash("plain")
        flask.flash("warned", "warning")
        flask.flash(Markup("<b>bold</b>"), "error")
        flask.flash(["a", 1], "data")
        flask.flash("ü", category="warning")
        return "ok"

    reads = {
        "all": {},
        "categories": {"with_categories": True},
        "filtered": {"category_filter": ["warning"]},
        "both": {"with_categories": True, "category_filter": ["warning", "error"]},
        "a tuple": {"category_filter": ("data",)},
        "a string": {"category_filter": "message"},
        "nothing matches": {"category_filter": ["none"]},
        "empty filter": {"category_filter": []},
    }
    for name, options in reads.items():
        app.add_url_rule(
            f"/{name}",
            name,
            lambda options=options: repr(
                [flask.get_flashed_messages(**options), flask.get_flashed_messages(**options)]
            ),
        )
    out.listen("message_flashed")
    for name in reads:
        client = app.test_client()
        out.request(client, "/flash", "POST", label=f"flash for {name}")
        out.request(client, f"/{name}")
        out.request(client, f"/{name}", label=f"{name} again")


def flash_and_read_in_one_request(out):
    def view():
        flask.flash("before")
        first = flask.get_flashed_messages()
        flask.flash("between")
        second = flask.get_flashed_messages()
        return [first, second, flask.session.get("_flashes")]

    client = _app(out, view).test_client()
    out.request(client)
    out.request(client)


def flash_in_templates(out):
    app = _app(out, lambda: flask.flash("a <b>", "x") or "ok")
    source = "{% for c, m in get_flashed_messages(with_categories=true) %}{{ c }}:{{ m }}{% endfor %}"
    app.add_url_rule("/page", "page", lambda: flask.render_template_string(source))
    client = app.test_client()
    out.request(client)
    out.request(client, "/page")
    out.request(client, "/page")


def flash_survives_a_redirect(out):
    app = _app(out, lambda: str(flask.get_flashed_messages()))
    app.add_url_rule("/go", "go", lambda: flask.flash("moved") or flask.redirect("/"))
    out.request(app, "/go", follow_redirects=True)


def flash_outside_of_a_request(out):
    out.attempt("flash", flask.flash, "x")
    out.attempt("get", flask.get_flashed_messages)
    app = _app(out)
    with app.app_context():
        out.attempt("flash in an app context", flask.flash, "x")
    with app.test_request_context():
        out.attempt("flash in a request context", flask.flash, "x", "c")
        out("got", [flask.get_flashed_messages(with_categories=True), flask.get_flashed_messages()])


def serializer_tags_each_way(out):
    serializer = flask.json.tag.TaggedJSONSerializer()
    for value in (
        {" t": 1},
        (1, 2),
        b"x",
        Markup("m"),
        uuid.UUID(int=1),
        datetime.datetime(2024, 1, 1),
        [(1,)],
        {"a": {"b": (b"",)}},
        {1: 2},
        None,
        "x",
    ):
        dumped = out.attempt(f"dump {value!r}", serializer.dumps, value)
        if dumped is not None:
            out.attempt(f"load {dumped}", serializer.loads, dumped)
    for text in (
        '{" t": [1]}',
        '{" u": "nonsense"}',
        '{" d": "nonsense"}',
        '{" b": "%%"}',
        '{" di": {"x__": 1}}',
        '{" x": 1}',
        "[",
        '{" t": [1], "a": 1}',
        '{" m": 5}',
    ):
        out.attempt(f"loads {text}", serializer.loads, text)
    out("order", [type(tag).__name__ for tag in serializer.order])
    out("keys", sorted(serializer.tags))


def tags_of_ones_own(out):
    class Point:
        def __init__(self, x):
            self.x = x

        def __repr__(self):
            return f"Point({self.x})"

    class PointTag(flask.json.tag.JSONTag):
        key = " p"

        def check(self, value):
            return isinstance(value, Point)

        def to_json(self, value):
            return value.x

        def to_python(self, value):
            return Point(value)

    class TupleTag(flask.json.tag.JSONTag):
        key = " t"

        def check(self, value):
            return isinstance(value, tuple)

        def to_json(self, value):
            return "mine"

        def to_python(self, value):
            return value

    serializer = flask.json.tag.TaggedJSONSerializer()
    serializer.register(PointTag)
    out("dumped", serializer.dumps({"p": Point(3), "l": [Point(4)]}))
    out("loaded", repr(serializer.loads('{"p":{" p":3}}')))
    out.attempt("again", serializer.register, PointTag)
    out.attempt("clash", serializer.register, TupleTag)
    out.attempt("forced", lambda: serializer.register(TupleTag, force=True, index=0))
    out("forced dump", serializer.dumps((1,)))
    out.attempt("no key", serializer.register, type("Empty", (TupleTag,), {"key": ""}))
    out("order", [type(tag).__name__ for tag in serializer.order])
    out.attempt("abstract", lambda: flask.json.tag.JSONTag(serializer).check(1))
    out.attempt("abstract to_json", lambda: flask.json.tag.JSONTag(serializer).to_json(1))
    out.attempt("abstract to_python", lambda: flask.json.tag.JSONTag(serializer).to_python(1))
    out.attempt("tag", lambda: PointTag(serializer).tag(Point(1)))


def interface_methods(out):
    app = _app(out, SESSION_COOKIE_DOMAIN="d.example", SESSION_COOKIE_PATH="/p", SESSION_COOKIE_SAMESITE="Lax")
    interface = SecureCookieSessionInterface()
    session = SecureCookieSession()
    for name in "name domain path httponly secure samesite partitioned".split():
        out.attempt(f"get_cookie_{name}", getattr(interface, f"get_cookie_{name}"), app)
    out("expires", interface.get_expiration_time(app, session))
    session.permanent = True
    out("expires when permanent", str(interface.get_expiration_time(app, session)))
    out("should", [interface.should_set_cookie(app, SecureCookieSession()), interface.should_set_cookie(app, session)])
    out(
        "null",
        [
            interface.is_null_session(interface.make_null_session(app)),
            interface.is_null_session({}),
            interface.pickle_based,
        ],
    )
    out(
        "class attributes",
        [
            interface.salt,
            interface.key_derivation,
            interface.digest_method().name,
            interface.session_class,
            type(interface.serializer),
        ],
    )
    out.attempt("serializer", lambda: type(interface.get_signing_serializer(app)))
    app.secret_key = None
    out.attempt("serializer without a key", interface.get_signing_serializer, app)
    for name, args in (("open_session", (app, None)), ("save_session", (app, None, None))):
        out.attempt(f"abstract {name}", getattr(SessionInterface(), name), *args)


def interface_of_ones_own(out):
    class Session(dict, flask.sessions.SessionMixin):
        pass

    class Memory(SessionInterface):
        def __init__(self):
            self.kept = {}

        def open_session(self, app, request):
            sid = request.cookies.get(self.get_cookie_name(app), "new")
            out.tell("open", sid)
            return Session(self.kept.get(sid, {}))

        def save_session(self, app, session, response):
            out.tell("save", dict(session), session.modified, session.accessed, session.new, session.permanent)
            self.kept["1"] = dict(session)
            response.set_cookie(self.get_cookie_name(app), "1", httponly=self.get_cookie_httponly(app))

    app = _app(out, lambda: flask.session.update(n=flask.session.get("n", 0) + 1) or dict(flask.session))
    app.session_interface = Memory()
    client = app.test_client()
    for _ in range(3):
        out.request(client)
    with client.session_transaction() as session:
        session["n"] = 100
    out.request(client)


def interface_returning_none(out):
    class Nothing(SessionInterface):
        def open_session(self, app, request):
            return None

        def save_session(self, app, session, response):
            out.tell("never for a null session", type(session).__name__)

    app = _app(out, lambda: str(type(flask.session._get_current_object()).__name__))
    app.session_interface = Nothing()
    app.add_url_rule("/write", "write", lambda: flask.session.update(a=1) or "x")
    out.wsgi(app)
    out.wsgi(app, "/write")


def interface_assigned_after_requests(out):
    app = _app(out, lambda: flask.session.update(a=1) or "x")
    out.wsgi(app)

    class Salted(SecureCookieSessionInterface):
        salt = "other"

    app.session_interface = Salted()
    out.wsgi(app)
    out.wsgi(app, environ=_with_cookie(OTHER_SALT))


def interface_with_other_cryptography(out):
    import hashlib

    class Strong(SecureCookieSessionInterface):
        digest_method = staticmethod(hashlib.sha256)

    class Derived(SecureCookieSessionInterface):
        key_derivation = "django-concat"

    class Plain(SecureCookieSessionInterface):
        serializer = flask.json

    for kind in (Strong, Derived, Plain):
        app = _app(out, lambda: flask.session.update(b=2) or dict(flask.session))
        app.session_interface = kind()
        out.wsgi(app, environ=_with_cookie(SHA256), label=kind.__name__)


def get_signing_serializer_overridden(out):
    class Reversing(SecureCookieSessionInterface):
        def get_signing_serializer(self, app):
            serializer = super().get_signing_serializer(app)
            out.tell("asked", serializer is not None)
            return serializer

    app = _app(out, lambda: flask.session.update(b=2) or "x")
    app.session_interface = Reversing()
    out.wsgi(app)
    app.secret_key = None
    out.wsgi(app)


def should_set_cookie_overridden(out):
    class Stingy(SecureCookieSessionInterface):
        def should_set_cookie(self, app, session):
            out.tell("should", session.modified)
            return super().should_set_cookie(app, session) and "yes" in session

        def get_cookie_domain(self, app):
            return flask.request.host

        def get_expiration_time(self, app, session):
            return datetime.datetime(2030, 1, 1)

    app = _app(out, lambda: flask.session.update({flask.request.args["k"]: 1}) or "x")
    app.session_interface = Stingy()
    out.wsgi(app, query_string="k=yes")
    out.wsgi(app, query_string="k=no")


def session_class_of_ones_own(out):
    class Session(SecureCookieSession):
        def __init__(self, initial=None):
            super().__init__(initial)
            out.tell("made", initial)

    class Interface(SecureCookieSessionInterface):
        session_class = Session

    app = _app(out, lambda: type(flask.session._get_current_object()).__name__ + str(flask.session.get("a")))
    app.session_interface = Interface()
    out.wsgi(app)
    out.wsgi(app, environ=_with_cookie(PLAIN))
    out.wsgi(app, environ=_with_cookie(OTHER_KEY))


def session_changed_in_hooks(out):
    app = _app(out, lambda: "x")
    app.before_request(lambda: flask.session.update(before=1))

    @app.after_request
    def after(response):
        flask.session["after"] = response.status_code
        return response

    app.teardown_request(lambda error: flask.session.update(too_late=1))
    client = app.test_client()
    out.request(client)
    out.request(client, "/none")
    out("kept", _read_back(client))


def session_of_failed_requests(out):
    app = _app(out, lambda: flask.session.update(a=1) or 1 / 0)
    app.add_url_rule("/abort", "abort", lambda: flask.session.update(a=1) or flask.abort(404))
    out.wsgi(app)
    out.wsgi(app, "/abort")


def session_written_while_streaming(out):
    def view():
        def body():
            flask.session["late"] = 1
            yield "x"

        return flask.Response(flask.stream_with_context(body()))

    out.wsgi(_app(out, view))


def very_large_session(out):
    client = _app(
        out, lambda: flask.session.update(a=[chr(33 + n * 7919 % 90) * 3 + str(n) for n in range(2000)]) or "x"
    ).test_client()
    out.request(client)


def process_response_saves_the_session(out):
    app = _app(out)
    with app.test_request_context():
        flask.session["x"] = 1
        out("response", app.process_response(flask.Response("r")))
        response = flask.Response("saved by hand")
        app.session_interface.save_session(app, flask.session, response)
        out("by hand", response)
        app.session_interface.save_session(app, flask.session._get_current_object(), response)
        out("twice", response)


def session_cookie_set_by_the_view_as_well(out):
    def view():
        flask.session["a"] = 1
        response = flask.make_response("x")
        response.set_cookie("session", "by the view")
        response.set_cookie("other", "o")
        return response

    out.wsgi(_app(out, view))


def session_assigned_on_the_context(out):
    def view():
        from flask.globals import request_ctx

        context = request_ctx._get_current_object()
        given = SecureCookieSession({"given": 1})
        given.modified = True
        setattr(context, "_session" if hasattr(context, "_session") else "session", given)
        return dict(flask.session)

    out.wsgi(_app(out, view))


def session_transactions(out):
    app = _app(out, SESSION_COOKIE_NAME="sid")
    client = app.test_client()
    with client.session_transaction() as session:
        session["a"] = 1
        session.permanent = True
    out.request(client)
    with client.session_transaction("/x", base_url="http://other.example") as session:
        session["other"] = 1
    out.request(client)
    with client.session_transaction() as session:
        out("kept", dict(session))
        session.clear()
    out.request(client)
    out.attempt("without cookies", lambda: app.test_client(use_cookies=False).session_transaction().__enter__())
    app.secret_key = None
    out.attempt("without a key", lambda: client.session_transaction().__enter__())


def session_transaction_that_raises(out):
    client = _app(out).test_client()

    def fail():
        with client.session_transaction() as session:
            session["a"] = 1
            raise ValueError("inside")

    out.attempt("raises", fail)
    out.request(client)


def nested_changes_and_modified(out):
    app = _app(out, lambda: (flask.session.setdefault("list", []) and "x") or "first")
    app.add_url_rule("/append", "append", lambda: flask.session["list"].append(1) or "appended")
    app.add_url_rule(
        "/mark",
        "mark",
        lambda: (flask.session["list"].append(2), setattr(flask.session, "modified", True)) and "marked",
    )
    app.add_url_rule("/read", "read", lambda: flask.session.get("list"))
    client = app.test_client()
    for path in ("/", "/append", "/read", "/mark", "/read"):
        out.request(client, path)


def session_across_many_requests(out):
    app = _app(out, lambda: flask.session.update(n=flask.session.get("n", 0) + 1) or dict(flask.session))
    client = app.test_client()
    for minute in range(4):
        out.clock.move_to(f"2026-02-03 04:{minute + 10}:00")
        out.request(client)


def cookies_in_odd_headers(out):
    app = _app(out, lambda: dict(flask.session))
    for header in (
        f"a=b; session={PLAIN}",
        f"session={PLAIN};",
        f" session={PLAIN}",
        f"session= {PLAIN}",
        f"SESSION={PLAIN}",
        f"xsession={PLAIN}",
        f"session={PLAIN}; a",
        f'session="{PLAIN}"; b="c;d"',
        f"session={PLAIN},x=y",
        f"session={PLAIN}\x00",
        f"a=session={PLAIN}; session={PLAIN}",
        "session",
        f"; ;session={PLAIN}",
        f"session\t={PLAIN}",
    ):
        out.wsgi(app, environ={"HTTP_COOKIE": header}, label=header.replace(PLAIN, "…"))


def session_of_another_application(out):
    one, two = _app(out), _app(out, SECRET_KEY="other")
    one.view_functions["index"] = lambda: (
        flask.session.update(who="one") or two.test_client().get("/").text + str(dict(flask.session))
    )
    out.wsgi(one)


def serializer_replaced_on_the_interface(out):
    import json

    class Plain:
        @staticmethod
        def dumps(value):
            out.tell("dumps", value)
            return json.dumps(value)

        @staticmethod
        def loads(text):
            out.tell("loads", text)
            return json.loads(text)

    interface = SecureCookieSessionInterface()
    interface.serializer = Plain
    app = _app(out, lambda: flask.session.update(b=2) or dict(flask.session))
    app.session_interface = interface
    out.wsgi(app, environ=_with_cookie(PLAIN))
    tagged = flask.json.tag.TaggedJSONSerializer()
    tagged.register(
        type(
            "Upper",
            (flask.json.tag.JSONTag,),
            {
                "key": " up",
                "check": lambda self, v: isinstance(v, str) and v.isupper(),
                "to_json": lambda self, v: v.lower(),
                "to_python": lambda self, v: v.upper(),
            },
        )
    )
    second = SecureCookieSessionInterface()
    second.serializer = tagged
    app.session_interface = second
    app.view_functions["index"] = lambda: flask.session.update(word="LOUD") or dict(flask.session)
    client = app.test_client()
    out.request(client)
    out.request(client)


def attributes_of_the_interface_changed(out):
    import hashlib

    app = _app(out, lambda: flask.session.update(b=2) or dict(flask.session))
    out.wsgi(app, environ=_with_cookie(PLAIN))
    app.session_interface.salt = "other"
    out.wsgi(app, environ=_with_cookie(OTHER_SALT), label="salt")
    app.session_interface.salt = "cookie-session"
    app.session_interface.digest_method = hashlib.sha256
    out.wsgi(app, environ=_with_cookie(SHA256), label="digest")
    app.session_interface.digest_method = hashlib.sha1
    app.session_interface.key_derivation = "none"
    out.wsgi(app, environ=_with_cookie(PLAIN), label="derivation")
    del app.session_interface.key_derivation
    del app.session_interface.salt
    del app.session_interface.digest_method
    out.wsgi(app, environ=_with_cookie(PLAIN), label="back")


def session_methods_of_the_class_overridden(out):
    class Session(SecureCookieSession):
        @property
        def permanent(self):
            return True

        @permanent.setter
        def permanent(self, value):
            out.tell("permanent set", value)

        def __getitem__(self, key):
            out.tell("read", key)
            return super().__getitem__(key)

    class Interface(SecureCookieSessionInterface):
        session_class = Session

        def get_expiration_time(self, app, session):
            out.tell("expiration", session.permanent)
            return super().get_expiration_time(app, session)

    app = _app(out, lambda: str(flask.session["a"]))
    app.session_interface = Interface()
    out.wsgi(app, environ=_with_cookie(PLAIN))
