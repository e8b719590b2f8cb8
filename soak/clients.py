"""Clients that misbehave: slow ones, idle ones, ones that go in the middle, ones that send all at once.

Each scenario asks what becomes of the others meanwhile, and what is left behind.
"""

from __future__ import annotations

import contextlib
import json
import time

from soak.kinds import multipart
from soak.load import Visitors, others
from soak.model import Record, Scenario, Size, eventually
from soak.service import HAS_PROC, Service, open_files
from soak.site import FAILURE, PIECE
from tests.contract.wire import Broken, Connection, chunk, request_head

HEAD_TIMEOUT = (4.0, 15.0)  # seconds in which a slow head has to be given up: `flask serve` allows it 5
REST = 3.0  # seconds that a kept connection may rest for certain: the same timeout ends it after 5
SIPS = 0.1  # seconds between two bytes of a slow client
MANY_PIECES = 400  # of a download that nobody reads to its end: 26 MB, more than the system keeps on its way
PIPELINED = 50


def _judge_others(visitors: Visitors, record: Record, meanwhile: str) -> None:
    record.tell(f"others meanwhile: {visitors.counted['answered']:,} answered, {visitors.latency()}")
    record.expect(visitors.counted["answered"], f"nobody else was served during {meanwhile}")
    record.expect(not visitors.lost and not visitors.counted["refused"], f"others during {meanwhile}: {visitors}")


def _is_well(service: Service, workers: set[int], record: Record) -> None:
    record.expect(service.workers() == workers, "a worker did not live through it")
    record.expect(service.ask("/hello/x").body == b"Hello, x!", "it does not serve afterwards")


def _files(workers: set[int]) -> int:
    return sum(open_files(process) for process in workers) if HAS_PROC else 0


def _closes_files(workers: set[int], before: int, record: Record) -> None:
    """What was opened for those clients has to be closed: all but a few that others have kept."""
    held = eventually(lambda: _files(workers) <= before + 8)
    record.expect(held, f"{_files(workers) - before} files and sockets are left open")


def slow_heads(service: Service, size: Size, record: Record) -> None:
    """Connections on which the head of a request comes byte by byte, and never ends."""
    workers = service.workers()
    before = _files(workers)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in range(size.slow_heads)]
        began = time.monotonic()
        for client in clients:
            client.send(b"GET /hello/slow HTTP/1.1\r\nHost: site.test\r\nX-Slow: ")
        ended: list[float] = []
        with others(service) as visitors:
            until = began + (HEAD_TIMEOUT[1] if size.waits else size.seconds)
            while clients and time.monotonic() < until:
                for client in [*clients]:
                    try:
                        client.send(b"a")
                    except OSError:
                        clients.remove(client)
                        ended.append(time.monotonic() - began)
                time.sleep(SIPS)
        _judge_others(visitors, record, "slow heads")
    if size.waits:
        record.tell(f"{len(ended)} of {size.slow_heads} slow heads given up after {min(ended, default=0):.1f} s")
        record.expect(len(ended) == size.slow_heads, f"{len(clients)} slow heads were never given up")
        record.expect(all(one >= HEAD_TIMEOUT[0] for one in ended), "a slow head was given up too early")
    _closes_files(workers, before, record)
    _is_well(service, workers, record)


def slow_bodies(service: Service, size: Size, record: Record) -> None:
    """Uploads that come byte by byte, and are whole in the end."""
    workers = service.workers()
    total = max(2, int(size.seconds / SIPS))
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in range(size.slow_bodies)]
        for number, client in enumerate(clients):
            client.send(request_head(f"/body/slow-{number}", "POST", [("Content-Length", str(total))]))
        with others(service) as visitors:
            for _ in range(total):
                for client in clients:
                    client.send(b"x")
                time.sleep(SIPS)
        _judge_others(visitors, record, "slow bodies")
        answered = 0
        for client in clients:
            with contextlib.suppress(OSError, Broken):
                answered += client.answer().json == {"size": total}
    record.tell(f"{answered} of {size.slow_bodies} slow bodies answered whole")
    record.expect(answered == size.slow_bodies, "a slow body was not answered")
    _is_well(service, workers, record)


def idle(service: Service, size: Size, record: Record) -> None:
    """Connections of which every other one was once asked something, and on which nothing happens then."""
    workers = service.workers()
    before = _files(workers)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in range(size.idle)]
        for client in clients[::2]:
            client.ask("/hello/x")
        with others(service) as visitors:
            time.sleep(min(size.seconds, REST))
        _judge_others(visitors, record, "idle connections")
        used, went_on = clients[::2], 0
        for client in used:
            with contextlib.suppress(OSError, Broken):
                went_on += client.ask("/hello/x").body == b"Hello, x!"
        record.tell(f"{went_on} of {len(used)} kept connections of {size.idle} idle ones still serve")
        record.expect(went_on == len(used), "a kept connection did not serve after a pause")
        if size.waits:
            given_up = sum(client.ended() for client in clients)
            record.tell(f"{given_up} of {size.idle} idle connections given up in the end")
            record.expect(given_up == size.idle, "an idle connection was never given up")
    _closes_files(workers, before, record)
    _is_well(service, workers, record)


def aborted_uploads(service: Service, size: Size, record: Record) -> None:
    """Uploads whose client goes in the middle: by an end, by a reset, with a length and in chunks."""
    workers = service.workers()
    before = _files(workers)
    kind, body = multipart(b"x" * 1_500_000)
    half = body[: len(body) // 2]
    with others(service) as visitors:
        for number in range(size.aborted):
            client = service.connect()
            if number % 4 < 2:
                length = [kind, ("Content-Length", str(len(body)))]
                client.send(request_head(f"/upload/gone-{number}", "POST", length) + half)
            else:
                coding = [kind, ("Transfer-Encoding", "chunked")]
                client.send(request_head(f"/upload/gone-{number}", "POST", coding) + chunk(half))
            (client.reset if number % 2 else client.close)()
    _judge_others(visitors, record, "aborted uploads")
    _closes_files(workers, before, record)
    _send_half_of_the_chunks(service, size, record)
    taken = {note["token"] for note in service.notes("upload") if note["token"].startswith("gone-")}
    record.tell(f"{size.aborted} uploads broken off, {len(taken)} of them taken for whole")
    record.expect(not taken, f"half an upload was taken for a whole one: {sorted(taken)[:5]}")
    left = eventually(lambda: not any(service.temporary.iterdir()))
    record.expect(left, f"temporary files are left: {[path.name for path in service.temporary.iterdir()][:5]}")
    _is_well(service, workers, record)


def _send_half_of_the_chunks(service: Service, size: Size, record: Record) -> None:
    """Bodies in chunks that break off, of which nothing but their framing says that they are not whole."""
    for number in range(size.aborted):
        with service.connect() as client:
            client.send(request_head(f"/body/half-{number}", "POST", [("Transfer-Encoding", "chunked")]))
            client.send(chunk(b"x" * 1000) + (b"" if number % 2 else b"not a size\r\n"))
    time.sleep(0.2)
    taken = [note for note in service.notes("body") if note["token"].startswith("half-")]
    record.tell(f"{len(taken)} of {size.aborted} bodies without a length that broke off taken for whole")
    holds = record.allow if service.interface == "wsgi" else record.expect
    holds(not taken, "a body in chunks that breaks off looks like a whole one")


def aborted_downloads(service: Service, size: Size, record: Record) -> None:
    """Downloads whose client goes in the middle: the view's generator is closed."""
    workers = service.workers()
    before = _files(workers)
    with others(service) as visitors:
        for number in range(size.aborted):
            client = service.connect()
            client.send(request_head(f"/download/gone-{number}/{MANY_PIECES}"))
            client.head()
            (client.reset if number % 2 else client.close)()
    _judge_others(visitors, record, "aborted downloads")
    ended = eventually(lambda: _open_downloads(service) == 0)
    record.tell(f"{size.aborted} downloads broken off, {_open_downloads(service)} generators left open")
    record.expect(ended, "a generator whose client had gone was not closed")
    _closes_files(workers, before, record)
    _is_well(service, workers, record)


def _open_downloads(service: Service) -> int:
    return len(service.notes("begun")) - len(service.notes("ended"))


def unread(service: Service, size: Size, record: Record) -> None:
    """Clients that ask for much and read nothing: they hold up nobody else, and all they held is let go of."""
    workers = service.workers()
    before, count = _files(workers), max(4, size.aborted // 8)
    with contextlib.ExitStack() as stack:
        for number in range(count):
            client = stack.enter_context(service.connect())
            client.send(request_head(f"/download/unread-{number}/{MANY_PIECES}"))
        with others(service) as visitors:
            time.sleep(size.seconds)
        _judge_others(visitors, record, "downloads that nobody reads")
    record.tell(f"{count} clients that read nothing")
    record.expect(eventually(lambda: _open_downloads(service) == 0), "a generator was not closed")
    _closes_files(workers, before, record)
    _is_well(service, workers, record)


def half_closed(service: Service, size: Size, record: Record) -> None:
    """Clients that say they will send nothing more, and wait for the answer; and such as never say anything."""
    workers = service.workers()
    before = _files(workers)
    answered = 0
    with others(service) as visitors:
        for _ in range(size.aborted):
            with service.connect() as client, contextlib.suppress(OSError, Broken):
                client.send(request_head("/hello/x"))
                client.end_of_sending()
                answered += client.answer().body == b"Hello, x!"
        for _ in range(size.aborted):
            with service.connect() as client:
                client.end_of_sending()
    _judge_others(visitors, record, "half-closed connections")
    record.tell(f"{answered} of {size.aborted} clients that had closed their half were answered")
    record.allow(answered == size.aborted, "the server takes the end of what a client sends for the client's end")
    _closes_files(workers, before, record)
    _is_well(service, workers, record)


def pipelined(service: Service, size: Size, record: Record) -> None:
    """Requests in one packet are answered in their order, each its own."""
    workers = service.workers()
    rounds = max(1, size.aborted // 4)
    right = 0
    for _ in range(rounds):
        with service.connect() as client:
            client.send(b"".join(_numbered(number) for number in range(PIPELINED)))
            for number in range(PIPELINED):
                right += _answer_of(client, number)
    record.tell(f"{right:,} of {rounds * PIPELINED:,} requests, {PIPELINED} in each packet, answered in their order")
    record.expect(right == rounds * PIPELINED, "pipelined requests were not answered in their order")
    _is_well(service, workers, record)


def _numbered(number: int) -> bytes:
    """Requests of three kinds, so that also those with a body stand between others."""
    if number % 3 == 1:
        return request_head(f"/body/{number}", "POST", [("Content-Length", str(number))]) + b"x" * number
    if number % 3 == 2:
        return request_head(f"/stream/{number}")
    return request_head(f"/hello/{number}")


def _answer_of(client: Connection, number: int) -> bool:
    body = client.answer().body
    if number % 3 == 1:
        return bool(json.loads(body) == {"size": number})
    return body == (f"{number} /stream/{number}\n" * 3 if number % 3 == 2 else f"Hello, {number}!").encode()


def broken_streams(service: Service, size: Size, record: Record) -> None:
    """An answer whose stream fails in the middle must not look whole."""
    workers = service.workers()
    rounds, clean = max(2, size.aborted // 8), 0
    for _ in range(rounds):
        with service.connect() as client:
            client.send(request_head("/breaks"))
            with contextlib.suppress(Broken, OSError):
                client.answer()
                clean += 1
    record.tell(f"{rounds} streams that failed, {clean} of them ended as if they were whole")
    holds = record.allow if service.interface == "wsgi" else record.expect
    holds(not clean, f"a stream that failed ({FAILURE}) ends as any other")
    _is_well(service, workers, record)


assert len(PIECE) * MANY_PIECES > 20_000_000

SCENARIOS = (
    Scenario("slow heads", "Heads that never end hold up nobody, and are given up.", slow_heads),
    Scenario("slow bodies", "Bodies that come byte by byte hold up nobody, and are answered.", slow_bodies),
    Scenario("idle connections", "Connections on which nothing happens hold up nobody.", idle),
    Scenario("aborted uploads", "Half an upload is never taken for a whole one, and leaves nothing.", aborted_uploads),
    Scenario("aborted downloads", "A download that nobody has any more is closed.", aborted_downloads),
    Scenario("unread downloads", "A download that nobody reads holds up nobody.", unread),
    Scenario("half-closed connections", "Connections of which one half is closed hold up nobody.", half_closed),
    Scenario("pipelining", "Requests in one packet are answered in their order.", pipelined),
    Scenario("broken streams", "An answer that fails in the middle does not look whole.", broken_streams),
)
