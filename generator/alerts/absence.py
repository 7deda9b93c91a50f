"""Absence: a declared metric that is not exposed although it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts.condition import SERVICE, Ground, in_its_words
from generator.model import names
from generator.model.alerts import MIN_EVENTS, Absence, Alert, Tier
from generator.model.units import DAY, HOUR, MINUTE, duration
from generator.promql.expr import Expr, Series, aggregate, binary, call
from generator.streams.scope import grouped, join

if TYPE_CHECKING:
    from generator.model.service import Service

#: The time over which a metric is looked for.
LOOK_BACK = 10 * MINUTE
#: The time for which a service may promise traffic before it is deployed, in seconds.
_GRACE = DAY


def expr(alert: Alert, kind: Absence, _tier: Tier, ground: Ground) -> Expr:
    """Look for the record of the raw pass, which ends exactly when the exposed series do, and is cheap to read."""
    absent = _absent(kind, ground)
    runs = ground.scope.record(names.value(ground.signals[kind.runs]))
    if kind.stream != ground.runs:
        floor = ground.floor(alert, MIN_EVENTS)
        return join("and", absent, floor.compare(">=", runs.now()) if floor else runs.now())
    lately = grouped(call("count_over_time", runs.over(DAY)))
    # A service that was never deployed is not missing on the day its rules arrive.
    known = call("last_over_time", ground.scope.record(names.KNOWN).over(HOUR, offset=_GRACE))
    promised = join("and", grouped(ground.scope.written(names.TRAFFIC).now()), known)
    if ground.scope.shared or (ground.service is not None and ground.service.runs_per_hour):
        lately |= promised
    return join("and", absent, lately)


def _absent(kind: Absence, ground: Ground) -> Expr:
    seen = ground.scope.stream(kind.stream).over(LOOK_BACK)
    if not ground.scope.shared:
        return call("absent_over_time", seen)
    feeding = Series(names.PROFILE_STREAM).where(**{names.STREAM: kind.stream.name}).now()
    metric = aggregate("max", feeding, (names.PROFILE, names.METRIC))
    known = grouped(ground.scope.record(names.KNOWN).now(), (names.PROFILE,))
    expected = grouped(
        binary("*", known, metric, on=(names.PROFILE,), group_left=(names.METRIC,)), (names.METRIC,)
    )
    return join("unless", expected, grouped(call("last_over_time", seen)))


def sentence(_alert: Alert, kind: Absence, _tier: Tier, ground: Ground) -> str:
    """Name the missing metric, and the runs that prove that it should exist."""
    metric = f"{{{{ $labels.{names.METRIC} }}}}" if ground.scope.shared else kind.stream.metric
    finish = in_its_words("runs finish", ground)
    why = finish if kind.stream != ground.runs else _why_runs(ground.service)
    return f"{metric} of {SERVICE} has not been exposed for 10 minutes, although {why}."


def words(alert: Alert, kind: Absence, _tier: Tier, service: Service) -> str:
    """Describe the condition for people; no other runs prove that the run counter itself is missing."""
    if kind.stream.name == service.runs.name:
        why = _why_runs(service)
    elif alert.min_events:
        window = duration(service.signals[kind.runs].window)
        why = f"at least {alert.min_events} runs finished within {window}"
    else:
        why = "runs finish"
    return f"No series of {kind.stream.metric} for 10 minutes, although {why}"


def _why_runs(service: Service | None) -> str:
    lately = "it was there within the last day"
    promised = service is None or service.runs_per_hour
    return f"{lately}, or traffic has been promised for longer" if promised else lately
