"""Mended rows on their way into their table, by the rules by which target-postgres merges."""

# ruff: noqa: S608 - names are quoted and values are bound
from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg

from waybill_common import runs
from waybill_common.errors import WaybillError
from waybill_common.identifiers import qualify, quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from waybill.letters.checking import Refusal
    from waybill.letters.mended import Values
    from waybill.letters.store import Letter

_SOURCE_FILE, _EXTRACTED_AT = "_sdc_source_file", "_sdc_extracted_at"
_BATCHED_AT, _DELETED_AT = "_sdc_batched_at", "_sdc_deleted_at"
_COLUMNS = """
    select attname::text
    from pg_catalog.pg_attribute
    where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
"""
_KEY = """
    select attribute.attname::text
    from pg_catalog.pg_constraint as primary_key
    join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = primary_key.conrelid and attribute.attnum = any(primary_key.conkey)
    where primary_key.conrelid = to_regclass(%s) and primary_key.contype = 'p'
"""
_LAST_LOAD = """
    select target_table, totals_landed_change
    from waybill.load
    where target_schema = %s and stream = %s
    order by rows_inserted + rows_updated > 0 desc, load_id desc
    limit 1
"""
_LEDGER_ROW = """
    insert into waybill.load (
        run_id, invocation_id, target_schema, stream, target_table, batch_id, started_at,
        rows_received, rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted,
        totals_received, totals_landed_change
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s::jsonb, %s::jsonb)
"""
_OUTCOMES = ("inserted", "updated", "unchanged", "superseded")
Totals = dict[str, Decimal]


@dataclass
class Tally:
    """What a replay has done to one table."""

    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_OUTCOMES, 0))
    received: Totals = field(default_factory=dict)
    change: Totals = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows were taken."""
        return sum(self.outcomes.values())


class Landing:
    """The table of one stream, locked against other writers for the length of a transaction.

    Args:
        session: The warehouse as its loader, inside a transaction.
        schema: The schema the stream lands in.
        stream: Its name.

    Raises:
        WaybillError: There is no such table.
    """

    def __init__(self, session: psycopg.Connection[Any], schema: str, stream: str) -> None:
        self._session = session
        self._place = (schema, stream)
        found = session.execute(_LAST_LOAD, self._place).fetchone()
        self._table = found[0] if found else stream
        self._totals: list[str] = list(found[1]) if found else []
        self._relation = qualify(schema, self._table)
        self.columns = {name for (name,) in session.execute(_COLUMNS, (self._relation,))}
        if not self.columns:
            msg = f"Stream {stream}: there is no table {schema}.{self._table} in the warehouse."
            raise WaybillError(msg, "Load the stream once, then replay.")
        self._key = [name for (name,) in session.execute(_KEY, (self._relation,))]
        self._totals = [name for name in self._totals if name in self.columns]
        session.execute(f"lock table {self._relation} in share row exclusive mode")
        started = session.execute("select clock_timestamp()").fetchone()
        self._landed_at: datetime = started[0] if started else None  # type: ignore[assignment]  # a row always
        self._stage = quote("waybill_replay")
        session.execute(f"drop table if exists pg_temp.{self._stage}")
        session.execute(
            f"create temporary table {self._stage} on commit drop as table {self._relation} with no data"
        )
        self.tally = Tally()

    def land(self, letter: Letter, values: Values) -> Refusal | Totals:
        """Land one row, or none of it.

        Args:
            letter: The letter it was mended from.
            values: The row by column, as texts.

        Returns:
            The column at fault and why; or by how much the landed row's control totals differ from
            those that the source's own figures have of the letter.
        """
        if unknown := set(values) - self.columns:
            return min(unknown), "the table has no such column"
        row = dict(values) | {_EXTRACTED_AT: letter.created_at, _BATCHED_AT: self._landed_at}
        if letter.source_file is not None:
            row[_SOURCE_FILE] = letter.source_file
        row = {name: value for name, value in row.items() if name in self.columns}
        try:
            with self._session.transaction():
                outcome, received, change = self._merge(row)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            return error.diag.column_name, error.diag.message_primary or str(error)
        self.tally.outcomes[outcome] += 1
        _add(self.tally.received, received)
        _add(self.tally.change, change)
        return {
            name: total - Decimal(str(letter.counted_totals.get(name) or 0))
            for name, total in change.items()
        }

    def record(self) -> None:
        """Write the ledger row, if anything was taken."""
        tally = self.tally
        if tally.rows:
            self._session.execute(
                _LEDGER_ROW,
                (
                    runs.current().run_id,
                    uuid.uuid4(),
                    *self._place,
                    self._table,
                    f"replay:{uuid.uuid4()}",
                    self._landed_at,
                    tally.rows,
                    *(tally.outcomes[name] for name in _OUTCOMES),
                    as_json(tally.received),
                    as_json(tally.change),
                ),
            )

    def _merge(self, row: Mapping[str, Any]) -> tuple[str, Totals, Totals]:
        """Returns the outcome, the row's totals, and by how much the table's change."""
        names = ", ".join(map(quote, row))
        self._session.execute(f"truncate {self._stage}")
        self._session.execute(
            f"insert into {self._stage} ({names}) values ({', '.join(['%s'] * len(row))})".encode(),
            list(row.values()),
        )
        new = self._sums("stage", f"{self._stage} as stage")
        if self._key:
            same = " and ".join(f"target.{name} = stage.{name}" for name in map(quote, self._key))
            joined = f"{self._relation} as target join {self._stage} as stage on {same}"
            compared = [quote(name) for name in row if not name.startswith("_sdc_")]
            if _SOURCE_FILE in row:
                compared.append(quote(_SOURCE_FILE))
            found = self._session.execute(
                f"select target.{quote(_DELETED_AT)} is null, {self._beaten(row)},"
                f" {_record('stage', compared)} *<> {_record('target', compared)} from {joined}"
            ).fetchone()
            if found:
                is_alive, is_beaten, differs = found
                if is_beaten or (is_alive and not differs):
                    outcome = "superseded" if is_beaten else "unchanged"
                    return outcome, new, dict.fromkeys(new, Decimal(0))
                old = self._sums("target", joined) if is_alive else dict.fromkeys(new, Decimal(0))
                assigned = ", ".join(
                    f"{quote(name)} = stage.{quote(name)}" for name in row if name not in self._key
                )
                self._session.execute(
                    f"update {self._relation} as target set {assigned}, {quote(_DELETED_AT)} = null"
                    f" from {self._stage} as stage where {same}"
                )
                change = {name: total - old[name] for name, total in new.items()}
                return ("updated" if is_alive else "inserted"), new, change
        self._session.execute(
            f"insert into {self._relation} ({names}) select {names} from {self._stage}"
        )
        return "inserted", new, new

    def _beaten(self, row: Mapping[str, Any]) -> str:
        """A row gives way to one of a file whose name sorts later."""
        name = quote(_SOURCE_FILE)
        if _SOURCE_FILE not in row:
            return "false"
        return f'coalesce(stage.{name} collate "C" < target.{name} collate "C", false)'

    def _sums(self, alias: str, origin: str) -> Totals:
        if not self._totals:
            return {}
        sums = ", ".join(
            f"coalesce(sum({alias}.{quote(name)}::numeric), 0)" for name in self._totals
        )
        found = self._session.execute(f"select {sums} from {origin}").fetchone()
        return dict(zip(self._totals, found or (), strict=True))


def as_json(totals: Totals) -> str:
    """Totals as a JSON object of exact numbers."""
    parts = (f'"{name}": {total:f}' for name, total in totals.items())
    return "{" + ", ".join(parts) + "}"


def _record(alias: str, names: list[str]) -> str:
    return f"row({', '.join(f'{alias}.{name}' for name in names)})::record"


def _add(sums: Totals, others: Totals) -> None:
    for name, total in others.items():
        sums[name] = sums.get(name, Decimal(0)) + total
