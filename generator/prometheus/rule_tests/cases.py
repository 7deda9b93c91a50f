"""The test cases of an alert: those of its kind, and those that prove the changes a service may make to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.alerts.registry import module_of
from generator.model import alerts, names
from generator.model.signals import Better, Cost, Distribution, Share
from generator.scenarios import SeriesId, TestCase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.scenarios import Subject


def cases(subject: Subject) -> tuple[TestCase, ...]:
    """Build the test cases of one severity of an alert; none where every price is 0, so that no bound can be met."""
    if isinstance(subject.signal.kind, Cost) and subject.fixture.price is None:
        return ()
    return tuple(module_of(subject.alert.kind).cases(subject.alert.kind, subject))


def shared_cases(subject: Subject) -> Iterator[TestCase]:
    """Build the test cases of one severity of a shared alert: the library's form, changed numbers, and turned off."""
    usual = cases(subject)
    yield from usual
    for changed, what, constant in _changes(subject):
        for one in cases(changed)[:1]:
            yield replace(one, name=f"{one.name} with {what}", constants=(*one.constants, constant))
    # The health of the rules themselves is watched independently of services.
    if not subject.alert.about_rules:
        yield from map(_off, usual[:1])


def variant_cases(subject: Subject, variant: str) -> Iterator[TestCase]:
    """Build the first test cases of one severity of an alert in a variant, whose service writes all its numbers."""
    labels = tuple(sorted({names.ALERT: subject.alert.name, names.VARIANT_LABEL: variant}.items()))
    constants = ((SeriesId(names.VARIANT, labels), 1.0), *_numbers(subject.alert))
    for one in cases(subject)[:2]:
        name = f"{one.name} ({variant})"
        yield replace(one, name=name, constants=(*one.constants, *constants))


def _numbers(alert: alerts.Alert) -> Iterator[tuple[SeriesId, float]]:
    """Write every number of an alert."""
    for tier in alert.tiers:
        severity = str(tier.severity)
        if tier.written is not None:
            yield _override(alert, alerts.BOUND, tier.bound, severity, tier.written.words)
        for burn in tier.burns:
            yield _override(alert, alerts.pace_part(burn), burn.factor, severity)
    if isinstance(alert.kind, alerts.Change) and alert.kind.beyond is not None:
        yield _override(alert, alerts.BEYOND, alert.kind.beyond)
    for part, fewest in (
        (alerts.MIN_EVENTS, alert.min_events),
        (alerts.MIN_BAD_EVENTS, alert.min_bad_events),
    ):
        if fewest:
            yield _override(alert, part, fewest)


def _off(case: TestCase) -> TestCase:
    labels = ((names.ALERT, case.alert.name), (names.VARIANT_LABEL, alerts.OFF))
    silent = tuple(
        replace(one, fires=False, why="silent where it is off", value=None)
        for one in case.timeline.expectations
        if one.fires
    )
    return replace(
        case,
        name="silent where it is off",
        timeline=replace(case.timeline, expectations=silent[:1]),
        constants=(*case.constants, (SeriesId(names.VARIANT, labels), 1.0)),
    )


def _changes(subject: Subject) -> Iterator[tuple[Subject, str, tuple[SeriesId, float]]]:
    """Replace a service's numbers by its own stricter ones, so that they can be reached."""
    tier, words = subject.tier, "#, its own"
    severity = str(tier.severity)
    if tier.written is not None:
        bound = _stricter(subject, tier.bound)
        changed = replace(subject, tier=replace(tier, bound=bound))
        yield changed, "a bound of its own", _override(subject.alert, alerts.BOUND, bound, severity, words)
        if tier.written.factor is not None and (objective := _objective(tier)):
            yield (
                changed,
                "a multiple of the objective",
                _override(subject.alert, alerts.BOUND + alerts.FACTOR, bound / objective, severity, words),
            )
            yield (
                changed,
                "a distance from the objective",
                _override(subject.alert, alerts.BOUND + alerts.OFFSET, bound - objective, severity, words),
            )
    for burn in tier.burns[:1]:
        quicker = replace(burn, factor=burn.factor * 0.9)
        changed = replace(subject, tier=replace(tier, burns=(quicker,)))
        yield (
            changed,
            "a pace of its own",
            _override(subject.alert, alerts.pace_part(burn), quicker.factor, severity),
        )


def _stricter(subject: Subject, bound: float) -> float:
    """Choose a bound that is crossed before another."""
    signal = subject.signal
    if signal.better is not Better.HIGHER or not isinstance(subject.alert.kind, alerts.Threshold):
        return bound * 0.75
    return 1 - (1 - bound) * 0.75 if isinstance(signal.kind, Share | Distribution) else bound * 1.25


def _objective(tier: alerts.Tier) -> float:
    """Compute the objective from a bound that depends on it."""
    written = tier.written
    return (tier.bound - written.amount) / written.factor if written and written.factor else 0.0


def _override(
    alert: alerts.Alert, part: str, value: float, severity: str = "", words: str = ""
) -> tuple[SeriesId, float]:
    labels = {names.ALERT: alert.name, names.PART: part, names.SEVERITY: severity, names.WORDS: words}
    return SeriesId(
        names.OVERRIDE, tuple(sorted((name, text) for name, text in labels.items() if text))
    ), value
