"""Data contracts in the Open Data Contract Standard, as Waybill's parts use them.

Source of the format: https://bitol-io.github.io/open-data-contract-standard/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from waybill_common import dead_letters, odcs, pii, project
from waybill_common.dialects import PLAIN, Dialect, dialect_in
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C, five times as fast, where PyYAML was built with it."""
_PERIODS = {"min": "minute", "h": "hour", "d": "day"}
"""ODCS' units of an SLA property, in dbt's words for freshness."""


@dataclass(frozen=True)
class Reference:
    """A foreign key: each value stands in `column` of `stream`, in the same source."""

    stream: str
    column: str


@dataclass(frozen=True)
class Column:
    """One column of a stream.

    Attributes:
        sql_type: The exact PostgreSQL type of its values, such as `numeric` or `timestamp`.
        logical_type: ODCS' type: string, integer, number, boolean, date, timestamp.
        is_control_total: Whether its sum is reconciled from source to mart.
        classification: `public`, `internal`, `pseudonymous` or `pii`.
        accepted_values: The closed list of values, if it has one.
        pattern: Regular expression that every value matches.
        clear_because: Why a column of class `pii` lands unhashed, if it does.
        source_name: What a file's header calls it (ODCS' `physicalName`).
    """

    name: str
    sql_type: str
    logical_type: str
    description: str
    is_required: bool
    is_unique: bool
    is_control_total: bool
    classification: str
    reference: Reference | None
    accepted_values: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    pattern: str | None = None
    clear_because: str | None = None
    source_name: str = ""

    @property
    def is_pii(self) -> bool:
        """Whether no message may quote its values."""
        return self.classification == "pii"

    @property
    def is_hashed(self) -> bool:
        """Whether a hash lands in its place."""
        return self.is_pii and not self.clear_because

    @property
    def landed_type(self) -> str:
        """The SQL type it has in the warehouse."""
        return pii.SQL_TYPE if self.is_hashed else self.sql_type


@dataclass(frozen=True)
class QualityRule:
    """A rule in SQL that must find no row, but for exceptions known by key.

    Attributes:
        query: Selects the offending rows. `{table}` stands for the stream's relation and `{name}`
            for that of another stream of the source; each has its stream's name as its alias.
        severity: `error` stops the job, `warning` is only reported.
        exceptions: Keys of rows known to break the rule, so that only a new one is a finding.
        exception_column: The column those keys are of.
    """

    name: str
    description: str
    dimension: str
    severity: str
    query: str
    exceptions: tuple[str, ...]
    exception_column: str | None


@dataclass(frozen=True)
class Freshness:
    """How old the newest landed row may be: `count` of `period` (`minute`, `hour` or `day`)."""

    count: int
    period: str


@dataclass(frozen=True)
class Stream:
    """One table or file set of a source.

    Attributes:
        grain: What one row is.
        files: Glob of the files that hold it, for file sources.
        member: The member of a JSON file's object that holds the rows; None where they stand alone.
        replication_key: The column an incremental read is ordered by, if there is one.
        drift: `evolve`, `freeze` or `quarantine` for columns the contract does not know.
        freshness: From the contract's SLA property `latency`, where it names the stream.
        dead_letter_limit: The custom property `deadLetterLimit`, or None where there is none.
        dead_letter_retention: `deadLetterRetention`: for how long letters are kept.
        dialect: How its files are written: custom properties `delimiter`, `quoteChar`, `encoding`.
    """

    name: str
    description: str
    grain: str
    files: str | None
    replication_key: str | None
    drift: str
    columns: tuple[Column, ...]
    rules: tuple[QualityRule, ...]
    key: tuple[str, ...]
    freshness: Freshness | None = None
    dead_letter_limit: dead_letters.Limit | None = None
    dead_letter_retention: dt.timedelta | None = None
    dialect: Dialect = PLAIN
    member: str | None = None

    @property
    def control_totals(self) -> tuple[str, ...]:
        """Names of the columns whose sums are reconciled."""
        return tuple(column.name for column in self.columns if column.is_control_total)

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: There is none.
        """
        return {column.name: column for column in self.columns}[name]


@dataclass(frozen=True)
class Contract:
    """What a source promises.

    Attributes:
        source: The contract's id, such as `olist`.
        domain: The business domain its marts belong to.
        raw_schema: The warehouse schema it lands in.
    """

    source: str
    name: str
    version: str
    domain: str
    description: str
    raw_schema: str
    streams: tuple[Stream, ...]

    def stream(self, name: str) -> Stream:
        """The stream of that name.

        Raises:
            KeyError: There is none.
        """
        return {stream.name: stream for stream in self.streams}[name]


def contracts_folder() -> Path:
    """`extract/contracts` of the project."""
    return project.root() / "extract" / "contracts"


def load_all() -> tuple[Contract, ...]:
    """Every contract of the project, by name."""
    return tuple(load(path) for path in sorted(contracts_folder().glob("*.yml")))


def load(path: Path) -> Contract:
    """Read a contract's YAML file and check it with the standard's published JSON schema.

    Raises:
        WaybillError: The file is missing, not YAML, or breaks the standard; names the place in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=_LOADER)  # noqa: S506 # nosec B506
    except FileNotFoundError as error:
        msg = f"No data contract at {path}."
        raise WaybillError(msg, "Name an existing file in the setting `contract`.") from error
    except yaml.YAMLError as error:
        msg = f"{path} is not valid YAML: {error}."
        raise WaybillError(msg) from error
    odcs.check(path, text, document)
    try:
        contract = _contract(document)
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{path.name}: {type(error).__name__}: {error}."
        remedy = "Waybill needs the servers' schema and each stream's grain and column types."
        raise WaybillError(msg, remedy) from error
    pii.refuse_contradictions(contract, path.name)
    return contract


def _contract(document: dict[str, Any]) -> Contract:
    latencies = {
        element["element"].split(".")[0]: Freshness(element["value"], _PERIODS[element["unit"]])
        for element in document.get("slaProperties", ())
        if element["property"] == "latency"
    }
    return Contract(
        source=document["id"],
        name=document["name"],
        version=document["version"],
        domain=document["domain"],
        description=document["description"]["purpose"],
        raw_schema=document["servers"][0]["schema"],
        streams=tuple(
            _stream(stream, latencies.get(stream["name"])) for stream in document["schema"]
        ),
    )


def _custom(element: dict[str, Any]) -> dict[str, Any]:
    return {entry["property"]: entry["value"] for entry in element.get("customProperties", ())}


def _stream(element: dict[str, Any], freshness: Freshness | None) -> Stream:
    custom = _custom(element)
    keyed = [column for column in element["properties"] if column.get("primaryKey")]
    keyed.sort(key=lambda column: column["primaryKeyPosition"])
    return Stream(
        name=element["name"],
        description=element.get("description", ""),
        grain=element["dataGranularityDescription"],
        files=custom.get("files"),
        replication_key=custom.get("replicationKey"),
        drift=custom.get("drift", "evolve"),
        columns=tuple(_column(column) for column in element["properties"]),
        rules=tuple(_rule(rule) for rule in element.get("quality", ())),
        key=tuple(column["name"] for column in keyed),
        freshness=freshness,
        dead_letter_limit=dead_letters.limit_in(custom),
        dead_letter_retention=dead_letters.retention_in(custom),
        dialect=dialect_in(custom),
        member=custom.get("member"),
    )


def _column(element: dict[str, Any]) -> Column:
    custom = _custom(element)
    options = element.get("logicalTypeOptions", {})
    references = element.get("relationships", ())
    return Column(
        name=element["name"],
        sql_type=element["physicalType"],
        logical_type=element["logicalType"],
        description=element.get("description", ""),
        is_required=bool(element.get("required") or element.get("primaryKey")),
        is_unique=bool(element.get("unique")),
        is_control_total=bool(custom.get("controlTotal")),
        classification=element.get("classification", "internal"),
        reference=Reference(*references[0]["to"].split(".")[:2]) if references else None,
        accepted_values=tuple(custom.get("acceptedValues", ())),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        pattern=options.get("pattern"),
        clear_because=custom.get("clearBecause"),
        source_name=element.get("physicalName") or element["name"],
    )


def _rule(element: dict[str, Any]) -> QualityRule:
    custom = _custom(element)
    return QualityRule(
        name=element["name"],
        description=element["description"],
        dimension=element["dimension"],
        severity=element.get("severity", "error"),
        query=element["query"],
        exceptions=tuple(custom.get("exceptions", ())),
        exception_column=custom.get("exceptionColumn"),
    )
