"""Histories told in order: what happens for how long, and what the alert must say at which moment of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.units import MINUTE
from generator.prometheus.witness.case import Case, Moment, Trial
from generator.prometheus.witness.history import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.prometheus.witness.history import SeriesId

#: A moment that must be later than something stands this much after it: rules are not evaluated at once.
SLACK = 3 * MINUTE


class Story(Struct, frozen=True):
    """Phases one after the other, and moments in them; ``seconds`` is how long it is so far."""

    phases: tuple[Phase, ...] = ()
    moments: tuple[Moment, ...] = ()
    seconds: int = 0

    def then(
        self,
        seconds: int,
        load: Mapping[SeriesId, float],
        levels: Mapping[SeriesId, float] | None = None,
        *,
        restarted: bool = False,
    ) -> Story:
        """Go on for whole minutes under a load."""
        whole = -(-seconds // MINUTE) * MINUTE
        phase = Phase(whole, load, levels or {}, restarted)
        return Story((*self.phases, phase), self.moments, self.seconds + whole)

    def silent(self, why: str, after: int | None = None) -> Story:
        """Nothing must fire at the end of the last phase, or ``after`` seconds of it."""
        return self._at(after, why, fires=False)

    def fires(self, why: str, after: int | None = None) -> Story:
        """The alert must fire at the end of the last phase, or ``after`` seconds of it."""
        return self._at(after, why, fires=True)

    def case(self, name: str, trial: Trial, labels: tuple[tuple[str, str], ...] = ()) -> Case:
        """Make a case of it; ``labels`` tell the series that is meant from the alert's others."""
        return Case(name, trial.alert, trial.tier.severity, self.phases, self.moments, labels)

    def _at(self, after: int | None, why: str, *, fires: bool) -> Story:
        start = self.seconds - self.phases[-1].seconds
        at = self.seconds if after is None else start + after // MINUTE * MINUTE
        return Story(self.phases, (*self.moments, Moment(at, fires, why)), self.seconds)


def held(  # noqa: PLR0913 - a load and what follows it, each with its time
    story: Story,
    trial: Trial,
    load: Mapping[SeriesId, float],
    rest: Mapping[SeriesId, float],
    *,
    true_after: int,
    false_after: int,
) -> Story:
    """Fire after ``for`` and not before; go on for ``keep_firing_for`` and no longer.

    Args:
        story: What happened before.
        trial: The alert and its severity.
        load: It makes the alert's condition true, ``true_after`` seconds after it begins.
        rest: It makes the condition false again, ``false_after`` seconds after it begins.
        true_after: Seconds.
        false_after: Seconds.
    """
    for_, keep = trial.alert.for_, trial.alert.keep_firing_for
    # Two minutes: Prometheus 3 leaves out the sample on a range's edge, so that what ends there ends a minute earlier.
    story = story.then(true_after + for_ + SLACK, load)
    if for_ >= 2 * MINUTE:
        story = story.silent("not before its for", true_after + for_ - 2 * MINUTE)
    story = story.fires("fires").then(false_after + keep + SLACK, rest)
    if keep >= SLACK:
        story = story.fires("keeps firing", false_after + keep - 2 * MINUTE)
    return story.silent("resolves")
