"""What the tests of the taps for files share: contracts made on the spot, and what a run wrote."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import contract_documents

from tap_csv.reader import CsvReader
from waybill_common import batch_files
from waybill_common.dialects import Dialect
from waybill_common.files.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_common.files.tap import FileTap

Columns = dict[str, str]


@dataclass
class Output:
    """The messages of one run, rows gathered by stream."""

    messages: list[dict[str, Any]]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    @property
    def state(self) -> dict[str, Any]:
        return self.of("STATE")[-1]["value"]

    def bookmark(self, stream: str) -> dict[str, Any]:
        return self.state["bookmarks"][stream]

    def schema(self, stream: str) -> dict[str, Any]:
        return next(m["schema"] for m in self.of("SCHEMA") if m["stream"] == stream)


def gather(text: str, *, is_decoded: bool = True) -> Output:
    """Read a run's output, batch files included unless they are too large for that."""
    messages = [json.loads(line, parse_float=str) for line in text.splitlines()]
    output = Output(messages)
    for message in messages:
        rows = output.rows.setdefault(message.get("stream", ""), [])
        if message["type"] == "RECORD":
            rows.append(message["record"])
        elif message["type"] == "BATCH" and is_decoded:
            rows += batch_rows(message)
    return output


def batch_bytes(message: dict[str, Any]) -> bytes:
    """The range that a BATCH message speaks of."""
    if not message["manifest"]:
        return b""
    (uri,) = message["manifest"]
    path, encoding = batch_files.local_path(uri), message["encoding"]
    if identity := encoding.get("file_identity"):
        found = path.stat()
        assert identity == {
            "size": found.st_size,
            "mtime_ns": found.st_mtime_ns,
            "inode": found.st_ino,
        }
    with path.open("rb") as file:
        file.seek(encoding["offset"])
        data = file.read(encoding["length"])
    assert len(data) == encoding["length"]
    return data


def batch_rows(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as rows."""
    encoding = message["encoding"]
    names = encoding["columns"]
    fixed = {
        "_sdc_source_file": encoding["source_partition"],
        "_sdc_extracted_at": encoding["extracted_at"],
    }
    tape = Tape(io.BytesIO(b"header\n" + batch_bytes(message)))
    rows = []
    for chunk in CsvReader(tape, Dialect(encoding["delimiter"])).chunks():
        for record in chunk.records():
            quoted = record.quoted_empties()
            values = [value or ("" if i in quoted else None) for i, value in enumerate(record.row)]
            rows.append(dict(zip(names, values or [None], strict=True)) | fixed)
    assert len(rows) == encoding["rows"]
    return rows


def run(
    tap: type[FileTap],
    path: object,
    contract: Path,
    mode: str = "batch",
    state: dict[str, Any] | None = None,
    *,
    catalog: dict[str, Any] | None = None,
    is_decoded: bool = True,
    **settings: Any,
) -> Output:
    """Run a tap in this process; gives what it wrote."""
    config = {"path": str(path), "contract": str(contract), "mode": mode} | settings
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        tap(config=config, state=state, catalog=catalog).sync_all()
    return gather(written.getvalue(), is_decoded=is_decoded)


def document(
    streams: dict[str, Columns], suffix: str, drift: str = "evolve", **custom: Any
) -> dict[str, Any]:
    """A contract of files `<stream>*.<suffix>`, its columns marked as in `contract_documents.column`."""
    return contract_documents.contract(
        "shop",
        [
            contract_documents.stream(
                name, columns, **({"files": f"{name}*.{suffix}", "drift": drift} | custom)
            )
            for name, columns in streams.items()
        ],
    )


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder behind a local HTTP server, which knows no ranges."""
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
