"""The state of one stream: which files were sent, and the figures the receipt answers for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from waybill_common.values import EXACT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from waybill_common.contracts import Stream

Figures = dict[str, Any]
"""`{"rows": int, "totals": {column: decimal as text}}`"""


def fingerprint(stream: Stream, names: Iterable[str], salt: str | None) -> str:
    """What a file was read as: a file unchanged under a changed contract is sent again.

    Args:
        stream: What the contract says.
        names: The columns that are read.
        salt: Fingerprint of the salt that some of them are hashed with.
    """
    promised = [
        (c.name, c.source_name, c.sql_type, c.is_required, c.is_control_total, c.is_hashed)
        for c in stream.columns
    ]
    place = [stream.member] if stream.member else []
    text = json.dumps([promised, stream.key, sorted(names), salt, astuple(stream.dialect), *place])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_of_another_origin(stored: Mapping[str, Any], origin: str) -> bool:
    """Whether a bookmark is of files that came by another setting than `origin`.

    The files of `default_path` are samples: they and the user's own files are two sources, and what
    landed from the one does not belong to the other.
    """
    return bool(stored.get("origin", origin) != origin)


class Bookmark:
    """Builds a stream's bookmark, file by file.

    Args:
        stored: The bookmark this run started with.
        totals: Names of the control total columns.
        origin: The setting the files come by.
    """

    def __init__(self, stored: Mapping[str, Any], totals: Iterable[str], origin: str) -> None:
        self._origin = origin
        kept = {} if is_of_another_origin(stored, origin) else stored
        self.files: dict[str, Any] = dict(kept.get("files", {}))
        self._versions: dict[str, Any] = dict(kept.get("versions", {}))
        self._sent: list[Figures] = []
        self._totals = tuple(totals)

    def add(self, name: str, entry: Figures) -> None:
        """Note that a file was sent."""
        self._versions[name] = {
            "number": self.version(name, lambda: entry["sha256"]),
            "sha256": entry["sha256"],
        }
        self.files[name] = entry
        self._sent.append(entry)

    def version(self, name: str, sha256: Callable[[], str], size: int | None = None) -> int:
        """How often a file had changed when it came to hold what it holds.

        A file that is forgotten and sent again has not changed.

        Args:
            name: The file's.
            sha256: Gives the hash of its content; asked only if it may be what was sent before.
            size: Of its content in bytes, where that is known without reading it.
        """
        if not (last := self._versions.get(name)):
            return 0
        sent = self.files.get(name, {})
        is_other = (
            size is not None and sent.get("sha256") == last["sha256"] and sent["size"] != size
        )
        return int(last["number"]) + int(is_other or last["sha256"] != sha256())

    def forget(self, names: Iterable[str]) -> None:
        """Let files be sent again, in this invocation or in the next."""
        for name in names:
            self.files.pop(name, None)

    @property
    def rows_sent(self) -> int:
        """Rows sent in this invocation."""
        return sum(entry["rows"] for entry in self._sent)

    def document(self, as_of: str) -> dict[str, Any]:
        """The bookmark as it is now, sharing nothing with this object.

        Args:
            as_of: When the source was looked at, in ISO 8601.
        """
        files = {name: dict(entry) for name, entry in self.files.items()}
        return {
            "origin": self._origin,
            "files": files,
            "versions": {name: dict(each) for name, each in self._versions.items()},
            "source": self._sum(self.files.values()) | {"as_of": as_of},
            "read": self._sum(self._sent),
        }

    def _sum(self, entries: Iterable[Figures]) -> Figures:
        entries = list(entries)
        totals = {}
        with localcontext(EXACT):
            for name in self._totals:
                parts = (Decimal(entry["totals"].get(name, "0")) for entry in entries)
                totals[name] = f"{sum(parts, Decimal()):f}"
        return {"rows": sum(entry["rows"] for entry in entries), "totals": totals}
