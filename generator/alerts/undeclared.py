"""Undeclared values: live values that are in no spec, so that no bound of series holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import usual
from generator.alerts.condition import SERVICE, Ground
from generator.alerts.guide import RELEASES, Guide, ask
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, Undeclared
from generator.promql.expr import Expr, Series, aggregate, any_of, binary, number
from generator.signals import listed
from generator.streams.scope import each, grouped, having, join, largest, summed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.alerts.draft import Draft, Resolved
    from generator.alerts.scope import AlertScope
    from generator.model.alerts import Alert, Tier
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
            "Which value is it? The service's log has the first ones of each label: the generated module writes them "
            "there."
        ),
        ask("Since which release?", RELEASES),
    ),
)
records, variant_parts, panel = usual.records, usual.variant_parts, usual.list_of_alerts


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
    stray = listed.strays(rates, label, scope)
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
    many = f"{SERVICE} has {{{{ $value }}}} live values of {label.name}, and {allows}"
    values = one if label.values else many
    if ground.scope.shared:
        values = f"{{{{ if $labels.{label.name} }}}}{one}{{{{ else }}}}{many}{{{{ end }}}}"
    return f"{values}: the bound of series does not hold."


def _source(kind: Undeclared, ground: Ground) -> str:
    return SERVICE if ground.scope.shared else f"{kind.stream.metric} of {SERVICE}"


def words(_alert: Alert, kind: Undeclared, _tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    label = kind.label
    what = (
        "a value that the spec does not list" if label.values else f"more than {label.max_live} live values"
    )
    return f"Label {label.name} of {kind.stream.metric} has {what}"
