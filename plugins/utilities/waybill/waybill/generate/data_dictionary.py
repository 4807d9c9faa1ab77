"""The data dictionary: what every landed column means, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.contracts import Column, Contract, Stream

_RULE_WORDS = {"error": "stops the job", "warning": "is reported", "info": "is noted"}


def data_dictionary(contracts: tuple[Contract, ...], *, header: str) -> str:
    """Markdown with one chapter per source and one section per stream."""
    lines = [
        f"<!-- {header} -->",
        "",
        "# Data dictionary",
        "",
        "What lands in the raw schemas, as the data contracts in `extract/contracts` promise it.",
        "The sums of columns marked as control totals are reconciled from the source to the marts.",
        "Of a column that is hashed, HMAC-SHA-256 of each value lands: [personal data](decisions/personal-data.md).",
    ]
    for contract in contracts:
        place = f"Schema `{contract.raw_schema}`, domain `{contract.domain}`"
        lines += [
            "",
            f"## {contract.name}",
            "",
            f"{contract.description} {place}, contract version {contract.version}.",
        ]
        for stream in contract.streams:
            lines += _section(contract, stream)
    return "\n".join(lines) + "\n"


def _section(contract: Contract, stream: Stream) -> Iterator[str]:
    facts = [f"{stream.grain}."]
    facts.append(f"Key: {_names(stream.key)}." if stream.key else "No key.")
    if stream.files:
        facts.append(f"Files: `{stream.files}`.")
    if stream.replication_key:
        facts.append(f"Read by `{stream.replication_key}`.")
    if stream.freshness:
        facts.append(f"Fresh within {stream.freshness.count} {stream.freshness.period}(s).")
    yield from ("", f"### {contract.raw_schema}.{stream.name}", "", stream.description, "")
    yield " ".join(facts)
    yield ""
    yield "| column | type | required | class | control total | description |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for column in stream.columns:
        yield _row(column)
    if stream.rules:
        yield ""
        for rule in stream.rules:
            known = f" ({len(rule.exceptions)} known)" if rule.exceptions else ""
            yield f"- `{rule.name}` {_RULE_WORDS[rule.severity]}: {_cell(rule.description)}{known}"


def _row(column: Column) -> str:
    class_ = column.classification
    if column.is_hashed:
        class_ += f", hashed from {column.sql_type}"
    elif column.clear_because:
        class_ += f", in the clear because {column.clear_because}"
    description = column.description
    if column.reference:
        description += f" Refers to {column.reference.stream}.{column.reference.column}."
    if column.accepted_values:
        description += f" One of {', '.join(column.accepted_values)}."
    cells = (
        f"`{column.name}`",
        column.landed_type,
        "yes" if column.is_required else "",
        class_,
        "yes" if column.is_control_total else "",
        description,
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |".replace("|  |", "| |")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
