from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_exchange_rates.tap import TapExchangeRates
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Output, StubApi

FIXTURE = Path(__file__).parent / "fixture"
CONTRACT = Path(__file__).parents[4] / "extract" / "contracts" / "exchange_rates.yml"

TestStandard = get_tap_test_class(
    tap_class=TapExchangeRates,
    config={"api_url": str(FIXTURE), "contract": str(CONTRACT), "start_date": "2024-02-01"},
    suite_config=SuiteConfig(),
)


def test_recorded_responses_are_read_like_the_api(run: Callable[..., Output]) -> None:
    """Protects a run without a network: the days of the files, the later file's rate of a day in two."""
    output = run(api_url=FIXTURE.as_uri())
    assert output.rates == [
        ("2024-03-28", "GBP", "0.85510"),
        ("2024-04-02", "GBP", "0.85580"),
    ]
    assert output.of("RECORD")[0]["record"]["publisher"] == "files"
    assert list(output.bookmark["windows"]) == ["2024-Q1", "2024-Q2"]
    again = run(output.state, api_url=str(FIXTURE))
    assert again.rates == []


def test_an_api_after_the_samples_takes_their_place(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects real amounts from made-up rates: nothing of another publisher stays in the table."""
    first = run(api_url=str(FIXTURE))
    api.days = {"2024-03-28": '{"GBP":0.9}'}
    second = run(first.state, api_url=api.url, end_date="2024-03-31")
    assert second.of("SCHEMA")[0]["schema"]["x-whole-table"] is True
    assert second.bookmark["source"]["rows"] == 1


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ('{"base":"EUR","rates":{}}', "holds no file"),
    ],
)
def test_a_file_that_is_none_is_named(
    tmp_path: Path, run: Callable[..., Output], content: str | None, cause: str
) -> None:
    """Protects from a silent load of nothing where a path is wrong."""
    file = tmp_path / "2024-01-01..2024-01-31.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(WaybillError, match=rf"{file.name}.*{cause}|{cause}"):
        run(api_url=str(file))


def test_without_samples_the_remedy_is_named(
    tmp_path: Path, run: Callable[..., Output], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the first run of who left out `sources:prepare`."""
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    config: dict[str, Any] = {"default_path": "samples/exchange_rates", "api_setting": "WAYBILL_X"}
    with pytest.raises(WaybillError, match=r"WAYBILL_X is not set.*sources:prepare"):
        run(**config)
