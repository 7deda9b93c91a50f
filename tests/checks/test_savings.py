"""Advice on shrinking is true: following it saves the promised number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.checks.cardinality.savings import Saving, of_metrics, of_records
from generator.checks.world import SharedPart
from generator.model.rules import RecordingRule
from generator.promql.shape import shape
from tests.checks.models import SITE, counter, having, histogram, known, small
from tests.resolve.build import LABELS, METRICS, SIGNALS, profile, service

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.service import Service

TOOLS = "{tool: [a, b, c], model: [m1, m2, m3], release: {max_live: 6}}"
HALF = {
    "tool": "{tool: [a], model: [m1, m2, m3], release: {max_live: 6}}",
    "model": "{tool: [a, b, c], model: [m1], release: {max_live: 6}}",
    "release": "{tool: [a, b, c], model: [m1, m2, m3], release: {max_live: 3}}",
}


def _raw(found: Service) -> int:
    return known(SITE, found).account.raw.live


def _recorded(found: Service) -> int:
    return known(SITE, found).account.recorded.live


def _of_records(found: Service) -> dict[str, Saving]:
    world = known(SITE, found).world
    return {saving.label: saving for saving in of_records(found, world)}


def _of_metrics(found: Service) -> dict[str, Saving]:
    savings = of_metrics(found.metrics.values(), found, SITE)
    return {saving.metric or saving.label: saving for saving in savings}


@pytest.mark.parametrize("label", HALF)
def test_who_halves_a_label_saves_what_was_said(label: str, tmp_path: Path) -> None:
    before = small(tmp_path / "before", service(labels=TOOLS))
    after = small(tmp_path / "after", service(labels=HALF[label]))
    if label != "release":  # an instance always has one release
        assert _raw(before) - _raw(after) == _of_metrics(before)[label].halved > 0
    assert _recorded(before) - _recorded(after) == _of_records(before)[label].halved > 0


def test_who_drops_a_label_saves_what_was_said(tmp_path: Path) -> None:
    before = small(tmp_path / "before", service(labels=TOOLS))
    without = profile(
        labels={**LABELS, "tool": None},
        metrics={**METRICS, "calls_total": "{type: counter, help: Calls., labels: [status, release]}"},
        signals={
            **SIGNALS,
            "tool_error_rate": "{title: T, description: T., share: {of: calls_total, where: {status: error}}}",
            "calls_per_run": "{title: C, description: C., ratio: {of: calls_total, per: runs_total}}",
        },
    )
    kept = "{model: [m1, m2, m3], release: {max_live: 6}}"
    after = small(tmp_path / "after", service(labels=kept), profile=without)
    assert _raw(before) - _raw(after) == _of_metrics(before)["tool"].dropped
    recorded = _of_records(before)["tool"]
    assert recorded.at_least
    assert _recorded(before) - _recorded(after) >= recorded.dropped > recorded.halved


def test_a_label_saves_also_where_its_values_stand_beside_others(tmp_path: Path) -> None:
    found = small(tmp_path, service(labels=TOOLS))
    world = known(SITE, found).world
    recorded = next(each for each in world.own if isinstance(each.rule, RecordingRule))
    either = replace(recorded, shape=shape({"cause": ("model", "tool")}))
    savings = of_records(found, replace(world, own=(either,), shared=SharedPart(())))
    # Three are listed, and other: of four values two are half, and one is left without the label.
    assert {saving.label: (saving.halved, saving.dropped) for saving in savings} == {
        "model": (2, 3),
        "tool": (2, 3),
    }


def test_who_halves_buckets_saves_what_was_said(tmp_path: Path) -> None:
    before = small(tmp_path / "before", service(labels=TOOLS))
    after = small(tmp_path / "after", service(labels=TOOLS, metrics="{run_ms: {buckets: [100, 1000]}}"))
    one = small(tmp_path / "one", service(labels=TOOLS, metrics="{run_ms: {buckets: [100]}}"))
    saving = _of_metrics(before)["run_ms"]
    assert saving.buckets
    assert (saving.label, saving.values) == ("le", 4)
    assert _raw(before) - _raw(after) == saving.halved
    assert _raw(before) - _raw(one) == saving.dropped


def test_what_saves_most_comes_first_and_what_saves_nothing_is_left_out(tmp_path: Path) -> None:
    found = small(tmp_path, service(labels=TOOLS))
    savings = of_metrics(found.metrics.values(), found, SITE)
    assert [saving.dropped for saving in savings] == sorted((s.dropped for s in savings), reverse=True)
    # reason determines the status of a run; the cost of status alone is small, but not 0.
    assert {saving.metric or saving.label for saving in savings} >= {"tool", "model", "run_ms"}


def test_a_label_with_one_value_is_not_worth_a_word(tmp_path: Path) -> None:
    found = small(tmp_path)
    (lone,) = having(found, [replace(found.labels["tool"], values=("a",), max_live=1)]).labels.values()
    having_it = having(found, [lone])
    assert of_metrics((counter("tool"), histogram("tool", buckets=(1,))), having_it, SITE) == ()
