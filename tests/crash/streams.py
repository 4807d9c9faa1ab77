"""What the crash tests load: two days of a keyed and a keyless stream, and what must have landed.

What a warehouse may hold is worked out here from the inputs alone, so that a lane that is always
wrong in the same way is noticed too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import contract_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

COLUMNS = {
    "id": "id::text",
    "amount": "amount::text",
    "note": "note",
    "_sdc_source_file": "_sdc_source_file",
    "_sdc_deleted_at": "case when _sdc_deleted_at is not null then 'deleted' end",
}
"""What is compared of a row, as SQL by column."""
Row = tuple[str | None, ...]
"""The values of `COLUMNS`; a dead letter is a row as well, by `dead`."""


def dead(file: str, line: int) -> Row:
    """An open dead letter, in the form of a row."""
    return f"dead {file} {line}", None, None, file, None


def digest(rows: Iterable[Row]) -> str:
    """A fingerprint of rows in any order."""
    return hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()


@dataclass(frozen=True)
class Chain:
    """What one stream's table may hold during one day.

    Attributes:
        states: Fingerprints, from what the day began with to what it ends with; a transaction
            goes from one to the next.
        position: How far a bookmark of the stream says that the load has come.
    """

    states: tuple[str, ...]
    position: Callable[[dict[str, Any] | None], int]


@dataclass(frozen=True)
class Day:
    """One run's input.

    Attributes:
        settings: The tap's configuration.
        chains: What may be seen of each stream.
    """

    settings: dict[str, Any]
    chains: dict[str, Chain]


def contract(streams: dict[str, dict[str, Any]], *, has_key: set[str]) -> dict[str, Any]:
    """A data contract.

    Args:
        streams: Custom properties of each stream.
        has_key: Streams whose key is `id`.
    """
    return contract_documents.contract(
        "crash",
        [
            contract_documents.stream(
                name,
                {
                    "id": "integer#" if name in has_key else "integer",
                    "amount": "numeric(12,2)+",
                    "note": "text",
                }
                | (
                    {"updated_at": "timestamp with time zone"} if "replicationKey" in custom else {}
                ),
                **custom,
            )
            for name, custom in streams.items()
        ],
    )
