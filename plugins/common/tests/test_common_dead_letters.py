from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from waybill_common import dead_letters
from waybill_common.dead_letters import DEFAULT_LIMIT, DeadLetter, Limit


def test_a_letter_survives_the_wire() -> None:
    # What a tap sends is what the target gets, and all of it fits the SCHEMA.
    letter = DeadLetter("orders", "no number", "a.csv", 7, {"id": "1"}, "n", "1,x", {"n": None})
    record = json.loads(json.dumps(letter.record()))
    assert set(record) == set(dead_letters.SCHEMA["properties"])
    assert DeadLetter.from_record(record) == letter


def test_what_postgresql_cannot_hold_is_written_out() -> None:
    # A row that is dead because of NUL or half a surrogate pair can still be stored, and seen.
    record = DeadLetter("s", "r", raw="a\0b", payload={"c": "\ud800"}).record()
    assert (record["raw"], record["payload"]) == ("a\\u0000b", {"c": "\\ud800"})


@pytest.mark.parametrize(
    ("limit", "dead", "received", "is_breached"),
    [
        (DEFAULT_LIMIT, 10, 50, False),
        (DEFAULT_LIMIT, 11, 50, True),
        (DEFAULT_LIMIT, 11, 1100, False),
        (Limit(rows=5), 5, 5, False),
        (Limit(rows=5), 6, 10**6, True),
        (Limit(share=0.5), 1, 2, False),
        (Limit(share=0.1), 1, 2, True),
        (Limit(rows=5, share=0.1), 2, 10, True),
        (Limit(rows=0), 0, 0, False),
    ],
)
def test_either_bound_is_a_limit(
    limit: Limit, dead: int, received: int, *, is_breached: bool
) -> None:
    # A stated limit is kept to the row; only the default lets a small table have a few.
    assert bool(limit.breach(dead, received)) is is_breached


def test_a_limit_reaches_the_target() -> None:
    # What the contract states is what the SCHEMA's mark says.
    stated = dead_letters.limit_in({"deadLetterLimit": {"rows": 3, "share": 0.5}})
    assert stated
    assert dead_letters.limit_of(stated.mark()) == stated
    assert dead_letters.limit_in({}) is None
    assert dead_letters.limit_of(None) == DEFAULT_LIMIT


@pytest.mark.parametrize("stated", [{"row": 1}, {"rows": -1}, {"rows": "1"}, {"share": 2}])
def test_a_limit_that_means_nothing_is_refused(stated: dict[str, Any]) -> None:
    # A misspelt limit must not pass for none.
    with pytest.raises(ValueError, match="deadLetterLimit"):
        dead_letters.limit_in({"deadLetterLimit": stated})


def test_a_contract_says_for_how_long_letters_are_kept() -> None:
    """A span that nobody can read stops the contract, rather than keep or drop letters unasked."""
    assert dead_letters.retention_in({}) is None
    assert dead_letters.retention_in({"deadLetterRetention": "30d"}) == dt.timedelta(days=30)
    with pytest.raises(ValueError, match="deadLetterRetention: 'a month'"):
        dead_letters.retention_in({"deadLetterRetention": "a month"})
