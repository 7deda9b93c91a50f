"""Descriptions name the culprit: the newest release for its own effects, and nothing where nothing stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.live.server import prometheus_server
from generator.model.rules import RuleGroup
from generator.prometheus.shared import shared_rules
from tests.prometheus.chain import T0
from tests.prometheus.culprits import CAUSES, incidents, said
from tests.prometheus.fleet_of_runs import HOUR, PRICED_MODEL, Release, Story, Trouble, constants, streams
from tests.prometheus.increments import MINUTE
from tests.prometheus.trials import needed, priced, rules_of
from tests.simulate.firings import firings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer
    from generator.model.service import Model
    from tests.simulate.firings import SimulatedFiring


FAILS, TOKENS, COST, SLOW = (
    f"Agent{what}Regression" for what in ("SuccessRate", "TokensPerRun", "CostPerRun", "LatencyP95")
)
LOOP = "AgentToolCallsPerRunHigh"
LENGTH = 7 * HOUR
#: The minute of the release.
CAME = 150
RUNS = 20.0


def _both(new: Release, *troubles: Trouble) -> Story:
    """Run v10 beside v9."""
    return Story(LENGTH, (Release("v9", 0, LENGTH, seconds=new.seconds), new), troubles, RUNS)


def _after(new: Release, *troubles: Trouble, runs: float = RUNS) -> Story:
    """Replace v9 by v10 at once."""
    return Story(LENGTH, (Release("v9", 0, new.start, seconds=new.seconds), new), troubles, runs)


def _v10(**changes: float) -> Release:
    return Release("v10", CAME, LENGTH, **changes)


OUTAGE = Trouble(CAME + 100, LENGTH, failing=0.4)
DEARER = Trouble(CAME + 100, LENGTH, tokens=1.6)
SLOWER = Trouble(CAME + 100, LENGTH, seconds=3)
LONGER = 30 * MINUTE


def _nights(minute: int) -> float:
    """Rest for two hours in the middle."""
    return 0.0 if CAME <= minute < CAME + 2 * HOUR else 1.0


def _alone(*troubles: Trouble, seconds: float = 2, calls: float = 4) -> Story:
    """Run one release all the time, with a night."""
    release = Release("v9", 0, LENGTH, seconds=seconds, calls=calls)
    return Story(LENGTH, (release,), troubles, RUNS, _nights)


BLAMELESS = {
    "a-morning-of-minutes": _alone(seconds=5 * MINUTE, calls=15),
    "a-morning-of-long-runs": _alone(seconds=LONGER, calls=15),
    "healthy-beside": _both(_v10()),
    "healthy-after": _after(_v10()),
    "outage-beside": _both(_v10(), OUTAGE),
    "outage-after": _after(_v10(), OUTAGE),
    "outage-long-before": _after(_v10(), Trouble(CAME - 2 * HOUR, LENGTH, failing=0.4)),
    "dearer-beside": _both(_v10(), DEARER),
    "dearer-after": _after(_v10(), DEARER),
    "slower-beside": _both(_v10(), SLOWER),
    "slower-after": _after(_v10(), SLOWER),
    "slower-long-before": _both(_v10(), Trouble(CAME - HOUR, LENGTH, seconds=3)),
    "slower-canary": _both(_v10(weight=0.05), SLOWER),
    "quicker-beside": Story(LENGTH, (Release("v9", 0, LENGTH, seconds=6), _v10(seconds=2))),
    "a-little-slower": Story(LENGTH, (Release("v9", 0, LENGTH), _v10(seconds=2.1))),
    "canary-in-an-outage": _both(_v10(weight=0.05), OUTAGE),
    "minutes-beside": _both(_v10(seconds=5 * MINUTE)),
    "minutes-after": _after(_v10(seconds=5 * MINUTE)),
    "half-an-hour-beside": _both(_v10(seconds=LONGER)),
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
    """Write v11 after v10, which was bad, with v9 between for ``back`` minutes."""
    fixed = CAME + HOUR + back
    before = (Release("v9", CAME + HOUR, fixed),) if back else ()
    bad = Release("v10", CAME, CAME + HOUR, tokens=9000)
    return Story(LENGTH, (Release("v9", 0, CAME), bad, *before, Release("v11", fixed, LENGTH, tokens=8000)))


class Blame(Struct, frozen=True):
    """A story, and the alerts that find its culprit, with their minutes after ``since``.

    ``pages`` are critical, the others warnings.
    """

    story: Story
    within: Mapping[str, int]
    release: str = "v10"
    since: int = CAME
    pages: bool = False


_SPENDS = (TOKENS, COST)
_LOOP = Trouble(CAME, LENGTH, calls=100, endless=True)

BLAMED = {
    "fails-beside": Blame(_both(_v10(failing=0.2)), {FAILS: 20}, pages=True),
    "fails-after": Blame(_after(_v10(failing=0.2)), {FAILS: 20}, pages=True),
    "fails-in-an-outage": Blame(_both(_v10(failing=0.2), Trouble(0, LENGTH, failing=0.2)), {FAILS: 45}),
    "few-runs": Blame(_after(_v10(failing=0.5), runs=0.5), {FAILS: 120}, pages=True),
    "dearer": Blame(_after(_v10(tokens=8000)), dict.fromkeys(_SPENDS, 30)),
    "dearer-canary": Blame(_both(_v10(tokens=8000, weight=0.2)), dict.fromkeys(_SPENDS, 115)),
    "dearer-minutes": Blame(_after(_v10(tokens=8000, seconds=5 * MINUTE)), dict.fromkeys(_SPENDS, 45)),
    "dearer-long-runs": Blame(_after(_v10(tokens=8000, seconds=LONGER)), dict.fromkeys(_SPENDS, 110)),
    "slow-beside": Blame(Story(LENGTH, (Release("v9", 0, LENGTH), _v10(seconds=4))), {SLOW: 30}),
    "slow-after": Blame(Story(LENGTH, (Release("v9", 0, CAME), _v10(seconds=4))), {SLOW: 30}),
    "slow-canary": Blame(Story(LENGTH, (Release("v9", 0, LENGTH), _v10(seconds=4, weight=0.1))), {SLOW: 75}),
    "slow-and-slower": Blame(
        Story(LENGTH, (Release("v9", 0, LENGTH), _v10(seconds=4)), (Trouble(0, LENGTH, seconds=3),)),
        {SLOW: 30},
    ),
    "slow-of-long-runs": Blame(
        Story(LENGTH, (Release("v9", 0, LENGTH, seconds=5 * MINUTE), _v10(seconds=9 * MINUTE))), {SLOW: 45}
    ),
    "hotfix-after-a-rollback": Blame(_hotfix(HOUR), dict.fromkeys(_SPENDS, 30), "v11", CAME + 2 * HOUR),
    "hotfix-at-once": Blame(_hotfix(0), dict.fromkeys(_SPENDS, 30), "v11", CAME + HOUR),
    "loop": Blame(_after(_v10(), _LOOP), {LOOP: 15}, "", pages=True),
    "loop-that-ends": Blame(_after(_v10(calls=3000)), {LOOP: 15}, "", pages=True),
    "loop-in-the-morning": Blame(_alone(_LOOP), {LOOP: 15}, "", CAME + 2 * HOUR, pages=True),
    "loop-of-long-runs": Blame(_after(_v10(seconds=LONGER), _LOOP), {LOOP: 150}, "", pages=True),
}


@pytest.fixture(scope="module")
def fired(model: Model) -> Iterator[Mapping[str, tuple[SimulatedFiring, ...]]]:
    """The firings of each story, each with its own service and its own random numbers."""
    stories = {**BLAMELESS, **{name: one.story for name, one in BLAMED.items()}}
    with prometheus_server() as server:
        for seed, (name, story) in enumerate(stories.items()):
            write(server.api, constants(name, story))
            write(server.api, streams(name, story, seed))
        happen(server.api, model, LENGTH, FAILS, TOKENS, COST, SLOW, LOOP)
        yield {name: firings(server.api, name, T0, T0 + LENGTH * MINUTE, MINUTE) for name in stories}


def happen(api: PrometheusApi, model: Model, minutes: int, *alerts: str) -> None:
    """Evaluate alerts, and their inputs, over some minutes."""
    groups = shared_rules(model.library, model.site).groups
    rules = [rule for name in alerts for rule in rules_of(groups, name)]
    recorders = priced(needed(groups, [rule.expr for rule in rules]), {PRICED_MODEL})
    evaluate(api, [*recorders, RuleGroup("alerts", MINUTE, tuple(rules))], T0, T0 + minutes * MINUTE)


@pytest.mark.parametrize("name", BLAMELESS)
def test_nothing_is_blamed(fired: Mapping[str, tuple[SimulatedFiring, ...]], name: str) -> None:
    guilty = "v10" if name == "taken-back" else ""
    found = [one for one in fired[name] if not guilty or one.labels["release"] != guilty]
    assert [_summary(one, 0) for one in found] == []


@pytest.mark.parametrize("name", BLAMED)
def test_the_culprit_is_blamed_in_time(fired: Mapping[str, tuple[SimulatedFiring, ...]], name: str) -> None:
    blame = BLAMED[name]
    found = [one for one in fired[name] if one.labels.get("release", "") == blame.release]
    severity = "critical" if blame.pages else "warning"
    for alert, within in blame.within.items():
        starts = [
            _minutes(one) - blame.since for one in found if (one.alert, one.severity) == (alert, severity)
        ]
        assert starts, [_summary(one, blame.since) for one in fired[name]]
        assert 0 <= min(starts) <= within
    if blame.release:
        wrong = [one for one in fired[name] if one.labels.get("release") not in {blame.release, "v10"}]
        assert [_summary(one, blame.since) for one in wrong] == []


def _summary(one: SimulatedFiring, since: int) -> tuple[str, str, str | None, int]:
    return one.alert, one.severity, one.labels.get("release"), _minutes(one) - since


def _minutes(one: SimulatedFiring) -> int:
    return round((one.start - T0) / MINUTE)


SEED = 7
#: The full set is in the benchmarks: python -m tests.bench --only culprit.
SAMPLE = 2 * len(CAUSES)


@pytest.mark.long
def test_the_culprit_of_a_known_cause_is_named(fresh_prometheus: PrometheusServer, model: Model) -> None:
    found = said(fresh_prometheus.api, model, incidents(SEED, SAMPLE), SEED)
    wrong = [(one.incident.cause, one.incident.must, one.named) for one in found if not one.right]
    assert len(wrong) <= 0.05 * SAMPLE, wrong
    silent = [one.named for one in found if one.incident.cause == "everything alike"]
    assert silent == [{}] * len(silent)
