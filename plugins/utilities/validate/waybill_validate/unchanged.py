"""Tables whose checks have passed, and for which nothing has changed since.

A table's fingerprint stands for its checks and for the state of every table that they read. It is
kept when all of them pass; a check that did not pass is made again, whatever has changed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING, Any

from waybill_common import settled
from waybill_validate import summary
from waybill_validate.rules import QUERY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import psycopg

    from waybill_common.connections import Connection
    from waybill_common.settled import Relation
    from waybill_validate.outcomes import SuiteOutcome
    from waybill_validate.suites import Stage, Suite, Table

_NAME = r'(?:"((?:[^"]|"")+)"|([a-z_]\w*))'
_QUALIFIED = re.compile(rf"{_NAME}\s*\.\s*{_NAME}", re.IGNORECASE)
_OF_THE_MOMENT = re.compile(
    r"\b(?:now|current_(?:date|time|timestamp)|local(?:time|timestamp)|random"
    r"|(?:clock|statement|transaction)_timestamp)\b",
    re.IGNORECASE,
)

_LETTERS = ("waybill", "dead_letter")
"""Raw rules look there for parents that could not land."""

_LETTERS_STATE = """
    select count(*), max(dead_letter_id), count(resolved_at) from waybill.dead_letter
"""

Fingerprints = dict[str, "str | None"]
"""By subject; None for tables that must be checked whatever has changed."""


def subject(stage: Stage, suite: Suite, table: Table) -> str:
    """What the checks of a table are called in `waybill.settled`."""
    return f"{stage}:{suite.selector}:{table.name}"


def fingerprints(connection: Connection, stage: Stage, suites: Iterable[Suite]) -> Fingerprints:
    """The state of each table of some suites, before its checks are made.

    Raises:
        WaybillError: The warehouse has no ledger.
    """
    with settled.ledger(connection) as session:
        states = _states(session)
        standing = settled.identities(session)
    return {
        subject(stage, suite, table): _fingerprint(table, states, standing)
        for suite in suites
        for table in suite.tables
    }


def due(
    connection: Connection, stage: Stage, suites: list[Suite], now: Fingerprints
) -> list[Suite]:
    """The suites without the tables whose checks would all pass, as they did before."""
    with settled.ledger(connection) as session:
        passed = {name: entry for name, (entry, _) in settled.read(session, "check").items()}
    found = []
    for suite in suites:
        shown = summary.passed_tables(stage, suite)
        tables = [
            table
            for table in suite.tables
            if (entry := now[subject(stage, suite, table)]) is None
            or passed.get(subject(stage, suite, table)) != entry
            or table.name not in shown
        ]
        if tables:
            found.append(replace(suite, tables=tuple(tables)))
    return found


def settle(
    connection: Connection, stage: Stage, ended: Iterable[SuiteOutcome], now: Fingerprints
) -> None:
    """Keep the fingerprints of tables whose checks have all passed, and forget the others'."""
    kept: dict[str, str] = {}
    lost: list[str] = []
    for outcome in ended:
        for each in outcome.tables:
            name = subject(stage, outcome.suite, each.table)
            entry = None if each.failed or each.warnings else now[name]
            if entry is None:
                lost.append(name)
            else:
                kept[name] = entry
    with settled.ledger(connection) as session:
        settled.forget(session, "check", lost)
        settled.write(session, "check", kept)


def _states(session: psycopg.Connection[Any]) -> dict[Relation, str]:
    """The state of each table that a target has loaded or a build of what has changed has made."""
    made = settled.identities(session)
    # What is kept of a model ends with the identity of its relation.
    built = {
        entry.partition(":")[2]: f"{entry}:{at.isoformat()}"
        for entry, at in settled.read(session, "dbt").values()
    }
    rows = settled.written(session)
    models = {
        relation: f"{rows[relation]}:{built[identity]}"
        for relation, identity in made.items()
        if relation in rows and identity in built
    }
    letters = {_LETTERS: f"{rows[_LETTERS]}:{session.execute(_LETTERS_STATE).fetchall()}"}
    return models | settled.landed(session) | letters


def _fingerprint(
    table: Table, states: Mapping[Relation, str], standing: Mapping[Relation, str]
) -> str | None:
    rules = [str(check.kwargs.get(QUERY, "")) for check in table.checks]
    text = "\n".join([*rules, table.where or ""])
    if _OF_THE_MOMENT.search(text):
        return None
    read = {(table.schema, table.name)} | (_named(text) & standing.keys())
    if not read <= states.keys():
        return None
    asked = repr((table.checks, table.where, sorted(table.pii)))
    parts = [
        metadata.version("great-expectations"),
        asked,
        *(states[each] for each in sorted(read)),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _named(text: str) -> set[Relation]:
    """Everything in a rule that may be a table with its schema; rules name no table without."""
    return {
        (_plain(schema_quoted, schema), _plain(name_quoted, name))
        for schema_quoted, schema, name_quoted, name in _QUALIFIED.findall(text)
    }


def _plain(quoted: str, bare: str) -> str:
    return quoted.replace('""', '"') if quoted else bare.lower()
