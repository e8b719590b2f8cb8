"""One application of Flask-SQLAlchemy, Flask-Login and Flask-WTF, unchanged, on every server and protocol."""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import re
import ssl
import threading
import time
import typing as t

import pytest

pytest.importorskip("flask_sqlalchemy")
pytest.importorskip("flask_login")
pytest.importorskip("flask_wtf")
httpx = pytest.importorskip("httpx")

from tests.extensions.servers import NAMES, serve  # noqa: E402 - what it needs may be missing
from tests.servers import is_installed  # noqa: E402

pytestmark = pytest.mark.slow

TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
PASSWORD = "correct horse"
CLIENTS = 50
_TLS = ssl.create_default_context()  # httpx makes one for each client otherwise, which takes longer than a story


class Person:
    """Somebody with a browser: keeps cookies, follows no redirect, and sends the token of the page last seen."""

    def __init__(self, base: str, name: str) -> None:
        self.name = name
        self.browser = httpx.Client(base_url=base, verify=_TLS, trust_env=False, timeout=60)
        self.token = ""

    def get(self, path: str) -> t.Any:
        answer = self.browser.get(path)
        if found := TOKEN.search(answer.text):
            self.token = found[1]
        return answer

    def post(self, path: str, files: t.Any = None, **fields: str) -> t.Any:
        return self.browser.post(path, data={"csrf_token": self.token, **fields}, files=files)

    def join(self) -> None:
        self.get("/join")
        answer = self.post("/join", name=self.name, email=f"{self.name}@example.com", password=PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (302, "/login"), answer.text

    def log_in(self, path: str = "/login", **more: str) -> t.Any:
        self.get(path)
        answer = self.post(path, name=self.name, password=PASSWORD, **more)
        self.get("/")
        return answer


@pytest.fixture(scope="module", params=NAMES)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[str]:
    if not is_installed(request.param):
        pytest.skip("this server is not installed here")
    folder = tmp_path_factory.mktemp(request.param)
    with serve(request.param, folder, MEMBERS_DATABASE=str(folder / "members.sqlite")) as url:
        yield url


@contextlib.contextmanager
def person(base: str, name: str) -> t.Iterator[Person]:
    somebody = Person(base, name)
    with somebody.browser:
        yield somebody


def database(base: str) -> dict[str, int]:
    """What is in use once all answered requests have been torn down, which some servers do after the last byte."""
    with person(base, "nobody") as nobody:
        for _ in range(200):
            found: dict[str, int] = nobody.get("/database").json()
            if not any(found.values()):
                break
            time.sleep(0.01)
        return found


@pytest.mark.parametrize("later", ["", "/later"])
def test_a_whole_visit(base: str, later: str) -> None:
    """From joining to logging out every page answers as under Flask, through synchronous and `async def` views."""
    with person(base, f"alice{later.strip('/')}") as alice:
        assert alice.get(f"{later}/").status_code == 200

        # Pages that need a login lead to it.
        for path in ("/me", "/later/me"):
            answer = alice.get(path)
            assert (answer.status_code, answer.headers["location"]) == (302, f"/login?next={path.replace('/', '%2F')}")

        # Forms without their token are refused, before any view; what is wrong in them is said.
        answer = alice.browser.post("/join", data={"name": alice.name})
        assert (answer.status_code, answer.text) == (400, "refused: The CSRF token is missing.")
        alice.get("/join")
        answer = alice.post("/join", name=alice.name, email="nowhere", password=PASSWORD)
        assert (answer.status_code, "email: Invalid email address." in answer.text) == (422, True)
        alice.join()

        answer = alice.post(f"{later}/login", name=alice.name, password="wrong")
        assert (answer.status_code, "Wrong name or password." in answer.text) == (401, True)
        assert alice.get("/me").status_code == 302
        answer = alice.log_in(f"{later}/login?next={later}/me")
        assert (answer.status_code, answer.headers["location"]) == (302, f"{later}/me")
        assert f"Hello {alice.name}" in alice.get(f"{later}/").text

        expected = {"name": alice.name, "notes": [], "loads": 1, "fresh": True}
        assert alice.get("/me").json() == expected
        assert alice.get("/later/me").json() == expected | {"names": [alice.name] * 2}

        # Notes are written, by a form; again not without its token, and not too long.
        assert alice.browser.post(f"{later}/notes", data={"text": "no token"}).status_code == 400
        assert alice.post(f"{later}/notes", text="x" * 101).status_code == 422
        for text in ("first", "s\u00e9cond"):
            answer = alice.post(f"{later}/notes", text=text)
            assert (answer.status_code, answer.headers["location"]) == (302, f"{later}/me")
        assert alice.post("/notes/lost").status_code == 500
        assert alice.get(f"{later}/me").json()["notes"] == ["first", "s\u00e9cond"]

        # Files come whole, large ones too, within their limit.
        for size in (0, 10, 900_000):
            data = bytes(range(256)) * (size // 256) + b"end"
            answer = alice.post(f"{later}/picture", files={"picture": ("me.png", data, "image/png")})
            assert answer.json() == {"name": "me.png", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        answer = alice.post(f"{later}/picture", files={"picture": ("me.exe", b"MZ", "image/png")})
        assert (answer.status_code, "Pictures only." in answer.text) == (422, True)

        assert alice.post("/logout").headers["location"] == "/"
        assert "Hello" not in alice.get("/").text
        assert [alice.get(path).status_code for path in ("/me", "/later/me")] == [302, 302]
    assert database(base) == {"connections": 0, "sessions": 0}


@pytest.mark.parametrize("page", ["/me", "/later/me"])
def test_who_is_remembered_need_not_log_in_again(base: str, page: str) -> None:
    """The cookie that outlives the session logs in again, on pages of both kinds; after the logout it is gone."""
    with person(base, f"bob{len(page)}") as bob:
        bob.join()
        bob.log_in(remember="y")
        assert bob.get(page).json()["fresh"] is True
        bob.browser.cookies.delete("session")
        answer = bob.get(page).json()
        assert (answer["name"], answer["fresh"]) == (bob.name, False)
        bob.get("/")
        bob.post("/logout")
        assert "remember_token" not in bob.browser.cookies
        assert bob.get(page).status_code == 302


def test_a_session_is_bound_to_its_browser(base: str) -> None:
    """With the strong protection of sessions another browser that shows the same cookie is nobody."""
    with person(base, "carol") as carol:
        carol.join()
        carol.log_in()
        for page in ("/later/me", "/me"):
            stolen = carol.browser.cookies.get("session")
            answer = httpx.get(
                f"{carol.browser.base_url}{page}",
                headers={"cookie": f"session={stolen}", "user-agent": "another"},
                verify=_TLS,
                trust_env=False,
            )
            assert answer.status_code == 302
            assert carol.get(page).status_code == 200


def test_people_who_come_together_are_kept_apart(base: str) -> None:
    """Fifty at a time, each with a session of their own, see their own names and notes; nothing of theirs stays."""
    together = threading.Barrier(CLIENTS)

    def visit(number: int) -> list[t.Any]:
        with person(base, f"guest-{number}") as guest:
            guest.join()
            together.wait(60)
            guest.log_in(("/login", "/later/login")[number % 2])
            seen = []
            for turn in range(4):
                guest.post(("/notes", "/later/notes")[turn % 2], text=f"{guest.name} {turn}")
                answer = guest.get(("/later/me", "/me")[turn // 2])
                seen.append((answer.status_code, answer.text if answer.status_code != 200 else answer.json()))
            return seen

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as guests:
        visits = list(guests.map(visit, range(CLIENTS)))
    for number, seen in enumerate(visits):
        name = f"guest-{number}"
        for turn, (status, answer) in enumerate(seen):
            expected: dict[str, t.Any] = {"name": name, "notes": [f"{name} {n}" for n in range(turn + 1)], "loads": 1}
            expected["fresh"] = True
            if turn < 2:
                expected["names"] = [name, name]
            assert (status, answer) == (200, expected)
    assert database(base) == {"connections": 0, "sessions": 0}
