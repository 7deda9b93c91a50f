"""Dashboards as documents, and ways to walk through them."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.checks.facts import service_facts
from generator.checks.world import of_service
from generator.grafana.dashboards import draw
from generator.grafana.records import combined_records, recording
from generator.model.rules import AlertingRule
from generator.prometheus.rule_set import rule_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.checks.facts import ServiceFacts
    from generator.grafana.dashboards import Drawn
    from generator.model.service import Model

Json = dict[str, Any]


class BoardPanel(Struct, frozen=True):
    """A panel other than a row, and its name for people."""

    where: str
    json: Json

    @property
    def type(self) -> str:
        """Grafana's name for its type."""
        return str(self.json["type"])

    @property
    def targets(self) -> list[Json]:
        """Its queries."""
        return list(self.json.get("targets", ()))


class PanelQuery(Struct, frozen=True):
    """A query of a panel."""

    where: str
    panel: BoardPanel
    json: Json

    @property
    def expr(self) -> str:
        """The PromQL, with Grafana's variables in it."""
        return str(self.json["expr"])


def known(model: Model) -> tuple[ServiceFacts, ...]:
    """Find the records of every service of a model."""
    site, rules = model.site, rule_set(model.services, model.library, model.site)
    worlds = [of_service(rules.shared, service) for service in model.services]
    return tuple(
        service_facts(service, site.of(service), own, rules.shared, world)
        for service, own, world in zip(model.services, rules.own, worlds, strict=True)
    )


def drawn(model: Model) -> tuple[Drawn, ...]:
    """Draw the dashboards."""
    each = (recording(one.service, one.recorded_names) for one in known(model))
    return draw(combined_records(each, model.site))


def texts(model: Model) -> dict[str, str]:
    """Compile the dashboards: their texts by the names of their files, without the ending."""
    found = (one.artifact() for one in drawn(model))
    return {PurePosixPath(artifact.path).stem: artifact.text for artifact in found}


def documents_v2(model: Model) -> dict[str, Json]:
    """Compile the dashboards in format v2: by the names of their files."""
    found = (one.artifact_v2() for one in drawn(model))
    return {PurePosixPath(artifact.path).stem: json.loads(artifact.text) for artifact in found}


def documents(model: Model) -> dict[str, Json]:
    """Compile the dashboards: by the names of their files."""
    return {name: json.loads(text) for name, text in texts(model).items()}


def alerting_rules(model: Model) -> Iterator[AlertingRule]:
    """Compile the alerts of all services."""
    for group in rule_set(model.services, model.library, model.site).groups:
        yield from (rule for rule in group.rules if isinstance(rule, AlertingRule))


def everything(board: Json) -> Iterator[Json]:
    """List all panels, including rows and folded panels."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", ())


def panels(board: Json) -> Iterator[BoardPanel]:
    """List the panels that show something."""
    for panel in everything(board):
        if panel["type"] != "row":
            yield BoardPanel(f"{board['uid']} / {panel.get('title')} ({panel['type']})", panel)


def targets(board: Json) -> Iterator[PanelQuery]:
    """List the queries of all panels."""
    for panel in panels(board):
        for target in panel.targets:
            yield PanelQuery(f"{panel.where} / {target.get('refId')}", panel, target)


def variables(board: Json) -> dict[str, Json]:
    """Return the variables by name, in their order."""
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def events(board: Json) -> Iterator[tuple[str, Json]]:
    """List the queries for events, with their names for people."""
    for annotation in board["annotations"]["list"]:
        yield f"{board['uid']} / {annotation['name']}", annotation


def steps(panel: BoardPanel) -> Iterator[list[Json]]:
    """List the thresholds of a panel: its own, then those of single columns or series."""
    config = panel.json.get("fieldConfig", {})
    found = [config.get("defaults", {}).get("thresholds"), *overridden(panel, "thresholds")]
    yield from (one["steps"] for one in found if one is not None)


def columns(panel: BoardPanel) -> list[str]:
    """List the fields of a table, in order; empty for other panels."""
    ordered = [one["options"] for one in panel.json.get("transformations", ()) if one["id"] == "organize"]
    return sorted(ordered[0]["indexByName"], key=ordered[0]["indexByName"].__getitem__) if ordered else []


def overridden(panel: BoardPanel, name: str) -> list[Any]:
    """List the values of a property in the overrides of a panel."""
    return [
        one["value"]
        for override in panel.json.get("fieldConfig", {}).get("overrides", ())
        for one in override["properties"]
        if one["id"] == name
    ]


def walk(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """List every value of a document with its path."""
    yield path, value
    inner: Mapping[str, object] = {}
    if isinstance(value, dict):
        inner = value
    elif isinstance(value, list):
        inner = {str(place): one for place, one in enumerate(value)}
    for key, one in inner.items():
        yield from walk(one, f"{path}/{key}")
