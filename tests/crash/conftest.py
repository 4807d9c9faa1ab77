"""A cluster of the crash tests' own, whose postmaster they may kill."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from crash import process
from crash.server import Server

from waybill_warehouse import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _zygote() -> Iterator[None]:
    """Taps and targets are forked rather than started."""
    with process.forked():
        yield


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server; it is stopped and removed at the end."""
    folder = tmp_path_factory.mktemp("crash") / "postgres"
    with scratch.cluster(folder) as cluster, ExitStack() as guards:
        yield Server(cluster, guards)
