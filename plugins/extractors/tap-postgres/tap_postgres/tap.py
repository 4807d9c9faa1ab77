"""The tap: settings, discovery and the snapshot."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING

from singer_sdk import typing as th
from singer_sdk.plugin_base import PluginBase

from tap_postgres import drift, relations
from tap_postgres.readers import Readers
from tap_postgres.snapshot import Snapshot
from tap_postgres.stream import PostgresStream
from waybill_common import connections, contracts, heartbeats, project
from waybill_common.errors import WaybillError
from waybill_common.tap import WaybillTap, mode_setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_postgres.relations import Relation


class TapPostgres(WaybillTap):
    """Tables and views of a PostgreSQL database, read in one snapshot with exact types."""

    name = "tap-postgres"
    package_name = "waybill-tap-postgres"
    dynamic_catalog = True
    config_jsonschema = th.PropertiesList(
        th.Property(
            "sqlalchemy_url",
            th.StringType(nullable=True),
            secret=True,
            title="URL",
            description="postgresql://user:password@host:5432/database; empty for the embedded source.",
        ),
        th.Property(
            "url_setting",
            th.StringType,
            default="sqlalchemy_url",
            title="URL's setting",
            description="Name of the environment variable that holds the URL, for error messages.",
        ),
        th.Property(
            "source_schema",
            th.StringType,
            default="public",
            title="Source schema",
            description="Schema of the tables to read.",
        ),
        th.Property(
            "default_database",
            th.StringType(allowed_values=["source", "warehouse"]),
            default="source",
            title="Default database",
            description="What is read where the URL is empty, the embedded `source` or the project's `warehouse` in the role `reader`.",
        ),
        th.Property(
            "default_schema",
            th.StringType(nullable=True),
            title="Default schema",
            description="Schema of the tables to read where the URL is empty; empty for `source_schema`.",
        ),
        th.Property(
            "contract",
            th.StringType(nullable=True),
            title="Contract",
            description="Path of the ODCS data contract that names streams, keys, replication keys and control totals.",
        ),
        mode_setting(),
        th.Property(
            "lookback_seconds",
            th.NumberType,
            default=0,
            title="Look-back",
            description="By how many seconds the bookmark of a view is held back, where the role may not see when others' transactions began.",
        ),
        th.Property(
            "parallel_streams",
            th.IntegerType(minimum=1),
            default=2,
            title="Parallel streams",
            description="How many streams are read at once, each by a connection of its own to the same snapshot, in mode `batch`.",
        ),
        th.Property(
            "rows_per_part",
            th.IntegerType(minimum=0),
            default=10_000_000,
            title="Rows per part",
            description="A longer table with a primary key is first loaded in parts of so many rows, each with a state of its own to go on from, in mode `batch`; 0 for never.",
        ),
        th.Property(
            "find_deletes",
            th.BooleanType,
            default=False,
            title="Find deletes",
            description="Send the keys of all rows after each incremental read, so that target-postgres marks or removes what is gone, in mode `batch`.",
        ),
        th.Property(
            "window_from",
            th.StringType(nullable=True),
            title="Window from",
            description="Beside what is new, read rows again whose replication key is from here on, up to `window_to`; `waybill:backfill` sets both.",
        ),
        th.Property(
            "window_to",
            th.StringType(nullable=True),
            title="Window to",
            description="The replication key at which the window ends, which is not in it.",
        ),
    ).to_dict()

    @cached_property
    def snapshot(self) -> Snapshot:
        """The state of the source that this whole invocation sees."""
        if self._is_default and self.config["default_database"] == "warehouse":
            login = connections.warehouse("reader")
        else:
            login = connections.source(self.config.get("sqlalchemy_url"), setting=self._setting)
        return Snapshot(login, dt.timedelta(seconds=float(self.config["lookback_seconds"])))

    @cached_property
    def readers(self) -> Readers:
        """What reads the streams that go as batch files."""
        streams = [each for each in self.streams.values() if isinstance(each, PostgresStream)]
        plans = [each.plan for each in streams if each.selected and each.goes_as_batches]
        count = self.config["parallel_streams"]
        return Readers(self.snapshot, self.batch_folder, plans, count=count)

    @property
    def source(self) -> str:
        """The contract's id, or the schema where there is no contract."""
        return self._contract.source if self._contract else self._schema

    def discover_streams(self) -> Sequence[PostgresStream]:
        """A stream for each table of the contract, or for each table and view of the schema.

        Beside the contract's tables goes that of heartbeats, if there is one.

        Raises:
            WaybillError: A table or column of the contract is missing.
        """
        found = relations.of_schema(self.snapshot.connection, self._schema)
        if self._contract:
            streams = [self._of_contract(each, found) for each in self._contract.streams]
            return [*streams, *self._heartbeats(found)]
        if not found:
            msg = f"{self._setting}: schema {self._schema} has no table that the role may read."
            raise WaybillError(
                msg, "Name the schema in `source_schema`, or grant select on its tables."
            )
        return [
            PostgresStream(self, each, key=each.key, replication_key=None, totals=())
            for each in found.values()
        ]

    def _heartbeats(self, found: dict[str, Relation]) -> Iterator[PostgresStream]:
        relation = found.get(heartbeats.TABLE)
        if relation and {heartbeats.KEY, heartbeats.BEATEN_AT} <= {
            column.name for column in relation.columns
        }:
            yield PostgresStream(
                self,
                relation,
                key=(heartbeats.KEY,),
                replication_key=heartbeats.BEATEN_AT,
                totals=(),
            )

    def setup_mapper(self) -> None:
        """Prepare stream maps for what the source has now, not for what a catalog remembers."""
        PluginBase.setup_mapper(self)
        for stream in self.streams.values():
            if isinstance(stream, PostgresStream):
                self.mapper.register_raw_stream_schema(
                    stream.name, stream.selected_schema, stream.primary_keys
                )

    @cached_property
    def _contract(self) -> contracts.Contract | None:
        path = self.config.get("contract")
        return contracts.load(project.resolve(path)) if path else None

    @property
    def _is_default(self) -> bool:
        return not connections.is_postgres_url(self.config.get("sqlalchemy_url"))

    @property
    def _schema(self) -> str:
        default = self.config.get("default_schema") if self._is_default else None
        return str(default or self.config["source_schema"])

    @property
    def _setting(self) -> str:
        return self.config.get("url_setting") or "sqlalchemy_url"

    def _of_contract(self, stream: contracts.Stream, found: dict[str, Relation]) -> PostgresStream:
        schema = self._schema
        relation = found.get(stream.name)
        remedy = f"Point {self._setting} at the right database, or mend the contract."
        if relation is None:
            msg = f"{self._setting}: the source has no table {schema}.{stream.name}, which the contract names."
            raise WaybillError(msg, remedy)
        present = {column.name for column in relation.columns}
        if missing := [each.name for each in stream.columns if each.name not in present]:
            msg = f"{self._setting}: {schema}.{stream.name} lacks the contract's column {', '.join(missing)}."
            raise WaybillError(msg, remedy)
        relation = drift.settled(relation, stream, self._setting)
        return PostgresStream(
            self,
            relation.classed({each.name: each for each in stream.columns}),
            key=stream.key or relation.key,
            replication_key=stream.replication_key,
            totals=stream.control_totals,
            marks=drift.marks(stream),
        )
