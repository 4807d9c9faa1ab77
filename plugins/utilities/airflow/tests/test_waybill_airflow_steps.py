"""Jobs as steps."""

from __future__ import annotations

from waybill_airflow.steps import Step, split, whole


def test_extractions_that_follow_each_other_stand_side_by_side() -> None:
    """Independent sources are read at once; what comes after waits for all of them."""
    steps = split(
        [
            "warehouse:up sources:prepare",
            ["tap-a mapper target-postgres", "tap-b target-postgres"],
            "validate:raw waybill:receipt",
        ]
    )
    assert steps == [
        Step("warehouse.up", ("warehouse:up",)),
        Step("sources.prepare", ("sources:prepare",), ("warehouse.up",)),
        Step("tap-a", ("tap-a", "mapper", "target-postgres"), ("sources.prepare",)),
        Step("tap-b", ("tap-b", "target-postgres"), ("sources.prepare",)),
        Step("validate.raw", ("validate:raw",), ("tap-a", "tap-b")),
        Step("waybill.receipt", ("waybill:receipt",), ("validate.raw",)),
    ]


def test_an_extractor_that_comes_twice_takes_turns_with_itself() -> None:
    """Two runs of one extractor share its folder, so they never run at once."""
    steps = split(["tap-a target-x tap-a target-y tap-b target-x"])
    assert [(step.name, step.after) for step in steps] == [
        ("tap-a", ()),
        ("tap-a.2", ("tap-a",)),
        ("tap-b", ("tap-a",)),
    ]


def test_a_whole_job_is_one_step() -> None:
    """Short intervals pay Meltano's start once."""
    assert whole("trade") == [Step("trade", ("trade",))]
