"""Names in specs: those that must exist, those that no label may have, and those that become names of files.

No label may have a name of unbounded values, even with a bound, or one that is set elsewhere. No file is named after a
device of Windows, and no two files have names that differ only in case.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

from generator.diagnostics import Diagnostic, Findings, Note, Span, error
from generator.diagnostics.wording import closest, did_you_mean, listed, quoted
from generator.model import names
from generator.model.identifiers import unbounded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from generator.model.metrics import Label
    from generator.model.signals import Signal
    from generator.spec.types import ProfileSpec, Text

T = TypeVar("T")
FORBIDDEN, RESERVED = "cardinality/forbidden-label", "cardinality/reserved-label"
HELP = "segment by release, model or tool; put ids and texts in logs, traces or exemplars"
#: Who sets them, so that a metric's own would be renamed or overwritten.
_SET_BY = {
    **dict.fromkeys((names.LE, "quantile"), "Prometheus sets it on histograms and summaries"),
    **dict.fromkeys(("job", "instance"), "Prometheus sets it on every series of a target"),
    **dict.fromkeys(("alertname", "alertstate"), "Prometheus sets it on alerts"),
    **dict.fromkeys(("severity", "owner", "metric", "label", names.ENVIRONMENT), "our alerts set it"),
    **dict.fromkeys((names.SERVICE, names.SIGNAL), "our rules set it"),
    **dict.fromkeys((names.WORST, names.OVER, names.UNIT), "our status board sets it"),
    "datasource": "our dashboards have a variable of that name",
}
#: No rule can group by them, in any case: PromQL reads a number or another word.
_OF_PROMQL = frozenset({"inf", "nan", "without", "anchored", "smoothed"})
_FAILURES = (
    "write success_rate, the share of runs that succeed: at most 3% of failures are success_rate: {min: 97%}"
)
_LATENCY = "write latency_p95, which one run in twenty exceeds; latency_p50 and latency_p99 are the others, and no mean"
_COST = "write cost_per_run, or for the limit of a day budget: {per_day: $200}, beside objectives"
_TRAFFIC = "write traffic: {min_runs_per_hour: 120}, beside objectives; the signal of its runs is run_count"
#: Other words for signals: the signal that must be there, the words, and the help. The name that is most like such a
#: word is another signal's: ``error_rate`` is like ``tool_error_rate``, and its author means failed runs.
_WORDS = (
    (
        "success_rate",
        r"(run_|agent_)?(errors?|failures?|failed)(_(rate|ratio|share))?|availability|reliability|success(_ratio)?",
        _FAILURES,
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
_INTERNAL = "names that begin with __ are Prometheus's own"
# Windows opens the device whatever follows the dot.
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)


def look_up(name: Text, declared: Mapping[str, T], noun: str, findings: Findings) -> T | None:
    """Find the declaration of ``name``; report an unknown one."""
    if name.value in declared:
        return declared[name.value]
    findings.error(
        f"reference/unknown-{noun}",
        f'{noun} "{name.value}" is not declared',
        name.span,
        did_you_mean(name.value, declared) or f"declare the {noun} first",
    )
    return None


def look_up_signal(name: Text, signals: Mapping[str, Signal], findings: Findings) -> Signal | None:
    """Find a signal; report an unknown one, with the one that its author means by another word."""
    if name.value not in signals:
        for signal, words, help_ in _WORDS:
            if signal in signals and re.fullmatch(words, name.value.casefold()):
                message = f'signal "{name.value}" is not declared'
                findings.error("reference/unknown-signal", message, name.span, help_)
                return None
    return look_up(name, signals, "signal", findings)


def forbidden_label(name: str, span: Span | None, notes: Collection[Note] = ()) -> Diagnostic | None:
    """Refuse a label whose name implies unbounded values; None for any other."""
    why = unbounded(name)
    return error(FORBIDDEN, f'label "{name}" {why}', span, HELP, *notes) if why else None


def reserved_label(name: str, span: Span | None) -> Diagnostic | None:
    """Refuse the name of a label that Prometheus or our own rules set; None for any other."""
    why = set_elsewhere(name)
    help_ = f'choose another name, such as "agent_{name.strip("_")}"'
    return error(RESERVED, f'label "{name}" is reserved: {why}', span, help_) if why else None


def refused_label(name: Text, notes: Collection[Note] = ()) -> Diagnostic | None:
    """Refuse a label by its name; None for an allowed name."""
    return forbidden_label(name.value, name.span, notes) or reserved_label(name.value, name.span)


def refused_declaration(name: Text, profile: ProfileSpec) -> Diagnostic | None:
    """Refuse a label that a profile declares, and point at the metrics that have it."""
    uses = ((metric.key.value, label) for metric in profile.metrics for label in metric.value.labels)
    return refused_label(
        name,
        tuple(Note(f"{metric} has it", label.span) for metric, label in uses if label.value == name.value),
    )


def look_up_label(name: Text, labels: Mapping[str, Label], profile: ProfileSpec, findings: Findings) -> None:
    """Check that a metric's label is declared; a name that no label may have is refused instead."""
    if name.value in labels:
        return
    findings.add(
        refused_label(name) or undeclared(name, f'label "{name.value}" is not declared', labels, profile)
    )


def undeclared(
    name: Text, message: str, labels: Collection[str], profile: ProfileSpec, written: Collection[str] = ()
) -> Diagnostic:
    """Report an undeclared label, with the label that may be meant, or the place to declare it.

    A label that is ``written`` beside it already is not proposed.
    """
    match = closest(name.value, labels)
    if match and match in written:
        help_ = f"remove it, or write what it says under {quoted(match)}, which is there already"
    elif match:
        help_ = f"did you mean {quoted(match)}?"
    elif profile.profile.span.is_shipped:
        copy = f"init {directory_of(name.span)} --copy-profile {profile.profile.value}"
        help_ = (
            f"only a profile declares labels: run {copy} for one to change, and declare it there under labels"
        )
    else:
        help_ = f"declare it under labels of {profile.profile.span.file}"
    known = "" if match or not labels else f"; known: {listed(labels)}"
    return error("reference/unknown-label", message, name.span, help_ + known)


def directory_of(span: Span) -> str:
    """Write the directory of specs with the file of a service or a profile, for a command line."""
    return "specs" if span.is_shipped else quote(str(PurePosixPath(span.file).parent.parent))


def set_elsewhere(name: str) -> str | None:
    """Name the owner of a reserved label; None when the name is free."""
    if name.lower() in _OF_PROMQL:
        return "PromQL has another meaning for it"
    return _INTERNAL if name.startswith("__") else _SET_BY.get(name)


def is_device(name: str) -> bool:
    """Whether a file of that name, with any suffix, is a device on Windows."""
    return bool(_DEVICE.fullmatch(name))


def check_device(name: Text, findings: Findings) -> None:
    """Refuse a name whose file would be a device."""
    if is_device(name.value):
        findings.error(
            "name/device",
            f'files are called after "{name.value}", which is a device on Windows',
            name.span,
            f"choose another name, such as {name.value}{'-agent' if name.value.islower() else 'Alert'}",
        )


def check_shared_files(service: Text, taken: Collection[str], findings: Findings) -> None:
    """Refuse a service whose files would have the names of shared files, or those ``taken`` by delivery targets."""
    if names.is_shared_name(service.value) or service.value in taken:
        findings.error(
            "name/shared-file",
            f'files about all services are called "{service.value}"',
            service.span,
            f"choose another name, such as {service.value.removeprefix('agent-')}-agent",
        )


def check_alert_names(alerts: Iterable[Text], findings: Findings) -> None:
    """Refuse alerts whose runbooks would be the same file, or a device."""
    seen: dict[str, Text] = {}
    for name in alerts:
        check_device(name, findings)
        first = seen.setdefault(name.value.casefold(), name)
        if first.value != name.value:
            findings.error(
                "name/case",
                f'alerts "{name.value}" and "{first.value}" differ by case only: their runbooks are one file on '
                "some systems",
                name.span,
                f"write {first.value} if that is meant, or choose another name",
                Note("the other one is here", first.span),
            )
