"""Undeclared values: live values that are in no spec, so that no bound of series holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.alerts import usual
from generator.alerts.condition import SERVICE_VALUE, Ground
from generator.alerts.guide import OF_RELEASES, RELEASES, Guide, ask
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, Alert, Tier, Undeclared
from generator.promql.expr import Expr, Series, aggregate, any_of, binary, number
from generator.scenarios import PLENTY, SLACK, SeriesId, Subject, TestCase, Traffic, merged, some
from generator.streams.scope import each, grouped, having, join, largest, summed, unlisted_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.alerts.draft import AlertScope, Draft, Resolved
    from generator.model.service import Service
    from generator.model.streams import Stream

KEY, KIND = "undeclared", Undeclared
FLOORS: tuple[str, ...] = (MIN_BAD_EVENTS,)
GUIDE: Guide | None = Guide(
    'Nobody needs to hurry. List the value in the spec if it is meant, else map it to "other" in the code.',
    (
        ask(
            "Which label is it? The alert's `label` names it, or the alert carries the label itself with the value."
        ),
        ask(
            "Which value is it? The alert names it where its spec lists the values. Where the module is generated, the "
            "service's log has the first ones of each label."
        ),
        ask(
            "Does the log name a call without the label? Then the spec is ahead of the code: pass the segment to "
            "`metrics.run`, or take it out of the spec until the code does."
        ),
        ask("Since which release?", RELEASES, needs=OF_RELEASES),
    ),
)
records, variant_parts, panel = usual.records, usual.variant_parts, usual.list_of_alerts
compared = usual.compared


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve one for each label, at the cheapest stream that has series without an error."""
    scope = draft.scope
    for label in scope.labels.values():
        stream = _first_with(label.name, scope)
        if stream is not None:
            yield draft.resolved_beside(
                scope.fed_by(stream)[0],
                Undeclared(stream, label),
                draft.unbounded(),
                label.name if label.values else None,
                shared=stream.shared and label.name in scope.shared_labels,
            )


def _first_with(label: str, scope: AlertScope) -> Stream | None:
    streams = (stream for stream in scope.streams.values() if label in stream.labels and scope.fed_by(stream))
    return min(streams, key=lambda stream: (stream.sparse, stream.is_histogram), default=None)


def labels(kind: Undeclared, _ground: Ground) -> Mapping[str, str]:
    """Name the label."""
    return {names.LABEL: kind.label.name}


def expr(_alert: Alert, kind: Undeclared, _tier: Tier, ground: Ground) -> Expr:
    """Check the recorded rates, which have every live value, for one outside the list or for too many."""
    label = kind.label
    rates = having(ground.scope.stream(kind.stream), (label.name,))
    if ground.scope.shared:
        return _of_all(rates, label.name, ground)
    if label.values:
        return summed(strays(rates, label.name, label.values).now(), (label.name,)) >= number(0)
    live = grouped(rates.now(), (label.name,))
    return aggregate("count", live, each()) > number(label.max_live)


def _of_all(rates: Series, label: str, ground: Ground) -> Expr:
    """Compare values with the profile's list or the service's own, or their number with the largest allowed.

    The number is the value of a series with an empty label: of too many values, none is the culprit.
    """
    scope, by = ground.scope, (label,)
    stray = unlisted_values(rates, label, scope)
    own_most = largest(scope.written(names.LABEL_MAX, **{names.LABEL: label}).now())
    of_profile = aggregate(
        "max", Series(names.PROFILE_LABEL_MAX).where(**{names.LABEL: label}).now(), (names.PROFILE,)
    )
    profiles = grouped(scope.record(names.KNOWN).now(), (names.PROFILE,))
    default = binary("*", profiles, of_profile, on=(names.PROFILE,), group_left=())
    most = join("or", own_most, largest(default))
    count = aggregate("count", grouped(rates.now(), by), each())
    return any_of([stray, binary(">", count, most, on=each(), group_left=())])


def strays(counted: Series, label: str, values: Sequence[str]) -> Series:
    """Select the series with an unlisted value of ``label``; series without the label are excluded."""
    return counted.none_of(label, ("", *values))


def sentence(_alert: Alert, kind: Undeclared, _tier: Tier, ground: Ground) -> str:
    """Name the undeclared value, or describe the number of values."""
    label = kind.label
    value = f"{{{{ $labels.{label.name} }}}}"
    one = f"{_source(kind, ground)} has {label.name}={value}, which its spec does not list"
    allows = "its spec allows fewer" if ground.scope.shared else f"its spec allows {label.max_live}"
    many = f"{SERVICE_VALUE} has {{{{ $value }}}} live values of {label.name}, and {allows}"
    values = one if label.values else many
    if ground.scope.shared:
        values = f"{{{{ if $labels.{label.name} }}}}{one}{{{{ else }}}}{many}{{{{ end }}}}"
    return f"{values}: the bound of series does not hold."


def _source(kind: Undeclared, ground: Ground) -> str:
    return SERVICE_VALUE if ground.scope.shared else f"{kind.stream.metric} of {SERVICE_VALUE}"


def words(_alert: Alert, kind: Undeclared, _tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    label = kind.label
    what = (
        "a value that the spec does not list" if label.values else f"more than {label.max_live} live values"
    )
    return f"Label {label.name} of {kind.stream.metric} has {what}"


def cases(kind: Undeclared, subject: Subject) -> Iterator[TestCase]:
    """Add a value, or one value more, that is not in the spec."""
    label, fixture = kind.label.name, subject.fixture
    listed = label in fixture.listed
    known = fixture.values.get(label, ()) or fixture.values_of(label)
    allowed = merged(*(some(kind.stream, Traffic(PLENTY, {label: value}), fixture) for value in known))
    more = merged(allowed, some(kind.stream, Traffic(PLENTY, {label: "undeclared"}), fixture))
    quiet = subject.timeline.then(subject.alert.for_ + SLACK, allowed).quiet("silent while all is declared")
    carried = PLENTY * (1 + len(kind.stream.buckets)) if kind.stream.is_histogram else PLENTY
    timeline = subject.fires_and_resolves(
        quiet,
        more,
        allowed,
        true_after=subject.interval,
        false_after=subject.interval,
        value=carried if listed else len(known) + 1,
    )
    labels = ((names.LABEL, label), *(((label, "undeclared"),) if listed else ()))
    yield subject.case(f"fires on what the spec does not know of {label}", timeline, labels)
    if not fixture.shared or not subject.thorough:
        return
    yield subject.case(f"silent on declared values of {label}", quiet, labels[:1])
    lasting = subject.timeline.then(subject.alert.for_ + SLACK, more)
    unknown = subject.case(f"silent where nothing bounds {label}", lasting.quiet("silent"), labels[:1])
    info = {**dict(subject.info.labels), names.PROFILE: "no-such-profile"}
    yield replace(
        unknown,
        constants=((SeriesId(names.INFO, tuple(sorted(info.items()))), 1.0),),
        without=frozenset({subject.info, *_bounds(subject)}),
    )
    for value, what in (
        (f"{label}-own", "fires on what the service does not list"),
        ("undeclared", "silent on what it lists"),
    ):
        own = SeriesId(names.LABEL_VALUE, tuple(sorted({names.LABEL: label, label: value}.items())))
        is_listed = value == "undeclared"
        timeline = lasting.quiet("silent") if is_listed else lasting.fires("fires")
        labels = ((names.LABEL, label), (label, "undeclared"))
        yield replace(subject.case(f"{what} of {label} itself", timeline, labels), constants=((own, 1.0),))


def _bounds(subject: Subject) -> Iterator[SeriesId]:
    return (name for name in subject.fixture.constants if name.name == names.LABEL_VALUE)
