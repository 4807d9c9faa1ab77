"""What dbt has to find in its environment: the project, the warehouse, and no telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import pq

from waybill_common import project

if TYPE_CHECKING:
    from waybill_common.connections import Connection

PASSWORD_VARIABLE = "DBT_ENV_SECRET_WAREHOUSE_PASSWORD"  # noqa: S105 # nosec B105 - the name of a variable
"""dbt masks the value of any variable with this prefix in its logs."""


def for_project() -> dict[str, str]:
    """Where the dbt project is, with everything off that would call home.

    Raises:
        WaybillError: There is no project here.
    """
    folder = str(project.root() / "transform")
    return {
        "DBT_PROJECT_DIR": folder,
        "DBT_PROFILES_DIR": folder,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def for_warehouse(connection: Connection) -> dict[str, str]:
    """What `transform/profiles.yml` reads, and libpq's own variables for the rest.

    Args:
        connection: The warehouse as the role `transformer`. Its URL's parameters that libpq can
            take from the environment (`sslmode`, `sslrootcert`, `options`, ...) are passed on;
            a search path goes along in `options`.
    """
    passed_on = {
        option.envvar.decode(): connection.parameters[option.keyword.decode()]
        for option in pq.Conninfo.get_defaults()
        if option.envvar and option.keyword.decode() in connection.parameters
    }
    return passed_on | {
        "PGTZ": "UTC",
        "WAREHOUSE_HOST": connection.host,
        "WAREHOUSE_PORT": str(connection.port),
        "WAREHOUSE_USER": connection.user,
        "WAREHOUSE_DBNAME": connection.dbname,
        "WAREHOUSE_ROLE": connection.role or "",
        PASSWORD_VARIABLE: connection.password,
    }
