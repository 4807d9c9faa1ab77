"""The YAML suites of `validate/suites`, read and checked before anything is run.

Their format is described in the package's README.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import yaml

from waybill_common import project
from waybill_common.errors import WaybillError
from waybill_common.identifiers import qualify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from waybill_validate.privacy import PersonalData

Stage = Literal["raw", "marts"]
Severity = Literal["critical", "warning"]

UNIQUENESS = "expect_column_values_to_be_unique"
COMPOUND_UNIQUENESS = "expect_compound_columns_to_be_unique"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same values, ten times sooner, where PyYAML has libyaml."""


@dataclass(frozen=True)
class Check:
    """One expectation about a table.

    Attributes:
        expectation: Great Expectations' own type, in snake case.
        severity: `critical` stops the job, `warning` is only reported.
        kwargs: Arguments of the expectation.
    """

    expectation: str
    severity: Severity
    description: str
    kwargs: dict[str, Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names in its arguments; a rule in SQL names none."""
        names = [
            self.kwargs[key] for key in ("column", "column_A", "column_B") if key in self.kwargs
        ]
        return (*names, *self.kwargs.get("column_list", ()))


@dataclass(frozen=True)
class Table:
    """The checks of one table.

    Attributes:
        pii: Columns of personal data, whose values are shown nowhere.
        where: SQL condition on the rows that are checked; all of them without one.
    """

    schema: str
    name: str
    checks: tuple[Check, ...]
    pii: frozenset[str]
    where: str | None = None

    @property
    def title(self) -> str:
        """The table as a person writes it."""
        return f"{self.schema}.{self.name}"

    @property
    def checked(self) -> str:
        """The rows that are checked, as SQL has them after `from`."""
        relation = qualify(self.schema, self.name)
        return f"(select * from {relation} where {self.where})" if self.where else relation  # noqa: S608

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that say which row is meant: those of its first check for uniqueness."""
        for check in self.checks:
            if check.expectation in {UNIQUENESS, COMPOUND_UNIQUENESS}:
                return check.columns
        return ()


@dataclass(frozen=True)
class Suite:
    """The checks of one source's raw schema, or of one domain's marts.

    Attributes:
        selector: The file's name without its ending: a source or a domain.
    """

    name: str
    selector: str
    tables: tuple[Table, ...]

    @property
    def size(self) -> int:
        """How many checks it has."""
        return sum(len(table.checks) for table in self.tables)


def suites_folder(stage: Stage) -> Path:
    """`validate/suites/<stage>` of the project."""
    return project.root() / "validate" / "suites" / stage


def load(stage: Stage, selectors: Sequence[str], personal: PersonalData) -> list[Suite]:
    """Read the selected suites of a stage, or all of them.

    Args:
        stage: `raw` or `marts`.
        selectors: Sources or domains; none selects every suite.
        personal: Which columns hold personal data.

    Raises:
        WaybillError: A suite does not exist, holds nothing, or is not well-formed.
    """
    folder = suites_folder(stage)
    paths = {path.stem: path for path in sorted(folder.glob("*.yml"))}
    known = ", ".join(paths) or "none"
    if unknown := [selector for selector in selectors if selector not in paths]:
        msg = f"There is no suite {folder / unknown[0]}.yml."
        raise WaybillError(msg, f"Suites of this stage: {known}.")
    if not paths:
        msg = f"There is no suite in {folder}."
        raise WaybillError(msg, "Write the raw suites with `meltano invoke waybill:render`.")
    chosen = dict.fromkeys(selectors or paths)
    suites = [_suite(paths[selector], personal) for selector in chosen]
    names = [suite.name for suite in suites]
    if doubled := {name for name in names if names.count(name) > 1}:
        msg = f"Two files of {folder} call their suite {min(doubled)!r}."
        raise WaybillError(msg, "Give each its own name.")
    return suites


def _suite(path: Path, personal: PersonalData) -> Suite:
    where = f"{path.parent.name}/{path.name}"
    try:
        # A loader that makes plain values only, as yaml.safe_load takes.
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 # nosec B506
    except yaml.YAMLError as error:
        msg = f"Suite {where} is not valid YAML: {error}."
        raise WaybillError(msg) from error
    fields = _mapping(document, where, required={"suite": str, "schema": str, "tables": list})
    tables = tuple(
        _table(element, f"{where}: table {number}", fields["schema"], personal)
        for number, element in enumerate(fields["tables"], start=1)
    )
    if not tables:
        msg = f"Suite {where} has no table, so it would check nothing."
        raise WaybillError(msg, "List its tables under `tables`, or delete the file.")
    names = [table.name for table in tables]
    if doubled := {name for name in names if names.count(name) > 1}:
        msg = f"Suite {where} lists the table {min(doubled)!r} twice."
        raise WaybillError(msg, "Join the two lists of expectations.")
    return Suite(name=fields["suite"], selector=path.stem, tables=tables)


def _table(element: object, where: str, schema: str, personal: PersonalData) -> Table:
    fields = _mapping(
        element,
        where,
        required={"table": str, "expectations": list},
        optional={"pii": list, "where": str},
    )
    name = fields["table"]
    where = f"{where} ({name})"
    if not fields["expectations"]:
        msg = f"Suite {where} has no expectation, so it would check nothing."
        raise WaybillError(msg, "Give it one, or take the table out.")
    checks = tuple(
        _check(entry, f"{where}: expectation {number}")
        for number, entry in enumerate(fields["expectations"], start=1)
    )
    pii = personal.columns(schema, name) | frozenset(map(str, fields.get("pii", ())))
    return Table(schema=schema, name=name, checks=checks, pii=pii, where=fields.get("where"))


def _check(element: object, where: str) -> Check:
    fields = _mapping(
        element,
        where,
        required={"type": str, "severity": str, "description": str, "kwargs": dict},
    )
    if fields["severity"] not in get_args(Severity):
        msg = f"Suite {where}: severity is {fields['severity']!r}."
        raise WaybillError(msg, f"Use one of: {', '.join(get_args(Severity))}.")
    return Check(
        expectation=fields["type"],
        severity=fields["severity"],
        description=" ".join(fields["description"].split()),
        kwargs=fields["kwargs"],
    )


def _mapping(
    element: object,
    where: str,
    *,
    required: dict[str, type],
    optional: dict[str, type] | None = None,
) -> dict[str, Any]:
    """The element, once it has all required keys, no unknown one, and values of the right type."""
    known = required | (optional or {})
    if not isinstance(element, dict):
        msg = f"Suite {where} is not a mapping."
        raise WaybillError(msg, f"Give it the keys {', '.join(required)}.")
    for key in required:
        if key not in element:
            msg = f"Suite {where} lacks the key {key!r}."
            raise WaybillError(msg, f"It needs {', '.join(required)}.")
    for key, value in element.items():
        if key not in known:
            msg = f"Suite {where} has the unknown key {key!r}."
            raise WaybillError(msg, f"It may have {', '.join(known)}.")
        if not isinstance(value, known[key]) or value == "":
            msg = f"Suite {where}: {key} is not a {known[key].__name__} with a value."
            raise WaybillError(msg)
    return element
