"""The first action and the first questions of an alert, with the panels that answer them.

An alert on the data has those of its kind, any other those of the layer of its signal. A service's own signal may be
about anything, independent of its dashboard.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import alerts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.alerts import Alert
    from generator.model.signals import Signal


class Question(Struct, frozen=True):
    """A question, and the panels that answer it: their titles by the uid of their dashboard."""

    text: str
    panels: Mapping[str, tuple[str, ...]]


class Guide(Struct, frozen=True):
    """The first action, and the questions to answer then."""

    action: str
    questions: tuple[Question, ...]


def _ask(text: str, *panels: tuple[str, str]) -> Question:
    """Make a question; each panel is given by its dashboard, without ``agent-``, and its title."""
    boards = dict.fromkeys(board for board, _ in panels)
    titles = {f"agent-{board}": tuple(title for of, title in panels if of == board) for board in boards}
    return Question(text, titles)


_STATUS = ("overview", "Status")
_RUNS = ("runs", "Runs by status")
_STEPS = ("runs", "Steps per run")
_CALLS = ("tools", "Tool calls per run")
_CALLS_MADE = ("tools", "Tool calls")
_RELEASES = ("releases", "Live releases")

_UNDECLARED = Guide(
    'Nobody needs to hurry. List the value in the spec if it is meant, else map it to "other" in the code.',
    (
        _ask(
            "Which label is it? The alert's `label` names it, or the alert carries the label itself with the value."
        ),
        _ask(
            "Which value is it? The service's log has the first ones of each label: the generated module writes them "
            "there."
        ),
        _ask("Since which release?", _RELEASES),
    ),
)

_OF_KIND: Mapping[type, Guide] = MappingProxyType(
    {
        alerts.Idle: Guide(
            "Send one run by hand, and see whether it finishes.",
            (
                _ask("Does work arrive? Ask whoever sends it, and look at its queue.", _RUNS),
                _ask(
                    "Do runs start and never end? Then tool calls and tokens go on.",
                    ("cost", "Spend per hour by model"),
                    _CALLS_MADE,
                ),
                _ask("Did a release start just before?", ("runs", "Runs by release")),
            ),
        ),
        alerts.Fall: Guide(
            "Ask whoever sends the work whether it still does, and send one run by hand.",
            (
                _ask(
                    "Does work arrive? Look at the queue, the gateway and the schedule in front of the agents.",
                    _RUNS,
                ),
                _ask(
                    "Do runs start and not end? Then tool calls and tokens go on.",
                    ("cost", "Spend per hour by model"),
                    _CALLS_MADE,
                ),
                _ask("Did a release start just before?", ("runs", "Runs by release")),
                _ask(
                    "Is it a holiday, or does a batch run at another time? Then nobody needs to do anything.",
                    ("runs", "Runs by status"),
                ),
            ),
        ),
        alerts.RuleHealth: Guide(
            "Open Prometheus's page of rules (Status, Rules): which file is there, and what does its last error say?",
            (
                _ask(
                    "Do the loaded files come from one `make generate`? Each service has a file of its own, and "
                    "all need the files that are called `agent-…`."
                ),
                _ask(
                    "Does the evaluation of a group take longer than its interval? Then Prometheus has too much to do."
                ),
                _ask(
                    "Which alerts may be silent meanwhile? All of the services that are named here, whatever the "
                    "dashboards show."
                ),
            ),
        ),
        alerts.Absence: Guide(
            "Open Prometheus's page of targets (Status, Targets): is the service there, and up?",
            (
                _ask("Are the service's targets up, and is every one of them scraped (`up` in Prometheus)?"),
                _ask("Did a release lose the instrumentation of this metric, or rename it?", _RELEASES),
                _ask("Does the selector in the spec still fit the labels that the targets have?"),
            ),
        ),
        alerts.SeriesCount: Guide(
            "If Prometheus is short of memory, drop the label that grew by metric_relabel_configs until the code is "
            "right.",
            (
                _ask(
                    "Which metric and which label grew? `reports/cardinality.md` has the bound of each, `audit` what "
                    "there is."
                ),
                _ask("Are there more instances than the spec's `replicas`?"),
                _ask("Since which release?", _RELEASES),
            ),
        ),
        alerts.Undeclared: _UNDECLARED,
        alerts.Outside: _UNDECLARED,
        alerts.Unpriced: Guide(
            "Add the model's price to `prices.yaml`, and run `make generate`: until then its cost is missing "
            "everywhere.",
            (
                _ask(
                    "Which model and which token type is it? The alert's labels name both.",
                    ("cost", "Tokens without a price"),
                ),
                _ask("Is it new, so that `prices.yaml` lacks it, or spelled there in another way?"),
                _ask("Since which release?", ("cost", "Tokens per run by release")),
            ),
        ),
    }
)

_ROLL_BACK = "If it began with the newest release, roll that back first, and look for the reason afterwards."

_OF_LAYER = MappingProxyType(
    {
        "run": Guide(
            _ROLL_BACK,
            (
                _ask(
                    "Did a release start just before? Compare the newest release with the previous one.",
                    _RELEASES,
                ),
                _ask(
                    "Which stop reasons grew? They say whether a tool, a model or a limit ends the runs.",
                    ("stop-reasons", "Stop reasons"),
                ),
                _ask(
                    "Is it all traffic or one release, and does it go on?",
                    ("runs", "Success rate by release"),
                ),
            ),
        ),
        "tools": Guide(
            "Look at the status page of the tool or the provider. If it is down, send agents to the fallback, or turn "
            "the tool off.",
            (
                _ask(
                    "Which tool or model is it, and which error class?",
                    ("tools", "Tools now"),
                    ("tools", "Tool errors by class"),
                    ("tools", "LLM errors by class"),
                ),
                _ask("Did its latency change as well, or only its errors?", ("tools", "Tool latency p95")),
                _ask(
                    "Do agents call it more often than before, whether runs finish or not?",
                    _CALLS,
                    _CALLS_MADE,
                ),
            ),
        ),
        "cost": Guide(
            "Stop the spending before you look for the reason: roll the newest release back, or take the cheaper "
            "model.",
            (
                _ask(
                    "Which model and which token type grew?",
                    ("cost", "Cost per run by model"),
                    ("cost", "Tokens per run by type"),
                ),
                _ask(
                    "Did a release start just before, or did traffic grow?",
                    ("cost", "Cost per run by release"),
                    _RUNS,
                ),
                _ask("Do runs take more steps or more tool calls than before?", _STEPS, _CALLS, _CALLS_MADE),
            ),
        ),
        "stop_reasons": Guide(
            _ROLL_BACK,
            (
                _ask(
                    "Which stop reason grew, and in which release?",
                    ("stop-reasons", "Stop reasons by release"),
                ),
                _ask("Do runs take more steps or more tool calls than before?", _STEPS, _CALLS),
                _ask(
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
        _ask("Since when is it so, and did a release start just before?", _RELEASES),
        _ask("Did traffic change as well? The fewer events there are, the further a value jumps.", _RUNS),
        _ask("Which other signals moved with it? The status board has them side by side.", _STATUS),
    ),
)


def guide(alert: Alert, signal: Signal) -> Guide:
    """Choose the action and the questions for a firing ``alert``."""
    return _OF_KIND.get(type(alert.kind)) or (_OF_OWN if signal.own else _OF_LAYER[signal.layer])
