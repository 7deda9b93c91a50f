"""The status boards of service and fleet show the records: the same numbers that alerts read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.model.signals import Better
from tests.grafana.asking import ask, opened
from tests.grafana.day import BROKEN, HEALTHY, PROMISING, SHOWN, SILENT
from tests.grafana.documents import targets

if TYPE_CHECKING:
    from generator.live.answers import InstantSample
    from generator.live.api import PrometheusApi
    from generator.model.service import Model
    from tests.grafana.documents import Json

NO_DATA, UNWATCHED = 0.5, -0.5
#: Signals whose alerts are all shared, so that their bounds are recorded.
LIBRARY = {
    "success_rate",
    "latency_p95",
    "step_count",
    "tool_calls_per_run",
    "tool_error_rate",
    "llm_errors_per_run",
    "stop_reason_distribution",
    "token_usage_per_run",
    "spend",
}
_NUMBER = re.compile(r"(\$?)([-+]?[\d.]+)(k|M)?(?: (%|pp|ms|s|min))?( .+)?")
_SCALES = {None: 1.0, "k": 1e3, "M": 1e6, "%": 0.01, "pp": 0.01, "ms": 0.001, "s": 1.0, "min": 60.0}
RUNNING = (*HEALTHY, BROKEN)
#: The texts of a row, each with what is shown where no query has one.
_CELLS = {"metric": "", "now": "-", "more": "", "trend": "", "since": ""}


@pytest.mark.parametrize("service", RUNNING)
def test_statuses_are_the_recorded_ones_or_say_that_no_alert_watches(
    service: str, boards: dict[str, Json], day: PrometheusApi, model: Model
) -> None:
    recorded = {signal: one.value for signal, one in _recorded(day, names.BOARD_STATUS, service).items()}
    watched = _watched(model, PROMISING if service == BROKEN else service)
    expected = {
        signal: UNWATCHED if not status and signal in LIBRARY - watched else status
        for signal, status in recorded.items()
    }
    assert {signal: row.status for signal, row in _board(boards, day, service).items()} == expected
    # The specs turn off the only alert about it.
    assert (expected["llm_errors_per_run"] == UNWATCHED) is (service != "research-agent")
    assert recorded[names.INSTRUMENTATION] == (1 if service == BROKEN else 0)


def _watched(model: Model, service: str) -> set[str]:
    """List the signals whose values some alert of a service is about."""
    (found,) = (one for one in model.services if one.name == service)
    return {alert.signal for alert in found.alerts if alert.shown}


@pytest.mark.parametrize("service", RUNNING)
def test_current_values_are_the_recorded_ones(
    service: str, boards: dict[str, Json], day: PrometheusApi, model: Model
) -> None:
    recorded = _recorded(day, names.BOARD_CURRENT, service)
    shown = _board(boards, day, service)
    assert shown.keys() == recorded.keys() | {names.INSTRUMENTATION}
    titles = {name: one.title for each in model.services for name, one in each.signals.items()}
    betters = {name: one.better for each in model.services for name, one in each.signals.items()}
    for signal, one in recorded.items():
        row, promised = shown[signal], _promised(day, service, signal)
        way, text = _way(row.now)
        now, _, objective = text.partition(" of ")
        assert now.startswith("> ") is _is_beyond_its_buckets(day, service, signal), row
        now = now.removeprefix("> ")
        assert _number(now) == pytest.approx(one.value, rel=0.06, abs=0.005), row
        assert now.startswith("$") is (one.labels["unit"] == "usd"), row
        assert (_number(objective) if objective else None) == (promised and pytest.approx(promised)), row
        assert (way == "worse") is (promised is not None and _misses(one.value, promised, betters[signal])), (
            row
        )
        title = one.labels.get(names.TITLE) or titles[signal]
        assert row.metric == f"{title}{_after(' · ', one.labels.get('worst', ''))}", row
    assert shown[names.INSTRUMENTATION].metric == "Instrumentation"


def test_numbers_of_events_are_whole(boards: dict[str, Json], prometheus: PrometheusApi) -> None:
    """Prometheus extrapolates an increase: of 56 runs it counts 55.9, and of one 0.8."""
    service, board = "whole-numbers", boards["agent-overview"]
    values = {
        "run_count": 55.9,
        "llm_usage_unread_count": 0.8,
        "tool_calls_per_run": 1.63,
        "step_count": 55.94,
    }
    for signal, value in values.items():
        labels = {"__name__": names.BOARD_CURRENT, "service": service, "signal": signal, "unit": "count"}
        write(prometheus, [TimeSeries(labels, [SHOWN.end * 1000], [value])])
    (shown,) = (one for one in targets(board) if one.where == "agent-overview / Status (table) / C")
    answer = ask(prometheus, board, shown, {"service": service})
    found = {labels["signal"]: labels["now"] for labels, _ in answer.series if labels["now"][0].isdigit()}
    assert found == {
        "run_count": "56",
        "llm_usage_unread_count": "1",
        "tool_calls_per_run": "1.6",
        "step_count": "55.9",
    }


def test_a_large_trend_fits_its_column(boards: dict[str, Json], prometheus: PrometheusApi) -> None:
    service, board = "large-trends", boards["agent-overview"]
    values = {"cost_per_run": 39.046, "latency_p95": 1.0625, "step_count": 0.9985}
    for signal, value in values.items():
        labels = {"service": service, "signal": signal, "unit": "relative", "over": "in 1h"}
        series = {"__name__": names.BOARD_TREND, **labels}
        write(prometheus, [TimeSeries(series, [SHOWN.end * 1000], [value])])
    (shown,) = (one for one in targets(board) if one.where == "agent-overview / Status (table) / D")
    answer = ask(prometheus, board, shown, {"service": service})
    assert {labels["signal"]: labels["trend"] for labels, _ in answer.series} == {
        "cost_per_run": "worse +3904 % in 1h",
        "latency_p95": "worse +106 % in 1h",
        "step_count": "worse +99.9 % in 1h",
    }


@pytest.mark.parametrize("service", RUNNING)
def test_trends_are_the_recorded_ones(
    service: str, boards: dict[str, Json], day: PrometheusApi, model: Model
) -> None:
    recorded = _recorded(day, names.BOARD_TREND, service)
    signals = next(one for one in model.services if one.name == HEALTHY[0]).signals
    for signal, row in _board(boards, day, service).items():
        if signal not in recorded:
            assert row.trend == "", row
            continue
        one = recorded[signal]
        way, text = _way(row.trend)
        assert _number(text) == pytest.approx(one.value, abs=0.0006 if abs(one.value) < 1 else 0.01), row
        over = one.labels["over"].removeprefix("after ")
        assert text.endswith(f" {'%' if one.labels['unit'] == 'relative' else 'pp'} {over}")
        assert text[0] in "+-", row
        if signal in signals and not signals[signal].own:
            usual = _usual_trend(day, service, signal)
            assert way == (_direction(one, signals[signal].better) if abs(one.value) > usual else ""), row


@pytest.mark.parametrize("service", RUNNING)
def test_since_is_when_the_first_alert_of_a_row_began(
    service: str, boards: dict[str, Json], day: PrometheusApi
) -> None:
    began: dict[str, float] = {}
    for one in day.query(f'ALERTS_FOR_STATE{{service="{service}"}}', SHOWN.end):
        about = one.labels["alertname"] in {"AgentUndeclaredLabelValue", "AgentSeriesBudgetExceeded"}
        signal = names.INSTRUMENTATION if about else one.labels["signal"]
        began[signal] = min(one.value, began.get(signal, one.value))
    for signal, row in _board(boards, day, service).items():
        assert bool(row.since) is (row.status > 0), row
        assert not row.since or _ago(row.since) == pytest.approx(SHOWN.end - began[signal], abs=200), row


def test_the_broken_service_is_told_from_the_healthy_ones(
    boards: dict[str, Json], day: PrometheusApi
) -> None:
    worst = {service: max(row.status for row in _board(boards, day, service).values()) for service in RUNNING}
    assert worst == {**dict.fromkeys(HEALTHY, 0.0), BROKEN: 2.0}


def test_a_service_without_data_has_its_rows_and_is_not_ok(
    boards: dict[str, Json], day: PrometheusApi
) -> None:
    rows = _board(boards, day, SILENT)
    # Some signals have no row in some services; a signal that was never recorded counts as unwatched.
    others = {"spend", "llm_usage_unread_count", names.INSTRUMENTATION}
    # The silent service promises a budget, unlike the one beside it.
    assert rows["spend"].now == "- of $200"
    assert set(rows) | others == set(_board(boards, day, HEALTHY[1])) | others
    assert {row.now.partition(" of ")[0] for row in rows.values()} == {"-"}
    assert rows["success_rate"].now == "- of 97 %"
    assert {row.trend for row in rows.values()} == {""}
    # It promises traffic, and its absence counts only after the first day.
    assert {row.status for row in rows.values()} == {NO_DATA}


def test_rows_lead_to_dashboards_that_exist_and_the_worst_stand_first(
    boards: dict[str, Json], day: PrometheusApi
) -> None:
    for service in (PROMISING, BROKEN):
        rows = sorted(_board(boards, day, service).values(), key=lambda row: row.order)
        assert {row.more for row in rows} <= set(boards)
        assert [row.status for row in rows] == sorted((row.status for row in rows), reverse=True)
        known = [row.order for row in rows if not row.order.endswith("99")]
        assert len(set(known)) == len(known)
        if service == PROMISING:
            assert [row.metric for row in rows][:2] == ["Runs", "Success rate"]


def test_the_fleet_has_a_row_for_every_service_with_its_worst_status(
    boards: dict[str, Json], day: PrometheusApi
) -> None:
    found = {
        labels["service"]: values[0]
        for answer in opened(day, boards["agent-fleet"], {})
        if answer.target.where == "agent-fleet / Services (table) / A"
        for labels, values in answer.series
    }
    worst = {
        service: max(one.value for one in _recorded(day, names.BOARD_STATUS, service).values())
        for service in RUNNING
    }
    assert found == {**worst, SILENT: NO_DATA}


class BoardRow(Struct, frozen=True):
    """A row of the board, from the cells of its queries; empty where there are none."""

    status: float
    order: str
    metric: str
    now: str
    more: str
    trend: str
    since: str


def _board(boards: dict[str, Json], day: PrometheusApi, service: str) -> dict[str, BoardRow]:
    """Return the rows by signal, put together as Grafana does."""
    cells: dict[str, dict[str, str]] = {}
    status: dict[str, float] = {}
    for answer in opened(day, boards["agent-overview"], {"service": service}):
        if not answer.target.where.startswith("agent-overview / Status (table)"):
            continue
        signals = [labels["signal"] for labels, _ in answer.series]
        assert len(set(signals)) == len(signals), answer.target.where
        for labels, values in answer.series:
            cells.setdefault(labels["signal"], {}).update(labels)
            if answer.target.where.endswith("/ A"):
                status[labels["signal"]] = values[0]
    assert cells.keys() == status.keys()
    return {
        signal: BoardRow(
            status[signal], one["row"], *(one.get(name, nothing) for name, nothing in _CELLS.items())
        )
        for signal, one in cells.items()
    }


def test_no_query_is_longer_than_victoriametrics_takes(boards: dict[str, Json]) -> None:
    """Its limit is 16 KiB where nobody sets another one: the board would show an error in place of every status."""
    lengths = {each.where: len(each.expr.encode()) for board in boards.values() for each in targets(board)}
    assert not {where: length for where, length in lengths.items() if length > 16_384}


def test_the_end_of_a_range_is_read_in_a_window(boards: dict[str, Json]) -> None:
    """VictoriaMetrics finds no sample there within a subquery, and the panel would be empty."""
    exprs = [each.expr for board in boards.values() for each in targets(board)]
    assert any(" @ end()" in expr for expr in exprs)
    assert not [expr for expr in exprs if re.search(r"[^]] @ end\(\)", expr)]


def _recorded(day: PrometheusApi, record: str, service: str) -> dict[str, InstantSample]:
    samples = day.query(f'{record}{{service="{service}"}}', SHOWN.end)
    return {sample.labels["signal"]: sample for sample in samples}


def _promised(day: PrometheusApi, service: str, signal: str) -> float | None:
    found = day.query(f'service:agent_{signal}:objective{{service="{service}"}}', SHOWN.end)
    return found[0].value if found else None


def _is_beyond_its_buckets(day: PrometheusApi, service: str, signal: str) -> bool:
    """Whether more runs than one in twenty were beyond the last bucket, so that p95 is its bound."""
    found = day.query(f'service:agent_{signal}:overflow{{service="{service}"}}', SHOWN.end)
    return bool(found) and found[0].value > 0.05


def _usual_trend(day: PrometheusApi, service: str, signal: str) -> float:
    """Return half more than what 17 of 20 quarters of an hour of the last day, up to an hour ago, did not exceed."""
    record = f'{names.BOARD_TREND}{{service="{service}",signal="{signal}"}}'
    ago = SHOWN.end - 3600
    # A range query has at most one value a step; its steps are those of the subquery, which are whole quarters.
    first = (ago - 86400) // 900 * 900 + 900
    largest: dict[float, float] = {}
    for one in day.query_range(record, first, ago, 900).series:
        for time, value in zip(one.timestamps, one.values, strict=True):
            largest[time] = max(abs(value), largest.get(time, 0))
    return 1.5 * _quantile(sorted(largest.values())) if largest else -1


def _quantile(values: list[float]) -> float:
    place = 0.85 * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def _direction(one: InstantSample, better: Better) -> str:
    """Return whether a trend is for better or worse; a small one is neither."""
    seen = abs(one.value) >= (0.1 if one.labels["unit"] == "relative" else 0.01)
    if better is Better.NEITHER or not seen:
        return ""
    return "better" if (one.value > 0) is (better is Better.HIGHER) else "worse"


def _misses(value: float, promised: float, better: Better) -> bool:
    return value < promised if better is Better.HIGHER else value > promised


def _way(trend: str) -> tuple[str, str]:
    word, _, rest = trend.partition(" ")
    return (word, rest) if word in {"better", "worse"} else ("", trend)


def _ago(text: str) -> float:
    number, unit = text.split()
    return float(number) * {"min": 60, "h": 3600, "d": 86400}[unit]


def _number(text: str) -> float:
    match = _NUMBER.fullmatch(text)
    assert match, text
    return float(match[2]) * _SCALES[match[3]] * _SCALES[match[4]]


def _after(separator: str, text: str) -> str:
    return f"{separator}{text}" if text else ""
