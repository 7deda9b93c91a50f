"""Runs that start, use tokens and tools, and end: random streams of many services, minute by minute."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from math import log
from random import Random
from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.live.remote_write import STALE_NAN, TimeSeries
from generator.model import names
from tests.prometheus.chain import T0
from tests.prometheus.increments import MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HOUR = 60
#: Upper bounds of the buckets of run latency, in seconds.
BUCKETS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200)
_EDGES = (*map(str, BUCKETS), "+Inf")
#: The model of all runs.
PRICED_MODEL = "gpt-4o"
_PROMPT = {"model": PRICED_MODEL, "token_type": "prompt"}
#: The spread of runs in tokens and in length: standard deviations of the logarithms.
_TOKENS_SPREAD, _LENGTH_SPREAD = 0.6, 0.3


class Release(Struct, frozen=True):
    """A release that gets runs from one minute to another, and the behaviour of these.

    Attributes:
        name: The value of its label.
        start: Its first minute.
        end: The minute in which it no longer exists.
        weight: Its part of the arrivals, relative to others of that time.
        seconds: The length of a run.
        tokens: The number of its tokens, evenly over its life.
        calls: The number of its tool calls, evenly over its life.
        failing: The share of failing runs.
    """

    name: str
    start: int
    end: int
    weight: float = 1.0
    seconds: float = 2.0
    tokens: float = 5000.0
    calls: float = 4.0
    failing: float = 0.02


class Trouble(Struct, frozen=True):
    """A trouble for all releases from one minute to another: runs fail, use more, last longer, or arrive less often."""

    start: int
    end: int
    failing: float = 0.0
    tokens: float = 1.0
    calls: float = 1.0
    traffic: float = 1.0
    seconds: float = 1.0
    endless: bool = False


def flat(_minute: int) -> float:
    """The same rate of arriving runs at any time."""
    return 1.0


class Story(Struct, frozen=True):
    """The history of a service over some minutes; ``traffic`` is a factor on ``runs`` a minute by the minute."""

    minutes: int
    releases: tuple[Release, ...]
    troubles: tuple[Trouble, ...] = ()
    runs: float = 20.0
    traffic: Callable[[int], float] = flat


_ByMinute = defaultdict[int, float]


def _by_minute() -> _ByMinute:
    return defaultdict(float)


class _OfRelease(Struct, frozen=True):
    """The events of a release by the minute: its runs by status, and by the bucket that each falls into."""

    runs: defaultdict[str, _ByMinute] = field(default_factory=lambda: defaultdict(_by_minute))
    tokens: _ByMinute = field(default_factory=_by_minute)
    calls: _ByMinute = field(default_factory=_by_minute)
    latency: tuple[_ByMinute, ...] = field(default_factory=lambda: tuple(_by_minute() for _ in _EDGES))

    def found(self) -> Iterator[tuple[str, Mapping[str, str], Mapping[int, float]]]:
        """List the series that have events: the stream, its labels besides the release, and the amounts."""
        for status, amounts in self.runs.items():
            yield "run", {"status": status, "stop_reason": "completed"}, amounts
        if self.calls:
            yield "token_usage", _PROMPT, self.tokens
            yield "tool_call", {"tool": "search", "status": "ok"}, self.calls
        if any(self.latency):
            within = _by_minute()
            for le, amounts in zip(_EDGES, self.latency, strict=True):
                for minute, amount in amounts.items():
                    within[minute] += amount
                yield "run_latency", {"le": le}, dict(within)


_Counts = defaultdict[str, _OfRelease]


def streams(service: str, story: Story, seed: int) -> Iterator[TimeSeries]:
    """Simulate a story, and yield the records of the service's streams."""
    rng, counts = Random(seed), _Counts(_OfRelease)  # noqa: S311 - nothing is kept secret
    for minute in range(story.minutes):
        _arrivals(rng, minute, story, counts)
    for release, of_release in counts.items():
        lives = [(one.start, one.end) for one in story.releases if one.name == release]
        for stream, labels, amounts in of_release.found():
            named = {
                "__name__": f"stream:agent_{stream}:rate",
                "release": release,
                "service": service,
                **labels,
            }
            yield _series(named, amounts, lives, story.minutes)


def constants(service: str, story: Story, **objectives: float) -> Iterator[TimeSeries]:
    """Yield the constants of the service's file."""
    times = [(T0 + minute * MINUTE) * 1000 for minute in range(story.minutes + 1)]
    info = {"__name__": names.INFO, "owner": "team", "profile": "agent", "run": "run"}
    yield TimeSeries({**info, "service": service}, times, [1.0] * len(times))
    for signal, bound in objectives.items():
        labels = {"__name__": names.OBJECTIVE, "signal": signal, "service": service}
        yield TimeSeries(labels, times, [bound] * len(times))


def _arrivals(rng: Random, minute: int, story: Story, counts: _Counts) -> None:
    living = [one for one in story.releases if one.start <= minute < one.end]
    now = [one for one in story.troubles if one.start <= minute < one.end]
    arriving = story.runs * story.traffic(minute)
    for one in now:
        arriving *= one.traffic
    for release in living:
        for status in ("ok", "error"):
            counts[release.name].runs[status][minute] += 0.0
        for _ in range(_poisson(rng, arriving * release.weight / sum(each.weight for each in living))):
            _run(rng, minute, release, now, counts[release.name])


def _run(rng: Random, minute: int, release: Release, now: list[Trouble], counts: _OfRelease) -> None:
    seconds = release.seconds * rng.lognormvariate(0, _LENGTH_SPREAD)
    tokens = release.tokens * rng.lognormvariate(0, _TOKENS_SPREAD)
    calls, failing, endless = release.calls, release.failing, False
    for one in now:
        tokens, calls, failing = tokens * one.tokens, calls * one.calls, failing + one.failing
        endless, seconds = endless or one.endless, seconds * one.seconds
    last = minute + int((rng.random() * MINUTE + seconds) // MINUTE)
    part = 1 / (last - minute + 1)
    for each in range(minute, last + 1):
        counts.tokens[each] += tokens * part
        counts.calls[each] += calls * part
    if endless:
        return
    status = "error" if rng.random() < failing else "ok"
    counts.runs[status][last] += 1
    counts.latency[bisect_left(BUCKETS, seconds)][last] += 1


def _series(
    labels: Mapping[str, str], amounts: Mapping[int, float], lives: list[tuple[int, int]], minutes: int
) -> TimeSeries:
    """Record a minute's events at its end; the series of a removed release end."""
    times, values, was = [], [], False
    for minute in range(minutes):
        lives_now = any(start <= minute < end for start, end in lives)
        if lives_now or was:
            times.append((T0 + (minute + 1) * MINUTE) * 1000)
            values.append(amounts.get(minute, 0.0) / MINUTE if lives_now else STALE_NAN)
        was = lives_now
    return TimeSeries(labels, times, values)


def _poisson(rng: Random, mean: float) -> int:
    found, left = 0, mean
    while (left := left + log(1 - rng.random())) > 0:
        found += 1
    return found
