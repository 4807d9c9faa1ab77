from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common.errors import WaybillError
from waybill_sources import totesys
from waybill_sources.settings import TotesysDay
from waybill_sources.totesys_days import TotesysWorld, date
from waybill_sources.totesys_rows import COLUMNS, tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_warehouse.scratch import ScratchDatabase

NEWEST = "select max(last_updated) from payment"


@pytest.fixture
def samples(source_database: ScratchDatabase) -> ScratchDatabase:
    with source_database.connection().connect() as session:
        totesys.generate(session)
    return source_database


def next_day(database: ScratchDatabase) -> tuple[dt.date, dict[str, tuple[int, int]]]:
    with database.connection().connect() as session:
        return totesys.next_day(session)


def one(database: ScratchDatabase, query: str) -> Any:
    return database.rows(query)[0][0]


def test_the_same_settings_give_the_same_rows_on_each_machine() -> None:
    """Protects determinism: if this digest must change, raise totesys.GENERATOR with it."""
    assert totesys.GENERATOR == 1
    digest = hashlib.sha256()
    for table, rows in tables(TotesysWorld(20160904, 1_000, TotesysDay()), 2).items():
        for row in rows():
            digest.update(f"{table} {row}\n".encode())
    assert digest.hexdigest() == "a9b5b280b16b4b9b261ab7c1e703f3d579e5ada8143653496dc44970017b846e"


def test_tables_have_the_contracts_columns_and_exact_types(samples: ScratchDatabase) -> None:
    """Protects the types that the tap finds: money to the cent, integer keys, dates as text."""
    for stream in totesys.contract().streams:
        found = dict(
            samples.rows(
                "select attname::text, format_type(atttypid, atttypmod) from pg_attribute "
                "where attrelid = %s::regclass and attnum > 0 order by attnum",
                [f'"{stream.name}"'],
            )
        )
        short = {"timestamp": "timestamp without time zone", "numeric": "numeric(10,2)"}
        wanted = {
            column.name: short.get(column.sql_type, column.sql_type) for column in stream.columns
        }
        assert found == wanted
        assert tuple(found) == COLUMNS[stream.name]
    assert one(samples, "select count(*) from pg_constraint where contype = 'p' and connamespace = 'public'::regnamespace") == 11  # fmt: skip
    assert one(samples, "select count(*) from pg_constraint where contype = 'f'") == 17
    assert one(samples, "select count(*) from pg_indexes where schemaname = 'public' and indexdef like '%(last_updated)'") == 11  # fmt: skip


def test_the_source_reader_reads_and_cannot_write(samples: ScratchDatabase) -> None:
    """Protects the tap's role: made anew, the tables must still be open to it, and only for reading."""
    for table in COLUMNS:
        assert samples.rows(f'select count(*) from "{table}"', role="reader")[0][0] > 0
    with pytest.raises(Exception, match=r"read-only|permission denied"):
        samples.execute("update payment set paid = true", role="reader")


def test_money_adds_up(samples: ScratchDatabase) -> None:
    """Protects the identity of the real data: payments = sales + purchases, order by order."""
    next_day(samples)
    paid, sold, bought = samples.rows(
        """
        select
            (select sum(payment_amount) from payment),
            (select sum(round(units_sold * unit_price, 2)) from sales_order),
            (select sum(round(item_quantity * item_unit_price, 2)) from purchase_order)
        """
    )[0]
    assert paid == sold + bought > Decimal(10**8)
    assert one(
        samples,
        """
        select count(*) from payment
        inner join transaction using (transaction_id)
        left join sales_order using (sales_order_id)
        left join purchase_order using (purchase_order_id)
        where payment_amount = round(coalesce(units_sold * unit_price, item_quantity * item_unit_price), 2)
            and payment.counterparty_id = coalesce(sales_order.counterparty_id, purchase_order.counterparty_id)
            and payment.currency_id = coalesce(sales_order.currency_id, purchase_order.currency_id)
            and payment.payment_date = coalesce(sales_order.agreed_payment_date, purchase_order.agreed_payment_date)
            and payment_type_id = case transaction_type when 'SALE' then 1 else 3 end
        """,
    ) == 1_030  # fmt: skip


TRAPS = {
    "paid payments are updated": "select count(*) from payment where paid and last_updated > created_at",
    "unpaid payments": "select count(*) from payment where not paid",
    "payment ids that are not the transaction's": "select count(*) from payment where payment_id <> transaction_id",
    "addresses without a second line": "select count(*) from address where address_line_2 is null",
    "addresses without a district": "select count(*) from address where district is null",
    "postal codes with leading zeros": "select count(*) from address where postal_code like '0%'",
    "names with an apostrophe": "select count(*) from staff where last_name like '%''%'",
    "names with a comma": "select count(*) from counterparty where counterparty_legal_name like '%,%'",
    "misspelt location": "select count(*) from department where location = 'Leeeds'",
    "purchases": "select count(*) from transaction where purchase_order_id is not null and sales_order_id is null",
    "due on a weekend": "select count(*) from payment where extract(isodow from payment_date::date) > 5",
}


def test_the_sample_has_each_trap(samples: ScratchDatabase) -> None:
    """Protects the traps of the real database from vanishing out of the samples."""
    assert [trap for trap, query in TRAPS.items() if one(samples, query) == 0] == []


def test_the_rows_pass_the_contracts_rules(samples: ScratchDatabase) -> None:
    """Protects the job on samples from stopping at validate:raw, next days included."""
    streams = totesys.contract().streams
    names = {stream.name: f'"{stream.name}"' for stream in streams}
    for _ in range(4):
        for stream in streams:
            for rule in stream.rules:
                assert samples.rows(rule.query.format(table=names[stream.name], **names)) == [], (
                    rule.name
                )
        next_day(samples)


def test_only_payments_were_ever_updated(samples: ScratchDatabase) -> None:
    """Protects the fact of the real data that facts other than payments never change."""
    for table in COLUMNS:
        updated = one(samples, f'select count(*) from "{table}" where last_updated <> created_at')
        assert (updated > 0) == (table == "payment"), table
    query = "select count(*) from payment where paid <> (last_updated <> created_at)"
    assert one(samples, query) == 0


def test_text_dates_are_dates(samples: ScratchDatabase) -> None:
    """Protects the casts of the marts: each text date is one of the calendar, by its form."""
    for table, column in (
        ("payment", "payment_date"),
        ("sales_order", "agreed_delivery_date"),
        ("purchase_order", "agreed_payment_date"),
    ):
        query = f"select count(*) from {table} where {column}::date::text <> {column}"
        assert one(samples, query) == 0


@pytest.mark.parametrize("days", [1, 4])
def test_next_days_end_where_a_full_fill_does(
    samples: ScratchDatabase, days: int, contents: Callable[..., Any]
) -> None:
    """Protects the proof that an incremental run ends where a full one does."""
    for _ in range(days):
        next_day(samples)
    incremental = contents(samples)
    with samples.connection().connect() as session:
        assert totesys.generate(session, days=days) == sum(map(len, incremental.values()))
    assert contents(samples) == incremental


def test_each_next_day_has_new_changed_and_late_rows(
    samples: ScratchDatabase, contents: Callable[..., Any]
) -> None:
    """Protects what incremental tests and demonstrations rest on, for a week of days."""
    for number in range(1, 6):
        before, newest = contents(samples), one(samples, NEWEST)
        day, changes = next_day(samples)
        after = contents(samples)
        assert day == date(number)
        for table, rows in after.items():
            old = {row[0]: row for row in before[table]}
            new = sum(row[0] not in old for row in rows)
            changed = [row for row in rows if row[0] in old and old[row[0]] != row]
            assert changes[table] == (new, len(changed)), table
            at = COLUMNS[table].index("last_updated")
            assert all(row[at].date() == day > old[row[0]][at].date() for row in changed), table
        assert changes["transaction"] == (30, 0)
        assert changes["payment"][1] > 0
        assert changes["design"] == (1, 0)
        assert all(changes[table] == (0, 1) for table in ("address", "counterparty", "department"))
        ids = {row[0] for row in before["transaction"]}
        late = [row for row in after["transaction"] if row[0] not in ids and row[5] < newest]
        assert len(late) == 1
        assert newest - late[0][5] == dt.timedelta(seconds=90)


def test_a_misspelt_department_is_mended_on_the_first_day(samples: ScratchDatabase) -> None:
    """Protects the demonstration of a changed dimension: a value that readers see changes."""
    next_day(samples)
    assert one(samples, TRAPS["misspelt location"]) == 0


def test_the_scale_moves_time_stamps_alone(source_database: ScratchDatabase) -> None:
    """Protects what is promised of another scale: the same orders, over the same two years."""
    found = []
    for orders in (400, 800):
        with source_database.connection().connect() as session:
            totesys.generate(session, orders=orders)
        query = (
            "select sales_order_id, staff_id, units_sold, unit_price from sales_order order by 1"
        )
        found.append(source_database.rows(query))
        newest = one(source_database, "select max(created_at)::date from transaction")
        assert newest == date(0)
    assert found[1][: len(found[0])] == found[0]


def test_a_database_without_samples_has_no_next_day(source_database: ScratchDatabase) -> None:
    """Protects tables of another origin from made-up rows."""
    source_database.execute("create table payment (payment_id integer)")
    with pytest.raises(WaybillError, match="holds no samples of totesys"):
        next_day(source_database)
    assert source_database.rows("select * from payment") == []
