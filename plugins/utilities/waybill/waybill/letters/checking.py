"""Whether a mended row keeps its contract, and what of it lands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from waybill_common import column_types, contracts, pii

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill.letters.mended import Values
    from waybill.letters.store import Letter
    from waybill_common.contracts import Column, Stream

Refusal = tuple[str | None, str]
"""The column at fault, and why."""

_SPECIAL = frozenset({"nan", "infinity", "-infinity", "inf", "-inf"})
_SHOWN = 60


class Checker:
    """What the contract of a stream says of its rows.

    Args:
        schema: The schema the stream lands in.
        stream: Its name; a stream without a contract is checked by PostgreSQL alone.
    """

    def __init__(self, schema: str, stream: str) -> None:
        self._stream = _stream_of(schema, stream)
        self._hashes: dict[str, Callable[[str], str]] = {}
        if self._stream and any(column.is_hashed for column in self._stream.columns):
            self._hashes = pii.hasher().of_columns(self._stream.columns)

    @property
    def is_personal(self) -> bool:
        """Whether messages show no value: one that is shifted into another column may be a name."""
        columns = self._stream.columns if self._stream else ()
        return any(column.classification == "pii" for column in columns)

    def check(self, letter: Letter, values: Values) -> Refusal | None:
        """What is wrong with a row.

        Args:
            letter: The letter it was mended from.
            values: The row.
        """
        for column in self._stream.columns if self._stream else ():
            if reason := self._fault(column, letter, values.get(column.name)):
                return column.name, reason
        return None

    def landing(self, values: Values) -> Values:
        """The row as it lands: hashes in place of personal data."""
        return {
            name: self._hashes[name](value)
            if name in self._hashes and value is not None and not re.search(pii.HASH, value)
            else value
            for name, value in values.items()
        }

    def _fault(self, column: Column, letter: Letter, value: str | None) -> str:
        if value is None:
            return "empty, but the contract requires a value" if column.is_required else ""
        if column.is_hashed and re.search(pii.HASH, value):
            if letter.column_name == column.name and value == (letter.payload or {}).get(
                column.name
            ):
                return "its value was kept as a hash only: mend it in a file"
            return ""
        try:
            admitted = column_types.of_sql_type(column.sql_type)
        except ValueError:
            return ""  # a type that PostgreSQL alone knows
        if admitted.admits(value) or self._is_special(value):
            return ""
        shown = "its value" if self.is_personal else repr(value[:_SHOWN])
        return f"{shown} is not {admitted.expected}"

    def _is_special(self, value: str) -> bool:
        """Whether it is a value that a PostgreSQL source has and a CSV file has not."""
        is_of_files = self._stream is not None and self._stream.files
        return not is_of_files and value.lower() in _SPECIAL


def _stream_of(schema: str, name: str) -> Stream | None:
    for contract in contracts.load_all():
        if contract.raw_schema == schema:
            return next((each for each in contract.streams if each.name == name), None)
    return None
