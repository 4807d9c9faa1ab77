"""How sure a figure is: 95 % confidence intervals, by the usual methods, with the sample's size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate with what it may as well be.

    Attributes:
        value: The estimate; NaN where the sample is empty.
        low: Lower end at the level.
        high: Upper end at the level.
        size: How many observations it is made of.
    """

    value: float
    low: float
    high: float
    size: int

    def excludes(self, other: float) -> bool:
        """Whether it is told apart from another value."""
        return not (self.low <= other <= self.high) and not math.isnan(self.low)

    def map(self, function: Callable[[float], float]) -> Interval:
        """Another scale of the same interval; the function must rise."""
        return Interval(function(self.value), function(self.low), function(self.high), self.size)


def nothing() -> Interval:
    """What an empty sample says."""
    return Interval(math.nan, math.nan, math.nan, 0)


def share(hits: float, size: float, *, level: float = LEVEL) -> Interval:
    """A share of a sample, by Wilson's score.

    Args:
        hits: Observations that have it.
        size: All observations.
        level: Of confidence, 0 to 1.
    """
    from scipy import stats  # noqa: PLC0415 - it takes a second to import

    if not size:
        return nothing()
    ends = stats.binomtest(int(hits), int(size)).proportion_ci(level, method="wilson")
    return Interval(hits / size, float(ends.low), float(ends.high), int(size))


def mean(values: Sequence[float], *, level: float = LEVEL) -> Interval:
    """A mean by Student's t; unbounded for a single value."""
    size = len(values)
    if not size:
        return nothing()
    average = math.fsum(values) / size
    squares = math.fsum((each - average) ** 2 for each in values)
    return mean_of_moments(size, average, squares / (size - 1) if size > 1 else 0.0, level=level)


def mean_of_moments(
    size: int, average: float, variance: float, *, level: float = LEVEL
) -> Interval:
    """A mean by Student's t, from the sample's size, mean and variance."""
    from scipy import stats  # noqa: PLC0415

    if not size:
        return nothing()
    if size == 1:
        return Interval(average, -math.inf, math.inf, 1)
    reach = float(stats.t.ppf((1 + level) / 2, size - 1)) * math.sqrt(variance / size)
    return Interval(average, average - reach, average + reach, size)


@dataclass(frozen=True)
class Moments:
    """Size, mean and variance of a sample that is only known by how often each value occurs."""

    size: int
    average: float
    variance: float

    @classmethod
    def counted(cls, values: Sequence[float], counts: Sequence[float]) -> Moments:
        """From each value and the number of its occurrences."""
        size = int(math.fsum(counts))
        if not size:
            return cls(0, math.nan, math.nan)
        pairs = list(zip(values, counts, strict=True))
        average = math.fsum(value * count for value, count in pairs) / size
        squares = math.fsum(count * (value - average) ** 2 for value, count in pairs)
        return cls(size, average, squares / (size - 1) if size > 1 else 0.0)


def mean_difference(one: Moments, other: Moments, *, level: float = LEVEL) -> Interval:
    """By how much the mean of one sample is above another's, by Welch's method."""
    from scipy import stats  # noqa: PLC0415

    if min(one.size, other.size) < 2:  # noqa: PLR2004 - a variance needs two
        return nothing()
    parts = [each.variance / each.size for each in (one, other)]
    error = math.sqrt(sum(parts))
    difference = one.average - other.average
    if not error:
        return Interval(difference, difference, difference, one.size + other.size)
    freedom = sum(parts) ** 2 / sum(
        part**2 / (each.size - 1) for part, each in zip(parts, (one, other), strict=True)
    )
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    return Interval(difference, difference - reach, difference + reach, one.size + other.size)


def risk_ratio(
    hits: float, size: float, other_hits: float, other_size: float, *, level: float = LEVEL
) -> Interval:
    """How many times as likely one group has it as another, by Katz's logarithm."""
    from scipy.stats import contingency  # noqa: PLC0415

    if min(hits, size, other_hits, other_size) <= 0:
        return nothing()
    ratio = contingency.relative_risk(int(hits), int(size), int(other_hits), int(other_size))
    ends = ratio.confidence_interval(level)
    whole = int(size + other_size)
    return Interval(float(ratio.relative_risk), float(ends.low), float(ends.high), whole)


def change(pairs: Sequence[tuple[float, float]], *, level: float = LEVEL) -> Interval:
    """The usual relative change within pairs, such as months and those a year before; 0.1 is 10 % up.

    Args:
        pairs: Before and after, each above 0.
        level: Of confidence, 0 to 1.
    """
    logarithms = [math.log(after / before) for before, after in pairs]
    return mean(logarithms, level=level).map(math.expm1)


def bounded_mean(
    average: float, size: int, lowest: float, highest: float, *, level: float = LEVEL
) -> Interval:
    """A mean of values between two bounds when no more than that is known, by Hoeffding's inequality.

    Wider than other methods, as it holds for whatever distribution there is.
    """
    if not size:
        return nothing()
    reach = (highest - lowest) * math.sqrt(math.log(2 / (1 - level)) / (2 * size))
    return Interval(average, max(lowest, average - reach), min(highest, average + reach), size)
