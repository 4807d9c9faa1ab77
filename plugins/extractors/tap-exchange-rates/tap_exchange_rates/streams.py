"""The stream of rates: quarter by quarter, each sent only where it holds something else than before."""

from __future__ import annotations

import datetime as dt
import logging
import sys
from typing import TYPE_CHECKING, Any

from tap_exchange_rates import bookmark as bookmarks
from tap_exchange_rates import responses, windows
from waybill_common.dead_letters import LIMIT_MARK
from waybill_common.errors import WaybillError
from waybill_common.tap import WaybillStream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from singer_sdk.singerlib.messages import SchemaMessage

    from tap_exchange_rates.bookmark import Bookmark
    from tap_exchange_rates.responses import Rate
    from tap_exchange_rates.tap import TapExchangeRates
    from tap_exchange_rates.windows import Window
    from waybill_common import contracts

logger = logging.getLogger(__name__)

_PARTITION = "_sdc_source_file"
_TOTAL = "rate"
_JSON_TYPES: dict[str, dict[str, Any]] = {
    "numeric": {"type": ["number"]},
    "date": {"type": ["string"], "format": "date"},
}
_TEXT: dict[str, Any] = {"type": ["string"]}


class RatesStream(WaybillStream):
    """Daily rates of currencies against the base."""

    NAME = "rates"
    STATE_MSG_FREQUENCY = sys.maxsize  # a state in the middle of a quarter would commit half of it

    def __init__(self, tap: TapExchangeRates, contract: contracts.Stream) -> None:
        """Describe the stream.

        Args:
            tap: The tap.
            contract: What the contract says of it.
        """
        super().__init__(tap, schema=_schema(contract), name=contract.name)
        self.primary_keys = contract.key
        self.forced_replication_method = "INCREMENTAL"  # by quarter; there is no replication key
        self._rates_tap = tap
        self._contract = contract
        self._extracted_at = dt.datetime.now(tz=dt.UTC).isoformat()

    def get_batch_config(self, config: Any) -> None:
        """None: a day has a few rates, which go as records."""

    def get_records(self, context: Any) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - SDK signature
        """The rates of each quarter that holds other ones than before, and states that say so."""
        tap = self._rates_tap
        bookmark = bookmarks.Bookmark(self.stream_state, tap.publisher.publisher, self._read_as)
        year = ""
        for window in self._due(bookmark):
            if year and not window.name.startswith(year):
                self.write_bookmark(bookmark.document(self._extracted_at))
            year = window.name[:4]
            found = list(responses.rates(tap.publisher.read(window), window, tap.symbols))
            total = _TOTAL if self.mask["properties", _TOTAL] else None
            entry = bookmarks.entry(window, found, total)
            is_new = not bookmark.holds(window, entry)
            if is_new:
                self._refuse_loss(window, found, bookmark)
                yield from self._records(window, found)
            bookmark.note(window, entry, is_sent=is_new)
        self.write_bookmark(bookmark.document(self._extracted_at))
        logger.info(
            "%s: %s rows sent, %d quarters known",
            self.name,
            f"{bookmark.rows_sent:,}",
            len(bookmark.windows),
        )

    @property
    def _read_as(self) -> str:
        tap = self._rates_tap
        columns = [name for name in self.schema["properties"] if self.mask["properties", name]]
        return bookmarks.fingerprint(tap.config["base"], tap.symbols, columns)

    def _due(self, bookmark: Bookmark) -> Iterator[Window]:
        """The quarters to read: those not known yet, and those that may change."""
        tap, publisher = self._rates_tap, self._rates_tap.publisher
        first = max(tap.day("start_date") or dt.date.min, publisher.first_day)
        last = min(tap.day("end_date") or dt.date.max, publisher.last_day)
        revised_from = last - dt.timedelta(days=tap.config["revise_days"])
        for window in windows.between(first, last):
            if publisher.is_local or not bookmark.is_settled(window, revised_from):
                yield window

    def _refuse_loss(self, window: Window, found: Sequence[Rate], bookmark: Bookmark) -> None:
        """Take a quarter that has become empty for an outage.

        Raises:
            WaybillError: It had rates, and has none.
        """
        known = bookmark.windows.get(window.name)
        if not found and known and known["rows"]:
            place = self._rates_tap.config["api_setting"]
            msg = f"{place}: no rate of {window.name} is published any more; {known['rows']} were."
            raise WaybillError(msg, "Ask the publisher; what landed stays until rates come again.")

    def _records(self, window: Window, found: Sequence[Rate]) -> Iterator[dict[str, Any]]:
        tap = self._rates_tap
        base = tap.config["base"]
        for each in found:
            if each.refusal:
                tap.write_dead_letter(each.letter(self.name, base, window))
                continue
            yield {
                "date": each.date.isoformat(),
                "base": base,
                "currency": each.currency,
                "rate": each.value,
                "publisher": tap.publisher.publisher,
                _PARTITION: window.name,
                "_sdc_extracted_at": self._extracted_at,
            }

    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        """The SDK's messages, with the marks that its catalog drops put back."""
        is_another = bookmarks.is_of_another(
            self.stream_state, self._rates_tap.publisher.publisher, self._read_as
        )
        own = self.schema["properties"]
        for message in super()._generate_schema_messages():
            properties = message.schema.get("properties", {})
            for name in properties.keys() & own.keys():
                marks = {key: mark for key, mark in own[name].items() if key.startswith("x-")}
                properties[name] |= marks
            if _PARTITION in properties:
                message.schema["x-source-partition"] = _PARTITION
            message.schema["x-drift"] = self._contract.drift
            if self._contract.dead_letter_limit:
                message.schema[LIMIT_MARK] = self._contract.dead_letter_limit.mark()
            if is_another:
                message.schema["x-whole-table"] = True
            yield message

    def _increment_stream_state(self, latest_record: Any, *, context: Any = None) -> None:
        """Nothing: the bookmark is by quarter."""

    def _write_starting_replication_value(self, context: Any) -> None:
        """Nothing: there is no replication key."""


def _schema(contract: contracts.Stream) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for column in contract.columns:
        properties[column.name] = dict(_JSON_TYPES.get(column.sql_type, _TEXT))
        properties[column.name]["x-sql-datatype"] = column.sql_type
        if column.is_control_total:
            properties[column.name]["x-control-total"] = True
    properties[_PARTITION] = _TEXT | {"x-sql-datatype": "text"}
    properties["_sdc_extracted_at"] = _TEXT | {
        "format": "date-time",
        "x-sql-datatype": "timestamptz",
    }
    return {"type": "object", "properties": properties}
