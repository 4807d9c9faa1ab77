"""The samples of exchange rates: responses as an API like Frankfurter's gives them, one file a year.

Rates are made up. They move by up to half a percent from one working day to the next, around a level
that is about right, and have the gaps that real ones have: weekends and the holidays of TARGET.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from waybill_common import project
from waybill_sources import totesys_days
from waybill_sources.daily_samples import DailySamples
from waybill_sources.draws import fraction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_sources.settings import Settings

GENERATOR = 1
"""Raise it when the same settings give other rates than before: samples made earlier are made anew."""
SOURCE = "exchange_rates"
STREAM = "rates"
BASE = "EUR"
FIRST_DAY = dt.date(2016, 9, 1)
"""A day before the first order of Olist; the last day is that of totesys."""

_LEVELS = {"BRL": (38_500, 4), "GBP": (87_000, 5), "USD": (11_300, 4)}
"""For each currency the level that its rate comes back to, in units of its last decimal, and its decimals."""
_FINE = 1_000
"""Parts of the last decimal that the walk is reckoned in."""
_DRIFT = 500
_STEPS = 1_001
_LARGEST_STEP = 200
_FIXED_HOLIDAYS = {(1, 1), (5, 1), (12, 25), (12, 26)}
_EASTER_SUNDAYS = tuple(
    map(
        dt.date.fromisoformat,
        (
            "2017-04-16", "2018-04-01", "2019-04-21", "2020-04-12", "2021-04-04", "2022-04-17",
            "2023-04-09", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2028-04-16",
        ),
    )
)  # fmt: skip
_DAY = dt.timedelta(days=1)
_NO_RATES = {each + days * _DAY for each in _EASTER_SUNDAYS for days in (-2, 1)}


def samples(settings: Settings, folder: Path | None = None) -> DailySamples:
    """The folder that the tap reads where WAYBILL_EXCHANGE_RATES is unset, or another one."""
    identity = {"generator": GENERATOR, "seed": settings.seed}
    return DailySamples(folder or project.home() / "samples" / SOURCE, SOURCE, identity, files)


def files(identity: dict[str, Any], day: int) -> tuple[dict[str, bytes], dict[str, int]]:
    """The responses of the base, or that of a next day: the rates of the next working day of totesys.

    Returns:
        Files by name, and how many rates they hold.
    """
    seed = identity["seed"]
    if day:
        today = totesys_days.date(day)
        found = {str(today): _rates(_walks(seed, today), today)}
        return {f"{today}..{today}.json": _response(found)}, {STREAM: len(_LEVELS)}
    last = totesys_days.date(0)
    walks = _walks(seed, last)
    made: dict[str, bytes] = {}
    rows = 0
    for year in range(FIRST_DAY.year, last.year + 1):
        first = max(FIRST_DAY, dt.date(year, 1, 1))
        until = min(last, dt.date(year, 12, 31))
        found = {str(each): _rates(walks, each) for each in _published(first, until)}
        made[f"{first}..{until}.json"] = _response(found)
        rows += len(found) * len(_LEVELS)
    return made, {STREAM: rows}


def _published(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Working days of TARGET, the system that euro payments go through."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = dt.date.fromordinal(ordinal)
        is_holiday = (day.month, day.day) in _FIXED_HOLIDAYS or day in _NO_RATES
        if day.isoweekday() <= 5 and not is_holiday:  # noqa: PLR2004 - Friday
            yield day


def _rates(walks: dict[str, list[int]], day: dt.date) -> dict[str, str]:
    """The rates of a day as they are written, in the order of the codes."""
    rates = {}
    for currency, (_, decimals) in _LEVELS.items():
        units = walks[currency][(day - FIRST_DAY).days] // _FINE
        rates[currency] = f"{units // 10**decimals}.{units % 10**decimals:0{decimals}d}"
    return rates


def _walks(seed: int, until: dt.date) -> dict[str, list[int]]:
    """Each currency's rate on each day, in fine parts; integers alone, so the same everywhere."""
    walks = {}
    for currency, (level, _) in _LEVELS.items():
        values = [level * _FINE]
        for place in range(1, (until - FIRST_DAY).days + 1):
            value = values[-1]
            step = int(fraction(seed, "rate", currency, place) * _STEPS) - _STEPS // 2
            back = (values[0] - value) // _DRIFT
            values.append(value + value * step // (_LARGEST_STEP * _STEPS // 2) + back)
        walks[currency] = values
    return walks


def _response(found: dict[str, dict[str, str]]) -> bytes:
    """The JSON of a response, with every digit of its numbers."""
    days = list(found)
    body = ",".join(
        f'\n"{day}":{{' + ",".join(f'"{code}":{rate}' for code, rate in rates.items()) + "}"
        for day, rates in found.items()
    )
    head = json.dumps({"amount": 1.0, "base": BASE, "start_date": days[0], "end_date": days[-1]})
    return f'{head[:-1]}, "rates": {{{body}\n}}}}\n'.encode()
