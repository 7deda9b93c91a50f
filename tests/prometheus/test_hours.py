"""Promises in certain hours, minute by minute: what is told of services that rest at night and at the weekend."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import pytest
from msgspec.structs import replace

from generator.alerts.hours import hours_records
from generator.live.evaluate import evaluate
from generator.live.remote_write import STALE_NAN, TimeSeries, write
from generator.live.server import prometheus_server
from generator.model import names, units
from generator.model.hours import DAYS, Hours
from generator.model.rules import RecordingRule, RuleGroup
from generator.model.units import HOUR, MINUTE
from generator.notation.zones import zone_of
from generator.prometheus.rule_set import rule_set
from tests.clocks import PLACES, added, of_place
from tests.prometheus.trials import needed, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.live.api import PrometheusApi
    from generator.model.rules import Rule
    from generator.model.service import Model

    #: The runs an hour at a time; None while the service is scaled to zero.
    Runs = Callable[[int], float | None]

# A day and a weekend pass in minutes, with windows of a day: half a minute.
pytestmark = pytest.mark.long

STREAM = "stream:agent_run:rate"
ABSENT, NONE, DROP = "AgentMetricAbsent", "AgentNoRuns", "AgentRunCountDrop"
#: An alert that only one service has, and the service.
OWN, OWNER = "SilentOffice", "office-idle"
ALERTS = (ABSENT, NONE, DROP, OWN)
#: Midnights, in UTC.
THU, FRI, SAT, SUN, MON, TUE = (int(datetime(2023, 11, 16 + day, tzinfo=UTC).timestamp()) for day in range(6))
FRIDAY = 5
USUAL = 240
WORKDAYS = tuple(DAYS.index(day) for day in ("mon", "tue", "wed", "thu", "fri"))
OFFICE = Hours(7 * HOUR, 12 * HOUR, WORKDAYS)
NIGHT = Hours(22 * HOUR, 8 * HOUR, tuple(DAYS.index(day) for day in ("sun", "mon", "tue", "wed", "thu")))
WEEK = Hours(days=WORKDAYS)


class Case(NamedTuple):
    """A service that promises runs an hour."""

    hours: Hours | None
    runs: Runs
    promised: float = USUAL / 2


class Notified(NamedTuple):
    """An alert, and the minute at which it begins to fire."""

    alert: str
    since: str


def scaled(hours: Hours, runs: float = USUAL, minutes: int = 3) -> Runs:
    """Run in the hours alone; it takes minutes to start."""
    return lambda time: runs if hours.at(time) and hours.at(time - minutes * MINUTE) else None


def awake(hours: Hours, runs: float = USUAL, otherwise: float = 0) -> Runs:
    """Be there at all times, and finish other runs outside of the hours."""
    return lambda time: runs if hours.at(time) else otherwise


def but(usual: Runs, start: int, end: int, runs: float | None) -> Runs:
    """Finish other runs from a time to another."""
    return lambda time: runs if start <= time < end else usual(time)


def troubled(usual: Runs) -> Runs:
    """Be gone on Friday from ten to seven, and silent on Monday."""
    gone = but(usual, FRI + 10 * HOUR, FRI + 19 * HOUR, None)
    return but(gone, MON + 10 * HOUR, MON + 19 * HOUR, 0)


#: The end of Friday's hours, from ten minutes before.
LATE = (FRI + 18 * HOUR + 50 * MINUTE, SAT)
CASES = {
    "office": Case(OFFICE, scaled(OFFICE)),
    # Nine minutes after the grace it starts, a minute before its absence would page, and keeps its promise just so.
    "office-tardy": Case(OFFICE, scaled(OFFICE, USUAL / 2, 23)),
    "office-troubled": Case(OFFICE, troubled(scaled(OFFICE))),
    "shop-troubled": Case(None, troubled(lambda _: USUAL)),
    "office-asleep": Case(OFFICE, but(but(scaled(OFFICE), *LATE, None), MON, TUE, None)),
    "office-idle": Case(OFFICE, but(but(awake(OFFICE), *LATE, 0), MON, TUE, 0)),
    "office-never": Case(OFFICE, lambda _: None),
    "night": Case(NIGHT, but(scaled(NIGHT), MON + HOUR, MON + 8 * HOUR, None)),
    "week": Case(WEEK, awake(WEEK)),
    "slow": Case(OFFICE, scaled(OFFICE, 4), 2),
    "slow-silent": Case(OFFICE, lambda time: scaled(OFFICE, 4 if time < MON else 0)(time), 2),
    # Its nights are busy, and promise nothing.
    "slow-by-day": Case(OFFICE, but(awake(OFFICE, 4, 60), FRI + 7 * HOUR, FRI + 19 * HOUR, 0), 2),
}


@pytest.fixture(scope="module")
def api(prometheus: object, model: Model) -> Iterator[PrometheusApi]:  # noqa: ARG001
    """A server with the runs of all cases, and what the rules make of them."""
    services = [
        replace(model.services[0], name=name, hours=case.hours, runs_per_hour=case.promised)
        for name, case in CASES.items()
    ]
    (shared,) = (alert for alert in model.library.alerts if alert.name == NONE)
    own = replace(shared, name=OWN, shared=False)
    services = [replace(one, alerts=(*one.alerts, own)) if one.name == OWNER else one for one in services]
    rules = _wanted(rule_set(services, model.library, model.site).groups)
    with prometheus_server() as server:
        write(server.api, (_series(name, case.runs) for name, case in CASES.items()))
        evaluate(server.api, [RuleGroup("all", MINUTE, rules)], THU, TUE)
        yield server.api


@pytest.fixture(scope="module")
def told(api: PrometheusApi) -> dict[str, list[Notified]]:
    """The alerts of each service, in the order of time."""
    found: dict[str, list[tuple[int, str]]] = {name: [] for name in CASES}
    for one in api.query_range('ALERTS{alertstate="firing"}', THU, TUE, MINUTE).series:
        begun = ((time, one.labels["alertname"]) for time in _beginnings(map(round, one.timestamps)))
        found[one.labels[names.SERVICE]].extend(begun)
    return {
        name: [Notified(alert, _clock(time)) for time, alert in sorted(each)] for name, each in found.items()
    }


def _absent_at(usual: str, earlier: str) -> set[Notified]:
    """List the times of an absence: a range of Prometheus 3 leaves its start out."""
    return {Notified(ABSENT, usual), Notified(ABSENT, earlier)}


@pytest.mark.parametrize(
    "hours",
    [
        OFFICE,
        NIGHT,
        WEEK,
        Hours(7 * HOUR + 30 * MINUTE, 23 * HOUR),
        Hours(23 * HOUR, HOUR, (0, 3, 6)),
        Hours(days=(6,)),
    ],
    ids=lambda hours: hours.words,
)
def test_prometheus_has_the_same_hours_as_the_model(hours: Hours, api: PrometheusApi, model: Model) -> None:
    (record,) = hours_records(hours, model.services[0])
    (found,) = api.query_range(record.expr, THU, THU + units.WEEK, MINUTE).series
    assert dict(zip(found.timestamps, found.values, strict=True)) == {
        time: hours.at(time) for time in range(THU, THU + units.WEEK + 1, MINUTE)
    }


@pytest.mark.parametrize("place", PLACES)
def test_prometheus_has_the_clocks_of_a_place(place: str, api: PrometheusApi, model: Model) -> None:
    hours, clocks, half = replace(OFFICE, zone=zone_of(place)), of_place(place), HOUR // 2
    # Its last Sunday of March is the earliest possible one.
    start, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2029, 2030))
    *clock, _ = hours_records(hours, model.services[0])
    for one in clock:
        (found,) = api.query_range(one.expr, start, end, half).series
        assert list(found.values) == [added(clocks, time) for time in range(start, end + 1, half)]
    (found,) = api.query_range(_in_one(hours, model), start, end, HOUR).series
    local = [datetime.fromtimestamp(time, clocks) for time in range(start, end + 1, HOUR)]
    assert list(found.values) == [float(one.isoweekday() <= FRIDAY and 7 <= one.hour < 19) for one in local]


def test_clocks_behind_utc_are_right_when_time_begins(api: PrometheusApi, model: Model) -> None:
    # promtool's clock begins at 0.
    hours = replace(NIGHT, zone=zone_of("America/New_York"))
    (found,) = api.query_range(_in_one(hours, model), 0, units.WEEK, HOUR).series
    assert list(found.values) == [hours.at(time) for time in range(0, units.WEEK + 1, HOUR)]


def _in_one(hours: Hours, model: Model) -> str:
    """Put the record of the clocks in the place where the record of the hours reads it."""
    *clock, inside = hours_records(hours, model.services[0])
    read = f'{names.CLOCK}{{{names.SERVICE}="{model.services[0].name}"}}'
    for one in clock:
        assert read in inside.expr
        return inside.expr.replace(read, f"({one.expr})")
    return inside.expr


def test_nothing_is_told_of_services_that_keep_their_promise(told: dict[str, list[Notified]]) -> None:
    assert [told[name] for name in ("office", "office-tardy", "week", "slow")] == [[], [], [], []]


def test_trouble_in_the_hours_is_told_as_soon_as_without_hours(told: dict[str, list[Notified]]) -> None:
    # No series for 10 minutes, for 10 minutes; half of 30 minutes is missing, for 5 minutes.
    gone, silent = _absent_at("Fri 10:20", "Fri 10:19"), Notified(NONE, "Mon 10:27")
    office, shop = (
        [one for one in told[name] if one.alert != DROP] for name in ("office-troubled", "shop-troubled")
    )
    assert office == shop
    assert (office[0] in gone, office[1:]) == (True, [silent])


def test_a_service_that_does_not_start_is_told_and_its_end_ten_minutes_early_is_not(
    told: dict[str, list[Notified]],
) -> None:
    assert told["office-asleep"] == [Notified(ABSENT, "Mon 07:24")]
    assert told["office-idle"] == [Notified(NONE, "Mon 07:23"), Notified(OWN, "Mon 07:23")]


def test_a_service_that_was_never_there_is_told_on_the_second_day(told: dict[str, list[Notified]]) -> None:
    assert told["office-never"] == [Notified(ABSENT, "Fri 07:24"), Notified(ABSENT, "Mon 07:24")]


def test_hours_go_over_midnight(told: dict[str, list[Notified]]) -> None:
    (only,) = told["night"]
    assert only in _absent_at("Mon 01:20", "Mon 01:19")


def test_the_night_before_does_not_delay_what_is_told(told: dict[str, list[Notified]]) -> None:
    # Nine missing runs are no chance, four and a half hours after the grace.
    assert told["slow-silent"] == [Notified(NONE, "Mon 11:48")]


def test_runs_outside_of_the_hours_keep_no_promise(told: dict[str, list[Notified]]) -> None:
    assert told["slow-by-day"] == [Notified(NONE, "Fri 11:48")]


def test_nothing_fires_outside_of_the_hours(api: PrometheusApi) -> None:
    # AgentNoRuns is kept for 30 minutes.
    kept = {ABSENT: 0, NONE: 30 * MINUTE, OWN: 30 * MINUTE}
    outside = {
        (one.labels["alertname"], service, _clock(round(time)))
        for one in api.query_range(
            f'ALERTS{{alertname!="{DROP}",alertstate="firing"}}', THU, TUE, MINUTE
        ).series
        for time in one.timestamps
        if (hours := CASES[service := one.labels[names.SERVICE]].hours)
        and not hours.at(time)
        and not hours.at(time - kept[one.labels["alertname"]])
    }
    assert outside == set()


def test_a_service_without_hours_has_no_series_of_them(api: PrometheusApi) -> None:
    new = f'{{__name__=~"{names.HOURS}|{names.DUE}|.*:due_rate|.*:in_hours.*"}}'
    found = {one.labels[names.SERVICE] for one in api.query_range(new, THU, TUE, HOUR).series}
    assert found == set(CASES) - {"shop-troubled"}


def _wanted(groups: Iterable[RuleGroup]) -> tuple[Rule, ...]:
    """Choose the alerts about runs, and the records that they read; runs are written, not recorded."""
    every = [rule for group in groups for rule in group.rules]
    # The bounds of all alerts have one name, and would take most of the time.
    own = [rule for rule in every if rule.labels.get(names.ALERT, DROP) in ALERTS]
    records = [rule for rule in own if isinstance(rule, RecordingRule) and rule.record != STREAM]
    alerts = [
        rule
        for name in ALERTS
        for rule in rules_of([RuleGroup("all", MINUTE, tuple(own))], name)
        if rule.labels[names.SIGNAL] == "run_count"
    ]
    (read,) = needed([RuleGroup("all", MINUTE, tuple(records))], [rule.expr for rule in alerts])
    return (*read.rules, *alerts)


def _series(service: str, runs: Runs) -> TimeSeries:
    times = range(THU, TUE, MINUTE)
    values = [STALE_NAN if (an_hour := runs(time)) is None else an_hour / HOUR for time in times]
    labels = {"status": "ok", "stop_reason": "completed", "release": "r1", names.SERVICE: service}
    return TimeSeries({"__name__": STREAM, **labels}, [time * 1000 for time in times], values)


def _beginnings(times: Iterable[int]) -> Iterator[int]:
    every = set(times)
    return (time for time in every if time - MINUTE not in every)


def _clock(time: int) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%a %H:%M}"
