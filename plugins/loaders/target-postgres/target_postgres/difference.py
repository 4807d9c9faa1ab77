"""Staged rows that are new in a table or differ from its rows, and rows that are gone."""

# ruff: noqa: S608 - names are quoted and values are literals of our own
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_postgres.columns import BATCHED_AT, DELETED_AT, EXTRACTED_AT, SOURCE_FILE
from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    import psycopg

    from target_postgres.staging import Staging


_MANY = 10_000
"""Changed rows from which on they are deleted and inserted, rather than updated."""

_IS_PLAIN = """
    select relation.relkind = 'r' and not relation.relhasrules and not relation.relhassubclass
        and not exists (select from pg_catalog.pg_trigger where tgrelid = relation.oid)
        and not exists (
            select from pg_catalog.pg_attribute
            where attrelid = relation.oid and attnum > 0 and not attisdropped
                and (attgenerated <> '' or attidentity <> '' or attname <> all(%(known)s))
        )
    from pg_catalog.pg_class as relation
    where relation.oid = to_regclass(%(table)s)
"""


@dataclass(frozen=True)
class Found:
    """What one look has found.

    Attributes:
        rows: Staged rows that are new or differ.
        new: Those of them that the table does not have.
        revived: Those that the table has marked as deleted, and that are not.
        died: Those that are marked as deleted, and that the table did not have as such.
        beaten: Those that give way to the row of a later file.
        is_any_gone: Whether rows of the table are to be deleted.
        gone: How many of those were not marked as deleted before.
        totals_change: By how much each control total changes.
    """

    rows: int
    new: int
    revived: int
    died: int
    beaten: int
    is_any_gone: bool
    gone: int
    totals_change: dict[str, Decimal]


class Difference:
    """A temporary table of what a merge has to write, found by one join.

    Args:
        connection: The warehouse; the target is locked against other writers.
        target: The table, as a quoted identifier.
        staging: The rows that arrived.
        columns: The stream's columns, each with its type in the table.
        key: The stream's key.
        totals: Its control total columns.
        landed: When the rows land.
        marks: Rows that are gone are marked as deleted and not removed.

    Attributes:
        relation: The temporary table, as a quoted identifier.
    """

    def __init__(  # noqa: PLR0913 - a merge has this many sides
        self,
        connection: psycopg.Connection[Any],
        *,
        target: str,
        staging: Staging,
        columns: Mapping[str, str],
        key: Sequence[str],
        totals: Sequence[str],
        landed: str,
        marks: bool,
    ) -> None:
        self._connection = connection
        self._target = target
        self._stage = staging.relation
        self._position = staging.position
        self._columns = columns
        self._key = list(key)
        self._totals = list(totals)
        self._landed = f"'{landed}'::timestamptz"
        self.relation = quote(f"waybill_difference_{staging.relation.strip(chr(34))}")
        self._row_id = quote(f"{staging.prefix}_row_id")
        self._table_id = quote(f"{staging.prefix}_table_id")
        self._is_beaten = quote(f"{staging.prefix}_is_beaten")
        self._marks = marks
        self._was_alive = quote(f"{staging.prefix}_was_alive")
        self._before = [quote(f"{staging.prefix}_before_{index}") for index in range(len(totals))]

    def find(self, scope: str | None, *, later_file_wins: bool, every_row: bool) -> Found:
        """Compare what arrived with the table.

        Args:
            scope: Which rows of the table are gone unless they arrived, as a condition.
            later_file_wins: Rows give way to those of a file whose name sorts later.
            every_row: Take rows that do not differ as well.
        """
        differs = "true" if every_row else f"{self._row('stage')} *<> {self._row('target')}"
        wanted = f"stage.{self._position} is not null and (target.ctid is null or {differs})"
        if scope and self._marks:
            scope = f"({scope}) and target.{quote(DELETED_AT)} is null"
        if scope:
            wanted += f" or stage.{self._position} is null and {scope}"
        beaten = "false"
        if later_file_wins and SOURCE_FILE in self._columns:
            name = quote(SOURCE_FILE)
            beaten = f'coalesce(stage.{name} collate "C" < target.{name} collate "C", false)'
        was_alive = f"target.ctid is not null and target.{quote(DELETED_AT)} is null"
        before = f", {was_alive} as {self._was_alive}" + "".join(
            f", case when {was_alive} then target.{quote(name)} end as {alias}"
            for name, alias in zip(self._totals, self._before, strict=True)
        )
        self._connection.execute(f"drop table if exists pg_temp.{self.relation}")
        self._connection.execute(
            f"create temporary table {self.relation} on commit drop as"
            f" select stage.*, target.ctid as {self._row_id}, target.tableoid as {self._table_id},"
            f" {beaten} as {self._is_beaten}{before}"
            f" from {self._stage} as stage {'full' if scope else 'left'} join {self._target} as target"
            f" on {self._same_key()} where {wanted}"
            # New entries of the key's index then fall into pages that are at hand.
            f" order by {', '.join(f'stage.{quote(name)}' for name in self._key)}"
        )
        return self._count()

    def apply(self, found: Found) -> tuple[int, int, int]:
        """Write it.

        Returns:
            How many rows were deleted, updated and inserted.
        """
        updated = inserted = 0
        if found.is_any_gone:
            self._delete()
        changed = found.rows - found.new - found.beaten
        if changed >= _MANY and self._can_rewrite():
            updated, inserted = self._rewrite(found.new)
        else:
            if changed:
                updated = self._update()
            if found.new:
                inserted = self._insert(f"{self._row_id} is null")
        self._connection.execute(f"drop table {self.relation}")
        return found.gone + found.died, updated - found.revived, inserted + found.revived

    def _delete(self) -> None:
        gone = f"{self._same_row()} and stage.{self._position} is null"
        if self._marks:
            self._connection.execute(
                f"update {self._target} as target set {quote(DELETED_AT)} = {self._landed},"
                f" {quote(BATCHED_AT)} = {self._landed} from {self.relation} as stage where {gone}"
            )
        else:
            self._connection.execute(
                f"delete from {self._target} as target using {self.relation} as stage where {gone}"
            )

    def _count(self) -> Found:
        is_row, is_new = f"{self._position} is not null", f"{self._row_id} is null"
        is_alive = f"{quote(DELETED_AT)} is null" if DELETED_AT in self._columns else "true"
        taken = f"{is_row} and not {self._is_beaten}"
        conditions = (
            is_row,
            is_new,
            f"{taken} and not ({is_new}) and not {self._was_alive} and {is_alive}",
            f"{taken} and ({is_new} or {self._was_alive}) and not ({is_alive})",
            self._is_beaten,
            f"not ({is_row})",
            f"not ({is_row}) and {self._was_alive}",
        )
        counted = [f"count(*) filter (where {condition})" for condition in conditions]
        changes = [
            f"coalesce(sum({quote(name)}::numeric)"
            f" filter (where not {self._is_beaten} and {is_alive}), 0)"
            f" - coalesce(sum({alias}::numeric) filter (where not {self._is_beaten}), 0)"
            for name, alias in zip(self._totals, self._before, strict=True)
        ]
        query = f"select {', '.join([*counted, *changes])} from {self.relation}"
        (row,) = self._connection.execute(query).fetchall()
        rows, new, revived, died, beaten, any_gone, gone, *moved = row
        change = dict(zip(self._totals, moved, strict=True))
        return Found(rows, new, revived, died, beaten, any_gone > 0, gone, change)

    def _update(self) -> int:
        values = {
            quote(name): f"stage.{quote(name)}" for name in self._columns if name not in self._key
        }
        values |= {
            quote(EXTRACTED_AT): f"stage.{quote(EXTRACTED_AT)}",
            quote(BATCHED_AT): self._landed,
        }
        values.setdefault(quote(DELETED_AT), "null")
        assignments = ", ".join(f"{name} = {value}" for name, value in values.items())
        return self._connection.execute(
            f"update {self._target} as target set {assignments} from {self.relation} as stage"
            f" where {self._same_row()} and stage.{self._position} is not null"
            f" and not stage.{self._is_beaten}"
        ).rowcount

    def _can_rewrite(self) -> bool:
        """Whether a row is nothing but what arrives, and nothing else hangs on it."""
        known = [*self._columns, EXTRACTED_AT, BATCHED_AT, DELETED_AT]
        found = self._connection.execute(_IS_PLAIN, {"table": self._target, "known": known})
        (row,) = found.fetchall()
        return bool(row[0])

    def _rewrite(self, new: int) -> tuple[int, int]:
        """Write many changed rows, and the new ones, by delete and insert.

        An update whose key stays the same looks for entries of the key's index to remove before
        it splits a page. Where most rows change in one transaction there are none, and the look
        takes a third of the time.
        """
        taken = f"{self._position} is not null and not {self._is_beaten}"
        updated = self._connection.execute(
            f"delete from {self._target} where ctid = any(array("
            f"select {self._row_id} from {self.relation} where {taken} and {self._row_id} is not null))"
        ).rowcount
        self._insert(taken)
        return updated, new

    def _insert(self, condition: str) -> int:
        names = ", ".join(map(quote, (*self._columns, EXTRACTED_AT)))
        return self._connection.execute(
            f"insert into {self._target} ({names}, {quote(BATCHED_AT)})"
            f" select {names}, {self._landed} from {self.relation} where {condition}"
        ).rowcount

    def _same_row(self) -> str:
        # The lock keeps rows where they were when they were compared.
        return f"target.ctid = stage.{self._row_id} and target.tableoid = stage.{self._table_id}"

    def _same_key(self) -> str:
        return " and ".join(f"target.{name} = stage.{name}" for name in map(quote, self._key))

    def _row(self, alias: str) -> str:
        """The columns that make a row another one, as a record to compare byte by byte."""
        compared = [
            f"{alias}.{quote(name)}" + (f"::{sql_type}" if alias == "stage" else "")
            for name, sql_type in self._columns.items()
            if name not in self._key and (not name.startswith("_sdc_") or name == SOURCE_FILE)
        ]
        is_marked = alias == "target" or DELETED_AT in self._columns
        deleted = f"{alias}.{quote(DELETED_AT)}" if is_marked else "null::timestamptz"
        return f"row({', '.join([*compared, deleted])})::record"
