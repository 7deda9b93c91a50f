"""The site: what is left out is filled in, and intervals that lose events are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.model.units import DAY
from tests.resolve.build import codes, resolved, service

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.service import Site


def _site(directory: Path, text: str) -> Site:
    found = resolved(directory, site=text) if text else resolved(directory)
    assert found.value
    return found.value.site


@pytest.mark.parametrize("text", ["", "retention: 15d\n"])
def test_defaults_stand_for_what_is_left_out(text: str, tmp_path: Path) -> None:
    site = _site(tmp_path, text)
    assert (site.scrape_interval, site.rule_interval, site.retention) == (15, 60, 15 * DAY)
    assert (site.raw_window, site.created_series, site.runbook_url) == (75, True, "runbooks")
    assert site.budget.metric == 5000


def test_what_is_written_counts(tmp_path: Path) -> None:
    site = _site(tmp_path, "scrape_interval: 30s\ncreated_series: false\nseries_budget: {metric: 7}\n")
    assert (site.raw_window, site.created_series) == (90, False)
    assert (site.budget.metric, site.budget.total) == (7, 200000)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("scrape_interval: 30s\n", []),
        ("scrape_interval: 60s\n", ["site/scrape-interval"]),
        ("scrape_interval: 61s\n", ["site/scrape-interval", "site/rule-interval"]),
        ("rule_interval: 10s\n", ["site/rule-interval"]),
        ("rule_interval: 15s\n", []),
        ("rule_interval: 2m\n", []),
        ("rule_interval: 121s\n", ["site/rule-interval"]),
    ],
)
def test_intervals_tile_time(text: str, found: list[str], tmp_path: Path) -> None:
    assert codes(resolved(tmp_path, site=text)) == found


def test_wrong_intervals_are_told_and_nothing_that_follows_from_them(tmp_path: Path) -> None:
    windowed = service(signals="{own: {title: O, description: O., count: {of: runs_total}, window: 5m}}")
    assert codes(resolved(tmp_path, windowed, site="scrape_interval: 2m\nrule_interval: 2m\n")) == [
        "site/scrape-interval"
    ]
