"""Heartbeats, and the latency measured by them or by the source's own newest rows."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import contract_documents
import pytest
import yaml

from waybill.cli import main
from waybill.freshness import beating, measuring
from waybill_common import connections, contracts
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_common.contracts import Contract
    from waybill_warehouse.scratch import ScratchDatabase

_START = dt.datetime.now(tz=dt.UTC).replace(microsecond=0) - dt.timedelta(hours=1)
_TABLES = """
    create table raw_totesys.payment (
        payment_id integer primary key, last_updated timestamp, _sdc_batched_at timestamptz
    )
"""
_BEATS = """
    create table raw_totesys.waybill_heartbeat (
        slot smallint primary key, beaten_at timestamptz,
        _sdc_batched_at timestamptz, _sdc_deleted_at timestamptz
    )
"""
_STEP = """
    insert into waybill.step (step, started_at, ended_at, status, detail)
    values ('dbt:build', %s, %s, %s, jsonb_build_object('selector', %s::text))
"""
_LOAD = """
    insert into waybill.load (
        run_id, invocation_id, target_schema, stream, target_table, started_at, committed_at,
        rows_received, rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted
    ) values (%s, gen_random_uuid(), 'raw_totesys', 'payment', 'payment', %s, %s, 1, 1, 0, 0, 0, 0)
"""
_FOUND = (
    "select method, latency_seconds::integer, run_id::text from waybill.freshness"
    " order by committed_at"
)


def at(seconds: int) -> dt.datetime:
    """So many seconds after the start of the scene."""
    return _START + dt.timedelta(seconds=seconds)


class Scene:
    """A warehouse in which a test lands beats and rows, and builds models, at moments it names."""

    def __init__(self, warehouse: ScratchDatabase, known: Contract) -> None:
        self.warehouse = warehouse
        self.known = known
        self.run = str(uuid.uuid4())

    def execute(self, statement: str, *values: Any) -> None:
        self.warehouse.execute(statement, values, role="loader")

    def beat(self, slot: int, beaten: int, landed: int) -> None:
        statement = "insert into raw_totesys.waybill_heartbeat values (%s, %s, %s, null)"
        self.execute(statement, slot, at(beaten), at(landed))

    def row(self, key: int, changed: int, landed: int) -> None:
        self.execute(
            "insert into raw_totesys.payment values (%s, %s, %s)", key, at(changed), at(landed)
        )
        self.execute(
            "insert into waybill.run (run_id, job, started_by, host, started_at)"
            " values (%s, 'trade', 'shell', 'here', %s) on conflict do nothing",
            self.run,
            at(landed),
        )
        self.execute(_LOAD, self.run, at(landed), at(landed + 1))

    def build(
        self, started: int, ended: int, selector: str = "trade", status: str = "succeeded"
    ) -> None:
        self.execute(_STEP, at(started), at(ended), status, selector)

    def receipt(self, started: int) -> None:
        self.execute(
            "insert into waybill.receipt (receipt_id, scope, started_at, ended_at, is_balanced, receipt)"
            " values (gen_random_uuid(), 'olist,totesys', %s, %s, true, '{}')",
            at(started),
            at(started + 1),
        )

    def measured(self) -> list[tuple[str, int, str]]:
        measuring.measure(connections.warehouse("auditor"), [self.known], self.run)
        found: list[Any] = self.warehouse.rows(_FOUND)
        return found


@pytest.fixture
def scene(warehouse: ScratchDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A project with one source, whose table is landed but empty."""
    folder = tmp_path / "project" / "extract" / "contracts"
    folder.mkdir(parents=True)
    (tmp_path / "project" / "meltano.yml").touch()
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path / "project"))
    columns = {"payment_id": "integer#", "last_updated": "timestamp"}
    stream = contract_documents.stream("payment", columns, replicationKey="last_updated")
    allowed = {"property": "latency", "value": 30, "unit": "min", "element": "payment.last_updated"}
    document = contract_documents.contract(
        "totesys", [stream], domain="trade", slaProperties=[allowed]
    )
    (folder / "totesys.yml").write_text(yaml.safe_dump(document))
    warehouse.execute(_TABLES, role="loader")
    return Scene(warehouse, contracts.load(folder / "totesys.yml"))


def test_a_beat_is_visible_at_the_end_of_the_first_build_of_its_domain_after_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failed build, one of another domain and one begun before it landed show nobody anything."""
    scene.execute(_BEATS)
    scene.beat(1, beaten=0, landed=20)
    scene.build(19, 60)
    scene.build(21, 61, selector="marketplace")
    scene.build(22, 62, status="failed")
    assert scene.measured() == []
    scene.build(30, 70)
    scene.build(80, 90, selector="*")
    assert scene.measured() == [("heartbeat", 70, scene.run)]
    scene.beat(2, beaten=72, landed=75)
    assert scene.measured()[1:] == [("heartbeat", 18, scene.run)]
    assert len(scene.measured()) == 2

    monkeypatch.setattr("sys.argv", ["waybill", "freshness"])
    main()
    line = capsys.readouterr().out.splitlines()[-1].split()
    assert line[:5] == ["trade", "totesys", "heartbeat", "2", "18.0"]
    assert "44.0" in line
    assert "30" in line


def test_without_heartbeats_the_newest_key_tells_if_it_is_of_this_run(scene: Scene) -> None:
    """A first load holds rows of years, and a late row an old key: neither is a latency."""
    scene.row(1, changed=5, landed=20)
    scene.build(30, 40)
    assert scene.measured() == []
    scene.receipt(started=20)
    scene.run = str(uuid.uuid4())
    scene.row(2, changed=10, landed=100)
    scene.build(110, 120)
    assert scene.measured() == []
    scene.row(3, changed=90, landed=100)
    scene.row(4, changed=2 * 3600, landed=100)
    assert scene.measured() == [], "it stands in the future: its zone is another one"
    scene.execute("delete from raw_totesys.payment where payment_id = 4")
    assert scene.measured() == [("replication_key", 30, scene.run)]


def test_the_embedded_source_takes_heartbeats_in_slots(source_database: ScratchDatabase) -> None:
    """By a role that sees no other table, into a table that does not grow, which the tap may read."""
    source_database.execute("create table public.payment (payment_id integer)")
    known = [contracts.load(path) for path in sorted(contracts.contracts_folder().glob("*.yml"))]
    first = beating.beat(known)["totesys"]
    second = beating.beat(known)["totesys"]
    assert first < second
    rows = "select slot, beaten_at from public.waybill_heartbeat order by slot"
    assert source_database.rows(rows, role="reader") == [(1, first), (2, second)]
    source_database.execute("update public.waybill_heartbeat set slot = 1440 where slot = 2")
    third = beating.beat(known)["totesys"]
    assert source_database.rows(rows) == [(1, third), (1440, second)]
    assert source_database.rows(
        "select has_table_privilege('source_heartbeat', 'public.payment', 'select')"
        " or has_table_privilege('source_heartbeat', 'public.waybill_heartbeat', 'delete')"
    ) == [(False,)]


def test_what_a_heartbeat_needs_is_made_once(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the source from a DDL statement and a grant at each beat, as its superuser."""
    known = [contracts.load(path) for path in sorted(contracts.contracts_folder().glob("*.yml"))]
    first = beating.beat(known)
    monkeypatch.setattr(beating, "_MAKE", "select not_to_be_run()")
    assert beating.beat(known)["totesys"] > first["totesys"]
    source_database.execute("revoke insert on public.waybill_heartbeat from source_heartbeat")
    with pytest.raises(WaybillError, match="not_to_be_run"):
        beating.beat(known)


def test_a_heart_that_cannot_beat_beats_on(
    source_database: ScratchDatabase,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Protects the scheduler's stack from a replica, a full disk or a lock at the source."""
    known = [contracts.load(path) for path in sorted(contracts.contracts_folder().glob("*.yml"))]
    beating.beat(known)
    pauses: list[float] = []

    def passing(seconds: float) -> None:
        read_only = "off" if len(pauses) % 2 else "on"
        source_database.execute(
            "set transaction read write;"
            f" alter database {source_database.name} set default_transaction_read_only = {read_only}"
        )
        pauses.append(seconds)
        if len(pauses) == 20:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", passing)
    with pytest.raises(KeyboardInterrupt):
        beating.keep_beating(known, 100)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("error: no heartbeat to postgres@")
    assert "read-only" in lines[0]
    assert all(40 < pause <= 150 for pause in pauses)
    assert max(pauses) - min(pauses) > 10, "beats in step with a schedule all wait alike"


def test_a_source_that_refuses_keeps_no_other_from_its_beat(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the figures of one source from the trouble of another."""
    known = [contracts.load(path) for path in sorted(contracts.contracts_folder().glob("*.yml"))]
    monkeypatch.setenv("WAYBILL_OLIST_HEARTBEAT", "postgresql://127.0.0.1:1/nobody")
    with pytest.raises(WaybillError, match="WAYBILL_OLIST_HEARTBEAT: cannot connect"):
        beating.beat(known)
    assert source_database.rows("select slot from public.waybill_heartbeat") == [(1,)]


def test_a_source_without_the_table_says_what_to_do(
    source_database: ScratchDatabase,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The role of the user's own source may make no table: an administrator does."""
    monkeypatch.setenv("WAYBILL_TOTESYS_HEARTBEAT", source_database.url("reader"))
    monkeypatch.setattr("sys.argv", ["waybill", "heartbeat"])
    with pytest.raises(SystemExit):
        main()
    error = capsys.readouterr().err
    assert error.startswith("error: WAYBILL_TOTESYS_HEARTBEAT: source_reader@")
    assert "docs/freshness.md" in error
