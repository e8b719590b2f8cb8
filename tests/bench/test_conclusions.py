"""What the measurements conclude from their figures is so."""

from __future__ import annotations

import os
import sys
import typing as t
from pathlib import Path

import pytest

from bench import curves, curves_worker, loopback, machine, page, proxies, ratios, rows, servers, start
from bench.scenarios import SCENARIOS
from tests import oracle


def runs(*microseconds: float, calls: int = 30) -> list[dict[str, t.Any]]:
    """The figures of some processes."""
    return [{"us": us, "turns": [us], "calls": calls, "bytecodes": 900} for us in microseconds]


def test_ratios_are_taken_turn_by_turn() -> None:
    """A turn in which the machine was slow for all does not change the ratio, nor does one odd round."""
    slow_once = {"upstream": [{"turns": [100, 900, 100]}], "ours": [{"turns": [10, 90, 10]}]}
    assert ratios.times_faster(slow_once, "ours") == 10
    odd_once = {"upstream": runs(100, 400, 100), "ours": runs(10, 10, 10)}
    assert ratios.times_faster(odd_once, "ours") == 10
    assert ratios.times_faster({"upstream": runs(1), "ours": []}, "ours") is None


def test_table_judges_each_row_by_its_bar() -> None:
    """A row at its bar is met, one below it is not, and the mean is the geometric one over all rows."""
    bar = SCENARIOS["hello"].bar
    found: ratios.Found = {
        "hello": {"upstream": runs(bar * 10.0), "ours": runs(10.0), "falcon": runs(1.0)},
        "session read": {"upstream": runs(40.0), "ours": runs(10.0), "falcon": []},
    }
    text = ratios.text(found)
    hello, session = (next(line for line in text.splitlines() if line.startswith(row)) for row in found)
    assert " met" in hello
    assert "UNMET" in session
    assert " -" in session
    assert f"{(bar * 4) ** 0.5:.2f} times faster" in text
    assert "rows below their bar: 1 of 2 (session read)" in text
    assert f"falcon: {bar * 10:.2f} over the 1 rows that it has" in text


def test_the_table_says_what_changed_since_a_commit() -> None:
    """Rows that take longer, or less, than an earlier commit's are named, where it is beyond noise."""
    found: ratios.Found = {
        "hello": {"upstream": runs(100.0), "ours": runs(10.0), "before": runs(8.0)},
        "404": {"upstream": runs(100.0), "ours": runs(10.1), "before": runs(10.0)},
    }
    assert f"now of before: {(1.25 * 1.01) ** 0.5:.3f} over all rows; beyond 5%: hello 1.25" in ratios.text(found)


ABOUT = {
    "date": "2026-11-22",
    "python": "CPython 3.13.0",
    "system": "Linux x86_64",
    "processor": "a processor",
    "cores": 2,
    "load at the start": "0.00",
    "versions": {"ours": {"flask": "3.1.3", "werkzeug": "3.1.9"}},
}
PAGED: ratios.Found = {
    "hello": {"upstream": runs(180.0), "ours": runs(9.0), "bare": runs(1.0)},
    "async view": {"upstream": runs(600.0), "ours": runs(200.0), "bare": []},
}


def test_the_page_is_a_table_of_all_sides(tmp_path: Path) -> None:
    """Every row has as many cells as there are columns; what is at its bar is bold, what a side lacks a dash."""
    page.write_page(tmp_path, ABOUT, PAGED)
    text = (tmp_path / "table.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    assert "| hello | 180 | 9.0 | **20.0** | 18 | 180 | 30, 30 |" in lines
    assert "| async view | 600 | 200 | 3.0 | 6 | – | 30, 30 |" in lines
    assert text.startswith("2026-11-22, CPython 3.13.0")
    assert "rows below their bar: 1 of 2" in text.lower()


def test_the_page_says_where_ours_stands_against_falcon(tmp_path: Path) -> None:
    """Beside Falcon's ratio stands how many times faster than Falcon ours is, where Falcon has the row."""
    found = {
        "hello": {"upstream": runs(180.0), "ours": runs(9.0), "falcon": runs(6.0)},
        "async view": {"upstream": runs(600.0), "ours": runs(200.0), "falcon": []},
    }
    page.write_page(tmp_path, ABOUT, found)
    text = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "| hello | 180 | 9.0 | **20.0** | 18 | 30.0 | 0.67 | 30, 30 |" in text
    assert "| async view | 600 | 200 | 3.0 | 6 | – | – | 30, 30 |" in text


def test_measuring_leaves_the_garbage_collector_as_it_was() -> None:
    """What a spell keeps the collector from looking through is given back to it."""
    import gc

    before = gc.get_freeze_count()
    curves_worker.hooks(1)
    assert gc.get_freeze_count() <= before  # CPython 3.12 starts with some that it froze itself


def test_the_readme_gets_the_figures_between_its_marks(tmp_path: Path) -> None:
    """What stands around the marks stays, and putting the figures twice changes nothing more."""
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{page.BEGIN}\nstale figures\n{page.END}\nafter\n", encoding="utf-8")
    page.write_readme(readme, ABOUT, PAGED, 7)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{page.BEGIN}\n## Measured\n")
    assert text.endswith(f".\n{page.END}\nafter\n")
    assert "**20.0**" in text
    assert "stale figures" not in text
    page.write_readme(readme, ABOUT, PAGED, 7)
    assert readme.read_text(encoding="utf-8") == text
    readme.write_text("no marks", encoding="utf-8")
    with pytest.raises(SystemExit, match="has not both"):
        page.write_readme(readme, ABOUT, PAGED, 7)


def test_too_many_calls_are_said() -> None:
    """A plain request that takes more Python calls than its bar is said to be beyond it."""
    found = {"hello": {"upstream": runs(200.0), "ours": runs(1.0, calls=ratios.HELLO_CALLS + 1)}}
    assert any("UNMET" in line for line in ratios.verdicts(found))


def test_table_measures_a_row() -> None:
    """A row measured on both sides gives times, calls and instructions of each."""
    sides: dict[str, str | Path] = {"upstream": oracle.require(), "ours": sys.executable}
    found = rows.measure_all(sides, ["hello"], 1, 0, rows.in_fresh_processes(sides))
    for side in sides:
        (figures,) = found["hello"][side]
        assert figures["us"] > 0
        assert figures["calls"] > 5
    assert found["hello"]["upstream"][0]["flask"] != found["hello"]["ours"][0]["flask"]
    assert "hello" in ratios.text(found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are started anew where there is no fork")
def test_forked_processes_count_the_same() -> None:
    """A row measured in a forked process takes the calls that it takes in a new one; a row that fails ends the run."""
    sides: dict[str, str | Path] = {"ours": sys.executable}
    with rows.in_forked_processes(sides) as forked:
        found = rows.measure_all(sides, ["hello", "404"], 2, 0, forked)
        fresh = rows.measure_all(sides, ["hello"], 1, 0, rows.in_fresh_processes(sides))
        assert [run["calls"] for run in found["hello"]["ours"]] == [fresh["hello"]["ours"][0]["calls"]] * 2
        with pytest.raises(SystemExit, match="could not be measured"):
            rows.measure_all(sides, ["no such row"], 1, 0, forked)


def test_sides_without_a_row_are_left_out() -> None:
    """A side that has nothing of the kind is asked once; the others are measured."""
    sides: dict[str, str | Path] = {"bare": sys.executable, "ours": sys.executable}
    found = rows.measure_all(sides, ["async view"], 2, 0, rows.in_fresh_processes(sides))
    assert found["async view"]["bare"] == []
    assert len(found["async view"]["ours"]) == 2


@pytest.mark.parametrize("curve", curves_worker.CURVES)
def test_curves_measure_what_answers_rightly(curve: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each curve's application answers rightly, small and not so small, and gives the same kinds of figures."""
    monkeypatch.setattr(curves_worker, "SECONDS", 0)
    small, larger = (curves_worker.CURVES[curve](size) for size in curves.SIZES[curve][1:3])
    assert set(small) == set(larger)
    assert all(what.endswith((", µs", ", ms", ", kB")) for what in small)


def test_a_body_arrives_piece_by_piece() -> None:
    """The body of a curve is its beginning, as many bytes as asked for, and its end."""
    body = curves_worker.Arriving(b"begin", 100_000, b"end", filled=True)
    pieces = list(iter(lambda: body.read(40_000), b""))
    assert len(pieces) > 3
    data = b"".join(pieces)
    assert (len(data), data[:5], data[-3:]) == (100_008, b"begin", b"end")


def test_memory_that_is_let_go_is_counted() -> None:
    """The most that was held counts what was let go since, begun anew at what is held."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("only Linux begins anew")
    machine.forget_most_resident()
    before = machine.most_resident()
    bytearray(os.urandom(1)) * 20_000_000
    assert 15_000 < machine.most_resident() - before < 40_000


def test_curves_judge() -> None:
    """Registering, streaming and uploading are each held against their bar."""
    most = {curve: sizes[-1] for curve, sizes in curves.SIZES.items()}
    body = {f"{way}, more memory, kB": {most["body"]: {"ours": [9e9], "upstream": [0]}} for way in ("read", "sent")}
    found: curves.Found = {
        "routes": {"registering and first request, ms": {most["routes"]: {"upstream": [30], "ours": [10]}}},
        "body": {
            **body,
            "uploaded, more memory, kB": {most["body"]: {"ours": [8], "upstream": [0]}},
            "uploaded, ms": {most["body"]: {"upstream": [10], "ours": [11]}},
        },
    }
    judged = ["UNMET" if "UNMET" in line else "met" for line in curves.verdicts(found)]
    assert judged == ["met", "UNMET", "UNMET", "met", "UNMET"]


def test_start_judges_import_and_command() -> None:
    """Importing and the command are held against their bar, the rest is stated."""
    cost = {"upstream": [start.Cost(100, 110)], "ours": [start.Cost(60, 90)]}
    figures = {
        "milliseconds": dict.fromkeys(start.LINES, cost),
        "kilobytes": {line: {"upstream": [30_000], "ours": [20_000]} for line in start.MEMORY},
    }
    lines = start.table(figures).splitlines()
    assert [line.split()[-1] for line in lines if line.startswith(("import", "flask"))] == ["met", "UNMET"] * 2
    assert not any(line.endswith("met") for line in lines if line.startswith(("python", "first")))


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="processor time of children is POSIX")
def test_start_runs_its_lines(tmp_path: Path) -> None:
    """Each line is a process that ends well, also the one that answers a request, and says what it took."""
    for line in set(start.LINES) - {"flask --version"}:
        cost = start.run(start.command_of(line, Path(sys.executable)), str(tmp_path))
        assert cost.processor > 0
        assert cost.wall > 0
    with pytest.raises(SystemExit, match="ended with 3"):
        start.run([sys.executable, "-c", "raise SystemExit(3)"], str(tmp_path))


def test_proxies_are_measured_in_a_view() -> None:
    """Each access that is timed works within a request, on both implementations."""
    for interpreter in (oracle.require(), sys.executable):
        found = machine.inside(interpreter, "bench.proxies_worker")
        assert len(found) == 5
        assert all(0 < nanoseconds < 1e6 for nanoseconds in found.values())
    assert "UNMET" in proxies.text({"g.x": {"upstream": [100.0], "ours": [51.0]}})
    assert "UNMET" not in proxies.text({"g.x": {"upstream": [100.0], "ours": [50.0]}})


def test_loopback_counts_what_is_above_bare() -> None:
    """What the bare function costs on the server is taken off both before they are compared."""
    figures = {"upstream": 140.0, "ours": 55.0, "bare": 40.0}
    sides = {side: [{"requests/s": 1000.0, "µs": us}] for side, us in figures.items()}
    text = loopback.text({"granian": {"hello": sides}})
    assert "6.7 times less above bare" in text
    assert "15.0 µs above bare" in text
    assert "UNMET" not in text


def test_loopback_needs_wrk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without wrk nothing is measured: it is said what to install, and the exit code is not 0."""
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(Path, "exists", lambda path: True)
    with pytest.raises(SystemExit, match="apt install wrk") as ended:
        loopback.main([])
    assert ended.value.code not in {0, None}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="read from /proc")
def test_processor_time_is_that_of_the_whole_tree() -> None:
    """What a child of a child took is counted as its grandparent's."""
    import subprocess

    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert servers.processor_time(process.pid) >= 0.25
        process.communicate(b"\n")


@pytest.mark.slow
@pytest.mark.parametrize("server", ["gunicorn"])
def test_a_server_answers_rightly_before_it_is_asked_for_figures(server: str) -> None:
    """A started server gives the row's right answer, and is gone when the block ends."""
    if os.name == "nt":
        pytest.skip("gunicorn is not for Windows")
    with loopback.serving(server, Path(sys.executable), "ours", "hello", 1) as (pid, port):
        assert loopback.answer_is_wrong(port, "hello") == ""
        assert loopback.answer_is_wrong(port, "json with an int").startswith("status 404")
        assert servers.processor_time(pid) > 0
    assert loopback.answer_is_wrong(port, "hello")
