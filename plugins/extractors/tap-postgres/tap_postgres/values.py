"""COPY fields as JSON: every digit, every time stamp and every NULL as the source has them."""

from __future__ import annotations

import re
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Fragment = Callable[[str], str]

_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_NUMBERS = frozenset({"numeric", "real", "double precision"})
_MOMENT = re.compile(r"\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d)?")
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)|([{}])', re.DOTALL)


def definition(sql_type: str) -> dict[str, Any]:
    """The JSON schema of a column of a type."""
    base = _base(sql_type)
    known: dict[str, Any] = {"type": ["string", "null"]}
    if sql_type.endswith("[]") and sql_type != "box[]":
        known = {"type": ["array", "null"]}
    elif base in _INTEGERS:
        known = {"type": ["integer", "null"]}
    elif base in _NUMBERS:
        known = {"type": ["number", "null"]}
    elif base == "boolean":
        known = {"type": ["boolean", "null"]}
    elif base == "timestamp":
        known["format"] = "date-time"
    elif base in {"date", "uuid"}:
        known["format"] = base
    return known | {"x-sql-datatype": sql_type}


def fragment(sql_type: str) -> Fragment:
    """What turns a value's text into JSON.

    Args:
        sql_type: The column's canonical type.

    Returns:
        A function from PostgreSQL's text of a value that is not NULL to a piece of JSON. What JSON
        has no form for, such as NaN, infinity or an array that does not begin at 1, stays text.
    """
    # Elements of a box array are parted by semicolons, which no other type's are.
    if sql_type.endswith("[]") and sql_type != "box[]":
        return _array(fragment(sql_type.removesuffix("[]")))
    base = _base(sql_type)
    if base in _INTEGERS:
        return str
    if base in _NUMBERS:
        return _number
    if base == "boolean":
        return _boolean
    if base == "timestamp":
        return _moment
    return encode_basestring_ascii


def _base(sql_type: str) -> str:
    return re.split(r"\(| with|\[", sql_type)[0]


def _number(text: str) -> str:
    if text == "-0":
        return "-0.0"  # JSON's -0 is an integer, which has no sign
    return text if text[-1].isdigit() else f'"{text}"'


def _boolean(text: str) -> str:
    return "true" if text == "t" else "false"


def _moment(text: str) -> str:
    if not _MOMENT.fullmatch(text):
        return encode_basestring_ascii(text)
    iso = text.replace(" ", "T")
    return f'"{iso}:00"' if iso[-3] in "+-" else f'"{iso}"'


def _array(element: Fragment) -> Fragment:
    def convert(text: str) -> str:
        if not text.startswith("{"):
            return encode_basestring_ascii(text)
        parts: list[str] = []
        for quoted, plain, brace in _ELEMENT.findall(text):
            if brace == "}":
                parts.append("]")
                continue
            if parts and parts[-1] != "[":
                parts.append(",")
            if brace:
                parts.append("[")
            elif plain:
                parts.append("null" if plain == "NULL" else element(plain))
            else:
                parts.append(element(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)))
        return "".join(parts)

    return convert
