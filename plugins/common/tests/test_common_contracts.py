from __future__ import annotations

from typing import TYPE_CHECKING, Any

import contract_documents
import pytest
import yaml

from waybill_common import contracts
from waybill_common.contracts import Freshness, Reference
from waybill_common.dead_letters import Limit
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = {
    "olist": {
        "orders": ("order_id",),
        "order_items": ("order_id", "order_item_id"),
        "geolocation": (),
    },
    "totesys": {"sales_order": ("sales_order_id",), "payment": ("payment_id",)},
}


def document() -> dict[str, Any]:
    """The smallest contract that says something of each kind."""
    lines = contract_documents.stream(
        "lines",
        {"line": "integer#", "order_id": "text#*", "price": "numeric(10,2)+"},
        {
            "quality": [
                {
                    "name": "price_is_known",
                    "type": "sql",
                    "description": "Every line has a price.",
                    "dimension": "completeness",
                    "query": "select line from {table} where price is null",
                    "mustBe": 0,
                    "customProperties": [
                        {"property": "exceptions", "value": ["7"]},
                        {"property": "exceptionColumn", "value": "line"},
                    ],
                }
            ]
        },
        files="lines*.csv",
        replicationKey="at",
        drift="freeze",
        deadLetterLimit={"rows": 5, "share": 0.5},
    )
    line, order_id, price = lines["properties"]
    line["primaryKeyPosition"] = 2
    order_id["relationships"] = [{"type": "foreignKey", "to": "orders.id"}]
    price["logicalTypeOptions"] = {"minimum": 0, "maximum": 9999}
    latency = {"property": "latency", "value": 2, "unit": "d", "element": "lines.at"}
    return contract_documents.contract("shop", [lines], domain="retail", slaProperties=[latency])


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], Path]:
    def written(content: Any) -> Path:
        path = tmp_path / "shop.yml"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return path

    return written


def test_a_contract_is_read_whole(write: Callable[[Any], Path]) -> None:
    """Taps, target, suites and receipt all build on these fields."""
    shop = contracts.load(write(document()))
    assert (shop.source, shop.domain, shop.raw_schema) == ("shop", "retail", "raw_shop")
    lines = shop.stream("lines")
    assert lines.key == ("order_id", "line")
    assert (lines.files, lines.replication_key, lines.drift) == ("lines*.csv", "at", "freeze")
    assert lines.freshness == Freshness(2, "day")
    assert lines.dead_letter_limit == Limit(rows=5, share=0.5)
    assert lines.control_totals == ("price",)
    order_id, price = lines.column("order_id"), lines.column("price")
    assert order_id.reference == Reference("orders", "id")
    assert (order_id.is_required, order_id.classification) == (True, "pii")
    assert (price.sql_type, price.minimum, price.maximum) == ("numeric(10,2)", 0, 9999)
    assert (price.is_required, price.classification, price.reference) == (False, "internal", None)
    (rule,) = lines.rules
    assert (rule.severity, rule.exceptions, rule.exception_column) == ("error", ("7",), "line")


def test_unknown_names_are_key_errors(write: Callable[[Any], Path]) -> None:
    """Callers tell a stream or column that the contract does not know from one without a promise."""
    shop = contracts.load(write(document()))
    with pytest.raises(KeyError, match="orders"):
        shop.stream("orders")
    with pytest.raises(KeyError, match="colour"):
        shop.stream("lines").column("colour")


@pytest.mark.parametrize(
    ("break_", "says"),
    [
        (lambda contract: contract.pop("apiVersion"), "'apiVersion' is a required property"),
        (lambda contract: contract.update(kind="Other"), "$.kind"),
        (
            lambda contract: contract["schema"][0]["properties"][0].update(logicalType="int"),
            "$.schema[0]",
        ),
        (lambda contract: contract.pop("domain"), "shop.yml: KeyError: 'domain'"),
        (
            lambda contract: contract["schema"][0]["customProperties"][3].update(value={"row": 1}),
            "deadLetterLimit has no 'row'",
        ),
        (
            lambda contract: contract["schema"][0].pop("dataGranularityDescription"),
            "dataGranularity",
        ),
    ],
)
def test_a_broken_contract_is_named_with_the_place(
    write: Callable[[Any], Path], break_: Callable[[dict[str, Any]], object], says: str
) -> None:
    """One line that leads to the spot, whether the standard or Waybill misses something."""
    contract = document()
    break_(contract)
    with pytest.raises(WaybillError) as refused:
        contracts.load(write(contract))
    assert says in refused.value.cause
    assert refused.value.cause.startswith("shop.yml: ")
    assert "\n" not in str(refused.value)


def test_a_contract_that_was_valid_is_checked_again_when_it_changes(
    write: Callable[[Any], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is remembered of a contract is of its content: a fault that comes later is found all the same.
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    for _ in range(2):
        contracts.load(write(document()))
    assert (tmp_path / "home" / "contracts" / "shop").exists()
    broken = document()
    broken["kind"] = "recipe"
    for _ in range(2):
        with pytest.raises(WaybillError, match="kind"):
            contracts.load(write(broken))


@pytest.mark.parametrize("text", ["a: [", "", "- a list"])
def test_what_is_no_contract_at_all_is_named(write: Callable[[Any], Path], text: str) -> None:
    """A torn or empty file is told by its name."""
    with pytest.raises(WaybillError, match=r"shop\.yml"):
        contracts.load(write(text))


def test_a_missing_contract_is_named(tmp_path: Path) -> None:
    """The setting `contract` may hold any path."""
    with pytest.raises(WaybillError, match=r"No data contract at .*gone\.yml\. Name an existing"):
        contracts.load(tmp_path / "gone.yml")


def test_the_projects_own_contracts_hold_together() -> None:
    """Keys, references, rules and exceptions of our contracts lead to streams and columns there are."""
    loaded = {contract.source: contract for contract in contracts.load_all()}
    assert {"olist", "storefront", "totesys"} <= set(loaded)
    for source, keys in KEYS.items():
        assert {name: loaded[source].stream(name).key for name in keys} == keys
    for contract in loaded.values():
        assert contract.raw_schema == f"raw_{contract.source}"
        for stream in contract.streams:
            if stream.replication_key:
                stream.column(stream.replication_key)
            for rule in stream.rules:
                assert "{table}" in rule.query
                assert not rule.exceptions or stream.column(rule.exception_column or "")
            for column in stream.columns:
                if column.reference:
                    contract.stream(column.reference.stream).column(column.reference.column)


def _column(contract: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in contract["schema"][0]["properties"] if each["name"] == name)


def test_a_column_is_hashed_unless_the_contract_says_why_not(
    write: Callable[[Any], Path],
) -> None:
    """The contract alone decides; a hashed column lands as text."""
    contract = document()
    _column(contract, "line")["classification"] = "pii"
    line = contracts.load(write(contract)).stream("lines").column("line")
    assert (line.is_pii, line.is_hashed) == (True, True)
    assert (line.sql_type, line.landed_type) == ("integer", "text")
    reason = [{"property": "clearBecause", "value": "it is printed on the parcel"}]
    _column(contract, "line")["customProperties"] = reason
    line = contracts.load(write(contract)).stream("lines").column("line")
    assert (line.is_pii, line.is_hashed, line.landed_type) == (True, False, "integer")


@pytest.mark.parametrize(
    ("column", "change", "says"),
    [
        ("price", {"classification": "pii"}, "price: hashes cannot be added up"),
        ("line", {"classification": "pii"}, "line: hashes have no order"),
        (
            "line",
            {"relationships": [{"type": "foreignKey", "to": "lines.order_id"}]},
            "line: only one of it and lines.order_id",
        ),
    ],
)
def test_what_cannot_be_done_with_a_hash_is_a_fault_of_the_contract(
    write: Callable[[Any], Path], column: str, change: dict[str, Any], says: str
) -> None:
    """Sums, order and references would be silently wrong; a key, as order_id here, may be hashed."""
    contract = document()
    contract["schema"][0]["customProperties"][1]["value"] = "line"
    _column(contract, column).update(change)
    with pytest.raises(WaybillError) as refused:
        contracts.load(write(contract))
    assert says in str(refused.value)
