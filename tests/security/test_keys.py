"""Keys: one that somebody could guess is warned of once, where it matters, and never shown."""

from __future__ import annotations

import logging
import secrets
import subprocess
import sys
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from flask import Flask, session
from flask._keys import weakness
from flask.sessions import SecureCookieSessionInterface
from tests.security.doors import DOORS, by_wsgi

GOOD = "8c2fd0a1b7e94c35a6f01d7eb4392c58"

# Where each stands: the page, book or program.
PUBLIC = {
    "Flask's Quickstart and Configuration": b'_5#y2L"F4Q8z\n\xec]/',
    "Flask's Quickstart, as text": '_5#y2L"F4Q8z\n\xec]/',
    "Flask's Configuration and tutorial": "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "Flask's Quickstart before 1.0": "A0Zr98j/3yX R~XHH!jmN]LWX/,?RT",
    "what os.urandom gave there": b'\xfd{H\xe5<\x95\xf9\xe3\x96.5\xd1\x01O<!\xd5\xa2\xa0\x9fR"\xa1\xa8',
    "Flask-Security's Quick Start": "pf9Wkove4IKEAXvy-cQkeDPhv9Cb3Ag-wyJILbq_dFw",
    "Flask-Security's salt": "146585145368132386173505678016728509634",
    "a video series on Flask": "5791628bb0b13ce0c676dfde280ba245",
    "a book on Flask": "you-will-never-guess",
    "another": "hard to guess string",
    "Superset, CVE-2023-27524": "\2\1thisismyscretkey\1\2\\e\\y\\y\\h",
    "Redash, CVE-2021-41192": "c292a0a3aa32397cdb050e233733900f",
    "Airflow, CVE-2020-17526": "temporary_key",
}
COMMON = [
    "dev", "DEV", "secret", "Secret!", "changeme", "CHANGE_ME", "replace-me", "mysecretkey", "my_secret_key",
    "super secret key", "supersecretkey123456", "your-secret-key-here", "your_secret_key", "secret-key-goes-here",
    "dev-secret-key-change-in-production", "this is a very secret key", "thisisasecretkey12345", "Th1s1ss3cr3t",
    "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET", "YOUR_OWN_RANDOM_GENERATED_SECRET_KEY", "default-secret", "password",
    "<put your secret key here>", "{{ SECRET_KEY }}", "${SECRET_KEY}", "%(secret)s", "please-set-a-secret-key-here",
    "django-insecure-4h2&k!x#r0c=z8m$w9b", "secret1234567890", "development key", b"dev", b"mysecret",
]  # fmt: skip
SHORT = ["", "q", "x9$Kq", "0123456789abcde", b"\xfe\x01", "é" * 7, 5, bytearray(b"bcd")]
REPEATED = ["a" * 40, "0" * 64, b"\0" * 32, "1234567890" * 4, "ab" * 20, "abcdefghijklmnopqrstuvwxyz"]


def keyed(key: t.Any = "dev", **config: t.Any) -> Flask:
    app = Flask("keyed")
    app.secret_key = key
    app.config.update(config)

    @app.get("/")
    def write() -> str:
        session["a"] = 1
        return "x"

    @app.get("/read")
    def read() -> str:
        return repr(session.get("a"))

    @app.get("/none")
    def none() -> str:
        return "x"

    return app


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


class TestWeakness:
    @pytest.mark.parametrize("key", PUBLIC.values(), ids=PUBLIC)
    def test_a_key_that_stands_in_public_documentation_is_known(self, key: t.Any) -> None:
        """Whoever copied it has a key that everybody has: lists of such keys are tried first (Flask-Unsign)."""
        assert weakness(key) is not None

    @pytest.mark.parametrize("key", COMMON)
    def test_a_key_that_is_common_is_known(self, key: t.Any) -> None:
        """A key of nothing but the words that such keys consist of can be guessed, however they are put together."""
        assert weakness(key) == "is a placeholder, or made of words that stand in many programs"

    @pytest.mark.parametrize("key", SHORT)
    def test_a_key_that_is_short_is_known(self, key: t.Any) -> None:
        """All that Flask's documentation ever recommended has 16 bytes or more."""
        assert weakness(key) == "is shorter than 16 bytes"

    @pytest.mark.parametrize("key", REPEATED)
    def test_a_key_that_repeats_itself_is_known(self, key: t.Any) -> None:
        """Length alone makes no key."""
        assert weakness(key) == "repeats itself"

    def test_keys_made_as_recommended_are_never_warned_of(self) -> None:
        """Whatever `secrets`, `os.urandom` or `uuid` gives is well."""
        for _ in range(300):
            number = secrets.randbits(128)
            for key in (
                *(secrets.token_hex(), secrets.token_hex(16), secrets.token_urlsafe(), secrets.token_urlsafe(16)),
                *(secrets.token_bytes(16), secrets.token_bytes(24), str(number).zfill(39), f"{number:032x}"),
            ):
                assert weakness(key) is None

    @pytest.mark.parametrize("key", ["my-dog-rover-hates-cats", "the key of the probe, which guards nothing", GOOD])
    def test_others_are_left_alone(self, key: str) -> None:
        """A phrase with words of its own is nothing that is known."""
        assert weakness(key) is None

    @settings(deadline=None)
    @given(
        st.text()
        | st.binary()
        | st.integers()
        | st.lists(st.sampled_from(["secret", "in", "insecure", "1"])).map("".join)
    )
    def test_any_key_is_answered(self, key: t.Any) -> None:
        """A reason is a few words in one line, in which no key of any length is shown."""
        reason = weakness(key)
        assert reason is None or (reason.isprintable() and len(reason) < 80)


class TestWarning:
    """Upstream signs with any key, without a word."""

    @pytest.mark.parametrize("path", ["/", "/read"])
    @pytest.mark.parametrize("door", DOORS)
    def test_a_weak_secret_key_warns_once_in_the_log(
        self, door: t.Any, path: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The first session that is opened or signed warns, and names the remedy; no later one does."""
        app = keyed()
        for _ in range(3):
            assert door(app, path).status.startswith("200")
        (message,) = warned(caplog)
        assert message.startswith("SECRET_KEY is a placeholder")
        assert "python -c 'import secrets; print(secrets.token_hex())'" in message

    @pytest.mark.parametrize("key", ["x7#kQ2!m", b'_5#y2L"F4Q8z\n\xec]/', "c292a0a3aa32397cdb050e233733900f"])
    def test_the_key_is_never_printed(self, key: t.Any, caplog: pytest.LogCaptureFixture) -> None:
        """Neither the text of the message nor what it was made of has any of the key."""
        by_wsgi(keyed(key), "/")
        (record,) = caplog.records
        text = key.decode("latin-1") if isinstance(key, bytes) else key
        assert text not in record.getMessage()
        assert text not in repr(record.__dict__)
        assert repr(key) not in repr(record.__dict__)

    @pytest.mark.parametrize("setting", ["DEBUG", "TESTING"])
    def test_nothing_is_said_in_debug_and_testing(self, setting: str, caplog: pytest.LogCaptureFixture) -> None:
        """There any key will do."""
        by_wsgi(keyed(**{setting: True}), "/")
        assert warned(caplog) == []

    def test_what_was_not_said_in_testing_is_said_later(self, caplog: pytest.LogCaptureFixture) -> None:
        """Another app with the same key, in the same process, is not taken for one that was warned of or excused."""
        by_wsgi(keyed(TESTING=True), "/")
        by_wsgi(keyed(), "/")
        by_wsgi(keyed(), "/")
        assert len(warned(caplog)) == 2

    def test_nothing_is_said_without_a_session(self, caplog: pytest.LogCaptureFixture) -> None:
        """Neither making an app nor a request that opens no session says anything."""
        by_wsgi(keyed(), "/none")
        assert warned(caplog) == []

    def test_nothing_is_said_at_import(self) -> None:
        """Importing flask and making an app writes nothing."""
        code = "import flask; app = flask.Flask('a'); app.secret_key = 'dev'; app.test_client()"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
        assert (done.stdout, done.stderr) == (b"", b"")

    def test_a_good_key_is_not_warned_of(self, caplog: pytest.LogCaptureFixture) -> None:
        """With a random key nothing is said."""
        by_wsgi(keyed(GOOD, SECRET_KEY_FALLBACKS=[GOOD[::-1]]), "/")
        assert warned(caplog) == []

    def test_fallbacks_are_looked_at_too(self, caplog: pytest.LogCaptureFixture) -> None:
        """Who knows an old key can sign a session as well."""
        by_wsgi(keyed(GOOD, SECRET_KEY_FALLBACKS=[GOOD[::-1], "dev", b"x"]), "/")
        assert [message[:40] for message in warned(caplog)] == [
            "A key of SECRET_KEY_FALLBACKS is a place",
            "A key of SECRET_KEY_FALLBACKS is shorter",
        ]

    def test_fallbacks_that_are_one_text_are_told(self, caplog: pytest.LogCaptureFixture) -> None:
        """Of a text each character is a key, upstream and here: one in sixteen guesses signs a session."""
        app = keyed(GOOD, SECRET_KEY_FALLBACKS=GOOD[::-1])
        by_wsgi(app, "/")
        (message,) = warned(caplog)
        assert message.startswith("SECRET_KEY_FALLBACKS is one text, of which each character is a key")

    def test_a_serializer_made_elsewhere_warns_too(self, caplog: pytest.LogCaptureFixture) -> None:
        """An interface that makes its serialiser by way of Flask's is heard, once."""

        class Own(SecureCookieSessionInterface):
            def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
                return super().get_signing_serializer(app)

        app = keyed()
        app.session_interface = Own()
        for _ in range(3):
            by_wsgi(app, "/")
        assert len(warned(caplog)) == 1
