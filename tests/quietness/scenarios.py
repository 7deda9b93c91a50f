"""Weeks with a problem, or without one, and the notifications of alerts."""

from __future__ import annotations

from itertools import chain
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct

from tests.quietness import policy
from tests.quietness.model import DAY, HOUR, WEEK, Minutes, beyond, burning, firing, missing, notifications

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Library

LOW, BURN, TOOL, LATENCY, NO_RUNS = (
    "AgentSuccessRateLow",
    "AgentErrorBudgetBurn",
    "AgentToolErrorRateHigh",
    "AgentLatencyP95High",
    "AgentNoRuns",
)
TICKET, PAGE = "warning", "critical"
_PAGES = ((LOW, PAGE), (BURN, PAGE))
_MONTH = 30
#: Never, in minutes.
_NOT = 1e9


class Goal(Struct, frozen=True):
    """The most notifications in a number of days, or in all; the first one within some minutes, and then for good."""

    most: float
    days: int | None = None
    within: int | None = None

    def text(self) -> str:
        """Write it for people."""
        often = f"{self.most:g} in all" if self.days is None else f"{self.most:g} in {self.days:g} d"
        return f"at most {often}" + (f", the first within {self.within} min" if self.within else "")


class AlertResult(Struct, frozen=True):
    """The result of an alert: its firings, the minutes to the first one, and the part of the time that it fired."""

    happens: str
    alert: str
    days: int
    times: int
    first: int | None
    on: float
    goal: Goal | None

    @property
    def a_day(self) -> float:
        """The mean number of firings a day."""
        return self.times / self.days

    @property
    def reached(self) -> bool:
        """Whether it reached its goal."""
        if self.goal is None:
            return True
        spans = self.days / self.goal.days if self.goal.days else 1
        in_time = self.goal.within is None or (self.first is not None and self.first <= self.goal.within)
        return in_time and self.times <= self.goal.most * spans


class TrafficScenario(Struct, frozen=True):
    """Events at a rate, with a share of bad ones, and the tested alerts, with their goal."""

    happens: str
    a_minute: float
    share: float
    objective: float
    alerts: tuple[tuple[str, str], ...]
    goal: Goal | None
    promised: float = 0


_ONE_PAGE = Goal(1, within=30)
_NEVER = Goal(0)
SCENARIOS = (
    TrafficScenario(
        "5% of 20 runs a minute fail, 97% promised", 20, 0.05, 0.97, ((LOW, TICKET), *_PAGES), Goal(2, days=1)
    ),
    TrafficScenario("4% of 10 runs a minute fail, 97% promised", 10, 0.04, 0.97, ((LOW, TICKET),), None),
    TrafficScenario("all of 30 runs an hour fail", 30 / HOUR, 1, 0.97, _PAGES, _ONE_PAGE),
    TrafficScenario("all of 20 runs an hour fail", 20 / HOUR, 1, 0.97, _PAGES, Goal(1, within=60)),
    TrafficScenario("half of 20 runs an hour fail", 20 / HOUR, 0.5, 0.97, _PAGES, None),
    TrafficScenario("all of 3 runs an hour fail", 3 / HOUR, 1, 0.97, _PAGES, None),
    *(
        TrafficScenario(
            f"a tool fails in 4.5% of {calls} calls a minute, 5% promised",
            calls,
            0.045,
            0.05,
            ((TOOL, TICKET), (TOOL, PAGE)),
            Goal(1, days=_MONTH),
        )
        for calls in (5, 13, 50)
    ),
    *(
        TrafficScenario(
            f"4.5% of {runs} runs a minute take longer than a p95 promises",
            runs,
            0.045,
            0,
            ((LATENCY, TICKET),),
            Goal(1, days=1),
        )
        for runs in (5, 20, 60)
    ),
    TrafficScenario(
        "a tool that is called 6 times an hour is dead", 0.1, 1, 0.05, ((TOOL, PAGE),), Goal(1, within=120)
    ),
    TrafficScenario(
        "a tool that is called 6 times an hour fails half the time", 0.1, 0.5, 0.05, ((TOOL, PAGE),), None
    ),
    *(
        TrafficScenario(
            f"{runs} runs an hour are promised and come",
            runs / HOUR,
            0,
            0.97,
            ((NO_RUNS, TICKET),),
            None,
            runs,
        )
        for runs in (2, 6, 20, 120)
    ),
    *(
        TrafficScenario(
            f"{runs} of {promised} promised runs an hour come",
            runs / HOUR,
            0,
            0.97,
            ((NO_RUNS, TICKET),),
            Goal(1, within=within),
            promised,
        )
        for runs, promised, within in ((30, 120, 60), (0, 2, 6 * HOUR))
    ),
    *(
        TrafficScenario(
            f"quiet: {1 - objective:.1%} may fail of {text}, half of that does",
            a_minute,
            share,
            objective,
            _PAGES,
            _NEVER,
        )
        for objective, share in ((0.97, 0.015), (0.99, 0.005), (0.999, 0.0005))
        for a_minute, text in (
            (3 / DAY, "3 runs a day"),
            (1, "60 an hour"),
            (20, "20 a minute"),
            (10_000, "10,000 a minute"),
        )
    ),
)


def outcomes(library: Library, weeks: int, seed: int) -> Iterator[AlertResult]:
    """Simulate every scenario for some weeks."""
    for place, one in enumerate(SCENARIOS):
        rng = Random(1000 * seed + place)  # noqa: S311 - nothing secret
        minutes = Minutes.drawn(rng, weeks * WEEK, one.a_minute, one.share)
        for name, severity in one.alerts:
            fires = firing(
                _condition(library, one, name, severity, minutes), policy.held(policy.found(library, name))
            )
            yield AlertResult(
                one.happens,
                f"{name} {'ticket' if severity == TICKET else 'page'}",
                weeks * WEEK // DAY,
                notifications(fires),
                fires.index(True) if any(fires) else None,
                sum(fires) / len(fires),
                _goal(one, name, severity),
            )


class DetectionTimes(Struct, frozen=True):
    """The median minutes until failures are reported: by a ticket, by a page, by the burn rate's page.

    None where that takes more than a day.
    """

    failing: str
    ticket: float | None
    page: float | None
    burn: float | None


def detections(library: Library, seeds: range) -> Iterator[DetectionTimes]:
    """Let failures begin at 20 runs a minute, of which 1% failed until then, with an objective of 97%."""
    for share in (1, 0.5, 0.3, 0.1, 0.05):
        found = [_detected(library, share, Random(seed)) for seed in seeds]  # noqa: S311 - nothing secret
        ticket, page, burn = (_median(times) for times in zip(*found, strict=True))
        yield DetectionTimes(f"{share:.0%}", ticket, page, burn)


def _detected(library: Library, share: float, rng: Random) -> tuple[float, float, float]:
    before = DAY
    minutes = Minutes.drawn(rng, before, 20, 0.01) + Minutes.drawn(rng, DAY, 20, share)
    scenario = TrafficScenario("", 20, share, 0.97, (), None)

    def first(*alerts: tuple[str, str]) -> float:
        fires = chain.from_iterable(
            enumerate(
                firing(
                    _condition(library, scenario, name, severity, minutes),
                    policy.held(policy.found(library, name)),
                )
            )
            for name, severity in alerts
        )
        return min((at - before for at, is_firing in fires if is_firing and at >= before), default=_NOT)

    return first((LOW, TICKET)), first(*_PAGES), first((BURN, PAGE))


def _median(times: tuple[float, ...]) -> float | None:
    found = median(times)
    return None if found >= _NOT else found


def _goal(one: TrafficScenario, name: str, severity: str) -> Goal | None:
    """Return the goal of this alert: one page is the success rate's, and a tool may open more tickets."""
    if one.goal is None or (name == TOOL and severity == TICKET):
        return None
    return None if one.goal.within and name == BURN else one.goal


def _condition(
    library: Library, one: TrafficScenario, name: str, severity: str, minutes: Minutes
) -> Iterator[bool]:
    if name == NO_RUNS:
        return missing(minutes, one.promised, policy.windows(library, name))
    if name == BURN:
        paces = [pace for pace in policy.paces(library, name, severity, one.objective) if pace.share < 1]
        return burning(minutes, paces, policy.found(library, name).min_bad_events)
    return beyond(minutes, policy.bounded(library, name, severity, one.objective))
