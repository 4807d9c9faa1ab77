"""How a value of a kind is written: in tables, beside axes and in what a screen reader reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Unit = Literal[
    "text", "yes", "count", "money", "price", "share", "score", "days", "number", "seconds", "bytes",
    "date", "week", "month", "moment",
]  # fmt: skip
"""What a column holds. `money` has two decimals in tables, `share` is from 0 to 1 and shown as per cent."""

_D3 = {
    "count": ",d", "money": ",.2f", "price": ",.2f", "share": ".1%", "score": ".2f", "days": ",.1f",
    "number": ",.2f", "seconds": ",.0f", "bytes": ".3s", "date": "%Y-%m-%d", "week": "%Y-%m-%d",
    "month": "%b %Y",
}  # fmt: skip
_D3_AXIS = {"count": "~s", "money": "~s", "price": "~s", "share": "~%", "days": "~f", "score": "~f"}
_DECIMALS = {"money": 2, "price": 2, "score": 2, "days": 1, "number": 2, "seconds": 0, "count": 0}
_UNKNOWN = "-"
_KILO = 1000


@dataclass(frozen=True)
class Column:
    """A column of a query as it is shown.

    Attributes:
        name: In the query.
        title: Heading in tables, title of the axis.
        unit: What it holds.
    """

    name: str
    title: str
    unit: Unit = "text"

    @property
    def is_number(self) -> bool:
        """Whether it is drawn to scale and aligned to the right."""
        return self.unit in _DECIMALS or self.unit in {"share", "bytes"}


def d3(unit: Unit, *, axis: bool = False) -> str | None:
    """The unit's format in d3's words, shorter beside an axis; None for text."""
    return (_D3_AXIS.get(unit) if axis else None) or _D3.get(unit)


def written(value: Any, unit: Unit) -> str:
    """A value in words, as tables and headline figures show it; `-` where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return _UNKNOWN
    if unit in _DECIMALS:
        return f"{Decimal(str(value)):,.{_DECIMALS[unit]}f}"
    writer = _WRITERS.get(unit)
    return writer(value) if writer else str(value)


def _bytes(size: int) -> str:
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < _KILO:
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= _KILO
    return f"{amount:,.1f} TB"


_WRITERS: dict[Unit, Callable[[Any], str]] = {
    "yes": lambda value: "yes" if value else "no",
    "share": lambda value: f"{Decimal(str(value)) * 100:,.1f} %",
    "bytes": lambda value: _bytes(int(value)),
    "month": lambda value: f"{value:%b %Y}",
    "moment": lambda value: f"{value:%Y-%m-%d %H:%M} UTC",
}
