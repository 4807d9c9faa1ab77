"""JSON read and written without losing anything: every digit, every member, every order."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from json.encoder import encode_basestring
from typing import Any

from waybill_common.values import ColumnType, Numeric, Text

_SHOWN = 40
_NUMBER = Numeric()
_TEXT = Text()
_DEEP = "nested too deeply"


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class Constant(str):
    """`NaN`, `Infinity` or `-Infinity`, which many writers take for JSON."""

    __slots__ = ()


class Repeated(dict[str, Any]):
    """An object that has a member twice.

    Attributes:
        name: The member.
    """

    name = ""


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) == len(members):
        return found
    repeated = Repeated(found)
    names = [name for name, _ in members]
    repeated.name = next(name for name in names if names.count(name) > 1)
    return repeated


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_int=Number, parse_constant=Constant
)
"""Gives objects, lists, texts, truth values and None as Python has them, numbers as `Number`."""


def parse(text: str) -> tuple[Any, str]:
    """A text that is one JSON value.

    Returns:
        The value, and in words why there is none.
    """
    try:
        with suppress(StopIteration):
            value, end = DECODER.scan_once(text, 0)  # type: ignore[attr-defined]  # in no stub
            if end == len(text):  # nearly always: `decode` looks at what stands around it
                return value, ""
        return DECODER.decode(text), ""
    except json.JSONDecodeError as error:
        return None, f"not JSON: {reason_of(error)}, character {error.pos + 1}"
    except RecursionError:
        return None, f"not JSON: {_DEEP}"


def reason_of(error: json.JSONDecodeError) -> str:
    """What Python says is wrong, without the place that some of its messages end in."""
    return re.sub(r" (?:starting )?at$", "", error.msg)


def fault(value: Any) -> str:
    """Why PostgreSQL cannot keep a value as it is, in words; empty where it can."""
    try:
        return _fault(value)
    except RecursionError:
        return _DEEP


def _fault(value: Any) -> str:
    if isinstance(value, Constant):
        return f"{value} is no JSON"
    if isinstance(value, Number):
        return "" if _NUMBER.admits(value) else "a number beyond PostgreSQL's numeric"
    if isinstance(value, str):
        return "" if _TEXT.admits(value) else f"a text that is not {_TEXT.expected}"
    if isinstance(value, Repeated):
        return "an object with a member twice"
    if isinstance(value, dict):
        return next(filter(None, map(_fault, (*value, *value.values()))), "")
    return next(filter(None, map(_fault, value)), "") if isinstance(value, list) else ""


def write(value: Any) -> str:
    """A value as JSON text, its numbers as they were written.

    Args:
        value: One that has no `fault`.
    """
    if isinstance(value, (Number, Constant)):
        return str(value)
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        members = (f"{encode_basestring(name)}: {write(each)}" for name, each in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write, value)) + "]"
    return {None: "null", True: "true", False: "false"}[value]


def shorten(name: str) -> str:
    """A member's name for a message."""
    return repr(name if len(name) <= _SHOWN else name[: _SHOWN - 1] + "…")


class Json(ColumnType):
    """`json`, `jsonb`: one JSON value as text."""

    json_type = "string"
    is_text = True
    expected = "JSON that PostgreSQL can keep: no member twice, no NUL, no half surrogate pair"

    def admits(self, value: str) -> bool:
        """Whether it is one JSON value, all of which PostgreSQL keeps."""
        found, problem = parse(value)
        return not (problem or fault(found))
