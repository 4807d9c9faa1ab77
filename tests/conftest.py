"""Projects to run whole jobs in, and the real archives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from projects import FirstRun, Project, new_project

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """The one first run of this test session, for all of its processes."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    return FirstRun.of(folder / "first-run")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One new project for all tests of a module."""
    with new_project(tmp_path_factory.mktemp("project") / "waybill") as made:
        yield made


@pytest.fixture(scope="module")
def project_after_first_run(
    first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """One project for all tests of a module, whose samples have landed, are modelled and balance."""
    with first_run.copy(tmp_path_factory.mktemp("project") / "waybill") as made:
        yield made


@pytest.fixture(scope="session")
def real_archives() -> Path:
    """The folder of the real archives; tests that use it are marked `real_data`."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"the real archives are not in {REAL_DATA}")
    return REAL_DATA
