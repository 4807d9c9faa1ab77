"""Members that the contract does not know, which only a look at each row finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError
from waybill_common.files.fields import unusable
from waybill_common.files.json_items import Items
from waybill_common.files.tape import Tape

if TYPE_CHECKING:
    from waybill_common.contracts import Stream
    from waybill_common.source_files import SourceFile

SAMPLE_BYTES = 1 << 20
"""How much of a file the catalog is made from."""
MOST = 500
"""Members; an object with more of them is a map, whose names are data."""


def unknown(file: SourceFile, stream: Stream, *, is_sample: bool) -> list[str]:
    """The members of a file's rows that the contract does not know, in the order they come up.

    Args:
        file: The file.
        stream: What the contract says.
        is_sample: Whether the beginning of the file is enough.

    Raises:
        WaybillError: The file cannot be read, or there are too many of them to be columns.
    """
    sources = {column.source_name for column in stream.columns}
    known = sources | {column.name for column in stream.columns}
    found: dict[str, None] = {}
    with file.open() as content:
        tape = Tape(content, stream.dialect.encoding)
        for chunk in Items(file, stream, tape).chunks():
            for item in chunk:
                if isinstance(item.value, dict) and not item.value.keys() <= known:
                    new = [name for name in item.value if name not in known]
                    found |= dict.fromkeys(name for name in new if not unusable(name, ""))
                    known.update(new)
            if len(found) > MOST:
                msg = f"{file.place} has more than {MOST} members that the contract does not know."
                remedy = f"Put the ones that vary into a member of type jsonb, or set the drift of stream {stream.name} to quarantine."
                raise WaybillError(msg, remedy)
            if is_sample and tape.size >= SAMPLE_BYTES:
                break
    return list(found)
