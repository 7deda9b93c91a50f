"""Error budgets: bad events and their share over the windows of burn rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.alerts import BurnRate
from generator.model.signals import Share, Signal
from generator.prometheus.recording.streams import of_metric, record, recorded
from generator.promql.expr import call, number, total

if TYPE_CHECKING:
    from generator.model.service import Service, Site
    from generator.prometheus.rules import RecordingRule


def burning(service: Service) -> dict[str, tuple[int, ...]]:
    """Find the signals whose budget is watched, and over which windows."""
    windows: dict[str, set[int]] = {}
    for alert in service.alerts:
        if isinstance(alert.kind, BurnRate):
            paces = [burn for tier in alert.tiers for burn in tier.burns]
            windows.setdefault(alert.signal, set()).update(
                window for burn in paces for window in (burn.long, burn.short)
            )
    return {signal: tuple(sorted(found)) for signal, found in windows.items()}


def sides(signal: Signal, service: Service) -> tuple[RecordingRule, ...]:
    """Record bad and all events per second of the whole service, so that days are cheap to sum."""
    stream = of_metric(signal.of).rate(service)
    every = total(stream.now())
    matching = total(stream.where(**signal.kind.where).now()) if isinstance(signal.kind, Share) else every
    filled = matching | number(0) * every
    good = isinstance(signal.kind, Share) and signal.kind.good
    return (
        record(names.part(signal, "events_rate"), every, service),
        record(names.part(signal, "errors_rate"), every - filled if good else filled, service),
    )


def over(signal: Signal, window: int, service: Service, site: Site) -> tuple[RecordingRule, ...]:
    """Record the bad events of a window and their share: sums over sums, never an average of ratios.

    Days are summed once for each side: the share reads the bad events that have just been recorded.
    """
    bad, every = (
        call("sum_over_time", recorded(names.part(signal, side), service).over(window - 1))
        * number(site.rule_interval)
        for side in ("errors_rate", "events_rate")
    )
    errors = names.windowed(signal, "errors", window)
    share = recorded(errors, service).now() / (every > number(0))
    return (
        record(errors, bad, service),
        record(names.windowed(signal, "error_ratio", window), share, service),
    )
