"""What dbt finds in its environment."""

from __future__ import annotations

import pytest

from waybill_common import connections
from waybill_dbt import environment


@pytest.fixture
def variables() -> dict[str, str]:
    connection = connections.from_url(
        "postgresql://etl:s%40crt@db.example:6543/dwh?sslmode=verify-full&options=-csearch_path%3Dx",
        setting="WAREHOUSE_URL",
        role="transformer",
    )
    return environment.for_warehouse(connection)


def test_the_password_is_only_in_the_variable_that_dbt_masks(variables: dict[str, str]) -> None:
    """A password in any other variable would be printed by `dbt debug` or in a log."""
    holders = [name for name, value in variables.items() if "s@crt" in value]
    assert holders == ["DBT_ENV_SECRET_WAREHOUSE_PASSWORD"]


def test_the_login_changes_to_the_role(variables: dict[str, str]) -> None:
    """With one login for all steps, models must still belong to the transformer."""
    assert variables["WAREHOUSE_USER"] == "etl"
    assert variables["WAREHOUSE_ROLE"] == "transformer"
    assert (variables["WAREHOUSE_HOST"], variables["WAREHOUSE_PORT"]) == ("db.example", "6543")
    assert variables["WAREHOUSE_DBNAME"] == "dwh"


def test_parameters_of_the_url_reach_libpq(variables: dict[str, str]) -> None:
    """Dropping sslmode would quietly connect without a check of the server."""
    assert variables["PGSSLMODE"] == "verify-full"
    assert variables["PGOPTIONS"] == "-csearch_path=x"
    assert variables["PGTZ"] == "UTC"
