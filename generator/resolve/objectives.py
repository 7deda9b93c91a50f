"""Objectives: the promised bound of each signal, in base units, and the alerts that follow from objectives.

An objective that no alert watches gets alerts of its own. The service's alerts override them, so that a service can
change them key by key, or turn them off.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts.longer import is_mean
from generator.diagnostics import Findings, Note, Span
from generator.model.names import LONGEST_ALERT_NAME
from generator.model.service import Objective, Site
from generator.model.signals import (
    SPEND,
    Better,
    Cost,
    Count,
    Distribution,
    Level,
    Quantile,
    Ratio,
    Share,
    Signal,
    Tokens,
    divisor,
    lowest,
    top_bucket,
)
from generator.model.units import HOUR, Unit, human
from generator.notation.names import look_up_signal
from generator.notation.quantities import SMALLEST, amount, stands_on_objective
from generator.notation.times import objective_window
from generator.spec.types import AlertKindSpec, AlertSpec, Entry, Keyed, Located, SignalsSpec, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.alerts.draft import AlertScope
    from generator.spec.types import ObjectiveSpec, ServiceSpec

#: A quantile between two bounds of buckets that are further apart than by this factor is a guess, unless near one.
_COARSE, _NEAR = 3, 1.1
#: A promised share of good events below this is a slip, such as 0.95% for 95%.
_HARDLY = 0.01
_PLAIN = re.compile(r"[0-9.]+")
#: Suffixes of the names of alerts on a missed objective, and on an error budget that burns too fast.
MISSED, BURN = "Missed", "Burn"
_DIGITS = 6
#: The fewest bad events, and the fewest events, of the library's own alerts on objectives.
_FEWEST_BAD, _FEWEST = 5, 10
#: The longer window, for signals whose own window has too few events; and the time by which they outlast a condition.
_LONGER, _KEPT = "3h", "30m"
_LONGEST_OWN = HOUR


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
        signal = look_up_signal(entry.key, signals, findings)
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
    bound = amount(written, signal.unit, what, findings, of=signal)
    if signal.name == SPEND:
        bound = _above_zero(written, bound, findings)
    if bound is None:
        return None
    found = Findings()
    _check_reachable(signal, bound, written.span, _own_buckets(signal, service), found)
    _check_share(signal, bound, written.span, found)
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
    return objective_window(spec.window, site, findings)


def _own_buckets(signal: Signal, service: ServiceSpec | None) -> Note | None:
    """Point at the buckets that a service gives a metric: the objective may be its profile's."""
    if service is None:
        return None
    entry = next((one for one in service.metrics if one.key.value == signal.of.metric), None)
    if entry is None:
        return None
    plain = signal.of.exposed_unit and any(_PLAIN.fullmatch(text.value) for text in entry.value.buckets)
    said = f"; plain numbers are {signal.of.exposed_unit}" if plain else ""
    return Note(f"{service.service.value} gives it these buckets{said}", entry.key.span)


def _check_reachable(
    signal: Signal, bound: float, span: Span, buckets: Note | None, findings: Findings
) -> None:
    """Refuse an objective beyond what the buckets of its signal can show."""
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


def _check_share(signal: Signal, bound: float, span: Span, findings: Findings) -> None:
    """Refuse a share of nothing or of everything, and warn of one that hardly promises anything."""
    if signal.unit is Unit.RATIO and not SMALLEST <= bound <= 1 - SMALLEST:
        findings.error(
            "objective/share",
            _of_no_share(bound),
            span,
            "give a share between 0.0001% and 99.9999%",
        )
    elif signal.unit is Unit.RATIO and signal.better is Better.HIGHER and bound < _HARDLY:
        findings.warning(
            "objective/scale",
            f"{signal.name} is promised to be at least {human(bound, signal.unit)}, and nearly all events may be bad",
            span,
            f"write {human(bound * 100, signal.unit)} if that is meant",
        )


def _of_no_share(bound: float) -> str:
    if bound not in {0, 1} and bound < 1:
        return "this share is too near to none or to all events"
    fate = "is more than all events" if bound > 1 else "leaves nothing to promise"
    return f"a share of {human(bound, Unit.RATIO)} {fate}"


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


class Watched(Struct, frozen=True):
    """The written alerts, and the other inputs of the alerts on objectives."""

    alerts: Mapping[str, Entry[AlertSpec]]
    library: SignalsSpec | None
    scope: AlertScope

    @property
    def place(self) -> Span:
        """The place of defaults, which no author wrote."""
        return self.library.span if self.library else Span.of_file("")


def objective_alerts(objectives: Iterable[Text], watched: Watched) -> Iterator[Entry[AlertSpec]]:
    """Make the missing alerts of ``objectives``, the keys of the written objectives."""
    for key in {key.value: key for key in objectives}.values():
        signal, objective = watched.scope.signals.get(key.value), watched.scope.objectives.get(key.value)
        if signal is None or objective is None:
            continue
        if not _has("threshold", signal, watched):
            yield _missed(key, signal, watched)
        if objective.window and not _has("burn_rate", signal, watched):
            yield from _burn(key, signal, watched)


def _has(kind: str, signal: Signal, watched: Watched) -> bool:
    return any(_is_watched(entry.value, kind, signal, watched) for entry in watched.alerts.values())


def _is_watched(spec: AlertSpec, kind: str, signal: Signal, watched: Watched) -> bool:
    """Whether an alert watches the objective: any alert of an author, or one of the library on the objective."""
    body: AlertKindSpec | None = getattr(spec, kind)
    if body is None or body.signal is None or body.signal.value != signal.name:
        return False
    bounds = [text for text in (spec.warning, spec.critical) if text]
    is_default = all(
        text.span.file == watched.place.file and not stands_on_objective(text.value) for text in bounds
    )
    return kind == "burn_rate" or not is_default


def _missed(key: Text, signal: Signal, watched: Watched) -> Entry[AlertSpec]:
    """Make a ticket for a missed objective; where the worst part represents a signal, each part must meet it."""
    place = watched.place
    by = signal.kind.label if isinstance(signal.kind, Distribution) else signal.worst_by
    by = by if (by,) in signal.levels else None
    bad, fewest = _floors(signal)
    spec = replace(
        _NOTHING,
        span=place,
        threshold=_about(signal, by, place, also_over=_LONGER if _is_rare(signal) else ""),
        warning=Located("objective", place),
        keep_firing_for=Located(_KEPT, place),
        min_bad_events=Located(bad, place) if bad else None,
        min_events=Located(fewest, place) if fewest else None,
        summary=f"Signal {signal.name} misses its objective.",
        means=(
            "The signal is beyond what its spec promises. Since when is it so: compare the releases, then the signals "
            "that moved with it."
        ),
    )
    return Entry(Located(_name(signal, MISSED, watched), key.span), spec)


def _burn(key: Text, signal: Signal, watched: Watched) -> Iterator[Entry[AlertSpec]]:
    """Watch an error budget as the library watches its first one."""
    written = watched.library.alerts if watched.library else ()
    default = next((entry.value for entry in written if entry.value.burn_rate), None)
    if default is not None:
        spec = replace(
            default,
            burn_rate=_about(signal, None, watched.place),
            disabled=None,
            summary=f"Signal {signal.name} spends its error budget too fast.",
        )
        yield Entry(Located(_name(signal, BURN, watched), key.span), spec)


def _floors(signal: Signal) -> tuple[int, int]:
    """Choose the fewest bad events, and the fewest events, on which a signal can miss its objective."""
    match signal.kind:
        case Share() | Distribution() | Quantile():
            return _FEWEST_BAD, 0
        case Ratio() | Tokens() | Cost() | Count() | Level():
            return 0, _FEWEST if divisor(signal) else 0


def _is_rare(signal: Signal) -> bool:
    """Whether a longer window shows more of a signal than its own window does."""
    has_one = isinstance(signal.kind, Share | Distribution | Quantile) or is_mean(signal)
    return has_one and signal.window <= _LONGEST_OWN


def _about(signal: Signal, by: str | None, place: Span, *, also_over: str = "") -> AlertKindSpec:
    return AlertKindSpec(
        span=place,
        signal=Located(signal.name, place),
        by=Located(by, place) if by else None,
        over=None,
        beyond=None,
        unfinished=None,
        also_over=Located(also_over, place) if also_over else None,
        watch=None,
    )


def _name(signal: Signal, end: str, watched: Watched) -> str:
    """Name an alert after its signal: ``AgentHandoverRateMissed``.

    A name that is too long, or could belong to another signal's alert or a written one, ends in a digest.
    """
    words = "".join(part.capitalize() for part in signal.name.split("_"))
    name = f"Agent{words}{end}"
    taken = watched.alerts.get(name)
    others = (other for other in watched.scope.signals if other != signal.name)
    if (
        len(name) <= LONGEST_ALERT_NAME
        and taken is None
        and words.lower() not in {other.replace("_", "") for other in others}
    ):
        return name
    digest = sha256(signal.name.encode()).hexdigest()[:_DIGITS].upper()
    room = LONGEST_ALERT_NAME - len("Agent") - len(end) - _DIGITS
    return f"Agent{words[:room]}{digest}{end}"


_NOTHING = AlertSpec(
    span=Span.of_file(""),
    written=frozenset(),
    **dict.fromkeys(name for name in AlertSpec.__struct_fields__ if name not in Keyed.__struct_fields__),
)
