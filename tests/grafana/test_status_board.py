"""The status board, and the fleet's, show what is recorded: the same numbers that alerts read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from generator.model import names
from tests.grafana.asking import opened
from tests.grafana.day import BROKEN, HEALTHY, PROMISING, SHOWN, SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.live.answers import InstantSample
    from generator.live.api import PrometheusApi
    from tests.grafana.documents import Json

NO_DATA = 0.5
_NUMBER = re.compile(r"(\$?)([-+]?[\d.]+)(k|M)?(?: (%|pp|ms|s|min))?( .+)?")
_SCALES = {None: 1.0, "k": 1e3, "M": 1e6, "%": 0.01, "pp": 0.01, "ms": 0.001, "s": 1.0, "min": 60.0}
RUNNING = (*HEALTHY, BROKEN)


@pytest.mark.parametrize("service", RUNNING)
def test_statuses_are_the_recorded_ones(service: str, boards: dict[str, Json], day: PrometheusApi) -> None:
    recorded = {signal: one.value for signal, one in _recorded(day, names.BOARD_STATUS, service).items()}
    assert {signal: value for signal, (_, value) in _board(boards, day, service).items()} == recorded
    assert recorded


@pytest.mark.parametrize("service", RUNNING)
def test_current_values_are_the_recorded_ones(
    service: str, boards: dict[str, Json], day: PrometheusApi
) -> None:
    recorded = _recorded(day, names.BOARD_CURRENT, service)
    shown = _board(boards, day, service)
    assert shown.keys() == recorded.keys()
    for signal, (row, _) in shown.items():
        one = recorded[signal]
        assert _number(row["current"]) == pytest.approx(one.value, rel=0.06, abs=0.005), row
        assert row["current"].startswith("$") is (one.labels["unit"] == "usd"), row
        assert row["metric"].removeprefix(signal) == _after(" · ", one.labels.get("worst", "")), row


@pytest.mark.parametrize("service", RUNNING)
def test_trends_are_the_recorded_ones(service: str, boards: dict[str, Json], day: PrometheusApi) -> None:
    recorded = _recorded(day, names.BOARD_TREND, service)
    for signal, (row, _) in _board(boards, day, service).items():
        if signal not in recorded:
            assert row["trend"] == "-", row
            continue
        one = recorded[signal]
        assert _number(row["trend"]) == pytest.approx(one.value, abs=0.0006), row
        assert row["trend"].endswith(
            f" {'%' if one.labels['unit'] == 'relative' else 'pp'} {one.labels['over']}"
        )
        assert row["trend"][0] in "+-", row


def test_the_broken_service_is_told_from_the_healthy_ones(
    boards: dict[str, Json], day: PrometheusApi
) -> None:
    worst = {service: max(value for _, value in _board(boards, day, service).values()) for service in RUNNING}
    assert worst == {**dict.fromkeys(HEALTHY, 0.0), BROKEN: 2.0}


def test_a_service_without_data_has_its_rows_and_is_not_ok(
    boards: dict[str, Json], day: PrometheusApi
) -> None:
    rows = _board(boards, day, SILENT)
    assert set(rows) == set(_board(boards, day, HEALTHY[1])) - {"spend"}  # which not every service watches
    assert {row["current"] for row, _ in rows.values()} == {"NO DATA"}
    assert {row["trend"] for row, _ in rows.values()} == {"-"}
    # It promises traffic, so that its silence is an alert.
    assert {signal for signal, (_, value) in rows.items() if value != NO_DATA} == {"run_count"}
    assert rows["run_count"][1] == 2


def test_rows_lead_to_dashboards_that_exist_and_stand_in_order(
    boards: dict[str, Json], day: PrometheusApi
) -> None:
    rows = [row for row, _ in _board(boards, day, PROMISING).values()]
    assert {row["more"] for row in rows} <= set(boards) | {""}
    known = [row["row"] for row in rows if row["row"] != "99"]
    assert len(set(known)) == len(known)
    assert next(row["signal"] for row in sorted(rows, key=lambda row: row["row"])) == "run_count"


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
        for service in (*RUNNING, SILENT)
    }
    assert found == worst


def _board(
    boards: dict[str, Json], day: PrometheusApi, service: str
) -> dict[str, tuple[Mapping[str, str], float]]:
    """Return the rows by signal: their labels and the number of their status."""
    rows = [
        (labels, values[0])
        for answer in opened(day, boards["agent-overview"], {"service": service})
        if answer.target.where == "agent-overview / Status (table) / A"
        for labels, values in answer.series
    ]
    found = {row["signal"]: (row, value) for row, value in rows}
    assert len(found) == len(rows)
    return found


def _recorded(day: PrometheusApi, record: str, service: str) -> dict[str, InstantSample]:
    samples = day.query(f'{record}{{service="{service}"}}', SHOWN.end).samples
    return {sample.labels["signal"]: sample for sample in samples}


def _number(text: str) -> float:
    match = _NUMBER.fullmatch(text)
    assert match, text
    return float(match[2]) * _SCALES[match[3]] * _SCALES[match[4]]


def _after(separator: str, text: str) -> str:
    return f"{separator}{text}" if text else ""
