from __future__ import annotations

from typing import TYPE_CHECKING, Any

import contract_documents
import pytest
import yaml

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase


@pytest.fixture
def promise(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Settings that lead to a contract of the stream `t` with the columns id and amount."""

    def write(amount: str = "integer", **custom: Any) -> dict[str, Any]:
        stream = contract_documents.stream("t", {"id": "integer#", "amount": amount}, **custom)
        path = tmp_path / "contract.yml"
        path.write_text(yaml.safe_dump(contract_documents.contract("shop", [stream])))
        return {"contract": str(path), "url_setting": "SHOP_URL"}

    return write


@pytest.fixture
def drifted(lane: Any) -> Any:
    """A source with a column that the contract does not know."""
    lane.source.execute(
        "create table t (id integer primary key, amount integer, extra text);"
        "insert into t values (1, 2, 'new')"
    )
    return lane


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_evolve_takes_new_columns_along(drifted: Any, promise: Any, mode: str) -> None:
    # What the source adds reaches the warehouse without a change of the contract.
    run = drifted.run(**promise(drift="evolve"), mode=mode)

    assert run.of("SCHEMA")[0]["schema"]["x-drift"] == "evolve"
    assert [str(row["extra"]) for row in run.rows("t")] == ["new"]


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_quarantine_leaves_new_columns_at_the_source(
    drifted: Any, promise: Any, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    # A column nobody has looked at does not travel, and a warning names it.
    run = drifted.run(**promise(drift="quarantine"), mode=mode)

    assert list(run.of("SCHEMA")[0]["schema"]["properties"]) == ["id", "amount"]
    assert [list(row) for row in run.rows("t")] == [["id", "amount"]]
    assert "t: left out, as the contract does not know it: extra." in caplog.messages


def test_freeze_refuses_new_columns(drifted: Any, promise: Any) -> None:
    # One line names setting, stream and column, and what to do.
    with pytest.raises(
        WaybillError,
        match=r'SHOP_URL: "public"."t" has the column extra, .* of stream t does not know. Add it',
    ):
        drifted.run(**promise(drift="freeze"))


@pytest.mark.parametrize(
    ("drift", "contract", "source", "refused"),
    [
        ("evolve", "integer", "bigint", False),
        ("freeze", "integer", "bigint", True),
        ("quarantine", "integer", "bigint", True),
        ("freeze", "bigint", "integer", False),
        ("freeze", "text", "varchar(9)", False),
        ("evolve", "integer", "text", True),
        ("evolve", "date", "timestamp", True),
    ],
)
def test_a_type_that_changed_is_told(
    lane: Any, promise: Any, drift: str, contract: str, source: str, *, refused: bool
) -> None:
    # A column of the contract may become wider where it evolves; what loses or changes values is refused.
    lane.source.execute(f"create table t (id integer primary key, amount {source})")
    settings = promise(contract, drift=drift)
    if not refused:
        lane.run(**settings)
        return
    with pytest.raises(
        WaybillError, match=r"SHOP_URL: stream t: .*column amount is .*, by the contract"
    ):
        lane.run(**settings)


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_the_contracts_limit_reaches_the_target(drifted: Any, promise: Any, mode: str) -> None:
    # How many rows may be dead is the contract's to say, and the target's to hold to.
    run = drifted.run(**promise(deadLetterLimit={"rows": 3}), mode=mode)

    assert run.of("SCHEMA")[0]["schema"]["x-dead-letter-limit"] == {"rows": 3, "share": None}


def test_a_deselected_column_is_not_read(drifted: Any, warehouse: ScratchDatabase) -> None:
    # Deselected in the catalog, a column stays at the source in each part of a run; the key never does.
    catalog = drifted.incremental("t", "amount")
    for each in catalog["streams"][0]["metadata"]:
        if each["breadcrumb"]:
            each["metadata"]["selected"] = each["breadcrumb"][-1] == "amount"
            each["metadata"].pop("inclusion", None)
    run = drifted.run(catalog=catalog)
    drifted.land(run)

    assert list(run.of("SCHEMA")[0]["schema"]["properties"]) == ["id", "amount"]
    assert warehouse.rows("select id, amount from raw_test.t") == [(1, 2)]
