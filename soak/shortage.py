"""A service that has not enough of something: room on the disk for uploads, open files for connections.

It answers by an error or not at all while that lasts, and is as before when it is over.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import time
import typing as t

from soak.kinds import multipart
from soak.load import Visitors
from soak.model import Record, Scenario, Size, eventually
from soak.service import HAS_PROC, Service, open_files
from tests.contract.wire import Broken

ROOM = 1_500_000  # bytes
TOO_LARGE = 3_000_000
FITS = 700_000  # goes to a file as well
FEW_FILES = 96


@contextlib.contextmanager
def small_disk(service: Service) -> t.Iterator[str]:
    """Have temporary files lie where there is little room, if this machine lets us; what there is, in words."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(service.temporary)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield "a file system of 1.5 MB" if mounted else "a limit of 1.5 MB for a file"
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(service.temporary)], check=False)


def full_disk(service: Service, size: Size, record: Record) -> None:
    """Uploads for which there is no room are answered by an error; those for which there is go on."""
    workers = service.workers()
    with small_disk(service) as words:
        rounds, refused, fitted = max(2, size.aborted // 10), 0, 0
        for _ in range(rounds):
            kind, body = multipart(os.urandom(TOO_LARGE))
            with contextlib.suppress(OSError, Broken), service.connect() as client:
                answer = client.ask("/upload/too-large", "POST", [kind, ("Connection", "close")], body)
                refused += answer.status in {413, 500, 503, 507}
            data = os.urandom(FITS)
            kind, body = multipart(data)
            with service.connect() as client:
                answer = client.ask("/upload/fits", "POST", [kind], body)
                fitted += answer.status == 200 and answer.json["digest"] == hashlib.sha256(data).hexdigest()
        left = eventually(lambda: not any(service.temporary.iterdir()), 5)
    record.tell(f"{words}: {refused} of {rounds} uploads without room answered by an error, {fitted} others taken")
    record.expect(refused == rounds, "an upload that did not fit was not answered by an error")
    record.expect(fitted == rounds, "an upload that fitted was not taken")
    record.expect(not service.notes("upload", "too-large"), "a part of an upload was taken for all of it")
    record.expect(left, "temporary files are left")
    record.expect(service.workers() == workers, "a worker did not live through it")


def out_of_files(service: Service, size: Size, record: Record) -> None:
    """More connections than a worker may have files open, then an app that takes what is left of them."""
    workers = service.workers()
    _too_many_connections(service, workers, size, record)
    _none_left(service, size, record)
    record.expect(service.workers() == workers, "a worker did not live through it")


def _too_many_connections(service: Service, workers: set[int], size: Size, record: Record) -> None:
    before, began = service.processor_time(), time.monotonic()
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(FEW_FILES * 3):
            with contextlib.suppress(OSError):
                clients.append(stack.enter_context(service.connect(1)))
        for client in clients:
            with contextlib.suppress(OSError):
                client.send(b"GET /hello/x HTTP/1.1\r\nHost: site.test\r\n")
        time.sleep(size.seconds)
        held = max(open_files(process) for process in workers) if HAS_PROC else 0
    lasted, spent = time.monotonic() - began, service.processor_time() - before
    record.tell(
        f"{len(clients)} connections: {held} of {FEW_FILES} files open in a worker, {spent:.1f} s of processor time in "
        f"{lasted:.1f} s"
    )
    began = time.monotonic()
    record.expect(eventually(lambda: _serves(service)), "it does not serve when the connections are gone")
    record.tell(f"serves again {time.monotonic() - began:.2f} s after they have gone")


def _none_left(service: Service, size: Size, record: Record) -> None:
    """While the app holds every descriptor, connections wait, kept ones are served, and none is lost."""
    milliseconds = int(size.seconds * 500)
    rounds, held = max(2, size.aborted // 10), 0
    with Visitors(service, 2) as visitors:
        for _ in range(rounds):
            with service.connect() as client:
                held = max(held, client.ask(f"/descriptors/{milliseconds}").json["held"])
    record.tell(f"{rounds} times all {held} descriptors that were left taken for {milliseconds} ms: {visitors}")
    record.expect(held, "there were none to take: nothing has been tried")
    record.expect(not visitors.lost and not visitors.counted["refused"], f"requests were lost: {visitors}")
    record.expect(eventually(lambda: _serves(service)), "it does not serve when there are descriptors again")


def _serves(service: Service) -> bool:
    with contextlib.suppress(OSError, Broken):
        return service.ask("/hello/x", patience=2).body == b"Hello, x!"
    return False


SCENARIOS = (
    Scenario(
        "disk full",
        "An upload for which there is no room is an error, and leaves nothing.",
        full_disk,
        is_alone=True,
        limits=(f"size={ROOM}",),
    ),
    Scenario(
        "out of file descriptors",
        "A service that has run out of them serves again when they are there again.",
        out_of_files,
        is_alone=True,
        limits=(f"files={FEW_FILES}",),
    ),
)
