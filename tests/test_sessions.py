from __future__ import annotations

import datetime
import json
import subprocess
import sys
import typing as t
import uuid
from pathlib import Path

import pytest
from itsdangerous import BadSignature
from markupsafe import Markup

import flask
from flask import Flask, sessions
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

    def test_a_signer_is_made_once_for_what_it_is_made_of(self) -> None:
        """The same keys and settings of the interface give the same signer; each difference gives another."""
        app = keyed()
        interface = SecureCookieSessionInterface()
        signer = interface.get_signing_serializer(app)
        assert SecureCookieSessionInterface().get_signing_serializer(keyed()) is signer
        changed: list[t.Any] = [signer]
        for name, value in {"salt": "other", "key_derivation": "django-concat", "serializer": json}.items():
            other = SecureCookieSessionInterface()
            setattr(other, name, value)
            changed.append(other.get_signing_serializer(app))
        app.config["SECRET_KEY_FALLBACKS"] = ["before"]
        changed.append(interface.get_signing_serializer(app))
        app.config["SECRET_KEY"] = "other"
        changed.append(interface.get_signing_serializer(app))
        assert len({id(one) for one in changed}) == len(changed)
        signatures = {one.dumps({"a": 1}).rpartition(".")[2] for one in changed}
        assert len(signatures) == len(changed) - 1  # another serializer of JSON writes the same

    def test_the_memory_of_signers_is_bounded(self) -> None:
        """An app whose keys change all the time does not grow."""
        app = keyed()
        for number in range(200):
            app.secret_key = f"key {number}"
            app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        assert len(sessions._signers) <= 64

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
