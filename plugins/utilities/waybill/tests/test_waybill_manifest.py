from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from waybill.receipt import manifest
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable

    Manifest = dict[str, Any]
    Change = Callable[[Manifest], object]
    Read = Callable[[Change], tuple[manifest.Rule, ...]]

TEST = "test.w.orders"


@pytest.fixture
def read(shop: Any, tmp_path: Path) -> Read:
    """Reads the rules of a manifest whose conservation test was changed."""
    written = json.loads((shop.root / "transform" / "target" / "manifest.json").read_text())

    def rules_after(change: Change) -> tuple[manifest.Rule, ...]:
        changed = copy.deepcopy(written)
        change(changed)
        file = tmp_path / "manifest.json"
        file.write_text(json.dumps(changed))
        return manifest.rules(file)

    return rules_after


def test_a_rule_is_read_as_dbt_runs_it(read: Read) -> None:
    """Arguments, dbt's own where, and the raw schema that the origin leads back to."""

    def change(document: Manifest) -> None:
        document["nodes"]["model.w.stg_orders"] = {
            "name": "stg_orders",
            "schema": "staging",
            "alias": "stg_orders",
            "config": {"materialized": "view"},
            "depends_on": {"nodes": ["source.w.raw_olist.orders"]},
        }
        node = document["nodes"][TEST]
        node["depends_on"]["nodes"] = ["model.w.fct_orders", "model.w.stg_orders"]
        node["config"]["where"] = "is_current"
        node["test_metadata"]["kwargs"] |= {
            "origin_key": ["lower(id)"],
            "origin_where": "id is not null",
            "distinct": True,
        }

    (rule,) = (rule for rule in read(change) if rule.mart.name == "fct_orders")
    assert rule == manifest.Rule(
        mart=manifest.Relation("marketplace", "fct_orders"),
        origin=manifest.Relation("staging", "stg_orders"),
        key=("order_id",),
        origin_key=("lower(id)",),
        totals={"amount": "amount"},
        where="is_current",
        origin_where="id is not null",
        is_distinct=True,
        source_schemas=frozenset({"raw_olist"}),
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tolerance": "0.01"}, "does not know the argument tolerance"),
        ({"key": "order_id"}, "`key` must be a list"),
        ({"origin_key": ["a", "b"]}, "key has 1 columns, origin_key 2"),
        ({"origin_where": "day > {{ var('first') }}"}, "no Jinja"),
    ],
)
def test_a_rule_the_receipt_cannot_follow_is_an_error(
    read: Read, arguments: dict[str, Any], message: str
) -> None:
    """Silently skipping an argument would let the receipt check something else than dbt."""
    with pytest.raises(WaybillError, match=message):
        read(lambda document: document["nodes"][TEST]["test_metadata"]["kwargs"].update(arguments))


def test_an_origin_without_rows_of_its_own_is_an_error(read: Read) -> None:
    """An ephemeral model cannot be counted."""

    def change(document: Manifest) -> None:
        document["nodes"]["model.w.fct_orders"]["depends_on"]["nodes"] = []
        document["nodes"]["model.w.gone"] = {
            "name": "gone", "schema": "x", "alias": "gone", "config": {"materialized": "ephemeral"},
        }  # fmt: skip
        document["nodes"][TEST]["depends_on"]["nodes"] = ["model.w.fct_orders", "model.w.gone"]

    with pytest.raises(WaybillError, match="ephemeral"):
        read(change)


def test_a_broken_manifest_is_an_error(tmp_path: Path) -> None:
    """A half-written file must not look like a project without rules."""
    file = tmp_path / "manifest.json"
    file.write_text('{"nodes": {')
    with pytest.raises(WaybillError, match="not JSON"):
        manifest.rules(file)


def test_the_target_folder_follows_dbt(
    shop: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tests and orchestrators move dbt's target; the receipt must read the same manifest."""
    assert manifest.path() == shop.root / "transform" / "target" / "manifest.json"
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "elsewhere"))
    assert manifest.path() == tmp_path / "elsewhere" / "manifest.json"
    monkeypatch.setenv("DBT_TARGET_PATH", "target-2")
    assert manifest.path() == Path(shop.root / "transform" / "target-2" / "manifest.json")
