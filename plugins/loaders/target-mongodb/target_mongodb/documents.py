"""Records as documents: exact decimals, dates as dates, the key as `_id`."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Convert = Callable[[Any], Any]

Document = dict[str, Any]

ID = "_id"
_LARGEST = 2**63
"""One more than the largest integer that BSON has a form for."""
_FLOATS = ("real", "double precision")


@dataclass(frozen=True)
class Documents:
    """Makes the documents of one stream.

    Attributes:
        stream: The stream's name, for error messages.
        key: The columns of its key.
        converters: What makes of each column's value what BSON holds.
    """

    stream: str
    key: tuple[str, ...]
    converters: Mapping[str, Convert]

    @classmethod
    def of(cls, stream: str, schema: Mapping[str, Any], key: Sequence[str]) -> Documents:
        """Read a stream's SCHEMA.

        Raises:
            WaybillError: It has no key, or a column whose name MongoDB takes for something else.
        """
        if not key:
            msg = f"Stream {stream} has no key, and a document needs an {ID}."
            raise WaybillError(msg, "Give it one by `table-key-properties`, or leave it out.")
        properties = schema["properties"]
        for name in properties:
            if name.startswith("$") or "." in name or name == ID:
                msg = f"Stream {stream}: MongoDB has another meaning for a field called {name}."
                raise WaybillError(msg, "Rename it by a stream map.")
        converters = {name: _converter(each) for name, each in properties.items()}
        return cls(stream, tuple(key), converters)

    def document(self, record: Mapping[str, Any]) -> Document:
        """A record as a document; its first field is the `_id`.

        Raises:
            WaybillError: A value has no exact form in BSON, or the key is not whole; names the
                column and the key, and no value of another column.
        """
        fields: Document = {}
        for name, value in record.items():
            try:
                fields[name] = None if value is None else self.converters.get(name, plain)(value)
            except (ValueError, OverflowError, TypeError, decimal.DecimalException) as error:
                where = ", ".join(f"{each}={record.get(each)}" for each in self.key)
                msg = f"Stream {self.stream}, {where}: {name} has no exact form in MongoDB."
                raise WaybillError(msg, _remedy(self.converters.get(name))) from error
        missing = [name for name in self.key if fields.get(name) is None]
        if missing:
            msg = f"Stream {self.stream}: a record has no {', '.join(missing)}, which is its key."
            raise WaybillError(msg, "Mend it at the source, or choose another key.")
        return {ID: self.identity(fields)} | fields

    def identity(self, fields: Mapping[str, Any]) -> Any:
        """The `_id`: the key's value, or a document of its values where it has several columns."""
        if len(self.key) == 1:
            return fields[self.key[0]]
        return {name: fields[name] for name in self.key}


def plain(value: Any) -> Any:
    """A value by its own type: every number that is no integer is an exact decimal.

    Raises:
        OverflowError: An integer has more than 64 bits.
        decimal.DecimalException: A number has more than 34 digits.
    """
    if isinstance(value, Decimal):
        return Decimal128(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def _converter(schema: Mapping[str, Any]) -> Convert:
    sql_type = str(schema.get("x-sql-datatype", ""))
    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    if sql_type.endswith("[]"):
        return plain
    if sql_type in {"json", "jsonb"}:
        return _json
    if sql_type.startswith(_FLOATS):
        return float
    if "number" in types:
        return _decimal
    return {"date-time": _moment, "date": _day}.get(str(schema.get("format")), plain)


def _integer(value: int) -> int:
    if not -_LARGEST <= value < _LARGEST:
        raise OverflowError(value)
    return value


def _decimal(value: Any) -> Decimal128:
    """A number of a column of decimals; the scale is kept, so that 50.00 does not become 50."""
    return Decimal128(value if isinstance(value, Decimal) else str(value))


def _json(value: Any) -> Any:
    return plain(json.loads(value, parse_float=Decimal) if isinstance(value, str) else value)


def _moment(value: Any) -> dt.datetime:
    """A time in UTC; one without a zone is taken for UTC, and BSON ends at the millisecond."""
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _day(value: Any) -> dt.datetime:
    """A day as its first moment in UTC: BSON has no type for a day."""
    day = value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


def _remedy(convert: Convert | None) -> str:
    if convert in {_moment, _day}:
        return "It has dates from year 1 to 9999: mend it at the source, or leave the column out."
    return "Decimals have 34 digits, integers 64 bits: round it in the model, or send it as text."
