"""The numbers of an alert: each severity's bound, and the floors, the fewest events or bad events on which it fires.

A value must be able to get beyond a bound, and a floor must have an effect, and be in reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics import Diagnostic, Note, Severity
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS, Alert, AlertSeverity, Bound, Tier
from generator.model.signals import (
    Better,
    Cost,
    Count,
    Distribution,
    Level,
    Quantile,
    Share,
    Signal,
    divisor,
    lowest,
    top_bucket,
)
from generator.model.units import HOUR, Unit, duration, human, human_change, parse_duration, plain
from generator.notation.quantities import ResolvedBound, difference, resolve_bound, stands_on_objective
from generator.streams.roles import ROLES, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from generator.alerts.draft import AlertScope, Draft, SignalDraft
    from generator.diagnostics import Findings
    from generator.spec.types import AlertKindSpec, AlertSpec, Entry, Located, Text

    Read = Callable[[Text, SignalDraft], ResolvedBound | None]


class Reason(Struct, frozen=True):
    """The reason why a tier never fires, or fires always, and the way out."""

    text: str
    help: str = "choose a bound within reach"
    always: bool = False


if TYPE_CHECKING:
    #: Return the reason why a condition is never true, or never false; None if it is neither.
    OutOfReach = Callable[[float, SignalDraft], Reason | None]

#: The reasons of bounds that no value, or every value, is beyond.
NOT_ABOVE_ZERO = Reason("its bound is not above zero")
BELOW_ZERO = Reason("its bound is below zero", always=True)
ABOVE_ALL = Reason("a share never exceeds 100%")


def written_bounds(draft: SignalDraft) -> list[tuple[AlertSeverity, Text]]:
    """List the bounds as they are written, the most severe first; none at all is an error."""
    spec = draft.spec
    if spec.critical is None and spec.warning is None:
        draft.findings.error(
            "alert/no-bound",
            f'alert "{draft.name}" has no bound',
            draft.entry.key.span,
            "give warning, critical or both",
        )
    both = ((AlertSeverity.CRITICAL, spec.critical), (AlertSeverity.WARNING, spec.warning))
    return [(severity, text) for severity, text in both if text is not None]


def bounded_tiers(
    draft: SignalDraft, read: Read, out_of_reach: OutOfReach, *, falls: bool = False
) -> tuple[Tier, ...]:
    """Resolve the bounds, the most severe first; none where the alert needs an objective that is missing.

    Args:
        draft: The alert.
        read: The reader of a bound.
        out_of_reach: The reason why a bound is out of reach.
        falls: Whether values below the bound are bad.
    """
    tiers = tuple(_tiers(draft, read, out_of_reach))
    _check_order(tiers, draft, falls=falls)
    return tiers


def _tiers(draft: SignalDraft, read: Read, out_of_reach: OutOfReach) -> Iterator[Tier]:
    for severity, text in written_bounds(draft):
        bound = read(text, draft)
        if bound is None:
            continue
        why = out_of_reach(bound.value, draft)
        if why and not (why.always and _is_shared(text, draft)):
            report_unreachable(text, severity, why, draft)
            continue
        if why:
            _warn_of_one_without_end(severity, why, draft)
        yield Tier(severity, bound.value, bound.text, written=bound.written)


def _is_shared(text: Text, draft: SignalDraft) -> bool:
    """Whether a bound is a default of the shared rules, which no service can remove."""
    return draft.name in draft.scope.shared_alerts and not draft.scope.is_own(text)


def _warn_of_one_without_end(severity: AlertSeverity, why: Reason, draft: SignalDraft) -> None:
    draft.findings.warning(
        "alert/never-fires",
        f"{draft.name} of {draft.scope.service} would always be {severity}: {why.text}",
        draft.entry.key.span,
        f"{why.help}; or write under alerts: {draft.name}: {{disabled: <the reason>}}",
    )


def _check_order(tiers: tuple[Tier, ...], draft: SignalDraft, *, falls: bool) -> None:
    """Refuse a critical bound that is crossed before the warning's."""
    if len(tiers) < 2:  # noqa: PLR2004 - both
        return
    bounds = [text for text in (draft.spec.critical, draft.spec.warning) if text]
    critical, warning = tiers
    if critical.bound > warning.bound if falls else critical.bound < warning.bound:
        draft.findings.error(
            "alert/order",
            f"{draft.name} would be critical at {critical.text}, before it is a warning at {warning.text}",
            next((text.span for text in bounds if draft.scope.is_own(text)), draft.entry.key.span),
            _in_order(critical, warning, draft),
        )


def _in_order(critical: Tier, warning: Tier, draft: SignalDraft) -> str:
    """Explain how to order two bounds; a service cannot leave out a bound of its profile."""
    own = [
        text is not None and draft.scope.is_own(text) for text in (draft.spec.critical, draft.spec.warning)
    ]
    beyond, before = f"a critical bound beyond {warning.text}", f"a warning that comes before {critical.text}"
    if all(own):
        return "exchange the two, or leave one of them out"
    if not any(own):
        return "both are the profile's: exchange them there, or write bounds of the service's own"
    if own[0]:
        return f"the warning is the profile's: choose {beyond}, or write {before} beside it"
    return f"the critical bound is the profile's: choose {before}, or write {beyond} beside it"


def value_bound(text: Text, draft: SignalDraft) -> ResolvedBound | None:
    """Read the bound of a value, which may depend on the objective."""
    if draft.objective is None and stands_on_objective(text.value):
        draft.scope.off(draft.entry.key, text, draft.signal, "no objective")
        return None
    return resolve_bound(text, draft.signal, draft.objective, draft.findings)


def change_bound(text: Text, draft: SignalDraft) -> ResolvedBound | None:
    """Read the bound of a change: percentage points of a share, or a part of the earlier value."""
    value = difference(text, draft.signal.unit, f"a change of {draft.signal.name}", draft.findings)
    if value is None:
        return None
    words = human_change(value, draft.signal.unit)
    return ResolvedBound(value, words, Bound(value, None, words))


def change_out_of_reach(value: float, draft: SignalDraft) -> Reason | None:
    """Check the bound of a change: any change is at least 0, and no share changes by more than all of it."""
    if value <= 0:
        return NOT_ABOVE_ZERO
    share = draft.signal.unit is Unit.RATIO
    return Reason("a share cannot change by as much") if share and value > 1 else None


def beyond_buckets(value: float, signal: Signal) -> Reason | None:
    """Check the bound of a quantile: it is at most its last bucket, and at least a part of its first one."""
    top, least = top_bucket(signal), lowest(signal)
    metric, highest, smallest = signal.of.metric, human(top or 0, signal.unit), human(least, signal.unit)
    if top is not None and value >= top:
        return Reason(
            f"{signal.name} never shows more than its last bucket, {highest}",
            f"choose a bound below {highest}, or give {metric} larger buckets under metrics",
        )
    if value and value <= least:
        return Reason(
            f"{signal.name} never shows less than {smallest}, of its first bucket",
            f"choose a bound above {smallest}, or give {metric} smaller buckets under metrics",
            always=signal.better is not Better.HIGHER,
        )
    return None


def report_unreachable(text: Text, tier: str, reason: Reason, draft: SignalDraft) -> None:
    """Report a tier that cannot fire, or end: a default is dropped, and one that the author wrote is an error."""
    if draft.scope.is_own(text):
        fate = "would always be" if reason.always else "can never be"
        message = f"{draft.name} {fate} {tier}: {reason.text}"
        draft.findings.error("alert/never-fires", message, text.span, reason.help)
        return
    key = draft.entry.key
    place = text.span if text.span.file == key.span.file else key.span
    why = f"{reason.text}, so it would always be" if reason.always else reason.text
    message = f"{draft.name} of {draft.scope.service} is never {tier}: {why}"
    if not draft.findings.failed:  # else it may follow from an error that is already reported
        draft.findings.info("alert/tier-dropped", message, place)


def capped(alert: Alert, most: AlertSeverity | None) -> Alert:
    """Limit the severity of an alert to ``most``: keep the first allowed bound, or all the paces."""
    order = tuple(AlertSeverity)
    allowed = order[order.index(most) :] if most else order
    over = tuple(tier for tier in alert.tiers if tier.severity not in allowed)
    if most is None or not over:
        return alert
    kept = alert.tiers[len(over) :]
    if paces := tuple(dict.fromkeys(burn for tier in alert.tiers for burn in tier.burns)):
        return replace(alert, tiers=(replace(over[-1], severity=most, burns=paces),))
    return replace(alert, tiers=kept or (replace(over[-1], severity=most),))


def check_severity(entry: Entry[AlertSpec], findings: Findings, *, compared: bool) -> None:
    """Refuse keys without effect: bounds where nothing is ``compared``, a severity where bounds set it."""
    alert, spec = entry.key.value, entry.value
    if not compared:
        for name, text in (("warning", spec.warning), ("critical", spec.critical)):
            if text is not None:
                findings.error(
                    "alert/severity",
                    f"{alert} is true or not, without a bound, and would ignore {name}: {text.value}",
                    text.span,
                    f"leave {name} out"
                    if spec.severity
                    else f"write severity: {name}{_how_long(text, spec.idle)}",
                )
    elif spec.severity is not None:
        findings.error(
            "alert/severity",
            f"{alert} is as severe as the bound that is crossed, and would ignore severity: {spec.severity.value}",
            spec.severity.span,
            f"write the bound itself: {spec.severity.value}: ...; a profile's bound can be changed, not left out",
        )


def _how_long(text: Text, idle: AlertKindSpec | None) -> str:
    """Show the right key for a time that was written as a bound."""
    if idle is None or idle.signal is None or parse_duration(text.value) is None:
        return ""
    return (
        f"; to wait for {text.value} without a run: idle: {{signal: {idle.signal.value}, over: {text.value}}}"
    )


class _Floor(Struct, frozen=True):
    """A floor of an alert: its key and its number."""

    key: str
    written: Located[int]


def _written(draft: Draft) -> Iterator[_Floor]:
    """List the floors that an author wrote."""
    for key, written in ((MIN_EVENTS, draft.spec.min_events), (MIN_BAD_EVENTS, draft.spec.min_bad_events)):
        if written:
            yield _Floor(key, written)


def check_floors(draft: Draft, kind: str, read: Collection[str]) -> None:
    """Refuse a floor that is not among those that a kind of alert reads: it would be ignored."""
    only = next(iter(read), "")
    for floor in _written(draft):
        if floor.written.value and floor.key not in read:
            draft.findings.error(
                "alert/no-events",
                f"{draft.name} would ignore {floor.key}: alerts of the kind {kind} "
                + (f"have only the floor {only}" if only else "have no floor of events"),
                floor.written.span,
                f"write {only} if that is meant, else leave {floor.key} out"
                if only
                else f"leave {floor.key} out",
            )


def check_events(draft: SignalDraft, *, counts_bad: bool) -> None:
    """Refuse a floor of events that an alert on a signal does not count.

    A count, a gauge or a sum of money has none behind it. ``counts_bad`` says whether the alert counts bad events.
    """
    signal = draft.signal
    is_money = isinstance(signal.kind, Cost) and divisor(signal) is None
    counts = not is_money and not isinstance(signal.kind, Count | Level)
    for floor in _written(draft):
        if floor.written.value and not (counts_bad if floor.key == MIN_BAD_EVENTS else counts):
            draft.findings.error(
                "alert/no-events",
                f"{draft.name} would ignore {floor.key}: "
                + (
                    f'it counts no bad events of "{signal.name}"'
                    if counts
                    else f'"{signal.name}" is neither a share of events nor an amount per event'
                ),
                floor.written.span,
                f"leave {floor.key} out",
            )


def check_traffic(draft: SignalDraft, read: Collection[str], window: int) -> None:
    """Report floors of runs above the promised traffic of a window: an author's own are errors, defaults are notes.

    The number of calls or tokens in a run is not promised.
    """
    signal = draft.signal
    if not _counts_runs(signal, draft.scope):
        return
    has_bad = isinstance(signal.kind, Share | Distribution | Quantile)
    for floor in _written(draft):
        if floor.key in read and (has_bad or floor.key == MIN_EVENTS):
            _check_reached(draft, floor, window)


def check_floor_of_runs(draft: Draft, window: int, aside: str) -> None:
    """Report such a floor of an alert that counts runs beside its own stream.

    ``aside`` ends the message with the part of the alert that the floor does not limit.
    """
    if fewest := draft.spec.min_events:
        _check_reached(draft, _Floor(MIN_EVENTS, fewest), window, aside)


def _counts_runs(signal: Signal, scope: AlertScope) -> bool:
    """Whether a signal counts runs, or observes a value of each run."""
    if isinstance(signal.kind, Quantile):
        observed = ROLES.get(signal.of.name)
        return observed is not None and observed.event is Event.RUN
    return divisor(signal) == scope.runs or (
        isinstance(signal.kind, Distribution | Count) and signal.of == scope.runs
    )


def _check_reached(draft: Draft, floor: _Floor, window: int, aside: str = "") -> None:
    """Compare a floor with the runs that are promised in ``window`` seconds."""
    scope = draft.scope
    come = (scope.runs_per_hour or 0) * (scope.hours.within(window) if scope.hours else window) / HOUR
    if scope.runs_per_hour is None or floor.written.value <= come:
        return
    needs = f"{draft.name} of {scope.service} needs {floor.written.value} runs"
    promised = f"the promised {plain(scope.runs_per_hour)} an hour make only {plain(round(come, 1))}"
    message = f"{needs}, but {promised} in {duration(window)}"
    code, help_ = "alert/too-little-traffic", "or promise more traffic"
    if floor.written.span.file == scope.file:
        message = f"{message}: it would never fire{aside}"
        scope.findings.error(code, message, floor.written.span, f"lower {floor.key}, {help_}")
    else:
        message = f"{message}: it is silent{aside} until there are more"
        help_ = f"lower {floor.key} under alerts: {draft.name}, {help_}"
        note = Note("the alert is declared here", draft.entry.key.span)
        place = scope.promise or draft.entry.key.span
        scope.findings.add(Diagnostic(code, Severity.INFO, message, place, help_, (note,)))
