"""A contract's rules as queries that select the offending rows of a batch.

`waybill-validate` puts the rows it checks, a table or a subquery, where `{batch}` stands, and reads
every other brace as a parameter. The batch is therefore given its stream's name as an alias, and
literal braces are doubled.

Only rows that the source still holds are judged, and only they count as parents. A row that could
not land is not missed: where its open dead letter holds the key of what a rule over several rows
finds, that is no finding. A child whose parent could not land is one, for no mart could place it.
"""

from __future__ import annotations

# ruff: noqa: S608 - identifiers are quoted, literals have their quotes doubled
import re
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError
from waybill_common.identifiers import qualify, quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.contracts import Column, Contract, QualityRule, Stream

ALIVE = '"_sdc_deleted_at" is null'
"""The condition that leaves out rows marked as gone from their source."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}|\{|\}")
_JOIN = re.compile(r"\bjoin\b", re.IGNORECASE)
_GROUPED = re.compile(r"\bgroup\s+by\b", re.IGNORECASE)
_BIND = re.compile(r"(?<![:\w\\]):\w+(?!:)")


def has_marked_rows(stream: Stream) -> bool:
    """Whether rows gone from the source stay in the table, marked; those of files are removed."""
    return stream.files is None


def rule_query(contract: Contract, stream: Stream, rule: QualityRule) -> str:
    """The rule's query, without known exceptions and what open dead letters explain.

    Raises:
        WaybillError: The query names a stream that the contract lacks, or uses what Great
            Expectations cannot run.
    """
    place = f"Contract {contract.source}, stream {stream.name}, rule {rule.name}"
    if _JOIN.search(rule.query):
        msg = f"{place}: Great Expectations does not alias a batch in a query with JOIN."
        raise WaybillError(
            msg, "Write `exists (...)`, or name both in FROM and equate keys in WHERE."
        )
    if found := _BIND.search(rule.query):
        msg = f"{place}: {found[0]!r} would be read as a bound parameter."
        raise WaybillError(msg, "Write the value in another way, such as cast(x as type).")

    def relation(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0] * 2
        if name == "table":
            return _batch(stream.name)
        if name not in {other.name for other in contract.streams}:
            msg = f"{place}: {{{name}}} is no stream of the contract."
            raise WaybillError(msg, "Use {table} or the name of a stream.")
        return f"{_rows(contract, contract.stream(name))} as {quote(name)}"

    query = _PLACEHOLDER.sub(relation, rule.query.strip())
    conditions = [*_known(place, rule), *_explained(contract, stream, rule)]
    if not conditions:
        return query
    return f'select * from (\n{_indented(query)}\n) as "found"\nwhere ' + "\n  and ".join(
        conditions
    )


def _known(place: str, rule: QualityRule) -> Iterator[str]:
    if not rule.exceptions:
        return
    if rule.exception_column is None:
        msg = f"{place}: it has exceptions but no exceptionColumn."
        raise WaybillError(msg, "Name the column that the exceptions are keys of.")
    known = ",\n    ".join(_literal(key) for key in rule.exceptions)
    yield f'("found".{quote(rule.exception_column)} in (\n    {known}\n)) is not true'


def _explained(contract: Contract, stream: Stream, rule: QualityRule) -> Iterator[str]:
    """The condition that leaves out what misses a row that could not land."""
    names = {match[1] for match in _PLACEHOLDER.finditer(rule.query)} - {None, "table"}
    if _GROUPED.search(rule.query):
        names.add(stream.name)
    if not names or not stream.key:
        return
    streams = ", ".join(map(_literal, sorted(names)))
    key = ", ".join(map(_literal, stream.key))
    # The rule need not select the whole key: what it selects of it decides.
    yield (
        f"not exists (\n"
        f"    select from waybill.dead_letter as letter\n"
        f"    where letter.target_schema = {_literal(contract.raw_schema)}\n"
        f"      and letter.stream in ({streams})\n"
        f"      and letter.resolved_at is null\n"
        f"      and coalesce(letter.payload, letter.key) @> (\n"
        f"        select jsonb_object_agg(field.key, field.value)\n"
        f'        from jsonb_each_text(to_jsonb("found")) as field\n'
        f"        where field.key in ({key})\n"
        f"      )\n"
        f"  )"
    )


def reference_query(contract: Contract, stream: Stream, column: Column) -> str:
    """Rows whose foreign key names no row of the other stream; a null key is no reference."""
    if column.reference is None:
        msg = f"{stream.name}.{column.name} refers to nothing"
        raise ValueError(msg)
    shown = ", ".join(quote(name) for name in dict.fromkeys((*stream.key, column.name)))
    parent = _rows(contract, contract.stream(column.reference.stream))
    child_key = f"{quote(stream.name)}.{quote(column.name)}"
    return (
        f"select {shown} from {_batch(stream.name)}\n"
        f"where {child_key} is not null\n"
        f"  and not exists (\n"
        f'    select from {parent} as "parent"\n'
        f'    where "parent".{quote(column.reference.column)} = {child_key}\n'
        f"  )"
    )


def _batch(name: str) -> str:
    return f"{{batch}} as {quote(name)}"


def _rows(contract: Contract, stream: Stream) -> str:
    table = qualify(contract.raw_schema, stream.name)
    return f"(select * from {table} where {ALIVE})" if has_marked_rows(stream) else table


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
