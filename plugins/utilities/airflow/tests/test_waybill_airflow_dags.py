"""The DAGs that Airflow itself makes of the project's schedules."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[4]

# In a process of its own: Airflow reads its configuration when it is imported.
_SCRIPT = """
import dataclasses, json, os, sys
from waybill_airflow import cache, settings, watch
os.environ.update(settings.environment(8080))
watch.refresh()
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.serialization.serialized_objects import DagSerialization
from waybill_airflow import places

forks = []
sys.addaudithook(lambda event, args: forks.append(str(args)) if event in ("subprocess.Popen", "os.fork", "os.posix_spawn") else None)

def load():
    bag = BundleDagBag(dag_folder=str(places.dags()), bundle_path=places.dags(), bundle_name="t")
    return bag.dags, {os.path.basename(path): text for path, text in bag.import_errors.items()}

def tell(dag):
    written = DagSerialization.to_dict(dag)["dag"]
    return {
        "tasks": {
            task.task_id: {
                "after": sorted(task.upstream_task_ids),
                "retries": task.retries,
                "delay": task.retry_delay.total_seconds(),
                "factor": task.retry_exponential_backoff,
                "limit": task.execution_timeout.total_seconds(),
                "timeout": task.timeout,
                "is_teardown": task.is_teardown,
                "outlets": [asset.name for asset in task.outlets],
                "first_again": task.first_again,
                "rest": getattr(task, "rest", None),
            }
            for task in dag.topological_sort()
        },
        "runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "deadlines": written.get("deadline") or [],
        "timetable": json.dumps(written["timetable"]),
    }

def change(schedule, name, **options):
    return dataclasses.replace(
        schedule, name=name, options=dataclasses.replace(schedule.options, **options)
    )

dags, errors = load()
told = {name: tell(dag) for name, dag in dags.items()}
kept = cache.read()
trade = next(each for each in kept.schedules if each.name == "trade-every-5-minutes")
more = [
    change(trade, "a name"),
    change(trade, "tagged", tags=("t" * 101,)),
    change(trade, "always", continuous=True),
    change(trade, "after-both", after=("trade", "marketplace")),
    dataclasses.replace(change(trade, "after-trade", after=("trade",)), interval=None),
]
cache.write(dataclasses.replace(kept, schedules=[*more, *kept.schedules]))
beside, refused = load()
cache.write(cache.Cache(digest="another", problems=["Schedule x: is wrong."]))
_, wrong = load()
found = {
    "dags": told,
    "errors": errors,
    "forks": forks,
    "wrong": wrong,
    "more": {name: tell(dag) for name, dag in beside.items() if name not in told},
    "beside": sorted(beside),
    "refused": refused,
}
json.dump(found, open(sys.argv[1], "w"))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow says of the DAGs of this project."""
    home = tmp_path_factory.mktemp("dags")
    environment = {**os.environ, "WAYBILL_HOME": str(home), "MELTANO_PROJECT_ROOT": str(ROOT)}
    command = [sys.executable, "-c", _SCRIPT, home / "told.json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    found: dict[str, Any] = json.loads((home / "told.json").read_text())
    return found


def test_every_schedule_is_a_dag_without_an_import_error(told: dict[str, Any]) -> None:
    """A schedule that is no DAG never runs, and nobody is told; a cycle would be an import error."""
    schedules = yaml.safe_load((ROOT / "orchestrate/schedules.meltano.yml").read_text())
    assert told["errors"] == {}
    assert told["dags"].keys() == {schedule["name"] for schedule in schedules["schedules"]}


def test_a_parse_starts_no_process(told: dict[str, Any]) -> None:
    """DAG files are parsed every few seconds; `meltano` takes as long to start."""
    assert told["forks"] == []


def test_steps_wait_for_those_before_them_and_the_run_is_closed_whatever_happens(
    told: dict[str, Any],
) -> None:
    """The promise of a run is its order, in Airflow too."""
    tasks = told["dags"]["marketplace-daily"]["tasks"]
    steps = [name for name in tasks if not tasks[name]["is_teardown"]]
    assert [step.split("-")[0] for step in steps if "begin" not in step] == [
        *("warehouse.up", "sources.prepare", "tap"),
        *("validate.raw", "dbt.build", "validate.marts", "waybill.receipt"),
    ]
    assert all(tasks[after]["after"] == [before] for before, after in itertools.pairwise(steps))
    assert tasks[steps[-1]]["outlets"] == ["marketplace"]
    assert all(tasks[name]["after"] == sorted(steps) for name in tasks if name not in steps)


def test_a_run_is_closed_only_once_nothing_of_it_works(told: dict[str, Any]) -> None:
    """Where one of two sources fails for good the other still loads, by leases that closing frees."""
    tasks = told["dags"]["quality-nightly"]["tasks"]
    assert set(tasks["close"]["after"]) == tasks.keys() - {"close"}


def test_a_retry_takes_back_what_its_run_works_on(told: dict[str, Any]) -> None:
    """Between two tries another run may have got it, and reads the same source by the same files."""
    tasks = told["dags"]["marketplace-daily"]["tasks"]
    begin = "waybill.begin-marketplace"
    before = {"warehouse.up", begin, "close"}
    first = {name: task["first_again"] for name, task in tasks.items()}
    assert all(first[name] == [] for name in before)
    assert {*map(tuple, (first[name] for name in first if name not in before))} == {
        ("waybill:begin-marketplace",)
    }


def test_sources_are_read_side_by_side(told: dict[str, Any]) -> None:
    """The whole job waits for its slowest source, not for all of them in turn."""
    tasks = told["dags"]["quality-nightly"]["tasks"]
    taps = [name for name in tasks if name.startswith("tap-")]
    assert len(taps) > 1
    assert len({tuple(tasks[tap]["after"]) for tap in taps}) == 1
    assert sorted(taps) in [task["after"] for task in tasks.values()], "what follows waits for all"


def test_every_dag_takes_its_turn_and_every_step_has_its_limits(told: dict[str, Any]) -> None:
    """Two runs of one schedule at once, or a step that hangs for ever, must not be possible."""
    for dag in told["dags"].values():
        assert (dag["runs"], dag["catchup"]) == (1, False)
        for task in dag["tasks"].values():
            assert task["limit"] > task["timeout"], "Meltano is to stop by itself first"
    tasks = told["dags"]["marketplace-daily"]["tasks"].values()
    steps = [task for task in tasks if not task["is_teardown"]]
    assert {(task["retries"], task["delay"], task["factor"]) for task in steps} == {(4, 30, 2)}


def test_a_deadline_calls_what_the_triggerer_can_import(told: dict[str, Any]) -> None:
    """A callback that Airflow cannot name is found out only when a run is late."""
    (deadline,) = told["dags"]["trade-every-5-minutes"]["deadlines"]
    assert deadline["callback"]["__data__"]["path"] == "waybill_airflow.deadlines.missed"
    assert told["dags"]["maintenance-weekly"]["deadlines"] == []


def test_a_problem_of_the_cache_is_an_import_error(told: dict[str, Any]) -> None:
    """Airflow shows import errors on its first page, where people look."""
    assert "Schedule x: is wrong." in told["wrong"]["waybill_problems.py"]
    assert "waybill_schedules.py" not in told["wrong"]


def test_a_schedule_that_airflow_refuses_stops_no_other(told: dict[str, Any]) -> None:
    """One wrong name in YAML must not take every DAG out of the scheduler."""
    more = {"always", "after-both", "after-trade"}
    assert set(told["beside"]) == told["dags"].keys() | more
    (text,) = told["refused"].values()
    assert "Schedule a name: Airflow takes no such DAG" in text
    assert "Schedule tagged: Airflow takes no such DAG" in text


def test_a_continuous_schedule_goes_on_by_itself_and_rests_after_a_failure(
    told: dict[str, Any],
) -> None:
    """Its next run begins at once: one that fails at once would otherwise take the machine."""
    always = told["more"]["always"]
    assert "ContinuousTimetable" in always["timetable"]
    assert always["runs"] == 1
    assert always["tasks"]["close"]["rest"] == [30, 900]
    assert told["dags"]["trade-every-5-minutes"]["tasks"]["close"]["rest"] is None


def test_a_schedule_runs_after_the_jobs_that_it_names(told: dict[str, Any]) -> None:
    """What a job keeps up to date is an asset; what builds on it waits for the news, or also for a time."""
    after, both = (told["more"][name]["timetable"] for name in ("after-trade", "after-both"))
    assert "AssetTriggeredTimetable" in after
    assert "waybill://job/trade" in after
    assert "AssetOrTimeSchedule" in both
    assert "waybill://job/marketplace" in both
    assert "*/4 * * * *" in both
