"""Findings that are not a spec's fault: the defective rule, and its subject in the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, Span, error
from generator.model import names
from generator.model.rules import RecordingRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.checks.world import KnownRule
    from generator.model.service import Service

_HELP = "this is a defect of the compiler: please report it together with the spec"


def of_rule(code: str, known: KnownRule, service: Service, problem: str) -> Diagnostic:
    """Report a defect of a rule, at its signal, metric or alert."""
    return error(code, f"{_called(known)} {problem}", _place(known, service), _HELP)


def of_service(code: str, service: Service, problem: str) -> Diagnostic:
    """Report a defect of a service's rules taken together."""
    return error(code, f"{service.name}: {problem}", service.where(""), _HELP)


def of_shared_rule(code: str, known: KnownRule, origins: Mapping[str, Span], problem: str) -> Diagnostic:
    """Report a defect of a shared rule, at its signal, stream or alert."""
    rule = known.rule
    paths = (f"alerts.{rule.alert}",) if not isinstance(rule, RecordingRule) else _of_record(rule.record)
    place = next((origins[path] for path in (*paths, "") if path in origins), None)
    return error(code, f"{_called(known)} {problem}", place, _HELP)


def of_shared_rules(code: str, origins: Mapping[str, Span], problem: str) -> Diagnostic:
    """Report a defect of the shared rules taken together."""
    return error(code, f"the shared rules: {problem}", origins.get(""), _HELP)


def _of_record(record: str) -> tuple[str, str]:
    name = names.of_stem(_stem(record))
    return f"signals.{name}", f"streams.{name}"


def _stem(record: str) -> str:
    return record.split(":")[1] if ":" in record else ""


def _called(known: KnownRule) -> str:
    if isinstance(known.rule, RecordingRule):
        return f'the rule of record {known.rule.record} in group "{known.group}"'
    return f'alert {known.rule.alert} in group "{known.group}"'


def _place(known: KnownRule, service: Service) -> Span | None:
    if not isinstance(known.rule, RecordingRule):
        return service.where(f"alerts.{known.rule.alert}")
    stem = _stem(known.rule.record)
    for stream in service.streams.values():
        if stream.stem == stem:
            return service.where(f"metrics.{stream.metric}")
    return service.where(f"signals.{names.of_stem(stem)}")
