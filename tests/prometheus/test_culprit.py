"""The newest release is blamed for what it did, and for nothing that hits others alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.live.server import prometheus_server
from generator.model.rules import RuleGroup
from generator.prometheus.shared import shared_rules
from tests.prometheus.chain import T0
from tests.prometheus.fleet_of_runs import HOUR, Release, Story, Trouble, constants, streams
from tests.prometheus.increments import MINUTE
from tests.prometheus.trials import needed, rules_of
from tests.simulate.firings import firings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.api import PrometheusApi
    from generator.model.service import Model
    from tests.simulate.firings import Firing

FAILS, TOKENS, COST = (f"Agent{what}Regression" for what in ("SuccessRate", "TokensPerRun", "CostPerRun"))
LENGTH = 7 * HOUR
#: What is released comes after so long.
CAME = 150
SEEDS = (1,)


def _both(new: Release, *troubles: Trouble, runs: float = 20) -> Story:
    """Let v10 run beside v9."""
    return Story(LENGTH, (Release("v9", 0, LENGTH, seconds=new.seconds), new), troubles, runs)


def _after(new: Release, *troubles: Trouble, runs: float = 20) -> Story:
    """Let v10 take the place of v9 at once."""
    return Story(LENGTH, (Release("v9", 0, new.start, seconds=new.seconds), new), troubles, runs)


def _v10(**changes: float) -> Release:
    return Release("v10", CAME, LENGTH, **changes)


OUTAGE = Trouble(CAME + 100, LENGTH, failing=0.4)
DEARER = Trouble(CAME + 100, LENGTH, tokens=1.6)
LONGER = 30 * MINUTE

BLAMELESS = {
    "healthy-beside": _both(_v10()),
    "healthy-after": _after(_v10()),
    "outage-beside": _both(_v10(), OUTAGE),
    "outage-after": _after(_v10(), OUTAGE),
    "outage-long-before": _after(_v10(), Trouble(CAME - 2 * HOUR, LENGTH, failing=0.4)),
    "dearer-beside": _both(_v10(), DEARER),
    "dearer-after": _after(_v10(), DEARER),
    "canary-in-an-outage": _both(_v10(weight=0.05), OUTAGE),
    "minutes-beside": _both(_v10(seconds=5 * MINUTE)),
    "minutes-after": _after(_v10(seconds=5 * MINUTE)),
    "half-an-hour-beside": _both(_v10(seconds=LONGER), runs=20),
    "half-an-hour-after": _after(_v10(seconds=LONGER), runs=20),
    "few-runs-and-an-outage": _after(_v10(), OUTAGE, runs=0.5),
    "taken-back": Story(
        LENGTH,
        (
            Release("v9", 0, CAME),
            Release("v10", CAME, CAME + HOUR, tokens=9000),
            Release("v9", CAME + HOUR, LENGTH),
        ),
    ),
    "hotfix": Story(
        LENGTH,
        (
            Release("v9", 0, CAME),
            Release("v10", CAME, CAME + HOUR, tokens=2000),
            Release("v9", CAME + HOUR, CAME + 2 * HOUR),
            Release("v11", CAME + 2 * HOUR, LENGTH),
        ),
    ),
}


def _hotfix(back: int) -> Story:
    """Let v11 follow v10, which was bad, with v9 between for ``back`` minutes."""
    fixed = CAME + HOUR + back
    before = (Release("v9", CAME + HOUR, fixed),) if back else ()
    bad = Release("v10", CAME, CAME + HOUR, tokens=9000)
    return Story(LENGTH, (Release("v9", 0, CAME), bad, *before, Release("v11", fixed, LENGTH, tokens=8000)))


#: The story, the release, and within how many minutes of its start it is blamed for what.
BLAMED = {
    "fails-beside": (_both(_v10(failing=0.2)), "v10", {FAILS: 20}),
    "fails-after": (_after(_v10(failing=0.2)), "v10", {FAILS: 20}),
    "fails-in-an-outage": (_both(_v10(failing=0.2), Trouble(0, LENGTH, failing=0.2)), "v10", {FAILS: 45}),
    "dearer-canary": (_both(_v10(tokens=8000, weight=0.2)), "v10", {TOKENS: 115, COST: 115}),
    "dearer": (_after(_v10(tokens=8000)), "v10", {TOKENS: 30, COST: 30}),
    "dearer-minutes": (_after(_v10(tokens=8000, seconds=5 * MINUTE)), "v10", {TOKENS: 45, COST: 45}),
    "dearer-half-an-hour": (
        _after(_v10(tokens=8000, seconds=LONGER), runs=20),
        "v10",
        {TOKENS: 110, COST: 110},
    ),
    "hotfix-after-a-rollback": (_hotfix(HOUR), "v11", {TOKENS: 30, COST: 30}),
    "hotfix-at-once": (_hotfix(0), "v11", {TOKENS: 30, COST: 30}),
    "few-runs": (_after(_v10(failing=0.5), runs=0.5), "v10", {FAILS: 120}),
}


def _named(name: str, seed: int) -> str:
    return f"{name}-{seed}"


@pytest.fixture(scope="module")
def fired(model: Model) -> Iterator[Mapping[str, tuple[Firing, ...]]]:
    """What fires in each story, of each service."""
    stories = {**BLAMELESS, **{name: story for name, (story, _, _) in BLAMED.items()}}
    with prometheus_server() as server:
        for name, story in stories.items():
            for seed in SEEDS:
                write(server.api, constants(_named(name, seed), story))
                write(server.api, streams(_named(name, seed), story, seed))
        happen(server.api, model, LENGTH, FAILS, TOKENS, COST)
        yield {
            _named(name, seed): firings(server.api, _named(name, seed), T0, T0 + LENGTH * MINUTE, MINUTE)
            for name in stories
            for seed in SEEDS
        }


def happen(api: PrometheusApi, model: Model, minutes: int, *alerts: str) -> None:
    """Evaluate alerts, and what they read, over so many minutes."""
    groups = shared_rules(model.library, model.site).groups
    rules = [rule for name in alerts for rule in rules_of(groups, name)]
    recorders = needed(groups, [rule.expr for rule in rules])
    evaluate(api, [*recorders, RuleGroup("alerts", MINUTE, tuple(rules))], T0, T0 + minutes * MINUTE)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", BLAMELESS)
def test_no_release_is_blamed(fired: Mapping[str, tuple[Firing, ...]], name: str, seed: int) -> None:
    found = [
        one for one in fired[_named(name, seed)] if one.labels["release"] != "v10" or name != "taken-back"
    ]
    assert [(one.alert, one.severity, dict(one.labels), _minutes(one)) for one in found] == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", BLAMED)
def test_the_right_release_is_blamed_in_time(
    fired: Mapping[str, tuple[Firing, ...]], name: str, seed: int
) -> None:
    story, release, alerts = BLAMED[name]
    came = next(one.start for one in story.releases if one.name == release)
    found = [one for one in fired[_named(name, seed)] if one.labels["release"] == release]
    for alert, within in alerts.items():
        starts = [_minutes(one) - came for one in found if one.alert == alert]
        assert starts, (alert, [(one.alert, _minutes(one)) for one in found])
        assert min(starts) <= within


def _minutes(one: Firing) -> int:
    return round((one.start - T0) / MINUTE)
