"""What a table's fingerprint takes in."""

from __future__ import annotations

import pytest

from waybill_validate import unchanged
from waybill_validate.suites import Check, Table

STATES = {("raw", "orders"): "1", ("raw", "Odd.name"): "1"}
STANDING = STATES | {("raw", "view"): "1"}


def fingerprint(rule: str, **states: str) -> str | None:
    """That of a table with one rule in SQL, after a change of some tables."""
    check = Check("unexpected_rows_expectation", "critical", "", {"unexpected_rows_query": rule})
    table = Table("raw", "orders", (check,), frozenset({"b", "a"}))
    now = STATES | {("raw", name): state for name, state in states.items()}
    return unchanged._fingerprint(table, now, STANDING)


def test_it_is_that_of_the_checks_and_of_the_rows_they_read() -> None:
    """Another rule, and other rows of any table that the rule names, make another fingerprint."""
    plain = "select * from {batch} where id is null"
    joined = 'select o.id from {batch} as o join RAW . "Odd.name" as n using (id)'
    assert fingerprint(plain) == fingerprint(plain)
    assert fingerprint(plain) != fingerprint(f"{plain} or id = 0")
    assert fingerprint(plain) != fingerprint(plain, orders="2")
    assert fingerprint(plain) == fingerprint(plain, **{"Odd.name": "2"})
    assert fingerprint(joined) != fingerprint(joined, **{"Odd.name": "2"})


@pytest.mark.parametrize(
    "rule",
    [
        "select * from {batch} where bought_at > now()",
        "select * from {batch} where bought_on > Current_Date",
        "select * from {batch} where id in (select id from raw.view)",
    ],
)
def test_what_may_change_unseen_is_always_checked(rule: str) -> None:
    """Time passes, and a view's rows are written elsewhere."""
    assert fingerprint(rule) is None
