"""Mended rows land, and their letters are resolved: one transaction for each stream."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from waybill.letters import mended, store
from waybill.letters.checking import Checker
from waybill.letters.landing import Landing, as_json
from waybill_common import connections, ledger
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import psycopg

    from waybill.letters.checking import Refusal
    from waybill.letters.landing import Totals
    from waybill.letters.mended import Values
    from waybill.letters.store import Letter

_RESOLVE = """
    update waybill.dead_letter
    set resolved_at = clock_timestamp(), resolved_by = 'replay', landed_totals = %s::jsonb
    where dead_letter_id = %s
"""
_REFUSE = "update waybill.dead_letter set column_name = %s, reason = %s where dead_letter_id = %s"
_QUOTED = re.compile('".*"', re.DOTALL)
_NO_PAYLOAD = "its fields could not be told apart: mend it in a file"


@dataclass
class Outcome:
    """What became of the letters of one stream.

    Attributes:
        stream: Schema and stream.
        landed: How many rows landed, by what that did to the table.
        resolved: Letters that were resolved before.
        refused: Those that stay open, each with the column at fault and why.
    """

    stream: str
    landed: dict[str, int] = field(default_factory=dict)
    resolved: int = 0
    refused: list[tuple[Letter, Refusal]] = field(default_factory=list)


def replay(path: Path | None) -> list[Outcome]:
    """Land mended rows, or try all open letters again as they are.

    Args:
        path: What `waybill:dead-letters --export` has written, mended; None for all open letters.

    Raises:
        WaybillError: The file cannot be read, or names letters or columns that there are not.
    """
    rows = mended.read(path) if path else None
    loader = connections.warehouse("loader")
    with loader.connect() as session:
        if rows is None:
            ids = [letter.dead_letter_id for letter in store.open_letters(session, None, None)]
        else:
            ids = sorted(rows)
        streams = _streams(session, ids, path)
        # The letters are free again: a load locks its table first and its letters after it.
        session.rollback()
        schemas = {schema for schema, _ in streams}
        with ledger.step(loader, "waybill:replay", resources=schemas) as step:
            found = [_replay_stream(session, place, ids, rows) for place, ids in streams.items()]
            step["landed"] = sum(sum(outcome.landed.values()) for outcome in found)
            step["refused"] = sum(len(outcome.refused) for outcome in found)
    return found


def _streams(
    session: psycopg.Connection[Any], ids: Sequence[int], path: Path | None
) -> dict[tuple[str, str], list[int]]:
    """The ids of letters by schema and stream."""
    letters = store.locked(session, ids)
    if unknown := sorted(set(ids) - {letter.dead_letter_id for letter in letters}):
        msg = f"{path}: there is no dead letter {unknown[0]}."
        raise WaybillError(msg, "Leave the column dead_letter_id as it was exported.")
    found: dict[tuple[str, str], list[int]] = {}
    for letter in letters:
        place = (letter.target_schema, letter.stream)
        found.setdefault(place, []).append(letter.dead_letter_id)
    return found


def _replay_stream(
    session: psycopg.Connection[Any],
    place: tuple[str, str],
    ids: Sequence[int],
    rows: dict[int, Values] | None,
) -> Outcome:
    outcome = Outcome(".".join(place))
    with session.transaction():
        landing = Landing(session, *place)
        checker = Checker(*place)
        for letter in store.locked(session, ids):
            if letter.resolved_by:
                outcome.resolved += 1
                continue
            found = _land(letter, rows, landing, checker)
            if isinstance(found, tuple):
                outcome.refused.append((letter, found))
                session.execute(_REFUSE, (*found, letter.dead_letter_id))
            else:
                session.execute(_RESOLVE, (as_json(found), letter.dead_letter_id))
        landing.record()
    outcome.landed = dict(landing.tally.outcomes)
    return outcome


def _land(
    letter: Letter, rows: dict[int, Values] | None, landing: Landing, checker: Checker
) -> Refusal | Totals:
    values = dict(letter.payload or {})
    if rows is not None:
        values |= rows[letter.dead_letter_id]
    elif letter.payload is None:
        return letter.column_name, _NO_PAYLOAD
    values = {name: value for name, value in values.items() if not name.startswith("_sdc_")}
    if refusal := checker.check(letter, values):
        return refusal
    found = landing.land(letter, checker.landing(values))
    if isinstance(found, tuple) and checker.is_personal:
        return found[0], _QUOTED.sub("a value that is not shown", found[1])
    return found
