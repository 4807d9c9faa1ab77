"""One merge of staged rows into their table, and what it changed."""

# ruff: noqa: S608 - names are quoted and values are literals of our own
from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from psycopg import sql

from target_postgres.counts import Counts
from target_postgres.difference import Difference, Found
from target_postgres.sums import sums_of
from target_postgres.writing import Writing
from waybill_common.identifiers import qualify, quote
from waybill_common.targets.columns import BATCHED_AT, DELETED_AT, EXTRACTED_AT, SOURCE_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from target_postgres.staging import Staging


class Merge:
    """The merge of one staging table.

    Args:
        connection: The warehouse, inside the load's transaction.
        schema: The target's schema.
        table: The target's name.
        staging: The rows, all of them sent.
        columns: The stream's columns, each with its type in the table.
        key: The stream's key; without one, rows are appended.
        totals: Its control total columns.
    """

    def __init__(  # noqa: PLR0913 - a merge has this many sides
        self,
        connection: psycopg.Connection[Any],
        *,
        schema: str,
        table: str,
        staging: Staging,
        columns: Mapping[str, str],
        key: Sequence[str],
        totals: Sequence[str],
    ) -> None:
        self._connection = connection
        self._target = qualify(schema, table)
        self._staging = staging
        self._columns = columns
        self._key = list(key)
        self._totals = list(totals)
        self._counts = Counts()
        self._landed = ""
        # Other writers wait here and readers do not; whatever letters they leave are seen then.
        connection.execute(f"lock table {self._target} in share row exclusive mode")

    def run(
        self,
        *,
        whole_table: bool = False,
        partitions: Sequence[str] = (),
        is_continued: bool = False,
        marks: bool = False,
    ) -> Counts:
        """Write the staged rows, and let go of them.

        Args:
            whole_table: The rows are all that the table is to hold.
            partitions: Values of `_sdc_source_file` of which the rows are all that is to stay.
            is_continued: All rows of the table came before these in this transaction.
            marks: Rows that are gone are marked as deleted and not removed, in a keyed table.

        Returns:
            The counts of this merge.
        """
        # Under the lock, so that a later commit never carries an earlier landing time: dbt's
        # incremental models rely on that.
        self._landed = self._one("select clock_timestamp()::text")[0]
        counts = self._counts
        counts.received = self._staging.rows
        counts.totals_received = self._sums()
        counts.totals_landed_change = dict.fromkeys(self._totals, Decimal(0))
        scope = self._scope(partitions, whole_table=whole_table)
        if self._key and not self._is_empty("true"):
            self._upsert(
                None if self._is_empty(scope) else scope,
                # An older file that arrives again does not undo what a later one has laid over it;
                # but a table that is replaced as a whole holds the files of another source.
                later_file_wins=not (whole_table or is_continued),
                is_continued=is_continued,
                marks=marks,
            )
        else:
            if self._key:
                self._drop_superseded()
            self._delete(scope)
            self._insert_all()
        self._staging.drop()
        return counts

    def _scope(self, partitions: Sequence[str], *, whole_table: bool) -> str:
        """Which rows of the target these rows replace, as a condition."""
        if whole_table:
            return "true"
        if not partitions:
            return "false"
        return f"target.{quote(SOURCE_FILE)} in ({', '.join(map(sql.quote, partitions))})"

    def _upsert(
        self, scope: str | None, *, later_file_wins: bool, is_continued: bool, marks: bool
    ) -> None:
        difference = Difference(
            self._connection,
            target=self._target,
            staging=self._staging,
            columns=self._columns,
            key=self._key,
            totals=self._totals,
            marks=marks,
        )
        found = difference.find(scope, later_file_wins=later_file_wins, every_row=is_continued)
        if found.rows and self._drop_repeated(difference, found):
            found = difference.find(scope, later_file_wins=later_file_wins, every_row=is_continued)
        counts = self._counts
        counts.superseded += found.beaten
        for name, change in found.totals_change.items():
            counts.totals_landed_change[name] += change
        writing = Writing(
            self._connection,
            target=self._target,
            staging=self._staging,
            difference=difference,
            columns=self._columns,
            key=self._key,
            landed=self._landed,
            marks=marks,
        )
        counts.deleted, counts.updated, counts.inserted = writing.apply(found)
        counts.unchanged = counts.received - counts.superseded - counts.updated - counts.inserted
        if is_continued:
            counts.superseded += counts.updated
            counts.updated = 0

    def _drop_repeated(self, difference: Difference, found: Found) -> bool:
        """Drop superseded rows, if there are any among those that are to be written.

        Rows that equal the table's do no harm, however often they came. So the look for repeated
        keys, which costs as much as the join, is for those that do not.
        """
        is_all = found.rows == self._staging.rows and not found.new
        if is_all and not difference.repeats_a_row():
            return False
        few = found.rows * 10 < self._staging.rows
        return self._drop_superseded(difference if few else None) > 0

    def _drop_superseded(self, among: Difference | None = None) -> int:
        """Of rows with one key, keep the last.

        Args:
            among: Rows with whose keys to make do.

        Returns:
            How many rows gave way.
        """
        key, stage, position = self._list(self._key), self._staging.relation, self._staging.position
        only = ""
        if among:
            only = f"where ({key}) in (select {key} from {stage} as stage where {among.staged()})"
        repeated = (
            f"select {key}, max({position}) as {position} from {stage} {only}"
            f" group by {key} having count(*) > 1"
        )
        if self._is_empty(relation=f"({repeated})"):
            return 0
        same = " and ".join(f"stage.{name} = last.{name}" for name in map(quote, self._key))
        dropped = self._connection.execute(
            f"delete from {stage} as stage using ({repeated}) as last"
            f" where {same} and stage.{position} < last.{position}"
        ).rowcount
        self._counts.superseded += dropped
        return dropped

    def _delete(self, scope: str) -> None:
        if self._is_empty(scope):
            return
        alive = f"target.{quote(DELETED_AT)} is null as is_alive"
        returned = ", ".join([alive, *(f"target.{quote(name)}" for name in self._totals)])
        counted = self._one(
            f"with gone as (delete from {self._target} as target where {scope} returning {returned})"
            f" select {', '.join(['count(*)', *self._sum_list()])} from gone where is_alive"
        )
        self._counts.deleted = counted[0]
        for name, total in zip(self._totals, counted[1:], strict=True):
            self._counts.totals_landed_change[name] -= total

    def _insert_all(self) -> None:
        names = self._list([*self._columns, EXTRACTED_AT])
        counts = self._counts
        counts.inserted = self._connection.execute(
            f"insert into {self._target} ({names}, {quote(BATCHED_AT)})"
            f" select {names}, '{self._landed}'::timestamptz from {self._staging.relation}"
        ).rowcount
        landed = self._sums() if counts.superseded else counts.totals_received
        if DELETED_AT in self._columns:
            alive = f"{quote(DELETED_AT)} is null"
            landed = self._sums(alive)
            counts.deleted += self._one(
                f"select count(*) from {self._staging.relation} where not ({alive})"
            )[0]
        for name, total in landed.items():
            counts.totals_landed_change[name] += total

    def _is_empty(self, condition: str = "true", relation: str = "") -> bool:
        origin = f"{relation or self._target} as target"
        return not self._one(f"select exists (select from {origin} where {condition})")[0]

    def _sums(self, condition: str = "true") -> dict[str, Decimal]:
        origin = f"{self._staging.relation} where {condition}"
        return sums_of(self._connection, origin, self._totals)

    def _sum_list(self) -> list[str]:
        return [f"coalesce(sum({quote(name)}::numeric), 0)" for name in self._totals]

    def _list(self, names: Sequence[str]) -> str:
        return ", ".join(map(quote, names))

    def _one(self, query: str) -> tuple[Any, ...]:
        row = self._connection.execute(query).fetchone()
        if row is None:
            msg = "an aggregate without a row"
            raise AssertionError(msg)
        return tuple(row)
