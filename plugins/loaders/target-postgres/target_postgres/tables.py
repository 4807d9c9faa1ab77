"""A table of the warehouse: what it is now, and what a stream needs it to become."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from waybill_common import sql_types
from waybill_common.errors import WaybillError
from waybill_common.identifiers import qualify, quote
from waybill_common.targets.columns import (
    BATCHED_AT,
    DELETED_AT,
    EXTRACTED_AT,
    TIMESTAMP,
    check_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from waybill_common.targets.columns import Column

_COLUMNS = """
    select attname, pg_catalog.format_type(atttypid, atttypmod)
    from pg_catalog.pg_attribute
    where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
"""
_PRIMARY_KEY = """
    select attribute.attname
    from pg_catalog.pg_constraint as primary_key
    cross join unnest(primary_key.conkey) with ordinality as member (attnum, position)
    join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = primary_key.conrelid and attribute.attnum = member.attnum
    where primary_key.conrelid = to_regclass(%s) and primary_key.contype = 'p'
    order by member.position
"""
_LOAD_COLUMNS = {EXTRACTED_AT: TIMESTAMP, BATCHED_AT: TIMESTAMP, DELETED_AT: TIMESTAMP}


@dataclass(frozen=True)
class Plan:
    """What a table has to become before rows can land in it.

    Attributes:
        types: The type that each of the stream's columns will have.
        before: Statements to run before the rows are written; the last one makes a new table.
        after: Statements to run after, in the same transaction.
        definition: Columns and types of a new table, in order.
        left_out: Columns of the stream that are not to land.
    """

    types: dict[str, str]
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    definition: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether there is no table yet."""
        return bool(self.definition)

    @property
    def before_any_table(self) -> list[str]:
        """Those of the statements that make the schema, where there is none."""
        return self.before[:-1] if self.is_new else []


def destination(stream: str, setting: str | None) -> tuple[str, str]:
    """Schema and table of a stream.

    Args:
        stream: Its name.
        setting: `default_target_schema`; without one, the stream's name is `schema-table`.

    Raises:
        WaybillError: There is no schema, or a name cannot be an identifier.
    """
    schema, table = setting, stream
    if not schema:
        schema, _, table = stream.partition("-")
    if not table:
        msg = f"Stream {stream}: no schema to land in."
        raise WaybillError(msg, "Set `default_target_schema`, or the extractor's `load_schema`.")
    check_name(schema, "default_target_schema")
    check_name(table, f"stream {stream}: table")
    return schema, table


def plan(  # noqa: PLR0913 - a table has this many sides
    connection: psycopg.Connection[Any],
    *,
    stream: str,
    schema: str,
    table: str,
    columns: Sequence[Column],
    key: Sequence[str],
    drift: str,
) -> Plan:
    """Compare a stream with its table.

    Args:
        connection: The warehouse, inside the load's transaction.
        stream: The stream's name, for errors.
        schema: The table's schema.
        table: Its name.
        columns: The stream's columns.
        key: Its key, empty for a table without one.
        drift: What to do where they differ: `evolve` adds columns and widens types, `quarantine`
            leaves new columns out, `freeze` refuses both.

    Raises:
        WaybillError: A column's type, or the key, cannot become what the stream needs, or may not.
    """
    relation = qualify(schema, table)
    existing = dict(connection.execute(_COLUMNS, (relation,)).fetchall())
    wanted = {column.name: column.sql_type for column in columns}
    if not existing:
        return _creation(connection, schema, relation, wanted, key)
    types: dict[str, str] = {}
    changes: list[str] = []
    left_out: list[str] = []
    kept = {*key, *(column.name for column in columns if column.is_control_total)}
    for name, sql_type in (
        wanted | {k: v for k, v in _LOAD_COLUMNS.items() if k not in wanted}
    ).items():
        is_own = name.startswith("_sdc_")
        if name not in existing and not is_own and drift == "freeze":
            _refuse(stream, f"{schema}.{table} has no column {name}")
        if name not in existing and not is_own and drift == "quarantine" and name not in kept:
            left_out.append(name)
            continue
        if name not in existing:
            types[name] = sql_type
            changes.append(f"add column {quote(name)} {sql_type}")
            continue
        wider = sql_types.widest(existing[name], sql_type)
        if wider is None:
            msg = (
                f"Stream {stream}: column {name} is {existing[name]} in {schema}.{table} and arrives"
                f" as {sql_type}, which it cannot become without loss."
            )
            remedy = (
                f"Convert the column by hand, or rename {schema}.{table} and load it again in full."
            )
            raise WaybillError(msg, remedy)
        types[name] = wider
        if wider != existing[name] and not is_own and drift == "freeze":
            _refuse(stream, f"column {name} of {schema}.{table} is {existing[name]}, not {wider}")
        if wider != existing[name]:
            changes.append(f"alter column {quote(name)} type {wider}")
    before = [f"alter table {relation} {', '.join(changes)}"] if changes else []
    before += _key_change(connection, stream, relation, key)
    return Plan(types=types, before=before, left_out=tuple(left_out))


def _refuse(stream: str, what: str) -> NoReturn:
    msg = f"Stream {stream}: {what}, and its drift is freeze."
    remedy = "Change the table by hand, or let the stream's drift be evolve in its contract."
    raise WaybillError(msg, remedy)


def _creation(
    connection: psycopg.Connection[Any],
    schema: str,
    relation: str,
    wanted: dict[str, str],
    key: Sequence[str],
) -> Plan:
    own = [name for name in wanted if not name.startswith("_sdc_")]
    named = {name: wanted[name] for name in own} | _LOAD_COLUMNS | wanted
    definitions = ", ".join(f"{quote(name)} {sql_type}" for name, sql_type in named.items())
    before = [f"create table {relation} ({definitions})"]
    found = connection.execute("select to_regnamespace(%s)", (quote(schema),)).fetchone()
    if not found or found[0] is None:
        before.insert(0, f"create schema if not exists {quote(schema)}")
    return Plan(types=wanted, before=before, after=_add_key(relation, key), definition=named)


def _key_change(
    connection: psycopg.Connection[Any], stream: str, relation: str, key: Sequence[str]
) -> list[str]:
    current = [name for (name,) in connection.execute(_PRIMARY_KEY, (relation,)).fetchall()]
    if not key or set(current) == set(key):
        return []
    if not current:
        return _add_key(relation, key)
    msg = (
        f"Stream {stream}: its key is ({', '.join(key)}), but {relation} has the primary key"
        f" ({', '.join(current)})."
    )
    raise WaybillError(msg, f"Rename {relation} and load it again in full.")


def _add_key(relation: str, key: Sequence[str]) -> list[str]:
    if not key:
        return []
    return [f"alter table {relation} add primary key ({', '.join(map(quote, key))})"]
