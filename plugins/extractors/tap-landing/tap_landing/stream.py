"""A stream of the lake: how its rows go to the target, and up to which manifest they have gone."""

from __future__ import annotations

import datetime as dt
import json
import sys
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.messages import SchemaMessage

from tap_postgres import records
from tap_postgres.relations import SourceColumn
from waybill_common.errors import WaybillError
from waybill_common.landing import LANDING, SEQUENCE, SINCE
from waybill_common.tap import CopyEncoding, WaybillStream
from waybill_common.values import EXACT
from waybill_lake import parts
from waybill_lake.arrow_types import form_of, sql_type_of
from waybill_lake.to_binary import binary_rows
from waybill_lake.to_text import copy_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_landing.tap import TapLanding
    from waybill_lake.log import Manifest

_KEYS = "keys"


class LandingStream(WaybillStream):
    """A stream of the lake.

    Args:
        tap: The tap, which holds the lake.
        name: The stream's name.
        entry: Its entry in its last manifest.
    """

    def __init__(self, tap: TapLanding, name: str, entry: Mapping[str, Any]) -> None:
        super().__init__(tap, schema=_plain(entry["schema"]), name=name)
        self.primary_keys = list(entry["key_properties"])
        self.forced_replication_method = "INCREMENTAL"  # by manifest; there is no replication key
        self._landing_tap = tap
        self._last = entry
        self._told: tuple[Any, ...] = ()
        self._rows = 0
        self._totals: dict[str, Decimal] = {}

    @property
    def sequence(self) -> int:
        """The last manifest that has been sent; 0 for none."""
        return int(self.stream_state.get(LANDING, {}).get(SEQUENCE, 0))

    @property
    def since(self) -> dt.datetime | None:
        """From when on manifests are to be sent again, though they have been sent; None for none.

        Raises:
            WaybillError: The state says so in words that are no moment.
        """
        text = self.stream_state.get(LANDING, {}).get(SINCE)
        try:
            return dt.datetime.fromisoformat(text) if text else None
        except ValueError as error:
            msg = f"Stream {self.name}: by the state, manifests are to be sent again since {text!r}, which is no moment."
            raise WaybillError(msg, "`waybill:backfill --from-lake` writes such states.") from error

    def get_records(self, context: Any) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - SDK signature
        """The rows of its last manifest, for the SDK's own tests; a sync goes by `send`."""
        for each in self._last["parts"]:
            part = parts.Part.of(each)
            if part.object and part.shape.kind != _KEYS:
                for record in self._records(part):
                    yield json.loads(record, parse_float=Decimal)

    def send(self, entry: Mapping[str, Any], load: str) -> None:
        """Send a manifest's entry.

        Args:
            entry: The entry.
            load: The invocation of target-landing that wrote it.

        Raises:
            WaybillError: An object is missing or damaged, or `mode` cannot carry it.
        """
        self._send_schema(entry, load)
        for each in entry["parts"]:
            part = parts.Part.of(each)
            is_keys = part.shape.kind == _KEYS
            if not is_keys:
                self._count(part)
            if self.config["mode"] == "batch":
                self._send_batches(part)
            elif part.object and not is_keys:
                self._send_records(part)

    def settle(self, manifest: Manifest) -> None:
        """Let the bookmark say that a manifest has been sent."""
        bookmark = dict(manifest.body["bookmarks"].get(self.name) or {})
        totals = {name: f"{total:f}" for name, total in self._totals.items()}
        bookmark["read"] = {"rows": self._rows, "totals": totals}
        bookmark[LANDING] = {SEQUENCE: manifest.sequence}
        self.stream_state.clear()
        self.stream_state.update(bookmark)

    def count_letter(self) -> None:
        """Count a row that goes as a dead letter."""
        self._rows += 1

    def _send_schema(self, entry: Mapping[str, Any], load: str) -> None:
        schema = {**entry["schema"], "x-load": load}
        schema["properties"] = {
            name: each for name, each in schema["properties"].items() if self._is_selected(name)
        }
        told = (schema, entry["key_properties"])
        if told != self._told:
            self._told = told
            self._tap.write_message(
                SchemaMessage(self.name, schema, key_properties=entry["key_properties"])
            )

    def _count(self, part: parts.Part) -> None:
        self._rows += part.rows
        with localcontext(EXACT):
            for name, total in part.totals.items():
                if self._is_selected(name):
                    self._totals[name] = self._totals.get(name, Decimal(0)) + Decimal(total)

    def _send_batches(self, part: parts.Part) -> None:
        shape = part.shape
        columns = [name for name in shape.columns if self._is_selected(name)]
        pieces = parts.read(self._landing_tap.store, part) if part.object else iter(())
        sent = 0
        for sent, piece in enumerate(pieces, start=1):
            rows = piece.select(columns)
            is_binary = any(form_of(field) == "binary" for field in rows.schema)
            with self._landing_tap.batch_folder.create() as file:
                file.write(binary_rows(rows) if is_binary else copy_lines(rows))
            encoding = self._encoding(part, columns, rows.num_rows, sent)
            encoding.format = "copy-binary" if is_binary else "copy"
            self._write_batch_message(encoding=encoding, manifest=[f"file://{file.name}"])
        if not sent:
            self._write_batch_message(encoding=self._encoding(part, columns, 0, 0), manifest=[])

    def _encoding(
        self, part: parts.Part, columns: list[str], rows: int, number: int
    ) -> CopyEncoding:
        shape = part.shape
        return CopyEncoding(
            kind=_KEYS if shape.kind == _KEYS else None,
            columns=columns,
            rows=rows,
            # The same when a part is sent again, so that what is appended is not appended twice.
            batch_id=f"{shape.batch_id or part.object or ''}/{number}",
            extracted_at=shape.extracted_at or "",
            source_partition=shape.source_partition,
        )

    def _send_records(self, part: parts.Part) -> None:
        head = f'{{"type":"RECORD","stream":{json.dumps(self.name)},"record":'
        at = part.shape.extracted_at
        tail = f',"time_extracted":{json.dumps(at)}}}\n' if at else "}\n"
        for record in self._records(part):
            sys.stdout.write(head + record + tail)

    def _records(self, part: parts.Part) -> Iterator[str]:
        names = [name for name in part.shape.columns if self._is_selected(name)]
        for piece in parts.read(self._landing_tap.store, part):
            rows = piece.select(names)
            for field in rows.schema:
                if form_of(field) == "binary":
                    msg = f"Stream {self.name}: column {field.name} is kept as PostgreSQL's bytes of {sql_type_of(field)}, which no RECORD can carry."
                    raise WaybillError(msg, "Set `mode` to batch, or land it anew in mode record.")
            lines = copy_lines(rows).splitlines(keepends=True)
            # What comes from a lake is read by no expression.
            columns = [SourceColumn(each.name, sql_type_of(each), "") for each in rows.schema]
            yield from records.objects(lines, columns)

    def _is_selected(self, name: str) -> bool:
        return (
            name in self.primary_keys or name.startswith("_sdc_") or self.mask["properties", name]
        )


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without the marks on its root, which are of one load."""
    return {name: each for name, each in schema.items() if not name.startswith("x-")}
