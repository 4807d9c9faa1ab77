"""The samples of the clickstream: users, clicks and checkouts, one file for each day of arrival.

A session is one user who looks at one product, on one channel or several, and may buy it. What a phone
without a network has seen arrives with the files of the next day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill_common import project
from waybill_sources import clock
from waybill_sources.daily_samples import DailySamples
from waybill_sources.draws import Draw, Weighted, identifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_sources.settings import Settings

GENERATOR = 1
"""Raise it when the same settings give other rows than before: samples made earlier are made anew."""
SOURCE = "clickstream"
LAST_DATE = dt.date(2024, 11, 15)
"""Day 0, the last of the base; a next day is day 1, 2, …"""
BASE_DAYS = 7

COLUMNS = {
    "users": ("user_id", "country", "signed_up_at"),
    "clicks": ("click_id", "user_id", "product_id", "channel", "clicked_at", "received_at"),
    "checkouts": (
        "checkout_id", "user_id", "product_id", "quantity", "amount", "checked_out_at", "received_at",
    ),
}  # fmt: skip
_CHANNELS = Weighted.of(
    {
        "paid_search": 30,
        "email": 20,
        "organic_search": 20,
        "social": 15,
        "display": 10,
        "referral": 5,
    }
)
_COUNTRIES = Weighted.of({"DE": 35, "FR": 25, "NL": 15, "ES": 15, "IT": 10})
_PRODUCTS = 40
_SESSIONS_A_USER = 3
_LATE = 0.06
_ANONYMOUS = 0.03
_BUYS = 0.45
_BUYS_AGAIN = 0.1
_LAST_START = 20 * clock.HOUR
_GAPS = (0, 1, 20, 45, 90, 300, 900, 1_500)
"""Seconds from a click to the next; 0 makes two of the same instant."""
_WAITS = (0, 30, 240, 600, 1_800, 3_599, clock.HOUR, clock.HOUR + 1, 2 * clock.HOUR)
"""Seconds from the first click to a checkout, at most: on both sides of the hour that counts."""


@dataclass(frozen=True)
class _Event:
    """A row and the day on which it arrives."""

    stream: str
    arrives: int
    row: tuple[str, ...]


def samples(settings: Settings, folder: Path | None = None) -> DailySamples:
    """The folder that the tap reads where WAYBILL_CLICKSTREAM is unset, or another one."""
    identity = {"generator": GENERATOR, "seed": settings.seed, "sessions": settings.orders}
    return DailySamples(folder or project.home() / "samples" / SOURCE, SOURCE, identity, files)


def date(day: int) -> dt.date:
    """The date of a day of the samples; those of the base are 0 and below."""
    return LAST_DATE + dt.timedelta(days=day)


def files(identity: dict[str, Any], day: int) -> tuple[dict[str, bytes], dict[str, int]]:
    """The files of the base, or those of a next day.

    Returns:
        Files by name, and how many rows of each stream they hold.
    """
    days = [day] if day else range(1 - BASE_DAYS, 1)
    made: dict[str, bytes] = {}
    rows = dict.fromkeys(COLUMNS, 0)
    for each in days:
        lines: dict[str, list[str]] = {stream: [] for stream in COLUMNS}
        before = [] if each == 1 - BASE_DAYS else list(_events(identity, each - 1))
        for event in (*before, *_events(identity, each)):
            if event.arrives == each:
                lines[event.stream].append(",".join(event.row))
        for stream, found in lines.items():
            rows[stream] += len(found)
            if found:
                text = "\n".join([",".join(COLUMNS[stream]), *found, ""])
                made[f"{stream}_{date(each)}.csv"] = text.encode()
    return made, rows


def _events(identity: dict[str, Any], day: int) -> Iterator[_Event]:
    """What happens on a day: whoever is new comes first."""
    seed, sessions = identity["seed"], identity["sessions"]
    for number in range(max(1, sessions // BASE_DAYS)):
        user = f"u{identifier(seed, 'user', day, number // _SESSIONS_A_USER)[:12]}"
        draw = Draw(seed, "session", day, number)
        start = clock.midnight(date(day)) + draw.integer(6 * clock.HOUR, _LAST_START)
        if number % _SESSIONS_A_USER == 0:
            signed_up = _moment(start - draw.integer(clock.HOUR, 30 * clock.DAY))
            yield _Event("users", day, (user, draw.weighted(_COUNTRIES), signed_up))
        yield from _session(draw, (seed, day, number), user, start, day)


def _session(
    draw: Draw, key: tuple[int, int, int], user: str, start: int, day: int
) -> Iterator[_Event]:
    product = draw.integer(1, _PRODUCTS)
    at = start
    for click in range(draw.integer(0, 4)):
        at += draw.pick(_GAPS)
        who = "" if draw.chance(_ANONYMOUS) else user
        arrives, received = _arrival(draw, day, at)
        row = (
            f"c{identifier(*key, 'click', click)[:16]}", who, f"p{product:03d}",
            draw.weighted(_CHANNELS), _moment(at), received,
        )  # fmt: skip
        yield _Event("clicks", arrives, row)
    if not draw.chance(_BUYS):
        return
    bought_at = max(at, start + draw.pick(_WAITS))
    for checkout in range(2 if draw.chance(_BUYS_AGAIN) else 1):
        bought_at += checkout * 600
        quantity = draw.integer(1, 3)
        cents = quantity * (499 + product * 137)
        arrives, received = _arrival(draw, day, bought_at)
        bought = (
            f"o{identifier(*key, 'checkout', checkout)[:16]}", user, f"p{product:03d}", str(quantity),
            f"{cents // 100}.{cents % 100:02d}", _moment(bought_at), received,
        )  # fmt: skip
        yield _Event("checkouts", arrives, bought)


def _arrival(draw: Draw, day: int, at: int) -> tuple[int, str]:
    """On which day an event arrives, and when: within a second, or during the next morning."""
    if draw.chance(_LATE):
        return day + 1, _moment(clock.midnight(date(day + 1)) + draw.integer(0, 6 * clock.HOUR))
    return day, _moment(at + 1)


def _moment(second: int) -> str:
    return clock.text(second) + "+00:00"
