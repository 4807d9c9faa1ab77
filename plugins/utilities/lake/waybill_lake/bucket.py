"""What a lake in a bucket does, whoever keeps the bucket."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from waybill_common import project
from waybill_common.errors import WaybillError
from waybill_lake.scratch import Scratch
from waybill_lake.stores import SETTING, ExistsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_OUTGOING = "lake-outgoing"


class BucketStore(ABC):
    """Objects of a bucket under a prefix.

    Args:
        bucket: Its name.
        prefix: What stands before each name, without slashes at its ends; may be empty.
        setting: What holds the URI, for messages.

    Attributes:
        place: The prefix as a URI, for messages.
    """

    scheme: ClassVar[str]
    remedy: ClassVar[str]
    """What to look at where the server refuses."""

    def __init__(self, bucket: str, prefix: str, setting: str = SETTING) -> None:
        self._bucket = bucket
        self._setting = setting
        self._prefix = f"{prefix}/" if prefix else ""
        self.place = f"{self.scheme}://{bucket}/{prefix}".rstrip("/")
        self._scratch = Scratch(project.home() / _OUTGOING, "WAYBILL_HOME")

    @property
    def scratch(self) -> Path:
        """A folder of this process under WAYBILL_HOME."""
        return self._scratch.path

    def put(self, name: str, path: Path) -> None:
        """Make an object of a file.

        Raises:
            ExistsError: The name is taken, by another content.
            WaybillError: The server refuses, cannot be reached, or writes over objects.
        """
        # An attempt whose answer was lost is found as an object of the same content.
        if not self._put_first(name, path) and not self._holds(name, path):
            raise ExistsError(name)
        path.unlink()

    @abstractmethod
    def get(self, name: str) -> bytes:
        """The content of an object.

        Raises:
            MissingError: There is none of that name.
            WaybillError: The server refuses or cannot be reached.
        """

    def last(self, folder: str) -> str | None:
        """The highest of the names directly in a folder.

        Raises:
            WaybillError: The server refuses or cannot be reached.
        """
        prefix = f"{self._prefix}{folder}/"
        names = (key.removeprefix(prefix).rstrip("/") for key in self._keys(prefix))
        return max(names, default="") or None

    def close(self) -> None:
        """Remove this process's folder."""
        self._scratch.close()

    @abstractmethod
    def _put_first(self, name: str, path: Path) -> bool:
        """Put an object unless there is one of that name; returns whether this one counts."""

    @abstractmethod
    def _keys(self, prefix: str) -> Iterable[str]:
        """The keys directly below a prefix, and those of its folders, which end in a slash."""

    def _holds(self, name: str, path: Path) -> bool:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        return hashlib.sha256(self.get(name)).digest() == digest

    def _refused(self, error: Exception) -> WaybillError:
        msg = f"{self._setting}: {self.place} cannot be used: {str(error).rstrip('.')}."
        return WaybillError(msg, self.remedy)
