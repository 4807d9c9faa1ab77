"""From a result of Great Expectations to an outcome a person can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill_validate import privacy
from waybill_validate.outcomes import Outcome
from waybill_validate.rules import QUERY

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult

    from waybill_validate.suites import Check, Table

EXAMPLES = 3
"""Offending rows shown of a failed check."""

WIDEST_ROW = 5
"""Columns up to which an offending row is shown whole."""

LONGEST_VALUE = 60
"""Characters up to which a value is shown whole."""


def is_about_pii(check: Check, table: Table) -> bool:
    """Whether a check's own finding would show personal data."""
    named = set(check.columns) & table.pii
    return bool(named) or privacy.mentions(check.kwargs.get(QUERY, ""), table.pii)


def outcome(check: Check, table: Table, result: ExpectationValidationResult) -> Outcome:
    """How a check ended, from its result after personal data has been taken out."""
    if result.success:
        return Outcome(
            check=check,
            success=True,
            unexpected_count=_count(result.result),
            checked=result.result.get("element_count"),
        )
    if reason := exception(result):
        return Outcome(check=check, success=False, reason=f"could not be checked: {reason}")
    count = _count(result.result)
    if count is None and QUERY in check.kwargs:
        count = result.result.get("observed_value")
    return Outcome(
        check=check,
        success=False,
        unexpected_count=count,
        examples=_examples(check, table, result.result),
        reason=f"observed {_text(result.result.get('observed_value', 'nothing'))}",
        checked=result.result.get("element_count"),
    )


def _count(result: dict[str, Any]) -> int | None:
    count = result.get("unexpected_count")
    return None if count is None else int(count)


def exception(result: ExpectationValidationResult) -> str:
    """The first line of what was raised inside Great Expectations, or "".

    `exception_info` holds either one exception, or one for each metric that failed.
    """
    info = result.exception_info or {}
    infos = [info, *(entry for entry in info.values() if isinstance(entry, dict))]
    for entry in infos:
        if entry.get("raised_exception"):
            lines = str(entry.get("exception_message") or "").strip().splitlines()
            return " ".join(lines[0].split()) if lines else "an error without a message"
    return ""


def _examples(check: Check, table: Table, result: dict[str, Any]) -> tuple[str, ...]:
    found = result.get(privacy.ROWS) or result.get("partial_unexpected_list") or ()
    texts = [_row(one, check, table) if isinstance(one, dict) else _text(one) for one in found]
    distinct = dict.fromkeys(text for text in texts if text)
    return tuple(distinct)[:EXAMPLES]


def _row(row: dict[str, Any], check: Check, table: Table) -> str:
    shown = {name: value for name, value in row.items() if not name.startswith("_sdc_")}
    if len(shown) > WIDEST_ROW:
        rule = str(check.kwargs.get(QUERY, ""))
        told = {
            name: value
            for name, value in shown.items()
            if name in table.key or privacy.mentions(rule, [name])
        }
        shown = dict(list((told or shown).items())[:WIDEST_ROW])
    return " ".join(f"{name}={_text(value)}" for name, value in shown.items())


def _text(value: Any) -> str:
    if value is None:
        return "null"
    text = str(value)
    if not text or text != " ".join(text.split()):
        text = repr(text)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
