"""Lakes of a test: a local folder, a bucket with object lock in a moto server, one of Google's kind in an emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from generation_buckets import generation_bucket
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


@pytest.fixture
def google_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a bucket of Google's kind."""
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path / "outgoing"))
    with generation_bucket() as name:
        yield name


@pytest.fixture
def heedless(monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 as Ceph 16 is where a bucket has versions: it takes If-None-Match, and does not heed it."""
    make = boto3.client

    def forget(request: Any, **_: Any) -> None:
        del request.headers["If-None-Match"]

    def client(*args: Any, **options: Any) -> Any:
        made = make(*args, **options)
        made.meta.events.register("before-sign.s3.PutObject", forget)
        return made

    monkeypatch.setattr(boto3, "client", client)


@pytest.fixture(params=["folder", "s3", "heedless s3", "gs"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A LANDING_URI of each kind."""
    if request.param == "folder":
        return str(tmp_path / "lake")
    if request.param == "gs":
        return f"gs://{request.getfixturevalue('google_bucket')}/a/prefix"
    if request.param == "heedless s3":
        request.getfixturevalue("heedless")
    return f"s3://{request.getfixturevalue('bucket')}/a/prefix"
