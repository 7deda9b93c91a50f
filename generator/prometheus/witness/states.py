"""Cases of what is there and should not be, or the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.alerts import OUTSIDE_WINDOW
from generator.model.outside import with_outside_values
from generator.model.units import MINUTE
from generator.prometheus.alerting.absence import LOOK_BACK
from generator.prometheus.alerting.outside import fewest
from generator.prometheus.alerting.series_count import SCRAPED
from generator.prometheus.witness.exposed import Exposed
from generator.prometheus.witness.history import merged
from generator.prometheus.witness.loads import Traffic, beyond_last, counter
from generator.prometheus.witness.measures import PLENTY
from generator.prometheus.witness.story import SLACK, Story, held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import alerts
    from generator.model.metrics import Metric
    from generator.prometheus.witness.case import Case, Trial
    from generator.prometheus.witness.history import Load


def unpriced(_kind: alerts.Unpriced, trial: Trial) -> tuple[Case, ...]:
    """Use a model that no price list knows."""
    service, signal = trial.service, trial.service.signals[trial.alert.signal]
    priced = counter(signal.of, Traffic(PLENTY, {}), trial.exposed)
    unknown = counter(signal.of, Traffic(PLENTY, {service.tokens.model: "no-such-model"}), trial.exposed)
    quiet = Story().then(trial.alert.for_ + SLACK, priced).silent("silent while every model has a price")
    story = held(
        quiet,
        trial,
        merged(priced, unknown),
        priced,
        true_after=MINUTE,
        false_after=signal.window + 2 * MINUTE,
    )
    return (story.case("fires on a model without a price only", trial),)


def absence(kind: alerts.Absence, trial: Trial) -> tuple[Case, ...]:
    """Take a metric away while everything else goes on."""
    service, metric = trial.service, kind.metric
    present, runs = _some(metric, PLENTY, trial), counter(service.runs, Traffic(PLENTY, {}), trial.exposed)
    everything = merged(runs, present)
    begun = Story().then(20 * MINUTE, everything).silent("silent while it is there")
    gone: Load = {} if metric.name == service.runs.name else runs
    # The last rate is a minute younger than the last sample.
    missing = LOOK_BACK + MINUTE
    gap = begun.then(LOOK_BACK // 2, gone).silent("silent through a gap").then(5 * MINUTE, everything)
    story = held(gap, trial, gone, everything, true_after=missing, false_after=MINUTE)
    labels = (("metric", metric.name),)
    return (
        story.case(f"fires when {metric.name} is gone", trial, labels),
        *(_never(kind, trial, labels) if metric.name == service.runs.name else ()),
        *_while_runs_finish(metric, trial, labels),
    )


def _never(kind: alerts.Absence, trial: Trial, labels: tuple[tuple[str, str], ...]) -> Iterator[Case]:
    """Never expose the run counter at all: that is wrong only where traffic is promised."""
    service = trial.service
    other = next((one for one in service.metrics.values() if one is not kind.metric), None)
    if other is None:
        return
    story = Story().then(LOOK_BACK + trial.alert.for_ + 2 * SLACK, _some(other, PLENTY, trial))
    if service.runs_per_hour:
        story = story.fires("fires where traffic is promised")
    else:
        story = story.silent("silent where it never was")
    yield story.case("knows whether it was to be expected", trial, labels)


def _while_runs_finish(metric: Metric, trial: Trial, labels: tuple[tuple[str, str], ...]) -> Iterator[Case]:
    """Finish a run too few to miss anything, and just enough."""
    alert, service = trial.alert, trial.service
    if metric.name == service.runs.name or not alert.min_events:
        return
    window = service.signals[alert.signal].window
    full = max(window, LOOK_BACK) + alert.for_ + 2 * SLACK

    def runs(number: int) -> Load:
        return counter(service.runs, Traffic(number * trial.scrape / window, {}), trial.exposed)

    yield (
        Story()
        .then(full, runs(alert.min_events - 1))
        .silent("silent while a run too few finishes")
        .then(full, runs(alert.min_events))
        .fires("fires while just enough runs finish")
        .case(f"misses {metric.name} only while runs finish", trial, labels)
    )


def idle(kind: alerts.Idle, trial: Trial) -> tuple[Case, ...]:
    """Stop finishing runs."""
    runs = counter(trial.service.runs, Traffic(PLENTY, {}), trial.exposed)
    begun = Story().then(10 * MINUTE, runs).silent("silent while runs finish")
    nothing = dict.fromkeys(runs, 0.0)
    story = held(begun, trial, nothing, runs, true_after=kind.over + MINUTE, false_after=2 * MINUTE)
    return (story.case("fires when nothing finishes", trial),)


def undeclared(kind: alerts.Undeclared, trial: Trial) -> tuple[Case, ...]:
    """Expose a value, or one value more, that the spec does not know."""
    label = kind.label
    known = label.values or tuple(f"v{index}" for index in range(label.max_live))
    allowed = merged(*(_some(kind.metric, PLENTY, trial, **{label.name: value}) for value in known))
    more = merged(allowed, _some(kind.metric, PLENTY, trial, **{label.name: "undeclared"}))
    quiet = Story().then(trial.alert.for_ + SLACK, allowed).silent("silent while all is declared")
    story = held(quiet, trial, more, allowed, true_after=MINUTE, false_after=2 * MINUTE)
    return (
        story.case(f"fires on what the spec does not know of {label.name}", trial, (("label", label.name),)),
    )


def outside(kind: alerts.Outside, trial: Trial) -> tuple[Case, ...]:
    """Meet a value too few of a label; start again and meet one more; then no more, until they are forgotten."""
    for_, keep = trial.alert.for_, trial.alert.keep_firing_for
    label, exposed = kind.label.values[0], Exposed(with_outside_values(trial.service))

    def met(number: int) -> Load:
        """Meet so many within a minute."""
        return counter(
            kind.metric, Traffic(number * trial.scrape / MINUTE, {kind.label.name: label}), exposed
        )

    story = (
        Story()
        .then(10 * MINUTE, met(0))
        .silent("silent while there are none")
        .then(MINUTE, met(fewest(trial.alert) - 1))
        .then(for_ + SLACK, met(0))
        .silent("silent at a value too few")
        .then(MINUTE, met(1), restarted=True)
        .then(for_ + SLACK, met(0))
    )
    if for_ >= 2 * MINUTE:
        story = story.silent("not before its for", for_ - 2 * MINUTE)
    story = story.fires("fires at just enough, counted over a restart")
    story = story.then(OUTSIDE_WINDOW + keep + SLACK, met(0)).silent("resolves when they are forgotten")
    return (
        story.case(
            f"fires when enough values of {label} were none of the spec's", trial, (("label", label),)
        ),
    )


def series_count(kind: alerts.SeriesCount, trial: Trial) -> tuple[Case, ...]:
    """Expose one series too many."""
    scraped = trial.exposed.named(SCRAPED, {})
    allowed, more = {scraped: kind.allowed}, {scraped: kind.allowed + 1}
    for_, keep = trial.alert.for_, trial.alert.keep_firing_for
    story = (
        Story()
        .then(for_ + SLACK, {}, allowed)
        .silent("silent at the number itself")
        .then(for_ + SLACK, {}, more)
    )
    if for_ >= 2 * MINUTE:
        story = story.silent("not before its for", for_ - 2 * MINUTE)
    story = story.fires("fires above it").then(MINUTE + keep + SLACK, {}, allowed).silent("resolves")
    return (story.case("fires above the number that the site allows", trial),)


def _some(metric: Metric, events: float, trial: Trial, **labels: str) -> Load:
    """Let a metric of either type gain events."""
    traffic = Traffic(events, labels)
    if metric.is_histogram:
        return beyond_last(metric, 0.01, traffic, trial.exposed)
    return counter(metric, traffic, trial.exposed)
