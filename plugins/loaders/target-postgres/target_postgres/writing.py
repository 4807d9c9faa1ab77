"""A difference, written to its table."""

# ruff: noqa: S608 - names are quoted and values are literals of our own
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_postgres import rebuilding
from waybill_common.identifiers import quote
from waybill_common.targets.columns import BATCHED_AT, DELETED_AT, EXTRACTED_AT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from target_postgres.difference import Difference, Found
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


class Writing:
    """Writes what a merge has found.

    Args:
        connection: The warehouse; the target is locked against other writers.
        target: The table, as a quoted identifier.
        staging: The rows that arrived.
        difference: What is to be written of them.
        columns: The stream's columns.
        key: The stream's key.
        landed: When the rows land.
        marks: Rows that are gone are marked as deleted and not removed.
    """

    def __init__(  # noqa: PLR0913 - a merge has this many sides
        self,
        connection: psycopg.Connection[Any],
        *,
        target: str,
        staging: Staging,
        difference: Difference,
        columns: Mapping[str, str],
        key: Sequence[str],
        landed: str,
        marks: bool,
    ) -> None:
        self._connection = connection
        self._target = target
        self._staging = staging
        self._difference = difference
        self._columns = columns
        self._key = list(key)
        self._landed = f"'{landed}'::timestamptz"
        self._marks = marks

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
            updated, inserted = self._rewrite(found, changed)
        else:
            if changed:
                updated = self._update()
            if found.new:
                difference = self._difference
                new = f"{difference.row_id} is null"
                inserted = self._insert(difference.staged(new), is_ordered=True)
        self._connection.execute(f"drop table {self._difference.relation}")
        return found.gone + found.died, updated - found.revived, inserted + found.revived

    def _delete(self) -> None:
        gone = f"{self._same_row()} and difference.{self._difference.stage_id} is null"
        if self._marks:
            self._connection.execute(
                f"update {self._target} as target set {quote(DELETED_AT)} = {self._landed},"
                f" {quote(BATCHED_AT)} = {self._landed}"
                f" from {self._difference.relation} as difference where {gone}"
            )
        else:
            self._connection.execute(
                f"delete from {self._target} as target"
                f" using {self._difference.relation} as difference where {gone}"
            )

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
        difference = self._difference
        return self._connection.execute(
            f"update {self._target} as target set {assignments}"
            f" from {difference.relation} as difference, {self._staging.relation} as stage"
            f" where {self._same_row()} and stage.ctid = difference.{difference.stage_id}"
            f" and not difference.{difference.is_beaten}"
        ).rowcount

    def _can_rewrite(self) -> bool:
        """Whether a row is nothing but what arrives, and nothing else hangs on it."""
        known = [*self._columns, EXTRACTED_AT, BATCHED_AT, DELETED_AT]
        found = self._connection.execute(_IS_PLAIN, {"table": self._target, "known": known})
        (row,) = found.fetchall()
        return bool(row[0])

    def _rewrite(self, found: Found, changed: int) -> tuple[int, int]:
        """Write many changed rows, and the new ones, by delete and insert.

        An update whose key stays the same looks for entries of the key's index to remove before
        it splits a page. Where most rows change in one transaction there are none, and the look
        takes a third of the time.
        """
        difference = self._difference
        taken = f"{difference.stage_id} is not null and not {difference.is_beaten}"
        updated = self._connection.execute(
            f"delete from {self._target} where ctid = any(array("
            f"select {difference.row_id} from {difference.relation}"
            f" where {taken} and {difference.row_id} is not null))"
        ).rowcount
        key = rebuilding.drop_key(self._connection, self._target, changed)
        is_all = found.rows - found.beaten == self._staging.rows
        self._insert("true" if is_all else difference.staged(taken), is_ordered=key is None)
        if key:
            self._connection.execute(key)
        return updated, found.new

    def _insert(self, condition: str, *, is_ordered: bool) -> int:
        names = ", ".join(map(quote, (*self._columns, EXTRACTED_AT)))
        # New entries of the key's index then fall into pages that are at hand.
        order = f" order by {', '.join(map(quote, self._key))}" if is_ordered else ""
        return self._connection.execute(
            f"insert into {self._target} ({names}, {quote(BATCHED_AT)})"
            f" select {names}, {self._landed} from {self._staging.relation} as stage"
            f" where {condition}{order}"
        ).rowcount

    def _same_row(self) -> str:
        # The lock keeps rows where they were when they were compared.
        return (
            f"target.ctid = difference.{self._difference.row_id}"
            f" and target.tableoid = difference.{self._difference.table_id}"
        )
