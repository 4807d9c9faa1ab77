"""Staged rows that are new in a table or differ from its rows, and rows that are gone: which ones."""

# ruff: noqa: S608 - names are quoted and values are literals of our own
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill_common.identifiers import quote
from waybill_common.targets.columns import DELETED_AT, SOURCE_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    import psycopg

    from target_postgres.staging import Staging


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

    It says where rows are and does not hold them: where most rows differ, they are written once less.

    Args:
        connection: The warehouse; the target is locked against other writers.
        target: The table, as a quoted identifier.
        staging: The rows that arrived.
        columns: The stream's columns, each with its type in the table.
        key: The stream's key.
        totals: Its control total columns.
        marks: Rows that are gone are marked as deleted and not removed.

    Attributes:
        relation: The temporary table, as a quoted identifier. Of the columns that follow, each is one.
        stage_id: Where a staged row is; NULL of a row that is gone.
        row_id: Where the table's row is; NULL of a new row.
        table_id: In which table that is.
        is_beaten: Whether the staged row gives way to one of a later file.
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
        marks: bool,
    ) -> None:
        self._connection = connection
        self._target = target
        self._stage = staging.relation
        self._columns = columns
        self._key = list(key)
        self._totals = list(totals)
        self._marks = marks
        self.relation = quote(f"difference_{staging.name}")
        self.stage_id = quote(f"{staging.prefix}_stage_id")
        self.row_id = quote(f"{staging.prefix}_row_id")
        self.table_id = quote(f"{staging.prefix}_table_id")
        self.is_beaten = quote(f"{staging.prefix}_is_beaten")
        self._was_alive = quote(f"{staging.prefix}_was_alive")
        self._is_alive = quote(f"{staging.prefix}_is_alive")
        self._changes = [quote(f"{staging.prefix}_change_{index}") for index in range(len(totals))]

    def find(self, scope: str | None, *, later_file_wins: bool, every_row: bool) -> Found:
        """Compare what arrived with the table.

        Args:
            scope: Which rows of the table are gone unless they arrived, as a condition.
            later_file_wins: Rows give way to those of a file whose name sorts later.
            every_row: Take rows that do not differ as well.
        """
        differs = "true" if every_row else f"{self._row('stage')} *<> {self._row('target')}"
        wanted = f"stage.ctid is not null and (target.ctid is null or {differs})"
        if scope and self._marks:
            scope = f"({scope}) and target.{quote(DELETED_AT)} is null"
        if scope:
            wanted += f" or stage.ctid is null and {scope}"
        beaten = "false"
        if later_file_wins and SOURCE_FILE in self._columns:
            name = quote(SOURCE_FILE)
            beaten = f'coalesce(stage.{name} collate "C" < target.{name} collate "C", false)'
        was_alive = f"target.ctid is not null and target.{quote(DELETED_AT)} is null"
        is_alive = "stage.ctid is not null"
        if DELETED_AT in self._columns:
            is_alive += f" and stage.{quote(DELETED_AT)} is null"
        changes = "".join(
            f", case when {is_alive} then coalesce(stage.{quote(name)}::numeric, 0) else 0 end"
            f" - case when {was_alive} then coalesce(target.{quote(name)}::numeric, 0) else 0 end"
            f" as {alias}"
            for name, alias in zip(self._totals, self._changes, strict=True)
        )
        self._connection.execute(f"drop table if exists pg_temp.{self.relation}")
        self._connection.execute(
            f"create temporary table {self.relation} on commit drop as"
            f" select stage.ctid as {self.stage_id}, target.ctid as {self.row_id},"
            f" target.tableoid as {self.table_id}, {beaten} as {self.is_beaten},"
            f" {was_alive} as {self._was_alive}, {is_alive} as {self._is_alive}{changes}"
            f" from {self._stage} as stage {'full' if scope else 'left'} join {self._target} as target"
            f" on {self._same_key()} where {wanted}"
        )
        return self._count()

    def repeats_a_row(self) -> bool:
        """Whether two staged rows are to take the place of one row of the table."""
        query = f"select count({self.row_id}) > count(distinct {self.row_id}) from {self.relation}"
        ((found,),) = self._connection.execute(query).fetchall()
        return bool(found)

    def staged(self, condition: str = "true") -> str:
        """The staged rows of which it speaks, as a condition on them as `stage`.

        Args:
            condition: Which of them, as a condition on the difference.
        """
        return f"stage.ctid = any(array(select {self.stage_id} from {self.relation} where {condition}))"

    def _count(self) -> Found:
        is_row, is_new = f"{self.stage_id} is not null", f"{self.row_id} is null"
        taken = f"{is_row} and not {self.is_beaten}"
        conditions = (
            is_row,
            is_new,
            f"{taken} and not ({is_new}) and not {self._was_alive} and {self._is_alive}",
            f"{taken} and ({is_new} or {self._was_alive}) and not {self._is_alive}",
            self.is_beaten,
            f"not ({is_row})",
            f"not ({is_row}) and {self._was_alive}",
        )
        counted = [f"count(*) filter (where {condition})" for condition in conditions]
        changes = [
            f"coalesce(sum({change}) filter (where not {self.is_beaten}), 0)"
            for change in self._changes
        ]
        query = f"select {', '.join([*counted, *changes])} from {self.relation}"
        (row,) = self._connection.execute(query).fetchall()
        rows, new, revived, died, beaten, any_gone, gone, *moved = row
        change = dict(zip(self._totals, moved, strict=True))
        return Found(rows, new, revived, died, beaten, any_gone > 0, gone, change)

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
