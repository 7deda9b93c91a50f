"""Cases of what is there and should not be, or the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.units import MINUTE
from generator.prometheus.alerting.series_count import SCRAPED
from generator.prometheus.witness.case import Moment
from generator.prometheus.witness.history import Phase, SeriesId, merged
from generator.prometheus.witness.loads import Traffic, beyond_last, counter
from generator.prometheus.witness.measures import PLENTY

if TYPE_CHECKING:
    from generator.model import alerts
    from generator.prometheus.witness.case import Case, Trial


def unpriced(_kind: alerts.Unpriced, trial: Trial) -> tuple[Case, ...]:
    """Use a model that no price list knows."""
    alert, service = trial.alert, trial.service
    metric = service.signals[alert.signal].of
    priced = counter(metric, Traffic(PLENTY, {}), service)
    unknown = counter(metric, Traffic(PLENTY, {service.tokens.model: "no-such-model"}), service)
    long = alert.for_ + 5 * MINUTE
    return (
        trial.case(
            "fires on a model without a price only",
            (Phase(long, priced), Phase(long, merged(priced, unknown))),
            (
                Moment(long, fires=False, why="silent while every model has a price"),
                Moment(2 * long, fires=True, why="fires"),
            ),
        ),
    )


def absence(kind: alerts.Absence, trial: Trial) -> tuple[Case, ...]:
    """Take a metric away while everything else goes on."""
    alert, service = trial.alert, trial.service
    watched, metric = kind.metric, kind.metric.name
    runs = counter(service.runs, Traffic(PLENTY, {}), service)
    present = (
        beyond_last(watched, 0.01, Traffic(PLENTY, {}), service)
        if watched.is_histogram
        else counter(watched, Traffic(PLENTY, {}), service)
    )
    first, rest = 20 * MINUTE, 15 * MINUTE + alert.for_
    gone = {} if metric == service.runs.name else runs
    return (
        trial.case(
            f"fires when {metric} is gone",
            (Phase(first, merged(runs, present)), Phase(rest, gone)),
            (
                Moment(first, fires=False, why="silent while it is there"),
                Moment(first + 5 * MINUTE, fires=False, why="silent through a gap"),
                Moment(first + rest, fires=True, why="fires"),
            ),
            (("metric", metric),),
        ),
    )


def idle(kind: alerts.Idle, trial: Trial) -> tuple[Case, ...]:
    """Stop finishing runs."""
    alert, service = trial.alert, trial.service
    runs = counter(service.runs, Traffic(PLENTY, {}), service)
    over = kind.over
    first, rest = 10 * MINUTE, over + alert.for_ + 3 * MINUTE
    return (
        trial.case(
            "fires when nothing finishes",
            (Phase(first, runs), Phase(rest, dict.fromkeys(runs, 0.0)), Phase(10 * MINUTE, runs)),
            (
                Moment(first + over - MINUTE, fires=False, why="silent for a while"),
                Moment(first + rest, fires=True, why="fires"),
                Moment(first + rest + 10 * MINUTE, fires=False, why="resolves"),
            ),
        ),
    )


def undeclared(kind: alerts.Undeclared, trial: Trial) -> tuple[Case, ...]:
    """Expose a value, or one value more, that the spec does not know."""
    alert, service = trial.alert, trial.service
    label, long = kind.label, alert.for_ + 5 * MINUTE

    def load(value: str) -> dict[SeriesId, float]:
        traffic = Traffic(PLENTY, {label.name: value})
        metric = kind.metric
        return (
            beyond_last(metric, 0.01, traffic, service)
            if metric.is_histogram
            else counter(metric, traffic, service)
        )

    known = label.values or tuple(f"v{index}" for index in range(label.max_live))
    allowed = merged(*(load(value) for value in known))
    return (
        trial.case(
            f"fires on what the spec does not know of {label.name}",
            (Phase(long, allowed), Phase(long, merged(allowed, load("undeclared")))),
            (
                Moment(long, fires=False, why="silent while all is declared"),
                Moment(2 * long, fires=True, why="fires"),
            ),
            (("label", label.name),),
        ),
    )


def series_count(kind: alerts.SeriesCount, trial: Trial) -> tuple[Case, ...]:
    """Expose one series too many."""
    alert, service = trial.alert, trial.service
    scraped = SeriesId(SCRAPED, tuple(sorted({**service.selector, "instance": "a"}.items())))
    long = alert.for_ + 5 * MINUTE
    return (
        trial.case(
            "fires above the number that the site allows",
            (Phase(long, {}, {scraped: kind.allowed}), Phase(long, {}, {scraped: kind.allowed + 1})),
            (
                Moment(long, fires=False, why="silent at the number itself"),
                Moment(2 * long, fires=True, why="fires"),
            ),
        ),
    )
