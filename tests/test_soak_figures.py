"""The figures of a soak: what cycles take, how late orders are, how memory grows."""

from __future__ import annotations

from benchmarks.soak import cycles, latency, memory
from benchmarks.soak.history import History, Run, Step, Task


def run(name: str, began: float, ended: float, rows: int = 0, status: str = "succeeded") -> Run:
    return Run(name, "fast", status, began, ended, None, None, rows)


def step(run_id: str, began: float, ended: float) -> Step:
    return Step(run_id, "dbt:build-trade", 1, "succeeded", 5, began, ended)


def test_growth_is_judged_within_each_life_once_it_is_warm() -> None:
    """Protects the memory verdict from restarts, from the warm-up and from single peaks."""
    seen = memory.Memory()
    for minute in range(31):
        is_second = minute >= 15
        own = minute - 15 if is_second else minute
        warming = 100 + 20 * min(own, 3)
        peak = 500 if minute == 9 else 0
        sample = (minute * 60.0, warming + 2.0 * max(own - 3, 0) + peak)
        seen.add("scheduler", 1 + is_second, 900.0 * is_second, sample)
        seen.add("heartbeat", 9, 0.0, (minute * 60.0, 50.0 + 30 * (minute == 20)))
    for minute in range(10):
        seen.add("triggerer", 10, 0.0, (minute * 60.0, 100.0 * minute))
    growth = [(life["service"], round(life["growth"], 2)) for life in seen.judged()]
    assert growth == [("scheduler", 2.0), ("heartbeat", 0.0), ("scheduler", 2.0)]


def test_cycles_are_empty_or_with_news_and_none_of_the_storm() -> None:
    """Protects the cost of an empty cycle: not mixed with one that loaded rows or was killed."""
    runs = [
        run("a", 11, 30),
        run("b", 40, 50, rows=1),
        run("c", 110, 130, rows=7),
        run("d", 140, 150),
        run("e", 190, 230, rows=7),
        run("f", 60, 70, status="failed"),
        run("retried", 160, 170),
    ]
    tasks = [
        Task("fast", each.run_id, "trade", 1, "success", each.started_at - 2, each.ended_at)
        for each in runs
    ]
    tasks[-1] = Task("fast", "retried", "trade", 2, "success", 158, 171)
    others = [
        Task("fast", "a", "close", 1, "success", 30, 999),
        Task("other", "a", "trade", 1, "success", 0, 999),
        Task("fast", "z", "trade", 1, None, None, None),
    ]
    history = History(runs, [step("a", 12, 15), step("c", 112, 119)], [])
    found = cycles.found(history, [*others, *tasks], schedule="fast", span=(5, 200), news=100)
    assert found["empty"]["cycles"] == 2
    assert found["empty"]["seconds"][cycles.WHOLE] == {"median": 16.5, "max": 21}
    assert found["empty"]["seconds"]["dbt:build-trade"] == {"median": 3, "max": 3}
    assert found["with news"]["cycles"] == 1
    assert found["with news"]["seconds"]["dbt:build-trade"]["max"] == 7


def test_percentiles_are_those_of_the_orders() -> None:
    """Protects the latency figures; too few orders have none."""
    said = latency.percentiles(map(float, range(101)))
    assert (said["p50"], said["p95"], said["p99"], said["max"]) == (50, 95, 99, 100)
    assert latency.percentiles([1.0]) == {"orders": 1}
