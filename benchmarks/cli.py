"""`python -m benchmarks run|profile|table|check`."""

from __future__ import annotations

import argparse
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import document, environments, machine, profile, project, results
from benchmarks.archive import ARCHIVE, Archive
from benchmarks.archive import source as archive_source
from benchmarks.cases import measure
from benchmarks.peers import loaders, peer
from benchmarks.plan import Plan
from benchmarks.results import Results
from benchmarks.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FOLDER = project.ROOT / ".bench"
_ROWS, _REPEAT, _SIZES = 1_000_000, 5, [2, 5]
_QUICK_ROWS, _QUICK_REPEAT, _QUICK_SIZES = 5_000, 2, [2]
_OLIST, _JOB = "olist", "job"
_NONE = "none"


def main(argv: list[str] | None = None) -> None:
    """Run one command."""
    options = _parser().parse_args(argv)
    if options.command == "run":
        _run(options)
    elif options.command == "profile":
        with _plan(options.folder, options.rows, [], []) as plan:
            print(profile.report(plan.cases()[options.case](), plan.server, options.least))
    elif options.command == "table":
        document.write()
    elif stale := document.stale():
        sys.exit(f"{', '.join(stale)}: not the newest results; run `make bench-table`.")
    elif unknown := document.unknown_commits():
        sys.exit(f"No commit {', '.join(unknown)}: measure again at one of this repository.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure, keep the results, print the verdicts")
    run.add_argument("--quick", action="store_true", help="a few thousand rows, without peers")
    run.add_argument("--rows", type=int, help="rows of the main cases")
    run.add_argument("--repeat", type=int, help="repetitions, of which the median counts")
    run.add_argument("--sizes", type=_numbers, help="larger sizes, as multiples of the rows")
    run.add_argument("--cases", type=_words, default=[], help="only those that begin so")
    run.add_argument("--peers", type=_words, help=f"of {','.join(loaders.ALL)}; or {_NONE}")
    run.add_argument("--output", type=Path, help="where results go")
    run.add_argument("--add", action="store_true", help="keep the cases that the output has")
    told = commands.add_parser("profile", help="run the pipe of a case once, tell where time goes")
    told.add_argument("case", help="such as csv-first")
    told.add_argument("--rows", type=int, default=_ROWS)
    told.add_argument("--least", type=float, default=0.01, help="seconds of a statement to list")
    for command in (run, told):
        command.add_argument(
            "--folder", type=Path, default=_FOLDER, help="for inputs, environments"
        )
    commands.add_parser("table", help="write the newest results into the documents")
    commands.add_parser("check", help="fail if the documents show other results")
    return parser


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word != _NONE]


def _numbers(text: str) -> list[int]:
    return [int(word) for word in _words(text)]


@contextmanager
def _plan(folder: Path, rows: int, sizes: Sequence[int], peers: Sequence[str]) -> Iterator[Plan]:
    """All cases on a server of their own."""
    folder = folder.resolve()
    work, inputs = folder / "run", folder / "input"
    shutil.rmtree(work, ignore_errors=True)
    inputs.mkdir(parents=True, exist_ok=True)
    with running(work / "home") as server:
        yield Plan(
            server,
            meltano=project.installed_meltano(folder / "environments"),
            inputs=inputs,
            folder=work,
            rows=rows,
            sizes=sizes,
            peers=[
                peer.install(server, folder / "environments", work / "peers", loaders.ALL[name])
                for name in peers
            ],
            further=[archive_source(work / "archive")] if ARCHIVE.exists() else [],
        )


def _run(options: argparse.Namespace) -> None:
    quick = options.quick
    rows = options.rows or (_QUICK_ROWS if quick else _ROWS)
    repeat = options.repeat or (_QUICK_REPEAT if quick else _REPEAT)
    sizes = (_QUICK_SIZES if quick else _SIZES) if options.sizes is None else options.sizes
    peers = ([] if quick else list(loaders.ALL)) if options.peers is None else options.peers
    with _plan(options.folder, rows, sizes, peers) as plan:
        found = Results(
            machine=machine.describe(plan.server.version),
            parameters={"rows": rows, "repeat": repeat, "sizes": sizes, "peers": peers},
            versions={name: environments.version(loaders.ALL[name]) for name in peers},
        )
        is_kept = options.add or not (quick or options.cases)
        own = results.FOLDER / f"{found.machine['day']}.json" if is_kept else None
        output = options.output or own or options.folder / "results.json"
        if options.add and output.exists():
            found.add(results.read(output))
        # Written after each case: what an interrupted benchmark has measured is not lost.
        for name, make in plan.cases().items():
            if _is_asked_for(name, options.cases):
                found.cases[name] = measure(name, make(), plan.server, repeat)
                found.write(output)
        if ARCHIVE.exists() and not quick:
            archive = Archive(plan.server, plan.lane, plan.folder / "archive")
            if _is_asked_for(_OLIST, options.cases):
                found.cases[_OLIST] = archive.measure_landing(repeat)
                found.write(output)
            if _is_asked_for(_JOB, options.cases):
                found.steps = archive.measure_job()
                found.write(output)
    print(document.text(found))
    print(f"results: {output}")
    if broken := list(_broken(found)):
        sys.exit("\n".join(broken))


def _is_asked_for(name: str, asked: list[str]) -> bool:
    return not asked or any(name.startswith(each) for each in asked)


def _broken(found: Results) -> Iterator[str]:
    """What of ours, or of PostgreSQL's, did not do its work."""
    for name, case in found.cases.items():
        for contender, entry in case.entries.items():
            if entry.error and contender not in loaders.ALL:
                yield f"{name} {contender}: {entry.error}"
