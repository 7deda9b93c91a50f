"""Findings that are no spec's fault: which rule is wrong, and what in the spec it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, error
from generator.model.rules import RecordingRule

if TYPE_CHECKING:
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
