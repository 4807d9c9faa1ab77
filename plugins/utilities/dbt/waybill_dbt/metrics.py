"""MetricFlow on the project's metrics: `mf` without its tutorial and its look for updates on PyPI."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import click
from dbt.adapters.factory import get_adapter_by_type
from dbt_metricflow.cli import main as mf
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import dbtArtifacts
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)

from waybill_common.errors import WaybillError
from waybill_dbt import plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metricflow.engine.metricflow_engine import MetricFlowEngine

_COMMANDS = {"list": mf.list_command_group, "query": mf.query}


class _Configuration(CLIConfiguration):
    """Reads what dbt has parsed where dbt writes it; `mf` knows `target` only."""

    @property
    def dbt_artifacts(self) -> dbtArtifacts:
        """The connection, and the metrics as dbt parsed them last."""
        if self._dbt_artifacts is None:
            known = self.dbt_project_metadata
            self._dbt_artifacts = dbtArtifacts(
                profile=known.profile,
                project=known.project,
                adapter=get_adapter_by_type(known.profile.credentials.type),  # type: ignore[no-untyped-call]
                semantic_manifest=parse_manifest_from_dbt_generated_manifest(_parsed()),
            )
        return self._dbt_artifacts


def run(arguments: Sequence[str]) -> int:
    """Run `mf list` or `mf query`.

    Args:
        arguments: What follows `mf` on its command line.

    Returns:
        Its exit code.
    """
    # Halo's, on each query.
    warnings.filterwarnings("ignore", "setDaemon", DeprecationWarning)
    group = click.Group("waybill-dbt metrics", commands=_COMMANDS)
    try:
        group.main(list(arguments), prog_name=group.name, obj=_Configuration())
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)


def engine() -> MetricFlowEngine:
    """What answers queries in this process, on the project and warehouse of the environment."""
    configuration = _Configuration()
    configuration.setup(configure_file_logging=False)
    return configuration.mf


def _parsed() -> str:
    path = plan.target() / "semantic_manifest.json"
    if not path.is_file():
        msg = f"{path} is not there."
        raise WaybillError(msg, "Build or parse the models first: `meltano invoke dbt:build`.")
    return path.read_text(encoding="utf-8")
