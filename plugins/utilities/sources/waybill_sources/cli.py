"""`waybill-sources prepare|next-day|export-totesys|generate`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from waybill_common import connections, project
from waybill_common.errors import WaybillError, reports_errors
from waybill_sources import next_day, olist, prepare, settings, totesys, totesys_exports


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
        for source, (date, changes) in next_day.append(sources).items():
            print(f"{f'{source} {date.isoformat()}':<34}{'new':>8}{'changed':>10}")
            for name, (new, changed) in changes.items():
                if new or changed:
                    print(f"  {name:<32}{new:>8,}{changed:>10,}")


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
