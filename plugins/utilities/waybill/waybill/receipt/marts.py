"""One mart against its origin: no row lost, doubled or invented, every total kept."""

# ruff: noqa: S608 - identifiers are quoted; expressions are the project's own SQL, as dbt runs it

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg

from waybill.receipt import tables
from waybill.receipt.model import MAX_OFFENDERS, Difference, Figures, MartReport
from waybill.receipt.numbers import exact
from waybill_common.errors import WaybillError
from waybill_common.identifiers import qualify, quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill.receipt.manifest import Relation, Rule


def audit(session: psycopg.Connection[dict[str, Any]], rule: Rule) -> MartReport:
    """Reconcile a mart by one rule.

    Raises:
        WaybillError: The rule's SQL does not run.
    """
    for relation in (rule.origin, rule.mart):
        if not tables.columns(session, relation.schema, relation.name):
            return _unbuilt(rule, relation)
    try:
        expected, found = _totals(session, rule)
        offenders = tuple(_offenders(session, rule))
    except psycopg.Error as error:
        reason = str(error).splitlines()[0]
        msg = f"The rule `conserves` of {rule.mart} does not run: {reason}."
        raise WaybillError(msg, "Mend its arguments in the mart's YAML file.") from error
    return MartReport(
        mart=str(rule.mart),
        origin=str(rule.origin),
        expected=expected,
        found=found,
        differences=tuple(_differences(rule, expected, found, offenders)),
    )


def _unbuilt(rule: Rule, relation: Relation) -> MartReport:
    subject = str(rule.mart)
    missing = Difference(subject, "rows", f"those of {rule.origin}", f"{relation} is not built")
    return MartReport(subject, str(rule.origin), None, None, (missing,))


def _sides(rule: Rule) -> str:
    """Both sides with their rows and totals by key, as the common tables `origin` and `mart`."""
    rows = "1" if rule.is_distinct else "count(*)"
    origin = _by_key(
        rule.origin, list(rule.origin_key), list(rule.totals.values()), rule.origin_where, rows
    )
    key = [quote(name.lower()) for name in rule.key]
    totals = [quote(name.lower()) for name in rule.totals]
    mart = _by_key(rule.mart, key, totals, rule.where, "count(*)")
    return f"with origin as (\n{origin}\n), mart as (\n{mart}\n)"


def _by_key(
    relation: Relation, key: list[str], totals: list[str], where: str | None, rows: str
) -> str:
    columns = [f"{expression} as k{number}" for number, expression in enumerate(key)]
    columns += [
        f"sum({expression})::numeric as t{number}" for number, expression in enumerate(totals)
    ]
    columns.append(f"{rows} as n")
    condition = f" where {where}" if where else ""
    positions = ", ".join(str(number + 1) for number in range(len(key)))
    table = qualify(relation.schema, relation.name)
    return f"select {', '.join(columns)} from {table}{condition} group by {positions}"


def _totals(session: psycopg.Connection[dict[str, Any]], rule: Rule) -> tuple[Figures, Figures]:
    sums = "".join(f", sum(t{number}) as t{number}" for number in range(len(rule.totals)))
    query = (
        f"{_sides(rule)}\n"
        f"select coalesce(sum(n), 0)::bigint as n{sums} from origin\n"
        f"union all\n"
        f"select coalesce(sum(n), 0)::bigint as n{sums} from mart"
    )
    expected, found = session.execute(query.encode()).fetchall()
    return _figures(rule, expected), _figures(rule, found)


def _figures(rule: Rule, row: dict[str, Any]) -> Figures:
    totals = {column: row[f"t{number}"] or Decimal(0) for number, column in enumerate(rule.totals)}
    return Figures(row["n"], totals)


def _offenders(session: psycopg.Connection[dict[str, Any]], rule: Rule) -> Iterator[str]:
    numbers = range(len(rule.totals))
    keys = [f"k{number}" for number in range(len(rule.key))]
    origin = "".join(f", t{number} as o{number}, null::numeric as m{number}" for number in numbers)
    mart = "".join(f", null::numeric as o{number}, t{number} as m{number}" for number in numbers)
    sums = "".join(
        f", sum(o{number}) as o{number}, sum(m{number}) as m{number}" for number in numbers
    )
    differs = "".join(f" or sum(o{number}) is distinct from sum(m{number})" for number in numbers)
    texts = ", ".join(f"{key}::text as text_of_{key}" for key in keys)
    query = (
        f"{_sides(rule)}, sides as (\n"
        f"select {', '.join(keys)}, n as origin_n, 0 as mart_n{origin} from origin\n"
        f"union all\n"
        f"select {', '.join(keys)}, 0 as origin_n, n as mart_n{mart} from mart\n"
        f"), compared as (\n"
        f"select {', '.join(keys)}, sum(origin_n)::bigint as origin_n, sum(mart_n)::bigint as mart_n{sums}\n"
        f"from sides group by {', '.join(keys)}\n"
        f"having sum(origin_n) <> sum(mart_n){differs}\n"
        f"order by {', '.join(keys)} limit {MAX_OFFENDERS}\n"
        f")\nselect *, {texts} from compared order by {', '.join(keys)}"
    )
    for row in session.execute(query.encode()):
        key = ", ".join(
            f"{name} {row[f'text_of_{position}']}"
            for name, position in zip(rule.key, keys, strict=True)
        )
        yield f"{key}: {_wrong(rule, row)}"


def _wrong(rule: Rule, row: dict[str, Any]) -> str:
    if row["mart_n"] == 0:
        return "missing in the mart"
    if row["origin_n"] == 0:
        return f"in the mart, not in {rule.origin}"
    if row["origin_n"] != row["mart_n"]:
        return f"{row['mart_n']} rows in the mart instead of {row['origin_n']}"
    return ", ".join(
        f"{column} is {_amount(row[f'm{number}'])} instead of {_amount(row[f'o{number}'])}"
        for number, column in enumerate(rule.totals)
        if row[f"o{number}"] != row[f"m{number}"]
    )


def _amount(value: Decimal | None) -> str:
    return "null" if value is None else exact(value)


def _differences(
    rule: Rule, expected: Figures, found: Figures, offenders: tuple[str, ...]
) -> Iterator[Difference]:
    subject = str(rule.mart)
    pairs: list[tuple[str, int | Decimal, int | Decimal]] = [("rows", expected.rows, found.rows)]
    pairs += [
        (f"sum of {column}", total, found.totals[column])
        for column, total in expected.totals.items()
    ]
    unequal = [pair for pair in pairs if pair[1] != pair[2]]
    for number, (figure, there, here) in enumerate(unequal):
        yield Difference(
            subject,
            figure,
            f"{exact(there)} in {rule.origin}",
            f"{exact(here)} in the mart",
            offenders if number == 0 else (),
        )
    if offenders and not unequal:
        yield Difference(
            subject,
            "rows by key",
            f"those of {rule.origin}",
            "others, though their number and sums agree",
            offenders,
        )
