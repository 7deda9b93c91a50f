"""Findings of an audit: diagnostics, each with the change of the spec that would resolve it, as YAML to paste."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct

from generator.diagnostics import SHIPPED_PREFIX, Diagnostic, Severity, Span
from generator.diagnostics.wording import printable
from generator.model.metrics import OTHER, Label, Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.audit.observe import Observed
    from generator.model.service import Service

_WIDTH = 100


class Fix(Struct, frozen=True):
    """YAML to put into ``file``, in place of its values under the same keys.

    ``copy_of`` is the shipped file that must first be copied to ``file``; empty for an existing file.
    """

    file: str
    yaml: str
    copy_of: str = ""


class Finding(Struct, frozen=True):
    """A difference between a spec and the existing series, of ``metric`` if it is not empty."""

    diagnostic: Diagnostic
    metric: str = ""
    fix: Fix | None = None


def violation(code: str, message: str, seen: Observed, path: str, help_: str = "") -> Diagnostic:
    """Report a contradiction between the spec and the series; ``path`` is the part of the spec, as in origins."""
    return Diagnostic(code, Severity.ERROR, message, seen.service.where(path), help_)


def suspicion(code: str, message: str, seen: Observed, path: str, help_: str = "") -> Diagnostic:
    """Report a probable error that may have another reason."""
    return Diagnostic(code, Severity.WARNING, message, seen.service.where(path), help_)


def remark(code: str, message: str, seen: Observed, path: str, help_: str = "") -> Diagnostic:
    """Report a fact worth knowing that is no fault."""
    return Diagnostic(code, Severity.INFO, message, seen.service.where(path), help_)


class _Text(str):
    """Text that gets quotes."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes lists on one line, and quotes text that another YAML reader could read as something else."""


_Dumper.add_representer(
    list, lambda dumper, items: dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)
)
_Dumper.add_representer(
    _Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')
)


def snippet(content: Mapping[str, Any]) -> str:
    """Write YAML with lists and the innermost mappings on one line each."""
    return "".join(_written(key, _quoted(value)) for key, value in content.items())


def _written(key: str, value: object) -> str:
    text = _dumped({key: value}, readable=True)
    # An invisible character is escaped, and then so is everything beyond ASCII.
    return text if all(printable(line) == line for line in text.splitlines()) else _dumped({key: value})


def _dumped(content: Mapping[str, object], *, readable: bool = False) -> str:
    flow = None if any(isinstance(value, dict | list) for value in content.values()) else False
    text: str = yaml.dump(
        content,
        Dumper=_Dumper,
        default_flow_style=flow,
        sort_keys=False,
        width=_WIDTH,
        allow_unicode=readable,
    )
    return text


def _quoted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _quoted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_quoted(inner) for inner in value]
    if isinstance(value, float):
        return int(value) if value == int(value) else value
    if isinstance(value, str) and not value[:1].isalpha():
        return _Text(value)
    return value


def service_file(service: Service) -> str:
    """Name the file of a service's spec."""
    span = service.where("")
    return span.file if span else ""


def site_file(service: Service) -> str:
    """Name the file of the site, which is beside the services' folder."""
    return str(PurePath(service_file(service)).parent.parent / "site.yaml")


def of_service(service: Service, **content: object) -> Fix:
    """Change the spec of a service."""
    return Fix(service_file(service), snippet(content))


def longer_list(service: Service, label: Label, values: Iterable[str]) -> Fix | None:
    """List more values of a label where its list is written; None where its values determine something else."""
    wanted = [value for value in (*label.values, *values) if value != OTHER]
    span = service.where(f"labels.{label.name}")
    if span is None or span.file == service_file(service):
        return of_service(service, labels={label.name: wanted})
    if label.determines or label.limits:
        return None
    return _of_file(span, service, {"labels": {label.name: {"values": wanted}}})


def declaration(metric: Metric) -> dict[str, Any]:
    """Describe a metric as a spec does."""
    keys: dict[str, Any] = {"type": str(metric.type)}
    if metric.unit:
        keys["unit"] = metric.unit
    keys |= {"help": metric.help, "labels": list(metric.labels)}
    if metric.buckets:
        keys["buckets"] = list(metric.buckets)
    return keys | ({"sparse": True} if metric.sparse else {})


def _is_own(metric: Metric, service: Service) -> bool:
    """Whether a service's spec declares the metric, rather than its profile."""
    span, label = service.where(f"metrics.{metric.name}"), next(iter(metric.labels), "")
    of_profile = f"metrics.{metric.name}.labels.{label}" in service.origins
    return span is not None and span.file == service_file(service) and not of_profile


def other_buckets(service: Service, metric: Metric, buckets: Iterable[float]) -> Fix:
    """Write the existing buckets of a histogram."""
    keys = declaration(metric) if _is_own(metric, service) else {}
    return of_service(service, metrics={metric.name: {**keys, "buckets": list(buckets)}})


def redeclared(service: Service, metric: Metric) -> Fix | None:
    """Declare a metric differently, in the file of its declaration."""
    of_labels = (service.origins.get(f"metrics.{metric.name}.labels.{name}") for name in metric.labels)
    span = next(filter(None, of_labels), service.where(f"metrics.{metric.name}"))
    return _of_file(span, service, {"metrics": {metric.name: declaration(metric)}}) if span else None


def _of_file(span: Span, service: Service, content: Mapping[str, Any]) -> Fix:
    """Change the file of the declaration; for a shipped one, a copy."""
    if not span.is_shipped:
        return Fix(span.file, snippet(content))
    place = PurePath(service_file(service)).parent.parent / span.file.removeprefix(SHIPPED_PREFIX)
    return Fix(str(place), snippet(content), copy_of=span.file)
