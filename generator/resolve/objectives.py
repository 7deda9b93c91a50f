"""Objectives: the promised bound of each signal, in base units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.diagnostics import Findings, Note, Span
from generator.model.service import Objective, Site
from generator.model.signals import SPEND, Better, Distribution, Share, Signal, lowest, top_bucket
from generator.model.units import DAY, Unit, human
from generator.notation.names import look_up
from generator.notation.quantities import SMALLEST, amount
from generator.notation.times import objective_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.spec.types import Entry, ObjectiveSpec, ServiceSpec, Text


#: A quantile between two bounds of buckets that are further apart than by this factor is a guess, unless near one.
_COARSE, _NEAR = 3, 1.1
#: The replacement for a refused window.
DEFAULT_WINDOW = 30 * DAY


def resolve_objectives(  # noqa: PLR0913, PLR0917 - whose they are, and what they are held against
    defaults: Iterable[Entry[ObjectiveSpec]],
    own: Iterable[Entry[ObjectiveSpec]],
    service: ServiceSpec | None,
    site: Site,
    signals: Mapping[str, Signal],
    findings: Findings,
) -> dict[str, Objective]:
    """Override a profile's objectives by the service's own; without a service, resolve the profile's."""
    defaults = tuple(defaults)
    entries = {entry.key.value: entry for entry in (*defaults, *own)}
    objectives: dict[str, Objective] = {}
    for of_profile in defaults:
        for segment in of_profile.value.by:
            findings.error(
                "objective/by",
                "a profile has no segments, and so no bounds by them",
                segment.key.span,
                "write the bounds into the service that has the segment",
            )
    for name, entry in entries.items():
        signal = look_up(entry.key, signals, "signal", findings)
        if signal and (objective := objective_of(entry, signal, service, site, findings)):
            objectives[name] = objective
    if service and (spec := service.budget):
        bound = _above_zero(spec.per_day, amount(spec.per_day, Unit.USD, "a budget", findings), findings)
        if bound is not None and _has_spend(signals, spec.per_day, findings):
            promised = objectives.get(SPEND)
            if promised and promised.bound != bound:
                _refuse_other_limit(service, spec.per_day, findings)
            objectives[SPEND] = Objective(SPEND, bound, None, "budget")
    return objectives


def _refuse_other_limit(service: ServiceSpec, budget: Text, findings: Findings) -> None:
    """Refuse a service's own objective of spend beside another budget; a profile's is a default."""
    for entry in service.objectives:
        if entry.key.value == SPEND and (limit := entry.value.max or entry.value.min):
            findings.error(
                "objective/limited-twice",
                f"the objective of {SPEND} is {limit.value}, and the budget of a day is {budget.value}: both are the "
                "limit of the same amount",
                limit.span,
                f"keep one of the two: budget: {{per_day: {limit.value}}}, or this objective without a budget",
                Note("the budget is here", budget.span),
            )


def _above_zero(text: Text, bound: float | None, findings: Findings) -> float | None:
    """Refuse a budget of zero, which the first cent of every day would exceed."""
    if bound == 0:
        findings.error(
            "unit/range",
            f'a budget must be above zero, not "{text.value}"',
            text.span,
            "write it like $200; without a budget, leave it out",
        )
        return None
    return bound


def _has_spend(signals: Mapping[str, Signal], budget: Text, findings: Findings) -> bool:
    if SPEND not in signals:
        findings.error(
            "objective/no-spend",
            "a budget needs the signal spend, which the profile does not have",
            budget.span,
            "add to the profile, under signals: spend: {cost: {of: <the counter of tokens, or the stream cost>}, "
            "window: 24h, ...}",
        )
    return SPEND in signals


def objective_of(
    entry: Entry[ObjectiveSpec], signal: Signal, service: ServiceSpec | None, site: Site, findings: Findings
) -> Objective | None:
    """Resolve the objective of a signal; None where it has an error."""
    spec = entry.value
    wanted = _direction(spec, signal)
    written = spec.min if wanted == "min" else spec.max
    if written is None or (spec.min and spec.max):
        findings.error(
            "objective/direction",
            _why(wanted, signal),
            entry.key.span,
            f"write {signal.name}: {{{wanted}: ...}}",
        )
        return None
    what = f"an objective of {signal.name}"
    bound = amount(written, signal.unit, what, findings, exposed=signal.of.exposed_unit)
    if signal.name == SPEND:
        bound = _above_zero(written, bound, findings)
    if bound is None:
        return None
    found = Findings()
    _check_reachable(signal, bound, written.span, _own_buckets(signal, service), found)
    findings.add(*found.all)
    if found.failed:  # alerts on it would only repeat that
        return None
    return Objective(signal.name, bound, _window(spec, signal, site, findings))


def _why(wanted: str, signal: Signal) -> str:
    """Say which key an objective has."""
    if signal.better is not Better.NEITHER:
        return f'an objective for {signal.name} uses "{wanted}", because {signal.better} is better'
    if isinstance(signal.kind, Distribution):
        return (
            f'an objective for {signal.name} uses "max": not every {signal.kind.label} can have a large share'
        )
    return f'an objective for {signal.name} uses "min" or "max", not both'


def _direction(spec: ObjectiveSpec, signal: Signal) -> str:
    """Choose the key of an objective; for a signal without a direction, its author's key."""
    if signal.better is Better.NEITHER and not isinstance(signal.kind, Distribution):
        return "min" if spec.min else "max"
    return "min" if signal.better is Better.HIGHER else "max"


def directed(
    signals: Mapping[str, Signal],
    entries: Iterable[Entry[ObjectiveSpec]],
    objectives: Mapping[str, Objective],
) -> dict[str, Signal]:
    """Set the direction of each signal that has none from its objective."""
    turned = dict(signals)
    for entry in entries:
        signal = signals.get(entry.key.value)
        if signal and entry.key.value in objectives and signal.better is Better.NEITHER:
            better = Better.HIGHER if _direction(entry.value, signal) == "min" else Better.LOWER
            kind = (
                replace(signal.kind, good=better is Better.HIGHER)
                if isinstance(signal.kind, Share)
                else signal.kind
            )
            turned[signal.name] = replace(signal, better=better, kind=kind)
    return turned


def _window(spec: ObjectiveSpec, signal: Signal, site: Site, findings: Findings) -> int | None:
    """Read the window of an error budget; only a share has one."""
    if spec.window is None:
        return None
    if not isinstance(signal.kind, Share):
        findings.error(
            "objective/window",
            f"{signal.name} is no share of events, and has no error budget: window would do nothing",
            spec.window.span,
            "leave window out; the signal's own definition sets its window",
        )
        return None
    return objective_window(spec.window, DEFAULT_WINDOW, site, findings)


def _own_buckets(signal: Signal, service: ServiceSpec | None) -> Note | None:
    """Point at the buckets that a service gives a metric: the objective may be its profile's."""
    if service is None:
        return None
    spans = (entry.key.span for entry in service.metrics if entry.key.value == signal.of.metric)
    return next((Note(f"{service.service.value} gives it these buckets", span) for span in spans), None)


def _check_reachable(
    signal: Signal, bound: float, span: Span, buckets: Note | None, findings: Findings
) -> None:
    top, least = top_bucket(signal), lowest(signal)
    if least and bound <= least:
        fate = "never be missed" if signal.better is Better.HIGHER else "only be missed"
        first, shown = (human(one, signal.unit) for one in (signal.of.buckets[0], least))
        findings.error(
            "objective/never-missed",
            f"an objective of {human(bound, signal.unit)} can {fate}: the first bucket of {signal.of.metric} ends at "
            f"{first}, and {signal.name} never shows less than {shown}",
            span,
            f"promise more than {shown}, or give {signal.of.metric} smaller buckets under metrics",
            *((buckets,) if buckets else ()),
        )
    elif top is not None and bound >= top:
        fate = "only be missed" if signal.better is Better.HIGHER else "never be missed"
        findings.error(
            "objective/never-missed",
            f"an objective of {human(bound, signal.unit)} can {fate}: the last bucket of "
            f"{signal.of.metric} ends at {human(top, signal.unit)}, and a quantile never shows more",
            span,
            f"promise less than {human(top, signal.unit)}, or give {signal.of.metric} larger buckets under metrics",
            *((buckets,) if buckets else ()),
        )
    elif top is not None:
        _check_fineness(signal, bound, top, span, findings)
    if signal.unit is Unit.RATIO and not SMALLEST <= bound <= 1 - SMALLEST:
        findings.error(
            "objective/share",
            f"a share of {human(bound, signal.unit)} leaves nothing to promise",
            span,
            "give a share between 0.0001% and 99.9999%",
        )


def _check_fineness(signal: Signal, bound: float, top: float, span: Span, findings: Findings) -> None:
    """Note an objective far from the bounds of buckets around it: a quantile there depends on the bucket alone."""
    below = max((one for one in signal.of.buckets if one <= bound), default=0.0)
    above = min(one for one in signal.of.buckets if one > bound)
    if bound <= _NEAR * below or above <= _NEAR * bound or above <= _COARSE * below:
        return
    aim, low, high = (human(one, signal.unit) for one in (bound, below, above))
    ends = [end for end, wanted in ((low, below > 0), (high, above < top)) if wanted]
    findings.info(
        "objective/coarse-buckets",
        f"an objective of {aim} is in a bucket of {signal.of.metric} from {low} to {high}: within this bucket "
        f"the value of {signal.name} is only interpolated, and alerts compare that value",
        span,
        f"give {signal.of.metric} a bucket that ends at {aim}"
        + (f", or promise {' or '.join(ends)}" if ends else ""),
    )
