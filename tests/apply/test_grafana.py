"""Dashboards are saved in Grafana once, in place; dashboards that are not ours stay unchanged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from generator.live.errors import LiveError
from tests.apply.conftest import dashboard

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apply.conftest import Applying
    from tests.apply.grafana import Grafana

ALL = {"agent-a": 1, "agent-b": 1, "agent-c": 1}


def test_an_empty_grafana_gets_the_folder_and_every_dashboard(applying: Applying, grafana: Grafana) -> None:
    assert applying() == [
        '  created     agent-a "Agent-A"',
        '  created     agent-b "Agent-B"',
        '  created     agent-c "Agent-C"',
    ]
    assert grafana.folders == {"agent-metrics": "Agent metrics"}
    assert {saved.folder for saved in grafana.dashboards.values()} == {"agent-metrics"}
    assert grafana.versions() == ALL


def test_applying_again_writes_nothing(applying: Applying, grafana: Grafana) -> None:
    applying()
    grafana.log.clear()
    assert applying() == ["  unchanged   3 dashboards"]
    assert grafana.writes() == []
    assert grafana.versions() == ALL


def test_only_what_differs_is_saved_and_the_history_says_from_which_output(
    applying: Applying, grafana: Grafana
) -> None:
    applying()
    applying.generate(dashboard("agent-a"), dashboard("agent-b", title="New"), dashboard("agent-c"))
    assert applying() == ['  updated     agent-b "New"', "  unchanged   2 dashboards"]
    assert grafana.versions() == {**ALL, "agent-b": 2}
    first, second = grafana.dashboards["agent-b"].messages
    assert re.fullmatch(r"agent-metrics, output [0-9a-f]{12}", second)
    assert first != second


def test_what_was_edited_by_hand_is_put_back(applying: Applying, grafana: Grafana) -> None:
    applying()
    grafana.edit("agent-b", refresh="5s")
    applying()
    assert "refresh" not in grafana.dashboards["agent-b"].json
    assert grafana.versions() == {**ALL, "agent-b": 3}


def test_a_dry_run_shows_paths_and_writes_nothing(applying: Applying, grafana: Grafana) -> None:
    grafana.put(dashboard("agent-a"), "agent-metrics")
    panels = [{"id": 1, "title": "Old", "type": "stat"}]
    grafana.put(dashboard("agent-b", panels=panels, refresh="5s", time={"to": 1}), "agent-metrics")
    grafana.put(dashboard("agent-old"), "agent-metrics")
    before = grafana.versions()
    assert applying(dry_run=True) == [
        '  unchanged   agent-a "Agent-A"',
        '  update      agent-b "Agent-B"',
        '              panels[0].title: "Old" -> "Runs"',
        "              panels[1]: added",
        "              refresh: removed",
        "              time: removed",
        '  create      agent-c "Agent-C"',
        '  stale       agent-old "Agent-Old"',
        "  unchanged   1 dashboard",
        '  stale       agent-old "Agent-Old": no longer generated; --prune deletes it',
    ]
    assert grafana.writes() == []
    assert grafana.versions() == before


def test_a_dry_run_on_an_empty_grafana_creates_no_folder(applying: Applying, grafana: Grafana) -> None:
    assert applying(dry_run=True)[0] == '  create      folder "Agent metrics" (uid agent-metrics)'
    assert grafana.folders == {}


def foreign(grafana: Grafana) -> None:
    grafana.put(dashboard("agent-b", tags=["sales"], title="Sales"), "agent-metrics")


def elsewhere(grafana: Grafana) -> None:
    grafana.put(dashboard("agent-b"), "other")


def at_the_top(grafana: Grafana) -> None:
    grafana.put(dashboard("agent-b"), "")


def provisioned(grafana: Grafana) -> None:
    grafana.put(dashboard("agent-b", title="Older"), "agent-metrics", provisioned=True)


@pytest.mark.parametrize(
    ("there", "reason", "way"),
    [
        (foreign, '("Sales") has no tag "agent-metrics"', "save it under another uid"),
        (elsewhere, 'is in the folder "other"', "apply with --folder other"),
        (at_the_top, "is in no folder", "move it to the folder with the uid agent-metrics"),
        (provisioned, "is provisioned from files", "take them out of its provisioning"),
    ],
)
def test_what_is_not_ours_stops_everything_before_a_write(
    applying: Applying, grafana: Grafana, there: Callable[[Grafana], None], reason: str, way: str
) -> None:
    there(grafana)
    with pytest.raises(LiveError) as caught:
        applying()
    assert "nothing was written\n  agent-b" in str(caught.value)
    assert reason in str(caught.value)
    assert way in str(caught.value)
    assert grafana.writes() == []
    assert grafana.versions() == {"agent-b": 1}


def test_what_is_provisioned_and_the_same_is_fine(applying: Applying, grafana: Grafana) -> None:
    grafana.put(dashboard("agent-b"), "agent-metrics", provisioned=True)
    assert applying()[-1] == "  unchanged   1 dashboard"


def test_another_folder_can_be_named(applying: Applying, grafana: Grafana) -> None:
    grafana.folders["ops"] = "Operations"
    applying(folder="ops")
    assert grafana.folders == {"ops": "Operations"}
    assert {saved.folder for saved in grafana.dashboards.values()} == {"ops"}


@pytest.mark.parametrize("folder", ["", "a/b", "x" * 41, "a b"])
def test_a_folder_that_can_have_no_such_uid_is_refused(applying: Applying, folder: str) -> None:
    with pytest.raises(LiveError, match="40 letters"):
        applying(folder=folder)


def test_stale_dashboards_go_only_when_asked_for(applying: Applying, grafana: Grafana) -> None:
    applying()
    applying.generate(dashboard("agent-a"), dashboard("agent-b"))
    stale = '  stale       agent-c "Agent-C": no longer generated; --prune deletes it'
    assert applying() == ["  unchanged   2 dashboards", stale]
    assert "agent-c" in grafana.dashboards
    assert applying(prune=True) == ['  deleted     agent-c "Agent-C"', "  unchanged   2 dashboards"]
    assert set(grafana.dashboards) == {"agent-a", "agent-b"}


def test_pruning_never_takes_what_others_made(applying: Applying, grafana: Grafana) -> None:
    applying()
    grafana.put(dashboard("bQx71c"), "agent-metrics")  # a copy of ours, saved by somebody
    grafana.put(dashboard("agent-of-sales", tags=[]), "agent-metrics")
    grafana.put(dashboard("agent-old"), "other")
    before = grafana.versions()
    assert applying(prune=True) == ["  unchanged   3 dashboards"]
    assert grafana.versions() == before


def test_what_a_search_shows_too_late_is_looked_at_before_it_is_deleted(
    applying: Applying, grafana: Grafana
) -> None:
    applying()
    grafana.put(dashboard("agent-old"), "agent-metrics")
    stored = grafana.dashboards["agent-old"]
    search = grafana.answer

    def behind(request: object, authorization: str) -> tuple[int, object]:
        stored.json["tags"] = ["agent-metrics"] if "search" in str(request) else []
        return search(request, authorization)  # type: ignore[arg-type]

    grafana.answer = behind  # type: ignore[method-assign]
    with pytest.raises(LiveError, match=r'agent-old .* no tag "agent-metrics".*; it was not deleted'):
        applying(prune=True)
    assert "agent-old" in grafana.dashboards


def test_a_search_is_read_to_its_last_page(applying: Applying, grafana: Grafana) -> None:
    for number in range(1000):
        grafana.put(dashboard(f"other-{number}"), "agent-metrics")
    grafana.put(dashboard("agent-old"), "agent-metrics")
    assert any("agent-old" in line for line in applying())
    assert sum("/api/search" in str(one) for one in grafana.log) == 2
