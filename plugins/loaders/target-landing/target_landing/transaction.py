"""What has come since the last commit, and the manifest that commits it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waybill_common import dead_letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from target_landing.naming import Naming
    from target_landing.received import Receiving
    from target_landing.segment import Segment
    from waybill_lake.log import Manifest


class Transaction:
    """The segments of all streams between two commits, in the order they began.

    Args:
        receiving: What this invocation has received.
        naming: The invocation's names.
    """

    def __init__(self, receiving: Receiving, naming: Naming) -> None:
        self._receiving = receiving
        self._naming = naming
        self._active: dict[str, Segment] = {}
        self._segments: list[Segment] = []

    def begin(self, segment: Segment) -> None:
        """Let a segment take its stream's messages from now on."""
        if (before := self._active.get(segment.stream)) and before.is_like(segment):
            return
        self._active[segment.stream] = segment
        self._segments.append(segment)

    def segment(self, stream: str) -> Segment | None:
        """The segment that takes a stream's messages."""
        return self._active.get(stream)

    def open_segments(self) -> Iterator[Segment]:
        """Those that hold something that is to be committed."""
        return (each for each in self._segments if each.has_news or each.sends_keys)

    def settle(self) -> None:
        """Put what is waiting, and count it."""
        for segment in self._segments:
            segment.settle()
            received = self._receiving.received[segment.stream]
            for name in segment.totals:
                received.totals.setdefault(name, Decimal(0))
            for part in segment.parts:
                self._receiving.add_totals(segment.stream, part.totals)

    def has_news(self, bookmarks: Mapping[str, Any]) -> bool:
        """Whether a warehouse that has all before this would not be up to date without it.

        Args:
            bookmarks: Those of the state that follows.
        """
        for segment in self._segments:
            known = self._known(segment.stream).get("keys")
            if segment.sends_keys and not segment.has_news and segment.keys == known:
                segment.drop_keys()
        return any(self._is_news(each, bookmarks) for each in self._segments)

    def put_keys(self) -> None:
        """Put the keys that the lake does not have."""
        for segment in self._segments:
            segment.put_keys()

    def manifest(
        self,
        head: Manifest | None,
        bookmarks: Mapping[str, Any],
        whole: AbstractSet[str],
        *,
        source: str,
        run_id: str | None,
    ) -> dict[str, Any]:
        """The manifest that commits this.

        Args:
            head: The one before it.
            bookmarks: Those of the state that follows.
            whole: Streams whose rows take the place of all others.
            source: The source's name.
            run_id: The run, if it is one's step.
        """
        heads = dict(head.heads) if head else {}
        told = [each for each in self._segments if self._is_news(each, bookmarks)]
        previous = {each.stream: heads.get(each.stream, {}).get("sequence", 0) for each in told}
        sequence = head.sequence + 1 if head else 1
        for segment in told:
            if segment.stream != dead_letters.STREAM:
                known = heads.get(segment.stream, {})
                bookmark = bookmarks.get(segment.stream)
                heads[segment.stream] = _head(segment, known, bookmark, sequence)
        return {
            "source": source,
            "sequence": sequence,
            "load": self._naming.load,
            "run_id": run_id,
            "committed_at": dt.datetime.now(tz=dt.UTC).isoformat(),
            "entries": [_entry(each, is_whole=each.stream in whole) for each in told],
            "bookmarks": {each: bookmarks.get(each) for each in previous},
            "previous": previous,
            "heads": heads,
        }

    def committed(self) -> None:
        """Begin the next transaction, in which every stream goes on."""
        for segment in self._segments:
            received = self._receiving.received[segment.stream]
            received.settled = received.rows
            for part in segment.parts:
                self._receiving.objects += part.object is not None
                self._receiving.bytes += part.bytes
        self._active = {stream: segment.next() for stream, segment in self._active.items()}
        self._segments = list(self._active.values())

    def _known(self, stream: str) -> Mapping[str, Any]:
        head = self._receiving.head
        return head.heads.get(stream, {}) if head else {}

    def _is_news(self, segment: Segment, bookmarks: Mapping[str, Any]) -> bool:
        if segment.has_news or segment.sends_keys:
            return True
        if segment.stream == dead_letters.STREAM:
            return False
        bookmark = bookmarks.get(segment.stream)
        if bookmark is None:
            return False
        known = self._known(segment.stream)
        return (
            not known
            or known["schema"] != _fingerprint(segment)
            or known.get("source") != _source_figures(bookmark)
        )


def _entry(segment: Segment, *, is_whole: bool) -> dict[str, Any]:
    schema = segment.schema | ({"x-whole-table": True} if is_whole else {})
    return {
        "stream": segment.stream,
        "schema": schema,
        "key_properties": segment.key_properties,
        "parts": [part.entry() for part in segment.parts],
    }


def _head(
    segment: Segment, known: Mapping[str, Any], bookmark: object, sequence: int
) -> dict[str, Any]:
    keys = segment.keys
    if keys is None and not segment.has_news:
        keys = known.get("keys")
    head: dict[str, Any] = {"sequence": sequence, "keys": keys, "schema": _fingerprint(segment)}
    if isinstance(bookmark, dict):
        head["source"] = _source_figures(bookmark)
        if "version" in bookmark:
            head["version"] = bookmark["version"]
    else:
        head["source"] = known.get("source")
    return head


def _source_figures(bookmark: object) -> object:
    source = bookmark.get("source") if isinstance(bookmark, dict) else None
    if not isinstance(source, dict):
        return None
    return {name: each for name, each in source.items() if name in {"rows", "totals"}}


def _fingerprint(segment: Segment) -> str:
    """Of what the columns and the key are; how rows come is not in it."""
    plain = {name: each for name, each in segment.schema.items() if not name.startswith("x-")}
    text = json.dumps([plain, segment.key_properties], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
