"""Figures in words: numbers, money, shares, and the interval beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from waybill_analyze.intervals import Interval

_SCALES = ((1e9, "billion"), (1e6, "million"))
_SPACE = "\u00a0"
_UNBOUNDED = "no interval, as there is one observation"


def number(value: float, digits: int = 0) -> str:
    """Such as 1,234 or 12.5."""
    return f"{value:,.{digits}f}"


def money(value: float, currency: str = "") -> str:
    """Such as 15.84 million reais or 1,234.50 reais; cents go from ten thousand on.

    Args:
        value: The amount.
        currency: What follows it, such as `reais`; nothing where it is empty.
    """
    for scale, word in _SCALES:
        if abs(value) >= scale:
            return f"{value / scale:,.2f} {word} {currency}".strip()
    return f"{value:,.{0 if abs(value) >= 10_000 else 2}f} {currency}".strip()  # noqa: PLR2004


def percent(share: float, digits: int = 1) -> str:
    """A share as per cent: 0.0789 is 7.9 %, which no line break parts."""
    return f"{100 * share:,.{digits}f}{_SPACE}%"


def signed_percent(change: float, digits: int = 0) -> str:
    """A change as per cent with its sign."""
    return f"{100 * change:+,.{digits}f}{_SPACE}%"


def points(difference: float, digits: int = 1) -> str:
    """A difference of shares in percentage points."""
    return f"{100 * difference:+,.{digits}f} points"


def times(ratio: float, digits: int = 1) -> str:
    """Such as 4.6 times."""
    return f"{ratio:,.{digits}f} times"


def sure(interval: Interval, form: Callable[[float], str] = number, what: str = "") -> str:
    """The interval in brackets, as `95 % interval 7.7 % to 8.1 %, n = 96,476 orders`.

    Args:
        interval: What is said of it.
        form: How its ends are written.
        what: What was counted, such as `orders`.
    """
    size = f"n = {interval.size:,} {what}".strip()
    if math.isnan(interval.low):
        return f"no interval, {size}"
    if math.isinf(interval.low):
        return f"{_UNBOUNDED}, {size}"
    return f"95{_SPACE}% interval {form(interval.low)} to {form(interval.high)}, {size}"


def verb(interval: Interval, up: str, down: str, even: str, *, against: float = 0) -> str:
    """Which word a figure allows: `even` as long as it cannot be told apart from `against`."""
    if not interval.excludes(against):
        return even
    return up if interval.value > against else down


def listed(words: Sequence[str]) -> str:
    """One, two and three."""
    if len(words) < 2:  # noqa: PLR2004
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def counted(count: float, one: str, many: str = "") -> str:
    """1 state, 2 states."""
    return f"{count:,.0f} {one if count == 1 else many or one + 's'}"
