"""Findings that are no spec's fault: which rule is wrong, and what in the spec it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, error
from generator.model.rules import RecordingRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.checks.world import Known
    from generator.diagnostics import Span
    from generator.model.service import Service

HELP = "this is a defect of the compiler: please report it together with the spec"


def of_rule(code: str, known: Known, service: Service, problem: str) -> Diagnostic:
    """Tell what is wrong with a rule, at the signal, metric or alert that it is about."""
    return error(code, f"{_called(known)} {problem}", _place(known, service), HELP)


def of_service(code: str, service: Service, problem: str) -> Diagnostic:
    """Tell what is wrong with the rules of a service taken together."""
    return error(code, f"{service.name}: {problem}", service.where(""), HELP)


def of_shared_rule(code: str, known: Known, origins: Mapping[str, Span], problem: str) -> Diagnostic:
    """Tell what is wrong with a rule that all services share, at the signal, stream or alert that it is about."""
    rule = known.rule
    paths = (f"alerts.{rule.alert}",) if not isinstance(rule, RecordingRule) else _of_record(rule.record)
    place = next((origins[path] for path in (*paths, "") if path in origins), None)
    return error(code, f"{_called(known)} {problem}", place, HELP)


def of_shared_rules(code: str, origins: Mapping[str, Span], problem: str) -> Diagnostic:
    """Tell what is wrong with the shared rules taken together."""
    return error(code, f"the shared rules: {problem}", origins.get(""), HELP)


def _of_record(record: str) -> tuple[str, str]:
    stem = record.split(":")[1].removeprefix("agent_") if record.count(":") else ""
    return f"signals.{stem}", f"streams.{stem}"


def _called(known: Known) -> str:
    if isinstance(known.rule, RecordingRule):
        return f'the rule of record {known.rule.record} in group "{known.group.name}"'
    return f'alert {known.rule.alert} in group "{known.group.name}"'


def _place(known: Known, service: Service) -> Span | None:
    if not isinstance(known.rule, RecordingRule):
        return service.where(f"alerts.{known.rule.alert}")
    stem = known.rule.record.split(":")[1] if known.rule.record.count(":") else ""
    for stream in service.streams.values():
        if stream.stem == stem:
            return service.where(f"metrics.{stream.metric}")
    return service.where(f"signals.{stem.removeprefix('agent_')}")
