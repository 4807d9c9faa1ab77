"""Archives that somebody else packed: what is refused, what is taken."""

from __future__ import annotations

import io
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from waybill_common.errors import WaybillError
from waybill_common.files import extraction

if TYPE_CHECKING:
    from pathlib import Path


def archive_of(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return written.getvalue()


def link() -> bytes:
    info = zipfile.ZipInfo("orders.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as opened:
        opened.writestr(info, "/etc/passwd")
    return written.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        archive_of({"../../orders.csv": b"id\n"}),
        archive_of({"/tmp/orders.csv": b"id\n"}),  # noqa: S108 - the attack
        archive_of({"a/..\\..\\orders.csv": b"id\n"}),
        archive_of({"C:\\orders.csv": b"id\n"}),
        link(),
        archive_of({"orders.csv": b"id\n" + b"0" * 10_000_000}),
    ],
    ids=["parent", "absolute", "backslash", "drive", "link", "bomb"],
)
def test_unsafe_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    # Protects the user's files and disk: nothing is written, inside the folder or out of it.
    path = tmp_path / "archive.zip"
    path.write_bytes(content)
    folder = tmp_path / "a" / "content"
    folder.mkdir(parents=True)
    with pytest.raises(WaybillError, match="The downloaded archive is unsafe"):
        extraction.extract(path, folder, ["*.csv"])
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["a", "archive.zip", "content"]


def test_size_cap_and_allow_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Protects the disk by a cap over all files, of which only the contract's are taken.
    path = tmp_path / "archive.zip"
    members = {"orders.csv": b"id\n1\n", "evil.sh": b"rm", "x/orders_2.csv": b"id\n2\n"}
    path.write_bytes(archive_of(members))
    folder = tmp_path / "content"
    folder.mkdir()
    assert sorted(extraction.extract(path, folder, ["orders*.csv"])) == [
        "orders.csv",
        "x/orders_2.csv",
    ]
    assert not (folder / "evil.sh").exists()
    monkeypatch.setattr(extraction, "MAX_BYTES", 9)
    with pytest.raises(WaybillError, match="holds more than"):
        extraction.extract(path, tmp_path, ["orders*.csv"])
