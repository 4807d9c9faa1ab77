"""The tap: settings and discovery."""

from __future__ import annotations

import datetime as dt
import re
from functools import cached_property
from typing import TYPE_CHECKING

from singer_sdk import typing as th

from tap_exchange_rates import publishers
from tap_exchange_rates.streams import RatesStream
from waybill_common import contracts, project
from waybill_common.errors import WaybillError
from waybill_common.tap import WaybillTap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_exchange_rates.publishers import Publisher

_CODE = re.compile(r"[A-Z]{3}")


class TapExchangeRates(WaybillTap):
    """Daily exchange rates from an HTTP API like Frankfurter's, or from its recorded responses."""

    name = "tap-exchange-rates"
    package_name = "waybill-tap-exchange-rates"
    config_jsonschema = th.PropertiesList(
        th.Property(
            "api_url",
            th.StringType(nullable=True),
            title="API",
            description="Address of the API without the days, such as https://api.frankfurter.dev/v1; or a folder (file:// too) of recorded responses. Empty for `default_path`.",
        ),
        th.Property(
            "api_setting",
            th.StringType,
            default="api_url",
            title="API's setting",
            description="What the user sets `api_url` by, for messages; such as the name of an environment variable.",
        ),
        th.Property(
            "default_path",
            th.StringType(nullable=True),
            title="Default path",
            description="Folder of recorded responses that is read where `api_url` is empty; relative to WAYBILL_HOME.",
        ),
        th.Property(
            "contract",
            th.StringType,
            required=True,
            title="Contract",
            description="Path of the ODCS data contract with the stream `rates`.",
        ),
        th.Property(
            "base",
            th.StringType,
            default="EUR",
            title="Base",
            description="Code of the currency that rates are quoted for: how many units of another one it buys.",
        ),
        th.Property(
            "symbols",
            th.StringType(nullable=True),
            title="Symbols",
            description="Codes of the currencies to read, parted by commas; empty for all that are published.",
        ),
        th.Property(
            "start_date",
            th.StringType,
            default="2016-01-01",
            title="Start date",
            description="First day to read.",
        ),
        th.Property(
            "end_date",
            th.StringType(nullable=True),
            title="End date",
            description="Last day to read; empty for today, UTC.",
        ),
        th.Property(
            "revise_days",
            th.IntegerType(minimum=0),
            default=7,
            title="Revise days",
            description="For how many days a rate may be published again: a quarter is read until so many days after its end.",
        ),
        th.Property(
            "tries",
            th.IntegerType(minimum=1),
            default=6,
            title="Tries",
            description="How often the API is asked in all where it answers 429, 500, 502, 503 or 504, or does not answer.",
        ),
        th.Property(
            "backoff_seconds",
            th.NumberType(minimum=0),
            default=1,
            title="Back-off",
            description="Seconds before the second try; each further wait is twice as long. A `Retry-After` of the API goes before it, up to 5 minutes.",
        ),
        th.Property(
            "timeout_seconds",
            th.NumberType(exclusive_minimum=0),
            default=30,
            title="Timeout",
            description="Seconds to wait for a connection, and for each piece of the answer.",
        ),
    ).to_dict()

    @cached_property
    def contract(self) -> contracts.Contract:
        """The contract of the source."""
        return contracts.load(project.resolve(self.config["contract"]))

    @property
    def source(self) -> str:
        """The contract's id."""
        return self.contract.source

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The currencies to read, sorted; none for all.

        Raises:
            WaybillError: One of them, or the base, is no code.
        """
        words = (self.config.get("symbols") or "").replace(" ", "").split(",")
        codes = tuple(sorted({word for word in words if word} - {self.config["base"]}))
        for name, code in (("base", self.config["base"]), *(("symbols", each) for each in codes)):
            if not _CODE.fullmatch(code):
                msg = f"Setting {name}: {code!r} is no currency code."
                raise WaybillError(msg, "Name codes of ISO 4217, such as EUR or USD,GBP.")
        return codes

    @cached_property
    def publisher(self) -> Publisher:
        """Where the rates come from."""
        return publishers.find(self.config, self.symbols)

    def day(self, name: str) -> dt.date | None:
        """The day that a setting names, if it does.

        Raises:
            WaybillError: It is no date.
        """
        if not (value := (self.config.get(name) or "").strip()):
            return None
        try:
            return dt.date.fromisoformat(value)
        except ValueError as error:
            msg = f"Setting {name}: {value!r} is no date."
            raise WaybillError(msg, "Write it as 2016-01-31.") from error

    def discover_streams(self) -> Sequence[RatesStream]:
        """The one stream.

        Raises:
            WaybillError: The contract has no stream `rates`.
        """
        try:
            return [RatesStream(self, self.contract.stream(RatesStream.NAME))]
        except KeyError as error:
            msg = f"Contract {self.source} has no stream {RatesStream.NAME}."
            raise WaybillError(msg, "Mend the contract: it describes the rates.") from error
