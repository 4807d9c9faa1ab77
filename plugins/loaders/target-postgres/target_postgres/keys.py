"""Rows that are gone from the source, found by all the keys that it holds."""

# ruff: noqa: S608 - names are quoted and values are literals of our own
from __future__ import annotations

import itertools
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg

from target_postgres.copying import copy
from target_postgres.counts import Counts
from waybill_common.errors import WaybillError
from waybill_common.identifiers import qualify, quote
from waybill_common.targets.columns import BATCHED_AT, DELETED_AT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from waybill_common.targets.formats import BatchFile

_numbers = itertools.count(1)


class Keys:
    """The keys of one stream in one transaction, in a temporary table that goes with it.

    Args:
        connection: The warehouse, inside the load's transaction.
        stream: The stream's name, for errors.
        types: The key's columns and their types.

    Attributes:
        relation: The temporary table, as a quoted identifier.
    """

    def __init__(
        self, connection: psycopg.Connection[Any], stream: str, types: Mapping[str, str]
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._key = list(types)
        self.relation = quote(f"waybill_keys_{next(_numbers)}")
        definitions = ", ".join(f"{quote(name)} {sql_type}" for name, sql_type in types.items())
        connection.execute(f"create temporary table {self.relation} ({definitions}) on commit drop")

    def copy_files(self, files: Iterable[BatchFile]) -> int:
        """Take keys.

        Returns:
            How many there are in the files.

        Raises:
            WaybillError: A file has other columns, or PostgreSQL refuses it.
        """
        return sum(map(self._copy_file, files))

    def delete_others(
        self, schema: str, table: str, totals: Sequence[str], *, is_hard: bool
    ) -> Counts:
        """Mark or remove the rows of a table whose key is not among these.

        Args:
            schema: The table's schema.
            table: Its name.
            totals: Its control total columns.
            is_hard: Remove rows, also those that were marked before.
        """
        target = qualify(schema, table)
        self._connection.execute(f"lock table {target} in share row exclusive mode")
        self._connection.execute(f"analyze {self.relation}")
        same = " and ".join(f"target.{name} = held.{name}" for name in map(quote, self._key))
        gone = f"not exists (select from {self.relation} as held where {same})"
        alive = f"target.{quote(DELETED_AT)} is null"
        returned = ", ".join([f"{alive} as is_alive", *(f"target.{quote(n)}" for n in totals)])
        if is_hard:
            change = f"delete from {target} as target where {gone} returning {returned}"
        else:
            change = (
                f"update {target} as target set {quote(DELETED_AT)} = landed.at,"
                f" {quote(BATCHED_AT)} = landed.at"
                " from (select clock_timestamp() as at offset 0) as landed"
                f" where {alive} and {gone} returning true as is_alive"
                + "".join(f", target.{quote(name)}" for name in totals)
            )
        sums = [f"coalesce(sum({quote(name)}::numeric), 0)" for name in totals]
        row = self._connection.execute(
            f"with changed as ({change}) select {', '.join(['count(*)', *sums])}"
            " from changed where is_alive"
        ).fetchone()
        deleted, *moved = row or (0,)
        change_of = {name: -Decimal(each) for name, each in zip(totals, moved, strict=True)}
        return Counts(deleted=deleted, totals_landed_change=change_of)

    def _copy_file(self, file: BatchFile) -> int:
        if set(file.columns) != set(self._key):
            msg = (
                f"Stream {self._stream}: keys to compare have the columns {list(file.columns)},"
                f" its key is {self._key}."
            )
            raise WaybillError(msg)
        names = ", ".join(map(quote, file.columns))
        statement = f"copy {self.relation} ({names}) from stdin ({file.options})"
        try:
            return copy(self._connection, statement, file.chunks(self._stream))
        except psycopg.DataError as error:
            msg = f"Stream {self._stream}: its keys cannot be read: {error.diag.message_primary}."
            raise WaybillError(msg, "Mend the key's type in the contract or schema.") from error
