"""Airflow's secrets: made once, kept in files of mode 0600, shared by all of its processes."""

from __future__ import annotations

import base64
import json
import os
import secrets
from typing import TYPE_CHECKING

from waybill_airflow import places
from waybill_common import private_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USER = "admin"
_BYTES = 24
_KEY_BYTES = 64
"""As SHA-512, which tokens are signed by, wants them."""
_FERNET_BYTES = 32


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(_FERNET_BYTES)).decode()


def _password() -> str:
    return secrets.token_urlsafe(_BYTES)


def _key() -> str:
    return secrets.token_urlsafe(_KEY_BYTES)


_KINDS: dict[str, Callable[[], str]] = {
    "fernet_key": _fernet_key,
    "api_secret_key": _key,
    "jwt_secret": _key,
    "database_password": _password,
}


def load() -> dict[str, str]:
    """Every secret by name; those that are not there yet are made, and the UI's password with them."""
    folder = places.make_home()
    with private_files.locked(folder / "secrets.lock"):
        kept = _complete(folder / "secrets.json", _KINDS)
        _complete(places.passwords(), {USER: _password})
    return kept


def _complete(path: Path, kinds: dict[str, Callable[[], str]]) -> dict[str, str]:
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if missing := kinds.keys() - kept.keys():
        kept |= {name: kinds[name]() for name in sorted(missing)}
        private_files.write(path, json.dumps(kept, indent=2) + "\n")
    path.chmod(0o600)
    return kept
