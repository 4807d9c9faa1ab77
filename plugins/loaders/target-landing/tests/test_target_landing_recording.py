"""The target as a step of a run, with a warehouse and without."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import command_steps
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

_STEPS = "select step, status, detail ->> 'rows', detail ->> 'objects', cause from waybill.step order by 1, step_id"


def _messages(lake: Any, **bookmark: Any) -> list[Any]:
    schema = lake.schema("item", {"id": "integer"}, "id")
    return [schema, lake.record("item", id=1), lake.record("item", id=2), lake.state(item=bookmark)]


def test_a_run_has_the_landing_as_a_step(
    lake: Any, warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Protects a run's history: rows and objects, and why a landing failed.
    run_id = str(uuid.uuid4())
    monkeypatch.setenv("WAYBILL_RUN_ID", run_id)
    with command_steps.recorded():
        lake.land(*_messages(lake))
    with pytest.raises(WaybillError), command_steps.recorded():
        lake.land(*_messages(lake, read={"rows": 3}))
    (manifest,) = lake.manifests
    assert manifest["run_id"] == run_id
    done, failed = warehouse.rows(_STEPS)
    assert done == ("land shop", "succeeded", "2", "1", None)
    assert failed[:2] == ("land shop", "failed")
    assert "the tap says it sent 3" in failed[4]


def test_a_lake_needs_no_warehouse(
    lake: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Protects landing where no warehouse answers: it goes on, and says that the ledger lacks it.
    monkeypatch.setenv("WAYBILL_RUN_ID", str(uuid.uuid4()))
    with caplog.at_level(logging.INFO), command_steps.recorded():
        lake.land(*_messages(lake))
    assert "This step is in no ledger: The embedded Postgres in" in caplog.text
    assert len(lake.manifests) == 1
