"""The way of one stream's rows in one transaction: straight into a new table, or by a staging table."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

import psycopg

from target_postgres.counts import Counts
from target_postgres.direct import Direct, suits
from target_postgres.keys import Keys
from target_postgres.rules import rules_of
from target_postgres.staging import Staging
from target_postgres.tables import plan
from waybill_common.identifiers import qualify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_postgres.session import Session
    from target_postgres.tables import Plan
    from waybill_common.dead_letters import DeadLetter
    from waybill_common.targets.columns import Column
    from waybill_common.targets.formats import BatchFile

logger = logging.getLogger(__name__)


class Loading:
    """What has arrived of one stream since the last commit, or is about to.

    Args:
        session: The warehouse.
        stream: The stream's name.
        schema: The table's schema.
        table: Its name.
        columns: The stream's columns.
        key: Its key.
        totals: Its control total columns.
        refuse: Told of each row that PostgreSQL refuses.
        drift: What to do where stream and table differ.

    Attributes:
        started_at: When its first rows arrived, None before that.
        staging: Rows that wait for the merge.
        direct: Rows that went into the table as it was made, before any that are staged.
        keys: All keys that the source holds, once they have come.
    """

    def __init__(  # noqa: PLR0913 - a load has this many sides
        self,
        session: Session,
        *,
        stream: str,
        schema: str,
        table: str,
        columns: Sequence[Column],
        key: Sequence[str],
        totals: Sequence[str],
        refuse: Callable[[DeadLetter], None],
        drift: str,
    ) -> None:
        self._session = session
        self._stream = stream
        self._schema = schema
        self._table = table
        self._columns = columns
        self._key = key
        self._totals = totals
        self._refuse = refuse
        self._drift = drift
        self._plan: Plan | None = None
        self.started_at: dt.datetime | None = None
        self.staging: Staging | None = None
        self.direct: Direct | None = None
        self.keys: Keys | None = None

    @property
    def plan(self) -> Plan:
        """What the table has to become."""
        if self._plan is None:
            self._plan = plan(
                self._session.connection,
                stream=self._stream,
                schema=self._schema,
                table=self._table,
                columns=self._columns,
                key=self._key,
                drift=self._drift,
            )
            if left_out := self._plan.left_out:
                self._session.warn_once(
                    f"Stream {self._stream}: new columns are left out: {', '.join(left_out)}; its"
                    " drift is quarantine."
                )
        return self._plan

    def open(self) -> None:
        """Take note that there is something to settle."""
        self.started_at = self.started_at or dt.datetime.now(tz=dt.UTC)

    def stage(self) -> Staging:
        """The staging table, for rows that come after all that have come so far."""
        self.open()
        self._session.claim()
        if self.staging is None:
            types = {column.name: column.sql_type for column in self._columns}
            for statement in self.plan.before_any_table:
                self._session.connection.execute(statement)
            self.staging = Staging(
                self._session.connection,
                stream=self._stream,
                schema=self._schema,
                types=types,
                key=self._key,
                rules=rules_of(
                    self._session.connection,
                    qualify(self._schema, self._table),
                    types,
                    self._key,
                ),
                refuse=self._refuse,
            )
        return self.staging

    def copy_files(self, files: Sequence[BatchFile]) -> int:
        """Take the files of one message.

        Returns:
            How many rows they hold.

        Raises:
            WaybillError: A file is gone or another one.
        """
        rows = 0
        for file in files:
            if self.staging is None and self._goes_directly(file):
                rows += self._copy_directly(file)
            else:
                rows += self.stage().copy_file(file)
        return rows

    def copy_keys(self, files: Sequence[BatchFile]) -> int:
        """Take keys of the source's rows; returns how many."""
        self.open()
        self._session.claim()
        if self.keys is None:
            types = {column.name: column.sql_type for column in self._columns}
            types = {name: types[name] for name in self._key}
            self.keys = Keys(self._session.connection, self._stream, types)
        return self.keys.copy_files(files)

    def delete_others(self, totals: Sequence[str], *, is_hard: bool) -> Counts:
        """Delete the rows whose keys the source does not hold any more, if keys have come."""
        if self.keys is None:
            return Counts()
        return self.keys.delete_others(self._schema, self._table, totals, is_hard=is_hard)

    def end_direct(self) -> None:
        """Make the table whole that rows went straight into, or send its files another way."""
        self._session.direct = None
        if self.direct is None:
            return
        try:
            self.direct.finish()
            self._plan = None
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            self._fall_back(error)

    def _goes_directly(self, file: BatchFile) -> bool:
        return self.direct.fits(file) if self.direct else suits(self.plan, file)

    def _copy_directly(self, file: BatchFile) -> int:
        self.open()
        try:
            if self.direct is None:
                self._session.claim()
                self.direct = Direct(
                    self._session.connection,
                    stream=self._stream,
                    schema=self._schema,
                    table=self._table,
                    plan=self.plan,
                    key=self._key,
                    totals=self._totals,
                )
                self._session.direct = self
                self.direct.create(file)
            return self.direct.copy_file(file)
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            # Staging says which row it is, and what is to become of it.
            return self._fall_back(error).copy_file(file)

    def _fall_back(self, error: psycopg.Error) -> Staging:
        logger.debug("%s goes through staging: %s", self._stream, error)
        files = self.direct.abandon() if self.direct else []
        self._session.direct = self.direct = self._plan = None
        staging = self.stage()
        for file in files:
            staging.copy_file(file)
        return staging
