"""Completeness: each kind of alert and signal, each unit and stream has all its parts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from generator.alerts import condition, registry
from generator.audit.checks import metrics
from generator.grafana import grammar, queries
from generator.instrumentation import events
from generator.model.alerts import AlertKind
from generator.model.metrics import FACTORS, IN_WORDS, unit_in_name
from generator.model.signals import Kind
from generator.model.units import UNIT_OF, WRITTEN_AS, Unit
from generator.notation import quantities
from generator.prometheus.rule_tests import example
from generator.signals import registry as signals
from generator.simulate import feeds
from generator.spec.schema import schema_text
from generator.spec.types import AlertSpec, SignalSpec
from generator.streams.roles import ROLES, Event
from tests.prometheus.test_own_alerts import ALERTS as OWN

ROOT = Path(__file__).parents[2]


def test_each_kind_of_alert_has_a_module() -> None:
    assert set(get_args(AlertKind)) == {one.KIND for one in registry.KINDS}


@pytest.mark.parametrize(
    ("protocol", "module"),
    [
        *((registry.KindModule, one) for one in registry.KINDS),
        *((signals.KindModule, one) for one in signals.KINDS),
    ],
)
def test_each_kind_has_all_parts(protocol: type, module: object) -> None:
    parts = {*protocol.__annotations__, *(name for name in vars(protocol) if not name.startswith("_"))}
    assert len(parts) > 5
    assert {part for part in parts if not hasattr(module, part)} == set()


def test_each_kind_of_signal_has_a_module() -> None:
    assert set(get_args(Kind)) == {one.KIND for one in signals.KINDS}


def test_each_kind_that_a_spec_can_write_is_resolved() -> None:
    assert set(registry.BY_KEY) == _fields(AlertSpec, "AlertKindSpec | None")
    assert set(signals.BY_KEY) == _fields(SignalSpec, "SourceSpec | None")


def test_a_real_prometheus_tries_each_kind_that_a_spec_can_write() -> None:
    library = yaml.safe_load((ROOT / "specs/signals.yaml").read_text("utf-8"))["alerts"]
    tried = {key for alert in (*library.values(), *OWN.values()) for key in alert}
    assert set(registry.BY_KEY) - tried == set()


def _fields(record: type, annotation: str) -> set[str]:
    return {name for name, written in record.__annotations__.items() if written == annotation}


@pytest.mark.parametrize("unit", Unit)
def test_each_unit_is_in_every_table(unit: Unit) -> None:
    assert WRITTEN_AS[unit][0] in quantities._FORMS  # noqa: SLF001
    assert condition.value_of(unit)
    assert unit in condition._ASKED  # noqa: SLF001
    assert unit in queries._MAGNITUDES  # noqa: SLF001
    assert unit in grammar.OF_UNIT
    assert unit in {Unit.RATIO, *example._PROMISED}  # noqa: SLF001


def test_each_unit_that_a_metric_can_have_is_in_every_table() -> None:
    exposed = _enum("common", "$defs", "metric")
    assert exposed | {""} == set(FACTORS) == set(metrics._FULL)  # noqa: SLF001
    assert (
        exposed
        == set(IN_WORDS)
        == {unit_in_name(f"a_{word}") for word in (*IN_WORDS.values(), *exposed)} - {""}
    )
    assert exposed | {""} == set(UNIT_OF)


def test_each_unit_that_a_stream_can_have_is_in_every_table() -> None:
    base = _enum("signals", "properties", "streams", "additionalProperties") | {""}
    assert base <= set(UNIT_OF)
    assert base <= set(FACTORS)


def _enum(kind: str, *path: str) -> set[str]:
    """Read the units that a schema allows."""
    found = json.loads(schema_text(kind))
    for part in (*path, "properties", "unit", "enum"):
        found = found[part]
    return set(found)


def test_each_stream_of_the_library_has_a_role() -> None:
    library = yaml.safe_load((ROOT / "specs/signals.yaml").read_text("utf-8"))
    assert set(library["streams"]) == set(ROLES)


def test_each_event_is_part_of_a_block_of_the_generated_module() -> None:
    assert {*events._OF_RUNS, *events._OF_TOOLS, *events._OF_STEPS} == set(Event)  # noqa: SLF001


def test_each_event_has_its_place_among_those_that_a_metric_shows() -> None:
    assert set(feeds._ORDER) == set(Event)  # noqa: SLF001


def test_every_path_in_the_readme_of_the_compiler_exists() -> None:
    text = (ROOT / "generator/README.md").read_text("utf-8")
    named = set(re.findall(r"`((?:generator|specs|tests)/[^`*]*)`", text))
    assert len(named) > 30
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_the_glossary_is_short() -> None:
    text = (ROOT / "generator/README.md").read_text("utf-8")
    words = text.partition("## Words\n")[2].partition("\n## ")[0].count("\n| ") - 1
    assert words <= 30
