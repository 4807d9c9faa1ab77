"""What the tests of tap-csv share: contracts made on the spot, runs of the tap, a local HTTP server."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import signal
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import contract_documents
import pytest
import yaml

from tap_csv.reader import CsvReader
from tap_csv.tap import TapCsv
from waybill_common import batch_files
from waybill_common.dialects import Dialect
from waybill_common.files.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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


@pytest.fixture(name="range_of")
def _range_of() -> Callable[[dict[str, Any]], bytes]:
    return batch_bytes


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


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The SDK's signal handlers end with the test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("WAYBILL_HOME", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for a test's CSV files."""
    path = tmp_path / "csv"
    path.mkdir()
    return path


def document(streams: dict[str, Columns], drift: str = "evolve", **custom: Any) -> dict[str, Any]:
    """A contract of files `<stream>*.csv`, its columns marked as in `contract_documents.column`."""
    return contract_documents.contract(
        "shop",
        [
            contract_documents.stream(
                name, columns, **({"files": f"{name}*.csv", "drift": drift} | custom)
            )
            for name, columns in streams.items()
        ],
    )


@pytest.fixture
def contract(tmp_path: Path) -> Callable[..., Path]:
    """Writes a contract and gives its path."""

    def write(streams: dict[str, Columns], **options: Any) -> Path:
        path = tmp_path / "contract.yml"
        path.write_text(yaml.safe_dump(document(streams, **options)))
        return path

    return write


@pytest.fixture
def run(home: Path) -> Callable[..., Output]:
    """Runs the tap in this process and gives what it wrote."""

    def run_tap(
        path: object,
        contract: Path,
        mode: str = "batch",
        state: dict[str, Any] | None = None,
        catalog: dict[str, Any] | None = None,
        *,
        is_decoded: bool = True,
        **settings: Any,
    ) -> Output:
        assert home.parent.is_dir()
        config = {"path": str(path), "contract": str(contract), "mode": mode} | settings
        written = io.StringIO()
        with contextlib.redirect_stdout(written):
            TapCsv(config=config, state=state, catalog=catalog).sync_all()
        return gather(written.getvalue(), is_decoded=is_decoded)

    return run_tap


@pytest.fixture(params=["batch", "record"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    """The folder behind a local HTTP server, which knows no ranges."""
    handler = lambda *args: _Quiet(*args, directory=str(folder))  # noqa: E731 - a handler is called like a class
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
