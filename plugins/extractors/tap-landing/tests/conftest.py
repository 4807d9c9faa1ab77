"""How the tests of tap-landing take rows into a lake and out of it."""

from __future__ import annotations

import io
import json
import signal
from typing import TYPE_CHECKING, Any

import contract_documents
import pytest
import yaml
from generation_buckets import generation_bucket
from locked_buckets import locked_bucket

from tap_csv.tap import TapCsv
from tap_landing.tap import TapLanding
from tap_postgres.tap import TapPostgres
from target_landing.target import TargetLanding
from target_postgres.target import TargetPostgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase


class Way:
    """From a source over a lake to a warehouse, each step in this process.

    Attributes:
        uri: Where the lake is.
    """

    def __init__(self, uri: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.uri = uri
        self._capsys = capsys

    def read_files(self, folder: Path, contract: Path, state: Any = None, **config: Any) -> str:
        """What tap-csv writes."""
        settings = {"path": str(folder), "contract": str(contract), "mode": "batch"} | config
        self._capsys.readouterr()
        TapCsv(config=settings, state=state).sync_all()
        return self._capsys.readouterr().out

    def extract(self, source: ScratchDatabase, state: Any = None, **config: Any) -> str:
        """What tap-postgres writes."""
        settings = {"sqlalchemy_url": source.url("reader"), "mode": "batch"} | config
        tap = TapPostgres(config=settings, state=state)
        self._capsys.readouterr()
        try:
            tap.sync_all()
        finally:
            tap.snapshot.connection.close()
        return self._capsys.readouterr().out

    def land(self, text: str, source: str = "shop") -> Any:
        """Send a tap's text into the lake; returns the last state."""
        target = TargetLanding(config={"landing_uri": self.uri, "source": source})
        return self._listen(target, text)

    def replay(self, state: Any = None, source: str = "shop", **config: Any) -> str:
        """What tap-landing writes."""
        settings = {"landing_uri": self.uri, "source": source, "mode": "batch"} | config
        tap = TapLanding(config=settings, state=state)
        self._capsys.readouterr()
        tap.sync_all()
        return self._capsys.readouterr().out

    def load(self, text: str, schema: str, **config: Any) -> Any:
        """Send a tap's text into the warehouse; returns the last state."""
        target = TargetPostgres(config={"default_target_schema": schema} | config)
        try:
            return self._listen(target, text)
        finally:
            target.session.close()

    def _listen(self, target: Any, text: str) -> Any:
        self._capsys.readouterr()
        target.listen(io.StringIO(text))
        written = self._capsys.readouterr().out.splitlines()
        return json.loads(written[-1]) if written else None


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The SDK's signal handlers end with the test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def contract(tmp_path: Path) -> Callable[..., Path]:
    """Writes a contract of streams and gives its path."""

    def write(*streams: dict[str, Any]) -> Path:
        path = tmp_path / "contract.yml"
        path.write_text(yaml.safe_dump(contract_documents.contract("shop", streams)))
        return path

    return write


@pytest.fixture
def way_over_s3(capsys: pytest.CaptureFixture[str]) -> Iterator[Way]:
    """A way over a bucket with object lock."""
    with locked_bucket() as name:
        yield Way(f"s3://{name}", capsys)


@pytest.fixture
def way_over_gs(capsys: pytest.CaptureFixture[str]) -> Iterator[Way]:
    """A way over a bucket of Google's kind."""
    with generation_bucket() as name:
        yield Way(f"gs://{name}", capsys)


@pytest.fixture
def way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Way:
    """A way over a lake in a folder of this test."""
    return Way(str(tmp_path / "lake"), capsys)
