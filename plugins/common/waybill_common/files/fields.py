"""The columns that are read of a file, and the texts each admits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_common import column_types, pii, values
from waybill_common.errors import WaybillError
from waybill_common.identifiers import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_common.contracts import Column, Stream
    from waybill_common.files.breaches import Values

RESERVED = ("_sdc_source_file", "_sdc_extracted_at")
_SHOWN = 60


@dataclass(frozen=True)
class Field:
    """A column that is read.

    Attributes:
        position: Place in the file's rows, from 0.
        type: The texts it admits in the file.
        sql_type: The name of the type.
        is_quotable: Whether messages may show its values.
        hashed_type: The SQL type of the values whose hashes land, or None where they land in the
            clear.
    """

    name: str
    position: int
    type: values.ColumnType
    is_required: bool
    is_control_total: bool
    sql_type: str = "text"
    is_quotable: bool = True
    hashed_type: str | None = None

    @property
    def landed(self) -> values.ColumnType:
        """The texts that leave the tap."""
        return values.Text() if self.hashed_type else self.type


def shorten(text: str) -> str:
    """A text of the source's for a message: quoted, control characters visible, cut when long."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def column_type(stream: Stream, column: Column) -> values.ColumnType:
    """The texts a contract's column admits.

    Raises:
        WaybillError: The contract names a type that texts cannot be checked for.
    """
    try:
        return column_types.of_sql_type(column.sql_type)
    except ValueError as error:
        msg = f"Contract, stream {stream.name}, column {column.name}: {error}."
        raise WaybillError(msg, "Use text there, and cast it in staging.") from error


def of_column(stream: Stream, column: Column, position: int) -> Field:
    """A contract's column as it is read.

    Raises:
        WaybillError: The contract names a type that texts cannot be checked for.
    """
    return Field(
        name=column.name,
        position=position,
        type=column_type(stream, column),
        is_required=column.is_required,
        is_control_total=column.is_control_total,
        sql_type=column.sql_type,
        is_quotable=not any(each.is_pii for each in stream.columns),
        hashed_type=column.sql_type if column.is_hashed else None,
    )


def of_unknown(name: str, position: int) -> Field:
    """A column that the contract does not know, carried as text."""
    return Field(name, position, values.Text(), is_required=False, is_control_total=False)


def unusable(name: str, shown: str) -> str:
    """Why a column cannot have a name, in words; empty where it can.

    Args:
        name: The name.
        shown: The name as a message may show it.
    """
    if not name:
        return "has no name"
    if name in RESERVED:
        return f"has the name {name}, which the tap writes itself"
    if not values.Text().admits(name):
        return f"has a name that is not UTF-8 text without NUL: {shown}"
    if len(name.encode()) > MAX_BYTES:
        return f"has a name longer than the {MAX_BYTES} bytes PostgreSQL keeps: {shown}"
    return ""


def hashed(
    fields: Sequence[Field], columns: Sequence[Values], hasher: pii.Hasher | None
) -> list[Values]:
    """Columns with hashes in place of the values that do not land in the clear.

    Args:
        fields: What the columns hold.
        columns: Their values.
        hasher: Hashes personal data; None where none of the columns is hashed.
    """
    if hasher is None:
        return list(columns)
    return [
        pii.hashed(column, hasher.of_sql_type(field.hashed_type)) if field.hashed_type else column
        for field, column in zip(fields, columns, strict=True)
    ]
