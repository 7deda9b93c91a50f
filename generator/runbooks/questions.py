"""The first action and the first questions of an alert, with the panels that answer them.

An alert on the data has those of its kind, any other those of the layer of its signal. A service's own signal may be
about anything, independent of its dashboard.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.alerts.guide import CALLS_MADE, RELEASES, RUNS, Guide, ask
from generator.alerts.registry import guide_of

if TYPE_CHECKING:
    from generator.model.alerts import Alert
    from generator.model.signals import Signal


_STATUS = ("overview", "Status")
_STEPS = ("runs", "Steps per run")
_CALLS = ("tools", "Tool calls per run")

_ROLL_BACK = "If it began with the newest release, roll that back first, and look for the reason afterwards."

_OF_LAYER = MappingProxyType(
    {
        "run": Guide(
            _ROLL_BACK,
            (
                ask(
                    "Did a release start just before? Compare the newest release with the previous one.",
                    RELEASES,
                ),
                ask(
                    "Which stop reasons grew? They say whether a tool, a model or a limit ends the runs.",
                    ("stop-reasons", "Stop reasons"),
                ),
                ask(
                    "Is it all traffic or one release, and does it go on?",
                    ("runs", "Success rate by release"),
                ),
            ),
        ),
        "tools": Guide(
            "Look at the status page of the tool or the provider. If it is down, send agents to the fallback, or turn "
            "the tool off.",
            (
                ask(
                    "Which tool or model is it, and which error class?",
                    ("tools", "Tools now"),
                    ("tools", "Tool errors by class"),
                    ("tools", "LLM errors by class"),
                ),
                ask("Did its latency change as well, or only its errors?", ("tools", "Tool latency p95")),
                ask(
                    "Do agents call it more often than before, whether runs finish or not?",
                    _CALLS,
                    CALLS_MADE,
                ),
            ),
        ),
        "cost": Guide(
            "Stop the spending before you look for the reason: roll the newest release back, or take the cheaper "
            "model.",
            (
                ask(
                    "Which model and which token type grew?",
                    ("cost", "Cost per run by model"),
                    ("cost", "Tokens per run by type"),
                ),
                ask(
                    "Did a release start just before, or did traffic grow?",
                    ("cost", "Cost per run by release"),
                    RUNS,
                ),
                ask("Do runs take more steps or more tool calls than before?", _STEPS, _CALLS, CALLS_MADE),
            ),
        ),
        "stop_reasons": Guide(
            _ROLL_BACK,
            (
                ask(
                    "Which stop reason grew, and in which release?",
                    ("stop-reasons", "Stop reasons by release"),
                ),
                ask("Do runs take more steps or more tool calls than before?", _STEPS, _CALLS),
                ask(
                    "Is a tool slow or failing, so that agents try again and again?",
                    ("tools", "Tool error rate"),
                    ("tools", "Tool latency p95"),
                ),
            ),
        ),
    }
)

_OF_OWN = Guide(
    _ROLL_BACK,
    (
        ask("Since when is it so, and did a release start just before?", RELEASES),
        ask("Did traffic change as well? The fewer events there are, the further a value jumps.", RUNS),
        ask("Which other signals moved with it? The status board has them side by side.", _STATUS),
    ),
)


def guide(alert: Alert, signal: Signal) -> Guide:
    """Choose the action and the questions for a firing ``alert``."""
    return guide_of(alert) or (_OF_OWN if signal.own else _OF_LAYER[signal.layer])
