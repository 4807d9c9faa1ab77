"""Lakes of a test: a local folder, and a bucket with object lock in a moto server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from locked_buckets import locked_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a bucket whose objects nobody can change or remove for a day."""
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path / "outgoing"))
    with locked_bucket() as name:
        yield name


@pytest.fixture(params=["folder", "s3"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A LANDING_URI of each kind."""
    if request.param == "s3":
        return f"s3://{request.getfixturevalue('bucket')}/a/prefix"
    return str(tmp_path / "lake")
