"""What the tests of tap-csv share: contracts made on the spot, runs of the tap, a local HTTP server."""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import file_taps
import pytest
import yaml
from file_taps import Columns, Output, batch_bytes

from tap_csv.tap import TapCsv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(name="range_of")
def _range_of() -> Callable[[dict[str, Any]], bytes]:
    return batch_bytes


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


@pytest.fixture
def contract(tmp_path: Path) -> Callable[..., Path]:
    """Writes a contract and gives its path."""

    def write(streams: dict[str, Columns], **options: Any) -> Path:
        path = tmp_path / "contract.yml"
        path.write_text(yaml.safe_dump(file_taps.document(streams, "csv", **options)))
        return path

    return write


@pytest.fixture
def run(home: Path) -> Callable[..., Output]:
    """Runs the tap in this process and gives what it wrote."""
    assert home.parent.is_dir()
    return partial(file_taps.run, TapCsv)


@pytest.fixture(params=["batch", "record"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    """The folder behind a local HTTP server, which knows no ranges."""
    with file_taps.served(folder) as url:
        yield url
