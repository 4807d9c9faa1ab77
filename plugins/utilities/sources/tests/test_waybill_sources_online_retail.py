"""The Online Retail samples: the same on each machine, with the traps of the published files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from waybill_common import contracts
from waybill_common.errors import WaybillError
from waybill_sources import cli, online_retail, prepare, sample_folders, settings
from waybill_sources.prepare import ONLINE_RETAIL

if TYPE_CHECKING:
    from collections.abc import Callable

CONTRACT = contracts.load(Path(__file__).parents[4] / "extract" / "contracts" / "online_retail.yml")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "online_retail"
    online_retail.generate(folder)
    return folder


def _query(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as session:
        session.execute(
            f"create view lines as select * from read_csv('{folder}/*.csv', header = true, all_varchar = true,"
            " filename = true, quote = '\"', escape = '\"')"
        )
        return session.execute(query).fetchall()


def test_the_samples_are_the_same_everywhere(samples: Path, digest: Callable[..., Any]) -> None:
    """Protects determinism: if this digest must change, raise online_retail.GENERATOR with it."""
    assert online_retail.GENERATOR == 1
    assert digest(samples) == "5e7808afdf04334ca483d85a566096c4c5f0fc45a3b69afa79d03ee7604b6e01"


TRAPS = {
    "customers are written with a fraction": "CustomerID like '%.0'",
    "customers are missing": "CustomerID is null and InvoiceNo not like 'A%' and UnitPrice <> '0.0'",
    "invoices are cancelled": "InvoiceNo like 'C%' and Quantity::int < 0",
    "bad debt is adjusted": "InvoiceNo like 'A%' and UnitPrice like '-%'",
    "stock is written off": "Quantity::int < 0 and InvoiceNo not like 'C%' and UnitPrice = '0.0'",
    "goods come without a price": "Quantity::int > 0 and UnitPrice = '0.0'",
    "a code is no goods": "StockCode in ('POST', 'M', 'BANK CHARGES')",
    "a code is in lower case": "StockCode <> upper(StockCode) and StockCode not like 'gift%'",
    "a line has no description": "Description is null",
    "a description has a comma": "Description like '%,%'",
    "a description ends with a blank": "Description <> trim(Description)",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_the_samples_have_the_traps_of_the_published_files(samples: Path, trap: str) -> None:
    """Protects the tests of what the pipeline must survive from samples that are too clean."""
    ((count,),) = _query(samples, f"select count(*) from lines where {TRAPS[trap]}")
    assert count > 0


def test_lines_are_repeated_renamed_and_spread_over_a_minute(samples: Path) -> None:
    """Protects the traps that only several lines together make."""
    assert _query(samples, "select * from lines group by all having count(*) > 1")
    assert _query(
        samples,
        "select StockCode from lines where UnitPrice <> '0.0' group by 1 having count(distinct trim(Description)) > 1",
    )
    assert _query(
        samples, "select InvoiceNo from lines group by 1 having count(distinct InvoiceDate) > 1"
    )


def test_the_samples_break_no_rule_of_the_contract(samples: Path) -> None:
    """Protects the job on samples, which the raw checks would stop."""
    names = {column.source_name: column.name for column in CONTRACT.streams[0].columns}
    columns = ", ".join(
        f'"{source}"::{column.sql_type} as {column.name}'
        for source, column in zip(names, CONTRACT.streams[0].columns, strict=True)
    )
    with duckdb.connect() as session:
        session.execute(
            f"create view invoice_lines as select {columns} from read_csv('{samples}/*.csv', header = true,"
            " all_varchar = true, quote = '\"', escape = '\"')"
        )
        for rule in CONTRACT.streams[0].rules:
            query = rule.query.replace("{table}", "invoice_lines")
            assert session.execute(query).fetchall() == [], rule.name


def test_a_next_day_brings_new_late_and_corrected_files(tmp_path: Path) -> None:
    """Protects what the incremental tests rest on: a day that came late, and one that came again."""
    folder = tmp_path / "online_retail"
    made = online_retail.generate(folder)
    before = {file.name: file.read_text() for file in folder.glob("*.csv")}
    date, changes = online_retail.next_day(folder)
    after = {file.name: file.read_text() for file in folder.glob("*.csv")}
    assert date.isoformat() == "2011-11-04"
    new, changed = sorted(set(after) - set(before)), [n for n in before if before[n] != after[n]]
    assert new == ["2011-11-01.csv", "2011-11-04.csv"]
    assert max(before) == "2011-11-03.csv" > new[0]
    assert changed == ["2011-11-03.csv"]
    gone = set(before[changed[0]].splitlines()) - set(after[changed[0]].splitlines())
    added = set(after[changed[0]].splitlines()) - set(before[changed[0]].splitlines())
    assert (len(gone), len(added)) == (2, 2)
    rows = {name: text.count("\n") - 1 for name, text in after.items()}
    assert changes == {"invoice_lines": (sum(rows[name] for name in new), rows[changed[0]])}
    kept = sample_folders.manifest(folder)
    assert kept
    assert kept.rows == {"invoice_lines": sum(rows.values())}
    assert made.rows["invoice_lines"] == sum(text.count("\n") - 1 for text in before.values())


def test_days_appended_one_by_one_equal_those_from_nothing(
    tmp_path: Path, digest: Callable[..., Any]
) -> None:
    """Protects the comparison of an incremental load with a full one; each day brings something."""
    online_retail.generate(tmp_path / "by day")
    for _ in range(7):
        _, changes = online_retail.next_day(tmp_path / "by day")
        assert sum(changes["invoice_lines"]) > 0
    online_retail.generate(tmp_path / "at once", days=7)
    assert digest(tmp_path / "by day") == digest(tmp_path / "at once")
    first, second = (sample_folders.manifest(tmp_path / name) for name in ("by day", "at once"))
    assert first == second


def test_own_files_and_a_missing_folder(
    samples: Path, waybill_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects a user's own files: checked and left alone; and a wrong path from a run without them."""
    monkeypatch.setenv(ONLINE_RETAIL, str(samples))
    (line,) = prepare.prepare(["online_retail"])
    assert line.startswith(f"online_retail: {samples}, 9 files, ")
    with pytest.raises(SystemExit):
        cli.main(["next-day", "online_retail"])
    assert not (waybill_home / "samples").exists()
    monkeypatch.setenv(ONLINE_RETAIL, str(samples.parent))
    with pytest.raises(WaybillError, match=r"WAYBILL_ONLINE_RETAIL: .* has no file \*\.csv"):
        prepare.prepare(["online_retail"])


def test_the_size_of_the_samples_is_a_setting(tmp_path: Path) -> None:
    """Protects larger samples for trials."""
    path = tmp_path / "samples.yml"
    path.write_text("online_retail: {days: 5, invoices: 3}\n")
    made = online_retail.generate(tmp_path / "small", settings.load(path))
    assert len(list((tmp_path / "small").glob("*.csv"))) == 4
    assert 0 < made.rows["invoice_lines"] < 600
