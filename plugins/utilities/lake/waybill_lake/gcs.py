"""A lake in a Google Cloud Storage bucket.

Objects are put on the condition that no generation of their name is there (`ifGenerationMatch=0`),
so that no other is written over, and with their CRC32C, which the server compares. Google's client
finds login and endpoint (`GOOGLE_APPLICATION_CREDENTIALS`, `STORAGE_EMULATOR_HOST`).
https://cloud.google.com/storage/docs/request-preconditions
"""

from __future__ import annotations

import hashlib
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption
from requests.exceptions import RequestException

from waybill_common import project
from waybill_common.errors import WaybillError
from waybill_lake.scratch import Scratch
from waybill_lake.stores import SETTING, ExistsError, MissingError

if TYPE_CHECKING:
    from pathlib import Path

_OUTGOING = "lake-outgoing"
_REFUSALS = (GoogleAPIError, GoogleAuthError, DataCorruption, RequestException, OSError)
_CHUNK = 8 << 20
"""Bytes of one request; a larger object goes in several, and is there with the last of them."""


class GcsStore:
    """Objects of a bucket under a prefix.

    Args:
        bucket: Its name.
        prefix: What stands before each name, without slashes at its ends; may be empty.
        setting: What holds the URI, for messages.

    Attributes:
        place: The prefix as a URI, for messages.
    """

    def __init__(self, bucket: str, prefix: str, setting: str = SETTING) -> None:
        self._name = bucket
        self._setting = setting
        self._prefix = f"{prefix}/" if prefix else ""
        self.place = f"gs://{bucket}/{prefix}".rstrip("/")
        self._is_proven = not os.environ.get("STORAGE_EMULATOR_HOST")
        self._scratch = Scratch(project.home() / _OUTGOING, "WAYBILL_HOME")

    @cached_property
    def _client(self) -> Any:
        try:
            return storage.Client(project=None)
        except _REFUSALS as error:
            raise self._refused(error) from error

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
        is_new = self._put_new(name, path)
        if not self._is_proven:
            if self._put_new(name, path):
                msg = f"{self._setting}: the server of {self.place} writes over objects in spite of ifGenerationMatch, so nothing there would be immutable."
                raise WaybillError(msg, "Set it to another place, or unset STORAGE_EMULATOR_HOST.")
            self._is_proven = True
        if not is_new and _sha256(self.get(name)) != _sha256(path.read_bytes()):
            raise ExistsError(name)
        path.unlink()

    def _put_new(self, name: str, path: Path) -> bool:
        """Put an object unless there is one of that name; returns whether there was none.

        The client tries again by itself, which the condition makes safe: an attempt whose answer
        was lost is found as an object of the same content.
        """
        try:
            self._blob(name, chunk_size=_CHUNK).upload_from_filename(
                str(path),
                content_type="application/octet-stream",
                if_generation_match=0,
                checksum="crc32c",
            )
        except PreconditionFailed:
            return False
        except _REFUSALS as error:
            raise self._refused(error) from error
        return True

    def get(self, name: str) -> bytes:
        """The content of an object.

        Raises:
            MissingError: There is none of that name.
            WaybillError: The server refuses or cannot be reached.
        """
        try:
            content: bytes = self._blob(name).download_as_bytes(checksum="crc32c")
        except NotFound as error:
            self.last("")  # says so where the bucket is missing, not the object
            raise MissingError(name) from error
        except _REFUSALS as error:
            raise self._refused(error) from error
        return content

    def last(self, folder: str) -> str | None:
        """The highest of the names directly in a folder.

        Raises:
            WaybillError: The server refuses or cannot be reached.
        """
        prefix = f"{self._prefix}{folder}/" if folder else self._prefix
        highest: str | None = None
        try:
            listed = self._client.list_blobs(self._name, prefix=prefix, delimiter="/")
            for page in listed.pages:
                keys = [*(blob.name for blob in page), *page.prefixes]
                names = [key.removeprefix(prefix).rstrip("/") for key in keys]
                highest = max([*names, highest or ""]) or None
        except _REFUSALS as error:
            raise self._refused(error) from error
        return highest

    def close(self) -> None:
        """Remove this process's folder."""
        self._scratch.close()

    def _blob(self, name: str, chunk_size: int | None = None) -> Any:
        return self._client.bucket(self._name).blob(self._prefix + name, chunk_size)

    def _refused(self, error: Exception) -> WaybillError:
        msg = f"{self._setting}: {self.place} cannot be used: {str(error).rstrip('.')}."
        remedy = "Check the bucket, GOOGLE_APPLICATION_CREDENTIALS, and the login's rights (docs/lake.md)."
        return WaybillError(msg, remedy)


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
