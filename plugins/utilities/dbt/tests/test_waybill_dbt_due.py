"""Which nodes a build of what has changed chooses, on a project of five."""

from __future__ import annotations

import pytest

from waybill_dbt import due
from waybill_dbt.plan import Node, Plan

ORDERS, ITEMS = ("raw", "orders"), ("raw", "items")
PLAN = Plan(
    code="code",
    parsed="",
    nodes={
        "model.base": Node("base", ("source.orders",), is_ephemeral=True),
        "model.orders": Node("orders", ("model.base",), ("staging", "orders")),
        "model.items": Node("items", ("source.items",), ("staging", "items")),
        "model.mart": Node("mart", ("model.orders", "model.items"), ("shop", "mart")),
        "test.orders": Node("test_orders", ("model.orders",)),
        "test.items": Node("test_items", ("model.items", "source.items")),
    },
    sources={"source.orders": ORDERS, "source.items": ITEMS},
)
BUILT = set(PLAN.nodes) - {"model.base"}
LANDED = {ORDERS: "1", ITEMS: "1"}
STANDING = {("staging", "orders"): "10", ("staging", "items"): "11", ("shop", "mart"): "12"}


def settled(
    landed: dict[tuple[str, str], str] = LANDED,
    failed: frozenset[str] = frozenset(),
    built: frozenset[str] = frozenset(BUILT),
) -> dict[str, str]:
    """What is kept after a build from nothing."""
    ended = {name: name not in failed for name in built}
    kept, _ = due.settle(PLAN, ended, due.states(PLAN, landed), STANDING, {})
    return kept


def chosen(
    landed: dict[tuple[str, str], str] = LANDED,
    kept: dict[str, str] | None = None,
    standing: dict[tuple[str, str], str] = STANDING,
    plan: Plan = PLAN,
) -> set[str]:
    """What the next build chooses."""
    entries = settled() if kept is None else kept
    return due.due(plan, BUILT, due.states(plan, landed), standing, entries)


def test_nothing_is_due_where_nothing_has_changed() -> None:
    """The empty cycle: no model, no test."""
    assert chosen() == set()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (ORDERS, {"model.orders", "model.mart", "test.orders"}),
        (ITEMS, {"model.items", "model.mart", "test.items"}),
    ],
)
def test_a_changed_table_makes_all_that_comes_from_it_due(
    changed: tuple[str, str], expected: set[str]
) -> None:
    """Through ephemeral models too, and with the tests; what comes from other tables stands."""
    assert chosen(LANDED | {changed: "2"}) == expected


def test_a_table_of_unknown_state_never_settles() -> None:
    """Rows that no target has loaded may change unseen."""
    landed = {ORDERS: "1"}
    kept = settled(landed)
    assert kept.keys() == {"model.orders", "test.orders"}
    assert chosen(landed, kept) == {"model.items", "model.mart", "test.items"}


def test_a_changed_project_makes_everything_due() -> None:
    """Which models a macro reaches is not guessed at."""
    other = Plan("other code", "", PLAN.nodes, PLAN.sources)
    assert chosen(plan=other) == BUILT


@pytest.mark.parametrize("standing", [{}, {("staging", "items"): "99"}])
def test_a_relation_that_is_gone_or_another_one_is_made_again(
    standing: dict[tuple[str, str], str],
) -> None:
    """A mart that somebody dropped comes back, with what was made from it."""
    rest = {name: oid for name, oid in STANDING.items() if name != ("staging", "items")}
    assert chosen(standing=rest | standing) == {"model.items", "model.mart", "test.items"}


def test_what_failed_and_what_was_left_out_for_it_is_due_again() -> None:
    """A failed test runs until it passes, also where no row has changed since."""
    assert chosen(kept=settled(failed=frozenset({"test.items"}))) == {"test.items"}
    skipped = settled(failed=frozenset({"model.items", "model.mart", "test.items"}))
    assert chosen(kept=skipped) == {"model.items", "model.mart", "test.items"}


def test_what_was_made_from_something_older_is_not_settled() -> None:
    """A selector that leaves parents out must not hide that the child is behind."""
    newer = LANDED | {ITEMS: "2"}
    before = settled()
    kept, lost = due.settle(PLAN, {"model.mart": True}, due.states(PLAN, newer), STANDING, before)
    assert (kept, lost) == ({}, {"model.mart"})
    after = {name: entry for name, entry in before.items() if name not in lost}
    assert chosen(newer, after) == {"model.items", "model.mart", "test.items"}


def test_a_failure_takes_back_what_was_settled() -> None:
    """A node that failed in the same state as it once ended well in is not well."""
    before = settled()
    now = due.states(PLAN, LANDED)
    kept, lost = due.settle(PLAN, {"test.orders": False}, now, STANDING, before)
    assert (kept, lost) == ({}, {"test.orders"})


WITH_VIEWS = Plan(
    code="code",
    parsed="",
    nodes={
        "view.items": Node("view_items", ("source.items",), ("staging", "items"), is_view=True),
        "test.items": Node("test_items", ("view.items",)),
        "model.mart": Node("mart", ("view.items",), ("shop", "mart")),
        "view.mart": Node("view_mart", ("model.mart",), ("shop", "view"), is_view=True),
        "snapshot.orders": Node("orders", ("source.orders",), ("kept", "orders"), is_kept=True),
        "view.orders": Node("view_orders", ("snapshot.orders",), ("staging", "o"), is_view=True),
        "model.fact": Node("fact", ("view.orders",), ("shop", "fact"), is_kept=True),
    },
    sources={"source.orders": ORDERS, "source.items": ITEMS},
)
MADE = {node.relation: name for name, node in WITH_VIEWS.nodes.items() if node.relation}


def chosen_with_views(
    landed: dict[tuple[str, str], str] = LANDED,
    gone: tuple[tuple[str, str], ...] = (),
    lost: tuple[str, ...] = (),
    code: str = "code",
) -> set[str]:
    """What a build chooses after one from nothing."""
    plan = Plan(code, "", WITH_VIEWS.nodes, WITH_VIEWS.sources)
    before = due.states(WITH_VIEWS, LANDED)
    kept, _ = due.settle(WITH_VIEWS, dict.fromkeys(WITH_VIEWS.nodes, True), before, MADE, {})
    entries = {name: entry for name, entry in kept.items() if name not in lost}
    standing = {relation: made for relation, made in MADE.items() if relation not in gone}
    return due.due(plan, WITH_VIEWS.nodes, due.states(plan, landed), standing, entries)


def test_a_view_is_left_and_what_reads_it_is_built() -> None:
    """It shows new rows without being made again; one on a table that is made anew goes with it."""
    assert chosen_with_views() == set()
    assert chosen_with_views(LANDED | {ITEMS: "2"}) == {"test.items", "model.mart", "view.mart"}
    assert chosen_with_views(LANDED | {ORDERS: "2"}) == {"snapshot.orders", "model.fact"}


def test_a_view_is_made_again_where_it_is_gone_or_the_code_is_other() -> None:
    """And with it all that reads it, as behind a table."""
    expected = {"view.items", "test.items", "model.mart", "view.mart"}
    assert chosen_with_views(gone=(("staging", "items"),)) == expected
    assert chosen_with_views(code="other") == set(WITH_VIEWS.nodes)


def test_what_is_behind_a_view_is_built_with_what_is_before_it() -> None:
    """A snapshot that is taken again for another reason than new rows reaches its fact."""
    assert chosen_with_views(lost=("snapshot.orders",)) == {"snapshot.orders", "model.fact"}


def test_a_failure_before_a_view_unsettles_what_is_behind_it() -> None:
    """The view stands, but what it showed was older than its sources' states say."""
    ended = {"snapshot.orders": False, "model.fact": True}
    before = due.states(WITH_VIEWS, LANDED)
    kept, _ = due.settle(WITH_VIEWS, dict.fromkeys(WITH_VIEWS.nodes, True), before, MADE, {})
    newer = due.states(WITH_VIEWS, LANDED | {ORDERS: "2"})
    after, lost = due.settle(WITH_VIEWS, ended, newer, MADE, kept)
    assert (after, lost) == ({}, ended.keys())


def test_a_success_behind_a_view_that_stands_is_settled() -> None:
    """The view was not built, so it does not say itself that all is well."""
    ended = {"snapshot.orders": True, "model.fact": True}
    before = due.states(WITH_VIEWS, LANDED)
    kept, _ = due.settle(WITH_VIEWS, dict.fromkeys(WITH_VIEWS.nodes, True), before, MADE, {})
    newer = due.states(WITH_VIEWS, LANDED | {ORDERS: "2"})
    after, lost = due.settle(WITH_VIEWS, ended, newer, MADE, kept)
    assert (after.keys(), lost) == (ended.keys(), set())
    assert due.due(WITH_VIEWS, WITH_VIEWS.nodes, newer, MADE, kept | after) == set()
