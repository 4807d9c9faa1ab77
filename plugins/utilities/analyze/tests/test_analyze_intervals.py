"""How sure a figure is: the methods against published values, and at the edges of small samples."""

from __future__ import annotations

import math

import pytest

from waybill_analyze import intervals
from waybill_analyze.intervals import Interval, Moments


def test_a_share_has_wilsons_interval() -> None:
    """Protects shares from the plain interval, which is empty at 0 hits; 8 of 10 is in textbooks."""
    found = intervals.share(8, 10)
    assert (round(found.low, 3), found.value, round(found.high, 3)) == (0.49, 0.8, 0.943)
    none = intervals.share(0, 10)
    assert none.low == 0
    assert round(none.high, 3) == 0.278


def test_a_mean_has_students_interval() -> None:
    """Protects means of few values: with 3 values the reach is 4.303 standard errors, not 1.96."""
    found = intervals.mean([10.0, 20.0, 60.0])
    deviation = math.sqrt((400 + 100 + 900) / 2)
    assert found.value == 30
    assert found.high - found.value == pytest.approx(4.3027 * deviation / math.sqrt(3), rel=1e-4)
    assert intervals.mean([7.0]) == Interval(7.0, -math.inf, math.inf, 1)


def test_counted_values_are_as_good_as_single_ones() -> None:
    """The marts give how often each score was given; nothing may be lost by that."""
    counted = Moments.counted([1.0, 5.0], [2, 3])
    assert (counted.size, counted.average) == (5, 3.4)
    assert counted.variance == pytest.approx(4.8)


def test_a_difference_of_means_is_welchs() -> None:
    """Protects from pooled variances: late orders are few and spread wide, others many and narrow."""
    few = Moments(10, 20.0, 40.0)
    many = Moments(1000, 18.0, 1.0)
    found = intervals.mean_difference(few, many)
    assert found.value == 2
    # Nearly all of the error is that of the few, with their 9 degrees of freedom.
    assert found.high - found.value == pytest.approx(2.262 * math.sqrt(4.001), rel=1e-2)
    assert intervals.mean_difference(Moments(1, 2.0, 0.0), many).size == 0


def test_a_ratio_of_shares_is_asymmetric_and_needs_hits_on_both_sides() -> None:
    """Protects the statement `so many times as likely`, which knows no number without hits."""
    found = intervals.risk_ratio(15, 100, 5, 100)
    assert found.value == pytest.approx(3)
    assert (round(found.low, 2), round(found.high, 2)) == (1.13, 7.94)
    assert math.isnan(intervals.risk_ratio(0, 100, 5, 100).low)


def test_a_change_is_the_usual_one_of_the_pairs() -> None:
    """Twice and half in turn is no change; every pair up by half is half, for sure."""
    assert intervals.change([(1.0, 2.0), (2.0, 1.0)]).value == pytest.approx(0)
    always = intervals.change([(10.0, 15.0), (100.0, 150.0), (7.0, 10.5)])
    assert always.low == pytest.approx(0.5)
    assert always.excludes(0)


def test_a_bounded_mean_stays_within_its_bounds() -> None:
    """A rating cannot be above 5, however little is known of it."""
    found = intervals.bounded_mean(4.9, 20, 1, 5)
    assert found.high == 5
    assert found.low < 4.2


def test_nothing_is_not_told_apart_from_anything() -> None:
    """An empty sample must never carry a statement."""
    assert not intervals.nothing().excludes(0)
    assert not intervals.share(0, 0).excludes(1)
