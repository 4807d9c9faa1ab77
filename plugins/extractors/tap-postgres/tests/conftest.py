"""How the tests of tap-postgres run it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tap_postgres.tap import TapPostgres
from target_postgres.target import TargetPostgres
from waybill_common import copy_text
from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

Message = dict[str, Any]


class Run:
    """What one run of the tap has written."""

    def __init__(self, text: str, source: ScratchDatabase) -> None:
        self.text = text
        self._source = source
        self.messages: list[Message] = [json.loads(line) for line in text.splitlines()]

    def of(self, kind: str, stream: str | None = None) -> list[Message]:
        """The messages of a type, of one stream if it is named."""
        return [
            each
            for each in self.messages
            if each["type"] == kind and stream in {None, each.get("stream")}
        ]

    @property
    def state(self) -> dict[str, Any]:
        """The last state, after a journey as text."""
        value: dict[str, Any] = json.loads(json.dumps(self.of("STATE")[-1]["value"]))
        return value

    def bookmark(self, stream: str) -> dict[str, Any]:
        """A stream's part of the last state."""
        found: dict[str, Any] = self.state["bookmarks"][stream]
        return found

    def rows(self, stream: str) -> list[dict[str, Any]]:
        """The rows of a stream: values of records, texts from batch files."""
        rows = [each["record"] for each in self.of("RECORD", stream)]
        for batch in self.of("BATCH", stream):
            if batch["encoding"].get("kind") != "keys":
                rows += self._in_files(batch)
        return rows

    def keys(self, stream: str) -> list[dict[str, Any]]:
        """The keys that a stream's rows are compared with."""
        batches = [
            each for each in self.of("BATCH", stream) if each["encoding"].get("kind") == "keys"
        ]
        return [row for batch in batches for row in self._in_files(batch)]

    def _in_files(self, batch: Message) -> list[dict[str, Any]]:
        columns = batch["encoding"]["columns"]
        rows: list[dict[str, Any]] = []
        for uri in batch["manifest"]:
            data = Path(urlsplit(uri).path).read_bytes()
            if batch["encoding"]["format"] == "copy-binary":
                data = self._text_of(data, batch["stream"], columns)
            lines = data.decode().split("\n")[:-1]
            rows += [dict(zip(columns, copy_text.decode_row(line), strict=True)) for line in lines]
        return rows

    def _text_of(self, data: bytes, stream: str, columns: list[str]) -> bytes:
        """Binary COPY data as PostgreSQL itself reads it."""
        properties = self.of("SCHEMA", stream)[-1]["schema"]["properties"]
        types = [f"{quote(each)} {properties[each]['x-sql-datatype']}" for each in columns]
        with self._source.connection().connect() as session, session.cursor() as cursor:
            cursor.execute(f"create temporary table read ({', '.join(types)})".encode())
            with cursor.copy("copy read from stdin (format binary)") as copy:
                copy.write(data)
            with cursor.copy("copy read to stdout") as copy:
                return b"".join(copy)

    def ids(self, stream: str) -> list[int]:
        """The ids of a stream's rows, in order."""
        return sorted(int(row["id"]) for row in self.rows(stream))


class Lane:
    """A tap on this test's source database, and a target on its warehouse."""

    def __init__(self, source: ScratchDatabase, capsys: pytest.CaptureFixture[str]) -> None:
        self.source = source
        self._capsys = capsys

    def tap(self, state: Any = None, catalog: Any = None, **config: Any) -> TapPostgres:
        """A tap in this process, with the snapshot not yet taken from it."""
        return TapPostgres(config=self.settings(**config), state=state, catalog=catalog)

    def settings(self, **config: Any) -> dict[str, Any]:
        """A tap's configuration."""
        return {"sqlalchemy_url": self.source.url("reader"), "mode": "batch"} | config

    def read(self, text: str) -> Run:
        """What a tap has written."""
        return Run(text, self.source)

    def run(self, state: Any = None, catalog: Any = None, **config: Any) -> Run:
        """Run a tap from a state."""
        return self.finish(self.tap(state, catalog, **config))

    def finish(self, tap: TapPostgres) -> Run:
        """Run a tap that has its snapshot."""
        self._capsys.readouterr()
        try:
            tap.sync_all()
        finally:
            tap.snapshot.connection.close()
        return self.read(self._capsys.readouterr().out)

    def land(self, run: Run, schema: str = "raw_test", **config: Any) -> None:
        """Send what a tap has written to the target."""
        target = TargetPostgres(config={"default_target_schema": schema} | config)
        target.listen(io.StringIO(run.text))
        self._capsys.readouterr()

    def catalog(self) -> dict[str, Any]:
        """The catalog as discovery writes it."""
        tap = self.tap()
        found: dict[str, Any] = json.loads(tap.catalog_json_text)
        tap.snapshot.connection.close()
        return found

    def incremental(self, stream: str, key: str, **metadata: Any) -> dict[str, Any]:
        """The discovered catalog with a replication key, as Meltano's metadata rules set it."""
        catalog = self.catalog()
        entry = next(each for each in catalog["streams"] if each["tap_stream_id"] == stream)
        root = next(each for each in entry["metadata"] if not each["breadcrumb"])
        wanted = {"replication-key": key, "replication-method": "INCREMENTAL"} | metadata
        root["metadata"] |= wanted
        entry |= {name.replace("-", "_"): value for name, value in wanted.items()}
        return {"streams": [entry]}


@pytest.fixture
def lane(source_database: ScratchDatabase, capsys: pytest.CaptureFixture[str]) -> Lane:
    """A lane from this test's source."""
    return Lane(source_database, capsys)
