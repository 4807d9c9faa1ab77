"""Two days of CSV files: delta files over a base, a changed file, files without a key."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

import yaml
from crash.streams import Chain, Day, Row, contract, dead, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_ROWS = 3_000
_NO_NUMBER = "much"
_Row = tuple[int, str, str]
_Table = list[Row]
if TYPE_CHECKING:
    _Load = Callable[[_Table, str, list[_Row]], _Table]


def days(folder: Path, mode: str, *, is_appended: bool) -> Iterator[Day]:
    """Write both days' files.

    Args:
        folder: An empty folder.
        mode: What goes over the wire.
        is_appended: Whether what lands is appended, whatever its key and file.
    """
    path = folder / "contract.yml"
    globs = {name: {"files": f"{name}*.csv"} for name in ("orders", "clicks")}
    path.write_text(yaml.safe_dump(contract(globs, has_key={"orders"})))
    base = _rows(range(_ROWS), "base")
    first = {
        "orders.csv": _spoil(base, 1, 11, 13),
        "orders_2.csv": _rows(range(0, _ROWS, 7), "delta"),
        "clicks_1.csv": _spoil(_rows(range(_ROWS), "one") * 2, 5, 2_999),
        "clicks_2.csv": _rows(range(_ROWS // 2), "two"),
    }
    # On the second day a file has lost rows and changed others, also rows that a delta has laid over.
    second = {
        "orders.csv": [
            *base[300:-5],
            *_spoil(_rows(range(_ROWS + 1, _ROWS + 50), "late"), 10, 12),
            *_rows(range(299), "mended"),
        ],
        "orders_2.csv": first["orders_2.csv"],
        "orders_3.csv": _rows(range(5, _ROWS + 100, 5), "next day"),
        "clicks_1.csv": first["clicks_1.csv"],
        "clicks_2.csv": _spoil(_rows(range(10, _ROWS // 3), "two again"), 7),
        "clicks_3.csv": _rows(range(_ROWS), "three"),
    }
    loads = _APPENDS if is_appended else _LOADS
    settings = {"contract": str(path), "mode": mode}
    yield _day(folder / "1", settings, loads, {}, first)
    yield _day(folder / "2", settings, loads, first, second)


def _rows(ids: Iterable[int], note: str) -> list[_Row]:
    return [(n, f"{n % 97}.{n % 89:02}", f"{note} {n}") for n in ids]


def _spoil(rows: list[_Row], *places: int) -> list[_Row]:
    """The rows, of which some have an amount that is no number."""
    return [
        (row[0], _NO_NUMBER, row[2]) if place in places else row for place, row in enumerate(rows)
    ]


def _day(
    folder: Path,
    settings: dict[str, str],
    loads: dict[str, _Load],
    before: dict[str, list[_Row]],
    now: dict[str, list[_Row]],
) -> Day:
    folder.mkdir()
    for name, rows in now.items():
        lines = ("id,amount,note\n", *(",".join(map(str, row)) + "\n" for row in rows))
        (folder / name).write_text("".join(lines))
    return Day(
        settings | {"path": str(folder)},
        {stream: _chain(folder, stream, before, now, load) for stream, load in loads.items()},
    )


def _chain(
    folder: Path,
    stream: str,
    before: dict[str, list[_Row]],
    now: dict[str, list[_Row]],
    load: _Load,
) -> Chain:
    table: _Table = []
    for name in sorted(before):
        if name.startswith(stream):
            table = load(table, name, before[name])
    states = [digest(table)]
    changed = [
        name for name in sorted(now) if name.startswith(stream) and now[name] != before.get(name)
    ]
    for name in changed:
        table = load(table, name, now[name])
        states.append(digest(table))
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in changed}
    return Chain(tuple(states), partial(_position, hashes))


def _overlay(table: _Table, file: str, rows: list[_Row]) -> _Table:
    """A file of a stream with a key: it replaces its own rows and those of earlier files."""
    by_key = {row[0]: row for row in table if row[3] != file}
    for row in _landed(file, rows):
        before = by_key.get(row[0])
        if before is None or str(before[3]) <= file:
            by_key[row[0]] = row
    return list(by_key.values())


def _replace(table: _Table, file: str, rows: list[_Row]) -> _Table:
    """A file of a stream without a key: it replaces its own rows."""
    return [row for row in table if row[3] != file] + _landed(file, rows)


def _append(table: _Table, file: str, rows: list[_Row]) -> _Table:
    """A file of any stream where nothing is replaced, letters of an earlier version neither."""
    return table + _landed(file, rows)


def _landed(file: str, rows: list[_Row]) -> _Table:
    """A file's rows, or the letters in their place; its header is line 1."""
    return [
        dead(file, line) if amount == _NO_NUMBER else (str(key), amount, note, file, None)
        for line, (key, amount, note) in enumerate(rows, 2)
    ]


def _position(hashes: dict[str, str], bookmark: dict[str, Any] | None) -> int:
    """How many of the day's files a bookmark holds; they are loaded in order."""
    files = (bookmark or {}).get("files", {})
    loaded = [files.get(name, {}).get("sha256") == sha256 for name, sha256 in hashes.items()]
    assert loaded == sorted(loaded, reverse=True), "a file was skipped"
    return sum(loaded)


_LOADS: dict[str, _Load] = {"orders": _overlay, "clicks": _replace}
_APPENDS: dict[str, _Load] = {"orders": _append, "clicks": _append}
