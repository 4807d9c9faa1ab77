from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from waybill_sources import cli, totesys

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase


def test_each_table_is_a_file_of_whole_rows(
    source_database: ScratchDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Protects the exports' digits and members; an export that is repeated leaves nothing beside its files."""
    with source_database.connection().connect() as session:
        totesys.generate(session, orders=20)
    for _ in range(2):
        cli.main(["export-totesys", str(tmp_path / "exports")])
    assert f"{'sales_order.json':<34}" in capsys.readouterr().out
    names = {path.name for path in (tmp_path / "exports").iterdir()}
    assert names == {f"{stream.name}.json" for stream in totesys.contract().streams}
    rows = json.loads((tmp_path / "exports" / "payment.json").read_text(), parse_float=Decimal)
    found = source_database.rows("select payment_id, payment_amount from payment order by 1")
    assert [(row["payment_id"], Decimal(row["payment_amount"])) for row in rows] == found


def test_an_empty_source_is_one_line(
    source_database: ScratchDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Protects who exports before there is anything from a traceback."""
    assert source_database.name
    with pytest.raises(SystemExit):
        cli.main(["export-totesys", str(tmp_path)])
    assert (
        "Fill the source with `meltano invoke sources:prepare-totesys`" in capsys.readouterr().err
    )
    assert [each for each in tmp_path.iterdir() if each.is_file()] == []
