"""Terraform's configurations, each a copy with a state of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.tests import machine

if TYPE_CHECKING:
    from deploy.tests.machine import Configuration


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """AWS's, not applied."""
    return machine.initialized("aws", tmp_path_factory.mktemp("aws"))


@pytest.fixture(scope="module")
def gcp(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """Google Cloud's, not applied."""
    return machine.initialized("gcp", tmp_path_factory.mktemp("gcp"))
