"""The target's one connection: transactions, the ledger, and what this invocation has received."""

from __future__ import annotations

import logging
import uuid
import weakref
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.json import serialize_json

from waybill_common.errors import DataQualityError, WaybillError
from waybill_common.targets.received import Received

if TYPE_CHECKING:
    import psycopg

    from target_postgres.counts import Counts
    from target_postgres.loading import Loading
    from target_postgres.replacing import Place
    from waybill_common.connections import Connection
    from waybill_common.dead_letters import Limit

logger = logging.getLogger(__name__)

# What a column's text means must not hang on the role's or the database's own settings.
_SESSION = (
    "set datestyle = 'ISO, MDY'",
    "set intervalstyle = 'postgres'",
    "set timezone = 'UTC'",
    # Hash joins and the look for repeated keys spill to disk at the default of 4 MB.
    "set work_mem = '128MB'",
    "set hash_mem_multiplier = 2",  # the default from PostgreSQL 15 on
    "set parallel_tuple_cost = 0",  # or a join of which few rows are left is not done in parallel
)
_LEDGER_ROW = """
    insert into waybill.load (
        run_id, invocation_id, target_schema, stream, target_table, batch_id, started_at,
        rows_received, rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted,
        rows_dead, totals_received, totals_landed_change, bookmark
    ) values (
        %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb
    )
    returning load_id
"""
_IS_BATCH_LOADED = """
    select exists (
        select from waybill.load where target_schema = %s and stream = %s
            and batch_id is not null and string_to_array(batch_id, ' ') @> array[%s]
    )
"""
_LAST_BOOKMARK = """
    select bookmark from waybill.load
    where target_schema = %s and stream = %s and bookmark is not null
    order by load_id desc
    limit 1
"""
_HAS_HISTORY = """
    select exists (
        select from waybill.load
        where target_schema = %s and stream = %s and invocation_id <> %s
    )
"""


class Session:
    """A connection to the warehouse, opened when it is first needed.

    Args:
        login: The warehouse, as the role that owns the raw schemas and the ledger.

    Attributes:
        direct: The stream whose rows go straight into a table that is not whole yet. It has the
            connection to itself.
        bytes: The size of the batch files that came.
    """

    def __init__(self, login: Connection) -> None:
        self.login = login
        self._connection: psycopg.Connection[Any] | None = None
        self.invocation_id = uuid.uuid4()
        self.run_id: uuid.UUID | None = None
        self.bytes = 0
        self.received: dict[str, Received] = defaultdict(Received)
        self.replaced_partitions: set[tuple[Place, str]] = set()
        self.replaced_tables: set[Place] = set()
        self._warned: set[str] = set()
        self.direct: Loading | None = None

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The connection; its first statement after a commit opens the next transaction.

        Raises:
            WaybillError: The warehouse cannot be reached, or has no ledger.
        """
        if self._connection is None:
            connection = self.login.connect(client_encoding="utf8")
            # An error on the way out must not leave a transaction open for as long as this lives.
            weakref.finalize(self, connection.close)
            for setting in _SESSION:
                connection.execute(setting)
            for name in ("load", "dead_letter"):
                found = connection.execute("select to_regclass(%s)", (f"waybill.{name}",))
                if found.fetchone() in {None, (None,)}:
                    connection.close()
                    msg = f"{self.login.place} has no ledger (table waybill.{name})."
                    raise WaybillError(msg, "Create it with `meltano invoke warehouse:up`.")
            connection.commit()
            self._connection = connection
        return self._connection

    def claim(self) -> None:
        """Make the connection free for statements that must not be undone with a direct load."""
        if self.direct is not None:
            self.direct.end_direct()

    def warn_once(self, text: str) -> None:
        """Log a warning that may concern many transactions."""
        if text not in self._warned:
            self._warned.add(text)
            logger.warning(text)

    def commit(self) -> None:
        """Commit the open transaction, if there is one."""
        if self._connection is not None:
            self._connection.commit()

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        if self._connection is not None:
            self._connection.close()

    def has_loaded(self, schema: str, stream: str, batch_id: str) -> bool:
        """Whether a batch stands in the ledger."""
        found = self.connection.execute(_IS_BATCH_LOADED, (schema, stream, batch_id)).fetchone()
        return bool(found and found[0])

    def last_bookmark(self, schema: str, stream: str) -> dict[str, Any]:
        """The stream's part of the state that landed last; empty where there is none."""
        found = self.connection.execute(_LAST_BOOKMARK, (schema, stream)).fetchone()
        return found[0] if found and isinstance(found[0], dict) else {}

    def record(  # noqa: PLR0913 - a ledger row has this many sides
        self,
        *,
        schema: str,
        stream: str,
        table: str,
        started_at: object,
        counts: Counts,
        bookmark: object,
        batch_ids: list[str],
    ) -> int:
        """Write one ledger row in the open transaction; returns its id.

        Raises:
            WaybillError: A run at the same time has appended one of the batches.
        """
        # The table is locked by now: whoever came before has committed.
        if any(self.has_loaded(schema, stream, each) for each in batch_ids):
            msg = f"Stream {stream}: another run has landed the same rows meanwhile."
            raise WaybillError(msg, "Run again: what has landed is skipped.")
        written = self.connection.execute(
            _LEDGER_ROW,
            (
                *(self.run_id, self.invocation_id, schema, stream, table),
                *(" ".join(batch_ids) or None, started_at),
                *(counts.received, counts.inserted, counts.updated),
                *(counts.unchanged, counts.superseded, counts.deleted, counts.dead),
                _json(counts.totals_received),
                _json(counts.totals_landed_change),
                None if bookmark is None else _json(bookmark),
            ),
        ).fetchone()
        received = self.received[stream]
        received.settled += counts.received
        received.dead += counts.dead
        for name, total in counts.totals_received.items():
            received.totals[name] += total
        return int(written[0]) if written else 0

    def check_history(self, schema: str, stream: str, bookmark: object) -> None:
        """Refuse a state that tells of rows which this warehouse never got.

        Args:
            schema: Where the stream lands.
            stream: Its name.
            bookmark: Its part of the state; without `source` and `read` it is not checked.

        Raises:
            WaybillError: The tap went on from a bookmark, and the ledger has no load before.
        """
        parts = bookmark if isinstance(bookmark, dict) else {}
        held, sent = ((parts.get(part) or {}).get("rows") for part in ("source", "read"))
        if not isinstance(held, int) or not isinstance(sent, int) or sent >= held:
            return
        found = self.connection.execute(_HAS_HISTORY, (schema, stream, self.invocation_id))
        if (row := found.fetchone()) and not row[0]:
            msg = (
                f"Stream {stream}: by the state, {held - sent} of its {held} rows landed before,"
                f" but {self.login.place} has no load of it. Nothing was committed."
            )
            remedy = "The state is another warehouse's: start afresh by `meltano run --full-refresh` and the job."
            raise WaybillError(msg, remedy)

    def check_limit(self, stream: str, limit: Limit) -> None:
        """Compare the dead letters of a stream with how many there may be.

        Raises:
            DataQualityError: There are more; names the figures and where to look.
        """
        received = self.received[stream]
        dead, rows = received.dead - received.earlier_dead, received.settled - received.earlier_rows
        self._check_limit(stream, limit, dead, rows)

    def begin_load(self, stream: str, load: str) -> None:
        """Let a stream's limit of dead letters be that of the rows of one load.

        Args:
            stream: The stream's name.
            load: The id of the load, as the SCHEMA gives it.
        """
        received = self.received[stream]
        if received.load not in {"", load}:
            received.earlier_dead, received.earlier_rows = received.dead, received.settled
        received.load = load

    def check_hopeless(self, stream: str, limit: Limit, dead: int, rows: int) -> None:
        """The same for an open transaction most of whose rows so far are dead.

        Raises:
            DataQualityError: There are more than there may be, and more than half are dead.
        """
        if dead * 2 > rows:
            self._check_limit(stream, limit, dead, rows)

    def _check_limit(self, stream: str, limit: Limit, dead: int, rows: int) -> None:
        if not (breach := limit.breach(dead, rows)):
            return
        msg = (
            f"Stream {stream}: {dead:,} of {rows:,} rows cannot land; {breach}. Nothing of them was"
            f" committed. The last: {self.received[stream].last_letter}."
        )
        remedy = "Mend the source, or the contract; or raise its deadLetterLimit."
        raise DataQualityError(msg, remedy)


def _json(value: object) -> str:
    plain = value
    if isinstance(value, dict):
        plain = {
            name: str(each) if isinstance(each, Decimal) and not each.is_finite() else each
            for name, each in value.items()
        }
    return serialize_json(plain)
