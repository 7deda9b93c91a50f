"""The checklist: each item disappears with its signals, and returns when the help is followed."""

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

#: The article's baseline, in its order, and the signals of each item.
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
#: The names that the help leaves to the reader.
NAMES = {
    "<a sentence>": "It grows.",
    "<Name>": "DemoOwn",
    ", ...}": ", title: T, description: It is.}",
}


def _checked(directory: Path, profile: Mapping, **keys: object) -> dict[str, Item]:
    return {item.name: item for item in self_check(service_of(directory, profile, **keys)).items}


def _following(help_: str) -> Mapping:
    """Read the YAML in a help, with names in place of its placeholders."""
    written = help_.partition(": ")[2]
    for open_, name in NAMES.items():
        written = written.replace(open_, name)
    assert "<" not in written
    parsed: Mapping = yaml.load(written, yaml.CSafeLoader)
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
    assert help_.startswith(f"add to signals.yaml, under signals: {name}: ")

    profile = without(agent(), name)
    profile["signals"] |= _following(help_)
    again = _checked(tmp_path / "again", profile)
    assert again[item].passed


def test_a_signal_of_a_stream_that_nothing_feeds_asks_for_its_metric(tmp_path: Path) -> None:
    profile = agent()
    del profile["feeds"]["tool_call"], profile["objectives"]["tool_error_rate"]
    item = _checked(tmp_path, profile)["tool_error_rate"]
    assert item.missing == ("signal tool_error_rate",)
    assert item.how_to_add == (
        "say in profile agent what measures it, under streams: tool_call: {of: <its metric>}",
    )


def test_who_is_told_of_no_failing_runs_has_no_nine_whatever_the_order_of_signals(tmp_path: Path) -> None:
    profile = agent()
    first = {"success_rate": profile["signals"].pop("success_rate")}
    profile["signals"] = first | profile["signals"]
    profile = without_alerts(
        profile,
        ("AgentSuccessRateLow", "AgentSuccessRateDrop", "AgentSuccessRateRegression", "AgentErrorBudgetBurn"),
    )
    found = self_check(service_of(tmp_path, profile))
    assert (found.progress, found.items[-1].missing) == ("8/9", ("an alert on a drop of the success rate",))


def test_alerts_that_are_turned_off_are_none(tmp_path: Path) -> None:
    names = ("AgentSuccessRateDrop", "AgentSuccessRateRegression", "AgentErrorBudgetBurn")
    off = {name: {"disabled": "Others watch it."} for name in names}
    found = self_check(service_of(tmp_path, agent(), alerts=off))
    assert (found.progress, found.items[-1].missing) == ("8/9", ("an alert on a drop of the success rate",))


def test_run_count_is_asked_for_like_the_others(tmp_path: Path) -> None:
    """No spec without it compiles, so it is taken out of the model."""
    found = service_of(tmp_path, agent())
    signals = {name: signal for name, signal in found.signals.items() if name != "run_count"}
    item = self_check(replace(found, signals=signals)).items[0]
    assert (item.passed, item.missing) == (False, ("signal run_count",))
    assert _following(item.how_to_add[0])["run_count"]["count"] == {"of": "run"}


@pytest.mark.parametrize(
    ("name", "kind", "item"),
    [
        ("success_rate", {"count": {"of": "run"}}, "success_rate"),
        (
            "latency_p95",
            {"quantile": {"of": "run_latency", "q": 0.9}},
            "latency p50 and p95, not averages only",
        ),
        (
            "latency_p95",
            {"quantile": {"of": "run_latency", "q": 0.99}},
            "latency p50 and p95, not averages only",
        ),
        (
            "latency_p50",
            {"ratio": {"of": "tool_call", "per": "run"}},
            "latency p50 and p95, not averages only",
        ),
        ("tool_error_rate", {"count": {"of": "tool_error"}}, "tool_error_rate"),
        (
            "stop_reason_distribution",
            {"count": {"of": "run"}, "by": ["stop_reason"]},
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

    stream = next(name for name in profile["feeds"] if label in profile["streams"][name]["labels"])
    kept["own"] = {"title": "T", "description": "T."} | _counted(profile, stream) | {"by": [label]}
    assert _checked(tmp_path / "again", profile)[SEGMENTATION].passed


def _counted(profile: Mapping, stream: str) -> Mapping:
    histogram = profile["streams"][stream]["type"] == "histogram"
    return {"quantile": {"of": stream, "q": 0.9}} if histogram else {"count": {"of": stream}}


def test_segmentation_goes_with_a_label_without_an_end_and_comes_back_without_it(tmp_path: Path) -> None:
    profile = agent()
    profile["labels"]["run_id"] = {"max_live": 10}
    profile["metrics"]["agent_run_total"]["labels"].append("run_id")
    item = _checked(tmp_path, profile)[SEGMENTATION]
    assert item.missing == ('no label without an end: "run_id" identifies single runs',)
    assert item.how_to_add == ('remove "run_id"; put it in logs or traces',)


@pytest.mark.parametrize("anomaly", ALERTS_OF)
def test_alerts_go_with_an_anomaly_and_come_back_by_the_help(anomaly: str, tmp_path: Path) -> None:
    profile = agent() | {"objectives": {}}  # an objective has alerts of its own
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
