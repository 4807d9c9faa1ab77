"""The first rows of a table, straight into it.

A table that does not exist yet needs no merge: it is made with the columns that the files have,
COPY fills it, and key and constant columns are added afterwards, which rewrites nothing. All of it
is one savepoint, so that files which turn out to need a merge can still go through staging.
"""

# ruff: noqa: S608 - names are quoted, types are ours and values are quoted as literals
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

from target_postgres.copying import copy
from target_postgres.counts import Counts
from target_postgres.sums import sums_of
from waybill_common.identifiers import qualify, quote
from waybill_common.targets.columns import BATCHED_AT, EXTRACTED_AT, SOURCE_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from target_postgres.tables import Plan
    from waybill_common.targets.formats import BatchFile

    _Shape = tuple[tuple[str, ...], str | None, str | None]

_SAVEPOINT = "waybill_direct"


class Direct:
    """A table that is filled while it is made.

    Args:
        connection: The warehouse, inside the load's transaction; nothing of another stream may
            run on it before `finish` or `abandon`.
        stream: The stream's name, for errors.
        schema: The table's schema.
        table: Its name.
        plan: What it is to become.
        key: The stream's key.
        totals: Its control total columns.

    Attributes:
        relation: The table, as a quoted identifier.
        files: What it was filled from.
        rows: How many rows these held.
        is_finished: Whether the table is whole, and open for a merge of further rows.
    """

    def __init__(  # noqa: PLR0913 - a load has this many sides
        self,
        connection: psycopg.Connection[Any],
        *,
        stream: str,
        schema: str,
        table: str,
        plan: Plan,
        key: Sequence[str],
        totals: Sequence[str],
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._plan = plan
        self._key = key
        self._shape: _Shape = ((), None, None)
        self._constants: dict[str, str] = {}
        self._added: list[str] = []
        self.relation = qualify(schema, table)
        self._totals = totals
        self.files: list[BatchFile] = []
        self.rows = 0
        self.is_finished = False
        connection.execute(f"savepoint {_SAVEPOINT}")

    def create(self, first: BatchFile) -> None:
        """Make the table.

        Args:
            first: The file whose columns and constants all others have to share.

        Raises:
            psycopg.Error: There is one by now; this load has to be abandoned.
        """
        self._shape = _shape(first)
        now = self._connection.execute("select clock_timestamp()::text").fetchone()
        constants = {
            EXTRACTED_AT: first.extracted_at,
            BATCHED_AT: now and now[0],
            SOURCE_FILE: first.source_partition,
        }
        self._constants = {
            name: value
            for name, value in constants.items()
            if value is not None and name in self._plan.definition and name not in first.columns
        }
        names = list(self._plan.definition)
        stored = 1 + max(names.index(name) for name in first.columns)
        self._added = names[stored:]
        definitions = [
            self._definition(name) + (" not null" if name in self._key else "")
            for name in names[:stored]
        ]
        for statement in self._plan.before_any_table:
            self._connection.execute(statement)
        self._connection.execute(f"create table {self.relation} ({', '.join(definitions)})")

    def fits(self, file: BatchFile) -> bool:
        """Whether a file has the columns and constants of the first one."""
        return not self.is_finished and _shape(file) == self._shape

    def copy_file(self, file: BatchFile) -> int:
        """Fill the table from a file.

        Returns:
            How many rows it holds.

        Raises:
            psycopg.Error: PostgreSQL refuses a row; the table has to be abandoned.
        """
        names = ", ".join(map(quote, file.columns))
        # Frozen rows are not written again when they are first read or vacuumed.
        statement = f"copy {self.relation} ({names}) from stdin ({file.options}, freeze)"
        rows = copy(self._connection, statement, file.chunks(self._stream))
        self.files.append(file)
        self.rows += rows
        return rows

    def finish(self) -> None:
        """Give the table its key and its other columns.

        Raises:
            psycopg.Error: The key is repeated; the table has to be abandoned.
        """
        for statement in self._plan.after:
            self._connection.execute(statement)
        if self._added:
            added = ", ".join(f"add column {self._definition(name)}" for name in self._added)
            self._connection.execute(f"alter table {self.relation} {added}")
        if self._constants:
            dropped = ", ".join(
                f"alter column {quote(name)} drop default" for name in self._constants
            )
            self._connection.execute(f"alter table {self.relation} {dropped}")
        self._connection.execute(f"release savepoint {_SAVEPOINT}")
        self.is_finished = True

    def abandon(self) -> list[BatchFile]:
        """Leave no table; returns the files, which are to go another way."""
        self._connection.execute(f"rollback to savepoint {_SAVEPOINT}")
        self._connection.execute(f"release savepoint {_SAVEPOINT}")
        return self.files

    def partitions(self) -> list[str]:
        """The files of the source that its rows say they are from."""
        if SOURCE_FILE in self._constants:
            return [str(self._constants[SOURCE_FILE])]
        if SOURCE_FILE not in self._shape[0]:
            return []
        name = quote(SOURCE_FILE)
        found = self._connection.execute(
            f"select distinct {name} from {self.relation} where {name} is not null"
        )
        return [value for (value,) in found.fetchall()]

    def counts(self) -> Counts:
        """What has landed, before any merge into the finished table."""
        sums = sums_of(self._connection, self.relation, self._totals)
        return Counts(
            received=self.rows,
            inserted=self.rows,
            totals_received=sums,
            totals_landed_change=dict(sums),
        )

    def _definition(self, name: str) -> str:
        definition = f"{quote(name)} {self._plan.definition[name]}"
        if name in self._constants:
            definition += f" default {sql.quote(self._constants[name])}"
        return definition


def suits(plan: Plan, file: BatchFile) -> bool:
    """Whether a table can be made from a file."""
    return plan.is_new and bool(file.columns) and set(file.columns) <= set(plan.definition)


def _shape(file: BatchFile) -> _Shape:
    return file.columns, file.extracted_at, file.source_partition
