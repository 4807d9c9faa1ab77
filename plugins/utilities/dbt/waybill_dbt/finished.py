"""What became of each node, as dbt tells it meanwhile: all that is known of a build that is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_dbt.outcome import NodeResult, worth_telling

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg

_EVENT = "NodeFinished"


class Finished:
    """Collects dbt's events of nodes that have ended.

    Attributes:
        results: They, in their order.
    """

    def __init__(self) -> None:
        self.results: list[NodeResult] = []

    def __call__(self, message: EventMsg) -> None:
        """Take one of dbt's events."""
        if message.info.name != _EVENT:
            return
        node, result = message.data.node_info, message.data.run_result
        status = str(result.status)
        self.results.append(
            NodeResult(
                unique_id=node.unique_id,
                name=node.node_name,
                resource_type=node.resource_type,
                status=status,
                seconds=round(result.execution_time, 3),
                rows_affected=None,
                message=worth_telling(status, result.message),
            )
        )
