from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import contracts
from waybill_common.errors import WaybillError
from waybill_sources import olist
from waybill_sources.olist_rows import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

CONTRACT = contracts.load(Path(__file__).parents[4] / "extract" / "contracts" / "olist.yml")
TRANSLATION = "product_category_name_translation"


def test_the_same_settings_give_the_same_bytes_on_each_machine(
    olist_samples: Path, digest: Callable[..., Any]
) -> None:
    """Protects determinism: if this digest must change, raise olist.GENERATOR with it."""
    assert olist.GENERATOR == 1
    assert (
        digest(olist_samples) == "c2da3fbf040ecc64763f30e831e48282827bc8869e716175d5ce33c9b7fd5f57"
    )


def test_another_process_with_another_hash_seed_writes_the_same_bytes(
    olist_samples: Path, tmp_path: Path, digest: Callable[..., Any]
) -> None:
    """Protects against draws that depend on the process, such as the order of a set."""
    folder = tmp_path / "again"
    code = f"from pathlib import Path; from waybill_sources import olist; olist.generate(Path({str(folder)!r}))"
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={"PYTHONHASHSEED": "7"},
        cwd=Path(__file__).parent,
    )
    assert digest(folder) == digest(olist_samples)


def test_a_larger_sample_begins_with_the_smaller_one(olist_samples: Path, tmp_path: Path) -> None:
    """Protects the promise that another scale does not reshuffle the rows there were."""
    olist.generate(tmp_path / "larger", orders=1_300)
    for file in olist_samples.glob("*.csv"):
        assert (tmp_path / "larger" / file.name).read_bytes().startswith(file.read_bytes()), (
            file.name
        )


def test_another_seed_gives_other_rows(olist_samples: Path, tmp_path: Path) -> None:
    """Protects the meaning of the setting `seed`."""
    olist.generate(tmp_path / "other", seed=1, orders=20)
    mine = (olist_samples / "olist_orders_dataset.csv").read_text().splitlines()
    others = (tmp_path / "other" / "olist_orders_dataset.csv").read_text().splitlines()
    assert mine[0] == others[0]
    assert not set(mine[1:]) & set(others[1:])


@pytest.mark.parametrize("orders", [1, 2, 7])
def test_the_smallest_samples_work_and_have_next_days(tmp_path: Path, orders: int) -> None:
    """Protects the edges of the draws that depend on the number of orders."""
    olist.generate(tmp_path / "olist", orders=orders)
    _, changes = olist.next_day(tmp_path / "olist")
    assert changes["orders"][0] == 32


def test_memory_does_not_grow_with_the_orders(tmp_path: Path) -> None:
    """Protects the flat memory that millions of orders need."""
    code = (
        "import sys, tracemalloc; from pathlib import Path; from waybill_sources import olist\n"
        "olist.generate(Path(sys.argv[1]) / 'warm', orders=10)\n"
        "tracemalloc.start(); peaks = []\n"
        "for orders in (200, 1600):\n"
        "    tracemalloc.reset_peak(); before = tracemalloc.get_traced_memory()[0]\n"
        "    olist.generate(Path(sys.argv[1]) / str(orders), orders=orders)\n"
        "    peaks.append(tracemalloc.get_traced_memory()[1] - before)\n"
        "print(*peaks)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parent,
    )  # fmt: skip
    small, large = map(int, done.stdout.split())
    assert large < small + 300_000


def test_headers_are_those_of_the_contract(olist_samples: Path) -> None:
    """Protects the names, misspelt ones too, and their order against drift from the contract."""
    assert {stream.name for stream in CONTRACT.streams} == set(COLUMNS)
    for stream in CONTRACT.streams:
        assert COLUMNS[stream.name] == tuple(column.name for column in stream.columns)
        (file,) = olist_samples.glob(stream.files or "")
        with file.open(encoding="utf-8-sig", newline="") as text:
            assert tuple(next(csv.reader(text))) == COLUMNS[stream.name]
    assert "product_name_lenght" in COLUMNS["products"]


def test_quoting_byte_order_mark_and_line_ends_are_those_of_the_real_files(
    olist_samples: Path,
) -> None:
    """Protects the traps in the form of the files, which a reader that splits on lines falls into."""
    translation = (olist_samples / f"{TRANSLATION}.csv").read_bytes()
    assert translation.startswith(
        b"\xef\xbb\xbfproduct_category_name,product_category_name_english\r\n"
    )
    assert translation.count(b"\r\n") == translation.count(b"\n") == 72
    reviews = (olist_samples / "olist_order_reviews_dataset.csv").read_bytes()
    assert reviews.count(b"\r\n") == reviews.count(b"\n") > 941
    assert b'""' in reviews
    assert b"\\" in reviews
    for name in ("customers", "orders", "order_items", "geolocation"):
        content = (olist_samples / f"olist_{name}_dataset.csv").read_bytes()
        assert content.startswith(b'"')
        assert b"\r" not in content
    for line in (olist_samples / "olist_orders_dataset.csv").read_text().splitlines()[1:]:
        order_id, customer_id, status, *times = line.split(",")
        for value in (order_id, customer_id):
            assert value.startswith('"') == value.strip('"')[0].isdigit()
        assert not any('"' in value for value in (status, *times))
    assert '"4o. centenario"' in (olist_samples / "olist_geolocation_dataset.csv").read_text()


def test_a_killed_generator_leaves_no_half_sample(tmp_path: Path) -> None:
    """Protects the next run, which takes a folder with samples for whole."""
    folder = tmp_path / "olist"
    code = f"from pathlib import Path; from waybill_sources import olist; olist.generate(Path({str(folder)!r}), orders=10**6)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent)
    while not list(tmp_path.glob(".olist-*/new/*orders*.part")):
        assert process.poll() is None
    process.kill()
    process.wait()
    assert not folder.exists()
    olist.generate(folder, orders=20)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".olist.lock", "olist"]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    """Protects files of the user's from a wrong argument."""
    (tmp_path / "mine.csv").write_text("a,b\n")
    with pytest.raises(WaybillError, match="something else than samples"):
        olist.generate(tmp_path, orders=5)
    with pytest.raises(WaybillError, match="no samples"):
        olist.next_day(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]
