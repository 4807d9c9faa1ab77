"""Personal data stays out of what a run prints and writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from waybill_common.contracts import Contract

PII = "pii"

COUNTS = frozenset(
    {
        "element_count",
        "missing_count",
        "missing_percent",
        "unexpected_count",
        "unexpected_percent",
        "unexpected_percent_nonmissing",
        "unexpected_percent_total",
    }
)
"""The figures of a result that tell nothing about one person."""

ROWS = "partial_unexpected_index_list"
"""Offending rows as mappings, from which columns can be left out by name."""


@dataclass(frozen=True)
class PersonalData:
    """Which columns the contracts class as personal data.

    Attributes:
        by_table: Their names by raw schema and table.
    """

    by_table: dict[str, dict[str, frozenset[str]]]

    def columns(self, schema: str, table: str) -> frozenset[str]:
        """Columns of personal data in a table.

        A schema without a contract holds what was made from the others: any of their names counts.
        """
        if schema in self.by_table:
            return self.by_table[schema].get(table, frozenset())
        names = [names for tables in self.by_table.values() for names in tables.values()]
        return frozenset[str]().union(*names)


def from_contracts(contracts: Iterable[Contract]) -> PersonalData:
    """What the contracts say about personal data."""
    return PersonalData(
        {
            contract.raw_schema: {
                stream.name: frozenset(
                    column.name for column in stream.columns if column.classification == PII
                )
                for stream in contract.streams
            }
            for contract in contracts
        }
    )


def mentions(sql: str, columns: Iterable[str]) -> bool:
    """Whether a rule in SQL names one of the columns, and so could return it under another name."""
    words = set(re.findall(r"\w+", sql.lower()))
    return any(column.lower() in words for column in columns)


def redact(result: dict[str, Any], pii: frozenset[str], *, is_about_pii: bool) -> dict[str, Any]:
    """A result without personal data.

    Args:
        result: What Great Expectations found, as it returned it.
        pii: Columns that are left out wherever they are keys.
        is_about_pii: Whether the check itself is about such a column. Then only counts and the
            other columns of offending rows stay: lists of bare values carry no column names.
    """
    if is_about_pii:
        result = {key: value for key, value in result.items() if key in COUNTS or key == ROWS}
    return {key: _without(value, pii) for key, value in result.items()}


def _without(value: Any, keys: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, keys) for key, inner in value.items() if key not in keys}
    if isinstance(value, list):
        return [_without(inner, keys) for inner in value]
    return value
