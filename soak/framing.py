"""Requests whose end is in doubt, byte for byte, and what may become of what stands behind them (RFC 9112 §11.2).

Each case is a first request, `outer`, and mostly a second one behind it, `inner`, on one connection. A server may
refuse the first and end the connection, or take it for one; where RFC 9112 leaves no doubt where it ends, both are
requests. What reached the app is told by the app.
"""

from __future__ import annotations

import socket
import typing as t
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from soak.model import Record, Scenario, Size
from soak.service import Service

SILENCE = 0.4  # seconds after which a server that says nothing waits for more
PATIENCE = 10.0
AT_ONCE = 16

REFUSED, ONE, TWO = "refused", "one", "two"
NOT_TWO = (REFUSED, ONE)
ANY = (REFUSED, ONE, TWO)
Build = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Case:
    """Bytes to send for a token, and the outcomes that are right; `why` is where that is laid down.

    Where the first request reaches the app, `size` is the length of its body and `user` its `X-Auth-User`.
    """

    name: str
    build: Build
    may: tuple[str, ...]
    why: str
    size: Callable[[bytes], int] | int | None = None
    user: str | None = None


@dataclass(frozen=True)
class Heard:
    """What became of a case: what the app saw, the answers' status codes, and whether the connection was ended."""

    seen: list[dict[str, t.Any]]
    statuses: list[int]
    is_ended: bool

    @property
    def outcome(self) -> str:
        """One of the three, or what the app saw where it is none of them."""
        parts = [one["part"] for one in self.seen]
        return {(): REFUSED, ("outer",): ONE, ("outer", "inner"): TWO}.get(tuple(parts), "+".join(parts))


# ---- how the cases are written


def _inner(token: bytes) -> bytes:
    return b"GET /seen/%s/inner HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n" % token


def _outer(
    head: bytes,
    body: Build | bytes = b"",
    *,
    line: bytes = b"POST /seen/%s/outer HTTP/1.1",
    hosts: bytes = b"Host: a.test\r\n",
) -> Build:
    """A request with these header lines, LENGTH in them being the number of bytes that follow."""

    def build(token: bytes) -> bytes:
        rest = body if isinstance(body, bytes) else body(token)
        first = line % token if b"%s" in line else line
        return first + b"\r\n" + hosts + head.replace(b"LENGTH", b"%d" % len(rest)) + b"\r\n\r\n" + rest

    return build


def _then_inner(before: bytes) -> Build:
    return lambda token: before + _inner(token)


def _whole_inner(token: bytes) -> int:
    return len(_inner(token))


def _last_chunk_and_inner(token: bytes) -> int:
    return len(LAST + _inner(token))


CHUNKED = b"Transfer-Encoding: chunked"
LENGTH = b"Content-Length: LENGTH"
LAST = b"0\r\n\r\n"
HELLO = b"5\r\nhello\r\n"
FORGED = b"0\r\nContent-Length: 99\r\nX-Trailer: forged\r\n\r\n"
GET = b"GET /seen/%s/outer HTTP/1.1"
TE, CL, LIST, FIELD = "RFC 9112 §6.1", "RFC 9110 §8.6", "RFC 9112 §6.3", "RFC 9112 §5.1"


def _both(name: str, *heads: bytes, may: tuple[str, ...] = NOT_TWO, why: str = TE, **more: t.Any) -> list[Case]:
    """Header lines above a body that ends at once by its chunks, and later by its length."""
    return [
        Case(f"{name} {number}" if len(heads) > 1 else name, _outer(head, _then_inner(LAST)), may, why, **more)
        for number, head in enumerate(heads, 1)
    ]


def _coding(*values: bytes) -> list[bytes]:
    return [b"Transfer-Encoding: " + value + b"\r\n" + LENGTH for value in values]


def _chunks(name: str, *bodies: bytes, may: tuple[str, ...] = NOT_TWO, **more: t.Any) -> list[Case]:
    """Bodies in chunks, and a request behind them."""
    return [
        Case(
            f"{name} {number}" if len(bodies) > 1 else name,
            _outer(CHUNKED, _then_inner(body)),
            may,
            "RFC 9112 §7.1",
            **more,
        )
        for number, body in enumerate(bodies, 1)
    ]


def _lengths(name: str, *values: bytes, may: tuple[str, ...] = NOT_TWO, why: str = CL, **more: t.Any) -> list[Case]:
    """Lengths as they stand, and a request behind the head."""
    return [
        Case(
            f"{name} {number}" if len(values) > 1 else name,
            _outer(b"Content-Length: " + value, _inner),
            may,
            why,
            **more,
        )
        for number, value in enumerate(values, 1)
    ]


CASES: tuple[Case, ...] = (
    # what nobody doubts: without these, "nothing smuggled" would say nothing
    Case("control: no body", _outer(b"X: y", _inner, line=GET), (TWO,), "RFC 9112 §9.3.2", 0),
    Case("control: length 0", _outer(b"Content-Length: 0", _inner), (TWO,), "RFC 9112 §9.3.2", 0),
    Case("control: chunks", _outer(CHUNKED, _then_inner(HELLO + LAST)), (TWO,), "RFC 9112 §7.1", 5),
    Case("control: length", _outer(LENGTH, _inner), (ONE,), CL, _whole_inner),
    # a length and chunks
    *_both("CL.TE", LENGTH + b"\r\n" + CHUNKED, size=0),
    *_both("TE.CL", CHUNKED + b"\r\n" + LENGTH, size=0),
    Case(
        "TE.CL, the length being short",
        _outer(
            CHUNKED + b"\r\nContent-Length: 4",
            lambda token: b"%x\r\n%s\r\n%s" % (len(_inner(token)), _inner(token), LAST),
        ),
        NOT_TWO,
        TE,
        _whole_inner,
    ),
    *_both("TE.CL, named in Connection", b"Connection: close, Transfer-Encoding\r\n" + CHUNKED, size=0),
    # codings that only some take for chunked
    *_both(
        "TE.TE obfuscated",
        *_coding(
            b"xchunked",
            b"chunked123",
            b'"chunked"',
            b"\x0bchunked",
            b"\x0cchunked",
            b"chunked\x00",
            b"ch\xc5\xbfunked",
            b"chunked;q=1",
            b"chunked, identity",
            b"identity",
            b"foo",
            b"",
            b"chunked,",
            b"chunked, chunked-false",
        ),
        may=(REFUSED,),
    ),
    *_both(
        "TE.TE, a list with chunked",
        *_coding(b"identity, chunked", b"chunked, chunked", b",chunked", b"gzip, chunked", b"x, chunked"),
    ),
    *_both("TE twice", CHUNKED + b"\r\n" + CHUNKED, CHUNKED + b"\r\nTransfer-Encoding: identity"),
    *_both("TE twice, folded", CHUNKED + b"\r\nTransfer-encoding: x"),
    *_both("TE in other cases", b"Transfer-Encoding: Chunked", b"TRANSFER-ENCODING: chunked", may=(TWO,), size=0),
    *_both("TE after a tab", b"Transfer-Encoding:\tchunked", may=(REFUSED, TWO), why="RFC 9110 §5.5", size=0),
    *_both(
        "TE in the dress of another",
        b"Transfer_Encoding: chunked\r\n" + LENGTH,
        b"X-Transfer-Encoding: chunked\r\n" + LENGTH,
        size=_last_chunk_and_inner,
        why=FIELD,
    ),
    # white space where none belongs
    *_both(
        "space before a colon",
        b"Transfer-Encoding : chunked\r\n" + LENGTH,
        b"Content-Length : 0\r\n" + LENGTH,
        may=(REFUSED,),
        why=FIELD,
    ),
    *_both("space before a name", b" Transfer-Encoding: chunked\r\n" + LENGTH, may=(REFUSED,), why="RFC 9112 §5.2"),
    *_both(
        "obs-fold",
        b"X: y\r\n Content-Length: 5\r\n" + LENGTH,
        b"Transfer-Encoding:\r\n chunked\r\n" + LENGTH,
        b"X: y\r\n\tTransfer-Encoding: chunked\r\n" + LENGTH,
        why="RFC 9112 §5.2",
    ),
    Case(
        "obs-fold of the first line",
        lambda token: b"GET /seen/%s/outer HTTP/1.1\r\n Host: a.test\r\nHost: a.test\r\n\r\n" % token + _inner(token),
        (REFUSED,),
        "RFC 9112 §2.2",
    ),
    # bare line feeds may end lines (RFC 9112 §2.2), and nothing else
    *_both("bare LF in a head", b"X: y\nContent-Length: LENGTH", why="RFC 9112 §2.2", size=_last_chunk_and_inner),
    Case(
        "bare LF everywhere",
        lambda token: _outer(b"Content-Length: 0", _inner)(token).replace(b"\r\n", b"\n"),
        (REFUSED, TWO),
        "RFC 9112 §2.2",
        0,
    ),
    Case("bare CR", _outer(b"X: y\rContent-Length: LENGTH", _inner), (REFUSED,), "RFC 9112 §2.2"),
    *_chunks("chunk, bare LF", b"5\nhello\r\n" + LAST, b"5\r\nhello\n" + LAST, b"5\nhello\n0\n\n", b"0\r\n\n"),
    # chunks
    *_chunks("chunk extension", b"5;a=b\r\nhello\r\n0;x\r\n\r\n", may=ANY, size=5),
    *_chunks(
        "chunk extension with a line break",
        b"5;a\nhello\r\n" + LAST,
        b"5;a\rhello\r\n" + LAST,
        b"0;a\nb\r\n\r\n",
    ),
    *_chunks("chunk extension without an end", b"5;" + b"a" * 70_000 + b"\r\nhello\r\n" + LAST),
    *_chunks("chunk size with a sign", b"+5\r\nhello\r\n" + LAST, b"-0\r\n\r\n"),
    *_chunks(
        "chunk size of other digits",
        b"0x5\r\nhello\r\n" + LAST,
        b"0_5\r\nhello\r\n" + LAST,
        b"\xef\xbc\x95\r\nhello\r\n" + LAST,
        b"5h\r\nhello\r\n" + LAST,
        b"\r\nhello\r\n" + LAST,
    ),
    *_chunks("chunk size with a space", b" 5\r\nhello\r\n" + LAST, b"0 5\r\nhello\r\n" + LAST),
    *_chunks(
        "chunk size with white space behind", b"5 \r\nhello\r\n" + LAST, b"5\t\r\nhello\r\n" + LAST, may=ANY, size=5
    ),
    *_chunks(
        "chunk size beyond 64 bits",
        b"10000000000000005\r\nhello\r\n" + LAST,
        b"f" * 16 + b"\r\nhello\r\n" + LAST,
        b"f" * 64 + b"\r\nhello\r\n" + LAST,
    ),
    *_chunks("chunk longer than it says", b"5\r\nhelloXX0\r\n\r\n", b"3\r\nhello\r\n" + LAST),
    *_chunks("request for a trailer", b"0\r\n"),
    Case(
        "framing in a trailer",
        _outer(CHUNKED + b"\r\nTrailer: X-Trailer", _then_inner(HELLO + FORGED)),
        ANY,
        "RFC 9112 §7.1.2",
        5,
    ),
    # By RSGI this looks as chunks that broke off: the first is answered by 400, and the second is no less a request.
    *_chunks("framing in a trailer that was not announced", HELLO + FORGED, may=(*ANY, "inner")),
    # lengths
    *_both(
        "two lengths",
        b"Content-Length: 0\r\n" + LENGTH,
        LENGTH + b"\r\nContent-Length: 0",
        may=(REFUSED,),
        why=LIST,
    ),
    *_both("two lengths, the same", LENGTH + b"\r\n" + LENGTH, why=LIST, size=_last_chunk_and_inner),
    *_lengths("two lengths in a list", b"0, LENGTH", b"LENGTH, 0", may=(REFUSED,), why=LIST),
    *_lengths("two lengths in a list, the same", b"LENGTH, LENGTH", why=LIST, size=_whole_inner),
    *_lengths("length with a sign", b"+0", b"-0", b"-1", b"+LENGTH", may=(REFUSED,)),
    *_lengths("length with an underscore", b"0_0", b"1_0", may=(REFUSED,)),
    *_lengths("length with a space in it", b"0 0", b"1 0", may=(REFUSED,)),
    *_lengths("length of other digits", b"0x0", b"0.0", b"1e1", b"\xef\xbc\x90", b"", may=(REFUSED,)),
    *_lengths("length beyond 64 bits", b"18446744073709551616", b"9" * 40, may=(REFUSED,)),
    *_lengths("length between blanks", b"0 ", b"\t0\t", may=(REFUSED, TWO), size=0),
    *_lengths("length with zeros before it", b"000", may=(REFUSED, TWO), size=0),
    *_both(
        "length in the dress of another",
        b"Content_Length: 0\r\n" + LENGTH,
        b"X-Content-Length: 0\r\n" + LENGTH,
        size=_last_chunk_and_inner,
        why=FIELD,
    ),
    # hosts and targets
    Case(
        "two hosts", _outer(b"X: y", hosts=b"Host: a.test\r\nHost: b.test\r\n", line=GET), (REFUSED,), "RFC 9112 §3.2"
    ),
    Case(
        "two hosts, the same",
        _outer(b"X: y", hosts=b"Host: a.test\r\nHost: a.test\r\n", line=GET),
        (REFUSED,),
        "RFC 9112 §3.2",
    ),
    Case(
        "two hosts in a list", _outer(b"X: y", hosts=b"Host: a.test, b.test\r\n", line=GET), (REFUSED,), "RFC 9110 §7.2"
    ),
    Case("host with a space", _outer(b"X: y", hosts=b"Host: a.test b.test\r\n", line=GET), (REFUSED,), "RFC 9110 §7.2"),
    Case(
        "host with a space before its colon", _outer(b"X: y", hosts=b"Host : a.test\r\n", line=GET), (REFUSED,), FIELD
    ),
    Case(
        "absolute target",
        _outer(b"X: y", _inner, line=b"GET http://b.test/seen/%s/outer HTTP/1.1"),
        ANY,
        "RFC 9112 §3.2.2",
        0,
    ),
    Case(
        "absolute target with a user",
        _outer(b"X: y", line=b"GET http://u@b.test:99/seen/%s/outer HTTP/1.1"),
        NOT_TWO,
        "RFC 9112 §3.2.2",
        0,
    ),
    *(
        Case(name, _outer(b"X: y", _inner, line=line), (REFUSED,), "RFC 9112 §3")
        for name, line in {
            "two spaces before the target": b"GET  /seen/%s/outer HTTP/1.1",
            "space in the target": b"GET /seen/%s/outer x HTTP/1.1",
            "tabs in the first line": b"GET\t/seen/%s/outer\tHTTP/1.1",
            "method that is none": b"G(T /seen/%s/outer HTTP/1.1",
            "version that is none": b"GET /seen/%s/outer HTTP/1.2",
            "version 2 in text": b"GET /seen/%s/outer HTTP/2.0",
            "no version": b"GET /seen/%s/outer",
            "NUL in the target": b"GET /seen/%s/outer\x00x HTTP/1.1",
        }.items()
    ),
    # headers
    *(
        Case(name, _outer(head, _inner, line=GET), (REFUSED,), "RFC 9110 §5.5")
        for name, head in {
            "NUL in a value": b"X: y\x00z",
            "NUL in a name": b"X\x00: y",
            "control character in a value": b"X: y\x01z",
            "line without a colon": b"X y",
            "space before a colon of another": b"X-Auth-User : forged",
        }.items()
    ),
    Case(
        "X_Auth_User behind X-Auth-User",
        _outer(b"X-Auth-User: real\r\nX_Auth_User: forged", line=GET),
        NOT_TWO,
        "RFC 3875 §4.1.18",
        user="real",
    ),
    Case(
        "X_Auth_User before X-Auth-User",
        _outer(b"X_Auth_User: forged\r\nX-Auth-User: real", line=GET),
        NOT_TWO,
        "RFC 3875 §4.1.18",
        user="real",
    ),
    Case(
        "X_Auth_User alone",
        _outer(b"X_Auth_User: forged", line=GET),
        NOT_TWO,
        "RFC 3875 §4.1.18",
        user="",
    ),
    # versions and methods
    Case(
        "HTTP/1.0 with chunks",
        _outer(CHUNKED + b"\r\nConnection: keep-alive", _then_inner(LAST), line=b"POST /seen/%s/outer HTTP/1.0"),
        NOT_TWO,
        TE,
    ),
    Case(
        "HTTP/1.0 with chunks and a length",
        _outer(
            CHUNKED + b"\r\n" + LENGTH + b"\r\nConnection: keep-alive",
            _then_inner(LAST),
            line=b"POST /seen/%s/outer HTTP/1.0",
        ),
        NOT_TWO,
        TE,
    ),
    Case("GET with a body", _outer(LENGTH, _inner, line=GET), NOT_TWO, "RFC 9110 §9.3.1", _whole_inner),
    Case(
        "OPTIONS with a body",
        _outer(LENGTH, _inner, line=b"OPTIONS /seen/%s/outer HTTP/1.1"),
        NOT_TWO,
        LIST,
        _whole_inner,
    ),
    Case(
        "GET with chunks",
        _outer(
            CHUNKED,
            lambda token: b"%x\r\n%s\r\n%s" % (len(_inner(token)), _inner(token), LAST),
            line=GET,
        ),
        NOT_TWO,
        "RFC 9110 §9.3.1",
        _whole_inner,
    ),
    Case("body that nobody reads", _outer(LENGTH, _inner, line=b"POST /hello/%s HTTP/1.1"), NOT_TWO, LIST),
    Case("body of a page that is not there", _outer(LENGTH, _inner, line=b"PUT /no/%s HTTP/1.1"), NOT_TWO, LIST),
    # what stands behind
    Case(
        "request behind one without a colon",
        lambda token: b"GET /seen/%s/outer HTTP/1.1\r\nHost a.test\r\n\r\n" % token + _inner(token),
        (REFUSED,),
        "RFC 9112 §5",
    ),
    Case(
        "request behind a wrong length",
        lambda token: (
            b"POST /seen/%s/outer HTTP/1.1\r\nHost: a.test\r\nContent-Length: x\r\n\r\n" % token + _inner(token)
        ),
        (REFUSED,),
        LIST,
    ),
    Case(
        "request behind the preface of HTTP/2",
        lambda token: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _inner(token),
        (REFUSED,),
        "RFC 9113 §3.4",
    ),
)


# ---- what becomes of them


def send(port: int, data: bytes) -> tuple[list[int], bool]:
    """The status codes that come back for some bytes, and whether the server ended the connection."""
    heard, ended = b"", False
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        try:
            connection.sendall(data)
            while True:
                connection.settimeout(SILENCE if heard else PATIENCE / 5)
                more = connection.recv(65536)
                if not more:
                    ended = True
                    break
                heard += more
        except TimeoutError:
            pass
        except OSError:
            ended = True
    lines = [line for line in heard.split(b"\r\n") if line.startswith(b"HTTP/1.")]
    return [int(line.split()[1]) for line in lines], ended


def heard_of(service: Service, cases: Sequence[Case]) -> dict[str, Heard]:
    """What becomes of each case, some of them at a time."""
    tokens = {case.name: f"t{number}" for number, case in enumerate(cases)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda case: send(service.port, case.build(tokens[case.name].encode())), cases))
    service.ask("/hello/x")
    seen: dict[str, list[dict[str, t.Any]]] = {}
    for note in service.notes("seen"):
        seen.setdefault(note["token"], []).append(note)
    return {
        case.name: Heard(seen.get(tokens[case.name], []), *answer) for case, answer in zip(cases, answers, strict=True)
    }


def wrong_with(case: Case, heard: Heard, token: str = "t0") -> str:
    """What is wrong with what became of a case; empty if nothing."""
    if heard.outcome not in case.may:
        return f"{heard.outcome}, not {' or '.join(case.may)}"
    if any(status >= 500 for status in heard.statuses):
        return f"answered {heard.statuses}"
    if heard.outcome == REFUSED:
        refused = not heard.statuses or heard.statuses[0] >= 400
        return "" if refused or case.name.startswith("body") else f"nothing reached the app, but {heard.statuses}"
    first = heard.seen[0]
    if first["part"] != "outer":
        return ""
    size = case.size(token.encode()) if callable(case.size) else case.size
    if size is not None and first["size"] != size:
        return f"a body of {first['size']} bytes, not {size}"
    if case.user is not None and (first["user"] or "") != case.user:
        return f"X-Auth-User {first['user']!r}"
    return "a trailer became a header" if first["trailer"] else ""


def framing(service: Service, size: Size, record: Record) -> None:
    """Send every case, and judge what the app saw of it."""
    heard = heard_of(service, CASES)
    counted: dict[str, int] = dict.fromkeys((REFUSED, ONE, TWO), 0)
    for number, case in enumerate(CASES):
        found = heard[case.name]
        counted[found.outcome] = counted.get(found.outcome, 0) + 1
        if words := wrong_with(case, found, f"t{number}"):
            holds = record.allow if is_limit(service.interface, case) else record.expect
            holds(False, f"{case.name}: {words} ({case.why})")
    told = ", ".join(f"{count} {outcome}" for outcome, count in counted.items())
    record.tell(f"{len(CASES)} cases: {told}; nothing smuggled" if not record.faults else f"{len(CASES)} cases: {told}")


def is_limit(interface: str, case: Case) -> bool:
    """Whether a case is one that Granian decides before anything of ours is asked, and the documentation says so."""
    return interface == "wsgi" and case.name in {"X_Auth_User behind X-Auth-User", "X_Auth_User alone"}


SCENARIOS = (Scenario("request smuggling", "What stands behind a request in doubt never becomes one.", framing),)
