"""Rows that break the contract: what is wrong with them, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError
from waybill_common.files.fields import shorten

if TYPE_CHECKING:
    from waybill_common.files.fields import Field

Values = Sequence[str | None]
"""One column of a chunk; None is NULL."""


@dataclass(frozen=True)
class Breach:
    """A row that breaks the contract.

    Attributes:
        line: Physical line, from 1, at which the row starts; or its number in an array.
        raw: The row's text.
        column: The first column at fault, or None where the row has the wrong number of fields.
        reason: What is wrong, in words.
        values: Those of the columns that are read; None where they cannot be told apart.
        counted: What `line` counts.
    """

    line: int
    raw: str
    column: str | None
    reason: str
    values: Mapping[str, str | None] | None = None
    counted: str = "line"


OnBreach = Callable[[Breach], None]
"""Takes a breach and returns, so that the row is left out, or raises, so that nothing is read."""


def refuse(place: str) -> OnBreach:
    """A handler that ends the read at the first breach.

    Args:
        place: The file, for the message.
    """

    def on_breach(breach: Breach) -> None:
        column = f", column {breach.column}" if breach.column else ""
        msg = f"{place}, {breach.counted} {breach.line}{column}: {breach.reason}."
        raise WaybillError(msg, "Mend the row, or change what the contract promises.")

    return on_breach


def fault(field: Field, value: str | None) -> str:
    """Why a value cannot be a column's, in words; empty where it can."""
    if value is None:
        return "empty, but the contract requires a value" if field.is_required else ""
    if field.type.admits(value):
        return ""
    shown = shorten(value) if field.is_quotable else "its value, not shown for class pii,"
    return f"{shown} is not {field.type.expected}"
