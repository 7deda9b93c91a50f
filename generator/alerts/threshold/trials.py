"""The test cases of a threshold, and those around any bound of a value."""

from __future__ import annotations

from functools import partial
from math import ceil, sqrt
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts import longer
from generator.alerts.chance import EASED_SIGMAS, SIGMAS, dispersion, sigmas
from generator.alerts.condition import HALF_EVENT
from generator.alerts.threshold.expression import UNUSUAL, USUALLY, latest
from generator.model import names
from generator.model.alerts import BOUND, Threshold, Tier, has_mildest
from generator.model.signals import (
    Better,
    Cost,
    Count,
    Distribution,
    Level,
    Quantile,
    Ratio,
    Share,
    Signal,
    divisor,
)
from generator.model.streams import RUN_LATENCY, Stream
from generator.model.units import DAY, HOUR, MINUTE, duration
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
    around,
    beyond_last,
    counter,
    histogram,
    idle,
    merged,
    spending,
    worst,
)
from generator.signals.quantile import UNKNOWN_LENGTH, share_beyond
from generator.signals.registry import load_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


#: Events a second that outweigh everything else.
_AMPLE = 1e9
#: Bounds that allow a larger share of bad events are never crossed where one interval in five is bad.
_OFTEN = 0.18
#: Up to this share of bad events, few good ones do not outweigh the bad ones that an alert needs.
_MOST = 0.5
#: The number of shares of bad events that are tried until one is no chance.
_STEPS = 20
#: From this floor on, a longer window can hold enough events while none of its parts does.
_RARE = 4


def cases(kind: Threshold, subject: Subject) -> Iterator[TestCase]:
    """Test both sides of the bound, and of the fewest events."""
    signal, bound = subject.signal, subject.tier.bound
    if isinstance(signal.kind, Cost) and signal.kind.per is None:
        yield from _spent(subject, bound)
        return
    values = _values(kind, subject)
    yield from on_both_sides(values, subject)
    if kind.also_over and longer.is_mean(signal):
        yield from _rare_mean(kind, values, subject)
    elif kind.also_over:
        yield from _rare(values, subject)
        yield from _as_mild(kind, subject)
        yield from _short(kind, values, subject)
    if kind.unfinished:
        yield from _unfinished(subject)
    elif (not kind.also_over or longer.is_mean(signal)) and not isinstance(signal.kind, Share):
        yield from _lasting(values, subject)


class BoundValues(Struct, frozen=True):
    """Values of a signal to test a bound with, and the load of a value at a number of events a second.

    ``mixed`` is the load with a share of bad events. ``worst`` is far beyond the bound; ``excess`` is the number of bad
    events above the allowed for each event, there and just beyond the bound; None where an alert counts none.
    ``allowed`` is the share of bad events that the bound allows, where these must be more than chance explains; 0
    elsewhere. ``mildest`` is the share of the bound by which chance is judged, ``scatter`` the variance of bad events
    for each event there, and ``sigmas`` the standard deviations that are chance. ``also_over``, ``lately`` and
    ``recently`` are the longer windows, 0 without any.
    """

    beyond: float
    inside: float
    worst: float
    excess: tuple[float | None, float | None]
    load: Callable[[float, float], Load]
    mixed: Callable[[float, float], Load]
    allowed: float = 0
    mildest: float = 0
    scatter: float = 0
    sigmas: int = 0
    also_over: int = 0
    lately: int = 0
    recently: int = 0

    def by_chance(self, excess: float) -> float:
        """Count the events from which bad ones, ``excess`` too many for each event, exceed chance."""
        beyond = self.allowed + excess - self.mildest
        return self.sigmas**2 * self.scatter / beyond**2


def _values(kind: Threshold, subject: Subject) -> BoundValues:
    alert, signal, bound = subject.alert, subject.signal, subject.tier.bound
    beyond, inside = around(signal, bound)
    far, labels = worst(signal, bound), subject.labels
    severe = has_mildest(alert) and subject.tier.severity != alert.tiers[-1].severity
    mildest = alert.tiers[-1].bound if severe else bound
    return BoundValues(
        beyond=beyond,
        inside=inside,
        worst=far,
        excess=(_excess(signal, far, bound), _excess(signal, beyond, bound)),
        load=lambda value, events: load_of(signal, value, Traffic(events, labels), subject),
        mixed=lambda share, events: _mixed(share, Traffic(events, labels), subject),
        allowed=_allowed(signal, bound) if alert.min_bad_events else 0,
        mildest=_allowed(signal, mildest) if alert.min_bad_events else 0,
        scatter=_scatter(signal, mildest, subject.tier) if alert.min_bad_events else 0,
        sigmas=sigmas(signal, subject.tier.severity),
        also_over=kind.also_over,
        lately=kind.lately,
        recently=longer.last_quarter(kind.also_over, signal, subject.fixture.site.rule_interval)
        if kind.also_over
        else 0,
    )


def _mixed(share: float, traffic: Traffic, subject: Subject) -> Load:
    """Make events with a share of bad ones; of a quantile, these are as bad as can be, and the others as good."""
    signal = subject.signal
    falls = signal.better is Better.HIGHER
    if not isinstance(signal.kind, Quantile):
        value = 1 - share if falls and isinstance(signal.kind, Share) else share
        return load_of(signal, value, traffic, subject)
    best, bad = signal.of.buckets[0], signal.of.buckets[-1]
    if falls:
        best, bad = bad, best
    return histogram(signal.of, [(best, 1 - share), (bad, share)], traffic, subject.fixture)


def _as_mild(kind: Threshold, subject: Subject) -> Iterator[TestCase]:
    """Set a service's bound of a more severe tier to the mildest one: chance then limits that one as well."""
    alert, severity = subject.alert, subject.tier.severity
    mildest = alert.tiers[-1]
    if not subject.fixture.shared or severity == mildest.severity:
        return
    strict = replace(subject, tier=replace(subject.tier, bound=mildest.bound))
    labels = {
        names.ALERT: alert.name,
        names.PART: BOUND,
        names.SEVERITY: str(severity),
        names.WORDS: "#, as mild",
    }
    override = (SeriesId(names.OVERRIDE, tuple(sorted(labels.items()))), mildest.bound)
    values = _values(kind, strict)
    value, events = values.beyond, values.by_chance(values.excess[1] or 1)
    window = strict.signal.window
    at_once = (
        _ample(values, strict)
        .then(window + alert.for_, values.load(value, 0.95 * events / window))
        .quiet("silent while it may be chance")
        .then(window + alert.for_, values.load(value, 1.05 * events / window))
        .fires("fires where it is more")
    )
    yield replace(strict.case("needs more than chance at a milder bound", at_once), constants=(override,))
    for rarely in _surely(values, strict):
        yield replace(rarely, name=f"{rarely.name} at a milder bound", constants=(override,))


def _excess(signal: Signal, value: float, bound: float) -> float | None:
    """Compute the bad events above the allowed for each event at a value; None where none are counted."""
    if isinstance(signal.kind, Share):
        return bound - value if signal.better is Better.HIGHER else value - bound
    if isinstance(signal.kind, Quantile):
        return share_beyond(signal, signal.kind.q, value, bound) - _allowed(signal, bound)
    counted = isinstance(signal.kind, Distribution) or (isinstance(signal.kind, Ratio) and signal.of.sparse)
    return value - bound if counted else None


def _allowed(signal: Signal, bound: float) -> float:
    """Compute the share of bad events that a bound allows."""
    if isinstance(signal.kind, Quantile):
        return signal.kind.q if signal.better is Better.HIGHER else 1 - signal.kind.q
    return 1 - bound if signal.better is Better.HIGHER and isinstance(signal.kind, Share) else bound


def _scatter(signal: Signal, bound: float, tier: Tier) -> float:
    """Compute the variance of the bad events per event, exactly at a bound."""
    allowed = _allowed(signal, bound)
    scatter = allowed * (1 - allowed) if isinstance(signal.kind, Quantile | Share) else allowed
    return dispersion(signal, tier.severity) * scatter


def on_both_sides(values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Test both sides of a bound, and of the floors of events."""
    alert, signal = subject.alert, subject.signal
    window, plenty = signal.window, _plenty(values, subject)
    inside, beyond = (values.load(value, plenty) for value in (values.inside, values.beyond))
    none, full = idle(inside), window + alert.for_
    yield subject.case(
        "fires just beyond its bound",
        subject.timeline.then(full, inside)
        .quiet("silent just inside its bound")
        .then(full, beyond)
        .fires("fires just beyond its bound", value=values.beyond)
        .then(window + subject.keep, inside)
        .silent("resolves"),
    )
    if isinstance(signal.kind, Count | Level):
        return
    waiting = subject.timeline.then(full, none).quiet("silent without traffic")
    far = values.load(values.worst, PLENTY)
    # An amount that is not a ratio exceeds the bound when more than a tenth of the window has ten times it.
    is_amount = isinstance(signal.kind, Cost) and divisor(signal) is None
    tenth = window // 10 // subject.interval * subject.interval if is_amount else 0
    yield subject.case(
        "fires after its for and for as long as it must",
        subject.fires_and_resolves(
            waiting,
            far,
            idle(far),
            true_after=tenth + subject.interval,
            false_after=values.lately or window - tenth,
        ),
    )
    yield from _floors(values, subject, full)


def _plenty(values: BoundValues, subject: Subject) -> float:
    """Choose enough events a second for enough bad events just beyond the bound, chance included."""
    each = values.excess[1]
    if not each:
        return PLENTY
    enough = max(10 * subject.alert.min_bad_events / each, 4 * values.by_chance(each))
    return max(PLENTY, enough / subject.signal.window)


def _floors(values: BoundValues, subject: Subject, full: int) -> Iterator[TestCase]:
    """Test one event too few, and just enough: with all events bad, and with just too many of them."""
    window = subject.signal.window
    for value, bad, what in (
        (values.worst, values.excess[0], "events"),
        (values.beyond, values.excess[1], "bad events"),
    ):
        few, enough = _fewest(values, subject, bad)
        if enough > 0 and (what == "events" or few > subject.alert.min_events):
            yield subject.case(
                f"needs enough {what}",
                _ample(values, subject)
                .then(full, values.load(value, few / window))
                .quiet("silent with one too few")
                .then(full, values.load(value, enough / window))
                .fires("fires with just enough"),
            )


def _fewest(values: BoundValues, subject: Subject, bad: float | None) -> tuple[float, float]:
    """Count the events that are just too few and just enough, where each brings ``bad`` too many bad ones."""
    alert = subject.alert
    counts = [(alert.min_events - 1.0, float(alert.min_events))]
    if bad and alert.min_bad_events:
        counts.append(((alert.min_bad_events - 1) / bad, (alert.min_bad_events + 0.1) / bad))
        by_chance = values.by_chance(bad)
        counts.append((0.95 * by_chance, 1.05 * by_chance))
    return max(counts)


def _ample(values: BoundValues, subject: Subject) -> Timeline:
    """Be so busy and so good before that no longer window shows the current one."""
    return _since_ample(values, subject, subject.alert.for_) if values.also_over else subject.timeline


def _since_ample(values: BoundValues, subject: Subject, seconds: int) -> Timeline:
    """Be very busy and good for a moment, and idle since then."""
    good = values.load(values.inside, _AMPLE)
    return subject.timeline.then(subject.interval, good).then(seconds, idle(good))


def on_rare_events(values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Test events so rare that no window has enough of them, but a longer one does."""
    numbers = _fewest(values, subject, values.excess[0])
    yield _rarely(values, subject, numbers)
    yield _again(values, subject, numbers)
    yield from _ended(values, subject, numbers)


def _rare(values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    yield from on_rare_events(values, subject)
    yield from _goes_on(values, subject)
    if values.mildest == values.allowed:
        yield from _surely(values, subject)


def _rare_mean(kind: Threshold, values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Be beyond the bound on events so rare that only the longer window has enough of them."""
    also, window, fewest = kind.also_over, subject.signal.window, subject.alert.min_events
    if fewest < _RARE or not subject.thorough:
        return

    def load(value: float, events: float = 1.5 * fewest) -> Load:
        return values.load(value, events / also)

    begun, wait = subject.timeline, subject.alert.for_ + subject.interval
    good = begun.then(also, load(values.inside)).quiet("silent just inside its bound")
    fires = good.then(also + wait, load(values.beyond)).fires("fires just beyond", value=values.beyond)
    yield subject.case("fires on rare events", fires)
    few = begun.then(also + wait, load(values.worst, fewest - 1)).quiet("silent with one too few")
    yield subject.case(
        "needs enough rare events",
        few.then(also, load(values.worst, fewest)).fires("fires with just enough"),
    )
    bad, over = begun.then(also, load(values.worst)).fires("fires"), subject.keep + SLACK
    half = bad.then(kind.lately + over, load(values.inside)).silent("resolves when its last half is good")
    yield subject.case("fires on rare events for no longer than they are bad", half)
    many = bad.then(window + over, values.load(values.inside, 1.1 * fewest / window))
    yield subject.case(
        "is over when enough events say so", many.silent("resolves in the signal's own window")
    )
    if long := _endings(subject):
        first = begun.then(also, merged(load(values.inside), long))
        short = first.then(_lasts(subject) + subject.alert.for_, merged(load(values.worst), long))
        short = short.quiet("silent for as long as runs last")
        later = short.then(kind.lately, merged(load(values.worst), long)).fires("fires when it lasts longer")
        yield subject.case("fires on rare events for longer than a run", later)


def _rarely(values: BoundValues, subject: Subject, numbers: tuple[float, float]) -> TestCase:
    """Be bad all the time, and silent at one event too few."""
    few, enough = numbers
    bursts = few * 0.6, few * 0.4
    timeline = _spread_out(partial(values.load, values.worst), subject, bursts, values.lately)
    timeline = timeline.quiet("silent with one too few")
    timeline = _burst(timeline, values.load(values.worst, (enough - few) / subject.interval), subject)
    return subject.case(
        "fires on rare events",
        timeline.fires("fires with just enough of a longer time", value=values.worst),
    )


def _short(kind: Threshold, values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Be as bad as can be for a short time, and then so much better that it looks over, or that it may not be."""
    interval, wait, window = subject.interval, subject.alert.for_, subject.signal.window
    last = latest(kind, subject.signal, subject.tier, interval)
    # The bad time leaves the last minutes when the alert has waited, and is still in the signal's own window.
    if not 0 < last <= wait < window:
        return
    many, lasts = 1000.0, wait - last + interval
    worst = values.allowed + (values.excess[0] or 0)
    before = _since_ample(values, subject, window)
    share = _just_over(worst, many, lasts / interval)
    for factor, what in ((0.985, "pages nobody when it is over"), (1.015, "pages while it may go on")):
        after = values.mixed(share * factor, many / last)
        timeline = before.then(lasts, values.mixed(worst, many / interval)).then(last, after)
        yield subject.case(what, timeline.silent(what) if factor < 1 else timeline.fires(what))
    # Each time it lasts for an interval, and is over for longer than the last minutes.
    repeats = [
        (interval, values.mixed(worst, many / interval)),
        (last + interval, values.mixed(0.0, many / interval)),
    ]
    if values.allowed < _OFTEN:
        timeline = before
        for seconds, load in repeats * ceil((2 * window + wait) / (last + 2 * interval)):
            timeline = timeline.then(seconds, load)
        yield subject.case("pages on many short ones", timeline.fires("fires on many short ones"))


def _just_over(worst: float, many: float, times: float) -> float:
    """Find the share of bad events, of many, by which chance can just explain that they are fewer than before.

    Before there were ``times`` as many events, of which the share ``worst`` was bad.
    """
    low, high = 0.0, worst
    for _ in range(40):
        share = (low + high) / 2
        expected = many * (times * worst + share) / (times + 1)
        is_over = many * share + EASED_SIGMAS * sqrt(expected) < expected
        low, high = (share, high) if is_over else (low, share)
    return low


def _again(values: BoundValues, subject: Subject, numbers: tuple[float, float]) -> TestCase:
    """Be bad on many events, then idle, then bad by slightly less than half an event above the allowed number."""
    few = numbers[0] / 2
    # Enough that a share of all of them would be more bad events than the few bring.
    many = max(2 * numbers[1], 2 * few * ((values.excess[0] or 0) + values.allowed) / values.allowed)
    half = HALF_EVENT / (values.excess[0] or 1)
    events = many, (1 - MARGIN) * half, 2 * MARGIN * half
    first, nearly, rest = (values.load(values.worst, each / subject.interval) for each in events)
    timeline = subject.timeline.then(subject.interval, first)
    timeline = timeline.then(values.lately + subject.keep + SLACK, idle(first)).silent(
        "silent: nothing lately"
    )
    timeline = _burst(timeline, nearly, subject).silent("silent: not half of one too many lately")
    return subject.case(
        "fires on few where there were many before", _burst(timeline, rest, subject).fires("fires again")
    )


def _surely(values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Be bad a little more often than allowed, on just enough events to exceed chance in one of the windows."""
    alert, allowed = subject.alert, values.allowed
    each = min(
        4 * allowed / (alert.min_bad_events + 1),
        sqrt(values.sigmas**2 * values.scatter / (2 * alert.min_events + 1)),
    )
    if not isinstance(subject.signal.kind, Ratio):
        each = min(each, (1 - allowed) / 2)
    load, wait = partial(values.mixed, allowed + each), alert.for_ + subject.interval
    for window, shorter in _longer_windows(values, subject):
        if window < values.also_over and not subject.thorough:
            continue
        if window == values.also_over:
            events = values.by_chance(each)
            # No shorter window has more than half of them.
            timeline = _spread_out(load, subject, (0.6 * events, 0.35 * events), shorter)
            rest = load(0.1 * events / subject.interval)
        else:
            events, apart = _surer(values).by_chance(each), (window - 2 * wait - subject.interval) // 2
            if values.sigmas < SIGMAS and apart <= subject.signal.window:
                continue  # the signal's own window has enough events earlier
            # A longer window has many good events, and a shorter one two of three parts.
            third, rest = (load(part * events / subject.interval) for part in (0.32, 0.09))
            pause = apart // subject.interval * subject.interval - subject.interval
            timeline = _since_ample(values, subject, window - shorter)
            for _ in range(2):
                timeline = timeline.then(subject.interval, third).then(pause, idle(third))
            timeline = _burst(timeline, third, subject)
        more = _burst(timeline.quiet("silent while it may be chance"), rest, subject)
        yield subject.case(
            f"needs more than chance explains in {duration(window)}", more.fires("fires where it is more")
        )


def _surer(values: BoundValues) -> BoundValues:
    """Take the standard deviations that a window between the signal's own and the longer one needs."""
    return replace(values, sigmas=max(values.sigmas, SIGMAS))


def _longer_windows(values: BoundValues, subject: Subject) -> Iterator[tuple[int, int]]:
    """List the longer windows, each with the one that is next to it in length, in seconds."""
    windows = longer.than(subject.signal, values.recently, values.lately, values.also_over)
    yield from zip(windows, (subject.signal.window, *windows), strict=False)


def _ended(values: BoundValues, subject: Subject, numbers: tuple[float, float]) -> Iterator[TestCase]:
    """Be good again on a few events, and on too few to prove it."""
    window, keep, floor = subject.signal.window, subject.keep, subject.alert.min_bad_events
    # Old bad events are outside the recent window, and few good events outweigh them where most may be bad.
    if window + keep + 2 * SLACK >= values.lately or values.allowed > _MOST:
        return
    bad = numbers[1] * (1 + 4 * values.allowed / (1 - values.allowed))
    # Few enough that they do not show that it has eased, either.
    worst = values.allowed + (values.excess[0] or 0)
    few = min(floor - 1, 0.9 * EASED_SIGMAS**2 / worst) if worst else floor - 1
    few = few * window / max(window, values.recently)
    for events, what in ((floor + 0.1, "it is over"), (few, "too few say that it is over")):
        timeline = _spread_out(partial(values.load, values.worst), subject, (bad, bad), window)
        good = values.mixed(0.0, events / window)
        timeline = timeline.fires("fires").then(window + keep + SLACK, good)
        resolved = events > floor
        yield subject.case(
            f"{'resolves' if resolved else 'goes on'} when {what}",
            timeline.silent("resolves") if resolved else timeline.fires("goes on"),
        )
    if subject.thorough:
        yield from _eased(values, subject)


def _goes_on(values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Be beyond the bound for so long that a longer window has enough bad events, and the shorter ones do not."""
    for window, shorter in _longer_windows(values, subject) if subject.thorough else ():
        yield from _floor_in(window, shorter, values, subject)
        if window < values.also_over:
            yield from _more_in(window, shorter, _surer(values), subject)
            yield from _over_in(window, shorter, values, subject)


def _more_in(window: int, shorter: int, values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Have one bad event too few in a longer window, and just enough; and too few events in the signal's own."""
    alert, own, wait = subject.alert, subject.signal.window, subject.alert.for_
    few, _ = _fewest(values, subject, values.excess[1])
    lately = 0.9 * few / shorter
    if lately * own > 2 * alert.min_bad_events:
        timeline = (
            _since_ample(values, subject, 0)
            .then(window + wait, values.load(values.beyond, few / window))
            .quiet("silent with one too few")
            .then(shorter + wait, values.load(values.beyond, lately))
            .fires("fires with just enough")
        )
        yield subject.case(f"fires on enough bad events in {duration(window)}", timeline)
    some = alert.min_bad_events
    if alert.min_events:
        return  # it needs more events now
    # The signal's own window does not have enough of them.
    bad = min(values.excess[0] or 0, (some - 0.6) / max(1, some - 1))
    if bad and (some - 1) * window > _fewest(values, subject, bad)[1] * own:
        load = partial(values.mixed, values.allowed + bad)
        timeline = (
            _since_ample(values, subject, 0)
            .then(window + 2 * wait, load((some - 1) / own))
            .quiet("silent on too few events now")
            .then(own + wait, load((some + 0.1) / own))
            .fires("fires on some events now")
        )
        yield subject.case(f"needs some events now besides those of {duration(window)}", timeline)


def _floor_in(window: int, shorter: int, values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Have so many bad ones among few events that it is no chance, but one less than the alert needs in a window."""
    alert, own, wait = subject.alert, subject.signal.window, subject.alert.for_
    few, now = alert.min_bad_events - 1, max(alert.min_events, alert.min_bad_events)
    most = few / now * (1 if window == values.also_over else own / window)
    if not isinstance(subject.signal.kind, Ratio):
        most = min(most, (1 - values.allowed) / 2)
    judged = values if window == values.also_over else _surer(values)
    excesses = (most * step / _STEPS for step in range(1, _STEPS + 1))
    each = next((one for one in excesses if 1.05 * judged.by_chance(one) < few / one), None)
    if each is None:
        return
    load = partial(values.mixed, values.allowed + each)
    timeline = (
        _since_ample(values, subject, 0)
        .then(window + wait, load(few / each / window))
        .quiet("silent with one too few")
        .then(shorter + wait, load(0.9 * few / each / shorter))
        .fires("fires with just enough")
    )
    yield subject.case(f"needs enough bad events in {duration(window)}", timeline)


def _over_in(window: int, shorter: int, values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Be bad for a moment, and then hardly beyond the bound: on so many events that it looks over, or on too few."""
    enough = 4 * subject.alert.min_bad_events * shorter / subject.signal.window
    # So bad that among this many events chance could hide the extra bad ones.
    hidden = (EASED_SIGMAS + sqrt(EASED_SIGMAS**2 + 4 * enough * values.allowed)) / 2
    worse, since = hidden**2 / enough, shorter + subject.keep + SLACK
    mixed = isinstance(subject.signal.kind, Ratio) or worse < 1
    if not mixed or 2 * enough * (values.excess[1] or 0) >= 1 or since >= window + subject.keep:
        return
    moment = values.mixed(worse, 100 * enough / subject.interval)
    before = _since_ample(values, subject, window - shorter).then(subject.interval, moment)
    for events, what in ((1.3 * enough, "it looks over"), (0.7 * enough, "it may not be over")):
        after = before.then(since, values.load(values.beyond, events / shorter))
        over = events > enough
        yield subject.case(
            f"{'ends' if over else 'goes on'} where {what} in {duration(shorter)}",
            after.silent("silent since it is over") if over else after.fires("fires still"),
        )


def _eased(values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Be a little too bad after an incident, on fewer bad events than an alert needs.

    Enough recent events show that it has eased, and too few do not.
    """
    alert, window = subject.alert, subject.signal.window
    tail, before = window + alert.for_ + subject.interval, window + subject.keep + SLACK
    each_good = (alert.min_bad_events + 0.1) / window
    good, enough = each_good * max(0, values.recently - tail), 4 * alert.min_bad_events
    few, more = 0.7 * enough, 1.3 * enough
    if good >= few:
        return  # a window so short that the good events alone are more
    # So bad that among this many events chance could hide the extra bad ones.
    hidden = (EASED_SIGMAS + sqrt(EASED_SIGMAS**2 + 4 * (enough - good) * values.allowed)) / 2
    worse = hidden**2 / enough - values.allowed
    mixed = isinstance(subject.signal.kind, Ratio) or values.allowed + worse < 1
    too_bad = 2 * enough * (values.excess[1] or 0) >= 1
    if (
        too_bad
        or not mixed
        or worse <= 0
        or not values.recently < tail + before < values.lately - alert.for_ - 2 * SLACK
    ):
        return
    load = partial(values.mixed, values.allowed + worse)
    timeline = _spread_out(load, subject, (100 * enough, 100 * enough), window).fires("fires")
    timeline = timeline.then(before, values.mixed(0.0, each_good)).silent("resolves")
    for events, what in ((more, "it has eased"), (few, "too few say that it has eased")):
        eased = events > enough
        lasting = tail if eased else tail + alert.for_
        after = timeline.then(lasting, values.load(values.beyond, (events - good) / tail))
        yield subject.case(
            f"{'does not fire' if eased else 'fires'} again when {what}",
            after.silent("silent") if eased else after.fires("fires again"),
        )


def _spread_out(
    load: Callable[[float], Load], subject: Subject, bursts: tuple[float, float], apart: int
) -> Timeline:
    """Send events at once, and more when a window of ``apart`` seconds has forgotten the first."""
    first, second = (load(events / subject.interval) for events in bursts)
    none = idle(first)
    timeline = subject.timeline.then(subject.interval, none).then(subject.interval, first)
    timeline = timeline.then(apart + subject.interval, none)
    return _burst(timeline, second, subject)


def _burst(timeline: Timeline, load: Load, subject: Subject) -> Timeline:
    """Send events at once, and wait for the alert."""
    return timeline.then(subject.interval, load).then(subject.alert.for_ + subject.interval, idle(load))


def _unfinished(subject: Subject) -> Iterator[TestCase]:
    """Never finish a run: make the events that the fewest runs may have, and a little more."""
    alert, signal = subject.alert, subject.signal
    full = signal.window + alert.for_
    few = max(alert.min_events, 1)

    def looping(part: float) -> Load:
        calls = subject.tier.bound * few / signal.window * part
        return counter(signal.of, Traffic(calls, subject.labels), subject.fixture)

    yield subject.case(
        "fires while no run finishes",
        subject.timeline.then(full + UNKNOWN_LENGTH, looping(1 - MARGIN))
        .quiet("silent just inside its bound")
        .then(full, looping(1 + MARGIN))
        .fires("fires just beyond its bound"),
    )
    # Twice the calls that the bound allows the fewest runs, of forty times as many: these leave the window soon.
    usual = load_of(
        signal, subject.tier.bound / 20, Traffic(40 * few / signal.window, subject.labels), subject
    )
    before = subject.timeline.then(USUALLY + signal.window, usual).quiet("silent while runs finish")
    ordinary = before.then(full, looping(2 * UNUSUAL * (1 - MARGIN))).quiet(
        "silent on little more than usual"
    )
    yield subject.case("silent on little more than usual", ordinary)
    long = USUALLY + full + subject.keep + HOUR // 4
    lasting = before.then(long, looping(2 * UNUSUAL * (1 + MARGIN)))
    for after in range(full, long, 5 * MINUTE):
        lasting = lasting.fires("fires for as long as it lasts", after)
    yield subject.case("fires on far more than usual for as long as it lasts", lasting)
    yield from _long_runs(subject, looping(10))


def _long_runs(subject: Subject, looping: Load) -> Iterator[TestCase]:
    """Begin the day of runs that are longer than the largest bucket: none has ended for that long."""
    timed = _timed(subject)
    if timed is None:
        return
    long = beyond_last(timed, 1.0, Traffic(1.0, {}), subject.fixture)
    night = subject.timeline.then(HOUR, long).then(HOUR, idle(long))
    last = UNKNOWN_LENGTH + int(timed.buckets[-1])
    morning = night.then(last - subject.interval, looping).quiet("silent for as long as runs last")
    lasting = morning.then(subject.alert.for_ + 2 * subject.interval, looping)
    yield subject.case("silent before the first of long runs can end", morning)
    yield subject.case("fires when long runs do not end", lasting.fires("fires later"))
    few = Traffic(2 * max(subject.alert.min_events, 1) / subject.signal.window, {})
    ending = merged(looping, counter(subject.fixture.runs, few, subject.fixture))
    first = (
        night.then(HOUR // 4, looping).then(last - subject.interval, ending).quiet("silent as the first end")
    )
    settled = first.then(subject.alert.for_ + 2 * subject.interval, ending)
    yield subject.case(
        "fires when calls are still too many after the first long runs", settled.fires("fires later")
    )


def _lasting(values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Be far too bad for as long as runs last, which are longer than the largest bucket, and for longer."""
    long = _endings(subject)
    if long is None:
        return
    plenty = _plenty(values, subject)
    good, bad = (merged(values.load(value, plenty), long) for value in (values.inside, values.worst))
    short = subject.timeline.then(HOUR, good).then(_lasts(subject) + subject.alert.for_, bad)
    short = short.quiet("silent for as long as runs last")
    longer = short.then(2 * subject.interval, bad).fires("fires when it lasts longer")
    yield subject.case("fires when it is longer than a run", longer)


def _endings(subject: Subject) -> Load | None:
    """Let runs end that are longer than the largest bucket; None where they are no matter of a signal."""
    timed, per = _timed(subject), divisor(subject.signal)
    if timed is None or per is None or per.name != subject.fixture.runs.name:
        return None
    return beyond_last(timed, 1.0, Traffic(1.0, {}), subject.fixture)


def _lasts(subject: Subject) -> int:
    """Return for how many seconds a run counts that is longer than the largest bucket."""
    timed = _timed(subject)
    largest = int(timed.buckets[-1]) if timed else 0
    return (UNKNOWN_LENGTH + largest) // subject.interval * subject.interval


def _timed(subject: Subject) -> Stream | None:
    """Find the histogram of the length of runs."""
    timed = next((one for one in subject.fixture.streams.values() if one.name == RUN_LATENCY), None)
    return timed if timed is not None and timed.is_histogram else None


def _spent(subject: Subject, usd: float) -> Iterator[TestCase]:
    """Spend just under a bound at once, then a little more; all is forgotten when its window is over."""
    subject = subject.over(DAY)
    alert, step = subject.alert, subject.interval
    under, rest = (spending(usd * part / step, subject) for part in (1 - MARGIN, 2 * MARGIN))
    none = idle(under)
    timeline = (
        subject.timeline.then(MINUTE, none)
        .then(step, under)
        .then(alert.for_ + SLACK, none)
        .quiet("silent just inside its bound")
        .then(step, rest)
        .then(alert.for_, none)
    )
    if alert.for_ >= step:
        timeline = timeline.silent("not before its for", alert.for_ - step)
    timeline = timeline.fires("fires just beyond its bound", value=subject.tier.bound * (1 + MARGIN))
    # The larger part was spent in the second interval, so that is when the sum falls.
    left = subject.signal.window + 2 * step - timeline.seconds
    timeline = timeline.then(max(left, 0) + subject.keep + SLACK, none)
    yield subject.case("fires when just more than its bound is spent", timeline.silent("resolves"))
