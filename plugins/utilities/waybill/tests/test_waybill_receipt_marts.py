from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str]]


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (
            "delete from marketplace.fct_orders where order_id = 'c'",
            "order_id c: missing in the mart",
        ),
        (
            "insert into marketplace.fct_orders values ('c', 0)",
            "order_id c: 2 rows in the mart instead of 1",
        ),
        (
            "update marketplace.fct_orders set amount = null where order_id = 'a'",
            "order_id a: amount is null instead of 10.10",
        ),
        (
            "update marketplace.fct_orders set order_id = 'b' where order_id = 'a'",
            "order_id a: missing in the mart",
        ),
    ],
)
def test_damage_to_a_mart_is_named(shop: Any, receipt: Run, damage: str, named: str) -> None:
    """Lost, doubled, changed or swapped in a mart: the mart and the key are named."""
    shop.database.execute(damage, role="transformer")
    code, printed = receipt()
    assert code == 1, printed
    assert "marketplace.fct_orders: " in printed
    assert named in printed
    assert "\n  raw_olist.orders: " not in printed


def test_a_mart_row_outside_the_rule_does_not_count(shop: Any, receipt: Run) -> None:
    """dbt's own `where` holds for the receipt too: earlier versions of a row are no surplus."""
    shop.database.execute(
        "insert into trade.fact_payment values (1, 0.50, false)", role="transformer"
    )
    assert receipt()[0] == 0


def test_a_mart_that_is_not_there_is_a_difference(shop: Any, receipt: Run) -> None:
    """A manifest alone proves nothing."""
    shop.database.execute("drop table trade.fact_payment", role="transformer")
    code, printed = receipt()
    assert code == 1, printed
    assert "trade.fact_payment is not built" in printed


def test_without_dbt_the_marts_are_not_answered_for(shop: Any, receipt: Run) -> None:
    """A run that skipped the models must not look balanced."""
    (shop.root / "transform" / "target" / "manifest.json").unlink()
    code, printed = receipt()
    assert code == 1, printed
    assert "marts not built" in printed


def test_a_mart_with_one_row_per_key_keeps_the_sums_of_many(shop: Any, receipt: Run) -> None:
    """`distinct`: rows are counted by key, totals over all rows of the origin."""
    shop.database.execute(
        "create table marketplace.pages as select page, count(*) as clicks"
        " from raw_olist.clicks group by page",
        role="transformer",
    )
    manifest = shop.manifest_with_pages()
    shop.write_manifest(manifest)
    code, printed = receipt("olist")
    assert code == 0, printed
    assert re.search(r"marketplace\.pages of raw_olist\.clicks, 1 total +2 +2 +ok", printed)
    shop.database.execute("update marketplace.pages set clicks = 3 - clicks", role="transformer")
    code, printed = receipt("olist")
    assert code == 1
    assert "marketplace.pages: rows by key" in printed
    assert "page /: clicks is 1 instead of 2" in printed


def test_a_rule_that_does_not_run_is_one_clear_line(shop: Any, receipt: Run) -> None:
    """A typing error in a rule must not pass as a mart that was checked."""
    manifest = shop.manifest_with_pages()
    shop.database.execute("create table marketplace.pages (page text)", role="transformer")
    shop.write_manifest(manifest)
    code, printed = receipt("olist")
    assert code == 2
    assert "The rule `conserves` of marketplace.pages does not run" in printed
    assert shop.open_rows() == 3


def test_a_source_without_a_conservation_rule_is_told(shop: Any, receipt: Run) -> None:
    """A new source may have no marts yet, and the reader is told so."""
    shop.write_manifest({"nodes": {}, "sources": {}})
    code, printed = receipt("olist")
    assert code == 0, printed
    assert "raw_olist: no mart declares a conservation rule for it" in printed


def test_a_mart_of_another_domain_is_left_to_its_own_receipt(shop: Any, receipt: Run) -> None:
    """Protects a source that others build on, such as exchange rates, from marts its job does not build."""
    for source, domain in (("olist", "marketplace"), ("totesys", "trade")):
        path = shop.root / "extract" / "contracts" / f"{source}.yml"
        contract = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump(contract | {"domain": domain}))
    manifest = shop.manifest_with_pages()
    manifest["nodes"]["model.w.pages"]["schema"] = "trade"
    shop.write_manifest(manifest)
    code, printed = receipt("olist")
    assert code == 0, printed
    assert "marketplace.fct_orders" in printed
    assert "pages" not in printed
    code, printed = receipt()
    assert code == 1
    assert "trade.pages is not built" in printed
