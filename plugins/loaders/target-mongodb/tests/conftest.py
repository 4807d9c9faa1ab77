"""How the tests of target-mongodb speak to it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mongo_server
import pytest

from target_mongodb.target import TargetMongodb
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mongo_server import Kept

Message = dict[str, Any]
EXECUTABLE = Path(sys.executable).with_name("target-mongodb")
STATE: Message = {"type": "STATE", "value": {"bookmarks": {"people": {"done": 1}}}}


@dataclass(frozen=True)
class Sender:
    """Sends messages to the target, in this process or as the command."""

    url: str
    folder: Path
    config: dict[str, Any] = field(default_factory=dict)

    def send(self, *messages: Message, **config: Any) -> subprocess.CompletedProcess[str]:
        """Run the target on messages in this process, which spares a start."""
        given = {"url": self.url, "url_setting": "WAYBILL_MONGODB"} | self.config | config
        out, error, code = io.StringIO(), "", 0
        target = TargetMongodb(config=given)
        try:
            with contextlib.redirect_stdout(out):
                target.listen(io.StringIO("".join(map(line, messages))))
        except WaybillError as failure:
            error, code = f"error: {failure}\n", 1
        finally:
            if "database" in vars(target):
                target.database.client.close()
        return subprocess.CompletedProcess([], code, out.getvalue(), error)

    def command(self, *messages: Message, **config: Any) -> subprocess.CompletedProcess[str]:
        """Run the command on messages; its URL comes from the environment alone."""
        process = self.start(**config)
        out, error = process.communicate("".join(map(line, messages)), 60)
        return subprocess.CompletedProcess([EXECUTABLE], process.returncode, out, error)

    def start(self, **config: Any) -> subprocess.Popen[str]:
        """Start the target; what it reads comes later."""
        path = self.folder / "config.json"
        path.write_text(json.dumps({"url_setting": "WAYBILL_MONGODB"} | self.config | config))
        return subprocess.Popen(
            [EXECUTABLE, "--config", "ENV", "--config", path],
            env=os.environ | {"TARGET_MONGODB_URL": self.url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop_when(self, wait_for: Callable[[], object], *messages: Message) -> tuple[int, str]:
        """Send messages, and SIGTERM when the target has come so far; the exit code and the output."""
        process = self.start()
        assert process.stdin
        process.stdin.write("".join(map(line, messages)))
        process.stdin.close()
        process.stdin = None
        wait_for()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
        return process.returncode, out


def line(message: Message) -> str:
    """A message as the target reads it, decimals with all their digits."""
    marked = json.dumps(message, default=lambda value: f"<{value}>")
    return re.sub(r'"<([-0-9.]+)>"', r"\1", marked) + "\n"


def schema(
    stream: str = "people", key: tuple[str, ...] = ("id",), *, whole: bool = True, **types: str
) -> Message:
    """A SCHEMA as tap-postgres writes it."""
    properties = {name: _property(kind) for name, kind in {"id": "integer", **types}.items()}
    marks = {"x-whole-table": True} if whole else {}
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties} | marks,
        "key_properties": list(key),
    }


def _property(sql_type: str) -> dict[str, Any]:
    kinds = {"integer": "integer", "numeric": "number", "double precision": "number"}
    formats = {"date": "date", "timestamp": "date-time", "timestamp with time zone": "date-time"}
    made: dict[str, Any] = {"type": [kinds.get(sql_type, "string"), "null"]}
    if sql_type in formats:
        made["format"] = formats[sql_type]
    return made | {"x-sql-datatype": sql_type}


def record(stream: str = "people", **values: Any) -> Message:
    """A RECORD."""
    return {"type": "RECORD", "stream": stream, "record": values}


@pytest.fixture
def wire() -> Any:
    """This module's `schema`, `record` and STATE."""

    class Wire:
        schema = staticmethod(schema)
        record = staticmethod(record)
        state = STATE

    return Wire


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Sender, Kept]]:
    """The target on a server that keeps BSON as it came."""
    with mongo_server.keeping() as (url, held):
        yield Sender(url, tmp_path), held


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sender]:
    """The target on somebody else's server."""
    with mongo_server.sqlite(tmp_path) as url:
        yield Sender(url, tmp_path)
