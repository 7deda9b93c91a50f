"""The rules of a service: their number and bytes, beside those that all services share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.commands.compiling import checked
from generator.prometheus.files import rule_files
from tests.bench.context import Found
from tests.bench.line import SHARED, Figure, FigureUnit, Goal, RatioLine
from tests.bench.specs import SPECS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.checks.facts import ServiceFacts
    from generator.compiler import Compilation
    from tests.bench.context import Effort

_PART = "Rules of a service"
_FLEET = 1000
#: For each of the project's services: rules, constants included, and bytes of its own files.
_GOALS = {"research-agent": (13, 3000), "support-agent": (27, 6000)}


def measure(effort: Effort) -> Found:  # noqa: ARG001 - there is nothing to repeat
    """Compile the project's own specs and count."""
    found = checked(SPECS)
    if found.model is None or found.shared is None:
        message = f"{SPECS} has errors: see make check"
        raise SystemExit(message)
    own = [line for each in found.facts for line in _own(each, found)]
    return Found([*own, _among_many(found.facts, found.shared.load.rules)])


def _own(each: ServiceFacts, found: Compilation) -> Iterator[RatioLine]:
    """Count the rules of this service alone."""
    assert found.model is not None
    name = each.service.name
    files = rule_files(each.service, each.compiled, found.model.site)
    size = sum(len(file.text.encode()) for file in files)
    rules, bytes_ = _GOALS[name]
    for item, value, goal, unit in (
        ("rules, constants included", each.account.load.rules, rules, FigureUnit.COUNT),
        ("rule files", size, bytes_, FigureUnit.BYTES),
    ):
        ours, against = Figure(value, unit, ""), Figure(goal, unit, "the goal")
        yield RatioLine(_PART, f"{name}: {item}", ours, against, Goal(1, source=SHARED), headline=True)


def _among_many(facts: tuple[ServiceFacts, ...], shared: float) -> RatioLine:
    """Compare with a fleet in which each service has its own copy of the shared rules."""
    own = sum(each.account.load.rules for each in facts) / len(facts)
    ours = Figure(
        own + shared / _FLEET, FigureUnit.COUNT, f"{own:.0f} of its own, and {shared:.0f} shared by all"
    )
    alone = Figure(own + shared, FigureUnit.COUNT, "if nothing were shared")
    item = f"rules a service, among {_FLEET:,} like the project's"
    return RatioLine(_PART, item, ours, alone, inverse=True, headline=True)
