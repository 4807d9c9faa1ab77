"""The embedded warehouse as a whole: server, databases, bootstrap, logins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_common.connections import SOURCE_DATABASE, WAREHOUSE_DATABASE
from waybill_warehouse import bootstrap, databases, passwords

if TYPE_CHECKING:
    from waybill_warehouse.cluster import Cluster


def up(cluster: Cluster) -> tuple[str, bool]:
    """Bring server, databases, roles and logins to what the project needs; idempotent.

    Returns:
        The server's version, and whether this call started it.

    Raises:
        WaybillError: The server cannot be made or started; names the cause.
    """
    version, was_started = cluster.up()
    maintenance = cluster.admin()
    warehouse = cluster.admin(WAREHOUSE_DATABASE)
    source = cluster.admin(SOURCE_DATABASE)
    databases.create(maintenance, [warehouse.dbname, source.dbname])
    databases.close(warehouse)
    databases.close(source)
    bootstrap.apply(warehouse)
    databases.open_source(source)
    secrets = passwords.complete(cluster.folder / passwords.FILE)
    databases.enable_logins(maintenance, secrets)
    return version, was_started
