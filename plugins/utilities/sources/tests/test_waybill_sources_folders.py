"""The samples that are folders of files by day: exchange rates and the clickstream."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import itertools
import json
from typing import TYPE_CHECKING

import pytest

from waybill_common.errors import WaybillError
from waybill_sources import clickstream, prepare, rates
from waybill_sources.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_sources.daily_samples import DailySamples

SETTINGS = Settings(orders=70)


def _digest(folder: Path) -> str:
    files = sorted(each for each in folder.iterdir() if each.name != "samples.json")
    return hashlib.sha256(
        b"".join(each.name.encode() + each.read_bytes() for each in files)
    ).hexdigest()


def _rows(folder: Path, stream: str) -> list[dict[str, str]]:
    return [
        row
        for path in sorted(folder.glob(f"{stream}_*.csv"))
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    ]


def _days(folder: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for path in sorted(folder.glob("*..*.json")):
        found |= json.loads(path.read_text(encoding="utf-8"))["rates"]
    return found


@pytest.fixture(params=["exchange_rates", "clickstream"])
def samples(request: pytest.FixtureRequest, tmp_path: Path) -> DailySamples:
    """Each of the two, not made yet."""
    modules = {"exchange_rates": rates, "clickstream": clickstream}
    made: DailySamples = modules[request.param].samples(SETTINGS, tmp_path / request.param)
    return made


def test_the_same_settings_give_the_same_bytes_on_each_machine(tmp_path: Path) -> None:
    """Protects determinism: if one of these digests must change, raise its GENERATOR with it."""
    made = [each.samples(SETTINGS, tmp_path / each.SOURCE) for each in (rates, clickstream)]
    for each in made:
        each.generate()
    assert rates.GENERATOR == clickstream.GENERATOR == 1
    assert [_digest(each.path) for each in made] == [
        "443b91974034ab09cf4a683ef5702475f99fd8b88cb6d8a074a09a83bb76684c",
        "a94d93a22e9752cfdd8d69220c468d4a2be755aa515a12fee6f00a827791bf5c",
    ]


def test_days_one_by_one_equal_days_at_once(samples: DailySamples, tmp_path: Path) -> None:
    """Protects the comparison of incremental and full loads: both see the same files."""
    other = type(samples)(tmp_path / "other", samples.source, samples.identity, samples.make)
    samples.generate()
    for day in (1, 2):
        assert samples.next_day()[0] == day
    other.generate(days=2)
    assert _digest(samples.path) == _digest(other.path)
    assert samples.check_samples() == other.check_samples()


def test_samples_stand_until_their_settings_change(samples: DailySamples) -> None:
    """Protects a run from making its input anew each time, and days that were appended."""
    assert samples.check()().endswith("rows, made")
    samples.next_day()
    assert samples.check()().endswith("with 1 next day, nothing to do")
    changed = type(samples)(
        samples.path, samples.source, samples.identity | {"seed": 1}, samples.make
    )
    before = _digest(samples.path)
    assert "made anew, as their settings have changed" in changed.check()()
    assert _digest(samples.path) != before


def test_what_somebody_else_keeps_there_is_not_replaced(samples: DailySamples) -> None:
    """Protects a user's folder that happens to have the name."""
    with pytest.raises(WaybillError, match=r"There are no samples.*sources:prepare"):
        samples.next_day()
    samples.path.mkdir()
    (samples.path / "mine.txt").touch()
    with pytest.raises(WaybillError, match="holds something else than samples"):
        samples.check()


def test_rates_have_the_gaps_of_real_ones_and_move_little(tmp_path: Path) -> None:
    """Protects the traps of the samples: weekends, Easter and Christmas; and amounts that make sense."""
    folder = rates.samples(SETTINGS, tmp_path / "rates")
    folder.generate()
    days = _days(folder.path)
    assert "2024-03-28" in days
    assert not {"2024-03-29", "2024-03-30", "2024-04-01", "2023-12-25"} & set(days)
    assert {dt.date.fromisoformat(day).isoweekday() for day in days} == {1, 2, 3, 4, 5}
    assert (min(days), max(days)) == ("2016-09-01", "2024-11-15")
    for currency in ("BRL", "GBP", "USD"):
        series = [rates_of[currency] for rates_of in days.values()]
        steps = [abs(late / early - 1) for early, late in itertools.pairwise(series)]
        assert 0 < max(steps) < 0.05
        assert max(series) / min(series) < 2
    folder.next_day()
    assert max(_days(folder.path)) == "2024-11-18"


def test_clicks_and_checkouts_have_their_traps(tmp_path: Path) -> None:
    """Protects what attribution is tried on: late, anonymous, tied and repeated events, and a hole in none."""
    folder = clickstream.samples(Settings(orders=700), tmp_path / "clickstream")
    folder.generate()
    clicks, checkouts = _rows(folder.path, "clicks"), _rows(folder.path, "checkouts")
    users = {row["user_id"] for row in _rows(folder.path, "users")}
    assert {row["user_id"] for row in checkouts} <= users
    assert any(not row["user_id"] for row in clicks)
    assert any(row["received_at"][:10] > row["clicked_at"][:10] for row in clicks)
    assert any(row["received_at"][:10] > row["checked_out_at"][:10] for row in checkouts)
    assert all(row["received_at"] >= row["checked_out_at"] for row in checkouts)
    seen = [(row["user_id"], row["product_id"], row["clicked_at"]) for row in clicks]
    assert len(set(seen)) < len(seen)
    bought = [(row["user_id"], row["product_id"]) for row in checkouts]
    assert len(set(bought)) < len(bought)
    assert len({row["click_id"] for row in clicks}) == len(clicks)
    last = max(row["clicked_at"] for row in clicks)
    folder.next_day()
    added = _rows(folder.path, "clicks")[len(clicks) :]
    assert any(row["clicked_at"] <= last for row in added)


def test_a_place_of_rates_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects from a run that fails half-way for a misspelt folder; an address is left to the tap."""
    monkeypatch.setenv("WAYBILL_EXCHANGE_RATES", str(tmp_path / "none"))
    with pytest.raises(WaybillError, match="WAYBILL_EXCHANGE_RATES: there is no"):
        prepare.prepare(["exchange_rates"])
    monkeypatch.setenv("WAYBILL_EXCHANGE_RATES", "http://127.0.0.1:1/v1")
    assert prepare.prepare(["exchange_rates"]) == ["exchange_rates: an HTTP API, asked by the tap"]
    monkeypatch.setenv("WAYBILL_EXCHANGE_RATES", tmp_path.as_uri())
    assert "recorded responses" in prepare.prepare(["exchange_rates"])[0]
