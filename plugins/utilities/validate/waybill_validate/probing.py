"""Whether all checks of a table pass, by one statement that says in SQL what its expectations say.

It answers yes, or nothing at all: wherever it finds a row, has no words for an expectation or is
refused, Great Expectations makes the checks. What it says is never weaker than the expectation, so
no row that Great Expectations would find is missed.
"""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from waybill_validate import rules
from waybill_validate.outcomes import Outcome, TableOutcome
from waybill_validate.suites import COMPOUND_UNIQUENESS, UNIQUENESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_validate.suites import Check, Table

_Kwargs = dict[str, Any]
_Words = dict[str, tuple[frozenset[str], "Callable[[_Kwargs], sql.Composable]"]]

_NUMBERS = (int, float, Decimal)
_VALUES = (str, int)


class _NoWordsError(Exception):
    """An argument, or its type, is not among those that SQL is known for."""


def probe(session: psycopg.Connection[Any], table: Table) -> TableOutcome | None:
    """The outcome of a table whose checks all pass; None where that is not certain.

    Args:
        session: Where the statement runs, by itself; it should not be able to write.
        table: One that is there.
    """
    started_at, start = dt.datetime.now(tz=dt.UTC), time.monotonic()
    try:
        statement = _statement(table)
        ((rows, *found),) = session.execute(statement).fetchall()
    except (_NoWordsError, psycopg.Error):
        return None
    if any(found):
        return None
    outcomes = tuple(_passed(check, rows) for check in table.checks)
    return TableOutcome(table, outcomes, started_at, time.monotonic() - start)


def _passed(check: Check, rows: int) -> Outcome:
    """What Great Expectations says of it: only some expectations look at rows one by one."""
    if check.expectation in _OF_ROWS or check.expectation in _OF_GROUPS:
        return Outcome(check, success=True, unexpected_count=0, checked=rows)
    return Outcome(check, success=True)


def _statement(table: Table) -> sql.Composed:
    """The number of rows, and for each check how many of them do not pass, or whether any."""
    checked = sql.SQL(table.checked)  # type: ignore[arg-type, unused-ignore]
    of_rows: list[sql.Composable] = [sql.SQL("count(*)")]
    others: list[sql.Composable] = []
    for check in table.checks:
        if check.expectation in _OF_ROWS:
            condition = _words(_OF_ROWS, check)
            of_rows.append(sql.SQL("count(*) filter (where {})").format(condition))
        elif check.expectation in _OF_TABLE:
            of_rows.append(_words(_OF_TABLE, check))
        elif check.expectation in _OF_GROUPS:
            doubled = _words(_OF_GROUPS, check)
            others.append(sql.SQL("select from {} as rows {}").format(checked, doubled))
        elif set(check.kwargs) == {rules.QUERY}:
            others.append(_rule(check, table))
        else:
            raise _NoWordsError
    measured = sql.SQL("select {} from {} as rows").format(sql.SQL(", ").join(of_rows), checked)
    if not others:
        return measured
    # Beside each other in `from`, no rule sees a name of another query.
    exist = sql.SQL(", ").join(sql.SQL("exists ({})").format(query) for query in others)
    return sql.SQL("select * from ({}) as measured cross join (select {}) as found").format(
        measured, exist
    )


def _words(known: _Words, check: Check) -> sql.Composable:
    arguments, words = known[check.expectation]
    if not check.kwargs.keys() <= arguments:
        raise _NoWordsError
    return words(check.kwargs)


def _rule(check: Check, table: Table) -> sql.Composable:
    try:
        text = rules.for_table(check.kwargs[rules.QUERY], table.checked)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise _NoWordsError from error
    return sql.SQL(text)  # type: ignore[arg-type, unused-ignore]


def _missing(kwargs: _Kwargs) -> sql.Composable:
    return sql.SQL("{} is null").format(_column(kwargs))


def _beyond(kwargs: _Kwargs) -> sql.Composable:
    return _outside(_column(kwargs), kwargs)


def _not_among(kwargs: _Kwargs) -> sql.Composable:
    values = kwargs.get("value_set")
    if not isinstance(values, list) or not values:
        raise _NoWordsError
    literals = sql.SQL(", ").join(_literal(value, _VALUES) for value in values)
    return sql.SQL("{} not in ({})").format(_column(kwargs), literals)


def _unlike(kwargs: _Kwargs) -> sql.Composable:
    return sql.SQL("{} !~ {}").format(_column(kwargs), _literal(kwargs.get("regex"), (str,)))


def _size(kwargs: _Kwargs) -> sql.Composable:
    return sql.SQL("({})::int").format(_outside(sql.SQL("count(*)"), kwargs))


def _doubled(kwargs: _Kwargs) -> sql.Composable:
    column = _column(kwargs)
    return sql.SQL("where {0} is not null group by {0} having count(*) > 1").format(column)


def _doubled_together(kwargs: _Kwargs) -> sql.Composable:
    names = kwargs.get("column_list")
    if not isinstance(names, list) or not names:
        raise _NoWordsError
    columns = sql.SQL(", ").join(_identifier(name) for name in names)
    return sql.SQL("group by {} having count(*) > 1").format(columns)


def _outside(measured: sql.Composable, kwargs: _Kwargs) -> sql.Composable:
    """Whether a figure is under the least or over the most; not where it is null."""
    least, most = kwargs.get("min_value"), kwargs.get("max_value")
    bounds: list[sql.Composable] = []
    if least is not None:
        bounds.append(sql.SQL("{} < {}").format(measured, _literal(least, _NUMBERS)))
    if most is not None:
        bounds.append(sql.SQL("{} > {}").format(measured, _literal(most, _NUMBERS)))
    if not bounds or (least is not None and most is not None and least > most):
        raise _NoWordsError
    return sql.SQL(" or ").join(bounds)


def _column(kwargs: _Kwargs) -> sql.Composable:
    return _identifier(kwargs.get("column"))


def _identifier(name: object) -> sql.Composable:
    if not isinstance(name, str):
        raise _NoWordsError
    return sql.SQL("rows.{}").format(sql.Identifier(name))


def _literal(value: object, types: tuple[type, ...]) -> sql.Composable:
    if not isinstance(value, types) or isinstance(value, bool):
        raise _NoWordsError
    return sql.Literal(value)


_BOUNDS = frozenset({"min_value", "max_value"})
_COLUMN = frozenset({"column"})

_OF_ROWS: _Words = {
    "expect_column_values_to_not_be_null": (_COLUMN, _missing),
    "expect_column_values_to_be_between": (_COLUMN | _BOUNDS, _beyond),
    "expect_column_values_to_be_in_set": (_COLUMN | {"value_set"}, _not_among),
    "expect_column_values_to_match_regex": (_COLUMN | {"regex"}, _unlike),
}
"""Of each expectation its arguments, and when a row does not meet it."""

_OF_GROUPS: _Words = {
    UNIQUENESS: (_COLUMN, _doubled),
    COMPOUND_UNIQUENESS: (frozenset({"column_list"}), _doubled_together),
}
"""The same for groups of rows."""

_OF_TABLE: _Words = {"expect_table_row_count_to_be_between": (_BOUNDS, _size)}
"""The same for the whole table."""
