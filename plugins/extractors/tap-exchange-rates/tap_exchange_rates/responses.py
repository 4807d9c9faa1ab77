"""What an API like Frankfurter's answers, taken apart: every digit kept, nothing believed unchecked."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tap_exchange_rates.windows import Window

Days = dict[dt.date, dict[str, Any]]
"""Rates by day and currency, as they came."""
_CODE = re.compile(r"[A-Z]{3}")
_SHOWN = 40
_REMEDY = "Run again; if it stays so, the address is not that of an API like Frankfurter's."


@dataclass(frozen=True)
class Rate:
    """Units of a currency for one unit of the base.

    Attributes:
        refusal: Why it cannot land, if so; `value` is what came then.
    """

    date: dt.date
    currency: str
    value: Any
    refusal: str | None = None

    def letter(self, stream: str, base: str, window: Window) -> DeadLetter:
        """The dead letter of a rate that cannot land."""
        shown = json.dumps(self.value, default=str)
        key = {"date": self.date.isoformat(), "base": base, "currency": self.currency}
        return DeadLetter(
            stream=stream,
            reason=self.refusal or "",
            source_file=window.name,
            key=key,
            column="rate" if _CODE.fullmatch(self.currency) else "currency",
            raw=json.dumps({key["date"]: {self.currency: self.value}}, default=str),
            payload=key | {"rate": shown},
        )


def days_of(body: bytes, place: str, base: str) -> Days:
    """The days of a response.

    Args:
        body: JSON such as `{"base": "EUR", "rates": {"2024-02-29": {"USD": 1.0813}}}`.
        place: Where it is from, for messages.
        base: The currency that its rates must be quoted for.

    Raises:
        WaybillError: It is not JSON, of another form, or quoted for another currency; in one line.
    """
    try:
        document = json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except ValueError as error:
        msg = f"{place} is not JSON: {error}; it begins with {body[:_SHOWN].decode(errors='replace')!r}."
        raise WaybillError(msg, _REMEDY) from error
    if not isinstance(document, dict) or not isinstance(document.get("rates"), dict):
        msg = f"{place} holds no object `rates`, but {str(document)[:_SHOWN]!r}."
        raise WaybillError(msg, _REMEDY)
    if document.get("base") != base or Decimal(document.get("amount", 1)) != 1:
        quoted = f"{document.get('amount', 1)} {document.get('base')}"
        msg = f"{place} is quoted for {quoted}, not for 1 {base}."
        raise WaybillError(msg, "Name a base in the setting `base` that the API honours.")
    return {
        _date(day, place): _rates(day, rates, place) for day, rates in document["rates"].items()
    }


def rates(days: Days, window: Window, symbols: Collection[str]) -> Iterator[Rate]:
    """The rates of a window, by day and currency.

    Days outside it are left out: an API may begin with the last working day before it, which
    another window has.

    Args:
        days: What was answered.
        window: The days asked for.
        symbols: The currencies asked for; none for all.
    """
    for day in sorted(day for day in days if day in window):
        for currency, value in sorted(days[day].items()):
            if not symbols or currency in symbols:
                yield Rate(day, currency, value, _refusal(currency, value))


def _date(day: str, place: str) -> dt.date:
    try:
        return dt.date.fromisoformat(day)
    except ValueError as error:
        msg = f"{place} has a day {day!r}, which is no date."
        raise WaybillError(msg, _REMEDY) from error


def _rates(day: str, found: Any, place: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        msg = (
            f"{place} has {str(found)[:_SHOWN]!r} for {day}, where rates by currency are expected."
        )
        raise WaybillError(msg, _REMEDY)
    return found


def _refusal(currency: str, value: Any) -> str | None:
    if not _CODE.fullmatch(currency):
        return f"{currency!r} is no currency code of three capitals"
    if not isinstance(value, Decimal):
        return f"{json.dumps(value, default=str)} is not a decimal number"
    return None if value > 0 else f"{value:f} is not above 0"


def as_text(found: Mapping[str, Any]) -> str:
    """Values in a form that is the same for the same digits."""
    return json.dumps(found, default=str, sort_keys=True)
