"""How the tests of target-postgres speak to it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from target_postgres.target import TargetPostgres
from waybill_common import copy_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from waybill_warehouse.scratch import ScratchDatabase

Message = dict[str, Any]
EXECUTABLE = Path(sys.executable).with_name("target-postgres")
SCHEMA = "raw_test"


class Wire:
    """Builds Singer messages and sends them to the target."""

    executable = EXECUTABLE

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys

    @staticmethod
    def schema(stream: str, types: dict[str, str], key: Iterable[str] = (), **root: Any) -> Message:
        """A SCHEMA with exact types; `total:` before a type marks a control total."""
        properties: dict[str, Any] = {}
        for name, written in types.items():
            sql_type = written.removeprefix("total:")
            properties[name] = {"type": ["string", "number", "null"], "x-sql-datatype": sql_type}
            if sql_type != written:
                properties[name]["x-control-total"] = True
        schema = {"type": "object", "properties": properties} | root
        return {
            "type": "SCHEMA",
            "stream": stream,
            "schema": schema,
            "key_properties": list(key),
        }

    @staticmethod
    def record(stream: str, **values: Any) -> Message:
        """A RECORD."""
        return {
            "type": "RECORD",
            "stream": stream,
            "record": values,
            "time_extracted": "2026-01-02T03:04:05+00:00",
        }

    @staticmethod
    def state(**bookmarks: Any) -> Message:
        """A STATE with these bookmarks."""
        return {"type": "STATE", "value": {"bookmarks": bookmarks}}

    def batch(
        self, stream: str, columns: list[str], rows: Iterable[Iterable[Any]], **encoding: Any
    ) -> Message:
        """A BATCH with one file of these rows."""
        text = "".join(map(copy_text.encode_row, rows))
        path = self._folder / f"{uuid.uuid4().hex}.copy"
        path.write_text(text, encoding="utf-8", newline="\n")
        return {
            "type": "BATCH",
            "stream": stream,
            "encoding": {
                "format": "copy",
                "compression": "none",
                "columns": columns,
                "rows": text.count("\n"),
                **encoding,
            },
            "manifest": [path.as_uri()],
        }

    def load(self, *messages: Message | str, **config: Any) -> list[dict[str, Any]]:
        """Send messages to a target in this process; returns the states it wrote."""
        target = TargetPostgres(config={"default_target_schema": SCHEMA} | config)
        self._capsys.readouterr()
        try:
            target.listen(io.StringIO(lines(messages)))
        finally:
            target.session.close()
        written = self._capsys.readouterr().out
        return [json.loads(line) for line in written.splitlines()]

    def run(self, *messages: Message | str, **config: Any) -> subprocess.CompletedProcess[str]:
        """Send messages to the installed command."""
        path = self._folder / f"{uuid.uuid4().hex}.json"
        path.write_text(json.dumps({"default_target_schema": SCHEMA} | config))
        return subprocess.run(
            [EXECUTABLE, "--config", path],
            input=lines(messages),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def lines(messages: Iterable[Message | str]) -> str:
    """Messages as the target reads them; texts stand for themselves."""
    return "".join(
        (each if isinstance(each, str) else json.dumps(each)) + "\n" for each in messages
    )


@pytest.fixture
def wire(
    warehouse: ScratchDatabase,  # noqa: ARG001 - the target finds it by the environment
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Wire:
    """A wire to a target whose warehouse is this test's own."""
    folder = tmp_path / "batches"
    folder.mkdir()
    return Wire(folder, capsys)


@pytest.fixture
def ledger(warehouse: ScratchDatabase) -> Callable[[str], list[dict[str, Any]]]:
    """The ledger rows of a stream, as they were written."""

    def read(stream: str) -> list[dict[str, Any]]:
        found = warehouse.rows(
            "select to_jsonb(load) from waybill.load where stream = %s order by load_id", (stream,)
        )
        return [row for (row,) in found]

    return read
