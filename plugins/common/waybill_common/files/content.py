"""Whether a file holds what was sent of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from waybill_common.files.tape import BLOCK_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from waybill_common.source_files import SourceFile


def is_unchanged(file: SourceFile, known: Mapping[str, Any] | None, fingerprint: str) -> bool:
    """Whether a file's content is what was sent before, and would be sent the same way.

    Another size proves a change; that nothing changed is only proven by the content's hash. A time
    stamp or an archive's CRC is no proof.

    Args:
        file: The file.
        known: The file's entry in the bookmark.
        fingerprint: What it would be read as now.
    """
    if known is None or known.get("read_as") != fingerprint:
        return False
    if file.size is not None and file.size != known["size"]:
        return False
    return sha256(file) == str(known["sha256"])


def sha256(file: SourceFile) -> str:
    """Hash of a file's content, in hexadecimal.

    Raises:
        WaybillError: The file cannot be read.
    """
    digest = hashlib.sha256()
    with file.open() as content:
        while data := content.read(BLOCK_BYTES):
            digest.update(data)
    return digest.hexdigest()
