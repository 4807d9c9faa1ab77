"""One mart against its origin: no row lost, doubled or invented, every total kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from waybill.receipt import conservation_sql, tables
from waybill.receipt.model import Difference, Figures, MartReport
from waybill.receipt.numbers import amount, exact
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

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
        origin, mart = session.execute(conservation_sql.summaries(rule).encode()).fetchall()
        offending = []
        if origin != mart:
            offending = session.execute(conservation_sql.offenders(rule).encode()).fetchall()
    except psycopg.Error as error:
        reason = str(error).splitlines()[0]
        msg = f"The rule `conserves` of {rule.mart} does not run: {reason}."
        raise WaybillError(msg, "Mend its arguments in the mart's YAML file.") from error
    expected, found = _figures(rule, origin), _figures(rule, mart)
    offenders = tuple(_offender(rule, row) for row in offending)
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


def _figures(rule: Rule, row: dict[str, Any]) -> Figures:
    return Figures(
        row["n"], {column: row[f"t{number}"] for number, column in enumerate(rule.totals)}
    )


def _offender(rule: Rule, row: dict[str, Any]) -> str:
    key = ", ".join(f"{name} {row[f'text_of_k{number}']}" for number, name in enumerate(rule.key))
    return f"{key}: {_wrong(rule, row)}"


def _wrong(rule: Rule, row: dict[str, Any]) -> str:
    if row["mart_n"] == 0:
        return "missing in the mart"
    if row["origin_n"] == 0:
        return f"in the mart, not in {rule.origin}"
    if row["origin_n"] != row["mart_n"]:
        return f"{row['mart_n']} rows in the mart instead of {row['origin_n']}"
    return ", ".join(
        f"{column} is {amount(row[f'm{number}'])} instead of {amount(row[f'o{number}'])}"
        for number, column in enumerate(rule.totals)
        if row[f"o{number}"] != row[f"m{number}"]
    )


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
