"""The guide of an alert's page: that of its kind, of its signal, or of the layer of its signal."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.alerts.guide import CALLS_MADE, OF_RELEASES, RELEASES, RUNS_BY_STATUS, Guide, Question, ask
from generator.alerts.registry import guide_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from generator.model.alerts import Alert
    from generator.model.signals import Signal

_STATUS = ("overview", "Status")
_STEPS = ("runs", "Steps per run")
_CALLS = ("tools", "Tool calls per run")
_STOPS = ("stop-reasons", "Stop reasons")
_TOOL_ERRORS = ("tools", "Tool error rate")
_TOOL_LATENCY = ("tools", "Tool latency p95")

_OF_STEPS = ("step_count", "tool_calls_per_run")
_OF_TOOLS = ("tool_error_rate", "tool_latency_p95")
_OF_STOPS = ("stop_reason_distribution",)

_ROLL_BACK = "If it began with the newest release, roll that back first, and look for the reason afterwards."

_STARTED = ask(
    "Did a release start just before? Compare the newest release with the previous one.",
    RELEASES,
    needs=OF_RELEASES,
    on_release=True,
)
_MORE_STEPS = ask(
    "Do runs take more steps or more tool calls than before?", _STEPS, _CALLS, CALLS_MADE, needs=_OF_STEPS
)

_OF_LAYER = MappingProxyType(
    {
        "run": Guide(
            _ROLL_BACK,
            (
                _STARTED,
                ask(
                    "Which stop reasons grew? They say whether a tool, a model or a limit ends the runs.",
                    _STOPS,
                    needs=_OF_STOPS,
                ),
                ask(
                    "Is it all traffic or one release, and does it go on?",
                    ("runs", "Success rate by release"),
                    needs=OF_RELEASES,
                    on_release=True,
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
                ask(
                    "Did its latency change as well, or only its errors?",
                    _TOOL_LATENCY,
                    needs=("tool_latency_p95",),
                ),
                ask(
                    "Do agents call it more often than before, whether runs finish or not?",
                    _CALLS,
                    CALLS_MADE,
                    needs=("tool_calls_per_run",),
                ),
            ),
        ),
        "cost": Guide(
            "Stop the spending before you look for the reason: roll the newest release back if it began with that, "
            "else take the cheaper model.",
            (
                ask(
                    "Which model and which token type grew?",
                    ("cost", "Cost per run by model"),
                    ("cost", "Tokens per run by type"),
                ),
                ask(
                    "Did a release start just before, or did traffic grow?",
                    ("cost", "Cost per run by release"),
                    RUNS_BY_STATUS,
                    on_release=True,
                ),
                _MORE_STEPS,
            ),
        ),
        "stop_reasons": Guide(
            _ROLL_BACK,
            (
                ask(
                    "Which stop reason grew, and in which release?",
                    ("stop-reasons", "Stop reasons by release"),
                ),
                _MORE_STEPS,
                ask(
                    "Is a tool slow or failing, so that agents try again and again?",
                    _TOOL_ERRORS,
                    _TOOL_LATENCY,
                    needs=_OF_TOOLS,
                ),
            ),
        ),
    }
)

_SLOW = Guide(
    _ROLL_BACK,
    (
        _STARTED,
        replace(_MORE_STEPS, text="Do runs take more steps, because agents loop?"),
        ask(
            "Is a tool slow, or does a model fail, so that runs wait and try again?",
            _TOOL_LATENCY,
            ("tools", "LLM errors per run"),
            needs=("tool_latency_p95", "llm_errors_per_run"),
        ),
    ),
)
_LOOPS = Guide(
    "If it began with the newest release, roll that back first. Else lower the number of steps that the code allows "
    "a run, and stop the runs that do not end.",
    (
        ask(
            "Which tool do agents call again and again, whether runs finish or not?",
            _CALLS,
            CALLS_MADE,
            needs=("tool_calls_per_run",),
        ),
        ask("Do more runs end at a limit, such as max_steps?", _STOPS, needs=_OF_STOPS),
        ask(
            "Does a tool fail, so that agents try again?",
            _TOOL_ERRORS,
            needs=("tool_error_rate",),
        ),
    ),
)
_UNREAD = Guide(
    "Let the code tell its tokens, as said above; there is nothing to roll back or to turn off. Until then do not "
    "trust the cost and the budget of this model.",
    (
        ask(
            "Which model is it, and which reason?",
            ("cost", "LLM steps with unread tokens"),
        ),
        ask("Which part of the tokens is counted still?", ("cost", "Tokens per run by type")),
        ask("Since which release: did it bring another SDK?", RELEASES, needs=OF_RELEASES),
    ),
)

#: The layer of a signal says too little about these.
_OF_SIGNAL = MappingProxyType(
    {
        "latency_p50": _SLOW,
        "latency_p95": _SLOW,
        "latency_p99": _SLOW,
        "step_count": _LOOPS,
        "step_count_p50": _LOOPS,
        "tool_calls_per_run": _LOOPS,
        "llm_usage_unread_count": _UNREAD,
    }
)

_OF_OWN = Guide(
    _ROLL_BACK,
    (
        ask(
            "Since when is it so, and did a release start just before?",
            RELEASES,
            needs=OF_RELEASES,
            on_release=True,
        ),
        ask(
            "Did traffic change as well? The fewer events there are, the further a value jumps.",
            RUNS_BY_STATUS,
        ),
        ask("Which other signals moved with it? The status board has them side by side.", _STATUS),
    ),
)


def guide_for(alert: Alert, signal: Signal, measured: Collection[str]) -> Guide:
    """Choose the first action and questions; ``measured`` are the signals and labels of services with the alert."""
    guide = _whole(guide_of(alert), _of_signal(signal))
    questions = tuple(_answered(guide.questions, measured)) or tuple(_answered(_OF_OWN.questions, measured))
    return replace(guide, questions=questions)


def _of_signal(signal: Signal) -> Guide:
    """Choose by the signal; a service's own one may be about anything, independent of its dashboard."""
    if signal.own:
        return _OF_OWN
    return _OF_SIGNAL.get(signal.name) or _OF_LAYER[signal.layer]


def _whole(of_kind: Guide | None, of_signal: Guide) -> Guide:
    """Add the questions about the signal to those of a kind that asks them; none asks twice about the release."""
    if of_kind is None:
        return of_signal
    if not of_kind.then_signal:
        return of_kind
    asked = any(question.on_release for question in of_kind.questions)
    more = (question for question in of_signal.questions if not (asked and question.on_release))
    return replace(of_kind, questions=(*of_kind.questions, *more))


def _answered(questions: Collection[Question], measured: Collection[str]) -> Iterator[Question]:
    """Leave out what nothing measures: its panel would be empty."""
    for question in questions:
        if not question.needs or any(need in measured for need in question.needs):
            yield question
