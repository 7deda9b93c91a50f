"""A closed world: every name in a spec must be declared, and a misspelt name gets a proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.agent import SPECS
from tests.resolve.build import LABELS, codes, one, profile, resolved, service, told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.resolve.build import Section

COUNT = "{title: O, description: O., count: {of: runs_total}"


@pytest.mark.parametrize(
    ("keys", "code", "at", "help_"),
    [
        ({"profile": "tinny"}, "reference/unknown-profile", "tinny", 'did you mean "tiny"?'),
        ({"profile": "agnet"}, "reference/unknown-profile", "agnet", 'did you mean "agent"?'),
        (
            {"labels": "{tol: [a], tool: [a], model: [m1]}"},
            "reference/unknown-label",
            "tol",
            'remove it, or write what it says under "tool", which is there already',
        ),
        (
            {"metrics": "{run_mss: {buckets: [1]}}"},
            "reference/unknown-metric",
            "run_mss",
            'did you mean "run_ms"?',
        ),
        (
            {"objectives": "{succes_rate: {min: 9%}}"},
            "reference/unknown-signal",
            "succes_rate",
            'did you mean "success_rate"?',
        ),
        (
            {"alerts": "{Own: {threshold: {signal: latency_p59}, warning: 2s}}"},
            "reference/unknown-signal",
            "latency_p59",
            'did you mean "latency_p95"?',
        ),
        (
            {"alerts": "{Own: {for: 5m}}"},
            "reference/unknown-alert",
            "Own",
            "a new alert needs a kind, as in Own: {threshold: {signal: success_rate}, warning: 90%}",
        ),
        (
            {"alerts": "{Own: {threshold: {signal: success_rate, by: tool}, warning: 9%}}"},
            "alert/by",
            "tool",
            "known: release",
        ),
        (
            {"alerts": "{Own: {threshold: {signal: reasons}, warning: 9%}}"},
            "alert/by",
            "reasons",
            "name a label, for an alert on each of its values: by: reason",
        ),
        (
            {"signals": "{own: {title: O, description: O., count: {of: rns_total}}}"},
            "reference/unknown-metric",
            "rns_total",
            'did you mean "runs_total"?',
        ),
        (
            {"signals": "{own: {title: O, description: O., ratio: {of: runs_total, per: rns_total}}}"},
            "reference/unknown-metric",
            "rns_total",
            'did you mean "runs_total"?',
        ),
        (
            {"signals": "{own: {title: O, description: O., cost: {of: tokens_total, per: rns_total}}}"},
            "reference/unknown-metric",
            "rns_total",
            'did you mean "runs_total"?',
        ),
        (
            {
                "signals": "{own: {title: O, description: O., share: {of: runs_total, where: {sttus: ok}},"
                " trend: {over: 1h}}}"
            },
            "reference/unknown-label",
            "sttus",
            'did you mean "status"?',
        ),
        (
            {
                "signals": "{own: {title: O, description: O., share: {of: runs_total, where: {status: okay}},"
                " trend: {over: 1h}}}"
            },
            "reference/unknown-value",
            "okay",
            'did you mean "ok"?',
        ),
        (
            {"signals": "{own: {title: O, description: O., distribution: {of: runs_total, label: tool}}}"},
            "reference/unknown-label",
            "tool",
            "labels of runs_total: status, reason, release",
        ),
        (
            {"signals": f"{{own: {COUNT}, by: [tool], trend: {{over: 1h}}}}}}"},
            "reference/unknown-label",
            "tool",
            "labels of runs_total: status, reason, release",
        ),
        (
            {"metrics": "{own_total: {type: counter, help: O., labels: [relase]}}"},
            "reference/unknown-label",
            "relase",
            'did you mean "release"?',
        ),
    ],
)
def test_what_is_not_declared_is_told_with_a_guess(
    keys: dict[str, str], code: str, at: str, help_: str, tmp_path: Path
) -> None:
    found = told(resolved(tmp_path, service(**keys)))
    assert [(each.code, each.at, each.help) for each in found] == [(code, at, help_)]


@pytest.mark.parametrize(
    ("sections", "code", "at"),
    [
        (
            {"labels": {"reason": "{values: {done: okay}, determines: status}"}},
            "reference/unknown-value",
            "okay",
        ),
        (
            {"labels": {"reason": "{values: {done: ok}, determines: sttus}"}},
            "reference/unknown-label",
            "sttus",
        ),
        ({"labels": {"reason": "{values: [done], determines: status}"}}, "label/undetermined", "done"),
        (
            {"labels": {"reason": "{values: {done: ok}, determines: status, limits: [limt]}"}},
            "reference/unknown-value",
            "limt",
        ),
        (
            {"metrics": {"own_count": "{type: counter, help: O., labels: []}"}},
            "metric/reserved-suffix",
            "own_count",
        ),
        ({"metrics": {"own": "{type: counter, help: O., labels: []}"}}, "metric/counter-suffix", "own"),
        (
            {"metrics": {"own_total": "{type: histogram, help: O., labels: [], buckets: [1]}"}},
            "metric/counter-suffix",
            "own_total",
        ),
        ({"metrics": {"own": "{type: histogram, help: O., labels: []}"}}, "metric/buckets", "own"),
        (
            {"metrics": {"own_total": "{type: counter, help: O., labels: [], buckets: [1]}"}},
            "metric/buckets",
            "own_total",
        ),
        (
            {"metrics": {"own": "{type: histogram, help: O., labels: [], buckets: [1, 3, 2]}"}},
            "metric/buckets",
            "2",
        ),
        ({"signals": {"own": "{title: O, description: O.}"}}, "signal/kind", "own"),
        ({"signals": {"newest": f"{COUNT}}}"}}, "signal/reserved-name", "newest"),
        (
            {"signals": {"own": "{title: O, description: O., quantile: {of: runs_total, q: 0.5}}"}},
            "signal/needs-histogram",
            "runs_total",
        ),
        ({"signals": {"own": f"{COUNT}, by: [release], worst_by: status}}"}}, "signal/worst-by", "status"),
        ({"signals": {"own": f"{COUNT}, trend: {{over: release}}}}"}}, "signal/release-trend", "release"),
        (
            {"signals": {"own": "{title: O, description: O., tokens: {of: run_ms, per: runs_total}}"}},
            "signal/token-metric",
            "run_ms",
        ),
        (
            {"signals": {"own": "{title: O, description: O., cost: {of: tokens_total}, by: [token_type]}"}},
            "signal/cost-by",
            "token_type",
        ),
        ({"signals": {"run_count": None}}, "signal/no-runs", "tiny"),
        ({"alerts": {"Own": "{threshold: {signal: success_rate}}"}}, "alert/no-bound", "Own"),
        ({"alerts": {"Own": "{warning: 5%}"}}, "reference/unknown-alert", "Own"),
    ],
)
def test_a_profile_is_held_to_the_same(
    sections: dict[str, Section], code: str, at: str, tmp_path: Path
) -> None:
    found = told(resolved(tmp_path, profile=profile("tiny", **sections)))
    assert [(each.code, each.at) for each in found] == [(code, at)]


@pytest.mark.parametrize(
    ("label", "bound", "values", "live"),
    [
        ("tool", "[a, b]", ("a", "b", "other"), 3),
        ("tool", "[a, other]", ("a", "other"), 2),
        ("tool", "{max_live: 7}", (), 7),
        ("release", "{max_live: 9}", (), 9),
    ],
)
def test_a_service_bounds_what_its_profile_leaves_open(
    label: str, bound: str, values: tuple[str, ...], live: int, tmp_path: Path
) -> None:
    others = {"tool": "[a]", "model": "[m1]"} | {label: bound}
    labels = ", ".join(f"{name}: {each}" for name, each in others.items())
    found = one(resolved(tmp_path, service(labels=f"{{{labels}}}"))).labels[label]
    assert (found.values, found.max_live) == (values, live)
    assert found.new_per_week == (2 if label == "release" else 0)


def test_an_open_label_that_nobody_bounds_is_told_at_the_service(tmp_path: Path) -> None:
    (found,) = told(resolved(tmp_path, service(labels="{model: [m1]}")))
    assert (found.code, found.message) == ("label/unbounded", 'label "tool" has no bound')
    assert "tool: {max_live: 20}" in found.help


def test_what_the_profile_lists_is_not_bounded_again(tmp_path: Path) -> None:
    found = told(resolved(tmp_path, service(labels="{tool: [a], model: [m1], status: [ok]}")))
    assert [(each.code, each.at) for each in found] == [("label/bounded-twice", "status")]


def test_labels_that_determine_each_other_are_told(tmp_path: Path) -> None:
    labels = {
        "status": "{values: {ok: done, error: broken}, closed: true, determines: reason}",
        "reason": "{values: {done: ok, broken: error}, closed: true, determines: status}",
    }
    found = told(resolved(tmp_path, profile=profile(labels={**LABELS, **labels})))
    assert {each.code for each in found} == {"label/circle"}
    assert found[0].message == "labels determine each other: status -> reason -> status"


def test_a_metric_of_the_profile_can_get_other_buckets_and_no_other_meaning(tmp_path: Path) -> None:
    found = one(resolved(tmp_path / "buckets", service(metrics="{run_ms: {buckets: [5, 50]}}")))
    assert found.metrics["run_ms"].buckets == (5, 50)
    again = service(metrics="{run_ms: {type: histogram, help: O., labels: [], buckets: [5]}}")
    (error,) = told(resolved(tmp_path / "again", again))
    assert (error.code, error.help) == (
        "metric/duplicate",
        "give only its buckets here, or choose another name",
    )
    counter = service(metrics="{runs_total: {type: counter, help: O., labels: []}}")
    (error,) = told(resolved(tmp_path / "counter", counter))
    assert error.help == "leave it out here, or choose another name"


def test_a_signal_of_the_profile_keeps_its_meaning(tmp_path: Path) -> None:
    assert codes(resolved(tmp_path, service(signals=f"{{success_rate: {COUNT}}}}}"))) == ["signal/duplicate"]


def test_a_service_can_have_a_metric_a_signal_and_an_alert_of_its_own(tmp_path: Path) -> None:
    demo = service(
        metrics="{own_total: {type: counter, help: O., labels: [release]}}",
        signals="{own: {title: O, description: O., count: {of: own_total}, by: [release]}}",
        alerts="{Own: {threshold: {signal: own}, warning: 40, summary: It is much.}}",
    )
    found = one(resolved(tmp_path, demo))
    assert found.signals["own"].own
    assert not found.signals["success_rate"].own
    assert [alert.summary for alert in found.alerts] == ["It is much."]


def test_a_metric_that_is_called_like_a_stream_is_not_that_stream(tmp_path: Path) -> None:
    counted = "profile: tiny\nemitted: elsewhere\nlabels: {}\nstreams: {run: {of: run_latency}}\n"
    library = (SPECS / "signals.yaml").read_text("utf-8")
    found = one(resolved(tmp_path, service(labels="{}"), profile=counted, signals=library))
    assert list(found.signals) == ["run_count"]


def test_two_services_or_profiles_of_one_name_are_told_with_the_other(tmp_path: Path) -> None:
    result = resolved(tmp_path / "service", service(), service())
    assert codes(result) == ["service/duplicate"]
    assert result.diagnostics[0].notes[0].message == "the other one is here"
    copies = {"profiles/copy": profile()}
    assert codes(resolved(tmp_path / "profile", **copies)) == ["profile/duplicate"]


@pytest.mark.parametrize(
    ("ours", "theirs", "overlap"),
    [
        ("{job: a}", "{job: b}", False),
        ("{job: a}", "{job: a}", True),
        ("{job: a}", "{app: b}", True),
        ("{job: a}", "{job: a, env: prod}", True),
        ("{job: a, env: test}", "{job: a, env: prod}", False),
        ("{job: a, env: test}", "{job: b, zone: x}", False),
        ("{job: a, env: test}", "{job: a, zone: x}", True),
    ],
)
def test_selectors_must_differ_in_a_label_in_common(
    ours: str,
    theirs: str,
    overlap: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    result = resolved(tmp_path, service("a-agent", selector=ours), service("b-agent", selector=theirs))
    assert codes(result) == ["service/selector-overlap"] * overlap


def test_of_many_services_each_that_overlaps_is_told_once(tmp_path: Path) -> None:
    services = [service(f"a{index}-agent", selector="{job: same}") for index in range(4)]
    found = told(resolved(tmp_path, *services))
    assert [each.code for each in found] == ["service/selector-overlap"] * 3
    assert all(each.at == "job" for each in found)


def test_every_service_is_told_of_whatever_the_others_are_like(tmp_path: Path) -> None:
    bad = service("a-agent", objectives="{succes_rate: {min: 9%}}")
    worse = service("b-agent", labels="{model: [m1]}")
    assert codes(resolved(tmp_path, bad, worse)) == ["reference/unknown-signal", "label/unbounded"]
