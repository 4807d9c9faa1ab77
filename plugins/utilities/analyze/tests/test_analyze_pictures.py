"""Pictures of lineage and schemas: every box and line is there, none covers another, each time the same."""

from __future__ import annotations

from itertools import combinations
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from waybill_analyze.pictures import drawing, layout, lineage, manifest, schemas
from waybill_analyze.pictures.layout import Box, Graph
from waybill_common import contracts
from waybill_common.errors import WaybillError


def _node(name: str, folder: str, schema: str, *parents: str, **more: Any) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "name": name,
        "schema": schema,
        "fqn": ["waybill", folder, name],
        "columns": {"id": {"constraints": []}, "customer_id": {"constraints": []}},
        "constraints": [{"type": "primary_key", "columns": ["id"]}],
        "depends_on": {"nodes": list(parents)},
        "config": {"materialized": "table"},
        **more,
    }


def _document() -> dict[str, Any]:
    """A source, an ephemeral base, staging, a fact, a dimension, a shared mart and two summaries."""
    source = {"resource_type": "source", "schema": "raw_shop", "name": "orders"}
    source |= {"fqn": ["waybill", "staging", "orders"], "columns": {}}
    made = [
        _node("base", "staging", "staging", "source.orders", config={"materialized": "ephemeral"}),
        _node("stg_shop__orders", "staging", "staging", "model.base"),
        _node("dim_date", "marts", "common"),
        _node("fct_orders", "marts", "shop", "model.stg_shop__orders", "model.dim_date"),
        _node("shop_dim_customer", "marts", "shop", "model.stg_shop__orders", alias="dim_customer"),
        _node("rpt_months", "marts", "shop", "model.fct_orders", "model.dim_date"),
        _node("rpt_people", "marts", "shop", "model.fct_orders", "model.shop_dim_customer"),
    ]
    test = {
        "resource_type": "test",
        "attached_node": "model.fct_orders",
        "column_name": "customer_id",
        "test_metadata": {
            "name": "relationships",
            "kwargs": {"to": "ref('shop_dim_customer')", "field": "id"},
        },
    }
    nodes = {f"model.{each['name']}": each for each in made} | {"test.one": test}
    return {"nodes": nodes, "sources": {"source.orders": source}, "unit_tests": {"unit.one": {}}}


def test_the_lineage_leads_from_the_sources_to_the_marts() -> None:
    """Protects every edge, also those through an ephemeral model, and what is shared by domains."""
    parsed = manifest.read(_document())
    graph = lineage.graph(parsed, "shop")
    titles = {box.key: "".join(box.title) for box in graph.boxes}
    edges = {(titles[one], titles[other]) for one, other in graph.edges}
    assert edges == {
        ("shop.orders", "orders"),
        ("orders", "fct_orders"),
        ("orders", "dim_customer"),
        ("common.dim_date", "fct_orders"),
        ("common.dim_date", "rpt_months"),
        ("fct_orders", "rpt_months"),
        ("fct_orders", "rpt_people"),
        ("dim_customer", "rpt_people"),
    }
    column = {titles[box.key]: box.column for box in graph.boxes}
    assert all(column[one] < column[other] for one, other in edges)
    assert graph.headings == ("sources", "staging", "marts", "marts")
    assert "1 source table, 1 staging model, 5 marts" in graph.words
    brief = lineage.graph(parsed, "shop", brief=True)
    assert [(box.title, box.column) for box in brief.boxes][-1] == (("2 summaries",), 2)
    assert ("source.orders", "model.fct_orders") in brief.edges
    assert brief.headings == ("sources", "marts", "summaries")
    assert (parsed.tests, parsed.unit_tests) == (1, 1)


def test_the_star_shows_keys_and_tested_references() -> None:
    """A foreign key in the picture is one that a test holds; what has none is named beside it."""
    parsed = manifest.read(_document())
    star = schemas.of_marts(parsed, "shop")
    lines = {box.title: box.lines for box in star.boxes}
    assert lines == {
        ("dim_customer",): ("id PK",),
        ("fct_orders",): ("id PK", "customer_id FK"),
    }
    assert star.edges == (("model.shop_dim_customer", "model.fct_orders"),)
    assert schemas.alone(parsed, "shop") == ["rpt_months", "rpt_people"]


@pytest.mark.parametrize("contract", contracts.load_all(), ids=lambda each: each.source)
def test_every_contract_can_be_drawn(contract: contracts.Contract) -> None:
    """Protects the pictures of real sources: no two boxes overlap, and no line leads backwards."""
    graph = schemas.of_source(contract)
    assert len(graph.boxes) == len(contract.streams)
    arranged = layout.arrange(graph)
    for one, other in combinations(arranged.boxes, 2):
        apart = (
            abs(one.x - other.x) >= layout.WIDTH
            or one.y + one.box.height <= other.y
            or other.y + other.box.height <= one.y
        )
        assert apart, (one.box.key, other.box.key)
    for points in arranged.lines:
        assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert all(
        placed.x + layout.WIDTH <= arranged.width
        and placed.y + placed.box.height <= arranged.height
        for placed in arranged.boxes
    )


def test_lines_cross_no_more_than_they_must() -> None:
    """Protects the order within the columns: two parallel lines given crosswise are drawn side by side."""
    boxes = tuple(
        Box(key, (key,), (), "fact", column)
        for key, column in (("a", 0), ("b", 0), ("y", 1), ("x", 1), ("far", 2))
    )
    graph = Graph("g", boxes, (("a", "x"), ("b", "y"), ("a", "far")), (), "g")
    arranged = layout.arrange(graph)
    height = {placed.box.key: placed.y for placed in arranged.boxes}
    assert (height["a"] < height["b"]) == (height["x"] < height["y"])
    # The long line passes the middle column beside its boxes.
    (_, _), *passed, (_, _) = arranged.lines[2]
    assert all(
        not (placed.y <= y <= placed.y + placed.box.height)
        for placed in arranged.boxes
        if placed.box.column == 1
        for _, y in passed
    )


def test_a_picture_is_well_formed_named_and_the_same_each_time() -> None:
    """Names come from contracts and models: none may break the page or change the picture by chance."""
    box = Box("k", drawing.wrapped("<script>&\"'"), (), "source", 0)
    graph = Graph("t", (box,), (), ("a < b",), 'said "so" & <b>')
    text = drawing.svg(graph)
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.get("aria-label") == 'said "so" & <b>'
    assert "<script>" not in text
    parsed = manifest.read(_document())
    assert drawing.svg(lineage.graph(parsed, "shop")) == drawing.svg(lineage.graph(parsed, "shop"))


def test_long_names_are_parted_and_stay_in_their_box() -> None:
    """The longest model has 51 letters, and a box room for 20."""
    lines = drawing.wrapped("int_marketplace__orders_joined_to_customer_versions")
    assert len(lines) <= 3
    assert all(len(line) <= 20 for line in lines)
    assert drawing.wrapped("x" * 60)[0].endswith("…")


def test_a_project_that_was_never_parsed_is_said_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A traceback on a missing manifest would not say what to do."""
    monkeypatch.setenv("DBT_TARGET_PATH", "no-such-target")
    with pytest.raises(WaybillError, match="meltano invoke dbt parse"):
        manifest.load()
