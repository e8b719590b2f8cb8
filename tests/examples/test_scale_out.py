"""The bakery past one machine: whatever dies or is replaced, no session, no accepted order and no job is lost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.examples.bakery import Bakery, Crowd, Customer, NotInstalled, found, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the example is for Debian"),
]


@pytest.fixture(scope="module")
def bakery() -> Iterator[Bakery]:
    """All of it, for all tests of this module: what one test has killed is there again at its end."""
    running = Bakery()
    try:
        try:
            running.ready()
        except NotInstalled as missing:
            if os.environ.get("CI"):
                pytest.fail(str(missing), pytrace=False)
            pytest.skip(str(missing))
        yield running
    finally:
        running.remove()


@pytest.fixture
def shop(bakery: Bakery) -> int:
    """The port of nginx."""
    return int(bakery.state["url"].rpartition(":")[2])


@pytest.fixture
def nodes(bakery: Bakery) -> tuple[int, int]:
    """The ports of the two nodes."""
    return bakery.port("node1"), bakery.port("node2")


def held(crowd: Crowd) -> None:
    """Nothing failed, every order that was accepted is in the database, and none of them twice."""
    assert crowd.failures == []
    assert set(crowd.answers) == {("order", 303), ("look", 200)}
    assert {customer.name: customer.orders() for customer in crowd.customers} == {
        customer.name: crowd.accepted[customer] for customer in crowd.customers
    }


def test_a_session_that_began_on_one_node_goes_on_at_the_other(nodes: tuple[int, int]) -> None:
    """Sessions are in Redis: who has signed in at one node is known at the other, and at neither after signing out."""
    first, second = nodes
    customer = Customer(first).joined()
    assert customer.name in customer.at(second).page("/")
    assert customer.order().status == 303
    assert customer.at(first).orders() == 1
    kept = dict(customer.cookies)
    assert customer.post("/sign-out").status == 303
    for port in nodes:
        customer.cookies = dict(kept)  # as somebody would who had copied them
        assert customer.at(port).get("/").location.startswith("/sign-in")


def test_wrong_passwords_are_counted_over_both_nodes(nodes: tuple[int, int]) -> None:
    """Limits are in Redis: five wrong passwords, at whichever node, and both refuse a sixth, even a right one."""
    customer = Customer(nodes[0]).joined()
    intruder = Customer(nodes[0])
    statuses = [intruder.at(nodes[turn % 2]).sign_in(customer.name, "a guess").status for turn in range(5)]
    assert statuses == [401] * 5
    assert [intruder.at(port).sign_in(customer.name).status for port in nodes] == [429, 429]
    assert intruder.sign_in("somebody.else", "a guess").status == 401


def test_an_order_that_comes_twice_is_done_once(nodes: tuple[int, int]) -> None:
    """The database knows each key once: whoever repeats an order, at any node and at any time, is told the same."""
    customer, key = Customer(nodes[0]).joined(), str(uuid.uuid4())
    doubles = [Customer(port, customer.name) for port in nodes * 4]
    for double in doubles:
        double.cookies, double._token = dict(customer.cookies), customer.token()
    with ThreadPoolExecutor(len(doubles)) as threads:
        answers = list(threads.map(lambda double: double.order("cake", 3, key), doubles))
    assert [answer.status for answer in answers] == [303] * 8
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert customer.orders() == 1
    assert customer.order("cake", 4, key).status == 409
    assert customer.order("cake", 3, "").status == 400
    assert customer.orders() == 1


def test_nobody_sees_that_a_node_dies_and_comes_back(bakery: Bakery, shop: int) -> None:
    """A node is killed under load and started again: no request fails, no session ends, no order is lost or doubled."""
    before = bakery.pid("node2")
    with Crowd(shop) as crowd:
        crowd.wait_for(100)
        assert {node for node, _ in crowd.seen} == {"node1", "node2"}
        bakery.kill("node2")
        crowd.wait_for(100)
        wait_until(lambda: bakery.pid("node2") != before, "another node2", bakery.log)
        version = bakery.state["version"]
        seen = crowd.seen["node2", version]
        wait_until(lambda: crowd.seen["node2", version] > seen + 20, "answers of the new node2", bakery.log)
    held(crowd)


def test_an_order_whose_node_dies_before_the_answer_is_placed_by_the_other(bakery: Bakery, shop: int) -> None:
    """A node killed with orders half done costs none: nginx sends them to the other, where each is done once."""
    before = bakery.pid("node2")
    customers = [Customer(shop).joined() for _ in range(6)]
    for customer in customers:
        customer.token()
    with ThreadPoolExecutor(len(customers)) as threads:
        with bakery.locked_orders() as waiting:
            answers = [threads.submit(customer.order) for customer in customers]
            wait_until(lambda: waiting() == len(customers), "orders that wait", bakery.log)
            bakery.kill("node2")
        assert [answer.result().status for answer in answers] == [303] * len(customers)
        assert {answer.result().headers["X-Node"] for answer in answers} == {"node1"}
    assert [customer.orders() for customer in customers] == [1] * len(customers)
    asked = (bakery.folder / "nginx" / "access.log").read_text(encoding="utf-8")
    assert '"statuses":"502, 303"' in asked
    wait_until(lambda: bakery.pid("node2") != before, "another node2", bakery.log)


@pytest.mark.parametrize(("dish", "number"), [("stollen", signal.SIGHUP), ("baguette", signal.SIGUSR2)])
def test_nobody_sees_that_a_new_version_comes_in(bakery: Bakery, shop: int, dish: str, number: signal.Signals) -> None:
    """A version rolled in under load, worker by worker or node by node, costs no request, session, order or job."""
    asked = Customer(shop).joined()
    assert asked.order(dish).status == 422
    with Crowd(shop) as crowd:
        crowd.wait_for(50)
        reports = [asked.want_report() for _ in range(5)]
        bakery.edit("MENU = (", f'MENU = ("{dish}", ')
        version = bakery.roll(number)
        reports += [asked.want_report() for _ in range(5)]
        before = {seen: count for seen, count in crowd.seen.items() if seen[1] != version}
        crowd.wait_for(50)
        after = {seen: count for seen, count in crowd.seen.items() if seen[1] != version}
    assert before == after
    held(crowd)
    assert {("node1", version), ("node2", version)} <= set(crowd.seen)
    assert [asked.read_report(report)[0] for report in reports] == ["nothing yet\n"] * 10
    assert asked.order(dish).status == 303


def test_a_version_that_is_broken_does_not_come_in(bakery: Bakery, shop: int) -> None:
    """What cannot even be loaded is said, and every process stays what it is; so are those that are started later."""
    customer = Customer(shop).joined()
    version = customer.get("/version").text
    bakery.edit("MENU = (", "MENU = broken(")
    try:
        bakery.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "is not taken any further" in bakery.log(), "a refusal", bakery.log)
        assert "NameError: name 'broken' is not defined" in bakery.log()
    finally:
        bakery.edit("MENU = broken(", "MENU = (")
    wait_until(lambda: os.readlink(bakery.folder / "current").endswith(f"/{version.strip()}"), "the old version")
    assert {customer.get("/version").text for _ in range(8)} == {version}
    assert customer.order().status == 303


@pytest.mark.parametrize("what", ["worker", "its child"])
def test_a_job_whose_worker_is_killed_is_done_by_another(bakery: Bakery, shop: int, what: str) -> None:
    """Kill -9 in the middle of a job, of the whole worker or of its child: the job is begun again, once."""
    customer = Customer(shop).joined()
    assert customer.order("cake", 5).status == 303
    with bakery.locked_orders():
        report = customer.want_report()
        wait_until(lambda: 'id="under-way"' in customer.page(report), "the job", lambda: bakery.log("worker1"))
        worker = found(r'id="under-way">(\w+)@', customer.page(report))
        if what == "worker":
            bakery.kill(worker)
        else:
            children = Path(f"/proc/{bakery.pid(worker)}/task/{bakery.pid(worker)}/children").read_text().split()
            for child in children:
                os.kill(int(child), signal.SIGKILL)
    assert customer.read_report(report) == ("cake: 5 in 1 orders\n", 2)


def test_the_id_of_a_request_is_in_every_log(bakery: Bakery, shop: int) -> None:
    """Nginx names a request; its own log, the node's, the app's record and the job's have that name."""
    customer = Customer(shop).joined()
    answer = customer.post("/reports", key=str(uuid.uuid4()))
    customer.read_report(answer.location)
    name = answer.headers["X-Request-ID"]
    nginx = (bakery.folder / "nginx" / "access.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in nginx.splitlines() if name in line]
    assert [(line["id"], line["request"], line["status"]) for line in lines] == [(name, "POST /reports", 303)]
    node = bakery.log(answer.headers["X-Node"])
    said = [json.loads(line)["message"] for line in node.splitlines() if name in line]
    assert any(message.startswith("POST /reports") for message in said)
    assert any(message.endswith("wanted") for message in said)
    workers = bakery.log("worker1") + bakery.log("worker2")
    assert any(name in line for line in workers.splitlines())


def test_nothing_is_left_when_it_ends(bakery: Bakery) -> None:
    """Ctrl+C ends every process, each in its own way and none by force."""
    pids = [process["pid"] for process in bakery.state["processes"].values()]
    assert bakery.end() == 0, bakery.log()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            pytest.fail(f"{pid} is still there")
