"""`waybill-sources prepare|next-day|generate`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError, reports_errors
from waybill_sources import olist, prepare, settings, storefront, totesys

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


def _next_day(sources: Sequence[str]) -> None:
    """Append a day to each source, once all of them are known to be samples."""
    variables = {
        "olist": prepare.OLIST,
        "totesys": prepare.TOTESYS,
        "storefront": prepare.STOREFRONT,
    }
    for source, variable in variables.items():
        if source in sources and prepare.setting(variable):
            other = next(name for name in prepare.SOURCES if not prepare.setting(variables[name]))
            msg = f"{variable} is set: a next day can only be appended to the samples of {source}."
            raise WaybillError(
                msg, f"Unset {variable}, or append to {other} alone: next-day {other}."
            )
    if "olist" in sources:
        olist.check_samples(prepare.samples_folder())
    embedded = [each for each in (totesys, storefront) if each.SOURCE in sources]
    for each in embedded:
        with prepare.source_as_superuser().connect() as session:
            each.check_samples(session)
    if "olist" in sources:
        _print("olist", olist.next_day(prepare.samples_folder()))
    for each in embedded:
        with prepare.source_as_superuser().connect() as session:
            _print(each.SOURCE, each.next_day(session))


def _print(source: str, appended: Changes) -> None:
    date, changes = appended
    print(f"{f'{source} {date.isoformat()}':<34}{'new':>8}{'changed':>10}")
    for name, (new, changed) in changes.items():
        if new or changed:
            print(f"  {name:<32}{new:>8,}{changed:>10,}")
