"""Objectives from the past: a little looser than the last days, in numbers that people write."""

from __future__ import annotations

from math import floor, isfinite, log10, sqrt
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.checks.practice import only_successes
from generator.diagnostics.wording import counted, printable
from generator.model import names
from generator.model.alerts import Threshold
from generator.model.signals import SPEND
from generator.model.units import DAY, MINUTE, duration, human_number, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.api import PrometheusApi
    from generator.model.service import Service
    from generator.model.streams import Stream

#: With fewer runs or calls no objective is derived.
ENOUGH = 100
#: The factor by which an objective is looser than the past.
_ROOM = 1.25
#: The standard deviations by which the errors of the next days may exceed those of the past.
_SIGMAS = 2
_LATENCY = "latency_p95"
_STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_LEAST_ERRORS = 0.001
#: A tool that fails more often than this is broken, and its past is no objective.
_MOST_ERRORS = 0.2
#: A day that costs this much more than the most expensive one is unusual.
_DEARER = 1.5
#: The line where nothing says what a day costs, and what it is.
PLACEHOLDER = (
    "# budget: {per_day: $100}",
    "what a day may cost: write your own amount, which turns a page on",
)


class ProposedObjective(Struct, frozen=True):
    """An objective, as YAML, and its reason."""

    signal: str
    text: str
    why: str


class ProposedSilence(Struct, frozen=True):
    """An alert that would fire for ever, and the reason with a way out, as text of the spec."""

    alert: str
    why: str


class StreamHistory(Struct, frozen=True):
    """The streams of a service over a span of ``seconds`` that ends at ``end``, a sample each ``interval`` seconds."""

    api: PrometheusApi
    end: float
    seconds: int
    interval: int

    def total(self, stream: Stream, service: str, by: str = "", where: str = "") -> Mapping[str, float]:
        """Sum the events of a stream, by the value of a label.

        Raises:
            LiveError: the server fails.
        """
        labels = f'{names.SERVICE}="{service}"{where}'
        expr = f"sum by ({by}) (sum_over_time({names.rate(stream)}{{{labels}}}[{self.seconds}s])) * {self.interval}"
        return {one.labels.get(by, ""): one.value for one in self.api.query(expr, self.end)}

    def quantile(self, stream: Stream, service: str) -> float | None:
        """Compute the 95th percentile of a histogram; None without observations.

        Raises:
            LiveError: the server fails.
        """
        selector = f'{names.rate(stream)}{{{names.SERVICE}="{service}"}}'
        expr = f"histogram_quantile(0.95, sum by (le) (sum_over_time({selector}[{self.seconds}s])))"
        values = [one.value for one in self.api.query(expr, self.end)]
        return next((value for value in values if isfinite(value)), None)


def finished_runs(service: Service, history: StreamHistory) -> float:
    """Count the finished runs.

    Raises:
        LiveError: the server fails.
    """
    return sum(history.total(service.runs, service.name).values())


def promises(service: Service, history: StreamHistory) -> tuple[ProposedObjective, ...]:
    """Derive an objective for each usual signal with enough events.

    Raises:
        LiveError: the server fails.
    """
    if finished_runs(service, history) < ENOUGH:
        return ()
    return tuple(one for one in _derived(service, history) if one and one.signal in service.signals)


def _derived(service: Service, history: StreamHistory) -> Iterator[ProposedObjective | None]:
    streams = service.streams
    run = streams.get("run")
    if run and "status" in run.labels:
        yield _success(run, service, history)
    if latency := streams.get("run_latency"):
        yield _latency(latency, service, history)
    tools = streams.get("tool_call")
    if tools and {"status", "tool"} <= set(tools.labels):
        yield _tools(tools, service, history)


def _success(run: Stream, service: Service, history: StreamHistory) -> ProposedObjective | None:
    by_status = history.total(run, service.name, "status")
    every = sum(by_status.values())
    share = by_status.get("ok", 0) / every
    if 1 - share > _MOST_ERRORS:
        return None
    known = service.objectives.get("success_rate")
    window = duration(known.window) if known and known.window else "30d"
    return ProposedObjective(
        "success_rate",
        f"{{min: {_percent(1 - _errors(1 - share, every))}, window: {window}}}",
        f"{_share(share)} of {human_number(round(every))} {service.run}s were ok",
    )


def _latency(latency: Stream, service: Service, history: StreamHistory) -> ProposedObjective | None:
    """Choose a bucket's bound of the histogram, which is counted exactly; not the last one, which no value is above."""
    seconds = history.quantile(latency, service.name)
    if seconds is None or not latency.buckets or seconds >= latency.buckets[-1]:
        return None
    if only_successes(latency, service):
        return None
    wanted = seconds * _ROOM
    bound = next((one for one in latency.buckets[:-1] if one >= wanted), None)
    text = not_above(bound or min(wanted, (seconds + latency.buckets[-1]) / 2))
    return ProposedObjective(_LATENCY, f"{{max: {text}}}", f"it was {_time(seconds)}")


def silences(service: Service, history: StreamHistory) -> Iterator[ProposedSilence]:
    """Turn off the alerts that page while a time lies beyond its last bucket: AgentLatencyOverflow is about that.

    Raises:
        LiveError: the server fails.
    """
    latency = service.streams.get("run_latency")
    if latency is None or not latency.buckets or finished_runs(service, history) < ENOUGH:
        return
    seconds, last = history.quantile(latency, service.name), latency.buckets[-1]
    if seconds is not None and seconds >= last:
        why = f"5% of {service.run}s took longer than the last bucket, {_time(last)}: let the source have larger ones"
        for alert in service.alerts:
            if isinstance(alert.kind, Threshold) and alert.signal == _LATENCY:
                yield ProposedSilence(alert.name, why)


def _tools(tools: Stream, service: Service, history: StreamHistory) -> ProposedObjective | None:
    """Choose the objective that the worst tool keeps, of those with enough calls."""
    calls = history.total(tools, service.name, "tool")
    failed = history.total(tools, service.name, "tool", ', status="error"')
    rates = {tool: failed.get(tool, 0) / count for tool, count in calls.items() if count >= ENOUGH}
    worst = max(rates, key=lambda tool: (rates[tool], tool), default="")
    if not rates or rates[worst] > _MOST_ERRORS:
        return None
    return ProposedObjective(
        "tool_error_rate",
        f"{{max: {_percent(_errors(rates[worst], calls[worst]))}}}",
        f"{_share(rates[worst])} of calls of {printable(worst)} failed, the worst of {counted(len(rates), 'tool')}",
    )


def _errors(share: float, events: float) -> float:
    """Allow a few more errors than there were, in a number that people write; few of them vary more by chance."""
    by_chance = share + _SIGMAS * sqrt(share / events)
    return max(_LEAST_ERRORS, _above(max(share * _ROOM, by_chance)))


def _above(value: float) -> float:
    """Round up to 1, 1.5, 2 and so on in its order of magnitude."""
    if value <= 0:
        return 0
    size = 10.0 ** floor(log10(value))
    return next(step * size for step in _STEPS if step * size >= value * (1 - 1e-9))


def _share(share: float) -> str:
    return f"{share * 100:.4g}%"


def _percent(share: float) -> str:
    return f"{plain(round(share * 100, 6))}%"


def not_above(seconds: float) -> str:
    """Write a time, rounded down to milliseconds."""
    thousandths = floor(round(seconds * 1000, 6))
    return f"{thousandths}ms" if thousandths % 1000 else f"{thousandths // 1000}s"


def _time(seconds: float) -> str:
    return f"{plain(round(seconds * 1000))}ms" if seconds < 1 else f"{plain(round(seconds, 1))}s"


def spent(service: Service, history: StreamHistory) -> float | None:
    """Find the cost of the most expensive 24 hours in USD, scaled up from a shorter history; None if unknown.

    Raises:
        LiveError: the server fails.
    """
    if SPEND not in service.signals:
        return None
    record = names.value(service.signals[SPEND])
    expr = f'max(max_over_time({record}{{{names.SERVICE}="{service.name}"}}[{history.seconds}s]))'
    values = [one.value for one in history.api.query(expr, history.end)]
    return values[0] * max(1.0, DAY / history.seconds) if values and values[0] > 0 else None


def budget(service: Service, history: StreamHistory | None) -> tuple[str, str]:
    """Write the line with the budget of a day, half above the most expensive one, and the reason.

    Without a history it is a comment: an alert that pages compares with it, and nobody should be paged by a guess.

    Raises:
        LiveError: the server fails.
    """
    if not {"cost", "token_usage"} & service.streams.keys():
        return "", ""
    if history is None or (usd := spent(service, history)) is None:
        return PLACEHOLDER
    return (
        f"budget: {{per_day: ${plain(round(_above(usd * _DEARER), 6))}}}",
        cost_of_a_day(usd, history.seconds),
    )


def cost_of_a_day(usd: float, seconds: int) -> str:
    """Write the cost of a day in USD: the measured one, or a guess from a shorter history."""
    if seconds >= DAY:
        return f"the most expensive day cost ${usd:,.2f}"
    known = duration(max(1, round(seconds / MINUTE)) * MINUTE)
    return f"a guess: at the pace of {known} a day costs ${usd:,.2f}"
