"""Rule groups in a ruler: new ones first, deletions last, and never groups that are not ours."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from msgspec import Struct, field

from generator.apply.generated import read_output
from generator.apply.to_ruler import apply_to_ruler, connect_ruler
from generator.artifact import Artifact
from generator.cli import main
from generator.live.credentials import Credentials
from generator.live.errors import LiveError
from generator.live.retry import Patience
from generator.output.write import write
from tests.apply.ruler import Ruler, RulerFault, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SHARED, OWN = "agent-metrics", "agent-metrics-support-agent"


def group(name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """Make a group like a generated one."""
    record = {"record": "service:agent_run:rate", "expr": "sum(rate(x[1m15s]))\n", "labels": {"service": "a"}}
    alert = {
        "alert": "AgentNoRuns",
        "expr": 'x{y=~"a|b"} > 1',
        "for": "1h30m",
        "keep_firing_for": "28d",
        "labels": {"severity": "info"},
        "annotations": {"summary": "It is.", "description": "{{ $value | humanize }} of ${x}: 100 %{y}"},
    }
    return {"name": name, "interval": "1m", "rules": [record, alert], **changes}


class ApplyingToRuler(Struct):
    """An output directory, and its application to a ruler."""

    ruler: Ruler
    output: Path
    slept: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def generate(self, **namespaces: list[dict[str, Any]]) -> None:
        """Write an output with these groups, by namespaces with underscores for dashes."""
        spaces = {name.replace("_", "-"): groups for name, groups in namespaces.items()}
        texts = {
            name: yaml.safe_dump({"namespace": name, "groups": groups}) for name, groups in spaces.items()
        }
        write([Artifact(f"mimir/{name}.yaml", text) for name, text in texts.items()], self.output)

    def __call__(self, *, dry_run: bool = False, prune: bool = False, tenant: str = "team-a") -> list[str]:
        """Apply, and return the lines after the first one."""
        self.said.clear()
        patience = Patience(sleep=self.slept.append)
        api = connect_ruler(self.ruler.url, Credentials(), tenant=tenant, timeout=10, patience=patience)
        with closing(api):
            apply_to_ruler(api, read_output(self.output), self.said.append, dry_run=dry_run, prune=prune)
        return self.said[1:]


@pytest.fixture
def ruler() -> Iterator[Ruler]:
    """A ruler without groups."""
    started = Ruler()
    with serving(started):
        yield started


@pytest.fixture
def applying(ruler: Ruler, tmp_path: Path) -> ApplyingToRuler:
    """An output of two namespaces, and a ruler without groups."""
    applied = ApplyingToRuler(ruler, tmp_path / "output")
    applied.generate(
        agent_metrics=[group("agent-run"), group("agent-run-alerts")],
        agent_metrics_support_agent=[group("agent-service-support-agent", limit=10_000)],
    )
    return applied


def test_all_groups_are_written_by_namespace(applying: ApplyingToRuler, ruler: Ruler) -> None:
    assert applying() == [
        "  created     agent-metrics-support-agent/agent-service-support-agent (2 rules)",
        "  created     agent-metrics/agent-run (2 rules)",
        "  created     agent-metrics/agent-run-alerts (2 rules)",
        "  unchanged   0 groups",
    ]
    assert {name: list(groups) for name, groups in ruler.groups().items()} == {
        SHARED: ["agent-run", "agent-run-alerts"],
        OWN: ["agent-service-support-agent"],
    }
    assert (
        ruler.groups()[SHARED]["agent-run"]["rules"][1]["annotations"]
        == group("x")["rules"][1]["annotations"]
    )
    assert ruler.groups("team-b") == {}


def test_what_is_there_is_not_written_again_however_the_ruler_spells_it(
    applying: ApplyingToRuler, ruler: Ruler
) -> None:
    applying()
    ruler.log.clear()
    assert applying() == [
        "  unchanged   3 groups",
        "  without     the limit of 1 group, which this ruler does not keep",
    ]
    assert ruler.log == ["GET "] * 2


def test_a_ruler_that_keeps_limits_is_given_another(applying: ApplyingToRuler, ruler: Ruler) -> None:
    ruler.keeps_limit = True
    applying()
    assert applying() == ["  unchanged   3 groups"]
    ruler.groups()[OWN]["agent-service-support-agent"]["limit"] = 5
    assert applying()[0] == "  updated     agent-metrics-support-agent/agent-service-support-agent (limit)"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda one: one.update(interval="2m"), "interval", id="interval"),
        pytest.param(lambda one: one["rules"].pop(), "1 rule added", id="a rule less there"),
        pytest.param(
            lambda one: one["rules"].append(group("x")["rules"][0] | {"record": "a:b:c"}),
            "1 rule removed",
            id="a rule more",
        ),
        pytest.param(lambda one: one["rules"][1].update({"for": "2h"}), "1 rule changed", id="time"),
        pytest.param(
            lambda one: one["rules"][1].pop("keep_firing_for"), "1 rule changed", id="key that is gone"
        ),
        pytest.param(lambda one: one["rules"][0].update(expr="sum(y)"), "1 rule changed", id="expression"),
        pytest.param(
            lambda one: one["rules"][1]["annotations"].update(summary="No."),
            "1 rule changed",
            id="annotation",
        ),
        pytest.param(lambda one: one["rules"].reverse(), "order of rules", id="order"),
    ],
)
def test_what_somebody_changed_is_as_generated_again(
    applying: ApplyingToRuler, ruler: Ruler, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    applying()
    before = yaml.safe_dump(ruler.groups())
    change(ruler.groups()[SHARED]["agent-run"])
    assert applying()[0] == f"  updated     agent-metrics/agent-run ({words})"
    assert yaml.safe_dump(ruler.groups()) == before


def test_new_groups_come_first_and_vanished_ones_go_last(applying: ApplyingToRuler, ruler: Ruler) -> None:
    applying()
    applying.generate(
        agent_metrics=[group("agent-run", interval="2m"), group("agent-tools")],
        agent_metrics_support_agent=[group("agent-service-support-agent")],
    )
    ruler.log.clear()
    applying()
    assert ruler.writes() == [
        "POST /agent-metrics",
        "POST /agent-metrics",
        "DELETE /agent-metrics/agent-run-alerts",
    ]
    assert list(ruler.groups()[SHARED]) == ["agent-run", "agent-tools"]


def test_a_service_that_is_gone_is_named_and_deleted_only_on_request(
    applying: ApplyingToRuler, ruler: Ruler
) -> None:
    applying()
    applying.generate(agent_metrics=[group("agent-run"), group("agent-run-alerts")])
    assert applying() == [
        "  unchanged   2 groups",
        "  still there agent-metrics-support-agent: no longer generated; --prune deletes what agent-metrics made there",
    ]
    assert OWN in ruler.groups()
    assert applying(prune=True)[0] == "  deleted     agent-metrics-support-agent/agent-service-support-agent"
    assert OWN not in ruler.groups()


def test_what_is_not_ours_is_left_alone(applying: ApplyingToRuler, ruler: Ruler) -> None:
    theirs = group("by-hand")
    ruler.groups().update(
        {
            "other-team": {"agent-run": group("agent-run")},
            SHARED: {"by-hand": theirs},
            "agent-metrics-gone": {
                "by-hand": group("by-hand"),
                "agent-service-gone": group("agent-service-gone"),
            },
        }
    )
    said = applying(prune=True)
    assert "  deleted     agent-metrics-gone/agent-service-gone" in said
    assert said[-1] == (
        "  left alone  agent-metrics/by-hand, agent-metrics-gone/by-hand: not made by agent-metrics"
    )
    assert ruler.groups()["other-team"] == {"agent-run": group("agent-run")}
    assert ruler.groups()[SHARED]["by-hand"] == ruler.groups()["agent-metrics-gone"]["by-hand"] == theirs


def test_a_dry_run_says_the_same_and_writes_nothing(applying: ApplyingToRuler, ruler: Ruler) -> None:
    said = applying(dry_run=True)
    assert applying.said[0].endswith(", tenant team-a: dry run, nothing is written")
    assert said[1] == "  create      agent-metrics/agent-run (2 rules)"
    assert ruler.writes() == []


def test_a_push_that_ends_half_way_goes_on_from_there(applying: ApplyingToRuler, ruler: Ruler) -> None:
    ruler.faults.append(
        RulerFault(lambda method, path: method == "POST" and path.endswith(SHARED), status=500)
    )
    with pytest.raises(
        LiveError,
        match="does not take agent-metrics/agent-run: HTTP 500: oops",
    ) as found:
        applying()
    assert "the next run goes on from there" in found.value.help
    assert applying.said[-1] == "  not applied agent-metrics/agent-run, agent-metrics/agent-run-alerts"
    ruler.faults.clear()
    ruler.log.clear()
    assert "  unchanged   1 group" in applying()
    assert ruler.writes() == [f"POST /{SHARED}"] * 2


def test_a_busy_ruler_is_given_time_and_then_explained(applying: ApplyingToRuler, ruler: Ruler) -> None:
    busy = RulerFault(lambda method, _: method == "POST", status=429, headers={"Retry-After": "2"}, times=2)
    ruler.faults.append(busy)
    assert len(applying()) == 4
    assert applying.slept == [2.0, 2.0]
    ruler.groups().clear()
    busy.times = 1_000
    with pytest.raises(LiveError, match="HTTP 429") as found:
        applying()
    assert "run again in a minute" in found.value.help


@pytest.mark.parametrize(
    ("limits", "help_"),
    [
        ({"max_groups": 1}, "ruler_max_rule_groups_per_tenant"),
        ({"max_rules": 1}, "ruler_max_rules_per_rule_group"),
    ],
)
def test_limits_are_explained(
    applying: ApplyingToRuler, ruler: Ruler, limits: dict[str, int], help_: str
) -> None:
    for name, value in limits.items():
        setattr(ruler, name, value)
    with pytest.raises(LiveError, match=r"HTTP 400: per-user .* exceeded") as found:
        applying()
    assert help_ in found.value.help


def test_a_tenant_that_is_missing_or_refused_is_explained(applying: ApplyingToRuler, ruler: Ruler) -> None:
    with pytest.raises(LiveError) as found:
        applying(tenant="")
    assert found.value.help == "name the tenant with --tenant"
    ruler.faults.append(RulerFault(lambda *_: True, status=403, body="forbidden"))
    with pytest.raises(LiveError) as found:
        applying()
    assert "for tenant team-a" in found.value.help
    with pytest.raises(LiveError, match="characters that no tenant may have"):
        applying(tenant="a\r\nX: y")


@pytest.mark.parametrize(
    ("prefix", "address"),
    [
        ("/prometheus/config/v1/rules", ""),
        ("/mimir/config/v1/rules", "/mimir"),
        ("/api/v1/rules", "/api/v1/rules"),
    ],
)
def test_each_kind_of_ruler_is_found(
    applying: ApplyingToRuler, ruler: Ruler, prefix: str, address: str
) -> None:
    ruler.prefix = prefix
    with closing(connect_ruler(ruler.url + address, Credentials(), tenant="team-a", timeout=10)) as api:
        apply_to_ruler(api, read_output(applying.output), applying.said.append, dry_run=False, prune=False)
    assert len(ruler.groups()) == 2


def test_another_address_is_none_of_a_ruler(applying: ApplyingToRuler, ruler: Ruler) -> None:
    ruler.prefix = "/elsewhere"
    with pytest.raises(LiveError, match="HTTP 404") as found:
        applying()
    assert "Cortex has it at /api/v1/rules" in found.value.help
    assert ruler.writes() == []


@pytest.mark.parametrize(
    "listing",
    [
        pytest.param("<html>not here</html>", id="a page"),
        pytest.param("agent-metrics: [{name: 3}]", id="another type"),
        pytest.param("agent-metrics: 5", id="no groups"),
        pytest.param("[1, 2]", id="a list"),
        pytest.param("{", id="no YAML"),
        pytest.param("a: &a [x]\nb: [*a, *a]", id="aliases"),
        pytest.param("[" * 5000, id="depth"),
    ],
)
def test_an_answer_that_is_none_of_a_ruler_stops_everything(
    applying: ApplyingToRuler, ruler: Ruler, listing: str
) -> None:
    ruler.listing = listing
    with pytest.raises(LiveError, match="answers with"):
        applying()
    assert ruler.writes() == []


def test_a_ruler_that_does_not_hold_what_it_took_is_named(applying: ApplyingToRuler, ruler: Ruler) -> None:
    ruler.faults.append(RulerFault(lambda method, _: method == "POST", status=202, body="", times=1))
    with pytest.raises(
        LiveError,
        match=r"did not keep the rules that it got: agent-metrics-support-agent/agent-service-support-agent\Z",
    ):
        applying()


def test_an_output_that_delivers_to_no_ruler_says_so(
    ruler: Ruler, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write([Artifact("prometheus/rules/a.rules.yml", "groups: []\n")], tmp_path / "output")
    assert main(["apply", "-o", str(tmp_path / "output"), "--ruler", ruler.url, "--tenant", "team-a"]) == 2
    assert "add deliver: {mimir: {}} to site.yaml" in capsys.readouterr().err
    assert ruler.log == []


def test_an_edited_namespace_is_refused(
    applying: ApplyingToRuler, ruler: Ruler, capsys: pytest.CaptureFixture[str]
) -> None:
    (applying.output / "mimir/agent-metrics.yaml").write_text("namespace: other\ngroups: []\n")
    assert main(["apply", "-o", str(applying.output), "--ruler", ruler.url, "--tenant", "team-a"]) == 2
    assert "edited: mimir/agent-metrics.yaml" in capsys.readouterr().err
    assert ruler.log == []


def test_the_command_applies_with_credentials_of_the_environment(
    applying: ApplyingToRuler,
    ruler: Ruler,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGENT_METRICS_RULER_TOKEN", "tOkEn4711")
    call = ["apply", "-o", str(applying.output), "--ruler", ruler.url, "--tenant", "team-a"]
    assert main(call) == 0
    assert capsys.readouterr().out.startswith(f"ruler {ruler.url}, tenant team-a\n")
    assert main([*call[:4], "http://user:pw@host"]) == 2
    assert "AGENT_METRICS_RULER_TOKEN" in capsys.readouterr().err
