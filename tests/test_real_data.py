"""The whole job on the real archives: counts, and figures that DuckDB computes from the files."""

from __future__ import annotations

import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import report_figures
from dashboard_figures import FROM_FILES, shown

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

pytestmark = pytest.mark.real_data

OLIST_ROWS = {
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
TOTESYS_ROWS = {
    "address": 30,
    "counterparty": 20,
    "currency": 3,
    "department": 8,
    "design": 473,
    "payment": 15_836,
    "payment_type": 4,
    "purchase_order": 4_649,
    "sales_order": 11_187,
    "staff": 20,
    "transaction": 15_836,
}
RETAIL_ROWS = {"invoice_lines": 541_909}
MART_ROWS = {
    "marketplace.fct_order_items": 112_650,
    "marketplace.fct_orders": 99_441,
    "marketplace.fct_payments": 103_886,
    "marketplace.fct_reviews": 99_224,
    "marketplace.customer_lifetime_value": 96_096,
    "trade.fact_sales_order": 11_187,
    "trade.fact_purchase_orders": 4_649,
    "trade.fact_payment": 15_836,
    "retail.fct_invoice_lines": 541_909,
    "retail.dim_customer": 4_372,
}


@pytest.fixture(scope="module")
def loaded(project: Project, real_archives: Path) -> Project:
    project.run("elt", **_own(real_archives))
    return project


def _own(folder: Path) -> dict[str, str]:
    """The settings that name the archives."""
    return {
        "WAYBILL_OLIST": str(folder / "brazilian-ecommerce.zip"),
        "WAYBILL_TOTESYS": str(folder / "totesys-2024-11-15.zip"),
        "WAYBILL_ONLINE_RETAIL": str(folder / "online-retail-by-day.zip"),
    }


@pytest.fixture(scope="module")
def files(real_archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A DuckDB session with a view per file of the archives, and one table of Online Retail."""
    folder = tmp_path_factory.mktemp("archives")
    session = duckdb.connect()
    for archive in ("brazilian-ecommerce", "totesys-2024-11-15", "online-retail-by-day"):
        (path,) = real_archives.glob(f"{archive}.zip")
        _unzip(path, folder / archive)
    session.execute(
        f"create table online_retail as select * from read_csv('{folder}/online-retail-by-day/*.csv', header = true,"
        " all_varchar = true, quote = '\"', escape = '\"')"
    )
    for path in sorted(folder.glob("brazilian-ecommerce/*.csv")):
        name = path.stem.removeprefix("olist_").removesuffix("_dataset")
        session.execute(
            f"create view {name} as select * from read_csv('{path}', header = true,"
            " all_varchar = true, quote = '\"', escape = '\"')"
        )
    for path in sorted(folder.glob("*/*.parquet")):
        session.execute(f"create view totesys_{path.stem} as select * from '{path}'")
    return session


def _unzip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)


def _counts(project: Project, schema: str, names: dict[str, int]) -> dict[str, int]:
    return {name: project.rows(f'select count(*) from {schema}."{name}"')[0][0] for name in names}


def test_every_row_of_both_sources_lands(loaded: Project) -> None:
    """1,550,922 rows of Olist, 541,909 of Online Retail and all of Totesys, stream by stream."""
    assert _counts(loaded, "raw_olist", OLIST_ROWS) == OLIST_ROWS
    assert _counts(loaded, "raw_totesys", TOTESYS_ROWS) == TOTESYS_ROWS
    assert _counts(loaded, "raw_online_retail", RETAIL_ROWS) == RETAIL_ROWS
    assert sum(OLIST_ROWS.values()) == 1_550_922


def test_the_receipt_is_balanced_over_all_of_them(loaded: Project) -> None:
    """The receipt must not only be green, it must answer for every stream."""
    ((is_balanced, received),) = loaded.rows(
        "select is_balanced, (select sum(rows_received) from waybill.load where load.receipt_id = receipt.receipt_id"
        " and target_schema in ('raw_olist', 'raw_totesys', 'raw_online_retail'))"
        " from waybill.receipt order by ended_at desc limit 1"
    )
    assert is_balanced
    assert received == sum((OLIST_ROWS | TOTESYS_ROWS | RETAIL_ROWS).values())


def test_the_marts_have_the_rows_of_their_grain(loaded: Project) -> None:
    """No item, payment, review or order is lost or doubled on the way to the marts."""
    found = {name: loaded.rows(f"select count(*) from {name}")[0][0] for name in MART_ROWS}
    assert found == MART_ROWS


FIGURES = {
    "sales by month": (
        """
        select strftime(order_purchase_timestamp::timestamp, '%Y-%m') as month,
            count(distinct o.order_id), sum(price::decimal(18, 2)), sum(freight_value::decimal(18, 2))
        from order_items as i join orders as o using (order_id)
        group by 1 order by 1
        """,
        """
        select to_char(o.purchased_at_local, 'YYYY-MM') as month,
            count(distinct o.order_id), sum(i.price), sum(i.freight_value)
        from marketplace.fct_order_items as i join marketplace.fct_orders as o using (order_id)
        group by 1 order by 1
        """,
    ),
    "late deliveries by calendar date": (
        """
        select count(*) from orders
        where order_delivered_customer_date::timestamp::date > order_estimated_delivery_date::timestamp::date
        """,
        "select count(*) from marketplace.fct_orders where is_late",
    ),
    "paid by kind of payment": (
        """
        select payment_type, count(*), sum(payment_value::decimal(18, 2))
        from order_payments group by 1 order by 1
        """,
        """
        select payment_type, count(*), sum(payment_value)
        from marketplace.fct_payments group by 1 order by 1
        """,
    ),
    "reviews by score": (
        "select review_score::int, count(*) from order_reviews group by 1 order by 1",
        "select review_score, count(*) from marketplace.fct_reviews group by 1 order by 1",
    ),
    "persons with more than one zip prefix": (
        """
        select count(*) from (
            select customer_unique_id from customers
            group by 1 having count(distinct customer_zip_code_prefix) > 1)
        """,
        """
        select count(*) from (
            select customer_unique_id from marketplace.dim_customer
            group by 1 having count(distinct zip_code_prefix) > 1) as moved
        """,
    ),
    "orders without items": (
        "select count(*) from orders where order_id not in (select order_id from order_items)",
        "select count(*) from marketplace.fct_orders where item_count = 0",
    ),
    "top ten categories": (
        """
        select coalesce(product_category_name_english, product_category_name, 'unknown') as category,
            sum(price::decimal(18, 2)) as revenue
        from order_items join products using (product_id)
        left join product_category_name_translation using (product_category_name)
        group by 1 order by revenue desc, category limit 10
        """,
        """
        select p.category, sum(i.price) as revenue
        from marketplace.fct_order_items as i join marketplace.dim_product as p using (product_id)
        group by 1 order by revenue desc, category limit 10
        """,
    ),
    "trade money": (
        """
        select
            (select sum(round(units_sold * unit_price::decimal(18, 2), 2)) from totesys_sales_order),
            (select sum(round(item_quantity * item_unit_price::decimal(18, 2), 2))
                from totesys_purchase_order),
            (select sum(payment_amount::decimal(18, 2)) from totesys_payment)
        """,
        """
        select
            (select sum(round(units_sold * unit_price, 2)) from trade.fact_sales_order),
            (select sum(round(item_quantity * item_unit_price, 2)) from trade.fact_purchase_orders),
            (select sum(payment_amount) from trade.fact_payment)
        """,
    ),
    "retail sales by month": (
        """
        select strftime(InvoiceDate::timestamp, '%Y-%m') as month, count(*),
            sum(Quantity::int * UnitPrice::decimal(18, 3)),
            count(distinct case when InvoiceNo like 'C%' then InvoiceNo end)
        from online_retail group by 1 order by 1
        """,
        """
        select to_char(month_start_date, 'YYYY-MM'), line_count, net_amount, cancellation_count
        from retail.rpt_monthly_sales order by 1
        """,
    ),
    "retail items bought together most": (
        """
        with basket as (
            select distinct InvoiceNo, upper(trim(StockCode)) as item from online_retail
            where Quantity::int > 0 and UnitPrice::decimal(18, 3) > 0 and InvoiceNo not like 'A%'
                and regexp_matches(upper(StockCode), '^[0-9]{5}|^DCGS|^PADS')),
        frequent as (
            select * from basket where item in (select item from basket group by 1 having count(*) >= 600))
        select one.item, other.item, count(*), (select count(distinct InvoiceNo) from basket)
        from frequent as one
        join frequent as other on one.InvoiceNo = other.InvoiceNo and one.item < other.item
        group by 1, 2 having count(*) >= 600 order by 3 desc, 1, 2
        """,
        """
        select first_item_code, second_item_code, pair_basket_count, basket_count from retail.rpt_item_pairs
        where pair_basket_count >= 600 order by 3 desc, 1, 2
        """,
    ),
    "payments by counterparty": (
        """
        select counterparty_legal_name, sum(payment_amount::decimal(18, 2))
        from totesys_payment join totesys_counterparty using (counterparty_id)
        group by 1 order by 1
        """,
        """
        select counterparty_legal_name, sum(payment_amount)
        from trade.fact_payment join trade.dim_counterparty using (counterparty_id)
        group by 1 order by counterparty_legal_name collate "C"
        """,
    ),
}


@pytest.mark.parametrize("figure", FIGURES | report_figures.FIGURES)
def test_a_figure_from_the_files_equals_the_one_from_the_marts(
    loaded: Project, files: Any, figure: str
) -> None:
    """DuckDB reads the files, the marts went all the way round: both must say the same."""
    from_files, from_marts = (FIGURES | report_figures.FIGURES)[figure]
    expected = files.execute(from_files).fetchall()
    assert expected
    assert _plain(loaded.rows(from_marts)) == _plain(expected)


@pytest.mark.parametrize("query", FROM_FILES)
def test_the_dashboard_shows_what_the_files_hold(
    loaded: Project, files: Any, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects who looks at the full archive: each figure of a chart is what its files add up to."""
    _, from_files = FROM_FILES[query]
    expected = files.execute(from_files).fetchall()
    assert expected
    assert _plain(shown(loaded.url("reader"), query, monkeypatch)) == _plain(expected)


def test_the_money_is_the_published_money(loaded: Project) -> None:
    """Known totals of the real archives, so that DuckDB and we cannot be wrong together."""
    assert loaded.rows("select sum(payment_amount) from trade.fact_payment") == [
        (Decimal("2866262649.80"),)
    ]
    assert loaded.rows(
        "select sum(price), sum(freight_value) from marketplace.fct_order_items"
    ) == [(Decimal("13591643.70"), Decimal("2251909.54"))]
    assert loaded.rows(
        "select count(distinct invoice_number), sum(gross_amount), sum(returned_amount), sum(net_amount),"
        " count(*) filter (where quantity < 0), count(*) filter (where is_cancellation),"
        " count(*) filter (where line_kind = 'written off'), count(*) filter (where is_adjustment),"
        " count(*) filter (where is_anonymous), count(*) filter (where unit_price = 0)"
        " from retail.fct_invoice_lines"
    ) == [
        (
            *(25_900, Decimal("10666684.544"), Decimal("896812.49"), Decimal("9747747.934")),
            *(10_624, 9_288, 1_336, 3, 135_080, 2_515),
        )
    ]


@pytest.mark.wide
def test_a_second_run_reads_nothing(loaded: Project, real_archives: Path) -> None:
    """2.1 million rows are there already: none travels again.

    test_elt.py shows the same of the whole job on samples, test_tap_csv_olist.py of the real archive.
    """
    output = loaded.run("elt", **_own(real_archives))
    assert "nothing new" in output
    assert loaded.rows(
        "select coalesce(sum(rows_received), 0) from waybill.load where receipt_id ="
        " (select receipt_id from waybill.receipt order by ended_at desc limit 1)"
    ) == [(0,)]


def _plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with integers and decimals as one kind of number."""
    return [tuple(Decimal(v) if isinstance(v, int | Decimal) else v for v in row) for row in rows]
