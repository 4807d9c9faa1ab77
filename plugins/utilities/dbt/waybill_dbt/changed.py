"""`build --changed`: of the chosen nodes only those that would not come out as they stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from waybill_common import settled
from waybill_dbt import due, outcome, plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_common.connections import Connection
    from waybill_dbt.outcome import Ended
    from waybill_dbt.plan import Plan
    from waybill_dbt.running import Callbacks

FLAG = "--changed"

_FULL = frozenset({"--full-refresh", "-f"})
_SELECTOR = "--selector"
_NAMING = frozenset({"--select", "-s", "--models", "-m", "--exclude"})
"""Who names models gets these, changed or not."""
_PLAIN = _FULL | {_SELECTOR, "--exclude-resource-type", "--log-level", "--vars", "--threads"}
"""Options of a build after which the chosen models hold what their sources hold."""


@dataclass(frozen=True)
class _Before:
    """The warehouse before a build.

    Attributes:
        landed: State of the source tables.
        entries: What is kept of the nodes that have ended well.
        standing: Identity of each relation of the project.
    """

    landed: dict[settled.Relation, str]
    entries: dict[str, str]
    standing: dict[settled.Relation, str]

    def states(self, known: Plan) -> due.States:
        """The states of the project's nodes.

        A source table that is not there has one too, as models may read none of its rows.
        """
        absent = {each: "" for each in known.sources.values() if each not in self.standing}
        return due.states(known, absent | self.landed)


def is_asked(arguments: Sequence[str]) -> bool:
    """Whether only what has changed is to be built."""
    return FLAG in arguments and _NAMING.isdisjoint(_names(arguments))


def is_whole(arguments: Sequence[str]) -> bool:
    """Whether a build of everything leaves the chosen models as one of what has changed would."""
    words = _names(arguments)
    return "build" in words and {word for word in words if word.startswith("-")} <= _PLAIN


def scope(arguments: Sequence[str]) -> str:
    """What a build is of: the name of its selector, `*` for everything, "" for named models."""
    if not _NAMING.isdisjoint(_names(arguments)):
        return ""
    joined = " ".join(arguments).replace(f"{_SELECTOR}=", f"{_SELECTOR} ").split()
    return joined[joined.index(_SELECTOR) + 1] if _SELECTOR in joined else "*"


def build(
    connection: Connection,
    arguments: Sequence[str],
    callbacks: Callbacks,
    *,
    is_of_all: bool = False,
) -> Ended:
    """Build what has changed; all of it after a change of the project, or with `--full-refresh`.

    Args:
        connection: The warehouse in the role `transformer`.
        arguments: What follows `dbt` on its command line, without `--changed`.
        callbacks: Take dbt's events.
        is_of_all: Whether to build also what has not changed.

    Raises:
        WaybillError: The warehouse has no ledger.
    """
    code = plan.code(connection.dbname, connection.role or "", *_variables(arguments))
    known = plan.load(code)
    before = _before(connection)
    choice = " ".join(word for word in arguments if word not in _FULL)
    chosen = known.selections.get(choice) if known else None
    is_of_all = is_of_all or not _FULL.isdisjoint(arguments)
    if known is None or chosen is None or is_of_all:
        ended = _all(arguments, callbacks)
        if ended.nodes is None:
            return ended
        known = _remember(known, code, choice, sorted(ended.nodes))
        now = before.states(known)
    else:
        now = before.states(known)
        names = due.due(known, chosen, now, before.standing, before.entries)
        if not names:
            return outcome.nothing(len(chosen))
        ended = _some(arguments, callbacks, known, names)
        figures = ended.figures | {"unchanged": len(chosen) - len(names)}
        ended = replace(ended, figures=figures)
    _settle(connection, known, ended, now, before.entries)
    return ended


def forget(connection: Connection, ended: Ended) -> None:
    """Let the next build of what has changed do again what another command has touched."""
    touched = [
        name
        for name, ended_well in (ended.nodes or {}).items()
        if not (ended_well and name.startswith("test."))
    ]
    with settled.ledger(connection) as session:
        settled.forget(session, "dbt", touched)


def _before(connection: Connection) -> _Before:
    with settled.ledger(connection) as session:
        kept = settled.read(session, "dbt")
        return _Before(
            landed=settled.landed(session),
            entries={name: entry for name, (entry, _) in kept.items()},
            standing=settled.identities(session),
        )


def _all(arguments: Sequence[str], callbacks: Callbacks) -> Ended:
    from waybill_dbt import running  # noqa: PLC0415  (dbt takes seconds to import)

    return running.invoke(arguments, callbacks)


def _some(arguments: Sequence[str], callbacks: Callbacks, known: Plan, names: set[str]) -> Ended:
    from waybill_dbt import running  # noqa: PLC0415  (dbt takes seconds to import)

    chosen = [*_without_selector(arguments), "--indirect-selection", "empty", "--select"]
    if known.parsed != plan.stamp():
        named = sorted(known.nodes[name].name for name in names)
        return running.invoke([*chosen, *named], callbacks)
    # dbt holds each name against each node, and a tag only once; manifest.json stays as it is.
    tagged = [*chosen, f"tag:{running.TAG}", "--no-write-json"]
    return running.invoke(tagged, callbacks, running.parsed(names))


def _remember(known: Plan | None, code: str, choice: str, chosen: list[str]) -> Plan:
    selections = known.selections if known else {}
    made = replace(plan.from_manifest(code), selections=selections | {choice: chosen})
    plan.save(made)
    return made


def _settle(
    connection: Connection,
    known: Plan,
    ended: Ended,
    now: due.States,
    entries: dict[str, str],
) -> None:
    with settled.ledger(connection) as session:
        standing = settled.identities(session)
        kept, lost = due.settle(known, ended.nodes or {}, now, standing, entries)
        settled.forget(session, "dbt", lost)
        settled.write(session, "dbt", kept)


def _names(arguments: Sequence[str]) -> set[str]:
    return {word.partition("=")[0] for word in arguments}


def _variables(arguments: Sequence[str]) -> list[str]:
    """What decides the results beside the project: the values of `--vars`."""
    after = zip(["", *arguments], arguments, strict=False)
    return [word for before, word in after if before == "--vars" or word.startswith("--vars=")]


def _without_selector(arguments: Sequence[str]) -> list[str]:
    after = zip(["", *arguments], arguments, strict=False)
    return [
        word
        for before, word in after
        if _SELECTOR not in (before, word) and not word.startswith(f"{_SELECTOR}=")
    ]
