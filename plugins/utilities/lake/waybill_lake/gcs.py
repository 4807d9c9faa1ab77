"""A lake in a Google Cloud Storage bucket.

Objects are put on the condition that no generation of their name is there (`ifGenerationMatch=0`),
so that no other is written over, and with their CRC32C, which the server compares. Google's client
finds login and endpoint (`GOOGLE_APPLICATION_CREDENTIALS`, `STORAGE_EMULATOR_HOST`).
https://cloud.google.com/storage/docs/request-preconditions
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption
from requests.exceptions import RequestException

from waybill_common.errors import WaybillError
from waybill_lake.bucket import BucketStore
from waybill_lake.stores import SETTING, MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REFUSALS = (GoogleAPIError, GoogleAuthError, DataCorruption, RequestException, OSError)
_CHUNK = 8 << 20
"""Bytes of one request; a larger object goes in several, and is there with the last of them."""


class GcsStore(BucketStore):
    """Objects of a bucket of Google's."""

    scheme = "gs"
    remedy = (
        "Check the bucket, GOOGLE_APPLICATION_CREDENTIALS, and the login's rights (docs/lake.md)."
    )

    def __init__(self, bucket: str, prefix: str, setting: str = SETTING) -> None:
        super().__init__(bucket, prefix, setting)
        self._is_proven = not os.environ.get("STORAGE_EMULATOR_HOST")

    @cached_property
    def _client(self) -> Any:
        try:
            return storage.Client(project=None)
        except _REFUSALS as error:
            raise self._refused(error) from error

    def _put_first(self, name: str, path: Path) -> bool:
        is_new = self._put_new(name, path)
        if not self._is_proven:
            if self._put_new(name, path):
                msg = f"{self._setting}: the server of {self.place} writes over objects in spite of ifGenerationMatch, so nothing there would be immutable."
                raise WaybillError(msg, "Set it to another place, or unset STORAGE_EMULATOR_HOST.")
            self._is_proven = True
        return is_new

    def _put_new(self, name: str, path: Path) -> bool:
        """Put an object unless there is one of that name; returns whether there was none.

        The client tries again by itself, which the condition makes safe.
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
            self._find_bucket()
            raise MissingError(name) from error
        except _REFUSALS as error:
            raise self._refused(error) from error
        return content

    def _find_bucket(self) -> None:
        """Say so where it is the bucket that is missing, not an object; one name is enough to tell."""
        try:
            next(iter(self._client.list_blobs(self._bucket, max_results=1)), None)
        except _REFUSALS as error:
            raise self._refused(error) from error

    def _keys(self, prefix: str) -> Iterator[str]:
        try:
            listed = self._client.list_blobs(self._bucket, prefix=prefix, delimiter="/")
            for page in listed.pages:
                yield from (blob.name for blob in page)
                yield from page.prefixes
        except _REFUSALS as error:
            raise self._refused(error) from error

    def _blob(self, name: str, chunk_size: int | None = None) -> Any:
        return self._client.bucket(self._bucket).blob(self._prefix + name, chunk_size)
