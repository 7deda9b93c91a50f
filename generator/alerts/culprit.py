"""The likely culprit of an alert: queried from recorded series as the alert fires, and added to its description.

A release, a tool or a model is named when most of the bad events are its own, and it has at least twice as many of
them as the rest has for its size. A value that was always the largest does not stand out, and a value that is the
only one does not either. The reason that ended runs, and the class of an error, are named when they are those of most
bad events.

The template asks one query, whose selectors name the service. Its inputs are aggregated before any join, so that no
service's series can make it fail; where nothing stands out it has no result, and adds nothing to the description.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from generator.model import names
from generator.model.alerts import BOUND, Alert, Regression, Reported, Threshold
from generator.model.signals import (
    Better,
    Cost,
    Count,
    Distribution,
    Level,
    Quantile,
    Ratio,
    Share,
    Tokens,
    numerator_stream,
)
from generator.model.streams import ERROR_CLASS, MODEL, STOP_REASON, TOOL, Stream
from generator.model.units import DAY, HOUR
from generator.promql.expr import (
    Expr,
    Matcher,
    MatchOperator,
    Series,
    aggregate,
    any_of,
    binary,
    call,
    number,
    top,
)
from generator.signals.quantile import HAIR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.condition import Ground
    from generator.model.signals import Signal

#: The share of the bad events that counts as most of them.
MOST = 0.6
#: The factor by which a value must be worse than the rest, and the part of all events that the rest must have.
TIMES, LEAST_REST = 2, 0.05
#: The number of bad events that chance may have taken from the rest.
BY_CHANCE = 3
#: The change of a release, relative or as a share, from which the release is to blame.
WORSE, WORSE_POINTS = 0.2, 0.05
#: The reasons that end a run by a tool or by a model; another reason of most failures acquits both.
TOOL_ENDED, MODEL_ENDED = "tool_error", "step_error"

#: Labels with the manner of a failure, which have no share of the successes.
_HOW = (STOP_REASON, ERROR_CLASS)
#: Values of these labels without information.
_UNTOLD = ("", "completed", "other")
#: In a matcher: the value of a label of the firing alert.
OF_ALERT = "\0"


class Events(Struct, frozen=True):
    """Events of a stream's window that match."""

    stream: Stream
    window: int
    matchers: tuple[Matcher, ...] = ()

    @property
    def series(self) -> Series:
        """Select them, of the alert's service."""
        name = names.increase(self.stream, self.stream.kept, self.window)
        return Series(name, self.matchers).where(**{names.SERVICE: OF_ALERT})

    def where(self, op: MatchOperator, label: str, value: str) -> Events:
        """Add a matcher."""
        return Events(self.stream, self.window, (*self.matchers, (label, op, value)))


class Against(StrEnum):
    """The reference for the bad events of a value."""

    NOTHING = "nothing"
    REST = "the rest"
    USUAL = "the last day"


class Clue(Struct, frozen=True):
    """A label, one value of which may have most of the bad events.

    Attributes:
        label: The label.
        bad: The bad events.
        against: The reference of the bad events.
        every: All events, or those of the last day.
        change: The recorded change of a release, worse above ``worse``; empty where releases are not compared.
        worse: See ``change``; negative where the change is worse below it.
        given: Nothing stands out unless half of these events have the reason ``reason``, or none is known.
        reason: See ``given``.
    """

    label: str
    bad: Events
    against: Against
    every: Events | None = None
    change: str = ""
    worse: float = 0
    given: Events | None = None
    reason: str = ""

    @property
    def unnamed(self) -> tuple[str, ...]:
        """List the values without information."""
        return _UNTOLD if self.label in _HOW else ("",)

    @property
    def expr(self) -> Expr:
        """Compute the share of the value that stands out, by the label; empty where none does."""
        named = self.bad.series.none_of(self.label, self.unnamed)
        bad = aggregate("sum", named.now(), (self.label,))
        share = bad / _all(self.bad)
        if self.against is Against.NOTHING:
            found = share >= number(MOST)
        elif self.against is Against.REST:
            found = share > _expected(self._parts()) * (number(1) + number(BY_CHANCE) / _all(self.bad))
        else:
            found = share > _expected(self._parts())
        if self.change:
            worse = _is_worse(self.change, self.worse, self.label)
            found |= binary("and", share >= number(MOST), worse, on=(self.label,))
        if self.given is not None:
            reasons = self.given.where("=~", STOP_REASON, f"|{self.reason}")
            ended = aggregate("sum", reasons.series.now()) / aggregate("sum", self.given.series.now())
            found = binary("and", found, ended >= number(0.5), on=())
        return call("round", top(found), number(0.01))

    def _parts(self) -> Expr:
        """Compute the ratio of all events, or of the usual ones, to those of each value of the label."""
        every = (self.every or self.bad).series
        if self.against is Against.REST:
            return _all(self.every or self.bad) / aggregate("sum", every.now(), (self.label,))
        usual = call("quantile_over_time", number(0.5), every.sampled(DAY, HOUR))
        # A value without events yesterday has a usual share of 0.
        seen = aggregate("sum", usual, (self.label,)) | number(0) * aggregate(
            "sum", self.bad.series.now(), (self.label,)
        )
        return call("scalar", aggregate("sum", usual)) / seen


def _is_worse(record: str, worse: float, label: str) -> Expr:
    """Select the releases with a recorded change that is worse; ``worse`` is negative where less is worse."""
    change = aggregate("max", Series(record).where(**{names.SERVICE: OF_ALERT}).now(), (label,))
    return change <= number(worse) if worse < 0 else change >= number(worse)


def _expected(parts: Expr) -> Expr:
    """Compute the share of the bad events beyond which a value is bad twice as often as the rest.

    With q of all events and s of the bad ones that is s / q > 2 (1 - s) / (1 - q), and so s > 2 / (1/q + 1); a rest of
    less than a twentieth counts as none.
    """
    return call("clamp_min", number(TIMES) / (parts + number(TIMES - 1 - LEAST_REST)), number(MOST))


def culprit(alert: Alert, ground: Ground) -> str:
    """Write the end of an alert's description: a template that names the value that stands out, if any."""
    candidates = query(alert, ground)
    if candidates is None:
        return ""
    labels = (names.SERVICE, *_known(alert))
    text = candidates.text.replace('"', '\\"')
    for place, label in enumerate(labels, 1):
        for op in ("=", "!="):
            text = text.replace(f'{label}{op}\\"{OF_ALERT}\\"', f"{label}{op}%[{place}]q")
    values = " ".join(f"$labels.{label}" for label in labels)
    named = '{{ range $name, $of := $one.Labels }}{{ reReplaceAll "_" " " $name }} {{ $of }}{{ end }}'
    each = f"{named} ({{{{ $one.Value | humanizePercentage }}}})"
    return (
        f'{{{{ with printf "{text}" {values} | query }}}} Mostly in: {{{{ range $place, $one := . }}}}'
        f"{{{{ if $place }}}}, {{{{ end }}}}{each}{{{{ end }}}}.{{{{ end }}}}"
    )


def query(alert: Alert, ground: Ground) -> Expr | None:
    """Compose the query, with ``OF_ALERT`` in matchers on labels of the firing alert; None where there is no clue."""
    exprs = [clue.expr for clue in clues(alert, ground)]
    exprs += [one for one in (_slow_release(alert, ground),) if one]
    return any_of(exprs) if exprs else None


def clues(alert: Alert, ground: Ground) -> tuple[Clue, ...]:
    """List the clues for an alert, causes before manners; empty for an alert without events."""
    if not ground.scope.shared or alert.kind.reports is not Reported.VALUE:
        return ()
    of_signal = _of_signal(alert, ground.signal(alert), ground)
    return tuple(sorted(of_signal, key=lambda clue: (clue.label in _HOW, clue.label != names.RELEASE)))


def _of_signal(alert: Alert, signal: Signal, ground: Ground) -> Iterator[Clue]:
    match signal.kind:
        case Share():
            yield from _of_share(alert, signal, ground)
        case Ratio(per) | Tokens(per) | Cost(Stream() as per):
            yield from _of_amount(alert, signal, per, ground)
        case Cost():
            yield Clue(MODEL, _amount(signal), Against.USUAL)
        case Distribution():
            yield from _of_reason(alert, signal, ground)
        case Count() | Level() | Quantile():
            return
        case _:
            assert_never(signal.kind)


def _known(alert: Alert) -> tuple[str, ...]:
    """List the labels that the alert itself has."""
    if isinstance(alert.kind, Regression):
        return (names.RELEASE,)
    return (alert.by,) if alert.by else ()


def _of_alert(events: Events, alert: Alert) -> Events:
    """Keep the events that the alert is about, by its own labels."""
    for label in _known(alert):
        if label in events.stream.labels:
            events = events.where("=", label, OF_ALERT)
    return events


def _failures(signal: Signal) -> tuple[Events, Events] | None:
    """Select the bad events of a share, and all; None where more than one label makes them bad."""
    assert isinstance(signal.kind, Share)  # noqa: S101 - its callers know
    every = Events(signal.of, signal.window)
    if len(signal.kind.where) != 1:
        return None
    ((label, value),) = signal.kind.where.items()
    return every.where("!=" if signal.kind.good else "=", label, value), every


def _of_share(alert: Alert, signal: Signal, ground: Ground) -> Iterator[Clue]:
    failures = _failures(signal)
    if failures is None:
        return
    bad, every = (_of_alert(one, alert) for one in failures)
    known = {*_known(alert), *(label for label, _, _ in bad.matchers)}
    for label in signal.of.labels:
        if label == names.RELEASE and label not in known:
            yield _release(bad, every, signal, ground)
        elif label not in known:
            against = Against.NOTHING if label in _HOW else Against.REST
            yield Clue(label, bad, against, every)
    if signal.of == ground.runs:
        yield from _behind_failures(alert, bad, ground)
    elif alert.by:
        yield from _classes(alert, alert.by, ground)


def _release(bad: Events, every: Events, signal: Signal, ground: Ground) -> Clue:
    """Blame a release that is worse than the others beside it, or than the one before it."""
    if signal.name not in ground.compared:
        return Clue(names.RELEASE, bad, Against.REST, every)
    by = WORSE_POINTS if isinstance(signal.kind, Share) else WORSE
    worse = -by if signal.better is Better.HIGHER else by
    change = names.part(signal, "release_change", (names.RELEASE,))
    return Clue(names.RELEASE, bad, Against.REST, every, change, worse)


def _behind_failures(alert: Alert, failed: Events, ground: Ground) -> Iterator[Clue]:
    """Look at tools and models where runs fail, unless the reasons of the runs rule them out."""
    has_reason = STOP_REASON in failed.stream.labels
    for signal in ground.signals.values():
        if isinstance(signal.kind, Share) and TOOL in signal.of.labels and (found := _failures(signal)):
            bad, every = (_of_alert(one, alert) for one in found)
            given = (failed, TOOL_ENDED) if has_reason else (None, "")
            yield Clue(TOOL, bad, Against.REST, every, given=given[0], reason=given[1])
        if isinstance(signal.kind, Ratio) and signal.of.sparse and MODEL in signal.of.labels:
            needed = signal.kind.exists_with
            if needed is not None:
                bad, every = (_of_alert(Events(one, signal.window), alert) for one in (signal.of, needed))
                given = (failed, MODEL_ENDED) if has_reason else (None, "")
                yield Clue(MODEL, bad, Against.REST, every, given=given[0], reason=given[1])


def _classes(alert: Alert, by: str, ground: Ground) -> Iterator[Clue]:
    """Look at the classes of a tool's errors."""
    streams = {signal.of.name: (signal.of, signal.window) for signal in ground.signals.values()}
    for stream, window in streams.values():
        if stream.sparse and {by, ERROR_CLASS} <= set(stream.labels):
            yield Clue(ERROR_CLASS, _of_alert(Events(stream, window), alert), Against.NOTHING)


def _amount(signal: Signal) -> Events:
    """Select the events that a signal sums."""
    return Events(numerator_stream(signal), signal.window)


def _of_amount(alert: Alert, signal: Signal, per: Stream, ground: Ground) -> Iterator[Clue]:
    bad = _of_alert(_amount(signal), alert)
    known, labels = _known(alert), bad.stream.labels
    if names.RELEASE in labels and names.RELEASE in per.labels and names.RELEASE not in known:
        yield _release(bad, Events(per, signal.window), signal, ground)
    for label in labels:
        if label in _HOW:
            yield Clue(label, bad, Against.NOTHING)
        elif label not in {names.RELEASE, "status", *known} and not signal.of.sparse:
            yield Clue(label, bad, Against.USUAL, _before(bad))


def _before(bad: Events) -> Events:
    """Select the events of the other releases, where an alert is about one."""
    other = (
        (label, "!=" if label == names.RELEASE and value == OF_ALERT else op, value)
        for label, op, value in bad.matchers
    )
    return Events(bad.stream, bad.window, tuple(other))


def _of_reason(alert: Alert, signal: Signal, ground: Ground) -> Iterator[Clue]:
    every = Events(signal.of, signal.window)
    yield _release(_of_alert(every, alert), every, signal, ground)
    for other in ground.signals.values():
        if isinstance(other.kind, Ratio) and not other.of.sparse and TOOL in other.of.labels:
            yield Clue(TOOL, _amount(other), Against.USUAL)


def _slow_release(alert: Alert, ground: Ground) -> Expr | None:
    """Find the release with most of the observations beyond the bound; buckets are cumulative.

    A release that took over all runs stands out from no other: it is named if it is slower than the one before.
    """
    signal = ground.signals.get(alert.signal)
    if (
        signal is None
        or not ground.scope.shared
        or not isinstance(signal.kind, Quantile)
        or not isinstance(alert.kind, Threshold)
        or names.RELEASE not in signal.of.labels
    ):
        return None
    by = (names.RELEASE,)
    buckets = Events(signal.of, signal.window).series
    severity = str(alert.tiers[-1].severity)
    labels = {names.ALERT: alert.name, names.PART: BOUND, names.SEVERITY: severity, names.SERVICE: OF_ALERT}
    bound = call("scalar", aggregate("max", Series(names.BOUND).where(**labels).now()))
    upper = Series(names.upper(signal.of)).where(**{names.SERVICE: OF_ALERT}).now()
    within = top(aggregate("max", upper, (names.LE,)) <= bound * number(HAIR))
    every = aggregate("sum", buckets.where(**{names.LE: "+Inf"}).now(), by)
    filled = aggregate("sum", binary("and", buckets.now(), within, on=(names.LE,)), by)
    bad = every - filled
    every_bad = call("scalar", aggregate("sum", bad))
    parts = call("scalar", aggregate("sum", every)) / every
    share = bad / every_bad
    unusual = share > _expected(parts) * (number(1) + number(BY_CHANCE) / every_bad)
    if signal.name in ground.compared:
        worse = -WORSE if signal.better is Better.HIGHER else WORSE
        change = names.part(signal, "release_change", by)
        unusual |= binary("and", share >= number(MOST), _is_worse(change, worse, names.RELEASE), on=by)
    return call("round", top(unusual), number(0.01))


def _all(events: Events) -> Expr:
    return call("scalar", aggregate("sum", events.series.now()))
