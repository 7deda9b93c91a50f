"""The cardinality report: rows add up to their totals, and all three renderings have the same numbers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from generator.memory import Memory
from generator.reports.cardinality import overview, service_row, to_text
from generator.reports.pages import report_entry, reports
from tests.checks.models import SITE, known, measuring, once, small
from tests.resolve.build import service

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.service import Service, Site
    from generator.reports.cardinality import ServiceRow

LOADS = (
    "samples_per_second",
    "scraped_samples_per_second",
    "recorded_samples_per_second",
    "rules",
    "rule_groups",
    "rule_evaluations_per_second",
)
LOADS_OF_CELLS = ("scraped_samples", "recorded_samples", "rule_evaluations")
WIDE = "{tool: [a, b, c], model: [m1, m2], release: {max_live: 4, new_per_week: 2}}"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> tuple[Service, ...]:
    root = tmp_path_factory.mktemp("specs")
    return (
        small(root / "a", service("a-agent", labels=WIDE, replicas="3")),
        small(root / "b", service("b-agent")),
    )


@pytest.fixture(scope="module")
def contents(services: tuple[Service, ...]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_rendered(services)["reports/cardinality.json"])
    return found


def _rendered(services: tuple[Service, ...], site: Site = SITE) -> dict[str, str]:
    entries = [report_entry(each, site, Memory()) for each in (known(site, one) for one in services)]
    return {artifact.path: artifact.text for artifact in reports(entries, once(site), site)}


def _rows(site: Site, *services: Service) -> tuple[ServiceRow, ...]:
    return tuple(service_row(known(site, one), site) for one in services)


@pytest.mark.parametrize("when", ["live", "retained"])
def test_metrics_groups_and_records_add_up(contents: dict[str, Any], when: str) -> None:
    for found in contents["services"].values():
        assert sum(metric[when] for metric in found["metrics"].values()) == found["raw"][when]
        assert sum(group[when] for group in found["groups"].values()) == found["recorded"][when]
        assert sum(record[when] for record in found["records"].values()) == found["recorded"][when]


@pytest.mark.parametrize("when", ["live", "retained"])
def test_services_add_up(contents: dict[str, Any], when: str) -> None:
    total = contents["total"]
    for kind in ("raw", "recorded"):
        of_each = [found[kind][when] for found in contents["services"].values()]
        once_ = contents["shared"]["recorded"][when] if kind == "recorded" else 0
        assert sum(of_each) + once_ == total[kind][when]
    assert total["raw"][when] + total["recorded"][when] == total[when]
    for load in LOADS:
        of_services = sum(found[load] for found in contents["services"].values())
        assert of_services + contents["shared"][load] == pytest.approx(total[load], abs=0.01)


def test_a_metric_is_the_product_of_what_is_said_of_it(contents: dict[str, Any]) -> None:
    calls = contents["services"]["a-agent"]["metrics"]["calls_total"]
    assert calls["labels"] == {
        "tool": {"live": 4, "retained": 4},
        "status": {"live": 2, "retained": 2},
        "release": {"live": 2, "retained": 9},
    }
    # An instance has one release, and two while it restarts.
    assert calls["instance"] == 4 * 2 * calls["series_per_combination"]
    assert calls["live"] == 3 * 2 * calls["instance"]
    assert calls["shrink"][0]["label"] == "tool"
    runs = contents["services"]["a-agent"]["metrics"]["runs_total"]
    assert runs["labels"]["status"] == {"live": 2, "retained": 2, "follows": "reason"}


def test_rules_are_counted_with_the_alerts_and_evaluated_once_an_interval(
    contents: dict[str, Any], tmp_path: Path
) -> None:
    found = contents["services"]["b-agent"]
    own = [group["rules"] for group in found["groups"].values() if "shared" not in group]
    facts = known(SITE, small(tmp_path, service("b-agent")))
    alerts = sum(len(group.rules) for group in facts.compiled.alerting)
    assert found["rules"] == sum(own) + alerts
    assert found["rule_evaluations_per_second"] == pytest.approx(found["rules"] / 60, abs=0.001)


def test_samples_are_series_by_their_intervals(contents: dict[str, Any]) -> None:
    found = contents["services"]["b-agent"]
    scraped, recorded = found["raw"]["live"] / 15, found["recorded"]["live"] / 60
    assert found["scraped_samples_per_second"] == pytest.approx(scraped, abs=0.001)
    assert found["recorded_samples_per_second"] == pytest.approx(recorded, abs=0.001)
    assert found["samples_per_second"] == pytest.approx(scraped + recorded, abs=0.001)


def test_a_thousand_services_are_like_the_mean_of_these(contents: dict[str, Any]) -> None:
    thousand, total, shared = (contents[key] for key in ("thousand_services", "total", "shared"))
    assert thousand["raw"]["live"] == total["raw"]["live"] * 500  # there are two
    once_ = shared["recorded"]["live"]
    assert thousand["recorded"]["live"] == (total["recorded"]["live"] - once_) * 500 + once_
    for load in LOADS:
        assert thousand[load] == pytest.approx((total[load] - shared[load]) * 500 + shared[load], abs=1)


def test_the_site_s_budgets_and_intervals_are_said(contents: dict[str, Any]) -> None:
    assert contents["budget"] == {"metric": 5000, "service": 20000, "recorded": 5000, "total": 200000}
    assert (contents["retention_seconds"], contents["scrape_interval_seconds"]) == (15 * 86400, 15)


def test_the_markdown_page_says_the_numbers_of_the_json(services: tuple[Service, ...]) -> None:
    files = _rendered(services)
    assert sorted(files) == ["reports/cardinality.json", "reports/cardinality.md", "reports/self-check.md"]
    contents, page = json.loads(files["reports/cardinality.json"]), files["reports/cardinality.md"]
    for name, found in contents["services"].items():
        section = page.split(f"## {name}\n")[1].split("\n## ")[0]
        for metric, series in found["metrics"].items():
            cells = _cells(section.split("| Group of rules")[0], f"`{metric}`")
            assert (cells[4], cells[5]) == (f"{series['live']:,}", f"{series['retained']:,}")
        for group, series in found["groups"].items():
            rules = "shared" if "shared" in series else f"{series['rules']:,}"
            assert _cells(section.split("| Group of rules")[1], f"`{group}`")[1:4] == [
                rules,
                *(f"{series[key]:,}" for key in ("live", "retained")),
            ]
        assert f"**{found['raw']['live']:,}**" in section
        assert f"**{found['recorded']['retained']:,}**" in section
    assert f"**{contents['total']['live']:,}**" in page
    loads_of = {"**All**": "total", "1,000 like these": "thousand_services", "Shared rules": "shared"}
    for title, found in ((title, contents[key]) for title, key in loads_of.items()):
        cells = _cells(page, title)
        assert cells[3:5] == [f"{found[key]:,}" for key in ("rules", "rule_groups")]
        loads = [found[f"{kind}_per_second"] for kind in LOADS_OF_CELLS]
        told = [float(cells[place].replace(",", "") or 0) for place in (1, 2, 5)]
        assert title == "Shared rules" or told == pytest.approx(loads, abs=0.5)


def _cells(page: str, first: str) -> list[str]:
    (line,) = (line for line in page.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_table_of_the_page_is_rectangular(services: tuple[Service, ...]) -> None:
    page = _rendered(services)["reports/cardinality.md"]
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert "\n\n\n" not in page
    assert page.endswith("\n")


def test_what_is_near_its_budget_is_bold(services: tuple[Service, ...]) -> None:
    live = known(SITE, services[1]).account.raw.live
    site = replace(SITE, budget=replace(SITE.budget, service=live + 1))
    page = _rendered(services[1:], site)["reports/cardinality.md"]
    assert "**100 %**" in page or "**99 %**" in page


def test_the_terminal_shows_a_table_for_each_service_and_the_sums(
    services: tuple[Service, ...], contents: dict[str, Any]
) -> None:
    text = to_text(_rows(SITE, *services), once(SITE), SITE)
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
    assert [line for line in text.splitlines() if line and not line.startswith(" ")] == [
        "a-agent (3 instances)",
        "b-agent (1 instance)",
        "all services (2)",
        "1,000 services like these",
    ]
    row = next(line for line in text.splitlines() if line.startswith("  calls_total")).split("  ")
    calls = contents["services"]["a-agent"]["metrics"]["calls_total"]
    assert f"{calls['live']:,}" in [cell.strip() for cell in row]
    for part in ("total", "thousand_services"):
        raw, recorded = (contents[part][kind]["live"] for kind in ("raw", "recorded"))
        assert f"  {raw + recorded:,} series at once ({raw:,} raw, {recorded:,} recorded)" in text
        rules, groups = contents[part]["rules"], contents[part]["rule_groups"]
        assert f"; {rules:,} rules in {groups:,} groups, " in text


def test_one_group_is_no_plural(tmp_path: Path) -> None:
    (row,) = _rows(SITE, small(tmp_path))
    alone = replace(row, load=replace(row.load, groups=1))
    assert " rules in 1 group, " in to_text([alone], once(SITE), SITE)


def test_numbers_of_the_terminal_stand_below_each_other(services: tuple[Service, ...]) -> None:
    text = to_text(_rows(SITE, services[0]), once(SITE), SITE)
    head, *rows = [line for line in text.splitlines() if line.startswith("  ") and "budgets" not in line][:8]
    for title in ("each", "at once", "of budget"):
        end = head.index(title) + len(title)
        cells = [row[:end].rsplit("  ", 1)[-1] for row in rows[:5]]
        assert all(re.fullmatch(r" ?[\d,.]+( %)?", cell) for cell in cells), (title, cells)


def test_a_metric_without_labels_has_none_to_shrink(tmp_path: Path) -> None:
    found = small(tmp_path)
    bare = replace(found.metrics["runs_total"], labels=())
    row = _rows(SITE, measuring(found, bare))[0].metrics[0]
    assert row.saving is None


def test_over_budget_is_reported_too(tmp_path: Path) -> None:
    site = replace(SITE, budget=replace(SITE.budget, metric=1, service=1, recorded=1, total=1))
    rows = _rows(site, small(tmp_path))
    shown = overview(rows, once(site), site)
    assert shown.used == shown.live == shown.raw.live + shown.recorded.live
    assert rows[0].raw_used == rows[0].raw.live
