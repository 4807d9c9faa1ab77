"""Where the embedded server is, as `waybill_common.connections.embedded` reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from waybill_common import private_files
from waybill_common.connections import SOURCE_DATABASE, WAREHOUSE_DATABASE
from waybill_common.ports import HOST

if TYPE_CHECKING:
    from pathlib import Path

FILE = "cluster.json"


def port(folder: Path) -> int | None:
    """The port of the last start, or None before the first."""
    try:
        return int(json.loads((folder / FILE).read_text())["port"])
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(folder: Path, port: int, *, suffix: str = "") -> None:
    """Keep host, port and the names of the two databases.

    Args:
        folder: The cluster's.
        port: TCP port on 127.0.0.1.
        suffix: Distinguishes databases of one test from those of another.
    """
    databases = {name: name + suffix for name in (WAREHOUSE_DATABASE, SOURCE_DATABASE)}
    address = {"host": HOST, "port": port, "databases": databases}
    private_files.write(folder / FILE, json.dumps(address, indent=2) + "\n")
