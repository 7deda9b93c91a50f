"""Cases of what compares releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Share
from generator.model.units import MINUTE
from generator.prometheus.witness.case import Moment
from generator.prometheus.witness.history import Phase, SeriesId, merged
from generator.prometheus.witness.loads import Traffic, load_of
from generator.prometheus.witness.measures import MARGIN, PLENTY, worsened

if TYPE_CHECKING:
    from generator.model import alerts
    from generator.prometheus.witness.case import Case, Trial


def regression(kind: alerts.Regression, trial: Trial) -> tuple[Case, ...]:
    """Let one release follow another, instantly."""
    alert, service = trial.alert, trial.service
    signal = service.signals[alert.signal]
    base = 0.98 if isinstance(signal.kind, Share) else 1.0

    def load(release: str, value: float, events: float = PLENTY) -> dict[SeriesId, float]:
        return load_of(signal, value, Traffic(events, {names.RELEASE: release}), trial)

    def after(part: float, events: float = PLENTY) -> dict[SeriesId, float]:
        return load("v10", worsened(signal, base, trial.tier.bound * part, relative=kind.relative), events)

    first, rest = 70 * MINUTE, alert.for_ + 10 * MINUTE
    before = Phase(first, load("v9", base))
    held = Moment(first + alert.for_ - MINUTE, fires=False, why="not before its for")
    fires = Moment(first + rest, fires=True, why="fires after the release")
    silent = Moment(first + rest, fires=False, why="silent")
    return (
        trial.case(
            "fires when a release is worse by just more than its bound",
            (before, Phase(rest, after(1 + MARGIN))),
            (Moment(first, fires=False, why="silent before the release"), held, fires),
        ),
        trial.case(
            "is silent when a release is worse by just less than its bound",
            (before, Phase(rest, after(1 - MARGIN))),
            (silent,),
        ),
        trial.case(
            "is silent on a canary with too little traffic",
            (before, Phase(rest, merged(load("v9", base), after(1.5, 0.05)))),
            (silent,),
        ),
    )
