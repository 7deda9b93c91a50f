"""Values that generated instrumentation exposed as ``other``: the series stay bounded, the values are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import undeclared, usual
from generator.alerts.condition import SERVICE_VALUE, Ground
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, OUTSIDE_WINDOW, Alert, Outside, Tier
from generator.model.outside import STREAM, outside_label
from generator.model.units import MINUTE, duration
from generator.promql.expr import Expr, number
from generator.scenarios import SLACK, Load, SeriesId, Subject, TestCase
from generator.streams.scope import summed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.draft import Draft, Resolved
    from generator.alerts.guide import Guide
    from generator.model.service import Service

#: In a spec it is written as one with the other values outside the spec.
KEY, KIND = undeclared.KEY, Outside
FLOORS: tuple[str, ...] = (MIN_BAD_EVENTS,)
GUIDE: Guide | None = undeclared.GUIDE
records, labels, variant_parts, panel = usual.records, usual.labels, usual.variant_parts, usual.list_of_alerts
compared = usual.compared


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it where our module counts what it does not expose."""
    scope = draft.scope
    label = outside_label(scope.streams.values())
    if scope.emitted_here and label.values and (signals := scope.fed_by(scope.runs)):
        yield draft.resolved_beside(signals[0], Outside(STREAM, label), draft.unbounded(), label.name)


def expr(alert: Alert, kind: Outside, _tier: Tier, ground: Ground) -> Expr:
    """Count recent values, label by label: the counter itself never forgets a stray value."""
    stream = kind.stream
    counted = ground.scope.record(names.increase(stream, stream.kept, OUTSIDE_WINDOW))
    late = summed(counted.now(), (kind.label.name,))
    floor = ground.floor(alert, MIN_BAD_EVENTS)
    return floor.compare(">=", late) if floor else late >= number(0.5)


def fewest(alert: Alert) -> int:
    """Return the number of values from which the alert fires."""
    return max(1, alert.min_bad_events)


def sentence(_alert: Alert, kind: Outside, _tier: Tier, _ground: Ground) -> str:
    """Describe the number of values, and the log that names them."""
    often = '{{ $value | printf "%.0f" }} times'
    return (
        f"{SERVICE_VALUE} met values of {{{{ $labels.{kind.label.name} }}}} that its spec does not allow, {often} "
        f"within {duration(OUTSIDE_WINDOW)}, and did not expose them. Its log names the first."
    )


def words(alert: Alert, kind: Outside, _tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    return (
        f"{kind.stream.metric} counts at least {fewest(alert)} values of one label outside the spec within "
        f"{duration(OUTSIDE_WINDOW)}"
    )


def cases(kind: Outside, subject: Subject) -> Iterator[TestCase]:
    """Use one value too few of a label, one more, and then no more until they are forgotten."""
    alert, label, step = subject.alert, kind.label.values[0], subject.interval
    if alert.for_ + step >= OUTSIDE_WINDOW:
        # They are forgotten before it fires: only values that go on raise it.
        return
    name = SeriesId(names.rate(STREAM), ((names.OUTSIDE_LABEL, label),))
    nothing: Load = {name: 0.0}
    begun = (
        subject.timeline.then(10 * MINUTE, nothing)
        .then(step, {name: (fewest(alert) - 1) / step})
        .then(alert.for_ + SLACK, nothing)
        .quiet("silent at a value too few")
        .then(step, {name: 1 / step})
        .then(alert.for_, nothing)
    )
    if alert.for_ >= 2 * step:
        begun = begun.silent("not before its for", alert.for_ - step)
    timeline = begun.fires("fires at just enough", value=fewest(alert))
    timeline = timeline.then(OUTSIDE_WINDOW + subject.keep + SLACK, nothing).silent(
        "resolves when they are forgotten"
    )
    yield subject.case(
        f"fires when enough values of {label} were none of the spec's",
        timeline,
        ((names.OUTSIDE_LABEL, label),),
    )
