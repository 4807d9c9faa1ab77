"""kaggle:owner/dataset against a local server that speaks as Kaggle's published client expects."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kagglesdk.datasets.types.dataset_api_service import (
    ApiDownloadDatasetRequest,
    ApiGetDatasetRequest,
)
from kagglesdk.kaggle_client import KaggleClient

from waybill_common.errors import WaybillError
from waybill_common.files.kaggle_api import KaggleApi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

HANDLE = "kaggle:olistbr/brazilian-ecommerce"
EXECUTABLE = Path(sys.executable).with_name("tap-csv")


def archive(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return written.getvalue()


@dataclass
class Stub:
    """What the server says, and what it was asked."""

    version: int = 1
    content: bytes = archive({"orders.csv": b"id\n1\n"})
    md5: str | None = ""
    status: int = 200
    cut: int | None = None
    answered: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    address: str = ""
    storage: str = ""

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [body for path, body, _ in self.requests if path.endswith(method)]


def handler(stub: Stub) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stub.requests.append((self.path, body, self.headers.get("Authorization")))
            if stub.status != 200:
                self.send_error(stub.status)
            elif self.path == "/v1/datasets.DatasetApiService/GetDataset":
                content = json.dumps({"currentVersionNumber": stub.version}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            elif self.path == "/v1/datasets.DatasetApiService/DownloadDataset":
                self.send_response(302)
                self.send_header("Location", f"{stub.storage}/archive.zip")
                self.end_headers()
            else:
                self.send_error(404)

        def do_GET(self) -> None:
            stub.requests.append((self.path, {}, self.headers.get("Authorization")))
            digest = hashlib.md5(stub.content, usedforsecurity=False).digest()
            stated = base64.b64encode(digest).decode() if stub.md5 == "" else stub.md5
            self.send_response(200)
            self.send_header("Content-Length", str(len(stub.content)))
            if stated:
                self.send_header("x-goog-hash", f"crc32c=AAAAAA==, md5={stated}")
            self.end_headers()
            self.wfile.write(stub.content[: stub.cut])
            self.wfile.flush()
            if stub.cut is not None:
                stub.answered.wait(20)

        log_message = staticmethod(lambda *_: None)

    return Handler


@pytest.fixture
def kaggle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    """Kaggle and its storage on two ports; no credentials of the developer's."""
    for name in [name for name in os.environ if name.startswith("KAGGLE")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    stub = Stub()
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(stub)) for _ in range(2)]
    stub.address, stub.storage = (f"http://127.0.0.1:{each.server_address[1]}" for each in servers)
    monkeypatch.setenv("KAGGLE_API_ENDPOINT", stub.address)
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    yield stub
    stub.answered.set()
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def promised(contract: MakeContract) -> Path:
    return contract({"orders": {"id": "integer"}})


def versions(home: Path) -> Path:
    return home / "kaggle" / "olistbr" / "brazilian-ecommerce" / "versions"


def test_stub_speaks_as_the_published_client_expects(kaggle: Stub) -> None:
    # Protects these tests themselves: Kaggle's own client understands the server they use.
    client = KaggleClient(username="me", password="secret", user_agent="test")  # noqa: S106 - of the stub
    client.http_client()._endpoint = kaggle.address
    with client:
        request = ApiGetDatasetRequest()
        request.owner_slug, request.dataset_slug = "olistbr", "brazilian-ecommerce"
        assert client.datasets.dataset_api_client.get_dataset(request).current_version_number == 1
        download = ApiDownloadDatasetRequest()
        download.owner_slug, download.dataset_slug = "olistbr", "brazilian-ecommerce"
        download.dataset_version_number = 1
        response = client.datasets.dataset_api_client.download_dataset(download)
        assert response.content == kaggle.content
    theirs = list(kaggle.requests)
    kaggle.requests.clear()
    api = KaggleApi("olistbr", "brazilian-ecommerce", "path")
    api.current_version()
    api.download(1, Path(os.environ["HOME"]) / "ours.zip")
    for (path, body, _), (their_path, their_body, _) in zip(kaggle.requests, theirs, strict=True):
        assert path == their_path
        assert body.items() <= their_body.items()


def test_version_is_downloaded_once(run: Run, promised: Path, kaggle: Stub, home: Path) -> None:
    # Protects Kaggle and the user's line: the version is asked first, an unchanged one not fetched.
    first = run(HANDLE, promised)
    assert [str(row["id"]) for row in first.rows["orders"]] == ["1"]
    again = run(HANDLE, promised, state=first.state)
    assert again.rows["orders"] == []
    assert len(kaggle.asked("DownloadDataset")) == 1
    manifest = json.loads((versions(home) / "1" / "manifest.json").read_text())
    assert manifest["version"] == 1
    digest = hashlib.sha256(b"id\n1\n").hexdigest()
    assert manifest["files"] == {"orders.csv": {"size": 5, "sha256": digest}}

    kaggle.version, kaggle.content = 2, archive({"deep/er/orders.csv": b"id\n1\n2\n"})
    third = run(HANDLE, promised, state=again.state)
    assert kaggle.asked("DownloadDataset")[-1]["datasetVersionNumber"] == 2
    assert [row["_sdc_source_file"] for row in third.rows["orders"]] == ["deep/er/orders.csv"] * 2
    assert sorted(path.name for path in versions(home).iterdir()) == ["1", "2"]


@pytest.mark.parametrize(
    ("variables", "file", "expected"),
    [
        ({"KAGGLE_API_TOKEN": "abc"}, None, "Bearer abc"),
        ({"KAGGLE_USERNAME": "me", "KAGGLE_KEY": "k"}, None, "Basic bWU6aw=="),
        ({}, "kaggle.json", "Basic bWU6aw=="),
        ({}, "access_token", "Bearer abc"),
        ({}, None, None),
    ],
)
def test_credentials_are_those_of_kaggles_own_tools(  # noqa: PLR0917 - fixtures are arguments
    run: Run,
    promised: Path,
    kaggle: Stub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    file: str | None,
    expected: str | None,
) -> None:
    # Protects each way to log in, and the login itself: the storage server must not see it.
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if file:
        (tmp_path / ".kaggle").mkdir()
        contents = {"kaggle.json": '{"username": "me", "key": "k"}', "access_token": "abc\n"}
        (tmp_path / ".kaggle" / file).write_text(contents[file])
    run(HANDLE, promised)
    seen = {path.rpartition("/")[2]: login for path, _, login in kaggle.requests}
    assert seen == {"GetDataset": expected, "DownloadDataset": expected, "archive.zip": None}


@pytest.mark.parametrize(
    ("status", "token", "message"),
    [
        (401, None, "SHOP: .* needs a login, and no Kaggle credentials are set.*KAGGLE_API_TOKEN"),
        (403, "abc", r"SHOP: .* refuses these credentials \(HTTP 403\)"),
        (404, "abc", r"SHOP: .* no such data set \(HTTP 404\).*Set SHOP"),
        (500, "abc", "SHOP: .* HTTP 500"),
    ],
)
def test_refusal_names_setting_and_remedy(  # noqa: PLR0917 - fixtures are arguments
    run: Run,
    promised: Path,
    kaggle: Stub,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    token: str | None,
    message: str,
) -> None:
    # Protects the line a user sees, which never shows the credentials.
    kaggle.status = status
    if token:
        monkeypatch.setenv("KAGGLE_API_TOKEN", token)
    with pytest.raises(WaybillError, match=message) as caught:
        run(HANDLE, promised, path_setting="SHOP")
    assert "abc" not in str(caught.value)


def test_unreachable_and_misnamed(
    run: Run, promised: Path, kaggle: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Protects the messages for a network that is down and a handle that is none.
    (tmp_path / ".kaggle").mkdir()
    (tmp_path / ".kaggle" / "kaggle.json").write_text("rubbish")
    with pytest.raises(WaybillError, match=r"kaggle\.json is not a Kaggle credentials file"):
        run(HANDLE, promised)
    with pytest.raises(WaybillError, match="path: 'nohandle' is no Kaggle data set"):
        run("kaggle:nohandle", promised)
    assert kaggle.requests == []
    (tmp_path / ".kaggle" / "kaggle.json").unlink()
    monkeypatch.setenv("KAGGLE_API_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(WaybillError, match=r"GetDataset at .* failed: ConnectionError"):
        run(HANDLE, promised)


def test_damaged_download_is_refused(run: Run, promised: Path, kaggle: Stub, home: Path) -> None:
    # Protects against a download that is not what Kaggle states; nothing of it is kept.
    kaggle.md5 = base64.b64encode(b"0" * 16).decode()
    with pytest.raises(WaybillError, match="version 1, is damaged: its checksum"):
        run(HANDLE, promised)
    kaggle.md5, kaggle.content = "", b"not a zip at all"
    with pytest.raises(WaybillError, match=r"version 1: .* not a readable zip"):
        run(HANDLE, promised)
    kaggle.content, kaggle.cut = archive({"orders.csv": b"id\n1\n"}), 20
    kaggle.answered.set()
    with pytest.raises(WaybillError, match=r"DownloadDataset at .* failed"):
        run(HANDLE, promised)
    assert list(versions(home).iterdir()) == []


def test_unsafe_archive_is_named_and_not_kept(
    run: Run, promised: Path, kaggle: Stub, home: Path
) -> None:
    # Protects the user from a zip-slip member on its way through the tap.
    kaggle.content = archive({"../../orders.csv": b"id\n1\n"})
    with pytest.raises(WaybillError, match="path, version 1: The downloaded archive is unsafe"):
        run(HANDLE, promised)
    assert list(versions(home).iterdir()) == []


def test_killed_download_leaves_no_version(
    promised: Path, kaggle: Stub, home: Path, run: Run, tmp_path: Path
) -> None:
    # Protects against half a version: the next run starts over and clears what was left.
    kaggle.cut = 20
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"path": HANDLE, "contract": str(promised)}))
    with subprocess.Popen(
        [EXECUTABLE, "--config", config, "--discover"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not (left := list(versions(home).glob(".unfinished-1-*/archive.zip"))):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert left
    assert not (versions(home) / "1").exists()
    kaggle.cut = None
    assert len(run(HANDLE, promised).rows["orders"]) == 1
    assert [path.name for path in versions(home).iterdir()] == ["1"]
