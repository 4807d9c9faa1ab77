"""The figures of docs/benchmarks.md, docs/freshness.md and the README, as the newest results say them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks import machine, project, results, verdicts
from benchmarks.contenders import ALONE, EMPTY, MELTANO, WAYBILL
from benchmarks.cycle import report as cycle_report
from benchmarks.results import FLOOR
from benchmarks.soak import report as soak_report

if TYPE_CHECKING:
    from benchmarks.results import CaseResult, Entry, Results

DOCUMENTS = tuple(
    project.ROOT / name for name in ("docs/benchmarks.md", "docs/freshness.md", "README.md")
)
_PART = re.compile(r"(<!-- benchmarks: (\w+) -->\n)(.*?)(<!-- /benchmarks -->)", re.DOTALL)
_NOT_MEASURED = "Not measured yet.\n"
_OTHERS = {"soak": soak_report, "cycle": cycle_report}
"""What is measured by itself and has results of its own."""
_NAMES = {
    FLOOR: "PostgreSQL itself",
    WAYBILL: "**Waybill**, pipe",
    MELTANO: "**Waybill**, `meltano run`",
    EMPTY: "Waybill, pipe, nothing to do",
    ALONE: "Meltano itself",
    "dlt": "dlt",
    "sling": "Sling",
    "ingestr": "ingestr",
    "stock": "stock Meltano pair",
}


def write() -> None:
    """Bring the documents to what the newest results say."""
    found = results.newest()
    for document in DOCUMENTS:
        document.write_text(_filled(document.read_text(), found))


def stale() -> list[str]:
    """The documents that say something else."""
    found = results.newest()
    return [
        str(document.relative_to(project.ROOT))
        for document in DOCUMENTS
        if _filled(document.read_text(), found) != document.read_text()
    ]


def unknown_commits() -> list[str]:
    """The commits that the shown results name and that the repository does not have."""
    kept = results.newest()
    others = [(each.newest() or {}).get("machine") for each in _OTHERS.values()]
    said = [kept.machine if kept else None, *others]
    return [each["commit"] for each in said if each and not machine.is_known(each["commit"])]


def text(found: Results) -> str:
    """All parts, to be read on a terminal."""
    return "\n".join(part(found) for part in _PARTS.values())


def _filled(document: str, found: Results | None) -> str:
    def part(match: re.Match[str]) -> str:
        if report := _OTHERS.get(match[2]):
            text = report.text(kept) if (kept := report.newest()) else _NOT_MEASURED
        else:
            text = _PARTS[match[2]](found) if found else _NOT_MEASURED
        return f"{match[1]}{text}{match[4]}"

    return _PART.sub(part, document)


def _machine(found: Results) -> str:
    said = found.machine
    versions = ", ".join(f"{_NAMES[name]} {version}" for name, version in found.versions.items())
    return (
        f"Measured on {said['day']} at commit {said['commit']}: {said['processor']}, {said['memory']},"
        f" {said['system']}; PostgreSQL {said['postgres']}, Python {said['python']},"
        f" Meltano {said['meltano']}, singer-sdk {said['singer-sdk']}"
        f"{'; ' + versions if versions else ''}.\n"
        f"{found.parameters['rows']:,} rows, median of {found.parameters['repeat']} repetitions in turns;"
        f" the machine's load was {said['load']} at the start.\n"
    )


def _targets(found: Results) -> str:
    lines = ["| target | measured | limit | met |", "| --- | ---: | ---: | --- |"]
    for each in verdicts.all_of(found):
        met = "yes" if each.is_met else "**no**"
        lines.append(f"| {each.target} | {each.measured} | {each.limit} | {met} |")
    return "\n".join(lines) + "\n"


def _cases(found: Results) -> str:
    return "\n".join(_case(name, case) for name, case in found.cases.items())


def _case(name: str, case: CaseResult) -> str:
    unit = FLOOR if case.has(FLOOR) else EMPTY
    lines = [
        f"### {name}",
        "",
        f"{case.title}; {case.rows:,} rows.",
        "",
        f"| | what it does | s | {'ratio' if unit == FLOOR else 'above empty'} | CPU s | runs |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for contender, entry in case.entries.items():
        lines.append(
            f"| {_NAMES[contender]} | {entry.what} | {_figures(case, contender, entry, unit)} |"
        )
    return "\n".join(lines) + "\n"


def _figures(case: CaseResult, contender: str, entry: Entry, unit: str) -> str:
    if entry.error or not entry.runs:
        return "did not land what it should | | | "
    compared = ""
    if case.has(unit):
        above = f"{case.difference(contender, unit):+.2f} s"
        compared = f"{case.ratio(contender):.2f} x" if unit == FLOOR else above
    return f"{entry.seconds:.2f} | {compared} | {entry.cpu_seconds():.2f} | {len(entry.runs)}"


def _sizes(found: Results) -> str:
    lines = [
        "| source | rows | PostgreSQL itself, s | Waybill, pipe, s | ratio | `meltano run` above it, s | tap, MiB | target, MiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind in ("csv", "postgres"):
        for case in verdicts.sizes(found, kind):
            mine, floor = case.entries[WAYBILL], case.entries[FLOOR]
            above = f"{case.difference(MELTANO, WAYBILL):.2f}" if case.has(MELTANO) else ""
            lines.append(
                f"| {kind} | {case.rows:,} | {floor.seconds:.2f} | {mine.seconds:.2f} |"
                f" {case.ratio(WAYBILL):.2f} x | {above} |"
                f" {mine.peak_mib('tap'):.0f} | {mine.peak_mib('target'):.0f} |"
            )
    return "\n".join(lines) + "\n"


def _steps(found: Results) -> str:
    if not found.steps:
        return _NOT_MEASURED
    total = found.steps["in all"]
    lines = ["| step | s | share |", "| --- | ---: | ---: |"]
    lines += [
        f"| `{step}` | {seconds:.1f} | {seconds / total:.0%} |"
        for step, seconds in found.steps.items()
    ]
    return "\n".join(lines) + "\n"


def _summary(found: Results) -> str:
    """What the README says: the two first loads, bare and by `meltano run`, next to all others."""
    shown = {"csv-first": "CSV, first load", "postgres-first": "Postgres, first load"}
    cases = {name: case for name, case in found.cases.items() if name in shown and case.has(FLOOR)}
    lines = [
        "| seconds (ratio to COPY) | " + " | ".join(shown[name] for name in cases) + " |",
        "| --- |" + " ---: |" * len(cases),
    ]
    for contender, name in _NAMES.items():
        if any(case.has(contender) for case in cases.values()):
            row = [
                f"{case.entries[contender].seconds:.1f} ({case.ratio(contender):.2f} x)"
                if case.has(contender)
                else ""
                for case in cases.values()
            ]
            lines.append(f"| {name} | " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


_PARTS = {
    "machine": _machine,
    "summary": _summary,
    "targets": _targets,
    "sizes": _sizes,
    "steps": _steps,
    "cases": _cases,
}
