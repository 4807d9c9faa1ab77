"""The rates from recorded responses of the API: a folder of JSON files, or one file."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tap_exchange_rates import responses
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from tap_exchange_rates.responses import Days
    from tap_exchange_rates.windows import Window


class Recorded:
    """Responses in files, in the order of their names: of a day in two of them the later one counts.

    Args:
        path: The folder or file.
        setting: What the user sets it by, for messages.
        publisher: What its rates are said to be from.
        base: Code of the currency that rates are quoted for.
    """

    is_local = True

    def __init__(self, path: Path, setting: str, publisher: str, *, base: str) -> None:
        self._path = path
        self._setting = setting
        self._base = base
        self.publisher = publisher

    @property
    def first_day(self) -> dt.date:
        """The first day that the files hold."""
        return min(self._days)

    @property
    def last_day(self) -> dt.date:
        """The last day that the files hold."""
        return max(self._days)

    def read(self, window: Window) -> Days:
        """What the API would have answered for a window."""
        return {day: rates for day, rates in self._days.items() if day in window}

    @cached_property
    def _days(self) -> Days:
        """What the files hold together.

        Raises:
            WaybillError: There is no such file, it holds no rate, or is no response of the API.
        """
        files = sorted(self._path.glob("*..*.json")) if self._path.is_dir() else [self._path]
        days: Days = {}
        for file in files:
            try:
                body = file.read_bytes()
            except OSError as error:
                msg = f"{self._setting}: {file} cannot be read: {error.strerror}."
                raise WaybillError(msg, self._remedy) from error
            days |= responses.days_of(body, f"{self._setting}: {file}", self._base)
        if not days:
            msg = f"{self._setting}: {self._path} holds no file like 2024-01-01..2024-12-31.json with rates."
            raise WaybillError(msg, self._remedy)
        return days

    @property
    def _remedy(self) -> str:
        return (
            f"Set {self._setting} to the API's address, or to a folder of recorded responses of it."
        )
