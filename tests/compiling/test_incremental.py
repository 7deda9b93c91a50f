"""Only changed services are compiled, and the bytes are those of a full compilation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator import compiler, emit, fingerprint, unchanged
from generator.cache import Cache
from generator.compiler import compile_service
from generator.emit import emit_dashboards, emit_module

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.artifact import Artifact, File
    from generator.compiler import CompiledService
    from generator.foundation import Foundation
    from generator.grafana.records import Records
    from generator.model.service import Service, Site
    from generator.spec.types import ServiceSpec
    from tests.compiling.conftest import Place

ALL = ["a-agent", "b-agent", "c-agent"]
SITE = "grafana_url: https://grafana.example.com\n"
OWN = """signals:
  failure_rate:
    title: Failures
    description: Share of runs that fail.
    share: {of: runs_total, where: {status: error}}
    better: lower
    trend: {over: 1h}
"""
LESS = "alerts:\n  DemoSuccessLow: {warning: 95%}\n"


def _site(place: Place) -> None:
    place.spec("site.yaml", SITE)


def _profile(place: Place) -> None:
    text = (place.root / "specs/profiles/small.yaml").read_text()
    place.spec("profiles/small.yaml", text.replace("90%", "80%"))


def _prices(place: Place) -> None:
    text = (place.root / "specs/prices.yaml").read_text()
    place.spec("prices.yaml", text.replace("2.5", "2.6"))


def _removed(place: Place) -> None:
    (place.root / "specs/services/c-agent.yaml").unlink()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda place: None, []),  # noqa: ARG005
        (lambda place: place.service("b-agent", more=LESS), ["b-agent"]),
        (lambda place: place.service("b-agent", "team-other"), ["b-agent"]),
        (lambda place: place.service("d-agent"), ["d-agent"]),
        (_removed, []),
        (_site, ALL),
        (_profile, ALL),
        (_prices, ALL),
    ],
    ids=["nothing", "a threshold", "an owner", "one more", "one less", "site", "profile", "prices"],
)
def test_only_what_has_changed_is_compiled(
    generated_place: Place, compiled: list[str], change: Callable[[Place], None], expected: list[str]
) -> None:
    place = generated_place
    change(place)

    assert place.generate().code == 0

    assert compiled == expected
    assert place.files() == place.afresh()


def test_what_was_compiled_for_an_output_is_of_no_use_to_another(place: Place, compiled: list[str]) -> None:
    place.generate()
    assert compiled == ALL
    place.generate("specs", "-o", "elsewhere")
    assert compiled == ALL * 2
    assert place.files("elsewhere") == place.files()


@pytest.mark.parametrize("option", ["--no-cache", "--check"])
def test_everything_is_compiled_when_that_is_asked_for(
    generated_place: Place, compiled: list[str], option: str
) -> None:
    place = generated_place
    assert place.generate(option).code == 0
    assert compiled == ALL


def test_what_was_edited_by_hand_or_deleted_is_made_again(
    generated_place: Place, compiled: list[str]
) -> None:
    place = generated_place
    expected = place.files()
    (place.root / "output/prometheus/rules/a-agent.rules.yml").write_text("groups: []\n")
    (place.root / "output/prometheus/alerts/b-agent.alerts.yml").unlink()
    (place.root / "output/catalog.json").unlink()

    assert "edited by hand, replaced: prometheus/rules/a-agent.rules.yml" in place.generate().out

    assert compiled == ["a-agent", "b-agent"]
    assert place.files() == expected


def test_a_file_that_is_edited_meanwhile_is_told_and_nothing_is_written(
    generated_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = generated_place
    edited = place.root / "output/prometheus/rules/a-agent.rules.yml"
    place.service("b-agent", more=LESS)
    holds = Cache.holds

    def then_edited(self: Cache, file: File) -> bool:
        answer = holds(self, file)
        if file.path.endswith("a-agent.rules.yml"):
            edited.write_text("mine\n")
        return answer

    monkeypatch.setattr(Cache, "holds", then_edited)
    before = place.files()
    answer = place.generate()
    assert answer.code == 2
    assert 'rules/a-agent.rules.yml" was changed in the output directory while this ran' in answer.err
    assert place.files() == {**before, "prometheus/rules/a-agent.rules.yml": b"mine\n"}


def test_another_compiler_uses_nothing_again(
    generated_place: Place, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = generated_place
    source = place.root / "compiler"
    source.mkdir()
    (source / "one.py").write_text("1")
    monkeypatch.setattr(fingerprint, "_PACKAGE", source)
    described = fingerprint.described.__wrapped__
    for module in (fingerprint, unchanged):
        monkeypatch.setattr(module, "described", described)
    first = fingerprint.fingerprint()
    (source / "one.py").write_text("12")
    assert fingerprint.fingerprint() != first
    place.generate()
    assert compiled == ALL


def test_a_spec_that_is_saved_meanwhile_is_compiled_next_time(
    place: Place, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each text is read once, so the remembered result is of that text; and the new one is seen next time."""

    def saving(spec: ServiceSpec, base: Foundation) -> CompiledService:
        place.service("a-agent", "team-new")
        return compile_service(spec, base)

    with monkeypatch.context() as patched:
        patched.setattr(compiler, "compile_service", saving)
        place.generate()
    assert b"team-new" not in place.files()["catalog.json"]
    place.generate()
    assert compiled == ["a-agent"]
    assert b"team-new" in place.files()["catalog.json"]
    assert place.files() == place.afresh()


def test_specs_at_fault_leave_the_output_and_are_told_each_time(generated_place: Place) -> None:
    place = generated_place
    before = place.files()
    place.service("b-agent", more="objectives: {success_rate: {min: 200%}}\n")
    first, second = place.generate(), place.generate()
    assert first == second
    assert first.code == 1
    assert place.files() == before


def test_warnings_are_told_again_although_nothing_has_changed(place: Place, compiled: list[str]) -> None:
    place.spec("stray.yaml", "a: 1\n")
    first = place.generate()
    assert "warning[source/not-read]" in first.err
    compiled.clear()
    second = place.generate()
    assert second.err == first.err
    assert second.out.startswith("output: up to date")
    assert compiled == []


@pytest.mark.parametrize(
    "fault",
    ["objectives: {success_rate: {min: 200%}}\n", "unknown: 1\n", "a: [\n"],
    ids=["at a check", "at the schema", "at YAML"],
)
def test_check_tells_the_same_errors_and_those_of_all_services(place: Place, fault: str) -> None:
    place.service("a-agent", more="objectives: {latency_p95: {max: 2s}}\n")
    place.service("b-agent", more=fault)
    told = place.generate().err
    checked = place.call("check").out
    errors = [line for line in told.splitlines() if ": error[" in line]
    assert {line.partition(":")[0] for line in errors} == {f"specs/services/{one}-agent.yaml" for one in "ab"}
    assert [line for line in checked.splitlines() if ": error[" in line] == errors


def test_dashboards_are_drawn_again_only_when_other_series_are_recorded(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def noted(records: Records, site: Site) -> tuple[Artifact, ...]:
        drawn.append(len(records.names))
        return emit_dashboards(records, site)

    monkeypatch.setattr(emit, "emit_dashboards", noted)
    # As by processes of their own, which do not know what others made lately.
    monkeypatch.setattr(compiler, "lately", lambda _, make, *__: make())
    place.generate()
    place.service("b-agent", more=LESS)
    place.generate()
    assert len(drawn) == 1
    (place.root / "output/grafana/dashboards/agent-runs.json").unlink()
    place.generate()
    assert len(drawn) == 2
    place.service("b-agent", more=OWN)
    place.generate()
    assert len(drawn) == 3
    assert place.files() == place.afresh()


def test_modules_are_written_again_only_when_other_things_are_measured(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def noted(service: Service, site: Site) -> tuple[Artifact, ...]:
        written.append(service.name)
        return emit_module(service, site)

    monkeypatch.setattr(emit, "emit_module", noted)
    place.generate()
    assert written == ALL
    written.clear()
    for name, more in (
        ("a", LESS),
        ("b", LESS),
        ("a", ""),
        ("c", LESS),
    ):  # each is remembered while others change
        place.service(f"{name}-agent", more=more)
        place.generate()
    assert written == []
    place.service(
        "b-agent", more="metrics: {other_total: {type: counter, help: Others., labels: [release]}}\n"
    )
    place.generate()
    assert written == ["b-agent"]
    assert place.files() == place.afresh()
