"""Random draws that depend on a key alone: the same on each machine and Python, in any order.

Only `random.random` and BLAKE2 are used, whose results Python's documentation keeps stable, and only
the four basic operations, which IEEE 754 defines to the last bit.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

Quantiles = tuple[tuple[float, float], ...]
"""A distribution as (share of values below, value) pairs, from share 0 to share 1."""


def _key(parts: tuple[object, ...]) -> bytes:
    return "/".join(map(str, parts)).encode()


def identifier(*key: object) -> str:
    """32 hexadecimal digits that belong to `key`."""
    return blake2b(_key(key), digest_size=16).hexdigest()


def fraction(*key: object) -> float:
    """A number in [0, 1) that belongs to `key`; cheaper than a `Draw` where one is enough."""
    return int.from_bytes(blake2b(_key(key), digest_size=6).digest(), "big") / 2.0**48


@dataclass(frozen=True)
class Weighted(Generic[T]):
    """Values to choose from, with their running totals of weight."""

    values: tuple[T, ...]
    totals: tuple[float, ...]

    @classmethod
    def of(cls, weights: Mapping[T, float]) -> Weighted[T]:
        """Build it from a weight for each value."""
        return cls(tuple(weights), tuple(accumulate(weights.values())))

    def at(self, share: float) -> T:
        """The value at `share` of the total weight, `share` in [0, 1)."""
        return self.values[bisect_right(self.totals, share * self.totals[-1])]


def spread(quantiles: Quantiles, share: float) -> int:
    """The value at `share` of a distribution, straight lines between its points, cut to an integer."""
    low_share, low = quantiles[0]
    for high_share, high in quantiles[1:]:
        if share < high_share:
            break
        low_share, low = high_share, high
    return int(low + (high - low) * (share - low_share) / (high_share - low_share))


class Draw:
    """A series of random numbers that belongs to a key."""

    def __init__(self, *key: object) -> None:
        self.unit = random.Random("/".join(map(str, key))).random  # noqa: S311 (samples, no secret)

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def integer(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return low + int(self.unit() * (high - low + 1))

    def pick(self, values: Sequence[T]) -> T:
        """One of the values, all equally likely."""
        return values[int(self.unit() * len(values))]

    def weighted(self, weighted: Weighted[T]) -> T:
        """One of the values, by weight."""
        return weighted.at(self.unit())

    def spread(self, quantiles: Quantiles) -> int:
        """An integer of the given distribution."""
        return spread(quantiles, self.unit())
