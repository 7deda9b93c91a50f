"""Signals: stream, computation, unit and breakdowns; conditions besides those of their kind; and why one is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts import registry as alert_kinds
from generator.diagnostics import Findings, Note, Span
from generator.model import names
from generator.model.service import RUN
from generator.model.signals import RUN_COUNT, Better, Count, Distribution, Kind, Level, Signal, Take, Trend
from generator.model.streams import SPENT, uncounted
from generator.model.units import Unit, parse_duration
from generator.notation.names import look_up
from generator.notation.times import DEFAULT_WINDOW, window
from generator.signals import level
from generator.signals.draft import SignalScope, SourceDraft, refuse_label
from generator.signals.registry import BY_KEY, module_of
from generator.signals.releases import compares_releases
from generator.spec.types import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from generator.model.streams import Stream
    from generator.spec.types import (
        Entry,
        ProfileSpec,
        ServiceSpec,
        SignalSpec,
        SignalsSpec,
        SourceSpec,
        Text,
    )

#: Their recorded names are those of the order of releases, of the length of runs, and of the status board.
_RESERVED = {names.of_stem(name.split(":")[1]) for name in names.MADE_UP} | {"signal"}


def resolve_signals(
    library: SignalsSpec | None, profile: ProfileSpec, service: ServiceSpec, scope: SignalScope
) -> dict[str, Signal]:
    """Resolve the library's signals as far as the profile measures them, the profile's and the service's own."""
    declared = {entry.key.value for entry in (*profile.signals, *service.signals)}
    signals = shared_signals(library, scope, declared)
    shared = {entry.key.value: entry.value for entry in library.signals} if library else {}
    for entries, own in ((profile.signals, False), (service.signals, True)):
        for entry in entries:
            if entry.key.value in signals:
                first = signals[entry.key.value]
                whose = "signals.yaml" if first.shared else f'profile "{profile.profile.value}"'
                declared_twice(entry.key, whose, scope.findings)
            elif signal := _signal(entry, scope, own=own):
                signals[signal.name] = replace(signal, apart=signal.name in shared)
                if signal.name in shared:
                    _note_apart(entry.key, signals[signal.name], shared[signal.name], profile, scope)
    return signals


def _note_apart(
    name: Text, signal: Signal, shared: SignalSpec, profile: ProfileSpec, scope: SignalScope
) -> None:
    """Say that a signal named like one of the library is another one, which shared panels and alerts do not read."""
    missing = _lack(shared, _with_reported(shared, _of_library(scope)))
    way_out = (
        f"leave it out, and {_way_out(missing, profile)}" if missing else "leave it out: the library has it"
    )
    scope.findings.info(
        "signal/own-record",
        f'"{signal.name}" is not measured as the library means it: this one is recorded as '
        f"{names.value(signal, signal.levels[0])}, which no shared panel and no shared alert reads",
        name.span,
        way_out if signal.name == RUN_COUNT else f"{way_out}; or choose another name",
    )


def declared_twice(name: Text, whose: str, findings: Findings) -> None:
    """Refuse a signal of the name of another."""
    findings.error(
        "signal/duplicate",
        f'{whose} declares signal "{name.value}" already',
        name.span,
        "choose another name; signals of a profile mean the same for every service",
    )


def resolve_own_library(library: SignalsSpec | None, scope: SignalScope) -> dict[str, Signal]:
    """Resolve the library's signals with its own streams; all their errors become findings."""
    resolved = (_signal(entry, scope, own=False) for entry in (library.signals if library else ()))
    return {signal.name: replace(signal, shared=True) for signal in resolved if signal}


def shared_signals(
    library: SignalsSpec | None, scope: SignalScope, declared: Collection[str] = ()
) -> dict[str, Signal]:
    """Resolve the library's signals that the given streams support, as far as their labels allow.

    ``declared`` are names of other signals: a cost without tokens, which profiles had to declare, gives way to them.
    """
    signals: dict[str, Signal] = {}
    scope = _of_library(scope)
    for entry in library.signals if library else ():
        known = replace(_with_reported(entry.value, scope), partial=True)
        gives_way = known.streams is not scope.streams and entry.key.value in declared
        if gives_way or _lack(entry.value, known):
            continue
        if signal := _signal(entry, known, own=False):
            signals[signal.name] = replace(signal, shared=True)
    return signals


def _of_library(scope: SignalScope) -> SignalScope:
    """Find streams by their own names alone: a metric may be called like a stream that it does not feed."""
    own = {name: stream for name, stream in scope.streams.items() if name == stream.name}
    return replace(scope, streams=own)


def _with_reported(spec: SignalSpec, scope: SignalScope) -> SignalScope:
    """Let a cost of tokens that nothing counts read what the source says that they cost."""
    spent = scope.streams.get(SPENT)
    if spec.cost is None or spent is None or not spent.shared or spec.cost.of.value in scope.streams:
        return scope
    tokens = spec.cost.of.value
    return replace(scope, streams={**scope.streams, tokens: uncounted(tokens, spent)})


class _Lack(Struct, frozen=True):
    """The missing input of a signal of the library: a stream, or a label of one."""

    stream: str
    metric: str = ""
    label: str = ""


def _lack(spec: SignalSpec, scope: SignalScope) -> _Lack | None:
    """Find the first stream or label that a signal of the library needs and that does not exist."""
    for source in filter(None, (getattr(spec, key) for key in BY_KEY)):
        stream = scope.streams.get(source.of.value)
        if stream is None:
            return _Lack(source.of.value)
        wanted = [item.key.value for item in (*source.where, *source.among)]
        wanted += [source.label.value] if source.label else []
        if missing := next((label for label in wanted if label not in stream.labels), None):
            return _Lack(stream.name, stream.metric, missing)
        per = source.per.value if source.per and not parse_duration(source.per.value) else ""
        if per and per not in scope.streams:
            return _Lack(per)
    return None


def _signal(entry: Entry[SignalSpec], scope: SignalScope, *, own: bool) -> Signal | None:
    spec = entry.value
    kinds = [(key, source) for key in BY_KEY if (source := getattr(spec, key)) is not None]
    if len(kinds) != 1:
        scope.findings.error(
            "signal/kind",
            f'signal "{entry.key.value}" has {"several kinds" if kinds else "no kind"}',
            entry.key.span,
            f"give exactly one of {', '.join(BY_KEY)}",
        )
        return None
    key, source = kinds[0]
    stream = look_up(source.of, scope.streams, "metric", scope.findings)
    if stream is None or not _countable(key, source, stream, scope):
        return None
    kind = BY_KEY[key].resolve(SourceDraft(source, stream, Better(spec.better or Better.LOWER), scope))
    if kind is None:
        return None
    return _assembled(entry, stream, kind, scope, own=own)


def _assembled(
    entry: Entry[SignalSpec], stream: Stream, kind: Kind, scope: SignalScope, *, own: bool
) -> Signal:
    spec = entry.value
    unit = module_of(kind).unit(kind, stream)
    signal = Signal(
        name=entry.key.value,
        title=spec.title or "",
        description=spec.description or "",
        layer=spec.layer or "run",
        of=stream,
        kind=kind,
        unit=unit,
        better=Better(spec.better or Better.LOWER),
        window=_window(spec, kind, scope),
        levels=_levels(spec, stream, kind, scope),
        trend=_trend(spec, unit, scope),
        worst_by=spec.worst_by.value if spec.worst_by else None,
        own=own,
    )
    if not scope.partial:
        _check(entry, signal, scope.findings)
    return signal


def _window(spec: SignalSpec, kind: Kind, scope: SignalScope) -> int:
    """Read the window of a value; the current value of a gauge is at most a rule interval old."""
    if kind != Level(Take.NOW):
        return window(spec.window, DEFAULT_WINDOW, scope.site, scope.findings)
    if spec.window:
        scope.findings.error(
            "signal/gauge",
            "the value of now has no window",
            spec.window.span,
            "say which value of the window is meant, such as take: max; or leave window out",
        )
    return scope.site.rule_interval


def _countable(key: str, source: SourceSpec, stream: Stream, scope: SignalScope) -> bool:
    """Refuse to count the values of a gauge, and to read the events of a counter as a value."""
    others = (scope.streams.get(one.value) for one in (source.per, source.exists_with) if one)
    gauge = next((one for one in (stream, *others) if one and one.is_gauge), None)
    if key == level.KEY:
        if stream.is_gauge:
            return True
        message, help_ = (
            f'"{stream.known_as}" is a {stream.type}: a level needs a gauge',
            "count its events instead, or take a quantile of a histogram",
        )
    elif gauge is None:
        return True
    else:
        message, help_ = (
            f'"{gauge.known_as}" is a gauge: it has a value, and no events for a {key}',
            "read it as it is: level: {of: " + gauge.known_as + "}",
        )
    scope.findings.error("signal/gauge", message, source.of.span, help_)
    return False


def _levels(spec: SignalSpec, stream: Stream, kind: Kind, scope: SignalScope) -> tuple[tuple[str, ...], ...]:
    """List the breakdowns: the service, then each of ``by``; a distribution keeps its label in all of them."""
    always = module_of(kind).levels_by(kind)
    levels: list[tuple[str, ...]] = [always]
    for label in spec.by:
        if label.value not in stream.labels:
            if not scope.partial:
                refuse_label(stream, label.value, label.span, scope.findings)
        elif label.value not in always:
            levels.append(tuple(sorted((*always, label.value))))
    return tuple(levels)


def _trend(spec: SignalSpec, unit: Unit, scope: SignalScope) -> Trend | None:
    if spec.trend is None:
        return None
    relative = not unit.changes_in_points
    if spec.trend.over.value == names.RELEASE:
        return Trend(None, relative)
    return Trend(window(spec.trend.over, DEFAULT_WINDOW, scope.site, scope.findings), relative)


def check_measured(
    library: SignalsSpec | None,
    profile: ProfileSpec,
    service: ServiceSpec,
    signals: Mapping[str, Signal],
    scope: SignalScope,
) -> None:
    """Report the stream or the label for want of which a signal in use is not measured, if nothing else is wrong."""
    if scope.findings.failed:
        return
    shared = {entry.key.value: entry.value for entry in (library.signals if library else ())}
    scope = _of_library(scope)
    # The profile's place goes before that of its service.
    asked_for = {asked.value: asked for source in (service, profile) for asked in _asked_for(source)}
    for name, asked in asked_for.items():
        if name in signals or name not in shared:
            continue
        if missing := _lack(shared[name], _with_reported(shared[name], scope)):
            _refuse_unmeasured(asked, missing, profile, scope)


def _asked_for(source: ProfileSpec | ServiceSpec) -> Iterator[Text]:
    """List the signals of objectives and alerts."""
    yield from (entry.key for entry in source.objectives)
    for entry in source.alerts:
        bodies = filter(None, (getattr(entry.value, key) for key in alert_kinds.BY_KEY))
        yield from (body.signal for body in bodies if body.signal)


def _refuse_unmeasured(asked: Text, missing: _Lack, profile: ProfileSpec, scope: SignalScope) -> None:
    why = (
        f'{missing.metric} has no label "{missing.label}"'
        if missing.label
        else f"nothing feeds {missing.stream}"
    )
    place = _place_of_lack(asked, missing, profile)
    scope.findings.error(
        "reference/unknown-signal",
        f'profile "{profile.profile.value}" does not measure {asked.value}: {why}',
        place,
        _way_out(missing, profile),
        *((Note(f"{asked.value} is asked for here", asked.span),) if place != asked.span else ()),
    )


def _way_out(missing: _Lack, profile: ProfileSpec) -> str:
    if not missing.label:
        return f"feed it, under streams of the profile: {missing.stream}: {{of: <its metric>}}"
    if any(entry.key.value == missing.metric for entry in profile.metrics):
        return f"add {missing.label} to the labels of {missing.metric}"
    if profile.emitted == ELSEWHERE:
        return f"let the stream {missing.stream} read it: labels: {{{missing.label}: <its name there>}}"
    return f"declare {missing.metric} under metrics of the profile, with the label {missing.label}"


def _place_of_lack(asked: Text, missing: _Lack, profile: ProfileSpec) -> Span:
    """Point at the change of an extending profile, where the base asks for the signal."""
    own = profile.profile.span
    changes = [entry.key.span for entry in profile.metrics if entry.key.value == missing.metric]
    changes += [entry.key.span for entry in profile.streams if entry.key.value == missing.stream]
    if asked.span.file == own.file or not any(span.file == own.file for span in changes):
        return asked.span
    return next(span for span in changes if span.file == own.file)


def _check(entry: Entry[SignalSpec], signal: Signal, findings: Findings) -> None:
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
    if entry.key.value in _RESERVED:
        findings.error(
            "signal/reserved-name",
            f'"{entry.key.value}" is a name that the compiler uses for its own series',
            entry.key.span,
            "choose another name",
        )


def _check_worst(entry: Entry[SignalSpec], signal: Signal, findings: Findings) -> None:
    spec = entry.value
    if spec.worst_by is None:
        if isinstance(signal.kind, Distribution) and signal.trend is not None:
            limits = "" if signal.kind.limits else " and the bad values in distribution, as limits"
            findings.error(
                "signal/worst-by",
                f'"{signal.name}" has a share for each value of a label: worst_by must name the label whose worst '
                "value the status board shows",
                entry.key.span,
                f"add worst_by: {signal.kind.label}{limits}, or leave out trend",
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
            f'no value of label "{spec.worst_by.value}" is a limit, of which the status board would show the worst',
            spec.worst_by.span,
            "list the bad values in distribution, as limits, or leave out trend and worst_by",
        )


def check_runs(
    profile: ProfileSpec, service: ServiceSpec, signals: Mapping[str, Signal], findings: Findings
) -> None:
    """Check that runs are counted, and by release where releases are compared."""
    entries = (*profile.signals, *service.signals)
    runs = signals.get(RUN_COUNT)
    # The errors of a run_count or of its stream that did not resolve are already reported.
    declared = runs is not None or any(entry.key.value == RUN_COUNT for entry in entries)
    declared |= findings.failed and any(entry.key.value == RUN for entry in profile.streams)
    if not declared or (runs and not isinstance(runs.kind, Count)):
        findings.error(
            "signal/no-runs",
            f'profile "{profile.profile.value}" does not count runs: it has no signal run_count of kind count',
            profile.profile.span,
            "the rules need the number of finished runs: add, under streams, run: {of: <the counter of finished runs>}",
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
