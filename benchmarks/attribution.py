"""`python -m benchmarks.attribution [--clicks 1,2,4]`: how attribution grows with the clicks.

Makes millions of clicks, a tenth as many checkouts and users, over thirty days, in SQL; then lets dbt
build `fct_checkout_attribution` from nothing, with nothing new, and with a day more, some of its
clicks late. What counts is the processor time of the server, which says the same on a busy machine.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine, project, server
from benchmarks.processes import Command

_MODEL = "fct_checkout_attribution"
_MILLION = 1_000_000
# Each user looks at one product now and then; half of the checkouts come within the hour after a click.
_FILL = """
    set role loader;
    create table raw_clickstream.clicks as
    select
        'c' || n as click_id, 'u' || n % ({clicks} / 10) as user_id, 'p' || n % ({clicks} / 10) % 1000 as product_id,
        (array['display', 'email', 'organic_search', 'paid_search', 'referral', 'social'])[1 + n % 6] as channel,
        timestamptz '2024-03-01 00:00+00' + n % (30 * 86400) * interval '1 second' as clicked_at,
        timestamptz '2024-04-01 00:00+00' as received_at
    from generate_series(1, {clicks}) as clicks (n);
    alter table raw_clickstream.clicks add primary key (click_id);
    create table raw_clickstream.checkouts as
    select
        'o' || n as checkout_id, 'u' || n % ({clicks} / 10) as user_id, 'p' || n % ({clicks} / 10) % 1000 as product_id,
        1 as quantity, (n % 10000)::numeric / 100 as amount,
        timestamptz '2024-03-01 00:00+00' + (n % (30 * 86400) + n % 7200) * interval '1 second' as checked_out_at,
        timestamptz '2024-04-01 00:00+00' as received_at
    from generate_series(1, {clicks} / 10) as checkouts (n);
    alter table raw_clickstream.checkouts add primary key (checkout_id);
    create table raw_clickstream.users as
    select 'u' || n as user_id, 'DE' as country, now() as signed_up_at from generate_series(1, 10) as users (n);
    reset role;
    analyze;
"""
# A day's thirtieth part of both, of which one in twenty clicks is late by a day.
_NEXT_DAY = """
    insert into raw_clickstream.clicks
    select 'd' || click_id, user_id, product_id, channel,
        clicked_at + case when n % 20 = 0 then interval '0' else interval '1 day' end, received_at
    from (
        select *, row_number() over () as n from raw_clickstream.clicks
        where clicked_at >= timestamptz '2024-03-30 00:00+00'
    ) as last_day;
    insert into raw_clickstream.checkouts
    select 'd' || checkout_id, user_id, product_id, quantity, amount, checked_out_at + interval '1 day', received_at
    from raw_clickstream.checkouts where checked_out_at >= timestamptz '2024-03-30 00:00+00';
"""


@dataclass(frozen=True)
class Figures:
    """What one size took, in seconds of the server's processor time.

    Attributes:
        attributed: Checkouts with a click, of the first build.
    """

    clicks: int
    checkouts: int
    attributed: int
    first: float
    nothing_new: float
    next_day: float


def main() -> None:
    """Measure each size on a server of its own, and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.attribution", description=__doc__)
    parser.add_argument("--clicks", default="1,2,4", help="millions of clicks, parted by commas")
    parser.add_argument("--folder", type=Path, default=project.ROOT / ".bench" / "attribution")
    options = parser.parse_args()
    folder = options.folder.resolve()
    found, version = [], ""
    for millions in map(float, options.clicks.split(",")):
        with server.running(folder / "home") as running:
            version = running.version
            found.append(_measure(running, folder, int(millions * _MILLION)))
    shutil.rmtree(folder, ignore_errors=True)
    on = machine.describe(version)
    print(
        f"Measured on {on['day']} at commit {on['commit']}: {on['processor']}, {on['memory']}, load {on['load']}."
    )
    print("| clicks | checkouts | attributed | from nothing | nothing new | a day more |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for each in found:
        print(
            f"| {each.clicks:,} | {each.checkouts:,} | {each.attributed:,} | {each.first:.1f} |"
            f" {each.nothing_new:.1f} | {each.next_day:.1f} |"
        )


def _measure(running: server.Server, folder: Path, clicks: int) -> Figures:
    running.execute(*_statements(_FILL.format(clicks=clicks)))
    first = _build(running, folder)
    ((checkouts, attributed),) = running.rows(
        f"select count(*), count(*) filter (where is_attributed) from attribution.{_MODEL}"
    )
    nothing_new = _build(running, folder)
    running.execute(*_statements(_NEXT_DAY), "analyze")
    return Figures(clicks, checkouts, attributed, first, nothing_new, _build(running, folder))


def _build(running: server.Server, folder: Path) -> float:
    """Let dbt build the model and the views it reads.

    Returns:
        Processor time of dbt's sessions at the server, in seconds.
    """
    environment = {
        "WAYBILL_HOME": str(running.home),
        "MELTANO_PROJECT_ROOT": str(project.ROOT),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    program = Path(sys.executable).with_name("waybill-dbt")
    command = Command("dbt", [program, "run", "--select", f"+{_MODEL}"], environment)
    used = {
        each.name: each.cpu_seconds
        for each in running.measure([command], folder / "said").processes
    }
    return used["server"]


def _statements(text: str) -> list[str]:
    return [part for part in text.split(";") if part.strip()]


if __name__ == "__main__":
    main()
