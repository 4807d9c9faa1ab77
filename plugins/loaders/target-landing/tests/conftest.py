"""How the tests of target-landing speak to it."""

from __future__ import annotations

import io
import json
import signal
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from target_landing.target import TargetLanding
from waybill_lake.log import Log
from waybill_lake.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Message = dict[str, Any]


class Lake:
    """A lake of a test, and a target that writes to it.

    Attributes:
        uri: Where it is.
    """

    def __init__(self, uri: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.uri = uri
        self._capsys = capsys

    @staticmethod
    def schema(stream: str, types: dict[str, str], *key: str, **root: Any) -> Message:
        """A SCHEMA with exact types; `total:` before a type marks a control total."""
        properties: dict[str, Any] = {}
        for name, written in types.items():
            sql_type = written.removeprefix("total:")
            properties[name] = {"type": ["string", "number", "null"], "x-sql-datatype": sql_type}
            if sql_type != written:
                properties[name]["x-control-total"] = True
        schema = {"type": "object", "properties": properties} | root
        return {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": list(key)}

    @staticmethod
    def record(stream: str, /, version: int | None = None, **values: Any) -> Message:
        """A RECORD."""
        message = {"type": "RECORD", "stream": stream, "record": values}
        return message | ({"version": version} if version else {})

    @staticmethod
    def state(**bookmarks: Any) -> Message:
        """A STATE with these bookmarks."""
        return {"type": "STATE", "value": {"bookmarks": bookmarks}}

    def land(self, *messages: Message, source: str = "raw_shop") -> list[Any]:
        """Send messages to a target in this process; returns the states it wrote."""
        target = TargetLanding(config={"landing_uri": self.uri, "source": source})
        self._capsys.readouterr()
        text = "".join(json.dumps(each) + "\n" for each in messages)
        target.listen(io.StringIO(text))
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]

    @property
    def manifests(self) -> list[dict[str, Any]]:
        """What is committed, in order."""
        with closing(open_store(self.uri)) as store:
            log = Log(store, "shop")
            head = log.head()
            count = head.sequence if head else 0
            return [log.read(number).body for number in range(1, count + 1)]

    def rows(self, entry: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of an entry of a manifest."""
        found: list[dict[str, Any]] = []
        with closing(open_store(self.uri)) as store:
            for part in entry["parts"]:
                if part["object"]:
                    table = pq.read_table(pa.BufferReader(store.get(part["object"])))
                    found += table.to_pylist()
        return found


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The SDK's signal handlers end with the test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def lake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Lake:
    """A lake in a folder of this test."""
    return Lake(str(tmp_path / "lake"), capsys)
