"""How much traffic the cases have, and how far from a bound they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.signals import Better, Distribution, Share, Signal, top_bucket

if TYPE_CHECKING:
    from generator.model.alerts import Alert
    from generator.model.service import Service

#: Events a scrape: far above every floor.
PLENTY = 1_000.0
#: How far beyond or inside a bound a case stands, as a part of the bound.
MARGIN = 0.02


def labels_for(alert: Alert, signal: Signal, service: Service) -> dict[str, str]:
    """Choose the value that an alert by label is tried with."""
    if alert.by is None:
        return {}
    label = service.labels[alert.by]
    return {
        alert.by: (*label.limits, *label.values, f"{label.name}-1")[0]
        if isinstance(signal.kind, Distribution)
        else (*label.values, f"{label.name}-1")[0]
    }


def around(signal: Signal, bound: float) -> tuple[float, float]:
    """Find values just beyond and just inside a bound; of a good share the margin is taken of its bad part."""
    share = isinstance(signal.kind, Share | Distribution)
    if signal.better is Better.HIGHER and not share:
        return bound * (1 - MARGIN), bound * (1 + MARGIN)
    if signal.better is Better.HIGHER:
        bad = 1 - bound
        return 1 - _beyond(bad, 1), 1 - bad * (1 - MARGIN)
    # A quantile shows no more than its last bucket, and a share no more than all, however close the bound is.
    return _beyond(bound, 1 if share else top_bucket(signal)), bound * (1 - MARGIN)


def _beyond(bound: float, most: float | None) -> float:
    beyond = bound * (1 + MARGIN)
    return beyond if most is None else min(beyond, (bound + most) / 2)


def worsened(signal: Signal, base: float, by: float, *, relative: bool) -> float:
    """Make a value worse by a difference, or by a part of itself; nothing is less than nothing."""
    sign = -1 if signal.better is Better.HIGHER else 1
    return max(0.0, base * (1 + sign * by) if relative else base + sign * by)
