"""One text for one value, however a source writes it: what is hashed in its place.

It is PostgreSQL's own text of the value in a session of ISO dates and UTC, with the digits that
say nothing taken away. `1.50` of a CSV and `1.5` of a table are one value and have one text.
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from decimal import Decimal
from typing import TYPE_CHECKING

from waybill_common import sql_types

if TYPE_CHECKING:
    from collections.abc import Callable

    Canonical = Callable[[str], str]


def of_sql_type(sql_type: str) -> Canonical:
    """What turns a value's text into its canonical one.

    Args:
        sql_type: The type of the value, as SQL writes it.

    Returns:
        A function from a text that the type admits, from a CSV file or from PostgreSQL. Texts of
        types that are not told apart here are canonical as PostgreSQL writes them.
    """
    canonical = sql_types.canonical(sql_type) or "text"
    return _BY_TYPE.get(re.sub(r"\(.*?\)", "", canonical), _as_it_is)


def _as_it_is(text: str) -> str:
    return text


def _number(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite():
        return str(number)
    plain = f"{number:f}" if number else "0"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _double(text: str) -> str:
    return (float(text) + 0.0).hex()  # a sum has no negative zero, which SQL holds equal to zero


def _real(text: str) -> str:
    return _double(repr(struct.unpack("f", struct.pack("f", float(text)))[0]))


def _boolean(text: str) -> str:
    return "t" if text[0] in "tT1" else "f"


def _moment(text: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:  # infinity, or a year of more or less than four digits
        return text
    return _without_zeros(moment)


def _moment_with_zone(text: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment
        return _without_zeros(moment.astimezone(dt.UTC).replace(tzinfo=None)) + "+00"
    except (ValueError, OverflowError):
        return text


def _without_zeros(moment: dt.datetime) -> str:
    whole, point, fraction = moment.isoformat(sep=" ").partition(".")
    return whole + point + fraction.rstrip("0")


def _unpadded(text: str) -> str:
    return text.rstrip(" ")


_BY_TYPE: dict[str, Canonical] = {
    "smallint": _number,
    "integer": _number,
    "bigint": _number,
    "numeric": _number,
    "real": _real,
    "double precision": _double,
    "boolean": _boolean,
    "timestamp without time zone": _moment,
    "timestamp with time zone": _moment_with_zone,
    "uuid": str.lower,
    "character": _unpadded,
    "bpchar": _unpadded,
}
"""By the name PostgreSQL's format_type gives, without length and precision."""
