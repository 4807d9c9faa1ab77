"""The passwords of the embedded cluster's logins: generated once, kept in one private file."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from waybill_common import private_files
from waybill_common.connections import SOURCE_ROLE, SUPERUSER, WAREHOUSE_ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "passwords.json"
LOGINS = (SUPERUSER, *WAREHOUSE_ROLES, SOURCE_ROLE)
_BYTES = 24
"""Entropy of a password: 192 bits, 32 characters that need no quoting in a URL."""


def load(path: Path) -> dict[str, str]:
    """The password of each login; empty where there is no file yet."""
    try:
        kept: dict[str, str] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return kept


def complete(path: Path) -> dict[str, str]:
    """The password of each login; those that have none yet are generated and kept."""
    kept = load(path)
    missing = [login for login in LOGINS if login not in kept]
    if missing:
        kept |= fresh(missing)
        private_files.write(path, json.dumps(kept, indent=2) + "\n")
    return kept


def fresh(logins: Iterable[str]) -> dict[str, str]:
    """A new password for each login."""
    return {login: secrets.token_urlsafe(_BYTES) for login in logins}


def replace(path: Path, changed: dict[str, str]) -> None:
    """Keep other passwords for some of the logins."""
    private_files.write(path, json.dumps(load(path) | changed, indent=2) + "\n")
