#!/usr/bin/env python3
"""The plans that docs/data-structures.md speaks of, from a warehouse that has run the storefront.

Each line of the page that begins with `- plan of` names a model, or a query, and the nodes of its plan;
of `- index of`, the planner may not read the whole table, as it does where that has few rows. Ends with
1 if a node is not in its plan.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "data-structures.md"
_CLAIM = re.compile(r"^- (plan|index) of `([^`]+)`: (.+)$", re.MULTILINE)
_EXPLAIN = "explain (analyze, costs off, timing off, summary off, buffers off)"


class Claim(NamedTuple):
    """What the page says of a plan.

    Attributes:
        subject: Path of a model under `transform/models`, without its ending, or a query.
        nodes: Words that must stand in its plan.
        needs_index: Whether the planner may not read whole tables.
    """

    subject: str
    nodes: tuple[str, ...]
    needs_index: bool


def claims(text: str) -> list[Claim]:
    """What a page says of plans."""
    return [
        Claim(subject, tuple(re.findall(r"`([^`]+)`", nodes)), kind == "index")
        for kind, subject, nodes in _CLAIM.findall(text)
    ]


def plan(session: psycopg.Connection[tuple[str]], claim: Claim, compiled: Path) -> str:
    """The plan of a model or query, as PostgreSQL ran it.

    Args:
        session: The warehouse.
        claim: What it is of.
        compiled: Where dbt leaves the models' SQL.
    """
    query = claim.subject
    if " " not in query:
        query = (compiled / f"{query}.sql").read_text(encoding="utf-8")
    session.execute(b"set enable_seqscan = off" if claim.needs_index else b"reset enable_seqscan")
    return "\n".join(line for (line,) in session.execute(f"{_EXPLAIN} {query}".encode()))


def missing(url: str, compiled: Path) -> Iterator[str]:
    """Print each plan; yield what the page says and the plan does not show.

    Args:
        url: The warehouse, as a role that reads raw tables, marts and ledger.
        compiled: Where dbt leaves the models' SQL.
    """
    with psycopg.connect(url) as session:
        for claim in claims(PAGE.read_text(encoding="utf-8")):
            found = plan(session, claim, compiled)
            print(f"{claim.subject}\n{found}\n")
            for node in claim.nodes:
                if node not in found:
                    yield f"{claim.subject}: its plan has no {node}."


def main() -> None:
    """Show the plans, and say what differs from the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the warehouse, as `meltano invoke warehouse:url` prints it")
    compiled = ROOT / "transform" / "target" / "compiled" / "waybill" / "models"
    parser.add_argument("--compiled", type=Path, default=compiled, help="where dbt leaves the SQL")
    options = parser.parse_args()
    if problems := list(missing(options.url, options.compiled)):
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
