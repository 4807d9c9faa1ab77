"""The columns of a stream, and how a JSON value of each becomes COPY text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.json import serialize_json

from waybill_common import copy_text, identifiers, sql_types
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Encoder = Callable[[Any], str]

EXTRACTED_AT = "_sdc_extracted_at"
BATCHED_AT = "_sdc_batched_at"
DELETED_AT = "_sdc_deleted_at"
SOURCE_FILE = "_sdc_source_file"
TIMESTAMP = "timestamp with time zone"

_FORMATS = {
    "date-time": TIMESTAMP,
    "date": "date",
    "time": "time without time zone",
    "uuid": "uuid",
}
_BIGINT = (-(2**63), 2**63 - 1)
_JSON = frozenset({"json", "jsonb"})
_INTEGERS = frozenset({"smallint", "integer", "bigint"})


@dataclass(frozen=True)
class Column:
    """One column of a stream.

    Attributes:
        sql_type: The canonical PostgreSQL type.
        encode: A JSON value as a COPY field of that type.
        is_control_total: Whether the tap asks for its sum to be reconciled.
        is_personal: Whether no message may show its values.
    """

    name: str
    sql_type: str
    encode: Encoder
    is_control_total: bool = False
    is_personal: bool = False


def columns_of(stream: str, schema: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns that a SCHEMA message declares, those of the load itself left out.

    Args:
        stream: The stream's name, for errors.
        schema: The message's JSON schema.

    Returns:
        The source's columns in their order, then those that begin with `_sdc_`.

    Raises:
        WaybillError: A name cannot be a PostgreSQL identifier.
    """
    columns = [
        _column(name, definition)
        for name, definition in schema["properties"].items()
        if name not in {EXTRACTED_AT, BATCHED_AT}
    ]
    for column in columns:
        check_name(column.name, f"stream {stream}: column")
    return tuple(sorted(columns, key=lambda column: column.name.startswith("_sdc_")))


def check_name(name: str, what: str) -> None:
    """Make sure that a name can be an identifier.

    Raises:
        WaybillError: It is empty, holds NUL or is too long.
    """
    try:
        identifiers.quote(name)
    except ValueError as error:
        msg = f"{what}: {error}."
        remedy = "PostgreSQL keeps names of 1 to 63 bytes; rename it, for instance by a stream map."
        raise WaybillError(msg, remedy) from error


def _column(name: str, definition: Mapping[str, Any]) -> Column:
    types = _types(definition)
    exact = sql_types.canonical(str(definition.get("x-sql-datatype", "")))
    if name == DELETED_AT:
        exact = TIMESTAMP
    elif name == SOURCE_FILE:
        exact = "text"
    sql_type = exact or _sql_type(definition, types)
    is_json_as_text = exact is not None and types == {"string"}
    return Column(
        name=name,
        sql_type=sql_type,
        encode=_encoder(sql_type, is_json_as_text=is_json_as_text),
        is_control_total=bool(definition.get("x-control-total")),
        is_personal=bool(definition.get("x-pii")),
    )


def _alternatives(definition: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    nested = [*definition.get("anyOf", ()), *definition.get("oneOf", ())]
    return nested or [definition]


def _types(definition: Mapping[str, Any]) -> set[str]:
    types: set[str] = set()
    for each in _alternatives(definition):
        declared = each.get("type", ())
        types.update([declared] if isinstance(declared, str) else declared)
    return types - {"null"}


def _sql_type(definition: Mapping[str, Any], types: set[str]) -> str:
    if types == {"integer"}:
        bounds = definition.get("minimum", 0), definition.get("maximum", 0)
        return "bigint" if _BIGINT[0] <= bounds[0] and bounds[1] <= _BIGINT[1] else "numeric"
    if types in ({"number"}, {"integer", "number"}):
        return "numeric"
    if types == {"boolean"}:
        return "boolean"
    if types == {"string"}:
        formats = [_FORMATS.get(each.get("format", "")) for each in _alternatives(definition)]
        return next((known for known in formats if known), "text")
    if types and types <= {"string", "integer", "number", "boolean"}:
        return "text"
    return "jsonb"


def _encoder(sql_type: str, *, is_json_as_text: bool) -> Encoder:
    if sql_type in _JSON:
        return _nullable(_scalar if is_json_as_text else _json)
    if sql_type.endswith("[]"):
        return _nullable(_array)
    if sql_type in _INTEGERS:
        return _nullable(_integer)
    return _scalar


def _nullable(encode: Encoder) -> Encoder:
    def guarded(value: Any) -> str:
        return copy_text.NULL if value is None else encode(value)

    return guarded


def _scalar(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return _json(value)
    return copy_text.encode(value)


def _integer(value: Any) -> str:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return str(int(value))
    return _scalar(value)


def _json(value: Any) -> str:
    return copy_text.escape(serialize_json(value, ensure_ascii=False))


def _array(value: Any) -> str:
    return copy_text.escape(_array_literal(value)) if isinstance(value, list) else _scalar(value)


def _array_literal(values: list[Any]) -> str:
    return "{" + ",".join(map(_array_element, values)) + "}"


def _array_element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return _array_literal(value)
    if isinstance(value, dict):
        text = serialize_json(value, ensure_ascii=False)
    else:
        text = value if isinstance(value, str) else copy_text.encode(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
