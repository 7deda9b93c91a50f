"""No query fails because of two series for one thing: after a restart, or where two servers disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.model.rules import RecordingRule
from generator.model.units import HOUR, MINUTE
from generator.prometheus.rule_set import rule_set
from tests.grafana.asking import ask, opened
from tests.grafana.day import PROMISING, SHOWN
from tests.grafana.documents import targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.live.answers import InstantSample
    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer
    from generator.model.service import Model, Service
    from tests.grafana.documents import Json

#: Labels whose values change from one evaluation to the next.
_CHANGING = (names.WORST, names.RELEASE)
#: The time from the last evaluation to the restart, in seconds; Prometheus looks back for five minutes.
AGO = 2 * MINUTE
_SIGNAL = "tool_error_rate"
_BOARD = "agent-overview / Status (table) /"
_TREND = {"unit": "points", "over": "in 1h"}
#: Moments at which a trend reads values.
_HOUR = range(SHOWN.end - HOUR, SHOWN.end + 1, MINUTE)


def start_again(api: PrometheusApi, day: PrometheusApi, service: str, at: int) -> None:
    """Write the series of ``service`` at a moment of ``day``, with old remains: another worst value, other releases."""
    # What is usual is known from the day before.
    trends = day.query_samples(f'{names.BOARD_TREND}{{service="{service}"}}[1d]', at - MINUTE)
    for one in trends.series:
        write(api, [TimeSeries(one.labels, [int(time * 1000) for time in one.timestamps], [*one.values])])
    samples = day.query(f'{{service="{service}"}}', at)
    write(api, (_series(sample.labels, at, sample.value) for sample in samples))
    write(api, (series for sample in samples for series in _before(sample, at)))


def _before(sample: InstantSample, at: int) -> Iterator[TimeSeries]:
    """Yield the same series at another time, where its labels may have been different; values a little larger."""
    changed = {label: f"before-{sample.labels[label]}" for label in _CHANGING if label in sample.labels}
    if changed:
        # First seen earlier, and so not a current release.
        value = sample.value - AGO if sample.labels["__name__"].endswith(":seconds") else sample.value * 1.5
        yield _series({**sample.labels, **changed}, at - AGO, value)


def _series(labels: Mapping[str, str], at: int, value: float) -> TimeSeries:
    return TimeSeries(labels, [at * 1000], [value])


@pytest.fixture
def support(model: Model) -> Service:
    """The service with many objectives."""
    return next(one for one in model.services if one.name == PROMISING)


@pytest.fixture
def after(fresh_prometheus: PrometheusServer, day: PrometheusApi) -> PrometheusApi:
    """A server after a restart, with the series of the service with many objectives."""
    start_again(fresh_prometheus.api, day, PROMISING, SHOWN.end)
    return fresh_prometheus.api


def test_after_a_restart_every_panel_is_answered_as_before(
    boards: dict[str, Json], day: PrometheusApi, after: PrometheusApi
) -> None:
    for board in boards.values():
        for _ in opened(after, board, {"service": PROMISING}):
            pass
    chosen = {"service": PROMISING}
    shown, known = (
        [
            one.series
            for one in opened(api, boards["agent-overview"], chosen)
            if one.target.where.startswith(_BOARD)
        ]
        for api in (after, day)
    )
    assert list(map(_rows, shown)) == list(map(_rows, known))
    assert len(known) == 5


def test_after_a_restart_releases_are_compared_with_the_previous_one(
    boards: dict[str, Json], day: PrometheusApi, after: PrometheusApi
) -> None:
    before, now = (
        {
            one.target.where: one.series
            for one in opened(api, boards["agent-releases"], {"service": PROMISING})
            if one.target.panel.json["title"] in {"Runs compared", "Success rate"}
            and one.target.json["instant"]
        }
        for api in (day, after)
    )
    assert before == now
    assert any(before.values())


def test_after_a_restart_every_rule_is_evaluated(
    model: Model, support: Service, after: PrometheusApi
) -> None:
    for group in rule_set([support], model.library, model.site).groups:
        for rule in group.rules:
            after.query(rule.expr, SHOWN.end)


def test_the_trend_is_of_what_is_worst_now(
    model: Model, fresh_prometheus: PrometheusServer, support: Service
) -> None:
    api, ago = fresh_prometheus.api, SHOWN.end - AGO
    for at, worst in ((ago, "search_docs"), (SHOWN.end, "send_email")):
        _record(api, PROMISING, at, 0.05, worst=worst)
        values = names.value(support.signals[_SIGNAL], ("tool",))
        write(api, (_sample(values, {"service": PROMISING, "tool": worst}, at, 0.05) for at in _HOUR))
    (rule,) = (
        rule
        for group in rule_set([support], model.library, model.site).groups
        for rule in group.rules
        if isinstance(rule, RecordingRule)
        and (rule.record, rule.labels.get(names.SIGNAL)) == (names.BOARD_TREND, _SIGNAL)
    )
    assert [one.labels for one in api.query(rule.expr, SHOWN.end)] == [
        {"service": PROMISING, "worst": "send_email"}
    ]


@pytest.mark.parametrize(("before", "now"), [(0.07, 0.05), (0.05, 0.07), (0.05, 0.05)])
def test_what_is_worst_now_is_shown_and_not_what_was(
    before: float, now: float, boards: dict[str, Json], prometheus: PrometheusApi, unique: str
) -> None:
    for at, worst, value in ((SHOWN.end - AGO, "search", before), (SHOWN.end, "email", now)):
        _record(prometheus, unique, at, value, worst=worst)
    row = _row(prometheus, boards, unique)
    assert (row["metric"], row["now"]) == ("Tool error rate · email", f"{now:.0%}".replace("%", " %"))
    assert row["trend"] == f"worse +{now * 100:.0f} pp in 1h"


@pytest.mark.parametrize("same", [True, False])
def test_two_servers_make_one_row(
    boards: dict[str, Json], prometheus: PrometheusApi, unique: str, *, same: bool
) -> None:
    for replica, value in (("a", 0.05), ("b", 0.05 if same else 0.07)):
        _record(prometheus, unique, SHOWN.end, value, worst="search" if same else replica, replica=replica)
    row = _row(prometheus, boards, unique)
    assert row["now"] in {"5 %", "7 %"}
    assert row["status"] == "1"


def _record(api: PrometheusApi, service: str, at: int, value: float, **labels: str) -> None:
    """Record a row of the board at a moment: warning, with ``value`` as current value and as trend."""
    common = {"service": service, "signal": _SIGNAL, **labels}
    found: Iterable[tuple[str, Mapping[str, str], float]] = (
        (names.BOARD_CURRENT, {**common, "unit": "ratio"}, value),
        (names.BOARD_TREND, {**common, **_TREND}, value),
        (names.BOARD_STATUS, {**common, names.WORST: ""}, 1),
    )
    write(api, (_sample(name, one, at, number) for name, one, number in found))


def _sample(name: str, labels: Mapping[str, str], at: int, value: float) -> TimeSeries:
    return _series({"__name__": name, **labels}, at, value)


def _row(api: PrometheusApi, boards: dict[str, Json], service: str) -> Mapping[str, str]:
    """Return the one row of the signal, with its status as text."""
    board, cells = boards["agent-overview"], dict[str, str]()
    for target in (one for one in targets(board) if one.where.startswith(_BOARD)):
        found = ask(api, board, target, {"service": service}).series
        mine = [(labels, values) for labels, values in found if labels["signal"] == _SIGNAL]
        assert len(mine) <= 1, target.where
        for labels, values in mine:
            cells.update(labels)
            if target.where.endswith("A"):
                cells["status"] = f"{values[0]:g}"
    return cells


def _rows(series: Iterable[tuple[Mapping[str, str], tuple[float, ...]]]) -> list[tuple[object, ...]]:
    return sorted((sorted(labels.items()), values) for labels, values in series)
