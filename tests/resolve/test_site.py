"""The site: missing keys get defaults, and intervals that lose events are reported."""

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
    assert not site.grafana_v2


def test_what_is_written_counts(tmp_path: Path) -> None:
    site = _site(
        tmp_path,
        "scrape_interval: 30s\ncreated_series: false\nseries_budget: {metric: 7}\ngrafana_v2: true\n",
    )
    assert site.grafana_v2
    assert (site.raw_window, site.created_series) == (90, False)
    assert (site.budget.metric, site.budget.total) == (7, 200000)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("scrape_interval: 30s\n", []),
        ("scrape_interval: 60s\n", ["site/scrape-interval"]),
        ("scrape_interval: 61s\n", ["site/scrape-interval"]),
        ("rule_interval: 10s\n", ["site/rule-interval"]),
        ("rule_interval: 15s\n", []),
        ("rule_interval: 1m\n", []),
        ("scrape_interval: 5s\nrule_interval: 12s\n", []),
        ("rule_interval: 45s\n", ["site/rule-interval"]),
        ("rule_interval: 61s\n", ["site/rule-interval"]),
        ("rule_interval: 2m\n", ["site/rule-interval"]),
    ],
)
def test_intervals_tile_time(text: str, found: list[str], tmp_path: Path) -> None:
    assert codes(resolved(tmp_path, site=text)) == found


def test_wrong_intervals_are_told_and_nothing_that_follows_from_them(tmp_path: Path) -> None:
    kind = "count: {of: runs_total}, window: 5m, trend: {over: 1h}"
    windowed = service(signals=f"{{own: {{title: O, description: O., {kind}}}}}")
    assert codes(resolved(tmp_path, windowed, site="scrape_interval: 2m\nrule_interval: 2m\n")) == [
        "site/scrape-interval",
        "site/rule-interval",
    ]


@pytest.mark.parametrize(
    ("text", "version", "keeps"),
    [
        ("", (2, 42), True),
        ('oldest_prometheus: "2.37"\n', (2, 37), False),
        ('oldest_prometheus: "2.41"\n', (2, 41), False),
        ('oldest_prometheus: "2.42"\n', (2, 42), True),
        ('oldest_prometheus: "2.100"\n', (2, 100), True),
        ('oldest_prometheus: "3.0"\n', (3, 0), True),
    ],
)
def test_only_a_prometheus_that_knows_it_gets_keep_firing_for(
    text: str, version: tuple[int, int], tmp_path: Path, *, keeps: bool
) -> None:
    kept = service(alerts="{Own: {threshold: {signal: calls_per_run}, warning: 3, keep_firing_for: 10m}}")
    found = resolved(tmp_path, kept, **({"site": text} if text else {}))
    assert found.value
    assert found.value.site.oldest_prometheus == version
    (own,) = (alert for alert in found.value.services[0].alerts if alert.name == "Own")
    assert own.keep_firing_for == (600 if keeps else 0)
    assert codes(found) == ([] if keeps else ["alert/ends-at-once"] * 2)


@pytest.mark.parametrize("version", ["2.36", "1.99", "2.4"])
def test_what_is_too_old_to_run_the_output_is_refused(version: str, tmp_path: Path) -> None:
    assert codes(resolved(tmp_path, site=f'oldest_prometheus: "{version}"\n')) == ["site/oldest-prometheus"]
