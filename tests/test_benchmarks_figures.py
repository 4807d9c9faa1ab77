"""The benchmark's arithmetic, verdicts and documents."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks import document, processes, results, verdicts
from benchmarks.processes import BenchmarkError, Command, Measurement, Used
from benchmarks.results import CaseResult, Entry, Results

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = dict.fromkeys(
    (
        *("day", "commit", "processor", "memory", "system", "python", "postgres", "meltano"),
        *("singer-sdk", "load"),
    ),
    "x",
)


def entry(*seconds: float, tap: float = 50, target: float = 60, error: str = "") -> Entry:
    used = (Used("tap", 0.25, tap), Used("target", 0.5, target), Used("server", 1, 0))
    return Entry("loads", [Measurement(each, used) for each in seconds], error)


def case(rows: int = 1000, **entries: Entry) -> CaseResult:
    named = {name.replace("_", "-"): each for name, each in entries.items()}
    return CaseResult("A case", rows, named)


def of(**cases: CaseResult) -> Results:
    named = {name.replace("_", "-"): each for name, each in cases.items()}
    parameters = {"rows": 1000, "repeat": 3, "sizes": [2], "peers": []}
    return Results(MACHINE, parameters, {"dlt": "1.0"}, named, {"dbt:build": 3, "in all": 12})


def verdict(found: Results, words: str) -> verdicts.Verdict:
    (one,) = [each for each in verdicts.all_of(found) if words in each.target]
    return one


def test_a_ratio_is_the_median_over_repetitions_not_the_ratio_of_medians() -> None:
    """A machine that slows down between repetitions does not change what is compared."""
    slowing = case(floor=entry(1, 2, 4), waybill=entry(1.5, 2.2, 8))
    assert slowing.ratio("waybill") == 1.5
    assert slowing.difference("waybill", "floor") == 0.5


def test_what_is_repeated_less_is_compared_with_its_own_repetitions() -> None:
    """A peer that ran once is held against the floor of the same repetition."""
    assert case(floor=entry(2, 1, 1), stock=entry(40)).ratio("stock") == 20


def test_processor_time_includes_the_server() -> None:
    """Work moved from tap and target into PostgreSQL does not vanish from the table."""
    assert entry(3, 3).cpu_seconds() == 1.75


@pytest.mark.parametrize(("seconds", "is_met"), [(1.2, True), (1.21, False)])
def test_a_ratio_above_its_limit_is_a_target_missed(seconds: float, is_met: bool) -> None:
    """The table says no where a limit is passed, and yes where it is just kept."""
    found = of(csv_first=case(floor=entry(1), waybill=entry(seconds)))
    assert verdict(found, "first load of a CSV file").is_met is is_met


def test_a_lane_behind_one_peer_is_said_to_be() -> None:
    """One peer that is faster than Waybill by `meltano run` is enough for a no, and is named."""
    entries = {"floor": entry(1), "waybill": entry(1), "waybill_meltano": entry(2)}
    behind = of(csv_first=case(**entries, dlt=entry(1.9), sling=entry(9)))
    said = verdict(behind, "ahead of every peer")
    assert not said.is_met
    assert "dlt" in said.measured
    assert verdict(of(csv_first=case(**entries, dlt=entry(2.1))), "ahead of every").is_met


def test_a_peer_that_landed_something_else_does_not_count() -> None:
    """Nobody is fast by losing rows, and nobody is beaten who did not run."""
    entries = {"floor": entry(1), "waybill": entry(1), "waybill_meltano": entry(2)}
    found = of(csv_first=case(**entries, dlt=entry(0.1, error="lost a row")))
    assert not [each for each in verdicts.all_of(found) if "ahead" in each.target]
    assert "did not land" in document.text(found)


def test_memory_and_growth_are_judged_over_all_sizes() -> None:
    """A peak at one size, or time that grows faster than rows, is not hidden by the others."""
    small = case(1000, floor=entry(1), waybill=entry(2))
    large = case(5000, floor=entry(5), waybill=entry(12), waybill_meltano=entry(13.6))
    large.entries["waybill"].runs.append(entry(12, tap=128).runs[0])
    found = of(csv_first=small, csv_first_5=large)
    assert not verdict(found, "peak memory of the tap").is_met
    assert verdict(found, "peak memory of the target").is_met
    assert not verdict(found, "time a row").is_met
    assert not verdict(found, "ratio falls").is_met
    assert verdict(found, "`meltano run` above the pipe").measured == "1.60 s"


def test_results_are_read_as_they_were_kept(tmp_path: Path) -> None:
    """What the documents show is what was measured."""
    found = of(csv_first=case(floor=entry(1.2344), waybill=entry(2.5, 3.5, error="broken")))
    found.write(tmp_path / "kept.json")
    again = results.read(tmp_path / "kept.json")
    assert (
        again.cases["csv-first"].entries["waybill"] == found.cases["csv-first"].entries["waybill"]
    )
    assert again.cases["csv-first"].entries["floor"].seconds == 1.234
    assert document.text(again).replace("1.234", "1.2344") == document.text(found)


def test_a_case_measured_anew_replaces_its_own_figures_alone() -> None:
    """Cases that were measured before stay, unless they were measured on another input."""
    found = of(csv_first=case(floor=entry(1)))
    found.add(of(csv_first=case(floor=entry(9)), csv_all=case(floor=entry(2))))
    assert found.cases["csv-first"].entries["floor"].seconds == 1
    assert found.cases["csv-all"].entries["floor"].seconds == 2
    larger = of()
    larger.parameters["rows"] = 2000
    with pytest.raises(BenchmarkError, match="2,000 rows"):
        found.add(larger)


def test_documents_that_show_other_results_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A figure edited by hand, or results kept without the table, fail `make check`."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    of(csv_first=case(floor=entry(1), waybill=entry(2))).write(tmp_path / "1.json")
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- benchmarks: targets -->\n<!-- /benchmarks -->\nafter\n")
    monkeypatch.setattr(document, "DOCUMENTS", (page,))
    monkeypatch.setattr("benchmarks.project.ROOT", tmp_path)
    document.write()
    of(csv_first=case(floor=entry(1), waybill=entry(3))).write(tmp_path / "2.json")
    assert document.stale() == ["page.md"]
    document.write()
    assert not document.stale()
    assert page.read_text().startswith("before\n")
    page.write_text(page.read_text().replace("3.00 x", "1.00 x"))
    assert document.stale() == ["page.md"]


def test_the_peak_of_each_process_is_its_own(tmp_path: Path) -> None:
    """The tap's memory is not told as the target's."""
    # A fork begins with the memory of this process, which other tests have made large.
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 + 100
    large = [sys.executable, "-c", f"print(len(bytearray({mib} << 20)))"]
    small = [sys.executable, "-c", "import sys; print(sys.stdin.read())"]
    done = processes.run([Command("tap", large), Command("target", small)], tmp_path)
    tap, target = done.processes
    assert tap.peak_mib > mib > target.peak_mib
    assert (tmp_path / "output").read_text().strip() == str(mib << 20)


def test_a_process_that_fails_has_no_time(tmp_path: Path) -> None:
    """A tap that dies while the target ends well is no fast run; its last words are kept."""
    dying = [sys.executable, "-c", "raise SystemExit('out of luck')"]
    reading = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with pytest.raises(BenchmarkError, match="tap ended with 1: out of luck"):
        processes.run([Command("tap", dying), Command("target", reading)], tmp_path)


def test_a_developers_shell_does_not_change_what_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Byte code that may not be kept triples every start, and a setting could lead elsewhere."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://elsewhere/warehouse")
    assert not {"PYTHONDONTWRITEBYTECODE", "WAREHOUSE_URL"} & set(processes.environment())
    assert processes.environment()["PATH"] == os.environ["PATH"]


def test_the_documents_show_the_results_that_are_kept() -> None:
    """The speed that docs/benchmarks.md and the README claim is the one that was measured."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "check"],
        cwd=document.project.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
