"""Every kind of place that files can be at, and the messages where there is none."""

from __future__ import annotations

import gzip
import sys
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

import fsspec
import pytest
import xlsxwriter

from waybill_common.errors import WaybillError
from waybill_common.files import remote

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

COLUMNS = {"id": "integer"}
TWO = {"orders": COLUMNS, "items": COLUMNS}


def found(output: Any) -> list[tuple[str, str]]:
    return sorted(
        (str(row["id"]), row["_sdc_source_file"]) for rows in output.rows.values() for row in rows
    )


@pytest.fixture
def shop(folder: Path) -> Path:
    (folder / "orders.csv").write_text("id\n1\n")
    (folder / "orders_2018-01-02.csv").write_text("id\n2\n")
    (folder / "items.csv").write_text("id\n3\n")
    (folder / "notes.txt").write_text("not a table")
    (folder / ".orders.csv.swp").write_text("rubbish")
    return folder


EXPECTED = [("1", "orders.csv"), ("2", "orders_2018-01-02.csv"), ("3", "items.csv")]


def packed(shop: Path, archive: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted(shop.glob("*.csv")):
            opened.write(path, inside + path.name)
        opened.writestr(f"__MACOSX/{inside}._orders.csv", b"\x00rubbish")
    return archive


def test_folder(run: Run, contract: MakeContract, shop: Path) -> None:
    # Protects the plainest source, base files before the deltas that overlay them.
    output = run(shop, contract(TWO))
    assert found(output) == EXPECTED
    assert [row["_sdc_source_file"] for row in output.rows["orders"]] == [
        "orders.csv",
        "orders_2018-01-02.csv",
    ]


def test_subfolder_is_left_alone_unless_the_glob_names_it(
    run: Run, contract: MakeContract, shop: Path
) -> None:
    # Protects against loading a backup that lies in a subfolder.
    (shop / "old").mkdir()
    (shop / "old" / "orders.csv").write_text("id\n9\n")
    assert found(run(shop, contract(TWO))) == EXPECTED


@pytest.mark.parametrize("place", ["orders.xlsx", "", "shop.zip"])
def test_workbook_by_itself_in_a_folder_and_in_a_zip(
    run: Run, contract: MakeContract, folder: Path, mode: str, place: str
) -> None:
    # Protects a source that is served as a workbook: read as its CSV would be, and skipped when unchanged.
    with xlsxwriter.Workbook(folder / "orders.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate([["id", "name"], [1, "one"], ["two", "no number"], [3, None]]):
            sheet.write_row(number, 0, row)
    path = folder / place
    if place == "shop.zip":
        with zipfile.ZipFile(path, "w") as opened:
            opened.write(folder / "orders.xlsx", "inside/orders.xlsx")
    promised = contract({"orders": COLUMNS | {"name": "text"}})
    first = run(path, promised, mode)
    assert [(str(row["id"]), row["name"]) for row in first.rows["orders"]] == [
        ("1", "one"),
        ("3", None),
    ]
    (letter,) = first.rows["dead_letter"]
    assert (letter["source_line"], letter["column"]) == (3, "id")
    assert first.bookmark("orders")["read"]["rows"] == 3
    again = run(path, promised, mode, state=first.state)
    assert again.bookmark("orders")["read"]["rows"] == 0


@pytest.mark.parametrize("inside", ["", "brazil/2018/"])
def test_zip_also_with_a_folder_in_it(
    run: Run, contract: MakeContract, shop: Path, tmp_path: Path, inside: str
) -> None:
    # Protects archives as Kaggle serves them and as people pack them, a Mac's extra files left out.
    archive = packed(shop, tmp_path / "shop.zip", inside)
    first = run(archive, contract(TWO))
    assert found(first) == [(number, inside + name) for number, name in EXPECTED]
    assert found(run(archive, contract(TWO), state=first.state)) == []


def test_repacked_zip_is_unchanged_and_a_swapped_member_is_not(
    run: Run, contract: MakeContract, shop: Path, tmp_path: Path
) -> None:
    # Protects identity by content: time stamps and compression do not count, one digit does.
    archive = packed(shop, tmp_path / "shop.zip")
    state = run(archive, contract(TWO)).state
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as opened:
        for path in sorted(shop.glob("*.csv"), reverse=True):
            opened.writestr(path.name, path.read_bytes())
    assert found(run(archive, contract(TWO), state=state)) == []
    (shop / "items.csv").write_text("id\n4\n")
    packed(shop, archive)
    assert found(run(archive, contract(TWO), state=state)) == [("4", "items.csv")]


def test_single_file_and_glob_take_what_they_name(
    run: Run, contract: MakeContract, shop: Path
) -> None:
    # Protects a user's own choice of files: tables without one are left out.
    assert found(run(shop / "items.csv", contract(TWO))) == [("3", "items.csv")]
    assert found(run(shop / "orders*.csv", contract(TWO))) == EXPECTED[:2]
    (shop / "jan").mkdir()
    (shop / "orders.csv").rename(shop / "jan" / "orders.csv")
    assert found(run(shop / "*" / "*.csv", contract(TWO))) == [("1", "jan/orders.csv")]


def test_gzip_in_a_folder_and_in_a_zip(
    run: Run, contract: MakeContract, folder: Path, tmp_path: Path
) -> None:
    # Protects compressed files, whose identity is their content and not the compressed bytes.
    (folder / "orders.csv.gz").write_bytes(gzip.compress(b"id\n1\n", mtime=1))
    promised = contract({"orders": COLUMNS})
    first = run(folder, promised)
    assert found(first) == [("1", "orders.csv.gz")]
    (folder / "orders.csv.gz").write_bytes(gzip.compress(b"id\n1\n", 1, mtime=2))
    assert found(run(folder, promised, state=first.state)) == []
    with zipfile.ZipFile(tmp_path / "shop.zip", "w") as opened:
        opened.write(folder / "orders.csv.gz", "orders.csv.gz")
    assert found(run(tmp_path / "shop.zip", promised)) == [("1", "orders.csv.gz")]


def test_object_store(run: Run, contract: MakeContract, shop: Path, tmp_path: Path) -> None:
    # Protects the road to s3:// and gs://, on fsspec's filesystem in memory: prefix, glob, zip, file.
    bucket = f"memory://{uuid.uuid4().hex}"
    memory = fsspec.filesystem("memory")
    memory.put(str(shop), f"{bucket}/shop", recursive=True)
    memory.put(str(packed(shop, tmp_path / "shop.zip")), f"{bucket}/shop.zip")
    promised = contract(TWO)
    first = run(f"{bucket}/shop", promised)
    assert found(first) == EXPECTED
    assert found(run(f"{bucket}/shop/", promised, state=first.state)) == []
    assert found(run(f"{bucket}/shop.zip", promised)) == EXPECTED
    assert found(run(f"{bucket}/shop/orders*.csv", promised)) == EXPECTED[:2]
    assert found(run(f"{bucket}/shop/items.csv", promised)) == [("3", "items.csv")]


def test_http(run: Run, contract: MakeContract, shop: Path, served: str) -> None:
    # Protects http:// on a real server without ranges: index page, file, zip.
    packed(shop, shop / "shop.zip", "in/")
    promised = contract(TWO)
    first = run(f"{served}/", promised)
    assert found(first) == EXPECTED
    assert found(run(f"{served}/", promised, state=first.state)) == []
    assert found(run(f"{served}/items.csv?token=x", promised)) == [("3", "items.csv")]
    assert found(run(f"{served}/shop.zip", promised)) == [(n, f"in/{f}") for n, f in EXPECTED]


def test_nothing_there_is_said_with_the_setting(
    run: Run, contract: MakeContract, shop: Path, tmp_path: Path, served: str
) -> None:
    # Protects the line a user sees after a typing error.
    promised = contract(TWO)
    (tmp_path / "no.zip").write_bytes(b"PK rubbish")
    secret = served.replace("//", "//user:hunter2@")
    for path, message in {
        tmp_path / "gone": "SHOP: there is no .*gone",
        tmp_path / "*.none": r"SHOP: there is no .*\.none",
        tmp_path / "no.zip": r"SHOP: .*no\.zip is not a readable zip",
        f"{served}/gone.csv": "SHOP: http://.*/gone.csv cannot be read: there is nothing",
        f"{secret}/gone.zip?key=hunter2": "SHOP: http://127.*/gone.zip cannot be read",
        "memory://nowhere": "SHOP: memory://nowhere cannot be read: there is nothing",
        "abc://x/y": "SHOP: abc:// is no kind of place",
        "": "SHOP is not set",
        shop / "notes.txt": "SHOP: .* holds no file of the contract, but notes.txt",
    }.items():
        with pytest.raises(WaybillError, match=message) as caught:
            run(path, promised, path_setting="SHOP")
        assert "SHOP" in str(caught.value.remedy) or "file" in str(caught.value.remedy)
        assert "hunter2" not in str(caught.value)


def test_missing_table_is_said(run: Run, contract: MakeContract, shop: Path) -> None:
    # Protects against loading half a source because one file is missing.
    (shop / "items.csv").unlink()
    with pytest.raises(WaybillError, match=r"path: .* holds no items\*\.csv \(stream items\), but"):
        run(shop, contract(TWO))


@pytest.mark.parametrize(("scheme", "package"), [("s3", "s3fs"), ("gs", "gcsfs")])
def test_missing_package_is_named(
    scheme: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Protects the message about an extra that was not installed; here it is, and is hidden.
    # The package's attribute of this name is not the module, but a mapping in it.
    known = sys.modules["fsspec.registry"]._registry
    monkeypatch.delitem(known, scheme, raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(WaybillError, match=f"needs the package {package}"):
        remote.of_url(f"{scheme}://bucket/folder", "path")


def test_default_path_is_in_the_home(
    run: Run, contract: MakeContract, shop: Path, home: Path
) -> None:
    # Protects the samples: read where no path is set, asked for where they are not made yet.
    with pytest.raises(
        WaybillError, match=r"SHOP is not set, and there are no samples in .*home/s"
    ):
        run("", contract(TWO), default_path="s", path_setting="SHOP")
    home.mkdir(exist_ok=True)
    shop.rename(home / "s")
    assert found(run("", contract(TWO), default_path="s")) == EXPECTED


def test_name_twice_in_a_zip_is_refused(run: Run, contract: MakeContract, tmp_path: Path) -> None:
    # Protects against loading one of two files of a name, or both over each other.
    archive = tmp_path / "shop.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("orders.csv", "id\n1\n")
        opened.writestr("orders_csv", "id\n2\n")
    archive.write_bytes(archive.read_bytes().replace(b"orders_csv", b"orders.csv"))
    with pytest.raises(WaybillError, match=r"path: .*shop\.zip holds orders\.csv twice"):
        run(archive, contract(TWO))


def test_damaged_member_is_named(
    run: Run, contract: MakeContract, shop: Path, tmp_path: Path
) -> None:
    # Protects against bytes that changed inside an archive: its CRC is checked to the end.
    archive = tmp_path / "shop.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as opened:
        for path in sorted(shop.glob("*.csv")):
            opened.write(path, path.name)
    data = archive.read_bytes()
    archive.write_bytes(data.replace(b"id\n3\n", b"id\n7\n"))
    with pytest.raises(WaybillError, match=r"shop\.zip/items\.csv cannot be read: Bad CRC-32"):
        run(archive, contract(TWO))
