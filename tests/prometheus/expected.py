"""Every signal of the agent profile, computed from counted events: by hand, and not from the rules' expressions."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from tests.prometheus.increments import MINUTE, ZERO, Bounded, Counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Labels = frozenset[tuple[str, str]]
#: A recorded series: its name, and its labels without the service.
Key = tuple[str, Labels]
Level = tuple[str, ...]
Totals = dict[Labels, Bounded]

_WINDOW, _DAY = 15 * MINUTE, 24 * 60 * MINUTE
#: OpenAI's inclusions of token types; only its models are simulated with prices.
_INSIDE = {"prompt": ("cached", "cache_write"), "completion": ("reasoning",)}
_HAIR = 1e-12


class RawHistory(Struct, frozen=True):
    """Raw series up to an instant (Unix seconds), the prices of tokens, the models whose types include others."""

    series: Sequence[Counted]
    at: int
    prices: Mapping[tuple[str, str], float]
    including: frozenset[str]
    window: int = _WINDOW

    def total(self, metric: str, by: Level, **where: str) -> Totals:
        """Sum the events of the window; a group is there as soon as one of its series has a rate."""
        totals: defaultdict[Labels, Bounded] = defaultdict(lambda: ZERO)
        for one in self.series:
            if one.labels["__name__"] == metric and where.items() <= one.labels.items():
                group = frozenset((label, one.labels[label]) for label in by)
                for end in range(self.at - self.window + MINUTE, self.at + 1, MINUTE):
                    if end in one.minutes:
                        totals[group] += one.minutes[end]
        return dict(totals)


def expected(seen: RawHistory) -> dict[Key, Bounded]:
    """Compute every recorded value, numerator and denominator of every signal at one instant."""
    return {(name, labels): value for part in _SIGNALS for name, labels, value in part(seen)}


Found = tuple[str, Labels, Bounded]


def _run_count(seen: RawHistory) -> Iterator[Found]:
    for by in ((), ("release",), ("status",)):
        yield from _events("run", by, seen.total("agent_run_total", by))


def _success_rate(seen: RawHistory) -> Iterator[Found]:
    for by in ((), ("release",)):
        runs = seen.total("agent_run_total", by)
        good = _filled(seen.total("agent_run_total", by, status="ok"), runs)
        yield from _ratio(f"{_level(by)}:agent_success_rate", good, runs)
        yield from _events("run", by, runs)


def _handovers(seen: RawHistory) -> Iterator[Found]:
    """The service's own signal."""
    runs = seen.total("agent_run_total", ())
    asked = _filled(seen.total("agent_run_total", (), stop_reason="paused"), runs)
    yield from _ratio("service:agent_handover_rate", asked, runs)


def _stop_reasons(seen: RawHistory) -> Iterator[Found]:
    stem = "agent_stop_reason_distribution"
    for rest in ((), ("release",)):
        by = (*rest, "stop_reason")
        reasons = seen.total("agent_run_total", by)
        runs = seen.total("agent_run_total", rest)
        yield from _events("run", by, reasons)
        yield from _events("run", rest, runs)
        yield from _named(f"{_level(by)}:{stem}:ratio", _divided(reasons, runs))


def _run_latency(seen: RawHistory) -> Iterator[Found]:
    metric = "agent_run_latency_ms"
    for q, signal in ((0.5, "latency_p50"), (0.95, "latency_p95"), (0.99, "latency_p99")):
        yield from _quantile(seen, metric, "run_latency", signal, q, ((), ("release",)))


def _steps(seen: RawHistory) -> Iterator[Found]:
    for q, signal in ((0.95, "step_count"), (0.5, "step_count_p50")):
        levels = ((), ("release",))
        yield from _quantile(seen, "agent_steps_per_run", "run_steps", signal, q, levels, "count", 1)


def _tool_latency(seen: RawHistory) -> Iterator[Found]:
    metric = "agent_tool_latency_ms"
    levels = ((), ("release",), ("tool",))
    yield from _quantile(seen, metric, "tool_latency", "tool_latency_p50", 0.5, ((), ("tool",)))
    yield from _quantile(seen, metric, "tool_latency", "tool_latency_p95", 0.95, levels)


def _tool_calls(seen: RawHistory) -> Iterator[Found]:
    for by in ((), ("release",), ("tool",)):
        calls = seen.total("agent_tool_call_total", by)
        yield from _events("tool_call", by, calls)
        yield from _per_run(seen, "tool_calls_per_run", "count", by, calls)


def _tool_errors(seen: RawHistory) -> Iterator[Found]:
    for by in ((), ("release",), ("tool",)):
        calls = seen.total("agent_tool_call_total", by)
        failed = _filled(seen.total("agent_tool_call_total", by, status="error"), calls)
        yield from _ratio(f"{_level(by)}:agent_tool_error_rate", failed, calls)
        yield from _events("tool_call", by, calls)
    for by in ((), ("error_class",), ("tool",)):
        errors = seen.total("agent_tool_error_total", by)
        yield from _events("tool_error", by, errors)


def _llm_errors(seen: RawHistory) -> Iterator[Found]:
    for by, exists in (
        ((), seen.total("agent_run_total", ())),
        (("release",), seen.total("agent_run_total", ("release",))),
        (("model",), seen.total("agent_token_usage_total", ("model",))),
    ):
        errors = _filled(seen.total("agent_llm_error_total", by), exists)
        yield from _named(f"{_level(by)}:agent_llm_errors_per_run:numerator", errors)
        yield from _per_run(seen, "llm_errors_per_run", "count", by, errors)
    for by in ((), ("error_class",), ("model",)):
        yield from _events("llm_error", by, seen.total("agent_llm_error_total", by))


def _tokens(seen: RawHistory) -> Iterator[Found]:
    once = _each_token_once(seen)
    for by in ((), ("model",), ("release",), ("token_type",)):
        yield from _events("token_usage_billed", by, _summed(once, by))
        yield from _per_run(seen, "token_usage_per_run", "count", by, _summed(once, by))


def _cost(seen: RawHistory) -> Iterator[Found]:
    usd = _usd(seen)
    for by in ((), ("model",), ("release",)):
        spent = _summed(usd, by)
        yield from _events("cost", by, spent)
        yield from _per_run(seen, "cost_per_run", "usd", by, spent)
        an_hour = {group: amount.times(4) for group, amount in spent.items()}
        yield from _named(f"{_level(by)}:agent_cost_rate:usd", an_hour)
    day = RawHistory(seen.series, seen.at, seen.prices, seen.including, _DAY)
    yield from _named("service:agent_spend:usd", _summed(_usd(day), ()))


_SIGNALS: tuple[Callable[[RawHistory], Iterator[Found]], ...] = (
    _run_count,
    _success_rate,
    _handovers,
    _stop_reasons,
    _run_latency,
    _steps,
    _tool_latency,
    _tool_calls,
    _tool_errors,
    _llm_errors,
    _tokens,
    _cost,
)


def _each_token_once(seen: RawHistory) -> Totals:
    """Count prompts without cached tokens, and answers without reasoning tokens."""
    used = seen.total("agent_token_usage_total", ("model", "release", "token_type"))
    once = dict(used)
    for group in used:
        labels = dict(group)
        if labels["model"] in seen.including:
            for inside in _INSIDE.get(labels["token_type"], ()):
                once[group] -= used.get(frozenset({**labels, "token_type": inside}.items()), ZERO)
    return once


def _usd(seen: RawHistory) -> Totals:
    """Compute the cost of tokens with a price."""
    return {
        group: amount.times(price)
        for group, amount in _each_token_once(seen).items()
        if (price := seen.prices.get((dict(group)["model"], dict(group)["token_type"]))) is not None
    }


def _per_run(seen: RawHistory, signal: str, unit: str, by: Level, amounts: Totals) -> Iterator[Found]:
    """Divide by the runs of the same release, or by all runs, which have no labels for tools and models."""
    shared = tuple(label for label in by if label == "release")
    runs = seen.total("agent_run_total", shared)
    yield from _events("run", shared, runs)
    yield from _named(f"{_level(by)}:agent_{signal}:{unit}", _divided(amounts, runs))


def _ratio(stem: str, top: Totals, bottom: Totals) -> Iterator[Found]:
    yield from _named(f"{stem}:numerator", top)
    yield from _named(f"{stem}:ratio", _divided(top, bottom))


def _divided(top: Totals, bottom: Totals) -> Totals:
    """Divide each group by the group that contains its labels; no ratio without events."""
    return {
        group: amount / events
        for group, amount in top.items()
        for whole, events in bottom.items()
        if whole <= group and events.high > 0 and events.true > 0
    }


def _filled(totals: Totals, exists: Totals) -> Totals:
    """Count 0 where events could have happened and did not."""
    return {**dict.fromkeys(exists, ZERO), **totals}


def _summed(totals: Totals, by: Level) -> Totals:
    summed: defaultdict[Labels, Bounded] = defaultdict(lambda: ZERO)
    for group, amount in totals.items():
        summed[frozenset(pair for pair in group if pair[0] in by)] += amount
    return dict(summed)


def _quantile(  # noqa: PLR0913 - the last two differ for one metric only
    seen: RawHistory,
    metric: str,
    stream: str,
    signal: str,
    q: float,
    levels: Sequence[Level],
    unit: str = "seconds",
    divisor: float = 1000,
) -> Iterator[Found]:
    for by in levels:
        observed = seen.total(f"{metric}_count", by)
        buckets: defaultdict[Labels, list[tuple[float, Bounded]]] = defaultdict(list)
        for group, count in seen.total(f"{metric}_bucket", (*by, "le")).items():
            edge = float(dict(group)["le"])
            buckets[frozenset(pair for pair in group if pair[0] != "le")].append((edge, count))
        yield from _events(stream, by, observed)
        values = {
            group: _bounded_quantile(q, sorted(edges)).times(1 / divisor)
            for group, edges in buckets.items()
            if observed[group].true > 0
        }
        yield from _named(f"{_level(by)}:agent_{signal}:{unit}", values)


def _bounded_quantile(q: float, buckets: Sequence[tuple[float, Bounded]]) -> Bounded:
    """The more lies in the low buckets the lower is the quantile, so its bounds come from the shares' bounds."""
    every = buckets[-1][1]
    edges = [edge for edge, _ in buckets]
    least = [count.low / every.high - _HAIR for _, count in buckets[:-1]]
    most = [count.high / every.low + _HAIR if every.low else 1.0 for _, count in buckets[:-1]]
    true = [count.true / every.true for _, count in buckets[:-1]]
    return Bounded(
        *(quantile(q, list(zip(edges, [*shares, 1.0], strict=True))) for shares in (most, true, least))
    )


def quantile(q: float, buckets: Sequence[tuple[float, float]]) -> float:
    """Interpolate in the bucket in which the share ``q`` is reached; beyond the last finite one return its bound.

    Args:
        q: Between 0 and 1.
        buckets: Upper bounds, ascending to infinity, and the share of all observations up to each.
    """
    for (lower, below), (upper, reached) in pairwise([(0.0, 0.0), *buckets]):
        if reached >= q:
            inside = reached - below
            return lower if upper == float("inf") else lower + (upper - lower) * (q - below) / inside
    return buckets[-2][0]


def _events(stream: str, by: Level, totals: Totals) -> Iterator[Found]:
    """Name the events of the window, which are recorded once for all ratios over them."""
    return _named(f"{_level(by)}:agent_{stream}:increase15m", totals)


def _named(name: str, totals: Totals) -> Iterator[Found]:
    return ((name, group, value) for group, value in totals.items())


def _level(by: Level) -> str:
    return "_".join(sorted(by)) or "service"
