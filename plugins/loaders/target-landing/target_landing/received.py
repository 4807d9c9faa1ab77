"""What this invocation has received, held against what the tap says and the contract allows."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from waybill_common.errors import DataQualityError
from waybill_common.targets.received import Received
from waybill_common.values import EXACT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from waybill_common.dead_letters import DeadLetter, Limit
    from waybill_lake.log import Manifest


class Receiving:
    """All streams of an invocation.

    Attributes:
        received: By stream.
        head: The last manifest of the source, as far as is known.
        objects: How many objects were made.
        bytes: And their size.
    """

    def __init__(self) -> None:
        self.received: dict[str, Received] = defaultdict(Received)
        self.limits: dict[str, Limit] = {}
        self.head: Manifest | None = None
        self.objects = 0
        self.bytes = 0

    def last_bookmark(self, schema: str, stream: str) -> Mapping[str, Any]:  # noqa: ARG002 - as a warehouse's session
        """What the lake remembers of the bookmark that landed last."""
        head = self.head.heads.get(stream, {}) if self.head else {}
        return {"version": head["version"]} if "version" in head else {}

    def bury(self, letter: DeadLetter) -> None:
        """Count a row that cannot land.

        Raises:
            DataQualityError: No row of the stream may be dead.
        """
        received = self.received[letter.stream]
        received.dead += 1
        places = [
            f", column {letter.column}" if letter.column else "",
            f": {letter.reason}",
            f", line {letter.source_line}" if letter.source_line else "",
            f" of {letter.source_file}" if letter.source_file else "",
        ]
        received.last_letter = "".join(places).lstrip(":, ")
        limit = self.limits.get(letter.stream)
        if limit is not None and limit.is_off:
            msg = f"Stream {letter.stream}: {received.last_letter}."
            raise DataQualityError(msg, "Mend the row at the source, or the type in the contract.")

    def check_limits(self) -> None:
        """Compare the dead rows with how many there may be.

        Raises:
            DataQualityError: There are more; nothing of them was committed.
        """
        for stream, limit in self.limits.items():
            received = self.received[stream]
            if breach := limit.breach(received.dead, received.rows):
                msg = (
                    f"Stream {stream}: {received.dead:,} of {received.rows:,} rows cannot land;"
                    f" {breach}. Nothing of them was landed. The last: {received.last_letter}."
                )
                remedy = "Mend the source, or the contract; or raise its deadLetterLimit."
                raise DataQualityError(msg, remedy)

    def add_totals(self, stream: str, totals: Mapping[str, str]) -> None:
        """Add the control totals of rows."""
        with localcontext(EXACT):
            for column, total in totals.items():
                self.received[stream].totals[column] += Decimal(total)

    def figures(self) -> dict[str, int]:
        """What is worth keeping of the step."""
        received = self.received.values()
        return {
            "rows": sum(each.settled for each in received),
            "dead": sum(each.dead for each in received),
            "bytes": self.bytes,
            "objects": self.objects,
            "streams": len(received),
        }
