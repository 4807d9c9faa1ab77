"""The expectation suite of a source's raw schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill.generate.rule_sql import ALIVE, has_marked_rows, reference_query, rule_query
from waybill_common import pii

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.contracts import Column, Contract, Stream

_SEVERITIES = {"error": "critical", "warning": "warning", "info": "info"}
"""ODCS' severities in Great Expectations' words."""


def raw_suite(contract: Contract) -> dict[str, Any]:
    """What the contract promises about its raw tables, in the form `waybill-validate` reads."""
    return {
        "suite": contract.raw_schema,
        "schema": contract.raw_schema,
        "tables": [_table(contract, stream) for stream in contract.streams],
    }


def _table(contract: Contract, stream: Stream) -> dict[str, Any]:
    condition = {"where": ALIVE} if has_marked_rows(stream) else {}
    return {
        "table": stream.name,
        **condition,
        "expectations": list(_expectations(contract, stream)),
    }


def _expectation(
    kind: str, description: str, severity: str = "critical", /, **kwargs: Any
) -> dict[str, Any]:
    return {"type": kind, "severity": severity, "description": description, "kwargs": kwargs}


def _expectations(contract: Contract, stream: Stream) -> Iterator[dict[str, Any]]:
    yield _expectation(
        "expect_table_row_count_to_be_between", f"{stream.name} is not empty.", min_value=1
    )
    if len(stream.key) > 1:
        yield _expectation(
            "expect_compound_columns_to_be_unique",
            f"{stream.grain}: the key {', '.join(stream.key)} is unique.",
            column_list=list(stream.key),
        )
    for column in stream.columns:
        yield from _column_expectations(stream, column)
    for column in stream.columns:
        if column.reference:
            yield _expectation(
                "unexpected_rows_expectation",
                f"Each {column.name} stands in {column.reference.stream}.{column.reference.column}.",
                unexpected_rows_query=reference_query(contract, stream, column),
            )
    for rule in stream.rules:
        yield _expectation(
            "unexpected_rows_expectation",
            f"{rule.name}: {rule.description}",
            _SEVERITIES[rule.severity],
            unexpected_rows_query=rule_query(contract, stream, rule),
        )


def _column_expectations(stream: Stream, column: Column) -> Iterator[dict[str, Any]]:
    name = column.name
    if column.is_required:
        yield _expectation(
            "expect_column_values_to_not_be_null", f"{name} is never null.", column=name
        )
    if column.is_unique or stream.key == (name,):
        yield _expectation("expect_column_values_to_be_unique", f"{name} is unique.", column=name)
    if column.is_hashed:
        # The values' own rules hold for values; what must hold here is that none of them landed.
        yield _expectation(
            "expect_column_values_to_match_regex",
            f"{name} is personal data and landed hashed.",
            column=name,
            regex=pii.HASH,
        )
        return
    if column.accepted_values:
        values = list(column.accepted_values)
        yield _expectation(
            "expect_column_values_to_be_in_set",
            f"{name} is one of its {len(values)} accepted values.",
            column=name,
            value_set=values,
        )
    if column.minimum is not None or column.maximum is not None:
        bounds = {"min_value": column.minimum, "max_value": column.maximum}
        given: dict[str, Any] = {
            bound: value for bound, value in bounds.items() if value is not None
        }
        yield _expectation(
            "expect_column_values_to_be_between", _range_words(column), column=name, **given
        )
    if column.pattern is not None:
        yield _expectation(
            "expect_column_values_to_match_regex",
            f"{name} is written as {column.pattern}",
            column=name,
            regex=column.pattern,
        )


def _range_words(column: Column) -> str:
    if column.maximum is None:
        return f"{column.name} is at least {column.minimum}."
    if column.minimum is None:
        return f"{column.name} is at most {column.maximum}."
    return f"{column.name} is from {column.minimum} to {column.maximum}."
