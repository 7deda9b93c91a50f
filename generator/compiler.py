"""The compiler: specs in, artifacts and diagnostics out. Pure; reading and writing files is done elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.checks.all import run_checks
from generator.diagnostics import has_errors
from generator.prometheus.compiled import compile_rules
from generator.resolve.model import resolve

if TYPE_CHECKING:
    from generator.artifact import Artifact
    from generator.diagnostics import Diagnostic
    from generator.model.service import Model
    from generator.prometheus.compiled import Compiled
    from generator.spec.written import Specs


@dataclass(frozen=True, slots=True)
class Checked:
    """Specs that are understood: the model and its rules, with what the checks have to say.

    ``model`` and ``rules`` are None when a spec is at fault.
    """

    model: Model | None
    rules: tuple[Compiled, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def failed(self) -> bool:
        """Whether nothing may be generated."""
        return has_errors(self.diagnostics)


def check(specs: Specs) -> Checked:
    """Resolve the specs, compile their rules and run every check."""
    resolved = resolve(specs)
    if resolved.value is None:
        return Checked(None, (), resolved.diagnostics)
    rules = tuple(compile_rules(service, resolved.value.site) for service in resolved.value.services)
    return Checked(resolved.value, rules, (*resolved.diagnostics, *run_checks(resolved.value, rules)))


def emit(model: Model, rules: tuple[Compiled, ...]) -> tuple[Artifact, ...]:
    """Write everything that ``output/`` will hold, as text, sorted by path."""
    # The back ends import grafanalib and Jinja, which only this command shall pay for.
    from generator.catalog import catalog  # noqa: PLC0415
    from generator.grafana.dashboards import dashboards  # noqa: PLC0415
    from generator.instrumentation.modules import instrumentation  # noqa: PLC0415
    from generator.prometheus.files import rule_files  # noqa: PLC0415
    from generator.prometheus.witness.files import unit_test_files  # noqa: PLC0415
    from generator.reports import reports  # noqa: PLC0415
    from generator.runbooks.pages import runbooks  # noqa: PLC0415

    artifacts = [
        *rule_files(model, rules),
        *unit_test_files(model, rules),
        *dashboards(model),
        *runbooks(model),
        *instrumentation(model),
        *reports(model, rules),
        catalog(model, rules),
    ]
    return tuple(sorted(artifacts))
