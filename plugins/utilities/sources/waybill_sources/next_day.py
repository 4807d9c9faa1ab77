"""A day of new, changed and late rows for the samples of each source."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from waybill_common.errors import WaybillError
from waybill_sources import (
    clickstream,
    olist,
    online_retail,
    prepare,
    rates,
    settings,
    storefront,
    totesys,
    totesys_days,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from waybill_sources.daily_samples import DailySamples

    Changes = tuple[dt.date, dict[str, tuple[int, int]]]
    """A date, and how many rows of each stream are new and changed."""
    Append = Callable[[], Changes]
    """Appends a day."""


def append(sources: Sequence[str]) -> dict[str, Changes]:
    """Append a day to each source, once all of them are known to be samples.

    Args:
        sources: Names out of `prepare.SOURCES`.

    Returns:
        The date and the changes of each.

    Raises:
        WaybillError: A source is not made of samples, or there are none yet; nothing was appended.
    """
    unset = [name for name, variable in prepare.VARIABLES.items() if not prepare.setting(variable)]
    for source in sources:
        if source not in unset:
            variable = prepare.VARIABLES[source]
            msg = f"{variable} is set: a next day can only be appended to the samples of {source}."
            others = f", or append to {unset[0]} alone: next-day {unset[0]}" if unset else ""
            raise WaybillError(msg, f"Unset {variable}{others}.")
    appends = {source: _checked(source) for source in sources}
    return {source: one() for source, one in appends.items()}


def _checked(source: str) -> Append:
    wanted = settings.load()
    checks: dict[str, Callable[[], Append]] = {
        "olist": lambda: _of_files(olist, "olist"),
        "totesys": lambda: _of_tables(totesys),
        "storefront": lambda: _of_tables(storefront),
        "online_retail": lambda: _of_files(online_retail, "online_retail"),
        "exchange_rates": lambda: _of_days(rates.samples(wanted), totesys_days.date),
        "clickstream": lambda: _of_days(clickstream.samples(wanted), clickstream.date),
    }
    return checks[source]()


def _of_files(module: ModuleType, source: str) -> Append:
    folder = prepare.samples_folder(source)
    module.check_samples(folder)
    return partial(module.next_day, folder)


def _of_tables(module: ModuleType) -> Append:
    def session() -> Any:
        return prepare.source_as_superuser().connect()

    with session() as opened:
        module.check_samples(opened)

    def next_day() -> Changes:
        with session() as opened:
            changes: Changes = module.next_day(opened)
            return changes

    return next_day


def _of_days(samples: DailySamples, date: Callable[[int], dt.date]) -> Append:
    samples.check_samples()

    def next_day() -> Changes:
        day, rows = samples.next_day()
        return date(day), {name: (new, 0) for name, new in rows.items()}

    return next_day
