"""Object stores, by real clients against servers in this process: moto for S3, an emulator for GCS."""

from __future__ import annotations

import gzip
import io
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

import fsspec
import pytest
from backports import zstd
from generation_buckets import storage_server

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

COLUMNS = {"orders": {"id": "integer"}, "items": {"id": "integer"}}
FILES = {
    "day/orders.csv": b"id\n1\n",
    "day/orders_2.csv.gz": gzip.compress(b"id\n2\nx\n"),
    "day/items.csv.zst": zstd.compress(b"id\n3\n"),
    "day/notes.txt": b"not a table",
}
EXPECTED = [("1", "orders.csv"), ("2", "orders_2.csv.gz"), ("3", "items.csv.zst")]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    yield "s3"
    server.stop()


@pytest.fixture
def gs() -> Iterator[str]:
    with storage_server():
        yield "gs"


@pytest.fixture(params=["s3", "gs"])
def bucket(request: pytest.FixtureRequest) -> Iterator[str]:
    """A bucket with the files, as a URL."""
    scheme = request.getfixturevalue(request.param)
    fsspec.filesystem(scheme).clear_instance_cache()
    filesystem = fsspec.filesystem(scheme)
    name = f"shop-{uuid.uuid4().hex}"  # a server in this process keeps the buckets of other tests
    filesystem.mkdir(name)
    for path, content in FILES.items():
        filesystem.pipe_file(f"{name}/{path}", content)
    yield f"{scheme}://{name}"
    filesystem.clear_instance_cache()


def found(output: Any) -> list[tuple[str, str]]:
    rows = [*output.rows["orders"], *output.rows.get("items", [])]
    return [(str(row["id"]), row["_sdc_source_file"]) for row in rows]


def test_prefix_glob_and_file(run: Run, contract: MakeContract, bucket: str, mode: str) -> None:
    # Protects reading from an object store, compressed files and dead letters in it included.
    output = run(f"{bucket}/day", contract(COLUMNS), mode)
    assert found(output) == EXPECTED
    (letter,) = output.rows["dead_letter"]
    assert (letter["source_file"], letter["source_line"]) == ("orders_2.csv.gz", 3)
    assert found(run(f"{bucket}/day/orders*", contract(COLUMNS), mode)) == EXPECTED[:2]
    assert found(run(f"{bucket}/day/orders.csv", contract(COLUMNS), mode)) == EXPECTED[:1]
    again = run(f"{bucket}/day", contract(COLUMNS), mode, state=output.state)
    assert found(again) == []


def test_zip_in_a_bucket(run: Run, contract: MakeContract, bucket: str) -> None:
    # Protects archives that are never downloaded as a whole.
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("orders.csv", "id\n1\n")
        opened.writestr("items.csv", "id\n3\n")
    fsspec.filesystem(bucket[:2]).pipe_file(f"{bucket}/all.zip", archive.getvalue())
    assert found(run(f"{bucket}/all.zip", contract(COLUMNS))) == [
        ("1", "orders.csv"),
        ("3", "items.csv"),
    ]


def test_place_without_files_is_named(run: Run, contract: MakeContract, bucket: str) -> None:
    # Protects the one line that says what is wrong with an address.
    with pytest.raises(
        WaybillError, match=f"path: {bucket}/night cannot be read: there is nothing"
    ):
        run(f"{bucket}/night", contract(COLUMNS))
