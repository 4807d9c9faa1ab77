"""What text a column's SQL type admits, decided on the text itself.

A text that passes is one PostgreSQL casts to exactly the value written, so it can travel unchanged.
"""

from __future__ import annotations

import decimal
import math
import re
from abc import ABC, abstractmethod
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

EXACT = decimal.Context(
    prec=200_000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[decimal.Inexact]
)
"""Wide enough to add any two values of PostgreSQL's numeric without rounding."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")
_NUMERIC = re.compile(r"[+-]?(?:[0-9]{1,1000}(?:\.[0-9]{0,1000})?|\.[0-9]{1,1000})")
_EXPONENT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")
_BOOLEAN = re.compile(r"true|false|t|f|1|0", re.IGNORECASE | re.ASCII)

_DIGITS_BEFORE_POINT = 131_072
_DIGITS_AFTER_POINT = 16_383


def _is_storable(text: str) -> bool:
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _scale(number: Decimal) -> int:
    return -int(number.as_tuple().exponent)


class ColumnType(ABC):
    """The texts that a SQL type admits.

    Attributes:
        expected: The type in words, for messages.
        json_type: JSON schema's type of a value that is not NULL.
        json_format: JSON schema's format, if it has one.
        is_text: Whether the empty string is a value, and any character may occur.
    """

    expected: str
    json_type: str
    json_format: str | None = None
    is_text = False

    @abstractmethod
    def admits(self, value: str) -> bool:
        """Whether PostgreSQL casts this text to exactly the value written."""

    def admits_all(self, values: Sequence[str]) -> bool:
        """The same for many values at once."""
        return all(map(self.admits, values))

    def convert(self, value: str) -> Any:
        """An admitted text as the value of a RECORD message."""
        return value


class Text(ColumnType):
    """`text`, or `varchar(n)` where a length is given."""

    json_type = "string"
    is_text = True

    def __init__(self, length: int | None = None) -> None:
        self.length = length
        limit = f" of at most {length} characters" if length else ""
        self.expected = f"UTF-8 text{limit} without NUL"

    def admits(self, value: str) -> bool:
        """Whether it is valid Unicode, without NUL, and not too long."""
        return (self.length is None or len(value) <= self.length) and _is_storable(value)

    def admits_all(self, values: Sequence[str]) -> bool:
        """The same for many values at once."""
        is_short = self.length is None or max(map(len, values), default=0) <= self.length
        return is_short and _is_storable("".join(values))


class Integer(ColumnType):
    """`smallint`, `integer`, `bigint`."""

    json_type = "integer"

    def __init__(self, size: int) -> None:
        self.bound: int = 2 ** (8 * size - 1)
        self.safe_length = len(str(self.bound)) - 1
        self.expected = f"a whole number from {-self.bound} to {self.bound - 1}"

    def admits(self, value: str) -> bool:
        """Whether it is written as a whole number and in range."""
        if not _INTEGER.fullmatch(value):
            return False
        return len(value) <= self.safe_length or -self.bound <= int(value) < self.bound

    def convert(self, value: str) -> int:
        """The number."""
        return int(value)


class Numeric(ColumnType):
    """`numeric`, with precision and scale where they are given.

    PostgreSQL rounds silently to the scale; a value that would be rounded is refused here.
    """

    json_type = "number"

    def __init__(self, precision: int | None = None, scale: int | None = None) -> None:
        self.before = _DIGITS_BEFORE_POINT if precision is None else precision - (scale or 0)
        self.after = _DIGITS_AFTER_POINT if precision is None else scale or 0
        self.is_bounded = precision is not None
        bounds = (
            f" with at most {self.before} digits before and {self.after} after the point"
            if self.is_bounded
            else ""
        )
        self.expected = f"a decimal number{bounds}"

    def admits(self, value: str) -> bool:
        """Whether it is a finite decimal number that needs no rounding."""
        if not self.is_bounded and _NUMERIC.fullmatch(value):
            return True
        if not _EXPONENT.fullmatch(value):
            return False
        number = Decimal(value)
        if not number:
            return True
        if number.adjusted() >= self.before or _scale(number) > _DIGITS_AFTER_POINT:
            return False
        return not self.is_bounded or _scale(number.normalize(EXACT)) <= self.after

    def admits_all(self, values: Sequence[str]) -> bool:
        """The same for many values at once."""
        if not self.is_bounded and all(map(_NUMERIC.fullmatch, values)):
            return True
        return all(map(self.admits, values))

    def convert(self, value: str) -> Decimal:
        """The number, with every digit as written."""
        return Decimal(value)


class Float(ColumnType):
    """`real`, `double precision`."""

    json_type = "number"

    def __init__(self, largest: float, smallest: float) -> None:
        self.largest = largest
        self.smallest = smallest
        self.expected = f"a finite number of at most {largest:.2g}"

    def admits(self, value: str) -> bool:
        """Whether it is a finite number in the type's range."""
        if not _EXPONENT.fullmatch(value):
            return False
        number = abs(float(value))
        if not math.isfinite(number) or number > self.largest:
            return False
        return number >= self.smallest or not Decimal(value)

    def convert(self, value: str) -> Decimal:
        """The number as written; the warehouse rounds it, not the tap."""
        return Decimal(value)


class Pattern(ColumnType):
    """Types whose texts one regular expression describes: `boolean`, `uuid`."""

    json_type = "string"

    def __init__(self, pattern: re.Pattern[str], expected: str) -> None:
        self.pattern = pattern
        self.expected = expected

    def admits(self, value: str) -> bool:
        """Whether the whole text matches."""
        return self.pattern.fullmatch(value) is not None

    def admits_all(self, values: Sequence[str]) -> bool:
        """The same for many values at once."""
        return all(map(self.pattern.fullmatch, values))


class Boolean(Pattern):
    """`boolean`: true, false, t, f, 1, 0 in any case."""

    json_type = "boolean"

    def __init__(self) -> None:
        super().__init__(_BOOLEAN, "true, false, t, f, 1 or 0")

    def convert(self, value: str) -> bool:
        """The truth value."""
        return value[0] in "tT1"
