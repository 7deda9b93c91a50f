"""``practice/averages-only``: times without a median and a tail, which an average hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, warning
from generator.model.signals import Quantile

if TYPE_CHECKING:
    from generator.checks.facts import Facts
    from generator.model.metrics import Metric
    from generator.model.service import Service

CODE = "practice/averages-only"
#: Exposed units of time.
_TIMES = {"ms", "s"}
_MEDIAN = 0.5
_TAIL = 0.95


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Warn of every metric of times without a signal for its median and its tail."""
    return tuple(
        warning(
            CODE,
            f"{name} is not seen by its {' and '.join(missing)}: an average hides the slow runs",
            each.service.where(f"metrics.{name}"),
            _help(each.service.metrics[name], _called(name, each.service), missing),
        )
        for each in facts.services
        for name, missing in averages(each.service).items()
    )


def averages(service: Service) -> dict[str, list[str]]:
    """Find the metrics of times, by name, that lack ``p50`` or ``p95``."""
    times = (metric for metric in service.metrics.values() if metric.unit in _TIMES and not metric.is_gauge)
    lacking = {metric.name: _missing(metric, service) for metric in times}
    return {name: missing for name, missing in lacking.items() if missing}


def _missing(metric: Metric, service: Service) -> list[str]:
    seen = {
        signal.kind.q
        for signal in service.signals.values()
        if signal.of.is_fed_by(metric.name) and isinstance(signal.kind, Quantile)
    }
    missing = [] if _MEDIAN in seen else ["p50"]
    return missing if any(q >= _TAIL for q in seen) else [*missing, "p95"]


def _called(metric: str, service: Service) -> str:
    """Name the stream that a metric feeds, as signals name it."""
    return next(stream.name for stream in service.streams.values() if stream.is_fed_by(metric))


def _help(metric: Metric, stream: str, missing: list[str]) -> str:
    if not metric.is_histogram:
        return "expose the times as a histogram; a sum of times only gives averages"
    quantiles = {"p50": _MEDIAN, "p95": _TAIL}
    wanted = " and ".join(f"quantile: {{of: {stream}, q: {quantiles[name]}}}" for name in missing)
    return f"add signals with {wanted}"
