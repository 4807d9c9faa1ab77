"""`waybill-sources prepare|next-day|export-totesys|generate`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from waybill_common import connections, project
from waybill_common.errors import WaybillError, reports_errors
from waybill_sources import (
    clickstream,
    olist,
    online_retail,
    prepare,
    rates,
    settings,
    totesys,
    totesys_days,
    totesys_exports,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

Changes = tuple["dt.date", dict[str, tuple[int, int]]]


@reports_errors
def main(argv: list[str] | None = None) -> None:
    """Run one command on the sources."""
    options = _parser().parse_args(argv)
    if options.command == "generate":
        _generate(options)
        return
    if options.command == "export-totesys":
        _export(options.folder)
        return
    sources = [options.source] if options.source else list(prepare.SOURCES)
    if options.command == "prepare":
        for line in prepare.prepare(sources):
            print(line)
    else:
        _next_day(sources)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="waybill-sources", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, does in (
        ("prepare", "check every source; make samples where no other is set"),
        ("next-day", "append a day of new, changed and late rows to the samples"),
    ):
        command = commands.add_parser(name, help=does, description=does)
        command.add_argument("source", nargs="?", choices=prepare.SOURCES, help="only this one")
    does = "write the tables of totesys into a folder, as JSON files"
    command = commands.add_parser("export-totesys", help=does, description=does)
    command.add_argument(
        "folder", type=Path, nargs="?", help="default: samples/totesys-exports in WAYBILL_HOME"
    )
    does = "write Olist samples into a folder, for benchmarks and trials"
    command = commands.add_parser("generate", help=does, description=does)
    command.add_argument("folder", type=Path, help="where the nine files go")
    command.add_argument("--orders", type=int, help="how many orders; samples.yml has the default")
    command.add_argument("--seed", type=int, help="another seed gives other rows")
    command.add_argument("--days", type=int, default=0, help="the state after so many next days")
    return parser


def _generate(options: argparse.Namespace) -> None:
    wanted = settings.load()
    for name in ("orders", "seed"):
        value = getattr(options, name)
        if value is not None:
            wanted = replace(wanted, **{name: value})
    if wanted.orders < 1 or options.days < 0:
        msg = f"--orders {wanted.orders} --days {options.days} is not possible."
        raise WaybillError(msg, "Give --orders 1 or more and --days 0 or more.")
    made = olist.generate(options.folder, wanted, days=options.days)
    for stream, rows in made.rows.items():
        print(f"{stream:<34}{rows:>12,}")


def _export(folder: Path | None) -> None:
    value = prepare.setting(prepare.TOTESYS)
    url = value if connections.is_postgres_url(value) else ""
    folder = folder or project.home() / "samples" / "totesys-exports"
    source = connections.source(url, setting=prepare.TOTESYS)
    for table, rows in totesys_exports.export(source, totesys.contract(), folder).items():
        print(f"{table + '.json':<34}{rows:>12,}")
    print(f"in {folder}")


def _next_day(sources: Sequence[str]) -> None:
    """Append a day to each source, once all of them are known to be samples."""
    for source, variable in prepare.VARIABLES.items():
        if source in sources and prepare.setting(variable):
            other = next(name for name in prepare.SOURCES if name != source)
            msg = f"{variable} is set: a next day can only be appended to the samples of {source}."
            raise WaybillError(
                msg, f"Unset {variable}, or append to {other} alone: next-day {other}."
            )
    if "olist" in sources:
        olist.check_samples(prepare.samples_folder())
    if "online_retail" in sources:
        online_retail.check_samples(prepare.samples_folder("online_retail"))
    if "totesys" in sources:
        with prepare.source_as_superuser().connect() as session:
            totesys.check_samples(session)
    wanted = settings.load()
    folders = {
        "exchange_rates": (rates.samples(wanted), totesys_days.date),
        "clickstream": (clickstream.samples(wanted), clickstream.date),
    }
    for source in folders.keys() & set(sources):
        folders[source][0].check_samples()
    if "olist" in sources:
        _print("olist", olist.next_day(prepare.samples_folder()))
    if "online_retail" in sources:
        changes = online_retail.next_day(prepare.samples_folder("online_retail"))
        _print("online_retail", changes)
    if "totesys" in sources:
        with prepare.source_as_superuser().connect() as session:
            _print("totesys", totesys.next_day(session))
    for source in (source for source in sources if source in folders):
        folder, date = folders[source]
        day, rows = folder.next_day()
        _print(source, (date(day), {name: (new, 0) for name, new in rows.items()}))


def _print(source: str, appended: Changes) -> None:
    date, changes = appended
    print(f"{f'{source} {date.isoformat()}':<34}{'new':>8}{'changed':>10}")
    for name, (new, changed) in changes.items():
        if new or changed:
            print(f"  {name:<32}{new:>8,}{changed:>10,}")
