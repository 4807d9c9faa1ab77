from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import bson
import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from target_mongodb.documents import Documents
from waybill_common.errors import WaybillError


def documents(key: tuple[str, ...] = ("id",), **types: dict[str, Any]) -> Documents:
    return Documents.of("people", {"properties": {"id": {"type": ["integer"]}} | types}, key)


NUMBER = {"type": ["number", "null"], "x-sql-datatype": "numeric"}
DAY = {"type": ["string", "null"], "format": "date"}
MOMENT = {"type": ["string", "null"], "format": "date-time"}


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17, places=2
    )
)
def test_an_amount_comes_back_from_bson_to_the_last_digit(amount: Decimal) -> None:
    """Protects money from floats: what is read back has the same value and the same scale."""
    document = documents(amount=NUMBER).document({"id": 1, "amount": amount})
    back = bson.decode(bson.encode(document))["amount"]
    assert isinstance(back, Decimal128)
    assert back.to_decimal().as_tuple() == amount.as_tuple()


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (NUMBER, 50, Decimal128("50")),
        (NUMBER, Decimal("50.00"), Decimal128("50.00")),
        (NUMBER, "NaN", Decimal128("NaN")),
        ({"type": ["number"], "x-sql-datatype": "double precision"}, Decimal("0.1"), 0.1),
        ({"type": ["string"], "x-sql-datatype": "jsonb"}, '{"a": [1.10]}', {"a": [Decimal128("1.10")]}),
        ({"type": ["array"], "x-sql-datatype": "numeric[]"}, [Decimal("1.5"), None], [Decimal128("1.5"), None]),
        (DAY, "2024-02-29", dt.datetime(2024, 2, 29, tzinfo=dt.UTC)),
        (MOMENT, "2024-02-29T23:30:00-02:00", dt.datetime(2024, 3, 1, 1, 30, tzinfo=dt.UTC)),
        (MOMENT, "2024-02-29T23:30:00.123456", dt.datetime(2024, 2, 29, 23, 30, 0, 123456, dt.UTC)),
        ({"type": ["boolean"]}, True, True),
        ({"type": ["string"]}, "", ""),
        ({"type": ["string"]}, None, None),
    ],
)  # fmt: skip
def test_each_kind_of_value_has_its_form(schema: dict[str, Any], value: Any, expected: Any) -> None:
    """Protects the types of documents: a date is a date, NULL is null and not missing, "" is not null."""
    found = documents(value=schema).document({"id": 1, "value": value})["value"]
    assert (type(found), str(found)) == (type(expected), str(expected))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (NUMBER, Decimal("1" * 35)),
        ({"type": ["integer"]}, 2**63),
        (DAY, "infinity"),
        (MOMENT, "0044-03-15T00:00:00 BC"),
    ],
)
def test_what_has_no_exact_form_is_refused_without_its_value(
    schema: dict[str, Any], value: Any
) -> None:
    """Protects from silent rounding, and from a value of a column in a log."""
    with pytest.raises(
        WaybillError, match=r"Stream people, id=7: secret has no exact form"
    ) as caught:
        documents(secret=schema).document({"id": 7, "secret": value})
    assert str(value) not in str(caught.value)


def test_a_key_of_several_columns_is_a_document_in_its_order() -> None:
    """Protects `_id` from the order of a record's fields: in BSON another order is another key."""
    made = documents(("b", "id"), b={"type": ["string"]})
    document = made.document({"id": 1, "x": 2, "b": "k"})
    assert list(document) == ["_id", "id", "x", "b"]
    assert list(document["_id"].items()) == [("b", "k"), ("id", 1)]
    with pytest.raises(WaybillError, match="has no b, which is its key"):
        made.document({"id": 1, "b": None})


@pytest.mark.parametrize("name", ["$where", "a.b", "_id"])
def test_a_hostile_column_name_is_refused(name: str) -> None:
    """Protects a query language from being fed by a source's column names."""
    with pytest.raises(WaybillError, match="has another meaning for a field"):
        documents(**{name: NUMBER})


def test_a_stream_without_a_key_is_refused() -> None:
    """Protects from rows that double with each run."""
    with pytest.raises(WaybillError, match="has no key"):
        documents(key=())
