"""What the objects of one invocation are called."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError
from waybill_lake.log import part_of_a_name
from waybill_lake.stores import PROCESSED

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_lake.stores import Store


class Naming:
    """Names that no other invocation gives.

    Args:
        store: The lake.
        source: The source's name.

    Raises:
        WaybillError: The lake uses that name itself.

    Attributes:
        load: The invocation's id, which begins with when it began.
        source: The folder of the source.
    """

    def __init__(self, store: Store, source: str) -> None:
        if source == PROCESSED:
            msg = f"source: {source!r} is the lake's folder of the marts."
            raise WaybillError(msg, "Give the source another name.")
        self._store = store
        self.source = part_of_a_name(source)
        now = dt.datetime.now(tz=dt.UTC)
        self.load = f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:12]}"
        self._numbers: dict[tuple[str, str], itertools.count[int]] = defaultdict(itertools.count)
        self._files = itertools.count(1)
        self._batches = itertools.count(1)

    def object(self, stream: str, day: str, kind: str) -> str:
        """The name of a stream's next object.

        Args:
            stream: The stream's name.
            day: When its rows left the source, in UTC.
            kind: What its name begins with.
        """
        folder = f"{self.source}/{part_of_a_name(stream)}/extract_date={day}/run={self.load}"
        return f"{folder}/{kind}-{next(self._numbers[folder, kind]):05}.parquet"

    def batch_id(self) -> str:
        """An id for rows that came without one."""
        return f"{self.load}-{next(self._batches)}"

    def scratch(self) -> Path:
        """Where the next file may grow."""
        return self._store.scratch / f"{next(self._files):06}.parquet"
