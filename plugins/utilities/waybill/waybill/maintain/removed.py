"""What one kind of cleaning has removed, or would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_common import durations

if TYPE_CHECKING:
    import datetime as dt


@dataclass(frozen=True)
class Removed:
    """One kind.

    Attributes:
        what: The things, in the plural.
        count: How many of them.
        size: Their bytes on disk, where they are files.
        kept: For how long they are kept; None where age does not matter.
    """

    what: str
    count: int
    size: int | None = None
    kept: dt.timedelta | None = None

    @property
    def age(self) -> str:
        """From which age on they go."""
        return f"after {durations.in_words(self.kept)}" if self.kept else ""

    @property
    def bytes_in_words(self) -> str:
        """Their size; empty where it is not known."""
        if self.size is None:
            return ""
        size = float(self.size)
        for unit in ("B", "KiB", "MiB"):
            if size < 1024:  # noqa: PLR2004 - bytes in a KiB
                return f"{size:,.0f} {unit}"
            size /= 1024
        return f"{size:,.1f} GiB"
