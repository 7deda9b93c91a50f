"""Lines of releases: from enough runs on; the newest is the one that began last of those that run at the end."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from generator.live.remote_write import TimeSeries, write
from tests.grafana.asking import ask
from tests.grafana.day import SHOWN
from tests.grafana.documents import panels, targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.live.api import PrometheusApi
    from tests.grafana.documents import Json

_SERVICES = count()
_HALF = (SHOWN.start + SHOWN.end) // 2
_WHOLE = (SHOWN.start, SHOWN.end)


@pytest.mark.parametrize(
    ("runs", "drawn"),
    [
        ({"old": 180, "new": 19}, {"old"}),
        ({"old": 180, "new": 20}, {"old", "new"}),
        # A quiet service: most of its runs are enough, if they are five.
        ({"old": 2, "new": 6}, {"new"}),
        ({"old": 1, "new": 4}, set()),
    ],
)
def test_a_line_needs_twenty_runs_or_most_of_few(
    runs: Mapping[str, float], drawn: set[str], boards: dict[str, Json], server: PrometheusApi
) -> None:
    service = _written(server, {release: (number, _WHOLE) for release, number in runs.items()})
    newest, others = _shown(boards, server, service)
    assert newest | others == drawn


def test_a_release_that_was_rolled_back_is_not_the_newest(
    boards: dict[str, Json], server: PrometheusApi
) -> None:
    service = _written(server, {"good": (90, _WHOLE), "bad": (60, (_HALF, _HALF + 3600))})
    assert _shown(boards, server, service) == ({"good"}, {"bad"})


def test_where_none_runs_at_the_end_the_newest_is_the_one_that_began_last(
    boards: dict[str, Json], server: PrometheusApi
) -> None:
    began, over = SHOWN.start, SHOWN.end - 3600
    service = _written(server, {"first": (90, (began, over)), "second": (60, (_HALF, over))})
    assert _shown(boards, server, service) == ({"second"}, {"first"})


def test_during_a_rollout_the_newest_is_the_one_that_began_last(
    boards: dict[str, Json], server: PrometheusApi
) -> None:
    service = _written(server, {"old": (90, _WHOLE), "new": (60, (_HALF, SHOWN.end))})
    assert _shown(boards, server, service) == ({"new"}, {"old"})


def _written(api: PrometheusApi, releases: Mapping[str, tuple[float, tuple[int, int]]]) -> str:
    """Write the records of a new service: for each release its runs in a window, and its begin and end."""
    service = f"releases-{next(_SERVICES)}"

    def constant(record: str, value: float, span: tuple[int, int], **labels: str) -> TimeSeries:
        times = range(span[0], span[1] + 1, SHOWN.step)
        found = {"__name__": record, "service": service, **labels}
        return TimeSeries(found, [1000 * time for time in times], [value for _ in times])

    every = sum(number for number, _ in releases.values())
    series = [
        constant("service:agent_run:increase15m", every, _WHOLE),
        constant("service:agent_success_rate:objective", 0.97, _WHOLE),
    ]
    for release, (number, span) in releases.items():
        series += [
            constant("release:agent_run:increase15m", number, span, release=release),
            constant("release:agent_success_rate:ratio", 0.9, span, release=release),
            constant("release:agent_first_seen:seconds", span[0], span, release=release),
        ]
    write(api, series)
    return service


def _shown(boards: dict[str, Json], api: PrometheusApi, service: str) -> tuple[set[str], set[str]]:
    """Name the releases drawn as the newest, and as others."""
    board, chosen = boards["agent-runs"], {"service": service, "release": "$__all"}
    queries = [one for one in targets(board) if one.panel.json["title"] == "Success rate by release"]
    newest, others, objective = (ask(api, board, target, chosen) for target in queries)
    # Alone it would be a chart of gaps, where the text for no data explains more.
    assert bool(objective.series) is bool(newest.series or others.series)
    return set(newest.names), set(others.names)


def test_the_numbers_of_two_releases_have_room_on_a_narrow_screen(boards: dict[str, Json]) -> None:
    """Three numbers in a quarter of 1000 pixels overlap."""
    compared = [
        panel
        for board in boards.values()
        for panel in panels(board)
        if panel.type == "stat"
        and {"difference", "due to release"} & {target["legendFormat"] for target in panel.targets}
    ]
    assert len(compared) > 8
    assert {
        panel.where: panel.json["gridPos"]["w"] for panel in compared if panel.json["gridPos"]["w"] < 8
    } == {}
