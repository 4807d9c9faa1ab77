"""Which nodes have to be built: those for which anything has changed since they were built last.

A node's state is a fingerprint of the project's code and of the states of all that it reads, down
to the source tables. It is settled once the node has ended well in that state; its relation must
still be the one that was made then. A view holds no rows: it stands as long as the code does, and
passes on the states of what it reads.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from waybill_common.settled import Relation
    from waybill_dbt.plan import Plan

States = dict[str, "str | None"]
"""By unique id; None where the state of a source is unknown."""


def states(plan: Plan, landed: Mapping[Relation, str]) -> States:
    """The state of every node of a project.

    Args:
        plan: The project.
        landed: The state of each source table whose state is known.
    """

    @cache
    def state(name: str) -> str | None:
        if name in plan.sources:
            return landed.get(plan.sources[name])
        if name not in plan.nodes:
            return None
        read = [state(parent) for parent in plan.nodes[name].parents]
        known = [parent for parent in read if parent is not None]
        return _digest(plan.code, name, *known) if len(known) == len(read) else None

    return {name: state(name) for name in plan.nodes}


def due(
    plan: Plan,
    selected: Collection[str],
    now: States,
    standing: Mapping[Relation, str],
    settled: Mapping[str, str],
) -> set[str]:
    """The selected nodes that have to be built: with each of them go all that read it.

    A table that is made anew takes the views on it with it, so those are due with it. Other views
    stand, and what reads them is due where it would be without a view in between.

    Args:
        plan: The project.
        selected: Unique ids to choose from.
        now: The nodes' states.
        standing: The identity of each relation in the warehouse.
        settled: What was kept of each node that had ended well.
    """

    def is_only_read_through(name: str) -> bool:
        return plan.nodes[name].is_view or plan.nodes[name].is_ephemeral

    @cache
    def is_due(name: str) -> bool:
        if name not in plan.nodes:
            return False
        parents = plan.nodes[name].parents
        if is_only_read_through(name):
            above = any(is_due(parent) and not plan.nodes[parent].is_kept for parent in parents)
        else:
            above = any(is_changing(parent) for parent in parents)
        return above or (
            name in selected
            and (name not in settled or settled[name] != _entry(plan, name, now, standing))
        )

    @cache
    def is_changing(name: str) -> bool:
        if name not in plan.nodes:
            return False
        return is_due(name) or (
            is_only_read_through(name) and any(map(is_changing, plan.nodes[name].parents))
        )

    return {name for name in selected if is_due(name)}


def settle(
    plan: Plan,
    ended: Mapping[str, bool],
    now: States,
    standing: Mapping[Relation, str],
    settled: Mapping[str, str],
) -> tuple[dict[str, str], set[str]]:
    """What to keep after a build.

    A node that ended well is not settled if it has read one that is not: what it was made of then
    is older than its state says.

    Args:
        plan: The project.
        ended: Of each node that was built, whether it ended well.
        now: The nodes' states as they were before the build.
        standing: The identity of each relation after it.
        settled: What was kept before it.

    Returns:
        What to keep of each node that is settled now, and the nodes that are not any more.
    """
    entries = {name: _entry(plan, name, now, standing) for name in plan.nodes}

    @cache
    def stands(name: str) -> bool:
        if name not in plan.nodes:
            return name in plan.sources
        if not all(stands(parent) for parent in plan.nodes[name].parents):
            return False
        if name in ended:
            return ended[name] and entries[name] is not None
        return plan.nodes[name].is_ephemeral or (name in settled and settled[name] == entries[name])

    kept = {name: entries[name] or "" for name in ended if name in plan.nodes and stands(name)}
    return kept, set(ended) - kept.keys()


def _entry(plan: Plan, name: str, now: States, standing: Mapping[Relation, str]) -> str | None:
    """What is kept of a node that has ended well in a state; None where that cannot be said."""
    node = plan.nodes[name]
    state = _digest(plan.code, name) if node.is_view else now[name]
    if state is None or (node.relation and node.relation not in standing):
        return None
    return f"{state}:{standing[node.relation]}" if node.relation else state


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
