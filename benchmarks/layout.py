"""`python -m benchmarks.layout`: what the layout of retail.fct_invoice_lines saves, next to a plain twin.

It works on the warehouse of this project as the job `retail` has left it, on samples or own data.
"""

from __future__ import annotations

import statistics
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import machine, project
from waybill_common import connections
from waybill_common.errors import WaybillError, reports_errors

if TYPE_CHECKING:
    import psycopg

LAID_OUT, PLAIN = "retail.fct_invoice_lines", "retail.fct_invoice_lines_plain"
_REPEAT = 7
"""Runs of each query on each table, of which the median counts."""
_MONTH = "date_trunc('month', (select percentile_disc(0.5) within group (order by invoice_date) from {fact}))"
_CUSTOMER = "(select customer_number from retail.dim_customer order by line_count desc, customer_number limit 1)"
QUERIES = {
    "a month's net amount": "where invoice_date >= '{month}' and invoice_date < '{next_month}'",
    "a day's net amount": "where invoice_date = '{month}'::date + 14",
    "a customer's net amount": "where customer_number = '{customer}'",
    "the net amount of all": "",
}


@dataclass(frozen=True)
class Cost:
    """What a query costs.

    Attributes:
        planned: The planner's own units.
        pages: Of 8 KiB, looked at in memory or on disk.
        milliseconds: To execute it, without the plan; the median.
    """

    planned: float
    pages: int
    milliseconds: float


@reports_errors
def main() -> None:
    """Build the twin, ask both tables the same, print the table of costs, drop the twin."""
    _build_twin()
    with connections.warehouse("transformer").connect(autocommit=True) as session:
        try:
            session.execute(f"vacuum (analyze) {LAID_OUT}, {PLAIN}")
            print(report(session))
        finally:
            session.execute(f"drop table {PLAIN}")


def report(session: psycopg.Connection[Any]) -> str:
    """The costs of every query on both tables, as Markdown.

    Args:
        session: The warehouse; both tables are there.
    """
    rows, size, plain, index = _one(
        session,
        f"select (select count(*) from {LAID_OUT}), pg_table_size('{LAID_OUT}'), pg_table_size('{PLAIN}'),"
        " (select sum(pg_relation_size(indexrelid)) from pg_index"
        f" where indrelid = '{LAID_OUT}'::regclass and not indisprimary)",
    )
    lines = [
        f"{rows:,} lines; the table takes {_mib(size)}, its indexes {_mib(index)} more, the plain twin {_mib(plain)}.",
        "",
        "| query | pages, plain | pages, laid out | planned cost, plain | planned cost, laid out | time, plain to laid out |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, condition in _conditions(session).items():
        plain_cost, cost = (_cost(session, table, condition) for table in (PLAIN, LAID_OUT))
        ratio = plain_cost.milliseconds / cost.milliseconds
        lines.append(
            f"| {name} | {plain_cost.pages:,} | {cost.pages:,} | {plain_cost.planned:,.0f} |"
            f" {cost.planned:,.0f} | {ratio:.1f} x |"
        )
    told = machine.describe(session.info.parameter_status("server_version") or "")
    place = ", ".join(told[part] for part in ("processor", "memory", "system"))
    return "\n".join([*lines, "", f"PostgreSQL {told['postgres']}, {place}, load {told['load']}."])


def _build_twin() -> None:
    """Let dbt make the twin.

    Raises:
        WaybillError: It cannot; mostly because the fact is not there yet.
    """
    arguments = [
        "build",
        "--select",
        "fct_invoice_lines_plain",
        "--vars",
        "{with_plain_twin: true}",
    ]
    done = subprocess.run(  # noqa: S603 - Meltano's own program
        [project.meltano(), "invoke", "--no-install", "dbt", *arguments],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        msg = f"dbt cannot make {PLAIN}: {(done.stdout or done.stderr).strip()[-400:]}."
        raise WaybillError(msg, "Run the job `retail` first: meltano run retail.")


def _conditions(session: psycopg.Connection[Any]) -> dict[str, str]:
    month, next_month, customer = _one(
        session,
        f"select month::date, (month + interval '1 month')::date, {_CUSTOMER}"
        f" from (select {_MONTH.format(fact=LAID_OUT)} as month) as middle",
    )
    values = {"month": month, "next_month": next_month, "customer": customer}
    return {name: condition.format(**values) for name, condition in QUERIES.items()}


def _cost(session: psycopg.Connection[Any], table: str, condition: str) -> Cost:
    query = f"select sum(net_amount) from {table} {condition}"
    plans = [
        _one(session, f"explain (analyze, buffers, timing off, format json) {query}")[0][0]
        for _ in range(_REPEAT)
    ]
    plan = plans[-1]["Plan"]
    return Cost(
        planned=plan["Total Cost"],
        pages=plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
        milliseconds=statistics.median(each["Execution Time"] for each in plans),
    )


def _one(session: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    return session.execute(query).fetchone() or ()


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"


if __name__ == "__main__":
    main()
