"""Raw series made by hand: all events are evenly spaced, so that records are exact to the last digit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.live.remote_write import TimeSeries
from tests.prometheus.chain import T0
from tests.prometheus.increments import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.model.service import Service

SCRAPE = 15
# Samples lie between the instants at which rules are evaluated, as in life.
PHASE = 7
#: The initial scrapes of old counters: Prometheus extrapolates a young one no further back than to 0.
_AGE = 1000
_QUARTER = 15 * MINUTE
_OK = {"completed": "ok", "max_steps": "ok", "paused": "ok"}


class Stretch(Struct, frozen=True):
    """Some minutes of one release, with evenly spaced events.

    Attributes:
        minutes: The length.
        release: The running release.
        runs: Finished runs in 15 minutes, over all instances.
        reasons: Shares of the runs by stop reason.
        latency: The share of the runs up to each bucket's bound (ms).
        steps: The same for steps.
        calls: By tool the calls of a run, and the share of failing ones.
        tokens: By model and token type the tokens of a run.
        llm_errors: By model and error class the errors of a run.
    """

    minutes: int
    release: str = "r1"
    runs: float = 150
    reasons: Mapping[str, float] = field(default_factory=lambda: {"completed": 0.98, "step_error": 0.02})
    latency: Mapping[float, float] = field(default_factory=lambda: {250: 0.5, 1000: 0.98, 2000: 1})
    steps: Mapping[float, float] = field(default_factory=lambda: {2: 0.5, 8: 1})
    calls: Mapping[str, tuple[float, float]] = field(default_factory=lambda: {"search_docs": (2, 0.01)})
    tokens: Mapping[tuple[str, str], float] = field(
        default_factory=lambda: {("gpt-4o", "prompt"): 3000, ("gpt-4o", "completion"): 400}
    )
    llm_errors: Mapping[tuple[str, str], float] = field(default_factory=dict)


Labels = tuple[tuple[str, str], ...]


def craft(
    service: Service,
    stretches: Sequence[Stretch],
    *,
    instances: int = 2,
    restarts: Mapping[int, int] | None = None,
    start: int = T0,
) -> list[TimeSeries]:
    """Build the series of stretches that follow one another from ``start``.

    All series of a release exist from its first stretch to the end of its last one. ``restarts`` is the minute at which
    all counters of an instance begin at 0 again.
    """
    return [
        _series(service, f"10.0.0.{number}:8000", labels, found, (restarts or {}).get(number), start)
        for number in range(instances)
        for labels, found in _increments(service, stretches, instances).items()
    ]


def _increments(
    service: Service, stretches: Sequence[Stretch], instances: int
) -> dict[Labels, dict[int, float]]:
    """Compute by series the increment in each scrape of an instance."""
    found: dict[Labels, dict[int, float]] = {}
    offset = 0
    for stretch in stretches:
        scrapes = range(offset, offset := offset + stretch.minutes * MINUTE // SCRAPE)
        each = stretch.runs / instances * SCRAPE / _QUARTER
        for labels, per_run in _per_run(service, stretch):
            found.setdefault(labels, {}).update(dict.fromkeys(scrapes, per_run * each))
    lived: dict[str, set[int]] = {}
    for labels, amounts in found.items():
        lived.setdefault(dict(labels)["release"], set()).update(amounts)
    # A series stays constant where its release lives and it does not grow.
    scrapes_of = {release: sorted(scrapes) for release, scrapes in lived.items()}
    return {
        labels: {scrape: amounts.get(scrape, 0) for scrape in scrapes_of[dict(labels)["release"]]}
        for labels, amounts in found.items()
    }


def _per_run(service: Service, stretch: Stretch) -> Iterator[tuple[Labels, float]]:
    """Compute the growth of each series by one run."""
    for reason, share in stretch.reasons.items():
        status = _OK.get(reason, "error")
        yield _labels("agent_run_total", stretch, status=status, stop_reason=reason), share
    yield from _histogram(service, "agent_run_latency_ms", stretch, stretch.latency, 1)
    yield from _histogram(service, "agent_steps_per_run", stretch, stretch.steps, 1)
    for tool, (calls, failing) in stretch.calls.items():
        yield _labels("agent_tool_call_total", stretch, tool=tool, status="ok"), calls * (1 - failing)
        if failing:
            yield _labels("agent_tool_call_total", stretch, tool=tool, status="error"), calls * failing
            labels = _labels("agent_tool_error_total", stretch, tool=tool, error_class="timeout")
            yield labels, calls * failing
        yield from _histogram(service, "agent_tool_latency_ms", stretch, {100: 0.9, 500: 1}, calls, tool=tool)
    for (model, token_type), tokens in stretch.tokens.items():
        yield _labels("agent_token_usage_total", stretch, model=model, token_type=token_type), tokens
    for (model, error_class), errors in stretch.llm_errors.items():
        yield _labels("agent_llm_error_total", stretch, model=model, error_class=error_class), errors


def _histogram(
    service: Service,
    name: str,
    stretch: Stretch,
    shares: Mapping[float, float],
    per_run: float,
    **labels: str,
) -> Iterator[tuple[Labels, float]]:
    for bound in service.metrics[name].buckets:
        up_to = max((share for edge, share in shares.items() if edge <= bound), default=0.0)
        yield _labels(f"{name}_bucket", stretch, le=f"{float(bound)}", **labels), up_to * per_run
    yield _labels(f"{name}_bucket", stretch, le="+Inf", **labels), per_run
    yield _labels(f"{name}_count", stretch, **labels), per_run


def _labels(name: str, stretch: Stretch, **labels: str) -> Labels:
    return tuple({"__name__": name, **labels, "release": stretch.release}.items())


def _series(  # noqa: PLR0913 - a series is all of this
    service: Service,
    instance: str,
    labels: Labels,
    increments: Mapping[int, float],
    restart: int | None,
    start: int,
) -> TimeSeries:
    value, timestamps, values = _AGE * max(1.0, *increments.values()), [], []
    for scrape, increment in increments.items():
        value = increment if scrape * SCRAPE == (restart or 0) * MINUTE and restart else value + increment
        timestamps.append((start + PHASE + scrape * SCRAPE) * 1000)
        values.append(value)
    return TimeSeries({**service.selector, "instance": instance, **dict(labels)}, timestamps, values)
