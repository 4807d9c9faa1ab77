"""The log of a source's manifests: numbered without gaps, so that readers miss none.

A manifest is put under the number behind the last one. Of two writers one finds the number taken,
reads what the other has written, and takes the next.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from waybill_common.errors import WaybillError
from waybill_lake.stores import ExistsError, MissingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_lake.stores import Store

FORMAT = 1
_FOLDER = "_manifests"
_IN_A_FOLDER = 1000
_REBUILD = (
    "Restore it, or land the source anew under another LANDING_URI; nothing of it was loaded."
)


@dataclass(frozen=True)
class Manifest:
    """One committed transaction of a source.

    Attributes:
        sequence: Its number, from 1.
        body: All else, as JSON has it.
    """

    sequence: int
    body: dict[str, Any] = field(repr=False)

    @property
    def heads(self) -> dict[str, dict[str, Any]]:
        """By stream, what is known of it once this manifest has been read."""
        heads: dict[str, dict[str, Any]] = self.body["heads"]
        return heads


class Log:
    """The manifests below a folder of a store.

    Args:
        store: Where it is.
        folder: The folder that has it, such as a source's.
    """

    def __init__(self, store: Store, folder: str) -> None:
        self.store = store
        self._folder = f"{folder}/{_FOLDER}"

    def head(self) -> Manifest | None:
        """The last manifest; None where there is none."""
        folder = self.store.last(self._folder)
        if folder is None:
            return None
        name = self.store.last(f"{self._folder}/{folder}")
        try:
            number = int((name or "").removesuffix(".json"))
        except ValueError as error:
            msg = f"{self.store.place}/{self._folder}/{folder}: {name!r} is no manifest's name."
            raise WaybillError(msg, "Remove what does not belong there.") from error
        return self.read(number)

    def read(self, sequence: int) -> Manifest:
        """A manifest.

        Raises:
            WaybillError: It is missing or damaged.
        """
        place = f"{self.store.place}/{self.name(sequence)}"
        try:
            content = self.store.get(self.name(sequence))
        except MissingError as error:
            msg = f"The manifest {place} is missing."
            raise WaybillError(msg, _REBUILD) from error
        try:
            document = json.loads(content, parse_float=Decimal)
            checksum, body = document["sha256"], document["manifest"]
        except (ValueError, KeyError, TypeError) as error:
            msg = f"The manifest {place} is damaged: it is not what was written."
            raise WaybillError(msg, _REBUILD) from error
        if checksum != _checksum(body):
            msg = f"The manifest {place} is damaged: its checksum differs."
            raise WaybillError(msg, _REBUILD)
        if body.get("format") != FORMAT:
            msg = f"The manifest {place} is of format {body.get('format')!r}."
            raise WaybillError(msg, "Read it with the version of Waybill that wrote it.")
        return Manifest(sequence, body)

    def append(
        self, head: Manifest | None, body_after: Callable[[Manifest | None], dict[str, Any]]
    ) -> Manifest:
        """Commit: put a manifest behind the last one.

        Args:
            head: The last manifest, as far as is known.
            body_after: What to write, given the last manifest.

        Returns:
            The manifest as it stands in the log.
        """
        while True:
            body = {"format": FORMAT, **body_after(head)}
            sequence = head.sequence + 1 if head else 1
            path = self.store.scratch / "manifest.json"
            document = {"sha256": _checksum(body), "manifest": body}
            path.unlink(missing_ok=True)
            path.write_text(_json(document), encoding="utf-8")
            try:
                self.store.put(self.name(sequence), path)
            except ExistsError:
                head = self.read(sequence)
            else:
                return Manifest(sequence, body)

    def name(self, sequence: int) -> str:
        """The name of a manifest's object."""
        return f"{self._folder}/{sequence // _IN_A_FOLDER:09}/{sequence:012}.json"


def part_of_a_name(text: str) -> str:
    """A text as one part of an object's name, whatever it holds."""
    quoted = quote(text, safe="")
    # What begins with a dot or underscore is passed over by most readers of a data lake.
    return f"%{ord(quoted[0]):02X}{quoted[1:]}" if quoted[:1] in {".", "_"} else quoted


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_number) + "\n"


def _number(value: object) -> object:
    if isinstance(value, Decimal):
        # A bookmark of another's tap may hold one; it comes back as the same number.
        return float(value)
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)


def _checksum(body: object) -> str:
    return hashlib.sha256(_json(body).encode()).hexdigest()
