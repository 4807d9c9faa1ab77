from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from waybill_common import ledger

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

RECORDED = "select step, succeeded, detail, ended_at >= started_at, run_id from waybill.step"


def test_a_step_is_recorded_with_its_figures(warehouse: ScratchDatabase) -> None:
    """The receipt answers for every step since the one before it; none is closed yet."""
    with ledger.step(warehouse.connection("auditor"), "validate:raw") as detail:
        detail["tables"] = 9
    assert warehouse.rows(RECORDED) == [("validate:raw", True, {"tables": 9}, True, None)]


def test_a_step_may_end_in_good_order_and_still_have_failed(warehouse: ScratchDatabase) -> None:
    """A gate that found a bad row did its work; the run is not a success."""
    with ledger.step(warehouse.connection("transformer"), "dbt:build") as detail:
        detail["succeeded"] = False
    assert warehouse.rows(RECORDED) == [("dbt:build", False, {}, True, None)]


def test_a_crash_is_recorded_and_goes_on(warehouse: ScratchDatabase) -> None:
    """What broke a step reaches the user, and the ledger knows of it."""

    def crash() -> None:
        with ledger.step(warehouse.connection("auditor"), "validate:raw") as detail:
            detail["tables"] = 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash()
    assert warehouse.rows(RECORDED) == [("validate:raw", False, {"tables": 1}, True, None)]
