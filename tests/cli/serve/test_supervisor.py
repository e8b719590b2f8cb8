"""`flask serve` as it runs: no request that was accepted is lost, whatever begins, ends or breaks meanwhile."""

from __future__ import annotations

import os
import signal
import socket
import sys
import textwrap
from contextlib import ExitStack
from pathlib import Path

import pytest

from flask.cli.serve.supervisor import CUT_OFF, NEVER_STARTED, SIGNALLED
from tests.cli.server import until

from .service import APP, Crowd, answer, ask, get, is_alive, running, stop, wait_for_end

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and several workers are POSIX"),
]

INTERFACES = ["wsgi", *(pytest.param(name, marks=pytest.mark.slow) for name in ("asgi", "rsgi"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the app is."""
    place = tmp_path / "site"
    place.mkdir()
    return place


# The end


@pytest.mark.parametrize("interface", INTERFACES)
def test_sigterm_loses_no_request_that_was_accepted(folder: Path, interface: str) -> None:
    """Clients on kept connections are told that these close, and none of their requests stays unanswered.

    RFC 9112 §9.6: a server sends "Connection: close" before it closes, so that no client takes the connection for open.
    Granian alone closes it while the next request is on its way.
    """
    with running(folder, "--interface", interface, "--workers", "2") as service:
        service.wait_for_workers(2)
        with Crowd(service) as crowd:
            assert service.end("SIGTERM") == 0
        assert crowd.lost == []
        assert service.log().count("has ended") == 2


def test_sigint_waits_for_requests_that_run_and_for_those_that_wait_for_a_thread(folder: Path) -> None:
    """What waits for the only thread is as accepted as what runs in it."""
    with running(folder, "--workers", "1", "--threads", "1") as service:
        service.wait_for_workers(1)
        with ExitStack() as open_:
            connections = [open_.enter_context(service.connect()) for _ in range(4)]
            for connection in connections:
                ask(connection, "/slow/0.3")
            service.send("SIGINT")
            assert [answer(connection).read() for connection in connections] == [b"slow"] * 4
            assert service.status() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing keeps newcomers out of the queue")
def test_sigterm_answers_whoever_was_queued_before_any_worker_accepted(folder: Path) -> None:
    """A connection in the system's queue was accepted by the system; it would be reset if the socket just closed.

    And whoever comes later is let into no queue that nobody serves any more.
    """
    with running(folder, "--workers", "2") as service:
        workers = service.wait_for_workers(2)
        port = service.port
        for pid in workers:
            stop(pid)
        with ExitStack() as open_:
            queued = [open_.enter_context(service.connect()) for _ in range(5)]
            for connection in queued:
                ask(connection)
            service.send("SIGTERM")
            service.wait_for("SIGTERM received")
            for pid in workers:
                os.kill(pid, signal.SIGCONT)
            assert [answer(connection).read() for connection in queued] == [b"first"] * 5
            assert service.status() == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_the_health_check_says_no_while_requests_are_still_taken(folder: Path) -> None:
    """A load balancer has --shutdown-delay to learn of the end; until then every request is answered."""
    options = ("--health-path", "/health", "--shutdown-delay", "1.5", "--workers", "1")
    with running(folder, *options) as service:
        service.wait_for_workers(1)
        assert answer_of(service.connect(), "/health") == (200, b"ready\n")
        service.send("SIGTERM")
        until(lambda: str(answer_of(service.connect(), "/health")[0]), "503")
        assert service.get() == "first"
        assert service.status() == 0


def answer_of(connection: socket.socket, path: str) -> tuple[int, bytes]:
    """Status and body."""
    with connection:
        ask(connection, path)
        response = answer(connection)
        return response.status, response.read()


def test_a_request_that_outlasts_the_graceful_timeout_is_cut_off_and_the_status_says_so(folder: Path) -> None:
    """An end that lost a request is not told as one that did not."""
    with running(folder, "--workers", "1", "--graceful-timeout", "1") as service:
        service.wait_for_workers(1)
        with service.connect() as connection:
            ask(connection, "/slow/20.0")
            assert service.get("/pid")
            assert service.end() == CUT_OFF
            assert "was killed: it had not ended within the graceful timeout" in service.log()


def test_the_same_signal_twice_ends_at_once(folder: Path) -> None:
    """Whoever asks again does not want to wait; the status is a shell's for a process that a signal ended."""
    with running(folder, "--workers", "1") as service:
        (worker,) = service.wait_for_workers(1)
        with service.connect() as connection:
            ask(connection, "/slow/20.0")
            assert service.get("/pid")
            service.send("SIGINT")
            service.wait_for("SIGINT received: ending")
            assert service.end("SIGINT") == SIGNALLED + signal.SIGINT
            assert not is_alive(worker)


def test_workers_end_when_their_supervisor_was_killed(folder: Path) -> None:
    """They would hold the address against whoever starts the server anew."""
    with running(folder, "--workers", "2") as service:
        workers = service.wait_for_workers(2)
        service.send("SIGKILL")
        for pid in workers:
            wait_for_end(pid)


# The start


def test_an_app_that_cannot_be_loaded_ends_the_command_with_its_traceback(folder: Path) -> None:
    """The first worker shows it, once, and a status of its own tells it from every other end."""
    with running(
        folder, app="from flask import Flask\napp = Flask(__name__)\nraise RuntimeError('no database')\n"
    ) as service:
        assert service.status() == NEVER_STARTED
        assert service.log().count("RuntimeError: no database") == 1
        assert "The app could not be started" in service.log()


@pytest.mark.parametrize("interface", INTERFACES)
def test_an_app_whose_start_fails_is_not_served(folder: Path, interface: str) -> None:
    """What before_serving raises is a failed start on every interface, and no answer 500."""
    app = APP + "\n@app.before_serving\ndef begin():\n    raise RuntimeError('no pool')\n"
    with running(folder, "--interface", interface, app=app) as service:
        assert service.status() == NEVER_STARTED
        assert "RuntimeError: no pool" in service.log()


def test_an_app_in_debug_mode_is_refused_by_the_worker_that_sees_it(folder: Path) -> None:
    """What no option shows: an app that its own code wraps in Werkzeug's debugger."""
    app = (
        APP
        + "\nfrom werkzeug.debug import DebuggedApplication\napp.wsgi_app = DebuggedApplication(app.wsgi_app, True)\n"
    )
    with running(folder, app=app) as service:
        assert service.status() == NEVER_STARTED
        assert "Wrap it only for development" in service.log()


def test_views_of_blueprints_count_and_the_log_says_why(folder: Path) -> None:
    """The app is looked at when it is complete: a blueprint's async view makes it ASGI."""
    app = APP + textwrap.dedent(
        """
        from flask import Blueprint
        more = Blueprint("more", __name__)

        @more.get("/more")
        async def listed():
            return "more"

        app.register_blueprint(more)
        """
    )
    with running(folder, "--workers", "1", app=app) as service:
        assert service.get("/more") == "more"
        assert "The app is served by ASGI: app.listed is async" in service.log()
        assert service.end() == 0


# Crashes


def test_a_crashed_worker_is_replaced_however_often(folder: Path) -> None:
    """The others serve meanwhile, what waits in the queue is answered by the next, and nobody counts how often."""
    with running(folder, "--workers", "2") as service:
        service.wait_for_workers(2)
        for already in range(2, 6):
            os.kill(service.begun()[-1], signal.SIGKILL)
            service.wait_for_workers(already + 1)
            assert service.get() == "first"
        assert service.log().count("was ended by SIGKILL; it is replaced") == 4
        assert service.end() == 0


def test_all_workers_killed_at_once_lose_no_connection_that_was_queued(folder: Path) -> None:
    """The listening socket is the supervisor's: it outlives every worker."""
    with running(folder, "--workers", "2") as service:
        workers = service.wait_for_workers(2)
        for pid in workers:
            stop(pid)
        with service.connect() as connection:
            ask(connection)
            for pid in workers:
                os.kill(pid, signal.SIGKILL)
            assert answer(connection).read() == b"first"


def test_sigterm_to_a_worker_replaces_it_without_losing_a_request(folder: Path) -> None:
    """As an init system sends it to every process of a service, and an operator to the one that has grown too large."""
    with running(folder, "--workers", "1") as service:
        (worker,) = service.wait_for_workers(1)
        with Crowd(service) as crowd:
            os.kill(worker, signal.SIGTERM)
            service.wait_for("Worker 1 has ended")
        assert crowd.lost == []
        assert len(service.begun()) == 2


# Reloads


@pytest.mark.parametrize("interface", INTERFACES)
def test_sighup_brings_new_code_and_refuses_nobody(folder: Path, interface: str) -> None:
    """One by one, each only once its successor serves: even a single worker leaves no gap."""
    with running(folder, "--interface", interface, "--workers", "1") as service:
        service.wait_for_workers(1)
        with Crowd(service) as crowd:
            (folder / "app.py").write_text(APP.replace('"first"', '"second"'))
            service.send("SIGHUP")
            service.wait_for("Worker 1 has ended")
        assert crowd.lost == []
        assert service.get() == "second"


def test_sighup_brings_new_templates_and_variables(folder: Path) -> None:
    """What a worker reads once, templates and .env, its successor reads anew."""
    app = """
        import os
        from flask import Flask, render_template
        app = Flask(__name__)

        @app.get("/")
        def index():
            return render_template("page.txt", color=os.environ["T_COLOR"])
        """
    (folder / "templates").mkdir()
    page, variables = folder / "templates" / "page.txt", folder / ".env"
    page.write_text("a {{ color }} page")
    variables.write_text("T_COLOR=red\n")
    with running(folder, "--workers", "1", app=app) as service:
        assert service.get() == "a red page"
        page.write_text("another {{ color }} page")
        variables.write_text("T_COLOR=blue\n")
        service.send("SIGHUP")
        service.wait_for("Worker 1 has ended")
        assert service.get() == "another blue page"


def test_a_broken_new_version_leaves_the_old_workers_serving(folder: Path) -> None:
    """The log has the traceback; and once the file is mended, the next SIGHUP brings it."""
    with running(folder, "--workers", "2") as service:
        before = service.wait_for_workers(2)
        (folder / "app.py").write_text(APP + "\n1 / 0\n")
        service.send("SIGHUP")
        service.wait_for("Nothing is replaced: the 2 that serve go on as they are")
        assert "ZeroDivisionError" in service.log()
        assert {service.get("/pid") for _ in range(10)} <= {str(pid) for pid in before}
        (folder / "app.py").write_text(APP.replace('"first"', '"second"'))
        service.send("SIGHUP")
        for pid in before:
            wait_for_end(pid)
        assert service.get() == "second"


def test_max_requests_replaces_a_worker_as_sighup_does(folder: Path) -> None:
    """After the count, by a successor that serves already, with no request lost."""
    with running(folder, "--workers", "1", "--max-requests", "50") as service:
        service.wait_for_workers(1)
        with Crowd(service, clients=3) as crowd:
            service.wait_for_workers(3)
        assert crowd.lost == []


def test_a_saved_file_brings_a_reload_one_by_one(folder: Path) -> None:
    """--reload does what SIGHUP does, as soon as a module changes."""
    with running(folder, "--workers", "1", "--reload") as service:
        service.wait_for_workers(1)
        assert service.get() == "first"
        (folder / "app.py").write_text(APP.replace('"first"', '"second"'))
        service.wait_for("app.py' has changed")
        service.wait_for("Worker 1 has ended")
        assert service.get() == "second"


# Unix domain sockets


def test_a_socket_that_a_killed_server_left_is_taken_and_one_that_answers_is_not(tmp_path: Path, folder: Path) -> None:
    """Nobody has to clean up after a crash, and nobody's socket is taken away; at the end it is gone."""
    path = tmp_path / "s"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    other = tmp_path / "other"
    other.mkdir()
    with running(folder, "--uds", str(path), "--uds-mode", "600", "--workers", "1") as service:
        service.wait_for_workers(1)
        assert path.stat().st_mode & 0o777 == 0o600
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(path))
        assert get(connection) == "first"
        with running(other, "--uds", str(path)) as second:
            assert second.status() == 1
            assert "Another server answers at" in second.log()
        assert service.end() == 0
    assert not path.exists()
