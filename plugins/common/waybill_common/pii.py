"""Personal data: hashed before it leaves the tap, and kept out of what is printed.

What is hashed is the value's canonical text alone, so the same value has the same hash in each
column of each source, and hashed columns can be joined. Without the salt nothing can be tried out.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from waybill_common import canonical_text, private_files, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from waybill_common.contracts import Column, Contract, Stream
    from waybill_common.dead_letters import DeadLetter

    Hash = Callable[[str], str]

SALT = "WAYBILL_PII_SALT"
SHORTEST_SALT = 32
"""Characters: 128 bits in hexadecimal."""
HASH = "^[0-9a-f]{64}$"
"""What every hash matches."""
SQL_TYPE = "text"
"""The type a hash lands in."""
_FILE = "pii_salt"
_PRODUCTION = "prod"
_MAKE_ONE = f"Set {SALT} to a secret that is kept, such as what `openssl rand -hex 32` prints."


class Hasher:
    """Hashes values by HMAC-SHA-256 with one salt.

    Args:
        salt: The secret.
    """

    def __init__(self, salt: str) -> None:
        self._salt = salt.encode()

    @property
    def fingerprint(self) -> str:
        """Tells one salt from another, and nothing of either."""
        return self._hash("\0fingerprint")[:16]  # no value holds NUL

    def of_sql_type(self, sql_type: str) -> Hash:
        """What hashes the values of a type.

        Args:
            sql_type: The type of the values, not the one they land in.

        Returns:
            A function from a value's text to 64 hexadecimal characters. A text that the type does
            not admit, which only a dead letter holds, is hashed as it stands.
        """
        canonical = canonical_text.of_sql_type(sql_type)

        def hash_(text: str) -> str:
            try:
                return self._hash(canonical(text))
            except (ValueError, ArithmeticError, LookupError):
                return self._hash(text)

        return hash_

    def of_columns(self, columns: Iterable[Column]) -> dict[str, Hash]:
        """What hashes the values of those columns that are hashed, by name."""
        return {each.name: self.of_sql_type(each.sql_type) for each in columns if each.is_hashed}

    def _hash(self, text: str) -> str:
        return hmac.digest(self._salt, text.encode(errors="surrogatepass"), "sha256").hex()


def hashed(values: Iterable[str | None], hash_: Hash) -> list[str | None]:
    """A column's values, hashed; NULL stays NULL."""
    return [None if value is None else hash_(value) for value in values]


def hashed_letter(letter: DeadLetter, hashes: Mapping[str, Hash]) -> DeadLetter:
    """A dead letter with hashes in place of values, as they would have landed.

    Args:
        letter: The letter with values as the source has them. Where its fields cannot be told apart
            it has no payload, and nothing of the row's text is kept.
        hashes: From `Hasher.of_columns`; empty for a stream without hashed columns.
    """
    if not hashes:
        return letter

    def covered(values: Mapping[str, str | None] | None) -> dict[str, str | None] | None:
        if values is None:
            return None
        return {
            name: hashes[name](value) if name in hashes and value is not None else value
            for name, value in values.items()
        }

    # A value at fault may be another column's, in a row with a field too few; keys are shown.
    key = None if letter.key and letter.column in letter.key else covered(letter.key)
    return replace(letter, raw=None, key=key, payload=covered(letter.payload))


def hasher() -> Hasher:
    """The hasher of this project's salt.

    Raises:
        WaybillError: There is no salt in environment prod, or it is too short.
    """
    if given := os.environ.get(SALT, "").strip():
        return Hasher(_checked(given, SALT, _MAKE_ONE))
    if os.environ.get("MELTANO_ENVIRONMENT") == _PRODUCTION:
        msg = f"{SALT} is not set, and the contract has columns that land hashed."
        raise WaybillError(msg, _MAKE_ONE)
    path = project.home() / _FILE
    remedy = f"Remove {path}, so that a new one is made and all is read again, or set {SALT}."
    return Hasher(_checked(_generated(path), str(path), remedy))


def _checked(salt: str, place: str, remedy: str) -> str:
    if len(salt) < SHORTEST_SALT:
        msg = f"The salt in {place} has fewer than {SHORTEST_SALT} characters."
        raise WaybillError(msg, remedy)
    return salt


def _generated(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with private_files.locked(path.with_name(f".{_FILE}.lock")):
            if not path.exists():
                private_files.write(path, secrets.token_hex(32) + "\n")
    return path.read_text(encoding="utf-8").strip()


def refuse_contradictions(contract: Contract, place: str) -> None:
    """Make sure that what a contract asks of hashed columns can be had.

    A key may be hashed: what is equal stays equal.

    Args:
        contract: The contract.
        place: Its file, for the message.

    Raises:
        WaybillError: A hashed column is added up or ordered by, or a reference leads from a hashed
            column to one in the clear or back.
    """
    for stream in contract.streams:
        for column in stream.columns:
            if problem := _contradiction(contract, stream, column):
                msg = f"{place}: stream {stream.name}, column {column.name}: {problem}."
                remedy = "Give the column of class pii a reason to land in the clear (custom property clearBecause), or mend the contract."
                raise WaybillError(msg, remedy)


def _contradiction(contract: Contract, stream: Stream, column: Column) -> str:
    if column.is_hashed and column.is_control_total:
        return "hashes cannot be added up, so it can be no control total"
    if column.is_hashed and column.name == stream.replication_key:
        return "hashes have no order, so it can be no replication key"
    if to := column.reference:
        others = (each for each in contract.streams if each.name == to.stream)
        parents = (each for other in others for each in other.columns if each.name == to.column)
        if any(parent.is_hashed != column.is_hashed for parent in parents):
            return f"only one of it and {to.stream}.{to.column}, to which it refers, is hashed"
    return ""
