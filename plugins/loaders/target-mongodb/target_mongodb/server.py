"""The connection to MongoDB, and its failures in one line without a secret or a value."""

from __future__ import annotations

import atexit
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pymongo
from pymongo import uri_parser
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymongo.database import Database

_FORM = "mongodb://user:password@host:27017/database"
_WAIT_SECONDS = 10.0
_DUPLICATE_KEY = 11000


def database(url: str | None, name: str | None, setting: str) -> Database[dict[str, Any]]:
    """The database that is published to.

    Args:
        url: MongoDB's URL; what it says of TLS, write concern and time limits holds.
        name: The database where the URL names none.
        setting: What the user sets the URL by, for error messages.

    Raises:
        WaybillError: There is no URL, it cannot be read, it names no database, or nothing answers.
    """
    if not url:
        msg = f"{setting} is not set: there is no MongoDB to publish to."
        raise WaybillError(msg, f"Set {setting} to {_FORM} in the environment.")
    limits: dict[str, Any] = {}
    if "serverselectiontimeoutms" not in url.lower():
        limits["serverSelectionTimeoutMS"] = int(_WAIT_SECONDS * 1_000)
    try:
        chosen = _database_name(url, name)
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            url, appname="waybill", tz_aware=True, **limits
        )
    except (InvalidURI, ConfigurationError, ValueError) as error:
        # The error may repeat the URL, and with it the password.
        msg = f"{setting} cannot be read as a MongoDB URL with a database."
        raise WaybillError(msg, f"Set {setting} to {_FORM}.") from error
    # A process that ends for another reason closes it too.
    atexit.register(client.close)
    with explained(setting):
        client.admin.command("ping")
    return client[chosen]


def _database_name(url: str, default: str | None) -> str:
    named = uri_parser.parse_uri(url)["database"] or default
    if not named:
        raise InvalidURI(_FORM)
    return str(named)


@contextmanager
def explained(setting: str, stream: str = "") -> Iterator[None]:
    """Turn a failure of MongoDB's into one line.

    Args:
        setting: What the URL comes from.
        stream: The stream that is written.

    Raises:
        WaybillError: MongoDB refuses, or cannot be reached.
    """
    about = f"Stream {stream}: " if stream else ""
    try:
        yield
    except BulkWriteError as error:
        msg = f"{about}{_refusal(error)}"
        raise WaybillError(msg, _remedy_of(error)) from error
    except ConnectionFailure as error:
        reason = str(error).split(" (configured", maxsplit=1)[0].split(", Timeout", maxsplit=1)[0]
        msg = f"{setting}: {about}MongoDB does not answer: {reason}."
        remedy = f"Check host, port and TLS in {setting}, and run again: no state was written."
        raise WaybillError(msg, remedy) from error
    except OperationFailure as error:
        msg = (
            f"{setting}: {about}MongoDB refuses: {without_values(str(error))} (code {error.code})."
        )
        raise WaybillError(msg, f"Check user, password and rights in {setting}.") from error
    except PyMongoError as error:
        msg = f"{about}MongoDB cannot take it: {without_values(str(error))}."
        raise WaybillError(msg, "No state was written: mend the cause and run again.") from error


def without_values(message: str) -> str:
    """A server's message up to where it begins to quote a document."""
    return re.split(r" dup key|[{\"']|, full error", message)[0].strip(" :,.")


def _refusal(error: BulkWriteError) -> str:
    details: dict[str, Any] = dict(error.details or {})
    refused = details.get("writeErrors", [])
    if not refused:
        return f"MongoDB has not confirmed a write: {without_values(str(error))}."
    first = refused[0]
    operation = first.get("op", {})
    query = operation.get("q", operation)
    count = f"{len(refused):,} document{'s' if len(refused) > 1 else ''}"
    reason = without_values(str(first.get("errmsg", "")))
    return f"MongoDB refuses {count}, the first with _id {query.get('_id')!r}: {reason} (code {first.get('code')})."


def _remedy_of(error: BulkWriteError) -> str:
    codes = {each.get("code") for each in (error.details or {}).get("writeErrors", [])}
    if _DUPLICATE_KEY in codes:
        return "A unique index of the collection forbids it: mend the rows, or drop the index."
    return "No state was written: mend the documents or the collection's rules, and run again."
