"""What a tap or target prints."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from waybill_common.plugin_log import show_progress_only

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGIN = "tap-of-a-test"
METRICS = "singer_sdk.metrics"


@pytest.fixture(autouse=True)
def _levels() -> Iterator[None]:
    """Other tests may rely on the SDK's lines."""
    loggers = [logging.getLogger(name) for name in (PLUGIN, "singer_sdk", METRICS)]
    before = [(logger.level, list(logger.filters)) for logger in loggers]
    yield
    for logger, (level, filters) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.filters = filters


def test_the_sdk_is_silent_and_our_progress_is_not(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A run's output is for a person: METRIC lines must not bury what has landed.
    monkeypatch.delenv("LOGLEVEL", raising=False)
    caplog.set_level(logging.INFO)
    show_progress_only(PLUGIN)
    logging.getLogger(PLUGIN).getChild("orders").info("Beginning sync")
    logging.getLogger(METRICS).setLevel(logging.INFO)  # as the SDK does when a plugin starts
    logging.getLogger(METRICS).info("METRIC")
    logging.getLogger("tap_of_a_test.streams").info("orders: 3 rows sent")
    logging.getLogger(PLUGIN).warning("a file is gone")
    assert caplog.messages == ["orders: 3 rows sent", "a file is gone"]


@pytest.mark.parametrize("setting", ["LOGLEVEL", "TAP_OF_A_TEST_LOGLEVEL"])
def test_the_user_may_ask_for_all_of_it(
    setting: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The SDK's own switch keeps its meaning.
    monkeypatch.setenv(setting, "INFO")
    caplog.set_level(logging.INFO)
    show_progress_only(PLUGIN)
    logging.getLogger(PLUGIN).info("Beginning sync")
    assert caplog.messages == ["Beginning sync"]
