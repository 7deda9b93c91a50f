"""Regressions: the newest release worse than the previous one."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.alerts import chance, condition, usual
from generator.alerts.chance import SEEN, SIGMAS, dispersion
from generator.alerts.condition import HALF_EVENT, Ground
from generator.alerts.draft import Draft, Resolved, about_signal
from generator.alerts.guide import RELEASES, Guide, ask
from generator.alerts.tiers import (
    bounded_tiers,
    change_bound,
    change_out_of_reach,
    check_events,
    check_traffic,
)
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS, NEWEST_WINDOW, STEP_WINDOW, Regression
from generator.model.signals import (
    Better,
    Quantile,
    Share,
    Signal,
    compared_on,
    counts_things,
    divisor,
    is_good_share,
)
from generator.model.units import HOUR, MINUTE, duration
from generator.promql.expr import Expr, binary, number
from generator.scenarios import (
    MARGIN,
    PLENTY,
    SLACK,
    Load,
    Subject,
    TestCase,
    Traffic,
    counter,
    idle,
    merged,
    worsened,
)
from generator.signals.events import long_window
from generator.signals.quantile import share_of_buckets_beyond
from generator.signals.registry import load_of
from generator.signals.releases import DESERTED_RUNS, amount_name, compares_releases, events_name, slow_name
from generator.streams.scope import each, spread, top_of_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.alerts import Alert, Tier
    from generator.model.service import Service

_BY = (names.RELEASE,)
_WARM = 5 * MINUTE
#: All events of a canary, or of a release that hardly ran, happen within this time.
_BRIEF = 10 * MINUTE
#: The longer window that shows that the trouble of a release is over, in seconds.
_OVER_WINDOW = HOUR
#: The events of a window in which a test case sees that.
_LATELY = 36

KEY, KIND = "regression", Regression
FLOORS: tuple[str, ...] = (MIN_EVENTS, MIN_BAD_EVENTS)
GUIDE: Guide | None = Guide(
    "Roll the newest release back first, and look for the reason afterwards: the previous one does better.",
    (
        ask(
            "Which release is it? The alert's `release` names it. Does it still serve runs?",
            RELEASES,
            on_release=True,
        ),
    ),
    then_signal=True,
)
records, labels, variant_parts = usual.records, usual.labels, usual.variant_parts


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for a signal whose releases can be compared."""
    about = about_signal(draft)
    needed = "a share, a ratio or a quantile of metrics with the label release"
    if about is None or not about.fits(needed, fits=compares_releases(about.signal, draft.scope.runs)):
        return
    check_events(about, counts_bad=_counts_bad(about.signal))
    if tiers := bounded_tiers(about, change_bound, change_out_of_reach):
        check_traffic(about, FLOORS, NEWEST_WINDOW)
        yield about.resolved(Regression(not about.signal.unit.changes_in_points), tiers, NEWEST_WINDOW)


def panel(alert: Alert, _kind: Regression) -> str:
    """Link the comparison of releases."""
    return f"{alert.signal}:release"


def expr(alert: Alert, kind: Regression, tier: Tier, ground: Ground) -> Expr:
    """Compare the recorded change with the tier's bound, on enough events of each release."""
    signal = ground.signal(alert)
    worse = condition.rounded(compared(alert, kind, ground))
    crossed = ground.bound(alert, tier).compare(">=", worse)
    floor = ground.floor(alert, MIN_EVENTS)
    crossed = condition.enough(crossed, _events(alert, "newest", ground), floor, _BY)
    crossed = condition.enough(crossed, _events(alert, "previous", ground), floor, ())
    if not _scatters(signal):
        return crossed
    surely = _not_by_chance(crossed, alert, ground)
    if not _is_followed(signal):
        return surely
    return binary("unless", surely, _is_over(alert, ground), on=each(_BY))


def _is_followed(signal: Signal) -> bool:
    """Whether the rules record the latest events of each release, which show the end of its trouble."""
    return isinstance(signal.kind, Share) and _BY in signal.levels


def _over_windows(signal: Signal) -> tuple[int, ...]:
    """List the windows, in seconds, of which any may show that the trouble of a release is over."""
    return (signal.window, _OVER_WINDOW) if signal.window < _OVER_WINDOW else (signal.window,)


def _is_over(alert: Alert, ground: Ground) -> Expr:
    """Find releases with clearly fewer bad events lately than all of their events predict.

    All events of a release are those of up to six hours, which hold bad ones long after they ended. The longer ago that
    is, the fewer they predict; then an hour shows it, unless the signal's own window has as many as they predict.
    """
    signal = ground.signal(alert)
    bad, expected = _lately(alert, signal.window, ground)
    over = chance.clearly_fewer(bad, expected)
    for window in _over_windows(signal)[1:]:
        longer = chance.clearly_fewer(*_lately(alert, window, ground))
        over |= binary("and", longer, bad < expected, on=each(_BY))
    return over


def _lately(alert: Alert, window: int, ground: Ground) -> tuple[Expr, Expr]:
    """Count the bad events of the last seconds, and those that all events of the release predict."""
    signal, scope = ground.signal(alert), ground.scope
    if window == signal.window:
        every, part = (scope.record(name(signal, _BY)).now() for name in (names.denominator, names.numerator))
    else:
        every, part = (
            long_window(rates, window, scope)
            for rates in (names.level_rate(signal.of, _BY), amount_name(signal))
        )
    bad = every - part if is_good_share(signal) else part
    return bad, _bad_share(alert, "newest", ground) * every


def _counts_bad(signal: Signal) -> bool:
    """Whether an alert on the signal counts bad events: a quantile's are its slow observations."""
    return isinstance(signal.kind, Share | Quantile)


def _scatters(signal: Signal) -> bool:
    """Whether an alert on the signal compares counts, which may differ by chance alone."""
    return _counts_bad(signal) or counts_things(signal)


def compared(alert: Alert, _kind: Regression, ground: Ground) -> Expr:
    """Select the recorded change; positive is worse."""
    signal = ground.signal(alert)
    change = ground.scope.record(names.part(signal, "release_change", _BY)).now()
    return number(0) - change if signal.better is Better.HIGHER else change


def _events(alert: Alert, side: str, ground: Ground) -> Expr:
    """Count the events of one release."""
    signal = ground.signal(alert)
    return ground.scope.record(events_name(divisor(signal) or signal.of, side)).now()


def _not_by_chance(crossed: Expr, alert: Alert, ground: Ground) -> Expr:
    """Compare the newest release's bad events with those that the previous one's rate predicts for its runs."""
    newest, previous = (_events(alert, side, ground) for side in ("newest", "previous"))

    def bad(side: str) -> Expr:
        return _bad_share(alert, side, ground) * _events(alert, side, ground)

    # One previous release: a series recorded before a restart of Prometheus may still exist.
    growth = spread("/", newest, top_of_each(previous))
    # The other side's counts at today's number of events, under the label of the newest release.
    expected = spread("*", growth, top_of_each(bad("previous")))
    signal, scatter = ground.signal(alert), expected * growth
    if counts_things(signal) and signal.better is Better.HIGHER:
        return chance.beyond_chance(crossed, expected, bad("newest"), scatter, _BY, signal)
    floor = ground.floor(alert, MIN_BAD_EVENTS)
    crossed = condition.enough(crossed, bad("newest") - expected, floor, _BY)
    return chance.beyond_chance(crossed, bad("newest"), expected, scatter, _BY, signal)


def _bad_share(alert: Alert, side: str, ground: Ground) -> Expr:
    """Select the share of a release's events that is bad; of a quantile, the slow ones."""
    signal = ground.signal(alert)
    if isinstance(signal.kind, Quantile):
        return ground.scope.record(slow_name(signal, side)).now()
    share = ground.scope.record(names.part(signal, side, _BY)).now()
    return number(1) - share if is_good_share(signal) else share


def sentence(alert: Alert, kind: Regression, _tier: Tier, ground: Ground) -> str:
    """Describe the difference, and name the release."""
    signal = ground.signal(alert)
    amount = condition.growth_template() if kind.relative else condition.points_template()
    release = f"{{{{ $labels.{names.RELEASE} }}}}"
    title, side = condition.title_template(signal, ground), condition.side(signal)
    return (
        f"{title} of {condition.SERVICE_VALUE} in release {release} is {amount} {side} "
        f"the previous release. They are compared over the same hours, {duration(NEWEST_WINDOW)} at most; if the "
        f"previous one is gone, its last day counts, and the step from its last {duration(STEP_WINDOW)} to the first "
        "of the newest."
    )


def words(alert: Alert, _kind: Regression, tier: Tier, service: Service) -> str:
    """Describe the condition in words."""
    signal = service.signals[alert.signal]
    step = duration(STEP_WINDOW)
    # The sentence with the number comes last: floors and the waiting time are added to it.
    text = (
        f"While both releases serve runs, they are compared over the same hours, {duration(NEWEST_WINDOW)} at most. "
        f"Afterwards the newest is compared with the last day of the previous one, and its first {step} with that "
        f"one's last {step}; trouble that began after its first runs, or before it came, is not its own. A release "
        f"without a run in an hour in which others have {DESERTED_RUNS} is no longer compared. "
        f"{signal.title} of the newest release is {condition.worse(signal)} by {tier.text}"
    )
    if _is_followed(signal):
        text += condition.goes_on(*_over_windows(signal))
    deviations = chance.deviations(signal) if _scatters(signal) else ""
    return condition.with_floors(text, alert, chance.unexpected(signal), deviations)


def cases(kind: Regression, subject: Subject) -> Iterator[TestCase]:
    """Test two successive releases, a little better or worse than allowed, with enough runs and too few."""
    releases = _Releases(kind, subject)
    yield from _bounds(releases)
    yield from _newest_events(releases)
    yield from _previous_events(releases)
    yield from _by_chance(releases)
    yield from _ends(releases)


class _Releases(Struct, frozen=True):
    """A signal in releases whose names do not show their order: v9, v10, v11."""

    kind: Regression
    subject: Subject

    @property
    def signal(self) -> Signal:
        return self.subject.signal

    @property
    def base(self) -> float:
        if isinstance(self.signal.kind, Share):
            return 0.98 if self.signal.better is Better.HIGHER else 0.02
        if isinstance(self.signal.kind, Quantile):
            # So near to a bound that a step by the least amount leaves the bucket.
            first, near = self.signal.of.buckets[:2][-1], min(0.1, self.subject.tier.bound / 2)
            return (1 + near if self.signal.better is Better.HIGHER else 1 - near) * first
        return 1.0

    @property
    def worst(self) -> float:
        if isinstance(self.signal.kind, Share):
            return 0.0 if self.signal.better is Better.HIGHER else 1.0
        if isinstance(self.signal.kind, Quantile) and self.signal.better is Better.HIGHER:
            return self.base / 10
        if isinstance(self.signal.kind, Quantile):
            # All are in the last bucket.
            low, high = (0.0, *self.signal.of.buckets)[-2:]
            return low + self.signal.kind.q * (high - low)
        return 0.1 if self.signal.better is Better.HIGHER else 10.0

    def bad(self, value: float, newest: float) -> float | None:
        """Return the share of bad events at a value, beside the newest one; None if none are counted."""
        kind = self.signal.kind
        if isinstance(kind, Share):
            return 1 - value if kind.good else value
        if isinstance(kind, Quantile):
            return share_of_buckets_beyond(self.signal, kind.q, value, newest)
        return None

    @property
    def is_seen(self) -> bool:
        """Whether the buckets are fine enough to show that a step by the bound brings more bad events."""
        value = self.worse(1 + MARGIN)
        bad, before = self.bad(value, value), self.bad(self.base, value)
        if bad is None or before is None or not isinstance(self.signal.kind, Quantile):
            return True
        return bad - before > SEEN

    def load(self, release: str, value: float, events: float = PLENTY) -> Load:
        """Find the load at which a release has a value, at a number of events a second."""
        traffic, fixture = Traffic(events, {names.RELEASE: release}), self.subject.fixture
        load = load_of(self.signal, value, traffic, self.subject)
        # A release exists when it has runs, even if the signal counts something else.
        per = compared_on(self.signal)
        if per is not None and per.name == fixture.runs.name:
            return load
        return merged(load, counter(fixture.runs, traffic, fixture))

    def brief(self, release: str, value: float, events: float) -> Load:
        """Find the load at which a release has a value, at its total number of events."""
        return self.load(release, value, events / _BRIEF)

    def worse(self, part: float) -> float:
        """Worsen the base by a part of the bound."""
        return worsened(self.signal, self.base, self.subject.tier.bound * part, relative=self.kind.relative)


def _bounds(of: _Releases) -> Iterator[TestCase]:
    subject = of.subject
    before = subject.timeline.then(_BRIEF, of.load("v9", of.base)).quiet("silent before the release")
    if of.is_seen:
        yield subject.case(
            "fires when a release is worse by just more than its bound",
            subject.fires_and_resolves(
                before,
                of.load("v10", of.worse(1 + MARGIN)),
                of.load("v11", of.base),
                true_after=subject.interval,
                false_after=subject.interval,
                value=subject.tier.bound * (1 + MARGIN),
            ),
            ((names.RELEASE, "v10"),),
        )
    yield subject.case(
        "silent when a release is worse by just less than its bound",
        before.then(subject.alert.for_ + SLACK, of.load("v10", of.worse(1 - MARGIN))).quiet(
            "silent just inside its bound"
        ),
    )


def _newest_events(of: _Releases) -> Iterator[TestCase]:
    """Run a canary beside the old release."""
    if fewest := of.subject.alert.min_events:
        yield from _canary(of, of.worst, (fewest - 1, fewest), "events")


def _by_chance(of: _Releases) -> Iterator[TestCase]:
    """Run a canary worse by just more than the bound, on events that chance explains, and on a few more."""
    value = of.worse(1 + MARGIN)
    bad, before = (of.bad(one, value) for one in (value, of.base))
    if bad is None or before is None or bad <= before:
        # Nothing is counted, or buckets are too coarse to show the difference.
        return
    more = bad - before
    floor = (of.subject.alert.min_bad_events - HALF_EVENT) / more
    scatters = dispersion(of.signal) * bad
    few, enough = (
        max(scatters * (SIGMAS * part / more) ** 2, floor * part) for part in (1 - MARGIN, 1 + MARGIN)
    )
    if few > of.subject.alert.min_events + 1:
        yield from _canary(of, value, (few, enough), "events for its bound")


def _canary(of: _Releases, value: float, events: tuple[float, float], what: str) -> Iterator[TestCase]:
    old, subject = of.load("v9", of.base), of.subject
    for many, fires in zip(events, (False, True), strict=True):
        canary = of.brief("v10", value, many)
        beside = merged(old, idle(canary))
        timeline = (
            # The old release has so many more events that it scatters no more.
            subject.timeline.then(HOUR, old)
            .then(_WARM, beside)
            .then(_BRIEF, merged(old, canary))
            .then(subject.alert.for_ + subject.interval, beside)
        )
        if fires:
            timeline = timeline.fires("fires with just enough")
            yield subject.case(f"fires on a canary with just enough {what}", timeline)
        else:
            timeline = timeline.quiet("silent with one too few")
            yield subject.case(f"silent on a canary with too few {what}", timeline)


def _ends(of: _Releases) -> Iterator[TestCase]:
    """Let all events of a release be bad for a while, and then a share that chance explains, and a smaller one."""
    kind, subject = of.signal.kind, of.subject
    if not isinstance(kind, Share) or not _is_followed(of.signal):
        return
    before = (
        subject.timeline.then(_BRIEF, of.load("v9", of.base))
        .then(2 * _BRIEF, of.load("v10", of.worst))
        .fires("fires while the release is bad")
    )
    fewest = _LATELY - chance.EASED_SIGMAS * sqrt(_LATELY)
    windows = _over_windows(of.signal)
    for window in windows if subject.thorough else windows[:1]:
        since, events = window + subject.keep + SLACK, _LATELY / window
        for bad, lasts in ((fewest + 1, True), (fewest - 1, False)):
            share = 1 - bad / _LATELY if kind.good else bad / _LATELY
            then = before.then(since, of.load("v10", share, events))
            seen = f"bad events in {duration(window)}"
            if lasts:
                yield subject.case(f"lasts while fewer {seen} may be chance", then.fires("fires still"))
            else:
                yield subject.case(f"ends with clearly fewer {seen}", then.silent("silent since it is over"))
    if not subject.thorough:
        return
    good, bad_again = (of.load("v10", value, _LATELY / windows[-1]) for value in (of.base, of.worst))
    over = before.then(windows[-1] + subject.keep + SLACK, good).silent("silent since it is over")
    back = over.then(of.signal.window + subject.alert.for_ + SLACK, bad_again).fires("fires again")
    yield subject.case("fires again when it comes back", back)


def _previous_events(of: _Releases) -> Iterator[TestCase]:
    """Follow a release that hardly ran."""
    if not (fewest := of.subject.alert.min_events):
        return
    subject, before = of.subject, 2 * MINUTE
    # Buckets of the previous release are counted by whole windows: the first ends where the newest release begins.
    whole = of.signal.window - before - _BRIEF - subject.interval
    rest = max(before, whole) if isinstance(of.signal.kind, Quantile) else before
    few, enough = (
        subject.timeline.then(before, idle(old))
        .then(_BRIEF, old)
        .then(rest, idle(old))
        .then(subject.alert.for_ + subject.interval, of.load("v10", of.worst))
        for old in (of.brief("v9", of.base, number) for number in (fewest - 1, fewest))
    )
    yield subject.case("silent after a release with too few events", few.quiet("silent with one too few"))
    yield subject.case(
        "fires after a release with just enough events", enough.fires("fires with just enough events")
    )
