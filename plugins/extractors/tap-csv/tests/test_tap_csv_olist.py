"""The real Olist archive, against DuckDB's reading of the same bytes."""

from __future__ import annotations

import zipfile
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from waybill_common import batch_files, copy_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[4]
ARCHIVE = ROOT.parent / "shared" / "data" / "brazilian-ecommerce.zip"
CONTRACT = ROOT / "extract" / "contracts" / "olist.yml"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not ARCHIVE.is_file(), reason=f"the real archive is not at {ARCHIVE}"),
]

FILES = {
    "customers": "olist_customers_dataset.csv",
    "geolocation": "olist_geolocation_dataset.csv",
    "order_items": "olist_order_items_dataset.csv",
    "order_payments": "olist_order_payments_dataset.csv",
    "order_reviews": "olist_order_reviews_dataset.csv",
    "orders": "olist_orders_dataset.csv",
    "product_category_name_translation": "product_category_name_translation.csv",
    "products": "olist_products_dataset.csv",
    "sellers": "olist_sellers_dataset.csv",
}


SUMS = {
    "order_items": {"price": "13591643.70", "freight_value": "2251909.54"},
    "order_payments": {"payment_value": "16008872.12"},
}


def landed(message: dict[str, Any]) -> Iterator[tuple[str | None, ...]]:
    for uri in message["manifest"]:
        with batch_files.local_path(uri).open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield tuple(copy_text.decode_row(line)[:-1])


def test_every_value_of_the_archive_arrives(run: Callable[..., Any], tmp_path: Path) -> None:
    # Protects all 1,550,922 rows, value by value in their order, and the sums of money, against
    # DuckDB's reading of the same files.
    output = run(ARCHIVE, CONTRACT, is_decoded=False)
    with zipfile.ZipFile(ARCHIVE) as opened:
        opened.extractall(tmp_path)
    rows = {}
    database = duckdb.connect()
    for message in output.of("BATCH"):
        stream, columns = message["stream"], message["encoding"]["columns"][:-1]
        table = f"""
            read_csv('{tmp_path / FILES[stream]}', all_varchar = true, header = true, delim = ',',
                quote = '"', escape = '"', parallel = false, strict_mode = true)
        """
        expected = database.execute(f"from {table}")
        assert [name for name, *_ in expected.description] == columns
        count = 0
        for ours, theirs in zip_longest(landed(message), iter(expected.fetchone, None)):
            assert ours == theirs, (stream, count)
            count += 1
        rows[stream] = count
        totals = {
            name: database.execute(f"select sum({name}::decimal(18, 2)) from {table}").fetchone()
            for name in SUMS.get(stream, {})
        }
        assert {name: str(total) for name, (total,) in totals.items()} == SUMS.get(stream, {})
        assert output.bookmark(stream)["read"] == {"rows": count, "totals": SUMS.get(stream, {})}
    assert rows == {
        "customers": 99_441,
        "geolocation": 1_000_163,
        "order_items": 112_650,
        "order_payments": 103_886,
        "order_reviews": 99_224,
        "orders": 99_441,
        "product_category_name_translation": 71,
        "products": 32_951,
        "sellers": 3_095,
    }
    assert sum(rows.values()) == 1_550_922

    again = run(ARCHIVE, CONTRACT, state=output.state)
    assert again.of("BATCH") == []
    assert sum(again.bookmark(stream)["source"]["rows"] for stream in rows) == 1_550_922
