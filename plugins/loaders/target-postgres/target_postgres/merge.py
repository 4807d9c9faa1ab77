"""One merge of staged rows into their table, and what it changed."""

# ruff: noqa: S608 - names are quoted and values are literals of our own
from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_postgres.columns import BATCHED_AT, DELETED_AT, EXTRACTED_AT, SOURCE_FILE
from waybill_common.identifiers import qualify, quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from target_postgres.staging import Staging


_COUNTED = ("received", "inserted", "updated", "unchanged", "superseded", "deleted", "dead")


@dataclass
class Counts:
    """What became of the rows received, and how the table's control totals moved.

    Always received = inserted + updated + unchanged + superseded + dead; deleted rows were not
    received.
    """

    received: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    superseded: int = 0
    deleted: int = 0
    dead: int = 0
    totals_received: dict[str, Decimal] = field(default_factory=dict)
    totals_landed_change: dict[str, Decimal] = field(default_factory=dict)

    def __str__(self) -> str:
        """The counts in words, for the log."""
        return (
            f"{self.received:,} received: {self.inserted:,} new, {self.updated:,} changed,"
            f" {self.unchanged:,} unchanged, {self.superseded:,} superseded, {self.dead:,} dead;"
            f" {self.deleted:,} deleted"
        )

    def bury(self, dead: int, totals: Mapping[str, Decimal]) -> None:
        """Count rows that were received and could not land.

        Args:
            dead: How many.
            totals: Their control totals, as far as the tap has counted them.
        """
        self.received += dead
        self.dead += dead
        for column, total in totals.items():
            self.totals_received[column] = self.totals_received.get(column, Decimal(0)) + total

    def add(self, other: Counts) -> None:
        """Add the counts of a further merge."""
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for own, others in (
            (self.totals_received, other.totals_received),
            (self.totals_landed_change, other.totals_landed_change),
        ):
            for column, total in others.items():
                own[column] = own.get(column, Decimal(0)) + total


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
        self._stage = staging.relation
        self._position = staging.position
        self._prefix = staging.prefix
        self._rows = staging.rows
        self._columns = list(columns)
        self._types = columns
        self._key = list(key)
        self._totals = list(totals)
        self._is_whole_table = False
        self._is_continued = False
        self._counts = Counts()
        self._landed = ""

    def run(
        self,
        *,
        whole_table: bool = False,
        partitions: Sequence[str] = (),
        is_continued: bool = False,
    ) -> Counts:
        """Write the staged rows.

        Args:
            whole_table: The rows are all that the table is to hold.
            partitions: Values of `_sdc_source_file` of which the rows are all that is to stay.
            is_continued: All rows of the table came before these in this transaction.

        Returns:
            The counts of this merge.
        """
        # Other writers wait here and readers do not. The landing time is taken under the lock, so
        # that a later commit never carries an earlier one: dbt's incremental models rely on that.
        self._connection.execute(f"lock table {self._target} in share row exclusive mode")
        self._landed = self._scalar("select clock_timestamp()::text")
        self._is_whole_table = whole_table
        self._is_continued = is_continued
        counts = self._counts
        counts.received = self._rows
        counts.totals_received = self._sums(f"from {self._stage}")
        counts.totals_landed_change = dict.fromkeys(self._totals, Decimal(0))
        if self._key:
            counts.superseded = self._drop_superseded()
        is_empty = self._scalar(f"select not exists (select from {self._target})")
        if not is_empty:
            self._delete_replaced(partitions)
        if is_empty or not self._key:
            self._insert_all()
        else:
            self._upsert()
            if is_continued:
                counts.superseded += counts.updated
                counts.updated = 0
        return counts

    def _drop_superseded(self) -> int:
        """Of rows with one key, keep the last."""
        key = self._list(self._key)
        repeated = f"select {key} from {self._stage} group by {key} having count(*) > 1"
        if not self._scalar(f"select exists ({repeated})"):
            return 0
        same = " and ".join(f"stage.{name} = last.{name}" for name in map(quote, self._key))
        return self._connection.execute(
            f"delete from {self._stage} as stage using ("
            f"select {key}, max({self._position}) as {self._position} from {self._stage}"
            f" group by {key} having count(*) > 1) as last"
            f" where {same} and stage.{self._position} < last.{self._position}"
        ).rowcount

    def _delete_replaced(self, partitions: Sequence[str]) -> None:
        if self._is_whole_table:
            scope = "true"
        elif partitions:
            values = ", ".join("'" + value.replace("'", "''") + "'" for value in partitions)
            scope = f"target.{quote(SOURCE_FILE)} in ({values})"
        else:
            return
        if self._key:
            scope += (
                f" and not exists (select from {self._stage} as stage where {self._same_key()})"
            )
        returned = ", ".join(["1", *(f"target.{quote(name)}" for name in self._totals)])
        counted = self._one(
            f"with gone as (delete from {self._target} as target where {scope} returning {returned})"
            f" select {', '.join(['count(*)', *self._sum_list()])} from gone"
        )
        self._counts.deleted = counted[0]
        self._move(counted[1:], sign=-1)

    def _insert_all(self) -> None:
        self._counts.inserted = self._insert(f"{self._stage} as stage")
        if self._counts.superseded:
            self._move(list(self._sums(f"from {self._stage}").values()))
        else:
            self._move(list(self._counts.totals_received.values()))

    def _upsert(self) -> None:
        """Write only rows that are new or differ, found by one join."""
        is_new, is_beaten = quote(f"{self._prefix}_is_new"), quote(f"{self._prefix}_is_beaten")
        difference = quote(f"waybill_difference_{self._stage.strip(chr(34))}")
        before = [quote(f"{self._prefix}_before_{index}") for index in range(len(self._totals))]
        old = "".join(
            f", target.{quote(name)} as {alias}"
            for name, alias in zip(self._totals, before, strict=True)
        )
        missing = f"target.{quote(self._key[0])} is null"
        # An older file that arrives again does not undo what a later one has laid over it; but a
        # table that is replaced as a whole holds the files of another source.
        beaten = (
            f'coalesce(stage.{quote(SOURCE_FILE)} collate "C" < target.{quote(SOURCE_FILE)} collate "C", false)'
            if SOURCE_FILE in self._columns and not (self._is_whole_table or self._is_continued)
            else "false"
        )
        differs = (
            "true" if self._is_continued else f"{self._row('stage')} *<> {self._row('target')}"
        )
        self._connection.execute(
            f"create temporary table {difference} on commit drop as"
            f" select stage.*, {missing} as {is_new}, {beaten} as {is_beaten}{old}"
            f" from {self._stage} as stage left join {self._target} as target on {self._same_key()}"
            f" where {missing} or {differs}"
        )
        found = self._one(
            f"select count(*) filter (where {is_new}), count(*) filter (where {is_beaten})"
            + "".join(
                f", coalesce(sum({quote(name)}::numeric) filter (where not {is_beaten}), 0)"
                f" - coalesce(sum({alias}::numeric) filter (where not {is_beaten}), 0)"
                for name, alias in zip(self._totals, before, strict=True)
            )
            + f" from {difference}"
        )
        self._move(found[2:])
        self._counts.superseded += found[1]
        self._counts.updated = self._update(
            f"{difference} as stage", f"not stage.{is_new} and not stage.{is_beaten}"
        )
        if found[0]:
            self._counts.inserted = self._insert(f"{difference} as stage where stage.{is_new}")
        counts = self._counts
        counts.unchanged = counts.received - counts.superseded - counts.updated - counts.inserted
        self._connection.execute(f"drop table {difference}")

    def _update(self, origin: str, condition: str) -> int:
        values = {
            quote(name): f"stage.{quote(name)}" for name in self._columns if name not in self._key
        }
        values |= {
            quote(EXTRACTED_AT): f"stage.{quote(EXTRACTED_AT)}",
            quote(BATCHED_AT): self._landing_time(),
        }
        values.setdefault(quote(DELETED_AT), "null")
        assignments = ", ".join(f"{name} = {value}" for name, value in values.items())
        return self._connection.execute(
            f"update {self._target} as target set {assignments} from {origin}"
            f" where {self._same_key()} and {condition}"
        ).rowcount

    def _insert(self, origin: str) -> int:
        names = self._list([*self._columns, EXTRACTED_AT, BATCHED_AT])
        values = [f"stage.{quote(name)}" for name in (*self._columns, EXTRACTED_AT)]
        return self._connection.execute(
            f"insert into {self._target} ({names})"
            f" select {', '.join([*values, self._landing_time()])} from {origin}"
        ).rowcount

    def _landing_time(self) -> str:
        return f"'{self._landed}'::timestamptz"

    def _same_key(self) -> str:
        return " and ".join(f"target.{name} = stage.{name}" for name in map(quote, self._key))

    def _row(self, alias: str) -> str:
        """The columns that make a row another one, as a record to compare byte by byte."""
        compared = [
            f"{alias}.{quote(name)}" + (f"::{self._types[name]}" if alias == "stage" else "")
            for name in self._columns
            if name not in self._key and (not name.startswith("_sdc_") or name == SOURCE_FILE)
        ]
        is_marked = alias == "target" or DELETED_AT in self._columns
        deleted = f"{alias}.{quote(DELETED_AT)}" if is_marked else "null::timestamptz"
        return f"row({', '.join([*compared, deleted])})::record"

    def _sums(self, origin: str) -> dict[str, Decimal]:
        if not self._totals:
            return {}
        sums = self._one(f"select {', '.join(self._sum_list())} {origin}")
        return dict(zip(self._totals, sums, strict=True))

    def _sum_list(self) -> list[str]:
        return [f"coalesce(sum({quote(name)}::numeric), 0)" for name in self._totals]

    def _move(self, sums: Sequence[Decimal], sign: int = 1) -> None:
        for name, total in zip(self._totals, sums, strict=True):
            self._counts.totals_landed_change[name] += sign * total

    def _list(self, names: Sequence[str]) -> str:
        return ", ".join(map(quote, names))

    def _one(self, query: str) -> tuple[Any, ...]:
        row = self._connection.execute(query).fetchone()
        if row is None:
            msg = "an aggregate without a row"
            raise AssertionError(msg)
        return tuple(row)

    def _scalar(self, query: str) -> Any:
        return self._one(query)[0]
