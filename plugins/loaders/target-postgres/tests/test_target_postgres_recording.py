"""The target as a step of a run."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import runs, step_outcome

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "name": "text"}


@pytest.fixture
def run_id(monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a run that an orchestrator has begun."""
    wanted = str(uuid.uuid4())
    monkeypatch.setenv(runs.RUN_ID_VARIABLE, wanted)
    return wanted


@pytest.fixture
def outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the orchestrator looks how the step has ended."""
    path = tmp_path / "outcome.json"
    monkeypatch.setenv(step_outcome.VARIABLE, str(path))
    return path


def test_its_loads_and_what_came_are_those_of_the_run(
    wire: Any, warehouse: ScratchDatabase, run_id: str
) -> None:
    """The history answers how much a run has moved, and which loads were its own."""
    batch = wire.batch("s", list(TYPES), [(1, "a"), (2, "b")])
    done = wire.run(wire.schema("s", TYPES, ["id"]), batch, wire.state(s={"at": 1}))
    assert done.returncode == 0, done.stderr
    assert warehouse.rows("select run_id::text, rows_inserted from waybill.load") == [(run_id, 2)]
    assert warehouse.rows("select run_id::text, step, status, detail from waybill.step") == [
        (run_id, "load raw_test", "succeeded", {"rows": 2, "dead": 0, "bytes": 8, "streams": 1})
    ]
    assert warehouse.rows("select count(*) from waybill.lease") == [(0,)]


@pytest.mark.usefixtures("run_id")
def test_of_a_file_in_ranges_each_byte_counts_once(
    wire: Any, warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    """A large file comes as hundreds of ranges: its whole size for each would be a figure of nothing."""
    path = tmp_path / "s.csv"
    path.write_bytes(b"id,name\n1,a\n2,b\n")
    encoding = {"format": "csv", "columns": list(TYPES), "rows": 1, "length": 4}
    ranges = [
        {
            "type": "BATCH",
            "stream": "s",
            "encoding": encoding | {"offset": offset},
            "manifest": [path.as_uri()],
        }
        for offset in (8, 12)
    ]
    done = wire.run(wire.schema("s", TYPES, ["id"]), *ranges, wire.state(s={"at": 1}))
    assert done.returncode == 0, done.stderr
    assert warehouse.rows("select detail['bytes'] from waybill.step") == [(8,)]


@pytest.mark.parametrize("limit", [(0, "Stream s, column id: "), (1, "Stream s: 2 of 2")])
def test_too_many_dead_rows_fail_the_run_for_what_its_data_are(
    wire: Any, warehouse: ScratchDatabase, run_id: str, outcome: Path, limit: tuple[int, str]
) -> None:
    """Why a run stopped is in its history, and its orchestrator learns that a retry finds the same."""
    most, says = limit
    limited = wire.schema("s", TYPES, ["id"], **{"x-dead-letter-limit": {"rows": most}})
    batch = wire.batch("s", list(TYPES), [("x", "a"), ("y", "b")])
    assert wire.run(limited, batch, wire.state(s={"at": 1})).returncode == 1
    ((found, status, step, cause),) = warehouse.rows(
        "select run_id::text, status, failed_step, cause from waybill.run"
    )
    assert (found, status, step) == (run_id, "failed", "load raw_test")
    assert cause.startswith(says)
    assert warehouse.rows("select detail['data_quality'] from waybill.step") == [(True,)]
    told = json.loads(outcome.read_text())
    assert (told["status"], told["data_quality"], told["cause"]) == ("failed", True, cause)


def test_by_hand_it_is_no_step_and_waits_for_nobody(wire: Any, warehouse: ScratchDatabase) -> None:
    """Piping a tap into it needs no run."""
    warehouse.execute(
        "insert into waybill.lease (resource, run_id, host, expires_at)"
        " values ('raw_test', gen_random_uuid(), 'elsewhere', now() + interval '1 hour')"
    )
    record = wire.record("s", id="1", name="a")
    done = wire.run(wire.schema("s", TYPES, ["id"]), record, wire.state())
    assert done.returncode == 0, done.stderr
    assert warehouse.rows("select run_id, rows_inserted from waybill.load") == [(None, 1)]
    assert warehouse.rows("select count(*) from waybill.step") == [(0,)]
