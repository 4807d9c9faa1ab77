from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Output, StubApi

FRIDAY, MONDAY = "2024-03-01", "2024-03-04"


@pytest.fixture(autouse=True)
def _days(api: StubApi) -> None:
    api.days = {
        "2023-12-29": '{"GBP":0.86905,"USD":1.1050}',
        FRIDAY: '{"GBP":0.85543,"USD":1.0813}',
        MONDAY: '{"GBP":0.85600,"USD":1.08460}',
    }


def test_a_quarter_is_one_request_and_every_digit_arrives(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects exact rates, the form of the request, and that a weekend is no row and no guess."""
    output = run(api_url=api.url, symbols="USD,GBP", end_date="2024-03-31")
    assert api.asked == [
        ("/v1/2024-01-01..2024-03-31", {"base": "EUR", "symbols": "GBP,USD"}),
    ]
    assert output.rates == [
        (FRIDAY, "GBP", "0.85543"),
        (FRIDAY, "USD", "1.0813"),
        (MONDAY, "GBP", "0.85600"),
        (MONDAY, "USD", "1.08460"),
    ]
    assert output.bookmark["source"]["rows"] == output.bookmark["read"]["rows"] == 4
    assert output.bookmark["source"]["totals"] == {"rate": "3.87733"}
    assert output.of("RECORD")[0]["record"]["publisher"] == api.url.split("/")[2]


def test_a_back_fill_goes_by_quarters_and_tells_its_state_each_year(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects small answers over long spans, and that a killed back-fill goes on where it was."""
    output = run(api_url=api.url, start_date="2023-08-15", end_date="2024-05-02")
    assert [path for path, _ in api.asked] == [
        "/v1/2023-08-15..2023-09-30",
        "/v1/2023-10-01..2023-12-31",
        "/v1/2024-01-01..2024-03-31",
        "/v1/2024-04-01..2024-05-02",
    ]
    after_2023 = output.of("STATE")[0]["value"]
    assert list(after_2023["bookmarks"]["rates"]["windows"]) == ["2023-Q3", "2023-Q4"]
    api.asked.clear()
    rest = run(after_2023, api_url=api.url, start_date="2023-08-15", end_date="2024-05-02")
    assert [path for path, _ in api.asked] == [
        "/v1/2024-01-01..2024-03-31",
        "/v1/2024-04-01..2024-05-02",
    ]
    assert rest.bookmark["source"] | {"as_of": ""} == output.bookmark["source"] | {"as_of": ""}


def test_a_run_without_news_asks_for_the_last_quarter_and_sends_nothing(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects the API from what is known already, and the warehouse from rows that are there."""
    first = run(api_url=api.url, end_date="2024-05-02")
    api.asked.clear()
    second = run(first.state, api_url=api.url, end_date="2024-05-03")
    assert [path for path, _ in api.asked] == ["/v1/2024-04-01..2024-05-03"]
    assert second.rates == []
    assert second.bookmark["read"]["rows"] == 0
    assert second.bookmark["source"]["rows"] == 4


def test_days_before_the_first_one_are_read_when_they_are_asked_for(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects from half a quarter that is taken for a whole one after `start_date` was set earlier."""
    first = run(api_url=api.url, start_date="2024-03-02", end_date="2024-05-02")
    assert len(first.rates) == 2
    second = run(first.state, api_url=api.url, start_date="2024-01-01", end_date="2024-05-02")
    assert len(second.rates) == 4
    assert second.bookmark["source"]["rows"] == 4


def test_a_rate_published_again_within_the_days_of_revision_is_found(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects from a correction that nobody sees: the whole quarter goes again, and its sum changes."""
    first = run(api_url=api.url, end_date="2024-04-05")
    api.days[MONDAY] = '{"GBP":0.85601,"USD":1.08460}'
    second = run(first.state, api_url=api.url, end_date="2024-04-06")
    assert (MONDAY, "GBP", "0.85601") in second.rates
    assert len(second.rates) == 4
    assert second.bookmark["source"]["totals"] == {"rate": "3.87734"}
    settled = run(second.state, api_url=api.url, end_date="2024-05-01")
    api.asked.clear()
    run(settled.state, api_url=api.url, end_date="2024-05-02")
    assert [path for path, _ in api.asked] == ["/v1/2024-04-01..2024-05-02"]


def test_a_withdrawn_rate_is_no_longer_counted(api: StubApi, run: Callable[..., Output]) -> None:
    """Protects the receipt: the quarter is sent without the row, and the target replaces it whole."""
    first = run(api_url=api.url, end_date="2024-03-31")
    api.days[MONDAY] = '{"USD":1.08460}'
    second = run(first.state, api_url=api.url, end_date="2024-03-31")
    assert second.bookmark["source"]["rows"] == len(second.rates) == 3
    assert second.of("SCHEMA")[0]["schema"]["x-source-partition"] == "_sdc_source_file"
    assert {each["record"]["_sdc_source_file"] for each in second.of("RECORD")} == {"2024-Q1"}


def test_a_busy_api_is_asked_again_after_the_time_it_asks_for(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects politeness: `Retry-After` goes before our own shorter wait, and the run succeeds."""
    api.answers = [(429, {"Retry-After": "1"}, "slow down"), (500, {}, "oops")]
    began = time.monotonic()
    output = run(api_url=api.url, end_date="2024-03-31")
    assert time.monotonic() - began >= 1
    assert len(api.asked) == 3
    assert len(output.rates) == 4


def test_an_api_that_stays_broken_ends_the_run_in_one_line(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects the reader of the log, and the secrets of the address."""
    api.answers = [(503, {}, "")] * 3
    address = api.url.replace("http://", "http://me:hidden@")
    with pytest.raises(WaybillError) as caught:
        run(api_url=address, end_date="2024-03-31", tries=3)
    assert len(api.asked) == 3
    assert "/v1/2024-01-01..2024-03-31 answers 503 Service Unavailable, 3 times." in str(
        caught.value
    )
    assert "hidden" not in str(caught.value)


def test_an_api_that_cannot_be_reached_is_named(run: Callable[..., Output]) -> None:
    """Protects from a traceback of three libraries where a host is away."""
    with pytest.raises(
        WaybillError, match=r"^WAYBILL_X: http://127\.0\.0\.1:1/2024-01-01.*refused\. "
    ):
        run(api_url="http://127.0.0.1:1", api_setting="WAYBILL_X", end_date="2024-01-31", tries=1)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ('{"base":"EUR","rates":{"2024', "is not JSON"),
        ("<html>welcome</html>", "is not JSON"),
        ('{"message":"hello"}', "holds no object `rates`"),
        ('{"base":"USD","rates":{}}', "is quoted for 1 USD, not for 1 EUR"),
        ('{"amount":100,"base":"EUR","rates":{}}', "is quoted for 100 EUR"),
        ('{"base":"EUR","rates":{"soon":{}}}', "has a day 'soon'"),
        ('{"base":"EUR","rates":{"2024-01-02":[1]}}', "where rates by currency are expected"),
    ],
)
def test_a_broken_body_is_an_error_and_no_rate(
    api: StubApi, run: Callable[..., Output], body: str, cause: str
) -> None:
    """Protects the warehouse from an answer that is none: nothing is guessed, nothing is sent."""
    api.answers = [(200, {}, body)]
    with pytest.raises(WaybillError) as caught:
        run(api_url=api.url, end_date="2024-03-31")
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_answer_that_is_cut_off_is_an_error(api: StubApi, run: Callable[..., Output]) -> None:
    """Protects from half a quarter: the length that was promised did not come."""
    api.answers = [(200, {"Content-Length": "4000"}, '{"base":"EUR","rates":{}}')]
    with pytest.raises(WaybillError, match="does not answer"):
        run(api_url=api.url, end_date="2024-03-31", timeout_seconds=2, tries=1)


def test_a_rate_that_is_none_is_a_dead_letter_and_the_rest_lands(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects the other rates of the day; each bad one keeps its day, currency and what came."""
    api.days[MONDAY] = '{"GBP":"n/a","USD":1.08460,"JPY":-1,"??":2,"CHF":null}'
    output = run(api_url=api.url, end_date="2024-03-31")
    assert (MONDAY, "USD", "1.08460") in output.rates
    assert len(output.rates) == 3
    letters = {each["key"]["currency"]: (each["column"], each["reason"]) for each in output.letters}
    assert letters == {
        "??": ("currency", "'??' is no currency code of three capitals"),
        "CHF": ("rate", "null is not a decimal number"),
        "GBP": ("rate", '"n/a" is not a decimal number'),
        "JPY": ("rate", "-1 is not above 0"),
    }
    assert output.letters[2]["payload"]["date"] == MONDAY
    assert output.bookmark["source"]["rows"] == 7
    assert output.bookmark["source"]["totals"] == {"rate": "3.02133"}


def test_a_quarter_that_has_just_begun_may_be_unknown(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects the first days of January; over a whole quarter the same answer is an error."""
    api.answers = [(404, {}, '{"message":"not found"}')]
    output = run(api_url=api.url, start_date="2025-01-01", end_date="2025-01-03")
    assert output.bookmark["source"]["rows"] == 0
    api.answers = [(404, {}, '{"message":"not found"}')]
    with pytest.raises(WaybillError, match="answers 404 Not Found"):
        run(api_url=api.url, end_date="2024-03-31")


def test_a_quarter_that_has_become_empty_is_an_outage(
    api: StubApi, run: Callable[..., Output]
) -> None:
    """Protects rates that landed from an API that has lost them."""
    first = run(api_url=api.url, end_date="2024-03-31")
    api.days = {"2023-12-29": api.days["2023-12-29"]}
    with pytest.raises(WaybillError, match="no rate of 2024-Q1 is published any more; 4 were"):
        run(first.state, api_url=api.url, end_date="2024-03-31")


def test_other_currencies_are_another_table(api: StubApi, run: Callable[..., Output]) -> None:
    """Protects from rates that nobody reads any more: the target leaves only what this run sends."""
    first = run(api_url=api.url, end_date="2024-03-31")
    second = run(first.state, api_url=api.url, symbols="USD", end_date="2024-03-31")
    assert second.of("SCHEMA")[0]["schema"]["x-whole-table"] is True
    assert [currency for _, currency, _ in second.rates] == ["USD", "USD"]
    assert second.bookmark["source"]["rows"] == 2
    third = run(second.state, api_url=api.url, symbols="USD", end_date="2024-03-31")
    assert "x-whole-table" not in third.of("SCHEMA")[0]["schema"]


@pytest.mark.parametrize(
    ("config", "cause"),
    [
        ({"api_url": ""}, "api_url is not set"),
        ({"api_url": "ftp://example.com"}, "ftp:// is no place of rates"),
        ({"api_url": "https://"}, "names no host"),
        (
            {"api_url": "http://127.0.0.1:1", "base": "euro"},
            "Setting base: 'euro' is no currency code",
        ),
        ({"api_url": "http://127.0.0.1:1", "symbols": "USD,gbp"}, "Setting symbols: 'gbp'"),
        ({"api_url": "http://127.0.0.1:1", "start_date": "yesterday"}, "Setting start_date"),
    ],
)
def test_a_wrong_setting_is_named(
    run: Callable[..., Output], config: dict[str, str], cause: str
) -> None:
    """Protects the user from guessing which of the settings is wrong."""
    with pytest.raises(WaybillError, match=cause):
        run(**config)
