"""A lake that is not whole, processes that are killed, and targets that know records only."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from waybill_common.errors import WaybillError
from waybill_lake.log import Log
from waybill_lake.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_warehouse.scratch import ScratchDatabase

SCHEMA = {
    "type": "SCHEMA",
    "stream": "a",
    "schema": {"properties": {"id": {"type": "integer"}, "text": {"type": ["string", "null"]}}},
    "key_properties": ["id"],
}


def _day(first: int, last: int) -> Iterator[str]:
    """Rows in transactions of ten, each with the state up to which they go."""
    yield json.dumps(SCHEMA)
    for number in range(first, last):
        record = {"id": number, "text": "x" * 500}
        yield json.dumps({"type": "RECORD", "stream": "a", "record": record})
        if number % 10 == 9:
            yield json.dumps(
                {"type": "STATE", "value": {"bookmarks": {"a": {"up_to": number + 1}}}}
            )


def _objects(way: Any) -> list[Path]:
    return sorted(Path(way.uri, "shop").rglob("*.parquet"))


def _damage(path: Path) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.unlink, "is missing, which a manifest names"),
        (_damage, "is damaged: its checksum is not that of its manifest"),
    ],
)
def test_a_spoilt_object_is_named_and_stops_the_load_before_its_state(
    way: Any, warehouse: ScratchDatabase, spoil: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # Protects the warehouse: what came before lands, and no state goes past what could not be read.
    for day in range(3):
        way.land("\n".join(_day(10 * day, 10 * day + 10)) + "\n")
    with closing(open_store(way.uri)) as store:
        second = Log(store, "shop").read(2).body["entries"][0]["parts"][0]
    spoilt = Path(way.uri, second["object"])
    spoil(spoilt)
    capsys.readouterr()
    with pytest.raises(WaybillError, match=f"The object {spoilt} {said}"):
        way.replay()
    written = capsys.readouterr().out
    state = way.load(written, "raw_shop")
    assert state["bookmarks"]["a"]["landing"] == {"sequence": 1}
    assert warehouse.rows("select count(*) from raw_shop.a") == [(10,)]


def test_a_hole_in_the_log_is_named(way: Any) -> None:
    # Protects from rows that are silently left out: each manifest names the one before it.
    for day in range(3):
        way.land("\n".join(_day(10 * day, 10 * day + 10)) + "\n")
    with closing(open_store(way.uri)) as store:
        hole = Path(way.uri, Log(store, "shop").name(2))
    hole.unlink()
    with pytest.raises(WaybillError, match=f"The manifest {hole} is missing"):
        way.replay()
    with pytest.raises(WaybillError, match="has nothing of the source other"):
        way.replay(source="other")


def test_other_targets_get_records(way: Any, source_database: ScratchDatabase) -> None:
    # Protects targets that know no batch files of ours: the records are those of the tap itself.
    source_database.execute(
        "create table a (id int primary key, n numeric, p numeric(6,2), at timestamptz, b bytea,"
        " j jsonb, f float8, d date, t time, is_x bool);"
        "insert into a values (1, 1.50, 2.5, '2026-01-01 10:00:00.25+02', '\\x00', '{\"a\": 1.10}',"
        " 1e22, '2026-02-03', '10:00', true), (3, 'NaN', 'NaN', now(), '', '[]', 'NaN', now(), now(),"
        " false); insert into a values (2);"
        "grant select on a to source_reader"
    )
    sent = way.extract(source_database, mode="record")
    way.land(way.extract(source_database))
    replayed = way.replay(mode="record")

    def records(text: str) -> list[Any]:
        messages = [json.loads(line, parse_float=str) for line in text.splitlines()]
        return [each["record"] for each in messages if each["type"] == "RECORD"]

    def plain(text: str) -> list[Any]:
        return [
            {name: str(value).lower().removesuffix(".0") for name, value in record.items()}
            for record in records(text)
        ]

    assert len(records(replayed)) == 3
    assert plain(replayed) == plain(sent)
    source_database.execute("update a set at = 'infinity'")
    way.land(way.extract(source_database))
    with pytest.raises(
        WaybillError, match="column at is kept as PostgreSQL's bytes of timestamp with"
    ):
        way.replay(mode="record")


def test_stream_maps_are_refused(way: Any) -> None:
    # Protects from a setting that would have no effect.
    way.land("\n".join(_day(0, 10)) + "\n")
    with pytest.raises(WaybillError, match="Stream a: stream maps do not change"):
        way.replay(stream_maps={"a": {"text": None}})


def _config(folder: Path, **settings: Any) -> str:
    path = folder / f"{len(list(folder.glob('*.json')))}.json"
    path.write_text(json.dumps(settings))
    return str(path)


def _command(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _states(path: Path) -> list[Any]:
    """The states that a target has written whole."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def _kill(process: subprocess.Popen[bytes], states: Path, chance: random.Random) -> None:
    """Kill a process somewhere behind its first states, or before; or let it end before that."""
    wanted = chance.randrange(12)
    while process.poll() is None and len(_states(states)) < wanted:
        time.sleep(0.001)
    time.sleep(chance.random() * (0.02 if wanted else 1))
    process.kill()


def test_killed_processes_leave_nothing_half_and_the_next_run_converges(
    way: Any, warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    # Protects effectively-once over the lake: kill -9 of writer or readers, anywhere, and run again.
    chance = random.Random(7)  # noqa: S311 - when to kill is no secret
    rows, states, day = 300, tmp_path / "states", tmp_path / "day"
    lake = {"landing_uri": way.uri, "source": "shop"}
    landing = [_command("target-landing"), "--config", _config(tmp_path, **lake)]
    up_to = 0
    for attempt in range(4):
        day.write_text("\n".join(_day(up_to, rows)) + "\n")
        with (
            day.open() as sent,
            states.open("w") as output,
            subprocess.Popen(landing, stdin=sent, stdout=output) as target,
        ):
            if attempt < 3:
                _kill(target, states, chance)
        assert all(pq.read_metadata(path).num_rows for path in _objects(way))
        up_to = ([up_to] + [each["bookmarks"]["a"]["up_to"] for each in _states(states)])[-1]
    assert up_to == rows
    load = [_command("target-postgres"), "--config"]
    load.append(_config(tmp_path, default_target_schema="raw_shop"))
    state: Any = None
    for attempt in range(3):
        tap = [_command("tap-landing"), "--config", _config(tmp_path, **lake, mode="batch")]
        with (
            states.open("w") as output,
            subprocess.Popen(
                [*tap, *(["--state", _config(tmp_path, **state)] if state else [])],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as source,
            subprocess.Popen(
                load, stdin=source.stdout, stdout=output, stderr=subprocess.DEVNULL
            ) as target,
        ):
            assert source.stdout
            source.stdout.close()
            if attempt < 2:
                _kill(chance.choice([source, target]), states, chance)
        state = [state, *_states(states)][-1]
    assert state["bookmarks"]["a"]["up_to"] == rows
    found = warehouse.rows("select count(*), min(id), max(id), min(length(text)) from raw_shop.a")
    assert found == [(rows, 0, rows - 1, 500)]
