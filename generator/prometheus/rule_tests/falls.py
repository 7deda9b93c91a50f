"""Test cases of counts that fall far below an hour ago and yesterday."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts.fall import AGO
from generator.model.units import DAY, HOUR, duration
from generator.prometheus.rule_tests.loads import Traffic, load_of
from generator.prometheus.rule_tests.subject import MARGIN, PLENTY, SLACK, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.alerts import Fall
    from generator.prometheus.rule_tests.timeline import Load, TestCase

_PAST = DAY + 2 * HOUR


def fall(_kind: Fall, subject: Subject) -> Iterator[TestCase]:
    """Fall by just less and just more than the bound; after a day with the same fall; and from very little."""
    subject = subject.over(DAY)
    bound, keep, window = subject.tier.bound, subject.keep, subject.signal.window
    full = window + subject.alert.for_
    usual = _load(1.0, subject)
    inside, beyond = (_load(1 - bound * part, subject) for part in (1 - MARGIN / 2, 1 + MARGIN / 2))
    past = subject.timeline.then(_PAST, usual).quiet("silent while all is as usual")
    yield subject.case(
        "fires when just more than its bound is gone",
        past.then(full, inside)
        .quiet("silent just inside its bound")
        .then(full, beyond)
        # Both are equally far from the bound, so that it is crossed in the middle of the window.
        .silent("not before its for", window * 2 // 3)
        .fires("fires just beyond its bound", value=bound * (1 + MARGIN / 2))
        .then(HOUR + window + keep + SLACK, beyond)
        .silent("resolves when it was so an hour ago"),
    )
    yield subject.case(
        "silent without a yesterday", subject.timeline.then(HOUR, usual).then(full, beyond).quiet("silent")
    )
    if subject.thorough:
        yield from _likewise(subject, beyond, full)
    yield from _events(subject, full)


def _likewise(subject: Subject, low: Load, full: int) -> Iterator[TestCase]:
    """Be as low, or have an event too few, at one of the earlier times of comparison."""
    usual, none = _load(1.0, subject), _load(0.0, subject)
    few = _events_of(subject.alert.min_events - 1, subject)
    for ago in AGO:
        for then, now, what in ((low, low, "as low"), (few, none, "nearly as low")):
            timeline = subject.timeline.then(_PAST - ago, usual).then(full, then)
            timeline = timeline.then(ago - full, usual).then(full, now).quiet("silent")
            yield subject.case(f"silent when it was {what} {duration(ago)} ago", timeline)


def _events(subject: Subject, full: int) -> Iterator[TestCase]:
    if fewest := subject.alert.min_events:
        few, enough = (
            subject.timeline.then(_PAST, _events_of(number, subject)).then(full, _load(0.0, subject))
            for number in (fewest - 1, fewest)
        )
        yield subject.case("silent after too few events", few.quiet("silent with an event too few"))
        yield subject.case(
            "fires after just enough events", enough.fires("fires with just enough events", value=1)
        )


def _load(part: float, subject: Subject) -> Load:
    """Make a part of plenty."""
    return _events_of(part * PLENTY * subject.signal.window, subject)


def _events_of(number: float, subject: Subject) -> Load:
    """Make a number of events in a window."""
    return load_of(subject.signal, number, Traffic(1.0, subject.labels), subject)
