"""Every name that Meltano's files use exists: tasks, commands, schedules, environments, locks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MELTANO_FILES = sorted(
    path
    for pattern in ("meltano.yml", "*/*.meltano.yml", "*/environments/*.meltano.yml")
    for path in ROOT.glob(pattern)
)


def _merged() -> dict[str, Any]:
    merged: dict[str, Any] = {"jobs": [], "schedules": [], "environments": [], "plugins": {}}
    for path in MELTANO_FILES:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for section in ("jobs", "schedules", "environments"):
            merged[section] += document.get(section, [])
        for kind, plugins in document.get("plugins", {}).items():
            merged["plugins"].setdefault(kind, []).extend(plugins)
    return merged


PROJECT = _merged()
EXTRACTORS = {plugin["name"] for plugin in PROJECT["plugins"]["extractors"]}
LOADERS = {plugin["name"] for plugin in PROJECT["plugins"]["loaders"]}
UTILITIES = {plugin["name"]: plugin for plugin in PROJECT["plugins"]["utilities"]}
JOBS = {
    job["name"]: [block for task in job["tasks"] for block in task.split()]
    for job in PROJECT["jobs"]
}
PUBLISHERS = {"target-mongodb"}
PUBLISHING = {job for job, blocks in JOBS.items() if PUBLISHERS & set(blocks)}
LANDING = [
    job for job, blocks in JOBS.items() if EXTRACTORS & set(blocks) and job not in PUBLISHING
]
PLUGINS = [plugin for plugins in PROJECT["plugins"].values() for plugin in plugins]


@pytest.mark.parametrize("job", JOBS)
def test_every_block_of_a_job_is_a_plugin_or_a_command(job: str) -> None:
    """Meltano's schema does not notice a job that names what does not exist."""
    unknown = []
    for block in JOBS[job]:
        name, _, command = block.partition(":")
        known = (
            command in UTILITIES[name]["commands"]
            if name in UTILITIES
            else block in EXTRACTORS | LOADERS
        )
        if not known:
            unknown.append(block)
    assert unknown == []


def test_every_job_but_those_of_upkeep_lands_something() -> None:
    """The tests of what lands must not pass for want of a job."""
    assert set(JOBS) - set(LANDING) - PUBLISHING == {"alerts", "maintenance"}
    assert PUBLISHING


@pytest.mark.parametrize("job", [*LANDING, *PUBLISHING])
def test_every_extractor_is_followed_by_a_loader(job: str) -> None:
    """An extractor alone in a job would read and land nothing."""
    blocks = JOBS[job]
    followers = [blocks[at + 1] for at, block in enumerate(blocks) if block in EXTRACTORS]
    assert followers
    assert set(followers) <= LOADERS


@pytest.mark.parametrize("job", LANDING)
def test_every_job_checks_before_and_after_the_models_and_ends_with_a_receipt(job: str) -> None:
    """The promise of a run is its order: hold, land, check, model, check, receipt."""
    # The first only warns, the second makes samples, the last has only what balances.
    besides = ("dbt:freshness", "sources:prepare", "lake:publish")
    steps = [block.split("-")[0] for block in JOBS[job] if ":" in block]
    assert [step for step in steps if step not in besides] == [
        "warehouse:up",
        "waybill:begin",
        "validate:raw",
        "dbt:build",
        "validate:marts",
        "waybill:receipt",
    ]


def test_every_schedule_runs_a_job_that_exists() -> None:
    """A schedule with a misspelt job would fail only when it is due."""
    jobs = {schedule["job"] for schedule in PROJECT["schedules"]}
    assert jobs
    assert jobs <= set(JOBS)


@pytest.mark.parametrize("schedule", PROJECT["schedules"], ids=lambda schedule: schedule["name"])
def test_every_interval_is_a_cron_expression(schedule: dict[str, str]) -> None:
    """Airflow and cron read the interval; Meltano does not check it."""
    shorthand = {"@once", "@hourly", "@daily", "@weekly", "@monthly"}
    field = r"(\*|\d+)(/\d+|-\d+)?(,\d+)*"
    interval = schedule["interval"]
    assert interval in shorthand or re.fullmatch(rf"{field}( {field}){{4}}", interval)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin["name"])
def test_every_plugin_is_installed_from_this_project_with_hashes(plugin: dict[str, Any]) -> None:
    """A plugin without a lock of its own would be another one tomorrow."""
    if "inherit_from" in plugin:
        assert plugin["inherit_from"] in EXTRACTORS | LOADERS
        return
    arguments = plugin["pip_url"].replace("${MELTANO_PROJECT_ROOT}", str(ROOT)).split()
    requirements, *packages = (
        value
        for flag, value in zip(arguments[::2], arguments[1::2], strict=True)
        if flag in {"-r", "-e"}
    )
    assert "--hash=sha256:" in Path(requirements).read_text(encoding="utf-8")
    assert packages
    assert all((Path(package) / "pyproject.toml").is_file() for package in packages)


def test_every_contract_has_an_extractor_that_lands_in_its_schema() -> None:
    """The schema of a contract, of the extractor and of the bootstrap must be one."""
    schemas = {plugin["load_schema"] for plugin in PLUGINS if "load_schema" in plugin}
    contracts = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (ROOT / "extract" / "contracts").glob("*.yml")
    ]
    bootstrap = (ROOT / "load" / "bootstrap" / "20_schemas.sql").read_text(encoding="utf-8")
    assert {contract["servers"][0]["schema"] for contract in contracts} == schemas
    assert all(f"create schema if not exists {schema}" in bootstrap for schema in schemas)


def test_the_project_file_stays_a_table_of_contents() -> None:
    """meltano.yml holds settings and includes; plugins belong to their stage's folder."""
    text = (ROOT / "meltano.yml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert "plugins:" not in text


def test_every_documented_setting_is_read_somewhere() -> None:
    """.env.example must not promise a setting that no code knows."""
    settings = set(
        re.findall(
            r"^# ((?:WAYBILL|WAREHOUSE)_\w+)=",
            (ROOT / ".env.example").read_text("utf-8"),
            re.MULTILINE,
        )
    )
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for pattern in ("plugins/**/*.py", "*/*.meltano.yml")
        for path in ROOT.glob(pattern)
        if "tests" not in path.parts
    )
    per_role = {f"WAREHOUSE_{role}_URL" for role in ("LOADER", "TRANSFORMER", "AUDITOR", "READER")}
    assert "WAREHOUSE_{role.upper()}_URL" in code
    per_source = {"WAYBILL_TOTESYS_HEARTBEAT"}
    assert "WAYBILL_{source.upper()}_HEARTBEAT" in code
    assert {name for name in settings - per_role - per_source if name not in code} == set()
