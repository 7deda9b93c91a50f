"""The checklist: each item goes missing with what it stands on, and comes back to who follows the help."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from msgspec.structs import replace

from generator.checks.selfcheck import ITEMS, MINIMUM, Item, self_check
from tests.checks.agent import agent, on, service_of, without, without_alerts
from tests.checks.test_practice import ALERTS_OF

if TYPE_CHECKING:
    from pathlib import Path

    from tests.checks.agent import Mapping

#: What the article's baseline consists of, in its order, and the signals of each item.
SIGNALS_OF = {
    "run_count": ("run_count",),
    "success_rate": ("success_rate",),
    "latency p50 and p95, not averages only": ("latency_p50", "latency_p95"),
    "steps and tool calls per run": ("step_count", "tool_calls_per_run"),
    "tool_error_rate": ("tool_error_rate",),
    "tokens and cost per run": ("token_usage_per_run", "cost_per_run"),
    "stop_reason_distribution": ("stop_reason_distribution",),
}
SEGMENTATION = "segmentation by release, model and tool, without unbounded labels"
ALERTS = "alerts on the key anomalies"
EACH_SIGNAL = [(item, name) for item, names in SIGNALS_OF.items() for name in names if name != "run_count"]
#: What the help leaves to the reader.
NAMES = {
    "<the counter of finished runs>": "agent_run_total",
    "<the histogram of run times>": "agent_run_latency_ms",
    "<the histogram of steps per run>": "agent_steps_per_run",
    "<the counter of tool calls>": "agent_tool_call_total",
    "<the counter of tokens>": "agent_token_usage_total",
    "<a sentence>": "It grows.",
    "<Name>": "DemoOwn",
    ", ...}": ", title: T, description: It is.}",
}


def _checked(directory: Path, profile: Mapping, **keys: object) -> dict[str, Item]:
    return {item.name: item for item in self_check(service_of(directory, profile, **keys)).items}


def _following(help_: str) -> Mapping:
    """Read the YAML that a help spells out, with names in place of what it leaves open."""
    written = help_.partition(": ")[2]
    for open_, name in NAMES.items():
        written = written.replace(open_, name)
    assert "<" not in written
    parsed: Mapping = yaml.safe_load(written)
    return parsed


def test_the_profile_that_ships_has_all_nine(tmp_path: Path) -> None:
    found = self_check(service_of(tmp_path, agent()))
    assert [item.name for item in found.items] == [*SIGNALS_OF, SEGMENTATION, ALERTS]
    assert (found.passed, found.progress, found.missing_of_minimum) == (9, "9/9", ())
    assert all(not mistake.found for mistake in found.mistakes)
    assert len(ITEMS) == 9


@pytest.mark.parametrize(("item", "name"), EACH_SIGNAL)
def test_an_item_goes_with_its_signal_and_comes_back_by_the_help(
    item: str, name: str, tmp_path: Path
) -> None:
    less = _checked(tmp_path / "less", without(agent(), name))
    assert not less[item].passed
    assert less[item].missing == (f"signal {name}",)
    (help_,) = less[item].how_to_add
    assert help_.startswith(f"add to the profile, under signals: {name}: ")

    profile = without(agent(), name)
    profile["signals"] |= _following(help_)
    again = _checked(tmp_path / "again", profile)
    assert again[item].passed


def test_run_count_is_asked_for_like_the_others(tmp_path: Path) -> None:
    """No spec without it compiles, so it is taken out of the model."""
    found = service_of(tmp_path, agent())
    signals = {name: signal for name, signal in found.signals.items() if name != "run_count"}
    item = self_check(replace(found, signals=signals)).items[0]
    assert (item.passed, item.missing) == (False, ("signal run_count",))
    assert _following(item.how_to_add[0])["run_count"]["count"] == {"of": "agent_run_total"}


@pytest.mark.parametrize(
    ("name", "kind", "item"),
    [
        ("success_rate", {"count": {"of": "agent_run_total"}}, "success_rate"),
        (
            "latency_p95",
            {"quantile": {"of": "agent_run_latency_ms", "q": 0.9}},
            "latency p50 and p95, not averages only",
        ),
        (
            "latency_p95",
            {"quantile": {"of": "agent_run_latency_ms", "q": 0.99}},
            "latency p50 and p95, not averages only",
        ),
        (
            "latency_p50",
            {"ratio": {"of": "agent_tool_call_total", "per": "agent_run_total"}},
            "latency p50 and p95, not averages only",
        ),
        ("tool_error_rate", {"count": {"of": "agent_tool_error_total"}}, "tool_error_rate"),
        (
            "stop_reason_distribution",
            {"count": {"of": "agent_run_total"}, "by": ["stop_reason"]},
            "stop_reason_distribution",
        ),
    ],
)
def test_a_signal_that_only_has_the_name_does_not_count(
    name: str, kind: Mapping, item: str, tmp_path: Path
) -> None:
    profile = without(agent(), name)
    profile["signals"][name] = {"title": "T", "description": "T.", **kind}
    assert not _checked(tmp_path, profile)[item].passed


@pytest.mark.parametrize("label", ["release", "model", "tool"])
def test_segmentation_goes_with_a_breakdown_and_comes_back_by_the_help(label: str, tmp_path: Path) -> None:
    profile = agent() | {"alerts": {}}
    kept = {
        name: signal
        for name, signal in profile["signals"].items()
        if label not in (signal.get("worst_by"), signal.get("trend", {}).get("over"))
    }
    for signal in kept.values():
        signal["by"] = [each for each in signal.get("by", []) if each != label]
    profile["signals"] = kept
    profile["objectives"] = {name: bound for name, bound in profile["objectives"].items() if name in kept}
    less = _checked(tmp_path / "less", profile)[SEGMENTATION]
    assert less.missing == (f"a breakdown by {label}",)
    assert less.how_to_add == (f"give a signal by: [{label}], from a metric with that label",)

    metric = next(name for name, metric in profile["metrics"].items() if label in metric["labels"])
    kept["own"] = {"title": "T", "description": "T."} | _counted(profile, metric) | {"by": [label]}
    assert _checked(tmp_path / "again", profile)[SEGMENTATION].passed


def _counted(profile: Mapping, metric: str) -> Mapping:
    histogram = profile["metrics"][metric]["type"] == "histogram"
    return {"quantile": {"of": metric, "q": 0.9}} if histogram else {"count": {"of": metric}}


def test_segmentation_goes_with_a_label_without_an_end_and_comes_back_without_it(tmp_path: Path) -> None:
    profile = agent()
    profile["labels"]["run_id"] = {"max_live": 10}
    profile["metrics"]["agent_run_total"]["labels"].append("run_id")
    item = _checked(tmp_path, profile)[SEGMENTATION]
    assert item.missing == ('no label without an end: "run_id" identifies single runs',)
    assert item.how_to_add == ('remove "run_id"; put it in logs or traces',)


@pytest.mark.parametrize("anomaly", ALERTS_OF)
def test_alerts_go_with_an_anomaly_and_come_back_by_the_help(anomaly: str, tmp_path: Path) -> None:
    profile = agent()
    profile = without_alerts(profile, on(profile, *ALERTS_OF[anomaly]))
    less = _checked(tmp_path / "less", profile)[ALERTS]
    assert less.missing == (f"an alert on {anomaly}",)
    (help_,) = less.how_to_add
    assert help_.startswith(f"add an alert on {ALERTS_OF[anomaly][0]}, such as under alerts: ")
    again = _checked(tmp_path / "again", profile, alerts=_following(help_))
    assert again[ALERTS].passed


def test_an_alert_on_a_signal_that_is_gone_waits_for_the_signal(tmp_path: Path) -> None:
    item = _checked(tmp_path, without(agent(), "tool_calls_per_run"))[ALERTS]
    assert item.how_to_add[0].startswith(
        "add an alert on tool_calls_per_run, once there is that signal, such"
    )


def test_an_alert_is_proposed_on_the_best_signal_that_is_there(tmp_path: Path) -> None:
    profile = without(agent(), "latency_p95")
    less = _checked(tmp_path / "less", without_alerts(profile, on(profile, "latency_p50")))[ALERTS]
    (help_,) = less.how_to_add
    assert help_.startswith("add an alert on latency_p50, such as ")
    assert _checked(tmp_path / "again", profile, alerts=_following(help_))[ALERTS].passed


def test_cost_needs_the_price_of_a_model(tmp_path: Path) -> None:
    labels = {"model": ["local-model"], "tool": ["search"]}
    item = _checked(tmp_path, agent(), labels=labels)["tokens and cost per run"]
    assert item.missing == ("a price of any model",)
    assert item.how_to_add == ("add the service's models to prices.yaml",)


def test_the_minimum_set_is_told_apart(tmp_path: Path) -> None:
    found = self_check(service_of(tmp_path, without(agent(), "latency_p50", "latency_p95", "cost_per_run")))
    assert found.missing_of_minimum == ("latency_p95",)
    assert found.progress == "6/9"
    assert set(found.minimum) == set(MINIMUM) - {"latency_p95"}


def test_the_mistakes_are_those_of_the_article(tmp_path: Path) -> None:
    gone = without(agent(), "latency_p50", "latency_p95", "latency_p99", "stop_reason_distribution")
    gone["labels"]["userId"] = {"max_live": 10}
    gone["alerts"] = {}
    found = self_check(service_of(tmp_path, gone))
    assert {mistake.code: mistake.found for mistake in found.mistakes} == {
        "practice/averages-only": ("agent_run_latency_ms",),
        "cardinality/forbidden-label": ("userId",),
        "practice/no-stop-reason": ("no stop_reason_distribution",),
        "practice/no-alerts": tuple(ALERTS_OF),
    }
