"""Fixtures for tests that need PostgreSQL: a cluster for each pytest process, databases for each test."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from waybill_warehouse import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_warehouse.cluster import Cluster
    from waybill_warehouse.scratch import ScratchDatabase

PROJECT = Path(__file__).parent
_SETTINGS = ("LANDING_", "PROCESSED_", "WAREHOUSE_", "WAYBILL_", "PG")

_LONGEST = ("test_real_data", "test_elt_next_day", "test_personal_data", "test_waybill_dbt_")
"""How the names of the modules begin that take minutes."""

settings.register_profile(
    "waybill",
    deadline=None,
    derandomize=True,
    # A fixture lasts for all examples on purpose: no example depends on another.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("waybill")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, so that no core has to wait for one of them at the end."""
    items.sort(key=lambda item: not item.path.name.startswith(_LONGEST))


@pytest.fixture(scope="session", autouse=True)
def _neutral_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No setting of the developer's reaches a test, nor does what their own runs left behind."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_SETTINGS)]:
            patch.delenv(name)
        patch.setenv("MELTANO_PROJECT_ROOT", str(PROJECT))
        patch.setenv("WAYBILL_HOME", str(tmp_path_factory.mktemp("neutral") / "no-home"))
        yield


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running PostgreSQL of this pytest process; it is stopped and removed at the end."""
    with scratch.cluster(tmp_path_factory.mktemp("cluster") / "postgres") as running:
        yield running


@pytest.fixture
def waybill_home(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A WAYBILL_HOME of this test; its cluster.json leads to databases of this test."""
    home = tmp_path / "home"
    scratch.write_home(home, cluster)
    monkeypatch.setenv("WAYBILL_HOME", str(home))
    return home


@pytest.fixture
def warehouse(waybill_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScratchDatabase]:
    """A bootstrapped warehouse of this test, which WAREHOUSE_<ROLE>_URL lead to."""
    with scratch.warehouse(waybill_home) as database:
        for role in database.connections:
            monkeypatch.setenv(f"WAREHOUSE_{role.upper()}_URL", database.url(role))
        yield database


@pytest.fixture
def source_database(waybill_home: Path) -> Iterator[ScratchDatabase]:
    """An empty source database of this test: `admin` fills it, `reader` (source_reader) reads it.

    It is also what `waybill_common.connections.source` gives where no URL is set.
    """
    with scratch.source(waybill_home) as database:
        yield database
