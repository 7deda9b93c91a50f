"""The rhythms that most alerts share: quiet, then true for as long as it takes, then quiet again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.model.units import MINUTE
from generator.prometheus.witness.case import Case, Moment, Trial
from generator.prometheus.witness.history import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.prometheus.witness.history import SeriesId


@dataclass(frozen=True, slots=True)
class Loads:
    """What an alert is tried with: just beyond its bound, just inside it, and too little to tell."""

    beyond: Mapping[SeriesId, float]
    inside: Mapping[SeriesId, float]
    little: Mapping[SeriesId, float] | None


def steady(trial: Trial, loads: Loads, settle: int) -> tuple[Case, ...]:
    """Try a condition on a window: it must be silent inside, fire after ``for`` beyond, and resolve.

    ``settle`` is how many seconds a new load takes to fill every window.
    """
    alert, slack = trial.alert, 2 * MINUTE
    first = settle + alert.for_ + slack
    second = first + settle + alert.for_ + slack
    last = second + settle + alert.keep_firing_for + slack
    held = (
        (Moment(first + alert.for_ - MINUTE, fires=False, why="not before its for"),)
        if alert.for_ > MINUTE
        else ()
    )
    fires = trial.case(
        "fires just beyond its bound and resolves",
        (Phase(first, loads.inside), Phase(second - first, loads.beyond), Phase(last - second, loads.inside)),
        (
            Moment(first, fires=False, why="silent just inside its bound"),
            *held,
            Moment(second, fires=True, why="fires just beyond its bound"),
            Moment(last, fires=False, why="resolves"),
        ),
    )
    return (fires, quiet(trial, loads, settle))


def quiet(trial: Trial, loads: Loads, settle: int) -> Case:
    """Try what must wake nobody: a restart, too little traffic, none."""
    long = settle + trial.alert.for_ + 2 * MINUTE
    none = dict.fromkeys(loads.inside, 0.0)
    phases = [Phase(long // 2 // MINUTE * MINUTE, loads.inside), Phase(long, loads.inside, restarted=True)]
    moments = [Moment(sum(phase.seconds for phase in phases), fires=False, why="silent through a restart")]
    for load, why in ((none, "silent without traffic"), (loads.little, "silent with too little traffic")):
        if load is not None:
            phases.append(Phase(long, load))
            moments.append(Moment(sum(phase.seconds for phase in phases), fires=False, why=why))
    return trial.case("is silent when it must be", tuple(phases), tuple(moments))
