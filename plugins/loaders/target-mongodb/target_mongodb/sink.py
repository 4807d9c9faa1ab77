"""The SDK's side of a stream: it gathers records and hands documents on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from singer_sdk.sinks import Sink

from target_mongodb.documents import Document, Documents
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.helpers._batch import BaseBatchFileEncoding

    from target_mongodb.target import TargetMongodb

_BATCH = 1_000
"""Documents in one bulk write."""


class MongodbSink(Sink):
    """One stream under one SCHEMA."""

    MAX_SIZE_DEFAULT = _BATCH

    def __init__(
        self,
        target: TargetMongodb,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self._publication = target.publication(stream_name)
        self._documents = Documents.of(stream_name, schema, key_properties or ())
        self._waiting: list[Document] = []

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002
        """Make a record a document, which waits for its bulk write."""
        self._waiting.append(self._documents.document(record))

    def process_batch(self, context: dict[str, Any]) -> None:  # noqa: ARG002
        """Write what waits."""
        self._publication.write(self._waiting)
        self._waiting = []

    def process_batch_files(
        self,
        encoding: BaseBatchFileEncoding,  # noqa: ARG002
        files: Sequence[str],  # noqa: ARG002
    ) -> NoReturn:
        """Refuse files.

        Raises:
            WaybillError: Always.
        """
        msg = f"Stream {self.stream_name}: batch files came, and this target takes records."
        raise WaybillError(msg, "Set the tap's `mode` to record.")

    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        """Leave the values as they came: `Documents` converts them, and refuses what has no form."""
        return record
