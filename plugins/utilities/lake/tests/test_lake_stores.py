"""What a lake is built on: an object is put whole, once, and stays as it is."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from generation_buckets import generation_bucket

from waybill_common.errors import WaybillError
from waybill_lake.log import Log, Manifest
from waybill_lake.stores import ExistsError, MissingError, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_lake.stores import Store


def _put(store: Store, name: str, content: bytes) -> None:
    path = store.scratch / f"{name.replace('/', '-')}-{os.urandom(4).hex()}"
    path.write_bytes(content)
    try:
        store.put(name, path)
    finally:
        path.unlink(missing_ok=True)


def test_an_object_is_never_written_over(uri: str) -> None:
    # Protects immutability: a second put of a name fails, and what was there stays.
    with closing(open_store(uri)) as store:
        _put(store, "shop/a/part.parquet", b"first")
        with pytest.raises(ExistsError):
            _put(store, "shop/a/part.parquet", b"second")
        assert store.get("shop/a/part.parquet") == b"first"
        with pytest.raises(MissingError):
            store.get("shop/b")
        assert store.last("shop") == "a"
        assert store.last("nothing") is None


def test_a_file_is_read_only_and_nothing_else_is_visible(tmp_path: Path) -> None:
    # Protects a local lake from a slip of the hand, and readers from files on their way.
    with closing(open_store(str(tmp_path / "lake"))) as store:
        _put(store, "shop/a", b"x")
        left = store.scratch
    files = [path for path in (tmp_path / "lake" / "shop").rglob("*") if path.is_file()]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o444]
    assert left.parent.name == ".incoming"
    assert not left.exists()


def test_what_a_killed_process_left_on_its_way_is_removed_by_the_next(tmp_path: Path) -> None:
    # Protects the disk: a kill leaves files that no reader sees, and the next writer sweeps them.
    lake = tmp_path / "lake"
    held = (
        "import sys, time\nfrom waybill_lake.stores import open_store\n"
        f"store = open_store({str(lake)!r})\n(store.scratch / 'half.parquet').write_bytes(b'x')\n"
        "print('there', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", held], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        with closing(open_store(str(lake))) as store:
            assert store.scratch.is_dir()
            assert len(list(lake.rglob("half.parquet"))) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    with closing(open_store(str(lake))) as store:
        assert store.scratch.is_dir()
        assert list(lake.rglob("half.parquet")) == []


def test_an_object_in_a_locked_bucket_has_a_checksum_and_cannot_be_removed(bucket: str) -> None:
    # Protects the promise on S3: the server knows the content's SHA-256, and keeps the version.
    with closing(open_store(f"s3://{bucket}/lake")) as store:
        _put(store, "shop/a", b"x")
        client = boto3.client("s3")
        head = client.head_object(Bucket=bucket, Key="lake/shop/a", ChecksumMode="ENABLED")
        digest = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
        assert head["ChecksumSHA256"] == digest
        with pytest.raises(ClientError):
            client.delete_object(Bucket=bucket, Key="lake/shop/a", VersionId=head["VersionId"])
        client.close()


@pytest.mark.parametrize(("scheme", "fixture"), [("s3", "bucket"), ("gs", "google_bucket")])
def test_a_lost_answer_is_no_clash(
    request: pytest.FixtureRequest, scheme: str, fixture: str
) -> None:
    # Protects from an error where the object is there already, from an attempt whose answer was lost.
    with closing(open_store(f"{scheme}://{request.getfixturevalue(fixture)}")) as store:
        _put(store, "shop/a", b"x")
        _put(store, "shop/a", b"x")
        assert store.get("shop/a") == b"x"


@pytest.mark.usefixtures("heedless")
def test_on_a_server_that_writes_over_objects_the_first_version_counts(bucket: str) -> None:
    # Protects the lake on servers that take If-None-Match and do not heed it: also a process that only
    # reads, and one that writes what somebody else has changed in its place, see what was put first.
    with closing(open_store(f"s3://{bucket}")) as store:
        _put(store, "shop/a", b"x")
        client = boto3.client("s3")
        client.put_object(Bucket=bucket, Key="shop/a", Body=b"slip", ChecksumAlgorithm="SHA256")
        client.close()
        assert store.get("shop/a") == b"x"
    with closing(open_store(f"s3://{bucket}")) as reader:
        assert reader.get("shop/a") == b"x"
        with pytest.raises(ExistsError):
            _put(reader, "shop/a", b"slip")


@pytest.mark.usefixtures("heedless")
def test_a_server_that_keeps_nothing_is_refused(bucket: str) -> None:
    # Protects the lake from servers that write over objects and keep no version of what was there.
    client = boto3.client("s3")
    client.create_bucket(Bucket=f"{bucket}-plain")
    client.close()
    with (
        closing(open_store(f"s3://{bucket}-plain")) as store,
        pytest.raises(WaybillError, match=f"server of s3://{bucket}-plain writes over objects"),
    ):
        _put(store, "shop/a", b"x")


def test_a_place_that_is_not_known_is_named(
    tmp_path: Path, bucket: str, google_bucket: str
) -> None:
    # Protects the user from a lake somewhere else: what cannot be used is named with its setting.
    with pytest.raises(WaybillError, match="LANDING_URI: abfs:// is not known"):
        open_store("abfs://bucket/lake")
    (tmp_path / "file").write_text("x")
    with pytest.raises(WaybillError, match=r"LANDING_URI: .*file/lake cannot be used"):
        _ = open_store(str(tmp_path / "file" / "lake")).scratch
    with pytest.raises(WaybillError, match=f"LANDING_URI: s3://{bucket}-not cannot be used"):
        open_store(f"s3://{bucket}-not").get("a")
    with pytest.raises(WaybillError, match=f"LANDING_URI: gs://{google_bucket}-not cannot be used"):
        open_store(f"gs://{google_bucket}-not").get("a")


def test_a_large_object_at_google_is_never_written_over(google_bucket: str) -> None:
    # Protects immutability where an upload takes several requests and the condition holds at its end.
    large = os.urandom(9 << 20)
    with closing(open_store(f"gs://{google_bucket}")) as store:
        _put(store, "shop/a", large)
        with pytest.raises(ExistsError):
            _put(store, "shop/a", os.urandom(9 << 20))
        assert store.get("shop/a") == large


def test_a_server_of_googles_kind_that_writes_over_objects_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Protects the lake from stand-ins for Google's servers that do not heed the condition.
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    with (
        generation_bucket(heeds=False) as bucket,
        closing(open_store(f"gs://{bucket}")) as store,
        pytest.raises(WaybillError, match=f"server of gs://{bucket} writes over objects"),
    ):
        _put(store, "shop/a", b"x")


def _body(writer: int, number: int) -> Any:
    def after(head: Manifest | None) -> dict[str, Any]:
        heads = dict(head.heads) if head else {}
        heads[str(writer)] = {"count": heads.get(str(writer), {}).get("count", 0) + 1}
        return {"heads": heads, "said": [writer, number]}

    return after


def test_two_writers_lose_nothing_and_leave_no_gap(uri: str) -> None:
    # Protects the order that readers go by: each writer builds on what the other has committed.
    def write(writer: int) -> None:
        with closing(open_store(uri)) as store:
            log = Log(store, "shop")
            head = log.head()
            for number in range(8):
                head = log.append(head, _body(writer, number))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (1, 2)))
    with closing(open_store(uri)) as store:
        log = Log(store, "shop")
        head = log.head()
        assert head is not None
        assert head.sequence == 16
        assert head.heads == {"1": {"count": 8}, "2": {"count": 8}}
        said = [log.read(number).body["said"] for number in range(1, 17)]
        assert sorted(said) == [[writer, number] for writer in (1, 2) for number in range(8)]


def test_the_log_is_found_beyond_a_thousand_manifests(tmp_path: Path) -> None:
    # Protects the end of a long log: numbers are in folders, of which the last one is looked into.
    with closing(open_store(str(tmp_path))) as store:
        log = Log(store, "shop")
        before = Manifest(999, {"heads": {}})
        assert log.append(before, lambda _: {"heads": {}}).sequence == 1000
        found = log.head()
        assert found is not None
        assert found.sequence == 1000


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (None, "is missing"),
        (lambda text: text[: len(text) // 2], "is damaged: it is not what was written"),
        (lambda text: text.replace('"rows": 1', '"rows": 2'), "is damaged: its checksum differs"),
    ],
    ids=["missing", "cut", "changed"],
)
def test_a_damaged_manifest_is_named(tmp_path: Path, damage: Any, said: str) -> None:
    # Protects readers from a log that is not what was written.
    with closing(open_store(str(tmp_path))) as store:
        log = Log(store, "shop")
        log.append(None, lambda _: {"heads": {}, "rows": 1})
        path = tmp_path / log.name(1)
        text = path.read_text()
        path.unlink()
        if damage:
            path.write_text(damage(text))
        with pytest.raises(WaybillError, match=f"The manifest {path} {said}"):
            log.read(1)
