"""Conditions on signals besides their kind: names, tokens, representative labels, runs, release comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import RUN_COUNT, Count, Distribution, Signal
from generator.signals.registry import module_of
from generator.signals.releases import compares_releases

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from generator.diagnostics import Findings
    from generator.model.streams import Stream
    from generator.spec.types import Entry, ProfileSpec, ServiceSpec, SignalSpec

#: Their recorded names are those of the order of releases, of the length of runs, and of the status board.
RESERVED = {name.split(":")[1].removeprefix("agent_") for name in names.MADE_UP} | {"signal"}


def check_signal(entry: Entry[SignalSpec], signal: Signal, findings: Findings) -> None:
    """Report everything that a signal of its kind cannot have."""
    _check_name(entry, findings)
    module_of(signal.kind).check(entry, signal, findings)
    _check_worst(entry, signal, findings)


def check_on_board(
    entry: Entry[SignalSpec], signal: Signal, watched: Collection[str], findings: Findings
) -> None:
    """Warn that dashboards, which are the same for all services, find a service's own signals by the status board.

    ``watched`` are the signals that alerts are about: the board has them.
    """
    if signal.trend is not None or signal.name in watched:
        return
    whose = f", and worst_by: {signal.kind.label}" if isinstance(signal.kind, Distribution) else ""
    findings.info(
        "signal/on-no-dashboard",
        f'"{signal.name}" is recorded but shown on no dashboard: it has no trend, and no objective',
        entry.key.span,
        f"to have it on the status board and in a panel of its own, add trend: {{over: 1h}}{whose}",
    )


def _check_name(entry: Entry[SignalSpec], findings: Findings) -> None:
    if entry.key.value in RESERVED:
        findings.error(
            "signal/reserved-name",
            f'"{entry.key.value}" is how series that the compiler makes up are called',
            entry.key.span,
            "choose another name",
        )


def _check_worst(entry: Entry[SignalSpec], signal: Signal, findings: Findings) -> None:
    spec = entry.value
    if spec.worst_by is None:
        if isinstance(signal.kind, Distribution) and signal.trend is not None:
            findings.error(
                "signal/worst-by",
                f'"{signal.name}" is a distribution: the status board needs to know whose share speaks for it',
                entry.key.span,
                f"add worst_by: {signal.kind.label}, or leave out trend",
            )
        return
    if (spec.worst_by.value,) not in signal.levels:
        findings.error(
            "signal/worst-by",
            f'"{signal.name}" is not broken down by "{spec.worst_by.value}"',
            spec.worst_by.span,
            f"add it to by: [{spec.worst_by.value}]",
        )
    elif isinstance(signal.kind, Distribution) and not signal.kind.limits:
        findings.error(
            "signal/worst-by",
            f'label "{spec.worst_by.value}" marks no value as a limit',
            spec.worst_by.span,
            f"list the limits of label {spec.worst_by.value} in the profile, or leave out trend and worst_by",
        )


def check_runs(
    profile: ProfileSpec, service: ServiceSpec, signals: Mapping[str, Signal], findings: Findings
) -> None:
    """Check that runs are counted, and by release where releases are compared."""
    entries = (*profile.signals, *service.signals)
    runs = signals.get(RUN_COUNT)
    # The errors of a run_count that did not resolve are already reported.
    declared = runs is not None or any(entry.key.value == RUN_COUNT for entry in entries)
    if not declared or (runs and not isinstance(runs.kind, Count)):
        findings.error(
            "signal/no-runs",
            f'profile "{profile.profile.value}" does not count runs: it has no signal run_count of kind count',
            profile.profile.span,
            "every other signal stands beside it: add, under streams, run: {of: <the counter of finished runs>}",
        )
    for entry in entries:
        if runs and entry.key.value in signals:
            _check_release_trend(entry, signals[entry.key.value], runs.of, findings)


def _check_release_trend(entry: Entry[SignalSpec], signal: Signal, runs: Stream, findings: Findings) -> None:
    trend = entry.value.trend
    if trend is None or signal.trend is None or signal.trend.over is not None:
        return
    if not compares_releases(signal, runs):
        findings.error(
            "signal/release-trend",
            f'the releases of "{signal.name}" cannot be compared',
            trend.over.span,
            "releases are compared by shares, ratios and quantiles whose metrics, and the run counter, have the label "
            "release; give a duration such as 1h",
        )
