"""Samples and one's own files are two sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]


def test_own_files_replace_the_samples(
    run: Run, contract: MakeContract, folder: Path, home: Path, mode: str
) -> None:
    # Protects the first step of every user: samples in the table must not stay among one's own rows.
    (home / "samples").mkdir(parents=True)
    (home / "samples" / "orders.csv").write_bytes(b"id\n1\n2\n")
    (home / "samples" / "orders_2.csv").write_bytes(b"id\n3\n")
    (folder / "orders.csv").write_bytes(b"id\n7\n")
    made = contract({"orders": {"id": "integer#"}})

    samples = run("", made, mode, default_path="samples")
    own = run(folder, made, mode, state=samples.state, default_path="samples")
    again = run(folder, made, mode, state=own.state, default_path="samples")

    marks = [each.schema("orders").get("x-whole-table") for each in (samples, own, again)]
    assert marks == [None, True, None]
    assert own.bookmark("orders")["source"]["rows"] == 1
    assert list(own.bookmark("orders")["files"]) == ["orders.csv"]
    assert again.bookmark("orders")["read"]["rows"] == 0
