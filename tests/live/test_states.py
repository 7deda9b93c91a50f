"""The life of an alert, case by case: one character an evaluation, every ten seconds.

``x`` is an evaluation that yields the alert, ``.`` one that does not, ``!`` one that failed. In the result, ``p``
is pending, ``F`` firing, ``.`` inactive.
"""

from __future__ import annotations

import pytest

from generator.live.evaluate import Activity, Timing, activities, advance

STEP = 10
CASES = [
    # for, keep_firing_for, evaluations, states
    (0, 0, "..xx..", "..FF.."),
    (0, 0, "x.x.x", "F.F.F"),
    (10, 0, ".xxx.", ".pFF."),
    (20, 0, "xxxx", "ppFF"),
    (20, 0, "xx.xxx", "pp.ppF"),
    (20, 0, "xx.", "pp."),
    # A ``for`` that is not a multiple of the interval is rounded up to one.
    (15, 0, "xxxx", "ppFF"),
    # keep_firing_for counts from the first evaluation without a result.
    (0, 20, "xx....", "FFFF.."),
    (0, 10, "x...", "FF.."),
    (0, 15, "x...", "FFF."),
    # It bridges a gap, and begins anew after the next.
    (0, 20, "x.x...", "FFFFF."),
    (0, 20, "x..x...", "FFFFFF."),
    (0, 20, "x...x", "FFF.F"),
    # It applies to firing alerts: a pending alert ends at once, and must wait again.
    (20, 30, "xx.xx", "pp.pp"),
    (20, 30, "xxx.....", "ppFFFF.."),
    (20, 10, "xxx..xxx", "ppFF.ppF"),
    # A failed evaluation leaves everything as it is, and time goes on.
    (0, 0, "x!x", "F F"),
    (20, 0, "x!x", "p F"),
    (0, 20, "x.!..", "FF .."),
    (0, 0, "x!.", "F ."),
]


@pytest.mark.parametrize(("hold", "keep", "evaluations", "states"), CASES)
def test_the_state_after_each_evaluation_is_the_rule_managers(
    hold: int, keep: int, evaluations: str, states: str
) -> None:
    state, seen = None, ""
    for place, found in enumerate(evaluations):
        if found == "!":
            seen += " "
            continue
        state = advance(state, place * STEP, present=found == "x", timing=Timing(hold, keep))
        seen += "." if state is None else "p" if state.fired_at is None else "F"
    assert seen == states


def follow(evaluations: str, hold: int, keep: int = 0) -> tuple[Activity, ...]:
    """Follow an alert whose value is the time."""
    times = [float(place * STEP) for place, found in enumerate(evaluations) if found != "!"]
    values = {float(place * STEP): float(place) for place, found in enumerate(evaluations) if found == "x"}
    return activities(values, times, Timing(hold, keep))


def test_an_activity_tells_when_it_was_pending_firing_and_over() -> None:
    assert follow(".xxx.", 10) == (Activity(10, 20, 40, {10: 1.0, 20: 2.0, 30: 3.0}),)


def test_what_never_fired_has_no_time_of_firing() -> None:
    assert follow("xx.", 60) == (Activity(0, None, 20, {0: 0.0, 10: 1.0}),)


def test_what_is_active_at_the_end_has_no_end() -> None:
    assert follow("..x", 0) == (Activity(20, 20, None, {20: 2.0}),)


def test_a_bridged_gap_is_one_activity_without_values_in_the_gap() -> None:
    assert follow("x.x..", 0, keep=20) == (Activity(0, 0, None, {0: 0.0, 20: 2.0}),)


def test_each_time_it_is_active_is_an_activity_of_its_own() -> None:
    assert [one.active_at for one in follow("x.x.x.", 0)] == [0, 20, 40]


def test_an_alert_that_ends_in_a_failed_evaluation_ends_at_the_next() -> None:
    (one,) = follow("xx!.", 0)
    assert one.ended_at == 30
