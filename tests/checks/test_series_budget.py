"""Budgets of series: of a metric, a service, its records and all services; each reported where it can be changed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from msgspec.structs import replace

from generator.checks.cardinality import series_budget
from generator.cli import main
from tests.checks.agent import SERVICE, SPECS
from tests.checks.models import SITE, known, measuring, once, small
from tests.models import model_of, written
from tests.resolve.build import METRICS, profile, service

if TYPE_CHECKING:
    from pathlib import Path

    from generator.diagnostics import Diagnostic
    from generator.model.service import Service

ROOMY = {"metric": 10**9, "service": 10**9, "recorded": 10**9, "total": 10**9}
TOOLS = "{tool: [a, b, c, d, e, f, g], model: [m1]}"


def _found(budget: dict[str, int], *services: Service) -> tuple[Diagnostic, ...]:
    site = replace(SITE, budget=replace(SITE.budget, **(ROOMY | budget)))
    facts = [known(site, one) for one in services]
    live = {each.service.name: each.account.live for each in facts}
    total = series_budget.check_total(live, once(site).recorded.live, site, {})
    return (*(told for each in facts for told in series_budget.check(each)), *total)


def test_who_stays_within_every_budget_hears_nothing(tmp_path: Path) -> None:
    assert _found({}, small(tmp_path)) == ()


@pytest.mark.parametrize("key", ROOMY)
def test_a_budget_that_is_just_kept_is_kept_and_one_series_less_is_told(key: str, tmp_path: Path) -> None:
    found = small(tmp_path, service(labels=TOOLS))
    account = known(SITE, found).account
    live = {
        "metric": max(each.live for each in account.metrics),
        "service": account.raw.live,
        "recorded": account.recorded.live,
        "total": account.raw.live + account.recorded.live + once(SITE).recorded.live,
    }[key]
    assert _found({key: live}, found) == ()
    (told,) = _found({key: live - 1}, found)
    assert f"{live:,} series at once" in told.message
    assert f"1 over the budget of {live - 1:,}" in told.message
    room = int(told.help.rpartition(f"series_budget: {{{key}: ")[2].removesuffix("}"))
    assert live <= room < live * 1.1
    assert (
        "or allow them in site.yaml: " if key == "total" else "or allow them, in this service or "
    ) in told.help


def test_a_budget_of_its_own_holds_in_place_of_the_site_s(tmp_path: Path) -> None:
    found = small(tmp_path, service(labels=TOOLS))
    own = replace(found, series_budget=replace(SITE.budget, **(ROOMY | {"metric": 40})))
    (told,) = _found({"metric": 10, "service": 10, "recorded": 10}, own)
    assert "of demo-agent may have 64 series at once: 24 over the budget of 40" in told.message


def test_the_label_that_contributes_most_is_pointed_at(tmp_path: Path) -> None:
    found = small(tmp_path, service(labels=TOOLS))
    (told,) = _found({"metric": 60}, found)
    assert told.message.startswith("calls_total of demo-agent may have ")
    assert 'shrink label "tool" (8 values): half of them would save ' in told.help
    assert told.span == found.where("labels.tool")


def test_buckets_are_pointed_at_where_they_contribute_most(tmp_path: Path) -> None:
    buckets = ", ".join(str(number) for number in range(1, 60))
    wide = service(metrics=f"{{run_ms: {{buckets: [{buckets}]}}}}")
    found = small(tmp_path, wide)
    (told,) = _found({"metric": 100}, found)
    assert "shrink the buckets (59 bounds): half of them would save 58, all but one 116" in told.help
    assert told.span == found.where("metrics.run_ms")


def test_what_nothing_can_shrink_is_told_as_well(tmp_path: Path) -> None:
    found = small(tmp_path)
    bare = replace(found.metrics["runs_total"], labels=())
    told = _found({"metric": 1}, replace(measuring(found, bare), labels={}))
    created = "created_series: false in site.yaml, which the generated module follows, would save 1"
    allowed = "or allow them, in this service or for each in site.yaml: series_budget: {metric: 2}"
    assert [each.help for each in told] == [f"expose less; {created}; {allowed}"]
    assert told[0].span == found.where("")


@pytest.mark.parametrize("key", ["metric", "service"])
def test_what_created_series_and_replicas_are_of_it_is_told_and_true(key: str, tmp_path: Path) -> None:
    found = small(tmp_path, service(labels=TOOLS, replicas="3"))
    bare = replace(SITE, created_series=False)
    with_, without = (known(site, found).account for site in (SITE, bare))
    pairs = {
        "metric": [(one.live, other.live) for one, other in zip(with_.metrics, without.metrics, strict=True)],
        "service": [(with_.raw.live, without.raw.live)],
    }[key]
    told = _found({key: 1}, found)
    assert len(told) == len(pairs)
    for each, (live, left) in zip(told, pairs, strict=True):
        assert f"each of 3 replicas exposes {live // 3:,} of them; " in each.help
        assert (
            f"created_series: false in site.yaml, which the generated module follows, would save {live - left:,}; "
            in (each.help)
        )


def test_where_created_series_are_off_they_save_nothing_and_one_replica_is_no_factor(tmp_path: Path) -> None:
    site = replace(SITE, created_series=False, budget=replace(SITE.budget, **(ROOMY | {"service": 1})))
    (told,) = series_budget.check(known(site, small(tmp_path)))
    assert "created_series" not in told.help
    assert "replica" not in told.help


def test_one_line_allows_all_that_a_service_has_too_many_of(tmp_path: Path) -> None:
    found = small(tmp_path, service(labels=TOOLS))
    account = known(SITE, found).account
    own = replace(found, series_budget=replace(SITE.budget, **(ROOMY | {"metric": 40, "service": 50})))
    told = _found({"recorded": 7}, own)
    (line,) = {each.help.rpartition("series_budget: ")[2] for each in told}
    room = dict(re.findall(r"(\w+): (\d+)", line))
    # Its own budgets stay, and omitted ones would be the site's again.
    assert list(room) == ["metric", "service", "recorded"]
    assert int(room["metric"]) >= max(each.live for each in account.metrics)
    assert int(room["service"]) >= account.raw.live
    assert int(room["recorded"]) == 10**9


def test_what_few_values_together_would_save_is_told_of_errors_and_true(tmp_path: Path) -> None:
    labels = "{tool: [a, b, c, d, e, f, g], model: [m1, m2, m3, m4, m5]}"
    errors: dict[str, str | None] = {
        "errors_total": "{type: counter, help: Errors., labels: [model, tool], sparse: true}"
    }
    found = small(tmp_path, service(labels=labels), profile=profile(metrics=METRICS | errors))
    told = next(one for one in _found({"metric": 90}, found) if one.message.startswith("errors_total "))
    assert (
        'where at most 3 of "tool" stand beside one "model", say so under labels, tool: {per: {model: 3}}'
        in (told.help)
    )
    fewer = replace(found.labels["tool"], per=(("model", 3),))
    few = replace(found, labels={**found.labels, "tool": fewer})
    lives = [
        next(each.live for each in known(SITE, one).account.metrics if each.metric.sparse)
        for one in (found, few)
    ]
    assert f"which would save {lives[0] - lives[1]:,}" in told.help
    # Series of metrics counted from zero all exist from the start.
    assert "per:" not in _found({"service": 1}, small(tmp_path / "all", service(labels=TOOLS)))[0].help


def test_for_records_the_saving_of_a_dropped_label_is_the_least(tmp_path: Path) -> None:
    (told,) = _found({"recorded": 100}, small(tmp_path, service(labels=TOOLS)))
    assert "dropping it at least " in told.help


def test_all_services_together_have_a_budget_and_the_largest_is_named(tmp_path: Path) -> None:
    little = small(tmp_path / "little", service("little-agent"))
    large = small(tmp_path / "large", service("large-agent", labels=TOOLS))
    accounts = [known(SITE, one).account for one in (little, large)]
    each = [one.raw.live + one.recorded.live for one in accounts]
    every = sum(each) + once(SITE).recorded.live
    assert _found({"total": every}, little, large) == ()
    (told,) = _found({"total": every - 1}, little, large)
    assert told.help.startswith(f"large-agent has most of them ({each[1]:,}): shrink that first")
    assert told.span is None


def test_replicas_multiply_raw_series_and_leave_records_alone(tmp_path: Path) -> None:
    one = known(SITE, small(tmp_path / "one")).account
    ten = known(SITE, small(tmp_path / "ten", service(replicas="10"))).account
    assert ten.raw.live == 10 * one.raw.live
    assert ten.raw.retained == 10 * one.raw.retained
    assert ten.recorded == one.recorded
    assert ten.load.scraped - one.load.scraped == pytest.approx(9 * one.raw.live / 15)
    assert replace(ten.load, scraped=one.load.scraped) == one.load


def test_the_default_has_room_for_an_ordinary_service_of_twelve_models_and_eight_tools(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = {f"m{number}": {"prompt": 2.5, "completion": 10} for number in range(12)}
    labels = {"model": [*models], "tool": [f"t{number}" for number in range(8)]}
    files = {name: (SPECS / name).read_text("utf-8") for name in ("signals.yaml", "profiles/agent.yaml")}
    files["services/demo-agent.yaml"] = yaml.safe_dump(SERVICE | {"labels": labels})
    files |= {"prices.yaml": yaml.safe_dump({"models": models}), "site.yaml": "scrape_interval: 15s\n"}
    written(tmp_path, files)
    assert main(["cardinality", str(tmp_path), "--format", "json"]) == 0
    [demo] = json.loads(capsys.readouterr().out)["services"].values()
    assert 5_000 < demo["recorded"]["live"] < 10_000
    assert main(["check", str(tmp_path)]) == 0


@pytest.mark.parametrize("of", ["runs_total", "[runs_total, runs, all_runs]"])
def test_a_metric_of_several_names_counts_once(of: str, tmp_path: Path) -> None:
    streams = f"streams: {{run: {{of: {of}, labels: {{tool: tool}}}}}}"
    head = "profile: mine\nemitted: elsewhere\ncreated_series: false\nlabels: {tool: {}}\n"
    text = "service: one\nprofile: mine\nowner: t\nselector: {job: a}\nlabels: {tool: [a, b]}\n"
    files = {"profiles/mine.yaml": f"{head}{streams}\n", "services/one.yaml": text}
    (found,) = model_of(written(tmp_path, files)).services
    assert known(SITE, found).account.raw.live == len(("a", "b", "other"))
