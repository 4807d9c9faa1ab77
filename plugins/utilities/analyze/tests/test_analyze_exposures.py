"""dbt's graph ends where people look: what an exposure depends on is what is read there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from waybill_analyze import queries
from waybill_analyze.findings import catalogue
from waybill_analyze.notebooks import running
from waybill_common import domains

ROOT = Path(__file__).parents[4]
EXPOSURES = {
    each["name"]: {re.sub(r"ref\('(.+)'\)", r"\1", ref) for ref in each["depends_on"]}
    for each in yaml.safe_load((ROOT / "transform" / "models" / "exposures.yml").read_text())[
        "exposures"
    ]
}
_FINDINGS = re.compile(r'catalogue\.of\(\s*warehouse,\s*"(\w+)"((?:,\s*"[\w-]+")*)')
_SCHEMAS = "|".join([domains.SHARED, *(domain.name for domain in catalogue.DOMAINS)])
_RELATION = re.compile(rf"(?:from|join) ((?:{_SCHEMAS})\.\w+)")
_QUERY = re.compile(r'queries\.rows\(warehouse, "([\w/]+)"')


def _models(names: set[str]) -> set[str]:
    """The models that queries read; where two domains share a name, dbt knows one by its domain."""
    found = set()
    for name in names:
        for relation in queries.load(name).relations:
            found.add(_model(relation))
    return found


def _model(relation: str) -> str:
    schema, name = relation.split(".")
    own = ROOT / "transform" / "models" / "marts" / schema / f"{schema}_{name}.sql"
    return own.stem if own.is_file() else name


def _questions(domain: str, names: list[str]) -> set[str]:
    (found,) = (each for each in catalogue.DOMAINS if each.name == domain)
    return {
        query
        for question in found.questions
        if not names or question.ask.__name__.replace("_", "-") in names
        for query in question.queries
    }


@pytest.mark.parametrize("notebook", running.known(), ids=lambda each: each.name)
def test_a_notebook_reads_what_its_exposure_says(notebook: running.Notebook) -> None:
    """Protects the impact of a changed model from being told wrong."""
    text = notebook.path.read_text(encoding="utf-8")
    models = {_model(each) for each in _RELATION.findall(text)}
    models |= _models(set(_QUERY.findall(text)))
    for domain, names in _FINDINGS.findall(text):
        models |= _models(_questions(domain, re.findall(r'"([\w-]+)"', names)))
    assert models == EXPOSURES[f"notebook_{notebook.name}"]


def test_the_report_and_the_slides_read_what_their_exposures_say() -> None:
    """Every query of every finding, and of the figures at the head of each domain."""
    names = {domain.facts for domain in catalogue.DOMAINS}
    for domain in catalogue.DOMAINS:
        names |= _questions(domain.name, [])
    assert _models(names) == EXPOSURES["report"] == EXPOSURES["deck"]
