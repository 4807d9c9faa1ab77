"""The queries behind a conservation rule.

Both sides are first summed up in one pass each, with a fingerprint of their keys and amounts; only
where those differ are they compared key by key, which costs several times as much.
"""

# ruff: noqa: S608 - identifiers are quoted; expressions are the project's own SQL, as dbt runs it

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill.receipt.model import MAX_OFFENDERS
from waybill_common.identifiers import qualify, quote

if TYPE_CHECKING:
    from waybill.receipt.manifest import Relation, Rule


@dataclass(frozen=True)
class _Side:
    relation: Relation
    key: tuple[str, ...]
    totals: tuple[str, ...]
    where: str | None
    is_grouped: bool = False

    @property
    def source(self) -> str:
        condition = f" where {self.where}" if self.where else ""
        return f"{qualify(self.relation.schema, self.relation.name)}{condition}"

    def rows(self) -> str:
        """Keys as k0, k1, ... and totals as t0, t1, ...; one row per key if it is grouped."""
        if self.is_grouped:
            return self.by_key("1")
        columns = [f"{expression} as k{number}" for number, expression in enumerate(self.key)]
        columns += [
            f"({expression})::numeric as t{number}" for number, expression in enumerate(self.totals)
        ]
        return f"select {', '.join(columns)} from {self.source}"

    def by_key(self, count: str) -> str:
        """The same with the number of rows as n, always one row per key."""
        columns = [f"{expression} as k{number}" for number, expression in enumerate(self.key)]
        columns += [
            f"sum({expression})::numeric as t{number}"
            for number, expression in enumerate(self.totals)
        ]
        columns.append(f"{count} as n")
        positions = ", ".join(str(number + 1) for number in range(len(self.key)))
        return f"select {', '.join(columns)} from {self.source} group by {positions}"


def _origin(rule: Rule) -> _Side:
    return _Side(
        rule.origin,
        rule.origin_key,
        tuple(rule.totals.values()),
        rule.origin_where,
        rule.is_distinct,
    )


def _mart(rule: Rule) -> _Side:
    key = tuple(quote(name.lower()) for name in rule.key)
    totals = tuple(quote(name.lower()) for name in rule.totals)
    return _Side(rule.mart, key, totals, rule.where)


def summaries(rule: Rule) -> str:
    """One row for the origin and one for the mart: n, t0, t1, ... and the fingerprint."""
    totals = range(len(rule.totals))
    sums = "".join(f", coalesce(sum(t{number}), 0) as t{number}" for number in totals)
    # Text makes equal values of different types, such as integer and bigint, the same.
    values = [f"k{number}::text" for number in range(len(rule.key))]
    values += [f"trim_scale(t{number})" for number in totals]
    digest = f"hashtextextended(row({', '.join(values)})::text, 0)"
    columns = f"count(*) as n{sums}, coalesce(sum({digest}), 0) as fingerprint"
    return "\nunion all\n".join(
        f"select {columns} from (\n{side.rows()}\n) as side"
        for side in (_origin(rule), _mart(rule))
    )


def offenders(rule: Rule) -> str:
    """The first keys that differ: their rows as origin_n and mart_n, their totals as o0, m0, ..."""
    numbers = range(len(rule.totals))
    keys = [f"k{number}" for number in range(len(rule.key))]
    key = ", ".join(keys)
    of_origin = "".join(f", t{number}, null::numeric" for number in numbers)
    of_mart = "".join(f", null::numeric, t{number}" for number in numbers)
    names = "".join(f", o{number}, m{number}" for number in numbers)
    sums = "".join(f", sum(o{n}) as o{n}, sum(m{n}) as m{n}" for n in numbers)
    differs = "".join(f" or o{number} is distinct from m{number}" for number in numbers)
    texts = ", ".join(f"{name}::text as text_of_{name}" for name in keys)
    origin = _origin(rule).by_key("1" if rule.is_distinct else "count(*)")
    mart = _mart(rule).by_key("count(*)")
    return (
        f"with origin as (\n{origin}\n), mart as (\n{mart}\n"
        f"), sides ({key}, origin_n, mart_n{names}) as (\n"
        f"select {key}, n, 0{of_origin} from origin\n"
        f"union all\n"
        f"select {key}, 0, n{of_mart} from mart\n"
        f"), compared as (\n"
        f"select {key}, sum(origin_n)::bigint as origin_n, sum(mart_n)::bigint as mart_n{sums}\n"
        f"from sides group by {key}\n"
        f")\n"
        f"select *, {texts} from compared where origin_n <> mart_n{differs}\n"
        f"order by {key} limit {MAX_OFFENDERS}"
    )
