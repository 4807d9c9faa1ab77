"""dbt's graph ends where people look: each page, notebook and report is an exposure of what it shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
QUERIES = ROOT / "analyze" / "queries"
MODELS = ROOT / "transform" / "models"
_REF = re.compile(r"ref\('(\w+)'\)$")
_QUERY = re.compile(r"\b[a-z]+/\w+")
_RELATION = re.compile(r"\b(common|marketplace|trade|retail|storefront|attribution)\.(\w+)")


def _exposures() -> dict[str, dict[str, Any]]:
    document = yaml.safe_load((MODELS / "exposures.yml").read_text(encoding="utf-8"))
    return {exposure["name"]: exposure for exposure in document["exposures"]}


def _marts() -> dict[str, str]:
    """`schema.table` of each mart, by dbt's name of it."""
    found = {}
    for path in (MODELS / "marts").glob("*/*.sql"):
        alias = re.search(r"alias='(\w+)'", path.read_text(encoding="utf-8"))
        found[path.stem] = f"{path.parent.name}.{alias[1] if alias else path.stem}"
    return found


EXPOSURES = _exposures()
MARTS = _marts()
EXPECTED = {
    "dashboard": {"marketplace", "trade", "retail", "storefront", "attribution", "status"},
    "notebook": {
        "01_sales",
        "02_customers",
        "03_delivery_and_reviews",
        "04_retail_baskets",
        "05_explore_your_own",
    },
}


def _shown(exposure: str) -> set[str]:
    """The marts that an exposure shows, as `schema.table`."""
    return {MARTS[_REF.match(each)[1]] for each in EXPOSURES[exposure]["depends_on"]}  # type: ignore[index]


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_an_exposure_has_an_owner_and_shows_marts(exposure: str) -> None:
    """Protects the end of the graph: who answers for it, and that it stands on marts, on nothing before them."""
    known = EXPOSURES[exposure]
    assert known["owner"]["name"]
    assert known["description"]
    assert known["config"]["meta"]["path"].startswith("analyze/")
    names = [_REF.match(each) for each in known["depends_on"]]
    assert all(names), known["depends_on"]
    assert {name[1] for name in names if name} <= set(MARTS)


def test_every_page_and_notebook_has_an_exposure() -> None:
    """Protects what the dashboard, the notebooks and the report promise: none of them is left out of the graph."""
    named = {f"{kind}_{name}" for kind, names in EXPECTED.items() for name in names}
    assert named | {"report", "deck"} == set(EXPOSURES)


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_an_exposure_shows_what_its_file_reads(exposure: str) -> None:
    """Protects the graph from a page that was renamed, and from a mart that looks unused and is not."""
    path = ROOT / EXPOSURES[exposure]["config"]["meta"]["path"]
    assert path.exists() or not path.parent.is_dir()
    assert sorted(_read(path) - _shown(exposure)) == []


@pytest.mark.parametrize("domain", sorted(EXPECTED["dashboard"] - {"status"}))
def test_every_query_reads_what_some_exposure_shows(domain: str) -> None:
    """Protects the same of queries that no page or notebook names: those of the report."""
    shown = {table for name in EXPOSURES for table in _shown(name)}
    read = {mart for path in (QUERIES / domain).glob("*.sql") for mart in _read(path)}
    assert sorted(read - shown) == []


def _read(path: Path) -> set[str]:
    """The marts that a file names, or that the queries read that it names."""
    if not path.is_file():
        return set()
    text = path.read_text(encoding="utf-8")
    named = {".".join(found) for found in _RELATION.findall(text)} & set(MARTS.values())
    queries = {QUERIES / f"{name}.sql" for name in _QUERY.findall(text)} - {path}
    return named.union(*map(_read, queries))
