"""singer-sdk's own standard tests."""

from __future__ import annotations

from pathlib import Path

from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_csv.tap import TapCsv

FIXTURE = Path(__file__).parent / "fixture"

TestStandard = get_tap_test_class(
    tap_class=TapCsv,
    config={"path": str(FIXTURE), "contract": str(FIXTURE / "shop.yml"), "mode": "record"},
    suite_config=SuiteConfig(),
)
