"""What PostgreSQL says of a source, in one line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def explained(stream: str = "") -> Iterator[None]:
    """Make an error of PostgreSQL's one that says what to do.

    Args:
        stream: The stream that is read, where it is one.

    Raises:
        WaybillError: In place of any error of psycopg.
    """
    source = f"Stream {stream}: the source" if stream else "The source"
    try:
        yield
    except psycopg.OperationalError as error:
        msg = f"{source} has broken off: {error}."
        raise WaybillError(msg, "Run again: it goes on from the last state.") from error
    except psycopg.DataError as error:
        # PostgreSQL's words for it quote the value, which may be personal data.
        msg = f"{source} cannot compute a value of a view: {type(error).__name__}."
        raise WaybillError(msg, "Its server's log says which.") from None
    except psycopg.Error as error:
        msg = f"{source} refuses: {error.diag.message_primary or error}."
        raise WaybillError(msg, "Check the role's rights on its tables.") from error
