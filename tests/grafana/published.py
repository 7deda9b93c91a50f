"""Grafana's own schemas (``schemas/NOTICE``), and the validation of a dashboard by them, part by part."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator

from tests.grafana.documents import everything

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.grafana.documents import Json

_SCHEMAS = Path(__file__).parent / "schemas"
#: Panels whose fields have settings of their own, under ``custom``.
_CUSTOM = {"state-timeline", "table", "timeseries"}
#: Grafana's interface DataLink, as far as it is needed.
_DATA_LINK = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "url"],
    "properties": {
        "title": {"type": "string"},
        "url": {"type": "string"},
        "targetBlank": {"type": "boolean"},
    },
}


def findings(board: Json) -> Iterator[str]:
    """Describe everything in a dashboard that Grafana's schemas forbid."""
    yield from _against("dashboard", "Dashboard", board | {"panels": []}, board["uid"])
    for panel in everything(board):
        where = f"{board['uid']} / {panel['title']}"
        if panel["type"] == "row":
            yield from _against("dashboard", "RowPanel", panel | {"panels": []}, where)
        else:
            yield from _panel(panel, where)


def findings_v2(resource: Json) -> Iterator[str]:
    """Describe everything in a dashboard of format v2 that Grafana's schema of it forbids."""
    yield from _against("dashboardv2", "Dashboard", resource["spec"], resource["metadata"]["name"])


def _panel(panel: Json, where: str) -> Iterator[str]:
    yield from _against("dashboard", "Panel", panel, where)
    yield from _against(panel["type"], "Options", panel["options"], f"{where} / options")
    for target in panel.get("targets", ()):
        yield from _against("prometheus", "Dataquery", target, f"{where} / {target['refId']}")
    for field in _fields(panel.get("fieldConfig", {"defaults": {}, "overrides": []})):
        yield from _against("dashboard", "FieldConfig", field, f"{where} / field")
        if panel["type"] in _CUSTOM:
            yield from _against(panel["type"], "FieldConfig", field.get("custom", {}), f"{where} / custom")
        elif "custom" in field:
            yield f"{where} / custom: {panel['type']} has no settings of its own"


def _fields(config: Json) -> Iterator[Json]:
    """Yield the settings of all fields: those without overrides, then those that each override makes."""
    yield config["defaults"]
    for override in config["overrides"]:
        field: Json = config["defaults"] | {"custom": dict(config["defaults"].get("custom", {}))}
        for one in override["properties"]:
            name, _, key = one["id"].partition(".")
            if key:
                field[name][key] = one["value"]
            else:
                field[name] = one["value"]
        yield field if field["custom"] else {key: value for key, value in field.items() if key != "custom"}


def _against(schema: str, definition: str, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401  (any JSON)
    for error in _validator(schema, definition).iter_errors(value):
        yield f"{where}: {error.json_path}: {error.message}"


@cache
def _validator(schema: str, definition: str) -> Draft7Validator:
    document = json.loads((_SCHEMAS / f"{schema.replace('-', '')}.json").read_text("utf-8"))
    for name, one in document["definitions"].items():
        _correct(name, one)
    return Draft7Validator({**document, "$ref": f"#/definitions/{definition}"})


def _correct(name: str, definition: Json) -> None:
    """Correct the errors of the schemas.

    Go's ``any`` became an object, the discriminator of cells a default, and the links of fields those of dashboards.
    """
    properties = definition.get("properties", {})
    if name == "AnnotationQuerySpec":
        properties["legacyOptions"]["additionalProperties"] = {}
    if name in {"MatcherConfig", "DynamicConfigValue"}:
        properties.get("options", {}).pop("type", None)
        properties.get("value", {}).pop("type", None)
    if name == "FieldConfig" and "links" in properties:
        properties["links"]["items"] = _DATA_LINK
    if name.startswith("Table") and name.endswith("CellOptions") and "type" in properties:
        properties["type"]["const"] = properties["type"]["default"]
