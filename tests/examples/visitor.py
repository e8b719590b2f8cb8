"""A visitor of the postcards: speaks plain HTTP, keeps cookies, and follows no redirect by itself."""

from __future__ import annotations

import http.client
import json
import re
import struct
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
CARD = re.compile(r"/cards/([0-9a-f-]{36})")
PASSWORD = "correct horse battery"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        assert self.headers["Content-Type"] == "application/json", self.text
        return json.loads(self.body)

    @property
    def location(self) -> str:
        """Where a redirect leads: path and query."""
        to = urlsplit(self.headers["Location"] or "")
        return to.path + (f"?{to.query}" if to.query else "")


class Visitor:
    """Somebody with a browser's memory for cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request on a connection of its own, with the cookies so far."""
        sent = dict(headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, cookie in SimpleCookie(line).items():
                if cookie.value:
                    self.cookies[name] = cookie.value
                else:
                    self.cookies.pop(name, None)
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def token(self) -> str:
        """The token that the pages put into their forms."""
        found = TOKEN.search(self.get("/about").text)
        assert found is not None
        return found[1]

    def post(self, path: str, token: str | None = None, **form: str) -> Answer:
        """Send a form, with the visitor's own token if none is given."""
        body = urlencode({"form_token": self.token() if token is None else token, **form}).encode()
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def upload(self, picture: bytes, called: str, **form: str) -> Answer:
        """Send a card."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in {"form_token": self.token(), **form}.items()
        ]
        named = f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; filename="{called}"\r\n'
        parts += [named.encode(), b"Content-Type: application/octet-stream\r\n\r\n", picture, b"\r\n"]
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        return self.ask("POST", "/cards/new", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def put_json(self, path: str, value: Any, **headers: str) -> Answer:
        sent = {"Content-Type": "application/json", "X-Form-Token": self.get("/api/me").json["form_token"]}
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.ask("PUT", path, json.dumps(value).encode(), sent | named)

    def join(self, name: str) -> Answer:
        return self.post("/join", name=name, password=PASSWORD)

    def sign_in(self, name: str, password: str = PASSWORD) -> Answer:
        return self.post("/sign-in", name=name, password=password)

    def send_card(self, caption: str = "Hello!", place: str = "Somewhere") -> str:
        """Send a card that must be taken, and return its number."""
        answer = self.upload(png(), "holiday.png", caption=caption, place=place)
        assert answer.status == 303, answer.text
        found = CARD.search(answer.location)
        assert found is not None
        return found[1]


def png(width: int = 48, height: int = 32) -> bytes:
    """A picture of a plain evening sky."""
    rows = b"".join(b"\0" + bytes((60 + 4 * row, 40 + 2 * row, 120)) * width for row in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
