"""What to ask first: of an alert on the data its kind says it, of any other the layer of its signal.

A service's own signal may be about anything, whichever dashboard is next to it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.model import alerts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.alerts import Alert
    from generator.model.signals import Signal

_UNDECLARED = (
    "Which label is it? The alert's `label` names it, or the alert carries the label itself with the value.",
    "Which value is it? The service's log has the first ones of each label: the generated module writes them there.",
    'Is the value meant? Then list it in the spec; else map it to "other" in the code.',
)

_OF_KIND: Mapping[type, tuple[str, ...]] = MappingProxyType(
    {
        alerts.Idle: (
            "Does work arrive? Ask whoever sends it, and look at its queue.",
            "Do runs start and never end? Then tool calls and tokens go on.",
            "Did a release start just before?",
        ),
        alerts.Absence: (
            "Are the service's targets up, and is every one of them scraped (`up` in Prometheus)?",
            "Did a release lose the instrumentation of this metric, or rename it?",
            "Does the selector in the spec still fit the labels that the targets have?",
        ),
        alerts.SeriesCount: (
            "Which metric and which label grew? `reports/cardinality.md` has the bound of each, `audit` what there is.",
            "Are there more instances than the spec's `replicas`?",
            "Since which release?",
        ),
        alerts.Undeclared: _UNDECLARED,
        alerts.Outside: _UNDECLARED,
        alerts.Unpriced: (
            "Which model and which token type is it? The alert's labels name both.",
            "Is it new, so that `prices.yaml` lacks it, or spelled there in another way?",
            "Since which release?",
        ),
    }
)

_OF_LAYER = MappingProxyType(
    {
        "run": (
            "Did a release start just before? Compare the newest release with the previous one.",
            "Which stop reasons grew? They say whether a tool, a model or a limit ends the runs.",
            "Is it all traffic or one release, and does it go on?",
        ),
        "tools": (
            "Which tool or model is it, and which error class?",
            "Did its latency change as well, or only its errors?",
            "Do agents call it more often than before (tool calls per run)?",
        ),
        "cost": (
            "Which model and which token type grew?",
            "Did a release start just before, or did traffic grow?",
            "Do runs take more steps or more tool calls than before?",
        ),
        "stop_reasons": (
            "Which stop reason grew, and in which release?",
            "Do runs take more steps or more tool calls than before?",
            "Is a tool slow or failing, so that agents try again and again?",
        ),
    }
)


_OF_OWN = (
    "Since when is it so, and did a release start just before?",
    "Did traffic change as well? The fewer events there are, the further a value jumps.",
    "Which other signals moved with it? The status board has them side by side.",
)


def first_questions(alert: Alert, signal: Signal) -> tuple[str, ...]:
    """Choose what to ask when ``alert`` fires."""
    return _OF_KIND.get(type(alert.kind)) or (_OF_OWN if signal.own else _OF_LAYER[signal.layer])
