"""History in the trade star that only repeated builds can see, on rows written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

from waybill_common import contracts

if TYPE_CHECKING:
    from conftest import Dbt
    from waybill_warehouse.scratch import ScratchDatabase

_LANDED = [datetime(2024, 3, day, tzinfo=UTC) for day in range(1, 4)]
_CREATED = datetime.fromisoformat("2024-01-01 06:07:08")
_UPDATED = datetime.fromisoformat("2024-02-01 09:10:11")
_BEFORE = datetime.fromisoformat("2023-01-01")
_STAMPS = {"created_at": _CREATED, "last_updated": _CREATED}
_PAYMENT: dict[str, Any] = _STAMPS | {
    "transaction_id": 31,
    "counterparty_id": 32,
    "payment_amount": 100,
    "currency_id": 33,
    "payment_type_id": 34,
    "paid": False,
    "payment_date": "2024-01-20",
    "company_ac_number": 35,
    "counterparty_ac_number": 36,
}
_VERSIONS = (
    "select payment_record_id, payment_id, payment_amount, paid, _version, _is_latest"
    " from trade.fact_payment order by payment_record_id"
)


class Trade:
    """The raw tables of totesys and the star built from them."""

    def __init__(self, warehouse: ScratchDatabase, dbt: Dbt) -> None:
        self.warehouse = warehouse
        self.dbt = dbt
        contract = contracts.load(contracts.contracts_folder() / "totesys.yml")
        for stream in contract.streams:
            columns = [f'"{column.name}" {column.sql_type}' for column in stream.columns]
            columns += ["_sdc_extracted_at timestamptz", "_sdc_batched_at timestamptz"]
            columns += ["_sdc_deleted_at timestamptz", f"primary key ({', '.join(stream.key)})"]
            self.execute(f'create table raw_totesys."{stream.name}" ({", ".join(columns)})')

    def execute(self, statement: str, values: list[Any] | None = None) -> None:
        """Run a statement as the loader."""
        self.warehouse.execute(statement, values, role="loader")

    def land(self, run: int, table: str, **row: Any) -> None:
        """Insert a row as it lands in a run."""
        named = row | {"_sdc_batched_at": _LANDED[run]}
        columns = sql.SQL(", ").join(map(sql.Identifier, named)).as_string(None)
        places = ", ".join(["%s"] * len(named))
        self.execute(
            f'insert into raw_totesys."{table}" ({columns}) values ({places})',
            list(named.values()),
        )

    def change(self, run: int, table: str, key: int, **changes: Any) -> None:
        """Change a row as an upsert of a run does."""
        named = changes | {"_sdc_batched_at": _LANDED[run]}
        assignments = ", ".join(f'"{column}" = %s' for column in named)
        self.execute(
            f'update raw_totesys."{table}" set {assignments} where {table}_id = %s',
            [*named.values(), key],
        )

    def build(self, *arguments: str) -> None:
        """Build the star, without its tests: the rows here are no whole source."""
        kinds = ("--exclude-resource-type", "test", "unit_test")
        stars = ("+fact_payment", "+dim_staff", "+dim_counterparty")
        self.dbt.succeed("--quiet", "build", "--select", *stars, *kinds, *arguments)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What an analyst's query finds."""
        return self.warehouse.rows(query, role="reader")


@pytest.fixture
def trade(warehouse: ScratchDatabase, dbt: Dbt) -> Trade:
    """A first build over two payments, one person and one counterparty."""
    star = Trade(warehouse, dbt)
    for payment_id in (1, 2):
        star.land(0, "payment", payment_id=payment_id, **_PAYMENT)
    star.land(
        0, "department", department_id=8, department_name="Sales", location="Leeds", **_STAMPS
    )
    star.land(
        0,
        "staff",
        staff_id=1,
        department_id=8,
        first_name="Ada",
        last_name="Byron",
        email_address="ada@example.org",
        **_STAMPS,
    )
    star.land(
        0,
        "address",
        address_id=9,
        address_line_1="1 High St",
        city="York",
        postal_code="YO1",
        country="Malta",
        phone="0123",
        **_STAMPS,
    )
    star.land(
        0,
        "counterparty",
        counterparty_id=1,
        counterparty_legal_name="Hay",
        legal_address_id=9,
        **_STAMPS,
    )
    star.build()
    return star


def test_changes_add_versions_move_nothing_and_reach_the_dimensions(trade: Trade) -> None:
    """Record ids and contents stand, also when last_updated stays, goes back, or a row comes late."""
    trade.change(1, "payment", 1, paid=True, payment_date="2024-12-01", last_updated=_UPDATED)
    trade.change(1, "department", 8, department_name="Trade", last_updated=_UPDATED)
    trade.change(1, "address", 9, city="Bath", last_updated=_UPDATED)
    trade.build()
    assert trade.rows(_VERSIONS) == [
        (1, 1, 100, False, 1, False),
        (2, 2, 100, False, 1, True),
        (3, 1, 100, True, 2, True),
    ]
    assert trade.rows(
        "select payment_date, last_updated_date, last_updated_time from trade.fact_payment"
        " where payment_id = 1 order by payment_record_id"
    ) == [
        (date(2024, 1, 20), _CREATED.date(), _CREATED.time()),
        (date(2024, 12, 1), _UPDATED.date(), _UPDATED.time()),
    ]
    assert trade.rows("select department_name, location from trade.dim_staff") == [
        ("Trade", "Leeds")
    ]
    assert trade.rows("select counterparty_legal_city from trade.dim_counterparty") == [("Bath",)]

    trade.change(2, "payment", 1, payment_amount=101)
    trade.change(2, "payment", 2, payment_amount=99, last_updated=_BEFORE)
    trade.land(2, "payment", payment_id=3, **_PAYMENT)
    trade.build()
    grown = [
        (1, 1, 100, False, 1, False),
        (2, 2, 100, False, 1, False),
        (3, 1, 100, True, 2, False),
        (4, 2, 99, False, 2, True),
        (5, 3, 100, False, 1, True),
        (6, 1, 101, True, 3, True),
    ]
    assert trade.rows(_VERSIONS) == grown

    trade.build("--full-refresh")
    assert trade.rows(_VERSIONS) == grown


def test_a_row_gone_from_the_source_keeps_its_versions_without_a_latest_one(trade: Trade) -> None:
    """History stays, what is gone is counted nowhere, be it marked or removed, and may come back."""
    trade.execute("delete from raw_totesys.payment where payment_id = 1")
    for table in ("payment", "staff", "counterparty"):
        trade.execute(f"update raw_totesys.{table} set _sdc_deleted_at = now()")
    trade.build()
    assert trade.rows(_VERSIONS) == [
        (1, 1, 100, False, 1, False),
        (2, 2, 100, False, 1, False),
    ]
    assert trade.rows("select staff_id from trade.dim_staff") == []
    assert trade.rows("select counterparty_id from trade.dim_counterparty") == []

    trade.land(2, "payment", payment_id=1, **_PAYMENT)
    trade.change(2, "payment", 2, _sdc_deleted_at=None)
    trade.change(2, "staff", 1, _sdc_deleted_at=None)
    trade.build()
    returned = [
        (1, 1, 100, False, 1, False),
        (2, 2, 100, False, 1, False),
        (3, 1, 100, False, 2, True),
        (4, 2, 100, False, 2, True),
    ]
    assert trade.rows(_VERSIONS) == returned
    assert trade.rows("select staff_id, department_name from trade.dim_staff") == [(1, "Sales")]

    trade.build("--full-refresh")
    assert trade.rows(_VERSIONS) == returned
