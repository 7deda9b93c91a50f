"""The hours of promised traffic: as they are written, the times of the week that they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from generator.model.hours import DAYS
from tests.clocks import FIRST, PLACES, added, of_place
from tests.resolve.build import codes, one, resolved, service

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.hours import Hours


def hours(written: str, directory: Path) -> Hours | None:
    """Resolve a service with these keys of its traffic."""
    return one(resolved(directory, service(traffic=f"{{min_runs_per_hour: 120, {written}}}"))).hours


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("hours: 07:00-19:00, days: mon-fri", "mon-fri 07:00-19:00 UTC"),
        ("hours: 22:30-06:15", "22:30-06:15 UTC"),
        ("hours: 07:00-00:00, days: sun", "sun 07:00-00:00 UTC"),
        ("days: [sat, mon, wed]", "mon, wed, sat UTC"),
        ("days: [tue, mon, fri-sun]", "mon-tue, fri-sun UTC"),
        ("days: fri-mon", "mon, fri-sun UTC"),
        ("hours: 09:00-17:00, days: sun-sat", "09:00-17:00 UTC"),
        ("hours: 07:00-19:00, days: mon-fri, time_zone: Europe/Berlin", "mon-fri 07:00-19:00 Europe/Berlin"),
        ("days: sat, time_zone: Asia/Kolkata", "sat Asia/Kolkata"),
        ("days: sat, time_zone: Etc/UTC", "sat UTC"),
    ],
)
def test_hours_are_told_in_one_form(written: str, words: str, tmp_path: Path) -> None:
    found = hours(written, tmp_path)
    assert found
    assert found.words == words


@pytest.mark.parametrize("written", ["", "days: mon-sun", "days: [sat-sun, mon-fri]"])
def test_every_day_has_no_hours(written: str, tmp_path: Path) -> None:
    assert hours(written, tmp_path) is None


@pytest.mark.parametrize(
    ("written", "begins", "ends"),
    [
        ("hours: 07:00-19:00, days: mon", ["mon 07:00"], ["mon 19:00"]),
        ("hours: 22:00-06:00, days: [sat, tue]", ["tue 22:00", "sat 22:00"], ["wed 06:00", "sun 06:00"]),
        ("hours: 07:00-00:00, days: sat", ["sat 07:00"], ["sun 00:00"]),
        ("days: mon-fri", ["mon 00:00"], ["sat 00:00"]),
        ("days: [thu, sun-mon]", ["thu 00:00", "sun 00:00"], ["tue 00:00", "fri 00:00"]),
    ],
)
def test_hours_begin_and_end_by_the_clock_in_utc(
    written: str, begins: list[str], ends: list[str], tmp_path: Path
) -> None:
    found = hours(written, tmp_path)
    assert found
    monday = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
    week = range(monday, monday + 7 * 86400, 60)
    assert [_clock(time) for time in week if found.at(time) and not found.at(time - 60)] == begins
    assert [_clock(time) for time in week if not found.at(time) and found.at(time - 60)] == ends


@pytest.mark.parametrize(
    ("days", "begins", "ends"),
    [
        # The clocks of Berlin go forward in this night, those of New York have three weeks before.
        ("time_zone: Europe/Berlin", "sat 22:00", "sun 04:00"),
        ("days: sun, time_zone: Europe/Berlin", "sun 21:00", "mon 04:00"),
        ("days: sat, time_zone: America/New_York", "sun 03:00", "sun 10:00"),
        ("days: sun, time_zone: Asia/Kolkata", "sun 17:30", "mon 00:30"),
    ],
)
def test_hours_are_by_the_clocks_of_a_place(days: str, begins: str, ends: str, tmp_path: Path) -> None:
    found = hours(f"hours: 23:00-06:00, {days}", tmp_path)
    assert found
    saturday = int(datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp())
    times = range(saturday, saturday + 2 * 86400, 60)
    assert next(_clock(time) for time in times if found.at(time) and not found.at(time - 60)) == begins
    assert next(_clock(time) for time in times if not found.at(time) and found.at(time - 60)) == ends


@pytest.mark.parametrize("place", PLACES)
def test_a_zone_has_the_clocks_of_the_place(place: str, tmp_path: Path) -> None:
    found = hours(f"days: mon, time_zone: {place}", tmp_path)
    assert found
    assert found.zone
    clocks = of_place(place)
    times = range(FIRST, FIRST + 3 * 366 * 86400, 1800)
    assert [time for time in times if found.zone.added_at(time) != added(clocks, time)] == []


def test_an_environment_has_hours_of_its_own(tmp_path: Path) -> None:
    environments = """
  prod: {selector: {env: prod}}
  staging: {selector: {env: staging}, traffic: {min_runs_per_hour: 20, days: mon-fri}}"""
    traffic = "{min_runs_per_hour: 120, hours: 07:00-19:00}"
    found = resolved(tmp_path, service(traffic=traffic, environments=environments))
    assert found.value
    assert [one.hours and one.hours.words for one in found.value.services] == [
        "07:00-19:00 UTC",
        "mon-fri UTC",
    ]


def test_an_alert_with_a_floor_needs_the_runs_of_the_hours_alone(tmp_path: Path) -> None:
    alert = "{Own: {threshold: {signal: spend_runs}, warning: 5, min_events: 400}}"
    signals = (
        "{spend_runs: {title: R, description: R., ratio: {of: calls_total, per: runs_total}, window: 1d}}"
    )
    promises = ("{min_runs_per_hour: 20}", "{min_runs_per_hour: 20, hours: 07:00-19:00}")
    found = [
        codes(resolved(tmp_path, service(traffic=one, alerts=alert, signals=signals))) for one in promises
    ]
    assert found == [[], ["alert/too-little-traffic"]]


def _clock(time: int) -> str:
    at = datetime.fromtimestamp(time, UTC)
    return f"{DAYS[at.isoweekday() % 7]} {at:%H:%M}"
