"""The DAGs' cache on the project as it is: made by Meltano, read without it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
import yaml

from waybill_airflow import cache, definitions, watch
from waybill_airflow.options import Options
from waybill_airflow.steps import Step
from waybill_common.errors import WaybillError

ROOT = Path(__file__).parents[4]
SCHEDULES = ROOT / "orchestrate" / "schedules.meltano.yml"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the real definitions, and schedules of its own."""
    root = tmp_path / "project"
    for path in definitions_of(ROOT):
        (root / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, root / path.relative_to(ROOT))
    shutil.copy2(ROOT / "logging.yaml", root / "logging.yaml")
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(root))
    monkeypatch.setenv("WAYBILL_HOME", str(root / ".waybill"))
    monkeypatch.setenv("WAYBILL_MELTANO", str(ROOT / ".venv/bin/meltano"))
    return root


def definitions_of(root: Path) -> list[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MELTANO_PROJECT_ROOT", str(root))
        return definitions.files()


def _add(project: Path, *schedules: dict[str, object]) -> None:
    path = project / "orchestrate" / "schedules.meltano.yml"
    document = yaml.safe_load(path.read_text())
    document["schedules"] += schedules
    path.write_text(yaml.safe_dump(document))


def test_the_watcher_takes_a_new_schedule_and_names_a_wrong_one(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A schedule is live without a restart; one that cannot be used stops no other."""
    _add(
        project,
        {
            "name": "trade-hourly",
            "job": "trade",
            "interval": "@hourly",
            "env": {"WAYBILL_TASKS": "job", "WAYBILL_AFTER": "marketplace", "WAYBILL_OLIST": "/o"},
        },
        {"name": "wrong", "job": "trade", "interval": "@daily", "env": {"WAYBILL_RETRIES": "-1"}},
        {"name": "after", "job": "trade", "interval": "@daily", "env": {"WAYBILL_AFTER": "tarde"}},
        {"name": "o'clock", "job": "trade", "interval": "61 * * * *"},
        {"name": "a day", "job": "trade", "interval": "@daily"},
        {"name": "tags", "job": "trade", "interval": "@daily", "env": {"WAYBILL_TAGS": "t" * 101}},
        {"name": "minutely", "job": "trade", "interval": "61 * * * *"},
        {"name": "dayly", "job": "trade", "interval": "@dayly"},
        {"name": "never", "job": "trade", "interval": "0 0 30 2 *"},
        {
            "name": "old",
            "extractor": "tap-csv--olist",
            "loader": "target-postgres",
            "transform": "skip",
            "interval": "@daily",
        },
    )
    file = project / "orchestrate" / "airflow" / "dags" / "waybill_schedules.py"
    file.parent.mkdir(parents=True)
    file.touch()
    os.utime(file, (0, 0))
    watch.refresh()
    assert file.stat().st_mtime > 0, "the DAG processor looks at it now, not within half a minute"
    kept = cache.read()
    by_name = {schedule.name: schedule for schedule in kept.schedules}
    hourly = by_name["trade-hourly"]
    assert (hourly.interval, hourly.env) == ("0 * * * *", {"WAYBILL_OLIST": "/o"})
    assert [step.blocks for step in hourly.steps] == [("trade",)]
    assert "trade-every-5-minutes" in by_name
    assert len(by_name) == len(yaml.safe_load(SCHEDULES.read_text())["schedules"]) + 1
    problems = cache.check(kept)
    for name, says in {
        "wrong": "WAYBILL_RETRIES cannot be '-1'.",
        "after": "WAYBILL_AFTER names tarde",
        '"o\'clock"': "Airflow takes no such name.",
        "'a day'": "Airflow takes no such name.",
        "tags": "the tag tttttttttttttttttttt… has 101 characters.",
        "minutely": "the interval '61 * * * *' is no cron expression",
        "dayly": "the interval '@dayly' is no cron expression",
        "never": "the interval '0 0 30 2 *' is no cron expression",
        "old": "it has an extractor and a loader, not a job.",
    }.items():
        start = f"Schedule {name}: {says}"
        assert [each for each in problems if each.startswith(start)], (start, problems)
    assert len(problems) == 9
    assert "Schedule wrong" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("blocks", "closing"),
    [
        ({"warehouse:up", "waybill:begin-trade"}, ("waybill:end",)),
        ({"warehouse:up", "waybill:maintain"}, ("waybill:end",)),
        ({"waybill:alerts"}, ()),
    ],
)
def test_a_run_is_closed_by_what_its_job_needs(blocks: set[str], closing: tuple[str, ...]) -> None:
    """A run that nobody closes reads as running for an hour; to look at alerts is no run."""
    assert cache._closing(blocks, {"waybill:end", "waybill:alerts", "waybill:receipt"}) == closing
    assert cache._closing(blocks, {"waybill:receipt"}) == ()


def test_definitions_that_cannot_be_read_leave_the_dags_and_show_the_problem(project: Path) -> None:
    """A half-saved file must not take every DAG out of the scheduler."""
    steps = (Step("a", ("a:b",)), Step("c", ("c", "d"), ("a",)))
    options = Options(tags=("x",))
    before = cache.Schedule("s", "j", None, {"A": "1"}, options, steps, ("waybill:end",))
    cache.write(cache.Cache("digest", [before]))
    (project / "orchestrate" / "jobs.meltano.yml").write_text("jobs: [")
    watch.refresh()
    after = cache.read()
    assert after.schedules == [before]
    assert "cannot be read" in cache.check(after)[0] or "failed" in cache.check(after)[0]


def test_a_meltano_that_lists_nothing_readable_is_a_problem(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning on its standard output must not end the watcher, and with it all that runs."""
    fake = project / "meltano"
    fake.write_text("#!/bin/sh\necho 'warning: a new version is out'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("WAYBILL_MELTANO", str(fake))
    (problem,) = cache.make().problems
    assert problem.startswith("`meltano schedule list` gave no list of schedules")


def test_a_stale_cache_is_told_with_its_remedy(project: Path) -> None:
    """Without its watcher Airflow would run yesterday's jobs and say nothing."""
    cache.write(cache.Cache(definitions.digest(definitions.files())))
    assert cache.check(cache.read()) == []
    path = project / "orchestrate" / "jobs.meltano.yml"
    path.write_text(path.read_text() + "\n")
    assert cache.check(cache.read()) == [], "the watcher has a minute to take it"
    long_ago = time.time() - cache.GRACE_SECONDS - 60
    for file in definitions.files():
        os.utime(file, (long_ago, long_ago))
    (problem,) = cache.check(cache.read())
    assert cache.COMMAND in problem


def test_a_missing_or_broken_cache_is_told_with_its_remedy(project: Path) -> None:
    """The DAG file must say what to do, not show a traceback of JSON."""
    with pytest.raises(WaybillError, match=f"is not there.*{cache.COMMAND}"):
        cache.read()
    watch.cache.write(cache.Cache("x"))
    (project / ".waybill/airflow/dags.json").write_text("{")
    with pytest.raises(WaybillError, match=f"is broken.*{cache.COMMAND}"):
        cache.read()
