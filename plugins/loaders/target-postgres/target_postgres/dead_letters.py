"""The dead letters of one stream in the open transaction, on their way to waybill.dead_letter."""

# ruff: noqa: S608 - names are quoted and values are bound
from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from waybill_common.dead_letters import storable
from waybill_common.errors import DataQualityError
from waybill_common.identifiers import qualify, quote
from waybill_common.targets.columns import DELETED_AT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from target_postgres.session import Session
    from waybill_common.dead_letters import DeadLetter, Limit

_REMEDY = "Mend the row at the source, or the type in the contract or schema."
FEW = 10_000
"""So many letters of one transaction are awaited, whatever their share so far."""
FoundBy = Literal["tap", "target"]

_KEPT_BACK = 500
_QUOTED = re.compile('".*"', re.DOTALL)
_numbers = itertools.count(1)
_COLUMNS = (
    "source_file, source_line, key, column_name, reason, raw, payload, found_by, counted_totals"
)
_IS_ANY_OF_STREAM = """
    select exists (
        select from waybill.dead_letter
        where target_schema = %s and stream = %s and resolved_by is distinct from 'reload'
    )
"""
_RESOLVE = """
    update waybill.dead_letter as letter
    set resolved_at = clock_timestamp(), resolved_by = 'reload'
    where letter.target_schema = %s and letter.stream = %s
        and letter.resolved_by is distinct from 'reload' and ({scope})
"""


class Letters:
    """Keeps letters in a temporary table until the ledger row they belong to is written.

    Args:
        session: The warehouse.
        schema: The schema the stream lands in.
        stream: The stream's name.
        table: Its table.
        key: Its key where a row may stand for an older one of the same key.
        totals: Its control total columns.
        limit: How many of its rows may be dead.
        personal: Columns whose values no message may show.

    Attributes:
        count: How many there are in the open transaction.
        counted: Sums of the control totals that the source's own figures include of them.
    """

    def __init__(  # noqa: PLR0913 - a letter's place has this many sides
        self,
        session: Session,
        *,
        schema: str,
        stream: str,
        table: str,
        key: Sequence[str],
        totals: Sequence[str],
        limit: Limit,
        personal: Collection[str] = (),
    ) -> None:
        self._session = session
        self._place = (schema, stream)
        self._table = qualify(schema, table)
        self._key = list(key)
        self._totals = list(totals)
        self._limit = limit
        self._personal = personal
        self._relation = ""
        self._waiting: list[tuple[Any, ...]] = []
        self.count = 0
        self.counted: dict[str, Decimal] = {}

    def add(self, letter: DeadLetter, found_by: FoundBy, landed: int) -> None:
        """Take a letter.

        Args:
            letter: The letter.
            found_by: Who found that the row cannot land. What the target found, the tap counted.
            landed: How many rows of the open transaction were taken so far.

        Raises:
            DataQualityError: No row of the stream may be dead, or most of them are.
        """
        if self._personal and found_by == "target":
            letter = replace(letter, reason=unquoted(letter.reason))
        stream, words = self._place[1], in_words(letter, self._personal)
        if self._limit.is_off:
            msg = f"Stream {stream}{words}."
            raise DataQualityError(msg, _REMEDY)
        self._session.received[stream].last_letter = words.lstrip(":, ")
        if self.count and self.count % FEW == 0:
            # Each refusal costs a round trip: a file of another shape would take hours.
            self._session.check_hopeless(stream, self._limit, self.count, landed + self.count)
        counted = {}
        if found_by == "target" and letter.payload:
            counted = {
                name: total
                for name in self._totals
                if (total := _number(letter.payload.get(name))) is not None
            }
        for name, total in counted.items():
            self.counted[name] = self.counted.get(name, Decimal(0)) + total
        self.count += 1
        self._waiting.append(
            (
                letter.source_file and storable(letter.source_file),
                letter.source_line,
                _json(letter.key),
                letter.column and storable(letter.column),
                storable(letter.reason),
                letter.raw and storable(letter.raw),
                _json(letter.payload),
                found_by,
                _json({name: str(total) for name, total in counted.items()}),
            )
        )
        if len(self._waiting) >= _KEPT_BACK:
            self._flush()

    def check_limit(self) -> None:
        """Compare the letters of this invocation with how many there may be.

        Raises:
            DataQualityError: There are more.
        """
        self._session.check_limit(self._place[1], self._limit)

    def resolve_all(self) -> None:
        """Close all letters of the stream: its table was sent whole."""
        self._resolve("true")

    def resolve_files(self, names: Sequence[str]) -> None:
        """Close the letters of files that were sent whole."""
        if names:
            self._resolve("letter.source_file = any(%s)", list(names))

    def resolve_keys(self, relation: str) -> None:
        """Close the letters of keys that have landed.

        Args:
            relation: What has the rows that were received, as a quoted identifier.
        """
        if self._key:
            self._resolve(self._is_in(relation))

    def resolve_others(self, relation: str) -> None:
        """Close the letters of keys that the source does not hold any more.

        Args:
            relation: What has the source's keys, as a quoted identifier.
        """
        if self._key:
            self._resolve(f"letter.key is not null and not ({self._is_in(relation)})")

    def drop(self) -> None:
        """Let go of the letters: they came with a batch that had landed before, and they too."""
        if self._relation:
            self._session.connection.execute(f"drop table {self._relation}")
        self._relation = ""
        self._waiting = []
        self.count = 0
        self.counted = {}

    def settle(self, load_id: int) -> None:
        """Write the letters.

        Args:
            load_id: The ledger row that counts them.
        """
        if not self.count:
            return
        self._flush()
        if self._key:
            self._resolve(f"letter.key in (select key from {self._relation})")
        self._session.connection.execute(
            "insert into waybill.dead_letter"
            f" (load_id, invocation_id, target_schema, stream, {_COLUMNS})"
            f" select %s, %s, %s, %s, {_COLUMNS} from {self._relation} order by position",
            (load_id, self._session.invocation_id, *self._place),
        )
        if self._key:
            self._note_older_rows(load_id)
        self.drop()

    def _note_older_rows(self, load_id: int) -> None:
        """Where the table keeps an older row of the key, its totals stand for the letter's."""
        same = " and ".join(
            f"target.{quote(name)}::text = letter.key ->> {_literal(name)}" for name in self._key
        )
        changed = "".join(
            f" || jsonb_build_object({_literal(name)}, coalesce((letter.counted_totals ->>"
            f" {_literal(name)})::numeric, 0) - coalesce(target.{quote(name)}::numeric, 0))"
            for name in self._totals
        )
        self._session.connection.execute(
            "update waybill.dead_letter as letter set keeps_older_row = true,"
            f" counted_totals = letter.counted_totals{changed} from {self._table} as target"
            f" where letter.load_id = %s and {same} and target.{quote(DELETED_AT)} is null",
            (load_id,),
        )

    def _is_in(self, relation: str) -> str:
        same = " and ".join(
            f"other.{quote(name)}::text = letter.key ->> {_literal(name)}" for name in self._key
        )
        return f"exists (select from {relation} as other where {same})"

    def _flush(self) -> None:
        self._session.claim()
        connection = self._session.connection
        if not self._relation:
            self._relation = quote(f"waybill_letters_{next(_numbers)}")
            connection.execute(
                f"create temporary table {self._relation} (position bigint generated always as"
                " identity, source_file text, source_line bigint, key jsonb, column_name text,"
                " reason text, raw text, payload jsonb, found_by text, counted_totals jsonb)"
                " on commit drop"
            )
        with connection.cursor() as cursor:
            cursor.executemany(
                f"insert into {self._relation} ({_COLUMNS}) values"
                " (%s, %s, %s::jsonb, %s, %s, %s, %s::jsonb, %s, %s::jsonb)",
                self._waiting,
            )
        self._waiting = []

    def _resolve(self, scope: str, *values: object) -> None:
        connection = self._session.connection
        found = connection.execute(_IS_ANY_OF_STREAM, self._place).fetchone()
        if found and found[0]:
            statement = _RESOLVE.format(scope=scope.replace("%", "%%") if not values else scope)
            connection.execute(statement, (*self._place, *values))


def unquoted(reason: str) -> str:
    """What PostgreSQL says, without the value that it quotes."""
    return _QUOTED.sub("a value that is not shown", reason)


def in_words(letter: DeadLetter, personal: Collection[str] = ()) -> str:
    """Column, reason and place of a letter, for an error that begins with its stream."""
    column = f", column {letter.column}" if letter.column else ""
    parts = ((name, value) for name, value in (letter.key or {}).items() if name not in personal)
    key = ", ".join(f"{name} = {value}" for name, value in parts)
    places = [
        f" at {key}" if key else "",
        f", line {letter.source_line}" if letter.source_line else "",
        f" of {letter.source_file}" if letter.source_file else "",
    ]
    return f"{column}: {letter.reason}{''.join(places)}"


def _number(text: str | None) -> Decimal | None:
    """A text as the number that the tap has summed, if it is one."""
    try:
        number = Decimal(text or "")
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _json(value: Mapping[str, Any] | None) -> str | None:
    if value is None:
        return None
    plain = {storable(name): each and storable(str(each)) for name, each in value.items()}
    return json.dumps(plain, ensure_ascii=False)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
