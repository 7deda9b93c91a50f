"""The schemas tell the defaults and the choices that the compiler has."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from generator.diagnostics import Findings
from generator.model.alerts import AlertSeverity, Watch
from generator.model.metrics import Across, MetricType
from generator.model.names import DASHBOARD_OF_LAYER
from generator.model.signals import Better, Take
from generator.model.units import duration
from generator.notation.times import DEFAULT_WINDOW
from generator.prometheus import shared
from generator.resolve import alerts
from generator.resolve.site import resolve_site
from generator.runbooks import guides
from generator.spec.schema import schema_text

if TYPE_CHECKING:
    from collections.abc import Collection

SITE = resolve_site(None, Findings())


@pytest.mark.parametrize(
    ("kind", "path", "default"),
    [
        ("site", "scrape_interval", duration(SITE.scrape_interval)),
        ("site", "rule_interval", f"{SITE.rule_interval}s"),
        ("site", "retention", duration(SITE.retention)),
        ("site", "created_series", str(SITE.created_series).lower()),
        ("site", "oldest_prometheus", '"{}.{}"'.format(*SITE.oldest_prometheus)),
        ("site", "series_budget metric", str(SITE.budget.metric)),
        ("site", "series_budget service", str(SITE.budget.service)),
        ("site", "series_budget recorded", str(SITE.budget.recorded)),
        ("site", "series_budget total", str(SITE.budget.total)),
        ("common", "signal window", duration(DEFAULT_WINDOW)),
        ("common", "alert for", duration(alerts._DEFAULT_FOR)),  # noqa: SLF001
    ],
)
def test_a_default_is_the_one_that_is_told(kind: str, path: str, default: str) -> None:
    told = re.search(r"Default: (.+)\.$", _of_key(kind, path)["description"])
    assert told is not None
    assert told[1] == default


@pytest.mark.parametrize(
    ("path", "choices"),
    [
        ("metric type", MetricType),
        ("metric across", Across),
        ("signal level take", Take),
        ("signal better", Better),
        ("signal layer", DASHBOARD_OF_LAYER),
        ("signal layer", shared._OF_LAYER),  # noqa: SLF001
        ("signal layer", guides._OF_LAYER),  # noqa: SLF001
        ("alert rule_health watch", Watch),
        ("alert severity", set(AlertSeverity) - {AlertSeverity.INFO}),
    ],
)
def test_the_choices_are_those_that_have_a_meaning(path: str, choices: Collection[str]) -> None:
    assert set(_of_key("common", path)["enum"]) == set(map(str, choices))


def _of_key(kind: str, path: str) -> Any:  # noqa: ANN401 - a part of a schema
    """Find the schema of a key by the keys around it; those of the common schema begin with a definition."""
    found = json.loads(schema_text(kind))
    first, *rest = path.split()
    found = found["$defs"][first] if kind == "common" else found["properties"][first]
    for key in rest:
        found = found["properties"][key]
    return found
