"""The state of the stream: what each quarter held, and the figures the receipt answers for."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from tap_exchange_rates.responses import as_text
from waybill_common.values import EXACT

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from tap_exchange_rates.responses import Rate
    from tap_exchange_rates.windows import Window

Entry = dict[str, Any]
"""`sha256` of a window's rates, `rows`, `totals`, and the days asked for, `since` and `until`."""


def entry(window: Window, found: Sequence[Rate], total: str | None) -> Entry:
    """What a window holds.

    Args:
        window: The days.
        found: Their rates, also those that cannot land: these count as rows and in no total.
        total: Name of the control total, or None where it is not sent.
    """
    lines = [as_text({"d": each.date, "c": each.currency, "v": each.value}) for each in found]
    with localcontext(EXACT):
        landing = sum((each.value for each in found if not each.refusal), Decimal())
    return {
        "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        "rows": len(found),
        "totals": {total: f"{landing:f}"} if total else {},
        "since": window.first.isoformat(),
        "until": window.last.isoformat(),
    }


class Bookmark:
    """Builds the stream's bookmark, window by window.

    Args:
        stored: The bookmark this run started with.
        publisher: Whose rates are read.
        read_as: Fingerprint of what is read.
    """

    def __init__(self, stored: Mapping[str, Any], publisher: str, read_as: str) -> None:
        self._head = {"publisher": publisher, "read_as": read_as}
        kept = {} if is_of_another(stored, publisher, read_as) else stored
        self.windows: dict[str, Entry] = dict(kept.get("windows", {}))
        self._sent: list[Entry] = []

    def is_settled(self, window: Window, revised_from: dt.date) -> bool:
        """Whether all of a window was read, and no day of it may be published again."""
        known = self.windows.get(window.name)
        is_whole = (
            known is not None
            and known["since"] <= window.first.isoformat()
            and known["until"] >= window.last.isoformat()
        )
        return is_whole and window.last < revised_from

    def holds(self, window: Window, found: Entry) -> bool:
        """Whether the same rates of a window were sent before."""
        known = self.windows.get(window.name)
        return known is not None and known["sha256"] == found["sha256"]

    def note(self, window: Window, found: Entry, *, is_sent: bool) -> None:
        """Remember what a window holds."""
        self.windows[window.name] = found
        if is_sent:
            self._sent.append(found)

    @property
    def rows_sent(self) -> int:
        """Rows sent in this invocation."""
        return sum(each["rows"] for each in self._sent)

    def document(self, as_of: str) -> dict[str, Any]:
        """The bookmark as it is now, sharing nothing with this object.

        Args:
            as_of: When the source was looked at, in ISO 8601.
        """
        return self._head | {
            "windows": {name: dict(each) for name, each in sorted(self.windows.items())},
            "source": _sum(self.windows.values()) | {"as_of": as_of},
            "read": _sum(self._sent),
        }


def is_of_another(stored: Mapping[str, Any], publisher: str, read_as: str) -> bool:
    """Whether a bookmark is of another publisher's rates, or of others of the same one."""
    return "windows" in stored and (stored.get("publisher"), stored.get("read_as")) != (
        publisher,
        read_as,
    )


def fingerprint(*parts: object) -> str:
    """What rates were read as: with another base or other currencies all are read anew."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _sum(entries: Iterable[Entry]) -> dict[str, Any]:
    rows = 0
    totals: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for each in entries:
            rows += each["rows"]
            for name, text in each["totals"].items():
                totals[name] = totals.get(name, Decimal()) + Decimal(text)
    return {"rows": rows, "totals": {name: f"{total:f}" for name, total in totals.items()}}
