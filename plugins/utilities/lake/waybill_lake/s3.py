"""A lake in an S3 bucket.

Objects are put with `If-None-Match: *`, so that no other is written over, and with their SHA-256,
which the server compares and an object lock asks for. boto3 finds login, region and endpoint.

Some servers write a new version all the same (Ceph 16 does, where a bucket has versions). There the
first version of a name is the object, for writers and readers alike, and later ones do not count.
"""

from __future__ import annotations

import base64
import hashlib
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from waybill_common.errors import WaybillError
from waybill_lake.bucket import BucketStore
from waybill_lake.stores import SETTING, MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TAKEN = {"PreconditionFailed", "412"}
_TRY_AGAIN = {"ConditionalRequestConflict", "409"}
_MISSING = {"NoSuchKey", "404"}
_ATTEMPTS = 5
_PROOF_BYTES = 1 << 20
"""Most that is sent twice to see whether the server keeps what it has; any manifest is smaller."""
_MARKER = "_first_versions_count"
"""An object that says so to every process; put once, by the first writer that has found it out."""


class S3Store(BucketStore):
    """Objects of a bucket of S3's."""

    scheme = "s3"
    remedy = (
        "Check the bucket, AWS_ENDPOINT_URL, AWS_REGION, the login, and its rights (docs/lake.md)."
    )

    def __init__(self, bucket: str, prefix: str, setting: str = SETTING) -> None:
        super().__init__(bucket, prefix, setting)
        self._is_proven = False
        self._is_marked: bool | None = None

    @cached_property
    def _client(self) -> Any:
        try:
            return boto3.client("s3", config=Config(retries={"mode": "standard"}))
        except BotoCoreError as error:
            raise self._refused(error) from error

    def _put_first(self, name: str, path: Path) -> bool:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        is_new = self._put_new(name, path, digest)
        if not self._is_proven and path.stat().st_size <= _PROOF_BYTES:
            if not self._first_versions_count and self._put_new(name, path, digest):
                self._let_first_versions_count(name)
            self._is_proven = True
        return is_new and (not self._first_versions_count or len(self._versions(name)) == 1)

    @property
    def _first_versions_count(self) -> bool:
        if self._is_marked is None:
            self._is_marked = self._get(_MARKER, None) is not None
        return self._is_marked

    def _let_first_versions_count(self, name: str) -> None:
        """Say for all who come that the server does not heed conditions.

        Args:
            name: An object that was put twice.

        Raises:
            WaybillError: It keeps no versions either.
        """
        if len(self._versions(name)) < 2:  # noqa: PLR2004 - it was put twice
            msg = f"{self._setting}: the server of {self.place} writes over objects in spite of If-None-Match, so nothing there would be immutable."
            remedy = "Give the bucket versions, or set it to another server (docs/lake.md, What was tried)."
            raise WaybillError(msg, remedy)
        marker = self.scratch / _MARKER
        marker.write_bytes(b"The first version of each name is the object.\n")
        self._put_new(_MARKER, marker, hashlib.sha256(marker.read_bytes()).digest())
        marker.unlink()
        self._is_marked = True

    def _versions(self, name: str) -> list[str]:
        """The versions of an object, the first one last."""
        key = self._prefix + name
        try:
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=key
            )
            return [
                str(each["VersionId"])
                for page in pages
                for each in page.get("Versions", ())
                if each["Key"] == key
            ]
        except (ClientError, BotoCoreError) as error:
            raise self._refused(error) from error

    def _put_new(self, name: str, path: Path, digest: bytes) -> bool:
        """Put an object unless there is one of that name; returns whether there was none."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with path.open("rb") as file:
                    self._client.put_object(
                        Bucket=self._bucket,
                        Key=self._prefix + name,
                        Body=file,
                        IfNoneMatch="*",
                        ChecksumAlgorithm="SHA256",
                        ChecksumSHA256=base64.b64encode(digest).decode(),
                    )
            except ClientError as error:
                if _code(error) in _TAKEN:
                    return False
                if _code(error) not in _TRY_AGAIN or attempt == _ATTEMPTS:
                    raise self._refused(error) from error
                time.sleep(0.1 * attempt)
            except BotoCoreError as error:
                raise self._refused(error) from error
            else:
                return True
        return False

    def get(self, name: str) -> bytes:
        """The content of an object.

        Raises:
            MissingError: There is none of that name.
            WaybillError: S3 refuses or cannot be reached.
        """
        version = None
        if self._first_versions_count:
            versions = self._versions(name)
            version = versions[-1] if versions else None
        content = self._get(name, version)
        if content is None:
            raise MissingError(name)
        return content

    def _get(self, name: str, version: str | None) -> bytes | None:
        which = {} if version is None else {"VersionId": version}
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name, **which)
            content: bytes = found["Body"].read()
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise self._refused(error) from error
        except BotoCoreError as error:
            raise self._refused(error) from error
        return content

    def _keys(self, prefix: str) -> Iterator[str]:
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, Delimiter="/"
            )
            for page in pages:
                yield from (each["Key"] for each in page.get("Contents", ()))
                yield from (each["Prefix"] for each in page.get("CommonPrefixes", ()))
        except (ClientError, BotoCoreError) as error:
            raise self._refused(error) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
