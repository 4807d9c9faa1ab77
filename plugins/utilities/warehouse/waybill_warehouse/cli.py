"""`waybill-warehouse up|down|status|url|psql|rotate-passwords`."""

from __future__ import annotations

import argparse
import sys
import time
from typing import get_args

from waybill_common import connections
from waybill_common.connections import WarehouseRole
from waybill_common.errors import WaybillError, reports_errors
from waybill_warehouse import bootstrap, client, databases, embedded, passwords, ports
from waybill_warehouse.cluster import Cluster

EXIT_DOWN = 3
"""What `pg_ctl status` answers for a server that does not run."""

_SETTING = "WAREHOUSE_URL"


@reports_errors
def main(argv: list[str] | None = None) -> None:
    """Run one command on the warehouse."""
    parser = _parser()
    options, further = parser.parse_known_args(argv)
    if further and options.command != "psql":
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    if options.command == "up":
        _up()
    elif options.command == "down":
        _down()
    elif options.command == "status":
        _status()
    elif options.command == "rotate-passwords":
        _rotate_passwords()
    elif options.command == "url":
        print(connections.warehouse(options.role).url)
    else:
        client.psql(connections.warehouse(options.role), further)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="waybill-warehouse", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser(
        "up", help="start the embedded Postgres if it is needed, apply load/bootstrap"
    )
    commands.add_parser("down", help="stop the embedded Postgres")
    commands.add_parser("status", help=f"say where it is; exit code {EXIT_DOWN} if it is down")
    commands.add_parser(
        "rotate-passwords", help="give the roles of the embedded Postgres other passwords"
    )
    for name, does in (("url", "print its URL and nothing else"), ("psql", "open psql on it")):
        command = commands.add_parser(name, help=does, allow_abbrev=False, add_help=name == "url")
        command.add_argument(
            "--role",
            choices=get_args(WarehouseRole),
            default="auditor",
            help="as whom; the default, auditor, reads everything and changes no data",
        )
    return parser


def _up() -> None:
    if not connections.is_warehouse_embedded():
        admin = connections.warehouse("admin")
        version = bootstrap.apply(admin)
        print(f"warehouse: PostgreSQL {version} at {_place(admin)} ({_SETTING})")
        if connections.is_source_embedded():
            _up_source()
        return
    begun = time.monotonic()
    cluster = Cluster(connections.cluster_folder())
    version, was_started = embedded.up(cluster)
    admin = connections.embedded(connections.SUPERUSER, connections.WAREHOUSE_DATABASE)
    how = f"started in {time.monotonic() - begun:.1f} s" if was_started else "was up already"
    print(f"warehouse: PostgreSQL {version} at {_place(admin)} (embedded, {how})")
    if (demanded := ports.fixed()) and demanded != admin.port:
        sys.stderr.write(
            f"warehouse: {ports.SETTING}={demanded} takes effect after `warehouse:down`.\n"
        )


def _up_source() -> None:
    embedded.up(Cluster(connections.cluster_folder()))
    source = connections.embedded(connections.SUPERUSER, connections.SOURCE_DATABASE)
    print(f"source: the embedded Postgres at {_place(source)}")


def _down() -> None:
    if not connections.is_warehouse_embedded() and not connections.is_source_embedded():
        msg = f"{_SETTING} is set, and its server is not ours to stop."
        raise WaybillError(msg, f"Unset {_SETTING} to stop the embedded Postgres.")
    was_running = Cluster(connections.cluster_folder()).down()
    served = "warehouse" if connections.is_warehouse_embedded() else "source"
    print(f"{served}: {'stopped' if was_running else 'was not running'}")


def _rotate_passwords() -> None:
    if not connections.is_warehouse_embedded() and not connections.is_source_embedded():
        msg = f"{_SETTING} is set, and its server's passwords are not ours to change."
        raise WaybillError(msg, f"Change them there, then the password in {_SETTING}.")
    folder = connections.cluster_folder()
    maintenance = connections.embedded(connections.SUPERUSER, "postgres")
    changed = passwords.fresh(each for each in passwords.LOGINS if each != connections.SUPERUSER)
    # Should it be killed in between, the superuser can still log in, and this be done again.
    databases.change_passwords(maintenance, changed)
    passwords.replace(folder / passwords.FILE, changed)
    print(f"warehouse: {len(changed)} roles have other passwords, in {folder / passwords.FILE}")


def _status() -> None:
    kind = "embedded" if connections.is_warehouse_embedded() else _SETTING
    try:
        admin = connections.warehouse("admin")
        with admin.connect(autocommit=True) as session:
            version = session.info.parameter_status("server_version")
    except WaybillError as error:
        print(f"warehouse: down ({kind}): {error.cause}")
        sys.exit(EXIT_DOWN)
    print(f"warehouse: up, PostgreSQL {version} at {_place(admin)} ({kind})")


def _place(connection: connections.Connection) -> str:
    return f"{connection.host}:{connection.port}/{connection.dbname}"
