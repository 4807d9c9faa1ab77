"""The tap: settings, and discovery from the last manifests."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from singer_sdk import typing as th

from tap_landing.replay import Replay
from tap_landing.stream import LandingStream
from waybill_common.errors import WaybillError
from waybill_common.tap import WaybillTap, mode_setting
from waybill_lake.log import Log, part_of_a_name
from waybill_lake.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_lake.log import Manifest
    from waybill_lake.stores import Store

logger = logging.getLogger(__name__)


class TapLanding(WaybillTap):
    """What target-landing has landed of a source, manifest by manifest."""

    name = "tap-landing"
    package_name = "waybill-tap-landing"
    dynamic_catalog = True
    config_jsonschema = th.PropertiesList(
        th.Property(
            "landing_uri",
            th.StringType(nullable=True),
            title="Landing URI",
            description="Where the lake is: a folder (relative ones start at the project's root), s3://bucket/prefix or gs://bucket/prefix; empty for `lake` under WAYBILL_HOME.",
        ),
        th.Property(
            "source",
            th.StringType,
            required=True,
            title="Source",
            description="The lake's folder to read, which target-landing named after the source.",
        ),
        mode_setting(),
    ).to_dict()

    @cached_property
    def store(self) -> Store:
        """The lake."""
        return open_store(self.config.get("landing_uri"))

    @cached_property
    def log(self) -> Log:
        """The source's manifests."""
        return Log(self.store, part_of_a_name(self.source))

    @cached_property
    def head(self) -> Manifest:
        """The last manifest, up to which this invocation reads.

        Raises:
            WaybillError: There is none.
        """
        head = self.log.head()
        if head is None:
            msg = f"The lake {self.store.place} has nothing of the source {self.source}."
            raise WaybillError(msg, "Land it first, by target-landing; or mend LANDING_URI.")
        return head

    @property
    def source(self) -> str:
        """The source's name."""
        return str(self.config["source"])

    def discover_streams(self) -> Sequence[LandingStream]:
        """A stream for each one of the lake, as its last manifest has it."""
        streams = []
        for name, known in self.head.heads.items():
            manifest = self.log.read(known["sequence"])
            entry = [each for each in manifest.body["entries"] if each["stream"] == name][-1]
            streams.append(LandingStream(self, name, entry))
        return streams

    def sync_all(self) -> None:  # type: ignore[misc]  # manifests have an order across streams
        """Replay every manifest that a selected stream has not seen."""
        streams = [each for each in self.streams.values() if isinstance(each, LandingStream)]
        Replay(self, [each for each in streams if each.selected]).run()
