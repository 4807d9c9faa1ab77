"""JSON exports of a database land as the database itself does, from a folder and from a bucket."""

from __future__ import annotations

import contextlib
import io
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
import pytest

from tap_json.tap import TapJson
from tap_postgres.tap import TapPostgres
from target_postgres.target import TargetPostgres
from waybill_common import connections, contracts
from waybill_sources import totesys, totesys_exports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_warehouse.scratch import ScratchDatabase

CONTRACT = Path(__file__).parents[4] / "extract" / "contracts" / "totesys.yml"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A file system of an S3 server in this process."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fsspec.filesystem("s3").clear_instance_cache()
    filesystem = fsspec.filesystem("s3")
    yield filesystem
    filesystem.clear_instance_cache()
    server.stop()


def land(tap: Any, schema: str) -> str:
    """Run a tap into the warehouse; gives what it wrote."""
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        tap.sync_all()
    target = TargetPostgres(config={"default_target_schema": schema})
    try:
        target.listen(io.StringIO(written.getvalue()))
    finally:
        target.session.close()
    return written.getvalue()


def difference(warehouse: ScratchDatabase, table: str, left: str, right: str) -> int:
    """Rows that stand in one of two schemas only, compared by value."""
    columns = ", ".join(f'"{each.name}"' for each in contracts.load(CONTRACT).stream(table).columns)
    sides = [f'select {columns} from "{schema}"."{table}"' for schema in (left, right)]
    both = f"({sides[0]} except all {sides[1]}) union all ({sides[1]} except all {sides[0]})"
    ((count,),) = warehouse.rows(f"select count(*) from ({both}) as found")
    return int(count)


def test_exports_land_as_the_database_does(
    warehouse: ScratchDatabase,
    source_database: ScratchDatabase,
    tmp_path: Path,
    s3: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Protects each value of each table, on the ways a user may choose between; a rerun sends nothing."""
    contract = contracts.load(CONTRACT)
    with source_database.connection().connect() as session:
        totesys.generate(session, orders=40)
    exported = totesys_exports.export(
        connections.source(None, setting="WAYBILL_TOTESYS"), contract, tmp_path / "exports"
    )
    assert sum(exported.values()) > 200
    bucket = f"ingestion-{uuid.uuid4().hex}"
    s3.mkdir(bucket)
    for path in (tmp_path / "exports").iterdir():
        s3.pipe_file(f"{bucket}/totesys/{path.name}", path.read_bytes())
    own = {"contract": str(CONTRACT), "mode": "batch"}
    land(TapPostgres(config={"sqlalchemy_url": ""} | own), "raw_database")
    places = {"raw_folder": str(tmp_path / "exports"), "raw_bucket": f"s3://{bucket}/totesys"}
    for schema, path in places.items():
        land(TapJson(config={"path": path} | own), schema)
        differing = {name: difference(warehouse, name, "raw_database", schema) for name in exported}
        assert differing == dict.fromkeys(exported, 0)
        counted = dict(
            warehouse.rows(
                "select stream, sum(rows_inserted)::int from waybill.load"
                " where target_schema = %s group by stream",
                (schema,),
            )
        )
        assert counted == exported
    capsys.readouterr()
