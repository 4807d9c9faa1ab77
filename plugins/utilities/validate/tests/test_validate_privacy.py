from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from waybill_validate import privacy

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Project

SECRET = "0207-SECRET-NUMBER"  # noqa: S105  (stands for a person's phone number)


def written(folder: Path) -> list[tuple[Path, bytes]]:
    return [(path, path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


def check(kind: str, description: str, **kwargs: object) -> dict[str, object]:
    return {"type": kind, "severity": "critical", "description": description, "kwargs": kwargs}


def address_checks() -> list[dict[str, object]]:
    aliased = "select address_id, phone as contact from {batch} where phone like '%SECRET%'"
    return [
        check("expect_column_values_to_be_unique", "address_id is unique", column="address_id"),
        check(
            "expect_column_values_to_match_regex",
            "phone is digits",
            column="phone",
            regex="^[0-9]+$",
        ),
        check("expect_column_values_to_be_unique", "phone is unique", column="phone"),
        check("expect_column_max_to_be_between", "phone is early", column="phone", max_value="00"),
        check("unexpected_rows_expectation", "rule on phone", unexpected_rows_query=aliased),
        check(
            "unexpected_rows_expectation",
            "rule on whole rows",
            unexpected_rows_query="select * from {batch}",
        ),
        check(
            "unexpected_rows_expectation",
            "rule that raises with a value",
            unexpected_rows_query="select phone::integer from {batch}",
        ),
    ]


def plant(project: Project, schema: str, role: str) -> None:
    project.database.execute(
        f"create table {schema}.address (address_id integer, phone text)", role=role
    )
    for key in (7, 8):
        project.database.execute(
            f"insert into {schema}.address values (%s, %s)", [key, SECRET], role=role
        )


def test_personal_data_are_neither_printed_nor_written(empty_project: Project) -> None:
    """Columns the contract classes as pii: their rows are counted and keyed, never shown."""
    plant(empty_project, "raw_totesys", "loader")
    empty_project.write({"address": address_checks()}, selector="totesys", schema="raw_totesys")

    ended = empty_project.run("raw")

    assert ended.code == 1, ended.text
    assert "phone is digits: 2 rows, e.g. address_id=7; address_id=8" in ended.output
    assert "rule on phone: 2 rows, e.g. address_id=7; address_id=8" in ended.output
    assert "rule on whole rows: 2 rows, e.g. address_id=7; address_id=8" in ended.output
    assert "rule that raises with a value: could not be checked: psycopg2" in ended.output
    assert SECRET not in ended.text
    for path, content in written(empty_project.home / "validate"):
        assert SECRET.encode() not in content, path


def test_personal_data_stay_hidden_in_what_is_made_of_them(empty_project: Project) -> None:
    """Marts have no contract: a column of a pii name in any source counts there as well."""
    plant(empty_project, "trade", "transformer")
    empty_project.write(
        {"address": address_checks()}, stage="marts", selector="trade", schema="trade"
    )

    ended = empty_project.run("marts", "trade")

    assert ended.code == 1, ended.text
    assert "phone is digits: 2 rows" in ended.output
    assert SECRET not in ended.text
    for path, content in written(empty_project.home / "validate"):
        assert SECRET.encode() not in content, path


def test_the_password_is_written_nowhere_and_nothing_outside_the_home(shop: Project) -> None:
    """Great Expectations keeps connection strings: none may reach a file, a page or a terminal."""
    password = shop.database.connection("auditor").password
    assert password
    shop.write(
        {
            "orders": [
                check("expect_column_values_to_not_be_null", "no such column", column="colour"),
                check("expect_column_values_to_not_be_null", "status", column="order_status"),
                check("unexpected_rows_expectation", "bad SQL", unexpected_rows_query="select x"),
            ],
            "missing": [check("expect_column_values_to_not_be_null", "none", column="x")],
        }
    )

    ended = shop.start("raw", WAYBILL_DEBUG="1")

    assert ended.code == 1, ended.text
    files = written(shop.home / "validate")
    assert len(files) > 3
    for secret in (password, quote(password, safe="")):
        assert secret not in ended.text
        for path, content in files:
            assert secret.encode() not in content, path
    # No id, cache or settings of Great Expectations in the user's own folder or the project's.
    assert list((shop.root / "user").rglob("*")) == []
    assert sorted(path.name for path in shop.root.iterdir()) == ["extract", "user", "validate"]
    assert sorted(path.name for path in (shop.root / "validate").iterdir()) == ["suites"]


def test_counts_survive_redaction_and_values_do_not() -> None:
    """Redaction works by an allow-list, so that what a new version adds stays hidden as well."""
    result = {
        "element_count": 4,
        "unexpected_count": 2,
        "partial_unexpected_list": [SECRET],
        "partial_unexpected_counts": [{"value": SECRET, "count": 2}],
        "partial_unexpected_index_list": [{"address_id": 7, "phone": SECRET}],
        "something_new": {"phone": SECRET},
    }

    assert privacy.redact(result, frozenset({"phone"}), is_about_pii=True) == {
        "element_count": 4,
        "unexpected_count": 2,
        "partial_unexpected_index_list": [{"address_id": 7}],
    }
    assert SECRET not in str(
        privacy.redact({"rows": [{"phone": SECRET}]}, frozenset({"phone"}), is_about_pii=False)
    )
