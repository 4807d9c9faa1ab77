"""The manifests that streams have not seen, in the order in which they were committed."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.messages import StateMessage

from waybill_common import dead_letters
from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError
from waybill_lake import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_landing.stream import LandingStream
    from tap_landing.tap import TapLanding
    from waybill_lake.log import Manifest

logger = logging.getLogger(__name__)


class Replay:
    """Sends what some streams have not seen yet.

    Args:
        tap: The tap, which holds the log.
        streams: The streams.
    """

    def __init__(self, tap: TapLanding, streams: Sequence[LandingStream]) -> None:
        self._tap = tap
        self._streams = {stream.name: stream for stream in streams}
        self._seen: dict[str, int] = {}

    def run(self) -> None:
        """Send manifest by manifest, and after each the state that has it.

        Raises:
            WaybillError: The lake is not whole, is not that of the state, or a stream is mapped.
        """
        for name, stream in self._streams.items():
            if stream.is_mapped:
                msg = f"Stream {name}: stream maps do not change what comes from a lake."
                raise WaybillError(
                    msg, "Set them on the tap that fills it, or leave the stream out."
                )
        due = self._due()
        for sequence in due:
            self._send(self._tap.log.read(sequence))
        logger.info(
            "%s: %d manifests sent, up to %d", self._tap.source, len(due), self._tap.head.sequence
        )

    def _due(self) -> list[int]:
        """Numbers of the manifests that have something of a stream, found from the last one back.

        Raises:
            WaybillError: The state is ahead of the lake.
        """
        head, due = self._tap.head, set()
        for name, stream in self._streams.items():
            seen = stream.sequence
            if seen > head.sequence:
                msg = f"Stream {name}: by the state, manifest {seen} of {self._tap.source} has been sent, but {self._tap.store.place} ends with {head.sequence}."
                raise WaybillError(
                    msg,
                    "The state is another lake's: start afresh by `meltano run --full-refresh`.",
                )
            sequence = head.heads[name]["sequence"]
            while sequence > seen or self._is_again(sequence, stream):
                due.add(sequence)
                sequence = self._previous(sequence, name)
            self._seen[name] = sequence
        return sorted(due)

    def _is_again(self, sequence: int, stream: LandingStream) -> bool:
        if not sequence or stream.since is None:
            return False
        committed_at = self._tap.log.read(sequence).body["committed_at"]
        return dt.datetime.fromisoformat(committed_at) >= stream.since

    def _previous(self, sequence: int, stream: str) -> int:
        return int(self._tap.log.read(sequence).body["previous"].get(stream, 0))

    def _send(self, manifest: Manifest) -> None:
        body = manifest.body
        sent: dict[str, LandingStream] = {}
        for entry in body["entries"]:
            name = entry["stream"]
            stream = self._streams.get(name)
            if stream and self._seen[name] < manifest.sequence:
                stream.send(entry, body["load"])
                sent[name] = stream
        for entry in body["entries"]:
            if entry["stream"] == dead_letters.STREAM and entry["schema"].get(dead_letters.MARK):
                self._send_letters(entry, sent)
        if not sent:
            return
        for stream in sent.values():
            stream.settle(manifest)
        self._tap.write_message(StateMessage(value=self._tap.state))

    def _send_letters(self, entry: Mapping[str, Any], sent: Mapping[str, LandingStream]) -> None:
        for record in self._letters(entry):
            if stream := sent.get(record["stream"]):
                stream.count_letter()
                self._tap.write_dead_letter(DeadLetter.from_record(record))

    def _letters(self, entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for each in entry["parts"]:
            for piece in parts.read(self._tap.store, parts.Part.of(each)):
                for record in piece.to_pylist():
                    for name in ("key", "payload"):
                        record[name] = record[name] and json.loads(record[name])
                    yield record
