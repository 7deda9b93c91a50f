"""Words that people use for signals which have other names here.

The name that resembles such a word most is another signal's: ``error_rate`` resembles ``tool_error_rate``, and its
author means failed runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.notation.names import look_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics import Findings
    from generator.model.signals import Signal
    from generator.spec.types import Text

_SUCCESS = (
    "write success_rate, the share of runs that succeed: at most 3% of failures are success_rate: {min: 97%}"
)
_LATENCY = "write latency_p95, which one run in twenty exceeds; latency_p50 and latency_p99 are the others, and no mean"
_COST = "write cost_per_run, or for the limit of a day budget: {per_day: $200}, beside objectives"
_TRAFFIC = "write traffic: {min_runs_per_hour: 120}, beside objectives; the signal of its runs is run_count"
#: The signal that must be there, the words for it, and the help.
_WORDS = (
    (
        "success_rate",
        r"(run_|agent_)?(errors?|failures?|failed)(_(rate|ratio|share))?|availability|reliability|success(_ratio)?",
        _SUCCESS,
    ),
    (
        "latency_p95",
        r"(run_|agent_)?(latency|duration|response_time|run_time)(_?(avg|average|mean|max|p[789][05]|p98|p999|ms|s|seconds))?",
        _LATENCY,
    ),
    ("cost_per_run", r"costs?|spending|(daily|monthly)_(cost|spend|budget)|cost_per_(day|month)", _COST),
    (
        "run_count",
        r"throughput|traffic|(run|request)_rate|(runs|requests)(_per_(hour|minute|day|second))?",
        _TRAFFIC,
    ),
)


def look_up_signal(name: Text, signals: Mapping[str, Signal], findings: Findings) -> Signal | None:
    """Find a signal; report an unknown one, with the one that its author means by another word."""
    if name.value not in signals:
        for signal, words, help_ in _WORDS:
            if signal in signals and re.fullmatch(words, name.value.casefold()):
                message = f'signal "{name.value}" is not declared'
                findings.error("reference/unknown-signal", message, name.span, help_)
                return None
    return look_up(name, signals, "signal", findings)
