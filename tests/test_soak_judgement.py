"""What a soak makes of what it has seen: every promise can be found broken, and none by mistake."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import document, results
from benchmarks.soak import cycles, judgement, overlaps, recovery, report
from benchmarks.soak.history import History, Receipt, Run, Step
from benchmarks.soak.kills import Kill

if TYPE_CHECKING:
    from pathlib import Path

AIMED = {
    "victim": "scheduler",
    "at": 0.0,
    "runs": ["a"],
    "at_work": ["a"],
    "restarted_after": 40.0,
    "resumed_after": 40.0,
    "recovered_after": 110.0,
    "unrecovered": [],
}
SERVICES = (
    *("api-server", "dag-processor", "heartbeat", "postgres", "scheduler", "triggerer"),
    "watcher",
)
LOST = {"run_id": "b", "schedule": "fast", "status": "lost", "cause": "its process ended"}
GOOD: dict[str, Any] = {
    "machine": {
        "day": "2026-11-30",
        "commit": "abc",
        "processor": "two cores",
        "memory": "24 GiB",
        "load": "1.0",
    },
    "parameters": {"minutes": 30, "calm": 12, "seed": 1, "schedules": [{"name": "fast"}]},
    "commits": {"order": 1234},
    "runs": {"fast succeeded": 40},
    "not_succeeded": [],
    "dag_runs": {"success": 40},
    "receipts": {"balanced": 40, "unbalanced": 0},
    "kills": [AIMED],
    "latency": {
        "calm": {"orders": 200, "p50": 30.0, "p95": 60.0, "p99": 120.0, "max": 130.0},
        "storm": {"orders": 300, "p50": 70.0, "p95": 400.0, "p99": 500.0, "max": 600.0},
    },
    "unseen": 0,
    "overlaps": [],
    "looks": 1500,
    "cycles": {
        "empty": {
            "cycles": 4,
            "seconds": {
                "dbt:build-trade": {"median": 2.0, "max": 3.0},
                cycles.WHOLE: {"median": 20.0, "max": 31.0},
            },
        },
        "with news": {"cycles": 9, "seconds": {cycles.WHOLE: {"median": 33.3, "max": 44.4}}},
    },
    "memory": [
        {"service": name, "process": 1, "minutes": 9.0, "mib": 100.0, "growth": 0.5}
        for name in SERVICES
    ],
    "drained_after": 50.0,
    "processes_left": [],
    "tables": 11,
    "rows_compared": 3471,
    "differences": [],
}


def but(**changes: Any) -> dict[str, Any]:
    """The good soak with something else in it; `a__b` is the key b under a."""
    found = copy.deepcopy(GOOD)
    for path, value in changes.items():
        *folders, name = path.split("__")
        place = found
        for folder in folders:
            place = place[folder]
        place[name] = value
    return found


def test_a_soak_that_kept_every_promise_fails_for_none() -> None:
    """Protects a good soak: each figure at its bound, and a storm whose latency is not judged."""
    assert judgement.failures(GOOD) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (but(differences=["payment: 1 rows of the source are not in raw"]), "not in raw"),
        (but(overlaps=["12:00:00: two"]), "at work at once: 12:00:00: two"),
        (but(unseen=2), "2 committed orders never came"),
        (but(drained_after=None), "no run that began after the last write"),
        (but(receipts__unbalanced=1), "1 receipts do not balance"),
        (but(not_succeeded=[LOST]), "run b of fast is lost: its process ended"),
        (but(not_succeeded=[LOST | {"run_id": "a"}]), "run a of fast is lost"),
        (but(not_succeeded=[LOST | {"status": "running"}]), "run b of fast is running"),
        (but(not_succeeded=[LOST | {"status": "failed"}]), "run b of fast is failed"),
        (but(dag_runs={"success": 39, "failed": 1}), "1 DAG runs are failed"),
        (but(processes_left=["process 7 of run a"]), "left behind: process 7"),
        (but(kills=[AIMED | {"recovered_after": 181.0}]), "succeeded after 181 s, not within 180"),
        (
            but(kills=[AIMED, AIMED | {"recovered_after": None, "unrecovered": ["a"]}]),
            "run a never succeeded after the kill of scheduler",
        ),
        (
            but(kills=[AIMED, AIMED | {"victim": "meltano", "recovered_after": None}]),
            "no receipt balanced after the kill of meltano",
        ),
        (but(latency__calm__p95=60.6), "p95 of the latency in the calm phase is 61 s"),
        (but(latency__calm__p99=121.0), "p99 of the latency in the calm phase is 121 s"),
        (but(cycles__empty__seconds={cycles.WHOLE: {"median": 20.1, "max": 20.1}}), "20.1 s"),
        (
            but(memory=[*GOOD["memory"], GOOD["memory"][0] | {"growth": 0.51}]),
            "api-server (process 1) grew by 0.51 MiB a minute",
        ),
        (but(kills=[AIMED | {"at_work": []}]), "no scheduler was killed in the middle of a step"),
        (but(kills=[]), "no scheduler was killed in the middle of a step"),
        (but(latency__calm={"orders": 49}), "only 49 orders"),
        (but(cycles__empty={"cycles": 2, "seconds": {}}), "only 2 empty cycles"),
        (but(runs={"other succeeded": 9}), "fast never ran"),
        (but(memory=GOOD["memory"][1:]), "api-server never lived for 11 minutes"),
    ],
)
def test_each_broken_promise_fails_a_soak(found: dict[str, Any], words: str) -> None:
    """Protects the verdict: what was lost, slow, at once, left or never shown is said and fails."""
    (problem,) = judgement.failures(found)
    assert words in problem


def test_a_killed_run_that_failed_is_judged_by_who_answered_for_it() -> None:
    """Protects a soak from failing where a later balanced receipt took a failed run up."""
    assert judgement.failures(but(not_succeeded=[LOST | {"run_id": "a", "status": "failed"}])) == []


def test_a_short_soak_says_what_it_could_not_show_and_does_not_fail_for_it() -> None:
    """Protects the short form, which is too short for memory and many orders."""
    short = but(parameters__minutes=4, memory=[])
    assert judgement.failures(short) == []
    assert "not shown: scheduler never lived for 11 minutes" in report.text(short)


def run(run_id: str, status: str, began: float, ended: float | None, rows: int = 0) -> Run:
    return Run(run_id, "fast", status, began, ended, None, None, rows)


def step(run_id: str, began: float, ended: float | None, attempt: int = 1, **also: Any) -> Step:
    given = {"step": "dbt:build-trade", "status": "succeeded", "process_id": 5} | also
    return Step(run_id, attempt=attempt, started_at=began, ended_at=ended, **given)


def followed(history: History, at_work: tuple[str, ...] = ("a",)) -> Kill:
    kill = Kill("scheduler", 100.0, list(at_work), list(at_work))
    recovery.follow(kill, history)
    return kill


def test_recovery_is_that_of_the_killed_run() -> None:
    """Protects the recovery figure from receipts and steps of other runs that just went on."""
    others = [step("b", 101, 102), step("a", 90, 140), step("a", 145, 150)]
    others.append(step("a", 150, 160, attempt=2))
    receipts = [Receipt("b", True, 103)]
    runs = [run("a", "succeeded", 80, 200), run("b", "succeeded", 101, 104)]
    kill = followed(History(runs, others, receipts))
    assert (kill.resumed_after, kill.restarted_after, kill.recovered_after) == (45, 50, 100)
    unfinished = followed(History([run("a", "running", 80, None), runs[1]], others, receipts))
    assert (unfinished.recovered_after, unfinished.unrecovered) == (None, ["a"])
    lost = followed(History([run("a", "lost", 80, 90), runs[1]], others, receipts))
    assert lost.recovered_after is None


def test_all_runs_that_a_blow_fell_on_must_come_through() -> None:
    """Protects a run that waited for another one when the scheduler died from being forgotten."""
    runs = [run("a", "succeeded", 80, 150), run("b", "succeeded", 90, 260)]
    assert followed(History(runs, [], []), ("a", "b")).recovered_after == 160
    assert followed(History(runs[:1], [], []), ("a", "b")).unrecovered == ["b"]


def test_a_run_that_failed_for_good_is_recovered_by_a_later_balanced_receipt() -> None:
    """Protects the exception: only a run that began after the blow, and balanced, answers for it."""
    runs = [run("a", "failed", 80, 120), run("b", "succeeded", 99, 130)]
    early = History(runs, [], [Receipt("b", True, 130)])
    assert followed(early).recovered_after is None
    runs.append(run("c", "succeeded", 140, 180))
    unbalanced = History(runs, [], [Receipt("c", False, 175)])
    assert followed(unbalanced).recovered_after is None
    assert followed(History(runs, [], [Receipt("c", True, 175)])).recovered_after == 75


def test_a_blow_between_runs_is_recovered_by_the_next_run() -> None:
    """Protects the schedule itself: a scheduler killed while nothing ran must start runs again."""
    kill = followed(
        History(
            [run("b", "succeeded", 120, 160)], [step("b", 125, 130)], [Receipt("b", True, 155)]
        ),
        (),
    )
    assert (kill.resumed_after, kill.recovered_after) == (25, 55)


def test_steps_of_two_runs_overlap_in_the_ledger() -> None:
    """Protects the tables: times that meet are found, also where no look fell into them."""
    apart = [step("a", 0, 10), step("b", 10, 20), step("a", 0, 8, step="validate:raw")]
    assert overlaps.of_steps(apart, {}) == []
    waiting = [*apart, step("c", 0, 20, step="waybill:begin-trade")]
    assert overlaps.of_steps(waiting, {}) == []
    (found,) = overlaps.of_steps([*apart, step("b", 9.5, 9.9, step="validate:marts")], {})
    assert found == "dbt:build-trade of run a and validate:marts of run b, 0.4 s"


def test_a_retry_beside_its_killed_try_is_an_overlap() -> None:
    """Protects one run from itself: an orphan that goes on beside the next attempt at its step."""
    tries = [step("a", 0, 60, status="failed"), step("a", 30, 60, attempt=2, process_id=6)]
    assert overlaps.of_steps(tries, {("a", 5): 12.0}) == []
    (found,) = overlaps.of_steps(tries, {("a", 5): 42.0})
    assert found.endswith("12.0 s")
    open_end = [step("a", 0, None, status="running"), tries[1]]
    assert len(overlaps.of_steps(open_end, {("a", 5): 42.0})) == 1


def test_the_documents_table_is_made_from_the_kept_soak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects docs/benchmarks.md: both phases apart, and a broken promise said there too."""
    monkeypatch.setattr(results, "FOLDER", tmp_path / "none")
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    monkeypatch.setattr("benchmarks.project.ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("<!-- benchmarks: soak -->\n<!-- /benchmarks -->\n")
    monkeypatch.setattr(document, "DOCUMENTS", (page,))
    report.write(GOOD, tmp_path / "1.json")
    assert document.stale() == ["page.md"]
    document.write()
    written = page.read_text()
    assert "| commit to visible, p95 | 60 s, 60 s at most | 400 s |" in written
    assert "| `dbt:build-trade` | 2.0, at most 3.0 |  |" in written
    assert "| 0 of 11 tables; 3,471 rows compared by hash |" in written
    assert "No promise was broken." in written
    (tmp_path / "2.json").write_text(json.dumps(but(tables=12, unseen=3)))
    document.write()
    assert "**Broken**: 3 committed orders never came to the mart." in page.read_text()
    assert " of 12 tables" in page.read_text()
