from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from waybill_common import domains, leases, ledger, runs
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.connections import Connection
    from waybill_common.runs import Run
    from waybill_warehouse.scratch import ScratchDatabase

HELD = "select resource, step from waybill.lease order by 1"
TRADE = ["raw_totesys", "trade"]


def another(*, process_id: int | None = None) -> Run:
    """A run of an orchestrator: no process tells whether it lives."""
    return replace(runs.current(), run_id=uuid.uuid4(), process_id=process_id)


@pytest.fixture
def auditor(warehouse: ScratchDatabase) -> Connection:
    """A role that may write the ledger."""
    return warehouse.connection("auditor")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Waiting ends at once."""
    monkeypatch.setenv(leases.WAIT_VARIABLE, "1s")
    return


def test_the_schemas_of_a_job_come_from_the_contracts() -> None:
    """A new source is locked like the others, without a list to keep."""
    assert domains.schemas(["totesys"]) == domains.schemas(["trade"]) == set(TRADE)
    assert set(TRADE) < domains.schemas()
    with pytest.raises(WaybillError, match="trad"):
        domains.schemas(["trad"])


@pytest.mark.usefixtures("impatient")
def test_two_runs_do_not_hold_one_schema(
    warehouse: ScratchDatabase, auditor: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """All or nothing: the second takes neither schema, says for whom it waits, and gives up."""
    first, second = another(), another()
    assert leases.take(auditor, first, "waybill:begin", TRADE) == TRADE
    with pytest.raises(WaybillError) as refused:
        leases.take(auditor, second, "dbt:build", ["marketplace", "trade"])
    text = f"dbt:build: trade is held by run {first.run_id} .job unknown at waybill:begin on "
    assert re.match(text, refused.value.cause)
    assert leases.WAIT_VARIABLE in refused.value.remedy
    assert capsys.readouterr().err.count("dbt:build: waiting, trade is held by run") == 1
    assert warehouse.rows(HELD) == [("raw_totesys", "waybill:begin"), ("trade", "waybill:begin")]
    assert leases.take(auditor, second, "dbt:build", ["marketplace"]) == ["marketplace"]


def test_who_waits_goes_on_when_the_schema_is_free(auditor: Connection) -> None:
    """Two schedules at once take turns; neither fails."""
    first, second = another(), another()
    leases.take(auditor, first, "waybill:begin", TRADE)
    taken: list[str] = []
    waiting = threading.Thread(
        target=lambda: taken.extend(leases.take(auditor, second, "waybill:begin", TRADE))
    )
    waiting.start()
    leases.free(auditor, first)
    waiting.join()
    assert taken == TRADE


def test_a_lease_that_ran_out_goes_to_who_comes_next(
    warehouse: ScratchDatabase, auditor: Connection
) -> None:
    """A machine that is switched off does not lock the tables for ever."""
    leases.take(auditor, another(), "waybill:begin", TRADE)
    warehouse.execute("update waybill.lease set expires_at = clock_timestamp()")
    assert leases.take(auditor, another(), "waybill:begin", TRADE) == TRADE


STEP = """
import sys, time
from waybill_common import connections, ledger
with ledger.step(connections.warehouse("auditor"), "waybill:begin-trade", resources=["trade"]):
    print("at work", flush=True)
    sys.stdin.read()
"""


def test_a_killed_run_is_lost_and_its_lease_goes_to_the_next(
    warehouse: ScratchDatabase, auditor: Connection
) -> None:
    """SIGKILL leaves no word: the next run says so in the history, and does not wait."""
    with subprocess.Popen(
        [sys.executable, "-c", STEP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "at work\n"
        process.kill()
        process.wait()
    with ledger.step(auditor, "dbt:build", resources=["trade"]):
        assert warehouse.rows(HELD) == [("trade", "dbt:build")]
    assert warehouse.rows(
        "select job, status, failed_step, cause from waybill.run order by started_at desc limit 1"
    ) == [("-c", "lost", "waybill:begin-trade", "its process ended without a word")]
    assert warehouse.rows("select status, cause from waybill.step order by step_id") == [
        ("failed", "its process ended without a word"),
        ("succeeded", None),
    ]
    assert warehouse.rows(HELD) == []


def test_a_step_keeps_what_its_run_holds_and_frees_what_it_took_itself(
    warehouse: ScratchDatabase, auditor: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease of a job lasts from begin to receipt; the shared schema is only for dbt."""
    monkeypatch.setenv(runs.RUN_ID_VARIABLE, str(uuid.uuid4()))
    leases.take(auditor, runs.current(), "waybill:begin", TRADE)
    with ledger.step(auditor, "dbt:build", resources=[*TRADE, domains.SHARED]):
        assert [name for name, _ in warehouse.rows(HELD)] == [domains.SHARED, *TRADE]
    assert [name for name, _ in warehouse.rows(HELD)] == TRADE
    ledger.end_run(auditor, runs.current())
    assert warehouse.rows(HELD) == []


def test_a_step_at_work_renews_and_stops_when_another_has_taken_over(
    warehouse: ScratchDatabase, auditor: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop that slept through its lease must not write beside the run that came meanwhile."""
    monkeypatch.setattr(leases, "_RENEWAL_SECONDS", 0.05)
    caught = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: caught.set())
    try:
        with ledger.step(auditor, "dbt:build", resources=["trade"]):
            warehouse.execute("update waybill.lease set expires_at = clock_timestamp()")
            renewed = "select count(*) from waybill.lease where expires_at > clock_timestamp()"
            while warehouse.rows(renewed) == [(0,)]:
                assert not caught.is_set()
            warehouse.execute("update waybill.lease set run_id = gen_random_uuid()")
            assert caught.wait(60)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert os.getpid() == runs.current().process_id


def test_a_wrong_limit_is_one_clear_line(
    auditor: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typing error in a setting names the setting."""
    monkeypatch.setenv(leases.WAIT_VARIABLE, "soon")
    with pytest.raises(WaybillError, match=leases.WAIT_VARIABLE):
        leases.take(auditor, runs.current(), "dbt:build", TRADE)
