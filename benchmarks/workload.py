"""The input: order items shaped like Olist's, the same on every machine, as CSV files and as a table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import yaml

from benchmarks import processes, project
from benchmarks.server import SOURCE

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.server import Server

STREAM = "order_items"
FILE = "olist_order_items_dataset.csv"
KEY = "order_id, order_item_id"
COLUMNS = {
    "order_id": "text",
    "order_item_id": "integer",
    "product_id": "text",
    "seller_id": "text",
    "shipping_limit_date": "timestamp",
    "price": "numeric",
    "freight_value": "numeric",
}
UPDATED_AT = "updated_at"
CHANGED_ROWS = 1000
_BASE, _SOME, _ALL = "base", "some", "all"
VARIANTS = (_BASE, _SOME, _ALL)
"""As it was first; with `CHANGED_ROWS` changed, spread evenly; with every row changed."""

# Every eighth row is the second item of the order before it.
_ROWS = """
    select
        n,
        md5('order ' || n - (n % 8 = 7)::integer) as order_id,
        1 + (n % 8 = 7)::integer as order_item_id,
        md5('product ' || n * 7919 % 32951) as product_id,
        md5('seller ' || n * 104729 % 3095) as seller_id,
        timestamp '2016-09-19' + n * 7919 % 112000000 * interval '1 second' as shipping_limit_date,
        ((n * 2654435761 % 67000 + 85) / 100.0 + {change})::numeric(10, 2) as price,
        (n * 40503 % 4100 / 100.0)::numeric(10, 2) as freight_value
    from generate_series(0::bigint, {rows} - 1) as n
"""
# Olist's files quote a string only where it starts with a digit, and are sorted by their key.
_LINES = """
    copy (
        select concat_ws(
            ',', {order_id}, order_item_id, {product_id}, {seller_id},
            shipping_limit_date, price, freight_value
        )
        from ({rows}) as items
        order by order_id collate "C", order_item_id
    ) to stdout
"""
_QUOTED = "case when {0} < 'a' then '\"' || {0} || '\"' else {0} end"
_FIGURES = """
    select
        count(*), coalesce(sum(order_item_id), 0)::numeric, coalesce(sum(price::numeric), 0),
        coalesce(sum(freight_value::numeric), 0),
        coalesce(sum(extract(epoch from shipping_limit_date::timestamp)), 0)::numeric(30, 0),
        coalesce(sum(hashtextextended(concat(order_id, product_id, seller_id), 0)), 0)::numeric
    from {relation}
"""
Figures = tuple[Decimal, ...]


@dataclass(frozen=True)
class Workload:
    """Input of one size.

    Args:
        server: Where it is made, and where the table is.
        folder: Where files are kept from one benchmark to the next.
        rows: How many.
    """

    server: Server
    folder: Path
    rows: int

    @property
    def table(self) -> str:
        """The source table, which is the only one in its schema."""
        return f"source_{self.rows}.{STREAM}"

    def file(self, variant: str) -> Path:
        """A CSV file; made if it is not there from an earlier benchmark."""
        lines = _LINES.format(
            rows=self._select(variant),
            **{name: _QUOTED.format(name) for name in ("order_id", "product_id", "seller_id")},
        )
        made_of = hashlib.sha256(lines.encode()).hexdigest()[:12]
        path = self.folder / f"{self.rows}-{variant}-{made_of}.csv"
        if not path.exists():
            work = self.folder / "work"
            processes.run([self.server.psql("psql", lines)], work)
            part = path.with_suffix(".part")
            header = ",".join(f'"{name}"' for name in COLUMNS) + "\n"
            with part.open("wb") as file, (work / "output").open("rb") as written:
                file.write(header.encode())
                while some := written.read(1 << 20):
                    file.write(some)
            (work / "output").unlink()
            part.rename(path)
        return path

    def make_table(self) -> None:
        """Make the source table anew; each row has changed a millisecond after the one before it."""
        schema = self.table.split(".")[0]
        names = ", ".join(COLUMNS)
        definitions = ", ".join(f"{name} {sql_type} not null" for name, sql_type in COLUMNS.items())
        self.server.execute(
            f"drop schema if exists {schema} cascade",
            f"create schema {schema}",
            f"grant usage on schema {schema} to source_reader",
            f"create table {self.table} ({definitions}, {UPDATED_AT} timestamptz not null)",
            f"insert into {self.table} ({names}, {UPDATED_AT}) select {names},"
            f" timestamptz '2026-01-01' + n * interval '1 millisecond' from ({self._select(_BASE)}) as items",
            f"alter table {self.table} add primary key ({KEY})",
            f"grant select on {self.table} to source_reader",
            f"vacuum (freeze, analyze) {self.table}",
            database=SOURCE,
        )

    def change_table(self) -> None:
        """Change `CHANGED_ROWS` rows, or all of a smaller table, spread evenly."""
        self.server.execute(
            f"update {self.table} as items set price = items.price + 1, {UPDATED_AT} = now()"
            f" from ({self._select(_BASE)}) as drawn"
            f" where n % {self._step} = 0 and items.order_id = drawn.order_id"
            " and items.order_item_id = drawn.order_item_id",
            f"vacuum {self.table}",
            database=SOURCE,
        )

    def expected(self, variant: str) -> Figures:
        """The figures of a variant, computed from nothing but its definition."""
        return figures(self.server, f"({self._select(variant)}) as items", SOURCE)

    def expected_table(self) -> Figures:
        """The figures of the source table as it is now."""
        return figures(self.server, self.table, SOURCE)

    @property
    def _step(self) -> int:
        return max(1, self.rows // CHANGED_ROWS)

    def _select(self, variant: str) -> str:
        change = {_BASE: "0", _SOME: f"(n % {self._step} = 0)::integer", _ALL: "1"}[variant]
        return _ROWS.format(rows=self.rows, change=change)


def figures(server: Server, relation: str, database: str) -> Figures:
    """What must be equal in source and target: the number of rows, and a sum over every column."""
    (found,) = server.rows(_FIGURES.format(relation=relation), database)
    return tuple(Decimal(value) for value in found)


def write_contract(path: Path, properties: dict[str, str]) -> None:
    """Write a data contract with this stream alone, as the project's own contract has it.

    Args:
        path: The file to write.
        properties: Custom properties of the stream; with a `replicationKey` it is a table's.
    """
    own = project.ROOT / "extract" / "contracts" / "olist.yml"
    contract = yaml.safe_load(own.read_text())
    (stream,) = (each for each in contract["schema"] if each["name"] == STREAM)
    stream.pop("quality")
    for column in stream["properties"]:
        column.pop("relationships", None)
    stream["customProperties"] = [
        {"property": name, "value": value} for name, value in properties.items()
    ]
    if "replicationKey" in properties:
        changed = {
            "name": UPDATED_AT,
            "logicalType": "timestamp",
            "physicalType": "timestamp with time zone",
            "required": True,
        }
        stream["properties"].append(changed)
    contract["schema"] = [stream]
    contract.pop("slaProperties", None)
    path.write_text(yaml.safe_dump(contract))
