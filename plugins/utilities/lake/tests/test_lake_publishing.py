"""The marts as Parquet: what the reader sees, in versions that stay."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from waybill_common import connections
from waybill_lake import cli
from waybill_lake.publishing import Published, Publishing, latest
from waybill_lake.stores import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

_MAKE = """
    create table trade.fact_a (id bigint, amount numeric(12,2), paid_at timestamptz, tags text[]);
    insert into trade.fact_a values (2, 1.50, '2026-01-01 10:00+02', '{x,"y z"}'), (1, null, null, null);
    create view common.dim_b as select 1::smallint as id, 'é'::text as name;
"""


def _publish(uri: str) -> Published:
    with closing(open_store(uri)) as store:
        return Publishing(store).publish(connections.warehouse("reader"))


def _marts(uri: str) -> dict[str, Any]:
    with closing(open_store(uri)) as store:
        manifest = latest(store)
        assert manifest is not None
        marts: dict[str, Any] = manifest.body["marts"]
        return marts


def test_a_version_is_what_the_reader_sees(uri: str, warehouse: ScratchDatabase) -> None:
    # Protects consumers: every mart and nothing else, exact; a mart that has not changed is not
    # written anew, whatever order its rows are in.
    warehouse.execute(_MAKE, role="transformer")
    first = _publish(uri)
    assert first.written == ["common.dim_b", "trade.fact_a"]
    before = _marts(uri)
    warehouse.execute("update trade.fact_a set paid_at = paid_at", role="transformer")
    assert _publish(uri) == Published([], ["common.dim_b", "trade.fact_a"], first.sequence)
    warehouse.execute("update trade.fact_a set amount = 2 where id = 1", role="transformer")
    assert _publish(uri) == Published(["trade.fact_a"], ["common.dim_b"], first.sequence + 1)
    after = _marts(uri)
    assert after["common.dim_b"] == before["common.dim_b"]
    assert after["trade.fact_a"]["parts"] != before["trade.fact_a"]["parts"]
    with closing(open_store(uri)) as store:
        for mart in (*before.values(), *after.values()):
            assert store.get(mart["parts"][0]["object"])


def test_others_read_the_latest_version(
    tmp_path: Path,
    warehouse: ScratchDatabase,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Protects what `lake:marts` prints: a path that any reader of Parquet takes, with exact types.
    monkeypatch.setenv("LANDING_URI", str(tmp_path / "lake"))
    with pytest.raises(SystemExit):
        cli.main(["publish-marts"])
    assert "The role `reader` can read no mart. Build them first" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["marts"])
    assert "has no marts. Publish them" in capsys.readouterr().err
    warehouse.execute(_MAKE, role="transformer")
    cli.main(["publish-marts"])
    assert "lake: 2 marts published, 0 unchanged, manifest 1" in capsys.readouterr().out
    cli.main(["marts"])
    paths = {
        line.split("\t")[0]: line.split("\t")[2] for line in capsys.readouterr().out.splitlines()
    }
    query = "select id, amount::text, typeof(amount), epoch(paid_at), tags from read_parquet(?) order by 1"
    assert duckdb.execute(query, [paths["trade.fact_a"]]).fetchall() == [
        (1, None, "DECIMAL(12,2)", None, None),
        (2, "1.50", "DECIMAL(12,2)", 1767254400.0, '{x,"y z"}'),
    ]


def test_the_marts_go_to_a_place_of_their_own(
    tmp_path: Path,
    warehouse: ScratchDatabase,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Protects what landed: whoever reads the marts there needs no right on the landing zone.
    monkeypatch.setenv("LANDING_URI", str(tmp_path / "lake"))
    monkeypatch.setenv("PROCESSED_URI", str(tmp_path / "marts"))
    warehouse.execute(_MAKE, role="transformer")
    cli.main(["publish-marts"])
    assert f"manifest 1 in {tmp_path / 'marts'}" in capsys.readouterr().out
    assert not (tmp_path / "lake").exists()
    cli.main(["marts"])
    assert capsys.readouterr().out.count(f"\t{tmp_path / 'marts'}/processed/") == 2
    monkeypatch.setenv("PROCESSED_URI", "abfs://shop-marts")
    with pytest.raises(SystemExit):
        cli.main(["marts"])
    assert "PROCESSED_URI: abfs:// is not known" in capsys.readouterr().err
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("PROCESSED_URI", str(tmp_path / "file" / "marts"))
    with pytest.raises(SystemExit):
        cli.main(["publish-marts"])
    assert "error: PROCESSED_URI: " in capsys.readouterr().err


def test_a_failed_publication_changes_nothing(tmp_path: Path, warehouse: ScratchDatabase) -> None:
    # Protects atomicity: without the manifest no reader sees a version, however many objects there are.
    uri = str(tmp_path / "lake")
    warehouse.execute(_MAKE, role="transformer")
    _publish(uri)
    before = _marts(uri)
    warehouse.execute(
        "drop view common.dim_b; create view common.dim_b as select 2 as id", role="transformer"
    )
    warehouse.execute(
        "create view trade.fact_z as select 1 / (id - 1) as x from trade.fact_a", role="transformer"
    )
    with pytest.raises(Exception, match="division by zero"):
        _publish(uri)
    assert _marts(uri) == before
