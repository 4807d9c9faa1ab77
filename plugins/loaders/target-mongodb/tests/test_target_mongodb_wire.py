"""What goes over the wire, on a server that keeps BSON as it came and can be told to fail."""

from __future__ import annotations

import datetime as dt
import threading
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128

if TYPE_CHECKING:
    from mongo_server import Kept

VERSION = "_sdc_table_version"


def contents(kept: Kept, collection: str = "people") -> list[dict[str, Any]]:
    """The documents of a collection without the run's number, by `_id`."""
    held = kept.collections.get(collection, {}).values()
    found = [{name: value for name, value in each.items() if name != VERSION} for each in held]
    return sorted(found, key=lambda each: repr(each["_id"]))


def test_rows_are_documents_with_exact_values(kept: tuple[Any, Kept], wire: Any) -> None:
    """Protects money, dates and keys on the whole way from a Singer message to BSON on the wire."""
    sender, held = kept
    schema = wire.schema(amount="numeric", born="date", seen="timestamp with time zone")
    row = {"id": 7, "born": "2000-02-29", "seen": "2024-01-01T01:00:00+02:00"}
    done = sender.send(
        schema, wire.record(**row, amount=Decimal("12345678901234567890.50")), wire.state
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == '{"bookmarks": {"people": {"done": 1}}}\n'
    (found,) = contents(held)
    assert found["_id"] == found["id"] == 7
    assert found["amount"] == Decimal128("12345678901234567890.50")
    assert found["born"] == dt.datetime(2000, 2, 29)  # noqa: DTZ001 - BSON's dates are UTC
    assert found["seen"] == dt.datetime(2023, 12, 31, 23)  # noqa: DTZ001


def test_a_second_run_changes_no_document_and_removes_what_is_gone(
    kept: tuple[Any, Kept], wire: Any
) -> None:
    """Protects idempotence: the same rows are the same documents, and a vanished row leaves none behind."""
    sender, held = kept
    rows = [wire.record(id=number, amount=number) for number in range(5)]
    schema = wire.schema(amount="numeric")
    assert sender.send(schema, *rows, wire.state).returncode == 0
    before = contents(held)
    assert sender.send(schema, *rows, wire.state).returncode == 0
    assert contents(held) == before
    done = sender.send(schema, *rows[1:], wire.record(id=2, amount=9), wire.state)
    assert done.returncode == 0, done.stderr
    assert [each["_id"] for each in contents(held)] == [1, 2, 3, 4]
    assert contents(held)[1]["amount"] == Decimal128("9")


def test_a_part_of_a_table_removes_nothing(kept: tuple[Any, Kept], wire: Any) -> None:
    """Protects documents from an incremental run, and from a tap that died in the middle."""
    sender, held = kept
    rows = [wire.record(id=number) for number in range(3)]
    assert sender.send(wire.schema(), *rows, wire.state).returncode == 0
    assert sender.send(wire.schema(whole=False), wire.record(id=9), wire.state).returncode == 0
    assert len(contents(held)) == 4
    for messages in ([rows[0]], [rows[0], wire.state, rows[1]]):
        done = sender.send(wire.schema(), *messages)
        assert done.returncode == 1
        assert done.stdout == ""
        assert "ended before the STATE that closes it" in done.stderr
    assert len(contents(held)) == 4


def test_an_activated_version_is_a_whole_table(kept: tuple[Any, Kept], wire: Any) -> None:
    """Protects other taps' FULL_TABLE streams, which say so by ACTIVATE_VERSION."""
    sender, held = kept
    assert sender.send(wire.schema(whole=False), wire.record(id=1), wire.state).returncode == 0
    activate = {"type": "ACTIVATE_VERSION", "stream": "people", "version": 3}
    done = sender.send(wire.schema(whole=False), wire.record(id=2), activate, wire.state)
    assert done.returncode == 0, done.stderr
    assert [each["_id"] for each in contents(held)] == [2]


def test_a_renamed_stream_keeps_its_meaning(kept: tuple[Any, Kept], wire: Any) -> None:
    """Protects an alias by stream maps: the collection has its name, and ACTIVATE_VERSION the tap's."""
    sender, held = kept
    maps = {"people": {"__alias__": "customers"}}
    activate = {"type": "ACTIVATE_VERSION", "stream": "people", "version": 3}
    for number in (1, 2):
        row = wire.record(id=number)
        done = sender.send(wire.schema(whole=False), row, activate, wire.state, stream_maps=maps)
        assert done.returncode == 0, done.stderr
    assert [each["_id"] for each in contents(held, "customers")] == [2]


def test_an_empty_table_empties_the_collection(kept: tuple[Any, Kept], wire: Any) -> None:
    """Protects from documents that outlive the last row."""
    sender, held = kept
    assert sender.send(wire.schema(), wire.record(id=1), wire.state).returncode == 0
    assert sender.send(wire.schema(), wire.state).returncode == 0
    assert contents(held) == []


def test_a_refused_document_stops_the_state_and_names_itself(
    kept: tuple[Any, Kept], wire: Any
) -> None:
    """Protects from a state that is ahead of the documents, and the log from a document's values."""
    sender, held = kept
    held.refuse = lambda each: (
        'Document failed validation: {name: "Ada"}' if each["id"] == 2 else None
    )
    rows = [wire.record(id=number, name="Ada") for number in range(5)]
    done = sender.command(wire.schema(name="text"), *rows, wire.state)
    assert done.returncode == 1
    assert done.stdout == ""
    assert (
        "Stream people: MongoDB refuses 1 document, the first with _id 2: Document failed validation"
        in done.stderr
    )
    assert "Ada" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert [each["_id"] for each in contents(held)] == [0, 1, 3, 4]


def test_a_document_that_was_confirmed_and_lost_is_noticed(
    kept: tuple[Any, Kept], wire: Any
) -> None:
    """Protects from a server's word: the collection is counted before the state is written."""
    sender, held = kept
    held.loses = {3}
    rows = [wire.record(id=number) for number in range(5)]
    done = sender.send(wire.schema(), *rows, wire.state)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "people holds 4 of its documents after 5 were written" in done.stderr


def test_a_run_that_breaks_off_is_made_good_by_the_next(kept: tuple[Any, Kept], wire: Any) -> None:
    """Protects the promise of upserts: after a lost connection the next run ends as if nothing had happened."""
    sender, held = kept
    rows = [wire.record(id=number) for number in range(2_500)]
    held.breaks_after = 2
    done = sender.send(wire.schema(), *rows, wire.state)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "error: WAYBILL_MONGODB: Stream people: MongoDB does not answer" in done.stderr
    assert 0 < len(contents(held)) < 2_500
    held.breaks_after = 0
    assert sender.send(wire.schema(), *rows, wire.state).returncode == 0
    assert len(contents(held)) == 2_500


def test_a_key_that_comes_again_in_a_later_batch_is_counted_once(
    kept: tuple[Any, Kept], wire: Any
) -> None:
    """Protects the count from taps that send a row twice: the later one stands, and nothing is missing."""
    sender, held = kept
    rows = [wire.record(id=number, name="first") for number in range(1_500)]
    again = wire.record(id=3, name="second")
    done = sender.send(wire.schema(name="text"), *rows, again, again, wire.state)
    assert done.returncode == 0, done.stderr
    assert held.collections["people"]["3"]["name"] == "second"


def test_sigterm_writes_no_state(kept: tuple[Any, Kept], wire: Any) -> None:
    """Protects from the SDK's own end, which writes the state and leaves with 0."""
    sender, held = kept
    reached = threading.Event()

    def hold(_: Any) -> None:
        reached.set()
        time.sleep(20)

    held.refuse = hold
    ended = sender.stop_when(lambda: reached.wait(60), wire.schema(), wire.record(id=1), wire.state)
    assert ended == (143, "")


def test_a_stream_can_be_one_document(kept: tuple[Any, Kept], wire: Any) -> None:
    """Protects readers of an insight from a mixture: all rows in one document, in the order of the key."""
    sender, held = kept
    layout = {"top": {"collection": "insights", "one_document": True}}
    rows = [wire.record("top", id=number, amount=number) for number in (3, 10, 2)]
    schema = wire.schema("top", amount="numeric")
    for messages in (rows, rows[:2]):
        done = sender.send(schema, *messages, wire.state, collections=layout)
        assert done.returncode == 0, done.stderr
    (found,) = contents(held, "insights")
    assert found == {
        "_id": "top",
        "rows": [{"id": 3, "amount": Decimal128("3")}, {"id": 10, "amount": Decimal128("10")}],
    }
    part = sender.send(wire.schema("top", whole=False), rows[0], wire.state, collections=layout)
    assert part.returncode == 1
    assert "this run sends a part of it" in part.stderr


def test_batch_files_are_refused_by_one_line(kept: tuple[Any, Kept], wire: Any) -> None:
    """Protects whoever forgets the tap's mode: nothing is silently left out."""
    sender, _ = kept
    batch = {
        "type": "BATCH",
        "stream": "people",
        "manifest": [],
        "encoding": {"format": "jsonl", "compression": "none"},
    }
    done = sender.send(wire.schema(), batch, wire.state)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Set the tap's `mode` to record." in done.stderr
