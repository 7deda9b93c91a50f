"""Completeness: each kind of alert and signal, each unit and stream has all its parts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from generator.alerts import condition
from generator.alerts.registry import KINDS
from generator.grafana import compare, readable
from generator.model.alerts import AlertKind
from generator.model.units import WRITTEN_AS, Unit
from generator.resolve.alerts import KINDS as WRITTEN
from generator.spec.types import AlertSpec
from generator.streams.roles import ROLES

ROOT = Path(__file__).parents[2]


def test_each_kind_of_alert_has_a_module() -> None:
    assert set(KINDS) == set(get_args(AlertKind))


def test_each_kind_that_a_spec_can_write_has_a_field() -> None:
    assert set(WRITTEN) <= set(AlertSpec.__struct_fields__)


@pytest.mark.parametrize("unit", Unit)
def test_each_unit_is_in_every_table(unit: Unit) -> None:
    assert unit in WRITTEN_AS
    assert condition.value_of(unit)
    assert unit in compare._SCALES  # noqa: SLF001
    assert unit in readable._MAGNITUDES  # noqa: SLF001


def test_each_stream_of_the_library_has_a_role() -> None:
    library = yaml.safe_load((ROOT / "specs/signals.yaml").read_text("utf-8"))
    assert set(library["streams"]) == set(ROLES)


def test_the_page_about_the_compiler_names_what_is_there() -> None:
    text = (ROOT / "generator/README.md").read_text("utf-8")
    named = set(re.findall(r"`((?:generator|specs|tests)/[^`*]*)`", text))
    assert len(named) > 30
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_the_glossary_is_short() -> None:
    text = (ROOT / "generator/README.md").read_text("utf-8")
    words = text.partition("## Words\n")[2].partition("\n## ")[0].count("\n| ") - 1
    assert words <= 30
