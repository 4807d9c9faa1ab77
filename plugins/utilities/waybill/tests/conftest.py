"""A small project with two sources, landed by SQL as the target does it."""

from __future__ import annotations

import copy
import json
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import contract_documents
import pytest
import yaml

from waybill.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

_STREAMS = {
    "olist": [
        contract_documents.stream(
            "orders", {"order_id": "text#", "amount": "numeric+"}, files="orders*.csv"
        ),
        contract_documents.stream("clicks", {"page": "text"}, files="clicks*.csv"),
    ],
    "totesys": [
        contract_documents.stream(
            "payment", {"payment_id": "integer#", "payment_amount": "numeric+"}
        )
    ],
}
TABLES = """
    create table raw_olist.orders (order_id text primary key, amount numeric, _sdc_source_file text);
    create table raw_olist.clicks (page text, _sdc_source_file text);
    create table raw_totesys.payment (payment_id integer primary key, payment_amount numeric);
"""
MARTS = """
    create table marketplace.fct_orders as select order_id, amount from raw_olist.orders;
    create table trade.fact_payment as
    select payment_id, payment_amount, true as _is_latest from raw_totesys.payment;
"""


def _test(mart: str, origin: str, arguments: dict[str, Any], where: str | None) -> dict[str, Any]:
    return {
        "name": f"conserves_{mart.rsplit('.', maxsplit=1)[-1]}",
        "resource_type": "test",
        "attached_node": mart,
        "config": {"where": where},
        "depends_on": {"nodes": [origin, mart]},
        "test_metadata": {"name": "conserves", "kwargs": {"model": "{{ model }}", **arguments}},
    }


def _mart(schema: str, name: str, origin: str) -> dict[str, Any]:
    return {
        "name": name,
        "schema": schema,
        "alias": name,
        "config": {"materialized": "table"},
        "depends_on": {"nodes": [origin]},
    }


ORDERS_SOURCE, PAYMENT_SOURCE = "source.w.raw_olist.orders", "source.w.raw_totesys.payment"
FCT_ORDERS, FACT_PAYMENT = "model.w.fct_orders", "model.w.fact_payment"
MANIFEST: dict[str, Any] = {
    "sources": {
        ORDERS_SOURCE: {"schema": "raw_olist", "identifier": "orders"},
        PAYMENT_SOURCE: {"schema": "raw_totesys", "identifier": "payment"},
    },
    "nodes": {
        FCT_ORDERS: _mart("marketplace", "fct_orders", ORDERS_SOURCE),
        FACT_PAYMENT: _mart("trade", "fact_payment", PAYMENT_SOURCE),
        "test.w.orders": _test(
            FCT_ORDERS,
            ORDERS_SOURCE,
            {
                "origin": "source('raw_olist', 'orders')",
                "key": ["order_id"],
                "totals": {"amount": "amount"},
            },
            None,
        ),
        "test.w.payment": _test(
            FACT_PAYMENT,
            PAYMENT_SOURCE,
            {
                "origin": "source('raw_totesys', 'payment')",
                "key": ["payment_id"],
                "totals": {"payment_amount": "payment_amount"},
            },
            "_is_latest",
        ),
    },
}


@dataclass
class Shop:
    """The project under test, its warehouse, and a stand-in for taps and target in plain SQL."""

    root: Path
    home: Path
    database: ScratchDatabase
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        target = self.root / "transform" / "target"
        target.mkdir(parents=True, exist_ok=True)
        (target / "manifest.json").write_text(json.dumps(manifest))

    def load(self, schema: str, stream: str, **entries: Any) -> str:
        """Write one row of the ledger; rows default to 0, and received rows to their sum."""
        counts = {
            name: entries.get(name, 0)
            for name in ("inserted", "updated", "unchanged", "superseded", "deleted", "dead")
        }
        received = sum(counts.values()) - counts["deleted"]
        invocation = entries.get("invocation", str(uuid.uuid4()))
        self.database.execute(
            """
            insert into waybill.load (
                invocation_id, target_schema, stream, target_table, started_at, rows_received,
                rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted,
                rows_dead, totals_received, totals_landed_change, bookmark
            )
            values (%s, %s, %s, %s, now(), %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb)
            """,
            (
                invocation, schema, stream, stream, received, *counts.values(),
                json.dumps(entries.get("totals_received", {})),
                json.dumps(entries.get("landed_change", {})),
                json.dumps(entries["bookmark"]) if entries.get("bookmark") else None,
            ),
            role="loader",
        )  # fmt: skip
        return invocation

    def dead_letter(self, schema: str, stream: str, **columns: Any) -> None:
        """Write a dead letter of the newest load of a stream."""
        named = {"reason": "no number", "found_by": "tap", **columns}
        places = ", ".join(["%s"] * len(named))
        self.database.execute(
            "insert into waybill.dead_letter"
            f" (load_id, invocation_id, target_schema, stream, {', '.join(named)})"
            f" select load_id, invocation_id, target_schema, stream, {places} from waybill.load"
            " where target_schema = %s and stream = %s order by load_id desc limit 1",
            [
                *(json.dumps(v) if isinstance(v, dict) else v for v in named.values()),
                schema,
                stream,
            ],
            role="loader",
        )

    def load_orders(self, file: str, rows: dict[str, str], **counts: Any) -> None:
        """Land a file of orders, as the target does: upsert, ledger row, bookmark."""
        before = self._sum("raw_olist.orders", "amount")
        for order_id, amount in rows.items():
            self.database.execute(
                """
                insert into raw_olist.orders values (%s, %s, %s)
                on conflict (order_id) do update
                set amount = excluded.amount, _sdc_source_file = excluded._sdc_source_file
                """,
                (order_id, amount, file),
                role="loader",
            )
        total = str(sum(map(Decimal, rows.values())))
        count = {"rows": len(rows) + counts.get("dead", 0), "totals": {"amount": total}}
        self.files[file] = count
        self.load(
            "raw_olist",
            "orders",
            **(counts or {"inserted": len(rows)}),
            totals_received={"amount": total},
            landed_change={"amount": str(self._sum("raw_olist.orders", "amount") - before)},
            bookmark=self.bookmark(read=count),
        )

    def bookmark(self, read: dict[str, Any]) -> dict[str, Any]:
        totals = sum(Decimal(entry["totals"]["amount"]) for entry in self.files.values())
        rows = sum(entry["rows"] for entry in self.files.values())
        source = {"rows": rows, "totals": {"amount": str(totals)}}
        return {"files": self.files, "source": source, "read": read}

    def load_clicks(self, pages: list[str]) -> None:
        for page in pages:
            self.database.execute(
                "insert into raw_olist.clicks values (%s, 'clicks.csv')", (page,), role="loader"
            )
        count = {"rows": len(pages), "totals": {}}
        bookmark = {"files": {"clicks.csv": count}, "source": count, "read": count}
        self.load("raw_olist", "clicks", inserted=len(pages), bookmark=bookmark)

    def load_payments(self, rows: dict[int, str]) -> None:
        for payment_id, amount in rows.items():
            self.database.execute(
                "insert into raw_totesys.payment values (%s, %s)",
                (payment_id, amount),
                role="loader",
            )
        total = str(sum(map(Decimal, rows.values())))
        count = {"rows": len(rows), "totals": {"payment_amount": total}}
        self.load(
            "raw_totesys",
            "payment",
            inserted=len(rows),
            totals_received={"payment_amount": total},
            landed_change={"payment_amount": total},
            bookmark={"source": count, "read": count},
        )

    def manifest_with_pages(self) -> dict[str, Any]:
        """A manifest with a mart of one row per page, made of many clicks."""
        origin, mart = "source.w.raw_olist.clicks", "model.w.pages"
        arguments = {"key": ["page"], "totals": {"clicks": "1"}, "distinct": True}
        changed = copy.deepcopy(MANIFEST)
        changed["sources"][origin] = {"schema": "raw_olist", "identifier": "clicks"}
        changed["nodes"][mart] = _mart("marketplace", "pages", origin)
        changed["nodes"]["test.w.pages"] = _test(mart, origin, arguments, None)
        return changed

    def manifest_of_alive_payments(self) -> dict[str, Any]:
        """The manifest, with the rule of a mart that leaves marked rows out."""
        changed = copy.deepcopy(MANIFEST)
        arguments = changed["nodes"]["test.w.payment"]["test_metadata"]["kwargs"]
        arguments["origin_where"] = "_sdc_deleted_at is null"
        return changed

    def build_marts(self) -> None:
        drop = "drop table if exists marketplace.fct_orders, trade.fact_payment;"
        self.database.execute(drop + MARTS, role="transformer")

    def open_rows(self) -> int:
        """Loads and steps before the receipt that none has answered for."""
        query = """
            select (select count(*) from waybill.load where receipt_id is null)
                + (
                    select count(*) from waybill.step
                    where receipt_id is null and step not like 'waybill:receipt%'
                )
        """
        return int(self.database.rows(query)[0][0])

    def kept_receipt(self) -> dict[str, Any]:
        """The newest receipt, as the warehouse keeps it."""
        query = "select receipt from waybill.receipt order by ended_at desc limit 1"
        return self.database.rows(query)[0][0]

    def _sum(self, table: str, column: str) -> Decimal:
        return self.database.rows(f"select coalesce(sum({column}), 0) from {table}")[0][0]


@pytest.fixture
def shop(warehouse: ScratchDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A project of two sources that is loaded, modelled, and adds up."""
    root = tmp_path / "project"
    (root / "extract" / "contracts").mkdir(parents=True)
    for source, streams in _STREAMS.items():
        text = yaml.safe_dump(contract_documents.contract(source, streams))
        (root / "extract" / "contracts" / f"{source}.yml").write_text(text)
    (root / "meltano.yml").touch()
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(root))
    warehouse.execute(TABLES, role="loader")
    made = Shop(root, tmp_path / "home", warehouse)
    made.write_manifest(MANIFEST)
    made.load_orders("orders.csv", {"a": "10.10", "b": "20.20", "c": "30.30"})
    made.load_clicks(["/", "/", "/cart"])
    made.load_payments({1: "1.01", 2: "2.02"})
    made.build_marts()
    return made


@pytest.fixture
def receipt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs `waybill receipt ...`; gives its exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["waybill", "receipt", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out + printed.err

    return run
