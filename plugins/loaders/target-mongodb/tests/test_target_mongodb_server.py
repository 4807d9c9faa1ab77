"""The target on somebody else's server: nx-27017 of PyPI, or the one in WAYBILL_TEST_MONGODB.

nx-27017 has no Decimal128, so the rows here have none; the other tests have.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import mongo_server
import pytest

from target_mongodb import export

if TYPE_CHECKING:
    from pathlib import Path


def ids(url: str, collection: str = "people") -> list[Any]:
    """The `_id`s of a collection."""
    with mongo_server.opened(url) as database:
        return sorted(each["_id"] for each in database[collection].find())


def test_rows_replace_and_remove_documents(server: Any, wire: Any) -> None:
    """Protects upserts, removal and counting on a server that this project has not written."""
    rows = [wire.record(id=number, name=f"n{number}", born="2000-02-29") for number in range(1_200)]
    schema = wire.schema(name="text", born="date")
    first = server.send(schema, *rows, wire.state)
    assert first.returncode == 0, first.stderr
    assert len(ids(server.url)) == 1_200
    changed = wire.record(id=5, name="changed", born=None)
    second = server.send(schema, changed, *rows[10:], wire.state)
    assert second.returncode == 0, second.stderr
    assert ids(server.url)[:3] == [5, 10, 11]
    with mongo_server.opened(server.url) as database:
        found = database["people"].find_one({"_id": 5})
        assert found is not None
        assert (found["name"], found["born"]) == ("changed", None)


def test_indexes_are_made_once(server: Any, wire: Any) -> None:
    """Protects the reads that the documents are modelled for; a second run must not fail on its own index."""
    layout = {"people": {"indexes": ["country, -spent", "spent"]}}
    for _ in range(2):
        done = server.send(
            wire.schema(country="text", spent="integer"),
            wire.record(id=1),
            wire.state,
            collections=layout,
        )
        assert done.returncode == 0, done.stderr
    with mongo_server.opened(server.url) as database:
        keys = [
            [name for name, _ in each["key"]]
            for each in database["people"].index_information().values()
        ]
    assert sorted(keys) == [["_id"], ["country", "spent"], ["spent"]]


def test_a_unique_index_refuses_a_document(server: Any, wire: Any) -> None:
    """Protects the rule that a refused document stops the state, on a server that refuses for its own reason."""
    with mongo_server.opened(server.url) as database:
        database["people"].create_index([("email", 1)], unique=True)
    rows = [wire.record(id=number, email=f"e{number % 2}@shop.example") for number in range(3)]
    done = server.send(wire.schema(email="text"), *rows, wire.state)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "MongoDB refuses 1 document, the first with _id 2" in done.stderr
    assert "code 11000" in done.stderr
    assert "shop.example" not in done.stderr


def test_an_export_is_the_same_each_time(
    server: Any, wire: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the sample documents: a file holds what a run published, without the run's own number."""
    monkeypatch.setenv(export.SETTING, server.url)
    texts = []
    for _ in range(2):
        rows = [wire.record(id=2, born="2000-02-29"), wire.record(id=1, born=None)]
        assert server.send(wire.schema(born="date"), *rows, wire.state).returncode == 0
        export.main([str(tmp_path / "out")])
        texts.append((tmp_path / "out" / "people.jsonl").read_text(encoding="utf-8"))
    assert texts[0] == texts[1]
    assert texts[0].splitlines() == [
        '{"_id": 1, "id": 1, "born": null}',
        '{"_id": 2, "id": 2, "born": {"$date": "2000-02-29T00:00:00Z"}}',
    ]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "WAYBILL_MONGODB is not set"),
        ("postgresql://me:secret-word@h/db", "cannot be read as a MongoDB URL"),
        ("mongodb://me:secret-word@127.0.0.1:1", "cannot be read as a MongoDB URL with a database"),
        ("mongodb://me:secret-word@127.0.0.1:1/shop?serverSelectionTimeoutMS=300", "does not answer: 127.0.0.1:1"),
    ],
)  # fmt: skip
def test_a_bad_url_is_named_without_its_password(
    url: str, says: str, tmp_path: Path, wire: Any, kept: Any
) -> None:
    """Protects the password: the line must be safe to paste into a ticket."""
    sender = replace(kept[0], url=url, folder=tmp_path)
    send = sender.command if "Timeout" in url else sender.send
    done = send(wire.schema(), wire.record(id=1), wire.state)
    assert done.returncode == 1
    assert done.stderr.startswith("error: WAYBILL_MONGODB")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert "secret-word" not in done.stderr + done.stdout


@pytest.mark.skipif(not mongo_server.REAL, reason=f"{mongo_server.SETTING} names no MongoDB")
def test_exact_decimals_on_a_real_server(server: Any, wire: Any) -> None:
    """Protects Decimal128 where a real server is at hand: public CI."""
    done = server.send(wire.schema(amount="numeric"), wire.record(id=1, amount=0.1), wire.state)
    assert done.returncode == 0, done.stderr
    with mongo_server.opened(server.url) as database:
        assert str(database["people"].find_one()["amount"]) == "0.1"  # type: ignore[index]
