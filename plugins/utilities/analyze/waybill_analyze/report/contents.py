"""What the report and the deck hold, gathered from the warehouse and from the project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from waybill_analyze import queries
from waybill_analyze.findings import catalogue
from waybill_analyze.pictures import lineage, manifest, schemas
from waybill_analyze.report import receipts
from waybill_common import contracts, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from waybill_analyze.findings.finding import Finding, Found
    from waybill_analyze.pictures.layout import Graph
    from waybill_analyze.pictures.manifest import Manifest
    from waybill_analyze.report.receipts import Answer
    from waybill_common.contracts import Contract


@dataclass(frozen=True)
class Choice:
    """A part of the technical approach.

    Attributes:
        part: What it is about.
        choice: What was chosen.
        reason: Why.
        page: Where more of it stands in the project.
    """

    part: str
    choice: str
    reason: str
    page: str


@dataclass(frozen=True)
class Pictures:
    """A domain's graphs.

    Attributes:
        brief: The lineage with its summaries as one box, for slides.
        alone: Marts that no reference joins to another.
    """

    domain: str
    lineage: Graph
    brief: Graph
    marts: Graph
    sources: tuple[Graph, ...]
    alone: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """All that is shown.

    Attributes:
        as_of: The latest day of any domain's data in ISO's form.
        counts: How much the project consists of: streams, models, tests.
        answers: The latest receipt of each source; empty where it may not be read.
    """

    found: tuple[Found, ...]
    as_of: str
    choices: tuple[Choice, ...]
    counts: dict[str, int]
    pictures: tuple[Pictures, ...]
    answers: tuple[Answer, ...]

    @property
    def findings(self) -> list[Finding]:
        """Those of all domains, in their order."""
        return [finding for found in self.found for finding in found.findings]

    def sql(self, finding: Finding) -> str:
        """The query behind a finding."""
        return queries.load(finding.query).sql


def gather(engine: Engine) -> Contents:
    """Ask the warehouse and read the project.

    Raises:
        WaybillError: No domain has marts with rows, or dbt has no manifest.
    """
    found = tuple(catalogue.ask(engine))
    if not found:
        msg = "No domain has marts with rows in the warehouse, so there is nothing to report."
        raise WaybillError(msg, "Fill it with `make run`.")
    parsed = manifest.load()
    every = contracts.load_all()
    domains = [each.domain for each in found]
    return Contents(
        found=found,
        as_of=max(each.last_date for each in found),
        choices=_choices(),
        counts=_counts(parsed, every),
        pictures=tuple(_pictures(parsed, every, domain) for domain in domains),
        answers=tuple(receipts.latest(engine, [each for each in every if each.domain in domains])),
    )


def _choices() -> tuple[Choice, ...]:
    path = project.root() / "analyze" / "report" / "approach.yml"
    try:
        return tuple(Choice(**each) for each in yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, yaml.YAMLError) as error:
        msg = f"{path} does not list parts with choice, reason and page: {error}."
        raise WaybillError(msg, "Mend the file, or restore it from git.") from error


def _counts(parsed: Manifest, every: Sequence[Contract]) -> dict[str, int]:
    nodes = parsed.nodes.values()
    return {
        "sources": len(every),
        "streams": sum(len(contract.streams) for contract in every),
        "models": sum(node.key.startswith("model.") for node in nodes),
        "marts": sum(node.layer == "mart" for node in nodes),
        "data tests": parsed.tests,
        "unit tests": parsed.unit_tests,
    }


def _pictures(parsed: Manifest, every: Sequence[Contract], domain: str) -> Pictures:
    return Pictures(
        domain,
        lineage.graph(parsed, domain),
        lineage.graph(parsed, domain, brief=True),
        schemas.of_marts(parsed, domain),
        tuple(schemas.of_source(each) for each in every if each.domain == domain),
        tuple(schemas.alone(parsed, domain)),
    )
