from __future__ import annotations

import collections
import copy
import datetime
import hashlib
import json
import subprocess
import sys
import types
import typing as t
import uuid
from pathlib import Path
from unittest import mock

import freezegun
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import Markup
from werkzeug.datastructures import Headers, ImmutableMultiDict

import flask
from flask import Flask, _signing, sessions
from flask._incoming import IncomingRequest
from flask.json.tag import JSONTag, TaggedJSONSerializer
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface, SessionInterface
from tests import oracle
from tests.gateways.raw import Answer, call

# Every kind of value that the cookie's format knows.
VALUES: dict[str, t.Any] = {
    "text": "é",
    "number": 1.5,
    "none": None,
    "list": [1, [2]],
    "tuple": (1, ("a",)),
    "bytes": b"\x00\xff",
    "markup": Markup("<b>"),
    "uuid": uuid.UUID(int=7),
    "time": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
    "dict": {" t": [1], "a": {}},
    "long": "x" * 3000,
}

UPSTREAM = """
import datetime, json, sys
from uuid import UUID
from flask import Flask, session
from markupsafe import Markup

ours = json.load(sys.stdin)
app = Flask("upstream")
app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"], PERMANENT_SESSION_LIFETIME=10**9)
with app.test_request_context(headers={"Cookie": "session=" + ours["cookie"]}):
    read = repr(dict(session))
interface = app.session_interface
values = eval(ours["values"])
app.config.update(SECRET_KEY="old", SECRET_KEY_FALLBACKS=None)
print(json.dumps({"read": read, "old": interface.get_signing_serializer(app).dumps(values)}))
"""


def keyed(**config: t.Any) -> Flask:
    """An app with views that set, read and leave alone the session."""
    app = Flask(__name__)
    app.config.update({"SECRET_KEY": "key"} | config)
    app.add_url_rule("/quiet", "quiet", lambda: "quiet")
    app.add_url_rule("/read", "read", lambda: flask.json.dumps(dict(flask.session)))

    @app.route("/set/<name>/<value>")
    def change(name: str, value: str) -> str:
        flask.session[name] = value
        return "set"

    @app.route("/permanent")
    def permanent() -> str:
        flask.session.permanent = True
        flask.session["a"] = 1
        return "permanent"

    @app.route("/clear")
    def clear() -> str:
        flask.session.clear()
        return "cleared"

    return app


def cookie_of(answer: Answer) -> str:
    """The name and value of the session cookie that an answer sets."""
    found = answer.header("Set-Cookie")
    assert found is not None
    return found.partition(";")[0]


def with_cookie(app: Flask, path: str, cookie: str) -> Answer:
    return call(app, path, headers={"Cookie": cookie})


class TestCompatibility:
    def test_cookies_go_both_ways(self) -> None:
        """Upstream reads what ours signed, ours what upstream signed, every type of value, old keys included."""
        app = keyed(SECRET_KEY="new", PERMANENT_SESSION_LIFETIME=10**9)
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signer is not None
        values = "{" + ", ".join(f"{name!r}: {value!r}" for name, value in VALUES.items()) + "}"
        done = subprocess.run(
            [oracle.require(), "-c", UPSTREAM],
            input=json.dumps({"cookie": signer.dumps(VALUES), "values": values}),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        theirs = json.loads(done.stdout)
        assert theirs["read"] == repr(VALUES)
        app.config["SECRET_KEY_FALLBACKS"] = ["old"]
        with app.test_request_context(headers={"Cookie": f"session={theirs['old']}"}):
            assert dict(flask.session) == VALUES

    def test_the_same_time_gives_the_same_bytes(self) -> None:
        """Upstream and ours sign the same session in the same second to the same cookie, byte for byte."""
        script = (
            "import flask, freezegun\n"
            "app = flask.Flask('x'); app.secret_key = 'key'\n"
            "with freezegun.freeze_time('2026-01-02 03:04:05'):\n"
            "    print(app.session_interface.get_signing_serializer(app).dumps({'a': 1}))\n"
        )
        made = [
            subprocess.run(
                [python, "-c", script], capture_output=True, text=True, check=True, timeout=60
            ).stdout.strip()
            for python in (oracle.require(), Path(sys.executable))
        ]
        assert made[0] == made[1]
        assert made[0].startswith("eyJhIjoxfQ.")


class TestKeys:
    def test_rotation(self) -> None:
        """The newest key signs; the fallbacks still read; a key that was taken away reads no more."""
        app = keyed(SECRET_KEY="one")
        old = cookie_of(call(app, "/set/a/1"))
        app.config.update(SECRET_KEY="two", SECRET_KEY_FALLBACKS=["one"])
        assert with_cookie(app, "/read", old).body == b'{"a": "1"}'
        new = cookie_of(with_cookie(app, "/set/b/2", old))
        app.config["SECRET_KEY_FALLBACKS"] = None
        assert with_cookie(app, "/read", old).body == b"{}"
        assert with_cookie(app, "/read", new).body == b'{"a": "1", "b": "2"}'

    @pytest.mark.parametrize("key", ["text", b"bytes"])
    def test_keys_of_text_and_bytes(self, key: str | bytes) -> None:
        """A key may be text or bytes."""
        app = keyed(SECRET_KEY=key)
        assert with_cookie(app, "/read", cookie_of(call(app, "/set/a/1"))).body == b'{"a": "1"}'

    def test_a_signer_is_kept_for_what_it_is_made_of(self) -> None:
        """The same keys and settings of the interface are served by one signer; each difference by another."""
        app = keyed()
        interface = SecureCookieSessionInterface()
        signer = interface._signer(app)
        assert SecureCookieSessionInterface()._signer(app) is signer
        changed: list[t.Any] = [signer]
        for name, value in {"salt": "other", "key_derivation": "django-concat", "serializer": json}.items():
            other = SecureCookieSessionInterface()
            setattr(other, name, value)
            changed.append(other._signer(app))
        app.config["SECRET_KEY_FALLBACKS"] = ["before"]
        changed.append(interface._signer(app))
        app.config["SECRET_KEY"] = "other"
        changed.append(interface._signer(app))
        assert len({id(one) for one in changed}) == len(changed)
        signatures = {one.dumps({"a": 1}).rpartition(".")[2] for one in changed}
        assert len(signatures) == len(changed) - 1  # another serializer of JSON writes the same

    def test_what_is_given_away_is_not_kept(self) -> None:
        """Whoever asks for the signing serializer may change it; the app's cookies stay as they were."""
        app = keyed()
        interface = t.cast(SecureCookieSessionInterface, app.session_interface)
        cookie = cookie_of(call(app, "/set/a/1"))
        given = interface.get_signing_serializer(app)
        assert type(given) is URLSafeTimedSerializer
        given.secret_keys.append(b"mine")
        given.salt = b"mine"
        given.signer_kwargs.clear()
        assert with_cookie(app, "/read", cookie).body == b'{"a": "1"}'
        assert interface.get_signing_serializer(app) is not given

    def test_keys_that_cannot_be_remembered(self) -> None:
        """A key of another kind of bytes works, too."""
        app = keyed(SECRET_KEY=bytearray(b"key"))
        assert with_cookie(keyed(), "/read", cookie_of(call(app, "/set/a/1"))).body == b'{"a": "1"}'

    @pytest.mark.parametrize(
        "damage",
        [lambda c: c[:-1], lambda c: c + "x", lambda c: "session=", lambda c: "session=a.b.c", lambda c: "session=é"],
    )
    def test_a_damaged_cookie_is_an_empty_session(self, damage: t.Callable[[str], str]) -> None:
        """What was not signed by us is no session, and no error."""
        app = keyed()
        cookie = cookie_of(call(app, "/set/a/1"))
        assert with_cookie(app, "/read", damage(cookie)).body == b"{}"

    def test_an_expired_cookie_is_an_empty_session(self) -> None:
        """A cookie older than the lifetime is not read."""
        app = keyed()
        cookie = cookie_of(call(app, "/set/a/1"))
        app.config["PERMANENT_SESSION_LIFETIME"] = -1
        assert with_cookie(app, "/read", cookie).body == b"{}"

    def test_without_a_key_it_can_be_read_and_not_written(self) -> None:
        """The null session is empty, is never saved, and says what is missing to whoever writes."""
        app = keyed(SECRET_KEY=None)
        assert call(app, "/read").body == b"{}"
        app.testing = True
        with pytest.raises(RuntimeError, match="secret_key"):
            call(app, "/set/a/1")
        for write in ("clear", "popitem", "update", "setdefault", "pop", "__setitem__", "__delitem__"):
            with pytest.raises(RuntimeError, match="secret_key"):
                getattr(NullSession(), write)("a")


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({}, "session={}; HttpOnly; Path=/"),
            ({"SESSION_COOKIE_NAME": "other"}, "other={}; HttpOnly; Path=/"),
            ({"SESSION_COOKIE_DOMAIN": "example.org"}, "session={}; Domain=example.org; HttpOnly; Path=/"),
            ({"SESSION_COOKIE_PATH": "/p"}, "session={}; HttpOnly; Path=/p"),
            ({"APPLICATION_ROOT": "/r"}, "session={}; HttpOnly; Path=/r"),
            ({"APPLICATION_ROOT": "/r", "SESSION_COOKIE_PATH": "/p"}, "session={}; HttpOnly; Path=/p"),
            ({"SESSION_COOKIE_HTTPONLY": False}, "session={}; Path=/"),
            ({"SESSION_COOKIE_SECURE": True}, "session={}; Secure; HttpOnly; Path=/"),
            ({"SESSION_COOKIE_SAMESITE": "Lax"}, "session={}; HttpOnly; Path=/; SameSite=Lax"),
            (
                {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": True},
                "session={}; Secure; HttpOnly; Path=/; Partitioned",
            ),
        ],
    )
    def test_each_is_on_the_cookie_and_on_its_deletion(self, settings: dict[str, t.Any], expected: str) -> None:
        """Each setting of the cookie is sent when it is set and when it is deleted, or a browser would keep it."""
        app = keyed(**settings)
        answer = call(app, "/set/a/1")
        cookie = cookie_of(answer)
        assert answer.header("Set-Cookie") == expected.format(cookie.partition("=")[2])
        deleted = t.cast(str, with_cookie(app, "/clear", cookie).header("Set-Cookie")).split("; ")
        assert deleted[0] == f"{cookie.partition('=')[0]}="
        assert "Max-Age=0" in deleted
        assert set(expected.split("; ")[1:]) <= set(deleted)

    def test_a_permanent_session_expires_and_is_refreshed(self) -> None:
        """A permanent session's cookie says when it expires, and is sent again each time unless the setting says no."""
        app = keyed()
        answer = call(app, "/permanent")
        assert "Expires=" in t.cast(str, answer.header("Set-Cookie"))
        cookie = cookie_of(answer)
        refreshed = with_cookie(app, "/quiet", cookie)
        assert "Expires=" in t.cast(str, refreshed.header("Set-Cookie"))
        assert refreshed.header("Vary") == "Cookie"
        app.config["SESSION_REFRESH_EACH_REQUEST"] = False
        assert with_cookie(app, "/quiet", cookie).header("Set-Cookie") is None
        assert with_cookie(app, "/quiet", cookie).header("Vary") is None
        assert with_cookie(app, "/read", cookie).header("Set-Cookie") is None
        assert with_cookie(app, "/read", cookie).header("Vary") == "Cookie"

    def test_vary(self) -> None:
        """A response varies by cookie if the session was looked at, even in vain, and not else."""
        app = keyed()
        assert call(app, "/quiet").header("Vary") is None
        assert call(app, "/read").header("Vary") == "Cookie"
        cookie = cookie_of(call(app, "/set/a/1"))
        assert with_cookie(app, "/quiet", cookie).header("Vary") is None

    def test_a_change_further_down_is_saved_when_told(self) -> None:
        """The session sees changes at its top level only, and `modified` tells it of others."""
        app = keyed()

        @app.route("/append/<int:tell>")
        def append(tell: int) -> str:
            flask.session.setdefault("list", []).append(1)
            flask.session.modified = bool(tell)
            return ""

        assert call(app, "/append/0").header("Set-Cookie") is None
        assert call(app, "/append/1").header("Set-Cookie") is not None


class Counting(SecureCookieSessionInterface):
    """The stock interface, with the signing looked at."""

    def __init__(self) -> None:
        self.asked = 0

    def get_signing_serializer(self, app: Flask) -> t.Any:
        self.asked += 1
        return super().get_signing_serializer(app)


class TestLaziness:
    def test_the_cookie_is_opened_only_when_it_is_needed(self) -> None:
        """No signature is computed for a request that neither asks for its session nor has to refresh it."""
        app = keyed(SESSION_REFRESH_EACH_REQUEST=False)
        app.session_interface = interface = Counting()
        cookie = cookie_of(call(app, "/set/a/1"))
        interface.asked = 0
        with_cookie(app, "/quiet", cookie)
        call(app, "/quiet")
        assert interface.asked == 0
        with_cookie(app, "/read", cookie)
        assert interface.asked == 1

    def test_the_session_is_one_object_for_the_whole_request(self) -> None:
        """However often it is asked for, the session is opened once."""
        app = keyed()
        app.session_interface = interface = Counting()
        with app.test_request_context():
            first = flask.session._get_current_object()  # type: ignore[attr-defined]
            assert flask.session._get_current_object() is first  # type: ignore[attr-defined]
            assert flask.globals.request_ctx.session is first
        assert interface.asked == 1

    @pytest.mark.parametrize("when", ["before the first request", "after it"])
    @pytest.mark.parametrize("where", ["subclass", "object", "class"])
    @pytest.mark.parametrize("method", ["open_session", "save_session"])
    def test_an_overridden_method_is_called_each_time(
        self, method: str, where: str, when: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An interface that opens or saves in its own way is asked in every request, also one that leaves it alone."""
        app = keyed()
        stock = getattr(SecureCookieSessionInterface, method)
        told: list[str] = []

        def replaced(self: t.Any, *args: t.Any) -> t.Any:
            told.append(method)
            return stock(self, *args)

        if when == "after it":
            assert call(app, "/quiet").body == b"quiet"
        if where == "class":
            monkeypatch.setattr(SecureCookieSessionInterface, method, replaced)
        elif where == "subclass":
            app.session_interface = type("Own", (SecureCookieSessionInterface,), {method: replaced})()
        else:
            own = SecureCookieSessionInterface()
            monkeypatch.setattr(own, method, lambda *args: replaced(own, *args))
            app.session_interface = own
        assert call(app, "/quiet").body == b"quiet"
        assert told == [method]

    def test_an_overridden_open_session_comes_before_routing_and_hooks(self) -> None:
        """Where an interface opens in its own way, it does so when the request is pushed, as in Flask."""
        told: list[str] = []

        class Own(SecureCookieSessionInterface):
            def open_session(self, app: Flask, request: flask.Request) -> SecureCookieSession | None:
                told.append(f"open {request.endpoint}")
                return super().open_session(app, request)

        app = keyed()
        app.session_interface = Own()
        app.before_request(lambda: told.append(f"before {flask.request.endpoint}"))
        call(app, "/quiet")
        assert told == ["open None", "before quiet"]

    @pytest.mark.parametrize("where", ["subclass", "object", "class"])
    def test_a_session_class_that_starts_with_something_is_saved(
        self, where: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A session class of one's own may have something to say although nobody asked for the session."""

        class Numbered(SecureCookieSession):
            def __init__(self, initial: t.Any = None) -> None:
                super().__init__(initial)
                self.setdefault("number", 1)

        app = keyed()
        if where == "class":
            monkeypatch.setattr(SecureCookieSessionInterface, "session_class", Numbered)
        elif where == "subclass":
            app.session_interface = type("Own", (SecureCookieSessionInterface,), {"session_class": Numbered})()
        else:
            own = SecureCookieSessionInterface()
            own.session_class = Numbered  # type: ignore[misc]
            app.session_interface = own
        assert call(app, "/quiet").header("Set-Cookie") is not None

    def test_a_should_set_cookie_of_ones_own_is_asked(self) -> None:
        """An interface that decides by itself when to send the cookie is asked in each request that carries one."""

        class Always(SecureCookieSessionInterface):
            def should_set_cookie(self, app: Flask, session: t.Any) -> bool:
                return True

        app = keyed(SESSION_REFRESH_EACH_REQUEST=False)
        cookie = cookie_of(call(app, "/set/a/1"))
        app.session_interface = Always()
        assert with_cookie(app, "/quiet", cookie).header("Set-Cookie") is not None

    @pytest.mark.parametrize("deep", [False, True])
    def test_a_request_class_that_finds_cookies_elsewhere(self, deep: bool) -> None:
        """A permanent session is refreshed also when its cookie came by no Cookie header."""
        app = keyed()
        name, _, value = cookie_of(call(app, "/permanent")).partition("=")
        kind: type[flask.Request] = type("Elsewhere", (flask.Request,), {"cookies": {name: value}})
        app.request_class = type("Deeper", (kind,), {}) if deep else kind
        assert call(app, "/quiet").header("Set-Cookie") is not None

    def test_a_cookie_name_of_ones_own(self) -> None:
        """The name that an interface gives the cookie is the one that is looked for."""

        class Named(SecureCookieSessionInterface):
            def get_cookie_name(self, app: Flask) -> str:
                return "named"

        app = keyed()
        app.session_interface = Named()
        cookie = cookie_of(call(app, "/permanent"))
        assert cookie.startswith("named=")
        assert with_cookie(app, "/quiet", cookie).header("Set-Cookie") is not None

    def test_a_session_that_cannot_be_opened_is_not_tried_again(self) -> None:
        """Where opening fails the request answers 500, and saving it does not fail a second time."""
        told: list[str] = []

        class Failing(SessionInterface):
            def open_session(self, app: Flask, request: flask.Request) -> None:
                told.append("open")
                raise BadSignature("no")

        app = keyed()
        app.logger.disabled = True
        app.session_interface = Failing()
        assert call(app, "/quiet").status == "500 INTERNAL SERVER ERROR"
        assert told == ["open"]


class Plainly(SecureCookieSessionInterface):
    """The stock interface in the plain words of ItsDangerous and Werkzeug, without a short cut."""

    def open_session(self, app: Flask, request: flask.Request) -> SecureCookieSession | None:
        signer = self.get_signing_serializer(app)
        if signer is None:
            return None
        value = request.cookies.get(self.get_cookie_name(app))
        if not value:
            return self.session_class()
        max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            return self.session_class(signer.loads(value, max_age=max_age))
        except BadSignature:
            return self.session_class()

    def save_session(self, app: Flask, session: sessions.SessionMixin, response: flask.Response) -> None:
        name = self.get_cookie_name(app)
        if session.accessed:
            response.vary.add("Cookie")
        attributes: dict[str, t.Any] = {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "httponly": self.get_cookie_httponly(app),
            "samesite": self.get_cookie_samesite(app),
            "partitioned": self.get_cookie_partitioned(app),
        }
        if not session:
            if session.modified:
                response.delete_cookie(name, **attributes)
                response.vary.add("Cookie")
        elif self.should_set_cookie(app, session):
            signer = t.cast(URLSafeTimedSerializer, self.get_signing_serializer(app))
            expires = self.get_expiration_time(app, session)
            response.set_cookie(name, signer.dumps(dict(session)), expires=expires, **attributes)
            response.vary.add("Cookie")


def alike(app: Flask, path: str, cookie: str | None, **made: t.Any) -> Answer:
    """The answer of an app, which is the same when the interface takes no short cut; `made` is set on both."""
    answers = []
    for kind in (type("Quickly", (SecureCookieSessionInterface,), {}), Plainly):
        app.session_interface = kind()
        for name, value in made.items():
            setattr(app.session_interface, name, value)
        with freezegun.freeze_time("2026-01-02 03:04:05"):
            answers.append(call(app, path, headers={"Cookie": cookie} if cookie is not None else {}))
    assert answers[0] == answers[1]
    return answers[0]


signed_values = st.dictionaries(
    st.sampled_from(["a", "_permanent", "_flashes", " t", "é"]),
    st.sampled_from(
        [True, False, None, 1, "x", "x" * 400, "\\", (1, (2,)), [b"y"], {" b": "eg=="}, [("message", "m")]]
    ),
    max_size=3,
)
changed_settings = st.fixed_dictionaries(
    {},
    optional={
        "SECRET_KEY": st.sampled_from(["key", "other", b"key", None]),
        "SECRET_KEY_FALLBACKS": st.sampled_from([None, [], ["key"], ["a", "other"]]),
        "SESSION_COOKIE_NAME": st.sampled_from(["session", "other", "se-ssion"]),
        "SESSION_COOKIE_DOMAIN": st.sampled_from([None, False, "example.org"]),
        "SESSION_COOKIE_PATH": st.sampled_from([None, "/", "/é p"]),
        "SESSION_COOKIE_SECURE": st.sampled_from([True, False, 1]),
        "SESSION_COOKIE_HTTPONLY": st.booleans(),
        "SESSION_COOKIE_SAMESITE": st.sampled_from([None, "Lax", "strict"]),
        "SESSION_REFRESH_EACH_REQUEST": st.booleans(),
        "PERMANENT_SESSION_LIFETIME": st.sampled_from([datetime.timedelta(31), 0, 10, -5, 10**9]),
        "MAX_COOKIE_SIZE": st.sampled_from([0, 4093]),
    },
)


def busy(**config: t.Any) -> Flask:
    """An app whose views do to the session and to the response what views do."""
    app = keyed(**config)
    for name in ("Vary", "X-Other"):
        for value in ("Cookie", "cookie, Accept", "*", ""):

            @app.route(f"/{name}/{value}/read", endpoint=f"{name} {value}")
            def read(name: str = name, value: str = value) -> flask.Response:
                response = flask.make_response(repr(flask.session))
                response.headers[name] = value
                return response

    @app.route("/two")
    def two() -> flask.Response:
        response = flask.make_response(repr(flask.session))
        del response.headers["Content-Length"]
        response.headers["vary"] = "Accept"
        return response

    @app.route("/redirected")
    def redirected() -> t.Any:
        flask.flash("gone")
        return flask.redirect("/read")

    @app.route("/shown")
    def shown() -> t.Any:
        flask.session.permanent = True
        return {"shown": flask.get_flashed_messages(with_categories=True)}

    @app.route("/streamed")
    def streamed() -> t.Any:
        flask.session["a"] = 1
        return iter(["a", "b"])

    @app.route("/emptied")
    def emptied() -> tuple[str, int]:
        flask.session.clear()
        return "", 204

    return app


PATHS = [
    "/quiet",
    "/read",
    "/set/a/1",
    "/permanent",
    "/clear",
    "/missing",
    "/Vary/Cookie/read",
    "/Vary/cookie, Accept/read",
    "/Vary/*/read",
    "/X-Other/*/read",
    "/two",
    "/redirected",
    "/shown",
    "/streamed",
    "/emptied",
]


class Quoting(URLSafeTimedSerializer):
    """What it writes needs quotes in a cookie."""

    def dumps(self, *args: t.Any, **kwargs: t.Any) -> str:
        return f'"{super().dumps(*args, **kwargs)}", é'

    def loads(self, s: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        return super().loads(s.partition('"')[2].partition('"')[0], *args, **kwargs)


@pytest.mark.slow
class TestShortCuts:
    @pytest.mark.parametrize("path", PATHS)
    @settings(deadline=None, max_examples=20)  # freezegun looks at every module, twice
    @given(
        value=signed_values,
        age=st.sampled_from([-1, 0, 5, 11, 32 * 86400]),
        config=changed_settings,
        header=st.sampled_from(
            [
                "session={}",
                "other={}",
                "a=b; session={}",
                "session={}; session=b",
                "sessionid=1;session={};",
                "se-ssion={}",
                'a="x"; session={}',
                'session="{}"',
                "session={}A",
                "session=",
                "session",
                "é=1; session={}",
                "session= {}",
            ]
        ),
    )
    def test_an_app_answers_as_without_them(
        self, value: dict[str, t.Any], age: int, config: dict[str, t.Any], path: str, header: str
    ) -> None:
        """Whatever cookie comes, whatever the settings and the view: status, headers and body are the plain ones."""
        app = busy()
        signer = t.cast(URLSafeTimedSerializer, SecureCookieSessionInterface().get_signing_serializer(app))
        signed_at = datetime.datetime(2026, 1, 2, 3, 4, 5) - datetime.timedelta(seconds=age)
        with freezegun.freeze_time(signed_at):
            cookie = header.replace("{}", signer.dumps(value))
        app.config.update(config)
        alike(app, path, cookie.encode().decode("latin-1"))

    @pytest.mark.parametrize(
        "made",
        [
            {"salt": "other"},
            {"salt": b"bytes"},
            {"key_derivation": "concat"},
            {"digest_method": hashlib.sha512},
            {"serializer": json},
            {"session_class": type("Own", (SecureCookieSession,), {"permanent": True})},
            {"should_set_cookie": lambda app, session: True},
            {"get_cookie_name": lambda app: "own"},
            {"get_cookie_domain": lambda app: "own.example"},
            {"get_cookie_path": lambda app: f"/{flask.request.path}"},
            {"get_cookie_httponly": lambda app: 1},
            {"get_cookie_secure": lambda app: True},
            {"get_cookie_samesite": lambda app: "strict"},
            {"get_cookie_partitioned": lambda app: True},
            {"get_expiration_time": lambda app, session: datetime.datetime(2030, 1, 1)},
            {"get_expiration_time": lambda app, session: "tomorrow"},
            {"get_signing_serializer": lambda app: URLSafeTimedSerializer("own")},
            {"get_signing_serializer": lambda app: Quoting("own")},
            {"get_signing_serializer": lambda app: None},
        ],
        ids=lambda made: next(iter(made)),
    )
    def test_what_an_interface_makes_its_own_is_asked(self, made: dict[str, t.Any]) -> None:
        """Each public part that is replaced on the interface is used, on opening, saving and deleting."""
        app = busy()
        cookie = None
        for path in ("/set/a/1", "/read", "/permanent", "/quiet", "/shown", "/clear"):
            answer = alike(app, path, cookie, **made)
            cookie = cookie_of(answer) if answer.header("Set-Cookie") else cookie

    @pytest.mark.parametrize("path", ["/read", "/quiet", "/set/b/2", "/clear"])
    @pytest.mark.parametrize(
        "kind",
        [
            {"cookies": property(lambda self: {"session": self.environ["found"]})},
            {"cookies": {"session": "no"}},
            {"headers": property(lambda self: Headers([("Cookie", "session=" + self.environ["found"])]))},
            {"dict_storage_class": type("Upper", (ImmutableMultiDict,), {"get": lambda self, name: None})},
        ],
        ids=["cookies", "other cookies", "headers", "storage"],
    )
    def test_a_request_class_of_ones_own(self, kind: dict[str, t.Any], path: str) -> None:
        """Cookies that a request class finds in its own way are the cookies."""
        app = busy()
        cookie = cookie_of(alike(app, "/permanent", None))
        found = cookie.partition("=")[2]

        class Own(flask.Request):
            def __init__(self, environ: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
                super().__init__(environ | {"found": found}, *args, **kwargs)

        for name, value in kind.items():
            setattr(Own, name, value)  # after the class was made, as a patch does
        app.request_class = Own
        other = cookie_of(alike(keyed(), "/set/b/2", None))
        alike(app, path, other)
        app.request_class = type("Own", (Own,), kind)
        alike(app, path, other)

    @pytest.mark.parametrize("path", ["/read", "/quiet", "/set/b/2", "/clear"])
    @pytest.mark.parametrize("name", ["cookies", "headers", "dict_storage_class"])
    @pytest.mark.parametrize("kind", [flask.Request, IncomingRequest])
    def test_a_patched_request_class(self, kind: type, name: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Cookies that Flask's own request class was made to find in another way are the cookies."""
        app = busy()
        cookie = cookie_of(alike(app, "/permanent", None))
        replaced: dict[str, t.Any] = {
            "cookies": property(lambda self: {"session": cookie.partition("=")[2]}),
            "headers": property(lambda self: Headers([("Cookie", cookie)])),
            "dict_storage_class": type("None", (ImmutableMultiDict,), {"get": lambda self, name: None}),
        }
        monkeypatch.setattr(kind, name, replaced[name], raising=False)
        answer = alike(app, path, "session=no")
        if path == "/read" and (name == "cookies" or (name == "headers" and kind is flask.Request)):
            assert answer.body == b'{"_permanent": true, "a": 1}'

    def test_a_session_needs_no_request(self) -> None:
        """Opening, changing and saving a session does not make a request that nobody looks at."""
        app = keyed()
        made = []

        class Own(SecureCookieSessionInterface):
            def get_cookie_name(self, app: Flask) -> str:
                made.append(t.cast(t.Any, flask.globals.request_ctx)._late)
                return super().get_cookie_name(app)

        def late(response: flask.Response) -> flask.Response:
            made.append(t.cast(t.Any, flask.globals.request_ctx)._late)
            return response

        app.after_request(late)
        cookie = cookie_of(call(app, "/set/a/1"))
        assert with_cookie(app, "/read", cookie).body == b'{"a": "1"}'
        assert made == [True, True]
        made.clear()
        app.session_interface = Own()  # which may look at the request, and gets it
        assert with_cookie(app, "/read", cookie).body == b'{"a": "1"}'
        assert made == [False, False]

    def test_a_patched_session_class(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A constructor that was put on the session's class is called, with what the cookie holds."""
        app = keyed()
        cookie = cookie_of(call(app, "/set/a/1"))
        inherited = SecureCookieSession.__init__

        def own(self: SecureCookieSession, initial: t.Any = None) -> None:
            inherited(self, {"own": True, **(initial or {})})

        monkeypatch.setattr(SecureCookieSession, "__init__", own)
        assert with_cookie(app, "/read", cookie).body == b'{"a": "1", "own": true}'
        assert call(app, "/read").body == b'{"own": true}'

    def test_a_setting_changed_between_two_requests(self) -> None:
        """Each cookie has the attributes that the settings say then, also where a value is only like the one before."""
        app = keyed()
        for changes in ({}, {"SECURE": True}, {"SECURE": 1}, {"SECURE": False}, {"PATH": "/a"}, {"PATH": None}):
            app.config.update({f"SESSION_COOKIE_{name}": value for name, value in changes.items()})
            for path in ("/set/a/1", "/clear"):
                alike(app, path, None)

    def test_cookies_that_were_put_on_the_request(self) -> None:
        """Cookies and headers that were assigned to a request count, also where a header has others."""
        app = busy()
        cookie = cookie_of(alike(app, "/set/a/1", None))
        for name, value in {
            "cookies": {"session": cookie.partition("=")[2]},
            "headers": Headers([("Cookie", cookie)]),
        }.items():

            class Own(flask.Request):
                given = (name, value)

                def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
                    super().__init__(*args, **kwargs)
                    setattr(self, *self.given)

            app.request_class = Own
            assert alike(app, "/read", "session=no").body == b'{"a": "1"}'

    def test_a_request_of_another_kind(self) -> None:
        """An interface may be asked about any object that has cookies."""
        app = keyed()
        value = cookie_of(call(app, "/set/a/1")).partition("=")[2]

        class Bare:
            __slots__ = ("cookies",)

        request = Bare()
        request.cookies = {"session": value}
        opened = t.cast(t.Any, app.session_interface).open_session(app, request)
        assert opened == {"a": "1"}

    def test_a_provider_of_another_kind(self) -> None:
        """An app's JSON may come from any object that has the functions."""
        app = keyed()
        app.json = t.cast(t.Any, types.SimpleNamespace(dumps=json.dumps, loads=json.loads))
        cookie = cookie_of(call(app, "/set/a/1"))
        assert with_cookie(app, "/read", cookie).body == b'{"a": "1"}'
        assert with_cookie(app, "/quiet", cookie).header("Set-Cookie") is None

    @pytest.mark.parametrize(
        ("name", "times"), [("set_cookie", 2), ("delete_cookie", 1), ("vary", 2), ("max_cookie_size", 2)]
    )
    def test_a_response_class_of_ones_own(self, name: str, times: int) -> None:
        """What a response class does in its own way, on writing the cookie or deleting it, is done so."""
        told: list[str] = []
        inherited: t.Any = getattr(flask.Response, name)

        def method(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
            told.append(name)
            return inherited(self, *args, **kwargs)

        def value(self: t.Any) -> t.Any:
            told.append(name)
            return inherited.__get__(self)

        app = keyed()
        own: t.Any = method if name in ("set_cookie", "delete_cookie") else property(value)
        app.response_class = type("Own", (flask.Response,), {name: own})
        cookie = cookie_of(call(app, "/set/a/1"))
        assert "Max-Age=0" in t.cast(str, with_cookie(app, "/clear", cookie).header("Set-Cookie"))
        assert told == [name] * times

    def test_a_method_put_on_a_response(self) -> None:
        """A method that was put on the very response is called."""
        app = keyed()
        told = []

        @app.after_request
        def put(response: flask.Response) -> flask.Response:
            name = "delete_cookie" if flask.request.path == "/clear" else "set_cookie"
            setattr(response, name, lambda *args, **kwargs: told.append((name, args[0])))
            return response

        assert call(app, "/set/a/1").header("Set-Cookie") is None
        cookie = cookie_of(call(keyed(), "/set/a/1"))
        assert with_cookie(app, "/clear", cookie).header("Set-Cookie") is None
        assert told == [("set_cookie", "session"), ("delete_cookie", "session")]

    def test_a_cookie_that_is_too_long_is_warned_of(self) -> None:
        """A cookie that browsers may ignore is set, with Werkzeug's warning."""
        app = keyed(MAX_COOKIE_SIZE=40)
        with pytest.warns(UserWarning, match="'session' cookie is too large"):
            assert call(app, "/set/a/1").header("Set-Cookie") is not None

    def test_an_app_class_of_ones_own(self) -> None:
        """An app that finds key and lifetime in its own way is asked."""

        class Own(Flask):
            secret_key = "own"  # type: ignore[assignment]
            permanent_session_lifetime = datetime.timedelta(seconds=-5)  # type: ignore[assignment]

        app = Own(__name__)
        app.add_url_rule("/set", "set", lambda: flask.session.update(a=1) or "")
        app.add_url_rule("/read", "read", lambda: flask.json.dumps(dict(flask.session)))
        cookie = cookie_of(call(app, "/set"))
        assert with_cookie(keyed(SECRET_KEY="own"), "/read", cookie).body == b'{"a": 1}'
        assert with_cookie(app, "/read", cookie).body == b"{}"

    def test_the_serializer_of_the_module_may_be_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A test that puts another class in the place of ItsDangerous' is understood."""
        app = keyed()
        cookie = cookie_of(call(app, "/set/a/1"))
        told = []

        class Own(URLSafeTimedSerializer):
            def loads(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
                told.append(args)
                return {"own": 1, "_permanent": True}

        monkeypatch.setattr(sessions, "URLSafeTimedSerializer", Own)
        assert with_cookie(app, "/read", cookie).body == b'{"_permanent": true, "own": 1}'
        assert with_cookie(app, "/quiet", cookie).header("Set-Cookie") is not None
        assert len(told) == 2

    def test_a_tag_of_ones_own_is_used(self) -> None:
        """A tag that was registered for the session's serialiser writes and reads its type, at any time."""
        app = keyed()
        app.session_interface = interface = SecureCookieSessionInterface()
        interface.serializer = TaggedJSONSerializer()
        app.add_url_rule("/complex", "complex", lambda: flask.session.update(z=1j) or repr(flask.session["z"]))
        assert call(app, "/set/a/1").status == "200 OK"

        class Complex(JSONTag):
            __slots__ = ()
            key = " c"

            def check(self, value: t.Any) -> bool:
                return isinstance(value, complex)

            def to_json(self, value: t.Any) -> str:
                return str(value)

            def to_python(self, value: t.Any) -> complex:
                return complex(value)

        interface.serializer.register(Complex)
        cookie = cookie_of(call(app, "/complex"))
        with app.test_request_context(headers={"Cookie": cookie}):
            assert flask.session["z"] == 1j

    def test_on_update_is_called(self) -> None:
        """Whoever sets `on_update` of a session hears of each change."""
        session = SecureCookieSession({"a": 1})
        told: list[t.Any] = []
        session.on_update = told.append
        session["a"] = 2
        assert told == [session]
        assert session.modified is False
        session.on_update = None
        session["a"] = 3
        assert session == {"a": 3}

    def test_a_subclass_has_the_defaults_in_its_class(self) -> None:
        """A subclass may set what its sessions begin with, and need not call the constructor that it inherits."""

        class Bare(SecureCookieSession):
            def __init__(self, initial: t.Any = None) -> None:
                dict.__init__(self, initial or {})

        class Saved(SecureCookieSession):
            modified = True

        assert (Bare.accessed, Bare.modified, NullSession.modified, Saved.modified) == (False, False, False, True)
        for kind in (SecureCookieSession, Bare, Saved, type("Below", (Saved,), {})):
            session = kind({"a": 1})
            assert (session.accessed, session.modified) == (False, issubclass(kind, Saved))
            session.accessed = session.modified = True
            twin = copy.deepcopy(session)
            assert (twin, twin.accessed, twin.modified, kind().accessed) == ({"a": 1}, True, True, False)

    def test_a_session_class_may_mix_in_a_dict_with_a_layout(self) -> None:
        """What has slots of its own, or is written in C, may be a base beside it."""

        class Slotted(dict):  # type: ignore[type-arg]
            __slots__ = ("more",)

        for other in (Slotted, collections.OrderedDict):
            for bases in ((SecureCookieSession, other), (other, SecureCookieSession)):
                session: t.Any = type("Mixed", bases, {})()
                session["a"] = 1
                assert (dict(session), session.modified) == ({"a": 1}, bases[0] is not collections.OrderedDict)
        bare: t.Any = SecureCookieSession.__new__(SecureCookieSession)
        assert (bare.modified, bare.accessed, SecureCookieSession.modified) == (False, False, False)

    def test_a_session_class_may_mix_in_another_dict(self) -> None:
        """A class that comes later in the order of bases is not passed by."""

        class Upper(dict):  # type: ignore[type-arg]
            def __setitem__(self, key: str, value: t.Any) -> None:
                super().__setitem__(key.upper(), value)

        class Mixed(SecureCookieSession, Upper):
            pass

        session = Mixed({"a": 1})
        session["b"] = 2
        assert session == {"a": 1, "B": 2}
        assert session.modified


class TestUnverified:
    """A cookie that nobody asks for is verified only if what it says could make it permanent."""

    @staticmethod
    def macs(app: Flask, cookie: str, path: str = "/quiet") -> tuple[int, bool]:
        """How many signatures were compared for a request, and whether it was answered with a cookie."""
        with mock.patch.object(_signing, "compare_digest", wraps=_signing.compare_digest) as compared:
            answer = with_cookie(app, path, cookie)
        return compared.call_count, answer.header("Set-Cookie") is not None

    @pytest.mark.parametrize("value", ["1", "x" * 3000])
    def test_a_session_of_the_browser_is_left_alone(self, value: str) -> None:
        """Neither a short nor a compressed cookie is verified where it cannot be permanent."""
        app = keyed()
        cookie = cookie_of(call(app, f"/set/a/{value}"))
        assert self.macs(app, cookie) == (0, False)
        assert self.macs(app, cookie, "/read") == (1, False)
        assert self.macs(app, cookie + "A") == (0, False)

    @pytest.mark.parametrize("value", ["1", "x" * 3000])
    def test_a_permanent_one_is_refreshed(self, value: str) -> None:
        """A permanent session is verified, then sent again; a forged one is not."""
        app = keyed()
        cookie = cookie_of(with_cookie(app, "/permanent", cookie_of(call(app, f"/set/b/{value}"))))
        assert self.macs(app, cookie) == (1, True)
        signed, dot, signature = cookie.rpartition(".")
        assert self.macs(app, signed + dot + signature.swapcase()) == (1, False)

    def test_what_only_looks_harmless_is_opened(self) -> None:
        """Escapes, a text too long to be looked at, and another way of reading may hide a permanent session."""
        app = keyed()
        interface = t.cast(SecureCookieSessionInterface, app.session_interface)

        class Texts:
            """Writes what it is given, a text of JSON."""

            @staticmethod
            def dumps(obj: t.Any) -> str:
                return obj or "{}"

        signer = interface._make_signer(URLSafeTimedSerializer, ("key",))
        signer.serializer = t.cast(t.Any, Texts)
        for text in ('{"\\u005fpermanent": true}', '{"long": "' + "x" * 20_000 + '", "_permanent": true}'):
            assert self.macs(app, f"session={signer.dumps(text)}") == (1, True)

    @pytest.mark.parametrize("what", ["serializer", "tags", "provider", "provider's method", "permanent", "signer"])
    def test_another_way_of_reading_is_gone(self, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where somebody reads sessions in his own way, he is asked what they say."""
        app = keyed()
        cookie = cookie_of(call(app, "/set/a/1"))
        interface = t.cast(SecureCookieSessionInterface, app.session_interface)

        class Own(TaggedJSONSerializer):
            def loads(self, value: str) -> t.Any:
                return super().loads(value) | {"_permanent": True}

        class Provider(flask.json.provider.DefaultJSONProvider):
            def loads(self, s: t.Any, **kwargs: t.Any) -> t.Any:
                return super().loads(s, **kwargs) | {"_permanent": True}

        class Always(JSONTag):
            key = "a"

            def to_python(self, value: t.Any) -> t.Any:
                return {"_permanent": True}

        if what == "serializer":
            monkeypatch.setattr(interface, "serializer", Own(), raising=False)
        elif what == "tags":
            serializer = TaggedJSONSerializer()
            monkeypatch.setattr(interface, "serializer", serializer, raising=False)
            serializer.tags["a"] = Always(serializer)
        elif what == "provider":
            app.json = Provider(app)
        elif what == "provider's method":
            app.json.loads = lambda s, **kwargs: {"_permanent": True}  # type: ignore[method-assign]
        elif what == "permanent":
            monkeypatch.setattr(SecureCookieSession, "permanent", True)
        else:
            signer = interface.get_signing_serializer(app)
            signer.serializer = Own()  # type: ignore[union-attr]
            monkeypatch.setattr(interface, "get_signing_serializer", lambda app: signer, raising=False)
        assert with_cookie(app, "/quiet", cookie).header("Set-Cookie") is not None


class TestInterface:
    def test_what_an_interface_must_have(self) -> None:
        """An interface without its two methods says which one is missing."""
        app = keyed()
        with pytest.raises(NotImplementedError, match="open_session"):
            SessionInterface().open_session(app, None)  # type: ignore[arg-type]
        with pytest.raises(NotImplementedError, match="save_session"):
            SessionInterface().save_session(app, {}, None)  # type: ignore[arg-type]

    def test_a_session_of_any_kind(self) -> None:
        """An interface that keeps sessions in memory is opened and saved in every request."""
        kept: dict[str, t.Any] = {}

        class Stored(dict, sessions.SessionMixin):  # type: ignore[type-arg, misc]
            pass

        class InMemory(SessionInterface):
            def open_session(self, app: Flask, request: flask.Request) -> t.Any:
                return Stored(kept)

            def save_session(self, app: Flask, session: t.Any, response: flask.Response) -> None:
                kept.clear()
                kept.update(session)

        app = keyed()
        app.session_interface = InMemory()
        call(app, "/set/a/1")
        call(app, "/quiet")
        assert kept == {"a": "1"}
        assert call(app, "/read").body == b'{"a": "1"}'

    def test_none_from_an_interface_is_a_null_session(self) -> None:
        """An interface that opens nothing gives its null session, which is not saved."""
        told: list[str] = []

        class Absent(SessionInterface):
            def open_session(self, app: Flask, request: flask.Request) -> None:
                return None

            def make_null_session(self, app: Flask) -> NullSession:
                told.append("null")
                return super().make_null_session(app)

        app = keyed()
        app.session_interface = Absent()
        assert call(app, "/read").body == b"{}"
        assert told == ["null"]

    def test_permanent_is_kept_in_the_session(self) -> None:
        """`permanent` reads and writes the key `_permanent`."""
        session = SecureCookieSession()
        assert session.permanent is False
        session.permanent = True
        assert dict(session) == {"_permanent": True}
        assert session.modified
