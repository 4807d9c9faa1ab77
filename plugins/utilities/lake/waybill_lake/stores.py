"""Where a lake is: a local folder or a bucket, and what both promise.

An object is put whole or not at all, and never over another one. That is all the lake builds on.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

SETTING = "LANDING_URI"
PROCESSED_SETTING = "PROCESSED_URI"
"""Where the marts go, if not beside what has landed: who reads them need not reach that."""
DEFAULT = "lake"
"""A folder under WAYBILL_HOME."""
PROCESSED = "processed"
"""The folder of the marts, beside those of the sources."""


class ExistsError(Exception):
    """There is an object of that name."""


class MissingError(Exception):
    """There is no object of that name."""


class Store(Protocol):
    """Immutable objects by name; a name is parted by slashes.

    Attributes:
        place: Where it is, for messages.
        scratch: A folder for files on their way into it, which no reader looks into.
    """

    place: str

    @property
    def scratch(self) -> Path:
        """The folder for files on their way."""

    def put(self, name: str, path: Path) -> None:
        """Make an object of a file of `scratch`, which is gone afterwards.

        Returns when the object is durable.

        Raises:
            ExistsError: The name is taken, by another content.
        """

    def get(self, name: str) -> bytes:
        """The content of an object.

        Raises:
            MissingError: There is none of that name.
        """

    def last(self, folder: str) -> str | None:
        """The highest of the names directly in a folder, also of its folders; None of none."""

    def close(self) -> None:
        """Let go of `scratch`."""


def open_store(uri: str | None, setting: str = SETTING) -> Store:
    """The store that a URI names.

    Args:
        uri: A path, relative ones from the project's root; `file://…`, `s3://bucket/prefix`,
            `gs://bucket/prefix`; empty for a folder under WAYBILL_HOME.
        setting: What holds the URI, for messages.

    Raises:
        WaybillError: Nothing here knows such a URI.
    """
    from waybill_lake.local import LocalStore  # noqa: PLC0415 - it builds on this module

    if not uri:
        return LocalStore(project.home() / DEFAULT)
    parts = urlsplit(uri)
    if parts.scheme == "s3" and parts.netloc:
        from waybill_lake.s3 import S3Store  # noqa: PLC0415 - boto3 takes a third of a second

        return S3Store(parts.netloc, parts.path.strip("/"), setting)
    if parts.scheme == "gs" and parts.netloc:
        from waybill_lake.gcs import GcsStore  # noqa: PLC0415 - Google's client takes half a second

        return GcsStore(parts.netloc, parts.path.strip("/"), setting)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        return LocalStore(project.resolve(parts.path), setting)
    if "://" in uri:
        msg = f"{setting}: {parts.scheme}:// is not known."
        raise WaybillError(
            msg, "Set it to a folder, to s3://bucket/prefix or to gs://bucket/prefix."
        )
    return LocalStore(project.resolve(uri), setting)


def open_processed() -> Store:
    """The store of the marts: PROCESSED_URI, or the one that LANDING_URI names.

    Raises:
        WaybillError: Nothing here knows such a URI.
    """
    if uri := os.environ.get(PROCESSED_SETTING):
        return open_store(uri, PROCESSED_SETTING)
    return open_store(os.environ.get(SETTING))
