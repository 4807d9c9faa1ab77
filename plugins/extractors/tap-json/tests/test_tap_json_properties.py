"""Random tables written as JSON: what goes in is what PostgreSQL itself makes of it."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
from typing import TYPE_CHECKING, Any

import contract_documents
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql
from random_tables import Table, tables

from tap_json.tap import TapJson
from target_postgres.target import TargetPostgres

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

TYPES = (
    *("smallint", "integer", "bigint", "numeric", "numeric(38,9)", "double precision", "boolean"),
    *("text", "character varying(12)", "uuid", "date", "timestamp without time zone"),
    *("timestamp with time zone", "jsonb"),
)
_BARE = ("smallint", "integer", "bigint", "numeric", "numeric(38,9)", "double precision", "boolean", "jsonb")  # fmt: skip
_FOREIGN = ("NaN", "Infinity", "-Infinity", "infinity", "-infinity", "0044-03-15 BC")
"""Values of a database that files have not: they are dead letters there."""
_numbers = itertools.count()


def _written(value: str | None, sql_type: str, *, is_ascii: bool) -> str:
    if value is None:
        return "null"
    return value if sql_type in _BARE else json.dumps(value, ensure_ascii=is_ascii)


def _text(table: Table, form: str, *, is_ascii: bool) -> str:
    names = [json.dumps(name, ensure_ascii=is_ascii) for name in table.columns]
    kinds = ["integer", *table.types.values()]
    rows = [
        "{"
        + ", ".join(
            f"{name}: {_written(value, kind, is_ascii=is_ascii)}"
            for name, value, kind in zip(names, [str(number), *row], kinds, strict=True)
        )
        + "}"
        for number, row in enumerate(table.rows)
    ]
    if form == "lines":
        return "\n".join(rows)
    array = "[" + ", ".join(rows) + "]"
    return f'{{"rows": {array}}}' if form == "member" else array


def _expected(warehouse: ScratchDatabase, table: Table) -> list[tuple[Any, ...]]:
    """What PostgreSQL makes of the texts by itself; a member that is `null` is NULL."""
    kinds = ["integer", *table.types.values()]
    found: list[tuple[Any, ...]] = []
    with warehouse.connection().connect() as session:
        for number, row in enumerate(table.rows):
            values = sql.SQL(", ").join(
                sql.SQL("{}::{}::text").format(
                    sql.Literal(None if (value, kind) == ("null", "jsonb") else value),
                    sql.SQL(kind),
                )  # type: ignore[arg-type]  # one of ours
                for value, kind in zip([str(number), *row], kinds, strict=True)
            )
            found += session.execute(sql.SQL("select {}").format(values)).fetchall()
    return found


@settings(max_examples=25)
@given(
    table=tables(TYPES),
    form=st.sampled_from(["lines", "array", "member"]),
    mode=st.sampled_from(["batch", "record"]),
    is_ascii=st.booleans(),
)
def test_any_table_lands_as_postgresql_reads_it(
    warehouse: ScratchDatabase,
    tmp_path: Path,
    *,
    table: Table,
    form: str,
    mode: str,
    is_ascii: bool,
) -> None:
    # Protects every type, null, empty texts, control characters, escapes, and names that would be SQL.
    rows = [row for row in table.rows if not set(_FOREIGN).intersection(row)]
    table = Table(table.name, table.types, rows)
    schema = f"raw_{next(_numbers)}"
    custom = {"member": "rows"} if form == "member" else {}
    stream = contract_documents.stream(
        table.name, {"id": "integer#"} | table.types, files=f"{schema}.json", **custom
    )
    contract = tmp_path / f"{schema}.yml"
    contract.write_text(yaml.safe_dump(contract_documents.contract("random", [stream])))
    path = tmp_path / f"{schema}.json"
    path.write_text(_text(table, form, is_ascii=is_ascii), encoding="utf-8", newline="")
    written = io.StringIO()
    config = {"path": str(path), "contract": str(contract), "mode": mode}
    with contextlib.redirect_stdout(written):
        TapJson(config=config).sync_all()
    assert '"dead_letter"' not in written.getvalue()
    with contextlib.redirect_stdout(io.StringIO()):
        target = TargetPostgres(config={"default_target_schema": schema})
        try:
            target.listen(io.StringIO(written.getvalue()))
        finally:
            target.session.close()
    names = sql.SQL(", ").join(
        sql.SQL("{}::text").format(sql.Identifier(name)) for name in table.columns
    )
    query = sql.SQL("select {} from {} order by id").format(
        names, sql.Identifier(schema, table.name)
    )
    with warehouse.connection().connect() as session:
        assert session.execute(query).fetchall() == _expected(warehouse, table)
