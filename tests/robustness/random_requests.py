"""Requests made by chance, the same ones on each run: good ones with pieces exchanged for bad ones."""

from __future__ import annotations

import random

from tests.robustness.gateway import Sent

SEED = 20261122
COUNT = 3_000

BYTES = [chr(number) for number in range(256)]
PIECES = [
    "a", "b", "=", "&", ";", ",", '"', "\\", "/", "//", "?", "#", "%", "%00", "%ff", "%c3%a9", "%2f", "%25", "+", " ",
    ".", "..",
    "-", "1", "0", "99999999999999999999", "1.5", "\x00", "\r", "\n", "\r\n", "\xff", "\xc3\xa9", "{", "}", "[", "]",
    ":", "null",
    "--edge", "--edge--", "name=", 'Content-Disposition: form-data; name="x"', 'filename="f"', "session=", "e30",
    "x" * 200,
]  # fmt: skip
TARGETS = [
    "/state", "/args", "/args/needed", "/args/int", "/form", "/form/needed", "/files/needed", "/values", "/json",
    "/json/forced",
    "/json/silent", "/data", "/cookies", "/session", "/host", "/headers", "/string/x", "/path/a/b", "/folder",
    "/folder/x",
    "/int/1", "/float/1.5", "/file", "/nowhere", "/any/cat", "/redirect",
]  # fmt: skip
METHODS = ["GET", "GET", "POST", "POST", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"]
TYPES = [
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=edge", "text/plain", "",
]  # fmt: skip
HEADERS = [
    "Cookie", "Cookie", "Authorization", "Range", "If-None-Match", "If-Modified-Since", "Accept", "Cache-Control",
    "X-Odd",
    "Accept-Language", "If-Range", "Referer",
]  # fmt: skip


def random_requests(seed: int = SEED, count: int = COUNT) -> dict[str, Sent]:
    """The requests by name; the same for the same seed on each Python."""
    chance = random.Random(seed)
    return {f"random {number}": random_request(chance) for number in range(count)}


def random_request(chance: random.Random) -> Sent:
    target = chance.choice(TARGETS)
    if chance.random() < 0.3:
        target += "/" * (chance.random() < 0.5) + one_line(garbage(chance, 4)).replace("?", "")
    if chance.random() < 0.5:
        target += "?" + one_line(garbage(chance, 12))
    headers = [(chance.choice(HEADERS), one_line(garbage(chance, 12))) for _ in range(chance.randrange(3))]
    body = b""
    method = chance.choice(METHODS)
    if method in {"POST", "PUT"} or chance.random() < 0.1:
        kind = chance.choice(TYPES)
        if chance.random() < 0.2:
            kind += one_line(garbage(chance, 3))
        headers.append(("Content-Type", kind))
        body = (multipart(chance) if "multipart" in kind else garbage(chance, 30)).encode("latin-1")
    return Sent(target, method, tuple(headers), body, chance.choice(["plain", "plain", "plain", "debug", "limited"]))


def garbage(chance: random.Random, most: int) -> str:
    """Some pieces in a row, and now and then a byte of any kind."""
    return "".join(chance.choice(PIECES if chance.random() < 0.9 else BYTES) for _ in range(chance.randint(1, most)))


def one_line(text: str) -> str:
    """What a server would let through as the value of a header."""
    return text.replace("\r", "").replace("\n", "").replace("\x00", "").strip()


def multipart(chance: random.Random) -> str:
    """A body that begins well, and into which a few pieces are thrown."""
    head = 'Content-Disposition: form-data; name="x"' + chance.choice(["", '; filename="f"', "; filename=", "\r\nX: y"])
    whole = (
        "".join(f"--edge\r\n{head}\r\n\r\n{garbage(chance, 5)}\r\n" for _ in range(chance.randint(0, 4)))
        + "--edge--\r\n"
    )
    for _ in range(chance.randint(0, 3)):
        cut = chance.randint(0, len(whole))
        whole = whole[:cut] + garbage(chance, 2) + whole[cut + chance.randint(0, 5) :]
    return whole
