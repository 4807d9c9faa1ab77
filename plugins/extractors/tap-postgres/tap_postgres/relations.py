"""Tables and views of a schema, as the source's own catalog describes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from waybill_common import pii, sql_types
from waybill_common.identifiers import qualify, quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from waybill_common import contracts

_MONEY = "money"
_STORED = frozenset({"r", "p", "m"})

# A domain is followed down to its base type; the last modifier on the way is the one that counts.
_COLUMNS = """
    with recursive typed as (
        select
            relation.relname, relation.oid, relation.relkind, column_.attname, column_.attnum,
            column_.atttypid as type_id, column_.atttypmod as modifier
        from pg_catalog.pg_class as relation
        join pg_catalog.pg_attribute as column_ on column_.attrelid = relation.oid
        where relation.relnamespace = to_regnamespace(%(schema)s)
            and relation.relkind in ('r', 'p', 'v', 'm', 'f')
            and not relation.relispartition
            and column_.attnum > 0
            and not column_.attisdropped
            and has_column_privilege(relation.oid, column_.attnum, 'select')
        union all
        select
            typed.relname, typed.oid, typed.relkind, typed.attname, typed.attnum,
            domain.typbasetype,
            case when typed.modifier = -1 then domain.typtypmod else typed.modifier end
        from typed
        join pg_catalog.pg_type as domain on domain.oid = typed.type_id
        where domain.typtype = 'd'
    )
    select
        typed.relname, typed.oid::bigint, typed.relkind::text, typed.attname,
        format_type(type_id, modifier)
    from typed
    join pg_catalog.pg_type as type_ on type_.oid = typed.type_id
    where type_.typtype <> 'd'
    order by typed.relname, typed.attnum
"""
_KEYS = """
    select relation.relname, array_agg(column_.attname::text order by member.position)
    from pg_catalog.pg_constraint as primary_key
    join pg_catalog.pg_class as relation on relation.oid = primary_key.conrelid
    cross join unnest(primary_key.conkey) with ordinality as member (attnum, position)
    join pg_catalog.pg_attribute as column_
        on column_.attrelid = relation.oid and column_.attnum = member.attnum
    where primary_key.contype = 'p' and relation.relnamespace = to_regnamespace(%(schema)s)
    group by relation.relname
"""
# A foreign table that is a partition, or inherits, has rows that carry no transaction of this server.
_WITH_FOREIGN_ROWS = """
    with recursive family as (
        select oid as root, oid as member
        from pg_catalog.pg_class
        where relnamespace = to_regnamespace(%(schema)s) and relhassubclass
        union
        select family.root, child.inhrelid
        from family
        join pg_catalog.pg_inherits as child on child.inhparent = family.member
    )
    select distinct relation.relname
    from family
    join pg_catalog.pg_class as relation on relation.oid = family.root
    join pg_catalog.pg_class as descendant on descendant.oid = family.member
    where descendant.relkind = 'f'
"""


@dataclass(frozen=True)
class SourceColumn:
    """One column.

    Attributes:
        sql_type: The exact type it travels in; text where no other is known to the warehouse.
        expression: How to read it, as SQL.
        hashed_type: The type of the values whose hashes travel in their place, or None.
        is_personal: Whether values of class pii travel in the clear, for no message to quote.
    """

    name: str
    sql_type: str
    expression: str
    hashed_type: str | None = None
    is_personal: bool = False

    def classed(self, promised: contracts.Column | None) -> SourceColumn:
        """The column with hashes in place of its values, if the contract wants them."""
        if promised is None or not promised.is_pii:
            return self
        if promised.is_hashed:
            return replace(self, sql_type=pii.SQL_TYPE, hashed_type=self.sql_type)
        return replace(self, is_personal=True)


@dataclass(frozen=True)
class Relation:
    """One table or view.

    Attributes:
        oid: Its number in the source; a table that was made anew has another one.
        is_stored: Whether its rows carry the transaction that wrote them, unlike those of a view.
        key: The columns of its primary key, empty without one.
    """

    schema: str
    name: str
    oid: int
    is_stored: bool
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The relation as a quoted identifier."""
        return qualify(self.schema, self.name)

    def classed(self, promised: Mapping[str, contracts.Column]) -> Relation:
        """The relation with its columns as the contract classes them."""
        columns = (each.classed(promised.get(each.name)) for each in self.columns)
        return replace(self, columns=tuple(columns))


def of_schema(connection: psycopg.Connection[Any], schema: str) -> dict[str, Relation]:
    """What the role may read in a schema, by name.

    Args:
        connection: The source.
        schema: The schema's name.
    """
    parameters = {"schema": quote(schema)}
    keys = dict(connection.execute(_KEYS, parameters).fetchall())
    foreign = {name for (name,) in connection.execute(_WITH_FOREIGN_ROWS, parameters)}
    found: dict[str, tuple[int, str]] = {}
    columns: dict[str, list[SourceColumn]] = {}
    for relation, oid, kind, name, declared in connection.execute(_COLUMNS, parameters).fetchall():
        found[relation] = (oid, kind)
        columns.setdefault(relation, []).append(_column(name, declared))
    return {
        name: Relation(
            schema=schema,
            name=name,
            oid=oid,
            is_stored=kind in _STORED and name not in foreign,
            columns=tuple(columns[name]),
            key=tuple(keys.get(name, ())),
        )
        for name, (oid, kind) in found.items()
    }


def _column(name: str, declared: str) -> SourceColumn:
    if declared == _MONEY:
        # Its text depends on the server's locale.
        return SourceColumn(name, "numeric", f"{quote(name)}::numeric")
    if known := sql_types.canonical(declared):
        return SourceColumn(name, known, quote(name))
    return SourceColumn(name, "text", f"{quote(name)}::text")
