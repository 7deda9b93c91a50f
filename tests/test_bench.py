"""The benchmarks measure what their lines say: the table, raw equivalents, fleets, hostile files, processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.cli import main
from generator.commands.compiling import checked
from generator.spec.source import MAX_BYTES
from tests.bench.fleet import fleet
from tests.bench.hostile import hostile
from tests.bench.line import Figure, FigureUnit, Goal, RatioLine
from tests.bench.past import read_over_time
from tests.bench.process import Used, interleaved, used
from tests.bench.raw import equivalents, flat
from tests.bench.refresh import compiled, exprs
from tests.bench.specs import FIRST, change, directory
from tests.bench.table import document, machine, markdown, short, today
from tests.bench.thousand import marginal
from tests.grafana.documents import targets
from tests.models import SPECS, model_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from generator.live.api import PrometheusApi


def _line(ours: float, against: float, goal: Goal | None = None, *, inverse: bool = False) -> RatioLine:
    measured, other = (Figure(value, FigureUnit.SECONDS, "") for value in (ours, against))
    return RatioLine("part", "item", measured, other, goal, inverse)


def test_a_ratio_is_ours_over_the_other() -> None:
    assert _line(3, 2).ratio == 1.5


def test_a_ratio_of_what_should_be_less_is_the_other_over_ours() -> None:
    assert _line(2, 3, inverse=True).ratio == 1.5


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        (Goal(1.5), True),
        (Goal(1.49), False),
        (Goal(1.5, at_least=True), True),
        (Goal(1.51, at_least=True), False),
        (None, None),
    ],
)
def test_a_goal_is_reached_at_its_bound(goal: Goal | None, reached: bool | None) -> None:  # noqa: FBT001
    assert _line(3, 2, goal).reached is reached


def test_nothing_at_all_is_infinitely_less_and_still_json() -> None:
    contents = json.loads(document([_line(0, 3, Goal(2, at_least=True), inverse=True)], ()))
    assert (contents["date"], contents["machine"]) == (today(), machine())
    (line,) = contents["lines"]
    assert (line["ratio"], line["reached"]) == (None, True)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.01234, FigureUnit.SECONDS, "12.3 ms"),
        (0.0000789, FigureUnit.SECONDS, "78.9 us"),
        (1.234, FigureUnit.SECONDS, "1.23 s"),
        (1234, FigureUnit.SECONDS, "1,234 s"),
        (50.6, FigureUnit.MIB, "51 MiB"),
        (1234567, FigureUnit.SAMPLES, "1,234,567 samples"),
        (0.1234, FigureUnit.PERCENT, "0.12 %"),
        (41, FigureUnit.COUNT, "41"),
    ],
)
def test_figures_are_short(value: float, unit: FigureUnit, text: str) -> None:
    assert Figure(value, unit, "").text() == text
    assert Figure(value, unit, "a fleet").text() == f"{text} (a fleet)"


def test_a_table_names_its_goal_and_says_what_is_not_reached() -> None:
    text = markdown([_line(30, 2, Goal(2.5)), _line(2, 2)], ["rjsonnet is missing"])
    first, second = (line for line in text.splitlines() if line.startswith("| item"))
    assert [cell.strip() for cell in first.split("|")[4:-1]] == ["15.0x", "≤ 2.50x", "**no**"]
    assert [cell.strip() for cell in second.split("|")[4:-1]] == ["1.00x", "", ""]
    assert "- rjsonnet is missing" in text
    assert text.startswith(f"# Benchmarks\n\n{today()}, {os.cpu_count()} cores, Python ")


def test_the_table_of_the_readme_has_headlines_only() -> None:
    lines = [_line(2, 3), replace(_line(5, 4, Goal(1)), item="first", headline=True)]
    head, rule, row, empty, when = short(lines).rstrip("\n").split("\n")
    assert [cell.strip() for cell in head.strip("|").split("|")] == ["what", "ours", "against", "ratio"]
    assert [cell.strip() for cell in row.strip("|").split("|")] == ["first", "5 s", "4 s", "1.25x"]
    assert (set(rule), empty, len({len(head), len(rule), len(row)})) == ({"|", "-"}, "", 1)
    assert when == f"Measured {today()} on {machine()}."


def test_a_signal_asks_for_its_metric_by_the_labels_of_its_level() -> None:
    (expr,) = equivalents('release:agent_latency_p95:seconds{service="a"}', "a")
    assert expr == (
        'histogram_quantile(0.95, sum by (le, release) (rate(agent_run_latency_ms_bucket{job="a"}[5m])))'
    )


def test_one_expression_asks_once_however_often_it_reads() -> None:
    twice = "service:agent_run:increase15m > 1 and service:agent_run:increase15m < 9"
    assert len(equivalents(twice, "a")) == 1


def test_constants_and_what_only_rules_need_ask_nothing() -> None:
    assert not equivalents("service:agent_latency_p95:objective", "a")
    assert not equivalents("release:agent_newest:seconds", "a")


def test_a_window_of_days_stays_one() -> None:
    (expr,) = equivalents("service:agent_success_rate:error_ratio3d", "a")
    assert re.findall(r"\[(\w+)\]", expr) == ["3d", "3d"]


@pytest.mark.parametrize(
    "record",
    [
        "stream:agent_run:rate",
        "release_status_stop_reason:agent_run:increase15m",
        "service:agent_success_rate:numerator",
    ],
)
def test_a_step_on_the_way_is_no_flat_rule(record: str) -> None:
    assert flat(record, "a") is None


def test_what_is_counted_is_a_signal_of_its_stream() -> None:
    assert flat("error_class:agent_tool_error:increase15m", "a") == (
        'sum by (error_class) (increase(agent_tool_error_total{job="a"}[5m]))'
    )


def test_every_dashboard_has_raw_equivalents() -> None:
    for uid, board in compiled(model_of(SPECS)).items():
        asked = [equivalents(target.expr, "a") for target in targets(board)]
        assert sum(map(bool, asked)) > len(asked) / 3, uid


def test_windows_name_what_they_read() -> None:
    expr = 'sum_over_time(a:b_c:rate{x="[1]"}[3d]) / a:d:rate{x="y"} + max_over_time(e:f:g[1h:5m])'
    assert read_over_time([expr]) == {"a:b_c:rate", "e:f:g"}
    assert read_over_time(exprs(compiled(model_of(SPECS))))


#: More than the 15 minutes over which runs are counted.
MINUTES = 20


@pytest.mark.usefixtures("prometheus")  # it marks what needs a real server; each fleet has one of its own
def test_a_fleet_has_its_instances_which_share_the_traffic_that_is_recorded() -> None:
    model, runs = model_of(SPECS), {}
    for instances in (1, 5):
        with fleet(model, instances, MINUTES) as found:
            alive = "count(count by (instance) (agent_run_total))"
            assert _value(found.api, alive, found.end) == instances
            runs[instances] = _value(found.api, "sum(increase(agent_run_total[15m]))", found.end)
            recorded = _value(found.api, "service:agent_run:increase15m", found.end)
            assert recorded == pytest.approx(runs[instances], rel=0.1)
    assert runs[5] == pytest.approx(runs[1], rel=0.3)
    assert runs[1] > 100


def _value(api: PrometheusApi, expr: str, at: int) -> float:
    (sample,) = api.query(expr, at)
    return sample.value


@pytest.mark.parametrize("name", hostile())
def test_a_hostile_file_is_small_enough_to_be_read_and_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = hostile()[name]
    assert len(text.encode()) <= MAX_BYTES
    written(tmp_path, {"services/a.yaml": text})
    assert main(["check", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "error[" in told.out + told.err
    assert "source/too-large" not in told.out + told.err
    assert len(told.out + told.err) < 100_000


def test_memory_and_cpu_are_the_commands_own() -> None:
    less, more = (used((sys.executable, "-c", f"x = b'x' * {size}")) for size in (0, 300 * 1024 * 1024))
    assert 250 < more.peak - less.peak < 350
    assert less.peak < 50
    busy = used((sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"))
    assert busy.cpu >= 0.5
    assert busy.elapsed >= 0.45


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        used((sys.executable, "-c", "raise SystemExit(3)"))


def test_medians_are_of_runs_in_turn() -> None:
    order: list[str] = []

    def run(name: str, cpu: float) -> Used:
        order.append(name)
        return Used(cpu + len(order), 1, 2)

    found = interleaved({"a": lambda: run("a", 0), "b": lambda: run("b", 10)}, 3)
    assert order == ["a", "b"] * 3
    assert found == {"a": Used(3, 1, 2), "b": Used(14, 1, 2)}


def test_one_more_service_is_what_lies_between_two_sizes() -> None:
    few, many = marginal({10: Used(1.1, 0, 0), 100: Used(2.0, 0, 0), 1000: Used(20, 0, 0)})
    assert (round(few.value, 9), round(many.value, 9)) == (0.01, 0.02)


def test_a_fleet_of_specs_has_no_errors_and_a_change_changes_it(tmp_path: Path) -> None:
    folder = directory(tmp_path / "specs", 6)
    found = checked(folder)
    assert found.model is not None, found.diagnostics
    assert not found.failed
    assert len(found.model.services) == 6
    before = (folder / "services" / f"{FIRST}.yaml").read_text(encoding="utf-8")
    change(folder, 95.123)
    after = (folder / "services" / f"{FIRST}.yaml").read_text(encoding="utf-8")
    assert before != after
    assert "min: 95.123%" in after
