"""What a schedule's `env` may say to Airflow."""

from __future__ import annotations

import pytest

from waybill_airflow import options
from waybill_common.errors import WaybillError

MELTANO_LOCK_SECONDS = 300


def test_every_option_is_read() -> None:
    """A schedule's options reach its DAG, whatever form its durations take."""
    chosen = options.read(
        "s",
        {
            "WAYBILL_RETRIES": "2",
            "WAYBILL_RETRY_DELAY": 90,
            "WAYBILL_TIMEOUT": "45m",
            "WAYBILL_DEADLINE": "2h",
            "WAYBILL_TASKS": "job",
            "WAYBILL_POOL": "night",
            "WAYBILL_OWNER": "ada",
            "WAYBILL_TAGS": "a, b",
            "WAYBILL_AFTER": "trade marketplace",
            "WAYBILL_PAUSED": "true",
            "WAYBILL_CONTINUOUS": "false",
            "WAYBILL_OLIST": "/data",
        },
    )
    assert chosen == options.Options(
        retries=2,
        retry_delay=90,
        timeout=2700,
        deadline=7200,
        as_one=True,
        pool="night",
        owner="ada",
        tags=("a", "b"),
        after=("trade", "marketplace"),
        paused=True,
    )


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("WAYBILL_RETRIES", "many", "WAYBILL_RETRIES cannot be 'many'. Set it to a number"),
        ("WAYBILL_RETRIES", "21", "from 0 to 20"),
        ("WAYBILL_RETRY_DELAY", "0", "such as 45m"),
        ("WAYBILL_TIMEOUT", "1 hour", "such as 45m"),
        ("WAYBILL_TASKS", "all", "steps or job"),
        ("WAYBILL_POOL", "a b", "letters"),
        ("WAYBILL_PAUSED", "perhaps", "1"),
        ("WAYBILL_CONTINUOUS", "always", "1"),
        ("WAYBILL_RETRYS", "1", "Did you mean WAYBILL_RETRIES?"),
    ],
)
def test_a_wrong_option_names_schedule_option_and_remedy(name: str, value: str, part: str) -> None:
    """A misspelt option must not be the same as none."""
    with pytest.raises(WaybillError, match=f"Schedule nightly: {name}") as raised:
        options.read("nightly", {name: value})
    assert part in str(raised.value)


def test_a_continuous_schedule_waits_for_no_other_job() -> None:
    """Both at once would say when a run begins."""
    assert options.read("s", {"WAYBILL_CONTINUOUS": True}).continuous
    both = {"WAYBILL_CONTINUOUS": "true", "WAYBILL_AFTER": "trade"}
    with pytest.raises(WaybillError, match="WAYBILL_CONTINUOUS does not go with WAYBILL_AFTER"):
        options.read("s", both)


def test_retries_go_on_for_longer_than_meltano_holds_a_killed_runs_lock() -> None:
    """A run that was killed must come back by itself, whoever held its lock."""
    usual = options.Options()
    total = sum(usual.retry_delay * 2**number for number in range(usual.retries))
    assert total > MELTANO_LOCK_SECONDS
