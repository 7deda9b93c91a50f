"""Burn rates: an error budget that is spent too fast, in a long and in a short window at once."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts import condition, usual
from generator.alerts.chance import DEVIATIONS, SIGMAS
from generator.alerts.condition import AlertNumber, Ground
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.tiers import Reason, check_traffic, report_unreachable, written_bounds
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, Alert, AlertSeverity, Burn, BurnRate, Tier
from generator.model.signals import Better, Share, Signal
from generator.model.units import DAY, HOUR, MINUTE, Unit, duration, human, plain
from generator.notation.times import MONTH, burns, scaled_paces
from generator.promql.expr import Expr, all_of, any_of, call, number
from generator.scenarios import (
    MARGIN,
    PLENTY,
    SLACK,
    Load,
    SeriesId,
    Subject,
    TestCase,
    Timeline,
    Traffic,
    idle,
)
from generator.signals import error_budget
from generator.signals.registry import load_of
from generator.streams.scope import Scope, join, largest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.alerts.guide import Guide
    from generator.model.rules import RecordingRule
    from generator.model.service import Library, Service
    from generator.spec.types import Text

#: The time over which the last short window with events is looked for, in seconds.
_LOOK_BACK = 6 * HOUR
#: The shortest long window that holds the bad events of an incident for hours.
_HOURS = 3 * HOUR
#: The share of a short window's events from which a single bad one may page.
_MOSTLY = 0.5
#: The remaining part of every error budget while an alert is tested.
LEFT = 0.38

KEY, KIND = "burn_rate", BurnRate
FLOORS: tuple[str, ...] = (MIN_BAD_EVENTS,)
GUIDE: Guide | None = None
labels, variant_parts = usual.labels, usual.variant_parts


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Take the error budget from the objective; without an objective over a window there is no budget."""
    about = about_signal(draft)
    if about is None:
        return
    signal, objective = about.signal, about.objective
    if not isinstance(signal.kind, Share):
        about.fits("a share", fits=False)
        return
    if objective is None or objective.window is None:
        why = "no objective" if objective is None else "an objective without a window"
        about.scope.off(about.entry.key, about.body.signal, signal, why, window="30d")
        return
    kind = BurnRate(signal.kind.budget(objective.bound), about.scope.site.rule_interval)
    tiers = tuple(_tiers(about, kind.budget, objective.window))
    if tiers:
        longest = max(burn.long for tier in tiers for burn in tier.burns)
        check_traffic(about, FLOORS, longest)
        yield about.resolved(kind, tiers, longest)


def _tiers(about: SignalDraft, budget: float, window: int) -> Iterator[Tier]:
    """Keep the paces that can be reached: even a total outage burns a budget of 10% only ten times too fast."""
    for severity, text in written_bounds(about):
        paces = burns(text, about.scope.site, about.findings)
        if not about.scope.is_own(text):
            written, paces = paces, scaled_paces(paces, window, about.scope.site)
            if paces != written:
                _check_retention(written, paces, window, about)
        beyond = {burn: why for burn in paces if (why := _beyond_budget(burn, budget, window))}
        reachable = tuple(burn for burn in paces if burn not in beyond)
        _report(text, severity, beyond, about, partly=bool(reachable))
        if reachable:
            yield Tier(severity, 0, " or ".join(burn.text for burn in reachable), reachable)


def _report(
    text: Text,
    severity: AlertSeverity,
    beyond: Mapping[Burn, Reason],
    about: SignalDraft,
    *,
    partly: bool,
) -> None:
    """Report the paces that no budget burns at; ``partly`` is whether the severity has others."""
    for burn, why in beyond.items():
        left = f" at {plain(burn.factor)}x" if partly else ""
        report_unreachable(text, f"{severity}{left}", why, about)


def _check_retention(
    written: tuple[Burn, ...], paces: tuple[Burn, ...], window: int, about: SignalDraft
) -> None:
    """Refuse a window for which alerts would look back further than Prometheus keeps samples."""
    retention = about.scope.site.retention
    longest = max((burn.long for burn in paces), default=0)
    if longest > retention:
        of_month = max(burn.long for burn in written)
        most = retention * MONTH // of_month // DAY * DAY
        # The rule of all services reads as much as a month needs, whatever this one promises.
        is_kept = about.name not in about.scope.shared_alerts or of_month <= retention
        shorter = f"use an objective window of at most {duration(most)}, or " if is_kept and most else ""
        about.findings.error(
            "objective/retention",
            f"with an error budget over {duration(window)}, {about.name} reads the last {duration(longest)}, but "
            f"Prometheus keeps only {duration(retention)}",
            about.scope.windows.get(about.signal.name, about.entry.key).span,
            f"{shorter}keep samples longer and set retention: {duration(max(longest, of_month))} in site.yaml",
        )


def _beyond_budget(burn: Burn, budget: float, window: int) -> Reason | None:
    """Return the reason why a budget is never spent at a pace; None if it can be."""
    if burn.factor * budget >= 1:
        why = f"with a budget of {human(budget, Unit.RATIO)} nothing burns as fast as {plain(burn.factor)}x"
        return Reason(why, f"choose paces below {plain(round(1 / budget, 3))}x")
    if burn.long > window:
        why = f"the budget is one of {duration(window)}, and {duration(burn.long)} is longer"
        return Reason(why, f"look back over {duration(window)} at most, or promise for longer")
    return None


def panel(alert: Alert, _kind: BurnRate) -> str:
    """Link the burn rate."""
    return f"{alert.signal}:burn"


def records(alert: Alert, _kind: BurnRate, ground: Ground) -> Iterator[RecordingRule]:
    """Record the bad events and their share over the windows of all paces."""
    signal, scope = ground.signal(alert), ground.scope
    yield from error_budget.service_sides(signal, scope)
    for window in pace_windows(alert):
        yield from error_budget.burn_over(signal, window, scope)


def burning(library: Library) -> tuple[Signal, ...]:
    """List the signals whose error budget an alert of the library watches."""
    watched = dict.fromkeys(alert.signal for alert in library.alerts if isinstance(alert.kind, BurnRate))
    return tuple(library.signals[name] for name in watched)


def pace_windows(alert: Alert) -> tuple[int, ...]:
    """List the windows of an alert's paces in seconds, the shortest first."""
    paces = [one for tier in alert.tiers for one in tier.burns]
    return tuple(sorted({window for one in paces for window in (one.long, one.short)}))


def expr(alert: Alert, kind: BurnRate, tier: Tier, ground: Ground) -> Expr:
    """Compare the share of bad events with the budget, times each pace; any pace is enough."""
    return any_of([_pace(alert, kind, tier, burn, ground) for burn in tier.burns])


def compared(alert: Alert, _kind: BurnRate, ground: Ground) -> Expr:
    """Select the share of bad events in all windows at once, which the names of the records distinguish."""
    signal = ground.signal(alert)
    named = f"{names.part(signal, 'error_ratio')}({'|'.join(map(duration, pace_windows(alert)))})"
    return ground.scope.record("").where("=~", __name__=named).now()


def _pace(alert: Alert, kind: BurnRate, tier: Tier, burn: Burn, ground: Ground) -> Expr:
    signal, scope = ground.signal(alert), ground.scope
    bound = _bound(alert, kind, tier, burn, ground)
    long, short = (
        scope.record(names.windowed(signal, "error_ratio", window)) for window in (burn.long, burn.short)
    )
    # Where no run finishes within the short window, its last value counts.
    last = call("last_over_time", short.over(min(burn.long, _LOOK_BACK) - 1))
    bad = scope.record(names.windowed(signal, "errors", burn.long)).now()
    # Ten minutes after the first deployment, a window of three days has data of ten minutes only.
    seen = call("count_over_time", scope.record(names.events_rate(signal)).over(burn.long - 1))
    half = number(burn.long // scope.site.rule_interval // 2)
    crossed = all_of([bound.compare(">", long.now()), bound.compare(">", last), seen >= half])
    if scope.shared:
        # A budget of one day has no meaning over three days.
        promised = scope.record(names.part(signal, "objective_window")).now()
        crossed = join("and", crossed, promised >= number(burn.long))
    crossed = condition.enough(crossed, bad, ground.floor(alert, MIN_BAD_EVENTS), ())
    if _remembers(tier, burn):
        crossed = join("unless", crossed, _single(signal, burn.short, scope))
    if _by_chance(burn.factor) <= alert.min_bad_events:
        return crossed
    return crossed & _beyond_chance(bad, long.now() / _budget(kind, signal, ground))


def _remembers(tier: Tier, burn: Burn) -> bool:
    """Whether the window of a page is so long that an incident counts hours after its end."""
    return tier.severity is AlertSeverity.CRITICAL and burn.long >= _HOURS


def _single(signal: Signal, window: int, scope: Scope) -> Expr:
    """Find where only one event of a short window is bad, and most are good.

    For hours after an incident, its bad events in the long window would else page with every ordinary failure.
    """
    bad, share = (
        scope.record(names.windowed(signal, part, window)).now() for part in ("errors", "error_ratio")
    )
    return join("and", bad < number(2 - condition.HALF_EVENT), share < number(_MOSTLY))


def _by_chance(pace: float) -> float:
    """Compute the fewest bad events at a pace that exceed, by three standard deviations, those that a budget allows.

    A fast pace needs hardly an event. At 1x a service just inside its objective would have an alert whenever chance
    takes it outside.
    """
    return SIGMAS**2 * pace / (pace - 1) ** 2 if pace > 1 else inf


def _beyond_chance(bad: Expr, pace: Expr) -> Expr:
    """Select bad events that exceed by three standard deviations those that the budget allows."""
    allowed = bad / pace
    return bad - allowed >= number(SIGMAS) * call("sqrt", allowed)


def _budget(kind: BurnRate, signal: Signal, ground: Ground) -> Expr:
    if not ground.scope.shared:
        return number(round(kind.budget, 9))
    return largest(ground.scope.record(budget_name(signal)).now())


def _bound(alert: Alert, kind: BurnRate, tier: Tier, burn: Burn, ground: Ground) -> AlertNumber:
    """Multiply the pace with the budget, which follows from each service's objective."""
    if not ground.scope.shared:
        return AlertNumber(number(round(burn.factor * kind.budget, 9)), literal=True)
    budget = _budget(kind, ground.signal(alert), ground)
    return AlertNumber(ground.pace(alert, tier, burn).times(budget), literal=False)


def budget_name(signal: Signal) -> str:
    """Name the error budget of each service, as a share of all events."""
    return names.part(signal, "error_budget")


def sentence(alert: Alert, kind: BurnRate, tier: Tier, ground: Ground) -> str:
    """Describe the share of bad events and the burn rate."""
    signal = ground.signal(alert)
    budget = (
        "its error budget" if ground.scope.shared else f"an error budget of {human(kind.budget, Unit.RATIO)}"
    )
    return (
        f"{condition.title_template(signal, ground)} of {condition.SERVICE_VALUE}: "
        "{{ $value | humanizePercentage }} of the events "
        f"were bad, so {budget} burns faster than {_pace_words(tier)}. At 1x it would last exactly its window."
        f"{_left(signal)}"
    )


def _left(signal: Signal) -> str:
    """Write the template that queries the rest of the budget; empty while it is unknown."""
    selector = f'{names.BUDGET_LEFT}{{{names.SERVICE}=%q,{names.SIGNAL}=\\"{signal.name}\\"}}'
    ask = f'{{{{ with printf "{selector}" $labels.{names.SERVICE} | query }}}}'
    share = "{{ . | first | value | humanizePercentage }}"
    left = f"{{{{ if gt (. | first | value) 0.0 }}}}{share}{{{{ else }}}}Nothing{{{{ end }}}} of it is left."
    return f"{ask} {left}{{{{ end }}}}"


def _pace_words(tier: Tier) -> str:
    """List the burn rates of a tier with their windows."""
    if tier.text:
        return tier.text
    return " or ".join(
        f"{plain(burn.factor)}x over {duration(burn.long)} and {duration(burn.short)}" for burn in tier.burns
    )


def words(alert: Alert, kind: BurnRate, tier: Tier, service: Service) -> str:
    """Describe the condition for people, with the part of the budget that is spent when it becomes true."""
    objective = service.objectives[alert.signal]
    window = objective.window or 0
    paces = " or ".join(
        f"{burn.text} ({human(round(burn.factor * burn.long / window, 3), Unit.RATIO)} of it)"
        if window
        else burn.text
        for burn in tier.burns
    )
    budget = f"The error budget of {human(kind.budget, Unit.RATIO)} over {duration(window)}"
    text = condition.with_floors(f"{budget} burns at {paces}", alert, "bad events", DEVIATIONS)
    several = (
        f", with more than one bad event in {duration(burn.short)} or mostly bad ones"
        for burn in tier.burns
        if _remembers(tier, burn)
    )
    return f"{text}{''.join(several)}"


def cases(kind: BurnRate, subject: Subject) -> Iterator[TestCase]:
    """Test every pace of a severity by itself; a service's own rules record what is left of its budget."""
    left = SeriesId(names.BUDGET_LEFT, ((names.SIGNAL, subject.signal.name),)), LEFT
    given = (left,) if subject.fixture.shared else ()
    for case in _paces(kind, subject):
        yield replace(case, constants=(*case.constants, *given))


class _Pace(Struct, frozen=True):
    """One pace at which a budget burns. Its long window counts as soon as half of it has samples."""

    kind: BurnRate
    subject: Subject
    burn: Burn
    #: The other paces of the severity.
    others: tuple[Burn, ...]

    @property
    def half(self) -> int:
        """The time from which it counts."""
        return self._half(self.burn)

    def _half(self, burn: Burn) -> int:
        """Find the time at which half of a long window has samples; the first sample is at second 0."""
        step = self.subject.fixture.site.rule_interval
        return max(0, self.subject.timeline.up((burn.long // step // 2 - 1) * step))

    @property
    def quicker(self) -> float:
        """The next quicker pace of the severity, as a part of this one; infinite without one."""
        factors = (other.factor for other in self.others)
        return min(
            (factor / self.burn.factor for factor in factors if factor > self.burn.factor), default=inf
        )

    def slower(self, seconds: float) -> tuple[Burn, ...]:
        """List the slower paces that fire within a time: traffic beyond this pace is beyond them as well."""
        for_, most = self.subject.alert.for_, self.burn.factor
        return tuple(one for one in self.others if one.factor <= most and self._half(one) + for_ <= seconds)

    @property
    def bound(self) -> float:
        return self.burn.factor * self.kind.budget

    @property
    def fast(self) -> float:
        """A pace far beyond the bound, as a part of it: some events stay good, and no quicker pace is reached."""
        return min(3.0, (1 + self.bound) / 2 / self.bound, 0.95 * self.quicker)

    def load(self, part: float, events: float = PLENTY) -> Load:
        """Burn at a part of this pace, at a number of events a second."""
        return self._load(min(1.0, part * self.bound), events)

    def only_bad(self, events: float, seconds: int) -> Load:
        """Make only bad events, a number of them in a time."""
        return self._load(1.0, events / seconds)

    def _load(self, bad: float, events: float) -> Load:
        signal = self.subject.signal
        if self.subject.every > 1:
            every, errors = names.events_rate(signal), names.part(signal, "errors_rate")
            return {SeriesId(every, ()): events, SeriesId(errors, ()): events * bad}
        good = signal.better is Better.HIGHER
        return load_of(signal, 1 - bad if good else bad, Traffic(events, {}), self.subject)

    def named(self, what: str) -> str:
        """Name a case after the pace."""
        return f"{what} at {self.burn.factor:g}x"


def _paces(kind: BurnRate, subject: Subject) -> Iterator[TestCase]:
    """Test each pace that the budget allows, but for the expectations that a slower pace contradicts by then."""
    burns = tuple(burn for burn in subject.tier.burns if burn.factor * kind.budget < 1)
    for burn in sorted(burns, key=lambda burn: burn.long):
        pace = _Pace(kind, subject.over(burn.long), burn, tuple(other for other in burns if other != burn))
        yield _windows(pace)
        yield from _crossed(pace)
        yield _unheard(pace)
        yield from _ordinary_failures(pace)
        yield from _short_lived(pace)
        yield from _events(pace)
        yield from _surely(pace)
        yield from _over_objective(pace)


def _windows(pace: _Pace) -> TestCase:
    """Burn fast from the first minute on, long enough for the long window to remember, then stop."""
    alert, short, step = pace.subject.alert, pace.burn.short, pace.subject.interval
    rest = short + pace.subject.keep + SLACK
    fires = pace.subject.timeline.up(pace.half + alert.for_)
    timeline = pace.subject.timeline.then(fires, pace.load(pace.fast))
    if fires > step and not pace.slower(fires - step):
        timeline = timeline.silent("silent while its long window is not half covered", fires - step)
    timeline = timeline.fires("fires as soon as it is", value=pace.fast * pace.bound)
    remembered = int(rest / (pace.fast - 1 - MARGIN)) if pace.fast > 1 + 2 * MARGIN else 0
    burning = timeline.up(max(remembered, fires + MINUTE))
    if 0 < remembered + rest < pace.burn.long and not pace.slower(burning + rest):
        timeline = (
            timeline.then(burning - fires, pace.load(pace.fast))
            .then(rest, pace.load(0))
            .silent("resolves when its short window no longer shows it")
        )
        soon = timeline.up(short // 4)
        if pace.fast * (1 - soon / short) > 1 + MARGIN:
            timeline = timeline.fires("fires while it does", soon + pace.subject.keep)
    return pace.subject.case(pace.named("fires when both windows show it"), timeline)


def _crossed(pace: _Pace) -> Iterator[TestCase]:
    """Burn just slowly enough for half the long window, then too fast, so that each window crosses alone."""
    alert, keep, half = pace.subject.alert, pace.subject.keep, pace.half
    # Twice as long as the average takes to cross; an hour's window needs that time to be seen in minutes.
    over = min(0.3 if pace.burn.long > HOUR else 1.5 * MARGIN, (pace.fast - 1) / 2)
    crossed = int(half * MARGIN / over)
    inside = pace.subject.timeline.then(half + alert.for_ + SLACK, pace.load(1 - MARGIN))
    # Where nothing burns much faster than the bound, the window forgets how it began before its average crosses.
    if half + crossed > pace.burn.long or pace.slower(inside.seconds + inside.up(crossed * 3 // 5)):
        return
    beyond = (
        inside.quiet("silent just inside its bound")
        .then(max(2 * crossed, crossed + alert.for_ + SLACK), pace.load(1 + over))
        .silent("silent while its long window is still inside", crossed * 3 // 5)
        .fires("fires when both windows are beyond")
        .then(pace.burn.short + MINUTE + keep, pace.load(1 + MARGIN))
        .fires("fires while its short window is just beyond")
    )
    yield pace.subject.case(pace.named("fires when the budget burns just too fast"), _resolved(pace, beyond))


def _resolved(pace: _Pace, timeline: Timeline) -> Timeline:
    """Burn just slowly enough again: for this pace, and for those that may have fired meanwhile."""
    rest = max(one.short for one in (pace.burn, *pace.others)) + pace.subject.keep + SLACK
    slower = pace.slower(timeline.seconds + rest)
    part = min(one.factor for one in (pace.burn, *slower)) / pace.burn.factor
    short = max(one.short for one in (pace.burn, *slower))
    return timeline.then(short + pace.subject.keep + SLACK, pace.load(part * (1 - MARGIN))).silent(
        "resolves when its short window is inside again"
    )


def _unheard(pace: _Pace) -> TestCase:
    """Burn fast, and then have no event for longer than the short window, but not for all of the long one."""
    subject = pace.subject
    fires = pace.half + subject.alert.for_ + SLACK
    nothing = min(pace.burn.short + SLACK, pace.burn.long - subject.interval) + subject.keep
    return subject.case(
        pace.named("goes on when nothing says that it is over"),
        subject.timeline.then(fires, pace.load(pace.fast))
        .fires("fires")
        .then(nothing, idle(pace.load(pace.fast)))
        .fires("goes on"),
    )


def _ordinary_failures(pace: _Pace) -> Iterator[TestCase]:
    """Burn fast, recover, and then have so many bad events in each short window, and so many good ones beside them."""
    subject, short, bound = pace.subject, pace.burn.short, pace.bound
    if not _remembers(subject.tier, pace.burn) or 1.2 * bound >= _MOSTLY:
        return
    over = subject.timeline.then(pace.half + subject.alert.for_ + SLACK, pace.load(pace.fast))
    over = (
        over.fires("fires").then(short + subject.keep + SLACK, pace.load(0, PLENTY / 10)).silent("resolves")
    )
    lasts = short + subject.alert.for_ + SLACK
    for bad, share, what in (
        (1, 1.2 * bound, "silent on single failures"),
        (2, 1.2 * bound, "fires on two failures"),
        (1, 1.2 * _MOSTLY, "fires on single failures of most"),
    ):
        after = over.then(lasts, pace.load(share / bound, bad / share / short))
        ends = after.fires(what) if what.startswith("fires") else after.quiet(what)
        yield subject.case(pace.named(f"{what} after an incident"), ends)
    usual, failing = pace.load(0, 1.5 / short), pace.only_bad(1.2, 6 * MINUTE)
    timeline = over.then(short, usual).then(6 * MINUTE, failing).quiet("silent")
    yield subject.case(pace.named("silent on a failure in good hours after an incident"), timeline)


def _short_lived(pace: _Pace) -> Iterator[TestCase]:
    """Burn too fast, but not for long enough to matter."""
    short = min(pace.half - MINUTE, 2 * pace.burn.short + 20 * MINUTE)
    timeline = pace.subject.timeline.then(pace.half, pace.load(0))
    if short > 0 and not pace.slower(timeline.seconds + short):
        yield pace.subject.case(
            pace.named("silent when it burns too fast only for a while"),
            timeline.then(short, pace.load(min(1.5, pace.fast))).quiet(
                "silent while its long window shows too little"
            ),
        )


def _over_objective(pace: _Pace) -> Iterator[TestCase]:
    """Set an objective over exactly the long window, and over a shorter window, for which the pace does not apply."""
    subject, signal = pace.subject, pace.subject.signal.name
    if not subject.fixture.shared:
        return
    good = subject.signal.better is Better.HIGHER
    objective = 1 - pace.kind.budget if good else pace.kind.budget
    burning = subject.timeline.then(pace.half + subject.alert.for_ + SLACK, pace.load(pace.fast))
    for part, what in (
        (1.0, "fires on a promise over its long window"),
        (0.97, "silent on a promise over less"),
    ):
        constants = (
            (SeriesId(names.OBJECTIVE, ((names.SIGNAL, signal),)), objective),
            (SeriesId(names.OBJECTIVE_WINDOW, ((names.SIGNAL, signal),)), part * pace.burn.long),
        )
        timeline = burning.fires("fires") if part == 1 else burning.quiet("silent")
        yield replace(subject.case(pace.named(what), timeline), constants=constants)


def _events(pace: _Pace) -> Iterator[TestCase]:
    """Make only bad events within the long window: one too few of them, and then one more."""
    alert = pace.subject.alert
    if not alert.min_bad_events:
        return
    up = pace.subject.timeline.up
    first, moment, last = up(pace.half + alert.for_ + SLACK), up(2 * MINUTE), up(alert.for_ + MINUTE)
    if first + moment + last >= pace.burn.long:
        return
    # The first phase has a sample at second 0 as well.
    sampled = first + pace.subject.fixture.site.rule_interval
    yield pace.subject.case(
        pace.named("needs enough bad events"),
        pace.subject.timeline.then(first, pace.only_bad(alert.min_bad_events - 1, sampled))
        .quiet("silent with one bad event too few")
        .then(moment, pace.only_bad(1.1, moment))
        .then(last, pace.only_bad(0.01, first))
        .fires("fires with enough of them"),
    )


def _surely(pace: _Pace) -> Iterator[TestCase]:
    """Burn a little too fast on so few events that chance explains it, and then on a few more."""
    part = 1 + MARGIN if pace.burn.factor > 1 else min(1.3, pace.fast)
    bad = _by_chance(part * pace.burn.factor)
    if not pace.subject.alert.min_bad_events + 1 < bad < inf:
        return
    events, up = bad / (part * pace.bound), pace.subject.timeline.up
    first, moment = up(pace.half + pace.subject.alert.for_ + SLACK), up(2 * MINUTE)
    last = up(pace.subject.alert.for_ + MINUTE)
    if first + moment + last >= pace.burn.long:
        return
    sampled = first + pace.subject.fixture.site.rule_interval
    yield pace.subject.case(
        pace.named("needs more than chance explains"),
        pace.subject.timeline.then(first, pace.load(part, 0.95 * events / sampled))
        .quiet("silent while it may be chance")
        .then(moment, pace.load(part, 0.1 * events / moment))
        .then(last, pace.load(part, 0.01 * events / last))
        .fires("fires where it is more"),
    )
