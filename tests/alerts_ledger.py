"""A project and a ledger in which a test of the alerts puts what is wrong."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import contract_documents
import psycopg
import yaml

from waybill.alerts import rules

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from waybill_warehouse.scratch import ScratchDatabase

NOON = dt.datetime(2026, 3, 4, 12, 0, tzinfo=dt.UTC)
SCHEDULES = """
jobs:
  - {name: trade, tasks: ["tap-x target-y"]}
schedules:
  - {name: trade-hourly, job: trade, interval: "@hourly", env: {WAYBILL_DEADLINE: 30m}}
  - {name: paused, job: trade, interval: "@hourly", env: {WAYBILL_DEADLINE: 30m, WAYBILL_PAUSED: 1}}
  - {name: free, job: trade, interval: "@hourly"}
  - {name: by-hand, job: trade, interval: "@once", env: {WAYBILL_DEADLINE: 30m}}
"""


@dataclass
class Ledger:
    """The ledger of a test, written as the steps of runs write it."""

    database: ScratchDatabase

    def insert(self, table: str, **values: Any) -> None:
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(["%s"] * len(values))
        statement = f"insert into waybill.{table} ({names}) values ({marks})"
        self.database.execute(statement, tuple(values.values()), role="loader")

    def run(self, minutes: float, status: str = "succeeded", **values: Any) -> str:
        """A run that started so many minutes before noon and, if it ended, took one minute."""
        started = NOON - dt.timedelta(minutes=minutes)
        row = {
            "run_id": str(uuid.uuid4()),
            "job": "trade",
            "started_by": "shell",
            "host": "here",
            "started_at": started,
            "ended_at": None if status == "running" else started + dt.timedelta(minutes=1),
            "status": status,
        } | values
        self.insert("run", **row)
        return str(row["run_id"])

    def receipt(self, minutes: float, scope: str, *differences: str, **values: Any) -> None:
        found = [
            {"subject": each, "figure": "rows", "expected": "3 at the source", "found": "2 landed"}
            for each in differences
        ]
        moment = NOON - dt.timedelta(minutes=minutes)
        row = {"receipt_id": str(uuid.uuid4()), "scope": scope, "started_at": moment}
        row |= {"ended_at": moment, "is_balanced": not differences}
        document = psycopg.types.json.Jsonb({"streams": [{"differences": found}]})
        self.insert("receipt", **row, receipt=document, **values)

    def load(self, minutes: float, stream: str, inserted: int, **values: Any) -> None:
        moment = NOON - dt.timedelta(minutes=minutes)
        counts = dict.fromkeys(("updated", "unchanged", "superseded", "deleted"), 0)
        counts |= {"inserted": inserted, "received": inserted + values.get("rows_dead", 0)}
        row = {
            "invocation_id": str(uuid.uuid4()),
            "target_schema": "raw_shop",
            "stream": stream,
            "target_table": stream,
            "started_at": moment,
            "committed_at": moment,
        }
        rows = {f"rows_{name}": count for name, count in counts.items()}
        self.insert("load", **(row | rows | values))

    def letters(self, stream: str, count: int, schema: str = "raw_shop") -> None:
        self.load(60, stream, 0, rows_dead=count, target_schema=schema)
        self.database.execute(
            "insert into waybill.dead_letter"
            " (load_id, invocation_id, target_schema, stream, reason, found_by)"
            " select load_id, invocation_id, target_schema, stream, 'bad', 'tap'"
            f" from (select * from waybill.load order by load_id desc limit 1) as last,"
            f" generate_series(1, {count})",
            role="loader",
        )

    def found(self, kind: str = "", now: dt.datetime = NOON) -> dict[str, str]:
        """The findings of a kind: subject and summary."""
        known = rules.of_project(now=now)
        with self.database.connection("auditor").connect() as session:
            return {
                finding.subject: finding.summary
                for finding in known.findings(session)
                if finding.kind == kind or not kind
            }


def make_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one source with two streams, and of four schedules; gives its folder."""
    root = tmp_path / "project"
    (root / "extract" / "contracts").mkdir(parents=True)
    (root / "orchestrate").mkdir()
    (root / "meltano.yml").write_text("include_paths: [./orchestrate/*.meltano.yml]\n")
    (root / "orchestrate" / "all.meltano.yml").write_text(SCHEDULES)
    columns = {"id": "integer#"}
    streams = [
        contract_documents.stream("orders", columns, deadLetterLimit={"rows": 2}),
        contract_documents.stream("clicks", columns),
    ]
    latency = {"property": "latency", "value": 30, "unit": "min", "element": "orders.id"}
    contract = contract_documents.contract("shop", streams, slaProperties=[latency])
    (root / "extract" / "contracts" / "shop.yml").write_text(yaml.safe_dump(contract))
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(root))
    return root
