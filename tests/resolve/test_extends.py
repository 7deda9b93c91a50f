"""A profile that extends another one has its entries, and changes them key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.checks.agent import SPECS
from tests.resolve.build import codes, one, profile, resolved, service

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.service import Service

DEMO = service(profile="more")


def _more(directory: Path, changes: str, base: str = "") -> Service:
    """Resolve a service of a profile that extends the tiny one."""
    return one(
        resolved(
            directory,
            DEMO,
            profile=base or profile(),
            **{"profiles/more": f"profile: more\nextends: tiny\n{changes}"},
        )
    )


def test_who_changes_nothing_has_all_of_it(tmp_path: Path) -> None:
    base = one(resolved(tmp_path / "base"))
    more = _more(tmp_path / "more", "")
    assert (more.labels, more.metrics, more.signals) == (base.labels, base.metrics, base.signals)
    assert more.profile == "more"


def test_given_keys_lie_over_those_of_the_base_and_the_others_stay(tmp_path: Path) -> None:
    changes = """labels: {release: {max_live: 9}}
metrics:
  run_ms: {type: histogram, unit: ms, help: Time., labels: [release], buckets: [500, 5000]}
  waits_total: {type: counter, help: Waits., labels: []}
objectives: {success_rate: {min: 99%}}
"""
    base = profile(objectives={"success_rate": "{min: 90%, window: 30d}", "latency_p95": "{max: 2s}"})
    more = _more(tmp_path, changes, base)
    assert (more.labels["release"].max_live, more.labels["release"].new_per_week) == (9, 2)
    assert more.metrics["run_ms"].buckets == (500, 5000)
    assert list(more.metrics)[-1] == "waits_total"
    assert more.objectives["success_rate"].bound == pytest.approx(0.99)
    assert more.objectives["success_rate"].window == 30 * 86400
    assert more.objectives["latency_p95"].bound == 2


def test_of_what_excludes_the_other_the_later_counts(tmp_path: Path) -> None:
    changes = """labels: {release: {values: [a, b]}}
signals:
  calls_per_run: {title: C, description: C., count: {of: calls_total}, better: neither}
"""
    more = _more(tmp_path, changes)
    assert more.labels["release"].values == ("a", "b", "other")
    assert type(more.signals["calls_per_run"].kind).__name__ == "Count"


def test_one_key_of_an_entry_is_enough(tmp_path: Path) -> None:
    changes = """metrics: {run_ms: {buckets: [500, 5000]}, runs_total: {help: Finished turns.}}
signals: {calls_per_run: {title: Tool use}}
"""
    base, more = one(resolved(tmp_path / "base")), _more(tmp_path / "more", changes)
    assert more.metrics["run_ms"] == replace(base.metrics["run_ms"], buckets=(500, 5000))
    assert more.metrics["runs_total"] == replace(base.metrics["runs_total"], help="Finished turns.")
    assert more.signals["calls_per_run"].title == "Tool use"
    assert more.signals["calls_per_run"].description == base.signals["calls_per_run"].description


def test_an_empty_list_is_a_change(tmp_path: Path) -> None:
    assert _more(tmp_path, "metrics: {run_ms: {labels: []}}").metrics["run_ms"].labels == ()


def test_another_label_of_target_info_is_still_one_of_target_info(tmp_path: Path) -> None:
    base = "profile: tiny\nemitted: elsewhere\nlabels: {release: {from: target_info, label: version, max_live: 3}}\n"
    base += "streams: {run: {of: runs_total}}\n"
    library = (SPECS / "signals.yaml").read_text("utf-8")
    text = "profile: more\nextends: tiny\nlabels: {release: {label: build}}\n"
    found = resolved(
        tmp_path,
        service(profile="more", labels="{}"),
        profile=base,
        signals=library,
        **{"profiles/more": text},
    )
    assert one(found).labels["release"].joined == "build"


def test_the_labels_of_a_stream_are_changed_one_by_one(tmp_path: Path) -> None:
    base = (
        "profile: tiny\nemitted: elsewhere\nlabels: {status: {values: [ok, error]}, model: {max_live: 3}}\n"
    )
    base += "streams: {run: {of: runs_total, labels: {status: code, model: asked}}}\n"
    library = (SPECS / "signals.yaml").read_text("utf-8")

    def read(directory: str, labels: str) -> dict[str, str]:
        text = f"profile: more\nextends: tiny\nstreams: {{run: {{labels: {labels}}}}}\n"
        spec = service(profile="more", labels="{}", objectives="{}")
        found = resolved(tmp_path / directory, spec, profile=base, signals=library, **{"profiles/more": text})
        return dict(one(found).streams["run"].sources[0].labels)

    assert read("other", "{model: used}") == {"status": "code", "model": "used"}
    assert read("none", "{}") == {"status": "status"}  # those of the stream that are called alike


def test_a_profile_changes_the_alert_of_its_own_objective(tmp_path: Path) -> None:
    changes = """signals:
  waits: {title: W, description: W., ratio: {of: errors_total, per: runs_total}}
objectives: {waits: {max: 2}}
alerts: {AgentWaitsMissed: {for: 20m}}
"""
    (alert,) = (alert for alert in _more(tmp_path, changes).alerts if alert.name == "AgentWaitsMissed")
    assert alert.for_ == 20 * 60


def test_a_chain_is_followed_to_its_end(tmp_path: Path) -> None:
    files = {
        "profiles/more": "profile: more\nextends: between\nlabels: {release: {max_live: 5}}\n",
        "profiles/between": "profile: between\nextends: tiny\nlabels: {release: {max_live: 9, new_per_week: 7}}\n",
    }
    found = one(resolved(tmp_path, DEMO, **files)).labels["release"]
    assert (found.max_live, found.new_per_week) == (5, 7)


def test_a_profile_in_place_of_a_shipped_one_may_extend_that(tmp_path: Path) -> None:
    text = "profile: agent\nextends: agent\nlabels: {release: {max_live: 8}}\n"
    lone = service(profile="agent", labels="{tool: [search], model: [gpt-4o]}")
    library = (SPECS / "signals.yaml").read_text("utf-8")
    found = resolved(tmp_path, lone, signals=library, **{"profiles/agent": text})
    assert one(found).labels["release"].max_live == 8
    assert "run_latency" in one(found).streams


@pytest.mark.parametrize(
    ("profiles", "expected"),
    [
        ({"more": "profile: more\nextends: more\n"}, ["profile/circle"]),
        ({"more": "profile: more\nextends: tinny\n"}, ["reference/unknown-profile"]),
        (
            {"more": "profile: more\nextends: other\n", "other": "profile: other\nextends: more\n"},
            ["profile/circle", "profile/circle"],
        ),
        (
            {"more": "profile: more\nextends: other\n", "other": "profile: other\nextends: other\n"},
            ["profile/circle"],
        ),
    ],
)
def test_what_cannot_be_extended_is_told_once_and_nothing_that_follows(
    profiles: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    files = {f"profiles/{name}": text for name, text in profiles.items()}
    assert codes(resolved(tmp_path, DEMO, **files)) == expected
